"""Distributions, constraints and transforms: what they refuse, how they expand, that samples have the moments promised."""

import copy
import math
import pickle
import warnings

import numpy as np
import pytest
from distribution_cases import CASES, DIVERGENT, TRANSFORMS

import arcgrad as ag
from arcgrad import distributions
from arcgrad.autograd import gradcheck
from arcgrad.distributions import (
    AbsTransform,
    AffineTransform,
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    ComposeTransform,
    ContinuousBernoulli,
    Dirichlet,
    Distribution,
    Exponential,
    ExponentialFamily,
    ExpTransform,
    Gamma,
    GeneralizedPareto,
    Geometric,
    Independent,
    Kumaraswamy,
    LogNormal,
    MixtureSameFamily,
    Multinomial,
    MultivariateNormal,
    Normal,
    OneHotCategoricalStraightThrough,
    Poisson,
    RelaxedBernoulli,
    SigmoidTransform,
    StickBreakingTransform,
    TanhTransform,
    Transform,
    TransformedDistribution,
    Uniform,
    VonMises,
    Weibull,
    biject_to,
    constraints,
    kl_divergence,
    register_kl,
    transform_to,
)
from arcgrad.distributions.kl import _KL_MEMOIZE, _KL_REGISTRY
from arcgrad.distributions.utils import (
    broadcast_all,
    lazy_property,
    probs_to_logits,
    tril_matrix_to_vec,
    vec_to_tril_matrix,
)


def t(data, **options):
    return ag.tensor(data, dtype=ag.float64, **options)


def f(data, **options):
    return ag.tensor(data, dtype=ag.float32, **options)


NAMES = {**vars(distributions), "t": t, "f": f}


def made(expression):
    return eval(expression, NAMES)


