"""Operations that PyTorch has beside those of its documentation: the same as the functions they stand for."""

from __future__ import annotations

import arcgrad as ag
import pytest

F = ag.nn.functional


def same(one, other):
    assert ag.allclose(one, other, atol=1e-6)


def test_layers_take_their_arguments_in_another_order():
    x, weight = ag.randn(2, 3, 4), ag.rand(3)
    same(ag.batch_norm(x, weight, None, None, None, True, 0.1, 1e-5, False), F.batch_norm(x, None, None, weight, training=True))
    same(ag.instance_norm(x, weight, None, None, None, True, 0.1, 1e-5, False), F.instance_norm(x, weight=weight))
    result, mean, inverse = ag.native_layer_norm(x, (4,), None, None, 1e-5)
    same(result, F.layer_norm(x, (4,)))
    same((x - mean) * inverse, result)
    kernel = ag.randn(5, 3, 2)
    same(ag.convolution(x, kernel, None, (2,), (1,), (1,), False, (0,), 1), F.conv1d(x, kernel, stride=2, padding=1))
    turned = kernel.transpose(0, 1).contiguous()
    same(
        ag.convolution(x, turned, None, (2,), (0,), (1,), True, (1,), 1),
        F.conv_transpose1d(x, turned, stride=2, output_padding=1),
    )
    bags = ag.embedding_bag(ag.eye(3), ag.tensor([0, 1, 2]), ag.tensor([0, 2]), mode=1)
    assert len(bags) == 4 and bags[0].tolist() == [[0.5, 0.5, 0], [0, 0, 1]]
    grid = ag.rand(1, 2, 2, 2) - 0.5
    for number, mode in enumerate(("bilinear", "nearest", "bicubic")):
        image = x[None]
        same(ag.grid_sampler(image, grid, number, 1, True), F.grid_sample(image, grid, mode, "border", True))


@pytest.mark.parametrize("number, reduction", list(enumerate(("none", "mean", "sum"))))
def test_losses_take_numbers_for_reductions(number, reduction):
    x, y, sign = ag.randn(4), ag.randn(4), ag.tensor([1.0, -1.0, 1.0, -1.0])
    same(ag.hinge_embedding_loss(x, sign, 1.0, number), F.hinge_embedding_loss(x, sign, reduction=reduction))
    same(ag.margin_ranking_loss(x, y, sign, 0.1, number), F.margin_ranking_loss(x, y, sign, 0.1, reduction=reduction))
    same(ag.poisson_nll_loss(x, y.abs(), True, True, 1e-8, number), F.poisson_nll_loss(x, y.abs(), full=True, reduction=reduction))
    a, b, c = ag.randn(3, 4, 5)
    same(ag.cosine_embedding_loss(a, b, sign, 0.1, number), F.cosine_embedding_loss(a, b, sign, 0.1, reduction=reduction))
    same(ag.triplet_margin_loss(a, b, c, 1.0, 2.0, 1e-6, True, number), F.triplet_margin_loss(a, b, c, swap=True, reduction=reduction))
    logs, lengths = ag.randn(3, 2, 4).log_softmax(-1), (ag.tensor([[1], [2]]), ag.tensor([3, 3]), ag.tensor([1, 1]))
    same(ag.ctc_loss(logs, *lengths, 0, number), F.ctc_loss(logs, *lengths, reduction=reduction))


def test_products_of_bytes_are_integers():
    a, b = ag.full((3, 2), 100, dtype=ag.int8), ag.full((2, 4), -100, dtype=ag.int8)
    assert ag._int_mm(a, b).tolist() == [[-20000] * 4] * 3 and ag._int_mm(a, b).dtype is ag.int32
    out = ag.empty(3, 4, dtype=ag.int32)
    assert ag._int_mm(a, b, out=out) is out
    with pytest.raises(RuntimeError, match="Expected self dtype to be of type int8"):
        ag._int_mm(a.int(), b)
    x, y = ag.randn(3, 2), ag.randn(2, 4)
    same(ag._addmm_activation(ag.ones(4), x, y, alpha=2), ag.relu(1 + 2 * x @ y))
    same(ag._addmm_activation(ag.ones(4), x, y, use_gelu=True), F.gelu(1 + x @ y))


def test_questions_about_tensors():
    x = ag.randn(3, 3)
    assert ag._shape_as_tensor(x).tolist() == [3, 3] and ag.nuclear_norm(ag.eye(3)).item() == pytest.approx(3)
    overlaps = [x, x.t(), x[::2], ag.randn(3, 1).expand(3, 3), ag.randn(10).as_strided((2, 1, 5), (1, 0, 2)), ag.randn(9)[::2]]
    assert [ag._debug_has_internal_overlap(one) for one in overlaps] == [0, 0, 2, 1, 0, 2]


def test_gradients_of_a_convolution_are_an_operation():
    x, weight, grad = ag.randn(2, 3, 6, requires_grad=True), ag.randn(4, 3, 2, requires_grad=True), ag.randn(2, 4, 3)
    bias = ag.zeros(4, requires_grad=True)
    expected = ag.autograd.grad(F.conv1d(x, weight, bias, stride=2), (x, weight, bias), grad)
    backward = ag.ops.aten.convolution_backward
    arguments = (grad, x, weight, (4,), (2,), (0,), (1,), False, (0,), 1)
    for one, other in zip(backward(*arguments, (True, True, True)), expected):
        same(one, other)
    of_input, of_weight, of_bias = backward(*arguments, (False, True, False))
    assert of_input is None and of_bias is None
    # Which can be differentiated again.
    (second,) = ag.autograd.grad(of_weight.square().sum(), x)
    wanted = F.conv1d(x, weight, stride=2)
    (first,) = ag.autograd.grad(wanted, weight, grad, create_graph=True)
    same(second, ag.autograd.grad(first.square().sum(), x)[0])
