"""Splits by NumPy's names, copies of views, questions about tensors, elements at places, and differences of samples."""

import numpy as np
import pytest

import arcgrad as ag


@pytest.mark.parametrize("name, axis", [("hsplit", 1), ("vsplit", 0), ("dsplit", 2)])
def test_splits_are_numpys_and_views(name, axis):
    x = ag.arange(4 * 4 * 4).reshape(4, 4, 4).clone()
    for parts in (2, [1, 3], (0, 2)):
        found, expected = getattr(ag, name)(x, parts), getattr(np, name)(x.numpy(), parts)
        assert [part.tolist() for part in found] == [part.tolist() for part in expected]
        assert all(part._base is x for part in found)
    assert [part.shape for part in getattr(x, name)(2)] == [part.shape for part in x.chunk(2, axis)]


def test_a_vector_is_split_horizontally_alone():
    assert [part.tolist() for part in ag.hsplit(ag.arange(4), 2)] == [[0, 1], [2, 3]]
    with pytest.raises(RuntimeError, match="torch.vsplit requires a tensor with at least 2 dimension, but got a tensor with 1"):
        ag.vsplit(ag.arange(4), 2)
    with pytest.raises(RuntimeError, match="the size of the dimension 4 is not divisible by the split_size 3"):
        ag.hsplit(ag.arange(4), 3)


COPIES = {
    "alias": (),
    "as_strided": ((2, 2), (1, 2)),
    "detach": (),
    "diagonal": (),
    "narrow": (1, 1, 2),
    "permute": ((1, 0),),
    "select": (0, 1),
    "split": (2, 1),
    "split_with_sizes": ([1, 2], 1),
    "squeeze": (),
    "t": (),
    "transpose": (0, 1),
    "unbind": (1,),
    "unfold": (1, 2, 1),
    "unsqueeze": (1,),
    "view": ((-1,),),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_what_views_show_in_memory_of_their_own(name):
    x = ag.randn(3, 3, requires_grad=True)
    view = x if name == "alias" else getattr(x, name)(*COPIES[name])
    copy = getattr(ag, f"{name}_copy")(x, *COPIES[name])
    views, copies = (each if isinstance(each, tuple) else (each,) for each in (view, copy))
    for shown, made in zip(views, copies, strict=True):
        assert ag.equal(shown, made)
        assert made.is_contiguous()
        assert made.untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
        assert made.requires_grad == (name != "detach")


def test_copies_go_into_given_tensors():
    x = ag.arange(4)
    outs = ag.empty(2, dtype=ag.int64), ag.empty(0, dtype=ag.int64)
    assert ag.split_copy(x, 2, out=outs) is None
    assert [out.tolist() for out in outs] == [[0, 1], [2, 3]]
    out = ag.empty(2, 2, dtype=ag.int64)
    assert ag.view_copy(x, (2, 2), out=out) is out


def test_set_tensors_are_the_same_memory_seen_alike():
    x = ag.zeros(3, 4)
    assert x.is_set_to(x.view(3, 4))
    assert not x.is_set_to(x.view(4, 3))
    assert not x.is_set_to(x.clone())
    assert not ag.tensor([]).is_set_to(ag.tensor([]))


def test_one_element_is_zero_or_not():
    assert ag.is_nonzero(ag.tensor([[2]])) and not ag.tensor(0.0).is_nonzero()
    with pytest.raises(RuntimeError, match="no values is ambiguous"):
        ag.is_nonzero(ag.tensor([]))
    with pytest.raises(RuntimeError, match="more than one value is ambiguous"):
        ag.is_nonzero(ag.zeros(2))


def test_order_of_axes_in_memory():
    x = ag.empty_permuted((2, 3, 5), (2, 0, 1))
    assert x.shape == (2, 3, 5) and x.dim_order() == (2, 0, 1) and x._base is None
    with pytest.raises(RuntimeError, match="Duplicate dim"):
        ag.empty_permuted((2, 3), (0, 0))
    with pytest.raises(RuntimeError, match="unique dim order"):
        ag.zeros(2, 1, 3).dim_order(ambiguity_check=True)


def test_rows_of_nonzero_places_are_as_many_as_asked_for():
    x = ag.tensor([[1, 0], [1, 1]])
    assert ag.nonzero_static(x, size=2).tolist() == [[0, 0], [1, 0]]
    assert x.nonzero_static(size=4, fill_value=7).tolist() == [[0, 0], [1, 0], [1, 1], [7, 7]]


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin"])
def test_slices_are_reduced_with_those_that_belong_to_them(reduce, include_self):
    x, source, index = ag.randn(3, 4), ag.randn(5, 4), ag.tensor([0, 2, 0, 0, 2])
    expected = x.clone()
    for row in (0, 2):
        rows = [source[index == row]] + ([x[row : row + 1]] if include_self else [])
        every = ag.cat(rows)
        expected[row] = getattr(every, reduce)(0)
    assert ag.allclose(ag.index_reduce(x, 0, index, source, reduce, include_self=include_self), expected)
    assert ag.allclose(x.clone().index_reduce_(0, index, source, reduce, include_self=include_self), expected)


def test_slopes_are_numpys():
    x = ag.randn(4, 5, dtype=ag.float64)
    places = ag.tensor([0.0, 1.0, 3.0, 4.0, 9.0], dtype=ag.float64)
    for edge_order in (1, 2):
        for found, expected in zip(ag.gradient(x, edge_order=edge_order), np.gradient(x.numpy(), edge_order=edge_order)):
            assert np.allclose(found.numpy(), expected)
        (found,) = ag.gradient(x, spacing=(places,), dim=1, edge_order=edge_order)
        assert np.allclose(found.numpy(), np.gradient(x.numpy(), places.numpy(), axis=1, edge_order=edge_order))
    with pytest.raises(RuntimeError, match="expected spacing to be"):
        ag.gradient(x, spacing=(1.0,))


def test_slopes_have_gradients():
    x = ag.randn(5, dtype=ag.float64, requires_grad=True)
    assert ag.autograd.gradcheck(lambda x: ag.gradient(x, edge_order=2)[0], x)


@pytest.mark.parametrize("density", [True, False])
def test_histograms_of_points_are_numpys(density):
    points, weight = ag.rand(50, 2), ag.rand(50)
    found = ag.histogramdd(points, bins=[3, 4], range=[0.0, 1.0, 0.0, 1.0], weight=weight, density=density)
    expected = np.histogramdd(points.numpy(), [3, 4], [(0, 1), (0, 1)], weights=weight.numpy(), density=density)
    assert np.allclose(found.hist.numpy(), expected[0], rtol=1e-4)
    assert [edges.numel() for edges in found.bin_edges] == [4, 5]


def test_a_range_has_its_end():
    with pytest.warns(UserWarning, match="torch.range is deprecated"):
        assert ag.range(1, 2, 0.5).tolist() == [1.0, 1.5, 2.0]
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="inconsistent with step sign"):
        ag.range(0, 1, -1)


