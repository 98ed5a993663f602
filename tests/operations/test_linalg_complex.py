"""Linear algebra of complex matrices: values against NumPy, derivatives against differences."""

import arcgrad as ag
import numpy as np
import pytest

L = ag.linalg
SIZES = [(), (1,), (3,), (2, 3)]


def numbers(*shape, seed=0, dtype="complex128"):
    rng = np.random.RandomState(seed)
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)


def of(values):
    return ag.from_numpy(np.ascontiguousarray(values))


def turned(a):
    return np.conj(np.swapaxes(a, -1, -2))


def positive(*shape, seed=0):
    a = numbers(*shape, seed=seed)
    return a @ turned(a) + np.eye(shape[-1])


def near(result, wanted, scale=1.0):
    result = result.detach().numpy() if isinstance(result, ag.Tensor) else result
    assert result.shape == np.shape(wanted)
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-12 * scale * max(1, np.abs(wanted).max() if np.size(wanted) else 1))


@pytest.mark.parametrize("batch", SIZES)
@pytest.mark.parametrize("n", [1, 2, 3, 7, 30])
def test_systems_inverses_and_determinants_are_numpys(batch, n):
    a, b = numbers(*batch, n, n), numbers(*batch, n, 2, seed=1)
    near(L.solve(of(a), of(b)), np.linalg.solve(a, b), 100)
    near(L.inv(of(a)), np.linalg.inv(a), 100)
    near(L.det(of(a)), np.linalg.det(a), 10)
    sign, log = L.slogdet(of(a))
    wanted = np.linalg.slogdet(a)
    near(sign, wanted[0])
    near(log, wanted[1], 10)
    assert log.dtype == ag.float64
    packed, pivots = L.lu_factor(of(a))
    near(L.lu_solve(packed, pivots, of(b)), np.linalg.solve(a, b), 100)
    near(L.lu_solve(packed, pivots, of(b), adjoint=True), np.linalg.solve(turned(a), b), 100)
    p, l, u = L.lu(of(a))
    near(p @ l @ u, a)
    near(L.solve_triangular(of(np.triu(a) + 3 * np.eye(n)), of(b), upper=True), np.linalg.solve(np.triu(a) + 3 * np.eye(n), b), 100)


@pytest.mark.parametrize("batch", SIZES)
@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_hermitian_matrices_are_taken_apart(batch, n):
    a = positive(*batch, n, n)
    factor = L.cholesky(of(a))
    near(factor @ factor.mH, a)
    near(L.cholesky(of(a), upper=True), turned(factor.numpy()))
    near(ag.cholesky_inverse(factor) @ of(a), np.broadcast_to(np.eye(n), a.shape), 1000)
    values, vectors = L.eigh(of(a))
    assert values.dtype == ag.float64
    near(values, np.linalg.eigvalsh(a), 10)
    near(vectors.mH @ vectors, np.broadcast_to(np.eye(n), a.shape), 10)
    near(vectors * values.unsqueeze(-2) @ vectors.mH, a, 10)
    near(L.eigvalsh(of(a), UPLO="U"), np.linalg.eigvalsh(a), 10)


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (5, 3), (3, 5), (2, 4, 4), (2, 6, 2), (3, 2, 6), (30, 20)])
def test_matrices_of_any_shape_are_taken_apart(shape):
    a = numbers(*shape)
    k = min(shape[-2:])
    for full in (False, True):
        u, s, vh = L.svd(of(a), full_matrices=full)
        assert s.dtype == ag.float64
        near(s, np.linalg.svd(a, compute_uv=False), 10)
        near(u[..., :k] * s.unsqueeze(-2) @ vh[..., :k, :], a, 10)
        near(u.mH @ u, np.broadcast_to(np.eye(u.shape[-1]), (*shape[:-2], u.shape[-1], u.shape[-1])), 10)
        near(vh @ vh.mH, np.broadcast_to(np.eye(vh.shape[-2]), (*shape[:-2], vh.shape[-2], vh.shape[-2])), 10)
    near(L.svdvals(of(a)), np.linalg.svd(a, compute_uv=False), 10)
    for mode in ("reduced", "complete"):
        q, r = L.qr(of(a), mode)
        near(q @ r, a, 10)
        near(q.mH @ q, np.broadcast_to(np.eye(q.shape[-1]), (*shape[:-2], q.shape[-1], q.shape[-1])), 10)
        assert not ag.tril(r, -1).any() and not ag.diagonal(r, dim1=-2, dim2=-1).imag.any()
    near(L.pinv(of(a)), np.linalg.pinv(a), 100)
    assert (L.matrix_rank(of(a)) == k).all()
    near(L.cond(of(a)), np.linalg.cond(a), 100)
    for order in ("fro", "nuc", 1, -1, 2, -2, np.inf):
        near(L.matrix_norm(of(a), order), np.linalg.norm(a, order, axis=(-2, -1)), 10)
    for driver in ("gels", "gelsy", "gelsd"):
        if len(shape) == 2:
            b = numbers(shape[0], 2, seed=3)
            near(L.lstsq(of(a), of(b), driver=driver).solution, np.linalg.lstsq(a, b, rcond=None)[0], 100)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_tiny_and_huge_matrices_keep_their_digits(scale):
    a = numbers(4, 4)
    near(L.svdvals(of(a * scale)) / scale, np.linalg.svd(a, compute_uv=False), 10)
    near(L.eigvalsh(of((a + turned(a)) * scale)) / scale, np.linalg.eigvalsh(a + turned(a)), 10)
    q, r = L.qr(of(a * scale))
    near(q @ (r / scale), a, 10)
    near(L.solve(of(a * scale), of(a * scale)), np.eye(4), 100)


