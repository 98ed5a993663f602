"""Modules whose parameters lie in several processes."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(__name__, "arcgrad has no process groups", "CPUOffloadPolicy FSDPModule MixedPrecisionPolicy OffloadPolicy fully_shard register_fsdp_forward_method")
