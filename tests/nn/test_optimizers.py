"""Every optimizer: its trajectories against PyTorch's, gradients through its steps, its settings and state."""

import copy
import inspect
import math
import pickle

import pytest

import arcgrad as ag
from arcgrad import nn, optim
from arcgrad.autograd import gradcheck
from oracle import optimizers as oracle

F64 = ag.float64
ALL = sorted(oracle.SETTINGS)
#: Those that take a step by a gradient alone.
SIMPLE = [name for name in ALL if name != "LBFGS"]
TRAJECTORIES = oracle.read()


def matrix(values=((1.0, 2.0), (-3.0, 0.5))):
    return nn.Parameter(ag.tensor(values, dtype=F64))


def make(name, params, **settings):
    return getattr(optim, name)(params, **settings)


def take_steps(name, optimizer, param, count, seed=0):
    """Steps with gradients that depend on nothing but their number."""
    for number in range(seed, seed + count):
        param.grad = oracle.gradients(number, [param])[0]
        optimizer.step()


# ---- trajectories ----


@pytest.mark.parametrize(("name", "index", "dtype"), oracle.cases(), ids=lambda value: str(value))
def test_steps_are_pytorchs(name, index, dtype):
    settings = oracle.SETTINGS[name][index]
    wanted = TRAJECTORIES[f"{name} {index} {dtype}"]
    found = oracle.trajectory(name, settings, dtype)
    assert [len(row) for row in found] == [len(row) for row in wanted]
    # A few roundings; dot products, which LBFGS decides and divides by, are summed in another order, and it is only
    # compared for some steps.
    last, ulps = (6, 400) if name == "LBFGS" else (len(wanted), 4)
    tolerance = ulps * ag.finfo(getattr(ag, dtype)).eps
    for step, (row, expected) in enumerate(zip(found[:last], wanted)):
        worst = max((abs(a - b) / max(1.0, abs(b)) for a, b in zip(row, expected)), default=0.0)
        assert worst <= tolerance, (step, worst)


def test_every_optimizer_has_trajectories():
    kinds = [kind for kind in vars(optim).values() if inspect.isclass(kind)]
    assert {kind.__name__ for kind in kinds} - {"Optimizer", "SparseAdam"} == set(ALL)


