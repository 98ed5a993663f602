"""Custom differentiable functions."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import Tensor, _autograd
from arcgrad._core._autograd import FunctionCtx
from arcgrad.autograd.grad_mode import no_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["BackwardCFunction", "Function", "FunctionCtx", "InplaceFunction", "once_differentiable"]

_TWICE = "trying to differentiate twice a function that was marked with @once_differentiable"


class BackwardCFunction(FunctionCtx):
    """The ctx of a custom function, which is the function's node."""

    def _run_backward(self, *grads):
        function = self._forward_cls
        backward, vjp = function.backward, function.vjp
        if vjp is not Function.vjp:
            if backward is not Function.backward:
                raise RuntimeError(
                    "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                    "implement one of them."
                )
            backward = vjp
        return backward(self, *grads)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """Another name of ``saved_tensors``, as older programs have it."""
        import warnings

        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2)
        return self.saved_tensors


class FunctionMeta(type):
    """Gives each custom function the class of its ctx, ``<name>Backward``."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        cls._backward_cls = type(
            f"{name}Backward", (BackwardCFunction,), {"_forward_cls": cls, "__module__": cls.__module__}
        )
        # None means that forward takes the ctx itself.
        cls._setup_context = None if cls.setup_context is _no_setup_context else cls.setup_context
        forward = getattr(cls.forward, "__func__", cls.forward)
        cls._has_defaults = bool(getattr(forward, "__defaults__", None) or getattr(forward, "__kwdefaults__", None))


def _no_setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
    """Keep in ``ctx`` what ``backward`` needs, when ``forward`` takes no ctx.

    Args:
        ctx (FunctionCtx): to be filled.
        inputs (tuple): the arguments of ``forward``.
        output: what it returned.
    """
    raise NotImplementedError("setup_context is not implemented.")


class Function(metaclass=FunctionMeta):
    """Base class of custom differentiable functions.

    A subclass defines static methods: either ``forward(ctx, *args)``, or ``forward(*args)`` and
    ``setup_context(ctx, inputs, output)``, and ``backward(ctx, *grad_outputs)``, which returns one gradient per
    argument of ``forward`` (``None`` where there is none). It is called through :meth:`apply`. ``forward`` runs
    without being recorded; ``backward`` is recorded under ``create_graph=True``, so it may be differentiated again.

    Example::

        >>> import arcgrad as ag
        >>> class Exp(ag.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         y = x.exp()
        ...         ctx.save_for_backward(y)
        ...         return y
        ...
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         (y,) = ctx.saved_tensors
        ...         return grad * y
        >>> x = ag.tensor(0.0, requires_grad=True)
        >>> Exp.apply(x).backward()
        >>> x.grad
        tensor(1.)
    """

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        import warnings

        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself: use apply(). Instantiating an autograd function will raise an error in "
            "a future version.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method, and call it by apply()."
        )

    # `*args` and `**kwargs` tell type checkers that every function has arguments of its own.
    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The function's value. Every subclass defines it."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    setup_context = staticmethod(_no_setup_context)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any, **_: Any) -> Any:
        """The gradients of the arguments from those of the results."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any, **_: Any) -> Any:
        """Another name of :meth:`backward`."""
        raise NotImplementedError("vjp is not implemented; define backward or vjp.")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any, **_: Any) -> Any:
        """The tangents of the results from those of the arguments, for forward mode."""
        raise NotImplementedError("You must implement the jvp function for custom autograd.Function to use it with forward mode AD.")

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """The function over a batch."""
        raise NotImplementedError("You must implement the vmap function for custom autograd.Function to use it with vmap.")

    apply = classmethod(_autograd.apply)

    @classmethod
    def _bind_arguments(cls, args, kwargs):
        """All arguments of ``forward`` by position."""
        import inspect

        bound = inspect.signature(cls.forward).bind(*args, **(kwargs or {}))
        bound.apply_defaults()
        return bound.args


class InplaceFunction(Function):
    """Base class of custom functions with an ``inplace`` flag, as older programs have them."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


def once_differentiable(function: F) -> F:
    """Marks a ``backward`` that can't be differentiated: it runs without being recorded, and differentiating its
    result is an error instead of a silent zero."""
    import functools

    @functools.wraps(function)
    def wrapper(ctx, *args):
        with no_grad():
            outputs = function(ctx, *args)
        if not _autograd.is_grad_enabled() or not any(isinstance(arg, Tensor) and arg.requires_grad for arg in args):
            return outputs
        is_tuple = isinstance(outputs, tuple)
        refused = tuple(map(_refuse_second_derivative, outputs if is_tuple else (outputs,)))
        return refused if is_tuple else refused[0]

    return wrapper


def _refuse_second_derivative(output):
    if not isinstance(output, Tensor) or not (output.is_floating_point() or output.is_complex()):
        return output
    # Whether it depends on something that requires gradients is not known: assume so.
    variable = output.detach()
    variable.requires_grad = True
    return _autograd.refuse_second_derivative(variable, _TWICE)


_names.describe(__name__)
