"""``view(dtype)``: the same bits as elements of another dtype."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest

DTYPES = [ag.float64, ag.float32, ag.int64, ag.int32, ag.int16, ag.int8, ag.uint8]


@pytest.mark.parametrize("to", DTYPES, ids=str)
@pytest.mark.parametrize("source", DTYPES, ids=str)
def test_bits_are_those_of_numpy(source, to):
    x = ag.tensor([[1, -2, 3, 0, 5, 6, -7, 100]] * 3, dtype=ag.int64).to(source)
    seen = x.view(to)
    expected = x.numpy().view(seen.numpy().dtype)
    assert seen.dtype == to and tuple(seen.shape) == expected.shape
    assert np.array_equal(seen.numpy().view(np.uint8), expected.view(np.uint8))
    assert seen.data_ptr() == x.data_ptr()


def test_memory_and_version_are_shared():
    x = ag.zeros(2, dtype=ag.float32)
    bits = x.view(ag.int32)
    bits[0] = 0x3F800000
    assert x.tolist() == [1.0, 0.0] and x._version == bits._version == 1


def test_any_byte_is_a_truth_value():
    truth = ag.tensor([0, 1, 2, 255], dtype=ag.uint8).view(ag.bool)
    assert truth.tolist() == [False, True, True, True]
    assert (~truth).tolist() == [True, False, False, False]
    assert truth.sum().item() == 3 and truth.nonzero().flatten().tolist() == [1, 2, 3]
    assert ag.arange(4)[truth].tolist() == [1, 2, 3]


def test_strides_and_offsets_are_scaled():
    x = ag.arange(24, dtype=ag.int64).reshape(4, 6)[1:, 2:4]
    narrow, wide = x.view(ag.int16), x.view(ag.int32).view(ag.int64)
    assert (narrow.shape, narrow.stride(), narrow.storage_offset()) == ((3, 8), (24, 1), 32)
    assert narrow[:, ::4].tolist() == x.tolist() == wide.tolist()
    assert (wide.stride(), wide.storage_offset()) == (x.stride(), x.storage_offset())
    # Of the same size any strides will do.
    assert x.t().view(ag.float64).stride() == x.t().stride()


def test_no_gradient_passes():
    x = ag.ones(2, requires_grad=True)
    assert not x.view(ag.int32).requires_grad and not (x * 2).view(ag.float32).requires_grad


@pytest.mark.parametrize(
    "view, text",
    [
        (lambda: ag.tensor(1.0).view(ag.int8), "self.dim() cannot be 0 to view Float as Char"),
        (lambda: ag.ones(3, 4).t().view(ag.int8), "self.stride(-1) must be 1, but is 4"),
        (lambda: ag.ones(3).view(ag.int64), "self.size(-1) must be divisible by 2, but is 3"),
        (lambda: ag.ones(5)[1:].view(ag.int64), "self.storage_offset() must be divisible by 2, but is 1"),
        (lambda: ag.ones(3, 5)[:, :4].view(ag.int64), "self.stride(0) must be divisible by 2, but is 5"),
        (lambda: ag.ones(4, 4)[:, ::2].view(ag.float64), "self.stride(-1) must be 1, but is 2"),
        (lambda: ag.ones(1).as_strided((0, 2**62), (1, 1)).view(ag.int8), "too large"),
        (lambda: ag.ones(1).as_strided((1, 1), (2**62, 1)).view(ag.int8), "too large"),
    ],
)
def test_what_does_not_fit_is_an_error(view, text):
    with pytest.raises(RuntimeError) as error:
        view()
    assert text in str(error.value)


def test_memory_that_begins_anywhere_is_not_read_as_wider_elements():
    lent = np.zeros(17, dtype=np.uint8)
    start = 1 if lent.ctypes.data % 2 == 0 else 0
    x = ag.from_numpy(lent[start : start + 16])
    with pytest.raises(RuntimeError, match="does not begin at a multiple of 8 bytes, .*; copy it first"):
        x.view(ag.float64)
    assert x.clone().view(ag.float64).tolist() == [0.0, 0.0]