@pytest.mark.parametrize("dtype", ["complex128", "float64"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (5, 5), (3, 4, 4), (40, 40)])
def test_matrices_of_any_kind_have_eigenvectors(dtype, shape):
    a = numbers(*shape)
    a = a if dtype == "complex128" else a.real
    values, vectors = L.eig(of(a))
    assert values.dtype == vectors.dtype == ag.complex128
    near(of(a).to(ag.complex128) @ vectors, (vectors * values.unsqueeze(-2)).numpy(), 100)
    near(ag.linalg.vector_norm(vectors, dim=-2), np.ones(shape[:-1]))
    order = lambda v: np.sort_complex(np.round(v, 9))
    np.testing.assert_allclose(order(L.eigvals(of(a)).numpy()), order(np.linalg.eigvals(a)), atol=1e-8)


def test_special_matrices_have_eigenvalues():
    rotation = ag.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=ag.float64)
    assert sorted(L.eigvals(rotation).imag.tolist()) == pytest.approx([-1, 1])
    shift = ag.roll(ag.eye(6, dtype=ag.float64), 1, 0)
    near(np.sort(np.angle(L.eigvals(shift).numpy())), np.sort(np.angle(np.exp(2j * np.pi * np.arange(6) / 6))), 1e4)
    jordan = ag.eye(4, dtype=ag.float64) + ag.diag(ag.ones(3, dtype=ag.float64), 1)
    assert ag.equal(L.eigvals(jordan), ag.ones(4, dtype=ag.complex128))
    assert ag.equal(L.eigvals(ag.zeros(3, 3)), ag.zeros(3, dtype=ag.complex64))
    assert L.eig(ag.zeros(2, 0, 0)).eigenvectors.shape == (2, 0, 0)
    with pytest.raises(L.LinAlgError):
        L.eig(ag.full((2, 2), float("nan")))


def invariant(vectors):
    """What the phases of vectors do not matter to."""
    return vectors.abs()


