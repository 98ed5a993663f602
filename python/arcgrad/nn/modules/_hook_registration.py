"""Entering hooks in the tables of a module; when they are called is in module.py and _state.py."""

from __future__ import annotations

from arcgrad.utils.hooks import add_hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from arcgrad.utils.hooks import RemovableHandle


class _PreLoadHook:
    """A hook before loading that gets the module as its first argument if it is to get one.

    It does not hold the module, which holds it: neither would be freed before the collector runs.
    """

    def __init__(self, hook: Any, with_module: bool) -> None:
        self.hook = hook
        self.with_module = with_module

    def __call__(self, module, *args):
        return self.hook(module, *args) if self.with_module else self.hook(*args)


class HookRegistration:
    """The part of :class:`Module` that registers hooks."""

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Not available: its order of calls was never well defined. Use :meth:`register_full_backward_hook`."""
        raise NotImplementedError("register_backward_hook is not available: use register_full_backward_hook")

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
        self._hooked = True
        return add_hook(self._backward_hooks, hook, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before the module's backward; a result replaces ``grad_output``."""
        self._hooked = True
        return add_hook(self._backward_pre_hooks, hook, prepend=prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before the state is collected."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after the state is collected."""
        hook._from_public_api = True
        return add_hook(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook):
        """Like :meth:`register_state_dict_post_hook`, but a result other than None replaces the dictionary."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError("Cannot register a hook that was registered with register_state_dict_post_hook")
        return add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)`` first."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        return add_hook(self._load_state_dict_pre_hooks, _PreLoadHook(hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the lists of keys in place."""
        return add_hook(self._load_state_dict_post_hooks, hook)
