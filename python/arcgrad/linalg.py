"""Linear algebra."""

from arcgrad import _core

globals().update({name: value for name, value in vars(_core.linalg).items() if name[0] != "_"})
