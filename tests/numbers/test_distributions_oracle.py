"""Distributions against PyTorch's: log-probabilities, moments, samples of a seed, divergences, transforms.

The answers are in tests/oracle/distributions.json, for the cases of distribution_cases.py.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from distribution_cases import CASES, DIVERGENT, FACTS, SHAPES, TRANSFORMS

import arcgrad as ag
from arcgrad import distributions

ORACLE = json.loads((Path(__file__).parents[1] / "oracle" / "distributions.json").read_text())


def t(data, **options):
    return ag.tensor(data, dtype=ag.float64, **options)


def f(data, **options):
    return ag.tensor(data, dtype=ag.float32, **options)


NAMES = {**vars(distributions), "t": t, "f": f}


#: Facts that PyTorch gets wrong; test_distributions.py has what is right.
WRONG = {("Kumaraswamy", "mode"), ("Weibull", "mode")}


def family(expression):
    return expression.partition("(")[0]


def check(found, wanted, tolerance=1e-10, zero=1e-12):
    shape, numbers = wanted
    assert list(found.shape) == shape
    if found.dtype == ag.float32:
        tolerance, zero = max(tolerance, 3e-6), max(zero, 3e-6)
    numbers = np.array([float(number) for number in numbers]).reshape(shape)
    np.testing.assert_allclose(found.detach().double().numpy(), numbers, rtol=tolerance, atol=zero)


def attempt(function):
    try:
        return function()
    except (NotImplementedError, AttributeError, RuntimeError, ValueError):
        return None


@pytest.mark.parametrize("expression", CASES)
def test_log_probability(expression):
    found = eval(expression, NAMES).log_prob(eval(CASES[expression], NAMES))
    tolerance = 2e-6 if family(expression) == "VonMises" else 1e-10
    check(found, ORACLE["cases"][expression]["log_prob"], tolerance)


@pytest.mark.parametrize("expression", CASES)
def test_gradients_of_the_log_probability(expression):
    made = []

    def leaf(make):
        def leaf(data):
            made.append(make(data, requires_grad=True))
            return made[-1]

        return leaf

    distribution = eval(expression, {**NAMES, "t": leaf(t), "f": leaf(f)})
    total = distribution.log_prob(eval(CASES[expression], NAMES)).sum()
    found = ag.autograd.grad(total, made, allow_unused=True) if made else []
    wanted = ORACLE["cases"][expression]["gradients"]
    assert len(found) == len(wanted)
    for mine, theirs in zip(found, wanted):
        # PyTorch gives zeros where it has computed with a factor of 0, and nothing where it has not.
        if mine is None or theirs is None:
            assert mine is None or not mine.any()
            assert theirs is None or not any(theirs[1])
        else:
            if "scale_tril=" in expression and mine.ndim > 1:
                # What stands above the diagonal of a triangular factor is not read, and not read by all of PyTorch's steps.
                shape, numbers = theirs
                theirs = shape, np.tril(np.reshape([float(number) for number in numbers], shape)).ravel().tolist()
                mine = mine.tril()
            check(mine, theirs, 2e-4 if family(expression) == "VonMises" else 1e-8, 1e-9)


@pytest.mark.parametrize("fact", [*FACTS, "entropy"])
@pytest.mark.parametrize("expression", CASES)
def test_moments_and_entropy(expression, fact):
    distribution = eval(expression, NAMES)
    wanted = ORACLE["cases"][expression][fact]
    if fact == "entropy":
        found = attempt(distribution.entropy)
    else:
        found = attempt(lambda: getattr(distribution, fact))
    if wanted is None:
        assert found is None or fact == "entropy"
    elif (family(expression), fact) not in WRONG:
        check(found, wanted, 1e-4 if family(expression) == "VonMises" else 1e-10)


@pytest.mark.parametrize("expression", CASES)
def test_distribution_function_and_quantile(expression):
    distribution = eval(expression, NAMES)
    value = eval(CASES[expression], NAMES)
    for name, argument in (("cdf", value), ("icdf", ag.full_like(value, 0.3))):
        wanted = ORACLE["cases"][expression][name]
        found = attempt(lambda: getattr(distribution, name)(argument))
        assert (found is None) == (wanted is None), name
        if wanted is not None:
            # PyTorch's incomplete gamma function is good to nine digits.
            check(found, wanted, 1e-8 if name == "cdf" and family(expression) in ("Gamma", "Chi2") else 1e-10)


@pytest.mark.parametrize("expression", CASES)
def test_shapes_texts_and_support(expression):
    wanted = ORACLE["cases"][expression]
    distribution = eval(expression, NAMES)
    assert repr(distribution).replace("arcgrad.", "torch.") == wanted["repr"]
    assert repr(distribution.support) == wanted["support"].replace("torch.", "arcgrad.")
    assert list(distribution.batch_shape) == wanted["batch_shape"]
    assert list(distribution.event_shape) == wanted["event_shape"]
    # PyTorch's von Mises samples have no gradient.
    assert distribution.has_rsample == (wanted["has_rsample"] or family(expression) == "VonMises")
    if wanted["enumerate_support"] is not None:
        check(distribution.enumerate_support(), wanted["enumerate_support"])
    else:
        with pytest.raises(NotImplementedError):
            distribution.enumerate_support()


@pytest.mark.parametrize("which", ["sample", "rsample"])
@pytest.mark.parametrize("expression", CASES)
def test_samples_are_those_of_the_same_seed(expression, which):
    if which not in ORACLE["cases"][expression]:
        pytest.skip("PyTorch has none")
    if family(expression) == "Wishart":
        pytest.skip("PyTorch takes the first draw for singular, and draws anew: see the test below")
    distribution = eval(expression, NAMES)
    ag.manual_seed(7)
    found = [getattr(distribution, which)(shape) for shape in SHAPES]
    # The number after them: as many have been drawn.
    found.append(ag.rand(1))
    for mine, theirs in zip(found, ORACLE["cases"][expression][which]):
        check(mine, theirs, 1e-9, 1e-12)


def is_wrong_at_the_ends(p, q):
    """PyTorch calls a divergence infinite where the support of p just reaches an end of that of q."""
    return {family(p), family(q)} == {"ContinuousBernoulli", "Uniform"} or (family(p), family(q)) in (
        ("Uniform", "Beta"),
        ("Uniform", "Gamma"),
        ("Uniform", "Exponential"),
    )


def test_wishart_samples_are_those_of_the_same_seed_where_none_is_drawn_anew():
    ag.manual_seed(0)
    found = distributions.Wishart(f(4.0), f([[1.0, 0.2], [0.2, 2.0]])).rsample(max_try_correction=0)
    check(found, [[2, 2], [9.105245590209961, -2.760500192642212, -2.760500192642212, 4.27695894241333]])
    check(ag.rand(1), [[1], [0.0223]], 2e-3)


@pytest.mark.parametrize("p", DIVERGENT)
def test_divergences(p):
    for q in DIVERGENT:
        wanted = ORACLE["divergences"][p].get(q)
        found = attempt(lambda: distributions.kl_divergence(eval(p, NAMES), eval(q, NAMES)))
        assert (found is None) == (wanted is None), q
        if wanted is None:
            continue
        if is_wrong_at_the_ends(p, q):
            shape, numbers = wanted
            numbers = [mine if theirs == "inf" else theirs for mine, theirs in zip(found.reshape(-1).tolist(), numbers)]
            wanted = shape, numbers
        check(found, wanted, 1e-9, 1e-11)


def test_there_is_a_rule_for_each_pair_that_pytorch_has_one_for():
    found = {(p.__name__, q.__name__) for p, q in distributions.kl._KL_REGISTRY}
    assert {tuple(pair) for pair in ORACLE["rules"]} <= found


@pytest.mark.parametrize("expression", TRANSFORMS)
def test_transforms(expression):
    wanted = ORACLE["transforms"][expression]
    transform, x = eval(expression, NAMES), eval(TRANSFORMS[expression], NAMES)
    y = transform(x)
    check(y, wanted["value"])
    check(transform.inv(y), wanted["inverse"], 1e-9)
    found = attempt(lambda: transform.log_abs_det_jacobian(x, y))
    assert (found is None) == (wanted["log_abs_det_jacobian"] is None)
    if found is not None:
        check(found, wanted["log_abs_det_jacobian"], 1e-9)
    bijective, before, after, text, forward, inverse = wanted["facts"]
    assert (transform.bijective, transform.domain.event_dim, transform.codomain.event_dim) == (bijective, before, after)
    assert repr(transform) == text.replace("torch.", "arcgrad.")
    assert list(transform.forward_shape(x.shape)) == forward
    assert list(transform.inverse_shape(y.shape)) == inverse
