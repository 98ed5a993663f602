"""Wrong input: a clear error that says what was given and what was expected; nothing crashes, hangs or half-changes."""

import arcgrad as ag
import numpy as np
import pytest

A = ag.arange(6.0).reshape(2, 3)
EXPECTED = (RuntimeError, TypeError, ValueError, IndexError, OverflowError, MemoryError)


def message(call, kind=EXPECTED):
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    assert text and "panic" not in text.lower() and type(caught.value).__name__ != "PanicException"
    return text


# ---- shapes ------------------------------------------------------------------------------------------------------

SHAPES = [
    (lambda: ag.ones(2, 3) + ag.ones(2, 4), ["3", "4"]),
    (lambda: ag.ones(2, 3) @ ag.ones(2, 3), ["2", "3"]),
    (lambda: ag.mm(ag.ones(2, 3), ag.ones(2, 3)), ["2", "3"]),
    (lambda: ag.ones(2, 3) @ ag.ones(4), ["3", "4"]),
    (lambda: ag.ones(2, 3).view(7), ["7", "6"]),
    (lambda: ag.ones(2, 3).reshape(4, -1), ["6"]),
    (lambda: ag.cat([ag.ones(2, 3), ag.ones(2, 4)]), ["3", "4"]),
    (lambda: ag.stack([ag.ones(2), ag.ones(3)]), ["2", "3"]),
    (lambda: ag.ones(2, 3).expand(3, 3), ["2", "3"]),
    (lambda: ag.ones(3).dot(ag.ones(4)), ["3", "4"]),
    (lambda: ag.nn.functional.linear(ag.ones(2, 3), ag.ones(4, 5)), ["3", "5"]),
    (lambda: ag.nn.functional.conv2d(ag.ones(1, 2, 4, 4), ag.ones(1, 3, 2, 2)), ["2", "3"]),
    (lambda: ag.einsum("ij,jk->ik", ag.ones(2, 3), ag.ones(4, 5)), ["3", "4"]),
    (lambda: ag.ones(2, 3).copy_(ag.ones(4)), ["3", "4"]),
    (lambda: ag.where(ag.ones(2, dtype=ag.bool), ag.ones(3), ag.ones(3)), ["2", "3"]),
    (lambda: ag.bmm(ag.ones(2, 3, 4), ag.ones(3, 4, 5)), ["2", "3"]),
    (lambda: ag.ones(2, 3).masked_fill(ag.ones(5, dtype=ag.bool), 0.0), ["5", "3"]),
    (lambda: ag.ones(2, 3).split([1, 5], 1), ["3"]),
    (lambda: ag.ones(2, 3).unflatten(1, (2, 2)), ["3"]),
]


@pytest.mark.parametrize(("call", "numbers"), SHAPES)
def test_shapes_that_do_not_fit_are_named(call, numbers):
    text = message(call)
    assert all(n in text for n in numbers), text


# ---- axes --------------------------------------------------------------------------------------------------------

WITH_AXIS = [
    "sum",
    "mean",
    "prod",
    "var",
    "std",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "all",
    "any",
    "logsumexp",
    "cumsum",
    "cumprod",
    "softmax",
    "log_softmax",
    "squeeze",
    "unbind",
    "sort",
    "argsort",
    "flip",
    "max",
    "min",
    "count_nonzero",
]


@pytest.mark.parametrize("name", WITH_AXIS)
@pytest.mark.parametrize("axis", [2, -3, 2**40, -(2**63)])
def test_axes_out_of_range_are_index_errors(name, axis):
    text = message(lambda: getattr(A, name)(axis), IndexError)
    assert "Dimension out of range" in text and "[-2, 1]" in text and str(axis) in text


@pytest.mark.parametrize("name", ["sum", "mean", "softmax", "cumsum", "argmax", "squeeze", "sort"])
@pytest.mark.parametrize("axis", ["0", 1.5, [1.5], {}, object()])
def test_axes_of_the_wrong_type(name, axis):
    message(lambda: getattr(A, name)(axis), (TypeError, RuntimeError))


