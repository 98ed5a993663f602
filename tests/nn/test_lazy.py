"""Lazy modules, and parameters and buffers without a shape."""

import copy
import pickle

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn.modules.lazy import LazyModuleMixin

LAYERS = [
    (lambda: nn.LazyLinear(3), nn.Linear, (2, 4), "LazyLinear(in_features=0, out_features=3, bias=True)"),
    (lambda: nn.LazyConv1d(4, 3), nn.Conv1d, (1, 2, 5), "LazyConv1d(0, 4, kernel_size=(3,), stride=(1,))"),
    (lambda: nn.LazyConv2d(4, 3, groups=2), nn.Conv2d, (1, 2, 5, 5), "LazyConv2d(0, 4, kernel_size=(3, 3), stride=(1, 1), groups=2)"),
    (
        lambda: nn.LazyConv3d(4, 2, bias=False, padding=1),
        nn.Conv3d,
        (1, 2, 3, 3, 3),
        "LazyConv3d(0, 4, kernel_size=(2, 2, 2), stride=(1, 1, 1), padding=(1, 1, 1), bias=False)",
    ),
    (lambda: nn.LazyConvTranspose1d(4, 3), nn.ConvTranspose1d, (1, 2, 5), "LazyConvTranspose1d(0, 4, kernel_size=(3,), stride=(1,))"),
    (
        lambda: nn.LazyConvTranspose2d(4, 3, 2, groups=2, output_padding=1),
        nn.ConvTranspose2d,
        (1, 2, 5, 5),
        "LazyConvTranspose2d(0, 4, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1), groups=2)",
    ),
    (
        lambda: nn.LazyConvTranspose3d(4, 2),
        nn.ConvTranspose3d,
        (1, 2, 3, 3, 3),
        "LazyConvTranspose3d(0, 4, kernel_size=(2, 2, 2), stride=(1, 1, 1))",
    ),
    *(
        (
            lambda kind=kind, axes=axes: getattr(nn, f"Lazy{kind}Norm{axes}d")(affine=axes != 2, momentum=0.5),
            getattr(nn, f"{kind}Norm{axes}d"),
            (4, 3) + (2,) * axes,
            f"Lazy{kind}Norm{axes}d(0, eps=1e-05, momentum=0.5, affine={axes != 2}, bias={axes != 2}, track_running_stats=True)",
        )
        for kind in ("Batch", "Instance")
        for axes in (1, 2, 3)
    ),
]
IDS = [make[1].__name__ for make in LAYERS]


@pytest.fixture(params=LAYERS, ids=IDS)
def layer(request):
    make, cls, shape, text = request.param
    return make, cls, ag.randn(*shape), text


def test_the_first_call_makes_it_an_ordinary_layer(layer):
    make, cls, x, text = layer
    lazy = make()
    assert repr(lazy) == text and lazy.has_uninitialized_params()
    members = {**dict(lazy.named_parameters()), **dict(lazy.named_buffers())}
    y = lazy(x)
    assert type(lazy) is cls and not lazy._forward_pre_hooks and not lazy._load_state_dict_pre_hooks
    assert not hasattr(lazy, "_load_hook") and not hasattr(lazy, "_initialize_hook")
    # The objects stay, so that an optimizer may know them before.
    for name, member in {**dict(lazy.named_parameters()), **dict(lazy.named_buffers())}.items():
        assert member is members[name] and not isinstance(member, nn.parameter.UninitializedTensorMixin)
    assert all(type(parameter) is nn.Parameter and parameter.requires_grad for parameter in lazy.parameters())
    assert ag.equal(lazy.train().eval()(x), cls.forward(lazy, x)) and y.shape == lazy(x).shape


def test_loading_a_state_gives_the_shapes(layer):
    make, cls, x, text = layer
    if ag.__name__ == "torch" and "InstanceNorm" in text:
        pytest.skip("PyTorch's do not know their sizes then, and refuse every input")
    source, lazy = make(), make()
    source(x)
    assert str(lazy.load_state_dict(source.state_dict())) == "<All keys matched successfully>"
    assert not lazy.has_uninitialized_params() and type(lazy) is not cls
    assert ag.equal(lazy.eval()(x), source.eval()(x)) and type(lazy) is cls


@pytest.mark.arcgrad_only  # in PyTorch convolutions and norms go on saying 0
def test_a_layer_that_got_its_shapes_by_loading_knows_its_sizes(layer):
    make, cls, x, _ = layer
    source, lazy = make(), make()
    source(x)
    lazy.load_state_dict(source.state_dict())
    lazy(x)
    assert repr(lazy) == repr(source)


def test_a_lazy_state_is_loaded_by_lazy_modules_only(layer):
    make, cls, x, _ = layer
    lazy, ready = make(), make()
    assert str(make().load_state_dict(lazy.state_dict())) == "<All keys matched successfully>"
    ready(x)
    with pytest.raises(RuntimeError, match="^Can't access the shape of an uninitialized parameter or buffer. .*load_state_dict"):
        ready.load_state_dict(lazy.state_dict())


@pytest.mark.arcgrad_only  # PyTorch's copies lose the dtype, and those of buffers fail
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_are_lazy_and_independent(layer, duplicate):
    make, cls, x, text = layer
    lazy = make().double()
    twin = duplicate(lazy)
    twin(x.double())
    assert type(twin) is cls and repr(lazy) == text
    assert all(parameter.dtype == ag.float64 for parameter in twin.parameters())


