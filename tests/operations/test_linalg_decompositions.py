"""Decompositions: what they are made of multiplies to the input, whatever the input is."""

from __future__ import annotations

import itertools

import arcgrad as ag
import numpy as np
import pytest

DTYPES = ("float32", "float64")
SIZES = (0, 1, 2, 3, 8, 17, 24, 25, 33, 64, 100)


def eps(dtype):
    return np.finfo(dtype).eps


def matrices(shape, dtype, kind="random", seed=0):
    """Matrices of a kind, as NumPy has them."""
    rng = np.random.RandomState(seed)
    a = rng.standard_normal(shape)
    n = min(shape[-2:])
    match kind:
        case "zero":
            a = np.zeros(shape)
        case "singular" if n:
            a[..., -1] = a[..., 0]
        case "tiny":
            a = a * (1e-30 if dtype == "float32" else 1e-250)
        case "huge":
            a = a * (1e15 if dtype == "float32" else 1e120)
        case "ill" if n:
            a = a * np.geomspace(1, eps(dtype), shape[-1])
    return a.astype(dtype)


KINDS = ("random", "zero", "singular", "tiny", "huge", "ill")
SHAPES = [(n, n) for n in SIZES] + [(5, 3), (3, 5), (40, 30), (30, 40), (2, 4, 4), (0, 3, 3), (2, 3, 5, 4), (0, 3), (3, 0)]


def close(actual, expected, dtype, n, scale):
    """To a few roundings, beside the greatest element."""
    assert actual.shape == expected.shape and actual.dtype == expected.dtype
    if actual.size:
        tolerance = 8 * (n + 4) * eps(dtype) * max(scale, np.finfo(dtype).tiny)
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def top(a):
    return np.abs(a).max(initial=0)


cases = pytest.mark.parametrize("dtype, kind", list(itertools.product(DTYPES, KINDS)))
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def orthonormal(q, dtype):
    n = q.shape[-1]
    close(q.swapaxes(-1, -2) @ q, np.broadcast_to(np.eye(n, dtype=dtype), (*q.shape[:-2], n, n)), dtype, q.shape[-2], 1)


@cases
@shapes
@pytest.mark.parametrize("pivot", (True, False))
def test_lu(shape, dtype, kind, pivot):
    a = matrices(shape, dtype, kind)
    if not pivot:
        if kind != "random":
            pytest.skip("without exchanges of rows nothing is promised")
        a = a + 200 * np.eye(*shape[-2:], dtype=dtype)
    p, l, u = (part.numpy() for part in ag.linalg.lu(ag.from_numpy(a), pivot=pivot))
    k = min(shape[-2:])
    assert l.shape == (*shape[:-1], k) and u.shape == (*shape[:-2], k, shape[-1])
    assert (np.tril(u, -1) == 0).all() and (np.triu(l, 1) == 0).all()
    if pivot:
        assert (np.abs(l) <= 1 + eps(dtype)).all()
        assert (p.sum(-1) == 1).all() and (p.sum(-2) == 1).all()
        l = p @ l
    else:
        assert p.shape == (0,)
    close(l @ u, a, dtype, max(shape[-2:]), top(a))
    packed, pivots, info = ag.linalg.lu_factor_ex(ag.from_numpy(a), pivot=pivot)
    assert pivots.dtype == info.dtype == ag.int32 and pivots.shape == (*shape[:-2], k)
    zeros = np.diagonal(packed.numpy(), axis1=-2, axis2=-1) == 0
    assert (info.numpy() == np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0) if k else (info.numpy() == 0).all()).all()


@cases
@shapes
@pytest.mark.parametrize("mode", ("reduced", "complete", "r"))
def test_qr(shape, dtype, kind, mode):
    a = matrices(shape, dtype, kind)
    q, r = (part.numpy() for part in ag.linalg.qr(ag.from_numpy(a), mode))
    m, n = shape[-2:]
    k = min(m, n)
    assert r.shape == (*shape[:-2], m if mode == "complete" else k, n)
    assert (np.tril(r, -1) == 0).all()
    if mode == "r":
        assert q.shape == (0,)
        np.testing.assert_array_equal(r, ag.linalg.qr(ag.from_numpy(a)).R.numpy())
        return
    assert q.shape == (*shape[:-1], m if mode == "complete" else k)
    orthonormal(q, dtype)
    close(q @ r, a, dtype, max(m, n), top(a))


