//! Adding into a view whose elements overlap (windows, hand-made strides): in order, one element at a time.

use crate::array::Array;
use crate::dtype::DType;
use crate::error::Result;
use crate::kernels::element::Element;
use crate::storage::Access;

/// Adds `source` to `target`, which may overlap itself; both have the same shape and a float dtype.
pub fn add_into(target: &Array, source: &Array) -> Result<()> {
    match target.dtype() {
        DType::F32 => add(target, &source.to_vec::<f32>()),
        DType::F64 => add(target, &source.to_vec::<f64>()),
        other => return Err(crate::Error::dtype("as_strided", other, "gradients are of a floating dtype")),
    }
    Ok(())
}

fn add<T: Element + std::ops::AddAssign>(target: &Array, values: &[T]) {
    let _access = Access::acquire(&[], &[target.storage()]);
    let (shape, strides) = (target.shape(), target.strides());
    let mut index = vec![0usize; shape.len()];
    let mut offset = 0isize;
    for &value in values {
        // SAFETY: exclusive state is held, and the layout lies within the block.
        unsafe { *target.ptr().cast::<T>().wrapping_offset(offset) += value };
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            offset += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            offset -= strides[axis] * shape[axis] as isize;
            index[axis] = 0;
        }
    }
}
