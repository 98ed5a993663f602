"""Images in another size, under another grid, and with channels that become pixels."""

from __future__ import annotations

import itertools
import math

import arcgrad
from arcgrad import _names, _warnings
from arcgrad._core import nn as _core
from arcgrad.nn.functional._format import in_format_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = [
    "affine_grid",
    "channel_shuffle",
    "grid_sample",
    "interpolate",
    "native_channel_shuffle",
    "pixel_shuffle",
    "pixel_unshuffle",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

# ---- another size ----


def _cubic(distance, a):
    """The kernel of cubic convolution (Keys, 1981), of which ``a`` is the slope at 1."""
    x = distance.abs()
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = a * (((x - 5) * x + 8) * x - 4)
    return arcgrad.where(x <= 1, near, arcgrad.where(x < 2, far, 0.0))


def _triangle(distance):
    return (1 - distance.abs()).clamp(min=0)


def _ratio(own, size, scale, aligned):
    """How many elements of an axis lie under one of the result."""
    if aligned:
        return (own - 1) / (size - 1) if size > 1 else 0.0
    return own / size if scale is None else 1 / scale


def _cubic_taps(own, size, scale, aligned):
    """Places and weights of the four elements around each of the result."""
    ratio = _ratio(own, size, scale, aligned)
    at = arcgrad.arange(size, dtype=arcgrad.float64).unsqueeze(1)
    center = at * ratio if aligned else (at + 0.5) * ratio - 0.5
    places = center.floor() + arcgrad.arange(-1.0, 3.0, dtype=arcgrad.float64)
    return places.clamp(0, own - 1).to(arcgrad.int64), _cubic(places - center, -0.75)


def _antialiasing_taps(own, size, scale, aligned, kernel, reach):
    """Places and weights of the elements under a kernel that is stretched to reach over ``reach`` elements of the smaller grid."""
    ratio = _ratio(own, size, scale, aligned)
    stretch = max(ratio, 1.0)
    center = (arcgrad.arange(size, dtype=arcgrad.float64).unsqueeze(1) + 0.5) * ratio
    first = (center - reach * stretch + 0.5).trunc().clamp(min=0)
    end = (center + reach * stretch + 0.5).trunc().clamp(max=own)
    places = first + arcgrad.arange(int((end - first).max()), dtype=arcgrad.float64)
    weights = kernel((places - center + 0.5) / stretch).masked_fill(places >= end, 0)
    # Beyond the end stands an element that counts already: what is far away may be infinite.
    return arcgrad.minimum(places, end - 1).to(arcgrad.int64), weights / weights.sum(1, keepdim=True)


def _resample(input, axis, places, weights):
    """Weighted sums along an axis: for each element of the result those of the input at a row of ``places``."""
    taken = input.index_select(axis, places.flatten()).unflatten(axis, places.shape)
    return (taken * weights.to(input.dtype).view(*weights.shape, *(1,) * (input.ndim - axis - 1))).sum(axis + 1)


def _resample_bytes(input, axis, places, weights):
    """:func:`_resample` of bytes, rounded to bytes, with weights as integers of 15 bits: as many of fraction as the greatest allows."""
    greatest = float(weights.max())
    bits = next((bits for bits in range(22) if int(greatest * 2 ** (bits + 1) + 0.5) >= 1 << 15), 22)
    scaled = weights * 2**bits
    whole = (scaled.abs() + 0.5).trunc() * scaled.sign()
    sums = _resample(input.to(arcgrad.float64), axis, places, whole)
    return ((sums + 2 ** (bits - 1)) / 2**bits).floor().clamp(0, 255).to(arcgrad.uint8)


def _output_sizes(input, size, scale_factor, recompute_scale_factor):
    """For each axis of the picture the size of the result and, where it counts, the factor."""
    own = input.shape[2:]
    if (size is None) == (scale_factor is None):
        raise ValueError(
            "either size or scale_factor should be defined" if size is None else "only one of size or scale_factor should be defined"
        )
    given = size if scale_factor is None else scale_factor
    numbers = list(given) if isinstance(given, (tuple, list)) else [given] * len(own)
    if len(numbers) != len(own):
        raise ValueError(
            f"Input and {'output' if scale_factor is None else 'scale_factor'} must have the same number of spatial dimensions, but got "
            f"input with spatial dimensions of {list(own)} and {numbers}"
        )
    if scale_factor is None:
        if recompute_scale_factor:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        sizes = [(int(number), None) for number in numbers]
    else:
        sizes = [
            (math.floor(length * factor), None if recompute_scale_factor else float(factor))
            for length, factor in zip(own, numbers)
        ]
    if min(own) <= 0 or min(size for size, _ in sizes) <= 0:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(own)} and output {[size for size, _ in sizes]}"
        )
    return sizes


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resampling of the axes after batch and channels to ``size``, or to ``scale_factor`` times their sizes.

    Args:
        input (Tensor): ``(N, C, L)``, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        size (int or sequence, optional): of the result, one for all axes or one for each.
        scale_factor (float or sequence, optional): instead of ``size``; sizes are rounded down.
        mode (str): ``'nearest'``, ``'nearest-exact'``, ``'linear'`` (one axis), ``'bilinear'``, ``'bicubic'`` (two),
            ``'trilinear'`` (three) or ``'area'``, the means of windows.
        align_corners (bool, optional): whether the centres of the corner elements of both grids coincide, or their outer corners,
            for the linear and cubic modes.
        recompute_scale_factor (bool, optional): go by the ratio of the sizes, not by ``scale_factor``, which may not give a
            whole number of elements.
        antialias (bool): stretch the kernel where the result is smaller, as a picture needs; for ``'bilinear'`` and ``'bicubic'``.

    >>> import arcgrad
    >>> arcgrad.nn.functional.interpolate(arcgrad.tensor([[[1.0, 3.0]]]), size=4, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    if antialias and not (mode in ("bilinear", "bicubic") and input.ndim == 4):
        raise ValueError("Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input")
    if mode != "bicubic" and not antialias:
        return _core.interpolate(input, size, scale_factor, mode, align_corners, recompute_scale_factor)
    if input.ndim != 4:
        raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs 4D input")
    pictures = input.dtype is arcgrad.uint8
    if not (input.is_floating_point() or pictures):
        raise NotImplementedError(f"interpolate: mode '{mode}' is not implemented for {input.dtype}")
    sizes = _output_sizes(input, size, scale_factor, recompute_scale_factor)
    result = input
    # The last axis first: bytes are rounded between, as in PyTorch.
    for axis, (length, factor) in reversed(list(enumerate(sizes, 2))):
        own, aligned = result.shape[axis], bool(align_corners)
        if not antialias:
            taps = _cubic_taps(own, length, factor, aligned)
        elif mode == "bilinear":
            taps = _antialiasing_taps(own, length, factor, aligned, _triangle, 1)
        else:
            taps = _antialiasing_taps(own, length, factor, aligned, lambda distance: _cubic(distance, -0.5), 2)
        result = (_resample_bytes if pictures else _resample)(result, axis, *taps)
    return in_format_of(input, result)


def _deprecated(name):
    _warnings.warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.")


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The old name of :func:`interpolate`."""
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """:func:`interpolate` with the nearest element."""
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor)


def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None
) -> Tensor:
    """:func:`interpolate` with bilinear weights and corners that coincide."""
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


# ---- another grid ----


def _warn_of_default(align_corners):
    if align_corners is None:
        _warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
            "align_corners=True if the old behavior is desired."
        )
    return bool(align_corners)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid for :func:`grid_sample` that maps the places of a result of ``size`` by affine maps.

    Args:
        theta (Tensor): the maps, ``(N, 2, 3)``, or ``(N, 3, 4)`` for volumes.
        size (sequence): of the result, ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        align_corners (bool, optional): whether -1 and 1 are the centres of the corner elements, or their outer corners.

    Shapes:
        result ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``.

    >>> import arcgrad
    >>> identity = arcgrad.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> arcgrad.nn.functional.affine_grid(identity, (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    size = list(size)
    if len(size) not in (4, 5):
        raise NotImplementedError(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size {size}."
        )
    axes = len(size) - 2
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (axes, axes + 1):
        raise ValueError(
            f"Expected a batch of {axes}D affine matrices of shape Nx{axes}x{axes + 1} for size {size}. Got {list(theta.shape)}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    if len(theta) != size[0]:
        raise RuntimeError(f"Expected a batch of {size[0]} affine matrices for size {size}. Got {list(theta.shape)}.")
    aligned = _warn_of_default(align_corners)
    if aligned and min(size[2:]) == 1:
        _warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an "
            "intended use case of affine_grid."
        )
    lines = []
    for length in reversed(size[2:]):
        line = arcgrad.linspace(-1, 1, length, dtype=theta.dtype) if length > 1 else arcgrad.zeros(1, dtype=theta.dtype)
        lines.append(line if aligned else line * ((length - 1) / length))
    # Places go from the last axis to the first: x, y, z.
    coordinates = [line.view(-1, *(1,) * axis).expand(size[2:]) for axis, line in enumerate(lines)]
    places = arcgrad.stack([*coordinates, arcgrad.ones(size[2:], dtype=theta.dtype)], -1).view(-1, axes + 1)
    return (places @ theta.transpose(1, 2)).view(size[0], *size[2:], axes)


def _reflected(x, low, span):
    """``x`` thrown back at ``low`` and ``low + span`` until it lies between them."""
    if span == 0:
        return x.clamp(0, 0)
    distance = arcgrad.where(x < low, low - x, x - low)
    turns = (distance.detach() / span).floor()
    beyond = distance.fmod(span)
    return arcgrad.where(turns % 2 == 0, beyond + low, span - beyond + low)


def _inside(x, size, padding_mode, aligned):
    """A coordinate after padding: unchanged, limited to the input, or reflected at its ends."""
    if padding_mode == "zeros":
        return x
    if padding_mode == "reflection":
        x = _reflected(x, 0.0, size - 1.0) if aligned else _reflected(x, -0.5, float(size))
    # No gradient at the ends, where clamp has one; what is no number lies at the first.
    return arcgrad.where((x > 0) & (x < size - 1), x, x.detach().nan_to_num(0.0).clamp(0, size - 1))


def _grid_taps(x, size, mode, padding_mode, aligned):
    """The elements along one axis that a coordinate needs: pairs of their places and weights."""
    if mode == "bicubic":
        first = x.detach().floor()
        places = [first + step for step in (-1, 0, 1, 2)]
        return [(_inside(place, size, padding_mode, aligned), _cubic(x - place, -0.75)) for place in places]
    x = _inside(x, size, padding_mode, aligned)
    if mode == "nearest":
        # The gradient of the place is zero, not missing.
        return [(x.detach().round(), x * 0 + 1)]
    first = x.detach().floor()
    rest = x - first
    return [(first, 1 - rest), (first + 1, rest)]


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The input at the places that ``grid`` names (Jaderberg et al., 2015).

    Args:
        input (Tensor): ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
        grid (Tensor): places ``(N, H', W', 2)`` or ``(N, D', H', W', 3)``: x, y (and z) from -1 to 1, x along the last axis.
        mode (str): ``'bilinear'``, ``'nearest'`` or ``'bicubic'``; of volumes along all three axes.
        padding_mode (str): what is outside of the input: ``'zeros'``, its ``'border'`` or its ``'reflection'``.
        align_corners (bool, optional): whether -1 and 1 are the centres of the corner elements, or their outer corners.

    Shapes:
        result ``(N, C, H', W')`` or ``(N, C, D', H', W')``.

    >>> import arcgrad
    >>> image = arcgrad.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> arcgrad.nn.functional.grid_sample(image, arcgrad.tensor([[[[0.0, 0.0], [1.0, -1.0]]]]), align_corners=True)
    tensor([[[[2.5000, 2.0000]]]])
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    aligned = _warn_of_default(align_corners)
    sizes_given = f"got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise RuntimeError(
            f"grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but {sizes_given}"
        )
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(f"grid_sampler(): expected grid and input to have same batch size, but {sizes_given}")
    axes = input.ndim - 2
    if grid.shape[-1] != axes:
        raise RuntimeError(f"grid_sampler(): expected grid to have size {axes} in last dimension, but {sizes_given}")
    if 0 in input.shape[2:]:
        raise RuntimeError(f"grid_sampler(): expected input to have non-empty spatial dimensions, but {sizes_given}")
    if input.dtype is not grid.dtype or not input.is_floating_point():
        raise RuntimeError(
            f"grid_sampler(): expected input and grid to have the same floating-point dtype, but got {input.dtype} and {grid.dtype}"
        )
    places = grid.flatten(1, -2)
    taps = []
    for axis, size in enumerate(input.shape[2:]):
        unit = places[..., axes - 1 - axis]
        x = (unit + 1) / 2 * (size - 1) if aligned else ((unit + 1) * size - 1) / 2
        taps.append(_grid_taps(x, size, mode, padding_mode, aligned))
    elements = input.flatten(2)
    total = None
    for corner in itertools.product(*taps):
        index, seen, weight = 0, None, None
        for (place, factor), size in zip(corner, input.shape[2:]):
            within = (place >= 0) & (place <= size - 1)
            seen = within if seen is None else seen & within
            index = index * size + arcgrad.where(within, place, 0.0).to(arcgrad.int64)
            weight = factor if weight is None else weight * factor
        found = elements.gather(2, index.unsqueeze(1).expand(-1, input.shape[1], -1))
        # What is outside is zero, whatever was read in its place.
        found = arcgrad.where(seen.unsqueeze(1), found, 0.0) * weight.unsqueeze(1)
        total = found if total is None else total + found
    return total.view(*input.shape[:2], *grid.shape[1:-1])


# ---- channels and pixels ----


def _check_shuffled(name, input, factor, what):
    if input.ndim < 3:
        raise RuntimeError(f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)")
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {what}, but got {factor}")


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """``(*, C r², H, W)`` as ``(*, C, H r, W r)``: groups of r² channels become squares of pixels (Shi et al., 2016).

    >>> import arcgrad
    >>> arcgrad.nn.functional.pixel_shuffle(arcgrad.arange(4).view(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    r = upscale_factor
    _check_shuffled("pixel_shuffle", input, r, "upscale_factor")
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={channels} is not divisible by {r * r}"
        )
    squares = input.reshape(*lead, channels // (r * r), r, r, height, width)
    shuffled = squares.movedim((-2, -4, -1, -3), (-4, -3, -2, -1))
    return in_format_of(input, shuffled.reshape(*lead, channels // (r * r), height * r, width * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """The inverse of :func:`pixel_shuffle`: ``(*, C, H r, W r)`` as ``(*, C r², H, W)``."""
    r = downscale_factor
    _check_shuffled("pixel_unshuffle", input, r, "downscale_factor")
    *lead, channels, height, width = input.shape
    for what, place, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but input.size({place})={size} is not "
                f"divisible by {r}"
            )
    squares = input.reshape(*lead, channels, height // r, r, width // r, r)
    shuffled = squares.movedim((-3, -1, -4, -2), (-4, -3, -2, -1))
    return in_format_of(input, shuffled.reshape(*lead, channels * r * r, height // r, width // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Takes the channels (axis 1) in turn from ``groups`` groups of them (Zhang et al., 2018).

    >>> import arcgrad
    >>> arcgrad.nn.functional.channel_shuffle(arcgrad.arange(6).view(1, 6, 1), 2).flatten()
    tensor([0, 3, 1, 4, 2, 5])
    """
    if input.ndim <= 2:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    channels = input.shape[1]
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    return in_format_of(input, input.unflatten(1, (groups, channels // groups)).transpose(1, 2).flatten(1, 2))


native_channel_shuffle = channel_shuffle


_names.describe(__name__)
