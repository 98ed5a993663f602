"""The bill of what a graph keeps for backward."""

import pytest

import arcgrad as ag
from arcgrad.autograd.graph import memory


def test_values_are_listed_with_their_line_and_counted_once():
    x = ag.ones(100, 50, requires_grad=True)
    w = ag.ones(50, 20, requires_grad=True)
    h = x @ w
    y = h.exp()  # keeps its result
    z = y.sin() + y.cos()  # keep their argument, which is the same memory
    bill = memory(z.sum())
    names = {(value.node, value.name) for value in bill}
    assert {("MmBackward0", "self"), ("MmBackward0", "mat2"), ("ExpBackward0", "result"), ("SinBackward0", "self")} <= names
    assert bill.nbytes == 4 * (100 * 50 + 50 * 20 + 100 * 20)
    assert [value.nbytes for value in bill] == sorted((value.nbytes for value in bill), reverse=True)
    of_y = [value for value in bill if value.nbytes == 8000]
    assert len(of_y) == 3 and sum(value.is_first for value in of_y) == 1
    lines = {value.line[1] for value in bill if value.node == "MmBackward0"}
    assert lines == {test_values_are_listed_with_their_line_and_counted_once.__code__.co_firstlineno + 3}
    assert sum(bill.by_line().values()) == bill.nbytes and next(iter(bill.by_line().values())) >= 20000
    text = str(bill)
    assert "100×50 float32" in text and "shared" in text and text.endswith("in all")


def test_a_view_keeps_all_of_its_memory():
    big = ag.ones(1000, 10, requires_grad=True)
    bill = memory((big * 1.0)[0].exp().sin().sum())
    assert bill.nbytes == 40
    whole = big * 1.0
    (only,) = [value for value in memory(whole[:2].sin().sum()) if value.node == "SinBackward0"]
    assert only.shape == (2, 10) and only.nbytes == 40_000


def test_functions_of_the_program():
    class Twice(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    (value,) = memory(Twice.apply(ag.ones(3, requires_grad=True)).sum())
    assert (value.name, value.nbytes, value.is_first) == ("saved_tensors[0]", 12, True)


def test_what_has_no_graph_is_refused():
    with pytest.raises(RuntimeError, match="there is no graph"):
        memory(ag.ones(2))
    assert memory(ag.ones(2, requires_grad=True)) == ()
    loss = ag.ones(2, requires_grad=True).exp().sum()
    loss.backward()
    with pytest.raises(RuntimeError):
        memory(loss)
