"""Graphs of what functions run, which arcgrad does not have."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(__name__, "arcgrad has no graphs of modules to be rewritten", "get_proxy_mode make_fx")
