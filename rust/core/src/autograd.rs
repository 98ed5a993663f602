//! The differential calculus as functions: `backward` and `grad`.

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::node::{Edge, Meta};
use crate::graph::{Request, run};
use crate::ops::writing::copy;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Options of a backward pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Keep saved values so that the graph can be run again. Implied by `create_graph` where it is not given.
    pub retain_graph: Option<bool>,
    /// Record the pass itself, for gradients of gradients.
    pub create_graph: bool,
}

impl Options {
    fn retain(self) -> bool {
        self.retain_graph.unwrap_or(self.create_graph)
    }
}

/// Where a pass starts: an output with its seed gradient, or none for a scalar.
pub type Root<'a> = (&'a Tensor, Option<&'a Tensor>);

/// A start or an end of a pass: a tensor, or a place in the graph.
#[derive(Clone)]
pub enum Target {
    /// A tensor.
    Tensor(Tensor),
    /// An output of a node.
    Edge(Edge),
}

/// Seeds: given ones are checked, missing ones are 1 for scalars, made as the output is if it is there.
fn seed(meta: &Meta, given: Option<&Tensor>, position: usize, output: Option<&Tensor>) -> Result<Tensor> {
    match given {
        Some(gradient) => {
            let shape = gradient.shape();
            if shape != meta.shape {
                return Err(Error::graph(
                    "backward",
                    format!(
                        "Mismatch in shape: grad_output[{position}] has a shape of arcgrad.Size({:?}) and output[{position}] \
                         has a shape of arcgrad.Size({:?}).",
                        shape.as_slice(),
                        meta.shape.as_slice()
                    ),
                ));
            }
            if gradient.dtype().is_complex() != meta.dtype.is_complex() {
                return Err(Error::runtime(
                    "backward",
                    "For complex Tensors, both grad_output and output are required to have the same dtype.",
                ));
            }
            Ok(gradient.clone())
        }
        None => {
            if meta.shape.iter().product::<usize>() != 1 {
                return Err(Error::runtime(
                    "backward",
                    format!(
                        "grad can be implicitly created only for scalar outputs (this one has shape {:?}; give gradient=, or reduce it with sum() or mean())",
                        meta.shape.as_slice()
                    ),
                ));
            }
            if !meta.dtype.is_float() {
                return Err(Error::runtime(
                    "backward",
                    format!("grad can be implicitly created only for real scalar outputs but got {}", meta.dtype),
                ));
            }
            match output {
                Some(output) => copy::ones_like(output),
                None => Ok(Tensor::from_array(Array::full("backward", &meta.shape, Scalar::Int(1), meta.dtype)?)),
            }
        }
    }
}

fn root_edge(output: &Tensor, position: usize) -> Result<Edge> {
    output.gradient_edge()?.ok_or_else(|| {
        Error::runtime(
            "backward",
            format!("element {position} of tensors does not require grad and does not have a grad_fn"),
        )
    })
}

/// The root at a tensor, the `position`-th of a pass; its seed may be left out when it has one element.
pub fn root(output: &Tensor, gradient: Option<&Tensor>, position: usize) -> Result<(Edge, Tensor)> {
    let edge = root_edge(output, position)?;
    Ok((edge, seed(&output.meta(), gradient, position, Some(output))?))
}

