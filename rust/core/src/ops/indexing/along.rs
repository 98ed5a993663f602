//! Elements along one axis at positions given by an index tensor: `gather`, `scatter` and their kin, and what they share
//! with their neighbours that index.

use smallvec::{SmallVec, smallvec};

use super::places::{IntoZeros, Read, Reading};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::index::{self as kernel, OutOfRange};
use crate::kernels::scatter::{Fold, scatter_fold};
use crate::launch::{Held, launch_stored};
use crate::ops::arranging::padding;
use crate::ops::elementwise::{apply, resolve};
use crate::ops::writing::copy;
use crate::ops::writing::write::{self, NOT_DIFFERENTIABLE, Reads, Writing, not_differentiable};
use crate::ops::{batching, rows, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// What a kernel found outside its axis, as an error.
pub(crate) fn out_of_range(op: &'static str, found: OutOfRange) -> Box<Error> {
    Box::new(Error::IndexOutOfRange { op, index: found.value, axis: found.axis, size: found.size })
}

/// The same for operations that PyTorch reports as a plain `RuntimeError`.
pub(in crate::ops) fn out_of_range_runtime(op: &'static str, found: OutOfRange) -> Box<Error> {
    Error::runtime(
        op,
        format!("index {} is out of bounds for dimension {} with size {}", found.value, found.axis, found.size),
    )
}

/// An index tensor as `i64`.
#[track_caller]
pub(in crate::ops) fn positions(op: &'static str, index: &Tensor) -> Result<Tensor> {
    match index.dtype() {
        DType::I64 | DType::I32 => copy::to_dtype(index, DType::I64),
        other => Err(Error::runtime(op, format!("{op}(): Expected dtype int32/int64 for index, got {other}"))),
    }
}

/// An index into the elements of an axis. An empty one has no positions, so of any dtype.
#[track_caller]
pub(in crate::ops) fn element_positions(op: &'static str, index: &Tensor) -> Result<Tensor> {
    if index.numel() == 0 { copy::to_dtype(index, DType::I64) } else { positions(op, index) }
}

/// Both have the same dtype.
pub(in crate::ops) fn same_dtype(op: &'static str, own: DType, given: DType) -> Result<()> {
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
    let axis = shape::normalize_axis("gather", axis, input.rank())?;
    take_along(input, axis, &element_positions("gather", index)?)
}

/// [`gather`] with an axis and an `i64` index.
#[track_caller]
pub(in crate::ops) fn take_along(input: &Tensor, axis: usize, index: &Tensor) -> Result<Tensor> {
    call(Read(Gather { axis, shape: input.shape() }), &[input, index])
}

/// Zeros of `shape` with `values` added at `index` along `axis`: the transpose of [`take_along`].
#[track_caller]
pub(in crate::ops) fn put_along(shape: &[usize], axis: usize, index: &Tensor, values: &Tensor) -> Result<Tensor> {
    call(IntoZeros { op: Scattered::added(axis, &values.shape()), shape: shape.into() }, &[values, index])
}

/// The elements of the first input at the positions that the second gives along an axis.
#[derive(Clone, PartialEq, Debug)]
struct Gather {
    axis: usize,
    /// Of the input.
    shape: Shape,
}

impl Reading for Gather {
    type Back = Scattered;

    fn node(&self) -> &'static str {
        "GatherBackward0"
    }

    fn elements(&self, inputs: &Inputs<'_>) -> Result<Array> {
        let (x, at) = (&inputs[0], &inputs[1]);
        if x.shape() != self.shape.as_slice() {
            return Err(Error::runtime("gather", "another thread has given the input another shape meanwhile"));
        }
        check_gather("gather", x.shape(), self.axis, at.shape())?;
        let output = Array::uninit("gather", at.shape(), x.dtype())?;
        if at.numel() > 0 {
            launch_stored([x, at], &output, |[x, at], out| {
                kernel::gather(self.axis, x.at_least_vector(), at.at_least_vector(), out.at_least_vector())
            })
            .map_err(|found| out_of_range_runtime("gather", found))?;
        }
        Ok(output)
    }

    fn back(&self, gradients: &[usize]) -> IntoZeros<Scattered> {
        IntoZeros { op: Scattered::added(self.axis, gradients), shape: self.shape.clone() }
    }

    fn for_batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let input = batching::front_vectors(cx.input(0), cx.size())?;
        let index = batching::front_vectors(cx.input(1), cx.size())?;
        let result = if input.rank() == index.rank() {
            take_along(&input, self.axis + 1, &index)?
        } else {
            // An empty index may have any number of axes.
            Tensor::from_array(Array::zeros("gather", &index.shape(), input.dtype())?)
        };
        cx.put(batching::of_rank(result, cx.example(1).rank())?, Some(0));
        Ok(())
    }
}

