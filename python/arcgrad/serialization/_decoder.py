"""Reading back what :mod:`arcgrad.serialization._encoder` wrote. Nothing in a file can name a class or a function."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict, deque

import arcgrad as ag

from ._structure import FACTORIES, MAX_DEPTH, MAX_STRUCTURE, NUMPY_DTYPE, VERSION


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def restore(stored: dict[str, ag.Tensor], structure: str, name: str) -> Any:
    """The object that the ``structure`` of the file ``name`` describes, with the tensors that are ``stored`` in it."""
    try:
        if len(structure) > MAX_STRUCTURE:
            raise ValueError(f"the structure takes {len(structure):,} bytes; {MAX_STRUCTURE:,} are allowed")
        content = json.loads(structure)
        version = content["version"]
        if type(version) is int and version > VERSION:
            raise ValueError(f"it has version {version} of the format, and this library reads up to {VERSION}: update it")
        reader = _Reader([_restore_tensor(stored, row) for row in content["tensors"]])
        return reader.decode(content["object"], 0)
    except RecursionError as error:
        raise RuntimeError(f"load: {name} is damaged: its structure is nested too deeply") from error
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise RuntimeError(f"load: {name} is damaged: {type(error).__name__}: {error}") from error


def _restore_tensor(stored, row):
    tensor = stored[row["name"]]
    if "view" in row:
        dtype, offset, sizes, strides = row["view"]
        dtype = _dtype(dtype)
        flat = tensor.reshape(-1)
        if flat.dtype != dtype:
            flat = flat.view(dtype)
        numbers = [offset, *sizes, *strides]
        if len(sizes) != len(strides) or not all(type(n) is int and 0 <= n < 2**63 for n in numbers):
            raise ValueError(f"a view cannot have offset {offset}, sizes {sizes} and strides {strides}")
        last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides))
        if 0 not in sizes and last >= flat.numel():
            raise ValueError(f"a view reaches element {last} of {flat.numel()}")
        tensor = flat.as_strided(sizes, strides, offset)
    requires_grad = row.get("requires_grad", False) is True
    if row.get("parameter", False) is True:
        return ag.nn.Parameter(tensor, requires_grad=requires_grad)
    return tensor.requires_grad_() if requires_grad else tensor


def _dtype(name):
    dtype = getattr(ag, name, None)
    if type(dtype) is not ag.dtype:
        raise ValueError(f"there is no dtype {name!r}")
    return dtype


class _Reader:
    """Turns JSON values back into objects."""

    def __init__(self, tensors):
        self._tensors = tensors
        self._containers = []
        self._weights = {}  # id of a tuple -> steps to hash it; the containers are kept, so no id is used twice
        self._hashed = 0

    def _weight(self, value):
        return self._weights.get(id(value), 1)

    def _hashable(self, value):
        """Lets a value be hashed, unless that takes for ever: a tuple that contains another twice, that one another twice…"""
        self._hashed += self._weight(value)
        if self._hashed > MAX_STRUCTURE:
            raise ValueError("its keys repeat one another so often that they would take too long to hash")
        return value

    def decode(self, node, depth):
        if depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} containers are nested in one another")
        if isinstance(node, list):
            result = []
            self._containers.append(result)
            result.extend(self.decode(item, depth + 1) for item in node)
            return result
        if not isinstance(node, dict):
            return node
        kind, content = next(iter(node.items()), (None, None))
        if kind in ("dict", "OrderedDict", "defaultdict", "Counter"):
            result = _empty_mapping(kind, node.get("factory"))
            self._containers.append(result)
            for key, value in content:
                # Key before value, as they were numbered.
                key = self._hashable(self.decode(key, depth + 1))
                result[key] = self.decode(value, depth + 1)
            if "_metadata" in node and kind == "OrderedDict":
                result._metadata = self.decode(node["_metadata"], depth + 1)
            return result
        if kind in ("tuple", "set", "frozenset"):
            place = len(self._containers)
            self._containers.append(None)
            items = [self.decode(item, depth + 1) for item in content]
            if kind == "tuple":
                result = tuple(items)
                self._weights[id(result)] = 1 + sum(map(self._weight, items))
            else:
                result = {"set": set, "frozenset": frozenset}[kind](map(self._hashable, items))
            self._containers[place] = result
            return result
        if kind == "deque":
            maxlen = node.get("maxlen")
            result = deque(maxlen=None if maxlen is None else _index(maxlen))
            self._containers.append(result)
            result.extend(self.decode(item, depth + 1) for item in content)
            return result
        if kind == "ndarray":
            place = len(self._containers)
            self._containers.append(None)
            self._containers[place] = _as_array(self._tensors[_index(content)], node["dtype"], node["shape"])
            return self._containers[place]
        if kind == "numpy":
            return _numpy_dtype(content).type(self.decode(node["value"], depth + 1))
        if kind == "tensor":
            return self._tensors[_index(content)]
        if kind == "ref":
            return self._containers[_index(content)]
        if kind in ("bytes", "bytearray"):
            tensor = self._tensors[_index(content)]
            # A view may repeat its elements: a few bytes of file must not become gigabytes.
            if tensor.dtype is not ag.uint8 or not tensor.is_contiguous():
                raise ValueError(f"a tensor of dtype {tensor.dtype} and strides {tensor.stride()} is no string of bytes")
            data = tensor.numpy().tobytes()
            return data if kind == "bytes" else bytearray(data)
        if kind == "int":
            return int(content, 16)
        if kind == "float":
            return float(content)
        if kind == "complex":
            return complex(*(self.decode(part, depth + 1) for part in content))
        if kind in ("range", "slice"):
            start, stop, step = (self.decode(part, depth + 1) for part in content)
            return range(start, stop, step) if kind == "range" else slice(start, stop, step)
        if kind == "Ellipsis":
            return ...
        if kind == "Size":
            return ag.Size(content)
        if kind == "dtype":
            return _dtype(content)
        if kind == "device":
            return ag.device(content)
        raise ValueError(f"a value of unknown kind {kind!r}")


def _empty_mapping(kind, factory):
    if kind == "defaultdict":
        return defaultdict(None if factory is None else FACTORIES[factory])
    return {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}[kind]()


def _numpy_dtype(text):
    import numpy as np

    if not isinstance(text, str) or not NUMPY_DTYPE.fullmatch(text):
        raise ValueError(f"{text!r} is no dtype of numbers or texts")
    return np.dtype(text)


def _as_array(tensor, dtype, shape):
    """The NumPy array that was stored as a tensor: of its dtype, or of bytes where arcgrad has no such dtype."""
    import numpy as np

    dtype = _numpy_dtype(dtype)
    # A view may repeat its elements: a few bytes of file must not become gigabytes.
    if not tensor.is_contiguous():
        raise ValueError(f"a tensor of strides {tensor.stride()} is no array")
    array = tensor.detach().numpy()
    if array.dtype == dtype.newbyteorder("="):
        return array.reshape(shape).astype(dtype)
    if array.dtype != np.uint8:
        raise ValueError(f"an array of {dtype} cannot be read from a tensor of {tensor.dtype}")
    return np.frombuffer(array.tobytes(), dtype).reshape(shape).copy()


def _index(value):
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no index")
    return value
