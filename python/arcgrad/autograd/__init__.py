"""Automatic differentiation: backward passes, gradients as values, custom functions, modes and the recorded graph."""

from arcgrad import _names
from arcgrad._core._autograd import (
    SavedTensor,
    backward,
    is_grad_enabled,
    is_inference_mode_enabled,
    is_view_replay_enabled,
)
from arcgrad._core._autograd import is_watching as _profiler_enabled
from arcgrad.autograd import graph
from arcgrad.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from arcgrad.autograd.explain import explain_grad
from arcgrad.autograd.function import Function
from arcgrad.autograd.gradients import grad
from arcgrad.autograd.grad_mode import (
    _force_original_view_tracking,
    _unsafe_preserve_version_counter,
    enable_grad,
    inference_mode,
    is_multithreading_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from arcgrad.autograd.variable import Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad.autograd import anomaly_mode as anomaly_mode
    from arcgrad.autograd import forward_ad, functional
    from arcgrad.autograd import function as function
    from arcgrad.autograd import grad_mode as grad_mode
    from arcgrad.autograd import variable as variable
    from arcgrad.autograd.gradcheck import gradcheck, gradgradcheck
    from arcgrad.autograd.profiler import kineto_available

__all__ = [
    "Function",
    "SavedTensor",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "explain_grad",
    "forward_ad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "is_multithreading_enabled",
    "is_view_replay_enabled",
    "kineto_available",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "kineto_available":
            from arcgrad.autograd.profiler import kineto_available

            return kineto_available
        # PyTorch's module knows its package, by which programs reach it.
        if name == "torch":
            import arcgrad

            return arcgrad
        # Only tests need it.
        if name == "gradgradcheck":
            from arcgrad.autograd.gradcheck import gradgradcheck

            return gradgradcheck
        return _names.within(__name__, name, lambda: __all__)


_names.keep(__name__, "gradcheck")
_names.describe(__name__)
