"""Settings of layers that are none, are missing or are of another type."""

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn import functional as F

x = ag.zeros(1, 2, 4, 4)

nn.LeakyReLU(slope=0.2)  # wrong
nn.LeakyReLU(negative_slope=0.2)
nn.ReLU("inplace")  # wrong
nn.MaxPool2d()  # wrong
nn.MaxPool2d(2, dilation="2")  # wrong
nn.PixelShuffle(2, 3)  # wrong
nn.Threshold(1.0)  # wrong
nn.Conv1d(1, 2)  # wrong
nn.ConvTranspose2d(1, 2, 3, output_padding=None)  # wrong
nn.RMSNorm("3")  # wrong
nn.AvgPool2d(2)(x, x)  # wrong
nn.Upsample(scale_factor=2)(x)
F.relu(x, 1, 2)  # wrong
F.grid_sample(x)  # wrong
F.interpolate(x, mode=3)  # wrong
F.embedding_bag(x, x, modus="sum")  # wrong
