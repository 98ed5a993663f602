//! Names and signatures of softmax and of the losses.

use super::cross_entropy;
use super::loss::{self, Divergence, Reduction};
use crate::error::Result;
use crate::ops::reductions::softmax;
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, OpInfo, op};
use crate::tensor::Tensor;
use crate::warning;

const BOTH: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const NN: Forms = Forms::NN;

/// The word of `reduction`, unless the old pair of arguments (`size_average`, `reduce`) says otherwise.
fn word<'a>(op: &'static str, size_average: Option<bool>, reduce: Option<bool>, reduction: &'a str) -> Result<&'a str> {
    let word = match (size_average, reduce) {
        (None, None) => return Ok(reduction),
        (_, Some(false)) => "none",
        (Some(false), _) => "sum",
        _ => "mean",
    };
    warning::warn(op, || {
        format!("size_average and reduce args will be deprecated, please use reduction='{word}' instead.")
    })?;
    Ok(word)
}

fn how(op: &'static str, size_average: Option<bool>, reduce: Option<bool>, reduction: &str) -> Result<Reduction> {
    loss::reduction(op, word(op, size_average, reduce, reduction)?)
}

const MEAN_DIVERGENCE: &str = "reduction: 'mean' divides the total loss by both the batch size and the support size. \
                               'batchmean' divides only by the batch size, and aligns with the KL div math definition.";

/// The axis of a form of `nn.functional`, where it may be left out.
fn axis_or_implied(op: &'static str, input: &Tensor, dim: Option<i64>) -> Result<i64> {
    if let Some(axis) = dim {
        return Ok(axis);
    }
    let axis = softmax::implicit_axis(input.rank());
    warning::warn(op, || {
        format!(
            "Implicit dimension choice for {op} has been deprecated. Change the call to include dim=X as an argument: this \
             input has {} axes, for which it is taken to be {axis}.",
            input.rank()
        )
    })?;
    Ok(axis)
}

const SOFTMAX: &str = "`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given.";
const LOG_SOFTMAX: &str = "Logarithm of the softmax along `dim`, more exact than the two in turn.";

macro_rules! softmax_forms {
    ($name:literal, $function:path, $doc:expr) => {
        [
            op(
                $name,
                takes!((input: Tensor, dim: Int, dtype: Option<DType> = None) => $function(input, dim, dtype)),
                BOTH,
                $doc,
            ),
            op(
                $name,
                takes!((input: Tensor, dim: Int, *, dtype: Option<DType> = None) => $function(input, dim, dtype)),
                Forms::SPECIAL,
                $doc,
            ),
            op(
                $name,
                takes!((
                    input: Tensor,
                    dim: Option<Int> = None,
                    _stacklevel: Int = 3,
                    dtype: Option<DType> = None,
                ) => $function(input, axis_or_implied($name, input, dim)?, dtype)),
                NN,
                $doc,
            ),
        ]
    };
}

