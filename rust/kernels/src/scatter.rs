//! Folding values into the elements that an index tensor names: products and extremes. Sums are
//! [`index::scatter`](super::index::scatter)'s business.

use super::index::{OutOfRange, require_along, require_within, without_axis};
use super::number::Order;
use super::{In, Out};
use crate::with_element;

/// How a value is folded into an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fold {
    /// Product; integers wrap, truth values are and-ed.
    Prod,
    /// The greater; NaN if either is NaN.
    Max,
    /// The lesser; NaN if either is NaN.
    Min,
}

/// Row-major positions of a shape, as offsets into operands with the given strides.
fn each(
    shape: &[usize],
    strides: [&[isize]; 3],
    mut body: impl FnMut([isize; 3]) -> Result<(), OutOfRange>,
) -> Result<(), OutOfRange> {
    let mut position = vec![0usize; shape.len()];
    let mut offsets = [0isize; 3];
    loop {
        body(offsets)?;
        let mut axis = shape.len();
        loop {
            if axis == 0 {
                return Ok(());
            }
            axis -= 1;
            position[axis] += 1;
            if position[axis] < shape[axis] {
                offsets.iter_mut().zip(strides).for_each(|(offset, strides)| *offset += strides[axis]);
                break;
            }
            let back = position[axis] as isize - 1;
            offsets.iter_mut().zip(strides).for_each(|(offset, strides)| *offset -= back * strides[axis]);
            position[axis] = 0;
        }
    }
}

/// `x[…, index[…, j, …], …] = fold(x[…], src[…, j, …])` along `axis`, in row-major order of the shape of `index`.
///
/// # Errors
/// The first index outside `axis`; nothing has been written then.
///
/// # Panics
/// Where shapes or dtypes do not fit together.
pub fn scatter_fold(fold: Fold, axis: usize, x: Out<'_>, index: In<'_>, src: In<'_>) -> Result<(), OutOfRange> {
    require_along(x.shape, axis, &index);
    require_within(index.shape, src.shape);
    src.require_dtype(x.dtype);
    let shape = index.shape;
    if shape.contains(&0) {
        return Ok(());
    }
    let (size, along) = (x.shape[axis], x.strides[axis]);
    let strides = without_axis(x.strides, axis);
    // SAFETY: the index has elements at every position of its shape.
    let at = |offset: isize| unsafe { *index.ptr.cast::<i64>().offset(offset) };
    let mut seen = 0;
    each(shape, [&strides, index.strides, src.strides], |[_, i, _]| {
        let value = at(i);
        if value < 0 || value >= size as i64 {
            return Err(OutOfRange { position: seen, value, axis, size });
        }
        seen += 1;
        Ok(())
    })?;
    let pairs = |body: &mut dyn FnMut(isize, isize)| {
        each(shape, [&strides, index.strides, src.strides], |[to, i, from]| {
            // What is no index any more, in memory that a program writes to meanwhile, leads to the first element.
            let found = Some(at(i) as usize).filter(|&found| found < size).unwrap_or(0);
            body(to + found as isize * along, from);
            Ok(())
        })
    };
    macro_rules! folded {
        ($T:ty, $of:expr) => {
            pairs(&mut |to, from| {
                // SAFETY: the index fits into both operands.
                unsafe {
                    let element = x.ptr.cast::<$T>().offset(to);
                    *element = $of(*element, *src.ptr.cast::<$T>().offset(from));
                }
            })
        };
    }
    match fold {
        Fold::Prod => with_element!(ring x.dtype, T => folded!(T, |x: T, value: T| x * value)),
        Fold::Max => with_element!(number x.dtype, T => folded!(T, <T as Order>::maximum)),
        Fold::Min => with_element!(number x.dtype, T => folded!(T, <T as Order>::minimum)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(fold: Fold, x: &mut [f64], index: &[i64], src: &[f64]) -> Result<(), OutOfRange> {
        let (own, n) = ([x.len()], [index.len()]);
        let (positions, values) = (In::of(index, &n, &[1]), In::of(src, &n, &[1]));
        scatter_fold(fold, 0, Out::of(x, &own, &[1]), positions, values)
    }

    #[test]
    fn folds_in_order_and_keeps_nan() {
        let mut x = [1.0, 2.0, 3.0];
        run(Fold::Prod, &mut x, &[0, 0, 2], &[2.0, 5.0, 7.0]).unwrap();
        assert_eq!(x, [10.0, 2.0, 21.0]);
        run(Fold::Max, &mut x, &[0, 1, 1], &[f64::NAN, 9.0, 4.0]).unwrap();
        assert!(x[0].is_nan() && x[1] == 9.0);
        run(Fold::Min, &mut x, &[0, 1], &[1.0, 4.0]).unwrap();
        assert!(x[0].is_nan() && x[1] == 4.0);
    }

    #[test]
    fn a_bad_index_leaves_everything_as_it_was() {
        let mut x = [1.0, 2.0];
        let found = run(Fold::Prod, &mut x, &[0, 2], &[5.0, 5.0]).unwrap_err();
        assert_eq!((found.position, found.value, found.size), (1, 2, 2));
        assert_eq!(x, [1.0, 2.0]);
    }
}
