//! Names and signatures of convolution, pooling, normalisation, attention and recurrences.

use super::convolution::{self, Padding};
use super::normalization::{self, Running};
use super::pooling::{self, Divisor};
use super::{attention, resampling, sequence};
use crate::error::{Error, Result};
use crate::ops::registry::{Args, Call, Default, Forms, Gives, Kind, OpInfo, Output, Param, Value, input, param};

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

const NN: Forms = Forms::NN;
const BOTH: Forms = Forms::NN.and(Forms::FUNCTION);
const WEIGHT: Param = param("weight", Kind::Tensor).optional();
const BIAS: Param = param("bias", Kind::Tensor).optional();

const fn ints(name: &'static str, default: i64) -> Param {
    param(name, Kind::Ints).or(Default::Int(default))
}

const fn flag(name: &'static str, default: bool) -> Param {
    param(name, Kind::Bool).or(Default::Bool(default))
}

const fn float(name: &'static str, default: f64) -> Param {
    param(name, Kind::Float).or(Default::Float(default))
}

// ---- convolution ---------------------------------------------------------------------------------------------------

const CONV: &[Param] = &[
    input(),
    param("weight", Kind::Tensor),
    BIAS,
    ints("stride", 1),
    param("padding", Kind::Any).or(Default::Int(0)),
    ints("dilation", 1),
    param("groups", Kind::Int).or(Default::Int(1)),
];

const CONV_TRANSPOSE: &[Param] = &[
    input(),
    param("weight", Kind::Tensor),
    BIAS,
    ints("stride", 1),
    ints("padding", 0),
    ints("output_padding", 0),
    param("groups", Kind::Int).or(Default::Int(1)),
    ints("dilation", 1),
];

fn padding(op: &'static str, value: &Value) -> Result<Padding> {
    match value {
        Value::Int(size) => Ok(Padding::Sizes(smallvec::smallvec![*size])),
        Value::Ints(sizes) => Ok(Padding::Sizes(sizes.clone())),
        Value::Text(word) if word == "same" => Ok(Padding::Same),
        Value::Text(word) if word == "valid" => Ok(Padding::Sizes(smallvec::smallvec![0])),
        Value::Text(word) => Err(Error::runtime(op, format!("Invalid padding string: '{word}'"))),
        _ => Err(Error::type_(op, "padding must be an int, a tuple of ints, 'same' or 'valid'")),
    }
}

fn conv(axes: usize, args: &Args<'_>) -> Result<Output> {
    let options = convolution::Options {
        stride: args.ints(3),
        padding: padding(args.op, &args.values[4])?,
        dilation: args.ints(5),
        groups: args.int(6),
    };
    Ok(convolution::conv(axes, args.tensor(0), args.tensor(1), args.tensor_opt(2), &options)?.into())
}

fn conv_transpose(axes: usize, args: &Args<'_>) -> Result<Output> {
    let options = convolution::Options {
        stride: args.ints(3),
        padding: Padding::Sizes(args.ints(4).into()),
        dilation: args.ints(7),
        groups: args.int(6),
    };
    let (input, weight, bias) = (args.tensor(0), args.tensor(1), args.tensor_opt(2));
    Ok(convolution::conv_transpose(axes, input, weight, bias, &options, args.ints(5))?.into())
}

macro_rules! conv {
    ($name:literal, $axes:literal, $shapes:literal) => {
        op(
            $name,
            CONV,
            BOTH,
            |args| conv($axes, args),
            concat!(
                "Convolution (cross-correlation): ",
                $shapes,
                "; `weight` is out × in/groups × window. `padding` is a number, one per axis, 'same' or 'valid'."
            ),
        )
    };
    (transpose $name:literal, $axes:literal, $shapes:literal) => {
        op(
            $name,
            CONV_TRANSPOSE,
            BOTH,
            |args| conv_transpose($axes, args),
            concat!(
                "Transposed convolution, the gradient of a convolution with respect to its input: ",
                $shapes,
                "; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."
            ),
        )
    };
}

// ---- pooling -------------------------------------------------------------------------------------------------------

