"""The functions of ``functorch`` under their old names: each says which one took its place, and calls it."""

from __future__ import annotations

import functools
import warnings

from arcgrad import _names, func
from arcgrad._functorch import make_functional as modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable)

__all__ = [
    "combine_state_for_ensemble",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "make_functional",
    "make_functional_with_buffers",
    "vjp",
    "vmap",
]


def _moved(function: F, successor: str) -> F:
    text = (
        f"We've integrated functorch into PyTorch. As the final step of the integration, `functorch.{function.__name__}` is "
        "deprecated as of PyTorch 2.0 and will be deleted in a future version of PyTorch >= 2.3. Please use "
        f"`torch.{successor}` instead; see the PyTorch 2.0 release notes and/or the `torch.func` migration guide for more "
        "details https://pytorch.org/docs/main/func.migrating.html"
    )

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        warnings.warn(text, FutureWarning, stacklevel=2)
        return function(*args, **kwargs)

    return wrapper


combine_state_for_ensemble = _moved(modules.combine_state_for_ensemble, "func.stack_module_state")
functionalize = _moved(func.functionalize, "func.functionalize")
grad = _moved(func.grad, "func.grad")
grad_and_value = _moved(func.grad_and_value, "func.grad_and_value")
hessian = _moved(func.hessian, "func.hessian")
jacfwd = _moved(func.jacfwd, "func.jacfwd")
jacrev = _moved(func.jacrev, "func.jacrev")
jvp = _moved(func.jvp, "func.jvp")
make_functional = _moved(modules.make_functional, "func.functional_call")
make_functional_with_buffers = _moved(modules.make_functional_with_buffers, "func.functional_call")
vjp = _moved(func.vjp, "func.vjp")
vmap = _moved(func.vmap, "vmap")

_names.describe(__name__)
