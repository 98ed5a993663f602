//! Rows of a table by number, and numbers as rows of ones and zeros: `embedding`, `one_hot`.

use smallvec::{SmallVec, smallvec};

use super::slices;
use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Part, Tangents};
use crate::graph::{call, no_grad};
use crate::kernels::index as kernel;
use crate::launch::{NONE, launch, launch_stored};
use crate::ops::elementwise::{apply, resolve, select};
use crate::ops::reductions::reduce;
use crate::ops::writing::copy;
use crate::ops::{batching, rows, views};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A 1 at the position each element names, along a new last axis of `classes` elements (as many as needed if −1).
pub fn one_hot(input: &Tensor, classes: i64) -> Result<Tensor> {
    if input.dtype() != DType::I64 {
        return Err(Error::runtime(
            "one_hot",
            format!("one_hot is only applicable to index tensor of type LongTensor, got {}", torch_name(input.dtype())),
        ));
    }
    if classes < 1 {
        batching::refuse_data("one_hot", &[input], || {
            "When vmap-ing torch.nn.functional.one_hot, please provide an explicit positive num_classes argument."
                .to_owned()
        })?;
    }
    call(OneHot { classes }, &[input])
}

/// See [`one_hot`].
#[derive(Clone, PartialEq, Debug)]
struct OneHot {
    classes: i64,
}

impl Op for OneHot {
    fn name(&self) -> &str {
        "OneHotBackward0"
    }

