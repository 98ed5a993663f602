//! Operations that the host runs: on tensors of its own making, whose data only it knows, and while it wants to see them all.
//!
//! It is asked below everything else: what it is given is one example of no batch, carries no tangent, and is in no graph as far
//! as the host is concerned. What it gives back is recorded as if it had been computed.

use std::sync::{Arc, OnceLock};

use smallvec::{SmallVec, smallvec};

use super::parts;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::graph::mode::no_grad;
use crate::graph::op::{Primitive, Tensors};
use crate::graph::operand::{self, Operands};
use crate::graph::{record, views};
use crate::scalar::Scalar;
use crate::tensor::{Operand, Tensor};

/// Runs an operation on other tensors.
type Run = Box<dyn Fn(&[Option<&Tensor>]) -> Result<Tensors> + Send + Sync>;

/// An operation as the host sees it.
pub struct HostCall {
    /// The name of the node that it would record.
    pub node: String,
    /// The operation with its attributes.
    pub text: String,
    /// The numbers among its arguments, by place.
    pub numbers: SmallVec<[Option<Scalar>; 4]>,
    /// Its result is a number, not a tensor.
    pub reads: bool,
    run: Run,
}

impl HostCall {
    /// Runs the operation on other tensors.
    pub fn run(&self, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
        (self.run)(inputs)
    }
}

/// Who runs operations for the host.
pub trait Dispatcher: Send + Sync {
    /// The results of an operation.
    fn dispatch(&self, call: Arc<HostCall>, inputs: &[Option<&Tensor>]) -> Result<Vec<Tensor>>;
}

static DISPATCHER: OnceLock<Box<dyn Dispatcher>> = OnceLock::new();

/// Installs who runs operations for the host; the first one stays.
pub fn install(dispatcher: Box<dyn Dispatcher>) {
    let _ = DISPATCHER.set(dispatcher);
}

/// Asks the host for the results of an operation.
fn ask(call: HostCall, inputs: &[Option<&Tensor>]) -> Result<Vec<Tensor>> {
    let Some(dispatcher) = DISPATCHER.get() else {
        return Err(Error::runtime("dispatch", "nobody runs operations for the host"));
    };
    let _off = no_grad();
    dispatcher.dispatch(Arc::new(call), inputs)
}

/// Lets the host write to `inputs[0]`; `run` is what it does.
pub(crate) fn write(
    name: &str,
    inputs: &[Option<&Tensor>],
    run: impl Fn(&[Option<&Tensor>]) -> Result<Tensors> + Send + Sync + 'static,
) -> Result<()> {
    ask(named(name, false, run), inputs).map(drop)
}

/// Lets the host say what `run` reads of tensors.
pub(crate) fn read(
    name: &str,
    inputs: &[&Tensor],
    run: impl Fn(&[Option<&Tensor>]) -> Result<Scalar> + Send + Sync + 'static,
) -> Result<Scalar> {
    let number = move |inputs: &[Option<&Tensor>]| Ok(smallvec![of_number(run(inputs)?)?]);
    let inputs: SmallVec<[Option<&Tensor>; 2]> = inputs.iter().copied().map(Some).collect();
    match ask(named(name, true, number), &inputs)?.as_slice() {
        [number] if !number.is_left_to_host() => number.item(),
        _ => Err(Error::runtime("dispatch", format!("the result of {name} must be a number"))),
    }
}

/// What carries a number through a call, with all its digits.
///
/// # Errors
/// None that a program could cause.
pub fn of_number(number: Scalar) -> Result<Tensor> {
    let dtype = match number.category() {
        Category::Float => DType::F64,
        Category::Complex => DType::C128,
        Category::Bool | Category::Integer => number.dtype(),
    };
    Tensor::scalar(number, dtype)
}

/// A call that is none of an operation.
fn named(
    name: &str,
    reads: bool,
    run: impl Fn(&[Option<&Tensor>]) -> Result<Tensors> + Send + Sync + 'static,
) -> HostCall {
    HostCall { node: name.to_owned(), text: name.to_owned(), numbers: SmallVec::new(), reads, run: Box::new(run) }
}

/// An operation that the host runs. It may have it run `again`, on other tensors.
#[track_caller]
pub(in crate::graph) fn call<O: Primitive>(
    op: O,
    inputs: &[Option<&Tensor>],
    again: fn(O, &[Option<&Tensor>]) -> Result<Tensors>,
) -> Result<Tensors> {
    let own = op.clone();
    let call = HostCall {
        node: op.name().to_owned(),
        text: format!("{op:?}"),
        numbers: (0..inputs.len()).map(|input| op.number(input)).collect(),
        reads: false,
        run: Box::new(move |inputs| again(own.clone(), inputs)),
    };
    let results = ask(call, inputs)?;
    let mut operands = Operands::new();
    operand::read(inputs, op.differentiable() == 0, &mut operands)?;
    if !is_recorded(&operands, &results[..op.differentiable().min(results.len())]) {
        return Ok(results.into());
    }
    let (arrays, lifts) = parts(&results);
    let recorded = record::outputs(op, &operands, arrays, Some(&lifts))?;
    Ok(all_placed(recorded, results, inputs))
}

/// Whether a call with these results is recorded.
fn is_recorded(operands: &[Option<Operand>], results: &[Tensor]) -> bool {
    record::is_wanted(operands) && results.iter().any(|result| result.dtype().is_differentiable())
}

/// Each result at its place in the graph.
#[inline(never)]
fn all_placed(recorded: Tensors, results: Vec<Tensor>, inputs: &[Option<&Tensor>]) -> Tensors {
    recorded.into_iter().zip(results).map(|(recorded, result)| placed(recorded, result, inputs)).collect()
}

/// A result at its place in the graph: the very tensor that the host gave, if that has no other place.
fn placed(recorded: Tensor, result: Tensor, inputs: &[Option<&Tensor>]) -> Tensor {
    let (node, output_nr) = {
        let state = recorded.lock();
        (state.grad_fn.clone(), state.output_nr)
    };
    let Some(node) = node else { return result };
    let is_input = inputs.iter().flatten().any(|input| input.is(&result));
    if is_input || result.requires_grad() || result.base().is_some() {
        return recorded;
    }
    views::attach(&result, node, output_nr);
    result
}
