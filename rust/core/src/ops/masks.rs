//! Elements chosen by a mask or by their position in the flattened tensor: `nonzero`, `masked_select`,
//! `masked_scatter`, `take`, `put`.

use super::elementwise::Arg;
use super::index::{out_of_range, same_dtype};
use super::write::{Target, Write, source_of};
use super::{copy, indexing, padding, select, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::Out;
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::index as kernel;
use crate::launch::{NONE, launch};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

// ---- positions -----------------------------------------------------------------------------------------------------

/// The positions of the elements that are not zero, in row-major order: a `count × rank` matrix of `i64` that lies column
/// by column, as in PyTorch, so that the positions along one axis are a contiguous vector.
fn nonzero_array(array: &Array) -> Result<Array> {
    const OP: &str = "nonzero";
    let source = array.contiguous(OP)?;
    let rank = source.rank();
    // Held from counting to reading, so that nobody changes the elements in between; the output is nobody else's.
    let output = launch(&source, NONE, |x, []| -> Result<Array> {
        let found = kernel::count_nonzero(x);
        let output = Array::uninit(OP, &[rank, found.count()], DType::I64)?;
        launch(NONE, &output, |[], out| found.positions(out));
        Ok(output)
    })?;
    let count = output.shape()[1];
    Ok(output.with_layout(&[count, rank], &[1, count as isize], 0))
}

/// One vector of positions per axis.
pub(super) fn nonzero_columns(array: &Array) -> Result<Vec<Array>> {
    let positions = nonzero_array(array)?;
    Ok((0..array.rank()).map(|axis| positions.select(1, axis)).collect())
}

/// The positions of the elements that are not zero, one row each: `nonzero`, `argwhere`.
pub fn nonzero(input: &Tensor) -> Result<Tensor> {
    Ok(Tensor::from_array(nonzero_array(&input.array())?))
}

/// The positions of the elements that are not zero, one vector per axis; a tensor without axes counts as a vector.
pub fn nonzero_tuple(input: &Tensor) -> Result<Vec<Tensor>> {
    let array = super::write::at_least_vector(&input.array());
    Ok(nonzero_columns(&array)?.into_iter().map(Tensor::from_array).collect())
}

// ---- masks ---------------------------------------------------------------------------------------------------------

fn check_mask(op: &'static str, mask: DType) -> Result<()> {
    if mask == DType::Bool {
        return Ok(());
    }
    Err(Error::runtime(op, format!("{op}: expected BoolTensor for mask, got a mask of dtype {mask}")))
}

/// `masked_fill_` of a target whose elements share memory: a number is written where the mask says and nowhere else, while
/// the row of that name writes every element.
#[track_caller]
pub(super) fn fill_shared(target: &Tensor, mask: &Tensor, value: Arg<'_>) -> Result<()> {
    let value = match value {
        Arg::Scalar(number) => Tensor::scalar(number, target.dtype())?,
        Arg::Tensor(tensor) => copy::to_dtype(tensor, target.dtype())?,
    };
    let mask = views::broadcast_to(mask, &target.shape())?;
    indexing::index_put(target, true, &[Some(mask)], &value, false).map(drop)
}

struct MaskSelected {
    shape: Shape,
}

impl Op for MaskSelected {
    fn name(&self) -> &str {
        "MaskedSelectBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, mask) = (cx.only_grad(), cx.saved(0)?);
        // The engine sums over the axes along which the input was broadcast.
        let whole = Tensor::from_array(Array::zeros("masked_scatter", &self.shape, grad.dtype())?);
        let grad = masked_scatter(&whole, true, &mask, &grad)?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("mask", 0)]
    }
}