/// The roots at several tensors.
pub fn roots(outputs: &[Root<'_>]) -> Result<Vec<(Edge, Tensor)>> {
    outputs.iter().enumerate().map(|(position, (output, gradient))| root(output, *gradient, position)).collect()
}

/// A root from a place in the graph: its seed may be left out when the output there has one element.
pub fn root_at(edge: Edge, gradient: Option<&Tensor>, position: usize) -> Result<(Edge, Tensor)> {
    let meta = edge.node.as_ref().and_then(|node| node.outputs().get(edge.output_nr as usize));
    let Some(meta) = meta.cloned() else {
        return Err(Error::value("backward", format!("the node has no output {}", edge.output_nr)));
    };
    let seed = seed(&meta, gradient, position, None)?;
    Ok((edge, seed))
}

/// Runs backward from `roots`, accumulating into leaves, or only into `inputs` where given.
#[track_caller]
pub fn backward_from(roots: Vec<(Edge, Tensor)>, inputs: Option<&[Target]>, options: Options) -> Result<()> {
    let inputs = match inputs {
        None => None,
        Some([]) => return Err(Error::runtime("backward", "`inputs` argument to `backward()` cannot be empty.")),
        Some(inputs) => {
            Some(inputs.iter().enumerate().map(|(i, input)| accumulate_at(input, i)).collect::<Result<Vec<_>>>()?)
        }
    };
    run(Request { roots, inputs, capture: false, retain_graph: options.retain(), create_graph: options.create_graph })?;
    Ok(())
}

fn accumulate_at(input: &Target, position: usize) -> Result<Edge> {
    match input {
        Target::Edge(edge) => Ok(edge.clone()),
        Target::Tensor(tensor) => {
            let edge = input_edge(tensor, position)?;
            if edge.node.is_some() {
                tensor.retain_grad()?;
            }
            Ok(edge)
        }
    }
}

/// Where the gradient of an input arrives: nowhere for a view from before what it shows required one.
fn input_edge(tensor: &Tensor, position: usize) -> Result<Edge> {
    match tensor.gradient_edge()? {
        Some(edge) => Ok(edge),
        None if tensor.requires_grad() => Ok(Edge::default()),
        None => Err(Error::runtime(
            "grad",
            format!("One of the differentiated Tensors does not require grad (input {position})"),
        )),
    }
}

/// Gradients of `outputs` with respect to `inputs`; nobody's `.grad` is touched. `None` where an input is not used.
///
/// ```
/// use arcgrad::{Tensor, autograd};
/// let x = Tensor::from_slice(&[2.0_f64], &[1])?.with_grad()?;
/// let y = x.mul(&x)?.mul(&x)?;
/// let options = autograd::Options { create_graph: true, ..Default::default() };
/// let dy = autograd::grad(&[(&y, None)], &[&x], options)?[0].clone().unwrap();
/// assert_eq!(dy.to_vec::<f64>(), [12.0]);
/// let ddy = autograd::grad(&[(&dy, None)], &[&x], Default::default())?[0].clone().unwrap();
/// assert_eq!(ddy.to_vec::<f64>(), [12.0]);
/// # Ok::<(), Box<arcgrad::Error>>(())
/// ```
#[track_caller]
pub fn grad(outputs: &[Root<'_>], inputs: &[&Tensor], options: Options) -> Result<Vec<Option<Tensor>>> {
    let targets: Vec<Target> = inputs.iter().map(|&input| Target::Tensor(input.clone())).collect();
    grad_from(roots(outputs)?, &targets, options)
}

/// [`grad`] from explicit roots.
#[track_caller]
pub fn grad_from(roots: Vec<(Edge, Tensor)>, inputs: &[Target], options: Options) -> Result<Vec<Option<Tensor>>> {
    let edges = inputs
        .iter()
        .enumerate()
        .map(|(position, input)| match input {
            Target::Edge(edge) => Ok(edge.clone()),
            Target::Tensor(tensor) => input_edge(tensor, position),
        })
        .collect::<Result<Vec<_>>>()?;
    run(Request {
        roots,
        inputs: Some(edges),
        capture: true,
        retain_graph: options.retain(),
        create_graph: options.create_graph,
    })
}

impl Tensor {
    /// Backward from a scalar.
    #[track_caller]
    pub fn backward(&self) -> Result<()> {
        self.backward_with(None, Options::default())
    }

    /// Backward with a seed gradient and options.
    #[track_caller]
    pub fn backward_with(&self, gradient: Option<&Self>, options: Options) -> Result<()> {
        backward_from(roots(&[(self, gradient)])?, None, options)
    }
}
