"""Names of operations, and operations written in C++, which arcgrad cannot load.

``torch.ops.aten.mm.default`` is what a ``__torch_dispatch__`` is given as the function of an operation; the names here are for
comparison with it.
"""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import _overrides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["aten", "load_library", "loaded_libraries"]

#: The files that were loaded.
loaded_libraries: set[str] = set()


def load_library(path: str) -> None:
    """Raises NotImplementedError: a library made for PyTorch cannot work on the tensors of arcgrad."""
    raise NotImplementedError(f"{path}: arcgrad loads no libraries made for PyTorch")


class OpOverloadPacket:
    """An operation with all its overloads, which are its attributes."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        overload = _overrides.operation(self.__name__, name)
        setattr(self, name, overload)
        return overload

    def overloads(self) -> list[str]:
        """The names of the overloads that the program has mentioned."""
        return [name for name in vars(self) if name[:2] != "__"]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"torch.ops.aten.{self.__name__}: call the function of the package")

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='aten.{self.__name__}')>"

    def __str__(self) -> str:
        return f"aten.{self.__name__}"


class _Aten:
    """The operations, by name."""

    def __getattr__(self, name: str) -> OpOverloadPacket:
        if name.startswith("__"):
            raise AttributeError(name)
        packet = OpOverloadPacket(name)
        setattr(self, name, packet)
        return packet


aten = _Aten()

_names.describe(__name__)
