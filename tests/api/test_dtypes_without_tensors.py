"""Dtypes that no tensor has: they are there, say the truth, and are refused by name."""

import copy
import pickle

import pytest

import arcgrad as ag

#: Name -> bytes, floating point, complex, signed (None: undefined), as PyTorch 2.15 says.
FACTS = {
    "uint16": (2, False, False, False),
    "uint32": (4, False, False, False),
    "uint64": (8, False, False, False),
    "float8_e4m3fn": (1, True, False, True),
    "float8_e4m3fnuz": (1, True, False, True),
    "float8_e5m2": (1, True, False, True),
    "float8_e5m2fnuz": (1, True, False, True),
    "float8_e8m0fnu": (1, True, False, False),
    "float4_e2m1fn_x2": (1, True, False, True),
    "complex32": (4, False, True, True),
    "bcomplex32": (4, False, True, True),
    "int4": (1, False, False, True),
    "uint4": (1, False, False, False),
    "bits16": (2, False, False, None),
    "qint8": (1, False, False, None),
    "qint32": (4, False, False, None),
}


@pytest.mark.parametrize("name", FACTS)
def test_they_are_dtypes_and_say_what_they_are(name):
    dtype = getattr(ag, name)
    size, is_float, is_complex, is_signed = FACTS[name]
    assert isinstance(dtype, ag.dtype) and str(dtype) == f"arcgrad.{name}"
    assert (dtype.itemsize, dtype.is_floating_point, dtype.is_complex) == (size, is_float, is_complex)
    if is_signed is None:
        with pytest.raises(RuntimeError):
            dtype.is_signed  # noqa: B018
    else:
        assert dtype.is_signed is is_signed
    assert pickle.loads(pickle.dumps(dtype)) is dtype and copy.deepcopy(dtype) is dtype
    assert dtype == dtype and dtype != ag.float32 and len({dtype, ag.float32, dtype}) == 2
    assert dtype is not ag.zeros(1).dtype and ag.promote_types(dtype, dtype) is dtype


@pytest.mark.parametrize("name", ["complex32", "bcomplex32", "int4", "uint4", "bits16", "qint8", "qint32"])
@pytest.mark.parametrize(
    "make",
    [
        lambda dtype: ag.zeros(2, dtype=dtype),
        lambda dtype: ag.tensor([1], dtype=dtype),
        lambda dtype: ag.ones(2).to(dtype),
        lambda dtype: ag.ones(2).to(dtype=dtype),
        lambda dtype: ag.ones(2).type(dtype),
        lambda dtype: ag.ones(2).sum(dtype=dtype),
        lambda dtype: ag.ones(2).view(dtype),
        lambda dtype: ag.set_default_dtype(dtype),
        lambda dtype: ag.frombuffer(bytearray(8), dtype=dtype),
        lambda dtype: ag.nn.Linear(2, 2, dtype=dtype),
        lambda dtype: ag.ones(2).new_zeros(2, dtype=dtype),
    ],
)
def test_tensors_of_them_are_refused_by_name(name, make):
    with pytest.raises((NotImplementedError, TypeError), match=name):
        make(getattr(ag, name))


@pytest.mark.parametrize("name", ["uint16", "float8_e4m3fn"])
@pytest.mark.parametrize(
    "make",
    [lambda dtype: ag.ones(2).sum(dtype=dtype), lambda dtype: ag.set_default_dtype(dtype), lambda dtype: ag.nn.Linear(2, 2, dtype=dtype)],
)
def test_dtypes_whose_tensors_are_only_kept_are_not_computed_in(name, make):
    with pytest.raises((NotImplementedError, TypeError, RuntimeError)):
        make(getattr(ag, name))


def test_relatives():
    assert ag.complex32.to_real() is ag.float16 and ag.float16.to_complex() is ag.complex32 is ag.chalf
    assert ag.bfloat16.to_complex() is ag.bcomplex32 and ag.bcomplex32.to_real() is ag.bfloat16
    assert ag.uint16.to_real() is ag.uint16 and ag.bit is ag.uint1
    for dtype in (ag.int64, ag.uint16, ag.float8_e5m2):
        with pytest.raises(RuntimeError, match="Unknown Complex ScalarType for"):
            dtype.to_complex()


def test_limits():
    assert (ag.iinfo(ag.uint16).max, ag.iinfo(ag.uint32).max, ag.iinfo(ag.uint64).max) == (2**16 - 1, 2**32 - 1, 2**64 - 1)
    assert (ag.iinfo(ag.uint64).min, ag.iinfo(ag.uint16).bits, ag.iinfo(ag.uint16).dtype) == (0, 16, "uint16")
    assert (ag.finfo(ag.float8_e4m3fn).max, ag.finfo(ag.float8_e5m2).max, ag.finfo(ag.float8_e5m2).eps) == (448.0, 57344.0, 0.25)
    assert ag.finfo(ag.float8_e8m0fnu).min == 2.0**-127 and ag.finfo(ag.float8_e4m3fnuz).tiny == 2.0**-7
    assert ag.finfo(ag.complex32).dtype == "float16" and ag.finfo(ag.complex32).bits == 16
    for dtype in (ag.int4, ag.bits8, ag.float8_e5m2):
        with pytest.raises(TypeError, match="requires an integer input type"):
            ag.iinfo(dtype)
