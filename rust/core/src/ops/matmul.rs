//! Matrix products: `mm`, `bmm`, `mv`, `dot`, the same added to a term, and `matmul`, which chooses among them.
//!
//! One rule serves them all. The kernel takes strides, so neither a transposed operand nor a gradient is ever copied.

use smallvec::{SmallVec, smallvec};

use super::{batching, complex, copy, views};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::node::{Backward, From};
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::transform::{Batch, Part, Tangents};
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::matmul::matmul as run;
use crate::launch::launch;
use crate::scalar::Scalar;
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;

// ---- arrays ------------------------------------------------------------------------------------------------------

/// `alpha·A·B`, plus `beta·C` if a term is given, where the last two axes are matrices and the axes before them
/// broadcast. The sizes have been checked. With `column_major` the matrices of the result are.
fn product(
    op: &'static str,
    a: &Array,
    b: &Array,
    alpha: Scalar,
    term: Option<(&Array, Scalar)>,
    column_major: bool,
) -> Result<Array> {
    let (m, k) = matrix_size(a);
    let (_, n) = matrix_size(b);
    let batch = shape::broadcast(op, &a.shape()[..a.rank() - 2], &b.shape()[..b.rank() - 2])?;
    let sized = |rows: usize, columns: usize| {
        let mut shape = Shape::from_slice(&batch);
        shape.push(rows);
        shape.push(columns);
        shape
    };
    if a.dtype() == DType::Bool {
        // Products of truth values are only those of empty matrices.
        return Array::zeros(op, &sized(m, n), DType::Bool);
    }
    if a.dtype().is_complex() {
        return complex_product(op, a, b, alpha, term, column_major);
    }
    let output = if column_major {
        transposed(&Array::uninit(op, &sized(n, m), a.dtype())?)
    } else {
        Array::uninit(op, &sized(m, n), a.dtype())?
    };
    let spread;
    let (a, b) = if batch.is_empty() {
        (a, b)
    } else {
        spread = (a.expand(&sized(m, k)), b.expand(&sized(k, n)));
        (&spread.0, &spread.1)
    };
    // A factor 0 means that the term is not read: NaN in it does not matter.
    let term = term.filter(|(_, beta)| beta.to_bool()).map(|(term, beta)| (term.expand(output.shape()), beta));
    let beta = term.as_ref().map_or(Scalar::Int(0), |(_, beta)| *beta);
    launch(([a, b], term.as_ref().map(|(term, _)| term)), &output, |([a, b], term), mut out| {
        if let Some(term) = term {
            copy_elements(term, out.reborrow());
        }
        run(alpha, a, b, beta, out);
    });
    Ok(output)
}

/// [`product`] of complex matrices: four of real ones.
fn complex_product(
    op: &'static str,
    a: &Array,
    b: &Array,
    alpha: Scalar,
    term: Option<(&Array, Scalar)>,
    column_major: bool,
) -> Result<Array> {
    let ([a_real, a_imag], [b_real, b_imag]) = (complex::parts(a)?, complex::parts(b)?);
    let plain = |a: &Array, b: &Array| product(op, a, b, ONE, None, column_major);
    let and = |sum: Array, a: &Array, b: &Array, sign: i64| {
        product(op, a, b, Scalar::Int(sign), Some((&sum, ONE)), column_major)
    };
    let real = and(plain(&a_real, &b_real)?, &a_imag, &b_imag, -1)?;
    let imag = and(plain(&a_real, &b_imag)?, &a_imag, &b_real, 1)?;
    let result = if column_major {
        transposed(&complex::of_parts(op, [&transposed(&real), &transposed(&imag)])?)
    } else {
        complex::of_parts(op, [&real, &imag])?
    };
    let mut result = Tensor::from_array(result);
    if !alpha.is_one() {
        result = result.mul(alpha)?;
    }
    if let Some((term, beta)) = term.filter(|(_, beta)| beta.to_bool()) {
        result = result.add(&scaled(Tensor::from_array(term.clone()), beta)?)?;
    }
    Ok(result.array())
}

/// Rows and columns.
fn matrix_size(array: &Array) -> (usize, usize) {
    let shape = array.shape();
    (shape[shape.len() - 2], shape[shape.len() - 1])
}

