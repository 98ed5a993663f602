"""Algorithms over several processes, none of which arcgrad has; the names are in the submodules."""

from arcgrad import _names

__all__: list[str] = []

_names.describe(__name__)
