"""Covariances, correlations and powers of complex numbers."""

import numpy as np
import pytest

import arcgrad as ag

X = ag.tensor([[1 + 1j, 2, 3 - 1j, 0.5j], [1, 2j, 5, 1 - 1j]], dtype=ag.complex128)


@pytest.mark.parametrize("correction", [0, 1])
def test_covariances_are_numpys(correction):
    counts, weights = ag.tensor([1, 2, 1, 3]), ag.tensor([0.5, 1.0, 0.25, 2.0], dtype=ag.float64)
    for options in ({}, {"fweights": counts}, {"aweights": weights}, {"fweights": counts, "aweights": weights}):
        found = ag.cov(X, correction=correction, **options)
        of_numpy = {name: value.numpy() for name, value in options.items()}
        assert np.allclose(found.numpy(), np.cov(X.numpy(), ddof=correction, **of_numpy))


def test_correlations_are_numpys():
    assert np.allclose(ag.corrcoef(X).numpy(), np.corrcoef(X.numpy()))


def test_covariances_have_gradients():
    x = X.clone().requires_grad_()
    assert ag.autograd.gradcheck(lambda x: ag.cov(x), x)


def test_powers_keep_their_imaginary_parts():
    for increasing in (False, True):
        assert np.allclose(ag.vander(X[0], 3, increasing).numpy(), np.vander(X[0].numpy(), 3, increasing))
    assert np.allclose(ag.linalg.vander(X).numpy()[1], np.vander(X[1].numpy(), 4, increasing=True))


def test_the_covariance_of_one_row_is_a_number():
    assert ag.cov(ag.ones(1, 3)).shape == () and ag.cov(ag.ones(3)).shape == () and ag.cov(ag.ones(2, 3)).shape == (2, 2)
    assert ag.corrcoef(ag.tensor([[1.0, 2.0]])).item() == 1.0


@pytest.mark.parametrize("dtype", [ag.float32, ag.int64, ag.bool])
def test_real_slices_are_not_filled_with_complex_numbers(dtype):
    x = ag.zeros(2, 2, dtype=dtype)
    with pytest.raises(RuntimeError, match="Converting complex Scalar to non-complex type"):
        x.index_fill_(1, ag.tensor([0]), 1 + 1j)
    assert not x.any()


def test_vectors_without_elements_are_joined_along_any_axis():
    empty, x = ag.zeros(0), ag.zeros(2, 3)
    assert ag.cat([empty, empty], 1).shape == (0,)
    assert ag.cat([empty, x, empty], 1).shape == (2, 3)


def test_a_deviation_of_equal_complex_numbers_has_gradient_0():
    z = ag.full((2, 3), 1 + 2j, requires_grad=True)
    z.std(1).sum().backward()
    assert not z.grad.any()
    assert ag.autograd.gradcheck(lambda z: z.std(1), X.clone().requires_grad_())


def test_beside_an_infinite_number_a_finite_one_does_not_count():
    finite, infinite, nothing = 1 + 2j, complex(ag.inf, 1.0), complex(-ag.inf, ag.inf)
    running = ag.logcumsumexp(ag.tensor([nothing, finite, infinite]), 0)
    assert running.tolist() == [complex(-ag.inf, 0.0), finite, infinite]
    with pytest.raises(NotImplementedError, match="does not support complex inputs"):
        ag.nansum(ag.tensor([1j]))
