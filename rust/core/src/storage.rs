//! Memory of tensors: root blocks from a pool, handles with a version counter, and the reader/writer state that keeps
//! safe code free of data races.
//!
//! Rules every user of this module keeps:
//! - versions are checked after the state is acquired and bumped while it is held;
//! - nobody waits for contended state while holding other state: [`Access::acquire`] takes all or nothing;
//! - nothing that may own a host object is dropped, and no host code runs, while an [`Access`] is alive.

mod place;
mod state;

use std::alloc;
use std::any::Any;
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;
// Without weak counts: nothing refers weakly to memory, and releasing a block is one atomic operation instead of two.
use triomphe::{Arc, UniqueArc};

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::provenance::Blame;
use crate::shape::Layout;
pub use place::{Device, Placed, is_meta_known};
use state::State;

/// Alignment of blocks on the heap: one cache line, and the widest SIMD register.
const ALIGNMENT: usize = 64;

/// Blocks up to this size live inside their [`Root`]: one allocation instead of two for the small tensors on which
/// the cost per operation is felt.
const INLINE_BYTES: usize = 64;

/// Blocks of at least this size are kept for reuse: below, the allocator is as fast; above, it returns the pages to
/// the system and faulting them in again costs as much as the arithmetic.
const KEEP_FROM: usize = 128 * 1024;

/// Blocks of at least this size are compared with the memory of the machine before the allocator is asked: it promises
/// any amount and leaves it to the system to end the program at the page that is one too many.
const COMPARE_FROM: usize = 1 << 30;

/// Most bytes kept for reuse.
const KEEP_AT_MOST: usize = 1 << 30;

// ---- pool --------------------------------------------------------------------------------------------------------

struct Pool {
    /// Free blocks by capacity.
    free: BTreeMap<usize, Vec<Block>>,
}

/// An owned heap block of `capacity` bytes.
struct Block {
    ptr: NonNull<u8>,
    capacity: usize,
}

// SAFETY: a block is plain memory owned by whoever holds the value.
unsafe impl Send for Block {}
// SAFETY: the address alone is shared; access to the memory is regulated by `Root`'s state.
unsafe impl Sync for Block {}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: BTreeMap::new() });
static KEPT: AtomicUsize = AtomicUsize::new(0);
static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Figures of the memory pool, in bytes. Tensors of at most 64 bytes are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryStats {
    /// In tensors that are alive.
    pub in_use: usize,
    /// Greatest `in_use` so far.
    pub peak: usize,
    /// Kept for reuse.
    pub kept: usize,
}

/// The pool's figures.
pub fn memory_stats() -> MemoryStats {
    MemoryStats {
        in_use: IN_USE.load(Ordering::Relaxed),
        peak: PEAK.load(Ordering::Relaxed),
        kept: KEPT.load(Ordering::Relaxed),
    }
}

/// Gives every block kept for reuse back to the allocator.
pub fn empty_cache() {
    let blocks = std::mem::take(&mut POOL.lock().free);
    for block in blocks.into_values().flatten() {
        KEPT.fetch_sub(block.capacity, Ordering::Relaxed);
        block.release();
    }
}

/// Bytes of memory and swap of the machine where the system says so (Linux), else no bound.
fn machine_memory() -> usize {
    static BYTES: OnceLock<usize> = OnceLock::new();
    *BYTES.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kilobytes = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_ascii_whitespace().nth(1)?.parse::<usize>().ok()
        };
        kilobytes("MemTotal:").map_or(usize::MAX, |memory| {
            memory.saturating_add(kilobytes("SwapTotal:").unwrap_or(0)).saturating_mul(1024)
        })
    })
}

/// Whether there can be room for as many bytes, for working memory that is no storage.
///
/// # Errors
/// `OutOfMemory` when the machine has less.
pub fn check_room(op: &'static str, bytes: u128) -> Result<()> {
    if bytes >= COMPARE_FROM as u128 && bytes > machine_memory() as u128 {
        return Err(Box::new(Error::OutOfMemory { op, bytes }));
    }
    Ok(())
}

