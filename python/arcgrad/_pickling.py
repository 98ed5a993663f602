"""How tensors and storages are pickled, copied and lent: ``pickle``, ``copy``, ``multiprocessing`` and other libraries ask for it.

A tensor is pickled with its own elements, not its whole storage; sharing of memory between tensors is kept by
:func:`arcgrad.save`. The graph stays behind, as in PyTorch: what a non-leaf becomes is a leaf that wants gradients.
"""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The core's own way, which takes leaves and writes them row by row.
_reduce_leaf = _core.Tensor.__reduce_ex__


def install() -> None:
    """Gives the core's classes their ways to be pickled and copied."""
    _core.Tensor.__reduce_ex__ = _reduce_tensor  # type: ignore[method-assign, assignment]
    _core.UntypedStorage.__reduce_ex__ = _reduce_storage  # type: ignore[method-assign, assignment]
    _core.UntypedStorage.__deepcopy__ = _deepcopy_storage  # type: ignore[attr-defined]
    _core.Tensor.__dlpack__ = _lend  # type: ignore[attr-defined]
    _core.Tensor.__dlpack_device__ = _lender  # type: ignore[attr-defined]


def _lend(self: _core.Tensor, **options: Any) -> Any:
    """A capsule over the tensor's memory: see :func:`arcgrad.utils.dlpack.capsule`."""
    from arcgrad.utils.dlpack import capsule

    return capsule(self, **options)


def _lender(self: _core.Tensor) -> Any:
    """The device of the tensor's memory, as DLPack numbers it."""
    from arcgrad.utils.dlpack import device_of

    return device_of(self)


def _reduce_tensor(self, protocol):
    """Pickles as class, dtype, sizes, strides, bytes, flags and attributes of its own."""
    if self.is_meta:
        rebuild, (_, dtype, size, stride, _, _) = _reduce_leaf(self.detach(), protocol)
        attributes = dict(self.__dict__) or None
        return rebuild, (_under_our_name(type(self)), dtype, size, stride, self.requires_grad, attributes)
    if self.is_leaf and self.is_contiguous():
        rebuild, (cls, *rest) = _reduce_leaf(self, protocol)
        return rebuild, (_under_our_name(cls), *rest)
    memory = self.detach()
    size, stride = tuple(self.shape), None
    # Strides are kept where that takes no more room than rows would: of what is transposed or expanded.
    reach = 1 + sum((length - 1) * step for length, step in zip(size, self.stride()))
    if not self.is_contiguous() and reach <= self.numel():
        stride = self.stride()
        memory = memory.as_strided((reach,), (1,))
    _, (_, dtype, _, data, _, _) = _reduce_leaf(memory, protocol)
    return _rebuild_strided, (_under_our_name(type(self)), dtype, size, stride, data, self.requires_grad, dict(self.__dict__))


class _Class:
    """A class of ours in a pickle, while arcgrad stands in as ``torch`` and the class names that as its module."""

    def __init__(self, cls: type) -> None:
        self._place = cls.__module__.partition(".")[2], cls.__qualname__

    def __reduce__(self):
        return _our_class, self._place


def _our_class(module: str, name: str) -> Any:
    """What a pickled class of ours calls."""
    from importlib import import_module

    return getattr(import_module(f"arcgrad.{module}" if module else "arcgrad"), name)


def _under_our_name(cls):
    return _Class(cls) if cls.__module__.partition(".")[0] == "torch" else cls


def _rebuild_strided(
    cls: Any, dtype: _core.dtype, size: tuple[int, ...], stride: Any, data: bytes, requires_grad: bool, attributes: Any
) -> Any:
    """What a pickled tensor calls that is no contiguous leaf."""
    if stride is None:
        return _core._rebuild_tensor(cls, dtype, size, data, requires_grad, attributes or None)
    memory = _core._rebuild_tensor(_core.Tensor, dtype, (len(data) // dtype.itemsize,), data, False, None)
    tensor = _core.empty(0, dtype=dtype).set_(memory.untyped_storage(), 0, size, stride)
    if cls is not _core.Tensor:
        tensor = tensor.as_subclass(cls)
    tensor.__dict__.update(attributes)
    return tensor.requires_grad_() if requires_grad else tensor


def _bytes_of(storage):
    """A storage's bytes as a tensor over them."""
    return _core.empty(0, dtype=_core.uint8).set_(storage)


def _rebuild_storage(data: _core.Tensor) -> _core.UntypedStorage:
    """What a pickled storage calls."""
    return data.untyped_storage()


def _reduce_storage(self, protocol):
    """Pickles as its bytes."""
    return _rebuild_storage, (_bytes_of(self),)


def _deepcopy_storage(self, memo):
    """Copies the memory, once for all tensors and storages over it that are copied together."""
    import copy

    return copy.deepcopy(_bytes_of(self), memo).untyped_storage()
