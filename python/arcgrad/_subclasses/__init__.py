"""Fake tensors, which stand for others in PyTorch's compiler. Programs ask whether a tensor is one; ``device("meta")`` has shapes
without memory here."""

from arcgrad import _names
from arcgrad._subclasses.fake_tensor import DynamicOutputShapeException, FakeTensor, FakeTensorMode, UnsupportedFakeTensorException

__all__ = ["DynamicOutputShapeException", "FakeTensor", "FakeTensorMode", "UnsupportedFakeTensorException"]

_names.describe(__name__)
