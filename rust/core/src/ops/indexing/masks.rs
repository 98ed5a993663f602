//! Elements chosen by a mask or by their position in the flattened tensor: `nonzero`, `masked_select`,
//! `masked_scatter`, `take`, `put`.

use smallvec::smallvec;

use super::Indices;
use super::along::{out_of_range, same_dtype, take_along};
use super::places::{IntoZeros, Placing, Read, Reading};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::Inputs;
use crate::graph::transform::Batch;
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::{Out, index as kernel};
use crate::launch::{Held, NONE, launch, launch_stored};
use crate::ops::arranging::padding;
use crate::ops::elementwise::{Arg, apply, select};
use crate::ops::reductions::scan;
use crate::ops::writing::copy;
use crate::ops::writing::write::{self, Reads, Writing};
use crate::ops::{batching, indexing, rows, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;
use crate::warning;

// ---- positions -----------------------------------------------------------------------------------------------------

/// The positions of the elements that are not zero, in row-major order: a `count × rank` matrix of `i64` that lies column
/// by column, as in PyTorch, so that the positions along one axis are a contiguous vector.
fn nonzero_array(array: &Array) -> Result<Array> {
    const OP: &str = "nonzero";
    array.require_data(OP)?;
    let source = array.contiguous(OP)?;
    let rank = source.rank();
    // Held from counting to reading, so that nobody changes the elements in between; the output is nobody else's.
    let output = launch_stored(&source, NONE, |x, []| -> Result<Array> {
        let found = kernel::count_nonzero(x);
        let output = Array::uninit(OP, &[rank, found.count()], DType::I64)?;
        launch_stored(NONE, &output, |[], out| found.positions(out));
        Ok(output)
    })?;
    let count = output.shape()[1];
    Ok(output.with_layout(&[count, rank], &[1, count as isize], 0))
}

/// One vector of positions per axis.
pub(in crate::ops) fn nonzero_columns(array: &Array) -> Result<Vec<Array>> {
    let positions = nonzero_array(array)?;
    Ok((0..array.rank()).map(|axis| positions.select(1, axis)).collect())
}

/// The positions of the elements that are not zero, one row each: `nonzero`, `argwhere`.
pub fn nonzero(input: &Tensor) -> Result<Tensor> {
    batching::refuse_dynamic("nonzero", &[input])?;
    Ok(Tensor::from_array(nonzero_array(&input.array())?))
}

/// The positions of the elements that are not zero, one vector per axis; a tensor without axes counts as a vector. `op` is who
/// asks.
pub fn nonzero_tuple(op: &'static str, input: &Tensor) -> Result<Vec<Tensor>> {
    batching::refuse_dynamic(op, &[input])?;
    let array = write::at_least_vector(&input.array());
    Ok(nonzero_columns(&array)?.into_iter().map(Tensor::from_array).collect())
}

// ---- masks ---------------------------------------------------------------------------------------------------------

/// Bytes are taken for a mask, which is not what other integers are.
pub(super) fn warn_of_bytes(index: &Tensor) -> Result<()> {
    if index.dtype() != DType::U8 {
        return Ok(());
    }
    warning::warn("index", || {
        "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead: it is taken for a mask, not for \
         positions."
            .to_owned()
    })
}

fn check_mask(op: &'static str, mask: DType) -> Result<()> {
    if mask == DType::Bool {
        return Ok(());
    }
    Err(Error::runtime(op, format!("{op}: expected BoolTensor for mask, got a mask of dtype {mask}")))
}

/// `masked_fill_` of a target whose elements share memory: a number is written where the mask says and nowhere else, while
/// the row of that name writes every element.
#[track_caller]
pub(in crate::ops) fn fill_shared(target: &Tensor, mask: &Tensor, value: Arg<'_>) -> Result<()> {
    let value = match value {
        Arg::Scalar(number) => Tensor::scalar(number, target.dtype())?,
        Arg::Tensor(tensor) => copy::to_dtype(tensor, target.dtype())?,
    };
    let mask = views::broadcast_to(mask, &target.shape())?;
    indexing::index_put(target, true, &[Some(mask)], &value, false).map(drop)
}

/// The elements of an input where a mask is true, both broadcast to a shape.
#[derive(Clone, PartialEq, Debug)]
struct MaskSelected {
    shape: Shape,
}

impl Reading for MaskSelected {
    const PLACES: &'static str = "mask";

    type Back = MaskScattered;

    fn node(&self) -> &'static str {
        "MaskedSelectBackward0"
    }

    fn elements(&self, inputs: &Inputs<'_>) -> Result<Array> {
        const OP: &str = "masked_select";
        let (x, mask) = (&inputs[0], &inputs[1]);
        check_mask(OP, mask.dtype())?;
        if shape::broadcast(OP, x.shape(), mask.shape())? != self.shape {
            return Err(Error::runtime(OP, "another thread has given an input another shape meanwhile"));
        }
        mask.require_data(OP)?;
        let (source, mask) = (x.expand(&self.shape).contiguous(OP)?, mask.expand(&self.shape).contiguous(OP)?);
        // As in `nonzero`.
        let output = launch_stored([&source, &mask], NONE, |[x, mask], []| -> Result<Array> {
            let found = kernel::count_nonzero(mask);
            let output = Array::uninit(OP, &[found.count()], source.dtype())?;
            launch_stored(NONE, &output, |[], out| found.select(x, out));
            Ok(output)
        })?;
        Ok(output)
    }

    fn back(&self, gradients: &[usize]) -> IntoZeros<MaskScattered> {
        IntoZeros { op: MaskScattered { source: gradients.into() }, shape: self.shape.clone() }
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let mask = cx.input(1);
        if mask.axis.is_some() {
            return Err(Error::runtime(
                "masked_select",
                "vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot support this because for \
                 each batch this would return a differently shaped Tensor.",
            ));
        }
        let rank = self.shape.len();
        let mut whole = batching::front_of_rank(cx.input(0), cx.size(), rank)?;
        let mut mask = views::broadcast_to(&mask.tensor, &self.shape)?;
        if rank == 0 {
            (whole, mask) = (views::unsqueeze(&whole, 1)?, views::unsqueeze(&mask, 0)?);
        }
        let shape: Shape = std::iter::once(cx.size()).chain(mask.shape()).collect();
        let columns = nonzero_tuple("nonzero", &mask)?.into_iter().enumerate();
        let indices: Indices = columns.map(|(axis, column)| (axis + 1, column)).collect();
        cx.put(indexing::at(&views::broadcast_to(&whole, &shape)?, &indices)?, Some(0));
        Ok(())
    }
}

