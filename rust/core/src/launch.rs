//! Where kernels meet memory: arrays become operands for as long as their state is held.
//!
//! A kernel is a safe function over [`In`] and [`Out`], whose contract is that their memory is there and is theirs. Here is
//! where that is seen to: the state of all roots is taken at once, what is written shares no element with anything else,
//! and neither outlives the state. Operations are written with [`launch`] and what stands beside it, and touch no address.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::array::Array;
use crate::dtype::DType;
use crate::geometry::Geometry;
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::{In, Kernel, Out, Still, map};
use crate::parallel;
use crate::scalar::Scalar;
use crate::shape::{self, Strides};
use crate::storage::{Access, Device, Hold, Placed, Storage, no_data, without_host};

// ---- any kernel ----------------------------------------------------------------------------------------------------

/// Arrays as operands of a kernel, and what the kernel gets for them: an array, one that may be missing, or an array, a
/// pair or a slice of such.
pub(crate) trait Operands {
    /// To read.
    type In<'m>;
    /// To write.
    type Out<'m>;

    /// Shows every array.
    fn each<'a>(&'a self, see: &mut impl FnMut(&'a Array));

    /// The operands to read, or what stands for them.
    ///
    /// # Safety
    /// As for [`In::new`]; the arrays, and `wide`, are there for `'m`.
    unsafe fn ins<'m>(&self, wide: &Wide) -> Self::In<'m>;

    /// The operands to write, or what stands for them.
    ///
    /// # Safety
    /// As for [`Out::new`]; the arrays, and `wide`, are there for `'m`.
    unsafe fn outs<'m>(&self, wide: &Wide) -> Self::Out<'m>;
}

impl Operands for &Array {
    type In<'m> = In<'m>;
    type Out<'m> = Out<'m>;

    #[inline]
    fn each<'a>(&'a self, see: &mut impl FnMut(&'a Array)) {
        see(self);
    }

    #[inline]
    unsafe fn ins<'m>(&self, wide: &Wide) -> In<'m> {
        // SAFETY: the layout of an array lies within its block; the rest as the caller promises.
        unsafe {
            let array: &'m Array = &*std::ptr::from_ref::<Array>(wide.of(self));
            In::new(array.ptr(), array.dtype(), array.shape(), array.strides())
        }
    }

    #[inline]
    unsafe fn outs<'m>(&self, wide: &Wide) -> Out<'m> {
        // SAFETY: as above.
        unsafe {
            let array: &'m Array = &*std::ptr::from_ref::<Array>(wide.of(self));
            Out::new(array.ptr(), array.dtype(), array.shape(), array.strides())
        }
    }
}

impl<T: Operands> Operands for Option<T> {
    type In<'m> = Option<T::In<'m>>;
    type Out<'m> = Option<T::Out<'m>>;

    #[inline]
    fn each<'a>(&'a self, see: &mut impl FnMut(&'a Array)) {
        if let Some(operand) = self {
            operand.each(see);
        }
    }

    #[inline]
    unsafe fn ins<'m>(&self, wide: &Wide) -> Self::In<'m> {
        // SAFETY: as the caller promises.
        self.as_ref().map(|operand| unsafe { operand.ins(wide) })
    }

    #[inline]
    unsafe fn outs<'m>(&self, wide: &Wide) -> Self::Out<'m> {
        // SAFETY: as the caller promises.
        self.as_ref().map(|operand| unsafe { operand.outs(wide) })
    }
}

impl<T: Operands, const N: usize> Operands for [T; N] {
    type In<'m> = [T::In<'m>; N];
    type Out<'m> = [T::Out<'m>; N];

    #[inline]
    fn each<'a>(&'a self, see: &mut impl FnMut(&'a Array)) {
        self.iter().for_each(|operand| operand.each(see));
    }

    #[inline]
    unsafe fn ins<'m>(&self, wide: &Wide) -> Self::In<'m> {
        // SAFETY: as the caller promises.
        std::array::from_fn(|at| unsafe { self[at].ins(wide) })
    }

    #[inline]
    unsafe fn outs<'m>(&self, wide: &Wide) -> Self::Out<'m> {
        // SAFETY: as the caller promises.
        std::array::from_fn(|at| unsafe { self[at].outs(wide) })
    }
}

