//! Rows of a table by number, and numbers as rows of ones and zeros: `embedding`, `one_hot`.

use super::elementwise::apply;
use super::{index_slices, reduce, rows, select, views};
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::no_grad;
use crate::graph::node::Backward;
use crate::graph::op::Op;
use crate::graph::record::{Save, is_recorded, record};
use crate::kernels::index as kernel;
use crate::launch::{NONE, launch};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A 1 at the position each element names, along a new last axis of `classes` elements (as many as needed if −1).
pub fn one_hot(input: &Tensor, classes: i64) -> Result<Tensor> {
    const OP: &str = "one_hot";
    let array = input.array();
    if array.dtype() != DType::I64 {
        return Err(Error::runtime(
            OP,
            format!("one_hot is only applicable to index tensor of type LongTensor, got {}", torch_name(array.dtype())),
        ));
    }
    let values: Vec<i64> = array.to_vec();
    if values.is_empty() && classes <= 0 {
        return Err(Error::runtime(OP, "Can not infer total number of classes from empty tensor."));
    }
    if let Some(negative) = values.iter().find(|&&value| value < 0) {
        return Err(Error::runtime(OP, format!("Class values must be non-negative, got {negative}")));
    }
    let greatest = values.iter().copied().max().unwrap_or(-1);
    let count = match classes {
        -1 => greatest.saturating_add(1),
        classes if classes < 1 => {
            return Err(Error::runtime(OP, format!("num_classes should be positive, got {classes}")));
        }
        classes if classes <= greatest => {
            return Err(Error::runtime(
                OP,
                format!("Class values must be smaller than num_classes, got {greatest} with num_classes={classes}"),
            ));
        }
        classes => classes,
    };
    let mut shape: Shape = array.shape().into();
    shape.push(count as usize);
    let output = Array::zeros(OP, &shape, DType::I64)?;
    launch(NONE, &output, |[], mut out| {
        let rows = out.as_slice::<i64>().expect("a new array").chunks_exact_mut((count as usize).max(1));
        rows.zip(&values).for_each(|(row, &value)| row[value as usize] = 1);
    });
    Ok(Tensor::from_array(output))
}

/// Shortens the rows of `weight` at the positions of `index` to a `p`-norm of at most `max_norm`, in place and past the
/// graph.
#[track_caller]
pub fn shorten_rows(weight: &Tensor, index: &Tensor, max_norm: f64, p: f64) -> Result<()> {
    // What is looked up is checked by looking it up.
    drop(embedding(index, &weight.detach(), None, false)?);
    let _off = no_grad();
    let mut used: Vec<i64> = index.array().to_vec();
    used.sort_unstable();
    used.dedup();
    let used = Tensor::from_slice(&used, &[used.len()])?;
    let table = index_slices::index_select(weight, 0, &used)?;
    let norms = reduce::norm(&table, p, Some(&[1]), true, None)?;
    let too_long = apply(&rows::gt::ROW, &[], &[(&norms).into(), Scalar::Float(max_norm).into()])?;
    // PyTorch's guard against a norm that is rounded down.
    let guarded = norms.add(1e-7)?;
    let shorter = apply(&rows::div::ROW, &[], &[Scalar::Float(max_norm).into(), (&guarded).into()])?;
    let factors = select::where_(&too_long, (&shorter).into(), Scalar::Int(1).into())?;
    index_slices::index_copy(weight, true, 0, &used, &table.mul(&factors)?).map(drop)
}

struct Embedded {
    shape: Shape,
    padding: Option<i64>,
    by_frequency: bool,
}

