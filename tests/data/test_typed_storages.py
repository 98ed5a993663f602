"""Storages with a dtype: how they are made, and as what they count."""

import pytest

import arcgrad as ag


def test_storages_are_made_of_sizes_and_numbers():
    storage = ag.IntStorage([-1, 0, 2])
    assert storage.tolist() == [-1, 0, 2] and storage.dtype is ag.int32 and storage.type() == "arcgrad.IntStorage"
    assert len(ag.FloatStorage()) == 0 and len(ag.DoubleStorage(5)) == 5
    assert ag.TypedStorage([1, 2], dtype=ag.int64).tolist() == [1, 2]
    assert isinstance(storage, ag.IntStorage) and not isinstance(storage, ag.LongStorage)
    assert isinstance(ag.zeros(2).storage(), ag.FloatStorage)


def test_numbers_are_converted():
    storage = ag.IntStorage([-1, 0, 2])
    assert storage.float().tolist() == [-1.0, 0.0, 2.0] and storage.bool().tolist() == [True, False, True]
    assert storage.complex_float().dtype is ag.complex64 and storage.int() is storage


def test_bytes_are_numbers_in_either_order():
    assert ag.ShortStorage.from_buffer(bytearray([1, 2, 3, 4]), "big").tolist() == [258, 772]
    assert ag.IntStorage.from_buffer(bytearray([1, 2, 3, 4]), "little").tolist() == [67305985]
    assert ag.BoolStorage.from_buffer(b"\0\1\2").tolist() == [False, True, True]
    assert ag.ByteStorage.from_buffer(b"abcd", count=2, offset=1).tolist() == [98, 99]
    with pytest.raises(ValueError, match="not .* numbers of 4 bytes"):
        ag.FloatStorage.from_buffer(b"abcde")


@pytest.mark.parametrize(
    "make, kind, message",
    [
        (lambda: ag.FloatStorage(1, 2), RuntimeError, "Too many positional arguments"),
        (lambda: ag.FloatStorage("a"), TypeError, "invalid data type"),
        (lambda: ag.FloatStorage(ag.zeros(1)), TypeError, "Argument type not recognized"),
        (lambda: ag.FloatStorage(device="cpu"), RuntimeError, "'device' cannot be specified"),
        (lambda: ag.TypedStorage(1, wrap_storage=ag.zeros(1).untyped_storage(), dtype=ag.float32), RuntimeError, "No positional"),
        (lambda: ag.TypedStorage(wrap_storage=ag.zeros(1).untyped_storage()), RuntimeError, "'dtype' must be specified"),
        (lambda: ag.TypedStorage(wrap_storage=3, dtype=ag.float32), TypeError, "must be UntypedStorage"),
    ],
)
def test_arguments_that_exclude_each_other_are_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_a_tensor_of_the_old_kind_shows_a_storage():
    storage = ag.FloatStorage([1.0, 2.0])
    tensor = ag.FloatTensor(storage)
    tensor[0] = 5.0
    assert storage.tolist() == [5.0, 2.0]
    with pytest.raises(RuntimeError, match="Expected a Storage of type"):
        ag.DoubleTensor(storage)


def test_a_storage_of_another_dtype_is_not_set():
    with pytest.raises(RuntimeError, match="Expected a Storage of type"):
        ag.zeros(0, dtype=ag.float64).set_(ag.FloatStorage([1.0]))


def test_untyped_storages_are_bytes():
    storage = ag.UntypedStorage(3)
    assert storage.tolist() == [0, 0, 0] and ag.UntypedStorage().nbytes() == 0
    storage[1] = 7
    copy = storage.clone()
    assert storage.fill_(2).tolist() == [2, 2, 2] and copy.tolist() == [0, 7, 0]
    assert storage.copy_(copy).tolist() == [0, 7, 0] and ag.UntypedStorage([1, 255]).tolist() == [1, 255]
    assert ag.UntypedStorage(8, device="meta").device.type == "meta" and not storage.is_cuda
    with pytest.raises(RuntimeError, match="size does not match"):
        storage.copy_(ag.UntypedStorage(4))
    with pytest.raises(RuntimeError, match="non-negative"):
        ag.UntypedStorage(-1)
    with pytest.raises(TypeError, match="a sequence of bytes"):
        ag.UntypedStorage("abc")


def test_untyped_storages_have_subclasses_attributes_and_weak_references():
    import weakref

    class Named(ag.UntypedStorage):
        pass

    whole = ag.ones(2).untyped_storage()
    named = Named(whole)
    named.name = "x"
    assert named == whole and named.data_ptr() == whole.data_ptr() and weakref.ref(named)() is named
    assert ag.empty(0).set_(named).tolist() == [1.0, 1.0]


def test_a_tensor_of_a_storage_shows_its_bytes():
    t = ag.tensor([[1.5, 2.5]])
    assert ag.tensor(t.untyped_storage(), dtype=ag.float32).tolist() == [1.5, 2.5]
    shown = ag.tensor(t.storage(), dtype=ag.float32)
    shown[0] = 3
    assert t.tolist() == [[3.0, 2.5]] and t.storage_type() is ag.FloatStorage
    with pytest.raises(RuntimeError, match="Expected a Storage of type"):
        ag.tensor(t.storage(), dtype=ag.float64)


def test_bytes_that_are_nowhere_are_not_available():
    for storage in (ag.UntypedStorage(2, device="meta"), ag.TypedStorage([1, 2], dtype=ag.int64, device="meta")):
        with pytest.raises(NotImplementedError, match="Not available"):
            storage[0]


def test_nothing_is_copied_out_of_a_storage_without_data():
    storage, other = ag.TypedStorage(4, device="meta", dtype=ag.int64), ag.LongStorage(4)
    for call in (storage.cpu, storage.untyped().cpu, lambda: other.copy_(storage), lambda: other.untyped().copy_(storage.untyped())):
        with pytest.raises(NotImplementedError, match="Cannot copy out"):
            call()
