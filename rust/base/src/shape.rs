//! Shapes, strides, axes: pure functions and the inline [`Layout`]. No memory is touched here.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::lattice;

/// Most axes a tensor can have, as in PyTorch.
pub const MAX_RANK: usize = 64;

/// Axes stored without a heap allocation. Real programs rarely go past five or six.
const INLINE_RANK: usize = 6;

/// A shape as a value: inline up to six axes.
pub type Shape = SmallVec<[usize; INLINE_RANK]>;

/// Strides in elements as a value: inline up to six axes.
pub type Strides = SmallVec<[isize; INLINE_RANK]>;

/// Shape and strides of an array, in elements, with what every operation asks first kept beside them.
#[derive(Debug)]
pub struct Layout {
    rank: u8,
    contiguous: bool,
    // Contiguous, with the strides that `Layout::contiguous` gives.
    plain: bool,
    numel: usize,
    shape: [usize; INLINE_RANK],
    strides: [isize; INLINE_RANK],
    // Used instead of the inline arrays when rank > INLINE_RANK.
    heap: Option<Box<(Vec<usize>, Vec<isize>)>>,
}

impl Clone for Layout {
    #[inline]
    fn clone(&self) -> Self {
        // Apart from the usual case, which is a copy.
        #[cold]
        #[inline(never)]
        fn many_axes(layout: &Layout) -> Layout {
            Layout { heap: layout.heap.clone(), ..*layout }
        }
        if self.is_inline() { self.copied_inline() } else { many_axes(self) }
    }
}

impl Layout {
    /// Row-major layout of `shape`. The product of the sizes must have been checked with [`checked_numel`].
    pub fn contiguous(shape: &[usize]) -> Self {
        let rank = shape.len();
        let mut layout = Self {
            rank: rank as u8,
            contiguous: true,
            plain: true,
            numel: 1,
            shape: [0; INLINE_RANK],
            strides: [0; INLINE_RANK],
            heap: None,
        };
        if rank <= INLINE_RANK {
            layout.shape[..rank].copy_from_slice(shape);
            let mut step = 1isize;
            for axis in (0..rank).rev() {
                layout.strides[axis] = step;
                // Where an axis is empty, the others may be of any size.
                step = step.wrapping_mul(shape[axis].max(1) as isize);
                layout.numel = layout.numel.wrapping_mul(shape[axis]);
            }
        } else {
            layout.numel = shape.iter().fold(1, |numel, &size| numel.wrapping_mul(size));
            layout.heap = Some(Box::new((shape.to_vec(), contiguous_strides(shape).to_vec())));
        }
        layout
    }

    /// Layout with given strides.
    #[inline]
    pub fn strided(shape: &[usize], strides: &[isize]) -> Self {
        debug_assert_eq!(shape.len(), strides.len());
        let rank = shape.len();
        if rank > INLINE_RANK {
            return Self::of_many_axes(shape, strides);
        }
        let (mut own_shape, mut own_strides) = ([0; INLINE_RANK], [0; INLINE_RANK]);
        let (mut row_major, mut plain, mut numel, mut step) = (true, true, 1usize, 1isize);
        for axis in (0..rank).rev() {
            let (size, stride) = (shape[axis], strides[axis]);
            (own_shape[axis], own_strides[axis]) = (size, stride);
            row_major &= size == 1 || stride == numel as isize;
            plain &= stride == step;
            numel = numel.wrapping_mul(size);
            // Where an axis is empty, the others may be of any size.
            step = step.wrapping_mul(size.max(1) as isize);
        }
        Self {
            rank: rank as u8,
            contiguous: row_major || numel == 0,
            plain,
            numel,
            shape: own_shape,
            strides: own_strides,
            heap: None,
        }
    }

