//! Reductions over any axes: sums, products, extremes, moments, norms.

use std::borrow::Cow;

use smallvec::{SmallVec, smallvec};

use super::axes::{
    Mask, axes_of, check_looks, count, kept_shape, mask, reduce_array, refuse_complex, refuse_empty, refuse_integral,
    restore_axes, result_shape, strict_mask,
};
use super::range::{self, Lines};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Attribute, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From as Source};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{Modes, modes};
use crate::kernels::reduce::{Reduction, reduce};
use crate::kernels::softmax::{self, AxisSize};
use crate::launch::{launch, launch_small};
use crate::ops::elementwise::{self, Arg, apply, resolve, select};
use crate::ops::writing::copy;
use crate::ops::{batching, complex, rows, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

#[track_caller]
pub(in crate::ops) fn binary(row: &'static elementwise::Row, a: &Tensor, b: impl Into<Arg2>) -> Result<Tensor> {
    match b.into() {
        Arg2::Tensor(b) => apply(row, &[], &[Arg::Tensor(a), Arg::Tensor(&b)]),
        Arg2::Number(b) => apply(row, &[], &[Arg::Tensor(a), Arg::Scalar(b)]),
    }
}

/// The second operand of [`binary`].
pub(in crate::ops) enum Arg2 {
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

/// What a reduction computes.
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
        greatest: bool,
        nan_is_known: bool,
    },
    LogSumExp,
    /// Where the extreme is; over one axis, or all.
    Position {
        greatest: bool,
    },
    Any,
    All,
    CountNonzero,
}

/// A reduction over some axes to one result.
#[derive(Clone, Debug, PartialEq)]
struct Reduce {
    op: &'static str,
    node: &'static str,
    kind: Kind,
    mask: Mask,
    keep: bool,
    /// Of the result.
    dtype: DType,
    /// Of the input.
    shape: Shape,
}

impl Reduce {
    fn reads_input(&self) -> bool {
        !matches!(self.kind, Kind::Sum | Kind::Mean)
    }

    fn input_gradient(&self, grad: &Tensor, input: &Tensor, output: &Tensor) -> Result<Tensor> {
        let grad = &restore_axes(grad, &self.shape, &self.mask)?;
        match self.kind {
            Kind::Sum => return views::broadcast_to(grad, &self.shape),
            Kind::Mean => return mean_backward(grad, &self.shape, &self.mask),
            _ => {}
        }
        let output = &restore_axes(output, &self.shape, &self.mask)?;
        match self.kind {
            Kind::Prod => super::scan::prod_backward(grad, &complex::conj(input)?, &complex::conj(output)?, &self.mask),
            Kind::Norm { p } => norm_backward(grad, input, output, p, &self.mask),
            Kind::Extreme { nan_is_known, .. } => {
                let attained = if nan_is_known { attained_or_nan } else { attained };
                share_among_ties(grad, &attained(input, output)?, &self.mask)
            }
            Kind::LogSumExp => logsumexp_backward(grad, input, output, &self.mask),
            _ => Err(Error::runtime(self.op, format!("derivative for {} is not implemented", self.op))),
        }
    }

    /// Whether its terms are looked at before they are added up.
    fn is_scaled(&self) -> bool {
        matches!(self.kind, Kind::Norm { .. } | Kind::LogSumExp)
    }

    fn lines<'a>(&'a self, array: &'a Array) -> Lines<'a> {
        Lines { op: self.op, array, mask: &self.mask, keep: self.keep }
    }

    fn run(&self, reduction: Reduction, array: &Array, dtype: DType) -> Result<Array> {
        let [output] = reduce_array(self.op, reduction, array, &self.mask, self.keep, [dtype])?;
        Ok(output)
    }
}

impl Op for Reduce {
    #[allow(clippy::misnamed_getters, reason = "the operation's name in the graph is that of its node")]
    fn name(&self) -> &str {
        self.node
    }

