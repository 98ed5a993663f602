//! Names and signatures of softmax and of the losses.

use super::cross_entropy;
use super::loss::{self, Divergence, Reduction};
use crate::error::Result;
use crate::ops::reductions::softmax;
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, input, param};
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

const BOTH: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const NN: Forms = Forms::NN;
const TARGET: Param = param("target", Kind::Tensor);
const WEIGHT: Param = param("weight", Kind::Tensor).optional();
const DTYPE: Param = param("dtype", Kind::DType).optional();
const DIM: Param = param("dim", Kind::Int);
const STACK_LEVEL: Param = param("_stacklevel", Kind::Int).or(Default::Int(3));
const SIZE_AVERAGE: Param = param("size_average", Kind::Bool).optional();
const REDUCE: Param = param("reduce", Kind::Bool).optional();
const REDUCTION: Param = param("reduction", Kind::Text).or(Default::Text("mean"));
const IGNORE: Param = param("ignore_index", Kind::Int).or(Default::Int(-100));

/// The word of `reduction`, unless the old pair of arguments (`size_average`, `reduce`) says otherwise.
fn word<'a>(args: &Args<'a>, size_average: usize, reduce: usize, reduction: usize) -> Result<&'a str> {
    let word = match (args.flag_opt(size_average), args.flag_opt(reduce)) {
        (None, None) => return Ok(args.text(reduction)),
        (_, Some(false)) => "none",
        (Some(false), _) => "sum",
        _ => "mean",
    };
    warning::warn(args.op, || {
        format!("size_average and reduce args will be deprecated, please use reduction='{word}' instead.")
    })?;
    Ok(word)
}

fn how(args: &Args<'_>, size_average: usize, reduce: usize, reduction: usize) -> Result<Reduction> {
    loss::reduction(args.op, word(args, size_average, reduce, reduction)?)
}

const MEAN_DIVERGENCE: &str = "reduction: 'mean' divides the total loss by both the batch size and the support size. \
                               'batchmean' divides only by the batch size, and aligns with the KL div math definition.";

type AlongAxis = fn(&Tensor, i64, Option<crate::DType>) -> Result<Tensor>;

/// The form of `nn.functional`, where the axis may be left out.
fn along_axis(args: &Args<'_>, function: AlongAxis) -> Result<Output> {
    let input = args.tensor(0);
    let axis = match args.int_opt(1) {
        Some(axis) => axis,
        None => {
            let axis = softmax::implicit_axis(input.rank());
            warning::warn(args.op, || {
                format!(
                    "Implicit dimension choice for {} has been deprecated. Change the call to include dim=X as an \
                     argument: this input has {} axes, for which it is taken to be {axis}.",
                    args.op,
                    input.rank()
                )
            })?;
            axis
        }
    };
    Ok(function(input, axis, args.dtype_opt(3))?.into())
}

const ALONG: &[Param] = &[input(), DIM, DTYPE.keyword()];
const ALONG_NN: &[Param] = &[input(), DIM.optional(), STACK_LEVEL, DTYPE];
const SOFTMAX: &str = "`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given.";
const LOG_SOFTMAX: &str = "Logarithm of the softmax along `dim`, more exact than the two in turn.";
const SOFTMIN: &str = "Softmax of the negated input along `dim`.";

macro_rules! softmax_forms {
    ($name:literal, $function:path, $doc:expr) => {
        [
            op(
                $name,
                &[input(), DIM, DTYPE],
                BOTH,
                |args| Ok($function(args.tensor(0), args.int(1), args.dtype_opt(2))?.into()),
                $doc,
            ),
            op(
                $name,
                ALONG,
                Forms::SPECIAL,
                |args| Ok($function(args.tensor(0), args.int(1), args.dtype_opt(2))?.into()),
                $doc,
            ),
            op($name, ALONG_NN, NN, |args| along_axis(args, $function), $doc),
        ]
    };
}

/// The forms of softmax.
pub static SOFTMAX_FORMS: &[OpInfo] = &softmax_forms!("softmax", softmax::softmax, SOFTMAX);
/// The forms of log-softmax.
pub static LOG_SOFTMAX_FORMS: &[OpInfo] = &softmax_forms!("log_softmax", softmax::log_softmax, LOG_SOFTMAX);

