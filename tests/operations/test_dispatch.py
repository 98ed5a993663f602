"""Operations that the program runs itself: ``__torch_dispatch__`` of classes, and dispatch modes."""

import functools

import arcgrad as ag
import pytest
from arcgrad.utils._mode_utils import no_dispatch
from arcgrad.utils._python_dispatch import TorchDispatchMode
from arcgrad.utils._pytree import tree_map
from arcgrad.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts


class Wrapped(ag.Tensor):
    """Shows a tensor, and notes what is done to it."""

    calls: list = []
    __torch_function__ = ag._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inside, requires_grad=False):
        made = ag.Tensor._make_wrapper_subclass(cls, inside.shape, dtype=inside.dtype, requires_grad=requires_grad)
        made.inside = inside
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        cls.calls.append(str(func))
        args = tree_map(lambda value: value.inside if isinstance(value, cls) else value, args)
        return tree_map(lambda value: cls(value) if isinstance(value, ag.Tensor) else value, func(*args, **(kwargs or {})))


def wrapped(values, requires_grad=False):
    Wrapped.calls.clear()
    return Wrapped(ag.tensor(values), requires_grad=requires_grad)


def test_a_class_runs_the_operations_on_its_instances():
    y = wrapped([1.0, 2.0]) * 2 + ag.ones(2)
    assert type(y) is Wrapped
    assert y.inside.tolist() == [3.0, 5.0]
    assert Wrapped.calls == ["aten.mul.Tensor", "aten.add.Tensor"]


def test_the_layout_of_an_instance_is_the_one_that_it_is_given():
    made = ag.Tensor._make_wrapper_subclass(Wrapped, (2, 3), strides=(1, 2), storage_offset=4)
    assert (made.stride(), made.storage_offset(), made.data_ptr()) == ((1, 2), 4, 0)
    assert ag.Tensor._make_wrapper_subclass(Wrapped, (2, 3)).stride() == (3, 1)
    with pytest.raises(RuntimeError, match="1 strides do not match"):
        ag.Tensor._make_wrapper_subclass(Wrapped, (2, 3), strides=(1,))


def test_what_is_read_of_an_instance_is_asked_of_its_class():
    x = wrapped([1.5, 2.0])
    assert x[0].item() == 1.5 and type(x[0]) is Wrapped
    assert Wrapped.calls == ["aten.select.int", "aten._local_scalar_dense.default", "aten.select.int"]
    assert float(x.sum()) == 3.5 and bool((x > 1).all())
    assert ag.equal(x, ag.tensor([1.5, 2.0])) and not ag.equal(x, x * 2)
    assert wrapped([0.1]).double()[0].item() == ag.tensor(0.1).double().item()


def test_gradcheck_of_instances():
    for fast in (False, True):
        x = Wrapped(ag.tensor([0.5, 1.5], dtype=ag.float64), requires_grad=True)
        assert ag.autograd.gradcheck(lambda x: (x * x).exp(), x, fast_mode=fast)


def test_an_operation_is_a_function_where_nobody_was_asked():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert ag.ops.aten.mul.Tensor(x, 2).tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert ag.ops.aten.sum.dim_IntList(x, [1]).tolist() == [3.0, 7.0]
    assert ag.ops.aten.linalg_det(x).item() == pytest.approx(-2.0)
    assert ag.ops.aten.alias(x)._base is x
    with pytest.raises(NotImplementedError, match="no function of the package has this name"):
        ag.ops.aten.no_such_operation.default(x)


def test_gradients_of_instances_are_instances():
    x = wrapped([1.0, 2.0], requires_grad=True)
    y = x.exp()
    assert y.grad_fn.name() == "ExpBackward0"
    (grad,) = ag.autograd.grad(y.sum(), x)
    assert type(grad) is Wrapped
    assert grad.inside.tolist() == ag.tensor([1.0, 2.0]).exp().tolist()


def test_second_gradients_of_instances():
    x = wrapped([2.0], requires_grad=True)
    (first,) = ag.autograd.grad((x * x * x).sum(), x, create_graph=True)
    (second,) = ag.autograd.grad(first.sum(), x)
    assert second.inside.tolist() == [12.0]


def test_gradients_of_instances_are_accumulated():
    x = wrapped([3.0], requires_grad=True)
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    assert x.grad.inside.tolist() == [4.0]


