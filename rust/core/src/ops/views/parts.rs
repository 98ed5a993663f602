//! Several views of one tensor at once: all positions of an axis, or ranges of it.

use smallvec::{SmallVec, smallvec};

use super::op::ViewOp;
use super::rule::{check_shape, front, make};
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call::call_first;
use crate::graph::call_many;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::views::mark_view;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// Several views of one tensor (`unbind`, `split`).
#[derive(Clone, PartialEq, Debug)]
struct Parts {
    name: &'static str,
    parts: Vec<ViewOp>,
    /// Of what is viewed.
    shape: Shape,
}

impl Parts {
    fn of_each(&self, size: usize) -> Result<Self> {
        let parts: Result<Vec<ViewOp>> = self.parts.iter().map(|part| part.of_each(size)).collect();
        Ok(Self { name: self.name, parts: parts?, shape: std::iter::once(size).chain(self.shape.clone()).collect() })
    }
}

impl Op for Parts {
    fn name(&self) -> &str {
        self.name
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable(&self) -> usize {
        self.parts.len()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        check_shape("split", &inputs[0], &self.shape)?;
        self.parts.iter().map(|part| part.apply(&inputs[0])).collect()
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = |nr| if cx.grad(nr).is_some() { From::Grad(nr) } else { From::Nothing };
        let from: SmallVec<[From; 4]> = (0..self.parts.len()).map(grad).collect();
        let whole = cx.call(Joined(self.clone()), &from)?;
        cx.put(0, whole);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let parts = parts(&tangent, self.name, self.parts.clone())?;
        parts.into_iter().enumerate().try_for_each(|(nr, part)| cx.put(nr, part))
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = front(cx.input(0), cx.size())?;
        for part in parts(&whole, self.name, self.of_each(cx.size())?.parts)? {
            cx.put(part, Some(0));
        }
        Ok(())
    }
}

/// The transpose of [`Parts`]: parts, of which some may be missing, put into zeros.
#[derive(Clone, PartialEq, Debug)]
struct Joined(Parts);

impl Op for Joined {
    fn name(&self) -> &str {
        self.0.name
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let dtype = inputs.iter().map(Array::dtype).next().unwrap_or(crate::DType::F32);
        let whole = Array::zeros(self.0.name, &self.0.shape, dtype)?;
        for (nr, part) in self.0.parts.iter().enumerate() {
            if let Some(given) = inputs.get(nr) {
                let shown = part.apply(&whole)?;
                check_shape("split", given, shown.shape())?;
                shown.copy_from(given);
            }
        }
        Ok(smallvec![whole])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        for (nr, part) in self.0.parts.iter().enumerate() {
            if cx.needs(nr) {
                cx.put(nr, make(&grad, "SliceBackward0", part.clone(), true)?);
            }
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let tangents: SmallVec<[Option<Tensor>; 4]> = (0..cx.inputs()).map(|nr| cx.tangent(nr).cloned()).collect();
        let given: SmallVec<[Option<&Tensor>; 4]> = tangents.iter().map(Option::as_ref).collect();
        cx.put(0, call_first(self.clone(), &given)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let mut given: SmallVec<[Option<Tensor>; 4]> = SmallVec::new();
        for nr in 0..cx.inputs() {
            given.push(cx.optional(nr).map(|part| front(part, cx.size())).transpose()?);
        }
        let given: SmallVec<[Option<&Tensor>; 4]> = given.iter().map(Option::as_ref).collect();
        let whole = call_first(Self(self.0.of_each(cx.size())?), &given)?;
        cx.put(whole, Some(0));
        Ok(())
    }
}

/// Several views at once: in-place operations on them are refused, as in PyTorch.
#[track_caller]
fn parts(source: &Tensor, name: &'static str, ops: Vec<ViewOp>) -> Result<Vec<Tensor>> {
    if ops.is_empty() {
        return Ok(Vec::new());
    }
    let op = Parts { name, parts: ops, shape: source.shape() };
    let tensors: Vec<Tensor> = call_many(op, &[source])?.into_vec();
    for tensor in &tensors {
        // What is made for a whole batch shows its memory there.
        if tensor.base().is_none() {
            mark_view(tensor, source, true);
        }
    }
    Ok(tensors)
}

/// Every position of an axis.
#[track_caller]
pub fn unbind(source: &Tensor, axis: i64) -> Result<Vec<Tensor>> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::index("unbind", "Dimension specified as 0 but tensor has no dimensions"));
    }
    let axis = shape::normalize_axis("unbind", axis, shape.len())?;
    check_parts("unbind", shape[axis] as i64)?;
    parts(source, "UnbindBackward0", (0..shape[axis]).map(|index| ViewOp::Select { axis, index }).collect())
}