impl<T: Operands> Operands for &[T] {
    type In<'m> = SmallVec<[T::In<'m>; 3]>;
    type Out<'m> = SmallVec<[T::Out<'m>; 3]>;

    fn each<'a>(&'a self, see: &mut impl FnMut(&'a Array)) {
        self.iter().for_each(|operand| operand.each(see));
    }

    unsafe fn ins<'m>(&self, wide: &Wide) -> Self::In<'m> {
        // SAFETY: as the caller promises.
        self.iter().map(|operand| unsafe { operand.ins(wide) }).collect()
    }

    unsafe fn outs<'m>(&self, wide: &Wide) -> Self::Out<'m> {
        // SAFETY: as the caller promises.
        self.iter().map(|operand| unsafe { operand.outs(wide) }).collect()
    }
}

impl<A: Operands, B: Operands> Operands for (A, B) {
    type In<'m> = (A::In<'m>, B::In<'m>);
    type Out<'m> = (A::Out<'m>, B::Out<'m>);

    #[inline]
    fn each<'a>(&'a self, see: &mut impl FnMut(&'a Array)) {
        self.0.each(see);
        self.1.each(see);
    }

    #[inline]
    unsafe fn ins<'m>(&self, wide: &Wide) -> Self::In<'m> {
        // SAFETY: as the caller promises.
        unsafe { (self.0.ins(wide), self.1.ins(wide)) }
    }

    #[inline]
    unsafe fn outs<'m>(&self, wide: &Wide) -> Self::Out<'m> {
        // SAFETY: as the caller promises.
        unsafe { (self.0.outs(wide), self.1.outs(wide)) }
    }
}

/// No arrays.
pub(crate) const NONE: [&Array; 0] = [];

/// What a launch gives where there is no memory and nothing is run: that all is as it should be, and nothing was found. Elements
/// and what they tell cannot be had without them, so in their place there is an error.
pub(crate) trait Unlaunched {
    /// That value.
    ///
    /// # Panics
    /// With [`Error::NoData`](crate::error::Error::NoData) where only data can tell it.
    fn unlaunched() -> Self;
}

impl Unlaunched for () {
    fn unlaunched() {}
}

impl Unlaunched for bool {
    fn unlaunched() -> Self {
        true
    }
}

impl Unlaunched for f64 {
    fn unlaunched() -> Self {
        0.0
    }
}

impl<T> Unlaunched for Option<T> {
    fn unlaunched() -> Self {
        None
    }
}

impl<T: Unlaunched, E> Unlaunched for Result<T, E> {
    fn unlaunched() -> Self {
        Ok(T::unlaunched())
    }
}

impl Unlaunched for Array {
    fn unlaunched() -> Self {
        no_data()
    }
}

impl<T> Unlaunched for Vec<T> {
    fn unlaunched() -> Self {
        no_data()
    }
}

impl<A: Unlaunched, B: Unlaunched> Unlaunched for (A, B) {
    fn unlaunched() -> Self {
        (A::unlaunched(), B::unlaunched())
    }
}

impl<A: Unlaunched, B: Unlaunched, C: Unlaunched> Unlaunched for (A, B, C) {
    fn unlaunched() -> Self {
        (A::unlaunched(), B::unlaunched(), C::unlaunched())
    }
}

/// Runs a kernel with the state of everything it reads and writes held. It knows no half precision: it is handed such
/// operands in `f32`, and what it writes is rounded once.
///
/// # Panics
/// Where an array that is written shows an element twice, or one that another operand shows: operations refuse or copy such
/// operands before they come here. Where memory that is written was lent to be read.
#[track_caller]
#[inline]
pub(crate) fn launch<R: Operands, W: Operands, T: Unlaunched>(
    reads: R,
    writes: W,
    run: impl for<'m> FnOnce(R::In<'m>, W::Out<'m>) -> T,
) -> T {
    acquire_and_run(false, reads, writes, run)
}

