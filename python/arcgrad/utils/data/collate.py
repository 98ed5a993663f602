"""From a list of samples to a batch."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping, MutableMapping, Sequence

import arcgrad
from arcgrad import _names
from arcgrad import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Kinds of NumPy arrays that are no numbers: bytes, strings, objects.
_NO_NUMBERS = "SUO"


def _numpy():
    """NumPy if the program uses it, else None: then nothing can be one of its arrays."""
    return sys.modules.get("numpy")


def _rebuild(original, values):
    """A mapping or sequence like ``original`` with other values; a plain one if its type can't be made that way."""
    try:
        if isinstance(original, MutableMapping):
            # A copy keeps what the type needs besides its entries, such as a default factory.
            clone = copy.copy(original)
            clone.update(values)
            return clone
        if isinstance(original, tuple) and hasattr(original, "_fields"):
            return type(original)(*values)
        return type(original)(values)
    except TypeError:
        # Such as range, which is made from bounds.
        return values


def default_convert(data: Any) -> Any:
    """Turn the NumPy arrays in ``data``, a sample of nested containers, into tensors; leave the rest as it is.

    Example::

        >>> from arcgrad.utils.data import default_convert
        >>> default_convert([1, "a"])
        [1, 'a']
    """
    if isinstance(data, Tensor):
        return data
    numpy = _numpy()
    if numpy is not None and isinstance(data, (numpy.ndarray, numpy.generic)):
        return data if data.dtype.kind in _NO_NUMBERS else arcgrad.as_tensor(data)
    if isinstance(data, Mapping):
        return _rebuild(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return _rebuild(data, [default_convert(value) for value in data])
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _rebuild(data, [default_convert(value) for value in data])
    return data


def default_collate(batch: Any) -> Any:
    """Make a batch of a list of samples.

    Tensors are stacked, NumPy arrays and numbers become tensors (Python's floats in double precision), strings and
    bytes stay a list; of mappings and sequences, the entries are collated one by one.

    Raises:
        TypeError: the samples are something else.
        RuntimeError: they are sequences of different lengths, or tensors of different shapes.

    Example::

        >>> import arcgrad as ag
        >>> ag.utils.data.default_collate([(1, "a"), (2, "b")])
        [tensor([1, 2]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return arcgrad.stack(batch, 0)
    numpy = _numpy()
    if numpy is not None and isinstance(first, (numpy.ndarray, numpy.generic)):
        if first.dtype.kind in _NO_NUMBERS:
            raise TypeError(_not_collatable(first.dtype))
        if isinstance(first, numpy.ndarray) and first.shape != ():
            return default_collate([arcgrad.as_tensor(sample) for sample in batch])
        return arcgrad.as_tensor(numpy.asarray(batch))
    if isinstance(first, float):
        return arcgrad.tensor(batch, dtype=arcgrad.float64)
    if isinstance(first, int):
        return arcgrad.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _rebuild(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return _rebuild(first, [default_collate(entries) for entries in zip(*batch)])
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        entries = [default_collate(entry) for entry in zip(*batch)]
        return entries if isinstance(first, tuple) else _rebuild(first, entries)
    raise TypeError(_not_collatable(type(first)))


def _not_collatable(kind):
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"


_names.describe(__name__)
