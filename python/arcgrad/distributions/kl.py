"""Kullback–Leibler divergences KL(p ‖ q) = E_p[ln p(x) − ln q(x)].

>>> import arcgrad as torch
>>> from arcgrad.distributions import Normal, kl_divergence
>>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
tensor(0.5000)

Most are written as −H(p) − E_p[ln q(x)], the second of which needs no more of p than a moment or two.
"""

from __future__ import annotations

import math

import arcgrad as ag
from arcgrad import _names, _warnings
from arcgrad.nn import functional as F

from .bernoulli import Bernoulli
from .beta import Beta
from .binomial import Binomial
from .categorical import Categorical
from .cauchy import Cauchy
from .continuous_bernoulli import ContinuousBernoulli
from .dirichlet import Dirichlet
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .exponential import Exponential
from .gamma import Gamma
from .geometric import Geometric
from .gumbel import Gumbel
from .half_normal import HalfNormal
from .independent import Independent
from .laplace import Laplace
from .lowrank_multivariate_normal import LowRankMultivariateNormal
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .one_hot_categorical import OneHotCategorical
from .pareto import Pareto
from .poisson import Poisson
from .transformed_distribution import TransformedDistribution
from .uniform import Uniform
from .utils import _sum_rightmost, euler_constant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias, TypeVar

    from arcgrad._core import Tensor

    Rule: TypeAlias = Callable[[Any, Any], Tensor]
    R = TypeVar("R", bound=Callable[[Any, Any], Any])

__all__ = ["kl_divergence", "register_kl"]

#: The rules, by the classes of both distributions.
_KL_REGISTRY: dict[tuple[type, type], Rule] = {}
#: What has been found for classes that have no rule of their own.
_KL_MEMOIZE: dict[tuple[type, type], Rule | None] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[R], R]:
    """A decorator that registers a function of two distributions for :func:`kl_divergence`.

    It is used for derived classes, too, unless there is a rule for closer ones. Where the closest rule for the first is not the
    closest for the second, one for the pair itself decides:

    >>> from arcgrad.distributions import Normal, register_kl
    >>> class Narrow(Normal):
    ...     pass
    >>> @register_kl(Narrow, Normal)
    ... def narrow_normal(p, q):
    ...     return (p.loc - q.loc).square()

    Raises:
        TypeError: one is not a class.
    """
    for which, kind in (("type_p", type_p), ("type_q", type_q)):
        # Any class: packages have distributions with a root of their own.
        if not isinstance(kind, type):
            raise TypeError(f"Expected {which} to be a Distribution subclass but got {kind}")

    def register(rule: R) -> R:
        _KL_REGISTRY[type_p, type_q] = rule
        _KL_MEMOIZE.clear()
        return rule

    return register