/// [`launch`] of a kernel that takes elements of any dtype as they lie in memory.
#[track_caller]
#[inline]
pub(crate) fn launch_stored<R: Operands, W: Operands, T: Unlaunched>(
    reads: R,
    writes: W,
    run: impl for<'m> FnOnce(R::In<'m>, W::Out<'m>) -> T,
) -> T {
    acquire_and_run(true, reads, writes, run)
}

#[track_caller]
#[inline]
fn acquire_and_run<R: Operands, W: Operands, T: Unlaunched>(
    stored: bool,
    reads: R,
    writes: W,
    run: impl for<'m> FnOnce(R::In<'m>, W::Out<'m>) -> T,
) -> T {
    let arrays = Arrays::of(&reads, &writes);
    let mut access = Access::new();
    if !arrays.take(&mut access) {
        return T::unlaunched();
    }
    arrays.check_apart(false);
    // SAFETY: the state of all roots is held, and what is written shares no element.
    unsafe { run_held(stored, &arrays, &reads, &writes, run) }
}

/// Runs a kernel on memory whose state is held: with all elements as they lie there if they are to be taken as `stored`, else
/// with those in half precision in `f32`.
///
/// # Safety
/// The state of all memory is held. What is written shares no element with anything else, nor, unless this thread is alone
/// with it ([`parallel::alone`]), with itself.
#[inline]
unsafe fn run_held<R: Operands, W: Operands, T>(
    stored: bool,
    arrays: &Arrays<'_>,
    reads: &R,
    writes: &W,
    run: impl for<'m> FnOnce(R::In<'m>, W::Out<'m>) -> T,
) -> T {
    let widens = !stored && arrays.all.iter().any(|array| array.dtype().is_half());
    let wide = if widens { Wide::of_all(arrays) } else { Wide::default() };
    // SAFETY: the state of all roots is held until `run` is done, which the operands do not outlive, whatever it does: it
    // takes them for any lifetime. What is written is as promised. Copies are this call's own, and live until after `run`.
    let result = arrays.work(|| unsafe { run(reads.ins(&wide), writes.outs(&wide)) });
    if widens {
        wide.give_back(arrays.written());
    }
    result
}

/// Copies in `f32` of the operands in half precision, each with the operand that it stands for.
#[derive(Default)]
pub(crate) struct Wide(Vec<(*const Array, Array)>);

/// The memory between the first and the last element of an array, as a vector, and where in it the array begins.
fn span(array: &Array) -> (Array, usize) {
    let (low, high) = shape::extent(array.shape(), array.strides()).unwrap_or((0, -1));
    let start = array.offset().wrapping_add_signed(low);
    (array.with_layout(&[(high - low + 1) as usize], &[1], start), low.unsigned_abs())
}

impl Wide {
    /// Of all operands of a launch, whose state is held.
    #[cold]
    #[inline(never)]
    fn of_all(arrays: &Arrays<'_>) -> Self {
        let mut wide = Self::default();
        for array in arrays.written() {
            wide.take(array, true);
        }
        for array in arrays.read() {
            wide.take(array, false);
        }
        wide
    }

    /// A copy of an array whose state is held.
    fn take(&mut self, array: &Array, written: bool) {
        if !array.dtype().is_half() || self.0.iter().any(|(of, _)| std::ptr::eq(*of, array)) {
            return;
        }
        if written && array.overlaps_itself() {
            // Elements that share memory share it in the copy.
            let (span, first) = span(array);
            let copy = Self::copied(&span, span.shape());
            self.0.push((std::ptr::from_ref(array), copy.with_layout(array.shape(), array.strides(), first)));
            return;
        }
        // Broadcast axes stay so: they may be long, and kernels know them.
        let once: SmallVec<[usize; 6]> =
            array.shape().iter().zip(array.strides()).map(|(&n, &s)| if s == 0 { n.min(1) } else { n }).collect();
        let copy = Self::copied(array, &once);
        let copy = if once.as_slice() == array.shape() { copy } else { copy.expand(array.shape()) };
        self.0.push((std::ptr::from_ref(array), copy));
    }

