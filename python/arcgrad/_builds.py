"""What PyTorch says its build was made with, as far as it is true here."""

from __future__ import annotations

from arcgrad import _names

__all__ = ["has_lapack", "has_mkl", "has_openmp"]

#: Matrices are decomposed here whatever PyTorch's builds are made with.
has_lapack = True
has_mkl = False
has_openmp = False

_names.describe(__name__)
