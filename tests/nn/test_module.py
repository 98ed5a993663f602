"""nn.Module and its containers: bookkeeping, state, hooks, printing, copies."""

import copy
import gc
import pickle
import weakref
from collections import OrderedDict

import pytest

import arcgrad as ag
from arcgrad import nn
from arcgrad.nn.modules import module as nn_module
from arcgrad.nn.modules.module import register_module_forward_hook


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(3, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        return self.out(self.hidden(x).tanh())


class Scale(nn.Module):
    def forward(self, x, factor=1.0):
        return x * factor


# ---- attributes ----


def test_parameters_buffers_and_modules_are_sorted_by_what_is_assigned():
    module = nn.Module()
    module.weight = nn.Parameter(ag.zeros(2))
    module.child = nn.Tanh()
    module.register_buffer("mean", ag.zeros(1))
    module.plain = ag.zeros(1)
    assert list(module._parameters) == ["weight"]
    assert list(module._modules) == ["child"]
    assert list(module._buffers) == ["mean"]
    assert "plain" in module.__dict__ and "weight" not in module.__dict__
    assert {"weight", "child", "mean", "plain"} <= set(dir(module))


def test_assigning_a_parameter_replaces_a_plain_attribute_of_that_name():
    module = nn.Module()
    module.x = ag.zeros(1)
    module.x = nn.Parameter(ag.ones(1))
    assert "x" not in module.__dict__
    assert module.x is module._parameters["x"]
    module.x = None
    assert module.x is None and list(module._parameters) == ["x"]
    del module.x
    assert not hasattr(module, "x")


@pytest.mark.parametrize(
    ("value", "name", "message"),
    [
        (0, "weight", "cannot assign 'int' as parameter 'weight'"),
        (0, "child", "cannot assign 'int' as child module 'child'"),
        (0, "mean", "cannot assign 'int' as buffer 'mean'"),
    ],
)
def test_assigning_the_wrong_kind_over_a_member_is_a_type_error(value, name, message):
    module = nn.Module()
    module.weight = nn.Parameter(ag.zeros(2))
    module.child = nn.Tanh()
    module.register_buffer("mean", ag.zeros(1))
    before = getattr(module, name)
    with pytest.raises(TypeError, match=message):
        setattr(module, name, value)
    assert getattr(module, name) is before


@pytest.mark.parametrize("value", [nn.Tanh(), nn.Parameter(ag.zeros(1)), nn.Buffer(ag.zeros(1))])
def test_assigning_members_before_init_is_an_attribute_error(value):
    class Forgetful(nn.Module):
        def __init__(self):
            self.member = value

    with pytest.raises((AttributeError, KeyError)):
        Forgetful()


def test_registering_checks_names_and_kinds():
    module = nn.Linear(1, 1)
    with pytest.raises(KeyError, match="already exists"):
        module.register_buffer("weight", ag.zeros(1))
    with pytest.raises(KeyError, match='can.*t contain "."'):
        module.register_parameter("a.b", None)
    with pytest.raises(KeyError, match="can.*t be empty string"):
        module.add_module("", nn.Tanh())
    with pytest.raises(TypeError, match="should be a string"):
        module.register_buffer(3, None)
    with pytest.raises(TypeError, match="cannot assign .* object to parameter 'p'"):
        module.register_parameter("p", ag.zeros(1))
    with pytest.raises(TypeError, match="is not a Module subclass"):
        module.add_module("m", 3)
    with pytest.raises(TypeError, match="cannot assign 'int' object to buffer 'b'"):
        module.register_buffer("b", 3)


def test_a_missing_attribute_names_class_and_attribute():
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'nothing'"):
        Net().nothing  # noqa: B018


def test_a_buffer_assigned_as_attribute_is_registered():
    module = nn.Module()
    module.kept = nn.Buffer(ag.ones(1))
    module.dropped = nn.Buffer(ag.ones(1), persistent=False)
    assert list(module.state_dict()) == ["kept"]
    assert [name for name, _ in module.named_buffers()] == ["kept", "dropped"]
    del module.dropped
    assert module._non_persistent_buffers_set == set()


def test_module_takes_no_arguments():
    with pytest.raises(TypeError, match="unexpected keyword argument 'a'"):
        nn.Module(a=1)
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        nn.Tanh(1)


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match='missing the required "forward" function'):
        nn.Module()(1)


def test_submodules_parameters_and_buffers_are_found_by_path():
    net = nn.Sequential(Net(), nn.BatchNorm1d(2))
    assert net.get_submodule("0.out") is net[0].out
    assert net.get_submodule("") is net
    assert net.get_parameter("0.out.bias") is net[0].out.bias
    assert net.get_buffer("1.running_mean") is net[1].running_mean
    with pytest.raises(AttributeError, match="has no attribute `nothing`"):
        net.get_submodule("0.nothing")
    with pytest.raises(AttributeError, match="is not an nn.Module"):
        net.get_submodule("0.out.bias")
    with pytest.raises(AttributeError, match="is not an nn.Parameter"):
        net.get_parameter("1.running_mean")
    with pytest.raises(AttributeError, match="is not a buffer"):
        net.get_buffer("0.out.bias")
    net.set_submodule("0.out", nn.Identity())
    assert isinstance(net[0].out, nn.Identity)
    with pytest.raises(AttributeError, match="has no attribute"):
        net.set_submodule("0.new", nn.Identity(), strict=True)


