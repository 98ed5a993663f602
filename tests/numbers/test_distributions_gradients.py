"""Gamma and Dirichlet numbers: their gradients by implicit differentiation, their moments, their limits."""

import json
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import arcgrad as ag
from arcgrad.autograd import gradcheck
from arcgrad.distributions import Beta, Chi2, Dirichlet, FisherSnedecor, Gamma, InverseGamma, StudentT

#: Shapes, numbers and the derivatives wanted, in 300 digits' arithmetic: see oracle/slopes.py.
SLOPES = json.loads((Path(__file__).parents[1] / "oracle" / "slopes.json").read_text())


def t(data, **options):
    return ag.tensor(data, dtype=ag.float64, **options)


def test_derivative_of_gamma_numbers_is_exact_to_rounding():
    shapes, numbers, wanted = map(t, zip(*SLOPES["gamma"]))
    found = ag._standard_gamma_grad(shapes, numbers)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=2e-13)
    single = ag._standard_gamma_grad(shapes.float(), numbers.float())
    np.testing.assert_allclose(single.numpy(), wanted.numpy(), rtol=2e-3)


def test_derivative_of_beta_numbers_is_exact_to_rounding():
    numbers, first, second, wanted = map(t, zip(*SLOPES["beta"]))
    found = ag._dirichlet_grad(numbers, first, first + second)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-11)


def test_large_shapes_continue_the_series():
    """Where the expansion takes over nothing jumps; for a normal number of mean and variance a it is 1 + z / (2 √a)."""
    for a in (9.9e4, 1.01e5, 1e7):
        z = t([-6.0, -1.0, 0.0, 0.5, 7.0])
        found = ag._standard_gamma_grad(ag.full_like(z, a), a + z * math.sqrt(a))
        np.testing.assert_allclose(found.numpy(), (1 + z / (2 * math.sqrt(a))).numpy(), rtol=0, atol=60 / a)
    # The two methods, at both ends of the limit.
    below, above = ag._standard_gamma_grad(t([99999.999999, 100000.0]), t([100123.0, 100123.0])).tolist()
    assert below == pytest.approx(above, rel=1e-9)


def test_derivative_at_the_ends():
    found = ag._standard_gamma_grad(t([1.0, 1.0, -1.0, 2.0, math.nan]), t([0.0, math.inf, 1.0, -1.0, 1.0])).tolist()
    assert found[:2] == [0.0, 1.0] and all(map(math.isnan, found[2:]))
    assert ag._dirichlet_grad(t([0.0, 1.0]), t([1.0, 2.0]), t([3.0, 2.0])).tolist() == [0.0, 0.0]
    assert ag._standard_gamma_grad(t([]), t([])).shape == (0,)
    with pytest.raises(RuntimeError, match="equal shapes"):
        ag._standard_gamma_grad(t([1.0]), t([1.0, 2.0]))
    with pytest.raises(RuntimeError, match="expected scalar type"):
        ag._standard_gamma_grad(t([1.0]), ag.tensor([1.0]))
    with pytest.raises(NotImplementedError, match="_standard_gamma_grad"):
        ag._standard_gamma_grad(t([1.0], requires_grad=True), t([1.0])).backward()


@pytest.mark.parametrize("shape", [0.3, 1.0, 4.0, 60.0])
def test_gamma_gradient_is_that_of_the_quantile(shape):
    """A number moves as its quantile does: the distribution function of the moved number under the moved shape is as before."""
    a = t([shape] * 5, requires_grad=True)
    ag.manual_seed(0)
    x = Gamma(a, t(1.0)).rsample()
    (slope,) = ag.autograd.grad(x.sum(), a)
    step = 1e-5
    with ag.no_grad():
        upper = ag.special.gammainc(a + step, x + step * slope)
        lower = ag.special.gammainc(a - step, x - step * slope)
    np.testing.assert_allclose(((upper - lower) / (2 * step)).numpy(), 0, atol=1e-6)


def mean_gradient(make, worth, *params, count=60_000):
    """Gradients of the mean worth of samples."""
    leaves = [t(param, requires_grad=True) for param in params]
    ag.manual_seed(1)
    value = worth(make(*leaves).rsample((count,))).mean()
    return [gradient.item() for gradient in ag.autograd.grad(value, leaves)]


