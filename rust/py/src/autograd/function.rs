//! Custom functions: `autograd.Function.apply`, its ctx, and the rule that calls a Python backward.
//!
//! The node owns its ctx; the ctx knows the node weakly. `grad_fn` of an output is the ctx itself.

use std::sync::Arc;

use arcgrad::graph::level::{Kind as LevelKind, below};
use arcgrad::graph::node::Meta;
use arcgrad::graph::op::Op;
use arcgrad::graph::rules::Backward;
use arcgrad::graph::view::Creation;
use arcgrad::graph::views;
use arcgrad::graph::{Blame, Edge, Modes, NodeRef, custom, cuts, engine, is_grad_enabled, modes, no_grad, record};
use arcgrad::ops::levels;
use arcgrad::{Array, Result, Tensor};
use parking_lot::Mutex;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit, intern};
use smallvec::SmallVec;

use super::backward::{refuse_keywords, refusing};
use super::collect::Holding;
use super::interpreter::attach;
use super::node::PyNode;
use super::saved::PySavedTensor;
use crate::error::{from_py_err, guard};
use crate::tensor::{from_py, to_py, to_py_opt, type_name};

/// A tensor that `save_for_backward` kept.
#[derive(Clone, Copy)]
struct Kept {
    /// Its number among the node's saved values.
    index: usize,
    /// Made by forward and neither input nor output: how it depends on the inputs is not known.
    is_intermediate: bool,
}

#[derive(Default)]
struct State {
    needs_input_grad: Option<Py<PyAny>>,
    to_save: Option<Py<PyTuple>>,
    saved_for_forward: Option<Py<PyTuple>>,
    dirty: Option<Py<PyTuple>>,
    non_differentiable: Option<Py<PyTuple>>,
    /// What was saved; `None` where `None` was.
    saved: Vec<Option<Kept>>,
    keeps_missing_gradients: bool,
    /// What forward did with each result.
    kinds: Vec<ResultKind>,
    /// The function's ``jvp`` runs.
    goes_forward: bool,
}

/// What forward did with a result, as far as forward mode is concerned.
#[derive(Clone, Default)]
struct ResultKind {
    is_constant: bool,
    is_dirty: bool,
    /// The number of the argument that it shows a part of, or is.
    shows: Option<usize>,
}

/// What ``forward`` and ``backward`` of a custom function share; later the function's node.
#[pyclass(extends = PyNode, subclass, frozen, name = "FunctionCtx", module = "arcgrad.autograd.function")]
pub struct PyCtx {
    state: Mutex<State>,
}

fn check_tensors(function: &str, tensors: &Bound<'_, PyTuple>, none_too: bool) -> PyResult<()> {
    for (position, object) in tensors.iter().enumerate() {
        if from_py(&object).is_none() && !(none_too && object.is_none()) {
            return Err(PyTypeError::new_err(format!(
                "{function} can only take variables (tensors), but argument {position} is of type {}",
                type_name(&object)
            )));
        }
    }
    Ok(())
}

#[pymethods]
impl PyCtx {
    #[new]
    fn new() -> PyClassInitializer<Self> {
        PyClassInitializer::from(PyNode::unconnected()).add_subclass(Self { state: Mutex::default() })
    }

    /// Keep tensors for ``backward``, where ``saved_tensors`` gives them back after checking that they have not been
    /// changed. ``None`` is kept too. Inputs and outputs can be differentiated again in ``backward``; a second derivative
    /// through a tensor that ``forward`` made by itself is an error, unless it is declared constant with
    /// ``mark_non_differentiable``.
    #[pyo3(signature = (*tensors))]
    fn save_for_backward(&self, tensors: Bound<'_, PyTuple>) -> PyResult<()> {
        check_tensors("save_for_backward", &tensors, true)?;
        let old = self.state.lock().to_save.replace(tensors.unbind());
        drop(old);
        Ok(())
    }