def test_lbfgs_needs_as_many_evaluations_as_pytorch():
    # A wavy function: the search has to go outwards, or inwards, many times.
    def run(lr, max_iter, max_eval):
        p = ag.tensor([1.0, 2.0], dtype=F64, requires_grad=True)
        optimizer = optim.LBFGS([p], lr, max_iter, max_eval, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            loss = (p**4).sum() + ag.sin(30 * p).sum() * 3
            loss.backward()
            return loss

        optimizer.step(closure)
        state = optimizer.state[p]
        return state["func_evals"], state["n_iter"], pytest.approx(float(state["t"]), rel=1e-9)

    assert run(1e3, 1, 1) == (2, 1, 0.0)
    assert run(1e3, 2, 7) == (8, 1, 0.0)
    assert run(1e3, 2, 13) == (14, 2, 0.5714296598878157)
    assert run(1e-6, 2, 1) == (2, 1, 1.3966519707819506e-08)
    assert run(1e-6, 2, 6) == (7, 1, 0.0005054906129047897)


@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
def test_lbfgs_climbs_if_asked_to(line_search_fn):
    p = ag.tensor([3.0, -1.0], dtype=F64, requires_grad=True)
    optimizer = optim.LBFGS([p], lr=0.5, maximize=True, line_search_fn=line_search_fn)

    def closure():
        optimizer.zero_grad()
        value = -((p - 2) ** 2).sum()
        value.backward()
        return value

    for _ in range(3):
        first = optimizer.step(closure)
    assert first.item() <= 0 and p.tolist() == pytest.approx([2.0, 2.0], abs=1e-4)


def test_lbfgs_minimises_rosenbrocks_function():
    p = ag.tensor([-1.2, 1.0], dtype=F64, requires_grad=True)
    unused = ag.zeros(2, dtype=F64, requires_grad=True)
    optimizer = optim.LBFGS([p, unused], max_iter=100, tolerance_change=1e-15, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
        loss.backward()
        return loss

    optimizer.step(closure)
    assert p.tolist() == pytest.approx([1.0, 1.0], abs=1e-6) and unused.tolist() == [0.0, 0.0]
    assert closure().item() < 1e-12


# ---- gradients through steps ----

DIFFERENTIABLE = {
    "ASGD": [{"t0": 0, "weight_decay": 0.1}],
    "Adadelta": [{"weight_decay": 0.1}],
    "Adagrad": [{"lr_decay": 0.1, "weight_decay": 0.1}],
    "Adam": [{"weight_decay": 0.1}, {"amsgrad": True, "maximize": True}],
    "AdamW": [{}, {"amsgrad": True}],
    "Adamax": [{"weight_decay": 0.1}],
    "NAdam": [{"weight_decay": 0.1}, {"decoupled_weight_decay": True, "weight_decay": 0.1}],
    "RAdam": [{"weight_decay": 0.1}, {"decoupled_weight_decay": True, "weight_decay": 0.1}],
    "RMSprop": [{"centered": True, "momentum": 0.9, "weight_decay": 0.1}, {}],
    "Rprop": [{}],
    "SGD": [{"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, {"momentum": 0.5, "dampening": 0.1}, {}],
}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("name", "settings"), [(name, case) for name, cases in DIFFERENTIABLE.items() for case in cases], ids=str)
def test_gradient_flows_through_steps(name, settings, count):
    """By the parameter, by every gradient, and by what the state held before."""
    start = ag.tensor([1.0, -2.0, 0.5], dtype=F64, requires_grad=True)
    grads = [ag.tensor([0.3 + number, -0.7, 1.1 - number], dtype=F64, requires_grad=True) for number in range(count)]
    probe = make(name, [nn.Parameter(ag.ones(3, dtype=F64))], **settings)
    take_steps(name, probe, probe.param_groups[0]["params"][0], 6)
    (kept,) = probe.state.values() if probe.state else ({},)
    entries = {key: value for key, value in kept.items() if value.dim() > 0}
    # Positive, as squares are, away from where a maximum changes sides, and means smaller than the roots of mean squares.
    before = [(value.abs() + 1 / (1 + index) ** 2).requires_grad_() for index, value in enumerate(entries.values())]

    def steps(param, *rest):
        param = param.clone()
        optimizer = make(name, [param], differentiable=True, **settings)
        if kept:
            optimizer.state[param] = {**copy.deepcopy(kept), **dict(zip(entries, rest[count:]))}
        for grad in rest[:count]:
            param.grad = grad
            optimizer.step()
        return param, *(optimizer.state[param][key] for key in entries)

    assert gradcheck(steps, (start, *grads, *before))


@pytest.mark.parametrize("name", sorted(set(DIFFERENTIABLE) - {"ASGD", "Rprop"}))
def test_gradient_by_the_learning_rate(name):
    def steps(lr):
        param = ag.tensor([1.0, -2.0], dtype=F64, requires_grad=True).clone()
        optimizer = make(name, [param], lr=lr, differentiable=True, weight_decay=0.1)
        for values in ([0.5, 0.25], [1.0, -3.0]):
            param.grad = ag.tensor(values, dtype=F64)
            optimizer.step()
        return param

    assert gradcheck(steps, (ag.tensor(0.1, dtype=F64, requires_grad=True),))


@pytest.mark.parametrize("name", sorted(DIFFERENTIABLE))
def test_recorded_steps_have_the_values_of_others(name):
    for settings in DIFFERENTIABLE[name]:
        plain, recorded = matrix(), matrix().clone()
        take_steps(name, make(name, [plain], **settings), plain, 5)
        optimizer = make(name, [recorded], differentiable=True, **settings)
        take_steps(name, optimizer, recorded, 5)
        assert recorded.grad_fn is not None
        assert recorded.flatten().tolist() == pytest.approx(plain.flatten().tolist(), rel=1e-14)


def test_a_recorded_step_refuses_leaves():
    p = matrix()
    p.grad = ag.ones(2, 2, dtype=F64)
    with pytest.raises(RuntimeError, match="leaf"):
        optim.Adam([p], differentiable=True).step()


# ---- switches, groups, rates ----


@pytest.mark.parametrize("name", SIMPLE)
def test_switches_and_tensor_rates_change_nothing(name):
    def run(**settings):
        p = matrix()
        take_steps(name, make(name, [p], **settings), p, 3)
        return p.flatten().tolist()

    plain = run()
    taken = inspect.signature(getattr(optim, name)).parameters
    for switch in {"foreach", "fused", "capturable"} & taken.keys():
        for value in (True, False):
            assert run(**{switch: value}) == plain
    default = taken["lr"].default
    assert run(lr=ag.tensor(default, dtype=F64)) == plain
    assert run(lr=ag.tensor([default], dtype=F64)) == plain
    if "maximize" in taken:
        assert run(maximize=True) != plain


@pytest.mark.parametrize("name", SIMPLE)
def test_a_step_takes_odd_layouts(name):
    values = ag.tensor([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]], dtype=F64)
    grad = ag.tensor([[0.5, 1.0, -1.0], [2.0, -0.25, 0.125]], dtype=F64)

    def run(param, grad):
        optimizer = make(name, [param])
        for _ in range(3):
            param.grad = grad
            optimizer.step()
        return param.tolist()

    wanted = run(values.clone().requires_grad_(), grad)
    transposed = values.T.contiguous().T
    every_other = ag.zeros(2, 6, dtype=F64)[:, ::2].copy_(values)
    assert run(transposed.clone().requires_grad_(), grad.T.contiguous().T) == wanted
    assert run(every_other.detach().requires_grad_(), grad) == wanted


@pytest.mark.parametrize("name", [name for name in SIMPLE if name != "Muon"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0)], ids=str)
def test_a_step_takes_small_shapes(name, shape):
    if name == "Adafactor" and 0 in shape:
        pytest.skip("the mean over no elements is not defined, in PyTorch either")
    p = nn.Parameter(ag.ones(shape, dtype=F64))
    optimizer = make(name, [p])
    p.grad = ag.ones(shape, dtype=F64)
    optimizer.step()
    assert p.shape == shape and all(x < 1 for x in p.flatten().tolist())


@pytest.mark.parametrize("name", SIMPLE)
def test_a_group_overrides_settings_and_state_begins_with_the_first_gradient(name):
    one, two = matrix(), matrix()
    optimizer = make(name, [{"params": [one]}, {"params": [two], "lr": 0.0}])
    one.grad = two.grad = ag.ones(2, 2, dtype=F64)
    third = matrix()
    optimizer.add_param_group({"params": [third]})
    optimizer.step()
    assert one.tolist() != matrix().tolist()
    assert (two.tolist() == matrix().tolist()) or name == "Rprop"
    assert third.tolist() == matrix().tolist()
    assert (third in optimizer.state) == (name == "Adagrad")


@pytest.mark.parametrize("name", SIMPLE)
def test_a_step_is_not_recorded_and_writes_in_place(name):
    p = matrix()
    version, address = p._version, p.data_ptr()
    take_steps(name, make(name, [p]), p, 2)
    assert p.is_leaf and p.requires_grad and p._version > version and p.data_ptr() == address


# ---- state ----

STATES = {
    "ASGD": {"step": (), "eta": (), "mu": (), "ax": (2, 2)},
    "Adadelta": {"step": (), "square_avg": (2, 2), "acc_delta": (2, 2)},
    "Adafactor": {"step": (), "row_var": (2, 1), "col_var": (1, 2)},
    "Adagrad": {"step": (), "sum": (2, 2)},
    "Adam": {"step": (), "exp_avg": (2, 2), "exp_avg_sq": (2, 2)},
    "AdamW": {"step": (), "exp_avg": (2, 2), "exp_avg_sq": (2, 2)},
    "Adamax": {"step": (), "exp_avg": (2, 2), "exp_inf": (2, 2)},
    "Muon": {"momentum_buffer": (2, 2)},
    "NAdam": {"step": (), "mu_product": (), "exp_avg": (2, 2), "exp_avg_sq": (2, 2)},
    "RAdam": {"step": (), "exp_avg": (2, 2), "exp_avg_sq": (2, 2)},
    "RMSprop": {"step": (), "square_avg": (2, 2)},
    "Rprop": {"step": (), "prev": (2, 2), "step_size": (2, 2)},
    "SGD": {},
}


@pytest.mark.parametrize("name", SIMPLE)
def test_state_has_pytorchs_entries_and_dtypes(name):
    p = matrix()
    optimizer = make(name, [p])
    take_steps(name, optimizer, p, 1)
    state = optimizer.state_dict()["state"].get(0, {})
    assert {key: tuple(value.shape) for key, value in state.items()} == STATES[name]
    assert list(state) == list(STATES[name])
    assert all(value.dtype is (F64 if value.dim() else ag.float32) for value in state.values())


def test_entries_that_settings_ask_for():
    p = matrix()
    cases = [
        ("RMSprop", {"momentum": 0.9, "centered": True}, ["step", "square_avg", "momentum_buffer", "grad_avg"]),
        ("Adam", {"amsgrad": True}, ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"]),
        ("SGD", {"momentum": 0.9}, ["momentum_buffer"]),
    ]
    for name, settings, entries in cases:
        optimizer = make(name, [p], **settings)
        take_steps(name, optimizer, p, 1)
        assert list(optimizer.state[p]) == entries
    vector = nn.Parameter(ag.ones(2))
    optimizer = optim.Adafactor([vector])
    vector.grad = ag.ones(2)
    optimizer.step()
    assert list(optimizer.state[vector]) == ["step", "variance"]


def test_steps_are_counted_in_the_default_dtype_if_that_is_precise():
    ag.set_default_dtype(F64)
    try:
        p = matrix()
        optimizer = optim.Adam([p])
        take_steps("Adam", optimizer, p, 2)
        assert optimizer.state[p]["step"].dtype is F64 and optimizer.state[p]["step"].item() == 2.0
    finally:
        ag.set_default_dtype(ag.float32)


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("way", ["state_dict", "pickle", "deepcopy"])
def test_training_resumes_in_the_middle(name, way):
    whole = matrix()
    take_steps(name, make(name, [whole]), whole, 6)
    p = matrix()
    optimizer = make(name, [p])
    take_steps(name, optimizer, p, 3)
    if way == "state_dict":
        state = pickle.loads(pickle.dumps(optimizer.state_dict()))
        optimizer = make(name, [p], lr=9.0)
        optimizer.load_state_dict(state)
    elif way == "pickle":
        optimizer = pickle.loads(pickle.dumps(optimizer))
        (p,) = optimizer.param_groups[0]["params"]
    else:
        optimizer = copy.deepcopy(optimizer)
        (p,) = optimizer.param_groups[0]["params"]
    take_steps(name, optimizer, p, 3, seed=3)
    assert p.tolist() == whole.tolist()


@pytest.mark.parametrize("name", SIMPLE)
def test_loaded_state_is_shared_with_nobody(name):
    p = matrix()
    settings = {"momentum": 0.9} if name == "SGD" else {}
    source = make(name, [p], **settings)
    take_steps(name, source, p, 2)
    target = make(name, [p], **settings)
    target.load_state_dict(source.state_dict())
    assert target.state[p].keys() == source.state[p].keys() != set()
    for key, value in target.state[p].items():
        assert value.data_ptr() != source.state[p][key].data_ptr() and value.tolist() == source.state[p][key].tolist()


def test_lbfgs_resumes_in_the_middle():
    def run(breaks):
        params = oracle.start(F64)
        optimizer = optim.LBFGS(params, max_iter=2)

        def closure():
            optimizer.zero_grad()
            loss = oracle.loss(params)
            loss.backward()
            return loss

        for number in range(6):
            if number in breaks:
                state = copy.deepcopy(optimizer.state_dict())
                optimizer = optim.LBFGS(params, max_iter=2)
                optimizer.load_state_dict(state)
            optimizer.step(closure)
        return params[0].tolist()

    assert run({1, 4}) == run(set())


@pytest.mark.parametrize("name", [name for name in SIMPLE if "step" in STATES[name]])
def test_files_of_old_lack_settings_and_count_in_numbers(name):
    p = matrix()
    optimizer = make(name, [p])
    take_steps(name, optimizer, p, 2)
    state = copy.deepcopy(optimizer.state_dict())
    for entry in ("step", "mu_product", "eta", "mu"):
        if entry in state["state"][0]:
            state["state"][0][entry] = state["state"][0][entry].item()
    for setting in ("maximize", "foreach", "capturable", "differentiable", "decoupled_weight_decay"):
        state["param_groups"][0].pop(setting, None)
    again, q = make(name, [p]), p
    again.load_state_dict(state)
    assert again.param_groups[0].keys() == optimizer.param_groups[0].keys()
    assert all(isinstance(value, ag.Tensor) for value in again.state[q].values())
    assert again.param_groups[0].get("decoupled_weight_decay", name == "AdamW") == (name == "AdamW")


def test_state_gets_the_dtype_of_floating_parameters():
    p = nn.Parameter(ag.ones(2))
    source = optim.SGD([p])
    source.state[p] = {"a": ag.tensor([1, 2]), "step": ag.tensor(3), "b": [ag.ones(2, dtype=F64)], "name": "x"}
    target = optim.SGD([p])
    target.load_state_dict(source.state_dict())
    found = target.state[p]
    assert (found["a"].dtype, found["step"].dtype, found["b"][0].dtype) == (ag.float32, ag.int64, ag.float32)


# ---- settings ----


@pytest.mark.parametrize("name", [*ALL, "SparseAdam"])
def test_settings_are_those_of_the_signature(name):
    optimizer = make(name, [matrix()])
    signature = inspect.signature(getattr(optim, name)).parameters
    wanted = {key: value.default for key, value in signature.items() if key != "params"}
    if name == "LBFGS":
        wanted["max_eval"] = 25
    if name == "AdamW":
        wanted["decoupled_weight_decay"] = True
    assert optimizer.defaults == wanted
    (group,) = optimizer.param_groups
    assert {key: value for key, value in group.items() if key != "params"} == wanted
    text = repr(optimizer)
    assert text.startswith(f"{name} (\nParameter Group 0\n")
    assert all(f"    {key}: {value}\n" in text for key, value in wanted.items())


#: Settings that PyTorch refuses, and what it says.
REFUSED = [
    *[
        (name, {"lr": -1}, "Invalid learning rate: -1")
        for name in (*ALL, "SparseAdam")
        if name not in ("Adafactor", "Muon")
    ],
    *[(name, {"lr": -1}, "Learning rate should be >= 0 but is: -1") for name in ("Adafactor", "Muon")],
    *[(name, {"lr": math.nan}, "but is: nan|learning rate: nan") for name in (*ALL, "SparseAdam")],
    *[(name, {"lr": (0.1, 0.2)}, "Tensor lr must be 1-element") for name in (*ALL, "SparseAdam")],
    *[
        (name, {"betas": betas}, f"Invalid beta parameter at index {index}: {betas[index]}")
        for name in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam", "SparseAdam")
        for index, betas in enumerate([(1.0, 0.9), (0.9, -0.5)])
    ],
    *[
        (name, {setting: -1}, f"Invalid {word} value: -1")
        for setting, word, names in [
            ("eps", "epsilon", "Adadelta Adagrad Adam AdamW Adamax NAdam RAdam RMSprop SparseAdam"),
            ("weight_decay", "weight_decay", "ASGD Adadelta Adagrad Adam AdamW Adamax NAdam RAdam RMSprop SGD"),
            ("momentum", "momentum", "RMSprop SGD"),
            ("alpha", "alpha", "ASGD RMSprop"),
            ("lambd", "lambd", "ASGD"),
            ("lr_decay", "lr_decay", "Adagrad"),
            ("initial_accumulator_value", "initial_accumulator_value", "Adagrad"),
            ("momentum_decay", "momentum_decay", "NAdam"),
            ("rho", "rho", "Adadelta"),
        ]
        for name in names.split()
    ],
    ("Adadelta", {"rho": 2}, "Invalid rho value: 2"),
    ("SparseAdam", {"eps": 0.0}, "Invalid epsilon value: 0.0"),
    ("Rprop", {"etas": (1.5, 1.2)}, "Invalid eta values: 1.5, 1.2"),
    ("Rprop", {"etas": (0.5, 0.9)}, "Invalid eta values: 0.5, 0.9"),
    ("Rprop", {"etas": (0.0, 2)}, "Invalid eta values: 0.0, 2"),
    ("Adafactor", {"beta2_decay": 2}, "beta2_decay should be <= 0 but is: 2"),
    ("Adafactor", {"eps": (-1, 1e-3)}, "epsilon1 should be >= 0 but is: -1"),
    ("Adafactor", {"eps": (None, -1)}, "epsilon2 should be >= 0 but is: -1"),
    ("Adafactor", {"d": 0.5}, "Clipping threshold d should be >= 1 but is: 0.5"),
    ("Adafactor", {"weight_decay": -1}, "weight_decay should be >= 0 but is: -1"),
    ("Muon", {"weight_decay": -1}, "weight decay should be >= 0 but is: -1"),
    ("Muon", {"momentum": -1}, "momentum should be >= 0 but is: -1"),
    ("Muon", {"adjust_lr_fn": "x"}, "Adjust learning rate function x is not supported"),
    ("SGD", {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "Nesterov momentum requires"),
    ("Adam", {"lr": 0.1, "tensor": True, "foreach": True}, "lr as a Tensor is not supported for capturable=False and foreach=True"),
]


@pytest.mark.parametrize(("name", "settings", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_bad_settings_are_refused_in_pytorchs_words(name, settings, message):
    settings = dict(settings)
    if settings.pop("tensor", False) or isinstance(settings.get("lr"), tuple):
        settings["lr"] = ag.tensor(settings["lr"])
    with pytest.raises(ValueError, match=message):
        make(name, [matrix()], **settings)


def test_betas_that_are_tensors():
    betas = ag.tensor(0.9), ag.tensor(0.99)
    with pytest.raises(ValueError, match="betas must be either both floats or both Tensors"):
        optim.Adam([matrix()], betas=(betas[0], 0.99))
    with pytest.raises(ValueError, match=r"betas\[0\] as a Tensor is not supported for capturable=False and foreach=True"):
        optim.Adam([matrix()], betas=betas, foreach=True)
    with pytest.raises(ValueError, match=r"Tensor betas\[1\] must be 1-element"):
        optim.Adam([matrix()], betas=(betas[0], ag.ones(2)))
    one, two = matrix(), matrix()
    take_steps("Adam", optim.Adam([one], betas=betas), one, 3)
    take_steps("Adam", optim.Adam([two], betas=(betas[0].item(), betas[1].item())), two, 3)
    assert one.tolist() == two.tolist()


@pytest.mark.parametrize("name", ["Adagrad", "Adam", "AdamW", "SGD"])
def test_switches_that_exclude_each_other(name):
    with pytest.raises(RuntimeError, match="`fused` and `foreach` cannot be `True` together"):
        make(name, [matrix()], foreach=True, fused=True)
    with pytest.raises(RuntimeError, match="`fused` does not support `differentiable`"):
        make(name, [matrix()], differentiable=True, fused=True)


def test_lbfgs_takes_one_group_and_one_line_search():
    with pytest.raises(ValueError, match=r"LBFGS doesn't support per-parameter options \(parameter groups\)"):
        optim.LBFGS([{"params": [matrix()]}, {"params": [matrix()]}])
    p = matrix()
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        optim.LBFGS([p], line_search_fn="x").step(lambda: (p * p).sum())
    with pytest.raises(TypeError, match="closure"):
        optim.LBFGS([p]).step()


def test_muon_takes_matrices_and_fewer_than_a_hundred_iterations():
    message = r"Muon only supports 2D parameters whereas we found a parameter with size: .*\(?\[?2"
    with pytest.raises(ValueError, match=message):
        optim.Muon([nn.Parameter(ag.ones(2))])
    optimizer = optim.Muon([matrix()])
    with pytest.raises(ValueError, match=message):
        optimizer.add_param_group({"params": [nn.Parameter(ag.ones(2))]})
    assert len(optimizer.param_groups) == 1
    p = matrix()
    p.grad = ag.ones(2, 2, dtype=F64)
    with pytest.raises(ValueError, match="Number of steps must be less than 100 for computational efficiency"):
        optim.Muon([p], ns_steps=100).step()
    with pytest.raises(ValueError, match="Coefficients must be a tuple of exactly 3 values"):
        optim.Muon([p], ns_coefficients=(1, 2)).step()


def test_muon_steps_along_a_matrix_that_is_nearly_orthogonal():
    ag.manual_seed(0)
    for shape in ((3, 5), (6, 2)):
        p = nn.Parameter(ag.zeros(shape))
        p.grad = ag.randn(shape)
        optim.Muon([p], lr=1.0, weight_decay=0.0, adjust_lr_fn="match_rms_adamw").step()
        step = p.detach() / (0.2 * math.sqrt(max(shape)))
        gram = step @ step.T if shape[0] < shape[1] else step.T @ step
        assert (gram - ag.eye(len(gram))).abs().max().item() < 0.6
        assert (step * p.grad).sum().item() < 0


def test_sparse_adam_refuses_dense_gradients():
    p = matrix()
    optimizer = optim.SparseAdam([p])
    optimizer.step()
    p.grad = ag.ones(2, 2, dtype=F64)
    with pytest.raises(RuntimeError, match="SparseAdam does not support dense gradients, please consider Adam instead"):
        optimizer.step()


# ---- hooks ----


@pytest.mark.parametrize("name", SIMPLE)
def test_hooks_around_every_step(name):
    p, seen = matrix(), []
    optimizer = make(name, [p])
    handles = [
        optim.optimizer.register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("all before")),
        optim.optimizer.register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("all after")),
    ]
    try:
        optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before"))
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after"))
        take_steps(name, optimizer, p, 1)
    finally:
        for handle in handles:
            handle.remove()
    assert seen == ["all before", "before", "after", "all after"]
    take_steps(name, optimizer, p, 1)
    assert seen[4:] == ["before", "after"]


def test_a_pre_hook_may_replace_the_arguments_and_nothing_else():
    p = matrix()
    optimizer = optim.Adagrad([p])
    handle = optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: 7), kwargs))
    assert optimizer.step() == 7
    handle.remove()
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 3"):
        optimizer.step()


