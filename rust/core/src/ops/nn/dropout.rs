//! Dropout: elements or channels zeroed at random, with PyTorch's stream of decisions.

use crate::array::Array;
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::ops::creation::zeros_like;
use crate::ops::elementwise::{apply, apply_in_place};
use crate::ops::random::{fill_new, for_each_example, source};
use crate::ops::{rows, views};
use crate::random::{self, SharedGenerator};
use crate::tensor::Tensor;
use crate::with_element;

/// What dropout multiplies by: 1 / (1 − p) with probability 1 − p, else 0, which also drops infinities and NaN.
fn dropout_noise(model: &Array, p: f64, generator: Option<&SharedGenerator>) -> Result<Tensor> {
    const OP: &str = "dropout";
    // One draw for both parts.
    let dtype = model.dtype().to_real();
    if !dtype.is_float() {
        return Err(Error::runtime(
            OP,
            format!("result type Float can't be cast to the desired output type {}", torch_name(model.dtype())),
        ));
    }
    let keep = 1.0 - p;
    for_each_example(OP, &|| {
        let noise = zeros_like(OP, model, dtype)?;
        {
            let mut generator = random::lock(source(generator));
            with_element!(float noise.dtype().computed_in(), T => {
                fill_new::<T>(&noise, |out| {
                    generator.bernoulli(out, keep)?;
                    out.iter_mut().for_each(|value| *value /= keep as T);
                    Ok(())
                })
            })?;
        }
        Ok(Tensor::from_array(noise))
    })
}

#[track_caller]
fn drop_with(
    input: &Tensor,
    p: f64,
    training: bool,
    in_place: bool,
    noise: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    const OP: &str = "dropout";
    // Written so that NaN is refused.
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::value(OP, format!("dropout probability has to be between 0 and 1, but got {p}")));
    }
    if p == 0.0 || !training || input.numel() == 0 {
        return Ok(input.clone());
    }
    let factor = if p == 1.0 { Tensor::scalar(0.0, input.dtype())? } else { noise()? };
    if in_place {
        apply_in_place(&rows::masked_product::ROW, &[], input, &[(&factor).into()])?;
        return Ok(input.clone());
    }
    apply(&rows::masked_product::ROW, &[], &[input.into(), (&factor).into()])
}

/// Zeros elements with probability `p` and scales the rest by 1 / (1 − p), while `training`; else the tensor itself.
#[track_caller]
pub fn dropout(
    input: &Tensor,
    p: f64,
    training: bool,
    in_place: bool,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    drop_with(input, p, training, in_place, || dropout_noise(&input.array(), p, generator))
}

/// [`dropout`] of whole channels: one decision per entry of the first two axes.
#[track_caller]
pub fn feature_dropout(
    input: &Tensor,
    p: f64,
    training: bool,
    in_place: bool,
    generator: Option<&SharedGenerator>,
) -> Result<Tensor> {
    const OP: &str = "feature_dropout";
    drop_with(input, p, training, in_place, || {
        let mut shape = input.shape();
        if shape.len() < 2 {
            return Err(Error::runtime(OP, "Feature dropout requires at least 2 dimensions in the input"));
        }
        shape[2..].fill(1);
        dropout_noise(&Array::zeros(OP, &shape, input.dtype())?, p, generator)
    })
}

/// [`feature_dropout`] of one axis behind the channels, for tensors without a batch, too.
pub fn dropout1d(input: &Tensor, p: f64, training: bool, in_place: bool) -> Result<Tensor> {
    if input.rank() != 2 {
        return feature_dropout(input, p, training, in_place, None);
    }
    let batch = views::unsqueeze(input, 0)?;
    let result = feature_dropout(&batch, p, training, in_place, None)?;
    if in_place { Ok(input.clone()) } else { views::select(&result, 0, 0) }
}