    /// Keep tensors for ``jvp``.
    #[pyo3(signature = (*tensors))]
    fn save_for_forward(&self, tensors: Bound<'_, PyTuple>) -> PyResult<()> {
        check_tensors("save_for_forward", &tensors, true)?;
        let old = self.state.lock().saved_for_forward.replace(tensors.unbind());
        drop(old);
        Ok(())
    }

    /// Declare inputs that ``forward`` changed in place. They have to be among its results.
    #[pyo3(signature = (*tensors))]
    fn mark_dirty(&self, tensors: Bound<'_, PyTuple>) -> PyResult<()> {
        check_tensors("mark_dirty", &tensors, false)?;
        let old = self.state.lock().dirty.replace(tensors.unbind());
        drop(old);
        Ok(())
    }

    /// Declare results that have no gradient, or saved tensors that do not depend on the inputs.
    #[pyo3(signature = (*tensors))]
    fn mark_non_differentiable(&self, tensors: Bound<'_, PyTuple>) -> PyResult<()> {
        check_tensors("mark_non_differentiable", &tensors, false)?;
        let old = self.state.lock().non_differentiable.replace(tensors.unbind());
        drop(old);
        Ok(())
    }

    /// Whether ``backward`` gets zeros (the default) or ``None`` for results that no gradient arrived at.
    fn set_materialize_grads(&self, value: bool) {
        self.state.lock().keeps_missing_gradients = !value;
    }

    /// Whether ``backward`` gets zeros for results that no gradient arrived at.
    #[getter]
    fn get_materialize_grads(&self) -> bool {
        !self.state.lock().keeps_missing_gradients
    }

    #[setter]
    fn set_materialize_grads_(&self, value: bool) {
        self.state.lock().keeps_missing_gradients = !value;
    }

    /// One bool per argument of ``forward``: whether its gradient is wanted.
    #[getter]
    fn get_needs_input_grad(&self, py: Python<'_>) -> Py<PyAny> {
        self.state.lock().needs_input_grad.as_ref().map_or_else(|| py.None(), |needs| needs.clone_ref(py))
    }

    #[setter]
    fn set_needs_input_grad(&self, value: Py<PyAny>) {
        let old = self.state.lock().needs_input_grad.replace(value);
        drop(old);
    }

    /// What ``save_for_backward`` kept.
    #[getter]
    fn saved_tensors<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let this = slf.get();
        let goes_forward = this.state.lock().goes_forward;
        let Some(node) = slf.as_super().get().node_if_any().filter(|_| !goes_forward) else {
            // What jvp sees, whether or not anything was recorded.
            let kept = this.state.lock().saved_for_forward.as_ref().map(|kept| kept.clone_ref(py));
            return Ok(kept.map_or_else(|| PyTuple::empty(py), |kept| kept.into_bound(py)));
        };
        let saved = this.state.lock().saved.clone();
        let tensors = saved
            .into_iter()
            .enumerate()
            .map(|(position, kept)| to_py_opt(py, kept.map(|kept| guard(|| kept.value(&node, position))).transpose()?))
            .collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, tensors)
    }

    /// What ``save_for_backward`` kept, as objects that hooks can be registered with.
    #[getter]
    fn _raw_saved_tensors<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let Some(node) = slf.as_super().get().node_if_any() else { return Ok(PyTuple::empty(py)) };
        guard(|| custom::check_not_released(&node))?;
        let saved = slf.get().state.lock().saved.clone();
        let objects =
            saved.into_iter().map(|kept| Py::new(py, PySavedTensor::new(node.clone(), kept.map(|kept| kept.index))));
        PyTuple::new(py, objects.collect::<PyResult<Vec<_>>>()?)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        let Some(state) = self.state.try_lock() else { return Ok(()) };
        visit.call(&state.needs_input_grad)?;
        visit.call(&state.to_save)?;
        visit.call(&state.saved_for_forward)?;
        visit.call(&state.dirty)?;
        visit.call(&state.non_differentiable)
    }

    fn __clear__(&self) {
        let old = {
            let mut state = self.state.lock();
            let keeps_missing_gradients = state.keeps_missing_gradients;
            std::mem::replace(&mut *state, State { keeps_missing_gradients, ..State::default() })
        };
        drop(old);
    }
}

