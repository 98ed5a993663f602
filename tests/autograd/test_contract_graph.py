"""What is recorded, and how the graph looks from Python (contract: graph)."""

import warnings
import weakref

import arcgrad as ag
import pytest


def leaf(*values, dtype=None):
    return ag.tensor(list(values), dtype=dtype or ag.float64, requires_grad=True)


# ---- recording ---------------------------------------------------------------------------------------------------


def test_an_op_is_recorded_iff_an_input_requires_grad():
    a, b = ag.ones(2), ag.ones(2, requires_grad=True)
    assert not (a + a).requires_grad and (a + a).grad_fn is None
    assert (a + b).requires_grad and (a + b).grad_fn is not None
    assert (b + a).requires_grad and (b * 2).requires_grad and (2 - b).requires_grad


def test_an_op_is_not_recorded_without_grad_mode():
    x = leaf(1.0, 2.0)
    with ag.no_grad():
        y = x * 2
    assert not y.requires_grad and y.grad_fn is None and y.is_leaf


def test_leaves():
    x = leaf(1.0)
    plain = ag.ones(1)
    assert x.is_leaf and plain.is_leaf and (plain + 1).is_leaf and not (x + 1).is_leaf
    assert x.detach().is_leaf and (x + 1).detach().is_leaf


def test_leaf_has_no_grad_fn():
    assert leaf(1.0).grad_fn is None


@pytest.mark.parametrize("name", ["int64", "int32", "int16", "int8", "uint8", "bool"])
def test_only_floating_tensors_may_require_grad(name):
    dtype = getattr(ag, name)
    phrase = "(?i)only tensors of floating point"
    with pytest.raises(RuntimeError, match=phrase):
        ag.ones(2, dtype=dtype, requires_grad=True)
    with pytest.raises(RuntimeError, match=phrase):
        ag.tensor([1, 0], dtype=dtype, requires_grad=True)
    x = ag.ones(2, dtype=dtype)
    with pytest.raises(RuntimeError, match=phrase):
        x.requires_grad_()
    with pytest.raises(RuntimeError, match=phrase):
        x.requires_grad = True
    assert x.requires_grad is False


def test_integer_results_of_differentiable_inputs_do_not_require_grad():
    x = leaf(3.0, 1.0, 2.0)
    for y in (x.argmax(), x.argsort(), x > 1, x == x, x.to(ag.int64), x.isnan(), x.sort().indices, x.max(0).indices):
        assert not y.requires_grad and y.grad_fn is None


def test_requires_grad_setter_and_method():
    x = ag.ones(2)
    assert x.requires_grad_() is x and x.requires_grad
    assert x.requires_grad_(False) is x and not x.requires_grad
    x.requires_grad = True
    assert x.requires_grad
    assert x.requires_grad_(requires_grad=True) is x


def test_flag_of_a_non_leaf_cannot_be_cleared():
    y = leaf(1.0) * 2
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad = False
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad_(False)
    y.requires_grad_(True)  # no change: allowed
    assert y.requires_grad


# ---- names -------------------------------------------------------------------------------------------------------

