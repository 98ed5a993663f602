"""Regions of lower precision: operations called in them compute in it where that is fast, and in ``float32`` where it would lose digits."""

from __future__ import annotations

import functools
import warnings

import arcgrad
from arcgrad import _names
from arcgrad._core import _autograd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = [
    "autocast",
    "autocast_decorator",
    "autocast_decrement_nesting",
    "autocast_increment_nesting",
    "clear_autocast_cache",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_cpu_dtype",
    "get_autocast_dtype",
    "get_autocast_gpu_dtype",
    "is_autocast_available",
    "is_autocast_cache_enabled",
    "is_autocast_cpu_enabled",
    "is_autocast_enabled",
    "set_autocast_cache_enabled",
    "set_autocast_cpu_dtype",
    "set_autocast_cpu_enabled",
    "set_autocast_dtype",
    "set_autocast_enabled",
]

autocast_increment_nesting = _autograd.autocast_increment_nesting
autocast_decrement_nesting = _autograd.autocast_decrement_nesting
clear_autocast_cache = _autograd.clear_autocast_cache


def _is_cpu(device_type: str) -> bool:
    return arcgrad.device(device_type).type == "cpu"


def is_autocast_available(device_type: str) -> bool:
    """Whether there are regions for a type of device: for ``'cpu'``."""
    return _is_cpu(device_type)


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether operations are cast on this thread. Without a type of device it is CUDA that is asked about: False.

    >>> import arcgrad as ag
    >>> with ag.autocast("cpu"):
    ...     ag.is_autocast_enabled("cpu")
    True
    """
    return device_type is not None and _is_cpu(device_type) and _autograd.autocast_state()[0]


def is_autocast_cpu_enabled() -> bool:
    """``is_autocast_enabled("cpu")``."""
    return _autograd.autocast_state()[0]


def is_autocast_cache_enabled() -> bool:
    """Whether casts of parameters are kept until the outermost region of this thread ends."""
    return _autograd.autocast_state()[2]


def get_autocast_dtype(device_type: str) -> arcgrad.dtype:
    """The lower precision of regions: bfloat16 on CPUs unless set, float16 elsewhere."""
    return _autograd.autocast_state()[1] if _is_cpu(device_type) else arcgrad.float16


def get_autocast_cpu_dtype() -> arcgrad.dtype:
    """``get_autocast_dtype("cpu")``."""
    return _autograd.autocast_state()[1]


def get_autocast_gpu_dtype() -> arcgrad.dtype:
    """float16."""
    return arcgrad.float16


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    """Switches casting on this thread, outside of any region; without effect for devices that are not there."""
    if _is_cpu(device_type):
        _, lower, keeps = _autograd.autocast_state()
        _autograd.set_autocast_state(bool(enabled), lower, keeps)


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """``set_autocast_enabled("cpu", enabled)``."""
    set_autocast_enabled("cpu", enabled)


def set_autocast_dtype(device_type: str, dtype: arcgrad.dtype) -> None:
    """Sets the lower precision of this thread: float16 or bfloat16."""
    if _is_cpu(device_type):
        enabled, _, keeps = _autograd.autocast_state()
        _autograd.set_autocast_state(enabled, dtype, keeps)


def set_autocast_cpu_dtype(dtype: arcgrad.dtype) -> None:
    """``set_autocast_dtype("cpu", dtype)``."""
    set_autocast_dtype("cpu", dtype)


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Says whether casts of parameters are kept."""
    on, lower, _ = _autograd.autocast_state()
    _autograd.set_autocast_state(on, lower, bool(enabled))


