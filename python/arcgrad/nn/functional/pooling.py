"""Pooling beside that of the core: to sizes of which some are kept, by norms, by random windows, and back."""

from __future__ import annotations

import math

import arcgrad
from arcgrad import _names
from arcgrad._core import nn as _core
from arcgrad.nn.functional._format import in_format_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from arcgrad._core import Tensor

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d_with_indices",
    "max_pool2d_with_indices",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]


def _per_axis(value, axes):
    """One number for every axis, or the numbers that are given."""
    return list(value) if isinstance(value, (tuple, list)) else [value] * axes


# ---- to a given size ----


def _output_size(input, output_size):
    """Sizes of the outputs, where ``None`` keeps that of the input."""
    if not isinstance(output_size, (tuple, list)) or None not in output_size:
        return output_size
    if len(output_size) >= input.dim():
        raise ValueError(
            f"output_size {tuple(output_size)} is for an input of at least {len(output_size) + 1} axes, got {input.dim()}"
        )
    return [own if size is None else size for size, own in zip(output_size, input.shape[-len(output_size) :])]


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """Means of windows chosen so that ``output_size`` (a number, or one for each of height and width) of them cover the input
    evenly; ``None`` in place of a size keeps that of the input.

    >>> import arcgrad
    >>> arcgrad.nn.functional.adaptive_avg_pool2d(arcgrad.arange(8.0).view(1, 2, 4), (None, 1))
    tensor([[[1.5000],
             [5.5000]]])
    """
    return _core.adaptive_avg_pool2d(input, _output_size(input, output_size))


def adaptive_avg_pool3d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """As :func:`adaptive_avg_pool2d`, of depth, height and width."""
    return _core.adaptive_avg_pool3d(input, _output_size(input, output_size))


def adaptive_max_pool2d(input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False) -> Any:
    """Greatest elements of windows chosen so that ``output_size`` (a number, or one for each of height and width) of them cover
    the input evenly; ``None`` in place of a size keeps that of the input. With ``return_indices`` also where in its plane each
    lies.

    >>> import arcgrad
    >>> arcgrad.nn.functional.adaptive_max_pool2d(arcgrad.arange(8.0).view(1, 2, 4), (None, 1))
    tensor([[[3.],
             [7.]]])
    """
    return _core.adaptive_max_pool2d(input, _output_size(input, output_size), return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False) -> Any:
    """As :func:`adaptive_max_pool2d`, of depth, height and width."""
    return _core.adaptive_max_pool3d(input, _output_size(input, output_size), return_indices)


# ---- with the places of the greatest elements ----