    /// [`Layout::strided`] of more axes than lie inline.
    #[cold]
    fn of_many_axes(shape: &[usize], strides: &[isize]) -> Self {
        let contiguous = is_contiguous(shape, strides);
        Self {
            rank: shape.len() as u8,
            contiguous,
            plain: contiguous && has_plain_strides(shape, strides),
            numel: shape.iter().fold(1, |numel, &size| numel.wrapping_mul(size)),
            shape: [0; INLINE_RANK],
            strides: [0; INLINE_RANK],
            heap: Some(Box::new((shape.to_vec(), strides.to_vec()))),
        }
    }

    /// The layout of one position of an axis.
    #[inline]
    pub fn without_axis(&self, axis: usize) -> Self {
        let rank = self.rank();
        if self.heap.is_some() {
            let without = |at: &usize| *at != axis;
            let shape: Shape = (0..rank).filter(without).map(|at| self.shape()[at]).collect();
            let strides: Strides = (0..rank).filter(without).map(|at| self.strides()[at]).collect();
            return Self::strided(&shape, &strides);
        }
        let (mut shape, mut strides) = ([0; INLINE_RANK], [0; INLINE_RANK]);
        let (mut to, mut row_major, mut plain, mut numel, mut step) = (rank - 1, true, true, 1usize, 1isize);
        for at in (0..rank).rev().filter(|&at| at != axis) {
            to -= 1;
            let (size, stride) = (self.shape[at], self.strides[at]);
            (shape[to], strides[to]) = (size, stride);
            row_major &= size == 1 || stride == numel as isize;
            numel = numel.wrapping_mul(size);
            plain &= stride == step;
            step = step.wrapping_mul(size.max(1) as isize);
        }
        let contiguous = row_major || numel == 0;
        Self { rank: self.rank - 1, contiguous, plain, numel, shape, strides, heap: None }
    }

    /// Sizes per axis.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        match &self.heap {
            None => &self.shape[..self.rank as usize],
            Some(heap) => &heap.0,
        }
    }

    /// Strides per axis, in elements.
    #[inline]
    pub fn strides(&self) -> &[isize] {
        match &self.heap {
            None => &self.strides[..self.rank as usize],
            Some(heap) => &heap.1,
        }
    }

    /// Whether both have the same sizes. Few numbers are compared here, which takes less than a call that compares bytes.
    #[inline]
    pub fn has_shape_of(&self, other: &Self) -> bool {
        if self.rank != other.rank || self.numel != other.numel {
            return false;
        }
        if self.heap.is_some() || other.heap.is_some() {
            return self.shape() == other.shape();
        }
        let rank = self.rank().min(INLINE_RANK);
        (0..rank).all(|axis| self.shape[axis] == other.shape[axis])
    }

    /// Number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.rank as usize
    }

    /// Number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        self.numel
    }

    /// Whether the elements lie in row-major order without gaps.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.contiguous
    }

    /// Whether the strides are those of a new array of the shape.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// Whether it can be copied as it lies, as that of few axes can.
    #[inline]
    pub fn is_inline(&self) -> bool {
        self.heap.is_none()
    }

    /// A copy of one that [is inline](Self::is_inline), without looking again.
    #[inline(always)]
    pub fn copied_inline(&self) -> Self {
        debug_assert!(self.is_inline());
        Self { heap: None, ..*self }
    }
}

/// An error if the elements are more than an `i64` counts, as those of a view can be, which has no memory of its own.
pub fn check_countable(op: &'static str, shape: &[usize]) -> Result<()> {
    let numel = shape.iter().try_fold(1usize, |numel, &size| numel.checked_mul(size));
    if numel.is_none_or(|numel| numel > isize::MAX as usize) && !shape.contains(&0) {
        return Err(Error::runtime(op, "numel: integer multiplication overflow"));
    }
    Ok(())
}

