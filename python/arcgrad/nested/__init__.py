"""Nested tensors: several tensors with the same number of axes and other sizes, computed with as one.

What is done to a nested tensor is done to each of the tensors it is made of, no faster than in a loop, and what is not there for
nested tensors says so. ``unbind`` gives these tensors, ``to_padded_tensor`` one tensor of the greatest sizes.

    >>> import arcgrad as ag
    >>> sentences = ag.nested.nested_tensor([ag.ones(2, 3), ag.zeros(4, 3)])
    >>> [x.shape for x in (2 * sentences).unbind()]
    [arcgrad.Size([2, 3]), arcgrad.Size([4, 3])]
    >>> sentences.to_padded_tensor(0.0).shape
    arcgrad.Size([2, 4, 3])
"""

from __future__ import annotations

import arcgrad
from arcgrad import Tensor, _names
from arcgrad.nested.tensor import NestedTensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["NestedTensor", "as_nested_tensor", "masked_select", "narrow", "nested_tensor", "nested_tensor_from_jagged", "to_padded_tensor"]


def as_nested_tensor(
    ts: Tensor | Sequence[Tensor], dtype: arcgrad.dtype | None = None, device: Any = None, layout: arcgrad.layout | None = None
) -> Tensor:
    """A nested tensor of tensors, through which gradients flow to them.

    Args:
        ts: the tensors, or one tensor whose slices along the first axis they are.
        dtype, device: what they are converted to.
        layout: ``arcgrad.strided``, or ``arcgrad.jagged``, of which one axis alone may have several sizes.

    >>> import arcgrad as ag
    >>> x = ag.ones(2, requires_grad=True)
    >>> ag.nested.as_nested_tensor([x, ag.zeros(3)]).sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """
    if isinstance(ts, NestedTensor):
        return ts
    if not isinstance(ts, (list, tuple, Tensor)):
        raise TypeError("as_nested_tensor(): Expected first argument to be a tensor or a list / tuple of tensors")
    if not all(isinstance(part, Tensor) for part in ts):
        raise TypeError("as_nested_tensor(): Expected all elements of the list to be tensors")
    return NestedTensor([part.to(device=device, dtype=dtype or part.dtype) for part in ts], layout)


