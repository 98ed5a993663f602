"""Gradients are attributes of leaves, or values; of any order, with hooks on the way."""

import arcgrad as ag
from arcgrad import Tensor
from arcgrad.autograd import grad

w = ag.randn(3, requires_grad=True)
x = ag.randn(5, 3)
loss = (x @ w).pow(2).mean()
loss.backward(retain_graph=True)
with ag.no_grad():
    w -= 0.1 * w.grad
    w.grad.zero_()
w.grad = None
assert w.grad is None

(g,) = grad(loss, w, create_graph=True)
g2 = ag.autograd.grad(g.sum(), [w], retain_graph=True)[0]
penalty = g.norm() ** 2 + g2.sum()
penalty.backward()
if w.grad is not None:
    print(w.grad.norm().item())

seen: list[Tensor] = []
h = (w * 2).requires_grad_()
h.retain_grad()
handle = h.register_hook(lambda grad: grad * 2)
h.register_hook(seen.append)
with w.register_hook(lambda grad: print(grad.shape)):
    h.sum().backward()
handle.remove()
node = h.grad_fn
print(node.name(), node.next_functions[0][0], h.is_leaf, h.requires_grad, w._version)


@ag.enable_grad()
def slope(at: float, order: int = 1) -> float:
    t = ag.tensor(at, requires_grad=True)
    value = t.sin()
    for _ in range(order):
        (value,) = grad(value, t, create_graph=True)
    return value.item()


steepness: float = slope(0.5, order=2)
with ag.set_grad_enabled(False), ag.inference_mode():
    frozen = w * 2
with ag.autograd.detect_anomaly():
    (w**2).sum().backward()
ag.autograd.backward([w.sum(), w.prod()])
assert ag.autograd.gradcheck(ag.sin, (ag.randn(2, dtype=ag.float64, requires_grad=True),))
