"""Sequences of different lengths in one tensor: padded to the longest, or packed without padding."""

from __future__ import annotations

from collections import namedtuple

from arcgrad import Tensor, _names, arange, as_tensor, cat, int64, sort, stack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NamedTuple, Self, TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


def bind(optional: T | None, fn: Callable[[T], R]) -> R | None:
    """``fn(optional)``, or None if that is None."""
    return None if optional is None else fn(optional)


if TYPE_CHECKING:

    class PackedSequence_(NamedTuple):
        data: Tensor
        batch_sizes: Tensor
        sorted_indices: Tensor | None = None
        unsorted_indices: Tensor | None = None

else:
    PackedSequence_ = namedtuple(
        "PackedSequence_", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"], defaults=(None, None)
    )


class PackedSequence(PackedSequence_):
    """Sequences of different lengths, step by step without padding. Made by :func:`pack_padded_sequence` and
    :func:`pack_sequence`; recurrent layers take and give it.

    Attributes:
        data (Tensor): the elements of all sequences, ``(rows, *)``: first those of step 0, then those of step 1, and so on.
        batch_sizes (Tensor): how many sequences have each step, never growing.
        sorted_indices (Tensor, optional): which of the sequences given is the longest, the second and so on; None if they were
            given in this order.
        unsorted_indices (Tensor, optional): the inverse of it.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.nn.utils.rnn import pack_sequence
        >>> packed = pack_sequence([ag.tensor([1, 2, 3]), ag.tensor([4, 5]), ag.tensor([6])])
        >>> packed.data, packed.batch_sizes
        (tensor([1, 4, 6, 2, 5, 3]), tensor([3, 2, 1]))
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if batch_sizes is None:
            # As one pair, which is how old programs give them.
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    # Positions stay as they are: conversions are for the data.

    def _converted(self, data):
        return self if data is self.data else self._replace(data=data)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """With ``data`` converted as by :meth:`Tensor.to`; the sequence itself if that changes nothing."""
        return self._converted(self.data.to(*args, **kwargs))

    def cpu(self, *args: Any, **kwargs: Any) -> Self:
        """On the CPU, where it is."""
        return self.to("cpu", *args, **kwargs)

    def cuda(self, *args: Any, **kwargs: Any) -> Self:
        """Raises RuntimeError: there is no such device here."""
        return self._converted(self.data.cuda(*args, **kwargs))

    def pin_memory(self) -> Self:
        """As :meth:`Tensor.pin_memory`."""
        return self._converted(self.data.pin_memory())

    def double(self) -> Self:
        """With ``data`` in float64."""
        return self._converted(self.data.double())

    def float(self) -> Self:
        """With ``data`` in float32."""
        return self._converted(self.data.float())

    def half(self) -> Self:
        """With ``data`` in float16."""
        return self._converted(self.data.half())

    def long(self) -> Self:
        """With ``data`` in int64."""
        return self._converted(self.data.long())

    def int(self) -> Self:
        """With ``data`` in int32."""
        return self._converted(self.data.int())

    def short(self) -> Self:
        """With ``data`` in int16."""
        return self._converted(self.data.short())

    def char(self) -> Self:
        """With ``data`` in int8."""
        return self._converted(self.data.char())

    def byte(self) -> Self:
        """With ``data`` in uint8."""
        return self._converted(self.data.byte())

    @property
    def is_cuda(self) -> bool:
        """Whether ``data`` is on a GPU: it is not."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether ``data`` lies in pinned memory."""
        return self.data.is_pinned()


