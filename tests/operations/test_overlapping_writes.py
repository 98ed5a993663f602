"""Writes into tensors whose elements share memory: expanded ones, and windows that overlap.

What is written to an element without looking at the others is written, one after the other, as in PyTorch; whatever
reads what it writes, or would send a gradient to one place several times, is refused.
"""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest

SELF_OVERLAP = "more than one element of the written-to tensor refers to a single memory location"


def windows():
    """Three windows of two elements over 0 1 2 3."""
    base = ag.arange(4.0)
    return base, base.as_strided((3, 2), (1, 1))


def expanded():
    """A column of three elements shown twice."""
    base = ag.arange(3.0).reshape(3, 1)
    return base, base.expand(3, 2)


FILLS = {
    "fill_": (lambda x: x.fill_(7), lambda x: x.fill(7)),
    "zero_": (lambda x: x.zero_(), lambda x: x.fill(0)),
    "setitem of all": (lambda x: x.__setitem__(..., 7), lambda x: x.fill(7)),
    "setitem of a row": (lambda x: x.__setitem__(1, 7), lambda x: x.__setitem__(1, 7)),
    "setitem of a column": (lambda x: x.__setitem__((slice(None), 1), 7), lambda x: x.__setitem__((slice(None), 1), 7)),
    "setitem by positions": (lambda x: x.__setitem__([0, 2], 7), lambda x: x.__setitem__([0, 2], 7)),
    "setitem by a mask": (
        lambda x: x.__setitem__(ag.tensor([True, False, False]), 7),
        lambda x: x.__setitem__([True, False, False], 7),
    ),
    "masked_fill_": (
        lambda x: x.masked_fill_(ag.tensor([[True], [False], [True]]), 7),
        lambda x: x.__setitem__([0, 2], 7),
    ),
    "masked_fill_ by a tensor": (
        lambda x: x.masked_fill_(ag.tensor([[True], [False], [True]]), ag.tensor(7)),
        lambda x: x.__setitem__([0, 2], 7),
    ),
    "index_fill_": (lambda x: x.index_fill_(0, ag.tensor([2, 0]), 7), lambda x: x.__setitem__([2, 0], 7)),
    "tril_": (lambda x: x.tril_(), lambda x: x.__setitem__((0, 1), 0)),
}


@pytest.mark.parametrize("make", [windows, expanded], ids=["windows", "expanded"])
@pytest.mark.parametrize("name", FILLS)
def test_numbers_are_written_as_numpy_writes_them(make, name):
    write, expected = FILLS[name]
    base, view = make()
    mirror = base.numpy().copy()
    strides = tuple(stride * mirror.itemsize for stride in view.stride())
    expected(np.lib.stride_tricks.as_strided(mirror, tuple(view.shape), strides))
    version = base._version
    write(view)
    assert base.tolist() == mirror.tolist()
    assert base._version > version


def test_many_threads_do_not_matter():
    base = ag.zeros(1 << 20)
    base.as_strided((1 << 19, 1 << 10), (1, 1)).fill_(3)
    assert base[: (1 << 19) + (1 << 10) - 1].eq(3).all() and base[(1 << 19) + (1 << 10) - 1 :].eq(0).all()


def test_filling_what_is_expanded_takes_no_time_per_element():
    base = ag.zeros(1)
    base.expand(2**60).fill_(3)
    assert base.item() == 3
    base.expand(2**60, 0).fill_(4)
    assert base.item() == 3


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1),
        lambda x: x.copy_(ag.ones(3, 2)),
        lambda x: x.fill_(ag.tensor(7)),
        lambda x: x.__setitem__(..., ag.ones(3, 2)),
        lambda x: x.exp_(),
        lambda x: x.cumsum_(0),
        lambda x: x.scatter_(0, ag.tensor([[0, 1]]), 1.0),
        lambda x: x.index_add_(0, ag.tensor([0]), ag.ones(1, 2)),
        lambda x: x.normal_(),
    ],
)
@pytest.mark.parametrize("make", [windows, expanded], ids=["windows", "expanded"])
def test_what_reads_or_orders_its_elements_is_refused(make, write):
    base, view = make()
    before = base.tolist()
    with pytest.raises(RuntimeError, match=SELF_OVERLAP):
        write(view)
    assert base.tolist() == before


@pytest.mark.parametrize("name", ["fill_", "setitem by positions", "masked_fill_", "index_fill_", "tril_"])
def test_no_gradient_is_recorded_through_shared_memory(name):
    leaf = ag.ones(3, 1, requires_grad=True)
    view = leaf.clone().expand(3, 2)
    with pytest.raises(RuntimeError, match=SELF_OVERLAP):
        FILLS[name][0](view)
    # Without recording it is a write like any other.
    with ag.no_grad():
        base = leaf.clone()
        FILLS[name][0](base.expand(3, 2))
    assert not base.eq(1).all()


@pytest.mark.parametrize("name, write", [
    ("index_fill_", lambda x: x.index_fill_(0, ag.tensor([2, 1]), 1.0)),
    ("index_fill_", lambda x: x.__setitem__(ag.tensor([2, 1]), 1.0)),
    ("index_put_", lambda x: x.index_put_((ag.tensor([2, 1]),), ag.ones(2))),
    ("masked_fill_", lambda x: x.masked_fill_(ag.tensor([True, False, True]), 1.0)),
    ("masked_fill_", lambda x: x.__setitem__(ag.tensor([True, False, True]), 1.0)),
])  # fmt: skip
def test_a_write_to_an_expanded_tensor_warns(name, write):
    x = ag.zeros(1).expand(3)
    with pytest.warns(UserWarning, match=f"Use of {name} on expanded tensors is deprecated"):
        write(x)
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_slices_are_not_copied_from_where_they_are_written():
    x = ag.arange(6.0)
    with pytest.raises(RuntimeError, match="unsupported operation"):
        x.index_copy_(0, ag.tensor([2, 1, 0]), x[:3])
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_what_a_program_copies_shares_no_memory_with_where_it_goes():
    x = ag.arange(9.0)

    def by_index():
        x[1:] = x[:-1]

    square = x.view(3, 3)
    for call in (by_index, lambda: x[1:].copy_(x[:-1]), lambda: square.copy_(square.t()), lambda: x.copy_(x[0])):
        with pytest.raises(RuntimeError, match="refer to a single memory location"):
            call()
    assert x.tolist() == list(range(9))
    # Itself, and what has gaps.
    assert x.copy_(x) is x and x[:8][::2].copy_(x[1::2]).tolist() == [1, 3, 5, 7]
