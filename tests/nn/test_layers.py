"""Layers and activations: values, shapes, settings, printing, errors. Figures are PyTorch's unless derived here."""

import math
import subprocess
import sys

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn import functional as F

F64 = ag.float64

REPRS = [
    "Linear(in_features=1, out_features=2, bias=False)",
    "Bilinear(in1_features=1, in2_features=2, out_features=3, bias=True)",
    "Identity()",
    "Flatten(start_dim=1, end_dim=-1)",
    "Unflatten(dim=1, unflattened_size=(2, 3))",
    "Embedding(3, 2, padding_idx=1, max_norm=2.0)",
    "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1))",
    "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), groups=2, bias=False)",
    "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=same, padding_mode=reflect)",
    "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)",
    "AvgPool2d(kernel_size=2, stride=2, padding=1)",
    "LayerNorm((3,), eps=1e-05, elementwise_affine=True, bias=True)",
    "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)",
    "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    "Dropout(p=0.1, inplace=False)",
    "Dropout2d(p=0.5, inplace=False)",
    "ReLU(inplace=True)",
    "ReLU6()",
    "LeakyReLU(negative_slope=0.01)",
    "ELU(alpha=1.0)",
    "CELU(alpha=1.0, inplace=True)",
    "GELU(approximate='tanh')",
    "Softplus(beta=1.0, threshold=20.0)",
    "Hardtanh(min_val=0.0, max_val=2.0)",
    "PReLU(num_parameters=3)",
    "Softmax(dim=1)",
    "LogSoftmax(dim=1)",
    "Softmin(dim=1)",
    "Softshrink(0.5)",
    "Threshold(threshold=1, value=2)",
    "GLU(dim=-1)",
    "RReLU(lower=0.125, upper=0.3333333333333333)",
]

MADE_BY = {
    "Linear(in_features=1, out_features=2, bias=False)": lambda: nn.Linear(1, 2, bias=False),
    "Bilinear(in1_features=1, in2_features=2, out_features=3, bias=True)": lambda: nn.Bilinear(1, 2, 3),
    "Embedding(3, 2, padding_idx=1, max_norm=2.0)": lambda: nn.Embedding(3, 2, padding_idx=-2, max_norm=2.0),
    "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1))": lambda: nn.Conv2d(2, 4, 3),
    "Conv2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), groups=2, bias=False)": (
        lambda: nn.Conv2d(2, 4, 3, 2, 1, 2, 2, False)
    ),
    "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=same, padding_mode=reflect)": (
        lambda: nn.Conv2d(2, 4, 3, padding="same", padding_mode="reflect")
    ),
    "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)": lambda: nn.MaxPool2d(2),
    "AvgPool2d(kernel_size=2, stride=2, padding=1)": lambda: nn.AvgPool2d(2, padding=1),
    "LayerNorm((3,), eps=1e-05, elementwise_affine=True, bias=True)": lambda: nn.LayerNorm(3),
    "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)": lambda: nn.GroupNorm(2, 4),
    "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)": (
        lambda: nn.BatchNorm1d(3)
    ),
    "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)": (
        lambda: nn.BatchNorm2d(3)
    ),
    "Softshrink(0.5)": lambda: nn.Softshrink(),
}


@pytest.mark.parametrize("text", REPRS)
def test_repr_is_pytorchs(text):
    make = MADE_BY.get(text) or (lambda: eval("nn." + text, {"nn": nn}))
    assert repr(make()) == text


def check_values(module, given, wanted, tolerance=1e-6):
    """``module`` takes the list ``given`` to ``wanted``, and its gradient is that of finite differences."""
    x = ag.tensor(given, dtype=F64, requires_grad=True)
    y = module(x)
    assert ag.allclose(y, ag.tensor(wanted, dtype=F64), rtol=0, atol=tolerance)
    (grad,) = ag.autograd.grad(y.sum(), x)
    step = 1e-6
    with ag.no_grad():
        difference = (module(x + step) - module(x - step)) / (2 * step)
    assert ag.allclose(grad, difference, rtol=1e-5, atol=1e-6)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


POINTS = [-3.5, -1.0, -0.25, 0.3, 1.0, 4.0]