    /// A copy of the elements of `shape`. A dense block keeps its order of axes, which kernels may have been chosen by.
    fn copied(array: &Array, shape: &[usize]) -> Array {
        let _place = Placed::on(Device::Cpu);
        let made = if array.is_dense() {
            Array::uninit_like("launch", array, DType::F32)
        } else {
            Array::uninit("launch", shape, DType::F32)
        };
        let copy = made.expect("room for a copy in single precision");
        // SAFETY: the state of the array's memory is held, and that of the copy is nobody else's.
        unsafe {
            let from = In::new(array.ptr(), array.dtype(), shape, array.strides());
            copy_elements(from, Out::new(copy.ptr(), DType::F32, shape, copy.strides()));
        }
        copy
    }

    /// What the kernel is shown for an array: its copy, if it has one.
    fn of<'a>(&'a self, array: &'a Array) -> &'a Array {
        self.0.iter().find(|(of, _)| std::ptr::eq(*of, array)).map_or(array, |(_, copy)| copy)
    }

    /// Rounds what was written.
    #[cold]
    #[inline(never)]
    fn give_back(&self, written: &[&Array]) {
        for array in written {
            let copy = self.of(array);
            if std::ptr::eq(copy, *array) {
                continue;
            }
            // What lies between elements that share memory is written as it was.
            let (copy, array) =
                if array.overlaps_itself() { (span(copy).0, span(array).0) } else { (copy.clone(), (*array).clone()) };
            // SAFETY: as in `copied`.
            unsafe {
                let from = In::new(copy.ptr(), DType::F32, copy.shape(), copy.strides());
                copy_elements(from, Out::new(array.ptr(), array.dtype(), array.shape(), array.strides()));
            }
        }
    }
}

