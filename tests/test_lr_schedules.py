"""Schedules of the learning rate: their values, and that training which was interrupted goes on as if it had not been."""

import json
import subprocess
import sys

import pytest

import arcgrad as ag
from arcgrad.optim import SGD, lr_scheduler

STEPS = 10

#: A schedule and the rates of its first epochs from 0.5 on, as PyTorch 2.15 has them.
SCHEDULES = {
    "LambdaLR": (
        lambda o, **k: lr_scheduler.LambdaLR(o, lambda epoch: 1 / (1 + epoch), **k),
        [0.5, 0.25, 0.166666667, 0.125, 0.1, 0.083333333, 0.071428571, 0.0625, 0.055555556, 0.05, 0.045454545],
    ),
    "MultiplicativeLR": (
        lambda o, **k: lr_scheduler.MultiplicativeLR(o, lambda epoch: 0.9, **k),
        [0.5, 0.45, 0.405, 0.3645, 0.32805, 0.295245, 0.2657205, 0.23914845, 0.215233605, 0.193710245, 0.17433922],
    ),
    "StepLR": (
        lambda o, **k: lr_scheduler.StepLR(o, 3, 0.5, **k),
        [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.0625, 0.0625],
    ),
    "MultiStepLR": (
        lambda o, **k: lr_scheduler.MultiStepLR(o, [2, 5, 5, 8], 0.5, **k),
        [0.5, 0.5, 0.25, 0.25, 0.25, 0.0625, 0.0625, 0.0625, 0.03125, 0.03125, 0.03125],
    ),
    "ConstantLR": (
        lambda o, **k: lr_scheduler.ConstantLR(o, 0.1, 4, **k),
        [0.05, 0.05, 0.05, 0.05, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    ),
    "LinearLR": (
        lambda o, **k: lr_scheduler.LinearLR(o, 0.25, 1.0, 6, **k),
        [0.125, 0.1875, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.5, 0.5, 0.5, 0.5],
    ),
    "ExponentialLR": (
        lambda o, **k: lr_scheduler.ExponentialLR(o, 0.9, **k),
        [0.5, 0.45, 0.405, 0.3645, 0.32805, 0.295245, 0.2657205, 0.23914845, 0.215233605, 0.193710245, 0.17433922],
    ),
    "PolynomialLR": (
        lambda o, **k: lr_scheduler.PolynomialLR(o, 7, 2.0, **k),
        [0.5, 0.367346939, 0.255102041, 0.163265306, 0.091836735, 0.040816327, 0.010204082, 0.0, 0.0, 0.0, 0.0],
    ),
    "CosineAnnealingLR": (
        lambda o, **k: lr_scheduler.CosineAnnealingLR(o, 4, 0.01, **k),
        [0.5, 0.428241161, 0.255, 0.081758839, 0.01, 0.081758839, 0.255, 0.428241161, 0.5, 0.428241161, 0.255],
    ),
}

PLATEAU = {"factor": 0.5, "patience": 1, "cooldown": 1, "min_lr": 0.1}
METRICS = [1.0, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5]
#: With these metrics, of PyTorch 2.15.
PLATEAU_RATES = [0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125]


def new_optimizer():
    return SGD([ag.nn.Parameter(ag.zeros(1))], lr=0.5)


def rates(optimizer, schedule, steps, metrics=None):
    """The rate now and after each of the steps."""
    found = [optimizer.param_groups[0]["lr"]]
    for number in range(steps):
        optimizer.step()
        schedule.step(*([] if metrics is None else [metrics[number]]))
        found.append(optimizer.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_pytorchs(name):
    make, expected = SCHEDULES[name]
    optimizer = new_optimizer()
    assert rates(optimizer, make(optimizer), STEPS) == pytest.approx(expected, abs=1e-9)


def test_every_schedule_is_in_the_table():
    assert {*SCHEDULES, "ReduceLROnPlateau", "LRScheduler"} == set(lr_scheduler.__all__)


def test_rates_on_a_plateau_are_pytorchs():
    optimizer = new_optimizer()
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, **PLATEAU)
    assert rates(optimizer, schedule, STEPS, METRICS) == pytest.approx(PLATEAU_RATES)


def resume_with_last_epoch(make, state):
    optimizer = new_optimizer()
    optimizer.load_state_dict(state["optimizer"])
    return optimizer, make(optimizer, last_epoch=state["schedule"]["last_epoch"] - 1)


def resume_with_a_state(make, state):
    optimizer = new_optimizer()
    schedule = make(optimizer)
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return optimizer, schedule


WAYS = {"last_epoch": resume_with_last_epoch, "load_state_dict": resume_with_a_state}


def saved_after(make, steps, metrics=None):
    optimizer = new_optimizer()
    schedule = make(optimizer)
    rates(optimizer, schedule, steps, metrics)
    return {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_training_resumed_after_any_epoch_has_the_rates_of_one_run(name, way):
    make, expected = SCHEDULES[name]
    for done in range(1, STEPS):
        optimizer, schedule = WAYS[way](make, saved_after(make, done))
        assert rates(optimizer, schedule, STEPS - done) == pytest.approx(expected[done:], abs=1e-9), done


def test_a_schedule_resumed_on_a_plateau_has_the_rates_of_one_run():
    def make(optimizer):
        return lr_scheduler.ReduceLROnPlateau(optimizer, **PLATEAU)

    for done in range(STEPS):
        optimizer, schedule = resume_with_a_state(make, saved_after(make, done, METRICS[:done]))
        assert rates(optimizer, schedule, STEPS - done, METRICS[done:]) == pytest.approx(PLATEAU_RATES[done:]), done


def test_training_resumed_in_a_new_process_has_the_rates_of_one_run(tmp_path):
    done = 4  # where StepLR, MultiStepLR and ConstantLR do not and do change the rate: before, at and behind
    for name, (make, _) in SCHEDULES.items():
        ag.save(saved_after(make, done), tmp_path / name)
    program = (
        "import json, sys, arcgrad as ag\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from test_lr_schedules import SCHEDULES, STEPS, WAYS, rates\n"
        "found = {}\n"
        "for name, (make, _) in SCHEDULES.items():\n"
        "    for way, resume in WAYS.items():\n"
        f"        found[name + ' ' + way] = rates(*resume(make, ag.load(sys.argv[2] + '/' + name)), STEPS - {done})\n"
        "print(json.dumps(found))\n"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(__import__("pathlib").Path(__file__).parent), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for name, (_, expected) in SCHEDULES.items():
        for way in WAYS:
            assert json.loads(result.stdout)[f"{name} {way}"] == pytest.approx(expected[done:], abs=1e-9), (name, way)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rate_that_is_a_tensor_is_scheduled_alike(name):
    make, expected = SCHEDULES[name]
    optimizer = SGD([ag.nn.Parameter(ag.zeros(1))], lr=ag.tensor(0.5, dtype=ag.float64))
    rate = optimizer.param_groups[0]["lr"]
    schedule = make(optimizer)
    found = [float(rate)]
    for _ in range(STEPS):
        optimizer.step()
        schedule.step()
        found.append(float(rate))
    assert optimizer.param_groups[0]["lr"] is rate
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_loaded_schedule_shares_nothing_with_the_one_it_comes_from():
    def make(optimizer):
        return lr_scheduler.ReduceLROnPlateau(optimizer, **PLATEAU)

    one, two = make(new_optimizer()), make(new_optimizer())
    two.load_state_dict(one.state_dict())
    lists = [name for name, value in vars(one).items() if isinstance(value, (list, dict))]
    assert lists
    assert [name for name in lists if getattr(one, name) is getattr(two, name)] == []


def test_a_constant_rate_of_zero_ends():
    optimizer = new_optimizer()
    assert rates(optimizer, lr_scheduler.ConstantLR(optimizer, 0.0, 2), 3) == [0.0, 0.0, 0.5, 0.5]
