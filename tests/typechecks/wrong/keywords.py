"""Keywords that a function does not know, and values of the wrong type."""

import arcgrad as ag
import arcgrad.nn.functional as F
from arcgrad import nn, optim
from arcgrad.optim.lr_scheduler import StepLR

t = ag.ones(2, 3, requires_grad=True)
model = nn.Linear(3, 2)
t.sum(dims=0)  # wrong
t.sum(0, keep_dim=True)  # wrong
ag.tensor([1.0], grad=True)  # wrong
ag.zeros(2, dtype="float32")  # wrong
nn.Linear(3, 2, biased=False)  # wrong
nn.Linear("3", 2)  # wrong
optim.SGD(model.parameters(), learning_rate=0.1)  # wrong
optim.SGD(model.parameters(), lr="0.1")  # wrong
optim.Adam(model.parameters(), betas=0.9)  # wrong
F.softmax(t, axes=1)  # wrong
F.cross_entropy(t, t, reduce="mean", label_smooth=0.1)  # wrong
StepLR(optim.SGD(model.parameters()), step=2)  # wrong
t.backward(keep_graph=True)  # wrong
ag.cat([t, t], axes=0)  # wrong
