//! Names and signatures of linear algebra.

use super::inverses::{self, Tolerance};
use super::{cholesky, eig, eigh, exponential, ldl, lu, norms, products, qr, svd, triangular};
use crate::error::{Error, Result};
use crate::ops::reductions::statistics::{self, Spacing};
use crate::ops::registry::signature::takes;
use crate::ops::registry::{Forms, Gives, Named, OpInfo, Output, Value, op};
use crate::ops::views;
use crate::tensor::Tensor;

const LINALG: Forms = Forms::LINALG.and(Forms::SAME_OUT);
const BOTH: Forms = Forms::BOTH.and(Forms::SAME_OUT);

/// A tuple with names.
fn named<const N: usize>(class: &'static str, fields: &'static [&'static str], results: [Tensor; N]) -> Output {
    Output::Named(Box::new(Named { class, fields, tensors: results.into() }))
}

/// `driver=` chooses among libraries of graphics processors.
fn refuse_driver(driver: Option<&str>) -> Result<()> {
    match driver {
        None => Ok(()),
        Some(_) => Err(Error::runtime(
            "linalg.svd",
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.",
        )),
    }
}

const U_S_V: &[&str] = &["U", "S", "V"];
const TRIANGULAR: &[&str] = &["solution", "cloned_coefficient"];
const LSTSQ: &[&str] = &["solution", "residuals", "rank", "singular_values"];
const LDL_FACTOR: &[&str] = &["LD", "pivots"];
const LDL_FACTOR_EX: &[&str] = &["LD", "pivots", "info"];
const Q_R: &[&str] = &["Q", "R"];
const GEQRF: &[&str] = &["a", "tau"];
const EIG: &[&str] = &["eigenvalues", "eigenvectors"];
const EIGH: &[&str] = &["eigenvalues", "eigenvectors"];
const SVD: &[&str] = &["U", "S", "Vh"];
const SLOGDET: &[&str] = &["sign", "logabsdet"];
const P_L_U: &[&str] = &["P", "L", "U"];
const LU_FACTOR: &[&str] = &["LU", "pivots"];
const LU_FACTOR_EX: &[&str] = &["LU", "pivots", "info"];
const INV_EX: &[&str] = &["inverse", "info"];
const CHOLESKY_EX: &[&str] = &["L", "info"];
const SOLVE_EX: &[&str] = &["result", "info"];

/// A rule for samples that are the same distance apart.
macro_rules! trapezoids {
    ($name:literal, $aliases:expr, $function:ident, $doc:literal) => {
        op(
            $name,
            takes!((y: Tensor, *, dx: Number = 1, dim: Int = -1) => statistics::$function(y, &Spacing::Even(dx), dim)),
            Forms::FUNCTION,
            $doc,
        )
        .also($aliases)
    };
}

/// The same rule for samples at given positions.
macro_rules! positions {
    ($name:literal, $aliases:expr, $function:ident) => {
        op(
            $name,
            takes!((y: Tensor, x: Tensor, *, dim: Int = -1) => statistics::$function(y, &Spacing::At(x), dim)),
            Forms::FUNCTION,
            "",
        )
        .also($aliases)
    };
}

/// A tolerance that is the whole bound.
fn absolute(value: &Value) -> Tolerance<'_> {
    const NONE: &Value = &Value::None;
    const ZERO: &Value = &Value::Int(0);
    Tolerance { absolute: value, relative: if matches!(value, Value::None) { NONE } else { ZERO } }
}

