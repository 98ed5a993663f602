"""Writes scipy_distributions.json: what SciPy says about distributions, in double precision.

    python tests/oracle/scipy_distributions.py      # with SciPy 1.17
"""

import itertools
import json
import math
import warnings
from pathlib import Path

import numpy as np
import scipy
from scipy import stats
from scipy.special import logsumexp

HERE = Path(__file__).resolve().parent

SHAPES = (0.3, 1.0, 2.5, 40.0)
SCALES = (0.2, 3.0)
PLACES = (-1.5, 0.0, 4.0)
CHANCES = (1e-3, 0.2, 0.5, 0.97)
QUANTILES = (1e-6, 0.01, 0.3, 0.5, 0.8, 0.999)

#: Family -> (arguments that are tried, SciPy's distribution for them); values are quantiles of it.
NUMBERS = {
    "Beta": (itertools.product(SHAPES, SHAPES), lambda a, b: stats.beta(a, b)),
    "Cauchy": (itertools.product(PLACES, SCALES), lambda m, s: stats.cauchy(m, s)),
    "Chi2": (zip(SHAPES), lambda df: stats.chi2(df)),
    "Exponential": (zip(SCALES), lambda rate: stats.expon(scale=1 / rate)),
    "FisherSnedecor": (itertools.product(SHAPES, SHAPES), lambda a, b: stats.f(a, b)),
    "Gamma": (itertools.product(SHAPES, SCALES), lambda a, rate: stats.gamma(a, scale=1 / rate)),
    "GeneralizedPareto": (
        itertools.product(PLACES, SCALES, (-0.7, 0.0, 0.4)),
        lambda m, s, shape: stats.genpareto(shape, m, s),
    ),
    "Gumbel": (itertools.product(PLACES, SCALES), lambda m, s: stats.gumbel_r(m, s)),
    "HalfCauchy": (zip(SCALES), lambda s: stats.halfcauchy(scale=s)),
    "HalfNormal": (zip(SCALES), lambda s: stats.halfnorm(scale=s)),
    "InverseGamma": (itertools.product(SHAPES, SCALES), lambda a, s: stats.invgamma(a, scale=s)),
    "Laplace": (itertools.product(PLACES, SCALES), lambda m, s: stats.laplace(m, s)),
    "LogNormal": (itertools.product(PLACES, SCALES), lambda m, s: stats.lognorm(s, scale=math.exp(m))),
    "Normal": (itertools.product(PLACES, SCALES), lambda m, s: stats.norm(m, s)),
    "Pareto": (itertools.product(SCALES, SHAPES), lambda s, a: stats.pareto(a, scale=s)),
    "StudentT": (itertools.product(SHAPES, PLACES, SCALES), lambda df, m, s: stats.t(df, m, s)),
    "Uniform": (((-2.0, 1.0), (0.0, 3.0)), lambda low, high: stats.uniform(low, high - low)),
    "VonMises": (itertools.product((-1.5, 0.0, 3.0), (0.01, 1.0, 30.0)), lambda m, kappa: stats.vonmises(kappa, m)),
    "Weibull": (itertools.product(SCALES, SHAPES), lambda s, k: stats.weibull_min(k, scale=s)),
    "Bernoulli": (zip(CHANCES), lambda p: stats.bernoulli(p)),
    "Binomial": (itertools.product((1.0, 7.0, 60.0), CHANCES), lambda n, p: stats.binom(n, p)),
    "Geometric": (zip(CHANCES), lambda p: stats.geom(p, loc=-1)),
    "NegativeBinomial": (itertools.product((0.7, 3.0, 20.0), CHANCES), lambda n, p: stats.nbinom(n, 1 - p)),
    "Poisson": (zip((0.1, 2.0, 70.0)), lambda rate: stats.poisson(rate)),
}


def of_numbers(family, arguments, found):
    discrete = not hasattr(found.dist, "pdf")
    values = np.unique(np.array(found.ppf(QUANTILES)))
    log_prob = found.logpmf(values) if discrete else found.logpdf(values)
    facts = {
        "arguments": list(arguments),
        "values": values.tolist(),
        "log_prob": log_prob.tolist(),
        "cdf": found.cdf(values).tolist(),
        "mean": float(found.mean()),
        "variance": float(found.var()),
        "entropy": entropy(found),
    }
    if not discrete:
        facts["quantiles"], facts["icdf"] = list(QUANTILES), found.ppf(QUANTILES).tolist()
    return [family, {name: plain(value) for name, value in facts.items()}]


