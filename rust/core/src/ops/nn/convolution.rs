//! Convolution over one to three spatial axes, and its transpose.
//!
//! Input x, weight w and output y make one trilinear form, Σ y·conv(x, w). Each of the three is the gradient of the form
//! with respect to itself, given the other two: the convolution gives y, the transposed convolution x, the gradient of
//! the weight w. So one operation and one rule, which says what was given and what was made, serve any order.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::dtype::{DType, torch_name};
use crate::error::{Error, Result};
use crate::graph::call::call;
use crate::graph::flat;
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{self, Batch, Tangents};
use crate::kernels::conv::{self as kernel, ConvSize};
use crate::kernels::conv_integer as integer;
use crate::kernels::window::Window;
use crate::launch::launch;
use crate::ops::reductions::reduce;
use crate::ops::{batching, complex, matmul, views};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A part of the form, as its number.
type Part = usize;
const X: Part = 0;
const W: Part = 1;
const Y: Part = 2;

/// Sizes of a convolution with its number of spatial axes.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Geometry {
    axes: usize,
    size: ConvSize,
}

impl Geometry {
    /// The shape of a part.
    fn shape(&self, part: Part) -> Shape {
        let ConvSize { batch, in_channels, out_channels, groups, window } = self.size;
        let (lead, spatial) = match part {
            X => ([batch, in_channels], window.input),
            W => ([out_channels, in_channels / groups], window.kernel),
            _ => ([batch, out_channels], window.output),
        };
        lead.into_iter().chain(spatial[spatial.len() - self.axes..].iter().copied()).collect()
    }

    /// A part from the two others, given in the order x, w, y; a bias is added per channel.
    fn run(&self, op: &'static str, made: Part, given: [&Array; 2], bias: Option<&Array>) -> Result<Array> {
        let (a, b) = (given[0].contiguous(op)?, given[1].contiguous(op)?);
        let bias = match bias {
            Some(bias) => Some(bias.contiguous(op)?),
            None => None,
        };
        let output = Array::uninit(op, &self.shape(made), a.dtype())?;
        let empty = a.numel() == 0 || b.numel() == 0;
        if empty {
            // The sum of nothing.
            output.fill(Scalar::Int(0));
        } else {
            let (size, integral) = (&self.size, output.dtype().is_integer());
            // Only floats ask for the gradient of the weight.
            launch(([&a, &b], bias.as_ref()), &output, |([a, b], bias), out| match made {
                X if integral => integer::conv_transposed(size, a, b, out),
                Y if integral => integer::conv(size, a, b, bias, out),
                X => kernel::conv_backward_input(size, b, a, out),
                W => kernel::conv_backward_weight(size, a, b, out),
                _ => kernel::conv(size, a, b, bias, out),
            });
        }
        let output = match bias {
            // The convolution itself starts from the bias.
            Some(bias) if made != Y || empty => self.add_bias(output, bias)?,
            _ => output,
        };
        // With the channels last if they are so in one of the operands, as in PyTorch.
        given.into_iter().try_fold(output, |output, operand| output.in_format_of(op, operand))
    }

    /// Adds a number per channel to a fresh result.
    fn add_bias(&self, output: Array, bias: Array) -> Result<Array> {
        let _off = crate::graph::no_grad();
        let result = Tensor::from_array(output);
        result.add_(&self.per_channel(&Tensor::from_array(bias))?)?;
        Ok(result.array())
    }

    /// Numbers per channel, along the last axis, with an axis of one element for each spatial one.
    fn per_channel(&self, numbers: &Tensor) -> Result<Tensor> {
        let mut shape = numbers.shape();
        shape.extend(std::iter::repeat_n(1, self.axes));
        views::reshape_to(numbers, &shape)
    }
}

/// The two parts beside one, in order.
fn others(part: Part) -> [Part; 2] {
    match part {
        X => [W, Y],
        W => [X, Y],
        _ => [X, W],
    }
}

/// A part made from two others, and a bias per channel if one is given.
#[derive(Clone, PartialEq, Debug)]
struct Convolution {
    /// What the program called, or the gradient of that.
    op: &'static str,
    geometry: Geometry,
    made: Part,
    /// The parts of the inputs, in the order of the inputs.
    given: [Part; 2],
    /// Where the inputs are saved: each only if the other needs a gradient.
    saved: [Option<usize>; 2],
}

