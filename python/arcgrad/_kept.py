"""Tensors whose elements are kept and converted, and not computed with: eight-bit floats and the wider unsigned integers.

As in PyTorch, where hardly an operation is written for them: they hold weights in files and on their way to other dtypes. The bytes are
those of an integer tensor of the core, which does all that moves elements; what they mean is written here once.
"""

from __future__ import annotations

import functools

import arcgrad
from arcgrad import Tensor
from arcgrad._core import _overrides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

__all__ = ["KeptTensor"]

#: Dtype -> what its bytes lie in.
CARRIERS = {
    arcgrad.float8_e4m3fn: arcgrad.uint8,
    arcgrad.float8_e4m3fnuz: arcgrad.uint8,
    arcgrad.float8_e5m2: arcgrad.uint8,
    arcgrad.float8_e5m2fnuz: arcgrad.uint8,
    arcgrad.float8_e8m0fnu: arcgrad.uint8,
    arcgrad.float4_e2m1fn_x2: arcgrad.uint8,
    arcgrad.uint16: arcgrad.int16,
    arcgrad.uint32: arcgrad.int32,
    arcgrad.uint64: arcgrad.int64,
}

#: Dtype -> bits of the exponent and of the mantissa, what is subtracted from the exponent, and whether there are infinities; the
#: dtypes of "fnuz" have one NaN, where the others have their negative zero.
_FORMATS = {
    arcgrad.float8_e4m3fn: (4, 3, 7, False),
    arcgrad.float8_e4m3fnuz: (4, 3, 8, False),
    arcgrad.float8_e5m2: (5, 2, 15, True),
    arcgrad.float8_e5m2fnuz: (5, 2, 16, False),
}

_NAN_OF_FNUZ = 0x80


def _name(dtype):
    return str(dtype).partition(".")[2]


def _is_fnuz(dtype):
    return _name(dtype).endswith("fnuz")


