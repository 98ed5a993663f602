"""Tensors that a module owns: :class:`Parameter` is trained, :class:`Buffer` is carried along.

Both have a kind whose shape is not known yet, :class:`UninitializedParameter` and :class:`UninitializedBuffer`, for lazy modules.
"""

from __future__ import annotations

from arcgrad import Tensor, _names, empty
from arcgrad._core._overrides import _disabled_torch_function_impl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

    from arcgrad._core import DType, Device


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
    # Results of operations on parameters are tensors.
    __torch_function__ = _disabled_torch_function_impl

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
    __torch_function__ = _disabled_torch_function_impl

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Self:
        if data is None:
            data = empty(0)
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer


# ---- not yet of a shape ----

#: What an uninitialised tensor has besides its own names and those with an underscore: what needs no shape.
_WITHOUT_SHAPE = frozenset(
    "bfloat16 copy_ cpu cuda data device dtype double float get_device grad grad_fn half int is_complex is_cuda "
    "is_floating_point is_leaf is_meta is_sparse layout long register_hook requires_grad requires_grad_ retains_grad "
    "short size to".split()
)


def _needs_shape(name):
    return ValueError(
        f"Attempted to use an uninitialized parameter in {name}. This error happens when you are using a `LazyModule` or "
        "explicitly manipulating `arcgrad.nn.parameter.UninitializedParameter` objects. When using LazyModules Call "
        "`forward` with a dummy batch to initialize the parameters before calling arcgrad functions"
    )


class UninitializedTensorMixin:
    """What tensors without a shape share: dtype and device can be asked for and changed, anything else is refused."""

    cls_to_become: type[Tensor]

    def materialize(
        self, shape: int | Iterable[int], device: Device = None, dtype: DType | None = None
    ) -> None:
        """Become a parameter or buffer of ``shape`` whose elements are undefined; the object stays the same.

        Args:
            shape (int or sequence of int): of the tensor.
            device, dtype: those of the uninitialised tensor unless given.
        """
        data = self.data
        device = data.device if device is None else device
        dtype = data.dtype if dtype is None else dtype
        self.data = empty(shape if isinstance(shape, int) else tuple(shape), device=device, dtype=dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self) -> Any:
        """Raises RuntimeError: it is not known."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to "
            "initialize the parameters before accessing their attributes."
        )

    def share_memory_(self) -> Self:
        """Raises RuntimeError: there is no memory."""
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __getattribute__(self, name: str) -> Any:
        if name[0] != "_" and name not in _WITHOUT_SHAPE and not hasattr(UninitializedTensorMixin, name) and hasattr(Tensor, name):
            raise _needs_shape(f"Tensor.{name}")
        return super().__getattribute__(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad, self.device, self.dtype)

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]


def _refuse(operator):
    """A method in the place of an operator, which Python does not look up by ``__getattribute__``."""

    def refused(self, *args):
        raise _needs_shape(f"Tensor.{operator}")

    return refused


for _operator in (
    "abs add and bool complex contains eq float floordiv ge getitem gt iadd iand ifloordiv imod imul index int invert ior ipow "
    "isub iter itruediv ixor le len lshift lt matmul mod mul ne neg or pow radd rand rfloordiv rlshift rmatmul rmod rmul ror "
    "rpow rrshift rshift rsub rtruediv rxor setitem sub truediv xor"
).split():
    setattr(UninitializedTensorMixin, f"__{_operator}__", _refuse(f"__{_operator}__"))
# An object with an equality of its own has to say that its hash is what it was.
UninitializedTensorMixin.__hash__ = Tensor.__hash__


def is_lazy(param: Any) -> bool:
    """Whether ``param`` is a parameter or buffer without a shape."""
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet. Once it is, :meth:`materialize` makes it a :class:`Parameter`.

    Args:
        requires_grad (bool): whether gradients are wanted. Default: ``True``.
        device, dtype: of the parameter to be.

    Example::

        >>> import arcgrad as ag
        >>> weight = ag.nn.parameter.UninitializedParameter()
        >>> weight
        <UninitializedParameter>
        >>> weight.materialize((2, 3))
        >>> type(weight).__name__, tuple(weight.shape)
        ('Parameter', (2, 3))
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Device = None, dtype: DType | None = None) -> Self:
        return Tensor._make_subclass(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape is not known yet. Once it is, :meth:`materialize` makes it a tensor.

    Args:
        requires_grad (bool): whether gradients are wanted. Default: ``False``.
        device, dtype: of the buffer to be.
        persistent (bool): whether the buffer is part of ``state_dict()``. Default: ``True``.
    """

    cls_to_become = Tensor
    __torch_function__ = _disabled_torch_function_impl

    def __new__(
        cls, requires_grad: bool = False, device: Device = None, dtype: DType | None = None, persistent: bool = True
    ) -> Self:
        buffer = Tensor._make_subclass(cls, empty(0, device=device, dtype=dtype), requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer


_names.describe(__name__)
