"""Functions that PyTorch has no more, and what it says to use instead."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["eig", "lstsq", "matrix_rank", "solve", "symeig"]


def _removed(name, instead):
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"This function was deprecated since version 1.9 and is now removed. `{name}` is now `{instead}`.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raises RuntimeError: use ``{instead}``."
    return function


eig = _removed("eig", "linalg.eig")
lstsq = _removed("lstsq", "linalg.lstsq")
matrix_rank = _removed("matrix_rank", "linalg.matrix_rank")
solve = _removed("solve", "linalg.solve")
symeig = _removed("symeig", "linalg.eigh")
