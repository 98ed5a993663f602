# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
import builtins
from collections.abc import Sequence
from typing import SupportsIndex, overload
from arcgrad._core import DType, Tensor

def digamma(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ψ(x), the derivative of ln Γ."""

def erf(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Error function."""

def erfc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Complementary error function 1 − erf(x), accurate for large x."""

def exp2(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """2ˣ."""

def expm1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """eˣ − 1, accurate near 0."""

def log1p(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """ln(1 + x), accurate near 0."""

@overload
def log_softmax(input: Tensor, dim: SupportsIndex, *, dtype: DType | None=None) -> Tensor:
    """Logarithm of the softmax along `dim`, more exact than the two in turn."""

@overload
def log_softmax(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...

@overload
def logsumexp(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex], keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """ln Σ eˣ over `dim`, without overflow."""

@overload
def logsumexp(input: Tensor, *, axis: SupportsIndex | Sequence[SupportsIndex], keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...

@overload
def logsumexp(input: Tensor, dim: SupportsIndex | Sequence[SupportsIndex], *, keepdims: builtins.bool, out: Tensor | None=None) -> Tensor: ...

@overload
def round(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Round half to even."""

@overload
def round(input: Tensor, *, decimals: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

@overload
def softmax(input: Tensor, dim: SupportsIndex, *, dtype: DType | None=None) -> Tensor:
    """`exp(x) / Σ exp(x)` along `dim`, without overflow; `input` is cast to `dtype` first, if given."""

@overload
def softmax(input: Tensor, *, axis: SupportsIndex, dtype: DType | None=None) -> Tensor: ...
