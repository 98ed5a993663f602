//! Whole slices along an axis at positions given by a vector: `index_select`, `index_add`, `index_copy`, `index_fill`.

use smallvec::SmallVec;

use super::along::{self, out_of_range, out_of_range_runtime, positions, same_dtype};
use super::places::{IntoZeros, Placing, Read, Reading};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::Inputs;
use crate::graph::transform::Batch;
use crate::kernels::index as kernel;
use crate::launch::{Held, launch_stored};
use crate::ops::elementwise::{Arg, apply, select};
use crate::ops::writing::copy;
use crate::ops::writing::write::{self, Reads, Writing};
use crate::ops::{batching, rows, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// An index vector (or a tensor without axes) as an `i64` vector.
#[track_caller]
fn vector(op: &'static str, index: &Tensor) -> Result<Tensor> {
    match index.rank() {
        0 => positions(op, &views::unsqueeze(index, 0)?),
        1 => positions(op, index),
        _ => Err(Error::index(
            op,
            format!("{op}(): Index is supposed to be a vector, got {:?}", index.shape().as_slice()),
        )),
    }
}

/// A batch of index vectors as an index of the shape of `like` but along `axis`: position by position.
#[track_caller]
fn spread(index: &Tensor, like: &[usize], axis: usize) -> Result<Tensor> {
    let (given, mut apart) = (index.shape(), Shape::from_elem(1, like.len()));
    (apart[0], apart[axis]) = (given[0], given[1]);
    let mut shape: Shape = like.into();
    shape[axis] = given[1];
    views::broadcast_to(&views::reshape_to(index, &apart)?, &shape)
}

/// A shape with another size along `axis`; a shape without axes counts as one axis.
fn vector_shape(shape: &[usize], axis: usize, size: usize) -> Shape {
    let mut result: Shape = if shape.is_empty() { SmallVec::from_slice(&[1]) } else { shape.into() };
    result[axis] = size;
    result
}

/// Whole slices of `input` along `axis`, in the order `index` gives.
#[track_caller]
pub fn index_select(input: &Tensor, axis: i64, index: &Tensor) -> Result<Tensor> {
    const OP: &str = "index_select";
    let rank = input.rank();
    let axis = shape::normalize_axis(OP, axis, rank)?;
    let index = vector(OP, index)?;
    if rank == 0 && index.numel() != 1 {
        return Err(Error::runtime(
            OP,
            format!("index_select(): Index to scalar can have only 1 value, got {} value(s)", index.numel()),
        ));
    }
    select_at(input, axis, &index)
}

/// [`index_select`] with an `i64` vector.
#[track_caller]
pub(in crate::ops) fn select_at(input: &Tensor, axis: usize, index: &Tensor) -> Result<Tensor> {
    call(Read(Selected { axis, shape: input.shape() }), &[input, index])
}

/// The slices of the first input along an axis that the second names.
#[derive(Clone, PartialEq, Debug)]
struct Selected {
    axis: usize,
    /// Of the input.
    shape: Shape,
}

impl Reading for Selected {
    type Back = SlicesAdded;

    fn node(&self) -> &'static str {
        "IndexSelectBackward0"
    }

    fn elements(&self, inputs: &Inputs<'_>) -> Result<Array> {
        const OP: &str = "index_select";
        let (x, index) = (&inputs[0], &inputs[1]);
        if x.shape() != self.shape.as_slice() || index.rank() != 1 {
            return Err(Error::runtime(OP, "another thread has given an input another shape meanwhile"));
        }
        let shape = vector_shape(x.shape(), self.axis, index.numel());
        let output = Array::uninit(OP, &shape, x.dtype())?;
        launch_stored([x, index], &output, |[x, at], out| {
            kernel::index_select(self.axis, x.at_least_vector(), at, out)
        })
        .map_err(|found| out_of_range(OP, found))?;
        // One element selected from a tensor without axes is such a tensor.
        let number = x.rank() == 0 && index.numel() == 1;
        Ok(if number { output.with_layout(&[], &[], 0) } else { output })
    }

    fn back(&self, _gradients: &[usize]) -> IntoZeros<SlicesAdded> {
        IntoZeros { op: SlicesAdded { axis: self.axis, alpha: Scalar::Int(1) }, shape: self.shape.clone() }
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front_vectors(cx.input(0), cx.size())?;
        let axis = self.axis + 1;
        let index = cx.input(1);
        let result = if index.axis.is_none() {
            select_at(&whole, axis, &index.tensor)?
        } else {
            let index = batching::front(index, cx.size())?;
            along::take_along(&whole, axis, &spread(&index, &whole.shape(), axis)?)?
        };
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }
}