ACTIVATIONS = {
    "ReLU": (nn.ReLU(), lambda x: max(x, 0)),
    "ReLU6": (nn.ReLU6(), lambda x: min(max(x, 0), 6)),
    "LeakyReLU": (nn.LeakyReLU(0.2), lambda x: x if x > 0 else 0.2 * x),
    "ELU": (nn.ELU(0.5), lambda x: x if x > 0 else 0.5 * math.expm1(x)),
    "CELU": (nn.CELU(0.5), lambda x: max(x, 0) + min(0, 0.5 * math.expm1(x / 0.5))),
    "SELU": (
        nn.SELU(),
        lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    ),
    "GELU": (nn.GELU(), lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2),
    "GELU(tanh)": (
        nn.GELU("tanh"),
        lambda x: x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
    ),
    "SiLU": (nn.SiLU(), lambda x: x * sigmoid(x)),
    "Mish": (nn.Mish(), lambda x: x * math.tanh(math.log1p(math.exp(x)))),
    "Softplus": (nn.Softplus(2.0), lambda x: math.log1p(math.exp(2 * x)) / 2),
    "Softplus(threshold)": (nn.Softplus(2.0, 1.0), lambda x: x if 2 * x > 1 else math.log1p(math.exp(2 * x)) / 2),
    "Sigmoid": (nn.Sigmoid(), sigmoid),
    "LogSigmoid": (nn.LogSigmoid(), lambda x: math.log(sigmoid(x))),
    "Tanh": (nn.Tanh(), math.tanh),
    "Hardtanh": (nn.Hardtanh(-2.0, 0.5), lambda x: min(max(x, -2), 0.5)),
    "Hardsigmoid": (nn.Hardsigmoid(), lambda x: min(max(x + 3, 0), 6) / 6),
    "Hardswish": (nn.Hardswish(), lambda x: x * min(max(x + 3, 0), 6) / 6),
    "Softsign": (nn.Softsign(), lambda x: x / (1 + abs(x))),
    "Tanhshrink": (nn.Tanhshrink(), lambda x: x - math.tanh(x)),
    "Softshrink": (nn.Softshrink(0.5), lambda x: math.copysign(max(abs(x) - 0.5, 0), x)),
    "Hardshrink": (nn.Hardshrink(0.5), lambda x: x if abs(x) > 0.5 else 0),
    "Threshold": (nn.Threshold(0.5, 7.0), lambda x: x if x > 0.5 else 7.0),
    "PReLU": (nn.PReLU(dtype=F64), lambda x: x if x > 0 else 0.25 * x),
    "RReLU": (nn.RReLU(0.2, 0.4).eval(), lambda x: x if x > 0 else 0.3 * x),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_has_the_value_and_gradient_of_its_formula(name):
    module, formula = ACTIVATIONS[name]
    check_values(module, POINTS, [formula(x) for x in POINTS])


@pytest.mark.parametrize(
    "kind", [nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid]
)
def test_in_place_activation_overwrites_its_input_and_has_the_same_gradient(kind):
    results = []
    for inplace in (False, True):
        x = ag.tensor(POINTS, requires_grad=True)
        copy = x.clone()
        y = kind(inplace=inplace)(copy)
        assert ag.equal(copy, y) == inplace
        y.sum().backward()
        results.append((y.detach(), x.grad))
    assert ag.allclose(results[0][0], results[1][0])
    assert ag.allclose(results[0][1], results[1][1])


def test_softmax_sums_to_one_along_its_axis():
    x = ag.randn(3, 4, dtype=F64)
    y = nn.Softmax(dim=1)(x)
    assert ag.allclose(y.sum(1), ag.ones(3, dtype=F64))
    assert ag.allclose(nn.LogSoftmax(dim=1)(x).exp(), y)
    assert ag.allclose(nn.Softmin(dim=1)(-x), y)
    assert tuple(nn.Softmax2d()(ag.zeros(2, 3, 4, 4)).shape) == (2, 3, 4, 4)


def test_prelu_of_a_number_is_a_number():
    assert F.prelu(ag.tensor(-2.0), ag.tensor([0.25])).tolist() == -0.5


def test_prelu_has_one_weight_per_channel():
    module = nn.PReLU(2)
    with ag.no_grad():
        module.weight.copy_(ag.tensor([0.5, 2.0]))
    y = module(-ag.ones(1, 2, 3))
    assert y.tolist() == [[[-0.5] * 3, [-2.0] * 3]]
    y.sum().backward()
    assert module.weight.grad.tolist() == [-3.0, -3.0]
    with pytest.raises(RuntimeError, match="Mismatch of parameter numbers"):
        module(ag.ones(1, 3))


def test_glu_gates_the_first_half_with_the_second():
    x = ag.tensor([1.0, 2.0, 0.0, 1.0])
    assert ag.allclose(nn.GLU()(x), ag.tensor([0.5, 2 * sigmoid(1)]))
    with pytest.raises(RuntimeError, match="must be even"):
        nn.GLU()(ag.zeros(3))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: nn.Dropout(1.5), ValueError),
        (lambda: nn.Hardtanh(2.0, 1.0), AssertionError),
        (lambda: nn.CELU(0.0)(ag.zeros(1)), RuntimeError),
        (lambda: nn.Softshrink(-1.0)(ag.zeros(1)), RuntimeError),
        (lambda: nn.GroupNorm(2, 3), ValueError),
        (lambda: nn.Unflatten(1, (2.0, 3)), TypeError),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError),
        (lambda: nn.Conv2d(4, 4, 3, groups=0), ValueError),
        (lambda: nn.Conv2d(4, 4, 3, 2, "same"), ValueError),
        (lambda: nn.Conv2d(4, 4, 3, padding="some"), ValueError),
        (lambda: nn.Conv2d(4, 4, 3, padding_mode="some"), ValueError),
        (lambda: nn.Embedding(3, 2, padding_idx=3), AssertionError),
        (lambda: nn.BatchNorm1d(3)(ag.zeros(2, 3, 4, 5)), ValueError),
        (lambda: nn.BatchNorm2d(3)(ag.zeros(2, 3)), ValueError),
    ],
)
def test_bad_settings_are_refused(make, error):
    with pytest.raises(error):
        make()


