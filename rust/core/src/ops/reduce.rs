//! Reductions over any axes: sums, products, extremes, moments, norms.

use smallvec::{SmallVec, smallvec};

use super::elementwise::{Arg, apply};
use super::range::Lines;
use super::{copy, rows, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::{Attribute, Op};
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::reduce::{Reduction, reduce as run};
use crate::launch::launch;
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::{Operand, Tensor};

/// Axes to reduce, as a mask.
pub(super) type Mask = SmallVec<[bool; 6]>;

/// A reduction whose empty list of axes means none, as in PyTorch.
fn strict_mask(op: &'static str, axes: Option<&[i64]>, rank: usize) -> Result<Mask> {
    match axes {
        Some([]) => Ok(smallvec![false; rank]),
        axes => mask(op, axes, rank),
    }
}

/// The axes named, or all of them. An empty list means all, as in PyTorch.
pub(super) fn mask(op: &'static str, axes: Option<&[i64]>, rank: usize) -> Result<Mask> {
    match axes {
        None | Some([]) => Ok(smallvec![true; rank]),
        Some(axes) => shape::axis_mask(op, axes, rank),
    }
}

/// The shape after reduction, reduced axes kept with size 1.
fn kept_shape(shape: &[usize], mask: &Mask) -> Shape {
    shape.iter().zip(mask).map(|(&size, &reduced)| if reduced { 1 } else { size }).collect()
}

/// Number of elements reduced to one.
pub(super) fn count(shape: &[usize], mask: &Mask) -> usize {
    shape.iter().zip(mask).filter(|(_, reduced)| **reduced).map(|(size, _)| *size).product()
}

/// Runs a reduction; one array per output dtype, reduced axes dropped unless `keep`.
pub(super) fn reduce_array<const OUTPUTS: usize>(
    op: &'static str,
    reduction: Reduction,
    array: &Array,
    mask: &Mask,
    keep: bool,
    dtypes: [DType; OUTPUTS],
) -> Result<[Array; OUTPUTS]> {
    let kept = kept_shape(array.shape(), mask);
    let mut outputs: SmallVec<[Array; 2]> = SmallVec::new();
    for dtype in dtypes {
        outputs.push(Array::uninit(op, &kept, dtype)?);
    }
    {
        let written: SmallVec<[&Array; 2]> = outputs.iter().collect();
        launch(array, &written[..], |input, outputs| run(reduction, mask, input, &outputs));
    }
    let finish = |output: Array| if keep { Ok(output) } else { drop_axes(op, &output, mask) };
    let finished: Result<Vec<Array>> = outputs.into_iter().map(finish).collect();
    Ok(finished?.try_into().unwrap_or_else(|_| unreachable!("one array per dtype")))
}

fn drop_axes(op: &'static str, array: &Array, mask: &Mask) -> Result<Array> {
    let shape: Shape =
        array.shape().iter().zip(mask).filter(|(_, reduced)| !**reduced).map(|(size, _)| *size).collect();
    array.view(&shape).ok_or_else(|| Error::runtime(op, "a reduced axis cannot be dropped"))
}

/// Gives a reduced tensor its reduced axes back with size 1, so that it broadcasts against what was reduced.
#[track_caller]
pub(super) fn restore_axes(tensor: &Tensor, shape: &[usize], mask: &Mask) -> Result<Tensor> {
    views::reshape_to(tensor, &kept_shape(shape, mask))
}

#[track_caller]
pub(super) fn binary(row: &'static super::elementwise::Row, a: &Tensor, b: impl Into<Arg2>) -> Result<Tensor> {
    match b.into() {
        Arg2::Tensor(b) => apply(row, &[], &[Arg::Tensor(a), Arg::Tensor(&b)]),
        Arg2::Number(b) => apply(row, &[], &[Arg::Tensor(a), Arg::Scalar(b)]),
    }
}

/// The second operand of [`binary`].
pub(super) enum Arg2 {
    Tensor(Tensor),
    Number(Scalar),
}

impl From<&Tensor> for Arg2 {
    fn from(tensor: &Tensor) -> Self {
        Self::Tensor(tensor.clone())
    }
}

impl From<f64> for Arg2 {
    fn from(number: f64) -> Self {
        Self::Number(Scalar::Float(number))
    }
}

/// What a recorded reduction computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Sum,
    Mean,
    Prod,
    Norm {
        p: f64,
    },
    /// Ties share the gradient evenly. Where NaN is the extreme, those that are NaN do, or nobody's is known.
    Extreme {
        nan_is_known: bool,
    },
    LogSumExp,
}

