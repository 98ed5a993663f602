"""The front of PyTorch's ahead-of-time compiler, which arcgrad does not have: what would be compiled runs as it is."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

    def __getattr__(name: str) -> Any: ...


__all__ = ["aot_function", "aot_module", "make_boxed_func", "memory_efficient_fusion", "nop", "ts_compile"]


def make_boxed_func(f: Callable[..., Any]) -> Callable[[list[Any]], Any]:
    """A function of the list of the arguments.

    >>> from arcgrad._functorch.compile import make_boxed_func
    >>> make_boxed_func(max)([1, 2])
    2
    """

    def g(args: list[Any]) -> Any:
        return f(*args)

    g._boxed_call = True  # type: ignore[attr-defined]
    return g


def aot_function(fn: T, *args: Any, **kwargs: Any) -> T:
    """Returns the function as it is."""
    return fn


def aot_module(mod: T, *args: Any, **kwargs: Any) -> T:
    """Returns the module as it is."""
    return mod


def memory_efficient_fusion(fn: T, *args: Any, **kwargs: Any) -> T:
    """Returns the function or module as it is."""
    return fn


def nop(fx_g: T, *args: Any, **kwargs: Any) -> T:
    """Returns the graph as it is."""
    return fx_g


ts_compile = nop

_absent.declare(
    __name__,
    "arcgrad has no compiler that traces programs",
    "aot_module_simplified compiled_function compiled_module default_decompositions default_partition draw_graph "
    "get_aot_compilation_context min_cut_rematerialization_partition print_compile",
)