def test_repeated_and_missing_axes():
    message(lambda: A.sum((0, 0)), RuntimeError)
    message(lambda: A.sum((0, -2)), RuntimeError)
    message(lambda: A.permute(0), RuntimeError)
    message(lambda: A.permute(0, 0), RuntimeError)
    message(lambda: A.permute(0, 2), IndexError)
    message(lambda: A.transpose(0, 2), IndexError)
    message(lambda: A.unsqueeze(4), IndexError)
    message(lambda: A.select(0, 2), IndexError)
    message(lambda: ag.tensor(5.0).select(0, 0), IndexError)
    message(lambda: ag.tensor(5.0).select(-1, -3), IndexError)
    message(lambda: A.narrow(0, 1, 2))
    message(lambda: A.narrow(0, 0, -1))
    message(lambda: A.movedim((0, 1), (0,)), RuntimeError)
    message(lambda: A.diagonal(0, 0, 0), RuntimeError)
    message(lambda: A.roll((1, 2), 0), RuntimeError)


def test_empty_reductions_without_a_neutral_element():
    for name in ("max", "min", "amax", "amin", "argmax", "argmin"):
        message(lambda: getattr(ag.zeros(0), name)())
        message(lambda: getattr(ag.zeros(2, 0), name)(1))
        assert tuple(ag.zeros(2, 0).sum(1).shape) == (2,)
    assert ag.zeros(0).sum().item() == 0 and ag.zeros(0).prod().item() == 1 and ag.zeros(0).mean().isnan().item()


# ---- types -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "div", "pow", "maximum", "atan2", "eq", "lt", "mm", "matmul", "dot"]
)
@pytest.mark.parametrize("other", ["text", None, [1.0], (1.0,), {}, object(), b"bytes"])
def test_operands_of_the_wrong_type(name, other):
    text = message(lambda: getattr(ag, name)(ag.ones(2), other), TypeError)
    assert name in text
    message(lambda: getattr(ag, name)(other, ag.ones(2)), TypeError)
    message(lambda: getattr(ag.ones(2), name)(other), TypeError)


@pytest.mark.parametrize(
    "name",
    [
        "exp",
        "sin",
        "sum",
        "mean",
        "relu",
        "sigmoid",
        "transpose",
        "reshape",
        "cat",
        "stack",
        "argmax",
        "softmax",
        "clone",
        "unique",
    ],
)
@pytest.mark.parametrize("given", [3, "text", None, object()])
def test_first_arguments_that_are_no_tensors(name, given):
    message(lambda: getattr(ag, name)(given), TypeError)


@pytest.mark.parametrize("name", ["exp", "sin", "relu", "t", "clone", "abs"])
def test_too_many_and_unknown_arguments(name):
    message(lambda: getattr(ag.ones(2), name)(1, 2, 3), TypeError)
    message(lambda: getattr(ag.ones(2), name)(nonsense=1), TypeError)
    message(lambda: getattr(ag, name)(), TypeError)


def test_arguments_given_twice_or_missing():
    message(lambda: A.sum(0, dim=0), TypeError)
    message(lambda: A.transpose(0), TypeError)
    message(lambda: A.sum(0, axis=1), TypeError)
    message(lambda: ag.add(A), TypeError)
    message(lambda: ag.add(A, A, A, A), TypeError)
    message(lambda: A.clamp(), (RuntimeError, ValueError, TypeError))
    message(lambda: ag.where(A > 0, A), TypeError)
    message(lambda: ag.full((2,)), TypeError)


def test_out_of_the_wrong_type():
    for bad in (3, "out", [ag.ones(2)], object()):
        message(lambda: ag.exp(ag.ones(2), out=bad), TypeError)


def test_mismatched_dtypes_are_named():
    text = message(lambda: ag.mm(ag.ones(2, 2), ag.ones(2, 2, dtype=ag.float64)), RuntimeError)
    assert ("float" in text.lower() and "double" in text.lower()) or ("float32" in text and "float64" in text)
    message(lambda: ag.ones(2).gather(0, ag.tensor([0.0])), (RuntimeError, TypeError, IndexError))
    message(lambda: ag.ones(2).index_select(0, ag.tensor([0.0])), (RuntimeError, TypeError, IndexError))
    message(lambda: ag.nn.functional.embedding(ag.tensor([0.0]), ag.ones(2, 2)), (RuntimeError, TypeError))
    message(lambda: ag.nn.functional.nll_loss(ag.ones(2, 2), ag.ones(2)), (RuntimeError, TypeError))
    message(lambda: ag.ones(2) & ag.ones(2), (RuntimeError, TypeError, NotImplementedError))
    message(lambda: ~ag.ones(2), (RuntimeError, TypeError, NotImplementedError))