def _finished(function, name, doc):
    """A function made of another one, under its own name."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _with_indices(pool, name, room):
    def function(
        input: Tensor,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> tuple[Tensor, Tensor]:
        return pool(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    doc = f":func:`{name}` with where in its {room} each element lies, whatever ``return_indices``."
    return _finished(function, f"{name}_with_indices", doc)


max_pool1d_with_indices = _with_indices(_core.max_pool1d, "max_pool1d", "line")
max_pool2d_with_indices = _with_indices(_core.max_pool2d, "max_pool2d", "plane")
max_pool3d_with_indices = _with_indices(_core.max_pool3d, "max_pool3d", "volume")


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: int | Sequence[int], return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """:func:`adaptive_max_pool1d` with where in its line each element lies, whatever ``return_indices``."""
    return _core.adaptive_max_pool1d(input, output_size, True)


def _adaptive_with_indices(pool, room):
    def function(
        input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
    ) -> tuple[Tensor, Tensor]:
        return pool(input, output_size, True)

    name = pool.__name__
    doc = f":func:`{name}` with where in its {room} each element lies, whatever ``return_indices``."
    return _finished(function, f"{name}_with_indices", doc)


adaptive_max_pool2d_with_indices = _adaptive_with_indices(adaptive_max_pool2d, "plane")
adaptive_max_pool3d_with_indices = _adaptive_with_indices(adaptive_max_pool3d, "volume")


# ---- norms of windows ----


def _lp_pool(axes, mean, greatest, input, norm_type, kernel_size, stride, ceil_mode):
    if norm_type == math.inf:
        return greatest(input.abs(), kernel_size, stride, ceil_mode=ceil_mode)
    if norm_type == -math.inf:
        return -greatest(-input.abs(), kernel_size, stride, ceil_mode=ceil_mode)
    means = mean(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    # Sums of odd powers may be negative: those have no root.
    sums = means.sign() * means.abs().relu() * math.prod(_per_axis(kernel_size, axes))
    return sums.pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: int, stride: int | None = None, ceil_mode: bool = False
) -> Tensor:
    """``(Σ x^p)^(1/p)`` of each window of ``(N, C, L)`` or ``(C, L)``, p being ``norm_type``.

    Args:
        input (Tensor): what is pooled.
        norm_type (float): p: 1 for sums, infinite for the greatest absolute value.
        kernel_size (int): size of the window.
        stride (int, optional): its step; its size if not given.
        ceil_mode (bool): keep a last window that leaves the input.

    >>> import arcgrad
    >>> arcgrad.nn.functional.lp_pool1d(arcgrad.tensor([[3.0, 4.0, 6.0, 8.0]]), 2, 2)
    tensor([[ 5., 10.]])
    """
    return _lp_pool(1, _core.avg_pool1d, _core.max_pool1d, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pooling(axes, mean, greatest, shapes):
    def function(
        input: Tensor,
        norm_type: float,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        ceil_mode: bool = False,
    ) -> Tensor:
        return _lp_pool(axes, mean, greatest, input, norm_type, kernel_size, stride, ceil_mode)

    return _finished(function, f"lp_pool{axes}d", f":func:`lp_pool1d` of {shapes}.")


lp_pool2d = _lp_pooling(2, _core.avg_pool2d, _core.max_pool2d, "``(N, C, H, W)`` or ``(C, H, W)``")
lp_pool3d = _lp_pooling(3, _core.avg_pool3d, _core.max_pool3d, "``(N, C, D, H, W)`` or ``(C, D, H, W)``")


# ---- random windows ----


def _starts(sample, length, outputs, window):
    """Where the windows along an axis begin, of steps that are random but of nearly equal size (Graham, 2014): ``sample`` in
    [0, 1) for each plane, result planes × ``outputs``. The arithmetic is that of the sample's dtype, as in PyTorch."""
    last = arcgrad.full((*sample.shape, 1), length - window)
    if outputs == 1:
        return last
    step = arcgrad.tensor((length - window) / (outputs - 1), dtype=sample.dtype)
    first = (sample * step).to(arcgrad.int64)
    steps = arcgrad.arange(outputs - 1, dtype=sample.dtype) + sample.unsqueeze(-1)
    return arcgrad.cat([(steps * step).to(arcgrad.int64) - first.unsqueeze(-1), last], -1)


def _places(samples, sizes, windows, outputs):
    """Places in its plane of every element under every window: planes × windows × elements of a window."""
    axes = len(sizes)
    places = arcgrad.zeros((1,) * (1 + 2 * axes), dtype=arcgrad.int64)
    for axis, (window, output, size) in enumerate(zip(windows, outputs, sizes)):
        # The first sample belongs to the last axis in two dimensions, to the first in three, as in PyTorch.
        starts = _starts(samples[:, 1 - axis if axes == 2 else axis], size, output, window)
        shape = [len(samples)] + [1] * (2 * axes)
        shape[1 + axis], shape[1 + axes + axis] = output, window
        places = places * size + (starts.unsqueeze(-1) + arcgrad.arange(window)).view(shape)
    return places.reshape(len(samples), math.prod(outputs), math.prod(windows))


def _fractional_sizes(name, input, axes, kernel_size, output_size, output_ratio):
    """Sizes of the windows and of the result, one per axis."""
    own = input.shape[-axes:]
    if output_size is None:
        if output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        ratios = _per_axis(output_ratio, axes)
        if len(ratios) != axes:
            raise ValueError(f"{name} requires output_ratio to either be a single number or one for each of {axes} axes")
        output_size = [int(size * ratio) for size, ratio in zip(own, ratios)]
    windows, outputs = _per_axis(kernel_size, axes), _per_axis(output_size, axes)
    for what, sizes in (("kernel_size", windows), ("output_size", outputs)):
        if len(sizes) != axes:
            raise RuntimeError(f"{name}: {what} must either be a single Int or tuple of Ints")
        if min(sizes) <= 0:
            raise RuntimeError(f"{name}: {what} must be greater than 0, but got {sizes}")
    for window, output, size in zip(windows, outputs, own):
        if output + window - 1 > size:
            raise RuntimeError(f"{name}: pool size {window} with {output} outputs is too large relative to input size {size}")
    return windows, outputs