/// The table.
pub static TABLE: &[OpInfo] = &[
    op(
        "solve",
        takes!((A: Tensor, B: Tensor, *, left: Bool = true) {
            let [x, _] = lu::solve_ex("torch.linalg.solve", A, B, left, true)?;
            Ok(x.into())
        }),
        LINALG,
        "The solution X of `A X = B`, or of `X A = B` with `left=False`, for square matrices A; `B` may be a vector, or a \
         vector for each matrix. The axes before broadcast. Raises `LinAlgError` where A is singular.",
    ),
    op(
        "solve_ex",
        takes!((A: Tensor, B: Tensor, *, left: Bool = true, check_errors: Bool = false) {
            let results = lu::solve_ex("linalg.solve_ex", A, B, left, check_errors)?;
            Ok(named("linalg_solve_ex", SOLVE_EX, results))
        }),
        LINALG,
        "`solve`, which does not raise for a singular matrix but says in `info` where its factor has the first zero.",
    )
    .giving(Gives::Named(SOLVE_EX)),
    op(
        "inv",
        takes!((A: Tensor) {
            let [inverse, _] = lu::inv_ex("linalg.inv", A, true)?;
            Ok(inverse.into())
        }),
        LINALG,
        "The inverse of square matrices. Raises `LinAlgError` where one is singular; to multiply by an inverse, `solve` is \
         faster and loses fewer digits.",
    ),
    op(
        "inverse",
        takes!((input: Tensor) {
            let [inverse, _] = lu::inv_ex("linalg.inv", input, true)?;
            Ok(inverse.into())
        }),
        BOTH,
        "`linalg.inv`.",
    ),
    op(
        "inv_ex",
        takes!((A: Tensor, *, check_errors: Bool = false) {
            Ok(named("linalg_inv_ex", INV_EX, lu::inv_ex("linalg.inv_ex", A, check_errors)?))
        }),
        LINALG,
        "`inv`, which does not raise for a singular matrix but says in `info` where its factor has the first zero.",
    )
    .giving(Gives::Named(INV_EX)),
    op(
        "det",
        takes!((A: Tensor) => lu::det(A)),
        LINALG,
        "The determinant of square matrices; its gradient is the matrix of cofactors, for singular matrices, too.",
    ),
    op("det", takes!((input: Tensor) => lu::det(input)), Forms::BOTH, "`linalg.det`."),
    op(
        "slogdet",
        takes!((A: Tensor) { Ok(named("linalg_slogdet", SLOGDET, lu::slogdet("linalg.slogdet", A)?)) }),
        LINALG,
        "The sign of the determinant, 0 for singular matrices, and the logarithm of its magnitude, which neither over- nor \
         underflows.",
    )
    .giving(Gives::Named(SLOGDET)),
    op(
        "slogdet",
        takes!((input: Tensor) { Ok(named("slogdet", SLOGDET, lu::slogdet("linalg.slogdet", input)?)) }),
        BOTH,
        "`linalg.slogdet`.",
    )
    .giving(Gives::Named(SLOGDET)),
    op(
        "logdet",
        takes!((input: Tensor) => lu::logdet(input)),
        Forms::BOTH,
        "The logarithm of the determinant: −inf for singular matrices, NaN where the determinant is negative.",
    ),
    op(
        "cholesky",
        takes!((A: Tensor, *, upper: Bool = false) => cholesky::cholesky("linalg.cholesky", A, upper)),
        LINALG,
        "The lower triangle L with `L @ L.mH == A` for Hermitian positive definite matrices, of which the lower triangle is \
         read, or with `upper` its conjugate transpose, from the upper triangle. The gradient is Hermitian. Raises \
         `LinAlgError` for other matrices.",
    ),
    op(
        "cholesky",
        takes!((input: Tensor, upper: Bool = false) => cholesky::cholesky("linalg.cholesky", input, upper)),
        BOTH,
        "`linalg.cholesky`.",
    ),
    op(
        "cholesky_ex",
        takes!((A: Tensor, *, upper: Bool = false, check_errors: Bool = false) {
            let results = cholesky::cholesky_ex(A, upper, check_errors)?;
            Ok(named("linalg_cholesky_ex", CHOLESKY_EX, results))
        }),
        LINALG,
        "`cholesky`, which does not raise but says in `info` which leading minor is not positive definite.",
    )
    .giving(Gives::Named(CHOLESKY_EX)),
    op(
        "cholesky_solve",
        takes!((input: Tensor, L: Tensor, upper: Bool = false) => cholesky::cholesky_solve(input, L, upper)),
        BOTH,
        "The solution X of `A X = input` from the Cholesky factor of A.",
    ),
    op(
        "cholesky_inverse",
        takes!((input: Tensor, upper: Bool = false) => cholesky::cholesky_inverse(input, upper)),
        BOTH,
        "The inverse of a matrix from its Cholesky factor.",
    ),
    op(
        "qr",
        takes!((A: Tensor, mode: Text = "reduced") { Ok(named("linalg_qr", Q_R, qr::qr(A, mode)?)) }),
        LINALG,
        "Q with orthonormal columns and an upper triangle R, whose product is A. `mode` 'reduced' gives Q as many columns as \
         R has rows, 'complete' makes it square, and 'r' leaves it out (it is empty).",
    )
    .giving(Gives::Named(Q_R)),
    op(
        "qr",
        takes!((input: Tensor, some: Bool = true) {
            let mode = if some { "reduced" } else { "complete" };
            Ok(named("qr", Q_R, qr::qr(input, mode)?))
        }),
        BOTH,
        "`linalg.qr`; `some=False` is its 'complete'.",
    )
    .giving(Gives::Named(Q_R)),
    op(
        "eig",
        takes!((A: Tensor) { Ok(named("linalg_eig", EIG, eig::eig(A)?)) }),
        LINALG,
        "The eigenvalues of square matrices, complex and in no order, and eigenvectors of length 1 as columns. A loss that depends \
         on the phases of the vectors has no gradient, and neither has one of vectors where eigenvalues repeat.",
    )
    .giving(Gives::Named(EIG)),
    op(
        "eigvals",
        takes!((A: Tensor) => eig::eigvals(A)),
        LINALG,
        "The eigenvalues of square matrices, complex and in no order.",
    ),
    op(
        "eigh",
        takes!((A: Tensor, UPLO: Text = "L") { Ok(named("linalg_eigh", EIGH, eigh::eigh(A, UPLO)?)) }),
        LINALG,
        "Eigenvalues in ascending order and orthonormal eigenvectors (columns) of Hermitian matrices, of which the triangle \
         `UPLO` ('L' or 'U') is read. The gradient is Hermitian; where eigenvalues repeat, it is exact for what does not \
         depend on the basis of their eigenvectors, and anything else is refused when it is differentiated.",
    )
    .giving(Gives::Named(EIGH)),
    op(
        "eigvalsh",
        takes!((A: Tensor, UPLO: Text = "L") => eigh::eigvalsh(A, UPLO)),
        LINALG,
        "The eigenvalues of Hermitian matrices in ascending order.",
    ),
    op(
        "svd",
        takes!((A: Tensor, full_matrices: Bool = true, *, driver: Option<Text> = None) {
            refuse_driver(driver)?;
            Ok(named("linalg_svd", SVD, svd::svd(A, full_matrices)?))
        }),
        LINALG,
        "U, the singular values S in descending order, and Vh, with `A == U @ diag(S) @ Vh`; square U and Vh, or with \
         `full_matrices=False` as many vectors as there are singular values. Where singular values repeat, the gradient is \
         as that of `eigh`.",
    )
    .giving(Gives::Named(SVD)),
    op(
        "svdvals",
        takes!((A: Tensor, *, driver: Option<Text> = None) {
            refuse_driver(driver)?;
            Ok(svd::svdvals(A)?.into())
        }),
        LINALG,
        "The singular values of matrices in descending order.",
    ),
    op(
        "solve_triangular",
        takes!((A: Tensor, B: Tensor, *, upper: Bool, left: Bool = true, unitriangular: Bool = false)
            => triangular::solve_triangular(A, B, upper, left, unitriangular)),
        LINALG,
        "The solution X of `A X = B`, or of `X A = B` with `left=False`, for triangles A, of which nothing else is read; with \
         `unitriangular` the diagonal counts as 1.",
    ),
    op(
        "lu",
        takes!((A: Tensor, *, pivot: Bool = true) { Ok(named("linalg_lu", P_L_U, lu::lu(A, pivot)?)) }),
        LINALG,
        "P, L and U with `A == P @ L @ U`: a permutation, a lower triangle with ones on its diagonal, an upper triangle. \
         Without `pivot` no rows are exchanged and P is empty.",
    )
    .giving(Gives::Named(P_L_U)),
    op(
        "lu_factor",
        takes!((A: Tensor, *, pivot: Bool = true) {
            let [packed, pivots, _] = lu::lu_factor_ex("torch.linalg.lu_factor", A, pivot, true)?;
            Ok(named("linalg_lu_factor", LU_FACTOR, [packed, pivots]))
        }),
        LINALG,
        "L (without its ones) and U in one matrix, and for each row the one it was exchanged with, counted from 1. Raises \
         where U has a zero on its diagonal.",
    )
    .giving(Gives::Named(LU_FACTOR)),
    op(
        "lu_factor_ex",
        takes!((A: Tensor, *, pivot: Bool = true, check_errors: Bool = false) {
            let results = lu::lu_factor_ex("linalg.lu_factor_ex", A, pivot, check_errors)?;
            Ok(named("linalg_lu_factor_ex", LU_FACTOR_EX, results))
        }),
        LINALG,
        "`lu_factor`, which does not raise but says in `info` where U has its first zero.",
    )
    .giving(Gives::Named(LU_FACTOR_EX)),
    op(
        "lu_unpack",
        takes!((LU_data: Tensor, LU_pivots: Tensor, unpack_data: Bool = true, unpack_pivots: Bool = true) {
            Ok(named("lu_unpack", P_L_U, lu::lu_unpack(LU_data, LU_pivots, unpack_data, unpack_pivots)?))
        }),
        Forms::FUNCTION.and(Forms::SAME_OUT),
        "P, L and U from what `linalg.lu_factor` gives.",
    )
    .giving(Gives::Named(P_L_U)),
    op(
        "lu_solve",
        takes!((LU: Tensor, pivots: Tensor, B: Tensor, *, left: Bool = true, adjoint: Bool = false)
            => lu::lu_solve(LU, pivots, B, left, adjoint)),
        LINALG,
        "The solution of `A X = B`, or of `A.mH X = B` with `adjoint`, from what `lu_factor` gives for A.",
    ),
    op(
        "lu_solve",
        takes!((b: Tensor, LU_data: Tensor, LU_pivots: Tensor) => lu::lu_solve(LU_data, LU_pivots, b, true, false)),
        BOTH,
        "`linalg.lu_solve`, the arguments in another order.",
    ),
    op(
        "lu",
        takes!((A: Tensor, pivot: Bool = true, get_infos: Bool = false) {
            let results = lu::lu_factor_ex("torch.linalg.lu_factor", A, pivot, !get_infos)?;
            let [packed, pivots, info] = results;
            Ok(if get_infos { vec![packed, pivots, info] } else { vec![packed, pivots] }.into())
        }),
        Forms::BOTH,
        "`linalg.lu_factor`, with `get_infos` `linalg.lu_factor_ex`.",
    )
    .giving(Gives::Tensors),
    op(
        "svd",
        takes!((input: Tensor, some: Bool = true, compute_uv: Bool = true) {
            Ok(named("svd", U_S_V, svd::old(input, some, compute_uv)?))
        }),
        BOTH,
        "`linalg.svd`, which gives V and not its conjugate transpose; `some=False` asks for square U and V, and without \
         `compute_uv` they are zeros.",
    )
    .giving(Gives::Named(U_S_V)),
    op(
        "triangular_solve",
        takes!((b: Tensor, A: Tensor, upper: Bool = true, transpose: Bool = false, unitriangular: Bool = false) {
            let results = triangular::old(b, A, upper, transpose, unitriangular)?;
            Ok(named("triangular_solve", TRIANGULAR, results))
        }),
        BOTH,
        "`linalg.solve_triangular`, the arguments in another order, and a copy of the triangle.",
    )
    .giving(Gives::Named(TRIANGULAR)),
    op(
        "matrix_exp",
        takes!((A: Tensor) => exponential::matrix_exp(A)),
        Forms::LINALG,
        "The exponential of square matrices, `I + A + A @ A / 2 + …`.",
    ),
    op("matrix_exp", takes!((input: Tensor) => exponential::matrix_exp(input)), Forms::BOTH, "`linalg.matrix_exp`."),
    op(
        "matrix_norm",
        takes!((
            A: Tensor,
            ord: Any = "fro",
            dim: IntList = &[-2, -1],
            keepdim: Bool = false,
            *,
            dtype: Option<DType> = None,
        ) => norms::matrix_norm(A, ord, dim, keepdim, dtype)),
        LINALG,
        "A norm of matrices, which lie in the axes `dim`: 'fro' the root of the sum of squares, 'nuc' the sum of the singular \
         values, 2 (−2) the greatest (least) of them, 1 (−1) the greatest (least) sum of magnitudes down a column, inf (−inf) \
         along a row.",
    ),
    op(
        "norm",
        takes!((
            A: Tensor,
            ord: AnyOrNone = None,
            dim: Option<Ints> = None,
            keepdim: Bool = false,
            *,
            dtype: Option<DType> = None,
        ) => norms::norm(A, ord, dim, keepdim, dtype)),
        LINALG,
        "`vector_norm` over one axis or, without `ord`, over any; `matrix_norm` over two.",
    ),
    op(
        "cond",
        takes!((A: Tensor, p: AnyOrNone = None) => norms::cond(A, p)),
        LINALG,
        "The condition number of matrices: the quotient of the greatest and the least singular value, or with `p` the product \
         of the norms of a matrix and its inverse (inf for singular matrices).",
    ),
    op(
        "matrix_rank",
        takes!((A: Tensor, *, atol: AnyOrNone = None, rtol: AnyOrNone = None, hermitian: Bool = false) {
            let tolerance = Tolerance { absolute: atol, relative: rtol };
            Ok(inverses::matrix_rank(A, &tolerance, hermitian)?.into())
        }),
        LINALG,
        "How many singular values are greater than `atol` and than `rtol` times the greatest of them; without either, than the \
         precision of the dtype times the greater size. With `hermitian` they are the magnitudes of eigenvalues, which is \
         faster.",
    ),
    op(
        "matrix_rank",
        takes!((A: Tensor, tol: AnyOrNone, hermitian: Bool = false)
            => inverses::matrix_rank(A, &absolute(tol), hermitian)),
        LINALG,
        "",
    ),
    op(
        "pinv",
        takes!((A: Tensor, *, atol: AnyOrNone = None, rtol: AnyOrNone = None, hermitian: Bool = false) {
            let tolerance = Tolerance { absolute: atol, relative: rtol };
            Ok(inverses::pinv(A, &tolerance, hermitian)?.into())
        }),
        LINALG,
        "The pseudoinverse of matrices. Singular values count as zeros as in `matrix_rank`; the gradient takes the rank to stay \
         as it is.",
    ),
    op(
        "pinv",
        takes!((A: Tensor, rcond: Any, hermitian: Bool = false) {
            let tolerance = Tolerance { absolute: &Value::None, relative: rcond };
            Ok(inverses::pinv(A, &tolerance, hermitian)?.into())
        }),
        LINALG,
        "",
    ),
    op(
        "pinverse",
        takes!((input: Tensor, rcond: Float = 1e-15) {
            let tolerance = Tolerance { absolute: &Value::None, relative: &Value::Float(rcond) };
            Ok(inverses::pinv(input, &tolerance, false)?.into())
        }),
        Forms::BOTH,
        "`linalg.pinv`.",
    ),
    op(
        "lstsq",
        takes!((A: Tensor, B: Tensor, rcond: Option<Float> = None, *, driver: Option<Text> = None) {
            let results = inverses::lstsq(A, B, rcond, driver)?;
            Ok(named("linalg_lstsq", LSTSQ, results))
        }),
        LINALG,
        "The X with the least `norm(A X - B)`, and of those the least, with the squares that remain (for 'gels', 'gelsd' and \
         'gelss', where A is tall and of full rank), the ranks (not for 'gels', which takes them to be full), and the singular \
         values (for 'gelsd' and 'gelss'). `rcond` says which singular values count as zeros.",
    )
    .giving(Gives::Named(LSTSQ)),
    op(
        "tensorinv",
        takes!((A: Tensor, ind: Int = 2) => inverses::tensorinv(A, ind)),
        LINALG,
        "The inverse of what `tensordot(A, x, ind)` does to x: A with its first `ind` axes as one and the others as one, \
         inverted.",
    ),
    op(
        "tensorsolve",
        takes!((A: Tensor, B: Tensor, dims: Option<IntList> = None) => inverses::tensorsolve(A, B, dims)),
        LINALG,
        "The X with `tensordot(A, X, X.ndim) == B`; the axes `dims` of A are taken to its end before.",
    ),
    op(
        "householder_product",
        takes!((A: Tensor, tau: Tensor) => products::householder_product(A, tau)),
        LINALG,
        "The first columns of the product of the reflections `I - tau[i] v[i] v[i].mH`, with v[i] below the diagonal of column i \
         of A and 1 on it.",
    ),
    op(
        "orgqr",
        takes!((input: Tensor, input2: Tensor) => products::householder_product(input, input2)),
        BOTH,
        "`linalg.householder_product`.",
    ),
    op(
        "geqrf",
        takes!((input: Tensor) { Ok(named("geqrf", GEQRF, products::geqrf(input)?)) }),
        BOTH,
        "`A = Q R` as LAPACK packs it: R on and above the diagonal of `a`, and below it vectors of reflections, whose product \
         is Q, with their factors in `tau`. For `linalg.householder_product` and `ormqr`; there is no derivative.",
    )
    .giving(Gives::Named(GEQRF)),
    op(
        "ormqr",
        takes!((input: Tensor, input2: Tensor, input3: Tensor, left: Bool = true, transpose: Bool = false)
            => products::ormqr(input, input2, input3, left, transpose)),
        BOTH,
        "`Q @ other`, or `other @ Q` without `left`, for the square Q whose reflections `geqrf` gives; of its conjugate \
         transpose with `transpose`.",
    ),
    op(
        "vander",
        takes!((x: Tensor, *, N: Option<Int> = None) {
            let count = N.unwrap_or_else(|| x.shape().last().map_or(0, |&size| size as i64));
            if count <= 1 {
                return Err(Error::runtime("linalg.vander", "N must be greater than 1."));
            }
            let x = if x.rank() == 0 { views::unsqueeze(x, 0)? } else { x.clone() };
            Ok(products::powers(&x, count as usize)?.into())
        }),
        Forms::LINALG,
        "The powers 0, 1, …, N − 1 (as many as there are elements) of the elements of the last axis, along a new one.",
    ),
    op(
        "vander",
        takes!((x: Tensor, N: Option<Int> = None, increasing: Bool = false) => statistics::vander(x, N, increasing)),
        Forms::FUNCTION,
        "`linalg.vander` of a vector, the highest power first unless `increasing`.",
    ),
    op(
        "diagonal",
        takes!((A: Tensor, *, offset: Int = 0, dim1: Int = -2, dim2: Int = -1)
            => views::diagonal(A, offset, dim1, dim2)),
        Forms::LINALG,
        "A view of the diagonals of matrices, in the axes `dim1` and `dim2`, as the last axis.",
    ),
    op(
        "cov",
        takes!((
            input: Tensor,
            *,
            correction: Int = 1,
            fweights: Option<Tensor> = None,
            aweights: Option<Tensor> = None,
        ) => statistics::cov(input, correction, fweights, aweights)),
        Forms::BOTH,
        "The covariances of the rows of a matrix, whose columns are observations; the variance of a vector. Each observation \
         counts `fweights` times and has the weight `aweights`; the number of them less `correction` is divided by.",
    ),
    op(
        "corrcoef",
        takes!((input: Tensor) => statistics::corrcoef(input)),
        Forms::BOTH,
        "The correlations of the rows of a matrix, whose columns are observations.",
    ),
    trapezoids!("trapezoid", &["trapz"], trapezoid, "The integral of `y` along `dim` by the trapezoidal rule; samples are at `x`, or `dx` apart."),
    positions!("trapezoid", &["trapz"], trapezoid),
    trapezoids!("cumulative_trapezoid", &[], cumulative_trapezoid, "The integrals of `y` along `dim` from the first sample to each of the others."),
    positions!("cumulative_trapezoid", &[], cumulative_trapezoid),
    op(
        "ldl_factor",
        takes!((A: Tensor, *, hermitian: Bool = false) {
            let [factor, pivots, _] = ldl::ldl_factor("linalg.ldl_factor", A, hermitian, true)?;
            Ok(named("linalg_ldl_factor", LDL_FACTOR, [factor, pivots]))
        }),
        LINALG,
        "L and D with `A == L @ D @ L.mT`, or `L @ D @ L.mH` with `hermitian`, up to exchanges of rows and columns, of \
         symmetric or Hermitian matrices, of which the lower \
         triangle is read: D is on the diagonal, where it has blocks of two also beside it, and L below, as LAPACK packs them. \
         For `ldl_solve`; there is no derivative.",
    )
    .giving(Gives::Named(LDL_FACTOR)),
    op(
        "ldl_factor_ex",
        takes!((A: Tensor, *, hermitian: Bool = false, check_errors: Bool = false) {
            let results = ldl::ldl_factor("linalg.ldl_factor_ex", A, hermitian, check_errors)?;
            Ok(named("linalg_ldl_factor_ex", LDL_FACTOR_EX, results))
        }),
        LINALG,
        "`ldl_factor`, which does not raise but says in `info` where D has its first zero.",
    )
    .giving(Gives::Named(LDL_FACTOR_EX)),
    op(
        "ldl_solve",
        takes!((LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: Bool = false)
            => ldl::ldl_solve(LD, pivots, B, hermitian)),
        LINALG,
        "The solution of `A X = B` from what `ldl_factor` gives for A, differentiable by B.",
    ),
];
