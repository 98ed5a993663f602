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


__all__ = ["histogram"]


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
    if not input.is_floating_point():
        raise NotImplementedError(f'"histogram" not implemented for {input.dtype}')
    if weight is not None and weight.dtype is not input.dtype:
        raise RuntimeError(
            "torch.histogramdd(): if weight tensor is provided, input tensor and weight tensor should have the same dtype"
        )
    if weight is not None and weight.shape != input.shape:
        raise RuntimeError(
            "torch.histogramdd(): if weight tensor is provided it should have the same shape as the input tensor excluding its "
            "innermost dimension"
        )
    values = input.detach().reshape(-1)
    edges = _edges(values, bins, range)
    if range is not None and isinstance(bins, _core.Tensor):
        raise TypeError("histogram(): range is for a number of bins, and edges are given")
    count = edges.numel() - 1
    inside = (values >= edges[0]) & (values <= edges[-1])
    values = values[inside]
    if isinstance(bins, int):
        width = edges[-1] - edges[0]
        place = ((values - edges[0]) * count / width).to(_core.int64)
    else:
        place = _core.searchsorted(edges, values, right=True) - 1
    place = place.clamp_(max=count - 1)
    counts = _core.ones_like(values) if weight is None else weight.detach().reshape(-1)[inside]
    hist = _core.zeros(count, dtype=input.dtype).index_add_(0, place, counts)
    if density:
        hist = hist / hist.sum() / (edges[1:] - edges[:-1])
    if out is not None:
        hist, edges = (given.resize_(made.shape).copy_(made) for given, made in zip(out, (hist, edges)))
    return _named(hist, edges)


def _edges(values, bins, outer):
    if isinstance(bins, _core.Tensor):
        if bins.ndim != 1 or bins.numel() == 0:
            raise RuntimeError(f"torch.histogramdd(): bins tensor should have one dimension, but got {bins.ndim} dimensions")
        if bins.dtype is not values.dtype:
            raise RuntimeError("torch.histogramdd(): input tensor and bins tensors should have the same dtype")
        return bins.detach()
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins}")
    if outer is not None:
        low, high = map(float, outer)
    elif values.numel():
        low, high = values.min().item(), values.max().item()
    else:
        low, high = 0.0, 1.0
    if not (abs(low) < float("inf") and abs(high) < float("inf")):
        raise RuntimeError(f"torch.histogramdd(): dimension 0's range [{low}, {high}] is not finite")
    if low > high:
        raise RuntimeError("torch.histogramdd(): min should not exceed max for dimension 0")
    if low == high:
        low, high = low - 0.5, high + 0.5
    return _core.linspace(low, high, bins + 1, dtype=values.dtype)


_result = None


def _named(hist, edges):
    global _result
    if _result is None:
        from collections import namedtuple

        base = namedtuple("histogram", ("hist", "bin_edges"))

        class histogram(base):
            __slots__ = ()

            def __repr__(self):
                return f"arcgrad.return_types.histogram(\nhist={self.hist!r},\nbin_edges={self.bin_edges!r})"

        _result = histogram
    return _result(hist, edges)
