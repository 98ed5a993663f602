# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
import builtins
from collections.abc import Sequence
from typing import Any, SupportsIndex, overload
from arcgrad._core import DType, Device, Float, Operand, Tensor, _layout, _return_cholesky_ex, _return_eig, _return_eigh, _return_inv_ex, _return_ldl_factor, _return_ldl_factor_ex, _return_lstsq, _return_lu, _return_lu_factor, _return_lu_factor_ex, _return_qr, _return_slogdet, _return_solve_ex, _return_svd

class LinAlgError(RuntimeError):
    """A matrix for which there is no result: it is singular, not positive definite, or the algorithm did not converge."""

def cholesky(A: Tensor, *, upper: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The lower triangle L with `L @ L.mH == A` for Hermitian positive definite matrices, of which the lower triangle is read, or with `upper` its conjugate transpose, from the upper triangle. The gradient is Hermitian. Raises `LinAlgError` for other matrices."""

def cholesky_ex(A: Tensor, *, upper: builtins.bool=False, check_errors: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_cholesky_ex:
    """`cholesky`, which does not raise but says in `info` which leading minor is not positive definite."""

def cond(A: Tensor, p: Operand | str | Sequence[Any] | None=None, *, out: Tensor | None=None) -> Tensor:
    """The condition number of matrices: the quotient of the greatest and the least singular value, or with `p` the product of the norms of a matrix and its inverse (inf for singular matrices)."""

@overload
def cross(input: Tensor, other: Tensor, *, dim: SupportsIndex=-1, out: Tensor | None=None) -> Tensor:
    """Vector product along `dim`, which has size 3; the other axes broadcast."""

@overload
def cross(input: Tensor, other: Tensor, *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

def det(A: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The determinant of square matrices; its gradient is the matrix of cofactors, for singular matrices, too."""

def diagonal(A: Tensor, *, offset: SupportsIndex=0, dim1: SupportsIndex=-2, dim2: SupportsIndex=-1) -> Tensor:
    """A view of the diagonals of matrices, in the axes `dim1` and `dim2`, as the last axis."""

def eig(A: Tensor, *, out: tuple[Tensor, ...] | None=None) -> _return_eig:
    """The eigenvalues of square matrices, complex and in no order, and eigenvectors of length 1 as columns. A loss that depends on the phases of the vectors has no gradient, and neither has one of vectors where eigenvalues repeat."""

def eigh(A: Tensor, UPLO: str='L', *, out: tuple[Tensor, ...] | None=None) -> _return_eigh:
    """Eigenvalues in ascending order and orthonormal eigenvectors (columns) of Hermitian matrices, of which the triangle `UPLO` ('L' or 'U') is read. The gradient is Hermitian; where eigenvalues repeat, it is exact for what does not depend on the basis of their eigenvectors, and anything else is refused when it is differentiated."""

def eigvals(A: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The eigenvalues of square matrices, complex and in no order."""

def eigvalsh(A: Tensor, UPLO: str='L', *, out: Tensor | None=None) -> Tensor:
    """The eigenvalues of Hermitian matrices in ascending order."""

def householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The first columns of the product of the reflections `I - tau[i] v[i] v[i].mH`, with v[i] below the diagonal of column i of A and 1 on it."""

def inv(A: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The inverse of square matrices. Raises `LinAlgError` where one is singular; to multiply by an inverse, `solve` is faster and loses fewer digits."""

def inv_ex(A: Tensor, *, check_errors: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_inv_ex:
    """`inv`, which does not raise for a singular matrix but says in `info` where its factor has the first zero."""

def ldl_factor(A: Tensor, *, hermitian: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_ldl_factor:
    """L and D with `A == L @ D @ L.mT`, or `L @ D @ L.mH` with `hermitian`, up to exchanges of rows and columns, of symmetric or Hermitian matrices, of which the lower triangle is read: D is on the diagonal, where it has blocks of two also beside it, and L below, as LAPACK packs them. For `ldl_solve`; there is no derivative."""

def ldl_factor_ex(A: Tensor, *, hermitian: builtins.bool=False, check_errors: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_ldl_factor_ex:
    """`ldl_factor`, which does not raise but says in `info` where D has its first zero."""

def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The solution of `A X = B` from what `ldl_factor` gives for A, differentiable by B."""

def lstsq(A: Tensor, B: Tensor, rcond: Float | None=None, *, driver: str | None=None, out: tuple[Tensor, ...] | None=None) -> _return_lstsq:
    """The X with the least `norm(A X - B)`, and of those the least, with the squares that remain (for 'gels', 'gelsd' and 'gelss', where A is tall and of full rank), the ranks (not for 'gels', which takes them to be full), and the singular values (for 'gelsd' and 'gelss'). `rcond` says which singular values count as zeros."""

def lu(A: Tensor, *, pivot: builtins.bool=True, out: tuple[Tensor, ...] | None=None) -> _return_lu:
    """P, L and U with `A == P @ L @ U`: a permutation, a lower triangle with ones on its diagonal, an upper triangle. Without `pivot` no rows are exchanged and P is empty."""

def lu_factor(A: Tensor, *, pivot: builtins.bool=True, out: tuple[Tensor, ...] | None=None) -> _return_lu_factor:
    """L (without its ones) and U in one matrix, and for each row the one it was exchanged with, counted from 1. Raises where U has a zero on its diagonal."""

def lu_factor_ex(A: Tensor, *, pivot: builtins.bool=True, check_errors: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_lu_factor_ex:
    """`lu_factor`, which does not raise but says in `info` where U has its first zero."""

def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: builtins.bool=True, adjoint: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The solution of `A X = B`, or of `A.mH X = B` with `adjoint`, from what `lu_factor` gives for A."""

def matmul(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Matrix product (`@`). Two vectors give their scalar product; a vector counts as a row on the left and as a column on the right, and its axis is dropped afterwards; axes before the last two are a batch and broadcast."""

def matrix_exp(A: Tensor) -> Tensor:
    """The exponential of square matrices, `I + A + A @ A / 2 + …`."""

@overload
def matrix_norm(A: Tensor, ord: Operand | str | Sequence[Any]='fro', dim: Sequence[SupportsIndex]=(-2, -1), keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """A norm of matrices, which lie in the axes `dim`: 'fro' the root of the sum of squares, 'nuc' the sum of the singular values, 2 (−2) the greatest (least) of them, 1 (−1) the greatest (least) sum of magnitudes down a column, inf (−inf) along a row."""

@overload
def matrix_norm(A: Tensor, ord: Operand | str | Sequence[Any]='fro', *, axis: Sequence[SupportsIndex], keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

@overload
def matrix_norm(A: Tensor, ord: Operand | str | Sequence[Any]='fro', dim: Sequence[SupportsIndex]=(-2, -1), *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

def matrix_power(input: Tensor, n: SupportsIndex, *, out: Tensor | None=None) -> Tensor:
    """The `n`-th power of a square matrix, or of each matrix of a batch; below 0 of its inverse."""

@overload
def matrix_rank(A: Tensor, *, atol: Operand | str | Sequence[Any] | None=None, rtol: Operand | str | Sequence[Any] | None=None, hermitian: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """How many singular values are greater than `atol` and than `rtol` times the greatest of them; without either, than the precision of the dtype times the greater size. With `hermitian` they are the magnitudes of eigenvalues, which is faster."""

@overload
def matrix_rank(A: Tensor, tol: Operand | str | Sequence[Any] | None, hermitian: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...

def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Product of several matrices in the order that takes the fewest multiplications; the first may be a vector (a row) and the last one, too (a column)."""

@overload
def norm(A: Tensor, ord: Operand | str | Sequence[Any] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor:
    """`vector_norm` over one axis or, without `ord`, over any; `matrix_norm` over two."""

@overload
def norm(A: Tensor, ord: Operand | str | Sequence[Any] | None=None, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

@overload
def norm(A: Tensor, ord: Operand | str | Sequence[Any] | None=None, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None, layout: _layout | None=None, device: Device | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False) -> Tensor: ...

@overload
def pinv(A: Tensor, *, atol: Operand | str | Sequence[Any] | None=None, rtol: Operand | str | Sequence[Any] | None=None, hermitian: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The pseudoinverse of matrices. Singular values count as zeros as in `matrix_rank`; the gradient takes the rank to stay as it is."""

@overload
def pinv(A: Tensor, rcond: Operand | str | Sequence[Any], hermitian: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...

def qr(A: Tensor, mode: str='reduced', *, out: tuple[Tensor, ...] | None=None) -> _return_qr:
    """Q with orthonormal columns and an upper triangle R, whose product is A. `mode` 'reduced' gives Q as many columns as R has rows, 'complete' makes it square, and 'r' leaves it out (it is empty)."""

def slogdet(A: Tensor, *, out: tuple[Tensor, ...] | None=None) -> _return_slogdet:
    """The sign of the determinant, 0 for singular matrices, and the logarithm of its magnitude, which neither over- nor underflows."""

def solve(A: Tensor, B: Tensor, *, left: builtins.bool=True, out: Tensor | None=None) -> Tensor:
    """The solution X of `A X = B`, or of `X A = B` with `left=False`, for square matrices A; `B` may be a vector, or a vector for each matrix. The axes before broadcast. Raises `LinAlgError` where A is singular."""

def solve_ex(A: Tensor, B: Tensor, *, left: builtins.bool=True, check_errors: builtins.bool=False, out: tuple[Tensor, ...] | None=None) -> _return_solve_ex:
    """`solve`, which does not raise for a singular matrix but says in `info` where its factor has the first zero."""

def solve_triangular(A: Tensor, B: Tensor, *, upper: builtins.bool, left: builtins.bool=True, unitriangular: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The solution X of `A X = B`, or of `X A = B` with `left=False`, for triangles A, of which nothing else is read; with `unitriangular` the diagonal counts as 1."""

def svd(A: Tensor, full_matrices: builtins.bool=True, *, driver: str | None=None, out: tuple[Tensor, ...] | None=None) -> _return_svd:
    """U, the singular values S in descending order, and Vh, with `A == U @ diag(S) @ Vh`; square U and Vh, or with `full_matrices=False` as many vectors as there are singular values. Where singular values repeat, the gradient is as that of `eigh`."""

def svdvals(A: Tensor, *, driver: str | None=None, out: Tensor | None=None) -> Tensor:
    """The singular values of matrices in descending order."""

def tensorinv(A: Tensor, ind: SupportsIndex=2, *, out: Tensor | None=None) -> Tensor:
    """The inverse of what `tensordot(A, x, ind)` does to x: A with its first `ind` axes as one and the others as one, inverted."""

def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[SupportsIndex] | None=None, *, out: Tensor | None=None) -> Tensor:
    """The X with `tensordot(A, X, X.ndim) == B`; the axes `dims` of A are taken to its end before."""

def vander(x: Tensor, *, N: SupportsIndex | None=None) -> Tensor:
    """The powers 0, 1, …, N − 1 (as many as there are elements) of the elements of the last axis, along a new one."""

@overload
def vecdot(x: Tensor, y: Tensor, *, dim: SupportsIndex=-1, out: Tensor | None=None) -> Tensor:
    """Scalar products along `dim`; the other axes broadcast."""

@overload
def vecdot(x: Tensor, y: Tensor, *, axis: SupportsIndex, out: Tensor | None=None) -> Tensor: ...

@overload
def vector_norm(input: Tensor, ord: Operand=2, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, keepdim: builtins.bool=False, *, dtype: DType | None=None, out: Tensor | None=None) -> Tensor:
    """‖input‖ of order `ord` over `dim` (all by default)."""

@overload
def vector_norm(input: Tensor, ord: Operand=2, *, axis: SupportsIndex | Sequence[SupportsIndex] | None, keepdims: builtins.bool=False, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...

@overload
def vector_norm(input: Tensor, ord: Operand=2, dim: SupportsIndex | Sequence[SupportsIndex] | None=None, *, keepdims: builtins.bool, dtype: DType | None=None, out: Tensor | None=None) -> Tensor: ...
