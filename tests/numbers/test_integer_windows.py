"""Convolution and pooling of integers: exact, modulo the width of the dtype."""

from __future__ import annotations

import itertools

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.nn import functional as F

INTEGERS = [ag.int64, ag.int32, ag.int16, ag.int8, ag.uint8]


def convolved(x, w, bias, stride, padding, dilation, groups):
    """The sum over taps, written as NumPy slices, in Python's integers of any size."""
    padded = np.zeros((*x.shape[:2], *(size + 2 * padding for size in x.shape[2:])), dtype=object)
    padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x.astype(object)
    x = padded
    inner, outer = w.shape[1], w.shape[0] // groups
    height, width = [(x.shape[2 + i] - dilation * (w.shape[2 + i] - 1) - 1) // stride + 1 for i in (0, 1)]
    y = np.zeros((x.shape[0], w.shape[0], height, width), dtype=object)
    for made, channel, h, v in itertools.product(*map(range, w.shape)):
        rows = slice(h * dilation, h * dilation + stride * (height - 1) + 1, stride)
        columns = slice(v * dilation, v * dilation + stride * (width - 1) + 1, stride)
        y[:, made] += x[:, made // outer * inner + channel, rows, columns] * int(w[made, channel, h, v])
    return y if bias is None else y + bias.astype(object)[:, None, None]


def wrapped(values, dtype):
    """Integers of any size as those of the dtype."""
    bits = ag.iinfo(dtype).bits
    low = ag.iinfo(dtype).min
    return np.vectorize(lambda value: (int(value) - low) % 2**bits + low, otypes=[object])(values)


def drawn(shape, dtype, seed):
    info = ag.iinfo(dtype)
    rng = np.random.RandomState(seed)
    return rng.randint(max(info.min, -(2**40)), min(info.max, 2**40), shape, dtype=np.int64).astype(str(dtype)[8:])


@pytest.mark.parametrize("stride, padding, dilation, groups", [(1, 0, 1, 1), (2, 1, 1, 2), (1, 3, 2, 1), (3, 2, 2, 4)])
@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_conv2d_of_integers_is_exact(dtype, stride, padding, dilation, groups):
    x, w, b = drawn((2, 4, 7, 6), dtype, 1), drawn((8, 4 // groups, 3, 2), dtype, 2), drawn((8,), dtype, 3)
    given = [ag.from_numpy(array) for array in (x, w, b)]
    for bias in (None, b):
        y = F.conv2d(*given[:2], None if bias is None else given[2], stride, padding, dilation, groups)
        assert y.dtype == dtype and not y.requires_grad
        assert y.tolist() == wrapped(convolved(x, w, bias, stride, padding, dilation, groups), dtype).tolist()


def test_other_layouts_and_numbers_of_axes():
    x, w = ag.from_numpy(drawn((2, 3, 5, 4), ag.int32, 4)), ag.from_numpy(drawn((4, 3, 2, 2), ag.int32, 5))
    plain = F.conv2d(x, w)
    shuffled = F.conv2d(x.permute(1, 3, 0, 2).contiguous().permute(2, 0, 3, 1), w.transpose(2, 3).contiguous().transpose(2, 3))
    assert shuffled.equal(plain)
    assert F.conv1d(x[:, :, 0], w[:, :, 0]).equal(F.conv2d(x[:, :, :1], w[:, :, :1])[:, :, 0])
    assert F.conv3d(x.unsqueeze(2), w.unsqueeze(2)).squeeze(2).equal(plain)
    assert F.conv2d(x[:0], w).shape == (0, 4, 4, 3)


@pytest.mark.parametrize("stride, padding, groups", [(1, 0, 1), (2, 1, 2), (3, 0, 1)])
def test_the_transpose_is_the_transpose(stride, padding, groups):
    # <conv(x, w), y> = <x, convT(y, w)>, exactly.
    x, w = ag.from_numpy(drawn((2, 4, 9, 9), ag.int64, 6)) % 100, ag.from_numpy(drawn((6, 4 // groups, 3, 3), ag.int64, 7)) % 100
    y = F.conv2d(x, w, stride=stride, padding=padding, groups=groups)
    seed = ag.arange(y.numel()).reshape(y.shape)
    back = F.conv_transpose2d(seed, w, stride=stride, padding=padding, groups=groups)
    assert back.shape == x.shape and (y * seed).sum().item() == (x * back).sum().item()


def test_what_has_no_such_kernel_is_refused():
    x, w = ag.ones(1, 1, 3, 3, dtype=ag.int32), ag.ones(1, 1, 2, 2, dtype=ag.int32)
    with pytest.raises(NotImplementedError, match="Int"):
        F.conv_transpose2d(x, w)
    with pytest.raises(NotImplementedError, match="Bool"):
        F.conv2d(x.bool(), w.bool())
    with pytest.raises(NotImplementedError, match="Int"):
        F.avg_pool2d(x, 2)
    with pytest.raises(RuntimeError, match="expected scalar type Int but found Float"):
        F.conv2d(x, w.float())


def test_means_are_cut_off_towards_zero():
    x = ag.tensor([[[1, 2, -3, -4], [2, 2, -4, -4]]])
    assert F.avg_pool2d(x, 2).tolist() == [[[1, -3]]]  # 7 / 4 and -15 / 4
    assert F.avg_pool2d(x, 2, divisor_override=2).tolist() == [[[3, -7]]]
    assert F.avg_pool1d(x[:, 0], 3, 1, padding=1).tolist() == [[1, 0, -1, -2]]
    assert F.avg_pool1d(x[:, 0], 3, 1, padding=1, count_include_pad=False).tolist() == [[1, 0, -1, -3]]
    low = ag.iinfo(ag.int64).min
    assert F.avg_pool2d(ag.tensor([[[low, 0]]]), (1, 2), divisor_override=-1).tolist() == [[[low]]]  # -low has no place
