"""What ``functorch.experimental`` holds."""

from __future__ import annotations

import functools

from arcgrad import Tensor, _names, cat, get_rng_state, set_rng_state
from arcgrad.func import functionalize, hessian, jacfwd, jvp, replace_all_batch_norm_modules_, vmap
from arcgrad.func.batching import _mapped_inputs
from arcgrad.utils._pytree import _broadcast_to_and_flatten, tree_flatten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["chunk_vmap", "functionalize", "hessian", "jacfwd", "jvp", "replace_all_batch_norm_modules_"]


def chunk_vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", chunks: int = 2
) -> Callable[..., Any]:
    """:func:`arcgrad.vmap` in several runs, to save memory.

    Args:
        func, in_dims, out_dims, randomness: as of :func:`arcgrad.vmap`.
        chunks (int): how many runs there are at most, each of about as many examples.
    """
    mapped = vmap(func, in_dims, out_dims, randomness)
    if chunks == 1:
        return mapped

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        size, dims, leaves, spec = _mapped_inputs(func, in_dims, args)
        parts = [
            leaf.chunk(chunks, dim) if isinstance(leaf, Tensor) and dim is not None else (leaf,) * chunks
            for leaf, dim in zip(leaves, dims)
        ]
        # The same numbers for all examples are those of every run.
        state = get_rng_state() if randomness == "same" else None
        found = []
        for chosen in zip(*parts):
            if state is not None:
                set_rng_state(state)
            flat, out_spec = tree_flatten(mapped(*spec.unflatten(chosen), **kwargs))
            found.append(flat)
        axes = _broadcast_to_and_flatten(out_dims, out_spec)
        return out_spec.unflatten(pieces[0] if axis is None else cat(pieces, axis) for axis, pieces in zip(axes, map(list, zip(*found))))

    return wrapper


_names.describe(__name__)