def test_values_out_of_range():
    message(lambda: A.split(0))
    message(lambda: A.split(-1))
    message(lambda: A.chunk(0))
    message(lambda: A.topk(9))
    message(lambda: A.topk(-1))
    message(lambda: ag.nn.functional.dropout(A, 1.5), ValueError)
    message(lambda: ag.nn.functional.dropout(A, -0.5), ValueError)
    message(lambda: ag.nn.functional.one_hot(ag.tensor([3]), 2))
    message(lambda: ag.nn.functional.one_hot(ag.tensor([-1])))
    message(lambda: ag.nn.functional.cross_entropy(ag.ones(1, 2), ag.tensor([2])), (IndexError, RuntimeError))
    message(lambda: ag.nn.functional.cross_entropy(ag.ones(1, 2), ag.tensor([-1])), (IndexError, RuntimeError))
    message(lambda: ag.nn.functional.embedding(ag.tensor([2]), ag.ones(2, 2)), (IndexError, RuntimeError))
    message(lambda: ag.nn.functional.mse_loss(A, A, reduction="average"), ValueError)
    message(lambda: ag.div(A, 2, rounding_mode="up"), RuntimeError)
    message(lambda: ag.nn.functional.conv2d(ag.ones(1, 1, 3, 3), ag.ones(1, 1, 2, 2), stride=0), RuntimeError)
    message(lambda: ag.nn.functional.conv2d(ag.ones(1, 1, 3, 3), ag.ones(1, 1, 2, 2), padding=-1), RuntimeError)
    message(lambda: ag.nn.functional.conv2d(ag.ones(1, 1, 3, 3), ag.ones(1, 1, 2, 2), dilation=0), RuntimeError)
    message(lambda: ag.nn.functional.max_pool2d(ag.ones(1, 1, 3, 3), 0), RuntimeError)
    message(lambda: A.repeat(-1, 1), RuntimeError)
    message(lambda: A.repeat(2), RuntimeError)
    message(lambda: A.repeat_interleave(-1), RuntimeError)
    message(lambda: ag.tril(ag.ones(3)), RuntimeError)


@pytest.mark.parametrize(
    "equation",
    ["", "ij", "ij,jk,kl->il", "i-j", "ij->ii", "ij,jk->zz", "ij..,jk", "1j,jk->1k", "ij,jk->ik->x", "->", "ij,,jk"],
)
def test_bad_equations(equation):
    if equation in ("", "->"):
        message(lambda: ag.einsum(equation, ag.ones(2, 3)))
    else:
        message(lambda: ag.einsum(equation, ag.ones(2, 3), ag.ones(3, 4)))
    message(lambda: ag.einsum(3, ag.ones(2, 3)), (TypeError, RuntimeError, IndexError, ValueError))


# ---- sizes -------------------------------------------------------------------------------------------------------

