//! Views as values.

use smallvec::SmallVec;

use crate::array::Array;
use crate::error::{Error, Result};
use crate::shape::{self, Shape, Strides};

/// A view as a value: it can be applied again (to a gradient, to the next version of a base).
#[derive(Clone, Debug, PartialEq)]
pub enum ViewOp {
    /// The same elements once more.
    Alias,
    /// The same elements in another shape.
    View(Shape),
    /// Without axes of size 1; the mask says which.
    Squeeze(SmallVec<[bool; 6]>),
    /// With an axis of size 1 put in before an axis.
    Unsqueeze(usize),
    /// Axes in another order.
    Permute(SmallVec<[usize; 6]>),
    /// Broadcast.
    Expand(Shape),
    /// Every `step`-th element of an axis.
    Slice {
        /// The axis.
        axis: usize,
        /// First element.
        start: usize,
        /// Number of elements.
        length: usize,
        /// Distance.
        step: usize,
    },
    /// One position of an axis.
    Select {
        /// The axis.
        axis: usize,
        /// The position.
        index: usize,
    },
    /// The diagonal of two axes, as the last axis.
    Diagonal {
        /// Which diagonal.
        offset: i64,
        /// First axis.
        axis1: usize,
        /// Second axis.
        axis2: usize,
    },
    /// Sliding windows along an axis, as the last axis.
    Unfold {
        /// The axis.
        axis: usize,
        /// Window length.
        size: usize,
        /// Window distance.
        step: usize,
    },
    /// Any geometry over the storage.
    AsStrided {
        /// Shape.
        shape: Shape,
        /// Strides in elements.
        strides: Strides,
        /// Offset in the storage, in elements.
        offset: usize,
    },
    /// Complex numbers as pairs of real ones along a new last axis.
    AsReal,
    /// Pairs of real numbers along the last axis as complex ones.
    AsComplex,
}

impl ViewOp {
    /// The view of an array. The arguments were checked when the view was made.
    pub fn apply(&self, array: &Array) -> Result<Array> {
        Ok(match self {
            Self::Alias => array.clone(),
            Self::View(shape) => match array.view(shape) {
                Some(view) => view,
                None => return Err(not_viewable(array, shape)),
            },
            // Not by way of `View`, which would make up new strides for axes of one element.
            Self::Squeeze(dropped) => {
                let kept = (0..array.rank()).filter(|&axis| !dropped[axis]);
                let shape: Shape = kept.clone().map(|axis| array.shape()[axis]).collect();
                let strides: Strides = kept.map(|axis| array.strides()[axis]).collect();
                array.with_layout(&shape, &strides, array.offset())
            }
            Self::Unsqueeze(axis) => {
                let (mut shape, mut strides): (Shape, Strides) =
                    (Shape::from_slice(array.shape()), Strides::from_slice(array.strides()));
                strides.insert(*axis, shape::inserted_stride(&shape[*axis..], &strides[*axis..]));
                shape.insert(*axis, 1);
                array.with_layout(&shape, &strides, array.offset())
            }
            Self::Permute(axes) => array.permute(axes),
            Self::Expand(shape) => {
                shape::check_countable("expand", shape)?;
                array.expand(shape)
            }
            Self::Slice { axis, start, length, step } => array.slice(*axis, *start, *length, *step),
            Self::Select { axis, index } => array.select(*axis, *index),
            Self::Diagonal { offset, axis1, axis2 } => {
                let (rows, columns) = (array.shape()[*axis1] as i64, array.shape()[*axis2] as i64);
                let length =
                    if *offset >= 0 { rows.min(columns - offset) } else { (rows + offset).min(columns) }.max(0);
                let (down, right) = (array.strides()[*axis1], array.strides()[*axis2]);
                let start = if length == 0 {
                    0
                } else if *offset >= 0 {
                    *offset as isize * right
                } else {
                    -*offset as isize * down
                };
                let kept = (0..array.rank()).filter(|axis| axis != axis1 && axis != axis2);
                let mut shape: Shape = kept.clone().map(|axis| array.shape()[axis]).collect();
                let mut strides: Strides = kept.map(|axis| array.strides()[axis]).collect();
                shape.push(length as usize);
                strides.push(down + right);
                array.with_layout(&shape, &strides, (array.offset() as isize + start) as usize)
            }
            Self::Unfold { axis, size, step } => {
                let mut shape = Shape::from_slice(array.shape());
                let mut strides = Strides::from_slice(array.strides());
                if shape.is_empty() {
                    shape.push(*size);
                    strides.push(1);
                } else {
                    let stride = strides[*axis];
                    shape[*axis] = (shape[*axis] - size) / step + 1;
                    strides[*axis] = stride * *step as isize;
                    shape.push(*size);
                    strides.push(stride);
                }
                shape::check_countable("unfold", &shape)?;
                array.with_layout(&shape, &strides, array.offset())
            }
            Self::AsStrided { shape, strides, offset } => {
                Array::from_parts("as_strided", array.storage().clone(), array.dtype(), shape, strides, *offset)?
            }
            Self::AsReal => {
                let (mut shape, mut strides): (Shape, Strides) = (array.shape().into(), array.strides().into());
                strides.iter_mut().for_each(|stride| *stride *= 2);
                shape.push(2);
                strides.push(1);
                let (storage, dtype) = (array.storage().clone(), array.dtype().to_real());
                Array::from_parts("view_as_real", storage, dtype, &shape, &strides, 2 * array.offset())?
            }
            Self::AsComplex => {
                let (mut shape, mut strides): (Shape, Strides) = (array.shape().into(), array.strides().into());
                shape.pop();
                strides.pop();
                // Along axes of at most one element a stride may be anything.
                strides.iter_mut().for_each(|stride| *stride /= 2);
                let (storage, dtype) = (array.storage().clone(), array.dtype().to_complex());
                Array::from_parts("view_as_complex", storage, dtype, &shape, &strides, array.offset() / 2)?
            }
        })
    }

