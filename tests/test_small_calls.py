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