HUGE = [
    lambda: ag.zeros(2**62),
    lambda: ag.empty(2**40, 2**40),
    lambda: ag.ones(2**31, 2**31, 2**31),
    lambda: ag.zeros(2**63 - 1),
    lambda: ag.ones(1).expand(2**60).clone(),
    lambda: ag.ones(1).expand(2**60) + 1,
    lambda: ag.ones(1).expand(2**60).exp(),
    lambda: ag.ones(1).repeat(2**60),
    lambda: ag.arange(2**61),
    lambda: ag.linspace(0, 1, 2**61),
    lambda: ag.eye(2**31),
    lambda: ag.full((2**61,), 1.0),
    lambda: ag.rand(2**61),
    lambda: ag.randperm(2**61),
    lambda: ag.ones(1, 1).expand(2**30, 1) @ ag.ones(1, 1).expand(1, 2**31),
    lambda: ag.ones(1).expand(2**60).cumsum(0),
    lambda: ag.ones(1).expand(2**60).sort(),
    lambda: ag.cat([ag.ones(1).expand(2**60)] * 4),
    lambda: ag.ones(2).resize_(2**59),
    lambda: ag.nn.functional.adaptive_avg_pool3d(ag.ones(1, 1, 2, 2, 2), (2**40, 0, 1)),
    lambda: ag.nn.functional.interpolate(ag.ones(1, 0, 2), size=2**40, mode="linear"),
    lambda: ag.nn.functional.one_hot(ag.tensor([0]), 2**61),
    lambda: ag.ones(1, 1, 1, 1).new_zeros(2**62),
    lambda: ag.ones(1).expand(2**61).contiguous(),
    lambda: ag.ones(1).repeat_interleave(2**61),
    lambda: ag.zeros(2**20, 2**20, 2**20, 2**20),
    # Of the address space there would be enough, of memory not.
    lambda: ag.zeros(2**42),
    lambda: ag.ones(2**40) + 1,
    lambda: ag.rand(2**40),
    lambda: ag.ones(2**20).expand(2**20, 2**20) + 1,
    lambda: ag.ones(2**20).repeat(2**20),
    lambda: ag.zeros(2**62, 0).tolist(),
    lambda: ag.ones(1).expand(2**42).tolist(),
    lambda: ag.zeros(2**42, 0).unbind(),
    lambda: ag.zeros(2**42, 0).split(1),
    lambda: ag.nn.functional.pad(ag.ones(1, 2, 3), (2**42, 0), mode="replicate"),
    lambda: ag.zeros(0).chunk(2**42),
    lambda: ag.nn.functional.adaptive_avg_pool1d(ag.zeros(0, 2), 2**42),
    lambda: ag.nn.functional.adaptive_max_pool1d(ag.ones(2, 3), 2**42),
    lambda: ag.nn.functional.adaptive_max_pool2d(ag.ones(2, 3, 3), (2**40, 2**40)),
    lambda: ag.nn.functional.interpolate(ag.ones(1, 1, 3), size=2**42),
]


@pytest.mark.parametrize("call", HUGE)
def test_huge_sizes_are_errors_not_aborts(call):
    message(call, (MemoryError, RuntimeError, OverflowError, ValueError, TypeError))


@pytest.mark.arcgrad_only  # PyTorch raises RuntimeError
@pytest.mark.parametrize("call", HUGE)
def test_huge_sizes_are_memory_errors(call):
    message(call, MemoryError)


def test_rows_without_elements_cost_nothing():
    assert ag.triu_indices(2**40, 2).tolist() == [[0, 0, 1], [0, 1, 1]]
    assert ag.tril_indices(2**62, 3, -(2**62) + 1).tolist() == [[2**62 - 1], [0]]
    assert ag.triu_indices(2**40, 2, 5).shape == (2, 0)
    assert ag.triu_indices(2**40, 0, -(2**40)).shape == (2, 0)
    assert ag.zeros(2, 0, 2**40).diff(2**39).shape == (2, 0, 2**39)
    message(lambda: ag.tril_indices(2**62, 3), MemoryError)
    empty = ag.zeros(2**40, 0, requires_grad=True)
    assert ag.softmax(empty, 1).shape == ag.log_softmax(empty, 1).shape == (2**40, 0)
    ag.softmax(empty, 1).sum().backward()
    assert empty.grad.shape == (2**40, 0)


def test_lengths_near_the_end_of_the_integers():
    most = 2**63 - 1
    assert [part.tolist() for part in ag.arange(3).split(most)] == [[0, 1, 2]]
    assert [part.tolist() for part in ag.arange(3).chunk(most)] == [[0], [1], [2]]
    assert "sum exactly" in message(lambda: ag.arange(3).split([2**62, 2**62, 2**62, 2**62, 3]))
    message(lambda: ag.nn.functional.pad(ag.ones(3), (-(2**63), most)), RuntimeError)


@pytest.mark.parametrize("size", [2**63, 2**64, 10**30, -(2**63)])
def test_sizes_beyond_the_integers(size):
    message(lambda: ag.zeros(size))
    message(lambda: ag.ones(2).expand(size))
    message(lambda: ag.ones(2).view(size))


def test_huge_numbers():
    assert (ag.ones(1) * 1e300).item() == float("inf")
    message(lambda: ag.ones(1, dtype=ag.int64) + 2**64)
    message(lambda: ag.ones(1, dtype=ag.int64) * 10**30)
    message(lambda: ag.full((1,), 10**400))
    message(lambda: ag.tensor(10**400))
    message(lambda: ag.ones(1).fill_(10**400))


NO_ROOM = [
    ("int8", 300),
    ("int8", -129),
    ("int16", 2**63 - 1),
    ("int32", -(2**63)),
    ("uint8", 256),
    ("uint8", -256),
    ("uint8", -2.7),
    ("int32", 1e10),
    ("int64", 1e40),
    ("int64", float("nan")),
    ("int32", float("inf")),
    ("float32", 1e40),
    ("float32", -1e300),
]


