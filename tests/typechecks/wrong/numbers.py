"""Numbers are no tensors, and tensors no numbers."""

import arcgrad as ag

t = ag.ones(2, 3)
n = len(t)
n[0]  # wrong
t.ndim[0]  # wrong
t.shape[0].item()  # wrong
t.dim().bit()  # wrong
t.numel().float()  # wrong
t.dtype()  # wrong
t.shape()  # wrong
t.grad()  # wrong
total: float = t.sum()  # wrong
flag: bool = t.all()  # wrong
count: int = t.size()  # wrong
same: ag.Tensor = ag.equal(t, t)  # wrong
