"""Saving and loading: :func:`save` and :func:`load`.

Every file is a safetensors file (8 bytes of header length, a JSON header, the tensors' bytes), so any tool that reads that format
reads the tensors. A dict of tensors is stored under its own keys. Whatever else belongs to the object is JSON in the header's metadata,
under the key ``arcgrad``::

    {"version": 1,
     "tensors": [{"name": "encoder.weight", "parameter": true, "requires_grad": true},
                 {"name": "encoder.weight", "view": [dtype, offset, sizes, strides]}, …],
     "object": …}

``tensors`` lists each tensor object once; one that shares memory with another names the same stored tensor and says which part
of it it views. In ``object`` null, booleans, numbers, strings and lists stand for themselves, everything else is a JSON object with the
type as its one key: ``{"tensor": 0}``, ``{"dict": [[key, value], …]}``, ``{"tuple": […]}``, ``{"dtype": "float32"}`` and so on.
``{"ref": n}`` is the n-th container once more, counted in the order in which they open. NumPy arrays count as containers:
``{"ndarray": 0, "dtype": "<f4", "shape": […]}`` is the tensor 0 as an array.

Version 2 of the format has NumPy's arrays and numbers, defaultdict, Counter, deque, range, slice and Ellipsis; what has none of
them is still written as version 1.

Nothing is ever pickled and no class is looked up by a name from the file: loading runs no code that a file brings along.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter, OrderedDict, defaultdict, deque

import arcgrad as ag
from arcgrad import _names
from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any, IO

__all__ = ["load", "save"]

_KEY = "arcgrad"
_VERSION = 2

#: What a defaultdict may make of missing keys. Other functions are code, which is never stored.
_FACTORIES = {kind.__name__: kind for kind in (bool, dict, float, int, list, set, str, tuple)}

#: NumPy's dtypes of numbers and texts, as NumPy writes them. All others hold objects or fields.
_NUMPY_DTYPE = re.compile(r"[<>|][biufcSU]\d{1,6}")

#: Containers within containers. Checkpoints have a handful of levels; Python's own JSON reader gives up at about 300 of ours.
_MAX_DEPTH = 100

#: Characters of JSON: parsed, these can take some thirty times as much memory. About 300,000 tensors fit.
_MAX_STRUCTURE = 32 << 20

#: Longest header that the safetensors format allows, in bytes.
_MAX_HEADER = 100_000_000


def save(
    obj: Any,
    f: str | PathLike[str] | IO[bytes],
    pickle_module: Any = None,
    pickle_protocol: int | None = None,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Writes ``obj`` to a file that :func:`load` reads.

    A dict of tensors becomes a plain safetensors file under the dict's keys, readable by any tool for that format. Beyond it,
    ``obj`` may be built from dict, OrderedDict, defaultdict, Counter, list, tuple, deque, set, frozenset, tensors, Parameters, NumPy
    arrays and numbers, numbers, str, bytes, bytearray, bool, None, range, slice, Ellipsis, ``Size``, ``dtype`` and ``device``, to a
    depth of 100 containers, and may contain the same object several times. That covers state dicts of modules, optimizers and
    schedules.

    Tensors that share memory do so again after loading, whether they are the same object or overlapping views; a view
    alone is stored without the rest of its memory. ``requires_grad`` and being a Parameter are kept, ``.grad`` and graphs are not.

    Args:
        obj: what to save.
        f: a path, or a file object open for writing bytes. A file at a path is replaced at once when all is written: a crash leaves the
            old one.
        pickle_module, pickle_protocol: accepted and without meaning, as nothing is pickled.

    Raises:
        TypeError: ``obj`` contains something else; the message says where and what to do.
        ValueError: it contains itself, or is nested too deeply.

    >>> import io
    >>> file = io.BytesIO()
    >>> ag.save({"weight": ag.ones(2), "epochs": (1, 2)}, file)
    >>> _ = file.seek(0)
    >>> ag.load(file)
    {'weight': tensor([1., 1.]), 'epochs': (1, 2)}
    """
    import json

    writer = _Writer()
    encoded = writer.encode(obj, ())
    structure = json.dumps(
        {"object": encoded, "tensors": writer.table(), "version": writer.version},
        allow_nan=False,
        separators=(",", ":"),
    )
    if len(structure) > _MAX_STRUCTURE:
        raise ValueError(
            f"save: the structure around the tensors takes {len(structure):,} bytes, more than the {_MAX_STRUCTURE:,} that a file may "
            "have. Keep long lists of numbers in tensors."
        )
    # "format" tells readers of the Hugging Face family that names and layouts are PyTorch's.
    data = _core.safetensors_serialize(writer.stored, {"format": "pt", _KEY: structure})
    if hasattr(f, "write"):
        f.write(data)
    else:
        _replace_file(os.fspath(f), data)


