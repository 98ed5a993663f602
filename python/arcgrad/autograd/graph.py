"""The recorded graph: nodes, edges, hooks on several tensors, hooks on saved values."""

from __future__ import annotations

import contextlib
from collections import defaultdict, namedtuple
from threading import local

from arcgrad import _names
from arcgrad._core import _autograd
from arcgrad._core._autograd import Node, increment_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, Self

    from arcgrad._core import Tensor

__all__ = [
    "GradientEdge",
    "MemoryBill",
    "Node",
    "SavedValue",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "memory",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
    "who_holds",
]


class GradientEdge(namedtuple("GradientEdge", ["node", "output_nr", "ownership_token"], defaults=[None])):
    """A place in the graph: an output of a node. It can stand for a tensor in :func:`arcgrad.autograd.grad` and
    :func:`arcgrad.autograd.backward`, and keeps the graph alive without the tensor's data."""

    __slots__ = ()


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Return the :class:`GradientEdge` of a tensor: where its gradient goes.

    Raises:
        RuntimeError: the tensor does not require gradients.
    """
    return GradientEdge(*_autograd.gradient_edge(tensor))


def who_holds(node: Node) -> Any:
    """The objects of the program that keep ``node`` alive: see :func:`arcgrad.autograd.holders.who_holds`."""
    from arcgrad.autograd.holders import who_holds

    return who_holds(node)


# ---- hooks on several tensors ------------------------------------------------------------------------------------


class _MultiHandle:
    """Handle of a hook on several tensors."""

    def __init__(self, handles):
        self.handles = tuple(handles)

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[..., Any], *, mode: str = "all") -> _MultiHandle:
    """Call ``fn`` in each backward pass when the gradients of several tensors are known.

    Args:
        tensors (sequence of Tensor): all have to require gradients.
        fn (callable): gets a tuple with one gradient per tensor, ``None`` where the pass computes none, if ``mode`` is
            ``"all"``; the first gradient that is known, if it is ``"any"``. What it returns is ignored.
        mode (str): ``"all"`` or ``"any"``.

    Returns:
        A handle with a method ``remove()``, also a context manager.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    import threading

    tensors = tuple(tensors)
    nodes = [get_gradient_edge(tensor).node for tensor in tensors]
    lock = threading.Lock()
    # Passes under way: what has arrived in each. Deep re-entrant passes may run on other threads.
    passes = {}

    def gather(position):
        def hook(grad):
            number = _autograd.current_pass()
            with lock:
                if number not in passes:
                    forget_at_the_end(number)
                    passes[number] = [[None] * len(tensors), sum(map(_autograd.will_execute, nodes))]
                arrived = passes[number]
                arrived[0][position] = grad
                arrived[1] -= 1
                is_last = arrived[1] == 0
            if is_last:
                fn(tuple(arrived[0]))

        return hook

    def first(grad):
        if grad is None:
            return
        number = _autograd.current_pass()
        with lock:
            if number in passes:
                return
            forget_at_the_end(number)
            passes[number] = True
        fn(grad)

    def forget_at_the_end(number):
        _autograd.queue_callback(lambda: passes.pop(number))

    if mode == "any":
        return _MultiHandle(tensor.register_hook(first) for tensor in tensors)
    return _MultiHandle(tensor.register_hook(gather(position)) for position, tensor in enumerate(tensors))


# ---- hooks on saved values ---------------------------------------------------------------------------------------


