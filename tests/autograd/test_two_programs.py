"""The two programs of the contract that must come out right."""

import arcgrad as ag
import pytest


def test_a_chain_of_affine_maps():
    x = ag.randn([3, 3], requires_grad=True)
    y = 2 * x + 3
    z = 4 * y - 1
    assert y.grad_fn.name() == "AddBackward0" and z.grad_fn.name() == "SubBackward0"
    assert repr(y).startswith("tensor([[") and repr(y).endswith("grad_fn=<AddBackward0>)")
    assert repr(z).endswith("grad_fn=<SubBackward0>)")
    z.sum().backward()
    assert x.grad.tolist() == [[8.0] * 3] * 3


def test_a_leaf_in_between_cuts_the_path():
    x = ag.randn([3, 3], requires_grad=True)
    y = 2 * x + 3
    y = ag.randn([3, 3], requires_grad=True)
    z = 4 * y - 1
    z.sum().backward()
    assert y.grad.tolist() == [[4.0] * 3] * 3 and x.grad is None


@pytest.mark.arcgrad_only
def test_a_leaf_in_between_is_explained():
    x = ag.randn([3, 3], requires_grad=True)
    y = 2 * x + 3
    y = ag.randn([3, 3], requires_grad=True)
    z = 4 * y - 1
    z.sum().backward()
    text = str(ag.explain_grad(x))
    assert "None" in text or "no gradient" in text.lower()
    assert y.grad is not None and str(ag.explain_grad(y)) != text
