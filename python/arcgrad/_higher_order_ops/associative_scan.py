"""Running totals of an operation of the program's own."""

from __future__ import annotations

from arcgrad import _core, _names
from arcgrad.utils import _pytree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["associative_scan"]


def associative_scan(
    combine_fn: Callable[[Any, Any], Any], xs: Any, dim: int, reverse: bool = False, combine_mode: str = "pointwise"
) -> Any:
    """What an associative function makes of all slices up to each.

    Args:
        combine_fn: of two slices, or structures of them.
        xs: tensors, in any structure.
        dim (int): the axis.
        reverse (bool): begin at its end.
        combine_mode (str): without effect.

    >>> import arcgrad as ag
    >>> from arcgrad._higher_order_ops import associative_scan
    >>> associative_scan(lambda a, b: a * b, ag.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 2., 6.])
    """
    leaves, structure = _pytree.tree_flatten(xs)
    if not leaves:
        raise RuntimeError("associative_scan() operator requires at least one xs leaf.")
    if any(leaf.shape[dim] == 0 for leaf in leaves):
        raise RuntimeError("All xs leaves must at least have 'dim' number of dimensions and scan dimension > 0")
    steps = [_pytree.tree_unflatten(list(slices), structure) for slices in zip(*(leaf.unbind(dim) for leaf in leaves))]
    if reverse:
        steps.reverse()
    totals = steps[:1]
    for step in steps[1:]:
        totals.append(combine_fn(totals[-1], step))
    if reverse:
        totals.reverse()
    flat = [_pytree.tree_flatten(total)[0] for total in totals]
    return _pytree.tree_unflatten([_core.stack(parts, dim) for parts in zip(*flat)], structure)


_names.describe(__name__)
