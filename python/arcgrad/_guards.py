"""What PyTorch's compiler knows while it runs. It never does here."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["active_fake_mode", "detect_fake_mode"]


def active_fake_mode() -> None:
    """None: no mode of fake tensors is active."""


def detect_fake_mode(inputs: Any = None) -> None:
    """None: no tensor is fake."""


_absent.declare(__name__, "arcgrad has no compiler that traces programs", "CompileContext CompileId Guard Source TracingContext")