/// What is done with the values of a scatter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ops) enum Scatter {
    Set,
    Add,
    /// As [`Scatter::Add`], without a derivative: `reduce="add"`.
    Sum,
    /// Without a derivative: `reduce="multiply"`.
    Multiply,
}

impl Scatter {
    fn op(self) -> &'static str {
        if self == Self::Add { "scatter_add" } else { "scatter" }
    }

    fn is_differentiable(self) -> bool {
        matches!(self, Self::Set | Self::Add)
    }
}

/// Target, source and positions of a scatter along an axis.
#[derive(Clone, PartialEq, Debug)]
struct Scattered {
    kind: Scatter,
    axis: usize,
    /// Shape of the source, which may be larger than the index.
    source: Shape,
    /// Whether a gradient reads the index: not that of what is only added to.
    saves_index: bool,
}

impl Scattered {
    /// Values of a shape that are added.
    fn added(axis: usize, values: &[usize]) -> Self {
        Self { kind: Scatter::Add, axis, source: values.into(), saves_index: false }
    }
}

impl Op for Scattered {
    fn name(&self) -> &str {
        match self.kind {
            Scatter::Set => "ScatterBackward0",
            Scatter::Add => "ScatterAddBackward0",
            _ => NOT_DIFFERENTIABLE,
        }
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

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        self.saves_index = self.kind == Scatter::Set || (self.kind == Scatter::Add && needs(1));
        if self.saves_index { smallvec![Keep::Input(2)] } else { SmallVec::new() }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if !self.kind.is_differentiable() {
            return not_differentiable("scatter");
        }
        let grad = cx.only_grad();
        if cx.needs(1) {
            let taken = take_along(&grad, self.axis, &cx.saved(0)?)?;
            let fitted = padding::extend_to(&taken, &self.source)?;
            cx.put(1, fitted);
        }
        if cx.needs(0) {
            let own = match self.kind {
                Scatter::Add => grad,
                _ => scatter_number(&grad, self.axis, &cx.saved(0)?, Scalar::Int(0))?,
            };
            cx.put(0, own);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        if !self.kind.is_differentiable() {
            return write::no_tangent("scatter");
        }
        cx.jointly_linear(2, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = |input: usize| batching::front_vectors(cx.input(input), cx.size());
        let (target, source, index) = (part(0)?, part(1)?, part(2)?);
        let result = if index.numel() == 0 {
            copy::clone(&target)?
        } else {
            scattered(self.kind, &target, false, self.axis + 1, &index, &source)?
        };
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        if self.saves_index { vec![("index", 0)] } else { Vec::new() }
    }
}

impl Writing for Scattered {
    fn op(&self) -> &'static str {
        self.kind.op()
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, source, at) = (&inputs[0], &inputs[1], &inputs[2]);
        same_dtype(self.op(), own.dtype(), source.dtype())?;
        check_scatter(self.op(), own.shape(), self.axis, at.shape(), Some(source.shape()))?;
        reads.apart(at.clone())?;
        reads.spared(source, false)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        scatter_raw(self.op(), self.kind, held, target, self.axis, [reads[0], reads[1]])
    }
}

/// Values of an integer or `bool` target are not differentiable, but neither is the target.
pub(in crate::ops) fn check_scatter(
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
    // What has no axes is taken for a vector of one element.
    let of_vector = |shape: &[usize], axis: usize| shape.get(axis).copied().unwrap_or(1);
    let beyond_source = source.is_some_and(|source| (0..index.len()).any(|axis| index[axis] > of_vector(source, axis)));
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
            _ => kernel::scatter(axis, target, at, source, kind != Scatter::Set),
        }
    })
    .map_err(|found| out_of_range_runtime(op, found))
}

#[track_caller]
pub(in crate::ops) fn scattered(
    kind: Scatter,
    target: &Tensor,
    in_place: bool,
    axis: usize,
    index: &Tensor,
    source: &Tensor,
) -> Result<Tensor> {
    let op = Scattered { kind, axis, source: source.shape(), saves_index: false };
    write::written(op, in_place, &[target, source, index])
}