def load(
    f: str | PathLike[str] | IO[bytes],
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """Reads what :func:`save` wrote, or any other safetensors file, which gives a dict of tensors.

    Args:
        f: a path, or a file object open for reading bytes.
        map_location: where to put the tensors: None or the CPU, in any spelling.
        pickle_module, weights_only: accepted and without meaning: no file can make loading run code, so no trust is needed.
        mmap: if True, the file is mapped while its tensors are copied, and not read into memory first; needs a path.

    Returns:
        The object, its tensors in memory of their own, contiguous unless they share it with one another.

    Raises:
        RuntimeError: the file is no safetensors file, is truncated or damaged, or comes from a later version of this library.
        NotImplementedError: it holds tensors of a dtype that is not there yet; the message says which.
        ValueError: ``map_location`` names a device that does not exist.
    """
    _check_map_location(map_location)
    name = _display_name(f)
    if hasattr(f, "read"):
        if mmap:
            raise ValueError("load: mmap=True needs a path, not a file object")
        stored, metadata = _deserialize(f.read(), name)
    else:
        with open(f, "rb") as file:
            _check_header(file, name)
            if mmap:
                import mmap as mapping

                with mapping.mmap(file.fileno(), 0, access=mapping.ACCESS_READ) as view:
                    stored, metadata = _deserialize(view, name)
            else:
                stored, metadata = _deserialize(file.read(), name)
    if _KEY not in metadata:
        return stored
    return _restore(stored, metadata[_KEY], name)


# ---- writing ----


class _Writer:
    """Turns an object into JSON values, collecting its tensors on the way."""

    def __init__(self):
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
            raise TypeError(f"save: cannot store {_where(path)} of type {kind.__module__}.{kind.__qualname__}. {_advice(obj)}")
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

        if kind is np.ndarray and _NUMPY_DTYPE.fullmatch(obj.dtype.str):
            return self._array(obj, path)
        if isinstance(obj, np.generic) and _NUMPY_DTYPE.fullmatch(obj.dtype.str):
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
            tensor = ag.tensor(np.frombuffer(array.tobytes(), np.uint8))
        self._keep.append(tensor)
        return {"ndarray": self._tensor(tensor, path), "dtype": array.dtype.str, "shape": list(array.shape)}

    def _container(self, obj, kind, path):
        number = self._containers.get(id(obj))
        if number is not None:
            if id(obj) in self._open:
                raise ValueError(f"save: {_where(path)} is a container that contains itself")
            return {"ref": number}
        if len(path) >= _MAX_DEPTH:
            raise ValueError(f"save: {_where(path[:3])} has more than {_MAX_DEPTH} containers nested in one another")
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
        if factory is not None and _FACTORIES.get(getattr(factory, "__name__", None)) is not factory:
            raise TypeError(
                f"save: cannot store {_where(path)}, a defaultdict whose default_factory is {factory!r}: code is never stored. "
                f"Of {', '.join(_FACTORIES)} it could; or convert it to a plain dict first."
            )
        return None if factory is None else factory.__name__

    def _tensor(self, tensor, path):
        if type(tensor) is not ag.Tensor and type(tensor) is not ag.nn.Parameter:
            kind = type(tensor)
            raise TypeError(
                f"save: cannot store {_where(path)} of type {kind.__module__}.{kind.__qualname__}. {_advice(tensor)}"
            )
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
        for group in _overlapping([tensor for tensor, _ in self.tensors]):
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
                self.stored[name] = _joint_memory(members, start, end)
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


class _Group:
    """Tensors whose memory overlaps, and the range of addresses that they cover together."""

    def __init__(self, number, start, end):
        self.members, self.start, self.end = [number], start, end


def _overlapping(tensors):
    """Groups the tensors by overlapping ranges of memory; in the order of their first members."""
    spans, groups = [], []
    for number, tensor in enumerate(tensors):
        if tensor.numel() == 0:
            groups.append(_Group(number, 0, 0))
        else:
            spans.append((tensor.data_ptr(), tensor.data_ptr() + _reach(tensor) * tensor.element_size(), number))
    current = None
    for start, end, number in sorted(spans):
        if current is not None and start < current.end:
            current.members.append(number)
            current.end = max(current.end, end)
        else:
            current = _Group(number, start, end)
            groups.append(current)
    for group in groups:
        group.members.sort()
    return sorted(groups, key=lambda group: group.members[0])


def _reach(tensor):
    """Elements from a non-empty tensor's first one to its last one in memory."""
    return 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))


