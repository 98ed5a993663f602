"""Calls that the program takes over: ``__torch_function__``, subclasses of tensors, function modes."""

import copy
import operator

import arcgrad as ag
import pytest
from arcgrad import overrides
from arcgrad.nn import functional as F


class Sub(ag.Tensor):
    """Takes nothing over: results are of the class."""


class Logged(ag.Tensor):
    calls: list = []

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.calls.append(func)
        return super().__torch_function__(func, types, args, kwargs)


def logged(*sizes):
    made = ag.ones(*sizes).as_subclass(Logged)
    Logged.calls.clear()
    return made


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x + 1,
        lambda x: 1 + x,
        lambda x: 1 - x,
        lambda x: ag.ones(2) * x,
        lambda x: x @ x,
        lambda x: -x,
        lambda x: x[0],
        lambda x: x > 0,
        lambda x: x.T,
        lambda x: x.exp(),
        lambda x: ag.exp(x),
        lambda x: ag.stack([ag.ones(2), x]),
        lambda x: x.detach(),
        lambda x: x.data,
        lambda x: x.clone(),
        lambda x: F.relu(x),
        lambda x: F.dropout(x, 0.5),
        lambda x: x.to(ag.float64),
        lambda x: x.requires_grad_(),
    ],
)
@pytest.mark.filterwarnings("ignore:The use of `x.T`")
def test_results_of_a_subclass_are_of_the_subclass(call):
    assert type(call(ag.ones(2).as_subclass(Sub))) is Sub


def test_tuples_of_results_are_of_the_subclass():
    x = ag.ones(2, 2).as_subclass(Sub)
    assert all(type(part) is Sub for part in x.unbind())
    assert type(x.max(0).values) is Sub
    assert all(type(row) is Sub for row in x)


def test_a_gradient_is_handed_out_as_it_is():
    x = ag.ones(2).as_subclass(Sub).requires_grad_()
    (x * 2).sum().backward()
    assert type(x.grad) is ag.Tensor
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    "name, other, func",
    [
        ("add", 1, "add"),
        ("sub", 1, "sub"),
        ("truediv", 2, "div"),
        ("pow", 2, "pow"),
        ("mod", 2, "remainder"),
        ("lt", 2, "lt"),
        ("iadd", 1, "add_"),
        ("imul", 2, "mul_"),
    ],
)
def test_operators_are_calls_of_the_methods_they_stand_for(name, other, func):
    getattr(operator, name)(logged(2), other)
    assert Logged.calls == [getattr(ag.Tensor, func)]


def test_reflected_operators_of_plain_tensors_are_seen():
    x = logged(2)
    assert type(ag.ones(2) + x) is Logged
    assert Logged.calls == [ag.Tensor.add]


def test_attributes_are_calls_of_their_get():
    x = logged(2)
    assert x.shape == (2,)
    assert Logged.calls == [ag.Tensor.shape.__get__]


def test_functions_are_the_objects_that_programs_know():
    x = logged(2)
    F.softmax(x, dim=0)
    ag.cat([x, x])
    ag.einsum("i->", x)
    assert Logged.calls == [F.softmax, ag.cat, ag.einsum]


def test_types_are_those_that_take_calls_over_subclasses_first():
    seen = []

    class Base(ag.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            seen.append((cls, types))
            return NotImplemented

    class Derived(Base):
        pass

    with pytest.raises(TypeError, match="NotImplemented"):
        ag.add(ag.ones(1).as_subclass(Base), ag.ones(1).as_subclass(Derived))
    assert seen == [(Derived, (Derived, Base)), (Base, (Derived, Base))]


def test_objects_that_are_no_tensors_take_calls_over():
    class Scalar:
        def __init__(self, value):
            self.value = value

        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return func, [getattr(arg, "value", arg) for arg in args]

    assert ag.mean(Scalar(3)) == (ag.mean, [3])
    assert ag.add(ag.ones(1), Scalar(3))[0] is ag.add
    assert overrides.is_tensor_like(Scalar(1))


def test_parameters_take_nothing_over():
    parameter = ag.nn.Parameter(ag.ones(2))
    assert type(parameter * 2) is ag.Tensor
    assert not overrides.has_torch_function((parameter,))


def test_disabled_classes_are_not_asked():
    x = logged(2)
    with overrides.DisableTorchFunctionSubclass():
        assert type(x + 1) is ag.Tensor
    assert Logged.calls == []


def test_subclasses_are_copied_and_pickled_as_such():
    x = ag.ones(2).as_subclass(Sub)
    assert type(copy.deepcopy(x)) is Sub
    assert type(copy.copy(x)) is Sub


class Seen(overrides.TorchFunctionMode):
    def __init__(self):
        self.calls = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls.append(func)
        return func(*args, **(kwargs or {}))


def test_a_mode_sees_calls_on_plain_tensors():
    x = ag.ones(2)
    with Seen() as mode:
        x + x
        x.exp_()
        x.shape
        F.relu(x)
        ag.zeros(2)
    assert mode.calls[:3] == [ag.Tensor.add, ag.Tensor.exp_, ag.Tensor.shape.__get__]
    assert F.relu in mode.calls and ag.zeros in mode.calls
    seen = len(mode.calls)
    x + x
    assert len(mode.calls) == seen


def test_modes_nest_and_are_not_in_force_while_they_run():
    with Seen() as outer, Seen() as inner:
        ag.ones(1).add(1)
    assert inner.calls == outer.calls == [ag.ones, ag.Tensor.add]


def test_a_mode_is_left_after_an_exception():
    class Fails(overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            raise ValueError("no")

    x = ag.ones(1)
    with pytest.raises(ValueError, match="no"), Fails():
        x + x
    assert (x + x).item() == 2.0
    assert overrides._get_current_function_mode() is None


def test_handling_asks_the_program():
    def double(x):
        if overrides.has_torch_function((x,)):
            return overrides.handle_torch_function(double, (x,), x)
        return x * 2

    x = logged(2)
    assert type(double(x)) is Logged
    assert Logged.calls == [double]


def test_gradients_pass_through_conversions_to_the_subclass():
    x = ag.ones(2, requires_grad=True)
    (x.as_subclass(Sub) * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_names_of_functions_are_resolved():
    assert overrides.resolve_name(ag.Tensor.add) == "arcgrad.Tensor.add"
    assert overrides.is_tensor_method_or_property(ag.Tensor.shape.__get__)
    assert not overrides.is_tensor_method_or_property(ag.add)


def test_a_class_is_asked_whatever_came_before_it(run_python):
    """Tensors of other layouts and dtypes take calls over too, and are looked for from when they are first made."""
    program = """
        import arcgrad as ag
        import arcgrad._kept, arcgrad.sparse.coo

        class Sub(ag.Tensor):
            pass

        x = ag.ones(2).as_subclass(Sub)
        print([type(y).__name__ for y in (x.T, x.detach(), x.to(ag.float64), x.sum())])
    """
    assert run_python(program).strip() == str(["Sub"] * 4)
