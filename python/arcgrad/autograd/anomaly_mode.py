"""Anomaly mode: errors of a backward pass name the operation of the forward pass, and NaN is such an error."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import _autograd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["detect_anomaly", "set_anomaly_enabled", "set_detect_anomaly"]


class set_detect_anomaly:
    """Switches anomaly mode: at once when called as a function, and back at the end of a ``with`` block.

    Args:
        mode (bool): whether backward looks for what went wrong.
        check_nan (bool): whether a NaN that appears in backward is an error.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_detect_anomaly(): argument 'mode' must be bool, not {type(mode).__name__}")
        self.prev = _autograd.is_anomaly_enabled()
        self.prev_check_nan = _autograd.is_anomaly_check_nan_enabled()
        _autograd.switch_anomaly(mode, bool(check_nan))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc_info: Any) -> None:
        _autograd.switch_anomaly(self.prev, self.prev_check_nan)


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switches anomaly mode, as :func:`set_detect_anomaly` called as a function.

    >>> import arcgrad as ag
    >>> ag.set_anomaly_enabled(False)
    >>> ag.is_anomaly_enabled()
    False
    """
    _autograd.switch_anomaly(bool(mode), bool(check_nan))


class detect_anomaly:
    """Anomaly mode for a ``with`` block: a NaN that appears in backward raises an error that names the operation
    that made it and the line of the program where that was recorded.

    Args:
        check_nan (bool): whether a NaN that appears in backward is an error.

    Example::

        >>> import arcgrad as ag, warnings
        >>> warnings.simplefilter("ignore")
        >>> x = ag.tensor(0.0, requires_grad=True)
        >>> with ag.autograd.detect_anomaly():
        ...     (x.sqrt() * 0).backward()
        Traceback (most recent call last):
            ...
        RuntimeError: ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        import warnings

        self.check_nan = bool(check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self._switch = set_detect_anomaly(True, self.check_nan)

    def __exit__(self, *exc_info: Any) -> None:
        self._switch.__exit__(*exc_info)


_names.describe(__name__)
