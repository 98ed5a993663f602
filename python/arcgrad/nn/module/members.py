"""What a module owns: parameters, buffers and submodules as its attributes, by path, and walks over all of them."""

from __future__ import annotations

from arcgrad import Tensor, _names

from ..parameter import Buffer, _is_parameter
from . import hooks
from .hooks import registered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Self

    from ..parameter import Parameter
    from .module import Module


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
        made = f"{value.__name__}() would be one" if issubclass(value, Members) else "its instances are none"
        text += f": it is a class and no module itself; {made}. Are the parentheses missing?"
    elif isinstance(value, (list, tuple)):
        text += ": give the modules one by one (Sequential(*modules))"
    elif callable(value) and hasattr(value, "__name__"):
        text += f": {value.__name__} is a function, which a module may call in its forward()"
    return TypeError(text)


class Members:
    """The part of :class:`Module` that holds parameters, buffers and submodules. Every module is an instance."""

    # ---- as attributes ----

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
        elif isinstance(value, Members):
            if parameters is None:
                raise AttributeError("cannot assign module before Module.__init__() call")
            self._forget(name, "_parameters", "_buffers")
            self._modules[name] = registered(hooks._global_module_registration_hooks, self, name, value)
        elif parameters is not None and name in self._modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as child module '{name}' (arcgrad.nn.Module or None expected)"
                )
            self._modules[name] = registered(hooks._global_module_registration_hooks, self, name, None)
        elif parameters is not None and name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_typename(value)}' as buffer '{name}' "
                    "(arcgrad.nn.Buffer, arcgrad.Tensor or None expected)"
                )
            if isinstance(value, Buffer):
                self._enter_buffer(name, value)
            else:
                self._buffers[name] = registered(hooks._global_buffer_registration_hooks, self, name, value)
        elif isinstance(value, Tensor) and isinstance(value, Buffer):
            if parameters is None:
                raise AttributeError("cannot assign buffer before Module.__init__() call")
            self._drop(name, "_parameters", "_modules")
            self._enter_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    def _enter_buffer(self, name, value):
        """Register a buffer that says itself whether it is persistent, also where a subclass's method does not ask."""
        register = self.register_buffer
        if getattr(register, "__func__", None) is not Members.register_buffer:
            from inspect import signature

            if "persistent" not in signature(register).parameters:
                if not value.persistent:
                    raise RuntimeError(
                        "Registering a non-persistent buffer on a Module subclass that implements register_buffer() without the "
                        "persistent argument is not allowed."
                    )
                return register(name, value)
        register(name, value, value.persistent)

    def _forget(self, name, *tables):
        """Make room for a member called ``name``: drop the plain attribute and the entries in ``tables``."""
        self.__dict__.pop(name, None)
        self._drop(name, *tables)

    def _drop(self, name, *tables):
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
            param = registered(hooks._global_parameter_registration_hooks, self, name, param)
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
        self._buffers[name] = registered(hooks._global_buffer_registration_hooks, self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Enter ``module`` (or None) as the submodule ``name``."""
        if module is not None and not isinstance(module, Members):
            raise _not_a_module(module)
        self._check_new_name("module", name, "_modules")
        self._modules[name] = registered(hooks._global_module_registration_hooks, self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """The same as :meth:`add_module`."""
        self.add_module(name, module)

    # ---- by path ----

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
            if not isinstance(module, Members):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put ``module`` at the dotted path ``target``; with ``strict``, only where there is one already."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Members):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Members):
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

    # ---- in walks ----

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


_names.describe(__name__)
