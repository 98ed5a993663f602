"""What is computed with decompositions, against NumPy and against what it has to satisfy."""

from __future__ import annotations

import re

import arcgrad as ag
import numpy as np
import pytest

L = ag.linalg
RNG = np.random.RandomState(0)
CUBE = RNG.standard_normal((2, 4, 3))
SQUARE = RNG.standard_normal((3, 3))
INF = float("inf")


def of(a, dtype="float64"):
    return ag.tensor(np.asarray(a).tolist(), dtype=getattr(ag, dtype))


def same(found, expected, atol=1e-12):
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-10, atol=atol)


# ---- norms ---------------------------------------------------------------------------------------------------------

ORDERS = ("fro", "nuc", 2, -2, 1, -1, INF, -INF)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("keep", (False, True))
def test_norms_of_matrices(order, keep):
    for axes in ((-2, -1), (0, 2), (2, 0), (1, 0)):
        expected = np.linalg.norm(CUBE, order, axis=axes, keepdims=keep)
        same(L.matrix_norm(of(CUBE), order, axes, keep), expected)
        same(L.norm(of(CUBE), order, dim=axes, keepdim=keep), expected)
    same(L.norm(of(SQUARE), order), np.linalg.norm(SQUARE, order))
    result = L.matrix_norm(of(CUBE, "float32"), order, dtype=ag.float64)
    assert result.dtype == ag.float64


def test_norms_without_an_order_are_of_all_elements():
    same(L.norm(of(CUBE)), np.sqrt((CUBE**2).sum()))
    same(L.norm(of(CUBE), dim=(0, 1)), np.sqrt((CUBE**2).sum((0, 1))))
    same(L.norm(of(CUBE), 3, dim=1), (np.abs(CUBE) ** 3).sum(1) ** (1 / 3))
    same(L.norm(of(CUBE[0, 0]), 1), np.abs(CUBE[0, 0]).sum())
    same(ag.norm(of(SQUARE), "nuc"), np.linalg.norm(SQUARE, "nuc"))
    same(ag.norm(of(CUBE), "nuc", dim=(0, 2)), np.linalg.norm(CUBE, "nuc", axis=(0, 2)))


