//! The transformations under way on a thread, and what they attach to tensors.
//!
//! Forward mode and batching each open a level. A level that is opened inside another is above it; an operation on
//! tensors of several levels is taken apart from the top: the handler of the highest level runs with everything from that
//! level upwards hidden, so that the operations it performs meet the next one below.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use smallvec::SmallVec;
use spin::mutex::SpinMutex;

use super::algebra::ALGEBRA;
use super::hosted::Attachment;
use super::mode::{Modes, modes, set_modes};
use super::view::view_of;
use crate::error::{Error, Result};
use crate::shape::Strides;
use crate::tensor::Tensor;

/// A transformation, by its place in the order in which all were begun: of two on one thread the later is the inner one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Level(u64);

impl Level {
    /// The level of a number that [`Level::number`] gave.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// A number for a host.
    pub const fn number(self) -> u64 {
        self.0
    }
}

static NEXT_LEVEL: AtomicU64 = AtomicU64::new(1);

/// The level of what the host has attached: below all others, and always open.
const HOST: Level = Level(0);

/// What a level does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The host runs operations on tensors of its own making; see [`super::transform::host`].
    Host,
    /// Forward mode: tensors carry tangents.
    Tangent,
    /// Batching: tensors stand for one of `size` examples.
    Batch {
        /// Number of examples.
        size: usize,
    },
}

/// What random operations do under a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Randomness {
    /// They are refused.
    #[default]
    Error,
    /// All examples get the same numbers.
    Same,
    /// Each example gets numbers of its own.
    Different,
}

/// A level that is open, with the tangents attached at it.
struct Open {
    level: Level,
    kind: Kind,
    randomness: Randomness,
    duals: Vec<Weak<Dual>>,
}

thread_local! {
    static OPEN: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
    /// Levels that are hidden, from the first of a pair up to the second, which had not been opened then.
    static HIDDEN: RefCell<Hidden> = const { RefCell::new(Vec::new()) };
    /// The host wants to see every operation of this thread.
    static HOST_SEES_ALL: Cell<bool> = const { Cell::new(false) };
}

type Hidden = Vec<(Level, Level)>;

fn is_hidden(level: Level) -> bool {
    HIDDEN.with(|hidden| hidden.borrow().iter().any(|(from, to)| (*from..*to).contains(&level)))
}

/// Whether there ever was a tensor with something of the host's attached.
static HOSTED: AtomicUsize = AtomicUsize::new(0);

/// Whether tensors of this thread may have something attached.
fn note_lifted() {
    // Where that is not known, because a thread ends or levels change just now, it stays as it is.
    let Ok(Ok(open)) = OPEN.try_with(|open| open.try_borrow().map(|open| !open.is_empty())) else { return };
    let lifted = open || HOST_SEES_ALL.get() || HOSTED.load(Ordering::Relaxed) > 0;
    set_modes(modes().with(Modes::LIFTED, lifted));
}

/// Looks for tensors of the host's making, which another thread may have made: to be called where this one first meets them.
#[inline]
pub fn note_hosted() {
    if HOSTED.load(Ordering::Relaxed) > 0 && !modes().any(Modes::LIFTED) {
        note_lifted();
    }
}

/// Lets the host see every operation of this thread, or no longer; returns what was the case before.
pub fn host_sees_all(on: bool) -> bool {
    let before = HOST_SEES_ALL.replace(on);
    note_lifted();
    before
}

/// Opens a level on this thread.
pub fn enter(kind: Kind) -> Level {
    let level = Level(NEXT_LEVEL.fetch_add(1, Ordering::Relaxed));
    OPEN.with(|open| {
        open.borrow_mut().push(Open { level, kind, randomness: Randomness::default(), duals: Vec::new() })
    });
    set_modes(modes().with(Modes::LIFTED, true));
    level
}