/// Number of elements, or an error if it, in bytes, does not fit the address space.
pub fn checked_numel(op: &'static str, shape: &[usize], element_size: usize) -> Result<usize> {
    if shape.len() > MAX_RANK {
        return Err(Error::runtime(op, format!("at most {MAX_RANK} dimensions are supported, got {}", shape.len())));
    }
    let mut numel = 1usize;
    let mut overflow = false;
    for &size in shape {
        if size == 0 {
            return Ok(0);
        }
        match numel.checked_mul(size) {
            Some(product) => numel = product,
            None => overflow = true,
        }
    }
    let bytes = numel.checked_mul(element_size);
    match bytes {
        Some(bytes) if !overflow && bytes <= isize::MAX as usize => Ok(numel),
        _ => {
            let exact = shape.iter().try_fold(element_size as u128, |product, &size| product.checked_mul(size as u128));
            Err(Box::new(Error::OutOfMemory { op, bytes: exact.unwrap_or(u128::MAX) }))
        }
    }
}

/// Row-major strides. Axes of size 0 count as 1, as in PyTorch.
pub fn contiguous_strides(shape: &[usize]) -> Strides {
    dense_strides(shape, (0..shape.len()).rev())
}

/// Strides of a new, dense array for an elementwise result of `shape`, given the strides of the operands over that
/// shape (0 where broadcast): its axes lie in memory in the order of the first operand that tells two axes apart.
///
/// The order is found as PyTorch's `TensorIterator` finds it, so that layouts agree: insertion from the innermost axis
/// outwards, where a comparison may stay undecided.
pub fn result_strides(shape: &[usize], operands: &[Strides]) -> Strides {
    use std::cmp::Ordering;
    let further_out = |inner: usize, outer: usize| -> Ordering {
        for strides in operands {
            match (strides[inner], strides[outer]) {
                (0, _) | (_, 0) => {}
                (a, b) if a != b => return a.cmp(&b),
                _ if shape[inner] > shape[outer] => return Ordering::Greater,
                _ => {}
            }
        }
        Ordering::Equal
    };
    // Axes from the innermost outwards.
    let mut order: SmallVec<[usize; INLINE_RANK]> = (0..shape.len()).rev().collect();
    for start in 1..order.len() {
        let mut moving = start;
        for other in (0..start).rev() {
            match further_out(order[other], order[moving]) {
                Ordering::Greater => {
                    order.swap(other, moving);
                    moving = other;
                }
                Ordering::Less => break,
                Ordering::Equal => {}
            }
        }
    }
    dense_strides(shape, order)
}

/// The axes of a dense array from the outermost in memory to the innermost.
pub fn memory_order(shape: &[usize], strides: &[isize]) -> SmallVec<[usize; INLINE_RANK]> {
    let mut order: SmallVec<[usize; INLINE_RANK]> = (0..shape.len()).collect();
    // Axes of one element lie anywhere.
    order.sort_by_key(|&axis| std::cmp::Reverse((strides[axis], shape[axis] > 1)));
    order
}

/// Strides of a new array made like one with these (`torch.preserve_format`): the same ones if the elements fill a block,
/// along axes of one element too; else dense, with the axes in the same order.
pub fn preserved_strides(shape: &[usize], strides: &[isize]) -> Strides {
    if is_contiguous(shape, strides) || is_non_overlapping_and_dense(shape, strides) {
        return strides.into();
    }
    result_strides(shape, &[strides.into()])
}

/// The axes of images with the channels last, from the outermost inwards: how PyTorch's `channels_last` (and
/// `channels_last_3d`) lies in memory. `None` for what is no batch of images or volumes.
fn channels_last_order(rank: usize) -> Option<&'static [usize]> {
    match rank {
        4 => Some(&[0, 2, 3, 1]),
        5 => Some(&[0, 2, 3, 4, 1]),
        _ => None,
    }
}

/// Whether strides tell that an array is meant to lie with its channels last (`suggest_memory_format`): they rise from
/// the channels over the pixels to the batch, each at least by the size before. Where axes of one element leave it open,
/// the array counts as row-major.
pub fn is_channels_last(shape: &[usize], strides: &[isize]) -> bool {
    let Some(order) = channels_last_order(shape.len()) else { return false };
    if strides[1] == 0 {
        return false;
    }
    let mut least = 0;
    for &axis in order.iter().rev() {
        let undecided = axis == 0 && least == strides[1];
        if shape[axis] == 0 || strides[axis] < least || undecided {
            return false;
        }
        least = strides[axis] * shape[axis] as isize;
    }
    true
}

