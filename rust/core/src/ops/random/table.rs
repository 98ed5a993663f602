//! Names and signatures of random tensors, random changes in place, and dropout.

use super::shapes;
use super::{self as draws, Distribution};
use crate::dtype::DType;
use crate::error::Result;
use crate::ops::elementwise::Arg;
use crate::ops::nn::dropout;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
use crate::ops::views;
use crate::random::element::c_name;
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use crate::warning;

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

const fn in_place(
    name: &'static str,
    params: &'static [Param],
    call: fn(&Args<'_>) -> Result<()>,
    doc: &'static str,
) -> OpInfo {
    OpInfo {
        name,
        aliases: &[],
        params,
        forms: Forms::METHOD,
        call: Call::OnlyInPlace(call),
        gives: Gives::Tensor,
        doc,
    }
}

const FUNCTION: Forms = Forms::FUNCTION;
const ORDERED: Forms = Forms::FUNCTION.and(Forms::ORDERED);
const BOTH: Forms = Forms::BOTH;
const OUT: Forms = Forms::FUNCTION.and(Forms::OUT);
const DTYPE: Param = param("dtype", Kind::DType).optional().keyword();
const GENERATOR: Param = param("generator", Kind::Generator).optional().keyword();
const SIZE: Param = param("size", Kind::IntList);
const LOW: Param = param("low", Kind::Int);
const HIGH: Param = param("high", Kind::Int);
const P: Param = param("p", Kind::Float);

const fn float(name: &'static str, default: f64) -> Param {
    param(name, Kind::Float).or(Default::Float(default))
}

const UNIT: Distribution = Distribution::Uniform(0.0, 1.0);
const STANDARD: Distribution = Distribution::Normal(0.0, 1.0);

/// `rand(size…)`, `randn(size…)`.
fn sized(args: &Args<'_>, distribution: Distribution) -> Result<Output> {
    let dtype = args.dtype_opt(2).unwrap_or_else(crate::default_dtype);
    Ok(draws::random(args.op, args.ints(0), distribution, dtype, args.generator_opt(1))?.into())
}

fn like(args: &Args<'_>, distribution: Distribution) -> Result<Output> {
    let (dtype, generator) = (args.dtype_opt(1), args.generator_opt(2));
    Ok(draws::random_like(args.op, args.tensor(0), distribution, dtype, generator)?.into())
}

/// Overwrites the tensor with integers from `from` on, below `to`; warns of those that its dtype does not tell apart.
fn fill_with_integers(args: &Args<'_>, from: i64, to: Option<i64>) -> Result<()> {
    let dtype = args.tensor(0).dtype();
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
            warning::warn(args.op, || {
                format!(
                    "{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {} can support discrete \
                     uniform distribution only within this range. This warning will become an error in version 1.7 release, \
                     please fix the code in advance",
                    c_name(dtype)
                )
            })?;
        }
    }
    fill(args, Distribution::IntegersFrom(from, to))
}

/// Fills the first argument; the generator is the last.
fn fill(args: &Args<'_>, distribution: Distribution) -> Result<()> {
    draws::fill_random(args.tensor(0), distribution, args.generator_opt(args.values.len() - 1))
}

fn integers(args: &Args<'_>, from: i64, to: i64, size: usize) -> Result<Output> {
    let distribution = Distribution::IntegersFrom(from, Some(to));
    let dtype = args.dtype_opt(size + 2).unwrap_or(DType::I64);
    Ok(draws::random(args.op, args.ints(size), distribution, dtype, args.generator_opt(size + 1))?.into())
}

fn integers_like(args: &Args<'_>, from: i64, to: i64, dtype: usize) -> Result<Output> {
    let distribution = Distribution::IntegersFrom(from, Some(to));
    let generator = args.generator_opt(dtype + 1);
    Ok(draws::random_like(args.op, args.tensor(0), distribution, args.dtype_opt(dtype), generator)?.into())
}

const SIZED: &[Param] = &[SIZE, GENERATOR, DTYPE];
const LIKE: &[Param] = &[input(), DTYPE, GENERATOR];

const DROPOUT: &[Param] = &[
    input(),
    float("p", 0.5),
    param("training", Kind::Bool).or(Default::Bool(true)),
    param("inplace", Kind::Bool).or(Default::Bool(false)),
];
const TRAIN: &[Param] = &[input(), P, param("train", Kind::Bool)];