NAMES = [
    ("AddBackward0", lambda x, m: x + x),
    ("AddBackward0", lambda x, m: x + 1),
    ("AddBackward0", lambda x, m: 1 + x),
    ("SubBackward0", lambda x, m: x - 1),
    ("RsubBackward1", lambda x, m: 1 - x),
    ("MulBackward0", lambda x, m: x * 2),
    ("DivBackward0", lambda x, m: x / 2),
    ("MulBackward0", lambda x, m: 2 / x),
    ("NegBackward0", lambda x, m: -x),
    ("PowBackward0", lambda x, m: x**2),
    ("PowBackward1", lambda x, m: x**x),
    ("PowBackward2", lambda x, m: 2**x),
    ("AbsBackward0", lambda x, m: x.abs()),
    ("ExpBackward0", lambda x, m: x.exp()),
    ("LogBackward0", lambda x, m: x.log()),
    ("SinBackward0", lambda x, m: x.sin()),
    ("CosBackward0", lambda x, m: x.cos()),
    ("TanhBackward0", lambda x, m: x.tanh()),
    ("SqrtBackward0", lambda x, m: x.sqrt()),
    ("SigmoidBackward0", lambda x, m: x.sigmoid()),
    ("ReluBackward0", lambda x, m: x.relu()),
    ("ClampBackward1", lambda x, m: x.clamp(0, 1)),
    ("WhereBackward0", lambda x, m: ag.where(x > 1, x, x)),
    ("MaximumBackward0", lambda x, m: ag.maximum(x, x)),
    ("SumBackward0", lambda x, m: x.sum()),
    ("SumBackward1", lambda x, m: x.sum(0)),
    ("SumBackward1", lambda x, m: x.sum(dim=0, keepdim=True)),
    ("MeanBackward0", lambda x, m: x.mean()),
    ("MeanBackward1", lambda x, m: x.mean(0)),
    ("ProdBackward0", lambda x, m: x.prod()),
    ("ProdBackward1", lambda x, m: x.prod(0)),
    ("MaxBackward1", lambda x, m: x.max()),
    ("MaxBackward0", lambda x, m: x.max(0).values),
    ("AmaxBackward0", lambda x, m: x.amax(0)),
    ("VarBackward0", lambda x, m: x.var()),
    ("StdBackward0", lambda x, m: x.std()),
    ("LogsumexpBackward0", lambda x, m: x.logsumexp(0)),
    ("CumsumBackward0", lambda x, m: x.cumsum(0)),
    ("SoftmaxBackward0", lambda x, m: x.softmax(0)),
    ("LogSoftmaxBackward0", lambda x, m: x.log_softmax(0)),
    ("MmBackward0", lambda x, m: m @ m),
    ("MmBackward0", lambda x, m: ag.mm(m, m)),
    ("MvBackward0", lambda x, m: m.mv(x)),
    ("DotBackward0", lambda x, m: x.dot(x)),
    ("AddmmBackward0", lambda x, m: ag.addmm(m, m, m)),
    ("AddmmBackward0", lambda x, m: ag.nn.functional.linear(m, m, x)),
    ("BmmBackward0", lambda x, m: ag.bmm(m[None], m[None])),
    ("ViewBackward0", lambda x, m: x.view(1, 3)),
    ("ViewBackward0", lambda x, m: x.reshape(3, 1)),
    ("TBackward0", lambda x, m: m.t()),
    ("PermuteBackward0", lambda x, m: m.T),
    ("TransposeBackward0", lambda x, m: m.transpose(0, 1)),
    ("TransposeBackward0", lambda x, m: m.mT),
    ("PermuteBackward0", lambda x, m: m.permute(1, 0)),
    ("SelectBackward0", lambda x, m: x[0]),
    ("SliceBackward0", lambda x, m: x[1:]),
    ("UnsqueezeBackward0", lambda x, m: x[None]),
    ("UnsqueezeBackward0", lambda x, m: x.unsqueeze(0)),
    ("SqueezeBackward1", lambda x, m: x[None].squeeze(0)),
    ("ExpandBackward0", lambda x, m: x.expand(2, 3)),
    ("SplitBackward0", lambda x, m: x.split(1)[0]),
    ("UnbindBackward0", lambda x, m: x.unbind()[0]),
    ("DiagonalBackward0", lambda x, m: m.diagonal()),
    ("CatBackward0", lambda x, m: ag.cat([x, x])),
    ("StackBackward0", lambda x, m: ag.stack([x, x])),
    ("CloneBackward0", lambda x, m: x.clone()),
    ("ToCopyBackward0", lambda x, m: x.to(ag.float32)),
    ("IndexBackward0", lambda x, m: x[ag.tensor([0, 1])]),
    ("IndexSelectBackward0", lambda x, m: x.index_select(0, ag.tensor([0]))),
    ("GatherBackward0", lambda x, m: x.gather(0, ag.tensor([0]))),
    ("SortBackward0", lambda x, m: x.sort().values),
    ("TopkBackward0", lambda x, m: x.topk(2).values),
    ("MaskedFillBackward0", lambda x, m: x.masked_fill(x > 1, 0.0)),
    ("MseLossBackward0", lambda x, m: ag.nn.functional.mse_loss(x, m[0].detach())),
]


