"""What this is a version of."""

from arcgrad import _names
from arcgrad._core import __version__

#: The version of CUDA, which arcgrad does not use.
cuda = None
#: The version of HIP, which arcgrad does not use.
hip = None
#: The version of oneAPI, which arcgrad does not use.
xpu = None
#: Whether this is a build for looking for faults.
debug = False
#: The commit of the sources, which a wheel does not know.
git_version = "Unknown"

__all__ = ["cuda", "debug", "git_version", "hip", "xpu"]

_names.describe(__name__)
