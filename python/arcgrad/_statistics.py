"""Histograms, as compositions of other operations."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NamedTuple

    from arcgrad._core import Tensor

    class _Histogram(NamedTuple):
        hist: Tensor
        bin_edges: Tensor

    class _Histograms(NamedTuple):
        hist: Tensor
        bin_edges: tuple[Tensor, ...]


__all__ = ["histogram", "histogramdd"]


def histogram(
    input: Tensor,
    bins: Tensor | int = 100,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: tuple[Tensor, Tensor] | None = None,
) -> _Histogram:
    """How many elements lie between the edges of bins. Each bin holds its left edge, the last one its right edge too.

    Args:
        input (Tensor): floating-point elements, in any shape; those outside of all bins do not count.
        bins (int or Tensor): the number of equal bins, or an increasing sequence of their edges.
        range (pair of floats): the outer edges of equal bins. Default: the least and the greatest element, or 0 and 1 if there is none.
        weight (Tensor): what each element counts, in the shape of ``input``. Default: 1.
        density (bool): divides by the sum and the widths of the bins, so that the integral is 1.
        out (pair of tensors): receive the result.

    Returns:
        A named tuple ``(hist, bin_edges)``.

    Raises:
        NotImplementedError: for integers.
        RuntimeError: for wrong shapes or dtypes, no bins or edges that are not finite.

    >>> import arcgrad as ag
    >>> ag.histogram(ag.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0))
    arcgrad.return_types.histogram(
    hist=tensor([0., 2., 1., 0.]),
    bin_edges=tensor([0.0000, 0.7500, 1.5000, 2.2500, 3.0000]))
    """
    _check_dtype(input)
    _check_weight(weight, input, (*input.shape, 1), input.shape)
    if range is not None and len(range) != 2:
        raise RuntimeError(f"torch.histogramdd: for a 1-dimensional histogram range should have 2 elements, but got {len(range)}")
    for what, given in zip(("hist", "bin_edges"), out or ()):
        if given.dtype is not input.dtype:
            raise RuntimeError(
                f"torch.histogram: input tensor and {what} tensor should have the same dtype, but got input "
                f"{_in_c(input.dtype)} and {what} {_in_c(given.dtype)}"
            )
    values = input.detach().reshape(-1)
    edges = _edges(values, bins, range)
    if range is not None and isinstance(bins, _core.Tensor):
        raise TypeError("histogram(): range is for a number of bins, and edges are given")
    count = edges.numel() - 1
    inside = (values >= edges[0]) & (values <= edges[-1])
    values = values[inside]
    place = _bin_of(values, edges, count, equal=isinstance(bins, int))
    counts = _core.ones_like(values) if weight is None else weight.detach().reshape(-1)[inside]
    hist = _core.zeros(count, dtype=input.dtype).index_add_(0, place, counts)
    if density:
        hist = hist / hist.sum() / (edges[1:] - edges[:-1])
    if out is not None:
        hist, edges = (given.resize_(made.shape).copy_(made) for given, made in zip(out, (hist, edges)))
    return _named("histogram", hist, edges)


def histogramdd(
    input: Tensor,
    bins: int | Sequence[int] | Sequence[Tensor],
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> _Histograms:
    """How many points lie in each cell of a grid. Each bin holds its left edge, the last one of an axis its right edge too.

    Args:
        input (Tensor): points, the coordinates of each along the last axis.
        bins (int, or sequence of ints or tensors): the number of equal bins along every axis, or along each, or their edges.
        range (sequence of floats): the outer edges of equal bins: those of the first axis, then those of the second, ….
        weight (Tensor): what each point counts. Default: 1.
        density (bool): divides by the sum and the sizes of the cells, so that the integral is 1.

    Returns:
        A named tuple ``(hist, bin_edges)``: a tensor with an axis for each coordinate, and a tuple of edges.

    Raises:
        NotImplementedError: for integers.
        RuntimeError: numbers of coordinates, bins and edges differ, or shapes or dtypes do.

    >>> import arcgrad as ag
    >>> ag.histogramdd(ag.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]), bins=[2, 2]).hist
    tensor([[0., 1.],
            [1., 1.]])
    """
    _check_dtype(input)
    if input.ndim < 2:
        raise RuntimeError(f"torch.histogramdd: input tensor should have at least 2 dimensions, but got {input.ndim}")
    count = input.shape[-1]
    if isinstance(bins, int):
        bins = [bins] * count
    if len(bins) != count:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input. "
            f"(got {len(bins)} for {count} coordinates)"
        )
    if range is not None and len(range) != 2 * count:
        raise RuntimeError(
            f"torch.histogramdd: for a {count}-dimensional histogram range should have {2 * count} elements, but got {len(range)}"
        )
    _check_weight(weight, input, input.shape, input.shape[:-1])
    if count == 0:
        # A grid without axes has one cell, in which no point lies.
        return _named("histogramdd", _core.full((), float("nan") if density else 0.0, dtype=input.dtype), ())
    points = input.detach().flatten(0, -2)
    axes = points.unbind(1)
    outer = (lambda axis: None) if range is None else (lambda axis: range[2 * axis : 2 * axis + 2])
    edges = tuple(_edges(values, each, outer(axis), axis) for axis, (values, each) in enumerate(zip(axes, bins)))
    shape = [each.numel() - 1 for each in edges]
    inside = _core.ones(points.shape[0], dtype=_core.bool)
    place = _core.zeros(points.shape[0], dtype=_core.int64)
    for values, each, given, size in zip(axes, edges, bins, shape):
        inside &= (values >= each[0]) & (values <= each[-1])
        place = place * size + _bin_of(values, each, size, equal=isinstance(given, int))
    counts = _core.ones(points.shape[0], dtype=input.dtype) if weight is None else weight.detach().reshape(-1)
    total = 1
    for size in shape:
        total *= size
    hist = _core.zeros(total, dtype=input.dtype).index_add_(0, place[inside], counts[inside]).reshape(shape)
    if density:
        hist = hist / hist.sum()
        for axis, each in enumerate(edges):
            hist = hist / each.diff().reshape(-1, *(1,) * (count - 1 - axis))
    return _named("histogramdd", hist, edges)


def _in_c(dtype):
    """The name of a dtype in the messages of PyTorch, which is that of its C++."""
    return {_core.float64: "double", _core.float32: "float", _core.int64: "long int", _core.int32: "int"}.get(dtype, str(dtype))


def _check_dtype(input):
    if not input.is_floating_point():
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{_NAMES.get(input.dtype, input.dtype)}'")


_NAMES = {
    _core.bool: "Bool",
    _core.uint8: "Byte",
    _core.int8: "Char",
    _core.int16: "Short",
    _core.int32: "Int",
    _core.int64: "Long",
    _core.complex64: "ComplexFloat",
    _core.complex128: "ComplexDouble",
}


def _check_weight(weight, input, points, wanted):
    """``points`` is the shape of the input as rows of coordinates."""
    if weight is None:
        return
    if weight.dtype is not input.dtype:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got "
            f"input({_in_c(input.dtype)}), and weight({_in_c(weight.dtype)})"
        )
    if weight.shape != wanted:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its "
            f"innermost dimension, but got input with shape {list(points)} and weight with shape {list(weight.shape)}"
        )


def _bin_of(values, edges, count, equal):
    """The bin that each value lies in, of those that lie in any; the first or the last one of others."""
    if equal:
        place = ((values - edges[0]) * count / (edges[-1] - edges[0])).nan_to_num(0.0).clamp(0, count).to(_core.int64)
    else:
        place = _core.searchsorted(edges, values.contiguous(), right=True) - 1
    return place.clamp_(0, count - 1)


def _edges(values, bins, outer, axis=0):
    if isinstance(bins, _core.Tensor):
        if bins.dtype is not values.dtype:
            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
                f"{_in_c(values.dtype)} and bins for dimension {axis} with dtype {_in_c(bins.dtype)}"
            )
        if bins.ndim != 1 or bins.numel() == 0:
            raise RuntimeError(
                f"torch.histogramdd: bins tensor should have one dimension, but got {bins.ndim} dimensions in the bins tensor for "
                f"dimension {axis}"
            )
        return bins.detach()
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension {axis}")
    if outer is not None:
        low, high = map(float, outer)
    elif values.numel():
        low, high = values.min().item(), values.max().item()
    else:
        low, high = 0.0, 1.0
    if not (abs(low) < float("inf") and abs(high) < float("inf")):
        raise RuntimeError(f"torch.histogramdd: dimension {axis}'s range [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(
            f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {axis}"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return _core.linspace(low, high, bins + 1, dtype=values.dtype)


_CLASSES = {}


def _named(name, hist, edges):
    if name not in _CLASSES:
        from collections import namedtuple

        class named(namedtuple(name, ("hist", "bin_edges"))):
            __slots__ = ()

            def __repr__(self):
                return f"arcgrad.return_types.{name}(\nhist={self.hist!r},\nbin_edges={self.bin_edges!r})"

        named.__name__ = named.__qualname__ = name
        _CLASSES[name] = named
    return _CLASSES[name](hist, edges)
