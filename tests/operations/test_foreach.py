"""``_foreach_*``: operations over lists of tensors."""

import pytest

import arcgrad as ag


def lists(*values):
    return [ag.tensor(value) for value in values]


def test_out_of_place_ones_give_tuples_and_leave_the_lists():
    a = lists([1.0, 2.0], [3.0])
    result = ag._foreach_add(a, 1)
    assert isinstance(result, tuple) and [t.tolist() for t in result] == [[2, 3], [4]]
    assert [t.tolist() for t in a] == [[1, 2], [3]]


def test_in_place_ones_change_the_tensors_and_give_the_list():
    a = lists([1.0, 2.0], [3.0])
    assert ag._foreach_mul_(a, [2.0, 3.0]) is a
    assert [t.tolist() for t in a] == [[2, 4], [9]]
    assert ag._foreach_zero_(a) is a and a[1].tolist() == [0]
    ag._foreach_copy_(a, lists([5.0, 6.0], [7.0]))
    assert [t.tolist() for t in a] == [[5, 6], [7]]


@pytest.mark.parametrize(
    ("name", "others", "expected"),
    [
        ("add", (lists([1.0, 1.0], [2.0]),), [[2, 3], [5]]),
        ("sub", (ag.tensor(1.0),), [[0, 1], [2]]),
        ("div", (2,), [[0.5, 1], [1.5]]),
        ("pow", ([2, 3],), [[1, 4], [27]]),
        ("maximum", (2,), [[2, 2], [3]]),
        ("minimum", (lists([0.0, 5.0], [1.0]),), [[0, 2], [1]]),
        ("clamp_max", (2,), [[1, 2], [2]]),
        ("lerp", (lists([3.0, 4.0], [5.0]), 0.5), [[2, 3], [4]]),
        ("addcmul", (lists([1.0, 1.0], [1.0]), lists([1.0, 2.0], [3.0]), 2), [[3, 6], [9]]),
        ("addcdiv", (lists([1.0, 1.0], [1.0]), lists([1.0, 2.0], [4.0]), [1.0, 4.0]), [[2, 2.5], [4]]),
        ("neg", (), [[-1, -2], [-3]]),
        ("sqrt", (), None),
    ],
)
def test_each_is_the_operation_for_every_tensor(name, others, expected):
    a = lists([1.0, 2.0], [3.0])
    result = [t.tolist() for t in getattr(ag, f"_foreach_{name}")(a, *others)]
    assert result == (expected or [getattr(t, name)().tolist() for t in a])
    getattr(ag, f"_foreach_{name}_")(a, *others)
    assert [t.tolist() for t in a] == result


def test_a_number_may_be_raised_to_the_power_of_each():
    assert [t.tolist() for t in ag._foreach_pow(2.0, lists([1.0, 2.0], [3.0]))] == [[2, 4], [8]]


def test_terms_are_scaled_by_alpha():
    assert ag._foreach_sub(lists([5.0]), lists([2.0]), alpha=2)[0].tolist() == [1]


def test_norms_and_greatest_elements():
    a = lists([3.0, -4.0], [[2.0, -2.0]])
    assert [t.item() for t in ag._foreach_norm(a)] == [5, ag.tensor(8.0).sqrt().item()]
    assert [t.item() for t in ag._foreach_norm(a, 1)] == [7, 4]
    assert [t.item() for t in ag._foreach_max(a)] == [3, 2]


def test_gradients_pass():
    x = ag.ones(2, requires_grad=True)
    sum(t.sum() for t in ag._foreach_mul([x, x], [2.0, 3.0])).backward()
    assert x.grad.tolist() == [5, 5]


def test_lists_of_different_lengths_and_empty_ones_are_refused():
    with pytest.raises(RuntimeError, match="same number of tensors, got 1 and 2"):
        ag._foreach_add(lists([1.0]), lists([1.0], [2.0]))
    with pytest.raises(RuntimeError, match="at least one tensor"):
        ag._foreach_add_([], 1)


def test_names_that_are_not_there_are_missing():
    with pytest.raises(AttributeError):
        ag._foreach_nothing  # noqa: B018