def test_replacing_members_by_others_kind_by_kind():
    module = nn.Module()
    module.x = nn.Buffer(ag.ones(1), persistent=False)
    module.x = nn.Parameter(ag.ones(1))
    assert (list(module._parameters), list(module._buffers), module._non_persistent_buffers_set) == (["x"], [], set())
    with pytest.raises(TypeError, match="as parameter 'x'"):
        module.x = nn.Buffer(ag.ones(1))
    with pytest.raises(TypeError, match="as parameter 'x'"):
        module.x = nn.Tanh()
    del module.x
    module.x = nn.Tanh()
    with pytest.raises(TypeError, match="as child module 'x'"):
        module.x = ag.ones(1)
    module.x = nn.Parameter(ag.ones(1))
    assert (list(module._parameters), list(module._modules)) == (["x"], [])


def test_a_tensor_in_the_place_of_a_buffer_takes_over_whether_it_is_saved():
    module = nn.Module()
    module.register_buffer("mean", ag.ones(1), persistent=False)
    module.mean = ag.zeros(1)
    assert list(module.state_dict()) == []
    module.mean = nn.Buffer(ag.zeros(1))
    assert list(module.state_dict()) == ["mean"]
    module.mean = None
    assert module.mean is None and list(module.state_dict()) == [] and list(module._buffers) == ["mean"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.register_parameter("a", nn.Parameter(ag.ones(1)) * 2), TypeError, "cannot assign .* to parameter 'a'"),
        (lambda m: m.set_submodule("", m), ValueError, "^Cannot set the submodule without a target name!$"),
        (lambda m: m.set_submodule("weight", nn.Tanh()), AttributeError, "^`weight` is not an nn.Module$"),
        (lambda m: m.set_submodule("a.b", nn.Tanh()), AttributeError, "^Linear has no attribute `a`$"),
        (lambda m: m.set_submodule("q", 3), ValueError, "^`module` is not an nn.Module, found <class 'int'>$"),
        (lambda m: m.get_parameter("weight.x"), AttributeError, "^`weight` is not an nn.Module$"),
        (lambda m: delattr(m, "nope"), AttributeError, "^'Linear' object has no attribute 'nope'$"),
        (lambda m: m.get_extra_state(), RuntimeError, "get_extra_state"),
        (lambda m: m.set_extra_state(1), RuntimeError, "set_extra_state"),
        (lambda m: m.to_empty("cpu"), TypeError, "takes 1 positional argument but 2 were given"),
        (lambda m: m.register_state_dict_post_hook(3), AttributeError, "_from_public_api"),
        (
            lambda m: m.load_state_dict({"weight": 3, "bias": ag.zeros(2)}),
            RuntimeError,
            r'the parameter named "weight", expected \w+.Tensor or Tensor-like object from checkpoint but received <class \'int\'>',
        ),
        (
            lambda m: m.load_state_dict({"weight": ag.zeros(3, 3), "bias": ag.zeros(2), "z": 1}),
            RuntimeError,
            r'^Error\(s\) in loading state_dict for Linear:\n\tUnexpected key\(s\) in state_dict: "z". \n\tsize mismatch for weight: '
            r"copying a param with shape \w+.Size\(\[3, 3\]\) from checkpoint, the shape in current model is \w+.Size\(\[2, 2\]\).$",
        ),
        (
            lambda m: m.load_state_dict({}),
            RuntimeError,
            r'^Error\(s\) in loading state_dict for Linear:\n\tMissing key\(s\) in state_dict: "weight", "bias". $',
        ),
    ],
)
def test_what_a_module_refuses(call, error, message):
    with pytest.raises(error, match=message):
        call(nn.Linear(2, 2))


# ---- walks ----


def test_shared_members_are_visited_once_unless_asked_otherwise():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    net.register_module("again", net[0])
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 6
    assert [name for name, _ in net.named_modules()] == ["", "0", "1"]
    assert [name for name, _ in net.named_modules(remove_duplicate=False)] == ["", "0", "1", "again"]
    assert [name for name, _ in net.named_children()] == ["0", "1"]


def test_prefix_and_recurse_limit_a_walk():
    net = Net()
    assert next(iter(dict(net.named_parameters(prefix="net")))) == "net.hidden.weight"
    assert list(net.parameters(recurse=False)) == []
    assert len(list(net.buffers())) == 0


def test_apply_visits_children_first():
    seen = []
    net = nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU()))
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Tanh", "ReLU", "Sequential", "Sequential"]


# ---- modes, dtypes, devices ----


