//! Elements at positions along several axes, given by index tensors or masks that broadcast against each other: read, written, added to.

use smallvec::{SmallVec, smallvec};

use super::along;
use super::masks::nonzero_columns;
use super::places::IntoZeros;
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::{Backward, From as Source};
use crate::graph::transform::{Batch, Part, Tangents};
use crate::kernels::{In, index as kernel};
use crate::launch::{Held, launch_stored};
use crate::ops::batching;
use crate::ops::views;
use crate::ops::writing::copy;
use crate::ops::writing::write::{self, Reads, Writing};
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;

// ---- what indices mean ------------------------------------------------------------------------------------------------

/// Index tensors with the axis each starts at.
pub(in crate::ops) type Indices = SmallVec<[(usize, Tensor); 2]>;

pub(super) fn is_mask(dtype: DType) -> bool {
    matches!(dtype, DType::Bool | DType::U8)
}

/// Index tensors as positions along one axis each, `i64`: masks resolved.
#[track_caller]
fn resolved(op: &'static str, own: &[usize], indices: &Indices) -> Result<Indices> {
    let mut positions = Indices::new();
    for (axis, index) in indices {
        match index.dtype() {
            DType::I64 => positions.push((*axis, index.clone())),
            DType::I32 => positions.push((*axis, copy::to_dtype(index, DType::I64)?)),
            dtype if is_mask(dtype) => {
                batching::refuse_data(op, &[index], || {
                    "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over \
                     indexing with a boolean mask."
                        .to_owned()
                })?;
                let array = index.array();
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
                let columns = nonzero_columns(&array)?.into_iter().map(Tensor::from_array);
                positions.extend(columns.enumerate().map(|(at, column)| (axis + at, column)));
            }
            _ => return Err(Error::index(op, "tensors used as indices must be long, int, byte or bool tensors")),
        }
    }
    if positions.iter().any(|(axis, _)| *axis >= own.len()) {
        return Err(too_many(own.len()));
    }
    Ok(positions)
}

/// The axes that are indexed.
type Axes = SmallVec<[usize; 3]>;

fn axes_of(indices: &Indices) -> Axes {
    indices.iter().map(|(axis, _)| *axis).collect()
}

/// Where the common axes of index tensors stand in the result: where the first of them was if they are neighbours, else in
/// front.
fn start_of(axes: &[usize]) -> usize {
    let neighbours = axes.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    if neighbours { axes.first().copied().unwrap_or(0) } else { 0 }
}

/// Index tensors made ready for a tensor of a shape: `i64`, broadcast together.
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
    fn new<'a>(
        op: &'static str,
        own: &[usize],
        axes: &[usize],
        indices: impl Iterator<Item = &'a Array>,
    ) -> Result<Self> {
        let mut arrays: SmallVec<[(usize, Array); 2]> = axes.iter().copied().zip(indices.cloned()).collect();
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
        if arrays.iter().any(|(axis, array)| own[*axis] == 0 && array.numel() > 0) {
            return Err(Error::index(op, "index is out of bounds for dimension with size 0"));
        }
        for (_, array) in &mut arrays {
            *array = array.expand(&common);
        }
        let start = start_of(axes);
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

pub(super) fn too_many(rank: usize) -> Box<Error> {
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

// ---- read -------------------------------------------------------------------------------------------------------------

/// The elements of the first input at the positions that the others name, each along an axis.
#[derive(Clone, PartialEq, Debug)]
struct Indexed {
    axes: Axes,
    /// Of the input.
    shape: Shape,
}

/// The index tensors an operation kept, from saved value `first` on.
fn saved_indices(cx: &Backward<'_>, axes: &[usize], first: usize) -> Result<Indices> {
    axes.iter().enumerate().map(|(at, &axis)| Ok((axis, cx.saved(first + at)?))).collect()
}

/// A tensor, perhaps values, and index tensors as the inputs of an operation.
fn inputs_of<'a>(tensors: &[&'a Tensor], indices: &'a Indices) -> SmallVec<[&'a Tensor; 4]> {
    tensors.iter().copied().chain(indices.iter().map(|(_, index)| index)).collect()
}

/// Index tensors for all examples of a batch.
struct Batched {
    indices: Indices,
    /// Number of their common axes for one example.
    count: usize,
    /// Whether they differ between examples, so that an axis of the examples is the first of the common ones.
    differ: bool,
}

