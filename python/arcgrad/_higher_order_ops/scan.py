"""Running a function along an axis, with what it carries from step to step."""

from __future__ import annotations

from arcgrad import _core, _names
from arcgrad.utils import _pytree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["scan"]


def scan(combine_fn: Callable[[Any, Any], Any], init: Any, xs: Any, *, dim: int = 0, reverse: bool = False) -> tuple[Any, Any]:
    """Runs a function along an axis.

    Args:
        combine_fn: gets what is carried and a slice of ``xs``, and returns what is carried on and a result.
        init: what the first step gets; tensors, in any structure.
        xs: tensors, in any structure.
        dim (int): the axis of ``xs``.
        reverse (bool): begin at its end.

    Returns:
        What the last step carries on, and the results of all steps, stacked along a new axis at the same place.

    >>> import arcgrad as ag
    >>> from arcgrad._higher_order_ops import scan
    >>> scan(lambda c, x: (c + x, c * x), ag.tensor(0.0), ag.tensor([1.0, 2.0, 3.0]))
    (tensor(6.), tensor([0., 2., 9.]))
    """
    leaves, structure = _pytree.tree_flatten(xs)
    if not leaves:
        raise RuntimeError("scan() operator requires at least one xs leaf.")
    if any(leaf.shape[dim] == 0 for leaf in leaves):
        raise RuntimeError("All xs leaves must at least have 'dim' number of dimensions and scan dimension > 0")
    carried, results = init, []
    steps = list(zip(*(leaf.unbind(dim) for leaf in leaves)))
    for slices in reversed(steps) if reverse else steps:
        carried, result = combine_fn(carried, _pytree.tree_unflatten(list(slices), structure))
        results.append(result)
    if reverse:
        results.reverse()
    flat = [_pytree.tree_flatten(result)[0] for result in results]
    stacked = [_core.stack(parts, dim) for parts in zip(*flat)]
    return carried, _pytree.tree_unflatten(stacked, _pytree.tree_flatten(results[0])[1])


_names.describe(__name__)
