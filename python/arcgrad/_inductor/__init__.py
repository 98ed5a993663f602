"""The back of PyTorch's compiler, as far as programs speak to it; see :mod:`arcgrad.compiler`."""

from arcgrad import _names
from arcgrad._inductor import config
from arcgrad.compiler import cudagraph_mark_step_begin

__all__ = ["config", "cudagraph_mark_step_begin"]

_names.describe(__name__)