/// The table.
pub static TABLE: &[OpInfo] = &[
    op("softmin", ALONG_NN, NN, |args| along_axis(args, softmax::softmin), SOFTMIN),
    op(
        "mse_loss",
        &[input(), TARGET, SIZE_AVERAGE, REDUCE, REDUCTION, WEIGHT],
        NN,
        |args| {
            let how = how(args, 2, 3, 4)?;
            Ok(loss::mse_loss(args.tensor(0), args.tensor(1), args.tensor_opt(5), how)?.into())
        },
        "Squared error `(input - target)²`.",
    ),
    op(
        "l1_loss",
        &[input(), TARGET, SIZE_AVERAGE, REDUCE, REDUCTION, WEIGHT],
        NN,
        |args| {
            let how = how(args, 2, 3, 4)?;
            Ok(loss::l1_loss(args.tensor(0), args.tensor(1), args.tensor_opt(5), how)?.into())
        },
        "Absolute error `|input - target|`.",
    ),
    op(
        "smooth_l1_loss",
        &[input(), TARGET, SIZE_AVERAGE, REDUCE, REDUCTION, param("beta", Kind::Float).or(Default::Float(1.0))],
        NN,
        |args| {
            let how = how(args, 2, 3, 4)?;
            Ok(loss::smooth_l1_loss(args.tensor(0), args.tensor(1), args.float(5), how)?.into())
        },
        "With `d = |input - target|`: `d² / (2 beta)` below `beta`, `d - beta/2` from there on.",
    ),
    op(
        "huber_loss",
        &[input(), TARGET, REDUCTION, param("delta", Kind::Float).or(Default::Float(1.0)), WEIGHT],
        NN,
        |args| {
            let how = loss::reduction(args.op, args.text(2))?;
            let (input, target) = (args.tensor(0), args.tensor(1));
            Ok(loss::huber_loss(input, target, args.float(3), args.tensor_opt(4), how)?.into())
        },
        "With `d = |input - target|`: `d²/2` up to `delta`, `delta (d - delta/2)` beyond.",
    ),
    op(
        "nll_loss",
        &[input(), TARGET, WEIGHT, SIZE_AVERAGE, IGNORE, REDUCE, REDUCTION],
        NN,
        |args| {
            let how = how(args, 3, 5, 6)?;
            let (input, target) = (args.tensor(0), args.tensor(1));
            Ok(cross_entropy::nll_loss(input, target, args.tensor_opt(2), args.int(4), how)?.into())
        },
        "Negative log-likelihood of log-probabilities (classes along axis 1, or 0 for one sample) for integer targets: \
         `-weight[target] · input[target]`, the mean divided by the sum of the weights. Targets equal to `ignore_index` do \
         not count.",
    ),
    op(
        "cross_entropy",
        &[
            input(),
            TARGET,
            WEIGHT,
            SIZE_AVERAGE,
            IGNORE,
            REDUCE,
            REDUCTION,
            param("label_smoothing", Kind::Float).or(Default::Float(0.0)),
        ],
        NN,
        |args| {
            let how = how(args, 3, 5, 6)?;
            let (input, target) = (args.tensor(0), args.tensor(1));
            let (weight, ignore, smoothing) = (args.tensor_opt(2), args.int(4), args.float(7));
            Ok(cross_entropy::cross_entropy(input, target, weight, ignore, how, smoothing)?.into())
        },
        "Cross-entropy of logits (classes along axis 1, or 0 for one sample) for integer targets, or for a probability per \
         class in the input's shape. `label_smoothing` mixes the targets with the uniform distribution.",
    ),
    op(
        "binary_cross_entropy",
        &[input(), TARGET, WEIGHT, SIZE_AVERAGE, REDUCE, REDUCTION],
        NN,
        |args| {
            let how = how(args, 3, 4, 5)?;
            Ok(loss::binary_cross_entropy(args.tensor(0), args.tensor(1), args.tensor_opt(2), how)?.into())
        },
        "`-(target log(input) + (1 - target) log(1 - input))` of probabilities; logarithms count as -100 at least.",
    ),
    op(
        "binary_cross_entropy_with_logits",
        &[input(), TARGET, WEIGHT, SIZE_AVERAGE, REDUCE, REDUCTION, param("pos_weight", Kind::Tensor).optional()],
        NN,
        |args| {
            let how = how(args, 3, 4, 5)?;
            let (input, target) = (args.tensor(0), args.tensor(1));
            let (weight, positive) = (args.tensor_opt(2), args.tensor_opt(6));
            Ok(loss::binary_cross_entropy_with_logits(input, target, weight, positive, how)?.into())
        },
        "Binary cross-entropy of the sigmoid of `input`, without overflow; `pos_weight` weights the positive term.",
    ),
    op(
        "kl_div",
        &[input(), TARGET, SIZE_AVERAGE, REDUCE, REDUCTION, param("log_target", Kind::Bool).or(Default::Bool(false))],
        NN,
        |args| {
            let word = word(args, 2, 3, 4)?;
            if word == "mean" {
                warning::warn(args.op, || MEAN_DIVERGENCE.to_owned())?;
            }
            let how = Divergence::parse(word)?;
            Ok(loss::kl_div(args.tensor(0), args.tensor(1), args.flag(5), how)?.into())
        },
        "Kullback-Leibler divergence of `input` (log-probabilities) from `target`: `target (log(target) - input)`, or \
         `exp(target) (target - input)` with `log_target`. `reduction='batchmean'` divides the sum by the batch size.",
    ),
];
