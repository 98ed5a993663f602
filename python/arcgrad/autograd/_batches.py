"""Custom functions over batches: by a rule of their own, or by one made of their forward and backward."""

from __future__ import annotations

from arcgrad._core import Tensor, _autograd
from arcgrad.autograd._levels import level as level_of
from arcgrad.autograd.function import Function
from arcgrad.autograd.grad_mode import set_grad_enabled
from arcgrad.utils._pytree import _broadcast_to_and_flatten, tree_flatten, tree_map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NamedTuple

    class VmapInfo(NamedTuple):
        batch_size: int
        randomness: str

else:
    from collections import namedtuple

    VmapInfo = namedtuple("VmapInfo", ("batch_size", "randomness"))

__all__ = ["OverBatch", "VmapInfo", "restored"]


class OverBatch:
    """A custom function at a level of batching, as the core calls it: its forward is that of all examples at once, its backward and
    its context are the function's own, since what they see are examples."""

    def __init__(self, function: type[Function], level: int, kwargs: dict[str, Any] | None) -> None:
        if function._setup_context is None:
            raise RuntimeError(
                f"In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the "
                f"setup_context staticmethod: {function.__name__}.forward takes the ctx itself. Let it take the arguments alone, and "
                f"fill the ctx in setup_context(ctx, inputs, output)."
            )
        if kwargs:
            raise NotImplementedError(
                f"{function.__name__}: kwarg-only Tensor args, and others by keyword, are not implemented under vmap. Pass them by "
                "position."
            )
        self._function, self._level = function, level
        self._backward_cls, self._setup_context = function._backward_cls, function._setup_context
        self._enabled = _autograd.is_grad_enabled()

    def forward(self, *args: Any) -> Any:
        """The result of all examples, as one that stands for each."""
        leaves, spec = tree_flatten(args)
        parts = [_autograd.unwrap_batched(leaf, self._level) if isinstance(leaf, Tensor) else None for leaf in leaves]
        wholes = spec.unflatten(leaf if part is None else part[0] for leaf, part in zip(leaves, parts))
        dims = spec.unflatten(None if part is None else part[1] for part in parts)
        info = VmapInfo(*_autograd.batch_facts(self._level))

        def run():
            # What levels below record, they record as if there were no forward around it.
            with set_grad_enabled(self._enabled):
                return _result(self._function, info, dims, wholes)

        outputs, axes, spec = _autograd.call_below(run, self._level)
        return spec.unflatten(
            self._example(output, axis, info.batch_size) if isinstance(output, Tensor) else output
            for output, axis in zip(outputs, axes)
        )

    def _example(self, output, axis, size):
        if axis is None:
            # The same for all examples: one of its own for each, so that it can have a place in the graph of this level.
            output = _autograd.call_below(lambda: output.unsqueeze(0).expand(size, *output.shape), self._level)
            axis = 0
        return _autograd.add_batch_dim(output, axis % output.dim(), self._level)


def _result(function, info, dims, args):
    """``(outputs, their axes, structure)`` of a function for all examples."""
    name, own = function.__name__, function.vmap is not Function.vmap
    if function.generate_vmap_rule:
        if own:
            raise RuntimeError(
                f"You tried to vmap over {name}, but it has both generate_vmap_rule=True and an overriden vmap staticmethod. Please "
                "set generate_vmap_rule=False or delete the overriden vmap staticmethod to avoid ambiguity."
            )
        return _by_forward(function, info, dims, args)
    if not own:
        raise RuntimeError(
            f"You tried to vmap over {name}, but it does not have vmap support. Please override and implement the vmap staticmethod or "
            "set generate_vmap_rule=True."
        )
    returned = function.vmap(info, dims, *args)
    if not (isinstance(returned, tuple) and len(returned) == 2):
        what = f"{len(returned)} of them" if isinstance(returned, tuple) else f"a {type(returned).__name__}"
        raise RuntimeError(
            f"Expected the vmap staticmethod of {name} to have two returns (output, out_dims), but got {what}: the output, and the axis "
            "of each of its tensors along which the examples lie."
        )
    output, out_dims = returned
    outputs, spec = tree_flatten(output)
    axes = _broadcast_to_and_flatten(out_dims, spec)
    if axes is None:
        raise RuntimeError(
            f"The vmap staticmethod of {name} returned an incompatible (output, out_dims) tuple: the structure of the output is {spec}, "
            f"and out_dims is {out_dims}."
        )
    return outputs, axes, spec


