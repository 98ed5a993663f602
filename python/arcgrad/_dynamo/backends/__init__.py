"""What PyTorch's compiler hands graphs to. There is none: a program's own backend is never called."""

from arcgrad import _names

_names.describe(__name__)
