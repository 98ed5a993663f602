"""One Python object per tensor: which one, how long, and with which class and attributes."""

import gc
import weakref

import arcgrad as ag
import pytest
from leaves import leaf

F64 = ag.float64


class Tagged(ag.Tensor):
    pass


# ---- gradients ---------------------------------------------------------------------------------------------------


def test_a_gradient_has_one_object_while_it_is_the_gradient():
    x = leaf(1.0)
    (x * 2).backward()
    ref, number = weakref.ref(x.grad), id(x.grad)
    for _ in range(3):
        (x * 2).backward()  # added in place
        gc.collect()
    assert ref() is x.grad and id(x.grad) == number
    x.grad = None
    assert ref() is None


def test_an_assigned_gradient_keeps_class_and_attributes():
    x = leaf(1.0)
    x.grad = ag.ones(1, dtype=F64).as_subclass(Tagged)
    x.grad.tag = ["kept"]
    gc.collect()
    assert type(x.grad) is Tagged and x.grad.tag == ["kept"]


def test_a_recorded_pass_makes_a_new_object_and_frees_the_old_one():
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    ref = weakref.ref(x.grad)
    (x**3).backward(create_graph=True)
    assert ref() is None and x.grad.item() == 24


def test_attributes_given_by_a_hook_are_there_after_the_pass():
    x = leaf(1.0)
    x.register_hook(lambda g: setattr(g, "tag", "from the hook"))
    (x * ag.tensor([2.0], dtype=F64)).backward()
    assert x.grad.item() == 2
    if hasattr(x.grad, "tag"):  # whether that gradient is stored or a copy of it is not promised
        assert x.grad.tag == "from the hook"


@pytest.mark.arcgrad_only  # PyTorch leaks them
def test_gradients_that_refer_to_each_other_are_collected(collect):
    def make():
        x, g = leaf(1.0), leaf(2.0)
        x.grad, g.grad = g, x
        return weakref.ref(x), weakref.ref(g)

    refs = make()
    collect()
    assert [ref() for ref in refs] == [None, None]


@pytest.mark.arcgrad_only
def test_a_gradient_whose_graph_has_a_hook_over_its_parameter_is_collected(collect):
    def make():
        x = leaf(2.0)
        (x**3).backward(create_graph=True)
        x.grad.register_hook(lambda g: x)
        return weakref.ref(x), weakref.ref(x.grad)

    refs = make()
    collect()
    assert [ref() for ref in refs] == [None, None]


def test_a_gradient_seen_by_python_is_never_cleared_while_its_parameter_lives(collect):
    x = leaf(1.0)
    (x * 2).backward()
    x.grad.owner = [x]  # a cycle, but not garbage
    collect()
    assert x.grad.owner[0] is x and x.grad.item() == 2


def test_a_long_chain_of_gradients_is_dropped_without_recursion(run_python):
    out = run_python(
        """
        import arcgrad as ag
        first = x = ag.ones(1)
        for _ in range(200_000):
            x.grad = ag.ones(1)
            x = x.grad
        del x, first
        print("dropped")
        """
    )
    assert out.strip() == "dropped"


# ---- other tensors that outlive their object ---------------------------------------------------------------------


def test_the_base_of_a_view_keeps_class_and_attributes(collect):
    for make in (lambda: ag.ones(4), lambda: ag.nn.Parameter(ag.ones(4))):
        base = make()
        kind = type(base)
        base.tag = {"name": "base"}
        view = base[:2]
        del base
        collect()
        again = view._base
        assert again.tag == {"name": "base"} and type(again) is kind and again is view._base
        again.tag = "changed"
        del again
        assert view._base.tag == "changed"


@pytest.mark.arcgrad_only  # PyTorch keeps the object instead
def test_an_object_on_its_way_down_is_not_given_out_again():
    """Its reference count is 0 while its slots are cleared; whoever asks then gets a new object, which stays."""
    seen = []

    class Slotted(ag.nn.Parameter):
        __slots__ = ("thing",)

    class Asks:
        def __init__(self, view):
            self.view = view

        def __del__(self):
            base = self.view._base
            seen.append((base, base is self.view._base, base.sum().item()))

    base = Slotted(ag.ones(4))
    view = base[:2]
    assert view._base is base
    base.thing = Asks(view)
    del base
    ((again, same, total),) = seen
    assert same and total == 4
    # The old object must not have cleared the place of the new one.
    gc.collect()
    assert view._base is again


@pytest.mark.arcgrad_only
def test_a_nodes_object_on_its_way_down_is_not_given_out_again():
    y = leaf(1.0) * 2
    seen = []

    class Asks:
        def __del__(self):
            node = y.grad_fn
            seen.append((node, node is y.grad_fn, node.name()))

    y.grad_fn.thing = Asks()  # the node's object dies here, and takes its attributes down first
    ((again, same, name),) = seen
    assert same and name == "MulBackward0"
    gc.collect()
    assert y.grad_fn is again