# ---- linear ----


def test_linear_starts_with_pytorchs_weights():
    ag.manual_seed(0)
    layer = nn.Linear(3, 2)
    wanted = [[-0.00432252, 0.30971584, -0.47518533], [-0.4248946, -0.22236897, 0.15482073]]
    assert ag.allclose(layer.weight, ag.tensor(wanted), rtol=0, atol=1e-7)
    assert ag.allclose(layer.bias, ag.tensor([-0.01143914, 0.45777494]), rtol=0, atol=1e-7)
    assert ag.rand(1).item() == pytest.approx(0.455627977848053, abs=1e-7)


def test_linear_is_a_product_plus_bias():
    layer = nn.Linear(3, 2, dtype=F64)
    x = ag.randn(4, 5, 3, dtype=F64)
    assert ag.allclose(layer(x), x @ layer.weight.T + layer.bias)
    without = nn.Linear(3, 2, bias=False)
    assert without.bias is None and list(without.state_dict()) == ["weight"]


def test_linear_uses_a_weight_that_replaced_its_parameter():
    layer = nn.Linear(2, 1, bias=False)
    del layer.weight
    layer.weight = ag.tensor([[2.0, 3.0]])
    assert layer(ag.tensor([1.0, 10.0])).tolist() == [32.0]


def test_bilinear_is_a_form_in_two_arguments():
    layer = nn.Bilinear(2, 3, 4, dtype=F64)
    x, y = ag.randn(5, 2, dtype=F64), ag.randn(5, 3, dtype=F64)
    wanted = ag.stack([((x @ layer.weight[k]) * y).sum(1) for k in range(4)], 1) + layer.bias
    assert ag.allclose(layer(x, y), wanted)


def test_flatten_and_unflatten_are_inverse():
    x = ag.arange(24).view(2, 3, 4)
    assert tuple(nn.Flatten()(x).shape) == (2, 12)
    assert ag.equal(nn.Unflatten(1, (3, 4))(nn.Flatten()(x)), x)


# ---- convolution and pooling ----


def test_conv2d_starts_with_pytorchs_weights():
    ag.manual_seed(0)
    layer = nn.Conv2d(1, 2, 2)
    assert layer.weight.flatten()[:3].tolist() == pytest.approx([-0.00374341, 0.2682218, -0.41152257], abs=1e-7)
    assert layer.bias.tolist() == pytest.approx([-0.04437202, 0.13230628], abs=1e-7)


def cross_correlation(x, weight, stride=1, dilation=1):
    """By definition: x (H, W), weight (kH, kW), lists of numbers."""
    height = dilation * (len(weight) - 1) + 1
    width = dilation * (len(weight[0]) - 1) + 1
    return [
        [
            sum(w * x[i + dilation * a][j + dilation * b] for a, row in enumerate(weight) for b, w in enumerate(row))
            for j in range(0, len(x[0]) - width + 1, stride)
        ]
        for i in range(0, len(x) - height + 1, stride)
    ]


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_conv2d_is_the_cross_correlation(stride, dilation):
    layer = nn.Conv2d(1, 1, (2, 3), stride=stride, dilation=dilation, bias=False, dtype=F64)
    x = ag.randn(1, 1, 6, 7, dtype=F64)
    wanted = cross_correlation(x[0, 0].tolist(), layer.weight[0, 0].tolist(), stride, dilation)
    assert ag.allclose(layer(x)[0, 0], ag.tensor(wanted, dtype=F64))


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_conv2d_pads_as_its_mode_says(mode):
    layer = nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode=mode, dtype=F64)
    x = ag.randn(1, 2, 5, 6, dtype=F64)
    padded = F.pad(x, (2, 2, 1, 1), "constant" if mode == "zeros" else mode)
    assert ag.allclose(layer(x), F.conv2d(padded, layer.weight, layer.bias))


