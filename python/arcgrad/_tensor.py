"""PyTorch's place of the class of tensors."""

from __future__ import annotations

from arcgrad import Tensor, _names

__all__ = ["Tensor"]

_names.describe(__name__)