/// Strides of a new array of `shape` in the memory format of another: with the channels last if that one's are, else
/// row-major.
pub fn strides_in_format_of(shape: &[usize], other: (&[usize], &[isize])) -> Strides {
    match channels_last_order(shape.len()) {
        Some(order) if shape.len() == other.0.len() && is_channels_last(other.0, other.1) => {
            dense_strides(shape, order.iter().rev().copied())
        }
        _ => contiguous_strides(shape),
    }
}

/// Strides of a dense array whose axes lie in the order given, from the innermost outwards.
fn dense_strides(shape: &[usize], order: impl IntoIterator<Item = usize>) -> Strides {
    let mut strides: Strides = SmallVec::from_elem(0, shape.len());
    let mut step = 1isize;
    for axis in order {
        strides[axis] = step;
        step = step.wrapping_mul(shape[axis].max(1) as isize);
    }
    strides
}

/// The stride of an axis of one element put in front of axes of these sizes and strides, as PyTorch's `unsqueeze` has it.
pub fn inserted_stride(shape: &[usize], strides: &[isize]) -> isize {
    match (shape.first(), strides.first()) {
        (Some(&size), Some(&stride)) => size as isize * stride,
        _ => 1,
    }
}

/// Whether elements with these strides lie in row-major order without gaps; axes of size 1 do not count.
pub fn is_contiguous(shape: &[usize], strides: &[isize]) -> bool {
    let mut step = 1isize;
    for axis in (0..shape.len()).rev() {
        if shape[axis] != 1 {
            if strides[axis] != step {
                return shape.contains(&0);
            }
            step = step.wrapping_mul(shape[axis] as isize);
        }
    }
    true
}

/// Whether the strides are those that [`contiguous_strides`] gives, also along axes of at most one element.
fn has_plain_strides(shape: &[usize], strides: &[isize]) -> bool {
    let mut step = 1isize;
    shape.iter().zip(strides).rev().all(|(&size, &stride)| {
        let expected = step;
        step = step.wrapping_mul(size.max(1) as isize);
        stride == expected
    })
}

/// Whether the elements fill a block of memory without gaps or overlap, in any order of axes.
pub fn is_non_overlapping_and_dense(shape: &[usize], strides: &[isize]) -> bool {
    let mut axes: SmallVec<[usize; INLINE_RANK]> = (0..shape.len()).filter(|&axis| shape[axis] != 1).collect();
    axes.sort_by_key(|&axis| strides[axis]);
    let mut step = 1isize;
    for &axis in &axes {
        if shape[axis] == 0 {
            return true;
        }
        if strides[axis] != step {
            return false;
        }
        step *= shape[axis] as isize;
    }
    true
}

/// Whether two elements of one array share memory. Exact for all layouts but hand-made ones of many axes, which are then
/// judged on the safe side.
pub fn overlaps_itself(shape: &[usize], strides: &[isize]) -> bool {
    if shape.contains(&0) || is_contiguous(shape, strides) {
        return false;
    }
    let mut axes: SmallVec<[(usize, usize); INLINE_RANK]> = shape
        .iter()
        .zip(strides)
        .filter(|(size, _)| **size > 1)
        .map(|(&size, &stride)| (stride.unsigned_abs(), size))
        .collect();
    axes.sort_unstable();
    // Where each stride leads past all that shorter ones reach, elements lie in the order of their indices.
    let mut reach = 0usize;
    for (stride, size) in axes {
        if stride <= reach {
            return lattice::overlaps_itself(shape, strides);
        }
        reach += stride * (size - 1);
    }
    false
}

