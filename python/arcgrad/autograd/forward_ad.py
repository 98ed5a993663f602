"""Forward-mode differentiation: not there yet. Every function says so instead of losing a tangent silently.

:func:`arcgrad.autograd.grad` with ``create_graph=True``, applied twice, gives products of a Jacobian with a vector.
"""

from __future__ import annotations

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from arcgrad._core import Tensor
    from typing import Any

__all__ = ["dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


def _missing(name):
    return NotImplementedError(
        f"arcgrad.autograd.forward_ad.{name} is not implemented: there is no forward mode yet, and the jvp of a custom "
        "Function is not called. A Jacobian-vector product can be had from reverse mode: with g = grad(y, x, v, "
        "create_graph=True) for a v that requires gradients, it is grad(g, v, tangent)."
    )


class dual_level:
    """A level of forward mode, for a ``with`` block.

    Raises:
        NotImplementedError: always, for now.
    """

    def __enter__(self) -> Any:
        raise _missing("dual_level")

    def __exit__(self, *exc_info: Any) -> None:
        pass


def enter_dual_level() -> NoReturn:
    """Enter a level of forward mode. Raises ``NotImplementedError``, for now."""
    raise _missing("enter_dual_level")


def exit_dual_level(*, level: int | None = None) -> NoReturn:
    """Leave a level of forward mode. Raises ``NotImplementedError``, for now."""
    raise _missing("exit_dual_level")


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> NoReturn:
    """Join a tensor and its tangent. Raises ``NotImplementedError``, for now."""
    raise _missing("make_dual")


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> NoReturn:
    """Separate a tensor and its tangent. Raises ``NotImplementedError``, for now."""
    raise _missing("unpack_dual")


_names.describe(__name__)
