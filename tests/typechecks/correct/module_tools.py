"""Hooks, lazy layers, parametrisations, pruning, and modules as functions, as programs use them."""

from typing import Any

import arcgrad as torch
from arcgrad import Tensor, nn
from arcgrad.func import functional_call, stack_module_state
from arcgrad.nn.modules.module import register_module_forward_hook
from arcgrad.nn.utils import parametrizations, parametrize, prune


class Symmetric(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.triu() + x.triu(1).T

    def right_inverse(self, x: Tensor) -> Tensor:
        return x.triu()


def norms(net: nn.Module, x: Tensor) -> dict[str, float]:
    found: dict[str, float] = {}

    def note(module: nn.Module, args: Any, output: Tensor) -> None:
        found[type(module).__name__] = output.norm().item()

    with register_module_forward_hook(note):
        net(x)
    return found


net = nn.Sequential(nn.LazyLinear(4), nn.Tanh(), nn.Linear(4, 4)).compile()
x = torch.randn(5, 3)
assert set(norms(net, x)) == {"Linear", "Tanh", "Sequential"}

last = net.get_submodule("2")
parametrize.register_parametrization(last, "weight", Symmetric())
with parametrize.cached():
    net(x).sum().backward()
parametrize.remove_parametrizations(last, "weight", leave_parametrized=True)

layer: nn.Linear = parametrizations.orthogonal(nn.Linear(4, 4), orthogonal_map="cayley")
normalized: nn.Linear = nn.utils.weight_norm(nn.Linear(4, 2), dim=None)
plain: nn.Linear = nn.utils.remove_weight_norm(normalized)
pruned: nn.Linear = prune.l1_unstructured(plain, name="weight", amount=0.5)
prune.remove(pruned, "weight")

parameters = {name: parameter.detach().clone().requires_grad_() for name, parameter in net.named_parameters()}
loss = functional_call(net, parameters, (x,)).pow(2).mean()
gradients = torch.autograd.grad(loss, list(parameters.values()))
assert len(gradients) == 4
stacked, buffers = stack_module_state([nn.Linear(3, 2) for _ in range(4)])
assert stacked["weight"].shape == (4, 2, 3) and not buffers

fresh = nn.utils.skip_init(nn.Linear, 3, 2)
nn.init.zeros_(fresh.weight)
total: Tensor = nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0, error_if_nonfinite=True)
wrapped = nn.DataParallel(net, device_ids=[0], dim=0)
assert wrapped(x).shape == (5, 4)
