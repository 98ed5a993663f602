"""Writing to views and to what they show (contract: views)."""

import arcgrad as ag
import pytest
from leaves import leaf, matrix

F64 = ag.float64
MODIFIED = "one of the variables needed for gradient computation has been modified by an inplace operation"
MULTI_VIEW = "is a view and is being modified inplace"


# ---- views: history of the base is rewritten ---------------------------------------------------------------------


def test_in_place_on_a_view_changes_the_base():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    v = y[1:]
    v.mul_(10)
    assert y.tolist() == [1.0, 20.0, 30.0]
    assert y.grad_fn.name().endswith("CopySlices")
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 10.0, 10.0]


def test_the_grad_fn_of_the_view_is_regenerated():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    v = y[1:]
    assert v.grad_fn.name() == "SliceBackward0"
    v.mul_(10)
    assert v.grad_fn.name() in ("AsStridedBackward0", "SliceBackward0")
    assert v.grad_fn.next_functions[0][0] is y.grad_fn
    v.sum().backward()
    assert x.grad.tolist() == [0.0, 10.0, 10.0]


def test_the_regenerated_grad_fn_is_as_strided():
    y = leaf(1.0, 2.0, 3.0) * 1
    v = y[1:]
    v.mul_(10)
    assert v.grad_fn.name() == "AsStridedBackward0"
    assert v.grad_fn is v.grad_fn


def test_a_view_taken_before_sees_an_in_place_op_on_the_base():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    v = y[1:]
    y.mul_(10)
    assert v.tolist() == [20.0, 30.0]
    v.sum().backward()
    assert x.grad.tolist() == [0.0, 10.0, 10.0]


def test_a_view_taken_after_sees_it_too():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y.mul_(10)
    y[1:].sum().backward()
    assert x.grad.tolist() == [0.0, 10.0, 10.0]


def test_a_sibling_view_sees_a_write_through_another():
    x = leaf(1.0, 2.0, 3.0, 4.0)
    y = x * 1
    a, b, c = y[:3], y[1:], y[3:]
    a.mul_(10)
    assert b.tolist() == [20.0, 30.0, 4.0]
    (b * ag.tensor([1.0, 2.0, 3.0], dtype=F64)).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [0.0, 10.0, 20.0, 3.0]
    x.grad = None
    c.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 1.0]


def test_in_place_on_a_view_of_a_view():
    x = matrix(3, 4)
    y = x * 1
    v = y[1:]
    w = v[:, ::2]
    w.mul_(10)
    assert w._base is y and y.grad_fn.name().endswith("CopySlices")
    y.sum().backward()
    expected = [[1.0] * 4, [10.0, 1.0, 10.0, 1.0], [10.0, 1.0, 10.0, 1.0]]
    assert x.grad.tolist() == expected


def test_the_middle_view_sees_a_write_through_the_innermost():
    x = matrix(3, 4)
    y = x * 1
    v = y[1:]
    v[:, 0].mul_(10)
    v.sum().backward()
    assert x.grad.tolist() == [[0.0] * 4, [10.0, 1.0, 1.0, 1.0], [10.0, 1.0, 1.0, 1.0]]


VIEWS = {
    "select": lambda t: t[1],
    "slice": lambda t: t[:, 1:3],
    "step": lambda t: t[::2, ::3],
    "transpose": lambda t: t.t(),
    "permute": lambda t: t.permute(1, 0),
    "view": lambda t: t.view(2, 6),
    "reshape": lambda t: t.reshape(12),
    "unsqueeze": lambda t: t.unsqueeze(1),
    "squeeze": lambda t: t[None].squeeze(0),
    "diagonal": lambda t: t.diagonal(),
    "narrow": lambda t: t.narrow(1, 1, 2),
    "flatten": lambda t: t.flatten(),
    "unflatten": lambda t: t.unflatten(1, (2, 2)),
    "view_as": lambda t: t.view_as(t),
    "movedim": lambda t: t.movedim(0, 1),
    "expand of size one": lambda t: t[:1].expand(1, 4),
    "chain": lambda t: t.t()[1:].unsqueeze(0)[0, :, 1],
    "empty": lambda t: t[3:],
    "as_strided": lambda t: t.as_strided((2, 2), (4, 1), 1),
}