/// Closes a level: what it attached to tensors is let go of.
///
/// # Errors
/// When it is not the innermost open level of this thread.
pub fn exit(level: Level) -> Result<()> {
    let closed = OPEN.with(|open| {
        let mut open = open.borrow_mut();
        match open.last() {
            Some(last) if last.level == level => open.pop(),
            _ => None,
        }
    });
    let Some(closed) = closed else {
        return Err(Error::runtime("exit", "a transformation was left that is not the innermost one of this thread"));
    };
    note_lifted();
    // A tangent may lead to a node that keeps what it belongs to: cut here, so that no cycle is left.
    for dual in closed.duals {
        let tangent = dual.upgrade().and_then(|dual| dual.tangent.lock().take());
        drop(tangent);
    }
    Ok(())
}

/// The innermost open level of this thread.
pub fn innermost() -> Option<(Level, Kind)> {
    OPEN.with(|open| open.borrow().last().map(|open| (open.level, open.kind)))
}

/// What an open level that is not hidden does.
fn kind_of(level: Level) -> Option<Kind> {
    if is_hidden(level) {
        return None;
    }
    if level == HOST {
        return Some(Kind::Host);
    }
    let kind = OPEN.with(|open| open.borrow().iter().find(|open| open.level == level).map(|open| open.kind));
    kind.filter(|kind| *kind != Kind::Tangent || !modes().any(Modes::NO_TANGENTS))
}

/// The number of examples of a batch that is under way.
///
/// # Errors
/// When no batch is under way at `level` on this thread.
pub fn batch_size(level: Level) -> Result<usize> {
    match kind_of(level) {
        Some(Kind::Batch { size }) => Ok(size),
        _ => Err(Error::runtime("vmap", "the level of the batch has been left, or is no batch's")),
    }
}

/// Says what random operations do under a batch that is open on this thread.
///
/// # Errors
/// When no batch is under way at `level`.
pub fn set_randomness(level: Level, randomness: Randomness) -> Result<()> {
    batch_size(level)?;
    OPEN.with(|open| {
        open.borrow_mut().iter_mut().filter(|open| open.level == level).for_each(|open| open.randomness = randomness);
    });
    Ok(())
}

/// The batches under way that are not hidden, the innermost first: level, size and what random operations do.
pub(crate) fn batches() -> SmallVec<[(Level, usize, Randomness); 2]> {
    OPEN.with(|open| {
        let open = open.borrow();
        let batches = open.iter().rev().filter(|open| !is_hidden(open.level));
        let sized = batches.filter_map(|open| match open.kind {
            Kind::Batch { size } => Some((open.level, size, open.randomness)),
            Kind::Tangent | Kind::Host => None,
        });
        sized.collect()
    })
}

/// Runs `body` with `level` and everything above it hidden, but for what is opened meanwhile.
pub fn below<R>(level: Level, body: impl FnOnce() -> R) -> R {
    struct Until;
    impl Drop for Until {
        fn drop(&mut self) {
            HIDDEN.with(|hidden| hidden.borrow_mut().pop());
        }
    }
    let next = Level(NEXT_LEVEL.load(Ordering::Relaxed));
    HIDDEN.with(|hidden| hidden.borrow_mut().push((level, next)));
    let _until = Until;
    body()
}

/// The levels of a thread, to be carried to another one that works on its behalf.
#[derive(Clone)]
pub(super) struct Levels {
    open: Vec<(Level, Kind, Randomness)>,
    hidden: Hidden,
}

/// The levels of this thread.
pub(super) fn levels_of_thread() -> Levels {
    Levels {
        open: OPEN.with(|open| open.borrow().iter().map(|open| (open.level, open.kind, open.randomness)).collect()),
        hidden: HIDDEN.with(|hidden| hidden.borrow().clone()),
    }
}

/// Takes over the levels of the thread that this one works for.
pub(super) fn set_levels_of_thread(levels: Levels) {
    let open = levels.open.into_iter();
    let open = open.map(|(level, kind, randomness)| Open { level, kind, randomness, duals: Vec::new() }).collect();
    OPEN.with(|own| *own.borrow_mut() = open);
    HIDDEN.with(|own| *own.borrow_mut() = levels.hidden);
}

/// A tangent of a tensor at one level.
pub(crate) struct Dual {
    level: Level,
    tangent: SpinMutex<Option<Tensor>, spin::Yield>,
}

