"""Shapes are tuples of numbers, and everything that makes another shape takes numbers or a tuple."""

import arcgrad as ag
from arcgrad import Size, Tensor

x = ag.zeros(2, 3, 4)
batch, rows, columns = x.shape
first: int = x.shape[0]
rest: Size = x.shape[1:]
total: int = x.numel() + x.shape.numel() + x.dim() + x.ndim
size: Size = x.size()
last: int = x.size(-1)
steps: tuple[int, ...] = x.stride()
step: int = x.stride(0)

views: list[Tensor] = [
    x.view(batch, -1),
    x.view((2, 12)),
    x.reshape(4, 6),
    x.reshape([6, 4]),
    x.reshape(x.shape[0], -1),
    x.permute(2, 0, 1),
    x.permute((2, 0, 1)),
    x.transpose(0, 1).contiguous(),
    x.flatten(1).unsqueeze(-1).squeeze(),
    x.expand(5, -1, -1, -1),
    x.broadcast_to((5, 2, 3, 4)),
    x.view(rest.numel(), 2).T,
    x.mT,
    x.movedim(0, -1).unflatten(-1, (2, 1)),
    x.repeat(1, 2, 1).tile((2,)),
    x.flip(0).roll(1, 0),
]
empty = ag.empty(*rest)
like = ag.zeros(x.shape[0], len(x), dtype=ag.float64, requires_grad=True)
print(first, last, step, steps, size, total, empty.shape, like.shape, len(views))
assert x.shape == (2, 3, 4)