/// The reduction of a scatter by its name.
fn scatter_reduction(op: &'static str, reduce: Option<&str>) -> Result<Scatter> {
    match reduce {
        None => Ok(Scatter::Set),
        Some("add") => Ok(Scatter::Sum),
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
    scattered(kind, input, in_place, axis, &element_positions("scatter", index)?, source)
}

/// Target and positions of a scatter of one number along an axis.
#[derive(Clone, PartialEq, Debug)]
struct ScatteredNumber {
    kind: Scatter,
    axis: usize,
    value: Scalar,
}

impl Op for ScatteredNumber {
    fn name(&self) -> &str {
        if self.kind.is_differentiable() { "ScatterBackward1" } else { NOT_DIFFERENTIABLE }
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        write::into_copy(self, inputs)
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        if self.kind.is_differentiable() { smallvec![Keep::Input(1)] } else { SmallVec::new() }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if !self.kind.is_differentiable() {
            return not_differentiable("scatter");
        }
        let zero = Self { value: Scalar::Int(0), ..self.clone() };
        let grad = cx.call(zero, &[From::Grad(0), From::Saved(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        if !self.kind.is_differentiable() {
            return write::no_tangent("scatter");
        }
        cx.linear(0, &Self { value: Scalar::Int(0), ..self.clone() })
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = |input: usize| batching::front_vectors(cx.input(input), cx.size());
        let (target, index) = (part(0)?, part(1)?);
        let result = if index.numel() == 0 {
            copy::clone(&target)?
        } else {
            call(Self { axis: self.axis + 1, ..self.clone() }, &[&target, &index])?
        };
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        if self.kind.is_differentiable() { vec![("index", 0)] } else { Vec::new() }
    }
}

impl Writing for ScatteredNumber {
    fn op(&self) -> &'static str {
        "scatter"
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        let (own, at) = (&inputs[0], &inputs[1]);
        check_scatter("scatter", own.shape(), self.axis, at.shape(), None)?;
        reads.apart(at.clone())?;
        reads.apart(everywhere("scatter", self.value, own.dtype(), at.shape())?)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        scatter_raw("scatter", self.kind, held, target, self.axis, [reads[0], reads[1]])
    }
}

/// One number as a source of any shape, if the dtype has room for it.
pub(in crate::ops) fn everywhere(op: &'static str, value: Scalar, dtype: DType, shape: &[usize]) -> Result<Array> {
    Ok(Array::full(op, &[], value.storable(op, dtype)?, dtype)?.expand(shape))
}

/// A copy with one number at the positions along an axis.
#[track_caller]
pub(in crate::ops) fn scatter_number(target: &Tensor, axis: usize, index: &Tensor, value: Scalar) -> Result<Tensor> {
    call(ScatteredNumber { kind: Scatter::Set, axis, value }, &[target, index])
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
    let index = element_positions("scatter", index)?;
    write::written(ScatteredNumber { kind, axis, value }, in_place, &[input, &index])
}

/// `input` with the elements of `source` added at the positions along `axis` that `index` gives.
#[track_caller]
pub fn scatter_add(input: &Tensor, in_place: bool, axis: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
    let axis = shape::normalize_axis("scatter_add", axis, input.rank())?;
    scattered(Scatter::Add, input, in_place, axis, &element_positions("scatter_add", index)?, source)
}

/// Flat positions as one index per axis of `shape`. A position outside is taken modulo the number of elements.
///
/// # Errors
/// When the positions are not integers, or `shape` has none for them.
pub fn unravel(flat: &Tensor, shape: &[i64]) -> Result<Vec<Tensor>> {
    const OP: &str = "unravel_index";
    if !flat.dtype().is_integer() {
        return Err(Error::type_(OP, format!("expected 'indices' to be integer dtype, but got {}", flat.dtype())));
    }
    let count = flat.numel();
    if shape.iter().any(|&size| size < 0) {
        return Err(Error::value(OP, format!("'shape' cannot have negative values, but got {shape:?}")));
    }
    if count > 0 && shape.contains(&0) {
        return Err(Error::value(OP, format!("'shape' cannot have zeros where there are indices, but got {shape:?}")));
    }
    let mut rest = copy::to_dtype(flat, DType::I64)?;
    let mut columns = Vec::with_capacity(shape.len());
    for &size in shape.iter().rev() {
        columns.push(modulo(&rest, size)?);
        if count > 0 {
            rest = apply(&rows::floor_divide_int::ROW, &[], &[(&rest).into(), Scalar::Int(size).into()])?;
        }
    }
    columns.reverse();
    Ok(columns)
}

/// Positions modulo the size of their axis.
fn modulo(index: &Tensor, size: i64) -> Result<Tensor> {
    if index.numel() == 0 {
        return Ok(index.clone());
    }
    let resolved = resolve::remainder(index.into(), Scalar::Int(size).into())?;
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
