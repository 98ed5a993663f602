//! The axes that a reduction goes over, and the one way to the kernel of reductions.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::record::would_record;
use crate::kernels::Out;
use crate::kernels::reduce::{Reduction, reduce};
use crate::launch::{Unlaunched, launch_stored};
use crate::ops::views;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// Axes to reduce, as a mask.
pub(in crate::ops) type Mask = SmallVec<[bool; 6]>;

/// A reduction whose empty list of axes means none, as in PyTorch.
pub(super) fn strict_mask(op: &'static str, axes: Option<&[i64]>, rank: usize) -> Result<Mask> {
    match axes {
        Some([]) => Ok(smallvec![false; rank]),
        axes => mask(op, axes, rank),
    }
}

/// The array that is reduced is that for which the axes were worked out.
pub(in crate::ops) fn check_looks(op: &'static str, array: &Array, shape: &[usize], mask: &Mask) -> Result<()> {
    if array.shape() == shape && mask.len() == shape.len() {
        return Ok(());
    }
    Err(Error::runtime(op, "another thread has given the input another shape meanwhile"))
}

/// The axes named, or all of them. An empty list means all, as in PyTorch.
pub(in crate::ops) fn mask(op: &'static str, axes: Option<&[i64]>, rank: usize) -> Result<Mask> {
    match axes {
        None | Some([]) => Ok(smallvec![true; rank]),
        Some(axes) => shape::axis_mask(op, axes, rank),
    }
}

/// The shape after reduction, reduced axes kept with size 1.
pub(super) fn kept_shape(shape: &[usize], mask: &Mask) -> Shape {
    let mut kept = Shape::from_slice(shape);
    for (size, &reduced) in kept.iter_mut().zip(mask) {
        if reduced {
            *size = 1;
        }
    }
    kept
}

/// The shape after reduction: reduced axes are of size 1, or gone.
pub(super) fn result_shape(shape: &[usize], mask: &Mask, keep: bool) -> Shape {
    if keep {
        return kept_shape(shape, mask);
    }
    let mut left = Shape::new();
    for (&size, &reduced) in shape.iter().zip(mask) {
        if !reduced {
            left.push(size);
        }
    }
    left
}

/// Number of elements reduced to one.
pub(in crate::ops) fn count(shape: &[usize], mask: &Mask) -> usize {
    shape.iter().zip(mask).filter(|(_, reduced)| **reduced).map(|(size, _)| *size).product()
}

/// Runs a reduction; one array per output dtype, reduced axes dropped unless `keep`.
pub(in crate::ops) fn reduce_array<const OUTPUTS: usize>(
    op: &'static str,
    reduction: Reduction,
    array: &Array,
    mask: &Mask,
    keep: bool,
    dtypes: [DType; OUTPUTS],
) -> Result<[Array; OUTPUTS]> {
    reduce_and(op, reduction, array, mask, keep, dtypes, |_| ()).map(|(outputs, ())| outputs)
}

/// [`reduce_array`], and what `look` finds in the results.
pub(super) fn reduce_and<const OUTPUTS: usize, T: Unlaunched>(
    op: &'static str,
    reduction: Reduction,
    array: &Array,
    mask: &Mask,
    keep: bool,
    dtypes: [DType; OUTPUTS],
    look: impl FnOnce(&mut [Out<'_>; OUTPUTS]) -> T,
) -> Result<([Array; OUTPUTS], T)> {
    let shape = result_shape(array.shape(), mask, keep);
    let mut outputs = [const { None }; OUTPUTS];
    for (output, dtype) in outputs.iter_mut().zip(dtypes) {
        *output = Some(Array::uninit(op, &shape, dtype)?);
    }
    let outputs: [Array; OUTPUTS] = outputs.map(|output| output.expect("made just now"));
    // The kernel's results have all axes, in the same memory.
    let kept = kept_shape(array.shape(), mask);
    let strides = shape::contiguous_strides(&kept);
    let found = launch_stored(array, outputs.each_ref(), |input, outputs| {
        let mut outputs = outputs.map(|output| output.dense_as(&kept, &strides));
        reduce(reduction, mask, input, &outputs);
        look(&mut outputs)
    });
    Ok((outputs, found))
}

/// Gives a reduced tensor its reduced axes back with size 1, so that it broadcasts against what was reduced.
#[track_caller]
pub(in crate::ops) fn restore_axes(tensor: &Tensor, shape: &[usize], mask: &Mask) -> Result<Tensor> {
    views::reshape_to(tensor, &kept_shape(shape, mask))
}

pub(super) fn axes_of(mask: &Mask) -> SmallVec<[i64; 6]> {
    (0..mask.len()).filter(|&axis| mask[axis]).map(|axis| axis as i64).collect()
}

/// Complex numbers have no order.
pub(super) fn refuse_complex(op: &'static str, input: &Tensor) -> Result<()> {
    if input.dtype().is_complex() {
        return Err(Error::type_(op, format!("{op}(): does not support complex input")));
    }
    Ok(())
}

/// Nothing can be an extreme of nothing: without named axes there has to be an element, and no named axis may be
/// empty.
pub(in crate::ops) fn refuse_empty(op: &'static str, shape: &[usize], axes: Option<&[i64]>) -> Result<()> {
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
pub(in crate::ops) fn refuse_integral(op: &'static str, input: &Tensor, dtype: DType) -> Result<()> {
    if dtype.is_differentiable() || !would_record(input) {
        return Ok(());
    }
    Err(Error::runtime(
        op,
        format!(
            "Autograd not support dtype: {}. The input of {op}() requires a gradient, which a result of this dtype \
             cannot pass on; detach() the input first, or compute without gradients.",
            torch_name(dtype)
        ),
    ))
}
