"""What the names in PyTorch's files stand for here: its functions that rebuild tensors, its types of elements and of storages, and
the containers of Python that do no harm.

Every function checks what it is given: its arguments come from a file.
"""

from __future__ import annotations

import codecs
import math
from collections import Counter, OrderedDict, defaultdict, deque
from functools import cache
from pickle import UnpicklingError

import arcgrad as ag
from arcgrad._kept import CARRIERS, KeptTensor
from arcgrad.storage import TypedStorage

from ._structure import FACTORIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Names of storages by the dtype of their elements.
STORAGES = {
    "BFloat16": "bfloat16",
    "Bool": "bool",
    "Byte": "uint8",
    "Char": "int8",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "Int": "int32",
    "Long": "int64",
    "QInt32": "qint32",
    "QInt8": "qint8",
    "QUInt2x4": "quint2x4",
    "QUInt4x2": "quint4x2",
    "QUInt8": "quint8",
    "Short": "int16",
}

#: Axes of a tensor: PyTorch's limit.
_MAX_AXES = 64

#: PyTorch's other dtypes, by the beginnings of their names.
_MORE_DTYPES = ("bcomplex", "bits", "complex", "float", "int", "qint", "quint", "uint")


class StorageType:
    """A type of storages: PyTorch's names for them say the dtype of the elements.

    Args:
        dtype (str or None): the dtype's name; None for bytes whose meaning the tensors state.
    """

    def __init__(self, dtype: str | None) -> None:
        self.name = dtype

    @property
    def dtype(self) -> ag.dtype:
        """The dtype. NotImplementedError if it is not there yet."""
        return supported(self.name or "uint8")


def typed_storage(untyped: ag.UntypedStorage | None, dtype: ag.dtype, offset: int, length: int) -> TypedStorage:
    """Memory and the dtype of its elements: what PyTorch's files speak of where a tensor's memory is meant, and what a program gets back
    that has saved a storage itself.

    Args:
        untyped: the memory, or None on the meta device.
        dtype: of the elements.
        offset (int): of the first one, in elements: an old file may name a part of a storage.
        length (int): elements.
    """
    made = TypedStorage(wrap_storage=ag.UntypedStorage(device="meta") if untyped is None else untyped, dtype=dtype)
    made._part = offset, length  # type: ignore[attr-defined]
    return made


def shown(value: Any) -> str:
    """What a message says of a value from a file: a short one itself, of others the type. Printing a list that has another twice, that has
    another twice … would not end."""
    if value is None or type(value) in (bool, float) or type(value) is int and value.bit_length() < 100:
        return repr(value)
    if type(value) in (str, bytes):
        return repr(value[:100])
    return f"an object of type {type(value).__name__}"


@cache
def supported(name: str) -> ag.dtype:
    """The dtype of this name.

    Raises:
        NotImplementedError: arcgrad cannot compute with it.
    """
    dtype = getattr(ag, name, None)
    try:
        if type(dtype) is ag.dtype:
            ag.empty(0, dtype=dtype)
            return dtype
    except NotImplementedError:
        pass
    raise NotImplementedError(f"the file holds tensors of dtype {name}, which is not implemented in arcgrad yet")


# ---- tensors ----


def _naturals(values, what):
    if not isinstance(values, (tuple, list)):
        raise UnpicklingError(f"a tensor cannot have a {what} of {shown(values)}")
    if len(values) > _MAX_AXES:
        raise UnpicklingError(f"a tensor cannot have {len(values):,} axes")
    if not all(type(value) is int and 0 <= value < 2**63 for value in values):
        raise UnpicklingError(f"a tensor cannot have a {what} of {', '.join(map(shown, values[:20]))}")
    return list(values)