/// The elements where `mask` is true, as a vector; input and mask broadcast against each other.
#[track_caller]
pub fn masked_select(input: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let shape = shape::broadcast("masked_select", &input.shape(), &mask.shape())?;
    call(Read(MaskSelected { shape }), &[input, mask])
}

/// A target, values, and a mask of the places that these are written to, in row-major order.
#[derive(Clone, PartialEq, Debug)]
struct MaskScattered {
    /// Shape of the values.
    source: Shape,
}

impl Placing for MaskScattered {
    const PLACES: &'static str = "mask";

    fn node(&self) -> &'static str {
        "MaskedScatterBackward0"
    }

    /// Those that were left over have no gradient.
    fn taken(&self, grad: &Tensor, places: &Tensor) -> Result<Tensor> {
        call(Read(MaskTaken { source: self.source.clone(), shape: grad.shape() }), &[grad, places])
    }

    fn left(&self, grad: Tensor, places: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        select::where_(&places()?, Scalar::Int(0).into(), (&grad).into())
    }

    /// Each place takes the value at the number of places before it.
    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (size, rank) = (cx.size(), cx.example(0).rank());
        let target = batching::front(cx.input(0), size)?;
        let mask = views::broadcast_to(&batching::front_of_rank(cx.input(2), size, rank)?, &target.shape())?;
        let values = views::reshape(
            &batching::front(cx.input(1), size)?,
            &[size as i64, self.source.iter().product::<usize>() as i64],
        )?;
        if values.numel() == 0 || target.numel() == 0 {
            cx.put(copy::clone(&target)?, Some(0));
            return Ok(());
        }
        let flat = views::reshape(&mask, &[size as i64, -1])?;
        let before = apply(&rows::sub::ROW, &[], &[(&scan::cumsum(&flat, 1, None)?).into(), Scalar::Int(1).into()])?;
        let nowhere = apply(&rows::logical_not::ROW, &[], &[(&flat).into()])?;
        let before =
            apply(&rows::masked_fill::ROW, &[], &[(&before).into(), (&nowhere).into(), Scalar::Int(0).into()])?;
        let taken = views::reshape_to(&take_along(&values, 1, &before)?, &target.shape())?;
        cx.put(select::where_(&mask, (&taken).into(), (&target).into())?, Some(0));
        Ok(())
    }
}