struct ReduceRule {
    name: &'static str,
    kind: Kind,
    shape: Shape,
    mask: Mask,
}

impl ReduceRule {
    /// Saved values in order: the input, then the output, as far as the kind reads them.
    fn reads_input(&self) -> bool {
        !matches!(self.kind, Kind::Sum | Kind::Mean)
    }

    fn reads_output(&self) -> bool {
        matches!(self.kind, Kind::Prod | Kind::Norm { .. } | Kind::Extreme { .. } | Kind::LogSumExp)
    }

    fn input_gradient(&self, cx: &Backward<'_>) -> Result<Tensor> {
        let grad = restore_axes(&cx.only_grad(), &self.shape, &self.mask)?;
        let input = || cx.saved(0);
        let output = || restore_axes(&cx.saved(1)?, &self.shape, &self.mask);
        match self.kind {
            Kind::Sum => views::broadcast_to(&grad, &self.shape),
            Kind::Mean => mean_backward(&grad, &self.shape, &self.mask),
            Kind::Prod => super::scan::prod_backward(&grad, &input()?, &output()?, &self.mask),
            Kind::Norm { p } => norm_backward(&grad, &input()?, &output()?, p, &self.mask),
            Kind::Extreme { nan_is_known } => {
                let attained = if nan_is_known { attained_or_nan } else { attained };
                share_among_ties(&grad, &attained(&input()?, &output()?)?, &self.mask)
            }
            Kind::LogSumExp => logsumexp_backward(&grad, &input()?, &output()?, &self.mask),
        }
    }
}

impl Op for ReduceRule {
    fn name(&self) -> &str {
        self.name
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = self.input_gradient(cx)?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        match (self.reads_input(), self.reads_output()) {
            (true, true) => vec![("self", 0), ("result", 1)],
            (true, false) => vec![("self", 0)],
            _ => Vec::new(),
        }
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self_sym_sizes", Attribute::Ints(self.shape.iter().map(|&size| size as i64).collect()))]
    }
}

/// `value` where `test` is not zero, 0 elsewhere.
#[track_caller]
pub(super) fn zero_where_zero(test: &Tensor, value: &Tensor) -> Result<Tensor> {
    let zero = apply(&rows::eq::ROW, &[], &[test.into(), Scalar::Int(0).into()])?;
    super::select::where_(&zero, Scalar::Int(0).into(), value.into())
}

/// The gradient of a mean, whose reduced axes have been restored: every element has the same share.
#[track_caller]
pub(super) fn mean_backward(grad: &Tensor, shape: &[usize], mask: &Mask) -> Result<Tensor> {
    views::broadcast_to(&binary(&rows::div::ROW, grad, count(shape, mask) as f64)?, shape)
}

#[track_caller]
pub(super) fn mean_kept(input: &Tensor, mask: &Mask) -> Result<Tensor> {
    let axes = axes_of(mask);
    mean(input, Some(&axes), true, None)
}

fn axes_of(mask: &Mask) -> SmallVec<[i64; 6]> {
    (0..mask.len()).filter(|&axis| mask[axis]).map(|axis| axis as i64).collect()
}

