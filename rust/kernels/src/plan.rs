//! The geometry of a loop over several strided operands: which axes are left after simplification, in which order, and
//! how they are cut into boxes that fit the first-level cache.

use smallvec::SmallVec;

/// Elements of a box: a few operands of this many elements fit the first-level cache, and the cost of setting up a box
/// is small against its work.
pub(super) const BLOCK: usize = 4096;

/// Bytes of a cache line: strides below it touch neighbouring elements together anyway.
const CACHE_LINE: usize = 64;

/// A small list with one entry per axis.
pub(super) type PerAxis<T> = SmallVec<[T; 4]>;

/// One axis of the iteration space.
#[derive(Clone, Copy)]
pub(super) struct Axis<const K: usize> {
    /// Number of steps.
    pub size: usize,
    /// Bytes from one step to the next, per operand.
    pub strides: [isize; K],
}

/// An operand as the plan sees it: address, bytes per element, strides in elements.
pub(super) type Operand<'a> = (*mut u8, usize, &'a [isize]);

/// The axes of a loop over at most `K` operands, innermost first, without axes of size 1. Small loops copy the plan
/// about, so `K` is no larger than need be.
pub(super) struct Plan<const K: usize> {
    /// The axes, innermost first.
    pub axes: PerAxis<Axis<K>>,
    /// Address of the first element of each operand.
    pub ptrs: [*mut u8; K],
    /// Number of operands.
    pub operands: usize,
}

// SAFETY: a plan is plain addresses; whoever dereferences them vouches for the memory.
unsafe impl<const K: usize> Sync for Plan<K> {}

impl<const K: usize> Plan<K> {
    /// A plan over the axes for which `chosen` is true, in memory order of the operands (earlier operands count more),
    /// with axes merged wherever all operands allow it. No size may be 0.
    pub fn new<'a>(shape: &[usize], operands: impl Iterator<Item = Operand<'a>>) -> Self {
        let mut plan = Self::in_order(shape, |_| true, operands);
        plan.point_forward();
        plan.sort();
        plan.merge();
        plan
    }

    /// The chosen axes of size above 1 in their own order, the last axis being the innermost.
    pub fn in_order<'a>(
        shape: &[usize],
        chosen: impl Fn(usize) -> bool,
        operands: impl Iterator<Item = Operand<'a>>,
    ) -> Self {
        let mut plan = Self { axes: PerAxis::new(), ptrs: [std::ptr::null_mut(); K], operands: 0 };
        for (axis, &size) in shape.iter().enumerate().rev() {
            if size != 1 && chosen(axis) {
                plan.axes.push(Axis { size, strides: [0; K] });
            }
        }
        for (ptr, bytes, strides) in operands {
            plan.ptrs[plan.operands] = ptr;
            let mut axes = plan.axes.iter_mut();
            for (axis, &size) in shape.iter().enumerate().rev() {
                if size != 1
                    && chosen(axis)
                    && let Some(out) = axes.next()
                {
                    out.strides[plan.operands] = strides[axis] * bytes as isize;
                }
            }
            plan.operands += 1;
        }
        plan
    }

    /// Walks axes backwards along which the first operand that moves runs backwards.
    pub fn point_forward(&mut self) {
        for axis in &mut self.axes {
            let strides = &mut axis.strides[..self.operands];
            if strides.iter().find(|&&stride| stride != 0).is_some_and(|&stride| stride < 0) {
                for (ptr, stride) in self.ptrs.iter_mut().zip(strides) {
                    *ptr = ptr.wrapping_offset(*stride * (axis.size - 1) as isize);
                    *stride = -*stride;
                }
            }
        }
    }

    /// Puts the axes in memory order. An operand that does not move along one of two axes leaves their order to the
    /// next operand, so this is no total order; insertion keeps the given order where nobody objects.
    pub fn sort(&mut self) {
        let precedes = |inner: &Axis<K>, outer: &Axis<K>| {
            (0..self.operands)
                .map(|operand| (inner.strides[operand].unsigned_abs(), outer.strides[operand].unsigned_abs()))
                .find(|&(inner, outer)| inner != 0 && outer != 0 && inner != outer)
                .map(|(inner, outer)| inner < outer)
        };
        for i in 1..self.axes.len() {
            let mut at = i;
            for other in (0..i).rev() {
                match precedes(&self.axes[at], &self.axes[other]) {
                    Some(true) => {
                        self.axes.swap(at, other);
                        at = other;
                    }
                    Some(false) => break,
                    None => {}
                }
            }
        }
    }

    /// Merges neighbouring axes that all operands walk as one.
    pub fn merge(&mut self) {
        let mut kept: PerAxis<Axis<K>> = PerAxis::new();
        for axis in &self.axes {
            match kept.last_mut() {
                Some(inner)
                    if (0..self.operands)
                        .all(|operand| axis.strides[operand] == inner.strides[operand] * inner.size as isize) =>
                {
                    inner.size *= axis.size;
                }
                _ => kept.push(*axis),
            }
        }
        self.axes = kept;
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        // Wrapping: next to an axis of size 0 the others may be of any size.
        self.axes.iter().fold(1, |n: usize, axis| n.wrapping_mul(axis.size))
    }

    /// Cuts the iteration space into boxes of about [`BLOCK`] elements. Where some operand runs along another axis than
    /// the innermost one the boxes are tiles over both, so that its cache lines are used whole; that axis becomes the
    /// second. `tile` has the extents along the innermost and along that axis.
    pub fn boxes(&mut self, tile: (usize, usize)) -> Grid {
        if let Some(across) = self.across() {
            let axis = self.axes.remove(across);
            self.axes.insert(1, axis);
            let mut extents: PerAxis<usize> = self.axes.iter().map(|_| 1).collect();
            // A short side leaves its room to the other.
            let (inner, outer) = (self.axes[0].size, self.axes[1].size);
            let room = tile.0 * tile.1;
            extents[0] = inner.min((room / outer).max(tile.0));
            extents[1] = outer.min((room / inner).max(tile.1));
            let mut grid = Grid::new(&self.axes, extents);
            grid.across = true;
            grid
        } else {
            self.linear_boxes(BLOCK)
        }
    }

    /// Cuts the iteration space into boxes of at most `block` elements, each a contiguous range of the linear order.
    pub fn linear_boxes(&self, block: usize) -> Grid {
        let mut room = block;
        let extents = self.axes.iter().map(|axis| {
            let size = axis.size.max(1);
            if size <= room {
                room /= size;
                size
            } else {
                // Pieces of equal size, in whole groups of lanes where there is room for them.
                let piece = axis.size.div_ceil(axis.size.div_ceil(room));
                let extent = piece.next_multiple_of(CACHE_LINE).min(room);
                room = 1;
                extent
            }
        });
        let extents = extents.collect();
        Grid::new(&self.axes, extents)
    }

    /// Cuts only the innermost axis, into pieces of about `room`.
    pub fn inner_pieces(&self, room: usize) -> Grid {
        let mut extents: PerAxis<usize> = self.axes.iter().map(|_| 1).collect();
        if let (Some(extent), Some(axis)) = (extents.first_mut(), self.axes.first()) {
            let pieces = axis.size.div_ceil(room).max(1);
            *extent = axis.size.div_ceil(pieces).max(1);
        }
        Grid::new(&self.axes, extents)
    }

    /// The axis other than the innermost along which some operand has the smallest steps, if these are small and its
    /// steps along the innermost one are large.
    fn across(&self) -> Option<usize> {
        let (first, rest) = self.axes.split_first()?;
        (0..self.operands).find_map(|operand| {
            if first.strides[operand].unsigned_abs() < CACHE_LINE {
                return None;
            }
            let (axis, stride) = rest
                .iter()
                .map(|axis| axis.strides[operand].unsigned_abs())
                .enumerate()
                .filter(|&(_, stride)| stride != 0)
                .min_by_key(|&(_, stride)| stride)?;
            (stride < CACHE_LINE).then_some(axis + 1)
        })
    }
}