/// Whether there can be room for as many views.
pub(in crate::ops) fn check_parts(op: &'static str, parts: i64) -> Result<()> {
    // The list and, at the least, the handle and the layout of each.
    const EACH: u128 = 64;
    crate::storage::check_room(op, parts.unsigned_abs() as u128 * EACH)
}

/// Parts of given lengths along an axis.
#[track_caller]
pub fn split_sizes(source: &Tensor, sizes: &[i64], axis: i64) -> Result<Vec<Tensor>> {
    split_named(source, sizes, axis, "SplitWithSizesBackward0")
}

#[track_caller]
fn split_named(source: &Tensor, sizes: &[i64], axis: i64, name: &'static str) -> Result<Vec<Tensor>> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("split", "split expects at least a 1-dimensional tensor"));
    }
    let index = shape::normalize_axis("split", axis, shape.len())?;
    if let Some(negative) = sizes.iter().find(|&&size| size < 0) {
        return Err(Error::runtime(
            "split",
            format!(
                "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes:?} with {negative}"
            ),
        ));
    }
    if sizes.iter().map(|&size| i128::from(size)).sum::<i128>() != shape[index] as i128 {
        return Err(Error::runtime(
            "split",
            format!(
                "split_with_sizes expects split_sizes to sum exactly to {} (input tensor's size at dimension {index}), \
                 but got split_sizes={sizes:?}",
                shape[index]
            ),
        ));
    }
    let mut start = 0;
    let ops = sizes
        .iter()
        .map(|&length| {
            let op = ViewOp::Slice { axis: index, start, length: length as usize, step: 1 };
            start += length as usize;
            op
        })
        .collect();
    parts(source, name, ops)
}

/// Parts of one length (the last may be shorter).
#[track_caller]
pub fn split(source: &Tensor, size: i64, axis: i64) -> Result<Vec<Tensor>> {
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("split", "split expects at least a 1-dimensional tensor"));
    }
    let index = shape::normalize_axis("split", axis, shape.len())?;
    let total = shape[index] as i64;
    if size < 0 || (size == 0 && total != 0) {
        return Err(Error::runtime(
            "split",
            if size < 0 {
                format!("split expects split_size be non-negative, but got split_size={size}")
            } else {
                format!("split_size can only be 0 if dimension size is 0, but got dimension size of {total}")
            },
        ));
    }
    let sizes: Vec<i64> = if total == 0 {
        vec![0]
    } else {
        let parts = (total - 1) / size + 1;
        check_parts("split", parts)?;
        (0..parts).map(|part| size.min(total - part * size)).collect()
    };
    split_named(source, &sizes, axis, "SplitBackward0")
}

/// At most `chunks` parts of equal length.
#[track_caller]
pub fn chunk(source: &Tensor, chunks: i64, axis: i64) -> Result<Vec<Tensor>> {
    if chunks <= 0 {
        return Err(Error::runtime("chunk", format!("chunk expects `chunks` to be greater than 0, got: {chunks}")));
    }
    let shape = source.shape();
    if shape.is_empty() {
        return Err(Error::runtime("chunk", "chunk expects at least a 1-dimensional tensor"));
    }
    let index = shape::normalize_axis("chunk", axis, shape.len())?;
    let total = shape[index] as i64;
    if total == 0 {
        check_parts("chunk", chunks)?;
        return split_sizes(source, &vec![0; chunks as usize], axis);
    }
    split(source, (total - 1) / chunks + 1, axis)
}