/// d‖x‖ₚ/dx = sign(x)·(|x| / ‖x‖ₚ)^(p−1); 0 where the norm is 0.
#[track_caller]
fn norm_backward(grad: &Tensor, x: &Tensor, norm: &Tensor, p: f64, mask: &Mask) -> Result<Tensor> {
    if p == 0.0 {
        return Ok(Tensor::from_array(Array::zeros("norm", &x.shape(), x.dtype())?));
    }
    if p == 1.0 {
        return binary(&rows::signed::ROW, grad, x);
    }
    if p == 2.0 {
        return apply(&rows::unit_slope::ROW, &[], &[x.into(), norm.into(), grad.into()]);
    }
    if p.is_infinite() {
        let shared = share_among_ties(grad, &attained_or_nan(&x.abs()?, norm)?, mask)?;
        return binary(&rows::signed::ROW, &shared, x);
    }
    let share = apply(&rows::unit_slope::ROW, &[], &[x.into(), norm.into(), 1.0.into()])?;
    // At 0 the power or its derivative is infinite for p below 2: kept away, not multiplied by 0.
    let zero = share.eq(0.0)?;
    let number = |value: i64| Scalar::Int(value).into();
    let base = super::select::where_(&zero, number(1), (&share.abs()?).into())?;
    let magnitude = super::powers::pow((&base).into(), Scalar::Float(p - 1.0).into())?;
    let slope = binary(&rows::mul::ROW, grad, &binary(&rows::mul::ROW, &share.sign()?, &magnitude)?)?;
    super::select::where_(&zero, number(0), (&slope).into())
}

/// Where the elements equal the extreme.
#[track_caller]
pub(super) fn attained(x: &Tensor, extreme: &Tensor) -> Result<Tensor> {
    apply(&rows::eq::ROW, &[], &[x.into(), extreme.into()])
}

/// Where the elements equal the extreme, or are NaN as it is.
#[track_caller]
pub(super) fn attained_or_nan(x: &Tensor, extreme: &Tensor) -> Result<Tensor> {
    let equal = attained(x, extreme)?;
    let nan = apply(&rows::isnan::ROW, &[], &[x.into()])?;
    let both_nan = apply(
        &rows::logical_and::ROW,
        &[],
        &[(&nan).into(), (&apply(&rows::isnan::ROW, &[], &[extreme.into()])?).into()],
    )?;
    apply(&rows::logical_or::ROW, &[], &[(&equal).into(), (&both_nan).into()])
}

/// The gradient of an extreme, divided evenly among the elements that attain it: NaN where none does.
#[track_caller]
pub(super) fn share_among_ties(grad: &Tensor, attained: &Tensor, mask: &Mask) -> Result<Tensor> {
    let ties = sum(&copy::to_dtype(attained, grad.dtype())?, Some(&axes_of(mask)), true, None)?;
    let nobody = apply(&rows::eq::ROW, &[], &[(&ties).into(), Scalar::Int(0).into()])?;
    let (attained, ties) = if any(&nobody, None, false)?.item()? == Scalar::Bool(true) {
        // The extreme is NaN: then so is every share.
        let unknown = super::select::where_(&nobody, Scalar::Float(f64::NAN).into(), (&ties).into())?;
        (apply(&rows::logical_or::ROW, &[], &[attained.into(), (&nobody).into()])?, unknown)
    } else {
        (attained.clone(), ties)
    };
    super::select::where_(&attained, (&binary(&rows::div::ROW, grad, &ties)?).into(), Scalar::Int(0).into())
}

