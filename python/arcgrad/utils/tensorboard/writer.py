"""The writers of :mod:`arcgrad.utils.tensorboard`, by their longer path."""

from arcgrad import _names
from arcgrad.utils.tensorboard import FileWriter, SummaryWriter

__all__ = ["FileWriter", "SummaryWriter"]

_names.describe(__name__)