# ---- what is refused ----


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Bernoulli(), "Either `probs` or `logits` must be specified, but not both."),
        (lambda: Categorical(ag.ones(2), ag.ones(2)), "Either `probs` or `logits` must be specified, but not both."),
        (lambda: Categorical(f(0.5)), "`probs` parameter must be at least one-dimensional."),
        (lambda: Dirichlet(f(0.5)), "`concentration` parameter must be at least one-dimensional."),
        (lambda: MultivariateNormal(f(0.0), ag.eye(2)), "loc must be at least one-dimensional."),
        (
            lambda: MultivariateNormal(ag.zeros(2)),
            "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.",
        ),
        (
            lambda: MultivariateNormal(ag.zeros(2), ag.ones(2)),
            "covariance_matrix must be at least two-dimensional, with optional leading batch dimensions",
        ),
        (lambda: Normal("a", 1.0), "Input arguments must all be instances of Number, torch.Tensor or objects implementing"),
        (
            lambda: Normal(0.0, -1.0),
            "Expected parameter scale (Tensor of shape ()) of distribution Normal(loc: 0.0, scale: -1.0) to satisfy the "
            "constraint GreaterThan(lower_bound=0.0), but found invalid values:\n-1.0",
        ),
        (
            lambda: Uniform(1.0, 0.0),
            "Expected parameter low (Tensor of shape ()) of distribution Uniform(low: 1.0, high: 0.0) to satisfy the "
            "constraint LessThan(upper_bound=0.0), but found invalid values:\n1.0",
        ),
        (lambda: Categorical(ag.zeros(2)), "to satisfy the constraint Simplex(), but found invalid values:\ntensor([nan, nan])"),
        (
            lambda: Normal(0.0, 1.0).log_prob(f(math.nan)),
            "Expected value argument (Tensor of shape ()) to be within the support (Real()) of the distribution "
            "Normal(loc: 0.0, scale: 1.0), but found invalid values:\nnan",
        ),
        (lambda: Normal(0.0, 1.0).log_prob(1.0), "The value argument to log_prob must be a Tensor"),
        (lambda: Normal(ag.zeros(2), 1.0).cdf(ag.zeros(3)), "Value is not broadcastable with batch_shape+event_shape: "),
        (lambda: Dirichlet(ag.ones(2)).log_prob(ag.ones(3) / 3), "The right-most size of value must match event_shape: "),
        (lambda: Dirichlet(ag.ones(2)).log_prob(f(1.0)), "The right-most size of value must match event_shape: "),
        (lambda: Categorical(ag.ones(3)).log_prob(ag.tensor(3)), "within the support (IntegerInterval(lower_bound=0, upper_bound=2))"),
        (lambda: Poisson(2.0).log_prob(f(0.5)), "within the support (IntegerGreaterThan(lower_bound=0))"),
        (lambda: Geometric(0.0), "to be positive but found invalid values:"),
        (lambda: Binomial(-1, f(0.5)), "to satisfy the constraint IntegerGreaterThan(lower_bound=0)"),
        (
            lambda: Independent(Normal(ag.zeros(2), 1.0), 2),
            "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual 2 vs 1",
        ),
        (lambda: MixtureSameFamily(1, 2), "The Mixture distribution needs to be an  instance of torch.distributions.Categorical"),
        (
            lambda: MixtureSameFamily(Categorical(ag.ones(3)), Normal(ag.zeros(2), 1.0)),
            "`mixture_distribution component` (3) does not equal `component_distribution.batch_shape[-1]` (2)",
        ),
        (lambda: MixtureSameFamily(Categorical(ag.ones(2, 3)), Normal(ag.zeros(4, 3), 1.0)), "is not compatible with"),
        (lambda: TransformedDistribution(Normal(0.0, 1.0), 3), "transforms must be a Transform or list, but was 3"),
        (lambda: TransformedDistribution(Normal(0.0, 1.0), [3]), "transforms must be a Transform or a list of Transforms"),
        (
            lambda: TransformedDistribution(Normal(0.0, 1.0), StickBreakingTransform()),
            "base_distribution needs to have shape with size at least 1, but got ",
        ),
        (lambda: distributions.LKJCholesky(1), "Expected dim to be an integer greater than or equal to 2. Found dim=1."),
        (lambda: distributions.Wishart(f(1.0), ag.eye(2)), "Value of df=1.0 expected to be greater than ndim - 1 = 1."),
        (lambda: Transform(cache_size=2), "cache_size must be 0 or 1"),
        (lambda: Distribution.set_default_validate_args(3), ""),
        (lambda: tril_matrix_to_vec(ag.zeros(3, 3), 3), "diag (3) provided is outside [-3, 2]."),
        (lambda: vec_to_tril_matrix(ag.zeros(5)), "The size of last dimension is 5 which cannot be expressed as"),
        (lambda: constraints.dependent.check(f(1.0)), "Cannot determine validity of dependent constraint"),
    ],
)
def test_what_does_not_fit_is_a_value_error(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Normal(0.0, 1.0).enumerate_support(), ""),
        (lambda: Normal(0.0, 1.0).rsample, None),
        (lambda: Poisson(1.0).rsample(), ""),
        (lambda: Multinomial(ag.tensor(2), ag.ones(2)), "inhomogeneous total_count is not supported"),
        (
            lambda: Binomial(t([2.0, 3.0]), t(0.5)).enumerate_support(),
            "Inhomogeneous total count not supported by `enumerate_support`.",
        ),
        (lambda: TransformedDistribution(Normal(0.0, 1.0), [AbsTransform()]).log_prob(f(1.0)), ""),
        (lambda: TransformedDistribution(Normal(0.0, 1.0), [AbsTransform()]).cdf(f(1.0)), ""),
        (lambda: kl_divergence(Normal(0.0, 1.0), Bernoulli(0.5)), "cannot be computed using Bregman divergences"),
        (
            lambda: kl_divergence(Categorical(ag.ones(2)), Poisson(1.0)),
            "No KL(p || q) is implemented for p type Categorical and q type Poisson",
        ),
        (lambda: kl_divergence(Binomial(2, f(0.5)), Binomial(3, f(0.5))), "q.total_count > p.total_count"),
        (lambda: biject_to(constraints.positive_definite), "Cannot transform _PositiveDefinite constraints"),
        (lambda: biject_to(3), "Cannot transform int constraints"),
        (lambda: Distribution(validate_args=False).mode, "does not implement mode"),
        (lambda: constraints.dependent.event_dim, ".event_dim cannot be determined statically"),
        (lambda: Independent(Bernoulli(ag.ones(2) / 2), 1).enumerate_support(), "cartesian product"),
    ],
)
def test_what_there_is_not_is_not_implemented(call, message):
    if message is None:
        call()
        return
    with pytest.raises(NotImplementedError) as caught:
        call()
    assert message in str(caught.value)


def test_checks_can_be_turned_off():
    assert Normal(0.0, -1.0, validate_args=False).scale.item() == -1.0
    unchecked = Normal(0.0, 1.0, validate_args=False)
    assert math.isnan(unchecked.log_prob(f(math.nan)).item())
    try:
        Distribution.set_default_validate_args(False)
        assert Uniform(1.0, 0.0).low.item() == 1.0
        with pytest.raises(ValueError):
            Uniform(1.0, 0.0, validate_args=True)
    finally:
        Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError):
        Uniform(1.0, 0.0)


