"""Where PyTorch keeps quantization, which arcgrad does not have."""

from arcgrad import _names

__all__ = ["quantization"]

from . import quantization

_names.describe(__name__)
