//! Whoever waits for memory that is in use does so through the host's function, which lets go of the interpreter. In a
//! process of its own, because the function is installed once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use arcgrad::storage::{Access, set_wait_hook};
use arcgrad::{Result, Tensor};

static WAITS: AtomicUsize = AtomicUsize::new(0);

fn counting(wait: &mut dyn FnMut()) {
    WAITS.fetch_add(1, Ordering::SeqCst);
    wait();
}

/// Runs `operation` while another thread holds the state of `busy` exclusively until somebody waits; returns whether
/// somebody did.
fn waits(busy: &Tensor, operation: impl FnOnce() -> Result<()>) -> bool {
    let before = WAITS.load(Ordering::SeqCst);
    let (is_held, held) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let array = busy.array();
            let access = Access::acquire(&[], &[array.storage()]);
            is_held.send(()).unwrap();
            let end = Instant::now() + Duration::from_secs(5);
            while WAITS.load(Ordering::SeqCst) == before && Instant::now() < end {
                std::thread::yield_now();
            }
            drop(access);
        });
        held.recv().unwrap();
        operation().unwrap();
    });
    WAITS.load(Ordering::SeqCst) > before
}

#[test]
fn nobody_waits_but_through_the_hosts_function() {
    set_wait_hook(counting);
    let small = Tensor::from_slice(&[1.0_f32, 2.0], &[2]).unwrap();
    let other = Tensor::from_slice(&[3.0_f32, 4.0], &[2]).unwrap();
    let large = Tensor::from_slice(&vec![1.0_f32; 1 << 16], &[1 << 16]).unwrap();
    assert!(waits(&small, || small.exp().map(drop)), "a small read");
    assert!(waits(&small, || other.add(&small).map(drop)), "a small read of two");
    assert!(waits(&small, || small.add_(1.0).map(drop)), "a small write");
    assert!(waits(&large, || large.exp().map(drop)), "a large read");
    assert!(waits(&large, || large.narrow(0, 5, 2)?.mul_(2.0).map(drop)), "a small write to large memory");
    assert!(waits(&large, || large.sum().map(drop)), "a reduction");
    // Readers do not wait for each other.
    let array = small.array();
    let access = Access::acquire(&[array.storage()], &[]);
    let before = WAITS.load(Ordering::SeqCst);
    small.add(&other).unwrap();
    assert_eq!(WAITS.load(Ordering::SeqCst), before);
    drop(access);
}