impl Block {
    fn layout(capacity: usize) -> alloc::Layout {
        // SAFETY: the alignment is a power of two and `Block::new` bounds the capacity well below `isize::MAX`.
        unsafe { alloc::Layout::from_size_align_unchecked(capacity, ALIGNMENT) }
    }

    /// Rounds up so that blocks of about the same size serve each other: eight classes per power of two.
    fn class(bytes: usize) -> usize {
        let step = (bytes.next_power_of_two() / 16).max(ALIGNMENT);
        bytes.div_ceil(step) * step
    }

    fn new(op: &'static str, bytes: usize, zeroed: bool) -> Result<Self> {
        let out_of_memory = || Box::new(Error::OutOfMemory { op, bytes: bytes as u128 });
        if bytes > isize::MAX as usize / 2 || (bytes >= COMPARE_FROM && bytes > machine_memory()) {
            return Err(out_of_memory());
        }
        let capacity = Self::class(bytes);
        if capacity >= KEEP_FROM {
            let kept = POOL.lock().free.get_mut(&capacity).and_then(Vec::pop);
            if let Some(block) = kept {
                KEPT.fetch_sub(capacity, Ordering::Relaxed);
                if zeroed {
                    // SAFETY: the block is owned, and `bytes <= capacity`.
                    unsafe { block.ptr.as_ptr().write_bytes(0, bytes) };
                }
                return Ok(block);
            }
        }
        // SAFETY: the layout has a non-zero size.
        let ptr = unsafe {
            if zeroed { alloc::alloc_zeroed(Self::layout(capacity)) } else { alloc::alloc(Self::layout(capacity)) }
        };
        match NonNull::new(ptr) {
            Some(ptr) => Ok(Self { ptr, capacity }),
            None if KEPT.load(Ordering::Relaxed) > 0 => {
                empty_cache();
                Self::new(op, bytes, zeroed)
            }
            None => Err(out_of_memory()),
        }
    }

    fn release(self) {
        // SAFETY: allocated by `new` with the same layout, and owned.
        unsafe { alloc::dealloc(self.ptr.as_ptr(), Self::layout(self.capacity)) }
    }

    fn recycle(self) {
        if self.capacity >= KEEP_FROM && KEPT.load(Ordering::Relaxed) + self.capacity <= KEEP_AT_MOST {
            KEPT.fetch_add(self.capacity, Ordering::Relaxed);
            POOL.lock().free.entry(self.capacity).or_default().push(self);
        } else {
            self.release();
        }
    }
}

// ---- root blocks -------------------------------------------------------------------------------------------------

/// Version of the data seen through a handle, and who made it.
struct Counter {
    version: AtomicU32,
    /// Of the root whose counter it is, if it is one's: it lies in the gap between the two others, and a root just fits a
    /// size that the allocator has.
    state: State,
    blame: AtomicU64,
}

impl Default for Counter {
    #[inline]
    fn default() -> Self {
        Self { version: AtomicU32::new(0), state: State::free(), blame: AtomicU64::new(0) }
    }
}

enum Owner {
    /// The bytes are `Root::inline`.
    Inline,
    /// The block of that address, whose capacity is the class of the root's bytes.
    Heap(NonNull<u8>),
    /// Memory of somebody else.
    Foreign(Box<Lent>),
    /// There is no memory.
    Nowhere,
    /// There is memory that only the host knows.
    Elsewhere,
}

/// What keeps memory of somebody else; dropping it gives the memory back.
struct Lent {
    _keep: Box<dyn Any + Send + Sync>,
    writable: bool,
}

