"""An image classifier with convolutions, normalisation and pooling, initialised by a function."""

import arcgrad as torch
import arcgrad.nn.functional as F
from arcgrad import Tensor, nn


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Conv2d(inputs, outputs, 1, stride=(stride, stride))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.relu(self.norm(self.conv(x))) + self.skip(x)
        return y


class Classifier(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(Block(1, 4), nn.MaxPool2d(2), Block(4, 8, stride=2), nn.AvgPool2d(2))
        self.classify = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.features(x).mean((2, 3)))


def initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


model = Classifier(10)
model.apply(initialise)
images = torch.rand(2, 1, 16, 16)
padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
values, where = F.max_pool2d(padded, 2, return_indices=True)
pooled = F.adaptive_avg_pool2d(F.interpolate(values, scale_factor=2.0, mode="bilinear"), 8)
kernel = F.conv2d(pooled, torch.ones(1, 1, 3, 3), padding="same", stride=1) + F.avg_pool2d(images, (2, 2))
logits = model(images)
probabilities = F.softmax(logits, dim=1)
loss = F.nll_loss(F.log_softmax(logits, 1), torch.tensor([1, 2]), reduction="sum")
print(model.classify.out_features, probabilities.argmax(dim=1).tolist(), loss.item(), where.shape, kernel.shape)
