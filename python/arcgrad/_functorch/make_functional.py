"""Modules as functions of a tuple of parameters, in the order in which the module names them: what
:func:`arcgrad.func.functional_call` does by name."""

from __future__ import annotations

import copy

from arcgrad import _names, stack
from arcgrad.func import functional_call, stack_module_state
from arcgrad.nn import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from arcgrad import Tensor

__all__ = [
    "FunctionalModule",
    "FunctionalModuleWithBuffers",
    "combine_state_for_ensemble",
    "functional_init",
    "functional_init_with_buffers",
    "make_functional",
    "make_functional_with_buffers",
]


def _skeleton(model):
    """A copy of a module to call, the names of its parameters and those of its buffers."""
    names = (tuple(name for name, _ in each) for each in (model.named_parameters(), model.named_buffers()))
    return copy.deepcopy(model), *names


def _parameters(model, disable_autograd_tracking):
    found = tuple(model.parameters())
    return tuple(each.detach() for each in found) if disable_autograd_tracking else found


class FunctionalModule(Module):
    """What :func:`make_functional` gives: ``module(parameters, *args, **kwargs)``."""

    def __init__(self, stateless_model: Module, param_names: Sequence[str]) -> None:
        super().__init__()
        self.stateless_model, self.param_names = stateless_model, tuple(param_names)

    def forward(self, params: Sequence[Tensor], *args: Any, **kwargs: Any) -> Any:
        return functional_call(self.stateless_model, dict(zip(self.param_names, params, strict=True)), args, kwargs)


class FunctionalModuleWithBuffers(Module):
    """What :func:`make_functional_with_buffers` gives: ``module(parameters, buffers, *args, **kwargs)``."""

    def __init__(self, stateless_model: Module, param_names: Sequence[str], buffer_names: Sequence[str]) -> None:
        super().__init__()
        self.stateless_model = stateless_model
        self.param_names, self.buffer_names = tuple(param_names), tuple(buffer_names)

    def forward(self, params: Sequence[Tensor], buffers: Sequence[Tensor], *args: Any, **kwargs: Any) -> Any:
        tensors = dict(zip(self.param_names, params, strict=True)) | dict(zip(self.buffer_names, buffers, strict=True))
        return functional_call(self.stateless_model, tensors, args, kwargs)


def make_functional(model: Module, disable_autograd_tracking: bool = False) -> tuple[FunctionalModule, tuple[Tensor, ...]]:
    """A function of the parameters of a module, and the parameters.

    Args:
        model (Module): has no buffers.
        disable_autograd_tracking (bool): whether the parameters are taken out of the graph.

    Returns:
        ``(function, parameters)``; ``function(parameters, *args)`` is ``model(*args)``.

    Raises:
        RuntimeError: the module has buffers; see :func:`make_functional_with_buffers`.

    >>> import arcgrad as ag
    >>> from arcgrad._functorch import make_functional
    >>> function, (weight,) = make_functional(ag.nn.Linear(1, 1, bias=False))
    >>> function((ag.tensor([[2.0]]),), ag.tensor([3.0]))
    tensor([6.])
    """
    if next(iter(model.buffers()), None) is not None:
        raise RuntimeError(
            "make_functional(model): `model` has buffers. Please use make_functional_with_buffers(model) instead."
        )
    empty, names, _ = _skeleton(model)
    return FunctionalModule(empty, names), _parameters(model, disable_autograd_tracking)


def make_functional_with_buffers(
    model: Module, disable_autograd_tracking: bool = False
) -> tuple[FunctionalModuleWithBuffers, tuple[Tensor, ...], tuple[Tensor, ...]]:
    """A function of the parameters and buffers of a module, and these.

    Args:
        model (Module): any module.
        disable_autograd_tracking (bool): whether the parameters are taken out of the graph.

    Returns:
        ``(function, parameters, buffers)``; ``function(parameters, buffers, *args)`` is ``model(*args)``.
    """
    empty, names, buffer_names = _skeleton(model)
    function = FunctionalModuleWithBuffers(empty, names, buffer_names)
    return function, _parameters(model, disable_autograd_tracking), tuple(model.buffers())


def combine_state_for_ensemble(
    models: Sequence[Module],
) -> tuple[FunctionalModuleWithBuffers, tuple[Tensor, ...], tuple[Tensor, ...]]:
    """A function for :func:`arcgrad.vmap`, and the parameters and buffers of several modules of one class, stacked.

    Args:
        models (sequence of Modules): of one class, and in one mode.

    Returns:
        ``(function, parameters, buffers)``.
    """
    if len(models) == 0:
        raise RuntimeError("combine_state_for_ensemble: Expected at least one model, got 0.")
    if any(model.training != models[0].training for model in models):
        raise RuntimeError("combine_state_for_ensemble: Expected all models to have the same training/eval mode.")
    if any(type(model) is not type(models[0]) for model in models):
        raise RuntimeError("combine_state_for_ensemble: Expected all models to be of the same class.")
    function, _, _ = make_functional_with_buffers(models[0])
    params, buffers = stack_module_state(models)
    return function, tuple(params.values()), tuple(buffers.values())


def functional_init(
    model_class: Callable[..., Module], ensemble_shape: Sequence[int] = (), device: Any = "cpu"
) -> Callable[..., Any]:
    """A function of the arguments of a class of modules that returns parameters, a function and the names of the parameters.

    The function takes the arguments of ``forward`` as one tuple: ``function(parameters, (x,))``.

    Args:
        model_class: makes modules without buffers.
        ensemble_shape (sequence of ints): empty, or how many modules are made, whose parameters are stacked.
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        models = [model_class(*args, **kwargs).to(device) for _ in range(_count(ensemble_shape))]
        function, _ = make_functional(models[0])
        return _stacked(models, "parameters", ensemble_shape), _of_a_tuple(function), function.param_names

    return wrapped


def functional_init_with_buffers(
    model_class: Callable[..., Module], ensemble_shape: Sequence[int] = (), device: Any = "cpu"
) -> Callable[..., Any]:
    """:func:`functional_init` that returns parameters, buffers, a function, and the names of both."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        models = [model_class(*args, **kwargs).to(device) for _ in range(_count(ensemble_shape))]
        function, _, _ = make_functional_with_buffers(models[0])
        states = (_stacked(models, each, ensemble_shape) for each in ("parameters", "buffers"))
        return (*states, _of_a_tuple(function), function.param_names, function.buffer_names)

    return wrapped


def _of_a_tuple(function):
    """``function`` with all arguments after the tensors of the module in one tuple."""
    return lambda *tensors_and_args: function(*tensors_and_args[:-1], *tensors_and_args[-1])


def _count(ensemble_shape):
    if len(ensemble_shape) >= 2:
        raise ValueError("NYI: ensemble_shape with more than 1 element")
    if len(ensemble_shape) == 1 and ensemble_shape[0] <= 0:
        raise ValueError(f"num_models {ensemble_shape[0]} should be > 0")
    return ensemble_shape[0] if ensemble_shape else 1


def _stacked(models, kind, ensemble_shape):
    if not ensemble_shape:
        return tuple(getattr(models[0], kind)())
    return tuple(stack(each).detach() for each in zip(*(getattr(model, kind)() for model in models)))


_names.describe(__name__)
