//! Products built from matrix products: `tensordot`, `kron`, `cross`, chains, powers, bilinear forms, distances.

use smallvec::SmallVec;

use super::einsum;
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::ops::arranging::joining;
use crate::ops::elementwise::{apply, resolve, select};
use crate::ops::linalg::lu;
use crate::ops::reductions::{range, reduce};
use crate::ops::writing::copy;
use crate::ops::{complex, matmul, rows, views};
use crate::scalar::Scalar;
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// Scalar products along the last axes, of every row of `a` with every row of `b`.
#[track_caller]
pub fn inner(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (left, right) = (a.shape(), b.shape());
    let (Some(&last), Some(&other)) = (left.last(), right.last()) else { return a.mul(b) };
    if last != other {
        return Err(Error::runtime(
            "inner",
            format!(
                "inner() the last dimension must match on both input tensors but got shapes {:?} and {:?}",
                left.as_slice(),
                right.as_slice()
            ),
        ));
    }
    tensordot(a, b, &[-1], &[-1])
}

/// Sums of products over `axes_a` of `a` and `axes_b` of `b`, in pairs; the other axes follow one another.
#[track_caller]
pub fn tensordot(a: &Tensor, b: &Tensor, axes_a: &[i64], axes_b: &[i64]) -> Result<Tensor> {
    const OP: &str = "tensordot";
    if axes_a.len() != axes_b.len() {
        return Err(Error::runtime(OP, "both dimension lists should have same length"));
    }
    if a.dtype() != b.dtype() {
        return Err(Error::runtime(OP, "both inputs should have same dtype"));
    }
    let (mut a, mut b) = (a.clone(), b.clone());
    let normalized = |axes: &[i64], rank: usize| -> Result<SmallVec<[usize; 6]>> {
        axes.iter().map(|&axis| shape::normalize_axis(OP, axis, rank)).collect()
    };
    let (axes_a, axes_b) = (normalized(axes_a, a.rank())?, normalized(axes_b, b.rank())?);
    for (&i, &j) in axes_a.iter().zip(&axes_b) {
        let (left, right) = (a.shape(), b.shape());
        let at = |shape: &[usize], axis: usize| shape.get(axis).copied().unwrap_or(1);
        let dtype = a.dtype();
        match (at(&left, i), at(&right, j)) {
            // An axis of size 1 broadcasts: the other one is summed, whatever its size.
            (_, 1) => a = reduce::sum(&a, Some(&[i as i64]), true, Some(dtype))?,
            (1, _) => b = reduce::sum(&b, Some(&[j as i64]), true, Some(dtype))?,
            (size, other) if size == other => {}
            (size, other) => {
                return Err(Error::runtime(
                    OP,
                    format!(
                        "contracted dimensions need to match, but first has size {size} in dim {i} and second has size \
                         {other} in dim {j}"
                    ),
                ));
            }
        }
    }
    let as_i64 = |axes: &[usize]| axes.iter().map(|&axis| axis as i64).collect::<SmallVec<[i64; 6]>>();
    shape::axis_mask(OP, &as_i64(&axes_a), a.rank())?;
    shape::axis_mask(OP, &as_i64(&axes_b), b.rank())?;
    let free =
        |rank: usize, axes: &[usize]| (0..rank).filter(|axis| !axes.contains(axis)).collect::<SmallVec<[usize; 6]>>();
    let (free_a, free_b) = (free(a.rank(), &axes_a), free(b.rank(), &axes_b));
    let (left, right) = (a.shape(), b.shape());
    let mut sizes: Shape = free_a.iter().map(|&axis| left[axis]).collect();
    let m: usize = sizes.iter().product();
    let k: usize = axes_a.iter().map(|&axis| left.get(axis).copied().unwrap_or(1)).product();
    let n: usize = free_b.iter().map(|&axis| right[axis]).product();
    sizes.extend(free_b.iter().map(|&axis| right[axis]));
    let matrix = |tensor: &Tensor, front: &[usize], back: &[usize], size: [usize; 2]| {
        if tensor.rank() == 0 {
            return views::reshape_to(tensor, &size);
        }
        let order: SmallVec<[i64; 6]> = front.iter().chain(back).map(|&axis| axis as i64).collect();
        views::reshape_to(&views::permute(tensor, &order)?, &size)
    };
    let product = matmul::mm(&matrix(&a, &free_a, &axes_a, [m, k])?, &matrix(&b, &axes_b, &free_b, [k, n])?)?;
    views::reshape_to(&product, &sizes)
}