FUNCTIONS = {
    "solve": (lambda a, b: L.solve(a, b), [(3, 3), (3, 2)]),
    "solve from the right": (lambda a, b: L.solve(a, b, left=False), [(3, 3), (2, 3)]),
    "inv": (lambda a: L.inv(a), [(2, 3, 3)]),
    "det": (lambda a: L.det(a), [(2, 3, 3)]),
    "slogdet": (lambda a: L.slogdet(a), [(3, 3)]),
    "logdet": (lambda a: ag.logdet(a), [(3, 3)]),
    "lu": (lambda a: L.lu(a)[1:], [(3, 3)]),
    "lu of a tall one": (lambda a: L.lu(a)[1:], [(4, 3)]),
    "lu_solve": (lambda a, b: L.lu_solve(*L.lu_factor(a), b), [(3, 3), (3, 2)]),
    "cholesky": (lambda a: L.cholesky(a @ a.mH + ag.eye(3)), [(3, 3)]),
    "cholesky, upper": (lambda a: L.cholesky(a @ a.mH + ag.eye(3), upper=True), [(3, 3)]),
    "cholesky_solve": (lambda b, a: ag.cholesky_solve(b, L.cholesky(a @ a.mH + ag.eye(3))), [(3, 2), (3, 3)]),
    "solve_triangular": (lambda a, b: L.solve_triangular(a.triu() + 3 * ag.eye(3), b, upper=True), [(3, 3), (3, 2)]),
    "qr": (lambda a: L.qr(a), [(3, 3)]),
    "qr of a tall one": (lambda a: L.qr(a), [(4, 2)]),
    "qr of a wide one": (lambda a: L.qr(a), [(2, 4)]),
    "eigvalsh": (lambda a: L.eigvalsh(a + a.mH), [(3, 3)]),
    "eigh": (lambda a: [L.eigh(a + a.mH)[0], invariant(L.eigh(a + a.mH)[1])], [(3, 3)]),
    "svdvals": (lambda a: L.svdvals(a), [(3, 2)]),
    "svd": (lambda a: [L.svd(a, False)[1], invariant(L.svd(a, False)[0]), invariant(L.svd(a, False)[2])], [(3, 3)]),
    "svd of a tall one": (lambda a: [invariant(L.svd(a, False)[0]), invariant(L.svd(a, False)[2])], [(4, 2)]),
    "svd, both vectors": (lambda a: (lambda u, _, vh: u[:, :1] @ vh[:1])(*L.svd(a, False)), [(3, 2)]),
    "pinv": (lambda a: L.pinv(a), [(3, 2)]),
    "lstsq": (lambda a, b: L.lstsq(a, b).solution, [(3, 2), (3, 2)]),
    "matrix_exp": (lambda a: L.matrix_exp(a), [(3, 3)]),
    "matrix_power": (lambda a: L.matrix_power(a, -2), [(3, 3)]),
    "norms": (lambda a: [L.matrix_norm(a, order) for order in ("fro", "nuc", 2, 1)], [(3, 2)]),
    "householder_product": (lambda a, t: L.householder_product(a, t), [(3, 2), (2,)]),
    "tensorsolve": (lambda a, b: L.tensorsolve(a, b), [(2, 2, 4), (2, 2)]),
    "eigvals": (lambda a: L.eigvals(a).abs().sort().values, [(3, 3)]),
    "eig": (lambda a: invariant(L.eig(a)[1]).sum(1), [(3, 3)]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_both_orders_are_those_of_differences(name):
    call, shapes = FUNCTIONS[name]
    leaves = [of(numbers(*shape, seed=seed + 11)).requires_grad_() for seed, shape in enumerate(shapes)]
    assert ag.autograd.gradcheck(call, leaves, check_forward_ad=True, atol=1e-6)
    assert ag.autograd.gradgradcheck(call, leaves, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_batches_are_examples_together(name):
    call, shapes = FUNCTIONS[name]
    leaves = [of(numbers(2, *shape, seed=seed + 5)) for seed, shape in enumerate(shapes)]
    whole = ag.vmap(call)(*leaves)
    for index in range(2):
        each = call(*(leaf[index] for leaf in leaves))
        for part, one in zip(*([x] if isinstance(x, ag.Tensor) else x for x in (whole, each))):
            near(part[index], one.numpy(), 100)


def test_eig_of_real_matrices_has_real_gradients():
    a = of(numbers(4, 4).real.copy()).requires_grad_()
    call = lambda a: L.eigvals(a @ a.mT + 3 * a).abs().sort().values
    assert ag.autograd.gradcheck(call, a, atol=1e-6)
    L.eig(a)[1].abs().sum().backward()
    assert a.grad.dtype == ag.float64


def test_what_depends_on_the_phase_of_vectors_has_no_gradient():
    a = of(numbers(3, 3)).requires_grad_()
    for vectors in (lambda: L.eigh(a + a.mH)[1], lambda: L.svd(a)[0], lambda: L.eig(a)[1]):
        with pytest.raises(RuntimeError, match="e\\^{i phi}"):
            vectors().imag.sum().backward()


def test_repeated_eigenvalues_have_a_gradient_or_an_error():
    eye = ag.eye(3, dtype=ag.complex128).requires_grad_()
    (grad,) = ag.autograd.grad(L.eigh(eye)[0].sum(), eye)
    near(grad, np.eye(3))
    with pytest.raises(RuntimeError, match="repeated eigenvalues"):
        (L.eigh(eye)[1].real * ag.arange(9.0).reshape(3, 3)).sum().backward()
    with pytest.raises(RuntimeError, match="repeated eigenvalues"):
        L.eig(eye)[1].abs().sum().backward()
    # The sum of the eigenvalues is the trace, whatever the vectors.
    (grad,) = ag.autograd.grad(L.eigvals(eye).real.sum(), eye)
    near(grad, np.eye(3))


def test_singular_complex_matrices_have_determinants_with_gradients():
    a = numbers(3, 3)
    a[2] = a[0] * (1 + 2j)
    leaf = of(a).requires_grad_()
    assert abs(L.det(leaf).item()) < 1e-14
    exact = of(np.array([[1, 2j, 0], [0, 0, 0], [1j, 1, 2]])).requires_grad_()
    L.det(exact).real.backward()
    minor = lambda i, j: np.linalg.det(np.delete(np.delete(exact.detach().numpy(), i, 0), j, 1)) * (-1) ** (i + j)
    near(exact.grad, np.conj([[minor(i, j) for j in range(3)] for i in range(3)]), 10)


@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5), (12, 12)])
def test_qr_and_geqrf_give_the_same_factors(shape):
    a = ag.randn(*shape, dtype=ag.complex128, generator=ag.Generator().manual_seed(1))
    q, r = ag.linalg.qr(a, mode="complete")
    reflections, factors = ag.geqrf(a)
    assert ag.allclose(reflections.triu(), r) and r.diagonal().imag.abs().max() == 0
    assert ag.allclose(ag.linalg.householder_product(reflections[:, : min(shape)], factors), q[:, : min(shape)])
    assert ag.allclose(q @ r, a) and ag.allclose(q.mH @ q, ag.eye(shape[0], dtype=a.dtype))
