"""Writing files that PyTorch's ``load`` reads: see :mod:`arcgrad.serialization._torch_reader` for what is in them.

Tensors are written under PyTorch's names for what rebuilds them, with their whole storages, so that views share memory again. Whatever
else belongs to the object is pickled as usual: classes of the program by their names, which only ``load(…, weights_only=False)``
looks up.
"""

from __future__ import annotations

import codecs
import io
import pickle
import sys
from collections import OrderedDict

import arcgrad as ag
from arcgrad._kept import KeptTensor
from arcgrad.storage import TypedStorage

from ._known_names import STORAGES
from ._torch_reader import MAGIC_NUMBER, PROTOCOL_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, IO

#: Where the bytes of each record begin: at a multiple of this, as in PyTorch's own files, so that they can be mapped.
_ALIGNMENT = 64

_STORAGE_NAMES = {dtype: f"{kind}Storage" for kind, dtype in STORAGES.items()}


class _Name:
    """What is pickled as a name of PyTorch's, which is not looked up here. Each is made once: pickles refer to what they had."""

    _made: dict[tuple[str, str], _Name] = {}

    def __new__(cls, module, name):
        made = cls._made.get((module, name))
        if made is None:
            made = cls._made[module, name] = super().__new__(cls)
            made.module, made.name = module, name
        return made

    def __call__(self):
        """Never called: what a pickle calls has to look as if it could be."""
        raise TypeError(f"{self.module}.{self.name} is a name")


class _Storage:
    """What is pickled as a persistent id."""

    def __init__(self, persistent_id):
        self.persistent_id = persistent_id


class _Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Python's pickler in Python: the one in C looks every name up, and PyTorch's are not there."""

    def __init__(self, file, protocol):
        super().__init__(file, protocol)
        self.storages = {}  # identity of a storage → key, dtype or None, tensor of its bytes

    def save_name(self, obj):
        """Writes a name of PyTorch's."""
        if self.proto >= 4:
            self.save(obj.module)
            self.save(obj.name)
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    def save_bytes(self, obj):
        """Bytes: also empty ones as encoded text where the protocol has none, as a call of ``bytes`` is not allowed in PyTorch."""
        if self.proto < 3:
            self.save_reduce(codecs.encode, (str(obj, "latin1"), "latin1"), obj=obj)
        else:
            super().save_bytes(obj)

    dispatch = {**pickle._Pickler.dispatch, _Name: save_name, bytes: save_bytes}  # type: ignore[attr-defined]

    def persistent_id(self, obj):
        """The persistent id of a storage."""
        if type(obj) is _Storage:
            return obj.persistent_id
        if isinstance(obj, TypedStorage):
            # Memory is of the dtype that it was first met as.
            key, first, data = self._stored(obj.untyped(), _dtype_name(obj.dtype))
            if first != _dtype_name(obj.dtype):
                raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
            return ("storage", _Name("torch", _STORAGE_NAMES[first]), key, "cpu", data.numel() // _item_size(first))
        if type(obj) is ag.UntypedStorage:
            key, _, _ = self._stored(obj, None)
            return ("storage", _Name("torch.storage", "UntypedStorage"), key, "cpu", obj.nbytes())
        return None

    def reducer_override(self, obj):
        """How tensors and what belongs to them are pickled; the rest as usual."""
        kind = type(obj)
        if isinstance(obj, ag.Tensor):
            if obj.layout is not ag.strided:
                return _Name("torch._utils", "_rebuild_sparse_tensor"), obj.detach()._in_file()
            # A class of the program's that says itself how it is pickled is asked.
            ours = kind in (ag.nn.Parameter, KeptTensor) or kind.__reduce_ex__ is ag.Tensor.__reduce_ex__ and kind.__reduce__ is ag.Tensor.__reduce__
            return self._tensor(obj) if ours else NotImplemented
        if kind is ag.Size:
            return _Name("torch", "Size"), (tuple(obj),)
        if kind is ag.device:
            return _Name("torch", "device"), (obj.type,) if obj.index is None else (obj.type, obj.index)
        if kind is ag.dtype:
            return _Same(_Name("torch", _dtype_name(obj)))
        if kind is type(ag.strided):
            return _Name("torch.serialization", "_get_layout"), (f"torch.{str(obj).rpartition('.')[2]}",)
        if obj is ag.Tensor:
            return _Same(_Name("torch", "Tensor"))
        if obj is ag.nn.Parameter or obj is ag.nn.Buffer:
            return _Same(_Name("torch.nn.parameter", obj.__name__))
        return NotImplemented

    def save_reduce(self, func, args, *rest, **options):
        """The name alone where :meth:`reducer_override` gave one; else a call."""
        if func is _Same:
            self.save(args[0])
        else:
            super().save_reduce(func, args, *rest, **options)

    def _tensor(self, tensor):
        attributes = dict(tensor.__dict__)
        kind = type(tensor)
        if kind is ag.nn.Parameter:
            data = (tensor.detach().as_subclass(ag.Tensor), tensor.requires_grad, OrderedDict())
            if attributes:
                return _Name("torch._utils", "_rebuild_parameter_with_state"), (*data, attributes)
            return _Name("torch._utils", "_rebuild_parameter"), data
        if kind is KeptTensor:
            function, args = self._plain(tensor._bits)
            rest = (*args[:4], False, OrderedDict(), tensor.dtype)
            return _Name("torch._utils", "_rebuild_tensor_v3"), rest
        function, args = self._plain(tensor)
        if kind is ag.Tensor and not attributes:
            return function, args
        return _Name("torch._tensor", "_rebuild_from_type_v2"), (function, kind, args, attributes)

    def _stored(self, storage, dtype):
        """Key, dtype and bytes of a storage, which is of the dtype under which it was met first."""
        found = self.storages.get(storage._cdata)
        if found is None:
            found = self.storages[storage._cdata] = (str(len(self.storages)), dtype, _bytes_of(storage))
        return found

    def _plain(self, tensor):
        if str(tensor.device) != "cpu":
            args = (tensor.dtype, tuple(tensor.shape), tuple(tensor.stride()), tensor.requires_grad)
            return _Name("torch._utils", "_rebuild_meta_tensor_no_storage"), args
        name = _dtype_name(tensor.dtype)
        key, first, data = self._stored(tensor.untyped_storage(), name)
        kind = _Name("torch.storage", "UntypedStorage") if first is None else _Name("torch", _STORAGE_NAMES[first])
        length = data.numel() // _item_size(first)
        place = (_Storage(("storage", kind, key, "cpu", length)), tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride()))
        rest = (tensor.requires_grad, OrderedDict())
        if name == first:
            return _Name("torch._utils", "_rebuild_tensor_v2"), (*place, *rest)
        # Memory that is seen as two dtypes: its storage is stated to be of the first.
        return _Name("torch._utils", "_rebuild_tensor_v3"), (*place, *rest, tensor.dtype)


