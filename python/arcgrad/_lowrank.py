"""Approximations of low rank by random projections.

N. Halko, P. Martinsson and J. Tropp, "Finding structure with randomness" (2009): the range of a matrix is found by what it makes
of a few random vectors (algorithm 4.4), and the rest is done with a small matrix (algorithm 5.1).
"""

from arcgrad import Tensor, _core

__all__ = ["pca_lowrank", "svd_lowrank"]


def _range(a: Tensor, q: int, niter: int) -> Tensor:
    """Orthonormal columns that span nearly what the first ``q`` left singular vectors do."""
    basis = _core.linalg.qr(a @ _core.randn(a.shape[-1], q, dtype=a.dtype)).Q
    for _ in range(niter):
        basis = _core.linalg.qr(a.mH @ basis).Q
        basis = _core.linalg.qr(a @ basis).Q
    return basis


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The greatest singular values of a matrix with their vectors, nearly: ``A - M`` is about ``U @ diag(S) @ V.mH``.

    Args:
        A (Tensor): matrices, of shape (..., m, n).
        q (int): how many singular values; somewhat more than the rank that is looked for.
        niter (int): how many rounds of subspace iteration; each brings the result nearer to the truth.
        M (Tensor): is subtracted from A, broadcast.

    Returns U (..., m, q), S (..., q) and V (..., n, q).

    >>> a = ag.ones(4, 3)
    >>> U, S, V = ag.svd_lowrank(a, q=1)
    >>> ag.allclose(U * S @ V.mT, a)
    True
    """
    q = 6 if q is None else q
    niter = 2 if niter is None else niter
    if M is not None:
        A = A - M
    wide = A.shape[-2] < A.shape[-1]
    a = A.mH if wide else A
    basis = _range(a, q, niter)
    U, S, Vh = _core.linalg.svd(basis.mH @ a, full_matrices=False)
    U, V = basis @ U, Vh.mH
    return (V, S, U) if wide else (U, S, V)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """The principal components of the rows of a matrix, nearly.

    Args:
        A (Tensor): observations in rows, of shape (..., m, n).
        q (int): how many components; 6, or as many as there are rows or columns, if these are fewer.
        center (bool): subtract the mean of the rows first.
        niter (int): as for `svd_lowrank`.

    Returns U, S and V as `svd_lowrank` does: the columns of V are the principal directions.

    Raises:
        ValueError: q or niter does not fit.

    >>> ag.pca_lowrank(ag.eye(5), q=2)[2].shape
    arcgrad.Size([5, 2])
    """
    if not A.is_floating_point():
        raise ValueError(f"input must be float, but it is {A.dtype}")
    least = min(A.shape[-2:])
    q = min(6, least) if q is None else q
    if not 0 <= q <= least:
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={least}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