@pytest.mark.parametrize(("dtype", "number"), NO_ROOM)
def test_numbers_without_room_in_the_dtype_are_refused(dtype, number):
    ones = ag.ones(2, dtype=getattr(ag, dtype))
    mask, first = ag.tensor([True, False]), ag.tensor([0])
    calls = [
        lambda: ones.fill_(number),
        lambda: ones.masked_fill(mask, number),
        lambda: ones.masked_fill_(mask, number),
        lambda: ones.index_fill(0, first, number),
        lambda: ones.index_fill_(0, first, number),
        lambda: ones.__setitem__(0, number),
        lambda: ones.__setitem__(mask, number),
        lambda: ones.__setitem__(first, number),
        lambda: ag.full((2,), number, dtype=ones.dtype),
        lambda: ag.full_like(ones, number),
        lambda: ones.new_full((2,), number),
    ]
    if isinstance(number, int) or dtype == "float32":
        calls.append(lambda: ag.where(mask, ones, number))
        calls.append(lambda: ag.where(mask, number, ones))
    for call in calls:
        assert "without overflow" in message(call, RuntimeError)
        assert ones.tolist() == [1, 1]


def test_numbers_are_cut_to_the_category_they_are_stored_in():
    mask = ag.tensor([True, False])
    assert ag.ones(2, dtype=ag.int64).masked_fill(mask, 2.7).tolist() == [2, 1]
    assert ag.ones(2, dtype=ag.int8).masked_fill_(mask, -2.7).tolist() == [-2, 1]
    assert ag.zeros(2, dtype=ag.bool).masked_fill(mask, float("nan")).tolist() == [True, False]
    assert ag.ones(2, dtype=ag.uint8).masked_fill(mask, -1).tolist() == [255, 1]
    assert ag.zeros(2).masked_fill(mask, float("inf")).tolist() == [float("inf"), 0.0]


def test_limits_beyond_an_integer_dtype_exclude_nothing_or_are_refused():
    for dtype in (ag.int8, ag.uint8, ag.int32):
        ones = ag.ones(2, dtype=dtype)
        beyond = 2**63 - 1
        for low, high in ((None, beyond), (-beyond, None), (-beyond, beyond)):
            assert ones.clamp(low, high).tolist() == [1, 1] and ones.clamp(low, high).dtype is dtype
        assert "outside the representable range" in message(lambda: ones.clamp(max=-beyond), RuntimeError)
        assert "outside the representable range" in message(lambda: ones.clamp(min=beyond), RuntimeError)
        assert "outside the representable range" in message(lambda: ones.clamp_(beyond, beyond), RuntimeError)


def test_operations_without_a_kernel_for_the_dtype_say_so():
    long, text = ag.ones(2, 2, dtype=ag.int64), "not implemented for 'Long'"
    for call in (
        lambda: ag.softmax(long, 1),
        lambda: ag.nn.functional.log_softmax(long, 1),
        lambda: ag.nn.functional.cross_entropy(long, ag.tensor([0, 1])),
        lambda: ag.nn.BatchNorm1d(2)(long),
    ):
        assert text in message(call, NotImplementedError)
    assert "not implemented for 'Float'" in message(lambda: ag.ones(2) & 1, NotImplementedError)


@pytest.mark.parametrize("name", ["exp", "tanh", "asin", "div", "add", "sigmoid"])
def test_an_output_of_a_wrong_dtype_keeps_its_shape(name):
    given = [ag.ones(3), ag.ones(3)] if name in ("div", "add") else [ag.ones(3)]
    out = ag.zeros(2, dtype=ag.int64)
    assert "can't be cast to the desired output type" in message(lambda: getattr(ag, name)(*given, out=out))
    assert out.tolist() == [0, 0]


# ---- the graph ---------------------------------------------------------------------------------------------------


def test_calls_on_things_that_are_no_tensors():
    message(lambda: ag.autograd.backward(3), (TypeError, RuntimeError))
    message(lambda: ag.ones(1, requires_grad=True).backward(3), TypeError)
    message(lambda: ag.ones(1, requires_grad="yes"), TypeError)
    message(lambda: ag.ones(1).requires_grad_("yes"), TypeError)