/// Source and target of a write of slices agree but along the axis, where the source has one slice per index.
fn check_slices(op: &'static str, own: &[usize], axis: usize, count: usize, source: &[usize]) -> Result<()> {
    let given: Shape = if source.is_empty() { SmallVec::from_slice(&[1]) } else { source.into() };
    if given.len() != own.len().max(1) || given[axis] != count {
        return Err(Error::runtime(
            op,
            format!(
                "{op}(): Number of indices ({count}) should be equal to source.size(dim): source has shape {source:?}, dim is {axis}"
            ),
        ));
    }
    if vector_shape(own, axis, count) != given {
        return Err(Error::runtime(
            op,
            format!(
                "{op}(): source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = {own:?} source.shape = {source:?}"
            ),
        ));
    }
    Ok(())
}

/// Runs a write of slices on memory whose state is held.
fn slices_raw(
    op: &'static str,
    held: &mut Held<'_>,
    target: &Array,
    axis: usize,
    reads: [&Array; 2],
    add: bool,
) -> Result<()> {
    held.launch(reads, target, |[index, source], target| {
        kernel::index_add(axis, false, target.at_least_vector(), index, source.at_least_vector(), add)
    })
    // PyTorch raises another class where slices of several axes are added.
    .map_err(|found| if add && target.rank() > 1 { out_of_range_runtime(op, found) } else { out_of_range(op, found) })
}

/// Target, source and positions of slices that are added.
#[derive(Clone, PartialEq, Debug)]
struct SlicesAdded {
    axis: usize,
    alpha: Scalar,
}

impl SlicesAdded {
    fn is_scaled(&self) -> bool {
        !self.alpha.is_one()
    }

    #[track_caller]
    fn scaled(&self, source: &Tensor) -> Result<Tensor> {
        if !self.is_scaled() {
            return Ok(source.clone());
        }
        copy::to_dtype(&apply(&rows::mul::ROW, &[], &[source.into(), self.alpha.into()])?, source.dtype())
    }
}

impl Placing for SlicesAdded {
    fn node(&self) -> &'static str {
        "IndexAddBackward0"
    }

    fn taken(&self, grad: &Tensor, places: &Tensor) -> Result<Tensor> {
        self.scaled(&select_at(grad, self.axis, places)?)
    }

    fn left(&self, grad: Tensor, _: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        Ok(grad)
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = |input: usize| batching::front_vectors(cx.input(input), cx.size());
        let (target, source, index, axis) = (part(0)?, part(1)?, cx.input(2), self.axis + 1);
        let result = if index.axis.is_none() {
            add_at(&target, false, axis, &index.tensor, &source, self.alpha)?
        } else {
            let index = spread(&batching::front(index, cx.size())?, &source.shape(), axis)?;
            along::scattered(along::Scatter::Add, &target, false, axis, &index, &self.scaled(&source)?)?
        };
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }
}

impl Writing for SlicesAdded {
    fn op(&self) -> &'static str {
        "index_add"
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, source, index) = (&inputs[0], &inputs[1], &inputs[2]);
        same_dtype(self.op(), own.dtype(), source.dtype())?;
        check_slices(self.op(), own.shape(), self.axis, index.numel(), source.shape())?;
        reads.apart(index.clone())?;
        if !self.is_scaled() {
            return reads.spared(source, false);
        }
        let _off = crate::graph::no_grad();
        reads.apart(self.scaled(&Tensor::from_array(source.clone()))?.array())
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        slices_raw(self.op(), held, target, self.axis, [reads[0], reads[1]], true)
    }
}

#[track_caller]
fn add_at(
    target: &Tensor,
    in_place: bool,
    axis: usize,
    index: &Tensor,
    source: &Tensor,
    alpha: Scalar,
) -> Result<Tensor> {
    write::written(SlicesAdded { axis, alpha }, in_place, &[target, source, index])
}

