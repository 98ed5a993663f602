"""Products, solutions by iteration, and results written into tensors that are there."""

import arcgrad as ag
from arcgrad import Tensor


def power_iteration(a: Tensor, steps: int = 20) -> tuple[float, Tensor]:
    v = ag.ones(a.shape[0], dtype=a.dtype)
    for _ in range(steps):
        v = a @ v
        v /= v.norm()
    return (v @ a @ v).item(), v


def least_squares(x: Tensor, y: Tensor, rate: float = 0.1) -> Tensor:
    w = ag.zeros(x.size(1), requires_grad=True)
    for _ in range(50):
        residual = x.mv(w) - y
        (gradient,) = ag.autograd.grad(residual.square().mean(), w)
        with ag.no_grad():
            w.sub_(rate * gradient)
    return w.detach()


a = ag.randn(4, 4)
symmetric = a @ a.T + ag.eye(4)
value, vector = power_iteration(symmetric)
solution = least_squares(ag.randn(9, 2), ag.randn(9))
out = ag.empty(4, 4)
ag.matmul(a, a, out=out)
ag.add(a, 1, alpha=2, out=out)
values, indices = ag.empty(4), ag.empty(4, dtype=ag.int64)
ag.max(a, 1, out=(values, indices))
products: list[Tensor] = [
    ag.mm(a, a),
    a.matmul(vector),
    ag.outer(vector, vector),
    ag.dot(vector, vector),
    ag.einsum("ij,jk->ik", a, a),
    ag.tensordot(a, a, dims=1),
    ag.addmm(out, a, a, beta=0.5, alpha=2),
    ag.linalg.matrix_power(a, 3),
    ag.kron(a, ag.eye(2)),
    ag.cdist(a, a),
    ag.trace(a),
    ag.diag(vector).triu(1),
    a.diagonal().cumsum(0),
    ag.cat((a, a), 1)[:, ::2],
    ag.vstack([vector, vector]),
    a.gather(1, indices.unsqueeze(1)).scatter_add(0, indices[:1].view(1, 1), ag.ones(1, 1)),
    a.index_select(0, indices).masked_select(ag.tensor(True)),
]
print(value, solution, [tuple(p.shape) for p in products], ag.promote_types(ag.int8, ag.float16))
