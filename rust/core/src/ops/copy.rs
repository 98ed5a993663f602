//! Copies and casts: `clone`, `contiguous`, `to`, `copy_`, `fill_`.

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{check_in_place, is_recorded, record, record_in_place};
use crate::graph::views::same_history;
use crate::graph::{Blame, cuts, is_grad_enabled};
use crate::ops::elementwise::Arg;
use crate::ops::overlap::check_distinct;
use crate::scalar::Scalar;
use crate::shape;
use crate::storage::Access;
use crate::tensor::{Operand, Tensor};

/// A copy: the gradient passes (the engine casts it back).
struct Copied(&'static str);

impl Op for Copied {
    fn name(&self) -> &str {
        self.0
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        cx.put(0, grad);
        Ok(())
    }
}

/// The gradient of what was overwritten.
fn none_of(grad: &Tensor) -> Result<Tensor> {
    Ok(Tensor::from_array(Array::zeros("zeros_like", &grad.shape(), grad.dtype())?))
}

/// The target of `copy_`, or of `fill_` with a tensor: its old value gets zeros, the source all of the gradient.
struct CopiedInto(&'static str);

impl Op for CopiedInto {
    fn name(&self) -> &str {
        self.0
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if cx.needs(0) {
            cx.put(0, none_of(&grad)?);
        }
        if cx.needs(1) {
            cx.put(1, grad);
        }
        Ok(())
    }
}

/// A target that is overwritten by what does not depend on it (`fill_`, comparisons in place): its old value gets zeros.
pub(super) struct Filled(pub &'static str);

impl Op for Filled {
    fn name(&self) -> &str {
        self.0
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let zeros = none_of(&cx.only_grad())?;
        cx.put(0, zeros);
        Ok(())
    }
}

#[track_caller]
fn copied(name: &'static str, operand: Operand, copy: impl FnOnce(&Array) -> Result<Array>) -> Result<Tensor> {
    let array = copy(&operand.array)?;
    if is_recorded(&[&operand]) {
        if array.dtype().is_differentiable() {
            return record(Copied(name), &[&operand], &[], array);
        }
        if let Some(edge) = &operand.edge {
            cuts::note(cuts::Cause::Dtype, edge);
        }
    }
    Ok(Tensor::from_array(array))
}

/// A copy that keeps dense strides (`torch.preserve_format`).
#[track_caller]
pub fn clone(source: &Tensor) -> Result<Tensor> {
    copied("CloneBackward0", source.operand()?, |array| array.duplicate("clone"))
}

/// A row-major copy.
#[track_caller]
pub fn clone_contiguous(source: &Tensor) -> Result<Tensor> {
    copied("CloneBackward0", source.operand()?, |array| array.duplicate_row_major("clone"))
}

/// The tensor itself if it is row-major, else a row-major copy.
#[track_caller]
pub fn contiguous(source: &Tensor) -> Result<Tensor> {
    if source.array().is_contiguous() { Ok(source.clone()) } else { clone_contiguous(source) }
}

/// The tensor itself if it has the strides of a new one, along axes of one element too, else a row-major copy.
#[track_caller]
pub fn row_major(source: &Tensor) -> Result<Tensor> {
    if source.array().layout().is_plain() { Ok(source.clone()) } else { clone_contiguous(source) }
}

/// Another dtype; the tensor itself if it has it.
#[track_caller]
pub fn to_dtype(source: &Tensor, dtype: DType) -> Result<Tensor> {
    dtype.supported("to")?;
    if source.dtype() == dtype {
        return Ok(source.clone());
    }
    // A result without gradients needs no history.
    let operand = match source.operand() {
        Err(_) if !dtype.is_differentiable() => source.constant_operand(),
        operand => operand?,
    };
    copied("ToCopyBackward0", operand, |array| array.cast("to", dtype))
}

/// A copy with the given strides.
#[track_caller]
pub fn copy_strided(source: &Tensor, strides: &[isize]) -> Result<Tensor> {
    copied("CloneBackward0", source.operand()?, |array| array.duplicate_with_strides("clone", strides))
}

/// Copies `source`, broadcast and cast, into `target`.
#[track_caller]
pub fn copy_(target: &Tensor, source: &Tensor) -> Result<()> {
    copy_named(target, source, "arcgrad::CopyBackwards")
}

#[track_caller]
fn copy_named(target: &Tensor, source: &Tensor, node: &'static str) -> Result<()> {
    let (into, from) = (target.operand()?, source.operand()?);
    let recorded = is_recorded(&[&into, &from]) && into.array.dtype().is_differentiable();
    check_in_place("copy_", target, recorded)?;
    let shape = shape::broadcast("copy_", into.array.shape(), from.array.shape())?;
    if shape.as_slice() != into.array.shape() {
        return Err(Error::shapes(
            "copy_",
            into.array.shape(),
            from.array.shape(),
            format!(
                "output with shape {:?} doesn't match the broadcast shape {:?}",
                into.array.shape(),
                shape.as_slice()
            ),
        ));
    }
    // Nothing changes then, unless the gradient does: to what was detached from the target it does not go.
    if into.array.is_exactly(&from.array) && (!recorded || same_history(target, source)) {
        return Ok(());
    }
    check_distinct("copy_", &into.array)?;
    // Partial overlap copies through a temporary, as in PyTorch.
    let source_array =
        if from.array.ranges_touch(&into.array) { from.array.duplicate("copy_")? } else { from.array.clone() };
    let blame = Blame::here();
    {
        let _access = Access::acquire(&[source_array.storage()], &[into.array.storage()]);
        // SAFETY: the state of both roots is held; the two do not overlap.
        unsafe { into.array.copy_raw(&source_array) };
        into.array.storage().bump(blame);
    }
    if recorded { record_in_place(CopiedInto(node), target, &[&into, &from], &[]) } else { Ok(()) }
}

/// Fills with a number.
#[track_caller]
pub fn fill_(target: &Tensor, value: Scalar) -> Result<()> {
    fill_named(target, value, if value.to_f64() == 0.0 { "ZeroBackward0" } else { "FillBackward2" })
}

#[track_caller]
fn fill_named(target: &Tensor, value: Scalar, node: &'static str) -> Result<()> {
    let value = value.storable("fill_", target.dtype())?;
    let operand = target.operand()?;
    let recorded = is_recorded(&[&operand]);
    check_in_place("fill_", target, recorded || (target.requires_grad() && is_grad_enabled()))?;
    if recorded {
        // The gradient of elements that share memory would be that of a base in several places at once.
        check_distinct("fill_", &operand.array)?;
    }
    let blame = Blame::here();
    {
        let _access = Access::acquire(&[], &[operand.array.storage()]);
        // SAFETY: exclusive state is held.
        unsafe { operand.array.fill_raw(value) };
        operand.array.storage().bump(blame);
    }
    if recorded { record_in_place(Filled(node), target, &[&operand], &[]) } else { Ok(()) }
}

/// Fills with a number or a tensor without axes, whose gradient is the sum of the gradient.
#[track_caller]
pub fn fill_with(target: &Tensor, value: Arg<'_>) -> Result<()> {
    match value {
        Arg::Scalar(scalar) => fill_named(target, scalar, "FillBackward2"),
        Arg::Tensor(tensor) if tensor.rank() == 0 => copy_named(target, tensor, "FillBackward3"),
        Arg::Tensor(tensor) => Err(Error::runtime(
            "fill_",
            format!("fill_ only supports 0-dimension value tensor but got tensor with {} dimensions.", tensor.rank()),
        )),
    }
}
