"""nn.utils against PyTorch's figures, and its smaller parts: pruning, fusion, skip_init; wrappers of parallel devices."""

import copy

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn.utils import prune
from oracle import nn_utils

ANSWERS = nn_utils.read()


@pytest.mark.parametrize("name", nn_utils.CALLS)
def test_figures_are_those_of_pytorch(name):
    found, expected = nn_utils.answer(name), ANSWERS[name]
    assert [len(tensor) for tensor in found] == [len(tensor) for tensor in expected]
    for ours, theirs in zip(found, expected):
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6)


# ---- pruning ----


def test_a_pruned_parameter_is_a_product_that_stays_pruned_while_training():
    layer = nn.Linear(3, 2)
    weight = layer.weight
    assert prune.l1_unstructured(layer, "weight", amount=2) is layer
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert layer.weight_orig is weight and not isinstance(layer.weight, nn.Parameter)
    optimizer = ag.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        layer(ag.ones(3)).sum().backward()
        optimizer.step()
    layer(ag.ones(3))
    assert int((layer.weight == 0).sum()) == 2 and prune.is_pruned(nn.Sequential(layer))
    assert ag.equal(weight.grad, layer.weight_mask)
    value = layer.weight.detach().clone()
    assert prune.remove(layer, "weight") is layer
    assert layer.weight is weight and ag.equal(weight, value) and not prune.is_pruned(layer)
    assert list(layer.state_dict()) == ["bias", "weight"]


def test_several_methods_on_one_parameter_are_one_hook():
    layer = nn.Linear(4, 4)
    prune.l1_unstructured(layer, "weight", 2)
    prune.random_unstructured(layer, "bias", 1)
    prune.ln_structured(layer, "weight", 1, 2, 0)
    hooks = [hook for hook in layer._forward_pre_hooks.values() if hook._tensor_name == "weight"]
    assert len(layer._forward_pre_hooks) == 2 and [type(method).__name__ for method in hooks[0]] == ["L1Unstructured", "LnStructured"]
    assert type(hooks[0][0]) is prune.L1Unstructured and len(hooks[0]) == 2
    prune.remove(layer, "weight")
    assert [hook._tensor_name for hook in layer._forward_pre_hooks.values()] == ["bias"]


def test_masks_and_importance_can_be_given():
    layer = nn.Linear(2, 2)
    prune.custom_from_mask(layer, "weight", ag.tensor([[1, 0], [1, 1]]))
    prune.custom_from_mask(layer, "weight", ag.tensor([[1, 1], [0, 1]]))
    assert layer.weight_mask.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    layer = prune.l1_unstructured(nn.Linear(2, 2), "weight", 1, importance_scores=ag.tensor([[4.0, 3.0], [-1.0, 2.0]]))
    assert layer.weight_mask.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    t = ag.tensor([1.0, -5.0, 2.0])
    assert prune.L1Unstructured(1).prune(t).tolist() == [0.0, -5.0, 2.0]
    assert prune.L1Unstructured(1).prune(t, importance_scores=1 / t).tolist() == [1.0, 0.0, 2.0]
    assert prune.CustomFromMask(ag.tensor([0, 1, 1])).prune(t, default_mask=ag.tensor([1.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 2.0]


def test_a_method_of_ones_own():
    class EveryOther(prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t, default_mask):
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    layer = nn.Linear(2, 2)
    EveryOther.apply(layer, "weight")
    assert layer.weight_mask.tolist() == [[0.0, 1.0], [0.0, 1.0]]
    EveryOther.apply(layer, "weight")
    # Of the two elements that were left, the first.
    assert layer.weight_mask.tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_copies_of_pruned_modules_are_pruned_by_themselves():
    layer = prune.l1_unstructured(nn.Linear(3, 2), "weight", 2)
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(layer)
    with ag.no_grad():
        layer(ag.ones(3))
    twin = copy.deepcopy(layer)
    with ag.no_grad():
        twin.weight_orig.fill_(1)
        twin(ag.ones(3))
    assert ag.equal(twin.weight, layer.weight_mask) and not ag.equal(layer.weight, layer.weight_mask)


@pytest.mark.parametrize("method", [prune.random_unstructured, lambda *args: prune.random_structured(*args, dim=0)])
def test_pruning_nothing_draws_nothing(method):
    layer, state = nn.Linear(4, 4), ag.get_rng_state()
    method(layer, "weight", 0)
    assert ag.equal(ag.get_rng_state(), state) and bool((layer.weight_mask == 1).all())


def test_an_error_leaves_the_parameter_as_it_was():
    layer = nn.Linear(3, 2)
    weight = layer.weight
    with pytest.raises(ValueError, match="smaller than the number of parameters to prune"):
        prune.l1_unstructured(layer, "weight", 100)
    assert layer.weight is weight and isinstance(weight, nn.Parameter)
    assert sorted(layer.state_dict()) == ["bias", "weight"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: prune.random_unstructured(m, "weight", 1.5), ValueError, r"^amount=1.5 should either be a float in the range \[0, 1\]"),
        (lambda m: prune.random_unstructured(m, "weight", -1), ValueError, "^amount=-1 should either be a float"),
        (lambda m: prune.random_unstructured(m, "weight", 7), ValueError, "^amount=7 .* number of parameters to prune=6$"),
        (lambda m: prune.random_unstructured(m, "weight", "a"), TypeError, "^Invalid type for amount: a. Must be int or float.$"),
        (lambda m: prune.random_structured(m, "bias", 0.5, 0), ValueError, "multidimensional tensors. Found tensor of shape .* with 1 dims$"),
        (lambda m: prune.ln_structured(m, "weight", 0.5, 2, 5), IndexError, "^Invalid index 5 for tensor of size"),
        (lambda m: prune.remove(m, "weight"), ValueError, "^Parameter 'weight' of module .* has to be pruned before pruning can be removed$"),
        (lambda m: prune.global_unstructured([(m, "weight")], prune.RandomStructured, amount=1), TypeError, '^Only "unstructured"'),
        (lambda m: prune.global_unstructured(3, prune.L1Unstructured, amount=1), TypeError, "parameters is not an Iterable$"),
        (
            lambda m: prune.global_unstructured([(m, "weight")], prune.L1Unstructured, importance_scores=3, amount=1),
            TypeError,
            "importance_scores must be of type dict$",
        ),
        (
            lambda m: prune.l1_unstructured(m, "weight", 2, importance_scores=ag.ones(3)),
            AssertionError,
            "importance_scores should have the same shape as parameter weight of",
        ),
        (lambda m: prune.BasePruningMethod(), TypeError, "abstract class BasePruningMethod"),
    ],
)
def test_what_pruning_refuses(call, error, message):
    with pytest.raises(error, match=message):
        call(nn.Linear(3, 2))


