"""What TorchScript makes of annotations; there is no TorchScript."""

from arcgrad import _names

__all__ = ["compiler_flag"]

#: Whether annotations were compiled.
compiler_flag = False

_names.describe(__name__)