@pytest.mark.parametrize("name", VIEWS)
def test_in_place_through_every_kind_of_view(name):
    """The gradient of a write through a view is that of the same write by a mask."""
    view = VIEWS[name]
    mask = ag.zeros(3, 4, dtype=ag.bool)
    view(mask).fill_(True)
    weights = ag.arange(12.0, dtype=F64).reshape(3, 4) + 1

    x = matrix(3, 4)
    y = x * 1
    view(y).mul_(10).add_(1)
    expected = ag.where(mask, x.detach() * 10 + 1, x.detach())
    assert y.tolist() == expected.tolist()
    (y * weights).sum().backward()
    assert x.grad.tolist() == (weights * ag.where(mask, 10.0, 1.0)).tolist()


@pytest.mark.parametrize("name", VIEWS)
def test_writing_another_tensor_through_every_kind_of_view(name):
    view = VIEWS[name]
    x = matrix(3, 4)
    y = x * 1
    target = view(y)
    source = ag.full(target.shape, 7.0, dtype=F64, requires_grad=True)
    target.copy_(source)
    (y * 3).sum().backward()
    assert source.grad.eq(3).all().item()
    covered = ag.zeros(3, 4, dtype=ag.bool)
    view(covered).fill_(True)
    assert x.grad.tolist() == ag.where(covered, 0.0, 3.0).double().tolist()


@pytest.mark.parametrize("name", VIEWS)
def test_second_order_through_a_write_to_a_view(name):
    view = VIEWS[name]
    x = matrix(3, 4)
    y = x * x
    view(y).mul_(2)
    (g,) = ag.autograd.grad((y * y).sum(), x, create_graph=True)
    factor = ag.ones(3, 4, dtype=F64)
    view(factor).mul_(2)
    assert g.tolist() == (4 * x.detach() ** 3 * factor**2).tolist()
    (h,) = ag.autograd.grad(g.sum(), x)
    assert h.tolist() == (12 * x.detach() ** 2 * factor**2).tolist()


def test_many_writes_through_many_views():
    x = matrix(4, 4)
    y = x * 1
    for i in range(4):
        y[i].mul_(i + 1)
        y[:, i].mul_(i + 1)
    y.sum().backward()
    assert x.grad.tolist() == [[float((i + 1) * (j + 1)) for j in range(4)] for i in range(4)]


def test_writes_of_the_base_and_of_views_in_turn():
    x = leaf(1.0, 2.0)
    y = x * 1
    a, b = y[0], y[1]
    a.mul_(2)
    y.mul_(3)
    b.mul_(5)
    y.mul_(7)
    a.mul_(11)
    y.sum().backward()
    assert x.grad.tolist() == [2 * 3 * 7 * 11.0, 3 * 5 * 7.0]


def test_setitem_of_a_value_computed_from_the_same_tensor():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[1:] = y[:-1] * 10
    assert y.tolist() == [1.0, 10.0, 20.0]
    y.sum().backward()
    assert x.grad.tolist() == [11.0, 10.0, 0.0]


def test_setitem_with_index_tensors_and_masks():
    x, v = leaf(1.0, 2.0, 3.0), leaf(10.0, 20.0)
    y = x * 1
    y[ag.tensor([0, 2])] = v
    assert y.tolist() == [10.0, 2.0, 20.0]
    (y * ag.tensor([1.0, 2.0, 3.0], dtype=F64)).sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 0.0] and v.grad.tolist() == [1.0, 3.0]
    y = x * 1
    y[y > 1.5] = 0.0
    x.grad = None
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.0]


