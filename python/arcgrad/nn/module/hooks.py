"""Hooks around the call of a module and its backward: entering them, and calling ``forward`` between them."""

from __future__ import annotations

from collections import OrderedDict

from arcgrad import _names, _warnings
from arcgrad.utils.hooks import GlobalHandle, add_hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.utils.hooks import RemovableHandle

# Hooks for every module of the program, entered by the functions at the end of this file.
_global_forward_pre_hooks = OrderedDict()
_global_forward_hooks = OrderedDict()
_global_forward_hooks_with_kwargs = OrderedDict()
_global_forward_hooks_always_called = OrderedDict()
_global_backward_pre_hooks = OrderedDict()
_global_backward_hooks = OrderedDict()
_global_parameter_registration_hooks = OrderedDict()
_global_buffer_registration_hooks = OrderedDict()
_global_module_registration_hooks = OrderedDict()
# Whether the hooks in _global_backward_hooks are full ones; None before the first.
_global_is_full_backward_hook = None


def registered(hooks: dict[int, Callable[..., Any]], module: Any, name: str, value: Any) -> Any:
    """``value`` as the registration hooks in ``hooks`` leave it, about to become member ``name`` of ``module``."""
    for hook in hooks.values():
        replaced = hook(module, name, value)
        if replaced is not None:
            value = replaced
    return value


