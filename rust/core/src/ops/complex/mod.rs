//! Complex numbers: their parts, their size and direction, their conjugates, and what they are made of.
//!
//! Gradients are those of PyTorch: of a real loss L with respect to z = x + iy, ∂L/∂x + i·∂L/∂y. A function that is linear over
//! the real numbers alone has a tangent that is not the conjugate of its gradient's formula, so those functions are
//! operations of their own here, and no rows.

pub mod table;

pub use super::views::{view_as_complex, view_as_real};

use smallvec::{SmallVec, smallvec};

use super::elementwise::apply;
use super::{batching, rows, views};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::Backward;
use crate::graph::transform::{Batch, Tangents};
use crate::kernels::number::{Complex, Part, PartFormula};
use crate::kernels::{Kernel, row};
use crate::launch::{self, Source};
use crate::ops::arranging::joining;
use crate::ops::elementwise::{overloads, select};
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

// ---- size and direction --------------------------------------------------------------------------------------------

struct Modulus;

impl PartFormula for Modulus {
    #[inline(always)]
    fn eval<R: Part>(z: Complex<R>) -> R {
        z.modulus()
    }
}

struct Angle;

impl PartFormula for Angle {
    #[inline(always)]
    fn eval<R: Part>(z: Complex<R>) -> R {
        z.angle()
    }
}

/// The absolute value of complex numbers, or their angle from the positive real axis: real numbers.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Polar {
    Modulus,
    Angle,
}

impl Polar {
    fn kernel(self, dtype: DType) -> Option<Kernel> {
        const COST: u32 = 2000;
        Some(match (self, dtype) {
            (Self::Modulus, DType::C64) => row::part::<Modulus, f32>(COST),
            (Self::Modulus, DType::C128) => row::part::<Modulus, f64>(COST),
            (Self::Angle, DType::C64) => row::part::<Angle, f32>(COST),
            (Self::Angle, DType::C128) => row::part::<Angle, f64>(COST),
            _ => return None,
        })
    }

    /// What the gradient is a real multiple of: z/|z|, or iz/|z|²; 0 where z is.
    fn slope(self, z: &Tensor) -> Result<Tensor> {
        let direction = sgn(z)?;
        match self {
            Self::Modulus => Ok(direction),
            Self::Angle => {
                let size = abs(z)?;
                let zero = size.eq(0.0)?;
                let size = select::where_(&zero, Scalar::Int(1).into(), (&size).into())?;
                direction.mul(Scalar::Complex(0.0, 1.0))?.div(&size)
            }
        }
    }
}

impl Op for Polar {
    fn name(&self) -> &str {
        match self {
            Self::Modulus => "AbsBackward0",
            Self::Angle => "AngleBackward0",
        }
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (z, op) = (&inputs[0], if *self == Self::Modulus { "abs" } else { "angle" });
        let kernel = self.kernel(z.dtype()).ok_or_else(|| Error::not_for(op, z.dtype()))?;
        let output = Array::uninit_like(op, z, z.dtype().to_real())?;
        launch::map(&kernel, &[], &[Source::Array(z)], &output, || {});
        Ok(smallvec![output])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(0)]
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("self", 0)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = self.slope(&cx.saved(0)?)?.mul(&cx.only_grad())?;
        cx.put(0, gradient);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let along = conj(&self.slope(cx.input(0))?)?.mul(&tangent)?;
        cx.put(0, real(&along)?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let result = call(*self, &[&batching::front(cx.input(0), cx.size())?])?;
        cx.put(result, Some(0));
        Ok(())
    }
}

/// Absolute value; real.
#[track_caller]
pub fn abs(input: &Tensor) -> Result<Tensor> {
    if input.dtype().is_complex() {
        call(Polar::Modulus, &[input])
    } else {
        apply(&rows::abs::ROW, &[], &[input.into()])
    }
}

/// Angle from the positive real axis, in radians; real.
#[track_caller]
pub fn angle(input: &Tensor) -> Result<Tensor> {
    if input.dtype().is_complex() {
        call(Polar::Angle, &[input])
    } else {
        apply(&rows::angle::ROW, &[], &[input.into()])
    }
}

/// The number of size 1 in the same direction; 0 of 0. The sign of real numbers.
#[track_caller]
pub fn sgn(input: &Tensor) -> Result<Tensor> {
    if !input.dtype().is_complex() {
        return apply(&overloads::SGN, &[], &[input.into()]);
    }
    let size = abs(input)?;
    let zero = size.eq(0.0)?;
    let size = select::where_(&zero, Scalar::Int(1).into(), (&size).into())?;
    select::where_(&zero, Scalar::Int(0).into(), (&input.div(&size)?).into())
}

// ---- functions that real numbers have rows of ----------------------------------------------------------------------

/// z / (1 + |z|).
#[track_caller]
pub fn softsign(z: &Tensor) -> Result<Tensor> {
    z.div(&abs(z)?.add(1.0)?)
}

/// z σ(z).
#[track_caller]
pub fn silu(z: &Tensor) -> Result<Tensor> {
    z.mul(&z.sigmoid()?)
}

/// sin(πz) / (πz), 1 at 0; near it by its series, which has the derivatives, too.
#[track_caller]
pub fn sinc(z: &Tensor) -> Result<Tensor> {
    // Where the series' next term is below the rounding of doubles.
    const NEAR: f64 = 0.5;
    let turned = z.mul(std::f64::consts::PI)?;
    let near = abs(&turned)?.lt(NEAR)?;
    let only = |inside: bool, other: i64| {
        let (x, y) = (Scalar::Int(other).into(), (&turned).into());
        if inside { select::where_(&near, y, x) } else { select::where_(&near, x, y) }
    };
    let inner = only(true, 0)?;
    let square = inner.mul(&inner)?;
    let mut series = Tensor::scalar(1.0, z.dtype())?;
    for k in (1..=8).rev() {
        series = square.mul(&series)?.mul(-1.0 / f64::from(2 * k * (2 * k + 1)))?.add(1.0)?;
    }
    let outer = only(false, 1)?;
    select::where_(&near, (&series).into(), (&outer.sin()?.div(&outer)?).into())
}

