"""What older programs vectorise with: the ``vmap`` of before there was one."""

from __future__ import annotations

from functools import wraps

from arcgrad import _names
from arcgrad._core import _autograd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["vmap"]


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0) -> Callable[..., Any]:
    """:func:`arcgrad.vmap`, of old."""
    import warnings

    warnings.warn(
        "Please use `torch.vmap` instead of `torch._vmap_internals.vmap`.", FutureWarning, stacklevel=2
    )
    return _vmap(func, in_dims, out_dims)


def _by_old_rules(func: Callable[..., Any]) -> Callable[..., Any]:
    """The function, for which the ``vmap`` that calls it is no transformation of ``func``."""

    @wraps(func)
    def run(*args: Any) -> Any:
        _autograd.exit_transform()
        try:
            return func(*args)
        finally:
            _autograd.enter_transform()

    return run


def _vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, allow_none_pass_through: bool = False) -> Callable[..., Any]:
    """:func:`arcgrad.vmap` by the rules of before ``func``, under which custom functions need no ``setup_context``; with
    ``allow_none_pass_through`` the results may be a tuple with None in it, which stays None."""
    from arcgrad.func import vmap

    func = _by_old_rules(func)
    if not allow_none_pass_through:
        return vmap(func, in_dims, out_dims)

    def vectorised(*args: Any) -> Any:
        places: list[int] = []
        length = 0

        def without_none(*parts: Any) -> Any:
            nonlocal length
            results = func(*parts)
            if not isinstance(results, tuple):
                return results
            length = len(results)
            places[:] = [place for place, result in enumerate(results) if result is not None]
            return tuple(results[place] for place in places)

        results = vmap(without_none, in_dims, out_dims)(*args)
        if not isinstance(results, tuple):
            return results
        found = dict(zip(places, results))
        return tuple(found.get(place) for place in range(length))

    return vectorised


_names.describe(__name__)