class saved_tensors_hooks:
    """A pair of hooks on every value that is saved for backward within a ``with`` block, on this thread.

    Args:
        pack_hook (callable): gets the tensor and returns anything.
        unpack_hook (callable): gets what ``pack_hook`` returned when backward needs the value, and returns a tensor
            with the same content.

    Of nested pairs the innermost is used.

    Example::

        >>> import arcgrad as ag
        >>> x = ag.tensor([2.0], requires_grad=True)
        >>> with ag.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), ag.from_numpy):
        ...     y = x * x
        >>> y.backward()
        >>> x.grad
        tensor([4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> Any:
        _autograd.push_saved_tensors_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc_info: Any) -> None:
        _autograd.pop_saved_tensors_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Keeps values saved for backward in main memory. Here they are there anyway; programs for other devices run.

    Args:
        pin_memory (bool): has no meaning without other devices.
        device_type (str): likewise.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(_identity, _identity)


def _identity(tensor):
    return tensor


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuses :class:`saved_tensors_hooks` within a ``with`` block, on this thread, with an error of this text."""
    _autograd.disable_saved_tensors_hooks(error_message)
    try:
        yield
    finally:
        _autograd.enable_saved_tensors_hooks()


class _Handle:
    """Stands for a saved value, as long as a node keeps it."""

    __slots__ = ("__weakref__",)


class _Nesting(local):
    on = False


_nesting = _Nesting()


class _MutationContext:
    """What :func:`allow_mutation_on_saved_tensors` remembers of what was saved within it. The keys go when their nodes do."""

    def __init__(self):
        from weakref import WeakKeyDictionary, WeakValueDictionary

        #: Saved values that have not been changed since, and copies of those that have, by handle.
        self.original = WeakKeyDictionary()
        self.cloned = WeakKeyDictionary()
        #: Handles by what they show: equal values of one version have one handle, and one copy.
        self.tid_to_weakhandle = WeakValueDictionary()
        #: The keys of that map, by memory.
        self.sid_to_tid = defaultdict(set)

    def _pack(self, tensor):
        memory = _autograd.memory_id(tensor)
        shown = (memory, tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype, tensor._version)
        handle = self.tid_to_weakhandle.get(shown)
        if handle is None:
            handle = self.tid_to_weakhandle[shown] = _Handle()
            self.sid_to_tid[memory].add(shown)
            self.original[handle] = tensor
        return handle

    def _unpack(self, handle):
        for values in (self.cloned, self.original):
            if handle in values:
                return values[handle]
        raise AssertionError(
            "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was originally recorded: "
            "what was saved is known there only."
        )

    def _before_write(self, tensor):
        for shown in self.sid_to_tid.pop(_autograd.memory_id(tensor), ()):
            handle = self.tid_to_weakhandle.pop(shown, None)
            if handle is not None and handle in self.original:
                self.cloned[handle] = self.original.pop(handle).clone()

    def clear(self):
        """Forget everything: changes from now on are not noticed."""
        for values in (self.original, self.cloned, self.tid_to_weakhandle, self.sid_to_tid):
            values.clear()


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[Any]:
    """Lets tensors be changed in place, within a ``with`` block, although backward needs their former values: those
    are copied just before the change.

    Yields:
        What is remembered: ``cloned`` has the copies, ``original`` what has not been changed.

    Raises:
        RuntimeError: the block is within another one.
        AssertionError: backward runs through what was recorded in the block after its end.

    Example::

        >>> import arcgrad as ag
        >>> x = ag.tensor([2.0], requires_grad=True)
        >>> with ag.autograd.graph.allow_mutation_on_saved_tensors():
        ...     y = x.clone()
        ...     z = y * y
        ...     _ = y.zero_()
        ...     z.backward()
        >>> x.grad
        tensor([4.])
    """
    if _nesting.on:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = _MutationContext()
    _nesting.on = True
    _autograd.push_before_write(context._before_write)
    try:
        with saved_tensors_hooks(context._pack, context._unpack):
            yield context
    finally:
        _autograd.pop_before_write()
        _nesting.on = False
        context.clear()


# ---- what a graph keeps ------------------------------------------------------------------------------------------


class SavedValue(namedtuple("SavedValue", ["node", "name", "shape", "dtype", "nbytes", "line", "is_first"])):
    """A value that a node keeps for backward: the node's name, the value's name there, shape and dtype, the bytes of the memory it keeps
    alive, file and line of the program that recorded the node, and whether it is the first in the bill that keeps that memory."""

    __slots__ = ()