/// The last two axes exchanged.
fn transposed(array: &Array) -> Array {
    let (mut shape, mut strides) = (Shape::from_slice(array.shape()), Strides::from_slice(array.strides()));
    let rank = shape.len();
    shape.swap(rank - 2, rank - 1);
    strides.swap(rank - 2, rank - 1);
    array.with_layout(&shape, &strides, array.offset())
}

/// A vector as a matrix of one column.
fn column(vector: &Array) -> Array {
    vector.with_layout(&[vector.shape()[0], 1], &[vector.strides()[0], 1], vector.offset())
}

/// A vector as a matrix of one row.
fn row(vector: &Array) -> Array {
    vector.with_layout(&[1, vector.shape()[0]], &[1, vector.strides()[0]], vector.offset())
}

/// A dense result in another shape.
fn reshaped(op: &'static str, array: &Array, shape: &[usize]) -> Result<Array> {
    array.view(shape).ok_or_else(|| Error::runtime(op, "a fresh result is dense"))
}

// ---- the operation -------------------------------------------------------------------------------------------------

/// What is multiplied with what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// Matrices, with batch axes or without.
    Matrices,
    /// A matrix and a vector.
    MatrixVector,
    /// Two vectors.
    Vectors,
}

impl Form {
    /// `alpha·A·B + beta·C` as an array.
    fn run(
        self,
        op: &'static str,
        a: &Array,
        b: &Array,
        alpha: Scalar,
        term: Option<(&Array, Scalar)>,
        column_major: bool,
    ) -> Result<Array> {
        match self {
            Self::Matrices => product(op, a, b, alpha, term, column_major),
            Self::MatrixVector => {
                let rows = a.shape()[0];
                let term = term.map(|(term, beta)| (column(&term.expand(&[rows])), beta));
                let term = term.as_ref().map(|(term, beta)| (term, *beta));
                reshaped(op, &product(op, a, &column(b), alpha, term, false)?, &[rows])
            }
            Self::Vectors => reshaped(op, &product(op, &row(a), &column(b), alpha, None, false)?, &[]),
        }
    }
}

/// Which product it is: what it takes, and what it is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Mm,
    Bmm,
    Mv,
    Dot,
    Vdot,
    Addmm,
    Addmv,
    Baddbmm,
    /// Matrices whose batch axes broadcast.
    Matmul,
}

impl Kind {
    fn op(self) -> &'static str {
        match self {
            Self::Mm => "mm",
            Self::Bmm => "bmm",
            Self::Mv => "mv",
            Self::Dot => "dot",
            Self::Vdot => "vdot",
            Self::Addmm => "addmm",
            Self::Addmv => "addmv",
            Self::Baddbmm => "baddbmm",
            Self::Matmul => "matmul",
        }
    }

    fn node(self) -> &'static str {
        match self {
            Self::Mm => "MmBackward0",
            Self::Bmm | Self::Matmul => "BmmBackward0",
            Self::Mv => "MvBackward0",
            Self::Dot => "DotBackward0",
            Self::Vdot => "VdotBackward0",
            Self::Addmm => "AddmmBackward0",
            Self::Addmv => "AddmvBackward0",
            Self::Baddbmm => "BaddbmmBackward0",
        }
    }

    fn form(self) -> Form {
        match self {
            Self::Mv | Self::Addmv => Form::MatrixVector,
            Self::Dot | Self::Vdot => Form::Vectors,
            _ => Form::Matrices,
        }
    }

    /// The same product without a term.
    fn without_term(self) -> Self {
        match self {
            Self::Addmm => Self::Mm,
            Self::Addmv => Self::Mv,
            Self::Baddbmm => Self::Bmm,
            other => other,
        }
    }

    /// Whether operands fit.
    fn check(self, a: &Array, b: &Array, term: Option<&Array>) -> Result<()> {
        let op = self.op();
        match self {
            Self::Mm | Self::Addmm => check_matrices(op, a, b)?,
            Self::Bmm | Self::Baddbmm => check_batches(op, a, b)?,
            Self::Mv | Self::Addmv => check_matrix_vector(op, term.map(Array::rank), a, b)?,
            Self::Dot | Self::Vdot => check_vectors(op, a, b)?,
            Self::Matmul => check_broadcast(op, a, b)?,
        }
        match term {
            Some(term) => check_term(op, self.form(), a, b, term),
            None => Ok(()),
        }
    }
}

