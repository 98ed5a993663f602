"""Standing in as ``torch``: programs and packages that import it get arcgrad."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import sys
import types

import arcgrad
from arcgrad.torch_version import TorchVersion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

__all__ = ["stand_in"]

#: The release of PyTorch whose interface this is: programs compare it, with numbers and as text.
VERSION = "2.9.0"


def version() -> TorchVersion:
    """What ``torch.__version__`` is."""
    return TorchVersion(VERSION)


#: Packages that hold compiled code for PyTorch's own tensors, or are parts of it.
_OF_TORCH = frozenset(("torchgen", "torchvision", "torchaudio", "torchtext"))

#: Packages of PyTorch, and which of ours they are.
_HOMES = {"torch": "arcgrad", "functorch": "arcgrad._functorch"}


class _Torch(types.ModuleType):
    """The module ``torch``: the names of arcgrad, and a version that programs for PyTorch can read."""

    def __init__(self) -> None:
        super().__init__("torch", arcgrad.__doc__)
        self.__path__ = arcgrad.__path__
        self.__version__ = version()
        # As in PyTorch, where it comes of its own imports.
        self.torch = self

    def __getattr__(self, name: str) -> Any:
        value = getattr(arcgrad, name)
        # What is kept here is found as fast as in arcgrad itself.
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if not name.startswith("__") and not isinstance(value, types.ModuleType):
            setattr(arcgrad, name, value)

    def __dir__(self) -> list[str]:
        return dir(arcgrad)


class _Loader(importlib.abc.Loader):
    """Hands over a module that is there, and gives it its own specification back."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        if self._spec is not None:
            module.__spec__ = self._spec

    def get_code(self, fullname: str) -> types.CodeType | None:
        """The module's code, which ``python -m arcgrad run -m torch.x`` runs."""
        loader = self._spec.loader if self._spec is not None else None
        return loader.get_code(self._module.__name__) if isinstance(loader, importlib.abc.InspectLoader) else None


class _Finder(importlib.metadata.DistributionFinder):
    """Finds ``torch.x.y`` as ``arcgrad.x.y``; what is not there is not found."""

    def __init__(self, module: types.ModuleType) -> None:
        self._torch = module

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, rest = fullname.partition(".")
        if package in _OF_TORCH:
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: it needs PyTorch itself, and arcgrad stands in for it", name=fullname
            )
        home = _HOMES.get(package)
        if home is None:
            return None
        if fullname == "torch":
            module: types.ModuleType = self._torch
        else:
            ours = f"{home}.{rest}" if rest else home
            try:
                module = importlib.import_module(ours)
            except ModuleNotFoundError as error:
                if error.name is None or not f"{ours}.".startswith(f"{error.name}."):
                    raise
                return None
        return importlib.machinery.ModuleSpec(fullname, _Loader(module), is_package=hasattr(module, "__path__"))

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context = importlib.metadata.DistributionFinder.Context()
    ) -> Iterable[importlib.metadata.Distribution]:
        return (_Distribution(),) if context.name == "torch" else ()


class _Distribution(importlib.metadata.Distribution):
    """What ``importlib.metadata`` says about ``torch``."""

    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: torch\nVersion: {VERSION}\n" if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return path


def stand_in() -> types.ModuleType:
    """Makes ``import torch`` mean arcgrad, in this process and from now on; returns the module that ``torch`` is.

    Every ``torch.x.y`` is ``arcgrad.x.y``, the same objects; what arcgrad lacks raises ModuleNotFoundError or AttributeError, as if
    PyTorch did not have it. ``torch.__version__`` names the release whose interface it is. Packages with compiled code for PyTorch's
    own tensors (torchvision and the like) are not found. The classes of tensors and parameters name ``torch`` as their module, by which
    other packages know them. Call it before anything imports ``torch``; processes that are
    started by ``spawn`` have to call it again.

    From the command line: ``python -m arcgrad run program.py …``.

    Raises:
        RuntimeError: PyTorch itself is imported already.

    Example::

        import arcgrad
        arcgrad.stand_in()
        from torch.nn.functional import relu  # arcgrad.nn.functional.relu
    """
    present = sys.modules.get("torch")
    if isinstance(present, _Torch):
        return present
    parts = [name for name in sys.modules if name.partition(".")[0] in (*_HOMES, *_OF_TORCH)]
    if parts:
        raise RuntimeError(
            f"stand_in: '{parts[0]}' is imported already, and the two do not mix. Call arcgrad.stand_in() before anything imports torch"
        )
    sys.meta_path.insert(0, _Finder(_Torch()))
    # Packages know tensors by the name of their class.
    arcgrad.Tensor.__module__ = "torch"
    arcgrad.nn.Parameter.__module__ = "torch.nn.parameter"
    return importlib.import_module("torch")