def _rule_for(type_p: type, type_q: type) -> Rule | None:
    """The rule of the closest classes."""
    found = [
        (type_p.__mro__.index(p), type_q.__mro__.index(q), p, q)
        for p, q in _KL_REGISTRY
        if issubclass(type_p, p) and issubclass(type_q, q)
    ]
    if not found:
        return None
    *_, p, q = min(found, key=lambda match: match[:2])
    *_, other_p, other_q = min(found, key=lambda match: (match[1], match[0]))
    rule = _KL_REGISTRY[p, q]
    if rule is not _KL_REGISTRY[other_p, other_q]:
        _warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl({p.__name__}, {other_q.__name__})",
            RuntimeWarning,
        )
    return rule


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p ‖ q), of the shape of the batch.

    Raises:
        NotImplementedError: there is no rule for these distributions.
    """
    pair = type(p), type(q)
    if pair not in _KL_MEMOIZE:
        _KL_MEMOIZE[pair] = _rule_for(*pair)
    rule = _KL_MEMOIZE[pair]
    if rule is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
        )
    return rule(p, q)


def _to(type_q: type, *types_p: type) -> Callable[[R], R]:
    """Registers a rule for several classes of p."""

    def register(rule: R) -> R:
        for type_p in types_p:
            register_kl(type_p, type_q)(rule)
        return rule

    return register


# ---- moments ----


def _mean_log(p: Any) -> Tensor:
    """E[ln x]."""
    if isinstance(p, Beta):
        return ag.digamma(p.concentration1) - ag.digamma(p.concentration1 + p.concentration0)
    if isinstance(p, Exponential):
        return -euler_constant - p.rate.log()
    if isinstance(p, Gamma):
        return ag.digamma(p.concentration) - p.rate.log()
    if isinstance(p, Pareto):
        return p.scale.log() + p.alpha.reciprocal()
    return _mean_log_uniform(p.low, p.high)


def _mean_log_uniform(low: Tensor, high: Tensor) -> Tensor:
    return (ag.xlogy(high, high) - ag.xlogy(low, low)) / (high - low) - 1


def _mean_exponential(p: Any, q: Gumbel) -> Tensor:
    """E[exp((loc − x) / scale)] with the parameters of q."""
    rate = q.scale.reciprocal()
    if isinstance(p, Exponential):
        return (q.loc * rate).exp() * p.rate / (p.rate + rate)
    if isinstance(p, Gamma):
        return (q.loc * rate - p.concentration * (rate / p.rate).log1p()).exp()
    if isinstance(p, Gumbel):
        return ((q.loc - p.loc) * rate + ag.lgamma(1 + p.scale * rate)).exp()
    if isinstance(p, Normal):
        return ((q.loc - p.loc) * rate + (p.scale * rate).square() / 2).exp()
    low, high = (q.loc - p.low) * rate, (q.loc - p.high) * rate
    return (low.exp() - high.exp()) * q.scale / (p.high - p.low)


def _infinite_where(infinite: Tensor, otherwise: Tensor) -> Tensor:
    return ag.where(infinite, math.inf, otherwise)


def _always_infinite(p: Any, q: Any) -> Tensor:
    """p has samples where q has no density, whatever the parameters."""
    shape = ag.broadcast_shapes(tuple(p.batch_shape), tuple(q.batch_shape))
    like = next(value for value in (*vars(q).values(), *vars(p).values()) if isinstance(value, ag.Tensor))
    return like.new_full(shape, math.inf)


# ---- to the same family ----


@register_kl(Bernoulli, Bernoulli)
def _bernoulli_bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    # A sum of two products; one with 0 is 0, and infinite where q has no chance and p has.
    one = p.probs * (F.softplus(-q.logits) - F.softplus(-p.logits))
    zero = (1 - p.probs) * (F.softplus(q.logits) - F.softplus(p.logits))
    one = ag.where(p.probs == 0, 0.0, ag.where(q.probs == 0, math.inf, one))
    zero = ag.where(p.probs == 1, 0.0, ag.where(q.probs == 1, math.inf, zero))
    return one + zero


@register_kl(Beta, Beta)
def _beta_beta(p: Beta, q: Beta) -> Tensor:
    def log_beta(d: Beta) -> Tensor:
        a, b = d.concentration1, d.concentration0
        return ag.lgamma(a) + ag.lgamma(b) - ag.lgamma(a + b)

    a, b = p.concentration1, p.concentration0
    total = ag.digamma(a + b)
    moved = (a - q.concentration1) * (ag.digamma(a) - total) + (b - q.concentration0) * (ag.digamma(b) - total)
    return log_beta(q) - log_beta(p) + moved


@register_kl(Binomial, Binomial)
def _binomial_binomial(p: Binomial, q: Binomial) -> Tensor:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return _infinite_where(p.total_count > q.total_count, p.total_count * each)


@register_kl(Categorical, Categorical)
def _categorical_categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = ag.where(p.probs == 0, 0.0, ag.where(q.probs == 0, math.inf, terms))
    return terms.sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot_one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical_categorical(p._categorical, q._categorical)


@register_kl(Cauchy, Cauchy)
def _cauchy_cauchy(p: Cauchy, q: Cauchy) -> Tensor:
    # Chyzak and Nielsen, "A closed-form formula for the Kullback–Leibler divergence between Cauchy distributions" (2019).
    square = (p.scale + q.scale).square() + (p.loc - q.loc).square()
    return square.log() - (4 * p.scale * q.scale).log()


@_to(ContinuousBernoulli, ContinuousBernoulli, Beta)
def _to_continuous_bernoulli(p: Any, q: ContinuousBernoulli) -> Tensor:
    expected = p.mean * q.logits + (-q.probs).log1p() + q._log_constant()
    return -p.entropy() - expected


@register_kl(Dirichlet, Dirichlet)
def _dirichlet_dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    total_a, total_b = a.sum(-1), b.sum(-1)
    normalizers = ag.lgamma(total_a) - ag.lgamma(total_b) + (ag.lgamma(b) - ag.lgamma(a)).sum(-1)
    return normalizers + ((a - b) * (ag.digamma(a) - ag.digamma(total_a).unsqueeze(-1))).sum(-1)


@register_kl(ExponentialFamily, ExponentialFamily)
def _family_family(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman divergences"
        )
    normalizer, pairs = p._mean_statistics()
    result = q._log_normalizer(*q._natural_params) - normalizer
    for (of_p, mean), of_q in zip(pairs, q._natural_params):
        term = (of_q - of_p) * mean
        result = result - _sum_rightmost(term, term.ndim - result.ndim)
    return result


@register_kl(Gamma, Gamma)
def _gamma_gamma(p: Gamma, q: Gamma) -> Tensor:
    return (
        q.concentration * (p.rate / q.rate).log()
        + ag.lgamma(q.concentration)
        - ag.lgamma(p.concentration)
        + (p.concentration - q.concentration) * ag.digamma(p.concentration)
        + (q.rate - p.rate) * (p.concentration / p.rate)
    )


@register_kl(Geometric, Geometric)
def _geometric_geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _half_normal_half_normal(p: HalfNormal, q: HalfNormal) -> Tensor:
    return _normal_normal(p.base_dist, q.base_dist)  # type: ignore[arg-type]


@register_kl(Normal, Normal)
def _normal_normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).square()
    return ((ratio + ((p.loc - q.loc) / q.scale).square() - 1) - ratio.log()) / 2


@register_kl(Laplace, Laplace)
def _laplace_laplace(p: Laplace, q: Laplace) -> Tensor:
    distance = (p.loc - q.loc).abs()
    expected = (distance + p.scale * (-distance / p.scale).exp()) / q.scale
    return (q.scale / p.scale).log() + expected - 1


@register_kl(Pareto, Pareto)
def _pareto_pareto(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    divergence = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return _infinite_where(p.scale < q.scale, divergence)


@register_kl(Poisson, Poisson)
def _poisson_poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed_transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    # A bijection does not change the divergence; axes that the event got by the transforms are summed over.
    extra = len(p.event_shape) - len(p.base_dist.event_shape)
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), max(extra, 0))


@register_kl(Independent, Independent)
def _independent_independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# ---- multivariate normal distributions ----


def _square_root(d: Any) -> list[Tensor]:
    """Matrices whose columns' outer products sum up to the covariance."""
    if isinstance(d, LowRankMultivariateNormal):
        return [d._unbroadcasted_cov_factor, d._unbroadcasted_cov_diag.sqrt().diag_embed()]
    return [d._unbroadcasted_scale_tril]


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _multivariate(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        kinds = " and ".join(dict.fromkeys(f"{type(d).__name__}s" for d in (p, q)))
        raise ValueError(f"KL-divergence between two {kinds} with different event shapes cannot be computed")
    # The trace of Σq⁻¹ Σp is the sum of xᵀ Σq⁻¹ x over the columns of a root of Σp.
    trace: Any = 0.0
    for root in _square_root(p):
        columns = root.mT
        trace = trace + q._mahalanobis(columns, per_event=1).sum(-1)
    distance = q._mahalanobis(p.loc - q.loc)
    return q._half_log_det() - p._half_log_det() + (trace + distance - p.event_shape[0]) / 2


# ---- to another family ----


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@_to(Exponential, Beta, ContinuousBernoulli, Exponential, Gamma, Pareto)
def _to_exponential(p: Any, q: Exponential) -> Tensor:
    return -p.entropy() - (q.rate.log() - q.rate * p.mean)


@register_kl(Uniform, Exponential)
def _uniform_exponential(p: Uniform, q: Exponential) -> Tensor:
    return _infinite_where(p.low < 0, _to_exponential(p, q))


@_to(Gamma, Beta, Exponential, Pareto)
def _to_gamma(p: Any, q: Gamma) -> Tensor:
    a, b = q.concentration, q.rate
    expected = a * b.log() - ag.lgamma(a) + (a - 1) * _mean_log(p) - b * p.mean
    return -p.entropy() - expected


@register_kl(Uniform, Gamma)
def _uniform_gamma(p: Uniform, q: Gamma) -> Tensor:
    return _infinite_where(p.low < 0, _to_gamma(p, q))


@_to(Gumbel, Exponential, Gamma, Gumbel, Normal, Uniform)
def _to_gumbel(p: Any, q: Gumbel) -> Tensor:
    expected = (q.loc - p.mean) / q.scale - _mean_exponential(p, q) - q.scale.log()
    return -p.entropy() - expected


@_to(Normal, Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Uniform)
def _to_normal(p: Any, q: Normal) -> Tensor:
    square = (p.variance + (p.mean - q.loc).square()) / q.scale.square()
    return -p.entropy() + q.scale.log() + math.log(2 * math.pi) / 2 + square / 2


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    # E|x − loc| of a normal number.
    distance = p.loc - q.loc
    z = distance / p.scale
    folded = p.scale * math.sqrt(2 / math.pi) * (-z.square() / 2).exp() + distance * ag.erf(z / math.sqrt(2))
    return -p.entropy() + (2 * q.scale).log() + folded / q.scale


@register_kl(Uniform, Beta)
def _uniform_beta(p: Uniform, q: Beta) -> Tensor:
    a, b = q.concentration1, q.concentration0
    log_beta = ag.lgamma(a) + ag.lgamma(b) - ag.lgamma(a + b)
    mean_log_other = _mean_log_uniform(1 - p.high, 1 - p.low)
    expected = (a - 1) * _mean_log(p) + (b - 1) * mean_log_other - log_beta
    return _infinite_where((p.low < 0) | (p.high > 1), -p.entropy() - expected)


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_continuous_bernoulli(p: Uniform, q: ContinuousBernoulli) -> Tensor:
    return _infinite_where((p.low < 0) | (p.high > 1), _to_continuous_bernoulli(p, q))


@register_kl(Uniform, Pareto)
def _uniform_pareto(p: Uniform, q: Pareto) -> Tensor:
    expected = q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * _mean_log(p)
    return _infinite_where(p.low < q.scale, -p.entropy() - expected)


@_to(Uniform, Beta, ContinuousBernoulli)
def _unit_uniform(p: Any, q: Uniform) -> Tensor:
    return _infinite_where((q.low > 0) | (q.high < 1), -p.entropy() + (q.high - q.low).log())


@register_kl(Uniform, Uniform)
def _uniform_uniform(p: Uniform, q: Uniform) -> Tensor:
    divergence = ((q.high - q.low) / (p.high - p.low)).log()
    return _infinite_where((q.low > p.low) | (q.high < p.high), divergence)


_to(Beta, Exponential, Gamma, Gumbel, Laplace, Normal, Pareto)(_always_infinite)
_to(ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Normal, Pareto)(_always_infinite)
_to(Exponential, Gumbel, Laplace, Normal)(_always_infinite)
_to(Gamma, Gumbel, Laplace, Normal)(_always_infinite)
_to(Pareto, Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Normal)(_always_infinite)
_to(Uniform, Exponential, Gamma, Gumbel, Laplace, Normal, Pareto)(_always_infinite)
_to(Bernoulli, Poisson)(_always_infinite)
_to(Binomial, Poisson)(_always_infinite)


@register_kl(Pareto, Normal)
def _pareto_normal(p: Pareto, q: Normal) -> Tensor:
    # Of a shape up to 2 the second moment is infinite, and so is the divergence.
    return _infinite_where(p.alpha <= 2, _to_normal(p, q))


_names.describe(__name__)
