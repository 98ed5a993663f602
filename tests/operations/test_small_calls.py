"""Small calls take a short way: what it gives is what the long way gives, for masks, numbers and three tensors."""

import itertools

import pytest

import arcgrad as ag

DTYPES = [ag.float32, ag.float64, ag.int64, ag.int32, ag.uint8, ag.bool]
#: Elements: none, a few, as many as a mask is widened to at most, and one more.
SIZES = [0, 1, 5, 256, 257, 512, 513]


def filled(size, dtype, start):
    numbers = (ag.arange(size) * 7 + start) % 11
    return (numbers > 4) if dtype is ag.bool else numbers.to(dtype)


def long_way(call, *args):
    """The same call of tensors that are no contiguous memory, element by element as before."""
    spread = [arg if not isinstance(arg, ag.Tensor) else ag.stack([arg, arg], 1)[:, 0] for arg in args]
    return call(*spread)


def same(a, b):
    assert a.dtype is b.dtype and a.shape == b.shape
    assert a.tolist() == b.tolist()


CALLS = {
    "where": lambda x, y, mask: ag.where(mask, x, y),
    "where a number": lambda x, y, mask: ag.where(mask, x, 2),
    "where a number first": lambda x, y, mask: ag.where(mask, 2, y),
    "masked_fill": lambda x, y, mask: x.masked_fill(mask, 1),
    "product with a mask": lambda x, y, mask: x * mask,
    "sum with a mask": lambda x, y, mask: mask + x,
    "comparison with a mask": lambda x, y, mask: x == mask,
    "maximum": lambda x, y, mask: ag.maximum(x, y),
    "clamp": lambda x, y, mask: x.clamp(2, 5),
    "clamp by tensors": lambda x, y, mask: x.clamp(mask * 2, y),
    "addcmul": lambda x, y, mask: ag.addcmul(x, y, mask),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CALLS)
def test_the_short_way_gives_what_the_long_one_gives(name, size):
    for first, second in itertools.product(DTYPES, DTYPES):
        x, y, mask = filled(size, first, 1), filled(size, second, 3), filled(size, ag.bool, 5)
        try:
            expected = long_way(CALLS[name], x, y, mask)
        except (RuntimeError, NotImplementedError, TypeError) as error:
            with pytest.raises(type(error)):
                CALLS[name](x, y, mask)
            continue
        same(CALLS[name](x, y, mask), expected)


@pytest.mark.parametrize("size", [1, 5, 257, 513])
def test_gradients_through_a_mask_are_those_of_the_long_way(size):
    found = []
    for spread in (False, True):
        x, y = (filled(size, ag.float64, at).requires_grad_() for at in (1, 3))
        mask = filled(size, ag.bool, 5)
        a, b, m = (ag.stack([part, part], 1)[:, 0] for part in (x, y, mask)) if spread else (x, y, mask)
        (ag.where(m, a * b, b) * m).sum().backward()
        found.append((x.grad.tolist(), y.grad.tolist()))
    assert found[0] == found[1]


def test_the_same_tensor_three_times():
    x = ag.ones(3, requires_grad=True)
    ag.addcmul(x, x, x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]


#: One element that is broadcast: without axes, with as many as the other operand or fewer, and with more.
ONES = {"no axis": (), "one axis": (1,), "two axes": (1, 1), "more axes": (1, 1, 1)}


@pytest.mark.parametrize("shape", ONES.values(), ids=ONES)
def test_one_element_is_broadcast_as_if_it_were_written_out(shape):
    for dtype, other in itertools.product((ag.float32, ag.float64, ag.int64, ag.bool), (ag.float32, ag.int64)):
        x = filled(6, dtype, 1).view(2, 3)
        one = ag.tensor(3).to(other).reshape(shape)
        for call in (ag.mul, ag.add, ag.true_divide, ag.maximum, ag.eq, lambda a, b: ag.where(a > 1, a, b)):
            for a, b in ((x, one), (one, x)):
                expected = long_way(call, a, b) if shape else call(a.expand(2, 3), b.expand(2, 3))
                if not shape and call(a, b).dtype is not expected.dtype:
                    continue  # without axes it promotes by category alone
                same(call(a, b), expected)


@pytest.mark.parametrize("shape", ONES.values(), ids=ONES)
def test_the_gradient_of_one_element_that_is_broadcast_is_summed(shape):
    x = ag.tensor([1.0, 2.0, 4.0], dtype=ag.float64, requires_grad=True)
    one = ag.full(shape, 2.0, dtype=ag.float64, requires_grad=True)
    (x / one * one.detach()).backward(ag.ones((*shape[1:], 3), dtype=ag.float64))
    assert x.grad.tolist() == [1.0, 1.0, 1.0]
    assert one.grad.shape == shape and one.grad.item() == -3.5


def test_in_place_one_element_is_broadcast_unless_it_is_the_targets_own():
    x = ag.tensor([1.0, 2.0, 4.0])
    x.mul_(ag.tensor(2.0))
    assert x.tolist() == [2.0, 4.0, 8.0]
    for own in (x[:1], x[1], x[:1].detach(), x[2].detach()):
        with pytest.raises(RuntimeError, match="single memory location"):
            x.add_(own)
    assert x.tolist() == [2.0, 4.0, 8.0]
    with pytest.raises(RuntimeError, match="output with shape"):
        ag.tensor(1.0).add_(ag.ones(1))