#[track_caller]
fn finish(rule: impl FnOnce() -> ReduceRule, operand: &Operand, reads: (bool, bool), output: Array) -> Result<Tensor> {
    if !is_recorded(&[operand]) {
        return Ok(Tensor::from_array(output));
    }
    let mut saves: SmallVec<[Save<'_>; 2]> = SmallVec::new();
    if reads.0 {
        saves.push(Save::Input(operand));
    }
    if reads.1 {
        saves.push(Save::Output(0));
    }
    record(rule(), &[operand], &saves, output)
}

#[allow(clippy::too_many_arguments, reason = "the description of one reduction, used by six")]
#[track_caller]
fn reduce_recorded(
    op: &'static str,
    name: &'static str,
    kind: Kind,
    reduction: Reduction,
    input: &Tensor,
    mask: Mask,
    keep: bool,
    dtype: DType,
) -> Result<Tensor> {
    let operand = input.operand()?;
    refuse_integral(op, &operand, dtype)?;
    let [mut output] = reduce_array(op, reduction, &operand.array, &mask, keep, [dtype])?;
    if matches!(kind, Kind::Sum | Kind::Mean) && dtype.is_float() {
        output = Lines { op, array: &operand.array, mask: &mask, keep }.sum(reduction, output)?;
    }
    let rule = ReduceRule { name, kind, shape: operand.array.shape().into(), mask };
    let reads = (rule.reads_input(), rule.reads_output());
    finish(|| rule, &operand, reads, output)
}

/// Dtype of a sum or product: integers and `bool` in `int64`.
fn sum_dtype(op: &'static str, input: DType, asked: Option<DType>) -> Result<DType> {
    match asked {
        Some(dtype) => dtype.supported(op),
        None if input.is_float() => Ok(input),
        None => Ok(DType::I64),
    }
}

/// Dtype of a moment: floating-point only.
fn float_dtype(op: &'static str, what: &str, input: DType, asked: Option<DType>) -> Result<DType> {
    let dtype = asked.unwrap_or(input);
    if dtype.is_float() {
        dtype.supported(op)
    } else {
        let reason = format!("{op}(): could not infer output dtype. {what} dtype must be a floating point dtype");
        Err(Error::dtype(op, dtype, reason))
    }
}

/// The name of the form without axes or with: `SumBackward0`, `SumBackward1`.
fn by_axes(axes: Option<&[i64]>, all: &'static str, some: &'static str) -> &'static str {
    if axes.is_none() { all } else { some }
}

/// The input in the dtype asked for, where it makes a difference to reduce in it: in floats, and in `bool`, as which
/// every number but 0 counts.
#[track_caller]
fn as_dtype(op: &'static str, input: &Tensor, asked: Option<DType>) -> Result<Tensor> {
    match asked {
        Some(dtype) if dtype != input.dtype() && (dtype.is_float() || dtype == DType::Bool) => {
            refuse_integral(op, &input.operand()?, dtype)?;
            copy::to_dtype(input, dtype)
        }
        _ => Ok(input.clone()),
    }
}

/// The dtype asked for a norm: a float that holds the input's.
fn check_norm_dtype(own: DType, asked: Option<DType>) -> Result<()> {
    const OP: &str = "norm";
    let name = crate::dtype::torch_name;
    if !own.is_float() {
        return Err(Error::dtype(OP, own, "linalg.vector_norm: Expected a floating point tensor as input"));
    }
    match asked {
        Some(dtype) if !dtype.is_float() => Err(Error::runtime(
            OP,
            format!("linalg.vector_norm: dtype should be floating point or complex, but got {}", name(dtype)),
        )),
        Some(dtype) if dtype != own.promote(dtype) => Err(Error::runtime(
            OP,
            format!(
                "linalg.vector_norm: the dtype of the input ({}) should be convertible without narrowing to the specified dtype ({})",
                name(own),
                name(dtype)
            ),
        )),
        _ => Ok(()),
    }
}

/// Sum over `axes` (all if `None`); integers and `bool` give `int64`.
#[track_caller]
pub fn sum(input: &Tensor, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    let input = &as_dtype("sum", input, dtype)?;
    let mask = mask("sum", axes, input.rank())?;
    let dtype = sum_dtype("sum", input.dtype(), dtype)?;
    let name = by_axes(axes, "SumBackward0", "SumBackward1");
    reduce_recorded("sum", name, Kind::Sum, Reduction::Sum, input, mask, keep, dtype)
}

