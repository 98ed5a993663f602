"""Methods of tensors that are written in Python: each is imported when it is first called."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor, UntypedStorage

#: Method -> module and function.
_PLACES = {
    "coalesce": ("sparse.coo", "_coalesce"),
    "dist": ("_norms", "dist"),
    "eig": ("_removed", "eig"),
    "fill_diagonal_": ("_norms", "fill_diagonal_"),
    "histogram": ("_statistics", "histogram"),
    "indices": ("sparse.coo", "_indices"),
    "is_coalesced": ("sparse.coo", "_is_coalesced"),
    "lstsq": ("_removed", "lstsq"),
    "renorm": ("_norms", "renorm"),
    "renorm_": ("_norms", "renorm_"),
    "share_memory_": ("_shared_memory", "share_memory_"),
    "sparse_mask": ("sparse.coo", "_sparse_mask"),
    "to_dense": ("sparse.coo", "_to_dense"),
    "to_sparse": ("sparse.coo", "to_sparse"),
    "to_sparse_csr": ("sparse.csr", "to_sparse_csr"),
    "solve": ("_removed", "solve"),
    "storage": ("storage", "_of"),
    "symeig": ("_removed", "symeig"),
    "to_sparse_coo": ("sparse.coo", "to_sparse"),
    "values": ("sparse.coo", "_dense_values"),
}


def install() -> None:
    """Gives the class of tensors its methods."""
    for name, place in _PLACES.items():
        if not hasattr(_core.Tensor, name):
            setattr(_core.Tensor, name, _later(name, *place))
    _core.UntypedStorage.from_file = staticmethod(_from_file)
    _core.UntypedStorage.share_memory_ = _share_storage


def _from_file(filename: str, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
    """The memory of a file; see ``arcgrad.storage``."""
    from arcgrad.storage import _from_file

    return _from_file(filename, shared, nbytes)


def _share_storage(self: UntypedStorage) -> UntypedStorage:
    """Moves the memory to where processes started later see it; see ``Tensor.share_memory_``."""
    from arcgrad._shared_memory import share_storage

    return share_storage(self)


def _later(name, module, function):
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        from importlib import import_module

        made = getattr(import_module(f"arcgrad.{module}"), function)
        setattr(_core.Tensor, name, made)
        return made(self, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"See ``arcgrad.{name}``."
    method.stands_for = (f"arcgrad.{module}", function)
    return method
