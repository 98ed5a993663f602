"""All parameters as one vector, and back."""

from __future__ import annotations

import arcgrad
from arcgrad import _names
from arcgrad import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """One vector with the elements of all ``parameters``, in order. Gradients flow through it.

    Example::

        >>> import arcgrad as ag
        >>> tuple(ag.nn.utils.parameters_to_vector(ag.nn.Linear(3, 2).parameters()).shape)
        (8,)
    """
    return arcgrad.cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make ``parameters`` views of consecutive pieces of the vector ``vec``; the inverse of the above."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected arcgrad.Tensor, but got: {type(vec).__name__}")
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        parameter.data = vec[start:end].view_as(parameter).data
        start = end


_names.describe(__name__)