def test_a_distribution_of_ones_own_says_what_it_checks():
    class Silent(Distribution):
        pass

    with pytest.warns(UserWarning, match="does not define `arg_constraints`"):
        silent = Silent()
    with pytest.warns(UserWarning, match="does not define `support`"):
        silent._validate_sample(f(0.0))
    with pytest.warns(FutureWarning, match=r"sample_n\(n\)"):
        assert Normal(0.0, 1.0).sample_n(3).shape == (3,)
    with pytest.raises(NotImplementedError):
        silent.expand((2,))


# ---- expanding ----


@pytest.mark.parametrize("expression", CASES)
def test_expanded_distributions_say_the_same(expression):
    distribution = made(expression)
    value = eval(CASES[expression], NAMES)
    shape = ag.Size((2,)) + (distribution.batch_shape or ag.Size((1,)))
    expanded = distribution.expand(shape)
    assert type(expanded) is type(distribution)
    assert expanded.batch_shape == shape and expanded.event_shape == distribution.event_shape
    assert expanded._validate_args == distribution._validate_args
    wanted = distribution.log_prob(value)
    found = expanded.log_prob(value)
    assert found.shape == ag.broadcast_shapes(tuple(wanted.shape), tuple(shape))
    np.testing.assert_allclose(found.numpy(), wanted.expand(found.shape).numpy(), rtol=1e-12)
    assert expanded.sample((4,)).shape == ag.Size((4,)) + shape + distribution.event_shape
    for fact in ("mean", "variance"):
        try:
            wanted = getattr(distribution, fact)
        except NotImplementedError:
            continue
        found = getattr(expanded, fact)
        assert found.shape == shape + distribution.event_shape
        np.testing.assert_allclose(found.numpy(), wanted.expand(found.shape).numpy(), rtol=1e-12)


def test_derived_classes_expand_as_what_they_are_derived_from():
    class Named(Normal):
        def name(self):
            return "named"

    assert Named(ag.zeros(2), 1.0).expand((3, 2)).name() == "named"

    class Standard(Normal):
        def __init__(self):
            super().__init__(0.0, 1.0)

    message = "Subclass Standard of Normal that defines a custom __init__ method must also define a custom .expand"
    with pytest.raises(NotImplementedError, match=message):
        Standard().expand((2,))


# ---- moments ----

#: Those whose samples have no finite variance to compare.
HEAVY = ("Cauchy", "HalfCauchy", "VonMises", "LKJCholesky")


@pytest.mark.parametrize("expression", CASES)
def test_samples_have_the_mean_and_the_variance(expression):
    if expression.startswith(HEAVY):
        pytest.skip("no moments")
    distribution = made(expression)
    try:
        mean, variance = distribution.mean, distribution.variance
    except NotImplementedError:
        pytest.skip("no moments")
    count = 20_000
    ag.manual_seed(11)
    samples = distribution.sample((count,)).double()
    support = distribution.support
    assert support.check(samples).all()
    # Of heavy tails the mean of few numbers says little, and nothing of their square's.
    fourth = (samples - samples.mean(0)).pow(4).mean(0) / samples.var(0).square()
    light = variance.isfinite() & (fourth < 40)
    error = (samples.mean(0) - mean).abs() / (variance / count).sqrt()
    assert (error[light] < 5).all()
    relative = (samples.var(0) / variance - 1).abs() / ((fourth - 1) / count).sqrt()
    assert (relative[light & (variance > 0)] < 5).all()


@pytest.mark.parametrize("expression", [e for e in CASES if "cdf" in e or e.startswith((
    "Cauchy", "Gumbel", "HalfCauchy", "Laplace", "Weibull", "Pareto", "GeneralizedPareto", "Kumaraswamy", "ContinuousBernoulli",
))])  # fmt: skip
def test_samples_follow_the_distribution_function(expression):
    """Kolmogorov and Smirnov: F of the samples, in order, stays by the diagonal."""
    distribution = made(expression)
    count = 4000
    ag.manual_seed(12)
    levels = distribution.cdf(distribution.sample((count,))).sort(0)[0]
    steps = (ag.arange(count, dtype=levels.dtype) + 0.5) / count
    distance = (levels - steps.reshape((-1,) + (1,) * (levels.dim() - 1))).abs().amax(0)
    assert (distance * math.sqrt(count) < 1.95).all()


