"""Writing an object as tensors and the structure around them: see :mod:`arcgrad.serialization._structure`."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict, deque

import arcgrad as ag
from arcgrad import _core

from ._advice import advice, where
from ._memory import joint_memory, overlapping
from ._structure import FACTORIES, KEY, MAX_DEPTH, MAX_STRUCTURE, NUMPY_DTYPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encoded(obj: Any, whole: bool) -> bytes:
    """The bytes of a safetensors file with ``obj``; with ``whole`` tensors with attributes of the program's are refused, which are
    left out otherwise."""
    writer = _Writer(whole)
    content = writer.encode(obj, ())
    structure = json.dumps(
        {"object": content, "tensors": writer.table(), "version": writer.version}, allow_nan=False, separators=(",", ":")
    )
    if len(structure) > MAX_STRUCTURE:
        raise ValueError(
            f"save: the structure around the tensors takes {len(structure):,} bytes, more than the {MAX_STRUCTURE:,} that a file may "
            "have. Keep long lists of numbers in tensors."
        )
    # "format" tells readers of the Hugging Face family that names and layouts are PyTorch's.
    return _core.safetensors_serialize(writer.stored, {"format": "pt", KEY: structure})


class _Writer:
    """Turns an object into JSON values, collecting its tensors on the way."""

    def __init__(self, whole):
        self._whole = whole
        self.tensors = []  # (tensor, name), each object once, in the order met
        self.stored = {}  # name in the file -> tensor
        self._numbers = {}  # id of a tensor -> its place in `tensors`
        self._containers = {}  # id of a container -> its number
        self._open = set()  # containers that are being written
        self._keep = []  # temporary tensors, so that no id is used twice
        self.version = 1  # the first version of the format that has all that was met

    def encode(self, obj, path):
        kind = type(obj)
        if obj is None or kind is bool or kind is str:
            return obj
        if kind is int:
            # Decimal conversion is quadratic and limited; hexadecimal is neither.
            return obj if obj.bit_length() < 64 else {"int": hex(obj)}
        if kind is float:
            return obj if obj - obj == 0 else {"float": repr(obj)}
        if kind is complex:
            return {"complex": [self.encode(obj.real, path), self.encode(obj.imag, path)]}
        if isinstance(obj, ag.Tensor):
            return {"tensor": self._tensor(obj, path)}
        if kind is bytes or kind is bytearray:
            return {kind.__name__: self._bytes(obj, path)}
        if kind is ag.Size:
            return {"Size": list(obj)}
        if kind is ag.dtype:
            return {"dtype": str(obj).rpartition(".")[2]}
        if kind is ag.device:
            return {"device": str(obj)}
        if kind in (list, tuple, dict, OrderedDict, set, frozenset, defaultdict, Counter, deque):
            return self._container(obj, kind, path)
        encoded = self._later_kind(obj, kind, path)
        if encoded is None:
            raise TypeError(
                f"save: cannot store {where(path)} of type {kind.__module__}.{kind.__qualname__}. {advice(obj)} "
                "PyTorch's format takes all that can be pickled: save it with format='pt' or without one."
            )
        self.version = 2
        return encoded

    def _later_kind(self, obj, kind, path):
        """An object of a kind that version 2 of the format has and version 1 has not, or None."""
        if kind is range or kind is slice:
            return {kind.__name__: [self.encode(part, path) for part in (obj.start, obj.stop, obj.step)]}
        if obj is Ellipsis:
            return {"Ellipsis": None}
        if kind.__module__ != "numpy":
            return None
        import numpy as np

        if kind is np.ndarray and NUMPY_DTYPE.fullmatch(obj.dtype.str):
            return self._array(obj, path)
        if isinstance(obj, np.generic) and NUMPY_DTYPE.fullmatch(obj.dtype.str):
            item = obj.item()
            # A number that Python has no type for (a long double) stays NumPy's.
            if not isinstance(item, np.generic):
                return {"numpy": obj.dtype.str, "value": self.encode(item, path)}
        return None

    def _array(self, array, path):
        """A NumPy array, as a tensor of its dtype where there is one, so that others can read it; else as bytes."""
        import numpy as np

        number = self._containers.get(id(array))
        if number is not None:
            return {"ref": number}
        self._containers[id(array)] = len(self._containers)
        try:
            tensor = ag.tensor(array)
        except (NotImplementedError, TypeError):
            tensor = None
        # A dtype that is only kept is no dtype of the file's tensors.
        if type(tensor) is not ag.Tensor:
            tensor = ag.tensor(np.frombuffer(array.tobytes(), np.uint8))
        self._keep.append(tensor)
        return {"ndarray": self._tensor(tensor, path), "dtype": array.dtype.str, "shape": list(array.shape)}

    def _container(self, obj, kind, path):
        number = self._containers.get(id(obj))
        if number is not None:
            if id(obj) in self._open:
                raise ValueError(f"save: {where(path)} is a container that contains itself")
            return {"ref": number}
        if len(path) >= MAX_DEPTH:
            raise ValueError(f"save: {where(path[:3])} has more than {MAX_DEPTH} containers nested in one another")
        self._containers[id(obj)] = len(self._containers)
        self._open.add(id(obj))
        if kind in (dict, OrderedDict, defaultdict, Counter):
            content = [[self.encode(key, (*path, key)), self.encode(value, (*path, key))] for key, value in obj.items()]
        elif kind is set or kind is frozenset:
            content = [self.encode(value, (*path, "an element")) for value in obj]
        else:
            content = [self.encode(value, (*path, number)) for number, value in enumerate(obj)]
        self._open.remove(id(obj))
        if kind is list:
            return content
        node = {kind.__name__: content}
        if kind is defaultdict:
            node["factory"] = self._factory(obj, path)
        elif kind is deque:
            node["maxlen"] = obj.maxlen
        if kind in (defaultdict, Counter, deque):
            self.version = 2
        # Modules keep the versions of their parts in an attribute of the state dict.
        versions = getattr(obj, "_metadata", None) if kind is OrderedDict else None
        if versions is not None:
            node["_metadata"] = self.encode(versions, (*path, "_metadata"))
        return node

    @staticmethod
    def _factory(obj, path):
        factory = obj.default_factory
        if factory is not None and FACTORIES.get(getattr(factory, "__name__", None)) is not factory:
            raise TypeError(
                f"save: cannot store {where(path)}, a defaultdict whose default_factory is {factory!r}: code is never stored. "
                f"Of {', '.join(FACTORIES)} it could; or convert it to a plain dict first."
            )
        return None if factory is None else factory.__name__

    def _tensor(self, tensor, path):
        if type(tensor) is not ag.Tensor and type(tensor) is not ag.nn.Parameter:
            kind = type(tensor)
            raise TypeError(
                f"save: cannot store {where(path)} of type {kind.__module__}.{kind.__qualname__}. {advice(tensor)}"
            )
        if self._whole and tensor.__dict__:
            raise TypeError(f"save: cannot store the attributes {', '.join(map(repr, tensor.__dict__))} of {where(path)}.")
        number = self._numbers.get(id(tensor))
        if number is None:
            number = self._numbers[id(tensor)] = len(self.tensors)
            name = ".".join(str(key) if isinstance(key, (str, int)) else type(key).__name__ for key in path)
            self.tensors.append((tensor, name or "tensor"))
        return number

    def _bytes(self, data, path):
        import numpy as np

        tensor = ag.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())
        self._keep.append(tensor)
        return self._tensor(tensor, path)

    def table(self):
        """Stores the tensors and returns their descriptions. Memory that several of them share is stored once."""
        rows = [None] * len(self.tensors)
        for group in overlapping([tensor for tensor, _ in self.tensors]):
            start, end = group.start, group.end
            members = [(number, self.tensors[number][0]) for number in group.members]
            whole = next((n for n, t in members if t.is_contiguous() and t.numel() * t.element_size() == end - start), None)
            first = members[0][1]
            if len(members) == 1 and first.numel() * first.element_size() <= end - start:
                whole = members[0][0]
            if whole is not None:
                name = self._unused_name(self.tensors[whole][1])
                self.stored[name] = self.tensors[whole][0].detach().contiguous()
                rows[whole] = {"name": name}
            else:
                name = self._unused_name(self.tensors[group.members[0]][1])
                self.stored[name] = joint_memory(members, start, end)
            for number, tensor in members:
                if number != whole:
                    offset = (tensor.data_ptr() - start) // tensor.element_size()
                    dtype = str(tensor.dtype).rpartition(".")[2]
                    view = [dtype, offset, list(tensor.shape), list(tensor.stride())]
                    rows[number] = {"name": name, "view": view}
        for row, (tensor, _) in zip(rows, self.tensors):
            if tensor.requires_grad:
                row["requires_grad"] = True
            if type(tensor) is not ag.Tensor:
                row["parameter"] = True
        return rows

    def _unused_name(self, name):
        # "__metadata__" has another meaning in the header.
        candidate, count = name, 1
        while candidate in self.stored or candidate == "__metadata__":
            count += 1
            candidate = f"{name}#{count}"
        return candidate