impl Convolution {
    fn new(op: &'static str, geometry: Geometry, made: Part, given: [Part; 2]) -> Self {
        Self { op, geometry, made, given, saved: [None; 2] }
    }

    /// A gradient of this one: another part of the same form.
    fn gradient(&self, made: Part) -> Self {
        Self::new(BACKWARD, self.geometry, made, others(made))
    }
}

/// What the gradients of convolutions are called.
const BACKWARD: &str = "convolution_backward";

impl Op for Convolution {
    fn name(&self) -> &str {
        if self.op == BACKWARD { "ConvolutionBackwardBackward0" } else { "ConvolutionBackward0" }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (bias, dtype) = (inputs.iter().nth(2), inputs[0].dtype());
        for (array, part) in [&inputs[0], &inputs[1]].into_iter().zip(self.given) {
            if array.shape() != self.geometry.shape(part).as_slice() || array.dtype() != dtype {
                return Err(Error::runtime(self.op, "an operand was changed while it was looked at"));
            }
        }
        if bias.is_some_and(|bias| bias.shape() != &self.geometry.shape(self.made)[1..2] || bias.dtype() != dtype) {
            return Err(Error::runtime(self.op, "a bias was changed while it was looked at"));
        }
        let ordered = if self.given[0] < self.given[1] { [&inputs[0], &inputs[1]] } else { [&inputs[1], &inputs[0]] };
        Ok(smallvec![self.geometry.run(self.op, self.made, ordered, bias)?])
    }