def entropy(found):
    """None where SciPy's sum over the integers does not converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(found.entropy())
        except RuntimeWarning:
            return None


def plain(value):
    """What JSON has no numbers for as text."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if value is None or math.isfinite(value) else str(value)


def of_vectors():
    """Expression -> values and their log-probabilities."""
    found = {}

    def add(expression, values, function):
        values = np.asarray(values, float)
        found[expression] = [values.tolist(), plain([float(function(value)) for value in values])]

    simplex = [[0.2, 0.3, 0.5], [0.9, 0.05, 0.05], [0.01, 0.01, 0.98]]
    for shapes in ([0.5, 1.5, 3.0], [1.0, 1.0, 1.0], [30.0, 2.0, 7.0]):
        add(f"Dirichlet(t({shapes}))", simplex, stats.dirichlet(shapes).logpdf)
    for n, p in ((5, [0.2, 0.3, 0.5]), (40, [0.9, 0.09, 0.01])):
        counts = [[n, 0, 0], [n - 3, 2, 1], [0, n - 1, 1]]
        add(f"Multinomial({n}, t({p}))", counts, stats.multinomial(n, p).logpmf)
    places = [[0.5, 2.0], [-3.0, 1.0], [0.0, 0.0]]
    for mean, covariance in (([0.0, 1.0], [[2.0, 0.5], [0.5, 1.0]]), ([3.0, -1.0], [[1e-2, 0.0], [0.0, 50.0]])):
        known = stats.multivariate_normal(mean, covariance)
        add(f"MultivariateNormal(t({mean}), t({covariance}))", places, known.logpdf)
        precision = np.linalg.inv(covariance).tolist()
        add(f"MultivariateNormal(t({mean}), precision_matrix=t({precision}))", places, known.logpdf)
        factor = np.linalg.cholesky(covariance).tolist()
        add(f"MultivariateNormal(t({mean}), scale_tril=t({factor}))", places, known.logpdf)
    factor, diagonal = [[1.0], [0.5]], [1.0, 2.0]
    known = stats.multivariate_normal([0.0, 1.0], np.array(factor) @ np.array(factor).T + np.diag(diagonal))
    add(f"LowRankMultivariateNormal(t([0.0, 1.0]), t({factor}), t({diagonal}))", places, known.logpdf)
    matrices = [[[3.0, 0.2], [0.2, 1.5]], [[0.1, 0.0], [0.0, 9.0]], [[1.0, 0.9], [0.9, 1.0]]]
    for df, scale in ((4.0, [[2.0, 0.5], [0.5, 1.0]]), (11.5, [[1.0, -0.9], [-0.9, 1.0]])):
        add(f"Wishart(t({df}), t({scale}))", matrices, stats.wishart(df, scale).logpdf)
    weights, means, scales = [0.3, 0.7], [-1.0, 1.0], [1.0, 0.5]
    add(
        f"MixtureSameFamily(Categorical(t({weights})), Normal(t({means}), t({scales})))",
        [0.5, 2.0, -40.0],
        lambda x: logsumexp(stats.norm(means, scales).logpdf(x), b=weights),
    )
    add(
        "Independent(StudentT(t([1.5, 6.0]), t([0.0, 1.0]), t([1.0, 2.0])), 1)",
        places,
        lambda x: stats.t([1.5, 6.0], [0.0, 1.0], [1.0, 2.0]).logpdf(x).sum(),
    )
    add(
        "TransformedDistribution(Gamma(t(2.0), t(3.0)), [AffineTransform(t(1.0), t(-2.0)), ExpTransform()])",
        [0.5, 2.0, 1e-4],
        lambda y: stats.gamma(2.0, scale=1 / 3).logpdf((1 - math.log(y)) / 2) - math.log(2 * y),
    )
    return found


result = {
    "scipy": scipy.__version__,
    "numbers": [
        of_numbers(family, arguments, make(*arguments))
        for family, (tried, make) in NUMBERS.items()
        for arguments in map(tuple, tried)
    ],
    "vectors": of_vectors(),
}
(HERE / "scipy_distributions.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
