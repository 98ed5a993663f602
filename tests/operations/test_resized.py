"""``resize_``: memory formats, and shapes of no number."""

import pytest

import arcgrad as ag


def test_images_are_resized_with_their_channels_last():
    x = ag.arange(2 * 3 * 4 * 5).resize_(2, 3, 4, 5, memory_format=ag.channels_last)
    assert x.stride() == (60, 1, 15, 3)
    assert ag.zeros(0).resize_as_(x, memory_format=ag.preserve_format).stride() == x.stride()
    assert ag.zeros(0).resize_as_(x).stride() == (60, 20, 5, 1)
    with pytest.raises(RuntimeError, match="required rank 4"):
        ag.zeros(6).resize_(2, 3, memory_format=ag.channels_last)


@pytest.mark.parametrize(
    "shape, what", [((2, 4, 2**29, 2**29), "Storage size"), ((8, 8, 2**29, 2**29), "Storage size"), ((0, 4, 2**61), "Stride")]
)
def test_shapes_of_no_number_are_refused(shape, what):
    x = ag.empty((), dtype=ag.float64)
    with pytest.raises(RuntimeError, match=f"{what} calculation overflowed"):
        x.resize_(shape)
    assert x.shape == ()


def test_a_storage_with_a_dtype_is_memory_to_set():
    x = ag.arange(6.0)
    assert ag.empty(0).set_(x.storage(), 1, (2, 2), (2, 1)).tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_complex_numbers_are_scattered_by_products_and_means():
    x, source, index = ag.tensor([1j, 2.0]), ag.tensor([2.0, 3j]), ag.tensor([0, 0])
    assert x.scatter_reduce(0, index, source, "prod").tolist() == [-6, 2]
    assert ag.allclose(x.scatter_reduce(0, index, source, "mean"), ag.tensor([(2 + 4j) / 3, 2]))
    assert x.clone().scatter_(0, index[:1], source, reduce="multiply").tolist() == [2j, 2]
    with pytest.raises(NotImplementedError, match="scatter_reduce"):
        x.scatter_reduce(0, index, source, "amax")


def test_the_old_resize_reshapes_with_a_warning_and_keeps_the_number_of_elements():
    x = ag.arange(6.0).requires_grad_()
    with pytest.warns(UserWarning, match="non-inplace resize is deprecated"):
        y = x.resize(2, 3)
    with pytest.warns(UserWarning, match="non-inplace resize_as is deprecated"):
        z = x.resize_as(ag.zeros(3, 2))
    (y.sum() * 2 + z[0].sum()).backward()
    assert y.shape == (2, 3) and x.grad.tolist() == [3, 3, 2, 2, 2, 2]
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match=r"requested resize to 4x2 \(8 elements in total\)"):
        x.resize(4, 2)
