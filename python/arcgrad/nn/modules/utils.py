"""Numbers that stand for one per axis."""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple[Any, ...]]:
    """The function that makes a tuple of what can be iterated over, and ``n`` times itself of everything else."""

    def parse(x):
        return tuple(x) if hasattr(x, "__iter__") else (x,) * n

    parse.__name__ = name
    return parse


_single = _ntuple(1, "_single")
_pair = _ntuple(2, "_pair")
_triple = _ntuple(3, "_triple")
_quadruple = _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: tuple[Any, ...], n: int) -> tuple[Any, ...]:
    """The padding of axes, the first one in front, as :func:`arcgrad.nn.functional.pad` takes it: the last one in front, ``n`` each."""
    return tuple(value for value in reversed(t) for _ in range(n))


def _list_with_default(out_size: Any, defaults: Any) -> Any:
    """Sizes of which those that are None are taken from the end of ``defaults``.

    Raises:
        ValueError: there are too few of these.
    """
    if isinstance(out_size, int):
        return out_size
    if len(defaults) <= len(out_size):
        raise ValueError(f"Input dimension should be at least {len(out_size) + 1}")
    return [default if size is None else size for size, default in zip(out_size, defaults[-len(out_size) :])]


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Takes a prefix (``'module.'`` of a wrapped module) from the names of a state dictionary, in place.

    Args:
        state_dict (dict): names that begin otherwise stay as they are.
        prefix (str): what the names and those of the metadata begin with.

    >>> from arcgrad.nn.modules.utils import consume_prefix_in_state_dict_if_present
    >>> state = {"module.weight": 1, "bias": 2}
    >>> consume_prefix_in_state_dict_if_present(state, "module.")
    >>> sorted(state)
    ['bias', 'weight']
    """
    for name in [name for name in state_dict if name.startswith(prefix)]:
        state_dict[name.removeprefix(prefix)] = state_dict.pop(name)
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is None:
        return
    # The module itself is named without the dot.
    for name in [name for name in metadata if name and (name == prefix.rstrip(".") or name.startswith(prefix))]:
        metadata[name.removeprefix(prefix) if name.startswith(prefix) else ""] = metadata.pop(name)


_names.describe(__name__)
