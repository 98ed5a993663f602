//! Kernels that work along an axis over rows of many lengths, on one thread: `cargo run --release -p arcgrad-kernels
//! --example rows [start of a name] [repetitions]`. Prints the least time of a call in µs, or runs each call so many times
//! and prints nothing, for an instruction count.

use std::time::Instant;

use arcgrad_base::scalar::Scalar;
use arcgrad_kernels::loss::{self, NllSize, Targets};
use arcgrad_kernels::map::apply;
use arcgrad_kernels::normalize::{self, Moments};
use arcgrad_kernels::number::{Alone, Ordered, OrderedFormula, Real, RealFormula, Ring, RingFormula};
use arcgrad_kernels::reduce::{Reduction, reduce};
use arcgrad_kernels::scan::{Scan, scan};
use arcgrad_kernels::softmax::{self, AxisSize};
use arcgrad_kernels::{In, Kernel, Out, copy, fill, index, matmul, row};

/// Rows and columns.
const SHAPES: [[usize; 2]; 9] =
    [[23232, 11], [2112, 48], [65536, 3], [8192, 7], [4096, 31], [1024, 100], [512, 512], [64, 4096], [8, 32768]];

/// Seconds spent on each call.
const SECONDS: f64 = 0.05;

struct Sum;
impl RingFormula<2, 0> for Sum {
    #[inline(always)]
    fn eval<R: Ring>([]: [R::Param; 0], [x, y]: [R; 2]) -> R {
        x + y
    }
}

struct Product;
impl RingFormula<2, 0> for Product {
    #[inline(always)]
    fn eval<R: Ring>([]: [R::Param; 0], [x, y]: [R; 2]) -> R {
        x * y
    }
}

struct Gelu;
impl RealFormula<1, 0> for Gelu {
    const ALONE: Option<Alone> = Some(Alone::Gelu);
    #[inline(always)]
    fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R {
        x.gelu()
    }
}

struct Exp;
impl RealFormula<1, 0> for Exp {
    const ALONE: Option<Alone> = Some(Alone::Exp);
    #[inline(always)]
    fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R {
        x.exp()
    }
}

struct Log;
impl RealFormula<1, 0> for Log {
    const ALONE: Option<Alone> = Some(Alone::Log);
    #[inline(always)]
    fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R {
        x.log()
    }
}

struct Sqrt;
impl RealFormula<1, 0> for Sqrt {
    const ALONE: Option<Alone> = Some(Alone::Sqrt);
    #[inline(always)]
    fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R {
        x.sqrt()
    }
}

struct Tanh;
impl RealFormula<1, 0> for Tanh {
    #[inline(always)]
    fn eval<R: Real>([]: [R::Param; 0], [x]: [R; 1]) -> R {
        x.tanh()
    }
}

struct Clamp;
impl OrderedFormula<3, 0> for Clamp {
    #[inline(always)]
    fn eval<R: Ordered>([]: [R::Param; 0], [x, low, high]: [R; 3]) -> R {
        x.maximum(low).minimum(high)
    }
}

/// Memory for good that begins where a cache line does, as that of tensors.
fn room(n: usize) -> &'static mut [f32] {
    let memory = vec![0f32; n + 16].leak();
    let skip = memory.as_ptr().align_offset(64);
    &mut memory[skip..skip + n]
}

/// Numbers of either sign, all different enough.
fn numbers(n: usize, seed: u64) -> &'static mut [f32] {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut unit = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    let numbers = room(n);
    numbers.fill_with(|| 1.7 * (unit() + unit() + unit() + unit() - 2.0));
    numbers
}

/// What to run.
struct Asked {
    part: String,
    times: Option<usize>,
}

impl Asked {
    fn time(&self, name: &str, mut call: impl FnMut()) {
        if !name.starts_with(&self.part) {
            return;
        }
        call();
        if let Some(times) = self.times {
            return (1..times).for_each(|_| call());
        }
        let (start, mut least, mut calls) = (Instant::now(), f64::INFINITY, 0);
        while calls < 5 || start.elapsed().as_secs_f64() < SECONDS {
            let start = Instant::now();
            call();
            least = least.min(start.elapsed().as_secs_f64());
            calls += 1;
        }
        println!("{name:32} {:10.2}", least * 1e6);
    }
}

fn main() {
    arcgrad_base::parallel::set_num_threads(1);
    let mut args = std::env::args().skip(1);
    let part = args.next().unwrap_or_default();
    let asked = Asked { part, times: args.next().and_then(|times| times.parse().ok()) };
    for [rows, columns] in SHAPES {
        along_rows(&asked, rows, columns);
        elementwise(&asked, rows, columns);
        copying(&asked, rows, columns);
    }
    products(&asked);
    for [into, columns, count] in [[65, 384, 2048], [50000, 64, 4096], [1000, 3, 100_000]] {
        adding(&asked, into, columns, count);
    }
}