def test_train_and_eval_reach_all_modules():
    net = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()))
    assert not any(module.training for module in net.eval().modules())
    assert all(module.training for module in net.train().modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        net.train(1)


def test_conversion_keeps_the_parameter_objects_and_converts_gradients():
    layer = nn.Linear(2, 1)
    weight = layer.weight
    layer(ag.ones(2)).sum().backward()
    grad = weight.grad
    assert layer.double() is layer
    assert layer.weight is weight and weight.dtype == ag.float64
    assert weight.grad is grad and grad.dtype == ag.float64
    assert layer.to("cpu", ag.float32).weight.dtype == ag.float32
    assert layer.to(ag.zeros(1, dtype=ag.float64)).bias.dtype == ag.float64


def test_conversion_leaves_integers_alone():
    norm = nn.BatchNorm1d(2).double()
    assert norm.running_mean.dtype == ag.float64
    assert norm.num_batches_tracked.dtype == ag.int64
    with pytest.raises(TypeError, match="only accepts floating point or complex dtypes"):
        norm.to(ag.int64)
    with pytest.raises(TypeError, match="invalid combination of arguments"):
        norm.to(1.5)


@pytest.mark.arcgrad_only
@pytest.mark.parametrize("name", ["cuda", "xpu", "ipu", "mtia"])
def test_there_is_no_device_but_the_cpu(name):
    layer = nn.Linear(1, 1)
    with pytest.raises(RuntimeError, match=f"no {name.upper()} support"):
        getattr(layer, name)()
    assert layer.cpu() is layer and layer.share_memory() is layer


def test_to_empty_keeps_parameters_shapes_and_dtypes():
    net = nn.Sequential(nn.Linear(2, 3).double(), nn.BatchNorm1d(3))
    weight = net[0].weight
    assert net.to_empty(device="cpu") is net
    assert net[0].weight is weight and weight.dtype == ag.float64 and tuple(weight.shape) == (3, 2)
    assert net[1].num_batches_tracked.dtype == ag.int64
    first, mean = net[0].weight.data_ptr(), net[1].running_mean.data_ptr()
    net.to_empty(device="cpu", recurse=False)
    assert (net[0].weight.data_ptr(), net[1].running_mean.data_ptr()) == (first, mean)


@pytest.mark.arcgrad_only  # PyTorch compiles, and returns None
def test_compile_returns_the_module_which_runs_as_before():
    layer = nn.Linear(2, 1)
    before = layer(ag.ones(2))
    assert layer.compile(mode="max-autotune", fullgraph=True) is layer
    assert ag.equal(layer(ag.ones(2)), before)


def test_overridden_modes_are_called_for_submodules():
    class Frozen(nn.Dropout):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(Frozen(), nn.Dropout()).train()
    assert (net[0].training, net[1].training, net.training) == (False, True, True)


def test_zero_grad_sets_none_or_zeros():
    layer = nn.Linear(2, 1)
    layer(ag.ones(2)).sum().backward()
    grad = layer.weight.grad
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad is grad and grad.tolist() == [[0.0, 0.0]]
    layer.zero_grad()
    assert layer.weight.grad is None


def test_requires_grad_switches_recording_off():
    layer = nn.Linear(2, 1).requires_grad_(False)
    assert not layer(ag.ones(2)).requires_grad


# ---- state ----


def test_state_dict_shares_memory_and_carries_versions():
    net = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    state = net.state_dict()
    assert isinstance(state, OrderedDict)
    assert list(state) == [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    ]
    assert state._metadata == {"": {"version": 1}, "0": {"version": 1}, "1": {"version": 2}}
    assert not state["0.weight"].requires_grad
    state["0.weight"].fill_(7.0)
    assert net[0].weight.item() == 7.0
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight
    assert next(iter(net.state_dict(prefix="net."))) == "net.0.weight"


def test_loading_copies_values_into_the_same_parameters():
    source, target = Net(), Net()
    weight = target.out.weight
    assert str(target.load_state_dict(source.state_dict())) == "<All keys matched successfully>"
    assert target.out.weight is weight
    assert ag.equal(weight, source.out.weight)
    assert weight.requires_grad


def test_loading_reports_everything_that_does_not_fit():
    net = Net()
    state = net.state_dict()
    del state["out.bias"]
    state["extra"] = ag.zeros(1)
    state["hidden.weight"] = ag.zeros(5)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    assert text.startswith("Error(s) in loading state_dict for Net:")
    assert 'Missing key(s) in state_dict: "out.bias".' in text
    assert 'Unexpected key(s) in state_dict: "extra".' in text
    assert "size mismatch for hidden.weight: copying a param with shape" in text


def test_loading_without_strict_returns_the_keys():
    net = Net()
    state = {"hidden.weight": ag.ones(4, 3), "extra": ag.zeros(1)}
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["hidden.bias", "out.weight", "out.bias"]
    assert result.unexpected_keys == ["extra"]
    assert bool((net.hidden.weight == 1).all())


def test_a_wrong_shape_is_an_error_also_without_strict():
    with pytest.raises(RuntimeError, match="size mismatch for out.bias"):
        Net().load_state_dict({"out.bias": ag.zeros(3)}, strict=False)
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like"):
        Net().load_state_dict(3)


def test_assign_takes_over_dtype_and_keeps_requires_grad():
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.requires_grad_(False)
    layer.load_state_dict({"weight": ag.ones(1, 1, dtype=ag.float64)}, assign=True)
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.dtype == ag.float64 and not layer.weight.requires_grad


def test_extra_state_is_stored_and_given_back():
    class WithExtra(nn.Module):
        def __init__(self):
            super().__init__()
            self.extra = "start"

        def get_extra_state(self):
            return self.extra

        def set_extra_state(self, state):
            self.extra = state

    source, target = WithExtra(), WithExtra()
    source.extra = "other"
    assert dict(source.state_dict()) == {"_extra_state": "other"}
    target.load_state_dict(source.state_dict())
    assert target.extra == "other"
    with pytest.raises(RuntimeError, match="Missing key"):
        target.load_state_dict({})
    with pytest.raises(RuntimeError, match="Unexpected key"):
        nn.Tanh().load_state_dict({"_extra_state": 1})


def test_state_hooks_run_in_their_places():
    seen = []
    layer = nn.Linear(1, 1)
    layer.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append("before saving"))
    layer.register_state_dict_post_hook(lambda module, state, prefix, metadata: seen.append(list(state)))
    layer.register_load_state_dict_pre_hook(lambda module, state, *rest: state.pop("other", None))
    layer.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    state = layer.state_dict()
    assert seen == ["before saving", ["weight", "bias"]]
    state["other"] = ag.zeros(1)
    del state["bias"]
    layer.load_state_dict(state)
    replaced = layer._register_state_dict_hook(lambda module, state, prefix, metadata: {"mine": 1})
    assert layer.state_dict() == {"mine": 1}
    replaced.remove()
    layer.register_load_state_dict_post_hook(lambda module, keys: 3)
    with pytest.raises(AssertionError):
        layer.load_state_dict(state)


