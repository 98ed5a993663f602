"""How results lie in memory: PyTorch's rules for strides, one test per rule."""

from __future__ import annotations

import arcgrad as ag
import pytest

F64 = ag.float64

#: Strides of a (2, 3, 4) tensor: row-major, two orders of axes, one with gaps, one with a broadcast axis.
PLAIN, TURNED, SWAPPED, GAPS, BROADCAST = (12, 4, 1), (3, 1, 6), (4, 8, 1), (6, 2, 12), (0, 1, 3)


def laid_out(*strides, shape=(2, 3, 4)):
    """A tensor whose elements lie as the strides say."""
    return ag.arange(100, dtype=F64).as_strided(shape, strides)


def strides(*results):
    return [result.stride() for result in results]


# ---- elementwise ------------------------------------------------------------------------------------------------


def test_elementwise_results_lie_as_their_operands_do():
    plain, turned = laid_out(*PLAIN), laid_out(*TURNED)
    assert strides(plain + turned, turned + plain) == [PLAIN, TURNED]
    assert (-laid_out(*GAPS)).stride() == (3, 1, 6)  # gaps are closed, the order stays
    assert (laid_out(*BROADCAST) + turned).stride() == TURNED  # a broadcast axis has no say
    assert laid_out(*GAPS).exp_().stride() == GAPS


def test_a_number_cast_first_lies_as_its_dense_copy():
    whole = ag.arange(100).as_strided((3, 4), (1, 0))
    turned = ag.zeros(4, 3).t()
    assert (whole + turned.long()).stride() == (1, 3)
    assert (whole / turned.long()).stride() == (4, 1)  # both are cast to floats, the first one row-major


def test_strides_along_one_element_count_only_under_broadcasting():
    row = ag.zeros(1, 3).as_strided((1, 3), (7, 1))
    assert row.is_contiguous() and row.exp().stride() == (3, 1)
    assert (laid_out(*SWAPPED)[1:] - laid_out(*SWAPPED)[:1]).stride() == (4, 4, 1)


def test_a_resized_output_lies_as_a_new_result_would():
    out = ag.empty(0, dtype=F64)
    ag.exp(laid_out(*TURNED), out=out)
    assert out.stride() == TURNED
    out = laid_out(*PLAIN).clone()
    ag.exp(laid_out(*TURNED), out=out)
    assert out.stride() == PLAIN


# ---- like the input ---------------------------------------------------------------------------------------------

LIKE_THE_INPUT = {
    "clone": lambda x: x.clone(),
    "zeros_like": ag.zeros_like,
    "to": lambda x: x.to(ag.float32),
    "flip": lambda x: x.flip(0, 2),
    "sort": lambda x: x.sort(1).values,
    "argsort": lambda x: x.argsort(0),
    "msort": ag.msort,
    "index_fill": lambda x: x.index_fill(1, ag.tensor([0]), 2.0),
    "index_put": lambda x: x.index_put((ag.tensor([0]),), ag.tensor(1.0, dtype=F64)),
    "half a turn": lambda x: x.rot90(2),
}


@pytest.mark.parametrize("name", LIKE_THE_INPUT)
def test_what_keeps_the_layout_of_the_input(name):
    function = LIKE_THE_INPUT[name]
    for own, expected in ((PLAIN, PLAIN), (TURNED, TURNED), (GAPS, (3, 1, 6)), (BROADCAST, (12, 1, 3))):
        x = laid_out(*own)
        result = function(x)
        assert result.stride() == expected
        assert result.tolist() == function(x.contiguous()).tolist()


def test_dense_strides_are_kept_along_axes_of_one_element_and_of_none():
    for shape, own in (((1, 4), (1, 1)), ((3, 1), (1, 17)), ((0, 3), (6, 2))):
        x = laid_out(*own, shape=shape)
        assert x.is_contiguous() and x.contiguous() is x
        assert strides(x.clone(), ag.ones_like(x), x.flip(0), x.sort(0).values) == [own] * 4
    x = laid_out(1, 1, shape=(1, 4))
    assert x.clone(memory_format=ag.contiguous_format).stride() == (4, 1)


# ---- row-major --------------------------------------------------------------------------------------------------