/// `alpha·A·B + beta·C`: C gets `beta·G`, A gets `alpha·G·Bᵀ`, B gets `alpha·Aᵀ·G`.
#[derive(Clone, PartialEq, Debug)]
struct Product {
    kind: Kind,
    /// Factors of the product and of the term.
    alpha: Scalar,
    beta: Scalar,
    /// Whether C is the first input.
    has_term: bool,
    /// Where A and B are saved: each only if the other needs a gradient.
    saved: [Option<usize>; 2],
    /// Whether A and B are saved as copies, so that they may be changed in place.
    copied: [bool; 2],
    /// Whether the matrices of A and B are column-major: then their gradients are, too.
    column_major: [bool; 2],
}

/// Whether a matrix lies in memory column by column.
fn is_column_major(tensor: &Tensor) -> bool {
    let state = tensor.lock();
    let strides = state.array.strides();
    matches!(strides, [.., 1, columns] if *columns != 1)
}

fn scaled(grad: Tensor, factor: Scalar) -> Result<Tensor> {
    if factor.is_one() { Ok(grad) } else { grad.mul(factor) }
}

impl Product {
    #[inline]
    fn new(kind: Kind, [a, b]: [&Tensor; 2]) -> Self {
        Self {
            kind,
            alpha: ONE,
            beta: Scalar::Int(0),
            has_term: false,
            saved: [None; 2],
            copied: [false; 2],
            column_major: [is_column_major(a), is_column_major(b)],
        }
    }

    /// The product without the term.
    fn bare(&self) -> Self {
        Self { kind: self.kind.without_term(), has_term: false, ..self.clone() }
    }

    /// Number of the input that is A.
    fn first(&self) -> usize {
        usize::from(self.has_term)
    }

    /// All products of a batch, of which the factor alone and the term are left to do.
    fn products(&self, size: usize, a: &Part, b: &Part) -> Result<Tensor> {
        let front = |part: &Part| batching::front(part, size);
        match (self.kind.form(), a.axis, b.axis) {
            // One matrix for all examples: they are rows of one matrix.
            (Form::Matrices, Some(_), None) if b.rank() == 2 => matmul(&front(a)?, &b.tensor),
            (Form::Matrices, ..) => {
                let rank = a.rank().max(b.rank());
                batched(&batching::lead(a, size, rank)?, &batching::lead(b, size, rank)?)
            }
            (_, None, None) => {
                call(Self::new(self.kind.without_term(), [&a.tensor, &b.tensor]), &[&a.tensor, &b.tensor])
            }
            (_, Some(_), None) => matmul(&front(a)?, &b.tensor),
            (Form::Vectors, None, Some(_)) => matmul(&front(b)?, &a.tensor),
            (Form::MatrixVector, None, Some(_)) => mm(&front(b)?, &views::t(&a.tensor)?),
            (Form::MatrixVector, Some(_), Some(_)) => {
                let products = bmm(&front(a)?, &views::unsqueeze(&front(b)?, 2)?)?;
                views::squeeze(&products, Some(&[2]))
            }
            (Form::Vectors, Some(_), Some(_)) => {
                let products = bmm(&views::unsqueeze(&front(a)?, 1)?, &views::unsqueeze(&front(b)?, 2)?)?;
                views::squeeze(&products, Some(&[1, 2]))
            }
        }
    }
}

