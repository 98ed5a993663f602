"""``out=`` and ``resize_`` on views: what is written where."""

from __future__ import annotations

import warnings

import arcgrad as ag
import numpy as np
import pytest
import calls as registry

RANGES = {
    "linspace": (lambda **kw: ag.linspace(0, 3, 4, **kw), [0, 1, 2, 3]),
    "arange": (lambda **kw: ag.arange(4, **kw), [0, 1, 2, 3]),
    "arange from": (lambda **kw: ag.arange(0.0, 1.0, 0.25, **kw), [0, 0.25, 0.5, 0.75]),
    "logspace": (lambda **kw: ag.logspace(0, 3, 4, base=2.0, **kw), [1, 2, 4, 8]),
}


@pytest.mark.parametrize("name", RANGES)
def test_a_range_fills_an_output_of_any_shape(name):
    call, values = RANGES[name]
    a, b, c, d = values
    x = ag.zeros(2, 3)
    out = x.narrow(1, 1, 2)
    assert call(out=out) is out and out.shape == (2, 2) and out.stride() == (3, 1)
    assert x.tolist() == [[0, a, b], [0, c, d]]
    x = ag.zeros(2, 2)
    assert call(out=x.t()).tolist() == [[a, b], [c, d]] and x.tolist() == [[a, c], [b, d]]
    x = ag.full((8,), -1.0)
    call(out=x[::2])
    assert x.tolist() == [a, -1, b, -1, c, -1, d, -1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That it had to be resized.
        x = ag.zeros(3, 2)
        assert call(out=x).tolist() == values and x.shape == (4,)


def places(shape):
    """Views of this shape that do not lie densely, with what they are views of."""
    gap = ag.full((*shape, 2), 100.0, dtype=ag.float64)
    yield gap, gap[..., 0]
    if shape:
        wide = ag.full((*shape[:-1], 2 * shape[-1] + 1), 100.0, dtype=ag.float64)
        yield wide, wide[..., 1 : shape[-1] + 1]
        reverse = ag.full(shape[::-1], 100.0, dtype=ag.float64)
        yield reverse, reverse.permute(*range(len(shape))[::-1])


WITH_OUT = sorted(
    name for name in registry.SAMPLES if name in registry.OPS and "out" in registry.OPS[name]["forms"]
) + sorted(name for name, row in registry.ROWS.items() if "out" in row["forms"] and name not in registry.SAMPLES)
#: Their numbers depend on how the output lies.
DRAWN = {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}


@registry.only_here
@pytest.mark.parametrize("name", [name for name in WITH_OUT if name not in DRAWN])
def test_nothing_but_the_elements_of_an_output_is_written(name):
    function = registry.find(name)
    if name in registry.SAMPLES:
        samples = [
            registry._arguments(args, kwargs, name, index, [])
            for index, (args, kwargs) in enumerate(registry.SAMPLES[name])
        ]
    else:
        dtype = registry.DTYPES[registry.ROWS[name]["tier"]][0]
        samples = [(list(map(registry.contiguous, registry.row_inputs(name, dtype, (2, 3)))), {})]
    for args, kwargs in samples:
        with ag.no_grad():
            expected = function(*args, **kwargs)
            if not isinstance(expected, ag.Tensor) or expected.dtype is not ag.float64:
                continue
            for base, view in places(tuple(expected.shape)):
                strides = view.stride()
                try:
                    assert function(*args, **kwargs, out=view) is view
                except TypeError:
                    continue  # There is none to this signature.
                assert view.stride() == strides
                np.testing.assert_array_equal(view.numpy(), expected.numpy())
                assert base.eq(100).sum() >= base.numel() - view.numel()


def test_resizing_to_the_own_shape_changes_nothing():
    for make in (
        lambda: ag.arange(6).view(2, 3).t(),
        lambda: ag.arange(12).view(3, 4)[:, 1:3],
        lambda: ag.ones(3, 1).expand(3, 2),
    ):
        for resize in (lambda x: x.resize_(3, 2), lambda x: x.resize_as_(ag.zeros(3, 2))):
            x = make()
            before, strides, version, room = x.tolist(), x.stride(), x._version, x.untyped_storage().nbytes()
            assert resize(x) is x and x.tolist() == before and x.stride() == strides
            assert x._version == version and x.untyped_storage().nbytes() == room


def test_resizing_shows_the_memory_in_its_order():
    x = ag.arange(6).view(2, 3).t()
    assert x.resize_(2, 3).tolist() == [[0, 1, 2], [3, 4, 5]] and x._version == 1
    assert ag.arange(6).view(2, 3).t().resize_as_(ag.zeros(2, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]
    x = ag.arange(12).view(3, 4)[:, 1:3]
    assert x.resize_(6).tolist() == [1, 2, 3, 4, 5, 6] and x.storage_offset() == 1
    x = ag.arange(6)
    assert x.resize_(3).resize_(6).tolist() == [0, 1, 2, 3, 4, 5] and x._version == 2


def test_what_requires_a_gradient_is_not_resized():
    for make in (lambda: ag.ones(3, requires_grad=True), lambda: ag.ones(3, requires_grad=True) * 1):
        for resize in (lambda x: x.resize_(3), lambda x: x.resize_(2), lambda x: x.resize_as_(ag.zeros(2))):
            for mode in (ag.enable_grad, ag.no_grad):
                x = make()
                with mode(), pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
                    resize(x)


def test_a_warning_that_is_an_error_leaves_every_output_as_it_was():
    values, indices = ag.full((3,), 7.0), ag.full((2,), 7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="resized"):
            ag.max(ag.ones(2, 3), 0, out=(values, indices))
    assert values.tolist() == [7, 7, 7] and indices.tolist() == [7, 7]


@pytest.mark.parametrize("dtype", [ag.int32, ag.bool, ag.uint8, ag.float64])
def test_draws_of_ones_and_zeros_fill_any_dtype(dtype):
    out = ag.empty(3, dtype=dtype)
    assert ag.bernoulli(ag.tensor([1.0, 0.0, 1.0]), out=out) is out
    assert out.to(ag.int64).tolist() == [1, 0, 1]


def test_an_output_of_a_wider_dtype_is_cast_to_where_pytorch_does():
    x = ag.tensor([[1, 2], [3, 5]])
    real = x.double()
    assert ag.max(x, out=ag.empty((), dtype=ag.float32)).item() == 5.0
    assert ag.min(x, out=ag.empty((), dtype=ag.int32)).item() == 1
    assert ag.linalg.pinv(real, out=ag.empty(0, dtype=ag.complex128)).is_complex()
    assert ag.linalg.matrix_rank(real, out=ag.empty((), dtype=ag.float32)).item() == 2.0
    assert ag.abs(ag.tensor([3 + 4j]), out=ag.empty(1, dtype=ag.complex64)).tolist() == [5 + 0j]
    with pytest.raises(RuntimeError, match="Expected result to be safely castable from Double dtype, but got result with dtype Int"):
        ag.linalg.pinv(real, out=ag.empty(0, dtype=ag.int32))
    with pytest.raises(RuntimeError, match="desired output type"):
        ag.max(real, out=ag.empty((), dtype=ag.int32))


def test_outputs_of_another_dtype_are_refused_in_the_words_of_the_operation():
    x = ag.tensor([3.0])
    with pytest.raises(RuntimeError, match=r"torch\.frexp\(\) expects mantissa to have dtype float but got double"):
        ag.frexp(x, out=(ag.empty(1, dtype=ag.float64), ag.empty(1, dtype=ag.int32)))
    with pytest.raises(RuntimeError, match=r"torch\.frexp\(\) expects exponent to have int dtype but got long int"):
        ag.frexp(x, out=(ag.empty(1), ag.empty(1, dtype=ag.int64)))
    with pytest.raises(RuntimeError, match="output given to float_power has dtype Float but the operation's result requires dtype Double"):
        ag.float_power(x, 2, out=ag.empty(1))