# ---- fusion ----


def trained(bn, *shape):
    """With statistics and parameters that are not the starting ones, in eval mode."""
    for _ in range(3):
        bn(ag.randn(*shape) * 2 + 1)
    for parameter in bn.parameters():
        nn.init.uniform_(parameter, 0.5, 2)
    return bn.eval()


@pytest.mark.parametrize("affine", [True, pytest.param(False, marks=pytest.mark.arcgrad_only)])  # PyTorch: not for linear ones
@pytest.mark.parametrize("bias", [True, False])
def test_fused_layers_do_what_both_did(bias, affine):
    ag.manual_seed(0)
    conv, bn = nn.Conv2d(2, 3, 2, bias=bias).eval(), trained(nn.BatchNorm2d(3, affine=affine), 4, 3, 5, 5)
    x = ag.randn(2, 2, 4, 4)
    before = conv.weight.detach().clone()
    fused = nn.utils.fuse_conv_bn_eval(conv, bn)
    assert ag.allclose(fused(x), bn(conv(x)), atol=1e-5) and isinstance(fused.weight, nn.Parameter)
    assert ag.equal(conv.weight, before) and (conv.bias is not None) == bias
    linear, bn = nn.Linear(4, 3, bias=bias).eval(), trained(nn.BatchNorm1d(3, affine=affine), 8, 3)
    x = ag.randn(5, 4)
    assert ag.allclose(nn.utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-5)


def test_fused_weights_lie_on_axis_one_of_a_transposed_convolution():
    weight, ones, zeros = ag.ones(1, 2, 1, 1), ag.ones(2), ag.zeros(2)
    gamma = ag.tensor([2.0, 3.0])
    fused, bias = nn.utils.fuse_conv_bn_weights(weight, None, ones, ones, 0.0, gamma, zeros, transpose=True)
    assert fused.flatten().tolist() == [2.0, 3.0] and bias.tolist() == [-2.0, -3.0]


def test_only_layers_in_eval_mode_are_fused():
    with pytest.raises(AssertionError, match="^Fusion only for eval!$"):
        nn.utils.fuse_conv_bn_eval(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2).eval())
    with pytest.raises(AssertionError, match="got linear.out_features=3 and bn.num_features=2$"):
        nn.utils.fuse_linear_bn_eval(nn.Linear(3, 3).eval(), nn.BatchNorm1d(2).eval())


# ---- skip_init ----


def test_skip_init_leaves_the_generator_alone():
    ag.manual_seed(0)
    state = ag.get_rng_state()
    layer = nn.utils.skip_init(nn.Linear, 3, out_features=2, dtype=ag.float64)
    assert ag.equal(ag.get_rng_state(), state)
    assert tuple(layer.weight.shape) == (2, 3) and layer.weight.dtype == ag.float64 and layer.weight.requires_grad
    with pytest.raises(RuntimeError, match="^Module must support a 'device' arg to skip initialization$"):
        nn.utils.skip_init(nn.Tanh)
    with pytest.raises(RuntimeError, match="^Expected a Module; got <class 'int'>$"):
        nn.utils.skip_init(int)


# ---- parallel devices ----


def test_data_parallel_calls_its_module():
    net = nn.Linear(3, 2)
    wrapped = nn.DataParallel(net, device_ids=None)
    x = ag.ones(4, 3)
    assert ag.equal(wrapped(x), net(x)) and wrapped.module is net and wrapped.device_ids == []
    assert list(wrapped.state_dict()) == ["module.weight", "module.bias"]
    wrapped(input=x).sum().backward()
    assert net.weight.grad is not None
    assert nn.parallel.DataParallel is nn.DataParallel


@pytest.mark.arcgrad_only  # PyTorch finds no device
def test_data_parallel_as_a_function_calls_the_module():
    net, x = nn.Linear(3, 2), ag.ones(4, 3)
    assert ag.equal(nn.parallel.data_parallel(net, (x,)), net(x))
    assert ag.equal(nn.parallel.data_parallel(net, (), module_kwargs={"input": x}), net(x))


@pytest.mark.arcgrad_only
def test_distributed_data_parallel_refuses():
    with pytest.raises(NotImplementedError, match="no process groups"):
        nn.parallel.DistributedDataParallel(nn.Linear(1, 1))
