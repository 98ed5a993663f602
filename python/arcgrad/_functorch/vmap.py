"""Batches without a say in where the results' examples lie."""

from __future__ import annotations

from arcgrad import Tensor, _names
from arcgrad._core import _autograd
from arcgrad.autograd._levels import level
from arcgrad.func.batching import vmap
from arcgrad.utils._pytree import _broadcast_to_and_flatten, tree_flatten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["restore_vmap", "vmap"]


def restore_vmap(func: Callable[..., Any], in_dims: Any, batch_size: int, randomness: str) -> Callable[..., Any]:
    """:func:`arcgrad.vmap` that returns ``(results, their axes)``: results that are the same for all examples, or no tensors, stay as
    they are and have no axis.

    Args:
        func: takes tensors, or trees of them, and returns such.
        in_dims: the axes of the arguments along which the examples lie, as a tree of the arguments' structure.
        batch_size (int): the number of examples; no argument need have any.
        randomness (str): as of :func:`arcgrad.vmap`.
    """

    def inner(*args: Any, **kwargs: Any) -> Any:
        leaves, spec = tree_flatten(args)
        dims = _broadcast_to_and_flatten(in_dims, spec)
        with level(batch_size, randomness) as number:
            inputs = [
                leaf if dim is None else _autograd.add_batch_dim(leaf, dim % leaf.dim(), number)
                for leaf, dim in zip(leaves, dims)
            ]
            outputs, out_spec = tree_flatten(func(*spec.unflatten(inputs), **kwargs))
            wholes = [_autograd.unwrap_batched(each, number) if isinstance(each, Tensor) else None for each in outputs]
        values = [each if whole is None else whole[0] for each, whole in zip(outputs, wholes)]
        axes = [None if whole is None else whole[1] for whole in wholes]
        return out_spec.unflatten(values), out_spec.unflatten(axes)

    return inner


_names.describe(__name__)
