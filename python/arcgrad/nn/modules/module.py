"""The base class of all layers under the name by which programs import it; it is made in :mod:`arcgrad.nn.module`."""

import sys
import types

from arcgrad import _names

from ..module import hooks as _hooks
from ..module.hooks import (
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from ..module.members import _not_a_module, _typename
from ..module.module import Module, _indent
from ..module.state import _EXTRA_STATE_KEY_SUFFIX as _EXTRA_STATE_KEY_SUFFIX
from ..module.state import _IncompatibleKeys as _IncompatibleKeys

__all__ = [
    "Module",
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


def _table(name):
    """A table of hooks for all modules: programs read it here, and put another in its place."""
    return property(lambda self: getattr(_hooks, name), lambda self, table: setattr(_hooks, name, table))


class _Module(types.ModuleType):
    """This module."""

    for _name in [name for name in vars(_hooks) if name.startswith("_global_")]:
        vars()[_name] = _table(_name)


sys.modules[__name__].__class__ = _Module
_names.describe(__name__)