def test_a_subclass_with_an_init_of_its_own():
    class Mine(ag.Tensor):
        pass

    t = ag.ones(2).as_subclass(Mine)
    assert isinstance(t, Mine) and t.sum().item() == 2
    message(lambda: ag.ones(2).as_subclass(int), TypeError)
    message(lambda: ag.ones(2).as_subclass(3), TypeError)


def test_objects_that_raise_while_they_are_converted():
    class Raises:
        def __index__(self):
            raise LookupError("mine")

        __float__ = __int__ = __len__ = __index__

        def __getitem__(self, i):
            raise LookupError("mine")

    for call in (
        lambda: ag.ones(Raises()),
        lambda: ag.tensor([Raises()]),
        lambda: A.sum(Raises()),
        lambda: A.reshape(Raises()),
        lambda: A + Raises(),
        lambda: A[Raises()],
    ):
        with pytest.raises((LookupError, TypeError, ValueError, RuntimeError)):
            call()


def test_errors_leave_tensors_unchanged():
    x = ag.arange(4.0)
    for call in (
        lambda: x.add_(ag.ones(3)),
        lambda: x.mul_("a"),
        lambda: x.copy_(ag.ones(5)),
        lambda: x.clamp_(),
        lambda: x.view(3),
        lambda: x.index_add_(0, ag.tensor([0]), ag.ones(2)),
        lambda: x.masked_fill_(ag.ones(3, dtype=ag.bool), 1.0),
        lambda: x.uniform_(2, 1),
        lambda: x.div_(2, rounding_mode="up"),
        lambda: x.transpose_(0, 1),
        lambda: x.unsqueeze_(5),
    ):
        message(call)
        assert x.tolist() == [0.0, 1.0, 2.0, 3.0] and x.shape == (4,)


@pytest.mark.arcgrad_only  # PyTorch is left with the negative size
def test_a_refused_resize_changes_nothing():
    x = ag.arange(4.0)
    message(lambda: x.resize_(-2))
    message(lambda: x.resize_(2**61))
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0] and x.shape == (4,)


def test_missing_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no_such_name"):
        ag.no_such_name
    with pytest.raises(AttributeError, match="no_such_name"):
        ag.ones(1).no_such_name
    with pytest.raises(AttributeError, match="no_such_name"):
        ag.nn.functional.no_such_name
    assert not hasattr(ag.ones(1), "no_such_name")


def test_read_only_and_strided_arrays_as_operands():
    a = np.arange(6.0).reshape(2, 3)
    a.setflags(write=False)
    assert ag.tensor(a.T).tolist() == a.T.tolist()


# ---- how arguments are given -------------------------------------------------------------------------------------

F = ag.nn.functional
Z, M34 = ag.ones(2, 3, 4), ag.ones(3, 4)


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_keepdim_needs_dim(name):
    function, method = getattr(ag, name), getattr(Z, name)
    for keep in ({"keepdim": True}, {"keepdims": True}, {"keepdim": False}):
        message(lambda: function(Z, **keep), TypeError)
        message(lambda: method(**keep), TypeError)
    assert function(Z, dim=None, keepdim=True).shape == method(None, True).shape == (1, 1, 1)
    assert function(Z, (), True).shape == (1, 1, 1)


@pytest.mark.parametrize("name", ["any", "all", "amax", "amin", "argmax", "argmin", "var", "std"])
def test_some_reductions_keep_all_axes(name):
    assert getattr(ag, name)(Z, keepdim=True).shape == getattr(Z, name)(keepdims=True).shape == (1, 1, 1)


def test_keepdim_of_reductions_with_a_signature_of_their_own_for_everything():
    for name in ("prod", "max", "min", "median"):
        message(lambda: getattr(ag, name)(Z, keepdim=True), TypeError)
    for name in ("var", "std"):
        message(lambda: getattr(ag, name)(Z, unbiased=False, keepdim=True), TypeError)
    message(lambda: ag.logsumexp(Z, None), TypeError)


LOOSE = {"reshape": (6, 4), "permute": (2, 0, 1), "flip": (0, 1), "tile": (2, 2), "broadcast_to": (2, 3, 4)}


@pytest.mark.parametrize("name", sorted(LOOSE))
def test_functions_take_integers_as_a_list_and_methods_also_loose(name):
    ints, function, method = LOOSE[name], getattr(ag, name), getattr(Z, name)
    assert function(Z, ints).shape == function(Z, list(ints)).shape == method(*ints).shape == method(ints).shape
    assert "tuple of ints, not int" in message(lambda: function(Z, ints[0]), TypeError)
    message(lambda: function(Z, *ints), TypeError)