    fn differentiable(&self) -> usize {
        0
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "one_hot";
        let array = &inputs[0];
        let known = array.is_meta() && self.classes > 0;
        let values: Vec<i64> = if known { Vec::new() } else { array.to_vec() };
        if values.is_empty() && self.classes <= 0 {
            return Err(Error::runtime(OP, "Can not infer total number of classes from empty tensor."));
        }
        if let Some(negative) = values.iter().find(|&&value| value < 0) {
            return Err(Error::runtime(OP, format!("Class values must be non-negative, got {negative}")));
        }
        let greatest = values.iter().copied().max().unwrap_or(-1);
        let count = match self.classes {
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
        Ok(smallvec![output])
    }

    fn jvp(&self, _cx: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        cx.put(call(self.clone(), &[&whole])?, Some(0));
        Ok(())
    }
}

/// Shortens the rows of `weight` at the positions of `index` to a `p`-norm of at most `max_norm`, in place and past the
/// graph.
#[track_caller]
pub fn shorten_rows(weight: &Tensor, index: &Tensor, max_norm: f64, p: f64) -> Result<()> {
    batching::refuse_data("embedding", &[weight, index], || {
        "vmap: max_norm changes the table by the rows that are used, which may differ between examples".to_owned()
    })?;
    // What is looked up is checked by looking it up.
    drop(embedding(index, &weight.detach(), None, false)?);
    let _off = no_grad();
    let mut used: Vec<i64> = index.array().to_vec();
    used.sort_unstable();
    used.dedup();
    let used = Tensor::from_slice(&used, &[used.len()])?;
    let table = slices::index_select(weight, 0, &used)?;
    let norms = reduce::norm(&table, p, Some(&[1]), true, None)?;
    let too_long = apply(&rows::gt::ROW, &[], &[(&norms).into(), Scalar::Float(max_norm).into()])?;
    // PyTorch's guard against a norm that is rounded down.
    let guarded = norms.add(1e-7)?;
    let shorter = apply(&rows::div::ROW, &[], &[Scalar::Float(max_norm).into(), (&guarded).into()])?;
    let factors = select::where_(&too_long, (&shorter).into(), Scalar::Int(1).into())?;
    slices::index_copy(weight, true, 0, &used, &table.mul(&factors)?).map(drop)
}

/// Rows of a table by their numbers. Of a batch, there are the tables of several examples below each other.
#[derive(Clone, PartialEq, Debug)]
struct Embedded {
    /// Of the table.
    shape: Shape,
    /// The row that gets no gradient, and the number of rows in the table of one example.
    padding: Option<(i64, usize)>,
    by_frequency: bool,
}

impl Op for Embedded {
    fn name(&self) -> &str {
        "EmbeddingBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "embedding";
        let table = &inputs[0];
        if table.shape() != self.shape.as_slice() {
            return Err(Error::runtime(OP, "another thread has given the table another shape meanwhile"));
        }
        let positions = inputs[1].contiguous(OP)?;
        let mut shape: Shape = positions.shape().into();
        shape.push(table.shape()[1]);
        let output = Array::uninit(OP, &shape, table.dtype())?;
        // A row per position.
        let flat = |array: &Array, shape: &[usize]| array.view(shape).expect("row-major arrays have any shape");
        let (at, rows) =
            (flat(&positions, &[positions.numel()]), flat(&output, &[positions.numel(), table.shape()[1]]));
        launch_stored([table, &at], &rows, |[table, at], out| kernel::index_select(0, table, at, out)).map_err(
            |found| Error::index(OP, format!("index out of range in self: row {} of {}", found.value, found.size)),
        )?;
        Ok(smallvec![output])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.call(EmbeddedBackward(self.clone()), &[From::Grad(0), From::Saved(0)])?;
        cx.put(0, grad);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let (table, index) = (cx.input(0), cx.input(1));
        if table.axis.is_none() && !self.by_frequency {
            let index = batching::front(index, cx.size())?;
            cx.put(call(self.clone(), &[&table.tensor, &index])?, Some(0));
            return Ok(());
        }
        let (table, shape) = tables_below_each_other(cx, table, &self.shape)?;
        let index = rows_of_each(cx, index, self.shape[0])?;
        cx.put(call(Self { shape, ..self.clone() }, &[&table, &index])?, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

/// The tables of all examples as one.
#[track_caller]
fn tables_below_each_other(cx: &Batch<'_>, table: &Part, shape: &[usize]) -> Result<(Tensor, Shape)> {
    let all: Shape = smallvec![cx.size() * shape[0], shape[1]];
    Ok((views::reshape_to(&batching::front(table, cx.size())?, &all)?, all))
}

/// Numbers of rows in the tables of all examples, below each other.
#[track_caller]
fn rows_of_each(cx: &Batch<'_>, index: &Part, rows: usize) -> Result<Tensor> {
    let first = apply(
        &rows::mul::ROW,
        &[],
        &[(&batching::numbers(cx.size(), index.rank())?).into(), Scalar::Int(rows as i64).into()],
    )?;
    batching::front(index, cx.size())?.add(&first)
}

/// The gradient of [`Embedded`] from that of its result, and the numbers. A scale by frequency is no part of its derivative:
/// it says how far a row shall move, and the second derivative comes through the embedding, which scales, once more.
#[derive(Clone, PartialEq, Debug)]
struct EmbeddedBackward(Embedded);

impl Op for EmbeddedBackward {
    fn name(&self) -> &str {
        "EmbeddingDenseBackwardBackward0"
    }

    fn takes_complex(&self) -> bool {
        true
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let _off = no_grad();
        Ok(smallvec![self.sums(Tensor::from_array(inputs[0].clone()), &inputs[1])?.array()])
    }

    fn keeps(&mut self, _needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let (grad, index) = (cx.only_grad(), cx.saved(0)?);
        let again = Embedded { padding: None, by_frequency: false, shape: self.0.shape.clone() };
        let mut result = call(again, &[&grad, &index])?;
        if let Some((padding, rows)) = self.0.padding {
            let number = resolve::remainder((&index).into(), Scalar::Int(rows as i64).into())?;
            let padded = views::unsqueeze(&apply(number.row, &number.params, &number.args)?.eq(padding)?, -1)?;
            result = select::where_(&padded, Scalar::Int(0).into(), (&result).into())?;
        }
        cx.put(0, result);
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let grad = batching::front(cx.input(0), cx.size())?;
        let index = rows_of_each(cx, cx.input(1), self.0.shape[0])?;
        let shape: Shape = smallvec![cx.size() * self.0.shape[0], self.0.shape[1]];
        let result = call(Self(Embedded { shape, ..self.0.clone() }), &[&grad, &index])?;
        cx.put(views::reshape_to(&result, &[cx.size(), self.0.shape[0], self.0.shape[1]])?, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

impl EmbeddedBackward {
    /// The gradients of the rows that were looked up, summed where they came from.
    fn sums(&self, mut grad: Tensor, positions: &Array) -> Result<Tensor> {
        let Embedded { shape, padding, by_frequency } = &self.0;
        if positions.is_meta() {
            return Ok(Tensor::from_array(Array::zeros("embedding", shape, grad.dtype())?));
        }
        let index: Vec<i64> = positions.to_vec();
        if padding.is_some() || *by_frequency {
            // A factor per row looked up: 0 for padding, one over the number of times a row is used.
            let mut uses = vec![0u32; shape[0]];
            index.iter().for_each(|&row| uses[row as usize] += 1);
            let factor = |&row: &i64| {
                if padding.is_some_and(|(padding, rows)| row % rows as i64 == padding) {
                    0.0
                } else if *by_frequency {
                    1.0 / f64::from(uses[row as usize])
                } else {
                    1.0
                }
            };
            let factors: Vec<f64> = index.iter().map(factor).collect();
            let mut along: Shape = positions.shape().into();
            along.push(1);
            let factors = Tensor::from_array(Array::from_slice(&factors, &along)?.cast("embedding", grad.dtype())?);
            grad = apply(&rows::masked_product::ROW, &[], &[(&grad).into(), (&factors).into()])?;
        }
        let flat = views::reshape_to(&grad, &[index.len(), shape[1]])?;
        let whole = Tensor::from_array(Array::zeros("embedding", shape, flat.dtype())?);
        let vector = Tensor::from_array(Array::from_slice(&index, &[index.len()])?);
        slices::index_add(&whole, true, 0, &vector, &flat, Scalar::Int(1))
    }
}

/// Rows of the matrix `weight`, in the shape of `index`. The row `padding` gets no gradient; with `by_frequency` the
/// gradient of a row is divided by the number of times it is used.
#[track_caller]
pub fn embedding(index: &Tensor, weight: &Tensor, padding: Option<i64>, by_frequency: bool) -> Result<Tensor> {
    const OP: &str = "embedding";
    let shape = weight.shape();
    if shape.len() != 2 {
        return Err(Error::shape(OP, &shape, "'weight' must be 2-D"));
    }
    let count = shape[0] as i64;
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
    let index = copy::to_dtype(index, DType::I64)?;
    let padding = padding.map(|row| (row, shape[0]));
    call(Embedded { shape, padding, by_frequency }, &[weight, &index])
}
