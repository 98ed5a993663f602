"""Exported programs, which arcgrad does not make."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(
    __name__,
    "arcgrad does not export programs; save() keeps tensors and states",
    "Dim ExportedProgram export load save",
)
