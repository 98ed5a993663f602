"""The device ``meta``: tensors with a shape, strides, a dtype and a graph, and no memory. Every operation gives there what it gives in
memory, but for the elements; what needs elements says so."""

from __future__ import annotations

import copy
import pickle

import arcgrad as ag
import numpy as np
import pytest
from calls import NO_GRADIENT, ROWS, SAMPLES, _arguments, find, row_inputs

pytestmark = pytest.mark.arcgrad_only

#: What has no result of a shape that could be known, or none but a number or a truth value of Python.
NEED_DATA = {
    "allclose": "a truth value",
    "bincount": "as long as the greatest element says",
    "equal": "a truth value",
    "masked_select": "as many elements as are true",
    "nonzero": "as many rows as there are elements that are not zero",
    "argwhere": "as nonzero",
    "unique": "as many elements as are distinct",
    "unique_consecutive": "as unique",
    "is_nonzero": "a truth value",
}

#: Operations whose gradient is such a one.
GRADIENTS_NEED_DATA = {"masked_scatter": "the gradient of the source is masked_select"}

NO_DATA = (NotImplementedError, RuntimeError)


def nowhere(value):
    """The same argument without memory."""
    if isinstance(value, ag.Tensor):
        return value.detach().to("meta").requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(map(nowhere, value))
    return value


def looks(result):
    """What of a result has nothing to do with its elements."""
    if isinstance(result, ag.Tensor):
        return tuple(result.shape), result.stride(), result.dtype, result.requires_grad, result.storage_offset()
    if isinstance(result, (list, tuple)):
        return [looks(part) for part in result]
    return type(result)


def devices(result):
    if isinstance(result, ag.Tensor):
        return {result.device.type}
    return set().union(*map(devices, result)) if isinstance(result, (list, tuple)) else set()


def floats(result):
    if isinstance(result, ag.Tensor):
        return [result] if result.requires_grad else []
    return [tensor for part in result for tensor in floats(part)] if isinstance(result, (list, tuple)) else []


def check(function, args, kwargs, name):
    def leaves(args, kwargs):
        values = [*args, *kwargs.values()]
        flat = [item for value in values for item in (value if isinstance(value, (list, tuple)) else [value])]
        return [item for item in flat if isinstance(item, ag.Tensor) and item.requires_grad]

    def run(args, kwargs):
        ag.manual_seed(0)
        result = function(*args, **kwargs)
        grads = []
        if (outputs := floats(result)) and (inputs := leaves(args, kwargs)) and name not in NO_GRADIENT | GRADIENTS_NEED_DATA.keys():
            seeds = [ag.ones_like(output) for output in outputs]
            grads = ag.autograd.grad(outputs, inputs, seeds, allow_unused=True)
        return result, grads

    result, grads = run(args, kwargs)
    with ag.device("meta"):
        without, their_grads = run([nowhere(value) for value in args], {key: nowhere(value) for key, value in kwargs.items()})
    assert looks(without) == looks(result)
    assert looks(list(their_grads)) == looks(list(grads))
    assert devices([without, list(their_grads)]) <= {"meta"}


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - NEED_DATA.keys()))
def test_shapes_strides_and_dtypes_are_those_of_the_same_call_in_memory(name):
    for index, (args, kwargs) in enumerate(SAMPLES[name]):
        if name == "repeat_interleave" and not isinstance(args[1], int):
            continue  # the sum of the counts is the length: see below
        built, options = _arguments(args, kwargs, name, index, [])
        check(find(name), built, options, name)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_rows_give_what_they_give_in_memory(name):
    arrays = [ag.from_numpy(array) for array in row_inputs(name, "float64", (3, 4))]
    turned = [array.t() for array in arrays]
    for inputs in (arrays, turned):
        try:
            expected = find(name)(*inputs)
        except (NotImplementedError, RuntimeError):  # rows of integers alone
            inputs = [value.abs().long() for value in inputs]
            expected = find(name)(*inputs)
        assert looks(find(name)(*map(nowhere, inputs))) == looks(expected)