class _Same(tuple):
    """A reduction to something that is pickled itself."""

    def __new__(cls, value):
        return super().__new__(cls, (cls, (value,)))


def _dtype_name(dtype):
    return str(dtype).rpartition(".")[2]


def _item_size(dtype):
    return 1 if dtype is None else getattr(ag, dtype).itemsize


def _bytes_of(storage):
    return ag.empty(0, dtype=ag.uint8).set_(storage)


def _pickled(obj, protocol):
    file = io.BytesIO()
    pickler = _Pickler(file, protocol)
    pickler.dump(obj)
    return file.getvalue(), [data for _, _, data in pickler.storages.values()]


def write_zip(obj: Any, file: IO[bytes], root: str, protocol: int) -> None:
    """Writes ``obj`` as a zip archive whose folder is called ``root``."""
    import zipfile

    data, storages = _pickled(obj, protocol)
    with zipfile.ZipFile(file, "w") as archive:
        _record(archive, f"{root}/data.pkl", data)
        _record(archive, f"{root}/.format_version", b"1")
        _record(archive, f"{root}/.storage_alignment", str(_ALIGNMENT).encode())
        _record(archive, f"{root}/byteorder", sys.byteorder.encode())
        for key, storage in enumerate(storages):
            _record(archive, f"{root}/data/{key}", memoryview(storage.numpy()))
        _record(archive, f"{root}/version", b"3\n")


def _record(archive, name, data):
    """Writes one record, its bytes at a multiple of the alignment: an extra field of the header fills the gap."""
    import zipfile

    size = len(data)
    entry = zipfile.ZipInfo(name)  # of 1980: the same object gives the same bytes
    large = size >= 2**31 - 1
    header = archive.fp.tell() + 30 + len(name.encode()) + (20 if large else 0)
    gap = -(header + 4) % _ALIGNMENT
    entry.extra = b"FB" + gap.to_bytes(2, "little") + b"Z" * gap
    entry.file_size = size
    with archive.open(entry, "w", force_zip64=large) as record:
        record.write(data)


def write_pickles(obj: Any, file: IO[bytes], protocol: int) -> None:
    """Writes ``obj`` in the format of before PyTorch 1.6."""
    # There a persistent id has one field more.
    buffer = io.BytesIO()
    pickler = _OldPickler(buffer, protocol)
    pickler.dump(obj)
    sizes = {"short": 2, "int": 4, "long": 4}
    machine = {"protocol_version": PROTOCOL_VERSION, "little_endian": sys.byteorder == "little", "type_sizes": sizes}
    for value in (MAGIC_NUMBER, PROTOCOL_VERSION, machine):
        pickle.dump(value, file, protocol)
    file.write(buffer.getvalue())
    pickle.dump([key for key, _, _ in pickler.storages.values()], file, protocol)
    for _, dtype, storage in pickler.storages.values():
        file.write((storage.numel() // _item_size(dtype)).to_bytes(8, "little"))
        file.write(memoryview(storage.numpy()))


class _OldPickler(_Pickler):
    def persistent_id(self, obj):
        found = super().persistent_id(obj)
        return found if found is None else (*found, None)
