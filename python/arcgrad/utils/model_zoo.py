"""Downloading weights, by an older name; see :mod:`arcgrad.hub`."""

from arcgrad import _names
from arcgrad.hub import load_state_dict_from_url as load_url

__all__ = ["load_url"]

_names.describe(__name__)
