"""Packages of models with their code, which arcgrad neither writes nor reads: what such a file brings along is run."""

from __future__ import annotations

from arcgrad import _absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    def __getattr__(name: str) -> Any: ...


_absent.declare(
    __name__,
    "arcgrad does not package code; save() keeps tensors and states",
    "Directory EmptyMatchError Importer ObjMismatchError ObjNotFoundError OrderedImporter PackageExporter PackageImporter PackagingError",
)