def _view(storage, dtype, offset, size, stride):
    (offset,) = _naturals([offset], "storage offset")
    size, stride = _naturals(size, "size"), _naturals(stride, "stride")
    if len(size) != len(stride):
        raise UnpicklingError(f"a tensor cannot have {len(size)} sizes and {len(stride)} strides")
    if math.prod(max(length, 1) for length in size) * dtype.itemsize >= 2**63:
        raise UnpicklingError(f"a tensor cannot have the size {size}")
    if storage.device.type == "meta":
        return _without_memory(size, stride, dtype)
    # Storages that the reader made lie in a part of another; those of a program's own begin where they begin.
    start, count = getattr(storage, "_part", (0, storage.nbytes() // storage.dtype.itemsize))
    last = offset + sum((length - 1) * step for length, step in zip(size, stride))
    if 0 not in size and last >= count * storage.dtype.itemsize // dtype.itemsize:
        raise UnpicklingError(f"a tensor reaches element {last} of a storage of {count}")
    # What is kept and not computed with lies in integers.
    carrier = CARRIERS.get(dtype)
    tensor = ag.empty(0, dtype=carrier or dtype).set_(storage.untyped(), start + offset, size, stride)
    return tensor if carrier is None else KeptTensor(tensor, dtype)


def _without_memory(size, stride, dtype):
    return ag.empty_strided(size, stride, dtype=dtype, device="meta")


def _finish(tensor, requires_grad, hooks, metadata):
    if hooks:
        raise UnpicklingError("a tensor with backward hooks: hooks are code, which no file can bring along")
    for name, on in (metadata or {}).items():
        if name not in ("conj", "neg"):
            raise UnpicklingError(f"a tensor with an unknown property: {shown(name)}")
        if on:
            # PyTorch marks it as to be conjugated or negated when it is read.
            tensor = ag.conj(tensor) if name == "conj" else -tensor
    return tensor.requires_grad_() if requires_grad is True else tensor


def _typed(storage):
    if isinstance(storage, ag.UntypedStorage):
        return typed_storage(storage, ag.uint8, 0, storage.nbytes())
    if not isinstance(storage, TypedStorage):
        raise UnpicklingError(f"a tensor over {type(storage).__name__}, which is no storage")
    return storage


def _rebuild_tensor(storage, storage_offset, size, stride):
    storage = _typed(storage)
    return _view(storage, storage.dtype, storage_offset, size, stride)


def _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks, metadata=None):
    return _finish(_rebuild_tensor(storage, storage_offset, size, stride), requires_grad, backward_hooks, metadata)


def _rebuild_tensor_v3(storage, storage_offset, size, stride, requires_grad, backward_hooks, dtype, metadata=None):
    if type(dtype) is not ag.dtype:
        raise UnpicklingError(f"{shown(dtype)} where a dtype should be")
    dtype = supported(str(dtype).rpartition(".")[2])
    return _finish(_view(_typed(storage), dtype, storage_offset, size, stride), requires_grad, backward_hooks, metadata)


def _tensor(value):
    if not isinstance(value, ag.Tensor):
        raise UnpicklingError(f"{type(value).__name__} where a tensor should be")
    return value


def _rebuild_parameter(data, requires_grad=True, backward_hooks=None):
    return _finish(ag.nn.Parameter(_tensor(data), requires_grad is True), False, backward_hooks, None)


def _rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    parameter = _rebuild_parameter(data, requires_grad, backward_hooks)
    _set_attributes(parameter, state)
    return parameter


def rebuild_from_type(function, kind, args, state, trusted=False):
    """A tensor of the class ``kind`` with attributes of its own, made by ``function``."""
    if not trusted and (not callable(function) or function not in _FUNCTIONS or not isinstance(args, tuple)):
        raise UnpicklingError("a tensor that is made by no function that makes tensors")
    tensor = _tensor(function(*args))
    if type(tensor) is not kind:
        from ._safe_globals import full_name, is_allowed

        if not trusted and not any(kind is known for known in (ag.Tensor, ag.nn.Parameter, ag.nn.Buffer)) and not is_allowed(kind):
            raise UnpicklingError(f"a tensor of a class that is not allowed: {full_name(kind)}")
        tensor = tensor.as_subclass(kind)
    _set_attributes(tensor, state)
    return tensor


def _rebuild_sparse_tensor(layout, data):
    if not isinstance(layout, type(ag.strided)):
        raise NotImplementedError(f"the file holds sparse tensors of a layout that is not implemented in arcgrad yet: {layout}")
    indices, second, third, *rest = data
    if layout is ag.sparse_coo:
        known = bool(rest and rest[0] is True)
        made = ag.sparse_coo_tensor(_tensor(indices), _tensor(second), _naturals(third, "size"))
        # What a file says of the order of coordinates is believed if it is so.
        return made._known_as_coalesced() if known else made
    (size,) = rest
    return ag.sparse_compressed_tensor(_tensor(indices), _tensor(second), _tensor(third), _naturals(size, "size"), layout=layout)


def _rebuild_meta_tensor(dtype, size, stride, requires_grad):
    size, stride = _naturals(size, "size"), _naturals(stride, "stride")
    return _finish(_without_memory(size, stride, dtype), requires_grad, None, None)


def _not_there(what):
    def rebuild(*args):
        raise NotImplementedError(f"the file holds {what}, which are not implemented in arcgrad yet")

    return rebuild


_LAYOUTS = ("strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc")


def _layout(name):
    if not isinstance(name, str):
        raise UnpicklingError(f"{shown(name)} where the name of a layout should be")
    home, _, layout = name.partition(".")
    return getattr(ag, layout) if home == "torch" and layout in _LAYOUTS else name


#: PyTorch's functions that make tensors.
_REBUILD = {
    "torch._tensor._rebuild_from_type_v2": rebuild_from_type,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _not_there("tensors of foreign devices"),
    "torch._utils._rebuild_device_tensor_from_numpy": _not_there("tensors of foreign devices"),
    "torch._utils._rebuild_meta_tensor_no_storage": _rebuild_meta_tensor,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter_with_state,
    "torch._utils._rebuild_qtensor": _not_there("quantised tensors"),
    "torch._utils._rebuild_sparse_tensor": _rebuild_sparse_tensor,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_wrapper_subclass": _not_there("tensors of classes that wrap others"),
    "torch.serialization._get_layout": _layout,
}


# ---- Python's containers ----


def _bytearray(data=b"", encoding=None):
    # A number would be a length.
    return bytearray(_encoded(data, encoding or "") if isinstance(data, str) else bytes(_list(data, (bytes, list, tuple))))


def _encoded(text, encoding="utf-8"):
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1", "utf-8", "utf8", "ascii"):
        raise UnpicklingError(f"{shown(text)} cannot be encoded as {shown(encoding)}")
    return codecs.encode(text, encoding)


def _list(values, kinds=(list, tuple)):
    if not isinstance(values, kinds):
        raise UnpicklingError(f"{type(values).__name__} where a list should be")
    return values


def _entries(kind):
    return lambda entries=(): kind(_list(entries, (list, tuple, dict)))


def _defaultdict(factory=None, entries=()):
    if factory is not None and factory not in FACTORIES.values():
        raise UnpicklingError("a defaultdict whose default_factory is no plain type")
    return defaultdict(factory, _list(entries, (list, tuple, dict)))


def _deque(values=(), maxlen=None):
    return deque(_list(values), None if maxlen is None else _naturals([maxlen], "length")[0])


def _plain_number(kind):
    def make(*args):
        if not all(type(value) in (int, float) for value in args):
            raise UnpicklingError(f"{kind.__name__} of something else than numbers")
        return kind(*args)

    return make


def _bounds(kind):
    def make(*bounds):
        if not all(bound is None or type(bound) is int for bound in bounds):
            raise UnpicklingError(f"a {kind.__name__} of something else than integers")
        return kind(*bounds)

    return make


def _size(values=()):
    return ag.Size(_naturals(values, "size"))


def _device(kind, index=None):
    return ag.device(kind) if index is None else ag.device(kind, index)


def _variable(data, requires_grad=False, volatile=False):
    """PyTorch's Variable of before version 0.4, which is a tensor since."""
    return _finish(_tensor(data).detach(), requires_grad, None, None)


#: Python's types that a pickle may name, with what is called where it calls them.
_PLAIN: dict[str, tuple[Any, Callable[..., Any]]] = {
    "_codecs.encode": (codecs.encode, _encoded),
    "builtins.bytearray": (bytearray, _bytearray),
    "builtins.bytes": (bytes, lambda: b""),  # how protocol 2 has the empty ones
    "builtins.complex": (complex, _plain_number(complex)),
    "builtins.frozenset": (frozenset, lambda values=(): frozenset(_list(values))),
    "builtins.range": (range, _bounds(range)),
    "builtins.set": (set, lambda values=(): set(_list(values))),
    "builtins.slice": (slice, _bounds(slice)),
    "collections.Counter": (Counter, lambda entries=None: Counter(_list(entries or {}, (dict,)))),
    "collections.OrderedDict": (OrderedDict, _entries(OrderedDict)),
    "collections.defaultdict": (defaultdict, _defaultdict),
    "collections.deque": (deque, _deque),
    "torch.Size": (ag.Size, _size),
    "torch.device": (ag.device, _device),
    "torch.nn.parameter.Parameter": (ag.nn.Parameter, _rebuild_parameter),
    "torch.autograd.variable.Variable": (_variable, _variable),
}
#: Factories of a defaultdict, which are named and not called.
_NAMED = {f"builtins.{name}": kind for name, kind in FACTORIES.items() if kind not in (bytearray, set)}

_FUNCTIONS: dict[Any, Callable[..., Any]] = {function: function for function in _REBUILD.values()}
_CALLS: dict[Any, Callable[..., Any]] = {**_FUNCTIONS, **dict(_PLAIN.values())}


# ---- what is asked ----


def find(full: str) -> Any:
    """What the name stands for, or None."""
    if full in _REBUILD:
        return _REBUILD[full]
    if full in _PLAIN:
        return _PLAIN[full][0]
    if full in _NAMED:
        return _NAMED[full]
    module, _, name = full.rpartition(".")
    if full == "torch.storage.UntypedStorage":
        return StorageType(None)
    if module in ("torch", "torch.cuda", "torch.storage") and name.endswith("Storage") and name[: -len("Storage")] in STORAGES:
        return StorageType(STORAGES[name[: -len("Storage")]])
    if module in ("torch", "torch.nn.parameter") and name in ("Tensor", "Buffer"):
        return ag.Tensor if name == "Tensor" else ag.nn.Buffer
    if module in ("torch", "torch.cuda") and name.endswith("Tensor") and name[: -len("Tensor")] in STORAGES:
        return getattr(ag, name, None)
    if module == "torch":
        value = getattr(ag, name, None)
        if type(value) is ag.dtype or type(value) in (type(ag.strided), type(ag.contiguous_format)):
            return value
        if name.startswith(_MORE_DTYPES):
            return supported(name)
    return None


def function_for(value: Any) -> Callable[..., Any] | None:
    """What is called where a pickle calls ``value``; None if it may not be called."""
    # What cannot be called may be long to hash.
    return _CALLS.get(value) if callable(value) else None


def set_state(obj: Any, state: Any) -> bool:
    """Gives an object of a known kind its attributes; False if such objects have none."""
    if isinstance(obj, ag.Tensor) and isinstance(state, tuple) and len(state) == 3:
        # A Variable of before version 0.4: whether gradients are wanted, whether it is volatile, hooks.
        _finish(obj, state[0], state[2], None)
        return True
    if isinstance(obj, (OrderedDict, ag.Tensor)):
        _set_attributes(obj, state)
        return True
    return False


def _set_attributes(obj, state):
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if slots or not isinstance(attributes, (dict, type(None))):
        raise UnpicklingError(f"{shown(state)} where attributes should be")
    for name in attributes or ():
        # A file can neither hide a method nor reach into the object by a property.
        if not isinstance(name, str) or name.startswith("__") or hasattr(type(obj), name):
            raise UnpicklingError(f"a {type(obj).__name__} cannot have the attribute {shown(name)} set by a file")
    obj.__dict__.update(attributes or {})
