"""What linear algebra says about input that it cannot use."""

from __future__ import annotations

import re

import arcgrad as ag
import pytest

L = ag.linalg
ONES, ZEROS, EYE = ag.ones(3, 3), ag.zeros(3, 3), ag.eye(3)
BATCH = ag.stack([EYE, ZEROS])
NAN = ag.full((3, 3), float("nan"))

WITHOUT_RESULT = {
    "inv": (lambda: L.inv(ZEROS), "linalg.inv: The diagonal element 1 is zero, the inversion could not be completed because the input matrix is singular."),
    "inv of a batch": (lambda: L.inv(BATCH), "linalg.inv: (Batch element 1): The diagonal element 1 is zero"),
    "inverse": (lambda: ag.inverse(ONES), "linalg.inv: The diagonal element 2 is zero"),
    "solve": (lambda: L.solve(ZEROS, ONES), "linalg.solve: The solver failed because the input matrix is singular."),
    "solve of a batch": (lambda: L.solve(BATCH, ONES), "linalg.solve: (Batch element 1): The solver failed because the input matrix is singular."),
    "cholesky": (
        lambda: L.cholesky(-EYE),
        "linalg.cholesky: The factorization could not be completed because the input is not positive-definite (the leading minor of order 1 is not positive-definite).",
    ),
    "cholesky of a batch": (lambda: L.cholesky(BATCH), "linalg.cholesky: (Batch element 1): The factorization"),
    "cholesky of a large one": (lambda: L.cholesky(ag.diag(ag.arange(40.0, 0.0, -1.0) - 5)), "order 36 is not"),
    "cholesky of NaN": (lambda: L.cholesky(NAN), "order 1 is not"),
    "cholesky of large NaN": (lambda: L.cholesky(ag.full((40, 40), float("nan"))), "order 1 is not"),
    "eigh of NaN": (lambda: L.eigh(NAN), "linalg.eigh: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues"),
    "eigvalsh of inf": (lambda: L.eigvalsh(NAN + float("inf")), "linalg.eigh: The algorithm failed to converge"),
    "svd of NaN": (lambda: L.svd(NAN), "linalg.svd: The algorithm failed to converge because the input matrix contained non-finite values."),
    "svdvals of a batch": (lambda: L.svdvals(ag.stack([EYE, NAN])), "linalg.svd: (Batch element 1): "),
    "lu_factor": (lambda: L.lu_factor(ZEROS), "linalg.lu_factor: U[1,1] is zero and using it on lu_solve would result in a division by zero."),
}


@pytest.mark.parametrize("name", WITHOUT_RESULT)
def test_matrices_without_a_result(name):
    call, message = WITHOUT_RESULT[name]
    with pytest.raises(L.LinAlgError, match=re.escape(message)) as caught:
        call()
    assert isinstance(caught.value, RuntimeError)


def test_the_error_has_a_home():
    assert L.LinAlgError.__module__ == "arcgrad.linalg" and L.LinAlgError.__name__ == "LinAlgError"
    assert issubclass(L.LinAlgError, RuntimeError)


@pytest.mark.parametrize("name", ("inv", "det", "slogdet", "cholesky", "eigh", "eigvalsh"))
def test_matrices_have_to_be_square(name):
    with pytest.raises(RuntimeError, match=f"A must be batches of square matrices, but they are 2 by 3 matrices"):
        getattr(L, name)(ag.ones(2, 3))


@pytest.mark.parametrize("name", ("inv", "det", "slogdet", "cholesky", "eigh", "svd", "svdvals", "qr"))
def test_vectors_are_no_matrices(name):
    with pytest.raises(RuntimeError, match="The input tensor A must have at least 2 dimensions."):
        getattr(L, name)(ag.ones(3))


@pytest.mark.parametrize("name", ("inv", "det", "slogdet", "cholesky", "svd", "qr"))
def test_integers_are_refused(name):
    with pytest.raises(RuntimeError, match="Expected a floating point or complex tensor as input. Got Long"):
        getattr(L, name)(ag.ones(2, 2, dtype=ag.int64))


REFUSED = {
    "solve, sizes": (lambda: L.solve(EYE, ag.ones(2, 2)), "Incompatible shapes of A and B for the equation AX = B (3x3 and 2x2)"),
    "solve, dtypes": (lambda: L.solve(EYE, ag.ones(3, dtype=ag.float64)), "Expected A and B to have the same dtype, but found A of type Float and B of type Double instead"),
    "solve_triangular, sizes": (lambda: L.solve_triangular(EYE, ag.ones(2, 2), upper=True), "Incompatible shapes of A and B for the equation AX = B (3x3 and 2x2)"),
    "solve_triangular, vector": (lambda: L.solve_triangular(EYE, ag.ones(3), upper=True), "The input tensor B must have at least 2 dimensions."),
    "qr, mode": (lambda: L.qr(EYE, "x"), "qr received unrecognized mode 'x' but expected one of 'reduced' (default), 'r', or 'complete'"),
    "svd, driver": (lambda: L.svd(EYE, driver="gesvd"), "keyword argument `driver=` is only supported on CUDA inputs"),
    "eigh, UPLO": (lambda: L.eigh(EYE, "X"), "Expected UPLO argument to be 'L' or 'U', but got X"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arguments_that_do_not_do(name):
    call, message = REFUSED[name]
    with pytest.raises(RuntimeError, match=re.escape(message)):
        call()


def test_what_is_not_checked_says_so_in_info():
    assert L.inv_ex(BATCH).info.tolist() == [0, 1]
    assert L.cholesky_ex(BATCH).info.tolist() == [0, 1]
    assert L.solve_ex(BATCH, ONES).info.tolist() == [0, 1]
    assert L.lu_factor_ex(BATCH).info.tolist() == [0, 1]
    for call in (lambda: L.inv_ex(BATCH, check_errors=True), lambda: L.cholesky_ex(BATCH, check_errors=True)):
        with pytest.raises(L.LinAlgError, match=r"\(Batch element 1\)"):
            call()


def test_nan_comes_out_where_nothing_is_iterated():
    assert L.inv(NAN).isnan().all() and L.det(NAN).isnan() and L.solve(NAN, ONES).isnan().all()
    assert L.slogdet(NAN).logabsdet.isnan()


def test_singular_matrices_have_determinants():
    assert L.det(ONES).item() == 0 and L.slogdet(ONES).sign.item() == 0
    assert L.slogdet(ONES).logabsdet.item() == float("-inf")
    assert ag.logdet(-EYE).isnan() and ag.logdet(ZEROS).item() == float("-inf")
    assert L.det(ag.zeros(0, 0)).item() == 1 and L.slogdet(ag.zeros(0, 0)).sign.item() == 1
