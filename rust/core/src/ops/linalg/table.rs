//! Names and signatures of linear algebra.

use super::inverses::{self, Tolerance};
use super::{cholesky, eig, eigh, exponential, ldl, lu, norms, products, qr, svd, triangular};
use crate::error::{Error, Result};
use crate::ops::reductions::statistics::{self, Spacing};
use crate::ops::registry::{
    Args, Call, Default, Forms, Gives, Kind, Named, OpInfo, Output, Param, Value, input, param,
};
use crate::ops::views;
use crate::tensor::Tensor;

const fn op(
    name: &'static str,
    params: &'static [Param],
    forms: Forms,
    call: fn(&Args<'_>) -> Result<Output>,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

const LINALG: Forms = Forms::LINALG.and(Forms::SAME_OUT);
const BOTH: Forms = Forms::BOTH.and(Forms::SAME_OUT);
const CHECK: Param = param("check_errors", Kind::Bool).or(Default::Bool(false)).keyword();
const UPPER: Param = param("upper", Kind::Bool).or(Default::Bool(false)).keyword();
const LEFT: Param = param("left", Kind::Bool).or(Default::Bool(true)).keyword();
const PIVOT: Param = param("pivot", Kind::Bool).or(Default::Bool(true)).keyword();
const UPLO: Param = param("UPLO", Kind::Text).or(Default::Text("L"));

const fn tensor(name: &'static str) -> Param {
    param(name, Kind::Tensor)
}

/// The matrices that an operation works on.
const fn a() -> Param {
    param("A", Kind::Tensor)
}

/// A tuple with names.
fn named<const N: usize>(class: &'static str, fields: &'static [&'static str], results: [Tensor; N]) -> Output {
    Output::Named(Box::new(Named { class, fields, tensors: results.into() }))
}

/// `driver=` chooses among libraries of graphics processors.
fn refuse_driver(args: &Args<'_>, index: usize) -> Result<()> {
    match args.text_opt(index) {
        None => Ok(()),
        Some(_) => Err(Error::runtime(
            "linalg.svd",
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.",
        )),
    }
}

const KEEP: Param = param("keepdim", Kind::Bool).or(Default::Bool(false));
const DTYPE: Param = param("dtype", Kind::DType).optional().keyword();
const DIM: Param = param("dim", Kind::Int).or(Default::Int(-1)).keyword();
const ATOL: Param = param("atol", Kind::Any).optional().keyword();
const RTOL: Param = param("rtol", Kind::Any).optional().keyword();
const HERMITIAN: Param = param("hermitian", Kind::Bool).or(Default::Bool(false)).keyword();
const HERMITIAN_TOO: Param = param("hermitian", Kind::Bool).or(Default::Bool(false));

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
        OpInfo {
            name: $name,
            aliases: $aliases,
            params: &[tensor("y"), param("dx", Kind::Number).or(Default::Int(1)).keyword(), DIM],
            forms: Forms::FUNCTION,
            call: Call::Structured(|args| {
                Ok(statistics::$function(args.tensor(0), &Spacing::Even(args.number(1)), args.int(2))?.into())
            }),
            gives: Gives::Tensor,
            doc: $doc,
        }
    };
}

/// The same rule for samples at given positions.
macro_rules! positions {
    ($name:literal, $aliases:expr, $function:ident) => {
        OpInfo {
            name: $name,
            aliases: $aliases,
            params: &[tensor("y"), tensor("x"), DIM],
            forms: Forms::FUNCTION,
            call: Call::Structured(|args| {
                Ok(statistics::$function(args.tensor(0), &Spacing::At(args.tensor(1)), args.int(2))?.into())
            }),
            gives: Gives::Tensor,
            doc: "",
        }
    };
}

/// The rank within tolerances.
fn rank(args: &Args<'_>, absolute: &Value, relative: &Value) -> Result<Output> {
    Ok(inverses::matrix_rank(args.tensor(0), &Tolerance { absolute, relative }, args.flag(3))?.into())
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
        &[a(), tensor("B"), LEFT],
        LINALG,
        |args| {
            let [x, _] = lu::solve_ex("torch.linalg.solve", args.tensor(0), args.tensor(1), args.flag(2), true)?;
            Ok(x.into())
        },
        "The solution X of `A X = B`, or of `X A = B` with `left=False`, for square matrices A; `B` may be a vector, or a \
         vector for each matrix. The axes before broadcast. Raises `LinAlgError` where A is singular.",
    ),
    op(
        "solve_ex",
        &[a(), tensor("B"), LEFT, CHECK],
        LINALG,
        |args| {
            let (a, b) = (args.tensor(0), args.tensor(1));
            let results = lu::solve_ex("linalg.solve_ex", a, b, args.flag(2), args.flag(3))?;
            Ok(named("linalg_solve_ex", SOLVE_EX, results))
        },
        "`solve`, which does not raise for a singular matrix but says in `info` where its factor has the first zero.",
    )
    .giving(Gives::Named(SOLVE_EX)),
    op(
        "inv",
        &[a()],
        LINALG,
        |args| {
            let [inverse, _] = lu::inv_ex("linalg.inv", args.tensor(0), true)?;
            Ok(inverse.into())
        },
        "The inverse of square matrices. Raises `LinAlgError` where one is singular; to multiply by an inverse, `solve` is \
         faster and loses fewer digits.",
    ),
    OpInfo {
        name: "inverse",
        aliases: &[],
        params: &[input()],
        forms: BOTH,
        call: Call::Structured(|args| {
            let [inverse, _] = lu::inv_ex("linalg.inv", args.tensor(0), true)?;
            Ok(inverse.into())
        }),
        gives: Gives::Tensor,
        doc: "`linalg.inv`.",
    },
    op(
        "inv_ex",
        &[a(), CHECK],
        LINALG,
        |args| Ok(named("linalg_inv_ex", INV_EX, lu::inv_ex("linalg.inv_ex", args.tensor(0), args.flag(1))?)),
        "`inv`, which does not raise for a singular matrix but says in `info` where its factor has the first zero.",
    )
    .giving(Gives::Named(INV_EX)),
    op(
        "det",
        &[a()],
        LINALG,
        |args| Ok(lu::det(args.tensor(0))?.into()),
        "The determinant of square matrices; its gradient is the matrix of cofactors, for singular matrices, too.",
    ),
    op("det", &[input()], Forms::BOTH, |args| Ok(lu::det(args.tensor(0))?.into()), "`linalg.det`."),
    op(
        "slogdet",
        &[a()],
        LINALG,
        |args| Ok(named("linalg_slogdet", SLOGDET, lu::slogdet("linalg.slogdet", args.tensor(0))?)),
        "The sign of the determinant, 0 for singular matrices, and the logarithm of its magnitude, which neither over- nor \
         underflows.",
    )
    .giving(Gives::Named(SLOGDET)),
    op(
        "slogdet",
        &[input()],
        BOTH,
        |args| Ok(named("slogdet", SLOGDET, lu::slogdet("linalg.slogdet", args.tensor(0))?)),
        "`linalg.slogdet`.",
    )
    .giving(Gives::Named(SLOGDET)),
    op(
        "logdet",
        &[input()],
        Forms::BOTH,
        |args| Ok(lu::logdet(args.tensor(0))?.into()),
        "The logarithm of the determinant: −inf for singular matrices, NaN where the determinant is negative.",
    ),
    op(
        "cholesky",
        &[a(), UPPER],
        LINALG,
        |args| Ok(cholesky::cholesky("linalg.cholesky", args.tensor(0), args.flag(1))?.into()),
        "The lower triangle L with `L @ L.mH == A` for Hermitian positive definite matrices, of which the lower triangle is \
         read, or with `upper` its conjugate transpose, from the upper triangle. The gradient is Hermitian. Raises \
         `LinAlgError` for other matrices.",
    ),
    op(
        "cholesky",
        &[input(), param("upper", Kind::Bool).or(Default::Bool(false))],
        BOTH,
        |args| Ok(cholesky::cholesky("linalg.cholesky", args.tensor(0), args.flag(1))?.into()),
        "`linalg.cholesky`.",
    ),
    op(
        "cholesky_ex",
        &[a(), UPPER, CHECK],
        LINALG,
        |args| {
            let results = cholesky::cholesky_ex(args.tensor(0), args.flag(1), args.flag(2))?;
            Ok(named("linalg_cholesky_ex", CHOLESKY_EX, results))
        },
        "`cholesky`, which does not raise but says in `info` which leading minor is not positive definite.",
    )
    .giving(Gives::Named(CHOLESKY_EX)),
    op(
        "cholesky_solve",
        &[tensor("input"), tensor("L"), param("upper", Kind::Bool).or(Default::Bool(false))],
        BOTH,
        |args| Ok(cholesky::cholesky_solve(args.tensor(0), args.tensor(1), args.flag(2))?.into()),
        "The solution X of `A X = input` from the Cholesky factor of A.",
    ),
    op(
        "cholesky_inverse",
        &[tensor("input"), param("upper", Kind::Bool).or(Default::Bool(false))],
        BOTH,
        |args| Ok(cholesky::cholesky_inverse(args.tensor(0), args.flag(1))?.into()),
        "The inverse of a matrix from its Cholesky factor.",
    ),
    op(
        "qr",
        &[a(), param("mode", Kind::Text).or(Default::Text("reduced"))],
        LINALG,
        |args| Ok(named("linalg_qr", Q_R, qr::qr(args.tensor(0), args.text(1))?)),
        "Q with orthonormal columns and an upper triangle R, whose product is A. `mode` 'reduced' gives Q as many columns as \
         R has rows, 'complete' makes it square, and 'r' leaves it out (it is empty).",
    )
    .giving(Gives::Named(Q_R)),
    op(
        "qr",
        &[input(), param("some", Kind::Bool).or(Default::Bool(true))],
        BOTH,
        |args| {
            let mode = if args.flag(1) { "reduced" } else { "complete" };
            Ok(named("qr", Q_R, qr::qr(args.tensor(0), mode)?))
        },
        "`linalg.qr`; `some=False` is its 'complete'.",
    )
    .giving(Gives::Named(Q_R)),
    op(
        "eig",
        &[a()],
        LINALG,
        |args| Ok(named("linalg_eig", EIG, eig::eig(args.tensor(0))?)),
        "The eigenvalues of square matrices, complex and in no order, and eigenvectors of length 1 as columns. A loss that depends \
         on the phases of the vectors has no gradient, and neither has one of vectors where eigenvalues repeat.",
    )
    .giving(Gives::Named(EIG)),
    op(
        "eigvals",
        &[a()],
        LINALG,
        |args| Ok(eig::eigvals(args.tensor(0))?.into()),
        "The eigenvalues of square matrices, complex and in no order.",
    ),
    op(
        "eigh",
        &[a(), UPLO],
        LINALG,
        |args| Ok(named("linalg_eigh", EIGH, eigh::eigh(args.tensor(0), args.text(1))?)),
        "Eigenvalues in ascending order and orthonormal eigenvectors (columns) of Hermitian matrices, of which the triangle \
         `UPLO` ('L' or 'U') is read. The gradient is Hermitian; where eigenvalues repeat, it is exact for what does not \
         depend on the basis of their eigenvectors, and anything else is refused when it is differentiated.",
    )
    .giving(Gives::Named(EIGH)),
    op(
        "eigvalsh",
        &[a(), UPLO],
        LINALG,
        |args| Ok(eigh::eigvalsh(args.tensor(0), args.text(1))?.into()),
        "The eigenvalues of Hermitian matrices in ascending order.",
    ),
    op(
        "svd",
        &[
            a(),
            param("full_matrices", Kind::Bool).or(Default::Bool(true)),
            param("driver", Kind::Text).optional().keyword(),
        ],
        LINALG,
        |args| {
            refuse_driver(args, 2)?;
            Ok(named("linalg_svd", SVD, svd::svd(args.tensor(0), args.flag(1))?))
        },
        "U, the singular values S in descending order, and Vh, with `A == U @ diag(S) @ Vh`; square U and Vh, or with \
         `full_matrices=False` as many vectors as there are singular values. Where singular values repeat, the gradient is \
         as that of `eigh`.",
    )
    .giving(Gives::Named(SVD)),
    op(
        "svdvals",
        &[a(), param("driver", Kind::Text).optional().keyword()],
        LINALG,
        |args| {
            refuse_driver(args, 1)?;
            Ok(svd::svdvals(args.tensor(0))?.into())
        },
        "The singular values of matrices in descending order.",
    ),
    op(
        "solve_triangular",
        &[a(), tensor("B"), param("upper", Kind::Bool).keyword(), LEFT, param("unitriangular", Kind::Bool).or(Default::Bool(false)).keyword()],
        LINALG,
        |args| {
            let (a, b) = (args.tensor(0), args.tensor(1));
            Ok(triangular::solve_triangular(a, b, args.flag(2), args.flag(3), args.flag(4))?.into())
        },
        "The solution X of `A X = B`, or of `X A = B` with `left=False`, for triangles A, of which nothing else is read; with \
         `unitriangular` the diagonal counts as 1.",
    ),
    op(
        "lu",
        &[a(), PIVOT],
        LINALG,
        |args| Ok(named("linalg_lu", P_L_U, lu::lu(args.tensor(0), args.flag(1))?)),
        "P, L and U with `A == P @ L @ U`: a permutation, a lower triangle with ones on its diagonal, an upper triangle. \
         Without `pivot` no rows are exchanged and P is empty.",
    )
    .giving(Gives::Named(P_L_U)),
    op(
        "lu_factor",
        &[a(), PIVOT],
        LINALG,
        |args| {
            let [packed, pivots, _] = lu::lu_factor_ex("torch.linalg.lu_factor", args.tensor(0), args.flag(1), true)?;
            Ok(named("linalg_lu_factor", LU_FACTOR, [packed, pivots]))
        },
        "L (without its ones) and U in one matrix, and for each row the one it was exchanged with, counted from 1. Raises \
         where U has a zero on its diagonal.",
    )
    .giving(Gives::Named(LU_FACTOR)),
    op(
        "lu_factor_ex",
        &[a(), PIVOT, CHECK],
        LINALG,
        |args| {
            let (pivot, check) = (args.flag(1), args.flag(2));
            let results = lu::lu_factor_ex("linalg.lu_factor_ex", args.tensor(0), pivot, check)?;
            Ok(named("linalg_lu_factor_ex", LU_FACTOR_EX, results))
        },
        "`lu_factor`, which does not raise but says in `info` where U has its first zero.",
    )
    .giving(Gives::Named(LU_FACTOR_EX)),
    op(
        "lu_unpack",
        &[
            tensor("LU_data"),
            tensor("LU_pivots"),
            param("unpack_data", Kind::Bool).or(Default::Bool(true)),
            param("unpack_pivots", Kind::Bool).or(Default::Bool(true)),
        ],
        Forms::FUNCTION.and(Forms::SAME_OUT),
        |args| {
            let (packed, pivots) = (args.tensor(0), args.tensor(1));
            Ok(named("lu_unpack", P_L_U, lu::lu_unpack(packed, pivots, args.flag(2), args.flag(3))?))
        },
        "P, L and U from what `linalg.lu_factor` gives.",
    )
    .giving(Gives::Named(P_L_U)),
    op(
        "lu_solve",
        &[tensor("LU"), tensor("pivots"), tensor("B"), LEFT, param("adjoint", Kind::Bool).or(Default::Bool(false)).keyword()],
        LINALG,
        |args| {
            let (packed, pivots, b) = (args.tensor(0), args.tensor(1), args.tensor(2));
            Ok(lu::lu_solve(packed, pivots, b, args.flag(3), args.flag(4))?.into())
        },
        "The solution of `A X = B`, or of `A.mH X = B` with `adjoint`, from what `lu_factor` gives for A.",
    ),
    op(
        "lu_solve",
        &[tensor("b"), tensor("LU_data"), tensor("LU_pivots")],
        BOTH,
        |args| Ok(lu::lu_solve(args.tensor(1), args.tensor(2), args.tensor(0), true, false)?.into()),
        "`linalg.lu_solve`, the arguments in another order.",
    ),
    op(
        "lu",
        &[
            a(),
            param("pivot", Kind::Bool).or(Default::Bool(true)),
            param("get_infos", Kind::Bool).or(Default::Bool(false)),
        ],
        Forms::BOTH,
        |args| {
            let results = lu::lu_factor_ex("torch.linalg.lu_factor", args.tensor(0), args.flag(1), !args.flag(2))?;
            let [packed, pivots, info] = results;
            Ok(if args.flag(2) { vec![packed, pivots, info] } else { vec![packed, pivots] }.into())
        },
        "`linalg.lu_factor`, with `get_infos` `linalg.lu_factor_ex`.",
    )
    .giving(Gives::Tensors),
    op(
        "svd",
        &[
            input(),
            param("some", Kind::Bool).or(Default::Bool(true)),
            param("compute_uv", Kind::Bool).or(Default::Bool(true)),
        ],
        BOTH,
        |args| Ok(named("svd", U_S_V, svd::old(args.tensor(0), args.flag(1), args.flag(2))?)),
        "`linalg.svd`, which gives V and not its conjugate transpose; `some=False` asks for square U and V, and without \
         `compute_uv` they are zeros.",
    )
    .giving(Gives::Named(U_S_V)),
    op(
        "triangular_solve",
        &[
            tensor("b"),
            a(),
            param("upper", Kind::Bool).or(Default::Bool(true)),
            param("transpose", Kind::Bool).or(Default::Bool(false)),
            param("unitriangular", Kind::Bool).or(Default::Bool(false)),
        ],
        BOTH,
        |args| {
            let (b, a) = (args.tensor(0), args.tensor(1));
            let results = triangular::old(b, a, args.flag(2), args.flag(3), args.flag(4))?;
            Ok(named("triangular_solve", TRIANGULAR, results))
        },
        "`linalg.solve_triangular`, the arguments in another order, and a copy of the triangle.",
    )
    .giving(Gives::Named(TRIANGULAR)),
    op(
        "matrix_exp",
        &[a()],
        Forms::LINALG,
        |args| Ok(exponential::matrix_exp(args.tensor(0))?.into()),
        "The exponential of square matrices, `I + A + A @ A / 2 + …`.",
    ),
    op("matrix_exp", &[input()], Forms::BOTH, |args| Ok(exponential::matrix_exp(args.tensor(0))?.into()), "`linalg.matrix_exp`."),
    op(
        "matrix_norm",
        &[
            a(),
            param("ord", Kind::Any).or(Default::Text("fro")),
            param("dim", Kind::IntList).or(Default::Ints(&[-2, -1])),
            KEEP,
            DTYPE,
        ],
        LINALG,
        |args| {
            let (axes, keep, dtype) = (args.ints(2), args.flag(3), args.dtype_opt(4));
            Ok(norms::matrix_norm(args.tensor(0), &args.values[1], axes, keep, dtype)?.into())
        },
        "A norm of matrices, which lie in the axes `dim`: 'fro' the root of the sum of squares, 'nuc' the sum of the singular \
         values, 2 (−2) the greatest (least) of them, 1 (−1) the greatest (least) sum of magnitudes down a column, inf (−inf) \
         along a row.",
    ),
    op(
        "norm",
        &[a(), param("ord", Kind::Any).optional(), param("dim", Kind::Ints).optional(), KEEP, DTYPE],
        LINALG,
        |args| {
            let (axes, keep, dtype) = (args.ints_opt(2), args.flag(3), args.dtype_opt(4));
            Ok(norms::norm(args.tensor(0), &args.values[1], axes, keep, dtype)?.into())
        },
        "`vector_norm` over one axis or, without `ord`, over any; `matrix_norm` over two.",
    ),
    op(
        "cond",
        &[a(), param("p", Kind::Any).optional()],
        LINALG,
        |args| Ok(norms::cond(args.tensor(0), &args.values[1])?.into()),
        "The condition number of matrices: the quotient of the greatest and the least singular value, or with `p` the product \
         of the norms of a matrix and its inverse (inf for singular matrices).",
    ),
    op(
        "matrix_rank",
        &[a(), ATOL, RTOL, HERMITIAN],
        LINALG,
        |args| rank(args, &args.values[1], &args.values[2]),
        "How many singular values are greater than `atol` and than `rtol` times the greatest of them; without either, than the \
         precision of the dtype times the greater size. With `hermitian` they are the magnitudes of eigenvalues, which is \
         faster.",
    ),
    op(
        "matrix_rank",
        &[a(), param("tol", Kind::Any).or_none(), HERMITIAN_TOO],
        LINALG,
        |args| inverses::matrix_rank(args.tensor(0), &absolute(&args.values[1]), args.flag(2)).map(Output::from),
        "",
    ),
    op(
        "pinv",
        &[a(), ATOL, RTOL, HERMITIAN],
        LINALG,
        |args| {
            let tolerance = Tolerance { absolute: &args.values[1], relative: &args.values[2] };
            Ok(inverses::pinv(args.tensor(0), &tolerance, args.flag(3))?.into())
        },
        "The pseudoinverse of matrices. Singular values count as zeros as in `matrix_rank`; the gradient takes the rank to stay \
         as it is.",
    ),
    op(
        "pinv",
        &[a(), param("rcond", Kind::Any), HERMITIAN_TOO],
        LINALG,
        |args| {
            let tolerance = Tolerance { absolute: &Value::None, relative: &args.values[1] };
            Ok(inverses::pinv(args.tensor(0), &tolerance, args.flag(2))?.into())
        },
        "",
    ),
    op(
        "pinverse",
        &[input(), param("rcond", Kind::Float).or(Default::Float(1e-15))],
        Forms::BOTH,
        |args| {
            let tolerance = Tolerance { absolute: &Value::None, relative: &args.values[1] };
            Ok(inverses::pinv(args.tensor(0), &tolerance, false)?.into())
        },
        "`linalg.pinv`.",
    ),
    op(
        "lstsq",
        &[
            a(),
            tensor("B"),
            param("rcond", Kind::Float).optional(),
            param("driver", Kind::Text).optional().keyword(),
        ],
        LINALG,
        |args| {
            let results = inverses::lstsq(args.tensor(0), args.tensor(1), args.float_opt(2), args.text_opt(3))?;
            Ok(named("linalg_lstsq", LSTSQ, results))
        },
        "The X with the least `norm(A X - B)`, and of those the least, with the squares that remain (for 'gels', 'gelsd' and \
         'gelss', where A is tall and of full rank), the ranks (not for 'gels', which takes them to be full), and the singular \
         values (for 'gelsd' and 'gelss'). `rcond` says which singular values count as zeros.",
    )
    .giving(Gives::Named(LSTSQ)),
    op(
        "tensorinv",
        &[a(), param("ind", Kind::Int).or(Default::Int(2))],
        LINALG,
        |args| Ok(inverses::tensorinv(args.tensor(0), args.int(1))?.into()),
        "The inverse of what `tensordot(A, x, ind)` does to x: A with its first `ind` axes as one and the others as one, \
         inverted.",
    ),
    op(
        "tensorsolve",
        &[a(), tensor("B"), param("dims", Kind::IntList).optional()],
        LINALG,
        |args| Ok(inverses::tensorsolve(args.tensor(0), args.tensor(1), args.ints_opt(2))?.into()),
        "The X with `tensordot(A, X, X.ndim) == B`; the axes `dims` of A are taken to its end before.",
    ),
    op(
        "householder_product",
        &[a(), tensor("tau")],
        LINALG,
        |args| Ok(products::householder_product(args.tensor(0), args.tensor(1))?.into()),
        "The first columns of the product of the reflections `I - tau[i] v[i] v[i].mH`, with v[i] below the diagonal of column i \
         of A and 1 on it.",
    ),
    op(
        "orgqr",
        &[input(), tensor("input2")],
        BOTH,
        |args| Ok(products::householder_product(args.tensor(0), args.tensor(1))?.into()),
        "`linalg.householder_product`.",
    ),
    op(
        "geqrf",
        &[input()],
        BOTH,
        |args| Ok(named("geqrf", GEQRF, products::geqrf(args.tensor(0))?)),
        "`A = Q R` as LAPACK packs it: R on and above the diagonal of `a`, and below it vectors of reflections, whose product \
         is Q, with their factors in `tau`. For `linalg.householder_product` and `ormqr`; there is no derivative.",
    )
    .giving(Gives::Named(GEQRF)),
    op(
        "ormqr",
        &[
            input(),
            tensor("input2"),
            tensor("input3"),
            param("left", Kind::Bool).or(Default::Bool(true)),
            param("transpose", Kind::Bool).or(Default::Bool(false)),
        ],
        BOTH,
        |args| {
            let (input, tau, other) = (args.tensor(0), args.tensor(1), args.tensor(2));
            Ok(products::ormqr(input, tau, other, args.flag(3), args.flag(4))?.into())
        },
        "`Q @ other`, or `other @ Q` without `left`, for the square Q whose reflections `geqrf` gives; of its conjugate \
         transpose with `transpose`.",
    ),
    op(
        "vander",
        &[tensor("x"), param("N", Kind::Int).optional().keyword()],
        Forms::LINALG,
        |args| {
            let x = args.tensor(0);
            let count = args.int_opt(1).unwrap_or_else(|| x.shape().last().map_or(0, |&size| size as i64));
            if count <= 1 {
                return Err(Error::runtime("linalg.vander", "N must be greater than 1."));
            }
            let x = if x.rank() == 0 { views::unsqueeze(x, 0)? } else { x.clone() };
            Ok(products::powers(&x, count as usize)?.into())
        },
        "The powers 0, 1, …, N − 1 (as many as there are elements) of the elements of the last axis, along a new one.",
    ),
    op(
        "vander",
        &[
            tensor("x"),
            param("N", Kind::Int).optional(),
            param("increasing", Kind::Bool).or(Default::Bool(false)),
        ],
        Forms::FUNCTION,
        |args| Ok(statistics::vander(args.tensor(0), args.int_opt(1), args.flag(2))?.into()),
        "`linalg.vander` of a vector, the highest power first unless `increasing`.",
    ),
    op(
        "diagonal",
        &[
            a(),
            param("offset", Kind::Int).or(Default::Int(0)).keyword(),
            param("dim1", Kind::Int).or(Default::Int(-2)).keyword(),
            param("dim2", Kind::Int).or(Default::Int(-1)).keyword(),
        ],
        Forms::LINALG,
        |args| Ok(views::diagonal(args.tensor(0), args.int(1), args.int(2), args.int(3))?.into()),
        "A view of the diagonals of matrices, in the axes `dim1` and `dim2`, as the last axis.",
    ),
    op(
        "cov",
        &[
            input(),
            param("correction", Kind::Int).or(Default::Int(1)).keyword(),
            param("fweights", Kind::Tensor).optional().keyword(),
            param("aweights", Kind::Tensor).optional().keyword(),
        ],
        Forms::BOTH,
        |args| Ok(statistics::cov(args.tensor(0), args.int(1), args.tensor_opt(2), args.tensor_opt(3))?.into()),
        "The covariances of the rows of a matrix, whose columns are observations; the variance of a vector. Each observation \
         counts `fweights` times and has the weight `aweights`; the number of them less `correction` is divided by.",
    ),
    op(
        "corrcoef",
        &[input()],
        Forms::BOTH,
        |args| Ok(statistics::corrcoef(args.tensor(0))?.into()),
        "The correlations of the rows of a matrix, whose columns are observations.",
    ),
    trapezoids!("trapezoid", &["trapz"], trapezoid, "The integral of `y` along `dim` by the trapezoidal rule; samples are at `x`, or `dx` apart."),
    positions!("trapezoid", &["trapz"], trapezoid),
    trapezoids!("cumulative_trapezoid", &[], cumulative_trapezoid, "The integrals of `y` along `dim` from the first sample to each of the others."),
    positions!("cumulative_trapezoid", &[], cumulative_trapezoid),
    op(
        "ldl_factor",
        &[a(), HERMITIAN],
        LINALG,
        |args| {
            let [factor, pivots, _] = ldl::ldl_factor("linalg.ldl_factor", args.tensor(0), args.flag(1), true)?;
            Ok(named("linalg_ldl_factor", LDL_FACTOR, [factor, pivots]))
        },
        "L and D with `A == L @ D @ L.mT`, or `L @ D @ L.mH` with `hermitian`, up to exchanges of rows and columns, of \
         symmetric or Hermitian matrices, of which the lower \
         triangle is read: D is on the diagonal, where it has blocks of two also beside it, and L below, as LAPACK packs them. \
         For `ldl_solve`; there is no derivative.",
    )
    .giving(Gives::Named(LDL_FACTOR)),
    op(
        "ldl_factor_ex",
        &[a(), HERMITIAN, CHECK],
        LINALG,
        |args| {
            let results = ldl::ldl_factor("linalg.ldl_factor_ex", args.tensor(0), args.flag(1), args.flag(2))?;
            Ok(named("linalg_ldl_factor_ex", LDL_FACTOR_EX, results))
        },
        "`ldl_factor`, which does not raise but says in `info` where D has its first zero.",
    )
    .giving(Gives::Named(LDL_FACTOR_EX)),
    op(
        "ldl_solve",
        &[tensor("LD"), tensor("pivots"), tensor("B"), HERMITIAN],
        LINALG,
        |args| Ok(ldl::ldl_solve(args.tensor(0), args.tensor(1), args.tensor(2), args.flag(3))?.into()),
        "The solution of `A X = B` from what `ldl_factor` gives for A, differentiable by B.",
    ),
];