/// An iteration space cut into boxes.
pub(super) struct Grid {
    extents: PerAxis<usize>,
    sizes: PerAxis<usize>,
    counts: PerAxis<usize>,
    /// Whether boxes are numbered along the second axis first: what is read by tiles then goes on in the pages where
    /// it was, which matters more than where it is written.
    across: bool,
}

impl Grid {
    fn new<const K: usize>(axes: &[Axis<K>], extents: PerAxis<usize>) -> Self {
        let sizes: PerAxis<usize> = axes.iter().map(|axis| axis.size).collect();
        let counts = sizes.iter().zip(&extents).map(|(size, &extent)| size.div_ceil(extent)).collect();
        Self { extents, sizes, counts, across: false }
    }

    /// Number of boxes.
    pub fn len(&self) -> usize {
        self.counts.iter().product()
    }

    /// Elements of a box that is not at an edge.
    pub fn box_len(&self) -> usize {
        self.extents.iter().product()
    }

    /// Writes where box number `index` begins and how far it reaches along each axis.
    pub fn locate(&self, mut index: usize, origin: &mut PerAxis<usize>, dims: &mut PerAxis<usize>) {
        origin.clear();
        dims.clear();
        if self.across {
            let (inner, outer) = (self.counts[0], self.counts[1]);
            let (plane, within) = (index / (inner * outer), index % (inner * outer));
            index = plane * (inner * outer) + within % outer * inner + within / outer;
        }
        for ((&count, &extent), &size) in self.counts.iter().zip(&self.extents).zip(&self.sizes) {
            let start = index % count * extent;
            index /= count;
            origin.push(start);
            dims.push(extent.min(size - start));
        }
    }
}

/// Address of an operand at `origin`.
pub(super) fn address<const K: usize>(plan: &Plan<K>, operand: usize, origin: &[usize]) -> *mut u8 {
    let offset: isize = plan.axes.iter().zip(origin).map(|(axis, &start)| axis.strides[operand] * start as isize).sum();
    plan.ptrs[operand].wrapping_offset(offset)
}

/// Whether steps of `bytes` bytes through `dims` are what `strides` describe.
pub(super) fn is_dense(dims: &[usize], strides: impl Iterator<Item = isize>, bytes: usize) -> bool {
    let mut expected = bytes;
    dims.iter().zip(strides).all(|(&dim, stride)| {
        let fits = dim == 1 || stride == expected as isize;
        expected *= dim;
        fits
    })
}
