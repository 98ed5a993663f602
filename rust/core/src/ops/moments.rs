//! Variance and standard deviation, alone or together with the mean.

use smallvec::{SmallVec, smallvec};

use super::elementwise::apply;
use super::range::Lines;
use super::reduce::{self, Mask, binary, restore_axes};
use super::rows;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::{Attribute, Op};
use crate::graph::record::{Save, is_recorded, record_many};
use crate::kernels::reduce::Reduction;
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::warning;

/// What to compute of the elements, and over which axes.
struct Moment<'a> {
    op: &'static str,
    node: &'static str,
    /// The root of the variance.
    standard: bool,
    /// The mean as a second output.
    with_mean: bool,
    axes: Option<&'a [i64]>,
    correction: f64,
    keep: bool,
}

impl Moment<'_> {
    /// The moment, and behind it the mean if it is wanted: one pass gives both.
    #[track_caller]
    fn of(&self, input: &Tensor) -> Result<Vec<Tensor>> {
        let own = input.dtype();
        if !own.is_float() {
            return Err(Error::dtype(self.op, own, "std and var only support floating point dtypes"));
        }
        let mask = reduce::mask(self.op, self.axes, input.rank())?;
        let operand = input.operand()?;
        let shape: Shape = operand.array.shape().into();
        let elements = reduce::count(&shape, &mask) as f64;
        if elements <= self.correction {
            warning::warn(self.op, || {
                format!(
                    "{}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor \
                     (input numel divided by output numel), and it is {} of {elements}.",
                    self.op, self.correction
                )
            })?;
        }
        let outputs = self.compute(&operand.array, &mask)?;
        if !is_recorded(&[&operand]) {
            return Ok(outputs.into_iter().map(Tensor::from_array).collect());
        }
        // PyTorch's formulas differ: only without axes is it never negative.
        let named = self.axes.is_some() && !shape.is_empty();
        let freedom = if named { elements - self.correction } else { (elements - self.correction).max(0.0) };
        let rule =
            MomentRule { node: self.node, standard: self.standard, with_mean: self.with_mean, freedom, shape, mask };
        let mut saves: SmallVec<[Save<'_>; 2]> = smallvec![Save::Input(&operand)];
        if self.standard {
            saves.push(Save::Output(0));
        }
        record_many(rule, &[&operand], &saves, &outputs)
    }

    fn compute(&self, array: &Array, mask: &Mask) -> Result<SmallVec<[Array; 2]>> {
        let correction = self.correction;
        let reduction = if self.standard { Reduction::Std { correction } } else { Reduction::Var { correction } };
        let dtype: DType = array.dtype();
        if dtype == DType::F32 && !self.with_mean {
            return Ok(smallvec![
                reduce::reduce_array(self.op, reduction, array, mask, self.keep, [dtype])?[0].clone()
            ]);
        }
        let results = reduce::reduce_array(self.op, reduction, array, mask, self.keep, [dtype; 2])?;
        let lines = Lines { op: self.op, array, mask, keep: self.keep };
        Ok(lines.moments(reduction, results)?.into_iter().take(1 + usize::from(self.with_mean)).collect())
    }
}

struct MomentRule {
    node: &'static str,
    standard: bool,
    with_mean: bool,
    /// Number of elements less the correction.
    freedom: f64,
    shape: Shape,
    mask: Mask,
}

impl MomentRule {
    /// 2 (x − mean) / freedom for the variance v, and for its root s that divided by 2 s: 0 where all elements are
    /// equal, as PyTorch has it.
    #[track_caller]
    fn moment_backward(&self, cx: &Backward<'_>, grad: &Tensor) -> Result<Tensor> {
        let input = cx.saved(0)?;
        let centred = binary(&rows::sub::ROW, &input, &reduce::mean_kept(&input, &self.mask)?)?;
        if self.standard {
            let std = restore_axes(&cx.saved(1)?, &self.shape, &self.mask)?;
            let share = binary(&rows::div::ROW, grad, self.freedom)?;
            return apply(&rows::unit_slope::ROW, &[], &[(&centred).into(), (&std).into(), (&share).into()]);
        }
        binary(&rows::mul::ROW, &binary(&rows::mul::ROW, grad, 2.0 / self.freedom)?, &centred)
    }
}

impl Op for MomentRule {
    fn name(&self) -> &str {
        self.node
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let restored = |grad: &Tensor| restore_axes(grad, &self.shape, &self.mask);
        let moment = cx.grad(0).map(|grad| self.moment_backward(cx, &restored(grad)?)).transpose()?;
        let mean = if self.with_mean { cx.grad(1) } else { None };
        let mean = mean.map(|grad| reduce::mean_backward(&restored(grad)?, &self.shape, &self.mask)).transpose()?;
        let total = match (moment, mean) {
            (Some(moment), Some(mean)) => Some(binary(&rows::add::ROW, &moment, &mean)?),
            (moment, mean) => moment.or(mean),
        };
        if let Some(total) = total {
            cx.put(0, total);
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        match (self.standard, self.with_mean) {
            (false, _) => vec![("self", 0)],
            (true, false) => vec![("self", 0), ("result", 1)],
            (true, true) => vec![("self", 0), ("result0", 1)],
        }
    }

    fn saved_attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self_sym_sizes", Attribute::Ints(self.shape.iter().map(|&size| size as i64).collect()))]
    }
}

macro_rules! moment {
    ($($(#[doc = $doc:literal])+ $name:ident = $node:literal, $standard:literal;)+) => {$(
        $(#[doc = $doc])+
        #[track_caller]
        pub fn $name(input: &Tensor, axes: Option<&[i64]>, correction: f64, keep: bool) -> Result<Tensor> {
            let (op, node) = (stringify!($name), $node);
            let moment = Moment { op, node, standard: $standard, with_mean: false, axes, correction, keep };
            Ok(moment.of(input)?.swap_remove(0))
        }
    )+};
}

macro_rules! moment_and_mean {
    ($($(#[doc = $doc:literal])+ $name:ident = $node:literal, $standard:literal;)+) => {$(
        $(#[doc = $doc])+
        #[track_caller]
        pub fn $name(input: &Tensor, axes: Option<&[i64]>, correction: f64, keep: bool) -> Result<Vec<Tensor>> {
            let (op, node) = (stringify!($name), $node);
            Moment { op, node, standard: $standard, with_mean: true, axes, correction, keep }.of(input)
        }
    )+};
}

moment! {
    /// Variance over `axes` (all if `None`), `correction` subtracted from the number of elements.
    var = "VarBackward0", false;
    /// Standard deviation, the root of [`var`].
    std = "StdBackward0", true;
}

moment_and_mean! {
    /// [`var`] and the mean of the same elements, with one node.
    var_mean = "VarMeanBackward0", false;
    /// [`std`](fn@std) and the mean of the same elements, with one node.
    std_mean = "StdMeanBackward0", true;
}
