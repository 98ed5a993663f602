//! How fast the loops over memory are: elementwise, reductions, matrix products, softmax and convolution, in elements
//! or multiplications per second.
//!
//! `cargo bench --bench kernels`; `-- matmul` measures what has `matmul` in its name.

use std::hint::black_box;

use arcgrad::kernels::conv::{ConvSize, conv};
use arcgrad::kernels::window::Window;
use arcgrad::kernels::{In, Out};
use arcgrad::ops::matmul::mm;
use arcgrad::ops::reductions::softmax::{log_softmax, softmax};
use arcgrad::random::Generator;
use arcgrad::{DType, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// In the first-level cache, and beyond the last.
const SIZES: [(&str, usize); 2] = [("4k", 4 << 10), ("4M", 4 << 20)];
const DTYPES: [DType; 2] = [DType::F32, DType::F64];

/// Normal numbers, the same in every run.
fn random(shape: &[usize], dtype: DType) -> Tensor {
    let mut values = vec![0.0_f32; shape.iter().product()];
    Generator::new(0).normal(&mut values, 0.0, 1.0).expect("a positive deviation");
    Tensor::from_slice(&values, shape).and_then(|tensor| tensor.to_dtype(dtype)).expect("a float dtype")
}

fn elementwise(c: &mut Criterion) {
    type Unary = fn(&Tensor) -> arcgrad::Result<Tensor>;
    let unary: [(&str, Unary); 10] = [
        ("neg", Tensor::neg),
        ("sqrt", |x| x.sqrt()),
        ("exp", Tensor::exp),
        ("log", |x| x.log()),
        ("sin", Tensor::sin),
        ("tanh", Tensor::tanh),
        ("sigmoid", Tensor::sigmoid),
        ("erf", Tensor::erf),
        ("gelu", Tensor::gelu),
        ("relu", Tensor::relu),
    ];
    for dtype in DTYPES {
        for (size, count) in SIZES {
            let mut group = c.benchmark_group(format!("elementwise {dtype} {size}"));
            group.throughput(Throughput::Elements(count as u64));
            let (x, y) = (random(&[count], dtype), random(&[count], dtype));
            for (name, op) in unary {
                // Roots and logarithms of negative numbers take no special path; positive ones are the usual case.
                let input = if matches!(name, "sqrt" | "log") { x.square().expect("floats") } else { x.clone() };
                group.bench_function(name, |bench| bench.iter(|| op(black_box(&input))));
            }
            group.bench_function("add", |bench| bench.iter(|| black_box(&x).add(black_box(&y))));
            group.bench_function("div", |bench| bench.iter(|| black_box(&x).div(black_box(&y))));
            group.bench_function("add in place", |bench| bench.iter(|| black_box(&x).add_(black_box(1e-9))));
            group.finish();
        }
    }
}

/// Operands that do not lie as the result does.
fn layouts(c: &mut Criterion) {
    let side = 2048;
    let mut group = c.benchmark_group("add 2048x2048 float32");
    group.throughput(Throughput::Elements((side * side) as u64));
    let x = random(&[side, side], DType::F32);
    let row = random(&[side], DType::F32);
    let column = random(&[side, 1], DType::F32);
    let transposed = x.t().expect("a matrix");
    let half = x.narrow(1, 0, side as i64 / 2).expect("half of the columns");
    group.bench_function("contiguous", |bench| bench.iter(|| x.add(black_box(&x))));
    group.bench_function("row", |bench| bench.iter(|| x.add(black_box(&row))));
    group.bench_function("column", |bench| bench.iter(|| x.add(black_box(&column))));
    group.bench_function("transposed", |bench| bench.iter(|| x.add(black_box(&transposed))));
    group.bench_function("half of the columns", |bench| bench.iter(|| half.add(black_box(&half))));
    group.finish();

    // Where the work around the loop counts: the bias of a small layer.
    let mut group = c.benchmark_group("add 16x32 float32");
    let x = random(&[16, 32], DType::F32);
    let row = random(&[32], DType::F32);
    let column = random(&[16, 1], DType::F32);
    let transposed = random(&[32, 16], DType::F32).t().expect("a matrix");
    group.bench_function("contiguous", |bench| bench.iter(|| x.add(black_box(&x))));
    group.bench_function("row", |bench| bench.iter(|| x.add(black_box(&row))));
    group.bench_function("column", |bench| bench.iter(|| x.add(black_box(&column))));
    group.bench_function("transposed", |bench| bench.iter(|| x.add(black_box(&transposed))));
    group.finish();
}

fn reductions(c: &mut Criterion) {
    for dtype in DTYPES {
        let side = 2048;
        let mut group = c.benchmark_group(format!("reduction 2048x2048 {dtype}"));
        group.throughput(Throughput::Elements((side * side) as u64));
        let x = random(&[side, side], dtype);
        group.bench_function("sum", |bench| bench.iter(|| black_box(&x).sum()));
        group.bench_function("sum over rows", |bench| bench.iter(|| black_box(&x).sum_over(&[0], false)));
        group.bench_function("sum over columns", |bench| bench.iter(|| black_box(&x).sum_over(&[1], false)));
        group.bench_function("max over columns", |bench| bench.iter(|| black_box(&x).max_along(1, false)));
        group.bench_function("argmax", |bench| bench.iter(|| black_box(&x).argmax(None, false)));
        group.bench_function("cumsum", |bench| bench.iter(|| black_box(&x).cumsum(1)));
        group.bench_function("softmax", |bench| bench.iter(|| softmax(black_box(&x), 1, None)));
        group.bench_function("softmax over rows", |bench| bench.iter(|| softmax(black_box(&x), 0, None)));
        group.bench_function("log_softmax", |bench| bench.iter(|| log_softmax(black_box(&x), 1, None)));
        group.finish();
    }
}

fn matmul(c: &mut Criterion) {
    for dtype in DTYPES {
        let mut group = c.benchmark_group(format!("matmul {dtype}"));
        for size in [8, 32, 64, 256, 1024] {
            group.throughput(Throughput::Elements((size * size * size) as u64));
            let (a, b) = (random(&[size, size], dtype), random(&[size, size], dtype));
            group.bench_with_input(BenchmarkId::from_parameter(size), &size, |bench, _| {
                bench.iter(|| mm(black_box(&a), black_box(&b)));
            });
        }
        // A linear layer: few rows, and the weight transposed.
        let (x, w) = (random(&[16, 512], dtype), random(&[512, 512], dtype));
        let w = w.t().expect("a matrix");
        group.throughput(Throughput::Elements(16 * 512 * 512));
        group.bench_function("16x512 by 512x512 transposed", |bench| bench.iter(|| mm(black_box(&x), black_box(&w))));
        group.finish();
    }
}

fn convolution(c: &mut Criterion) {
    let mut group = c.benchmark_group("convolution float32");
    // (name, batch, channels in and out, side, window)
    let cases = [
        ("32x1x8x8, 16 of 3x3", 32, 1, 16, 8, 3),
        ("8x64x32x32, 64 of 3x3", 8, 64, 64, 32, 3),
        ("8x64x32x32, 64 of 1x1", 8, 64, 64, 32, 1),
    ];
    for (name, batch, in_channels, out_channels, side, kernel) in cases {
        let pad = kernel / 2;
        let window = Window::new(&[side, side], &[kernel, kernel], &[1, 1], &[pad, pad], &[1, 1], false)
            .expect("the window fits");
        let size = ConvSize { batch, in_channels, out_channels, groups: 1, window };
        let x = vec![0.5_f32; batch * in_channels * side * side];
        let w = vec![0.25_f32; out_channels * in_channels * kernel * kernel];
        let mut y = vec![0.0_f32; batch * out_channels * side * side];
        group.throughput(Throughput::Elements((y.len() * in_channels * kernel * kernel) as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let shape = |values: &[f32]| [values.len()];
                let (flat, weights, outputs) = (shape(&x), shape(&w), shape(&y));
                let (x, w) = (In::of(black_box(&x), &flat, &[1]), In::of(black_box(&w), &weights, &[1]));
                conv(&size, x, w, None, Out::of(&mut y, &outputs, &[1]));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, elementwise, layouts, reductions, matmul, convolution);
criterion_main!(benches);
