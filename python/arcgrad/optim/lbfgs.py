"""Limited-memory BFGS."""

from __future__ import annotations

from arcgrad import Tensor, _names, cat, enable_grad, no_grad

from ._declared import CHECKS, defaults_of, real_view
from ._strong_wolfe import Point, cubic_minimum, strong_wolfe
from .optimizer import Optimizer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .optimizer import ParamsT


class LBFGS(Optimizer):
    r"""Limited-memory BFGS: a quasi-Newton method for functions that can be evaluated again (Liu and Nocedal, 1989).

    The inverse Hessian is known from the last ``history_size`` steps and changes of the gradient; its product with the
    gradient is found by the two-loop recursion (Nocedal and Wright, 2006, algorithm 7.4). One :meth:`step` takes up to
    ``max_iter`` of the method's steps. There is one group of parameters.

    Args:
        params (iterable): parameters, or (name, parameter) pairs, or one dictionary.
        lr (float): length of a step without, first trial of one with line search. Default: 1.
        max_iter (int): steps of the method per :meth:`step`. Default: 20.
        max_eval (int): evaluations of the function per :meth:`step`. Default: ``max_iter * 5 // 4``.
        tolerance_grad (float): end where no element of the gradient is larger. Default: 1e-7.
        tolerance_change (float): end where neither the parameters nor the function change by more. Default: 1e-9.
        history_size (int): how many steps are remembered. Default: 100.
        line_search_fn (str): ``'strong_wolfe'`` or None.
        maximize (bool): climb instead of descend.

    Example::

        >>> import arcgrad as ag
        >>> w = ag.nn.Parameter(ag.tensor([3.0, -4.0]))
        >>> optimizer = ag.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - 1) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        29.0
        >>> [round(x, 4) for x in w.tolist()]
        [1.0, 1.0]
    """

    CHECKS = {"lr": CHECKS["lr"]}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        self._start(params, locals())
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    DEFAULTS = defaults_of(__init__)

    def step(self, closure: Callable[[], Any]) -> Any:
        """Take up to ``max_iter`` steps of the method.

        Args:
            closure (callable): computes the loss, gradients included, and returns it.

        Returns:
            What the closure returned first.
        """
        with no_grad():
            return self._step(closure)

    def _step(self, closure):
        group = self.param_groups[0]
        params = group["params"]
        lr, line_search, history = float(group["lr"]), group["line_search_fn"], group["history_size"]
        if line_search is not None and line_search != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        sign = -1.0 if group["maximize"] else 1.0
        # One for all parameters; it lies with the first, where PyTorch keeps it.
        state = self.state[params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate():
            with enable_grad():
                result = closure()
            state["func_evals"] += 1
            return result, sign * float(result), sign * _flat_gradient(params)

        first, loss, grad = evaluate()
        evaluations = 1
        if _largest(grad) <= group["tolerance_grad"]:
            return first

        direction, length = state.get("d"), state.get("t")
        steps, changes, inverse = state.get("old_stps"), state.get("old_dirs"), state.get("ro")
        scale, before, loss_before = state.get("H_diag"), state.get("prev_flat_grad"), state.get("prev_loss")
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                direction, steps, changes, inverse, scale = -grad, [], [], [], 1
            else:
                change, step = grad - before, direction * length
                curvature = change.dot(step)
                # Steps along which the gradient falls would leave the inverse Hessian indefinite.
                if curvature > 1e-10:
                    if len(steps) == history:
                        for remembered in (steps, changes, inverse):
                            del remembered[0]
                    steps.append(step)
                    changes.append(change)
                    inverse.append(1.0 / curvature)
                    scale = curvature / change.dot(change)
                direction = _newton_direction(grad, steps, changes, inverse, scale, state.setdefault("al", [None] * history))
            before, loss_before = grad.clone(), loss
            length = lr / max(1.0, grad.abs().sum().item()) if state["n_iter"] == 1 else lr
            slope = grad.dot(direction).item()
            if slope > -group["tolerance_change"]:
                break
            if line_search:
                start = [param.clone() for param in params]

                def trial(length):
                    _move(params, direction, length)
                    _, loss, grad = evaluate()
                    for param, value in zip(params, start):
                        param.copy_(value)
                    return Point(length, loss, grad, grad.dot(direction).item())

                count = state["func_evals"]
                found = strong_wolfe(
                    trial, Point(0.0, loss, grad, slope), length, _largest(direction), most=min(25, group["max_eval"] - evaluations)
                )
                evaluations += state["func_evals"] - count
                length, loss, grad = found.length, found.loss, found.grad
                _move(params, direction, length)
            else:
                _move(params, direction, length)
                # What the last step leads to is evaluated by the next call.
                if iteration != group["max_iter"]:
                    _, loss, grad = evaluate()
                    evaluations += 1
            if (
                iteration == group["max_iter"]
                or evaluations >= group["max_eval"]
                or _largest(grad) <= group["tolerance_grad"]
                or _largest(direction * length) <= group["tolerance_change"]
                or abs(loss - loss_before) < group["tolerance_change"]
            ):
                break
        state.update(d=direction, t=length, old_dirs=changes, old_stps=steps, ro=inverse)
        state.update(H_diag=scale, prev_flat_grad=before, prev_loss=loss_before)
        return first


def _strong_wolfe(obj_func, x, t, d, f, g, gtd, c1=1e-4, c2=0.9, tolerance_change=1e-9, max_ls=25):
    """The line search by itself, as programs with minimisers of their own call it: from ``x`` along ``d``, first by ``t``.

    Returns the loss, the gradient and the length of the step, and how often ``obj_func(x, t, d)`` was called.
    """
    count = 0

    def trial(length):
        nonlocal count
        count += 1
        loss, grad = obj_func(x, length, d)
        return Point(length, loss, grad.clone(), grad.dot(d))

    found = strong_wolfe(
        trial, Point(0.0, f, g, gtd), t, _largest(d), most=max_ls, tolerance=tolerance_change, decrease=c1, curvature=c2
    )
    return found.loss, found.grad, found.length, count


def _cubic_interpolate(x1, f1, g1, x2, f2, g2, bounds=None):
    """Where the cubic through two values and slopes has its minimum within the bounds, which are the two places unless given."""
    least, most = sorted((x1, x2)) if bounds is None else bounds
    return cubic_minimum(Point(x1, f1, None, g1), Point(x2, f2, None, g2), least, most)


def _newton_direction(grad, steps, changes, inverse, scale, factors):
    """Minus the inverse Hessian times ``grad``; ``factors`` is working memory."""
    direction = -grad
    for i in reversed(range(len(steps))):
        factors[i] = steps[i].dot(direction) * inverse[i]
        direction.sub_(changes[i] * factors[i])
    direction = direction * scale
    for i in range(len(steps)):
        direction.add_(steps[i] * (factors[i] - changes[i].dot(direction) * inverse[i]))
    return direction


def _largest(x):
    """The largest magnitude."""
    return x.abs().max().item()


def _flat_gradient(params):
    """The gradients of all parameters as one vector; zeros where there is none."""
    parts = []
    for param in params:
        grad = param.grad
        if grad is None:
            grad = param.new_zeros(param.shape)
        parts.append(real_view(grad).reshape(-1))
    return cat(parts)


def _move(params, direction, length):
    """Add ``length * direction``, a vector of all elements, to the parameters."""
    offset = 0
    for param in params:
        target = real_view(param)
        target.add_(direction[offset : offset + target.numel()].view_as(target), alpha=length)
        offset += target.numel()


_names.describe(__name__)
