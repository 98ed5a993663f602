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


@pytest.mark.parametrize("reduce", ["sum", "mean", "max", "min", "prod"])
@pytest.mark.parametrize("initial", [None, 2.0])
def test_segments_are_reduced_each_by_itself(reduce, initial):
    data = ag.tensor([1.0, 3.0, 4.0, -2.0, 5.0], dtype=ag.float64, requires_grad=True)
    lengths = ag.tensor([2, 0, 3])
    function = {"max": "amax", "min": "amin"}.get(reduce, reduce)
    empty = {"sum": 0.0, "mean": math.nan, "max": -math.inf, "min": math.inf, "prod": 1.0}[reduce] if initial is None else initial
    start = [] if initial is None else [ag.full((1,), initial, dtype=ag.float64)]

    def reduced(part):
        if reduce == "mean" and start:
            return part.mean() + initial / len(part)
        return getattr(ag.cat([*start, part]), function)()

    expected = ag.stack([reduced(data[:2]), ag.tensor(empty, dtype=ag.float64), reduced(data[2:])])
    got = ag.segment_reduce(data, reduce, lengths=lengths, initial=initial)
    ag.testing.assert_close(got, expected, equal_nan=True)
    assert ag.segment_reduce(data, reduce, offsets=ag.tensor([0, 2, 2, 5]), initial=initial)[2] == got[2]
    ag.autograd.gradcheck(lambda data: ag.segment_reduce(data, reduce, lengths=lengths, initial=2.0), data)


def test_segments_lie_along_any_axis():
    data = ag.arange(12.0).view(2, 3, 2)
    expected = [[[0.0, 1.0], [6.0, 8.0]], [[24.0, 27.0], [0.0, 0.0]]]
    assert ag.segment_reduce(data, "sum", lengths=ag.tensor([[1, 2], [3, 0]]), axis=1).tolist() == expected
    assert ag.segment_reduce(data, "sum", offsets=ag.tensor([[0, 1, 3], [0, 3, 3]]), axis=1).tolist() == expected
    assert ag.segment_reduce(data, "sum", offsets=ag.tensor([1, 2])).tolist() == data[1:].tolist()


@pytest.mark.parametrize(
    "options, words",
    [
        ({}, "Either lengths or offsets must be defined"),
        ({"indices": ag.tensor([0])}, "not supported yet"),
        ({"lengths": ag.tensor([1, 2])}, "to sum to"),
        ({"lengths": ag.tensor([-1, 3])}, "negative value"),
        ({"lengths": ag.tensor([1, 1]), "axis": 1}, "Expected axis to be the last dimension of lengths"),
    ],
)
def test_segments_that_do_not_fit_are_refused(options, words):
    with pytest.raises(RuntimeError, match=words):
        ag.segment_reduce(ag.ones(2, 2), "sum", **options)


def test_rows_are_told_by_where_they_begin():
    starts = ag._convert_indices_from_coo_to_csr(ag.tensor([0, 0, 2]), 4)
    assert starts.tolist() == [0, 2, 2, 3, 3]
    assert ag._convert_indices_from_csr_to_coo(ag.tensor([0, 2, 2, 3]), ag.tensor([0, 1, 1])).tolist() == [[0, 0, 2], [0, 1, 1]]


def test_texts_of_tensors_in_parts():
    from arcgrad import _tensor_str

    x = ag.arange(6.0).view(2, 3) + 0.5
    assert _tensor_str._tensor_str(x, 7) == "[[0.5000, 1.5000, 2.5000],\n        [3.5000, 4.5000, 5.5000]]"
    assert _tensor_str._tensor_str(x, 0) == "[[0.5000, 1.5000, 2.5000],\n [3.5000, 4.5000, 5.5000]]"
    assert _tensor_str._tensor_str(ag.ones(2, dtype=ag.float64, requires_grad=True), 0) == "[1., 1.]"
    assert _tensor_str._tensor_str(ag.tensor(3), 0) == "3" and _tensor_str._tensor_str(ag.ones(0, 3), 0) == "[]"
    add = _tensor_str._add_suffixes
    assert add("tensor([1, 2]", ["size=(2,)", "nnz=3"], 0, False) == "tensor([1, 2], size=(2,), nnz=3)"
    assert add("tensor([1, 2]", ["size=(2,)", "nnz=3"], 7, True) == "tensor([1, 2],\n       size=(2,), nnz=3)"
    assert add("x" * 75, ["size=(2,)", "nnz=3"], 2, False) == "x" * 75 + ",\n  size=(2,), nnz=3)"
    assert _tensor_str._str(x) == repr(x) and _tensor_str._str(x, tensor_contents="?") == "tensor(?)"
    try:
        _tensor_str.PRINT_OPTS.precision = 2
        assert ag.get_printoptions()["precision"] == _tensor_str.PRINT_OPTS.precision == 2
    finally:
        ag.set_printoptions(profile="default")


