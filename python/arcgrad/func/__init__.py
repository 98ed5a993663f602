"""Functions that transform functions: into their derivatives, into functions of batches, and modules into functions.

They nest in any order and to any depth:

    >>> import arcgrad as torch
    >>> from arcgrad.func import grad, jacfwd, jacrev, vmap
    >>> x = torch.tensor([0.0, 1.0])
    >>> vmap(grad(grad(torch.exp)))(x)
    tensor([1.0000, 2.7183])
    >>> jacfwd(jacrev(lambda x: x.prod()))(x)
    tensor([[0., 1.],
            [1., 0.]])
"""

from arcgrad import _names

from .batch_norms import replace_all_batch_norm_modules_
from .batching import debug_unwrap, vmap
from .forward import jvp, linearize
from .functional_call import functional_call, stack_module_state
from .functionalizing import functionalize
from .jacobians import hessian, jacfwd, jacrev
from .reverse import grad, grad_and_value, vjp

__all__ = [
    "debug_unwrap",
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]


_names.keep(__name__, "functional_call", "functionalize")
_names.describe(__name__)