def test_von_mises():
    """Against 1 − I₁/I₀ and ln I₀ from mpmath, and samples against the circular moments."""
    d = VonMises(t([0.0, 1.5, -2.0]), t([0.3, 4.0, 60.0]))
    wanted = [0.85166257296062453, 0.13647740535310306, 0.0083686498757912235]
    np.testing.assert_allclose(d.variance[[0, 2]].numpy(), [wanted[0], wanted[2]], rtol=2e-9)
    ag.manual_seed(13)
    samples = d.sample((20_000,))
    assert ((samples >= -math.pi) & (samples < math.pi)).all()
    around = samples - d.loc
    resultant = (around.cos().mean(0).square() + around.sin().mean(0).square()).sqrt()
    np.testing.assert_allclose((1 - resultant).numpy(), d.variance.numpy(), rtol=0.05)
    # The density integrates to one.
    angles = ag.linspace(-math.pi, math.pi, 20_001, dtype=ag.float64)[:-1].unsqueeze(-1)
    total = d.log_prob(angles).exp().mean(0) * 2 * math.pi
    np.testing.assert_allclose(total.numpy(), 1, rtol=1e-9)


def test_what_pytorch_gets_wrong_is_right():
    # The density of a Kumaraswamy distribution is greatest where its derivative is 0.
    d = Kumaraswamy(t(3.0), t(4.0))
    mode = d.mode.requires_grad_()
    (slope,) = ag.autograd.grad(d.log_prob(mode), mode)
    assert abs(slope.item()) < 1e-9
    # Below 1 the density of a Weibull distribution falls from the start.
    assert Weibull(2.0, t([0.2, 0.5, 1.0])).mode.tolist() == [0.0, 0.0, 0.0]
    # Supports that just reach the ends.
    p, q = Uniform(t(0.0), t(1.0)), ContinuousBernoulli(t(0.3))
    assert kl_divergence(p, q).item() == pytest.approx(-q.log_prob(ag.linspace(0, 1, 3, dtype=ag.float64)[1]).item(), abs=1e-9)
    assert kl_divergence(q, p).item() == pytest.approx(-q.entropy().item(), rel=1e-12)
    assert kl_divergence(Uniform(0.0, 1.0), Beta(1.0, 1.0)).item() == 0.0
    # In double precision too.
    assert GeneralizedPareto(t(0.0), t(1.0), t(0.0)).log_prob(t(2.0)).item() == -2.0


@pytest.mark.parametrize("p", [e for e in DIVERGENT if not e.startswith(("Multivariate", "LowRank", "Wishart"))])
def test_divergences_are_the_mean_of_log_ratios(p, monkeypatch):
    """Of samples of p, wherever the mean settles."""
    # Samples of p may be outside of the support of q.
    monkeypatch.setattr(Distribution, "_validate_args", False)
    count = 20_000
    first = made(p)
    ag.manual_seed(14)
    samples = first.sample((count,))
    for q in DIVERGENT:
        second = made(q)
        try:
            wanted = kl_divergence(first, second)
        except (NotImplementedError, ValueError, RuntimeError):
            continue
        if second.batch_shape != first.batch_shape:
            continue
        ratio = first.log_prob(samples) - second.log_prob(samples)
        error = (ratio.mean(0) - wanted).abs() / (ratio.std(0) / math.sqrt(count) + 1e-9)
        settled = wanted.isfinite() & ratio.isfinite().all(0)
        assert (error[settled] < 6).all(), q
        assert (wanted >= -1e-9).all(), q


def test_closest_rules_are_chosen_and_ambiguity_is_told():
    class A(Normal):
        pass

    class B(A):
        pass

    try:
        register_kl(A, Normal)(lambda p, q: "A, Normal")
        register_kl(Normal, A)(lambda p, q: "Normal, A")
        a, b, normal = A(0.0, 1.0), B(0.0, 1.0), Normal(0.0, 1.0)
        assert kl_divergence(b, normal) == "A, Normal"
        assert kl_divergence(normal, b) == "Normal, A"
        with pytest.warns(RuntimeWarning, match=r"Ambiguous kl_divergence\(A, B\). Please register_kl\(A, A\)"):
            assert kl_divergence(a, b) == "A, Normal"
        register_kl(A, A)(lambda p, q: "A, A")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert kl_divergence(a, b) == "A, A"
    finally:
        for pair in [pair for pair in _KL_REGISTRY if A in pair]:
            del _KL_REGISTRY[pair]
        _KL_MEMOIZE.clear()

    class Foreign:
        """A distribution of a package whose distributions are not PyTorch's."""

    try:
        register_kl(Foreign, Normal)(lambda p, q: "foreign")
        assert kl_divergence(Foreign(), Normal(0.0, 1.0)) == "foreign"
    finally:
        _KL_REGISTRY.pop((Foreign, Normal))
        _KL_MEMOIZE.clear()
    with pytest.raises(TypeError, match="Expected type_q to be a Distribution subclass but got 3"):
        register_kl(Normal, 3)