/// The forms of softmax.
pub static SOFTMAX_FORMS: &[OpInfo] = &softmax_forms!("softmax", softmax::softmax, SOFTMAX);
/// The forms of log-softmax.
pub static LOG_SOFTMAX_FORMS: &[OpInfo] = &softmax_forms!("log_softmax", softmax::log_softmax, LOG_SOFTMAX);

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "softmin",
        takes!((input: Tensor, dim: Option<Int> = None, _stacklevel: Int = 3, dtype: Option<DType> = None)
            => softmax::softmin(input, axis_or_implied("softmin", input, dim)?, dtype)),
        NN,
        "Softmax of the negated input along `dim`.",
    ),
    op(
        "mse_loss",
        takes!((
            input: Tensor,
            target: Tensor,
            size_average: Option<Bool> = None,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
            weight: Option<Tensor> = None,
        ) {
            let how = how("mse_loss", size_average, reduce, reduction)?;
            Ok(loss::mse_loss(input, target, weight, how)?.into())
        }),
        NN,
        "Squared error `(input - target)²`.",
    ),
    op(
        "l1_loss",
        takes!((
            input: Tensor,
            target: Tensor,
            size_average: Option<Bool> = None,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
            weight: Option<Tensor> = None,
        ) {
            let how = how("l1_loss", size_average, reduce, reduction)?;
            Ok(loss::l1_loss(input, target, weight, how)?.into())
        }),
        NN,
        "Absolute error `|input - target|`.",
    ),
    op(
        "smooth_l1_loss",
        takes!((
            input: Tensor,
            target: Tensor,
            size_average: Option<Bool> = None,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
            beta: Float = 1.0,
        ) {
            let how = how("smooth_l1_loss", size_average, reduce, reduction)?;
            Ok(loss::smooth_l1_loss(input, target, beta, how)?.into())
        }),
        NN,
        "With `d = |input - target|`: `d² / (2 beta)` below `beta`, `d - beta/2` from there on.",
    ),
    op(
        "huber_loss",
        takes!((
            input: Tensor,
            target: Tensor,
            reduction: Text = "mean",
            delta: Float = 1.0,
            weight: Option<Tensor> = None,
        ) {
            let how = loss::reduction("huber_loss", reduction)?;
            Ok(loss::huber_loss(input, target, delta, weight, how)?.into())
        }),
        NN,
        "With `d = |input - target|`: `d²/2` up to `delta`, `delta (d - delta/2)` beyond.",
    ),
    op(
        "nll_loss",
        takes!((
            input: Tensor,
            target: Tensor,
            weight: Option<Tensor> = None,
            size_average: Option<Bool> = None,
            ignore_index: Int = -100,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
        ) {
            let how = how("nll_loss", size_average, reduce, reduction)?;
            Ok(cross_entropy::nll_loss(input, target, weight, ignore_index, how)?.into())
        }),
        NN,
        "Negative log-likelihood of log-probabilities (classes along axis 1, or 0 for one sample) for integer targets: \
         `-weight[target] · input[target]`, the mean divided by the sum of the weights. Targets equal to `ignore_index` do \
         not count.",
    ),
    op(
        "cross_entropy",
        takes!((
            input: Tensor,
            target: Tensor,
            weight: Option<Tensor> = None,
            size_average: Option<Bool> = None,
            ignore_index: Int = -100,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
            label_smoothing: Float = 0.0,
        ) {
            let how = how("cross_entropy", size_average, reduce, reduction)?;
            Ok(cross_entropy::cross_entropy(input, target, weight, ignore_index, how, label_smoothing)?.into())
        }),
        NN,
        "Cross-entropy of logits (classes along axis 1, or 0 for one sample) for integer targets, or for a probability per \
         class in the input's shape. `label_smoothing` mixes the targets with the uniform distribution.",
    ),
    op(
        "binary_cross_entropy",
        takes!((
            input: Tensor,
            target: Tensor,
            weight: Option<Tensor> = None,
            size_average: Option<Bool> = None,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
        ) {
            let how = how("binary_cross_entropy", size_average, reduce, reduction)?;
            Ok(loss::binary_cross_entropy(input, target, weight, how)?.into())
        }),
        NN,
        "`-(target log(input) + (1 - target) log(1 - input))` of probabilities; logarithms count as -100 at least.",
    ),
    op(
        "binary_cross_entropy_with_logits",
        takes!((
            input: Tensor,
            target: Tensor,
            weight: Option<Tensor> = None,
            size_average: Option<Bool> = None,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
            pos_weight: Option<Tensor> = None,
        ) {
            let how = how("binary_cross_entropy_with_logits", size_average, reduce, reduction)?;
            Ok(loss::binary_cross_entropy_with_logits(input, target, weight, pos_weight, how)?.into())
        }),
        NN,
        "Binary cross-entropy of the sigmoid of `input`, without overflow; `pos_weight` weights the positive term.",
    ),
    op(
        "kl_div",
        takes!((
            input: Tensor,
            target: Tensor,
            size_average: Option<Bool> = None,
            reduce: Option<Bool> = None,
            reduction: Text = "mean",
            log_target: Bool = false,
        ) {
            let word = word("kl_div", size_average, reduce, reduction)?;
            if word == "mean" {
                warning::warn("kl_div", || MEAN_DIVERGENCE.to_owned())?;
            }
            let how = Divergence::parse(word)?;
            Ok(loss::kl_div(input, target, log_target, how)?.into())
        }),
        NN,
        "Kullback-Leibler divergence of `input` (log-probabilities) from `target`: `target (log(target) - input)`, or \
         `exp(target) (target - input)` with `log_target`. `reduction='batchmean'` divides the sum by the batch size.",
    ),
];
