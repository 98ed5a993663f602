"""Tensors of dtypes that are kept and converted, and not computed with: eight-bit floats, wider unsigned integers."""

import copy
import pickle
import struct

import numpy as np
import pytest

import arcgrad as ag

#: Numbers as the bits of float32, and the bytes that PyTorch 2.15 makes of them.
NUMBERS = [
    0x0, 0x80000000, 0x3f800000, 0xbf000000, 0x3e99999a, 0x40533333, 0xc0e33333, 0x41880000, 0x43dff333, 0x43e00000, 0x43e80000, 0x43e80ccd,
    0x43f00000, 0xc3fa0000, 0x3a83126f, 0xbb03126f, 0x3b000000, 0x3a800000, 0x3ac00000, 0x37800000, 0x37000000, 0x37400000, 0x47600000, 0x476fff00,
    0x47700000, 0x4788b800, 0x43700000, 0x4377e666, 0x43780000, 0xc378199a, 0x43800000, 0xda24260, 0x8da24260, 0x7e967699, 0x400000, 0x80000,
    0x7f61b1e6, 0x3f400000, 0x3fc00000, 0x4039999a, 0xc0400000, 0x7f800000, 0xff800000, 0x7fc00000, 0x3d880000, 0x3d980000,
]
CODES = {
    "float8_e4m3fn": (
        "008038b02a45ce587e7e7e7e7efe01810100010000007e7e7e7e777778f87800807e00007e343c44c47efe7f181a"
    ),
    "float8_e4m3fnuz": (
        "000040b8324dd6608080808080800182020102000000808080807f7f8080800000800000803c444ccc8080802022"
    ),
    "float8_e5m2": (
        "00803cb83543c74c5f5f5f5f60e014981814160100017b7b7c7c5c5c5cdc5c00807c00007c3a3e42c27cfc7f2c2d"
    ),
    "float8_e5m2fnuz": (
        "000040bc3947cb506363636364e4189c1c181a0201027f7f8080606060e0600000800000803e4246c68080803031"
    ),
    "float8_e8m0fnu": (
        "00007f7e7d81828388888888888875767675766f6e6f8f8f8f8f87878787871b1bfd0000ff7f808081ffffff7b7b"
    ),
}
FLOATS = list(CODES)
CARRIERS = {"uint16": ag.int16, "uint32": ag.int32, "uint64": ag.int64}


def numbers():
    return ag.tensor([struct.unpack("<f", struct.pack("<I", bits))[0] for bits in NUMBERS], dtype=ag.float32)


@pytest.mark.parametrize("name", FLOATS)
def test_numbers_become_the_bytes_that_pytorch_makes_of_them(name):
    assert bytes(numbers().to(getattr(ag, name)).view(ag.uint8).tolist()).hex() == CODES[name]


@pytest.mark.parametrize("name", FLOATS)
def test_every_code_is_a_number_that_becomes_the_same_code(name):
    dtype = getattr(ag, name)
    codes = ag.arange(256).to(ag.uint8)
    values = codes.view(dtype).float()
    again = values.to(dtype).view(ag.uint8)
    known = ~values.isnan() & values.isfinite()
    assert known.sum() >= 246 and ag.equal(again[known], codes[known])
    assert values.to(dtype).float().isnan().tolist() == values.isnan().tolist()


def test_what_some_codes_mean():
    def meant(dtype, code):
        return ag.tensor([code], dtype=ag.uint8).view(dtype).item()

    assert (meant(ag.float8_e4m3fn, 0x7E), meant(ag.float8_e4m3fn, 0x01), meant(ag.float8_e4m3fn, 0xB8)) == (448.0, 2.0**-9, -1.0)
    assert (meant(ag.float8_e5m2, 0x7B), meant(ag.float8_e5m2, 0x7C)) == (57344.0, float("inf"))
    assert (meant(ag.float8_e4m3fnuz, 0x7F), meant(ag.float8_e5m2fnuz, 0x40)) == (240.0, 1.0)
    assert (meant(ag.float8_e8m0fnu, 127), meant(ag.float8_e8m0fnu, 0)) == (1.0, 2.0**-127)