impl Op for Product {
    fn name(&self) -> &str {
        self.kind.node()
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (a, b) = (&inputs[self.first()], &inputs[self.first() + 1]);
        let term = self.has_term.then(|| &inputs[0]);
        self.kind.check(a, b, term)?;
        let term = term.map(|term| (term, self.beta));
        Ok(smallvec![self.kind.form().run(self.kind.op(), a, b, self.alpha, term, false)?])
    }

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let first = self.first();
        let mut kept = SmallVec::new();
        for side in 0..2 {
            // What a gradient does not need may be changed in place before backward.
            if needs(first + 1 - side) {
                self.saved[side] = Some(kept.len());
                kept.push(if self.copied[side] { Keep::Copy(first + side) } else { Keep::Input(first + side) });
            }
        }
        kept
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if self.has_term && cx.needs(0) {
            let grad = cx.only_grad();
            // Without a share in the result its gradient is 0, whatever arrives.
            let term = if !self.beta.to_bool() {
                Tensor::from_array(Array::zeros(self.kind.op(), &grad.shape(), grad.dtype())?)
            } else {
                scaled(grad, self.beta.conj())?
            };
            cx.put(0, term);
        }
        for side in 0..2 {
            if !cx.needs(self.first() + side) {
                continue;
            }
            let Some(other) = self.saved[1 - side] else {
                return Err(Error::runtime(self.kind.op(), "the other factor was not saved"));
            };
            let column_major = self.column_major[side];
            let gradient = ProductBackward { kind: self.kind, side, alpha: self.alpha.conj(), column_major };
            let result = cx.call(gradient, &[From::Grad(0), From::Saved(other)])?;
            cx.put(self.first() + side, result);
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let first = self.first();
        if self.has_term
            && self.beta.to_bool()
            && let Some(tangent) = cx.tangent(0).cloned()
        {
            cx.put(0, scaled(tangent, self.beta)?)?;
        }
        for side in 0..2 {
            let Some(tangent) = cx.tangent(first + side).cloned() else { continue };
            let mut factors = [cx.input(first), cx.input(first + 1)];
            factors[side] = &tangent;
            cx.put(0, call(self.bare(), &factors)?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let example = |input: usize| cx.example(input).array();
        let (first, term) = (self.first(), self.has_term.then(|| example(0)));
        let (a, b) = (example(first), example(first + 1));
        self.kind.check(&a, &b, term.as_ref())?;
        let products = self.products(cx.size(), cx.input(first), cx.input(first + 1))?;
        let mut result = scaled(products, self.alpha)?;
        // Of a batch in the term alone the products are the same for all.
        let mut axis = (cx.input(first).axis.is_some() || cx.input(first + 1).axis.is_some()).then_some(0);
        if self.has_term && self.beta.to_bool() {
            let rank = result.rank() - usize::from(axis.is_some());
            let term = batching::lead(cx.input(0), cx.size(), rank)?;
            if cx.input(0).axis.is_some() {
                axis = Some(0);
            }
            result = scaled(term, self.beta)?.add(&result)?;
        }
        cx.put(result, axis);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let names = match self.kind {
            Kind::Dot | Kind::Vdot => ["self", "tensor"],
            Kind::Addmv => ["mat", "vec"],
            Kind::Mv => ["self", "vec"],
            Kind::Addmm => ["mat1", "mat2"],
            Kind::Baddbmm => ["batch1", "batch2"],
            Kind::Mm | Kind::Bmm | Kind::Matmul => ["self", "mat2"],
        };
        names.into_iter().zip(self.saved).filter_map(|(name, at)| Some((name, at?))).collect()
    }
}

/// The gradient of A (`side` 0) or B (1) of a product, from the gradient of the result and the other factor.
#[derive(Clone, PartialEq, Debug)]
struct ProductBackward {
    kind: Kind,
    side: usize,
    alpha: Scalar,
    column_major: bool,
}

impl Op for ProductBackward {
    fn name(&self) -> &str {
        self.kind.node()
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (grad, op, alpha) = (&inputs[0], self.kind.op(), self.alpha);
        let conjugate;
        let other = if inputs[1].dtype().is_complex() {
            conjugate = complex::conj(&Tensor::from_array(inputs[1].clone()))?.array();
            &conjugate
        } else {
            &inputs[1]
        };
        Ok(smallvec![match (self.kind.form(), self.side) {
            (Form::Matrices, 0) => product(op, grad, &transposed(other), alpha, None, self.column_major)?,
            (Form::Matrices, _) => product(op, &transposed(other), grad, alpha, None, self.column_major)?,
            (Form::MatrixVector, 0) => product(op, &column(grad), &row(other), alpha, None, self.column_major)?,
            (Form::MatrixVector, _) => Form::MatrixVector.run(op, &transposed(other), grad, alpha, None, false)?,
            (Form::Vectors, _) => Tensor::from_array(other.clone()).mul(&Tensor::from_array(grad.clone()))?.array(),
        }])
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        let [Some(grad), Some(other)] = *inputs else { unreachable!("both are always given") };
        let result = || {
            let other = &complex::conj(other)?;
            match (self.kind.form(), self.side) {
                (Form::Matrices, 0) => batched(grad, &views::matrix_transpose(other)?),
                (Form::Matrices, _) => batched(&views::matrix_transpose(other)?, grad),
                (Form::MatrixVector, 0) => views::unsqueeze(grad, 1)?.mul(other),
                (Form::MatrixVector, _) => mv(&views::t(other)?, grad),
                (Form::Vectors, _) => other.mul(grad),
            }
        };
        Some(result().and_then(|result| Ok(smallvec![scaled(result, self.alpha)?])))
    }
}

#[track_caller]
fn multiply(kind: Kind, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    call(Product::new(kind, [a, b]), &[a, b])
}

#[track_caller]
fn multiply_add(kind: Kind, term: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    call(Product { alpha, beta, has_term: true, ..Product::new(kind, [a, b]) }, &[term, a, b])
}

/// A term must broadcast to the result.
fn check_term(op: &'static str, form: Form, a: &Array, b: &Array, term: &Array) -> Result<()> {
    if term.dtype() != a.dtype() {
        return Err(Error::runtime(
            op,
            format!(
                "self and mat2 must have the same dtype, but got {} and {}",
                crate::dtype::torch_name(term.dtype()),
                crate::dtype::torch_name(b.dtype())
            ),
        ));
    }
    if term.dtype() == DType::Bool {
        return Err(no_products_of_bool(op));
    }
    let mut target = Shape::from_slice(&a.shape()[..a.rank() - 1]);
    if form == Form::Matrices {
        target.push(b.shape()[b.rank() - 1]);
    }
    let own = term.shape();
    if own.len() > target.len() {
        return Err(Error::shapes(
            op,
            &target,
            own,
            format!(
                "expand: the number of sizes provided ({}) must be greater or equal to the number of dimensions in the \
                 tensor ({})",
                target.len(),
                own.len()
            ),
        ));
    }
    let lead = target.len() - own.len();
    match (0..own.len()).rev().find(|&axis| own[axis] != 1 && own[axis] != target[lead + axis]) {
        None => Ok(()),
        Some(axis) => Err(Error::runtime(
            op,
            format!(
                "The expanded size of the tensor ({}) must match the existing size ({}) at non-singleton dimension {}. \
                 Target sizes: {:?}. Tensor sizes: {own:?}",
                target[lead + axis],
                own[axis],
                lead + axis,
                target.as_slice()
            ),
        )),
    }
}

// ---- checks ------------------------------------------------------------------------------------------------------

/// The name C has for a dtype, as PyTorch's messages show it.
pub(super) fn c_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::I8 => "signed char",
        DType::I16 => "short int",
        DType::I32 => "int",
        DType::I64 => "long int",
        DType::F16 => "c10::Half",
        DType::BF16 => "c10::BFloat16",
        DType::F32 => "float",
        DType::F64 => "double",
        DType::C64 => "c10::complex<float>",
        DType::C128 => "c10::complex<double>",
    }
}