impl Writing for MaskScattered {
    fn op(&self) -> &'static str {
        "masked_scatter"
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, given, mask) = (&inputs[0], &inputs[1], &inputs[2]);
        check_mask(self.op(), mask.dtype())?;
        if own.dtype() != given.dtype() {
            return Err(Error::runtime(
                self.op(),
                format!(
                    "masked_scatter: expected self and source to have same dtypes but got {} and {}",
                    torch_name(own.dtype()),
                    torch_name(given.dtype())
                ),
            ));
        }
        let common = shape::broadcast(self.op(), own.shape(), mask.shape())?;
        if common.as_slice() != own.shape() {
            return Err(Error::runtime(
                self.op(),
                format!(
                    "output with shape {:?} doesn't match the broadcast shape {:?}",
                    own.shape(),
                    common.as_slice()
                ),
            ));
        }
        reads.spared(&mask.expand(own.shape()).contiguous(self.op())?, true)?;
        reads.spared(&given.contiguous(self.op())?, true)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        held.launch_stored([reads[0], reads[1]], target, |[mask, values], target| {
            let found = kernel::count_nonzero(mask);
            if found.count() > values.numel() {
                return Err(Error::runtime(
                    self.op(),
                    format!(
                        "Number of elements of source < number of ones in mask: {} elements for {} positions",
                        values.numel(),
                        found.count()
                    ),
                ));
            }
            on_row_major(self.op(), target, |target| {
                found.scatter(values, target);
                Ok(())
            })
        })
    }
}

/// The elements of a tensor where a mask is true, then zeros: the transpose of [`MaskScattered`] in its values.
#[derive(Clone, PartialEq, Debug)]
struct MaskTaken {
    /// Shape of the result.
    source: Shape,
    /// Of the tensor.
    shape: Shape,
}

impl Reading for MaskTaken {
    const PLACES: &'static str = "mask";

    type Back = MaskScattered;

