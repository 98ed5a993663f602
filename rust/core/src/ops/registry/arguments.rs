//! Parameters of signatures, and what a call gives for them.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::dtype::DType;
use crate::random::SharedGenerator;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// What an argument may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A tensor.
    Tensor,
    /// A tensor or a number.
    TensorOrNumber,
    /// A list or tuple of tensors.
    Tensors,
    /// A number.
    Number,
    /// An integer.
    Int,
    /// One or several integers.
    Ints,
    /// A list of integers: PyTorch takes a lone one only where a list has a usual length (`dim`, `kernel_size`).
    IntList,
    /// A float (integers are taken).
    Float,
    /// One or several floats.
    Floats,
    /// A truth value.
    Bool,
    /// A word.
    Text,
    /// A dtype.
    DType,
    /// A random generator.
    Generator,
    /// An integer, several, or a tensor of them (`repeat_interleave`, `tensordot`'s pairs): the operation looks.
    Any,
}

/// What a parameter is when it is left out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Default {
    /// It must be given.
    Required,
    /// `None`; the parameter also accepts `None`.
    None,
    /// Several integers.
    Ints(&'static [i64]),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A word.
    Text(&'static str),
}

/// One parameter of a signature.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name, as PyTorch has it.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is when left out.
    pub default: Default,
    /// Only by keyword.
    pub keyword_only: bool,
    /// It accepts `None`.
    pub nullable: bool,
    /// `f(a, b)` is the same as `f((a, b))`, of tensors; for integers see [`super::OpInfo::spreads`].
    pub variadic: bool,
    /// Whether NumPy's spelling of the name (`axis` for `dim`) is taken as well.
    pub numpy_spelling: bool,
}

/// A required parameter.
pub(super) const fn param(name: &'static str, kind: Kind) -> Param {
    Param {
        name,
        kind,
        default: Default::Required,
        keyword_only: false,
        nullable: false,
        variadic: false,
        numpy_spelling: true,
    }
}

impl Param {
    /// With a default.
    pub const fn or(self, default: Default) -> Self {
        Self { default, ..self }
    }
    /// May be `None`.
    pub const fn or_none(self) -> Self {
        Self { nullable: true, ..self }
    }
    /// Only by keyword.
    pub const fn keyword(self) -> Self {
        Self { keyword_only: true, ..self }
    }
    /// Takes the remaining positional tensors.
    pub const fn variadic(self) -> Self {
        Self { variadic: true, ..self }
    }
    /// Without NumPy's spelling of the name.
    pub const fn only_so_named(self) -> Self {
        Self { numpy_spelling: false, ..self }
    }
}

/// A dynamic argument.
#[derive(Clone)]
pub enum Value {
    /// Left out, or `None`.
    None,
    /// A tensor.
    Tensor(Tensor),
    /// Several tensors.
    Tensors(Vec<Tensor>),
    /// A number.
    Number(Scalar),
    /// An integer.
    Int(i64),
    /// Several integers.
    Ints(SmallVec<[i64; 6]>),
    /// Several floats.
    Floats(Vec<f64>),
    /// A float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A word.
    Text(Cow<'static, str>),
    /// A dtype.
    DType(DType),
    /// A random generator.
    Generator(SharedGenerator),
    /// Several lists of integers (`tensordot`'s pairs of axes).
    Lists(Vec<Vec<i64>>),
}

impl Value {
    /// The tensors in it.
    pub(in crate::ops) fn tensors(&self) -> &[Tensor] {
        match self {
            Self::Tensor(tensor) => std::slice::from_ref(tensor),
            Self::Tensors(tensors) => tensors,
            _ => &[],
        }
    }
}

/// The arguments of a call, one per parameter, checked against the signature.
pub struct Args<'a> {
    /// The operation, for messages.
    pub op: &'static str,
    /// One value per parameter.
    pub values: &'a [Value],
}
