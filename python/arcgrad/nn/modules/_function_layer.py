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


def _constructor(cls, settings):
    """``__init__`` with the settings as its parameters. Like those of dataclasses and named tuples it is compiled, so that what it
    takes and what it says of wrong arguments are those of a function that was written out."""
    fallback = {name: getattr(cls, name) for name in settings if hasattr(cls, name)}
    parameters = [f"{name}=fallback[{name!r}]" if name in fallback else name for name in settings]
    lines = [f"def __init__({', '.join(['self', *parameters])}):", "    Module.__init__(self)"]
    lines += [f"    self.{name} = {name}" for name in settings]
    lines += ["    self._settle()"]
    scope = {"Module": Module, "fallback": fallback}
    # In this file's name: warnings and errors skip the frames of the package.
    exec(compile("\n".join(lines), __file__, "exec"), scope)
    function = scope["__init__"]
    function.__module__, function.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    function.__annotations__ = {**settings, "return": "None"}
    return function


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

    def _settle(self):
        """Checks the settings, and gives those their values that follow from others."""

    def forward(self, input: Tensor) -> Tensor:
        """The function of ``input`` and the settings."""
        return self._function(input, *[getattr(self, name) for name in self._settings])

    def extra_repr(self) -> str:
        shown = [(name, getattr(self, name)) for name in self._settings if name not in self._hidden]
        return ", ".join(f"{name}={value!r}" for name, value in shown if name != "inplace" or value)
