//! Blame: which line of the user's program made a node or a version.
//!
//! Eight bytes are stored per node and per version; they are resolved to file and line only when an error or a drawing
//! asks. A host language installs a [`Host`]; without one, the caller's Rust location is stored.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::panic::Location;
use std::sync::OnceLock;

/// A place in the user's program, eight bytes, or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Blame(u64);

/// Marks an address of a `&'static Location`; user-space addresses leave the top bit free.
const RUST: u64 = 1 << 63;

/// A resolved place: what an error shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// File name.
    pub file: String,
    /// Line number, from 1.
    pub line: u32,
    /// The line's text, when the source can be read.
    pub text: Option<String>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        match &self.text {
            Some(text) => write!(f, "  `{}`", text.trim()),
            None => Ok(()),
        }
    }
}

/// How a host language finds and resolves places. The numbers are the host's own, below 2⁶³, 0 for none.
pub struct Host {
    /// The innermost place of the user's program right now.
    pub locate: fn() -> u64,
    /// File, line and text of a place.
    pub resolve: fn(NonZeroU64) -> Option<Line>,
}

static HOST: OnceLock<Host> = OnceLock::new();

thread_local! {
    /// The place nodes made during backward inherit from the node they come from.
    static INHERITED: Cell<u64> = const { Cell::new(0) };
}

/// Installs the host language. The first installation wins.
pub fn set_host(host: Host) {
    let _ = HOST.set(host);
}

impl Blame {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// The place of the caller: the host's innermost user frame, else the Rust caller.
    #[inline]
    #[track_caller]
    pub fn here() -> Self {
        let inherited = INHERITED.get();
        if inherited != 0 {
            return Self(inherited);
        }
        match HOST.get() {
            Some(host) => Self((host.locate)()),
            None => Self(std::ptr::from_ref(Location::caller()) as u64 | RUST),
        }
    }

    /// This place, or `other` where it is nobody's.
    #[inline]
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::NONE { other } else { self }
    }

    /// The eight bytes.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// From the eight bytes, which must have come from [`Blame::bits`] of this process.
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// File, line and text, if known.
    pub fn resolve(self) -> Option<Line> {
        if self.0 & RUST != 0 {
            // SAFETY: the bit is only set in `here`, over the address of a `&'static Location`.
            let location = unsafe { &*((self.0 & !RUST) as *const Location<'static>) };
            let text = std::fs::read_to_string(location.file())
                .ok()
                .and_then(|source| source.lines().nth(location.line() as usize - 1).map(str::to_owned));
            return Some(Line { file: location.file().to_owned(), line: location.line(), text });
        }
        NonZeroU64::new(self.0).and_then(|bits| HOST.get().and_then(|host| (host.resolve)(bits)))
    }

    /// `file:line  text`, or a phrase that says it is not known.
    pub fn describe(self) -> String {
        self.resolve().map_or_else(|| "an unknown line".to_owned(), |line| line.to_string())
    }
}

/// While alive, nodes and versions made on this thread are blamed on `blame`.
pub struct Inherit(u64);

impl Inherit {
    /// Starts inheriting.
    #[inline]
    pub fn from(blame: Blame) -> Self {
        Self(INHERITED.replace(blame.0))
    }
}

impl Drop for Inherit {
    #[inline]
    fn drop(&mut self) {
        INHERITED.set(self.0);
    }
}
