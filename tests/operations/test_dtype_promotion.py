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


F = ag.nn.functional
#: What PyTorch computes of floats only, without promotion.
OF_FLOATS = {
    "frac": ag.frac,
    "round(decimals)": lambda x: ag.round(x, decimals=1),
    "lerp": lambda x: ag.lerp(x, x, 0.5),
    "lerp(weights)": lambda x: ag.lerp(x, x, x),
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "celu": F.celu,
    "gelu": F.gelu,
    "gelu(tanh)": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "logsigmoid": F.logsigmoid,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "hardshrink": F.hardshrink,
    "softshrink": F.softshrink,
    "glu": F.glu,
    "prelu": lambda x: F.prelu(x, ag.ones(1, dtype=x.dtype)),
}


@pytest.mark.parametrize("name", ["bool", *INTEGERS])
@pytest.mark.parametrize("op", OF_FLOATS)
def test_what_takes_floats_only_refuses_integers(op, name):
    with pytest.raises(NotImplementedError):
        OF_FLOATS[op](ag.ones(2, 2, dtype=dtype(name)))
    assert OF_FLOATS[op](ag.ones(2, 2, dtype=ag.float64)).dtype is ag.float64


@pytest.mark.parametrize("name", INTEGERS)
def test_threshold_of_integers_is_one_of_integers(name):
    result = F.threshold(ag.tensor([0, 1, 2, 3], dtype=dtype(name)), 1.5, 7.9)
    assert result.dtype is dtype(name) and result.tolist() == [7, 7, 2, 3]


def test_truth_values_are_refused_where_they_have_no_meaning():
    x = ag.tensor([[True, False], [True, True]])
    for call in (ag.abs, ag.trace, lambda x: ag.clamp(x, x, x), lambda x: F.threshold(x, 0, 1)):
        with pytest.raises(NotImplementedError):
            call(x)


def test_a_number_that_an_integer_dtype_has_no_room_for_is_refused():
    x = ag.ones(2, dtype=ag.uint8)
    with pytest.raises(RuntimeError, match="without overflow"):
        x**300
    with pytest.raises(RuntimeError, match="without overflow"):
        ag.addcmul(x, x, x, value=300)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        x // 0


X = [[1.0, -2.0], [3.0, 4.0]]
PLACES = [[0, 1], [1, 0]]
#: What PyTorch does not promote, it does not cast into `out=` either.
UNCAST = {
    "neg": ag.neg,
    "abs": ag.abs,
    "floor": ag.floor,
    "signbit": ag.signbit,
    "nan_to_num": ag.nan_to_num,
    "clamp": lambda x, out: ag.clamp(x, 0.0, 1.0, out=out),
    "amax": lambda x, out: ag.amax(x, 0, out=out),
    "argmax": lambda x, out: ag.argmax(x, 0, out=out),
    "any": lambda x, out: ag.any(x, 0, out=out),
    "mm": lambda x, out: ag.mm(x, x, out=out),
    "addmm": lambda x, out: ag.addmm(x, x, x, out=out),
    "tril": ag.tril,
    "gather": lambda x, out: ag.gather(x, 0, ag.tensor(PLACES), out=out),
    "msort": ag.msort,
    "softmax": lambda x, out: ag.softmax(x, 0, out=out),
}
CAST = {
    "exp": ag.exp,
    "square": ag.square,
    "add": lambda x, out: ag.add(x, x, out=out),
    "eq": lambda x, out: ag.eq(x, x, out=out),
    "outer": lambda x, out: ag.outer(x[0], x[1], out=out),
    "cat": lambda x, out: ag.cat([x, x], out=out),
    "var": lambda x, out: ag.var(x, 0, out=out),
}


@pytest.mark.parametrize("op", UNCAST)
def test_what_is_not_promoted_is_not_cast_into_out(op):
    out = ag.full((5,), 9.0, dtype=ag.float64)
    refusal = "Expected out tensor to have dtype|Expected the dtype for input and out|only supports bool|non-boolean outputs"
    with pytest.raises(RuntimeError, match=refusal):
        UNCAST[op](ag.tensor(X), out=out)
    assert out.tolist() == [9.0] * 5


@pytest.mark.parametrize("op", CAST)
def test_what_is_promoted_is_cast_into_out(op):
    out = ag.empty(0, dtype=ag.float64)
    assert CAST[op](ag.tensor(X), out=out) is out and out.numel() > 0


