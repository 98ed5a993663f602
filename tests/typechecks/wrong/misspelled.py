"""Names that do not exist."""

import arcgrad as ag
import arcgrad.nn.functional as F
from arcgrad import nn, optim

t = ag.ones(2, requires_grad=True)
t.sum().backwards()  # wrong
t.requires_gard = True  # wrong
ag.zeross(2)  # wrong
F.crossentropy(t, t)  # wrong
nn.Linaer(2, 2)  # wrong
optim.Adamm([t])  # wrong
t.max(0).value  # wrong
t.shape.numels()  # wrong
t.grad.zeros_()  # wrong
ag.autograd.gard(t.sum(), t)  # wrong
ag.optim.lr_scheduler.StepsLR  # wrong
