//! Names and signatures of random tensors, random changes in place, and dropout.

use super::shapes;
use super::{self as draws, Distribution};
use crate::dtype::DType;
use crate::error::Result;
use crate::ops::elementwise::Arg;
use crate::ops::nn::dropout;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, OpInfo, only_in_place, op};
use crate::random::SharedGenerator;
use crate::random::element::c_name;
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::warning;

const FUNCTION: Forms = Forms::FUNCTION;
const ORDERED: Forms = Forms::FUNCTION.and(Forms::ORDERED);
const METHOD: Forms = Forms::METHOD;
const BOTH: Forms = Forms::BOTH;
const OUT: Forms = Forms::FUNCTION.and(Forms::OUT);

const UNIT: Distribution = Distribution::Uniform(0.0, 1.0);
const STANDARD: Distribution = Distribution::Normal(0.0, 1.0);

/// Overwrites the tensor with integers from `from` on, below `to`; warns of those that its dtype does not tell apart.
fn fill_with_integers(target: &Tensor, from: i64, to: Option<i64>, generator: Option<&SharedGenerator>) -> Result<()> {
    let dtype = target.dtype();
    let digits = match dtype {
        DType::F16 => 11,
        DType::BF16 => 8,
        DType::F32 => 24,
        DType::F64 => 53,
        _ => 63,
    };
    // Without an end and from the least integer on it is the whole range.
    let whole = to.is_none() && from == i64::MIN;
    let bounds = [("from", Some(from).filter(|_| !whole)), ("to - 1", to.map(|to| to.saturating_sub(1)))];
    for (name, bound) in bounds {
        if digits < 63 && bound.is_some_and(|bound| bound.unsigned_abs() > 1 << digits) {
            warning::warn("random_", || {
                format!(
                    "{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {} can support discrete \
                     uniform distribution only within this range. This warning will become an error in version 1.7 release, \
                     please fix the code in advance",
                    c_name(dtype)
                )
            })?;
        }
    }
    draws::fill_random(target, Distribution::IntegersFrom(from, to), generator)
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "rand",
        takes!((size: IntList, *, generator: Option<Generator> = None, dtype: Option<DType> = None)
            => draws::random("rand", size, UNIT, dtype.unwrap_or_else(crate::default_dtype), generator)),
        OUT,
        "Uniform numbers in [0, 1).",
    ),
    op(
        "randn",
        takes!((size: IntList, *, generator: Option<Generator> = None, dtype: Option<DType> = None)
            => draws::random("randn", size, STANDARD, dtype.unwrap_or_else(crate::default_dtype), generator)),
        OUT,
        "Standard normal numbers.",
    ),
    op(
        "randint",
        takes!((high: Int, size: IntList, *, generator: Option<Generator> = None, dtype: Option<DType> = None) {
            let (integers, dtype) = (Distribution::IntegersFrom(0, Some(high)), dtype.unwrap_or(DType::I64));
            Ok(draws::random("randint", size, integers, dtype, generator)?.into())
        }),
        OUT,
        "Integers from `low` (0 by default) up to but without `high`.",
    ),
    op(
        "randint",
        takes!((
            low: Int,
            high: Int,
            size: IntList,
            *,
            generator: Option<Generator> = None,
            dtype: Option<DType> = None,
        ) {
            let (integers, dtype) = (Distribution::IntegersFrom(low, Some(high)), dtype.unwrap_or(DType::I64));
            Ok(draws::random("randint", size, integers, dtype, generator)?.into())
        }),
        OUT,
        "",
    ),
    op(
        "randperm",
        takes!((n: Int, *, generator: Option<Generator> = None, dtype: Option<DType> = None) {
            let dtype = dtype.unwrap_or(DType::I64);
            Ok(draws::randperm(n, dtype, generator)?.into())
        }),
        OUT,
        "A permutation of the numbers below `n`.",
    ),
    op(
        "rand_like",
        takes!((input: Tensor, *, dtype: Option<DType> = None, generator: Option<Generator> = None)
            => draws::random_like("rand_like", input, UNIT, dtype, generator)),
        ORDERED,
        "Uniform numbers in [0, 1), in the shape of `input`.",
    ),
    op(
        "randn_like",
        takes!((input: Tensor, *, dtype: Option<DType> = None, generator: Option<Generator> = None)
            => draws::random_like("randn_like", input, STANDARD, dtype, generator)),
        ORDERED,
        "Standard normal numbers, in the shape of `input`.",
    ),
    op(
        "randint_like",
        takes!((input: Tensor, high: Int, *, dtype: Option<DType> = None, generator: Option<Generator> = None) {
            let integers = Distribution::IntegersFrom(0, Some(high));
            Ok(draws::random_like("randint_like", input, integers, dtype, generator)?.into())
        }),
        ORDERED,
        "Integers from `low` (0 by default) up to but without `high`, in the shape of `input`.",
    ),
    op(
        "randint_like",
        takes!((
            input: Tensor,
            low: Int,
            high: Int,
            *,
            dtype: Option<DType> = None,
            generator: Option<Generator> = None,
        ) {
            let integers = Distribution::IntegersFrom(low, Some(high));
            Ok(draws::random_like("randint_like", input, integers, dtype, generator)?.into())
        }),
        ORDERED,
        "",
    ),
    op(
        "normal",
        takes!((mean: Tensor, std: Float = 1.0, *, generator: Option<Generator> = None) {
            let std = Arg::Scalar(Scalar::Float(std));
            Ok(draws::normal(mean.into(), std, generator)?.into())
        }),
        OUT,
        "Normal numbers of given mean and standard deviation: numbers (with a `size`) or tensors.",
    ),
    op(
        "normal",
        takes!((mean: Tensor, std: Tensor, *, generator: Option<Generator> = None)
            => draws::normal(mean.into(), std.into(), generator)),
        OUT,
        "",
    ),
    op(
        "normal",
        takes!((mean: Float, std: Tensor, *, generator: Option<Generator> = None) {
            let mean = Arg::Scalar(Scalar::Float(mean));
            Ok(draws::normal(mean, std.into(), generator)?.into())
        }),
        OUT,
        "",
    ),
    op(
        "normal",
        takes!((
            mean: Float,
            std: Float,
            size: IntList,
            *,
            generator: Option<Generator> = None,
            dtype: Option<DType> = None,
        ) {
            let dtype = dtype.unwrap_or_else(crate::default_dtype);
            let distribution = Distribution::Normal(mean, std);
            Ok(draws::random("normal", size, distribution, dtype, generator)?.into())
        }),
        OUT,
        "",
    ),
    op(
        "bernoulli",
        takes!((input: Tensor, *, generator: Option<Generator> = None) => draws::bernoulli(input, generator)),
        Forms::BOTH.and(Forms::ANY_OUT),
        "Ones with the probability that each element is (or with probability `p`), else zeros.",
    ),
    op(
        "bernoulli",
        takes!((input: Tensor, p: Float, *, generator: Option<Generator> = None)
            => draws::bernoulli_with(input, p, generator)),
        BOTH,
        "",
    ),
    op(
        "multinomial",
        takes!((input: Tensor, num_samples: Int, replacement: Bool = false, *, generator: Option<Generator> = None)
            => draws::multinomial(input, num_samples, replacement, generator)),
        Forms::BOTH.and(Forms::SAME_OUT),
        "Positions drawn with the weights of a vector, or of each row of a matrix.",
    ),
    op(
        "poisson",
        takes!((input: Tensor, generator: Option<Generator> = None) => draws::poisson(input, generator)),
        FUNCTION,
        "A Poisson number for each rate.",
    ),
    op(
        "binomial",
        takes!((count: Tensor, prob: Tensor, generator: Option<Generator> = None)
            => draws::binomial(count, prob, generator)),
        FUNCTION,
        "The number of successes among each `count` of trials of probability `prob`.",
    ),
    op(
        "_standard_gamma",
        takes!((input: Tensor, generator: Option<Generator> = None) => shapes::standard_gamma(input, generator)),
        FUNCTION,
        "A gamma number of scale 1 for each shape, with a gradient in the shape.",
    ),
    op(
        "_standard_gamma_grad",
        takes!((input: Tensor, output: Tensor) => shapes::standard_gamma_grad(input, output)),
        FUNCTION,
        "The derivative of gamma numbers `output` in the shapes they were drawn with.",
    ),
    op(
        "_sample_dirichlet",
        takes!((input: Tensor, generator: Option<Generator> = None) => shapes::sample_dirichlet(input, generator)),
        FUNCTION,
        "A Dirichlet vector along the last axis for each vector of shapes, with a gradient in the shapes.",
    ),
    op(
        "_dirichlet_grad",
        takes!((x: Tensor, alpha: Tensor, total: Tensor) => shapes::dirichlet_grad(x, alpha, total)),
        FUNCTION,
        "The derivative of Dirichlet components `x` in their shapes `alpha`, over 1 - x.",
    ),
    // ---- in place ----
    only_in_place(
        "uniform_",
        takes!((input: Tensor, from: Float = 0.0, to: Float = 1.0, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::Uniform(from, to), generator)
        }),
        METHOD,
        "Overwrites the tensor with uniform numbers in [from, to).",
    ),
    only_in_place(
        "normal_",
        takes!((input: Tensor, mean: Float = 0.0, std: Float = 1.0, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::Normal(mean, std), generator)
        }),
        METHOD,
        "Overwrites the tensor with normal numbers.",
    ),
    only_in_place(
        "random_",
        takes!((input: Tensor, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::Integers, generator)
        }),
        METHOD,
        "Overwrites the tensor with integers: over the range of its dtype, below `to`, or in [from, to).",
    ),
    only_in_place(
        "random_",
        takes!((input: Tensor, to: Int, *, generator: Option<Generator> = None) {
            fill_with_integers(input, 0, Some(to), generator)
        }),
        METHOD,
        "",
    ),
    only_in_place(
        "random_",
        takes!((input: Tensor, from: Int, to: Option<Int> = None, *, generator: Option<Generator> = None) {
            fill_with_integers(input, from, to, generator)
        }),
        METHOD,
        "",
    ),
    only_in_place(
        "bernoulli_",
        takes!((input: Tensor, p: Float = 0.5, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::Bernoulli(p), generator)
        }),
        METHOD,
        "Overwrites the tensor with ones of probability `p` (a number or a tensor) and zeros.",
    ),
    only_in_place(
        "bernoulli_",
        takes!((input: Tensor, p: Tensor, *, generator: Option<Generator> = None) {
            draws::bernoulli_each_(input, p, generator)
        }),
        METHOD,
        "",
    ),
    only_in_place(
        "exponential_",
        takes!((input: Tensor, lambd: Float = 1.0, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::Exponential(lambd), generator)
        }),
        METHOD,
        "Overwrites the tensor with exponential numbers of rate `lambd`.",
    ),
    only_in_place(
        "geometric_",
        takes!((input: Tensor, p: Float, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::Geometric(p), generator)
        }),
        METHOD,
        "Overwrites the tensor with numbers of trials up to the first success of probability `p`.",
    ),
    only_in_place(
        "cauchy_",
        takes!((input: Tensor, median: Float = 0.0, sigma: Float = 1.0, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::Cauchy(median, sigma), generator)
        }),
        METHOD,
        "Overwrites the tensor with Cauchy numbers.",
    ),
    only_in_place(
        "log_normal_",
        takes!((input: Tensor, mean: Float = 1.0, std: Float = 2.0, *, generator: Option<Generator> = None) {
            draws::fill_random(input, Distribution::LogNormal(mean, std), generator)
        }),
        METHOD,
        "Overwrites the tensor with exponentials of normal numbers.",
    ),
    // ---- dropout ----
    op(
        "dropout",
        takes!((input: Tensor, p: Float = 0.5, training: Bool = true, inplace: Bool = false)
            => dropout::dropout(input, p, training, inplace, None)),
        Forms::NN,
        "Zeros elements with probability `p` and scales the rest by 1 / (1 - p), while `training`.",
    ),
    op(
        "dropout",
        takes!((input: Tensor, p: Float, train: Bool) => dropout::dropout(input, p, train, false, None)),
        FUNCTION,
        "Zeros elements with probability `p` and scales the rest by 1 / (1 - p), if `train`.",
    ),
    op(
        "dropout1d",
        takes!((input: Tensor, p: Float = 0.5, training: Bool = true, inplace: Bool = false)
            => dropout::dropout1d(input, p, training, inplace)),
        Forms::NN,
        "Zeros whole channels of (N, C, L) or (C, L) with probability `p`.",
    ),
    op(
        "dropout2d",
        takes!((input: Tensor, p: Float = 0.5, training: Bool = true, inplace: Bool = false)
            => dropout::feature_dropout(input, p, training, inplace, None)),
        Forms::NN,
        "Zeros whole channels of (N, C, H, W) with probability `p`.",
    ),
    op(
        "feature_dropout",
        takes!((input: Tensor, p: Float, train: Bool) => dropout::feature_dropout(input, p, train, false, None)),
        FUNCTION,
        "Zeros whole channels with probability `p`.",
    ),
];