/// The state of some memory, held over several launches.
pub(crate) struct Held<'a> {
    read: SmallVec<[&'a Storage; 4]>,
    written: SmallVec<[&'a Storage; 4]>,
    /// `None` where some of it is nowhere: then nothing is run.
    access: Option<Access<'a>>,
}

impl<'a> Held<'a> {
    /// Takes the state of the roots of all arrays at once.
    pub(crate) fn take(reads: &'a impl Operands, writes: &'a impl Operands) -> Self {
        let arrays = Arrays::of(reads, writes);
        let mut access = Some(Access::new());
        access.take_if(|access| !arrays.take(access));
        let storages = |arrays: &[&'a Array]| arrays.iter().map(|array| array.storage()).collect();
        Self { read: storages(arrays.read()), written: storages(arrays.written()), access }
    }

    /// [`launch`] on arrays whose state is held, on one thread alone where elements that are written share memory. (`&mut`, so
    /// that none is launched inside of another.)
    #[track_caller]
    pub(crate) fn launch<R: Operands, W: Operands, T: Unlaunched>(
        &mut self,
        reads: R,
        writes: W,
        run: impl for<'m> FnOnce(R::In<'m>, W::Out<'m>) -> T,
    ) -> T {
        self.run(false, reads, writes, run)
    }

    /// [`launch_stored`] on arrays whose state is held, as [`Self::launch`].
    #[track_caller]
    pub(crate) fn launch_stored<R: Operands, W: Operands, T: Unlaunched>(
        &mut self,
        reads: R,
        writes: W,
        run: impl for<'m> FnOnce(R::In<'m>, W::Out<'m>) -> T,
    ) -> T {
        self.run(true, reads, writes, run)
    }

    #[track_caller]
    fn run<R: Operands, W: Operands, T: Unlaunched>(
        &mut self,
        stored: bool,
        reads: R,
        writes: W,
        run: impl for<'m> FnOnce(R::In<'m>, W::Out<'m>) -> T,
    ) -> T {
        let arrays = Arrays::of(&reads, &writes);
        self.check(&arrays);
        if self.access.is_none() {
            arrays.check_nowhere();
            return T::unlaunched();
        }
        arrays.check_apart(true);
        let overlaps = |array: &&Array| !array.is_contiguous() && array.overlaps_itself();
        let alone = arrays.written().iter().any(overlaps);
        // SAFETY: the state of all memory is held, and what is written is apart, or this thread alone with it.
        let run = || unsafe { run_held(stored, &arrays, &reads, &writes, run) };
        if alone { parallel::alone(run) } else { run() }
    }

    /// All that is read or written is held.
    #[track_caller]
    fn check(&self, arrays: &Arrays<'_>) {
        let among = |held: &[&Storage], array: &Array| held.iter().any(|held| held.same_memory(array.storage()));
        let read = arrays.read().iter().all(|array| among(&self.read, array) || among(&self.written, array));
        let written = arrays.written().iter().all(|array| among(&self.written, array));
        assert!(read && written, "a kernel was launched on memory whose state is not held");
    }
}

/// Elements of an operand from which on other threads of the host go on meanwhile: some 10 µs of the fastest kernels, a
/// hundred times what the lock costs.
const LONG: usize = 1 << 16;

/// The arrays of a launch: those that are written, then those that are read.
struct Arrays<'a> {
    all: SmallVec<[&'a Array; 8]>,
    written: usize,
}

impl<'a> Arrays<'a> {
    #[inline]
    fn of(reads: &'a impl Operands, writes: &'a impl Operands) -> Self {
        let mut all = SmallVec::new();
        writes.each(&mut |array| all.push(array));
        let written = all.len();
        reads.each(&mut |array| all.push(array));
        Self { all, written }
    }

    #[inline]
    fn written(&self) -> &[&'a Array] {
        &self.all[..self.written]
    }

    #[inline]
    fn read(&self) -> &[&'a Array] {
        &self.all[self.written..]
    }

    /// Takes the state of all; false where there is no memory. Not compiled for each launch, as what follows.
    #[inline(never)]
    fn take(&self, access: &mut Access<'a>) -> bool {
        let taken = access.take(self.all.iter().map(|array| array.storage()), self.written);
        if !taken {
            self.check_nowhere();
        }
        taken
    }

    /// Nothing is written to memory of what is nowhere.
    #[cold]
    fn check_nowhere(&self) {
        if !self.written().iter().all(|array| array.is_meta()) {
            no_data();
        }
    }

    /// Runs a kernel, without the host's lock where it takes long: here the size of everything is known, that of results of
    /// small operands, too. The kernel's call is compiled once for both.
    #[inline]
    fn work<T>(&self, run: impl FnOnce() -> T) -> T {
        let (mut run, mut result) = (Some(run), None);
        let work: &mut dyn FnMut() = &mut || result = run.take().map(|run| run());
        if self.all.iter().any(|array| array.numel() >= LONG) {
            without_host(work)
        } else {
            work()
        }
        result.expect("what is run is run once")
    }

    /// What is written is apart from the rest, and from itself unless `in_order`.
    #[track_caller]
    #[inline(never)]
    fn check_apart(&self, in_order: bool) {
        for (position, written) in self.written().iter().enumerate() {
            assert!(written.storage().is_writable(), "a kernel was to write memory that was lent to be read");
            assert!(
                in_order || written.is_contiguous() || !written.overlaps_itself(),
                "a kernel was to write elements that share memory"
            );
            // Nobody else has a handle on most results: what shares their memory is the same array.
            let alone = written.storage().is_unique() && written.storage().is_own();
            for other in &self.all[position + 1..] {
                assert!(
                    !std::ptr::eq(*other, *written)
                        && (alone
                            || !other.storage().may_overlap(written.storage())
                            || !other.shares_elements(written))
                        || written.numel() == 0,
                    "a kernel was to write elements that another operand shows"
                );
            }
        }
    }
}

// ---- elementwise formulas --------------------------------------------------------------------------------------------

/// An input of a formula.
#[derive(Clone, Copy)]
pub(crate) enum Source<A> {
    /// Elements, broadcast.
    Array(A),
    /// A number, the same everywhere.
    Scalar(Scalar),
}

/// Most inputs of a formula: those of a row, its output, and a gradient.
pub(crate) const MAX_SOURCES: usize = 5;

/// Runs a compiled formula over inputs that broadcast to the shape of `output`, which may be exactly one of them; `after`
/// runs while the state is still held.
///
/// # Panics
/// As [`launch`], and where a shape, the number of inputs or that of parameters does not fit.
#[track_caller]
pub(crate) fn map(
    kernel: &Kernel,
    params: &[Scalar],
    sources: &[Source<&Array>],
    output: &Array,
    after: impl FnOnce(),
) {
    let shape = output.shape();
    let mut numbers = [Number([0u8; 16]); MAX_SOURCES];
    let mut strides: SmallVec<[Strides; 4]> = SmallVec::new();
    let mut arrays: SmallVec<[&Array; 8]> = SmallVec::new();
    arrays.push(output);
    assert!(sources.len() <= MAX_SOURCES, "a formula has at most {MAX_SOURCES} inputs");
    for (source, number) in sources.iter().zip(&mut numbers) {
        match source {
            Source::Array(array) => {
                strides.push(if array.shape() == shape {
                    SmallVec::from_slice(array.strides())
                } else {
                    assert!(shape::broadcasts_to(array.shape(), shape), "an input does not broadcast to the output");
                    shape::broadcast_strides(array.shape(), array.strides(), shape)
                });
                // What is exactly the output may be read from it.
                if !array.is_exactly(output) {
                    arrays.push(array);
                }
            }
            Source::Scalar(scalar) => {
                number.0 = scalar.to_bytes(kernel.input());
                strides.push(SmallVec::from_elem(0, shape.len()));
            }
        }
    }
    let arrays = Arrays { all: arrays, written: 1 };
    let mut access = Access::new();
    if !arrays.take(&mut access) {
        return after();
    }
    arrays.check_apart(false);
    let mut inputs: SmallVec<[In<'_>; 4]> = SmallVec::new();
    for ((source, strides), number) in sources.iter().zip(&strides).zip(&numbers) {
        let (address, dtype) = match source {
            Source::Array(array) => (array.ptr().cast_const(), array.dtype()),
            Source::Scalar(_) => (number.0.as_ptr(), kernel.input()),
        };
        // SAFETY: the state of all roots is held; an array of that shape, or one number; the output is exactly an input or
        // shares no element with it.
        inputs.push(unsafe { In::new(address, dtype, shape, strides) });
    }
    // SAFETY: as above, and the output does not overlap itself.
    let out = unsafe { Out::new(output.ptr(), output.dtype(), shape, output.strides()) };
    arrays.work(|| map::apply(kernel, params, &inputs, out));
    after();
}

/// A number as an element of any dtype.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Number([u8; 16]);

// ---- small formulas --------------------------------------------------------------------------------------------------

/// An array whose handle is this thread's alone for `'a`: it lies under a lock that is held, or nobody else has it. Memory
/// that only such a handle refers to is nobody else's either, and needs no state.
#[derive(Clone, Copy)]
pub(crate) struct Sole<'a>(&'a Array, PhantomData<*const ()>);

impl<'a> Sole<'a> {
    /// # Safety
    /// No other thread reaches this handle during `'a`.
    #[inline]
    pub(crate) unsafe fn new(array: &'a Array) -> Self {
        Self(array, PhantomData)
    }
}

impl<'a> From<&'a mut Array> for Sole<'a> {
    #[inline]
    fn from(array: &'a mut Array) -> Self {
        Self(array, PhantomData)
    }
}

impl Deref for Sole<'_> {
    type Target = Array;

    #[inline]
    fn deref(&self) -> &Array {
        self.0
    }
}

