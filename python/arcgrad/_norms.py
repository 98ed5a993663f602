"""Distances, norms that are kept below a bound, and other compositions that are methods of tensors too."""

from __future__ import annotations

from arcgrad import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from arcgrad._core import Tensor

__all__ = ["detach", "dist", "fill_diagonal_", "renorm", "renorm_"]


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The ``p``-norm of ``input - other``.

    >>> import arcgrad as ag
    >>> ag.dist(ag.tensor([3.0, 0.0]), ag.tensor([0.0, 4.0]))
    tensor(5.)
    """
    return _core.norm(input - other, p)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The slices along an axis, each scaled down so that its ``p``-norm is at most ``maxnorm``.

    >>> import arcgrad as ag
    >>> ag.renorm(ag.tensor([[3.0, 4.0], [0.3, 0.4]]), p=2, dim=0, maxnorm=1)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    if not -input.ndim <= dim < input.ndim:
        raise IndexError(
            f"renorm: Dimension out of range (expected to be in range of [{-input.ndim}, {input.ndim - 1}], but got {dim})"
        )
    axis = dim % input.ndim
    others = tuple(other for other in range(input.ndim) if other != axis)
    norms = _core.linalg.vector_norm(input, p, others, keepdim=True)
    # Little is added so that nothing is divided by zero.
    return input * _core.where(norms > maxnorm, maxnorm / (norms + 1e-7), 1.0)


def renorm_(self: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """:func:`arcgrad.renorm` in place."""
    # The gradient reads what was there before.
    return self.copy_(renorm(self.clone(), p, dim, maxnorm))


def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Fills the elements whose indices are all equal; of a matrix that is higher than wide, with ``wrap``, again after each
    block of rows and one more.

    >>> import arcgrad as ag
    >>> ag.zeros(3, 3).fill_diagonal_(5)
    tensor([[5., 0., 0.],
            [0., 5., 0.],
            [0., 0., 5.]])
    """
    if self.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if self.ndim > 2 and len(set(self.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    rows, columns = self.shape[0], self.shape[1]
    step, start = sum(self.stride()), self.storage_offset()
    self.as_strided((min(self.shape),), (step,), start).fill_(fill_value)
    if wrap and self.ndim == 2 and rows > columns + 1:
        for first in range(columns + 1, rows, columns + 1):
            self[first : first + columns].diagonal().fill_(fill_value)
    return self


def detach(input: Tensor) -> Tensor:
    """The same values, apart from the graph; see ``Tensor.detach``."""
    return input.detach()
