"""Control flow as functions. PyTorch has them for its compiler; here they run as they are read."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._higher_order_ops.associative_scan import associative_scan
from arcgrad._higher_order_ops.scan import scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["associative_scan", "cond", "scan", "while_loop"]


def cond(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Any = ()) -> Any:
    """The result of one of two functions of the same arguments.

    Args:
        pred (Tensor or bool): of one element, which says whether the first is called.
        true_fn, false_fn: the functions.
        operands (tuple or list): their arguments.

    >>> import arcgrad as ag
    >>> ag.cond(ag.tensor(True), lambda x: x + 1, lambda x: x - 1, (ag.ones(2),))
    tensor([2., 2.])
    """
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)):
        raise RuntimeError(f"Expect operands to be a tuple of possibly nested dict/list/tuple of tensors, got {operands}.")
    return (true_fn if pred else false_fn)(*operands)


def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Any) -> Any:
    """Calls a function of its own results as long as another one says so.

    Args:
        cond_fn: whether to go on.
        body_fn: gets what is carried, and returns the same of the next step.
        carried_inputs (tuple): what the first step gets.

    >>> import arcgrad as ag
    >>> ag.while_loop(lambda i: i < 5, lambda i: (i * 2,), (ag.tensor(1),))
    (tensor(8),)
    """
    carried = tuple(carried_inputs)
    while cond_fn(*carried):
        after = body_fn(*carried)
        if not isinstance(after, (tuple, list)) or len(after) != len(carried):
            raise RuntimeError(f"body_fn should return as many values as carried_inputs has, {len(carried)}, got {after}")
        carried = tuple(after)
    return carried


_names.describe(__name__)