@cases
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[-1] == shape[-2]], ids=str)
def test_eigh(shape, dtype, kind):
    a = matrices(shape, dtype, kind)
    a = a + a.swapaxes(-1, -2)
    values, vectors = (part.numpy() for part in ag.linalg.eigh(ag.from_numpy(a)))
    orthonormal(vectors, dtype)
    assert (np.diff(values) >= 0).all()
    close((vectors * values[..., None, :]) @ vectors.swapaxes(-1, -2), a, dtype, shape[-1], top(a))
    for uplo, triangle in (("L", np.tril), ("U", np.triu)):
        one = ag.linalg.eigvalsh(ag.from_numpy(triangle(a)), UPLO=uplo).numpy()
        close(one, values, dtype, shape[-1], top(a))


@cases
@shapes
@pytest.mark.parametrize("full", (True, False))
def test_svd(shape, dtype, kind, full):
    a = matrices(shape, dtype, kind)
    u, values, vh = (part.numpy() for part in ag.linalg.svd(ag.from_numpy(a), full_matrices=full))
    (m, n), k = shape[-2:], min(shape[-2:])
    assert u.shape == (*shape[:-1], m if full else k) and vh.shape == (*shape[:-2], n if full else k, n)
    orthonormal(u, dtype)
    orthonormal(vh.swapaxes(-1, -2), dtype)
    assert (values >= 0).all() and (np.diff(values) <= 0).all()
    close((u[..., :k] * values[..., None, :]) @ vh[..., :k, :], a, dtype, max(m, n), top(a))
    close(ag.linalg.svdvals(ag.from_numpy(a)).numpy(), values, dtype, max(m, n), top(a))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("upper", (False, True))
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[-1] == shape[-2]], ids=str)
def test_cholesky(shape, dtype, upper):
    a = matrices(shape, dtype)
    a = a @ a.swapaxes(-1, -2) + np.eye(shape[-1], dtype=dtype)
    other = (np.tril if upper else np.triu)(np.full(shape, np.nan), -1 if upper else 1).astype(dtype)
    factor = ag.linalg.cholesky(ag.from_numpy(a + other), upper=upper).numpy()
    assert ((np.tril(factor, -1) if upper else np.triu(factor, 1)) == 0).all()
    product = factor.swapaxes(-1, -2) @ factor if upper else factor @ factor.swapaxes(-1, -2)
    close(product, a, dtype, shape[-1], top(a))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_systems_and_inverses(n, dtype):
    a = matrices((2, n, n), dtype) + np.asarray(3 * np.sqrt(n) * np.eye(n), dtype)
    b = matrices((2, n, 3), dtype, seed=1)
    x = ag.linalg.solve(ag.from_numpy(a), ag.from_numpy(b)).numpy()
    close(a @ x, b, dtype, n, top(b))
    inverse = ag.linalg.inv(ag.from_numpy(a)).numpy()
    close(a @ inverse, np.broadcast_to(np.eye(n, dtype=dtype), a.shape), dtype, n, 1)
    left = ag.linalg.solve(ag.from_numpy(a), ag.from_numpy(b).mT, left=False).numpy()
    close(left @ a, b.swapaxes(-1, -2), dtype, n, top(b))
    sign, log = (part.numpy() for part in ag.linalg.slogdet(ag.from_numpy(a)))
    expected = np.linalg.slogdet(a.astype("float64"))
    np.testing.assert_array_equal(sign, expected[0])
    np.testing.assert_allclose(log, expected[1], rtol=100 * eps(dtype), atol=1e-30)


