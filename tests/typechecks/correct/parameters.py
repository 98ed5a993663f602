"""Parameters are tensors, of which a module knows; buffers are its other state."""

import copy

import arcgrad as ag
from arcgrad import Tensor, nn
from arcgrad.nn import Buffer, Parameter


class Affine(nn.Module):
    weight: Parameter
    mean: Tensor

    def __init__(self, size: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(ag.empty(size))
        self.bias = nn.Parameter(ag.zeros(size)) if bias else None
        self.mean = Buffer(ag.zeros(size), persistent=False)
        self.register_buffer("steps", ag.tensor(0))
        self.register_parameter("extra", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.uniform_(self.weight, -1.0, 1.0)
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        y = (x - self.mean) * self.weight
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        return f"size={self.weight.shape[0]}, bias={self.bias is not None}"


layer = Affine(3)
twin = copy.deepcopy(layer)
first: Parameter = next(layer.parameters())
names: list[str] = [name for name, p in layer.named_parameters() if p.ndim == 1]
for p, q in zip(layer.parameters(), twin.parameters()):
    q.data.copy_(p.data)
    q.data = p.data * 0.5
    p.requires_grad = False
    p.requires_grad_(True).data.mul_(0.99).add_(q.data, alpha=0.01)
frozen = sum(p.numel() for p in layer.parameters() if not p.requires_grad)
layer(ag.ones(2, 3)).sum().backward()
gradients = [p.grad.detach().flatten() for p in layer.parameters() if p.grad is not None]
norm: float = ag.cat(gradients).norm(2).item()
print(first, names, frozen, norm, layer.get_parameter("weight").shape, list(layer.buffers()))
