"""Helpers of backends of PyTorch's compiler, which arcgrad does not have."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(__name__, "arcgrad has no compiler that traces programs", "AotAutograd aot_autograd device_from_inputs dtype_from_inputs")
