"""The package ``functorch``, from which programs took the transformations before they were :mod:`arcgrad.func`.

Standing in as ``torch`` (:func:`arcgrad.stand_in`), ``import functorch`` means this package.
"""

from __future__ import annotations

from arcgrad import _names
from arcgrad._functorch.make_functional import combine_state_for_ensemble, make_functional, make_functional_with_buffers
from arcgrad.func import functional_call, grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, stack_module_state, vjp, vmap

__all__ = [
    "combine_state_for_ensemble",
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "make_functional",
    "make_functional_with_buffers",
    "stack_module_state",
    "vjp",
    "vmap",
]

_names.keep(__name__, "make_functional", "vmap")
_names.describe(__name__)
