"""What TorchScript makes of annotations; there is no TorchScript."""

# Programs take the types from here.
from typing import Any, Dict, List, Optional, Tuple, Union

from arcgrad import _names

__all__ = ["compiler_flag"]

#: Whether annotations were compiled.
compiler_flag = False

_names.describe(__name__)
