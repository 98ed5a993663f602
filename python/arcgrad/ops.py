"""Operations written in C++ and loaded by a program, which arcgrad cannot do."""

from __future__ import annotations

from arcgrad import _names

__all__ = ["load_library", "loaded_libraries"]

#: The files that were loaded.
loaded_libraries: set[str] = set()


def load_library(path: str) -> None:
    """Raises NotImplementedError: a library made for PyTorch cannot work on the tensors of arcgrad."""
    raise NotImplementedError(f"{path}: arcgrad loads no libraries made for PyTorch")


_names.describe(__name__)
