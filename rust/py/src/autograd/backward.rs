//! `backward` and `grad` as Python calls them.

use arcgrad::Tensor;
use arcgrad::autograd::{self, Options, Target};
use arcgrad::graph::{Edge, Meta, custom, engine};
use arcgrad::ops::arranging::joining::stack;
use arcgrad::ops::views;
use arcgrad::storage::Placed;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use smallvec::{SmallVec, smallvec};

use super::hooks::tuple_of;
use super::interpreter::attach;
use super::levels::refuse_in_transform;
use super::node::node_of;
use crate::error::{from_py_err, guard, guard_detached};
use crate::tensor::{from_py, to_py, type_name};

const BACKWARD_WITHIN: &str = "backward() called inside a functorch transform. This is not supported, please use \
     functorch.grad or functorch.vjp instead or call backward() outside of functorch transforms.";

/// A tensor, a node, or a `GradientEdge` (anything with `node` and `output_nr`).
fn target(object: &Bound<'_, PyAny>, function: &str) -> PyResult<Target> {
    if let Some(tensor) = from_py(object) {
        return Ok(Target::Tensor(tensor.clone()));
    }
    if let Some(node) = node_of(object) {
        return Ok(Target::Edge(Edge::new(node, 0)));
    }
    if let (Ok(node), Ok(output_nr)) = (object.getattr("node"), object.getattr("output_nr"))
        && let Some(node) = node_of(&node)
    {
        return Ok(Target::Edge(Edge::new(node, output_nr.extract()?)));
    }
    let given = type_name(object);
    Err(PyTypeError::new_err(format!("{function}(): expected a Tensor, a GradientEdge or a Node, got {given}")))
}

/// One target or a sequence of them. A `GradientEdge` is a tuple, but one target.
fn targets(object: &Bound<'_, PyAny>, function: &str) -> PyResult<Vec<Target>> {
    match target(object, function) {
        Ok(one) => Ok(vec![one]),
        Err(error) => match object.try_iter() {
            Ok(items) => items.map(|item| target(&item?, function)).collect(),
            Err(_) => Err(error),
        },
    }
}

/// The seeds: `None`, one tensor, or a sequence with `None` in the gaps, one per output.
fn seeds(object: Option<&Bound<'_, PyAny>>, count: usize) -> PyResult<Vec<Option<Tensor>>> {
    let Some(object) = object else { return Ok(vec![None; count]) };
    let one = |object: &Bound<'_, PyAny>| match from_py(object) {
        Some(tensor) => Ok(Some(tensor.clone())),
        None if object.is_none() => Ok(None),
        None => Err(PyTypeError::new_err(format!(
            "gradients can be either Tensors, Numbers, or None, but got {}",
            type_name(object)
        ))),
    };
    let seeds = if from_py(object).is_some() {
        vec![one(object)?]
    } else {
        let items = object.try_iter().map_err(|_| {
            PyTypeError::new_err(format!("gradients must be a Tensor or a sequence of them, got {}", type_name(object)))
        })?;
        items.map(|item| one(&item?)).collect::<PyResult<Vec<_>>>()?
    };
    if seeds.len() != count {
        return Err(PyRuntimeError::new_err(format!("got {count} tensors and {} gradients", seeds.len())));
    }
    Ok(seeds)
}

fn roots(outputs: &[Target], seeds: &[Option<Tensor>]) -> arcgrad::Result<Vec<(Edge, Tensor)>> {
    let mut roots = Vec::with_capacity(outputs.len());
    for (position, (output, seed)) in outputs.iter().zip(seeds).enumerate() {
        roots.push(match output {
            Target::Tensor(tensor) => autograd::root(tensor, seed.as_ref(), position)?,
            Target::Edge(edge) => autograd::root_at(edge.clone(), seed.as_ref(), position)?,
        });
    }
    Ok(roots)
}

/// Runs a backward pass that accumulates; `inputs` restricts it.
pub fn run_backward(
    py: Python<'_>,
    outputs: Vec<Target>,
    seeds: Vec<Option<Tensor>>,
    inputs: Option<Vec<Target>>,
    options: Options,
) -> PyResult<()> {
    refuse_in_transform(BACKWARD_WITHIN)?;
    guard_detached(py, move || autograd::backward_from(roots(&outputs, &seeds)?, inputs.as_deref(), options))
}

