//! `Array`: memory with a dtype and a layout, without gradients.

use ndarray::{ArrayViewD, IxDyn, ShapeBuilder};
use smallvec::SmallVec;

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::kernels::element::Element;
use crate::kernels::{Out, copy, fill};
use crate::lattice::{self, Placed};
use crate::launch::{Held, NONE, launch_stored};
use crate::provenance::Blame;
use crate::scalar::Scalar;
use crate::shape::{self, Layout, Shape};
use crate::storage::{Access, Storage};

/// A strided block of elements. Clones share the memory.
#[derive(Clone)]
pub struct Array {
    storage: Storage,
    /// Where the elements lie, unless it is as the memory was allocated.
    view: Option<triomphe::Arc<Geometry>>,
}

impl Array {
    // ---- making ----------------------------------------------------------------------------------------------

    /// Uninitialised memory: every element must be written before the array is shown to anybody.
    pub fn uninit(op: &'static str, shape: &[usize], dtype: DType) -> Result<Self> {
        Self::allocate(op, shape, dtype, false)
    }

    /// Zeros (`false` for `bool`).
    pub fn zeros(op: &'static str, shape: &[usize], dtype: DType) -> Result<Self> {
        Self::allocate(op, shape, dtype, true)
    }

    #[inline]
    fn allocate(op: &'static str, shape: &[usize], dtype: DType, zeroed: bool) -> Result<Self> {
        let numel = shape::checked_numel(op, shape, dtype.size())?;
        let geometry = || Geometry::new(Layout::contiguous(shape), dtype);
        Ok(Self { storage: Storage::allocate_for(op, geometry, numel * dtype.size(), zeroed)?, view: None })
    }

    /// Uninitialised memory in a row-major layout that there is already.
    #[inline]
    pub(crate) fn uninit_with_layout(op: &'static str, layout: &Layout, dtype: DType) -> Result<Self> {
        // Along axes of at most one element a contiguous layout may state any stride.
        assert!(layout.is_contiguous(), "fresh memory has room for a dense layout");
        if !layout.is_plain() || !layout.is_inline() {
            return Self::uninit(op, layout.shape(), dtype);
        }
        let bytes = layout.numel() * dtype.size();
        let geometry = || Geometry::new(layout.copied_inline(), dtype);
        Ok(Self { storage: Storage::allocate_for(op, geometry, bytes, false)?, view: None })
    }

    /// Uninitialised memory in a layout of one's own choice.
    ///
    /// # Panics
    /// Where it is not dense.
    pub fn uninit_strided(op: &'static str, shape: &[usize], strides: &[isize], dtype: DType) -> Result<Self> {
        let bytes = shape::checked_numel(op, shape, dtype.size())? * dtype.size();
        let layout = Layout::strided(shape, strides);
        let dense = layout.is_contiguous() || shape::is_non_overlapping_and_dense(shape, strides);
        assert!(
            dense,
            "{op}: fresh memory has room for a dense layout, not for strides {strides:?} of shape {shape:?}"
        );
        let geometry = || Geometry::new(layout, dtype);
        Ok(Self { storage: Storage::allocate_for(op, geometry, bytes, false)?, view: None })
    }

    /// Uninitialised memory with the strides of `like` where those are dense, else dense in the order of its axes
    /// (`torch.preserve_format`).
    pub fn uninit_like(op: &'static str, like: &Self, dtype: DType) -> Result<Self> {
        let _place = like.storage.beside();
        if like.layout().is_plain() {
            return Self::uninit(op, like.shape(), dtype);
        }
        let strides = shape::preserved_strides(like.shape(), like.strides());
        Self::uninit_strided(op, like.shape(), &strides, dtype)
    }

