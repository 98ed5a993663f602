"""Functions that PyTorch's own Python code calls, and some programs."""

from __future__ import annotations

from arcgrad import Tensor, _core, _names

__all__ = ["_unique", "_unique2", "unique_dim"]


def _unique2(input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """The values of a tensor, each once; where each element is among them; how often each occurs. What is not asked for is empty."""
    values, inverse, counts = _core.unique(input, sorted=sorted, return_inverse=True, return_counts=True)
    empty = _core.empty(0, dtype=_core.int64)
    return values, inverse if return_inverse else empty, counts if return_counts else empty


def _unique(input: Tensor, sorted: bool = True, return_inverse: bool = False) -> tuple[Tensor, Tensor]:
    """:func:`_unique2` without counts."""
    return _unique2(input, sorted, return_inverse)[:2]


def unique_dim(
    input: Tensor, dim: int, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """The same of the slices along an axis."""
    values, inverse, counts = _core.unique(input, sorted=sorted, return_inverse=True, return_counts=True, dim=dim)
    empty = _core.empty(0, dtype=_core.int64)
    return values, inverse if return_inverse else empty, counts if return_counts else empty


_names.describe(__name__)