/// Compute gradients of ``tensors`` and add them into the ``.grad`` of the leaves, or of ``inputs`` only.
#[pyfunction]
#[pyo3(signature = (tensors, grad_tensors = None, retain_graph = None, create_graph = false, grad_variables = None, inputs = None))]
pub fn backward(
    py: Python<'_>,
    tensors: &Bound<'_, PyAny>,
    grad_tensors: Option<&Bound<'_, PyAny>>,
    retain_graph: Option<bool>,
    create_graph: bool,
    grad_variables: Option<&Bound<'_, PyAny>>,
    inputs: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    if grad_tensors.is_some() && grad_variables.is_some() {
        return Err(PyRuntimeError::new_err(
            "'grad_tensors' and 'grad_variables' (deprecated) arguments both passed to backward(). Please only use 'grad_tensors'.",
        ));
    }
    let outputs = targets(tensors, "backward")?;
    let seeds = seeds(grad_tensors.or(grad_variables), outputs.len())?;
    let inputs = inputs.map(|inputs| targets(inputs, "backward")).transpose()?;
    run_backward(py, outputs, seeds, inputs, Options { retain_graph, create_graph })
}

/// Compute and return the gradients of ``outputs`` with respect to ``inputs``; nobody's ``.grad`` is touched.
#[pyfunction]
#[pyo3(signature = (outputs, inputs, grad_outputs = None, retain_graph = None, create_graph = false, only_inputs = true, allow_unused = None, is_grads_batched = false, materialize_grads = false))]
#[expect(clippy::too_many_arguments, reason = "the signature is PyTorch's")]
fn grad<'py>(
    py: Python<'py>,
    outputs: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyAny>,
    grad_outputs: Option<&Bound<'py, PyAny>>,
    retain_graph: Option<bool>,
    create_graph: bool,
    only_inputs: bool,
    allow_unused: Option<bool>,
    is_grads_batched: bool,
    materialize_grads: bool,
) -> PyResult<Bound<'py, PyTuple>> {
    // Deprecated in PyTorch, where it warns; both settings mean the same.
    let _ = only_inputs;
    if materialize_grads && allow_unused == Some(false) {
        return Err(PyValueError::new_err(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.",
        ));
    }
    let allow_unused = allow_unused.unwrap_or(materialize_grads);
    let outputs = targets(outputs, "grad")?;
    let inputs = targets(inputs, "grad")?;
    if inputs.is_empty() {
        return Err(PyValueError::new_err("grad requires non-empty inputs."));
    }
    let seeds = seeds(grad_outputs, outputs.len())?;
    let options = Options { retain_graph, create_graph };
    let gradients = guard_detached(py, || {
        let mut gradients = if is_grads_batched {
            batched_grad(&outputs, &seeds, &inputs, options)?
        } else {
            autograd::grad_from(roots(&outputs, &seeds)?, &inputs, options)?
        };
        if materialize_grads {
            for (gradient, input) in gradients.iter_mut().zip(&inputs).filter(|(gradient, _)| gradient.is_none()) {
                if let Target::Edge(_) = input {
                    return Err(arcgrad::Error::graph(
                        "grad",
                        "materialize_grads cannot be used when the given input is a GradientEdge: what it is a place of has \
                         no gradient here",
                    ));
                }
                let zeros = zeros_at(input)?;
                zeros.set_requires_grad(create_graph)?;
                *gradient = Some(zeros);
            }
        }
        Ok(gradients)
    })?;
    if !allow_unused && let Some(unused) = gradients.iter().position(Option::is_none) {
        return Err(PyRuntimeError::new_err(format!(
            "One of the differentiated Tensors appears to not have been used in the graph (inputs[{unused}]). Set \
             allow_unused=True if this is the desired behavior."
        )));
    }
    tuple_of(py, &gradients)
}

/// One pass per row of the seeds; the gradients of an input are stacked along a new first axis.
fn batched_grad(
    outputs: &[Target],
    seeds: &[Option<Tensor>],
    inputs: &[Target],
    options: Options,
) -> arcgrad::Result<Vec<Option<Tensor>>> {
    let rows = batch_size(outputs, seeds)?;
    let mut gradients: Vec<Vec<Tensor>> = vec![Vec::new(); inputs.len()];
    for row in 0..rows {
        let seeds = seeds
            .iter()
            .map(|seed| seed.as_ref().map(|seed| views::select(seed, 0, row as i64)).transpose())
            .collect::<arcgrad::Result<Vec<_>>>()?;
        // The last pass may free what the program does not want to keep.
        let options = if row + 1 < rows { Options { retain_graph: Some(true), ..options } } else { options };
        for (all, one) in gradients.iter_mut().zip(autograd::grad_from(roots(outputs, &seeds)?, inputs, options)?) {
            all.extend(one);
        }
    }
    gradients.iter().map(|all| if all.is_empty() { Ok(None) } else { stack(all, 0).map(Some) }).collect()
}

