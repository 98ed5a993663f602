//! Any geometry over a storage, and its gradient.

use smallvec::smallvec;

use super::op::ViewOp;
use super::rule::{ViewRule, check_shape, front, view_of};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::ops::writing::overlap;
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;

/// Any geometry over the tensor's storage.
#[track_caller]
pub fn as_strided(source: &Tensor, shape: &[usize], strides: &[isize], offset: usize) -> Result<Tensor> {
    if strides.iter().any(|&stride| stride < 0) {
        return Err(Error::runtime(
            "as_strided",
            format!("as_strided: Negative strides are not supported at the moment, got strides: {strides:?}"),
        ));
    }
    if shape.len() != strides.len() {
        return Err(Error::runtime(
            "as_strided",
            format!("mismatch in length of strides and shape: {} and {}", strides.len(), shape.len()),
        ));
    }
    let op = ViewOp::AsStrided { shape: shape.into(), strides: strides.into(), offset };
    view_of(source, "AsStridedBackward0", op)
}

/// What [`ViewOp::AsStrided`] shows of each example along axis 0. An example is taken for row-major memory of its own.
pub(super) fn of_each(whole: &Tensor, shape: &Shape, strides: &Strides, offset: usize) -> Result<ViewOp> {
    let array = whole.array();
    let (own, lie) = (&array.shape()[1..], &array.strides()[1..]);
    let declared = shape::contiguous_strides(own);
    if (0..own.len()).any(|axis| own[axis] > 1 && lie[axis] != declared[axis]) {
        return Err(Error::not_implemented(
            "vmap",
            "as_strided of a batched tensor: what it shows depends on how all examples lie in memory",
        ));
    }
    let last = |shape: &[usize], strides: &[isize]| shape::extent(shape, strides).map(|(_, last)| last + 1);
    let room = last(own, &declared).unwrap_or(0);
    if last(shape, strides).is_some_and(|end| offset as isize + end > room) {
        return Err(Error::runtime(
            "as_strided",
            format!(
                "vmap: result = tensor.as_strided({:?}, {:?}, {offset}) can access memory outside of `tensor`, an example of {room} \
                 elements",
                shape.as_slice(),
                strides.as_slice()
            ),
        ));
    }
    Ok(ViewOp::AsStrided {
        shape: std::iter::once(array.shape()[0]).chain(shape.iter().copied()).collect(),
        strides: std::iter::once(array.strides()[0]).chain(strides.iter().copied()).collect(),
        offset: array.offset() + offset,
    })
}

/// The way that something shows elements of a vector.
#[derive(Clone, PartialEq, Debug)]
struct Shown {
    shape: Shape,
    strides: Strides,
    offset: isize,
}

impl Shown {
    /// First and last element that are shown, from the one that counts as first; `None` if there is none.
    fn range(&self) -> Option<(isize, isize)> {
        shape::extent(&self.shape, &self.strides).map(|(low, high)| (self.offset + low, self.offset + high))
    }

    fn of(&self, vector: &Array) -> Array {
        vector.with_layout(&self.shape, &self.strides, self.offset as usize)
    }

    /// The same of each of `size` vectors of `length` elements behind each other.
    fn of_each(&self, size: usize, length: usize) -> Self {
        Self {
            shape: std::iter::once(size).chain(self.shape.clone()).collect(),
            strides: std::iter::once(length as isize).chain(self.strides.clone()).collect(),
            offset: self.offset,
        }
    }
}

/// Elements added up where `from` shows them in a vector, then read as `to` shows it: the gradient of `as_strided`, and the
/// gradient of that.
#[derive(Clone, PartialEq, Debug)]
struct Restrided {
    from: Shown,
    to: Shown,
    /// Of the vector.
    length: usize,
}

impl Op for Restrided {
    fn name(&self) -> &str {
        "AsStridedBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "as_strided";
        let vector = Array::zeros(OP, &[self.length], inputs[0].dtype())?;
        check_shape(OP, &inputs[0], &self.from.shape)?;
        if inputs[0].numel() > 0 {
            let into = self.from.of(&vector);
            if shape::overlaps_itself(&self.from.shape, &self.from.strides) {
                overlap::add_into(&into, &inputs[0])?;
            } else {
                into.copy_from(&inputs[0]);
            }
        }
        Ok(smallvec![self.to.of(&vector)])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let back = Self { from: self.to.clone(), to: self.from.clone(), length: self.length };
        let grad = cx.call(back, &[From::Grad(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (size, whole) = (cx.size(), front(cx.input(0), cx.size())?);
        let each = |shown: &Shown| shown.of_each(size, self.length);
        let op = Self { from: each(&self.from), to: each(&self.to), length: size * self.length };
        cx.put(call(op, &[&whole])?, Some(0));
        Ok(())
    }
}

/// The gradient of `as_strided`: added up over a flat image of the storage, then shown with the base's geometry.
pub(super) fn backward(
    rule: &ViewRule,
    grad: &Tensor,
    shape: &[usize],
    strides: &[isize],
    offset: usize,
) -> Result<Tensor> {
    let mut to = Shown { shape: rule.shape.clone(), strides: rule.strides.clone(), offset: rule.offset as isize };
    let mut from = Shown { shape: shape.into(), strides: strides.into(), offset: offset as isize };
    let (Some((first, last)), Some((view_first, view_last))) = (to.range(), from.range()) else {
        return Ok(Tensor::from_array(Array::zeros("as_strided", &rule.shape, grad.dtype())?));
    };
    let (first, last) = (first.min(view_first), last.max(view_last));
    from.offset -= first;
    to.offset -= first;
    let length = (last + 1 - first) as usize;
    let shared = shape::overlaps_itself(&to.shape, &to.strides).then(|| to.clone());
    let result = call(Restrided { from, to, length }, &[grad])?;
    let Some(shown) = shared else { return Ok(result) };
    // Elements of the base that share memory share its gradient evenly.
    let ones = Array::full("as_strided", &rule.shape, crate::Scalar::Int(1), grad.dtype())?;
    let counts = shown.of(&Array::zeros("as_strided", &[length], grad.dtype())?);
    overlap::add_into(&counts, &ones)?;
    result.div(&Tensor::from_array(counts))
}