def test_attributes_live_as_long_as_the_tensor():
    x = wrapped([2.0], requires_grad=True)
    y = (x * x).sin()
    assert y.grad_fn._saved_self.inside.tolist() == [4.0]


def test_what_has_no_data_is_not_read():
    for read in (ag.Tensor.numpy, ag.Tensor.tolist):
        with pytest.raises(RuntimeError):
            read(wrapped([1.0]))


def test_changes_in_place_are_run_by_the_class():
    x = wrapped([1.0, 2.0])
    version = x._version
    x.add_(1)
    assert x.inside.tolist() == [2.0, 3.0]
    assert x._version == version + 1


def test_functions_of_operations_are_one_object_for_each_name():
    seen = []

    class Seen(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func)
            return func(*args, **(kwargs or {}))

    with Seen():
        ag.ones(2).sin()
    assert seen[-1] is ag.ops.aten.sin.default
    assert seen[-1].overloadpacket is ag.ops.aten.sin
    assert str(seen[-1]) == "aten.sin.default"


def test_a_mode_sees_backward_without_gradients():
    names = []

    class Seen(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            names.append(str(func))
            assert not ag.is_grad_enabled()
            return func(*args, **(kwargs or {}))

    x = ag.ones(2, requires_grad=True)
    with Seen():
        y = x.sin()
        forward = list(names)
        y.backward(ag.ones(2))
    assert forward == ["aten.sin.default"]
    assert len(names) > 1
    assert x.grad.tolist() == ag.ones(2).cos().tolist()


def test_a_mode_is_not_in_force_while_it_runs():
    class Doubles(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {})) * 2

    with Doubles():
        assert ag.ones(1).exp().neg().item() == pytest.approx(-4 * 2.7182818)
    assert ag.ones(1).neg().item() == -1.0


def test_a_class_over_data_is_asked_and_can_compute_with_it():
    calls = []

    class Data(ag.Tensor):
        __torch_function__ = ag._C._disabled_torch_function_impl

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            calls.append(str(func))
            with no_dispatch():
                return func(*args, **(kwargs or {}))

    x = ag.Tensor._make_subclass(Data, ag.tensor([1.0]))
    assert (x + 1).tolist() == [2.0]
    assert calls == ["aten.add.Tensor"]


def test_a_class_that_asks_itself_for_ever_is_an_error():
    class Loops(ag.Tensor):
        __torch_function__ = ag._C._disabled_torch_function_impl

        @classmethod
        def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    x = ag.Tensor._make_subclass(Loops, ag.tensor([1.0]))
    with pytest.raises(RuntimeError, match="deep"):
        x + 1


def test_a_selective_checkpoint_keeps_what_the_policy_says():
    seen = []

    def policy(ctx, op, *args, **kwargs):
        seen.append((ctx.is_recompute, str(op)))
        return CheckpointPolicy.MUST_SAVE if op == ag.ops.aten.sin.default else CheckpointPolicy.PREFER_RECOMPUTE

    x = ag.tensor([0.5], requires_grad=True)
    keep = functools.partial(create_selective_checkpoint_contexts, policy)
    out = checkpoint(lambda x: x.sin().cos().exp(), x, use_reentrant=False, context_fn=keep)
    (grad,) = ag.autograd.grad(out.sum(), x)
    (expected,) = ag.autograd.grad(x.sin().cos().exp().sum(), x)
    assert grad.tolist() == expected.tolist()
    assert (False, "aten.sin.default") in seen and (True, "aten.sin.default") in seen


def test_lists_of_selective_checkpoints_name_overloads():
    with pytest.raises(ValueError, match="specific OpOverload"):
        create_selective_checkpoint_contexts([ag.ops.aten.sin])
    with pytest.raises(TypeError, match="function or a list"):
        create_selective_checkpoint_contexts(2)


def test_an_in_place_operator_leaves_what_it_does_not_know_to_the_other_side():
    class Other:
        def __radd__(self, other):
            return "radd"

        def __rpow__(self, other):
            return "rpow"

    x = ag.ones(2)
    assert x.__iadd__(Other()) is NotImplemented and x.__iand__(Other()) is NotImplemented
    y = z = x
    y += Other()
    z **= Other()
    assert (y, z) == ("radd", "rpow")
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for -="):
        x -= Other()