/// The common length of the seeds' first axes; what is behind them must be the outputs' shapes.
fn batch_size(outputs: &[Target], seeds: &[Option<Tensor>]) -> arcgrad::Result<usize> {
    let mut rows = None;
    for (position, (output, seed)) in outputs.iter().zip(seeds).enumerate() {
        let Some(seed) = seed else {
            let text =
                format!("grad_outputs[{position}] is None, and is_grads_batched=True needs one row per gradient");
            return Err(arcgrad::Error::runtime("grad", text));
        };
        let (given, expected) = (seed.shape(), meta_at(output)?.shape);
        if given.is_empty() || given[1..] != expected[..] {
            return Err(arcgrad::Error::runtime(
                "grad",
                format!(
                    "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch \
                     dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding \
                     output, but a mismatch was detected: grad_output[{position}] has a shape of {given:?} and \
                     output[{position}] has a shape of {expected:?}."
                ),
            ));
        }
        let first = *rows.get_or_insert(given[0]);
        if first != given[0] {
            let text = format!("grad_outputs[0] has {first} rows and grad_outputs[{position}] has {}", given[0]);
            return Err(arcgrad::Error::value("grad", text));
        }
    }
    match rows {
        Some(0) | None => {
            Err(arcgrad::Error::value("grad", "is_grads_batched=True needs at least one row in grad_outputs"))
        }
        Some(rows) => Ok(rows),
    }
}

fn zeros_at(input: &Target) -> arcgrad::Result<Tensor> {
    let meta = meta_at(input)?;
    let _place = match input {
        Target::Tensor(tensor) => Some(Placed::on(tensor.device())),
        Target::Edge(_) => None,
    };
    Ok(Tensor::from_array(arcgrad::Array::zeros("grad", &meta.shape, meta.dtype)?))
}

fn meta_at(target: &Target) -> arcgrad::Result<Meta> {
    let meta = match target {
        Target::Tensor(tensor) => Some(tensor.meta()),
        Target::Edge(edge) => edge.node.as_ref().and_then(|node| node.outputs().get(edge.output_nr as usize)).cloned(),
    };
    meta.ok_or_else(|| arcgrad::Error::value("grad", "a GradientEdge leads nowhere"))
}

/// Call ``callback()`` when the backward pass that runs is over.
#[pyfunction]
fn queue_callback(callback: Py<PyAny>) -> PyResult<()> {
    guard(|| {
        engine::queue_callback(Box::new(move || {
            attach(|py| callback.call0(py).map(drop)).map_err(|error| from_py_err("queue_callback", error))
        }))
    })
}

/// Return the number of the backward pass that runs, -1 outside.
#[pyfunction]
fn current_pass() -> i64 {
    engine::current_pass().map_or(-1, u64::cast_signed)
}

/// Return whether the backward pass that runs gets to ``node``.
#[pyfunction]
fn will_execute(node: &Bound<'_, PyAny>) -> PyResult<bool> {
    let Some(node) = node_of(node) else {
        return Err(PyTypeError::new_err(format!("expected a Node, got {}", type_name(node))));
    };
    engine::will_execute(&node).ok_or_else(|| PyRuntimeError::new_err("no backward pass is running"))
}

/// Return the nodes that the backward pass that runs runs, in the order in which it does; ``None`` outside of any.
#[pyfunction]
fn execution_order(py: Python<'_>) -> PyResult<Option<Vec<Py<PyAny>>>> {
    let order = guard(engine::execution_order)?;
    order.map(|nodes| nodes.iter().map(|node| super::node::node_to_py_opt(py, Some(node))).collect()).transpose()
}

/// Return whether the backward pass that runs gives gradients back instead of adding them into leaves.
#[pyfunction]
fn is_capturing() -> bool {
    engine::is_capturing()
}

/// Return the node that runs; an error outside of its hooks and its rule.
#[pyfunction]
fn current_node(py: Python<'_>) -> PyResult<Py<PyAny>> {
    super::node::node_to_py_opt(py, engine::current_node().as_ref())
}