# ---- forward hooks ----


REGISTRATIONS = sorted(name for name in dir(nn.Module) if name.startswith("register_") and name.endswith("_hook"))


@pytest.mark.filterwarnings("ignore:Using a non-full backward hook")
@pytest.mark.parametrize("name", REGISTRATIONS)
def test_a_module_with_a_hook_is_freed_at_once(name):
    module = nn.Linear(2, 2)
    getattr(module, name)(lambda *args: None)
    module.load_state_dict(copy.deepcopy(module).state_dict())
    module(ag.ones(1, 2, requires_grad=True)).sum().backward()
    gone = weakref.ref(module)
    gc.disable()
    try:
        del module
        assert gone() is None
    finally:
        gc.enable()


def test_a_copy_of_a_module_loads_through_its_own_hook():
    module = nn.Linear(2, 2)
    seen = []
    module.register_load_state_dict_pre_hook(lambda own, *args: seen.append(own))
    twin = copy.deepcopy(module)
    twin.load_state_dict(module.state_dict())
    assert len(seen) == 1 and seen[0] is twin


def test_conversion_keeps_the_versions_of_parameters():
    module = nn.Sequential(nn.Linear(2, 2))
    weight = module[0].weight
    with ag.no_grad():
        weight.add_(1)
    version = weight._version
    for convert in (module.double, module.float, lambda: module.to(ag.float64), lambda: module._apply(lambda t: t + 1)):
        convert()
        assert module[0].weight is weight and weight._version == version
    weight.data = weight.data.clone()
    assert weight._version == version
    with ag.no_grad():
        weight.add_(1)
    assert weight._version == version + 1


def test_forward_hooks_see_and_replace_the_output():
    scale, seen = Scale(), []
    first = scale.register_forward_hook(lambda module, args, output: seen.append((args, output.item())))
    second = scale.register_forward_hook(lambda module, args, output: output + 1, prepend=True)
    assert scale(ag.tensor(2.0)).item() == 3.0
    assert seen[0][0][0].item() == 2.0 and seen[0][1] == 3.0
    first.remove()
    second.remove()
    assert scale(ag.tensor(2.0)).item() == 2.0 and len(seen) == 1


def test_forward_pre_hooks_replace_the_arguments():
    scale = Scale()
    with scale.register_forward_pre_hook(lambda module, args: args[0] * 10):
        assert scale(ag.tensor(2.0)).item() == 20.0
    with scale.register_forward_pre_hook(lambda module, args, kwargs: (args, {"factor": 3.0}), with_kwargs=True):
        assert scale(ag.tensor(2.0), factor=5.0).item() == 6.0
    with scale.register_forward_pre_hook(lambda module, args, kwargs: 3, with_kwargs=True):
        with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"):
            scale(ag.tensor(2.0))
    assert scale(ag.tensor(2.0), factor=5.0).item() == 10.0


def test_forward_hooks_can_see_keyword_arguments():
    scale, seen = Scale(), []
    scale.register_forward_hook(lambda module, args, kwargs, output: seen.append(kwargs), with_kwargs=True)
    scale(ag.tensor(1.0), factor=4.0)
    assert seen == [{"factor": 4.0}]


def test_hooks_with_always_call_run_when_forward_raises():
    scale, seen = Scale(), []
    scale.register_forward_hook(lambda module, args, output: seen.append("never"))
    scale.register_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
    with pytest.raises(TypeError):
        scale(ag.tensor(1.0), nothing=3)
    assert seen == [None]


def test_an_error_in_a_hook_that_is_always_called_does_not_hide_the_first():
    def fail(module, args, output):
        raise KeyError("second")

    scale = Scale()
    scale.register_forward_hook(fail, always_call=True)
    with pytest.warns(UserWarning, match="always_call=True"), pytest.raises(TypeError):
        scale(ag.tensor(1.0), nothing=3)


def test_global_hooks_see_every_module_until_removed():
    seen = []
    with register_module_forward_hook(lambda module, args, output: seen.append(type(module).__name__)):
        nn.Sequential(nn.Tanh())(ag.zeros(1))
    nn.Tanh()(ag.zeros(1))
    assert seen == ["Tanh", "Sequential"]
    assert nn.Module._hooked is False


