//! `scatter_reduce`: elements scattered along an axis and combined with what is there, and its gradients.

use smallvec::{SmallVec, smallvec};

use super::along::{
    Scatter, check_scatter, element_positions, everywhere, out_of_range_runtime, same_dtype, scatter_number, scattered,
    take_along,
};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::flat::{Derivative, flat};
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::record::would_record;
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::scatter::{Fold, scatter_fold};
use crate::launch::{Held, launch};
use crate::ops::arranging::padding;
use crate::ops::elementwise::{self, Arg, apply, select};
use crate::ops::reductions::reduce;
use crate::ops::writing::copy;
use crate::ops::writing::write::{self, Reads, Writing};
use crate::ops::{batching, rows, views};
use crate::scalar::Scalar;
use crate::shape;
use crate::storage::Device;
use crate::tensor::Tensor;

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

/// A target, values, and positions along an axis where these are combined with what is there.
#[derive(Clone, PartialEq, Debug)]
struct Combined {
    combine: Combine,
    axis: usize,
    include_self: bool,
}

/// A row applied to tensors and numbers, for formulas.
#[track_caller]
fn row(row: &'static elementwise::Row, args: &[Arg<'_>]) -> Result<Tensor> {
    apply(row, &[], args)
}

impl Combined {
    /// How many values met at each element, at least one.
    fn counts(&self, like: &Tensor, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let (own, dtype) = (Scalar::Int(i64::from(self.include_self)), like.dtype().to_real());
        let start = Tensor::from_array(Array::full("scatter_reduce", &like.shape(), own, dtype)?);
        let ones = everywhere("scatter_reduce", Scalar::Int(1), dtype, &source.shape())?;
        let counted = self.add_along(&start, index, &Tensor::from_array(ones))?;
        row(&rows::maximum::ROW, &[(&counted).into(), Scalar::Int(1).into()])
    }

    fn add_along(&self, whole: &Tensor, index: &Tensor, values: &Tensor) -> Result<Tensor> {
        scattered(Scatter::Add, whole, false, self.axis, index, values)
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
        if grad.dtype().is_complex() && self.combine == Combine::Prod {
            return Err(Error::not_implemented(OP, "the derivative of products of complex numbers"));
        }
        let take = |tensor: &Tensor| take_along(tensor, self.axis, index);
        let zero = || Arg::Scalar(Scalar::Int(0));
        let one = || Arg::Scalar(Scalar::Int(1));
        let mul = |a: &Tensor, b: &Tensor| row(&rows::mul::ROW, &[a.into(), b.into()]);
        let masked = |a: &Tensor, mask: &Tensor| row(&rows::masked_product::ROW, &[a.into(), mask.into()]);
        let div = |a: &Tensor, b: &Tensor| row(&rows::div::ROW, &[a.into(), b.into()]);
        let select = select::where_;
        match self.combine {
            Combine::Sum => Ok((grad.clone(), take(grad)?)),
            Combine::Mean => {
                let shared = div(grad, &self.counts(grad, index, source)?)?;
                let taken = take(&shared)?;
                Ok((shared, taken))
            }
            Combine::Max | Combine::Min => {
                // Ties share evenly.
                let own_is = copy::to_dtype(&row(&rows::eq::ROW, &[own.into(), result.into()])?, grad.dtype())?;
                let taken = take(result)?;
                let source_is = copy::to_dtype(&row(&rows::eq::ROW, &[source.into(), (&taken).into()])?, grad.dtype())?;
                let start =
                    if self.include_self { own_is.clone() } else { row(&rows::mul::ROW, &[(&own_is).into(), zero()])? };
                let ties = self.add_along(&start, index, &source_is)?;
                let ties = row(&rows::maximum::ROW, &[(&ties).into(), one()])?;
                let shared = div(grad, &ties)?;
                Ok((masked(&shared, &own_is)?, masked(&take(&shared)?, &source_is)?))
            }
            Combine::Prod => {
                // The product of all other factors. Where a single factor is zero it is the product with that factor
                // replaced by one; elsewhere the result divided by the factor.
                let combine = |own: &Tensor, source: &Tensor| call(self.clone(), &[own, source, index]);
                let own_zero = row(&rows::eq::ROW, &[own.into(), zero()])?;
                let own_or_one = select(&own_zero, one(), own.into())?;
                let others = div(&combine(&own_or_one, source)?, &own_or_one)?;
                let own_grad = mul(grad, &others)?;
                let source_zero = row(&rows::eq::ROW, &[source.into(), zero()])?;
                let counted = copy::to_dtype(&source_zero, DType::F64)?;
                let zeros = Tensor::from_array(Array::zeros("scatter_reduce", &own.shape(), DType::F64)?);
                let zeros = take(&self.add_along(&zeros, index, &counted)?)?;
                let only = row(&rows::eq::ROW, &[(&zeros).into(), one()])?;
                let single = row(&rows::logical_and::ROW, &[(&source_zero).into(), (&only).into()])?;
                let without = select(&single, one(), source.into())?;
                let replaced = take(&mul(grad, &combine(own, &without)?)?)?;
                let source_or_one = select(&source_zero, one(), source.into())?;
                let divided = div(&take(&mul(grad, result)?)?, &source_or_one)?;
                let source_grad = select(&single, (&replaced).into(), (&divided).into())?;
                Ok((own_grad, refused_at_several_zeros(source_grad, source, &zeros)?))
            }
        }
    }
}