/// A tensor that stands for one example of many.
pub(crate) struct Batched {
    pub(crate) level: Level,
    /// All examples.
    pub(crate) inner: Tensor,
    /// The axis of `inner` along which they lie.
    pub(crate) axis: usize,
}

/// What the host makes an object of that stands for a tensor whose operations it runs. They are counted, so that a thread
/// that has seen the last of them is as it was before there was one.
pub(crate) struct Hosted(Attachment);

impl Hosted {
    fn new(attachment: Attachment) -> Self {
        HOSTED.fetch_add(1, Ordering::Relaxed);
        Self(attachment)
    }

    /// What it is.
    pub(crate) fn attachment(&self) -> Attachment {
        self.0.clone()
    }

    /// What it is, if the tensor that has this and `left` is the only one to hold it.
    pub(super) fn sole(&self, left: Option<&Attachment>) -> Option<Attachment> {
        let own = 1 + usize::from(left.is_some_and(|left| Arc::ptr_eq(left, &self.0)));
        (Arc::strong_count(&self.0) == own).then(|| self.0.clone())
    }
}

impl Clone for Hosted {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        if HOSTED.fetch_sub(1, Ordering::Relaxed) == 1 {
            note_lifted();
        }
    }
}

/// What transformations have attached to a tensor. A batched tensor is made at one level, and may carry tangents of levels
/// above; tangents of levels below are those of what is inside.
#[derive(Clone, Default)]
pub(crate) struct Lift {
    pub(crate) batched: Option<Arc<Batched>>,
    duals: SmallVec<[Arc<Dual>; 1]>,
    /// Of a tensor whose operations the host runs.
    pub(crate) host: Option<Hosted>,
}

impl Lift {
    /// Of a batched tensor.
    pub(crate) fn of_batched(level: Level, inner: Tensor, axis: usize) -> Self {
        Self { batched: Some(Arc::new(Batched { level, inner, axis })), ..Self::default() }
    }

    /// A lift with the tangents of another: those are the graph's to keep, whatever hooks on saved values give back.
    pub(super) fn with_tangents_of(lift: Option<Self>, other: Option<Box<Self>>) -> Option<Self> {
        match other.filter(|other| !other.duals.is_empty()) {
            None => lift,
            Some(other) => Some(Self { duals: other.duals, ..lift.unwrap_or_default() }),
        }
    }

    /// The highest level, of those that are open and not hidden, at which something is attached.
    pub(crate) fn top(&self) -> Option<(Level, Kind)> {
        let batched = self.batched.as_ref().map(|batched| batched.level);
        let duals = self.duals.iter().filter(|dual| dual.tangent.lock().is_some()).map(|dual| dual.level);
        let host = self.host.as_ref().map(|_| HOST);
        duals
            .chain(batched)
            .chain(host)
            .filter_map(|level| Some((level, kind_of(level)?)))
            .max_by_key(|(level, _)| *level)
    }

    /// Whether the tensor has no data of its own, or none that it alone knows.
    pub(crate) fn stands_for_data(&self) -> bool {
        self.batched.is_some() || self.host.is_some()
    }

    /// The highest level at which a tangent is attached.
    fn top_tangent(&self) -> Option<(Level, Kind)> {
        Self { duals: self.duals.clone(), ..Self::default() }.top()
    }

    /// Lets go of the tangent at a level.
    pub(crate) fn forget(&mut self, level: Level) {
        self.duals.retain(|dual| dual.level != level);
    }

    /// Lets go of all tangents; they are to be dropped where nothing is locked.
    pub(crate) fn take_tangents(&mut self) -> SmallVec<[Arc<Dual>; 1]> {
        std::mem::take(&mut self.duals)
    }

    fn dual(&self, level: Level) -> Option<&Arc<Dual>> {
        self.duals.iter().find(|dual| dual.level == level)
    }
}

