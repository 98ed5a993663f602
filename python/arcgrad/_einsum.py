"""``einsum`` with all the ways of writing its subscripts; the sums are the core's."""

import operator
from collections.abc import Sequence
from types import EllipsisType

from arcgrad import Tensor, _core

__all__ = ["einsum"]

#: The letters that numbers stand for in lists of subscripts, as in PyTorch.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def einsum(equation: str | Tensor, *operands: Tensor | Sequence[Tensor] | Sequence[int | EllipsisType]) -> Tensor:
    """Sum of products by Einstein's notation.

    Args:
        equation (str): one letter per axis, operands separated by commas, the output behind ``->`` (without it: the letters that
            occur once, in alphabetical order). Letters that the output lacks are summed over; ``...`` stands for further axes,
            which broadcast.
        operands: the tensors, or one list of them.

    In place of the equation each tensor may be followed by a list of numbers below 52, one per axis, where ``...``
    (``Ellipsis``) stands for further axes; a last list names the axes of the output.

    Raises:
        RuntimeError: the equation is malformed or does not fit the operands.
        ValueError: a number in a list is out of range, or a tensor has no list.

    >>> a, b = ag.ones(2, 3), ag.ones(3, 4)
    >>> ag.einsum("ij,jk->ik", a, b).shape
    arcgrad.Size([2, 4])
    >>> ag.einsum(a, [0, 1], b, [1, 2], [0, 2]).shape
    arcgrad.Size([2, 4])
    """
    if isinstance(equation, Tensor):
        equation, operands = _from_lists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = operands[0]
    return _core.einsum(equation, *operands)


def _from_lists(args) -> tuple[str, tuple[Tensor, ...]]:
    """The equation and the operands of the form with lists of numbers."""
    pairs, rest = divmod(len(args), 2)
    if pairs == 0:
        raise ValueError("einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list")
    terms = [_term(number, args[2 * number + 1]) for number in range(pairs)]
    equation = ",".join(terms)
    if rest:
        equation += "->" + _term(None, args[-1])
    return equation, args[: 2 * pairs : 2]


def _term(number, subscripts):
    """The letters of a list of subscripts: that of an operand, or of the output."""
    place = "the output" if number is None else f"operand {number}"
    if not isinstance(subscripts, (list, tuple)):
        raise ValueError(f"einsum(): expected a list of subscripts for {place}, but got {type(subscripts).__name__}")
    return "".join(_letter(place, subscript) for subscript in subscripts)


def _letter(place, subscript):
    if subscript is Ellipsis:
        return "..."
    try:
        number = operator.index(subscript)
    except TypeError:
        raise ValueError(f"einsum(): a subscript of {place} must be an integer or Ellipsis, but got {type(subscript).__name__}") from None
    if not 0 <= number < len(_LETTERS):
        raise ValueError(f"einsum(): subscript {number} of {place} is not within the valid range [0, {len(_LETTERS)})")
    return _LETTERS[number]
