//! The one error type of the crate.
//!
//! Every variant carries the operation concerned and what was given, so that a message can say what was expected,
//! where, and what to do. The Python layer maps variants to exception classes in one place.

use std::fmt;
use std::sync::Arc;

use crate::dtype::{DType, torch_name};

/// Result of every fallible operation. The error is boxed so that the success path stays small.
pub type Result<T, E = Box<Error>> = std::result::Result<T, E>;

/// A shape as error messages show it: `[2, 3]`.
#[derive(Clone, PartialEq, Eq)]
pub struct ShapeText(pub Vec<usize>);

impl From<&[usize]> for ShapeText {
    fn from(shape: &[usize]) -> Self {
        Self(shape.to_vec())
    }
}

impl fmt::Display for ShapeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl fmt::Debug for ShapeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an operation has to say: its name stands in front, unless the text names it itself, first or among its first words, as
/// PyTorch's texts do.
struct Said<'a>(&'static str, &'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(op, text) = *self;
        let first = text.trim_start_matches('"');
        let [first, own] = [first, op].map(|name| name.strip_prefix("torch.").unwrap_or(name));
        let names_it = first.starts_with(own) || text.split(' ').take(4).any(|word| word == op);
        if names_it { f.write_str(text) } else { write!(f, "{op}: {text}") }
    }
}

/// What can go wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    // ---- shapes, axes, indices -------------------------------------------------------------------------------
    /// Two shapes that do not broadcast or do not fit each other.
    #[error("{}", Said(op, &format!("shapes {left} and {right} do not fit: {reason}")))]
    ShapeMismatch {
        /// Operation concerned.
        op: &'static str,
        /// Shape of the first operand.
        left: ShapeText,
        /// Shape of the second operand.
        right: ShapeText,
        /// What was expected and what to do.
        reason: String,
    },
    /// One shape that the operation cannot use.
    #[error("{}", Said(op, &format!("{reason} (got shape {shape})")))]
    InvalidShape {
        /// Operation concerned.
        op: &'static str,
        /// The shape given.
        shape: ShapeText,
        /// What was expected.
        reason: String,
    },
    /// An axis outside `-rank..rank`.
    #[error("{op}: Dimension out of range (expected to be in range of [{}, {}], but got {axis})", -(*rank).max(1), (*rank).max(1) - 1)]
    AxisOutOfRange {
        /// Operation concerned.
        op: &'static str,
        /// The axis given.
        axis: i64,
        /// Number of axes of the tensor.
        rank: i64,
    },
    /// An index outside its axis.
    #[error("{}", Said(op, &format!("index {index} is out of bounds for dimension {axis} with size {size}")))]
    IndexOutOfRange {
        /// Operation concerned.
        op: &'static str,
        /// The index given.
        index: i64,
        /// The axis it was meant for.
        axis: usize,
        /// Size of that axis.
        size: usize,
    },
    /// An index expression that is malformed (too many indices, a mask of another shape).
    #[error("{}", Said(op, reason))]
    Index {
        /// Operation concerned.
        op: &'static str,
        /// What was given and what was expected.
        reason: String,
    },
    // ---- values and types --------------------------------------------------------------------------------------
    /// An argument whose value is not allowed.
    #[error("{}", Said(op, reason))]
    Value {
        /// Operation concerned.
        op: &'static str,
        /// What was given and what was expected.
        reason: String,
    },
    /// An argument of the wrong type.
    #[error("{}", Said(op, reason))]
    Type {
        /// Operation concerned.
        op: &'static str,
        /// What was given and what was expected.
        reason: String,
    },
    /// A dtype the operation does not take.
    #[error("{}", Said(op, &format!("{reason} (got {dtype})")))]
    DType {
        /// Operation concerned.
        op: &'static str,
        /// The dtype given.
        dtype: DType,
        /// What was expected.
        reason: String,
    },
    /// A condition that PyTorch reports as a plain `RuntimeError`.
    #[error("{}", Said(op, reason))]
    Runtime {
        /// Operation concerned.
        op: &'static str,
        /// What was given, what was expected, what to do.
        reason: String,
    },
    /// A matrix for which there is no result: singular, not positive definite, without convergence.
    #[error("{}", Said(op, reason))]
    LinAlg {
        /// Operation concerned.
        op: &'static str,
        /// Which matrix of a batch, and what is wrong with it.
        reason: String,
    },
    /// Something that exists in PyTorch and not here (yet).
    #[error("{}", Said(op, &format!("{what} is not implemented")))]
    NotImplemented {
        /// Operation concerned.
        op: &'static str,
        /// The missing thing.
        what: String,
    },
    /// What only data can tell was asked of a tensor that has none: one of the device `meta`.
    #[error("{what}")]
    NoData {
        /// Operation concerned.
        op: &'static str,
        /// What was wanted.
        what: String,
    },
    // ---- memory ------------------------------------------------------------------------------------------------
    /// The allocator refused, or the size overflows the address space.
    #[error("{op}: {}cannot allocate {bytes} bytes", if *bytes > isize::MAX as u128 { "Storage size calculation overflowed: " } else { "" })]
    OutOfMemory {
        /// Operation concerned.
        op: &'static str,
        /// Bytes asked for; `u128` because the product of the sizes may not fit the address space.
        bytes: u128,
    },
    /// An output that overlaps an input or itself.
    #[error("{}", Said(op, reason))]
    Overlap {
        /// Operation concerned.
        op: &'static str,
        /// PyTorch's key phrase and what to do.
        reason: String,
    },
    // ---- graph -------------------------------------------------------------------------------------------------
    /// A rule of the autograd contract that the program broke.
    #[error("{reason}")]
    Graph {
        /// Operation concerned.
        op: &'static str,
        /// Key phrase, the lines of the program concerned, what to do.
        reason: String,
    },
    /// An error of the host language (a Python exception) on its way through the core.
    #[error("{op}: {source}")]
    Foreign {
        /// Operation concerned.
        op: &'static str,
        /// The host's error, handed back unchanged by the binding.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The operation that failed.
    pub fn op(&self) -> &'static str {
        match self {
            Self::ShapeMismatch { op, .. }
            | Self::InvalidShape { op, .. }
            | Self::AxisOutOfRange { op, .. }
            | Self::IndexOutOfRange { op, .. }
            | Self::Index { op, .. }
            | Self::Value { op, .. }
            | Self::Type { op, .. }
            | Self::DType { op, .. }
            | Self::Runtime { op, .. }
            | Self::LinAlg { op, .. }
            | Self::NotImplemented { op, .. }
            | Self::NoData { op, .. }
            | Self::OutOfMemory { op, .. }
            | Self::Overlap { op, .. }
            | Self::Graph { op, .. }
            | Self::Foreign { op, .. } => op,
        }
    }
}

