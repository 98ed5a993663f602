"""optim: updates by their formulas, groups, state, hooks, schedules."""

import copy
import math
import pickle

import pytest

import arcgrad as ag
from arcgrad import nn, optim
from arcgrad.optim import lr_scheduler
from arcgrad.optim.optimizer import required

F64 = ag.float64
START = [1.0, -2.0, 0.5]
GRADS = [[0.3, -0.1, 2.0], [1.0, 0.2, -1.5], [-0.7, 0.4, 0.1], [0.2, 0.2, 0.9]]


def parameter(values=(1.0, 2.0)):
    return nn.Parameter(ag.tensor(list(values), dtype=F64))


def run(make):
    """The parameter after a step with each of GRADS."""
    p = parameter(START)
    optimizer = make([p])
    for grad in GRADS:
        p.grad = ag.tensor(grad, dtype=F64)
        optimizer.step()
    return p.tolist()


def sgd(p, grads, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False):
    buffer = None
    for grad in grads:
        g = (-grad if maximize else grad) + weight_decay * p
        if momentum:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        p -= lr * g
    return p


def adam(
    p, grads, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False, decoupled=False
):
    m = v = highest = 0.0
    for step, grad in enumerate(grads, 1):
        g = -grad if maximize else grad
        if decoupled:
            p *= 1 - lr * weight_decay
        else:
            g += weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        highest = max(highest, v)
        scale = highest if amsgrad else v
        p -= lr * (m / (1 - betas[0] ** step)) / (math.sqrt(scale / (1 - betas[1] ** step)) + eps)
    return p


SGD_SETTINGS = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "dampening": 0.5},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    {"momentum": 0.5, "weight_decay": 0.2, "maximize": True},
    {"weight_decay": 1},
]

ADAM_SETTINGS = [
    {},
    {"betas": (0.5, 0.6), "eps": 0.1},
    {"weight_decay": 0.3},
    {"amsgrad": True},
    {"amsgrad": True, "maximize": True, "weight_decay": 0.1},
]


