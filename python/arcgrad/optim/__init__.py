"""Optimizers, and schedulers of their learning rates in :mod:`arcgrad.optim.lr_scheduler`."""

from arcgrad import _names

from . import lr_scheduler
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]


_names.describe(__name__)
