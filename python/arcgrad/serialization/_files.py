"""Files that are read by position, and files that are replaced at once."""

from __future__ import annotations

import io
import os
import stat
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike
    from typing import Any, IO


def is_path(f: Any) -> bool:
    """Whether ``f`` names a file."""
    return isinstance(f, (str, bytes, os.PathLike))


def display_name(f: Any) -> str:
    """What messages call ``f``."""
    return repr(os.fsdecode(f)) if is_path(f) else f"the {type(f).__name__}"


#: First bytes of PyTorch's files: of a zip archive, and of the first pickle of the older format.
ZIP = b"PK\x03\x04"
PICKLES = tuple(bytes((0x80, protocol)) for protocol in (2, 3, 4, 5))


class Source:
    """What is read: a file that can be positioned, from where it stands to its end.

    Attributes:
        file: open for reading bytes; position 0 of the source is ``start`` in it.
        name: what messages call it.
        size: bytes there are.
        path: whether it was named by its path, so that it can be mapped.
    """

    def __init__(self, file: IO[bytes], name: str, path: bool) -> None:
        self.file = file
        self.name = name
        self.path = path
        self.start = file.tell()
        self.size = file.seek(0, os.SEEK_END) - self.start
        file.seek(self.start)

    def seek(self, position: int) -> None:
        """Stand at ``position``."""
        self.file.seek(self.start + position)

    def read(self, position: int, length: int) -> bytes:
        """The ``length`` bytes at ``position``; less only where the file ends."""
        self.seek(position)
        # Never asks for more than there is: a reader may make room for all it is asked for.
        return self.file.read(max(0, min(length, self.size - position)))

    def fill(self, position: int, data: bytearray) -> None:
        """Fills ``data`` with the bytes at ``position``."""
        self.seek(position)
        rest = memoryview(data)
        while rest:
            if hasattr(self.file, "readinto"):
                count = self.file.readinto(rest)
            else:
                part = self.file.read(len(rest))
                count = len(part)
                rest[:count] = part
            if not count:
                raise RuntimeError(f"load: {self.name} is truncated")
            rest = rest[count:]

    def mapped(self) -> Any:
        """The whole file, mapped: what is written to it stays in this process."""
        import mmap

        return mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_COPY)


@contextmanager
def opened(f: str | bytes | PathLike[Any] | IO[bytes]) -> Iterator[Source]:
    """A path or file object as a :class:`Source`."""
    name = display_name(f)
    if is_path(f):
        with open(f, "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                yield Source(file, name, path=True)
            else:  # a pipe cannot be positioned
                yield Source(io.BytesIO(file.read()), name, path=False)
        return
    if not hasattr(f, "read"):
        raise TypeError(f"load: expected a path or a file object open for reading, not {type(f).__name__}")
    if isinstance(f, io.TextIOBase):
        raise TypeError(f"load: {name} was opened as text; open it with mode 'rb'")
    seekable = getattr(f, "seekable", None)
    if hasattr(f, "seek") and hasattr(f, "tell") and (seekable is None or seekable()):
        yield Source(f, name, path=False)
    else:
        yield Source(io.BytesIO(f.read()), name, path=False)


def replace(path: Any, write: Callable[[IO[bytes]], None]) -> None:
    """Let ``write`` fill a file beside the one at ``path``, then put it in its place: a crash leaves the old one."""
    target = os.path.realpath(path)  # a link stays one, and what it points to is replaced
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as file:  # a pipe or a device
            write(file)
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
            write(file)
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
