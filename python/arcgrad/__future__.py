"""Switches of how modules are converted: what PyTorch may do by default one day.

>>> import arcgrad as ag
>>> ag.__future__.get_overwrite_module_params_on_conversion()
False
"""

from __future__ import annotations

from arcgrad import _names

__all__ = [
    "get_overwrite_module_params_on_conversion",
    "get_swap_module_params_on_conversion",
    "set_overwrite_module_params_on_conversion",
    "set_swap_module_params_on_conversion",
]

_overwrite = _swap = False


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """Whether ``Module.to`` and the like make new parameters, instead of giving those that are there other data. Programs that hold a
    parameter, as optimizers do, then hold the old one."""
    global _overwrite
    _overwrite = value


def get_overwrite_module_params_on_conversion() -> bool:
    """What :func:`set_overwrite_module_params_on_conversion` was told last; ``False`` at first."""
    return _overwrite


def set_swap_module_params_on_conversion(value: bool) -> None:
    """Whether ``Module.to`` and ``load_state_dict`` exchange the contents of parameters with those of new ones, so that a parameter stays
    the object that it is. Here it does so in either case, and this changes nothing: it does not take over the class of what is loaded."""
    global _swap
    _swap = value


def get_swap_module_params_on_conversion() -> bool:
    """What :func:`set_swap_module_params_on_conversion` was told last; ``False`` at first."""
    return _swap


_names.describe(__name__)