/// One dtype, and one that can be multiplied, if there is anything to multiply.
fn check_dtypes(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    let (left, right) = (a.dtype(), b.dtype());
    if left != right {
        return Err(Error::runtime(
            op,
            format!("expected m1 and m2 to have the same dtype, but got: {} != {}", c_name(left), c_name(right)),
        ));
    }
    if left == DType::Bool && a.numel() > 0 && b.numel() > 0 {
        return Err(no_products_of_bool(op));
    }
    Ok(())
}

#[cold]
fn no_products_of_bool(op: &'static str) -> Box<Error> {
    Error::no_kernel(op, &format!("{op}_impl_cpu_"), DType::Bool)
}

fn check_matrices(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    for (name, array) in [("self", a), ("mat2", b)] {
        if array.rank() != 2 {
            return Err(Error::runtime(op, format!("{name} must be a matrix, got {}-D tensor", array.rank())));
        }
    }
    let ((m, k), (rows, n)) = (matrix_size(a), matrix_size(b));
    if k != rows {
        return Err(Error::runtime(op, format!("mat1 and mat2 shapes cannot be multiplied ({m}x{k} and {rows}x{n})")));
    }
    check_dtypes(op, a, b)
}

fn check_batches(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    for (name, array) in [("batch1", a), ("batch2", b)] {
        if array.rank() != 3 {
            return Err(Error::runtime(op, format!("{name} must be a 3D tensor, got {}-D", array.rank())));
        }
    }
    let (left, right) = (a.shape(), b.shape());
    if left[0] != right[0] || left[2] != right[1] {
        return Err(batch_mismatch(op, [left[0], left[2]], [right[0], right[1]]));
    }
    check_dtypes(op, a, b)
}

