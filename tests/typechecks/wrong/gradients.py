"""Passes, hooks and custom functions used wrongly."""

import arcgrad as ag
from arcgrad import Tensor, autograd

t = ag.ones(2, requires_grad=True)
t.backward(1.0)  # wrong
t.requires_grad_("yes")  # wrong
t.register_hook()  # wrong
t.register_hook(3)  # wrong
t.register_hook(lambda g: g).close()  # wrong
t.requires_grad = "yes"  # wrong
t.is_leaf = True  # wrong
t.shape = (1, 2)  # wrong
autograd.grad(t)  # wrong
autograd.grad(t.sum(), t, create=True)  # wrong
autograd.grad(t.sum(), t)[0].foo  # wrong
t.detach().numpy().foo  # wrong
t.grad_fn.register_hook()  # wrong


def hook(grad: Tensor, extra: int) -> Tensor:
    return grad * extra


t.register_hook(hook)  # wrong
