"""Custom functions of one example, called on a batch: inside of :func:`arcgrad.vmap`.

A function says how it is done for a whole batch in its ``vmap``, or lets that be worked out (``generate_vmap_rule``): then its
forward and its backward are each computed for all examples at once.
"""

from __future__ import annotations

from collections import namedtuple
from itertools import count

from arcgrad import Tensor, _names, is_grad_enabled
from arcgrad._core import _autograd
from arcgrad.autograd._levels import level, randomness_of
from arcgrad.autograd.function import Function
from arcgrad.utils._pytree import _broadcast_to_and_flatten, tree_flatten, tree_structure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What a function's ``vmap`` is told of the batch.
VmapInfo = namedtuple("VmapInfo", ["batch_size", "randomness"])


def apply_batched(cls: Any, number: int, size: int, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    """The result of a custom function some of whose arguments stand for the examples of the batch at level ``number``."""
    if cls._setup_context is None:
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the "
            "setup_context staticmethod. For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
        )
    if any(isinstance(each, Tensor) for each in (kwargs or {}).values()):
        raise NotImplementedError(
            "Run vmap on autograd.Function with kwarg-only Tensor args. Please do not pass kwarg-only Tensors to autograd.Function. "
            f"Got: {kwargs}"
        )
    own_rule = cls.vmap is not Function.vmap
    if cls.generate_vmap_rule and own_rule:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and an overriden vmap staticmethod. "
            "Please set generate_vmap_rule=False or delete the overriden vmap staticmethod to avoid ambiguity."
        )
    if not cls.generate_vmap_rule and not own_rule:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please override and implement the vmap "
            "staticmethod or set generate_vmap_rule=True."
        )
    if kwargs or cls._has_defaults:
        args = cls._bind_arguments(args, kwargs or {})
    operands, in_dims = _unwrapped(args, number)
    info = VmapInfo(size, randomness_of(number))
    if own_rule:
        returned = _autograd.below(number, cls.vmap, (info, in_dims, *operands))
        if not (isinstance(returned, tuple) and len(returned) == 2):
            what = f"{len(returned)} of them" if isinstance(returned, tuple) else f"a {type(returned).__name__}"
            raise RuntimeError(
                f"Expected the vmap staticmethod of {cls.__name__} to have two returns (output, out_dims), but got {what}: the output, "
                "and the axis of each of its tensors along which the examples lie."
            )
        outputs, out_dims = returned
    else:
        outputs, out_dims = _autograd.below(number, _generated, (cls, info, in_dims, operands))
    results = _wrapped(outputs, out_dims, number)
    if results is None and outputs is not None:
        raise RuntimeError(
            f"The vmap staticmethod of {cls.__name__} returned an incompatible (output, out_dims) tuple: the structure of the output is "
            f"{tree_structure(outputs)}, and out_dims is {out_dims}."
        )
    if is_grad_enabled() and any(isinstance(arg, Tensor) and arg.requires_grad for arg in args):
        # Something inside of the batch wants a gradient: one node for it, over tensors that stand for examples.
        recorded = type(cls.__name__, (cls,), {"forward": staticmethod(lambda *args: results), "__module__": cls.__module__})
        return _autograd.apply_here(recorded, *args)
    return results


def _unwrapped(values, number):
    """Each value for all examples, and the axes along which they lie; None for what is the same for all."""
    leaves, spec = tree_flatten(tuple(values))
    found = [_autograd.unwrap_batched(leaf, number) if isinstance(leaf, Tensor) else None for leaf in leaves]
    pairs = [(leaf, None) if part is None else part for leaf, part in zip(leaves, found)]
    return spec.unflatten(whole for whole, _ in pairs), spec.unflatten(dim for _, dim in pairs)


def _wrapped(outputs, out_dims, number):
    """What stands for one example of each output; None where the axes are not those of a tree of its structure."""
    leaves, spec = tree_flatten(outputs)
    dims = _broadcast_to_and_flatten(out_dims, spec)
    if dims is None:
        return None
    return spec.unflatten(
        leaf if dim is None or not isinstance(leaf, Tensor) else _autograd.add_batch_dim(leaf, dim % leaf.dim(), number)
        for leaf, dim in zip(leaves, dims)
    )


def _in_batch(info, function, values, dims):
    """What a function returns of the examples of ``values``, for all of them, and the axes along which they lie."""
    with level(info.batch_size, info.randomness) as number:
        given = [_wrapped(value, dim, number) for value, dim in zip(values, dims)]
        returned = function(*given)
        alone = not isinstance(returned, tuple)
        wholes, out_dims = _unwrapped((returned,) if alone else returned, number)
    return (wholes[0], out_dims[0]) if alone else (wholes, out_dims)


class _Facts:
    """What the ctx of a batch knows beside what the function itself keeps in it."""

    def __init__(self) -> None:
        #: The axes along which the examples of what was saved lie.
        self.saved_dims: tuple[int | None, ...] = ()
        self.forward_dims: tuple[int | None, ...] = ()
        #: The identities of results without gradients.
        self.constants: tuple[int, ...] = ()
        self.out_dims: tuple[int | None, ...] = ()
        #: The shapes of the operands, None where they are no tensors.
        self.shapes: tuple[Any, ...] = ()
        self.goes_forward = False