ROW_MAJOR = {
    "scatter": lambda x: x.scatter(1, ag.zeros(2, 1, 4, dtype=ag.int64), 1.0),
    "scatter_add": lambda x: x.scatter_add(1, ag.zeros(2, 1, 4, dtype=ag.int64), ag.ones(2, 1, 4, dtype=F64)),
    "scatter_reduce": lambda x: x.scatter_reduce(
        1, ag.zeros(2, 1, 4, dtype=ag.int64), ag.ones(2, 1, 4, dtype=F64), "amax"
    ),
    "index_add": lambda x: x.index_add(1, ag.tensor([0]), ag.ones(2, 1, 4, dtype=F64)),
    "index_copy": lambda x: x.index_copy(1, ag.tensor([0]), ag.ones(2, 1, 4, dtype=F64)),
    "masked_fill": lambda x: x.masked_fill(x > 1, 2.0),
    "masked_scatter": lambda x: x.masked_scatter(x > 1, ag.ones(24, dtype=F64)),
    "tril": lambda x: x.tril(),
    "triu": lambda x: x.triu(1),
    "isin": lambda x: ag.isin(x, ag.tensor([1.0, 4.0], dtype=F64)),
    "cumsum": lambda x: x.cumsum(1),
    "topk": lambda x: x.topk(4).values,
    "no turn": lambda x: x.rot90(0),
}


@pytest.mark.parametrize("name", ROW_MAJOR)
def test_what_is_row_major_however_the_input_lies(name):
    function = ROW_MAJOR[name]
    for own in (PLAIN, TURNED, GAPS, BROADCAST):
        x = laid_out(*own)
        result = function(x)
        assert result.stride() == PLAIN
        assert result.tolist() == function(x.contiguous()).tolist()


def test_positions_of_nonzero_elements_are_contiguous_per_axis():
    x = ag.tensor([[0, 1, 2], [3, 0, 0]])
    assert x.nonzero().tolist() == [[0, 1], [0, 2], [1, 0]] and x.nonzero().stride() == (1, 3)
    assert strides(*x.nonzero(as_tuple=True)) == strides(*ag.where(x > 0)) == [(1,), (1,)]
    assert ag.zeros(2, 3).nonzero().stride() == (1, 0)


# ---- parts, turns, joins ----------------------------------------------------------------------------------------


def test_a_quarter_turn_shows_a_flipped_copy():
    x = ag.arange(12.0).view(3, 4)
    assert x.rot90().stride() == (1, 4) and x.rot90().tolist() == x.flip(1).t().tolist()
    assert x.rot90(-1).stride() == (1, 4) and x.rot90(-1).tolist() == x.flip(0).t().tolist()


def test_copies_with_a_part_replaced_keep_gaps():
    x = laid_out(*GAPS)
    part = ag.ones(3, 4, dtype=F64)
    for y in (x.select_scatter(part, 0, 1), x.slice_scatter(part[None], 0, 0, 1), laid_out(*TURNED).clone()):
        assert y.stride() in (GAPS, TURNED)
    assert x.select_scatter(part, 0, 1).tolist() == [x[0].tolist(), part.tolist()]
    assert laid_out(*BROADCAST).select_scatter(part, 0, 1).stride() == (12, 1, 3)


def test_new_axes_of_one_element_have_the_stride_of_all_that_lies_behind():
    x = laid_out(*TURNED)
    assert strides(x.unsqueeze(0), x[None], x.unsqueeze(2)) == [(6, 3, 1, 6), (6, 3, 1, 6), (3, 1, 24, 6)]
    assert x.unsqueeze(-1).stride() == (3, 1, 6, 1)
    assert ag.zeros(0, 3).unsqueeze(0).stride() == (0, 3, 1)
    assert ag.zeros(4).expand(1, 4).stride() == (4, 1) and ag.zeros(4).expand(2, 4).stride() == (0, 1)


def test_views_of_all_elements_keep_the_strides_of_axes_of_one_element():
    x = laid_out(2, 18, 1, shape=(3, 1, 2))
    assert strides(x[...], x.squeeze(0), x.squeeze(1)) == [(2, 18, 1), (2, 18, 1), (2, 1)]


def test_indexed_elements_lie_as_the_tensor_and_then_as_the_indices():
    places = ag.tensor([0, 2])
    x = ag.zeros(5, 4, 3).permute(2, 1, 0)  # (3, 4, 5), first axis innermost
    assert strides(x[places], x[:, places], x[..., places]) == [(20, 1, 4), (1, 3, 6), (2, 6, 1)]
    assert ag.zeros(3, 4).t()[None, places].stride() == (6, 3, 1)
    crossed = ag.tensor([[0, 1], [2, 0], [1, 1]]).t()
    assert ag.zeros(3, 4)[crossed].stride() == (4, 8, 1)


