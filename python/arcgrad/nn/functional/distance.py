"""Distances beside those of the core."""

from __future__ import annotations

import arcgrad
from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arcgrad._core import Tensor

__all__ = ["pdist"]


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """p-norms of the differences of all pairs of rows, those of the first row first: the upper triangle of their table.

    Args:
        input (Tensor): ``(N, D)``.
        p (float): of the norm, at least 0.

    Shapes:
        result ``(N (N - 1) / 2,)``.

    >>> import arcgrad
    >>> arcgrad.nn.functional.pdist(arcgrad.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if not input.is_floating_point():
        raise RuntimeError(f"pdist only supports floating-point dtypes, got {input.dtype}")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = arcgrad.triu_indices(len(input), len(input), 1)
    return arcgrad.linalg.vector_norm(input[first] - input[second], p, -1)


_names.describe(__name__)
