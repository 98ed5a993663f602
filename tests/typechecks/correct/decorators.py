"""What is decorated with a mode keeps its type: functions, methods, generators."""

from collections.abc import Iterator

import arcgrad as ag
from arcgrad import Tensor, nn


@ag.no_grad()
def scaled(x: Tensor, by: float = 2.0) -> Tensor:
    return x * by


@ag.inference_mode()
def count(x: Tensor) -> int:
    return len(x)


@ag.set_grad_enabled(True)
def squared(x: Tensor) -> Tensor:
    return x**2


@ag.no_grad()
def rows(x: Tensor) -> Iterator[Tensor]:
    yield from x


@ag.no_grad
def name(x: Tensor) -> str:
    return str(x.dtype)


class Average(nn.Module):
    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.mean: Tensor | None = None

    @ag.no_grad()
    def update(self, x: Tensor) -> Tensor:
        self.mean = x.clone() if self.mean is None else self.mean.lerp(x, 1 - self.decay)
        return self.mean

    @staticmethod
    @ag.enable_grad()
    def loss(x: Tensor) -> Tensor:
        return x.pow(2).sum()


x = ag.ones(3, requires_grad=True)
tripled: Tensor = scaled(x, by=3.0)
length: int = count(x) + 1
averages = Average(0.9)
shape: tuple[int, ...] = averages.update(x).shape
text: str = name(x)
Average.loss(x).backward()
squared(x).sum().backward()
print(tripled, length, shape, text.upper(), [row.item() for row in rows(x)])
