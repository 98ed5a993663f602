"""Who keeps a part of the graph alive; what is remembered of saved values that are changed; switches of older programs."""

import gc

import arcgrad as ag
import pytest
from arcgrad.autograd import graph


@pytest.fixture
def x():
    return ag.tensor([1.0, 2.0], requires_grad=True)


def test_resize_of_older_programs(x):
    y = ag.autograd._functions.Resize.apply(x, (2, 1))
    y.sum().backward()
    assert y.shape == (2, 1) and x.grad.tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="requested resize"):
        ag.autograd._functions.Resize.apply(x, (3,))


def test_multithreading_is_a_switch():
    with ag.autograd.set_multithreading_enabled(False):
        assert not ag.autograd.is_multithreading_enabled()
    assert ag.autograd.is_multithreading_enabled()


def test_copies_of_what_is_changed_are_counted(x):
    with graph.allow_mutation_on_saved_tensors() as context:
        y = x.clone()
        a, b = y**2, y**2
        assert len(context.tid_to_weakhandle) == 1
        y.sin_()
        assert len(context.cloned) == 1
        del a, b
        assert len(context.cloned) == 0


def test_what_was_saved_is_known_within_its_block_only(x):
    with graph.allow_mutation_on_saved_tensors():
        y = (x**2).sum()
    with pytest.raises(AssertionError, match="outside of the 'allow_mutation_on_saved_tensors' context"):
        y.backward()


def test_blocks_are_not_nested():
    with graph.allow_mutation_on_saved_tensors():
        with pytest.raises(RuntimeError, match="cannot be nested"), graph.allow_mutation_on_saved_tensors():
            pass
    with graph.allow_mutation_on_saved_tensors():
        pass


def test_who_holds_a_node(x):
    kept = {"loss": x.exp().sum()}
    node = kept["loss"].grad_fn.next_functions[0][0]
    (holder,) = [holder for holder in graph.who_holds(node) if isinstance(holder.object, ag.Tensor)]
    assert holder.object is kept["loss"] and holder.distance == 1 and "key 'loss' of a dict" in holder.names
    del holder
    kept.clear()
    gc.collect()
    assert not [holder for holder in graph.who_holds(node) if isinstance(holder.object, ag.Tensor)]
    with pytest.raises(TypeError):
        graph.who_holds(x)
