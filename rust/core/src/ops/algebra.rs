//! What the engine does with gradients, in terms of ops: see [`crate::graph::algebra`].

use super::elementwise::{Arg, apply, apply_in_place, update_data};
use super::indexing::masks;
use super::reductions::reduce;
use super::writing::copy;
use super::{batching, rows, views};
use crate::array::Array;
use crate::graph::algebra::Algebra;
use crate::graph::no_grad;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// The engine's table.
pub(crate) static ALGEBRA: Algebra = Algebra {
    add: |a, b| apply(&rows::add::ROW, &[], &[Arg::Tensor(a), Arg::Tensor(b)]),
    add_in_place: |a, b| {
        let _off = no_grad();
        apply_in_place(&rows::add::ROW, &[], a, &[Arg::Tensor(b)])
    },
    add_data: |a, b, blame| update_data(&rows::add::ROW, a, b, blame),
    sum_to: reduce::sum_to,
    cast: copy::to_dtype,
    copy_strided: copy::copy_strided,
    expand_to: views::broadcast_to,
    zeros_like: |tensor| {
        let array = tensor.array();
        let zeros = Array::uninit_like("zeros_like", &array, array.dtype())?;
        zeros.fill(Scalar::Int(0));
        Ok(Tensor::from_array(zeros))
    },
    zeros_beside: |like, model| {
        let (shape, dtype) = (like.shape(), like.dtype());
        batching::beside(model, |examples| {
            Ok(Tensor::from_array(Array::zeros("zeros_like", &[examples, &shape].concat(), dtype)?))
        })
    },
    any_nan: |tensor| {
        let nan = apply(&rows::isnan::ROW, &[], &[Arg::Tensor(tensor)])?;
        Ok(reduce::any(&nan, None, false)?.item()? == Scalar::Bool(true))
    },
    as_strided: views::as_strided,
    take: masks::take,
    put: |tensor, positions, elements| masks::put(tensor, false, positions, elements, false),
    copy_into: |target, source| copy::copy_(target, source),
    zero: |target| copy::fill_(target, Scalar::Int(0)),
};
