"""Wrappers that spread a module over devices: on the one device there is, they call it."""

from arcgrad import _names

from .data_parallel import DataParallel, data_parallel
from .distributed import DistributedDataParallel

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


_names.keep(__name__, "data_parallel")
_names.describe(__name__)