class MemoryBill(tuple[SavedValue, ...]):
    """What a graph keeps for backward, the greatest first.

    Attributes:
        nbytes: bytes of all memory, each piece counted once.
    """

    @property
    def nbytes(self) -> int:
        """Bytes of all memory, each piece counted once."""
        return sum(value.nbytes for value in self if value.is_first)

    def by_line(self) -> dict[tuple[str, int] | None, int]:
        """Bytes for each line of the program, the greatest first; a piece of memory is counted where it comes first."""
        totals: dict[tuple[str, int] | None, int] = defaultdict(int)
        for value in self:
            totals[value.line] += value.nbytes if value.is_first else 0
        return dict(sorted(totals.items(), key=lambda item: -item[1]))

    def __str__(self) -> str:
        rows = []
        for value in self:
            place = "?" if value.line is None else f"{value.line[0]}:{value.line[1]}"
            size = f"{value.nbytes:,} B" if value.is_first else "shared"
            shape = "×".join(map(str, value.shape)) or "number"
            kind = str(value.dtype).rpartition(".")[2]
            rows.append((size, f"{shape} {kind}", f"{value.node}.{value.name}", place))
        rows.append((f"{self.nbytes:,} B", "in all", "", ""))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join(
            f"{size:>{widths[0]}}  {what:<{widths[1]}}  {name:<{widths[2]}}  {place}".rstrip() for size, what, name, place in rows
        )


def memory(*tensors: Tensor) -> MemoryBill:
    """The bill of the memory that graphs keep for backward: which saved value of which line keeps how many bytes.

    What lives anyway, as parameters do, is in it too; several values that show one piece of memory are counted once. Values that were
    packed by hooks are unpacked to be looked at.

    Args:
        tensors: the results whose graphs are looked at.

    Raises:
        RuntimeError: a tensor has no graph, or its values have been freed by a backward pass.

    >>> import arcgrad as torch
    >>> x = torch.ones(10, requires_grad=True)
    >>> bill = torch.autograd.graph.memory(x.exp().sum())
    >>> [(value.node, value.name, value.nbytes) for value in bill], bill.nbytes
    ([('ExpBackward0', 'result', 40)], 40)
    """
    waiting = []
    for tensor in tensors:
        if tensor.grad_fn is None and not tensor.requires_grad:
            raise RuntimeError("memory(): the tensor does not require gradients: there is no graph")
        waiting.append(tensor.grad_fn)
    nodes, met = [], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in met:
            continue
        met.add(node)
        nodes.append(node)
        waiting.extend(next_node for next_node, _ in node.next_functions)
    found = []
    for node in nodes:
        line = node.line()
        place = None if line is None else (line[0], line[1])
        for name, value in _saved_values(node):
            nbytes = value.untyped_storage().nbytes()
            found.append((node.name(), name, value, nbytes, place))
    found.sort(key=lambda entry: -entry[3])
    seen, rows = set(), []
    for node_name, name, value, nbytes, place in found:
        identity = _autograd.memory_id(value)
        rows.append(SavedValue(node_name, name, value.shape, value.dtype, nbytes, place, identity not in seen))
        seen.add(identity)
    return MemoryBill(rows)


def _saved_values(node):
    """Name and tensor of each value that a node keeps."""
    from arcgrad import Tensor

    names = [name for name in dir(node) if name.startswith("_saved_")]
    if not names and hasattr(node, "saved_tensors"):
        values = [(f"saved_tensors[{index}]", value) for index, value in enumerate(node.saved_tensors)]
    else:
        values = [(name.removeprefix("_saved_"), getattr(node, name)) for name in names]
    for name, value in values:
        if isinstance(value, (list, tuple)):
            yield from ((f"{name}[{index}]", part) for index, part in enumerate(value) if isinstance(part, Tensor))
        elif isinstance(value, Tensor):
            yield name, value


_names.describe(__name__)
