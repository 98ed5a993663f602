//! The product of matrices with an added term: one operation that serves all forms. The kernel takes strides, so neither a transposed
//! operand nor a gradient is ever copied.

use smallvec::{SmallVec, smallvec};

use super::form::{Form, check_batches, check_matrices, check_matrix_vector, check_term, check_vectors, matrix_size};
use super::functions::{ONE, batched, bmm, check_broadcast, matmul, mm, mv};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Part, Tangents};
use crate::kernels::copy::copy as copy_elements;
use crate::kernels::matmul::matmul as run;
use crate::launch::launch;
use crate::ops::{batching, complex, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape, Strides};
use crate::tensor::Tensor;

// ---- arrays -----------------------------------------------------------------------------------------------------------

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

/// The last two axes exchanged.
pub(super) fn transposed(array: &Array) -> Array {
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

// ---- the operation ----------------------------------------------------------------------------------------------------

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
pub(super) enum Kind {
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
    pub(super) fn op(self) -> &'static str {
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
    pub(super) fn check(self, a: &Array, b: &Array, term: Option<&Array>) -> Result<()> {
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
pub(super) struct Product {
    kind: Kind,
    /// Factors of the product and of the term.
    alpha: Scalar,
    beta: Scalar,
    /// Whether C is the first input.
    has_term: bool,
    /// Where A and B are saved: each only if the other needs a gradient.
    saved: [Option<usize>; 2],
    /// Whether A and B are saved as copies, so that they may be changed in place.
    pub(super) copied: [bool; 2],
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
    pub(super) fn new(kind: Kind, [a, b]: [&Tensor; 2]) -> Self {
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
pub(super) fn multiply(kind: Kind, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    call(Product::new(kind, [a, b]), &[a, b])
}

#[track_caller]
pub(super) fn multiply_add(
    kind: Kind,
    term: &Tensor,
    a: &Tensor,
    b: &Tensor,
    beta: Scalar,
    alpha: Scalar,
) -> Result<Tensor> {
    call(Product { alpha, beta, has_term: true, ..Product::new(kind, [a, b]) }, &[term, a, b])
}
