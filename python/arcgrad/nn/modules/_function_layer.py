"""Layers that are a function with settings: declared by the function and by annotated settings, like a dataclass."""

from __future__ import annotations

from arcgrad import Tensor

from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, dataclass_transform
else:

    def dataclass_transform():
        return lambda cls: cls


class _Method:
    """A method made from text, as dataclasses and named tuples make theirs: what it takes, what it says of wrong arguments and what it
    costs are those of one that was written out. It is compiled when it is first asked for, as most layers are never used."""

    def __init__(self, owner, name, parameters, body, annotations, doc=None, **scope):
        self.owner, self.name, self.annotations, self.doc = owner, name, annotations, doc
        self.scope = {"owner": owner, **scope}
        self.text = f"def {name}({', '.join(['self', *parameters])}):\n    " + "\n    ".join(body)

    def __get__(self, instance, owner=None):
        # In this file's name: warnings and errors skip the frames of the package.
        exec(compile(self.text, __file__, "exec"), self.scope)
        method = self.scope[self.name]
        method.__module__, method.__qualname__ = self.owner.__module__, f"{self.owner.__qualname__}.{self.name}"
        method.__annotations__, method.__doc__ = self.annotations, self.doc
        setattr(self.owner, self.name, method)
        return method.__get__(instance, owner)


def _constructor(cls, settings):
    """``__init__`` with the settings as its parameters."""
    usual = {name: getattr(cls, name) for name in settings if hasattr(cls, name)}
    parameters = [f"{name}=usual[{name!r}]" if name in usual else name for name in settings]
    body = ["super(owner, self).__init__()", *(f"self.{name} = {name}" for name in settings), "self._settle()"]
    return _Method(cls, "__init__", parameters, body, {**settings, "return": "None"}, usual=usual)


def _forward(cls, settings, function):
    """``forward`` that calls the function with the input and the settings."""
    arguments = ", ".join(["input", *(f"self.{name}" for name in settings)])
    types = {"input": "Tensor", "return": "Tensor"}
    return _Method(cls, "forward", ["input"], [f"return function({arguments})"], types, FunctionLayer.forward.__doc__, function=function)


@dataclass_transform()
class FunctionLayer(Module):
    """Base of the layers whose ``forward`` is a function of the input and of the settings, in the order of their declaration.

    A layer names the function in its head and its settings, with types and defaults, in its body; :attr:`_hidden` are those that its
    printed form leaves out. ``inplace`` is printed where it is true.
    """

    _function: ClassVar[Callable[..., Any]]
    _settings: ClassVar[tuple[str, ...]] = ()
    _hidden: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, function: Callable[..., Any] | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if function is None:
            return
        cls._function = staticmethod(function)
        own = {name: kind for name, kind in cls.__dict__.get("__annotations__", {}).items() if not name.startswith("_")}
        cls._settings = tuple(own)
        cls.__constants__ = list(own)
        if "__init__" not in cls.__dict__:
            cls.__init__ = _constructor(cls, own)
        if cls.forward is FunctionLayer.forward:
            cls.forward = _forward(cls, own, function)

    def _settle(self):
        """Checks the settings, and gives those their values that follow from others."""

    def forward(self, input: Tensor) -> Tensor:
        """The function of ``input`` and the settings."""
        raise NotImplementedError(f"{type(self).__name__} names no function")

    def extra_repr(self) -> str:
        shown = [(name, getattr(self, name)) for name in self._settings if name not in self._hidden]
        return ", ".join(f"{name}={value!r}" for name, value in shown if name != "inplace" or value)