@pytest.mark.parametrize("name", [*FLOATS, *CARRIERS])
def test_they_are_made_moved_and_taken_apart(name):
    dtype = getattr(ag, name)
    x = ag.tensor([[1, 2, 4], [8, 16, 32]], dtype=dtype)
    assert isinstance(x, ag.Tensor) and x.dtype is dtype and x.shape == (2, 3) and not x.requires_grad
    assert x.tolist() == [[1, 2, 4], [8, 16, 32]] and x[1, 2].item() == 32 and len(x) == 2
    assert x.element_size() == dtype.itemsize and x.nbytes == 6 * dtype.itemsize == x.untyped_storage().nbytes()
    assert x.t().reshape(-1).tolist() == [1, 8, 2, 16, 4, 32] and x.t().data_ptr() == x.data_ptr()
    assert ag.cat([x, x[:1]]).tolist()[2] == [1, 2, 4] and ag.equal(x, x.clone()) and ag.stack([x, x]).shape == (2, 2, 3)
    assert (x == x.clone()).all() and (x == 4).sum() == 1 and (x != 4).sum() == 5
    for made, expected in [
        (ag.zeros(2, dtype=dtype), 2.0**-127 if name == "float8_e8m0fnu" else 0),
        (ag.ones(2, dtype=dtype), 1),
        (ag.full((2,), 4, dtype=dtype), 4),
        (ag.ones_like(x, dtype=ag.float32).to(x.dtype), 1),
        (ag.ones_like(x), 1),
        (ag.ones(2).new_full((2,), 2.0, dtype=dtype), 2),
        (ag.ones(2).type(dtype), 1),
        (ag.frombuffer(bytearray(bytes(ag.ones(2, dtype=dtype).view(ag.uint8).tolist())), dtype=dtype), 1),
    ]:
        assert made.dtype is dtype and made.flatten()[0].item() == expected
    assert ag.empty(2, 3, dtype=dtype).shape == (2, 3)
    x[0, 0] = 2
    assert ag.zeros(2, 3).copy_(x)[0].tolist() == [2, 2, 4] and ag.empty(2, 3, dtype=dtype).copy_(x).tolist() == x.tolist()
    assert x.to(ag.float64).sum() == 64 and x.half().dtype is ag.float16 and x.to(dtype) is x


@pytest.mark.parametrize("name", [*FLOATS, *CARRIERS])
def test_they_are_printed_pickled_and_copied_with_their_dtype(name):
    dtype = getattr(ag, name)
    x = ag.tensor([1, 2], dtype=dtype)
    shown = "1., 2." if dtype.is_floating_point else "1, 2"
    assert repr(x) == f"tensor([{shown}], dtype=arcgrad.{name})"
    for other in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)):
        assert other.dtype is dtype and other.tolist() == [1, 2]


def test_unsigned_integers_hold_what_signed_ones_do_not():
    assert ag.tensor([2**64 - 1], dtype=ag.uint64).item() == 2**64 - 1
    assert ag.tensor([65535, 3], dtype=ag.uint16).tolist() == [65535, 3] and ag.tensor([-1]).to(ag.uint32).item() == 2**32 - 1
    assert ag.tensor([2**63], dtype=ag.uint64).double().item() == 2.0**63
    assert ag.tensor([1.5, 70000.0]).to(ag.uint32).tolist() == [1, 70000]
    numpy = pytest.importorskip("numpy")
    assert ag.tensor([65535], dtype=ag.uint16).numpy().tolist() == [65535]
    assert ag.tensor(numpy.array([1], dtype="uint8"), dtype=ag.uint16).tolist() == [1]


def test_what_is_not_computed_says_so():
    x = ag.ones(2, dtype=ag.float8_e5m2)
    for compute in (lambda: x + x, lambda: ag.sin(x), lambda: x @ x, lambda: ag.ones(2) * x):
        with pytest.raises(NotImplementedError, match="not implemented for 'Float8_e5m2'"):
            compute()
    with pytest.raises(RuntimeError, match="can not require gradients"):
        x.requires_grad_()
    with pytest.raises(TypeError, match="unsupported ScalarType Float8_e5m2"):
        x.numpy()


def test_halves_of_bytes_are_kept_and_not_read():
    x = ag.empty(2, 2, dtype=ag.float4_e2m1fn_x2)
    assert x.shape == (2, 2) and x.view(ag.uint8).shape == (2, 2) and x.view(4).dtype is ag.float4_e2m1fn_x2
    with pytest.raises(NotImplementedError, match="Float4_e2m1fn_x2"):
        x.float()


def test_bytes_of_a_storage_are_read_and_written():
    x = ag.arange(3, dtype=ag.uint8)
    storage = x.untyped_storage()
    assert storage.untyped() is storage and storage.tolist() == [0, 1, 2] and storage.clone().data_ptr() != storage.data_ptr()
    storage[0] = 7
    assert x.tolist() == [7, 1, 2] and list(storage) == [7, 1, 2] and storage.float().tolist() == [7.0, 1.0, 2.0]
    assert storage.fill_(3) is storage and x.tolist() == [3, 3, 3] and storage.copy_(ag.ones(3, dtype=ag.uint8).untyped_storage())[2] == 1
    assert ag.asarray(storage, dtype=ag.uint8).data_ptr() == x.data_ptr()
    assert ag.asarray(storage[1:1], dtype=ag.float32).shape == (0,)


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_unsigned_arrays_become_tensors_over_their_memory(bits):
    array = np.array([1, 2**bits - 1], dtype=f"uint{bits}")
    shared, copied = ag.from_numpy(array), ag.tensor(array)
    assert shared.dtype is ag.as_tensor(array).dtype is copied.dtype is getattr(ag, f"uint{bits}")
    assert shared.tolist() == copied.tolist() == array.tolist()
    array[0] = 5
    assert shared.tolist()[0] == ag.as_tensor(array).tolist()[0] == 5 and copied.tolist()[0] == 1
    assert ag.as_tensor(array[:1], dtype=ag.float32).tolist() == [5.0] and ag.tensor(array[::-1].copy()[1:], dtype=ag.int64).tolist() == [5]
