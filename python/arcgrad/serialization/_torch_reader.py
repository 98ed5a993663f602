"""Reading PyTorch's files: the zip archives of version 1.6 and later, and the pickles one after the other of before.

A zip archive has a folder with ``data.pkl``, a pickle that names storages by persistent ids, the bytes of the storages as
``data/0``, ``data/1`` …, and ``byteorder``. The older format is five pickles (a magic number, a version, facts about the
machine, the object, the names of the storages) and then each storage as its length and its bytes.
"""

from __future__ import annotations

import io
import struct
from pickle import UnpicklingError

import arcgrad as ag

from ._files import ZIP
from ._known_names import StorageType, shown, typed_storage
from ._unpickler import Unpickler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._files import Source
    from ._location import Placement

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


class Rules:
    """How a pickle is read.

    Args:
        weights_only (bool): by :class:`Unpickler`, which runs nothing; else by Python's own, which runs whatever the file says.
        pickle_module: has the ``Unpickler`` to use instead of Python's.
        options: further arguments for it: ``encoding``, ``errors``, ``fix_imports``.
    """

    def __init__(self, weights_only: bool, pickle_module: Any, **options: Any) -> None:
        self._weights_only = weights_only
        self._module = pickle_module
        self._options = options

    def read(self, file: Any, available: int, persistent_load: Callable[[Any], Any] | None = None) -> Any:
        """The object of the pickle that begins where ``file`` stands."""
        if self._weights_only:
            return Unpickler(file, available, persistent_load, self._options["encoding"], self._options["errors"]).load()
        from ._trusting import unpickler

        return unpickler(self._module, file, persistent_load, self._options).load()


def _text(value):
    """Texts of Python 2 are bytes if the caller has asked for that."""
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value


def _storage_of(persistent_id, fields):
    """Type, key, location and length in a storage's persistent id, which has ``fields`` fields."""
    if not isinstance(persistent_id, tuple) or len(persistent_id) != fields or _text(persistent_id[0]) != "storage":
        raise UnpicklingError(f"Unknown typename for persistent_load, expected 'storage' but got {shown(persistent_id)}")
    _, kind, key, location, length, *_ = map(_text, persistent_id)
    if not isinstance(kind, StorageType):
        raise UnpicklingError(f"a storage of the type {shown(kind)}")
    if not isinstance(key, str) or not isinstance(location, str) or type(length) is not int or not 0 <= length < 2**62:
        raise UnpicklingError(f"a storage with key {shown(key)}, location {shown(location)} and length {shown(length)}")
    return kind, key, location, length


def _swap(data, size):
    """Turns round the bytes of each element, in place."""
    original = bytes(data)
    for place in range(size):
        data[place::size] = original[size - 1 - place :: size]


def _number_size(dtype):
    """Bytes of each number of an element: a complex element is two."""
    return dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize


def _memory(data):
    """A storage over writable bytes, which it keeps."""
    if len(data) == 0:
        return ag.empty(0, dtype=ag.uint8).untyped_storage()
    return ag.frombuffer(data, dtype=ag.uint8).untyped_storage()


# ---- zip archives ----


def read_zip(source: Source, placement: Placement, rules: Rules, mmap: bool) -> Any:
    """The object in a zip archive.

    Raises:
        RuntimeError: it is no archive of PyTorch's, or damaged.
        UnpicklingError: its pickle is damaged, or asks for something that is not allowed.
    """
    archive = _Archive(source, mmap)
    swapped = archive.byte_order() != "little"
    storages: dict[str, Any] = {}

    def load(persistent_id):
        kind, key, location, length = _storage_of(persistent_id, 5)
        if key not in storages:
            size = length * kind.dtype.itemsize
            if placement.device(location) == "meta":
                storages[key] = None
            else:
                swap = _number_size(kind.dtype) if swapped and kind.name else 1
                storages[key] = placement.moved(_memory(archive.writable(f"data/{key}", size, swap)), location)
        if kind.name is None and storages[key] is not None:
            return storages[key]
        return typed_storage(storages[key], kind.dtype, 0, length)

    data = archive.record("data.pkl")
    return rules.read(io.BytesIO(data), len(data), load)


