"""Settings of PyTorch's compiler: what is written here is kept, and has no effect."""

from arcgrad import _names

coordinate_descent_tuning = False
epilogue_fusion = True
fx_graph_cache = True
max_autotune = False

__all__ = ["coordinate_descent_tuning", "epilogue_fusion", "fx_graph_cache", "max_autotune"]

_names.describe(__name__)
