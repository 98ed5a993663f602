//! The bits of a tensor read as elements of another dtype.

use smallvec::smallvec;

use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{Modes, call, modes};
use crate::ops::batching;
use crate::shape::{Shape, Strides};
use crate::tensor::Tensor;

/// Shows the memory of `source` as elements of `dtype`. Where these are of another size, the last axis is scaled. Memory
/// and version counter are shared; no gradient passes, so the result counts as detached rather than as a view.
///
/// # Errors
/// When the sizes differ and there is no last axis of neighbouring elements, or the elements do not fill whole ones of
/// `dtype`.
#[track_caller]
pub fn view_dtype(source: &Tensor, dtype: DType) -> Result<Tensor> {
    if modes().any(Modes::LIFTED) && source.top_level().is_some() {
        return call(Reinterpreted { dtype }, &[source]);
    }
    let result = source.detach();
    result.set_array(reinterpret(&result.array(), dtype)?);
    Ok(result)
}

/// See [`view_dtype`]; of a batch, or of what has a tangent.
#[derive(Clone, PartialEq, Debug)]
struct Reinterpreted {
    dtype: DType,
}

impl Op for Reinterpreted {
    fn name(&self) -> &str {
        "ViewBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![reinterpret(&inputs[0], self.dtype)?])
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        if cx.example(0).rank() == 0 {
            // The axis of the examples is none that could be scaled.
            reinterpret(&Array::zeros("view", &[], cx.example(0).dtype())?, self.dtype)?;
        }
        let whole = batching::front_vectors(cx.input(0), cx.size())?;
        let result = view_dtype(&whole, self.dtype)?;
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }
}

fn reinterpret(array: &Array, dtype: DType) -> Result<Array> {
    const OP: &str = "view";
    let (own, asked) = (array.dtype().size(), dtype.size());
    let (mut shape, mut strides): (Shape, Strides) = (array.shape().into(), array.strides().into());
    let mut offset = array.offset();
    let refuse = |what: &str, must: String| {
        let (from, to) = (torch_name(array.dtype()), torch_name(dtype));
        Error::runtime(OP, format!("{what} {must} to view {from} as {to} (different element sizes)"))
    };
    if own != asked {
        let Some(last) = shape.len().checked_sub(1) else {
            return Err(refuse("self.dim()", "cannot be 0".to_owned()));
        };
        let neighbours = |strides: &Strides| {
            let stride = strides[last];
            if stride == 1 { Ok(()) } else { Err(refuse("self.stride(-1)", format!("must be 1, but is {stride},"))) }
        };
        if own > asked {
            let ratio = own / asked;
            neighbours(&strides)?;
            // Of no elements, or along axes of one, sizes and strides may be anything.
            let scaled = |value: usize| {
                let large = || Error::runtime(OP, format!("a size or stride of {value} times {ratio} is too large"));
                value.checked_mul(ratio).filter(|&value| isize::try_from(value).is_ok()).ok_or_else(large)
            };
            shape[last] = scaled(shape[last])?;
            offset = scaled(offset)?;
            for stride in &mut strides[..last] {
                *stride = scaled(stride.unsigned_abs())? as isize * stride.signum();
            }
        } else {
            let ratio = asked / own;
            let whole = |what: &str, value: usize| {
                if value.is_multiple_of(ratio) {
                    return Ok(value / ratio);
                }
                Err(refuse(what, format!("must be divisible by {ratio}, but is {value},")))
            };
            shape[last] = whole("self.size(-1)", shape[last])?;
            offset = whole("self.storage_offset()", offset)?;
            neighbours(&strides)?;
            for (axis, stride) in strides[..last].iter_mut().enumerate() {
                let distance = whole(&format!("self.stride({axis})"), stride.unsigned_abs())? as isize;
                *stride = distance * stride.signum();
            }
        }
    }
    Array::from_parts(OP, array.storage().clone(), dtype, &shape, &strides, offset)
}
