"""Tensors made in ways that few programs use: ranges with their end, any order of axes in memory, files as memory."""

from __future__ import annotations

from arcgrad import _core, _warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor, dtype, layout

__all__ = ["empty_permuted", "from_file", "new_empty_strided", "range"]


def range(
    start: float = 0,
    end: float | None = None,
    step: float = 1,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from ``start`` to ``end``, the end included. Deprecated: ``arange`` leaves it out, as Python does.

    Args:
        start, end, step: numbers; with one argument, that is the end.
        out (Tensor): receives the result.
        dtype: of the result. Default: the default dtype.

    Raises:
        RuntimeError: ``step`` is 0 or leads away from ``end``.

    >>> import arcgrad as ag
    >>> ag.range(1, 2, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    _warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with Python's range "
        "builtin. Instead, use torch.arange, which produces values in [start, end)."
    )
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (abs(start) < float("inf") and abs(end) < float("inf")):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype is None:
        dtype = _core.get_default_dtype() if out is None else out.dtype
    count = int((end - start) / step + 1)
    exact = dtype if not (dtype.is_floating_point or dtype.is_complex) else _core.float64
    if exact is _core.float64:
        made = (_core.arange(count, dtype=exact) * step + start).to(dtype)
    else:
        made = _core.arange(count, dtype=exact) * int(step) + int(start)
    if out is not None:
        if out.numel() != count:
            out.resize_(count)
        return out.copy_(made.view(out.shape))
    if device is not None:
        made = made.to(device)
    return made.requires_grad_(requires_grad)


def empty_permuted(
    size: Sequence[int],
    physical_layout: Sequence[int],
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A dense tensor, its elements whatever the memory held, with its axes in a given order in memory.

    Args:
        size (sequence of ints): the shape.
        physical_layout (sequence of ints): the axes, those with the longest steps first.

    Raises:
        RuntimeError: ``physical_layout`` does not name every axis once.

    >>> import arcgrad as ag
    >>> ag.empty_permuted((2, 3, 5), (1, 0, 2)).stride()
    (5, 10, 1)
    """
    rank = len(size)
    if len(physical_layout) != rank:
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {rank} is not equal to len(physical_layout) = {len(physical_layout)}"
        )
    for place, axis in enumerate(physical_layout):
        if not 0 <= axis < rank:
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {rank - 1}, but got {axis} at index {place}).  NB: negative "
                "dims not currently supported; file an issue if you want it."
            )
    if len(set(physical_layout)) < rank:
        raise RuntimeError("Duplicate dim not allowed")
    options = {"dtype": dtype, "device": device, "pin_memory": pin_memory}
    made = _core.empty([size[axis] for axis in physical_layout], **options)
    places = {axis: place for place, axis in enumerate(physical_layout)}
    return made.permute([places[axis] for axis in sorted(places)]).detach().requires_grad_(requires_grad)


def new_empty_strided(
    self: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: layout | None = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of a shape and strides, of the dtype of another one unless one is given; its elements are whatever the memory held."""
    return _core.empty_strided(
        size, stride, dtype=self.dtype if dtype is None else dtype, device=device, requires_grad=requires_grad, pin_memory=pin_memory
    )


def from_file(
    filename: str,
    shared: bool | None = None,
    size: int | None = 0,
    *,
    dtype: dtype | None = None,
    layout: layout | None = None,
    device: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor whose memory is a file: nothing is read before it is used.

    Args:
        filename (str): the file; with ``shared`` it is made, or made longer, where it is too short.
        shared (bool): whether what is written to the tensor is written to the file. Default: ``False``.
        size (int): the number of elements.
        dtype: of the elements. Default: the default dtype.

    Raises:
        RuntimeError: the file is too short, and not ``shared``.
    """
    dtype = _core.get_default_dtype() if dtype is None else dtype
    made = _core.empty(0, dtype=dtype)
    if size:
        from arcgrad.storage import _from_file

        made.set_(_from_file(filename, bool(shared), size * dtype.itemsize))
    return made