def test_out_chooses_the_dtype_that_may_be_chosen():
    x = ag.tensor([[1.5, 2.5], [1.5, 2.5]])
    assert ag.sum(x, 0, out=ag.empty(0, dtype=ag.int64)).tolist() == [2, 4]
    assert ag.zeros(2, out=ag.ones(2, dtype=ag.int64)).tolist() == [0, 0]
    assert ag.full((2,), 1.5, out=ag.ones(2, dtype=ag.int64)).tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="does not match dtype of out"):
        ag.sum(x, 0, dtype=ag.float64, out=ag.empty(0))
    with pytest.raises(RuntimeError, match="does not match dtype of out"):
        ag.zeros(2, dtype=ag.float32, out=ag.ones(2, dtype=ag.float64))


def test_no_output_is_written_before_all_are_looked_at():
    least, greatest = ag.empty(0), ag.empty(0, dtype=ag.int64)
    with pytest.raises(RuntimeError, match="aminmax"):
        ag.aminmax(ag.tensor(X), out=(least, greatest))
    assert least.shape == (0,) and greatest.shape == (0,)


def test_errors_of_one_kind_have_one_class():
    with pytest.raises(IndexError, match="aminmax"):
        ag.aminmax(ag.ones(3, 0), dim=1)
    with pytest.raises(NotImplementedError, match="Long"):
        F.binary_cross_entropy_with_logits(ag.ones(2, dtype=ag.int64), ag.ones(2))
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        F.rms_norm(ag.ones(4), (3, 4))
    with pytest.raises(RuntimeError, match="number of dimensions"):
        ag.take_along_dim(ag.ones(3), ag.zeros(3, 1, dtype=ag.int64), 1)
    with pytest.raises(RuntimeError, match="long tensor"):
        ag.ones(3).index_copy(0, ag.zeros(1, dtype=ag.int32), ag.ones(1))


def test_limits_may_be_asked_of_the_types_of_python():
    assert ag.finfo(float) == ag.finfo(ag.float64) and ag.finfo(complex).eps == ag.finfo(ag.complex128).eps
    assert ag.iinfo(int).max == 2**63 - 1


def test_a_result_that_cannot_be_cast_is_refused_in_place_whatever_it_is_computed_in():
    for whole in (ag.int32, ag.int64):
        for half in (ag.float16, ag.bfloat16):
            x = ag.tensor([1, 2, 3], dtype=whole)
            with pytest.raises(RuntimeError, match="can't be cast"):
                x.add_(ag.tensor([3, 2, 2], dtype=half))
            assert x.eq_(ag.tensor([3, 2, 2], dtype=half)).tolist() == [0, 1, 0]
    with pytest.raises(RuntimeError, match="result type ComplexFloat can't be cast"):
        ag.tensor([1]).atan2_(ag.tensor([1j]))


def test_an_output_takes_the_result_as_its_dtype_has_it():
    half, mask, byte = ag.tensor([65504.0], dtype=ag.float16), ag.tensor([True]), ag.tensor([200], dtype=ag.uint8)
    assert ag.add(half, 480, out=ag.empty(1)).isinf().all()
    assert ag.add(mask, mask, out=ag.empty(1, dtype=ag.int64)).tolist() == [1]
    assert ag.add(byte, byte, out=ag.empty(1, dtype=ag.int64)).tolist() == [144]


def test_a_complex_number_without_axes_leaves_floats_their_width():
    wide = ag.tensor(1j, dtype=ag.complex128)
    assert ag.result_type(ag.ones(1), wide) is ag.complex64
    assert (ag.ones(1, dtype=ag.float64) * ag.tensor(1j)).dtype is ag.complex128
    assert (ag.ones(1, dtype=ag.int64) * wide).dtype is ag.complex128


def test_quotients_of_integers_are_not_added_to_anything():
    one = ag.ones(2, dtype=ag.int64)
    for x in (one, ag.ones(2)):
        with pytest.raises(RuntimeError, match="Integer division with addcdiv is no longer supported"):
            ag.addcdiv(x, one, one)
    assert ag.addcdiv(ag.ones(2), one, ag.ones(2)).tolist() == [2.0, 2.0]