def test_dtypes_are_kept_and_changed_before_the_shapes_are_known():
    lazy = nn.LazyLinear(2, dtype=ag.float64)
    assert lazy.weight.dtype == ag.float64 and lazy.float().weight.dtype == ag.float32
    assert lazy.to(ag.float64)(ag.ones(3, dtype=ag.float64)).dtype == ag.float64
    assert nn.LazyLinear(2, bias=False).bias is None


def test_lazy_layers_in_a_model_are_trained():
    net = nn.Sequential(nn.LazyConv2d(2, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(1))
    net(ag.randn(2, 1, 5, 5))
    optimizer = ag.optim.SGD(net.parameters(), lr=0.1)
    before = [parameter.detach().clone() for parameter in net.parameters()]
    net(ag.randn(4, 1, 5, 5)).pow(2).sum().backward()
    optimizer.step()
    assert len(before) == 6 and not any(ag.equal(*pair) for pair in zip(before, net.parameters()) if pair[0].ndim > 1)


def test_transposed_convolutions_take_the_size_of_their_output():
    assert tuple(nn.LazyConvTranspose2d(3, 2, stride=2)(ag.ones(1, 2, 4, 4), output_size=(9, 9)).shape) == (1, 3, 9, 9)


@pytest.mark.arcgrad_only  # PyTorch takes the second axis for the channels
def test_instance_norms_take_one_sample_without_a_batch():
    norm = nn.LazyInstanceNorm1d()
    assert tuple(norm(ag.randn(3, 5)).shape) == (3, 5) and norm.num_features == 3


def test_inputs_of_another_number_of_axes_are_refused():
    with pytest.raises(RuntimeError, match=r"^Expected 3D \(unbatched\) or 4D \(batched\) input to LazyConv2d, but got input of size: "):
        nn.LazyConv2d(3, 2)(ag.ones(2, 2))
    with pytest.raises(ValueError, match="^in_channels must be divisible by groups$"):
        nn.LazyConv2d(4, 2, groups=2)(ag.ones(1, 3, 4, 4))
    assert tuple(nn.LazyConv2d(4, 2)(ag.ones(3, 4, 4)).shape) == (4, 3, 3)


def test_a_layer_that_leaves_a_parameter_without_shape_is_an_error():
    class Forgets(LazyModuleMixin, nn.Linear):
        def __init__(self):
            super().__init__(1, 1)
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, x):
            pass

    with pytest.raises(RuntimeError, match="^module Forgets has not been fully initialized$"):
        Forgets()(ag.ones(1))


def test_a_layer_of_ones_own_without_a_class_to_become_stays_what_it_is():
    class Scale(LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.UninitializedParameter()

        def initialize_parameters(self, x, factor=1.0):
            with ag.no_grad():
                self.weight.materialize(x.shape[-1:])
                nn.init.constant_(self.weight, factor)

        def forward(self, x, factor=1.0):
            return x * self.weight

    scale = Scale()
    assert scale(ag.ones(2), factor=3.0).tolist() == [3.0, 3.0] and type(scale) is Scale
    assert scale(ag.ones(2), factor=5.0).tolist() == [3.0, 3.0]


# ---- tensors without a shape ----


@pytest.mark.parametrize("make", [nn.UninitializedParameter, nn.UninitializedBuffer])
@pytest.mark.parametrize(
    "use",
    [
        lambda t: t + 1,
        lambda t: 1 - t,
        lambda t: t @ t,
        lambda t: t.sum(),
        lambda t: t.view(-1),
        lambda t: t.t(),
        lambda t: t[0],
        lambda t: t == t,
        lambda t: t.numel(),
        lambda t: len(t),
        lambda t: t.add_(1),
        lambda t: t.zero_(),
        lambda t: t.detach(),
        lambda t: t.clone(),
    ],
)
def test_nothing_is_computed_without_a_shape(make, use):
    with pytest.raises(ValueError, match="^Attempted to use an uninitialized parameter in .*LazyModule"):
        use(make())


@pytest.mark.parametrize("make", [nn.UninitializedParameter, nn.UninitializedBuffer])
def test_what_a_tensor_without_a_shape_can_do(make):
    t = make(dtype=ag.float64)
    assert t.dtype == ag.float64 and t.device == ag.device("cpu") and t.is_leaf and t.is_floating_point()
    assert t.requires_grad == (make is nn.UninitializedParameter) and t.grad is None
    assert repr(t) == f"<{make.__name__}>" and hash(t) == hash(t) and nn.parameter.is_lazy(t)
    assert t.to(ag.float32).dtype == ag.float32 and t.float().dtype == ag.float32
    with pytest.raises(RuntimeError, match="^Can't access the shape of an uninitialized parameter or buffer."):
        t.shape  # noqa: B018
    with pytest.raises(RuntimeError, match="^Can't share memory on an uninitialized parameter or buffer."):
        t.share_memory_()
    t.materialize((2, 3))
    assert tuple(t.shape) == (2, 3) and t.dtype == ag.float64 and not nn.parameter.is_lazy(t)
    assert type(t) is (nn.Parameter if make is nn.UninitializedParameter else ag.Tensor)
    assert isinstance(t, nn.Buffer) == (make is nn.UninitializedBuffer)


def test_materialize_may_change_the_dtype():
    t = nn.UninitializedParameter(requires_grad=False)
    t.materialize([2], dtype=ag.float64)
    assert t.dtype == ag.float64 and not t.requires_grad


def test_a_buffer_without_a_shape_may_be_left_out_of_the_state():
    module = nn.Module()
    module.seen = nn.UninitializedBuffer(persistent=False)
    assert list(module.state_dict()) == [] and list(module._buffers) == ["seen"]


def test_one_size_makes_a_vector():
    param = nn.UninitializedParameter()
    param.materialize(3)
    assert param.shape == (3,)