const STRIDE: Param = param("stride", Kind::Ints).optional();
const MAX_POOL: &[Param] = &[
    input(),
    param("kernel_size", Kind::Ints),
    STRIDE,
    ints("padding", 0),
    ints("dilation", 1),
    flag("ceil_mode", false),
    flag("return_indices", false),
];
const MAX_POOL_FUNCTION: &[Param] = &[
    input(),
    param("kernel_size", Kind::Ints),
    STRIDE,
    ints("padding", 0),
    ints("dilation", 1),
    flag("ceil_mode", false),
];
const AVG_POOL_1D: &[Param] = &[
    input(),
    param("kernel_size", Kind::Ints),
    STRIDE,
    ints("padding", 0),
    flag("ceil_mode", false),
    flag("count_include_pad", true),
];
const AVG_POOL: &[Param] = &[
    input(),
    param("kernel_size", Kind::Ints),
    STRIDE,
    ints("padding", 0),
    flag("ceil_mode", false),
    flag("count_include_pad", true),
    param("divisor_override", Kind::Int).optional(),
];
const ADAPTIVE: &[Param] = &[input(), param("output_size", Kind::Ints)];
const ADAPTIVE_MAX: &[Param] = &[input(), param("output_size", Kind::Ints), flag("return_indices", false)];
const UNFOLD: &[Param] =
    &[input(), param("kernel_size", Kind::Ints), ints("dilation", 1), ints("padding", 0), ints("stride", 1)];
const FOLD: &[Param] = &[
    input(),
    param("output_size", Kind::Ints),
    param("kernel_size", Kind::Ints),
    ints("dilation", 1),
    ints("padding", 0),
    ints("stride", 1),
];

fn max_pool(axes: usize, args: &Args<'_>) -> Result<Output> {
    let options = pooling::Options {
        kernel: args.ints(1),
        stride: args.ints_opt(2).unwrap_or_default(),
        padding: args.ints(3),
        dilation: args.ints(4),
        ceil: args.flag(5),
    };
    let (values, indices) = pooling::max_pool(axes, args.tensor(0), &options)?;
    if args.values.len() > 6 && args.flag(6) {
        return Ok(vec![values, pooling::positions(&indices)?].into());
    }
    Ok(values.into())
}

fn avg_pool(axes: usize, args: &Args<'_>) -> Result<Output> {
    let options = pooling::Options {
        kernel: args.ints(1),
        stride: args.ints_opt(2).unwrap_or_default(),
        padding: args.ints(3),
        dilation: &[1],
        ceil: args.flag(4),
    };
    let fixed = if args.values.len() > 6 { args.int_opt(6) } else { None };
    let divisor = match fixed {
        Some(number) => Divisor::Fixed(number),
        None if args.flag(5) => Divisor::WithPadding,
        None => Divisor::WithoutPadding,
    };
    Ok(pooling::avg_pool(axes, args.tensor(0), &options, divisor)?.into())
}

fn adaptive_max(axes: usize, args: &Args<'_>) -> Result<Output> {
    let (values, indices) = pooling::adaptive_max_pool(axes, args.tensor(0), args.ints(1))?;
    Ok(if args.flag(2) { vec![values, indices].into() } else { values.into() })
}

macro_rules! pool {
    (max $name:literal, $axes:literal) => {
        [
            op(
                $name,
                MAX_POOL,
                NN,
                |args| max_pool($axes, args),
                "Greatest element of each window (of `kernel_size` elements, `dilation` apart) that moves in steps of `stride` \
                 (its size if not given). With `return_indices` also where in its plane each lies.",
            )
            .giving(Gives::Asked(&["return_indices"])),
            op($name, MAX_POOL_FUNCTION, Forms::FUNCTION, |args| max_pool($axes, args), "Greatest element of each window."),
        ]
    };
    (avg $name:literal, $axes:literal, $params:expr) => {
        op(
            $name,
            $params,
            BOTH,
            |args| avg_pool($axes, args),
            "Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at \
             all with `count_include_pad=False`.",
        )
    };
    (adaptive avg $name:literal, $axes:literal) => {
        op(
            $name,
            ADAPTIVE,
            BOTH,
            |args| Ok(pooling::adaptive_avg_pool($axes, args.tensor(0), args.ints(1))?.into()),
            "Means of windows that are chosen so that `output_size` of them cover the input evenly.",
        )
    };
    (adaptive max $name:literal, $axes:literal) => {
        op(
            $name,
            ADAPTIVE_MAX,
            NN,
            |args| adaptive_max($axes, args),
            "Greatest elements of windows that are chosen so that `output_size` of them cover the input evenly. With \
             `return_indices` also where in its plane each lies.",
        )
        .giving(Gives::Asked(&["return_indices"]))
    };
}

/// `max_pool1d`.
pub static MAX_POOL_1D: &[OpInfo] = &pool!(max "max_pool1d", 1);
/// `max_pool2d`.
pub static MAX_POOL_2D: &[OpInfo] = &pool!(max "max_pool2d", 2);
/// `max_pool3d`.
pub static MAX_POOL_3D: &[OpInfo] = &pool!(max "max_pool3d", 3);

fn columns<'a>(args: &'a Args<'_>, first: usize) -> pooling::Options<'a> {
    pooling::Options {
        kernel: args.ints(first),
        dilation: args.ints(first + 1),
        padding: args.ints(first + 2),
        stride: args.ints(first + 3),
        ceil: false,
    }
}