REFUSED = {
    "order of a matrix": (lambda: L.matrix_norm(of(CUBE), 3), "linalg.matrix_norm: Order 3 not supported."),
    "name of an order": (lambda: L.norm(of(SQUARE), "x"), "linalg.matrix_norm: Order x not supported."),
    "order 0": (lambda: L.norm(of(SQUARE), 0), "linalg.matrix_norm: Order 0 not supported."),
    "order of a cube": (lambda: L.norm(of(CUBE), 2), "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got 3D."),
    "one axis": (lambda: L.norm(of(CUBE), "fro", dim=1), "linalg.matrix_norm: dim must be a 2-tuple. Got 1"),
    "an axis twice": (lambda: L.matrix_norm(of(CUBE), dim=(0, 0)), "linalg.matrix_norm: dims must be different. Got (0, 0)"),
    "vector": (lambda: L.matrix_norm(of([1.0])), "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."),
    "cond of a wide matrix": (lambda: L.cond(of(CUBE), 1), "A must be batches of square matrices, but they are 4 by 3 matrices"),
    "driver of lstsq": (lambda: L.lstsq(of(SQUARE), of(SQUARE), driver="x"), "parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"),
    "sizes of lstsq": (lambda: L.lstsq(of(SQUARE), of([[1.0]])), "input.size(-2) should match other.size(-2)"),
    "ind of tensorinv": (lambda: L.tensorinv(of(SQUARE), 0), "Expected a strictly positive integer for 'ind', but got 0"),
    "sizes of tensorinv": (lambda: L.tensorinv(ag.ones(2, 3, 5)), "prod(self.shape[ind:]) == prod(self.shape[:ind]), but got 5 != 6"),
    "sizes of tensorsolve": (lambda: L.tensorsolve(ag.ones(2, 3, 5), ag.ones(2, 3)), "but got 5 != 6"),
    "powers of a number": (lambda: L.vander(ag.tensor(1.0)), "N must be greater than 1."),
    "vander of a matrix": (lambda: ag.vander(ag.ones(2, 2)), "x must be a one-dimensional tensor."),
    "less than no powers": (lambda: ag.vander(ag.ones(2), -1), "N must be non-negative."),
    "wide reflections": (lambda: L.householder_product(ag.ones(2, 3), ag.ones(2)), "input.shape[-2] must be greater than or equal to input.shape[-1]"),
    "too many reflections": (lambda: L.householder_product(ag.ones(3, 3), ag.ones(4)), "input.shape[-1] must be greater than or equal to tau.shape[-1]"),
    "cov of a cube": (lambda: ag.cov(of(CUBE)), "cov(): expected input to have two or fewer dimensions but got an input with 3 dimensions"),
    "frequencies that are no integers": (lambda: ag.cov(of(SQUARE), fweights=ag.ones(3)), "cov(): expected fweights to have integral dtype but got fweights with Float dtype"),
    "frequencies below 0": (lambda: ag.cov(of(SQUARE), fweights=ag.tensor([1, -1, 1])), "cov(): fweights cannot be negative"),
    "too few frequencies": (lambda: ag.cov(of(SQUARE), fweights=ag.tensor([1, 1])), "but got 2 != 3"),
    "positions of other samples": (lambda: ag.trapezoid(ag.ones(3), ag.ones(2)), "trapezoid: There must be one `x` value for each sample point"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arguments_that_do_not_do(name):
    call, message = REFUSED[name]
    with pytest.raises(RuntimeError, match=re.escape(message)):
        call()


@pytest.mark.parametrize("order", (None, *ORDERS))
def test_condition_numbers(order):
    same(L.cond(of(SQUARE), order), np.linalg.cond(SQUARE, order), 1e-10)
    if order not in (None, 2, -2, "nuc"):
        assert L.cond(ag.zeros(3, 3), order).item() == INF
    assert L.cond(ag.zeros(0, 3, 3), order).shape == (0,)
    with pytest.raises(ValueError, match="linalg.cond got an invalid norm type: 3"):
        L.cond(of(SQUARE), 3)


# ---- what comes nearest to an inverse -------------------------------------------------------------------------------

RANKS = {
    "tall": CUBE[0], "wide": CUBE[0].T, "zero": np.zeros((3, 2)), "one": np.outer([1.0, 2, 3], [1.0, -1]),
    "two": np.outer([1.0, 2, 3, 4], [1.0, -1, 0]) + np.outer([0.0, 1, 1, 0], [2.0, 1, 1]), "batch": CUBE, "empty": np.zeros((2, 0, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", RANKS)
def test_pseudoinverses_and_ranks(name):
    a = RANKS[name]
    x = L.pinv(of(a).reshape(a.shape)).numpy()
    same(ag.tensor(x), np.linalg.pinv(a))
    for whole, part in ((a @ x @ a, a), (x @ a @ x, x), ((a @ x).swapaxes(-1, -2), a @ x), ((x @ a).swapaxes(-1, -2), x @ a)):
        np.testing.assert_allclose(whole, part, atol=1e-12)
    rank = L.matrix_rank(of(a).reshape(a.shape))
    assert rank.dtype == ag.int64
    np.testing.assert_array_equal(rank.numpy(), np.linalg.matrix_rank(a) if a.size else [0, 0])


def test_tolerances():
    a = of(np.diag([1.0, 0.1, 0.01]))
    assert [L.matrix_rank(a, atol=0.05).item(), L.matrix_rank(a, rtol=0.5).item(), L.matrix_rank(a, 0.001).item()] == [2, 1, 3]
    assert L.matrix_rank(a, hermitian=True).item() == 3 and L.matrix_rank(-a, ag.tensor(0.05), True).item() == 2
    assert L.matrix_rank(ag.stack([a, a]), atol=ag.tensor([0.05, 0.5])).tolist() == [2, 1]
    same(L.pinv(a, 0.05), np.diag([1, 10, 0.0]))
    same(L.pinv(a, atol=0.5, hermitian=True), np.diag([1, 0, 0.0]))
    same(ag.pinverse(a, 0.05), np.diag([1, 10, 0.0]))


@pytest.mark.parametrize("driver", ("gels", "gelsy", "gelsd", "gelss"))
@pytest.mark.parametrize("name", ("tall", "wide"))
def test_least_squares(name, driver):
    a, b = RANKS[name], RNG.standard_normal((len(RANKS[name]), 2))
    x, residuals, rank, values = L.lstsq(of(a), of(b), driver=driver)
    expected, squares, full, s = np.linalg.lstsq(a, b, rcond=None)
    same(x, expected)
    if name == "tall" and driver != "gelsy":
        same(residuals, squares)
    else:
        assert residuals.shape == (0,)
    assert rank.shape == (0,) if driver == "gels" else rank.item() == full
    same(values, s) if driver in ("gelsd", "gelss") else None
    same(L.lstsq(of(a), of(b)[:, 0], driver=driver).solution, expected[:, 0])
    stacked = L.lstsq(of(np.stack([a, a])), of(np.stack([b, 2 * b])), driver=driver).solution
    same(stacked, np.stack([expected, 2 * expected]))


def test_least_squares_of_a_deficient_matrix_are_the_least_of_them():
    a, b = RANKS["two"], RNG.standard_normal((4, 2))
    same(L.lstsq(of(a), of(b)).solution, np.linalg.lstsq(a, b, rcond=None)[0])


def test_tensors_as_matrices():
    a = RNG.standard_normal((2, 3, 6))
    same(L.tensorinv(of(a)), np.linalg.tensorinv(a))
    same(L.tensorsolve(of(a), of(a[..., 0])), np.linalg.tensorsolve(a, a[..., 0]))
    moved = np.moveaxis(a, 2, 0)
    same(L.tensorsolve(of(moved), of(a[..., 0]), dims=(0,)), np.linalg.tensorsolve(moved, a[..., 0], axes=(0,)))


# ---- functions of matrices -------------------------------------------------------------------------------------------


def test_exponentials():
    for scale in (1e-3, 0.1, 1.0, 10.0):
        a = scale * SQUARE
        values, vectors = np.linalg.eig(a)
        expected = (vectors * np.exp(values) @ np.linalg.inv(vectors)).real
        same(L.matrix_exp(of(a)), expected, 1e-11 * np.abs(expected).max())
        np.testing.assert_allclose(ag.matrix_exp(of(a, "float32")).numpy(), expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    same(L.matrix_exp(of([[0.0, 1.0], [0.0, 0.0]])), [[1, 1], [0, 1]])
    assert L.matrix_exp(of(np.full((2, 2), np.nan))).isnan().all()
    assert L.matrix_exp(ag.zeros(2, 0, 0)).shape == (2, 0, 0)


def test_powers():
    for power in (-3, -1, 0, 1, 5):
        same(L.matrix_power(of(SQUARE), power), np.linalg.matrix_power(SQUARE, power))
    with pytest.raises(L.LinAlgError, match="linalg.inv: The diagonal element 1 is zero"):
        L.matrix_power(ag.zeros(2, 2), -1)


def test_reflections():
    # The reflections that LAPACK's geqrf gives for this matrix.
    a, tau = np.linalg.qr(CUBE[0], mode="raw")
    q = L.householder_product(of(a.T), of(tau))
    same(q, np.linalg.qr(CUBE[0])[0])
    same(ag.orgqr(of(a.T), of(tau)), np.linalg.qr(CUBE[0])[0])
    same(L.householder_product(ag.ones(3, 2), ag.ones(0)), np.eye(3, 2))


def test_powers_of_numbers():
    same(L.vander(of([2.0, 3.0])), [[1, 2], [1, 3]])
    assert L.vander(ag.tensor([1, 2, 3]), N=4).tolist() == [[1, 1, 1, 1], [1, 2, 4, 8], [1, 3, 9, 27]]
    assert L.vander(ag.ones(2, 3)).shape == (2, 3, 3)
    assert ag.vander(ag.tensor([2, 3]), 3).tolist() == [[4, 2, 1], [9, 3, 1]]
    assert ag.vander(ag.tensor([2, 3]), increasing=True).tolist() == [[1, 2], [1, 3]]
    assert ag.vander(ag.ones(2), 0).shape == (2, 0)


# ---- older names ---------------------------------------------------------------------------------------------------


def test_older_names():
    a = of(CUBE[0])
    u, s, v = ag.svd(a)
    same(u * s @ v.mT, CUBE[0])
    assert [part.shape for part in a.svd(some=False)] == [(4, 4), (3,), (3, 3)]
    assert not ag.svd(a, compute_uv=False).U.any() and ag.svd(a, compute_uv=False).V.shape == (3, 3)
    packed, pivots = ag.lu(of(SQUARE))
    p, l, u = ag.lu_unpack(packed, pivots)
    same(p @ l @ u, SQUARE)
    assert len(of(SQUARE).lu(get_infos=True)) == 3
    b = of(SQUARE[:, :1])
    same(ag.lu_solve(b, packed, pivots), np.linalg.solve(SQUARE, SQUARE[:, :1]))
    for left in (True, False):
        for adjoint in (True, False):
            matrix = SQUARE.T if adjoint else SQUARE
            right = CUBE[0][:3] if left else CUBE[0][:3].T
            x = L.lu_solve(packed, pivots, of(right), left=left, adjoint=adjoint).numpy()
            np.testing.assert_allclose(matrix @ x if left else x @ matrix, right, atol=1e-12)
    solution, copied = ag.triangular_solve(b, of(SQUARE))
    same(solution, np.linalg.solve(np.triu(SQUARE), SQUARE[:, :1]))
    same(copied, SQUARE)
    solution = b.triangular_solve(of(SQUARE), upper=False, transpose=True).solution
    same(solution, np.linalg.solve(np.tril(SQUARE).T, SQUARE[:, :1]))
    positive = SQUARE @ SQUARE.T + np.eye(3)
    factor = ag.linalg.cholesky(of(positive))
    same(ag.cholesky_inverse(factor), np.linalg.inv(positive))
    same(ag.cholesky_inverse(factor.mT, upper=True), np.linalg.inv(positive))
    same(b.cholesky_solve(factor), np.linalg.solve(positive, SQUARE[:, :1]))
    same(of(SQUARE).inverse(), np.linalg.inv(SQUARE))
    same(of(SQUARE).pinverse(), np.linalg.inv(SQUARE), 1e-11)
    same(of(positive).logdet(), np.log(np.linalg.det(positive)))
    assert L.diagonal(of(CUBE)).shape == (2, 3) and L.diagonal(of(CUBE), offset=1)._base is not None


@pytest.mark.parametrize("n", (1, 2, 3, 8, 20))
def test_indefinite_systems(n):
    rng = np.random.RandomState(n)
    a = rng.standard_normal((2, n, n))
    a = a + a.swapaxes(-1, -2)
    a[0, 0, 0] = 0 if n > 1 else 1
    factor, pivots = L.ldl_factor(of(a))
    b = rng.standard_normal((2, n, 3))
    np.testing.assert_allclose(a @ L.ldl_solve(factor, pivots, of(b)).numpy(), b, atol=1e-10)
    with pytest.raises(L.LinAlgError, match=r"Batch element 1.*D\[1,1\]"):
        L.ldl_factor(ag.stack([ag.eye(2), ag.zeros(2, 2)]))


def test_low_rank():
    a = RNG.standard_normal((20, 3)) @ RNG.standard_normal((3, 10))
    for matrix in (a, a.T):
        u, s, v = ag.svd_lowrank(of(matrix), q=4)
        same(u * s @ v.mT, matrix, 1e-10)
        same(s[:3], np.linalg.svd(matrix)[1][:3])
        u, s, v = ag.pca_lowrank(of(matrix), q=4)
        same(u * s @ v.mT, matrix - matrix.mean(0), 1e-10)
    with pytest.raises(ValueError, match="q"):
        ag.pca_lowrank(of(a), q=11)


# ---- statistics and integrals ---------------------------------------------------------------------------------------


def test_covariances():
    a = CUBE[0]
    same(ag.cov(of(a)), np.cov(a))
    same(ag.cov(of(a), correction=0), np.cov(a, ddof=0))
    same(ag.cov(of(a[0])), np.cov(a[0]))
    weights = {"fweights": np.array([1, 3, 2]), "aweights": np.array([0.5, 1.0, 2.0])}
    for names in (("fweights",), ("aweights",), ("fweights", "aweights")):
        for correction in (0, 1):
            given = {name: weights[name] for name in names}
            found = ag.cov(of(a), correction=correction, **{name: ag.from_numpy(value) for name, value in given.items()})
            same(found, np.cov(a, ddof=correction, **given))
    same(ag.corrcoef(of(a)), np.corrcoef(a))
    assert ag.corrcoef(of(a[0])).item() == 1 and ag.cov(ag.tensor([[1, 2, 3]])).dtype == ag.float32
    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert ag.cov(ag.ones(2, 1)).isnan().all()


def test_integrals():
    y, x = CUBE[0], np.array([0.0, 1.0, 4.0])
    trapezoid = getattr(np, "trapezoid", None) or np.trapz
    same(ag.trapezoid(of(y)), trapezoid(y))
    same(ag.trapz(of(y), dx=0.5, dim=0), trapezoid(y, dx=0.5, axis=0))
    same(ag.trapezoid(of(y), of(x)), trapezoid(y, x))
    same(ag.trapezoid(of(y), of(np.arange(4.0) ** 2), dim=0), trapezoid(y, np.arange(4.0) ** 2, axis=0))
    same(ag.trapezoid(of(y), of(y**2)), trapezoid(y, y**2))
    same(ag.cumulative_trapezoid(of(y), of(x))[:, -1], trapezoid(y, x))
    assert ag.cumulative_trapezoid(of(y)).shape == (4, 2) and ag.cumulative_trapezoid(ag.ones(1)).shape == (0,)
    assert ag.trapezoid(ag.ones(1)).item() == 0 and ag.trapezoid(ag.ones(2, 0)).tolist() == [0, 0]
    with pytest.raises(NotImplementedError, match="bool"):
        ag.trapezoid(ag.ones(3, dtype=ag.bool))


@pytest.mark.parametrize("dtype", ("float64", "complex128"))
def test_reflections_are_those_of_q(dtype):
    rng = np.random.RandomState(3)
    for m, n in ((4, 4), (5, 3), (3, 5), (1, 1), (0, 2)):
        a = rng.standard_normal((2, m, n)).astype(dtype)
        if dtype == "complex128":
            a = a + 1j * rng.standard_normal(a.shape)
        packed, tau = ag.geqrf(ag.from_numpy(a))
        k = min(m, n)
        r = np.triu(packed.numpy())[:, :k]
        assert np.abs(np.diagonal(r, 0, 1, 2).imag).sum() == 0
        same(L.householder_product(packed[..., :k], tau) @ ag.from_numpy(r), a)
        other = rng.standard_normal((2, m, 3)).astype(dtype)
        turned = ag.ormqr(packed, tau, ag.ormqr(packed, tau, ag.from_numpy(other)), transpose=True)
        same(turned, other)
        same(ag.ormqr(packed, tau, ag.from_numpy(np.swapaxes(other, 1, 2)), left=False, transpose=True).mH,
             ag.ormqr(packed, tau, ag.from_numpy(other)).numpy())  # fmt: skip
    with pytest.raises(RuntimeError, match="must have at least 2 dimensions"):
        ag.geqrf(ag.ones(3))


@pytest.mark.parametrize("hermitian", (False, True))
def test_complex_matrices_are_symmetric_or_hermitian(hermitian):
    rng = np.random.RandomState(5)
    for n in (1, 2, 3, 6, 9):
        a = rng.standard_normal((3, n, n)) + 1j * rng.standard_normal((3, n, n))
        a = a + (np.swapaxes(a.conj(), 1, 2) if hermitian else np.swapaxes(a, 1, 2))
        # Zeros on the diagonal make blocks of two.
        a[1, range(n), range(n)] *= n % 2
        b = ag.from_numpy(rng.standard_normal((3, n, 2)) + 0j).requires_grad_()
        factor, pivots = L.ldl_factor(ag.from_numpy(a), hermitian=hermitian)
        solve = lambda b, factor=factor, pivots=pivots: L.ldl_solve(factor, pivots, b, hermitian=hermitian)
        same(ag.from_numpy(a) @ solve(b).detach(), b.detach().numpy(), 1e-9)
        assert ag.autograd.gradcheck(solve, b)


@pytest.mark.parametrize("order", ("fro", "nuc", 1, INF))
@pytest.mark.parametrize("size", (1e-38, 1e38))
def test_a_condition_number_that_has_room_is_found(order, size):
    a = np.array([[3.0, 3.0], [3.0, -3.0]], dtype="float32")
    found = L.cond(ag.from_numpy(a) * size, order).item()
    assert found == pytest.approx(np.linalg.cond(a, order), rel=1e-5)


def test_the_copy_that_triangular_solve_gives_has_a_gradient():
    a = (of(SQUARE) + 3 * ag.eye(3, dtype=ag.float64)).requires_grad_()
    _, copy = ag.triangular_solve(of(np.ones((3, 1))), a)
    copy.sum().backward()
    assert a.grad.tolist() == np.ones((3, 3)).tolist()


def test_powers_of_a_single_number():
    assert L.vander(ag.tensor(2.0), N=3).tolist() == [[1.0, 2.0, 4.0]]


def test_eigenvalues_at_the_ends_of_a_spectrum():
    rng = np.random.RandomState(7)
    a, b = (m @ m.T + 30 * np.eye(30) for m in rng.standard_normal((2, 30, 30)))
    for metric in (None, b):
        half = np.eye(30) if metric is None else np.linalg.inv(np.linalg.cholesky(metric))
        every = np.linalg.eigvalsh(half @ a @ half.T)
        for largest, wanted in ((True, every[::-1][:3]), (False, every[:3])):
            given = None if metric is None else of(metric)
            values, vectors = ag.lobpcg(of(a), 3, given, largest=largest, tol=1e-9)
            same(values, wanted, 1e-8)
            same(of(a) @ vectors, ((np.eye(30) if metric is None else metric) @ vectors.numpy()) * values.numpy(), 1e-5)
    values, vectors = ag.lobpcg(of(np.stack([a, b])), k=2)
    assert values.shape == (2, 2) and vectors.shape == (2, 30, 2)
    x = of(a).requires_grad_()
    values, vectors = ag.lobpcg(x, 1)
    values.sum().backward()
    same(x.grad, vectors.detach().numpy() @ vectors.detach().numpy().T, 1e-10)
    with pytest.raises(ValueError, match="smaller than 3 x the number of requested eigenpairs"):
        ag.lobpcg(of(a), 11)