def test_what_no_grad_cuts_off_on_the_short_way_is_explained():
    x = ag.ones(3, requires_grad=True)
    with ag.no_grad():
        y = x * 2.0
    assert not y.requires_grad
    y.requires_grad_().sum().backward()
    assert "no_grad" in str(ag.explain_grad(x))


@pytest.mark.parametrize("shape", [(4, 10), (3, 2, 5), (70, 3), (2, 1), (1, 9), (5, 0), (0, 5)])
def test_a_few_lines_are_reduced_as_each_by_itself(shape):
    x = (ag.arange(int(ag.tensor(shape).prod())) * 37 % 101).reshape(shape) / 7
    calls = [lambda t: t.sum(-1), lambda t: t.mean(-1), lambda t: t.prod(-1)]
    if shape[-1] > 1:
        calls.append(lambda t: t.var(-1))
    if shape[-1]:
        calls += [lambda t: t.argmax(-1), lambda t: t.max(-1).values, lambda t: t.max(-1).indices, lambda t: t.amin(-1)]
    for dtype in (ag.float32, ag.float64, ag.float16):
        lines = x.to(dtype)
        for call in calls:
            got = call(lines).flatten().tolist()
            each = [call(line).item() for line in lines.reshape(-1, shape[-1])] if lines.numel() else [*got]
            assert str(got) == str(each)


@pytest.mark.parametrize("count", [1, 2, 8, 9, 17])
def test_parts_are_joined_in_order_however_they_lie(count):
    parts = [(ag.arange(6).reshape(2, 3) + 10 * at).to([ag.float32, ag.float64][at % 2]) for at in range(count)]
    parts = [part.t().contiguous().t() if at % 3 else part for at, part in enumerate(parts)]
    lists = [part.tolist() for part in parts]
    assert ag.cat(parts).tolist() == [row for part in lists for row in part]
    assert ag.cat(parts, 1).tolist() == [[n for part in lists for n in part[row]] for row in range(2)]
    assert ag.stack(parts).tolist() == lists
    assert ag.stack(parts, 2).tolist() == ag.stack(parts).permute(1, 2, 0).tolist()


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
@pytest.mark.parametrize("shape", [(1, 3), (4, 10), (8, 5), (9, 5), (40, 7), (3, 40), (0, 5)])
def test_what_is_kept_for_gradients_does_not_change_the_result(shape, dtype):
    x = ag.arange(shape[0] * shape[1], dtype=dtype).sin().reshape(shape)
    weight, classes = ag.linspace(0.5, 1.5, shape[1], dtype=dtype), ag.arange(shape[0]) % shape[1]
    calls = [
        lambda x: ag.nn.functional.layer_norm(x, shape[1:], weight, weight),
        lambda x: ag.nn.functional.layer_norm(x, shape[1:]),
        lambda x: ag.nn.functional.cross_entropy(x, classes, weight, reduction="none"),
        lambda x: ag.nn.functional.nll_loss(x, classes, reduction="sum"),
    ]
    for call in calls:
        recorded = call(x.clone().requires_grad_())
        assert recorded.grad_fn is not None
        same(call(x), recorded.detach())


@pytest.mark.parametrize("count", [1, 3, 7, 8, 9, 15, 16, 17])
@pytest.mark.parametrize("dtype", [*DTYPES, ag.int8, ag.int16, ag.float16, ag.complex64, ag.complex128])
def test_a_short_row_writes_its_own_elements_alone(dtype, count):
    whole = ag.ones(count + 2, dtype=dtype)
    part = whole[1 : count + 1]
    zeros = ag.zeros(count, dtype=dtype)
    assert (part * zeros).tolist() == zeros.tolist()
    part.mul_(zeros)
    assert whole.tolist() == [whole[0].item(), *zeros.tolist(), whole[0].item()]
    assert whole[0].item() == 1


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64, ag.int64, ag.int32, ag.uint8, ag.complex64])
def test_rows_of_every_length_around_a_group_are_computed_element_by_element(dtype):
    for size in range(70):
        x, y = filled(size, dtype, 1), filled(size, dtype, 3)
        pairs = list(zip(x.tolist(), y.tolist()))
        assert (x + y).tolist() == [a + b for a, b in pairs]
        assert (x * 2).tolist() == [a * 2 for a, _ in pairs]
        assert (x == y).tolist() == [a == b for a, b in pairs]
        before, own = x.tolist(), x.clone()
        own += y
        own += own
        assert own.tolist() == [2 * (a + b) for a, b in pairs]
        assert x.tolist() == before


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (2, 0), (2, 3, 4), (4097,)])
def test_sums_and_means_of_small_tensors_are_those_of_any_other_layout(dtype, shape):
    x = filled(int(ag.ones(shape).sum()), dtype, 2).reshape(shape) / 8
    other = ag.stack([x, x], -1)[..., 0]
    for call in (ag.sum, ag.mean):
        expected, given = call(other), call(x)
        assert given.dtype is dtype and given.shape == ()
        assert str(given.item()) == str(expected.item())
        with ag.no_grad():
            leaf = x.clone().requires_grad_()
            assert not call(leaf).requires_grad
        assert call(x.clone().requires_grad_()).requires_grad


def test_a_small_sum_whose_terms_leave_the_range_is_computed_again():
    x = ag.tensor([3e38, 3e38, -3e38, -3e38])
    assert x.sum().item() == 0 and x.mean().item() == 0
    assert ag.tensor([3e38, 3e38]).sum().item() == float("inf")
