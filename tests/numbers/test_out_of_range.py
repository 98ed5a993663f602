"""Results that have room in their dtype are right where squares, sums or differences on the way to them have none."""

import itertools
import math

import pytest

import arcgrad as ag
import arcgrad.nn.functional as F

INF = float("inf")


def f32(*values):
    return ag.tensor(values)


def gradient(function, *values, dtype=None):
    x = ag.tensor(values, dtype=dtype, requires_grad=True)
    (result,) = ag.autograd.grad(function(x), x)
    return result


def close(actual, expected, rtol=2e-6):
    ag.testing.assert_close(actual, ag.as_tensor(expected, dtype=actual.dtype), rtol=rtol, atol=0, equal_nan=True)


# ---- the values by themselves ----


def test_norm_of_huge_numbers():
    close(f32(3e30, 4e30).norm(), 5e30)
    close(gradient(lambda x: x.norm(), 3e30, 4e30), [0.6, 0.8])


def test_norm_of_tiny_numbers():
    close(f32(3e-30, 4e-30).norm(), 5e-30)
    close(gradient(lambda x: x.norm(), 3e-30, 4e-30), [0.6, 0.8])
    close(f32(3e-21, 4e-21).norm(), 5e-21)


def test_norm_of_numbers_near_the_end_of_the_range():
    close(f32(3e38, 0.0).norm(), 3e38)
    close(gradient(lambda x: x.norm(), 2e38, 2e38), [0.5**0.5] * 2)
    least = 2.0**-149
    assert f32(3 * least, 4 * least).norm().item() == 5 * least


def test_norm_of_infinity_and_nan_is_what_it_was():
    assert f32(INF, 1.0).norm().item() == INF
    assert math.isnan(f32(math.nan, 1e30).norm().item())
    assert f32(0.0, 0.0).norm().item() == 0.0


def test_lines_do_not_disturb_each_other():
    x = ag.tensor([[3e30, 4e30], [3.0, 4.0], [3e-30, 4e-30], [0.0, 0.0], [INF, 1.0]])
    close(x.norm(dim=1), [5e30, 5.0, 5e-30, 0.0, INF])
    close(x.norm(dim=1, keepdim=True), [[5e30], [5.0], [5e-30], [0.0], [INF]])
    ordinary = ag.randn(7, 33)
    mixed = ag.cat([ordinary, ag.full((1, 33), 1e30)])
    assert ag.equal(mixed.norm(dim=1)[:7], ordinary.norm(dim=1))
    assert ag.equal(mixed.norm(3.0, dim=1)[:7], ordinary.norm(3.0, dim=1))


@pytest.mark.parametrize("p", [-3.0, -1.0, 0.5, 1.5, 3.0, 12.0])
def test_norms_of_any_order(p):
    base = ag.tensor([3.0, 4.0, 2.0], dtype=ag.float64)
    for dtype, power in [(ag.float32, 100), (ag.float32, -100), (ag.float64, 900), (ag.float64, -900)]:
        scaled = (base * 2.0**power).to(dtype)
        close(scaled.norm(p).double() / 2.0**power, base.norm(p), rtol=2e-6)
    close(f32(1e-30, 0.0, 1e-30).norm(p).double(), ag.tensor([1.0, 0.0, 1.0], dtype=ag.float64).norm(p) * 1e-30)


def test_normalize_of_huge_numbers():
    close(F.normalize(f32(6e25, 8e25), dim=0), [0.6, 0.8])


def test_directions_of_vectors_whose_length_has_no_room():
    close(F.normalize(f32(3e38, 3e38), dim=0), [0.5**0.5] * 2)
    close(F.cosine_similarity(f32(3e38, 3e38), f32(3e38, 0.0), dim=0), 0.5**0.5)
    assert F.normalize(f32(INF, 1.0), dim=0)[1].item() == 0.0
    for recorded in (False, True):
        x = ag.tensor([3e38, 2e38], requires_grad=True)
        (slope,) = ag.autograd.grad(F.normalize(x, dim=0)[0] * 1e38, x, create_graph=recorded)
        close(slope, [4 / 13**1.5, -6 / 13**1.5], rtol=1e-5)