def _joint_memory(members, start, end):
    """The range of memory that the members cover together, as a tensor of one axis: of bytes if their dtypes differ."""
    dtypes = {tensor.dtype for _, tensor in members}
    if len(dtypes) == 1:
        itemsize = members[0][1].element_size()
        memory = ag.zeros((end - start) // itemsize, dtype=dtypes.pop())
    else:
        # A whole number of the largest elements, for the views to come.
        largest = max(tensor.element_size() for _, tensor in members)
        itemsize = 1
        memory = ag.zeros(-(-(end - start) // largest) * largest, dtype=ag.uint8)
    for _, tensor in members:
        flat = tensor.detach().as_strided((_reach(tensor),), (1,), tensor.storage_offset())
        if itemsize == 1:
            flat = flat.view(ag.uint8)
        offset = (tensor.data_ptr() - start) // itemsize
        memory[offset : offset + flat.numel()].copy_(flat)
    return memory


def _where(path):
    return "the object itself" if not path else "obj" + "".join(f"[{key!r}]" for key in path)


def _enum_base():
    from enum import Enum

    return Enum


def _advice(obj):
    """What to do about an object that cannot be stored."""
    if isinstance(obj, ag.nn.Module):
        return "Save its weights with save(model.state_dict(), …), and load them with model.load_state_dict(load(…))."
    if hasattr(obj, "state_dict"):
        return "Save its state_dict()."
    if isinstance(obj, ag.Tensor):
        return "Save it as a plain tensor: obj.as_subclass(Tensor)."
    if isinstance(obj, ag.Generator):
        return "Save its get_state(), and give that to set_state()."
    if type(obj).__module__ == "numpy":
        return f"Only arrays and numbers of NumPy's plain types can be stored; this has dtype {getattr(obj, 'dtype', None)}."
    if isinstance(obj, type) or callable(obj) and hasattr(obj, "__qualname__"):
        return "Code and classes are never stored: save a name that your program finds it by."
    if isinstance(obj, _enum_base()):
        return "Save its name, and look it up by that in the class."
    if isinstance(obj, tuple) and hasattr(obj, "_asdict"):
        return "Save its _asdict()."
    if hasattr(obj, "__dataclass_fields__"):
        return "Save dataclasses.asdict() of it."
    if isinstance(obj, os.PathLike):
        return "Save os.fspath() of it."
    if isinstance(obj, (dict, list, set, str, int, float)):
        base = next(base for base in (dict, list, set, str, int, float) if isinstance(obj, base))
        return f"Convert it to a plain {base.__name__} first."
    return "Store what it consists of: tensors, numbers, strings and containers of them. Code and classes are never stored."


def _replace_file(path, data):
    """Writes a file beside the one at ``path``, then puts it in its place."""
    target = os.path.realpath(path)  # a link stays one, and what it points to is replaced
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:  # a pipe or a device
            file.write(data)
        return
    folder, base = os.path.split(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"save: Parent directory {os.fsdecode(folder)} does not exist.")
    if isinstance(base, bytes):
        temporary = os.path.join(folder, b".%s.%s.tmp" % (base[:100], os.urandom(6).hex().encode()))
    else:
        temporary = os.path.join(folder, f".{base[:100]}.{os.urandom(6).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # or a crash could leave the new name with nothing in it
        if os.path.exists(target):
            os.chmod(temporary, os.stat(target).st_mode & 0o7777)
        os.replace(temporary, target)
    except BaseException:
        try:
            os.unlink(temporary)
        except FileNotFoundError:
            pass
        raise


# ---- reading ----


def _display_name(f):
    return repr(os.fsdecode(f)) if isinstance(f, (str, bytes, os.PathLike)) else f"the {type(f).__name__}"


def _check_map_location(location):
    if location is None or callable(location):
        return  # a function is given each storage and answers where it belongs: there is one place
    for place in location.values() if isinstance(location, dict) else [location]:
        if str(place).partition(":")[0] != "cpu":
            raise ValueError(f"load: map_location={location!r}: there is no device but the CPU; use map_location='cpu'")


def _check_header(file, name):
    """Looks at the first bytes before all is read: a file that is none of ours must not fill the memory."""
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode):  # a pipe has no size and cannot be read twice
        _check_start(file.read(8), status.st_size, name)
        file.seek(0)


def _check_start(start, size, name):
    length = int.from_bytes(start, "little")
    if len(start) == 8 and length <= min(size - 8, _MAX_HEADER):
        return
    # Only now: the length of a header may begin with the same bytes as a pickle.
    if start[:4] == b"PK\x03\x04" or start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise RuntimeError(
            f"load: {name} is a pickle, as PyTorch's save writes them, and unpickling runs whatever code the file holds. "
            "Convert it where PyTorch is installed: safetensors.torch.save_file(torch.load(path, weights_only=True), new_path)."
        )
    raise RuntimeError(
        f"load: {name} is no safetensors file, or is truncated: it has {size:,} bytes, and a header of {length:,} is announced."
    )


def _deserialize(data, name):
    if isinstance(data, str):
        raise TypeError(f"load: {name} was opened as text; open it with mode 'rb'")
    _check_start(bytes(data[:8]), len(data), name)
    try:
        return _core.safetensors_deserialize(data)
    except NotImplementedError as error:
        raise NotImplementedError(
            f"load: {name} {error}. Where PyTorch is installed it can be converted: "
            "save_file({key: tensor.float() for key, tensor in load_file(path).items()}, new_path), both of safetensors.torch."
        ) from None
    except (ValueError, RuntimeError) as error:
        raise RuntimeError(f"load: {name} is no safetensors file, or is truncated or damaged: {error}") from error


def _restore(stored, structure, name):
    import json

    try:
        if len(structure) > _MAX_STRUCTURE:
            raise ValueError(f"the structure takes {len(structure):,} bytes; {_MAX_STRUCTURE:,} are allowed")
        content = json.loads(structure)
        version = content["version"]
        if type(version) is int and version > _VERSION:
            raise ValueError(f"it has version {version} of the format, and this library reads up to {_VERSION}: update it")
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
        if self._hashed > _MAX_STRUCTURE:
            raise ValueError("its keys repeat one another so often that they would take too long to hash")
        return value

    def decode(self, node, depth):
        if depth > _MAX_DEPTH:
            raise ValueError(f"more than {_MAX_DEPTH} containers are nested in one another")
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
        return defaultdict(None if factory is None else _FACTORIES[factory])
    return {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}[kind]()


def _numpy_dtype(text):
    import numpy as np

    if not isinstance(text, str) or not _NUMPY_DTYPE.fullmatch(text):
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


_names.describe(__name__)
