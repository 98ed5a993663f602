"""Gradients as values: :func:`grad`."""

from __future__ import annotations

from arcgrad import Tensor, _names
from arcgrad._core import _autograd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core._autograd import Gradients, Places

__all__ = ["grad"]


def grad(
    outputs: Places,
    inputs: Places,
    grad_outputs: Gradients = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``; nobody's ``.grad`` is touched.

    Args:
        outputs: a tensor, gradient edge or node, or a sequence of them.
        inputs: likewise: what to differentiate with respect to.
        grad_outputs: the gradients of the outputs; 1 by default where an output has one element.
        retain_graph: whether the graph can be used again; what ``create_graph`` is by default.
        create_graph: whether the gradients can be differentiated.
        only_inputs: has no effect.
        allow_unused: whether an input that the outputs do not depend on has the gradient None; it is an error otherwise.
        is_grads_batched: whether ``grad_outputs`` are batches: one gradient per row of their first axis, and one run for all.
        materialize_grads: whether such an input has a gradient of zeros.

    Returns:
        A tuple with a gradient for each input; of batches with a first axis more.

    >>> import arcgrad as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> torch.autograd.grad((x ** 2).sum(), x)
    (tensor([2., 4.]),)
    >>> torch.autograd.grad(x ** 2, x, torch.eye(2), is_grads_batched=True)
    (tensor([[2., 0.],
            [0., 4.]]),)
    """
    if not is_grads_batched:
        return _autograd.grad(
            outputs,
            inputs,
            grad_outputs,
            retain_graph,
            create_graph,
            only_inputs,
            allow_unused,
            materialize_grads=materialize_grads,
        )
    from arcgrad.autograd._levels import level
    from arcgrad.autograd.grad_mode import set_grad_enabled

    outputs = [outputs] if not isinstance(outputs, (tuple, list)) else outputs
    wholes = [grad_outputs] if not isinstance(grad_outputs, (tuple, list)) else grad_outputs
    with level(_rows(outputs, wholes)) as number:
        examples = [_autograd.add_batch_dim(whole, 0, number) for whole in wholes]
        found = _autograd.grad(
            outputs,
            inputs,
            examples,
            retain_graph,
            create_graph,
            allow_unused=allow_unused,
            materialize_grads=materialize_grads,
        )
        with set_grad_enabled(create_graph):
            return tuple(None if each is None else _autograd.remove_batch_dim(each, 0, number) for each in found)


def _rows(outputs, wholes):
    """The common length of the first axes; what is behind them must be the outputs' shapes."""
    sizes = []
    for position, (output, whole) in enumerate(zip(outputs, wholes)):
        if not isinstance(whole, Tensor):
            raise RuntimeError(f"grad_outputs[{position}] is {whole}, and is_grads_batched=True needs one row per gradient")
        if isinstance(output, Tensor) and (whole.dim() == 0 or whole.shape[1:] != output.shape):
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The sizes "
                "of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{position}] has a shape of {whole.shape} and output[{position}] has a shape of {output.shape}. If you "
                "only want some tensors in `grad_output` to be considered batched, consider using vmap."
            )
        sizes.append(whole.shape[0])
        if sizes[0] != sizes[-1]:
            raise ValueError(f"grad_outputs[0] has {sizes[0]} rows and grad_outputs[{position}] has {sizes[-1]}")
    if not any(sizes):
        raise ValueError("is_grads_batched=True needs at least one row in grad_outputs")
    return sizes[0]


_names.describe(__name__)