def test_means_of_windows_have_room():
    x = f32(3e38, 2e38, 3e38, INF).view(1, 1, 4)
    close(F.avg_pool1d(x, 2, 1), [[[2.5e38, 2.5e38, INF]]])


def test_histogram_over_the_whole_range():
    assert ag.histc(f32(3e38, -3e38, 2e38), 3).tolist() == [1.0, 0.0, 2.0]
    assert ag.histc(f32(3e30, 4e30, -1e30), 100).sum().item() == 3.0


def test_clip_grad_norm_of_huge_gradients():
    p = ag.nn.Parameter(ag.zeros(2))
    p.grad = f32(3e25, 4e25)
    close(ag.nn.utils.clip_grad_norm_([p], 1.0), 5e25)
    close(p.grad, [0.6, 0.8])


def test_batch_norm_of_numbers_whose_variance_has_no_room():
    close(F.batch_norm(f32(1e20, 3e20).view(2, 1), None, None, training=True), [[-1.0], [1.0]])
    x = ag.tensor([[1e200], [3e200]], dtype=ag.float64)
    close(F.batch_norm(x, None, None, training=True), [[-1.0], [1.0]], rtol=1e-14)


@pytest.mark.parametrize("normal", [F.layer_norm, F.rms_norm])
@pytest.mark.parametrize("dtype, power", [(ag.float32, 100), (ag.float32, 126), (ag.float64, 900), (ag.float64, 1021)])
def test_layer_norm_does_not_depend_on_the_scale(normal, dtype, power):
    base = ag.tensor([[1.0, 3.0, -3.5, 2.0], [0.5, -1.0, 0.25, 1.0]], dtype=dtype)
    wanted = normal(base, (4,), eps=0.0)
    close(normal(base * 2.0**power, (4,)), wanted, rtol=3e-6 if dtype == ag.float32 else 1e-14)


def test_means_and_sums_whose_partial_sums_overflow():
    close(f32(3e38, 3e38, 3e38).mean(), 3e38)
    close(f32(3e38, 3e38, -3e38).sum(), 3e38)
    close(ag.tensor([[3e38, 3e38, -3e38], [1.0, 2.0, 3.0]]).sum(1), [3e38, 6.0])
    close(ag.tensor([1.7e308] * 3, dtype=ag.float64).mean(), 1.7e308, rtol=1e-15)
    assert f32(3e38, 3e38).sum().item() == INF and math.isnan(f32(INF, -INF).sum().item())
    assert f32(-INF, 3e38, 3e38).mean().item() == -INF


def test_deviation_of_doubles_whose_variance_has_no_room():
    x = ag.tensor([1e200, 3e200], dtype=ag.float64)
    close(x.std(correction=0), 1e200, rtol=1e-15)
    close(gradient(lambda x: x.std(correction=0), 1e200, 3e200, dtype=ag.float64), [-0.5, 0.5], rtol=1e-14)
    close(ag.tensor([1e-200, 3e-200], dtype=ag.float64).std(correction=0), 1e-200, rtol=1e-15)
    std, mean = ag.std_mean(ag.tensor([1.5e308, 1.7e308, 1.6e308], dtype=ag.float64), correction=0)
    close(mean, 1.6e308, rtol=1e-15)
    assert ag.tensor([1.7e308] * 3, dtype=ag.float64).var().item() == 0.0
    close(gradient(lambda x: x.std(), 1e30, 3e30), [-0.5**0.5, 0.5**0.5])


def test_linspace_over_the_whole_range():
    close(ag.linspace(-3e38, 3e38, 3), [-3e38, 0.0, 3e38])
    close(ag.linspace(-3e38, 3e38, 5), [-3e38, -1.5e38, 0.0, 1.5e38, 3e38])
    close(ag.linspace(-1.7e308, 1.7e308, 3, dtype=ag.float64), [-1.7e308, 0.0, 1.7e308])
    assert ag.linspace(3e38, -3e38, 1).tolist() == [f32(3e38).item()]


