"""To and from NumPy, lists and numbers."""

import copy
import math
import pickle
import warnings

import arcgrad as ag
import numpy as np
import pytest

DTYPES = ["float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"]


# ---- NumPy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DTYPES)
def test_from_numpy_and_back(name):
    a = np.array([[0, 1, 2], [3, 4, 5]]).astype(name)
    t = ag.from_numpy(a)
    assert t.dtype is getattr(ag, name) and tuple(t.shape) == (2, 3) and t.tolist() == a.tolist()
    b = t.numpy()
    assert b.dtype == a.dtype and b.shape == a.shape and np.array_equal(a, b)


def test_from_numpy_shares_memory_both_ways():
    a = np.zeros(3)
    t = ag.from_numpy(a)
    a[0] = 1
    t[1] = 2
    assert t.tolist() == a.tolist() == [1.0, 2.0, 0.0]
    t.add_(1)
    assert a.tolist() == [2.0, 3.0, 1.0]


def test_numpy_shares_memory_both_ways():
    t = ag.zeros(3)
    a = t.numpy()
    t[0] = 1
    a[1] = 2
    assert t.tolist() == a.tolist() == [1.0, 2.0, 0.0]


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[::2],
        lambda a: a[:, 1:],
        lambda a: a[1],
        lambda a: a[..., None],
        lambda a: a.transpose(2, 0, 1),
        lambda a: np.asfortranarray(a),
        lambda a: a[:0],
        lambda a: a[:, :, ::3],
        lambda a: np.broadcast_to(a[:1].copy(), (5, 4, 6)).copy(),
    ],
)
def test_strided_arrays(view):
    a = view(np.arange(72.0).reshape(3, 4, 6))
    t = ag.from_numpy(a)
    assert t.tolist() == a.tolist() and tuple(t.shape) == a.shape
    assert (t * 2).tolist() == (a * 2).tolist() and t.numpy().tolist() == a.tolist()
    if a.size:
        assert t.stride() == tuple(s // a.itemsize for s in a.strides) and t.data_ptr() == a.ctypes.data
        t.zero_()
        assert not a.any()


def test_strided_tensors_as_arrays():
    t = ag.arange(12.0).reshape(3, 4)
    for v in (t.t(), t[::2], t[:, 1:3], t[1], t[:, 2], t.unsqueeze(1), t[:1].expand(5, 4)):
        a = v.numpy()
        assert a.shape == tuple(v.shape) and a.tolist() == v.tolist() and a.ctypes.data == v.data_ptr()


def test_zero_axes_and_empty():
    assert ag.from_numpy(np.array(3.5)).shape == () and ag.tensor(3.5).numpy().shape == ()
    assert tuple(ag.from_numpy(np.zeros((0, 3))).shape) == (0, 3) and ag.zeros(2, 0).numpy().shape == (2, 0)


def test_memory_outlives_its_first_owner():
    t = ag.from_numpy(np.arange(1000.0))
    a = ag.arange(1000.0).numpy()
    for _ in range(5):
        np.zeros(1000), ag.zeros(1000)
    assert t.sum().item() == 499500 and a.sum() == 499500


def test_negative_strides_are_refused_where_memory_is_shared():
    for share in (ag.from_numpy, ag.as_tensor):
        with pytest.raises(ValueError, match="(?i)negative"):
            share(np.arange(3.0)[::-1])
    assert ag.from_numpy(np.arange(3.0)[::-1].copy()).tolist() == [2.0, 1.0, 0.0]


#: Arrays over whose memory no tensor can lie.
AWKWARD = [
    np.arange(6.0).reshape(2, 3)[::-1],
    np.arange(6.0).reshape(2, 3)[:, ::-2],
    np.arange(3, dtype=">i4"),
    np.arange(3, dtype=">f8")[::-1],
    np.array(2.5, dtype=">f4"),
    np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i1"), ("b", "<f8")])["b"],  # neither aligned nor in whole steps
    np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "<f8")])["b"],  # in steps of one element and a half
]


