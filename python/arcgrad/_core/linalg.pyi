# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
import builtins
from collections.abc import Sequence
from typing import SupportsIndex, overload
from arcgrad._core import DType, Operand, Tensor

@overload
def cross(input: Tensor, other: Tensor, *, dim: SupportsIndex=-1, out: Tensor | None=None) -> Tensor:
    """Vector product along `dim`, which has size 3; the other axes broadcast."""

@overload
def cross(input: Tensor, other: Tensor, *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

def matmul(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."""

def matrix_power(input: Tensor, n: SupportsIndex, *, out: Tensor | None=None) -> Tensor:
    """The `n`-th power (n ≥ 0) of a square matrix, or of each matrix of a batch."""

def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Product of several matrices in the order that takes the fewest multiplications; the first may be a vector (a row) and the last one, too (a column)."""

@overload
def vecdot(x: Tensor, y: Tensor, *, dim: SupportsIndex=-1, out: Tensor | None=None) -> Tensor:
    """Scalar products along `dim`; the other axes broadcast."""

@overload
def vecdot(x: Tensor, y: Tensor, *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

@overload
def vector_norm(input: Tensor, ord: Operand=2, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor:
    """‖input‖ of order `ord` over `dim` (all by default)."""

@overload
def vector_norm(input: Tensor, ord: Operand=2, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def vector_norm(input: Tensor, ord: Operand=2, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...
