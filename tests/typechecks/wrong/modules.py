"""Modules are called with what their forward takes, and give what it gives."""

import arcgrad as ag
from arcgrad import Tensor, nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor]:
        y = self.layer(x)
        y.foo  # wrong
        return y, y * scale


net = Net()
net()  # wrong
net(ag.ones(2), 1.0, 2.0)  # wrong
net(ag.ones(2), factor=2.0)  # wrong
net("x")  # wrong
net(ag.ones(2)).sum()  # wrong
nn.ReLU()(ag.ones(2)).backwards()  # wrong
nn.Sequential(nn.Linear(2, 2), 3)  # wrong
net.register_buffer("x", 1.0)  # wrong
net.parameters()[0]  # wrong
net.load_state_dict([])  # wrong
nn.ModuleList([1, 2])  # wrong
net.named_parameters(True)  # wrong
