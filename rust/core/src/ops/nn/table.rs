//! Names and signatures of convolution, pooling, normalisation, attention and recurrences.

use super::convolution::{self, Padding};
use super::normalization::{self, Running};
use super::pooling::{self, Divisor};
use super::{attention, resampling, sequence};
use crate::error::{Error, Result};
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, Gives, OpInfo, Value, op};
use crate::tensor::Tensor;

const NN: Forms = Forms::NN;
const BOTH: Forms = Forms::NN.and(Forms::FUNCTION);

// ---- convolution ---------------------------------------------------------------------------------------------------

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

macro_rules! conv {
    ($name:literal, $axes:literal, $shapes:literal) => {
        op(
            $name,
            takes!((
                input: Tensor,
                weight: Tensor,
                bias: Option<Tensor> = None,
                stride: Ints = 1,
                padding: Any = 0,
                dilation: Ints = 1,
                groups: Int = 1,
            ) {
                let padding = self::padding($name, padding)?;
                let options = convolution::Options { stride, padding, dilation, groups };
                Ok(convolution::conv($axes, input, weight, bias, &options)?.into())
            }),
            BOTH,
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
            takes!((
                input: Tensor,
                weight: Tensor,
                bias: Option<Tensor> = None,
                stride: Ints = 1,
                padding: Ints = 0,
                output_padding: Ints = 0,
                groups: Int = 1,
                dilation: Ints = 1,
            ) {
                let options =
                    convolution::Options { stride, padding: Padding::Sizes(padding.into()), dilation, groups };
                Ok(convolution::conv_transpose($axes, input, weight, bias, &options, output_padding)?.into())
            }),
            BOTH,
            concat!(
                "Transposed convolution, the gradient of a convolution with respect to its input: ",
                $shapes,
                "; `weight` is in × out/groups × window. `output_padding` adds to the end of each axis."
            ),
        )
    };
}

// ---- pooling -------------------------------------------------------------------------------------------------------

/// The mean of windows; those along one axis have no divisor of their own.
fn avg_pool(
    axes: usize,
    input: &Tensor,
    options: &pooling::Options<'_>,
    count_include_pad: bool,
    divisor_override: Option<i64>,
) -> Result<Tensor> {
    let divisor = match divisor_override {
        Some(number) => Divisor::Fixed(number),
        None if count_include_pad => Divisor::WithPadding,
        None => Divisor::WithoutPadding,
    };
    pooling::avg_pool(axes, input, options, divisor)
}

const AVG_POOL: &str = "Mean of each window that moves in steps of `stride` (its size if not given); padding counts as 0, or not at \
                        all with `count_include_pad=False`.";

