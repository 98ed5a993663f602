"""Types for annotations."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, Union

from arcgrad import _names
from arcgrad._core import Size, Tensor, UntypedStorage
from arcgrad._core import device as _device
from arcgrad._core import dtype as _dtype
from arcgrad._core import layout as _layout

__all__ = ["Device", "FileLike", "IntLikeType", "Number", "Storage", "Tensor"]

_int, _float, _bool, _complex = builtins.int, builtins.float, builtins.bool, builtins.complex

_TensorOrTensors = Union[Tensor, Sequence[Tensor]]
_size = Union[Size, list[int], tuple[int, ...]]

#: A number, in annotations and for ``isinstance``.
Number = Union[int, float, bool]
#: What names a device.
Device = Union[_device, str, int, None]
#: What is saved to and loaded from.
FileLike = Any
IntLikeType = int
Storage = UntypedStorage

_names.describe(__name__)
