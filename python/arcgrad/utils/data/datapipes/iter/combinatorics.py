"""Pipes of data in another order."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(__name__, "arcgrad has datasets and no pipes of them", "SamplerIterDataPipe ShufflerIterDataPipe")