impl Tensor {
    /// The highest open level, of those not hidden, at which something is attached to this tensor.
    pub fn top_level(&self) -> Option<(Level, Kind)> {
        let own = self.lift().and_then(|lift| lift.top());
        // What a view shows may have got a tangent since, at a higher level than what it has itself.
        let of_base = self.base().and_then(|base| base.lift()).and_then(|lift| lift.top_tangent());
        let of_host = || HOST_SEES_ALL.get().then(|| Some((HOST, kind_of(HOST)?))).flatten();
        own.into_iter().chain(of_base).max_by_key(|(level, _)| *level).or_else(of_host)
    }

    /// Whether the host runs the operations on this tensor.
    pub fn is_hosted(&self) -> bool {
        self.lift().is_some_and(|lift| lift.host.is_some())
    }

    /// Whether only the host knows the data of this tensor.
    pub(crate) fn is_left_to_host(&self) -> bool {
        self.top_level().is_some_and(|(_, kind)| kind == Kind::Host)
            && self.is_hosted()
            && !self.array().storage().has_memory()
    }

    /// Lets the host run the operations on this tensor: `attachment` is what it makes an object of that stands for it.
    pub fn set_host(&self, attachment: Attachment) {
        let host = Some(Hosted::new(attachment));
        note_lifted();
        let lift = self.lift().unwrap_or_default();
        self.set_lift(Some(Lift { host, ..lift }));
    }

    /// What transformations have attached.
    pub(crate) fn lift(&self) -> Option<Lift> {
        self.lock().extra.as_ref().and_then(|extra| extra.lift.clone())
    }

    /// Attaches what another tensor of the same value had.
    pub(crate) fn set_lift(&self, lift: Option<Lift>) {
        let old = {
            let mut state = self.lock();
            if lift.is_none() && state.extra.is_none() {
                return;
            }
            let extra = state.extra();
            let left = match lift.as_ref().and_then(|lift| lift.host.as_ref()).map(Hosted::attachment) {
                Some(host) => extra.attachment.replace(host),
                None => None,
            };
            (std::mem::replace(&mut extra.lift, lift), left)
        };
        drop(old);
    }

    /// The tangent of this tensor at a level.
    pub fn tangent(&self, level: Level) -> Option<Self> {
        let own = self.own_tangent(level);
        // That of the base may have become one example of many since.
        let whole = || self.base().and_then(|base| base.own_tangent(level));
        match own {
            Some(own) if whole().is_none_or(|whole| own.is_example_with(&whole)) => Some(own),
            own => self.tangent_of_base(level).or(own),
        }
    }

    /// Gives a view the parts of the tangents that its base has got since it was made. Whoever keeps what a tensor has now, for a
    /// gradient, does this before: nobody asks for a tangent of what was kept.
    #[cold]
    pub(super) fn take_tangents_of_base(&self) {
        let Some(lift) = self.base().and_then(|base| base.lift()) else { return };
        for dual in &lift.duals {
            self.tangent(dual.level);
        }
    }

    fn own_tangent(&self, level: Level) -> Option<Self> {
        self.lift().and_then(|lift| lift.dual(level)?.tangent.lock().clone())
    }

    /// Whether this tensor stands for one example in every batch in which `other` does.
    pub(crate) fn is_example_with(&self, other: &Self) -> bool {
        let batches = |tensor: &Self| {
            let mut levels = SmallVec::<[Level; 2]>::new();
            let mut next = tensor.lift().and_then(|lift| lift.batched);
            while let Some(batched) = next {
                levels.push(batched.level);
                next = batched.inner.lift().and_then(|lift| lift.batched);
            }
            levels
        };
        let others = batches(other);
        others.is_empty() || {
            let own = batches(self);
            others.iter().all(|level| own.contains(level))
        }
    }

    /// The part of its base's tangent that belongs to a view: the base may have got it after the view was made.
    fn tangent_of_base(&self, level: Level) -> Option<Self> {
        let base = self.base()?;
        let whole = base.lift()?.dual(level)?.tangent.lock().clone()?;
        let part = match view_of(self).and_then(|view| view.replay) {
            Some(replay) => below(level, || replay(&whole)).ok()?,
            // An example is row-major, and nothing says how else it lies.
            None if whole.is_batched() && !base.array().is_contiguous() => return None,
            None => {
                let (array, offset) = (self.array(), base.array().offset());
                let offset = whole.array().offset() + array.offset().checked_sub(offset)?;
                below(level, || (ALGEBRA.as_strided)(&whole, array.shape(), array.strides(), offset)).ok()?
            }
        };
        self.set_tangent(level, Some(part.clone())).ok()?;
        Some(part)
    }