/// Most elements of [`Small`].
pub(crate) const MOST: usize = 1 << 12;

/// Most bytes that a mask is widened to.
const MOST_WIDENED: usize = 2048;

/// A formula over inputs, run where they are as its loop wants them: at most [`MOST`] elements each, row-major, of the kernel's dtype
/// and one shape, or one element that is broadcast to it. One of them may be a mask, which is widened on the stack.
pub(crate) struct Small<'a, 'b> {
    kernel: &'a Kernel,
    params: &'a [Scalar],
    inputs: &'a [Source<Sole<'b>>],
    like: Sole<'b>,
    numel: usize,
}

impl<'a, 'b> Small<'a, 'b> {
    /// Of inputs that are to have the shape of `like`, or to be broadcast to it; whether they are so is seen when it is run.
    #[inline(always)]
    pub(crate) fn new(
        kernel: &'a Kernel,
        params: &'a [Scalar],
        like: Sole<'b>,
        inputs: &'a [Source<Sole<'b>>],
    ) -> Self {
        Self { kernel, params, inputs, like, numel: like.numel() }
    }

    /// Whether everything is as the loop wants it.
    #[inline(never)]
    fn fits(&self) -> bool {
        let like = self.like.layout();
        let mut masks = 0;
        self.numel <= MOST
            && like.is_contiguous()
            && self.inputs.len() == self.kernel.inputs()
            && self.inputs.len() <= MAX_SOURCES
            && self.params.len() == self.kernel.params()
            && self.inputs.iter().all(|input| match input {
                Source::Array(array) => {
                    let Geometry { layout, dtype, .. } = array.geometry();
                    let as_like = layout.is_contiguous() && layout.has_shape_of(like);
                    (as_like && *dtype == self.kernel.input()) || self.fits_otherwise(array, as_like, &mut masks)
                }
                Source::Scalar(number) => {
                    number.category() <= self.kernel.input().category()
                        // What is no `int32` is compared and divided by value on the general path.
                        && (self.kernel.input() != DType::I32 || number.is_storable(DType::I32))
                }
            })
    }

    /// Whether an array is a mask that can be widened, or one element that is broadcast.
    #[inline(never)]
    fn fits_otherwise(&self, array: &Array, as_like: bool, masks: &mut usize) -> bool {
        let wanted = self.kernel.input();
        if array.dtype() == wanted {
            return array.numel() == 1 && array.rank() <= self.like.rank();
        }
        *masks += 1;
        let can_be_widened =
            array.dtype() == DType::Bool && self.numel * wanted.size() <= MOST_WIDENED && wanted != DType::Bool;
        as_like && *masks == 1 && can_be_widened
    }

    /// Computes into new memory, which lies as `like` does. `None` where the inputs do not fit, or some memory is busy, or there is
    /// none.
    #[inline]
    pub(crate) fn fresh(&self, op: &'static str) -> Option<Array> {
        if !self.fits() {
            return None;
        }
        let output = Array::uninit_with_layout(op, self.like.layout(), self.kernel.output()).ok()?;
        self.compute(&output, || {}).then_some(output)
    }

    /// Computes into `output`, which is exactly an input, or apart from all of them; then runs `after` with the state held.
    /// False, with nothing written, if that is not so, or the inputs or the output are not as the kernel wants them, or some memory is
    /// busy.
    #[inline]
    pub(crate) fn run(&self, output: Sole<'_>, after: impl FnOnce()) -> bool {
        let storage = output.storage();
        let fits = output.numel() == self.numel
            && output.is_contiguous()
            && output.dtype() == self.kernel.output()
            && storage.is_writable();
        let alone = storage.is_unique() && storage.is_own();
        fits && self.fits() && (alone || self.is_exact_or_apart(&output)) && self.compute(&output, after)
    }

    /// Whether every input is exactly the output or elsewhere.
    fn is_exact_or_apart(&self, output: &Array) -> bool {
        let bytes = self.numel * self.kernel.input().size().max(self.kernel.output().size());
        self.inputs.iter().all(|input| match input {
            Source::Array(array) => {
                let whole = array.numel() == self.numel;
                let exact = whole && array.ptr() == output.ptr() && array.dtype() == output.dtype();
                exact || array.ptr().addr().abs_diff(output.ptr().addr()) >= bytes
            }
            Source::Scalar(_) => true,
        })
    }

    /// Computes into an output that fits, whose own memory only this handle refers to or that is exactly an input or apart. False,
    /// with nothing written, if some memory is busy. Only where [`fits`](Self::fits) has said so: what is done here rests on it.
    #[inline]
    fn compute(&self, output: &Array, after: impl FnOnce()) -> bool {
        // Memory that only one handle refers to is not another input's, and nobody else takes its state.
        let shared = |storage: &Storage| !storage.is_unique();
        let wanted = self.kernel.input();
        let mut held: SmallVec<[Hold<'_>; MAX_SOURCES + 1]> = SmallVec::new();
        if shared(output.storage()) {
            let Some(hold) = output.storage().try_hold() else { return false };
            held.push(hold);
        }
        let mut numbers = [const { MaybeUninit::<Number>::uninit() }; MAX_SOURCES];
        let mut widened: MaybeUninit<[u64; MOST_WIDENED / 8]> = MaybeUninit::uninit();
        let mut pointers = [std::ptr::null::<u8>(); MAX_SOURCES];
        let mut still: Still = 0;
        for (position, input) in self.inputs.iter().enumerate() {
            pointers[position] = match input {
                Source::Array(array) => {
                    let own = array.storage();
                    if shared(own) && !own.same_memory(output.storage()) {
                        let seen = self.inputs[..position].iter().any(|input| match input {
                            Source::Array(array) => own.same_memory(array.storage()),
                            Source::Scalar(_) => false,
                        });
                        if !seen {
                            let Some(hold) = own.try_hold() else { return false };
                            held.push(hold);
                        }
                    }
                    if array.dtype() == wanted {
                        // What is broadcast is read over and over.
                        still |= Still::from(array.numel() != self.numel) << position;
                        array.ptr()
                    } else {
                        // SAFETY: the mask's state is held as above; `fits` has seen that it is one, and that it fits.
                        unsafe { widen(array.ptr(), self.numel, wanted, widened.as_mut_ptr().cast()) };
                        widened.as_ptr().cast()
                    }
                }
                Source::Scalar(number) => {
                    still |= 1 << position;
                    numbers[position].write(Number(number.to_bytes(wanted))).0.as_ptr()
                }
            };
        }
        let inputs = &pointers[..self.inputs.len()];
        // SAFETY: the exclusive state of all memory is held, or nobody else refers to it; `fits` has seen that as many elements
        // of the kernel's dtypes lie at each address, one where it is a number; the output is exactly an input or apart.
        unsafe { self.kernel.run_dense(self.params, inputs, output.ptr(), self.numel, still) };
        after();
        true
    }
}