class _Context:
    """The ctx of one example: what is saved in it is kept for all of them by the ctx of the batch."""

    def __init__(self, ctx: Any, facts: _Facts) -> None:
        self.__dict__.update(_ctx=ctx, _facts=facts, _level=None)

    def save_for_backward(self, *tensors: Any) -> None:
        wholes, self._facts.saved_dims = _unwrapped(tensors, self._level)
        self._ctx.save_for_backward(*wholes)

    def save_for_forward(self, *tensors: Any) -> None:
        wholes, self._facts.forward_dims = _unwrapped(tensors, self._level)
        self._ctx.save_for_forward(*wholes)

    def mark_dirty(self, *tensors: Any) -> None:
        raise RuntimeError("generate_vmap_rule: a function that changes its arguments in place needs a vmap of its own")

    def mark_non_differentiable(self, *tensors: Any) -> None:
        self._facts.constants = tuple(map(id, tensors))

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        dims = self._facts.forward_dims if self._facts.goes_forward else self._facts.saved_dims
        return tuple(_wrapped(whole, dim, self._level) for whole, dim in zip(self._ctx.saved_tensors, dims))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ctx, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._ctx, name, value)


def _within(example, info, function, values, dims):
    """:func:`_in_batch` of a function that uses a ctx."""
    with level(info.batch_size, info.randomness) as number:
        example.__dict__["_level"] = number
        given = [_wrapped(value, dim, number) for value, dim in zip(values, dims)]
        returned = function(*given)
        returned = returned if isinstance(returned, tuple) else (returned,)
        return _unwrapped(returned, number)


def _fitted(gradient, axis, shape, in_dim):
    """A gradient for all examples as that of an operand of ``shape``: summed where the operand is the same for all."""
    if gradient is None or shape is None:
        return gradient
    if in_dim is None:
        return gradient if axis is None else gradient.sum(axis)
    if axis is None:
        return gradient.unsqueeze(in_dim).expand(shape)
    return gradient.movedim(axis, in_dim)


def _spread(result, axis, dim, size):
    """A tangent for all examples, which lie along ``dim``."""
    if not isinstance(result, Tensor) or dim is None:
        return result
    if axis is not None:
        return result.movedim(axis, dim)
    shape = list(result.shape)
    shape.insert(dim, size)
    return result.unsqueeze(dim).expand(shape)


_numbers = count()


def _generated(cls, info, in_dims, operands):
    """The rule that is worked out: ``(outputs, out_dims)``."""
    noted: dict[str, Any] = {}
    # Of batches within batches each has facts of its own.
    place = f"_batch_{next(_numbers)}"

    class Batched(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(*operands):
            outputs, noted["dims"] = _in_batch(info, cls.forward, operands, in_dims)
            noted["alone"] = not isinstance(outputs, tuple)
            return outputs

        @staticmethod
        def setup_context(ctx, inputs, output):
            facts = _Facts()
            setattr(ctx, place, facts)
            facts.out_dims = (noted["dims"],) if noted["alone"] else noted["dims"]
            facts.shapes = tuple(operand.shape if isinstance(operand, Tensor) else None for operand in inputs)
            outputs = (output,) if noted["alone"] else output
            example = _Context(ctx, facts)
            made_of = []

            def setup(*values: Any) -> tuple[()]:
                given, made = values[: len(inputs)], values[len(inputs) :]
                cls.setup_context(example, given, made[0] if noted["alone"] else made)
                made_of.extend(map(id, made))
                return ()

            _within(example, info, setup, (*inputs, *outputs), (*in_dims, *facts.out_dims))
            constants = [whole for whole, made in zip(outputs, made_of) if made in facts.constants]
            if constants:
                ctx.mark_non_differentiable(*constants)

        @staticmethod
        def backward(ctx, *grads):
            facts = getattr(ctx, place)
            example = _Context(ctx, facts)
            run = cls.vjp if cls.vjp is not Function.vjp else cls.backward
            dims = [None if grad is None else dim for grad, dim in zip(grads, facts.out_dims)]
            results, axes = _within(example, info, lambda *grads: run(example, *grads), grads, dims)
            return tuple(map(_fitted, results, axes, facts.shapes, in_dims))

        @staticmethod
        def jvp(ctx, *tangents):
            facts = getattr(ctx, place)
            example = _Context(ctx, facts)
            dims = [None if tangent is None else dim for tangent, dim in zip(tangents, in_dims)]
            facts.goes_forward = True
            try:
                results, axes = _within(example, info, lambda *tangents: cls.jvp(example, *tangents), tangents, dims)
            finally:
                facts.goes_forward = False
            placed = [_spread(*each, info.batch_size) for each in zip(results, axes, facts.out_dims)]
            return placed[0] if noted["alone"] else tuple(placed)

    Batched.__name__ = f"Vmapped{cls.__name__}"
    outputs = Batched.apply(*operands)
    return outputs, noted["dims"]


_names.describe(__name__)
