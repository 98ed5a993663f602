"""Layers that learn the size of their input from the first call, and what makes a module one."""

from __future__ import annotations

from arcgrad import _names, no_grad, tensor
from arcgrad import int64 as _int64

from ..module import Module
from ..parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Linear

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import DType, Device, Tensor

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
    "LazyModuleMixin",
]


def _initialize(module, args, kwargs):
    """The hook before the first call: give the parameters their shapes, and let the module be an ordinary one."""
    module.initialize_parameters(*args, **(kwargs or {}))
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    module._initialize_hook.remove()
    module._load_hook.remove()
    del module._initialize_hook, module._load_hook
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


def _take_shapes(module, state_dict, prefix, *rest):
    """The hook before loading: parameters and buffers without a shape get that of what is loaded."""
    for name, member in module._local_state().items():
        value = state_dict.get(prefix + name)
        if is_lazy(member) and value is not None and not is_lazy(value):
            with no_grad():
                member.materialize(value.shape)


class LazyModuleMixin:
    """Makes a module lazy whose parameters are :class:`~arcgrad.nn.UninitializedParameter` and of which the first call tells the shapes.

    A subclass names it before the layer among its bases, replaces the parameters in its constructor, and defines
    ``initialize_parameters(*args, **kwargs)``, which is called with the arguments of the first call. After that the object is of
    the class ``cls_to_become``, if that is given.

    Until the first call, or until a state is loaded, the parameters have no shape: dtype and device can be changed, copies made, and
    optimizers created, but nothing be computed.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.LazyLinear(3)
        >>> layer.weight
        <UninitializedParameter>
        >>> tuple(layer(ag.ones(2, 4)).shape), layer
        ((2, 3), Linear(in_features=4, out_features=3, bias=True))
    """

    cls_to_become: type[Module] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(_take_shapes, with_module=True)
        self._initialize_hook = self.register_forward_pre_hook(_initialize, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes and starting values, for the arguments of the first call. Every subclass defines it."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer of the module itself has no shape yet."""
        return any(is_lazy(member) for table in (self._parameters, self._buffers) for member in table.values())

    def reset_parameters(self) -> None:
        """Draw the parameters anew, once they have their shapes."""
        # The constructor of the layer calls this for parameters without elements, which are replaced.
        if not self.has_uninitialized_params() and 0 not in self.weight.shape:
            super().reset_parameters()


class LazyLinear(LazyModuleMixin, Linear):
    """A :class:`Linear` layer that takes ``in_features`` from its first input.

    Args:
        out_features (int): size of the last axis of the output.
        bias (bool): whether a bias is added. Default: ``True``.
        device, dtype: of the parameters.
    """

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Device = None, dtype: DType | None = None
    ) -> None:
        super().__init__(0, 0, False, device, dtype)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """Take ``in_features`` from the last axis of ``input``."""
        if self.has_uninitialized_params():
            with no_grad():
                self.in_features = input.shape[-1]
                self.weight.materialize((self.out_features, self.in_features))
                if self.bias is not None:
                    self.bias.materialize((self.out_features,))
                self.reset_parameters()
        self.in_features = self.weight.shape[-1]


class _LazyConvolution(LazyModuleMixin):
    """What lazy convolutions and their transposes share."""

    def _make_lazy(self, out_channels, bias, device, dtype):
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def _channels_of(self, input):
        unbatched = self._axes + 1
        if input.dim() not in (unbatched, unbatched + 1):
            raise RuntimeError(
                f"Expected {unbatched}D (unbatched) or {unbatched + 1}D (batched) input to {type(self).__name__}, but got "
                f"input of size: {input.shape}"
            )
        return input.shape[-unbatched]

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """Take ``in_channels`` from ``input``."""
        if self.has_uninitialized_params():
            self.in_channels = self._channels_of(input)
            if self.in_channels % self.groups != 0:
                raise ValueError("in_channels must be divisible by groups")
            first, second = self.out_channels, self.in_channels // self.groups
            if self.transposed:
                first, second = self.in_channels, self.out_channels // self.groups
            with no_grad():
                self.weight.materialize((first, second, *self.kernel_size))
                if self.bias is not None:
                    self.bias.materialize((self.out_channels,))
                self.reset_parameters()
        self.in_channels = self.weight.shape[0] if self.transposed else self.weight.shape[1] * self.groups


class _LazyConv(_LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype)
        self._make_lazy(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A :class:`Conv1d` layer that takes ``in_channels`` from its first input. The other arguments are those of that."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A :class:`Conv2d` layer that takes ``in_channels`` from its first input. The other arguments are those of that."""

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A :class:`Conv3d` layer that takes ``in_channels`` from its first input. The other arguments are those of that."""

    cls_to_become = Conv3d


class _LazyConvTranspose(_LazyConvolution):
    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode, device, dtype
        )
        self._make_lazy(out_channels, bias, device, dtype)

    def initialize_parameters(self, input: Tensor, output_size: Any = None) -> None:  # type: ignore[override]
        """Take ``in_channels`` from ``input``."""
        super().initialize_parameters(input)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A :class:`ConvTranspose1d` layer that takes ``in_channels`` from its first input. The other arguments are those of that."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A :class:`ConvTranspose2d` layer that takes ``in_channels`` from its first input. The other arguments are those of that."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A :class:`ConvTranspose3d` layer that takes ``in_channels`` from its first input. The other arguments are those of that."""

    cls_to_become = ConvTranspose3d


class _LazyNorm(LazyModuleMixin):
    """What lazy normalisations by channel share."""

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = tensor(0, dtype=_int64, device=device)

    def _channels_of(self, input):
        return input.shape[1]

    def initialize_parameters(self, input: Tensor) -> None:  # type: ignore[override]
        """Take ``num_features`` from ``input``."""
        members = (self.weight, self.bias, self.running_mean, self.running_var)
        if self.has_uninitialized_params():
            self.num_features = self._channels_of(input)
            for member in members:
                if member is not None:
                    member.materialize((self.num_features,))
            self.reset_parameters()
        self.num_features = next((len(member) for member in members if member is not None), self._channels_of(input))

    def reset_parameters(self) -> None:
        """Forget the statistics; set the weight to one and the bias to zero, once they have their shapes."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super(LazyModuleMixin, self).reset_parameters()


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A :class:`BatchNorm1d` layer that takes ``num_features`` from its first input. The other arguments are those of that."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A :class:`BatchNorm2d` layer that takes ``num_features`` from its first input. The other arguments are those of that."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A :class:`BatchNorm3d` layer that takes ``num_features`` from its first input. The other arguments are those of that."""

    cls_to_become = BatchNorm3d


class _LazyInstanceNorm(_LazyNorm):
    def _channels_of(self, input):
        # One sample may come without a batch.
        return input.shape[input.dim() - self._sample_axes]


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """A :class:`InstanceNorm1d` layer that takes ``num_features`` from its first input. The other arguments are those of that, with
    parameters and statistics by default."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """A :class:`InstanceNorm2d` layer that takes ``num_features`` from its first input. The other arguments are those of that, with
    parameters and statistics by default."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """A :class:`InstanceNorm3d` layer that takes ``num_features`` from its first input. The other arguments are those of that, with
    parameters and statistics by default."""

    cls_to_become = InstanceNorm3d


_names.describe(__name__)
