"""Reductions give a tensor, or a tuple of values and positions whose fields have names."""

import arcgrad as ag
from arcgrad import Tensor

x = ag.randn(3, 4)
whole: Tensor = x.max()
values: Tensor = x.max(1).values
indices: Tensor = x.max(1)[1]
best, at = x.max(dim=0, keepdim=True)
larger: Tensor = ag.max(x, x * 2)
least = ag.min(x, 1)
ordered, order = x.sort(dim=1, descending=True)
top = x.topk(2, dim=1)
median: Tensor = x.median(0).values
middle: Tensor = x.median()
running = x.cummax(0)
extremes = x.aminmax()
spread = extremes.max - extremes.min

sums: list[Tensor] = [x.sum(), x.sum(0), x.sum((0, 1)), x.sum(dim=1, keepdim=True), x.sum(axis=0), x.sum(0, dtype=ag.float64)]
means: list[Tensor] = [x.mean(), x.mean(-1), x.mean([0, 1], keepdim=True), x.mean(axis=1, keepdims=True)]
moments: list[Tensor] = [x.std(), x.std(0), x.std(unbiased=False), x.var(0, keepdim=True), x.var(correction=0)]
deviation, mean = ag.std_mean(x, 0)
norms: list[Tensor] = [x.norm(), x.norm(2, 0), x.norm(p=1, dim=1, keepdim=True), ag.linalg.vector_norm(x)]
flags: list[Tensor] = [(x > 0).any(), (x > 0).all(dim=1), ag.isfinite(x).all(), ag.isclose(x, x)]
same: bool = ag.equal(x, x) and ag.allclose(x, x, rtol=1e-4)
distinct = ag.unique(ag.tensor([1, 1, 2]))
groups, inverse, counts = ag.unique(ag.tensor([1, 1, 2]), return_inverse=True, return_counts=True)
positions: Tensor = ag.nonzero(x)
rows, columns = ag.nonzero(x, as_tuple=True)
product = sum(part.sum() for part in (top.values, running.values, ordered, best, larger, least.values))
print(whole, values, indices, at, order, median, middle, spread, deviation + mean, distinct.numel(), counts, product)
