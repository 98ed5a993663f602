"""Saving and loading: :func:`save` and :func:`load`.

Two kinds of files are written and read. **safetensors** files are what :func:`save` writes unless told otherwise, and what we
recommend: any tool that reads that format reads the tensors, and no file of this kind can name a class or a function. **PyTorch's** files,
``.pt`` and ``.pth``, are read as well, by an unpickler that runs nothing a file brings along, and written so that PyTorch reads them.
"""

from __future__ import annotations

import os

from arcgrad import _core, _names

from ._location import default_restore_location, location_tag
from ._safe_globals import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike
    from typing import Any, IO, TypeAlias

    MAP_LOCATION: TypeAlias = Callable[[_core.UntypedStorage, str], _core.UntypedStorage | None] | _core.device | str | dict[str, str] | None
else:
    from collections.abc import Callable

    MAP_LOCATION = Callable | _core.device | str | dict | None

__all__ = [
    "DEFAULT_PROTOCOL",
    "MAP_LOCATION",
    "add_safe_globals",
    "clear_safe_globals",
    "default_restore_location",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "location_tag",
    "safe_globals",
    "save",
]

#: The protocol of pickles that are written unless a program asks for another one.
DEFAULT_PROTOCOL = 2

#: Names of files that hold PyTorch's format.
_TORCH_ENDINGS = (".pt", ".pth", ".pth.tar", ".ckpt")

#: Longest header that the safetensors format allows, in bytes.
_MAX_HEADER = 100_000_000


def save(
    obj: Any,
    f: str | PathLike[str] | IO[bytes],
    pickle_module: Any = None,
    pickle_protocol: int | None = None,
    _use_new_zipfile_serialization: bool = True,
    *,
    format: str | None = None,
) -> None:
    """Writes ``obj`` to a file that :func:`load` reads.

    As **safetensors**, a dict of tensors becomes a plain safetensors file under the dict's keys, readable by any tool for that
    format. Beyond it, ``obj`` may be built from dict, OrderedDict, defaultdict, Counter, list, tuple, deque, set, frozenset, tensors,
    Parameters, NumPy arrays and numbers, numbers, str, bytes, bytearray, bool, None, range, slice, Ellipsis, ``Size``, ``dtype`` and
    ``device``, to a depth of 100 containers, and may contain the same object several times. That covers state dicts of modules,
    optimizers and schedules. A view alone is stored without the rest of its memory.

    In **PyTorch's format**, state dicts and the like are read by PyTorch's ``load`` as they are by ours. Anything that can be pickled
    may be written, whole modules too; what is not built from tensors and plain values is read with ``weights_only=False`` only. Views
    are stored with the whole of their memory.

    Tensors that share memory do so again after loading, whether they are the same object or overlapping views. ``requires_grad``
    and being a Parameter are kept, ``.grad`` and graphs are not.

    Args:
        obj: what to save.
        f: a path, or a file object open for writing bytes. A file at a path is replaced at once when all is written: a crash leaves the
            old one.
        pickle_module: accepted and without meaning.
        pickle_protocol: for PyTorch's format. Default: 2.
        _use_new_zipfile_serialization: False writes PyTorch's format of before version 1.6.
        format: ``"safetensors"`` or ``"pt"``, PyTorch's. Default: PyTorch's where the file's name ends in .pt, .pth, .pth.tar or .ckpt,
            and for what safetensors files cannot hold, such as whole modules.

    Raises:
        TypeError: ``obj`` contains something that the format cannot hold; the message says where and what to do.
        ValueError: in a safetensors file, it contains itself or is nested too deeply.
        pickle.PicklingError: it contains something that cannot be pickled.

    >>> import io
    >>> file = io.BytesIO()
    >>> ag.save({"weight": ag.ones(2), "epochs": (1, 2)}, file)
    >>> _ = file.seek(0)
    >>> ag.load(file)
    {'weight': tensor([1., 1.]), 'epochs': (1, 2)}
    """
    from ._files import is_path, replace

    name = f if is_path(f) else getattr(f, "name", None)
    name = os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else ""
    if format is None and (name.endswith(_TORCH_ENDINGS) or not _use_new_zipfile_serialization):
        format = "pt"
    if format not in (None, "safetensors", "pt"):
        raise ValueError(f"save: format must be 'safetensors' or 'pt', not {format!r}")

    def write_torch(file):
        from ._torch_writer import write_pickles, write_zip

        protocol = DEFAULT_PROTOCOL if pickle_protocol is None else pickle_protocol
        # As PyTorch names the folder in the archive.
        root = os.path.splitext(os.path.basename(name))[0] if is_path(f) else "archive"
        if _use_new_zipfile_serialization:
            write_zip(obj, file, root.encode(errors="replace").decode(), protocol)  # a path need not be text
        else:
            write_pickles(obj, file, protocol)

    if format == "pt":
        write = write_torch
    else:
        data = _whole(obj, write_torch if format is None else None)

        def write(file):
            file.write(data)

    if hasattr(f, "write"):
        write(f)
    else:
        replace(os.fspath(f), write)


def _whole(obj, otherwise):
    """The bytes of a safetensors file with ``obj``, or, where none can hold it, those that ``otherwise`` writes."""
    from ._encoder import encoded

    try:
        return encoded(obj, otherwise is not None)
    except (TypeError, ValueError) as refused:
        if otherwise is None:
            raise
        from io import BytesIO

        file = BytesIO()
        try:
            otherwise(file)
        except Exception as error:
            # What is said of the object in the format that is recommended says more than that it cannot be pickled.
            raise refused from error
        return file.getvalue()


