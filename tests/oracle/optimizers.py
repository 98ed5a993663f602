"""Trajectories of every optimizer over its options, taken by PyTorch once and kept in ``optimizers.json``.

The gradients are given, so that only the updates can differ; LBFGS, which needs a function, has one.

To write the data anew, in an environment with PyTorch::

    ARCGRAD_REFERENCE=torch python tests/oracle/optimizers.py
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import conftest  # noqa: F401  puts PyTorch in arcgrad's place if asked to

import arcgrad as ag
from arcgrad import optim

DATA = Path(__file__).with_name("optimizers.json")
STEPS = 12

ADAMS = [
    {},
    {"betas": (0.5, 0.6), "eps": 0.1},
    {"weight_decay": 0.1},
    {"maximize": True, "foreach": True},
    {"weight_decay": 0.1, "maximize": True, "lr": 0.05},
]
DECOUPLED = [{"decoupled_weight_decay": True, "weight_decay": 0.1}, {"decoupled_weight_decay": True, "lr": 0.1}]

#: Settings to take each optimizer's steps with.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    # Not with foreach, where PyTorch rounds the rate to float32.
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "t0": 4}, {"weight_decay": 0.1, "maximize": True, "t0": 0}],
    "Adadelta": [{}, {"rho": 0.5, "eps": 1e-3}, {"weight_decay": 0.1, "lr": 0.3}, {"maximize": True}, {"foreach": True}],
    "Adafactor": [
        {},
        {"lr": 0.3, "d": 2.0, "beta2_decay": -0.5},
        {"weight_decay": 0.1, "eps": (1e-6, 0.1)},
        {"maximize": True},
        {"foreach": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.3, "lr_decay": 0.2},
        {"initial_accumulator_value": 0.5, "eps": 1e-3},
        {"weight_decay": 0.1, "maximize": True},
        {"foreach": True},
        {"fused": True},
    ],
    "Adam": [*ADAMS, *DECOUPLED, {"amsgrad": True}, {"amsgrad": True, "weight_decay": 0.1, "lr": 0.1}, {"fused": True}],
    "AdamW": [*ADAMS, {"amsgrad": True}, {"amsgrad": True, "weight_decay": 0.0, "lr": 0.1}],
    "Adamax": ADAMS,
    "LBFGS": [
        {"max_iter": 2},
        {"max_iter": 2, "lr": 0.3, "history_size": 2},
        {"max_iter": 3, "line_search_fn": "strong_wolfe"},
        {"max_iter": 3, "line_search_fn": "strong_wolfe", "lr": 4.0, "history_size": 3},
        {"max_iter": 4, "max_eval": 3, "line_search_fn": "strong_wolfe"},
        {"max_iter": 3, "tolerance_grad": 1e-2, "tolerance_change": 1e-3},
    ],
    "Muon": [
        {},
        {"lr": 0.1, "momentum": 0.5, "nesterov": False},
        {"weight_decay": 0.5, "adjust_lr_fn": "match_rms_adamw"},
        {"adjust_lr_fn": "original", "ns_steps": 3, "ns_coefficients": (2.0, -1.5, 0.5)},
    ],
    "NAdam": [*ADAMS, *DECOUPLED, {"momentum_decay": 0.1}],
    "RAdam": [*ADAMS, *DECOUPLED, {"betas": (0.9, 0.5)}],
    "RMSprop": [
        {},
        {"alpha": 0.5, "eps": 1e-3},
        {"momentum": 0.9, "lr": 0.003},
        {"centered": True},
        {"centered": True, "momentum": 0.5, "weight_decay": 0.1},
        {"maximize": True, "foreach": True},
    ],
    "Rprop": [{}, {"lr": 0.3}, {"etas": (0.3, 1.5), "step_sizes": (1e-3, 0.2), "lr": 0.1}, {"maximize": True}, {"foreach": True}],
    "SGD": [
        {},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.5, "weight_decay": 0.2, "maximize": True, "foreach": True},
        {"lr": 0.1, "fused": True},
    ],
}


def cases() -> list[tuple[str, int, str]]:
    return [(name, i, dtype) for name, all_of_it in SETTINGS.items() for i in range(len(all_of_it)) for dtype in ("float64", "float32")]


def start(dtype: Any) -> list[Any]:
    """A matrix and a vector, of numbers that are exact in both dtypes."""
    matrix = [[1.5, -0.75, 0.25], [-2.0, 0.5, 1.0]]
    return [ag.tensor(values, dtype=dtype, requires_grad=True) for values in (matrix, [0.5, -1.25, 2.0, 0.125])]


def loss(params: list[Any]) -> Any:
    """What LBFGS minimises; not convex."""
    matrix, vector = params
    return (matrix**2).sum() + (matrix[0] * matrix[1]).sum() * 0.5 + ((vector - 1) ** 4).sum() * 0.1 + (vector[0] * matrix).sum() * 0.2


def gradients(step: int, params: list[Any]) -> list[Any]:
    """Of no function, but exact: what differs is the update."""
    found = []
    for number, param in enumerate(params):
        values = [((7 * i + 3 * step * step + 5 * number + i * step) % 17 - 8) / 8 for i in range(param.numel())]
        found.append(ag.tensor(values, dtype=param.dtype).reshape(param.shape))
    return found


def trajectory(name: str, settings: dict[str, Any], dtype: str) -> list[list[float]]:
    """All elements after each step, and in the last row the state."""
    params = start(getattr(ag, dtype))
    trained = params[:1] if name == "Muon" else params
    optimizer = getattr(optim, name)(trained, **settings)

    def closure() -> Any:
        optimizer.zero_grad()
        value = loss(params)
        value.backward()
        return value

    rows = []
    for number in range(STEPS):
        if name == "LBFGS":
            optimizer.step(closure)
        else:
            for param, grad in zip(trained, gradients(number, trained)):
                param.grad = grad
            optimizer.step()
        rows.append([x for param in params for x in param.detach().flatten().tolist()])
    if name != "LBFGS":
        rows.append([x for param in trained for key in sorted(optimizer.state[param]) for x in numbers(optimizer.state[param][key])])
    return rows


def numbers(value: Any) -> list[float]:
    return value.flatten().tolist() if isinstance(value, ag.Tensor) else [float(value)]


def read() -> dict[str, list[list[float]]]:
    return json.loads(DATA.read_text())


if __name__ == "__main__":
    found = {f"{name} {i} {dtype}": trajectory(name, SETTINGS[name][i], dtype) for name, i, dtype in cases()}
    assert all(math.isfinite(x) for rows in found.values() for row in rows for x in row)
    DATA.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()) + "\n}\n")
