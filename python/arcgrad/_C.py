"""Names of PyTorch's private core that programs import, for what they are used for. Ours is ``_core``."""

from __future__ import annotations

from types import SimpleNamespace

from arcgrad import _names
from arcgrad._core._overrides import _disabled_torch_function_impl
from arcgrad._core import Generator, Size, Tensor, default_generator, device, dtype, layout, memory_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Generator", "Size", "Tensor", "TensorBase", "default_generator", "device", "dtype", "layout", "memory_format"]

TensorBase = Tensor


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


_nn = SimpleNamespace(_parse_to=_parse_to)
_functorch = SimpleNamespace(is_batchedtensor=_is_batchedtensor)


if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "_LinAlgError":
            from arcgrad.linalg import LinAlgError

            return LinAlgError
        if name in ("DisableTorchFunction", "DisableTorchFunctionSubclass", "_EnableTorchFunction"):
            from arcgrad import overrides

            return getattr(overrides, name)
        raise _names.missing(__name__, name, lambda: __all__)


_names.describe(__name__)