/// Sum over the axes along which `size` would be broadcast to the shape of `input`: the transpose of broadcasting.
#[track_caller]
pub fn sum_to_size(input: &Tensor, size: &[i64]) -> Result<Tensor> {
    const OP: &str = "sum_to_size";
    let own = input.shape();
    let target: Option<Shape> = size.iter().map(|&size| usize::try_from(size).ok()).collect();
    let fits = |target: &Shape| shape::broadcast(OP, target, &own).is_ok_and(|shape| shape == own);
    let Some(target) = target.filter(fits) else {
        return Err(Error::runtime(
            OP,
            format!("size {size:?} is not expandable to the shape {:?} of the input", own.as_slice()),
        ));
    };
    if target.is_empty() && !own.is_empty() {
        return sum(input, None, false, None);
    }
    let lead = own.len() - target.len();
    let axes: SmallVec<[i64; 6]> = (0..own.len())
        .filter(|&axis| axis < lead || (target[axis - lead] == 1 && own[axis] != 1))
        .map(|axis| axis as i64)
        .collect();
    let summed = if axes.is_empty() { input.clone() } else { sum(input, Some(&axes), true, None)? };
    if lead == 0 { Ok(summed) } else { views::view(&summed, size) }
}

/// Sums a gradient over broadcast axes down to `shape`.
#[track_caller]
pub fn sum_to(grad: &Tensor, shape: &[usize]) -> Result<Tensor> {
    let own = grad.shape();
    let fits = own.len() >= shape.len()
        && own[own.len() - shape.len()..].iter().zip(shape).all(|(&own, &size)| own == size || size == 1);
    if !fits {
        return Err(Error::shapes(
            "backward",
            &own,
            shape,
            format!("expected a gradient that broadcasts from {shape:?}"),
        ));
    }
    let lead = own.len() - shape.len();
    let axes: SmallVec<[i64; 6]> = (0..own.len())
        .filter(|&axis| axis < lead || (shape[axis - lead] == 1 && own[axis] != 1))
        .map(|axis| axis as i64)
        .collect();
    let summed = if axes.is_empty() { grad.clone() } else { sum(grad, Some(&axes), true, None)? };
    views::reshape_to(&summed, shape)
}

/// Mean over `axes`, of floats.
#[track_caller]
pub fn mean(input: &Tensor, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    let what = if dtype.is_some() { "Optional" } else { "Input" };
    let dtype = float_dtype("mean", what, input.dtype(), dtype)?;
    let input = &as_dtype("mean", input, Some(dtype))?;
    let mask = mask("mean", axes, input.rank())?;
    let name = by_axes(axes, "MeanBackward0", "MeanBackward1");
    reduce_recorded("mean", name, Kind::Mean, Reduction::Mean, input, mask, keep, dtype)
}

/// Product of all elements or over one axis.
#[track_caller]
pub fn prod(input: &Tensor, axis: Option<i64>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    let input = &as_dtype("prod", input, dtype)?;
    let axes = axis.map(|axis| [axis]);
    let axes = axes.as_ref().map(<[i64; 1]>::as_slice);
    let mask = mask("prod", axes, input.rank())?;
    let dtype = sum_dtype("prod", input.dtype(), dtype)?;
    let name = by_axes(axes, "ProdBackward0", "ProdBackward1");
    reduce_recorded("prod", name, Kind::Prod, Reduction::Prod, input, mask, keep, dtype)
}

/// A row applied to an array outside the graph.
fn in_array(row: &'static super::elementwise::Row, array: Array) -> Result<Array> {
    let _off = crate::graph::no_grad();
    Ok(apply(row, &[], &[(&Tensor::from_array(array)).into()])?.array())
}