class autocast:
    """A region of mixed precision on this thread, as a context manager or decorator.

    In it, matrix products, convolutions and attention take floats of less than double precision in ``dtype`` and give such results;
    losses, decompositions and what adds up many numbers take them in float32; ``cat``, ``stack`` and ``index_copy`` in the widest
    precision among them. Everything else keeps the precision of its operands, and so do in-place forms and ``out=``. A parameter is
    cast once in the outermost region. Backward runs outside of the region, in the precisions that were recorded.

    Args:
        device_type (str): what the region is for: ``'cpu'``; for others it is disabled.
        dtype (dtype): the lower precision, bfloat16 or float16. Default: :func:`get_autocast_dtype`.
        enabled (bool): False makes it a region of full precision.
        cache_enabled (bool): whether casts of parameters are kept. Default: :func:`is_autocast_cache_enabled`.

    >>> import arcgrad as ag
    >>> a = ag.ones(2, 2)
    >>> with ag.autocast("cpu"):
    ...     b = a @ a
    ...     print(b.dtype, (b + a).dtype, ag.nn.functional.mse_loss(b, a).dtype)
    arcgrad.bfloat16 arcgrad.float32 arcgrad.float32
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
        self._cache_enabled = is_autocast_cache_enabled() if cache_enabled is None else bool(cache_enabled)
        if enabled and self.device != "cpu":
            warnings.warn(
                f"User provided device_type of '{self.device}', but there is no such device. Disabling", stacklevel=2
            )
            enabled = False
        elif enabled and self.fast_dtype not in (arcgrad.bfloat16, arcgrad.float16):
            warnings.warn(
                f"In CPU autocast, but the target dtype {self.fast_dtype} is not supported. Disabling autocast. CPU Autocast "
                "only supports dtype of arcgrad.bfloat16, arcgrad.float16 currently.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = bool(enabled)
        #: The states to come back to, one for each time the region was entered.
        self._before: list[tuple[bool, arcgrad.dtype, bool]] = []

    def __enter__(self) -> Self:
        before = _autograd.autocast_state()
        self._before.append(before)
        if self.device == "cpu":
            lower = self.fast_dtype if self._enabled else before[1]
            _autograd.set_autocast_state(self._enabled, lower, self._cache_enabled)
        autocast_increment_nesting()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Casts that were kept go with the outermost region.
        autocast_decrement_nesting()
        _autograd.set_autocast_state(*self._before.pop())

    def __call__(self, func: F) -> F:
        return autocast_decorator(self, func)


def autocast_decorator(autocast_instance: autocast, func: F) -> F:
    """The function, called inside of the region each time."""

    @functools.wraps(func)
    def inside(*args, **kwargs):
        with autocast_instance:
            return func(*args, **kwargs)

    return inside  # type: ignore[return-value]


def _cast(value: Any, device_type: str, dtype: arcgrad.dtype) -> Any:
    """A value, or what is in a container, with floats of less than double precision in a dtype."""
    if isinstance(value, arcgrad.Tensor):
        eligible = value.is_floating_point() and value.device.type == device_type and value.dtype is not arcgrad.float64
        return value.to(dtype) if eligible else value
    if isinstance(value, dict):
        return {_cast(key, device_type, dtype): _cast(item, device_type, dtype) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(item, device_type, dtype) for item in value)
    return value


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: arcgrad.dtype | None = None) -> Any:
    """Decorator of the ``forward`` of a custom function: its ``backward`` under :func:`custom_bwd` runs as ``forward`` did.

    Args:
        device_type (str): what its regions are for.
        cast_inputs (dtype): inside of a region, what tensors among the arguments are cast to; ``forward`` then runs with the region
            switched off. Default: it runs in the region.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    arcgrad.device(device_type)

    @functools.wraps(fwd)
    def decorated(*args, **kwargs):
        context = args[0]
        context._dtype = get_autocast_dtype(device_type)
        inside = is_autocast_enabled(device_type)
        if cast_inputs is None or not inside:
            context._fwd_used_autocast = inside
            return fwd(*args, **kwargs)
        context._fwd_used_autocast = False
        with autocast(device_type=device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return decorated


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorator of the ``backward`` of a custom function whose ``forward`` has :func:`custom_fwd`: it runs in a region if that did."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)
    arcgrad.device(device_type)

    @functools.wraps(bwd)
    def decorated(*args, **kwargs):
        context = args[0]
        with autocast(device_type=device_type, enabled=context._fwd_used_autocast, dtype=context._dtype):
            return bwd(*args, **kwargs)

    return decorated


_names.describe(__name__)
