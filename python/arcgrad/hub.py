"""Downloading weights, and the folder they are kept in.

Repositories of code are not loaded: :func:`load` and its like raise NotImplementedError.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlparse

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


__all__ = ["HASH_REGEX", "download_url_to_file", "get_dir", "load_state_dict_from_url", "set_dir"]

#: The part of a file's name that its SHA-256 begins with.
HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")

_dir: str | None = None


def get_dir() -> str:
    """The folder for downloads: what :func:`set_dir` was told, ``$TORCH_HOME/hub``, or ``~/.cache/torch/hub``."""
    if _dir is not None:
        return _dir
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Sets the folder for downloads."""
    global _dir
    _dir = os.path.expanduser(d)


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Downloads a file, which is in its place only when it is whole.

    Args:
        url (str): from where.
        dst (str): the file to write.
        hash_prefix (str): what the SHA-256 of the file has to begin with.
        progress (bool): whether to show a bar, if tqdm is installed.

    Raises:
        RuntimeError: the file is another one than ``hash_prefix`` says.
        urllib.error.URLError: it cannot be downloaded.
    """
    import hashlib
    import tempfile
    from urllib.request import Request, urlopen

    dst = os.path.expanduser(dst)
    digest = hashlib.sha256()
    with urlopen(Request(url, headers={"User-Agent": "arcgrad.hub"})) as response:
        length = response.headers.get("Content-Length")
        handle, partial = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(dst)), suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file, _bar(int(length) if length else None, progress) as advance:
                while chunk := response.read(1 << 16):
                    file.write(chunk)
                    digest.update(chunk)
                    advance(len(chunk))
            if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
                raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}")')
            os.replace(partial, dst)
        except BaseException:
            os.unlink(partial)
            raise


def _bar(total, progress):
    """A context manager whose value is called with the number of bytes that have arrived."""
    from contextlib import contextmanager

    @contextmanager
    def shown():
        with tqdm(total=total, unit="B", unit_scale=True) as bar:
            yield bar.update

    @contextmanager
    def silent():
        yield lambda count: None

    if not progress:
        return silent()
    try:
        from tqdm import tqdm  # type: ignore[import-untyped, unused-ignore]
    except ModuleNotFoundError:
        return silent()
    return shown()


def load_state_dict_from_url(
    url: str,
    model_dir: str | os.PathLike[str] | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> Any:
    """Loads the weights of a URL, which are downloaded if they are not there yet; see :func:`arcgrad.load`.

    Args:
        url (str): from where.
        model_dir (str): the folder for the file. Default: ``checkpoints`` in :func:`get_dir`.
        map_location, weights_only: as of :func:`arcgrad.load`. Unlike PyTorch's, only weights are read unless told otherwise.
        progress (bool): whether to show a bar, if tqdm is installed.
        check_hash (bool): whether the file's name says what its SHA-256 begins with (``name-<sha256>.ext``).
        file_name (str): the file's name. Default: that in the URL.
    """

    from arcgrad.serialization import load

    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else os.fspath(model_dir)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, file_name or os.path.basename(urlparse(url).path))
    if not os.path.exists(path):
        found = HASH_REGEX.search(os.path.basename(path)) if check_hash else None
        download_url_to_file(url, path, found and found.group(1), progress)
    return load(path, map_location=map_location, weights_only=weights_only)


_download_url_to_file = download_url_to_file

_absent.declare(__name__, "arcgrad loads no repositories of code", "help list load")
