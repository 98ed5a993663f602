"""What the modules of this package show in ``dir()``, and what they say about a name that is missing."""

from __future__ import annotations

import sys
from types import BuiltinFunctionType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not when the program runs: a bare interpreter has not imported it yet.
    from collections.abc import Callable


def public(module: str, of_core: bool = False) -> list[str]:
    """The public names of a module: those of ``__all__``, or what it defines, with ``of_core`` also what it has from the core."""
    contents = vars(sys.modules[module])
    if "__all__" in contents:
        return sorted(contents["__all__"])
    return sorted(
        name
        for name, value in contents.items()
        if name[0] != "_"
        and (getattr(value, "__module__", None) == module or of_core and type(value).__name__ == "builtin_function_or_method")
    )


def missing(module: str, name: str, known: Callable[[], list[str]]) -> AttributeError:
    """The error that a module has no attribute of this name, with those that may be meant. ``known`` lists the names there are."""
    text = f"module {module!r} has no attribute {name!r}"
    # Names with an underscore are asked for by tools, which only want to know whether they are there.
    if not name.startswith("_"):
        from difflib import get_close_matches

        text += ": it is not in arcgrad (yet)"
        spelled = {other.lower(): other for other in known()}
        # Of words of eight letters one may be wrong.
        close = [spelled[other] for other in get_close_matches(name.lower(), spelled, cutoff=0.8)]
        if close:
            text += f". Did you mean {' or '.join(map(repr, close))}?"
    return AttributeError(text, name=name)


def within(module: str, name: str, known: Callable[[], list[str]]) -> ModuleType:
    """The module of this name within a package, imported when it is asked for: PyTorch has imported most of its own, so that programs
    name them without an import.

    Raises:
        AttributeError: there is none; see :func:`missing`.
    """
    if "__path__" in vars(sys.modules[module]) and name.isidentifier() and name[:2] != "__":
        from importlib import import_module
        from importlib.util import find_spec

        if find_spec(f"{module}.{name}") is not None:
            return import_module(f"{module}.{name}")
    raise missing(module, name, known)


class _Kept:
    """An attribute of a module that has the name of a submodule: importing the submodule does not replace it."""

    def __init__(self, home: str, name: str) -> None:
        self._home, self._name = home, name

    def __get__(self, module, owner=None):
        if self._name not in vars(module):
            from importlib import import_module

            vars(module)[self._name] = getattr(import_module(self._home), self._name)
        return vars(module)[self._name]

    def __set__(self, module, value):
        if not isinstance(value, ModuleType):
            vars(module)[self._name] = value


def keep(module: str, *names: str) -> None:
    """Makes these names of a module stand for the functions of its submodules of the same names, however those are imported."""
    kept = {name: _Kept(f"{module}.{name}", name) for name in names}
    sys.modules[module].__class__ = type("module", (ModuleType,), kept)


def adopt(module: str, functions: dict[str, object]) -> None:
    """Puts functions of the core into a module, which is where pickles and texts find them from then on."""
    vars(sys.modules[module]).update(functions)
    for function in functions.values():
        if isinstance(function, BuiltinFunctionType):
            function.__module__ = module


def describe(module: str, of_core: bool = False) -> None:
    """Gives a module its ``__dir__`` and ``__getattr__``, unless it has its own. They are set here and not in the module: a
    ``__getattr__`` there would tell type checkers that every name exists."""

    def attribute(name):
        return within(module, name, names)

    def names():
        return public(module, of_core)

    contents = vars(sys.modules[module])
    contents.setdefault("__getattr__", attribute)
    contents.setdefault("__dir__", names)
