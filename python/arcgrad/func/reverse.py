"""Gradients and vector-Jacobian products of functions, in reverse mode.

A function is called with variables of its own: views of the arguments that require gradients and, where an argument itself is
part of a graph, are connected to it. So the gradient with respect to them is that of this call alone, and still can be
differentiated by whoever made the argument.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager

from arcgrad import Tensor, _names, is_grad_enabled, no_grad, zeros_like
from arcgrad._core import _autograd
from arcgrad.autograd._levels import leads_elsewhere, thread
from arcgrad.autograd.grad_mode import enable_grad
from arcgrad.func.argnums import chosen, replaced
from arcgrad.utils._pytree import tree_flatten, tree_map, treespec_pprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.func.argnums import Argnums

__all__ = ["grad", "grad_and_value", "vjp"]


_NO_HOOKS = (
    "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with your use case."
)


@contextmanager
def _differentiation():
    """Counts a function as being differentiated while it runs, with gradients enabled."""
    _autograd.disable_saved_tensors_hooks(_NO_HOOKS)
    _autograd.enter_transform()
    thread.reverse += 1
    try:
        with enable_grad():
            yield
    finally:
        thread.reverse -= 1
        _autograd.exit_transform()
        _autograd.enable_saved_tensors_hooks()
        # Until the outermost is done, what inner ones returned may lead to their variables.
        if not thread.reverse:
            thread.variables = []


def _variable(tensor):
    if not isinstance(tensor, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(tensor)}")
    variable = tensor.view_as(tensor)
    variable.requires_grad = True
    thread.variables.append(variable)
    return variable


def _released(tensor, wanted, variables):
    """A result as the caller gets it: part of a graph only where that leads elsewhere than to the variables."""
    if not isinstance(tensor, Tensor):
        raise RuntimeError(f"Expected tensors, got unsupported type {type(tensor)}")
    if not tensor.requires_grad or (wanted and (thread.reverse or leads_elsewhere([tensor], variables))):
        return tensor
    if not thread.levels:
        return tensor.detach()
    # Its tangents and its examples stay.
    with no_grad():
        return tensor.clone()


def _gradients(outputs, variables, cotangents, retain_graph, create_graph):
    """One gradient for each variable: zeros where the outputs do not depend on it."""
    reached = [number for number, output in enumerate(outputs) if output.requires_grad]
    if not reached:
        return [zeros_like(variable) for variable in variables]
    found = _autograd.grad(
        [outputs[number] for number in reached],
        variables,
        None if cotangents is None else [cotangents[number] for number in reached],
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=True,
    )
    return [zeros_like(variable) if each is None else each for variable, each in zip(variables, found)]


def _with_aux(result, has_aux, what):
    """``(output, aux)`` of what a function returned."""
    if not has_aux:
        return result, ()
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(f"{what}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return result


def _grad_and_value(func, args, kwargs, argnums, has_aux):
    """``(gradient, value, aux)``."""
    what = "grad_and_value(f)(*args)"
    outside = is_grad_enabled()
    with _differentiation():
        argnums, arguments = chosen(args, argnums)
        arguments, spec = tree_flatten(arguments)
        first = len(thread.variables)
        variables = [_variable(argument) for argument in arguments]
        result = func(*replaced(args, argnums, spec.unflatten(variables)), **kwargs)
        value, aux = _with_aux(result, has_aux, what)
        if not isinstance(value, Tensor):
            raise RuntimeError(f"{what}: Expected f(*args) to return a Tensor, got {type(value)}")
        if value.dim() != 0:
            raise RuntimeError(
                f"{what}: Expected f(*args) to return a scalar Tensor, got tensor with {value.dim()} dims. Maybe you wanted "
                "to use the vjp or jacrev APIs instead?"
            )
        made = thread.variables[first:]
        wanted = outside and (thread.reverse > 1 or leads_elsewhere([value], made))
        # What is returned may be part of the graph still.
        keep = outside and (has_aux or wanted)
        gradients = _gradients([value], variables, None, keep, wanted)
    release = functools.partial(_released, wanted=outside, variables=made)
    return spec.unflatten(map(release, gradients)), release(value), tree_map(release, aux)


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that computes the gradient of ``func``.

    Args:
        func: takes tensors, or trees of them, and returns a tensor of one element and no dimension.
        argnums: the number of the argument to differentiate with respect to, or a tuple of numbers.
        has_aux: whether ``func`` returns ``(output, aux)``, of which only the output is differentiated.

    Returns:
        A function of the arguments of ``func`` that returns the gradient: in the structure of the argument, or a tuple of such;
        with ``has_aux``, ``(gradient, aux)``.

    Raises:
        RuntimeError: the output is no tensor, or has dimensions: see :func:`jacrev` and :func:`vjp`.

    >>> import arcgrad as torch
    >>> from arcgrad.func import grad
    >>> x = torch.tensor(2.0)
    >>> grad(lambda x: x ** 3)(x)
    tensor(12.)
    >>> grad(grad(lambda x: x ** 3))(x)
    tensor(12.)

    Under :func:`vmap` the gradient of every example, in one run:

    >>> from arcgrad.func import vmap
    >>> def loss(weight, x):
    ...     return (weight * x).sum()
    >>> weight, x = torch.ones(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> vmap(grad(loss), in_dims=(None, 0))(weight, x)
    tensor([[1., 2.],
            [3., 4.]])
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradient, _, aux = _grad_and_value(func, args, kwargs, argnums, has_aux)
        return (gradient, aux) if has_aux else gradient

    return wrapper


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that computes the gradient of ``func`` and its value.

    Args:
        func, argnums, has_aux: as for :func:`grad`.

    Returns:
        A function that returns ``(gradient, value)``; with ``has_aux``, ``(gradient, (value, aux))``.

    >>> import arcgrad as torch
    >>> torch.func.grad_and_value(lambda x: x ** 3)(torch.tensor(2.0))
    (tensor(12.), tensor(8.))
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradient, value, aux = _grad_and_value(func, args, kwargs, argnums, has_aux)
        return (gradient, (value, aux)) if has_aux else (gradient, value)

    return wrapper


class Linearised:
    """A function's outputs at one point, and its variables: what is between them can be run backward many times."""

    def __init__(self, func, primals, has_aux, what):
        self.outside = is_grad_enabled()
        with _differentiation():
            flat, self.in_spec = tree_flatten(primals)
            first = len(thread.variables)
            self.variables = [_variable(primal) for primal in flat]
            result, self.aux = _with_aux(func(*self.in_spec.unflatten(self.variables)), has_aux, what)
            self.outputs, self.out_spec = tree_flatten(result)
            _check_outputs(self.outputs, what)
            #: All variables made meanwhile.
            self.made = thread.variables[first:]
            self.wanted = thread.reverse > 1 or leads_elsewhere(self.outputs, self.made)

    def released(self, tree, wanted=True):
        """A tree of results as the caller gets it."""
        return tree_map(lambda leaf: _released(leaf, wanted, self.made), tree)

    def value(self):
        """What the function returned."""
        return self.released(self.out_spec.unflatten(self.outputs), self.outside)

    def is_recorded(self, tensors):
        """Whether what is computed from ``tensors`` may be differentiated again."""
        return is_grad_enabled() and (self.wanted or bool(thread.reverse) or leads_elsewhere(tensors, self.made))


