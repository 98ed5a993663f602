"""The gradient of sampled functions, by finite differences."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcgrad._core import Tensor

__all__ = ["gradient"]


def gradient(
    input: Tensor,
    *,
    spacing: float | Tensor | Sequence[float] | Sequence[Tensor] | None = None,
    dim: int | Sequence[int] | None = None,
    edge_order: int = 1,
) -> tuple[Tensor, ...]:
    """The derivatives of a function along axes, from its values at points of a grid: by central differences inside, by one-sided
    ones at the edges.

    Args:
        input (Tensor): the values.
        spacing (number, or sequence of numbers or tensors): the distance of neighbouring points, 1 by default: one for all axes, one for each, or
            the coordinates of the points of each axis.
        dim (int or sequence of ints): the axes. Default: all.
        edge_order (int): how exact differences at the edges are: 1 or 2.

    Returns:
        A tuple of tensors in the shape of ``input``, one for each axis.

    Raises:
        RuntimeError: ``spacing`` does not fit the axes, an axis is too short, or appears twice.

    >>> import arcgrad as ag
    >>> ag.gradient(ag.tensor([1.0, 2.0, 4.0, 8.0]))
    (tensor([1.0000, 1.5000, 3.0000, 4.0000]),)
    """
    if spacing is None:
        spacing = 1
    if dim is None:
        axes = list(range(input.ndim))
    else:
        axes = [_axis(each, input.ndim) for each in ([dim] if isinstance(dim, int) else dim)]
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"dim {next(axis for axis in axes if axes.count(axis) > 1)} appears multiple times in the list of dims")
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if input.dtype is _core.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if isinstance(spacing, _core.Tensor) and spacing.ndim or not isinstance(spacing, (int, float, complex, _core.Tensor)):
        spacings = list(spacing)
        if len(spacings) != len(axes):
            raise RuntimeError(
                "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to "
                f"{'dim' if dim is not None else 'self.dim()'} = {len(axes)}, since dim argument "
                f"{'was' if dim is not None else 'was not'} given, but got a list of length {len(spacings)}."
            )
    else:
        spacings = [spacing] * len(axes)
    for axis, distance in zip(axes, spacings):
        if input.ndim == 0 or input.shape[axis] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
        if isinstance(distance, _core.Tensor) and distance.ndim > 1:
            raise RuntimeError("torch.gradient expected each tensor to have one dimension, but got a tensor with "
                               f"{distance.ndim} dimensions")
        if isinstance(distance, _core.Tensor) and distance.ndim == 1 and distance.numel() != input.shape[axis]:
            raise RuntimeError(
                f"torch.gradient expected the coordinates of axis {axis} to be {input.shape[axis]}, but got {distance.numel()}"
            )
    return tuple(_along(input, axis, distance, edge_order) for axis, distance in zip(axes, spacings))


def _axis(dim, rank):
    if not -rank <= dim < rank:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], but got {dim})")
    return dim % rank


def _along(values, axis, distance, edge_order):
    size = values.shape[axis]
    if not (values.is_floating_point() or values.is_complex()):
        values = values.to(_core.get_default_dtype())
    before, middle, behind = (values.narrow(axis, first, size - 2) for first in (0, 1, 2))

    def at(place):
        return values.narrow(axis, place % size, 1)

    if not (isinstance(distance, _core.Tensor) and distance.ndim == 1):
        inside = (behind - before) / (2 * distance)
        if edge_order == 1:
            first, last = (at(1) - at(0)) / distance, (at(-1) - at(-2)) / distance
        else:
            first = (-1.5 * at(0) + 2 * at(1) - 0.5 * at(2)) / distance
            last = (0.5 * at(-3) - 2 * at(-2) + 1.5 * at(-1)) / distance
        return _core.cat([first, inside, last], axis)
    steps = distance.diff().reshape(-1, *(1,) * (values.ndim - 1 - axis))
    h, k = steps.narrow(0, 0, size - 2), steps.narrow(0, 1, size - 2)
    # The parabola through three points, differentiated at the middle one.
    inside = -k / (h * (h + k)) * before + (k - h) / (h * k) * middle + h / (k * (h + k)) * behind
    if edge_order == 1:
        first, last = (at(1) - at(0)) / steps[0], (at(-1) - at(-2)) / steps[-1]
    else:
        # The same parabola at its ends.
        h, k = steps[0], steps[1]
        first = -(2 * h + k) / (h * (h + k)) * at(0) + (h + k) / (h * k) * at(1) - h / (k * (h + k)) * at(2)
        h, k = steps[-2], steps[-1]
        last = k / (h * (h + k)) * at(-3) - (h + k) / (h * k) * at(-2) + (h + 2 * k) / (k * (h + k)) * at(-1)
    return _core.cat([first, inside, last], axis)