@pytest.mark.parametrize(("name", "make"), NAMES, ids=lambda v: v if isinstance(v, str) else "")
def test_name_of_the_node(name, make):
    x = leaf(1.0, 2.0, 3.0)
    m = ag.ones(3, 3, dtype=ag.float64, requires_grad=True)
    fn = make(x, m).grad_fn
    assert fn.name() == name
    assert type(fn).__name__ == name


def test_name_of_accumulate_grad():
    x = leaf(1.0)
    node = (x * 1).grad_fn.next_functions[0][0]
    assert type(node).__name__ == "AccumulateGrad"
    assert node.name().endswith("::AccumulateGrad")


@pytest.mark.arcgrad_only
def test_prefix_of_the_internal_nodes_is_our_own():
    x = leaf(1.0, 2.0)
    assert (x * 1).grad_fn.next_functions[0][0].name() == "arcgrad::AccumulateGrad"
    y = x * 1
    y[0].mul_(2)
    assert y.grad_fn.name() == "arcgrad::CopySlices" and type(y.grad_fn).__name__ == "CopySlices"


def test_repr_ends_in_grad_fn_or_requires_grad():
    x = leaf(1.0, dtype=ag.float32)
    assert repr(x) == "tensor([1.], requires_grad=True)"
    assert repr(x + 1) == "tensor([2.], grad_fn=<AddBackward0>)"
    assert repr((x + 1).detach()) == "tensor([2.])"
    y = x * 2
    y[:1].mul_(3)
    assert repr(y) == "tensor([6.], grad_fn=<CopySlices>)"


# ---- nodes as objects --------------------------------------------------------------------------------------------


def test_node_and_gradient_are_the_same_object_each_time():
    x = leaf(1.0, 2.0)
    y = x * 2
    assert y.grad_fn is y.grad_fn
    node = (y + 1).grad_fn
    assert node.next_functions[0][0] is y.grad_fn
    y.sum().backward()
    assert x.grad is x.grad
    accumulate = (x + 1).grad_fn.next_functions[0][0]
    assert accumulate is (x + 2).grad_fn.next_functions[0][0]


def test_next_functions_pairs_nodes_with_input_numbers():
    x, y = leaf(1.0), leaf(2.0)
    node = (x * y).grad_fn
    assert isinstance(node.next_functions, tuple) and len(node.next_functions) == 2
    (first, first_nr), (second, second_nr) = node.next_functions
    assert first.variable is x and second.variable is y
    assert (first_nr, second_nr) == (0, 0)


def test_next_functions_has_none_where_nothing_flows():
    x, c = leaf(1.0), ag.ones(1, dtype=ag.float64)
    assert (c * x).grad_fn.next_functions[0] == (None, 0)
    assert (c * x).grad_fn.next_functions[1][0].variable is x
    assert (x * 2).grad_fn.next_functions == ((x * 3).grad_fn.next_functions[0], (None, 0))


def test_output_number_is_the_input_number_of_the_edge():
    x = leaf(1.0, 2.0, 3.0)
    parts = x.unbind()
    assert [p.output_nr for p in parts] == [0, 1, 2]
    node, nr = (parts[2] * 2).grad_fn.next_functions[0]
    assert node is parts[0].grad_fn and nr == 2
    assert x.output_nr == 0


def test_accumulate_grad_has_the_leaf_and_no_next_functions():
    x = leaf(1.0)
    node = (x * 1).grad_fn.next_functions[0][0]
    assert node.variable is x and node.next_functions == ()


def test_metadata_is_a_dict_that_stays():
    node = (leaf(1.0) * 2).grad_fn
    assert node.metadata == {} and isinstance(node.metadata, dict)
    node.metadata["tag"] = [1]
    assert node.metadata["tag"] == [1]


def test_metadata_belongs_to_the_node_not_to_its_python_object(collect):
    y = leaf(1.0) * 2
    y.grad_fn.metadata["tag"] = "kept"
    collect()
    assert y.grad_fn.metadata["tag"] == "kept"


