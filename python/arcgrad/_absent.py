"""Names of what arcgrad does not have: they can be imported and mentioned, and say so when they are used.

Programs name what other machines have in annotations, in ``isinstance``, as bases of classes and in branches that are not taken here.
A module of such names says in one sentence why there is nothing behind them::

    _absent.declare(__name__, "arcgrad has no process groups", "ReduceOp all_reduce")
"""

from __future__ import annotations

import sys

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Absent(type):
    """The class of classes without instances. Their attributes (``ReduceOp.SUM``) are such classes, too."""

    _why: str

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{cls.__module__}.{cls.__qualname__} is not available: {cls._why}")

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"type object {cls.__qualname__!r} has no attribute {name!r}", name=name, obj=cls)
        return make(cls.__module__, f"{cls.__qualname__}.{name}", cls._why)

    def __repr__(cls) -> str:
        return f"<absent {cls.__module__}.{cls.__qualname__}>"


def make(module: str, name: str, why: str) -> Any:
    """A class of this name that nothing is an instance of, and that raises NotImplementedError when it is called."""
    body = {"__module__": module, "__qualname__": name, "__doc__": f"Not available: {why}.", "_why": why}
    return _Absent(name.rpartition(".")[2], (), body)


def declare(module: str, why: str, names: str) -> None:
    """Puts absent names into a module, and adds them to its ``__all__``."""
    contents = vars(sys.modules[module])
    declared = names.split()
    contents.update({name: make(module, name, why) for name in declared})
    contents["__all__"] = [*contents.get("__all__", ()), *declared]
    _names.describe(module)
