"""What tensors over several processes may do some day."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(__name__, "arcgrad has no process groups", "implicit_replication local_map")