def test_images_with_the_channels_last_stay_so_when_joined_rolled_or_padded():
    x = ag.zeros(2, 4, 5, 3).movedim(-1, 1)
    last = (60, 1, 15, 3)
    assert x.stride() == last and x.roll(1, 0).stride() == last
    assert strides(ag.cat([x, x]), ag.cat([x, x], 1)) == [last, (120, 1, 30, 6)]
    assert strides(ag.stack([x, x]), ag.stack([x, x], 1)) == [(120, *last), (120, 3, 1, 30, 6)]
    assert ag.nn.functional.pad(x, (1, 2)).stride() == (96, 1, 24, 3)
    assert ag.cat([x, x.contiguous()]).stride() == (60, 20, 5, 1)  # not all are


def test_slices_found_distinct_lie_behind_each_other():
    x = ag.tensor([[1, 0, 1], [2, 5, 2]])
    assert x.unique(dim=1).tolist() == [[0, 1], [5, 2]] and x.unique(dim=1).stride() == (1, 2)


def test_a_tensor_in_the_order_that_is_asked_for_is_its_own_contiguous():
    x = ag.randn(2, 4, 5, 3).permute(0, 3, 1, 2)
    assert x.contiguous(memory_format=ag.channels_last) is x and x.contiguous() is not x
    y = ag.randn(2, 3, 4, 5)
    z = y.contiguous(memory_format=ag.channels_last)
    assert z.is_contiguous(memory_format=ag.channels_last) and z.equal(y) and z.data_ptr() != y.data_ptr()


def test_new_tensors_take_a_memory_format():
    assert ag.empty(2, 3, 4, 5, memory_format=ag.channels_last).stride() == (60, 1, 15, 3)
    assert ag.empty((2, 3, 4, 5), memory_format=ag.contiguous_format).stride() == (60, 20, 5, 1)
    with pytest.raises(RuntimeError, match="required rank 4 tensor to use channels_last format"):
        ag.empty(2, 3, memory_format=ag.channels_last)


@pytest.mark.parametrize("name", ["float", "double", "half", "bfloat16", "cfloat", "cdouble", "long", "int", "short", "char", "byte", "bool", "cpu"])
def test_casts_lay_their_result_out_as_asked(name):
    x = ag.arange(120, dtype=ag.float32).reshape(2, 3, 4, 5)
    made = getattr(x, name)(memory_format=ag.channels_last)
    assert made.is_contiguous(memory_format=ag.channels_last) and made.equal(x.to(made.dtype))
    assert getattr(made, name)(memory_format=ag.channels_last) is made


# ---- many rows at a time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(3, 1, 7), (100, 100), (0, 5, 2)])
@pytest.mark.parametrize("dtype", [ag.float32, ag.int8, ag.complex128])
def test_rows_of_parts_are_joined_as_each_row_is(sizes, dtype):
    rows = 700
    parts = [(ag.arange(rows * size) % 97 + k).to(dtype).reshape(rows, size) for k, size in enumerate(sizes)]
    joined = ag.cat(parts, 1)
    assert joined.shape == (rows, sum(sizes))
    for part, piece in zip(parts, joined.split(sizes, 1)):
        assert piece.equal(part)
    turned = [part.t().contiguous().t() for part in parts]
    assert ag.cat(turned, 1).equal(joined)


@pytest.mark.parametrize("shape", [(40, 600), (3, 65537), (5, 7, 513)])
def test_long_rows_meet_a_column_and_a_row_that_are_the_same_for_all(shape):
    x = ag.arange(ag.Size(shape).numel(), dtype=F64).reshape(shape)
    column, row = x[..., :1].contiguous(), x[:1]
    at = (shape[0] - 1, *(size // 2 for size in shape[1:-1]), shape[-1] - 1)
    assert (x + column)[at] == x[at] + column[(*at[:-1], 0)]
    assert (x + row)[at] == x[at] + row[(0, *at[1:])]
    assert (x - column).equal(x - column.expand(shape).clone())
    assert (row - x).equal(row.expand(shape).clone() - x)