#[repr(C)]
struct Root {
    inline: UnsafeCell<MaybeUninit<[u64; INLINE_BYTES / 8]>>,
    /// Null where the bytes are `inline`. Changed by [`Storage::move_to`] alone.
    ptr: AtomicPtr<u8>,
    bytes: usize,
    counter: Counter,
    owner: Owner,
    /// Of the array that the block was made for, which is nearly always the only one: it lies beside the data, so that
    /// an array is a pointer or three, and moving or saving one moves no shapes.
    geometry: Geometry,
}

// With its count of references it has one of the allocator's sizes, the next of which is a quarter larger.
const _: () = assert!(size_of::<Root>() + size_of::<usize>() <= 256);

// SAFETY: the bytes are only reached through `Storage::ptr`, whose users hold an `Access`; the rest is atomics and
// values that are `Send + Sync` themselves.
unsafe impl Send for Root {}
// SAFETY: as above.
unsafe impl Sync for Root {}

impl Root {
    fn ptr(&self) -> *mut u8 {
        let ptr = self.ptr.load(Ordering::Relaxed);
        if ptr.is_null() { self.inline.get().cast() } else { ptr }
    }
}

/// What blocks that were moved lie in now, by the identity of the block.
static MOVED: Mutex<BTreeMap<usize, Box<dyn Any + Send + Sync>>> = Mutex::new(BTreeMap::new());

impl Root {
    /// Whether the bytes are no longer where they were allocated.
    fn is_moved(&self) -> bool {
        let ptr = self.ptr.load(Ordering::Relaxed);
        match &self.owner {
            Owner::Nowhere | Owner::Elsewhere => false,
            Owner::Inline => !ptr.is_null(),
            Owner::Heap(block) => ptr != block.as_ptr(),
            Owner::Foreign(_) => MOVED.lock().contains_key(&(std::ptr::from_ref(self) as usize)),
        }
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if self.is_moved() {
            // By the address of the root, which a handle's identity is.
            let keep = MOVED.lock().remove(&(std::ptr::from_mut(self) as usize));
            // Outside the lock: it may own an object of the host.
            drop(keep);
        }
        if let Owner::Heap(ptr) = self.owner {
            IN_USE.fetch_sub(self.bytes, Ordering::Relaxed);
            Block { ptr, capacity: Block::class(self.bytes) }.recycle();
        }
    }
}

// ---- handles -----------------------------------------------------------------------------------------------------

/// A version and the counter it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    counter: usize,
    version: u32,
}

/// A handle on a root block. Clones share memory and version counter; [`Storage::with_own_counter`] shares only memory.
#[derive(Clone)]
pub struct Storage {
    root: Arc<Root>,
    own: Option<Arc<Counter>>,
}

impl Storage {
    /// Uninitialised (or zeroed) memory for `bytes` bytes.
    pub fn allocate(op: &'static str, bytes: usize, zeroed: bool) -> Result<Self> {
        Self::allocate_for(op, || Geometry::new(Layout::contiguous(&[bytes]), DType::U8), bytes, zeroed)
    }

    /// Uninitialised (or zeroed) memory for an array of `bytes` bytes, whose geometry is made where it is to lie.
    #[inline]
    pub(crate) fn allocate_for(
        op: &'static str,
        geometry: impl FnOnce() -> Geometry,
        bytes: usize,
        zeroed: bool,
    ) -> Result<Self> {
        if place::is_nowhere() {
            return Ok(Self::nowhere(geometry(), bytes, Owner::Nowhere));
        }
        let on_heap = bytes > INLINE_BYTES;
        let (ptr, owner) = if on_heap {
            let ptr = Self::on_heap(op, bytes, zeroed)?;
            (ptr.as_ptr(), Owner::Heap(ptr))
        } else {
            (std::ptr::null_mut(), Owner::Inline)
        };
        let storage = Self::of_root(ptr, bytes, owner, geometry);
        if zeroed && !on_heap {
            // SAFETY: the block is fresh, and nobody else knows it.
            unsafe { storage.root.inline.get().write_bytes(0, 1) };
        }
        Ok(storage)
    }

