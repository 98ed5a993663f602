//! Steps of optimizers: all parameters in one call, each in one pass over its memory.
//!
//! Everything is checked and all memory is taken before the first parameter changes: a step is done or refused.

use smallvec::SmallVec;

use super::writing::overlap::check_distinct;
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::record::check_in_place;
use crate::graph::{Blame, Modes, modes, trace};
use crate::kernels::copy::copy as copy_elements;
pub use crate::kernels::optim::{Adam, Sgd};
use crate::kernels::optim::{AdamState, adam, sgd};
use crate::launch::Held;
use crate::scalar::Scalar;
use crate::shape;
use crate::tensor::Tensor;

/// Memory that a step changes, as the kernel wants to see it.
struct Changed {
    array: Array,
    /// A stand-in with the layout all operands of the step share, where the array has another.
    copy: Option<Array>,
}

impl Changed {
    fn new(op: &'static str, array: Array, layout: &Array) -> Result<Self> {
        let copy = if same_order(&array, layout) { None } else { Some(Array::uninit_like(op, layout, array.dtype())?) };
        Ok(Self { array, copy })
    }

    fn working(&self) -> &Array {
        self.copy.as_ref().unwrap_or(&self.array)
    }

    /// Copies the data to the stand-in.
    fn load(&self, held: &mut Held<'_>) {
        if let Some(copy) = &self.copy {
            held.launch(&self.array, copy, copy_elements);
        }
    }

    /// Copies the result back and notes the change.
    fn store(&self, held: &mut Held<'_>, blame: Blame) {
        if let Some(copy) = &self.copy {
            held.launch(copy, &self.array, copy_elements);
        }
        self.array.storage().bump(blame);
    }
}

/// Whether the elements of two arrays of one shape lie in the same order without gaps.
fn same_order(array: &Array, layout: &Array) -> bool {
    let dense = shape::is_non_overlapping_and_dense(array.shape(), array.strides());
    dense && (array.strides() == layout.strides() || (array.is_contiguous() && layout.is_contiguous()))
}

/// One parameter with its gradient and its state.
struct Update {
    param: Changed,
    grad: Array,
    state: SmallVec<[Changed; 3]>,
}

impl Update {
    fn new(op: &'static str, param: &Tensor, grad: &Tensor, state: &[&Tensor]) -> Result<Self> {
        let array = param.array();
        let dtype = array.dtype();
        if !dtype.is_float() {
            return Err(Error::dtype(op, dtype, "parameters must be floating-point tensors"));
        }
        let grad = fitting(op, "gradient", &array, grad)?;
        for tensor in std::iter::once(param).chain(state.iter().copied()) {
            check_in_place(op, tensor, false)?;
            check_distinct(op, &tensor.array())?;
        }
        let layout = if shape::is_non_overlapping_and_dense(array.shape(), array.strides()) {
            array.clone()
        } else {
            Array::uninit(op, array.shape(), dtype)?
        };
        let mut changed: SmallVec<[Changed; 3]> = SmallVec::new();
        for tensor in state {
            let own = fitting(op, "state", &array, tensor)?;
            let others = std::iter::once(&array).chain(changed.iter().map(|other| &other.array));
            if others.into_iter().any(|other| own.ranges_touch(other)) {
                return Err(Error::overlap(
                    op,
                    "a parameter and its optimizer state must not share memory; clone() the state first",
                ));
            }
            changed.push(Changed::new(op, own, &layout)?);
        }
        // A gradient that lies elsewhere in another order, or in memory that the step writes, is copied.
        let written = std::iter::once(&array).chain(changed.iter().map(|other| &other.array));
        let shared = written.into_iter().any(|other| grad.ranges_touch(other));
        let grad = if same_order(&grad, &layout) && !shared {
            grad
        } else {
            let copy = Array::uninit_like(op, &layout, dtype)?;
            copy.copy_from(&grad);
            copy
        };
        Ok(Self { param: Changed::new(op, array, &layout)?, grad, state: changed })
    }

