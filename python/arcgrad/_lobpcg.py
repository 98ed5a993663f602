"""Eigenvalues at the ends of a spectrum, without the whole of it.

A. Knyazev, "Toward the optimal preconditioned eigensolver: locally optimal block preconditioned conjugate gradient method" (2001):
each step is the best in the space of the vectors so far, of what they lack, and of the step before.
"""

import math

from arcgrad import Tensor, _core, finfo, is_grad_enabled

__all__ = ["lobpcg"]


def _times(matrix: Tensor | None, vectors: Tensor) -> Tensor:
    return vectors if matrix is None else matrix @ vectors


def _best(A: Tensor, B: Tensor | None, space: Tensor, largest: bool) -> tuple[Tensor, Tensor]:
    """The eigenvalues in the space of some columns, those that are looked for first, and the combinations of columns for them."""
    inner = space.mH @ _times(B, space)
    size = inner.diagonal().real.clamp_min(finfo(inner.dtype).tiny).rsqrt()
    weights, turned = _core.linalg.eigh(inner * size * size[:, None])
    # Directions that are in the space but for rounding.
    kept = weights > weights[-1] * (len(weights) * finfo(inner.dtype).eps)
    basis = size[:, None] * (turned[:, kept] * weights[kept].rsqrt())
    values, vectors = _core.linalg.eigh(basis.mH @ (space.mH @ (A @ space)) @ basis)
    if largest:
        values, vectors = values.flip(-1), vectors.flip(-1)
    return values, basis @ vectors


def _search(
    A: Tensor, B: Tensor | None, X: Tensor, iK: Tensor | None, k: int, niter: int, tol: float, largest: bool
) -> tuple[Tensor, Tensor]:
    width = X.shape[-1]
    values, combined = _best(A, B, X, largest)
    X, step = X @ combined, None
    for _ in range(niter):
        rest = A @ X - _times(B, X) * values[: X.shape[-1]]
        size = values.abs().max() * _times(B, X).norm(dim=0)
        if (rest.norm(dim=0) <= tol * size)[:k].all():
            break
        space = _core.cat([X, _times(iK, rest), *([] if step is None else [step])], -1)
        values, combined = _best(A, B, space, largest)
        combined = combined[:, :width]
        step = space[:, X.shape[-1] :] @ combined[X.shape[-1] :]
        X, values = space @ combined, values[:width]
    return values[:k], X[:, :k]


def _exact(A: Tensor, B: Tensor | None, k: int, largest: bool) -> tuple[Tensor, Tensor]:
    """By the whole decomposition, which has a derivative."""
    if B is None:
        values, vectors = _core.linalg.eigh((A + A.mH) / 2)
    else:
        factor = _core.linalg.cholesky(B)
        half = _core.linalg.solve_triangular(factor, (A + A.mH) / 2, upper=False)
        values, vectors = _core.linalg.eigh(_core.linalg.solve_triangular(factor, half.mH, upper=False))
        vectors = _core.linalg.solve_triangular(factor.mH, vectors, upper=True)
    if largest:
        values, vectors = values.flip(-1), vectors.flip(-1)
    return values[..., :k], vectors[..., :k]


def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: None = None,
    ortho_iparams: dict[str, int] | None = None,
    ortho_fparams: dict[str, float] | None = None,
    ortho_bparams: dict[str, bool] | None = None,
) -> tuple[Tensor, Tensor]:
    """The greatest or the least eigenvalues of a symmetric matrix with their vectors: ``A @ V`` is about ``B @ V * E``.

    Args:
        A (Tensor): symmetric matrices, of shape (..., m, m).
        k (int): how many; as many as ``X`` has columns, or 1.
        B (Tensor): positive definite matrices; the identity by default.
        X (Tensor): where to begin, of shape (..., m, n).
        n (int): how many random vectors to begin with, if there is no ``X``; ``k`` by default.
        iK (Tensor): what is nearly the inverse of A.
        niter (int): the most steps; as many as it takes by default.
        tol (float): how small residuals have to be; the root of the machine's precision by default.
        largest (bool): whether the greatest ones are looked for, which they are by default.
        method (str): ``"ortho"`` or ``"basic"``, which is the same here.

    Returns E (..., k), the one that is looked for first, and V (..., m, k). Where a derivative is asked for, they are taken from
    the whole decomposition, whose derivative it is.

    Raises:
        ValueError: the matrix is smaller than three times ``k``, or the method is unknown.

    >>> a = ag.diag(ag.arange(1.0, 10.0))
    >>> [round(value, 3) for value in ag.lobpcg(a, k=2)[0].tolist()]
    [9.0, 8.0]
    """
    if tracker is not None or method not in (None, "basic", "ortho"):
        raise ValueError("lobpcg: tracker has to be None, and method 'basic' or 'ortho'")
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"lobpcg: A must be square matrices, but its shape is {tuple(A.shape)}")
    largest = True if largest is None else largest
    if k is None:
        k = 1 if X is None else X.shape[-1]
    if A.shape[-1] < 3 * k:
        raise ValueError(
            f"LPBPCG algorithm is not applicable when the number of A rows (={A.shape[-1]})"
            f" is smaller than 3 x the number of requested eigenpairs (={k})"
        )
    if is_grad_enabled() and (A.requires_grad or (B is not None and B.requires_grad)):
        return _exact(A, B, k, largest)
    tol = math.sqrt(finfo(A.dtype).eps) if tol is None else tol
    niter = 1000 if niter is None or niter < 0 else niter
    if X is None:
        X = _core.randn(*A.shape[:-1], max(k, n or k), dtype=A.dtype)
    matrices = [None if part is None else part.reshape(-1, *part.shape[-2:]) for part in (A, B, X, iK)]
    found = [
        _search(*(None if part is None else part[index] for part in matrices), k, niter, tol, largest)
        for index in range(len(matrices[0]))
    ]
    batch = A.shape[:-2]
    values, vectors = (_core.stack(parts) for parts in zip(*found))
    return values.reshape(*batch, k), vectors.reshape(*batch, A.shape[-1], k)