    fn keeps(&mut self, needs: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let mut kept = SmallVec::new();
        for input in 0..2 {
            if needs(1 - input) {
                self.saved[input] = Some(kept.len());
                kept.push(Keep::Input(input));
            }
        }
        kept
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        for input in 0..2 {
            let Some(at) = self.saved[1 - input].filter(|_| cx.needs(input)) else { continue };
            let gradient = self.gradient(self.given[input]);
            let from = gradient.given.map(|part| if part == self.made { From::Grad(0) } else { From::Saved(at) });
            let result = cx.call(gradient, &from)?;
            flat::put(cx, input, result, 2, flat::Derivative::None)?;
        }
        // The bias: all positions of a channel.
        if cx.inputs() > 2 && cx.needs(2) {
            let grad = cx.only_grad();
            let axes: SmallVec<[i64; 6]> = (0..grad.rank() as i64).filter(|&axis| axis != 1).collect();
            let sum = reduce::sum(&grad, Some(&axes), false, None)?;
            flat::put(cx, 2, sum, 2, flat::Derivative::None)?;
        }
        Ok(())
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        for input in 0..2 {
            let Some(tangent) = cx.tangent(input).cloned() else { continue };
            let mut inputs = [cx.input(0), cx.input(1)];
            inputs[input] = &tangent;
            cx.put(0, call(self.clone(), &inputs)?)?;
        }
        if cx.inputs() > 2
            && let Some(tangent) = cx.tangent(2).cloned()
        {
            cx.put(0, self.geometry.per_channel(&tangent)?)?;
        }
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let size = cx.size();
        let weight = self.given.iter().position(|&part| part == W);
        let shared = weight.is_some_and(|weight| cx.input(weight).axis.is_none());
        let bias = if cx.inputs() > 2 { Some(cx.input(2).clone()) } else { None };
        let mut of_all = self.clone();
        let made = self.geometry.shape(self.made);
        let ConvSize { batch, in_channels, out_channels, groups, .. } = &mut of_all.geometry.size;
        let mut result = if shared {
            // The samples of all examples are samples.
            *batch *= size;
            let mut inputs: SmallVec<[Tensor; 3]> = SmallVec::new();
            for (input, part) in self.given.into_iter().enumerate() {
                inputs.push(match part {
                    W => cx.input(input).tensor.clone(),
                    part => views::reshape_to(&batching::front(cx.input(input), size)?, &of_all.geometry.shape(part))?,
                });
            }
            // So that the bias of all is added along with it.
            let bias = bias.as_ref().filter(|bias| bias.axis.is_none());
            inputs.extend(bias.map(|bias| bias.tensor.clone()));
            let inputs: SmallVec<[&Tensor; 3]> = inputs.iter().collect();
            let result = call(of_all, &inputs)?;
            let apart: Shape = std::iter::once(size).chain(made).collect();
            views::reshape_to(&result, &apart)?
        } else {
            // The channels of each example are groups of their own.
            (*groups, *in_channels, *out_channels) = (*groups * size, *in_channels * size, *out_channels * size);
            let mut inputs: SmallVec<[Tensor; 2]> = SmallVec::new();
            for (input, part) in self.given.into_iter().enumerate() {
                let whole = batching::front(cx.input(input), size)?;
                let whole = if part == W { whole } else { views::movedim(&whole, &[0], &[1])? };
                inputs.push(views::reshape_to(&whole, &of_all.geometry.shape(part))?);
            }
            let result = call(of_all, &[&inputs[0], &inputs[1]])?;
            let place = usize::from(self.made != W);
            let mut apart = made;
            apart.insert(place, size);
            views::movedim(&views::reshape_to(&result, &apart)?, &[place as i64], &[0])?
        };
        if let Some(bias) = bias.filter(|bias| !shared || bias.axis.is_some()) {
            let each = self.geometry.per_channel(&bias_of_examples(&bias, size)?)?;
            result = result.add(&each)?;
        }
        cx.put(result, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        let names = if self.made == W { ["input", "grad_output"] } else { ["input", "weight"] };
        names.into_iter().zip(self.saved).filter_map(|(name, at)| Some((name, at?))).collect()
    }
}

/// A bias as `channels`, or as `examples × 1 × channels` where each example has its own.
fn bias_of_examples(bias: &transform::Part, size: usize) -> Result<Tensor> {
    match bias.axis {
        None => Ok(bias.tensor.clone()),
        Some(_) => views::unsqueeze(&batching::front(bias, size)?, 1),
    }
}

// ---- arguments ---------------------------------------------------------------------------------------------------

/// What is assumed around the input.
#[derive(Clone, Debug)]
pub enum Padding {
    /// So many zeros on both sides of every axis.
    Sizes(SmallVec<[i64; 6]>),
    /// As many as keep the size; the odd one goes to the end.
    Same,
}

/// The parameters of a convolution; lists have one entry, or one for each spatial axis.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Steps of the window.
    pub stride: &'a [i64],
    /// What is assumed around the input.
    pub padding: Padding,
    /// Distance of the window's elements.
    pub dilation: &'a [i64],
    /// Groups of channels.
    pub groups: i64,
}

/// One number for every spatial axis.
fn per_axis(op: &'static str, name: &str, values: &[i64], axes: usize) -> Result<SmallVec<[usize; 3]>> {
    let wrong = |text: String| Error::runtime(op, text);
    let list: SmallVec<[i64; 3]> = match values {
        [one] => std::iter::repeat_n(*one, axes).collect(),
        values if values.len() == axes => values.into(),
        _ => {
            return Err(wrong(format!(
                "expected {name} to be a single integer value or a list of {axes} values to match the convolution \
                 dimensions, but got {name}={values:?}"
            )));
        }
    };
    let least = i64::from(!name.contains("padding"));
    if let Some(value) = list.iter().find(|value| **value < least) {
        return Err(wrong(match name {
            "dilation" => format!("dilation should be greater than zero, but got {list:?}"),
            _ if least == 0 => format!("negative {name} is not supported (got {value})"),
            _ => format!("non-positive {name} is not supported (got {value})"),
        }));
    }
    Ok(list.into_iter().map(|value| value as usize).collect())
}

fn listed(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ")
}

/// Everything about a call that does not depend on its direction: what is read from shapes.
struct Call {
    op: &'static str,
    axes: usize,
    stride: SmallVec<[usize; 3]>,
    dilation: SmallVec<[usize; 3]>,
    groups: usize,
}

