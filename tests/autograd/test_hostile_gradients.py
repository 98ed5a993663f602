"""A rule is given only gradients of its outputs' shape and dtype, whatever a program hands to it.

Fused rules read by sizes they remember. Gradients reach them from hooks, from whoever calls a node, and through a tensor that
somebody still holds and gives other data: each is an error that names the node, what was given and what was expected.
"""

from __future__ import annotations

import re

import arcgrad as ag
import pytest
from calls import differentiable_calls, every_sample, tensors

WORDS = r"was given a gradient of shape \[.*\] and dtype .* for its output \d+, which has shape \[.*\] and dtype"


def recorded(call, leaves):
    """A result with a node, and the node."""
    result = next((result for result in tensors(call(*leaves)) if result.requires_grad), None)
    return (None, None) if result is None or result.grad_fn is None else (result, result.grad_fn)


def others(result):
    """Gradients that are not what the result's should be: of another shape, and of another dtype."""
    yield ag.ones(tuple(size + 1 for size in result.shape) or (2,), dtype=result.dtype)
    yield ag.ones_like(result, dtype=ag.float32 if result.dtype == ag.float64 else ag.float64)


@every_sample
def test_a_node_that_is_called_checks_what_it_is_given(name):
    for call, leaves, _ in differentiable_calls(name):
        result, node = recorded(call, [leaf.detach().requires_grad_() for leaf in leaves])
        if node is None or len(tensors(call(*leaves))) > 1:
            continue
        for wrong in others(result):
            with pytest.raises((RuntimeError, TypeError), match=rf"{WORDS}|expected \d+ arguments, got \d+ instead") as caught:
                node(wrong)
            assert node.name() in str(caught.value) or "CopySlices" in node.name()


@every_sample
def test_what_a_hook_of_the_node_gives_is_checked(name):
    for call, leaves, _ in differentiable_calls(name):
        for number in range(2):
            result, node = recorded(call, [leaf.detach().requires_grad_() for leaf in leaves])
            if node is None or len(tensors(call(*leaves))) > 1:
                continue
            wrong = list(others(result))[number]
            node.register_prehook(lambda gradients, wrong=wrong: (wrong, *gradients[1:]))
            with pytest.raises(RuntimeError, match=WORDS):
                result.backward(ag.ones_like(result))


@every_sample
def test_data_assigned_to_a_gradient_is_checked(name):
    for call, leaves, _ in differentiable_calls(name):
        result, node = recorded(call, [leaf.detach().requires_grad_() for leaf in leaves])
        if node is None or len(tensors(call(*leaves))) > 1:
            continue
        wrong = next(others(result))
        result.register_hook(lambda gradient, wrong=wrong: setattr(gradient, "data", wrong))
        with pytest.raises(RuntimeError, match=WORDS):
            result.backward(ag.ones_like(result))


def test_the_error_names_the_line_of_the_program():
    x = ag.ones(3, requires_grad=True)
    y = x.softmax(0)  # this line
    with pytest.raises(RuntimeError) as caught:
        y.grad_fn(ag.ones(1))
    text = str(caught.value)
    assert "SoftmaxBackward0" in text and "[1]" in text and "[3]" in text and "this line" in text
    assert re.search(r"test_hostile_gradients\.py:\d+", text)


def test_a_node_wants_one_gradient_for_each_output():
    values, _ = ag.ones(3, requires_grad=True).sort()
    with pytest.raises((RuntimeError, TypeError)):
        values.grad_fn(ag.ones(3), ag.ones(3), ag.ones(3))
