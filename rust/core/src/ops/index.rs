//! Elements along one axis at positions given by an index tensor: `gather`, `scatter` and their kin, and what they share
//! with their neighbours that index.

use super::write::{NotDifferentiable, Target, Write, source_of};
use super::{padding, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::dtype::torch_name;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::index::{self as kernel, OutOfRange};
use crate::kernels::scatter::{Fold, scatter_fold};
use crate::launch::{Held, launch};
use crate::ops::elementwise::apply;
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::{Operand, Tensor};

/// What a kernel found outside its axis, as an error.
pub(crate) fn out_of_range(op: &'static str, found: OutOfRange) -> Box<Error> {
    Box::new(Error::IndexOutOfRange { op, index: found.value, axis: found.axis, size: found.size })
}

/// The same for operations that PyTorch reports as a plain `RuntimeError`.
pub(super) fn out_of_range_runtime(op: &'static str, found: OutOfRange) -> Box<Error> {
    Error::runtime(
        op,
        format!("index {} is out of bounds for dimension {} with size {}", found.value, found.axis, found.size),
    )
}

/// An index tensor as `i64`.
pub(super) fn positions(op: &'static str, index: &Tensor) -> Result<Array> {
    let array = index.array();
    match array.dtype() {
        DType::I64 => Ok(array),
        DType::I32 => array.cast(op, DType::I64),
        other => Err(Error::runtime(op, format!("{op}(): Expected dtype int32/int64 for index, got {other}"))),
    }
}

/// An index into the elements of an axis. An empty one has no positions, so of any dtype.
pub(super) fn element_positions(op: &'static str, index: &Tensor) -> Result<Array> {
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
    let operand = input.operand()?;
    let axis = shape::normalize_axis("gather", axis, operand.array.rank())?;
    let positions = element_positions("gather", index)?;
    check_gather("gather", operand.array.shape(), axis, positions.shape())?;
    gathered(operand, axis, &positions)
}

/// [`gather`] with an axis and an `i64` index that are known to fit.
#[track_caller]
pub(super) fn take_along(input: &Tensor, axis: usize, index: &Tensor) -> Result<Tensor> {
    gathered(input.operand()?, axis, &index.array())
}

#[track_caller]
fn gathered(operand: Operand, axis: usize, positions: &Array) -> Result<Tensor> {
    let output = Array::uninit("gather", positions.shape(), operand.array.dtype())?;
    if positions.numel() > 0 {
        launch([&operand.array, positions], &output, |[x, at], out| {
            kernel::gather(axis, x.at_least_vector(), at.at_least_vector(), out.at_least_vector())
        })
        .map_err(|found| out_of_range_runtime("gather", found))?;
    }
    if is_recorded(&[&operand]) {
        let rule = Gathered { axis, shape: operand.array.shape().into() };
        return record(rule, &[&operand], &[Save::Array(positions)], output);
    }
    Ok(Tensor::from_array(output))
}

/// Zeros of `shape` with `values` added at `index` along `axis`: the transpose of [`take_along`].
#[track_caller]
pub(super) fn put_along(shape: &[usize], axis: usize, index: &Tensor, values: &Tensor) -> Result<Tensor> {
    let values = values.operand()?;
    let whole = Tensor::from_array(Array::zeros("scatter_add", shape, values.array.dtype())?);
    scatter_into(&Target::new(&whole, true)?, axis, &index.array(), &values, Scatter::Add)
}

struct Gathered {
    axis: usize,
    shape: Shape,
}

impl Op for Gathered {
    fn name(&self) -> &str {
        "GatherBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
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
pub(super) enum Scatter {
    Set,
    Add,
    Multiply,
}

struct Scattered {
    kind: Scatter,
    axis: usize,
    /// Shape of the source, which may be larger than the index.
    source: Shape,
    /// Whether a gradient reads the index: not that of what is only added to.
    saves_index: bool,
}

impl Op for Scattered {
    fn name(&self) -> &str {
        if self.kind == Scatter::Add { "ScatterAddBackward0" } else { "ScatterBackward0" }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.needs(1) {
            let taken = take_along(&grad, self.axis, &cx.saved(0)?)?;
            let fitted = padding::extend_to(&taken, &self.source)?;
            cx.put(1, fitted);
        }
        if cx.needs(0) {
            let own = match self.kind {
                Scatter::Add => grad,
                _ => scatter_number(&Target::new(&grad, false)?, self.axis, &cx.saved_array(0)?, Scalar::Int(0))?,
            };
            cx.put(0, own);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        if self.saves_index { vec![("index", 0)] } else { Vec::new() }
    }
}

/// Values of an integer or `bool` target are not differentiable, but neither is the target.
pub(super) fn check_scatter(
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
    held: &mut Held<'_>,
    target: &Array,
    axis: usize,
    [positions, source]: [&Array; 2],
) -> Result<()> {
    if positions.numel() == 0 {
        return Ok(());
    }
    held.launch([positions, source], target, |[at, source], target| {
        let (target, at, source) = (target.at_least_vector(), at.at_least_vector(), source.at_least_vector());
        match kind {
            Scatter::Multiply => scatter_fold(Fold::Prod, axis, target, at, source),
            _ => kernel::scatter(axis, target, at, source, kind == Scatter::Add),
        }
    })
    .map_err(|found| out_of_range_runtime(op, found))
}

#[track_caller]
pub(super) fn scatter_into(
    target: &Target<'_>,
    axis: usize,
    positions: &Array,
    source: &Operand,
    kind: Scatter,
) -> Result<Tensor> {
    let op = if kind == Scatter::Add { "scatter_add" } else { "scatter" };
    let values = &source_of(op, target, &source.array, false)?;
    let reads = [positions, values];
    let write = Write { others: &[source], reads: &reads, ..Write::row_major(op, target) };
    let saves_index = kind != Scatter::Add || source.edge.is_some();
    let rule = || Scattered { kind, axis, source: values.shape().into(), saves_index };
    let saves: &[Save<'_>] = if saves_index { &[Save::Array(positions)] } else { &[] };
    write.run(rule, saves, |held, array| scatter_raw(op, kind, held, array, axis, reads))
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
    let (target, operand) = (&Target::new(input, in_place)?, source.operand()?);
    let own = target.array();
    let axis = shape::normalize_axis("scatter", axis, own.rank())?;
    let positions = &element_positions("scatter", index)?;
    same_dtype("scatter", own.dtype(), operand.array.dtype())?;
    check_scatter("scatter", own.shape(), axis, positions.shape(), Some(operand.array.shape()))?;
    if kind == Scatter::Set {
        return scatter_into(target, axis, positions, &operand, kind);
    }
    let values = &source_of("scatter", target, &operand.array, false)?;
    let reads = [positions, values];
    let write = Write { others: &[&operand], reads: &reads, ..Write::row_major("scatter", target) };
    write.run(
        || NotDifferentiable::of("scatter"),
        &[],
        |held, array| scatter_raw("scatter", kind, held, array, axis, reads),
    )
}

struct ScatteredNumber {
    axis: usize,
}

impl Op for ScatteredNumber {
    fn name(&self) -> &str {
        "ScatterBackward1"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved_array(0)?);
        let grad = scatter_number(&Target::new(&grad, false)?, self.axis, &index, Scalar::Int(0))?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}

/// One number as a source of any shape, if the dtype has room for it.
pub(super) fn everywhere(op: &'static str, value: Scalar, dtype: DType, shape: &[usize]) -> Result<Array> {
    Ok(Array::full(op, &[], value.storable(op, dtype)?, dtype)?.expand(shape))
}

#[track_caller]
pub(super) fn scatter_number(target: &Target<'_>, axis: usize, positions: &Array, value: Scalar) -> Result<Tensor> {
    let source = &everywhere("scatter", value, target.array().dtype(), positions.shape())?;
    let reads = [positions, source];
    let write = Write { reads: &reads, ..Write::row_major("scatter", target) };
    write.run(
        || ScatteredNumber { axis },
        &[Save::Array(positions)],
        |held, array| scatter_raw("scatter", Scatter::Set, held, array, axis, reads),
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
    let target = &Target::new(input, in_place)?;
    let own = target.array();
    let axis = shape::normalize_axis("scatter", axis, own.rank())?;
    let positions = &element_positions("scatter", index)?;
    check_scatter("scatter", own.shape(), axis, positions.shape(), None)?;
    if kind == Scatter::Set {
        return scatter_number(target, axis, positions, value);
    }
    let source = &everywhere("scatter", value, own.dtype(), positions.shape())?;
    let reads = [positions, source];
    let write = Write { reads: &reads, ..Write::row_major("scatter", target) };
    write.run(
        || NotDifferentiable::of("scatter"),
        &[],
        |held, array| scatter_raw("scatter", kind, held, array, axis, reads),
    )
}

/// `input` with the elements of `source` added at the positions along `axis` that `index` gives.
#[track_caller]
pub fn scatter_add(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    let (target, operand) = (&Target::new(input, in_place)?, source.operand()?);
    let own = target.array();
    let axis = shape::normalize_axis("scatter_add", axis, own.rank())?;
    let positions = element_positions("scatter_add", index)?;
    same_dtype("scatter_add", own.dtype(), operand.array.dtype())?;
    check_scatter("scatter_add", own.shape(), axis, positions.shape(), Some(operand.array.shape()))?;
    scatter_into(target, axis, &positions, &operand, Scatter::Add)
}

/// Flat positions as one index per axis of `shape`. A position outside is taken modulo the number of elements.
///
/// # Errors
/// When the positions are not integers, or `shape` has none for them.
pub fn unravel(flat: &Tensor, shape: &[i64]) -> Result<Vec<Tensor>> {
    const OP: &str = "unravel_index";
    if !flat.dtype().is_integer() {
        return Err(Error::type_(
            OP,
            format!("unravel_index(): expected indices of an integer dtype, got {}", flat.dtype()),
        ));
    }
    let array = flat.array();
    if shape.iter().any(|&size| size < i64::from(array.numel() > 0)) {
        return Err(Error::value(
            OP,
            format!(
                "unravel_index(): sizes must not be negative, nor zero where there are indices; got the shape {shape:?} for {} indices",
                array.numel()
            ),
        ));
    }
    let mut rest: Vec<i64> = array.to_vec();
    let mut columns = Vec::with_capacity(shape.len());
    for &size in shape.iter().rev() {
        let column: Vec<i64> = rest.iter().map(|flat| flat.rem_euclid(size)).collect();
        rest.iter_mut().for_each(|flat| *flat = flat.div_euclid(size));
        columns.push(Tensor::from_array(Array::from_slice(&column, array.shape())?));
    }
    columns.reverse();
    Ok(columns)
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
    let axis = shape::normalize_axis(OP, axis, own.len())?;
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
