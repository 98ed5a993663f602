"""pickle, copy and deepcopy of everything that people pickle; what the files of save keep is in test_serialization and test_torch_files."""

import copy
import pickle

import pytest

import arcgrad as ag
from arcgrad import nn

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def pickled(value, protocol=pickle.DEFAULT_PROTOCOL):
    return pickle.loads(pickle.dumps(value, protocol))


class Special(ag.Tensor):
    pass


TENSORS = {
    "numbers": lambda: ag.arange(6).reshape(2, 3),
    "0-d": lambda: ag.tensor(2.5),
    "empty": lambda: ag.zeros(2, 0),
    "transposed": lambda: ag.arange(6.0).reshape(2, 3).t(),
    "expanded": lambda: ag.arange(3.0).expand(4, 3),
    "permuted": lambda: ag.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
    "leaf": lambda: ag.ones(2, requires_grad=True),
    "leaf view": lambda: ag.ones(2, 3).t().requires_grad_(),
    "bool": lambda: ag.tensor([True, False]),
    "part": lambda: ag.arange(10.0)[2:5],
}


@pytest.mark.parametrize("make", TENSORS.values(), ids=TENSORS)
@pytest.mark.parametrize("duplicate", [pickled, copy.copy, copy.deepcopy, *(lambda t, p=p: pickled(t, p) for p in PROTOCOLS)])
def test_tensors_keep_values_layout_and_flags(make, duplicate):
    tensor = make()
    other = duplicate(tensor)
    assert other is not tensor and type(other) is type(tensor) and other.is_leaf
    assert other.dtype is tensor.dtype and other.shape == tensor.shape and other.stride() == tensor.stride()
    assert other.tolist() == tensor.tolist() and other.requires_grad == tensor.requires_grad
    shared = duplicate is copy.copy
    assert tensor.numel() == 0 or (other.data_ptr() == tensor.data_ptr()) == shared


def test_every_second_element_is_pickled_without_the_others():
    tensor = ag.arange(10_000)[::100]
    assert pickled(tensor).tolist() == tensor.tolist()


@pytest.mark.arcgrad_only
def test_a_pickle_has_the_elements_and_no_more():
    assert len(pickle.dumps(ag.zeros(100_000)[:3])) < 500
    assert len(pickle.dumps(ag.zeros(1).expand(100_000))) < 500


def test_what_is_no_leaf_is_pickled_as_one_and_not_copied():
    x = ag.ones(3, requires_grad=True)
    for value in (x * 2, (x * 2)[1:], (x * 2).reshape(3, 1).expand(3, 2), nn.functional.relu(x)):
        other = pickled(value)
        assert other.is_leaf and other.requires_grad and other.tolist() == value.tolist()
        with pytest.raises(RuntimeError, match=r"Only Tensors created explicitly by the user \(graph leaves\)"):
            copy.deepcopy(value)
    assert copy.copy(x * 2).is_leaf


def test_gradients_are_copied_deeply_and_not_pickled():
    x = ag.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    assert pickled(x).grad is None and copy.copy(x).grad is None
    other = copy.deepcopy(x)
    assert other.grad.tolist() == [3, 3] and other.grad.data_ptr() != x.grad.data_ptr()


@pytest.mark.parametrize("kind", [lambda t: t, nn.Parameter, lambda t: t.t(), lambda t: t.as_subclass(Special)])
def test_attributes_are_kept(kind):
    tensor = kind(ag.ones(2, 3))
    tensor.note = [1]
    for duplicate in (pickled, copy.deepcopy):
        other = duplicate(tensor)
        assert other.note == [1] and other.note is not tensor.note and type(other) is type(tensor)
    assert pickled((tensor, tensor.note))[1] == [1]