/// ‖x‖ₚ over `axes`: p = 2, 1, 0 (number of non-zeros), ±∞ or any other number.
#[track_caller]
pub fn norm(input: &Tensor, p: f64, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    check_norm_dtype(input.dtype(), dtype)?;
    let input = &as_dtype("norm", input, dtype)?;
    let mask = mask("norm", axes, input.rank())?;
    let own = input.dtype();
    let operand = input.operand()?;
    let reduction = match p {
        0.0 => Reduction::CountNonzero,
        1.0 => Reduction::SumAbs,
        2.0 => Reduction::SumSquares,
        f64::INFINITY => Reduction::MaxAbs,
        f64::NEG_INFINITY => Reduction::MinAbs,
        p => Reduction::SumAbsPow(p),
    };
    if (p < 0.0 || p == f64::INFINITY) && count(operand.array.shape(), &mask) == 0 {
        return Err(Error::runtime(
            "norm",
            format!(
                "linalg.vector_norm cannot compute the {p} norm on an empty tensor because the operation does not have an identity"
            ),
        ));
    }
    let [raw] = match reduction {
        Reduction::CountNonzero => {
            let [counted] = reduce_array("norm", reduction, &operand.array, &mask, keep, [DType::I64])?;
            [counted.cast("norm", own)?]
        }
        _ => reduce_array("norm", reduction, &operand.array, &mask, keep, [own])?,
    };
    let lines = Lines { op: "norm", array: &operand.array, mask: &mask, keep };
    let output = match reduction {
        Reduction::SumSquares => lines.norm(reduction, false, raw, |sums| in_array(&rows::sqrt::ROW, sums))?,
        Reduction::SumAbsPow(p) => lines.norm(reduction, p < 0.0, raw, |sums| {
            let _off = crate::graph::no_grad();
            Ok(super::powers::pow((&Tensor::from_array(sums)).into(), Scalar::Float(1.0 / p).into())?.array())
        })?,
        _ => raw,
    };
    let rule = ReduceRule {
        name: "LinalgVectorNormBackward0",
        kind: Kind::Norm { p },
        shape: operand.array.shape().into(),
        mask,
    };
    finish(|| rule, &operand, (true, true), output)
}

/// Nothing can be an extreme of nothing: without named axes there has to be an element, and no named axis may be
/// empty.
pub(super) fn refuse_empty(op: &'static str, shape: &[usize], axes: Option<&[i64]>) -> Result<()> {
    let Some(axes @ [_, ..]) = axes else {
        if shape.contains(&0) {
            let reason = format!(
                "{op}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
            );
            // PyTorch raises another class for the two that give positions.
            let is_position = matches!(op, "argmax" | "argmin");
            return Err(if is_position { Error::index(op, reason) } else { Error::runtime(op, reason) });
        }
        return Ok(());
    };
    let mask = shape::axis_mask(op, axes, shape.len())?;
    match shape.iter().zip(&mask).position(|(&size, &reduced)| reduced && size == 0) {
        Some(axis) => Err(Error::index(op, format!("{op}(): Expected reduction dim {axis} to have non-zero size."))),
        None => Ok(()),
    }
}

/// A result in integers has no gradient: asking for one of an input that requires a gradient is a mistake to be told.
#[track_caller]
pub(super) fn refuse_integral(op: &'static str, operand: &Operand, dtype: DType) -> Result<()> {
    if dtype.is_differentiable() || !is_recorded(&[operand]) {
        return Ok(());
    }
    Err(Error::runtime(
        op,
        format!(
            "Autograd not support dtype: {}. The input of {op}() requires a gradient, which a result of this dtype \
             cannot pass on; detach() the input first, or compute without gradients.",
            crate::dtype::torch_name(dtype)
        ),
    ))
}

/// Greatest (or least) elements over `axes`; ties share the gradient evenly.
#[track_caller]
pub fn extreme(input: &Tensor, greatest: bool, axes: Option<&[i64]>, keep: bool) -> Result<Tensor> {
    let (op, name) = match (greatest, axes) {
        (true, None) => ("max", "MaxBackward1"),
        (false, None) => ("min", "MinBackward1"),
        (true, Some(_)) => ("amax", "AmaxBackward0"),
        (false, Some(_)) => ("amin", "AminBackward0"),
    };
    let mask = mask(op, axes, input.rank())?;
    refuse_empty(op, &input.shape(), axes)?;
    let reduction = if greatest { Reduction::Max } else { Reduction::Min };
    let dtype = input.dtype();
    // As PyTorch has it: of `max` and `min` NaN has the gradient, of `amax` and `amin` all of the slice becomes NaN.
    let kind = Kind::Extreme { nan_is_known: axes.is_none() };
    reduce_recorded(op, name, kind, reduction, input, mask, keep, dtype)
}

/// The gradient of a chosen element goes to where it was.
struct ChosenRule {
    name: &'static str,
    axis: usize,
    shape: Shape,
    keep: bool,
}