@pytest.mark.parametrize(("padding", "size"), [("same", (5, 6)), ("valid", (2, 5)), (0, (2, 5))])
def test_conv2d_with_named_padding_has_the_named_size(padding, size):
    layer = nn.Conv2d(1, 1, (4, 2), padding=padding)
    assert tuple(layer(ag.zeros(1, 1, 5, 6)).shape[2:]) == size
    assert tuple(layer(ag.zeros(1, 5, 6)).shape[1:]) == size


def test_conv2d_groups_do_not_see_each_other():
    layer = nn.Conv2d(4, 2, 1, groups=2, bias=False)
    x = ag.ones(1, 4, 1, 1, requires_grad=True)
    layer(x)[0, 0].sum().backward()
    assert bool((x.grad[0, 2:] == 0).all()) and bool((x.grad[0, :2] != 0).all())


def test_max_pool_gives_maxima_and_their_places():
    x = ag.arange(16.0).view(1, 1, 4, 4).requires_grad_()
    y, places = nn.MaxPool2d(2, return_indices=True)(x)
    assert y.flatten().tolist() == [5.0, 7.0, 13.0, 15.0]
    assert places.flatten().tolist() == [5, 7, 13, 15]
    y.sum().backward()
    assert x.grad.sum().item() == 4.0 and x.grad[0, 0, 1, 1].item() == 1.0
    assert tuple(nn.MaxPool2d(3, stride=2, ceil_mode=True)(x).shape[2:]) == (2, 2)


def test_avg_pool_counts_padding_unless_told_not_to():
    x = ag.ones(1, 1, 2, 2)
    assert nn.AvgPool2d(2, padding=1)(x).flatten().tolist() == [0.25] * 4
    assert nn.AvgPool2d(2, padding=1, count_include_pad=False)(x).flatten().tolist() == [1.0] * 4
    assert nn.AvgPool2d(2, divisor_override=2)(x).flatten().tolist() == [2.0]


# ---- padding ----


@pytest.mark.parametrize(
    ("pad", "mode", "wanted"),
    [
        ((1, 2), "constant", [9, 0, 1, 2, 3, 9, 9]),
        ((-1, 1), "constant", [1, 2, 3, 9]),
        ((-1, -2), "constant", [1]),
        ((2, 1), "reflect", [2, 1, 0, 1, 2, 3, 2]),
        ((2, 1), "replicate", [0, 0, 0, 1, 2, 3, 3]),
        ((2, 1), "circular", [2, 3, 0, 1, 2, 3, 0]),
        # The ring is what is left of the axis.
        ((-1, 1), "circular", [1, 2, 3, 1]),
    ],
)
def test_pad_widens_the_last_axis(pad, mode, wanted):
    x = ag.arange(4.0).view(1, 1, 4).requires_grad_()
    y = F.pad(x, pad, mode, 9 if mode == "constant" else None)
    assert y.flatten().tolist() == wanted
    y.sum().backward()
    assert x.grad.flatten().tolist() == [wanted.count(value) for value in range(4)]


def test_pad_counts_axes_from_the_last():
    assert tuple(F.pad(ag.zeros(2, 3, 4), (1, 0, 0, 2)).shape) == (2, 5, 5)


@pytest.mark.parametrize(
    ("pad", "mode"), [((1,), "constant"), ((1,) * 8, "constant"), ((4, 0), "reflect"), ((5, 0), "circular")]
)
def test_pad_refuses_what_does_not_fit(pad, mode):
    with pytest.raises(RuntimeError, match="[Pp]adding"):
        F.pad(ag.zeros(1, 1, 4), pad, mode)
    with pytest.raises(NotImplementedError, match="Unrecognised padding mode"):
        F.pad(ag.zeros(1, 1, 4), (1, 1), "mirror")


# ---- embedding ----


def test_embedding_starts_with_pytorchs_weights_and_zeros_at_padding():
    ag.manual_seed(0)
    layer = nn.Embedding(2, 3, padding_idx=0)
    assert layer.weight[0].tolist() == [0.0, 0.0, 0.0]
    assert layer.weight[1].tolist() == pytest.approx([0.56843126, -1.08452237, -1.39859545], abs=2e-6)