def test_nodes_are_hashable_and_compare_by_identity():
    x = leaf(1.0)
    y = x * 2
    assert len({y.grad_fn, y.grad_fn, (x * 2).grad_fn}) == 2
    assert y.grad_fn == y.grad_fn and y.grad_fn != (x * 2).grad_fn
    assert isinstance(y.grad_fn, ag.autograd.graph.Node)


def test_a_node_keeps_the_graph_behind_it_alive():
    x = leaf(2.0)
    node = (x * 3).exp().grad_fn
    mul = node.next_functions[0][0]
    assert mul.name() == "MulBackward0" and mul.next_functions[0][0].variable is x


def test_saved_values_of_a_node_can_be_read():
    x, y = leaf(2.0), leaf(3.0)
    node = (x * y).grad_fn
    assert node._saved_self is x and node._saved_other is y
    e = x.exp()
    assert ag.equal(e.grad_fn._saved_result, e)
    assert (x**3).grad_fn._saved_exponent == 3
    assert x.sum().grad_fn._saved_self_sym_sizes == (1,)


SAVED = [
    (lambda x, y: x * y, {"self": "x", "other": "y"}),
    (lambda x, y: x * 2, {"self": None, "other": 2}),
    (lambda x, y: x / y, {"self": "x", "other": "y"}),
    (lambda x, y: x**y, {"self": "x", "exponent": "y", "result": [8.0]}),
    (lambda x, y: x**3, {"self": "x", "exponent": 3}),
    (lambda x, y: x**2, {"self": "x", "exponent": 2}),
    (lambda x, y: 2**y, {"self": 2, "exponent": "y", "result": [8.0]}),
    (lambda x, y: x + y, {"alpha": 1}),
    (lambda x, y: 1 - x, {"alpha": 1}),
    (lambda x, y: x.clamp(0, 1), {"self": "x", "min": 0, "max": 1}),
    (lambda x, y: ag.lerp(x, y, y), {"self": "x", "end": "y", "weight": "y"}),
    (lambda x, y: ag.addcmul(x, y, x), {"tensor1": "y", "tensor2": "x", "value": 1}),
    (lambda x, y: ag.nn.functional.leaky_relu(x, 0.25), {"self": "x", "negative_slope": 0.25}),
    (lambda x, y: x.sqrt(), {"result": [2**0.5]}),
]


@pytest.mark.parametrize(("compute", "expected"), SAVED)
def test_saved_values_have_pytorchs_names(compute, expected):
    x, y = leaf(2.0), leaf(3.0)
    node = compute(x, y).grad_fn
    for name, value in expected.items():
        saved = getattr(node, f"_saved_{name}")
        if isinstance(value, str):
            assert saved is {"x": x, "y": y}[value]
        elif isinstance(value, list):
            assert saved.tolist() == pytest.approx(value)
        else:
            assert saved == value


def test_metadata_of_the_gradients_a_node_takes():
    node = ag.ones(2, 3, requires_grad=True).unbind()[0].grad_fn
    assert [tuple(meta.shape) for meta in node._input_metadata] == [(3,), (3,)]
    meta = node._input_metadata[0]
    assert meta.dtype is ag.float32 and meta.device.type == "cpu" and not meta.is_nested_tensor


def test_saved_result_of_a_node_is_the_output_with_its_grad_fn():
    x = leaf(2.0)
    e = x.exp()
    saved = e.grad_fn._saved_result
    assert saved.grad_fn is e.grad_fn and saved.requires_grad


def test_saved_values_are_gone_after_backward():
    x = leaf(2.0)
    e = x.exp()
    node = e.grad_fn
    e.backward()
    with pytest.raises(RuntimeError, match="after they have already been freed"):
        node._saved_result


def test_raw_saved_value_is_a_saved_tensor():
    x = leaf(2.0)
    e = (x * 1).exp()
    raw = e.grad_fn._raw_saved_result
    assert type(raw).__name__ == "SavedTensor"
    raw.register_hooks(lambda t: t, lambda t: t * 10)
    e.backward()
    assert x.grad.item() == pytest.approx(2.718281828**2 * 10)