@pytest.fixture
def registrations():
    """What the hooks for registrations saw: kind, name, whether it was None."""
    seen = []
    handles = [
        getattr(nn_module, f"register_module_{kind}_registration_hook")(
            lambda module, name, value, kind=kind: seen.append((kind, name, value is None))
        )
        for kind in ("parameter", "buffer", "module")
    ]
    yield seen
    for handle in handles:
        handle.remove()


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        (lambda m: setattr(m, "x", nn.Parameter(ag.ones(1))), [("parameter", "x", False)]),
        (lambda m: m.register_parameter("x", None), []),
        (lambda m: setattr(m, "p", None), []),
        (lambda m: setattr(m, "p", nn.Parameter(ag.ones(1))), [("parameter", "p", False)]),
        (lambda m: setattr(m, "b", nn.Parameter(ag.ones(1))), [("parameter", "b", False)]),
        (lambda m: setattr(m, "x", nn.Tanh()), [("module", "x", False)]),
        (lambda m: m.add_module("x", None), [("module", "x", True)]),
        (lambda m: setattr(m, "m", None), [("module", "m", True)]),
        (lambda m: setattr(m, "p", nn.Tanh()), TypeError),
        (lambda m: m.register_buffer("x", ag.ones(1)), [("buffer", "x", False)]),
        (lambda m: m.register_buffer("x", None), [("buffer", "x", True)]),
        (lambda m: setattr(m, "b", ag.ones(1)), [("buffer", "b", False)]),
        (lambda m: setattr(m, "b", None), [("buffer", "b", True)]),
        (lambda m: setattr(m, "x", nn.Buffer(ag.ones(1))), [("buffer", "x", False)]),
        (lambda m: setattr(m, "x", ag.ones(1)), []),
        (lambda m: setattr(m, "x", nn.Linear(1, 1, bias=False)), [("parameter", "weight", False), ("module", "x", False)]),
    ],
)
def test_hooks_see_what_is_registered(register, expected, request):
    module = nn.Module()
    module.p, module.m = nn.Parameter(ag.ones(1)), nn.Tanh()
    module.register_buffer("b", ag.ones(1))
    seen = request.getfixturevalue("registrations")
    if isinstance(expected, list):
        register(module)
        assert seen == expected
    else:
        with pytest.raises(expected):
            register(module)
        assert seen == []


def test_hooks_replace_what_is_registered():
    other = nn.Parameter(ag.full((1,), 7.0))
    module = nn.Module()
    with nn_module.register_module_parameter_registration_hook(lambda module, name, value: other):
        module.p = nn.Parameter(ag.ones(1))
    with nn_module.register_module_buffer_registration_hook(lambda module, name, value: value + 1):
        module.register_buffer("b", ag.ones(1))
        module.b = module.b
    with nn_module.register_module_module_registration_hook(lambda module, name, value: nn.ReLU()):
        module.m = nn.Tanh()
    assert module.p is other and module.b.item() == 3.0 and type(module.m) is nn.ReLU


def test_a_hook_registered_inside_forward_hooks_belongs_to_its_module_only():
    first, second, seen = Scale(), Scale(), []
    first.register_forward_hook(lambda *args: seen.append("first"))
    second(ag.tensor(1.0))
    assert seen == []


def test_call_impl_may_be_overridden():
    class Loud(nn.Tanh):
        def _call_impl(self, *args, **kwargs):
            return "called", super()._call_impl(*args, **kwargs).item()

    assert Loud()(ag.zeros(())) == ("called", 0.0)


# ---- backward hooks ----


def test_backward_hooks_see_gradients_of_inputs_and_outputs():
    layer, seen = nn.Linear(3, 2), []
    layer.register_full_backward_pre_hook(lambda module, grad_output: seen.append(("pre", grad_output)))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x = ag.ones(4, 3, requires_grad=True)
    y = layer(x)
    assert y.grad_fn.name() == "BackwardHookFunctionBackward"
    y.sum().backward()
    assert seen[0][0] == "pre" and seen[0][1][0].tolist() == [[1.0, 1.0]] * 4
    grad_input, grad_output = seen[1]
    assert ag.equal(grad_input[0], x.grad) and tuple(grad_output[0].shape) == (4, 2)


def test_backward_hooks_replace_gradients():
    scale = Scale()
    x = ag.ones(2, requires_grad=True)
    scale.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 3,))
    scale.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10,))
    scale(x, factor=2.0).sum().backward()
    assert x.grad.tolist() == [60.0, 60.0]


def test_backward_hooks_that_return_too_much_are_an_error():
    scale = Scale()
    x = ag.ones(2, requires_grad=True)
    with scale.register_full_backward_hook(lambda module, grad_input, grad_output: grad_input * 2):
        with pytest.raises(RuntimeError, match="invalid number of grad_input, got 2, but expected 1"):
            scale(x).sum().backward()
    with scale.register_full_backward_pre_hook(lambda module, grad_output: grad_output * 2):
        with pytest.raises(RuntimeError, match="invalid number of grad_output, got 2, but expected 1"):
            scale(x).sum().backward()


def test_backward_hooks_fire_where_no_input_requires_grad():
    layer, seen = nn.Linear(3, 2), []
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_input))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        layer(ag.ones(3)).sum().backward()
    assert seen == [(None,)]
    assert layer.weight.grad is not None


def test_backward_hooks_allow_a_second_derivative():
    layer, calls = nn.Tanh(), []
    layer.register_full_backward_hook(lambda *args: calls.append(1))
    x = ag.tensor([0.5], requires_grad=True)
    (first,) = ag.autograd.grad(layer(x).sum(), x, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), x)
    tanh = x.detach().tanh()
    assert ag.allclose(second, -2 * tanh * (1 - tanh * tanh))
    assert calls == [1]