    fn takes_complex(&self) -> bool {
        matches!(self.kind, Kind::Sum | Kind::Mean | Kind::Prod | Kind::Any | Kind::All | Kind::CountNonzero)
    }

    fn differentiable(&self) -> usize {
        let constant = matches!(self.kind, Kind::Position { .. } | Kind::Any | Kind::All | Kind::CountNonzero);
        usize::from(!constant)
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let array = &inputs[0];
        check_looks(self.op, array, &self.shape, &self.mask)?;
        if self.dtype.is_half() {
            // Computed in single precision, and rounded once.
            let wide = Self { dtype: DType::F32, ..self.clone() };
            let terms = if self.is_scaled() { array.cast(self.op, DType::F32)? } else { array.clone() };
            let results = wide.eval(&[Some(&terms)].into_iter().collect())?;
            return Ok(smallvec![results[0].cast(self.op, self.dtype)?]);
        }
        let run = |reduction| self.run(reduction, array, self.dtype);
        Ok(smallvec![match self.kind {
            Kind::Sum if self.dtype.is_float() => self.lines(array).sum(Reduction::Sum, self.dtype)?,
            Kind::Sum => run(Reduction::Sum)?,
            Kind::Mean if self.dtype.is_complex() => run(Reduction::Mean)?,
            Kind::Mean => self.lines(array).sum(Reduction::Mean, self.dtype)?,
            Kind::Prod => run(Reduction::Prod)?,
            Kind::Norm { p } => self.norm(p, array)?,
            Kind::Extreme { greatest: true, .. } => run(Reduction::Max)?,
            Kind::Extreme { greatest: false, .. } => run(Reduction::Min)?,
            Kind::LogSumExp => self.logsumexp(array)?,
            Kind::Position { greatest: true } => run(Reduction::ArgMax)?,
            Kind::Position { greatest: false } => run(Reduction::ArgMin)?,
            Kind::Any => run(Reduction::Any)?,
            Kind::All => run(Reduction::All)?,
            Kind::CountNonzero => run(Reduction::CountNonzero)?,
        }])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        if self.reads_input() { smallvec![Keep::Input(0), Keep::Output(0)] } else { SmallVec::new() }
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if !self.reads_input() {
            let grad = cx.call(Spread(self.clone()), &[Source::Grad(0)])?;
            cx.put(0, grad);
            return Ok(());
        }
        let grad = self.input_gradient(&cx.only_grad(), &cx.saved(0)?, &cx.saved(1)?)?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        if !self.reads_input() {
            return cx.linear(0, self);
        }
        // A position has no tangent.
        let differentiable = cx.output(0).dtype().is_differentiable();
        // The partial derivatives times the tangent, summed.
        let Some(tangent) = cx.tangent(0).cloned().filter(|_| differentiable) else { return Ok(()) };
        let ones = copy::filled_like(cx.output(0), Scalar::Int(1))?;
        let partial = complex::conj(&self.input_gradient(&ones, cx.input(0), cx.output(0))?)?;
        // What has no part in the result has none in its tangent, whatever its own.
        let terms = masked_product(&partial, &tangent)?;
        let sum = Self { kind: Kind::Sum, dtype: terms.dtype(), ..self.clone() };
        cx.put(0, call(sum, &[&terms])?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let mut whole = batching::front(cx.input(0), cx.size())?;
        let mut each = self.clone();
        if let Kind::Position { .. } = self.kind
            && self.mask.iter().filter(|reduced| **reduced).count() != 1
        {
            // A position among all elements of an example.
            let rank = self.mask.len() as i64;
            let flat = views::reshape(&whole, &[cx.size() as i64, -1])?;
            each.mask = smallvec![true];
            let result = Self { mask: smallvec![false, true], shape: flat.shape(), ..each };
            let mut positions = call(Self { keep: false, ..result }, &[&flat])?;
            if self.keep {
                for _ in 0..rank {
                    positions = views::unsqueeze(&positions, -1)?;
                }
            }
            cx.put(positions, Some(0));
            return Ok(());
        }
        if self.mask.is_empty() {
            // One element, which is all that there is to reduce.
            whole = views::unsqueeze(&whole, 1)?;
            each.mask = smallvec![true];
            each.keep = false;
        }
        each.mask.insert(0, false);
        each.shape = whole.shape();
        let result = call(each, &[&whole])?;
        cx.put(result, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        if self.reads_input() { vec![("self", 0), ("result", 1)] } else { Vec::new() }
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self_sym_sizes", Attribute::Ints(self.shape.iter().map(|&size| size as i64).collect()))]
    }
}

/// Most elements of a gradient of a sum that are written down: what lies dense is quicker to compute with from there on.
const WRITTEN: usize = 256;

/// The gradient of a sum or a mean from that of its result, which every element gets, or has a share in.
#[derive(Clone, PartialEq, Debug)]
struct Spread(Reduce);

impl Op for Spread {
    fn name(&self) -> &str {
        self.0.node
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let &Reduce { op, kind, ref mask, ref shape, .. } = &self.0;
        let mut grad = inputs[0].clone();
        if kind == Kind::Mean {
            grad = binary(&rows::div::ROW, &Tensor::from_array(grad), count(shape, mask) as f64)?.array();
        }
        let kept = kept_shape(shape, mask);
        let kept = match grad.view(&kept) {
            Some(kept) => kept,
            None => grad.duplicate_row_major(op)?.with_layout(&kept, &shape::contiguous_strides(&kept), 0),
        };
        let spread = kept.expand(shape);
        Ok(smallvec![if spread.numel() <= WRITTEN { spread.contiguous(op)? } else { spread }])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let grad = inputs[0].expect("the gradient is always given");
        Some(self.0.input_gradient(grad, grad, grad).map(|spread| smallvec![spread]))
    }
}

/// A product in which 0 times anything is 0.
#[track_caller]
pub(in crate::ops) fn masked_product(partial: &Tensor, tangent: &Tensor) -> Result<Tensor> {
    let zero = partial.eq(0.0)?;
    select::where_(&zero, Scalar::Int(0).into(), (&binary(&rows::mul::ROW, partial, tangent)?).into())
}

/// `value` where `test` is not zero, 0 elsewhere.
#[track_caller]
pub(in crate::ops) fn zero_where_zero(test: &Tensor, value: &Tensor) -> Result<Tensor> {
    let zero = apply(&rows::eq::ROW, &[], &[test.into(), Scalar::Int(0).into()])?;
    select::where_(&zero, Scalar::Int(0).into(), value.into())
}

/// The gradient of a mean, whose reduced axes have been restored: every element has the same share.
#[track_caller]
pub(in crate::ops) fn mean_backward(grad: &Tensor, shape: &[usize], mask: &Mask) -> Result<Tensor> {
    views::broadcast_to(&binary(&rows::div::ROW, grad, count(shape, mask) as f64)?, shape)
}

#[track_caller]
pub(in crate::ops) fn mean_kept(input: &Tensor, mask: &Mask) -> Result<Tensor> {
    let axes = axes_of(mask);
    mean(input, Some(&axes), true, None)
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
    let base = select::where_(&zero, number(1), (&share.abs()?).into())?;
    let magnitude = resolve::pow((&base).into(), Scalar::Float(p - 1.0).into())?;
    let slope = binary(&rows::mul::ROW, grad, &binary(&rows::mul::ROW, &share.sign()?, &magnitude)?)?;
    select::where_(&zero, number(0), (&slope).into())
}

/// Where the elements equal the extreme.
#[track_caller]
pub(in crate::ops) fn attained(x: &Tensor, extreme: &Tensor) -> Result<Tensor> {
    apply(&rows::eq::ROW, &[], &[x.into(), extreme.into()])
}

/// Where the elements equal the extreme, or are NaN as it is.
#[track_caller]
pub(in crate::ops) fn attained_or_nan(x: &Tensor, extreme: &Tensor) -> Result<Tensor> {
    let equal = attained(x, extreme)?;
    let nan = apply(&rows::isnan::ROW, &[], &[x.into()])?;
    let both_nan = apply(
        &rows::logical_and::ROW,
        &[],
        &[(&nan).into(), (&apply(&rows::isnan::ROW, &[], &[extreme.into()])?).into()],
    )?;
    apply(&rows::logical_or::ROW, &[], &[(&equal).into(), (&both_nan).into()])
}

/// The gradient of an extreme, divided evenly among the elements that attain it: NaN where none does, because the extreme
/// is NaN.
#[track_caller]
pub(in crate::ops) fn share_among_ties(grad: &Tensor, attained: &Tensor, mask: &Mask) -> Result<Tensor> {
    let ties = sum(attained, Some(&axes_of(mask)), true, Some(grad.dtype()))?;
    let nobody = apply(&rows::eq::ROW, &[], &[(&ties).into(), Scalar::Int(0).into()])?;
    let unknown = || Scalar::Float(f64::NAN).into();
    let share = binary(&rows::div::ROW, grad, &select::where_(&nobody, unknown(), (&ties).into())?)?;
    let other = select::where_(&nobody, unknown(), (&copy::filled_like(&ties, Scalar::Int(0))?).into())?;
    select::where_(attained, (&share).into(), (&other).into())
}

#[track_caller]
fn reduced(
    (op, node): (&'static str, &'static str),
    kind: Kind,
    input: &Tensor,
    mask: Mask,
    keep: bool,
    dtype: DType,
) -> Result<Tensor> {
    reduced_of((op, node), kind, (input, input.shape()), mask, keep, dtype)
}

/// [`reduced`] of an input whose shape is known.
#[track_caller]
fn reduced_of(
    (op, node): (&'static str, &'static str),
    kind: Kind,
    (input, shape): (&Tensor, Shape),
    mask: Mask,
    keep: bool,
    dtype: DType,
) -> Result<Tensor> {
    refuse_integral(op, input, dtype)?;
    call(Reduce { op, node, kind, mask, keep, dtype, shape }, &[input])
}

/// Shape and dtype, at one look.
fn looked_at(input: &Tensor) -> (Shape, DType) {
    let state = input.lock();
    (Shape::from_slice(state.array.shape()), state.array.dtype())
}

/// Dtype of a sum or product: integers and `bool` in `int64`.
fn sum_dtype(input: DType, asked: Option<DType>) -> DType {
    asked.unwrap_or(if input.is_differentiable() { input } else { DType::I64 })
}

/// Dtype of a mean: floating-point or complex.
fn float_dtype(op: &'static str, what: &str, input: DType, asked: Option<DType>) -> Result<DType> {
    let dtype = asked.unwrap_or(input);
    if dtype.is_differentiable() {
        Ok(dtype)
    } else {
        let reason = format!(
            "{op}(): could not infer output dtype. {what} dtype must be either a floating point or complex dtype"
        );
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
fn as_dtype<'a>(op: &'static str, input: &'a Tensor, asked: Option<DType>) -> Result<Cow<'a, Tensor>> {
    match asked {
        Some(dtype) if dtype != input.dtype() && (dtype.is_differentiable() || dtype == DType::Bool) => {
            refuse_integral(op, input, dtype)?;
            copy::to_dtype(input, dtype).map(Cow::Owned)
        }
        _ => Ok(Cow::Borrowed(input)),
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

/// The sum or mean of all elements of a small tensor of floats, of which nothing is recorded: on its shortest way. `None` where
/// it needs another.
#[inline]
fn of_all(op: &'static str, reduction: Reduction, input: &Tensor) -> Option<Tensor> {
    let modes = modes();
    if modes != Modes::NONE && modes != Modes::NO_GRAD {
        return None;
    }
    let state = input.lock();
    let data = state.bare()?;
    let dtype = data.dtype();
    if !matches!(dtype, DType::F32 | DType::F64) {
        return None;
    }
    let (result, usual) = launch_small(op, data, dtype, |input, output| {
        let mut outputs = [output];
        reduce(reduction, &[true], input, &outputs);
        range::are_finite(&mut outputs, dtype)
    })?;
    usual.then(|| Tensor::plain(result))
}

/// Sum over `axes` (all if `None`); integers and `bool` give `int64`.
#[track_caller]
pub fn sum(input: &Tensor, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    if axes.is_none()
        && dtype.is_none()
        && !keep
        && let Some(result) = of_all("sum", Reduction::Sum, input)
    {
        return Ok(result);
    }
    let input = &*as_dtype("sum", input, dtype)?;
    let (shape, own) = looked_at(input);
    let mask = mask("sum", axes, shape.len())?;
    let name = by_axes(axes, "SumBackward0", "SumBackward1");
    reduced_of(("sum", name), Kind::Sum, (input, shape), mask, keep, sum_dtype(own, dtype))
}

/// Sum over the axes of a mask.
#[track_caller]
pub(in crate::ops) fn sum_over(input: &Tensor, mask: &Mask, keep: bool) -> Result<Tensor> {
    let node = "SumBackward1";
    reduced(("sum", node), Kind::Sum, input, mask.clone(), keep, input.dtype())
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
    if axes.is_none()
        && dtype.is_none()
        && !keep
        && let Some(result) = of_all("mean", Reduction::Mean, input)
    {
        return Ok(result);
    }
    let what = if dtype.is_some() { "Optional" } else { "Input" };
    let dtype = float_dtype("mean", what, input.dtype(), dtype)?;
    let input = &*as_dtype("mean", input, Some(dtype))?;
    let (shape, _) = looked_at(input);
    let mask = mask("mean", axes, shape.len())?;
    let name = by_axes(axes, "MeanBackward0", "MeanBackward1");
    reduced_of(("mean", name), Kind::Mean, (input, shape), mask, keep, dtype)
}

/// Product of all elements or over one axis.
#[track_caller]
pub fn prod(input: &Tensor, axis: Option<i64>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    let input = &*as_dtype("prod", input, dtype)?;
    let axes = axis.map(|axis| [axis]);
    let axes = axes.as_ref().map(<[i64; 1]>::as_slice);
    let mask = mask("prod", axes, input.rank())?;
    let dtype = sum_dtype(input.dtype(), dtype);
    let name = by_axes(axes, "ProdBackward0", "ProdBackward1");
    reduced(("prod", name), Kind::Prod, input, mask, keep, dtype)
}

/// A row applied to an array outside the graph.
fn in_array(row: &'static elementwise::Row, array: Array) -> Result<Array> {
    let _off = crate::graph::no_grad();
    Ok(apply(row, &[], &[(&Tensor::from_array(array)).into()])?.array())
}

/// ‖x‖ₚ over `axes`: p = 2, 1, 0 (number of non-zeros), ±∞ or any other number.
#[track_caller]
pub fn norm(input: &Tensor, p: f64, axes: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Tensor> {
    if input.dtype().is_complex() {
        return norm(&complex::abs(input)?, p, axes, keep, dtype.map(DType::to_real));
    }
    check_norm_dtype(input.dtype(), dtype)?;
    let input = &*as_dtype("norm", input, dtype)?;
    let mask = mask("norm", axes, input.rank())?;
    if (p < 0.0 || p == f64::INFINITY) && count(&input.shape(), &mask) == 0 {
        return Err(Error::runtime(
            "norm",
            format!(
                "linalg.vector_norm cannot compute the {p} norm on an empty tensor because the operation does not have an identity"
            ),
        ));
    }
    reduced(("norm", "LinalgVectorNormBackward0"), Kind::Norm { p }, input, mask, keep, input.dtype())
}

impl Reduce {
    fn norm(&self, p: f64, array: &Array) -> Result<Array> {
        let run = |reduction| self.run(reduction, array, self.dtype);
        match p {
            0.0 => self.run(Reduction::CountNonzero, array, DType::I64)?.cast(self.op, self.dtype),
            1.0 => run(Reduction::SumAbs),
            2.0 => {
                let sums = run(Reduction::SumSquares)?;
                let root = |sums| in_array(&rows::sqrt::ROW, sums);
                self.lines(array).norm(Reduction::SumSquares, false, sums, root)
            }
            f64::INFINITY => run(Reduction::MaxAbs),
            f64::NEG_INFINITY => run(Reduction::MinAbs),
            p => {
                let reduction = Reduction::SumAbsPow(p);
                self.lines(array).norm(reduction, p < 0.0, run(reduction)?, |sums| {
                    let _off = crate::graph::no_grad();
                    Ok(resolve::pow((&Tensor::from_array(sums)).into(), Scalar::Float(1.0 / p).into())?.array())
                })
            }
        }
    }

    /// With the kernel where the axes lie side by side, which in memory they mostly do.
    fn logsumexp(&self, array: &Array) -> Result<Array> {
        let first = self.mask.iter().position(|&reduced| reduced).unwrap_or(0);
        let (before, rest) = (&self.shape[..first], &self.mask[first..]);
        let side_by_side = rest.iter().take_while(|reduced| **reduced).count();
        let gathered = if side_by_side == rest.iter().filter(|reduced| **reduced).count() {
            array.contiguous(self.op)?
        } else {
            // The reduced axes last.
            let axes = (0..array.rank()).filter(|&axis| !self.mask[axis]);
            let order: SmallVec<[usize; 6]> = axes.chain((0..array.rank()).filter(|&axis| self.mask[axis])).collect();
            array.permute(&order).contiguous(self.op)?
        };
        let len = count(&self.shape, &self.mask);
        let outer: usize = before.iter().product();
        let lines: usize =
            self.shape.iter().zip(&self.mask).filter(|(_, reduced)| !**reduced).map(|(size, _)| size).product();
        let size = if side_by_side == rest.iter().filter(|reduced| **reduced).count() {
            AxisSize { outer, len, inner: lines / outer.max(1) }
        } else {
            AxisSize { outer: lines, len, inner: 1 }
        };
        let output = Array::uninit(self.op, &result_shape(&self.shape, &self.mask, self.keep), self.dtype)?;
        if output.numel() > 0 {
            launch(&gathered, &output, |x, y| softmax::logsumexp(size, x, y));
        }
        Ok(output)
    }
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
    let dtype = input.dtype();
    // As PyTorch has it: of `max` and `min` NaN has the gradient, of `amax` and `amin` all of the slice becomes NaN.
    let kind = Kind::Extreme { greatest, nan_is_known: axes.is_none() };
    reduced((op, name), kind, input, mask, keep, dtype)
}

/// Position of the greatest (or least) element, of all or along an axis.
pub fn arg_extreme(input: &Tensor, greatest: bool, axis: Option<i64>, keep: bool) -> Result<Tensor> {
    let op = if greatest { "argmax" } else { "argmin" };
    if input.dtype() == DType::Bool {
        return Err(Error::no_kernel(op, &format!("{op}_cpu"), DType::Bool));
    }
    refuse_complex(op, input)?;
    let axes = axis.map(|axis| [axis]);
    let axes = axes.as_ref().map(<[i64; 1]>::as_slice);
    let shape = input.shape();
    let mask = mask(op, axes, shape.len())?;
    refuse_empty(op, &shape, axes)?;
    constant(op, Kind::Position { greatest }, input, mask, keep, DType::I64)
}

/// A reduction without gradient to `dtype`.
fn constant(op: &'static str, kind: Kind, input: &Tensor, mask: Mask, keep: bool, dtype: DType) -> Result<Tensor> {
    call(Reduce { op, node: op, kind, mask, keep, dtype, shape: input.shape() }, &[input])
}

/// `bool`, but `uint8` for `uint8`, as PyTorch has it for `any` and `all`.
fn truth_dtype(input: &Tensor) -> DType {
    if input.dtype() == DType::U8 { DType::U8 } else { DType::Bool }
}

/// Whether any element is not zero.
pub fn any(input: &Tensor, axes: Option<&[i64]>, keep: bool) -> Result<Tensor> {
    constant("any", Kind::Any, input, strict_mask("any", axes, input.rank())?, keep, truth_dtype(input))
}

/// Whether no element is zero.
pub fn all(input: &Tensor, axes: Option<&[i64]>, keep: bool) -> Result<Tensor> {
    constant("all", Kind::All, input, strict_mask("all", axes, input.rank())?, keep, truth_dtype(input))
}

/// Number of elements that are not zero.
pub fn count_nonzero(input: &Tensor, axes: Option<&[i64]>) -> Result<Tensor> {
    let mask = mask("count_nonzero", axes, input.rank())?;
    constant("count_nonzero", Kind::CountNonzero, input, mask, false, DType::I64)
}

/// Each element's share eˣ / Σ eˣ of the gradient. An infinite sum is that of the elements that are as infinite, which
/// share evenly.
#[track_caller]
fn logsumexp_backward(grad: &Tensor, x: &Tensor, total: &Tensor, mask: &Mask) -> Result<Tensor> {
    let zero = || Scalar::Int(0).into();
    let share = |distance: &Tensor| binary(&rows::mul::ROW, grad, &apply(&rows::exp::ROW, &[], &[distance.into()])?);
    let distance = binary(&rows::sub::ROW, x, total)?;
    let infinite = apply(&rows::isinf::ROW, &[], &[total.into()])?;
    if any(&infinite, None, false)?.is_known_false() {
        return share(&distance);
    }
    // Where the sum is finite anybody may have a share: it is not taken.
    let finite = apply(&rows::logical_not::ROW, &[], &[(&infinite).into()])?;
    let as_infinite = apply(&rows::logical_or::ROW, &[], &[(&attained(x, total)?).into(), (&finite).into()])?;
    let evenly = share_among_ties(grad, &as_infinite, mask)?;
    // Without ∞ − ∞, whose derivative would be NaN.
    let finite = share(&select::where_(&infinite, zero(), (&distance).into())?)?;
    select::where_(&infinite, (&evenly).into(), (&finite).into())
}

/// ln Σ eˣ over `axes`, without overflow.
#[track_caller]
pub fn logsumexp(input: &Tensor, axes: &[i64], keep: bool) -> Result<Tensor> {
    let inexact = input.dtype().is_differentiable();
    let input = &if inexact { input.clone() } else { copy::to_dtype(input, crate::default_dtype())? };
    let shape = input.shape();
    // No axes are all of them; PyTorch's result does not lose the axes that it did not name.
    if axes.is_empty() && !keep && !shape.is_empty() {
        return Err(Error::runtime(
            "logsumexp",
            format!(
                "logsumexp(): dim names no axis of an input of shape {:?}; name at least one, or give keepdim=True for all",
                shape.as_slice()
            ),
        ));
    }
    let mask = mask("logsumexp", (!axes.is_empty()).then_some(axes), shape.len())?;
    if input.dtype().is_complex() {
        let all: SmallVec<[i64; 6]> = (0..shape.len() as i64).collect();
        return complex::logsumexp(input, if axes.is_empty() { &all } else { axes }, keep);
    }
    reduced(("logsumexp", "LogsumexpBackward0"), Kind::LogSumExp, input, mask, keep, input.dtype())
}
