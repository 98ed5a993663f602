"""Which dtype a result has: the lattice, wrapped numbers, casts that are refused."""

import itertools

import arcgrad as ag
import pytest

NAMES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64"]
INTEGERS = NAMES[1:6]
FLOATS = NAMES[6:]
PAIRS = list(itertools.product(NAMES, NAMES))


def dtype(name):
    return getattr(ag, name)


def kind(name):
    return 0 if name == "bool" else 1 if name in INTEGERS else 2


def promoted(a, b):
    """The lattice in words: the wider of a kind; uint8 with a signed one gives the next wider signed; kinds bool < int < float."""
    if a == b:
        return a
    if kind(a) != kind(b):
        return a if kind(a) > kind(b) else b
    if "uint8" in (a, b):
        other = b if a == "uint8" else a
        return "int16" if other == "int8" else other
    return max(a, b, key=NAMES.index)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_promotion_of_tensors(a, b):
    wanted = dtype(promoted(a, b))
    x, y = ag.ones(2, dtype=dtype(a)), ag.ones(2, dtype=dtype(b))
    assert ag.promote_types(dtype(a), dtype(b)) is wanted
    assert ag.result_type(x, y) is wanted
    assert (x * y).dtype is wanted and ag.where(x.bool(), x, y).dtype is wanted
    assert ag.maximum(x, y).dtype is wanted and ag.cat([x, y]).dtype is wanted
    assert (x == y).dtype is ag.bool and (x < y).dtype is ag.bool


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_tensor_without_axes_counts_only_if_its_kind_is_higher(a, b):
    x, y = ag.ones(2, dtype=dtype(a)), ag.ones((), dtype=dtype(b))
    wanted = dtype(a if kind(a) >= kind(b) else b)
    assert (x * y).dtype is wanted and (y * x).dtype is wanted and ag.result_type(x, y) is wanted


@pytest.mark.parametrize("a", NAMES)
def test_python_numbers_are_wrapped(a):
    x = ag.ones(2, dtype=dtype(a))
    assert (x * True).dtype is dtype(a)
    assert (x * 2).dtype is (ag.int64 if a == "bool" else dtype(a))
    assert (2 * x).dtype is (x * 2).dtype
    assert (x * 2.0).dtype is (dtype(a) if a in FLOATS else ag.float32)
    assert ag.result_type(x, 2) is (x * 2).dtype and ag.result_type(x, 2.0) is (x * 2.0).dtype
    assert ag.result_type(2, 2.0) is ag.float32 and ag.result_type(True, 2) is ag.int64


@pytest.mark.parametrize("a", NAMES)
def test_true_division_and_maths_of_integers_are_floating(a):
    x = ag.ones(2, dtype=dtype(a))
    wanted = dtype(a) if a in FLOATS else ag.float32
    for y in (x / 2, x / x, x.exp(), x.sqrt(), x.sin(), x.sigmoid(), ag.atan2(x, x), x.log(), x.reciprocal(), x.tanh()):
        assert y.dtype is wanted


@pytest.mark.parametrize("a", NAMES)
def test_dtypes_of_reductions(a):
    x = ag.ones(2, 2, dtype=dtype(a))
    summed = dtype(a) if a in FLOATS else ag.int64
    assert (
        x.sum().dtype is summed
        and x.sum(0).dtype is summed
        and x.prod().dtype is summed
        and x.cumsum(0).dtype is summed
    )
    assert x.max().dtype is dtype(a) and x.amax(0).dtype is dtype(a)
    assert x.any().dtype is (ag.uint8 if a == "uint8" else ag.bool)
    assert x.count_nonzero().dtype is ag.int64 and (x * 1).argmax().dtype is ag.int64
    if a in FLOATS:
        assert x.mean().dtype is dtype(a) and x.var().dtype is dtype(a)
    else:
        for call in (lambda: x.mean(), lambda: x.var(), lambda: x.std()):
            with pytest.raises(RuntimeError):
                call()


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_can_cast(a, b):
    assert ag.can_cast(dtype(a), dtype(b)) is (kind(a) <= kind(b))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_in_place_keeps_the_dtype_or_refuses(a, b):
    x, y = ag.ones(2, dtype=dtype(a)), ag.ones(2, dtype=dtype(b))
    if kind(promoted(a, b)) <= kind(a):
        assert x.mul_(y) is x and x.dtype is dtype(a)
    else:
        with pytest.raises(RuntimeError, match="can't be cast"):
            x.mul_(y)
        assert x._version == 0


