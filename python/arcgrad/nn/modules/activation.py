"""Activation functions as modules."""

from __future__ import annotations

from arcgrad import _names, _warnings, full

from .. import functional as F
from ..parameter import Parameter
from ._function_layer import FunctionLayer
from .attention import MultiheadAttention as MultiheadAttention  # PyTorch has it among the activations.
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import DType, Device, Tensor


class ReLU(FunctionLayer, function=F.relu):
    """``max(0, x)``.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.ReLU()(ag.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    inplace: bool = False


class SELU(FunctionLayer, function=F.selu):
    """``λ (max(0, x) + min(0, α (exp(x) - 1)))`` with the self-normalising λ and α (Klambauer et al., 2017)."""

    inplace: bool = False


class SiLU(FunctionLayer, function=F.silu):
    """``x · sigmoid(x)``, also called swish."""

    inplace: bool = False


class Mish(FunctionLayer, function=F.mish):
    """``x · tanh(softplus(x))``."""

    inplace: bool = False


class Hardswish(FunctionLayer, function=F.hardswish):
    """``x · hardsigmoid(x)``."""

    _hidden = ("inplace",)

    inplace: bool = False


class Hardsigmoid(FunctionLayer, function=F.hardsigmoid):
    """``min(max(x + 3, 0), 6) / 6``."""

    _hidden = ("inplace",)

    inplace: bool = False


class LeakyReLU(FunctionLayer, function=F.leaky_relu):
    """x for x ≥ 0, ``negative_slope · x`` below."""

    negative_slope: float = 1e-2
    inplace: bool = False


class ELU(FunctionLayer, function=F.elu):
    """x for x > 0, ``α (exp(x) - 1)`` below."""

    alpha: float = 1.0
    inplace: bool = False


class CELU(FunctionLayer, function=F.celu):
    """x for x > 0, ``α (exp(x/α) - 1)`` below: differentiable at 0 for every α."""

    alpha: float = 1.0
    inplace: bool = False


class GELU(FunctionLayer, function=lambda input, approximate: F.gelu(input, approximate=approximate)):
    """``x Φ(x)`` with the normal distribution function Φ; ``approximate='tanh'`` for the usual approximation."""

    approximate: str = "none"


class Softplus(FunctionLayer, function=F.softplus):
    """``log(1 + exp(β x)) / β``; x itself where ``β x`` is above ``threshold``."""

    beta: float = 1.0
    threshold: float = 20.0


class Sigmoid(FunctionLayer, function=F.sigmoid):
    """``1 / (1 + exp(-x))``."""


class Tanh(FunctionLayer, function=F.tanh):
    """The hyperbolic tangent."""


class LogSigmoid(FunctionLayer, function=F.logsigmoid):
    """``log(1 / (1 + exp(-x)))``."""


class Softsign(FunctionLayer, function=F.softsign):
    """``x / (1 + |x|)``."""


class Tanhshrink(FunctionLayer, function=F.tanhshrink):
    """``x - tanh(x)``."""


class Hardtanh(FunctionLayer, function=F.hardtanh):
    """x limited to [``min_val``, ``max_val``]."""

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for name, old in (("min", min_value), ("max", max_value)):
            if old is not None:
                _warnings.warn(f"keyword argument `{name}_value` is deprecated and rename to `{name}_val`", FutureWarning)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if not self.max_val > self.min_val:
            raise AssertionError(f"max_val must be larger than min_val, but got {self.max_val} and {self.min_val}")


class ReLU6(Hardtanh):
    """``min(max(0, x), 6)``."""

    _hidden = ("min_val", "max_val")

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Threshold(FunctionLayer, function=F.threshold):
    """x where ``x > threshold``, ``value`` elsewhere."""

    threshold: float
    value: float
    inplace: bool = False


class Softshrink(FunctionLayer, function=F.softshrink):
    """Moves every element by ``lambd`` towards zero, no further than zero."""

    lambd: float = 0.5

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(FunctionLayer, function=F.hardshrink):
    """Zero where ``|x| ≤ lambd``, x elsewhere."""

    lambd: float = 0.5

    def extra_repr(self) -> str:
        return str(self.lambd)


class PReLU(Module):
    """x for x > 0, ``weight · x`` below, with one learned weight or one per channel (axis 1).

    Args:
        num_parameters (int): 1 or the number of channels.
        init (float): the weights' first value.
        device, dtype: of the weights.
    """

    __constants__ = ["num_parameters"]

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Device = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(full((num_parameters,), float(init), device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Set the weights to their first value."""
        self.weight.data.fill_(self.init)

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, *)`` → the same shape."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(FunctionLayer, function=F.rrelu):
    """Leaky ReLU whose slopes are drawn uniformly from [``lower``, ``upper``) while training."""

    lower: float = 1.0 / 8
    upper: float = 1.0 / 3
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        """Any shape → the same shape."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class GLU(FunctionLayer, function=F.glu):
    """First half times the sigmoid of the second half along ``dim``."""

    dim: int = -1


class _AlongDim(FunctionLayer):
    def forward(self, input: Tensor) -> Tensor:
        """Any shape → the same shape."""
        # The warning about a missing dim is to name the caller: two frames more than from a plain call.
        return self._function(input, self.dim, _stacklevel=5)


class Softmax(_AlongDim, function=F.softmax):
    """``exp(x) / Σ exp(x)`` along ``dim``: positive and summing to one.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.Softmax(dim=0)(ag.zeros(4))
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    dim: int | None = None


class Softmin(_AlongDim, function=F.softmin):
    """:class:`Softmax` of ``-x``."""

    dim: int | None = None


class LogSoftmax(_AlongDim, function=F.log_softmax):
    """The logarithm of :class:`Softmax`, computed without overflow."""

    dim: int | None = None


class Softmax2d(Module):
    """:class:`Softmax` over the channels of ``(N, C, H, W)`` or ``(C, H, W)``."""

    def forward(self, input: Tensor) -> Tensor:
        """``(N, C, H, W)`` → the same shape."""
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)


_names.describe(__name__)