def test_embedding_sums_gradients_per_row_and_leaves_padding_out():
    layer = nn.Embedding(4, 2, padding_idx=3)
    layer(ag.tensor([[0, 0], [2, 3]])).sum().backward()
    assert layer.weight.grad.tolist() == [[2.0, 2.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


def test_embedding_from_pretrained_is_frozen_unless_told_not_to_be():
    table = ag.arange(6.0).view(3, 2)
    layer = nn.Embedding.from_pretrained(table)
    assert layer(ag.tensor([2])).tolist() == [[4.0, 5.0]] and not layer.weight.requires_grad
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


def test_embedding_shortens_the_rows_it_looks_up():
    table = ag.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0], [0.0, 0.0]], requires_grad=True)
    result = ag.nn.functional.embedding(ag.tensor([2, 1, 2, 3]), table, max_norm=1.0)
    expected = [[3.0, 4.0], [0.3, 0.4], [0.6, 0.8], [0.0, 0.0]]
    assert ag.allclose(table, ag.tensor(expected), atol=1e-6) and table._version == 1
    assert ag.allclose(result, table[[2, 1, 2, 3]])
    result.sum().backward()
    assert table.grad.tolist() == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [1.0, 1.0]]
    layer = nn.Embedding.from_pretrained(ag.tensor([[3.0, 4.0], [6.0, 8.0]]), max_norm=2.0, norm_type=1.0)
    assert layer(ag.tensor([0])).tolist()[0] == pytest.approx([0.857143, 1.142857], abs=1e-6)
    with pytest.raises(IndexError):
        layer(ag.tensor([1, 2]))
    assert layer.weight[1].tolist() == [6.0, 8.0]


# ---- normalisation ----


def test_layer_norm_gives_mean_zero_and_variance_one():
    x = ag.randn(5, 3, 4, dtype=F64)
    y = nn.LayerNorm((3, 4), dtype=F64)(x)
    assert ag.allclose(y.mean((1, 2)), ag.zeros(5, dtype=F64), atol=1e-10)
    assert ag.allclose(y.var((1, 2), unbiased=False), ag.ones(5, dtype=F64), rtol=1e-3)
    assert list(nn.LayerNorm(3, bias=False).state_dict()) == ["weight"]
    assert list(nn.LayerNorm(3, elementwise_affine=False).state_dict()) == []


def test_group_norm_with_one_group_is_layer_norm():
    x = ag.randn(2, 4, 3, dtype=F64)
    assert ag.allclose(nn.GroupNorm(1, 4, dtype=F64)(x), nn.LayerNorm((4, 3), dtype=F64)(x))
    assert ag.allclose(
        nn.GroupNorm(2, 4, dtype=F64)(x)[:, :2], nn.LayerNorm((2, 3), dtype=F64)(x[:, :2]), atol=1e-10
    )


def test_batch_norm_keeps_running_statistics_for_eval():
    norm = nn.BatchNorm1d(1, dtype=F64)
    x = ag.tensor([[1.0], [3.0]], dtype=F64)
    assert ag.allclose(norm(x).flatten(), ag.tensor([-1.0, 1.0], dtype=F64), atol=1e-5)
    # A tenth of the batch's mean 2 and of its unbiased variance 2, nine tenths of 0 and 1.
    assert norm.running_mean.item() == pytest.approx(0.2)
    assert norm.running_var.item() == pytest.approx(1.1)
    assert norm.num_batches_tracked.item() == 1
    norm.eval()
    wanted = (x - 0.2) / math.sqrt(1.1 + 1e-5)
    assert ag.allclose(norm(x), wanted)
    assert norm.num_batches_tracked.item() == 1


def test_batch_norm_without_momentum_averages_all_batches():
    norm = nn.BatchNorm1d(1, momentum=None)
    for value in (1.0, 2.0, 6.0):
        norm(ag.tensor([[value - 1], [value + 1]]))
    assert norm.running_mean.item() == pytest.approx(3.0)
    norm.reset_running_stats()
    assert norm.running_mean.item() == 0.0 and norm.num_batches_tracked.item() == 0


def test_batch_norm_without_running_statistics_uses_the_batch_in_eval():
    norm = nn.BatchNorm2d(1, affine=False, track_running_stats=False).eval()
    y = norm(ag.arange(4.0).view(1, 1, 2, 2))
    assert y.mean().item() == pytest.approx(0.0, abs=1e-6)
    assert norm.state_dict() == {}


def test_batch_norm_loads_state_from_before_batches_were_counted():
    norm = nn.BatchNorm1d(2)
    state = {name: value for name, value in norm.state_dict().items() if name != "num_batches_tracked"}
    norm.load_state_dict(state)
    assert norm.num_batches_tracked.item() == 0


