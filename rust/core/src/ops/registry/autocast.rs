//! Regions of mixed precision: what the operands of an operation that a program calls are cast to.
//!
//! Products run in the region's lower precision, what adds up or takes logarithms in `float32`, and what joins tensors in the
//! widest precision among them. Operations that are called by operations are not looked at: their callers were.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::arguments::Value;
use crate::dtype::DType;
use crate::error::Result;
use crate::graph::{Modes, modes, set_modes};
use crate::tensor::Tensor;

/// Computed in the region's lower precision.
pub const LOWER: &[&str] = &[
    "addbmm",
    "addmm",
    "baddbmm",
    "bmm",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "einsum",
    "inner",
    "linear",
    "matmul",
    "mm",
    "multi_dot",
    "scaled_dot_product_attention",
    "tensordot",
    "vecdot",
];

/// Computed in `float32`.
pub const SINGLE: &[&str] = &[
    "adaptive_avg_pool3d",
    "avg_pool3d",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cdist",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "cond",
    "cross_entropy",
    "eigvalsh",
    "huber_loss",
    "inv",
    "inverse",
    "kl_div",
    "l1_loss",
    "lu_solve",
    "matrix_rank",
    "max_pool3d",
    "mse_loss",
    "nanquantile",
    "nll_loss",
    "pinverse",
    "polar",
    "prod",
    "quantile",
    "smooth_l1_loss",
    "solve",
    "svdvals",
    "trace",
    "view_as_complex",
];

/// Computed in the widest precision among the operands.
pub const WIDEST: &[&str] = &["cat", "index_copy", "stack"];

/// What a thread remembers of its regions.
struct Regions {
    /// How many are open, one in another.
    depth: usize,
    /// Whether casts of parameters are kept until the outermost region ends.
    keeps: bool,
    /// Parameters by their identity, which they keep as long as they are here, with their casts.
    casts: FxHashMap<usize, (Tensor, Tensor)>,
}

thread_local! {
    static REGIONS: RefCell<Regions> =
        RefCell::new(Regions { depth: 0, keeps: true, casts: FxHashMap::default() });
}

/// Whether operations are cast on this thread.
pub fn is_enabled() -> bool {
    modes().any(Modes::AUTOCAST)
}

/// Switches casting on this thread.
pub fn set_enabled(on: bool) {
    set_modes(modes().with(Modes::AUTOCAST, on));
}

/// The lower precision of this thread: `bfloat16` unless set.
pub fn dtype() -> DType {
    if modes().any(Modes::AUTOCAST_F16) { DType::F16 } else { DType::BF16 }
}

/// Sets the lower precision of this thread: `float16`, or else `bfloat16`.
pub fn set_dtype(dtype: DType) {
    set_modes(modes().with(Modes::AUTOCAST_F16, dtype == DType::F16));
}

/// Whether casts of parameters are kept.
pub fn keeps_casts() -> bool {
    REGIONS.with_borrow(|regions| regions.keeps)
}

/// Says whether casts of parameters are kept.
pub fn set_keeps_casts(keeps: bool) {
    REGIONS.with_borrow_mut(|regions| regions.keeps = keeps);
}

/// Lets go of the casts that were kept.
pub fn forget_casts() {
    // Dropped outside: a tensor may lead to a host's object, whose destructor may come here.
    let casts = REGIONS.with_borrow_mut(|regions| std::mem::take(&mut regions.casts));
    drop(casts);
}

/// A region begins; returns how many are open.
pub fn enter() -> usize {
    REGIONS.with_borrow_mut(|regions| {
        regions.depth += 1;
        regions.depth
    })
}

/// A region ends; returns how many are open.
pub fn leave() -> usize {
    let depth = REGIONS.with_borrow_mut(|regions| {
        regions.depth = regions.depth.saturating_sub(1);
        regions.depth
    });
    if depth == 0 {
        forget_casts();
    }
    depth
}

/// Whether a region casts a tensor at all.
fn is_cast(tensor: &Tensor) -> bool {
    let dtype = tensor.dtype();
    dtype.is_float() && dtype != DType::F64
}

/// A tensor in a precision; what was made of a parameter is kept.
#[track_caller]
fn in_precision(tensor: &Tensor, precision: DType) -> Result<Tensor> {
    if !is_cast(tensor) || tensor.dtype() == precision {
        return Ok(tensor.clone());
    }
    let is_parameter = precision != DType::F32
        && tensor.dtype() == DType::F32
        && tensor.requires_grad()
        && tensor.is_leaf()
        && tensor.base().is_none()
        && keeps_casts();
    if !is_parameter {
        return tensor.to_dtype(precision);
    }
    let key = tensor.identity();
    let kept = REGIONS.with_borrow(|regions| regions.casts.get(&key).map(|(_, cast)| cast.clone()));
    if let Some(cast) = kept.filter(|cast| cast.dtype() == precision) {
        return Ok(cast);
    }
    let cast = tensor.to_dtype(precision)?;
    let old = REGIONS.with_borrow_mut(|regions| regions.casts.insert(key, (tensor.clone(), cast.clone())));
    drop(old);
    Ok(cast)
}

/// The arguments as the region of this thread has them, or `None` where it has nothing to say about an operation.
#[cold]
#[track_caller]
pub(in crate::ops) fn cast(op: &str, values: &[Value]) -> Result<Option<Vec<Value>>> {
    let precision = if LOWER.contains(&op) {
        dtype()
    } else if SINGLE.contains(&op) {
        DType::F32
    } else if WIDEST.contains(&op) {
        let mut tensors = values.iter().flat_map(Value::tensors);
        if tensors.any(|tensor| tensor.dtype() == DType::F32) { DType::F32 } else { dtype() }
    } else {
        return Ok(None);
    };
    let cast = values.iter().map(|value| match value {
        Value::Tensor(tensor) => in_precision(tensor, precision).map(Value::Tensor),
        Value::Tensors(tensors) => {
            tensors.iter().map(|tensor| in_precision(tensor, precision)).collect::<Result<_>>().map(Value::Tensors)
        }
        other => Ok(other.clone()),
    });
    cast.collect::<Result<_>>().map(Some)
}
