//! What an elementwise operation is: a row, and what it is called with.

use smallvec::SmallVec;

use super::declare::same_text;
use super::tier::Tier;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::kernels::Kernel;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// One elementwise operation.
pub struct Row {
    /// The function's name: `mul`.
    pub name: &'static str,
    /// The node's name: `MulBackward0`.
    pub node: &'static str,
    /// What PyTorch's node has saved where the row has no parameter.
    pub constants: &'static [(&'static str, Scalar)],
    /// First lines of documentation.
    pub doc: &'static str,
    /// Names of the tensor inputs.
    pub inputs: &'static [&'static str],
    /// Names of the parameters.
    pub params: &'static [&'static str],
    /// Dtypes it computes in.
    pub tier: Tier,
    /// The compiled value.
    pub value: fn(DType) -> Option<Kernel>,
    /// One gradient per input; empty for operations without gradient.
    pub grads: &'static [GradRow],
    /// Where test inputs are drawn from.
    pub domain: (f64, f64),
    /// Whether there are parameters with which it has no gradient.
    pub refuses: Option<Refusal>,
    /// Inputs that it depends on, but by a derivative that nobody has: one bit each.
    pub unknown: u8,
    /// Inputs that take no part in promotion: one bit each. See [`unpromoted`].
    pub unpromoted: u8,
}

/// The inputs, by their names, that take no part in promotion, one bit each: a condition only selects, and what is filled where a
/// mask says so keeps its dtype.
pub(crate) const fn unpromoted(inputs: &[&str]) -> u8 {
    if inputs.len() > 1 && same_text(inputs[1], "mask") {
        return !1;
    }
    let (mut found, mut at) = (0, 0);
    while at < inputs.len() {
        if same_text(inputs[at], "condition") {
            found |= 1 << at;
        }
        at += 1;
    }
    found
}

/// Why there is no gradient with these parameters, if there is none.
pub type Refusal = fn(&[Scalar]) -> Option<&'static str>;

/// Rows are told apart by where they are declared.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Row {
    /// The same row with a node of another name: PyTorch numbers the overloads of an operation.
    pub const fn with_node(&self, node: &'static str) -> Self {
        Self { node, ..*self }
    }

    /// The same row without a gradient for the parameters for which `refuses` gives a reason.
    pub const fn refusing(&self, refuses: Refusal) -> Self {
        Self { refuses: Some(refuses), ..*self }
    }

    /// The same row without a derivative with respect to some inputs, one bit each: asking for it is an error.
    pub const fn without_derivative(&self, inputs: u8) -> Self {
        Self { unknown: inputs, ..*self }
    }

    /// The error for a derivative that nobody has, if `input` is asked for.
    pub(super) fn check_known(&self, input: usize) -> Result<()> {
        if self.unknown & 1 << input == 0 {
            return Ok(());
        }
        let reason = format!("the derivative for '{}: {}'", self.name, self.inputs[input]);
        Err(Error::not_implemented(self.name, reason))
    }

    /// Whether it writes some elements of a copy, which PyTorch makes row-major.
    #[inline]
    pub(super) fn fills_copy(&self) -> bool {
        self.unpromoted == !1
    }

    /// A number among the inputs as the row reads it beside elements of `dtype`. Of half precision it is one of them where it is
    /// compared, added, what remains of it, or of powers and logarithms: 0.1 is equal to what 0.1 was stored as. Products and
    /// quotients take it as it is.
    pub fn number(&self, number: Scalar, dtype: DType) -> Scalar {
        const ROUNDED: [&str; 9] = ["add", "sub", "rsub", "remainder", "fmod", "pow", "rpow", "xlogy", "xlog1py"];
        let rounds = || self.tier.is_predicate() || ROUNDED.contains(&self.name);
        if dtype.is_half() && rounds() { number.rounded(dtype) } else { number }
    }

    /// Whether an input takes part in promotion.
    #[inline]
    pub(super) fn promotes(&self, input: usize) -> bool {
        self.unpromoted >> input & 1 == 0
    }
}

