"""Quantized layers, which arcgrad does not have. Programs name them where they ask what a layer is."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(
    __name__,
    "arcgrad does not quantize: it computes in floating point",
    "DeQuantStub FakeQuantize FakeQuantizeBase HistogramObserver MinMaxObserver MovingAverageMinMaxObserver "
    "ObserverBase PerChannelMinMaxObserver PlaceholderObserver QConfig QuantStub QuantWrapper convert "
    "default_dynamic_qconfig default_observer default_qconfig disable_fake_quant disable_observer enable_fake_quant "
    "enable_observer float_qparams_weight_only_qconfig fuse_modules fuse_modules_qat get_default_qat_qconfig "
    "get_default_qconfig prepare prepare_qat propagate_qconfig_ quantize quantize_dynamic quantize_qat",
)
