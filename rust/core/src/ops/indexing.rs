//! NumPy-style indexing, read and write: `tensor[items]`, `tensor[items] = value`.
//!
//! Integers, slices, `None` and `...` are views. What remains are index tensors, one per axis of that view; a mask
//! stands for the index tensors of its true elements. They broadcast against each other, and the axes of their common
//! shape stand where the first of them was if they are neighbours, else in front.

use smallvec::SmallVec;

use super::elementwise::{Arg, apply_in_place};
use super::masks::nonzero_columns;
use super::views::{self, ViewOp};
use super::write::{Target, Write, source_of};
use super::{copy, rows};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::graph::views::{mark_view, plain_view};
use crate::kernels::In;
use crate::kernels::index as kernel;
use crate::launch::launch;
use crate::scalar::Scalar;
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;
use crate::warning;

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

// ---- index tensors -------------------------------------------------------------------------------------------------

/// Index tensors with the axis each starts at.
type Indices = SmallVec<[(usize, Tensor); 2]>;

fn is_mask(dtype: DType) -> bool {
    matches!(dtype, DType::Bool | DType::U8)
}

/// Index tensors made ready for a tensor of a shape: `i64`, broadcast together, masks resolved.
struct Lookups {
    /// One array per axis that is indexed, of the common shape (strides 0 where broadcast).
    arrays: SmallVec<[(usize, Array); 2]>,
    /// Shape of the result.
    shape: Shape,
    /// Where the common axes stand in the result, and how many they are.
    start: usize,
    count: usize,
}

impl Lookups {
    fn new(op: &'static str, own: &[usize], indices: &Indices) -> Result<Self> {
        let mut arrays: SmallVec<[(usize, Array); 2]> = SmallVec::new();
        for (axis, index) in indices {
            let array = index.array();
            match array.dtype() {
                DType::I64 => arrays.push((*axis, array)),
                DType::I32 => arrays.push((*axis, array.cast(op, DType::I64)?)),
                dtype if is_mask(dtype) => {
                    let fits = (0..array.rank()).all(|at| own.get(axis + at) == Some(&array.shape()[at]));
                    if !fits {
                        return Err(Error::index(
                            op,
                            format!(
                                "The shape of the mask {:?} at index {axis} does not match the shape of the indexed tensor {own:?} at index {axis}",
                                array.shape()
                            ),
                        ));
                    }
                    let columns = nonzero_columns(&array)?;
                    arrays.extend(columns.into_iter().enumerate().map(|(at, column)| (axis + at, column)));
                }
                _ => return Err(Error::index(op, "tensors used as indices must be long, int, byte or bool tensors")),
            }
        }
        if arrays.iter().any(|(axis, _)| *axis >= own.len()) {
            return Err(too_many(own.len()));
        }
        let mut common = Shape::new();
        for (_, array) in &arrays {
            common = shape::broadcast(op, &common, array.shape()).map_err(|_| {
                let shapes: Vec<String> = arrays.iter().map(|(_, array)| format!("{:?}", array.shape())).collect();
                Error::index(
                    op,
                    format!(
                        "shape mismatch: indexing tensors could not be broadcast together with shapes {}",
                        shapes.join(", ")
                    ),
                )
            })?;
        }
        if let Some((axis, _)) = arrays.iter().find(|(axis, array)| own[*axis] == 0 && array.numel() > 0) {
            return Err(Error::index(op, format!("index is out of bounds for dimension {axis} with size 0")));
        }
        for (_, array) in &mut arrays {
            *array = array.expand(&common);
        }
        let neighbours = arrays.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        let start = if neighbours { arrays.first().map_or(0, |(axis, _)| *axis) } else { 0 };
        let kept: Shape = (0..own.len())
            .filter(|axis| !arrays.iter().any(|(indexed, _)| indexed == axis))
            .map(|axis| own[axis])
            .collect();
        let mut result: Shape = kept[..start].into();
        result.extend_from_slice(&common);
        result.extend_from_slice(&kept[start..]);
        shape::checked_numel(op, &result, 8)?;
        Ok(Self { arrays, shape: result, start, count: common.len() })
    }

    /// The strides of `own` over the result's shape, 0 along the common axes.
    fn strides_of(&self, own: &Array) -> Strides {
        let mut strides: Strides = SmallVec::from_elem(0, self.shape.len());
        let kept = (0..own.rank()).filter(|axis| !self.arrays.iter().any(|(indexed, _)| indexed == axis));
        for (position, axis) in kept.enumerate() {
            let to = if position < self.start { position } else { position + self.count };
            strides[to] = own.strides()[axis];
        }
        strides
    }