def test_a_file_is_memory(tmp_path):
    path = str(tmp_path / "numbers")
    first, second = (ag.from_file(path, shared=True, size=4, dtype=ag.float32) for _ in range(2))
    first.copy_(ag.arange(4))
    assert second.tolist() == [0.0, 1.0, 2.0, 3.0]
    with pytest.raises(RuntimeError, match="fewer than the"):
        ag.from_file(path, size=40)


def test_a_function_of_three_elements():
    x = ag.tensor([1.0, 2.0])
    assert x.map2_(ag.tensor([3.0]), ag.tensor([4.0, 5.0]), lambda a, b, c: a + b * c).tolist() == [13.0, 17.0]


def test_a_window_is_written_into_a_copy():
    x = ag.zeros(3, 3, requires_grad=True)
    y = ag.ones(3, requires_grad=True)
    made = ag.as_strided_scatter(x, y, (3,), (4,))
    assert ag.equal(made, ag.eye(3))
    made.sum().backward()
    assert ag.equal(x.grad, 1 - ag.eye(3)) and ag.equal(y.grad, ag.ones(3))


def test_named_results_have_classes():
    for name in ag.return_types.__all__:
        assert getattr(ag.return_types, name).__name__ == name
    assert isinstance(ag.zeros(2).max(0), ag.return_types.max)
    assert not isinstance(ag.zeros(2).min(0), ag.return_types.max)


def test_several_tensors_are_one_vector_and_back():
    from arcgrad import _utils

    parts = [ag.randn(2, 3), ag.randn(4)]
    flat = _utils._flatten_dense_tensors(parts)
    assert all(map(ag.equal, _utils._unflatten_dense_tensors(flat, parts), parts))
    groups = list(_utils._take_tensors([*parts, ag.zeros(1, dtype=ag.int64), ag.zeros(1)], 40))
    assert [len(group) for group in groups] == [2, 1, 1]


def test_no_differences_of_anything_are_the_input():
    x = ag.tensor([1.0, 4.0, 9.0])
    found = ag.diff(x, n=0, prepend=ag.zeros(1), append=ag.zeros(2))
    assert found.equal(x) and found.data_ptr() != x.data_ptr()


def test_a_view_that_cannot_be_is_copied_all_the_same():
    x = ag.arange(6).reshape(2, 3).t()
    assert ag.view_copy(x, (6,)).tolist() == [0, 3, 1, 4, 2, 5]