    /// Uninitialised memory of `shape` with the channels last if those of `like` are, else row-major.
    pub fn uninit_in_format_of(op: &'static str, shape: &[usize], dtype: DType, like: &Self) -> Result<Self> {
        let _place = like.storage.beside();
        if !shape::is_channels_last(like.shape(), like.strides()) {
            return Self::uninit(op, shape, dtype);
        }
        Self::uninit_strided(op, shape, &shape::strides_in_format_of(shape, (like.shape(), like.strides())), dtype)
    }

    /// A copy of `values`.
    pub fn from_slice<T: Element>(values: &[T], shape: &[usize]) -> Result<Self> {
        let numel = shape::checked_numel("from_slice", shape, size_of::<T>())?;
        if numel != values.len() {
            return Err(Error::shape("from_slice", shape, format!("{} values were given", values.len())));
        }
        let array = Self::uninit("from_slice", shape, T::DTYPE)?;
        if array.is_meta() {
            return Ok(array);
        }
        // SAFETY: fresh memory of exactly this many elements, not yet shared.
        unsafe { array.storage.ptr().cast::<T>().copy_from_nonoverlapping(values.as_ptr(), numel) };
        Ok(array)
    }

    /// One value everywhere.
    pub fn full(op: &'static str, shape: &[usize], value: Scalar, dtype: DType) -> Result<Self> {
        let array = Self::uninit(op, shape, dtype)?;
        if array.numel() == 1 && !array.is_meta() {
            let bytes = value.to_bytes(dtype);
            // SAFETY: fresh memory of one element, not yet shared; a number has at least the bytes of an element.
            unsafe { array.storage.ptr().copy_from_nonoverlapping(bytes.as_ptr(), dtype.size()) };
        } else {
            array.fill(value);
        }
        Ok(array)
    }

    /// An array over existing storage; the layout must lie within it.
    pub fn from_parts(
        op: &'static str,
        storage: Storage,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
        offset: usize,
    ) -> Result<Self> {
        shape::checked_numel(op, shape, dtype.size())?;
        let reach = shape::reach(shape, strides);
        if let Some((low, high)) = reach {
            // Memory that a program lent may begin anywhere; kernels read whole elements.
            if !storage.ptr().addr().is_multiple_of(dtype.alignment()) {
                return Err(Error::runtime(
                    op,
                    format!(
                        "the memory does not begin at a multiple of {} bytes, as elements of {dtype} do; copy it first",
                        dtype.alignment()
                    ),
                ));
            }
            let (first, last) = (offset as i128 + low, offset as i128 + high);
            let room = (storage.bytes() / dtype.size()) as i128;
            if first < 0 || last >= room {
                return Err(Error::runtime(
                    op,
                    format!(
                        "setStorage: sizes {shape:?}, strides {strides:?}, storage offset {offset} require elements {first} to {last}, which are out of bounds for storage of size {} bytes",
                        storage.bytes()
                    ),
                ));
            }
        }
        Ok(Self::shown(storage, Layout::strided(shape, strides), offset, dtype))
    }

    /// What stands in for data that lies elsewhere: it has a shape and a dtype, and nobody can read or write it.
    pub(crate) fn placeholder(shape: &[usize], dtype: DType) -> Result<Self> {
        let array = Self::from_parts("vmap", Storage::placeholder(), dtype, shape, &vec![0; shape.len()], 0)?;
        Ok(array.with_own_counter())
    }

    /// What stands in for data that only the host knows, and lies there as is said.
    pub(crate) fn elsewhere(shape: &[usize], strides: &[isize], offset: usize, dtype: DType) -> Result<Self> {
        const OP: &str = "_make_wrapper_subclass";
        shape::checked_numel(OP, shape, dtype.size())?;
        let last = shape::reach(shape, strides).map_or(0, |(_, high)| high + 1);
        let bytes = usize::try_from((offset as i128 + last) * dtype.size() as i128)
            .map_err(|_| Error::value(OP, format!("strides {strides:?} lead out of all memory")))?;
        Self::from_parts(OP, Storage::elsewhere(bytes), dtype, shape, strides, offset)
    }

