"""Methods of tensors that are written in Python: each is imported when it is first called."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

#: Method -> module and function.
_PLACES = {
    "_is_all_true": ("_facts", "_is_all_true"),
    "_is_any_true": ("_facts", "_is_any_true"),
    "as_strided_scatter": ("_by_method", "as_strided_scatter"),
    "dim_order": ("_facts", "dim_order"),
    "dist": ("_norms", "dist"),
    "dsplit": ("_splits", "dsplit"),
    "eig": ("_removed", "eig"),
    "fill_diagonal_": ("_norms", "fill_diagonal_"),
    "histogram": ("_statistics", "histogram"),
    "hsplit": ("_splits", "hsplit"),
    "index_reduce": ("_places", "index_reduce"),
    "index_reduce_": ("_places", "index_reduce_"),
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
    "solve": ("_removed", "solve"),
    "sparse_mask": ("sparse.coo", "_sparse_mask"),
    "storage": ("storage", "_of"),
    "symeig": ("_removed", "symeig"),
    "to_dense": ("sparse.coo", "_to_dense"),
    "to_sparse": ("sparse.coo", "to_sparse"),
    "to_sparse_csr": ("sparse.csr", "to_sparse_csr"),
    "vsplit": ("_splits", "vsplit"),
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
        setattr(_core.Tensor, name, made)
        return made(self, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__doc__ = f"See ``arcgrad.{name}``."
    method.stands_for = (f"arcgrad.{module}", function)
    return method