def refused_names(source: Source) -> list[str]:
    """The names in a file that its pickle may not use, each once."""
    import pickletools

    from ._safe_globals import find

    if source.read(0, 4) == ZIP:
        stream: Any = io.BytesIO(_Archive(source, mmap=False).record("data.pkl"))
    else:
        stream = source.file
        source.seek(0)
        for _ in range(3):
            Unpickler(stream, source.size).load()
    names = {}
    texts, memo = [], {}  # what was put on the stack last, and what is remembered of it
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name in ("GLOBAL", "STACK_GLOBAL"):
                names[argument if opcode.name == "GLOBAL" else " ".join(map(str, texts[-2:]))] = None
                texts.append(None)
            elif "PUT" in opcode.name or opcode.name == "MEMOIZE":
                memo[len(memo) if argument is None else argument] = texts[-1] if texts else None
            elif "GET" in opcode.name:
                texts.append(memo.get(argument))
            elif opcode.stack_after:
                texts.append(argument if isinstance(argument, str) else None)
    except (ValueError, LookupError, TypeError) as error:
        raise UnpicklingError(f"the pickle is damaged: {error}") from error
    refused = []
    for name in names:
        module, _, member = name.partition(" ")
        try:
            find(module, member)
        except UnpicklingError:
            refused.append(f"{module}.{member}")
        except NotImplementedError:
            pass
    return refused


class _Archive:
    """The records of an archive. They are stored as they are: a compressed one could be a million times as large as the file."""

    def __init__(self, source: Source, mmap: bool) -> None:
        import zipfile

        self._source = source
        self._mapping = source.mapped() if mmap else None
        self._left = source.size
        try:
            with zipfile.ZipFile(source.file) as directory:
                entries = directory.infolist()
        # Whatever a damaged directory makes the module stumble over.
        except (zipfile.BadZipFile, ArithmeticError, EOFError, LookupError, OSError, RuntimeError, ValueError, struct.error) as error:
            raise RuntimeError(f"load: {source.name} is a damaged zip archive: {error}") from error
        self._entries = {entry.filename: entry for entry in entries}
        roots = [name[: -len("data.pkl")] for name in self._entries if name == "data.pkl" or name.endswith("/data.pkl")]
        if len(roots) != 1:
            raise RuntimeError(f"load: {source.name} is a zip archive, but none that PyTorch's save wrote: {len(roots)} data.pkl in it")
        self._root = roots[0]
        if self._root + "constants.pkl" in self._entries:
            raise RuntimeError(
                f"load: {source.name} is a TorchScript archive, which holds a program; save the module's state_dict() instead"
            )

    def _place(self, name):
        """Where the bytes of a record are in the file, and how many."""
        entry = self._entries.get(self._root + name)
        if entry is None:
            raise RuntimeError(f"load: {self._source.name} is damaged: there is no record {name!r} in the archive")
        if entry.compress_type != 0 or entry.flag_bits & 1:
            raise RuntimeError(
                f"load: {self._source.name} has compressed or encrypted records, which PyTorch never writes; pack it anew with zip -0"
            )
        # Positions are counted from the beginning of the file, whatever stood before the archive.
        begin = entry.header_offset - self._source.start
        header = self._source.read(begin, 30) if begin >= 0 else b""
        if len(header) < 30 or header[:4] != ZIP:
            raise RuntimeError(f"load: {self._source.name} is damaged: the record {name!r} has no header")
        begin += 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        # Each byte of the file is read once at most: records that overlap would be more than the file.
        self._left -= entry.file_size
        if entry.file_size != entry.compress_size or begin + entry.file_size > self._source.size or self._left < 0:
            raise RuntimeError(f"load: {self._source.name} is damaged or truncated: the record {name!r} does not lie within it")
        return begin, entry.file_size

    def record(self, name: str) -> bytes:
        """The bytes of a record."""
        return self._source.read(*self._place(name))

    def byte_order(self) -> str:
        """``"little"`` or ``"big"``."""
        if self._root + "byteorder" not in self._entries:
            return "little"
        order = self.record("byteorder")
        if order not in (b"little", b"big"):
            raise RuntimeError(f"Unknown endianness type: {order!r:.50}")
        return order.decode()

    def writable(self, name: str, size: int, swap: int) -> Any:
        """``size`` bytes of a record in memory of their own, or in the mapped file; numbers of ``swap`` bytes are turned round."""
        begin, length = self._place(name)
        if length < size:
            raise RuntimeError(f"load: {self._source.name} is damaged: {size:,} bytes are announced for {name!r}, and there are {length:,}")
        if self._mapping is not None and swap == 1:
            part = memoryview(self._mapping)[self._source.start + begin :][:size]
            # Elements of up to 16 bytes are read whole; PyTorch writes records at multiples of 64.
            if (self._source.start + begin) % 16 == 0:
                return part
            return bytearray(part)
        data = bytearray(size)
        self._source.fill(begin, data)
        if swap > 1:
            _swap(data, swap)
        return data


