//! What all `out=` forms share.

use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::level::Kind;
use crate::graph::record::{would_record, would_record_any};
use crate::graph::{Blame, Modes, modes};
use crate::random::element::c_name;
use crate::shape::contiguous_strides;
use crate::tensor::{Operand, Tensor};
use crate::warning;

/// `out=` cannot be differentiated.
pub fn check_differentiable(op: &'static str, inputs: &[&Operand], out: &Tensor) -> Result<()> {
    if would_record(out) || would_record_any(inputs) {
        return Err(Error::runtime(
            op,
            format!(
                "{op}(): functions with out=... arguments don't support automatic differentiation, but one of the \
                 arguments requires grad."
            ),
        ));
    }
    let has_tangent = |top| matches!(top, Some((_, Kind::Tangent)));
    let is_dual = |input: &&Operand| has_tangent(input.lift.as_ref().and_then(|lift| lift.top()));
    if modes().any(Modes::LIFTED) && (has_tangent(out.top_level()) || inputs.iter().any(is_dual)) {
        return Err(Error::runtime(
            op,
            format!(
                "{op}(): an out= function does not support forward mode, but one of the arguments has a tangent: leave out= away"
            ),
        ));
    }
    Ok(())
}

/// Gives `out` the shape of the result, with the (dense) strides that a new result would have. Elements of an `out` that
/// has another shape are lost, as in PyTorch; one that has the shape keeps its strides.
pub fn resize_output(op: &'static str, out: &Tensor, shape: &[usize], strides: &[isize]) -> Result<()> {
    if out.shape().as_slice() == shape {
        return Ok(());
    }
    warn_of_resize(op, out, shape)?;
    resize_strided(op, out, shape, strides)
}

/// A resized output loses its elements, and views of it show them no longer.
fn warn_of_resize(op: &'static str, out: &Tensor, shape: &[usize]) -> Result<()> {
    let given = out.shape();
    if out.numel() != 0 && given.as_slice() != shape {
        warning::warn(op, || {
            if op == "arange" {
                let (count, numel) = (shape.first().copied().unwrap_or(0), out.numel());
                return format!(
                    "The number of elements in the out tensor of shape {:?} is {numel} which does not match the computed number \
                     of elements {count}. Note that this may occur as a result of rounding error. The out tensor will be resized \
                     to a tensor of shape ({count},).",
                    given.as_slice()
                );
            }
            format!(
                "An output with one or more elements was resized since it had shape {:?}, which does not match the required \
                 output shape {shape:?}. This behavior is deprecated, and in a future PyTorch release outputs will not be \
                 resized unless they have zero elements: give one of that shape, or call out.resize_(0) before.",
                given.as_slice()
            )
        })?;
    }
    Ok(())
}

/// Gives a tensor another shape, row-major; keeps the leading elements of the storage where they fit, else takes new
/// memory with them at its start. A tensor that has the shape stays as it is.
#[track_caller]
pub fn resize(op: &'static str, tensor: &Tensor, shape: &[usize]) -> Result<()> {
    refuse_of_graph(op, tensor)?;
    if tensor.shape().as_slice() == shape {
        return Ok(());
    }
    resize_to(op, tensor, shape, &contiguous_strides(shape))
}

/// [`resize`] to a shape with the given strides, also of a tensor that has the shape.
///
/// # Errors
/// When the shape or its strides are of no number, or the tensor requires a gradient.
#[track_caller]
pub fn resize_to(op: &'static str, tensor: &Tensor, shape: &[usize], strides: &[isize]) -> Result<()> {
    refuse_of_graph(op, tensor)?;
    // Axes without elements count as one, as they do for strides.
    if !is_number(shape.iter().map(|&size| size.max(1))) {
        let what = if shape.contains(&0) { "Stride" } else { "Storage size" };
        return Err(Error::runtime(op, format!("{what} calculation overflowed with sizes={shape:?}")));
    }
    if !is_number(shape.iter().copied().chain([tensor.dtype().size()])) {
        return Err(Error::runtime(op, format!("Storage size calculation overflowed with sizes={shape:?}")));
    }
    let version = tensor.version();
    resize_strided(op, tensor, shape, strides)?;
    let array = tensor.array();
    array.storage().note_change(Blame::here());
    // Also where there is other memory now, the versions of a tensor are counted on.
    array.storage().set_version(version.wrapping_add(1));
    Ok(())
}