    /// A block on the heap, which is counted from now on.
    #[inline(never)]
    fn on_heap(op: &'static str, bytes: usize, zeroed: bool) -> Result<NonNull<u8>> {
        let block = Block::new(op, bytes, zeroed)?;
        let in_use = IN_USE.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if in_use > PEAK.load(Ordering::Relaxed) {
            PEAK.fetch_max(in_use, Ordering::Relaxed);
        }
        Ok(block.ptr)
    }

    /// A block that has a size and no memory: its state is held for ever, so that nobody gets at it. Addresses are given out
    /// all the same, of which no two blocks have one in common, so that what is asked of layouts is answered as elsewhere.
    #[cold]
    fn nowhere(geometry: Geometry, bytes: usize, owner: Owner) -> Self {
        // Beyond all memory: no system maps that half of the addresses for programs.
        const FIRST: usize = 1 << (usize::BITS - 2);
        static NEXT: AtomicUsize = AtomicUsize::new(FIRST);
        let room = bytes.next_multiple_of(ALIGNMENT).max(ALIGNMENT);
        let mut address = NEXT.fetch_add(room, Ordering::Relaxed);
        if !(FIRST..=usize::MAX / 2).contains(&address) {
            NEXT.store(FIRST + room, Ordering::Relaxed);
            address = FIRST;
        }
        let ptr = std::ptr::without_provenance_mut(address);
        let storage = Self::of_root(ptr, bytes, owner, || geometry);
        assert!(storage.root.counter.state.try_own(), "nobody else knows it");
        storage
    }

    /// A handle on a new root, whose inline bytes are not initialised.
    #[inline(always)]
    fn of_root(ptr: *mut u8, bytes: usize, owner: Owner, geometry: impl FnOnce() -> Geometry) -> Self {
        // Written where it is to lie: a root is large, and made once per operation.
        let mut root = UniqueArc::<Root>::new_uninit();
        let at = root.as_mut_ptr().cast::<Root>();
        // SAFETY: every field is written, but for the inline bytes, which may be anything.
        let root = unsafe {
            (&raw mut (*at).ptr).write(AtomicPtr::new(ptr));
            (&raw mut (*at).bytes).write(bytes);
            (&raw mut (*at).counter).write(Counter::default());
            (&raw mut (*at).owner).write(owner);
            (&raw mut (*at).geometry).write(geometry());
            UniqueArc::assume_init(root)
        };
        Self { root: root.shareable(), own: None }
    }

    /// A block of its own with the same bytes.
    ///
    /// # Errors
    /// When there is no room.
    pub fn duplicate(&self, op: &'static str) -> Result<Self> {
        let _place = self.beside();
        let copy = Self::allocate(op, self.bytes(), false)?;
        if copy.is_meta() {
            return Ok(copy);
        }
        let _access = Access::acquire(&[self], &[]);
        // SAFETY: shared state is held on the source; the copy is fresh memory of as many bytes that nobody else knows.
        unsafe { copy.ptr().copy_from_nonoverlapping(self.ptr(), self.bytes()) };
        Ok(copy)
    }

    /// Memory of somebody else, kept alive by `keep`.
    ///
    /// # Safety
    /// `ptr` must be valid for reads (and writes, if `writable`) of `bytes` bytes while `keep` lives. Concurrent
    /// writes by the owner are the owner's business, as with `numpy()` in PyTorch.
    pub unsafe fn foreign(ptr: *mut u8, bytes: usize, writable: bool, keep: Box<dyn Any + Send + Sync>) -> Self {
        let geometry = Geometry::new(Layout::contiguous(&[bytes]), DType::U8);
        Self::of_root(ptr, bytes, Owner::Foreign(Box::new(Lent { _keep: keep, writable })), || geometry)
    }

