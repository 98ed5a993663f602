"""Layers that normalise each channel over the batch."""

from __future__ import annotations

from arcgrad import _names, empty, ones, tensor, zeros
from arcgrad import int64 as _int64

from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import DType, Device, Tensor


class _NormBase(Module):
    """What the norms over the batch and over each sample share: parameters and running statistics per channel."""

    # Version 2 added num_batches_tracked to the state.
    _version = 2
    __constants__ = ["track_running_stats", "momentum", "eps", "num_features", "affine"]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            value = Parameter(empty(num_features, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        if track_running_stats:
            self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", tensor(0, dtype=_int64, device=device))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the statistics: mean 0, variance 1."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the statistics; set the weight to one and the bias to zero."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input):
        raise NotImplementedError

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        version = local_metadata.get("version", None)
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            # State from before version 2 doesn't say; keep the module's own count.
            tracked = self.num_batches_tracked
            state_dict[key] = tracked if tracked is not None else tensor(0, dtype=_int64)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(_NormBase):
    def forward(self, input: Tensor) -> Tensor:
        """Input with the channels on axis 1 → output of the same shape."""
        self._check_input_dim(input)
        momentum = self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if momentum is None:
                # The cumulative mean gives every batch the same weight.
                momentum = 1.0 / float(self.num_batches_tracked)
        if momentum is None:
            momentum = 0.0
        uses_batch = self.training or (self.running_mean is None and self.running_var is None)
        tracks = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if tracks else None,
            self.running_var if tracks else None,
            self.weight,
            self.bias,
            uses_batch,
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Normalises each feature over the batch to mean 0 and variance 1, then scales and shifts it.

    While training, the statistics are those of the batch, and running averages of them are kept for :meth:`eval`.

    Args:
        num_features (int): size of axis 1.
        eps (float): added to the variance. Default: 1e-5.
        momentum (float or None): weight of the new batch in the running averages; None: plain mean over all batches.
        affine (bool): whether there are a learned ``weight`` and ``bias``. Default: ``True``.
        track_running_stats (bool): whether running averages are kept; else eval uses the batch's too.
        device, dtype: of the parameters.
        bias (bool): whether there is a ``bias``, if there is a weight. Default: ``True``.

    Shapes:
        input ``(N, C)`` or ``(N, C, L)``, output the same.
    """

    def _check_input_dim(self, input):
        if input.dim() not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.dim()}D input)")


class BatchNorm2d(_BatchNorm):
    """Normalises each channel over batch and image; see :class:`BatchNorm1d` for the arguments.

    Shapes:
        input ``(N, C, H, W)``, output the same.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.BatchNorm2d(3)(ag.randn(2, 3, 4, 4)).shape)
        (2, 3, 4, 4)
    """

    def _check_input_dim(self, input):
        if input.dim() != 4:
            raise ValueError(f"expected 4D input (got {input.dim()}D input)")


class BatchNorm3d(_BatchNorm):
    """Normalises each channel over batch and volume; see :class:`BatchNorm1d` for the arguments.

    Shapes:
        input ``(N, C, D, H, W)``, output the same.
    """

    def _check_input_dim(self, input):
        if input.dim() != 5:
            raise ValueError(f"expected 5D input (got {input.dim()}D input)")


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation of inputs with any number of axes, over the batches of all processes: of the one that there is.

    Args:
        num_features (int): size of axis 1.
        eps, momentum, affine, track_running_stats, device, dtype, bias: see :class:`BatchNorm1d`.
        process_group: the processes whose batches count as one. Only the own process is supported.

    Shapes:
        input ``(N, C, *)``, output the same.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any | None = None,
        device: Device = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input):
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.shape[1] == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any | None = None) -> Module:
        """``module`` with every batch norm in it replaced by one of this class, with the same parameters and statistics.

        Example::

            >>> import arcgrad as ag
            >>> net = ag.nn.Sequential(ag.nn.Conv2d(3, 8, 3), ag.nn.BatchNorm2d(8))
            >>> ag.nn.SyncBatchNorm.convert_sync_batchnorm(net)[1]
            SyncBatchNorm(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        """
        converted = module
        if isinstance(module, _BatchNorm):
            converted = cls(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            # The same tensors, so that optimizers that have them go on.
            for name in ("weight", "bias"):
                setattr(converted, name, getattr(module, name))
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                setattr(converted, name, getattr(module, name))
            converted.training = module.training
        for name, child in module.named_children():
            converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted


_names.describe(__name__)
