"""Modules hold modules: in sequence, in lists, in dictionaries."""

from collections import OrderedDict

import arcgrad as ag
from arcgrad import Tensor, nn


class Branches(nn.Module):
    def __init__(self, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(depth)])
        self.heads = nn.ModuleDict({"value": nn.Linear(4, 1), "policy": nn.Linear(4, 2)})
        self.gains = nn.ParameterList([nn.Parameter(ag.ones(4)) for _ in range(depth)])
        self.scale = nn.Parameter(ag.tensor(1.0))
        self.register_buffer("calls", ag.zeros((), dtype=ag.int64))
        self.norm = nn.LayerNorm(4)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        for layer, gain in zip(self.layers, self.gains):
            x = x + layer(x).relu() * gain
        self.calls.add_(1)
        x = self.norm(x) * self.scale
        return {name: head(x) for name, head in self.heads.items()}


model = Branches(2)
outputs = model(ag.randn(5, 4))
value: Tensor = outputs["value"].squeeze(-1)
stack = nn.Sequential(OrderedDict([("one", nn.Linear(4, 8)), ("two", nn.ReLU())]))
stack.append(nn.Linear(8, 2))
tail = stack[1:]
last = stack[-1]
prediction = stack(ag.randn(3, 4)).softmax(dim=-1).argmax(1)
model.layers.append(nn.Linear(4, 4))
print(len(stack), len(model.layers), last, tail, prediction, model.layers[0], "value" in model.heads)
print(sum(p.numel() for p in model.parameters()), [name for name, _ in model.named_modules()])
for module in model.modules():
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight, gain=nn.init.calculate_gain("relu"))
        nn.init.zeros_(module.bias)
model.apply(lambda module: module.requires_grad_(True)).to(ag.float64).double().train(False).eval()
