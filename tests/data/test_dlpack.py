"""DLPack: memory that is shared with other libraries, in both directions."""

import gc

import numpy as np
import pytest

import arcgrad as ag
from arcgrad.utils import dlpack

DTYPES = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_and_tensors_show_one_memory(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    tensor = ag.from_dlpack(array)
    assert tensor.dtype == getattr(ag, dtype) and tensor.tolist() == array.tolist()
    array[1, 2] = 0
    assert tensor[1, 2].item() == 0
    again = np.from_dlpack(tensor)
    assert again.dtype == array.dtype
    tensor[2, 3] = 1
    assert again[2, 3] == array[2, 3] == 1
    assert again.__array_interface__["data"][0] == array.__array_interface__["data"][0] == tensor.data_ptr()


def test_layouts_are_kept():
    tensor = ag.arange(24.0).reshape(2, 3, 4)
    for view in (tensor.permute(2, 0, 1), tensor[:, 1:, ::2], tensor[0, 0, 0], tensor[:0], tensor.expand(5, 2, 3, 4)):
        array = np.from_dlpack(view)
        assert array.shape == tuple(view.shape) and array.tolist() == view.tolist()
        back = ag.from_dlpack(array)
        assert back.tolist() == view.tolist()
        if view.numel():
            assert back.data_ptr() == view.data_ptr()
    with pytest.raises(ValueError, match="negative"):
        ag.from_dlpack(np.arange(3.0)[::-1])


def test_memory_outlives_its_owner():
    array = np.from_dlpack(ag.full((1000,), 3.0))
    tensor = ag.from_dlpack(np.full(1000, 4.0))
    gc.collect()
    scribble = [ag.zeros(1000) for _ in range(20)]
    assert (array == 3.0).all() and (tensor == 4.0).all() and scribble


def test_what_is_read_only_stays_so():
    array = np.arange(4.0)
    array.flags.writeable = False
    tensor = ag.from_dlpack(array)
    with pytest.raises(RuntimeError, match="read-only"):
        tensor.add_(1)
    # Lent on, it is still marked; and is not lent to those that could not be told.
    assert not np.from_dlpack(tensor).flags.writeable
    with pytest.raises(BufferError):
        tensor.__dlpack__()
    lent = np.from_dlpack(dlpack.ReadOnlyTensorWrapper(ag.zeros(2)))
    assert not lent.flags.writeable
    assert np.from_dlpack(ag.zeros(2)).flags.writeable


def test_versions():
    tensor = ag.zeros(2)
    assert '"dltensor"' in repr(tensor.__dlpack__())
    assert '"dltensor"' in repr(tensor.__dlpack__(max_version=(0, 8)))
    assert '"dltensor_versioned"' in repr(tensor.__dlpack__(max_version=(1, 0)))
    assert tensor.__dlpack_device__() == (dlpack.DLDeviceType.kDLCPU, 0)


def test_copies():
    array = np.zeros(2)
    tensor = ag.from_dlpack(array, copy=True)
    array[0] = 1
    assert tensor.tolist() == [0.0, 0.0]
    assert ag.from_dlpack(array, copy=False, device="cpu").tolist() == [1.0, 0.0]
    source = ag.zeros(2)
    copied = np.from_dlpack(source, copy=True)
    source.fill_(2)
    assert copied.tolist() == [0.0, 0.0]


def test_capsules_are_consumed_once():
    tensor = ag.arange(3.0)
    capsule = ag.to_dlpack(tensor)
    shared = dlpack.from_dlpack(capsule)
    shared[0] = 9
    assert tensor.tolist() == [9.0, 1.0, 2.0]
    with pytest.raises((RuntimeError, ValueError)):
        dlpack.from_dlpack(capsule)
    # One that nobody consumes frees what it held.
    ag.to_dlpack(tensor)


def test_what_is_refused():
    leaf = ag.zeros(2, requires_grad=True)
    with pytest.raises(BufferError, match="Can't export tensors that require gradient, use tensor.detach()"):
        leaf.__dlpack__()
    assert np.from_dlpack(leaf.detach()).tolist() == [0.0, 0.0]
    with pytest.raises(AssertionError, match="stream should be None on cpu."):
        ag.zeros(2).__dlpack__(stream=3)
    with pytest.raises(BufferError, match="device"):
        ag.zeros(2).__dlpack__(dl_device=(2, 0))
    for wrong in (3, "x", None, object()):
        with pytest.raises(RuntimeError, match="invalid capsule"):
            ag.from_dlpack(wrong)
    with pytest.raises((BufferError, TypeError)):
        ag.from_dlpack(np.array(["a"]))


def test_gradients_go_on_through_what_is_shared():
    array = np.arange(3.0)
    tensor = ag.from_dlpack(array).requires_grad_()
    (tensor * tensor).sum().backward()
    assert tensor.grad.tolist() == [0.0, 2.0, 4.0]


def test_a_library_with_the_protocol_alone():
    """Nothing but the two methods of the protocol is asked for."""

    class Other:
        def __init__(self):
            self.array = np.arange(3.0)
            self.asked = None

        def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
            self.asked = max_version
            return self.array.__dlpack__(max_version=max_version)

        def __dlpack_device__(self):
            return (1, 0)

    other = Other()
    tensor = ag.from_dlpack(other)
    tensor[0] = 7
    assert other.array[0] == 7 and other.asked >= (1, 0)
