"""Layers that normalise each sample by itself."""

from __future__ import annotations

from arcgrad import _names, empty

from .. import functional as F
from .. import init
from ..parameter import Parameter
from ._function_layer import FunctionLayer
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import DType, Device, Tensor


class LayerNorm(Module):
    """Normalises over the last axes to mean 0 and variance 1, then scales and shifts.

    Args:
        normalized_shape (int or sequence): sizes of the axes normalised over.
        eps (float): added to the variance. Default: 1e-5.
        elementwise_affine (bool): whether there are a learned ``weight`` and ``bias``. Default: ``True``.
        bias (bool): whether there is a ``bias``, if there is a weight. Default: ``True``.
        device, dtype: of the parameters.

    Shapes:
        input ``(*, *normalized_shape)``, output the same.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.LayerNorm(4)(ag.arange(8.0).view(2, 4)).shape)
        (2, 4)
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if isinstance(normalized_shape, int):
            normalized_shape = (normalized_shape,)
        self.normalized_shape = tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            value = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to one and the bias to zero."""
        if self.elementwise_affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(*, *normalized_shape)`` → output of the same shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(Module):
    """Normalises over groups of channels to mean 0 and variance 1, then scales and shifts each channel.

    Args:
        num_groups (int): number of groups; divides ``num_channels``.
        num_channels (int): size of axis 1.
        eps (float): added to the variance. Default: 1e-5.
        affine (bool): whether there are a learned ``weight`` and ``bias``. Default: ``True``.
        device, dtype: of the parameters.
        bias (bool): whether there is a ``bias``, if there is a weight. Default: ``True``.

    Shapes:
        input ``(N, num_channels, *)``, output the same.
    """

    __constants__ = ["num_groups", "num_channels", "eps", "affine"]

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Device = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"num_channels must be divisible by num_groups, but got num_channels={num_channels} "
                f"and num_groups={num_groups}"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            value = Parameter(empty(num_channels, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to one and the bias to zero."""
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, num_channels, *)`` → output of the same shape."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides by the root of the mean square over the last axes, then scales (Zhang and Sennrich, 2019).

    Args:
        normalized_shape (int or sequence): sizes of the axes normalised over.
        eps (float, optional): added to the mean square; by default the distance of 1 to the next number of the dtype.
        elementwise_affine (bool): whether there is a learned ``weight``. Default: ``True``.
        device, dtype: of the parameters.

    Shapes:
        input ``(*, *normalized_shape)``, output the same.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.RMSNorm(2, elementwise_affine=False)(ag.tensor([1.0, 7.0]))
        tensor([0.2000, 1.4000])
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        value = Parameter(empty(self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        self.register_parameter("weight", value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the weight to one."""
        if self.elementwise_affine:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Input ``(*, *normalized_shape)`` → output of the same shape."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(FunctionLayer, function=F.local_response_norm):
    """``x / (k + alpha · mean of x² over size neighbouring channels)^beta`` (Krizhevsky et al., 2012).

    Args:
        size (int): number of neighbouring channels.
        alpha, beta, k (float): see the formula.

    Shapes:
        input ``(N, C, *)``, output the same.
    """

    size: int
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(LocalResponseNorm):
    """:class:`LocalResponseNorm` of images ``(N, C, H, W)``, by its older name."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__(size, alpha, beta, k)

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, C, H, W)`` → output of the same shape."""
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        return super().forward(input)


_names.describe(__name__)