/// Return whether the backward pass that runs keeps the graph for another one; ``None`` outside of any.
#[pyfunction]
fn keeps_graph() -> Option<bool> {
    engine::keeps_graph()
}

/// Return ``(node, output_nr)`` of where a tensor's gradient goes; an error for a tensor that requires none.
#[pyfunction]
fn gradient_edge(py: Python<'_>, tensor: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, u32)> {
    let tensor = crate::tensor::require(tensor, "get_gradient_edge", "tensor")?;
    match guard(|| tensor.gradient_edge())? {
        Some(Edge { node: Some(node), output_nr }) => Ok((super::node::node_to_py(py, &node)?, output_nr)),
        _ => Err(PyRuntimeError::new_err(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients",
        )),
    }
}

/// Count an in-place change of the tensors that the library has not seen.
#[pyfunction]
fn increment_version(tensors: &Bound<'_, PyAny>) -> PyResult<()> {
    let bump = |object: &Bound<'_, PyAny>| -> PyResult<()> {
        let tensor = crate::tensor::require(object, "increment_version", "tensor")?;
        tensor.array().storage().note_change(arcgrad::graph::Blame::here());
        Ok(())
    };
    if from_py(tensors).is_some() {
        return bump(tensors);
    }
    tensors.try_iter()?.try_for_each(|item| bump(&item?))
}

/// Say which version a tensor has, whatever has been done to it.
#[pyfunction]
fn set_version(tensor: &Bound<'_, PyAny>, version: u32) -> PyResult<()> {
    crate::tensor::require(tensor, "set_version", "tensor")?.array().storage().set_version(version);
    Ok(())
}

/// A tensor at the same place in the graph whose further differentiation raises ``message``.
#[pyfunction]
fn refuse_second_derivative(py: Python<'_>, tensor: &Bound<'_, PyAny>, message: String) -> PyResult<Py<PyAny>> {
    let tensor = crate::tensor::require(tensor, "once_differentiable", "gradient")?;
    let refused = guard(|| match tensor.gradient_edge()? {
        Some(edge) => refusing(tensor, smallvec![edge], message),
        None => Ok(tensor.detach()),
    })?;
    to_py(py, refused)
}

/// The data of `tensor` as if it came from `edges`, where a gradient on its way there raises `message`.
pub fn refusing(tensor: &Tensor, edges: SmallVec<[Edge; 2]>, message: String) -> arcgrad::Result<Tensor> {
    let node = custom::new_node(Refuses { message }, edges, smallvec![tensor.meta()]);
    let result = tensor.detach();
    arcgrad::graph::views::attach(&result, node, 0);
    Ok(result)
}

/// Stands where a derivative would be wrong.
struct Refuses {
    message: String,
}

impl arcgrad::graph::Op for Refuses {
    fn name(&self) -> &str {
        "Error"
    }

    fn vjp(&self, _cx: &mut arcgrad::graph::Backward<'_>) -> arcgrad::Result<()> {
        Err(arcgrad::Error::graph("backward", self.message.clone()))
    }
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(backward, module)?)?;
    module.add_function(wrap_pyfunction!(grad, module)?)?;
    module.add_function(wrap_pyfunction!(queue_callback, module)?)?;
    module.add_function(wrap_pyfunction!(current_pass, module)?)?;
    module.add_function(wrap_pyfunction!(will_execute, module)?)?;
    module.add_function(wrap_pyfunction!(execution_order, module)?)?;
    module.add_function(wrap_pyfunction!(is_capturing, module)?)?;
    module.add_function(wrap_pyfunction!(current_node, module)?)?;
    module.add_function(wrap_pyfunction!(keeps_graph, module)?)?;
    module.add_function(wrap_pyfunction!(gradient_edge, module)?)?;
    module.add_function(wrap_pyfunction!(increment_version, module)?)?;
    module.add_function(wrap_pyfunction!(set_version, module)?)?;
    module.add_function(wrap_pyfunction!(refuse_second_derivative, module)?)
}

/// Keyword arguments nobody takes, for messages.
pub fn refuse_keywords(function: &str, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    match keywords.filter(|keywords| !keywords.is_empty()) {
        Some(keywords) => Err(PyTypeError::new_err(format!("{function}() takes no keyword arguments, got {keywords}"))),
        None => Ok(()),
    }
}
