"""Methods of tensors that are written in Python: each is imported when it is first called."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

#: Method -> module and function.
_PLACES = {
    "dist": ("_norms", "dist"),
    "eig": ("_removed", "eig"),
    "fill_diagonal_": ("_norms", "fill_diagonal_"),
    "histogram": ("_statistics", "histogram"),
    "index_reduce": ("_norms", "index_reduce"),
    "index_reduce_": ("_norms", "index_reduce_"),
    "lstsq": ("_removed", "lstsq"),
    "renorm": ("_norms", "renorm"),
    "renorm_": ("_norms", "renorm_"),
    "sparse_mask": ("sparse.coo", "_sparse_mask"),
    "to_dense": ("sparse.coo", "_to_dense"),
    "to_sparse": ("sparse.coo", "to_sparse"),
    "to_sparse_csr": ("sparse.csr", "to_sparse_csr"),
    "solve": ("_removed", "solve"),
    "storage": ("storage", "_of"),
    "symeig": ("_removed", "symeig"),
    "unsafe_chunk": ("_splitting", "unsafe_chunk"),
    "unsafe_split": ("_splitting", "unsafe_split"),
    "unsafe_split_with_sizes": ("_splitting", "unsafe_split_with_sizes"),
}


def install() -> None:
    """Gives the class of tensors its methods."""
    for name, place in _PLACES.items():
        if not hasattr(_core.Tensor, name):
            setattr(_core.Tensor, name, _later(name, *place))


def _later(name, module, function):
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        from importlib import import_module

        made = getattr(import_module(f"arcgrad.{module}"), function)
        # What has been put in front of it stays.
        if vars(_core.Tensor).get(name) is method:
            setattr(_core.Tensor, name, made)
        return made(self, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"See ``arcgrad.{name}``."
    method.stands_for = (f"arcgrad.{module}", function)
    return method