/// `input` with slices of `alpha·source` added along `axis` at the positions of `index`, in order.
#[track_caller]
pub fn index_add(
    input: &Tensor,
    in_place: bool,
    axis: i64,
    index: &Tensor,
    source: &Tensor,
    alpha: Scalar,
) -> Result<Tensor> {
    const OP: &str = "index_add";
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    add_at(input, in_place, axis, &vector(OP, index)?, source, alpha)
}

/// Target, source and positions of slices that are replaced.
#[derive(Clone, PartialEq, Debug)]
struct SlicesCopied {
    axis: usize,
}

impl Placing for SlicesCopied {
    fn node(&self) -> &'static str {
        "IndexCopyBackward0"
    }

    fn taken(&self, grad: &Tensor, places: &Tensor) -> Result<Tensor> {
        select_at(grad, self.axis, places)
    }

    fn left(&self, grad: Tensor, places: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        fill_at(&grad, false, self.axis, &places()?, Scalar::Int(0))
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = |input: usize| batching::front_vectors(cx.input(input), cx.size());
        let (target, source, index, axis) = (part(0)?, part(1)?, cx.input(2), self.axis + 1);
        let result = if index.axis.is_none() {
            call(Self { axis }, &[&target, &source, &index.tensor])?
        } else {
            let index = spread(&batching::front(index, cx.size())?, &source.shape(), axis)?;
            along::scattered(along::Scatter::Set, &target, false, axis, &index, &source)?
        };
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }
}

impl Writing for SlicesCopied {
    fn op(&self) -> &'static str {
        "index_copy"
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, source, index) = (&inputs[0], &inputs[1], &inputs[2]);
        same_dtype(self.op(), own.dtype(), source.dtype())?;
        let given = source.shape();
        if given.get(self.axis).copied().unwrap_or(1) != index.numel() {
            return Err(Error::index(
                self.op(),
                format!(
                    "index_copy(): Number of indices ({}) should be equal to source.size(dim), got a source of shape {given:?} and dim {}",
                    index.numel(),
                    self.axis
                ),
            ));
        }
        check_slices(self.op(), own.shape(), self.axis, index.numel(), given)?;
        reads.apart(index.clone())?;
        reads.spared(source, false)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        slices_raw(self.op(), held, target, self.axis, [reads[0], reads[1]], false)
    }
}

/// `input` with slices along `axis` at the positions of `index` replaced by those of `source`.
#[track_caller]
pub fn index_copy(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    const OP: &str = "index_copy";
    let (own, given) = (input.shape(), source.shape());
    let axis = shape::normalize_axis(OP, axis, own.len())?;
    if !own.is_empty() && !given.is_empty() && own.len() != given.len() {
        return Err(Error::index(
            OP,
            format!("index_copy(): source must have as many axes as self, got shapes {given:?} and {own:?}"),
        ));
    }
    if index.dtype() != DType::I64 {
        let reason = format!("index_copy(): Expected a long tensor for index, but got {}", index.dtype());
        return Err(Error::runtime(OP, reason));
    }
    write::written(SlicesCopied { axis }, in_place, &[input, source, &vector(OP, index)?])
}

/// Target, value (without axes) and positions of slices that are filled. Positions count from the end when negative.
#[derive(Clone, PartialEq, Debug)]
struct SlicesFilled {
    axis: usize,
    /// Whether the value was given as a number.
    number: bool,
}