@pytest.mark.parametrize("settings", SGD_SETTINGS, ids=str)
def test_sgd_follows_its_formula(settings):
    wanted = [sgd(p, grads, 0.1, **settings) for p, grads in zip(START, zip(*GRADS))]
    assert run(lambda params: optim.SGD(params, lr=0.1, **settings)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("settings", ADAM_SETTINGS, ids=str)
def test_adam_follows_its_formula(settings):
    wanted = [adam(p, grads, 0.1, **settings) for p, grads in zip(START, zip(*GRADS))]
    assert run(lambda params: optim.Adam(params, lr=0.1, **settings)) == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize("settings", ADAM_SETTINGS, ids=str)
def test_adamw_decays_the_parameters_themselves(settings):
    settings = {"weight_decay": 1e-2, **settings}
    wanted = [adam(p, grads, 0.1, decoupled=True, **settings) for p, grads in zip(START, zip(*GRADS))]
    assert run(lambda params: optim.AdamW(params, lr=0.1, **settings)) == pytest.approx(wanted, rel=1e-7)
    same = run(lambda params: optim.Adam(params, lr=0.1, decoupled_weight_decay=True, **settings))
    assert same == pytest.approx(wanted, rel=1e-7)


def test_training_a_model_lowers_its_loss():
    ag.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
    x = ag.rand(64, 2)
    y = (x[:, :1] * x[:, 1:]).detach()
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


# ---- steps ----


def test_a_step_leaves_parameters_without_gradient_alone():
    p, still = parameter(), parameter()
    optimizer = optim.Adam([p, still], lr=0.1)
    p.grad = ag.ones(2, dtype=F64)
    optimizer.step()
    assert still.tolist() == [1.0, 2.0] and still not in optimizer.state


def test_a_step_writes_in_place_and_is_not_recorded():
    p = parameter()
    version = p._version
    p.grad = ag.ones(2, dtype=F64)
    optim.SGD([p], lr=0.5).step()
    assert p.is_leaf and p.requires_grad and p._version > version
    assert p.tolist() == [0.5, 1.5]


def test_a_step_evaluates_its_closure_with_gradients():
    p = parameter()
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with ag.no_grad():
        assert optimizer.step(closure).item() == 5.0
    assert p.tolist() == [0.0, 0.0]


def test_zero_grad_sets_none_or_zeros():
    p = parameter()
    optimizer = optim.SGD([p])
    p.grad = grad = ag.ones(2, dtype=F64)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad and grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


# ---- groups ----


def test_groups_have_settings_of_their_own():
    one, two = parameter(), parameter()
    optimizer = optim.SGD([{"params": [one]}, {"params": iter([two]), "lr": 1.0}], lr=0.5)
    one.grad = two.grad = ag.ones(2, dtype=F64)
    optimizer.step()
    assert one.tolist() == [0.5, 1.5] and two.tolist() == [0.0, 1.0]
    optimizer.add_param_group({"params": parameter(), "momentum": 0.9})
    assert [group["momentum"] for group in optimizer.param_groups] == [0, 0, 0.9]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: optim.SGD([]), ValueError, "optimizer got an empty parameter list"),
        (lambda p: optim.SGD(p), TypeError, "should be an iterable of Tensors or dicts"),
        (lambda p: optim.SGD([3]), TypeError, "can only optimize Tensors, but one of the params is int"),
        (lambda p: optim.SGD([p * 2]), ValueError, "can't optimize a non-leaf Tensor"),
        (lambda p: optim.SGD([{"params": {p}}]), TypeError, "ordered collections"),
        (lambda p: optim.SGD([{"params": [p]}, {"params": [p]}]), ValueError, "more than one parameter group"),
        (lambda p: optim.SGD([p]).add_param_group(3), TypeError, "param_group must be a dict"),
        (lambda p: optim.SGD([("a", p), parameter()]), ValueError, "Some param names are missing"),
        (lambda p: optim.Optimizer([p], {"lr": required}), ValueError, "required optimization parameter lr"),
        (lambda p: optim.SGD([p], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda p: optim.SGD([p], lr=ag.tensor([0.1, 0.2])), ValueError, "Tensor lr must be 1-element"),
        (lambda p: optim.SGD([p], momentum=-1), ValueError, "Invalid momentum value: -1"),
        (lambda p: optim.SGD([p], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
        (lambda p: optim.SGD([p], nesterov=True), ValueError, "Nesterov momentum requires a momentum"),
        (lambda p: optim.Adam([p], eps=-1), ValueError, "Invalid epsilon value: -1"),
        (lambda p: optim.Adam([p], betas=(1.0, 0.9)), ValueError, "Invalid beta parameter at index 0: 1.0"),
        (lambda p: optim.Adam([p], betas=(0.9, -1)), ValueError, "Invalid beta parameter at index 1: -1"),
        (lambda p: optim.Optimizer([p], {}).step(), NotImplementedError, "does not define step"),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(parameter())


def test_named_parameters_keep_their_names():
    layer = nn.Linear(1, 1)
    optimizer = optim.SGD(layer.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="without names"):
        optimizer.add_param_group({"params": [parameter()]})


def test_repr_lists_the_settings_of_each_group():
    assert repr(optim.SGD([parameter()], lr=0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n"
        "    fused: None\n    lr: 0.1\n    maximize: False\n    momentum: 0\n    nesterov: False\n"
        "    weight_decay: 0\n)"
    )


# ---- state ----


def test_state_dict_has_pytorchs_layout():
    p, other = parameter(), parameter()
    optimizer = optim.Adam([p, other], lr=0.1, amsgrad=True)
    p.grad = ag.ones(2, dtype=F64)
    optimizer.step()
    state = optimizer.state_dict()
    assert list(state) == ["state", "param_groups"]
    assert list(state["state"]) == [0]
    assert list(state["state"][0]) == ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
    assert state["state"][0]["step"].dtype == ag.float32 and state["state"][0]["step"].item() == 1.0
    assert state["param_groups"] == [
        {
            "lr": 0.1,
            "betas": (0.9, 0.999),
            "eps": 1e-8,
            "weight_decay": 0,
            "amsgrad": True,
            "maximize": False,
            "foreach": None,
            "capturable": False,
            "differentiable": False,
            "fused": None,
            "decoupled_weight_decay": False,
            "params": [0, 1],
        }
    ]
    momentum = optim.SGD([p], momentum=0.9)
    momentum.step()
    assert list(momentum.state_dict()["state"][0]) == ["momentum_buffer"]
    plain = optim.SGD([p])
    plain.step()
    assert plain.state_dict()["state"] == {}


@pytest.mark.parametrize(("kind", "settings"), [(optim.SGD, {"momentum": 0.9}), (optim.Adam, {}), (optim.AdamW, {})])
def test_training_resumes_from_a_state_dict(kind, settings):
    p = parameter(START)
    optimizer = kind([p], lr=0.1, **settings)
    for number, grad in enumerate(GRADS):
        if number == 2:
            state = pickle.loads(pickle.dumps(optimizer.state_dict()))
            optimizer = kind([p], lr=9.0, **settings)
            optimizer.load_state_dict(state)
        p.grad = ag.tensor(grad, dtype=F64)
        optimizer.step()
    assert p.tolist() == pytest.approx(run(lambda params: kind(params, lr=0.1, **settings)), rel=1e-12)


def test_loading_casts_state_to_the_parameters_but_not_the_step():
    p = parameter()
    p.grad = ag.ones(2, dtype=F64)
    source = optim.Adam([p])
    source.step()
    small = nn.Parameter(ag.zeros(2))
    target = optim.Adam([small])
    target.load_state_dict(source.state_dict())
    assert target.state[small]["exp_avg"].dtype == ag.float32
    assert target.state[small]["step"].item() == 1.0


def test_loading_takes_a_number_of_steps_from_old_files():
    p = parameter()
    p.grad = ag.ones(2, dtype=F64)
    optimizer = optim.Adam([p])
    optimizer.step()
    state = copy.deepcopy(optimizer.state_dict())
    state["state"][0]["step"] = 1
    optimizer.load_state_dict(state)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 2.0


def test_loading_other_groups_is_refused():
    optimizer = optim.SGD([parameter()])
    two = optim.SGD([{"params": [parameter()]}, {"params": [parameter()]}])
    with pytest.raises(ValueError, match="different number of parameter groups"):
        optimizer.load_state_dict(two.state_dict())
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        optimizer.load_state_dict(optim.SGD([parameter(), parameter()]).state_dict())


# ---- hooks ----


def test_step_hooks_run_before_and_after():
    p, seen = parameter(), []
    optimizer = optim.SGD([p], lr=0.5)
    before = optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append(p.tolist()))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(p.tolist()))
    p.grad = ag.ones(2, dtype=F64)
    optimizer.step()
    assert seen == [[1.0, 2.0], [0.5, 1.5]]
    before.remove()
    optimizer.step()
    assert len(seen) == 3


def test_hooks_of_a_step_that_calls_its_base_run_once():
    class Counting(optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    seen = []
    optimizer = Counting([parameter()])
    optimizer.register_step_post_hook(lambda *args: seen.append(1))
    optimizer.step()
    assert seen == [1]


def test_state_hooks_may_replace_the_state():
    optimizer = optim.SGD([parameter()], lr=0.1)
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, state: {k: v for k, v in state.items() if k != "more"})
    state = optimizer.state_dict()
    assert state["more"] == 1
    optimizer.load_state_dict(state)


# ---- schedules ----


def rates(make, epochs, lr=1.0):
    optimizer = optim.SGD([parameter()], lr=lr)
    scheduler = make(optimizer)
    values = [optimizer.param_groups[0]["lr"]]
    for _ in range(epochs):
        optimizer.step()
        scheduler.step()
        values.append(optimizer.param_groups[0]["lr"])
    assert scheduler.get_last_lr() == values[-1:]
    return values


SCHEDULES = {
    "StepLR": (lambda o: lr_scheduler.StepLR(o, 2, 0.5), lambda e: 0.5 ** (e // 2)),
    "MultiStepLR": (lambda o: lr_scheduler.MultiStepLR(o, [2, 5], 0.5), lambda e: 0.5 ** ((e >= 2) + (e >= 5))),
    "ExponentialLR": (lambda o: lr_scheduler.ExponentialLR(o, 0.9), lambda e: 0.9**e),
    "CosineAnnealingLR": (
        lambda o: lr_scheduler.CosineAnnealingLR(o, 4, 0.1),
        lambda e: 0.1 + 0.9 * (1 + math.cos(math.pi * e / 4)) / 2,
    ),
    "LambdaLR": (lambda o: lr_scheduler.LambdaLR(o, lambda e: 1 / (e + 1)), lambda e: 1 / (e + 1)),
    "MultiplicativeLR": (lambda o: lr_scheduler.MultiplicativeLR(o, lambda e: 0.5), lambda e: 0.5**e),
    "ConstantLR": (lambda o: lr_scheduler.ConstantLR(o, 0.5, 3), lambda e: 0.5 if e < 3 else 1.0),
    "LinearLR": (lambda o: lr_scheduler.LinearLR(o, 0.2, 1.0, 4), lambda e: 0.2 + 0.2 * min(e, 4)),
    "PolynomialLR": (lambda o: lr_scheduler.PolynomialLR(o, 4, 2.0), lambda e: (1 - min(e, 4) / 4) ** 2),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_follows_its_formula(name):
    make, formula = SCHEDULES[name]
    assert rates(make, 10) == pytest.approx([formula(epoch) for epoch in range(11)], abs=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_resumes_from_its_state(name):
    make, formula = SCHEDULES[name]
    optimizer = optim.SGD([parameter()], lr=1.0)
    scheduler = make(optimizer)
    for epoch in range(6):
        if epoch == 3:
            states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
            optimizer = optim.SGD([parameter()], lr=1.0)
            scheduler = make(optimizer)
            optimizer.load_state_dict(states[0])
            scheduler.load_state_dict(states[1])
        optimizer.step()
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(formula(6), abs=1e-12)


def test_a_schedule_writes_into_a_rate_that_is_a_tensor():
    lr = ag.tensor(1.0)
    optimizer = optim.SGD([parameter()], lr=lr)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr and lr.item() == 0.5


def test_stepping_the_schedule_first_is_warned_of():
    optimizer = optim.SGD([parameter()])
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()


def test_reduce_on_plateau_waits_for_its_patience():
    optimizer = optim.SGD([parameter()], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.2)
    seen = []
    for metric in (1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5):
        scheduler.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda o: lr_scheduler.StepLR(3, 1), TypeError),
        (lambda o: lr_scheduler.StepLR(o, 1, last_epoch=3), KeyError),
        (lambda o: lr_scheduler.LambdaLR(o, [len, len]), ValueError),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, "best"), ValueError),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[1, 2]), ValueError),
    ],
)
def test_bad_schedules_are_refused(make, error):
    with pytest.raises(error):
        make(optim.SGD([parameter()]))


