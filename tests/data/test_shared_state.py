"""Copies and loaded states: what shares memory with what, and what is carried along."""

import copy
import io
import pickle

import pytest

import arcgrad as ag
from arcgrad import nn

#: An optimizer with every kind of state, and a rate that is a tensor.
OPTIMIZERS = {
    "SGD": lambda params: ag.optim.SGD(params, lr=ag.tensor(0.1), momentum=0.9),
    "Adam": lambda params: ag.optim.Adam(params, lr=ag.tensor(0.1), amsgrad=True),
    "AdamW": lambda params: ag.optim.AdamW(params, lr=ag.tensor(0.1), amsgrad=True),
}


def stepped(make):
    """An optimizer after a step, and its parameter."""
    parameter = nn.Parameter(ag.ones(3))
    optimizer = make([parameter])
    parameter.grad = ag.ones(3)
    optimizer.step()
    return optimizer, parameter


def memories(value, found=None):
    """The addresses of all tensors in nested containers."""
    found = set() if found is None else found
    if isinstance(value, ag.Tensor):
        found.add(value.untyped_storage()._cdata)
    elif isinstance(value, dict):
        for item in value.values():
            memories(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            memories(item, found)
    return found


def state_of(optimizer):
    return [dict(optimizer.state), [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]]


# ---- states ----


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_shares_nothing_with_the_one_whose_state_it_loaded(name):
    one, _ = stepped(OPTIMIZERS[name])
    two, parameter = stepped(OPTIMIZERS[name])
    two.load_state_dict(one.state_dict())
    assert memories(state_of(one)) and not memories(state_of(one)) & memories(state_of(two))
    before = {key: value.clone() for key, value in two.state[parameter].items()}
    one.step()
    for group in one.param_groups:
        group["lr"].mul_(10)
    assert two.param_groups[0]["lr"].item() == pytest.approx(0.1)
    for key, value in before.items():
        assert ag.equal(value, two.state[parameter][key]), key


def test_state_of_any_kind_is_copied():
    optimizer, parameter = stepped(OPTIMIZERS["SGD"])
    nested = {"list": [ag.ones(1)], "tuple": (ag.ones(1), {"deep": ag.ones(1)}), "set": {1}, "step": ag.ones(1)}
    state = optimizer.state_dict()
    state["state"] = {0: nested, "global": [ag.ones(2)]}
    optimizer.load_state_dict(state)
    assert len(memories(nested)) == 4
    assert not memories(dict(optimizer.state)) & (memories(nested) | memories(state["state"]))
    assert optimizer.state[parameter]["set"] == {1} and optimizer.state[parameter]["set"] is not nested["set"]


def test_one_loaded_with_assign_leaves_the_dictionary_as_it_was():
    source = nn.Linear(2, 2)
    state = source.state_dict()
    nn.Linear(2, 2).load_state_dict(state, assign=True)
    target = nn.Linear(2, 2)
    target.load_state_dict(state)
    assert not memories(list(target.parameters())) & memories(list(source.parameters()))


# ---- copies ----


def test_tensors_that_share_memory_do_so_in_a_deep_copy():
    t = ag.arange(4.0)
    for container in ({"a": t, "h": t[:2]}, {"h": t[:2], "a": t}, {"a": t.view(2, 2).t(), "h": t[1:]}):
        copied = copy.deepcopy(container)
        assert {key: value.tolist() for key, value in copied.items()} == {key: value.tolist() for key, value in container.items()}
        assert len(memories(copied)) == 1 and not memories(copied) & memories(t)
        copied["a"].fill_(9)
        assert set(copied["h"].flatten().tolist()) == {9.0}
    assert t.tolist() == [0, 1, 2, 3]


def test_a_leaf_and_what_was_detached_from_it_share_memory_in_a_deep_copy():
    leaf = ag.ones(3, requires_grad=True)
    copied, detached = copy.deepcopy([leaf, leaf.detach()[:2]])
    assert copied.requires_grad and not detached.requires_grad
    with ag.no_grad():
        copied[0] = 5
    assert detached.tolist() == [5, 1]


@pytest.mark.parametrize(
    "view",
    [
        lambda: ag.arange(6.0).view(2, 3).t(),
        lambda: ag.ones(1, 3).expand(2, 3),
        lambda: ag.arange(100.0)[10:20:3],
        lambda: ag.tensor(3.0),
        lambda: ag.zeros(0, 3),
        lambda: ag.arange(6).view(ag.int32)[::2],
        lambda: ag.from_numpy(__import__("numpy").arange(5.0)[1:3]),
    ],
)
def test_a_deep_copy_has_values_and_strides_of_its_original(view):
    original = view()
    copied = copy.deepcopy(original)
    assert ag.equal(copied, original) and copied.stride() == original.stride() and copied.dtype is original.dtype
    assert original.numel() == 0 or copied.data_ptr() != original.data_ptr()
    assert copy.deepcopy([original, original])[0] is not original


def test_deep_copies_at_different_times_share_nothing():
    t = ag.arange(4.0)
    assert not memories(copy.deepcopy(t)) & memories(copy.deepcopy(t[:2]))


def test_a_deep_copy_of_a_module_keeps_gradients_and_shared_parameters():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Linear(2, 2)
            self.two = nn.Linear(2, 2)
            self.two.weight = self.one.weight
            self.register_buffer("seen", self.one.weight.detach()[0])

    model = Tied()
    model.one.weight.note = ["kept"]
    model.two(model.one(ag.ones(2))).sum().backward()
    copied = copy.deepcopy(model)
    assert copied.one.weight is copied.two.weight and type(copied.one.weight) is nn.Parameter
    assert copied.one.weight.note == ["kept"] and copied.one.weight.note is not model.one.weight.note
    for name, parameter in model.named_parameters():
        other = copied.get_parameter(name)
        assert ag.equal(parameter.grad, other.grad) and parameter.grad is not other.grad
        assert parameter.grad.data_ptr() != other.grad.data_ptr()
    with ag.no_grad():
        copied.one.weight.fill_(3)
    assert copied.seen.tolist() == [3, 3] and 3 not in model.one.weight.flatten().tolist()


def test_a_deep_copy_of_a_whole_training_keeps_optimizer_and_model_together():
    model = nn.Linear(2, 1)
    optimizer = ag.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    copied = copy.deepcopy({"model": model, "optimizer": optimizer})
    assert copied["optimizer"].param_groups[0]["params"][0] is copied["model"].weight


# ---- generators ----


@pytest.mark.parametrize("duplicate", [lambda g: pickle.loads(pickle.dumps(g)), copy.deepcopy, copy.copy])
def test_a_generator_is_copied_with_its_state_and_goes_on_by_itself(duplicate):
    generator = ag.Generator().manual_seed(3)
    ag.rand(5, generator=generator)
    other = duplicate(generator)
    assert other is not generator and other.initial_seed() == 3
    expected = ag.rand(4, generator=generator)
    assert ag.equal(ag.rand(4, generator=other), expected)
    assert not ag.equal(ag.rand(4, generator=other), expected)


def test_the_state_of_a_generator_is_saved():
    generator = ag.Generator().manual_seed(3)
    file = io.BytesIO()
    ag.save({"generator": generator.get_state()}, file)
    file.seek(0)
    other = ag.Generator()
    other.set_state(ag.load(file)["generator"])
    assert ag.equal(ag.rand(4, generator=generator), ag.rand(4, generator=other))
    # As itself it goes into a file, and comes back to those who trust it.
    file = io.BytesIO()
    ag.save({"g": generator}, file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="arcgrad.Generator was not an allowed global"):
        ag.load(file)