/// The gradient of a row with respect to one input.
pub struct GradRow {
    /// The slots it reads beside the gradient: inputs by number, the output as number `inputs.len()`.
    pub uses: &'static [u8],
    /// The gradient passes unchanged.
    pub pass: bool,
    /// The compiled formula of (gradient, used slots…).
    pub kernel: fn(DType) -> Option<Kernel>,
    /// The formula read over the graph.
    pub traced: fn(&[Scalar], Vec<Traced>) -> Traced,
    /// The formula that takes its place where an input that this one does not read has been overwritten. The result may
    /// be all that PyTorch keeps of an operation, though the digits of the derivative are in the input alone: that is
    /// then kept beside the result, and does without a version that counts.
    pub without: Option<&'static GradRow>,
}

impl GradRow {
    /// The slots whose values must still be what they were: those that are saved under PyTorch's names.
    pub(super) fn must_have(&self) -> &'static [u8] {
        self.without.unwrap_or(self).uses
    }
}

/// An argument: a tensor, or a number that stays a number.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    /// A tensor.
    Tensor(&'a Tensor),
    /// A number; promotes by category only.
    Scalar(Scalar),
}

impl<'a> From<&'a Tensor> for Arg<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl<S: Into<Scalar>> From<S> for Arg<'_> {
    fn from(scalar: S) -> Self {
        Self::Scalar(scalar.into())
    }
}

/// Most inputs of a row.
pub(super) const MAX_INPUTS: usize = 3;

/// Parameters of a row, inline.
pub type Params = SmallVec<[Scalar; 2]>;

/// Category-wise promotion of tensors with axes, tensors without, and numbers: `torch.result_type`.
#[derive(Default, Clone, Copy)]
pub struct Promotion {
    dimensioned: Option<DType>,
    zero_dim: Option<DType>,
    wrapped: Option<DType>,
}

impl Promotion {
    /// Takes a tensor in.
    pub fn tensor(&mut self, dtype: DType, rank: usize) {
        let slot = if rank > 0 { &mut self.dimensioned } else { &mut self.zero_dim };
        *slot = Some(slot.map_or(dtype, |old| old.promote(dtype)));
    }

    /// Takes a number in.
    pub fn scalar(&mut self, scalar: Scalar) {
        let dtype = scalar.dtype();
        self.wrapped = Some(self.wrapped.map_or(dtype, |old| old.promote(dtype)));
    }

    /// The dtype of the result.
    pub fn result(self) -> DType {
        let combine = |higher: Option<DType>, lower: Option<DType>| match (higher, lower) {
            (None, other) | (other, None) => other,
            (Some(higher), Some(lower)) if lower.category() <= higher.category() => Some(higher),
            // A complex number without axes makes floats complex, and leaves them their width.
            (Some(higher), Some(_)) if higher.is_float() => Some(higher.to_complex()),
            (Some(higher), Some(lower)) => Some(higher.promote(lower)),
        };
        combine(combine(self.dimensioned, self.zero_dim), self.wrapped).unwrap_or(DType::F32)
    }
}

/// An elementwise row chosen by the arguments of a call.
pub struct Resolved<'a> {
    /// The row.
    pub row: &'static Row,
    /// Its parameters.
    pub params: Params,
    /// Its inputs.
    pub args: SmallVec<[Arg<'a>; 3]>,
}

impl<'a> Resolved<'a> {
    /// A row with inputs and no parameters.
    pub fn new(row: &'static Row, args: &[Arg<'a>]) -> Self {
        Self::with(row, &[], args)
    }

    /// A row with parameters.
    pub fn with(row: &'static Row, params: &[Scalar], args: &[Arg<'a>]) -> Self {
        Self { row, params: Params::from_slice(params), args: SmallVec::from_slice(args) }
    }
}

/// A value of a formula that is being recorded.
#[derive(Clone)]
pub enum Traced {
    /// A tensor.
    Tensor(Tensor),
    /// A constant: stays a number.
    Number(Scalar),
    /// An operation failed; everything computed from it fails with the same error.
    Failed(Box<Error>),
}