def test_classes_are_kept():
    special = ag.arange(6.0).reshape(2, 3).as_subclass(Special)
    for value in (special, special.t().as_subclass(Special), special.t().as_subclass(Special).requires_grad_()):
        for duplicate in (pickled, copy.copy, copy.deepcopy):
            other = duplicate(value)
            assert type(other) is Special and other.stride() == value.stride() and other.requires_grad == value.requires_grad
    parameter = nn.Parameter(ag.ones(2), requires_grad=False)
    assert type(pickled(parameter)) is nn.Parameter and not pickled(parameter).requires_grad
    buffer = pickled(nn.Buffer(ag.ones(2), persistent=False))
    assert isinstance(buffer, nn.Buffer) and buffer.persistent is False


@pytest.mark.parametrize("value", [ag.float32, ag.bool, ag.device("cpu"), ag.device("cpu", 0), ag.Size([2, 3]), ag.strided])
def test_small_things_are_kept(value):
    for protocol in PROTOCOLS:
        assert pickled(value, protocol) == value and type(pickled(value, protocol)) is type(value)
    assert copy.deepcopy(value) == value and copy.copy(value) == value
    if type(value) is ag.dtype:
        assert pickled(value) is value


@pytest.mark.arcgrad_only
def test_storages_are_kept_with_their_bytes():
    tensor = ag.arange(4, dtype=ag.int32)
    storage = tensor.untyped_storage()
    for duplicate in (pickled, copy.deepcopy):
        other = duplicate(storage)
        assert other.nbytes() == 16 and other != storage
        assert ag.empty(0, dtype=ag.int32).set_(other).tolist() == [0, 1, 2, 3]
    one, other = copy.deepcopy([tensor, storage])
    assert one.untyped_storage() == other


def test_deep_copies_share_memory_among_themselves():
    base = ag.arange(6.0)
    one, part, same = copy.deepcopy([base, base[2:], base])
    part.fill_(9)
    assert one is same and one.tolist() == [0, 1, 9, 9, 9, 9] and base.tolist() == [0, 1, 2, 3, 4, 5]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(2, 2)
        self.two = nn.Linear(2, 2)
        self.two.weight = self.one.weight
        self.norm = nn.BatchNorm1d(2)
        self.scale = 3

    def forward(self, x):
        return self.norm(self.two(self.one(x))) * self.scale


def double(module, args, output):
    return output * 2


@pytest.mark.parametrize("duplicate", [pickled, copy.deepcopy])
def test_modules_optimizers_and_schedules_stay_together(duplicate):
    model = Net()
    model.one.register_forward_hook(double)
    optimizer = ag.optim.Adam(model.parameters(), lr=0.1)
    schedule = ag.optim.lr_scheduler.StepLR(optimizer, 1)

    def step(model, optimizer, schedule):
        optimizer.zero_grad()
        model(ag.arange(8.0).reshape(4, 2)).square().sum().backward()
        optimizer.step()
        schedule.step()
        return [parameter.tolist() for parameter in model.parameters()], optimizer.param_groups[0]["lr"]

    step(model, optimizer, schedule)
    other = duplicate([model, optimizer, schedule])
    assert other[0].two.weight is other[0].one.weight
    assert other[1].param_groups[0]["params"][0] is other[0].one.weight and other[2].optimizer is other[1]
    before = step(*other)
    assert before == step(model, optimizer, schedule)


@pytest.mark.parametrize("name", ["Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"])
def test_containers_of_modules_are_kept(name):
    if not hasattr(nn, name):
        pytest.skip("it is not there yet")
    parts = [nn.Parameter(ag.ones(2))] if name.startswith("Parameter") else [nn.Linear(1, 1), nn.ReLU()]
    if name == "Sequential":
        value = nn.Sequential(*parts)
    else:
        value = getattr(nn, name)({f"p{n}": part for n, part in enumerate(parts)} if name.endswith("Dict") else parts)
    for duplicate in (pickled, copy.deepcopy):
        other = duplicate(value)
        assert len(other) == len(value) and list(other.state_dict()) == list(value.state_dict())


def test_a_generator_goes_on_where_it_was():
    generator = ag.Generator().manual_seed(11)
    ag.randn(3, generator=generator)
    other = pickled(generator)
    assert ag.equal(ag.randn(5, generator=other), ag.randn(5, generator=generator)) and other.initial_seed() == 11
