"""Choosing the arguments that a function is differentiated with respect to."""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Argnums: TypeAlias = int | tuple[int, ...]


def _number(argnum, count):
    if not isinstance(argnum, int):
        raise RuntimeError(f"argnum must be int, got: {type(argnum)}")
    if not -count <= argnum < count:
        raise RuntimeError(f"Got argnum={argnum}, but only {count} positional inputs")
    return argnum % count


def chosen(args: tuple[Any, ...], argnums: Argnums) -> tuple[Argnums, Any]:
    """The numbers counted from the front, and the arguments they choose: one, or a tuple of them.

    Raises:
        RuntimeError: there is no such argument, or one is chosen twice.
    """
    if isinstance(argnums, int):
        argnums = _number(argnums, len(args))
        return argnums, args[argnums]
    if not isinstance(argnums, tuple):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    numbers = tuple(_number(argnum, len(args)) for argnum in argnums)
    if not numbers:
        raise RuntimeError("argnums must be non-empty")
    if len(set(numbers)) != len(numbers):
        raise RuntimeError(f"argnums elements must be unique, got {numbers}")
    return numbers, tuple(args[number] for number in numbers)


def replaced(args: tuple[Any, ...], argnums: Argnums, new: Any) -> tuple[Any, ...]:
    """The arguments with ``new`` in the place of those that were :func:`chosen`."""
    filled = list(args)
    if isinstance(argnums, int):
        filled[argnums] = new
    else:
        for number, argument in zip(argnums, new):
            filled[number] = argument
    return tuple(filled)


_names.describe(__name__)
