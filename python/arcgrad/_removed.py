"""Functions that PyTorch has no more, and what it says to use instead; methods that it still has and warns of."""

from __future__ import annotations

import math

from arcgrad._warnings import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from arcgrad._core import Tensor

__all__ = ["eig", "lstsq", "matrix_rank", "solve", "symeig"]


def _removed(name, instead):
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"This function was deprecated since version 1.9 and is now removed. `{name}` is now `{instead}`.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raises RuntimeError: use ``{instead}``."
    return function


eig = _removed("eig", "linalg.eig")
lstsq = _removed("lstsq", "linalg.lstsq")
matrix_rank = _removed("matrix_rank", "linalg.matrix_rank")
solve = _removed("solve", "linalg.solve")
symeig = _removed("symeig", "linalg.eigh")


def _resize(self: Tensor, *sizes: int) -> Tensor:
    """The elements in another shape, which has as many; says that ``reshape`` is to be used."""
    warn("non-inplace resize is deprecated")
    return _reshaped(self, sizes)


def _resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """The elements in the shape of another tensor, which has as many; says that ``reshape_as`` is to be used."""
    warn("non-inplace resize_as is deprecated")
    return _reshaped(self, tensor.shape)


def _reshaped(tensor, sizes):
    count = math.prod(sizes)
    if tensor.numel() != count:
        asked, given = ("x".join(map(str, shape)) for shape in (sizes, tensor.shape))
        raise RuntimeError(
            f"requested resize to {asked} ({count} elements in total), but the given tensor has a size of {given} ({tensor.numel()} "
            "elements). autograd's resize can only change the shape of a given tensor, while preserving the number of elements. "
        )
    return tensor.contiguous().view(sizes)