@pytest.mark.parametrize(
    ("make", "params"),
    [
        (Normal, (0.5, 2.0)),
        (Gamma, (2.0, 3.0)),
        (Beta, (2.0, 3.0)),
        (Exponential, (2.0,)),
        (Bernoulli, (0.3,)),
        (ContinuousBernoulli, (0.3,)),
        (lambda c: Dirichlet(ag.stack([c, 2 * c], -1)), (1.5,)),
    ],
)
def test_entropy_of_exponential_families(make, params):
    """By differentiation of the log normalizer, as by the formula of each; divergences likewise."""
    first, second = make(*(t([p]) for p in params)), make(*(t([1.3 * p]) for p in params))
    np.testing.assert_allclose(ExponentialFamily.entropy(first).detach().numpy(), first.entropy().numpy(), rtol=1e-9)
    bregman = _KL_REGISTRY[ExponentialFamily, ExponentialFamily](first, second)
    np.testing.assert_allclose(bregman.detach().numpy(), kl_divergence(first, second).numpy(), rtol=1e-9)
    assert first.perplexity().item() == pytest.approx(math.exp(first.entropy().item()))


# ---- gradients ----


@pytest.mark.parametrize("expression", [e for e, v in CASES.items() if not e.startswith(("LKJ", "Categorical"))])
def test_gradients_in_the_value(expression):
    distribution = made(expression)
    value = eval(CASES[expression], NAMES)
    if getattr(distribution.support, "is_discrete", False) or value.dtype != ag.float64:
        pytest.skip("integers, or single precision")
    if not distribution.log_prob(value).isfinite().all():
        pytest.skip("values at the ends of the support")
    if expression.startswith(("Uniform", "Exponential", "HalfN", "HalfC", "ContinuousBernoulli", "GeneralizedPareto", "Independent", "Laplace", "Pareto", "Wishart")):
        pytest.skip("values at the ends of the support, or off it by the steps")
    if distribution.event_shape and expression.startswith(("Dirichlet", "LogisticNormal", "RelaxedOneHot", "Transformed")):
        pytest.skip("values whose sum is fixed")
    distribution._validate_args = False
    assert gradcheck(distribution.log_prob, (value.clone().requires_grad_(),))


def test_straight_through_and_relaxed_gradients():
    logits = t([[0.5, -1.0, 2.0]], requires_grad=True)
    sample = OneHotCategoricalStraightThrough(logits=logits).rsample((5,))
    assert constraints.one_hot.check(sample.round()).all()
    weights = t([1.0, 2.0, 3.0])
    (found,) = ag.autograd.grad((sample * weights).sum(), logits)
    (wanted,) = ag.autograd.grad(5 * (logits.softmax(-1) * weights).sum(), logits)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12)
    probs = t(0.3, requires_grad=True)
    RelaxedBernoulli(t(0.5), probs).rsample((3,)).sum().backward()
    assert probs.grad.isfinite() and probs.grad > 0


def test_samples_have_no_gradient_and_reparametrised_ones_have():
    loc = t(0.5, requires_grad=True)
    assert not Normal(loc, 1.0).sample().requires_grad
    assert not LogNormal(loc, 1.0).sample().requires_grad
    assert LogNormal(loc, 1.0).rsample().requires_grad
    mixture = MixtureSameFamily(Categorical(ag.ones(2)), Normal(loc.expand(2), 1.0))
    assert not mixture.sample((3,)).requires_grad


# ---- constraints, transforms, registries ----


