//! A host's cycle collector may come at any moment, also while a thread has a tensor's lock word: it must not wait.

use std::any::Any;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;
use crate::graph::hooks::Hook;
use crate::graph::ownership::{Held, Owner, visit_own, visit_owned};

struct Nothing;

impl Hook for Nothing {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn leaf() -> Tensor {
    let x = Tensor::from_slice(&[2.0_f32], &[1]).unwrap();
    x.set_requires_grad(true).unwrap();
    x
}

/// How many hooks and rules are seen behind a tensor, itself included.
fn seen(tensor: &Tensor) -> (usize, usize) {
    let (mut hooks, mut rules) = (0, 0);
    visit_owned(&Owner::Tensor(tensor), 1_000, &mut |held| match held {
        Held::Hook(_) => hooks += 1,
        Held::Op(_) => rules += 1,
        _ => {}
    });
    (hooks, rules)
}

/// What `walk` finds on another thread while this one has the lock word of `busy`; `None` if it waits for that.
fn while_in_use<R: Send>(busy: &Tensor, walk: impl FnOnce() -> R + Send) -> Option<R> {
    let (found, finding) = mpsc::channel();
    thread::scope(|scope| {
        let lock = busy.lock();
        scope.spawn(move || found.send(walk()));
        let result = finding.recv_timeout(Duration::from_secs(10)).ok();
        drop(lock);
        result
    })
}

#[test]
fn the_collector_does_not_wait_for_the_tensor_it_asks() {
    let y = leaf().exp().unwrap();
    y.register_hook(Arc::new(Nothing)).unwrap();
    assert_eq!(seen(&y), (1, 2));
    assert_eq!(while_in_use(&y, || seen(&y)), Some((0, 0)));
    assert_eq!(while_in_use(&y, || visit_own(&y, &mut |_| {})), Some(()));
    assert_eq!(seen(&y), (1, 2));
}

#[test]
fn the_collector_does_not_wait_for_a_tensor_with_anchors() {
    let y = leaf().exp().unwrap();
    let (table, id) = y.register_hook(Arc::new(Nothing)).unwrap();
    y.anchor(&table, id, Arc::new(()));
    drop(table);
    let z = y.sin().unwrap();
    assert_eq!(seen(&z), (1, 1));
    assert_eq!(while_in_use(&y, || seen(&z)), Some((0, 1)));
}