# ---- dropout ----


def test_dropout_zeroes_and_scales_while_training_only():
    x = ag.ones(1000)
    y = nn.Dropout(0.25)(x)
    assert set(y.tolist()) == {0.0, ag.tensor(1 / 0.75).item()}
    assert 0.15 < (y == 0).float().mean().item() < 0.35
    assert ag.equal(nn.Dropout(0.25).eval()(x), x)


def test_dropout2d_zeroes_whole_channels_with_pytorchs_draws():
    ag.manual_seed(0)
    y = F.dropout2d(ag.ones(2, 3, 1, 1))
    assert y.flatten().tolist() == [0.0, 0.0, 2.0, 0.0, 0.0, 0.0]
    y = nn.Dropout2d(0.5)(ag.ones(4, 8, 3, 3))
    assert bool(((y == 0).all(3).all(2) | (y == 2).all(3).all(2)).all())


def test_dropout1d_takes_one_sample_or_many():
    assert set(nn.Dropout1d(0.5)(ag.ones(8, 3)).sum(1).tolist()) <= {0.0, 6.0}
    assert tuple(nn.Dropout1d(0.5)(ag.ones(2, 8, 3)).shape) == (2, 8, 3)
    with pytest.raises(RuntimeError, match="Expected 2D or 3D input"):
        nn.Dropout1d()(ag.ones(3))


def test_rrelu_draws_slopes_while_training():
    ag.manual_seed(0)
    y = F.rrelu(-ag.ones(2000), 0.1, 0.3, training=True)
    assert bool(((-y >= 0.1) & (-y < 0.3)).all())
    assert -y.mean().item() == pytest.approx(0.2, abs=0.01)


def test_gumbel_softmax_draws_pytorchs_numbers():
    logits = ag.tensor([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]], requires_grad=True)
    weights = ag.arange(6.0).view(2, 3)
    slopes = [-0.006096, -0.001232, 0.007328, -0.243159, -0.210157, 0.453316]
    for hard, expected in (
        (False, [0.001527, 0.000618, 0.997855, 0.104041, 0.623346, 0.272613]),
        (True, [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]),
    ):
        ag.manual_seed(0)
        drawn = F.gumbel_softmax(logits, tau=0.5, hard=hard)
        assert drawn.flatten().tolist() == pytest.approx(expected, abs=2e-6)
        (slope,) = ag.autograd.grad((drawn * weights).sum(), logits)
        assert slope.flatten().tolist() == pytest.approx(slopes, abs=2e-5)
    ag.manual_seed(0)
    drawn = F.gumbel_softmax(logits, dim=0)
    assert drawn.flatten().tolist() == pytest.approx([0.304725, 0.102271, 0.873765, 0.695275, 0.897729, 0.126235], abs=2e-6)


def test_importing_layers_imports_neither_numpy_nor_heavy_standard_modules():
    program = (
        "import sys; before = set(sys.modules)\n"
        "import arcgrad.nn, arcgrad.optim, arcgrad.utils.data\n"
        "heavy = {'numpy', 'inspect', 'dataclasses', 'multiprocessing', 'typing', 'torch'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


# ---- places that are none ----


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["border", "reflection"])
def test_places_that_are_no_numbers_are_read_inside(mode, padding):
    image = ag.arange(16.0).view(1, 1, 4, 4).requires_grad_()
    places = ag.tensor([[[[math.nan, 0.0], [math.inf, -math.inf], [1e30, -1e30], [math.nan, math.nan]]]])
    found = F.grid_sample(image, places, mode, padding, align_corners=False)
    assert bool(found[..., 2:].isfinite().all())
    found[..., 2:].sum().backward()
    assert bool(image.grad.isfinite().all())


def test_far_places_are_zero_although_the_border_is_infinite():
    image = ag.full((1, 1, 2, 2), math.inf)
    places = ag.tensor([[[[5.0, 0.0], [0.0, -1e30]]]])
    assert F.grid_sample(image, places, align_corners=True).flatten().tolist() == [0.0, 0.0]


def test_smoothing_reads_no_element_outside_of_its_window():
    line = ag.zeros(1, 1, 1, 8)
    line[..., -1] = math.inf
    small = F.interpolate(line, (1, 4), mode="bicubic", antialias=True)
    assert small.flatten()[:2].tolist() == [0.0, 0.0]


# ---- declared layers ----


