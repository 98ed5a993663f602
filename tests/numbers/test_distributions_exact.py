"""Distributions against SciPy's answers (tests/oracle/scipy_distributions.json), and densities and divergences against integrals."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

import arcgrad as ag
from arcgrad import distributions
from arcgrad.autograd import gradcheck
from arcgrad.distributions import kl_divergence

ORACLE = json.loads((Path(__file__).parents[1] / "oracle" / "scipy_distributions.json").read_text())

#: What PyTorch says, and so do we, where SciPy has another word: infinite for not defined, or the other way round.
OTHER_WORDS = {
    ("StudentT", "mean"),
    ("StudentT", "variance"),
    ("FisherSnedecor", "mean"),
    ("FisherSnedecor", "variance"),
    ("Cauchy", "variance"),
    ("HalfCauchy", "variance"),
}
#: Circular, where SciPy's is that of the line; not there in PyTorch.
OF_THE_CIRCLE = ("VonMises",)


def t(data, **options):
    return ag.tensor(data, dtype=ag.float64, **options)


NAMES = {**vars(distributions), "t": t}


def made(expression):
    return eval(expression, NAMES)


def numbers(values):
    return np.array([math.nan if value is None else float(value) for value in values])


def close(found, wanted, tolerance=1e-9, zero=1e-12):
    np.testing.assert_allclose(found.detach().numpy(), wanted, rtol=tolerance, atol=zero)


CASES = [(family, facts) for family, facts in ORACLE["numbers"]]


@pytest.mark.parametrize(("family", "facts"), CASES, ids=[f"{family}{facts['arguments']}" for family, facts in CASES])
def test_numbers_have_scipys_probabilities_and_moments(family, facts):
    make = getattr(distributions, family)
    if family in ("Bernoulli", "Geometric", "Binomial", "NegativeBinomial"):
        *first, chance = map(t, facts["arguments"])
        d = make(*first, probs=chance)
    else:
        d = make(*map(t, facts["arguments"]))
    d._validate_args = False
    values = t([float(value) for value in facts["values"]])
    # Off the ends of the support, where a density may be infinite.
    inside = numbers(facts["log_prob"])
    regular = np.isfinite(inside)
    close(d.log_prob(values)[ag.from_numpy(regular)], inside[regular], 3e-9)
    if family not in OF_THE_CIRCLE:
        for name in ("cdf", "icdf"):
            try:
                found = getattr(d, name)(t(facts["quantiles"]) if name == "icdf" else values) if name in facts else None
            except NotImplementedError:
                continue
            if found is not None:
                close(found, numbers(facts[name]), 1e-7)
        for name in ("mean", "variance"):
            wanted = numbers([facts[name]])[0]
            found = getattr(d, name).item()
            if (family, name) in OTHER_WORDS and not (math.isfinite(wanted) and math.isfinite(found)):
                assert not math.isfinite(wanted) and not math.isfinite(found)
                continue
            assert found == pytest.approx(wanted, rel=1e-8, nan_ok=True), name
    if facts["entropy"] is not None:
        try:
            found = d.entropy().item()
        except NotImplementedError:
            return
        assert found == pytest.approx(float(facts["entropy"]), rel=2e-7, abs=1e-9)


@pytest.mark.parametrize("expression", ORACLE["vectors"])
def test_vectors_have_scipys_probabilities(expression):
    values, wanted = ORACLE["vectors"][expression]
    close(made(expression).log_prob(t(values)), numbers(wanted), 1e-9)


# ---- integrals ----


def rule(low, high):
    """Points and weights of the double exponential rule between two numbers, which may be infinite."""
    u = np.arange(-700, 701) / 160.0
    s = math.pi / 2 * np.sinh(u)
    ds = math.pi / 2 * np.cosh(u) / 160.0
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if math.isfinite(low) and math.isfinite(high):
            x = low + (high - low) / (1 + np.exp(-2 * s))
            w = (high - low) / 2 / np.cosh(s) ** 2 * ds
        elif math.isfinite(low):
            e = np.exp(s)
            x, w = low + e, e * ds
        else:
            x, w = np.sinh(s), np.cosh(s) * ds
    kept = (x > low) & (x < high) & np.isfinite(x) & np.isfinite(w) & (w > 0)
    return ag.from_numpy(x[kept]), ag.from_numpy(w[kept])


def ends(support):
    """Between which numbers samples are."""
    if support is distributions.constraints.boolean:
        return 0.0, 1.0
    return float(getattr(support, "lower_bound", -math.inf)), float(getattr(support, "upper_bound", math.inf))


def expected(p, function):
    """The expected value of a function of a number under p, by integration or summation."""
    if p.support.is_discrete:
        low, high = ends(p.support)
        x = ag.arange(low, min(high, 3000.0) + 1, dtype=ag.float64)
        terms = p.log_prob(x).exp() * function(x)
        return terms.nan_to_num(0.0).sum()
    if isinstance(p, distributions.VonMises):
        low, high = p.loc.item() - math.pi, p.loc.item() + math.pi
    else:
        low, high = ends(p.support)
    x, w = rule(low, high)
    density = p.log_prob(x).exp()
    terms = density * function(x) * w
    return ag.where(density * w > 0, terms, 0.0).sum()


DENSITIES = [
    "ContinuousBernoulli(t(0.2))",
    "ContinuousBernoulli(t(0.4997))",
    "ContinuousBernoulli(logits=t(6.0))",
    "Kumaraswamy(t(1.5), t(2.5))",
    "Kumaraswamy(t(4.0), t(1.2))",
    "LogitRelaxedBernoulli(t(0.7), t(0.3))",
    "RelaxedBernoulli(t(2.5), t(0.3))",
    "GeneralizedPareto(t(1.0), t(2.0), t(-0.4))",
    "GeneralizedPareto(t(1.0), t(2.0), t(0.2))",
    "Gumbel(t(1.0), t(2.0))",
    "InverseGamma(t(5.5), t(2.0))",
    "FisherSnedecor(t(5.0), t(12.0))",
    "StudentT(t(7.0), t(1.0), t(2.0))",
    "Weibull(t(2.0), t(1.5))",
    "Geometric(t(0.3))",
    "NegativeBinomial(t(3.5), t(0.4))",
    "Binomial(t(12.0), t(0.4))",
    "Poisson(t(7.0))",
    "VonMises(t(0.5), t(2.0))",
]
NAMES["LogitRelaxedBernoulli"] = distributions.relaxed_bernoulli.LogitRelaxedBernoulli


@pytest.mark.parametrize("expression", DENSITIES)
def test_densities_integrate_to_one_and_moments_are_their_integrals(expression):
    d = made(expression)
    d._validate_args = False
    assert expected(d, ag.ones_like).item() == pytest.approx(1, rel=1e-9)
    try:
        mean, variance = d.mean.item(), d.variance.item()
    except NotImplementedError:
        return
    if not expression.startswith("VonMises"):
        assert expected(d, lambda x: x).item() == pytest.approx(mean, rel=1e-8)
        assert expected(d, lambda x: (x - mean) ** 2).item() == pytest.approx(variance, rel=1e-7)
    try:
        entropy = d.entropy().item()
    except NotImplementedError:
        return
    assert expected(d, lambda x: -d.log_prob(x)).item() == pytest.approx(entropy, rel=1e-8)


#: Two of each family of numbers; the second is meant to cover the support of the first.
PAIRS = {
    "Bernoulli": ("Bernoulli(t(0.2))", "Bernoulli(t(0.6))"),
    "Beta": ("Beta(t(1.5), t(2.5))", "Beta(t(2.0), t(1.2))"),
    "Binomial": ("Binomial(t(7.0), t(0.3))", "Binomial(t(7.0), t(0.6))"),
    "Cauchy": ("Cauchy(t(0.5), t(1.0))", "Cauchy(t(-1.0), t(2.0))"),
    "ContinuousBernoulli": ("ContinuousBernoulli(t(0.2))", "ContinuousBernoulli(t(0.7))"),
    "Exponential": ("Exponential(t(2.0))", "Exponential(t(0.7))"),
    "Gamma": ("Gamma(t(2.5), t(1.5))", "Gamma(t(1.2), t(0.8))"),
    "Geometric": ("Geometric(t(0.3))", "Geometric(t(0.5))"),
    "Gumbel": ("Gumbel(t(0.5), t(0.7))", "Gumbel(t(1.0), t(1.5))"),
    "HalfNormal": ("HalfNormal(t(1.0))", "HalfNormal(t(2.0))"),
    "Laplace": ("Laplace(t(0.5), t(0.7))", "Laplace(t(-0.2), t(1.5))"),
    "LogNormal": ("LogNormal(t(0.5), t(0.7))", "LogNormal(t(1.0), t(1.5))"),
    "Normal": ("Normal(t(0.5), t(0.7))", "Normal(t(1.0), t(1.5))"),
    "Pareto": ("Pareto(t(1.5), t(4.0))", "Pareto(t(1.0), t(3.0))"),
    "Poisson": ("Poisson(t(2.5))", "Poisson(t(4.0))"),
    "Uniform": ("Uniform(t(0.2), t(0.7))", "Uniform(t(0.0), t(1.0))"),
}


def number_rules():
    """All pairs of families of numbers that there is a rule for."""
    for p, q in itertools.product(PAIRS, PAIRS):
        first, second = made(PAIRS[p][0]), made(PAIRS[q][1])
        if p == "Pareto" and q == "Exponential":
            second = made("Exponential(t(0.7))")
        try:
            kl_divergence(first, second)
        except NotImplementedError:
            continue
        yield p, q


@pytest.mark.parametrize(("p", "q"), list(number_rules()))
def test_divergences_of_numbers_are_their_integrals(p, q):
    first, second = made(PAIRS[p][0]), made(PAIRS[q][1])
    first._validate_args = second._validate_args = False
    for one in (first, second):
        if hasattr(one, "base_dist"):
            one.base_dist._validate_args = False
    found = kl_divergence(first, second).item()
    (low, high), (least, most) = ends(first.support), ends(second.support)
    if first.support.is_discrete != second.support.is_discrete or low < least or high > most:
        assert found == math.inf
        return
    wanted = expected(first, lambda x: first.log_prob(x) - second.log_prob(x)).item()
    # The one term of a kink in the middle of the rule limits what an integral of it is good for.
    assert found == pytest.approx(wanted, rel=2e-4 if "Laplace" in (p, q) else 1e-6)


def test_divergences_of_normal_vectors_are_their_integrals():
    """The logarithm of the ratio is quadratic: three points of Gauss and Hermite along each axis are exact."""
    nodes, weights = (t(values.tolist()) for values in np.polynomial.hermite_e.hermegauss(3))
    points = ag.cartesian_prod(nodes, nodes)
    weights = ag.cartesian_prod(weights, weights).prod(-1) / (2 * math.pi)
    normal = [
        made("MultivariateNormal(t([0.0, 1.0]), t([[2.0, 0.5], [0.5, 1.0]]))"),
        made("MultivariateNormal(t([1.0, -1.0]), precision_matrix=t([[1.0, 0.2], [0.2, 3.0]]))"),
        made("LowRankMultivariateNormal(t([0.0, 1.0]), t([[1.0], [0.5]]), t([1.0, 2.0]))"),
        made("LowRankMultivariateNormal(t([0.3, 0.0]), t([[0.1], [-2.0]]), t([0.5, 2.0]))"),
    ]
    for p, q in itertools.product(normal, normal):
        x = p.loc + points @ p.scale_tril.mT
        wanted = (weights * (p.log_prob(x) - q.log_prob(x))).sum().item()
        assert kl_divergence(p, q).item() == pytest.approx(wanted, rel=1e-10, abs=1e-12)


def test_divergences_of_shares_are_their_integrals():
    p, q = made("Dirichlet(t([1.5, 2.5, 3.0]))"), made("Dirichlet(t([2.0, 1.2, 0.8]))")
    x, w = rule(0.0, 1.0)
    x, w = x[::8], w[::8] * 8
    first, rest = ag.meshgrid(x, x, indexing="ij")
    # The second takes its part of what the first leaves.
    shares = ag.stack([first, (1 - first) * rest, (1 - first) * (1 - rest)], -1)
    weights = w.unsqueeze(-1) * w * (1 - first)
    p._validate_args = q._validate_args = False
    log_p, log_q = p.log_prob(shares), q.log_prob(shares)
    terms = log_p.exp() * (log_p - log_q) * weights
    wanted = ag.where(log_p.exp() * weights > 0, terms, 0.0).sum().item()
    assert kl_divergence(p, q).item() == pytest.approx(wanted, rel=1e-6)


def test_divergences_of_choices_are_their_sums():
    p, q = t([0.2, 0.3, 0.5]), t([0.5, 0.1, 0.4])
    wanted = (p * (p / q).log()).sum().item()
    for family in (distributions.Categorical, distributions.OneHotCategorical):
        assert kl_divergence(family(p), family(q)).item() == pytest.approx(wanted, rel=1e-12)


def test_divergences_of_random_matrices_are_the_mean_of_log_ratios():
    p = made("Wishart(t(6.0), t([[2.0, 0.5], [0.5, 1.0]]))")
    q = made("Wishart(t(7.5), t([[1.0, 0.2], [0.2, 2.0]]))")
    ag.manual_seed(3)
    x = p.sample((20_000,))
    ratio = p.log_prob(x) - q.log_prob(x)
    assert abs(ratio.mean() - kl_divergence(p, q)) < 6 * ratio.std() / math.sqrt(len(x))


# ---- a million samples ----

MILLION = [
    "Bernoulli(t(0.2))",
    "Beta(t(0.6), t(2.5))",
    "Binomial(t(40.0), t(0.3))",
    "Chi2(t(3.0))",
    "ContinuousBernoulli(t(0.2))",
    "Dirichlet(t([0.7, 2.5, 3.0]))",
    "Exponential(t(2.0))",
    "FisherSnedecor(t(5.0), t(30.0))",
    "Gamma(t(0.4), t(2.0))",
    "Gamma(t(12.0), t(2.0))",
    "GeneralizedPareto(t(1.0), t(2.0), t(-0.4))",
    "Geometric(t(0.3))",
    "Gumbel(t(1.0), t(2.0))",
    "HalfNormal(t(2.0))",
    "InverseGamma(t(9.0), t(2.0))",
    "Kumaraswamy(t(1.5), t(2.5))",
    "Laplace(t(1.0), t(2.0))",
    "LogNormal(t(0.2), t(0.3))",
    "LowRankMultivariateNormal(t([0.0, 1.0]), t([[1.0], [0.5]]), t([1.0, 2.0]))",
    "MixtureSameFamily(Categorical(t([0.3, 0.7])), Normal(t([-1.0, 1.0]), t([1.0, 0.5])))",
    "Multinomial(6, t([0.2, 0.3, 0.5]))",
    "MultivariateNormal(t([0.0, 1.0]), t([[2.0, 0.5], [0.5, 1.0]]))",
    "NegativeBinomial(t(3.5), t(0.4))",
    "Normal(t(1.0), t(2.0))",
    "OneHotCategorical(t([0.2, 0.3, 0.5]))",
    "Pareto(t(1.5), t(12.0))",
    "Poisson(t(3.0))",
    "Poisson(t(70.0))",
    "StudentT(t(12.0), t(1.0), t(2.0))",
    "Uniform(t(-1.0), t(2.0))",
    "Weibull(t(2.0), t(1.5))",
    "Wishart(t(6.0), t([[2.0, 0.5], [0.5, 1.0]]))",
]


@pytest.mark.parametrize("expression", MILLION)
def test_a_million_samples_have_the_moments(expression):
    """Within five of the deviations that so many samples have, which the fourth moment says of the second."""
    d = made(expression)
    count = 1_000_000 // max(1, math.prod(d.event_shape))
    ag.manual_seed(21)
    samples = d.sample((count,))
    around = samples - d.mean
    squares = around.square()
    assert (around.mean(0).abs() <= 5 * (d.variance / count).sqrt()).all()
    assert ((squares.mean(0) - d.variance).abs() <= 5 * squares.std(0) / math.sqrt(count) + 1e-12).all()


# ---- samples as functions of parameters ----

REPARAMETRISED = [
    ("Beta", (0.7, 2.5)),
    ("Cauchy", (0.3, 1.5)),
    ("Chi2", (3.0,)),
    ("ContinuousBernoulli", (0.3,)),
    ("Exponential", (1.5,)),
    ("FisherSnedecor", (3.0, 7.0)),
    ("Gamma", (0.4, 1.5)),
    ("Gamma", (5.0, 1.5)),
    ("GeneralizedPareto", (0.1, 1.5, 0.3)),
    ("Gumbel", (0.1, 1.5)),
    ("HalfCauchy", (1.5,)),
    ("HalfNormal", (1.5,)),
    ("InverseGamma", (3.0, 1.5)),
    ("Kumaraswamy", (1.5, 2.5)),
    ("Laplace", (0.1, 1.5)),
    ("LogNormal", (0.1, 0.5)),
    ("Normal", (0.1, 1.5)),
    ("Pareto", (1.5, 4.0)),
    ("StudentT", (5.0, 0.1, 1.5)),
    ("Uniform", (0.1, 1.5)),
    ("VonMises", (0.3, 0.2)),
    ("VonMises", (0.3, 4.0)),
    ("VonMises", (0.3, 300.0)),
    ("Weibull", (1.5, 2.5)),
]


@pytest.mark.parametrize(("family", "params"), REPARAMETRISED)
def test_samples_move_with_parameters_so_that_the_expected_value_does(family, params):
    """The mean of df(x) over samples x is the derivative of the mean of f(x), which is an integral of f by the density."""
    make = getattr(distributions, family)

    def f(x):
        return x.sin() + (2 * x + 0.5).cos() if family == "VonMises" else (-(x.abs() + 0.1).log().square()).exp()

    count = 4_000 if family == "VonMises" else 20_000
    leaves = [t([param]).expand(count).clone().requires_grad_() for param in params]
    ag.manual_seed(5)
    each = ag.autograd.grad(f(make(*leaves, validate_args=False).rsample()).sum(), leaves)
    leaves = [t(param, requires_grad=True) for param in params]
    d = make(*leaves, validate_args=False)
    if family in ("Gumbel", "Pareto", "Uniform", "GeneralizedPareto", "Kumaraswamy", "ContinuousBernoulli", "Weibull"):
        # The quantile has a formula, and where it depends on the parameters so may the ends of the support.
        u, w = rule(0.0, 1.0)
        # Off the ends, where quantiles have no slope to speak of.
        u, w = u[w > 1e-12], w[w > 1e-12]
        wanted = ag.autograd.grad((f(d.icdf(u)) * w).sum(), leaves)
    else:
        x, w = rule(-math.pi, math.pi) if family == "VonMises" else rule(*ends(d.support))
        density = d.log_prob(x).exp()
        wanted = ag.autograd.grad(ag.where(density.detach() * w > 0, density * f(x) * w, 0.0).sum(), leaves)
    for found, derivative in zip(each, wanted):
        assert abs(found.mean() - derivative) <= 5 * found.std() / math.sqrt(count) + 1e-6, (found.mean(), derivative)


#: κ, angle and how the angle moves with κ: the integral by mpmath.
SLOPES = [
    (0.05, -1.3, 0.95674508232),
    (0.05, -0.2, 0.193799895853),
    (0.05, 0.01, -0.00974992767645),
    (0.05, 2.0, -0.918439743234),
    (7.0, -1.3, 0.11676121466),
    (7.0, 0.01, -0.000744684983655),
    (7.0, 0.4, -0.0302502527138),
    (7.0, 2.0, -0.26899035781),
    (250.0, -0.2, 0.000401745711453),
    (250.0, 0.01, -2.00202478434e-05),
    (250.0, 0.4, -0.000811687803975),
]


def test_angles_move_with_the_concentration_as_their_quantile_does():
    from arcgrad.distributions.von_mises import _ByConcentration, _slope

    kappa, angle, wanted = map(t, zip(*SLOPES))
    np.testing.assert_allclose(_slope(kappa, angle).numpy(), wanted.numpy(), rtol=1e-10)
    kappa, angle = t([0.4, 3.0, 40.0], requires_grad=True), t([2.0, -0.5, 0.2], requires_grad=True)
    assert gradcheck(_slope, (kappa, angle))
    # d²θ/dκ² = ∂g/∂κ + g ∂g/∂θ.
    (first,) = ag.autograd.grad(_ByConcentration.apply(kappa, angle.detach()).sum(), kappa, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), kappa)
    g = _slope(kappa, angle)
    by_kappa, by_angle = ag.autograd.grad(g.sum(), (kappa, angle))
    np.testing.assert_allclose(second.numpy(), (by_kappa + g * by_angle).detach().numpy(), rtol=1e-9)
    value, tangent = ag.func.jvp(lambda k: _ByConcentration.apply(k, angle.detach()), (kappa.detach(),), (ag.ones(3, dtype=ag.float64),))
    assert value.equal(angle) and ag.allclose(tangent, first)


def test_entropy_and_divergence_of_any_family_have_gradients():
    """Of a family that has no formulas of its own, Wishart's divergence among them."""
    from arcgrad.distributions import Gamma, Wishart
    from arcgrad.distributions.exp_family import ExponentialFamily

    def entropy(a, b):
        return ExponentialFamily.entropy(Gamma(a, b))

    shape, rate = t(2.5, requires_grad=True), t(1.5, requires_grad=True)
    found = ag.autograd.grad(entropy(shape, rate), (shape, rate))
    wanted = ag.autograd.grad(Gamma(shape, rate).entropy(), (shape, rate))
    assert all(ag.allclose(one, other) for one, other in zip(found, wanted))
    assert gradcheck(lambda df, other: kl_divergence(Wishart(df, covariance), Wishart(other, covariance)), degrees)


covariance = t([[2.0, 0.5], [0.5, 1.0]])
degrees = t(6.0, requires_grad=True), t(7.0, requires_grad=True)
