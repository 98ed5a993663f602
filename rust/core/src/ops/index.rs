//! Reading and writing by index along an axis.

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::node::{Backward, Rule};
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::index::{self as kernel, OutOfRange};
use crate::shape::Shape;
use crate::storage::Access;
use crate::tensor::Tensor;

/// What a kernel found outside its axis, as an error.
pub(crate) fn out_of_range(op: &'static str, found: OutOfRange) -> Box<Error> {
    Box::new(Error::IndexOutOfRange { op, index: found.value, axis: found.axis, size: found.size })
}

/// Zeros of `shape` with `values` added at `index` along `axis`: the transpose of `gather`.
#[track_caller]
pub fn put_along(shape: &[usize], axis: usize, index: &Tensor, values: &Tensor) -> Result<Tensor> {
    let (positions, operand) = (index.array(), values.operand()?);
    // A tensor without axes counts as a vector of one element.
    let whole = Array::zeros("scatter_add", shape, operand.array.dtype())?;
    {
        let as_vector = |array: &Array| {
            if array.rank() == 0 { array.with_layout(&[1], &[1], array.offset()) } else { array.clone() }
        };
        let (target, positions, source) = (as_vector(&whole), as_vector(&positions), as_vector(&operand.array));
        let size = target.shape().get(axis).copied().unwrap_or(1);
        let _access = Access::acquire(&[positions.storage(), source.storage()], &[target.storage()]);
        // SAFETY: the state of all roots is held; the target is fresh, and the other operands have the shape of the
        // positions.
        unsafe {
            kernel::scatter(
                positions.shape(),
                axis,
                size,
                false,
                target.as_out(),
                positions.as_in(),
                source.as_in(),
                true,
            )
        }
        .map_err(|found| out_of_range("scatter_add", found))?;
    }
    if is_recorded(&[&operand]) {
        let rule = PutAlong { axis };
        return record(rule, &[&operand], &[Save::Array(&positions)], whole);
    }
    Ok(Tensor::from_array(whole))
}

struct PutAlong {
    axis: usize,
}

impl Rule for PutAlong {
    fn name(&self) -> &str {
        "ScatterAddBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved(0)?);
        let grad = take_along(&grad, self.axis, &index)?;
        cx.put(0, grad);
        Ok(())
    }
}

/// `out[i…] = input[i…]` with the position along `axis` taken from `index`: `gather`.
#[track_caller]
pub fn take_along(input: &Tensor, axis: usize, index: &Tensor) -> Result<Tensor> {
    let (operand, positions) = (input.operand()?, index.array());
    if positions.dtype() != DType::I64 {
        return Err(Error::runtime("gather", "gather(): Expected dtype int64 for index"));
    }
    let output = Array::uninit("gather", positions.shape(), operand.array.dtype())?;
    {
        let as_vector = |array: &Array| {
            if array.rank() == 0 { array.with_layout(&[1], &[1], array.offset()) } else { array.clone() }
        };
        let (source, target, at) = (as_vector(&operand.array), as_vector(&output), as_vector(&positions));
        let size = source.shape()[axis];
        let _access = Access::acquire(&[source.storage(), at.storage()], &[target.storage()]);
        // SAFETY: the state of all roots is held; the output is fresh and has the shape of the positions.
        unsafe { kernel::gather(at.shape(), axis, size, false, source.as_in(), at.as_in(), target.as_out()) }
            .map_err(|found| out_of_range("gather", found))?;
    }
    if is_recorded(&[&operand]) {
        let rule = TakeAlong { axis, shape: operand.array.shape().into() };
        return record(rule, &[&operand], &[Save::Array(&positions)], output);
    }
    Ok(Tensor::from_array(output))
}

struct TakeAlong {
    axis: usize,
    shape: Shape,
}

impl Rule for TakeAlong {
    fn name(&self) -> &str {
        "GatherBackward0"
    }

    fn backward(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved(0)?);
        let grad = put_along(&self.shape, self.axis, &index, &grad)?;
        cx.put(0, grad);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("index", 0)]
    }
}
