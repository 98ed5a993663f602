"""The package ``functorch``, which programs from before ``func`` import."""

import subprocess
import sys

import pytest

import arcgrad as ag
from arcgrad import _functorch
from arcgrad._functorch import experimental
from arcgrad._functorch.make_functional import functional_init_with_buffers
from arcgrad._functorch.vmap import restore_vmap

pytestmark = pytest.mark.filterwarnings("ignore:We've integrated functorch:FutureWarning")


class Net(ag.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = ag.nn.Sequential(ag.nn.Linear(3, 4), ag.nn.BatchNorm1d(4), ag.nn.Linear(4, 2))

    def forward(self, x):
        return self.layers(x)


def test_a_module_is_a_function_of_its_parameters_in_order():
    model, x = ag.nn.Sequential(ag.nn.Linear(3, 4), ag.nn.Tanh(), ag.nn.Linear(4, 2)), ag.randn(5, 3)
    function, params = _functorch.make_functional(model)
    assert [each is own for each, own in zip(params, model.parameters(), strict=True)] == [True] * 4
    assert ag.equal(function(params, x), model(x))
    found = _functorch.grad(lambda params: function(params, x).sum())(params)
    model(x).sum().backward()
    assert all(ag.allclose(each, own.grad) for each, own in zip(found, model.parameters(), strict=True))
    _, constants = _functorch.make_functional(model, disable_autograd_tracking=True)
    assert not any(each.requires_grad for each in constants)


def test_buffers_are_asked_for():
    model, x = Net().eval(), ag.randn(5, 3)
    with pytest.raises(RuntimeError, match="`model` has buffers"):
        _functorch.make_functional(model)
    function, params, buffers = _functorch.make_functional_with_buffers(model)
    assert ag.equal(function(params, buffers, x), model(x))


def test_an_ensemble_is_one_function_of_stacked_parameters():
    models, x = [Net().eval() for _ in range(3)], ag.randn(5, 3)
    function, params, buffers = _functorch.combine_state_for_ensemble(models)
    found = _functorch.vmap(function, (0, 0, None))(params, buffers, x)
    assert ag.allclose(found, ag.stack([model(x) for model in models]))


def test_several_modules_are_made_at_once():
    params, buffers, function, names, _ = functional_init_with_buffers(Net, [3])()
    assert names[0] == "layers.0.weight" and params[0].shape == (3, 4, 3)
    assert ag.vmap(function)(params, buffers, (ag.randn(3, 5, 3),)).shape == (3, 5, 2)


def test_what_is_the_same_for_all_examples_has_no_axis():
    x, y = ag.randn(2, 3), ag.randn(4)
    (first, second, third), axes = restore_vmap(lambda x, y: (x * 2, y.sum(), None), (0, None), 2, "error")(x, y)
    assert ag.equal(first, x * 2) and ag.equal(second, y.sum()) and third is None
    assert axes == (0, None, None)


def test_axes_are_made_one_and_two():
    x = ag.randn(2, 3, 5)
    functorch = ag._C._functorch
    assert ag.equal(functorch.reshape_dim_into(0, -1, x), x.movedim(0, 1).reshape(3, 10))
    assert ag.equal(functorch.reshape_dim_outof(-1, 5, x), x.reshape(2, 3, 5, 1))


def test_programs_import_it_where_arcgrad_stands_in():
    program = (
        "import arcgrad; arcgrad.stand_in(); import functorch; from functorch import vmap, make_functional; import torch\n"
        "assert vmap.__wrapped__ is torch.vmap and functorch.grad.__wrapped__ is torch.func.grad"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_old_names_say_where_they_went():
    with pytest.warns(FutureWarning, match="Please use `torch.func.grad` instead"):
        _functorch.grad(ag.sin)
    with pytest.warns(FutureWarning, match="Please use `torch.vmap` instead"):
        _functorch.vmap(ag.sin)


@pytest.mark.parametrize("chunks", [1, 2, 3, 16])
def test_a_batch_in_several_runs(chunks):
    x = ag.randn(4, 5)
    assert ag.equal(experimental.chunk_vmap(ag.cumsum, (1, None), 1, chunks=chunks)(x, 0), x.cumsum(0))
