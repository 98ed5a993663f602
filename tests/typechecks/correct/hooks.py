"""Hooks look at what modules take and give, forward and backward."""

from typing import Any

import arcgrad as ag
from arcgrad import Tensor, nn

activations: dict[str, Tensor] = {}


def keep(name: str) -> Any:
    def hook(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
        activations[name] = output.detach()

    return hook


def double(module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(arg * 2 for arg in args)


def watch(module: nn.Module, grad_input: tuple[Tensor | None, ...], grad_output: tuple[Tensor, ...]) -> None:
    print(type(module).__name__, [g.norm().item() for g in grad_output])


model = nn.Sequential(nn.Linear(2, 4), nn.GELU(), nn.Linear(4, 1))
handles = [module.register_forward_hook(keep(name)) for name, module in model.named_children()]
handles.append(model[0].register_forward_pre_hook(double))
handles.append(model[2].register_full_backward_hook(watch))
model(ag.ones(3, 2)).sum().backward()
for handle in handles:
    handle.remove()

for p in model.parameters():
    p.register_post_accumulate_grad_hook(lambda param: print(param.grad.norm()))

with ag.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), lambda a: ag.from_numpy(a)):
    y = ag.ones(2, requires_grad=True).exp()
y.sum().backward()
print({name: tuple(value.shape) for name, value in activations.items()})
