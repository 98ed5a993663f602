# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
import builtins
from collections.abc import Sequence
from typing import SupportsIndex, overload
from arcgrad._core import DType, Float, Operand, Tensor

def bessel_j0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Bessel function of the first kind, order 0."""

def bessel_j1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Bessel function of the first kind, order 1."""

def bessel_y0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Bessel function of the second kind, order 0."""

def bessel_y1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Bessel function of the second kind, order 1."""

def digamma(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ψ(x), the derivative of ln Γ."""

def entr(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`-x * ln(x)`, 0 at 0 and −∞ below: the entropy of an outcome."""

def erf(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Error function."""

def erfc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Complementary error function 1 − erf(x), accurate for large x."""

def erfcx(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`exp(x²) * erfc(x)`, the scaled complementary error function."""

def erfinv(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse of the error function; infinite at ±1, NaN beyond."""

def exp2(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """2ˣ."""

def expit(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Logistic sigmoid 1 / (1 + e⁻ˣ)."""

def expm1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """eˣ − 1, accurate near 0."""

def gammainc(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Regularised lower incomplete gamma function P(a, x)."""

def gammaincc(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Regularised upper incomplete gamma function Q(a, x)."""

def gammaln(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ln|Γ(x)|."""

def i0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""

def i0e(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the first kind, order 0, scaled by `exp(-|x|)`."""

def i1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the first kind, order 1."""

def i1e(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the first kind, order 1, scaled by `exp(-|x|)`."""

def log1p(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ln(1 + x), accurate near 0."""

def log_ndtr(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Logarithm of the distribution function of the normal distribution."""

@overload
def log_softmax(input: Tensor, dim: SupportsIndex, *, dtype: DType | None=None) -> Tensor:
    """Logarithm of the softmax along `dim`, more exact than the two in turn."""

@overload
def log_softmax(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...

def logit(input: Tensor, eps: Float | None=None, *, out: Tensor | None=None) -> Tensor:
    """ln(x / (1 − x)), the inverse of the logistic sigmoid; NaN outside of [0, 1]."""

@overload
def logsumexp(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex], keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """ln Σ eˣ over `dim`, without overflow."""

@overload
def logsumexp(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex], keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def logsumexp(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex], *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

def modified_bessel_i0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""

def modified_bessel_i1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the first kind, order 1."""

def modified_bessel_k0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the second kind, order 0."""

def modified_bessel_k1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the second kind, order 1."""

def multigammaln(input: Tensor, p: SupportsIndex, *, out: Tensor | None=None) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension `p`."""

def ndtr(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Distribution function of the normal distribution."""

def ndtri(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Inverse of the distribution function of the normal distribution."""

def polygamma(n: SupportsIndex, input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`n`-th derivative of the digamma function."""

def psi(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ψ(x), the derivative of ln Γ."""

@overload
def round(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Round half to even."""

@overload
def round(input: Tensor, *, decimals: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

def scaled_modified_bessel_k0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the second kind, order 0, scaled by `exp(x)`."""

def scaled_modified_bessel_k1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Modified Bessel function of the second kind, order 1, scaled by `exp(x)`."""

def sinc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """`sin(πx) / (πx)`, 1 at 0."""

@overload
def softmax(input: Tensor, dim: SupportsIndex, *, dtype: DType | None=None) -> Tensor:
    """`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given."""

@overload
def softmax(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...

def spherical_bessel_j0(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Spherical Bessel function of the first kind, order 0: `sin(x) / x`."""

def xlog1py(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x * ln(1 + y)`, 0 where `x` is 0 and `y` not NaN."""

def xlogy(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """`x * ln(y)`, 0 where `x` is 0 and `y` not NaN."""

def zeta(input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor:
    """Hurwitz zeta function Σ `(y + k) ** -x`."""