    /// The strides of each index array over the result's shape, 0 along the axes of what is indexed.
    fn strides_of_indices(&self) -> SmallVec<[Strides; 2]> {
        let over_result = |(_, array): &(usize, Array)| {
            let mut along: Strides = SmallVec::from_elem(0, self.shape.len());
            along[self.start..self.start + self.count].copy_from_slice(array.strides());
            along
        };
        self.arrays.iter().map(over_result).collect()
    }

    /// Strides of a new result: as what is indexed lies, then as the index arrays do.
    fn result_strides(&self, own: &Array) -> Strides {
        if own.is_contiguous() && self.arrays.iter().all(|(_, array)| array.is_contiguous()) {
            return shape::contiguous_strides(&self.shape);
        }
        let mut operands: SmallVec<[Strides; 3]> = SmallVec::new();
        operands.push(self.strides_of(own));
        let end = self.start + self.count;
        for mut along in self.strides_of_indices() {
            // Over other axes of one element an index array has the strides of axes put in, and is not broadcast.
            for axis in (end..self.shape.len()).chain((0..self.start).rev()).filter(|&axis| self.shape[axis] == 1) {
                along[axis] = if axis < end {
                    shape::inserted_stride(&self.shape[axis + 1..end], &along[axis + 1..end])
                } else {
                    1
                };
            }
            operands.push(along);
        }
        shape::result_strides(&self.shape, &operands)
    }

    /// The index arrays, as operands of a launch.
    fn operands(&self) -> SmallVec<[&Array; 3]> {
        self.arrays.iter().map(|(_, array)| array).collect()
    }

    /// The index arrays as the kernel reads them.
    fn along<'a>(&self, arrays: &[In<'a>]) -> SmallVec<[(usize, In<'a>); 3]> {
        self.arrays.iter().zip(arrays).map(|((axis, _), array)| (*axis, *array)).collect()
    }
}

fn too_many(rank: usize) -> Box<Error> {
    Error::index("index", format!("too many indices for tensor of dimension {rank}"))
}

/// Positional index tensors as PyTorch's `index` takes them, with the axis each starts at.
fn positional(indices: &[Option<Tensor>]) -> Indices {
    let mut axis = 0;
    let mut result = Indices::new();
    for index in indices {
        match index {
            None => axis += 1,
            Some(index) => {
                let span = if is_mask(index.dtype()) { index.rank() } else { 1 };
                result.push((axis, index.clone()));
                axis += span;
            }
        }
    }
    result
}

// ---- read ----------------------------------------------------------------------------------------------------------

struct Indexed {
    axes: SmallVec<[usize; 3]>,
    shape: Shape,
}

/// The index tensors a rule saved, from saved value `first` on.
fn saved_indices(cx: &Backward<'_>, axes: &[usize], first: usize) -> Result<Indices> {
    axes.iter().enumerate().map(|(at, &axis)| Ok((axis, cx.saved(first + at)?))).collect()
}