/// The axes [`tensordot`] takes when it is given how many: the last of the one, the first of the other.
pub fn adjacent_axes(a: &Tensor, b: &Tensor, count: i64) -> Result<(Vec<i64>, Vec<i64>)> {
    if count < 0 {
        return Err(Error::runtime("tensordot", format!("tensordot expects dims >= 0, but got dims={count}")));
    }
    if count > a.rank().min(b.rank()) as i64 {
        return Err(Error::runtime(
            "tensordot",
            format!("tensordot expects dims < ndim_a or ndim_b, but got dims={count}"),
        ));
    }
    Ok(((-count..0).collect(), (0..count).collect()))
}

/// Kronecker product: every element of `a` times all of `b`, as blocks.
#[track_caller]
pub fn kron(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let rank = a.rank().max(b.rank());
    let spread = |tensor: &Tensor, first: bool| {
        let own = tensor.shape();
        let mut shape = Shape::new();
        for axis in 0..rank {
            let size = if axis + own.len() >= rank { own[axis + own.len() - rank] } else { 1 };
            shape.extend(if first { [size, 1] } else { [1, size] });
        }
        views::reshape_to(tensor, &shape)
    };
    let product = spread(a, true)?.mul(&spread(b, false)?)?;
    let shape: Shape = product.shape().chunks(2).map(|pair| pair[0] * pair[1]).collect();
    // The product lies as its operands do, which PyTorch wants to be such that no copy is needed.
    if product.array().view(&shape).is_some() {
        views::unsafe_view(&product, &shape)
    } else {
        views::reshape_to(&product, &shape)
    }
}

/// Vector product along an axis of size 3; the other axes broadcast.
#[track_caller]
pub fn cross(a: &Tensor, b: &Tensor, axis: i64) -> Result<Tensor> {
    const OP: &str = "linalg.cross";
    if a.rank() != b.rank() {
        return Err(Error::runtime(OP, "inputs must have the same number of dimensions."));
    }
    let (left, right) = (a.shape(), b.shape());
    let at = shape::normalize_axis(OP, axis, left.len())?;
    let size = |shape: &Shape| shape.get(at).copied().unwrap_or(1);
    if size(&left) != 3 || size(&right) != 3 {
        return Err(Error::runtime(
            OP,
            format!("inputs dimension {axis} must have length 3. Got {} and {}", size(&left), size(&right)),
        ));
    }
    if a.dtype() != b.dtype() {
        let (own, other) = (a.dtype(), b.dtype());
        return Err(Error::runtime(OP, format!("inputs must have the same dtype, got {own} and {other}")));
    }
    if a.dtype() == DType::Bool {
        return Err(Error::not_for(OP, DType::Bool));
    }
    let part = |tensor: &Tensor, index: usize| views::select(tensor, at as i64, (index % 3) as i64);
    let mut parts = Vec::with_capacity(3);
    for i in 0..3 {
        // cᵢ = aᵢ₊₁ bᵢ₊₂ − aᵢ₊₂ bᵢ₊₁
        let product = part(a, i + 1)?.mul(&part(b, i + 2)?)?.sub(&part(a, i + 2)?.mul(&part(b, i + 1)?)?)?;
        parts.push(views::unsqueeze(&product, at as i64)?);
    }
    joining::cat(&parts, at as i64)
}

/// The axis `cross` takes when none is given: the first of size 3.
pub fn first_axis_of_three(a: &Tensor, b: &Tensor) -> Result<i64> {
    let shape = shape::broadcast("cross", &a.shape(), &b.shape())?;
    match shape.iter().position(|&size| size == 3) {
        Some(axis) => Ok(axis as i64),
        None => Err(Error::runtime("cross", "no dimension of size 3 in input")),
    }
}

