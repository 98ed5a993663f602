"""Kernels along rows: of lengths that fill whole registers, and of lengths that leave some lanes over."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest

# Up to 255 elements of four or eight bytes, and 1023 of one, are repeated into a block; from then on rows are walked.
LENGTHS = [1, 3, 7, 16, 31, 32, 33, 48, 63, 64, 65, 100, 129, 255, 257, 300, 513, 1023, 1025, 1500]
DTYPES = ["float32", "float64", "int32", "int8", "bool"]


def matrix(rows: int, length: int, dtype: str = "float32", seed: int = 0) -> np.ndarray:
    return np.random.default_rng([rows, length, seed]).integers(-40, 40, (rows, length)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", LENGTHS)
def test_a_column_and_a_row_broadcast_as_if_they_were_written_out(length, dtype):
    # More than a block of elements, and no whole number of rows at once.
    rows = 4200 // length + 21
    x, row, column = matrix(rows, length, dtype), matrix(1, length, dtype, 1), matrix(rows, 1, dtype, 2)
    a, r, c = (ag.tensor(value) for value in (x, row, column))
    assert np.array_equal((a * c).numpy(), x * column)
    assert np.array_equal((a + r).numpy(), x + row)
    assert np.array_equal((a > c).numpy(), x > column)
    assert np.array_equal((r * c).numpy(), row * column)
    # In place, where the last group of lanes must not be read after it has been written.
    assert np.array_equal(a.clone().mul_(c).numpy(), x * column)
    assert np.array_equal(a.clone().add_(r).numpy(), x + row)
    # Rows that lie apart, and three axes.
    wide = ag.tensor(np.concatenate([x, x], 1))
    wide[:, length:] += r
    assert np.array_equal(wide.numpy(), np.concatenate([x, x + row], 1))
    assert np.array_equal((a.reshape(rows, 1, length) + r.reshape(1, 1, length).expand(1, 3, length)).numpy()[:, 2], x + row)


def test_large_rows_pass_through_narrow_registers_with_the_same_bits():
    x = np.random.default_rng(0).standard_normal(70_001).astype(np.float32)
    a = ag.tensor(x)
    for function in (lambda t: t * 3 + 1, lambda t: t.clamp(-0.5, 0.5), abs, lambda t: t.relu(), lambda t: t > 0):
        whole = function(a).numpy()
        parts = np.concatenate([function(a[start : start + 1000]).numpy() for start in range(0, len(x), 1000)])
        assert np.array_equal(whole, parts)


@pytest.mark.parametrize("length", LENGTHS)
def test_extremes_are_the_first_of_equal_ones_and_of_nans(length):
    x = np.round(matrix(37, length) / 20).astype(np.float32)
    x[::5, length // 2 :] = np.nan
    a = ag.tensor(x)
    for found, wanted in ((a.argmax(1), x.argmax(1)), (a.max(1)[1], x.argmax(1)), (a.min(1)[1], x.argmin(1))):
        assert np.array_equal(found.numpy(), wanted)
    # The value is that of the element: −0 where −0 comes first.
    assert np.array_equal(np.signbit(a.max(1)[0].numpy()), np.signbit(x[np.arange(37), x.argmax(1)]))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 8, 9, 16, 17])
def test_short_rows_are_sorted_and_selected_from_stably(length):
    x = np.round(matrix(53, length) / 20).astype(np.float32)
    order = np.argsort(x, 1, kind="stable")
    for axis, value in ((1, x), (0, x.T.copy())):
        found = ag.tensor(value).sort(dim=axis, stable=True)[1].numpy()
        assert np.array_equal(found if axis else found.T, order)
    k = min(3, length)
    values, indices = ag.tensor(x).topk(k, dim=1, largest=False)
    assert np.array_equal(indices.numpy(), order[:, :k])
    assert np.array_equal(values.numpy(), np.sort(x, 1)[:, :k])


@pytest.mark.parametrize("length", [3, 11, 100])
def test_gather_names_the_index_outside_wherever_it_is(length):
    x = ag.tensor(matrix(50, length))
    index = np.random.default_rng(0).integers(0, length, (50, length))
    assert np.array_equal(x.gather(1, ag.tensor(index)).numpy(), np.take_along_axis(x.numpy(), index, 1))
    for at, wrong in (((0, 0), -1), ((49, length - 1), length), ((20, 1), length + 5)):
        outside = index.copy()
        outside[at] = wrong
        with pytest.raises(RuntimeError, match=f"index {wrong} is out of bounds"):
            x.gather(1, ag.tensor(outside))


@pytest.mark.parametrize(
    "side, padding", [(side, padding) for side in (1, 3, 5, 7, 8, 14, 17, 28) for padding in (0, 1, 3) if side + 2 * padding >= 3]
)
def test_convolutions_of_lines_that_fill_no_register_are_sums_over_taps(side, padding):
    random = np.random.default_rng([side, padding])
    x = random.standard_normal((3, 5, side, side))
    w = random.standard_normal((16, 5, 3, 3))
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = side + 2 * padding - 2
    taps = [(i, j) for i in range(3) for j in range(3)]
    wanted = sum(np.einsum("bchw,oc->bohw", padded[:, :, i : i + out, j : j + out], w[:, :, i, j]) for i, j in taps)
    for dtype, tolerance in (("float32", 1e-4), ("float64", 1e-11)):
        a, b = ag.tensor(x.astype(dtype)), ag.tensor(w.astype(dtype))
        found = ag.nn.functional.conv2d(a, b, padding=padding).numpy()
        assert np.abs(found - wanted).max() < tolerance


@pytest.mark.parametrize("dtype", [ag.float32, ag.float64, ag.complex64, ag.bfloat16])
@pytest.mark.parametrize("place", [np.s_[:, 1:], np.s_[:, :-3], np.s_[5:80], np.s_[:, 7], np.s_[0], np.s_[:, 3:9], np.s_[:], np.s_[:, :0]])
def test_the_gradient_of_a_piece_is_zero_around_it(dtype, place):
    x = ag.ones(128, 200, dtype=dtype, requires_grad=True)
    # What was in the memory before must not be seen again.
    ag.full((128, 200), 7.0, dtype=dtype)
    (gradient,) = ag.autograd.grad(x[place], x, ag.full_like(x[place], 3.0))
    expected = np.zeros((128, 200))
    expected[place] = 3.0
    assert np.array_equal(gradient.real.double().numpy(), expected)


@pytest.mark.parametrize("shape, dim", [((64, 4096), 1), ((9, 5000), 1), ((4096, 64), 0), ((3, 4096, 70), 1)])
def test_long_lines_are_scanned_as_short_ones(shape, dim):
    x = ag.arange(int(np.prod(shape))).reshape(shape) % 7
    assert np.array_equal(x.double().cumsum(dim).numpy(), x.numpy().astype(float).cumsum(dim))
    assert np.array_equal(x.float().flip(dim).cummax(dim).values.numpy(), np.maximum.accumulate(np.flip(x.numpy(), dim), dim))