impl Kept {
    /// The tensor. In a pass that is recorded an intermediate refuses to be differentiated: without its derivative the
    /// result would be wrong.
    fn value(self, node: &NodeRef, position: usize) -> Result<Tensor> {
        let tensor = custom::saved_value(node, self.index)?;
        if !self.is_intermediate || !is_grad_enabled() || !engine::is_running() {
            return Ok(tensor);
        }
        let message = format!(
            "saved_tensors[{position}] of {} is neither an input nor an output: it was made in forward, or comes from outside, and \
             how it depends on the inputs is not known, and a second derivative through it would be wrong. Save the inputs and compute it again in \
             backward, or return it as a further output; if it does not depend on the inputs, say so with \
             ctx.mark_non_differentiable(tensor)\n  recorded at {}",
            node.name(),
            node.blame().describe()
        );
        refusing(&tensor, node.edges().iter().cloned().collect(), message)
    }
}

/// The rule of a custom function's node.
pub struct PyFunctionRule {
    ctx: Py<PyAny>,
    name: String,
    /// For each argument of forward: whether it is a tensor, that is, has an edge.
    arguments: Vec<bool>,
    /// For each result: whether it is a tensor, whose gradient may be made zeros.
    results: Vec<bool>,
    _holding: Holding,
}

impl PyFunctionRule {
    /// The ctx.
    pub fn object(&self) -> &Py<PyAny> {
        &self.ctx
    }

    fn gradients_of_results(&self, py: Python<'_>, cx: &mut Backward<'_>) -> PyResult<Vec<Py<PyAny>>> {
        let keeps_missing = self.ctx.bind(py).cast::<PyCtx>()?.get().state.lock().keeps_missing_gradients;
        let one = |(nr, is_tensor): (usize, &bool)| match guard(|| cx.own_grad(nr))? {
            Some(grad) => to_py(py, grad),
            None if keeps_missing || !is_tensor => Ok(py.None()),
            None => {
                let meta = &cx.node().outputs()[nr];
                to_py(py, Tensor::from_array(guard(|| Array::zeros("backward", &meta.shape, meta.dtype))?))
            }
        };
        self.results.iter().enumerate().map(one).collect()
    }

    /// A real input has no complex gradient: the imaginary part would be lost.
    fn check_real(&self, cx: &Backward<'_>, input: usize, grad: &Tensor) -> PyResult<()> {
        let Edge { node: Some(next), output_nr } = &cx.node().edges()[input] else { return Ok(()) };
        let expected = next.outputs()[*output_nr as usize].dtype;
        if grad.dtype().is_complex() && !expected.is_complex() {
            return Err(PyRuntimeError::new_err(format!(
                "Function {} returned an invalid gradient at index {input} - expected type {expected} but got {}",
                self.name,
                grad.dtype()
            )));
        }
        Ok(())
    }

