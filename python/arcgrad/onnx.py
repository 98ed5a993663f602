"""ONNX, which arcgrad does not write."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = ["is_in_onnx_export"]


def is_in_onnx_export() -> bool:
    """False."""
    return False


_absent.declare(
    __name__,
    "arcgrad does not write ONNX",
    "ExportOptions ONNXProgram OperatorExportTypes TrainingMode export register_custom_op_symbolic "
    "select_model_mode_for_export unregister_custom_op_symbolic utils",
)
_export = _absent.make(__name__, "_export", "arcgrad does not write ONNX")