/// Lowest and highest element offset touched, relative to the first element; `None` when there are no elements.
pub fn extent(shape: &[usize], strides: &[isize]) -> Option<(isize, isize)> {
    reach(shape, strides).map(|(low, high)| (low as isize, high as isize))
}

/// [`extent`] of sizes and strides from outside, which have room in it.
#[inline]
pub fn reach(shape: &[usize], strides: &[isize]) -> Option<(i128, i128)> {
    let (mut low, mut high) = (0i128, 0i128);
    for (&size, &stride) in shape.iter().zip(strides) {
        if size == 0 {
            return None;
        }
        let step = stride as i128 * (size as i128 - 1);
        if step < 0 {
            low += step;
        } else {
            high += step;
        }
    }
    Some((low, high))
}

/// Whether a layout that begins at element `offset` lies within `room` elements, and its sizes have a product. What has no
/// elements lies anywhere.
#[inline]
pub fn lies_within(shape: &[usize], strides: &[isize], offset: usize, room: usize) -> bool {
    // What has no room in a machine word reaches beyond all memory: steps of one sign are added to each end.
    let (mut low, mut high, mut numel, mut fits) =
        (offset as isize, offset as isize, 1usize, offset <= isize::MAX as usize);
    for (&size, &stride) in shape.iter().zip(strides) {
        if size == 0 {
            return true;
        }
        let (step, beyond) = stride.overflowing_mul((size - 1) as isize);
        let end = if step < 0 { &mut low } else { &mut high };
        let (moved, over) = end.overflowing_add(step);
        *end = moved;
        let (product, large) = numel.overflowing_mul(size);
        numel = product;
        fits &= !beyond & !over & !large & (size <= isize::MAX as usize);
    }
    fits && low >= 0 && (high as usize) < room
}

/// An axis in `-rank..rank` as an index. A tensor without axes accepts −1 and 0, as in PyTorch.
pub fn normalize_axis(op: &'static str, axis: i64, rank: usize) -> Result<usize> {
    let span = rank.max(1) as i64;
    if axis < -span || axis >= span {
        return Err(Box::new(Error::AxisOutOfRange { op, axis, rank: rank as i64 }));
    }
    Ok(if axis < 0 { axis + span } else { axis } as usize)
}

/// Several axes, each once, as a mask over the axes.
pub fn axis_mask(op: &'static str, axes: &[i64], rank: usize) -> Result<SmallVec<[bool; INLINE_RANK]>> {
    let mut mask: SmallVec<[bool; INLINE_RANK]> = SmallVec::from_elem(false, rank.max(1));
    for &axis in axes {
        let index = normalize_axis(op, axis, rank)?;
        if mask[index] {
            return Err(Error::runtime(op, format!("dim {index} appears multiple times in the list of dims")));
        }
        mask[index] = true;
    }
    mask.truncate(rank);
    Ok(mask)
}

/// The shape two shapes broadcast to.
pub fn broadcast(op: &'static str, left: &[usize], right: &[usize]) -> Result<Shape> {
    if left == right {
        return Ok(Shape::from_slice(left));
    }
    let rank = left.len().max(right.len());
    let mut shape: Shape = SmallVec::from_elem(1, rank);
    for back in 1..=rank {
        let a = if back <= left.len() { left[left.len() - back] } else { 1 };
        let b = if back <= right.len() { right[right.len() - back] } else { 1 };
        shape[rank - back] = match (a, b) {
            (1, size) | (size, 1) => size,
            (a, b) if a == b => a,
            (a, b) => {
                let axis = rank - back;
                return Err(Error::shapes(
                    op,
                    left,
                    right,
                    format!(
                        "The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension {axis}"
                    ),
                ));
            }
        };
    }
    Ok(shape)
}

/// Whether an array of `shape` can be read as one of the shape `target`.
pub fn broadcasts_to(shape: &[usize], target: &[usize]) -> bool {
    shape.len() <= target.len()
        && shape.iter().rev().zip(target.iter().rev()).all(|(&size, &wanted)| size == wanted || size == 1)
}