// ---- normalisation ---------------------------------------------------------------------------------------------------

fn running<'a>(args: &Args<'a>, momentum: usize) -> Running<'a> {
    Running { mean: args.tensor_opt(1), variance: args.tensor_opt(2), momentum: args.float(momentum) }
}

const RUNNING_MEAN: Param = param("running_mean", Kind::Tensor);
const RUNNING_VAR: Param = param("running_var", Kind::Tensor);

/// The table.
pub static TABLE: &[OpInfo] = &[
    conv!("conv1d", 1, "`input` is batch × in × L or in × L"),
    conv!("conv2d", 2, "`input` is batch × in × H × W or in × H × W"),
    conv!("conv3d", 3, "`input` is batch × in × D × H × W or in × D × H × W"),
    conv!(transpose "conv_transpose1d", 1, "`input` is batch × in × L or in × L"),
    conv!(transpose "conv_transpose2d", 2, "`input` is batch × in × H × W or in × H × W"),
    conv!(transpose "conv_transpose3d", 3, "`input` is batch × in × D × H × W or in × D × H × W"),
    pool!(avg "avg_pool1d", 1, AVG_POOL_1D),
    pool!(avg "avg_pool2d", 2, AVG_POOL),
    pool!(avg "avg_pool3d", 3, AVG_POOL),
    pool!(adaptive avg "adaptive_avg_pool1d", 1),
    pool!(adaptive avg "adaptive_avg_pool2d", 2),
    pool!(adaptive avg "adaptive_avg_pool3d", 3),
    pool!(adaptive max "adaptive_max_pool1d", 1),
    pool!(adaptive max "adaptive_max_pool2d", 2),
    pool!(adaptive max "adaptive_max_pool3d", 3),
    op(
        "unfold",
        UNFOLD,
        NN,
        |args| Ok(pooling::unfold(args.tensor(0), &columns(args, 1))?.into()),
        "The windows of batch × channels × H × W as columns: batch × (channels · window) × windows (im2col).",
    ),
    op(
        "fold",
        FOLD,
        NN,
        |args| Ok(pooling::fold(args.tensor(0), args.ints(1), &columns(args, 2))?.into()),
        "Columns added up at the places of their windows, the transpose of `unfold` (col2im); `output_size` is H × W.",
    ),
    op(
        "interpolate",
        &[
            input(),
            param("size", Kind::Ints).optional(),
            param("scale_factor", Kind::Floats).optional(),
            param("mode", Kind::Text).or(Default::Text("nearest")),
            param("align_corners", Kind::Bool).optional(),
            param("recompute_scale_factor", Kind::Bool).optional(),
            flag("antialias", false),
        ],
        NN,
        |args| {
            if args.flag(6) {
                return Err(Error::not_implemented(args.op, "antialias=True"));
            }
            let options = resampling::Options {
                size: args.ints_opt(1),
                scale: args.floats_opt(2),
                mode: args.text(3),
                align_corners: args.flag_opt(4),
                recompute_scale: args.flag_opt(5).unwrap_or(false),
            };
            Ok(resampling::interpolate(args.tensor(0), &options)?.into())
        },
        "Resampling of the axes after batch and channels to `size`, or to `scale_factor` times their sizes. `mode` is \
         'nearest', 'nearest-exact', 'linear', 'bilinear', 'trilinear' or 'area'.",
    ),
    op(
        "layer_norm",
        &[input(), param("normalized_shape", Kind::IntList), WEIGHT, BIAS, float("eps", 1e-5)],
        BOTH,
        |args| {
            let (weight, bias) = (args.tensor_opt(2), args.tensor_opt(3));
            Ok(normalization::layer_norm(args.tensor(0), args.ints(1), weight, bias, args.float(4))?.into())
        },
        "`(x - mean) / √(variance + eps) · weight + bias` over the last axes, whose sizes are `normalized_shape`.",
    ),
    op(
        "rms_norm",
        &[input(), param("normalized_shape", Kind::IntList), WEIGHT, param("eps", Kind::Float).optional()],
        BOTH,
        |args| Ok(normalization::rms_norm(args.tensor(0), args.ints(1), args.tensor_opt(2), args.float_opt(3))?.into()),
        "`x / √(mean(x²) + eps) · weight` over the last axes, whose sizes are `normalized_shape`; `eps` is that of the \
         dtype if not given.",
    ),
    op(
        "batch_norm",
        &[
            input(),
            RUNNING_MEAN.optional(),
            RUNNING_VAR.optional(),
            WEIGHT,
            BIAS,
            flag("training", false),
            float("momentum", 0.1),
            float("eps", 1e-5),
        ],
        NN,
        |args| {
            let (running, weight, bias) = (running(args, 6), args.tensor_opt(3), args.tensor_opt(4));
            Ok(normalization::batch_norm(args.tensor(0), running, weight, bias, args.flag(5), args.float(7))?.into())
        },
        "`(x - mean) / √(variance + eps) · weight + bias` per channel (axis 1). In training mean and variance are those of \
         the batch, and the running ones follow in place: `(1 - momentum) · running + momentum · new`; else they are the \
         running ones.",
    ),
    op(
        "group_norm",
        &[input(), param("num_groups", Kind::Int), WEIGHT, BIAS, float("eps", 1e-5)],
        BOTH,
        |args| {
            let (weight, bias) = (args.tensor_opt(2), args.tensor_opt(3));
            Ok(normalization::group_norm(args.tensor(0), args.int(1), weight, bias, args.float(4))?.into())
        },
        "Normalisation over groups of channels (axis 1) of each sample; `weight` and `bias` are per channel.",
    ),
    op(
        "instance_norm",
        &[
            input(),
            RUNNING_MEAN.optional(),
            RUNNING_VAR.optional(),
            WEIGHT,
            BIAS,
            flag("use_input_stats", true),
            float("momentum", 0.1),
            float("eps", 1e-5),
        ],
        NN,
        |args| {
            let (running, weight, bias) = (running(args, 6), args.tensor_opt(3), args.tensor_opt(4));
            let (own, eps) = (args.flag(5), args.float(7));
            Ok(normalization::instance_norm(args.tensor(0), running, weight, bias, own, eps)?.into())
        },
        "Normalisation of every channel of every sample by itself, or with the running moments.",
    ),
    op(
        "local_response_norm",
        &[input(), param("size", Kind::Int), float("alpha", 1e-4), float("beta", 0.75), float("k", 1.0)],
        NN,
        |args| {
            let (alpha, beta, k) = (args.float(2), args.float(3), args.float(4));
            Ok(normalization::local_response_norm(args.tensor(0), args.int(1), alpha, beta, k)?.into())
        },
        "`x / (k + alpha · mean of x² over size neighbouring channels)^beta`.",
    ),
    op(
        "scaled_dot_product_attention",
        &[
            param("query", Kind::Tensor),
            param("key", Kind::Tensor),
            param("value", Kind::Tensor),
            param("attn_mask", Kind::Tensor).optional(),
            float("dropout_p", 0.0),
            flag("is_causal", false),
            param("scale", Kind::Float).optional().keyword(),
            flag("enable_gqa", false).keyword(),
        ],
        NN,
        |args| {
            let options = attention::Options {
                mask: args.tensor_opt(3),
                causal: args.flag(5),
                scale: args.float_opt(6),
                grouped: args.flag(7),
                dropout: args.float(4),
            };
            let (query, key, value) = (args.tensor(0), args.tensor(1), args.tensor(2));
            Ok(attention::scaled_dot_product_attention(query, key, value, options)?.into())
        },
        "`softmax(query · keyᵀ · scale + attn_mask) · value` over the last two axes, positions × features; a `bool` mask is \
         true where a key is seen. `scale` is 1/√features if not given.",
    ),
    op(
        "lstm_sequence",
        &[
            input(),
            param("hidden", Kind::Tensor),
            param("cell", Kind::Tensor),
            param("weight", Kind::Tensor),
            flag("reverse", false),
        ],
        NN,
        |args| {
            let (hidden, cell) = (args.tensor(1), args.tensor(2));
            Ok(sequence::lstm(args.tensor(0), hidden, cell, args.tensor(3), args.flag(4))?.into())
        },
        "Long short-term memory over sequences of one length, from what the input has to say (`steps · batch × 4 · hidden`, \
         the rows of the first step first, gates in the order i, f, g, o), the states at the start and the weights of the \
         hidden state: the hidden states of all steps, and the last cell state. `reverse` begins with the last step.",
    )
    .giving(Gives::Tuple(2)),
    op(
        "gru_sequence",
        &[
            input(),
            param("hidden", Kind::Tensor),
            param("weight", Kind::Tensor),
            BIAS,
            flag("reverse", false),
        ],
        NN,
        |args| {
            let (hidden, weight, bias) = (args.tensor(1), args.tensor(2), args.tensor_opt(3));
            Ok(sequence::gru(args.tensor(0), hidden, weight, bias, args.flag(4))?.into())
        },
        "Gated recurrent units over sequences of one length, from what the input has to say (`steps · batch × 3 · hidden`, \
         the rows of the first step first, gates in the order r, z, n), the hidden state at the start, and weights and bias \
         of the hidden state: the hidden states of all steps. `reverse` begins with the last step.",
    ),
];
