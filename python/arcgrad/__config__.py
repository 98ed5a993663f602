"""How the library was built, as far as programs ask.

>>> import arcgrad as ag
>>> ag.__config__.show().splitlines()[0] == f"arcgrad {ag.__version__}"
True
"""

from __future__ import annotations

from arcgrad import _names, get_num_threads
from arcgrad._core import __version__

__all__ = ["parallel_info", "show"]


def show() -> str:
    """What the library consists of, for a human to read."""
    return f"arcgrad {__version__}\n  - a core in Rust, without MKL, OpenMP or CUDA\n"


def parallel_info() -> str:
    """How many threads an operation may use, for a human to read."""
    return f"arcgrad {__version__}\n\tarcgrad.get_num_threads() : {get_num_threads()}\n"


def _cxx_flags() -> str:
    """Nothing: no C++ was compiled."""
    return ""


_names.describe(__name__)