@pytest.mark.parametrize("name", sorted(NEED_DATA.keys() & SAMPLES.keys()))
def test_what_depends_on_elements_is_refused(name):
    args, kwargs = SAMPLES[name][0]
    built, options = _arguments(args, kwargs, name, 0, [])
    with pytest.raises(NO_DATA, match="[mM]eta"):
        find(name)(*map(nowhere, built), **options)


# ---- making them ---------------------------------------------------------------------------------------------------

FACTORIES = {
    "zeros": lambda **place: ag.zeros(2, 3, **place),
    "empty": lambda **place: ag.empty(2, 3, **place),
    "full": lambda **place: ag.full((2, 3), 1.5, **place),
    "rand": lambda **place: ag.rand(2, 3, **place),
    "randn": lambda **place: ag.randn(2, 3, **place),
    "randint": lambda **place: ag.randint(5, (2, 3), **place),
    "randperm": lambda **place: ag.randperm(5, **place),
    "arange": lambda **place: ag.arange(4, **place),
    "linspace": lambda **place: ag.linspace(0, 1, 5, **place),
    "eye": lambda **place: ag.eye(3, **place),
    "empty_strided": lambda **place: ag.empty_strided((2, 3), (1, 2), **place),
    "tensor": lambda **place: ag.tensor([[1, 2], [3, 4]], **place),
    "as_tensor": lambda **place: ag.as_tensor([1.0, 2.0], **place),
    "asarray": lambda **place: ag.asarray([1.0, 2.0], **place),
    "scalar_tensor": lambda **place: ag.scalar_tensor(2.0, **place),
}


@pytest.mark.parametrize("name", FACTORIES)
def test_what_makes_tensors_makes_them_on_the_device_that_is_given_or_set(name):
    make = FACTORIES[name]
    expected = make()
    assert expected.device.type == "cpu"
    with ag.device("meta"):
        inside, at_home = make(), make(device="cpu")
    assert inside.is_meta and not at_home.is_meta and not make().is_meta
    for made in (make(device="meta"), make(device=ag.device("meta")), inside):
        assert made.is_meta and made.device == ag.device("meta") and looks(made) == looks(expected)


def test_the_default_device_is_set_and_taken_back():
    ag.set_default_device("meta")
    try:
        assert ag.ones(2).is_meta and ag.get_default_device() == ag.device("meta")
        with ag.device("cpu"):
            assert not ag.ones(2).is_meta
        assert ag.nn.Linear(2, 3).weight.is_meta
    finally:
        ag.set_default_device(None)
    assert not ag.ones(2).is_meta and ag.get_default_device() == ag.device("cpu")


def test_models_of_tensors_are_followed_unless_another_device_is_given():
    here, there = ag.ones(2, 3), ag.ones(2, 3, device="meta")
    for like in (ag.zeros_like, ag.empty_like, ag.ones_like, ag.rand_like):
        assert like(there).is_meta and not like(here).is_meta
        assert like(here, device="meta").is_meta and not like(there, device="cpu").is_meta
        with ag.device("meta"):
            assert not like(here).is_meta
    assert there.new_zeros(3).is_meta and there.new_tensor([1.0]).is_meta and not here.new_zeros(3).is_meta
    assert here.new_zeros(3, device="meta").is_meta
    assert ag.zeros_like(there, device="cpu").tolist() == [[0, 0, 0]] * 2


def test_sizes_beyond_all_memory_cost_nothing():
    x = ag.empty(10**6, 10**6, device="meta", requires_grad=True)
    y = (x @ x.t()).relu()
    y.sum().backward()
    assert y.shape == x.grad.shape == (10**6, 10**6) and x.untyped_storage().nbytes() == 4 * 10**12


# ---- attributes ----------------------------------------------------------------------------------------------------


