"""Transformations under way on this thread: the levels of the core that are open, and what is known about their tensors.

Forward mode and batching each open a level of the core; the newest is the innermost and is seen to first. Reverse mode needs none:
the graph tells one differentiation from another, because each has variables of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import local

from arcgrad._core import _autograd
from arcgrad.autograd.grad_mode import enable_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from arcgrad._core import Tensor


class _Thread(local):
    def __init__(self) -> None:
        #: (number, size of the batch or None for forward mode) of every open level, outermost first.
        self.levels: list[tuple[int, int | None]] = []
        #: What random operations do in the batches among them, by number.
        self.randomness: dict[int, str] = {}
        #: How many functions are being differentiated in reverse mode by :mod:`arcgrad.func`.
        self.reverse = 0
        #: The variables made for them, as long as any is.
        self.variables: list[Tensor] = []


thread = _Thread()


def enter(size: int | None = None, randomness: str = "error") -> int:
    """Opens a level of forward mode, or of a batch of ``size`` examples, in which random operations do what ``randomness`` says;
    returns its number."""
    number = _autograd.enter_level(size, randomness)
    thread.levels.append((number, size))
    thread.randomness[number] = randomness
    return number


def leave(number: int) -> None:
    """Closes the innermost level, which has this number."""
    _autograd.exit_level(number)
    thread.levels.pop()
    del thread.randomness[number]


def randomness_of(number: int) -> str:
    """What random operations do in a batch."""
    return thread.randomness[number]


@contextmanager
def level(size: int | None = None, randomness: str = "error") -> Iterator[int]:
    """A level for a ``with`` block, in which its number is known, and in which a function is being transformed."""
    number = enter(size, randomness)
    _autograd.enter_transform()
    try:
        yield number
    finally:
        _autograd.exit_transform()
        leave(number)


def contents(tensor: Tensor) -> Iterator[Tensor]:
    """What a tensor is made of: the tensor, and the values, tangents and wholes of batches of all open levels below it."""
    seen = [tensor]
    yield tensor
    for number, size in reversed(thread.levels):
        if size is not None:
            wholes = [_autograd.unwrap_batched(part, number) for part in seen]
            seen = [part if whole is None else whole[0] for part, whole in zip(seen, wholes)]
        else:
            pairs = [_autograd.unpack_dual(part, number) for part in seen]
            seen = [part for pair in pairs for part in pair if part is not None]
        yield from seen


def leads_elsewhere(tensors: Iterable[Tensor], variables: Iterable[Tensor]) -> bool:
    """Whether the graph of some of the ``tensors`` has leaves beside ``variables`` and those of other functions that are being
    differentiated."""
    own = {id(variable) for variable in (*variables, *thread.variables)}
    with enable_grad():
        parts = [part for tensor in tensors for part in contents(tensor)]
    nodes = [_autograd.gradient_edge(part)[0] for part in parts if part.requires_grad]
    seen = set(nodes)
    while nodes:
        node = nodes.pop()
        further = node.next_functions
        if not further and type(node).__name__ == "AccumulateGrad" and id(node.variable) not in own:
            return True
        for node, _ in further:
            if node is not None and node not in seen:
                seen.add(node)
                nodes.append(node)
    return False
