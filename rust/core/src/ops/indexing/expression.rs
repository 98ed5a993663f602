//! NumPy-style indexing, read and write: `tensor[items]`, `tensor[items] = value`.
//!
//! Integers, slices, `None` and `...` are views. What remains are index tensors, one per axis of that view; a mask
//! stands for the index tensors of its true elements. They broadcast against each other, and the axes of their common
//! shape stand where the first of them was if they are neighbours, else in front.

use smallvec::SmallVec;

use super::lookup::{Indices, get, is_mask, put, too_many};
use super::{masks, slices};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::record::would_record;
use crate::graph::views::{mark_view, plain_view};
use crate::graph::{Modes, modes};
use crate::ops::elementwise::{Arg, apply_in_place};
use crate::ops::rows;
use crate::ops::views::{self, ViewOp};
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// One item of an index expression.
#[derive(Clone, Debug)]
pub enum IndexItem {
    /// One position; the axis disappears.
    Int(i64),
    /// `start:stop:step`, clamped to the axis; the step is positive.
    Slice {
        /// First element; 0 if left out.
        start: Option<i64>,
        /// End, exclusive; the size if left out.
        stop: Option<i64>,
        /// Distance; 1 if left out.
        step: Option<i64>,
    },
    /// A new axis of size 1.
    None,
    /// As many whole axes as are not spoken for.
    Ellipsis,
    /// A new axis of size 1 (`true`) or 0 (`false`).
    Bool(bool),
    /// Positions along an axis, or a mask over one or several axes.
    Tensor(Tensor),
}

impl From<i64> for IndexItem {
    fn from(index: i64) -> Self {
        Self::Int(index)
    }
}

impl From<&Tensor> for IndexItem {
    fn from(tensor: &Tensor) -> Self {
        Self::Tensor(tensor.clone())
    }
}

impl From<std::ops::Range<i64>> for IndexItem {
    fn from(range: std::ops::Range<i64>) -> Self {
        Self::Slice { start: Some(range.start), stop: Some(range.end), step: None }
    }
}

impl From<std::ops::RangeFull> for IndexItem {
    fn from(_: std::ops::RangeFull) -> Self {
        Self::Slice { start: None, stop: None, step: None }
    }
}

// ---- views and what remains -------------------------------------------------------------------------------------------

