//! Steps of optimizers: all parameters in one call, each in one pass over its memory.
//!
//! Everything is checked and all memory is taken before the first parameter changes: a step is done or refused.

use smallvec::SmallVec;

use super::writing::overlap::check_distinct;
use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::record::check_in_place;
use crate::graph::{Blame, Modes, modes, trace};
use crate::kernels::In;
use crate::kernels::copy::copy as copy_elements;
pub use crate::kernels::optim::{Adam, Sgd};
use crate::kernels::optim::{AdamState, adam, sgd};
use crate::launch::{Held, Operands, launch};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Memory that a step changes, as the kernel wants to see it.
struct Changed {
    array: Array,
    /// A stand-in with the layout all operands of the step share, where the array has another.
    copy: Option<Array>,
}

impl Changed {
    fn new(op: &'static str, array: Array, layout: &Array) -> Result<Self> {
        let copy = stand_in(op, &array, layout)?;
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

/// What stands in for an array whose elements lie in another order.
fn stand_in(op: &'static str, array: &Array, layout: &Array) -> Result<Option<Array>> {
    if same_order(array, layout) { Ok(None) } else { Array::uninit_like(op, layout, array.dtype()).map(Some) }
}

/// Whether the elements of two arrays of one shape lie in the same order without gaps.
fn same_order(array: &Array, layout: &Array) -> bool {
    (array.is_contiguous() && layout.is_contiguous()) || (array.is_dense() && array.strides() == layout.strides())
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
        check_in_place(op, param, false)?;
        check_distinct(op, &array)?;
        for tensor in state {
            check_in_place(op, tensor, false)?;
        }
        let made = if array.is_dense() { None } else { Some(Array::uninit(op, array.shape(), dtype)?) };
        let layout = made.as_ref().unwrap_or(&array);
        let mut changed: SmallVec<[Changed; 3]> = SmallVec::new();
        for tensor in state {
            let own = fitting(op, "state", &array, tensor)?;
            check_distinct(op, &own)?;
            let others = std::iter::once(&array).chain(changed.iter().map(|other| &other.array));
            if others.into_iter().any(|other| own.ranges_touch(other)) {
                return Err(Error::overlap(
                    op,
                    "a parameter and its optimizer state must not share memory; clone() the state first",
                ));
            }
            changed.push(Changed::new(op, own, layout)?);
        }
        // A gradient that lies elsewhere in another order, or in memory that the step writes, is copied.
        let written = std::iter::once(&array).chain(changed.iter().map(|other| &other.array));
        let shared = written.into_iter().any(|other| grad.ranges_touch(other));
        let grad = if same_order(&grad, layout) && !shared {
            grad
        } else {
            let copy = Array::uninit_like(op, layout, dtype)?;
            copy.copy_from(&grad);
            copy
        };
        let copy = stand_in(op, &array, layout)?;
        Ok(Self { param: Changed { array, copy }, grad, state: changed })
    }

    /// Runs the kernel, which writes `written`, with exclusive state on everything that the step writes.
    fn run<W: Operands>(&self, blame: Blame, written: W, step: impl for<'m> FnOnce(In<'m>, W::Out<'m>)) {
        let changed = || std::iter::once(&self.param).chain(&self.state);
        if changed().any(|changed| changed.copy.is_some()) {
            return self.run_on_copies(blame, written, step);
        }
        let storages = || changed().map(|changed| changed.array.storage());
        let is_nowhere = launch(&self.grad, written, |grad, written| {
            step(grad, written);
            storages().for_each(|storage| storage.bump(blame));
            false
        });
        if is_nowhere {
            storages().for_each(|storage| storage.count(blame));
        }
    }

    /// [`Update::run`] where some of the memory is stood in for.
    #[cold]
    fn run_on_copies<W: Operands>(&self, blame: Blame, written: W, step: impl for<'m> FnOnce(In<'m>, W::Out<'m>)) {
        let changed = || std::iter::once(&self.param).chain(&self.state);
        let mut arrays: SmallVec<[&Array; 8]> = SmallVec::new();
        for changed in changed() {
            arrays.push(&changed.array);
            if let Some(copy) = &changed.copy {
                arrays.push(copy);
            }
        }
        let (read, all) = (&self.grad, &arrays[..]);
        let mut held = Held::take(&read, &all);
        changed().for_each(|changed| changed.load(&mut held));
        held.launch(&self.grad, written, step);
        changed().for_each(|changed| changed.store(&mut held, blame));
    }
}

/// A tensor that belongs to a parameter must have its shape and dtype.
fn fitting(op: &'static str, what: &str, param: &Array, tensor: &Tensor) -> Result<Array> {
    let array = tensor.array();
    if !array.layout().has_shape_of(param.layout()) {
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
        let buffer = update.state.first().map(Changed::working);
        update.run(blame, (update.param.working(), buffer), |grad, (param, buffer)| {
            sgd(options, *first, param, grad, buffer);
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
        let written = (
            [update.param.working(), update.state[0].working(), update.state[1].working()],
            update.state.get(2).map(Changed::working),
        );
        update.run(blame, written, |grad, ([param, mean, square], max_square)| {
            adam(options, step, param, grad, AdamState { mean, square, max_square });
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