def test_a_program_s_own_layer_on_a_declared_one_keeps_its_constructor():
    class Scaled(nn.LeakyReLU):
        scale: float

        def __init__(self, scale):
            super().__init__(0.5)
            self.scale = scale

        def forward(self, input):
            return self.scale * super().forward(input)

    layer = Scaled(3.0)
    assert layer(ag.tensor([-1.0, 2.0])).tolist() == [-1.5, 6.0]
    assert repr(layer) == "Scaled(negative_slope=0.5)"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.ReLU(1, 2), r"ReLU.__init__\(\) takes from 1 to 2 positional arguments but 3 were given"),
        (lambda: nn.ELU(beta=1), r"ELU.__init__\(\) got an unexpected keyword argument 'beta'"),
        (lambda: nn.Threshold(1), r"Threshold.__init__\(\) missing 1 required positional argument: 'value'"),
    ],
)
def test_wrong_settings_are_named(make, text):
    with pytest.raises(TypeError, match=text):
        make()


def test_batch_norms_become_synchronised_with_the_same_tensors():
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.BatchNorm3d(3, affine=False))).eval()
    parameters = list(net.parameters())
    synced = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert [type(module).__name__ for module in synced.modules()] == ["Sequential", "SyncBatchNorm", "Sequential", "SyncBatchNorm"]
    assert all(one is other for one, other in zip(synced.parameters(), parameters, strict=True))
    assert not synced[0].training
    with pytest.raises(ValueError, match="at least 2D"):
        synced[0](ag.zeros(2))


def test_old_states_with_statistics_are_refused_by_instance_norms_without():
    state = {"running_mean": ag.zeros(3), "running_var": ag.ones(3)}
    with pytest.raises(RuntimeError, match="Unexpected running stats buffer"):
        nn.InstanceNorm2d(3).load_state_dict(state)


def test_smoothing_to_one_column_keeps_the_rows_apart():
    image = ag.arange(20.0).view(1, 1, 5, 4)
    columns = F.interpolate(image, (5, 1), mode="bilinear", antialias=True)
    for wide in (image, image[..., :1]):
        smaller = F.interpolate(wide, (3, 1), mode="bilinear", antialias=True)
        inside = columns if wide is image else wide
        assert ag.allclose(smaller, F.interpolate(inside.expand(-1, -1, -1, 4), (3, 4), mode="bilinear", antialias=True)[..., :1])


def test_cross_map_response_norm_is_that_of_neighbouring_channels():
    x = ag.rand(2, 6, 3, 3, dtype=F64)
    squares = F.pad(x.square(), (0, 0, 0, 0, 1, 1))
    means = (squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:]) / 3
    assert ag.allclose(nn.CrossMapLRN2d(3, 0.5, 0.75, 2)(x), x / (2 + 0.5 * means) ** 0.75)


def test_what_is_out_of_reach_of_a_loss_is_refused_or_not_a_number():
    with pytest.raises(RuntimeError, match="labels must be in"):
        F.ctc_loss(ag.zeros(2, 1, 3), ag.tensor([[5, 1]]), (2,), (1,))
    assert math.isnan(F.multi_margin_loss(ag.zeros(0, 3), ag.zeros(0, dtype=ag.int64)).item())
    assert math.isinf(F.ctc_loss(ag.zeros(2, 1, 3), ag.tensor([[1, 1]]), (2,), (2,)).item())
    assert F.ctc_loss(ag.zeros(2, 1, 3), ag.tensor([[1, 1]]), (2,), (2,), zero_infinity=True).item() == 0.0


def test_the_first_of_equal_elements_of_a_bag_gets_the_gradient():
    table = ag.tensor([[1.0, 2.0], [1.0, 3.0]], requires_grad=True)
    F.embedding_bag(ag.tensor([[0, 1], [1, 1]]), table, mode="max").sum().backward()
    assert table.grad.tolist() == [[1.0, 0.0], [1.0, 2.0]]
    nothing = ag.tensor([[math.nan, 1.0]])
    assert math.isnan(F.embedding_bag(ag.tensor([[0, 0]]), nothing, mode="max")[0, 0].item())


@pytest.mark.parametrize("dtype", [ag.float16, ag.bfloat16])
@pytest.mark.parametrize("make", [
    lambda: nn.BatchNorm1d(4), lambda: nn.LayerNorm(4), lambda: nn.GroupNorm(2, 4), lambda: nn.InstanceNorm1d(4, affine=True),
    lambda: nn.RMSNorm(4),
], ids=["batch", "layer", "group", "instance", "rms"])  # fmt: skip
def test_normalisation_of_half_precision_by_float_parameters_rounds_once(make, dtype):
    layer, exact = make(), make()
    x = ag.linspace(-1.0, 1.0, 48).reshape(3, 4, 4).to(dtype).requires_grad_()
    wide = x.detach().float().requires_grad_()
    result, expected = layer(x), exact(wide)
    assert result.dtype is dtype and ag.equal(result, expected.to(dtype))
    result.backward(ag.ones_like(result))
    expected.backward(ag.ones_like(expected))
    assert x.grad.dtype is dtype and ag.equal(x.grad, wide.grad.to(dtype))
    assert layer.weight.grad.dtype is ag.float32 and ag.equal(layer.weight.grad, exact.weight.grad)