/// An index expression against a shape: views in order, then index tensors over the last of them.
struct Expression {
    views: SmallVec<[(&'static str, ViewOp); 4]>,
    indices: Indices,
}

impl Expression {
    fn new(own: &[usize], items: &[IndexItem]) -> Result<Self> {
        let mut specified = 0;
        for item in items {
            specified += match item {
                IndexItem::Int(_) | IndexItem::Slice { .. } => 1,
                IndexItem::Tensor(tensor) if is_mask(tensor.dtype()) => tensor.rank(),
                IndexItem::Tensor(_) => 1,
                IndexItem::None | IndexItem::Ellipsis | IndexItem::Bool(_) => 0,
            };
        }
        if let ([IndexItem::Int(_)], []) = (items, own) {
            return Err(Error::index(
                "index",
                "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a 0-dim tensor to a number",
            ));
        }
        if specified > own.len() {
            return Err(too_many(own.len()));
        }
        let mut expression = Self { views: SmallVec::new(), indices: Indices::new() };
        let mut shape: Shape = own.into();
        // Where the next item stands in the view so far, and in the tensor itself, for messages.
        let (mut axis, mut own_axis) = (0, 0);
        for item in items {
            let room = |axis: usize, shape: &Shape| if axis < shape.len() { Ok(()) } else { Err(too_many(own.len())) };
            match item {
                IndexItem::Int(index) => {
                    room(axis, &shape)?;
                    expression.select(&mut shape, axis, own_axis, *index)?;
                    own_axis += 1;
                }
                IndexItem::Slice { start, stop, step } => {
                    room(axis, &shape)?;
                    let op = views::slice_op(&shape, axis, *start, *stop, step.unwrap_or(1))?;
                    if let ViewOp::Slice { length, .. } = &op {
                        shape[axis] = *length;
                    }
                    expression.views.push(("SliceBackward0", op));
                    axis += 1;
                    own_axis += 1;
                }
                IndexItem::Ellipsis => {
                    axis += own.len() - specified;
                    own_axis += own.len() - specified;
                }
                IndexItem::None => {
                    expression.unsqueeze(&mut shape, axis);
                    axis += 1;
                }
                IndexItem::Bool(flag) => {
                    expression.truth(&mut shape, &mut axis, *flag)?;
                }
                IndexItem::Tensor(tensor) => {
                    let (dtype, rank) = (tensor.dtype(), tensor.rank());
                    masks::warn_of_bytes(tensor)?;
                    // What differs between the examples of a batch is looked up.
                    let differs = modes().any(Modes::LIFTED) && tensor.is_batched();
                    if rank == 0 && is_mask(dtype) {
                        expression.truth(&mut shape, &mut axis, tensor.item()?.to_bool())?;
                    } else if rank == 0 && dtype.is_integer() && !differs {
                        room(axis, &shape)?;
                        expression.select(&mut shape, axis, own_axis, tensor.item()?.to_i64())?;
                        own_axis += 1;
                    } else {
                        expression.indices.push((axis, tensor.clone()));
                        let span = if is_mask(dtype) { rank } else { 1 };
                        axis += span;
                        own_axis += span;
                    }
                }
            }
        }
        if expression.views.is_empty() && expression.indices.is_empty() {
            expression.views.push(("AliasBackward0", ViewOp::Alias));
        }
        Ok(expression)
    }

    fn select(&mut self, shape: &mut Shape, axis: usize, own_axis: usize, index: i64) -> Result<()> {
        let view = views::select_op(shape, axis, index).map_err(|mut error| {
            if let Error::IndexOutOfRange { op, axis, .. } = &mut *error {
                (*op, *axis) = ("index", own_axis);
            }
            error
        })?;
        self.views.push(("SelectBackward0", view));
        shape.remove(axis);
        Ok(())
    }

    fn unsqueeze(&mut self, shape: &mut Shape, axis: usize) {
        let axis = axis.min(shape.len());
        shape.insert(axis, 1);
        self.views.push(("UnsqueezeBackward0", ViewOp::Unsqueeze(axis)));
    }

    /// A truth value as an index: a new axis, and the positions `[0]` or none along it.
    fn truth(&mut self, shape: &mut Shape, axis: &mut usize, flag: bool) -> Result<()> {
        self.unsqueeze(shape, *axis);
        let positions: &[i64] = if flag { &[0] } else { &[] };
        self.indices.push((*axis, Tensor::from_slice(positions, &[positions.len()])?));
        *axis += 1;
        Ok(())
    }

    /// The views, applied: in one step where nothing is recorded.
    #[track_caller]
    fn view(&self, input: &Tensor) -> Result<Tensor> {
        if self.views.is_empty() {
            return Ok(input.clone());
        }
        let show = |array: &Array| self.views.iter().try_fold(array.clone(), |array, (_, op)| op.apply(&array));
        if let Some(view) = plain_view(input, show) {
            return view;
        }
        if modes().any(Modes::TRANSFORMS) || would_record(input) {
            let mut tensor = input.clone();
            for (name, op) in &self.views {
                tensor = views::view_of(&tensor, name, op.clone())?;
            }
            return Ok(tensor);
        }
        let tensor = Tensor::from_array(show(&input.array())?);
        mark_view(&tensor, input, false);
        Ok(tensor)
    }
}

/// `input[items]`: a view if there is no index tensor among the items, else a copy.
///
/// # Errors
/// `IndexError` for positions out of range, too many items, masks of another shape, index tensors that do not
/// broadcast or are not integers; `ValueError` for steps that are not positive.
#[track_caller]
pub fn getitem(input: &Tensor, items: &[IndexItem]) -> Result<Tensor> {
    if let [IndexItem::Slice { start, stop, step }] = *items
        && let Some(view) = views::plain_slice(input, start, stop, step.unwrap_or(1))
    {
        return Ok(view);
    }
    let expression = Expression::new(&input.shape(), items)?;
    let view = expression.view(input)?;
    if expression.indices.is_empty() { Ok(view) } else { get(&view, &expression.indices) }
}

/// A value without the leading axes of size 1 that the target does not have.
#[track_caller]
fn without_leading_ones(value: &Tensor, rank: usize) -> Result<Tensor> {
    let shape = value.shape();
    let extra = shape.len().saturating_sub(rank);
    let ones = shape.iter().take_while(|&&size| size == 1).count().min(extra);
    if ones == 0 {
        Ok(value.clone())
    } else {
        views::view_of(value, "ViewBackward0", ViewOp::View(shape[ones..].into()))
    }
}

/// `input[items] = value`: in place, differentiable in `input` and `value`. A number fills; a tensor is broadcast, and
/// its leading axes of size 1 beyond those of the target are dropped.
///
/// # Errors
/// As for [`getitem`]; `RuntimeError` when the value does not broadcast, or has another dtype and there is an index
/// tensor among the items. Nothing is written then.
#[track_caller]
pub fn setitem(input: &Tensor, items: &[IndexItem], value: Arg<'_>) -> Result<()> {
    // As one axis in front, or no element at all.
    match items {
        [IndexItem::Bool(true)] => return write_over(&views::unsqueeze(input, 0)?, value),
        [IndexItem::Bool(false)] => return Ok(()),
        _ => {}
    }
    let expression = Expression::new(&input.shape(), items)?;
    // A whole tensor is written to itself, not to a view of it.
    let whole = matches!(expression.views.as_slice(), [(_, ViewOp::Alias)])
        || expression.views.iter().all(|(_, op)| is_whole(op, &input.shape()));
    let target = if whole { input.clone() } else { expression.view(input)? };
    if expression.indices.is_empty() {
        return write_over(&target, value);
    }
    match value {
        Arg::Scalar(number) => fill_at(
            &target,
            &expression.indices,
            number.storable("index_put", target.dtype())?.in_category(target.dtype()),
        ),
        Arg::Tensor(tensor) => {
            let spans = |(_, index): &(usize, Tensor)| if is_mask(index.dtype()) { index.rank() } else { 1 };
            let axes = |(_, index): &(usize, Tensor)| if is_mask(index.dtype()) { 1 } else { index.rank() };
            let indexed: usize = expression.indices.iter().map(spans).sum();
            let common = expression.indices.iter().map(axes).max().unwrap_or(0);
            let value = without_leading_ones(tensor, target.rank().saturating_sub(indexed) + common)?;
            put(&target, true, &expression.indices, &value, false).map(drop)
        }
    }
}

/// A value written over all of a target.
#[track_caller]
fn write_over(target: &Tensor, value: Arg<'_>) -> Result<()> {
    match value {
        Arg::Scalar(number) => copy::fill_with(target, number.into()),
        Arg::Tensor(tensor) => copy::copy_apart_(target, &without_leading_ones(tensor, target.rank())?),
    }
}

/// Whether a view shows the whole of a shape as it is.
fn is_whole(op: &ViewOp, shape: &[usize]) -> bool {
    matches!(op, ViewOp::Slice { axis, start: 0, length, step: 1 } if shape.get(*axis) == Some(length))
}

/// One number at the positions that index tensors name, without a temporary where there is only one of them.
#[track_caller]
fn fill_at(target: &Tensor, indices: &Indices, number: Scalar) -> Result<()> {
    if let [(axis, index)] = indices.as_slice() {
        if is_mask(index.dtype()) {
            // Checks the mask's shape; the positions are not needed.
            let own = target.shape();
            let fits = (0..index.rank()).all(|at| own.get(axis + at) == Some(&index.shape()[at]));
            if fits {
                let mask = if index.dtype() == DType::U8 { copy::to_dtype(index, DType::Bool)? } else { index.clone() };
                let mut shape = mask.shape();
                shape.resize(own.len() - axis, 1);
                let mask = views::reshape_to(&mask, &shape)?;
                return apply_in_place(&rows::masked_fill::ROW, &[], target, &[(&mask).into(), number.into()]);
            }
        } else if index.rank() == 1 && *axis < target.rank() && matches!(index.dtype(), DType::I64 | DType::I32) {
            let index = copy::to_dtype(index, DType::I64)?;
            return slices::index_fill(target, true, *axis as i64, &index, number.into()).map(drop);
        }
    }
    let value = Tensor::scalar(number, target.dtype())?;
    put(target, true, indices, &value, false).map(drop)
}

impl Tensor {
    /// `self[items]`, as NumPy and PyTorch index: see [`getitem`].
    ///
    /// ```
    /// use arcgrad::Tensor;
    /// let x = Tensor::from_slice(&[1.0_f32, 2.0, 3.0, 4.0], &[2, 2])?;
    /// assert_eq!(x.get(&[(..).into(), 1.into()])?.to_vec::<f32>(), [2.0, 4.0]);
    /// # Ok::<(), Box<arcgrad::Error>>(())
    /// ```
    #[track_caller]
    pub fn get(&self, items: &[IndexItem]) -> Result<Self> {
        getitem(self, items)
    }

    /// `self[items] = value`: see [`setitem`].
    #[track_caller]
    pub fn set<'a>(&self, items: &[IndexItem], value: impl Into<Arg<'a>>) -> Result<()> {
        setitem(self, items, value.into())
    }
}
