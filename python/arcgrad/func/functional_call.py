"""Modules as functions: of their parameters and buffers, and of those of several modules at once."""

from __future__ import annotations

from collections.abc import Sequence

from arcgrad import Tensor, _names, stack
from arcgrad.nn.utils.stateless import _call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad.nn import Module

__all__ = ["functional_call", "stack_module_state"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call ``module`` with the given tensors in the place of its parameters and buffers.

    Args:
        module (Module): what is called. Other threads must not use it meanwhile: it holds the tensors during the call.
        parameter_and_buffer_dicts (dict or sequence of dicts): dotted name → tensor, as ``named_parameters()`` and
            ``named_buffers()`` name them. A buffer that ``forward`` replaces is replaced in the dictionary, if that is one.
        args: the argument of the call, or the tuple of its arguments.
        kwargs (dict): its keyword arguments.
        tie_weights (bool): whether a tensor for a parameter that has several names is used under all. Default: ``True``.
        strict (bool): whether names that are missing or unknown are an error. Default: ``False``.

    Raises:
        ValueError: a name is in several dictionaries, or there are several tensors for one shared parameter.
        RuntimeError: names are missing or unknown, with ``strict``.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.func import functional_call
        >>> layer = ag.nn.Linear(2, 1, bias=False)
        >>> weight = ag.tensor([[1.0, 2.0]], requires_grad=True)
        >>> functional_call(layer, {"weight": weight}, ag.tensor([3.0, 4.0]))
        tensor([11.], grad_fn=<...>)
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        tensors = parameter_and_buffer_dicts
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        if not all(isinstance(tensors, dict) for tensors in parameter_and_buffer_dicts):
            raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
        names = [name for tensors in parameter_and_buffer_dicts for name in tensors]
        tensors = {name: tensor for tensors in parameter_and_buffer_dicts for name, tensor in tensors.items()}
        if len(names) > len(tensors):
            repeated = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, "
            f"but got {type(parameter_and_buffer_dicts)}"
        )
    return _call(module, tensors, args, kwargs, tie_weights, strict)


def _stacked(tensors_of_models):
    """Name → the tensors of that name stacked to a new leaf, for a list of name → tensor."""
    stacked = {}
    for name in tensors_of_models[0]:
        tensors = [of_model[name] for of_model in tensors_of_models]
        requires_grad = tensors[0].requires_grad
        if any(tensor.requires_grad != requires_grad for tensor in tensors):
            raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
        stacked[name] = stack(tensors).detach().requires_grad_(requires_grad)
    return stacked


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of several modules of one class, each stacked along a new first axis.

    Args:
        models (sequence of Modules): of one class, and in one mode.

    Returns:
        A tuple ``(params, buffers)`` of dictionaries name → tensor. The tensors are new leaves, which require gradients if those of
        the modules do.

    Example::

        >>> import arcgrad as ag
        >>> params, buffers = ag.func.stack_module_state([ag.nn.Linear(2, 3) for _ in range(5)])
        >>> tuple(params["weight"].shape)
        (5, 3, 2)
    """
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(model.training != models[0].training for model in models):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(model) is not type(models[0]) for model in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    return (
        _stacked([dict(model.named_parameters()) for model in models]),
        _stacked([dict(model.named_buffers()) for model in models]),
    )


_names.describe(__name__)