    /// Whether what is shown is of another dtype.
    pub(super) fn changes_dtype(&self) -> bool {
        matches!(self, Self::AsReal | Self::AsComplex)
    }
}

impl ViewOp {
    /// The same view of each example of a batch that lies along axis 0 of a tensor of one more axis; the examples of the
    /// result lie along its axis 0, too.
    pub(in crate::ops) fn of_each(&self, size: usize) -> Result<Self> {
        let behind = |shape: &Shape| std::iter::once(size).chain(shape.iter().copied()).collect();
        Ok(match self {
            Self::Alias | Self::AsReal | Self::AsComplex => self.clone(),
            Self::View(shape) => Self::View(behind(shape)),
            Self::Expand(shape) => Self::Expand(behind(shape)),
            Self::Squeeze(dropped) => Self::Squeeze(std::iter::once(false).chain(dropped.iter().copied()).collect()),
            Self::Unsqueeze(axis) => Self::Unsqueeze(axis + 1),
            Self::Permute(axes) => Self::Permute(std::iter::once(0).chain(axes.iter().map(|axis| axis + 1)).collect()),
            Self::Slice { axis, start, length, step } => {
                Self::Slice { axis: axis + 1, start: *start, length: *length, step: *step }
            }
            Self::Select { axis, index } => Self::Select { axis: axis + 1, index: *index },
            Self::Diagonal { offset, axis1, axis2 } => {
                Self::Diagonal { offset: *offset, axis1: axis1 + 1, axis2: axis2 + 1 }
            }
            Self::Unfold { axis, size, step } => Self::Unfold { axis: axis + 1, size: *size, step: *step },
            Self::AsStrided { .. } => {
                return Err(Error::not_implemented(
                    "vmap",
                    "as_strided of a batched tensor: what it shows depends on how all examples lie in memory",
                ));
            }
        })
    }
}

#[cold]
fn not_viewable(array: &Array, shape: &[usize]) -> Box<Error> {
    Error::runtime(
        "view",
        format!(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two \
             contiguous subspaces). Use .reshape(...) instead. (size {:?}, stride {:?}, asked for {shape:?})",
            array.shape(),
            array.strides()
        ),
    )
}

/// Why the pairs along the last axis of a real array do not lie as complex numbers do, if they do not.
pub(super) fn not_as_complex(array: &Array) -> Option<&'static str> {
    let Some((&last, outer)) = array.shape().split_last() else {
        return Some("Input tensor must have one or more dimensions");
    };
    if last != 2 {
        return Some("Tensor must have a last dimension of size 2");
    }
    let (&step, steps) = array.strides().split_last().expect("as many strides as sizes");
    if step != 1 {
        return Some("Tensor must have a last dimension with stride 1");
    }
    if outer.iter().zip(steps).any(|(&size, stride)| size > 1 && stride % 2 != 0) {
        return Some("Tensor must have a stride divisible by 2 for all but last dimension");
    }
    (!array.offset().is_multiple_of(2)).then_some("Tensor must have a storage_offset divisible by 2")
}