def test_writing_a_tensor_that_requires_grad_into_a_view_of_a_plain_tensor():
    base = ag.zeros(4, dtype=F64)
    v = base[1:3]
    w = leaf(1.0, 2.0)
    v.add_(w)
    assert base.requires_grad and v.requires_grad and not base.is_leaf
    (base * 2).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_a_value_saved_before_a_write_through_a_view_is_refused():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    y[0].add_(1)
    with pytest.raises(RuntimeError, match=MODIFIED):
        (z.sum() + y.sum()).backward()


def test_a_view_saved_before_a_write_to_the_base_is_refused():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y[0].sin()
    y.add_(1)
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()


def test_even_a_write_to_another_part_counts():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y[0].sin()
    y[1] = 5.0
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()


def test_hooks_on_a_view_do_not_fire_for_what_its_base_becomes():
    x = leaf(1.0, 2.0)
    y = x * 1
    v = y[0]
    seen = []
    v.register_hook(lambda g: seen.append(g.item()))
    y.mul_(10)
    v.sum().backward()
    assert seen == [] and x.grad.tolist() == [10.0, 0.0]


@pytest.mark.parametrize("of_leaf", [False, True])
def test_retain_grad_on_a_view_follows_a_write_to_its_base(of_leaf):
    x = leaf(1.0, 2.0)
    base = x if of_leaf else x * 1
    v = base[1:]
    v.retain_grad()
    with ag.set_grad_enabled(not of_leaf):
        base.mul_(10)
    (v * 3).sum().backward()
    assert v.grad.tolist() == [3.0] and x.grad.tolist() == [0.0, 3.0 if of_leaf else 30.0]


def test_retain_grad_on_a_view_follows_a_write_to_it():
    x = leaf(1.0, 2.0)
    y = x * 1
    v = y[1:]
    v.retain_grad()
    v.mul_(10)
    (v * 3).sum().backward()
    assert v.grad.tolist() == [3.0] and x.grad.tolist() == [0.0, 30.0]


def test_the_output_of_a_base_after_write_has_one_history():
    x = leaf(1.0, 2.0)
    y = x * 1
    v = y[:1]
    v.mul_(5)
    w = y[:1]
    assert ag.autograd.grad(v.sum(), x, retain_graph=True)[0].tolist() == [5.0, 0.0]
    assert ag.autograd.grad(w.sum(), x, retain_graph=True)[0].tolist() == [5.0, 0.0]


# ---- multi-view ops ----------------------------------------------------------------------------------------------


MULTI = {
    "unbind": lambda t: t.unbind(),
    "split": lambda t: t.split(1),
    "split sizes": lambda t: t.split([1, 2]),
    "chunk": lambda t: t.chunk(3),
    "unbind function": lambda t: ag.unbind(t),
}


@pytest.mark.parametrize("name", MULTI)
@pytest.mark.parametrize("index", [0, -1])
def test_in_place_on_an_output_of_a_multi_view_op_is_refused(name, index):
    y = leaf(1.0, 2.0, 3.0) * 1
    part = MULTI[name](y)[index]
    with pytest.raises(RuntimeError, match=MULTI_VIEW):
        part.mul_(10)
    assert y.tolist() == [1.0, 2.0, 3.0] and y._version == 0


@pytest.mark.parametrize("name", MULTI)
def test_a_view_of_an_output_of_a_multi_view_op_is_refused_too(name):
    y = leaf(1.0, 2.0, 3.0) * 1
    with pytest.raises(RuntimeError, match=MULTI_VIEW):
        MULTI[name](y)[0].view(-1).mul_(10)


@pytest.mark.parametrize("name", MULTI)
def test_multi_view_outputs_may_be_written_where_no_gradient_flows(name):
    y = ag.tensor([1.0, 2.0, 3.0])
    MULTI[name](y)[0].mul_(10)
    assert y.tolist() == [10.0, 2.0, 3.0]
    x = leaf(1.0, 2.0, 3.0)
    with ag.no_grad():
        MULTI[name](x)[0].mul_(10)
    assert x.tolist() == [10.0, 2.0, 3.0]


def test_the_base_of_a_multi_view_op_may_be_written():
    x = leaf(1.0, 2.0)
    y = x * 1
    a, b = y.unbind()
    y.mul_(10)
    assert a.item() == 10


