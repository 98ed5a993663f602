"""Who keeps a part of the graph alive: :func:`who_holds`."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections import namedtuple

from arcgrad import _names
from arcgrad._core import Tensor
from arcgrad._core._autograd import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import Any

__all__ = ["Holder", "who_holds"]

Holder = namedtuple("Holder", ["object", "distance", "names"])
Holder.__doc__ = """A tensor or node of the program from which a node is reached.

``object`` is the tensor or the node's object, ``distance`` the number of edges between, and ``names`` where the program has it:
``"local variable 'loss' of train"``, ``"key 'history' of a dict"``.
"""


def who_holds(node: Node) -> list[Holder]:
    """The objects of the program that keep ``node`` alive: every tensor and every node's object from which backward gets to it, the
    nearest first.

    Only what Python holds is found, and on this thread's stack its variables by name; a graph that is kept by a Rust program, or by
    variables of functions of other threads, has holders without names.

    Args:
        node: a tensor's ``grad_fn``, or a node behind it.

    Returns:
        One :class:`Holder` each.

    Example::

        >>> import arcgrad as torch
        >>> x = torch.ones(2, requires_grad=True)
        >>> kept = [x.exp().sum()]
        >>> node = kept[0].grad_fn.next_functions[0][0]
        >>> [holder.distance for holder in torch.autograd.graph.who_holds(node)]
        [1]
    """
    if not isinstance(node, Node):
        raise TypeError(f"who_holds(): argument 'node' must be Node, not {type(node).__name__}")
    objects = gc.get_objects()
    roots: list[tuple[Any, Any]] = []
    for item in objects:
        if isinstance(item, Tensor):
            # A view that a change has made invalid has no node.
            with contextlib.suppress(RuntimeError):
                roots.append((item, item.grad_fn))
        elif isinstance(item, Node) and item is not node:
            roots.append((item, item))
    known = {id(node): 0}
    found = [(distance, item) for item, root in roots if (distance := _distance(root, known)) is not None]
    del objects, roots, item
    found.sort(key=lambda pair: pair[0])
    return [Holder(item, distance, sorted(set(_names_of(item, found)))) for distance, item in found]


def _distance(root, known):
    """The number of edges from ``root`` to the node that is sought, None if none lead there. ``known`` has those of nodes already."""
    stack = [root]
    seen = []
    while stack:
        node = stack[-1]
        if node is None or id(node) in known:
            stack.pop()
            continue
        waiting = [following for following, _ in node.next_functions if following is not None and id(following) not in known]
        if waiting:
            stack.extend(waiting)
            continue
        distances = [known[id(following)] for following, _ in node.next_functions if following is not None]
        reached = [distance for distance in distances if distance is not None]
        known[id(node)] = min(reached) + 1 if reached else None
        # Its number is a key as long as the object is there.
        seen.append(node)
        stack.pop()
    known.setdefault("alive", []).extend(seen)
    return None if root is None else known[id(root)]


def _names_of(item: Any, own: Any) -> Iterator[str]:
    frame: FrameType | None = sys._getframe(1)
    shown = set()
    while frame is not None:
        if frame.f_globals.get("__name__") != __name__:
            function = frame.f_code.co_name
            scope = "variable" if function == "<module>" else "local variable"
            variables = frame.f_locals
            shown.add(id(variables))
            for name, value in list(variables.items()):
                if value is item:
                    yield f"{scope} {name!r} of {frame.f_globals.get('__name__') if function == '<module>' else function}"
        frame = frame.f_back
    for referrer in gc.get_referrers(item):
        if referrer is own or id(referrer) in shown or isinstance(referrer, Holder):
            continue
        if isinstance(referrer, dict):
            module = referrer.get("__name__")
            for key, value in list(referrer.items()):
                if value is item and isinstance(key, str):
                    owner = f"module {module}" if isinstance(module, str) and "__spec__" in referrer else "a dict"
                    yield f"key {key!r} of {owner}"
        elif isinstance(referrer, (list, tuple, set)) and not any(referrer is pair for pair in own):
            yield f"an item of a {type(referrer).__name__}"


_names.describe(__name__)
