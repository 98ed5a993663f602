//! Whole slices along an axis at positions given by a vector: `index_select`, `index_add`, `index_copy`, `index_fill`.

use smallvec::SmallVec;

use super::index::{out_of_range, out_of_range_runtime, positions, same_dtype};
use super::write::{Target, Write, at_least_vector, source_of};
use super::{reduce, rows, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::index as kernel;
use crate::launch::{Held, launch};
use crate::ops::elementwise::{Arg, apply};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::{Operand, Tensor};

/// An index vector (or a tensor without axes) as `i64`.
fn vector(op: &'static str, index: &Tensor) -> Result<Array> {
    if index.rank() > 1 {
        return Err(Error::index(
            op,
            format!("{op}(): Index is supposed to be a vector, got {:?}", index.shape().as_slice()),
        ));
    }
    Ok(at_least_vector(&positions(op, index)?))
}

struct Selected {
    axis: usize,
    shape: Shape,
}

impl Op for Selected {
    fn name(&self) -> &str {
        "IndexSelectBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        let whole = Tensor::from_array(Array::zeros("index_add", &self.shape, grad.dtype())?);
        // A tensor without axes was selected from as a vector of one element.
        let shape = vector_shape(&self.shape, self.axis, index.numel());
        let grad = views::reshape_to(&grad, &shape)?;
        let grad = add_at(&Target::new(&whole, true)?, self.axis, &index, &grad.operand()?, Scalar::Int(1))?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
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
    let operand = input.operand()?;
    let rank = operand.array.rank();
    let axis = shape::normalize_axis(OP, axis, rank)?;
    let index = vector(OP, index)?;
    if rank == 0 && index.numel() != 1 {
        return Err(Error::runtime(
            OP,
            format!("index_select(): Index to scalar can have only 1 value, got {} value(s)", index.numel()),
        ));
    }
    selected(operand, axis, &index)
}

#[track_caller]
pub(super) fn select_at(input: &Tensor, axis: usize, index: &Array) -> Result<Tensor> {
    selected(input.operand()?, axis, index)
}

#[track_caller]
fn selected(operand: Operand, axis: usize, index: &Array) -> Result<Tensor> {
    const OP: &str = "index_select";
    let shape = vector_shape(operand.array.shape(), axis, index.numel());
    let output = Array::uninit(OP, &shape, operand.array.dtype())?;
    launch([&operand.array, index], &output, |[x, at], out| kernel::index_select(axis, x.at_least_vector(), at, out))
        .map_err(|found| out_of_range(OP, found))?;
    // One element selected from a tensor without axes is such a tensor.
    let output = if operand.array.rank() == 0 && index.numel() == 1 { output.with_layout(&[], &[], 0) } else { output };
    if is_recorded(&[&operand]) {
        let rule = Selected { axis, shape: operand.array.shape().into() };
        return record(rule, &[&operand], &[Save::Array(index)], output);
    }
    Ok(Tensor::from_array(output))
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

struct SlicesAdded {
    axis: usize,
    alpha: Scalar,
}

impl Op for SlicesAdded {
    fn name(&self) -> &str {
        "IndexAddBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.needs(1) {
            let taken = select_at(&grad, self.axis, &cx.saved_array(0)?)?;
            let scaled = if self.alpha.to_f64() == 1.0 {
                taken
            } else {
                apply(&rows::mul::ROW, &[], &[(&taken).into(), self.alpha.into()])?
            };
            cx.put(1, scaled);
        }
        if cx.needs(0) {
            cx.put(0, grad);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

#[track_caller]
fn add_at(target: &Target<'_>, axis: usize, index: &Array, source: &Operand, alpha: Scalar) -> Result<Tensor> {
    const OP: &str = "index_add";
    let scaled = if alpha.to_f64() == 1.0 {
        source.array.clone()
    } else {
        let _off = crate::graph::no_grad();
        let constant = Tensor::from_array(source.array.clone());
        apply(&rows::mul::ROW, &[], &[(&constant).into(), alpha.into()])?.array().cast(OP, source.array.dtype())?
    };
    let scaled = source_of(OP, target, &scaled, false)?;
    let reads = [index, &scaled];
    let write = Write { others: &[source], reads: &reads, ..Write::row_major(OP, target) };
    write.run(
        || SlicesAdded { axis, alpha },
        &[Save::Array(index)],
        |held, array| slices_raw(OP, held, array, axis, reads, true),
    )
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
    let (target, operand) = (&Target::new(input, in_place)?, source.operand()?);
    let own = target.array();
    let axis = shape::normalize_axis(OP, axis, own.rank())?;
    let index = vector(OP, index)?;
    same_dtype(OP, own.dtype(), operand.array.dtype())?;
    check_slices(OP, own.shape(), axis, index.numel(), operand.array.shape())?;
    add_at(target, axis, &index, &operand, alpha)
}

struct SlicesCopied {
    axis: usize,
}

impl Op for SlicesCopied {
    fn name(&self) -> &str {
        "IndexCopyBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        if cx.needs(1) {
            let taken = select_at(&grad, self.axis, &index)?;
            cx.put(1, taken);
        }
        if cx.needs(0) {
            let own = fill_at(&Target::new(&grad, false)?, self.axis, &index, Scalar::Int(0))?;
            cx.put(0, own);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// `input` with slices along `axis` at the positions of `index` replaced by those of `source`.
#[track_caller]
pub fn index_copy(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    const OP: &str = "index_copy";
    let (target, operand) = (&Target::new(input, in_place)?, source.operand()?);
    let (own, given) = (target.array().shape(), operand.array.shape());
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
    let index = vector(OP, index)?;
    same_dtype(OP, target.array().dtype(), operand.array.dtype())?;
    if given.get(axis).copied().unwrap_or(1) != index.numel() {
        return Err(Error::index(
            OP,
            format!(
                "index_copy(): Number of indices ({}) should be equal to source.size(dim), got a source of shape {given:?} and dim {axis}",
                index.numel()
            ),
        ));
    }
    check_slices(OP, own, axis, index.numel(), given)?;
    let values = source_of(OP, target, &operand.array, true)?;
    let reads = [&index, &values];
    let write = Write { others: &[&operand], reads: &reads, ..Write::row_major(OP, target) };
    write.run(
        || SlicesCopied { axis },
        &[Save::Array(&index)],
        |held, array| slices_raw(OP, held, array, axis, reads, false),
    )
}

struct SlicesFilled {
    axis: usize,
    name: &'static str,
}

impl Op for SlicesFilled {
    fn name(&self) -> &str {
        self.name
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        if cx.inputs() > 1 && cx.needs(1) {
            let taken = reduce::sum(&select_at(&grad, self.axis, &index)?, None, false, None)?;
            cx.put(1, taken);
        }
        if cx.needs(0) {
            let own = fill_at(&Target::new(&grad, false)?, self.axis, &index, Scalar::Int(0))?;
            cx.put(0, own);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// Indices of `index_fill` count from the end when negative.
fn fill_raw(held: &mut Held<'_>, target: &Array, axis: usize, index: &Array, value: &Array) -> Result<()> {
    const OP: &str = "index_fill";
    let source = value.expand(&vector_shape(target.shape(), axis, index.numel()));
    held.launch_in_order([index, &source], target, |[index, source], target| {
        kernel::index_add(axis, true, target.at_least_vector(), index, source, false)
    })
    .map_err(|found| out_of_range(OP, found))
}

#[track_caller]
fn fill_at(target: &Target<'_>, axis: usize, index: &Array, value: Scalar) -> Result<Tensor> {
    const OP: &str = "index_fill";
    let dtype = target.array().dtype();
    let number = Array::full(OP, &[], value.storable(OP, dtype)?, dtype)?;
    let write = Write { reads: &[index, &number], in_order: true, ..Write::new(OP, target) };
    let wrapped = wrapped(index, target.array(), axis)?;
    write.run(
        || SlicesFilled { axis, name: "IndexFillBackward0" },
        &[Save::Array(&wrapped)],
        |held, array| fill_raw(held, array, axis, index, &number),
    )
}

/// Indices counted from the end made to count from the front, so that the gradient can read there.
fn wrapped(index: &Array, own: &Array, axis: usize) -> Result<Array> {
    let values: Vec<i64> = index.to_vec();
    if values.iter().all(|&value| value >= 0) {
        return Ok(index.clone());
    }
    let size = own.shape().get(axis).copied().unwrap_or(1) as i64;
    let front: Vec<i64> = values.iter().map(|&value| if value < 0 { value + size } else { value }).collect();
    Array::from_slice(&front, index.shape())
}

/// `input` with slices along `axis` at the positions of `index` filled with one value: a number, or a tensor without
/// axes.
#[track_caller]
pub fn index_fill(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, value: Arg<'_>) -> Result<Tensor> {
    const OP: &str = "index_fill";
    let target = &Target::new(input, in_place)?;
    let axis = shape::normalize_axis(OP, axis, target.array().rank())?;
    if index.dtype() != DType::I64 {
        return Err(Error::index(OP, "index_fill_(): Expected dtype int64 for index."));
    }
    if index.rank() > 1 {
        return Err(Error::runtime(OP, format!("Index has to be a vector, got {:?}", index.shape().as_slice())));
    }
    let index = vector(OP, index)?;
    let tensor = match value {
        Arg::Scalar(number) => return fill_at(target, axis, &index, number),
        Arg::Tensor(tensor) if tensor.rank() == 0 => tensor,
        Arg::Tensor(tensor) => {
            return Err(Error::runtime(
                OP,
                format!(
                    "index_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
                    tensor.rank()
                ),
            ));
        }
    };
    let operand = tensor.operand()?;
    let number = source_of(OP, target, &operand.array.cast(OP, target.array().dtype())?, true)?;
    let wrapped = wrapped(&index, target.array(), axis)?;
    let write = Write { others: &[&operand], reads: &[&index, &number], in_order: true, ..Write::new(OP, target) };
    write.run(
        || SlicesFilled { axis, name: "IndexFillBackward1" },
        &[Save::Array(&wrapped)],
        |held, array| fill_raw(held, array, axis, &index, &number),
    )
}