/// Scalar products along an axis.
#[track_caller]
pub fn vecdot(a: &Tensor, b: &Tensor, axis: i64) -> Result<Tensor> {
    const OP: &str = "linalg.vecdot";
    let (own, other) = (a.dtype(), b.dtype());
    if !own.is_differentiable() {
        return Err(Error::dtype(OP, own, "Expected a floating point or complex tensor as input"));
    }
    if own != other {
        let reason =
            format!("Expected x and y to have the same dtype, but found x of type {own} and y of type {other}");
        return Err(Error::runtime(OP, reason));
    }
    let product = complex::conj(a)?.mul(b)?;
    let dtype = product.dtype();
    reduce::sum(&product, Some(&[axis]), false, Some(dtype))
}

/// A square matrix (or each of a batch) times itself, `power` times; 0 gives the identity, and below 0 it is the inverse
/// that is multiplied.
#[track_caller]
pub fn matrix_power(input: &Tensor, power: i64) -> Result<Tensor> {
    const OP: &str = "linalg.matrix_power";
    let shape = input.shape();
    let [.., rows, columns] = shape[..] else {
        return Err(Error::runtime(OP, "The input tensor A must have at least 2 dimensions."));
    };
    if rows != columns {
        return Err(Error::runtime(
            OP,
            format!("A must be batches of square matrices, but they are {rows} by {columns} matrices"),
        ));
    }
    if power < 0 {
        let [inverse, _] = lu::inv_ex("linalg.inv", input, true)?;
        return matrix_power(&inverse, power.checked_neg().unwrap_or(i64::MAX));
    }
    if power == 0 {
        let identity = Array::zeros(OP, &[rows, rows], input.dtype())?;
        identity.with_layout(&[rows], &[rows as isize + 1], 0).fill(Scalar::Int(1));
        // The input has a gradient here, too: zero.
        let everywhere = Tensor::scalar(true, DType::Bool)?;
        return select::where_(&everywhere, (&Tensor::from_array(identity)).into(), input.into());
    }
    // Binary digits of the power, the lowest first.
    let (mut square, mut result, mut rest) = (input.clone(), None::<Tensor>, power);
    loop {
        if rest & 1 == 1 {
            result = Some(match &result {
                None => square.clone(),
                Some(product) => matmul::matmul(product, &square)?,
            });
        }
        rest >>= 1;
        match (rest, &result) {
            (0, Some(result)) if power > 1 => return Ok(result.clone()),
            // A copy, so that the result never is the input.
            (0, Some(result)) => return copy::clone(result),
            _ => square = matmul::matmul(&square, &square)?,
        }
    }
}

/// Product of several matrices in the order that takes the fewest multiplications; the first may be a row vector and
/// the last a column vector.
#[track_caller]
pub fn multi_dot(tensors: &[Tensor]) -> Result<Tensor> {
    const OP: &str = "linalg.multi_dot";
    let count = tensors.len();
    if count < 2 {
        return Err(Error::runtime(OP, format!("multi_dot(): expected at least 2 tensors but got {count}")));
    }
    let mut matrices = tensors.to_vec();
    let (vector_first, vector_last) = (tensors[0].rank() == 1, tensors[count - 1].rank() == 1);
    if vector_first {
        matrices[0] = views::unsqueeze(&tensors[0], 0)?;
    }
    if vector_last {
        matrices[count - 1] = views::unsqueeze(&tensors[count - 1], 1)?;
    }
    if let Some(at) = matrices.iter().position(|matrix| matrix.rank() != 2) {
        let rank = tensors[at].rank();
        return Err(Error::runtime(OP, format!("multi_dot(): tensor {at} must be 2D but got {rank}D")));
    }
    let sizes: Vec<[usize; 2]> = matrices.iter().map(|matrix| [matrix.shape()[0], matrix.shape()[1]]).collect();
    if let Some(at) = (1..count).find(|&at| sizes[at - 1][1] != sizes[at][0]) {
        return Err(Error::runtime(
            OP,
            format!(
                "multi_dot(): tensors {} and {at} with shapes {:?} and {:?} cannot be multiplied",
                at - 1,
                tensors[at - 1].shape().as_slice(),
                tensors[at].shape().as_slice()
            ),
        ));
    }
    let product = in_best_order(&matrices, &sizes)?;
    let (rows, columns) = (sizes[0][0], sizes[count - 1][1]);
    match (vector_first, vector_last) {
        (false, false) => Ok(product),
        (true, true) => views::reshape_to(&product, &[]),
        (true, false) => views::reshape_to(&product, &[columns]),
        (false, true) => views::reshape_to(&product, &[rows]),
    }
}

