"""The names that a pickle may use: those that need no permission, and those that the program allows.

:func:`add_safe_globals` allows a class or a function to files that :func:`arcgrad.load` reads; :class:`safe_globals` does so for a while.
What is allowed is run with arguments from the file, so allow only what may be called with anything.
"""

from __future__ import annotations

import types
from pickle import UnpicklingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

#: Modules whose functions reach the system: no permission opens them.
_BLOCKED = frozenset(("nt", "os", "posix", "subprocess", "sys"))

#: Python 2's names of modules, which protocol 2 uses.
_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}

#: Modules of the same classes: this package answers for PyTorch's names, and NumPy 2 has renamed its core.
_SAME_MODULES = (("torch", "arcgrad"), ("arcgrad", "torch"), ("numpy.core", "numpy._core"), ("numpy._core", "numpy.core"))

#: What the program has allowed: name in files → object.
_allowed: dict[str, Any] = {}


def full_name(obj: Any) -> str:
    """The name that a pickle has for a class or function."""
    name = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    return f"an object of type {type(obj).__name__}" if name is None else f"{getattr(obj, '__module__', None)}.{name}"


def add_safe_globals(safe_globals: list[Callable[..., Any] | tuple[Callable[..., Any], str]]) -> None:
    """Allow classes and functions in the files that ``load(…, weights_only=True)`` reads.

    Args:
        safe_globals (list): classes and functions; one that has another name in the files is given as ``(object, "module.name")``.

    Example::

        >>> import arcgrad as ag
        >>> from fractions import Fraction
        >>> ag.serialization.add_safe_globals([Fraction])
        >>> Fraction in ag.serialization.get_safe_globals()
        True
        >>> ag.serialization.clear_safe_globals()
    """
    _allowed.update(map(_named, safe_globals))


def get_safe_globals() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """What the program has allowed, as it was given to :func:`add_safe_globals`."""
    return [obj if full_name(obj) == name else (obj, name) for name, obj in _allowed.items()]


def clear_safe_globals() -> None:
    """Take back all that :func:`add_safe_globals` has allowed."""
    _allowed.clear()


class safe_globals:
    """Allows classes and functions as :func:`add_safe_globals` does, within a ``with`` block.

    Example::

        >>> import arcgrad as ag
        >>> from fractions import Fraction
        >>> with ag.serialization.safe_globals([Fraction]):
        ...     ag.serialization.get_safe_globals()
        [<class 'fractions.Fraction'>]
        >>> ag.serialization.get_safe_globals()
        []
    """

    def __init__(self, safe_globals: list[Callable[..., Any] | tuple[Callable[..., Any], str]]) -> None:
        self._added = dict(map(_named, safe_globals))

    def __enter__(self) -> Self:
        self._before = _allowed.copy()
        _allowed.update(self._added)
        return self

    def __exit__(self, *exc_info: Any) -> None:
        _allowed.clear()
        _allowed.update(self._before)


def _named(entry):
    if isinstance(entry, tuple):
        if len(entry) != 2 or not isinstance(entry[1], str):
            raise ValueError("Expected tuple of (global, str of callable full path), but got a tuple of another form")
        return entry[1], entry[0]
    if not callable(entry):
        raise TypeError(f"expected a class, a function or a pair of one and its name, but got {entry!r}")
    return full_name(entry), entry


# ---- what the unpickler asks ----


def _spellings(module, name):
    """The names under which an object of a file may be known here."""
    module = _RENAMED.get(module, module)
    yield f"{module}.{name}"
    for one, other in _SAME_MODULES:
        if module == one or module.startswith(one + "."):
            yield f"{other}{module[len(one) :]}.{name}"


def find(module: str, name: str) -> Any:
    """The object of a name in a pickle.

    Raises:
        UnpicklingError: it is not allowed.
        NotImplementedError: it is something of PyTorch's that is not there yet.
    """
    spellings = list(_spellings(module, name))
    if spellings[0].partition(".")[0] in _BLOCKED:
        raise UnpicklingError(f"Trying to load unsupported GLOBAL {spellings[0]} whose module {module} is blocked.")
    for full in spellings:
        if full in _allowed:
            return _allowed[full]
    from ._known_names import find as known_object

    for full in spellings:
        known = known_object(full)
        if known is not None:
            return known
    raise UnpicklingError(
        f"GLOBAL {spellings[0]} was not an allowed global by default. Please use "
        f"`arcgrad.serialization.add_safe_globals([{name}])` or the `arcgrad.serialization.safe_globals([{name}])` context manager "
        "to allowlist this global if you trust this class/function."
    )


def is_allowed(obj: Any) -> bool:
    """Whether the program has allowed this very object."""
    return any(obj is allowed for allowed in _allowed.values())


def call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a call from a pickle gives, if it is allowed."""
    if is_allowed(function):
        return function(*args, **kwargs)
    from ._known_names import function_for

    known = function_for(function)
    if known is None:
        raise UnpicklingError(f"Trying to call {full_name(function)}, which is no allowed class or function")
    return known(*args, **kwargs)


def set_state(obj: Any, state: Any) -> None:
    """Gives an object of a pickle its attributes, if it may have some."""
    kind = type(obj)
    if is_allowed(kind):
        restore = getattr(obj, "__setstate__", None)
        if restore is not None:
            restore(state)
            return
        attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
        if attributes:
            obj.__dict__.update(attributes)
        for name, value in (slots or {}).items():
            setattr(obj, name, value)
        return
    from ._known_names import set_state as set_known_state

    if isinstance(obj, (type, types.FunctionType)) or not set_known_state(obj, state):
        raise UnpicklingError(f"Can only build Tensor, Parameter, OrderedDict or types allowlisted, but got {full_name(kind)}")