def load(
    f: str | PathLike[str] | IO[bytes],
    map_location: MAP_LOCATION = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    fix_imports: bool = True,
) -> Any:
    """Reads what :func:`save` wrote, any other safetensors file, which gives a dict of tensors, or a file of PyTorch's.

    PyTorch's files are read whatever version wrote them: archives, and pickles one after the other as before version 1.6. They may hold
    tensors, Parameters and plain values in dicts, lists, tuples, sets and the like, which covers state dicts of modules and
    optimizers; further classes have to be allowed with :func:`~arcgrad.serialization.add_safe_globals`.

    Args:
        f: a path, or a file object open for reading bytes.
        map_location: where to put the tensors: None, a device or the name of one, a dict of such names, or a function of a storage and
            its location in the file. Files with tensors of a GPU need ``map_location="cpu"``.
        pickle_module: for ``weights_only=False``, the module whose ``Unpickler`` reads.
        weights_only: False has PyTorch's files read by Python's own unpickler, which **runs whatever code the file names**: only for
            files whose author you trust. Default: ``True``, unless a ``pickle_module`` is given. Safetensors files never run any.
        mmap: if True, the file is mapped and not read into memory first; needs a path. The tensors of an archive of PyTorch's stay in
            the mapped file, and what is written to them does not change it; those of a safetensors file are copied from it.
        encoding, errors: how byte strings of Python 2 become texts; ``encoding="bytes"`` leaves them as they are.
        fix_imports: for ``weights_only=False``, whether names of modules in Python 2 are understood.

    Returns:
        The object, its tensors in memory of their own. From a safetensors file they are contiguous unless they share it with one another.

    Raises:
        pickle.UnpicklingError: a pickle is damaged, or asks for a class or function that is not allowed.
        RuntimeError: the file is of another kind, truncated or damaged, comes from a later version of this library, or its tensors
            belong to a device that does not exist.
        NotImplementedError: it holds tensors of a dtype or kind that is not there yet; the message says which.
    """
    from ._files import PICKLES, ZIP, opened
    from ._location import Placement

    placement = Placement(map_location)
    if weights_only is None:
        weights_only = pickle_module is None
    elif weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    with opened(f) as source:
        if mmap and not source.path:
            raise ValueError("load: mmap=True needs a path, not a file object: f must be a file path in order to use the mmap argument")
        start = source.read(0, 9)
        if _announces_header(start, source.size):
            return _read_safetensors(source, placement, bool(mmap))
        if start[:4] != ZIP and start[:2] not in PICKLES:
            raise RuntimeError(
                f"load: {source.name} is no safetensors file and none of PyTorch's, or is truncated: it has {source.size:,} bytes, and a "
                f"header of {int.from_bytes(start[:8], 'little'):,} is announced."
            )
        from ._torch_reader import Rules, read_pickles, read_zip

        rules = Rules(weights_only, pickle_module, encoding=encoding, errors=errors, fix_imports=fix_imports)
        if start[:4] == ZIP:
            return read_zip(source, placement, rules, bool(mmap))
        if mmap:
            raise RuntimeError("load: mmap can only be used with archives and safetensors files, not with files of before PyTorch 1.6")
        return read_pickles(source, placement, rules)


def _announces_header(start, size):
    """Whether a file begins as a safetensors file does: with the length of a header that it has room for, and a brace."""
    length = int.from_bytes(start[:8], "little")
    # Of some lengths these bytes are those of an archive or a pickle, so the brace has to be there.
    return len(start) == 9 and length <= min(size - 8, _MAX_HEADER) and start[8:] == b"{"


def _read_safetensors(source, placement, mmap):
    from ._decoder import restore
    from ._structure import KEY

    data = source.mapped() if mmap else source.read(0, source.size)
    try:
        stored, metadata = _core.safetensors_deserialize(data)
    except NotImplementedError as error:
        raise NotImplementedError(
            f"load: {source.name} {error}. Where PyTorch is installed it can be converted: "
            "save_file({key: tensor.float() for key, tensor in load_file(path).items()}, new_path), both of safetensors.torch."
        ) from None
    except (ValueError, RuntimeError) as error:
        raise RuntimeError(f"load: {source.name} is no safetensors file, or is truncated or damaged: {error}") from error
    finally:
        if mmap:
            data.close()
    # All tensors of such a file lie on the CPU.
    placement.device("cpu")
    for tensor in stored.values():
        placement.moved(tensor.untyped_storage(), "cpu")
    if KEY not in metadata:
        return stored
    return restore(stored, metadata[KEY], source.name)


def get_unsafe_globals_in_checkpoint(f: str | PathLike[str] | IO[bytes]) -> list[str]:
    """The names of classes and functions in a file of PyTorch's that :func:`load` would refuse as things stand.

    Nothing of the file is loaded. A safetensors file has none.

    Args:
        f: a path, or a file object open for reading bytes.
    """
    from ._files import opened
    from ._torch_reader import refused_names

    with opened(f) as source:
        if _announces_header(source.read(0, 9), source.size):
            return []
        return refused_names(source)


class SourceChangeWarning(Warning):
    """What PyTorch warns with where the source of a class in a file is no longer that. Files keep no sources here."""


_names.describe(__name__)
