"""Where loaded tensors go: the forms of ``map_location``."""

from __future__ import annotations

import arcgrad as ag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Placement:
    """What ``map_location`` says about each storage.

    Args:
        map_location: None, a device or the name of one, a dict from the locations in the file to others, or a function of a storage
            and its location that returns a storage, or None to leave it where it was.
    """

    def __init__(self, map_location: Any = None) -> None:
        self._function = self._everywhere = None
        self._renamed: dict[Any, Any] = {}
        if isinstance(map_location, dict):
            self._renamed = map_location
        elif isinstance(map_location, bytes):
            self._everywhere = map_location.decode()
        elif isinstance(map_location, (str, ag.device)):
            self._everywhere = str(map_location)
        elif callable(map_location):
            self._function = map_location
        elif map_location is not None:
            raise TypeError(f"load: map_location must be a device, a str, a dict or a function, not {type(map_location).__name__}")

    def device(self, location: str) -> str:
        """``"cpu"`` or ``"meta"``: where what was at ``location`` is to go.

        Raises:
            RuntimeError: to a device that does not exist.
        """
        if self._function is not None:
            return "cpu"  # what the function is shown lies there
        return _existing(self._everywhere or str(self._renamed.get(location, location)))

    def moved(self, storage: ag.UntypedStorage, location: str) -> ag.UntypedStorage:
        """The storage to use for one that was read, and lies in the CPU's memory."""
        if self._function is None:
            return storage
        result = self._function(storage, location)
        if result is None:
            _existing(location)
            return storage
        if not isinstance(result, ag.UntypedStorage):
            raise TypeError(f"load: map_location returned {type(result).__name__}, which is no storage")
        return result


def location_tag(storage: ag.UntypedStorage) -> str:
    """Where a storage lies, as a file says it: ``"cpu"``."""
    return str(storage.device)


def default_restore_location(storage: ag.UntypedStorage, location: str) -> ag.UntypedStorage:
    """The storage where :func:`arcgrad.load` puts it unless told otherwise: at ``location``, if that exists.

    Example::

        >>> import arcgrad as ag
        >>> from arcgrad.serialization import default_restore_location
        >>> storage = ag.ones(2).untyped_storage()
        >>> default_restore_location(storage, "cpu") is storage
        True
    """
    if _existing(str(location)) != "cpu":
        raise NotImplementedError(f"a storage of the CPU cannot be moved to {location!r}")
    return storage


def _existing(location: str) -> str:
    kind = location.partition(":")[0]
    if kind in ("cpu", "meta"):
        return kind
    if kind == "cuda":
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but arcgrad.cuda.is_available() is False: there is no device but "
            "the CPU. Please use arcgrad.load with map_location=arcgrad.device('cpu') to map your storages to the CPU."
        )
    raise RuntimeError(
        f"don't know how to restore data location of arcgrad.UntypedStorage (tagged with {location}): there is no device but the "
        "CPU. Please use arcgrad.load with map_location='cpu'."
    )
