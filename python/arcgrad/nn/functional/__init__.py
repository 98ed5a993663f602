"""The functions behind the layers: what the core computes, and what the parts of this package compose of it."""

from arcgrad import _names
from arcgrad._core import nn as _core

from . import activation, attention, convolution, distance, dropouts, loss, pooling, sparse, vision
from .activation import *  # noqa: F403  (the lists are the parts' __all__)
from .attention import *  # noqa: F403
from .convolution import *  # noqa: F403
from .distance import *  # noqa: F403
from .dropouts import *  # noqa: F403
from .loss import *  # noqa: F403
from .pooling import *  # noqa: F403
from .sparse import *  # noqa: F403
from .vision import *  # noqa: F403

__all__ = []
for _part in (activation, attention, convolution, distance, dropouts, loss, pooling, sparse, vision):
    __all__ += _part.__all__
    for _name in _part.__all__:
        # Functions of this module, in whichever file they stand: pickles name them so.
        getattr(_part, _name).__module__ = __name__

# Everything else is the core's, by its own name, but for in-place forms that programs reach by ``inplace=True`` alone.
_OF_CORE = {name for name in vars(_core) if name[0] != "_"}.difference(
    __all__, ("hardsigmoid_", "hardswish_", "mish_", "relu6_", "silu_")
)
_names.adopt(__name__, {name: getattr(_core, name) for name in _OF_CORE})
__all__ += sorted(_OF_CORE)


_names.describe(__name__)
