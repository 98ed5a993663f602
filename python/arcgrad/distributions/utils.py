"""What distributions share: broadcasting of parameters, probabilities and logits, properties computed when first asked for."""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names
from arcgrad.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from arcgrad._core import DType, Device, Tensor

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]

#: The Euler–Mascheroni constant γ.
euler_constant = 0.577215664901532860606512090082


def is_number(value: object) -> bool:
    """Whether a parameter is a plain number."""
    return isinstance(value, (int, float))


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """The values as tensors of one shape. Numbers become tensors of the dtype of the first tensor there is, or of the default one.

    Raises:
        ValueError: a value is neither a number nor a tensor.

    >>> import arcgrad as torch
    >>> broadcast_all(torch.zeros(2), 1.5)
    (tensor([0., 0.]), tensor([1.5000, 1.5000]))
    """
    tensors = [value for value in values if isinstance(value, ag.Tensor)]
    if len(tensors) < len(values):
        if not all(isinstance(value, ag.Tensor) or is_number(value) for value in values):
            raise ValueError(
                "Input arguments must all be instances of Number, torch.Tensor or objects implementing __torch_function__."
            )
        dtype = tensors[0].dtype if tensors else ag.get_default_dtype()
        values = tuple(value if isinstance(value, ag.Tensor) else ag.tensor(value, dtype=dtype) for value in values)
    return tuple(ag.broadcast_tensors(*values))


def _standard_normal(shape: Sequence[int], dtype: DType | None, device: Device | None) -> Tensor:
    """Standard normal numbers of a shape."""
    return ag.empty(shape, dtype=dtype, device=device).normal_()


def _sum_rightmost(value: Tensor, dim: int) -> Tensor:
    """The sum over the last ``dim`` axes."""
    return value.flatten(-dim).sum(-1) if dim else value


def _all_rightmost(value: Tensor, dim: int) -> Tensor:
    """Whether all are true, over the last ``dim`` axes."""
    return value.flatten(-dim).all(-1) if dim else value


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Probabilities of log odds (``is_binary``) or of log weights along the last axis, which need not be normalized.

    >>> import arcgrad as torch
    >>> logits_to_probs(torch.zeros(4))
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
    return ag.sigmoid(logits) if is_binary else ag.softmax(logits, dim=-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """The probabilities, no nearer to 0 and 1 than the spacing of their dtype at 1.

    >>> import arcgrad as torch
    >>> clamp_probs(torch.tensor([0.0, 0.5]))
    tensor([1.1921e-07, 5.0000e-01])
    """
    eps = ag.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Log odds (``is_binary``) or logarithms of probabilities, which are kept off 0 and 1.

    >>> import arcgrad as torch
    >>> probs_to_logits(torch.tensor([0.5]), is_binary=True)
    tensor([0.])
    """
    clamped = clamp_probs(probs)
    return clamped.log() - (-clamped).log1p() if is_binary else clamped.log()


class lazy_property:
    """A property that is computed, with gradients recorded, when it is first asked for, and kept in the instance from then on.

    Asked of the class it is a ``property``, so that documentation tools see one.
    """

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__
        self.__name__ = wrapped.__name__
        self.__module__ = wrapped.__module__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return _LazyOfClass(self.wrapped)
        with ag.enable_grad():
            value = self.wrapped(instance)
        instance.__dict__[self.__name__] = value
        return value


class _LazyOfClass(lazy_property, property):
    """A :class:`lazy_property` as its class shows it."""

    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        property.__init__(self, wrapped)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The elements of square matrices on and below a diagonal as vectors, row by row.

    Raises:
        ValueError: ``diag`` is outside of the matrix.

    >>> import arcgrad as torch
    >>> tril_matrix_to_vec(torch.tensor([[1.0, 0.0], [2.0, 3.0]]))
    tensor([1., 2., 3.])
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = ag.tril_indices(n, n, diag).unbind()
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Square matrices with the elements of vectors on and below a diagonal, row by row, and zero elsewhere.

    Raises:
        ValueError: no square matrix has as many elements there.

    >>> import arcgrad as torch
    >>> vec_to_tril_matrix(torch.tensor([1.0, 2.0, 3.0]))
    tensor([[1., 0.],
            [2., 3.]])
    """
    count = vec.shape[-1]
    # Row r of the smallest matrix that holds as many has r + 1 + diag of them, at least none and at most all.
    size = elements = 0
    while elements < count:
        size += 1
        elements = sum(min(max(row + 1 + diag, 0), size) for row in range(size))
    if elements != count:
        raise ValueError(
            f"The size of last dimension is {count} which cannot be expressed as the lower triangular part of a square D x D matrix."
        )
    rows, columns = ag.tril_indices(size, size, diag).unbind()
    matrix = vec.new_zeros(vec.shape[:-1] + ag.Size((size, size)))
    matrix[..., rows, columns] = vec
    return matrix


def binary_cross_entropy(logits: Tensor, value: Tensor) -> Tensor:
    """−ln of the probability of values in [0, 1] under log odds, of one shape, element by element."""
    return F.binary_cross_entropy_with_logits(logits, value, reduction="none")


_names.describe(__name__)
