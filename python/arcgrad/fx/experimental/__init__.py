"""Graphs of the operations that a function runs, which arcgrad does not write down."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(__name__, "arcgrad writes down programs and not the operations below them", "make_fx")