    /// Moves the bytes elsewhere, for all handles and tensors at once: into memory that `keep` keeps alive. With `copy` what is
    /// here is copied there. The old memory stays until the block is dropped, because others may have looked at its address.
    ///
    /// # Errors
    /// When the memory has been moved before.
    ///
    /// # Safety
    /// `ptr` must be valid for reads and writes of as many bytes as the block has while `keep` lives.
    pub unsafe fn move_to(
        &self,
        op: &'static str,
        ptr: NonNull<u8>,
        copy: bool,
        keep: Box<dyn Any + Send + Sync>,
    ) -> Result<()> {
        let _access = Access::acquire(&[], &[self]);
        if self.root.is_moved() {
            return Err(Error::runtime(op, "the memory has been moved before"));
        }
        if copy {
            // SAFETY: exclusive state is held on this block, and the caller vouches for the other one.
            unsafe { ptr.as_ptr().copy_from_nonoverlapping(self.ptr(), self.bytes()) };
        }
        MOVED.lock().insert(std::ptr::from_ref::<Root>(&self.root) as usize, keep);
        self.root.ptr.store(ptr.as_ptr(), Ordering::Release);
        Ok(())
    }

    /// Whether [`Storage::move_to`] has moved the bytes.
    pub fn is_moved(&self) -> bool {
        self.root.is_moved()
    }

    /// The geometry of the array that the memory was allocated for.
    #[inline]
    pub(crate) fn geometry(&self) -> &Geometry {
        &self.root.geometry
    }

    /// A handle on the same memory with a counter of its own (`.data`).
    pub fn with_own_counter(&self) -> Self {
        Self { root: self.root.clone(), own: Some(Arc::new(Counter::default())) }
    }

    fn counter(&self) -> &Counter {
        self.own.as_deref().unwrap_or(&self.root.counter)
    }

    /// Address of the first byte. Reading or writing there needs an [`Access`].
    #[inline]
    pub fn ptr(&self) -> *mut u8 {
        self.root.ptr()
    }

    /// Whether the bytes can be looked at.
    #[inline]
    pub fn has_memory(&self) -> bool {
        !matches!(self.root.owner, Owner::Nowhere | Owner::Elsewhere) && !self.is_placeholder()
    }

    /// Whether there is no memory.
    #[inline]
    pub fn is_meta(&self) -> bool {
        matches!(self.root.owner, Owner::Nowhere)
    }

    /// Where the memory lies.
    #[inline]
    pub fn device(&self) -> Device {
        if self.is_meta() { Device::Meta } else { Device::Cpu }
    }

    /// New memory is made where this is, unless something else has been said.
    #[inline]
    pub(crate) fn beside(&self) -> Option<Placed> {
        if is_meta_known() { Placed::unless_said(self.device()) } else { None }
    }

    /// Size in bytes.
    #[inline]
    pub fn bytes(&self) -> usize {
        self.root.bytes
    }

    /// False for memory lent by an owner that does not want it changed.
    pub fn is_writable(&self) -> bool {
        !matches!(&self.root.owner, Owner::Foreign(lent) if !lent.writable)
    }

    /// Current version.
    #[inline]
    pub fn version(&self) -> u32 {
        self.counter().version.load(Ordering::Acquire)
    }

    /// The current version, and of which counter: taken before the data is read, it tells later whether what was read may
    /// be newer.
    #[inline]
    pub(crate) fn seen(&self) -> Seen {
        Seen { counter: std::ptr::from_ref(self.counter()) as usize, version: self.version() }
    }

    /// The version of `seen`, or the current one where `seen` is of another counter.
    pub(crate) fn version_seen(&self, seen: Seen) -> u32 {
        if std::ptr::from_ref(self.counter()) as usize == seen.counter { seen.version } else { self.version() }
    }

    /// Who made the current version.
    pub fn changed_by(&self) -> Blame {
        Blame::from_bits(self.counter().blame.load(Ordering::Acquire))
    }

    /// Notes a change of the data that was made elsewhere (by a custom function, say).
    pub fn note_change(&self, blame: Blame) {
        if self.is_placeholder() || self.is_meta() {
            return self.count(blame);
        }
        let _access = Access::acquire(&[], &[self]);
        self.bump(blame);
    }

