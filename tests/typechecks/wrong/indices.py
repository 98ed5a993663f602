"""Indices that select nothing."""

import arcgrad as ag

t = ag.ones(3)
t["a"]  # wrong
t[0.5]  # wrong
t[0, "a"]  # wrong
t[0] = "1"  # wrong
t["a"] = 1  # wrong
t.gather(0, 1)  # wrong
t.index_select(0, [0])  # wrong
values, indices, more = t.max(0)  # wrong
least, most = t.min()[0], t.aminmax().maximum  # wrong
t.topk(1).values.positions  # wrong
t.split(1)[0].numbers  # wrong
