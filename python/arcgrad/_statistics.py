"""Histograms, covariances and areas under curves, as compositions of other operations."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NamedTuple

    from arcgrad._core import Tensor

    class _Histogram(NamedTuple):
        hist: Tensor
        bin_edges: Tensor


__all__ = ["corrcoef", "cov", "cumulative_trapezoid", "histogram", "trapezoid", "trapz"]


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


def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """The covariances of variables, one in each row, over observations, one in each column.

    Args:
        input (Tensor): at most two axes; one is a single variable.
        correction (int): what is taken from the number of observations in the divisor.
        fweights (Tensor): how often each observation counts: integers.
        aweights (Tensor): the importance of each observation: floating-point numbers.

    Raises:
        RuntimeError: for more axes or weights of the wrong shape, dtype or sign.

    >>> import arcgrad as ag
    >>> ag.cov(ag.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions")
    if input.dtype is _core.bool:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = input.reshape(1, -1) if input.ndim < 2 else input
    weights: Any = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        if given.ndim > 1:
            raise RuntimeError(
                f"cov(): expected {name} to have one or fewer dimensions but got {name} with {given.ndim} dimensions"
            )
        if given.is_floating_point() == (name == "fweights"):
            kind = "integral" if name == "fweights" else "floating point"
            raise RuntimeError(f"cov(): expected {name} to have {kind} dtype but got {name} with {given.dtype} dtype")
        if given.numel() != rows.shape[1]:
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the input but got "
                f"{given.numel()} != {rows.shape[1]}"
            )
        if bool((given < 0).any()):
            raise RuntimeError(f"cov(): {name} cannot be negative")
        weights = given if weights is None else weights * given
    total: Any
    factor: Any
    if weights is None:
        total = rows.shape[1]
        mean = (
            rows.sum(1, keepdim=True) / total if total else rows.sum(1, keepdim=True) * _core.tensor(float("nan"), dtype=rows.dtype)
        )
        factor = total - correction
    else:
        total = weights.sum()
        if bool(total == 0):
            raise RuntimeError("cov(): weights sum to zero, can't be normalized")
        mean = (rows * weights).sum(1, keepdim=True) / total
        factor = total - correction * (weights * aweights).sum() / total if aweights is not None else total - correction
    if float(factor) <= 0:
        import warnings

        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.", stacklevel=2
        )
        factor = 0
    apart = rows - mean
    products = (apart if weights is None else apart * weights) @ apart.mH
    return (products / factor).squeeze()


def corrcoef(input: Tensor) -> Tensor:
    """The correlation coefficients of variables, one in each row, over observations, one in each column; see :func:`cov`.

    >>> import arcgrad as ag
    >>> ag.corrcoef(ag.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    covariances = cov(input)
    if covariances.ndim == 0:
        return covariances / covariances
    deviations = covariances.diagonal().sqrt()
    return (covariances / deviations.unsqueeze(-1) / deviations).clamp(-1, 1)


def _slabs(name, y, x, dx, dim):
    """Twice the areas between neighbouring points of a curve, along an axis that is moved to the end."""
    if x is not None and dx is not None:
        raise TypeError(f"{name}() takes x or dx, not both")
    if y.ndim == 0:
        raise IndexError(f"{name}: Dimension specified as {dim} but tensor has no dimensions")
    moved = y.movedim(dim, -1)
    heights = moved[..., 1:] + moved[..., :-1]
    if x is None:
        return heights * (1 if dx is None else dx)
    if x.ndim == 1 and x.shape[0] != moved.shape[-1]:
        raise RuntimeError(f"{name}(): There must be one `x` value for each sample point")
    along = x if x.ndim == 1 else x.movedim(dim, -1)
    return heights * (along[..., 1:] - along[..., :-1])


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The area under a curve by the trapezoidal rule.

    Args:
        y (Tensor): the values of the curve.
        x (Tensor): where they are; one axis, or the shape of ``y``.
        dx (float): the distance between them, if ``x`` is not given. Default: 1.
        dim (int): the axis along which the curve runs.

    >>> import arcgrad as ag
    >>> ag.trapezoid(ag.tensor([1.0, 5.0, 10.0]), dx=2)
    tensor(21.)
    """
    return _slabs("trapezoid", y, x, dx, dim).sum(-1) / 2


def trapz(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """:func:`trapezoid`, by its older name."""
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """The areas under a curve from its beginning to each of its other points; see :func:`trapezoid`.

    >>> import arcgrad as ag
    >>> ag.cumulative_trapezoid(ag.tensor([1.0, 5.0, 10.0]))
    tensor([ 3.0000, 10.5000])
    """
    return (_slabs("cumulative_trapezoid", y, x, dx, dim).cumsum(-1) / 2).movedim(-1, dim)
