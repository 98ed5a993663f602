"""An older name of :func:`arcgrad.vmap`, by which programs reach batched gradients."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.func.batching import vmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["vmap"]


def _vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, allow_none_pass_through: bool = False) -> Callable[..., Any]:
    """:func:`arcgrad.vmap`; with ``allow_none_pass_through``, results that are None stay so."""
    if not allow_none_pass_through:
        return vmap(func, in_dims, out_dims)

    def wrapped(*args: Any) -> Any:
        empty: list[bool] = []

        def given(*args: Any) -> tuple[Any, ...]:
            results = func(*args)
            results = results if isinstance(results, tuple) else (results,)
            empty[:] = [result is None for result in results]
            return tuple(result for result in results if result is not None)

        found = iter(vmap(given, in_dims, out_dims)(*args))
        results = tuple(None if none else next(found) for none in empty)
        return results if len(results) > 1 else results[0]

    return wrapped


_names.describe(__name__)