/// Strides with which an array of `shape` is read as one of the shape `target` (0 along broadcast axes). The caller
/// has checked that `shape` broadcasts to `target`.
pub fn broadcast_strides(shape: &[usize], strides: &[isize], target: &[usize]) -> Strides {
    let mut result: Strides = SmallVec::from_elem(0, target.len());
    let lead = target.len() - shape.len();
    for axis in 0..shape.len() {
        if shape[axis] != 1 || target[lead + axis] == 1 {
            result[lead + axis] = strides[axis];
        }
    }
    result
}

/// Replaces one −1 in a requested shape by the size that fits `numel`.
pub fn infer_shape(op: &'static str, requested: &[i64], numel: usize) -> Result<Shape> {
    let mut known: usize = 1;
    let mut unknown = None;
    for (axis, &size) in requested.iter().enumerate() {
        match size {
            -1 if unknown.is_none() => unknown = Some(axis),
            -1 => return Err(Error::runtime(op, "only one dimension can be inferred")),
            size if size < 0 => return Err(Error::runtime(op, format!("invalid shape dimension {size}"))),
            size => known = known.saturating_mul(size as usize),
        }
    }
    let mut shape: Shape = requested.iter().map(|&size| size.max(0) as usize).collect();
    let fits = match unknown {
        None => known == numel,
        Some(_) if known == 0 && numel == 0 => {
            return Err(Error::runtime(
                op,
                format!(
                    "cannot reshape tensor of 0 elements into shape {requested:?} because the unspecified dimension size -1 can be any value and is ambiguous"
                ),
            ));
        }
        Some(axis) if known > 0 && numel.is_multiple_of(known) => {
            shape[axis] = numel / known;
            true
        }
        Some(_) => false,
    };
    if fits {
        Ok(shape)
    } else {
        Err(Error::runtime(op, format!("shape '{requested:?}' is invalid for input of size {numel}")))
    }
}

/// Strides that show the same elements in another shape without copying, if there are any. A shape of another number
/// of elements shows nothing.
pub fn view_strides(shape: &[usize], strides: &[isize], target: &[usize]) -> Option<Strides> {
    if shape.iter().product::<usize>() != target.iter().product::<usize>() {
        return None;
    }
    if shape.contains(&0) {
        return Some(if shape == target { SmallVec::from_slice(strides) } else { contiguous_strides(target) });
    }
    let mut result: Strides = SmallVec::from_elem(1, target.len());
    if shape.is_empty() {
        return Some(result);
    }
    // Group old axes into runs that lie contiguously with respect to each other, from the back; new axes must split
    // these runs.
    let mut new_axis = target.len();
    let mut chunk_stride = strides[shape.len() - 1];
    let (mut old_numel, mut new_numel) = (1usize, 1usize);
    for axis in (0..shape.len()).rev() {
        old_numel *= shape[axis];
        let ends_run = axis == 0 || (shape[axis - 1] != 1 && strides[axis - 1] != old_numel as isize * chunk_stride);
        if ends_run {
            while new_axis > 0 && (new_numel < old_numel || target[new_axis - 1] == 1) {
                result[new_axis - 1] = new_numel as isize * chunk_stride;
                new_numel *= target[new_axis - 1];
                new_axis -= 1;
            }
            if new_numel != old_numel {
                return None;
            }
            if axis > 0 {
                chunk_stride = strides[axis - 1];
                (old_numel, new_numel) = (1, 1);
            }
        }
    }
    (new_axis == 0).then_some(result)
}