impl Op for Embedded {
    fn name(&self) -> &str {
        "EmbeddingBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, positions) = (cx.only_grad().operand()?, cx.saved_array(0)?);
        let sums = {
            let _off = no_grad();
            self.sums(Tensor::from_array(grad.array.clone()), &positions)?
        };
        let result = if is_recorded(&[&grad]) {
            record(EmbeddedSums { padding: self.padding }, &[&grad], &[Save::Array(&positions)], sums.array())?
        } else {
            sums
        };
        cx.put(0, result);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

impl Embedded {
    /// The gradients of the rows that were looked up, summed where they came from.
    fn sums(&self, mut grad: Tensor, positions: &Array) -> Result<Tensor> {
        let index: Vec<i64> = positions.to_vec();
        if self.padding.is_some() || self.by_frequency {
            // A factor per row looked up: 0 for padding, one over the number of times a row is used.
            let mut uses = vec![0u32; self.shape[0]];
            index.iter().for_each(|&row| uses[row as usize] += 1);
            let factor = |&row: &i64| {
                if self.padding == Some(row) {
                    0.0
                } else if self.by_frequency {
                    1.0 / f64::from(uses[row as usize])
                } else {
                    1.0
                }
            };
            let factors: Vec<f64> = index.iter().map(factor).collect();
            let mut shape: Shape = positions.shape().into();
            shape.push(1);
            let factors = Tensor::from_array(Array::from_slice(&factors, &shape)?.cast("embedding", grad.dtype())?);
            grad = apply(&rows::masked_product::ROW, &[], &[(&grad).into(), (&factors).into()])?;
        }
        let flat = views::reshape_to(&grad, &[index.len(), self.shape[1]])?;
        let whole = Tensor::from_array(Array::zeros("embedding", &self.shape, flat.dtype())?);
        let vector = Tensor::from_array(Array::from_slice(&index, &[index.len()])?);
        index_slices::index_add(&whole, true, 0, &vector, &flat, Scalar::Int(1))
    }
}

/// The gradient of an embedding, as something to differentiate. A scale by frequency is no part of its derivative: it says
/// how far a row shall move, and the second derivative comes through the embedding, which scales, once more.
struct EmbeddedSums {
    padding: Option<i64>,
}

impl Op for EmbeddedSums {
    fn name(&self) -> &str {
        "EmbeddingDenseBackwardBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let index = Tensor::from_array(cx.saved_array(0)?);
        let mut result = embedding(&index, &cx.only_grad(), None, false)?;
        if let Some(padding) = self.padding {
            let padded = views::unsqueeze(&index.eq(padding)?, -1)?;
            result = select::where_(&padded, Scalar::Int(0).into(), (&result).into())?;
        }
        cx.put(0, result);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

/// Rows of the matrix `weight`, in the shape of `index`. The row `padding` gets no gradient; with `by_frequency` the
/// gradient of a row is divided by the number of times it is used.
#[track_caller]
pub fn embedding(index: &Tensor, weight: &Tensor, padding: Option<i64>, by_frequency: bool) -> Result<Tensor> {
    const OP: &str = "embedding";
    let operand = weight.operand()?;
    let table = &operand.array;
    if table.rank() != 2 {
        return Err(Error::shape(OP, table.shape(), "'weight' must be 2-D"));
    }
    let count = table.shape()[0] as i64;
    let padding = match padding {
        Some(row) if row < -count || row >= count => {
            return Err(Error::value(OP, format!("Padding_idx must be within num_embeddings: {row} of {count}")));
        }
        Some(row) if row < 0 => Some(row + count),
        other => other,
    };
    if !matches!(index.dtype(), DType::I64 | DType::I32) {
        return Err(Error::runtime(
            OP,
            format!(
                "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got {} instead",
                torch_name(index.dtype())
            ),
        ));
    }
    // Row-major, and a copy if it was not.
    let positions = index.array().cast(OP, DType::I64)?.contiguous(OP)?;
    let mut shape: Shape = positions.shape().into();
    shape.push(table.shape()[1]);
    let output = Array::uninit(OP, &shape, table.dtype())?;
    // A row per position.
    let flat = |array: &Array, shape: &[usize]| array.view(shape).expect("row-major arrays have any shape");
    let (at, rows) = (flat(&positions, &[positions.numel()]), flat(&output, &[positions.numel(), table.shape()[1]]));
    launch([table, &at], &rows, |[table, at], out| kernel::index_select(0, table, at, out)).map_err(|found| {
        Error::index(OP, format!("index out of range in self: row {} of {}", found.value, found.size))
    })?;
    if is_recorded(&[&operand]) {
        let rule = Embedded { shape: table.shape().into(), padding, by_frequency };
        return record(rule, &[&operand], &[Save::Array(&positions)], output);
    }
    Ok(Tensor::from_array(output))
}