def sizes_of_steps(sequence):
    """``batch_sizes`` as a list. Raises RuntimeError where they do not say what the rows of the data are."""
    sizes, rows = sequence.batch_sizes.tolist(), len(sequence.data)
    if any(later > earlier for earlier, later in zip(sizes, sizes[1:])) or sum(sizes) != rows or min(sizes) < 0:
        raise RuntimeError(f"Expected batch_sizes that never grow and sum to the {rows} rows of data, but got {sizes}")
    return sizes


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes the given one; None for None.

    >>> import arcgrad as ag
    >>> invert_permutation(ag.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    return permutation.new_empty(permutation.shape).scatter_(
        0, permutation, arange(len(permutation), dtype=permutation.dtype)
    )


def _places(lengths, steps, order, batch_first):
    """Where in a padded batch, counted row by row, the rows of its packed form lie; ``lengths`` never grow.

    The padded batch is ``(steps, batch)``, or the other way with ``batch_first``, its sequences in ``order`` if not None.
    """
    step, sequence = (arange(steps).unsqueeze(1) < lengths).nonzero().unbind(1)
    if order is not None:
        sequence = order[sequence]
    return sequence * steps + step if batch_first else step * len(lengths) + sequence


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | list[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs sequences that are padded to one length.

    Args:
        input (Tensor): ``(steps, batch, *)``, or ``(batch, steps, *)`` with ``batch_first``.
        lengths (Tensor or list): the length of each sequence, 1 or more.
        batch_first (bool): which axis of ``input`` comes first.
        enforce_sorted (bool): whether the lengths must be in decreasing order; otherwise they are sorted here, and
            :func:`pad_packed_sequence` gives back the order of ``input``.

    Raises:
        RuntimeError: there is no input, there are not as many lengths as sequences, or a length is below 1, above ``steps``, or
            out of order.

    >>> import arcgrad as ag
    >>> padded = ag.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    >>> packed = pack_padded_sequence(padded, [2, 1, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data, packed.batch_sizes
    (tensor([4, 1, 3, 5, 2, 6]), tensor([3, 2, 1]))
    >>> pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2, 0],
            [3, 0, 0],
            [4, 5, 6]]), tensor([2, 1, 3]))
    """
    lengths = as_tensor(lengths).to(int64)
    if lengths.dim() != 1:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.dim()}D cpu Long tensor"
        )
    order = None
    if not enforce_sorted:
        lengths, order = sort(lengths, descending=True, stable=True)
    batch, steps = input.shape[:2] if batch_first else (input.size(1), input.size(0))
    if input.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    if len(lengths) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} (batch_size={batch})"
        )
    if bool((lengths <= 0).any()):
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if bool((lengths[1:] > lengths[:-1]).any()):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not "
            "need ONNX exportability."
        )
    longest = int(lengths[0])
    if longest > steps:
        raise RuntimeError(f"Expected lengths of at most {steps}, the steps of the input, but got {longest}")
    data = input.flatten(0, 1).index_select(0, _places(lengths, steps, order, batch_first))
    batch_sizes = (arange(longest).unsqueeze(1) < lengths).sum(1)
    return PackedSequence(data, batch_sizes, order, None)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch of a packed one, and the lengths: the inverse of :func:`pack_padded_sequence`.

    Args:
        sequence (PackedSequence): what is to be padded.
        batch_first (bool): whether the result is ``(batch, steps, *)``, not ``(steps, batch, *)``.
        padding_value (float): what is put behind the shorter sequences.
        total_length (int, optional): steps of the result; those of the longest sequence if not given.

    Raises:
        ValueError: ``total_length`` is below the length of the longest sequence.
        RuntimeError: the batch sizes grow, or do not sum to the rows there are.
    """
    sizes = sequence.batch_sizes
    longest = len(sizes)
    if longest == 0:
        raise RuntimeError("batch_sizes can not be empty")
    steps = longest if total_length is None else total_length
    if steps < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    data = sequence.data
    batch = sizes_of_steps(sequence)[0]
    lengths = (arange(batch).unsqueeze(1) < sizes).sum(1)
    places = _places(lengths, steps, invert_permutation(sequence.unsorted_indices), batch_first)
    padded = data.new_full((steps * batch, *data.shape[1:]), padding_value).index_copy(0, places, data)
    if sequence.unsorted_indices is not None:
        lengths = lengths[sequence.unsorted_indices]
    return padded.unflatten(0, (batch, steps) if batch_first else (steps, batch)), lengths


def pad_sequence(
    sequences: Tensor | Iterable[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """One tensor of sequences ``(length, *)``, padded to the longest of them.

    Args:
        sequences: tensors that differ in their first axis only.
        batch_first (bool): whether the result is ``(batch, steps, *)``, not ``(steps, batch, *)``.
        padding_value (float): what the shorter ones are filled up with.
        padding_side (str): ``'right'`` or ``'left'``: behind the sequences or before them.

    Raises:
        RuntimeError: there are no sequences, or their other axes differ.

    >>> import arcgrad as ag
    >>> pad_sequence([ag.tensor([1, 2, 3]), ag.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if not hasattr(sequences, "__iter__"):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    for place, one in enumerate(sequences):
        if not isinstance(one, Tensor):
            raise TypeError(f"expected Tensor as element {place} in argument 0, but got {type(one).__name__}")
        if one.dim() == 0 or one.shape[1:] != sequences[0].shape[1:]:
            raise RuntimeError(
                f"pad_sequence: Expected sequences of shape (length, *), alike but for their lengths, but got "
                f"{tuple(sequences[0].shape)} and {tuple(one.shape)}"
            )
    steps = max(len(one) for one in sequences)
    first = sequences[0]
    filled = []
    for one in sequences:
        missing = steps - len(one)
        if missing:
            padding = one.new_full((missing, *one.shape[1:]), padding_value)
            one = cat((padding, one) if padding_side == "left" else (one, padding))
        filled.append(one if one.dtype == first.dtype else one.to(first.dtype))
    return stack(filled, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor | list[int], batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each of its length: the inverse of :func:`pad_sequence`.

    Raises:
        ValueError: there are not as many lengths as sequences.
    """
    sequences = padded_sequences.unbind(0 if batch_first else 1)
    lengths = as_tensor(lengths).tolist()
    return [one[:length] for one, length in zip(sequences, lengths, strict=True)]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs a list of sequences ``(length, *)``; ``enforce_sorted`` as in :func:`pack_padded_sequence`.

    >>> import arcgrad as ag
    >>> pack_sequence([ag.tensor([1]), ag.tensor([2, 3])], enforce_sorted=False).data
    tensor([2, 1, 3])
    """
    sequences = list(sequences)
    lengths = as_tensor([one.size(0) for one in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch, in the order they were given: the inverse of :func:`pack_sequence`.

    >>> import arcgrad as ag
    >>> unpack_sequence(pack_sequence([ag.tensor([1, 2]), ag.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    return unpad_sequence(*pad_packed_sequence(packed_sequences))


_names.describe(__name__)