    fn node(&self) -> &'static str {
        "MaskedScatterBackwardBackward0"
    }

    fn elements(&self, inputs: &Inputs<'_>) -> Result<Array> {
        let [x, mask] = [0, 1].map(|input| Tensor::from_array(inputs[input].clone()));
        let _off = crate::graph::no_grad();
        let taken = masked_select(&x, &mask)?;
        let all = padding::extend_to(&taken, &[self.source.iter().product()])?;
        Ok(views::reshape_to(&all, &self.source)?.array())
    }

    fn back(&self, gradients: &[usize]) -> IntoZeros<MaskScattered> {
        IntoZeros { op: MaskScattered { source: gradients.into() }, shape: self.shape.clone() }
    }

    /// Each place puts its element at the number of places before it.
    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let size = cx.size();
        let whole = batching::front(cx.input(0), size)?;
        let mask = batching::front_of_rank(cx.input(1), size, self.shape.len())?;
        let mask = views::broadcast_to(&mask, &whole.shape())?;
        let count: usize = self.source.iter().product();
        let flat =
            |tensor: &Tensor| views::reshape(tensor, &[size as i64, self.shape.iter().product::<usize>() as i64]);
        let (whole, mask) = (flat(&whole)?, flat(&mask)?);
        let before = apply(&rows::sub::ROW, &[], &[(&scan::cumsum(&mask, 1, None)?).into(), Scalar::Int(1).into()])?;
        // What is not taken is put behind the end.
        let nowhere = apply(&rows::logical_not::ROW, &[], &[(&mask).into()])?;
        let behind = Scalar::Int(count as i64).into();
        let before = apply(&rows::masked_fill::ROW, &[], &[(&before).into(), (&nowhere).into(), behind])?;
        let taken = super::along::put_along(&[size, count + 1], 1, &before, &whole)?;
        let taken = views::narrow(&taken, 1, 0, count as i64)?;
        let shape: Shape = std::iter::once(size).chain(self.source.iter().copied()).collect();
        cx.put(views::reshape_to(&taken, &shape)?, Some(0));
        Ok(())
    }
}

/// `input` with the elements where `mask` (broadcast) is true replaced by those of `source`, in row-major order.
#[track_caller]
pub fn masked_scatter(input: &Tensor, in_place: bool, mask: &Tensor, source: &Tensor) -> Result<Tensor> {
    const OP: &str = "masked_scatter";
    check_mask(OP, mask.dtype())?;
    let own = input.shape();
    let common = shape::broadcast(OP, &own, &mask.shape())?;
    if common != own && !in_place && input.dtype() == source.dtype() {
        return masked_scatter(&views::broadcast_to(input, &common)?, false, mask, source);
    }
    write::written(MaskScattered { source: source.shape() }, in_place, &[input, source, mask])
}

/// Runs `body` on row-major memory: the target's own, or a copy that is then written back.
fn on_row_major(op: &'static str, target: Out<'_>, body: impl FnOnce(Out<'_>) -> Result<()>) -> Result<()> {
    if target.is_row_major() {
        return body(target);
    }
    let flat = Array::uninit(op, target.shape(), target.dtype())?;
    launch_stored(NONE, &flat, |[], mut flat| {
        copy_elements(target.as_in(), flat.reborrow());
        body(flat.reborrow())?;
        copy_elements(flat.as_in(), target);
        Ok(())
    })
}

// ---- flat positions ------------------------------------------------------------------------------------------------

/// Positions in the flattened tensor are `i64`.
fn check_flat(op: &'static str, index: DType) -> Result<()> {
    if index == DType::I64 {
        return Ok(());
    }
    Err(Error::runtime(op, format!("{op}(): Expected a long tensor for index, but got {}", torch_name(index))))
}

/// All examples of a batch, flattened, and the lookups of flat positions in them.
#[track_caller]
fn flat_lookups(cx: &Batch<'_>, index: usize) -> Result<(Tensor, Indices)> {
    let numel = cx.example(0).numel() as i64;
    let flat = views::reshape(&batching::front(cx.input(0), cx.size())?, &[cx.size() as i64, numel])?;
    let positions = batching::front(cx.input(index), cx.size())?;
    let examples = batching::numbers(cx.size(), cx.input(index).rank())?;
    Ok((flat, smallvec![(0, examples), (1, positions)]))
}

/// The elements of an input at flat positions.
#[derive(Clone, PartialEq, Debug)]
struct Taken {
    /// Of the input.
    shape: Shape,
}

impl Reading for Taken {
    type Back = PutFlat;

    fn node(&self) -> &'static str {
        "TakeBackward0"
    }

    fn elements(&self, inputs: &Inputs<'_>) -> Result<Array> {
        const OP: &str = "take";
        check_flat(OP, inputs[1].dtype())?;
        let (source, positions) = (inputs[0].contiguous(OP)?, inputs[1].contiguous(OP)?);
        if source.numel() == 0 && positions.numel() > 0 {
            return Err(Error::index(OP, "take(): tried to take from an empty tensor"));
        }
        let output = Array::uninit(OP, positions.shape(), source.dtype())?;
        launch([&source, &positions], &output, |[x, at], out| kernel::take(x, at, out))
            .map_err(|found| out_of_range(OP, found))?;
        Ok(output)
    }

    fn back(&self, gradients: &[usize]) -> IntoZeros<PutFlat> {
        IntoZeros { op: PutFlat { accumulate: true, source: gradients.into() }, shape: self.shape.clone() }
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (flat, indices) = flat_lookups(cx, 1)?;
        cx.put(indexing::at(&flat, &indices)?, Some(0));
        Ok(())
    }
}