impl Batched {
    /// Those of a tensor whose examples lie along axis 0, or is the same for all if `shared`. `first` is the first input that
    /// is an index.
    fn new(cx: &Batch<'_>, axes: &[usize], first: usize, shared: bool) -> Result<Self> {
        let parts = || (first..cx.inputs()).map(|input| cx.input(input));
        let count = parts().map(Part::rank).max().unwrap_or(0);
        let differ = parts().any(|part| part.axis.is_some());
        let mut indices = Indices::new();
        if differ && !shared {
            indices.push((0, batching::numbers(cx.size(), count)?));
        }
        for (axis, part) in axes.iter().zip(parts()) {
            let index = match part.axis {
                None => part.tensor.clone(),
                Some(_) => batching::front_of_rank(part, cx.size(), count)?,
            };
            indices.push((axis + usize::from(!shared), index));
        }
        Ok(Self { indices, count, differ })
    }
}

impl Op for Indexed {
    fn name(&self) -> &str {
        "IndexBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "index";
        let array = &inputs[0];
        if array.shape() != self.shape.as_slice() {
            return Err(Error::runtime(OP, "another thread has given the input another shape meanwhile"));
        }
        let lookups = Lookups::new(OP, array.shape(), &self.axes, inputs.iter().skip(1))?;
        let output = Array::uninit_strided(OP, &lookups.shape, &lookups.result_strides(array), array.dtype())?;
        launch_stored((array, &lookups.operands()[..]), &output, |(x, found), out| {
            kernel::index_get(x, kernel::Indices { along: &lookups.along(&found), start: lookups.start }, out)
        })
        .map_err(|found| along::out_of_range(OP, found))?;
        Ok(smallvec![output])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        (1..=self.axes.len()).map(Keep::Input).collect()
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let op = Put { axes: self.axes.clone(), accumulate: true, is_number: false };
        let gradient = IntoZeros { op, shape: self.shape.clone() };
        let saved = (0..self.axes.len()).map(Source::Saved);
        let from: SmallVec<[Source; 4]> = std::iter::once(Source::Grad(0)).chain(saved).collect();
        let grad = cx.call(gradient, &from)?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = cx.input(0);
        let shared = part.axis.is_none();
        let whole = if shared { part.tensor.clone() } else { batching::front(part, cx.size())? };
        let batched = Batched::new(cx, &self.axes, 1, shared)?;
        let result = at(&whole, &batched.indices)?;
        let (start, moved) = (start_of(&self.axes), start_of(&axes_of(&batched.indices)));
        let axis = match (batched.differ, shared) {
            (false, _) if start_of(&self.axes) == 0 && moved == 0 => batched.count,
            (false, _) => 0,
            (true, true) => start,
            (true, false) => {
                // The common axes stand behind that of the examples, whatever they did in one.
                let from: SmallVec<[i64; 6]> = (0..batched.count).map(|axis| 1 + axis as i64).collect();
                let to: SmallVec<[i64; 6]> = from.iter().map(|axis| axis + start as i64).collect();
                cx.put(views::movedim(&result, &from, &to)?, Some(0));
                return Ok(());
            }
        };
        cx.put(result, Some(axis));
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
pub(super) fn get(input: &Tensor, indices: &Indices) -> Result<Tensor> {
    at(input, &resolved("index", &input.shape(), indices)?)
}

/// The elements at positions: `i64`, at most one index per axis, in ascending order of these.
#[track_caller]
pub(in crate::ops) fn at(input: &Tensor, indices: &Indices) -> Result<Tensor> {
    call(Indexed { axes: axes_of(indices), shape: input.shape() }, &inputs_of(&[input], indices))
}

// ---- write ------------------------------------------------------------------------------------------------------------

/// A tensor, values, and the positions along axes to which these are written or added.
#[derive(Clone, PartialEq, Debug)]
struct Put {
    axes: Axes,
    accumulate: bool,
    /// Whether the value counts as a number, and may lie anywhere.
    is_number: bool,
}

impl Op for Put {
    fn name(&self) -> &str {
        "IndexPutBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable_inputs(&self) -> usize {
        2
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        write::into_copy(self, inputs)
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        (0..self.axes.len()).map(|at| Keep::Input(2 + at)).collect()
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        let indices = saved_indices(cx, &self.axes, 0)?;
        if cx.needs(1) {
            let taken = at(&grad, &indices)?;
            cx.put(1, taken);
        }
        if cx.needs(0) {
            let own = if self.accumulate {
                grad
            } else {
                let zero = Tensor::scalar(0i64, grad.dtype())?;
                put_at(&grad, false, &indices, &zero, false)?
            };
            cx.put(0, own);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.jointly_linear(2, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let batched = Batched::new(cx, &self.axes, 2, false)?;
        let count = batched.count;
        // The values as those of one example are broadcast, the examples in front of them.
        let rank = cx.example(0).rank() - self.axes.len() + count;
        let values = batching::front_of_rank(cx.input(1), cx.size(), rank)?;
        let (start, moved) = (start_of(&self.axes), start_of(&axes_of(&batched.indices)));
        let values = if batched.differ {
            let to: SmallVec<[i64; 6]> = (0..count).map(|axis| 1 + axis as i64).collect();
            let from: SmallVec<[i64; 6]> = to.iter().map(|axis| axis + start as i64).collect();
            views::movedim(&values, &from, &to)?
        } else if start == 0 && moved == 0 {
            views::movedim(&values, &[0], &[count as i64])?
        } else {
            values
        };
        cx.put(put_at(&whole, false, &batched.indices, &values, self.accumulate)?, Some(0));
        Ok(())
    }
}

impl Writing for Put {
    fn op(&self) -> &'static str {
        "index_put"
    }

    fn copy(&self, target: &Array) -> Result<Array> {
        target.duplicate(self.op())
    }

    fn in_order(&self) -> bool {
        true
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, source) = (&inputs[0], &inputs[1]);
        let lookups = Lookups::new(self.op(), own.shape(), &self.axes, inputs.iter().skip(2))?;
        if !shape::broadcasts_to(source.shape(), &lookups.shape) {
            return Err(Error::runtime(
                self.op(),
                format!(
                    "shape mismatch: value tensor of shape {:?} cannot be broadcast to indexing result of shape {:?}",
                    source.shape(),
                    lookups.shape.as_slice()
                ),
            ));
        }
        if source.dtype() != own.dtype() {
            return Err(Error::runtime(
                self.op(),
                format!(
                    "Index put requires the source and destination dtypes match, got {} for the destination and {} for the source.",
                    torch_name(own.dtype()),
                    torch_name(source.dtype())
                ),
            ));
        }
        reads.spared(source, self.is_number)?;
        lookups.arrays.into_iter().try_for_each(|(_, array)| reads.apart(array))
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        let lookups = Lookups::new(self.op(), target.shape(), &self.axes, reads[1..].iter().copied())?;
        let (values, found) = (reads[0].expand(&lookups.shape), lookups.operands());
        held.launch((&values, &found[..]), target, |(values, found), target| {
            let indices = kernel::Indices { along: &lookups.along(&found), start: lookups.start };
            kernel::index_put(target, indices, values, self.accumulate)
        })
        .map_err(|found| along::out_of_range(self.op(), found))
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
pub(super) fn put(
    input: &Tensor,
    in_place: bool,
    indices: &Indices,
    values: &Tensor,
    accumulate: bool,
) -> Result<Tensor> {
    // One value for the elements of a mask counts as a number, whatever its dtype.
    let is_number =
        !accumulate && values.numel() == 1 && matches!(indices.as_slice(), [(_, mask)] if is_mask(mask.dtype()));
    let values = if is_number { &copy::to_dtype(values, input.dtype())? } else { values };
    let indices = resolved("index_put", &input.shape(), indices)?;
    let op = Put { axes: axes_of(&indices), accumulate, is_number };
    write::written(op, in_place, &inputs_of(&[input, values], &indices))
}

/// Values written or added to the positions that [`at`] reads.
#[track_caller]
pub(in crate::ops) fn put_at(
    input: &Tensor,
    in_place: bool,
    indices: &Indices,
    values: &Tensor,
    accumulate: bool,
) -> Result<Tensor> {
    let op = Put { axes: axes_of(indices), accumulate, is_number: false };
    write::written(op, in_place, &inputs_of(&[input, values], indices))
}
