"""Optimizers take parameters, groups or names, closures, schedules and hooks."""

import arcgrad as ag
from arcgrad import Tensor, nn
from arcgrad.nn.utils import clip_grad_norm_, clip_grad_value_, parameters_to_vector
from arcgrad.optim import (
    ASGD,
    LBFGS,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    Muon,
    NAdam,
    Optimizer,
    RAdam,
    RMSprop,
    Rprop,
    SparseAdam,
)
from arcgrad.optim.lr_scheduler import (
    ChainedScheduler,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    LambdaLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from arcgrad.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn

model = nn.Linear(3, 1)
optimizers: dict[str, Optimizer] = {
    "groups": SGD([{"params": [model.weight], "lr": 0.1}, {"params": [model.bias]}], lr=0.01),
    "names": SGD(model.named_parameters(), lr=1, momentum=0.9, dampening=0.1),
    "adam": Adam(model.parameters(), lr=3e-4, weight_decay=0, amsgrad=True),
    "adadelta": Adadelta(model.parameters(), rho=0.5),
    "adafactor": Adafactor(model.parameters(), eps=(None, 1e-3)),
    "adagrad": Adagrad(model.parameters(), lr_decay=0.1, initial_accumulator_value=1),
    "adamax": Adamax(model.parameters(), betas=(0.9, 0.99)),
    "asgd": ASGD(model.parameters(), t0=10),
    "muon": Muon([model.weight], adjust_lr_fn="match_rms_adamw"),
    "nadam": NAdam(model.parameters(), momentum_decay=0.1, decoupled_weight_decay=True),
    "radam": RAdam(model.parameters(), foreach=False),
    "rmsprop": RMSprop(model.parameters(), centered=True, momentum=0.9),
    "rprop": Rprop(model.named_parameters(), etas=(0.5, 1.2), step_sizes=(1e-6, 50)),
    "sparse": SparseAdam(model.parameters()),
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
first: Tensor = LBFGS(model.parameters(), line_search_fn="strong_wolfe", history_size=10).step(closure)
norm = clip_grad_norm_(model.parameters(), max_norm=1.0)
clip_grad_value_(model.parameters(), 0.5)
schedules: list[LRScheduler] = [
    StepLR(optimizers["groups"], step_size=2, gamma=0.5),
    MultiStepLR(optimizers["names"], milestones=[2, 4]),
    LambdaLR(optimizers["adam"], lr_lambda=warm),
    LambdaLR(optimizers["tensor"], lambda epoch: 0.9**epoch),
    CyclicLR(optimizers["rmsprop"], base_lr=0.1, max_lr=[0.5], scale_fn=lambda x: 1 / x),
    OneCycleLR(optimizers["nadam"], max_lr=0.1, epochs=2, steps_per_epoch=10),
    CosineAnnealingWarmRestarts(optimizers["adamax"], T_0=2, T_mult=2),
    SWALR(optimizers["asgd"], swa_lr=0.05),
]
decay = StepLR(optimizers["radam"], 2)
schedules.append(SequentialLR(optimizers["radam"], [decay, StepLR(optimizers["radam"], 3)], milestones=[2]))
schedules.append(ChainedScheduler([StepLR(optimizers["rprop"], 2)], optimizer=optimizers["rprop"]))
averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
averaged.update_parameters(model)
update_bn([x], averaged)
plateau = ReduceLROnPlateau(optimizers["groups"], mode="min", patience=2)
for schedule in schedules:
    schedule.optimizer.step()
    schedule.step()
    print(schedule.get_last_lr()[0], schedule.optimizer.param_groups[0]["lr"])
print(schedules[0].last_epoch)
plateau.step(loss.item())
handle = optimizers["adam"].register_step_post_hook(lambda optimizer, args, kwargs: None)
handle.remove()
print(norm.item(), parameters_to_vector(model.parameters()).shape)
