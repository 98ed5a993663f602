"""func.functional_call and stack_module_state: modules as functions of their parameters."""

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.func import functional_call, stack_module_state
from arcgrad.nn.utils import stateless


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.a(x) + self.b(x)


def net():
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


X = ag.tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]])


def test_the_given_tensors_are_used_and_the_modules_own_put_back():
    layer = nn.Linear(2, 1)
    own = dict(layer.named_parameters())
    weight = ag.tensor([[1.0, 2.0]], requires_grad=True)
    y = functional_call(layer, {"weight": weight, "bias": ag.zeros(1)}, (X,))
    assert y.tolist() == [[5.0], [1.0], [2.0]]
    y.sum().backward()
    assert weight.grad.tolist() == [[4.0, 2.0]] and layer.weight.grad is None
    assert all(getattr(layer, name) is parameter for name, parameter in own.items())


def test_arguments_come_alone_as_a_tuple_or_by_name():
    layer = nn.Linear(2, 1)
    expected = layer(X)
    for args, kwargs in ((X, None), ((X,), {}), (None, {"input": X}), ((), {"input": X})):
        assert ag.equal(functional_call(layer, {}, args, kwargs), expected)


def test_derivatives_by_the_parameters_of_any_order():
    layer = nn.Linear(2, 1, bias=False)
    w = ag.tensor([[1.0, 2.0]], requires_grad=True)
    loss = functional_call(layer, {"weight": w}, X).pow(3).sum()
    (first,) = ag.autograd.grad(loss, w, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), w)
    y = X @ ag.tensor([[1.0], [2.0]])
    assert ag.allclose(first, (3 * y**2 * X).sum(0, keepdim=True))
    assert ag.allclose(second, (6 * y * X.sum(1, keepdim=True) * X).sum(0, keepdim=True))


def test_the_modules_own_are_put_back_after_an_error():
    layer = nn.Linear(2, 1)
    weight = layer.weight
    with pytest.raises(RuntimeError):
        functional_call(layer, {"weight": ag.zeros(5, 5)}, X)
    assert layer.weight is weight


def test_several_dictionaries_are_one():
    module = net().eval()
    parameters, buffers = dict(module.named_parameters()), dict(module.named_buffers())
    assert ag.equal(functional_call(module, (parameters, buffers), X), module(X))
    with pytest.raises(ValueError, match=r"^\['0.weight'\] appeared in multiple dictionaries; behavior of functional call is"):
        functional_call(module, [{"0.weight": X}, {"0.weight": X}], X)


def test_buffers_change_in_the_dictionary_and_not_in_the_module():
    module = net()
    own = module[1].num_batches_tracked
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    functional_call(module, buffers, X)
    assert buffers["1.num_batches_tracked"].item() == 1 and module[1].num_batches_tracked is own and own.item() == 0
    assert buffers["1.running_mean"].abs().sum() > 0 == module[1].running_mean.abs().sum()


def test_a_buffer_that_forward_replaces_is_replaced_in_the_dictionary():
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("count", ag.zeros(()))

        def forward(self, x):
            self.count = self.count + 1
            return x * self.count

    module, state = Counts(), {"count": ag.tensor(4.0)}
    assert functional_call(module, state, ag.tensor(2.0)).item() == 10.0
    assert state["count"].item() == 5.0 and module.count.item() == 0.0


def test_tied_parameters_are_replaced_together():
    module, x, five = Tied(), ag.ones(1, 1), ag.full((1, 1), 5.0)
    own = module.a.weight.item()
    assert functional_call(module, {"a.weight": five}, x).item() == 10.0
    assert functional_call(module, {"a.weight": five, "b.weight": five}, x).item() == 10.0
    assert functional_call(module, {"b.weight": five}, x, tie_weights=False).item() == pytest.approx(5 + own)
    with pytest.raises(ValueError, match=r"^functional_call got multiple values for keys \['a.weight', 'b.weight'\], which are tied"):
        functional_call(module, {"a.weight": five, "b.weight": five + 1}, x)
    assert functional_call(module, {"a.weight": five, "b.weight": five + 1}, x, tie_weights=False).item() == 11.0
    assert functional_call(module, {"a.weight": five}, x, strict=True).item() == 10.0
    assert module.a.weight is module.b.weight