def test_a_list_of_integers_given_by_name_is_a_list():
    for call in (
        lambda: Z.permute(dims=0),
        lambda: Z.flip(dims=0),
        lambda: Z.expand(size=2),
        lambda: Z.repeat(repeats=2),
        lambda: Z.view(size=24),
        lambda: ag.zeros(size=2),
        lambda: ag.rand(size=2),
        lambda: Z.new_ones(size=2),
        lambda: ag.full(2, 1.0),
        lambda: ag.randint(3, 2),
        lambda: ag.empty_strided(2, 1),
        lambda: Z.as_strided(2, (1,)),
        lambda: Z.as_strided((2,), 1),
        lambda: Z.unflatten(2, 4),
        lambda: Z.split_with_sizes(4, 2),
        lambda: Z.rot90(1, 0),
        lambda: Z.rot90(1, None),
        lambda: F.pad(Z, 1),
        lambda: F.layer_norm(Z, 4),
        lambda: F.rms_norm(Z, 4),
    ):
        message(call, TypeError)
    assert Z.sum(dim=0).shape == Z.sum(dim=(0,)).shape and Z.roll(shifts=1, dims=0).shape == Z.shape


def test_axes_that_are_all_a_caller_can_give_may_be_loose():
    x = ag.ones(1, 3, 1)
    assert x.squeeze(0, 2).shape == x.squeeze((0, 2)).shape == ag.squeeze(x, (0, 2)).shape == (3,)
    assert x.count_nonzero(0, 1).shape == (1,)
    message(lambda: x.squeeze(None), TypeError)
    message(lambda: ag.squeeze(x, dim=None), TypeError)
    message(lambda: x.sum(0, 1), TypeError)  # the second would be keepdim
    message(lambda: x.std(0, 1), TypeError)


def test_movedim_moves_one_axis_or_a_list_of_them():
    assert Z.movedim(0, 1).shape == (3, 2, 4) and Z.movedim((0, 1), (1, 0)).shape == (3, 2, 4)
    message(lambda: Z.movedim(0, (1,)), TypeError)
    message(lambda: Z.movedim((0,), 1), TypeError)


def test_tensors_of_truth_values_are_no_axes():
    yes = ag.tensor(True)
    for call in (lambda: Z.cumsum(yes), lambda: Z.unsqueeze(yes), lambda: Z.transpose(yes, 0), lambda: Z.argmax(yes)):
        message(call, TypeError)
    assert Z.cumsum(ag.tensor(1)).shape == Z.shape
    # An integer tensor is an axis where only an axis can be meant, and else the other operand.
    assert ag.max(ag.tensor(0.5), ag.tensor(1)).item() == 1.0


def test_operands_that_have_to_be_tensors():
    for call in (lambda: ag.rsub(1, M34), lambda: ag.copysign(1, M34)):
        message(call, TypeError)
    assert ag.rsub(M34, 1).shape == ag.copysign(M34, 1).shape == (3, 4)


def test_nothing_may_be_given_where_any_number_of_tensors_may():
    assert ag.atleast_1d() == ag.broadcast_tensors() == () and ag.block_diag().numel() == 0
    message(lambda: ag.meshgrid(), RuntimeError)
    message(lambda: ag.cartesian_prod(), RuntimeError)


# ---- classes of errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [ag.int64, ag.bool])
def test_dtypes_that_an_operation_does_not_compute_in_are_not_implemented(dtype):
    x = ag.ones(2, 3, dtype=dtype)
    for call in (
        lambda: x.mean(),
        lambda: x.var(0),
        lambda: x.std(),
        lambda: x.norm(),
        lambda: ag.linalg.vector_norm(x),
        lambda: x.softmax(0),
        lambda: x.log_softmax(0),
        lambda: x.logcumsumexp(0),
    ):
        message(call, NotImplementedError)