/// The matrix chain order by dynamic programming over the lengths of its parts (Cormen et al., Introduction to
/// Algorithms, 15.2).
#[track_caller]
fn in_best_order(matrices: &[Tensor], sizes: &[[usize; 2]]) -> Result<Tensor> {
    let count = matrices.len();
    let mut cost = vec![vec![0f64; count]; count];
    let mut split = vec![vec![0usize; count]; count];
    for length in 2..=count {
        for first in 0..=count - length {
            let last = first + length - 1;
            cost[first][last] = f64::INFINITY;
            for at in first..last {
                let own = sizes[first][0] as f64 * sizes[at][1] as f64 * sizes[last][1] as f64;
                let total = cost[first][at] + cost[at + 1][last] + own;
                if total < cost[first][last] {
                    (cost[first][last], split[first][last]) = (total, at);
                }
            }
        }
    }
    // Parts still to multiply, on a stack: a chain may be long.
    enum Step {
        Part(usize, usize),
        Multiply,
    }
    let (mut steps, mut done) = (vec![Step::Part(0, count - 1)], Vec::new());
    while let Some(step) = steps.pop() {
        match step {
            Step::Part(first, last) if first == last => done.push(matrices[first].clone()),
            Step::Part(first, last) => {
                let at = split[first][last];
                steps.extend([Step::Multiply, Step::Part(at + 1, last), Step::Part(first, at)]);
            }
            Step::Multiply => {
                let (right, left) = (done.pop(), done.pop());
                if let (Some(left), Some(right)) = (left, right) {
                    done.push(matmul::mm(&left, &right)?);
                }
            }
        }
    }
    done.pop().ok_or_else(|| Error::runtime("linalg.multi_dot", "there is nothing to multiply"))
}

/// Product of several matrices in the cheapest order.
#[track_caller]
pub fn chain_matmul(matrices: &[Tensor]) -> Result<Tensor> {
    if let Some(matrix) = matrices.iter().find(|matrix| matrix.rank() != 2) {
        return Err(Error::runtime(
            "chain_matmul",
            format!("Tensor dimension is {}, expected 2 instead.", matrix.rank()),
        ));
    }
    match matrices {
        [only] => Ok(only.clone()),
        _ => multi_dot(matrices),
    }
}

/// `yₖ = x₁ᵀ weightₖ x₂ + biasₖ` over the last axes; `weight` is `out × in1 × in2`.
#[track_caller]
pub fn bilinear(x1: &Tensor, x2: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    const OP: &str = "bilinear";
    let (left, right, size) = (x1.shape(), x2.shape(), weight.shape());
    if left.len() != right.len() || left.is_empty() {
        return Err(Error::runtime(
            OP,
            format!("bilinear(): input dimensions do not match: got {} and {}", left.len(), right.len()),
        ));
    }
    if size.len() != 3 {
        return Err(Error::index(OP, format!("bilinear(): weight must be 3-D (out, in1, in2), got {}-D", size.len())));
    }
    let last = left.len() - 1;
    if let Some(axis) = (0..last).find(|&axis| left[axis] != right[axis]) {
        return Err(Error::runtime(
            OP,
            format!(
                "bilinear(): input batch dimensions do not match at dim {axis}: got {} and {}",
                left[axis], right[axis]
            ),
        ));
    }
    for (name, own, expected) in [("input1", left[last], size[1]), ("input2", right[last], size[2])] {
        if own != expected {
            return Err(Error::runtime(
                OP,
                format!("bilinear(): {name} size does not match weight size: got {own} but expected {expected}"),
            ));
        }
    }
    if let Some(bias) = bias
        && bias.shape().as_slice() != [size[0]]
    {
        return Err(Error::runtime(
            OP,
            format!(
                "bilinear(): bias size does not match weight size: got {} but expected {}",
                bias.shape().first().copied().unwrap_or(1),
                size[0]
            ),
        ));
    }
    let result = einsum::einsum("...i,kij,...j->...k", &[x1.clone(), weight.clone(), x2.clone()])?;
    match bias {
        Some(bias) => result.add(bias),
        None => Ok(result),
    }
}