# ---- clipping and vectors ----


def test_clipping_by_norm_scales_all_gradients_together():
    one, two = parameter([0.0]), parameter([0.0])
    one.grad, two.grad = ag.tensor([3.0], dtype=F64), ag.tensor([4.0], dtype=F64)
    assert nn.utils.clip_grad_norm_([one, two], 1.0).item() == 5.0
    assert one.grad.item() == pytest.approx(0.6, rel=1e-5) and two.grad.item() == pytest.approx(0.8, rel=1e-5)
    assert nn.utils.clip_grad_norm_([one, two], 10.0, float("inf")).item() == pytest.approx(0.8, rel=1e-5)
    assert one.grad.item() == pytest.approx(0.6, rel=1e-5)
    one.grad.fill_(math.nan)
    with pytest.raises(RuntimeError, match="is non-finite"):
        nn.utils.clip_grad_norm_([one, two], 1.0, error_if_nonfinite=True)


def test_clipping_by_value_limits_each_element():
    p = parameter()
    p.grad = ag.tensor([-3.0, 0.25], dtype=F64)
    nn.utils.clip_grad_value_(p, 1)
    assert p.grad.tolist() == [-1.0, 0.25]


def test_parameters_go_into_one_vector_and_back():
    layer = nn.Linear(2, 1)
    vector = nn.utils.parameters_to_vector(layer.parameters())
    assert tuple(vector.shape) == (3,) and vector.requires_grad
    nn.utils.vector_to_parameters(ag.tensor([1.0, 2.0, 3.0]), layer.parameters())
    assert layer.weight.tolist() == [[1.0, 2.0]] and layer.bias.tolist() == [3.0]
    with pytest.raises(TypeError):
        nn.utils.vector_to_parameters([1.0, 2.0, 3.0], layer.parameters())