def restored(
    function: Callable[..., Any], in_dims: Any, batch_size: int, randomness: str
) -> Callable[..., tuple[Any, Any]]:
    """A function that is run for all examples and returns ``(results, their axes)``: results that are the same for all, or no tensors,
    stay as they are and have no axis."""

    def run(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        leaves, spec = tree_flatten(args)
        dims = _broadcast_to_and_flatten(in_dims, spec)
        with level_of(batch_size, randomness) as number:
            inputs = [
                leaf if dim is None else _autograd.add_batch_dim(leaf, dim % leaf.dim(), number)
                for leaf, dim in zip(leaves, dims)
            ]
            outputs, out_spec = tree_flatten(function(*spec.unflatten(inputs), **kwargs))
            wholes = [_autograd.unwrap_batched(each, number) if isinstance(each, Tensor) else None for each in outputs]
        values = [each if whole is None else whole[0] for each, whole in zip(outputs, wholes)]
        axes = [None if whole is None else whole[1] for whole in wholes]
        return out_spec.unflatten(values), out_spec.unflatten(axes)

    return run


class _Saving:
    """A ctx that notes what is saved, and is the ctx of the generated function otherwise."""

    def __init__(self, ctx, **noted):
        self.__dict__.update(_ctx=ctx, _noted=noted)

    def __getattr__(self, name):
        noted = self.__dict__["_noted"]
        return noted[name] if name in noted else getattr(self.__dict__["_ctx"], name)

    def __setattr__(self, name, value):
        setattr(self.__dict__["_ctx"], name, value)

    def save_for_backward(self, *tensors):
        self.__dict__["_noted"]["backward"] = tensors

    def save_for_forward(self, *tensors):
        self.__dict__["_noted"]["forward"] = tensors


class _Axes:
    """Which axes the examples of what a call has saved and returned lie along."""

    outputs: Any = None
    backward: Any = ()
    forward: Any = ()
    shapes: Any = ()


def _by_forward(function, info, in_dims, args):
    """:func:`_result` where ``forward``, ``setup_context`` and ``backward`` are themselves run over the batch."""
    axes = _Axes()

    class Generated(Function):
        @staticmethod
        def forward(*args):
            outputs, axes.outputs = restored(function.forward, in_dims, *info)(*args)
            return outputs

        @staticmethod
        def setup_context(ctx, inputs, output):
            def inner(inputs, output):
                saving = _Saving(ctx, backward=(), forward=())
                function.setup_context(saving, inputs, output)
                axes.shapes = tree_map(lambda leaf: leaf.shape if isinstance(leaf, Tensor) else None, inputs)
                return tuple(saving.backward), tuple(saving.forward)

            (backward, forward), (axes.backward, axes.forward) = restored(inner, (in_dims, axes.outputs), *info)(inputs, output)
            ctx.save_for_backward(*backward)
            ctx.save_for_forward(*forward)

        @staticmethod
        def backward(ctx, *grads):
            def inner(saved, grads):
                found = _rule(function)(_Saving(ctx, saved_tensors=tuple(saved)), *grads)
                return found if isinstance(found, tuple) else (found,)

            out_axes = axes.outputs if isinstance(axes.outputs, tuple) else (axes.outputs,)
            grad_axes = tuple(None if grad is None else axis for grad, axis in zip(grads, out_axes))
            found, found_axes = restored(inner, (axes.backward, grad_axes), *info)(ctx.saved_tensors, grads)
            return tuple(
                _gradient(grad, axis, dim, shape, info.batch_size)
                for grad, axis, dim, shape in zip(found, found_axes, in_dims, axes.shapes)
            )

        @staticmethod
        def jvp(ctx, *tangents):
            def inner(saved, tangents):
                return function.jvp(_Saving(ctx, saved_tensors=tuple(saved)), *tangents)

            tangent_axes = tuple(None if tangent is None else dim for tangent, dim in zip(tangents, in_dims))
            found, found_axes = restored(inner, (axes.forward, tangent_axes), *info)(ctx.saved_tensors, tangents)
            several = isinstance(found, tuple)
            pairs = zip(found, found_axes, axes.outputs) if several else [(found, found_axes, axes.outputs)]
            placed = tuple(_along(tangent, axis, to, info.batch_size) for tangent, axis, to in pairs)
            return placed if several else placed[0]

    Generated.__name__ = f"Vmapped{function.__name__}"
    output = Generated.apply(*args)
    outputs, spec = tree_flatten(output)
    return outputs, _broadcast_to_and_flatten(axes.outputs, spec), spec


def _rule(function):
    return function.vjp if function.vjp is not Function.vjp else function.backward


def _along(value, axis, to, size):
    """A tensor with its examples along an axis; the sum over them where there is to be none."""
    if not isinstance(value, Tensor):
        return value
    if axis is None:
        return value if to is None else value.unsqueeze(to).expand(*value.shape[:to], size, *value.shape[to:])
    return value.sum(axis) if to is None else value.movedim(axis, to)


def _gradient(grad, axis, dim, shape, size):
    """The gradient of an argument: that of each example where it has examples, their sum where it is the same for all."""
    if not isinstance(grad, Tensor):
        return None
    if axis is None and dim is None:
        # Neither differs between examples: what arrived was the sum over them.
        return grad
    whole = grad if axis is None else grad.movedim(axis, 0)
    if axis is None:
        whole = grad.unsqueeze(0).expand(size, *grad.shape)
    whole = whole.sum_to_size(size, *shape)
    return whole.sum(0) if dim is None else whole.movedim(0, dim)