def nested_tensor(
    tensor_list: Sequence[Any],
    *,
    dtype: arcgrad.dtype | None = None,
    layout: arcgrad.layout | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A nested tensor of copies of tensors, or of what ``tensor`` makes tensors of: a leaf of the graph.

    Args:
        tensor_list: the tensors, all with the same number of axes.
        dtype, device: of the copies.
        layout: ``arcgrad.strided``, or ``arcgrad.jagged``, of which one axis alone may have several sizes.
        requires_grad (bool): whether it requires a gradient, which is a nested tensor then.
        pin_memory (bool): without effect.

    >>> import arcgrad as ag
    >>> ag.nested.nested_tensor([[1.0, 2.0], [3.0]])
    nested_tensor([
      tensor([1., 2.]),
      tensor([3.])
    ])
    """
    parts = [
        part.detach().to(device=device, dtype=dtype or part.dtype, copy=True)
        if isinstance(part, Tensor)
        else arcgrad.tensor(part, dtype=dtype, device=device)
        for part in tensor_list
    ]
    return NestedTensor([part.requires_grad_(requires_grad) for part in parts], layout)


def nested_tensor_from_jagged(
    values: Tensor,
    offsets: Tensor | None = None,
    lengths: Tensor | None = None,
    jagged_dim: int | None = None,
    min_seqlen: int | None = None,
    max_seqlen: int | None = None,
) -> Tensor:
    """A nested tensor of the parts of one tensor, which follow one another.

    Args:
        values (Tensor): all parts, joined along an axis.
        offsets (Tensor): where they begin, and the last one ends.
        lengths (Tensor): how long they are. With offsets, there may be gaps.
        jagged_dim (int): the axis of the result along which they differ. Default: 1.
        min_seqlen, max_seqlen: without effect.

    >>> import arcgrad as ag
    >>> ag.nested.nested_tensor_from_jagged(ag.arange(5), ag.tensor([0, 2, 5])).unbind()
    (tensor([0, 1]), tensor([2, 3, 4]))
    """
    if offsets is None and lengths is None:
        raise RuntimeError("nested_tensor_from_jagged(): At least one of offsets or lengths is required.")
    if offsets is None:
        assert lengths is not None
        begins = (lengths.cumsum(0) - lengths).tolist()
    else:
        begins = offsets[:-1].tolist()
        lengths = offsets.diff() if lengths is None else lengths
    axis = 0 if jagged_dim is None else jagged_dim - 1
    if len(lengths) != len(begins):
        raise RuntimeError(
            f"offsets and lengths batch sizes must match: offsets.shape[0] - 1 = {len(begins)}, lengths.shape[0] = {len(lengths)}"
        )
    end = int(lengths.sum()) if offsets is None else int(offsets[-1])
    if end != values.shape[axis]:
        raise RuntimeError(
            f"nested_tensor_from_jagged(): the parts end at {end}, and the values have {values.shape[axis]} along the axis {axis}"
        )
    parts = [values.narrow(axis, begin, length) for begin, length in zip(begins, lengths.tolist())]
    return NestedTensor(parts, arcgrad.jagged, axis + 1)


def narrow(tensor: Tensor, dim: int, start: int | Tensor, length: int | Tensor, layout: arcgrad.layout | None = None) -> Tensor:
    """A nested tensor of a part of each slice of a tensor, which begin and end in different places.

    Args:
        tensor (Tensor): what is cut.
        dim (int): the axis, which is 1.
        start, length (int or Tensor): where the parts begin and how long they are; one for all, or one each.
        layout: of the result.

    >>> import arcgrad as ag
    >>> ag.nested.narrow(ag.arange(6).view(2, 3), 1, ag.tensor([0, 1]), ag.tensor([1, 2]), ag.jagged).unbind()
    (tensor([0]), tensor([4, 5]))
    """
    if dim != 1:
        raise RuntimeError(f"narrow(): only the axis 1 can be cut in several places, not {dim}")
    count = len(tensor)
    starts = start.expand(count).tolist() if isinstance(start, Tensor) else [start] * count
    lengths = length.expand(count).tolist() if isinstance(length, Tensor) else [length] * count
    return NestedTensor([part.narrow(0, *where) for part, *where in zip(tensor, starts, lengths)], layout)


def masked_select(tensor: Tensor, mask: Tensor) -> Tensor:
    """A nested tensor of the elements of each row that a mask says.

    >>> import arcgrad as ag
    >>> ag.nested.masked_select(ag.tensor([[1, 2], [3, 4]]), ag.tensor([[True, True], [False, True]])).unbind()
    (tensor([1, 2]), tensor([4]))
    """
    if mask.dtype is not arcgrad.bool:
        raise RuntimeError(f"masked_select(): expected a mask of bool, got {mask.dtype}")
    tensor, mask = arcgrad.broadcast_tensors(tensor, mask)
    return NestedTensor([part[chosen] for part, chosen in zip(tensor, mask)], arcgrad.jagged)


def to_padded_tensor(input: Tensor, padding: float, output_size: Sequence[int] | None = None) -> Tensor:
    """One tensor of the greatest sizes, or of those given, with a number where a smaller tensor has nothing.

    >>> import arcgrad as ag
    >>> ag.nested.to_padded_tensor(ag.nested.nested_tensor([[1.0, 2.0], [3.0]]), 0.0)
    tensor([[1., 2.],
            [3., 0.]])
    """
    if not isinstance(input, NestedTensor):
        raise RuntimeError("to_padded_tensor: expected a nested tensor")
    return input.to_padded_tensor(padding, output_size)


_names.describe(__name__)
