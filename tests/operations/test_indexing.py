"""NumPy-style indexing, read and write: compared with NumPy itself on random cases (Hypothesis), with gradients."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

QUICK = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

# ---- random cases ------------------------------------------------------------------------------------------------


def slices(size):
    end = st.none() | st.integers(-size - 2, size + 2)
    return st.builds(slice, end, end, st.none() | st.integers(1, 3))


@st.composite
def basic_index(draw, shape):
    """Integers, slices, None and at most one Ellipsis, for some of the axes."""
    items = []
    used = draw(st.integers(0, len(shape)))
    ellipsis_at = draw(st.integers(0, used)) if draw(st.booleans()) else None
    axes = (
        list(range(used))
        if ellipsis_at is None
        else list(range(ellipsis_at)) + list(range(len(shape) - used + ellipsis_at, len(shape)))
    )
    for position, axis in enumerate(axes):
        if position == ellipsis_at:
            items.append(Ellipsis)
        if draw(st.integers(0, 5)) == 0:
            items.append(None)
        size = shape[axis]
        if size and draw(st.booleans()):
            items.append(draw(st.integers(-size, size - 1)))
        else:
            items.append(draw(slices(size)))
    if ellipsis_at == used:
        items.append(Ellipsis)
    if draw(st.integers(0, 5)) == 0:
        items.append(None)
    return tuple(items)


@st.composite
def advanced_index(draw, shape):
    """Mixtures with integer arrays (that broadcast together) and boolean masks."""
    items: list = []
    broadcast = draw(st.sampled_from([(1,), (2,), (3,), (2, 1), (2, 3), (0,)]))
    axis = 0
    ellipsis_used = False
    while axis < len(shape):
        kind = draw(st.sampled_from(["array", "array", "mask", "slice", "int", "none", "ellipsis", "stop"]))
        size = shape[axis]
        if kind == "stop":
            break
        if kind == "none":
            items.append(None)
            continue
        if kind == "ellipsis":
            if ellipsis_used:
                continue
            ellipsis_used = True
            items.append(Ellipsis)
            axis += draw(st.integers(0, len(shape) - axis))
            continue
        if kind == "int" and size:
            items.append(draw(st.integers(-size, size - 1)))
        elif kind == "array" and size:
            count = int(np.prod(broadcast))
            values = draw(st.lists(st.integers(-size, size - 1), min_size=count, max_size=count))
            items.append(np.array(values, dtype=np.int64).reshape(broadcast))
        elif kind == "mask":
            span = draw(st.integers(1, min(2, len(shape) - axis)))
            region = shape[axis : axis + span]
            count = int(np.prod(region))
            values = draw(st.lists(st.booleans(), min_size=count, max_size=count))
            items.append(np.array(values, dtype=bool).reshape(region))
            axis += span - 1
        else:
            items.append(draw(slices(size)))
        axis += 1
    assume(any(isinstance(i, np.ndarray) for i in items))
    return tuple(items)


shapes = st.lists(st.integers(0, 4), min_size=0, max_size=4).map(tuple)
full_shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


@st.composite
def cases(draw, index, shape=shapes):
    chosen = draw(shape)
    return chosen, draw(index(chosen))


def values_of(shape):
    return np.arange(1, 1 + int(np.prod(shape)), dtype=np.float64).reshape(shape)


def ours(index):
    """The same index with tensors in place of arrays."""
    return tuple(ag.from_numpy(i.copy()) if isinstance(i, np.ndarray) else i for i in index)


def without_empty_ellipsis(array, index):
    """The index without an ellipsis that stands for no axis: NumPy lets it part its neighbours, PyTorch does not."""
    spoken_for = 0
    for item in index:
        if isinstance(item, np.ndarray) and item.dtype == bool:
            spoken_for += item.ndim
        elif item is not None and item is not Ellipsis:
            spoken_for += 1
    return index if spoken_for < array.ndim else tuple(item for item in index if item is not Ellipsis)


def selected(array, index):
    """The view that the integers select, and the rest of the index.

    NumPy counts an integer beside index arrays as one of them, which moves the result's axes; PyTorch selects first.
    """
    if not any(isinstance(i, np.ndarray) for i in index):
        return array, index
    index = without_empty_ellipsis(array, index)
    first: list = []
    for item in index:
        if isinstance(item, np.ndarray) and item.dtype == bool:
            first += [slice(None)] * item.ndim
        elif isinstance(item, int) or item is Ellipsis:
            first.append(item)
        elif item is not None:
            first.append(slice(None))
    if Ellipsis not in [i for i in first if not isinstance(i, slice)]:
        first.append(Ellipsis)
    return array[tuple(first)], tuple(i for i in index if not isinstance(i, int))


def numpy_read(array, index):
    try:
        # Also an integer may be out of range: an ellipsis can stand for more axes than the strategy meant it to.
        view, rest = selected(array, index)
        return np.array(view[rest])
    except IndexError:
        return None


def numpy_write(array, index, value):
    view, rest = selected(array, index)
    view[rest] = value


def numpy_count(shape, index, weights):
    """How often each element is read, weighted."""
    counted = np.zeros(shape)
    view, rest = selected(counted, index)
    np.add.at(view, rest, weights)
    return counted


def check_read(shape, index):
    array = values_of(shape)
    wanted = numpy_read(array, index)
    assume(wanted is not None)
    x = ag.from_numpy(array.copy()).requires_grad_()
    y = x[ours(index)]
    assert tuple(y.shape) == wanted.shape and y.tolist() == wanted.tolist()
    # The gradient counts how often each element is read, weighted.
    weights = np.arange(2.0, 2.0 + wanted.size).reshape(wanted.shape)
    (g,) = ag.autograd.grad(y, x, ag.from_numpy(weights.copy()))
    assert g.tolist() == numpy_count(shape, index, weights).tolist()


def check_write(shape, index, source):
    array = values_of(shape)
    wanted = numpy_read(array, index)
    assume(wanted is not None)
    positions = numpy_read(np.arange(array.size).reshape(shape), index)
    assume(len(np.unique(positions)) == positions.size)  # else the order of writes matters
    if source == "scalar":
        value = np.asarray(-7.0)
    elif source == "broadcast" and wanted.ndim:
        value = -np.arange(1.0, 1.0 + wanted.shape[-1])
    else:
        value = np.asarray(-values_of(wanted.shape))
    expected = array.copy()
    numpy_write(expected, index, value)

    x = ag.from_numpy(array.copy()).requires_grad_()
    v = ag.from_numpy(value.copy()).requires_grad_()
    y = x * 1
    y[ours(index)] = v
    assert y.tolist() == expected.tolist()
    weights = np.arange(3.0, 3.0 + array.size).reshape(shape)
    gx, gv = ag.autograd.grad(y, (x, v), ag.from_numpy(weights.copy()), allow_unused=True)
    kept = weights.copy()
    numpy_write(kept, index, 0)
    assert gx.tolist() == kept.tolist()
    received = numpy_read(weights, index)
    while received.ndim > value.ndim:
        received = received.sum(0)
    for axis, size in enumerate(value.shape):
        if size == 1 and received.shape[axis] != 1:
            received = received.sum(axis, keepdims=True)
    if gv is None:
        assert not received.any()
    else:
        assert gv.tolist() == received.tolist()

    z = ag.from_numpy(array.copy())
    z[ours(index)] = value.item() if value.ndim == 0 else ag.from_numpy(value.copy())
    assert z.tolist() == expected.tolist()


@QUICK
@given(cases(basic_index))
def test_basic_reads_are_numpys(case):
    check_read(*case)


@QUICK
@given(cases(basic_index))
def test_basic_reads_are_views(case):
    shape, index = case
    x = ag.from_numpy(values_of(shape).copy())
    y = x[index]
    assert y._is_view() and y._base is x
    if y.numel():
        y.zero_()
        assert x.eq(0).sum().item() == y.numel()


@QUICK
@given(cases(basic_index), st.sampled_from(["scalar", "broadcast", "full"]))
def test_basic_writes_are_numpys(case, source):
    check_write(*case, source)


@QUICK
@given(cases(advanced_index, full_shapes))
def test_advanced_reads_are_numpys(case):
    check_read(*case)


@QUICK
@given(cases(advanced_index, full_shapes), st.sampled_from(["scalar", "broadcast", "full"]))
def test_advanced_writes_are_numpys(case, source):
    check_write(*case, source)


@QUICK
@given(cases(advanced_index, full_shapes))
def test_advanced_reads_are_copies(case):
    shape, index = case
    array = values_of(shape)
    assume(numpy_read(array, index) is not None)
    x = ag.from_numpy(array.copy())
    x[ours(index)].fill_(0)
    assert x.tolist() == array.tolist()


@QUICK
@given(cases(advanced_index, full_shapes))
def test_adding_through_an_index(case):
    shape, index = case
    array = values_of(shape)
    assume(numpy_read(array, index) is not None)
    positions = numpy_read(np.arange(array.size).reshape(shape), index)
    assume(len(np.unique(positions)) == positions.size)
    x = ag.from_numpy(array.copy())
    x[ours(index)] += 10
    numpy_write(array, index, numpy_read(array, index) + 10)
    assert x.tolist() == array.tolist()


@QUICK
@given(cases(basic_index), st.integers(0, 2))
def test_reads_of_views_that_are_not_contiguous(case, variant):
    shape, index = case
    assume(len(shape) >= 1)
    wide = values_of((*shape[:-1], shape[-1] * 2))
    array = wide[..., ::2]
    x = ag.from_numpy(wide.copy())[..., ::2]
    if variant == 1:
        array, x = np.moveaxis(array, 0, -1), x.movedim(0, -1)
    wanted = numpy_read(array, index)
    assume(wanted is not None)
    assert x[index].tolist() == wanted.tolist()


@settings(QUICK, max_examples=50)
@given(cases(advanced_index, full_shapes))
def test_second_order_through_advanced_reads(case):
    shape, index = case
    array = values_of(shape)
    assume(numpy_read(array, index) is not None)
    x = ag.from_numpy(array.copy()).requires_grad_()
    y = x[ours(index)]
    (g,) = ag.autograd.grad((y * y * y).sum(), x, create_graph=True)
    counts = numpy_count(shape, index, 1.0)
    assert g.tolist() == (3 * array**2 * counts).tolist()
    (h,) = ag.autograd.grad(g.sum(), x, allow_unused=True)
    assert (h if h is not None else ag.zeros(shape)).tolist() == (6 * array * counts).tolist()


# ---- named facts -------------------------------------------------------------------------------------------------


def arange(*shape):
    return ag.arange(int(np.prod(shape)), dtype=ag.float64).reshape(shape)


def test_a_row_an_element_a_number():
    x = arange(2, 3)
    assert x[1].tolist() == [3.0, 4.0, 5.0] and x[1, 2].item() == 5 and x[-1][-1].item() == 5
    assert x[1, 2].shape == () and float(x[0, 1]) == 1.0


def test_indices_of_every_integer_kind():
    x = arange(4)
    for i in (1, np.int64(1), np.int32(1), ag.tensor(1), ag.tensor(1, dtype=ag.int32)):
        assert x[i].item() == 1

    class Index:
        def __index__(self):
            return 2

    assert x[Index()].item() == 2 and x[Index() :].tolist() == [2.0, 3.0]
    assert x[ag.tensor(1) : ag.tensor(3)].tolist() == [1.0, 2.0]
    assert x[np.int64(0) : np.int64(2)].tolist() == [0.0, 1.0]


def test_lists_as_indices():
    x = arange(3, 3)
    assert x[[0, 2]].tolist() == [[0.0, 1.0, 2.0], [6.0, 7.0, 8.0]]
    assert x[[0, 2], [1, 1]].tolist() == [1.0, 7.0] and x[:, [2, 0]].tolist()[0] == [2.0, 0.0]
    assert x[[True, False, True]].shape == (2, 3)
    assert x[[]].shape == (0, 3)
    assert x[(0, 1)].item() == 1 and x[range(2)].shape == (2, 3)



def test_a_list_that_holds_more_than_positions_is_a_tuple():
    x = ag.arange(24).reshape(2, 3, 4)
    for key in ([slice(1, None), 2], [..., 0], [None, 1], [[0, 1], [2, 0]], [ag.tensor([1, 0]), 1], [slice(None)]):
        assert x[key].equal(x[tuple(key)]), key
        y, z = x.clone(), x.clone()
        y[key] = -1
        z[tuple(key)] = -1
        assert y.equal(z) and not y.equal(x), key
    # Positions are positions; a long list of lists is one index.
    assert x[[1, 0, 1]].equal(ag.stack([x[1], x[0], x[1]]))
    assert x[[[0], [1]] * 20].shape == (40, 1, 3, 4)


def test_a_number_as_a_tensor_is_written_where_a_mask_says_whatever_its_dtype():
    x = ag.zeros(3)
    x[ag.tensor([True, False, True])] = ag.tensor(2, dtype=ag.int64)
    assert x.tolist() == [2.0, 0.0, 2.0]
    assert x.int().index_put((x > 0,), ag.tensor(1.5)).tolist() == [1, 0, 1]
    x[True] = ag.tensor([5])
    x[False] = 9
    assert x.tolist() == [5.0, 5.0, 5.0]


def test_numpy_arrays_as_indices():
    x = arange(3, 3)
    assert x[np.array([0, 2])].shape == (2, 3) and x[np.array([True, False, True])].shape == (2, 3)


def test_true_false_and_none():
    x = arange(2, 3)
    assert x[None].shape == (1, 2, 3) and x[:, None].shape == (2, 1, 3) and x[..., None].shape == (2, 3, 1)
    assert x[True].shape == (1, 2, 3) and x[False].shape == (0, 2, 3)
    assert (
        x[()].shape == (2, 3) and x[...].shape == (2, 3) and arange()[()].shape == () and arange()[None].shape == (1,)
    )


def test_masks():
    x = arange(2, 3)
    assert x[x > 2].tolist() == [3.0, 4.0, 5.0]
    assert x[ag.tensor([True, False])].tolist() == [[0.0, 1.0, 2.0]]
    assert x[:, ag.tensor([True, False, True])].tolist() == [[0.0, 2.0], [3.0, 5.0]]
    x[x > 2] = -1
    assert x.tolist() == [[0.0, 1.0, 2.0], [-1.0, -1.0, -1.0]]
    x[x < 0] = ag.tensor([7.0, 8.0, 9.0], dtype=ag.float64)
    assert x[1].tolist() == [7.0, 8.0, 9.0]


def test_separated_index_tensors_put_their_axes_first():
    x = arange(2, 3, 4)
    i = ag.tensor([0, 1])
    assert x[i, :, i].shape == (2, 3) and x[:, i, i].shape == (2, 2) and x[i, :, 1].shape == (2, 3)
    assert x[:, i[:, None], i].shape == (2, 2, 2)
    assert x[0, :, i].shape == (3, 2)  # an integer selects first; NumPy gives (2, 3)
    assert x[ag.tensor(0), :, i].shape == (3, 2) and x[ag.tensor(0)]._base is x._base  # so does a tensor without axes


def test_an_ellipsis_for_no_axis_does_not_separate():
    x = arange(2, 3, 4)
    i = ag.tensor([0, 1])
    assert x[:, i, ..., i].shape == (2, 2) and x[:1, i, ..., i].tolist() == [[0.0, 5.0]]
    assert x[i, ..., i].shape == (2, 3)  # for one axis it does, as a slice would
    assert x[..., i, i].shape == (2, 2) and x[i, i, ...].shape == (2, 4)
    x[:, i, ..., i] = ag.tensor([[-1.0, -2.0], [-3.0, -4.0]], dtype=ag.float64)
    assert x[:, 0, 0].tolist() == [-1.0, -3.0] and x[:, 1, 1].tolist() == [-2.0, -4.0]


def test_repeated_indices_sum_their_gradients():
    x = arange(3).requires_grad_()
    x[ag.tensor([0, 0, 2, 0])].sum().backward()
    assert x.grad.tolist() == [3.0, 0.0, 1.0]


def test_index_put_with_accumulation():
    x = ag.zeros(3, dtype=ag.float64)
    v = ag.ones(4, dtype=ag.float64, requires_grad=True)
    x.index_put_((ag.tensor([0, 0, 2, 0]),), v, accumulate=True)
    assert x.tolist() == [3.0, 0.0, 1.0]
    (x * ag.tensor([1.0, 2.0, 3.0], dtype=ag.float64)).sum().backward()
    assert v.grad.tolist() == [1.0, 1.0, 3.0, 1.0]


def test_assignment_converts_the_dtype():
    x = ag.zeros(2, dtype=ag.int64)
    x[0] = 2.9
    x[1:] = ag.tensor([3.7])
    assert x.tolist() == [2, 3]
    y = ag.zeros(2)
    y[0] = ag.tensor(3, dtype=ag.int64)
    y[1] = True
    assert y.tolist() == [3.0, 1.0]
    b = ag.zeros(2, dtype=ag.bool)
    b[0] = 5
    assert b.tolist() == [True, False]


def test_assignment_broadcasts_and_drops_leading_ones():
    x = ag.zeros(2, 3)
    x[:] = ag.tensor([1.0, 2.0, 3.0])
    x[0] = ag.ones(1, 1, 3)
    assert x.tolist() == [[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]]
    x[:, 0] = 9
    assert x[:, 0].tolist() == [9.0, 9.0]
    x[0, 0] = ag.tensor([[5.0]])
    assert x[0, 0].item() == 5


def test_iteration_unpacking_and_membership():
    x = arange(3, 2).clone()
    rows = list(x)
    assert len(rows) == 3 == len(x) and rows[2].tolist() == [4.0, 5.0]
    a, b, c = x
    assert b.tolist() == [2.0, 3.0] and a._base is x
    assert 3 in x and 99 not in x and [r.sum().item() for r in reversed(x)] == [9.0, 5.0, 1.0]
    with pytest.raises(TypeError, match="0-d"):
        iter(arange())
    with pytest.raises(TypeError, match="0-d"):
        len(arange())
    assert reversed(arange()).item() == 0 and isinstance(reversed(x), ag.Tensor)


def test_gradients_of_iteration():
    x = arange(3, 2).requires_grad_()
    sum(row.sum() * i for i, row in enumerate(x)).backward()
    assert x.grad.tolist() == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]


def test_deleting_items_is_refused():
    x = arange(3)
    with pytest.raises((TypeError, AttributeError, NotImplementedError, RuntimeError)):
        del x[0]
    assert x.tolist() == [0.0, 1.0, 2.0]


# ---- bad indices -------------------------------------------------------------------------------------------------

BAD = [
    (lambda x: x[2], "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda x: x[-3], "index -3 is out of bounds for dimension 0 with size 2"),
    (lambda x: x[0, 3], "index 3 is out of bounds for dimension 1 with size 3"),
    (lambda x: x[:, -4], "index -4 is out of bounds for dimension 1 with size 3"),
    (lambda x: x[0, 0, 0], "too many indices for tensor of dimension 2"),
    (lambda x: x[..., 0, 0, 0], "too many indices for tensor of dimension 2"),
    (lambda x: x[:, :, :], "too many indices for tensor of dimension 2"),
    (lambda x: x[0][0][0], "(?i)invalid index of a 0-dim tensor|too many indices"),
    (lambda x: x[ag.tensor([2])], "index 2 is out of bounds for dimension 0 with size 2"),
    (lambda x: x[ag.tensor([-3])], "index -3 is out of bounds for dimension 0 with size 2"),
    (lambda x: x[:, ag.tensor([0, 5])], r"index 5 is out of bounds for dimension \d with size 3"),
    (lambda x: x[[0, 7]], "index 7 is out of bounds for dimension 0 with size 2"),
    (lambda x: x[ag.ones(3, dtype=ag.bool)], "The shape of the mask .* does not match the shape of the indexed tensor"),
    (
        lambda x: x[ag.ones(2, 2, dtype=ag.bool)],
        "The shape of the mask .* does not match the shape of the indexed tensor",
    ),
    (
        lambda x: x[ag.tensor([0, 1]), ag.tensor([0, 1, 2])],
        "shape mismatch: indexing tensors could not be broadcast together",
    ),
    (lambda x: x[ag.tensor([0.5])], "tensors used as indices must be long, int, byte or bool tensors"),
    (lambda x: x[ag.tensor([0]), ag.tensor([0]), ag.tensor([0])], "too many indices for tensor of dimension 2"),
]


@pytest.mark.parametrize(("read", "text"), BAD, ids=lambda v: v if isinstance(v, str) else "")
def test_bad_indices_are_index_errors(read, text):
    with pytest.raises(IndexError, match=text):
        read(arange(2, 3))


@pytest.mark.parametrize(
    "index", ["a", 1.5, (0, "a"), {}, object(), slice("a", None), slice(0.5, None), slice(None, None, 1.5)]
)
def test_indices_of_the_wrong_type(index):
    x = arange(2, 3)
    with pytest.raises((IndexError, TypeError)):
        x[index]
    with pytest.raises((IndexError, TypeError)):
        x[index] = 0
    assert x.tolist() == arange(2, 3).tolist() and x._version == 0


@pytest.mark.parametrize("step", [0, -1, -2])
def test_steps_must_be_positive(step):
    with pytest.raises(ValueError):
        arange(4)[::step]


BAD_WRITES = [
    lambda x: x.__setitem__(2, 0),
    lambda x: x.__setitem__((0, 9), 0),
    lambda x: x.__setitem__(ag.tensor([0, 9]), 0.0),
    lambda x: x.__setitem__((ag.tensor([0, 1]), ag.tensor([0, 9])), ag.ones(2, dtype=ag.float64)),
    lambda x: x.__setitem__(0, ag.ones(4, dtype=ag.float64)),
    lambda x: x.__setitem__(slice(None), ag.ones(3, 3, dtype=ag.float64)),
    lambda x: x.__setitem__(ag.ones(5, dtype=ag.bool), 0.0),
    lambda x: x.__setitem__(x > 2, ag.ones(2, dtype=ag.float64)),
    lambda x: x.__setitem__(0, "text"),
    lambda x: x.__setitem__(0, None),
    lambda x: x.__setitem__(0, object()),
    lambda x: x.__setitem__((0, 0, 0), 1.0),
    lambda x: x.index_put_((ag.tensor([0, 1, 2]),), ag.ones(3, dtype=ag.float64)[:, None], accumulate=True),
    lambda x: x.index_add_(0, ag.tensor([0, 9]), ag.ones(2, 3, dtype=ag.float64)),
    lambda x: x.scatter_(1, ag.tensor([[0, 9]]), 1.0),
    lambda x: x.scatter_add_(1, ag.tensor([[0, 9]]), ag.ones(1, 2, dtype=ag.float64)),
    lambda x: x.index_fill_(0, ag.tensor([0, 9]), 1.0),
]


@pytest.mark.parametrize("write", BAD_WRITES)
def test_bad_writes_are_errors(write):
    with pytest.raises((IndexError, RuntimeError, TypeError, ValueError)):
        write(arange(2, 3))


@pytest.mark.arcgrad_only  # PyTorch finds a bad index after writing the good ones
@pytest.mark.parametrize("write", BAD_WRITES)
def test_bad_writes_change_nothing(write):
    x = arange(2, 3).clone()
    with pytest.raises((IndexError, RuntimeError, TypeError, ValueError)):
        write(x)
    assert x.tolist() == arange(2, 3).tolist() and x._version == 0


def test_huge_indices():
    x = arange(4)
    for i in (2**31, 2**62, -(2**62), 2**63 - 1):
        with pytest.raises(IndexError):
            x[i]
    with pytest.raises((IndexError, OverflowError, ValueError, TypeError, RuntimeError)):
        x[2**64]
    assert x[0 : 2**62].shape == (4,) and x[-(2**62) :].shape == (4,) and x[:: 2**62].shape == (1,)
    assert x[2**62 :].shape == (0,)


def test_an_index_that_raises():
    class Bad:
        def __index__(self):
            raise LookupError("mine")

    with pytest.raises((LookupError, TypeError, IndexError)):
        arange(3)[Bad()]


def test_boolean_index_tensors_of_type_uint8():
    import warnings

    x = arange(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert x[ag.tensor([1, 0, 1], dtype=ag.uint8)].tolist() == [0.0, 2.0]


def test_what_is_scattered_from_no_axes_is_one_element():
    x = ag.tensor([1, 2, 3])
    assert x.scatter(0, ag.tensor([1]), ag.tensor(5)).tolist() == [1, 5, 3]
    with pytest.raises(RuntimeError, match="no larger than src"):
        x.scatter(0, ag.tensor([0, 1]), ag.tensor(5))


def test_a_slice_that_is_named_twice_is_filled_once():
    value = ag.tensor(2.0, requires_grad=True)
    ag.zeros(3, 5).index_fill(1, ag.tensor([2, 1, -1, 2]), value).sum().backward()
    assert value.grad == 9


@pytest.mark.parametrize("start", [None, 0, 2, -3, 50, -50, 1 << 70, -(1 << 70)])
@pytest.mark.parametrize("stop", [None, 0, 4, -1, 50, -50, 1 << 70, -(1 << 70)])
@pytest.mark.parametrize("step", [None, 1, 3, 1 << 70])
def test_bounds_of_a_slice_are_those_of_a_list(start, stop, step):
    numbers = [*range(7)]
    assert ag.arange(7)[start:stop:step].tolist() == numbers[start:stop:step]
    assert ag.arange(7)[ag.tensor(2) : ag.tensor(5)].tolist() == [2, 3, 4]
    for bad in (0, -1):
        with pytest.raises(ValueError, match="step must be greater than zero"):
            ag.arange(7)[start:stop:bad]
    with pytest.raises(TypeError, match="slice indices must be integers"):
        ag.arange(7)["a":stop]
    with pytest.raises(IndexError, match="too many indices"):
        ag.tensor(1.0)[start:stop]
