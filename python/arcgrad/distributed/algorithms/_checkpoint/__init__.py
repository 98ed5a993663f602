"""Recomputing the parts of models over several processes; the names are in the submodule."""

from arcgrad import _names

__all__: list[str] = []

_names.describe(__name__)