/// The elements where `mask` is true, as a vector; input and mask broadcast against each other.
#[track_caller]
pub fn masked_select(input: &Tensor, mask: &Tensor) -> Result<Tensor> {
    const OP: &str = "masked_select";
    let (operand, mask) = (input.operand()?, mask.array());
    check_mask(OP, mask.dtype())?;
    let shape = shape::broadcast(OP, operand.array.shape(), mask.shape())?;
    let source = operand.array.expand(&shape).contiguous(OP)?;
    let mask = mask.expand(&shape).contiguous(OP)?;
    // As in `nonzero`.
    let output = launch([&source, &mask], NONE, |[x, mask], []| -> Result<Array> {
        let found = kernel::count_nonzero(mask);
        let output = Array::uninit(OP, &[found.count()], source.dtype())?;
        launch(NONE, &output, |[], out| found.select(x, out));
        Ok(output)
    })?;
    if is_recorded(&[&operand]) {
        return record(MaskSelected { shape }, &[&operand], &[Save::Array(&mask)], output);
    }
    Ok(Tensor::from_array(output))
}

struct MaskScattered {
    source: Shape,
}

impl Op for MaskScattered {
    fn name(&self) -> &str {
        "MaskedScatterBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, mask) = (cx.only_grad(), cx.saved(0)?);
        if cx.needs(1) {
            let taken = masked_select(&grad, &mask)?;
            // Values that were left over have gradient zero.
            let all = padding::extend_to(&taken, &[self.source.iter().product()])?;
            cx.put(1, views::reshape_to(&all, &self.source)?);
        }
        if cx.needs(0) {
            cx.put(0, select::where_(&mask, Scalar::Int(0).into(), (&grad).into())?);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("mask", 0)]
    }
}

/// `input` with the elements where `mask` (broadcast) is true replaced by those of `source`, in row-major order.
#[track_caller]
pub fn masked_scatter(input: &Tensor, in_place: bool, mask: &Tensor, source: &Tensor) -> Result<Tensor> {
    const OP: &str = "masked_scatter";
    let (target, operand, mask) = (&Target::new(input, in_place)?, source.operand()?, mask.array());
    check_mask(OP, mask.dtype())?;
    let (own, given) = (target.array(), &operand.array);
    if own.dtype() != given.dtype() {
        return Err(Error::runtime(
            OP,
            format!(
                "masked_scatter: expected self and source to have same dtypes but got {} and {}",
                torch_name(own.dtype()),
                torch_name(given.dtype())
            ),
        ));
    }
    let common = shape::broadcast(OP, own.shape(), mask.shape())?;
    if common.as_slice() != own.shape() {
        if in_place {
            return Err(Error::runtime(
                OP,
                format!(
                    "output with shape {:?} doesn't match the broadcast shape {:?}",
                    own.shape(),
                    common.as_slice()
                ),
            ));
        }
        return masked_scatter(&views::broadcast_to(input, &common)?, false, &Tensor::from_array(mask), source);
    }
    let values = source_of(OP, target, &given.contiguous(OP)?, true)?;
    let mask = source_of(OP, target, &mask.expand(own.shape()).contiguous(OP)?, true)?;
    let reads = [&mask, &values];
    let write = Write { others: &[&operand], reads: &reads, ..Write::row_major(OP, target) };
    write.run(
        || MaskScattered { source: given.shape().into() },
        &[Save::Array(&mask)],
        |held, array| {
            held.launch(reads, array, |[mask, values], target| {
                let found = kernel::count_nonzero(mask);
                if found.count() > values.numel() {
                    return Err(Error::runtime(
                        OP,
                        format!(
                            "Number of elements of source < number of ones in mask: {} elements for {} positions",
                            values.numel(),
                            found.count()
                        ),
                    ));
                }
                on_row_major(OP, target, |target| {
                    found.scatter(values, target);
                    Ok(())
                })
            })
        },
    )
}

