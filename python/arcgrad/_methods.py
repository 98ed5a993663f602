"""Methods of tensors that are written in Python: each is imported when it is first called."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor, UntypedStorage

#: Method -> module and function.
_PLACES = {
    "_is_all_true": ("_facts", "_is_all_true"),
    "_is_any_true": ("_facts", "_is_any_true"),
    "_rev_view_func_unsafe": ("_view_replay", "_rev_view_func_unsafe"),
    "_view_func": ("_view_replay", "_view_func"),
    "_view_func_unsafe": ("_view_replay", "_view_func_unsafe"),
    "as_strided_scatter": ("_by_method", "as_strided_scatter"),
    "coalesce": ("sparse.creation", "_coalesce"),
    "dense_dim": ("_facts", "_dense_dim"),
    "dim_order": ("_facts", "dim_order"),
    "dist": ("_norms", "dist"),
    "dsplit": ("_splits", "dsplit"),
    "eig": ("_removed", "eig"),
    "fill_diagonal_": ("_norms", "fill_diagonal_"),
    "histogram": ("_statistics", "histogram"),
    "hsplit": ("_splits", "hsplit"),
    "index_reduce": ("_places", "index_reduce"),
    "index_reduce_": ("_places", "index_reduce_"),
    "indices": ("sparse.creation", "_indices"),
    "is_coalesced": ("sparse.creation", "_is_coalesced"),
    "is_distributed": ("_facts", "is_distributed"),
    "is_nonzero": ("_facts", "is_nonzero"),
    "is_same_size": ("_facts", "is_same_size"),
    "is_set_to": ("_facts", "is_set_to"),
    "lstsq": ("_removed", "lstsq"),
    "map2_": ("_places", "map2_"),
    "narrow_copy": ("_view_copies", "narrow_copy"),
    "new_empty_strided": ("_making", "new_empty_strided"),
    "nonzero_static": ("_places", "nonzero_static"),
    "renorm": ("_norms", "renorm"),
    "renorm_": ("_norms", "renorm_"),
    "resize": ("_removed", "_resize"),
    "resize_as": ("_removed", "_resize_as"),
    "share_memory_": ("_shared_memory", "share_memory_"),
    "solve": ("_removed", "solve"),
    "sparse_dim": ("_facts", "_sparse_dim"),
    "sparse_mask": ("sparse.creation", "_sparse_mask"),
    "storage": ("storage", "_of"),
    "storage_type": ("storage", "_type_of"),
    "symeig": ("_removed", "symeig"),
    "to_dense": ("sparse.creation", "_to_dense"),
    "to_sparse": ("sparse.creation", "to_sparse"),
    "to_sparse_bsc": ("sparse.creation", "_to_sparse_bsc"),
    "to_sparse_bsr": ("sparse.creation", "_to_sparse_bsr"),
    "to_sparse_coo": ("sparse.creation", "_to_sparse_coo"),
    "to_sparse_csc": ("sparse.creation", "_to_sparse_csc"),
    "to_sparse_csr": ("sparse.creation", "_to_sparse_csr"),
    "unsafe_chunk": ("_splits", "unsafe_chunk"),
    "unsafe_split": ("_splits", "unsafe_split"),
    "unsafe_split_with_sizes": ("_splits", "unsafe_split_with_sizes"),
    "values": ("sparse.creation", "_dense_values"),
    "vsplit": ("_splits", "vsplit"),
}

#: Methods of untyped storages, which are those of ``storage._Bytes``.
_OF_STORAGES = (
    "__copy__ __setitem__ bfloat16 bool byte char clone complex_double complex_float copy_ cpu double fill_ float half int long new resize_ "
    "short tolist type untyped"
).split()


def install() -> None:
    """Gives the class of tensors its methods, and that of storages."""
    for name, place in _PLACES.items():
        if not hasattr(_core.Tensor, name):
            setattr(_core.Tensor, name, _later(name, *place))
    _core.Tensor.volatile = property(_volatile)
    # PyTorch's name for the attribute itself, which programs set where their own class overrides `grad`.
    _core.Tensor._grad = _core.Tensor.grad
    _core.UntypedStorage.from_file = staticmethod(_from_file)
    _core.UntypedStorage.share_memory_ = _share_storage
    for name in _OF_STORAGES:
        setattr(_core.UntypedStorage, name, _of_storage(name))
    _core.UntypedStorage.is_cuda = _core.UntypedStorage.is_sparse = _core.UntypedStorage.is_sparse_csr = False


def _volatile(self: Tensor) -> bool:
    """False: what was once said so is said by ``no_grad``."""
    import warnings

    warnings.warn("volatile was removed (Variable.volatile is always False)", stacklevel=2)
    return False


def _from_file(filename: str, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
    """The memory of a file, which is read when it is looked at: ``nbytes`` of it, or all; see ``arcgrad.from_file``."""
    from arcgrad.storage import _from_file

    return _from_file(filename, shared, nbytes)


def _share_storage(self: UntypedStorage) -> UntypedStorage:
    """Moves the memory to where processes started later see it; see ``Tensor.share_memory_``."""
    from arcgrad._shared_memory import share_storage

    return share_storage(self)


def _of_storage(name):
    def method(self: UntypedStorage, *args: Any, **kwargs: Any) -> Any:
        from arcgrad import storage

        made = vars(storage._Bytes)[name]
        setattr(_core.UntypedStorage, name, made)
        return made(self, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"UntypedStorage.{name}"
    method.stands_for = ("arcgrad.storage", f"_Bytes.{name}")
    return method


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