/// Runs a kernel over the elements of a small array, as a vector, into a new array of one element: the shortest way of a reduction.
/// `None`, with nothing run, where the array is not small or not dense, its memory is busy, or there is none.
#[inline]
pub(crate) fn launch_small<T>(
    op: &'static str,
    source: Sole<'_>,
    dtype: DType,
    run: impl FnOnce(In<'_>, Out<'_>) -> T,
) -> Option<(Array, T)> {
    let Geometry { layout, dtype: own, .. } = source.geometry();
    if !layout.is_contiguous() || layout.numel() > MOST || own.is_half() || dtype.is_half() {
        return None;
    }
    let output = Array::uninit(op, &[], dtype).ok()?;
    let storage = source.storage();
    let _hold = if storage.is_unique() { None } else { Some(storage.try_hold()?) };
    if !output.storage().is_unique() {
        return None;
    }
    let shape = [layout.numel()];
    // SAFETY: the exclusive state of the source is held, or nobody else refers to it; so many elements lie there, dense. The
    // output has one, which is nobody else's yet.
    let (input, out) =
        unsafe { (In::new(source.ptr(), *own, &shape, &[1]), Out::new(output.ptr(), dtype, &[1], &[1])) };
    let result = run(input, out);
    Some((output, result))
}

/// The elements of a mask as numbers of another dtype.
///
/// # Safety
/// `n` truth values can be read at `mask`, and as many elements of the dtype written at `to`.
unsafe fn widen(mask: *const u8, n: usize, dtype: DType, to: *mut u8) {
    let size = dtype.size();
    let [zero, one] = [0, 1].map(|value| Scalar::Int(value).to_bytes(dtype));
    for index in 0..n {
        // SAFETY: as promised by the caller; a number has at most as many bytes as there are here.
        unsafe {
            let from = if mask.add(index).read() != 0 { &one } else { &zero };
            to.add(index * size).copy_from_nonoverlapping(from.as_ptr(), size);
        }
    }
}
