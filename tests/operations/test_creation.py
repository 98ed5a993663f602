"""Making tensors: tensor, as_tensor, the fillers, `*_like`, `new_*`, legacy constructors."""

import array
import math
import warnings

import arcgrad as ag
import numpy as np
import pytest

# ---- tensor ------------------------------------------------------------------------------------------------------

INFERRED = [
    (1, "int64", ()),
    (1.0, "float32", ()),
    (True, "bool", ()),
    ([1, 2], "int64", (2,)),
    ([1.0, 2], "float32", (2,)),
    ([True, False], "bool", (2,)),
    ([True, 2], "int64", (2,)),
    ([True, 2.0], "float32", (2,)),
    ([], "float32", (0,)),
    ([[]], "float32", (1, 0)),
    ([[], []], "float32", (2, 0)),
    ([[1, 2], [3, 4]], "int64", (2, 2)),
    (((1, 2), (3, 4)), "int64", (2, 2)),
    ([[[1.5]]], "float32", (1, 1, 1)),
    (range(3), "int64", (3,)),
    (2**62, "int64", ()),
    (-(2**63), "int64", ()),
    (float("inf"), "float32", ()),
    (np.float64(1.5), "float64", ()),
    (np.float32(1.5), "float32", ()),
    (np.int32(3), "int32", ()),
    (np.bool_(True), "bool", ()),
    (np.array([1, 2], dtype=np.int16), "int16", (2,)),
    (np.array(3.0), "float64", ()),
    ([np.array([1.0, 2.0]), np.array([3.0, 4.0])], "float64", (2, 2)),
    (array.array("d", [1.0, 2.0]), "float32", (2,)),
]


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy")
@pytest.mark.parametrize(("data", "dtype", "shape"), INFERRED, ids=lambda v: repr(v)[:30])
def test_tensor_infers_dtype_and_shape(data, dtype, shape):
    t = ag.tensor(data)
    assert t.dtype is getattr(ag, dtype) and tuple(t.shape) == shape and not t.requires_grad and t.is_leaf


def test_tensor_copies():
    a = np.ones(3)
    t = ag.tensor(a)
    a[0] = 5
    assert t.tolist() == [1.0, 1.0, 1.0]
    u = ag.ones(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch recommends clone().detach()
        v = ag.tensor(u)
    v.add_(1)
    assert u.tolist() == [1.0, 1.0]


def test_tensor_of_tensors_of_one_element():
    assert ag.tensor([ag.tensor(1), ag.tensor(2)]).tolist() == [1, 2]
    assert ag.tensor([ag.tensor(1.5), 2]).tolist() == [1.5, 2.0]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "int16", "int8", "uint8", "bool"])
def test_tensor_with_a_dtype(dtype):
    t = ag.tensor([0, 1, 2.7 if dtype.startswith("float") else 2], dtype=getattr(ag, dtype))
    assert t.dtype is getattr(ag, dtype)
    assert t[1].item() == 1


def test_floats_to_integers_truncate():
    assert ag.tensor([1.9, -1.9], dtype=ag.int64).tolist() == [1, -1]
    assert ag.tensor([0.0, 0.5, float("nan")], dtype=ag.bool).tolist() == [False, True, True]


def test_default_dtype():
    try:
        ag.set_default_dtype(ag.float64)
        assert (
            ag.tensor(1.0).dtype is ag.float64
            and ag.zeros(1).dtype is ag.float64
            and ag.get_default_dtype() is ag.float64
        )
        assert ag.tensor(1).dtype is ag.int64 and ag.arange(3).dtype is ag.int64 and ag.arange(3.0).dtype is ag.float64
        assert (ag.tensor(1) / 2).dtype is ag.float64
    finally:
        ag.set_default_dtype(ag.float32)
    with pytest.raises(TypeError):
        ag.set_default_dtype(ag.int64)
    with pytest.raises(TypeError):
        ag.set_default_dtype("float64")


