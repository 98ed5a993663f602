"""Saved values, versions and in-place operations (contract: saved values, versions, in-place)."""

import arcgrad as ag
import pytest
from leaves import leaf, matrix

F64 = ag.float64
MODIFIED = "one of the variables needed for gradient computation has been modified by an inplace operation"
LEAF = "a leaf Variable that requires grad is being used in an in-place operation"
VIEW_OF_LEAF = "a view of a leaf Variable that requires grad is being used in an in-place operation"
PARTIAL = "some elements of the input tensor and the written-to tensor refer to a single memory location"
SELF_OVERLAP = "more than one element of the written-to tensor refers to a single memory location"


# ---- saved values and versions -----------------------------------------------------------------------------------


SAVING = [
    ("exp saves its result", lambda y: y.exp(), lambda y, z: z.add_(1)),
    ("tanh saves its result", lambda y: y.tanh(), lambda y, z: z.mul_(2)),
    ("sigmoid saves its result", lambda y: y.sigmoid(), lambda y, z: z.zero_()),
    ("sqrt saves its result", lambda y: y.sqrt(), lambda y, z: z.add_(1)),
    ("sin saves its input", lambda y: y.sin(), lambda y, z: y.add_(1)),
    ("log saves its input", lambda y: y.log(), lambda y, z: y.add_(1)),
    ("pow saves its input", lambda y: y**3, lambda y, z: y.add_(1)),
    ("mul saves its inputs", lambda y: y * y, lambda y, z: y.add_(1)),
    ("matmul saves its inputs", lambda y: y @ y, lambda y, z: y.add_(1)),
    ("softmax saves its result", lambda y: y.softmax(0), lambda y, z: z.add_(1)),
    ("a write by index counts", lambda y: y.sin(), lambda y, z: y.__setitem__(0, 5.0)),
    ("a write through a view counts", lambda y: y.sin(), lambda y, z: y[1:].zero_()),
    ("a write through detach counts", lambda y: y.sin(), lambda y, z: y.detach().zero_()),
    ("a copy into it counts", lambda y: y.sin(), lambda y, z: y.copy_(ag.ones(2, dtype=F64))),
    ("a write by out= counts", lambda y: y.sin(), lambda y, z: ag.exp(ag.ones(2, dtype=F64), out=y.detach())),
]


@pytest.mark.parametrize(("fn", "change"), [c[1:] for c in SAVING], ids=[c[0] for c in SAVING])
def test_a_saved_value_that_was_changed_is_an_error(fn, change):
    x = leaf(1.0, 2.0)
    y = x * 1
    z = fn(y)
    with ag.no_grad():
        change(y, z)
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.sum().backward()
    assert x.grad is None


NOT_SAVING = [
    ("add saves nothing", lambda y: y + 1, lambda y, z: (y.add_(1), z.add_(1))),
    ("sum saves nothing", lambda y: y.sum(), lambda y, z: y.add_(1)),
    ("exp does not save its input", lambda y: y.exp(), lambda y, z: y.add_(1)),
    ("sin does not save its result", lambda y: y.sin(), lambda y, z: z.add_(1)),
    ("mul by a number saves nothing", lambda y: y * 3, lambda y, z: (y.zero_(), z.zero_())),
    ("view saves nothing", lambda y: y.view(2, 1).sum(), lambda y, z: y.add_(1)),
    ("a write through data does not count", lambda y: y.sin(), lambda y, z: y.data.zero_()),
    ("a change of a clone does not count", lambda y: y.clone().sin(), lambda y, z: y.zero_()),
    ("a root written as a power does not save its result", lambda y: y**0.5, lambda y, z: z.add_(1e-8)),
    ("nor does its reciprocal", lambda y: y**-0.5, lambda y, z: z.add_(1e-8)),
]


@pytest.mark.parametrize(("fn", "change"), [c[1:] for c in NOT_SAVING], ids=[c[0] for c in NOT_SAVING])
def test_what_is_not_saved_may_be_changed(fn, change):
    x = leaf(1.0, 2.0)
    y = x * 1
    z = fn(y)
    with ag.no_grad():
        change(y, z)
    z.sum().backward()
    assert x.grad is not None


def test_only_what_is_needed_is_saved():
    x, c = leaf(1.0, 2.0), ag.tensor([3.0, 4.0], dtype=F64)
    y = x * c  # the gradient of x needs c, and nobody needs x
    with ag.no_grad():
        x.add_(1)
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]
    y = x * c
    c.add_(1)
    with pytest.raises(RuntimeError, match=MODIFIED):
        y.sum().backward()