#[cold]
fn batch_mismatch(op: &'static str, expected: [usize; 2], got: [usize; 2]) -> Box<Error> {
    Error::runtime(
        op,
        format!("Expected size for first two dimensions of batch2 tensor to be: {expected:?} but got: {got:?}."),
    )
}

fn check_matrix_vector(op: &'static str, term: Option<usize>, a: &Array, b: &Array) -> Result<()> {
    if term.is_none() && a.rank() == 0 {
        return Err(Error::index(op, "a matrix and a vector expected, got a tensor without axes as the matrix"));
    }
    if a.rank() != 2 || b.rank() != 1 {
        return Err(Error::runtime(
            op,
            format!("vector + matrix @ vector expected, got {}, {}, {}", term.unwrap_or(1), a.rank(), b.rank()),
        ));
    }
    let (m, k) = matrix_size(a);
    if k != b.shape()[0] {
        return Err(Error::runtime(
            op,
            format!("size mismatch, got input ({m}), mat ({m}x{k}), vec ({})", b.shape()[0]),
        ));
    }
    check_dtypes(op, a, b)
}

fn check_vectors(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    if a.rank() != 1 || b.rank() != 1 {
        return Err(Error::runtime(
            op,
            format!("1D tensors expected, but got {}D and {}D tensors", a.rank(), b.rank()),
        ));
    }
    let (left, right) = (a.shape()[0], b.shape()[0]);
    if left != right {
        return Err(Error::runtime(
            op,
            format!(
                "inconsistent tensor size, expected tensor [{left}] and src [{right}] to have the same number of \
                 elements, but got {left} and {right} elements respectively"
            ),
        ));
    }
    check_dtypes(op, a, b)
}

// ---- operations --------------------------------------------------------------------------------------------------

const ONE: Scalar = Scalar::Int(1);

/// Product of two matrices.
#[track_caller]
pub fn mm(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Mm, a, b)
}

/// Products of two batches of as many matrices.
#[track_caller]
pub fn bmm(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Bmm, a, b)
}

/// Product of a matrix and a vector.
#[track_caller]
pub fn mv(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Mv, a, b)
}

/// Scalar product of two vectors.
#[track_caller]
pub fn dot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(Kind::Dot, a, b)
}

/// Scalar product of two vectors, the first conjugated: for real numbers [`dot`].
#[track_caller]
pub fn vdot(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if a.dtype().is_complex() && b.dtype().is_complex() {
        return multiply(Kind::Dot, &complex::conj(a)?, b);
    }
    multiply(Kind::Vdot, a, b)
}

/// `beta·input + alpha·a·b` for matrices; `input` is broadcast.
#[track_caller]
pub fn addmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    multiply_add(Kind::Addmm, input, a, b, beta, alpha)
}

/// `bias + a·b`; the bias may have another dtype, and is cast as an addition in place would cast it.
#[track_caller]
fn affine(bias: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let dtype = a.dtype();
    if bias.dtype() == dtype {
        return multiply_add(Kind::Addmm, bias, a, b, ONE, ONE);
    }
    // What is wrong with the operands is said first.
    Kind::Addmm.check(&a.array(), &b.array(), None)?;
    multiply_add(Kind::Addmm, &as_addend(bias, dtype)?, a, b, ONE, ONE)
}

/// `beta·input + alpha·matrix·vector`; `input` is broadcast.
#[track_caller]
pub fn addmv(input: &Tensor, matrix: &Tensor, vector: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    multiply_add(Kind::Addmv, input, matrix, vector, beta, alpha)
}