/// The elements at positions of the flattened `input`, in the shape of `index`; negative positions count from the end.
#[track_caller]
pub fn take(input: &Tensor, index: &Tensor) -> Result<Tensor> {
    call(Read(Taken { shape: input.shape() }), &[input, index])
}

/// A target, values, and the flat positions to which these are written or added.
#[derive(Clone, PartialEq, Debug)]
struct PutFlat {
    accumulate: bool,
    /// Shape of the values.
    source: Shape,
}

impl Placing for PutFlat {
    fn node(&self) -> &'static str {
        "PutBackward0"
    }

    fn taken(&self, grad: &Tensor, places: &Tensor) -> Result<Tensor> {
        views::reshape_to(&take(grad, places)?, &self.source)
    }

    fn left(&self, grad: Tensor, places: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
        if self.accumulate {
            return Ok(grad);
        }
        let places = places()?;
        let zeros = Tensor::from_array(Array::zeros("put", &places.shape(), grad.dtype())?);
        put(&grad, false, &places, &zeros, false)
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (flat, indices) = flat_lookups(cx, 2)?;
        let shape = batching::front(cx.input(0), cx.size())?.shape();
        let values = views::reshape_to(&batching::front(cx.input(1), cx.size())?, &indices[1].1.shape())?;
        let result = indexing::put_at(&flat, false, &indices, &values, self.accumulate)?;
        cx.put(views::reshape_to(&result, &shape)?, Some(0));
        Ok(())
    }
}

impl Writing for PutFlat {
    fn op(&self) -> &'static str {
        "put_"
    }

    fn copy(&self, target: &Array) -> Result<Array> {
        target.duplicate(self.op())
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, source, index) = (&inputs[0], &inputs[1], &inputs[2]);
        check_flat(self.op(), index.dtype())?;
        same_dtype(self.op(), own.dtype(), source.dtype())?;
        if index.numel() != source.numel() {
            return Err(Error::index(
                self.op(),
                format!(
                    "put_(): Expected source and index to have the same number of elements, but got source.numel() = {}, index.numel() = {}",
                    source.numel(),
                    index.numel()
                ),
            ));
        }
        if own.numel() == 0 && index.numel() > 0 {
            return Err(Error::index(self.op(), "put_(): cannot put elements into an empty tensor"));
        }
        reads.apart(index.contiguous(self.op())?)?;
        reads.spared(&source.contiguous(self.op())?, false)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        held.launch([reads[0], reads[1]], target, |[at, values], target| {
            on_row_major(self.op(), target, |target| {
                kernel::put_flat(target, at, values, self.accumulate).map_err(|found| out_of_range(self.op(), found))
            })
        })
    }
}

/// `input` with `source` written (or, with `accumulate`, added) at positions of the flattened tensor.
#[track_caller]
pub fn put(input: &Tensor, in_place: bool, index: &Tensor, source: &Tensor, accumulate: bool) -> Result<Tensor> {
    write::written(PutFlat { accumulate, source: source.shape() }, in_place, &[input, source, index])
}