/// Whether a product fits what counts bytes.
fn is_number(mut factors: impl Iterator<Item = usize>) -> bool {
    factors.try_fold(1usize, usize::checked_mul).is_some_and(|product| isize::try_from(product).is_ok())
}

/// Inference mode asks nobody about gradients.
fn refuse_of_graph(op: &'static str, tensor: &Tensor) -> Result<()> {
    if tensor.requires_grad() && !modes().any(Modes::INFERENCE) {
        return Err(Error::runtime(op, CANNOT_RESIZE));
    }
    tensor.check_own_memory(op)
}

const CANNOT_RESIZE: &str = "cannot resize variables that require grad";

fn resize_strided(op: &'static str, tensor: &Tensor, shape: &[usize], strides: &[isize]) -> Result<()> {
    if tensor.grad_fn()?.is_some() || would_record(tensor) {
        return Err(Error::runtime(op, CANNOT_RESIZE));
    }
    let old = tensor.array();
    let _place = old.storage().beside();
    let dtype = old.dtype();
    let numel = crate::shape::checked_numel(op, shape, dtype.size())?;
    let fits = (old.offset() + numel) * dtype.size() <= old.storage().bytes();
    let new = if fits {
        old.with_layout(shape, strides, old.offset())
    } else {
        let new = Array::full(op, shape, crate::ops::creation::unwritten(dtype), dtype)?.with_layout(shape, strides, 0);
        let kept = ((old.storage().bytes() / dtype.size()).saturating_sub(old.offset())).min(numel);
        let from = old.with_layout(&[kept], &[1], old.offset());
        new.with_layout(&[kept], &[1], 0).copy_from(&from);
        new
    };
    tensor.set_array(new);
    Ok(())
}

/// Which dtypes the `out=` of an operation may have.
///
/// PyTorch casts the results of what promotes its operands (`add`, `exp`, `cat`, `var`), and of nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Any to which the result can be cast.
    Castable,
    /// That of the result.
    Same,
    /// Any at all: what is drawn fits every dtype.
    Any,
}

impl Takes {
    /// Whether a result of dtype `result` goes into an output of dtype `out`.
    pub fn check(self, op: &'static str, result: DType, out: DType) -> Result<()> {
        match self {
            Self::Castable => check_cast(op, result, out),
            Self::Any => Ok(()),
            Self::Same if result == out => Ok(()),
            // Of truth values there are two dtypes.
            Self::Same if matches!(op, "all" | "any") && matches!(out, DType::Bool | DType::U8) => Ok(()),
            Self::Same if is_cast_safely(op) && result.can_cast(out) => Ok(()),
            Self::Same => Err(Error::runtime(op, of_another_dtype(op, result, out))),
        }
    }
}

/// Decompositions and what is made of them, whose results PyTorch casts to a wider `out=`.
fn is_cast_safely(op: &str) -> bool {
    matches!(
        op,
        "cholesky_inverse"
            | "cholesky_solve"
            | "cond"
            | "eig"
            | "eigvals"
            | "householder_product"
            | "matrix_rank"
            | "pinv"
            | "tensorinv"
    )
}