    /// The same layout in other memory, which there is none of: all that counts is whose version it has.
    pub(crate) fn placed_on(&self, storage: Storage) -> Self {
        assert!(!storage.has_memory(), "the layout may lead beyond it");
        Self::shown(storage, Layout::strided(self.shape(), self.strides()), self.offset(), self.dtype())
    }

    /// Refuses what stands in for data that lies elsewhere.
    ///
    /// # Errors
    /// For one example of a batch, which has no data of its own, and on the device `meta`.
    pub fn require_data(&self, op: &'static str) -> Result<()> {
        if self.is_meta() {
            return Err(match op {
                "item" => Error::runtime(op, "Tensor.item() cannot be called on meta tensors"),
                "numpy" => Error::type_(
                    op,
                    "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first.",
                ),
                "tolist" => Box::new(Error::NoData { op, what: "Cannot copy out of meta tensor; no data!".to_owned() }),
                _ => Box::new(Error::NoData {
                    op,
                    what: format!(
                        "aten::{op}: attempted to run this operator with Meta tensors, but there was no fake impl or Meta \
                         kernel registered: what it gives depends on data, and they have none"
                    ),
                }),
            });
        }
        if !self.storage.is_placeholder() {
            return Ok(());
        }
        Err(Error::runtime(
            op,
            format!(
                "vmap: It looks like you're calling .{op}() on a Tensor. We don't support vmap over calling .{op}() on a \
                 Tensor, please try to rewrite what you're doing with other operations. If error is occurring somewhere \
                 inside PyTorch internals, please file a bug report."
            ),
        ))
    }

    #[inline]
    fn shown(storage: Storage, layout: Layout, offset: usize, dtype: DType) -> Self {
        Self { storage, view: Some(triomphe::Arc::new(Geometry { layout, offset, dtype })) }
    }

    // ---- looking ---------------------------------------------------------------------------------------------

    #[inline]
    pub(crate) fn geometry(&self) -> &Geometry {
        match &self.view {
            None => self.storage.geometry(),
            Some(geometry) => geometry,
        }
    }