fn along_rows(asked: &Asked, rows: usize, columns: usize) {
    let name = |kernel: &str| format!("{kernel} {rows}x{columns}");
    let n = rows * columns;
    let (x, g) = (numbers(n, 1), numbers(n, 2));
    let (y, means, rstds) = (room(n), room(rows), room(rows));
    let (per_row, per_column) = (room(rows), room(columns));
    let (weight, bias) = (numbers(columns, 3), numbers(columns, 4));
    let shape = [rows, columns];
    let strides = [columns as isize, 1];
    let (row_shape, column_shape, one_column, one_row) = ([rows], [columns], [rows, 1], [1, columns]);
    let size = AxisSize::new(&shape, 1);
    macro_rules! input {
        ($x:expr) => {
            In::of(&$x[..], &shape, &strides)
        };
    }
    macro_rules! output {
        ($y:expr) => {
            Out::of(&mut $y[..], &shape, &strides)
        };
    }
    for (label, op) in [("sum", Reduction::Sum), ("mean", Reduction::Mean), ("amax", Reduction::Max)] {
        asked.time(&name(&format!("{label}1")), || {
            reduce(op, &[false, true], input!(x), &[Out::of(&mut per_row[..], &one_column, &[1, 1])]);
        });
        asked.time(&name(&format!("{label}0")), || {
            let out = Out::of(&mut per_column[..], &one_row, &strides);
            reduce(op, &[true, false], input!(x), &[out]);
        });
    }
    asked.time(&name("softmax"), || softmax::softmax(size, input!(x), output!(y)));
    asked.time(&name("log_softmax"), || softmax::log_softmax(size, input!(x), output!(y)));
    asked.time(&name("softmax_backward"), || softmax::softmax_backward(size, input!(x), input!(g), output!(y)));
    asked.time(&name("log_softmax_backward"), || {
        softmax::log_softmax_backward(size, input!(x), input!(g), output!(y));
    });
    asked.time(&name("logsumexp"), || {
        softmax::logsumexp(size, input!(x), Out::of(&mut per_row[..], &row_shape, &[1]));
    });
    let class: Vec<i64> = (0..rows).map(|row| (row * 7 % columns) as i64).collect();
    asked.time(&name("cross_entropy_backward"), || {
        let targets = Targets { class: In::of(&class[..], &row_shape, &[1]), weight: None, ignore: -100 };
        let size = NllSize { n: rows, classes: columns, inner: 1 };
        let one = [1f32];
        let (reduction, one) = (loss::Reduction::Mean, In::of(&one[..], &[], &[]));
        loss::cross_entropy_backward(size, reduction, rows as f64, input!(x), targets, one, output!(y)).unwrap();
    });
    asked.time(&name("cumsum1"), || scan(Scan::Sum, false, 1, input!(x), &[output!(y)]));
    asked.time(&name("cumsum1_reverse"), || scan(Scan::Sum, true, 1, input!(x), &[output!(y)]));
    asked.time(&name("cumsum0"), || scan(Scan::Sum, false, 0, input!(x), &[output!(y)]));
    let affine = (Some(In::of(&weight[..], &column_shape, &[1])), Some(In::of(&bias[..], &column_shape, &[1])));
    for (label, (weight, bias)) in [("layer_norm", (None, None)), ("layer_norm_affine", affine)] {
        asked.time(&name(label), || {
            let mean = Out::of(&mut means[..], &row_shape, &[1]);
            let moments = Moments { mean, rstd: Out::of(&mut rstds[..], &row_shape, &[1]) };
            normalize::layer_norm(rows, columns, 1e-5, input!(x), weight, bias, output!(y), Some(moments));
        });
    }
    asked.time(&name("layer_norm_backward"), || {
        let moments =
            Moments { mean: In::of(&means[..], &row_shape, &[1]), rstd: In::of(&rstds[..], &row_shape, &[1]) };
        normalize::layer_norm_backward(
            rows,
            columns,
            input!(g),
            input!(x),
            affine.0,
            moments,
            Some(output!(y)),
            Some(Out::of(&mut per_column[..], &column_shape, &[1])),
            None,
        );
    });
}

