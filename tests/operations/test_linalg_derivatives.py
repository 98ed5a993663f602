"""Derivatives of decompositions where matrices are special: repeated eigenvalues, singular matrices."""

from __future__ import annotations

import arcgrad as ag
import numpy as np
import pytest

L = ag.linalg


def leaf(a):
    return ag.tensor(np.asarray(a, dtype="float64").tolist(), dtype=ag.float64, requires_grad=True)


def gradient(f, a):
    x = leaf(a)
    (grad,) = ag.autograd.grad(f(x), x)
    return grad.numpy()


def symmetric(n, seed=0):
    a = np.random.RandomState(seed).standard_normal((n, n))
    return (a + a.T) / 2


def rotated(values, seed=1):
    """A symmetric matrix with these eigenvalues."""
    q, _ = np.linalg.qr(np.random.RandomState(seed).standard_normal((len(values), len(values))))
    a = q @ np.diag(values) @ q.T
    return (a + a.T) / 2


REPEATED = {
    "identity": np.eye(3),
    "zero": np.zeros((3, 3)),
    "pair": np.diag([1.0, 2.0, 2.0]),
    "rotated pair": rotated([1.0, 1.0, 3.0, 3.0, 3.0]),
    "almost": np.diag([1.0, 1.0 + 1e-15, 2.0]),
}
every_repeated = pytest.mark.parametrize("name", REPEATED)


@every_repeated
def test_symmetric_functions_of_repeated_eigenvalues(name):
    a = REPEATED[name]
    for f in (L.eigvalsh, lambda x: L.eigh(x).eigenvalues, lambda x: L.eigh(x)[0]):
        np.testing.assert_allclose(gradient(lambda x: (f(x) ** 3).sum(), a), 3 * a @ a, atol=1e-13)


@every_repeated
def test_functions_of_matrices_with_repeated_eigenvalues(name):
    """`V h(Λ) Vᴴ` is the same for every basis, and its derivative is that of h (A) by any other way."""
    a = REPEATED[name]
    c = symmetric(len(a))

    def cube(x):
        values, vectors = L.eigh(x)
        return ((vectors * values**3) @ vectors.mT * ag.from_numpy(c)).sum()

    expected = c @ a @ a + a @ c @ a + a @ a @ c
    np.testing.assert_allclose(gradient(cube, a), expected, atol=1e-11)


@pytest.mark.parametrize("name", [name for name in REPEATED if name != "zero"])
def test_the_second_derivative_of_an_invariant_loss(name):
    a = REPEATED[name]
    x, c = leaf(a), ag.from_numpy(symmetric(len(a)))
    (first,) = ag.autograd.grad((L.eigvalsh(x) ** 2).sum(), x, create_graph=True)
    (second,) = ag.autograd.grad((first * c).sum(), x)
    np.testing.assert_allclose(second.numpy(), 2 * c.numpy(), atol=1e-11)


