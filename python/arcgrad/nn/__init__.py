"""Neural networks: modules, their layers and losses, and the functions behind them."""

from arcgrad import _names

from . import attention, functional, grad, init, modules, parallel, parameter, utils
from .modules import *  # noqa: F403  (the list is modules.__all__)
from .modules import __all__ as _layers
from .parallel import DataParallel
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

# PyTorch's functions have these as their module, too.
functional.grad = grad  # type: ignore[attr-defined]

__all__ = [
    "Buffer",
    "DataParallel",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "attention",
    "functional",
    "grad",
    "init",
    "modules",
    "parallel",
    "parameter",
    "utils",
    *_layers,
]


_names.describe(__name__)