@pytest.mark.parametrize("make", [lambda: nn.BatchNorm1d(4), lambda: nn.LayerNorm(4), lambda: nn.GroupNorm(2, 4)])
def test_normalisation_takes_no_other_mixture_of_dtypes(make):
    with pytest.raises(RuntimeError, match="mixed dtype"):
        make().to(ag.bfloat16)(ag.ones(3, 4, 4))


def test_rows_of_an_embedding_are_no_longer_than_max_norm():
    weight = ag.linspace(-300.0, 300.0, 5000).reshape(1000, 5)
    rows = nn.functional.embedding(ag.arange(1000), weight, max_norm=1.0)
    assert (rows.norm(dim=1) <= 1.0).all() and ag.equal(rows, weight)
    with ag.autograd.forward_ad.dual_level():
        dual = ag.autograd.forward_ad.make_dual(ag.full((2, 3), 5.0), ag.ones(2, 3))
        out = nn.functional.embedding(ag.tensor([0, 1, 1]), dual, max_norm=1.0)
        assert ag.equal(ag.autograd.forward_ad.unpack_dual(out).tangent, ag.ones(3, 3))


def test_pooling_to_nothing_depends_on_its_input():
    x = ag.ones(1, 2, 4, 5, requires_grad=True)
    for sizes in (0, (0, 3), (2, 0)):
        nn.functional.adaptive_max_pool2d(x, sizes).sum().backward()
        assert ag.equal(x.grad, ag.zeros_like(x))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_gradients_of_convolutions_are_there_as_functions(axes):
    make = ag.Generator().manual_seed(0)
    x = ag.randn(2, 4, *(5,) * axes, generator=make, requires_grad=True)
    weight = ag.randn(6, 2, *(3,) * axes, generator=make, requires_grad=True)
    options = (2, 1, 1, 2)
    result = getattr(F, f"conv{axes}d")(x, weight, None, *options)
    grad = ag.randn(result.shape, generator=make)
    result.backward(grad)
    of_input, of_weight = (getattr(nn.grad, f"conv{axes}d_{name}") for name in ("input", "weight"))
    assert ag.allclose(of_input(x.shape, weight, grad, *options), x.grad)
    assert ag.allclose(of_weight(x, weight.shape, grad, *options), weight.grad)
    assert of_input(x.shape, weight, grad, *options).requires_grad


def test_gradients_of_convolutions_are_transformed():
    gradient = ag.func.grad(lambda w: nn.grad.conv1d_input((1, 1, 4), w, ag.ones(1, 1, 3)).sum())(ag.ones(1, 1, 2))
    assert gradient.tolist() == [[[3, 3]]]
    gradient = ag.func.grad(lambda x: nn.grad.conv1d_weight(x, (1, 1, 2), ag.ones(1, 1, 3)).sum())(ag.ones(1, 1, 4))
    assert gradient.tolist() == [[[1, 2, 2, 1]]]
    rows = ag.func.vmap(lambda w: nn.grad.conv1d_input((1, 1, 4), w, ag.ones(1, 1, 3)))(ag.ones(3, 1, 1, 2))
    assert rows.shape == (3, 1, 1, 4)


@pytest.mark.parametrize("dtype, step", [(ag.float16, 2.0**-11), (ag.bfloat16, 2.0**-8)])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "area", "nearest"])
def test_resampling_of_half_precision_rounds_once(dtype, step, mode):
    x = ag.linspace(-3.0, 3.0, 150).cos().reshape(1, 2, 5, 15).to(dtype).requires_grad_()
    wide = x.detach().float().requires_grad_()
    result, expected = (F.interpolate(value, size=(9, 7), mode=mode) for value in (x, wide))
    result.backward(ag.ones_like(result))
    expected.backward(ag.ones_like(expected))
    assert ag.equal(result, expected.to(dtype)) and ag.equal(x.grad, wide.grad.to(dtype))
    pooled = F.adaptive_avg_pool2d(x, (3, 4))
    assert ag.equal(pooled, F.adaptive_avg_pool2d(wide, (3, 4)).to(dtype))