def test_all_hooks_run_in_their_order():
    log = []

    def note(name, *, width):
        def hook(*args):
            assert len(args) == width
            log.append((name, type(args[0]).__name__))

        return hook

    net = nn.Sequential(nn.Tanh())
    tanh = net[0]
    with (
        nn_module.register_module_forward_pre_hook(note("all: pre", width=2)),
        nn_module.register_module_forward_hook(note("all: forward", width=3)),
        nn_module.register_module_full_backward_hook(note("all: backward", width=3)),
        nn_module.register_module_full_backward_pre_hook(note("all: backward pre", width=2)),
    ):
        tanh.register_forward_pre_hook(note("pre 1", width=2))
        tanh.register_forward_pre_hook(note("pre 2", width=3), with_kwargs=True)
        tanh.register_forward_pre_hook(note("pre 0", width=2), prepend=True)
        tanh.register_forward_hook(note("forward 1", width=3))
        tanh.register_forward_hook(note("forward 2", width=4), with_kwargs=True, always_call=True)
        tanh.register_forward_hook(note("forward 0", width=3), prepend=True)
        tanh.register_full_backward_hook(note("backward 1", width=3))
        tanh.register_full_backward_hook(note("backward 0", width=3), prepend=True)
        tanh.register_full_backward_pre_hook(note("backward pre 1", width=2))
        tanh.register_full_backward_pre_hook(note("backward pre 0", width=2), prepend=True)
        x = ag.ones(2, requires_grad=True)
        x.register_hook(lambda grad: log.append(("x", "")))
        y = net(x)
        forward, log[:] = log[:], []
        y.sum().backward()
    assert forward == [
        ("all: pre", "Sequential"),
        ("all: pre", "Tanh"),
        *((f"pre {i}", "Tanh") for i in range(3)),
        ("all: forward", "Tanh"),
        *((f"forward {i}", "Tanh") for i in range(3)),
        ("all: forward", "Sequential"),
    ]
    assert log == [
        ("all: backward pre", "Sequential"),
        ("all: backward pre", "Tanh"),
        ("backward pre 0", "Tanh"),
        ("backward pre 1", "Tanh"),
        ("all: backward", "Tanh"),
        ("backward 0", "Tanh"),
        ("backward 1", "Tanh"),
        ("all: backward", "Sequential"),
        ("x", ""),
    ]


def test_each_hook_sees_what_the_one_before_left():
    scale, seen = Scale(), []
    scale.register_forward_pre_hook(lambda module, args: args[0] + 1)
    scale.register_forward_pre_hook(lambda module, args, kwargs: ((args[0] * 2,), {"factor": 3.0}), with_kwargs=True)
    scale.register_forward_hook(lambda module, args, kwargs, output: seen.append((args[0].item(), kwargs)), with_kwargs=True)
    scale.register_forward_hook(lambda module, args, output: output + 100)
    scale.register_forward_hook(lambda module, args, output: output * 2)
    scale.register_full_backward_pre_hook(lambda module, grads: (grads[0] + 1,))
    scale.register_full_backward_pre_hook(lambda module, grads: (grads[0] * 10,))
    scale.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] + grad_output[0],))
    scale.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    x = ag.tensor(1.0, requires_grad=True)
    y = scale(x)
    assert y.item() == 224.0 and seen.pop() == (4.0, {"factor": 3.0})
    y.backward()
    # 1 → (1 + 1)·10 = 20; through the hooks on the output and the factor 20·2·3 = 120, and 120 + 20; then through the pre-hook.
    ((grad_input,), (grad_output,)) = seen.pop()
    assert (grad_input.item(), grad_output.item(), x.grad.item()) == (140.0, 20.0, 280.0)


def test_an_error_in_forward_or_in_a_hook_calls_the_rest_of_those_that_are_always_called():
    scale, seen = Scale(), []

    def fail(module, args, output):
        raise KeyError("first")

    scale.register_forward_hook(lambda module, args, output: seen.append("one"), always_call=True)
    scale.register_forward_hook(fail)
    scale.register_forward_hook(lambda module, args, output: seen.append("not"))
    scale.register_forward_hook(lambda module, args, output: seen.append(output.item()), always_call=True)
    with pytest.raises(KeyError, match="first"):
        scale(ag.tensor(2.0))
    assert seen == ["one", 2.0]
    seen.clear()
    with register_module_forward_hook(lambda module, args, output: seen.append(output), always_call=True):
        with pytest.warns(UserWarning, match="'NoneType' object has no attribute 'item'"), pytest.raises(TypeError):
            scale()
    assert seen == [None, "one"]


def test_hooks_on_the_last_operation_see_its_gradients():
    layer, seen = nn.Tanh(), []
    layer.register_backward_hook(lambda module, grad_input, grad_output: seen.append((module, grad_input, grad_output)))
    x = ag.zeros(2, requires_grad=True)
    layer(x * 1).sum().backward()
    ((module, grad_input, grad_output),) = seen
    assert module is layer and grad_output[0].tolist() == [1.0, 1.0] and grad_input[0].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    "forward", [lambda x: x.tanh().tanh(), lambda x: [x.tanh()], lambda x: (x.tanh(), x.exp()), lambda x: {"y": x.exp()}]
)
def test_hooks_on_the_last_operation_warn_where_that_is_not_the_module(forward):
    module = nn.Module()
    module.forward = forward
    module.register_backward_hook(lambda *args: None)
    with pytest.warns(FutureWarning, match="non-full backward hook.* deprecated .* will be missing some"):
        module(ag.ones(1, requires_grad=True) * 1)


def test_both_kinds_of_backward_hooks_on_one_module_are_an_error():
    for first, second in (("", "full_"), ("full_", "")):
        layer = nn.Tanh()
        getattr(layer, f"register_{first}backward_hook")(lambda *args: None)
        with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full backward hooks on a single"):
            getattr(layer, f"register_{second}backward_hook")(lambda *args: None)


# ---- printing ----