def test_parametrised_modules_take_what_they_are_computed_from():
    class Double(nn.Module):
        def forward(self, x):
            return 2 * x

    layer = nn.utils.parametrize.register_parametrization(nn.Linear(2, 1, bias=False), "weight", Double())
    given = {"parametrizations.weight.original": ag.tensor([[1.0, 0.0]])}
    assert functional_call(layer, given, X).flatten().tolist() == [2.0, 6.0, 0.0]


@pytest.mark.parametrize("name", ["nope", "0.nope"])
def test_names_that_nothing_has_are_ignored_unless_strict(name):
    module = net()
    assert tuple(functional_call(module, {name: ag.ones(1)}, X).shape) == (3, 2)
    assert not hasattr(module.get_submodule(name.rpartition(".")[0]), "nope")


@pytest.mark.parametrize(
    ("given", "strict", "error", "message"),
    [
        (
            {"0.weight": X[:2], "u": X},
            True,
            RuntimeError,
            r"^Error\(s\) in reparametrizing for Sequential:\n\tUnexpected key\(s\): 'u'.\n\tMissing key\(s\): '0.bias', '1.bias', "
            "'1.num_batches_tracked', '1.running_mean', '1.running_var', '1.weight'.$",
        ),
        ({"zz.nope": X}, False, AttributeError, "^Sequential has no attribute `zz`$"),
        ({"0.weight": 3}, False, TypeError, "^3 is not an instance of .*Tensor$"),
        ({"": X}, False, KeyError, "tensor name can.*t be empty string"),
        (3, False, ValueError, "^Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got <class 'int'>$"),
        ((3,), False, ValueError, "^Expected all elements of parameter_and_buffer_dicts to be dictionaries$"),
    ],
)
def test_what_does_not_fit_is_an_error(given, strict, error, message):
    with pytest.raises(error, match=message):
        functional_call(net(), given, X, strict=strict)


def test_the_old_place_says_that_it_is_old():
    layer = nn.Linear(2, 1)
    with pytest.warns(FutureWarning, match="functional_call.*deprecated"):
        y = stateless.functional_call(layer, {"weight": ag.zeros(1, 2)}, X)
    assert ag.equal(y, layer.bias.expand(3, 1))


# ---- stacking ----


def test_states_are_stacked_into_new_leaves():
    models = [nn.BatchNorm1d(2) for _ in range(3)]
    models[1].running_mean.fill_(7)
    parameters, buffers = stack_module_state(models)
    assert list(parameters) == ["weight", "bias"] and list(buffers) == ["running_mean", "running_var", "num_batches_tracked"]
    assert tuple(parameters["weight"].shape) == (3, 2) and tuple(buffers["num_batches_tracked"].shape) == (3,)
    assert buffers["running_mean"].tolist() == [[0.0, 0.0], [7.0, 7.0], [0.0, 0.0]]
    assert parameters["weight"].is_leaf and parameters["weight"].requires_grad and type(parameters["weight"]) is ag.Tensor


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (list, "^stack_module_state: Expected at least one model, got 0.$"),
        (lambda: [nn.Linear(1, 1), nn.Tanh()], "^stack_module_state: Expected all models to be of the same class.$"),
        (lambda: [nn.Linear(1, 1), nn.Linear(1, 1).eval()], "to have the same training/eval mode.$"),
        (lambda: [nn.Linear(1, 1), nn.Linear(1, 1).requires_grad_(False)], "^Expected weight from each model to have the same"),
    ],
)
def test_models_that_differ_are_not_stacked(models, message):
    with pytest.raises(RuntimeError, match=message):
        stack_module_state(models())


def test_a_parameter_that_the_module_has_not_is_gone_afterwards():
    module = nn.Linear(1, 1)
    given = {"extra": nn.Parameter(ag.ones(1))}
    ag.func.functional_call(module, given, ag.ones(1, 1))
    assert [name for name, _ in module.named_parameters()] == ["weight", "bias"] and not hasattr(module, "extra")
