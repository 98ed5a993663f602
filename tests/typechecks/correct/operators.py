"""Tensors compute with tensors, numbers and arrays; comparisons give tensors."""

import math

import numpy as np

import arcgrad as ag
from arcgrad import Tensor

x, y = ag.ones(3, requires_grad=True), ag.full((3,), 2.0)
n = ag.tensor([1, 2, 3])

results: list[Tensor] = [
    x + y,
    x + 1,
    1 + x,
    2.5 * x,
    x / 3,
    1 / x,
    -x,
    abs(x),
    x**2,
    2**x,
    x**0.5,
    x @ y,
    7 - x,
    n // 2,
    n % 2,
    5 % n,
    ~(x > 0),
    (x > 0) & (y >= 2),
    (x == y) | (x != 1),
    n << 1,
    x * np.float32(2.0),
    y * math.pi,
    x * True,
]
mean: Tensor = sum(results[:3], ag.zeros(3)) / 3
y += 1
y *= x.detach()
y -= 0.1 * y
y /= 2
n |= 4
loss = ((x - y) ** 2).mean() + 0.01 * x.abs().sum() - ag.log(x.exp().sum()) * 0.5
if loss > 0.5 or loss <= 1:
    loss = loss * 2
clipped = x.clamp(min=0, max=1).clamp(-1.0, 1.0).clip(max=y)
chosen = ag.where(x > 0, x, 0.0) + ag.where(x > 0, x, y)
powers = ag.pow(x, 3).sqrt().add(y, alpha=2).addcmul(x, y, value=0.5).lerp(y, 0.3)
whole = round(float(loss), 3) + math.floor(loss.item())
print(mean, clipped, chosen, powers, whole)