def _check_outputs(outputs, what):
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeError(f"{what}: Expected f to be a function that has non-empty output (got output = {outputs})")
    for output in outputs:
        if not isinstance(output, Tensor):
            raise RuntimeError(f"{what}: expected f(*primals) to return only tensors, got unsupported type {type(output)}")


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``func``, and a function that computes the products of vectors with its Jacobian.

    Args:
        func: takes tensors, or trees of them, and returns such.
        primals: the arguments.
        has_aux: whether ``func`` returns ``(output, aux)``, of which only the output is differentiated.

    Returns:
        ``(output, vjp_fn)``, with ``has_aux`` ``(output, vjp_fn, aux)``. ``vjp_fn(cotangents)`` takes a tree in the structure of
        the output and returns a tuple with a gradient for every argument. It may be called many times.

    Raises:
        RuntimeError: an output is no tensor, or of a dtype without gradients.

    >>> import arcgrad as torch
    >>> x = torch.tensor([1.0, 2.0])
    >>> output, vjp_fn = torch.func.vjp(lambda x: x ** 2, x)
    >>> vjp_fn(torch.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    return _vjp(func, primals, has_aux)


def _vjp(func, primals, has_aux):
    run = Linearised(func, primals, has_aux, "vjp(f, *primals)")
    for output in run.outputs:
        if not (output.is_floating_point() or output.is_complex()):
            raise RuntimeError(
                "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype "
                f"{output.dtype}"
            )

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        cotangents, spec = tree_flatten(cotangents)
        if spec != run.out_spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {treespec_pprint(spec)}, primal output: {treespec_pprint(run.out_spec)}"
            )
        if create_graph is None:
            create_graph = run.is_recorded(cotangents)
        gradients = _gradients(run.outputs, run.variables, cotangents, retain_graph, create_graph)
        if create_graph:
            gradients = run.released(gradients)
        return run.in_spec.unflatten(gradients)

    value = run.value()
    return (value, vjp_fn, run.released(run.aux, run.outside)) if has_aux else (value, vjp_fn)


_names.describe(__name__)
