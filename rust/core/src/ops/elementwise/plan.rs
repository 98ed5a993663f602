//! What is worked out about the call of a row before memory is touched.

use smallvec::SmallVec;

use super::row::{Arg, MAX_INPUTS, Promotion, Row};
use super::tier::Integers;
use crate::array::Array;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::place;
use crate::kernels::Kernel;
use crate::launch::{self, Source};
use crate::ops::writing::out::check_cast;
use crate::provenance::Blame;
use crate::scalar::Scalar;
use crate::shape::{self, Shape, Strides};
use crate::storage::is_meta_known;
use crate::tensor::Operand;

/// Everything worked out about a call before memory is touched.
pub(super) struct Plan<'a> {
    pub(super) row: &'static Row,
    pub(super) op: &'static str,
    pub(super) operands: SmallVec<[Option<Operand>; MAX_INPUTS]>,
    pub(super) args: &'a [Arg<'a>],
    /// The first operand's array where the operand has become a copy of it, in the dtype that is computed in.
    first: Option<Array>,
    pub(super) kernel: Kernel,
    /// Dtype computed in, but for small integers, which have no loops of their own.
    pub(super) compute: DType,
    /// Dtype of the result.
    pub(super) result: DType,
    pub(super) shape: Shape,
}

impl<'a> Plan<'a> {
    #[inline]
    pub(super) fn new(row: &'static Row, args: &'a [Arg<'a>]) -> Result<Self> {
        Self::with_target(row, args, None)
    }

    /// [`Self::new`] of a call whose result goes into memory of another's dtype: where the row has no loop, what cannot be
    /// cast is told first.
    #[inline]
    pub(super) fn with_target(row: &'static Row, args: &'a [Arg<'a>], target: Option<DType>) -> Result<Self> {
        let op = row.name;
        let mut operands: SmallVec<[Option<Operand>; MAX_INPUTS]> = SmallVec::new();
        for arg in args {
            operands.push(match arg {
                Arg::Tensor(tensor) if row.grads.is_empty() => Some(tensor.constant_operand()),
                Arg::Tensor(tensor) => Some(tensor.snapshot()?),
                Arg::Scalar(_) => None,
            });
        }
        if is_meta_known() {
            place::of_operands(operands.iter().flatten().map(|operand| &operand.array))?;
        }
        // The fast path: tensors of one shape and dtype.
        let mut shape: Option<Shape> = None;
        let mut promotion = Promotion::default();
        for (position, (operand, arg)) in operands.iter().zip(args).enumerate() {
            match (operand, arg) {
                (Some(operand), _) => {
                    if row.promotes(position) {
                        promotion.tensor(operand.array.dtype(), operand.array.rank());
                    }
                    let own = operand.array.shape();
                    shape = Some(match shape {
                        None => Shape::from_slice(own),
                        Some(shape) if shape.as_slice() == own => shape,
                        Some(shape) => shape::broadcast(op, &shape, own)?,
                    });
                }
                (None, Arg::Scalar(scalar)) if row.promotes(position) => promotion.scalar(*scalar),
                (None, _) => {}
            }
        }
        let promoted = promotion.result();
        let (compute, mut kernel) = choose(row, promoted).map_err(|error| {
            let cast = match target {
                Some(target) if !row.tier.is_predicate() => check_cast(op, promoted, target),
                _ => Ok(()),
            };
            cast.err().unwrap_or(error)
        })?;
        let mut first = None;
        if has_no_room(row, compute, &operands, args) {
            kernel = (row.value)(DType::I64).unwrap_or(kernel);
        } else if kernel.input() != compute {
            first = operands.first().and_then(Option::as_ref).map(|operand| operand.array.clone());
            narrow(op, compute, &mut operands)?;
        }
        let result = if row.tier.is_predicate() { DType::Bool } else { compute };
        Ok(Self { row, op, operands, args, first, kernel, compute, result, shape: shape.unwrap_or_default() })
    }

    pub(super) fn arrays(&self) -> SmallVec<[Option<&Array>; MAX_INPUTS]> {
        self.operands.iter().map(|operand| operand.as_ref().map(|operand| &operand.array)).collect()
    }

    pub(super) fn inputs(&self) -> SmallVec<[&Operand; MAX_INPUTS]> {
        self.operands.iter().flatten().collect()
    }

    /// Strides of the output: row-major, or as the operands lie where one of them does not.
    pub(super) fn strides(&self) -> Strides {
        let arrays = || self.operands.iter().flatten().map(|operand| &operand.array);
        // Axes of one element may have any stride, which counts only if some operand is broadcast along them.
        let row_major = |array: &Array| {
            array.layout().is_plain() || (array.is_contiguous() && array.shape() == self.shape.as_slice())
        };
        if self.shape.len() < 2 || self.row.fills_copy() || arrays().all(row_major) {
            return shape::contiguous_strides(&self.shape);
        }
        let operands: SmallVec<[Strides; MAX_INPUTS]> = arrays()
            .enumerate()
            .map(|(position, array)| {
                // PyTorch casts before it looks, and a cast array is dense.
                let cast = array.dtype() != self.compute && self.row.promotes(position);
                let strides = if cast {
                    shape::preserved_strides(array.shape(), array.strides())
                } else {
                    Strides::from_slice(array.strides())
                };
                shape::broadcast_strides(array.shape(), &strides, &self.shape)
            })
            .collect();
        shape::result_strides(&self.shape, &operands)
    }

    /// Lets the operands that are to be saved and whose memory `target` is about to overwrite show a copy of it: their
    /// gradients read the value from before. The target may be several of them: itself, a view, what was detached.
    pub(super) fn spare(&mut self, slots: &[usize], target: &Array) -> Result<()> {
        let mut spared: Option<Array> = None;
        for &slot in slots {
            let Some(Some(operand)) = self.operands.get_mut(slot) else { continue };
            // What overlaps in part has been refused, or copied.
            if operand.array.is_exactly(target) {
                operand.array = match &spared {
                    Some(copy) => copy.clone(),
                    None => spared.insert(target.duplicate(self.op)?).clone(),
                };
                operand.identity = std::sync::Weak::new();
            }
        }
        Ok(())
    }

    pub(super) fn allocate(&self) -> Result<Array> {
        let arrays = || self.operands.iter().flatten().map(|operand| &operand.array);
        let _place = if is_meta_known() { place::of_operands(arrays())? } else { None };
        Array::uninit_strided(self.op, &self.shape, &self.strides(), self.result)
    }

    /// The array of the first operand as the call found it, whatever it is read through by now.
    pub(super) fn first(&self) -> Array {
        let read = || self.operands[0].as_ref().expect("the target is a tensor").array.clone();
        self.first.clone().unwrap_or_else(read)
    }

    /// Runs the kernel into `output`, whose exclusive state is taken here; notes a change that has somebody to blame.
    pub(super) fn run(&self, params: &[Scalar], output: &Array, blame: Option<Blame>) -> Result<()> {
        // What has no loops of its own is computed in a wider dtype. An output of another gets what the result is, not what
        // was on the way to it: 65504 + 480 is infinite among `float16`, and true + true is true.
        if output.dtype() != self.result && self.kernel.output() != self.result {
            let result = self.allocate()?;
            self.run(params, &result, None)?;
            match blame {
                Some(blame) => output.copy_from_noting(&result, blame),
                None => output.copy_from(&result),
            }
            return Ok(());
        }
        let sources: SmallVec<[Source<&Array>; MAX_INPUTS]> = self
            .operands
            .iter()
            .zip(self.args)
            .map(|(operand, arg)| match (operand, arg) {
                (Some(operand), _) => Source::Array(&operand.array),
                (None, Arg::Scalar(scalar)) => Source::Scalar(self.row.number(*scalar, self.compute)),
                (None, Arg::Tensor(_)) => unreachable!("every tensor has an operand"),
            })
            .collect();
        launch::map(&self.kernel, params, &sources, output, || {
            if let Some(blame) = blame {
                output.storage().bump(blame);
            }
        });
        Ok(())
    }
}

/// Whether an integer among the arguments has no room in the integer dtype of the result: a number beyond its range, or
/// a tensor without axes of a wider dtype, neither of which promotes. Then all is computed in `int64`, by value, and the
/// result cut to its width: 100 is less than 300 among `uint8`, too, and `1 // 32768` is 0 among `int16`.
fn has_no_room(row: &Row, compute: DType, operands: &[Option<Operand>], args: &[Arg<'_>]) -> bool {
    let Some((low, high)) = compute.integer_range().filter(|_| compute != DType::I64) else { return false };
    operands.iter().zip(args).enumerate().any(|(position, (operand, arg))| match (operand, arg) {
        (Some(operand), _) => {
            let dtype = operand.array.dtype();
            row.promotes(position) && dtype.is_integer() && compute.promote(dtype) != compute
        }
        (None, Arg::Scalar(Scalar::Int(value))) => !(low..=high).contains(value),
        (None, _) => false,
    })
}

/// Small integers are computed in a wider type: what is wider still is cut to their width first.
fn narrow(op: &'static str, compute: DType, operands: &mut [Option<Operand>]) -> Result<()> {
    for operand in operands.iter_mut().flatten() {
        if operand.array.dtype().size() > compute.size() {
            operand.array = operand.array.cast(op, compute)?;
        }
    }
    Ok(())
}

/// The dtype to compute in and its kernel.
pub(super) fn choose(row: &'static Row, promoted: DType) -> Result<(DType, Kernel)> {
    let integral = promoted.category() < Category::Float;
    let promotes = integral && row.tier.integers() == Integers::Promoted;
    let compute = if promotes { crate::default_dtype() } else { promoted };
    match (row.value)(compute) {
        Some(kernel) => Ok((compute, kernel)),
        None => Err(Error::not_for(row.name, compute)),
    }
}

impl Operand {
    /// The same data without a place in the graph.
    pub fn without_edge(&self) -> Self {
        Self { edge: None, identity: std::sync::Weak::new(), ..self.clone() }
    }
}