def test_a_second_derivative_that_nothing_is_known_of_is_refused():
    x = leaf(np.zeros((3, 3)))
    (first,) = ag.autograd.grad((L.eigvalsh(x) ** 2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="do not determine"):
        (first * ag.from_numpy(symmetric(3))).sum().backward()


@pytest.mark.parametrize("name", ("identity", "pair", "rotated pair"))
def test_a_loss_that_depends_on_the_basis_is_refused(name):
    a = REPEATED[name]
    weights = ag.from_numpy(np.random.RandomState(2).standard_normal(a.shape))
    with pytest.raises(RuntimeError, match="depends on which basis"):
        gradient(lambda x: (L.eigh(x).eigenvectors * weights).sum(), a)
    batch = np.stack([np.diag(np.arange(len(a)) + 1.0), a])
    with pytest.raises(RuntimeError, match=r"Batch element 1"):
        gradient(lambda x: (L.eigh(x).eigenvectors * weights).sum(), batch)
    # Eigenvectors of other eigenvalues alone have a derivative.
    assert np.isfinite(gradient(lambda x: (L.eigh(x).eigenvectors * weights).sum(), batch[0])).all()


def test_projectors_have_a_gradient():
    a = rotated([1.0, 1.0, 3.0, 4.0])
    c = symmetric(4)

    def of_pair(x):
        vectors = L.eigh(x).eigenvectors[:, :2]
        return (vectors @ vectors.mT * ag.from_numpy(c)).sum()

    found = gradient(of_pair, a)
    # By the resolvent: dP = Σ over pairs of different eigenvalues.
    values, vectors = np.linalg.eigh(a)
    inner = vectors.T @ c @ vectors
    expected = np.zeros((4, 4))
    for i in range(2):
        for j in range(2, 4):
            expected[i, j] = expected[j, i] = inner[i, j] / (values[i] - values[j])
    np.testing.assert_allclose(found, vectors @ expected @ vectors.T, atol=1e-12)


@pytest.mark.parametrize("shape", ((3, 3), (4, 3), (3, 4)))
def test_svd_of_repeated_singular_values(shape):
    a = 2 * np.eye(*shape)
    c = np.random.RandomState(0).standard_normal(shape)
    np.testing.assert_allclose(gradient(lambda x: (L.svdvals(x) ** 2).sum(), a), 2 * a, atol=1e-13)
    np.testing.assert_allclose(gradient(lambda x: (L.svd(x, full_matrices=False).S ** 2).sum(), a), 2 * a, atol=1e-13)

    def again(x):
        u, s, vh = L.svd(x, full_matrices=False)
        return ((u * s) @ vh * ag.from_numpy(c)).sum()

    np.testing.assert_allclose(gradient(again, a), c, atol=1e-12)
    with pytest.raises(RuntimeError, match="depends on which basis"):
        gradient(lambda x: (L.svd(x, full_matrices=False).U * ag.from_numpy(c[:, : min(shape)])).sum(), a)


def test_gradients_are_symmetric():
    a = rotated([1.0, 2.0, 4.0])
    weights = ag.from_numpy(np.random.RandomState(2).standard_normal(a.shape))
    for f in (lambda x: L.eigh(x).eigenvectors, L.cholesky):
        found = gradient(lambda x: (f(x) * weights).sum(), a)
        np.testing.assert_array_equal(found, found.T) if f is L.cholesky else np.testing.assert_allclose(found, found.T, atol=1e-14)


def cofactors(a):
    n = len(a)
    minor = lambda i, j: np.linalg.det(np.delete(np.delete(a, i, 0), j, 1))
    return np.array([[(-1) ** (i + j) * minor(i, j) for j in range(n)] for i in range(n)])


@pytest.mark.parametrize("a", (np.diag([1.0, 2.0, 0.0]), np.diag([1.0, 0.0, 0.0]), np.zeros((3, 3)), np.ones((2, 2)),
                               np.arange(9.0).reshape(3, 3), np.array([[1.0, 2.0], [3.0, 4.0]])), ids=repr)
def test_gradient_of_the_determinant_is_the_matrix_of_cofactors(a):
    np.testing.assert_allclose(gradient(L.det, a), cofactors(a), atol=1e-12)


def test_determinants_of_a_batch_some_of_which_vanish():
    batch = np.stack([np.eye(2), np.ones((2, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])])
    found = gradient(lambda x: L.det(x).sum(), batch)
    np.testing.assert_allclose(found, np.stack([cofactors(a) for a in batch]), atol=1e-12)


def test_derivatives_that_do_not_exist_are_refused():
    tall = np.random.RandomState(0).standard_normal((4, 3))
    with pytest.raises(RuntimeError, match="nrows > ncols"):
        gradient(lambda x: L.qr(x, "complete").R.sum(), tall)
    with pytest.raises(RuntimeError, match="mode='r'"):
        gradient(lambda x: L.qr(x, "r").R.sum(), tall)


def test_a_gradient_that_two_losses_could_have_is_refused():
    """Of the identity these have the same gradients by values and vectors, and other ones by the matrix."""

    def refused(loss):
        with pytest.raises(RuntimeError, match="do not determine"):
            gradient(lambda x: loss(*L.eigh(x)), np.eye(3))

    refused(lambda values, vectors: values.sum() + (vectors @ vectors.mT).sum())
    refused(lambda values, vectors: (vectors * values @ vectors.mT).sum())
    refused(lambda values, vectors: (vectors * values @ vectors.mT)[0, 1])
    projector = lambda vectors: vectors @ vectors.mT
    constant = gradient(lambda x: projector(L.eigh(x)[1])[0, 1], np.eye(3))
    np.testing.assert_allclose(constant, np.zeros((3, 3)), atol=1e-14)


@pytest.mark.parametrize("rank", (0, 1, 2))
def test_determinants_of_singular_matrices_have_second_derivatives(rank):
    q = np.random.RandomState(2).standard_normal((3, 3))
    a = ag.tensor((q[:, :rank] @ q[:rank]).tolist(), dtype=ag.float64).reshape(3, 3)
    batch = ag.stack([a, 2 * ag.eye(3, dtype=ag.float64)]).requires_grad_()
    assert ag.autograd.gradgradcheck(L.det, batch)
    # ∂²det/∂a₁₁∂a₂₂ = a₃₃
    second = ag.autograd.functional.hessian(L.det, a)
    assert second[0, 0, 1, 1] == pytest.approx(a[2, 2].item(), abs=1e-12)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0)])
@pytest.mark.parametrize("f", [L.cholesky, lambda a: L.cholesky_ex(a)[0], L.inv, L.det, L.eigvalsh, L.svdvals, lambda a: L.qr(a)[0]])
def test_empty_matrices_have_empty_second_derivatives(f, shape):
    x = ag.zeros(shape, dtype=ag.float64, requires_grad=True)
    (first,) = ag.autograd.grad(f(x).sum(), x, create_graph=True, allow_unused=True, materialize_grads=True)
    if first.requires_grad:
        (second,) = ag.autograd.grad(first.sum(), x, allow_unused=True, materialize_grads=True)
        assert second.shape == shape
