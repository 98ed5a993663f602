"""Tensors spread over several devices, of which there is one."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(__name__, "arcgrad computes on the CPU only: there is one device", "gather scatter scatter_kwargs")
