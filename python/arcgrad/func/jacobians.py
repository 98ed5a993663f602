"""Jacobians and Hessians of functions: the rows or the columns of one are computed all at once, as a batch."""

from __future__ import annotations

import functools
from itertools import accumulate

from arcgrad import Tensor, _names, cat, zeros
from arcgrad.func.argnums import chosen, replaced
from arcgrad.func.batching import vmap
from arcgrad.func.forward import jvp
from arcgrad.func.reverse import _vjp
from arcgrad.utils._pytree import tree_flatten, tree_leaves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.func.argnums import Argnums

__all__ = ["hessian", "jacfwd", "jacrev"]


def identity_rows(tensors: list[Tensor], start: int, stop: int) -> list[Tensor]:
    """Rows of the identity of the space of all elements of the ``tensors``: for each tensor, its part of every row."""
    parts, first = [], 0
    for tensor in tensors:
        rows = zeros(stop - start, tensor.numel(), dtype=tensor.dtype)
        rows.diagonal(start - first).fill_(1)
        parts.append(rows.view(stop - start, *tensor.shape))
        first += tensor.numel()
    return parts


def parts_along(whole, sizes, dim):
    """Pieces of these sizes along an axis."""
    if len(sizes) == 1:
        return [whole]
    starts = accumulate(sizes, initial=0)
    return [whole.narrow(dim, start, size) for start, size in zip(starts, sizes)]


def _refuse_complex(what, args, kind):
    for number, leaf in enumerate(tree_leaves(args)):
        if isinstance(leaf, Tensor) and leaf.is_complex():
            raise RuntimeError(
                f"{what}: Expected all {kind}s to be real but received complex tensor at flattened {kind} idx: {number}"
            )


def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that computes the Jacobian of ``func`` in reverse mode: good where there are fewer outputs than inputs.

    Args:
        func: takes tensors, or trees of them, and returns such.
        argnums: the number of the argument to differentiate with respect to, or a tuple of numbers.
        has_aux: whether ``func`` returns ``(output, aux)``, of which only the output is differentiated.
        chunk_size: how many rows are computed at a time, to save memory; all of them by default.

    Returns:
        A function that returns the tree of the outputs, with the tree of the argument in the place of each: their tensors have the
        shape of the output followed by that of the input. With ``has_aux``, ``(jacobian, aux)``.

    >>> import arcgrad as torch
    >>> torch.func.jacrev(lambda x: x ** 2)(torch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        _refuse_complex("jacrev", args, "input")
        numbers, primals = chosen(args, argnums)
        output, vjp_fn, *aux = _vjp(lambda primals: func(*replaced(args, numbers, primals)), (primals,), has_aux)
        _refuse_complex("jacrev", output, "output")
        outputs, out_spec = tree_flatten(output)
        inputs, in_spec = tree_flatten(primals)

        def rows(start, stop):
            """Of the whole Jacobian, a part for each input."""
            basis = identity_rows(outputs, start, stop)
            if stop - start == 1:
                # One row is no batch: it needs no rules for batching.
                gradients = vjp_fn(out_spec.unflatten(part.squeeze(0) for part in basis))
                return [gradient.unsqueeze(0) for gradient in tree_leaves(gradients)]
            return tree_leaves(vmap(vjp_fn)(out_spec.unflatten(basis)))

        sizes = [output.numel() for output in outputs]
        total = sum(sizes)
        step = chunk_size or max(total, 1)
        chunks = [rows(start, min(start + step, total)) for start in range(0, total, step)]
        if not chunks:
            chunks = [[each.new_zeros((0, *each.shape)) for each in inputs]]
        wholes = [parts[0] if len(parts) == 1 else cat(parts) for parts in map(list, zip(*chunks))]
        split = [parts_along(whole, sizes, 0) for whole in wholes]
        jacobian = out_spec.unflatten(
            in_spec.unflatten(
                parts[number].reshape(output.shape + each.shape) for parts, each in zip(split, inputs)
            )
            for number, output in enumerate(outputs)
        )
        return (jacobian, *aux) if has_aux else jacobian

    return wrapper


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """A function that computes the Jacobian of ``func`` in forward mode: good where there are fewer inputs than outputs.

    Args:
        func, argnums, has_aux: as for :func:`jacrev`.
        randomness: as for :func:`vmap`.

    Returns:
        A function that returns what that of :func:`jacrev` does.

    >>> import arcgrad as torch
    >>> torch.func.jacfwd(lambda x: torch.stack([x, x ** 2, x ** 3]))(torch.tensor(2.0))
    tensor([ 1.,  4., 12.])
    """

    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        _refuse_complex("jacfwd", args, "input")
        numbers, primals = chosen(args, argnums)
        inputs, in_spec = tree_flatten(primals)
        found: list[Any] = []

        def push(*tangents):
            result = jvp(
                lambda primals: func(*replaced(args, numbers, primals)),
                (primals,),
                (in_spec.unflatten(tangents),),
                has_aux=has_aux,
            )
            # The value is the same for all directions.
            found[:] = result[0], *result[2:]
            return result[1]

        sizes = [each.numel() for each in inputs]
        basis = identity_rows(inputs, 0, sum(sizes))
        columns, out_spec = tree_flatten(vmap(push, out_dims=-1, randomness=randomness)(*basis))
        output, *aux = found
        _refuse_complex("jacfwd", output, "output")
        jacobian = out_spec.unflatten(
            in_spec.unflatten(
                part.reshape(whole.shape[:-1] + each.shape) for part, each in zip(parts_along(whole, sizes, -1), inputs)
            )
            for whole in columns
        )
        return (jacobian, *aux) if has_aux else jacobian

    return wrapper


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that computes the Hessian of ``func``: forward mode over reverse mode.

    Args:
        func: takes tensors, or trees of them, and returns such.
        argnums: the number of the argument to differentiate with respect to, or a tuple of numbers.

    >>> import arcgrad as torch
    >>> torch.func.hessian(lambda x: (x ** 3).sum())(torch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


_names.describe(__name__)
