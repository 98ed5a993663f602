//! The steps of optimizers: one call for all parameters.

use arcgrad::ops::optim::{self, Adam, AdamStates, Sgd};
use arcgrad::{DType, Tensor};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::error::guard_detached;
use crate::tensor::{self, type_name};

/// The tensors of a list.
fn tensors(function: &str, what: &str, list: &Bound<'_, PyList>) -> PyResult<Vec<Tensor>> {
    list.iter()
        .enumerate()
        .map(|(position, object)| {
            tensor::from_py(&object).cloned().ok_or_else(|| {
                let given = type_name(&object);
                PyTypeError::new_err(format!("{function}(): {what}[{position}] must be Tensor, not {given}"))
            })
        })
        .collect()
}

/// Those of the parameters that have a gradient, and the gradients: two lists of one length.
#[pyfunction]
fn with_gradients<'py>(params: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyList>)> {
    let py = params.py();
    let (present, grads) = (PyList::empty(py), PyList::empty(py));
    for param in params.try_iter()? {
        let param = param?;
        let grad = param.getattr(intern!(py, "grad"))?;
        if !grad.is_none() {
            present.append(param)?;
            grads.append(grad)?;
        }
    }
    Ok((present, grads))
}

/// Whether the loops know the parameters, which are real numbers in single or double precision, and their gradients, which are
/// dense.
#[pyfunction]
fn is_fusible(params: &Bound<'_, PyList>, grads: &Bound<'_, PyList>) -> bool {
    let known = |object: Bound<'_, PyAny>| {
        tensor::from_py(&object).is_some_and(|tensor| matches!(tensor.dtype(), DType::F32 | DType::F64))
    };
    // What only its class knows, a sparse tensor for one, has no memory for a loop.
    let dense = |object: Bound<'_, PyAny>| tensor::from_py(&object).is_some_and(|tensor| !tensor.is_hosted());
    params.iter().all(known) && grads.iter().all(dense)
}

/// One step of stochastic gradient descent for all parameters. A momentum buffer that is `None` is made and put into
/// the list.
#[pyfunction]
#[pyo3(signature = (params, grads, buffers, *, lr, momentum, dampening, weight_decay, nesterov, maximize))]
#[expect(clippy::too_many_arguments, reason = "an optimizer's options")]
fn sgd_step(
    py: Python<'_>,
    params: &Bound<'_, PyList>,
    grads: &Bound<'_, PyList>,
    buffers: &Bound<'_, PyList>,
    lr: f64,
    momentum: f64,
    dampening: f64,
    weight_decay: f64,
    nesterov: bool,
    maximize: bool,
) -> PyResult<()> {
    let (params, grads) = (tensors("sgd_step", "params", params)?, tensors("sgd_step", "grads", grads)?);
    let mut given: Vec<Option<Tensor>> = Vec::with_capacity(buffers.len());
    for (position, buffer) in buffers.iter().enumerate() {
        if !buffer.is_none() && tensor::from_py(&buffer).is_none() {
            let given = type_name(&buffer);
            return Err(PyTypeError::new_err(format!("sgd_step(): buffers[{position}] must be Tensor, not {given}")));
        }
        given.push(tensor::from_py(&buffer).cloned());
    }
    let missing: Vec<usize> = (0..given.len()).filter(|&index| given[index].is_none()).collect();
    let options = Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize };
    let given = guard_detached(py, move || optim::sgd_step(&params, &grads, &mut given, &options).map(|()| given))?;
    for index in missing {
        if let Some(buffer) = &given[index] {
            buffers.set_item(index, tensor::to_py(py, buffer.clone())?)?;
        }
    }
    Ok(())
}

/// One step of Adam (AdamW with `decoupled`) for all parameters.
#[pyfunction]
#[pyo3(signature = (
    params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps, *, lr, beta1, beta2, eps, weight_decay, amsgrad,
    decoupled, maximize
))]
#[expect(clippy::too_many_arguments, reason = "an optimizer's state and options")]
fn adam_step(
    py: Python<'_>,
    params: &Bound<'_, PyList>,
    grads: &Bound<'_, PyList>,
    exp_avgs: &Bound<'_, PyList>,
    exp_avg_sqs: &Bound<'_, PyList>,
    max_exp_avg_sqs: &Bound<'_, PyList>,
    steps: &Bound<'_, PyList>,
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
    amsgrad: bool,
    decoupled: bool,
    maximize: bool,
) -> PyResult<()> {
    let read = |what: &str, list: &Bound<'_, PyList>| tensors("adam_step", what, list);
    let (params, grads) = (read("params", params)?, read("grads", grads)?);
    let (exp_avgs, exp_avg_sqs) = (read("exp_avgs", exp_avgs)?, read("exp_avg_sqs", exp_avg_sqs)?);
    let max_exp_avg_sqs = if amsgrad { read("max_exp_avg_sqs", max_exp_avg_sqs)? } else { Vec::new() };
    let steps = read("steps", steps)?;
    let options = Adam { lr, betas: [beta1, beta2], eps, weight_decay, decoupled, maximize };
    guard_detached(py, || {
        let states = AdamStates {
            exp_avgs: &exp_avgs,
            exp_avg_sqs: &exp_avg_sqs,
            max_exp_avg_sqs: &max_exp_avg_sqs,
            steps: &steps,
        };
        optim::adam_step(&params, &grads, states, &options)
    })
}

/// Adds the functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(with_gradients, module)?)?;
    module.add_function(wrap_pyfunction!(is_fusible, module)?)?;
    module.add_function(wrap_pyfunction!(sgd_step, module)?)?;
    module.add_function(wrap_pyfunction!(adam_step, module)?)
}
