"""What has a limit at infinity, or no weight there, is that limit and not NaN: losses, softmax, interpolation."""

import math

import pytest

import arcgrad as ag
import arcgrad.nn.functional as F

INF, NAN = float("inf"), float("nan")


def slopes(function, *inputs):
    leaves = [ag.tensor(values, requires_grad=True) for values in inputs]
    return [gradient.tolist() for gradient in ag.autograd.grad(function(*leaves), leaves)]


# ---- classification ----


def test_cross_entropy_of_what_never_happens():
    logits, target = [[0.0, -INF]], [[1.0, 0.0]]
    assert F.cross_entropy(ag.tensor(logits), ag.tensor(target)).item() == 0.0
    first, second = slopes(F.cross_entropy, logits, target)
    assert first == [[0.0, 0.0]] and second == [[0.0, INF]]
    assert F.cross_entropy(ag.tensor(logits), ag.tensor([[0.0, 1.0]])).item() == INF
    assert math.isnan(F.cross_entropy(ag.tensor([[0.0, NAN]]), ag.tensor(target)).item())


@pytest.mark.parametrize("how", ["none", "sum", "mean"])
def test_classes_without_weight_do_not_count(how):
    log_p, weight = ag.tensor([[0.0, -INF], [-1.0, -0.5]]), ag.tensor([1.0, 0.0])
    target = ag.tensor([1, 0])
    loss = F.nll_loss(log_p, target, weight, reduction=how)
    assert loss.tolist() == ([0.0, 1.0] if how == "none" else 1.0)
    assert F.cross_entropy(ag.tensor([[0.0, -INF]]), ag.tensor([1]), weight, reduction="sum").item() == 0.0
    probable = F.cross_entropy(ag.tensor([[0.0, -INF]]), ag.tensor([[0.5, 0.5]]), weight, reduction="sum")
    assert probable.item() == 0.0
    smooth = F.cross_entropy(ag.tensor([[0.0, -INF]]), ag.tensor([0]), weight, reduction="sum", label_smoothing=0.1)
    assert smooth.item() == 0.0


def test_softmax_of_one_infinity_is_certainty():
    for x in ([INF, 0.0, -INF], [INF, -INF, -INF]):
        assert ag.tensor(x).softmax(0).tolist() == [1.0, 0.0, 0.0]
        assert ag.tensor(x).log_softmax(0).tolist() == [0.0, -INF, -INF]
        columns = ag.tensor(x).unsqueeze(1).expand(3, 70)
        assert columns.softmax(0)[:, 69].tolist() == [1.0, 0.0, 0.0]
        assert columns.log_softmax(0)[:, 3].tolist() == [0.0, -INF, -INF]
    assert F.softmin(ag.tensor([-INF, 0.0]), 0).tolist() == [1.0, 0.0]
    for x in ([INF, INF], [-INF, -INF], [INF, NAN]):
        assert ag.tensor(x).softmax(0).isnan().all() and ag.tensor(x).log_softmax(0).isnan().all()


def test_cross_entropy_of_certainty():
    for recorded in (False, True):
        x = ag.tensor([[INF, 0.0]], requires_grad=True)
        loss = F.cross_entropy(x, ag.tensor([0]))
        assert loss.item() == 0.0
        assert ag.autograd.grad(loss, x, create_graph=recorded)[0].tolist() == [[0.0, 0.0]]
    assert F.cross_entropy(ag.tensor([[INF, 0.0]]), ag.tensor([1])).item() == INF


# ---- divergences and counts ----


def test_divergence_of_what_never_happens():
    x, target = [0.0, -INF], [1.0, 0.0]
    assert F.kl_div(ag.tensor(x), ag.tensor(target), reduction="sum").item() == 0.0
    assert F.kl_div(ag.tensor(x), ag.tensor(target), reduction="none").tolist() == [0.0, 0.0]
    leaf = ag.tensor(x, requires_grad=True)
    (slope,) = ag.autograd.grad(F.kl_div(leaf, ag.tensor(target), reduction="sum"), leaf)
    assert slope.tolist() == [-1.0, 0.0]
    assert F.kl_div(ag.tensor(x), ag.tensor([0.5, 0.5]), reduction="sum").item() == INF


def test_divergence_of_logarithms_of_what_never_happens():
    def divergence(x, target):
        return F.kl_div(x, target, reduction="sum", log_target=True)

    assert divergence(ag.tensor([0.0, -INF]), ag.tensor([0.0, -INF])).item() == 0.0
    assert slopes(divergence, [0.0, -1.0], [0.0, -INF]) == [[-1.0, 0.0], [1.0, 0.0]]
    assert divergence(ag.tensor([0.0, -INF]), ag.tensor([-1.0, -1.0])).item() == INF


