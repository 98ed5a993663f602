"""Names of PyTorch's private core that programs import, for what they are used for. Ours is ``_core``."""

from __future__ import annotations

from types import SimpleNamespace

from arcgrad import _names
from arcgrad._core import Generator, Size, Tensor, default_generator, device, dtype, layout, memory_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Generator", "Size", "Tensor", "TensorBase", "default_generator", "device", "dtype", "layout", "memory_format"]

TensorBase = Tensor


def _disabled_torch_function_impl(func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """A ``__torch_function__`` that changes nothing: calls ``func``."""
    return func(*args, **(kwargs or {}))


def _get_tracing_state() -> None:
    """None: nothing is traced."""


def _log_api_usage_once(event: str) -> None:
    """Does nothing: no use is counted."""


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool, Any]:
    """The device, dtype, ``non_blocking`` and memory format that arguments of ``Module.to`` mean; None for what is not said."""
    from arcgrad.nn.module import convert

    where, dtype, options = convert._parse_to(*args, **kwargs)
    if where is not None and not isinstance(where, device):
        where = device(where)
    return where, dtype, options.get("non_blocking", False), options.get("memory_format")


def _is_batchedtensor(tensor: Tensor) -> bool:
    """Whether a tensor stands for the examples of a batch, inside of :func:`arcgrad.vmap`."""
    from arcgrad._core import _autograd
    from arcgrad.autograd._levels import thread

    batches = (number for number, size in thread.levels if size is not None)
    return any(_autograd.unwrap_batched(tensor, number) is not None for number in batches)


#: Whether warnings of a loop in the place of a batching rule were asked for. There is no such loop, so none is given.
_fallback_warnings = False


def _debug_only_display_vmap_fallback_warnings(enabled: bool) -> None:
    """Remembers whether :func:`arcgrad.vmap` is to warn where it loops over the examples. It never does: an operation without a
    rule is an error."""
    global _fallback_warnings
    _fallback_warnings = enabled


def _debug_only_are_vmap_fallback_warnings_enabled() -> bool:
    """What :func:`_debug_only_display_vmap_fallback_warnings` was told last."""
    return _fallback_warnings


def _reshape_dim_into(src: int, dst: int, x: Tensor) -> Tensor:
    """An axis put in front of another one, and the two made one."""
    src, dst = src % x.ndim, dst % (x.ndim - 1)
    return x.movedim(src, dst).flatten(dst, dst + 1)


def _reshape_dim_outof(src: int, size1: int, x: Tensor) -> Tensor:
    """An axis made two, of which the first has the given size."""
    return x.unflatten(src, (size1, -1))


def _is_vmap_fallback_enabled() -> bool:
    """False: no operation loops over the examples of a batch."""
    return False


def _set_vmap_fallback_enabled(enabled: bool) -> None:
    """Nothing to be turned off; turning it on is an error."""
    if enabled:
        raise RuntimeError("vmap has no fallback in arcgrad: an operation without a batching rule is an error")


_nn = SimpleNamespace(_parse_to=_parse_to)
_functorch = SimpleNamespace(
    is_batchedtensor=_is_batchedtensor,
    reshape_dim_into=_reshape_dim_into,
    reshape_dim_outof=_reshape_dim_outof,
    _is_vmap_fallback_enabled=_is_vmap_fallback_enabled,
    _set_vmap_fallback_enabled=_set_vmap_fallback_enabled,
)


if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "_LinAlgError":
            from arcgrad.linalg import LinAlgError

            return LinAlgError
        raise _names.missing(__name__, name, lambda: __all__)


_names.describe(__name__)
