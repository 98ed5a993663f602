"""The lines of ``docs/differences.md``: what is here where PyTorch's answer is another one."""

from __future__ import annotations

import math

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.nn import functional as F

inf, nan = math.inf, math.nan
BIG, TINY, MOST = [3e30, 4e30], [3e-30, 4e-30], [3e38, 3e38, 3e38]


def value_and_gradients(function, *points, dtype=ag.float32):
    leaves = [ag.tensor(point, dtype=dtype, requires_grad=True) for point in points]
    value = function(*leaves)
    gradients = ag.autograd.grad(value.sum(), leaves)
    return value.detach().numpy(), [gradient.numpy() for gradient in gradients]


def check(found, wanted):
    np.testing.assert_allclose(found, np.array(wanted, dtype=np.float64), rtol=2e-6, atol=1e-7 if np.max(np.abs(wanted)) < 10 else 0)


NORMS = {
    "norm": lambda x: x.norm(),
    "vector_norm": lambda x: ag.linalg.vector_norm(x),
    "pairwise_distance": lambda x: F.pairwise_distance(x[None], ag.zeros(1, 2), eps=0.0),
    "cdist": lambda x: ag.cdist(x[None], ag.zeros(1, 2)),
}


@pytest.mark.parametrize("scale", [1e30, 1e-30])
@pytest.mark.parametrize("name", sorted(NORMS))
def test_norms_scale_before_they_square(name, scale):
    value, (gradient,) = value_and_gradients(NORMS[name], [3 * scale, 4 * scale])
    np.testing.assert_allclose(value.item(), 5 * scale, rtol=1e-6)
    check(gradient, [0.6, 0.8])


@pytest.mark.parametrize("scale", [1e30, 1e-30])
def test_cubic_norms_scale(scale):
    value, (gradient,) = value_and_gradients(lambda x: x.norm(3), [3 * scale, 4 * scale])
    np.testing.assert_allclose(value.item(), 91 ** (1 / 3) * scale, rtol=1e-6)
    check(gradient, np.array([9.0, 16.0]) / 91 ** (2 / 3))


def test_clipping_scales():
    parameter = ag.nn.Parameter(ag.zeros(2))
    parameter.grad = ag.tensor(BIG)
    assert ag.nn.utils.clip_grad_norm_([parameter], 1.0).item() == pytest.approx(5e30)
    check(parameter.grad.numpy(), [0.6, 0.8])


@pytest.mark.parametrize("scale", [1e30, 1e-30])
def test_normalisation_does_not_depend_on_the_scale(scale):
    x = ag.tensor([3.0, 4.0])
    layers = {
        "normalize": lambda x: F.normalize(x, dim=0, eps=1e-38),
        "cosine_similarity": lambda x: F.cosine_similarity(x, ag.tensor([1.0, 2.0]), dim=0, eps=1e-38),
        "rms_norm": lambda x: F.rms_norm(x, [2], eps=0.0),
        "layer_norm": lambda x: F.layer_norm(x, [2], eps=0.0),
        "batch_norm": lambda x: F.batch_norm(x[:, None], None, None, training=True, eps=0.0),
        "group_norm": lambda x: F.group_norm(x[None], 1, eps=0.0),
        "instance_norm": lambda x: F.instance_norm(x[None, None], eps=0.0),
    }
    for name, layer in layers.items():
        np.testing.assert_allclose(layer(x * scale).numpy(), layer(x).numpy(), rtol=1e-5, err_msg=name)


def test_gradients_of_the_angle_scale():
    for scale in (1e30, 1e-30):
        _, (by_y, by_x) = value_and_gradients(ag.atan2, [scale], [scale])
        np.testing.assert_allclose([by_y[0], by_x[0]], [0.5 / scale, -0.5 / scale], rtol=1e-6)


def test_the_hypotenuse_has_the_gradient_of_a_norm():
    value, gradients = value_and_gradients(ag.hypot, [3e30, 0.0], [4e30, 0.0])
    np.testing.assert_allclose(value, [5e30, 0.0], rtol=1e-6)
    check(gradients, [[0.6, 0.0], [0.8, 0.0]])


