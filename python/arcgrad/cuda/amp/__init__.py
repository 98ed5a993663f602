"""Mixed precision on CUDA devices, of which there are none; see :mod:`arcgrad.amp`."""

from __future__ import annotations

import functools

from arcgrad import _names, amp, dtype, float16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


class autocast(amp.autocast):
    """A region of lower precision on CUDA devices: without effect."""

    def __init__(self, enabled: bool = True, dtype: dtype = float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """A scaler for gradients on CUDA devices: disabled."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def custom_fwd(fwd: Any = None, **kwargs: Any) -> Any:
    """:func:`arcgrad.amp.custom_fwd` for CUDA devices."""
    return amp.custom_fwd(fwd, device_type="cuda", **kwargs)


custom_bwd = functools.partial(amp.custom_bwd, device_type="cuda")

_names.describe(__name__)