# ---- pickles one after the other ----


def read_pickles(source: Source, placement: Placement, rules: Rules) -> Any:
    """The object in a file of the older format. Leaves the file object after it: several may stand in one file.

    Raises:
        RuntimeError: the file is none of PyTorch's, or damaged.
        UnpicklingError: one of its pickles is damaged, or asks for something that is not allowed.
    """
    file = source.file

    def left():
        return source.size - (file.tell() - source.start)

    source.seek(0)
    # Numbers and facts only, of which no rules are needed to read them.
    try:
        magic = Unpickler(file, left()).load()
        if magic != MAGIC_NUMBER:
            raise RuntimeError("Invalid magic number; corrupt file?")
        version = Unpickler(file, left()).load()
        if version != PROTOCOL_VERSION:
            raise RuntimeError(f"Invalid protocol version: {shown(version)}")
        Unpickler(file, left()).load()  # about the machine; whichever it was, numbers are little-endian
    except (UnpicklingError, RuntimeError) as error:
        raise RuntimeError(f"load: {source.name} is a pickle, but none that PyTorch's save wrote, or is damaged: {error}") from error
    blocks: dict[str, _Block] = {}
    announced = 0

    def load(persistent_id):
        nonlocal announced
        if isinstance(persistent_id, tuple) and len(persistent_id) == 4 and _text(persistent_id[0]) == "module":
            return persistent_id[1]  # a class and its source: the class stands for itself
        kind, key, location, length = _storage_of(persistent_id, 6)
        if key not in blocks:
            announced += length * kind.dtype.itemsize
            if announced > source.size:
                raise UnpicklingError(f"storages of {announced:,} bytes are announced in a file of {source.size:,}")
            blocks[key] = _Block(kind, location, length, placement)
        begin = 0
        if persistent_id[5] is not None:
            _, begin, length = persistent_id[5] if isinstance(persistent_id[5], tuple) and len(persistent_id[5]) == 3 else (None,) * 3
            if type(begin) is not int or type(length) is not int or not 0 <= begin <= begin + length <= blocks[key].length:
                raise UnpicklingError(f"a part of a storage from {shown(begin)} of {shown(length)} elements")
        if kind.name is None and blocks[key].storage is not None:
            return blocks[key].storage
        return typed_storage(blocks[key].storage, kind.dtype, begin, length)

    result = rules.read(file, left(), load)
    keys = rules.read(file, left())
    for key in map(_text, keys if isinstance(keys, list) else ()):
        block = blocks.pop(key, None) if isinstance(key, str) else None
        if block is None:
            raise RuntimeError(f"load: {source.name} is damaged: it has a storage {shown(key)} that nothing is said of")
        block.fill(source)
    if blocks:
        raise RuntimeError(f"load: {source.name} is damaged: it lacks {len(blocks)} storages")
    return result


class _Block:
    """A storage whose bytes are still to come."""

    def __init__(self, kind: StorageType, location: str, length: int, placement: Placement) -> None:
        self.length = length
        self._data = bytearray(length * kind.dtype.itemsize)
        self.storage = None
        if placement.device(location) == "cpu":
            self.storage = placement.moved(_memory(self._data), location)

    def fill(self, source: Source) -> None:
        """Takes in the length, which is told again, and the bytes."""
        length = int.from_bytes(source.file.read(8), "little")
        if length != self.length:
            raise RuntimeError(f"load: {source.name} is damaged: a storage of {self.length:,} elements has {length:,}")
        source.fill(source.file.tell() - source.start, self._data)