    /// Notes a change of the data. Called while the exclusive state is held, so that nobody else counts.
    pub(crate) fn bump(&self, blame: Blame) {
        debug_assert!(
            self.is_unique() || self.root.counter.state.is_owned(),
            "versions are counted while the memory is held"
        );
        self.count(blame);
    }

    /// [`Storage::bump`] of what has a version and no memory.
    pub(crate) fn count(&self, blame: Blame) {
        let counter = self.counter();
        counter.blame.store(blame.bits(), Ordering::Release);
        counter.version.store(counter.version.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Sets the version (`_unsafe_set_version_counter`, `increment_version`'s inverse in tests of hooks).
    pub fn set_version(&self, version: u32) {
        self.counter().version.store(version, Ordering::Release);
    }

    /// Whether both handles show the same root block.
    #[inline]
    pub fn same_memory(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
    }

    /// Whether both handles share a version counter.
    pub fn same_counter(&self, other: &Self) -> bool {
        std::ptr::eq(self.counter(), other.counter())
    }

    /// Whether there is memory that nobody else holds.
    #[inline]
    pub fn is_unique(&self) -> bool {
        self.root.is_unique() && !matches!(self.root.owner, Owner::Nowhere | Owner::Elsewhere)
    }

    /// Whether the memory is ours, and so apart from all other: what was lent may overlap with what was lent a second time.
    #[inline]
    pub(crate) fn is_own(&self) -> bool {
        !matches!(self.root.owner, Owner::Foreign(_))
    }

    /// Whether the two share any byte; foreign memory is compared by address.
    pub fn may_overlap(&self, other: &Self) -> bool {
        if self.same_memory(other) {
            return true;
        }
        let (a, b) = (self.ptr() as usize, other.ptr() as usize);
        a < b + other.bytes() && b < a + self.bytes()
    }

    /// Identity of the memory block, for `untyped_storage().data_ptr()` and for keeping shared tensors shared.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.root) as usize
    }
}

// ---- reader/writer state -----------------------------------------------------------------------------------------

/// Up to so many roots each is compared with all before it; more are sorted.
const FEW_ROOTS: usize = 8;

/// Attempts to take contended state before a thread waits in earnest: about a microsecond.
const SPINS: u32 = 50;

/// Runs a wait with the host's lock (the GIL) released. Installed once by the binding.
pub type WaitHook = fn(&mut dyn FnMut());

static WAIT_HOOK: OnceLock<WaitHook> = OnceLock::new();

/// Installs the function through which waits go, so that nobody waits with the GIL held.
pub fn set_wait_hook(hook: WaitHook) {
    // A second installation (the module imported twice) installs the same function.
    let _ = WAIT_HOOK.set(hook);
}

/// Exclusive state on one root, for as long as a small operation takes: one atomic operation to take, none to give
/// back, which is why operations on small tensors take it for reading, too.
pub(crate) struct Hold<'a>(&'a Root);

impl Drop for Hold<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.counter.state.end_own();
    }
}

impl Storage {
    /// What stands in for memory that is elsewhere: its state is held for ever, so that nobody gets at it.
    pub(crate) fn placeholder() -> Self {
        static PLACEHOLDER: OnceLock<Storage> = OnceLock::new();
        let make = || {
            let storage = Self::allocate("vmap", INLINE_BYTES, true).expect("inline memory needs none");
            assert!(storage.root.counter.state.try_own(), "nobody else knows it");
            storage
        };
        PLACEHOLDER.get_or_init(make).clone()
    }

    /// What stands in for `bytes` bytes that only the host knows, with addresses that are nobody else's.
    pub(crate) fn elsewhere(bytes: usize) -> Self {
        Self::nowhere(Geometry::new(Layout::contiguous(&[bytes]), DType::U8), bytes, Owner::Elsewhere)
    }

