"""Why is ``.grad`` what it is?"""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import Tensor, _autograd

__all__ = ["explain_grad"]


def explain_grad(x: Tensor) -> str:
    """Return a text that says why ``x.grad`` is None, zero or NaN, with the lines of the program that are to blame.

    Paths that were cut are remembered per thread, the last few dozen of them.

    Args:
        x (Tensor): the tensor whose gradient is in question.

    Returns:
        str: one or several sentences.

    Example::

        >>> import arcgrad as ag
        >>> x = ag.ones(1, requires_grad=True)
        >>> print(ag.explain_grad(x.detach()))
        .grad is None: the tensor does not require gradients (requires_grad is False)...
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"explain_grad(): argument 'x' must be Tensor, not {type(x).__name__}")
    grad = x.grad if x.is_leaf or x.retains_grad else None
    return "\n".join(_of_a_missing_gradient(x) if grad is None else _of_a_gradient(x, grad))


def _at(file, line, text):
    return f"{file}:{line}" + (f"  `{text}`" if text else "")


def _of_a_missing_gradient(x):
    if not x.requires_grad:
        yield (
            ".grad is None: the tensor does not require gradients (requires_grad is False). Create it with "
            "requires_grad=True or call requires_grad_() before it is used; a result requires gradients if it was "
            "computed, with recording on, from something that does."
        )
    elif not x.is_leaf:
        made = x.grad_fn.line()
        yield (
            f".grad is None: this is no leaf but a result of {x.grad_fn.name()}"
            + (f", made at {_at(*made)}" if made else "")
            + ", and results keep no gradient unless retain_grad() was called on them before backward."
        )
    else:
        yield ".grad is None: no backward pass has brought a gradient to this leaf since it was made or last cleared."
        if _autograd.is_in_a_graph(x):
            yield (
                "A graph that is alive leads to it: either backward() was not called on its result, or the gradient "
                "did not get here from the result it was called on."
            )
        else:
            yield (
                "No graph that is alive leads to it. Either it was not used in what backward() was called on (perhaps "
                "a variable was overwritten by another tensor in between), or its graph is gone before backward()."
            )
    yield from _cuts(x)


def _cuts(x):
    reasons = {
        "detach": "detach() cut the path from it",
        "no_grad": "it was used while nothing was recorded (no_grad or inference mode)",
        "dtype": "its values became integers or bools, which have no gradient,",
    }
    seen = set()
    for cause, *place in _autograd.cuts_of(x):
        sentence = f"{reasons[cause]} at {_at(*place)}"
        if sentence not in seen:
            seen.add(sentence)
            yield sentence[0].upper() + sentence[1:]


def _nan_origin(x):
    """The operation that made the first nan, as far as the last backward pass has seen it."""
    origin = _autograd.nan_origin_of(x)
    if origin is None:
        return None
    name, certain, place = origin
    where = f", made at {_at(*place)}" if place else ""
    if certain:
        return f"The first nan of the backward pass came out of {name}{where}."
    return (
        f"A nan came out of {name}{where}, or of an operation on larger tensors that backward reached before it (only "
        "small gradients are watched)."
    )


def _of_a_gradient(x, grad):
    nan = int(grad.isnan().sum())
    zero = int((grad == 0).sum())
    count = grad.numel()
    if nan:
        yield f"{nan} of {count} elements of .grad are nan. The usual causes are sqrt(0), log(0), 0/0 and x**y at x = 0."
        yield _nan_origin(x) or (
            "Run forward and backward again inside arcgrad.autograd.detect_anomaly(): the error names the operation "
            "that made the first nan, and its line."
        )
    elif count == 0:
        yield ".grad is there and has no elements, as the tensor has none."
    elif zero == count:
        yield (
            "All elements of .grad are zero: the result does not change with this tensor, to first order. Typical causes: "
            "relu or clamp outside their active range, a multiplication by zero, rounding, a comparison or an index that "
            "selects other elements, saturation of sigmoid or tanh."
        )
    elif zero:
        yield f".grad is there; {zero} of its {count} elements are zero."
    else:
        yield ".grad is there and has no zeros and no nan."


_names.describe(__name__)