def test_attributes_and_text():
    x = ag.ones(2, 3, device="meta")
    assert (x.is_meta, x.is_cpu, x.data_ptr(), x.untyped_storage().data_ptr()) == (True, False, 0, 0)
    assert x.untyped_storage().device == ag.device("meta") and x.untyped_storage().nbytes() == 24
    assert repr(x) == "tensor(..., device='meta', size=(2, 3))" == f"{x}"
    assert repr(x[0, 0]) == f"{x[0, 0]}" == "tensor(..., device='meta', size=())"
    assert repr(x.requires_grad_()) == "tensor(..., device='meta', size=(2, 3), requires_grad=True)"
    assert repr(x * 2) == "tensor(..., device='meta', size=(2, 3), grad_fn=<MulBackward0>)"
    assert repr(ag.ones(2, dtype=ag.int64, device="meta")) == "tensor(..., device='meta', size=(2,), dtype=arcgrad.int64)"
    assert x.to("meta") is x and x.double().is_meta and x.t().contiguous().stride() == (2, 1)


def test_what_reads_elements_is_an_error():
    x = ag.ones(2, 3, device="meta")
    number = x[0, 0]
    for read in (number.item, lambda: bool(number), lambda: float(number), lambda: int(number)):
        with pytest.raises(RuntimeError, match=r"Tensor\.item\(\) cannot be called on meta tensors"):
            read()
    with pytest.raises(RuntimeError, match="a Tensor with 6 elements cannot be converted to Scalar"):
        x.item()
    for read in (x.tolist, number.tolist, x.cpu, lambda: x.to("cpu"), lambda: ag.ones(2, 3).copy_(x), lambda: x.to(ag.ones(1))):
        with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor; no data!"):
            read()
    for read in (x.numpy, lambda: np.asarray(x)):
        with pytest.raises(TypeError, match="can't convert meta device type tensor to numpy"):
            read()
    with pytest.raises(BufferError, match="Cannot pack tensors on meta"):
        x.__dlpack__()
    with pytest.raises(NotImplementedError, match="aten::nonzero"):
        x[x > 0]
    with pytest.raises(RuntimeError, match="cannot repeat_interleave a meta tensor without output_size"):
        ag.repeat_interleave(x, ag.ones(2, dtype=ag.int64, device="meta"), dim=0)


def test_operands_on_several_devices_are_an_error_but_for_numbers():
    here, there = ag.ones(2, 3), ag.ones(2, 3, device="meta")
    for mix in (
        lambda: here + there,
        lambda: there * here,
        lambda: ag.cat([here, there]),
        lambda: ag.stack([there, here]),
        lambda: there @ here.t(),
        lambda: ag.where(there > 0, here, here),
        lambda: here.add_(there),
        lambda: ag.nn.functional.mse_loss(there, here),
        lambda: ag.nn.Linear(3, 2, device="meta")(here),
        lambda: here * there[0, 0],
    ):
        with pytest.raises(RuntimeError, match="Tensor on device .* is not on the expected device"):
            mix()
    assert (there + here[0, 0]).is_meta and (here[0, 0] * there).is_meta and there[ag.tensor([0, 1])].is_meta
    assert there.copy_(here) is there and there.fill_(here[0, 0]) is there
    with pytest.raises(RuntimeError, match="incompatible tensor type"):
        here.data = there


# ---- the graph -----------------------------------------------------------------------------------------------------


def test_passes_of_any_order_and_hooks_see_shapes():
    x = ag.ones(4, 3, device="meta", requires_grad=True)
    seen = []
    x.register_hook(lambda grad: seen.append((grad.device.type, tuple(grad.shape))))
    (grad,) = ag.autograd.grad((x.exp() * x).sum(), x, create_graph=True)
    (second,) = ag.autograd.grad(grad.sum(), x)
    assert looks(second) == looks(x.detach()) and second.is_meta and ("meta", (4, 3)) in seen
    x.sum().backward()
    x.sum().backward()
    assert x.grad.is_meta


def test_writes_count_versions_and_invalidate_what_was_saved():
    x = ag.ones(3, device="meta", requires_grad=True)
    y = x.exp()
    y.add_(1)
    assert y._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_gradient_does_not_come_back_from_nowhere():
    x = ag.ones(3, requires_grad=True)
    y = x.to("meta")
    assert y.grad_fn.name() == "ToCopyBackward0"
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
        y.sum().backward()


