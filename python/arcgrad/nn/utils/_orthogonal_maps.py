"""Maps from matrices to orthogonal ones, and back, in operations that gradients of any order pass through.

All take and give matrices with at least as many rows as columns, n × k, or batches of them.
"""

from __future__ import annotations

import math

from arcgrad import Tensor, cat, eye, stack


def _skew(X):
    """The skew-symmetric n × n matrix with what is below the diagonal of ``X``."""
    n, k = X.size(-2), X.size(-1)
    X = X.tril()
    if n != k:
        X = cat([X, X.new_zeros(*X.shape[:-1], n - k)], dim=-1)
    return X - X.mT


def _identity(X):
    return eye(X.size(-1), dtype=X.dtype, device=X.device)


def exponential(X: Tensor) -> Tensor:
    """The first columns of exp A for a skew-symmetric A, by scaling and squaring: exp A = (exp A/2ˢ)^2ˢ."""
    A = _skew(X)
    if A.numel() == 0:
        return A
    size = float(A.detach().abs().sum(-1).max())
    # Where ‖A/2ˢ‖ is at most 1/2, 18 terms of the series leave 2⁻¹⁹/19! ≈ 1.6e-23.
    squarings = max(0, math.ceil(math.log2(size)) + 1) if 0 < size < math.inf else 0
    A = A / 2.0**squarings
    identity = _identity(A)
    Q = identity + A / 18
    for order in range(17, 0, -1):
        Q = identity + (A @ Q) / order
    for _ in range(squarings):
        Q = Q @ Q
    return Q[..., : X.size(-1)]


def cayley(X: Tensor) -> Tensor:
    """The first columns of (1 - A/2)⁻¹ (1 + A/2) for a skew-symmetric A.

    By Gauss and Jordan's elimination: the symmetric part of 1 - A/2 is the identity, so that no pivot is below one and rows need not
    be exchanged.
    """
    A = _skew(X)
    n = A.size(-1)
    identity = _identity(A)
    both = cat([identity - A / 2, (identity + A / 2).expand(A.shape)], dim=-1)
    for i in range(n):
        pivot = both[..., i : i + 1, :] / both[..., i : i + 1, i : i + 1]
        # The row of the pivot itself is replaced by it: a factor of its own entry less one.
        factors = both[..., :, i : i + 1] - identity[:, i : i + 1]
        both = both - factors * pivot
    return both[..., n : n + X.size(-1)]


def _apply_reflections(V, tau, matrix):
    """H₁ H₂ … applied to ``matrix``, with H_i = 1 - tau_i v_i v_iᵀ and the v_i as columns of ``V``."""
    for i in reversed(range(V.size(-1))):
        v = V[..., :, i : i + 1]
        matrix = matrix - tau[..., i, None, None] * v * (v.mT @ matrix)
    return matrix


def householder(X: Tensor) -> Tensor:
    """A product of reflections along the columns of ``X``, which count as 1 on the diagonal; the diagonal itself gives signs."""
    n, k = X.size(-2), X.size(-1)
    columns = eye(n, k, dtype=X.dtype, device=X.device)
    V = X.tril(-1) + columns
    tau = 2.0 / (V * V).sum(-2)
    signs = X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
    return _apply_reflections(V, tau, columns) * signs


def _reflected(A):
    """Reflections that bring ``A`` to triangular form, and what is on its diagonal then: columns v, factors tau, diagonal.

    Each v has 1 in its first place (Golub and Van Loan, 5.1.3); a column that needs no reflection has factor 0.
    """
    k = A.size(-1)
    A = A.clone()
    V, taus, diagonal = A.new_zeros(A.shape), [], []
    for i in range(k):
        column = A[..., i:, i]
        first = column[..., 0]
        below = column[..., 1:].square().sum(-1)
        done = below == 0
        norm = (first.square() + below).sqrt()
        # Away from the sign of the first element, so that nothing cancels.
        end = first.where(done, -norm.copysign(first))
        scale = (first - end).where(~done, 1.0)
        V[..., i, i] = 1
        V[..., i + 1 :, i] = column[..., 1:] / scale.unsqueeze(-1)
        v = V[..., :, i : i + 1]
        tau = ((end - first) / end.where(~done, 1.0)).where(~done, 0.0)
        A = A - tau[..., None, None] * v * (v.mT @ A)
        taus.append(tau)
        diagonal.append(end)
    return V, stack(taus, -1), stack(diagonal, -1)


def reflections_of(Q: Tensor) -> Tensor:
    """An ``X`` with ``householder(X) == Q``, for a ``Q`` with orthonormal columns."""
    V, tau, diagonal = _reflected(Q)
    signs = diagonal.sign()
    # householder() knows no factor 0: there the reflection along the axis itself takes the place of none, and turns the sign.
    signs = signs.where(tau != 0, -signs)
    X = V.tril(-1)
    X.diagonal(dim1=-2, dim2=-1).copy_(signs)
    return X


def orthogonalized(A: Tensor) -> Tensor:
    """The orthogonal factor of ``A`` = QR with a positive diagonal in R: ``A`` itself if it is orthogonal."""
    V, tau, diagonal = _reflected(A)
    columns = eye(A.size(-2), A.size(-1), dtype=A.dtype, device=A.device)
    return _apply_reflections(V, tau, columns) * diagonal.sign().unsqueeze(-2)


MAPS = {"matrix_exp": exponential, "cayley": cayley, "householder": householder}