def test_lerp_over_the_whole_range():
    close(ag.lerp(f32(-3e38), f32(3e38), 0.75), [1.5e38])
    close(ag.lerp(f32(-3e38), f32(3e38), f32(0.25)), [-1.5e38])


def test_draws_of_huge_weights_follow_the_weights():
    weights = f32(3e38, 0.0, 3e38, 1e38)
    for replacement in (True, False):
        ag.manual_seed(0)
        drawn = [ag.multinomial(weights, 2, replacement)[0].item() for _ in range(300)]
        assert set(drawn) == {0, 2, 3} and 80 < drawn.count(2) < 180


# ---- the search: what scales with its input scales at either end of the range ----

# Of degree 1 (a length) or 0 (a direction): what they give for s·x is sᵈ times what they give for x.
FUNCTIONS = {
    "norm": (1, lambda x: x.norm()),
    "norm of columns": (1, lambda x: x.norm(dim=0)),
    "norm of rows": (1, lambda x: x.norm(dim=1, keepdim=True)),
    "vector_norm": (1, lambda x: ag.linalg.vector_norm(x, 2.5, dim=1)),
    "norm 1": (1, lambda x: x.norm(1)),
    "norm inf": (1, lambda x: x.norm(INF)),
    "norm of negative order": (1, lambda x: x.norm(-2, dim=0)),
    "mean": (1, lambda x: x.mean(0)),
    "sum": (1, lambda x: x.sum(1)),
    "std": (1, lambda x: x.std(0)),
    "std_mean": (1, lambda x: ag.cat(ag.std_mean(x, 1))),
    "cdist": (1, lambda x: ag.cdist(x[:1], x[1:])),
    "pairwise_distance": (1, lambda x: F.pairwise_distance(x[0], x[1:], eps=0.0)),
    "lerp": (1, lambda x: ag.lerp(x[0], x[1], 0.3)),
    "quantile": (1, lambda x: x.quantile(0.3)),
    "median": (1, lambda x: x.median()),
    "logsumexp apart": (1, lambda x: x.amax(1)),
    "normalize": (0, lambda x: F.normalize(x, dim=1, eps=0.0)),
    "normalize 3": (0, lambda x: F.normalize(x, 3.0, dim=1, eps=0.0)),
    "cosine_similarity": (0, lambda x: F.cosine_similarity(x[0], x[1:], dim=-1, eps=0.0)),
    "layer_norm": (0, lambda x: F.layer_norm(x, (4,), eps=0.0)),
    "rms_norm": (0, lambda x: F.rms_norm(x, (4,), eps=0.0)),
    "batch_norm": (0, lambda x: F.batch_norm(x, None, None, training=True, eps=0.0)),
    "batch_norm of planes": (0, lambda x: F.batch_norm(x.view(1, 3, 4), None, None, training=True, eps=0.0)),
    "group_norm": (0, lambda x: F.group_norm(x.view(1, 6, 2), 3, eps=0.0)),
    "instance_norm": (0, lambda x: F.instance_norm(x.view(1, 3, 4), eps=0.0)),
}
SCALES = [(ag.float32, 2.0**k) for k in (-100, -70, 66, 100, 122)] + [(ag.float64, 2.0**k) for k in (-960, -600, 600, 960, 1018)]