def test_large_integers_survive():
    for value in (2**53 + 1, 2**63 - 1, -(2**63)):
        assert ag.tensor(value).item() == value
        assert ag.tensor([value]).tolist() == [value]
        assert ag.full((1,), value).item() == value
    assert (ag.tensor(2**53 + 1) + 1).item() == 2**53 + 2
    assert (ag.tensor([2**62]) * 1).item() == 2**62


BAD_DATA = [
    ("two", (TypeError, ValueError)),
    (["a"], (TypeError, ValueError)),
    (None, (TypeError, RuntimeError)),
    ([None], (TypeError, RuntimeError)),
    (object(), (TypeError, RuntimeError)),
    ([object()], (TypeError, RuntimeError)),
    ({"a": 1}, (TypeError, RuntimeError)),
    ({1, 2}, (TypeError, RuntimeError)),
    (lambda: 1, (TypeError, RuntimeError)),
    ([[1, 2], [3]], ValueError),
    ([[1], 2], (TypeError, ValueError)),
    ([1, [2]], (TypeError, ValueError)),
    ([[[1]], [[1, 2]]], ValueError),
    (2**63, (RuntimeError, ValueError, OverflowError)),
    (-(2**63) - 1, (RuntimeError, ValueError, OverflowError)),
    (np.array(["a"]), TypeError),
    (np.array([object()]), TypeError),
]


@pytest.mark.parametrize(("data", "error"), BAD_DATA, ids=lambda v: repr(v)[:20])
def test_tensor_refuses(data, error):
    with pytest.raises(error) as caught:
        ag.tensor(data)
    assert str(caught.value)


@pytest.mark.arcgrad_only  # PyTorch looks at the first element only and drops the 1
def test_ragged_lists_that_begin_empty_are_refused():
    with pytest.raises(ValueError):
        ag.tensor([[], [1]])


@pytest.mark.parametrize(("value", "dtype"), [(256, "uint8"), (128, "int8"), (2**31, "int32"), (40000, "int16")])
def test_integers_out_of_range_are_refused(value, dtype):
    with pytest.raises((RuntimeError, OverflowError, ValueError)):
        ag.full((2,), value, dtype=getattr(ag, dtype))
    with pytest.raises((RuntimeError, OverflowError, ValueError)):
        ag.tensor([2**70], dtype=getattr(ag, dtype))


def test_a_list_that_contains_itself_is_an_error():
    a = []
    a.append(a)
    with pytest.raises((ValueError, RecursionError, RuntimeError, TypeError)):
        ag.tensor(a)


def test_very_deep_nesting_is_an_error():
    a = 1.0
    for _ in range(5000):
        a = [a]
    with pytest.raises((ValueError, RecursionError, RuntimeError, TypeError)):
        ag.tensor(a)


def test_a_sequence_that_lies_about_its_length():
    class Liar:
        def __len__(self):
            return 3

        def __getitem__(self, i):
            if i > 0:
                raise IndexError
            return 1.0

    with pytest.raises((ValueError, IndexError, TypeError, RuntimeError)):
        ag.tensor(Liar())


def test_a_list_changed_while_it_is_read():
    data = [1.0, 2.0, 3.0, 4.0]

    class Shrinks:
        def __float__(self):
            data.clear()
            return 1.0

        def __index__(self):
            data.clear()
            return 1

    data[1] = Shrinks()
    try:
        ag.tensor(data)
    except (TypeError, ValueError, RuntimeError, IndexError):
        pass  # any clear error will do; a crash will not


# ---- as_tensor, from_numpy ---------------------------------------------------------------------------------------


def test_as_tensor_shares_or_returns_its_argument():
    t = ag.ones(2)
    assert ag.as_tensor(t) is t
    assert ag.as_tensor(t, dtype=ag.float64) is not t
    a = np.ones(2)
    s = ag.as_tensor(a)
    a[0] = 7
    assert s.tolist() == [7.0, 1.0]
    assert ag.as_tensor([1, 2]).dtype is ag.int64
    assert ag.as_tensor(3.0).dtype is ag.float32


def test_asarray_shares():
    a = np.ones(2)
    s = ag.asarray(a)
    a[0] = 7
    assert s[0].item() == 7


