"""Mixed precision on the CPU by its old names; see :mod:`arcgrad.amp`."""

from __future__ import annotations

from arcgrad import _names, _warnings, amp, bfloat16, dtype

__all__ = ["GradScaler", "autocast"]


def _old(name: str) -> None:
    _warnings.warn(
        f"`torch.cpu.amp.{name}(args...)` is deprecated. Please use `torch.amp.{name}('cpu', args...)` instead.", FutureWarning
    )


class autocast(amp.autocast):
    """A region of lower precision on the CPU."""

    def __init__(self, enabled: bool = True, dtype: dtype = bfloat16, cache_enabled: bool = True) -> None:
        _old("autocast")
        super().__init__("cpu", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """A scaler for gradients on the CPU."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _old("GradScaler")
        super().__init__("cpu", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


_names.describe(__name__)
