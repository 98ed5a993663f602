"""What tensors do not compute with."""

import arcgrad as ag

t = ag.ones(3)
t + "1"  # wrong
t * None  # wrong
[1, 2] - t  # wrong
t @ 2.0j  # wrong
t < "1"  # wrong
ag.add(t, "1")  # wrong
t.mul(None)  # wrong
t.fill_("0")  # wrong
ag.maximum(t, 1)  # wrong
ag.matmul(t, 2)  # wrong
t += "1"  # wrong