def test_repr_indents_children():
    assert repr(nn.Sequential(nn.Linear(1, 2), nn.Sequential(nn.ReLU(True)))) == (
        "Sequential(\n"
        "  (0): Linear(in_features=1, out_features=2, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU(inplace=True)\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Module()) == "Module()"


def test_repr_of_a_module_list_folds_equal_runs():
    layers = nn.ModuleList([nn.Tanh(), nn.Linear(1, 1), nn.Linear(1, 1)])
    assert repr(layers) == (
        "ModuleList(\n"
        "  (0): Tanh()\n"
        "  (1-2): 2 x Linear(in_features=1, out_features=1, bias=True)\n"
        ")"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_repr_of_parameter_containers_tells_sizes():
    assert repr(nn.ParameterList([ag.zeros(2, 3), 5])) == (
        "ParameterList(\n"
        f"    (0): Parameter containing: [{ag.float32} of size 2x3]\n"
        "    (1): Object of type: int\n"
        ")"
    )
    # One entry stays on the line, with PyTorch's indentation in it.
    assert repr(nn.ParameterDict({"a": ag.zeros(2, 3)})) == (
        f"ParameterDict(  (a): Parameter containing: [{ag.zeros(1).type()} of size 2x3])"
    )


def test_repr_of_a_parameter_is_headed():
    assert repr(nn.Parameter(ag.zeros(2))).startswith("Parameter containing:\n")


# ---- copies ----


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_keep_shared_parameters_shared_and_apart_from_the_original(duplicate):
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.Linear(2, 2)).eval()
    net[2].weight = net[0].weight
    twin = duplicate(net)
    assert twin[0].weight is twin[2].weight
    assert isinstance(twin[0].weight, nn.Parameter) and twin[0].weight.requires_grad
    assert not twin.training
    x = ag.ones(1, 2)
    assert ag.equal(net(x), twin(x))
    with ag.no_grad():
        twin[0].weight.zero_()
    assert bool((net[0].weight != 0).any())


@pytest.mark.arcgrad_only  # PyTorch keeps that of a plain leaf, and leaves a parameter's behind
def test_deepcopy_of_a_parameter_keeps_its_gradient_as_that_of_any_leaf():
    p = nn.Parameter(ag.ones(2), requires_grad=True)
    (p * 2).sum().backward()
    twin = copy.deepcopy(p)
    assert type(twin) is nn.Parameter and twin.grad.tolist() == [2, 2] and twin.grad is not p.grad


def test_handles_of_hooks_work_on_copies():
    layer = Scale()
    layer.handle = layer.register_forward_hook(lambda module, args, output: output + 1)
    twin = copy.deepcopy(layer)
    twin.handle.remove()
    assert twin(ag.tensor(1.0)).item() == 1.0
    assert layer(ag.tensor(1.0)).item() == 2.0


# ---- containers ----


def test_sequential_is_a_sequence():
    net = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3))
    assert net[-1] is net[2] and len(net) == 3
    assert list(net[1:]._modules) == ["1", "2"]
    with pytest.raises(IndexError, match="index 5 is out of range"):
        net[5]
    with pytest.raises(TypeError):
        net["0"]
    del net[0]
    assert list(net._modules) == ["0", "1"]
    assert isinstance(net.pop(0), nn.ReLU)
    net.insert(0, nn.Tanh()).append(nn.ELU())
    net += nn.Sequential(nn.GELU())
    assert [type(module).__name__ for module in net] == ["Tanh", "Linear", "ELU", "GELU"]
    assert len(net * 2) == 8 and len(net + net) == 8
    with pytest.raises(ValueError, match="Non-positive multiplication factor"):
        net * 0
    with pytest.raises(IndexError, match="Index out of range"):
        net.insert(9, nn.Tanh())
    assert nn.Sequential()(3) == 3


def test_sequential_takes_names_from_an_ordered_dictionary():
    net = nn.Sequential(OrderedDict(first=nn.Tanh(), second=nn.ReLU()))
    assert net.first is net[0]
    assert list(net[:1]._modules) == ["first"]
    with pytest.raises(TypeError, match="is not a Module subclass"):
        nn.Sequential({"a": nn.Tanh()})


def test_module_list_holds_modules_without_forward():
    layers = nn.ModuleList(nn.Linear(1, 1) for _ in range(3))
    layers.insert(0, nn.Tanh())
    layers[1] = nn.ReLU()
    assert [type(module).__name__ for module in layers] == ["Tanh", "ReLU", "Linear", "Linear"]
    assert len(layers + [nn.ELU()]) == 5 and isinstance(layers[:2], nn.ModuleList)
    layers += [nn.ELU()]
    assert isinstance(layers.pop(-1), nn.ELU)
    with pytest.raises(TypeError, match="ModuleList.extend should be called with an iterable, but got int"):
        layers.extend(3)
    with pytest.raises(NotImplementedError):
        layers(1)


def test_module_dict_keeps_order_and_refuses_bad_pairs():
    heads = nn.ModuleDict({"b": nn.Tanh(), "a": nn.ReLU()})
    assert list(heads) == ["b", "a"] and "a" in heads and len(heads) == 2
    heads.update([("c", nn.ELU())])
    assert isinstance(heads.pop("b"), nn.Tanh)
    assert list(heads.keys()) == ["a", "c"]
    with pytest.raises(KeyError):
        heads["b"]
    with pytest.raises(KeyError, match="already exists"):
        heads["keys"] = nn.Tanh()
    with pytest.raises(TypeError, match="iterable of key/value pairs"):
        heads.update(3)
    with pytest.raises(ValueError, match="has length 3; 2 is required"):
        heads.update([(1, 2, 3)])
    heads.clear()
    assert len(heads) == 0