def _fractional_max_pool(axes, input, kernel_size, output_size, output_ratio, return_indices, samples):
    name = f"fractional_max_pool{axes}d"
    if input.ndim not in (axes + 1, axes + 2):
        raise RuntimeError(f"{name}: Expected {axes + 1}D or {axes + 2}D tensor, but got: {list(input.shape)}")
    *batch, channels = input.shape[:-axes]
    own = input.shape[-axes:]
    if channels == 0 or 0 in own:
        raise RuntimeError(f"{name}: Expected input to have non-zero size for non-batch dimensions, but got {list(input.shape)}")
    windows, outputs = _fractional_sizes(name, input, axes, kernel_size, output_size, output_ratio)
    wanted = (math.prod(batch), channels, axes)
    if samples is None:
        samples = arcgrad.rand(wanted, dtype=input.dtype)
    elif tuple(samples.shape) != wanted:
        raise RuntimeError(f"{name}: Expect _random_samples to be of shape {list(wanted)}, but got {list(samples.shape)}")
    elif samples.dtype is not input.dtype:
        raise RuntimeError(f"{name}: Expect _random_samples to have the same dtype as input")
    planes = input.reshape(-1, math.prod(own))
    places = _places(samples.detach().reshape(-1, axes), own, windows, outputs)
    with arcgrad.no_grad():
        found = planes.gather(1, places.flatten(1)).view(places.shape).argmax(-1, keepdim=True)
    indices = places.gather(-1, found).squeeze(-1)
    shape = (*input.shape[:-axes], *outputs)
    values = planes.gather(1, indices).view(shape)
    return (values, indices.view(shape)) if return_indices else values


