"""Regions of lower precision, as programs mark them. Their operations keep the precision of what they are given."""

from __future__ import annotations

import functools
import warnings

import arcgrad
from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = [
    "autocast",
    "autocast_decorator",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_cpu_dtype",
    "get_autocast_dtype",
    "get_autocast_gpu_dtype",
    "is_autocast_available",
    "is_autocast_cache_enabled",
    "is_autocast_cpu_enabled",
    "is_autocast_enabled",
]

#: Whether it was said that precision stays as it is.
_warned = False


def is_autocast_available(device_type: str) -> bool:
    """False: operations keep the precision of what they are given."""
    arcgrad.device(device_type)
    return False


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False, inside of an :class:`autocast` too: precision stays as it is."""
    return False


def is_autocast_cpu_enabled() -> bool:
    """False; see :func:`is_autocast_enabled`."""
    return False


def is_autocast_cache_enabled() -> bool:
    """False: there are no casts to be kept."""
    return False


def get_autocast_dtype(device_type: str) -> arcgrad.dtype:
    """The dtype that a region would have by default: bfloat16 on CPUs, float16 elsewhere."""
    return arcgrad.bfloat16 if arcgrad.device(device_type).type == "cpu" else arcgrad.float16


def get_autocast_cpu_dtype() -> arcgrad.dtype:
    """bfloat16."""
    return arcgrad.bfloat16


def get_autocast_gpu_dtype() -> arcgrad.dtype:
    """float16."""
    return arcgrad.float16


class autocast:
    """Marks a region of lower precision, as a context manager or decorator. Results keep the precision of the operands; this is
    said once, in a warning, unless the region is disabled or for a device that is not there.

    Args:
        device_type (str): what the region is for: ``'cpu'``, ``'cuda'``, …
        dtype (dtype): the lower precision. Default: :func:`get_autocast_dtype`.
        enabled (bool): False makes it a region of full precision.
        cache_enabled (bool): without effect.

    >>> import arcgrad as ag
    >>> with ag.autocast("cpu", enabled=False):
    ...     (ag.ones(2, 2) @ ag.ones(2, 2)).dtype
    arcgrad.float32
    """

    def __init__(
        self,
        device_type: str,
        dtype: arcgrad.dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = arcgrad.device(device_type).type
        self.fast_dtype = get_autocast_dtype(self.device) if dtype is None else dtype
        self._asked = enabled
        #: Whether operations are cast.
        self._enabled = False

    def __enter__(self) -> Self:
        global _warned
        if self._asked and self.device == "cpu" and not _warned:
            _warned = True
            warnings.warn(
                "autocast has no effect: operations keep the precision of their operands. Convert model and data with "
                ".to(dtype) to compute in another one.",
                stacklevel=2,
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def __call__(self, func: F) -> F:
        return autocast_decorator(self, func)


def autocast_decorator(autocast_instance: autocast, func: F) -> F:
    """The function, called inside of the region each time."""

    @functools.wraps(func)
    def inside(*args, **kwargs):
        with autocast_instance:
            return func(*args, **kwargs)

    return inside  # type: ignore[return-value]


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: arcgrad.dtype | None = None) -> Any:
    """Decorator of the ``forward`` of a custom function: returns it as it is, since no region casts.

    Args:
        device_type (str): what its regions are for.
        cast_inputs (dtype): what a region would cast its arguments to.
    """
    arcgrad.device(device_type)
    return (lambda function: function) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorator of the ``backward`` of a custom function: returns it as it is."""
    arcgrad.device(device_type)
    return (lambda function: function) if bwd is None else bwd


_names.describe(__name__)
