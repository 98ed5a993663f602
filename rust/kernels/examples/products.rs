//! Products of matrices against the rate at which this processor multiplies, on one thread: `cargo run --profile wheel -p
//! arcgrad-kernels --example products [start of a name]`. Prints the least time of a call in µs and the share of the
//! measured rate; those below what large products are to reach are counted, and the program fails. In another profile it
//! says nothing of what is shipped: which sums stay in registers is decided by the whole of the compiler's passes.

use std::time::Instant;

use arcgrad_kernels::element::Element;
use arcgrad_kernels::float::Float;
use arcgrad_kernels::{In, Out, matmul};

/// Seconds spent on each call.
const SECONDS: f64 = 0.2;
/// The share of the measured rate that products of matrices of at least so many rows, columns and steps are to reach. (A quarter
/// where sums lie in memory, two thirds and more where they do not.)
const LEAST: (f64, usize) = (0.5, 256);

/// Fused multiplications that do not wait for one another, in registers.
struct Rate<T>(usize, std::marker::PhantomData<T>);

macro_rules! rate {
    ($type:ident, $splat:ident, $fused:ident) => {
        impl pulp::WithSimd for Rate<$type> {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, simd: S) -> usize {
                let mut sums = [simd.$splat(0.0); 12];
                let (a, b) = (simd.$splat(std::hint::black_box(0.5)), simd.$splat(std::hint::black_box(1.0)));
                for _ in 0..self.0 {
                    for sum in &mut sums {
                        *sum = simd.$fused(a, *sum, b);
                    }
                }
                std::hint::black_box(sums);
                self.0 * size_of_val(&sums) / size_of::<$type>()
            }
        }
    };
}
rate!(f32, splat_f32s, mul_add_e_f32s);
rate!(f64, splat_f64s, mul_add_e_f64s);

/// The least time of a call in seconds.
fn least(mut call: impl FnMut()) -> f64 {
    let (start, mut least, mut calls) = (Instant::now(), f64::INFINITY, 0);
    while calls < 3 || start.elapsed().as_secs_f64() < SECONDS {
        let start = Instant::now();
        call();
        least = least.min(start.elapsed().as_secs_f64());
        calls += 1;
    }
    least
}

/// Sizes `m, n, k` of products.
const SIZES: [[usize; 3]; 24] = [
    [11, 11, 16],
    [48, 48, 48],
    [100, 100, 100],
    [256, 256, 256],
    [384, 384, 384],
    [512, 512, 512],
    [768, 768, 768],
    [1000, 1000, 1000],
    [1024, 1024, 1024],
    [2048, 2048, 2048],
    [8, 128, 32768],
    [64, 64, 8192],
    [48, 48, 704],
    [704, 144, 48],
    [704, 192, 48],
    [704, 48, 192],
    [48, 192, 704],
    [704, 65, 48],
    [32, 512, 128],
    [2048, 512, 128],
    [512, 128, 2048],
    [2048, 256, 1024],
    [64, 256, 784],
    [128, 64, 1152],
];

/// Returns how many are too slow.
fn products<T: Float + Element>(asked: &str, name: &str) -> usize
where
    Rate<T>: pulp::WithSimd<Output = usize>,
{
    let rate = {
        let (mut done, rounds) = (0, 1 << 20);
        let time = least(|| done = pulp::Arch::new().dispatch(Rate::<T>(rounds, std::marker::PhantomData)));
        done as f64 / time
    };
    println!("{name}: {:.1} G multiplications a second", rate / 1e9);
    let mut slow = 0;
    for [m, n, k] in SIZES {
        let random = |n: usize| -> Vec<T> {
            (0..n as u64).map(|i| T::from_f64((i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 1e8)).collect()
        };
        let (a, b, mut c) = (random(m * k), random(k * n), vec![T::ZERO; m * n]);
        for (turned, label) in [([false, false], "nn"), ([false, true], "nt"), ([true, false], "tn")] {
            let name = format!("{name} {m}x{n}x{k} {label}");
            if !name.starts_with(asked) {
                continue;
            }
            let strides = |turned, rows: usize, columns: usize| {
                if turned { [1, rows as isize] } else { [columns as isize, 1] }
            };
            let (sa, sb, sc) = (strides(turned[0], m, k), strides(turned[1], k, n), [n as isize, 1]);
            let (shape_a, shape_b) = ([m, k], [k, n]);
            // SAFETY: as large as the sizes say.
            let (left, right) = unsafe {
                (
                    In::new(a.as_ptr().cast(), T::DTYPE, &shape_a, &sa),
                    In::new(b.as_ptr().cast(), T::DTYPE, &shape_b, &sb),
                )
            };
            let ours = least(|| matmul::matmul(1.0.into(), left, right, 0.0.into(), Out::of(&mut c[..], &[m, n], &sc)));
            let share = (m * n * k) as f64 / ours / rate;
            let is_slow = m.min(n).min(k) >= LEAST.1 && share < LEAST.0;
            slow += usize::from(is_slow);
            println!("{name:28} {:10.2} µs {:5.1} %{}", ours * 1e6, 100.0 * share, if is_slow { " SLOW" } else { "" });
        }
    }
    slow
}

fn main() -> std::process::ExitCode {
    arcgrad_base::parallel::set_num_threads(1);
    let asked = std::env::args().nth(1).unwrap_or_default();
    let slow = products::<f32>(&asked, "f32") + products::<f64>(&asked, "f64");
    if slow == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
