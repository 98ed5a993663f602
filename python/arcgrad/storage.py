"""Storages with a dtype, as older programs see the memory of tensors."""

from __future__ import annotations

from arcgrad import _names
from arcgrad._core import (
    Tensor,
    UntypedStorage,
    bfloat16,
    complex64,
    complex128,
    empty,
    float16,
    float32,
    float64,
    frombuffer,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    tensor,
    uint8,
)
from arcgrad._core import bool as _bool
from arcgrad._core import dtype as _dtype

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from arcgrad._core import device, dtype

__all__ = ["TypedStorage", "UntypedStorage"]


class _Bytes:
    """Methods of untyped storages; see :func:`arcgrad._methods.install`."""

    def __setitem__(self: UntypedStorage, index: Any, value: Any) -> None:
        """Sets a byte, or those of a slice."""
        _bytes_of(self)[index] = value

    def tolist(self: UntypedStorage) -> list[int]:
        """The bytes."""
        return _bytes_of(self).tolist()  # type: ignore[no-any-return]

    def clone(self: UntypedStorage) -> UntypedStorage:
        """A copy, in memory of its own."""
        return _bytes_of(self).clone().untyped_storage()

    def __copy__(self: UntypedStorage) -> UntypedStorage:
        return self.clone()  # type: ignore[attr-defined]

    def fill_(self: UntypedStorage, value: int) -> UntypedStorage:
        """Sets every byte."""
        _bytes_of(self).fill_(value)
        return self

    def copy_(self: UntypedStorage, source: UntypedStorage | TypedStorage, non_blocking: bool | None = None) -> UntypedStorage:
        """Takes over the bytes of a storage of the same size."""
        _check_has_data(source)
        bytes = _bytes_of(source.untyped() if isinstance(source, TypedStorage) else source)
        if bytes.numel() != self.nbytes():
            raise RuntimeError(f"size does not match, self was {self.nbytes()} bytes but src was {bytes.numel()} bytes")
        _bytes_of(self).copy_(bytes)
        return self

    def new(self: UntypedStorage) -> UntypedStorage:
        """A storage without bytes, where this one lies."""
        return type(self)(device=self.device)

    def cpu(self: UntypedStorage) -> UntypedStorage:
        """The storage itself, which lies there."""
        _check_has_data(self)
        return self

    def type(self: UntypedStorage, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of its class; there is no other to turn it into."""
        name = f"{__name__}.UntypedStorage"
        if dtype not in (None, name, UntypedStorage):
            raise RuntimeError(f"an UntypedStorage has no dtype to be turned into {dtype}")
        return name if dtype is None else self

    def untyped(self: UntypedStorage) -> UntypedStorage:
        """The storage itself."""
        return self

    def resize_(self: UntypedStorage, size: int) -> UntypedStorage:
        """Gives the storage another number of bytes."""
        TypedStorage(wrap_storage=self, dtype=uint8).resize_(size)
        return self


def _check_has_data(storage: UntypedStorage | TypedStorage) -> None:
    if storage.device.type == "meta":
        raise NotImplementedError("Cannot copy out of a meta storage: it has no data")


def _bytes_of(storage: UntypedStorage) -> Tensor:
    """A tensor over the bytes of a storage."""
    return empty(0, dtype=uint8, device=storage.device).set_(storage)


class TypedStorage:
    """The memory of a tensor, as a row of numbers.

    Args:
        args: how many numbers, or a sequence of them; none by default.
        wrap_storage (UntypedStorage): the memory, instead.
        dtype (dtype): of the numbers. It has to be given with ``wrap_storage``; the default dtype otherwise.
        device: where the memory is; not with ``wrap_storage``.

    Raises:
        RuntimeError: arguments that exclude each other are given, or one is missing.
        TypeError: an argument is of a wrong type.

    >>> import arcgrad as ag
    >>> storage = ag.tensor([[1.0, 2.0], [3.0, 4.0]])[1].storage()
    >>> len(storage), storage[0]
    (4, 1.0)
    """

    def __init__(
        self, *args: Any, wrap_storage: UntypedStorage | None = None, dtype: dtype | None = None, device: Any = None
    ) -> None:
        if wrap_storage is not None:
            if args:
                raise RuntimeError("No positional arguments should be given when using 'wrap_storage'")
            if dtype is None:
                raise RuntimeError("Argument 'dtype' must be specified with 'wrap_storage'")
            if device is not None:
                raise RuntimeError("Argument 'device' should not be specified when 'wrap_storage' is given")
        self.dtype = get_default_dtype() if dtype is None else dtype
        if not isinstance(self.dtype, _dtype):
            raise TypeError(f"Argument 'dtype' must be torch.dtype, not {type(dtype)}")
        if wrap_storage is None:
            wrap_storage = _made(args, self.dtype, device)
        elif not isinstance(wrap_storage, UntypedStorage):
            raise TypeError(f"Argument 'wrap_storage' must be UntypedStorage, but got {type(wrap_storage)}")
        self._untyped = wrap_storage

    def _numbers(self) -> Tensor:
        """All of the memory as a tensor over it."""
        return empty(0, dtype=self.dtype).set_(self._untyped)

    def untyped(self) -> UntypedStorage:
        """The memory without a dtype."""
        return self._untyped

    @property
    def _untyped_storage(self) -> UntypedStorage:
        return self._untyped

    @property
    def _cdata(self) -> int:
        return self._untyped._cdata

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
        if self.device.type == "meta":
            raise NotImplementedError("Not available for 'meta' device type: a storage without bytes")
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
        _check_has_data(source)
        self._numbers().copy_(source._numbers())
        return self

    def clone(self) -> TypedStorage:
        """A copy."""
        return TypedStorage(wrap_storage=self._numbers().clone().untyped_storage(), dtype=self.dtype)

    def type(self, dtype: dtype | None = None) -> Any:
        """The name of the class of storages of this dtype; with ``dtype``, a storage of that with the same numbers."""
        return f"arcgrad.{_CLASS_OF[self.dtype]}" if dtype is None else self._to(dtype)

    def _to(self, dtype):
        if dtype is self.dtype:
            return self
        return TypedStorage(wrap_storage=self._numbers().to(dtype).untyped_storage(), dtype=dtype)

    def resize_(self, size: int) -> TypedStorage:
        """Makes room for so many numbers, in place."""
        self._numbers().resize_(size)
        return self

    def cpu(self) -> TypedStorage:
        """The storage itself."""
        _check_has_data(self)
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


def _made(args, dtype, device):
    if len(args) > 1:
        raise RuntimeError(f"Too many positional arguments given: a storage takes how many numbers, or a sequence of them, but got {args}")
    if not args:
        return empty(0, dtype=dtype, device=device).untyped_storage()
    (given,) = args
    if not isinstance(given, Tensor) and hasattr(given, "__index__") and getattr(given, "ndim", 0) == 0:
        return empty(int(given), dtype=dtype, device=device).untyped_storage()
    if isinstance(given, str):
        raise TypeError(f"invalid data type 'str': a storage holds numbers, not {given!r}")
    if isinstance(given, Tensor) or not hasattr(given, "__len__"):
        raise TypeError(f"Argument type not recognized: {type(given)}")
    return tensor(list(given), dtype=dtype, device=device).untyped_storage()


class _LegacyType(type):
    """Storages of a dtype count as instances of its class, and are what it makes."""

    dtype: Any

    def __instancecheck__(cls, instance):
        return isinstance(instance, TypedStorage) and instance.dtype is cls.dtype

    def __call__(cls, *args, wrap_storage=None, **options):
        for name in ("device", "dtype"):
            if name in options:
                raise RuntimeError(f"{cls.__name__}.__new__: '{name}' cannot be specified; use TypedStorage")
        if options:
            raise TypeError(f"{cls.__name__}.__new__() got an unexpected keyword argument '{next(iter(options))}'")
        return TypedStorage(*args, wrap_storage=wrap_storage, dtype=cls.dtype)

    def from_buffer(cls, buffer, byte_order="native", count=-1, offset=0):
        """The numbers in bytes, copied.

        Args:
            buffer: bytes, or what shows some.
            byte_order (str): ``"native"``, ``"little"`` or ``"big"``.
            count (int): how many numbers; all by default.
            offset (int): the byte at which they begin.
        """
        size = cls.dtype.itemsize
        data = bytearray(memoryview(buffer).cast("B")[offset:])
        count = len(data) // size if count < 0 else count
        if len(data) < count * size or (count * size != len(data) and len(data) % size):
            raise ValueError(f"buffer has {len(data)} bytes from offset {offset} on, which are not {count} numbers of {size} bytes")
        data = data[: count * size]
        if byte_order == "big":
            # The parts of a complex number are turned one by one.
            width = size // 2 if cls.dtype.is_complex else size
            for start in range(0, len(data), width):
                data[start : start + width] = data[start : start + width][::-1]
        if not data:
            return cls()
        if cls.dtype is _bool:
            data = bytearray(byte != 0 for byte in data)
        return TypedStorage(wrap_storage=frombuffer(data, dtype=cls.dtype).untyped_storage(), dtype=cls.dtype)

    def from_file(cls, filename, shared=False, size=0):
        """The numbers in a file, which are read when they are looked at; see :func:`arcgrad.from_file`."""
        from arcgrad import from_file

        return TypedStorage(wrap_storage=from_file(filename, shared, size, dtype=cls.dtype).untyped_storage(), dtype=cls.dtype)


#: dtype -> name of the class of its storages.
_CLASS_OF = {
    float32: "FloatStorage",
    float64: "DoubleStorage",
    float16: "HalfStorage",
    bfloat16: "BFloat16Storage",
    int64: "LongStorage",
    int32: "IntStorage",
    int16: "ShortStorage",
    int8: "CharStorage",
    uint8: "ByteStorage",
    _bool: "BoolStorage",
    complex64: "ComplexFloatStorage",
    complex128: "ComplexDoubleStorage",
}


def _dtype_to_storage_type_map() -> dict[Any, str]:
    """dtype -> name of the class of its storages."""
    return dict(_CLASS_OF)


def _storage_type_to_dtype_map() -> dict[str, Any]:
    """Name of a class of storages -> dtype."""
    return {name: dtype for dtype, name in _CLASS_OF.items()}


def _legacy(dtype, name):
    doc = f"Makes a storage of {dtype}, of the given size or with the given numbers; ``isinstance`` asks for the dtype."
    return _LegacyType(name, (), {"__module__": "arcgrad", "__doc__": doc, "dtype": dtype})


if TYPE_CHECKING:
    BFloat16Storage: type[TypedStorage]
    BoolStorage: type[TypedStorage]
    ByteStorage: type[TypedStorage]
    CharStorage: type[TypedStorage]
    ComplexDoubleStorage: type[TypedStorage]
    ComplexFloatStorage: type[TypedStorage]
    DoubleStorage: type[TypedStorage]
    FloatStorage: type[TypedStorage]
    HalfStorage: type[TypedStorage]
    IntStorage: type[TypedStorage]
    LongStorage: type[TypedStorage]
    ShortStorage: type[TypedStorage]

globals().update({name: _legacy(dtype, name) for dtype, name in _CLASS_OF.items()})

#: What programs from before dtypes call the storage of the default type.
Storage = globals()["FloatStorage"]


def _conversion(name, dtype):
    def method(self: TypedStorage) -> TypedStorage:
        return self._to(dtype)

    method.__name__, method.__qualname__ = name, f"TypedStorage.{name}"
    method.__doc__ = f"The numbers as {dtype}."
    return method


def _conversion_of_bytes(name):
    def method(self: UntypedStorage) -> TypedStorage:
        return getattr(TypedStorage(wrap_storage=self, dtype=uint8), name)()

    method.__name__, method.__qualname__ = name, f"UntypedStorage.{name}"
    method.__doc__ = f"See ``TypedStorage.{name}``; the numbers are bytes."
    return method


for _dtype_, _name_ in _CLASS_OF.items():
    _short = _name_[: -len("Storage")].lower().replace("complexfloat", "complex_float").replace("complexdouble", "complex_double")
    setattr(TypedStorage, _short, _conversion(_short, _dtype_))
    setattr(_Bytes, _short, _conversion_of_bytes(_short))
del _dtype_, _name_, _short


def _from_file(filename: str, shared: bool = False, nbytes: int = 0) -> UntypedStorage:
    """The memory of a file, which is read when it is looked at.

    Args:
        filename (str): of the file.
        shared (bool): what is written goes to the file, which is made, or made longer, where it has to be. Otherwise what is written
            is seen here alone.
        nbytes (int): how many bytes. Default: all of the file.

    Raises:
        RuntimeError: the file is shorter.
    """
    import mmap
    import os

    descriptor = os.open(filename, os.O_RDWR | os.O_CREAT if shared else os.O_RDONLY)
    try:
        present = os.fstat(descriptor).st_size
        nbytes = nbytes or present
        if present < nbytes:
            if not shared:
                raise RuntimeError(f"from_file: {filename!r} has {present} bytes, fewer than the {nbytes} that are asked for")
            os.ftruncate(descriptor, nbytes)
        if not nbytes:
            return empty(0).untyped_storage()
        block = mmap.mmap(descriptor, nbytes, access=mmap.ACCESS_WRITE if shared else mmap.ACCESS_COPY)
    finally:
        os.close(descriptor)
    return frombuffer(block, dtype=uint8).untyped_storage()


def _type_of(tensor: Tensor) -> type[TypedStorage]:
    """What ``Tensor.storage_type`` gives: the class of its storages, of old."""
    import arcgrad

    return getattr(arcgrad, _CLASS_OF[tensor.dtype])  # type: ignore[no-any-return]


def _of(tensor: Tensor) -> TypedStorage:
    """What ``Tensor.storage`` gives."""
    return TypedStorage(wrap_storage=tensor.untyped_storage(), dtype=tensor.dtype)


_names.describe(__name__)