impl Op for ChosenRule {
    fn name(&self) -> &str {
        self.name
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (mut grad, mut index) = (cx.only_grad(), cx.saved(0)?);
        if !self.shape.is_empty() && !self.keep {
            grad = views::unsqueeze(&grad, self.axis as i64)?;
            index = views::unsqueeze(&index, self.axis as i64)?;
        }
        let result = super::index::put_along(&self.shape, self.axis, &index, &grad)?;
        cx.put(0, result);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

/// Records a selection along an axis whose positions are known: (values, indices).
#[track_caller]
pub fn chosen(
    name: &'static str,
    operand: &Operand,
    axis: usize,
    keep: bool,
    values: Array,
    indices: Array,
) -> Result<(Tensor, Tensor)> {
    let shape: Shape = operand.array.shape().into();
    let index = Tensor::from_array(indices.clone());
    if !is_recorded(&[operand]) {
        return Ok((Tensor::from_array(values), index));
    }
    let rule = ChosenRule { name, axis, shape, keep };
    Ok((record(rule, &[operand], &[Save::Array(&indices)], values)?, index))
}

/// Greatest (or least) element along an axis, and where it is; the gradient goes there.
#[track_caller]
pub fn extreme_along(input: &Tensor, greatest: bool, axis: i64, keep: bool) -> Result<(Tensor, Tensor)> {
    let (op, name) = if greatest { ("max", "MaxBackward0") } else { ("min", "MinBackward0") };
    let operand = input.operand()?;
    let axis_index = shape::normalize_axis(op, axis, operand.array.rank())?;
    let mask = mask(op, Some(&[axis]), operand.array.rank())?;
    refuse_empty(op, operand.array.shape(), Some(&[axis]))?;
    let reduction = if greatest { Reduction::MaxWithIndex } else { Reduction::MinWithIndex };
    let dtype = operand.array.dtype();
    let [values, indices] = reduce_array(op, reduction, &operand.array, &mask, keep, [dtype, DType::I64])?;
    chosen(name, &operand, axis_index, keep, values, indices)
}

/// Position of the greatest (or least) element, of all or along an axis.
pub fn arg_extreme(input: &Tensor, greatest: bool, axis: Option<i64>, keep: bool) -> Result<Tensor> {
    let op = if greatest { "argmax" } else { "argmin" };
    let array = input.array();
    if array.dtype() == DType::Bool {
        return Err(Error::no_kernel(op, &format!("{op}_cpu"), DType::Bool));
    }
    let axes = axis.map(|axis| [axis]);
    let axes = axes.as_ref().map(<[i64; 1]>::as_slice);
    let mask = mask(op, axes, array.rank())?;
    refuse_empty(op, array.shape(), axes)?;
    let reduction = if greatest { Reduction::ArgMax } else { Reduction::ArgMin };
    let [positions] = reduce_array(op, reduction, &array, &mask, keep, [DType::I64])?;
    Ok(Tensor::from_array(positions))
}

/// A reduction without gradient to `dtype`.
fn plain(
    op: &'static str,
    reduction: Reduction,
    input: &Tensor,
    axes: Option<&[i64]>,
    keep: bool,
    dtype: DType,
) -> Result<Tensor> {
    let array = input.array();
    let mask = match reduction {
        Reduction::Any | Reduction::All => strict_mask(op, axes, array.rank())?,
        _ => mask(op, axes, array.rank())?,
    };
    let [output] = reduce_array(op, reduction, &array, &mask, keep, [dtype])?;
    Ok(Tensor::from_array(output))
}

/// `bool`, but `uint8` for `uint8`, as PyTorch has it for `any` and `all`.
fn truth_dtype(input: &Tensor) -> DType {
    if input.dtype() == DType::U8 { DType::U8 } else { DType::Bool }
}

/// Whether any element is not zero.
pub fn any(input: &Tensor, axes: Option<&[i64]>, keep: bool) -> Result<Tensor> {
    plain("any", Reduction::Any, input, axes, keep, truth_dtype(input))
}

/// Whether no element is zero.
pub fn all(input: &Tensor, axes: Option<&[i64]>, keep: bool) -> Result<Tensor> {
    plain("all", Reduction::All, input, axes, keep, truth_dtype(input))
}

/// Number of elements that are not zero.
pub fn count_nonzero(input: &Tensor, axes: Option<&[i64]>) -> Result<Tensor> {
    plain("count_nonzero", Reduction::CountNonzero, input, axes, false, DType::I64)
}

/// Each element's share eˣ / Σ eˣ of the gradient. An infinite sum is that of the elements that are as infinite, which
/// share evenly.
#[track_caller]
fn logsumexp_backward(grad: &Tensor, x: &Tensor, total: &Tensor, mask: &Mask) -> Result<Tensor> {
    let zero = || Scalar::Int(0).into();
    let share = |distance: &Tensor| binary(&rows::mul::ROW, grad, &apply(&rows::exp::ROW, &[], &[distance.into()])?);
    let distance = binary(&rows::sub::ROW, x, total)?;
    let infinite = apply(&rows::isinf::ROW, &[], &[total.into()])?;
    if any(&infinite, None, false)?.item()? == Scalar::Bool(false) {
        return share(&distance);
    }
    // Where the sum is finite anybody may have a share: it is not taken.
    let finite = apply(&rows::logical_not::ROW, &[], &[(&infinite).into()])?;
    let as_infinite = apply(&rows::logical_or::ROW, &[], &[(&attained(x, total)?).into(), (&finite).into()])?;
    let evenly = share_among_ties(grad, &as_infinite, mask)?;
    // Without ∞ − ∞, whose derivative would be NaN.
    let finite = share(&super::select::where_(&infinite, zero(), (&distance).into())?)?;
    super::select::where_(&infinite, (&evenly).into(), (&finite).into())
}

/// ln Σ eˣ over `axes`, without overflow.
#[track_caller]
pub fn logsumexp(input: &Tensor, axes: &[i64], keep: bool) -> Result<Tensor> {
    let input = &if input.dtype().is_float() { input.clone() } else { copy::to_dtype(input, crate::default_dtype())? };
    let operand = input.operand()?;
    // No axes are all of them; PyTorch's result does not lose the axes that it did not name.
    if axes.is_empty() && !keep && operand.array.rank() > 0 {
        return Err(Error::runtime(
            "logsumexp",
            format!(
                "logsumexp(): dim names no axis of an input of shape {:?}; name at least one, or give keepdim=True for all",
                operand.array.shape()
            ),
        ));
    }
    let mask = mask("logsumexp", (!axes.is_empty()).then_some(axes), operand.array.rank())?;
    let output = {
        let _off = crate::graph::no_grad();
        let detached = Tensor::from_array(operand.array.clone());
        let axes = axes_of(&mask);
        let peak = if count(operand.array.shape(), &mask) == 0 {
            let kept = kept_shape(operand.array.shape(), &mask);
            Tensor::from_array(Array::zeros("logsumexp", &kept, operand.array.dtype())?)
        } else {
            let peak = extreme(&detached, true, Some(&axes), true)?;
            // An infinite peak would give inf − inf.
            let infinite = apply(&rows::isinf::ROW, &[], &[(&peak).into()])?;
            super::select::where_(&infinite, Scalar::Int(0).into(), (&peak).into())?
        };
        let shifted = binary(&rows::sub::ROW, &detached, &peak)?;
        let exponentials = apply(&rows::exp::ROW, &[], &[(&shifted).into()])?;
        let total = sum(&exponentials, Some(&axes), true, None)?;
        let result = binary(&rows::add::ROW, &apply(&rows::log::ROW, &[], &[(&total).into()])?, &peak)?.array();
        if keep { result } else { drop_axes("logsumexp", &result, &mask)? }
    };
    let rule =
        ReduceRule { name: "LogsumexpBackward0", kind: Kind::LogSumExp, shape: operand.array.shape().into(), mask };
    finish(|| rule, &operand, (true, true), output)
}
