//! No kernel leaves the upper halves of wide vector registers in use: scalar code behind it would run several times
//! slower. The processor itself says whether they are (`xgetbv` with index 1), so nothing is timed here.
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::sync::atomic::{AtomicUsize, Ordering};

use arcgrad::ops::indexing::along;
use arcgrad::ops::matmul::{self, contraction};
use arcgrad::ops::nn::convolution::{self, Padding};
use arcgrad::ops::nn::loss::Reduction;
use arcgrad::ops::nn::{attention, cross_entropy, normalization, pooling};
use arcgrad::ops::reductions::{scan, softmax};
use arcgrad::ops::sorting;
use arcgrad::{DType, Result, Tensor, parallel};

/// Whether the processor tells which registers are in use.
fn tells() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const XGETBV_WITH_INDEX_1: u32 = 1 << 2;
    __cpuid(1).ecx & OSXSAVE != 0 && __cpuid_count(0xd, 1).eax & XGETBV_WITH_INDEX_1 != 0
}

/// Whether upper halves of vector registers 0 to 15 are in use: of those of 32 bytes, or of 64.
#[inline(never)]
fn upper_halves_in_use() -> bool {
    const YMM: u32 = 1 << 2;
    const ZMM: u32 = 1 << 6;
    let in_use: u32;
    // SAFETY: called only where the processor has the instruction; it reads a state and changes nothing else.
    unsafe { std::arch::asm!("xgetbv", in("ecx") 1, out("eax") in_use, out("edx") _, options(nomem, nostack)) };
    in_use & (YMM | ZMM) != 0
}

/// Runs `body`, and says whether registers were left in use behind it, by this thread or by a helper.
fn left_in_use<R>(body: impl FnOnce() -> R) -> bool {
    body();
    let here = upper_halves_in_use();
    let found = AtomicUsize::new(0);
    // A loop so costly that helpers take part; each thread that does is asked.
    parallel::run(64, u64::MAX / 2, &|_| {
        found.fetch_add(usize::from(upper_halves_in_use()), Ordering::Relaxed);
    });
    here || found.into_inner() > 0
}

fn tensor(shape: &[usize], dtype: DType) -> Tensor {
    let count = shape.iter().product::<usize>();
    let values: Vec<f64> = (0..count).map(|i| (i % 13) as f64 / 4.0 - 1.0).collect();
    Tensor::from_slice(&values, shape).unwrap().to_dtype(dtype).unwrap()
}

/// Value and gradients of a function of leaves of these shapes.
fn there_and_back(shapes: &[&[usize]], dtype: DType, f: &dyn Fn(&[Tensor]) -> Result<Tensor>) {
    let leaves: Vec<Tensor> = shapes.iter().map(|shape| tensor(shape, dtype).with_grad().unwrap()).collect();
    f(&leaves).unwrap().sum().unwrap().backward().unwrap();
}

