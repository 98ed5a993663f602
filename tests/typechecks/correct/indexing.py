"""Everything that selects elements gives a tensor, and may be written to."""

import numpy as np

import arcgrad as ag
from arcgrad import Tensor

x = ag.arange(24.0).reshape(2, 3, 4)
mask = x > 3
where = ag.tensor([0, 1])

parts: list[Tensor] = [
    x[0],
    x[-1, 2],
    x[..., 0],
    x[:, None, 1:3],
    x[mask],
    x[where],
    x[where, where],
    x[[0, 1], :, 2],
    x[np.array([0, 1])],
    x[0, ::2, -1],
    x[mask & (x < 9)],
    x[ag.tensor(0)],
    x[True],
]
x[0] = 1
x[:, 1] = ag.zeros(2, 4)
x[mask] = -1.5
x[..., 0] += 1
x[0, 0, 0] = x.max()
row = x[0]
row[1, :2] = 0.0

total = 0.0
for matrix in x:
    for vector in matrix:
        total += vector.sum().item()
number = float(x[0, 0, 0]) + int(x[0, 0, 1])
if x[0, 0, 0] > 0 and bool(mask.any()):
    number += 1
first, *others = x.unbind(0)
a, b = x.split(1)
assert len(x) == 2 and isinstance(first, Tensor) and len(others) == 1 and a.shape == b.shape
assert 3.0 in x or number > 0 or parts
