"""The libraries and devices that PyTorch computes with, none of which arcgrad uses: its kernels are its own.

Flags keep what is written to them, and have no effect.

    >>> import arcgrad as ag
    >>> ag.backends.cudnn.benchmark = True
    >>> ag.backends.mps.is_available()
    False
"""

from arcgrad import _names
from arcgrad.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]

_names.describe(__name__)