def test_gradients_of_moments():
    """E[f(x)] is a known function of the parameters; the mean of the samples' gradients is its gradient."""
    square = ag.square
    # E[x²] = a (a + 1) / b².
    found = mean_gradient(Gamma, square, 2.5, 1.5)
    np.testing.assert_allclose(found, [6 / 2.25, -2 * 8.75 / 1.5**3], rtol=0.03)
    # E[x] = a / (a + b).
    found = mean_gradient(Beta, lambda x: x, 2.0, 3.0)
    np.testing.assert_allclose(found, [3 / 25, -2 / 25], rtol=0.03)
    # E[x] = df; E[x²] of a t number = scale² df / (df − 2).
    np.testing.assert_allclose(mean_gradient(Chi2, lambda x: x, 5.0), [1.0], rtol=0.02)
    found = mean_gradient(StudentT, square, 12.0, 0.0, 2.0)
    np.testing.assert_allclose(found, [-8 / 100, 0.0, 4.8], rtol=0.1, atol=0.03)
    # E[x] = df2 / (df2 − 2).
    found = mean_gradient(FisherSnedecor, lambda x: x, 6.0, 14.0)
    np.testing.assert_allclose(found, [0.0, -2 / 144], atol=0.003)
    # E[x] = b / (a − 1).
    np.testing.assert_allclose(mean_gradient(InverseGamma, lambda x: x, 5.0, 2.0), [-2 / 16, 1 / 4], rtol=0.03)


def test_dirichlet_gradient_of_moments():
    shapes = t([0.7, 2.0, 3.0], requires_grad=True)
    ag.manual_seed(2)
    x = Dirichlet(shapes).rsample((60_000,))
    assert x.sum(-1).sub(1).abs().max() < 1e-12
    (found,) = ag.autograd.grad((x[:, 0] + 2 * x[:, 1] * x[:, 2]).mean(), shapes)
    total = 5.7
    expected = t([0.7, 2.0, 3.0], requires_grad=True)
    whole = expected.sum()
    worth = expected[0] / whole + 2 * expected[1] * expected[2] / (whole * (whole + 1))
    (wanted,) = ag.autograd.grad(worth, expected)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=0.006)
    assert whole.item() == pytest.approx(total)


@pytest.mark.parametrize("op", [ag._standard_gamma, ag._sample_dirichlet])
def test_forward_mode_agrees_with_backward(op):
    shapes = t([[0.4, 1.5, 6.0], [2.0, 0.9, 30.0]], requires_grad=True)
    direction = t([[1.0, -2.0, 0.5], [0.3, 1.0, -1.0]])
    ag.manual_seed(3)
    x = op(shapes)
    weights = t([[1.0, 3.0, -1.0], [0.0, 2.0, 5.0]])
    (gradient,) = ag.autograd.grad((x * weights).sum(), shapes)
    ag.manual_seed(3)
    value, tangent = ag.func.jvp(op, (shapes.detach(),), (direction,))
    assert value.equal(x)
    assert (tangent * weights).sum().item() == pytest.approx((gradient * direction).sum().item(), rel=1e-12)


@pytest.mark.parametrize("op", [ag._standard_gamma, ag._sample_dirichlet, ag.poisson, partial(ag.binomial, ag.full((3,), 9.0))])
def test_batches_need_to_say_what_their_examples_get(op):
    shapes = ag.tensor([[0.4, 0.5, 0.6], [0.2, 0.9, 0.3]])
    with pytest.raises(RuntimeError, match="randomness"):
        ag.func.vmap(op)(shapes)
    ag.manual_seed(4)
    different = ag.func.vmap(op, randomness="different")(shapes)
    ag.manual_seed(4)
    assert different.equal(ag.stack([op(row) for row in shapes]))


def test_memory_order_and_dtypes():
    shapes = ag.rand(4, 5) + 0.5
    ag.manual_seed(5)
    straight = ag._standard_gamma(shapes.T.contiguous())
    ag.manual_seed(5)
    assert ag._standard_gamma(shapes.T).equal(straight)
    with pytest.raises(NotImplementedError, match="\"gamma_cpu\" not implemented for 'Long'"):
        ag._standard_gamma(ag.tensor([1]))
    with pytest.raises(NotImplementedError, match="\"dirichlet\" not implemented for 'Long'"):
        ag._sample_dirichlet(ag.tensor([1]))
    with pytest.raises(ValueError, match="binomial only supports floating-point dtypes for count, got: Long"):
        ag.binomial(ag.tensor([1]), ag.tensor([0.5]))
    with pytest.raises(RuntimeError, match="Found dtype Double but expected Float"):
        ag.binomial(ag.tensor([1.0]), t([0.5]))
    assert ag._sample_dirichlet(ag.tensor(2.0)).item() < 1
    tiny = ag.finfo(ag.float32).tiny
    assert ag._standard_gamma(ag.tensor([0.0, -1.0, math.nan, 1e-8])).tolist() == [tiny] * 4


@pytest.mark.parametrize(
    ("make", "params"),
    [(Gamma, (2.0, 3.0)), (Beta, (2.0, 3.0)), (StudentT, (5.0, 1.0, 2.0)), (InverseGamma, (4.0, 2.0))],
)
def test_gradients_of_scores_and_entropies(make, params):
    leaves = [t([param], requires_grad=True) for param in params]
    value = t([0.3], requires_grad=True)
    assert gradcheck(lambda x, *params: make(*params).log_prob(x), (value, *leaves))
    assert gradcheck(lambda *params: make(*params).entropy(), tuple(leaves))