# ---- views made under no_grad ------------------------------------------------------------------------------------


def test_a_view_of_a_leaf_made_under_no_grad_is_refused():
    x = leaf(1.0, 2.0)
    with ag.no_grad():
        v = x[:1]
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad|no_grad"):
        v.mul_(2)
    assert x.tolist() == [1.0, 2.0]


def test_a_view_of_a_non_leaf_made_under_no_grad_is_refused():
    y = leaf(1.0, 2.0) * 1
    with ag.no_grad():
        v = y[:1]
    with pytest.raises(RuntimeError, match="(?i)no_grad"):
        v.mul_(2)
    assert y.tolist() == [1.0, 2.0]


def test_writing_under_no_grad_through_a_view_made_under_no_grad():
    x = leaf(1.0, 2.0)
    with ag.no_grad():
        x[:1].mul_(5)
    assert x.tolist() == [5.0, 2.0] and x.is_leaf and x.requires_grad


def test_writing_under_no_grad_to_a_non_leaf_keeps_its_history():
    x = leaf(1.0, 2.0)
    y = x * 3
    node = y.grad_fn
    with ag.no_grad():
        y.mul_(10)
        y[0] = 7
    assert y.grad_fn is node and y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def leaf_of_ones():
    return leaf(1.0, 1.0, 1.0)


@pytest.mark.parametrize("mode", [ag.no_grad, ag.inference_mode])
def test_updates_by_index_where_nothing_is_recorded(mode):
    w = leaf_of_ones()
    with mode():
        w[1] += 4
        w[:2] *= 2
    assert w.tolist() == [2.0, 10.0, 1.0] and w.requires_grad and w.is_leaf
    (w * 3).sum().backward()
    assert w.grad.tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize("mode", [ag.no_grad, ag.inference_mode])
@pytest.mark.parametrize("of_leaf", [True, False])
def test_a_view_made_where_nothing_is_recorded_can_be_written_and_read_there(mode, of_leaf):
    w = leaf_of_ones()
    base = w if of_leaf else w * 1
    with mode():
        view = base[:2]
        view.add_(1)
        view.add_(1)
        view[0].mul_(10)
        assert view.tolist() == (view * 1).tolist() == view.numpy().tolist() == [30.0, 3.0]
        assert "30" in repr(view)
    assert base.tolist() == [30.0, 3.0, 1.0]
    # There is no history to show, and none to differentiate.
    assert repr(view) == "tensor([30.,  3.], dtype=arcgrad.float64, grad_fn=<Invalid>)"
    assert view.tolist() == view.detach().numpy().tolist() == [30.0, 3.0]
    assert (view > 4).tolist() == [True, False] and view.long().tolist() == [30, 3] and view.argmax().item() == 0
    with pytest.raises(RuntimeError, match="(?i)inference|no_grad"):
        view * 2


@pytest.mark.parametrize("name", MULTI)
def test_parts_can_be_read_after_a_write_to_their_base(name):
    y = leaf(1.0, 2.0, 3.0) * 1
    first = MULTI[name](y)[0]
    y.mul_(10)
    assert repr(first).endswith("grad_fn=<Invalid>)") and "10" in repr(first)
    with ag.no_grad():
        assert (first * 2).reshape(-1).tolist() == [20.0]
        first.add_(1)
        assert repr(first) and first.numpy().tolist() == first.tolist()
    assert y.tolist() == [11.0, 20.0, 30.0]
    with pytest.raises(RuntimeError, match="is a view and its base or another view of its base has been modified inplace"):
        first * 2


# ---- views in place ----------------------------------------------------------------------------------------------


def test_resize_and_set_under_grad_are_refused():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError):
        x.resize_(5)
    assert x.shape == (2,)