def test_hooks_of_lbfgs_run_once_per_step():
    p, seen = matrix(), []
    optimizer = optim.LBFGS([p])
    optimizer.register_step_post_hook(lambda *args: seen.append(1))

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert seen == [1]


def test_state_hooks_run_in_their_order():
    optimizer, seen = optim.Adamax([matrix()]), []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("second"))
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("first"), prepend=True)
    optimizer.register_state_dict_post_hook(lambda o, state: seen.append("post"))
    optimizer.register_load_state_dict_pre_hook(lambda o, state: seen.append("load"))
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    optimizer.load_state_dict(optimizer.state_dict())
    assert seen == ["first", "second", "post", "load", "loaded"]


# ---- optimizers of programs ----


def test_an_optimizer_of_a_program_keeps_to_the_base_class():
    class Signed(optim.Optimizer):
        def __init__(self, params, lr=0.5, flag=True):
            super().__init__(params, {"lr": lr})

        @ag.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for param in group["params"]:
                    self.state[param]["seen"] = self.state[param].get("seen", 0) + 1
                    param.sub_(param.grad.sign() * group["lr"])

    p = matrix()
    p.grad = ag.ones(2, 2, dtype=F64)
    optimizer = Signed([p])
    optimizer.step()
    again = Signed([p])
    again.load_state_dict(optimizer.state_dict())
    assert p.tolist() == [[0.5, 1.5], [-3.5, 0.0]]
    assert again.state[p] == {"seen": 1} and "flag" not in again.param_groups[0]