# ---- fillers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
def test_sizes_may_be_given_in_every_way(name):
    f = getattr(ag, name)
    for t in (f(2, 3), f((2, 3)), f([2, 3]), f(size=(2, 3)), f(ag.Size([2, 3])), f(*ag.ones(2, 3).shape)):
        assert tuple(t.shape) == (2, 3)
    assert tuple(f(()).shape) == () and tuple(f(0).shape) == (0,) and tuple(f(2, 0, 3).shape) == (2, 0, 3)
    assert f(np.int64(2)).shape[0] == 2 and tuple(f(ag.tensor(2)).shape) == (2,)


@pytest.mark.parametrize("name", ["zeros", "ones", "empty"])
def test_fillers_take_dtype_and_requires_grad(name):
    f = getattr(ag, name)
    t = f(2, dtype=ag.float64, requires_grad=True)
    assert t.dtype is ag.float64 and t.requires_grad and t.is_leaf
    assert f(2, dtype=ag.int32).dtype is ag.int32
    assert f(2, device="cpu").device == ag.device("cpu")
    assert not f(2, dtype=None).requires_grad


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
def test_fillers_refuse(name):
    f = getattr(ag, name)
    for bad in ((-1,), (2, -3), (2.5,), ("2",), (None,)):
        with pytest.raises((RuntimeError, TypeError, ValueError)):
            f(*bad)
    with pytest.raises(TypeError):
        f(2, dtype="float32")
    with pytest.raises(TypeError):
        f(2, nonsense=1)


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like", "rand_like", "randn_like"])
def test_like_keeps_shape_dtype_and_strides(name):
    f = getattr(ag, name)
    x = ag.ones(2, 3, dtype=ag.float64).t().requires_grad_()
    y = f(x)
    assert y.shape == x.shape and y.dtype is x.dtype and not y.requires_grad and y.stride() == x.stride()
    assert f(x, dtype=ag.float32).dtype is ag.float32 and f(x, requires_grad=True).requires_grad
    expanded = ag.ones(1).expand(3)
    f(expanded).add_(1)  # dense memory of its own


def test_full_infers_its_dtype():
    assert ag.full((2,), 1).dtype is ag.int64
    assert ag.full((2,), 1.0).dtype is ag.float32
    assert ag.full((2,), True).dtype is ag.bool
    assert ag.full((2,), 1, dtype=ag.float64).dtype is ag.float64
    assert ag.full_like(ag.ones(2), 7).tolist() == [7.0, 7.0]
    assert ag.full((), float("nan")).isnan().item()
    assert ag.full((2,), ag.tensor(3)).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((4,), [0, 1, 2, 3]),
        ((1, 4), [1, 2, 3]),
        ((1, 10, 4), [1, 5, 9]),
        ((5, 0, -2), [5, 3, 1]),
        ((0,), []),
        ((3, 3), []),
        ((1.0, 2.0, 0.5), [1.0, 1.5]),
    ],
)
def test_arange(args, expected):
    t = ag.arange(*args)
    assert t.tolist() == expected
    assert t.dtype is (ag.float32 if any(isinstance(a, float) for a in args) else ag.int64)


def test_arange_has_no_accumulated_error():
    t = ag.arange(0, 1, 0.1, dtype=ag.float64)
    assert len(t) == 10 and t[7].item() == pytest.approx(0.7, rel=1e-15)
    assert len(ag.arange(0, 1_000_000, 1)) == 1_000_000


@pytest.mark.parametrize(
    "args", [(0, 5, 0), (0, 5, -1), (5, 0, 1), (float("nan"),), (float("inf"),), (0, float("inf")), (0, 5, float("inf"))]
)
def test_arange_refuses(args):
    with pytest.raises(RuntimeError):
        ag.arange(*args)