fn elementwise(asked: &Asked, rows: usize, columns: usize) {
    let name = |kernel: &str| format!("{kernel} {rows}x{columns}");
    let n = rows * columns;
    let (shape, strides) = ([rows, columns], [columns as isize, 1]);
    let (x, other, column) = (numbers(n, 1), numbers(n, 2), numbers(rows, 3));
    let y = room(n);
    let run = |kernel: Kernel, inputs: &[In<'_>], output: Out<'_>| apply(&kernel, &[] as &[Scalar], inputs, output);
    let sum = row::ring::<Sum, f32, 2, 0>(150);
    asked.time(&name("add"), || {
        let inputs = [In::of(&x[..], &shape, &strides), In::of(&other[..], &shape, &strides)];
        run(sum, &inputs, Out::of(&mut y[..], &shape, &strides));
    });
    asked.time(&name("add_"), || {
        let memory = x.as_mut_ptr().cast::<u8>();
        let dtype = arcgrad_kernels::DType::F32;
        let nothing = [0f32];
        // SAFETY: the vector's own elements, read and written through the one pointer.
        let (input, output) =
            unsafe { (In::new(memory, dtype, &shape, &strides), Out::new(memory, dtype, &shape, &strides)) };
        // SAFETY: one element, seen as many.
        let nothing = unsafe { In::new(nothing.as_ptr().cast(), dtype, &shape, &[0, 0]) };
        run(sum, &[input, nothing], output);
    });
    let dtype = arcgrad_kernels::DType::F32;
    // SAFETY: one element per row, seen as many.
    let column = unsafe { In::new(column.as_ptr().cast(), dtype, &shape, &[1, 0]) };
    asked.time(&name("bcast_col"), || {
        let inputs = [In::of(&x[..], &shape, &strides), column];
        run(row::ring::<Product, f32, 2, 0>(150), &inputs, Out::of(&mut y[..], &shape, &strides));
    });
    // SAFETY: one row, seen as many.
    let row = unsafe { In::new(other.as_ptr().cast(), dtype, &shape, &[0, 1]) };
    asked.time(&name("bcast_row"), || {
        let inputs = [In::of(&x[..], &shape, &strides), row];
        run(sum, &inputs, Out::of(&mut y[..], &shape, &strides));
    });
    let functions = [
        ("gelu", row::real::<Gelu, f32, 1, 0>(800)),
        ("exp", row::real::<Exp, f32, 1, 0>(500)),
        ("tanh", row::real::<Tanh, f32, 1, 0>(500)),
        ("log", row::real::<Log, f32, 1, 0>(500)),
        ("sqrt", row::real::<Sqrt, f32, 1, 0>(500)),
    ];
    for (label, kernel) in functions {
        if label == "log" {
            x.iter_mut().for_each(|x| *x = x.abs() + 0.1);
        }
        asked.time(&name(label), || {
            run(kernel, &[In::of(&x[..], &shape, &strides)], Out::of(&mut y[..], &shape, &strides));
        });
    }
    let bounds = [-1f32, 1.0];
    asked.time(&name("clamp"), || {
        // SAFETY: one element, seen as many.
        let bound = |i: usize| unsafe { In::new(bounds[i..].as_ptr().cast(), dtype, &shape, &[0, 0]) };
        let inputs = [In::of(&x[..], &shape, &strides), bound(0), bound(1)];
        run(row::ordered::<Clamp, f32, 3, 0>(150), &inputs, Out::of(&mut y[..], &shape, &strides));
    });
}

/// Copies of rows to and from wider ones, and one element over and over.
fn copying(asked: &Asked, rows: usize, columns: usize) {
    let name = |kernel: &str| format!("{kernel} {rows}x{columns}");
    let n = rows * columns;
    let (shape, strides, wide) = ([rows, columns], [columns as isize, 1], [2 * columns as isize, 1]);
    let (x, y) = (numbers(n, 1), room(2 * n));
    let dtype = arcgrad_kernels::DType::F32;
    asked.time(&name("cat"), || {
        // SAFETY: rows of twice as many elements.
        let to = unsafe { Out::new(y.as_mut_ptr().cast(), dtype, &shape, &wide) };
        copy::copy(In::of(&x[..], &shape, &strides), to);
    });
    asked.time(&name("flip"), || {
        let back = [columns as isize, -1];
        // SAFETY: each row from its last element to its first.
        let from = unsafe { In::new(x[columns - 1..].as_ptr().cast(), dtype, &shape, &back) };
        copy::copy(from, Out::of(&mut y[..n], &shape, &strides));
    });
    asked.time(&name("fill"), || fill::fill(Out::of(&mut y[..n], &shape, &strides), Scalar::Int(1)));
}

/// Products of few rows with the rows of a weight.
fn products(asked: &Asked) {
    for [m, n, k] in [[8, 8, 32768], [8, 8, 4096], [4, 8, 8192], [8, 3, 4096]] {
        let (a, b, c) = (numbers(m * k, 1), numbers(n * k, 2), room(m * n));
        let (left, right, result) = ([m, k], [k, n], [m, n]);
        let (along, down, own) = ([k as isize, 1], [1, k as isize], [n as isize, 1]);
        asked.time(&format!("linear {m}x{k} {n}"), || {
            // SAFETY: the weight, transposed.
            let b = unsafe { In::new(b.as_ptr().cast(), arcgrad_kernels::DType::F32, &right, &down) };
            let out = Out::of(&mut c[..], &result, &own);
            matmul::matmul(Scalar::Int(1), In::of(&a[..], &left, &along), b, Scalar::Int(0), out);
        });
    }
}

fn adding(asked: &Asked, into: usize, columns: usize, count: usize) {
    let (x, src) = (room(into * columns), numbers(count * columns, 1));
    let which: Vec<i64> = (0..count).map(|i| (i * 7919 % into) as i64).collect();
    let (own, given, picked, strides) = ([into, columns], [count, columns], [count], [columns as isize, 1]);
    asked.time(&format!("index_add {into}x{columns} {count}"), || {
        let out = Out::of(&mut x[..], &own, &strides);
        let (index, src) = (In::of(&which[..], &picked, &[1]), In::of(&src[..], &given, &strides));
        index::index_add(0, false, out, index, src, true).unwrap();
    });
}