    fn call(&self, py: Python<'_>, cx: &mut Backward<'_>) -> PyResult<()> {
        let grads = PyTuple::new(py, self.gradients_of_results(py, cx)?)?;
        // The gradients belong to the program now, as far as the engine is concerned.
        cx.forget_grads();
        let _current = engine::Current::enter(cx.node());
        let returned = self.ctx.bind(py).getattr(intern!(py, "_run_backward"))?.call1(grads)?;
        let returned = match returned.cast_into::<PyTuple>() {
            Ok(tuple) => tuple,
            Err(error) => PyTuple::new(py, [error.into_inner()])?,
        };
        let expected = self.arguments.len();
        let mut count = returned.len();
        while count > expected && returned.get_item(count - 1)?.is_none() {
            count -= 1;
        }
        if count != expected {
            return Err(PyRuntimeError::new_err(format!(
                "function {} returned an incorrect number of gradients (expected {expected}, got {count}): one for each \
                 argument of forward, None where there is none",
                self.name
            )));
        }
        let mut edge = 0;
        for (position, is_tensor) in self.arguments.iter().enumerate() {
            let grad = returned.get_item(position)?;
            if !is_tensor {
                if !grad.is_none() {
                    return Err(PyRuntimeError::new_err(format!(
                        "function {} returned a gradient different from None at position {}, but the corresponding \
                         forward input was not a Variable (it was a non-tensor argument)",
                        self.name,
                        position + 1
                    )));
                }
                continue;
            }
            match from_py(&grad) {
                Some(tensor) if cx.needs(edge) => {
                    self.check_real(cx, edge, tensor)?;
                    cx.put(edge, tensor.clone());
                }
                Some(_) => {}
                None if grad.is_none() => {}
                None => {
                    return Err(PyTypeError::new_err(format!(
                        "function {} returned something that is no gradient at position {}: expected Tensor or None, \
                         got {}",
                        self.name,
                        position + 1,
                        type_name(&grad)
                    )));
                }
            }
            edge += 1;
        }
        Ok(())
    }
}

impl Op for PyFunctionRule {
    fn name(&self) -> &str {
        &self.name
    }

    fn runs_without_gradient(&self) -> bool {
        true
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        attach(|py| self.call(py, cx).map_err(|error| from_py_err("backward", error)))
    }
}

/// The arguments of a call as far as the graph is concerned.
struct Arguments {
    tensors: Vec<Tensor>,
    is_tensor: Vec<bool>,
    needs: Vec<bool>,
}

impl Arguments {
    fn of(args: &Bound<'_, PyTuple>) -> Self {
        let mut all = Self { tensors: Vec::new(), is_tensor: Vec::new(), needs: Vec::new() };
        for object in args.iter() {
            let tensor = from_py(&object);
            all.is_tensor.push(tensor.is_some());
            all.needs.push(tensor.is_some_and(Tensor::requires_grad));
            all.tensors.extend(tensor.cloned());
        }
        all
    }

    fn edges(&self) -> Result<SmallVec<[Edge; 2]>> {
        self.tensors.iter().map(|tensor| Ok(tensor.gradient_edge()?.unwrap_or_default())).collect()
    }

    fn contain(&self, tensor: &Tensor) -> bool {
        self.tensors.iter().any(|input| input.is(tensor))
    }
}

fn tensors_in(py: Python<'_>, tuple: Option<Py<PyTuple>>) -> Vec<Tensor> {
    tuple.map_or_else(Vec::new, |tuple| tuple.bind(py).iter().filter_map(|object| from_py(&object).cloned()).collect())
}

/// Call a custom function: ``forward`` without recording, then one node for all of it.
#[pyfunction]
#[pyo3(signature = (cls, *args, **kwargs))]
fn apply<'py>(
    py: Python<'py>,
    cls: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let (output, _) = apply_at_levels(py, cls, args, kwargs, false)?;
    Ok(output)
}

