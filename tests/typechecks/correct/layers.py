"""Layers of many kinds, by position and by keyword, and the functions behind them."""

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn import functional as F


class Leaky(nn.LeakyReLU):
    """A layer of a program's own on a declared one."""

    def __init__(self, slope: float) -> None:
        super().__init__(negative_slope=slope)
        self.slope = slope


net = nn.Sequential(
    nn.Conv1d(2, 4, 3, padding="same"),
    nn.InstanceNorm1d(4, affine=True),
    Leaky(0.2),
    nn.MaxPool1d(2, stride=1, padding=1),
    nn.ConvTranspose1d(4, 4, kernel_size=3, stride=2, output_padding=1),
    nn.ReflectionPad1d((1, 2)),
    nn.LPPool1d(2.0, 2, ceil_mode=True),
    nn.RMSNorm([5], eps=1e-3, elementwise_affine=False),
)
slope: float = nn.LeakyReLU().negative_slope
window: int | tuple[int, ...] = nn.MaxPool2d(2).kernel_size
hidden: ag.Tensor = nn.Hardtanh(-2.0, max_val=2.0)(ag.zeros(2, 3))

picture = ag.rand(1, 3, 8, 8)
small: ag.Tensor = F.interpolate(picture, scale_factor=0.5, mode="bicubic", antialias=True)
grid = F.affine_grid(ag.eye(2, 3).unsqueeze(0), (1, 3, 4, 4), align_corners=False)
seen: ag.Tensor = F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
values, places = F.max_pool2d_with_indices(picture, 2)
back = nn.MaxUnpool2d(2)(values, places, output_size=(8, 8))
shuffled = nn.PixelShuffle(upscale_factor=2)(ag.zeros(1, 4, 2, 2))

bags = nn.EmbeddingBag(10, 3, mode="sum", padding_idx=0)
sums: ag.Tensor = bags(ag.tensor([1, 2, 3]), ag.tensor([0, 2]), per_sample_weights=ag.ones(3))
adaptive = nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=(5, 10))
result = adaptive(ag.zeros(2, 8), ag.tensor([3, 12]))
loss: ag.Tensor = result.loss + nn.CTCLoss(zero_infinity=True)(
    ag.zeros(5, 1, 3).log_softmax(2), ag.tensor([[1, 2]]), (5,), [2]
)
synced: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm3d(2)))