/// ln(eˣ + eʸ), from the number with the greater real part.
#[track_caller]
pub fn logaddexp(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let dtype = crate::ops::elementwise::resolve::promoted(&[x.into(), y.into()]);
    let shape = crate::shape::broadcast("logaddexp", &x.shape(), &y.shape())?;
    let part = |tensor: &Tensor| views::broadcast_to(&copy::to_dtype(tensor, dtype)?, &shape);
    logsumexp(&joining::stack(&[part(x)?, part(y)?], 0)?, &[0], false)
}

/// ln Σ eᶻ over axes, from the greatest real part.
#[track_caller]
pub fn logsumexp(z: &Tensor, axes: &[i64], keep: bool) -> Result<Tensor> {
    let size = real(&z.detach())?;
    let most = size.amax(axes, true)?;
    let none = most.isfinite()?.logical_not()?;
    let most = select::where_(&none, Scalar::Int(0).into(), (&most).into())?;
    let total = z.sub(&most)?.exp()?.sum_over(axes, true)?;
    let result = total.log()?.add(&most)?;
    if keep { Ok(result) } else { result.sum_over(axes, false) }
}

/// x · 2ʸ.
#[track_caller]
pub fn ldexp(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let y = if y.dtype().is_differentiable() { y.clone() } else { copy::to_dtype(y, x.dtype().to_real())? };
    x.mul(&y.exp2()?)
}

/// The complex conjugate; of real numbers the tensor itself. It is computed at once.
#[track_caller]
pub fn conj(input: &Tensor) -> Result<Tensor> {
    if input.dtype().is_complex() { apply(&rows::conj::ROW, &[], &[input.into()]) } else { Ok(input.clone()) }
}

// ---- parts ---------------------------------------------------------------------------------------------------------

/// The real part: a view. Of real numbers the tensor itself.
#[track_caller]
pub fn real(input: &Tensor) -> Result<Tensor> {
    if input.dtype().is_complex() { views::select(&view_as_real(input)?, -1, 0) } else { Ok(input.clone()) }
}

/// The imaginary part: a view.
///
/// # Errors
/// For real tensors.
#[track_caller]
pub fn imag(input: &Tensor) -> Result<Tensor> {
    if !input.dtype().is_complex() {
        return Err(Error::type_("imag", "imag is not implemented for tensors with non-complex dtypes."));
    }
    views::select(&view_as_real(input)?, -1, 1)
}

/// Whether the imaginary part is 0.
#[track_caller]
pub fn isreal(input: &Tensor) -> Result<Tensor> {
    if input.dtype().is_complex() {
        imag(input)?.eq(0.0)
    } else {
        Ok(Tensor::from_array(Array::full("isreal", &input.shape(), Scalar::Bool(true), DType::Bool)?))
    }
}

/// Two floats of one dtype, of which complex numbers can be made.
fn check_parts(a: &Tensor, b: &Tensor) -> Result<()> {
    let (left, right) = (a.dtype(), b.dtype());
    if !left.is_float() || !right.is_float() {
        return Err(Error::not_implemented(
            "complex",
            format!(
                "Expected both inputs to be Half, Float or Double tensors but got {} and {}",
                torch_name(left),
                torch_name(right)
            ),
        ));
    }
    if left != right {
        return Err(Error::runtime(
            "complex",
            format!(
                "Expected object of scalar type {} but got scalar type {} for second argument",
                torch_name(left),
                torch_name(right)
            ),
        ));
    }
    if left.is_half() {
        return Err(Error::not_implemented("complex", "complex numbers of half precision"));
    }
    Ok(())
}

/// `real + imag·i`.
#[track_caller]
pub fn complex(real: &Tensor, imag: &Tensor) -> Result<Tensor> {
    check_parts(real, imag)?;
    let shape = crate::shape::broadcast("complex", &real.shape(), &imag.shape())?;
    let parts = [views::broadcast_to(real, &shape)?, views::broadcast_to(imag, &shape)?];
    view_as_complex(&joining::stack(&parts, -1)?)
}

/// `abs · (cos angle + i·sin angle)`.
#[track_caller]
pub fn polar(abs: &Tensor, angle: &Tensor) -> Result<Tensor> {
    check_parts(abs, angle)?;
    complex(&abs.mul(&angle.cos()?)?, &abs.mul(&angle.sin()?)?)
}

/// The last two axes exchanged, conjugated.
#[track_caller]
pub fn adjoint(input: &Tensor) -> Result<Tensor> {
    conj(&views::matrix_transpose(input)?)
}

/// Both parts of a complex array as real ones: views.
pub(super) fn parts(array: &Array) -> Result<[Array; 2]> {
    let pairs = views::ViewOp::AsReal.apply(array)?;
    let last = pairs.rank() - 1;
    Ok([0, 1].map(|part| pairs.select(last, part)))
}

/// A complex array of its parts, row-major.
pub(super) fn of_parts(op: &'static str, [real, imag]: [&Array; 2]) -> Result<Array> {
    let output = Array::uninit(op, real.shape(), real.dtype().to_complex())?;
    for (part, source) in parts(&output)?.iter().zip([real, imag]) {
        part.copy_from(source);
    }
    Ok(output)
}
