"""Forward-mode differentiation: tensors that carry tangents.

Inside of a level, a dual tensor is a value together with its derivative in one direction, and every operation on it computes
both: one evaluation gives a product of the Jacobian with a vector.

    >>> import arcgrad as torch
    >>> import arcgrad.autograd.forward_ad as fwAD
    >>> x, direction = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0])
    >>> with fwAD.dual_level():
    ...     y = fwAD.make_dual(x, direction) ** 3
    ...     fwAD.unpack_dual(y).tangent
    tensor([3., 0.])
"""

from __future__ import annotations

from contextlib import ContextDecorator

from arcgrad import _names
from arcgrad._core import _autograd
from arcgrad.autograd import _levels as levels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from arcgrad._core import Tensor

    class UnpackedDualTensor(NamedTuple):
        primal: Tensor
        tangent: Tensor | None
else:
    from collections import namedtuple

    UnpackedDualTensor = namedtuple("UnpackedDualTensor", ["primal", "tangent"])

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

# The numbers of the core's levels, outermost first; the level that programs see is the place in this list.
_levels: list[int] = []
#: The number of the current level for programs that look; −1 outside of any.
_current_level = -1


def enter_dual_level() -> int:
    """Enter a level of forward mode; returns its number, for the other functions' ``level``.

    Raises:
        RuntimeError: if a level has been entered already. Levels cannot be nested here; :func:`arcgrad.func.jvp` can be.
    """
    global _current_level
    if _levels:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _levels.append(levels.enter())
    _current_level = len(_levels) - 1
    return _current_level


def exit_dual_level(*, level: int | None = None) -> None:
    """Leave the level. All tangents are let go of.

    Args:
        level: its number; the current one by default.
    """
    global _current_level
    if not _levels or (level is not None and level != len(_levels) - 1):
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    levels.leave(_levels.pop())
    _current_level = len(_levels) - 1


def _number(level: int | None, function: str) -> int:
    if level is None:
        level = len(_levels) - 1
    if not 0 <= level < len(_levels):
        raise RuntimeError(
            f"Trying to {function} without entering a level of forward mode first: use it inside of dual_level()."
        )
    return _levels[level]


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A dual tensor: a view of ``tensor`` that carries ``tangent``.

    Args:
        tensor: the value, of a floating-point dtype.
        tangent: its derivative, of the same shape and dtype.
        level: a level that has been entered; the current one by default.

    Raises:
        RuntimeError: outside of a level, if shape or dtype differ, or if the tangent has one itself.
        ValueError: for integers, which have no derivatives.
    """
    number = _number(level, "create a dual Tensor for forward AD")
    for value, what in ((tensor, "primal"), (tangent, "tangent")):
        if not (value.is_floating_point() or value.is_complex()):
            raise ValueError(f"Expected {what} to be floating point or complex, but got: {value.dtype}")
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. "
            f"Tensor is of size {list(tensor.shape)} while the given forward gradient is of size {list(tangent.shape)}."
        )
    if _autograd.unpack_dual(tangent, number)[1] is not None:
        raise RuntimeError("make_dual: the tangent has a forward gradient at the same level; unpack_dual() it first")
    return _autograd.make_dual(tensor, tangent, number)


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """Take a dual tensor apart: ``(primal, tangent)``; the tangent is None where the value does not depend on any dual.

    Args:
        tensor: a tensor.
        level: a level; the current one by default. Outside of any, there is no tangent.
    """
    if level is None and not _levels:
        return UnpackedDualTensor(tensor, None)
    return UnpackedDualTensor(*_autograd.unpack_dual(tensor, _number(level, "unpack a dual Tensor")))


class _set_fwd_grad_enabled(_autograd.ModeGuard):
    """Whether operations compute tangents, within a ``with`` block."""

    def __new__(cls, mode: bool) -> _set_fwd_grad_enabled:
        return super().__new__(cls, "forward", mode)


def _is_fwd_grad_enabled() -> bool:
    """Whether operations compute tangents: they do, but within the ``forward`` of a custom function and
    ``_set_fwd_grad_enabled(False)``."""
    return _autograd.is_forward_enabled()


class dual_level(ContextDecorator):
    """A level of forward mode, for a ``with`` block: in it, :func:`make_dual` and :func:`unpack_dual` work.

    >>> import arcgrad as torch
    >>> import arcgrad.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(torch.tensor(2.0), torch.tensor(1.0))
    ...     fwAD.unpack_dual(x.exp().log() * 3).tangent
    tensor(3.)
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc_info: Any) -> None:
        exit_dual_level()


_names.describe(__name__)