def test_constraints():
    x = t([-1.0, 0.0, 0.5, 1.0, 2.0, math.nan])
    for constraint, wanted in [
        (constraints.real, [1, 1, 1, 1, 1, 0]),
        (constraints.positive, [0, 0, 1, 1, 1, 0]),
        (constraints.nonnegative, [0, 1, 1, 1, 1, 0]),
        (constraints.less_than(0.5), [1, 1, 0, 0, 0, 0]),
        (constraints.greater_than_eq(0.5), [0, 0, 1, 1, 1, 0]),
        (constraints.unit_interval, [0, 1, 1, 1, 0, 0]),
        (constraints.half_open_interval(0, 1), [0, 1, 1, 0, 0, 0]),
        (constraints.boolean, [0, 1, 0, 1, 0, 0]),
        (constraints.nonnegative_integer, [0, 1, 0, 1, 1, 0]),
        (constraints.positive_integer, [0, 0, 0, 1, 1, 0]),
        (constraints.integer_interval(1, 2), [0, 0, 0, 1, 1, 0]),
    ]:
        assert constraint.check(x).tolist() == [bool(w) for w in wanted], constraint
    matrices = t([[[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.6], [0.6, 1.0]], [[1.0, 0.0], [0.5, -1.0]], [[1.0, 2.0], [2.0, 1.0]]])
    for constraint, wanted in [
        (constraints.lower_triangular, [1, 0, 1, 0]),
        (constraints.lower_cholesky, [1, 0, 0, 0]),
        (constraints.corr_cholesky, [1, 0, 0, 0]),
        (constraints.square, [1, 1, 1, 1]),
        (constraints.symmetric, [0, 1, 0, 1]),
    ]:
        assert constraint.check(matrices).tolist() == [bool(w) for w in wanted], constraint
    assert constraints.corr_cholesky.check(t([[1.0, 0.0], [0.6, 0.8]])).item()
    assert constraints.positive_definite.check(matrices[[1, 3]]).tolist() == [True, False]
    assert constraints.positive_semidefinite.check(matrices[[1, 3]]).tolist() == [True, False]
    assert constraints.square.check(ag.zeros(3, 2, 4)).tolist() == [False] * 3
    assert constraints.symmetric.check(ag.zeros(3, 2, 4)).tolist() == [False] * 3
    assert constraints.one_hot.check(t([[0.0, 1.0], [1.0, 1.0]])).tolist() == [True, False]
    assert constraints.multinomial(3).check(t([[1.0, 2.0], [2.0, 2.0]])).tolist() == [True, False]
    both = constraints.cat([constraints.positive, constraints.real], dim=-1, lengths=[1, 2])
    assert both.check(t([[1.0, -1.0, 0.0], [-1.0, 0.0, 0.0]])).tolist() == [[True, True, True], [False, True, True]]
    slices = constraints.stack([constraints.positive, constraints.real], dim=0)
    assert slices.check(t([[1.0, -1.0], [-1.0, 0.0]])).tolist() == [[True, False], [True, True]]
    assert (both.event_dim, both.is_discrete, slices.event_dim) == (0, False, 0)
    with pytest.raises(ValueError, match=r"Expected value.dim\(\) >= 2 but got 1"):
        constraints.independent(constraints.real, 2).check(t([1.0]))
    with pytest.raises(AssertionError, match="base_constraint must be a Constraint"):
        constraints.independent(3, 1)


def test_dependent_properties():
    class Between(Distribution):
        arg_constraints = {}

        def __init__(self, low):
            self.low = low
            super().__init__()

        @constraints.dependent_property(is_discrete=False, event_dim=0)
        def support(self):
            return constraints.greater_than(self.low)

        @constraints.dependent_property
        def other(self):
            return constraints.real

    assert constraints.is_dependent(Between.support) and not constraints.is_dependent(constraints.real)
    assert (Between.support.is_discrete, Between.support.event_dim) == (False, 0)
    assert repr(Between(1.5).support) == "GreaterThan(lower_bound=1.5)"
    with pytest.raises(NotImplementedError):
        Between.other.event_dim
    assert constraints.dependent(event_dim=1).event_dim == 1


@pytest.mark.parametrize("expression", TRANSFORMS)
def test_transforms_invert_and_have_the_determinant_of_their_jacobian(expression):
    transform, x = made(expression), eval(TRANSFORMS[expression], NAMES)
    assert transform.inv.inv is transform
    y = transform(x)
    if transform.bijective:
        np.testing.assert_allclose(transform.inv(y).numpy(), x.numpy(), rtol=1e-9, atol=1e-12)
        assert transform.domain.check(transform.inv(y)).all()
        det = transform.log_abs_det_jacobian(x, y)
        np.testing.assert_allclose(transform.inv.log_abs_det_jacobian(y, x).numpy(), -det.numpy())
        if transform.domain.event_dim == 0 and not expression.startswith(("Cat", "Stack", "Compose")):
            leaf = x.clone().requires_grad_()
            (slope,) = ag.autograd.grad(transform(leaf).sum(), leaf)
            np.testing.assert_allclose(det.expand(x.shape).numpy(), slope.abs().log().numpy(), rtol=1e-9)
    assert transform.codomain.check(y).all()


