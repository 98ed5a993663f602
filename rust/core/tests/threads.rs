//! One tensor in two threads, without a host whose lock would keep them apart: what is read of a tensor belongs
//! together, and no write goes unnoticed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arcgrad::graph::{Backward, Op, custom, views};
use arcgrad::storage::Access;
use arcgrad::{DType, Result, Tensor};

/// No thread waits for another for longer than this.
const LONG: Duration = Duration::from_secs(60);

fn plain(values: &[f64]) -> Tensor {
    Tensor::from_slice(values, &[values.len()]).unwrap()
}

fn leaf(values: &[f64]) -> Tensor {
    plain(values).with_grad().unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec()
}

fn delay(steps: usize) {
    (0..steps).for_each(|_| std::hint::spin_loop());
}

/// For each number of a round, `ours` here and `theirs` in another thread, begun together but for a delay that is
/// another one in each round, so that every order of their steps comes up. Returns what `ours` gave.
fn race<T>(rounds: usize, ours: impl Fn(usize) -> T, theirs: impl Fn(usize) + Sync) -> Vec<T> {
    let wait_for = |counter: &AtomicUsize, count: usize| {
        let (mut looks, start) = (0_u32, Instant::now());
        while counter.load(Ordering::Acquire) < count {
            looks += 1;
            // Where there is no second core the other thread needs this one.
            if looks.is_multiple_of(1024) {
                std::thread::yield_now();
                assert!(start.elapsed() < LONG, "the other thread hangs, or has panicked");
            }
            std::hint::spin_loop();
        }
    };
    let (begun, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..rounds {
                wait_for(&begun, round + 1);
                delay(round % 61);
                theirs(round);
                done.fetch_add(1, Ordering::Release);
            }
        });
        let run = |round| {
            begun.fetch_add(1, Ordering::Release);
            delay(round % 53);
            let result = ours(round);
            wait_for(&done, round + 1);
            result
        };
        (0..rounds).map(run).collect()
    })
}

// ---- the lock word -----------------------------------------------------------------------------------------------

#[test]
fn memory_and_shape_are_read_together() {
    let (two, three) = (plain(&[2.0; 2]), plain(&[3.0; 3]));
    let x = plain(&[2.0; 2]);
    let one = Tensor::scalar(1.0, DType::F64).unwrap();
    let stop = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        scope.spawn(|| {
            let start = Instant::now();
            while !stop.load(Ordering::Relaxed) && start.elapsed() < LONG {
                for other in [&three, &two] {
                    x.set_data(other).unwrap();
                    // Who finds a lock taken gives its core away: then the two would take turns.
                    delay(20);
                }
            }
        });
        // By itself, in a small operation, and as an operand of the general loop.
        let read = |_| [values(&x), values(&x.mul(1.0).unwrap()), values(&x.mul(&one).unwrap())];
        let seen: Vec<_> = (0..20_000).flat_map(read).collect();
        stop.store(true, Ordering::Relaxed);
        seen
    });
    for seen in seen {
        assert!(seen.len() >= 2 && seen.iter().all(|&value| value == seen.len() as f64), "{seen:?}");
    }
}

/// A node with two outputs.
struct TwoOutputs;

impl Op for TwoOutputs {
    fn name(&self) -> &str {
        "TwoOutputsBackward"
    }

    fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn node_and_number_of_the_output_are_read_together() {
    const ROUNDS: usize = 10_000;
    let x = leaf(&[1.0]);
    let outputs: Vec<Tensor> = (0..ROUNDS)
        .map(|_| {
            let edges = [x.gradient_edge().unwrap().unwrap()].into_iter().collect();
            let node = custom::new_node(TwoOutputs, edges, [x.meta(), x.meta()].into_iter().collect());
            let y = plain(&[1.0]);
            views::attach(&y, node, 1);
            y
        })
        .collect();
    let place = |round: usize| {
        let edge = outputs[round].operand().unwrap().edge.unwrap();
        (edge.node.unwrap().name().to_owned(), edge.output_nr)
    };
    // The write moves the tensor from output 1 of its node to output 0 of a new one.
    let is_torn = |(name, output_nr): &(String, u32)| *output_nr != u32::from(name == "TwoOutputsBackward");
    let watch = |round: usize| {
        let mut places = (0..1_000).map(|_| place(round));
        places.find(|place| is_torn(place) || place.0 != "TwoOutputsBackward")
    };
    for seen in race(ROUNDS, watch, |round| outputs[round].mul_(2.0).unwrap()).into_iter().flatten() {
        assert!(!is_torn(&seen), "{seen:?}");
    }
}

// ---- versions ----------------------------------------------------------------------------------------------------

/// A product with a value that another thread changes once, by `write`, while `ours` runs: `before` runs before both.
/// The gradient is the value that the product has read, or an error; never the value of later.
fn one_write_while<T>(
    before: impl Fn(&Tensor, &Tensor) -> T,
    ours: impl Fn(&Tensor, &Tensor, &T) -> Result<Tensor>,
    after: impl Fn(&Tensor) -> Result<()>,
    write: impl Fn(&Tensor) + Sync,
) {
    const ROUNDS: usize = 10_000;
    let cases: Vec<(Tensor, Tensor, Tensor)> = (0..ROUNDS)
        .map(|_| {
            let x = plain(&[2.0]);
            let same_memory = x.detach();
            (leaf(&[1.0]), x, same_memory)
        })
        .collect();
    let prepared: Vec<T> = cases.iter().map(|(w, x, _)| before(w, x)).collect();
    let ours = |round: usize| ours(&cases[round].0, &cases[round].1, &prepared[round]);
    let products = race(ROUNDS, ours, |round| write(&cases[round].2));
    for (product, (w, ..)) in products.into_iter().zip(&cases) {
        let Ok(product) = product.and_then(|product| after(&product).map(|()| product)) else { continue };
        assert_eq!(values(&w.grad().unwrap()), values(&product));
    }
}

fn small_write(x: &Tensor) {
    x.add_(1.0).unwrap();
}

/// By way of the general loop, because the operand has another shape.
fn general_write(x: &Tensor) {
    x.add_(&Tensor::scalar(1.0, DType::F64).unwrap()).unwrap();
}

#[test]
fn a_write_while_an_operation_runs_is_noticed() {
    for write in [small_write, general_write] {
        one_write_while(|_, _| (), |w, x, ()| w.mul(x), Tensor::backward, write);
    }
}

#[test]
fn a_write_while_a_pass_runs_is_noticed() {
    for write in [small_write, general_write] {
        let pass = |_: &Tensor, _: &Tensor, product: &Tensor| product.backward().map(|()| product.clone());
        one_write_while(|w, x| w.mul(x).unwrap(), pass, |_| Ok(()), write);
    }
}

/// Each write adds one, so whoever holds the memory finds its version in it.
#[test]
fn data_and_version_belong_together_while_the_memory_is_held() {
    for write in [small_write, general_write] {
        let x = plain(&[0.0]);
        let array = x.array();
        let stop = AtomicBool::new(false);
        let torn = std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..50_000).for_each(|_| write(&x));
                stop.store(true, Ordering::Relaxed);
            });
            let mut torn = 0;
            while !stop.load(Ordering::Relaxed) {
                let _access = Access::acquire(&[array.storage()], &[]);
                // SAFETY: shared state is held, and there is an element.
                let value = unsafe { array.ptr().cast::<f64>().read() };
                torn += usize::from(value != f64::from(array.storage().version()));
            }
            torn
        });
        assert_eq!((torn, values(&x)), (0, vec![50_000.0]));
    }
}
