"""Neural networks: modules, their layers and losses, and the functions behind them."""

from arcgrad import _names

from . import functional, init, modules, parameter, utils
from .modules import *  # noqa: F403  (the list is modules.__all__)
from .modules import __all__ as _layers
from .parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional", "init", "modules", "parameter", "utils", *_layers]


_names.describe(__name__)