def test_vector_transforms_have_the_determinant_of_their_jacobian():
    x = t([-0.5, 0.7, 0.2])
    for transform, free in [
        (StickBreakingTransform(), lambda y: y[:-1]),
        (distributions.CorrCholeskyTransform(), lambda y: tril_matrix_to_vec(y, -1)),
    ]:
        jacobian = ag.func.jacrev(lambda x: free(transform(x)))(x).numpy()
        wanted = math.log(abs(np.linalg.det(jacobian)))
        assert transform.log_abs_det_jacobian(x, transform(x)).item() == pytest.approx(wanted, rel=1e-9)


def test_transforms_remember():
    transform = TanhTransform(cache_size=1)
    x = f([20.0, -3.0])
    y = transform(x)
    # Without memory 20 would come back as infinity.
    assert transform.inv(y) is x and transform(x) is y
    assert TanhTransform().inv(y)[0].item() == math.inf
    assert transform.with_cache(1) is transform and transform.with_cache(0)._cache_size == 0
    chain = ComposeTransform([AffineTransform(0.0, 2.0), TanhTransform()]).with_cache()
    y = chain(x)
    assert chain.inv(y) is x
    inverse = TanhTransform(cache_size=1).inv
    value = inverse(f(0.5))
    assert inverse.inv(value).item() == 0.5

    class Own(Transform):
        def __init__(self, a):
            super().__init__()

    with pytest.raises(NotImplementedError, match="with_cache is not implemented"):
        Own(1).with_cache()


def test_transforms_compare():
    assert ExpTransform() == ExpTransform() and ExpTransform() != SigmoidTransform()
    assert AffineTransform(0.0, 1.0) == AffineTransform(0.0, 1.0) != AffineTransform(0.0, 2.0)
    assert AffineTransform(t([0.0, 1.0]), 1.0) != AffineTransform(t([0.0, 2.0]), 1.0)
    assert ExpTransform().inv == ExpTransform().inv != SigmoidTransform().inv
    assert ComposeTransform([ExpTransform()]) == ComposeTransform([ExpTransform()])
    assert ComposeTransform([ExpTransform(), AffineTransform(0.0, -2.0)]).sign == -1


def test_registries_lead_from_the_real_line_to_the_region():
    ag.manual_seed(15)
    regions = [
        (constraints.real, (4,)),
        (constraints.positive, (4,)),
        (constraints.greater_than(2.0), (4,)),
        (constraints.less_than(-1.0), (4,)),
        (constraints.unit_interval, (4,)),
        (constraints.interval(-1.0, 3.0), (4,)),
        (constraints.simplex, (2, 4)),
        (constraints.corr_cholesky, (2, 6)),
        (constraints.real_vector, (2, 3)),
        (constraints.independent(constraints.positive, 1), (2, 3)),
        (constraints.cat([constraints.positive, constraints.real], -1, [1, 2]), (2, 3)),
        (constraints.stack([constraints.positive, constraints.unit_interval], 0), (2, 3)),
    ]
    for constraint, shape in regions:
        for registry in (biject_to, transform_to):
            transform = registry(constraint)
            x = ag.randn(shape, dtype=ag.float64)
            y = transform(x)
            assert constraint.check(y).all(), constraint
            if registry is biject_to:
                assert transform.bijective
                np.testing.assert_allclose(transform.inv(y).numpy(), x.numpy(), rtol=1e-7)
    for constraint in (constraints.lower_cholesky, constraints.positive_definite):
        assert constraint.check(transform_to(constraint)(ag.randn(3, 3, dtype=ag.float64))).all()

    class Own(constraints.Constraint):
        pass

    @biject_to.register(Own)
    def own(constraint):
        return ExpTransform()

    assert biject_to(Own()) == ExpTransform()
    with pytest.raises(TypeError, match="Expected constraint to be either a Constraint subclass or instance"):
        biject_to.register(int, own)
    del biject_to._registry[Own]


