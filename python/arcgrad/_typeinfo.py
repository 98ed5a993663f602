"""Numerical limits of dtypes, and names of types."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["finfo", "iinfo", "typename"]


#: Limits of dtypes that are never computed with: (greatest, least, epsilon, smallest normal number).
_FLOATS = {
    "float8_e4m3fn": (448.0, -448.0, 2.0**-3, 2.0**-6),
    "float8_e4m3fnuz": (240.0, -240.0, 2.0**-3, 2.0**-7),
    "float8_e5m2": (57344.0, -57344.0, 2.0**-2, 2.0**-14),
    "float8_e5m2fnuz": (57344.0, -57344.0, 2.0**-2, 2.0**-15),
    "float8_e8m0fnu": (2.0**127, 2.0**-127, 1.0, 2.0**-127),
}


def _limits(dtype):
    """Name, size and limits of a dtype."""
    name = str(dtype).rpartition(".")[2]
    if name in ("complex32", "bcomplex32"):
        dtype = dtype.to_real()
    elif name in _FLOATS:
        greatest, least, eps, smallest = _FLOATS[name]
        limits = {"max": greatest, "min": least, "eps": eps, "smallest_normal": smallest, "resolution": 1.0}
        return {"name": name, "bits": 8, **limits}
    elif name in ("uint16", "uint32", "uint64"):
        bits = 8 * dtype.itemsize
        return {"name": name, "bits": bits, "min": 0, "max": 2**bits - 1}
    return _core._limits(dtype)


class finfo:
    """Limits of a floating-point dtype, by default of the default dtype.

    Attributes:
        bits (int): size of a number (of its real part, for complex dtypes).
        eps (float): the distance from 1 to the next greater number.
        max, min (float): the greatest and the least finite number.
        smallest_normal, tiny (float): the least positive number with full precision.
        resolution (float): ten to the minus digits that a number holds.
        dtype (str): the dtype's name.
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal")

    bits: int
    dtype: str
    eps: float
    max: float
    min: float
    resolution: float
    smallest_normal: float

    def __init__(self, type: Any = None) -> None:
        dtype = _core.get_default_dtype() if type is None else type
        if not isinstance(dtype, _core.dtype) or not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(f"arcgrad.finfo() requires a floating point input type. Use arcgrad.iinfo to handle '{dtype}'")
        limits = _limits(dtype)
        self.dtype = limits.pop("name")
        for name, value in limits.items():
            setattr(self, name, value)

    @property
    def tiny(self) -> float:
        return self.smallest_normal

    def __eq__(self, other):
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self):
        return hash(self.dtype)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype.

    Attributes:
        bits (int): size of a number.
        max, min (int): the greatest and the least number.
        dtype (str): the dtype's name.
    """

    __slots__ = ("bits", "dtype", "max", "min")

    bits: int
    dtype: str
    max: int
    min: int

    def __init__(self, type: Any) -> None:
        if type is _core.bool:
            raise TypeError("arcgrad.bool is not supported by arcgrad.iinfo")
        other = TypeError(f"arcgrad.iinfo() requires an integer input type. Use arcgrad.finfo to handle '{type}'")
        if not isinstance(type, _core.dtype) or type.is_floating_point or type.is_complex:
            raise other
        try:
            limits = _limits(type)
        except NotImplementedError:
            # Elements that are less than a byte, or bits and no numbers.
            raise other from None
        self.dtype = limits.pop("name")
        for name, value in limits.items():
            setattr(self, name, value)

    def __eq__(self, other):
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self):
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def typename(obj: object, /) -> str:
    """The name of an object's type: ``'arcgrad.FloatTensor'`` for tensors, with the module for others."""
    if isinstance(obj, _core.Tensor):
        return obj.type()
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", None)
    name = getattr(kind, "__qualname__", None) or type(obj).__name__
    return name if module in (None, "builtins", "__builtin__") else f"{module}.{name}"