impl Call {
    fn new(op: &'static str, axes: usize, weight: &Array, options: &Options<'_>) -> Result<Self> {
        if options.groups <= 0 {
            return Err(Error::runtime(op, "non-positive groups is not supported"));
        }
        if weight.rank() != axes + 2 {
            return Err(Error::runtime(
                op,
                format!(
                    "expected stride to be a single integer value or a list of {} values to match the convolution \
                     dimensions: the weight {:?} of a convolution over {axes} axes needs {} axes",
                    weight.rank().saturating_sub(2),
                    weight.shape(),
                    axes + 2
                ),
            ));
        }
        if let Some(axis) = weight.shape()[2..].iter().position(|&size| size == 0) {
            return Err(Error::runtime(
                op,
                format!("kernel size should be greater than zero, but got {:?} at axis {axis}", &weight.shape()[2..]),
            ));
        }
        Ok(Self {
            op,
            axes,
            stride: per_axis(op, "stride", options.stride, axes)?,
            dilation: per_axis(op, "dilation", options.dilation, axes)?,
            groups: options.groups as usize,
        })
    }

    /// The input with a batch axis, and whether it had none.
    #[track_caller]
    fn batched(&self, input: &Tensor) -> Result<(Tensor, bool)> {
        let (rank, axes) = (input.rank(), self.axes);
        if rank == axes + 1 {
            return Ok((views::unsqueeze(input, 0)?, true));
        }
        if rank != axes + 2 {
            return Err(Error::runtime(
                self.op,
                format!(
                    "Expected {}D (unbatched) or {}D (batched) input to {}, but got input of size: {:?}",
                    axes + 1,
                    axes + 2,
                    self.op,
                    input.shape().as_slice()
                ),
            ));
        }
        Ok((input.clone(), false))
    }

    /// All have one dtype: floats or integers, of which only the widest are transposed, as in PyTorch.
    fn check_dtypes(&self, transposed: bool, input: &Array, weight: &Array, bias: Option<&Array>) -> Result<()> {
        let dtype = input.dtype();
        for (name, other) in std::iter::once(("weight", weight)).chain(bias.map(|bias| ("bias", bias))) {
            if other.dtype() != dtype {
                let (expected, found) = (torch_name(dtype), torch_name(other.dtype()));
                return Err(Error::runtime(
                    self.op,
                    format!("expected scalar type {expected} but found {found}: input and {name} should be the same"),
                ));
            }
        }
        let integers = if transposed { dtype == DType::I64 } else { dtype.is_integer() };
        if !dtype.is_float() && !integers {
            return Err(Error::not_for(self.op, dtype));
        }
        Ok(())
    }

    /// Channels of the input, by the weight; channels of the input and of the output of the form.
    fn check_channels(
        &self,
        transposed: bool,
        input: &Array,
        weight: &Array,
        bias: Option<&Array>,
    ) -> Result<(usize, usize)> {
        let (size, groups, op) = (weight.shape(), self.groups, self.op);
        if size[0] < groups || size[0] == 0 {
            return Err(Error::runtime(
                op,
                format!(
                    "Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size \
                     {size:?} instead"
                ),
            ));
        }
        if !size[0].is_multiple_of(groups) {
            return Err(Error::runtime(
                op,
                format!(
                    "Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of \
                     size {size:?} instead"
                ),
            ));
        }
        let across = size[1].saturating_mul(groups);
        let (expected, made) = if transposed { (size[0], across) } else { (across, size[0]) };
        if input.shape()[1] != expected {
            let given = if transposed { "transposed=1".to_owned() } else { format!("groups={groups}") };
            return Err(Error::runtime(
                op,
                format!(
                    "Given {given}, weight of size {size:?}, expected input{:?} to have {expected} channels, but got {} \
                     channels instead",
                    input.shape(),
                    input.shape()[1]
                ),
            ));
        }
        if let Some(bias) = bias
            && bias.shape() != [made]
        {
            return Err(Error::runtime(
                op,
                format!(
                    "Given weight of size {size:?}, expected bias to be 1-dimensional with {made} elements, but got bias of \
                     size {:?} instead",
                    bias.shape()
                ),
            ));
        }
        Ok((expected, made))
    }
}

// ---- operations --------------------------------------------------------------------------------------------------