@pytest.mark.arcgrad_only  # PyTorch refuses them, although it copies
@pytest.mark.parametrize("array", AWKWARD, ids=lambda array: f"{array.dtype} {array.strides}")
def test_what_copies_takes_arrays_that_lie_in_any_way(array):
    expected = array.tolist()
    for made in (
        ag.tensor(array),
        ag.asarray(array, copy=True),
        ag.zeros(1, dtype=ag.float64).new_tensor(array),
        ag.as_tensor(array, dtype=ag.int16 if array.dtype.kind == "f" and array.dtype.itemsize == 8 else ag.float64),
        ag.tensor(array, dtype=ag.float64),
    ):
        assert made.tolist() == expected
    assert (ag.zeros(array.shape) + array).tolist() == expected
    assert ag.tensor(array).dtype is ag.tensor(array.astype(array.dtype.newbyteorder("="))).dtype


def test_as_tensor_refuses_the_other_byte_order_unless_it_copies():
    with pytest.raises(ValueError, match="byte order"):
        ag.as_tensor(np.arange(3, dtype=">i4"))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(3.0)[:1][::-1],
        np.arange(6.0).reshape(2, 3)[:1][::-1],
        np.zeros((0, 3))[:, ::-1],
        np.zeros((3, 0))[::-1],
        np.array([(1, 2)], dtype=[("a", "i1"), ("b", "i4")])["a"],
        np.arange(3.0)[2:][::-1][::-1],
    ],
    ids=lambda array: f"{array.shape} {array.strides}",
)
@pytest.mark.arcgrad_only
def test_steps_along_which_nothing_lies_may_be_anything(array):
    tensor = ag.from_numpy(array)
    assert tensor.tolist() == array.tolist() and all(step >= 0 for step in tensor.stride())
    if array.size:
        tensor.fill_(7)
        assert (array == 7).all()


def test_read_only_arrays():
    """PyTorch warns and goes on; refusing is safer. Either way the array stays as it is unless written to."""
    a = np.arange(3.0)
    a.setflags(write=False)
    assert ag.tensor(a).tolist() == [0.0, 1.0, 2.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            t = ag.from_numpy(a)
        except (ValueError, RuntimeError, TypeError) as error:
            assert "writ" in str(error) or "read" in str(error)
        else:
            assert t.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("dtype", ["U3", "S3", "O", "datetime64[s]", ">f8", ">i4", [("a", "f8")], "f2", "c16"])
def test_arrays_of_other_kinds(dtype):
    a = np.zeros(2, dtype=dtype)
    if dtype in ("f2", "c16"):
        try:
            t = ag.from_numpy(a)
        except (TypeError, NotImplementedError) as error:
            assert str(error)
        else:
            assert t.shape == (2,)
    else:
        with pytest.raises((TypeError, ValueError)):
            ag.from_numpy(a)


@pytest.mark.parametrize("bad", [3, [1.0], "a", None, object()])
def test_from_numpy_takes_arrays_only(bad):
    with pytest.raises(TypeError):
        ag.from_numpy(bad)


def test_arrays_with_odd_strides_are_refused_or_right():
    raw = np.zeros(33, dtype=np.uint8)
    odd = np.ndarray((4,), "f8", raw.data, offset=1)
    try:
        t = ag.from_numpy(odd)
    except (ValueError, TypeError, RuntimeError):
        return
    t.add_(1)
    assert t.tolist() == [1.0] * 4 == odd.tolist()


def test_numpy_of_a_tensor_that_requires_grad():
    x = ag.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="Can't call numpy\\(\\) on Tensor that requires grad"):
        x.numpy()
    with pytest.raises(RuntimeError, match="requires grad"):
        np.asarray(x)
    assert x.detach().numpy().tolist() == [1.0, 1.0] and x.numpy(force=True).tolist() == [1.0, 1.0]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_numpy_functions_take_tensors():
    t = ag.tensor([1.0, 4.0])
    assert np.asarray(t).tolist() == [1.0, 4.0] and np.array(t).dtype == np.float32
    assert np.sum(np.asarray(t)) == 5 and np.asarray(t, dtype="f8").dtype == np.float64
    a = np.array(t)
    a[0] = 9
    assert t[0].item() == 1