def _fractional(axes, doc=None, room=None):
    """The function of so many axes, or, with a word for what a window lies in, that which always gives the places, too."""

    def function(
        input: Tensor,
        kernel_size: int | Sequence[int],
        output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:
        places = return_indices or room is not None
        return _fractional_max_pool(axes, input, kernel_size, output_size, output_ratio, places, _random_samples)

    name = f"fractional_max_pool{axes}d"
    if room is None:
        return _finished(function, name, doc)
    function.__annotations__["return"] = "tuple[Tensor, Tensor]"
    doc = f":func:`{name}` with where in its {room} each element lies, whatever ``return_indices``."
    return _finished(function, f"{name}_with_indices", doc)


fractional_max_pool2d = _fractional(
    2,
    """Greatest elements of windows whose steps are random (Graham, 2014), of ``(N, C, H, W)`` or ``(C, H, W)``.

    Args:
        input (Tensor): what is pooled.
        kernel_size (int or pair): height and width of the windows.
        output_size (int or pair, optional): height and width of the result.
        output_ratio (float or pair, optional): of the result's size to the input's, instead.
        return_indices (bool): also return where in its plane each element lies.
        _random_samples (Tensor, optional): numbers in [0, 1) that choose the windows, ``(N, C, 2)``; drawn if not given.

    >>> import arcgrad
    >>> tuple(arcgrad.nn.functional.fractional_max_pool2d(arcgrad.rand(1, 2, 9, 9), 2, output_ratio=0.7).shape)
    (1, 2, 6, 6)
    """,
)
fractional_max_pool3d = _fractional(3, ":func:`fractional_max_pool2d` of ``(N, C, D, H, W)`` or ``(C, D, H, W)``.")
fractional_max_pool2d_with_indices = _fractional(2, room="plane")
fractional_max_pool3d_with_indices = _fractional(3, room="volume")


# ---- the inverse of maximum pooling ----


def _max_unpool(axes, input, indices, kernel_size, stride, padding, output_size):
    if indices.dtype is not arcgrad.int64:
        raise RuntimeError(f"max_unpool{axes}d: elements in indices should be type int64 but got: {indices.dtype}")
    if input.ndim not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"max_unpool{axes}d: Input to max_unpooling{axes}d should be a {axes + 1}d or {axes + 2}d Tensor, but got a tensor "
            f"with {input.ndim} dims"
        )
    if input.shape != indices.shape:
        raise RuntimeError(
            f"max_unpool{axes}d: Expected shape of indices to be same as that of the input tensor ({list(input.shape)}) but got "
            f"indices tensor with shape: {list(indices.shape)}"
        )
    windows, padding = _per_axis(kernel_size, axes), _per_axis(padding, axes)
    steps = windows if stride is None else _per_axis(stride, axes)
    for what, numbers in (("kernel_size", windows), ("stride", steps), ("padding", padding)):
        if len(numbers) != axes:
            raise RuntimeError(f"max_unpool{axes}d: there should be exactly {axes} elements in {what}, got {numbers}")
    if min(steps) <= 0:
        raise RuntimeError(f"max_unpool{axes}d: strides should be greater than zero, but got stride: {steps}")
    default = [
        (size - 1) * step + window - 2 * pad
        for size, step, window, pad in zip(input.shape[-axes:], steps, windows, padding)
    ]
    if output_size is None:
        sizes = default
    else:
        sizes = list(output_size)
        if len(sizes) == axes + 2:
            sizes = sizes[2:]
        if len(sizes) != axes:
            raise ValueError(
                f"output_size should be a sequence containing {axes} or {axes + 2} elements, but it has a length of '{len(sizes)}'"
            )
        for axis, (size, middle, step) in enumerate(zip(sizes, default, steps)):
            if not middle - step < size < middle + step:
                raise ValueError(
                    f'invalid output_size "{sizes}" (dim {axis} must be between {middle - step} and {middle + step})'
                )
    if min(sizes) < 0:
        raise RuntimeError(f"max_unpool{axes}d: the result would have the sizes {sizes}")
    lead = input.shape[:-axes]
    room = math.prod(sizes)
    places = indices.flatten(-axes)
    if places.numel():
        wrong = next((int(end) for end in places.aminmax() if not 0 <= end < room), None)
        if wrong is not None:
            volume = "x".join(map(str, sizes))
            raise RuntimeError(
                f"max_unpool{axes}d: Found an invalid max index: {wrong} (output volumes are of size {volume})"
            )
    empty = arcgrad.zeros((*lead, room), dtype=input.dtype)
    return in_format_of(input, empty.scatter(-1, places, input.flatten(-axes)).view(*lead, *sizes))


def _unpooling(axes, doc):
    def function(
        input: Tensor,
        indices: Tensor,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0,
        output_size: Sequence[int] | None = None,
    ) -> Tensor:
        return _max_unpool(axes, input, indices, kernel_size, stride, padding, output_size)

    return _finished(function, f"max_unpool{axes}d", doc)


max_unpool1d = _unpooling(
    1,
    """Elements put back to where ``max_pool1d`` found them, zeros elsewhere.

    Args:
        input (Tensor): what is put back, ``(N, C, L)`` or ``(C, L)``.
        indices (Tensor): where, as ``max_pool1d(…, return_indices=True)`` gives it.
        kernel_size, stride, padding (int or sequence): those of the pooling.
        output_size (sequence, optional): the size that was pooled, where the pooling gives the same for several.

    >>> import arcgrad
    >>> values, places = arcgrad.nn.functional.max_pool1d(arcgrad.tensor([[1.0, 5.0, 4.0, 2.0]]), 2, return_indices=True)
    >>> arcgrad.nn.functional.max_unpool1d(values, places, 2)
    tensor([[0., 5., 4., 0.]])
    """,
)
max_unpool2d = _unpooling(2, ":func:`max_unpool1d` of ``(N, C, H, W)`` or ``(C, H, W)``.")
max_unpool3d = _unpooling(3, ":func:`max_unpool1d` of ``(N, C, D, H, W)`` or ``(C, D, H, W)``.")


_names.describe(__name__)