impl Placing for SlicesFilled {
    fn node(&self) -> &'static str {
        if self.number { "IndexFillBackward0" } else { "IndexFillBackward1" }
    }

    fn has_gradient_of_values(&self) -> bool {
        !self.number
    }

    fn taken(&self, grad: &Tensor, places: &Tensor) -> Result<Tensor> {
        // A slice that is named twice is filled once.
        let mut line = grad.detach();
        for axis in (0..line.rank()).filter(|&axis| axis != self.axis) {
            let length = line.shape()[axis].min(1) as i64;
            line = views::narrow(&line, axis as i64, 0, length)?;
        }
        let filled = fill_at(&copy::filled_like(&line, Scalar::Int(0))?, false, self.axis, places, Scalar::Int(1))?;
        select::where_(&filled.ne(0.0)?, grad.into(), Scalar::Int(0).into())?.sum()
    }

    fn left(&self, grad: Tensor, places: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        fill_at(&grad, false, self.axis, &places()?, Scalar::Int(0))
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (value, index) = (cx.input(1).clone(), cx.input(2).clone());
        let (target, axis) = (batching::front_vectors(cx.input(0), cx.size())?, self.axis + 1);
        let result = if index.axis.is_none() && value.axis.is_none() {
            call(Self { axis, ..self.clone() }, &[&target, &value.tensor, &index.tensor])?
        } else {
            let shape = target.shape();
            let index = from_front(&batching::front(&index, cx.size())?, shape[axis])?;
            let index = spread(&index, &shape, axis)?;
            let value = batching::front_of_rank(&value, cx.size(), shape.len() - 1)?;
            let source = views::broadcast_to(&value, &index.shape())?;
            along::scattered(along::Scatter::Set, &target, false, axis, &index, &source)?
        };
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }
}

impl Writing for SlicesFilled {
    fn op(&self) -> &'static str {
        "index_fill"
    }

    fn copy(&self, target: &Array) -> Result<Array> {
        target.duplicate(self.op())
    }

    fn in_order(&self) -> bool {
        true
    }

    fn deprecated_if_shared(&self) -> Option<[&'static str; 2]> {
        Some(["index_fill_", "tensor[mask] = scalar"])
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, value, index) = (&inputs[0], &inputs[1], &inputs[2]);
        reads.apart(index.clone())?;
        reads.spared(&value.cast(self.op(), own.dtype())?, true)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        let (index, value) = (reads[0], reads[1]);
        let source = value.expand(&vector_shape(target.shape(), self.axis, index.numel()));
        held.launch([index, &source], target, |[index, source], target| {
            kernel::index_add(self.axis, true, target.at_least_vector(), index, source, false)
        })
        .map_err(|found| out_of_range(self.op(), found))
    }
}

/// Positions counted from the end made to count from the front.
#[track_caller]
fn from_front(index: &Tensor, size: usize) -> Result<Tensor> {
    let zero = || Scalar::Int(0).into();
    let behind = apply(&rows::lt::ROW, &[], &[index.into(), zero()])?;
    let moved = apply(&rows::add::ROW, &[], &[index.into(), Scalar::Int(size as i64).into()])?;
    select::where_(&behind, (&moved).into(), index.into())
}

#[track_caller]
fn fill_at(target: &Tensor, in_place: bool, axis: usize, index: &Tensor, value: Scalar) -> Result<Tensor> {
    let dtype = target.dtype();
    let number = Tensor::from_array(Array::full("index_fill", &[], value.storable("index_fill", dtype)?, dtype)?);
    write::written(SlicesFilled { axis, number: true }, in_place, &[target, &number, index])
}

/// `input` with slices along `axis` at the positions of `index` filled with one value: a number, or a tensor without
/// axes.
#[track_caller]
pub fn index_fill(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, value: Arg<'_>) -> Result<Tensor> {
    const OP: &str = "index_fill";
    if matches!(value, Arg::Scalar(Scalar::Complex(..))) && !input.dtype().is_complex() {
        return Err(Error::runtime(
            OP,
            "index_fill_(): Converting complex Scalar to non-complex type is not supported",
        ));
    }
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    if index.dtype() != DType::I64 {
        return Err(Error::index(OP, "index_fill_(): Expected dtype int64 for index."));
    }
    if index.rank() > 1 {
        return Err(Error::runtime(OP, format!("Index has to be a vector, got {:?}", index.shape().as_slice())));
    }
    let index = vector(OP, index)?;
    match value {
        Arg::Scalar(number) => fill_at(input, in_place, axis, &index, number),
        Arg::Tensor(value) if value.rank() == 0 => {
            write::written(SlicesFilled { axis, number: false }, in_place, &[input, value, &index])
        }
        Arg::Tensor(tensor) => Err(Error::runtime(
            OP,
            format!(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
                tensor.rank()
            ),
        )),
    }
}