def test_control_flow_runs_as_it_is_read():
    from arcgrad._higher_order_ops import associative_scan, scan, while_loop

    x = ag.arange(6.0).view(3, 2)
    assert ag.cond(ag.tensor(False), lambda x: x + 1, lambda x: x - 1, (x,)).tolist() == (x - 1).tolist()
    assert while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2), (ag.tensor(0), x))[1].tolist() == (8 * x).tolist()
    carried, results = scan(lambda c, x: (c + x, {"product": c * x}), ag.zeros(2), x)
    assert carried.tolist() == [6.0, 9.0] and results["product"].tolist() == [[0.0, 0.0], [0.0, 3.0], [8.0, 20.0]]
    assert scan(lambda c, x: (c + x, c * x), ag.zeros(3), x, dim=1)[1].tolist() == [[0.0, 0.0], [0.0, 6.0], [0.0, 20.0]]
    assert associative_scan(lambda a, b: a + b, x, 0, reverse=True).tolist() == x.flip(0).cumsum(0).flip(0).tolist()


def test_layers_below_their_functions():
    x = ag.arange(24.0).view(2, 4, 3).sin()
    F = ag.nn.functional
    result, mean, inverse = ag.native_layer_norm(x, [3], ag.ones(3), ag.zeros(3), 1e-5)
    ag.testing.assert_close(result, F.layer_norm(x, [3]))
    ag.testing.assert_close((x - mean) * inverse, result)
    result, mean, inverse = ag.native_group_norm(x, None, None, 2, 4, 3, 2, 1e-5)
    ag.testing.assert_close(result, F.group_norm(x, 2))
    ag.testing.assert_close((x.view(2, 2, -1) - mean.unsqueeze(-1)) * inverse.unsqueeze(-1), result.view(2, 2, -1))
    ag.testing.assert_close(ag.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, True), F.batch_norm(x, None, None, training=True))
    ag.testing.assert_close(ag.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, True), F.instance_norm(x))
    image, kernel = ag.randn(1, 2, 5, 5), ag.randn(2, 3, 2, 2)
    transposed = ag.convolution(image, kernel, None, [2, 2], [1, 1], [1, 1], True, [0, 0], 1)
    ag.testing.assert_close(transposed, F.conv_transpose2d(image, kernel, stride=2, padding=1))
    ag.testing.assert_close(ag.convolution(x, ag.ones(1, 4, 2), None, [1], [0], [1], False, [0], 1), F.conv1d(x, ag.ones(1, 4, 2)))
    assert ag.embedding(x[0], ag.tensor([2, 0])).tolist() == x[0, [2, 0]].tolist()
    grid = ag.full((1, 1, 2, 2), 0.3)
    ag.testing.assert_close(ag.grid_sampler(image, grid, 1, 2, False), F.grid_sample(image, grid, "nearest", "reflection", False))
    assert ag.nuclear_norm(ag.eye(3)) == 3 and ag.frobenius_norm(ag.tensor([[3.0], [4.0]]), [0]).tolist() == [5.0]
    with pytest.raises(RuntimeError, match="2 dimensions"):
        ag.nuclear_norm(ag.ones(2))


def test_losses_below_their_functions_are_those_of_each_unless_told():
    x, y = ag.arange(6.0).view(3, 2).sin(), ag.arange(6.0).view(3, 2).cos()
    F = ag.nn.functional
    assert ag.triplet_margin_loss(x, y, x + y).shape == (3,) and ag.binary_cross_entropy_with_logits(x, y.abs()).shape == (3, 2)
    for number, reduction in enumerate(("none", "mean", "sum")):
        ag.testing.assert_close(
            ag.poisson_nll_loss(x, y.abs(), True, False, 1e-8, number), F.poisson_nll_loss(x, y.abs(), reduction=reduction)
        )
        ag.testing.assert_close(
            ag.margin_ranking_loss(x, y, ag.ones(3, 2), 0.1, number), F.margin_ranking_loss(x, y, ag.ones(3, 2), 0.1, reduction=reduction)
        )