/// The gradient of the source of products. Where several factors of one product are zero it is 0, as the formula says; its
/// own derivative by one of them is the product of all the others, of which the formula knows nothing.
fn refused_at_several_zeros(gradient: Tensor, source: &Tensor, zeros: &Tensor) -> Result<Tensor> {
    if !would_record(source) {
        return Ok(gradient);
    }
    let several = row(&rows::gt::ROW, &[zeros.into(), Arg::Scalar(Scalar::Int(1))])?;
    if reduce::any(&several, None, false)?.is_known_false() {
        return Ok(gradient);
    }
    let known = !several.is_batched() && several.device() != Device::Meta;
    let edge = source.gradient_edge()?;
    match edge {
        Some(_) if known => flat(gradient, edge.as_slice(), Derivative::Refused(SEVERAL_ZEROS)),
        _ => Ok(gradient),
    }
}

/// In the words that programs look for.
const SEVERAL_ZEROS: &str =
    "Double backward is unsupported for src when >1 zeros in src are scattered to the same position in self";

impl Op for Combined {
    fn name(&self) -> &str {
        "ScatterReduceBackward0"
    }

    fn differentiable_inputs(&self) -> usize {
        2
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        self.check(inputs)?;
        Ok(smallvec![self.value(&inputs[0], &inputs[1], &inputs[2])?])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0), Keep::Input(1), Keep::Input(2), Keep::Output(0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, own, source, index, result) =
            (cx.only_grad(), cx.saved(0)?, cx.saved(1)?, cx.saved(2)?, cx.saved(3)?);
        let part = part_of(&source, &index.shape())?;
        let (own_grad, source_grad) = self.gradients(&grad, &own, &part, &index, &result)?;
        if cx.needs(0) {
            cx.put(0, self.of_own(own_grad, &index)?);
        }
        if cx.needs(1) {
            cx.put(1, padding::extend_to(&source_grad, &source.shape())?);
        }
        Ok(())
    }

    /// The partial derivatives times the tangents, those of the values added where they went.
    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let (own, index, result) = (cx.input(0), cx.input(2), cx.output(0));
        let part = part_of(cx.input(1), &index.shape())?;
        let ones = copy::filled_like(result, Scalar::Int(1))?;
        let (of_own, of_source) = self.gradients(&ones, own, &part, index, result)?;
        if let Some(tangent) = cx.tangent(0).cloned() {
            cx.put(0, reduce::masked_product(&self.of_own(of_own, index)?, &tangent)?)?;
        }
        if let Some(tangent) = cx.tangent(1) {
            let terms = reduce::masked_product(&of_source, &part_of(tangent, &index.shape())?)?;
            cx.put(0, self.add_along(&copy::filled_like(result, Scalar::Int(0))?, index, &terms)?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let part = |input: usize| batching::front_vectors(cx.input(input), cx.size());
        let (target, source, index) = (part(0)?, part(1)?, part(2)?);
        let result = if index.numel() == 0 {
            copy::clone(&target)?
        } else {
            call(Self { axis: self.axis + 1, ..self.clone() }, &[&target, &source, &index])?
        };
        cx.put(batching::of_rank(result, cx.example(0).rank())?, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0), ("src", 1), ("index", 2), ("result", 3)]
    }
}