    /// Runs the kernel with exclusive state on everything it writes.
    fn run(&self, blame: Blame, step: impl FnOnce(&mut Held<'_>, &Self)) {
        let changed = || std::iter::once(&self.param).chain(&self.state);
        let arrays: SmallVec<[&Array; 8]> =
            changed().flat_map(|changed| [Some(&changed.array), changed.copy.as_ref()]).flatten().collect();
        let (read, written) = (&self.grad, &arrays[..]);
        let mut held = Held::take(&read, &written);
        changed().for_each(|changed| changed.load(&mut held));
        step(&mut held, self);
        changed().for_each(|changed| changed.store(&mut held, blame));
    }
}

/// A tensor that belongs to a parameter must have its shape and dtype.
fn fitting(op: &'static str, what: &str, param: &Array, tensor: &Tensor) -> Result<Array> {
    let array = tensor.array();
    if array.shape() != param.shape() {
        return Err(Error::shapes(
            op,
            param.shape(),
            array.shape(),
            format!("a parameter and its {what} must have the same shape"),
        ));
    }
    if array.dtype() != param.dtype() {
        return Err(Error::runtime(
            op,
            format!("a parameter of dtype {} has a {what} of dtype {}", param.dtype(), array.dtype()),
        ));
    }
    Ok(array)
}

fn check_count(op: &'static str, what: &str, params: usize, given: usize) -> Result<()> {
    if params == given {
        return Ok(());
    }
    Err(Error::value(op, format!("{params} parameters and {given} {what}: one for each parameter is expected")))
}

/// One step of stochastic gradient descent for all parameters, in place. Nothing is recorded.
///
/// `buffers` holds the momenta, one for each parameter (it may be empty if `options.momentum` is 0); `None` stands for
/// a parameter's first step: its buffer is made and put there.
///
/// # Errors
/// When numbers, shapes or dtypes do not fit, or memory is shared or read-only. Nothing has changed then.
#[track_caller]
pub fn sgd_step(params: &[Tensor], grads: &[Tensor], buffers: &mut [Option<Tensor>], options: &Sgd) -> Result<()> {
    const OP: &str = "sgd_step";
    check_count(OP, "gradients", params.len(), grads.len())?;
    let momentum = options.momentum != 0.0;
    if momentum {
        check_count(OP, "momentum buffers", params.len(), buffers.len())?;
    }
    let mut updates = Vec::with_capacity(params.len());
    let mut made: Vec<Option<Tensor>> = Vec::new();
    for (index, (param, grad)) in params.iter().zip(grads).enumerate() {
        if !momentum {
            updates.push((Update::new(OP, param, grad, &[])?, false));
            continue;
        }
        let (buffer, new) = match &buffers[index] {
            Some(buffer) => (buffer.clone(), false),
            None => {
                let array = param.array();
                (Tensor::from_array(Array::uninit_like(OP, &array, array.dtype())?), true)
            }
        };
        updates.push((Update::new(OP, param, grad, &[&buffer])?, new));
        made.push(Some(buffer).filter(|_| new));
    }
    let blame = Blame::here();
    for (update, first) in &updates {
        update.run(blame, |held, update| {
            let buffer = update.state.first().map(Changed::working);
            held.launch(&update.grad, (update.param.working(), buffer), |grad, (param, buffer)| {
                sgd(options, *first, param, grad, buffer);
            });
        });
    }
    if modes().any(Modes::CAPTURE) {
        for (number, (update, first)) in updates.iter().enumerate() {
            let options = *options;
            let grad = grads[number].array();
            let mut arrays: SmallVec<[Option<&Array>; 3]> = smallvec::smallvec![Some(&update.param.array)];
            arrays.extend(update.state.first().map(|buffer| Some(&buffer.array)));
            let written = arrays.len();
            arrays.push(Some(&grad));
            let has_buffer = momentum && !first;
            trace::note_write(format!("{options:?}"), &arrays, written, move |inputs| {
                let at = |index: usize| Tensor::from_array(inputs[index].clone());
                let mut buffers = [has_buffer.then(|| at(1))];
                sgd_step(&[at(0)], &[at(written)], &mut buffers, &options)
            });
        }
    }
    for (slot, new) in buffers.iter_mut().zip(made) {
        if new.is_some() {
            *slot = new;
        }
    }
    Ok(())
}

/// The state of Adam for all parameters, one tensor for each.
#[derive(Clone, Copy)]
pub struct AdamStates<'a> {
    /// Running means of the gradients.
    pub exp_avgs: &'a [Tensor],
    /// Running means of their squares.
    pub exp_avg_sqs: &'a [Tensor],
    /// Greatest running means of the squares so far: for AMSGrad, else empty.
    pub max_exp_avg_sqs: &'a [Tensor],
    /// Numbers of steps done: tensors of one element, counted up here.
    pub steps: &'a [Tensor],
}

