//! Where the elements of an array lie within a block of memory.

use crate::dtype::DType;
use crate::shape::Layout;

/// Element type, shape and strides, and where in the block the first element lies.
#[derive(Clone, Debug)]
pub struct Geometry {
    pub(crate) layout: Layout,
    /// In elements.
    pub(crate) offset: usize,
    pub(crate) dtype: DType,
}

impl Geometry {
    /// From the beginning of a block.
    #[inline]
    pub(crate) fn new(layout: Layout, dtype: DType) -> Self {
        Self { layout, offset: 0, dtype }
    }
}
