"""The package ``functorch``, from which programs took the transformations before they were :mod:`arcgrad.func`.

Standing in as ``torch`` (:func:`arcgrad.stand_in`), ``import functorch`` means this package. Its functions say where they are now.
"""

from __future__ import annotations

from arcgrad import _names
from arcgrad._functorch.deprecated import (
    combine_state_for_ensemble,
    functionalize,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    make_functional,
    make_functional_with_buffers,
    vjp,
    vmap,
)
from arcgrad._functorch.make_functional import FunctionalModule, FunctionalModuleWithBuffers
from arcgrad.func import functional_call, linearize, stack_module_state

__all__ = [
    "FunctionalModule",
    "FunctionalModuleWithBuffers",
    "combine_state_for_ensemble",
    "functional_call",
    "functionalize",
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