impl Writing for Combined {
    fn op(&self) -> &'static str {
        OP
    }

    fn reads(&self, inputs: &Inputs<'_>, reads: &mut Reads<'_>) -> Result<()> {
        self.check(inputs)?;
        reads.apart(inputs[2].clone())?;
        reads.spared(&inputs[1], false)?;
        // Computed apart: the target is written when everything is known to be right.
        reads.apart(self.value(&inputs[0], &inputs[1], &inputs[2])?)
    }

    fn write(&self, held: &mut Held<'_>, target: &Array, reads: &[&Array]) -> Result<()> {
        held.launch(reads[2], target, copy_elements);
        Ok(())
    }
}

const OP: &str = "scatter_reduce";

impl Combined {
    fn check(&self, inputs: &Inputs<'_>) -> Result<()> {
        let (own, source, index) = (&inputs[0], &inputs[1], &inputs[2]);
        same_dtype(OP, own.dtype(), source.dtype())?;
        if own.dtype().is_complex() && matches!(self.combine, Combine::Max | Combine::Min) {
            return Err(Error::no_kernel(OP, OP, own.dtype()));
        }
        check_scatter(OP, own.shape(), self.axis, index.shape(), Some(source.shape()))
    }

    /// The gradient of the target from what it is where the old values take part.
    #[track_caller]
    fn of_own(&self, grad: Tensor, index: &Tensor) -> Result<Tensor> {
        if self.include_self { Ok(grad) } else { scatter_number(&grad, self.axis, index, Scalar::Int(0)) }
    }

    /// The result, outside of the graph.
    fn value(&self, own: &Array, source: &Array, index: &Array) -> Result<Array> {
        let _off = crate::graph::no_grad();
        let [index, source] = [index, source].map(|array| Tensor::from_array(array.clone()));
        let mut start = Tensor::from_array(own.duplicate_row_major(OP)?);
        if !self.include_self {
            start = scatter_number(&start, self.axis, &index, self.combine.identity(own.dtype()))?;
        }
        let fold = match self.combine {
            Combine::Sum => return Ok(self.add_along(&start, &index, &source)?.array()),
            Combine::Mean => {
                let sum = self.add_along(&start, &index, &source)?;
                let counts = self.counts(&sum, &index, &part_of(&source, &index.shape())?)?;
                return Ok(mean_of(&sum, &counts)?.array());
            }
            Combine::Prod => Fold::Prod,
            Combine::Max => Fold::Max,
            Combine::Min => Fold::Min,
        };
        let (result, index, source) = (start.array(), index.array(), source.array());
        if index.numel() > 0 {
            launch([&index, &source], &result, |[at, from], x| {
                scatter_fold(fold, self.axis, x.at_least_vector(), at.at_least_vector(), from.at_least_vector())
            })
            .map_err(|found| out_of_range_runtime(OP, found))?;
        }
        Ok(result)
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
    if sum.dtype().is_differentiable() {
        return row(&rows::div::ROW, &[sum.into(), counts.into()]);
    }
    row(&rows::floor_divide_int::ROW, &[sum.into(), counts.into()])
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
    let combine = Combine::named(OP, reduce)?;
    let axis = shape::normalize_axis(OP, axis, input.rank())?;
    let index = element_positions(OP, index)?;
    write::written(Combined { combine, axis, include_self }, in_place, &[input, source, &index])
}
