"""DLPack: memory shared with NumPy, JAX, CuPy and others, without copying.

>>> import numpy as np
>>> import arcgrad as torch
>>> array = np.arange(3.0)
>>> tensor = torch.from_dlpack(array)
>>> array[0] = 5.0
>>> tensor
tensor([5., 1., 2.], dtype=arcgrad.float64)

The memory of CPU tensors is lent through NumPy, whose capsules are those of the protocol: versioned where the consumer asks for that
(``max_version``), and then read-only memory is marked as such. Memory that is read-only at its owner's cannot be written to through
a tensor, either: see :func:`arcgrad.from_numpy`.
"""

from __future__ import annotations

from enum import IntEnum

import arcgrad as ag
from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Device, Tensor

__all__ = ["DLDeviceType", "ReadOnlyTensorWrapper", "from_dlpack", "to_dlpack"]


class DLDeviceType(IntEnum):
    """The kinds of devices of the protocol."""

    kDLCPU = (1,)
    kDLCUDA = (2,)
    kDLCUDAHost = (3,)
    kDLOpenCL = (4,)
    kDLVulkan = (7,)
    kDLMetal = (8,)
    kDLVPI = (9,)
    kDLROCM = (10,)
    kDLROCMHost = (11,)
    kDLExtDev = (12,)
    kDLCUDAManaged = (13,)
    kDLOneAPI = (14,)
    kDLWebGPU = (15,)
    kDLHexagon = (16,)
    kDLMAIA = (17,)


_CPU = DLDeviceType.kDLCPU, 0


class ReadOnlyTensorWrapper:
    """A tensor that lends its memory for reading only: consumers that know versions of the protocol are told so.

    >>> import numpy as np
    >>> import arcgrad as torch
    >>> from arcgrad.utils.dlpack import ReadOnlyTensorWrapper
    >>> np.from_dlpack(ReadOnlyTensorWrapper(torch.zeros(2))).flags.writeable
    False
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __dlpack__(self, **options: Any) -> Any:
        """The capsule, marked as read-only."""
        return capsule(self.tensor, **{**options, "read_only": True})

    def __dlpack_device__(self) -> tuple[DLDeviceType, int]:
        """The device."""
        return device_of(self.tensor)


def device_of(tensor: Tensor) -> tuple[DLDeviceType, int]:
    """``Tensor.__dlpack_device__``: the kind and the number of the device. ValueError for one that has no memory."""
    if tensor.is_meta:
        raise ValueError(f"Unknown device type {tensor.device.type} for Dlpack")
    return _CPU


def capsule(
    tensor: Tensor,
    *,
    stream: Any = -1,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[IntEnum, int] | None = None,
    copy: bool | None = None,
    read_only: bool = False,
) -> Any:
    """``Tensor.__dlpack__``: a capsule over the tensor's memory, for a consumer.

    Args:
        tensor: the tensor.
        stream: there are none on CPUs: ``None`` or −1.
        max_version: the greatest version that the consumer knows; without one the capsule is of the kind before versions.
        dl_device: where the consumer wants the memory.
        copy: ``True`` for memory of its own.
        read_only: whether the consumer may only read; needs a version.

    Raises:
        BufferError: the tensor requires a gradient, its dtype is not one of the protocol or NumPy has none like it, its memory may only
            be read and the consumer knows no versions, or another device is asked for.
    """
    if tensor.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if tensor.is_meta:
        raise BufferError("Cannot pack tensors on meta")
    if stream is not None and type(stream) is not int:
        raise TypeError("stream must be ``int`` or ``none``")
    if stream not in (None, -1):
        raise AssertionError("stream should be None on cpu.")
    if dl_device is not None and tuple(dl_device) != _CPU:
        raise BufferError(f"cannot export a tensor in CPU memory to device {tuple(dl_device)}")
    try:
        array = tensor.clone().numpy() if copy else tensor.numpy()
    except TypeError as error:
        raise BufferError(f"tensors of {tensor.dtype} cannot be exported: {error}") from error
    if read_only:
        array = array.view()
        array.flags.writeable = False
    # A consumer from before versions is offered the kind of capsule it knows.
    return array.__dlpack__() if max_version is None else array.__dlpack__(max_version=tuple(max_version))


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule of the kind before versions, over the tensor's memory. It can be consumed once.

    >>> import arcgrad as torch
    >>> from arcgrad.utils.dlpack import from_dlpack, to_dlpack
    >>> from_dlpack(to_dlpack(torch.ones(2)))
    tensor([1., 1.])
    """
    return capsule(tensor)


class _Bare:
    """What lends a capsule that a program has got hold of."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __dlpack__(self, **options: Any) -> Any:
        return self.held

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU


class _Writable:
    """An array whose memory may be written to, although its capsule could not tell."""

    def __init__(self, array: Any) -> None:
        self.array = array
        interface = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def from_dlpack(ext_tensor: Any, *, device: Device = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of another library's array, or of a capsule.

    Args:
        ext_tensor: an object with ``__dlpack__`` and ``__dlpack_device__``, or a capsule that has not been consumed.
        device: where the tensor is wanted: the CPU.
        copy: ``True`` for memory of its own, ``False`` for an error where that would be needed.

    Raises:
        BufferError: the memory is not of a CPU, or of a dtype that there is none of.
        RuntimeError: a capsule that is none, or has been consumed.
    """
    import numpy as np

    if device is not None and ag.device(device).type != "cpu":
        raise BufferError(f"from_dlpack(): device {device} is not there")
    if type(ext_tensor) is ag.Tensor and ext_tensor.dtype is ag.bfloat16 or type(ext_tensor).__name__ == "KeptTensor":
        # One of this library's with elements that NumPy, which lends capsules, has no type for.
        if ext_tensor.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return ext_tensor.clone() if copy else ext_tensor.view(ext_tensor.dtype).detach()
    bare = not hasattr(ext_tensor, "__dlpack__")
    if bare:
        if type(ext_tensor).__name__ != "PyCapsule" or '"dltensor' not in repr(ext_tensor):
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have "
                "already constructed a tensor from it once."
            )
        ext_tensor = _Bare(ext_tensor)
    # Without a copy asked for, none is made.
    array = np.from_dlpack(ext_tensor)
    # Capsules from before versions do not say whether memory may be written to, and NumPy takes it that it may not. Who hands one
    # over knows; a library that was asked for a version and gave none is believed no more than NumPy does.
    if bare and not array.flags.writeable and '"used_dltensor"' in repr(ext_tensor.held):
        array = np.asarray(_Writable(array))
    tensor = ag.from_numpy(array)
    return tensor.clone() if copy else tensor


_names.describe(__name__)
