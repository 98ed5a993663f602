"""The old tensor types: ``FloatTensor([1, 2])`` makes a float32 tensor, ``isinstance(t, FloatTensor)`` asks for the dtype."""

from arcgrad import _core


class _TensorType(type):
    """Tensors of a dtype count as instances of its type."""

    def __new__(mcs, name, bases, namespace):
        for base in bases:
            raise TypeError(f"type 'torch.{base.__name__}' is not an acceptable base type")
        return super().__new__(mcs, name, bases, namespace)

    def __instancecheck__(cls, instance):
        return isinstance(instance, _core.Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *args, device=None):
        if device is not None and (given := _core.device(device)).type != "cpu":
            raise RuntimeError(f"legacy constructor expects device type: cpu but device type: {given.type} was passed")
        if len(args) == 1 and (memory := getattr(args[0], "_untyped", None)) is not None:
            # A storage with a dtype is the memory of the tensor.
            if args[0].dtype is not cls.dtype:
                raise RuntimeError(f"Expected a Storage of type {cls.dtype}, but got one of {args[0].dtype}")
            return _core.empty(0, dtype=cls.dtype).set_(memory)
        return _core.Tensor._new_legacy(cls.dtype, *args)


def _make(name, dtype):
    doc = f"Makes a tensor of {dtype}, of the given sizes or with the given numbers. ``tensor()`` and ``empty()`` are clearer."
    return _TensorType(name, (), {"__module__": "arcgrad", "__doc__": doc, "dtype": dtype})


FloatTensor = _make("FloatTensor", _core.float32)
DoubleTensor = _make("DoubleTensor", _core.float64)
HalfTensor = _make("HalfTensor", _core.float16)
BFloat16Tensor = _make("BFloat16Tensor", _core.bfloat16)
LongTensor = _make("LongTensor", _core.int64)
IntTensor = _make("IntTensor", _core.int32)
ShortTensor = _make("ShortTensor", _core.int16)
CharTensor = _make("CharTensor", _core.int8)
ByteTensor = _make("ByteTensor", _core.uint8)
BoolTensor = _make("BoolTensor", _core.bool)