def test_the_message_tells_type_shape_node_and_versions():
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = y.sin()
    y.add_(1)
    y.add_(1)
    with pytest.raises(RuntimeError, match=MODIFIED) as caught:
        z.sum().backward()
    message = str(caught.value)
    assert "[2]" in message and "output 0 of" in message
    assert "is at version 2; expected version 0 instead" in message
    assert "DoubleTensor" in message


def test_a_failed_backward_frees_nothing_before_the_failure():
    x = leaf(1.0, 2.0)
    y = x * 1
    z = y.sin()
    with ag.no_grad():
        y.add_(1)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=MODIFIED):
            z.sum().backward(retain_graph=True)


def test_increment_version():
    x = leaf(1.0)
    y = x * 1
    z = y.sin()
    ag.autograd.graph.increment_version(y)
    assert y._version == 1
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()
    a, b = ag.ones(1), ag.ones(1)
    ag.autograd.graph.increment_version([a, b])
    assert a._version == b._version == 1


# ---- leaves ------------------------------------------------------------------------------------------------------


WRITES = [
    ("add_", lambda t: t.add_(1)),
    ("mul_", lambda t: t.mul_(2)),
    ("zero_", lambda t: t.zero_()),
    ("fill_", lambda t: t.fill_(3)),
    ("copy_", lambda t: t.copy_(ag.ones_like(t))),
    ("uniform_", lambda t: t.uniform_()),
    ("setitem", lambda t: t.__setitem__(0, 1.0)),
    ("setitem slice", lambda t: t.__setitem__(slice(None), 1.0)),
    ("iadd", lambda t: t.__iadd__(1)),
    ("exp_", lambda t: t.exp_()),
    ("clamp_", lambda t: t.clamp_(0, 1)),
    ("masked_fill_", lambda t: t.masked_fill_(ag.ones_like(t, dtype=ag.bool), 0.0)),
]


@pytest.mark.parametrize("write", [w[1] for w in WRITES], ids=[w[0] for w in WRITES])
def test_in_place_on_a_leaf_is_refused_and_changes_nothing(write):
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=LEAF):
        write(x)
    assert x.tolist() == [1.0, 2.0] and x._version == 0 and x.is_leaf


@pytest.mark.parametrize("write", [w[1] for w in WRITES], ids=[w[0] for w in WRITES])
def test_in_place_on_a_view_of_a_leaf_is_refused_and_changes_nothing(write):
    x = leaf(1.0, 2.0, 3.0)
    for view in (x[1:], x.view(1, 3)[0], x.view_as(x), x[:2]):
        with pytest.raises(
            RuntimeError, match="leaf Variable that requires grad is being used in an in-place operation"
        ):
            write(view)
    assert x.tolist() == [1.0, 2.0, 3.0] and x._version == 0


def test_the_phrase_for_a_view_of_a_leaf():
    with pytest.raises(RuntimeError, match=VIEW_OF_LEAF):
        leaf(1.0, 2.0)[1:].add_(1)


@pytest.mark.parametrize("write", [w[1] for w in WRITES], ids=[w[0] for w in WRITES])
def test_in_place_on_a_leaf_is_fine_under_no_grad(write):
    x = leaf(1.0, 2.0)
    with ag.no_grad():
        write(x)
        write(x[:1])
    assert x.requires_grad and x.is_leaf and x.grad_fn is None and x._version == 2


def test_in_place_on_a_leaf_without_grad_makes_it_a_non_leaf():
    x = ag.ones(2, dtype=F64)
    w = leaf(3.0, 4.0)
    x.mul_(w)
    assert x.requires_grad and not x.is_leaf and x.grad_fn.name() == "MulBackward0"
    x.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]


def test_writing_into_part_of_a_plain_tensor_connects_it():
    buffer = ag.zeros(3, dtype=F64)
    w = leaf(2.0)
    buffer[1] = w[0]
    assert buffer.requires_grad and buffer.grad_fn.name().endswith("CopySlices")
    (buffer * ag.tensor([1.0, 10.0, 100.0], dtype=F64)).sum().backward()
    assert w.grad.item() == 10


def test_filling_a_buffer_row_by_row():
    w = leaf(1.0, 2.0)
    buffer = ag.empty(4, 2, dtype=F64)
    for i in range(4):
        buffer[i] = w * i
    buffer.sum().backward()
    assert w.grad.tolist() == [6.0, 6.0]


# ---- in-place on non-leaves --------------------------------------------------------------------------------------


def test_in_place_result_is_the_tensor_itself():
    y = leaf(1.0) * 1
    assert y.add_(1) is y and y.mul_(2) is y and y.grad_fn.name() == "MulBackward0"
    z = y
    z += 1
    assert z is y