/// Where each axis goes under PyTorch's `movedim`.
pub fn inverse_permutation(axes: &[usize]) -> SmallVec<[usize; INLINE_RANK]> {
    let mut inverse: SmallVec<[usize; INLINE_RANK]> = SmallVec::from_elem(0, axes.len());
    for (position, &axis) in axes.iter().enumerate() {
        inverse[axis] = position;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        assert_eq!(broadcast("t", &[3, 1], &[4]).unwrap().as_slice(), &[3, 4]);
        assert_eq!(broadcast("t", &[], &[2]).unwrap().as_slice(), &[2]);
        assert_eq!(broadcast("t", &[0], &[1]).unwrap().as_slice(), &[0]);
        assert!(broadcast("t", &[3], &[4]).is_err());
    }

    #[test]
    fn a_transposed_array_cannot_be_viewed_flat() {
        assert_eq!(view_strides(&[2, 3], &[1, 2], &[6]), None);
        assert_eq!(view_strides(&[2, 3], &[3, 1], &[6]).unwrap().as_slice(), &[1]);
        assert_eq!(view_strides(&[4, 3], &[6, 1], &[2, 2, 3]).unwrap().as_slice(), &[12, 6, 1]);
    }

    #[test]
    fn a_view_has_as_many_elements() {
        assert_eq!(view_strides(&[], &[], &[2, 3]), None);
        assert_eq!(view_strides(&[0], &[1], &[2, 3]), None);
        assert_eq!(view_strides(&[2, 3], &[3, 1], &[0]), None);
        assert_eq!(view_strides(&[], &[], &[1, 1]).unwrap().as_slice(), &[1, 1]);
    }

    #[test]
    fn results_lie_as_their_operands_do() {
        let strides = |shape: &[usize], operands: &[&[isize]]| {
            let operands: Vec<Strides> = operands.iter().map(|strides| SmallVec::from_slice(strides)).collect();
            result_strides(shape, &operands).to_vec()
        };
        assert_eq!(strides(&[2, 3], &[&[3, 1]]), [3, 1]);
        assert_eq!(strides(&[2, 3], &[&[1, 4]]), [1, 2]);
        // The first operand decides where it can; a broadcast one cannot.
        assert_eq!(strides(&[2, 3], &[&[1, 2], &[3, 1]]), [1, 2]);
        assert_eq!(strides(&[2, 3], &[&[0, 1], &[1, 2]]), [1, 2]);
        assert_eq!(strides(&[2, 3], &[&[0, 0]]), [3, 1]);
        assert_eq!(strides(&[2, 3, 4], &[&[3, 1, 6]]), [3, 1, 6]);
        assert_eq!(strides(&[2, 3, 3], &[&[1, 0, 2], &[0, 3, 1]]), [1, 2, 6]);
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        assert!(checked_numel("t", &[usize::MAX, 2], 4).is_err());
        assert_eq!(checked_numel("t", &[usize::MAX, 0], 4).unwrap(), 0);
    }

    #[test]
    fn what_lies_within_memory_is_told_without_overflow() {
        assert!(lies_within(&[2, 3], &[3, 1], 4, 10));
        assert!(!lies_within(&[2, 3], &[3, 1], 5, 10));
        assert!(lies_within(&[3], &[-2], 4, 5));
        assert!(!lies_within(&[3], &[-2], 3, 5));
        assert!(lies_within(&[], &[], 0, 1));
        assert!(!lies_within(&[], &[], 0, 0));
        assert!(lies_within(&[usize::MAX, 0], &[1, 1], usize::MAX, 0));
        assert!(!lies_within(&[usize::MAX, 2], &[0, 0], 0, 1));
        assert!(!lies_within(&[3], &[isize::MAX], 0, usize::MAX));
        assert!(!lies_within(&[2, 2], &[isize::MAX, isize::MAX], 0, usize::MAX));
    }

    #[test]
    fn overlap_is_seen() {
        assert!(overlaps_itself(&[3], &[0]));
        assert!(!overlaps_itself(&[3, 2], &[2, 1]));
        assert!(!overlaps_itself(&[2, 3], &[1, 2]));
        assert!(!overlaps_itself(&[2, 3], &[3, 2]));
        assert!(overlaps_itself(&[2, 4], &[6, 2]));
        assert!(!overlaps_itself(&[1], &[0]));
    }
}