def test_arithmetic_with_numpy():
    t, a = ag.tensor([1.0, 2.0], dtype=ag.float64), np.array([10.0, 20.0])
    assert isinstance(t + np.float64(1), ag.Tensor) and (t * np.float64(2)).tolist() == [2.0, 4.0]
    assert (t[0] + np.int64(3)).item() == 4
    assert np.allclose(np.asarray(a + t.numpy()), [11.0, 22.0])


def test_versions_see_writes_by_us_but_not_by_numpy():
    a = np.zeros(2)
    t = ag.from_numpy(a)
    a[0] = 5
    assert t._version == 0
    t.add_(1)
    assert t._version == 1


def test_two_tensors_over_one_array_overlap():
    a = np.arange(6.0)
    x, y = ag.from_numpy(a), ag.from_numpy(a)
    x.mul_(2)
    assert y.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


@pytest.mark.arcgrad_only  # PyTorch compares storages, not addresses
def test_foreign_memory_is_compared_by_address():
    a = np.arange(6.0)
    x, y = ag.from_numpy(a[1:]), ag.from_numpy(a[:-1])
    with pytest.raises(
        RuntimeError,
        match="some elements of the input tensor and the written-to tensor refer to a single memory location",
    ):
        x.add_(y)
    assert a.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_asarray_shares_the_memory_of_buffers():
    for array in (
        np.arange(4.0),
        np.arange(6, dtype=np.int16),
        np.arange(4, dtype=np.float32),
        np.array([True, False]),
        np.arange(3, dtype=np.uint8),
        np.arange(6).reshape(2, 3),
    ):
        lent = memoryview(array)
        for t in (ag.asarray(lent), ag.asarray(lent, copy=False)):
            assert str(t.dtype).endswith(str(array.dtype)) and t.tolist() == array.ravel().tolist()
        t.fill_(1)
        assert (array == 1).all()
        copy = ag.asarray(lent, copy=True).fill_(0)
        assert copy.dtype is t.dtype and (array == 1).all()
    data = bytearray(b"abcd")
    t = ag.asarray(data)
    t[0] = 65
    assert t.dtype is ag.uint8 and data == b"Abcd"
    assert ag.asarray(memoryview(bytearray(16)), dtype=ag.float64).tolist() == [0.0, 0.0]
    import array as arrays

    assert ag.asarray(arrays.array("f", [1, 2])).dtype is ag.float32
    with pytest.raises((RuntimeError, ValueError), match="contiguous"):
        ag.asarray(memoryview(np.arange(4.0))[::2])
    with pytest.raises(ValueError, match="must not be 0"):
        ag.asarray(memoryview(b""))
    # Numbers and lists are as they were.
    assert ag.asarray(np.float64(2.0)).shape == () and ag.asarray([1, 2]).tolist() == [1, 2]


def test_frombuffer():
    buffer = bytearray(b"\x01\x02\x03\x04")
    t = ag.frombuffer(buffer, dtype=ag.uint8)
    buffer[0] = 9
    assert t.tolist() == [9, 2, 3, 4]
    assert ag.frombuffer(buffer, dtype=ag.uint8, count=2, offset=1).tolist() == [2, 3]
    assert ag.frombuffer(bytearray(np.array([1.5]).tobytes()), dtype=ag.float64).tolist() == [1.5]
    for bad in (
        lambda: ag.frombuffer(bytearray(3), dtype=ag.float32),
        lambda: ag.frombuffer(bytearray(8), dtype=ag.float32, offset=9),
        lambda: ag.frombuffer(bytearray(8), dtype=ag.float32, count=3),
        lambda: ag.frombuffer(bytearray(0), dtype=ag.float32),
        lambda: ag.frombuffer("text", dtype=ag.uint8),
    ):
        with pytest.raises((ValueError, TypeError)):
            bad()