fn name_of(axes: usize, transposed: bool) -> &'static str {
    match (axes, transposed) {
        (1, false) => "conv1d",
        (2, false) => "conv2d",
        (_, false) => "conv3d",
        (1, true) => "conv_transpose1d",
        (2, true) => "conv_transpose2d",
        (_, true) => "conv_transpose3d",
    }
}

/// Convolution (cross-correlation) over the last `axes` (1 to 3) axes: `input` is `batch × in × …` or `in × …`,
/// `weight` `out × in/groups × …`.
///
/// # Errors
/// When sizes, options or dtypes do not fit.
#[track_caller]
pub fn conv(
    axes: usize,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: &Options<'_>,
) -> Result<Tensor> {
    if input.dtype().is_complex() && weight.dtype() == input.dtype() {
        return by_parts(input, weight, bias, |x, w, b| conv(axes, x, w, b, options));
    }
    let op = name_of(axes, false);
    let call = Call::new(op, axes, &weight.array(), options)?;
    let (input, unbatched) = call.batched(input)?;
    let (x, w, b) = (input.array(), weight.array(), bias.map(Tensor::array));
    let (in_channels, out_channels) = call.check_channels(false, &x, &w, b.as_ref())?;
    call.check_dtypes(false, &x, &w, b.as_ref())?;
    let window = call.window(&x.shape()[2..], &w.shape()[2..], &options.padding)?;
    let size = ConvSize { batch: x.shape()[0], in_channels, out_channels, groups: call.groups, window };
    convolve(op, Geometry { axes, size }, Y, [(X, &input), (W, weight)], bias, unbatched)
}

/// A convolution of complex numbers as four of real ones.
#[track_caller]
fn by_parts(
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    run: impl Fn(&Tensor, &Tensor, Option<&Tensor>) -> Result<Tensor>,
) -> Result<Tensor> {
    let (x, x_imag) = (complex::real(input)?, complex::imag(input)?);
    let (w, w_imag) = (complex::real(weight)?, complex::imag(weight)?);
    let b = bias.map(complex::real).transpose()?;
    let b_imag = bias.filter(|bias| bias.dtype().is_complex()).map(complex::imag).transpose()?;
    let real = run(&x, &w, b.as_ref())?.sub(&run(&x_imag, &w_imag, None)?)?;
    let imag = run(&x, &w_imag, b_imag.as_ref())?.add(&run(&x_imag, &w, None)?)?;
    complex::complex(&real, &imag)
}

impl Call {
    /// The window of a convolution.
    fn window(&self, input: &[usize], kernel: &[usize], padding: &Padding) -> Result<Window> {
        if input.contains(&0) {
            return Err(Error::runtime(
                self.op,
                format!("Only zero batch or zero channel inputs are supported, but got spatial sizes {input:?}"),
            ));
        }
        let sizes = match padding {
            Padding::Sizes(sizes) => per_axis(self.op, "padding", sizes, self.axes)?,
            Padding::Same => {
                if self.stride.iter().any(|&stride| stride != 1) {
                    return Err(Error::runtime(self.op, "padding='same' is not supported for strided convolutions"));
                }
                let before = |axis: usize| self.dilation[axis].saturating_mul(kernel[axis] - 1) / 2;
                (0..self.axes).map(before).collect()
            }
        };
        let window = match padding {
            Padding::Sizes(_) => Window::new(input, kernel, &self.stride, &sizes, &self.dilation, false),
            // One zero more at the end than before, if need be: as many outputs as inputs.
            Padding::Same => Window::with_output(input, input, kernel, &self.stride, &sizes, &self.dilation),
        };
        window.ok_or_else(|| self.too_small(input, kernel, &sizes))
    }

    #[cold]
    fn too_small(&self, input: &[usize], kernel: &[usize], padding: &[usize]) -> Box<Error> {
        let padded: Vec<usize> =
            input.iter().zip(padding).map(|(size, padding)| size.saturating_add(padding.saturating_mul(2))).collect();
        Error::runtime(
            self.op,
            format!(
                "Calculated padded input size per channel: ({}). Kernel size: ({}). Kernel size can't be greater than \
                 actual input size",
                listed(&padded),
                listed(kernel)
            ),
        )
    }