/// Calls a custom function: its result, and its context. A level is taken off the arguments by the function's own rule for it;
/// in `forward_mode` the context is for the rule of a level above.
fn apply_at_levels<'py>(
    py: Python<'py>,
    cls: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    forward_mode: bool,
) -> PyResult<(Py<PyAny>, Bound<'py, PyAny>)> {
    let tensors = args.iter().filter_map(|object| from_py(&object).cloned());
    let top = if modes().any(Modes::LIFTED) {
        // The host's own tensors are those of the program: forward computes with them.
        tensors
            .filter_map(|tensor| tensor.top_level())
            .filter(|(_, kind)| *kind != LevelKind::Host)
            .max_by_key(|(level, _)| *level)
    } else {
        None
    };
    let Some((level, kind)) = top else { return apply_here(py, cls, args, kwargs) };
    if let LevelKind::Batch { size } = kind {
        let module = py.import(intern!(py, "arcgrad.func._functions"))?;
        let output = module.call_method1(intern!(py, "apply_batched"), (cls, level.number(), size, args, kwargs))?;
        let ctx = cls.getattr(intern!(py, "_backward_cls"))?.call0()?;
        if forward_mode {
            // Its rule reads what is saved, of one example as it is at this level.
            let _off = no_grad();
            cls.getattr(intern!(py, "setup_context"))?.call1((&ctx, args, &output))?;
        }
        return Ok((output.unbind(), ctx));
    }
    let (output, ctx) = below(level, || apply_at_levels(py, cls, args, kwargs, true))?;
    let materializes = !ctx.cast::<PyCtx>()?.get().state.lock().keeps_missing_gradients;
    let mut given = vec![ctx.clone().unbind()];
    for object in args.iter() {
        let tangent = match from_py(&object) {
            Some(tensor) => guard(|| levels::tangent(tensor, level, materializes))?,
            None => None,
        };
        given.push(to_py_opt(py, tangent)?);
    }
    let function = ctx.cast::<PyCtx>()?.get();
    let kinds = std::mem::take(&mut function.state.lock().kinds);
    function.state.lock().goes_forward = true;
    let tangents = below(level, || cls.getattr(intern!(py, "jvp"))?.call1(PyTuple::new(py, &given)?));
    function.state.lock().goes_forward = false;
    let tangents = tangents?;
    let listed = |object: &Bound<'py, PyAny>| -> Vec<Bound<'py, PyAny>> {
        match object.cast::<PyTuple>() {
            Ok(tuple) => tuple.iter().collect(),
            Err(_) => vec![object.clone()],
        }
    };
    let (outputs, tangents) = (listed(output.bind(py)), listed(&tangents));
    if outputs.len() != tangents.len() {
        return Err(PyRuntimeError::new_err(format!(
            "{}.jvp returned an incorrect number of forward gradients (expected {}, got {})",
            cls.getattr(intern!(py, "__name__"))?,
            outputs.len(),
            tangents.len()
        )));
    }
    for (nr, (output, tangent)) in outputs.iter().zip(&tangents).enumerate() {
        let kind = kinds.get(nr).cloned().unwrap_or_default();
        // The ctx comes first among what jvp was given.
        let of_argument = |argument: usize| given.get(argument + 1).and_then(|object| from_py(object.bind(py)));
        check_tangent(nr, &kind, from_py(tangent), of_argument)?;
        if let (Some(output), Some(tangent)) = (from_py(output), from_py(tangent))
            && !kind.is_dirty
        {
            guard(|| levels::set_tangent(output, tangent, level))?;
        }
    }
    Ok((output, ctx))
}

/// Whether a tangent is to its result what the result is to the arguments: written in place, or a view.
fn check_tangent<'a>(
    nr: usize,
    kind: &ResultKind,
    tangent: Option<&Tensor>,
    of_argument: impl Fn(usize) -> Option<&'a Tensor>,
) -> PyResult<()> {
    let Some(tangent) = tangent else { return Ok(()) };
    if kind.is_constant {
        return Err(PyRuntimeError::new_err(format!(
            "The jvp of a custom Function returned a tangent for output {nr}, which has no gradient: it is marked as \
             non-differentiable, or of integers. You should return None at that position instead."
        )));
    }
    let Some(given) = kind.shows.and_then(of_argument) else { return Ok(()) };
    if kind.is_dirty {
        return if tangent.is(given) {
            Ok(())
        } else {
            Err(PyRuntimeError::new_err(
                "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is modifying \
                 an input inplace, then the jvp function must modify the corresponding gradient inplace.",
            ))
        };
    }
    let wrong = match (tangent.base(), given.base()) {
        (None, _) => "a view",
        (Some(base), None) if !base.is(given) => "a view of the given tangent",
        (Some(base), Some(own)) if !base.is(&own) => "a view of the same base as the given tangent",
        _ => return Ok(()),
    };
    Err(PyRuntimeError::new_err(format!(
        "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning {wrong}."
    )))
}

