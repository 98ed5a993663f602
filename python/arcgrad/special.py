"""Special functions."""

from arcgrad import _core, _names

_names.adopt(__name__, {name: value for name, value in vars(_core.special).items() if name[0] != "_"})

__all__ = sorted(name for name in vars(_core.special) if name[0] != "_")

_names.describe(__name__, of_core=True)
