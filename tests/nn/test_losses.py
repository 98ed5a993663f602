"""Losses: values by their formulas, reductions, gradients by finite differences, errors."""

import math

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn import functional as F

F64 = ag.float64
X = [0.5, -1.0, 2.0, 0.1]
Y = [0.0, 1.0, 2.5, -2.0]
P = [0.2, 0.9, 0.5, 0.4]
SIGN = [1.0, -1.0, 1.0, -1.0]


def t(values):
    return ag.tensor(values, dtype=F64)


def smooth(d, beta):
    return d * d / (2 * beta) if d < beta else d - beta / 2


def huber(d, delta):
    return d * d / 2 if d <= delta else delta * (d - delta / 2)


def log_sigmoid(x):
    return -math.log1p(math.exp(-x))


ELEMENTWISE = {
    "L1Loss": (nn.L1Loss, X, Y, lambda x, y: abs(x - y)),
    "MSELoss": (nn.MSELoss, X, Y, lambda x, y: (x - y) ** 2),
    "SmoothL1Loss": (lambda **kw: nn.SmoothL1Loss(beta=0.7, **kw), X, Y, lambda x, y: smooth(abs(x - y), 0.7)),
    "HuberLoss": (lambda **kw: nn.HuberLoss(delta=0.7, **kw), X, Y, lambda x, y: huber(abs(x - y), 0.7)),
    "BCELoss": (nn.BCELoss, P, [0.0, 1.0, 0.3, 1.0], lambda p, y: -(y * math.log(p) + (1 - y) * math.log(1 - p))),
    "BCEWithLogitsLoss": (
        nn.BCEWithLogitsLoss,
        X,
        [0.0, 1.0, 0.3, 1.0],
        lambda x, y: -(y * log_sigmoid(x) + (1 - y) * log_sigmoid(-x)),
    ),
    "KLDivLoss": (nn.KLDivLoss, X, P, lambda x, p: p * (math.log(p) - x)),
    "PoissonNLLLoss": (nn.PoissonNLLLoss, X, [0.0, 1.0, 2.0, 3.0], lambda x, y: math.exp(x) - y * x),
    "HingeEmbeddingLoss": (
        nn.HingeEmbeddingLoss,
        X,
        SIGN,
        lambda x, s: x if s == 1 else max(0, 1 - x),
    ),
    "SoftMarginLoss": (nn.SoftMarginLoss, X, SIGN, lambda x, s: math.log1p(math.exp(-s * x))),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_loss_is_its_formula_under_each_reduction(name):
    make, given, target, formula = ELEMENTWISE[name]
    wanted = [formula(x, y) for x, y in zip(given, target)]
    assert ag.allclose(make(reduction="none")(t(given), t(target)), t(wanted))
    assert make(reduction="sum")(t(given), t(target)).item() == pytest.approx(sum(wanted))
    assert make()(t(given), t(target)).item() == pytest.approx(sum(wanted) / 4)
    with pytest.raises(ValueError, match="is not a valid value for reduction"):
        make(reduction="median")(t(given), t(target))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_loss_has_the_gradient_of_finite_differences(name):
    make, given, target, _ = ELEMENTWISE[name]
    x = t(given).requires_grad_()
    make()(x, t(target)).backward()
    step = 1e-6
    for i in range(4):
        moved = [[v + (sign * step if j == i else 0) for j, v in enumerate(given)] for sign in (1, -1)]
        up, down = (make()(t(values), t(target)).item() for values in moved)
        assert x.grad[i].item() == pytest.approx((up - down) / (2 * step), abs=1e-6)


def test_old_reduction_arguments_still_count():
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert nn.MSELoss(size_average=False).reduction == "sum"
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert nn.L1Loss(reduce=False).reduction == "none"


# ---- classes ----


def test_cross_entropy_is_the_negative_log_softmax_of_the_target():
    scores, target = ag.randn(5, 4, dtype=F64), ag.tensor([0, 3, 1, 1, 2])
    wanted = -scores.log_softmax(1)[ag.arange(5), target]
    assert ag.allclose(nn.CrossEntropyLoss(reduction="none")(scores, target), wanted)
    assert ag.allclose(nn.CrossEntropyLoss()(scores, target), wanted.mean())
    assert ag.allclose(nn.NLLLoss()(scores.log_softmax(1), target), wanted.mean())


def test_cross_entropy_weights_classes_and_their_mean():
    scores, target = ag.randn(3, 2, dtype=F64), ag.tensor([0, 1, 1])
    weight = t([1.0, 3.0])
    single = nn.CrossEntropyLoss(reduction="none")(scores, target)
    wanted = (single * t([1.0, 3.0, 3.0])).sum() / 7
    loss = nn.CrossEntropyLoss(weight)
    assert ag.allclose(loss(scores, target), wanted)
    assert list(loss.state_dict()) == ["weight"]


def test_cross_entropy_leaves_ignored_targets_out():
    scores = ag.randn(3, 2, dtype=F64, requires_grad=True)
    nn.CrossEntropyLoss(ignore_index=1)(scores, ag.tensor([0, 1, 0])).backward()
    assert scores.grad[1].tolist() == [0.0, 0.0]
    assert scores.grad[0, 0].item() != 0.0


def test_cross_entropy_takes_probabilities_and_smooths_labels():
    scores, target = ag.randn(3, 4, dtype=F64), ag.tensor([0, 3, 1])
    smoothed = 0.9 * F.one_hot(target, 4).to(F64) + 0.1 / 4
    assert ag.allclose(
        nn.CrossEntropyLoss(label_smoothing=0.1)(scores, target), nn.CrossEntropyLoss()(scores, smoothed)
    )


def test_cross_entropy_of_images_has_classes_on_axis_one():
    scores, target = ag.randn(2, 3, 4, 5), ag.zeros(2, 4, 5, dtype=ag.int64)
    assert tuple(nn.CrossEntropyLoss(reduction="none")(scores, target).shape) == (2, 4, 5)


def test_binary_cross_entropy_with_logits_weights_the_positive_class():
    loss = nn.BCEWithLogitsLoss(pos_weight=t([3.0]))
    assert loss(t([0.7]), t([1.0])).item() == pytest.approx(-3 * log_sigmoid(0.7))
    assert loss(t([0.7]), t([0.0])).item() == pytest.approx(-log_sigmoid(-0.7))


def test_binary_cross_entropy_of_certain_errors_is_a_hundred():
    assert nn.BCELoss()(ag.tensor([0.0]), ag.tensor([1.0])).item() == 100.0


def test_kl_divergence_averages_over_the_batch_and_takes_logarithms():
    x = ag.randn(3, 4, dtype=F64).log_softmax(1)
    y = ag.randn(3, 4, dtype=F64).log_softmax(1)
    wanted = (y.exp() * (y - x)).sum() / 3
    assert ag.allclose(nn.KLDivLoss(reduction="batchmean", log_target=True)(x, y), wanted)


# ---- likelihoods and distances ----


def test_gaussian_likelihood_is_the_density_of_the_normal_distribution():
    mean, target, var = t([1.0, 2.0]), t([0.0, 2.5]), t([0.5, 2.0])
    wanted = [0.5 * math.log(2 * math.pi * v) + (m - y) ** 2 / (2 * v) for m, y, v in ((1, 0, 0.5), (2, 2.5, 2))]
    assert ag.allclose(nn.GaussianNLLLoss(full=True, reduction="none")(mean, target, var), t(wanted))
    with pytest.raises(ValueError, match="var has negative"):
        nn.GaussianNLLLoss()(mean, target, -var)
    with pytest.raises(ValueError, match="var is of incorrect size"):
        nn.GaussianNLLLoss()(mean, target, t([1.0, 1.0, 1.0]))


def test_poisson_likelihood_adds_stirlings_term_above_one():
    given, counts = [0.5, 1.0], [1.0, 3.0]
    stirling = 3 * math.log(3) - 3 + 0.5 * math.log(2 * math.pi * 3)
    wanted = [0.5 - math.log(0.5), 1.0 + stirling]
    loss = nn.PoissonNLLLoss(log_input=False, full=True, eps=0, reduction="none")
    assert ag.allclose(loss(t(given), t(counts)), t(wanted))


def test_cosine_embedding_pulls_together_and_pushes_apart():
    one, two = t([[1.0, 0.0], [1.0, 0.0]]), t([[3.0, 4.0], [3.0, 4.0]])
    loss = nn.CosineEmbeddingLoss(margin=0.1, reduction="none")
    assert ag.allclose(loss(one, two, t([1.0, -1.0])), t([0.4, 0.5]))
    assert ag.allclose(nn.CosineSimilarity()(one, two), t([0.6, 0.6]))


def test_margin_ranking_asks_for_a_margin():
    loss = nn.MarginRankingLoss(margin=0.5, reduction="none")
    assert ag.allclose(loss(t([1.0, 1.0]), t([0.0, 0.8]), t([1.0, 1.0])), t([0.0, 0.3]))


def test_triplet_margin_compares_two_distances():
    anchor, near, far = t([[0.0, 0.0]]), t([[1.0, 0.0]]), t([[0.0, 1.5]])
    assert nn.TripletMarginLoss()(anchor, near, far).item() == pytest.approx(0.5, abs=1e-5)
    closer = t([[1.0, 0.5]])
    assert nn.TripletMarginLoss(swap=True)(anchor, near, closer).item() == pytest.approx(1.5, abs=1e-5)
    with pytest.raises(ValueError, match="margin to be greater than 0"):
        nn.TripletMarginLoss(margin=0.0)
    assert nn.PairwiseDistance(keepdim=True)(anchor, near).tolist()[0][0] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("dtype", [ag.uint8, ag.int32, ag.int64])
def test_losses_of_integers_are_floats(dtype):
    whole, ones = ag.tensor([3, 0], dtype=dtype), ag.ones(2, dtype=dtype)
    ranking = F.margin_ranking_loss(ones, ones, ones, margin=0.5)
    assert ranking.dtype is ag.float32 and ranking.item() == 0.5
    cosine = F.cosine_embedding_loss(whole[None], 2 * ones[None], ones[:1])
    assert cosine.dtype is ag.float32 and cosine.item() == pytest.approx(1 - math.sqrt(0.5), abs=1e-6)
    hinge = F.hinge_embedding_loss(whole, ag.tensor([-1, -1]), margin=0.5, reduction="none")
    assert hinge.dtype is ag.float32 and hinge.tolist() == [0, 0.5]


def test_cosine_embedding_loss_counts_pairs_alone_and_stays_small_at_zero():
    one, other = ag.ones(3, 4), ag.ones(3, 4)
    assert F.cosine_embedding_loss(one, other, ag.tensor([0.0, 1.0, -1.0]), reduction="none").tolist() == [0, 0, 1]
    zero = ag.zeros(1, 4, requires_grad=True)
    F.cosine_embedding_loss(zero, ag.ones(1, 4), ag.ones(1)).backward()
    assert ag.allclose(zero.grad, ag.full((1, 4), -0.5e6))