/// `beta·input + alpha·batch1·batch2` for batches of matrices; `input` is broadcast.
#[track_caller]
pub fn baddbmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    multiply_add(Kind::Baddbmm, input, a, b, beta, alpha)
}

/// `beta·input + alpha·Σ batch1·batch2`, summed over the batch; `input` is broadcast.
#[track_caller]
pub fn addbmm(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    {
        let (a, b) = (a.array(), b.array());
        if a.rank() == 3 && b.rank() == 3 && a.shape()[0] != b.shape()[0] {
            return Err(Error::runtime(
                "addbmm",
                format!(
                    "batch1 and batch2 must have same number of batches, got {} and {}",
                    a.shape()[0],
                    b.shape()[0]
                ),
            ));
        }
        check_batches("addbmm", &a, &b)?;
    }
    // Σᵢ AᵢBᵢ is one product: the matrices of the first batch side by side times those of the second one below another.
    let (shape_a, shape_b) = (a.shape(), b.shape());
    let depth = shape_a[0] * shape_a[2];
    let beside = views::reshape_to(&views::permute(a, &[1, 0, 2])?, &[shape_a[1], depth])?;
    let below = views::reshape_to(b, &[depth, shape_b[2]])?;
    addmm(input, &beside, &below, beta, alpha)
}

/// `beta·input + alpha·vec1⊗vec2`; `input` is broadcast.
#[track_caller]
pub fn addr(input: &Tensor, a: &Tensor, b: &Tensor, beta: Scalar, alpha: Scalar) -> Result<Tensor> {
    for (name, tensor) in [("vec1", a), ("vec2", b)] {
        check_vector("addr", name, tensor)?;
    }
    // Not only a product of matrices: dtypes are promoted.
    let dtype = super::powers::promoted(&[input.into(), a.into(), b.into()]);
    for (name, factor) in [("beta", beta), ("alpha", alpha)] {
        super::powers::check_factor("addr", name, factor, dtype)?;
    }
    let [input, a, b] = [input, a, b].map(|tensor| copy::to_dtype(tensor, dtype));
    addmm(&input?, &views::unsqueeze(&a?, 1)?, &views::unsqueeze(&b?, 0)?, beta, alpha)
}

fn check_vector(op: &'static str, name: &str, tensor: &Tensor) -> Result<()> {
    match tensor.rank() {
        1 => Ok(()),
        rank => Err(Error::runtime(op, format!("Expected 1-D argument {name}, but got {rank}-D"))),
    }
}

/// A bias in the dtype of what it is added to, as an addition in place casts it. PyTorch does so in some layouts.
#[track_caller]
pub(super) fn as_addend(bias: &Tensor, dtype: DType) -> Result<Tensor> {
    if bias.dtype().can_cast(dtype) { copy::to_dtype(bias, dtype) } else { Ok(bias.clone()) }
}

/// All products of an element of `a` and an element of `b`.
#[track_caller]
pub fn outer(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_vector("outer", "self", a)?;
    check_vector("outer", "vec2", b)?;
    views::unsqueeze(a, 1)?.mul(b)
}

fn check_broadcast(op: &'static str, a: &Array, b: &Array) -> Result<()> {
    let ((_, k), (rows, _)) = (matrix_size(a), matrix_size(b));
    let outer = |array: &Array| array.shape()[..array.rank() - 2].iter().product::<usize>();
    if k != rows {
        return Err(batch_mismatch(op, [outer(a), k], [outer(b), rows]));
    }
    check_dtypes(op, a, b)
}

/// Products of matrices whose batch axes broadcast.
#[track_caller]
fn batched(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    multiply(if a.rank() == 2 && b.rank() == 2 { Kind::Mm } else { Kind::Matmul }, a, b)
}

/// [`batched`], after which those operands may be changed in place that PyTorch copies to have one batch of matrices.
#[track_caller]
fn over_batches(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let mut product = Product::new(Kind::Matmul, [a, b]);
    let wanted = [a.requires_grad(), b.requires_grad()];
    if wanted.contains(&true) {
        product.copied = copied(&a.array(), &b.array(), wanted)?;
    }
    call(product, &[a, b])
}