def test_gradient_through_in_place_ops():
    x = leaf(2.0)
    y = x * 1
    y.mul_(3).add_(1).mul_(5)
    y.backward()
    assert x.grad.item() == 15


IN_PLACE_THAT_SAVE = [
    "sin_",
    "cos_",
    "log_",
    "square_",
    "abs_",
    "exp_",
    "tanh_",
    "sigmoid_",
    "sqrt_",
    "relu_",
    "rsqrt_",
    "reciprocal_",
    "log1p_",
    "atan_",
    "sinh_",
    "cosh_",
    "erf_",
    "expm1_",
    "neg_",
]


@pytest.mark.parametrize("name", IN_PLACE_THAT_SAVE)
def test_in_place_forms_have_the_gradient_of_the_plain_form(name):
    x = leaf(0.5, 1.5, 3.0)
    y = x * 1
    getattr(y, name)()
    w = ag.tensor([1.0, 2.0, 3.0], dtype=F64)
    (y * w).sum().backward()
    plain = leaf(0.5, 1.5, 3.0)
    (getattr(plain, name[:-1])() * w).sum().backward()
    assert x.grad.tolist() == pytest.approx(plain.grad.tolist(), rel=1e-14)


def test_mul_of_itself_in_place():
    x = leaf(3.0)
    y = x * 1
    y.mul_(y.clone())
    y.backward()
    assert x.grad.item() == 6


def test_in_place_op_on_a_needed_value_is_seen_by_later_use_only():
    x = leaf(3.0)
    y = x * 1
    z = y * 2
    y.add_(10)
    (z + y).backward()
    assert x.grad.item() == 3


def test_in_place_pow_and_div_by_a_saved_tensor():
    x, d = leaf(8.0), leaf(2.0)
    y = x * 1
    y.div_(d).pow_(2)
    y.backward()
    assert x.grad.item() == 4 and d.grad.item() == -16


def test_in_place_with_a_broadcast_operand():
    x, b = matrix(2, 3), leaf(1.0, 2.0, 3.0)
    y = x * 1
    y.mul_(b)
    y.sum().backward()
    assert b.grad.tolist() == [3.0, 5.0, 7.0] and x.grad[0].tolist() == [1.0, 2.0, 3.0]


def test_in_place_cannot_grow_or_change_type():
    y = ag.ones(1, 3)
    with pytest.raises(RuntimeError):
        y.add_(ag.ones(2, 3))
    i = ag.ones(2, dtype=ag.int64)
    with pytest.raises(RuntimeError, match="can't be cast"):
        i.add_(0.5)
    with pytest.raises(RuntimeError, match="can't be cast"):
        i.mul_(ag.ones(2))
    with pytest.raises(RuntimeError, match="can't be cast"):
        i.div_(2)
    assert y.shape == (1, 3) and i.tolist() == [1, 1] and i._version == 0


def test_gradient_hooked_before_an_in_place_op_is_the_old_one():
    x = leaf(2.0)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    y.mul_(10)
    y.register_hook(lambda g: seen.append(g.item()))
    y.backward()
    assert seen == [1.0, 10.0] and x.grad.item() == 30


def test_retain_grad_follows_through_in_place_ops():
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    y.mul_(10)
    (y * 7).backward()
    assert y.grad.item() == 7 and x.grad.item() == 210


def test_retain_grad_follows_through_a_write_to_a_view():
    x = leaf(1.0, 2.0)
    y = x * 3
    y.retain_grad()
    y[0].mul_(10)
    (y * 7).sum().backward()
    assert y.grad.tolist() == [7.0, 7.0] and x.grad.tolist() == [210.0, 21.0]


def test_a_failing_in_place_op_leaves_everything_as_it_was():
    x = leaf(1.0, 2.0)
    y = x * 1
    node, version = y.grad_fn, y._version
    for attempt in (
        lambda: y.add_(ag.ones(3, dtype=F64)),
        lambda: y.mul_("two"),
        lambda: y.__setitem__(7, 1.0),
        lambda: y.__setitem__(slice(0, 1), ag.ones(4, dtype=F64)),
        lambda: y.masked_fill_(ag.ones(5, dtype=ag.bool), 1.0),
        lambda: y.copy_(ag.ones(3, dtype=F64)),
        lambda: y.index_add_(0, ag.tensor([9]), ag.ones(1, dtype=F64)),
    ):
        with pytest.raises((RuntimeError, TypeError, IndexError)):
            attempt()
        assert y.grad_fn is node and y.tolist() == [1.0, 2.0]
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0] and version == 0


# ---- memory overlap ----------------------------------------------------------------------------------------------