def test_modules_within_packages_need_no_import(run_python):
    printed = run_python(
        """
        import arcgrad as ag
        print(ag.utils.data._utils.collate.default_collate([1, 2]), ag.autograd.profiler.record_function is not None)
        print(ag.fx.experimental.proxy_tensor.make_fx is not None, hasattr(ag.utils.data, "_nonsense"))
        print(ag.utils.data.ConcatDataset.cumsum([[1, 2], [3]]), ag.serialization.DEFAULT_PROTOCOL)
        """
    )
    assert printed.split("\n")[:-1] == ["tensor([1, 2]) True", "True False", "[2, 3] 2"]


def test_what_is_not_here_is_named_and_says_why():
    from arcgrad import package
    from arcgrad._guards import detect_fake_mode
    from arcgrad._subclasses.fake_tensor import FakeTensor
    from arcgrad.ao import quantization

    assert not isinstance(ag.ones(1), FakeTensor) and detect_fake_mode([ag.ones(1)]) is None
    assert ag.quantization.ObserverBase is quantization.ObserverBase
    for name, words in ((package.PackageExporter, "does not package code"), (quantization.quantize_dynamic, "does not quantize")):
        with pytest.raises(NotImplementedError, match=words):
            name("x")
    from arcgrad._functorch.compile import aot_function, make_boxed_func
    from arcgrad._functorch.partitioners import _is_primal

    assert make_boxed_func(max)([1, 2]) == 2 and aot_function(max) is max and ag._decomp.core_aten_decompositions() == {}
    with pytest.raises(NotImplementedError, match="no compiler that traces programs"):
        _is_primal(None)
    explanation = ag._dynamo.explain(lambda x: 2 * x)(ag.ones(2))
    assert explanation.graph_count == 0 and "compiles nothing" in str(explanation)


def test_optimizers_of_a_program_find_what_they_call():
    class Descent(ag.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.5})

        def step(self, closure=None):
            self._cuda_graph_capture_health_check()
            for group in self.param_groups:
                grouped = self._group_tensors_by_device_and_dtype([group["params"], [p.grad for p in group["params"]]])
                for (device, dtype), ((params, grads), _) in grouped.items():
                    assert (device.type, dtype) == ("cpu", ag.float32)
                    ag._foreach_add_(params, grads, alpha=-group["lr"])

    x = ag.ones(2, requires_grad=True)
    x.sum().backward()
    with ag.no_grad():
        Descent([x]).step()
    assert x.tolist() == [0.5, 0.5]


def test_names_that_packages_import_are_there():
    from typing import List

    from arcgrad.hub import urlparse
    from arcgrad.jit import _overload, _overload_method
    from arcgrad.jit.annotations import List as Listed
    from arcgrad.optim.optimizer import _default_to_fused_or_foreach, _get_capturable_supported_devices, _use_grad_for_differentiable
    from arcgrad.utils.data._utils.collate import np_str_obj_array_pattern

    @_overload
    def double(x: int) -> int: ...

    def double(x):  # noqa: F811 (that is what the decorator is for)
        return 2 * x

    assert double(2) == 4 and _overload_method is _overload and Listed is List and urlparse("https://a/b").path == "/b"
    assert np_str_obj_array_pattern.search("<U3") and not np_str_obj_array_pattern.search("<f4")
    assert _default_to_fused_or_foreach([ag.ones(1)], False) == (False, False) and "cpu" not in _get_capturable_supported_devices()
    assert ag._utils._get_available_device_type() is None and type(ag.Tensor) is ag._C._TensorMeta
    assert ag.ScriptModule is ag.jit.ScriptModule

    class Descent(ag.optim.Optimizer):
        @_use_grad_for_differentiable
        def step(self, closure=None):
            return ag.is_grad_enabled()

    for differentiable in (False, True):
        assert Descent([ag.ones(1)], {"differentiable": differentiable}).step() is differentiable


def test_scans_of_no_steps_are_refused():
    from arcgrad._higher_order_ops import associative_scan, scan

    for call in (
        lambda xs: scan(lambda carried, x: (carried, x), ag.zeros(3), xs),
        lambda xs: associative_scan(lambda a, b: a + b, xs, 0),
    ):
        assert call(ag.ones(2, 3)) is not None
        with pytest.raises(RuntimeError, match="scan dimension > 0"):
            call(ag.ones(0, 3))