def test_copy_casts_freely():
    x = ag.zeros(2, dtype=ag.int64)
    x.copy_(ag.tensor([1.9, -1.9]))
    assert x.tolist() == [1, -1]
    x[0] = 2.7
    assert x.tolist() == [2, -1]


def test_integer_arithmetic_wraps_around():
    assert (ag.tensor([127], dtype=ag.int8) + 1).item() == -128
    assert (ag.tensor([0], dtype=ag.uint8) - 1).item() == 255
    assert (ag.tensor([2**63 - 1]) + 1).item() == -(2**63)
    assert (ag.tensor([2**40]) * 2**40).item() == 0
    assert (-ag.tensor([-(2**63)])).item() == -(2**63)
    assert ag.tensor([-(2**63)]).abs().item() == -(2**63)
    assert (ag.tensor([-128], dtype=ag.int8) // -1).dtype is ag.int8
    assert ag.tensor([300.0]).to(ag.int64).to(ag.uint8).item() == 44


@pytest.mark.parametrize("name", INTEGERS)
def test_division_of_integers_by_zero(name):
    x, zero = ag.ones(2, dtype=dtype(name)), ag.zeros(2, dtype=dtype(name))
    for call in (
        lambda: x // zero,
        lambda: x % zero,
        lambda: ag.div(x, zero, rounding_mode="trunc"),
        lambda: ag.fmod(x, zero),
    ):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            call()
    assert (x / zero).tolist() == [float("inf")] * 2


def test_floor_division_and_remainder_follow_python():
    for a, b in itertools.product((-7, -1, 0, 1, 7), (-3, -2, 2, 3)):
        assert (ag.tensor([a]) // b).item() == a // b and (ag.tensor([a]) % b).item() == a % b
        assert (ag.tensor([float(a)]) // b).item() == float(a) // b and (ag.tensor([float(a)]) % b).item() == float(
            a
        ) % b


def test_bool_tensors_refuse_subtraction_and_negation():
    t = ag.tensor([True, False])
    for call in (lambda: t - t, lambda: -t, lambda: 1 - t, lambda: t - True):
        with pytest.raises(RuntimeError, match="(?i)bool"):
            call()
    assert (t + t).tolist() == [True, False] and (t * t).dtype is ag.bool and (~t).tolist() == [False, True]
    assert (t & True).tolist() == [True, False] and (t | ~t).all().item() and (t ^ t).any().item() is False


def test_integer_powers():
    assert (ag.tensor([2, 3]) ** 3).tolist() == [8, 27]
    assert (2 ** ag.tensor([0, 10])).tolist() == [1, 1024]
    with pytest.raises(RuntimeError, match="(?i)negative integer powers"):
        ag.tensor([2]) ** -1
    assert (ag.tensor([2.0]) ** -1).item() == 0.5 and (ag.tensor([2]) ** 0.5).dtype is ag.float32


def test_dtype_objects():
    assert ag.float is ag.float32 and ag.double is ag.float64 and ag.long is ag.int64 and ag.int is ag.int32
    assert ag.float32.is_floating_point and not ag.int64.is_floating_point and not ag.float32.is_complex
    assert ag.int8.itemsize == 1 and ag.float64.itemsize == 8 and ag.int64.is_signed and not ag.uint8.is_signed
    assert repr(ag.float32) == f"{ag.__name__}.float32" and str(ag.bool) == f"{ag.__name__}.bool"
    assert len({ag.float32, ag.float64, ag.float}) == 2
    assert ag.finfo(ag.float32).eps == 2**-23 and ag.finfo(ag.float64).max == 1.7976931348623157e308
    assert ag.iinfo(ag.int8).min == -128 and ag.iinfo(ag.uint8).max == 255
    with pytest.raises(TypeError):
        ag.finfo(ag.int64)
    with pytest.raises(TypeError):
        ag.float32()


def test_to_returns_itself_if_nothing_changes():
    x = ag.ones(2)
    assert x.to(ag.float32) is x and x.float() is x and x.to("cpu") is x and x.to(x) is x
    assert x.to(ag.float32, copy=True) is not x and x.double().dtype is ag.float64 and x.long().dtype is ag.int64
    assert x.type() == f"{ag.__name__}.FloatTensor" and x.type(ag.int64).dtype is ag.int64
    with pytest.raises((TypeError, RuntimeError)):
        x.to("float64")
    with pytest.raises((TypeError, RuntimeError)):
        x.to(object())