def test_poisson_counts_that_do_not_occur():
    assert F.poisson_nll_loss(ag.tensor([-INF]), ag.tensor([0.0])).item() == 0.0
    assert F.poisson_nll_loss(ag.tensor([0.0]), ag.tensor([0.0]), log_input=False, eps=0.0).item() == 0.0
    assert F.poisson_nll_loss(ag.tensor([-INF]), ag.tensor([1.0])).item() == INF
    assert slopes(lambda x: F.poisson_nll_loss(x, ag.tensor([0.0])), [-INF]) == [[0.0]]


# ---- between numbers ----


def test_quantile_next_to_infinity():
    assert ag.tensor([1.0, INF]).quantile(0.5).item() == INF
    assert ag.tensor([-INF, 1.0]).quantile(0.25).item() == -INF
    assert ag.tensor([INF, INF]).quantile(0.5).item() == INF
    assert math.isnan(ag.tensor([-INF, INF]).quantile(0.5).item())
    assert ag.tensor([1.0, INF]).nanquantile(0.5).item() == INF
    assert ag.tensor([1.0, INF]).quantile(0.5, interpolation="midpoint").item() == INF


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_lerp_to_infinity_is_infinite_but_without_weight(weight):
    towards = 1.0 if weight == 0 else INF
    from_there = 1.0 if weight == 1 else INF
    for given in (weight, ag.tensor(weight), ag.tensor([weight])):
        assert ag.lerp(ag.tensor([1.0]), ag.tensor([INF]), given).tolist() == [towards]
        assert ag.lerp(ag.tensor([INF]), ag.tensor([1.0]), given).tolist() == [from_there]
        assert ag.lerp(ag.tensor([-INF]), ag.tensor([-INF]), given).tolist() == [-INF]
        assert math.isnan(ag.lerp(ag.tensor([NAN]), ag.tensor([INF]), given).item())


@pytest.mark.parametrize("bad", [INF, NAN])
def test_one_pixel_is_met_by_its_neighbours_alone(bad):
    image = ag.arange(49.0).view(1, 1, 7, 7)
    image[0, 0, 3, 3] = bad
    for resized in (
        F.interpolate(image, size=(14, 14), mode="bilinear"),
        F.interpolate(image, size=(13, 13), mode="bilinear", align_corners=True),
        F.adaptive_avg_pool2d(image, 5),
    ):
        clean = image.clone()
        clean[0, 0, 3, 3] = 24.0
        finite = resized.isfinite()
        assert 0 < (~finite).sum() <= 16
        assert not resized[~finite].eq(24.0).any()
        size = tuple(resized.shape[2:])
        if size[0] == 5:
            same = F.adaptive_avg_pool2d(clean, 5)
        else:
            same = F.interpolate(clean, size=size, mode="bilinear", align_corners=size[0] == 13)
        ag.testing.assert_close(resized[finite], same[finite])


# ---- the search: a loss with a limit is what it is at numbers ever farther out ----

FAR = [1e30, 1e35]
LOSSES = {
    "cross_entropy, class": lambda x: F.cross_entropy(x.view(1, 2), ag.tensor([0])),
    "cross_entropy, probabilities": lambda x: F.cross_entropy(x.view(1, 2), ag.tensor([[1.0, 0.0]])),
    "cross_entropy, mixed": lambda x: F.cross_entropy(x.view(1, 2), ag.tensor([[0.5, 0.5]])),
    "cross_entropy, weighted": lambda x: F.cross_entropy(
        x.view(1, 2), ag.tensor([[0.5, 0.5]]), weight=ag.tensor([1.0, 0.0]), reduction="sum"
    ),
    "softmax": lambda x: x.softmax(0)[0],
    "log_softmax": lambda x: x.log_softmax(0)[0],
    "logsumexp": lambda x: x.logsumexp(0),
    "kl_div": lambda x: F.kl_div(x, ag.tensor([1.0, 0.0]), reduction="sum"),
    "kl_div, logarithms": lambda x: F.kl_div(x, ag.tensor([0.0, -INF]), reduction="sum", log_target=True),
    "soft_margin_loss": lambda x: F.soft_margin_loss(x, ag.tensor([1.0, -1.0])),
    "multilabel_soft_margin": lambda x: ag.nn.functional.logsigmoid(x).sum(),
    "hinge_embedding_loss": lambda x: F.hinge_embedding_loss(x, ag.tensor([1.0, -1.0])),
    "poisson_nll_loss": lambda x: F.poisson_nll_loss(x, ag.tensor([0.0, 0.0])),
    "margin_ranking_loss": lambda x: F.margin_ranking_loss(x[:1], ag.tensor([0.0]), ag.tensor([1.0])),
    "smooth_l1_loss": lambda x: F.smooth_l1_loss(x, ag.tensor([1.0, 2.0])),
    "huber_loss": lambda x: F.huber_loss(x, ag.tensor([1.0, 2.0])),
    "l1_loss": lambda x: F.l1_loss(x, ag.tensor([1.0, 2.0])),
    "mse_loss": lambda x: F.mse_loss(x, ag.tensor([1.0, 2.0])),
    "quantile": lambda x: x.quantile(0.75),
    "mean": lambda x: x.mean(),
    "interpolate": lambda x: F.interpolate(x.view(1, 1, 2), size=5, mode="linear")[0, 0, 1],
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_have_their_limits_at_infinity(name):
    function = LOSSES[name]
    for signs in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1)]:
        near, far = [function(ag.tensor([sign * size for sign in signs])).item() for size in FAR]
        at = function(ag.tensor([sign * INF if sign else 0.0 for sign in signs])).item()
        if near == far:
            # Opposite infinities have no mean.
            assert at == near or (name == "mean" and all(signs)), (signs, at, near)
        elif near and abs(far) / abs(near) > 1e4:
            # It grows without bound: opposite infinities alone may leave nothing to say.
            assert at == math.copysign(INF, far) or (math.isnan(at) and all(signs)), (signs, at, far)


