"""What memory to be filled holds while :func:`arcgrad.use_deterministic_algorithms` asks for determinism.

``arcgrad.utils.deterministic.fill_uninitialized_memory`` says whether tensors from ``empty``, ``empty_like`` and ``empty_strided``, and
what ``resize_`` adds, then hold NaN, or the greatest integer, so that a program that reads what it never wrote notices. Otherwise they
hold zeros.

>>> import arcgrad as ag
>>> import arcgrad.utils.deterministic
>>> ag.use_deterministic_algorithms(True)
>>> ag.empty(2)
tensor([nan, nan])
>>> ag.utils.deterministic.fill_uninitialized_memory = False
>>> ag.empty(2)
tensor([0., 0.])
>>> ag.utils.deterministic.fill_uninitialized_memory = True
>>> ag.use_deterministic_algorithms(False)
"""

import sys
import types

from arcgrad import _names, _settings

__all__ = ["fill_uninitialized_memory"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    fill_uninitialized_memory: bool
else:

    class _Module(types.ModuleType):
        """This module: its name can be assigned to."""

        @property
        def fill_uninitialized_memory(self):
            return _settings._fills

        @fill_uninitialized_memory.setter
        def fill_uninitialized_memory(self, mode):
            if not isinstance(mode, bool):
                raise RuntimeError(f"fill_uninitialized_memory must be a bool, but got {type(mode).__name__}")
            _settings._set_fills(mode)

    sys.modules[__name__].__class__ = _Module


_names.describe(__name__)