@pytest.mark.arcgrad_only  # PyTorch writes to memory that is gone
def test_the_buffers_owner_cannot_move_it():
    buffer = bytearray(8)
    t = ag.frombuffer(buffer, dtype=ag.uint8)
    try:
        buffer.extend(b"x" * 10_000)
    except BufferError:
        pass
    t.fill_(7)
    assert t.tolist() == [7] * 8


# ---- numbers and lists -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DTYPES)
def test_item_has_pythons_types(name):
    t = ag.ones(1, 1, dtype=getattr(ag, name))
    wanted = bool if name == "bool" else float if name.startswith("float") else int
    assert type(t.item()) is wanted and type(t.tolist()[0][0]) is wanted
    assert float(t) == 1.0 and int(t) == 1 and bool(t) is True


def test_item_needs_one_element():
    for t in (ag.ones(2), ag.ones(0), ag.ones(2, 2)):
        with pytest.raises(RuntimeError, match="cannot be converted to Scalar"):
            t.item()
        with pytest.raises((RuntimeError, TypeError, ValueError)):
            float(t)
        with pytest.raises((RuntimeError, TypeError, ValueError)):
            int(t)


def test_tolist_of_every_shape():
    assert ag.tensor(5).tolist() == 5 and ag.zeros(0).tolist() == [] and ag.zeros(2, 0).tolist() == [[], []]
    assert ag.arange(6).reshape(2, 3).t().tolist() == [[0, 3], [1, 4], [2, 5]]
    assert ag.ones(1).expand(3).tolist() == [1.0, 1.0, 1.0]
    assert ag.tensor([1.0], requires_grad=True).tolist() == [1.0]


def test_special_values_survive():
    values = ag.tensor([float("inf"), float("-inf"), float("nan"), -0.0]).tolist()
    assert values[:2] == [math.inf, -math.inf] and math.isnan(values[2]) and math.copysign(1, values[3]) == -1
    assert ag.tensor(0.1).item() == np.float32(0.1) and ag.tensor(0.1, dtype=ag.float64).item() == 0.1
    assert ag.tensor(2**63 - 1).item() == 2**63 - 1


def test_python_protocols_of_numbers():
    t = ag.tensor(3)
    assert [10, 20, 30, 40][t] == 40 and range(5)[t] == 3 and "ab" * ag.tensor(2) == "abab"
    assert hex(ag.tensor(255)) == "0xff" and t.__index__() == 3
    with pytest.raises(TypeError):
        [1, 2][ag.tensor(1.0)]
    assert int(ag.tensor(2.9)) == 2 and int(ag.tensor(-2.9)) == -2
    assert f"{ag.tensor(2.5):.2f}" == "2.50" and round(2.567, ag.tensor(1)) == 2.6
    assert math.sqrt(ag.tensor(9.0)) == 3
    with pytest.raises((ValueError, OverflowError, RuntimeError)):
        int(ag.tensor(float("nan")))
    with pytest.raises((ValueError, OverflowError, RuntimeError)):
        int(ag.tensor(float("inf")))


def test_comparison_with_other_objects():
    t = ag.ones(1)
    assert (t == None) is False and (t != None) is True  # noqa: E711
    assert (t == "a") is False
    with pytest.raises(TypeError):
        t < "a"
    with pytest.raises(TypeError):
        t + "a"
    with pytest.raises(TypeError):
        t + None
    with pytest.raises(TypeError):
        {} + t


def test_reflected_operators_of_other_classes():
    class Other:
        def __radd__(self, other):
            return "radd"

        def __rmul__(self, other):
            return "rmul"

    assert ag.ones(1) + Other() == "radd" and ag.ones(1) * Other() == "rmul"


# ---- copies ------------------------------------------------------------------------------------------------------


