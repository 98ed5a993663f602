//! Reading and writing along one axis at positions given by an index tensor: `gather`, `scatter`, `index_select`,
//! `index_add` and their kin.

use smallvec::SmallVec;

use super::elementwise::torch_name;
use super::write::{NotDifferentiable, Write, at_least_vector};
use super::{padding, reduce, rows, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::{Backward, Rule};
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::index::{self as kernel, OutOfRange};
use crate::kernels::scatter::{Fold, scatter_fold};
use crate::ops::elementwise::{Arg, apply};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::storage::Access;
use crate::tensor::{Operand, Tensor};

/// What a kernel found outside its axis, as an error.
pub(crate) fn out_of_range(op: &'static str, found: OutOfRange) -> Box<Error> {
    Box::new(Error::IndexOutOfRange { op, index: found.value, axis: found.axis, size: found.size })
}

/// The same for operations that PyTorch reports as a plain `RuntimeError`.
fn out_of_range_runtime(op: &'static str, found: OutOfRange) -> Box<Error> {
    Error::runtime(
        op,
        format!("index {} is out of bounds for dimension {} with size {}", found.value, found.axis, found.size),
    )
}

/// An index tensor as `i64`.
fn positions(op: &'static str, index: &Tensor) -> Result<Array> {
    let array = index.array();
    match array.dtype() {
        DType::I64 => Ok(array),
        DType::I32 => array.cast(op, DType::I64),
        other => Err(Error::runtime(op, format!("{op}(): Expected dtype int32/int64 for index, got {other}"))),
    }
}

/// An index into the elements of an axis. An empty one has no positions, so of any dtype.
fn element_positions(op: &'static str, index: &Tensor) -> Result<Array> {
    if index.numel() == 0 { index.array().cast(op, DType::I64) } else { positions(op, index) }
}

/// Both have the same dtype.
pub(super) fn same_dtype(op: &'static str, own: DType, given: DType) -> Result<()> {
    if own == given {
        return Ok(());
    }
    Err(Error::runtime(
        op,
        format!(
            "{op}(): Expected self.dtype to be equal to src.dtype: self ({}) and source ({}) must have the same scalar type",
            torch_name(own),
            torch_name(given)
        ),
    ))
}

// ---- gather and scatter --------------------------------------------------------------------------------------------

/// `index` fits into `own` but along `axis`.
fn check_gather(op: &'static str, own: &[usize], axis: usize, index: &[usize]) -> Result<()> {
    let rank = |shape: &[usize]| shape.len().max(1);
    if index.contains(&0) {
        return Ok(());
    }
    if rank(own) != rank(index) {
        return Err(Error::runtime(op, "Index tensor must have the same number of dimensions as input tensor"));
    }
    if (0..index.len()).any(|other| other != axis && other < own.len() && index[other] > own[other]) {
        return Err(Error::runtime(
            op,
            format!(
                "Size does not match: expected index {index:?} to be no larger than self {own:?} apart from dimension {axis}"
            ),
        ));
    }
    Ok(())
}

/// `out[i…] = input[i…]` with the position along `axis` taken from `index`, whose shape the result has.
#[track_caller]
pub fn gather(input: &Tensor, axis: i64, index: &Tensor) -> Result<Tensor> {
    let axis = shape::normalize_axis("gather", axis, input.rank())?;
    let positions = element_positions("gather", index)?;
    check_gather("gather", &input.shape(), axis, positions.shape())?;
    take_along(input, axis, &Tensor::from_array(positions))
}

/// [`gather`] with an axis and an `i64` index that are known to fit.
#[track_caller]
pub fn take_along(input: &Tensor, axis: usize, index: &Tensor) -> Result<Tensor> {
    let (operand, positions) = (input.operand()?, index.array());
    let output = Array::uninit("gather", positions.shape(), operand.array.dtype())?;
    if positions.numel() > 0 {
        let (source, target, at) =
            (at_least_vector(&operand.array), at_least_vector(&output), at_least_vector(&positions));
        let size = source.shape()[axis];
        let _access = Access::acquire(&[source.storage(), at.storage()], &[target.storage()]);
        // SAFETY: the state of all roots is held; the output is fresh and has the shape of the positions, which fit
        // into the source.
        unsafe { kernel::gather(at.shape(), axis, size, false, source.as_in(), at.as_in(), target.as_out()) }
            .map_err(|found| out_of_range_runtime("gather", found))?;
    }
    if is_recorded(&[&operand]) {
        let rule = Gathered { axis, shape: operand.array.shape().into() };
        return record(rule, &[&operand], &[Save::Array(&positions)], output);
    }
    Ok(Tensor::from_array(output))
}

/// Zeros of `shape` with `values` added at `index` along `axis`: the transpose of [`take_along`].
#[track_caller]
pub fn put_along(shape: &[usize], axis: usize, index: &Tensor, values: &Tensor) -> Result<Tensor> {
    let whole = Tensor::from_array(Array::zeros("scatter_add", shape, values.dtype())?);
    scatter_into(&whole, true, axis, &index.array(), values, Scatter::Add)
}

struct Gathered {
    axis: usize,
    shape: Shape,
}

impl Rule for Gathered {
    fn name(&self) -> &str {
        "GatherBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved(0)?);
        let grad = put_along(&self.shape, self.axis, &index, &grad)?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// What is done with the values of a scatter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scatter {
    Set,
    Add,
    Multiply,
}

struct Scattered {
    kind: Scatter,
    axis: usize,
    /// Shape of the source, which may be larger than the index.
    source: Shape,
}

impl Rule for Scattered {
    fn name(&self) -> &str {
        if self.kind == Scatter::Add { "ScatterAddBackward0" } else { "ScatterBackward0" }
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved(0)?);
        if cx.needs(1) {
            let taken = take_along(&grad, self.axis, &index)?;
            let fitted = padding::extend_to(&taken, &self.source)?;
            cx.put(1, fitted);
        }
        if cx.needs(0) {
            let own = match self.kind {
                Scatter::Add => grad,
                _ => scatter_number(&grad, false, self.axis, &index.array(), Scalar::Int(0))?,
            };
            cx.put(0, own);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// Values of an integer or `bool` target are not differentiable, but neither is the target.
fn check_scatter(
    op: &'static str,
    own: &[usize],
    axis: usize,
    index: &[usize],
    source: Option<&[usize]>,
) -> Result<()> {
    if index.contains(&0) {
        return Ok(());
    }
    let rank = |shape: &[usize]| shape.len().max(1);
    if rank(own) != rank(index) || source.is_some_and(|source| rank(source) != rank(index)) {
        return Err(Error::runtime(
            op,
            "Index tensor must have the same number of dimensions as self tensor and src tensor",
        ));
    }
    let beyond_self = (0..index.len()).any(|other| other != axis && other < own.len() && index[other] > own[other]);
    let beyond_source = source.is_some_and(|source| index.iter().zip(source).any(|(index, size)| index > size));
    if beyond_self || beyond_source {
        let source = source.map_or_else(String::new, |source| format!(" and to be no larger than src {source:?}"));
        return Err(Error::runtime(
            op,
            format!("Expected index {index:?} to be no larger than self {own:?} apart from dimension {axis}{source}"),
        ));
    }
    Ok(())
}

/// Runs a scatter kernel on memory whose state is held.
fn scatter_raw(
    op: &'static str,
    kind: Scatter,
    target: &Array,
    axis: usize,
    positions: &Array,
    source: &Array,
) -> Result<()> {
    if positions.numel() == 0 {
        return Ok(());
    }
    let (target, at, source) = (at_least_vector(target), at_least_vector(positions), at_least_vector(source));
    let size = target.shape()[axis];
    // SAFETY: the caller holds the state of all roots; the shapes were checked, and the target is apart from the rest.
    unsafe {
        match kind {
            Scatter::Multiply => {
                scatter_fold(Fold::Prod, at.shape(), axis, size, target.as_out(), at.as_in(), source.as_in())
            }
            _ => kernel::scatter(
                at.shape(),
                axis,
                size,
                false,
                target.as_out(),
                at.as_in(),
                source.as_in(),
                kind == Scatter::Add,
            ),
        }
    }
    .map_err(|found| out_of_range_runtime(op, found))
}

#[track_caller]
fn scatter_into(
    target: &Tensor,
    in_place: bool,
    axis: usize,
    positions: &Array,
    source: &Tensor,
    kind: Scatter,
) -> Result<Tensor> {
    let op = if kind == Scatter::Add { "scatter_add" } else { "scatter" };
    let operand = source.operand()?;
    let values = &operand.array;
    let write = Write {
        op,
        target,
        in_place,
        copy: Array::duplicate_row_major,
        others: &[&operand],
        reads: &[positions, values],
    };
    let rule = || Scattered { kind, axis, source: values.shape().into() };
    write.run(rule, &[Save::Array(positions)], |array| scatter_raw(op, kind, array, axis, positions, values))
}

/// The reduction of a scatter by its name.
fn scatter_reduction(op: &'static str, reduce: Option<&str>) -> Result<Scatter> {
    match reduce {
        None => Ok(Scatter::Set),
        Some("add") => Ok(Scatter::Add),
        Some("multiply") => Ok(Scatter::Multiply),
        Some(other) => {
            Err(Error::runtime(op, format!("reduce argument must be either add or multiply, got '{other}'")))
        }
    }
}

/// `input` with the elements of `source` written to the positions along `axis` that `index` gives; with `reduce`
/// (`"add"` or `"multiply"`) they are added or multiplied instead, which is not differentiable.
#[track_caller]
pub fn scatter(
    input: &Tensor,
    in_place: bool,
    axis: i64,
    index: &Tensor,
    source: &Tensor,
    reduce: Option<&str>,
) -> Result<Tensor> {
    let kind = scatter_reduction("scatter", reduce)?;
    let axis = shape::normalize_axis("scatter", axis, input.rank())?;
    let positions = element_positions("scatter", index)?;
    same_dtype("scatter", input.dtype(), source.dtype())?;
    check_scatter("scatter", &input.shape(), axis, positions.shape(), Some(&source.shape()))?;
    if kind == Scatter::Set {
        return scatter_into(input, in_place, axis, &positions, source, kind);
    }
    let operand = source.operand()?;
    let write = Write {
        op: "scatter",
        target: input,
        in_place,
        copy: Array::duplicate_row_major,
        others: &[&operand],
        reads: &[&positions, &operand.array],
    };
    write.run(
        || NotDifferentiable::of("scatter"),
        &[],
        |array| scatter_raw("scatter", kind, array, axis, &positions, &operand.array),
    )
}

struct ScatteredNumber {
    axis: usize,
}

impl Rule for ScatteredNumber {
    fn name(&self) -> &str {
        "ScatterBackward1"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        let grad = scatter_number(&grad, false, self.axis, &index, Scalar::Int(0))?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// One number as a source of any shape.
fn everywhere(op: &'static str, value: Scalar, dtype: DType, shape: &[usize]) -> Result<Array> {
    Ok(Array::full(op, &[], value, dtype)?.expand(shape))
}

#[track_caller]
fn scatter_number(input: &Tensor, in_place: bool, axis: usize, positions: &Array, value: Scalar) -> Result<Tensor> {
    let source = everywhere("scatter", value, input.dtype(), positions.shape())?;
    let write = Write {
        op: "scatter",
        target: input,
        in_place,
        copy: Array::duplicate_row_major,
        others: &[],
        reads: &[positions],
    };
    write.run(
        || ScatteredNumber { axis },
        &[Save::Array(positions)],
        |array| scatter_raw("scatter", Scatter::Set, array, axis, positions, &source),
    )
}

/// [`scatter`] of one number.
#[track_caller]
pub fn scatter_value(
    input: &Tensor,
    in_place: bool,
    axis: i64,
    index: &Tensor,
    value: Scalar,
    reduce: Option<&str>,
) -> Result<Tensor> {
    let kind = scatter_reduction("scatter", reduce)?;
    let axis = shape::normalize_axis("scatter", axis, input.rank())?;
    let positions = element_positions("scatter", index)?;
    check_scatter("scatter", &input.shape(), axis, positions.shape(), None)?;
    if kind == Scatter::Set {
        return scatter_number(input, in_place, axis, &positions, value);
    }
    let source = everywhere("scatter", value, input.dtype(), positions.shape())?;
    let write = Write {
        op: "scatter",
        target: input,
        in_place,
        copy: Array::duplicate_row_major,
        others: &[],
        reads: &[&positions],
    };
    write.run(
        || NotDifferentiable::of("scatter"),
        &[],
        |array| scatter_raw("scatter", kind, array, axis, &positions, &source),
    )
}

/// `input` with the elements of `source` added at the positions along `axis` that `index` gives.
#[track_caller]
pub fn scatter_add(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    let axis = shape::normalize_axis("scatter_add", axis, input.rank())?;
    let positions = element_positions("scatter_add", index)?;
    same_dtype("scatter_add", input.dtype(), source.dtype())?;
    check_scatter("scatter_add", &input.shape(), axis, positions.shape(), Some(&source.shape()))?;
    scatter_into(input, in_place, axis, &positions, source, Scatter::Add)
}

/// Positions modulo the size of their axis.
fn modulo(index: &Tensor, size: i64) -> Result<Tensor> {
    if index.numel() == 0 {
        return Ok(index.clone());
    }
    let resolved = super::powers::remainder(index.into(), Scalar::Int(size).into())?;
    apply(resolved.row, &resolved.params, &resolved.args)
}

/// [`gather`] with index and input broadcast against each other; without an axis both are flattened. Positions are
/// taken modulo the size of the axis where one is given.
#[track_caller]
pub fn take_along_dim(input: &Tensor, index: &Tensor, axis: Option<i64>) -> Result<Tensor> {
    const OP: &str = "take_along_dim";
    let Some(axis) = axis else {
        return gather(&views::reshape(input, &[-1])?, 0, &views::reshape(index, &[-1])?);
    };
    if index.dtype() != DType::I64 {
        return Err(Error::runtime(
            OP,
            format!("take_along_dim(): dtype of indices should be Long but got {}", torch_name(index.dtype())),
        ));
    }
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    let (own, given) = (input.shape(), index.shape());
    if own.len() != given.len() {
        return Err(Error::runtime(
            OP,
            format!(
                "take_along_dim(): input and indices should have the same number of dimensions, but got {} dimensions for input, and {} dimensions for indices",
                own.len(),
                given.len()
            ),
        ));
    }
    // Positions count from either end and around it, as a remainder does.
    let size = own.get(axis).copied().unwrap_or(1) as i64;
    let index = &modulo(index, size)?;
    if own.is_empty() {
        return gather(input, 0, index);
    }
    // The axis itself does not broadcast.
    let without = |shape: &Shape| -> Shape {
        shape.iter().enumerate().map(|(other, &size)| if other == axis { 1 } else { size }).collect()
    };
    let common = shape::broadcast(OP, &without(&own), &without(&given))?;
    let with = |size: usize| -> Shape {
        common.iter().enumerate().map(|(other, &common)| if other == axis { size } else { common }).collect()
    };
    let input = views::broadcast_to(input, &with(own[axis]))?;
    let index = views::broadcast_to(index, &with(given[axis]))?;
    gather(&input, axis as i64, &index)
}

// ---- scatter_reduce ------------------------------------------------------------------------------------------------

/// How `scatter_reduce` combines values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Combine {
    Sum,
    Prod,
    Mean,
    Max,
    Min,
}

impl Combine {
    fn named(op: &'static str, name: &str) -> Result<Self> {
        Ok(match name {
            "sum" => Self::Sum,
            "prod" => Self::Prod,
            "mean" => Self::Mean,
            "amax" => Self::Max,
            "amin" => Self::Min,
            other => {
                return Err(Error::runtime(
                    op,
                    format!("reduce argument must be either sum, prod, mean, amax or amin, got {other}"),
                ));
            }
        })
    }

    /// What combining starts from where the target's own value does not count.
    fn identity(self, dtype: DType) -> Scalar {
        let least = |dtype: DType| match dtype {
            DType::U8 | DType::Bool => 0,
            DType::I8 => i64::from(i8::MIN),
            DType::I16 => i64::from(i16::MIN),
            DType::I32 => i64::from(i32::MIN),
            _ => i64::MIN,
        };
        match self {
            Self::Sum | Self::Mean => Scalar::Int(0),
            Self::Prod => Scalar::Int(1),
            Self::Max if dtype.is_float() => Scalar::Float(f64::NEG_INFINITY),
            Self::Min if dtype.is_float() => Scalar::Float(f64::INFINITY),
            Self::Max => Scalar::Int(least(dtype)),
            Self::Min => Scalar::Int(match dtype {
                DType::U8 => i64::from(u8::MAX),
                DType::Bool => 1,
                _ => !least(dtype),
            }),
        }
    }
}

struct Combined {
    combine: Combine,
    axis: usize,
    include_self: bool,
}

/// A row applied to tensors and numbers, for formulas.
#[track_caller]
fn row(row: &'static super::elementwise::Row, args: &[Arg<'_>]) -> Result<Tensor> {
    apply(row, &[], args)
}

impl Combined {
    /// How many values met at each element, at least one.
    fn counts(&self, like: &Tensor, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let own = Scalar::Int(i64::from(self.include_self));
        let start = Tensor::from_array(Array::full("scatter_reduce", &like.shape(), own, like.dtype())?);
        let ones = everywhere("scatter_reduce", Scalar::Int(1), like.dtype(), &source.shape())?;
        let counted = scatter_into(&start, true, self.axis, &index.array(), &Tensor::from_array(ones), Scatter::Add)?;
        row(&rows::maximum::ROW, &[(&counted).into(), Scalar::Int(1).into()])
    }

    fn add_along(&self, whole: &Tensor, index: &Tensor, values: &Tensor) -> Result<Tensor> {
        scatter_into(whole, false, self.axis, &index.array(), values, Scatter::Add)
    }

    /// Gradients of the target and of the source, over the shape of the index.
    fn gradients(
        &self,
        grad: &Tensor,
        own: &Tensor,
        source: &Tensor,
        index: &Tensor,
        result: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let take = |tensor: &Tensor| take_along(tensor, self.axis, index);
        let zero = || Arg::Scalar(Scalar::Int(0));
        let one = || Arg::Scalar(Scalar::Int(1));
        let mul = |a: &Tensor, b: &Tensor| row(&rows::mul::ROW, &[a.into(), b.into()]);
        let div = |a: &Tensor, b: &Tensor| row(&rows::div::ROW, &[a.into(), b.into()]);
        let select = super::select::where_;
        match self.combine {
            Combine::Sum => Ok((grad.clone(), take(grad)?)),
            Combine::Mean => {
                let shared = div(grad, &self.counts(grad, index, source)?)?;
                let taken = take(&shared)?;
                Ok((shared, taken))
            }
            Combine::Max | Combine::Min => {
                // Ties share evenly.
                let own_is = super::copy::to_dtype(&row(&rows::eq::ROW, &[own.into(), result.into()])?, grad.dtype())?;
                let taken = take(result)?;
                let source_is =
                    super::copy::to_dtype(&row(&rows::eq::ROW, &[source.into(), (&taken).into()])?, grad.dtype())?;
                let start =
                    if self.include_self { own_is.clone() } else { row(&rows::mul::ROW, &[(&own_is).into(), zero()])? };
                let ties = self.add_along(&start, index, &source_is)?;
                let ties = row(&rows::maximum::ROW, &[(&ties).into(), one()])?;
                let shared = div(grad, &ties)?;
                Ok((mul(&own_is, &shared)?, mul(&source_is, &take(&shared)?)?))
            }
            Combine::Prod => {
                // The product of all other factors. Where a single factor is zero it is the product with that factor
                // replaced by one; elsewhere the result divided by the factor.
                let combine = |own: &Tensor, source: &Tensor| {
                    scatter_reduce_at(own, false, self.axis, &index.array(), source, Combine::Prod, self.include_self)
                };
                let own_zero = row(&rows::eq::ROW, &[own.into(), zero()])?;
                let own_or_one = select(&own_zero, one(), own.into())?;
                let others = div(&combine(&own_or_one, source)?, &own_or_one)?;
                let own_grad = mul(grad, &others)?;
                let source_zero = row(&rows::eq::ROW, &[source.into(), zero()])?;
                let counted = super::copy::to_dtype(&source_zero, DType::F64)?;
                let zeros = Tensor::from_array(Array::zeros("scatter_reduce", &own.shape(), DType::F64)?);
                let zeros = take(&self.add_along(&zeros, index, &counted)?)?;
                let only = row(&rows::eq::ROW, &[(&zeros).into(), one()])?;
                let single = row(&rows::logical_and::ROW, &[(&source_zero).into(), (&only).into()])?;
                let without = select(&single, one(), source.into())?;
                let replaced = take(&mul(grad, &combine(own, &without)?)?)?;
                let source_or_one = select(&source_zero, one(), source.into())?;
                let divided = div(&take(&mul(grad, result)?)?, &source_or_one)?;
                Ok((own_grad, select(&single, (&replaced).into(), (&divided).into())?))
            }
        }
    }
}

impl Rule for Combined {
    fn name(&self) -> &str {
        "ScatterReduceBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, own, source, index, result) =
            (cx.only_grad(), cx.saved(0)?, cx.saved(1)?, cx.saved(2)?, cx.saved(3)?);
        let whole = source.shape();
        let part = part_of(&source, &index.shape())?;
        let (own_grad, source_grad) = self.gradients(&grad, &own, &part, &index, &result)?;
        if cx.needs(0) {
            let own_grad = if self.include_self {
                own_grad
            } else {
                scatter_number(&own_grad, false, self.axis, &index.array(), Scalar::Int(0))?
            };
            cx.put(0, own_grad);
        }
        if cx.needs(1) {
            cx.put(1, padding::extend_to(&source_grad, &whole)?);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0), ("src", 1), ("index", 2), ("result", 3)]
    }
}

/// The leading part of a tensor, of a shape no larger.
#[track_caller]
fn part_of(tensor: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let mut part = tensor.clone();
    for (axis, &size) in shape.iter().enumerate() {
        if part.shape()[axis] != size {
            part = views::narrow(&part, axis as i64, 0, size as i64)?;
        }
    }
    Ok(part)
}

/// Quotient of a mean: rounded down for integers.
#[track_caller]
fn mean_of(sum: &Tensor, counts: &Tensor) -> Result<Tensor> {
    if sum.dtype().is_float() {
        return row(&rows::div::ROW, &[sum.into(), counts.into()]);
    }
    row(&rows::floor_divide_int::ROW, &[sum.into(), counts.into()])
}

#[track_caller]
fn scatter_reduce_at(
    input: &Tensor,
    in_place: bool,
    axis: usize,
    positions: &Array,
    source: &Tensor,
    combine: Combine,
    include_self: bool,
) -> Result<Tensor> {
    const OP: &str = "scatter_reduce";
    let (own, operand) = (input.operand()?, source.operand()?);
    let recorded = is_recorded(&[&own, &operand]) && own.array.dtype().is_differentiable();
    let values = &operand.array;
    let rule = Combined { combine, axis, include_self };
    // The value, outside the graph, in memory of its own: written to the target when everything is known to be right.
    let value = {
        let _off = crate::graph::no_grad();
        let fresh = Tensor::from_array(own.array.duplicate_row_major(OP)?);
        if !include_self {
            let identity = combine.identity(own.array.dtype());
            scatter_number(&fresh, true, axis, positions, identity)?;
        }
        let constant = Tensor::from_array(values.clone());
        match combine {
            Combine::Sum | Combine::Mean => scatter_into(&fresh, true, axis, positions, &constant, Scatter::Add)?,
            Combine::Prod | Combine::Max | Combine::Min => {
                let fold = match combine {
                    Combine::Prod => Fold::Prod,
                    Combine::Max => Fold::Max,
                    _ => Fold::Min,
                };
                let write = Write {
                    op: OP,
                    target: &fresh,
                    in_place: true,
                    copy: Array::duplicate_row_major,
                    others: &[],
                    reads: &[positions, values],
                };
                write.run(
                    || NotDifferentiable::of(OP),
                    &[],
                    |array| {
                        if positions.numel() == 0 {
                            return Ok(());
                        }
                        let (x, at, from) =
                            (at_least_vector(array), at_least_vector(positions), at_least_vector(values));
                        let size = x.shape()[axis];
                        // SAFETY: the state of all roots is held; the shapes were checked; the target is fresh.
                        unsafe { scatter_fold(fold, at.shape(), axis, size, x.as_out(), at.as_in(), from.as_in()) }
                            .map_err(|found| out_of_range_runtime(OP, found))
                    },
                )?
            }
        };
        if combine == Combine::Mean {
            let part = part_of(&constant, positions.shape())?;
            let counts = rule.counts(&fresh, &Tensor::from_array(positions.clone()), &part)?;
            mean_of(&fresh, &counts)?.array()
        } else {
            fresh.array()
        }
    };
    if !in_place {
        if !recorded {
            return Ok(Tensor::from_array(value));
        }
        let saves = [Save::Input(&own), Save::Input(&operand), Save::Array(positions), Save::Output(0)];
        return record(rule, &[&own, &operand], &saves, value);
    }
    // In place the old value is overwritten: a copy of it is what backward reads.
    let kept = if recorded { Some(own.array.duplicate(OP)?) } else { None };
    let write = Write {
        op: OP,
        target: input,
        in_place: true,
        copy: Array::duplicate_row_major,
        others: &[&operand],
        reads: &[positions, values],
    };
    let kept_operand = kept.map(|array| Operand { array, identity: std::sync::Weak::new(), ..own.clone() });
    let mut saves: SmallVec<[Save<'_>; 4]> = SmallVec::new();
    if let Some(kept) = &kept_operand {
        saves.extend([Save::Input(kept), Save::Input(&operand), Save::Array(positions), Save::Output(0)]);
    }
    write.run(
        || rule,
        &saves,
        |array| {
            // SAFETY: exclusive state is held; the value is memory that nobody else sees.
            unsafe { array.copy_raw(&value) };
            Ok(())
        },
    )
}

/// `input` with the elements of `source` combined (`"sum"`, `"prod"`, `"mean"`, `"amax"`, `"amin"`) into the positions
/// along `axis` that `index` gives; the old values take part if `include_self`.
#[track_caller]
pub fn scatter_reduce(
    input: &Tensor,
    in_place: bool,
    axis: i64,
    index: &Tensor,
    source: &Tensor,
    reduce: &str,
    include_self: bool,
) -> Result<Tensor> {
    const OP: &str = "scatter_reduce";
    let combine = Combine::named(OP, reduce)?;
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    let positions = element_positions(OP, index)?;
    same_dtype(OP, input.dtype(), source.dtype())?;
    check_scatter(OP, &input.shape(), axis, positions.shape(), Some(&source.shape()))?;
    scatter_reduce_at(input, in_place, axis, &positions, source, combine, include_self)
}

// ---- whole slices along an axis ------------------------------------------------------------------------------------

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

impl Rule for Selected {
    fn name(&self) -> &str {
        "IndexSelectBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        let whole = Tensor::from_array(Array::zeros("index_add", &self.shape, grad.dtype())?);
        // A tensor without axes was selected from as a vector of one element.
        let shape = vector_shape(&self.shape, self.axis, index.numel());
        let grad = views::reshape_to(&grad, &shape)?;
        let grad = add_at(&whole, true, self.axis, &index, &grad, Scalar::Int(1))?;
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
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    let index = vector(OP, index)?;
    if input.rank() == 0 && index.numel() != 1 {
        return Err(Error::runtime(
            OP,
            format!("index_select(): Index to scalar can have only 1 value, got {} value(s)", index.numel()),
        ));
    }
    select_at(input, axis, &index)
}

#[track_caller]
pub(super) fn select_at(input: &Tensor, axis: usize, index: &Array) -> Result<Tensor> {
    const OP: &str = "index_select";
    let operand = input.operand()?;
    let source = at_least_vector(&operand.array);
    let shape = vector_shape(source.shape(), axis, index.numel());
    let output = Array::uninit(OP, &shape, source.dtype())?;
    {
        let _access = Access::acquire(&[source.storage(), index.storage()], &[output.storage()]);
        let size = source.shape()[axis];
        // SAFETY: the state of all roots is held; the output is fresh and of the shape the kernel walks.
        unsafe { kernel::index_select(&shape, axis, size, false, source.as_in(), index.as_in(), output.as_out()) }
            .map_err(|found| out_of_range(OP, found))?;
    }
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
fn slices_raw(op: &'static str, target: &Array, axis: usize, index: &Array, source: &Array, add: bool) -> Result<()> {
    let (target, source) = (at_least_vector(target), at_least_vector(source));
    let size = target.shape()[axis];
    // SAFETY: the caller holds the state of all roots; the shapes were checked, and the target is apart from the rest.
    unsafe { kernel::index_add(source.shape(), axis, size, false, target.as_out(), index.as_in(), source.as_in(), add) }
        // PyTorch raises another class where slices of several axes are added.
        .map_err(
            |found| if add && target.rank() > 1 { out_of_range_runtime(op, found) } else { out_of_range(op, found) },
        )
}

struct SlicesAdded {
    axis: usize,
    alpha: Scalar,
}

impl Rule for SlicesAdded {
    fn name(&self) -> &str {
        "IndexAddBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.needs(1) {
            let taken = select_at(&grad, self.axis, &cx.saved_array(0)?)?;
            let scaled = if self.alpha.to_f64() == 1.0 {
                taken
            } else {
                row(&rows::mul::ROW, &[(&taken).into(), self.alpha.into()])?
            };
            cx.put(1, scaled);
        }
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

#[track_caller]
fn add_at(
    input: &Tensor,
    in_place: bool,
    axis: usize,
    index: &Array,
    source: &Tensor,
    alpha: Scalar,
) -> Result<Tensor> {
    const OP: &str = "index_add";
    let operand = source.operand()?;
    let scaled = if alpha.to_f64() == 1.0 {
        operand.array.clone()
    } else {
        let _off = crate::graph::no_grad();
        let constant = Tensor::from_array(operand.array.clone());
        row(&rows::mul::ROW, &[(&constant).into(), alpha.into()])?.array().cast(OP, operand.array.dtype())?
    };
    let write = Write {
        op: OP,
        target: input,
        in_place,
        copy: Array::duplicate_row_major,
        others: &[&operand],
        reads: &[index, &scaled],
    };
    write.run(
        || SlicesAdded { axis, alpha },
        &[Save::Array(index)],
        |array| slices_raw(OP, array, axis, index, &scaled, true),
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
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    let index = vector(OP, index)?;
    same_dtype(OP, input.dtype(), source.dtype())?;
    check_slices(OP, &input.shape(), axis, index.numel(), &source.shape())?;
    add_at(input, in_place, axis, &index, source, alpha)
}

struct SlicesCopied {
    axis: usize,
}

impl Rule for SlicesCopied {
    fn name(&self) -> &str {
        "IndexCopyBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        if cx.needs(1) {
            let taken = select_at(&grad, self.axis, &index)?;
            cx.put(1, taken);
        }
        if cx.needs(0) {
            let own = fill_at(&grad, false, self.axis, &index, Scalar::Int(0))?;
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
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    let (own, given) = (input.shape(), source.shape());
    if !own.is_empty() && !given.is_empty() && own.len() != given.len() {
        return Err(Error::index(
            OP,
            format!("index_copy(): source must have as many axes as self, got shapes {given:?} and {own:?}"),
        ));
    }
    let index = vector(OP, index)?;
    same_dtype(OP, input.dtype(), source.dtype())?;
    if given.get(axis).copied().unwrap_or(1) != index.numel() {
        return Err(Error::index(
            OP,
            format!(
                "index_copy(): Number of indices ({}) should be equal to source.size(dim), got a source of shape {given:?} and dim {axis}",
                index.numel()
            ),
        ));
    }
    check_slices(OP, &own, axis, index.numel(), &given)?;
    let operand = source.operand()?;
    let write = Write {
        op: OP,
        target: input,
        in_place,
        copy: Array::duplicate_row_major,
        others: &[&operand],
        reads: &[&index, &operand.array],
    };
    write.run(
        || SlicesCopied { axis },
        &[Save::Array(&index)],
        |array| slices_raw(OP, array, axis, &index, &operand.array, false),
    )
}

struct SlicesFilled {
    axis: usize,
    name: &'static str,
}

impl Rule for SlicesFilled {
    fn name(&self) -> &str {
        self.name
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        if cx.inputs() > 1 && cx.needs(1) {
            let taken = reduce::sum(&select_at(&grad, self.axis, &index)?, None, false, None)?;
            cx.put(1, taken);
        }
        if cx.needs(0) {
            let own = fill_at(&grad, false, self.axis, &index, Scalar::Int(0))?;
            cx.put(0, own);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// Indices of `index_fill` count from the end when negative.
fn fill_raw(target: &Array, axis: usize, index: &Array, value: &Array) -> Result<()> {
    const OP: &str = "index_fill";
    let target = at_least_vector(target);
    let shape = vector_shape(target.shape(), axis, index.numel());
    let (source, size) = (value.expand(&shape), target.shape()[axis]);
    // SAFETY: the caller holds the state of all roots; the source is broadcast to the shape that is walked.
    unsafe { kernel::index_add(&shape, axis, size, true, target.as_out(), index.as_in(), source.as_in(), false) }
        .map_err(|found| out_of_range(OP, found))
}

#[track_caller]
fn fill_at(input: &Tensor, in_place: bool, axis: usize, index: &Array, value: Scalar) -> Result<Tensor> {
    const OP: &str = "index_fill";
    let number = Array::full(OP, &[], value.storable(OP, input.dtype())?, input.dtype())?;
    let write = Write { op: OP, target: input, in_place, copy: Array::duplicate, others: &[], reads: &[index] };
    let wrapped = wrapped(index, input, axis)?;
    write.run(
        || SlicesFilled { axis, name: "IndexFillBackward0" },
        &[Save::Array(&wrapped)],
        |array| fill_raw(array, axis, index, &number),
    )
}

/// Indices counted from the end made to count from the front, so that the gradient can read there.
fn wrapped(index: &Array, input: &Tensor, axis: usize) -> Result<Array> {
    let values: Vec<i64> = index.to_vec();
    if values.iter().all(|&value| value >= 0) {
        return Ok(index.clone());
    }
    let size = input.shape().get(axis).copied().unwrap_or(1) as i64;
    let front: Vec<i64> = values.iter().map(|&value| if value < 0 { value + size } else { value }).collect();
    Array::from_slice(&front, index.shape())
}

/// `input` with slices along `axis` at the positions of `index` filled with one value: a number, or a tensor without
/// axes.
#[track_caller]
pub fn index_fill(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, value: Arg<'_>) -> Result<Tensor> {
    const OP: &str = "index_fill";
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    if index.dtype() != DType::I64 {
        return Err(Error::index(OP, "index_fill_(): Expected dtype int64 for index."));
    }
    if index.rank() > 1 {
        return Err(Error::runtime(OP, format!("Index has to be a vector, got {:?}", index.shape().as_slice())));
    }
    let index = vector(OP, index)?;
    let tensor = match value {
        Arg::Scalar(number) => return fill_at(input, in_place, axis, &index, number),
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
    let number = operand.array.cast(OP, input.dtype())?;
    let wrapped = wrapped(&index, input, axis)?;
    let write = Write {
        op: OP,
        target: input,
        in_place,
        copy: Array::duplicate,
        others: &[&operand],
        reads: &[&index, &number],
    };
    write.run(
        || SlicesFilled { axis, name: "IndexFillBackward1" },
        &[Save::Array(&wrapped)],
        |array| fill_raw(array, axis, &index, &number),
    )
}