def test_linspace_and_logspace():
    assert ag.linspace(0, 1, 5).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert ag.linspace(1, 1, 3).tolist() == [1.0, 1.0, 1.0]
    assert ag.linspace(2, 5, 1).tolist() == [2.0] and ag.linspace(2, 5, 0).tolist() == []
    t = ag.linspace(-1, 1, 101, dtype=ag.float64)
    assert t[0].item() == -1 and t[-1].item() == 1 and t[50].item() == pytest.approx(0, abs=1e-15)
    assert ag.logspace(0, 3, 4, dtype=ag.float64).tolist() == pytest.approx([1, 10, 100, 1000])
    assert ag.logspace(0, 3, 4, base=2).tolist() == pytest.approx([1, 2, 4, 8])
    with pytest.raises((RuntimeError, TypeError)):
        ag.linspace(0, 1, -1)
    with pytest.raises(TypeError):
        ag.linspace(0, 1)


def test_eye():
    assert ag.eye(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert ag.eye(2, 3, dtype=ag.int64).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert tuple(ag.eye(0).shape) == (0, 0)
    with pytest.raises(RuntimeError):
        ag.eye(-1)


def test_new_methods_take_the_kind_of_their_tensor():
    x = ag.ones(2, dtype=ag.float64, requires_grad=True)
    for t, values in (
        (x.new_zeros(2), [0.0, 0.0]),
        (x.new_ones((2,)), [1.0, 1.0]),
        (x.new_full((2,), 3), [3.0, 3.0]),
        (x.new_tensor([1, 2]), [1.0, 2.0]),
    ):
        assert t.tolist() == values and t.dtype is ag.float64 and not t.requires_grad
    assert x.new_empty(3, 4).shape == (3, 4) and x.new_zeros(1, dtype=ag.int64).dtype is ag.int64
    assert x.new_zeros(1, requires_grad=True).requires_grad


def test_new_makes_what_the_class_makes_in_the_dtype_of_its_tensor():
    ones = ag.ones(2, dtype=ag.int32)
    assert ones.new().tolist() == [] and ones.new([1, 2]).tolist() == [1, 2] and ones.new([1]).dtype is ag.int32
    assert ones.new(2, 3).shape == ones.new(ag.Size([2, 3])).shape == (2, 3)
    assert ag.ones(1, dtype=ag.float64).new(3).zero_().dtype is ag.float64
    with pytest.raises(TypeError):
        ones.new("text")


def test_legacy_constructors():
    assert ag.FloatTensor([1, 2]).tolist() == [1.0, 2.0] and ag.FloatTensor([1, 2]).dtype is ag.float32
    assert ag.LongTensor([1, 2]).dtype is ag.int64
    assert tuple(ag.FloatTensor(2, 3).shape) == (2, 3)
    assert tuple(ag.Tensor(2, 3).shape) == (2, 3) and ag.Tensor([1, 2]).dtype is ag.float32
    assert ag.Tensor().shape == (0,)


def test_creation_does_not_record():
    x = ag.ones(1, requires_grad=True)
    assert not ag.zeros_like(x).requires_grad and not ag.tensor([x.item()]).requires_grad


# ---- random ------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_numbers():
    def draw():
        return [ag.rand(3).tolist(), ag.randn(20).tolist(), ag.randint(0, 10, (5,)).tolist(), ag.randperm(7).tolist()]

    ag.manual_seed(7)
    first = draw()
    ag.manual_seed(7)
    assert draw() == first
    ag.manual_seed(8)
    assert draw() != first


def test_the_stream_is_that_of_the_mersenne_twister():
    """The 24 high bits of mt19937's words, seeded as PyTorch seeds its generator."""
    ag.manual_seed(0)
    assert ag.rand(3).tolist() == pytest.approx([0.49625658988952637, 0.7682217955589294, 0.08847743272781372], abs=0)


def test_generators_are_independent():
    a, b = ag.Generator().manual_seed(1), ag.Generator().manual_seed(1)
    ag.manual_seed(5)
    outside = ag.rand(2).tolist()
    x = ag.rand(4, generator=a).tolist()
    ag.manual_seed(5)
    ag.rand(4, generator=b)
    assert ag.rand(2).tolist() == outside
    assert x == ag.rand(4, generator=ag.Generator().manual_seed(1)).tolist()
    assert a.initial_seed() == 1


def test_states_can_be_saved_and_restored():
    ag.manual_seed(3)
    state = ag.get_rng_state()
    first = ag.rand(5).tolist()
    ag.set_rng_state(state)
    assert ag.rand(5).tolist() == first
    g = ag.Generator().manual_seed(3)
    saved = g.get_state()
    x = ag.randn(3, generator=g).tolist()
    g.set_state(saved)
    assert ag.randn(3, generator=g).tolist() == x


def test_ranges_of_random_numbers():
    ag.manual_seed(0)
    u = ag.rand(10_000)
    assert 0 <= u.min().item() and u.max().item() < 1 and abs(u.mean().item() - 0.5) < 0.02
    n = ag.randn(10_000, dtype=ag.float64)
    assert abs(n.mean().item()) < 0.05 and abs(n.std().item() - 1) < 0.05
    i = ag.randint(-3, 4, (10_000,))
    assert i.min().item() == -3 and i.max().item() == 3 and i.dtype is ag.int64
    assert sorted(ag.randperm(100).tolist()) == list(range(100))
    assert ag.bernoulli(ag.full((1000,), 0.0)).sum().item() == 0 and ag.bernoulli(ag.ones(1000)).sum().item() == 1000
    m = ag.multinomial(ag.tensor([0.0, 1.0, 3.0]), 1000, replacement=True)
    assert m.min().item() == 1 and 2.0 < (m == 2).sum().item() / (m == 1).sum().item() < 4.5
    assert sorted(ag.multinomial(ag.ones(5), 5).tolist()) == [0, 1, 2, 3, 4]
    assert ag.normal(ag.zeros(3), 1.0).shape == (3,) and ag.normal(0.0, 1.0, (2, 2)).shape == (2, 2)
    assert ag.zeros(5).uniform_(2, 3).ge(2).all().item()


def test_in_place_random_forms_return_their_tensor():
    x = ag.zeros(4)
    for name in ("uniform_", "normal_", "bernoulli_", "random_", "exponential_"):
        assert getattr(x, name)() is x


@pytest.mark.parametrize(
    "call",
    [
        lambda: ag.randint(5, 5, (2,)),
        lambda: ag.randint(5, 1, (2,)),
        lambda: ag.randperm(-1),
        lambda: ag.bernoulli(ag.tensor([1.5])),
        lambda: ag.bernoulli(ag.tensor([-0.5])),
        lambda: ag.zeros(2).bernoulli_(2.0),
        lambda: ag.zeros(2).uniform_(3, 1),
        lambda: ag.zeros(2).normal_(0, -1),
        lambda: ag.normal(0.0, -1.0, (2,)),
        lambda: ag.multinomial(ag.tensor([-1.0, 2.0]), 1),
        lambda: ag.multinomial(ag.ones(3), 4),
        lambda: ag.multinomial(ag.zeros(3), 1),
        lambda: ag.multinomial(ag.ones(3), 0),
        lambda: ag.zeros(2).exponential_(-1),
        lambda: ag.rand(2, dtype=ag.int64),
        lambda: ag.manual_seed("seed"),
        lambda: ag.rand(2, generator=3),
        lambda: ag.set_rng_state(ag.zeros(3, dtype=ag.uint8)),
    ],
)
def test_random_functions_refuse(call):
    with pytest.raises((RuntimeError, TypeError, ValueError, NotImplementedError)):
        call()


def test_seeds_of_every_size():
    for seed in (0, 1, -1, 2**31, 2**63 - 1, 2**64 - 1, -(2**63)):
        ag.manual_seed(seed)
    with pytest.raises((RuntimeError, ValueError, OverflowError, TypeError)):
        ag.manual_seed(2**64)
    ag.manual_seed(0)


def test_the_function_takes_for_a_seed_whatever_int_takes():
    for seed in (3, 3.7, "3", True + 2, np.int64(3)):
        assert ag.manual_seed(seed).initial_seed() == 3
    for seed in (1.0, "3", True, None):
        with pytest.raises((TypeError, RuntimeError), match="expected a long, but got"):
            ag.Generator().manual_seed(seed)
    for seed in (None, "x", float("nan")):
        with pytest.raises((TypeError, ValueError)):
            ag.manual_seed(seed)


def test_fork_rng_puts_the_state_back():
    ag.manual_seed(1)
    with ag.random.fork_rng():
        inside = ag.rand(3)
    assert ag.rand(3).tolist() == inside.tolist()
    state = ag.get_rng_state()
    with ag.random.fork_rng(enabled=False):
        ag.rand(1)
    assert ag.get_rng_state().tolist() != state.tolist()


def test_limits_of_integers_are_shown_with_six_digits():
    assert repr(ag.iinfo(ag.int8)) == "iinfo(min=-128, max=127, dtype=int8)"
    assert repr(ag.iinfo(ag.int64)) == "iinfo(min=-9.22337e+18, max=9.22337e+18, dtype=int64)"


def test_nan_and_inf_constants():
    assert math.isnan(ag.nan) and ag.inf == math.inf and ag.pi == math.pi


def test_integers_of_more_than_64_bits_go_into_what_is_not_counted():
    assert ag.tensor([2**64, 1], dtype=ag.float64).tolist() == [2.0**64, 1.0]
    assert ag.tensor(2**64, dtype=ag.complex64).item() == 2.0**64
    assert ag.tensor([2**63, 0], dtype=ag.bool).tolist() == [True, False]
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        ag.tensor(2**63)


def test_arrays_without_axes_are_numbers_in_lists():
    mixed = ag.tensor([[7, np.array(5)], [np.array(9), 5.0]])
    assert mixed.tolist() == [[7.0, 5.0], [9.0, 5.0]] and mixed.dtype is ag.float32
    assert ag.tensor([5, np.array(3.0)]).dtype is ag.float64


def test_of_complex_numbers_it_can_be_said_whether_they_are_zero():
    assert ag.tensor([0j, 1e-323j, 1 + 2j], dtype=ag.bool).tolist() == [False, True, True]
    assert int(ag.tensor(3 + 0j)) == 3
    with pytest.raises(RuntimeError, match="without overflow"):
        int(ag.tensor(1.5j))


def test_objects_that_lend_their_memory_become_tensors():
    class Lender:
        held = ag.ones(2)

        def __dlpack__(self, **options):
            return self.held.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.held.__dlpack_device__()

    assert ag.tensor(Lender()).tolist() == [1.0, 1.0]
    assert ag.as_tensor(Lender()).data_ptr() == Lender.held.data_ptr()


def test_memory_that_may_only_be_read_is_warned_of():
    array = np.zeros(2)
    array.flags.writeable = False
    for make in (ag.from_numpy, ag.as_tensor, ag.asarray):
        with pytest.warns(UserWarning, match="The given NumPy array is not writable"):
            make(array)
    with pytest.warns(UserWarning, match="The given buffer is not writable"):
        ag.frombuffer(b"1234", dtype=ag.float32)


def test_an_array_on_the_left_is_refused_as_numpy_refuses_it():
    array, tensor = np.ones(2), ag.ones(2)
    for operate in (lambda a, t: a + t, lambda a, t: a * t, lambda a, t: a @ t):
        with pytest.raises(TypeError):
            operate(array, tensor)
    assert (array / tensor).tolist() == [1.0, 1.0] and (tensor + array).tolist() == [2.0, 2.0]


def test_random_integers_that_a_dtype_does_not_tell_apart_are_warned_of():
    with pytest.warns(UserWarning, match="to - 1 is out of bounds"):
        ag.zeros(3).random_(0, 2**25)
    with pytest.raises(RuntimeError, match="n cannot be greater than"):
        ag.randperm(2**11 + 2, dtype=ag.float16)


@pytest.mark.parametrize("dtype", [ag.int8, ag.int32, ag.int64], ids=str)
def test_the_ends_of_a_range_of_integers_are_integers(dtype):
    """Cut off before anything lies between them, not after."""
    assert ag.linspace(4.3, -3, 8, dtype=dtype).tolist() == [4, 3, 2, 1, 0, -1, -2, -3]
    assert ag.linspace(0.9, 5.9, 6, dtype=dtype).tolist() == [0, 1, 2, 3, 4, 5]
    assert ag.logspace(0.5, 2.5, 3, dtype=dtype).tolist() == [1, 10, 100]
