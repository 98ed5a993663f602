"""Settings of the whole program: default device and tensor type, determinism, precision of products.

arcgrad computes on the CPU, in full precision and with the same result each time, so most of them are only kept.
"""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_default_device",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_warn_always_enabled",
    "set_default_device",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_warn_always",
    "use_deterministic_algorithms",
]

_deterministic = False
_deterministic_warns = False
_fills = True
_precision = "highest"
_interop_threads = 1
_warns_always = False


def get_default_device() -> _core.device:
    """The device of tensors that this thread makes where none is given: the CPU, or what :func:`set_default_device` or a ``with``
    block has said."""
    return _core._default_device()


def set_default_device(device: Any) -> None:
    """Sets the device of tensors that this thread makes where none is given.

    Args:
        device (device or str): ``cpu`` or ``meta``, or None for what it was at first.

    Raises:
        RuntimeError: for another device.

    >>> import arcgrad as ag
    >>> ag.set_default_device("cpu")
    >>> ag.get_default_device()
    device(type='cpu')
    """
    _core._set_default_device(None if device is None else _core.device(device))


def set_default_tensor_type(t: Any, /) -> None:
    """Sets the default dtype by an old tensor type or its name (``'arcgrad.DoubleTensor'``); see :func:`set_default_dtype`.

    Raises:
        TypeError: for something else, or a type that is not of floating-point numbers.
    """
    from arcgrad import _legacy

    kind = t
    if isinstance(t, str):
        package, _, name = t.rpartition(".")
        if package not in ("torch", "arcgrad"):
            raise TypeError(f"invalid type name: '{t}'")
        kind = getattr(_legacy, name, None)
    dtype = getattr(kind, "dtype", None)
    if not isinstance(kind, _legacy._TensorType) or dtype is None:
        raise TypeError(f"invalid type object: {t!r} is no tensor type of the CPU")
    _core.set_default_dtype(dtype)


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Keeps a flag: results never depend on chance or on the number of threads.

    While it is set, what ``empty`` gives holds NaN, or the greatest integer, instead of zeros; see
    :mod:`arcgrad.utils.deterministic`.
    """
    global _deterministic, _deterministic_warns
    for place, (name, flag) in enumerate((("mode", mode), ("warn_only", warn_only)), 1):
        if not isinstance(flag, bool):
            raise TypeError(
                f"_set_deterministic_algorithms(): argument '{name}' (position {place}) must be bool, not {type(flag).__name__}"
            )
    _deterministic, _deterministic_warns = mode, warn_only
    _core._let_empty_glare(_deterministic and _fills)


def _set_fills(on: bool) -> None:
    """Whether memory to be filled shows that it was never written while determinism is asked for."""
    global _fills
    _fills = on
    _core._let_empty_glare(_deterministic and _fills)


def are_deterministic_algorithms_enabled() -> bool:
    """What :func:`use_deterministic_algorithms` was told."""
    return _deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What :func:`use_deterministic_algorithms` was told of warnings."""
    return _deterministic_warns


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Another way to call :func:`use_deterministic_algorithms`: 0 or ``'default'``, 1 or ``'warn'``, 2 or ``'error'``."""
    modes = {"default": 0, "warn": 1, "error": 2}
    mode = modes.get(debug_mode) if isinstance(debug_mode, str) else debug_mode
    if mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected one of `default`, `warn`, `error` or 0, 1, 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(mode > 0, warn_only=mode == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2; see :func:`set_deterministic_debug_mode`."""
    return (1 if _deterministic_warns else 2) if _deterministic else 0


def set_float32_matmul_precision(precision: str) -> None:
    """Keeps ``'highest'``, ``'high'`` or ``'medium'``: products of float32 are always computed in float32."""
    global _precision
    if precision in ("highest", "high", "medium"):
        _precision = precision
    else:
        import warnings

        warnings.warn(f"{precision} is not one of 'highest', 'high', or 'medium'; the setting is unchanged.", stacklevel=2)


def get_float32_matmul_precision() -> str:
    """What :func:`set_float32_matmul_precision` was told."""
    return _precision


def get_num_interop_threads() -> int:
    """How many operations run at once at most, which is what :func:`set_num_interop_threads` was told: without effect."""
    return _interop_threads


def set_num_interop_threads(num: int, /) -> None:
    """Keeps a number: operations run one after the other, each on :func:`get_num_threads` threads."""
    global _interop_threads
    if num <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    _interop_threads = int(num)


def set_flush_denormal(mode: bool, /) -> bool:
    """False: the least numbers are never taken for zero."""
    return False


def set_warn_always(b: bool, /) -> None:
    """Keeps a flag."""
    global _warns_always
    _warns_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What :func:`set_warn_always` was told."""
    return _warns_always