def test_code_of_the_program_inside_a_pass_makes_tensors_in_memory():
    made = []

    class Double(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            made.append((ag.ones(2) + ag.ones(2)).tolist())
            return grad * 2

    x = ag.ones(3, device="meta", requires_grad=True)
    Double.apply(x).sum().backward()
    assert made == [[2.0, 2.0]] and x.grad.is_meta


# ---- modules -------------------------------------------------------------------------------------------------------


def model(**place):
    return ag.nn.Sequential(
        ag.nn.Conv2d(3, 4, 3, padding=1, **place), ag.nn.BatchNorm2d(4, **place), ag.nn.ReLU(), ag.nn.Flatten(),
        ag.nn.Linear(4 * 8 * 8, 5, **place),
    )  # fmt: skip


def test_modules_are_made_moved_and_run_without_memory():
    for made in (model(device="meta"), model().to("meta")):
        assert {tensor.device.type for tensor in made.state_dict().values()} == {"meta"}
        assert all(isinstance(parameter, ag.nn.Parameter) and parameter.is_leaf for parameter in made.parameters())
        output = made(ag.ones(2, 3, 8, 8, device="meta"))
        ag.nn.functional.cross_entropy(output, ag.zeros(2, dtype=ag.int64, device="meta")).backward()
        assert output.shape == (2, 5) and all(parameter.grad.shape == parameter.shape for parameter in made.parameters())
        with pytest.raises(NotImplementedError, match=r"use arcgrad\.nn\.Module\.to_empty\(\)"):
            made.to("cpu")


def test_an_optimizer_steps_without_memory():
    for kind in (ag.optim.SGD, ag.optim.Adam):
        made = model(device="meta")
        optimizer = kind(made.parameters(), lr=0.1)
        made(ag.ones(2, 3, 8, 8, device="meta")).sum().backward()
        optimizer.step()
        optimizer.zero_grad()


def test_memory_comes_with_to_empty_or_with_a_state_that_is_assigned():
    trained, empty = model(), model(device="meta")
    assert empty.load_state_dict(trained.state_dict(), assign=True).missing_keys == []
    x = ag.ones(2, 3, 8, 8)
    assert ag.equal(empty.eval()(x), trained.eval()(x))
    filled = model(device="meta").to_empty(device="cpu")
    filled.load_state_dict(trained.state_dict())
    assert ag.equal(filled.eval()(x), trained.eval()(x))
    with pytest.raises(RuntimeError, match="Cannot copy out of meta tensor"):
        trained.load_state_dict(model(device="meta").state_dict())
    nothing = model(device="meta")
    nothing.load_state_dict(trained.state_dict())  # into nothing everything can be copied
    assert nothing[0].weight.is_meta


def test_copies_and_pickles_have_no_memory_either():
    x = ag.empty_strided((2, 3), (1, 2), device="meta").requires_grad_()
    for made in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), copy.copy(x)):
        assert looks(made) == looks(x) and made.is_meta and made.is_leaf
    layer = ag.nn.Linear(2, 3, device="meta")
    for made in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert made.weight.is_meta and isinstance(made.weight, ag.nn.Parameter)


def test_devices_in_their_spellings():
    assert ag.ones(2, device="meta:0").device == ag.device("meta")
    assert ag.ones(2).to(device="meta").is_meta and ag.ones(2).to("meta", ag.float64).dtype is ag.float64
    assert ag.ones(2).to(ag.ones(1, device="meta", dtype=ag.int64)).dtype is ag.int64
    assert ag.ones(2).type_as(ag.ones(1, device="meta")).is_meta and ag.ones(2, device="meta").type() == "arcgrad.meta.FloatTensor"


def test_a_pass_from_a_place_in_the_graph_begins_where_its_output_lies():
    x = ag.ones((), device="meta", requires_grad=True)
    edge = ag.autograd.graph.get_gradient_edge(x * 2)
    assert ag.autograd.grad(edge, x)[0].device.type == "meta"