def test_truth_values_that_are_not_computed_with_are_not_implemented():
    x = ag.ones(2, 2, dtype=ag.bool)
    for call in (
        lambda: x - x,
        lambda: ag.sub(ag.ones(2), x),
        lambda: ag.rsub(x, 1),
        lambda: -x,
        lambda: +x,
        lambda: x.relu(),
        lambda: F.hardtanh(x),
        lambda: x // x,
        lambda: ag.pow(x, x),
        lambda: x.floor(),
        lambda: x @ x,
        lambda: ag.addcmul(x, x, x),
        lambda: x.topk(1),
        lambda: x.kthvalue(1),
        lambda: x.median(),
        lambda: x.nanmedian(0),
        lambda: ag.isin(x, x),
        lambda: ag.ones(2).cumsum(0, dtype=ag.bool),
        lambda: ag.ones(2).cumprod(0, dtype=ag.bool),
    ):
        message(call, NotImplementedError)


def test_the_axis_is_looked_at_before_the_dtype():
    for name in ("logcumsumexp", "softmax", "log_softmax", "cumsum"):
        message(lambda: getattr(ag, name)(ag.ones(2, dtype=ag.int64), 3), IndexError)


def test_axes_and_positions_that_are_not_there_are_index_errors():
    for call in (
        lambda: ag.ones(()).mv(ag.ones(2)),
        lambda: ag.bilinear(ag.ones(2), ag.ones(2), ag.ones(2, 2)),
        lambda: ag.diag_embed(ag.ones(())),
        lambda: ag.zeros(0).kthvalue(1),
        lambda: ag.ones(3).put_(ag.tensor([0]), ag.ones(2)),
        lambda: ag.ones(3).index_copy_(0, ag.tensor([0, 1]), ag.ones(3)),
        lambda: ag.ones(3).index_copy_(0, ag.tensor([0]), ag.ones(1, 1)),
        lambda: ag.repeat_interleave(ag.ones(()), 2, 0),
        lambda: ag.repeat_interleave(ag.ones(()), ag.tensor([2]), -1),
    ):
        message(call, IndexError)


def test_values_that_contradict_each_other():
    message(lambda: F.hardtanh(M34, 2.0, 1.0), ValueError)
    message(lambda: ag.diff(ag.ones(2), prepend=ag.ones(())), RuntimeError)
    message(lambda: ag.diff(ag.ones(2), append=ag.ones(1, 1)), RuntimeError)
    for norm in (ag.norm, ag.linalg.vector_norm):
        message(lambda: norm(ag.zeros(0), float("inf")), RuntimeError)
        assert norm(ag.zeros(2, 0), float("inf"), 0).shape == (0,)
    message(lambda: ag.ones(3).index_fill_(0, ag.tensor([[0]]), 1), RuntimeError)


# ---- nothing to do is not an error -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [ag.int64, ag.bool])
def test_softmax_of_nothing_has_any_dtype(dtype):
    for function in (ag.softmax, ag.log_softmax):
        result = function(ag.zeros(0, 3, dtype=dtype), 1)
        assert result.shape == (0, 3) and result.dtype is dtype


def test_products_of_empty_truth_values():
    def empty(*shape):
        return ag.zeros(*shape, dtype=ag.bool)

    assert ag.mm(empty(2, 0), empty(0, 3)).tolist() == [[False] * 3] * 2
    assert ag.bmm(empty(2, 2, 0), empty(2, 0, 1)).tolist() == [[[False]] * 2] * 2
    assert ag.mv(empty(2, 0), empty(0)).tolist() == [False] * 2
    assert (empty(0, 2) @ empty(2, 3)).shape == (0, 3)


def test_an_empty_index_has_any_dtype():
    nothing = ag.zeros(0)
    assert ag.gather(ag.ones(3), 0, nothing).shape == (0,)
    for name in ("scatter", "scatter_add"):
        assert getattr(ag, name)(ag.ones(3), 0, nothing, ag.zeros(3)).tolist() == [1.0] * 3
    assert ag.scatter_reduce(ag.ones(3), 0, nothing, ag.zeros(3), "sum").tolist() == [1.0] * 3
    message(lambda: ag.gather(ag.ones(3), 5, nothing), IndexError)
    message(lambda: ag.index_select(ag.ones(3), 0, nothing), RuntimeError)


def test_nothing_is_divided_by_zero():
    nothing = ag.zeros(0, dtype=ag.int64)
    for name in ("floor_divide", "remainder", "fmod"):
        assert getattr(ag, name)(nothing, 0).shape == (0,)
        message(lambda: getattr(ag, name)(ag.ones(1, dtype=ag.int64), 0), RuntimeError)
