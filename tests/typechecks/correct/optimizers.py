"""Optimizers take parameters, groups or names, closures, schedules and hooks."""

import arcgrad as ag
from arcgrad import Tensor, nn
from arcgrad.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector
from arcgrad.optim import SGD, Adam, Optimizer
from arcgrad.optim.lr_scheduler import LambdaLR, LRScheduler, MultiStepLR, ReduceLROnPlateau, StepLR

model = nn.Linear(3, 1)
optimizers: dict[str, Optimizer] = {
    "groups": SGD([{"params": [model.weight], "lr": 0.1}, {"params": [model.bias]}], lr=0.01),
    "names": SGD(model.named_parameters(), lr=1, momentum=0.9, dampening=0.1),
    "adam": Adam(model.parameters(), lr=3e-4, weight_decay=0, amsgrad=True),
    "tensor": Adam([ag.zeros(2, requires_grad=True)], lr=ag.tensor(0.1)),
}
x, y = ag.randn(8, 3), ag.randn(8, 1)


def closure() -> Tensor:
    optimizers["adam"].zero_grad(set_to_none=True)
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    return loss


def warm(epoch: int) -> float:
    return min(1.0, (epoch + 1) / 5)


loss = optimizers["adam"].step(closure)
norm = clip_grad_norm_(model.parameters(), max_norm=1.0)
clip_grad_value_(model.parameters(), 0.5)
schedules: list[LRScheduler] = [
    StepLR(optimizers["groups"], step_size=2, gamma=0.5),
    MultiStepLR(optimizers["names"], milestones=[2, 4]),
    LambdaLR(optimizers["adam"], lr_lambda=warm),
    LambdaLR(optimizers["tensor"], lambda epoch: 0.9**epoch),
]
plateau = ReduceLROnPlateau(optimizers["groups"], mode="min", patience=2)
for optimizer, schedule in zip(optimizers.values(), schedules):
    optimizer.step()
    schedule.step()
    print(schedule.get_last_lr()[0], schedule.last_epoch, optimizer.param_groups[0]["lr"])
plateau.step(loss.item())
handle = optimizers["adam"].register_step_post_hook(lambda optimizer, args, kwargs: None)
handle.remove()
print(norm.item(), parameters_to_vector(model.parameters()).shape)