/// One step of Adam (AdamW, AMSGrad) for all parameters, in place. Nothing is recorded.
///
/// # Errors
/// When numbers, shapes or dtypes do not fit, or memory is shared or read-only. Nothing has changed then.
#[track_caller]
pub fn adam_step(params: &[Tensor], grads: &[Tensor], states: AdamStates<'_>, options: &Adam) -> Result<()> {
    const OP: &str = "adam_step";
    let AdamStates { exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps } = states;
    check_count(OP, "gradients", params.len(), grads.len())?;
    check_count(OP, "exp_avgs", params.len(), exp_avgs.len())?;
    check_count(OP, "exp_avg_sqs", params.len(), exp_avg_sqs.len())?;
    check_count(OP, "steps", params.len(), steps.len())?;
    let amsgrad = !max_exp_avg_sqs.is_empty();
    if amsgrad {
        check_count(OP, "max_exp_avg_sqs", params.len(), max_exp_avg_sqs.len())?;
    }
    let mut updates = Vec::with_capacity(params.len());
    for (index, (param, grad)) in params.iter().zip(grads).enumerate() {
        let mut state: SmallVec<[&Tensor; 3]> = smallvec::smallvec![&exp_avgs[index], &exp_avg_sqs[index]];
        if amsgrad {
            state.push(&max_exp_avg_sqs[index]);
        }
        let count = steps[index].array();
        check_in_place(OP, &steps[index], false)?;
        if count.numel() != 1 {
            return Err(Error::shape(OP, count.shape(), "the number of steps must be a tensor of one element"));
        }
        updates.push((Update::new(OP, param, grad, &state)?, count));
    }
    let blame = Blame::here();
    for (update, count) in &updates {
        let step = steps_done(count) + 1.0;
        count.fill_noting(Scalar::Float(step), blame);
        update.run(blame, |held, update| {
            let state = |index: usize| update.state.get(index).map(Changed::working);
            let (Some(mean), Some(square)) = (state(0), state(1)) else { return };
            let written = ([update.param.working(), mean, square], state(2));
            held.launch(&update.grad, written, |grad, ([param, mean, square], max_square)| {
                adam(options, step, param, grad, AdamState { mean, square, max_square });
            });
        });
    }
    if modes().any(Modes::CAPTURE) {
        for (number, (update, count)) in updates.iter().enumerate() {
            let options = *options;
            let grad = grads[number].array();
            let mut arrays: SmallVec<[Option<&Array>; 6]> = smallvec::smallvec![Some(&update.param.array), Some(count)];
            arrays.extend(update.state.iter().map(|state| Some(&state.array)));
            let written = arrays.len();
            arrays.push(Some(&grad));
            trace::note_write(format!("{options:?}"), &arrays, written, move |inputs| {
                let at = |index: usize| Tensor::from_array(inputs[index].clone());
                let greatest: SmallVec<[Tensor; 1]> = (4..written).map(at).collect();
                let states = AdamStates {
                    exp_avgs: &[at(2)],
                    exp_avg_sqs: &[at(3)],
                    max_exp_avg_sqs: &greatest,
                    steps: &[at(1)],
                };
                adam_step(&[at(0)], &[at(written)], states, &options)
            });
        }
    }
    Ok(())
}

/// The number of steps that a tensor of one element holds.
fn steps_done(count: &Array) -> f64 {
    count.get_linear(0).to_f64()
}
