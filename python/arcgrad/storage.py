"""Storages with a dtype, as older programs see the memory of tensors."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import Tensor, UntypedStorage, empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from arcgrad._core import device, dtype

__all__ = ["TypedStorage", "UntypedStorage"]


class TypedStorage:
    """The memory of a tensor, as a row of numbers.

    Args:
        wrap_storage (UntypedStorage): the memory.
        dtype (dtype): of the numbers.

    >>> import arcgrad as ag
    >>> storage = ag.tensor([[1.0, 2.0], [3.0, 4.0]])[1].storage()
    >>> len(storage), storage[0]
    (4, 1.0)
    """

    def __init__(self, *, wrap_storage: UntypedStorage, dtype: dtype) -> None:
        self._untyped = wrap_storage
        self.dtype = dtype

    def _numbers(self) -> Tensor:
        """All of the memory as a tensor over it."""
        return empty(0, dtype=self.dtype).set_(self._untyped)

    def untyped(self) -> UntypedStorage:
        """The memory without a dtype."""
        return self._untyped

    @property
    def device(self) -> device:
        return self._untyped.device

    @property
    def is_cuda(self) -> bool:
        return False

    def __len__(self) -> int:
        return self._untyped.nbytes() // self.dtype.itemsize

    size = __len__

    def nbytes(self) -> int:
        """The bytes of all numbers."""
        return self._untyped.nbytes()

    def __sizeof__(self) -> int:
        return super().__sizeof__() + self.nbytes()

    def element_size(self) -> int:
        """The bytes of a number."""
        return self.dtype.itemsize

    def data_ptr(self) -> int:
        """The address of the first number."""
        return self._untyped.data_ptr()

    def tolist(self) -> list[Any]:
        """The numbers."""
        return self._numbers().tolist()  # type: ignore[no-any-return]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        return self._numbers()[index].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._numbers()[index] = value

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def fill_(self, value: Any) -> TypedStorage:
        """Sets every number."""
        self._numbers().fill_(value)
        return self

    def copy_(self, source: TypedStorage, non_blocking: bool | None = None) -> TypedStorage:
        """Takes over the numbers of another storage of the same size."""
        self._numbers().copy_(source._numbers())
        return self

    def clone(self) -> TypedStorage:
        """A copy."""
        return TypedStorage(wrap_storage=self._numbers().clone().untyped_storage(), dtype=self.dtype)

    def cpu(self) -> TypedStorage:
        """The storage itself."""
        return self

    def is_shared(self) -> bool:
        """Whether the memory is where other processes may see it."""
        return self._numbers().is_shared()

    def share_memory_(self) -> TypedStorage:
        """Moves the memory to where other processes see it; see :meth:`arcgrad.Tensor.share_memory_`."""
        self._numbers().share_memory_()
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypedStorage) and (self.data_ptr(), self.dtype) == (other.data_ptr(), other.dtype)

    def __hash__(self) -> int:
        return hash((self.data_ptr(), self.dtype))

    def __repr__(self) -> str:
        rows = "".join(f" {number}\n" for number in self.tolist())
        return f"{rows}[arcgrad.storage.TypedStorage(dtype={self.dtype}, device={self.device}) of size {len(self)}]"


def _of(tensor: Tensor) -> TypedStorage:
    """What ``Tensor.storage`` gives."""
    return TypedStorage(wrap_storage=tensor.untyped_storage(), dtype=tensor.dtype)


_names.describe(__name__)
