"""Functions of the package with arguments that they do not take."""

import arcgrad as ag
import arcgrad.nn.functional as F
from arcgrad import nn

t = ag.ones(2, 2)
ag.save(t)  # wrong
ag.load()  # wrong
ag.load("x", map_location="cpu", weights=True)  # wrong
ag.cat(t, 0, 1)  # wrong
ag.stack(3)  # wrong
ag.manual_seed()  # wrong
ag.manual_seed("0")  # wrong
F.relu(t, "x")  # wrong
F.relu(t, in_place=True)  # wrong
F.dropout(t, "0.5")  # wrong
F.conv2d(t)  # wrong
F.mse_loss(t)  # wrong
F.one_hot(t, classes=3)  # wrong
nn.init.normal_(t, sd=1.0)  # wrong
nn.init.zeros_()  # wrong
nn.utils.clip_grad_norm_(t)  # wrong
ag.from_numpy([1, 2])  # wrong
ag.linspace(0, 1, steps="3")  # wrong
ag.tensor()  # wrong