macro_rules! constructor {
    ($(#[$doc:meta])* $name:ident => $variant:ident) => {
        $(#[$doc])*
        #[cold]
        pub fn $name(op: &'static str, reason: impl Into<String>) -> Box<Self> {
            Box::new(Self::$variant { op, reason: reason.into() })
        }
    };
}

impl Error {
    constructor! {
        /// An argument whose value is not allowed.
        value => Value
    }
    constructor! {
        /// An argument of the wrong type.
        type_ => Type
    }
    constructor! {
        /// A malformed index expression.
        index => Index
    }
    constructor! {
        /// A condition PyTorch reports as `RuntimeError`.
        runtime => Runtime
    }
    constructor! {
        /// A matrix without a result.
        lin_alg => LinAlg
    }
    constructor! {
        /// A broken rule of the autograd contract.
        graph => Graph
    }
    constructor! {
        /// Overlapping memory.
        overlap => Overlap
    }

    /// A dtype the operation does not take.
    #[cold]
    pub fn dtype(op: &'static str, dtype: DType, reason: impl Into<String>) -> Box<Self> {
        Box::new(Self::DType { op, dtype, reason: reason.into() })
    }

    /// An operation that takes no tensors of this dtype.
    #[cold]
    pub fn not_for(op: &'static str, dtype: DType) -> Box<Self> {
        Self::no_kernel(op, op, dtype)
    }

    /// The same where PyTorch's message names its kernel instead of the operation.
    #[cold]
    pub fn no_kernel(op: &'static str, kernel: &str, dtype: DType) -> Box<Self> {
        Self::dtype(op, dtype, format!("\"{kernel}\" not implemented for '{}'", torch_name(dtype)))
    }

    /// Two shapes that do not fit each other.
    #[cold]
    pub fn shapes(op: &'static str, left: &[usize], right: &[usize], reason: impl Into<String>) -> Box<Self> {
        Box::new(Self::ShapeMismatch { op, left: left.into(), right: right.into(), reason: reason.into() })
    }

    /// One shape that does not do.
    #[cold]
    pub fn shape(op: &'static str, shape: &[usize], reason: impl Into<String>) -> Box<Self> {
        Box::new(Self::InvalidShape { op, shape: shape.into(), reason: reason.into() })
    }

    /// Something that PyTorch has and this library has not.
    #[cold]
    pub fn not_implemented(op: &'static str, what: impl Into<String>) -> Box<Self> {
        Box::new(Self::NotImplemented { op, what: what.into() })
    }
}
