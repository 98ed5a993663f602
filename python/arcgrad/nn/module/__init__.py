"""The base class of all layers and models, :class:`Module`, in parts.

What a module holds is in :mod:`.members`, the hooks around its call in :mod:`.hooks` and :mod:`.backward`, saving and loading in
:mod:`.state`, dtypes and devices in :mod:`.convert`; :mod:`.module` puts them together.
"""

from arcgrad import _names

from .module import Module

__all__ = ["Module"]


_names.describe(__name__)