type Family = (&'static str, &'static [&'static [usize]], fn(&[Tensor]) -> Result<Tensor>);

/// Every family of kernels, large enough for several vectors, with tails, and for several threads where it has them.
const FAMILIES: &[Family] = &[
    ("rows", &[&[1003], &[1003]], |x| x[0].mul(&x[1])?.exp()?.add(&x[0].sigmoid()?)?.pow(1.5)),
    ("rows of odd layout", &[&[37, 41], &[41, 37]], |x| x[0].add(&x[1].t()?)?.tanh()),
    ("rows of many elements", &[&[300_007]], |x| x[0].sin()?.mul(2.0)),
    ("sums", &[&[130, 1003]], |x| x[0].sum_over(&[1], false)?.add(&x[0].mean()?)),
    ("extremes", &[&[130, 103]], |x| Ok(x[0].max_along(1, false)?.0)),
    ("softmax", &[&[130, 103]], |x| softmax::softmax(&x[0], 1, None)),
    ("log_softmax along columns", &[&[130, 103]], |x| softmax::log_softmax(&x[0], 0, None)),
    ("scans", &[&[130, 103]], |x| scan::cumsum(&x[0], 1, None)),
    ("sorting", &[&[130, 103]], |x| Ok(sorting::sort(&x[0], 1, false, None)?.0)),
    ("layer_norm", &[&[130, 103]], |x| normalization::layer_norm(&x[0], &[103], None, None, 1e-5)),
    ("product of two numbers of axes", &[&[3, 3], &[3, 3]], |x| matmul::matmul(&x[0], &x[1])),
    ("small product", &[&[17, 19], &[19, 23]], |x| matmul::matmul(&x[0], &x[1])),
    ("product", &[&[130, 131], &[131, 133]], |x| matmul::matmul(&x[0], &x[1])),
    ("product in panels", &[&[400, 300], &[300, 500]], |x| matmul::matmul(&x[0], &x[1])),
    ("product of transposed", &[&[131, 130], &[133, 131]], |x| matmul::matmul(&x[0].t()?, &x[1].t()?)),
    ("deep product", &[&[20, 5000], &[5000, 30]], |x| matmul::matmul(&x[0], &x[1])),
    ("batched product", &[&[9, 33, 35], &[9, 35, 37]], |x| matmul::matmul(&x[0], &x[1])),
    ("matrix and vector", &[&[130, 131], &[131]], |x| matmul::matmul(&x[0], &x[1])),
    ("dot product", &[&[5003], &[5003]], |x| matmul::dot(&x[0], &x[1])),
    ("linear", &[&[40, 64], &[50, 64], &[50]], |x| matmul::linear(&x[0], &x[1], Some(&x[2]))),
    ("distances", &[&[40, 7], &[30, 7]], |x| contraction::cdist(&x[0], &x[1], 2.0)),
    ("attention", &[&[2, 33, 16], &[2, 35, 16], &[2, 35, 16]], |x| {
        let options = attention::Options { mask: None, causal: false, scale: None, grouped: false, dropout: 0.0 };
        attention::scaled_dot_product_attention(&x[0], &x[1], &x[2], options)
    }),
    ("convolution", &[&[3, 4, 19, 17], &[8, 4, 3, 3]], |x| {
        let options =
            convolution::Options { stride: &[1], padding: Padding::Sizes(vec![1].into()), dilation: &[1], groups: 1 };
        convolution::conv(2, &x[0], &x[1], None, &options)
    }),
    ("pooling", &[&[3, 4, 18, 16]], |x| {
        let options = pooling::Options { kernel: &[2], stride: &[], padding: &[0], dilation: &[1], ceil: false };
        Ok(pooling::max_pool(2, &x[0], &options)?.0)
    }),
    ("cross-entropy", &[&[65, 103]], |x| {
        let target = Tensor::from_slice(&[5_i64; 65], &[65])?;
        cross_entropy::cross_entropy(&x[0], &target, None, -100, Reduction::Mean, 0.0)
    }),
    ("gathering", &[&[65, 103]], |x| along::gather(&x[0], 1, &Tensor::from_slice(&[5_i64; 65 * 7], &[65, 7])?)),
];

#[test]
fn every_family_of_kernels_leaves_the_upper_halves_of_vector_registers_clean() {
    if !tells() {
        return;
    }
    let mut dirty = Vec::new();
    for (name, shapes, f) in FAMILIES {
        for dtype in [DType::F32, DType::F64] {
            if left_in_use(|| there_and_back(shapes, dtype, f)) {
                dirty.push(format!("{name} of {dtype}"));
            }
        }
    }
    assert!(dirty.is_empty(), "left in use: {dirty:?}");
}

/// What the test above relies on.
#[test]
fn the_probe_sees_a_register_in_use() {
    if !tells() || !std::arch::is_x86_feature_detected!("avx2") {
        return;
    }
    // SAFETY: the processor has the instructions, and the register is given up.
    unsafe { std::arch::asm!("vpcmpeqd ymm1, ymm1, ymm1", out("xmm1") _, options(nomem, nostack)) };
    assert!(upper_halves_in_use());
    // SAFETY: as above.
    unsafe { std::arch::x86_64::_mm256_zeroupper() };
    assert!(!upper_halves_in_use());
}