/// Runs `body` on row-major memory: the target's own, or a copy that is then written back.
fn on_row_major(op: &'static str, target: Out<'_>, body: impl FnOnce(Out<'_>) -> Result<()>) -> Result<()> {
    if target.is_row_major() {
        return body(target);
    }
    let flat = Array::uninit(op, target.shape(), target.dtype())?;
    launch(NONE, &flat, |[], mut flat| {
        copy_elements(target.as_in(), flat.reborrow());
        body(flat.reborrow())?;
        copy_elements(flat.as_in(), target);
        Ok(())
    })
}

// ---- flat positions ------------------------------------------------------------------------------------------------

/// Positions in the flattened tensor: `i64`, row-major.
fn flat_positions(op: &'static str, index: &Tensor) -> Result<Array> {
    let index = index.array();
    if index.dtype() != DType::I64 {
        return Err(Error::runtime(
            op,
            format!("{op}(): Expected a long tensor for index, but got {}", torch_name(index.dtype())),
        ));
    }
    index.contiguous(op)
}

struct Taken {
    shape: Shape,
}

impl Op for Taken {
    fn name(&self) -> &str {
        "TakeBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved(0)?);
        let whole = Tensor::from_array(Array::zeros("put", &self.shape, grad.dtype())?);
        let grad = put(&whole, true, &index, &grad, true)?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// The elements at positions of the flattened `input`, in the shape of `index`; negative positions count from the end.
#[track_caller]
pub fn take(input: &Tensor, index: &Tensor) -> Result<Tensor> {
    const OP: &str = "take";
    let (operand, positions) = (input.operand()?, flat_positions(OP, index)?);
    let source = operand.array.contiguous(OP)?;
    if source.numel() == 0 && positions.numel() > 0 {
        return Err(Error::index(OP, "take(): tried to take from an empty tensor"));
    }
    let output = Array::uninit(OP, positions.shape(), source.dtype())?;
    launch([&source, &positions], &output, |[x, at], out| kernel::take(x, at, out))
        .map_err(|found| out_of_range(OP, found))?;
    if is_recorded(&[&operand]) {
        let rule = Taken { shape: operand.array.shape().into() };
        return record(rule, &[&operand], &[Save::Array(&positions)], output);
    }
    Ok(Tensor::from_array(output))
}

struct PutFlat {
    accumulate: bool,
    source: Shape,
}

impl Op for PutFlat {
    fn name(&self) -> &str {
        "PutBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved(0)?);
        if cx.needs(1) {
            let taken = take(&grad, &index)?;
            cx.put(1, views::reshape_to(&taken, &self.source)?);
        }
        if cx.needs(0) {
            let own = if self.accumulate {
                grad
            } else {
                let zeros = Tensor::from_array(Array::zeros("put", &index.shape(), grad.dtype())?);
                put(&grad, false, &index, &zeros, false)?
            };
            cx.put(0, own);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// `input` with `source` written (or, with `accumulate`, added) at positions of the flattened tensor.
#[track_caller]
pub fn put(input: &Tensor, in_place: bool, index: &Tensor, source: &Tensor, accumulate: bool) -> Result<Tensor> {
    const OP: &str = "put_";
    let (target, operand) = (&Target::new(input, in_place)?, source.operand()?);
    let positions = flat_positions(OP, index)?;
    same_dtype(OP, target.array().dtype(), operand.array.dtype())?;
    let values = source_of(OP, target, &operand.array.contiguous(OP)?, false)?;
    if positions.numel() != values.numel() {
        return Err(Error::index(
            OP,
            format!(
                "put_(): Expected source and index to have the same number of elements, but got source.numel() = {}, index.numel() = {}",
                values.numel(),
                positions.numel()
            ),
        ));
    }
    if target.array().numel() == 0 && positions.numel() > 0 {
        return Err(Error::index(OP, "put_(): cannot put elements into an empty tensor"));
    }
    let reads = [&positions, &values];
    let write = Write { others: &[&operand], reads: &reads, ..Write::new(OP, target) };
    write.run(
        || PutFlat { accumulate, source: operand.array.shape().into() },
        &[Save::Array(&positions)],
        |held, array| {
            held.launch(reads, array, |[at, values], target| {
                on_row_major(OP, target, |target| {
                    kernel::put_flat(target, at, values, accumulate).map_err(|found| out_of_range(OP, found))
                })
            })
        },
    )
}