def test_a_subclass_of_an_optimizer_keeps_its_update():
    class Gentle(optim.RMSprop):
        def __init__(self, params, factor):
            super().__init__(params, lr=0.01 * factor)

    one, two = matrix(), matrix()
    take_steps("RMSprop", Gentle([one], 2.0), one, 3)
    take_steps("RMSprop", optim.RMSprop([two], lr=0.02), two, 3)
    assert one.tolist() == two.tolist()


def test_the_line_search_serves_minimisers_of_ones_own():
    from arcgrad.optim.lbfgs import _cubic_interpolate, _strong_wolfe

    def objective(x, length, direction):
        place = (x + length * direction).detach().requires_grad_()
        loss = ((place - 1) ** 4).sum() + (place * place).sum()
        loss.backward()
        return loss.item(), place.grad

    x = ag.tensor([3.0, -2.0])
    loss, grad = objective(x, 0, -x)
    slope = -grad.dot(grad).item()
    found, at, length, count = _strong_wolfe(objective, x, 1.0, -grad, loss, grad, slope)
    assert found == objective(x, length, -grad)[0] and count > 1
    assert found <= loss + 1e-4 * float(length) * slope and abs(at.dot(grad)) <= -0.9 * slope
    # The parabola x² from both sides, and the bound that is nearer.
    assert _cubic_interpolate(-1.0, 1.0, -2.0, 2.0, 4.0, 4.0) == 0
    assert _cubic_interpolate(-1.0, 1.0, -2.0, 2.0, 4.0, 4.0, bounds=(0.5, 2.0)) == 0.5


def test_a_step_of_nadam_depends_on_the_product_of_momenta():
    def step(product):
        state = {"step": ag.tensor(10.0, dtype=F64), "mu_product": product.clone()}
        state.update(exp_avg=ag.ones(2, dtype=F64), exp_avg_sq=ag.ones(2, dtype=F64))
        param = ag.zeros(2, dtype=F64, requires_grad=True).clone()
        param.grad = ag.full((2,), 0.5, dtype=F64)
        optimizer = optim.NAdam([param], differentiable=True)
        optimizer.state[param].update(state)
        optimizer.step()
        return param

    assert gradcheck(step, (ag.tensor(0.5, dtype=F64, requires_grad=True),))


def test_a_first_step_of_lbfgs_without_slope_does_not_divide_by_it():
    optimizer = optim.LBFGS([nn.Parameter(ag.ones(2))], tolerance_grad=-math.inf)
    assert optimizer.step(lambda: ag.tensor([10.0])).item() == 10.0