def test_an_output_that_is_exactly_an_input_is_fine():
    x = ag.tensor([1.0, 2.0, 3.0])
    assert x.mul_(x).tolist() == [1.0, 4.0, 9.0]
    assert x.add_(x[:]).tolist() == [2.0, 8.0, 18.0]
    assert x.sub_(x.view(3)).tolist() == [0.0, 0.0, 0.0]
    assert ag.exp(x, out=x) is x and x.tolist() == [1.0, 1.0, 1.0]
    assert ag.add(x, x, out=x).tolist() == [2.0, 2.0, 2.0]


@pytest.mark.arcgrad_only
def test_matmul_into_its_own_operand():
    m = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    ag.mm(m, m, out=m)
    assert m.tolist() == [[7.0, 10.0], [15.0, 22.0]]


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x[1:].add_(x[:-1]),
        lambda x: x[:-1].mul_(x[1:]),
        lambda x: ag.add(x[:-1], 1, out=x[1:]),
        lambda x: ag.exp(x[:-1], out=x[1:]),
    ],
)
def test_partial_overlap_is_an_error(write):
    x = ag.arange(6.0)
    with pytest.raises(RuntimeError, match=PARTIAL):
        write(x)
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_adding_the_transpose_in_place_is_an_error():
    m = ag.arange(9.0).reshape(3, 3)
    with pytest.raises(RuntimeError, match=PARTIAL):
        m.add_(m.T)
    assert m.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]


@pytest.mark.parametrize(
    "make", [lambda: ag.ones(1).expand(3), lambda: ag.ones(3, 1).expand(3, 2), lambda: ag.ones(2, 1, 3).expand(2, 4, 3)]
)
@pytest.mark.parametrize("write", [w[1] for w in WRITES if w[0] in ("add_", "mul_", "exp_", "copy_", "clamp_", "iadd")])
def test_a_written_tensor_that_overlaps_itself_is_an_error(make, write):
    x = make()
    with pytest.raises(RuntimeError, match=SELF_OVERLAP):
        write(x)
    assert x.eq(1).all().item()


@pytest.mark.arcgrad_only  # PyTorch finds overlap by strides of 0 only
def test_windows_that_overlap_are_found_too():
    x = ag.ones(4).as_strided((3, 2), (1, 1))
    with pytest.raises(RuntimeError, match=SELF_OVERLAP):
        x.add_(1)
    assert x.eq(1).all().item()


def test_an_out_that_overlaps_itself_is_an_error():
    out = ag.zeros(1).expand(3)
    with pytest.raises(RuntimeError, match=SELF_OVERLAP):
        ag.add(ag.ones(3), 1, out=out)
    assert out.sum().item() == 0


def test_disjoint_parts_of_one_storage_are_fine():
    x = ag.arange(6.0)
    x[:3].add_(x[3:])
    x[::2].mul_(x[1::2])
    assert x.tolist() == [15.0, 5.0, 21.0, 3.0, 20.0, 5.0]


def test_an_expanded_tensor_may_be_read_from():
    x = ag.ones(1).expand(3)
    y = ag.zeros(3)
    assert y.add_(x).tolist() == [1.0, 1.0, 1.0]


def test_in_place_on_a_broadcast_view_of_itself_is_an_error():
    m = ag.arange(4.0).reshape(2, 2)
    with pytest.raises(RuntimeError, match=PARTIAL):
        m.add_(m[0])
    assert m.tolist() == [[0.0, 1.0], [2.0, 3.0]]


# ---- out= --------------------------------------------------------------------------------------------------------


def test_out_with_gradients_is_refused():
    x = leaf(1.0, 2.0)
    out = ag.empty(2, dtype=F64)
    with pytest.raises(RuntimeError, match="(?i)out=.*automatic differentiation"):
        ag.exp(x, out=out)
    y = x * 1
    with pytest.raises(RuntimeError, match="(?i)out=.*automatic differentiation"):
        ag.exp(ag.ones(2, dtype=F64), out=y)
    with ag.no_grad():
        ag.exp(x, out=out)


def test_out_of_another_type_is_checked():
    a = ag.ones(2)
    with pytest.raises(RuntimeError, match="can't be cast"):
        ag.add(a, 0.5, out=ag.empty(2, dtype=ag.int64))
    assert ag.add(a, 1, out=ag.empty(2, dtype=F64)).dtype is F64


def test_out_of_another_shape_is_resized_when_empty():
    out = ag.empty(0)
    result = ag.add(ag.ones(2, 3), 1, out=out)
    assert result is out and out.shape == (2, 3) and out.sum().item() == 12