class Hooks:
    """The part of :class:`Module` that has hooks around its call."""

    # True where a call has to look for hooks: on a module once a hook is registered, on the class while there
    # are global ones. One attribute instead of seven tables is all that a call without hooks asks for.
    _hooked = False
    _is_full_backward_hook: bool | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_call_impl" in cls.__dict__:
            # A class that brings its own way of calling wants it used also where there are no hooks.
            cls._hooked = True

    # ---- registration ----

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; a result other than None replaces the arguments.

        Args:
            hook: with ``with_kwargs``, it is called as ``hook(module, args, kwargs)`` and returns None or
                a tuple ``(args, kwargs)``.
            prepend (bool): call it before the hooks registered so far.
        """
        self._hooked = True
        flags = (self._forward_pre_hooks_with_kwargs,) if with_kwargs else ()
        return add_hook(self._forward_pre_hooks, hook, prepend=prepend, flags=flags)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; a result other than None replaces the output.

        Args:
            hook: with ``with_kwargs``, it is called as ``hook(module, args, kwargs, output)``.
            prepend (bool): call it before the hooks registered so far.
            always_call (bool): call it also when ``forward`` raises, with the output so far or None.
        """
        self._hooked = True
        flags = []
        if with_kwargs:
            flags.append(self._forward_hooks_with_kwargs)
        if always_call:
            flags.append(self._forward_hooks_always_called)
        return add_hook(self._forward_hooks, hook, prepend=prepend, flags=flags)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are known.

        Both are tuples with None for what is no tensor. A result other than None replaces ``grad_input``.
        """
        return self._add_backward_hook(hook, True, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` in the backward of the last operation of ``forward``.

        ``grad_input`` are the gradients of that operation's inputs, which are those of the module's only if it does
        nothing else: use :meth:`register_full_backward_hook`. Both kinds can't be on one module.
        """
        return self._add_backward_hook(hook, False)

    def _add_backward_hook(self, hook, is_full, prepend=False):
        if self._is_full_backward_hook is (not is_full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one "
                "of them."
            )
        self._is_full_backward_hook = is_full
        self._hooked = True
        return add_hook(self._backward_hooks, hook, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before the module's backward; a result replaces ``grad_output``."""
        self._hooked = True
        return add_hook(self._backward_pre_hooks, hook, prepend=prepend)

    # ---- the call ----

    def _call_impl(self, *args, **kwargs):
        """Call ``forward`` with all hooks around it."""
        finished = set()
        result = None
        try:
            for hook_id, hook in (*_global_forward_pre_hooks.items(), *self._forward_pre_hooks.items()):
                args, kwargs = self._call_pre_hook(hook_id, hook, args, kwargs)
            around = None
            if any(self._hooks_going_backward()):
                # Imported here, since it needs arcgrad.autograd and few programs have such hooks.
                from .backward import BackwardHooks

                around = BackwardHooks(self)
                args = around.wrap_inputs(args)
            result = self.forward(*args, **kwargs)
            for hook_id, hook in (*_global_forward_hooks.items(), *self._forward_hooks.items()):
                finished.add(hook_id)
                replaced = self._call_forward_hook(hook_id, hook, args, kwargs, result)
                if replaced is not None:
                    result = replaced
            if around is not None:
                result = around.wrap_outputs(result)
            on_last_node = self._hooks_on_last_node()
            if on_last_node:
                from .backward import hook_last_node

                hook_last_node(self, on_last_node, args, result)
            return result
        except Exception:
            self._call_remaining_always_hooks(finished, args, kwargs, result)
            raise

    def _hooks_going_backward(self):
        """The hooks on gradients of inputs and on those of outputs that are called now, by number."""
        return (
            {
                **(_global_backward_hooks if _global_is_full_backward_hook else {}),
                **(self._backward_hooks if self._is_full_backward_hook else {}),
            },
            {**_global_backward_pre_hooks, **self._backward_pre_hooks},
        )

    def _hooks_on_last_node(self):
        """The backward hooks that are no full ones."""
        hooks = [] if _global_is_full_backward_hook else [*_global_backward_hooks.values()]
        return hooks if self._is_full_backward_hook else hooks + [*self._backward_hooks.values()]

    def _call_pre_hook(self, hook_id, hook, args, kwargs):
        if hook_id in self._forward_pre_hooks_with_kwargs:
            replaced = hook(self, args, kwargs)
            if replaced is None:
                return args, kwargs
            if isinstance(replaced, tuple) and len(replaced) == 2:
                return replaced
            raise RuntimeError(
                f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {replaced}."
            )
        replaced = hook(self, args)
        if replaced is None:
            return args, kwargs
        return (replaced if isinstance(replaced, tuple) else (replaced,)), kwargs

    def _call_forward_hook(self, hook_id, hook, args, kwargs, result):
        if hook_id in self._forward_hooks_with_kwargs or hook_id in _global_forward_hooks_with_kwargs:
            return hook(self, args, kwargs, result)
        return hook(self, args, result)

    def _call_remaining_always_hooks(self, finished, args, kwargs, result):
        for always, hooks in (
            (_global_forward_hooks_always_called, _global_forward_hooks),
            (self._forward_hooks_always_called, self._forward_hooks),
        ):
            for hook_id in always:
                if hook_id in finished or hook_id not in hooks:
                    continue
                try:
                    replaced = self._call_forward_hook(hook_id, hooks[hook_id], args, kwargs, result)
                    if replaced is not None:
                        result = replaced
                except Exception as error:
                    # The error that ended the call is the one to report.
                    _warnings.warn(
                        f"module forward hook with ``always_call=True`` raised an exception that was silenced, "
                        f"since another error was being raised: {error}"
                    )


# ---- hooks for every module ----


def _add_global_hook(hooks, hook, flags=()):
    tables = (_global_forward_pre_hooks, _global_forward_hooks, _global_backward_pre_hooks, _global_backward_hooks)
    return GlobalHandle(add_hook(hooks, hook, flags=flags), Hooks, tables)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's ``forward``, ahead of the module's own hooks."""
    return _add_global_hook(_global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's ``forward``, ahead of the module's own hooks."""
    flags = []
    if with_kwargs:
        flags.append(_global_forward_hooks_with_kwargs)
    if always_call:
        flags.append(_global_forward_hooks_always_called)
    return _add_global_hook(_global_forward_hooks, hook, flags)


def _add_global_backward_hook(hook, is_full):
    global _global_is_full_backward_hook
    if _global_is_full_backward_hook is (not is_full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only one "
            "of them."
        )
    _global_is_full_backward_hook = is_full
    return _add_global_hook(_global_backward_hooks, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` in every module's backward."""
    return _add_global_backward_hook(hook, True)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Like :meth:`Module.register_backward_hook`, for every module: use :func:`register_module_full_backward_hook`."""
    return _add_global_backward_hook(hook, False)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before every module's backward."""
    return _add_global_hook(_global_backward_pre_hooks, hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` when a module gets a parameter; a result replaces the parameter.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.nn.modules.module import register_module_parameter_registration_hook
        >>> with register_module_parameter_registration_hook(lambda module, name, parameter: print(name)):
        ...     layer = ag.nn.Linear(2, 1)
        weight
        bias
    """
    return add_hook(_global_parameter_registration_hooks, hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` when a module gets a buffer; a result replaces the buffer."""
    return add_hook(_global_buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` when a module gets a submodule; a result replaces the submodule."""
    return add_hook(_global_module_registration_hooks, hook)


_names.describe(__name__)
