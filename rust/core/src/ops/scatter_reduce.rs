//! `scatter_reduce`: elements scattered along an axis and combined with what is there, and its gradients.

use smallvec::SmallVec;

use super::index::{
    Scatter, check_scatter, element_positions, everywhere, out_of_range_runtime, same_dtype, scatter_into,
    scatter_number, take_along,
};
use super::write::{NotDifferentiable, Target, Write, source_of};
use super::{padding, rows, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::copy::copy;
use crate::kernels::scatter::{Fold, scatter_fold};
use crate::ops::elementwise::{Arg, apply};
use crate::scalar::Scalar;
use crate::shape;
use crate::tensor::{Operand, Tensor};

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
        let ones = Tensor::from_array(ones).operand()?;
        let counted = scatter_into(&Target::new(&start, true)?, self.axis, &index.array(), &ones, Scatter::Add)?;
        row(&rows::maximum::ROW, &[(&counted).into(), Scalar::Int(1).into()])
    }

    fn add_along(&self, whole: &Tensor, index: &Tensor, values: &Tensor) -> Result<Tensor> {
        scatter_into(&Target::new(whole, false)?, self.axis, &index.array(), &values.operand()?, Scatter::Add)
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
        let masked = |a: &Tensor, mask: &Tensor| row(&rows::masked_product::ROW, &[a.into(), mask.into()]);
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
                Ok((masked(&shared, &own_is)?, masked(&take(&shared)?, &source_is)?))
            }
            Combine::Prod => {
                // The product of all other factors. Where a single factor is zero it is the product with that factor
                // replaced by one; elsewhere the result divided by the factor.
                let combine = |own: &Tensor, source: &Tensor| {
                    scatter_reduce_at(
                        &Target::new(own, false)?,
                        self.axis,
                        &index.array(),
                        source.operand()?,
                        Combine::Prod,
                        self.include_self,
                    )
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

impl Op for Combined {
    fn name(&self) -> &str {
        "ScatterReduceBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, own, source, index, result) =
            (cx.only_grad(), cx.saved(0)?, cx.saved(1)?, cx.saved(2)?, cx.saved(3)?);
        let whole = source.shape();
        let part = part_of(&source, &index.shape())?;
        let (own_grad, source_grad) = self.gradients(&grad, &own, &part, &index, &result)?;
        if cx.needs(0) {
            let own_grad = if self.include_self {
                own_grad
            } else {
                scatter_number(&Target::new(&own_grad, false)?, self.axis, &index.array(), Scalar::Int(0))?
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
    target: &Target<'_>,
    axis: usize,
    positions: &Array,
    mut operand: Operand,
    combine: Combine,
    include_self: bool,
) -> Result<Tensor> {
    const OP: &str = "scatter_reduce";
    let own = &target.operand;
    let recorded = is_recorded(&[own, &operand]) && own.array.dtype().is_differentiable();
    let values = &source_of(OP, target, &operand.array, false)?;
    if !values.storage().same_memory(operand.array.storage()) {
        // The gradient, too, reads what was there before the target was written.
        operand.array = values.clone();
        operand.identity = std::sync::Weak::new();
    }
    let rule = Combined { combine, axis, include_self };
    // The value, outside the graph, in memory of its own: written to the target when everything is known to be right.
    let value = {
        let _off = crate::graph::no_grad();
        let fresh = &Tensor::from_array(own.array.duplicate_row_major(OP)?);
        let whole = &Target::new(fresh, true)?;
        if !include_self {
            let identity = combine.identity(own.array.dtype());
            scatter_number(whole, axis, positions, identity)?;
        }
        let constant = Tensor::from_array(values.clone());
        match combine {
            Combine::Sum | Combine::Mean => scatter_into(whole, axis, positions, &constant.operand()?, Scatter::Add)?,
            Combine::Prod | Combine::Max | Combine::Min => {
                let fold = match combine {
                    Combine::Prod => Fold::Prod,
                    Combine::Max => Fold::Max,
                    _ => Fold::Min,
                };
                let reads = [positions, values];
                let write = Write { reads: &reads, ..Write::row_major(OP, whole) };
                write.run(
                    || NotDifferentiable::of(OP),
                    &[],
                    |held, array| {
                        if positions.numel() == 0 {
                            return Ok(());
                        }
                        held.launch(reads, array, |[at, from], x| {
                            let (x, at, from) = (x.at_least_vector(), at.at_least_vector(), from.at_least_vector());
                            scatter_fold(fold, axis, x, at, from)
                        })
                        .map_err(|found| out_of_range_runtime(OP, found))
                    },
                )?
            }
        };
        if combine == Combine::Mean {
            let part = part_of(&constant, positions.shape())?;
            let counts = rule.counts(fresh, &Tensor::from_array(positions.clone()), &part)?;
            mean_of(fresh, &counts)?.array()
        } else {
            fresh.array()
        }
    };
    if !target.in_place {
        if !recorded {
            return Ok(Tensor::from_array(value));
        }
        let saves = [Save::Input(own), Save::Input(&operand), Save::Array(positions), Save::Output(0)];
        return record(rule, &[own, &operand], &saves, value);
    }
    // In place the old value is overwritten: a copy of it is what backward reads.
    let kept = if recorded { Some(own.array.duplicate(OP)?) } else { None };
    let write = Write { others: &[&operand], reads: &[positions, values, &value], ..Write::row_major(OP, target) };
    let kept_operand = kept.map(|array| Operand { array, identity: std::sync::Weak::new(), ..own.clone() });
    let mut saves: SmallVec<[Save<'_>; 4]> = SmallVec::new();
    if let Some(kept) = &kept_operand {
        saves.extend([Save::Input(kept), Save::Input(&operand), Save::Array(positions), Save::Output(0)]);
    }
    write.run(
        || rule,
        &saves,
        |held, array| {
            held.launch(&value, array, copy);
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
    let (target, operand) = (&Target::new(input, in_place)?, source.operand()?);
    let own = target.array();
    let axis = shape::normalize_axis(OP, axis, own.rank())?;
    let positions = element_positions(OP, index)?;
    same_dtype(OP, own.dtype(), operand.array.dtype())?;
    check_scatter(OP, own.shape(), axis, positions.shape(), Some(operand.array.shape()))?;
    scatter_reduce_at(target, axis, &positions, operand, combine, include_self)
}