@functools.cache
def _magnitudes(dtype):
    """What the codes without a sign mean, in their order, as if the last ones were numbers, too."""
    _, mantissa_bits, bias, _ = _FORMATS[dtype]
    values = []
    for code in range(128):
        exponent, mantissa = code >> mantissa_bits, (code & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
        values.append((1 + mantissa) * 2.0 ** (exponent - bias) if exponent else mantissa * 2.0 ** (1 - bias))
    return values


@functools.cache
def _meanings(dtype):
    """What each of the 256 codes means, as a float32 tensor."""
    if dtype is arcgrad.float8_e8m0fnu:
        return arcgrad.tensor([2.0 ** (code - 127) for code in range(255)] + [float("nan")], dtype=arcgrad.float32)
    values = list(_magnitudes(dtype))
    if dtype is arcgrad.float8_e4m3fn:
        values[-1] = float("nan")
    elif dtype is arcgrad.float8_e5m2:
        values[-4:] = [float("inf")] + 3 * [float("nan")]
    values += [-value for value in values]
    if _is_fnuz(dtype):
        values[_NAN_OF_FNUZ] = float("nan")
    return arcgrad.tensor(values, dtype=arcgrad.float32)


@functools.cache
def _borders(dtype):
    """The numbers halfway between neighbours, as a float64 tensor: what lies on one goes to the even code."""
    values = _magnitudes(dtype)
    if dtype is arcgrad.float8_e5m2:
        values = values[:125]  # infinity is where the next number would be
    elif dtype is arcgrad.float8_e4m3fn:
        values = values[:127]  # what is too large, becomes the greatest number
    elif _is_fnuz(dtype):
        # NaN is where the next number would be.
        values = [*values, values[-1] + (values[-1] - values[-2])]
    return arcgrad.tensor([(low + high) / 2 for low, high in zip(values, values[1:])], dtype=arcgrad.float64)


def _encoded(values, dtype):
    """The bytes of numbers."""
    values = values.detach()
    carrier = CARRIERS[dtype]
    if dtype is arcgrad.float4_e2m1fn_x2:
        raise NotImplementedError(f"\"copy_kernel\" not implemented for '{_torch_name(dtype)}'")
    if not dtype.is_floating_point:
        if values.is_floating_point() and dtype is arcgrad.uint64:
            # Above what int64 holds the codes are the negative numbers.
            values = arcgrad.where(values >= 2.0**63, values.double() - 2.0**64, values.double())
        # The same bits, whatever their sign.
        return values.to(arcgrad.int64).to(carrier)
    values = values.to(arcgrad.float32)
    if dtype is arcgrad.float8_e8m0fnu:
        return _exponents(values)
    sizes = values.abs().double()
    borders = _borders(dtype)
    below, above = (arcgrad.searchsorted(borders, sizes.contiguous(), right=right) for right in (False, True))
    codes = arcgrad.where(below % 2 == 0, below, above)
    negative = values.signbit()
    if _is_fnuz(dtype):
        codes = arcgrad.where((codes > 0) & (codes < _NAN_OF_FNUZ) & negative, codes + 128, codes)
        codes = arcgrad.where(values.isfinite(), codes, arcgrad.full_like(codes, _NAN_OF_FNUZ))
    else:
        codes = arcgrad.where(values.isnan(), arcgrad.full_like(codes, 0x7F), codes) + negative * 128
    return codes.to(carrier)


def _exponents(values):
    """The nearest powers of two of the sizes of numbers, by their exponents in float32."""
    bits = values.contiguous().view(arcgrad.int32)
    exponent = (bits >> 23) & 0xFF
    half, rest = (bits >> 22) & 1, bits & 0x3FFFFF
    up = (half == 1) & ((rest != 0) | (exponent > 0))
    return arcgrad.where(exponent == 0xFF, exponent, exponent + up).to(arcgrad.uint8)


def _decoded(bits, dtype):
    """The numbers that bytes mean: float32, or int64 of integers, in which the greatest of uint64 are negative."""
    if dtype is arcgrad.float4_e2m1fn_x2:
        raise NotImplementedError(f"\"copy_kernel\" not implemented for '{_torch_name(dtype)}'")
    if dtype.is_floating_point:
        return _meanings(dtype)[bits.to(arcgrad.int64)]
    wide = bits.to(arcgrad.int64)
    return wide if dtype.itemsize == 8 else wide & ((1 << 8 * dtype.itemsize) - 1)


def _torch_name(dtype):
    """PyTorch's C++ name of a dtype, as in errors."""
    name = _name(dtype)
    return name.replace("uint", "UInt") if name.startswith("uint") else name.capitalize()


def _wrapped(bits, dtype):
    return tuple(KeptTensor(each, dtype) for each in bits) if isinstance(bits, (tuple, list)) else KeptTensor(bits, dtype)


class KeptTensor:
    """A tensor of a dtype that is kept and not computed with, such as ``float8_e4m3fn`` or ``uint16``.

    It passes for a :class:`arcgrad.Tensor` where programs ask with ``isinstance``. It can be moved, viewed, converted, compared for
    equality, printed and saved; ``to(arcgrad.float32)`` gives what can be computed with.
    """

    is_sparse = is_sparse_csr = is_cuda = is_quantized = is_meta = requires_grad = False
    is_leaf = True
    grad = grad_fn = None
    layout = arcgrad.strided

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return Tensor

    def __init__(self, bits: Tensor, dtype: arcgrad.dtype) -> None:
        self._bits, self.dtype = bits.detach(), dtype

    # ---- what it is ----

    @property
    def shape(self) -> arcgrad.Size:
        return self._bits.shape

    @property
    def device(self) -> arcgrad.device:
        return self._bits.device

    @property
    def ndim(self) -> int:
        return self._bits.ndim

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._bits.nbytes

    def is_floating_point(self) -> bool:
        """Whether the elements are floating-point numbers."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """False."""
        return False

    def is_signed(self) -> bool:
        """Whether the elements can be negative."""
        return self.dtype.is_signed

    def __len__(self) -> int:
        return len(self._bits)

    # ---- the numbers ----

    def _numbers(self) -> Tensor:
        return _decoded(self._bits, self.dtype)

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """The elements in another dtype, the nearest that it has; the tensor itself in its own."""
        wanted = kwargs.pop("dtype", None)
        rest = []
        for each in args:
            if isinstance(each, arcgrad.dtype):
                wanted = each
            elif isinstance(each, Tensor):
                wanted = each.dtype
            else:
                rest.append(each)
        if wanted is None or wanted is self.dtype:
            moved = self._bits.to(*rest, **kwargs)
            return self if moved is self._bits else KeptTensor(moved, self.dtype)
        numbers = self._numbers()
        if self.dtype is arcgrad.uint64 and not (wanted in CARRIERS and not wanted.is_floating_point) and not _is_integer(wanted):
            numbers = arcgrad.where(numbers < 0, numbers.double() + 2.0**64, numbers.double())
        if wanted in CARRIERS:
            return KeptTensor(_encoded(numbers, wanted), wanted)
        return numbers.to(*rest, dtype=wanted, **kwargs)

    def type(self, dtype: Any = None) -> Any:
        """The name of the class of such tensors, or the tensor in another dtype."""
        return f"arcgrad.{_torch_name(self.dtype)}Tensor" if dtype is None else self.to(getattr(dtype, "dtype", dtype))

    def tolist(self) -> Any:
        """The elements as numbers, in nested lists."""
        return _unsigned(self._numbers().tolist()) if self.dtype is arcgrad.uint64 else self._numbers().tolist()

    def item(self) -> Any:
        """The only element as a number."""
        return _unsigned(self._numbers().item()) if self.dtype is arcgrad.uint64 else self._numbers().item()

    def numpy(self, *, force: bool = False) -> Any:
        """The elements of an unsigned integer dtype, in the same memory; NumPy has no such floats."""
        if self.dtype.is_floating_point:
            raise TypeError(f"Got unsupported ScalarType {_torch_name(self.dtype)}")
        return self._bits.numpy(force=force).view(_name(self.dtype))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return self.numpy().__array__(*args, **kwargs)

    def __bool__(self) -> bool:
        return bool(self._numbers())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __iter__(self) -> Any:
        return iter(self.unbind())

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, (Tensor, int, float)):
            return NotImplemented
        return self._numbers() == (other._numbers() if type(other) is KeptTensor else other)

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else ~equal

    __hash__ = object.__hash__

    # ---- the memory ----

    def view(self, *args: Any, **kwargs: Any) -> Any:
        """The same memory in another shape, or as elements of another dtype."""
        dtype = kwargs.get("dtype", args[0] if args and isinstance(args[0], arcgrad.dtype) else None)
        if dtype is None:
            return KeptTensor(self._bits.view(*args, **kwargs), self.dtype)
        return KeptTensor(self._bits.view(CARRIERS[dtype]), dtype) if dtype in CARRIERS else self._bits.view(dtype)

    def copy_(self, src: Any, non_blocking: bool = False) -> Self:
        """Writes the elements of another tensor, converted."""
        self._bits.copy_(src.to(self.dtype)._bits)
        return self

    def fill_(self, value: Any) -> Self:
        """Writes a number into all elements."""
        self._bits.copy_(_filled((), value, self.dtype))
        return self

    def zero_(self) -> Self:
        """Writes zeros."""
        self._bits.zero_()
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        self._bits[index] = value.to(self.dtype)._bits if isinstance(value, Tensor) else _filled((), value, self.dtype)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Refuses gradients, which nothing computes."""
        if requires_grad:
            raise RuntimeError(f"tensors of {self.dtype} are kept and not computed with: they can not require gradients")
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return KeptTensor, (self._bits, self.dtype)

    def __deepcopy__(self, memo: Any) -> KeptTensor:
        return KeptTensor(self._bits.clone(), self.dtype)

    def __repr__(self) -> str:
        if self.dtype is arcgrad.float4_e2m1fn_x2:
            text = repr(self._bits).replace(", dtype=arcgrad.uint8", "")
        elif self.dtype is arcgrad.uint64:
            text = f"tensor({self.tolist()})"
        else:
            text = repr(self._numbers())
        return f"{text[:-1]}, dtype={self.dtype})"

    # ---- the rest ----

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What a function of dense tensors is of these: what is a method here, and little else."""
        name = getattr(func, "__name__", "")
        kwargs = kwargs or {}
        if name in _TOGETHER:
            return _together(func, *args, **kwargs)
        if name == "copy_":
            return args[0].copy_(args[1].to(args[0].dtype))
        if name == "equal":
            one, other = args
            return one.shape == other.shape and one.dtype is other.dtype and bool((one == other).all())
        if name.endswith("_like") and name in _MAKERS:
            return _like(name, args[0], **{"dtype": args[0].dtype, **kwargs})
        if args and type(args[0]) is KeptTensor and name in vars(KeptTensor) and not name.startswith("__"):
            return getattr(args[0], name)(*args[1:], **kwargs)
        first = next((each for each in args if type(each) is KeptTensor), None)
        raise NotImplementedError(
            f"\"{name}_cpu\" not implemented for '{_torch_name(first.dtype) if first is not None else 'the dtype'}'"
        )


def _is_integer(dtype):
    return not dtype.is_floating_point and not dtype.is_complex


def _unsigned(number):
    return [*map(_unsigned, number)] if isinstance(number, list) else number % 2**64


#: Functions of several tensors, which only move elements.
_TOGETHER = frozenset(("cat", "concat", "concatenate", "hstack", "stack", "vstack"))


def _together(func, tensors, *args, **kwargs):
    dtype = tensors[0].dtype
    if any(type(each) is not KeptTensor or each.dtype is not dtype for each in tensors):
        raise NotImplementedError(f"{func.__name__}: tensors of {dtype} go together with their like only")
    return KeptTensor(func([each._bits for each in tensors], *args, **kwargs), dtype)


def _of_bits(name, wraps):
    def method(self: KeptTensor, *args: Any, **kwargs: Any) -> Any:
        found = getattr(self._bits, name)(*args, **kwargs)
        return _wrapped(found, self.dtype) if wraps else found

    method.__name__, method.__qualname__ = name, f"KeptTensor.{name}"
    method.__doc__ = f"See ``Tensor.{name}``."
    return method


for _each in (
    "__getitem__ as_strided chunk clone contiguous cpu detach diagonal expand expand_as flatten flip gather index_select "
    "masked_select movedim narrow permute pin_memory repeat reshape select split squeeze swapaxes t take transpose unbind unflatten "
    "unsqueeze"
).split():
    setattr(KeptTensor, _each, _of_bits(_each, True))
for _each in (
    "data_ptr dim element_size get_device is_contiguous is_pinned is_shared nelement numel size storage_offset stride untyped_storage"
).split():
    setattr(KeptTensor, _each, _of_bits(_each, False))


def _converting(name, dtype):
    def method(self: KeptTensor) -> Tensor:
        return self.to(dtype)

    method.__name__, method.__qualname__ = name, f"KeptTensor.{name}"
    method.__doc__ = f"As ``{_name(dtype)}``."
    return method


for _each in "float double half bfloat16 long int short bool".split():
    setattr(KeptTensor, _each, _converting(_each, getattr(arcgrad, _each)))
for _each in ("T", "mT", "data"):
    setattr(KeptTensor, _each, property(lambda self, _name=_each: KeptTensor(getattr(self._bits, _name), self.dtype)))


def _refused(name):
    def method(self: KeptTensor, *args: Any) -> Any:
        raise NotImplementedError(f"\"{name.strip('_')}_stub\" not implemented for '{_torch_name(self.dtype)}'")

    method.__name__, method.__qualname__ = name, f"KeptTensor.{name}"
    method.__doc__ = "Not computed."
    return method


for _each in "add radd sub rsub mul rmul truediv rtruediv floordiv mod pow matmul neg abs lt le gt ge and or xor".split():
    setattr(KeptTensor, f"__{_each}__", _refused(f"__{_each}__"))


# ---- making them: calls that name such a dtype ----


def _filled(shape, value, dtype):
    if dtype is arcgrad.uint64 and not isinstance(value, float):
        value = (int(value) + 2**63) % 2**64 - 2**63
    return _encoded(arcgrad.full(shape, value, dtype=arcgrad.float64 if isinstance(value, float) else arcgrad.int64), dtype)


def _tensor(data, *, dtype, **kwargs):
    if type(data) is KeptTensor:
        return data.to(dtype).clone()
    if dtype is arcgrad.uint64 and not isinstance(data, Tensor) and not hasattr(data, "__array__"):
        import numpy

        # Numbers above those of int64.
        data = numpy.asarray(data, dtype="uint64").view("int64")
    return KeptTensor(_encoded(arcgrad.as_tensor(data), dtype), dtype)


def of_array(array: Any, dtype: arcgrad.dtype | None, copy: bool) -> Any:
    """The tensor of a NumPy array of unsigned integers, over its memory unless it is copied or converted."""
    bits = arcgrad.from_numpy((array.copy() if copy else array).view(f"int{8 * array.itemsize}"))
    kept = KeptTensor(bits, getattr(arcgrad, f"uint{8 * array.itemsize}"))
    return kept if dtype is None else kept.to(dtype)


def _to(self, *args, **kwargs):
    dtype = kwargs.get("dtype", next((each for each in args if each in CARRIERS), None))
    return KeptTensor(_encoded(self, dtype), dtype)


def _view(self, *args, **kwargs):
    dtype = kwargs.get("dtype", args[0] if args else None)
    return KeptTensor(self.view(CARRIERS[dtype]), dtype)


def _frombuffer(buffer, *, dtype, **kwargs):
    return KeptTensor(arcgrad.frombuffer(buffer, dtype=CARRIERS[dtype], **kwargs), dtype)


def _function(name):
    """``empty`` and its like, ``ones``, ``full``: of the bytes, or of numbers that are converted."""

    def make(*args, dtype, **kwargs):
        if name in ("empty", "zeros", "empty_strided"):
            return KeptTensor(getattr(arcgrad, name)(*args, dtype=CARRIERS[dtype], **kwargs), dtype)
        return KeptTensor(_encoded(getattr(arcgrad, name)(*args, dtype=_wide(dtype), **kwargs), dtype), dtype)

    return make


def _like(name, tensor, *args, dtype, **kwargs):
    bits = tensor._bits if type(tensor) is KeptTensor else tensor
    if dtype not in CARRIERS:
        return getattr(arcgrad, name)(bits, *args, dtype=dtype, **kwargs)
    if name in ("empty_like", "zeros_like"):
        return KeptTensor(getattr(arcgrad, name)(bits, *args, dtype=CARRIERS[dtype], **kwargs), dtype)
    return KeptTensor(_encoded(getattr(arcgrad, name)(bits, *args, dtype=_wide(dtype), **kwargs), dtype), dtype)


def _new(name):
    def make(self, *args, dtype, **kwargs):
        if name in ("new_empty", "new_zeros"):
            return KeptTensor(getattr(self, name)(*args, dtype=CARRIERS[dtype], **kwargs), dtype)
        return KeptTensor(_encoded(getattr(self, name)(*args, dtype=_wide(dtype), **kwargs), dtype), dtype)

    return make


def _wide(dtype):
    return arcgrad.float32 if dtype.is_floating_point else arcgrad.int64


#: Functions and methods that make tensors of such dtypes.
_MAKERS: dict[str, Callable[..., Any]] = {
    "tensor": _tensor,
    "as_tensor": _tensor,
    "asarray": _tensor,
    "to": _to,
    "type": _to,
    "view": _view,
    "frombuffer": _frombuffer,
    **{name: _function(name) for name in ("empty", "zeros", "ones", "full", "empty_strided", "arange")},
    **{name: functools.partial(_like, name) for name in ("empty_like", "zeros_like", "ones_like", "full_like")},
    **{name: _new(name) for name in ("new_empty", "new_zeros", "new_ones", "new_full")},
}


def instead(name: str, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    """The result of a call of the core that names a dtype which it has no tensors of; NotImplemented where there is none."""
    given = dict(kwargs or {})
    if name not in _MAKERS or not any(each in CARRIERS for each in (*args, *given.values()) if isinstance(each, arcgrad.dtype)):
        return NotImplemented
    return _MAKERS[name](*args, **given)


_overrides.watch()