    /// Attaches a tangent, or takes it away.
    ///
    /// # Errors
    /// When shape or dtype differ from those of this tensor, or the level is not open on this thread.
    pub fn set_tangent(&self, level: Level, tangent: Option<Self>) -> Result<()> {
        if let Some(tangent) = &tangent {
            let (own, given) = (self.meta(), tangent.meta());
            if own != given {
                return Err(Error::runtime(
                    "make_dual",
                    format!(
                        "Expected tangent to have the same shape and dtype as the tensor, {:?} of {}, but got {:?} of {}",
                        own.shape, own.dtype, given.shape, given.dtype
                    ),
                ));
            }
        }
        let mut lift = self.lift().unwrap_or_default();
        let cleared = tangent.is_none();
        let old = match lift.dual(level) {
            // Saved values share the dual: what they see follows.
            Some(dual) => {
                let old = std::mem::replace(&mut *dual.tangent.lock(), tangent);
                if cleared {
                    lift.duals.retain(|dual| dual.level != level);
                    self.set_lift(Some(lift));
                }
                old
            }
            None if cleared => None,
            None => {
                let dual = Arc::new(Dual { level, tangent: SpinMutex::new(tangent) });
                let known = OPEN.with(|open| {
                    let mut open = open.borrow_mut();
                    let Some(open) = open.iter_mut().find(|open| open.level == level) else { return false };
                    // Tangents come and go with their tensors: now and then, those that are gone are forgotten.
                    if open.duals.len() == open.duals.capacity() {
                        open.duals.retain(|dual| dual.strong_count() > 0);
                    }
                    open.duals.push(Arc::downgrade(&dual));
                    true
                });
                if !known {
                    return Err(Error::runtime("make_dual", "the level of the tangent has been left"));
                }
                lift.duals.push(dual);
                self.set_lift(Some(lift));
                None
            }
        };
        drop(old);
        Ok(())
    }

    /// Whether this tensor stands for one example of many, so that it has no data.
    pub fn is_batched(&self) -> bool {
        self.lift().is_some_and(|lift| lift.batched.is_some())
    }

    /// Whether this tensor stands for one example of many, or a tangent of it does.
    pub(crate) fn carries_example(&self) -> bool {
        let Some(lift) = self.lift() else { return false };
        lift.batched.is_some()
            || lift.duals.iter().any(|dual| {
                let tangent = dual.tangent.lock().clone();
                tangent.is_some_and(|tangent| tangent.carries_example())
            })
    }

    /// How an example of a batch lies within all of them: its strides. `None` for a tensor that is no example.
    pub fn example_strides(&self) -> Option<Strides> {
        let batched = self.lift()?.batched?;
        let mut strides = match batched.inner.example_strides() {
            Some(strides) => strides,
            None => batched.inner.array().strides().into(),
        };
        strides.remove(batched.axis);
        Some(strides)
    }

    /// The strides that a program sees: of an example, how it lies within all of them.
    pub fn shown_strides(&self) -> Strides {
        let array = self.array();
        let of_example = if array.storage().is_placeholder() { self.example_strides() } else { None };
        of_example.unwrap_or_else(|| array.strides().into())
    }

    /// Refuses a tensor that stands for one example of many: there is no memory that could be shown or exchanged.
    ///
    /// # Errors
    /// For such a tensor.
    pub fn check_own_memory(&self, op: &'static str) -> Result<()> {
        if self.is_batched() {
            return Err(Error::not_implemented(
                op,
                "vmap: a tensor that stands for one example of many has no memory of its own, to be exchanged, resized or shown: this",
            ));
        }
        Ok(())
    }

    /// What this tensor is one example of, if it is batched at `level`.
    pub(crate) fn batched(&self, level: Level) -> Option<Arc<Batched>> {
        self.lift()?.batched.filter(|batched| batched.level == level)
    }
}
