"""Layers that multiply by a matrix."""

from __future__ import annotations

import math

from arcgrad import _names, empty

from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import DType, Device, Tensor


class Identity(Module):
    """Returns its input. Arguments of the constructor are accepted and ignored, to take any layer's place."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Returns ``input``."""
        return input


class Linear(Module):
    r"""``y = x @ weight.T + bias`` over the last axis.

    Args:
        in_features (int): size of the last axis of the input.
        out_features (int): size of the last axis of the output.
        bias (bool): whether a bias is added. Default: ``True``.
        device, dtype: of the parameters.

    Shapes:
        input ``(*, in_features)``, output ``(*, out_features)``, ``weight`` ``(out_features, in_features)``,
        ``bias`` ``(out_features,)``. Both start uniform in ±1/√in_features.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.Linear(20, 30)(ag.randn(128, 20)).shape)
        (128, 30)
    """

    __constants__ = ["in_features", "out_features"]

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Device = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        # With a = √5 the bound √(6 / ((1 + a²) fan_in)) is 1/√fan_in.
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            init._uniform_by_fan_in_(self.bias, self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(*, in_features)`` → output ``(*, out_features)``."""
        # Two lookups in one table cost a fifth of two through Module.__getattr__, in the most used layer.
        # What is no parameter any more (parametrisations replace it by a plain attribute) is found there.
        parameters = self._parameters
        if "weight" in parameters and "bias" in parameters:
            return F.linear(input, parameters["weight"], parameters["bias"])
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """A :class:`Linear` by the name that PyTorch gives the last projection of :class:`~arcgrad.nn.MultiheadAttention`."""


class Bilinear(Module):
    r"""``y_k = x1ᵀ weight_k x2 + bias_k`` over the last axes.

    Args:
        in1_features, in2_features (int): sizes of the last axes of the two inputs.
        out_features (int): size of the last axis of the output.
        bias (bool): whether a bias is added. Default: ``True``.
    """

    __constants__ = ["in1_features", "in2_features", "out_features"]

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Device = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in1_features, in2_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew, uniform in ±1/√in1_features."""
        bound = 1 / math.sqrt(self.weight.size(1))
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Inputs ``(*, in1_features)`` and ``(*, in2_features)`` → output ``(*, out_features)``."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


_names.describe(__name__)
