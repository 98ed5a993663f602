"""Handles that take a registered hook away again."""

from __future__ import annotations

import weakref
from itertools import count

from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

_next_id = count()


class RemovableHandle:
    """What registering a hook returns: :meth:`remove` takes the hook away, as does leaving a ``with`` block.

    Args:
        hooks (OrderedDict): the table the hook is entered in, under the handle's ``id``.
        extra_dict (dict or list of dicts): further tables with an entry under the same ``id``.

    The tables are held weakly: a handle keeps no module or optimizer alive.

    Example::

        >>> import arcgrad as ag
        >>> layer = ag.nn.Linear(2, 2)
        >>> with layer.register_forward_hook(lambda module, args, output: output * 0):
        ...     bool((layer(ag.ones(2)) == 0).all())
        True
    """

    def __init__(self, hooks: Any, *, extra_dict: Any = None) -> None:
        self.id = next(_next_id)
        tables = [hooks]
        if isinstance(extra_dict, list):
            tables += extra_dict
        elif extra_dict is not None:
            tables.append(extra_dict)
        self._tables = [weakref.ref(table) for table in tables]

    @property
    def hooks_dict_ref(self) -> weakref.ReferenceType[Any]:
        """A weak reference to the table the hook is entered in."""
        return self._tables[0]

    @property
    def extra_dict_ref(self) -> tuple[weakref.ReferenceType[Any], ...]:
        """Weak references to the further tables."""
        return tuple(self._tables[1:])

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        for reference in self._tables:
            table = reference()
            if table is not None:
                table.pop(self.id, None)

    def __getstate__(self):
        # A copied handle must go on working on the copied tables, which weak references can't express.
        return {"id": self.id, "tables": [reference() for reference in self._tables]}

    def __setstate__(self, state):
        self.id = state["id"]
        self._tables = [weakref.ref(table) for table in state["tables"] if table is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.remove()


def add_hook(hooks: Any, hook: Any, *, prepend: bool = False, flags: Any = ()) -> RemovableHandle:
    """Enter ``hook`` in the ordered table ``hooks`` and in each table of ``flags``; return its handle."""
    handle = RemovableHandle(hooks, extra_dict=list(flags))
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    for table in flags:
        table[handle.id] = True
    return handle


class _Assigned:
    """A hook that calls those which a dictionary has by then: what ``tensor._backward_hooks = hooks`` registers."""

    def __init__(self, hooks):
        self.hooks = hooks

    def __call__(self, grad):
        replaced = None
        for hook in list(self.hooks.values()):
            returned = hook(grad)
            if returned is not None:
                grad = replaced = returned
        return replaced


class GlobalHandle:
    """Handle of a hook for all instances of ``owner``: those look for hooks only while there is one.

    Args:
        handle (RemovableHandle): of the hook itself.
        owner (type): the class whose ``_hooked`` says whether its instances have to look.
        tables (tuple of dict): all tables of hooks for all instances of ``owner``.
    """

    def __init__(self, handle, owner, tables):
        self.id = handle.id
        self._handle = handle
        self._owner = owner
        self._tables = tables
        owner._hooked = True

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        self._handle.remove()
        self._owner._hooked = any(self._tables)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.remove()


_names.describe(__name__)
