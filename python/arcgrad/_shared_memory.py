"""Memory that processes share: ``share_memory_`` moves tensors into it, and ``multiprocessing`` hands it on.

Processes that are forked later see the same memory as it is. Others are given its file descriptor, through the pipes and queues
of ``multiprocessing``, and map it themselves. Nothing keeps two processes from writing to one element at once: that is for the
program to see to, as everywhere where memory is shared.
"""

from __future__ import annotations

import mmap
import os
import weakref
from multiprocessing.reduction import DupFd, ForkingPickler

import arcgrad
from arcgrad import Tensor, _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad import UntypedStorage

__all__ = ["share_memory_"]


class _Block(mmap.mmap):
    """Memory behind a file descriptor, which is closed when the memory is let go of."""

    descriptor: int

    @classmethod
    def of(cls, descriptor: int, size: int) -> _Block:
        block = cls(descriptor, size)
        block.descriptor = descriptor
        weakref.finalize(block, os.close, descriptor)
        return block


#: The memory of storages that have been moved, by the number of the storage.
_BLOCKS: weakref.WeakValueDictionary[int, _Block] = weakref.WeakValueDictionary()


def _descriptor(size):
    """A file without a name, of this size."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("arcgrad", os.MFD_CLOEXEC)
    else:
        from tempfile import TemporaryFile

        with TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


def _move(storage, descriptor, copy):
    block = _Block.of(descriptor, max(storage.nbytes(), 1))
    storage._move_to(block, copy)
    _BLOCKS[storage._cdata] = block


def share_storage(storage: UntypedStorage) -> UntypedStorage:
    """Moves the memory itself; what shares it already stays as it is."""
    if not storage.is_shared():
        _move(storage, _descriptor(max(storage.nbytes(), 1)), True)
    return storage


def share_memory_(self: Tensor) -> Tensor:
    """Moves the tensor's memory to where processes that are started later see it, and what they write there.

    All tensors that show the memory move with it. A process that is forked sees the same tensor; one that is spawned is given it
    as an argument, or through a queue or pipe of ``arcgrad.multiprocessing``. Does nothing for memory that is shared already.

    Returns:
        The tensor.

    >>> import arcgrad as torch
    >>> x = torch.zeros(3)
    >>> x.share_memory_().is_shared()
    True
    """
    share_storage(self.untyped_storage())
    return self


# ---- to other processes ----


def _reduce(tensor):
    """What stands for a tensor on its way to another process."""
    storage = tensor.untyped_storage()
    block = _BLOCKS.get(storage._cdata) if storage.is_shared() else None
    if block is None:
        return tensor.__reduce_ex__(2)
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing "
            "process boundaries. If you just want to transfer the data, call detach() on the tensor before serializing (e.g., "
            "putting it on the queue)."
        )
    place = tensor.dtype, tensor.storage_offset(), tuple(tensor.shape), tensor.stride()
    attributes = dict(getattr(tensor, "__dict__", ()))
    return _rebuild, (type(tensor), DupFd(block.descriptor), storage.nbytes(), place, tensor.requires_grad, attributes)


def _rebuild(kind, handle, size, place, requires_grad, attributes):
    storage = arcgrad.empty(size, dtype=arcgrad.uint8).untyped_storage()
    _move(storage, handle.detach(), False)
    dtype, offset, shape, stride = place
    tensor = arcgrad.empty(0, dtype=dtype).set_(storage, offset, shape, stride)
    if kind is not Tensor:
        tensor = Tensor._make_subclass(kind, tensor, requires_grad)
        tensor.__dict__.update(attributes)
    return tensor.requires_grad_(requires_grad)


for _kind in (Tensor, arcgrad.nn.Parameter):
    ForkingPickler.register(_kind, _reduce)

_names.describe(__name__)
