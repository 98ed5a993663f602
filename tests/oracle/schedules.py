"""What every schedule does to rate and momentum, asked of PyTorch once and kept in ``schedules.json``.

To write the data anew, in an environment with PyTorch::

    ARCGRAD_REFERENCE=torch python tests/oracle/schedules.py
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import conftest  # noqa: F401  puts PyTorch in arcgrad's place if asked to

import arcgrad as ag
from arcgrad import optim
from arcgrad.optim import lr_scheduler as lr
from arcgrad.optim import swa_utils

DATA = Path(__file__).with_name("schedules.json")
STEPS = 14
METRICS = [1.0, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4999, 0.6, 0.6, 0.6]


class Falling:
    """A function with state."""

    def __init__(self) -> None:
        self.power = 1

    def __call__(self, x: float) -> float:
        return 1 / (1 + x) ** self.power


#: A schedule for an optimizer; those that can resume by ``last_epoch`` take it.
SCHEDULES: dict[str, Callable[..., Any]] = {
    "LambdaLR": lambda o, **k: lr.LambdaLR(o, lambda epoch: 1 / (1 + epoch), **k),
    "LambdaLR list": lambda o, **k: lr.LambdaLR(o, [Falling(), lambda epoch: 0.9**epoch], **k),
    "MultiplicativeLR": lambda o, **k: lr.MultiplicativeLR(o, lambda epoch: 0.9 if epoch % 2 else 0.8, **k),
    "StepLR": lambda o, **k: lr.StepLR(o, 3, 0.5, **k),
    "MultiStepLR": lambda o, **k: lr.MultiStepLR(o, [2, 5, 5, 8], 0.5, **k),
    "ConstantLR": lambda o, **k: lr.ConstantLR(o, 0.1, 4, **k),
    "ConstantLR default": lambda o, **k: lr.ConstantLR(o, **k),
    "LinearLR": lambda o, **k: lr.LinearLR(o, 0.25, 1.0, 6, **k),
    "LinearLR down": lambda o, **k: lr.LinearLR(o, 1.0, 0.1, 5, **k),
    "ExponentialLR": lambda o, **k: lr.ExponentialLR(o, 0.9, **k),
    "PolynomialLR": lambda o, **k: lr.PolynomialLR(o, 7, 2.0, **k),
    "CosineAnnealingLR": lambda o, **k: lr.CosineAnnealingLR(o, 4, 0.01, **k),
    "CosineAnnealingLR odd": lambda o, **k: lr.CosineAnnealingLR(o, 5, **k),
    "CosineAnnealingWarmRestarts": lambda o, **k: lr.CosineAnnealingWarmRestarts(o, 4, eta_min=0.01, **k),
    "CosineAnnealingWarmRestarts longer": lambda o, **k: lr.CosineAnnealingWarmRestarts(o, 2, 2, **k),
    "CyclicLR": lambda o, **k: lr.CyclicLR(o, 0.1, 0.5, 3, **k),
    "CyclicLR triangular2": lambda o, **k: lr.CyclicLR(o, 0.1, [0.5, 0.4], 2, 3, "triangular2", base_momentum=[0.5, 0.6], **k),
    "CyclicLR exp_range": lambda o, **k: lr.CyclicLR(o, [0.1, 0.2], 0.5, 4, 1, "exp_range", gamma=0.9, cycle_momentum=False, **k),
    "CyclicLR function": lambda o, **k: lr.CyclicLR(o, 0.1, 0.5, 2, scale_fn=Falling(), scale_mode="iterations", **k),
    "OneCycleLR": lambda o, **k: lr.OneCycleLR(o, 0.5, total_steps=15, **k),
    "OneCycleLR linear": lambda o, **k: lr.OneCycleLR(
        o, [0.5, 0.4], epochs=3, steps_per_epoch=5, pct_start=0.5, anneal_strategy="linear", max_momentum=[0.9, 0.8], **k
    ),
    "OneCycleLR three phases": lambda o, **k: lr.OneCycleLR(
        o, 0.5, total_steps=16, three_phase=True, div_factor=10.0, final_div_factor=100.0, cycle_momentum=False, **k
    ),
    "SWALR": lambda o, **k: swa_utils.SWALR(o, 0.05, 5, **k),
    "SWALR linear": lambda o, **k: swa_utils.SWALR(o, [0.05, 0.1], 4, "linear", **k),
    "SWALR at once": lambda o, **k: swa_utils.SWALR(o, 0.05, 0, **k),
    "SequentialLR": lambda o: lr.SequentialLR(o, [lr.ConstantLR(o, 0.1, 3), lr.ExponentialLR(o, 0.9)], [3]),
    "SequentialLR of three": lambda o: lr.SequentialLR(
        o, [lr.LinearLR(o, 0.1, 1.0, 4), lr.CosineAnnealingLR(o, 6), lr.StepLR(o, 2, 0.5)], [4, 10]
    ),
    "SequentialLR restarts": lambda o: lr.SequentialLR(
        o, [lr.LinearLR(o, 0.1, 1.0, 4), lr.CosineAnnealingWarmRestarts(o, 3, 2)], [4]
    ),
    "SequentialLR nested": lambda o: lr.SequentialLR(
        o,
        [lr.SequentialLR(o, [lr.ConstantLR(o, 0.5, 2), lr.ExponentialLR(o, 0.8)], [2]), lr.PolynomialLR(o, 8)],
        [5],
    ),
    "SequentialLR of chained": lambda o: lr.SequentialLR(
        o, [lr.ChainedScheduler([lr.ConstantLR(o, 0.5, 2), lr.ExponentialLR(o, 0.8)]), lr.MultiStepLR(o, [2, 3], 0.1)], [5]
    ),
    "ChainedScheduler": lambda o: lr.ChainedScheduler([lr.ConstantLR(o, 0.1, 4), lr.ExponentialLR(o, 0.9)]),
    "ChainedScheduler of three": lambda o: lr.ChainedScheduler(
        [lr.LinearLR(o, 0.5, total_iters=3), lr.StepLR(o, 4, 0.5), lr.CosineAnnealingLR(o, 10)], optimizer=o
    ),
    "ReduceLROnPlateau": lambda o: lr.ReduceLROnPlateau(o, factor=0.5, patience=1, cooldown=1, min_lr=0.1),
    "ReduceLROnPlateau max": lambda o: lr.ReduceLROnPlateau(
        o, "max", 0.5, patience=2, threshold=0.01, threshold_mode="abs", min_lr=[0.01, 0.2]
    ),
    "ReduceLROnPlateau eps": lambda o: lr.ReduceLROnPlateau(o, patience=0, eps=0.1),
}

RESUMABLE = [name for name in SCHEDULES if name.split()[0] not in ("SequentialLR", "ChainedScheduler", "ReduceLROnPlateau")]
#: Those that ``step(epoch)`` computes in closed form, or that need no more than the epoch.
CLOSED = [name for name in RESUMABLE if name.split()[0] not in ("MultiplicativeLR", "SWALR")]


def new_optimizer(name: str) -> Any:
    """Two groups, with momentum or with betas."""
    groups = [{"params": [ag.nn.Parameter(ag.zeros(1))]}, {"params": [ag.nn.Parameter(ag.zeros(1))], "lr": 0.25}]
    if name == "CyclicLR":
        return optim.Adam(groups, lr=0.5)
    return optim.SGD(groups, lr=0.5, momentum=0.9)


def now(optimizer: Any) -> list[float]:
    """Rates, and momenta or β₁, of the groups."""
    groups = optimizer.param_groups
    return [float(group["lr"]) for group in groups] + [float(group.get("momentum", group.get("betas", [0])[0])) for group in groups]


def run(name: str, optimizer: Any, schedule: Any, first: int = 0, steps: int = STEPS) -> list[list[float]]:
    """The figures now and after each of the steps."""
    rows = [now(optimizer)]
    for number in range(first, steps):
        optimizer.step()
        schedule.step(*([METRICS[number]] if name.startswith("ReduceLROnPlateau") else []))
        rows.append(now(optimizer))
    return rows


def closed(name: str) -> list[list[float]]:
    """What ``step(epoch)`` sets, for epochs in no order."""
    optimizer = new_optimizer(name)
    schedule = SCHEDULES[name](optimizer)
    optimizer.step()
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for epoch in (5, 2, 0, 9, 6):
            schedule.step(epoch)
            rows.append(now(optimizer))
    return rows


def answer(name: str) -> dict[str, Any]:
    optimizer = new_optimizer(name)
    schedule = SCHEDULES[name](optimizer)
    rows = run(name, optimizer, schedule)
    state = {key for key in schedule.state_dict()}
    found = {"rows": rows, "state": sorted(state), "last": [float(rate) for rate in schedule.get_last_lr()]}
    if name in CLOSED:
        found["closed"] = closed(name)
    return found


def read() -> dict[str, Any]:
    return json.loads(DATA.read_text())


if __name__ == "__main__":
    DATA.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(answer(k))}" for k in SCHEDULES) + "\n}\n")