    /// Sizes per axis.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        self.layout().shape()
    }

    /// Strides in elements.
    #[inline]
    pub fn strides(&self) -> &[isize] {
        self.layout().strides()
    }

    /// Shape and strides.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.geometry().layout
    }

    /// Offset of the first element in the storage, in elements.
    #[inline]
    pub fn offset(&self) -> usize {
        self.geometry().offset
    }

    /// Element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.geometry().dtype
    }

    /// Number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        self.layout().numel()
    }

    /// Number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.layout().rank()
    }

    /// Whether the elements lie row-major without gaps.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.layout().is_contiguous()
    }

    /// Whether there is no memory.
    #[inline]
    pub fn is_meta(&self) -> bool {
        self.storage.is_meta()
    }

    /// The memory.
    #[inline]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Address of the first element. Reading or writing there needs an [`Access`].
    #[inline]
    pub fn ptr(&self) -> *mut u8 {
        // In bounds by construction; `wrapping_add` because an empty array may point just past its block.
        let geometry = self.geometry();
        self.storage.ptr().wrapping_add(geometry.offset * geometry.dtype.size())
    }

    /// Element at a linear row-major position, as a number of its own category.
    pub fn get_linear(&self, position: usize) -> Scalar {
        let mut rest = position;
        let mut offset = 0isize;
        for (&size, &stride) in self.shape().iter().zip(self.strides()).rev() {
            offset += (rest % size) as isize * stride;
            rest /= size;
        }
        let _access = Access::acquire(&[&self.storage], &[]);
        // SAFETY: `position < numel`, so the offset lies within the block; shared state is held.
        unsafe { Scalar::read(self.ptr().wrapping_offset(offset * self.dtype().size() as isize), self.dtype()) }
    }

    /// All elements in row-major order, cast to `T`.
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        let mut values = vec![T::default(); self.numel()];
        let strides = shape::contiguous_strides(self.shape());
        launch_stored(self, NONE, |source, []| {
            copy::copy(source, Out::of(&mut values, self.shape(), &strides));
            values
        })
    }

    /// Lends the elements as an `ndarray` view while shared state is held.
    ///
    /// # Errors
    /// When `T` is not the array's element type.
    pub fn with_view<T: Element, R>(&self, body: impl FnOnce(ArrayViewD<'_, T>) -> R) -> Result<R> {
        if T::DTYPE != self.dtype() {
            return Err(Error::dtype("with_view", self.dtype(), format!("the view asked for is of {}", T::DTYPE)));
        }
        // ndarray wants non-negative strides here; every layout but a flipped one has them.
        let source =
            if self.strides().iter().any(|&stride| stride < 0) { self.contiguous("with_view")? } else { self.clone() };
        let strides: Vec<usize> = source.strides().iter().map(|&stride| stride as usize).collect();
        let _access = Access::acquire(&[&source.storage], &[]);
        // SAFETY: the layout lies within the storage, which is readable while shared state is held, and the view
        // does not outlive the call.
        let view = unsafe {
            ArrayViewD::from_shape_ptr(
                IxDyn(source.shape()).strides(IxDyn(&strides)),
                source.ptr().cast_const().cast::<T>(),
            )
        };
        Ok(body(view))
    }

    // ---- views -----------------------------------------------------------------------------------------------

    /// The same memory with another layout.
    ///
    /// # Panics
    /// Where the layout does not lie within the memory, or its sizes have no product.
    pub fn with_layout(&self, shape: &[usize], strides: &[isize], offset: usize) -> Self {
        let room = self.storage.bytes() / self.dtype().size();
        let within = shape.len() == strides.len() && shape::lies_within(shape, strides, offset, room);
        assert!(
            within,
            "shape {shape:?} with strides {strides:?} from element {offset} on does not lie within the memory"
        );
        Self::shown(self.storage.clone(), Layout::strided(shape, strides), offset, self.dtype())
    }

    /// The same memory, version counted apart.
    pub fn with_own_counter(&self) -> Self {
        Self { storage: self.storage.with_own_counter(), view: self.view.clone() }
    }

    /// Broadcast to a shape: stride 0 along new axes.
    ///
    /// # Panics
    /// Where it does not broadcast to it.
    pub fn expand(&self, shape: &[usize]) -> Self {
        if self.shape() == shape {
            return self.clone();
        }
        assert!(shape::broadcasts_to(self.shape(), shape), "{:?} does not broadcast to {shape:?}", self.shape());
        let mut strides = shape::broadcast_strides(self.shape(), self.strides(), shape);
        // A new axis of one element is not broadcast: it gets the stride that `unsqueeze` would give it.
        let new = if self.rank() == 0 { 0 } else { shape.len() - self.rank() };
        for axis in (0..new).rev().filter(|&axis| shape[axis] == 1) {
            strides[axis] = shape::inserted_stride(&shape[axis + 1..], &strides[axis + 1..]);
        }
        // The elements are those that there are.
        Self::shown(self.storage.clone(), Layout::strided(shape, &strides), self.offset(), self.dtype())
    }

    /// Axes in another order.
    ///
    /// # Panics
    /// Where that is no order of them.
    pub fn permute(&self, axes: &[usize]) -> Self {
        let (mut shape, mut strides) = (Shape::new(), shape::Strides::new());
        let mut seen = 0u64;
        for &axis in axes {
            shape.push(self.shape()[axis]);
            strides.push(self.strides()[axis]);
            seen |= 1 << axis;
        }
        // Each once: then the elements are those that there are.
        let distinct = seen.count_ones() as usize == axes.len();
        assert!(axes.len() == self.rank() && distinct, "{axes:?} is no order of {} axes", self.rank());
        Self::shown(self.storage.clone(), Layout::strided(&shape, &strides), self.offset(), self.dtype())
    }

    /// Shown in another shape without copying, if the strides allow it. The numbers of elements must agree.
    pub fn view(&self, shape: &[usize]) -> Option<Self> {
        if self.is_plain_as(shape) {
            return Some(Self::shown(self.storage.clone(), Layout::contiguous(shape), self.offset(), self.dtype()));
        }
        let strides = shape::view_strides(self.shape(), self.strides(), shape)?;
        Some(self.with_layout(shape, &strides, self.offset()))
    }

    /// Whether [`Array::view`] shows the elements in that shape.
    pub fn can_view(&self, shape: &[usize]) -> bool {
        self.is_plain_as(shape) || shape::view_strides(self.shape(), self.strides(), shape).is_some()
    }

    /// Whether the elements, of which there are some, lie as those of a new array of that shape.
    #[inline]
    fn is_plain_as(&self, shape: &[usize]) -> bool {
        let numel = self.numel();
        let product = || shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
        numel > 0 && self.layout().is_plain() && product() == Some(numel)
    }

    /// Elements `start`, `start + step`, … of an axis.
    ///
    /// # Panics
    /// Where the last of them lies beyond the memory.
    pub fn slice(&self, axis: usize, start: usize, length: usize, step: usize) -> Self {
        let mut shape: Shape = SmallVec::from_slice(self.shape());
        let mut strides: shape::Strides = SmallVec::from_slice(self.strides());
        let offset = self.offset() as isize + if length == 0 { 0 } else { start as isize * strides[axis] };
        shape[axis] = length;
        // Of at most one element nobody takes a step, however long.
        strides[axis] = strides[axis].wrapping_mul(step as isize);
        self.with_layout(&shape, &strides, offset as usize)
    }

    /// One position of an axis, the axis removed.
    ///
    /// # Panics
    /// Where the axis has no such position.
    #[inline]
    pub fn select(&self, axis: usize, index: usize) -> Self {
        assert!(index < self.shape()[axis], "position {index} of an axis of {} elements", self.shape()[axis]);
        let offset = self.offset() as isize + index as isize * self.strides()[axis];
        let layout = self.layout().without_axis(axis);
        Self::shown(self.storage.clone(), layout, offset as usize, self.dtype())
    }

    // ---- copying ---------------------------------------------------------------------------------------------

    /// Row-major, the same array if it already is.
    pub fn contiguous(&self, op: &'static str) -> Result<Self> {
        if self.is_contiguous() { Ok(self.clone()) } else { self.to_dtype_contiguous(op, self.dtype()) }
    }

    /// The array in the memory format of another: itself, or a copy with the channels last where that one's are. For results
    /// that kernels write row by row.
    pub fn in_format_of(self, op: &'static str, like: &Self) -> Result<Self> {
        if self.rank() != like.rank() || !shape::is_channels_last(like.shape(), like.strides()) {
            return Ok(self);
        }
        let result = Self::uninit_in_format_of(op, self.shape(), self.dtype(), like)?;
        result.copy_from(&self);
        Ok(result)
    }

    /// A row-major copy with another (or the same) dtype.
    pub fn to_dtype_contiguous(&self, op: &'static str, dtype: DType) -> Result<Self> {
        let _place = self.storage.beside();
        let result = Self::uninit(op, self.shape(), dtype)?;
        result.copy_from(self);
        Ok(result)
    }

    /// A row-major copy.
    pub fn duplicate_row_major(&self, op: &'static str) -> Result<Self> {
        self.to_dtype_contiguous(op, self.dtype())
    }

    /// A copy with the same strides, gaps included; one that keeps dense strides if elements share memory.
    pub fn duplicate_strided(&self, op: &'static str) -> Result<Self> {
        if self.overlaps_itself() { self.duplicate(op) } else { self.duplicate_with_strides(op, self.strides()) }
    }

    /// A copy with given strides, which are not negative and let no elements share memory.
    pub fn duplicate_with_strides(&self, op: &'static str, strides: &[isize]) -> Result<Self> {
        let _place = self.storage.beside();
        let (_, high) = shape::extent(self.shape(), strides).unwrap_or((0, -1));
        // Nobody may see what happens to lie in the gaps.
        let room = Self::zeros(op, &[(high + 1) as usize], self.dtype())?;
        let result = room.with_layout(self.shape(), strides, 0);
        result.copy_from(self);
        Ok(result)
    }

    /// A copy that keeps dense strides.
    pub fn duplicate(&self, op: &'static str) -> Result<Self> {
        let result = Self::uninit_like(op, self, self.dtype())?;
        result.copy_from(self);
        Ok(result)
    }

    /// Cast, the same array if nothing is to do.
    pub fn cast(&self, op: &'static str, dtype: DType) -> Result<Self> {
        if self.dtype() == dtype {
            return Ok(self.clone());
        }
        let result = Self::uninit_like(op, self, dtype)?;
        result.copy_from(self);
        Ok(result)
    }

    /// Copies `source`, which must broadcast to this shape and share no memory with it, over this array.
    #[track_caller]
    pub(crate) fn copy_from(&self, source: &Self) {
        launch_stored(&source.expand(self.shape()), self, copy::copy);
    }

    /// [`Self::copy_from`], a change that is noted while the state is held.
    #[track_caller]
    pub(crate) fn copy_from_noting(&self, source: &Self, blame: Blame) {
        if self.is_meta() {
            return self.storage.bump(blame);
        }
        launch_stored(&source.expand(self.shape()), self, |source, out| {
            copy::copy(source, out);
            self.storage.bump(blame);
        });
    }

    /// Fills an array whose elements share no memory.
    #[track_caller]
    pub(crate) fn fill(&self, value: Scalar) {
        launch_stored(NONE, self, |[], out| fill::fill(out, value));
    }

    /// Fills an array, a change that is noted while the state is held. Elements may share memory.
    pub(crate) fn fill_noting(&self, value: Scalar, blame: Blame) {
        let written = self;
        let mut held = Held::take(&NONE, &written);
        held.launch_stored(NONE, self, |[], out| fill::fill(out, value));
        self.storage.bump(blame);
    }

    // ---- overlap ---------------------------------------------------------------------------------------------

    /// Whether the two are the same elements in the same order.
    pub fn is_exactly(&self, other: &Self) -> bool {
        self.ptr() == other.ptr()
            && self.dtype() == other.dtype()
            && self.shape() == other.shape()
            && self.strides() == other.strides()
    }

    /// Whether several elements share memory.
    pub fn overlaps_itself(&self) -> bool {
        !self.is_contiguous() && shape::overlaps_itself(self.shape(), self.strides())
    }

    /// Whether some element of one lies where one of the other does.
    pub fn shares_elements(&self, other: &Self) -> bool {
        self.ranges_touch(other) && lattice::share_elements(self.placed(), other.placed())
    }

    fn placed(&self) -> Placed<'_> {
        let (start, width) = (self.ptr().addr(), self.dtype().size());
        Placed { start, width, shape: self.shape(), strides: self.strides() }
    }

    /// Whether the elements fill a block of memory, in whatever order.
    pub fn is_dense(&self) -> bool {
        self.is_contiguous() || shape::is_non_overlapping_and_dense(self.shape(), self.strides())
    }

    /// Whether the address ranges of the two touch.
    pub fn ranges_touch(&self, other: &Self) -> bool {
        if !self.storage.may_overlap(&other.storage) {
            return false;
        }
        let range = |array: &Self| {
            shape::extent(array.shape(), array.strides()).map(|(low, high)| {
                let size = array.dtype().size() as isize;
                let start = array.ptr() as isize;
                (start + low * size, start + (high + 1) * size)
            })
        };
        match (range(self), range(other)) {
            (Some((a0, a1)), Some((b0, b1))) => a0 < b1 && b0 < a1,
            _ => false,
        }
    }
}