/// Which operands are copied, when gradients are `wanted`.
fn copied(a: &Array, b: &Array, wanted: [bool; 2]) -> Result<[bool; 2]> {
    let op = Kind::Matmul.op();
    check_broadcast(op, a, b)?;
    let outer = |array: &Array| Shape::from_slice(&array.shape()[..array.rank() - 2]);
    let batch = shape::broadcast(op, &outer(a), &outer(b))?;
    // One matrix for all of a batch: that is taken as the rows of one matrix.
    let one = |array: &Array| outer(array).iter().all(|&size| size == 1);
    Ok(match (one(a), one(b)) {
        (true, false) if wanted[0] => [false, !lies_as_rows(&transposed(b))],
        (false, true) if wanted[1] => [!lies_as_rows(a), false],
        _ => [!lies_as_batch(a, &batch), !lies_as_batch(b, &batch)],
    })
}

/// Whether all axes but the last are one without a copy.
fn lies_as_rows(array: &Array) -> bool {
    let last = array.shape()[array.rank() - 1];
    array.view(&[array.numel().checked_div(last).unwrap_or(0), last]).is_some()
}

/// Whether the axes before the last two, broadcast to `batch`, are one without a copy.
fn lies_as_batch(array: &Array, batch: &[usize]) -> bool {
    let (rows, columns) = matrix_size(array);
    let mut shape = Shape::from_slice(batch);
    shape.extend([rows, columns]);
    array.expand(&shape).view(&[batch.iter().product(), rows, columns]).is_some()
}

/// Matrix product of tensors of any rank but 0: two vectors give a number, a vector counts as a row on the left and as
/// a column on the right, axes before the last two are a batch and broadcast.
#[track_caller]
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    match (a.rank(), b.rank()) {
        (left, right) if left == 0 || right == 0 => Err(Error::runtime(
            "matmul",
            format!("both arguments to matmul need to be at least 1D, but they are {left}D and {right}D"),
        )),
        (1, 1) => dot(a, b),
        (2, 1) => mv(a, b),
        (2, 2) => mm(a, b),
        (1, 2) => views::drop_first(&mm(&views::unsqueeze(a, 0)?, b)?),
        // One matrix (or vector) for the whole batch: the batch as rows of one matrix.
        (_, 1) => {
            let (rows, shape) = folded(a)?;
            views::unsafe_view(&mv(&rows, b)?, &shape)
        }
        (_, 2) => {
            let (rows, mut shape) = folded(a)?;
            let result = mm(&rows, b)?;
            shape.push(b.shape()[1]);
            views::unsafe_view(&result, &shape)
        }
        (1, _) => {
            let result = over_batches(&views::unsqueeze(a, 0)?, b)?;
            let mut shape = result.shape();
            shape.remove(shape.len() - 2);
            views::unsafe_view(&result, &shape)
        }
        _ => over_batches(a, b),
    }
}

/// All axes but the last as one, and their sizes.
#[track_caller]
fn folded(tensor: &Tensor) -> Result<(Tensor, Shape)> {
    let mut shape = tensor.shape();
    let Some(last) = shape.pop() else { return Err(Error::runtime("matmul", "a tensor without axes")) };
    let rows = shape.iter().product();
    Ok((views::reshape_to(tensor, &[rows, last])?, shape))
}

/// `input · weightᵀ + bias`: features are the last axis of `input`; `weight` is `out × in` (or a vector, for one
/// feature without an axis).
#[track_caller]
pub fn linear(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (rank, weight_rank) = (input.rank(), weight.rank());
    if rank == 0 || weight_rank == 0 {
        return Err(Error::runtime(
            "linear",
            format!("both arguments to linear need to be at least 1D, but they are {rank}D and {weight_rank}D"),
        ));
    }
    let across = views::t(weight)?;
    match bias {
        Some(bias) if weight_rank == 2 && (rank == 2 || bias.rank() <= 1) => {
            if rank == 2 {
                return affine(bias, input, &across);
            }
            let (rows, mut shape) = folded(input)?;
            let result = affine(bias, &rows, &across)?;
            shape.push(across.shape()[1]);
            views::unsafe_view(&result, &shape)
        }
        Some(bias) => matmul(input, &across)?.add(&as_addend(bias, input.dtype())?),
        None => matmul(input, &across),
    }
}