def test_parameter_list_makes_parameters_of_tensors():
    weights = nn.ParameterList([ag.zeros(2), nn.Parameter(ag.ones(1, 2)), 3])
    assert isinstance(weights[0], nn.Parameter) and weights[2] == 3
    assert [name for name, _ in weights.named_parameters()] == ["0", "1"]
    assert len(weights) == 3 and len(weights[1:]) == 2
    weights += [ag.ones(1)]
    weights[0] = ag.ones(4)
    assert [w.numel() for w in weights.parameters()] == [4, 2, 1]
    with pytest.raises(IndexError, match="out of range"):
        weights[9]
    with pytest.raises(RuntimeError, match="should not be called"):
        weights(1)


def test_parameter_dict_is_a_dictionary_of_parameters():
    gains = nn.ParameterDict({"a": ag.zeros(2), "b": 3})
    assert isinstance(gains["a"], nn.Parameter) and list(gains.state_dict()) == ["a"]
    assert gains.get("z") is None and gains.setdefault("c", ag.ones(1)) is gains["c"]
    assert gains.popitem()[0] == "c" and list(reversed(gains)) == ["b", "a"]
    assert list(gains | nn.ParameterDict({"d": ag.ones(1)})) == ["a", "b", "d"]
    assert list(gains.copy().items())[1] == ("b", 3)
    assert gains.pop("b") == 3 and list(gains) == ["a"]
    # Keys of a plain dictionary are sorted; other sources say their order.
    assert list(nn.ParameterDict({"b": ag.ones(1), "a": ag.ones(1)})) == ["a", "b"]
    assert list(nn.ParameterDict([("b", ag.ones(1)), ("a", ag.ones(1))])) == ["b", "a"]


def test_parameter_refuses_what_is_no_tensor():
    with pytest.raises((TypeError, AttributeError)):
        nn.Parameter(3.0)


def test_parameter_requires_grad_also_under_no_grad():
    with ag.no_grad():
        p = nn.Parameter(ag.zeros(1))
    assert p.requires_grad and p.is_leaf
    assert not nn.Parameter(ag.zeros(1), requires_grad=False).requires_grad
    assert nn.Parameter().numel() == 0


def test_results_of_operations_on_parameters_are_plain_tensors():
    assert type(nn.Parameter(ag.ones(1)) * 2) is ag.Tensor


def test_tables_of_hooks_for_all_modules_can_be_replaced():
    seen = []
    register_module_forward_hook(lambda module, args, output: seen.append(module))
    assert len(nn_module._global_forward_hooks) == 1
    nn_module._global_forward_hooks = OrderedDict()
    nn.Identity()(1)
    assert not seen and nn_module._global_backward_pre_hooks == {}


def test_a_handle_knows_its_tables():
    layer = nn.Identity()
    handle = layer.register_forward_hook(lambda *_: None, always_call=True)
    assert handle.hooks_dict_ref() is layer._forward_hooks and handle.extra_dict_ref[0]() is layer._forward_hooks_always_called


def test_the_prefix_of_a_wrapped_module_is_taken_from_its_state():
    from arcgrad.nn.modules.utils import consume_prefix_in_state_dict_if_present

    wrapped = nn.Module()
    wrapped.module = nn.Sequential(nn.Linear(1, 1))
    state = wrapped.state_dict()
    consume_prefix_in_state_dict_if_present(state, "module.")
    assert list(state) == ["0.weight", "0.bias"] and set(state._metadata) == {"", "0"}
    wrapped.module.load_state_dict(state)


def test_values_that_get_nowhere_are_told_of():
    layer = nn.Linear(1, 1, device="meta")
    with pytest.warns(UserWarning, match="for weight: copying from a non-meta parameter"):
        layer.load_state_dict(nn.Linear(1, 1).state_dict())


def test_a_table_of_integers_is_not_trained():
    table = nn.Embedding.from_pretrained(ag.tensor([[1, 2], [3, 4]]))
    assert table(ag.tensor([1])).tolist() == [[3, 4]] and not table.weight.requires_grad


def test_a_buffer_does_not_take_the_place_of_an_attribute():
    module = nn.Module()
    module.taken = 5
    with pytest.raises(KeyError, match="attribute 'taken' already exists"):
        module.taken = nn.Buffer(ag.ones(1))


def test_a_register_buffer_of_old_is_called_without_persistent():
    class Old(nn.Module):
        def register_buffer(self, name, tensor):
            super().register_buffer(name, tensor)

    module = Old()
    module.kept = nn.Buffer(ag.ones(1))
    assert list(module.state_dict()) == ["kept"]
    with pytest.raises(RuntimeError, match="non-persistent buffer"):
        module.other = nn.Buffer(ag.ones(1), persistent=False)


def test_a_module_that_becomes_complex_warns_and_takes_no_copy():
    with pytest.warns(UserWarning, match="Complex modules are a new feature"):
        assert nn.Linear(1, 1).to(ag.complex64).weight.dtype is ag.complex64
    with pytest.raises(RuntimeError, match="does not accept copy argument"):
        nn.Linear(1, 1).to("cpu", copy=True)


def test_the_gradient_has_the_name_that_subclasses_use():
    weight = nn.Parameter(ag.ones(2))
    weight._grad = ag.full((2,), 3.0)
    assert weight.grad.tolist() == [3.0, 3.0] and weight._grad is weight.grad
