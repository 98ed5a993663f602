"""Schedules of the learning rate: their values, and that training which was interrupted goes on as if it had not been."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

import arcgrad as ag
from arcgrad import optim
from arcgrad.optim import SGD, lr_scheduler
from arcgrad.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from arcgrad.optim.swa_utils import SWALR
from oracle import schedules as oracle

SCHEDULES = oracle.SCHEDULES
ANSWERS = oracle.read()

# PyTorch says so itself: what is nested is made before it is stepped.
pytestmark = pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")


def near(rows):
    return [pytest.approx(row, rel=1e-12, abs=1e-14) for row in rows]


def new_optimizer(lr=0.5, groups=1, **settings):
    return SGD([{"params": [ag.nn.Parameter(ag.zeros(1))]} for _ in range(groups)], lr=lr, **settings)


def rates(optimizer, schedule, steps):
    """The rate of the first group now and after each of the steps."""
    found = [float(optimizer.param_groups[0]["lr"])]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        found.append(float(optimizer.param_groups[0]["lr"]))
    return found


# ---- values ----


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_momenta_and_state_are_pytorchs(name):
    optimizer = oracle.new_optimizer(name)
    schedule = SCHEDULES[name](optimizer)
    answer = ANSWERS[name]
    assert oracle.run(name, optimizer, schedule) == near(answer["rows"])
    assert sorted(schedule.state_dict()) == answer["state"]
    assert schedule.get_last_lr() == pytest.approx(answer["last"], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", oracle.CLOSED)
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_an_epoch_given_has_pytorchs_rates(name):
    assert oracle.closed(name) == near(ANSWERS[name]["closed"])


def test_every_schedule_is_in_the_table():
    names = {name.split()[0] for name in SCHEDULES}
    assert names == {*lr_scheduler.__all__, "SWALR"} - {"LRScheduler"}
    assert ANSWERS.keys() == SCHEDULES.keys()


def test_a_constant_rate_of_zero_ends():
    optimizer = new_optimizer()
    assert rates(optimizer, ConstantLR(optimizer, 0.0, 2), 3) == [0.0, 0.0, 0.5, 0.5]


def test_warm_restarts_take_fractions_of_epochs():
    optimizer = new_optimizer()
    schedule = CosineAnnealingWarmRestarts(optimizer, 3, 2)
    optimizer.step()
    found = []
    for epoch in (0.5, 1, 2.5, 3, 4.25, 20, 21):
        schedule.step(epoch)
        found.append((*schedule.get_last_lr(), schedule.T_cur, schedule.T_i, schedule.last_epoch))
    # PyTorch's.
    assert found == [
        (pytest.approx(0.4665063509461097), 0.5, 3, 0),
        (pytest.approx(0.375), 1, 3, 1),
        (pytest.approx(0.03349364905389032), 2.5, 3, 2),
        (pytest.approx(0.5), 0.0, 6, 3),
        (pytest.approx(0.4483383350728088), 1.25, 6, 4),
        (pytest.approx(0.00851854342773295), 11.0, 12, 20),
        (pytest.approx(0.5), 0.0, 24, 21),
    ]


def test_sequences_may_be_parts_of_others():
    def chain(optimizer):
        return ChainedScheduler([ExponentialLR(optimizer, 0.8), ExponentialLR(optimizer, 0.5)])

    def sequence(optimizer):
        return SequentialLR(optimizer, [ConstantLR(optimizer, 0.5, 1), ExponentialLR(optimizer, 0.5)], [2])

    for part, wanted in ((chain, [1.0, 0.4, 0.16]), (sequence, [0.5, 1.0, 1.0, 0.5])):
        optimizer = new_optimizer(1.0)
        whole = SequentialLR(optimizer, [ExponentialLR(optimizer, 0.9), part(optimizer)], [3])
        assert rates(optimizer, whole, 2 + len(wanted)) == pytest.approx([1.0, 0.9, 0.81, *wanted])


# ---- resuming ----


def resume_with_last_epoch(name, optimizer, states):
    optimizer.load_state_dict(states["optimizer"])
    return SCHEDULES[name](optimizer, last_epoch=states["schedule"]["last_epoch"] - 1)


def resume_with_a_state(name, optimizer, states):
    schedule = SCHEDULES[name](optimizer)
    optimizer.load_state_dict(states["optimizer"])
    schedule.load_state_dict(states["schedule"])
    return schedule


WAYS = {"last_epoch": resume_with_last_epoch, "load_state_dict": resume_with_a_state}
RESUMED = [(name, way) for name in SCHEDULES for way in WAYS if way == "load_state_dict" or name in oracle.RESUMABLE]


def saved_after(name, steps):
    optimizer = oracle.new_optimizer(name)
    schedule = SCHEDULES[name](optimizer)
    oracle.run(name, optimizer, schedule, steps=steps)
    return {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}


def resumed_rows(name, way, states, done):
    optimizer = oracle.new_optimizer(name)
    return oracle.run(name, optimizer, WAYS[way](name, optimizer, states), first=done)


@pytest.mark.parametrize(("name", "way"), RESUMED)
def test_training_resumed_after_any_epoch_has_the_rates_of_one_run(name, way):
    for done in range(1, oracle.STEPS):
        states = copy.deepcopy(saved_after(name, done))
        assert resumed_rows(name, way, states, done) == near(ANSWERS[name]["rows"][done:]), done


def test_training_resumed_in_a_new_process_has_the_rates_of_one_run(tmp_path):
    done = 4  # where StepLR, MultiStepLR and ConstantLR do not and do change the rate: before, at and behind
    for name in SCHEDULES:
        ag.save(saved_after(name, done), tmp_path / name)
    program = (
        "import json, sys, arcgrad as ag\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from test_lr_schedules import RESUMED, resumed_rows\n"
        f"found = [resumed_rows(name, way, ag.load(sys.argv[2] + '/' + name), {done}) for name, way in RESUMED]\n"
        "print(json.dumps(found))\n"
    )
    ignored = "ignore:Detected call of `lr_scheduler.step()`"
    command = [sys.executable, "-W", "error", "-W", ignored, "-c", program, str(Path(__file__).parent), str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    for (name, way), found in zip(RESUMED, json.loads(result.stdout)):
        assert found == near(ANSWERS[name]["rows"][done:]), (name, way)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_loaded_schedule_shares_nothing_with_the_one_it_comes_from(name):
    one, two = (SCHEDULES[name](oracle.new_optimizer(name)) for _ in range(2))
    two.load_state_dict(one.state_dict())
    shared = [
        key
        for key, value in vars(one).items()
        if isinstance(value, (list, dict)) and getattr(two, key) is value and key != "_schedulers"
    ]
    assert shared == []


@pytest.mark.parametrize("name", ["LambdaLR list", "CyclicLR function"])
def test_state_holds_the_attributes_of_functions_that_are_objects(name):
    one, two = (SCHEDULES[name](oracle.new_optimizer(name)) for _ in range(2))

    def function(schedule):
        return schedule.lr_lambdas[0] if name.startswith("LambdaLR") else schedule._scale_fn_custom

    function(one).power = 3
    two.load_state_dict(one.state_dict())
    assert function(two).power == 3 and function(two) is not function(one)


# ---- rates that are tensors ----


@pytest.mark.parametrize("name", [name for name in SCHEDULES if not name.startswith("OneCycleLR")])
def test_a_rate_that_is_a_tensor_is_scheduled_alike(name):
    optimizer = oracle.new_optimizer(name)
    for group in optimizer.param_groups:
        group["lr"] = ag.tensor(group["lr"], dtype=ag.float64)
    tensors = [group["lr"] for group in optimizer.param_groups]
    schedule = SCHEDULES[name](optimizer)
    assert oracle.run(name, optimizer, schedule) == near(ANSWERS[name]["rows"])
    assert all(group["lr"] is tensor for group, tensor in zip(optimizer.param_groups, tensors))
    # What was read is not written to later.
    last = schedule.get_last_lr()
    assert all(rate is not tensor for rate, tensor in zip(last, tensors))


def test_one_cycle_writes_into_a_rate_that_is_a_tensor():
    optimizer = new_optimizer(ag.tensor(0.5, dtype=ag.float64), momentum=0.9)
    rate = optimizer.param_groups[0]["lr"]
    schedule = OneCycleLR(optimizer, 1.0, total_steps=10)
    assert rates(optimizer, schedule, 2)[-1] == pytest.approx(1.0) and optimizer.param_groups[0]["lr"] is rate


# ---- what is refused, and warned of ----


def other():
    return new_optimizer()


REFUSED = [
    (lambda o: StepLR(3, 2), TypeError, "int is not an Optimizer"),
    (lambda o: lr_scheduler.LRScheduler(o), NotImplementedError, None),
    (lambda o: ConstantLR(o, 2.0), ValueError, "Constant multiplicative factor expected to be between 0 and 1."),
    (lambda o: lr_scheduler.LinearLR(o, 0), ValueError, "Starting multiplicative factor expected to be greater than 0"),
    (lambda o: lr_scheduler.LinearLR(o, 0.5, 2), ValueError, "Ending multiplicative factor expected to be between 0 and 1."),
    (lambda o: lr_scheduler.LambdaLR(o, [abs, abs]), ValueError, "Expected 1 lr_lambdas, but got 2"),
    (lambda o: lr_scheduler.MultiplicativeLR(o, [abs, abs]), ValueError, "Expected 1 lr_lambdas, but got 2"),
    (lambda o: ReduceLROnPlateau(o, "x"), ValueError, "mode x is unknown!"),
    (lambda o: ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor should be < 1.0."),
    (lambda o: ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold mode x is unknown!"),
    (lambda o: ReduceLROnPlateau(o, min_lr=[1, 2]), ValueError, "expected 1 min_lrs, got 2"),
    (lambda o: CyclicLR(3, 0.1, 0.5), TypeError, "int is not an Optimizer"),
    (lambda o: CyclicLR(o, 0.1, 0.5, mode="x"), ValueError, "mode is invalid and scale_fn is None"),
    (lambda o: CyclicLR(o, [0.1, 0.2], 0.5), ValueError, "base_lr must have the same length as optimizer.param_groups"),
    (lambda o: CyclicLR(o, 0.1, 0.5, max_momentum=[]), ValueError, "max_momentum has 0 values, param_groups has 1."),
    (
        lambda o: CyclicLR(optim.Rprop(o.param_groups[0]["params"]), 0.1, 0.5),
        ValueError,
        "optimizer must support momentum or beta1 with `cycle_momentum` option enabled",
    ),
    (lambda o: OneCycleLR(o, 0.1), ValueError, r"You must define either total_steps OR \(epochs AND steps_per_epoch\)"),
    (lambda o: OneCycleLR(o, 0.1, epochs=2), ValueError, "You must define either total_steps OR"),
    (lambda o: OneCycleLR(o, 0.1, -1), ValueError, "Expected positive integer total_steps, but got -1"),
    (lambda o: OneCycleLR(o, 0.1, 1.5), ValueError, "Expected positive integer total_steps, but got 1.5"),
    (lambda o: OneCycleLR(o, 0.1, None, 0, 3), ValueError, "Expected positive integer epochs, but got 0"),
    (lambda o: OneCycleLR(o, 0.1, None, 2, 0), ValueError, "Expected positive integer steps_per_epoch, but got 0"),
    (lambda o: OneCycleLR(o, 0.1, 9, pct_start=2), ValueError, "Expected float between 0 and 1 pct_start, but got 2"),
    (
        lambda o: OneCycleLR(o, 0.1, 9, anneal_strategy="x"),
        ValueError,
        "anneal_strategy must be one of 'cos' or 'linear', instead got x",
    ),
    (lambda o: OneCycleLR(o, [0.1, 0.2], 9), ValueError, "max_lr has 2 values, param_groups has 1."),
    (lambda o: CosineAnnealingWarmRestarts(o, 0), ValueError, "Expected positive integer T_0, but got 0"),
    (lambda o: CosineAnnealingWarmRestarts(o, 2.5), ValueError, "Expected positive integer T_0, but got 2.5"),
    (lambda o: CosineAnnealingWarmRestarts(o, 2, 0), ValueError, "Expected integer T_mult >= 1, but got 0"),
    (lambda o: CosineAnnealingWarmRestarts(o, 2, eta_min="x"), ValueError, "Expected float or int eta_min, but got x of type"),
    (lambda o: CosineAnnealingWarmRestarts(o, 2).step(-1), ValueError, "Expected non-negative epoch, but got -1"),
    (lambda o: SequentialLR(o, [], []), ValueError, "SequentialLR expects at least one scheduler, but got no scheduler."),
    (
        lambda o: SequentialLR(o, [ExponentialLR(o, 0.9)], [2]),
        ValueError,
        "got number of schedulers 1 and the number of milestones to be equal to 1",
    ),
    (
        lambda o: SequentialLR(o, [ExponentialLR(other(), 0.9)], []),
        ValueError,
        "SequentialLR expects all schedulers to belong to the same optimizer, but got scheduler ExponentialLR at index 0",
    ),
    (lambda o: SequentialLR(o, [3], []), TypeError, "SequentialLR at index 0 should have `optimizer` as its attribute."),
    (lambda o: SequentialLR(o, [ReduceLROnPlateau(o)], []), ValueError, "SequentialLR does not support `ReduceLROnPlateau`"),
    (lambda o: ChainedScheduler([]), ValueError, "ChainedScheduler expects at least one scheduler to be chained"),
    (lambda o: ChainedScheduler([3]), TypeError, "ChainedScheduler at index 0 should have `optimizer` as its attribute."),
    (lambda o: ChainedScheduler([ReduceLROnPlateau(o)]), ValueError, "ChainedScheduler does not support `ReduceLROnPlateau`"),
    (
        lambda o: ChainedScheduler([StepLR(o, 2), StepLR(other(), 2)]),
        ValueError,
        "ChainedScheduler expects all schedulers to belong to the same optimizer, but got scheduler StepLR at index 1",
    ),
    (lambda o: ChainedScheduler([StepLR(o, 2)], other()), ValueError, "but got scheduler StepLR at index 0"),
    (lambda o: SWALR(o, 0.1, anneal_strategy="x"), ValueError, "anneal_strategy must be one of 'cos' or 'linear', instead got x"),
    (lambda o: SWALR(o, 0.1, -1), ValueError, "anneal_epochs must be equal or greater than 0, got -1"),
    (lambda o: SWALR(o, [0.1, 0.2]), ValueError, "swa_lr has 2 values, param_groups has 1."),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_bad_settings_are_refused_in_pytorchs_words(make, error, message):
    with pytest.raises(error, match=message):
        make(new_optimizer(momentum=0.9))


def test_resuming_without_the_optimizers_state_is_refused():
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\] when resuming scheduler"):
        StepLR(new_optimizer(), 2, last_epoch=3)


def test_one_cycle_ends():
    optimizer = new_optimizer(momentum=0.9)
    schedule = OneCycleLR(optimizer, 0.1, total_steps=3)
    rates(optimizer, schedule, 3)
    with pytest.raises(ValueError, match="Tried to step 4 times. The specified number of total steps is 3"):
        rates(optimizer, schedule, 1)


def test_a_group_added_later_has_the_lower_bound_of_all():
    optimizer = new_optimizer(0.4)
    schedule = ReduceLROnPlateau(optimizer, factor=0.1, patience=0, min_lr=0.3)
    optimizer.add_param_group({"params": [ag.nn.Parameter(ag.zeros(1))], "lr": 0.2})
    for metric in (1.0, 1.0):
        schedule.step(metric)
    assert [group["lr"] for group in optimizer.param_groups] == [0.3, 0.2]


@pytest.mark.filterwarnings("default")
def test_a_step_in_the_wrong_order_is_warned_of_once():
    optimizer = new_optimizer()
    schedule = StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`") as caught:
        schedule.step()
        schedule.step()
    assert len(caught) == 1 and caught[0].filename == __file__


def test_a_step_put_into_the_optimizer_is_warned_of():
    optimizer = new_optimizer()
    schedule = StepLR(optimizer, 2)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match=r"Seems like `optimizer.step\(\)` has been overridden after"):
        schedule.step()


def test_asking_for_the_next_rate_is_warned_of():
    for name in oracle.RESUMABLE:
        schedule = SCHEDULES[name](oracle.new_optimizer(name))
        with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
            schedule.get_lr()


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_schedule_of_a_program_has_what_it_needs():
    class Halving(lr_scheduler._LRScheduler):
        def __init__(self, optimizer, every, last_epoch=-1):
            self.every = every
            super().__init__(optimizer, last_epoch)

        def get_lr(self):
            return [base * 0.5 ** (self.last_epoch // self.every) for base in self.base_lrs]

    optimizer = new_optimizer(1.0)
    schedule = Halving(optimizer, 2)
    assert isinstance(schedule, lr_scheduler.LRScheduler)
    assert rates(optimizer, schedule, 4) == [1.0, 1.0, 0.5, 0.5, 0.25]
    assert schedule.state_dict()["every"] == 2 and schedule.last_epoch == 4


@pytest.mark.parametrize("make", [
    lambda optimizer, bound: CyclicLR(optimizer, base_lr=0.01, max_lr=bound, max_momentum=bound),
    lambda optimizer, bound: OneCycleLR(optimizer, max_lr=bound, total_steps=10, max_momentum=bound),
    lambda optimizer, bound: SWALR(optimizer, swa_lr=bound),
], ids=["CyclicLR", "OneCycleLR", "SWALR"])  # fmt: skip
def test_bounds_that_are_tensors_are_copied(make):
    bound = ag.tensor(0.5)
    optimizer = SGD([ag.nn.Parameter(ag.zeros(1))], lr=0.1, momentum=0.5)
    schedule = make(optimizer, bound)
    names = [name for name in ("max_lr", "swa_lr", "max_momentum") if name in optimizer.param_groups[0]]
    bound.fill_(100.0)
    assert all(optimizer.param_groups[0][name] == 0.5 for name in names)
    assert getattr(schedule, "max_lrs", [0.5]) == [0.5]