MEANS = {
    "mean": lambda x: x.mean(),
    "mean_of_an_axis": lambda x: x[None].mean(1),
    "avg_pool1d": lambda x: F.avg_pool1d(x[None, None], 3),
    "adaptive_avg_pool1d": lambda x: F.adaptive_avg_pool1d(x[None, None], 1),
    "l1_loss": lambda x: F.l1_loss(x, ag.zeros(3)),
}


@pytest.mark.parametrize("name", sorted(MEANS))
def test_means_fit_where_the_elements_do(name):
    value, (gradient,) = value_and_gradients(MEANS[name], MOST)
    np.testing.assert_allclose(value.item(), 3e38, rtol=1e-6)
    check(gradient, [1 / 3] * 3)


def test_spread_of_equal_numbers_is_none():
    assert ag.tensor([3e38, 3e38]).var() == 0 and ag.tensor(MOST).std() == 0


def test_points_between_fit_where_the_ends_do():
    np.testing.assert_allclose(ag.linspace(-3e38, 3e38, 5).numpy(), [-3e38, -1.5e38, 0, 1.5e38, 3e38], rtol=1e-6)
    assert ag.lerp(ag.tensor(-3e38), ag.tensor(3e38), 0.5) == 0
    np.testing.assert_allclose(ag.tensor([-3e38, 3e38]).quantile(0.25).item(), -1.5e38, rtol=1e-6)
    assert ag.ldexp(ag.tensor(1e-300, dtype=ag.float64), ag.tensor(1100.0)).item() == pytest.approx(1.3582985290493859e31)


#: Function of the points, points, value, gradients.
LIMITS = [
    ("silu", F.silu, [[-inf, inf]], [0, inf], [[0, 1]]),
    ("gelu", F.gelu, [[-inf, inf]], [0, inf], [[0, 1]]),
    ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), [[-inf, inf]], [0, inf], [[0, 1]]),
    ("mish", F.mish, [[-inf, inf]], [0, inf], [[0, 1]]),
    ("hardswish", F.hardswish, [[-inf, inf]], [0, inf], [[0, 1]]),
    ("softsign", F.softsign, [[-inf, inf]], [-1, 1], [[0, 0]]),
    ("sinc", ag.sinc, [[-inf, inf]], [0, 0], [[0, 0]]),
    (
        "logits_no",
        lambda x: F.binary_cross_entropy_with_logits(x, ag.zeros(2), reduction="none"),
        [[-inf, inf]],
        [0, inf],
        [[0, 1]],
    ),
    (
        "logits_yes",
        lambda x: F.binary_cross_entropy_with_logits(x, ag.ones(2), reduction="none"),
        [[-inf, inf]],
        [inf, 0],
        [[-1, 0]],
    ),
    ("soft_margin", lambda x: F.soft_margin_loss(x, ag.ones(2), reduction="none"), [[-inf, inf]], [inf, 0], [[-1, 0]]),
    ("softmax", lambda x: F.softmax(x, 0), [[inf, 1.0]], [1, 0], [[0, 0]]),
    ("log_softmax", lambda x: F.log_softmax(x, 0)[0], [[inf, 1.0]], 0, [[0, 0]]),
    ("cross_entropy", lambda x: F.cross_entropy(x[None], ag.tensor([1])), [[1.0, inf, 2.0]], 0, [[0, 0, 0]]),
    (
        "cross_entropy_probability_0",
        lambda x: F.cross_entropy(x[None], ag.tensor([[0.5, 0.0, 0.5]])),
        [[1.0, -inf, 2.0]],
        0.81326163,
        [[-0.23105857, 0, 0.23105857]],
    ),
    ("kl_div", lambda x: F.kl_div(x, ag.zeros(1), reduction="none"), [[-inf]], [0], [[0]]),
    (
        "kl_div_log",
        lambda x, t: F.kl_div(x, t, reduction="none", log_target=True),
        [[-inf], [-inf]],
        [0],
        [[0], [0]],
    ),
    (
        "nll_loss",
        lambda x: F.nll_loss(x, ag.tensor([0, 1]), weight=ag.tensor([0.0, 1.0])),
        [[[-inf, 0.0], [-1.0, -2.0]]],
        2,
        [[[0, 0], [0, -1]]],
    ),
    ("poisson", lambda x: F.poisson_nll_loss(x, ag.zeros(1), reduction="none"), [[-inf]], [0], [[0]]),
    ("logsumexp_none", lambda x: x.logsumexp(0), [[-inf, -inf]], -inf, [[0.5, 0.5]]),
    ("logsumexp_one", lambda x: x.logsumexp(0), [[inf, 1.0]], inf, [[1, 0]]),
    ("logaddexp", ag.logaddexp, [[-inf, inf], [-inf, inf]], [-inf, inf], [[0.5, 0.5], [0.5, 0.5]]),
    ("quantile_low", lambda x: x.quantile(0.0), [[-inf, 0.0, 1.0, inf]], -inf, [[1, 0, 0, 0]]),
    ("quantile_high", lambda x: x.quantile(1.0), [[-inf, 0.0, 1.0, inf]], inf, [[0, 0, 0, 1]]),
    ("quantile_same", lambda x: x.quantile(0.25), [[-inf, -inf, inf]], -inf, [[0.5, 0.5, 0]]),
    ("xlogy", ag.xlogy, [[0.0], [0.0]], [0], [[0], [0]]),
    ("log_ndtr", lambda x: ag.special.log_ndtr(x), [[inf]], [0], [[0]]),
]