impl Op for Indexed {
    fn name(&self) -> &str {
        "IndexBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let indices = saved_indices(cx, &self.axes, 0)?;
        let whole = Tensor::from_array(Array::zeros("index_put", &self.shape, grad.dtype())?);
        let grad = put(&whole, true, &indices, &grad, true)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// The elements that index tensors name, one per position of their common shape. Entry `i` of `indices` is for axis
/// `i` (a mask takes as many axes as it has); negative positions count from the end.
#[track_caller]
pub fn index_get(input: &Tensor, indices: &[Option<Tensor>]) -> Result<Tensor> {
    get(input, &positional(indices))
}

#[track_caller]
fn get(input: &Tensor, indices: &Indices) -> Result<Tensor> {
    const OP: &str = "index";
    let operand = input.operand()?;
    let array = &operand.array;
    let lookups = Lookups::new(OP, array.shape(), indices)?;
    let output = Array::uninit_strided(OP, &lookups.shape, &lookups.result_strides(array), array.dtype())?;
    launch((array, &lookups.operands()[..]), &output, |(x, found), out| {
        kernel::index_get(x, kernel::Indices { along: &lookups.along(&found), start: lookups.start }, out)
    })
    .map_err(|found| super::index::out_of_range(OP, found))?;
    if is_recorded(&[&operand]) {
        let rule =
            Indexed { axes: lookups.arrays.iter().map(|(axis, _)| *axis).collect(), shape: array.shape().into() };
        let saves: SmallVec<[Save<'_>; 3]> = lookups.arrays.iter().map(|(_, array)| Save::Array(array)).collect();
        return record(rule, &[&operand], &saves, output);
    }
    Ok(Tensor::from_array(output))
}

// ---- write ---------------------------------------------------------------------------------------------------------

struct Put {
    axes: SmallVec<[usize; 3]>,
    accumulate: bool,
}

impl Op for Put {
    fn name(&self) -> &str {
        "IndexPutBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let indices = saved_indices(cx, &self.axes, 0)?;
        if cx.needs(1) {
            let taken = get(&grad, &indices)?;
            cx.put(1, taken);
        }
        if cx.needs(0) {
            let own = if self.accumulate {
                grad
            } else {
                let zero = Tensor::scalar(0i64, grad.dtype())?;
                put(&grad, false, &indices, &zero, false)?
            };
            cx.put(0, own);
        }
        Ok(())
    }
}

/// `input` with `values`, broadcast, written to the positions that index tensors name (see [`index_get`]); with
/// `accumulate` they are added, in row-major order, as often as a position is named.
#[track_caller]
pub fn index_put(
    input: &Tensor,
    in_place: bool,
    indices: &[Option<Tensor>],
    values: &Tensor,
    accumulate: bool,
) -> Result<Tensor> {
    put(input, in_place, &positional(indices), values, accumulate)
}

#[track_caller]
fn put(input: &Tensor, in_place: bool, indices: &Indices, values: &Tensor, accumulate: bool) -> Result<Tensor> {
    const OP: &str = "index_put";
    let target = &Target::new(input, in_place)?;
    let (own, dtype) = (target.array().shape(), target.array().dtype());
    // One value for the elements of a mask counts as a number, whatever its dtype.
    let is_number =
        !accumulate && values.numel() == 1 && matches!(indices.as_slice(), [(_, mask)] if is_mask(mask.dtype()));
    let values = if is_number { &copy::to_dtype(values, dtype)? } else { values };
    let operand = values.operand()?;
    let source = &operand.array;
    let lookups = Lookups::new(OP, own, indices)?;
    let fits = shape::broadcast(OP, &lookups.shape, source.shape()).is_ok_and(|shape| shape == lookups.shape);
    if !fits {
        return Err(Error::runtime(
            OP,
            format!(
                "shape mismatch: value tensor of shape {:?} cannot be broadcast to indexing result of shape {:?}",
                source.shape(),
                lookups.shape.as_slice()
            ),
        ));
    }
    if source.dtype() != dtype {
        return Err(Error::runtime(
            OP,
            format!(
                "Index put requires the source and destination dtypes match, got {} for the destination and {} for the source.",
                torch_name(dtype),
                torch_name(source.dtype())
            ),
        ));
    }
    let broadcast = source_of(OP, target, source, is_number)?.expand(&lookups.shape);
    let found = lookups.operands();
    let mut reads: SmallVec<[&Array; 4]> = SmallVec::from_slice(&found);
    reads.push(&broadcast);
    let saves: SmallVec<[Save<'_>; 3]> = lookups.arrays.iter().map(|(_, array)| Save::Array(array)).collect();
    let write = Write { others: &[&operand], reads: &reads, in_order: true, ..Write::new(OP, target) };
    write.run(
        || Put { axes: lookups.arrays.iter().map(|(axis, _)| *axis).collect(), accumulate },
        &saves,
        |held, array| {
            held.launch_in_order((&broadcast, &found[..]), array, |(values, found), target| {
                let indices = kernel::Indices { along: &lookups.along(&found), start: lookups.start };
                kernel::index_put(target, indices, values, accumulate)
            })
            .map_err(|found| super::index::out_of_range(OP, found))
        },
    )
}

// ---- index expressions ---------------------------------------------------------------------------------------------

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
                    if dtype == DType::U8 {
                        warning::warn("index", || {
                            "indexing with dtype uint8 is now deprecated, please use a dtype bool instead: it is taken for \
                             a mask, not for positions."
                                .to_owned()
                        })?;
                    }
                    if rank == 0 && is_mask(dtype) {
                        expression.truth(&mut shape, &mut axis, tensor.item()?.to_bool())?;
                    } else if rank == 0 && dtype.is_integer() {
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
        let operand = input.operand()?;
        if is_recorded(&[&operand]) {
            let mut tensor = input.clone();
            for (name, op) in &self.views {
                tensor = views::view_of(&tensor, name, op.clone())?;
            }
            return Ok(tensor);
        }
        let tensor = Tensor::from_array(show(&operand.array)?);
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
            let lookups = Lookups::new("index_put", &target.shape(), &expression.indices)?;
            let value = without_leading_ones(tensor, lookups.shape.len())?;
            put(&target, true, &expression.indices, &value, false).map(drop)
        }
    }
}

/// A value written over all of a target.
#[track_caller]
fn write_over(target: &Tensor, value: Arg<'_>) -> Result<()> {
    match value {
        Arg::Scalar(number) => copy::fill_with(target, number.into()),
        Arg::Tensor(tensor) => copy::copy_(target, &without_leading_ones(tensor, target.rank())?),
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
            return super::index_slices::index_fill(target, true, *axis as i64, &index, number.into()).map(drop);
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
