"""Discrete Fourier transforms."""

from arcgrad import _core, _names

globals().update({name: value for name, value in vars(_core.fft).items() if name[0] != "_"})


_names.describe(__name__, of_core=True)