def test_deepcopy_of_leaves():
    x = ag.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    y = copy.deepcopy(x)
    assert y.requires_grad and y.tolist() == [1.0, 1.0] and y.data_ptr() != x.data_ptr()
    assert y.grad.tolist() == [2.0, 2.0] and y.grad is not x.grad
    a, b = copy.deepcopy([x, x])
    assert a is b
    with pytest.raises(RuntimeError, match="(?i)only Tensors created explicitly by the user"):
        copy.deepcopy(x * 2)


def test_pickle_round_trip():
    for t in (
        ag.arange(6).reshape(2, 3),
        ag.ones(2, dtype=ag.float64).requires_grad_(),
        ag.arange(6.0).reshape(2, 3).t(),
        ag.zeros(0),
    ):
        u = pickle.loads(pickle.dumps(t))
        assert (
            u.tolist() == t.tolist()
            and u.dtype is t.dtype
            and u.requires_grad == t.requires_grad
            and u.shape == t.shape
        )


def test_shallow_copy():
    x = ag.ones(2)
    y = copy.copy(x)
    assert y.tolist() == x.tolist()


def test_memory_in_no_alignment_is_copied_or_refused():
    raw = np.zeros(4 * 8 + 8, dtype=np.uint8)
    start = (1 - raw.ctypes.data) % 8
    crooked = raw[start : start + 32].view(np.float64)
    crooked[:] = [1.0, 2.0, 3.0, 4.0]
    assert not crooked.flags.aligned
    for made in (ag.tensor(crooked), ag.as_tensor(crooked)):
        assert made.tolist() == [1.0, 2.0, 3.0, 4.0]
        assert (made.reshape(2, 2) @ made.reshape(2, 2)).tolist() == [[7.0, 10.0], [15.0, 22.0]]
    for lend in (lambda: ag.from_numpy(crooked), lambda: ag.frombuffer(raw, dtype=ag.float64, count=4, offset=start)):
        with pytest.raises(RuntimeError, match="does not begin at a multiple of 8 bytes, as elements of float64 do; copy it first"):
            lend()
    assert ag.from_numpy(crooked[:0]).shape == (0,)


def test_format_is_that_of_the_number():
    x = ag.tensor(1.23456)
    assert f"{x:.2f}" == "1.23" and f"{x}" == repr(x.item()) and f"{ag.tensor(7):03d}" == "007"
    assert f"{ag.ones(2)}" == "tensor([1., 1.])"
    # A parameter is shown as one.
    parameter = ag.nn.Parameter(ag.tensor(1.5))
    assert f"{parameter}" == "Parameter containing:\ntensor(1.5000, requires_grad=True)"
    for given in (ag.ones(2), parameter):
        with pytest.raises(TypeError, match="unsupported format string passed to"):
            f"{given:.2f}"


def test_buffers_without_axes_are_read():
    for number in (np.array(2.5), np.array(7, dtype=np.int16)):
        lent = memoryview(number)
        t = ag.asarray(lent)
        assert str(t.dtype).endswith(str(number.dtype)) and t.tolist() == [number.item()]
        assert ag.frombuffer(lent, dtype=t.dtype).fill_(1).tolist() == [1] and number.item() == 1
    with pytest.raises(ValueError, match="object does not implement Python buffer protocol"):
        ag.frombuffer([1, 2], dtype=ag.uint8)


def test_asarray_takes_capsules_over():
    from arcgrad.utils.dlpack import to_dlpack

    t = ag.arange(3.0)
    taken = ag.asarray(to_dlpack(t))
    assert taken.tolist() == [0.0, 1.0, 2.0] and taken.data_ptr() == t.data_ptr()
    assert ag.asarray(to_dlpack(t), copy=True).data_ptr() != t.data_ptr()


def test_asarray_leaves_a_tensor_its_place_in_the_graph():
    x = ag.ones(2, requires_grad=True) * 1
    assert ag.asarray(x) is x and ag.asarray(x, copy=True).grad_fn is not None
    assert ag.asarray(x, dtype=ag.float64, copy=True).requires_grad
    assert not ag.asarray(x, requires_grad=False).requires_grad and ag.asarray([1.0], requires_grad=True).is_leaf
