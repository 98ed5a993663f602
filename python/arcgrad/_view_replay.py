"""Views of other tensors than the one that they were made of: how a view lies in its base is what it takes to make it again."""

from __future__ import annotations

from arcgrad import Tensor, view_as_complex, view_as_real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = []


def _shown(tensor, like, of):
    """The part of ``tensor`` that ``like`` is of ``of``, both in one memory; a complex number is two real ones."""
    if like.dtype is not of.dtype:
        if like.is_complex() is of.is_complex():
            raise RuntimeError(f"_view_func: a view of {of.dtype} as {like.dtype} is not made again: its elements are of another kind")
        if of.is_complex():
            tensor, of = view_as_real(tensor), view_as_real(of)
        else:
            pairs = _shown(tensor, view_as_real(like), of)
            return view_as_complex(pairs)
    offset = like.storage_offset() - of.storage_offset() + tensor.storage_offset()
    return tensor.as_strided(like.size(), like.stride(), offset)


def _base_of(view):
    if view._base is None:
        raise RuntimeError("_view_func: the tensor is not a view")
    return view._base


def _view_func_unsafe(self: Tensor, new_base: Tensor, symint_visitor_fn: Any = None, tensor_visitor_fn: Any = None) -> Tensor:
    """The part of ``new_base`` that this view is of its base.

    Raises:
        RuntimeError: it is no view, or sizes and tensors that the view was made with are to be changed.
    """
    if symint_visitor_fn is not None or tensor_visitor_fn is not None:
        raise RuntimeError("_view_func: a view does not know the numbers and tensors that it was made with: they cannot be changed")
    base = _base_of(self)
    return _shown(new_base, self.detach(), base.detach())  # type: ignore[no-any-return]


def _view_func(self: Tensor, new_base: Tensor, symint_visitor_fn: Any = None, tensor_visitor_fn: Any = None) -> Tensor:
    """:func:`_view_func_unsafe` of a tensor that lies as the base does.

    Raises:
        RuntimeError: it lies otherwise.
    """
    base = _base_of(self)
    if new_base.dtype is not base.dtype or new_base.size() != base.size() or new_base.stride() != base.stride():
        raise RuntimeError(
            f"_view_func: the new base has to lie as the old one does, {base.dtype} of size {tuple(base.size())} and strides "
            f"{base.stride()}, but got {new_base.dtype}, {tuple(new_base.size())} and {new_base.stride()}"
        )
    return _view_func_unsafe(self, new_base, symint_visitor_fn, tensor_visitor_fn)


def _rev_view_func_unsafe(self: Tensor, new_view: Tensor, symint_visitor_fn: Any = None, tensor_visitor_fn: Any = None) -> Tensor:
    """The whole of whose memory ``new_view`` is the part that this view is of its base."""
    base = _base_of(self)
    return _shown(new_view, base.detach(), self.detach())  # type: ignore[no-any-return]
