"""Reading pickles with Python's own unpickler, for files whose author is trusted: it imports and calls whatever the file names.

PyTorch's names are looked up here: in a file, ``torch.nn.modules.linear.Linear`` means this package's layer.
"""

from __future__ import annotations

import pickle
from functools import partial

from . import _known_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def unpickler(module: Any, file: Any, persistent_load: Callable[[Any], Any] | None, options: dict[str, Any]) -> Any:
    """An unpickler of ``module``, by default Python's, that knows PyTorch's names."""

    class Unpickler((module or pickle).Unpickler):  # type: ignore[misc]
        def find_class(self, module_name, name):
            if module_name == "torch" or module_name.startswith("torch."):
                return _ours(module_name, name)
            return super().find_class(module_name, name)

        def persistent_load(self, persistent_id):
            if persistent_load is None:
                raise pickle.UnpicklingError("a persistent id in a part that has none")
            return persistent_load(persistent_id)

    return Unpickler(file, **options)


def _ours(module, name):
    from importlib import import_module

    known = _known_names.find(f"{module}.{name}")
    if known is _known_names.rebuild_from_type:
        return partial(known, trusted=True)
    if known is not None:
        return known
    try:
        value = import_module("arcgrad" + module[len("torch") :])
        for part in name.split("."):
            value = getattr(value, part)
        return value
    except (ImportError, AttributeError) as error:
        raise pickle.UnpicklingError(f"the file needs PyTorch's {module}.{name}, which is not in arcgrad (yet)") from error
