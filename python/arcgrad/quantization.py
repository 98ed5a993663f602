"""The old place of :mod:`arcgrad.ao.quantization`."""

from __future__ import annotations

from arcgrad import _names
from arcgrad.ao import quantization as _quantization

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = list(_quantization.__all__)
globals().update({name: getattr(_quantization, name) for name in __all__})

_names.describe(__name__)
