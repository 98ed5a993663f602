"""Jacobian-vector products of functions, in forward mode, and functions replaced by their linear part."""

from __future__ import annotations

from arcgrad import Tensor, _names, zeros_like
from arcgrad._core import _autograd
from arcgrad.autograd._levels import level
from arcgrad.autograd.forward_ad import _set_fwd_grad_enabled
from arcgrad.autograd.grad_mode import enable_grad
from arcgrad.func.reverse import Linearised, _check_outputs, _gradients, _with_aux
from arcgrad.utils._pytree import tree_flatten, tree_map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["jvp", "linearize"]

_JVP = "jvp(f, primals, tangents)"


def _check_tensors(values, name):
    if not values:
        raise RuntimeError(f"{_JVP}: Expected {name} to contain at least one Tensor.")
    for value in values:
        if not isinstance(value, Tensor):
            raise RuntimeError(f"{_JVP}: Expected {name} to only contain Tensors, got {type(value)}")


def _primal(tensor, number):
    """The value without its tangent."""
    if not isinstance(tensor, Tensor):
        raise RuntimeError(f"Expected tensors, got unsupported type {type(tensor)}")
    return _autograd.unpack_dual(tensor, number)[0]


def jvp(
    func: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...], *, strict: bool = False, has_aux: bool = False
) -> Any:
    """The value of ``func``, and the product of its Jacobian with a vector.

    Args:
        func: takes tensors, or trees of them, and returns such.
        primals: the arguments.
        tangents: the vector, in the structure of ``primals``.
        strict: whether an output that does not depend on the arguments is an error; its tangent is zeros otherwise.
        has_aux: whether ``func`` returns ``(output, aux)``, of which only the output is differentiated.

    Returns:
        ``(output, tangent of the output)``, with ``has_aux`` ``(output, tangent, aux)``.

    Raises:
        RuntimeError: structures, shapes or dtypes of primals and tangents differ, or an output is no tensor.

    >>> import arcgrad as torch
    >>> torch.func.jvp(lambda x: x ** 3, (torch.tensor(2.0),), (torch.tensor(1.0),))
    (tensor(8.), tensor(12.))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{_JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    flat_primals, spec = tree_flatten(primals)
    flat_tangents, tangents_spec = tree_flatten(tangents)
    if spec != tangents_spec:
        raise RuntimeError(
            f"{_JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 "
            f"tensors, tangents also must be. Got primals with structure {spec} and tangents with structure {tangents_spec}"
        )
    _check_tensors(flat_primals, "primals")
    _check_tensors(flat_tangents, "tangents")
    for primal, tangent in zip(flat_primals, flat_tangents):
        if primal.shape != tangent.shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
                f"supported. Tensor is of size {list(primal.shape)} while the given forward gradient is of size "
                f"{list(tangent.shape)}."
            )
    with _set_fwd_grad_enabled(True), level() as number:
        duals = [_autograd.make_dual(primal, tangent, number) for primal, tangent in zip(flat_primals, flat_tangents)]
        result, aux = _with_aux(func(*spec.unflatten(duals)), has_aux, _JVP)
        outputs, out_spec = tree_flatten(result)
        _check_outputs(outputs, _JVP)
        values, products = [], []
        for output in outputs:
            value, tangent = _autograd.unpack_dual(output, number)
            if tangent is None:
                if strict:
                    raise RuntimeError(
                        "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not "
                        "allowed with strict=True."
                    )
                tangent = zeros_like(value)
            values.append(value)
            products.append(tangent)
        aux = tree_map(lambda leaf: _primal(leaf, number), aux)
    result = out_spec.unflatten(values), out_spec.unflatten(products)
    return (*result, aux) if has_aux else result


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of ``func``, and a function that computes the products of its Jacobian with vectors.

    Unlike :func:`jvp`, ``func`` runs once: the products come from its graph, which is kept. The gradient of the outputs with
    respect to the arguments is linear in the cotangents, and its gradient with respect to these is the product.

    Args:
        func: takes tensors, or trees of them, and returns such.
        primals: the arguments.

    Returns:
        ``(output, jvp_fn)``. ``jvp_fn(*tangents)`` takes tangents in the structure of ``primals`` and returns that of the output.

    Raises:
        RuntimeError: structure, shapes or dtypes of the tangents differ from those of the primals.

    >>> import arcgrad as torch
    >>> output, jvp_fn = torch.func.linearize(lambda x: x ** 3, torch.tensor(2.0))
    >>> jvp_fn(torch.tensor(1.0)), jvp_fn(torch.tensor(10.0))
    (tensor(12.), tensor(120.))
    """
    run = Linearised(func, primals, False, "linearize(f, *primals)")
    with enable_grad():
        cotangents = [zeros_like(output) for output in run.outputs]
        differentiable = [output.requires_grad for output in run.outputs]
        for cotangent, needed in zip(cotangents, differentiable):
            if needed:
                cotangent.requires_grad = True
        run.made += cotangents
        # Linear in the cotangents.
        adjoint = _gradients(run.outputs, run.variables, cotangents, True, True)

    def jvp_fn(*tangents: Any) -> Any:
        flat, spec = tree_flatten(tangents)
        if spec != run.in_spec:
            raise RuntimeError(f"Expected the tangents {spec} to have the same argspec as the primals {run.in_spec}")
        for number, (tangent, variable) in enumerate(zip(flat, run.variables)):
            if tangent.shape != variable.shape:
                raise RuntimeError(
                    f"tangent:{number} with shape {tangent.shape} in flattened pytree doesn't match the shape "
                    f"{variable.shape} of the corresponding primal."
                )
            if tangent.dtype != variable.dtype:
                raise RuntimeError(
                    f"tangent:{number} with dtype {tangent.dtype} in flattened pytree doesn't match the dtype "
                    f"{variable.dtype} of the corresponding primal."
                )
        recorded = run.is_recorded(flat)
        wanted = [cotangent for cotangent, needed in zip(cotangents, differentiable) if needed]
        found = iter(_gradients(adjoint, wanted, flat, True, recorded) if wanted else ())
        products = [next(found) if needed else zeros_like(output) for output, needed in zip(run.outputs, differentiable)]
        if recorded:
            products = run.released(products)
        return run.out_spec.unflatten(products)

    return run.value(), jvp_fn


_names.describe(__name__)
