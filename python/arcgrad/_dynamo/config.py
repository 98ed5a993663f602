"""Settings of PyTorch's compiler: what is written here is kept, and has no effect."""

from arcgrad import _names

cache_size_limit = 8
recompile_limit = 8
capture_dynamic_output_shape_ops = False
capture_scalar_outputs = False
optimize_ddp = True
suppress_errors = False
verbose = False

__all__ = [
    "cache_size_limit",
    "capture_dynamic_output_shape_ops",
    "capture_scalar_outputs",
    "optimize_ddp",
    "recompile_limit",
    "suppress_errors",
    "verbose",
]

_names.describe(__name__)
