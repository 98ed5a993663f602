"""Layers that normalise each channel of each sample by itself."""

from __future__ import annotations

from arcgrad import _names, _warnings

from .. import functional as F
from .batchnorm import _NormBase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import DType, Device, Tensor


class _InstanceNorm(_NormBase):
    #: Number of axes of a sample: channels and those normalised over.
    _sample_axes: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Device = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _get_no_batch_dim(self) -> int:
        return self._sample_axes

    def _check_input_dim(self, input):
        least = self._sample_axes
        if input.dim() not in (least, least + 1):
            raise ValueError(f"expected {least}D or {least + 1}D input (got {input.dim()}D input)")

    def _normalize(self, input):
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Input ``(N, C, *)`` or ``(C, *)`` → output of the same shape."""
        self._check_input_dim(input)
        place = input.dim() - self._sample_axes
        channels = input.shape[place]
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={place} to match num_features ({self.num_features}), but got: {channels}."
                )
            _warnings.warn(
                f"input's size at dim={place} does not match num_features, which is not used: there are no parameters of that size."
            )
        return self._normalize(input) if place else self._normalize(input.unsqueeze(0)).squeeze(0)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        # Before version 2 statistics were kept although nothing asked for them.
        if local_metadata.get("version", None) is None and not self.track_running_stats:
            kept = [key for key in (f"{prefix}running_mean", f"{prefix}running_var") if key in state_dict]
            if kept:
                error_msgs.append(
                    f"Unexpected running stats buffer(s) {' and '.join(kept)} for {type(self).__name__} with "
                    "track_running_stats=False. If they are wanted, make the layer with track_running_stats=True; else remove them "
                    "from the state."
                )
                for key in kept:
                    state_dict.pop(key)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class InstanceNorm1d(_InstanceNorm):
    """Normalises each channel of each sequence to mean 0 and variance 1; see :class:`InstanceNorm2d` for the arguments.

    Shapes:
        input ``(N, C, L)`` or ``(C, L)``, output the same.
    """

    _sample_axes = 2


class InstanceNorm2d(_InstanceNorm):
    """Normalises each channel of each image to mean 0 and variance 1 (Ulyanov et al., 2016).

    Args:
        num_features (int): number of channels.
        eps (float): added to the variance. Default: 1e-5.
        momentum (float): weight of the new statistics in the running averages. Default: 0.1.
        affine (bool): whether there are a learned ``weight`` and ``bias`` per channel. Default: ``False``.
        track_running_stats (bool): whether running averages are kept for :meth:`eval`. Default: ``False``.
        device, dtype: of the parameters.
        bias (bool): whether there is a ``bias``, if there is a weight. Default: ``True``.

    Shapes:
        input ``(N, C, H, W)`` or ``(C, H, W)``, output the same.

    Example::

        >>> import arcgrad as ag
        >>> ag.nn.InstanceNorm2d(1)(ag.tensor([[[1.0, 3.0]]]))
        tensor([[[-1.0000,  1.0000]]])
    """

    _sample_axes = 3


class InstanceNorm3d(_InstanceNorm):
    """Normalises each channel of each volume to mean 0 and variance 1; see :class:`InstanceNorm2d` for the arguments.

    Shapes:
        input ``(N, C, D, H, W)`` or ``(C, D, H, W)``, output the same.
    """

    _sample_axes = 4


_names.describe(__name__)