def value_and_gradient(function, x, recorded):
    """The value, and its gradient by the fused rules or, ``recorded``, by operations."""
    x = x.detach().requires_grad_()
    value = function(x)
    weights = ag.linspace(0.5, 1.5, value.numel(), dtype=x.dtype).view(value.shape)
    (first,) = ag.autograd.grad((value * weights).sum(), x, create_graph=recorded)
    return value.detach(), first.detach()


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_scale_with_the_input(name, recorded):
    degree, function = FUNCTIONS[name]
    base = ag.tensor([[1.0, -3.0, 2.0, 0.5], [2.5, 1.5, -1.0, 3.5], [-0.5, 2.0, 1.25, -2.0]], dtype=ag.float64)
    value, first = value_and_gradient(function, base, recorded)
    for dtype, scale in SCALES:
        scaled, slope = value_and_gradient(function, (base * scale).to(dtype), recorded)
        # Scales are powers of two: what comes back to the middle of the range is exact.
        rtol, atol = (1e-5, 1e-6) if dtype == ag.float32 else (1e-13, 1e-14)
        back = scaled.double() / (scale if degree else 1.0)
        ag.testing.assert_close(back, value, rtol=rtol, atol=atol)
        if degree == 0 and dtype == ag.float32 and scale > 2.0**120:
            continue  # a gradient of this size is subnormal
        if degree == 0 and dtype == ag.float64 and scale > 2.0**1000:
            continue
        again = slope.double() if degree else slope.double() * scale
        ag.testing.assert_close(again, first, rtol=10 * rtol, atol=10 * atol)


# ---- the search: single precision agrees with double precision, where what that gives has room ----

EDGES = [
    [3e30, 4e30, -1e30],
    [3e-30, 4e-30, 1e-30],
    [3e38, 2e38, 3e38],
    [1e-38, 2e-38, 3e-39],
    [1e20, -2e20, 3e20],
    [3e38, -3e38, 1e38],
]
RANDOM = {"normal", "svd_lowrank", "pca_lowrank", "rand_like", "randn_like", "randint_like", "bernoulli", "rrelu", "gumbel_softmax", "multinomial", "empty_like"}
# Differences of products, sums of areas of either sign, and quotients by a power of a sum of squares: without scales so far.
UNSCALED = {"cross", "cond", "trapezoid", "trapz", "cumulative_trapezoid", "local_response_norm"}
# Elementwise, half or six times their result on the way to it.
ELEMENTWISE = {"gelu", "hardswish"}
# The digits that remain of differences of nearly the same numbers, numbers at the edges of bins, targets that are none.
OTHERS = {"instance_norm", "histc", "histogram", "multilabel_soft_margin_loss", "soft_margin_loss"}


def functions():
    seen = set()
    for module in (ag, F, ag.linalg, ag.special, ag.Tensor):
        for name in dir(module):
            function = getattr(module, name, None)
            if name[0] == "_" or name[-1] == "_" or name in seen or not callable(function) or isinstance(function, type):
                continue
            if "dropout" not in name and name not in RANDOM | UNSCALED | ELEMENTWISE | OTHERS:
                seen.add(name)
                yield name, function


def tensors_of(result):
    results = result if isinstance(result, (tuple, list)) else [result]
    return [item for item in results if isinstance(item, ag.Tensor) and item.layout is ag.strided]


def has_room(value):
    return value == 0 or 1.2e-38 < abs(value) < 3.4e38


@pytest.mark.filterwarnings("ignore")
def test_single_precision_is_right_wherever_it_has_room():
    compared = set()
    for name, function in functions():
        for values, shape in itertools.product(EDGES, [(3,), (1, 1, 3)]):
            single = ag.tensor(values).view(*shape)
            for extra in (lambda x: (), lambda x: (x.flip(-1),), lambda x: (2,)):
                try:
                    results = [tensors_of(function(x, *extra(x))) for x in (single, single.double())]
                except Exception:
                    continue
                for narrow, wide in zip(*results):
                    if (narrow.dtype, wide.dtype) != (ag.float32, ag.float64) or narrow.shape != wide.shape:
                        continue
                    compared.add(name)
                    for a, b in zip(narrow.flatten().tolist(), wide.flatten().tolist()):
                        assert not has_room(b) or abs(a - b) <= 2e-5 * abs(b) + 1e-44, (name, values, shape, a, b)
    assert len(compared) > 150