macro_rules! pool {
    (max $name:literal, $axes:literal) => {
        [
            pool!(
                max $name, $axes, NN,
                "Greatest element of each window (of `kernel_size` elements, `dilation` apart) that moves in steps of `stride` \
                 (its size if not given). With `return_indices` also where in its plane each lies.",
                return_indices
            )
            .giving(Gives::Asked(&["return_indices"])),
            pool!(max $name, $axes, Forms::FUNCTION, "Greatest element of each window."),
        ]
    };
    (max $name:literal, $axes:literal, $forms:expr, $doc:literal $(, $asked:ident)?) => {
        op(
            $name,
            takes!((
                input: Tensor,
                kernel_size: Ints,
                stride: Option<Ints> = None,
                padding: Ints = 0,
                dilation: Ints = 1,
                ceil_mode: Bool = false,
                $($asked: Bool = false,)?
            ) {
                let options = pooling::Options {
                    kernel: kernel_size,
                    stride: stride.unwrap_or_default(),
                    padding,
                    dilation,
                    ceil: ceil_mode,
                };
                let (values, indices) = pooling::max_pool($axes, input, &options)?;
                let asked = false $(|| $asked)?;
                Ok(if asked { vec![values, pooling::positions(&indices)?].into() } else { values.into() })
            }),
            $forms,
            $doc,
        )
    };
    (avg $name:literal, $axes:literal $(, $divisor:ident)?) => {
        op(
            $name,
            takes!((
                input: Tensor,
                kernel_size: Ints,
                stride: Option<Ints> = None,
                padding: Ints = 0,
                ceil_mode: Bool = false,
                count_include_pad: Bool = true,
                $($divisor: Option<Int> = None,)?
            ) {
                let options = pooling::Options {
                    kernel: kernel_size,
                    stride: stride.unwrap_or_default(),
                    padding,
                    dilation: &[1],
                    ceil: ceil_mode,
                };
                let divisor = None$(.or($divisor))?;
                Ok(avg_pool($axes, input, &options, count_include_pad, divisor)?.into())
            }),
            BOTH,
            AVG_POOL,
        )
    };
    (adaptive avg $name:literal, $axes:literal) => {
        op(
            $name,
            takes!((input: Tensor, output_size: Ints) => pooling::adaptive_avg_pool($axes, input, output_size)),
            BOTH,
            "Means of windows that are chosen so that `output_size` of them cover the input evenly.",
        )
    };
    (adaptive max $name:literal, $axes:literal) => {
        op(
            $name,
            takes!((input: Tensor, output_size: Ints, return_indices: Bool = false) {
                let (values, indices) = pooling::adaptive_max_pool($axes, input, output_size)?;
                Ok(if return_indices { vec![values, indices].into() } else { values.into() })
            }),
            NN,
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

// ---- normalisation ---------------------------------------------------------------------------------------------------

/// The table.
pub static TABLE: &[OpInfo] = &[
    conv!("conv1d", 1, "`input` is batch × in × L or in × L"),
    conv!("conv2d", 2, "`input` is batch × in × H × W or in × H × W"),
    conv!("conv3d", 3, "`input` is batch × in × D × H × W or in × D × H × W"),
    conv!(transpose "conv_transpose1d", 1, "`input` is batch × in × L or in × L"),
    conv!(transpose "conv_transpose2d", 2, "`input` is batch × in × H × W or in × H × W"),
    conv!(transpose "conv_transpose3d", 3, "`input` is batch × in × D × H × W or in × D × H × W"),
    pool!(avg "avg_pool1d", 1),
    pool!(avg "avg_pool2d", 2, divisor_override),
    pool!(avg "avg_pool3d", 3, divisor_override),
    pool!(adaptive avg "adaptive_avg_pool1d", 1),
    pool!(adaptive avg "adaptive_avg_pool2d", 2),
    pool!(adaptive avg "adaptive_avg_pool3d", 3),
    pool!(adaptive max "adaptive_max_pool1d", 1),
    pool!(adaptive max "adaptive_max_pool2d", 2),
    pool!(adaptive max "adaptive_max_pool3d", 3),
    op(
        "unfold",
        takes!((input: Tensor, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) {
            let options = pooling::Options { kernel: kernel_size, dilation, padding, stride, ceil: false };
            Ok(pooling::unfold(input, &options)?.into())
        }),
        NN,
        "The windows of batch × channels × H × W as columns: batch × (channels · window) × windows (im2col).",
    ),
    op(
        "fold",
        takes!((
            input: Tensor,
            output_size: Ints,
            kernel_size: Ints,
            dilation: Ints = 1,
            padding: Ints = 0,
            stride: Ints = 1,
        ) {
            let options = pooling::Options { kernel: kernel_size, dilation, padding, stride, ceil: false };
            Ok(pooling::fold(input, output_size, &options)?.into())
        }),
        NN,
        "Columns added up at the places of their windows, the transpose of `unfold` (col2im); `output_size` is H × W.",
    ),
    op(
        "interpolate",
        takes!((
            input: Tensor,
            size: Option<Ints> = None,
            scale_factor: Option<Floats> = None,
            mode: Text = "nearest",
            align_corners: Option<Bool> = None,
            recompute_scale_factor: Option<Bool> = None,
            antialias: Bool = false,
        ) {
            if antialias {
                return Err(Error::not_implemented("interpolate", "antialias=True"));
            }
            let options = resampling::Options {
                size,
                scale: scale_factor,
                mode,
                align_corners,
                recompute_scale: recompute_scale_factor.unwrap_or(false),
            };
            Ok(resampling::interpolate(input, &options)?.into())
        }),
        NN,
        "Resampling of the axes after batch and channels to `size`, or to `scale_factor` times their sizes. `mode` is \
         'nearest', 'nearest-exact', 'linear', 'bilinear', 'trilinear' or 'area'.",
    ),
    op(
        "layer_norm",
        takes!((
            input: Tensor,
            normalized_shape: IntList,
            weight: Option<Tensor> = None,
            bias: Option<Tensor> = None,
            eps: Float = 1e-5,
        ) => normalization::layer_norm(input, normalized_shape, weight, bias, eps)),
        BOTH,
        "`(x - mean) / √(variance + eps) · weight + bias` over the last axes, whose sizes are `normalized_shape`.",
    ),
    op(
        "rms_norm",
        takes!((input: Tensor, normalized_shape: IntList, weight: Option<Tensor> = None, eps: Option<Float> = None)
            => normalization::rms_norm(input, normalized_shape, weight, eps)),
        BOTH,
        "`x / √(mean(x²) + eps) · weight` over the last axes, whose sizes are `normalized_shape`; `eps` is that of the \
         dtype if not given.",
    ),
    op(
        "batch_norm",
        takes!((
            input: Tensor,
            running_mean: Option<Tensor> = None,
            running_var: Option<Tensor> = None,
            weight: Option<Tensor> = None,
            bias: Option<Tensor> = None,
            training: Bool = false,
            momentum: Float = 0.1,
            eps: Float = 1e-5,
        ) {
            let running = Running { mean: running_mean, variance: running_var, momentum };
            Ok(normalization::batch_norm(input, running, weight, bias, training, eps)?.into())
        }),
        NN,
        "`(x - mean) / √(variance + eps) · weight + bias` per channel (axis 1). In training mean and variance are those of \
         the batch, and the running ones follow in place: `(1 - momentum) · running + momentum · new`; else they are the \
         running ones.",
    ),
    op(
        "group_norm",
        takes!((
            input: Tensor,
            num_groups: Int,
            weight: Option<Tensor> = None,
            bias: Option<Tensor> = None,
            eps: Float = 1e-5,
        ) => normalization::group_norm(input, num_groups, weight, bias, eps)),
        BOTH,
        "Normalisation over groups of channels (axis 1) of each sample; `weight` and `bias` are per channel.",
    ),
    op(
        "instance_norm",
        takes!((
            input: Tensor,
            running_mean: Option<Tensor> = None,
            running_var: Option<Tensor> = None,
            weight: Option<Tensor> = None,
            bias: Option<Tensor> = None,
            use_input_stats: Bool = true,
            momentum: Float = 0.1,
            eps: Float = 1e-5,
        ) {
            let running = Running { mean: running_mean, variance: running_var, momentum };
            Ok(normalization::instance_norm(input, running, weight, bias, use_input_stats, eps)?.into())
        }),
        NN,
        "Normalisation of every channel of every sample by itself, or with the running moments.",
    ),
    op(
        "local_response_norm",
        takes!((input: Tensor, size: Int, alpha: Float = 1e-4, beta: Float = 0.75, k: Float = 1.0)
            => normalization::local_response_norm(input, size, alpha, beta, k)),
        NN,
        "`x / (k + alpha · mean of x² over size neighbouring channels)^beta`.",
    ),
    op(
        "scaled_dot_product_attention",
        takes!((
            query: Tensor,
            key: Tensor,
            value: Tensor,
            attn_mask: Option<Tensor> = None,
            dropout_p: Float = 0.0,
            is_causal: Bool = false,
            *,
            scale: Option<Float> = None,
            enable_gqa: Bool = false,
        ) {
            let options = attention::Options {
                mask: attn_mask,
                causal: is_causal,
                scale,
                grouped: enable_gqa,
                dropout: dropout_p,
            };
            Ok(attention::scaled_dot_product_attention(query, key, value, options)?.into())
        }),
        NN,
        "`softmax(query · keyᵀ · scale + attn_mask) · value` over the last two axes, positions × features; a `bool` mask is \
         true where a key is seen. `scale` is 1/√features if not given.",
    ),
    op(
        "lstm_sequence",
        takes!((input: Tensor, hidden: Tensor, cell: Tensor, weight: Tensor, reverse: Bool = false)
            => sequence::lstm(input, hidden, cell, weight, reverse)),
        NN,
        "Long short-term memory over sequences of one length, from what the input has to say (`steps · batch × 4 · hidden`, \
         the rows of the first step first, gates in the order i, f, g, o), the states at the start and the weights of the \
         hidden state: the hidden states of all steps, and the last cell state. `reverse` begins with the last step.",
    )
    .giving(Gives::Tuple(2)),
    op(
        "gru_sequence",
        takes!((input: Tensor, hidden: Tensor, weight: Tensor, bias: Option<Tensor> = None, reverse: Bool = false)
            => sequence::gru(input, hidden, weight, bias, reverse)),
        NN,
        "Gated recurrent units over sequences of one length, from what the input has to say (`steps · batch × 3 · hidden`, \
         the rows of the first step first, gates in the order r, z, n), the hidden state at the start, and weights and bias \
         of the hidden state: the hidden states of all steps. `reverse` begins with the last step.",
    ),
];