def test_transformed_distributions_take_axes_into_the_event():
    base = Normal(ag.zeros(3, 2), ag.ones(3, 2))
    d = TransformedDistribution(base, StickBreakingTransform())
    assert (tuple(d.batch_shape), tuple(d.event_shape)) == ((3,), (3,))
    assert d.log_prob(d.sample()).shape == (3,)
    d = TransformedDistribution(Normal(0.0, 1.0), AffineTransform(ag.zeros(4), ag.ones(4)))
    assert tuple(d.batch_shape) == (4,) and d.sample((2,)).shape == (2, 4)
    d = TransformedDistribution(Normal(ag.zeros(4), 1.0), distributions.ReshapeTransform((4,), (2, 2)))
    assert tuple(d.event_shape) == (2, 2) and d.expand((3,)).sample().shape == (3, 2, 2)
    whole = TransformedDistribution(Normal(t(0.0), t(1.0)), [AffineTransform(t(1.0), t(-2.0))])
    x = t([0.5, 3.0])
    np.testing.assert_allclose(whole.cdf(x).numpy(), Normal(t(1.0), t(2.0)).cdf(x).numpy())
    np.testing.assert_allclose(whole.icdf(whole.cdf(x)).numpy(), x.numpy())


# ---- utils ----


def test_utils():
    a, b = broadcast_all(ag.zeros(2, dtype=ag.float64), 1.5)
    assert b.dtype == ag.float64 and b.tolist() == [1.5, 1.5]
    assert broadcast_all(1, 2.5)[0].dtype == ag.float32
    assert probs_to_logits(t([0.0, 1.0]), is_binary=True).isfinite().all()
    for diag in (-2, -1, 0):
        for size in (3, 5):
            matrix = ag.arange(size * size, dtype=ag.float64).reshape(size, size).tril(diag)
            assert vec_to_tril_matrix(tril_matrix_to_vec(matrix, diag), diag).equal(matrix)

    class Counted:
        count = 0

        @lazy_property
        def value(self):
            self.count += 1
            return ag.ones(1, requires_grad=True) * 2

    counted = Counted()
    with ag.no_grad():
        first = counted.value
    assert first is counted.value and counted.count == 1 and first.requires_grad
    assert isinstance(Counted.value, property)


def test_copies_and_pickles():
    for expression in ("Normal(t([0., 1.]), t([1., 2.]))", "LogNormal(t(0.), t(1.))", "Beta(t(1.), t(2.))"):
        distribution = made(expression)
        for other in (copy.deepcopy(distribution), pickle.loads(pickle.dumps(distribution))):
            assert other.log_prob(t(0.5)).equal(distribution.log_prob(t(0.5)))


def test_package_is_loaded_when_it_is_asked_for():
    assert set(distributions.__all__) <= set(dir(distributions))
    assert ag.distributions is distributions
    from arcgrad.distributions.normal import Normal as Same

    assert Same is Normal


def test_enumerating_without_expanding():
    assert Bernoulli(ag.zeros(3, 2)).enumerate_support(expand=False).shape == (2, 1, 1)
    assert Categorical(ag.ones(3, 4)).enumerate_support().shape == (4, 3)
    assert distributions.OneHotCategorical(ag.ones(3, 4)).enumerate_support(expand=False).shape == (4, 1, 4)
    d = Binomial(3, t([0.2, 0.7]))
    assert d.log_prob(d.enumerate_support()).exp().sum(0).tolist() == pytest.approx([1.0, 1.0])
    assert not Independent(Bernoulli(ag.ones(2) / 2), 1).has_enumerate_support


def test_the_log_odds_of_a_continuous_bernoulli_may_be_huge():
    for logits, value in ((1e10, 1.0), (-1e10, 0.0), (30.0, 1.0)):
        log_prob = ContinuousBernoulli(logits=ag.tensor([logits])).log_prob(ag.tensor([value]))
        assert log_prob.item() == pytest.approx(2.7690, abs=1e-4)


def test_a_wishart_takes_degrees_that_are_integers_and_has_the_gradient_of_any_matrix():
    assert distributions.Wishart(ag.tensor(3), ag.eye(2)).sample((2,)).shape == (2, 2, 2)
    degrees, scale = ag.tensor(4.0, dtype=ag.float64), ag.eye(2, dtype=ag.float64)
    x = ag.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=ag.float64, requires_grad=True)
    assert gradcheck(lambda x: distributions.Wishart(degrees, scale, validate_args=False).log_prob(x), (x,))


def test_what_is_no_tensor_has_no_log_probability():
    for kind in (distributions.HalfCauchy, distributions.HalfNormal):
        with pytest.raises(ValueError, match="must be a Tensor"):
            kind(1.0).log_prob(1)
