"""Modules and their derivatives as functions of their parameters."""

from arcgrad import _names

from .functional_call import functional_call, stack_module_state

__all__ = ["functional_call", "stack_module_state"]


_names.describe(__name__)
