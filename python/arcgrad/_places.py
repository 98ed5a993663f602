"""Elements at given places: found, written, reduced; and functions of a program's own for each of them."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["index_put_", "index_reduce", "index_reduce_", "map2_", "nonzero_static"]


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """The places of the first elements that are not zero, as a matrix of a fixed number of rows.

    Args:
        input (Tensor): any tensor.
        size (int): the number of rows.
        fill_value (int): what rows contain that no element is left for.
        out (Tensor): receives the result.

    Returns:
        An ``int64`` tensor of shape ``(size, input.ndim)``.

    >>> import arcgrad as ag
    >>> ag.nonzero_static(ag.tensor([0, 3, 4]), size=3)
    tensor([[ 1],
            [ 2],
            [-1]])
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    if out is not None and out.dtype is not _core.int64:
        raise RuntimeError("nonzero_static: Expected out tensor to have scalar type Long " f"but got scalar type {out.dtype}")
    found = _core.nonzero(input)[:size]
    missing = _core.full((size - found.shape[0], input.ndim), fill_value, dtype=_core.int64)
    made = _core.cat([found, missing])
    return made if out is None else out.resize_(made.shape).copy_(made)


def index_put_(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """Writes ``values`` to the places that ``indices`` say; see ``Tensor.index_put_``."""
    return input.index_put_(indices, values, accumulate)


_REDUCTIONS = ("prod", "mean", "amax", "amin")


def index_reduce_(self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """:func:`arcgrad.index_reduce` in place."""
    places = _checked("index_reduce_", self, dim, index, source, reduce)
    if places is None:
        return self
    target = self if self.ndim else self.view(1)
    target.scatter_reduce_(dim, places, source.view(places.shape), reduce, include_self=include_self)
    return self


def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True, out: Tensor | None = None
) -> Tensor:
    """Slices of a tensor reduced with those of another one that belong to them.

    Args:
        input (Tensor): what the slices are of.
        dim (int): the axis.
        index (Tensor): a vector of integers: to which slice of ``input`` each slice of ``source`` belongs.
        source (Tensor): as large as ``input``, but along the axis as long as ``index``.
        reduce (str): ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self (bool): whether what is in ``input`` takes part.

    Raises:
        RuntimeError: shapes or dtypes do not fit, or another ``reduce``.

    >>> import arcgrad as ag
    >>> ag.index_reduce(ag.ones(3), 0, ag.tensor([0, 0]), ag.tensor([2.0, 3.0]), "prod")
    tensor([6., 1., 1.])
    """
    places = _checked("index_reduce", input, dim, index, source, reduce)
    if places is None:
        made = input.clone()
    elif input.ndim:
        made = input.scatter_reduce(dim, places, source, reduce, include_self=include_self)
    else:
        made = input.view(1).scatter_reduce(dim, places, source.view(1), reduce, include_self=include_self).view(())
    return made if out is None else out.resize_(made.shape).copy_(made)


def _checked(name, target, dim, index, source, reduce):
    """The index for every element of the source; None where there is none."""
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"{name}(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    if index.ndim > 1:
        raise IndexError(f"{name}(): Index is supposed to be a vector, but got dim: {index.ndim} with type: {index.dtype}")
    if index.dtype not in (_core.int64, _core.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index but got: {index.dtype}")
    if source.dtype is not target.dtype:
        raise RuntimeError(
            f"{name}(): self ({target.dtype}) and source ({source.dtype}) must have the same scalar type"
        )
    rank = max(target.ndim, 1)
    if not -rank <= dim < rank:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {dim})")
    axis = dim % rank
    shape = source.shape if source.ndim else (1,)
    if source.ndim and source.ndim != rank or index.numel() != shape[axis]:
        raise RuntimeError(
            f"{name}(): Number of indices ({index.numel()}) should be equal to source.size(dim): "
            f"({shape[min(axis, len(shape) - 1)]}), for dim: {dim}"
        )
    own = target.shape if target.ndim else (1,)
    if any(place != axis and own[place] != size for place, size in enumerate(shape)):
        raise RuntimeError(
            f"source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(target.shape)} source.shape = {list(source.shape)}"
        )
    if index.numel() == 0:
        return None
    return index.to(_core.int64).view(-1, *(1,) * (rank - 1 - axis)).expand(shape)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Every element replaced by what a function of it, and of those of two more tensors at the same place, returns. Slow."""
    if not hasattr(callable, "__call__"):
        raise TypeError("map2_(): argument 'callable' is not callable")
    if any(each.requires_grad for each in (self, x, y)):
        raise RuntimeError("Can't call map2_() on a Variable that requires grad. Use var.detach().map2_() instead.")
    if not self.dtype is x.dtype is y.dtype:
        raise TypeError(f"map2_: expected {self.dtype} for argument 'x' and 'y', but got {x.dtype} and {y.dtype}")
    own = self.reshape(-1).tolist()
    others = (each.expand(self.shape).reshape(-1).tolist() for each in (x, y))
    made = _core.tensor([callable(*each) for each in zip(own, *others)], dtype=self.dtype)
    return self.copy_(made.view(self.shape))
