"""Writes to a tensor while another shows some of its memory.

Two dense blocks that overlap in part are refused, as in PyTorch. Anything else is computed as if what is read had been
copied first, where PyTorch's result may depend on the order of its loops.
"""

from __future__ import annotations

import arcgrad as ag
import pytest
import calls as registry

SHARED = "refer to a single memory location"


def square():
    return ag.arange(9.0).reshape(3, 3) / 10 + 0.5


# ---- a tensor and itself -------------------------------------------------------------------------------------------


@registry.only_here  # PyTorch sees only axes without a stride.
@pytest.mark.parametrize(
    ("shape", "strides"), [((2, 3), (3, 2)), ((3, 2), (2, 3)), ((2, 2, 2), (3, 2, 6)), ((4,), (0,)), ((3, 2), (1, 1)), ((2, 4), (6, 2))]
)
def test_elements_that_lie_apart_may_be_written_whatever_the_strides(shape, strides):
    offsets = (ag.arange(100).as_strided(shape, strides)).flatten().tolist()
    base = ag.zeros(20)
    view = base.as_strided(shape, strides)
    if len(set(offsets)) < len(offsets):
        with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
            view.add_(1)
        assert base.sum() == 0
    else:
        view.add_(1)
        assert [i for i, value in enumerate(base.tolist()) if value] == sorted(offsets)


def test_windows_that_lie_apart_may_be_written():
    base = ag.arange(8.0)
    base.unfold(0, 2, 3).add_(1)
    assert base.tolist() == [1, 2, 2, 4, 5, 5, 7, 8]


# ---- a tensor and others -------------------------------------------------------------------------------------------

APART = {
    "columns": (lambda x: x[:, :2], lambda x: x[:, 2:]),
    "a block beside": (lambda x: x[:2, :2], lambda x: x[:2, 2:]),
    "a block below": (lambda x: x[:2, :2], lambda x: x[2:, 2:]),
    "even and odd": (lambda x: x.view(-1)[::2], lambda x: x.view(-1)[1::2]),
    "thirds and halves": (lambda x: x.view(-1)[::6], lambda x: x.view(-1)[1::4][:3]),
    "diagonals": (lambda x: x.diagonal()[:3], lambda x: x.diagonal(1)),
    "transposed": (lambda x: x[:2, 2:], lambda x: x[2:, :2].t()),
}


@pytest.mark.parametrize("name", APART)
def test_parts_that_share_no_element_may_be_added(name):
    into, source = APART[name]
    base = ag.arange(16.0).reshape(4, 4)
    target, addend = into(base), source(base)
    expected = (target + addend).tolist()
    untouched = addend.tolist()
    target += addend
    assert target.tolist() == expected and addend.tolist() == untouched


SHARING = {
    "columns, one further": lambda x: (x[:, 1:], x[:, :-1]),
    "columns, one back": lambda x: (x[:, :-1], x[:, 1:]),
    "a row of columns": lambda x: (x[:, :2], x[1, :2]),
    "a row for all": lambda x: (x, x[:1].expand(4, 4)),
    "an element of columns": lambda x: (x[:, :2], x[1, 1]),
    "a column for all": lambda x: (x, x[:, 1:2]),
}
DENSE = {
    "one further": lambda x: (x[1:], x[:-1]),
    "the transpose": lambda x: (x, x.t()),
    "a row": lambda x: (x, x[1]),
    "an element": lambda x: (x, x[1, 1]),
}
BINARY = sorted(
    name
    for name, row in registry.ROWS.items()
    if registry.has_in_place(row) and len(row["inputs"]) == 2 and hasattr(ag.Tensor, f"{name}_")
)


@registry.only_here
@pytest.mark.parametrize("name", BINARY)
def test_an_operand_in_the_target_counts_as_copied_first(name):
    row = registry.ROWS[name]
    dtype = registry.DTYPES[row["tier"]][0]
    write = registry.in_place(name)

    def base():
        return ag.from_numpy(registry.draw(registry.generator(name), (4, 4), dtype, row["domain"]))

    for where, parts in SHARING.items():
        target, operand = parts(base())
        expected = write(target.clone(), operand.clone()).tolist()
        write(target, operand)
        assert target.tolist() == expected, where
    for where, parts in DENSE.items():
        whole = base()
        before = whole.tolist()
        target, operand = parts(whole)
        with pytest.raises(RuntimeError, match=SHARED):
            write(target, operand)
        assert whole.tolist() == before, where


@registry.only_here
def test_gradients_of_an_operand_in_the_target_are_those_of_a_copy():
    for parts in SHARING.values():
        found = []
        for copy in (False, True):
            leaf = square().new_tensor([[1.0 + i + 4 * j for i in range(4)] for j in range(4)]).requires_grad_()
            target, operand = parts(leaf * 1)
            target.mul_(operand.clone() if copy else operand)
            target.square().sum().backward()
            found.append(leaf.grad.tolist())
        assert found[0] == found[1]


TRUE = [True, False, True, True]
NUMBERS = {
    "masked_fill_": (lambda x, value: x.masked_fill_(ag.tensor(TRUE), value), [1, 1, 1, 1]),
    "masked_fill_ by the first": (lambda x, value: x.masked_fill_(ag.tensor(TRUE), x[0]), [0, 1, 0, 0]),
    "index_fill_": (lambda x, value: x.index_fill_(0, ag.tensor([0, 2]), value), [1, 1, 1, 3]),
    "setitem by a mask": (lambda x, value: x.__setitem__(ag.tensor(TRUE), value), [1, 1, 1, 1]),
    "fill_": (lambda x, value: x.fill_(value), [1, 1, 1, 1]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_an_element_of_a_tensor_may_be_filled_into_it(name):
    write, expected = NUMBERS[name]
    for dtype in (ag.float32, ag.int64):
        x = ag.arange(4, dtype=dtype)
        write(x, x[1])
        assert x.tolist() == expected


@registry.only_here
def test_what_is_put_at_a_mask_may_come_from_the_target():
    x = ag.arange(4)
    assert x.masked_scatter_(ag.tensor([False, True, True, False]), x[:2]).tolist() == [0, 0, 1, 3]
    mask = ag.tensor([True, False, True])
    assert mask.masked_scatter_(mask, ag.tensor([False, True])).tolist() == [False, False, True]


@registry.only_here
@pytest.mark.parametrize("name", ["scatter_", "scatter_add_", "index_add_"])
def test_a_source_in_the_target_counts_as_copied_first(name):
    index = ag.tensor([1, 0, 1]) if name == "index_add_" else ag.tensor([[1, 0, 2], [2, 2, 0], [0, 1, 1]])
    base = ag.arange(12.0).reshape(3, 4)
    expected = getattr(base[:, 1:].clone(), name)(0, index, base[:, :-1].clone()).tolist()
    assert getattr(base[:, 1:], name)(0, index, base[:, :-1]).tolist() == expected
    whole = square()
    with pytest.raises(RuntimeError, match=SHARED):
        getattr(whole, name)(0, index, whole)


@registry.only_here
@pytest.mark.parametrize("name", ["exp", "neg", "abs", "sigmoid", "floor"])
def test_an_output_that_shares_memory_gets_the_values_of_a_copy(name):
    function = getattr(ag, name)
    for parts in SHARING.values():
        target, operand = parts(ag.arange(16.0).reshape(4, 4) / 8 - 1)
        if operand.shape != target.shape:
            operand = operand.expand(target.shape)
        expected = function(operand.clone()).tolist()
        assert function(operand, out=target).tolist() == expected