/// [`apply`] on arguments as they are, whatever transformations have attached to them.
#[pyfunction]
#[pyo3(name = "apply_here", signature = (cls, *args))]
fn apply_as_they_are<'py>(py: Python<'py>, cls: &Bound<'py, PyAny>, args: &Bound<'py, PyTuple>) -> PyResult<Py<PyAny>> {
    apply_here(py, cls, args, None).map(|(output, _)| output)
}

/// Calls a custom function on arguments as they are.
fn apply_here<'py>(
    py: Python<'py>,
    cls: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<(Py<PyAny>, Bound<'py, PyAny>)> {
    let setup_context = cls.getattr(intern!(py, "_setup_context"))?;
    let bound;
    let named = kwargs.is_some_and(|kwargs| !kwargs.is_empty());
    let args = if !setup_context.is_none() && (named || cls.getattr(intern!(py, "_has_defaults"))?.is_truthy()?) {
        bound = cls.call_method1(intern!(py, "_bind_arguments"), (args, kwargs))?.cast_into::<PyTuple>()?;
        &bound
    } else {
        refuse_keywords("apply", kwargs)?;
        args
    };
    let arguments = Arguments::of(args);
    let is_recorded = is_grad_enabled() && arguments.needs.contains(&true);
    let edges = if is_recorded { guard(|| arguments.edges())? } else { SmallVec::new() };
    let ctx_object = cls.getattr(intern!(py, "_backward_cls"))?.call0()?;
    let ctx = ctx_object.cast::<PyCtx>()?;
    let needs = PyTuple::new(py, arguments.needs.iter().map(|&needs| PyBool::new(py, needs)))?;
    ctx.get().state.lock().needs_input_grad = Some(needs.into_any().unbind());

    let output = {
        let _off = no_grad();
        let _quiet = cuts::quiet();
        let forward = cls.getattr(intern!(py, "forward"))?;
        if setup_context.is_none() {
            let mut with_ctx: Vec<Bound<'_, PyAny>> = Vec::with_capacity(args.len() + 1);
            with_ctx.push(ctx_object.clone());
            with_ctx.extend(args.iter());
            forward.call1(PyTuple::new(py, with_ctx)?)?
        } else {
            let output = forward.call1(args)?;
            setup_context.call1((&ctx_object, args, &output))?;
            output
        }
    };
    let call = Call { py, ctx, arguments: &arguments };
    match output.cast::<PyTuple>() {
        Ok(outputs) => {
            let outputs: Vec<_> = outputs.iter().collect();
            let outputs = call.finish(&outputs, is_recorded.then_some(edges))?;
            Ok((PyTuple::new(py, outputs)?.into_any().unbind(), ctx_object))
        }
        Err(_) => {
            let mut outputs = call.finish(std::slice::from_ref(&output), is_recorded.then_some(edges))?;
            Ok((outputs.pop().unwrap_or_else(|| py.None()), ctx_object))
        }
    }
}

/// A call whose forward is over.
struct Call<'a, 'py> {
    py: Python<'py>,
    ctx: &'a Bound<'py, PyCtx>,
    arguments: &'a Arguments,
}

