"""Windows for the analysis of signals."""

from arcgrad import _names
from arcgrad.signal import windows

__all__ = ["windows"]

_names.describe(__name__)
