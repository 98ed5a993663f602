"""Tensors that a module owns: :class:`Parameter` is trained, :class:`Buffer` is carried along."""

from __future__ import annotations

from arcgrad import Tensor, _names, empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class _FlaggedInstances(type(Tensor)):
    """Lets a tensor of another subclass count as an instance through the attribute named in ``_flag``.

    ``Parameter(x)`` for an ``x`` of a tensor subclass keeps that subclass, and is a parameter all the same.
    """

    def __instancecheck__(cls, instance):
        if super().__instancecheck__(instance):
            return True
        flag = cls.__dict__.get("_flag")
        return flag is not None and isinstance(instance, Tensor) and getattr(instance, flag, False)


def _is_parameter(value):
    # Most values given to Module.__setattr__ are no tensors; the metaclass above is asked about tensors only.
    return isinstance(value, Tensor) and isinstance(value, Parameter)


def _rebuild_parameter(data, requires_grad, attributes):
    parameter = Parameter(data, requires_grad)
    if attributes:
        parameter.__dict__.update(attributes)
    return parameter


class Parameter(Tensor, metaclass=_FlaggedInstances):
    """A tensor that is a parameter of the module it is assigned to.

    Args:
        data (Tensor): the values; the parameter shares their memory. Default: an empty tensor.
        requires_grad (bool): whether gradients are wanted. Default: ``True``, also under ``no_grad``.

    Assigned as an attribute of a :class:`~arcgrad.nn.Module`, it shows up in ``parameters()`` and ``state_dict()``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.Parameter(ag.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    _flag = "_is_param"

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Self:
        if data is None:
            data = empty(0)
        kind = type(data)
        if kind is Tensor or kind is Parameter:
            return Tensor._make_subclass(cls, data, requires_grad)
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter() expects a Tensor, but got {kind.__name__}")
        parameter = data.detach().requires_grad_(requires_grad)
        if type(parameter) is not kind:
            raise RuntimeError(
                f"Creating a Parameter from an instance of type {kind.__name__} requires that detach() returns an "
                f"instance of the same type, but it returned {type(parameter).__name__}"
            )
        parameter._is_param = True
        return parameter

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol):
        return _rebuild_parameter, (self.data, self.requires_grad, dict(getattr(self, "__dict__", ())))


class Buffer(Tensor, metaclass=_FlaggedInstances):
    """A tensor that is registered as a buffer by the module it is assigned to.

    Args:
        data (Tensor): the values; their memory is shared. Default: an empty tensor.
        persistent (bool): whether the buffer is part of ``state_dict()``. Default: ``True``.

    Example::

        >>> import arcgrad as ag
        >>> module = ag.nn.Module()
        >>> module.mean = ag.nn.Buffer(ag.zeros(2))
        >>> list(module.state_dict())
        ['mean']
    """

    _flag = "_is_buffer"

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        if data is None:
            data = empty(0)
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer


_names.describe(__name__)