    /// Whether there is no memory here.
    pub fn is_placeholder(&self) -> bool {
        matches!(self.root.owner, Owner::Elsewhere) || self.same_memory(&Self::placeholder())
    }

    /// Exclusive state on the root if nobody holds any; never waits.
    #[inline]
    pub(crate) fn try_hold(&self) -> Option<Hold<'_>> {
        self.root.counter.state.try_own().then(|| Hold(&self.root))
    }
}

/// Runs something that waits, or takes long, with the host's lock released.
pub(crate) fn outside_host<T>(work: impl FnOnce() -> T) -> T {
    let (mut work, mut result) = (Some(work), None);
    without_host(&mut || result = work.take().map(|work| work()));
    result.expect("what is run is run once")
}

/// [`outside_host`] of what leaves its result elsewhere.
#[inline(never)]
pub(crate) fn without_host(work: &mut dyn FnMut()) {
    match WAIT_HOOK.get() {
        Some(hook) => hook(work),
        None => work(),
    }
}

/// What a panic says that asks for the data of a tensor that is batched (`vmap`), or was.
#[derive(Clone, Copy, Debug)]
pub struct NoData;

/// Shared or exclusive state on several roots, released on drop.
pub struct Access<'a> {
    held: SmallVec<[(&'a Root, bool); 6]>,
}

impl<'a> Access<'a> {
    /// Takes shared state on `reads` and exclusive state on `writes`, all at once, each root once.
    ///
    /// # Panics
    /// With [`Error::NoData`] where one of them has no memory.
    #[inline]
    pub fn acquire(reads: &[&'a Storage], writes: &[&'a Storage]) -> Self {
        let mut access = Self::new();
        if !access.take(writes.iter().chain(reads).copied(), writes.len()) {
            no_data();
        }
        access
    }

    /// Of nothing.
    #[inline]
    pub(crate) fn new() -> Self {
        Self { held: SmallVec::new() }
    }

    /// Takes exclusive state on the first `written` of `storages` and shared state on the others, all at once, each root
    /// once; false, with nothing taken, where one of them has no memory. Done in place, as it is large, and part of every launch.
    #[inline]
    pub(crate) fn take(&mut self, storages: impl Iterator<Item = &'a Storage>, written: usize) -> bool {
        debug_assert!(self.held.is_empty());
        for (position, storage) in storages.enumerate() {
            let root: &Root = &storage.root;
            let held = &mut self.held;
            // Those that are written come first, so that one which is read as well stays exclusive.
            if held.len() > FEW_ROOTS || !held.iter().any(|(other, _)| std::ptr::eq(*other, root)) {
                held.push((root, position < written));
            }
        }
        if self.held.len() > FEW_ROOTS {
            self.order();
        }
        self.try_take() || self.wait()
    }

    /// Brings the roots, each once, in the order of addresses.
    #[cold]
    fn order(&mut self) {
        self.held.sort_unstable_by_key(|(root, exclusive)| (std::ptr::from_ref(*root), !exclusive));
        self.held.dedup_by_key(|(root, _)| std::ptr::from_ref(*root));
    }

    fn try_take(&self) -> bool {
        for (taken, (root, exclusive)) in self.held.iter().enumerate() {
            let ok = if *exclusive { root.counter.state.try_own() } else { root.counter.state.try_share() };
            if !ok {
                self.give_back(taken);
                return false;
            }
        }
        true
    }

    fn give_back(&self, count: usize) {
        for (root, exclusive) in &self.held[..count] {
            if *exclusive {
                root.counter.state.end_own();
            } else {
                root.counter.state.end_share();
            }
        }
    }

    /// False, with nothing taken, where there is nothing to wait for: one has no memory.
    #[cold]
    fn wait(&mut self) -> bool {
        if self.held.iter().any(|(root, _)| matches!(root.owner, Owner::Nowhere)) {
            self.held.clear();
            return false;
        }
        let placeholder = Storage::placeholder();
        let elsewhere = |root: &Root| matches!(root.owner, Owner::Elsewhere) || std::ptr::eq(root, &*placeholder.root);
        if self.held.iter().any(|(root, _)| elsewhere(root)) {
            // Nothing has been taken, and nothing may be given back: least of all what is held for ever.
            self.held.clear();
            std::panic::panic_any(NoData);
        }
        // From here on in an order that is one for everybody, so that two operations cannot each hold what the other wants for
        // long.
        self.order();
        // A small operation of another thread is over before the host's lock could be let go of.
        for _ in 0..SPINS {
            std::hint::spin_loop();
            if self.try_take() {
                return true;
            }
        }
        let mut attempt = 0u32;
        outside_host(|| {
            while !self.try_take() {
                attempt += 1;
                // Operations last from nanoseconds to seconds: yield first, then sleep in steps that are short
                // against the operations that are long.
                if attempt < 64 {
                    std::thread::yield_now();
                } else {
                    std::thread::sleep(std::time::Duration::from_micros(50));
                }
            }
        });
        true
    }
}

/// Ends an operation that asks for data where there is none, as an error: it comes out of the call as it is.
#[cold]
pub(crate) fn no_data() -> ! {
    let what = "Cannot copy out of meta tensor; no data!".to_owned();
    std::panic::resume_unwind(Box::new(Error::NoData { op: "meta", what }))
}

impl Drop for Access<'_> {
    #[inline]
    fn drop(&mut self) {
        self.give_back(self.held.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_roots_are_taken_once_each() {
        let storages: Vec<Storage> = (0..20).map(|_| Storage::allocate("test", 16, true).unwrap()).collect();
        let reads: Vec<&Storage> = storages.iter().chain(storages.iter().rev()).collect();
        let writes: Vec<&Storage> = storages[7..12].iter().rev().collect();
        let access = Access::acquire(&reads, &writes);
        assert!(storages.iter().all(|storage| storage.try_hold().is_none()));
        drop(access);
        assert!(storages.iter().all(|storage| storage.try_hold().is_some()));
    }

    #[test]
    fn read_and_write_of_one_root_is_one_exclusive() {
        let storage = Storage::allocate("test", 16, true).unwrap();
        let access = Access::acquire(&[&storage, &storage], &[&storage]);
        assert_eq!(access.held.len(), 1);
        assert!(storage.root.counter.state.is_owned());
        drop(access);
        assert!(storage.root.counter.state.is_free());
    }

    #[test]
    fn data_has_a_counter_of_its_own() {
        let storage = Storage::allocate("test", 16, true).unwrap();
        let data = storage.with_own_counter();
        data.note_change(Blame::NONE);
        assert_eq!((storage.version(), data.version()), (0, 1));
        assert!(storage.same_memory(&data));
    }

    #[test]
    fn writers_exclude_each_other_and_readers() {
        let storage = Storage::allocate("test", 8, true).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let _access = Access::acquire(&[], &[&storage]);
                        let counter = storage.ptr().cast::<u64>();
                        // SAFETY: exclusive state is held; that this is enough is what the test shows.
                        unsafe { counter.write(counter.read() + 1) };
                    }
                });
            }
        });
        let _access = Access::acquire(&[&storage], &[]);
        // SAFETY: shared state is held.
        assert_eq!(unsafe { storage.ptr().cast::<u64>().read() }, 8_000);
    }

    #[test]
    fn huge_sizes_are_an_error() {
        assert!(matches!(*Storage::allocate("test", 1 << 60, false).err().unwrap(), Error::OutOfMemory { .. }));
    }

    #[test]
    fn large_blocks_are_reused() {
        let bytes = 3 * KEEP_FROM + 17;
        let first = Storage::allocate("test", bytes, false).unwrap();
        let address = first.ptr();
        drop(first);
        let second = Storage::allocate("test", bytes, false).unwrap();
        assert_eq!(second.ptr(), address);
        assert_eq!(second.ptr() as usize % ALIGNMENT, 0);
    }
}