/// Distances, by the `p`-norm, of every row of `x1` from every row of `x2`: `batch × P × M` and `batch × R × M` give
/// `batch × P × R`; batch axes broadcast.
#[track_caller]
pub fn cdist(x1: &Tensor, x2: &Tensor, p: f64) -> Result<Tensor> {
    const OP: &str = "cdist";
    for (name, tensor) in [("X1", x1), ("X2", x2)] {
        if tensor.rank() < 2 {
            return Err(Error::runtime(
                OP,
                format!("cdist only supports at least 2D tensors, {name} got: {}D", tensor.rank()),
            ));
        }
        if !tensor.dtype().is_float() {
            return Err(Error::runtime(
                OP,
                format!("cdist only supports floating-point dtypes, {name} got: {}", torch_name(tensor.dtype())),
            ));
        }
    }
    let (left, right) = (x1.shape(), x2.shape());
    let (columns, other) = (left[left.len() - 1], right[right.len() - 1]);
    if columns != other {
        return Err(Error::runtime(
            OP,
            format!("X1 and X2 must have the same number of columns. X1: {columns} X2: {other}"),
        ));
    }
    if p < 0.0 || p.is_nan() {
        return Err(Error::runtime(OP, "cdist only supports non-negative p values"));
    }
    let difference = views::unsqueeze(x1, -2)?.sub(&views::unsqueeze(x2, -3)?)?;
    reduce::norm(&difference, p, Some(&[-1]), false, None)
}

/// Cosine of the angle between vectors along `axis`: `x1·x2 / (max(‖x1‖, eps) · max(‖x2‖, eps))`. The norms get no
/// gradient where they are below `eps`.
#[track_caller]
pub fn cosine_similarity(x1: &Tensor, x2: &Tensor, axis: i64, eps: f64) -> Result<Tensor> {
    const OP: &str = "cosine_similarity";
    let dtype = resolve::promoted(&[x1.into(), x2.into()]);
    if !dtype.is_float() {
        return Err(Error::runtime(
            OP,
            format!("expected common dtype to be floating point, yet common dtype is {}", torch_name(dtype)),
        ));
    }
    let shape = shape::broadcast(OP, &x1.shape(), &x2.shape())?;
    let unit = |tensor: &Tensor| -> Result<Tensor> {
        let tensor = views::broadcast_to(&copy::to_dtype(tensor, dtype)?, &shape)?;
        normalize(&tensor, 2.0, &[axis], eps)
    };
    reduce::sum(&unit(x1)?.mul(&unit(x2)?)?, Some(&[axis]), false, None)
}

/// `x` but not below `bound`.
#[track_caller]
fn at_least(x: &Tensor, bound: f64) -> Result<Tensor> {
    apply(&rows::clamp_min::ROW, &[], &[x.into(), bound.into()])
}

/// `p`-norm of `x1 − x2 + eps` along the last axis.
#[track_caller]
pub fn pairwise_distance(x1: &Tensor, x2: &Tensor, p: f64, eps: f64, keep: bool) -> Result<Tensor> {
    let difference = x1.sub(x2)?.add(eps)?;
    reduce::norm(&difference, p, Some(&[-1]), keep, None)
}

/// `x / max(‖x‖ₚ, eps)` along `axes`.
#[track_caller]
pub fn normalize(x: &Tensor, p: f64, axes: &[i64], eps: f64) -> Result<Tensor> {
    let norm = reduce::norm(x, p, Some(axes), true, None)?;
    let Some(factor) = range::shrink(&norm)? else { return x.div(&at_least(&norm, eps)?) };
    let x = x.mul(&factor)?;
    let norm = reduce::norm(&x, p, Some(axes), true, None)?;
    x.div(&at_least(&norm, eps)?)
}
