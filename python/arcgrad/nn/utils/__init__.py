"""Helpers for parameters and gradients: clipping, one vector of all parameters, parametrisations, pruning.

:mod:`.prune`, :mod:`.parametrize`, :mod:`.parametrizations`, :mod:`.stateless` and :mod:`.fusion` are imported when they are first asked for.
"""

from importlib import import_module

from arcgrad import _names

from . import rnn
from .clip_grad import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from .convert_parameters import parameters_to_vector, vector_to_parameters

from .spectral_norm import remove_spectral_norm, spectral_norm
from .weight_norm import remove_weight_norm, weight_norm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import fusion as fusion
    from . import parametrizations as parametrizations
    from . import parametrize as parametrize
    from . import prune as prune
    from . import stateless as stateless
    from .fusion import fuse_conv_bn_eval as fuse_conv_bn_eval
    from .fusion import fuse_conv_bn_weights as fuse_conv_bn_weights
    from .fusion import fuse_linear_bn_eval as fuse_linear_bn_eval
    from .fusion import fuse_linear_bn_weights as fuse_linear_bn_weights
    from .init import skip_init as skip_init

#: Names that live in a module that is not imported yet: name -> module.
_ELSEWHERE = {
    **dict.fromkeys(("fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"), "fusion"),
    "skip_init": "init",
}
_MODULES = ("fusion", "parametrizations", "parametrize", "prune", "stateless")

__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
    *_ELSEWHERE,
    *_MODULES,
]


def _later(name):
    """A name that is imported when it is first asked for."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _ELSEWHERE:
        value = getattr(import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
        globals()[name] = value
        return value
    raise _names.missing(__name__, name, lambda: __all__)


if not TYPE_CHECKING:
    # Hidden from type checkers, to whom it would say that every name exists.
    __getattr__ = _later


_names.keep(__name__, "spectral_norm", "weight_norm")
_names.describe(__name__)
