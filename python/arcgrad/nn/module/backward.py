"""Backward hooks of modules: on the gradients that enter and leave a module, and those on its last operation.

An identity function is put around the tensors that enter the module and another around those that leave it.
Going backward, the outer one sees the gradients of the outputs first, the inner one those of the inputs last.
"""

from __future__ import annotations

import weakref
from functools import partial

from arcgrad import Tensor, _names, _warnings, is_grad_enabled
from arcgrad.autograd import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class BackwardHookFunction(Function):
    """Identity on tensors whose backward passes the gradients through ``hook``, which may replace them.

    With ``materialize``, the hook sees zeros instead of None where no gradient arrived.
    """

    @staticmethod
    def forward(ctx: Any, hook: Callable[..., Any], materialize: bool, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.hook = hook
        ctx.set_materialize_grads(materialize)
        ctx.mark_non_differentiable(*[tensor for tensor in tensors if not tensor.requires_grad])
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Any, ...]:
        return (None, None, *ctx.hook(grads))


def _scatter(indices, values, size):
    """A tuple of ``size`` with ``values`` at ``indices`` and None elsewhere."""
    slots = [None] * size
    for index, value in zip(indices, values):
        slots[index] = value
    return tuple(slots)


def _as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


class BackwardHooks:
    """The backward hooks of one call of ``module``: connects what both identity functions see.

    The graph keeps module and hooks until they have been called. After that, a graph that is kept (``create_graph``) only
    remembers them: a hook that lets the module keep a gradient closes a cycle through that graph, of which Python's
    collector does not see all owners.
    """

    def __init__(self, module: Any) -> None:
        self.module = weakref.ref(module)
        hooks, pre_hooks = module._hooks_going_backward()
        self.kept = (module, hooks, pre_hooks)
        self.numbers = (tuple(hooks), tuple(pre_hooks))
        self.grad_outputs = None
        self.input_indices = None
        self.input_count = None
        self.output_indices = None
        self.output_count = None

    def wrap_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Pass the tensors among ``args`` through the inner identity."""
        wrapped, self.input_indices = self._wrap(args, self._gradients_of_inputs, True)
        self.input_count = len(args)
        return wrapped

    def wrap_outputs(self, result: Any) -> Any:
        """Pass the tensors of a module's result (a tensor or a tuple) through the outer identity."""
        if not isinstance(result, (Tensor, tuple)):
            _warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
                f"but received {type(result)}"
            )
            return result
        outputs = _as_tuple(result)
        wrapped, self.output_indices = self._wrap(outputs, self._gradients_of_outputs, False)
        self.output_count = len(outputs)
        return wrapped if isinstance(result, tuple) else wrapped[0]

    @staticmethod
    def _wrap(values, hook, materialize):
        indices = [index for index, value in enumerate(values) if isinstance(value, Tensor)]
        if not is_grad_enabled() or not any(values[index].requires_grad for index in indices):
            return values, None
        wrapped = list(values)
        tensors = BackwardHookFunction.apply(hook, materialize, *[values[index] for index in indices])
        for index, tensor in zip(indices, tensors):
            wrapped[index] = tensor
        # A named tuple keeps its type.
        return (tuple(wrapped) if type(values) is tuple else type(values)(*wrapped)), indices

    def _hooks(self, kind):
        """The module and its hooks (0) or pre-hooks (1) that there were when it was called, as far as they exist."""
        module = self.module()
        if module is None:
            return None, []
        known = self.kept[1 + kind] if self.kept else module._hooks_going_backward()[kind]
        return module, [known[number] for number in self.numbers[kind] if number in known]

    def _gradients_of_outputs(self, grads):
        self.grad_outputs = _scatter(self.output_indices, grads, self.output_count)
        module, pre_hooks = self._hooks(1)
        for hook in pre_hooks:
            replaced = hook(module, self.grad_outputs)
            if replaced is None:
                continue
            replaced = _as_tuple(replaced)
            if len(replaced) != self.output_count:
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(replaced)}, but expected {self.output_count}"
                )
            self.grad_outputs = replaced
        passed_on = tuple(self.grad_outputs[index] for index in self.output_indices)
        if self.input_indices is None:
            self._no_input_gradients()
        return passed_on

    def _no_input_gradients(self):
        """No input asks for a gradient: the hooks are called as soon as the outputs' gradients are known."""
        grad_outputs, self.grad_outputs = self.grad_outputs, None
        module, hooks = self._hooks(0)
        if hooks:
            _warnings.warn(
                "a full backward hook is called with the gradients of the outputs only, since no inputs require "
                "gradients"
            )
        for hook in hooks:
            replaced = hook(module, (None,) * self.input_count, grad_outputs)
            if replaced is not None and any(grad is not None for grad in _as_tuple(replaced)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None: there is "
                    "no gradient to replace"
                )
        self.kept = None

    def _gradients_of_inputs(self, grads):
        if self.grad_outputs is None:
            # The gradient reached the inputs on a way that does not lead through the outputs.
            return grads
        grad_inputs = _scatter(self.input_indices, grads, self.input_count)
        module, hooks = self._hooks(0)
        for hook in hooks:
            replaced = hook(module, grad_inputs, self.grad_outputs)
            if replaced is None:
                continue
            replaced = _as_tuple(replaced)
            if len(replaced) != self.input_count:
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(replaced)}, but expected {self.input_count}"
                )
            grad_inputs = replaced
        self.kept = self.grad_outputs = None
        return tuple(grad_inputs[index] for index in self.input_indices)


# ---- hooks that are no full ones ----


def hook_last_node(module: Any, hooks: list[Callable[..., Any]], args: tuple[Any, ...], result: Any) -> None:
    """Register ``hooks`` of ``module`` on the operation that made its result, or the first tensor in it."""
    last = result
    while not isinstance(last, Tensor):
        last = next((value for value in last.values() if isinstance(value, Tensor))) if isinstance(last, dict) else last[0]
    node = last.grad_fn
    if node is None:
        return
    for hook in hooks:
        node.register_hook(partial(hook, module))
    reason = _reason_why_partial(args, result, node)
    if reason is not None:
        _warnings.warn(
            f"Using a non-full backward hook when {reason} is deprecated and will be removed in future versions. This hook "
            "will be missing some grad_input. Please use register_full_backward_hook to get the documented behavior.",
            FutureWarning,
        )


def _reason_why_partial(args, result, node):
    """Why the gradients at ``node`` are not those of the whole module, in the words of the warning; None if they are."""
    if not isinstance(result, Tensor):
        if not (isinstance(result, tuple) and all(isinstance(value, Tensor) for value in result)):
            return "the forward does not return a single Tensor or a tuple of Tensors"
        if len({value.grad_fn for value in result}) != 1:
            return "outputs are generated by different autograd Nodes"
    if not all(isinstance(value, Tensor) for value in args):
        return "the forward does not take as input a single Tensor or a tuple of Tensors"
    before = {value.grad_fn for value in args if value.grad_fn is not None}
    if before != {following for following, _ in node.next_functions}:
        return "the forward contains multiple autograd Nodes"
    return None


_names.describe(__name__)