@pytest.mark.parametrize("function, points, value, gradients", [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_infinities_have_their_limits(function, points, value, gradients):
    found, slopes = value_and_gradients(function, *points)
    np.testing.assert_allclose(found, np.array(value, dtype=np.float64), rtol=2e-6, atol=1e-7)
    for slope, wanted in zip(slopes, gradients, strict=True):
        np.testing.assert_allclose(slope, np.array(wanted, dtype=np.float64), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["to_sparse_csr", "to_sparse_csc"])
def test_a_transposed_matrix_by_rows_is_by_coordinates(name):
    matrix = ag.tensor([[0.0, 1.0], [2.0, 3.0]])
    for transposed in (getattr(matrix, name)().t(), getattr(matrix, name)().transpose(0, 1)):
        assert transposed.layout is ag.sparse_coo and transposed.to_dense().equal(matrix.t())


def test_what_sparse_tensors_do_not_do_is_an_error():
    by_coordinates, of_rows = ag.eye(2).to_sparse(), ag.eye(2).to_sparse(1)
    for error, call in (
        (TypeError, lambda: by_coordinates.sum(0, keepdim=True)),
        (NotImplementedError, lambda: by_coordinates.permute(1, 0)),
        (NotImplementedError, lambda: by_coordinates.unbind()),
        (NotImplementedError, lambda: list(by_coordinates)),
        (NotImplementedError, lambda: of_rows.select(1, 0)),
        (NotImplementedError, lambda: of_rows.index_select(1, ag.tensor([0]))),
        (NotImplementedError, lambda: ag.zeros(2, 2, layout=ag.sparse_coo)),
    ):
        with pytest.raises(error):
            call()
    assert ag.sparse_coo_tensor(size=(2, 2)).to_dense().equal(ag.zeros(2, 2))


def test_every_line_of_the_tables_names_something_that_is_there():
    """A name in the tables that was removed or misspelt is no longer a statement about the library."""
    from pathlib import Path
    from re import findall

    lines = (Path(__file__).parents[2] / "docs" / "differences.md").read_text().splitlines()
    text = "\n".join(line for line in lines if line.startswith("|"))
    names = set(findall(r"`(?:special\.|linalg\.)?([a-z][a-z_0-9]*)[(`]", text)) - {"inf", "nan", "float32", "float64"}
    places = (ag, ag.nn.functional, ag.Tensor, ag.linalg, ag.special, ag.nn.utils, ag.func, ag.ops)
    unknown = {name for name in names if not any(hasattr(place, name) for place in places)}
    assert not unknown


@pytest.mark.parametrize("upper", [False, True])
def test_the_triangle_that_is_not_read_has_no_gradient(upper):
    factor = ag.tensor([[3.0, 7.0, 8.0], [-1.0, 2.0, 9.0], [1.0, 4.0, 1.0]], dtype=ag.float64, requires_grad=True)
    b = ag.tensor([[1.0], [3.0], [5.0]], dtype=ag.float64)
    for function in (lambda factor: ag.cholesky_solve(b, factor, upper), lambda factor: ag.cholesky_inverse(factor, upper)):
        assert ag.autograd.gradcheck(function, factor)
        (gradient,) = ag.autograd.grad(function(factor).sum(), factor)
        assert ag.equal(gradient, gradient.triu() if upper else gradient.tril())