/// What is said of an `out=` that has not the dtype of the result: in PyTorch's words, which are those of each operation.
fn of_another_dtype(op: &'static str, result: DType, out: DType) -> String {
    let (wanted, given) = (torch_name(result), torch_name(out));
    let place = if result == DType::I64 { "indices" } else { "values" };
    match op {
        "all" | "any" => format!("{op} only supports bool tensor for result, got: {given}"),
        "mode" => format!("expected scalar type '{wanted}' but got '{given}' for {place} output"),
        "kthvalue" if place == "values" => "output values must be of same type as input".to_owned(),
        "kthvalue" => "output indices must be of scalar type Long".to_owned(),
        "complex" | "polar" => {
            format!("Expected object of scalar type {wanted} but got scalar type {given} for argument 'out'")
        }
        "quantile" | "nanquantile" => "quantile() out tensor must be same dtype as the input tensor".to_owned(),
        "index_select" | "masked_select" => format!("{op}(): self and result must have the same scalar type"),
        "take" => {
            format!(
                "take(): self and out expected to have the same dtype, but got self.dtype = {wanted} and out.dtype = {given}"
            )
        }
        "nonzero" | "argwhere" => format!("Expected out tensor to have scalar type Long but got scalar type{given}"),
        "dot" | "vdot" => format!("result dtype {given} does not match input dtype {wanted}"),
        "amax" | "amin" => format!(
            "Expected the dtype for input and out to match, but got {wanted} for input's dtype and {given} for out's dtype."
        ),
        "cummax" | "cummin" | "logcumsumexp" => format!("expected scalar_type {wanted} but found {given}"),
        "where" => format!("Expected out type to be {wanted} but got {given}"),
        "multinomial" => format!("multinomial expects Long tensor out, got: {given}"),
        "isneginf" | "isposinf" | "signbit" => format!("{op} does not support non-boolean outputs."),
        "searchsorted" | "bucketize" => format!(
            "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or Long(int64) depending on whether \
             out_int32 flag is True, but we got output tensor's dtype {given} and out_int32 flag is {}",
            if result == DType::I32 { "True" } else { "False" }
        ),
        "float_power" => {
            format!("the output given to {op} has dtype {given} but the operation's result requires dtype {wanted}")
        }
        "frexp" if result == DType::I32 => {
            format!("torch.frexp() expects exponent to have int dtype but got {}", c_name(out))
        }
        "frexp" => format!("torch.frexp() expects mantissa to have dtype {} but got {}", c_name(result), c_name(out)),
        _ if is_cast_safely(op) => {
            let what = if matches!(op, "eig" | "eigvals") { "eigenvalues" } else { "result" };
            format!("Expected {what} to be safely castable from {wanted} dtype, but got {what} with dtype {given}")
        }
        "histc" => format!(
            "torch.histogram: input tensor and hist tensor should have the same dtype, but got input {} and hist {}",
            c_name(result),
            c_name(out)
        ),
        _ => format!("Expected out tensor to have dtype {}, but got {} instead", c_name(result), c_name(out)),
    }
}

/// A result of dtype `from` may be stored in a tensor of dtype `into`.
pub fn check_cast(op: &'static str, from: DType, into: DType) -> Result<()> {
    if from.can_cast(into) {
        return Ok(());
    }
    Err(Error::runtime(
        op,
        format!("result type {} can't be cast to the desired output type {}", torch_name(from), torch_name(into)),
    ))
}

/// Whether a finished result may be written into `out`; warns if that will be resized, while nothing is written yet.
#[track_caller]
pub fn check(op: &'static str, out: &Tensor, result: &Tensor, takes: Takes, fills: bool) -> Result<()> {
    check_differentiable(op, &[&result.operand()?], out)?;
    crate::graph::record::check_in_place(op, out, false)?;
    takes.check(op, result.dtype(), out.dtype())?;
    match in_shape_of(out, &result.array(), fills) {
        Some(_) => Ok(()),
        None => warn_of_resize(op, out, &result.shape()),
    }
}

/// The elements of a result in the shape of an output that it `fills`: of as many elements.
fn in_shape_of(out: &Tensor, result: &Array, fills: bool) -> Option<Array> {
    if fills && out.numel() == result.numel() { result.view(&out.shape()) } else { None }
}

/// Writes a finished result into `out`, which was checked: the generic `out=` of structured operations.
///
/// Where it `fills`, an output of as many elements keeps its shape, and the elements are written in its own order.
#[track_caller]
pub fn write(op: &'static str, out: &Tensor, result: &Tensor, fills: bool) -> Result<()> {
    let mut source = result.array();
    match in_shape_of(out, &source, fills) {
        Some(shaped) => source = shaped,
        None if out.shape().as_slice() == source.shape() => {}
        None => resize_strided(op, out, source.shape(), &contiguous_strides(source.shape()))?,
    }
    let target = out.array();
    if target.shape() != source.shape() {
        return Err(Error::runtime(op, "another thread has changed the output meanwhile"));
    }
    super::overlap::check_distinct(op, &target)?;
    let blame = Blame::here();
    // A result is fresh memory, or exactly the output.
    if target.is_exactly(&source) {
        target.storage().note_change(blame);
    } else {
        target.copy_from_noting(&source, blame);
    }
    Ok(())
}