def test_get_gradient_edge():
    x = leaf(1.0, 2.0)
    a, b = x.unbind()
    edge = ag.autograd.graph.get_gradient_edge(b)
    assert edge.node is b.grad_fn and edge.output_nr == 1
    leaf_edge = ag.autograd.graph.get_gradient_edge(x)
    assert leaf_edge.node.variable is x
    with pytest.raises(RuntimeError, match="gradient edge"):
        ag.autograd.graph.get_gradient_edge(ag.ones(1))


# ---- retain_grad -------------------------------------------------------------------------------------------------


def test_retain_grad_keeps_the_gradient_of_a_non_leaf():
    x = leaf(1.0, 2.0)
    y = x * 3
    y.retain_grad()
    y.retain_grad()  # twice is once
    assert y.retains_grad and not x.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [6.0, 12.0] and x.grad.tolist() == [18.0, 36.0]


def test_retain_grad_on_a_leaf_changes_nothing():
    x = leaf(1.0)
    x.retain_grad()
    assert not x.retains_grad
    (x * 2).backward()
    assert x.grad.item() == 2


def test_retain_grad_needs_requires_grad():
    with pytest.raises(RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"):
        ag.ones(1).retain_grad()


def test_retain_grad_accumulates_over_backwards():
    x = leaf(1.0)
    y = x + 0
    y.retain_grad()
    z = y * 3
    z.backward(retain_graph=True)
    z.backward()
    assert x.grad.item() == 6 and y.grad.item() == 6


def test_grad_of_a_non_leaf_warns_and_is_none():
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf Tensor"):
        assert y.grad is None


def test_grad_of_leaves_and_retaining_tensors_does_not_warn():
    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert x.grad is None and y.grad is None and ag.ones(1).grad is None


# ---- detach and data ---------------------------------------------------------------------------------------------


def test_detach_shares_memory_and_version():
    x = leaf(1.0, 2.0)
    y = x * 1
    d = y.detach()
    assert not d.requires_grad and d.data_ptr() == y.data_ptr()
    d.add_(1)
    assert y.tolist() == [2.0, 3.0] and y._version == 1 and d._version == 1


def test_data_shares_memory_but_not_the_version():
    x = leaf(1.0, 2.0)
    x.data.add_(1)
    assert x.tolist() == [2.0, 3.0] and x._version == 0
    assert not x.data.requires_grad and x.data is not x


def test_assigned_data_shares_memory_but_not_the_version():
    x, other = leaf(1.0, 2.0), ag.zeros(2, dtype=ag.float64)
    x.data = other
    other.add_(1)
    assert x.tolist() == [1.0, 1.0] and x._version == 0 and other._version == 1


def test_changing_through_detach_is_seen_by_saved_values_and_through_data_is_not():
    x = leaf(2.0)
    y = x * 1
    z = y * y
    y.data.mul_(10)
    z.backward()  # not noticed: the counter is another one
    y = x * 1
    z = y * y
    y.detach().mul_(10)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_detach_in_place_cuts_the_graph():
    x = leaf(2.0)
    y = x * 2
    assert y.detach_() is y
    assert y.grad_fn is None and not y.requires_grad and y.is_leaf


def test_detach_in_place_of_a_view_is_refused():
    y = leaf(1.0, 2.0) * 2
    with pytest.raises(RuntimeError, match="(?i)can't detach views in-place"):
        y[0].detach_()


def test_assigning_data_gives_other_memory():
    x = leaf(1.0, 2.0)
    other = ag.tensor([5.0, 6.0, 7.0], dtype=ag.float64)
    x.data = other
    assert x.tolist() == [5.0, 6.0, 7.0] and x.requires_grad and x.is_leaf
    other.add_(1)
    assert x.tolist() == [6.0, 7.0, 8.0]


def test_assigning_data_of_another_kind_is_refused():
    x = ag.ones(2, requires_grad=True)
    with pytest.raises((TypeError, RuntimeError)):
        x.data = [1.0, 2.0]
    with pytest.raises(RuntimeError):
        x.data = ag.ones(2, dtype=ag.int64)  # a tensor that requires grad must stay floating
    assert x.dtype is ag.float32 and x.tolist() == [1.0, 1.0]


@pytest.mark.arcgrad_only
def test_saved_values_keep_the_data_they_saw():
    x = leaf(3.0)
    y = x * x
    x.data = ag.tensor([100.0], dtype=ag.float64)
    y.backward()
    assert x.grad.item() == 6.0


# ---- versions and views as attributes ----------------------------------------------------------------------------


def test_every_in_place_op_bumps_the_version_once():
    x = ag.ones(3)
    assert x._version == 0
    for count, change in enumerate(
        [
            lambda: x.add_(1),
            lambda: x.mul_(2),
            lambda: x.zero_(),
            lambda: x.fill_(3),
            lambda: x.copy_(ag.ones(3)),
            lambda: x.__setitem__(0, 5),
            lambda: x.__setitem__(slice(None), 5.0),
            lambda: x.clamp_(0, 1),
            lambda: x.uniform_(),
            lambda: x.normal_(),
            lambda: x.exp_(),
            lambda: ag.add(x.clone(), 1, out=x),
            lambda: x.masked_fill_(ag.tensor([True, False, True]), 0),
            lambda: x.index_add_(0, ag.tensor([0]), ag.ones(1)),
            lambda: x.scatter_(0, ag.tensor([0]), 1.0),
            lambda: x.__iadd__(1),
        ],
        start=1,
    ):
        change()
        assert x._version == count


def test_views_share_the_version():
    x = ag.ones(4)
    v, w = x[1:], x.view(2, 2)[0]
    v.add_(1)
    assert x._version == v._version == w._version == 1
    w.zero_()
    assert x._version == v._version == w._version == 2
    assert x.clone()._version == 0


def test_base_of_a_view():
    x = ag.ones(4)
    assert x._base is None and not x._is_view()
    v = x[1:]
    assert v._base is x and v._is_view()
    assert v[1:]._base is x
    assert v.clone()._base is None and x.contiguous() is x


def test_base_of_differentiable_views():
    x = leaf(1.0, 2.0)
    y = x * 1
    for v in (y[0], y.view(2, 1), y.t(), y[0:][0], y.view_as(y)):
        assert v._is_view() and v._base is y


def test_backward_hooks_attribute_holds_the_hooks():
    x = leaf(1.0)
    assert not x._backward_hooks
    handle = x.register_hook(lambda g: g)
    assert len(x._backward_hooks) == 1
    handle.remove()
    assert not x._backward_hooks


# ---- attributes of Python objects --------------------------------------------------------------------------------


def test_tensors_take_attributes_and_weak_references():
    x = ag.ones(1)
    x.tag = "mine"
    assert x.tag == "mine"
    ref = weakref.ref(x)
    assert ref() is x
    del x
    assert ref() is None


@pytest.mark.arcgrad_only  # PyTorch numbers a node before its function runs
def test_nodes_of_a_custom_function_are_newer_than_those_its_forward_made():
    """A node gets its number when it is complete, so that numbers grow along every path."""
    inner = []

    class Records(ag.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with ag.enable_grad():
                y = x.detach().requires_grad_().exp()
            inner.append(y.grad_fn)
            return y.detach()

        @staticmethod
        def backward(ctx, g):
            return g

    x = leaf(1.0) * 1
    y = Records.apply(x)
    assert x.grad_fn._sequence_nr() < inner[0]._sequence_nr() < y.grad_fn._sequence_nr()


@pytest.mark.arcgrad_only  # there the number is that of the view
def test_a_regenerated_node_is_newer_than_what_it_leads_to():
    base = leaf(1.0, 2.0) * 1
    view = base[:1]
    old = view.grad_fn._sequence_nr()
    base.mul_(2)
    new = view.grad_fn
    assert new._sequence_nr() > base.grad_fn._sequence_nr() > old
    assert new.next_functions[0][0] is base.grad_fn


def test_attributes_of_a_gradient_stay_while_it_lives(collect):
    x = leaf(1.0)
    (x * 2).backward()
    x.grad.tag = "kept"
    collect()
    assert x.grad.tag == "kept"


def test_a_leaf_that_only_the_graph_knows_keeps_its_identity():
    x = leaf(1.0)
    x.tag = "kept"
    y = x * x
    assert y.grad_fn._saved_self is x


def test_tensor_hash_is_by_identity():
    x = ag.ones(2)
    assert len({x, x, ag.ones(2)}) == 2 and x in {x}


def test_setting_read_only_attributes_is_refused():
    x = leaf(1.0)
    for name in ("shape", "dtype", "is_leaf", "output_nr", "_version", "grad_fn"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(x, name, None)
    assert x.is_leaf


def test_bool_of_tensors():
    assert bool(ag.tensor([1.0])) and not bool(ag.tensor(0))
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with more than one value is ambiguous"):
        bool(ag.ones(2))
    with pytest.raises(RuntimeError, match="(?i)boolean value of Tensor with no values is ambiguous"):
        bool(ag.ones(0))


def test_a_node_called_without_a_gradient_gives_none():
    assert (leaf(1.0) * 2).grad_fn(None) == (None, None)


def test_an_augmented_product_of_matrices_makes_a_new_tensor():
    x = before = ag.ones(2, 2)
    x @= x
    assert x is not before and before.tolist() == [[1, 1], [1, 1]] and x.tolist() == [[2, 2], [2, 2]]
    with pytest.raises(TypeError, match="unsupported operand type"):
        x @= 2


def test_an_index_keeps_its_tensors_by_axis():
    a, index = ag.ones(2, 3, requires_grad=True), ag.tensor([0, 1])
    node = a[:, index].grad_fn
    assert node._saved_indices[0] is None and node._saved_indices[1].equal(index)
    assert tuple(node._saved_self_sym_sizes) == (2, 3) and len(node._raw_saved_indices) == 2
    with pytest.raises(RuntimeError, match="None is forbidden"):
        node._raw_saved_indices[0].register_hooks(lambda x: x, lambda x: x)


def test_whether_the_node_of_a_leaf_runs_is_not_asked_of_a_pass_that_gives_gradients_back():
    a = ag.ones(2, requires_grad=True)
    b = a * 2
    leaf, seen = b.grad_fn.next_functions[0][0], []
    handle = b.register_hook(lambda _: seen.append(ag._C._will_engine_execute_node(leaf)))
    b.sum().backward(retain_graph=True)
    assert seen == [True]
    with pytest.raises(RuntimeError, match=r"are currently running autograd.grad\(\)"):
        ag.autograd.grad(b.sum(), a)
    handle.remove()


def test_the_order_in_which_nodes_run_is_known_while_they_do():
    a, b = leaf(1.0), leaf(2.0)
    product = b.sin() * a.cos()
    nodes, ran, told = [product.grad_fn, *(edge[0] for edge in product.grad_fn.next_functions)], [], []
    for node in nodes:
        node.register_hook(lambda given, got, node=node: ran.append(node))
    product.register_hook(lambda grad: told.append(ag._C._current_graph_task_execution_order()))
    product.backward(retain_graph=True)
    leaves = {node for node in told[0] if node.name().endswith("AccumulateGrad")}
    assert [node for node in told[0] if node not in leaves] == ran and len(leaves) == 2 and len(told[0]) == 5
    ag.autograd.grad(product, a)
    assert [node.name() for node in told[1][:2]] == ["MulBackward0", "CosBackward0"] and len(told[1]) == 3
    with pytest.raises(RuntimeError, match="should only be called during the backward pass"):
        ag._C._current_graph_task_execution_order()


def test_hooks_come_too_late_for_a_saved_value_that_is_gone():
    x = leaf(2.0)
    square = x * x
    raw = square.grad_fn._raw_saved_self
    square.backward()
    with pytest.raises(RuntimeError, match="Calling register_hooks on a saved tensor after it has been freed"):
        raw.register_hooks(lambda x: x, lambda x: x)


def test_versions_can_be_kept_against_better_knowledge():
    x = ag.ones(2, requires_grad=True).clone()
    x.add_(1)
    with ag.autograd._unsafe_preserve_version_counter(x):
        x.mul_(2)
        assert x._version == 2
    assert x._version == 1
    ag._C._autograd._unsafe_set_version_counter((x,), (0,))
    assert x._version == 0
    with pytest.raises(RuntimeError, match="Cannot set"):
        ag._C._autograd._unsafe_set_version_counter((x,), (-1,))