def test_results_have_names():
    a = ag.eye(2)
    assert ag.linalg.svd(a).Vh.shape == (2, 2)
    assert type(ag.linalg.svd(a)).__name__ == "linalg_svd"
    assert type(ag.linalg.eigh(a)).__name__ == "linalg_eigh"
    assert ag.linalg.lu_factor_ex(a)._fields == ("LU", "pivots", "info") if hasattr(ag.linalg.lu_factor_ex(a), "_fields") else True
    out = (ag.empty(2), ag.empty(2, 2))
    result = ag.linalg.eigh(a, out=out)
    assert result.eigenvalues is out[0] and result.eigenvectors is out[1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", (1, 3, 5, 20, 37))
def test_what_a_matrix_gives_does_not_depend_on_those_beside_it(dtype, count):
    for n in (2, 5, 8):
        a = matrices((count, n, n), dtype)
        a[count // 2, :, -1] = a[count // 2, :, 0]
        a[-1] = np.eye(n)
        whole = ag.from_numpy(a)
        for function in (ag.linalg.eigh, ag.linalg.svd):
            together = function(whole)
            for index in (0, count // 2, count - 1):
                for part, one in zip(together, function(whole[index])):
                    assert ag.equal(part[index], one)


def test_of_a_batch_of_small_matrices_the_one_that_is_no_matrix_is_named():
    a = ag.eye(3).expand(20, 3, 3).clone()
    a[7, 1, 1] = float("nan")
    for function in (ag.linalg.eigh, ag.linalg.svd):
        with pytest.raises(ag.linalg.LinAlgError, match=r"Batch element 7"):
            function(a)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 20])
def test_eigenvalues_of_real_matrices_are_real_or_come_in_pairs(n):
    rng = np.random.default_rng(n)
    a = rng.standard_normal((5, n, n))
    values, vectors = (part.numpy() for part in ag.linalg.eig(ag.tensor(a)))
    assert np.abs(a @ vectors - vectors * values[:, None]).max() < 1e-12
    for matrix in range(5):
        at = 0
        while at < n:
            value, vector = values[matrix, at], vectors[matrix, :, at]
            if value.imag == 0:
                assert (vector.imag == 0).all()
                at += 1
            else:
                assert value.imag > 0 and values[matrix, at + 1] == value.conj()
                assert (vectors[matrix, :, at + 1] == vector.conj()).all()
                at += 2
        np.testing.assert_allclose(np.sort(values[matrix].real), np.sort(np.linalg.eigvals(a[matrix]).real), atol=1e-12)
    assert ag.allclose(ag.linalg.eigvals(ag.tensor([[0.0, -1.0], [1.0, 0.0]])), ag.tensor([1j, -1j]))
    assert not ag.linalg.eigvals(ag.ones(n, n)).imag.any()


def test_sums_and_products_of_truth_values_make_an_outer_product():
    a, b = ag.tensor([True, False]), ag.tensor([True, True, False])
    assert ag.addr(ag.zeros(2, 3, dtype=ag.bool), a, b).tolist() == [[True, True, False], [False, False, False]]
    assert ag.addr(ag.ones(2, 3, dtype=ag.bool), a, b, beta=False).tolist() == [[True, True, False], [False, False, False]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", (1, 3, 20, 37))
def test_neither_do_factors_and_their_gradients(dtype, count):
    for n, upper in ((1, False), (3, True), (8, False)):
        a = matrices((count, n, n), dtype)
        a = ag.from_numpy(a @ a.swapaxes(-1, -2) + np.eye(n, dtype=dtype)).requires_grad_()
        factors = ag.linalg.cholesky(a, upper=upper)
        (grads,) = ag.autograd.grad(factors, a, ag.ones_like(factors))
        for index in (0, count // 2, count - 1):
            factor = ag.linalg.cholesky(a[index], upper=upper)
            assert ag.equal(factors[index], factor)
            (grad,) = ag.autograd.grad(factor, a, ag.ones_like(factor))
            assert ag.equal(grads[index], grad[index])
        bad = a.detach().clone()
        bad[count // 2, n - 1, n - 1] = -1.0
        factor, info = ag.linalg.cholesky_ex(bad, upper=upper)
        assert info.tolist() == [n if index == count // 2 else 0 for index in range(count)]
        if n > 1:
            last = factor[count // 2].mT if upper else factor[count // 2]
            assert last[-1, -1] == 0 and ag.equal(last[:-1], (factors[count // 2].mT if upper else factors[count // 2])[:-1])


@pytest.mark.parametrize("dtype", ("float32", "float64", "complex128"))
@pytest.mark.parametrize("upper", (False, True))
@pytest.mark.parametrize("n, order", [(3, 2), (20, 1), (20, 13), (30, 1), (30, 17), (100, 2), (100, 67), (100, 100)])
def test_a_factor_ends_before_the_diagonal_element_that_is_not_positive(dtype, upper, n, order):
    a = matrices((n, n), "float64")
    if dtype == "complex128":
        a = a + 1j * matrices((n, n), "float64", seed=1)
    a = (a @ a.conj().T + n * np.eye(n)).astype(dtype)
    a[order - 1, order - 1] = -1
    factor, info = ag.linalg.cholesky_ex(ag.tensor(a), upper=upper)
    lower = factor.numpy().conj().T if upper else factor.numpy()
    minor = np.linalg.cholesky(a[: order - 1, : order - 1])
    expected = np.zeros_like(a)
    expected[: order - 1, : order - 1] = minor
    expected[order - 1, : order - 1] = np.linalg.solve(minor, a[: order - 1, order - 1]).conj()
    assert info.item() == order
    assert np.all(lower[expected == 0] == 0)
    close(lower, expected, "float32" if dtype == "float32" else "float64", n, top(expected))


SPECIAL = {
    "identity": np.eye,
    "ones": lambda n: np.ones((n, n)),
    "graded": lambda n: np.diag(np.geomspace(1, 1e-300, n)) + np.diag(np.geomspace(1, 1e-300, n - 1) / 3, 1),
    "diagonals": lambda n: 2 * np.eye(n) - np.eye(n, k=1),
    "blocks apart": lambda n: np.kron(np.diag(np.geomspace(1, 1e-30, n)), np.ones((2, 2))),
    "pairs": lambda n: np.kron(np.eye(n), np.array([[1.0, 1e-9], [1e-9, 1.0]])),
    "a cross": lambda n: np.where((np.arange(n) == n // 2) | (np.arange(n)[:, None] == n // 2), 1.0, 0.0),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("scale", (1.0, "tiny", "huge"))
def test_symmetric_matrices_of_a_middle_size(kind, dtype, scale):
    power = {1.0: 0, "tiny": -np.finfo(dtype).maxexp + 28, "huge": np.finfo(dtype).maxexp - 12}[scale]
    for n in (9, 32, 33, 48):
        a = np.triu(SPECIAL[kind](n)).astype(dtype)
        a = np.ldexp(a + np.triu(a, 1).T, power)
        expected = np.linalg.eigvalsh(np.ldexp(a.astype("float64"), -power))
        for uplo in "LU":
            values, vectors = ag.linalg.eigh(ag.from_numpy(a), UPLO=uplo)
            orthonormal(vectors.numpy(), dtype)
            for found in (values, ag.linalg.eigvalsh(ag.from_numpy(a), UPLO=uplo)):
                close(np.ldexp(found.numpy(), -power), expected.astype(dtype), dtype, len(a), top(expected))
            whole = (vectors.numpy() * np.ldexp(values.numpy(), -power)) @ vectors.numpy().T
            close(whole, np.ldexp(a, -power), dtype, len(a), top(expected))


@pytest.mark.parametrize("dtype", ("float32", "float64", "complex64", "complex128"))
@pytest.mark.parametrize("shape", ((3, 3), (40, 20), (2, 5, 7)), ids=str)
@pytest.mark.parametrize("end", ("least", "greatest"))
def test_factors_of_matrices_at_the_ends_of_the_dtype(shape, dtype, end):
    info = np.finfo(dtype)
    power = info.minexp + 8 if end == "least" else info.maxexp - 8
    a = matrices(shape, dtype)
    if dtype.startswith("complex"):
        a = a + np.asarray(1j, dtype) * matrices(shape, dtype, seed=1)
    unit = np.asarray(2.0**power, info.dtype)
    given, near = ag.from_numpy(a * unit), ag.from_numpy(a)
    for function, scaled in ((ag.linalg.qr, 1), (ag.linalg.lu, 2), (lambda a: ag.linalg.svd(a, full_matrices=False), 1)):
        for at, (part, expected) in enumerate(zip(function(given), function(near))):
            part, expected = part.numpy() / (unit if at == scaled else 1), expected.numpy()
            np.testing.assert_allclose(part, expected, rtol=0, atol=1e3 * info.eps * top(expected))


@pytest.mark.parametrize("dtype", ("float32", "float64"))
@pytest.mark.parametrize("shape", ((17, 17), (64, 64), (90, 40), (40, 90), (128, 128), (23, 200)), ids=str)
def test_rows_are_exchanged_for_the_greatest_element(shape, dtype):
    a = matrices(shape, dtype)
    a[3] = a[1]
    p, l, u = (part.numpy() for part in ag.linalg.lu(ag.from_numpy(a)))
    assert np.abs(l).max() <= 1
    close(p @ l @ u, a, dtype, max(shape), top(a))


@pytest.mark.parametrize("shape", [(3, 3, 20), (2, 20, 3), (4, 1, 2), (2, 5, 83), (3, 8, 15), (2, 40, 7)])
@pytest.mark.parametrize("dtype", [ag.float32, ag.float64, ag.complex64, ag.complex128])
def test_square_factors_of_every_matrix_of_a_batch_are_unitary(shape, dtype):
    a = ag.randn(*shape, dtype=dtype)
    u, s, vh = ag.linalg.svd(a, full_matrices=True)
    tolerance = 1e-4 if dtype in (ag.float32, ag.complex64) else 1e-11
    for factor in (u, vh):
        assert (factor @ factor.mH - ag.eye(factor.shape[-1], dtype=dtype)).abs().max() < tolerance
    least = min(shape[1:])
    assert (u[..., :least] * s[:, None] @ vh[:, :least] - a).abs().max() < 10 * tolerance
