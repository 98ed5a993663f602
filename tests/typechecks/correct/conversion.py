"""Numbers, lists and arrays become tensors, and tensors become them again."""

import numpy as np

import arcgrad as ag
from arcgrad import Tensor

device = ag.device("cpu")
x = ag.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=ag.float64, requires_grad=True)
y = ag.tensor([1, 2]).to(ag.float32)
casts: list[Tensor] = [
    x.to(y),
    x.to("cpu"),
    x.to(device, ag.float32),
    x.to(dtype=ag.float32, copy=True),
    x.to(device=device, non_blocking=True),
    x.float(),
    x.double(),
    x.long(),
    x.int(),
    x.bool(),
    x.short(),
    x.type(ag.float32),
    x.type_as(y),
    x.cpu(),
    x.clone().detach(),
]
array = x.detach().numpy()
back = ag.from_numpy(array.astype(np.float32) * 2)
shared = ag.as_tensor(array)
copied = ag.asarray([1, 2, 3], dtype=ag.int64)
numbers: list[list[float]] = x.tolist()
mean = float(np.asarray(y).mean()) + array.mean()
kind: str = x.type()
is_double: bool = x.dtype == ag.float64 and x.dtype.is_floating_point and x.is_floating_point()
limits = ag.finfo(ag.float32).eps + ag.iinfo(ag.int8).max
made = [
    ag.arange(5),
    ag.arange(0, 1, 0.1),
    ag.linspace(0, 1, 5, dtype=ag.float64),
    ag.eye(3),
    ag.zeros_like(x, dtype=ag.int64),
    x.new_zeros(2, 3),
    x.new_tensor([1.0]),
    ag.full((2, 2), 7),
    ag.empty(0),
]
print(numbers[0][1], mean, kind, is_double, limits, back, shared, copied, casts, made, x.device.type, x.dtype.itemsize)
