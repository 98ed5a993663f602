"""Changing dtype and device of everything a module holds."""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names, _warnings, no_grad

from ..parameter import Parameter, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

    from arcgrad._core import DType, Device


def _no_such_device(name):
    return RuntimeError(f"this module cannot be moved to {name}: arcgrad computes on the CPU and has no {name} support")


#: The dtypes that Python's own types stand for.
_OF_TYPES = {bool: arcgrad.bool, int: arcgrad.int64, float: arcgrad.float64, complex: arcgrad.complex128}


def _parse_to(*args, device=None, dtype=None, non_blocking=False, copy=False, memory_format=None, tensor=None):
    """Read the arguments of :meth:`Module.to`; returns device, dtype and the other keyword arguments."""
    positional = [_OF_TYPES.get(value, value) if isinstance(value, type) else value for value in args]
    if len(positional) > 2 and isinstance(positional[-1], bool) and isinstance(positional[-2], bool):
        copy = positional.pop()
    if copy:
        raise RuntimeError(".to() does not accept copy argument")
    if isinstance(dtype, type):
        dtype = _OF_TYPES.get(dtype, dtype)
    if positional and isinstance(positional[0], Tensor):
        tensor = positional.pop(0)
    elif positional and isinstance(positional[0], arcgrad.dtype):
        dtype = positional.pop(0)
    elif positional:
        first = positional.pop(0)
        if first is not None and (isinstance(first, bool) or not isinstance(first, (str, int, arcgrad.device))):
            raise TypeError(f"to() received an invalid combination of arguments - got ({type(first).__name__})")
        device = first
        if positional and (positional[0] is None or isinstance(positional[0], arcgrad.dtype)):
            dtype = positional.pop(0)
    if positional and isinstance(positional[0], bool):
        non_blocking = positional.pop(0)
    if positional:
        given = ", ".join(type(value).__name__ for value in args)
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({given}), but expected (dtype), "
            "(device, dtype) or (tensor)"
        )
    if tensor is not None:
        device, dtype = tensor.device, tensor.dtype
    options = {}
    if non_blocking:
        options["non_blocking"] = non_blocking
    if memory_format is not None:
        options["memory_format"] = memory_format
    return device, dtype, options


class Conversion:
    """The part of :class:`Module` that converts parameters and buffers."""

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of parameters, their gradients and buffers by ``fn`` of it. Returns the module."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for name, parameter in self._parameters.items():
            if parameter is None:
                continue
            with no_grad():
                converted = fn(parameter)
                grad = None if parameter.grad is None else fn(parameter.grad)
                if converted.device == parameter.device and not arcgrad.__future__.get_overwrite_module_params_on_conversion():
                    # Through .data, so that the parameter stays the object that optimizers know.
                    parameter.data = converted
                    if grad is not None:
                        parameter.grad.data = grad
                else:
                    # With memory, or without it, it is another tensor.
                    if is_lazy(parameter):
                        moved = type(parameter)(parameter.requires_grad, converted.device, converted.dtype)
                    else:
                        moved = Parameter(converted, parameter.requires_grad)
                    self._parameters[name] = moved
                    if grad is not None:
                        moved.grad = grad.requires_grad_(parameter.grad.requires_grad)
        for name, buffer in self._buffers.items():
            if is_lazy(buffer):
                # What has no shape yet goes on having none, in its new dtype.
                buffer.data = fn(buffer)
            elif buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert parameters and buffers: ``to(dtype)``, ``to(device)``, ``to(device, dtype)`` or ``to(tensor)``.

        Only floating-point and complex members change their dtype. On the device ``meta`` they have no data, and cannot be
        brought back: see :meth:`to_empty`.

        Raises:
            TypeError: the dtype is neither floating-point nor complex, or an argument is none of the above.
        """
        device, dtype, options = _parse_to(*args, **kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        if dtype is not None and dtype.is_complex:
            _warnings.warn(
                "Complex modules are a new feature under active development whose design may change, and some modules might not work "
                "as expected when using complex tensors as parameters or buffers."
            )

        def convert(tensor):
            targets = dict(options)
            if "memory_format" in targets and tensor.ndim not in (4, 5):  # an order of the elements of images and volumes
                targets.pop("memory_format", None)
            if device is not None:
                targets["device"] = device
            if dtype is not None and (tensor.is_floating_point() or tensor.is_complex()):
                targets["dtype"] = dtype
            try:
                return tensor.to(**targets) if targets else tensor
            except NotImplementedError as error:
                if str(error) != "Cannot copy out of meta tensor; no data!":
                    raise
                raise NotImplementedError(
                    f"{error} Please use arcgrad.nn.Module.to_empty() instead of arcgrad.nn.Module.to() when moving module "
                    "from meta to a different device."
                ) from None

        return self._apply(convert)

    def type(self, dst_type: DType | str) -> Self:
        """Convert all parameters and buffers, integer ones too, to ``dst_type``. Returns the module."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def _to_floating(self, dtype):
        return self._apply(lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)

    def float(self) -> Self:
        """Convert floating-point members to ``float32``."""
        return self._to_floating(arcgrad.float32)

    def double(self) -> Self:
        """Convert floating-point members to ``float64``."""
        return self._to_floating(arcgrad.float64)

    def half(self) -> Self:
        """Convert floating-point members to ``float16``."""
        return self._to_floating(arcgrad.float16)

    def bfloat16(self) -> Self:
        """Convert floating-point members to ``bfloat16``."""
        return self._to_floating(arcgrad.bfloat16)

    def cpu(self) -> Self:
        """Bring all members to the CPU, where they are unless the module is on the device ``meta``. Returns the module."""
        return self._apply(lambda tensor: tensor.cpu())

    def cuda(self, device: Device = None) -> Self:
        """Raises RuntimeError: there is no such device here."""
        raise _no_such_device("CUDA")

    def xpu(self, device: Device = None) -> Self:
        """Raises RuntimeError: there is no such device here."""
        raise _no_such_device("XPU")

    def ipu(self, device: Device = None) -> Self:
        """Raises RuntimeError: there is no such device here."""
        raise _no_such_device("IPU")

    def mtia(self, device: Device = None) -> Self:
        """Raises RuntimeError: there is no such device here."""
        raise _no_such_device("MTIA")

    def to_empty(self, *, device: Device, recurse: bool = True) -> Self:
        """Give parameters and buffers new memory on ``device`` whose contents are undefined. Returns the module.

        Args:
            device (device or str): where to.
            recurse (bool): whether the members of submodules are moved, too. Default: ``True``.

        Example::

            >>> import arcgrad as ag
            >>> layer = ag.nn.Linear(2, 3, device="meta")
            >>> layer.weight.is_meta
            True
            >>> layer.to_empty(device="cpu").weight.shape
            arcgrad.Size([3, 2])
        """
        return self._apply(lambda tensor: arcgrad.empty_like(tensor, device=device), recurse)

    def share_memory(self) -> Self:
        """Move parameters and buffers to memory that processes started later see, and write to. Returns the module.

        See :meth:`arcgrad.Tensor.share_memory_`.
        """
        return self._apply(lambda tensor: tensor.share_memory_())


_names.describe(__name__)