@pytest.mark.parametrize("arriving", [math.inf, math.nan])
def test_a_gradient_that_is_not_finite_reaches_the_elements_of_its_window_alone(arriving):
    F = ag.nn.functional
    cases = [
        (lambda x: F.interpolate(x, scale_factor=2, mode="linear"), [1]),
        (lambda x: F.interpolate(x, size=3, mode="area"), [1, 2]),
        (lambda x: F.adaptive_avg_pool1d(x, 3), [1, 2]),
    ]
    for function, reached in cases:
        x = ag.zeros(1, 1, 4, requires_grad=True)
        y = function(x)
        seed = ag.zeros_like(y)
        seed[0, 0, 0] = arriving
        (gradient,) = ag.autograd.grad(y, x, seed)
        assert gradient[0, 0].isfinite().tolist() == [place >= len(reached) for place in range(4)]


def test_an_infinite_power_of_two_is_a_limit():
    x = ag.tensor([1.0, -2.0, 1e-30, 3.0])
    assert ag.ldexp(x, ag.tensor(INF)).tolist() == [INF, -INF, INF, INF]
    assert ag.ldexp(x, ag.tensor(-INF)).tolist() == [0, 0, 0, 0]


# ---- functions of one number ----

#: Their values at 0, −0, ∞, −∞, a number below all normal ones, and one far out.
OF_ONE = {
    "exp": [1.0, 1.0, INF, 0.0, 1.0, INF],
    "log": [-INF, -INF, INF, NAN, -92.1034, 69.0776],
    "sqrt": [0.0, -0.0, INF, NAN, 1e-20, 1e15],
    "tanh": [0.0, -0.0, 1.0, -1.0, 1e-40, 1.0],
    "gelu": [0.0, -0.0, INF, -0.0, 5e-41, 1e30],
}


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("dtype", [ag.float32, ag.float64])
def test_functions_have_their_limits_wherever_an_element_stands(name, dtype):
    function = getattr(F, name, None) or getattr(ag, name)
    x = ag.tensor([0.0, -0.0, INF, -INF, 1e-40, 1e30, NAN], dtype=dtype)
    y = function(x).tolist()
    assert math.isnan(y[-1])
    for got, want in zip(y, OF_ONE[name]):
        assert math.isnan(want) == math.isnan(got) and (math.isnan(want) or math.isclose(got, want, rel_tol=1e-4))
        assert math.isnan(want) or math.copysign(1, got) == math.copysign(1, want)
    # Among others, at each place of a group and in what is left of one.
    for n in (16, 37):
        for at in range(n):
            line = ag.linspace(0.5, 2.0, n, dtype=dtype)
            alone = function(line.clone())
            line[at], alone[at] = x[at % 6], function(x[at % 6])
            assert ag.allclose(function(line), alone, rtol=0, atol=0, equal_nan=True)


def test_gelu_keeps_its_digits_far_below_zero():
    x = -ag.linspace(0.01, 12.0, 1000, dtype=ag.float64).float()
    exact = x.double() * ag.erfc(x.double() / -math.sqrt(2.0)) * 0.5
    assert ((F.gelu(x).double() - exact) / exact).abs().max() < 6e-7