    /// The window of a transposed convolution: its output is the input here, and its input follows.
    fn transposed_window(
        &self,
        output: &[usize],
        kernel: &[usize],
        padding: &[usize],
        extra: &[usize],
    ) -> Result<Window> {
        if (0..self.axes).any(|axis| extra[axis] >= self.stride[axis].max(self.dilation[axis])) {
            return Err(Error::runtime(
                self.op,
                format!(
                    "output padding must be smaller than either stride or dilation, but got output_padding: {extra:?} \
                     stride: {:?} dilation: {:?}",
                    self.stride, self.dilation
                ),
            ));
        }
        let wide = |value: usize| i128::try_from(value).unwrap_or(i128::MAX >> 64);
        let sizes: SmallVec<[i128; 3]> = (0..self.axes)
            .map(|axis| {
                (wide(output[axis]) - 1) * wide(self.stride[axis]) - 2 * wide(padding[axis])
                    + wide(self.dilation[axis]) * (wide(kernel[axis]) - 1)
                    + wide(extra[axis])
                    + 1
            })
            .collect();
        if output.contains(&0) || sizes.iter().any(|&size| size <= 0) {
            return Err(Error::runtime(
                self.op,
                format!(
                    "Given input size per channel: ({}). Calculated output size per channel: {sizes:?}. Output size is too \
                     small",
                    listed(output)
                ),
            ));
        }
        let input: Option<SmallVec<[usize; 3]>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
        input
            .and_then(|input| Window::with_output(&input, output, kernel, &self.stride, padding, &self.dilation))
            .ok_or_else(|| Box::new(Error::OutOfMemory { op: self.op, bytes: u128::MAX }))
    }
}

/// Transposed convolution: the gradient of [`conv`] with respect to its input as an operation. `input` is
/// `batch × in × …` or `in × …`, `weight` `in × out/groups × …`; `output_padding` adds to the end of the result.
///
/// # Errors
/// When sizes, options or dtypes do not fit.
#[track_caller]
pub fn conv_transpose(
    axes: usize,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    options: &Options<'_>,
    output_padding: &[i64],
) -> Result<Tensor> {
    if input.dtype().is_complex() && weight.dtype() == input.dtype() {
        return by_parts(input, weight, bias, |x, w, b| conv_transpose(axes, x, w, b, options, output_padding));
    }
    let op = name_of(axes, true);
    let call = Call::new(op, axes, &weight.array(), options)?;
    let (input, unbatched) = call.batched(input)?;
    // PyTorch adds it in place, and so casts it.
    let bias = bias.map(|bias| matmul::as_addend(bias, input.dtype())).transpose()?;
    let (y, w, b) = (input.array(), weight.array(), bias.as_ref().map(Tensor::array));
    let (out_channels, in_channels) = call.check_channels(true, &y, &w, b.as_ref())?;
    call.check_dtypes(true, &y, &w, b.as_ref())?;
    let padding = match &options.padding {
        Padding::Sizes(sizes) => per_axis(op, "padding", sizes, axes)?,
        Padding::Same => return Err(Error::type_(op, "padding must be int or tuple of ints, not 'same'")),
    };
    let extra = per_axis(op, "output_padding", output_padding, axes)?;
    let window = call.transposed_window(&y.shape()[2..], &w.shape()[2..], &padding, &extra)?;
    let size = ConvSize { batch: y.shape()[0], in_channels, out_channels, groups: call.groups, window };
    convolve(op, Geometry { axes, size }, X, [(Y, &input), (W, weight)], bias.as_ref(), unbatched)
}

/// Makes a part from the two given; the axis of samples goes again if it was put there.
#[track_caller]
fn convolve(
    op: &'static str,
    geometry: Geometry,
    made: Part,
    given: [(Part, &Tensor); 2],
    bias: Option<&Tensor>,
    unbatched: bool,
) -> Result<Tensor> {
    let mut inputs: SmallVec<[&Tensor; 3]> = given.iter().map(|(_, tensor)| *tensor).collect();
    inputs.extend(bias);
    let result = call(Convolution::new(op, geometry, made, given.map(|(part, _)| part)), &inputs)?;
    if unbatched { views::squeeze(&result, Some(&[0])) } else { Ok(result) }
}