def test_transposing_a_view_in_place_leaves_its_base():
    x = matrix(2, 2)
    base = x * 1
    view = base[:]
    view.t_()
    assert base.grad_fn.name() == "MulBackward0" and view.grad_fn.name() == "TBackward1"
    w = ag.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=F64)
    assert ag.autograd.grad((base * w).sum(), x, retain_graph=True)[0].tolist() == w.tolist()
    assert ag.autograd.grad((view * w).sum(), x, retain_graph=True)[0].tolist() == w.T.tolist()
    view.mul_(ag.tensor([[10.0, 1.0], [1.0, 1.0]], dtype=F64))
    assert ag.autograd.grad((base * w).sum(), x)[0].tolist() == [[10.0, 2.0], [3.0, 4.0]]


NAMES_IN_PLACE = [
    ("TransposeBackward1", lambda y: y.transpose_(0, 1)),
    ("UnsqueezeBackward1", lambda y: y.unsqueeze_(0)),
    ("SqueezeBackward3", lambda y: y.squeeze_()),
    ("SqueezeBackward4", lambda y: y.squeeze_(0)),
]


@pytest.mark.parametrize(("name", "move"), NAMES_IN_PLACE)
def test_views_in_place_have_names_of_their_own(name, move):
    y = matrix(1, 3) * 1
    move(y)
    assert y.grad_fn.name() == name


def test_a_leaf_that_is_itself_a_view_is_no_less_a_leaf():
    x = ag.arange(4.0, dtype=F64).reshape(2, 2).requires_grad_()
    for write in (lambda: x[0].mul_(2), lambda: x.view(4).add_(1), lambda: x[:].t_()):
        with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
            write()
    assert x.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    (x[0] * 2).sum().backward()
    assert x.grad.tolist() == [[2.0, 2.0], [0.0, 0.0]]


def test_transpose_in_place_changes_shape_and_history():
    x = matrix(2, 3)
    y = x * 1
    y.t_()
    assert y.shape == (3, 2) and y.grad_fn.name() == "TBackward1"
    (y * ag.arange(6.0, dtype=F64).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]


def test_squeeze_and_unsqueeze_in_place():
    x = matrix(2, 3)
    y = x * 1
    y.unsqueeze_(0).squeeze_(0).transpose_(0, 1)
    assert y.shape == (3, 2)
    y.sum().backward()
    assert x.grad.eq(1).all().item()


def test_swapping_values_through_a_clone():
    x = leaf(1.0, 2.0)
    y = x * 1
    old = y[0].clone()
    y[0] = y[1]
    y[1] = old
    (y * ag.tensor([10.0, 100.0], dtype=F64)).sum().backward()
    assert y.tolist() == [2.0, 1.0] and x.grad.tolist() == [100.0, 10.0]


def test_self_assignment_of_views():
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    y[:] = y
    y[0:2] += 1
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0] and y.tolist() == [2.0, 3.0, 3.0]


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_padding_by_nothing_is_a_copy(mode):
    x = ag.ones(1, 2, 3, requires_grad=True)
    padded = ag.nn.functional.pad(x, (0, 0), mode=mode)
    padded.mul_(5)
    assert x.detach().tolist() == [[[1, 1, 1], [1, 1, 1]]]
    padded.sum().backward()
    assert x.grad.tolist() == [[[5, 5, 5], [5, 5, 5]]]


@pytest.mark.arcgrad_only
def test_a_view_is_made_again_of_another_base_and_a_base_of_another_view():
    base = ag.arange(24.0).reshape(2, 3, 4).clone()
    for of in (
        lambda x: x.select(1, 2),
        lambda x: x[:, 1:, ::2].transpose(0, 1),
        lambda x: x.view(-1)[5:],
        lambda x: ag.view_as_complex(x.view(2, 3, 2, 2))[1],
    ):
        view, other = of(base), base + 100
        assert view._view_func(other).equal(of(other)) and view._view_func(other)._base is other
        part = view.detach()
        whole = view._rev_view_func_unsafe(part)
        assert whole.equal(base) and whole.stride() == base.stride()
    with pytest.raises(RuntimeError, match="is not a view"):
        base._view_func(base)
    with pytest.raises(RuntimeError, match="has to lie as the old one does"):
        base.select(1, 2)._view_func(base.transpose(0, 1))