/// `dropout1d` takes tensors without a batch axis too.
fn dropout1d(args: &Args<'_>) -> Result<Output> {
    let tensor = args.tensor(0);
    let (p, training, in_place) = (args.float(1), args.flag(2), args.flag(3));
    if tensor.rank() == 2 {
        let batch: Tensor = views::unsqueeze(tensor, 0)?;
        let result = dropout::feature_dropout(&batch, p, training, in_place, None)?;
        return Ok(if in_place { tensor.clone().into() } else { views::select(&result, 0, 0)?.into() });
    }
    Ok(dropout::feature_dropout(tensor, p, training, in_place, None)?.into())
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op("rand", SIZED, OUT, |args| sized(args, UNIT), "Uniform numbers in [0, 1)."),
    op("randn", SIZED, OUT, |args| sized(args, STANDARD), "Standard normal numbers."),
    op(
        "randint",
        &[HIGH, SIZE, GENERATOR, DTYPE],
        OUT,
        |args| integers(args, 0, args.int(0), 1),
        "Integers from `low` (0 by default) up to but without `high`.",
    ),
    op("randint", &[LOW, HIGH, SIZE, GENERATOR, DTYPE], OUT, |args| integers(args, args.int(0), args.int(1), 2), ""),
    op(
        "randperm",
        &[param("n", Kind::Int), GENERATOR, DTYPE],
        OUT,
        |args| {
            let dtype = args.dtype_opt(2).unwrap_or(DType::I64);
            Ok(draws::randperm(args.int(0), dtype, args.generator_opt(1))?.into())
        },
        "A permutation of the numbers below `n`.",
    ),
    op("rand_like", LIKE, ORDERED, |args| like(args, UNIT), "Uniform numbers in [0, 1), in the shape of `input`."),
    op("randn_like", LIKE, ORDERED, |args| like(args, STANDARD), "Standard normal numbers, in the shape of `input`."),
    op(
        "randint_like",
        &[input(), HIGH, DTYPE, GENERATOR],
        ORDERED,
        |args| integers_like(args, 0, args.int(1), 2),
        "Integers from `low` (0 by default) up to but without `high`, in the shape of `input`.",
    ),
    op(
        "randint_like",
        &[input(), LOW, HIGH, DTYPE, GENERATOR],
        ORDERED,
        |args| integers_like(args, args.int(1), args.int(2), 3),
        "",
    ),
    op(
        "normal",
        &[param("mean", Kind::Tensor), float("std", 1.0), GENERATOR],
        OUT,
        |args| {
            let std = Arg::Scalar(Scalar::Float(args.float(1)));
            Ok(draws::normal(args.tensor(0).into(), std, args.generator_opt(2))?.into())
        },
        "Normal numbers of given mean and standard deviation: numbers (with a `size`) or tensors.",
    ),
    op(
        "normal",
        &[param("mean", Kind::Tensor), param("std", Kind::Tensor), GENERATOR],
        OUT,
        |args| Ok(draws::normal(args.tensor(0).into(), args.tensor(1).into(), args.generator_opt(2))?.into()),
        "",
    ),
    op(
        "normal",
        &[param("mean", Kind::Float), param("std", Kind::Tensor), GENERATOR],
        OUT,
        |args| {
            let mean = Arg::Scalar(Scalar::Float(args.float(0)));
            Ok(draws::normal(mean, args.tensor(1).into(), args.generator_opt(2))?.into())
        },
        "",
    ),
    op(
        "normal",
        &[param("mean", Kind::Float), param("std", Kind::Float), SIZE, GENERATOR, DTYPE],
        OUT,
        |args| {
            let dtype = args.dtype_opt(4).unwrap_or_else(crate::default_dtype);
            let distribution = Distribution::Normal(args.float(0), args.float(1));
            Ok(draws::random(args.op, args.ints(2), distribution, dtype, args.generator_opt(3))?.into())
        },
        "",
    ),
    op(
        "bernoulli",
        &[input(), GENERATOR],
        Forms::BOTH.and(Forms::ANY_OUT),
        |args| Ok(draws::bernoulli(args.tensor(0), args.generator_opt(1))?.into()),
        "Ones with the probability that each element is (or with probability `p`), else zeros.",
    ),
    op(
        "bernoulli",
        &[input(), P, GENERATOR],
        BOTH,
        |args| Ok(draws::bernoulli_with(args.tensor(0), args.float(1), args.generator_opt(2))?.into()),
        "",
    ),
    op(
        "multinomial",
        &[
            input(),
            param("num_samples", Kind::Int),
            param("replacement", Kind::Bool).or(Default::Bool(false)),
            GENERATOR,
        ],
        Forms::BOTH.and(Forms::SAME_OUT),
        |args| {
            let generator = args.generator_opt(3);
            Ok(draws::multinomial(args.tensor(0), args.int(1), args.flag(2), generator)?.into())
        },
        "Positions drawn with the weights of a vector, or of each row of a matrix.",
    ),
    op(
        "poisson",
        &[input(), param("generator", Kind::Generator).optional()],
        FUNCTION,
        |args| Ok(draws::poisson(args.tensor(0), args.generator_opt(1))?.into()),
        "A Poisson number for each rate.",
    ),
    op(
        "binomial",
        &[param("count", Kind::Tensor), param("prob", Kind::Tensor), param("generator", Kind::Generator).optional()],
        FUNCTION,
        |args| Ok(draws::binomial(args.tensor(0), args.tensor(1), args.generator_opt(2))?.into()),
        "The number of successes among each `count` of trials of probability `prob`.",
    ),
    op(
        "_standard_gamma",
        &[input(), param("generator", Kind::Generator).optional()],
        FUNCTION,
        |args| Ok(shapes::standard_gamma(args.tensor(0), args.generator_opt(1))?.into()),
        "A gamma number of scale 1 for each shape, with a gradient in the shape.",
    ),
    op(
        "_standard_gamma_grad",
        &[input(), param("output", Kind::Tensor)],
        FUNCTION,
        |args| Ok(shapes::standard_gamma_grad(args.tensor(0), args.tensor(1))?.into()),
        "The derivative of gamma numbers `output` in the shapes they were drawn with.",
    ),
    op(
        "_sample_dirichlet",
        &[input(), param("generator", Kind::Generator).optional()],
        FUNCTION,
        |args| Ok(shapes::sample_dirichlet(args.tensor(0), args.generator_opt(1))?.into()),
        "A Dirichlet vector along the last axis for each vector of shapes, with a gradient in the shapes.",
    ),
    op(
        "_dirichlet_grad",
        &[param("x", Kind::Tensor), param("alpha", Kind::Tensor), param("total", Kind::Tensor)],
        FUNCTION,
        |args| Ok(shapes::dirichlet_grad(args.tensor(0), args.tensor(1), args.tensor(2))?.into()),
        "The derivative of Dirichlet components `x` in their shapes `alpha`, over 1 - x.",
    ),
    // ---- in place ----
    in_place(
        "uniform_",
        &[input(), float("from", 0.0), float("to", 1.0), GENERATOR],
        |args| fill(args, Distribution::Uniform(args.float(1), args.float(2))),
        "Overwrites the tensor with uniform numbers in [from, to).",
    ),
    in_place(
        "normal_",
        &[input(), float("mean", 0.0), float("std", 1.0), GENERATOR],
        |args| fill(args, Distribution::Normal(args.float(1), args.float(2))),
        "Overwrites the tensor with normal numbers.",
    ),
    in_place(
        "random_",
        &[input(), GENERATOR],
        |args| fill(args, Distribution::Integers),
        "Overwrites the tensor with integers: over the range of its dtype, below `to`, or in [from, to).",
    ),
    in_place(
        "random_",
        &[input(), param("to", Kind::Int), GENERATOR],
        |args| fill_with_integers(args, 0, Some(args.int(1))),
        "",
    ),
    in_place(
        "random_",
        &[input(), param("from", Kind::Int), param("to", Kind::Int).optional(), GENERATOR],
        |args| fill_with_integers(args, args.int(1), args.int_opt(2)),
        "",
    ),
    in_place(
        "bernoulli_",
        &[input(), float("p", 0.5), GENERATOR],
        |args| fill(args, Distribution::Bernoulli(args.float(1))),
        "Overwrites the tensor with ones of probability `p` (a number or a tensor) and zeros.",
    ),
    in_place(
        "bernoulli_",
        &[input(), param("p", Kind::Tensor), GENERATOR],
        |args| draws::bernoulli_each_(args.tensor(0), args.tensor(1), args.generator_opt(2)),
        "",
    ),
    in_place(
        "exponential_",
        &[input(), float("lambd", 1.0), GENERATOR],
        |args| fill(args, Distribution::Exponential(args.float(1))),
        "Overwrites the tensor with exponential numbers of rate `lambd`.",
    ),
    in_place(
        "geometric_",
        &[input(), P, GENERATOR],
        |args| fill(args, Distribution::Geometric(args.float(1))),
        "Overwrites the tensor with numbers of trials up to the first success of probability `p`.",
    ),
    in_place(
        "cauchy_",
        &[input(), float("median", 0.0), float("sigma", 1.0), GENERATOR],
        |args| fill(args, Distribution::Cauchy(args.float(1), args.float(2))),
        "Overwrites the tensor with Cauchy numbers.",
    ),
    in_place(
        "log_normal_",
        &[input(), float("mean", 1.0), float("std", 2.0), GENERATOR],
        |args| fill(args, Distribution::LogNormal(args.float(1), args.float(2))),
        "Overwrites the tensor with exponentials of normal numbers.",
    ),
    // ---- dropout ----
    op(
        "dropout",
        DROPOUT,
        Forms::NN,
        |args| Ok(dropout::dropout(args.tensor(0), args.float(1), args.flag(2), args.flag(3), None)?.into()),
        "Zeros elements with probability `p` and scales the rest by 1 / (1 - p), while `training`.",
    ),
    op(
        "dropout",
        TRAIN,
        FUNCTION,
        |args| Ok(dropout::dropout(args.tensor(0), args.float(1), args.flag(2), false, None)?.into()),
        "Zeros elements with probability `p` and scales the rest by 1 / (1 - p), if `train`.",
    ),
    op("dropout1d", DROPOUT, Forms::NN, dropout1d, "Zeros whole channels of (N, C, L) or (C, L) with probability `p`."),
    op(
        "dropout2d",
        DROPOUT,
        Forms::NN,
        |args| Ok(dropout::feature_dropout(args.tensor(0), args.float(1), args.flag(2), args.flag(3), None)?.into()),
        "Zeros whole channels of (N, C, H, W) with probability `p`.",
    ),
    op(
        "feature_dropout",
        TRAIN,
        FUNCTION,
        |args| Ok(dropout::feature_dropout(args.tensor(0), args.float(1), args.flag(2), false, None)?.into()),
        "Zeros whole channels with probability `p`.",
    ),
];