impl Call<'_, '_> {
    /// Gives the results their place in the graph; returns them as the caller gets them.
    fn finish(&self, outputs: &[Bound<'_, PyAny>], edges: Option<SmallVec<[Edge; 2]>>) -> PyResult<Vec<Py<PyAny>>> {
        let py = self.py;
        let (to_save, dirty, non_differentiable) = {
            let mut state = self.ctx.get().state.lock();
            (state.to_save.take(), state.dirty.take(), state.non_differentiable.take())
        };
        let (dirty, non_differentiable) = (tensors_in(py, dirty), tensors_in(py, non_differentiable));
        let tensors: Vec<Option<Tensor>> = outputs.iter().map(|object| from_py(object).cloned()).collect();
        let is_in = |list: &[Tensor], tensor: &Tensor| list.iter().any(|other| other.is(tensor));
        if !dirty.iter().all(|tensor| tensors.iter().flatten().any(|output| output.is(tensor))) {
            return Err(PyRuntimeError::new_err(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that \
                 are modified inplace must all be outputs of the Function.",
            ));
        }
        if !dirty.iter().all(|tensor| self.arguments.contain(tensor)) {
            crate::warning::warn(
                py,
                "Only input Tensors should be given to ctx.mark_dirty(). If a Tensor is not an input, there is no need to \
                 pass it to mark_dirty().",
            )?;
        }
        let node = match edges {
            Some(edges) => Some(self.make_node(edges, &tensors, &non_differentiable)?),
            None => None,
        };
        let differentiable: Vec<bool> = tensors
            .iter()
            .map(|tensor| {
                tensor.as_ref().is_some_and(|tensor| {
                    node.is_some() && tensor.dtype().is_differentiable() && !is_in(&non_differentiable, tensor)
                })
            })
            .collect();
        let shows = |tensor: &Tensor| {
            let base = tensor.base();
            let is_of = |argument: &Tensor| {
                argument.is(tensor)
                    || base
                        .as_ref()
                        .is_some_and(|base| argument.is(base) || argument.base().is_some_and(|own| own.is(base)))
            };
            let mut tensors = self.arguments.tensors.iter();
            let mut all =
                self.arguments.is_tensor.iter().map(|is_tensor| if *is_tensor { tensors.next() } else { None });
            all.position(|argument| argument.is_some_and(is_of))
        };
        self.ctx.get().state.lock().kinds = tensors
            .iter()
            .map(|tensor| match tensor {
                Some(tensor) => ResultKind {
                    is_constant: !tensor.dtype().is_differentiable() || is_in(&non_differentiable, tensor),
                    is_dirty: is_in(&dirty, tensor),
                    shows: shows(tensor),
                },
                None => ResultKind { is_constant: true, ..ResultKind::default() },
            })
            .collect();
        let several = differentiable.iter().filter(|&&differentiable| differentiable).count() > 1;
        let mut placed = Vec::with_capacity(outputs.len());
        for (nr, (object, tensor)) in outputs.iter().zip(&tensors).enumerate() {
            let Some(tensor) = tensor else {
                placed.push(object.clone().unbind());
                continue;
            };
            let is_input = self.arguments.contain(tensor);
            let is_dirty = is_in(&dirty, tensor);
            let place = node.as_ref().filter(|_| differentiable[nr]);
            let output = guard(|| match place {
                None => {
                    if is_dirty {
                        // The change may have been made behind the library's back.
                        tensor.array().storage().note_change(Blame::here());
                    }
                    without_gradient(tensor, is_input, is_dirty)
                }
                Some(node) if is_dirty => {
                    self.changed_in_place(tensor, node, nr as u32, tensors.len())?;
                    Ok(tensor.clone())
                }
                Some(node) => {
                    let output = if is_input { alias(tensor)? } else { tensor.clone() };
                    views::attach(&output, node.clone(), nr as u32);
                    Ok(output)
                }
            })?;
            if (place.is_some() || is_grad_enabled()) && !(is_input && is_dirty) && output.base().is_some() {
                let creation = if several { Creation::MultiOutput } else { Creation::CustomFunction };
                views::set_creation(&output, creation);
            }
            // A tensor the program already has an object for keeps it.
            placed.push(if output.is(tensor) { object.clone().unbind() } else { to_py(py, output)? });
            if place.is_some() {
                crate::tensor::track(placed[nr].bind(py));
            }
        }
        if let (Some(node), Some(to_save)) = (&node, to_save) {
            let mut saved = Vec::with_capacity(to_save.bind(py).len());
            for object in to_save.bind(py).iter() {
                saved.push(match from_py(&object) {
                    Some(tensor) => {
                        let is_known = self.arguments.contain(tensor)
                            || tensors.iter().flatten().any(|output| output.is(tensor))
                            || is_in(&non_differentiable, tensor);
                        let is_intermediate =
                            !is_known && tensor.dtype().is_differentiable() && !tensor.requires_grad();
                        Some(Kept { index: guard(|| custom::save(node, tensor))?, is_intermediate })
                    }
                    None => None,
                });
            }
            self.ctx.get().state.lock().saved = saved;
        }
        Ok(placed)
    }

    /// Gives an input that forward changed its new place, as result `nr` of `count`.
    fn changed_in_place(&self, tensor: &Tensor, node: &NodeRef, nr: u32, count: usize) -> Result<()> {
        record::check_in_place("mark_dirty", tensor, true)?;
        if tensor.base().is_some() && count > 1 {
            return Err(arcgrad::Error::runtime(
                "mark_dirty",
                "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot \
                 return more than one Tensor. Make the input a tensor of its own with clone(), or return one tensor only.",
            ));
        }
        let input = self.arguments.tensors.iter().position(|input| input.is(tensor));
        views::set_history(tensor, node.clone(), nr, input)
    }

    fn make_node(
        &self,
        edges: SmallVec<[Edge; 2]>,
        tensors: &[Option<Tensor>],
        constants: &[Tensor],
    ) -> PyResult<NodeRef> {
        let py = self.py;
        // Of results without gradients, too, unless the function wants to know.
        let zeros = match self.ctx.getattr_opt(intern!(py, "_materialize_non_diff_grads"))? {
            Some(flag) => flag.is_truthy()?,
            None => true,
        };
        let is_constant = |tensor: &Tensor| constants.iter().any(|other| other.is(tensor));
        let results =
            tensors.iter().map(|tensor| tensor.as_ref().is_some_and(|tensor| zeros || !is_constant(tensor))).collect();
        // A result that is no tensor has a number all the same.
        let nothing = || Meta {
            shape: [0].into_iter().collect(),
            dtype: arcgrad::DType::F32,
            device: arcgrad::storage::Device::Cpu,
        };
        let outputs = tensors.iter().map(|tensor| tensor.as_ref().map_or_else(nothing, Tensor::meta)).collect();
        let rule = PyFunctionRule {
            ctx: self.ctx.clone().into_any().unbind(),
            name: self.ctx.get_type().name()?.to_string(),
            arguments: self.arguments.is_tensor.clone(),
            results,
            _holding: Holding::new(),
        };
        let node = custom::new_node(rule, edges, outputs);
        self.ctx.as_super().get().connect(Arc::downgrade(&node));
        Ok(node)
    }
}

/// Another tensor that shows the same data, so that an input returned as it is can have a history of its own.
fn alias(tensor: &Tensor) -> Result<Tensor> {
    let _off = no_grad();
    let _quiet = cuts::quiet();
    let shape: Vec<i64> = tensor.shape().iter().map(|&size| size as i64).collect();
    arcgrad::ops::views::view(tensor, &shape)
}

fn without_gradient(tensor: &Tensor, is_input: bool, is_dirty: bool) -> Result<Tensor> {
    let _quiet = cuts::quiet();
    if !tensor.requires_grad() {
        return if is_input && !is_dirty { alias(tensor) } else { Ok(tensor.clone()) };
    }
    // The input keeps its own flag; the result is cut off.
    if is_input {
        return Ok(tensor.detach());
    }
    if tensor.base().is_none() {
        tensor.detach_()?;
    }
    Ok(tensor.clone())
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyCtx>()?;
    module.add_function(wrap_pyfunction!(apply, module)?)?;
    module.add_function(wrap_pyfunction!(apply_as_they_are, module)?)
}
