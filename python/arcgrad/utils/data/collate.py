"""From a list of samples to a batch."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

import arcgrad
from arcgrad import Tensor, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    #: What makes a batch of the samples of a type, by type or by a tuple of types.
    FunctionMap = dict[type | tuple[type, ...], Callable[..., Any]]

#: Kinds of NumPy arrays that are no numbers: bytes, strings, objects.
_NO_NUMBERS = "SUO"


def _numpy():
    """NumPy if the program uses it, else None: then nothing can be one of its arrays."""
    return sys.modules.get("numpy")


def _like_mapping(original, values):
    """A mapping like ``original`` with other values; a dict if its type cannot be made that way."""
    try:
        if isinstance(original, MutableMapping):
            # A copy keeps what the type needs besides its entries, such as a default factory.
            clone = copy.copy(original)
            clone.update(values)
            return clone
        return type(original)(values)
    except TypeError:
        return values


def _like_sequence(original, values):
    """A sequence like ``original`` with other values; a list if its type cannot be made that way."""
    try:
        if isinstance(original, MutableSequence):
            clone = copy.copy(original)
            for place, value in enumerate(values):
                clone[place] = value
            return clone
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
        return _like_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(value) for value in data))
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(value) for value in data])
    return data


# ---- what makes a batch of samples that are no containers ----


def collate_tensor_fn(batch: Any, *, collate_fn_map: FunctionMap | None = None) -> Tensor:
    """Tensors of one shape, stacked."""
    return arcgrad.stack(batch, 0)


def collate_numpy_array_fn(batch: Any, *, collate_fn_map: FunctionMap | None = None) -> Any:
    """NumPy arrays of one shape, as one tensor."""
    if batch[0].dtype.kind in _NO_NUMBERS:
        raise TypeError(default_collate_err_msg_format.format(batch[0].dtype))
    return collate([arcgrad.as_tensor(sample) for sample in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Any, *, collate_fn_map: FunctionMap | None = None) -> Tensor:
    """NumPy's numbers, as a tensor of their dtype."""
    numpy = _numpy()
    return arcgrad.as_tensor(numpy.asarray(batch))


def collate_float_fn(batch: Any, *, collate_fn_map: FunctionMap | None = None) -> Tensor:
    """Python's floats, in double precision."""
    return arcgrad.tensor(batch, dtype=arcgrad.float64)


def collate_int_fn(batch: Any, *, collate_fn_map: FunctionMap | None = None) -> Tensor:
    """Integers and booleans."""
    return arcgrad.tensor(batch)


def collate_str_fn(batch: Any, *, collate_fn_map: FunctionMap | None = None) -> Any:
    """Strings and bytes stay a list."""
    return batch


#: What makes a batch of samples of a type. A program may enter types of its own; NumPy's are handled without an entry.
default_collate_fn_map: FunctionMap = {
    Tensor: collate_tensor_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}

default_collate_err_msg_format = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def _function_for(sample, functions):
    """What makes a batch of samples like this one; None if they are containers, or cannot be collated."""
    function = functions.get(type(sample))
    if function is not None:
        return function
    for kind, function in functions.items():
        if isinstance(sample, kind):
            return function
    numpy = _numpy()
    if functions is default_collate_fn_map and numpy is not None:
        if isinstance(sample, numpy.ndarray):
            return collate_numpy_array_fn if sample.shape != () or sample.dtype.kind in _NO_NUMBERS else collate_numpy_scalar_fn
        if isinstance(sample, (numpy.bool_, numpy.number)):
            return collate_numpy_scalar_fn
    return None


def collate(batch: Any, *, collate_fn_map: FunctionMap | None = None) -> Any:
    """Make a batch of a list of samples: by the functions of ``collate_fn_map``, and entry by entry where they are containers.

    Args:
        batch (list): samples.
        collate_fn_map (dict, optional): type, or tuple of types → ``function(samples, *, collate_fn_map)``; without it only
            containers can be collated. The type of a sample is looked up first, then what it is an instance of, in order.

    Raises:
        TypeError: there is no function for such samples.
        RuntimeError: they are sequences of different lengths.

    Example::

        >>> from arcgrad.utils.data.collate import collate
        >>> def join(batch, *, collate_fn_map):
        ...     return "".join(batch)
        >>> collate([("a", ["b"]), ("c", ["d"])], collate_fn_map={str: join})
        ['ac', ['bd']]
    """
    first = batch[0]
    function = None if collate_fn_map is None else _function_for(first, collate_fn_map)
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        entries = {key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map) for key in first}
        return _like_mapping(first, entries)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(collate(entries, collate_fn_map=collate_fn_map) for entries in zip(*batch)))
    if isinstance(first, Sequence) and not isinstance(first, (str, bytes)):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        collated = [collate(entries, collate_fn_map=collate_fn_map) for entries in zip(*batch)]
        return collated if isinstance(first, tuple) else _like_sequence(first, collated)
    raise TypeError(default_collate_err_msg_format.format(type(first)))


def default_collate(batch: Any) -> Any:
    """Make a batch of a list of samples.

    Tensors are stacked, NumPy arrays and numbers become tensors (Python's floats in double precision), strings and
    bytes stay a list; of mappings and sequences, the entries are collated one by one. A program that has samples of
    another type enters its function in :data:`~arcgrad.utils.data.collate.default_collate_fn_map`.

    Raises:
        TypeError: the samples are something else.
        RuntimeError: they are sequences of different lengths, or tensors of different shapes.

    Example::

        >>> import arcgrad as ag
        >>> ag.utils.data.default_collate([(1, "a"), (2, "b")])
        [tensor([1, 2]), ('a', 'b')]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


_names.describe(__name__)
