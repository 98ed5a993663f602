"""The module that exchanges gradients between processes, which arcgrad does not do."""

from __future__ import annotations

from arcgrad import _names

from ..module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["DistributedDataParallel"]


class DistributedDataParallel(Module):
    """Refuses to be made: there are no process groups.

    Raises:
        NotImplementedError: always.
    """

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            "DistributedDataParallel is not available: arcgrad has no process groups, and one process uses all cores of the "
            "machine. Use the module itself, or DataParallel, which calls it"
        )


_names.describe(__name__)
