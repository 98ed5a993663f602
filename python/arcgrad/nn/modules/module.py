"""The base class of all layers and models."""

from __future__ import annotations

import warnings
from collections import OrderedDict

from arcgrad import Tensor, _names, _warnings
from arcgrad.utils.hooks import GlobalHandle, add_hook

from ..parameter import Buffer, _is_parameter
from . import _state
from ._conversion import Conversion
from ._hook_registration import HookRegistration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, ParamSpec, Protocol, Self, TypeVar

    from arcgrad.utils.hooks import RemovableHandle

    from ..parameter import Parameter

    P = ParamSpec("P")
    R = TypeVar("R", covariant=True)

    class _Forward(Protocol[P, R]):
        """A module as a call sees it: what it takes and gives is what its ``forward`` takes and gives."""

        def forward(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


# Hooks for every module of the program, entered by the functions at the end of this file.
_global_forward_pre_hooks = OrderedDict()
_global_forward_hooks = OrderedDict()
_global_forward_hooks_with_kwargs = OrderedDict()
_global_forward_hooks_always_called = OrderedDict()
_global_backward_pre_hooks = OrderedDict()
_global_backward_hooks = OrderedDict()


def _typename(value):
    """The type of ``value`` as messages name it: ``arcgrad.FloatTensor``, ``int``, ``package.Class``; a class by its own name."""
    if isinstance(value, Tensor):
        return value.type()
    kind = value if isinstance(value, type) else type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _not_a_module(value):
    """The error for ``value`` in the place of a submodule."""
    text = f"{_typename(value)} is not a Module subclass"
    if isinstance(value, type):
        made = f"{value.__name__}() would be one" if issubclass(value, Module) else "its instances are none"
        text += f": it is a class and no module itself; {made}. Are the parentheses missing?"
    elif isinstance(value, (list, tuple)):
        text += ": give the modules one by one (Sequential(*modules))"
    elif callable(value) and hasattr(value, "__name__"):
        text += f": {value.__name__} is a function, which a module may call in its forward()"
    return TypeError(text)


def _indent(text, spaces):
    """``text`` with every line but the first moved right."""
    return text.replace("\n", "\n" + " " * spaces)


def _new_tables():
    """The attributes every module starts with."""
    return dict(
        training=True,
        _parameters={},
        _buffers={},
        _non_persistent_buffers_set=set(),
        _modules={},
        _backward_pre_hooks=OrderedDict(),
        _backward_hooks=OrderedDict(),
        _forward_hooks=OrderedDict(),
        _forward_hooks_with_kwargs=OrderedDict(),
        _forward_hooks_always_called=OrderedDict(),
        _forward_pre_hooks=OrderedDict(),
        _forward_pre_hooks_with_kwargs=OrderedDict(),
        _state_dict_hooks=OrderedDict(),
        _state_dict_pre_hooks=OrderedDict(),
        _load_state_dict_pre_hooks=OrderedDict(),
        _load_state_dict_post_hooks=OrderedDict(),
    )


class Module(HookRegistration, Conversion):
    """Base class of layers and models.

    A subclass calls ``super().__init__()``, assigns its parameters, buffers and submodules as attributes, and
    defines ``forward``. Calling the module calls ``forward`` and the hooks registered on it.

    Attributes:
        training (bool): whether the module is in training mode; see :meth:`train` and :meth:`eval`.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(4, 8)
        ...         self.out = nn.Linear(8, 1)
        ...     def forward(self, x):
        ...         return self.out(self.hidden(x).tanh())
        >>> net = Net()
        >>> tuple(net(ag.ones(3, 4)).shape)
        (3, 1)
        >>> [name for name, _ in net.named_parameters()]
        ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    _version = 1
    call_super_init = False
    # True where a call has to look for hooks: on a module once a hook is registered, on the class while there
    # are global ones. One attribute instead of seven tables is all that a call without hooks asks for.
    _hooked = False

    training: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and (args or kwargs):
            name = type(self).__name__
            if kwargs:
                raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'")
            raise TypeError(f"{name}.__init__() takes 1 positional argument but {len(args) + 1} were given")
        # Written past __setattr__, which sorts parameters, buffers and modules and needs these tables to do so.
        self.__dict__.update(_new_tables())
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_call_impl" in cls.__dict__:
            # A class that brings its own way of calling wants it used also where there are no hooks.
            cls._hooked = True

    # ---- calling ----

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes. Every subclass defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self: _Forward[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        # An error in backward names the line that is to blame. Inside a layer that would be a line of this
        # library, so the caller's line is to be noted here, before forward records its first node.
        if self._hooked:
            return self._call_impl(*args, **kwargs)
        return self.forward(*args, **kwargs)

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
                from ._backward_hooks import BackwardHooks

                around = BackwardHooks(self)
                args = around.wrap_inputs(args)
            result = self.forward(*args, **kwargs)
            for hook_id, hook in (*_global_forward_hooks.items(), *self._forward_hooks.items()):
                finished.add(hook_id)
                replaced = self._call_forward_hook(hook_id, hook, args, kwargs, result)
                if replaced is not None:
                    result = replaced
            return result if around is None else around.wrap_outputs(result)
        except Exception:
            self._call_remaining_always_hooks(finished, args, kwargs, result)
            raise

    def _hooks_going_backward(self):
        """The hooks on gradients of inputs and on those of outputs that are called now, by number."""
        return (
            {**_global_backward_hooks, **self._backward_hooks},
            {**_global_backward_pre_hooks, **self._backward_pre_hooks},
        )

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
                    warnings.warn(
                        f"module forward hook with ``always_call=True`` raised an exception that was silenced, "
                        f"since another error was being raised: {error}",
                        stacklevel=4,
                    )

    # ---- attributes ----

    def __getattr__(self, name: str) -> Any:
        # Only names that are no plain attributes come here. Every access to a layer in forward does: written out.
        attributes = self.__dict__
        if "_modules" in attributes:
            members = attributes["_modules"]
            if name in members:
                return members[name]
            members = attributes["_parameters"]
            if name in members:
                return members[name]
            members = attributes["_buffers"]
            if name in members:
                return members[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        parameters = attributes.get("_parameters")
        if _is_parameter(value):
            if parameters is None:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as parameter '{name}' (arcgrad.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Module):
            if parameters is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, "_parameters", "_buffers")
            self._modules[name] = value
        elif parameters is not None and name in self._modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' (arcgrad.nn.Module or None expected)"
                )
            self._modules[name] = None
        elif parameters is not None and name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(arcgrad.nn.Buffer, arcgrad.Tensor or None expected)"
                )
            if isinstance(value, Tensor) and isinstance(value, Buffer):
                self.register_buffer(name, value, value.persistent)
            else:
                self._buffers[name] = value
        elif isinstance(value, Tensor) and isinstance(value, Buffer):
            self._forget(name, "_parameters", "_modules")
            self.register_buffer(name, value, value.persistent)
        else:
            object.__setattr__(self, name, value)

    def _forget(self, name, *tables):
        """Make room for a member called ``name``: drop the plain attribute and the entries in ``tables``."""
        self.__dict__.pop(name, None)
        for table in tables:
            self.__dict__[table].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*dir(type(self)), *self.__dict__, *self._parameters, *self._modules, *self._buffers}
        return sorted(name for name in names if not name[:1].isdigit())

    def _check_new_name(self, kind, name, members):
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if name not in self.__dict__[members] and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Enter ``param`` (a :class:`Parameter` or None) under ``name``.

        Raises:
            KeyError: the name is empty, has a dot or is taken.
            TypeError: ``param`` is no parameter.
            ValueError: ``param`` is the result of a computation.
        """
        self._check_new_name("parameter", name, "_parameters")
        if param is not None:
            if not _is_parameter(param):
                raise TypeError(
                    f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                    "(arcgrad.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. A parameter is a starting point of the "
                    f"graph; to compute '{name}' from other tensors, do so in forward()"
                )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Enter ``tensor`` (or None) as a buffer: state that is not trained, such as a running mean.

        Args:
            name (str): the attribute it is reached by.
            tensor (Tensor or None): None takes part in nothing and is not saved.
            persistent (bool): whether it is part of :meth:`state_dict`.
        """
        self._check_new_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (arcgrad Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Enter ``module`` (or None) as the submodule ``name``."""
        if module is not None and not isinstance(module, Module):
            raise _not_a_module(module)
        self._check_new_name("module", name, "_modules")
        self._modules[name] = module

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as :meth:`add_module`."""
        self.add_module(name, module)

    # ---- members by path ----

    def get_submodule(self, target: str) -> Module:
        """The submodule at the dotted path ``target``; the module itself for ``""``.

        Raises:
            AttributeError: a part of the path does not exist or is no module.
        """
        module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put ``module`` at the dotted path ``target``; with ``strict``, only where there is one already."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Module):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at the dotted path ``target``; AttributeError if there is none."""
        module, name = self._owner_of(target)
        value = getattr(module, name)
        if not _is_parameter(value):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return value

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at the dotted path ``target``; AttributeError if there is none."""
        module, name = self._owner_of(target)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return module._buffers[name]

    def _owner_of(self, target):
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, name

    # ---- walks ----

    def _named_members(self, get_members_fn, prefix="", recurse=True, remove_duplicate=True):
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in get_members_fn(module):
                if value is None or value in seen:
                    continue
                if remove_duplicate:
                    seen.add(value)
                yield (f"{path}.{name}" if path else name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Iterate over (dotted name, parameter), each parameter once unless ``remove_duplicate=False``."""
        yield from self._named_members(lambda module: module._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Iterate over the parameters, those of submodules included unless ``recurse=False``."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Iterate over (dotted name, buffer)."""
        yield from self._named_members(lambda module: module._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Iterate over the buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Iterate over (name, module) of the direct submodules, each once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """Iterate over the direct submodules."""
        for _, module in self.named_children():
            yield module

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Iterate over (dotted name, module) of this module, named ``prefix``, and everything below it."""
        if memo is None:
            memo = set()
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """Iterate over this module and everything below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` with every submodule, then with the module itself. Returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # ---- modes ----

    def train(self, mode: bool = True) -> Self:
        """Set training mode (dropout on, batch statistics in use) here and below. Returns the module."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """The same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Switch recording for all parameters. Returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros with ``set_to_none=False``."""
        for parameter in self.parameters():
            grad = parameter.grad
            if grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    # ---- state ----

    def get_extra_state(self) -> Any:
        """Override to store something besides tensors in :meth:`state_dict`."""
        raise RuntimeError("Module.get_extra_state() has no default: override it together with set_extra_state()")

    def set_extra_state(self, state: Any) -> None:
        """Override to take back what :meth:`get_extra_state` returned."""
        raise RuntimeError("Module.set_extra_state() has no default: override it together with get_extra_state()")

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        for name, value in _state.local_state(self).items():
            destination[prefix + name] = value if keep_vars else value.detach()
        if _state.has_extra_state(self, "get_extra_state", Module):
            destination[prefix + _state.EXTRA_STATE_KEY] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers as one ordered dictionary of dotted names.

        The tensors share memory with the module: copy them to keep a snapshot.

        Args:
            destination (dict, optional): dictionary to fill.
            prefix (str): put before every name.
            keep_vars (bool): give the parameters themselves rather than detached tensors.
        """
        if args:
            _warnings.warn(
                "Positional args are being deprecated, use kwargs instead: state_dict(destination=…, prefix=…, keep_vars=…)",
                FutureWarning,
            )
        for value, name in zip(args, ("destination", "prefix", "keep_vars")):
            if name == "destination":
                destination = value
            elif name == "prefix":
                prefix = value
            else:
                keep_vars = value
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        return _state.collect(self, destination, prefix, keep_vars)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        _state.load_local(
            self, Module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _state._IncompatibleKeys:
        """Copy a :meth:`state_dict` into the module.

        Args:
            state_dict (dict): dotted name → tensor.
            strict (bool): raise if the names are not exactly those of the module.
            assign (bool): make the given tensors the module's own, with their dtype, rather than copying.

        Returns:
            A named tuple ``(missing_keys, unexpected_keys)``.

        Raises:
            RuntimeError: with everything that did not fit: missing and unexpected names, and shapes.
        """
        return _state.restore(self, state_dict, strict, assign)

    def __setstate__(self, state):
        # Built on a fresh set of tables, so that files of an older version get those that came later.
        self.__dict__.update(_new_tables())
        self.__dict__.update(state)

    # ---- printing ----

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self) -> str:
        """The text between the parentheses of ``repr``. Override it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_indent(repr(module), 2)}" for name, module in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        body = "\n  ".join(lines + children)
        return f"{self._get_name()}(\n  {body}\n)"


def _add_global_hook(hooks, hook, flags=()):
    tables = (_global_forward_pre_hooks, _global_forward_hooks, _global_backward_pre_hooks, _global_backward_hooks)
    return GlobalHandle(add_hook(hooks, hook, flags=flags), Module, tables)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's ``forward``."""
    return _add_global_hook(_global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's ``forward``."""
    flags = []
    if with_kwargs:
        flags.append(_global_forward_hooks_with_kwargs)
    if always_call:
        flags.append(_global_forward_hooks_always_called)
    return _add_global_hook(_global_forward_hooks, hook, flags)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` in every module's backward."""
    return _add_global_hook(_global_backward_hooks, hook)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before every module's backward."""
    return _add_global_hook(_global_backward_pre_hooks, hook)


_names.describe(__name__)
