"""Names by which packages reach into PyTorch, beside those that it documents."""

import math

import pytest

import arcgrad as ag
from arcgrad.torch_version import TorchVersion


@pytest.mark.parametrize(
    "smaller_and_larger",
    [("2.9", "2.10"), ("2.0.0a0", "2.0"), ("2.0.dev1", "2.0a0"), ("2.0", "2.0.post1"), ("2.0rc1", "2"), ("2.0", "2.0+cpu")],
)
def test_versions_are_compared_by_their_numbers(smaller_and_larger):
    smaller, larger = smaller_and_larger
    assert TorchVersion(smaller) < larger and TorchVersion(larger) > smaller and TorchVersion(smaller) != larger
    assert TorchVersion(smaller) <= TorchVersion(larger) and not TorchVersion(smaller) >= larger


def test_a_version_is_text_and_compares_with_tuples():
    version = TorchVersion("2.10.1+cpu")
    assert version >= (2, 10) and version > (2,) and version.split("+")[1] == "cpu" and hash(version) == hash("2.10.1+cpu")
    assert TorchVersion("2.0.0") == "2.0" and TorchVersion("1.0") == (1, 0, 0)
    assert version < "parrot", "what is no version is compared as text"
    assert TorchVersion("2.9.0") != 2.9 and TorchVersion("2.0.0") != 2, "2.10 is another version than 2.1, and the same number"
    with pytest.raises(TypeError, match="not supported between"):
        version > 2.9  # noqa: B015 (it is compared)


def test_norms_of_all_axes_but_one():
    v = ag.arange(24.0).view(2, 3, 4)
    for dim in range(3):
        others = [axis for axis in range(3) if axis != dim]
        ag.testing.assert_close(ag.norm_except_dim(v, 2, dim), v.square().sum(others, keepdim=True).sqrt())
    ag.testing.assert_close(ag.norm_except_dim(v, 2, -1), v.norm())


def test_reductions_of_the_divergence_are_numbered():
    logs, target = ag.tensor([[0.1, 0.9]]).log(), ag.tensor([[0.3, 0.7]])
    ag.testing.assert_close(ag.kl_div(logs, target), ag.tensor([[0.3295837, -0.1759201]]), atol=1e-5, rtol=0)
    ag.testing.assert_close(ag.kl_div(logs, target, 1), ag.kl_div(logs, target, 0).mean())
    ag.testing.assert_close(ag.kl_div(logs, target.log(), 2, log_target=True), ag.kl_div(logs, target).sum())


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_gradients_from_results(name):
    x = ag.tensor([[0.5, -1.0, 2.0], [0.0, 0.1, 0.2]], requires_grad=True)
    g = ag.tensor([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0]])
    y = getattr(x, name)(1)
    (expected,) = ag.autograd.grad(y, x, g)
    ag.testing.assert_close(getattr(ag, f"_{name}_backward_data")(g, y.detach(), 1, ag.float32), expected)


def test_casts_by_the_names_of_old():
    assert ag._cast_Long(ag.tensor([1.7])).tolist() == [1] and ag._cast_Double(ag.ones(1)).dtype is ag.float64


def test_numbers_are_known():
    assert ag.sym_max(3, 2.0) == 3.0 and isinstance(ag.sym_max(3, 2.0), float) and ag.sym_min(3, 2) == 2
    assert ag.sym_int(-1.5) == -1 and ag.sym_not(True) is False and ag.sym_ite(True, 1, 2) == 1 and ag.sym_sum([1, 2]) == 3


def test_a_python_type_is_a_dtype_for_conversions():
    assert [ag.ones(1).to(kind).dtype for kind in (bool, int, float, complex)] == [ag.bool, ag.int64, ag.float64, ag.complex128]
    assert ag.nn.Linear(1, 1).to(float).weight.dtype is ag.nn.Linear(1, 1).to("cpu", float).weight.dtype is ag.float64


def test_distances_and_factors_of_covariances():
    from arcgrad.distributions.multivariate_normal import _batch_mahalanobis, _batch_mv, _precision_to_scale_tril

    covariance = ag.tensor([[2.0, 0.5], [0.5, 1.0]])
    factor, x = ag.linalg.cholesky(covariance), ag.tensor([[1.0, 2.0], [0.5, -1.0]])
    ag.testing.assert_close(_precision_to_scale_tril(covariance.inverse()), factor)
    ag.testing.assert_close(_batch_mahalanobis(factor, x), (x @ covariance.inverse() * x).sum(-1))
    ag.testing.assert_close(_batch_mv(covariance, x), x @ covariance)


def test_trees_are_taken_apart_by_the_functions_of_their_kinds():
    from collections import namedtuple

    from arcgrad.utils import _pytree

    Pair = namedtuple("Pair", "a b")
    children, context = _pytree._namedtuple_flatten(Pair(1, 2))
    assert _pytree._namedtuple_unflatten(children, context) == Pair(1, 2)
    children, context = _pytree._dict_flatten({"a": 1})
    assert (children, _pytree._dict_unflatten(children, context)) == ([1], {"a": 1})


def test_a_module_is_given_other_parameters_for_a_while():
    from arcgrad.nn.utils.stateless import _reparametrize_module

    module = ag.nn.Linear(1, 1)
    before = module.weight
    with _reparametrize_module(module, {"weight": ag.full((1, 1), 7.0)}):
        assert module.weight.item() == 7
    assert module.weight is before


def test_no_device_has_a_generator_of_its_own():
    from arcgrad.utils.checkpoint import get_device_states, set_device_states

    set_device_states(*get_device_states(ag.ones(1)))
    with pytest.raises(RuntimeError, match="CPU only"):
        set_device_states([0], [ag.get_rng_state()])


def test_a_range_of_a_gpu_is_an_error_where_it_begins():
    @ag.cuda.nvtx.range("step")
    def step(): ...

    with pytest.raises(RuntimeError, match="NVTX functions not installed"):
        step()


def test_functions_that_write_are_functional_already():
    x = ag.zeros(2)
    assert ag.func.functionalize(lambda x: x.add_(1).mul(2))(x).tolist() == [2, 2] and x.tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="received invalid argument for remove"):
        ag.func.functionalize(math.sin, remove="nothing")


def test_modules_are_tracked_forward_and_backward():
    from arcgrad.utils.module_tracker import ModuleTracker

    seen = []

    class Inner(ag.nn.Module):
        def forward(self, x):
            seen.append((sorted(tracker.parents), tracker.is_bw))
            y = x * 2
            y.register_hook(lambda grad: seen.append((sorted(tracker.parents), tracker.is_bw)))
            return y.sin()

    outer = ag.nn.Sequential(Inner())
    with ModuleTracker() as tracker:
        outer(ag.ones(2, requires_grad=True) * 1).sum().backward()
    names = ["Global", "Sequential", "Sequential.0"]
    assert seen == [(names, False), (names, True)] and tracker.parents == {"Global"} and not tracker.is_bw


def test_a_loader_reads_by_the_iterator_that_it_makes():
    from arcgrad.utils.data.dataloader import DataLoader, _BaseDataLoaderIter

    class Twice(DataLoader):
        def _get_iterator(self):
            return iter([*super()._get_iterator()] * 2)

    assert len(list(Twice([1, 2, 3]))) == 6 and isinstance(iter(DataLoader([1])), _BaseDataLoaderIter)
