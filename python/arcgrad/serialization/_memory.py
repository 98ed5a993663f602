"""Which tensors share memory, and one tensor over all that they share."""

from __future__ import annotations

import arcgrad as ag


class _Group:
    """Tensors whose memory overlaps, and the range of addresses that they cover together."""

    def __init__(self, number, start, end):
        self.members, self.start, self.end = [number], start, end


def overlapping(tensors):
    """Groups the tensors by overlapping ranges of memory; in the order of their first members."""
    spans, groups = [], []
    for number, tensor in enumerate(tensors):
        if tensor.numel() == 0:
            groups.append(_Group(number, 0, 0))
        else:
            spans.append((tensor.data_ptr(), tensor.data_ptr() + _reach(tensor) * tensor.element_size(), number))
    current = None
    for start, end, number in sorted(spans):
        if current is not None and start < current.end:
            current.members.append(number)
            current.end = max(current.end, end)
        else:
            current = _Group(number, start, end)
            groups.append(current)
    for group in groups:
        group.members.sort()
    return sorted(groups, key=lambda group: group.members[0])


def _reach(tensor):
    """Elements from a non-empty tensor's first one to its last one in memory."""
    return 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride()))


def joint_memory(members, start, end):
    """The range of memory that the members cover together, as a tensor of one axis: of bytes if their dtypes differ."""
    dtypes = {tensor.dtype for _, tensor in members}
    if len(dtypes) == 1:
        itemsize = members[0][1].element_size()
        memory = ag.zeros((end - start) // itemsize, dtype=dtypes.pop())
    else:
        # A whole number of the largest elements, for the views to come.
        largest = max(tensor.element_size() for _, tensor in members)
        itemsize = 1
        memory = ag.zeros(-(-(end - start) // largest) * largest, dtype=ag.uint8)
    for _, tensor in members:
        flat = tensor.detach().as_strided((_reach(tensor),), (1,), tensor.storage_offset())
        if itemsize == 1:
            flat = flat.view(ag.uint8)
        offset = (tensor.data_ptr() - start) // itemsize
        memory[offset : offset + flat.numel()].copy_(flat)
    return memory
