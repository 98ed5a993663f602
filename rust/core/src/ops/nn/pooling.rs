//! Pooling over one to three spatial axes: maxima and means of sliding windows, and windows as columns.

use smallvec::{SmallVec, smallvec};

use super::weighted_sums::weighted_sums;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::op::{Arrays, Inputs, Keep, Op};
use crate::graph::rules::{Backward, From};
use crate::graph::transform::{Batch, Tangents};
use crate::graph::{call, call_many, flat};
use crate::ops::arranging::joining;
use crate::ops::reductions::choosing;

pub use crate::kernels::pool::Divisor;
use crate::kernels::pool::{self as kernel};
use crate::kernels::window::Window;
use crate::launch::launch;
use crate::ops::batching;
use crate::ops::indexing::along;
use crate::ops::reductions::reduce;
use crate::ops::views::{self, ViewOp};
use crate::ops::writing::copy;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// The options of a pooling call; lists have one entry, or one for each spatial axis.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Sizes of the window.
    pub kernel: &'a [i64],
    /// Steps of the window; empty for its size.
    pub stride: &'a [i64],
    /// How far the window reaches over the edges.
    pub padding: &'a [i64],
    /// Distance of the window's elements.
    pub dilation: &'a [i64],
    /// Whether a last window that sticks out counts.
    pub ceil: bool,
}

/// A window over planes.
#[derive(Clone, PartialEq, Debug)]
struct Geometry {
    axes: usize,
    window: Window,
    planes: usize,
    /// Shape of the input.
    input: Shape,
}

impl Geometry {
    fn output(&self) -> Shape {
        let lead = self.input.len() - self.axes;
        let spatial = &self.window.output[self.window.output.len() - self.axes..];
        self.input[..lead].iter().chain(spatial).copied().collect()
    }

    /// The same window over the planes of so many examples.
    fn of_examples(&self, size: usize) -> Self {
        let input = std::iter::once(size).chain(self.input.iter().copied()).collect();
        Self { planes: self.planes * size, input, ..*self }
    }

    /// An operand in memory of this shape and its own order: what the window goes over, or what it makes.
    fn contiguous(&self, op: &'static str, array: &Array, shape: &[usize]) -> Result<Array> {
        if array.shape() == shape {
            return array.contiguous(op);
        }
        Err(Error::shapes(op, shape, array.shape(), "an operand is not what the window was made for"))
    }
}

fn per_axis(op: &'static str, name: &str, values: &[i64], axes: usize) -> Result<SmallVec<[usize; 3]>> {
    let list: SmallVec<[i64; 3]> = match values {
        [one] => std::iter::repeat_n(*one, axes).collect(),
        values if values.len() == axes => values.into(),
        _ => {
            let many = ["one int", "two ints", "three ints"][axes - 1];
            let text = format!("{op}: {name} must either be a single int, or a tuple of {many}, got {values:?}");
            return Err(Error::runtime(op, text));
        }
    };
    match (name, list.iter().find(|value| **value < i64::from(name != "padding"))) {
        (_, None) => Ok(list.into_iter().map(|value| value as usize).collect()),
        ("padding", Some(value)) => Err(Error::runtime(op, format!("pad must be non-negative, but got pad: {value}"))),
        ("stride", Some(0)) => Err(Error::runtime(op, "stride should not be zero")),
        (_, Some(_)) => {
            let name = if name == "kernel_size" { "kernel size" } else { name };
            Err(Error::runtime(op, format!("{name} should be greater than zero, but got {list:?}")))
        }
    }
}

/// Reads the options of a call on an array of `axes + 1` or `axes + 2` axes.
fn geometry(op: &'static str, axes: usize, input: &Array, options: &Options<'_>) -> Result<Geometry> {
    let kernel = per_axis(op, "kernel_size", options.kernel, axes)?;
    let stride = if options.stride.is_empty() { kernel.clone() } else { per_axis(op, "stride", options.stride, axes)? };
    let padding = per_axis(op, "padding", options.padding, axes)?;
    let dilation = per_axis(op, "dilation", options.dilation, axes)?;
    let shape = input.shape();
    let rank = shape.len();
    let empty = shape[usize::from(rank == axes + 2).min(rank)..].contains(&0);
    if !(axes + 1..=axes + 2).contains(&rank) || empty {
        return Err(Error::runtime(
            op,
            format!(
                "Expected {}D or {}D (batch mode) tensor with optional 0 dim batch size for input, but got:{shape:?}",
                axes + 1,
                axes + 2
            ),
        ));
    }
    for axis in 0..axes {
        let extent = dilation[axis].saturating_mul(kernel[axis] - 1).saturating_add(1);
        if padding[axis] > extent / 2 {
            return Err(Error::runtime(
                op,
                format!(
                    "pad should be at most half of effective kernel size, but got pad={}, kernel_size={} and dilation={}",
                    padding[axis], kernel[axis], dilation[axis]
                ),
            ));
        }
    }
    let spatial = &shape[rank - axes..];
    let Some(window) = Window::new(spatial, &kernel, &stride, &padding, &dilation, options.ceil) else {
        return Err(Error::runtime(
            op,
            format!(
                "Given input size: {spatial:?}, kernel size {kernel:?}: the calculated output size is 0. Output size is too \
                 small"
            ),
        ));
    };
    Ok(Geometry { axes, window, planes: shape[..rank - axes].iter().product(), input: shape.into() })
}

// ---- maxima ------------------------------------------------------------------------------------------------------

/// The greatest element of each window, and where in its plane it lies.
#[derive(Clone, PartialEq, Debug)]
struct MaxPool {
    geometry: Geometry,
}

impl MaxPool {
    fn op(&self) -> &'static str {
        ["max_pool1d", "max_pool2d", "max_pool3d"][self.geometry.axes - 1]
    }
}

impl Op for MaxPool {
    fn name(&self) -> &str {
        match self.geometry.axes {
            1 => "MaxPool1DWithIndicesBackward0",
            2 => "MaxPool2DWithIndicesBackward0",
            _ => "MaxPool3DWithIndicesBackward0",
        }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (op, geometry, dtype) = (self.op(), &self.geometry, inputs[0].dtype());
        if dtype == DType::Bool {
            return Err(Error::not_for(op, dtype));
        }
        let source = geometry.contiguous(op, &inputs[0], &geometry.input)?;
        let output = Array::uninit(op, &geometry.output(), dtype)?;
        let indices = Array::uninit(op, &geometry.output(), DType::I64)?;
        launch(&source, [&output, &indices], |x, [y, places]| {
            kernel::max_pool(geometry.planes, &geometry.window, x, y, places);
        });
        Ok(smallvec![output.in_format_of(op, &inputs[0])?, indices.in_format_of(op, &inputs[0])?])
    }

    fn keeps(&mut self, _: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Output(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = Chosen { geometry: self.geometry.clone(), puts_back: true };
        let result = cx.call(gradient, &[From::Grad(0), From::Saved(0)])?;
        flat::put(cx, 0, result, 1, flat::Derivative::Zero)
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        let Some(tangent) = cx.tangent(0).cloned() else { return Ok(()) };
        let chosen = Chosen { geometry: self.geometry.clone(), puts_back: false };
        cx.put(0, call(chosen, &[&tangent, cx.output(1)])?)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let of_all = Self { geometry: self.geometry.of_examples(cx.size()) };
        let results = call_many(of_all, &[&batching::front(cx.input(0), cx.size())?])?;
        cx.put_all(results, 0);
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

/// Elements chosen by windows, from a tensor and the places: zeros with the elements added where the places say, or the
/// elements they point at. The two are each other's gradient.
#[derive(Clone, PartialEq, Debug)]
struct Chosen {
    geometry: Geometry,
    puts_back: bool,
}

impl Op for Chosen {
    fn name(&self) -> &str {
        "MaxPoolBackwardBackward0"
    }

    /// The places are those of a forward pass, unless hooks on saved values gave back others or `.data` was written to,
    /// which the version counter does not see.
    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "max_pool_backward";
        let geometry = &self.geometry;
        let (whole, windows) = (geometry.input.clone(), geometry.output());
        let (given, made) = if self.puts_back { (&windows, &whole) } else { (&whole, &windows) };
        let source = geometry.contiguous(OP, &inputs[0], given)?;
        let indices = geometry.contiguous(OP, &inputs[1], &windows)?;
        if indices.dtype() != DType::I64 {
            return Err(Error::dtype(OP, indices.dtype(), "a place is an integer of 64 bits"));
        }
        let output = Array::uninit(OP, made, source.dtype())?;
        let (planes, window) = (geometry.planes, &geometry.window);
        let run = if self.puts_back { kernel::max_pool_backward } else { kernel::max_pool_gather };
        let inside = launch([&source, &indices], &output, |[x, places], out| run(planes, window, x, places, out));
        if !inside {
            return Err(Error::runtime(
                OP,
                "a saved index leads past its plane: it is not what max_pool found, but was changed through `.data` or by \
                 an unpack hook",
            ));
        }
        Ok(smallvec![output.in_format_of(OP, &inputs[1])?])
    }

    fn differentiable_inputs(&self) -> usize {
        1
    }

    fn keeps(&mut self, _: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        smallvec![Keep::Input(1)]
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = Self { puts_back: !self.puts_back, ..self.clone() };
        let result = cx.call(gradient, &[From::Grad(0), From::Saved(0)])?;
        flat::put(cx, 0, result, 1, flat::Derivative::Zero)
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let size = cx.size();
        let of_all = Self { geometry: self.geometry.of_examples(size), ..self.clone() };
        let (tensor, places) = (batching::front(cx.input(0), size)?, batching::front(cx.input(1), size)?);
        cx.put(call(of_all, &[&tensor, &places])?, Some(0));
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("indices", 0)]
    }
}

/// Greatest element of each window of the last `axes` axes, and where in its plane it lies: for the graph, which relies on
/// it; see [`positions`].
///
/// # Errors
/// When sizes or options do not fit, or for `bool`.
#[track_caller]
pub fn max_pool(axes: usize, input: &Tensor, options: &Options<'_>) -> Result<(Tensor, Tensor)> {
    let op = ["max_pool1d", "max_pool2d", "max_pool3d"][axes - 1];
    let geometry = geometry(op, axes, &input.array(), options)?;
    let mut results = call_many(MaxPool { geometry }, &[input])?.into_iter();
    match (results.next(), results.next()) {
        (Some(values), Some(indices)) => Ok((values, indices)),
        _ => Err(Error::runtime(op, "a pool gives values and places")),
    }
}

/// The positions [`max_pool`] found, for the program: a copy, since the graph relies on its own.
#[track_caller]
pub fn positions(indices: &Tensor) -> Result<Tensor> {
    copy::clone(indices)
}

// ---- means -------------------------------------------------------------------------------------------------------

/// Means of windows, or their gradient: means spread over the windows again.
#[derive(Clone, PartialEq, Debug)]
struct Means {
    name: &'static str,
    geometry: Geometry,
    divisor: Divisor,
    spread: bool,
}

impl Op for Means {
    fn name(&self) -> &str {
        self.name
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        const OP: &str = "avg_pool";
        let geometry = &self.geometry;
        let (whole, windows) = (geometry.input.clone(), geometry.output());
        let (given, made) = if self.spread { (&windows, &whole) } else { (&whole, &windows) };
        let source = geometry.contiguous(OP, &inputs[0], given)?;
        // Of the integers only the widest have means here, as in PyTorch.
        if !source.dtype().is_float() && (self.spread || source.dtype() != DType::I64) {
            return Err(Error::not_for(OP, source.dtype()));
        }
        let output = Array::uninit(OP, made, source.dtype())?;
        let run = match source.dtype() {
            DType::I64 => kernel::avg_pool_integer,
            _ if self.spread => kernel::avg_pool_backward,
            _ => kernel::avg_pool,
        };
        launch(&source, &output, |x, y| run(geometry.planes, &geometry.window, self.divisor, x, y));
        // Of volumes, PyTorch's means are row-major.
        Ok(smallvec![if geometry.axes == 2 { output.in_format_of(OP, &inputs[0])? } else { output }])
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let gradient = Self { name: "AvgPoolBackwardBackward0", spread: !self.spread, ..self.clone() };
        let result = cx.call(gradient, &[From::Grad(0)])?;
        flat::put(cx, 0, result, 1, flat::Derivative::Zero)
    }

    fn jvp(&self, cx: &mut Tangents<'_>) -> Result<()> {
        cx.linear(0, self)
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let of_all = Self { geometry: self.geometry.of_examples(cx.size()), ..self.clone() };
        cx.put(call(of_all, &[&batching::front(cx.input(0), cx.size())?])?, Some(0));
        Ok(())
    }
}

/// Mean of each window of the last `axes` axes, padding counted as 0.
///
/// # Errors
/// When sizes, options or the dtype do not fit.
#[track_caller]
pub fn avg_pool(axes: usize, input: &Tensor, options: &Options<'_>, divisor: Divisor) -> Result<Tensor> {
    let (op, name) = match axes {
        1 => ("avg_pool1d", "AvgPool1DBackward0"),
        2 => ("avg_pool2d", "AvgPool2DBackward0"),
        _ => ("avg_pool3d", "AvgPool3DBackward0"),
    };
    if divisor == Divisor::Fixed(0) {
        return Err(Error::runtime(op, "divisor must be not zero"));
    }
    let geometry = geometry(op, axes, &input.array(), options)?;
    // Of the integers only the widest have means here, as in PyTorch.
    if input.dtype() != DType::I64 {
        check_float(op, input)?;
    }
    call(Means { name, geometry, divisor, spread: false }, &[input])
}

fn check_float(op: &'static str, input: &Tensor) -> Result<()> {
    let dtype = input.dtype();
    if dtype.is_float() {
        return Ok(());
    }
    Err(Error::not_for(op, dtype))
}

// ---- windows that adapt --------------------------------------------------------------------------------------------

/// The sizes asked for, −1 standing for the input's own, and a check of the shape.
fn adaptive_sizes(op: &'static str, axes: usize, shape: &[usize], sizes: &[i64]) -> Result<SmallVec<[usize; 3]>> {
    if !(axes + 1..=axes + 2).contains(&shape.len()) {
        return Err(Error::runtime(
            op,
            format!("{op}(): Expected {}D or {}D tensor, but got {shape:?}", axes + 1, axes + 2),
        ));
    }
    let spatial = &shape[shape.len() - axes..];
    if let Some(axis) = spatial.iter().position(|&size| size == 0) {
        return Err(Error::runtime(
            op,
            format!(
                "{op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes {shape:?} with \
                 dimension {} being empty",
                shape.len() - axes + axis
            ),
        ));
    }
    let sizes: SmallVec<[i64; 3]> = match sizes {
        [one] if axes > 1 || *one >= 0 => std::iter::repeat_n(*one, axes).collect(),
        sizes if sizes.len() == axes => sizes.into(),
        _ => return Err(Error::runtime(op, format!("{op}: output_size must be {axes} numbers, got {sizes:?}"))),
    };
    if sizes.iter().any(|&size| size < 0) {
        return Err(Error::runtime(
            op,
            format!("{op}: elements of output_size must be greater than or equal to 0 but received {sizes:?}"),
        ));
    }
    // Each window takes memory, also where the input has no elements, or the output none along another axis.
    let windows = sizes.iter().fold(1u128, |product, &size| product.saturating_mul(size.max(1) as u128));
    crate::storage::check_room(op, windows.saturating_mul(size_of::<u64>() as u128))?;
    Ok(sizes.into_iter().map(|size| size as usize).collect())
}

/// The window of output `at` of `count`: from ⌊at·size/count⌋ to ⌈(at+1)·size/count⌉.
fn adaptive_window(size: usize, count: usize, at: usize) -> (usize, usize) {
    let (size, count, at) = (size as u128, count as u128, at as u128);
    ((at * size / count) as usize, ((at + 1) * size).div_ceil(count) as usize)
}

/// Means over windows of the last `axes` axes that are chosen so that `sizes` of them cover the input evenly.
///
/// # Errors
/// When sizes or the dtype do not fit.
#[track_caller]
pub fn adaptive_avg_pool(axes: usize, input: &Tensor, sizes: &[i64]) -> Result<Tensor> {
    let op = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"][axes - 1];
    let shape = input.shape();
    let sizes = adaptive_sizes(op, axes, &shape, sizes)?;
    check_float(op, input)?;
    let spatial = &shape[shape.len() - axes..];
    if sizes.iter().all(|&size| size == 1) {
        let over: SmallVec<[i64; 3]> = (1..=axes as i64).map(|back| -back).collect();
        return reduce::mean(input, Some(&over), true, None);
    }
    if sizes.iter().zip(spatial).all(|(&size, &own)| size > 0 && own.is_multiple_of(size)) {
        let kernel: SmallVec<[i64; 3]> = sizes.iter().zip(spatial).map(|(size, own)| (own / size) as i64).collect();
        let options = Options { kernel: &kernel, stride: &[], padding: &[0], dilation: &[1], ceil: false };
        let geometry = geometry(op, axes, &input.array(), &options)?;
        let name = ["AdaptiveAvgPool1DBackward0", "AdaptiveAvgPool2DBackward0", "AdaptiveAvgPool3DBackward0"][axes - 1];
        return call(Means { name, geometry, divisor: Divisor::WithPadding, spread: false }, &[input]);
    }
    // Means along one axis after the other.
    let mut result = flat::linear_in_pieces(input)?;
    for (position, (&count, &size)) in sizes.iter().zip(spatial).enumerate() {
        if count != size {
            let axis = shape.len() - axes + position;
            let window = |at| {
                let (start, end) = adaptive_window(size, count, at);
                (start..end).map(|element| (element, 1.0 / (end - start) as f64)).collect()
            };
            result = weighted_sums(op, &result, axis, (0..count).map(window).collect())?;
        }
    }
    if axes == 2 { copy::in_format_of(&result, input) } else { copy::contiguous(&result) }
}

/// Maxima over windows that are chosen as in [`adaptive_avg_pool`], and where in its plane each lies.
///
/// # Errors
/// When sizes or the dtype do not fit.
#[track_caller]
pub fn adaptive_max_pool(axes: usize, input: &Tensor, sizes: &[i64]) -> Result<(Tensor, Tensor)> {
    let op = ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"][axes - 1];
    let shape = input.shape();
    let sizes = adaptive_sizes(op, axes, &shape, sizes)?;
    let lead = shape.len() - axes;
    let spatial = &shape[lead..];
    if sizes.iter().zip(spatial).all(|(&size, &own)| size > 0 && own.is_multiple_of(size)) {
        let kernel: SmallVec<[i64; 3]> = sizes.iter().zip(spatial).map(|(size, own)| (own / size) as i64).collect();
        let options = Options { kernel: &kernel, stride: &[], padding: &[0], dilation: &[1], ceil: false };
        let (values, indices) = max_pool(axes, input, &options)?;
        return Ok((values, positions(&indices)?));
    }
    let input = &flat::linear_in_pieces(input)?;
    // Window by window: the greatest of each, found in a copy of its elements as one axis.
    let plane: Shape = shape[..lead].into();
    let outputs: usize = sizes.iter().product();
    let (mut values, mut places) = (Vec::with_capacity(outputs), Vec::with_capacity(outputs));
    for at in 0..outputs {
        let (mut part, mut rest) = (input.clone(), at);
        let mut corners = SmallVec::<[(usize, usize); 3]>::new();
        for axis in (0..axes).rev() {
            let (start, end) = adaptive_window(spatial[axis], sizes[axis], rest % sizes[axis]);
            rest /= sizes[axis];
            part = views::narrow(&part, (lead + axis) as i64, start as i64, (end - start) as i64)?;
            corners.insert(0, (start, end - start));
        }
        let mut flat = plane.clone();
        flat.push(corners.iter().map(|(_, length)| length).product());
        let (value, place) = choosing::extreme_along(&views::reshape_to(&part, &flat)?, true, -1, true)?;
        // From the position in the window to that in the plane.
        let elements: usize = corners.iter().map(|(_, length)| length).product();
        let in_plane: Vec<i64> = (0..elements)
            .map(|inside| {
                let (mut rest, mut step, mut total) = (inside, 1, 0);
                for axis in (0..axes).rev() {
                    let (start, length) = corners[axis];
                    total += (start + rest % length) * step;
                    rest /= length;
                    step *= spatial[axis];
                }
                total as i64
            })
            .collect();
        let in_plane = Tensor::from_slice(&in_plane, &[elements])?;
        let found = along::take_along(&in_plane, 0, &views::reshape(&place, &[-1])?)?;
        places.push(views::reshape_to(&found, &place.shape())?);
        values.push(value);
    }
    let result: Shape = plane.iter().chain(&sizes).copied().collect();
    if outputs == 0 {
        let empty = |dtype| Ok::<_, Box<Error>>(Tensor::from_array(Array::zeros(op, &result, dtype)?));
        return Ok((empty(input.dtype())?, empty(DType::I64)?));
    }
    let joined = |parts: &[Tensor]| {
        let rows = views::reshape_to(&joining::cat(parts, -1)?, &result)?;
        copy::in_format_of(&rows, input)
    };
    Ok((joined(&values)?, joined(&places)?))
}

// ---- windows as columns ------------------------------------------------------------------------------------------

/// How windows lie in a plane of two axes.
struct Columns {
    kernel: SmallVec<[usize; 3]>,
    dilation: SmallVec<[usize; 3]>,
    padding: SmallVec<[usize; 3]>,
    stride: SmallVec<[usize; 3]>,
    /// Windows along each axis.
    blocks: [usize; 2],
    /// Sizes with padding.
    padded: [usize; 2],
}

impl Columns {
    fn new(op: &'static str, spatial: [usize; 2], options: &Options<'_>) -> Result<Self> {
        let kernel = per_axis(op, "kernel_size", options.kernel, 2)?;
        let dilation = per_axis(op, "dilation", options.dilation, 2)?;
        let padding = per_axis(op, "padding", options.padding, 2)?;
        let stride = per_axis(op, "stride", options.stride, 2)?;
        let Some(window) = Window::new(&spatial, &kernel, &stride, &padding, &dilation, false) else {
            return Err(Error::runtime(
                op,
                format!(
                    "Given input with spatial size {spatial:?}, kernel_size={kernel:?}, dilation={dilation:?}, \
                     padding={padding:?}, calculated shape of the array of sliding blocks has a component below one: its \
                     components must be at least one."
                ),
            ));
        };
        let blocks = [window.output[1], window.output[2]];
        let padded = [spatial[0] + 2 * padding[0], spatial[1] + 2 * padding[1]];
        Ok(Self { kernel, dilation, padding, stride, blocks, padded })
    }

    /// The views that lead from the padded planes to the windows, with the shape before each.
    fn steps(&self, lead: &[usize]) -> Vec<(Shape, ViewOp)> {
        let mut shape: Shape = lead.iter().chain(&self.padded).copied().collect();
        let mut steps = Vec::new();
        for axis in 0..2 {
            let place = lead.len() + axis;
            let extent = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            steps.push((shape.clone(), ViewOp::Unfold { axis: place, size: extent, step: self.stride[axis] }));
            shape[place] = self.blocks[axis];
            shape.push(extent);
            let last = shape.len() - 1;
            let (length, step) = (self.kernel[axis], self.dilation[axis]);
            steps.push((shape.clone(), ViewOp::Slice { axis: last, start: 0, length, step }));
            shape[last] = length;
        }
        steps
    }

    /// The views from the padded planes to the planes.
    fn inside(&self, lead: &[usize], spatial: [usize; 2]) -> Vec<(Shape, ViewOp)> {
        let mut shape: Shape = lead.iter().chain(&self.padded).copied().collect();
        let mut steps = Vec::new();
        for (axis, length) in spatial.into_iter().enumerate() {
            let (place, start) = (lead.len() + axis, self.padding[axis]);
            steps.push((shape.clone(), ViewOp::Slice { axis: place, start, length, step: 1 }));
            shape[place] = length;
        }
        steps
    }
}

/// Embeds through a chain of views, the last first.
fn embedded(tensor: &Tensor, steps: &[(Shape, ViewOp)]) -> Result<Tensor> {
    let mut result = tensor.clone();
    for (shape, step) in steps.iter().rev() {
        result = views::embed(&result, shape, step, matches!(step, ViewOp::Unfold { .. }))?;
    }
    Ok(result)
}

/// Shows through a chain of views.
fn shown(tensor: &Tensor, steps: &[(Shape, ViewOp)]) -> Result<Tensor> {
    let mut result = tensor.clone();
    for (_, step) in steps {
        result = match step {
            ViewOp::Unfold { axis, size, step } => views::unfold(&result, *axis as i64, *size as i64, *step as i64)?,
            ViewOp::Slice { axis, start, length, step } => {
                let end = start + (length - 1) * step + 1;
                views::slice(&result, *axis as i64, Some(*start as i64), Some(end as i64), *step as i64)?
            }
            _ => unreachable!("the chains are made of these two"),
        };
    }
    Ok(result)
}

/// With a batch axis in front, and whether there was none.
#[track_caller]
fn with_batch(op: &'static str, input: &Tensor, rank: usize) -> Result<(Tensor, bool)> {
    match input.rank() {
        own if own == rank => Ok((input.clone(), false)),
        own if own + 1 == rank => Ok((views::unsqueeze(input, 0)?, true)),
        _ => Err(Error::runtime(
            op,
            format!("Expected {}D or {rank}D (batch mode) tensor, but got {:?}", rank - 1, input.shape().as_slice()),
        )),
    }
}

/// The windows of `batch × channels × height × width` as columns: `batch × (channels · window) × windows` (im2col).
///
/// # Errors
/// When sizes or options do not fit.
#[track_caller]
pub fn unfold(input: &Tensor, options: &Options<'_>) -> Result<Tensor> {
    const OP: &str = "unfold";
    let (input, unbatched) = with_batch(OP, input, 4)?;
    let shape = input.shape();
    let columns = Columns::new(OP, [shape[2], shape[3]], options)?;
    let lead = &shape[..2];
    let padded = embedded(&input, &columns.inside(lead, [shape[2], shape[3]]))?;
    // batch, channels, blocks down, blocks across, window down, window across
    let windows = shown(&padded, &columns.steps(lead))?;
    let taps = columns.kernel[0] * columns.kernel[1];
    let result = views::reshape_to(
        &views::permute(&windows, &[0, 1, 4, 5, 2, 3])?,
        &[shape[0], shape[1] * taps, columns.blocks[0] * columns.blocks[1]],
    )?;
    if unbatched { views::squeeze(&result, Some(&[0])) } else { Ok(result) }
}

/// The transpose of [`unfold`]: columns added up at the places of their windows (col2im).
///
/// # Errors
/// When sizes or options do not fit.
#[track_caller]
pub fn fold(input: &Tensor, output: &[i64], options: &Options<'_>) -> Result<Tensor> {
    const OP: &str = "fold";
    let sizes = per_axis(OP, "output_size", output, 2)?;
    let spatial = [sizes[0], sizes[1]];
    let columns = Columns::new(OP, spatial, options)?;
    let (input, unbatched) = with_batch(OP, input, 3)?;
    let shape = input.shape();
    let taps = columns.kernel[0] * columns.kernel[1];
    if !shape[1].is_multiple_of(taps) {
        return Err(Error::runtime(
            OP,
            format!(
                "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got \
                 input.size(1)={} and kernel_size={:?}.",
                shape[1], columns.kernel
            ),
        ));
    }
    let [down, across] = columns.blocks;
    if shape[2] != down * across {
        return Err(Error::runtime(
            OP,
            format!(
                "Given output_size={spatial:?}, kernel_size={:?}, expected size of input's dimension 2 to match the \
                 calculated number of sliding blocks {down} * {across} = {}, but got input.size(2)={}.",
                columns.kernel,
                down * across,
                shape[2]
            ),
        ));
    }
    let lead = [shape[0], shape[1] / taps];
    let windows = views::reshape_to(&input, &[lead[0], lead[1], columns.kernel[0], columns.kernel[1], down, across])?;
    let windows = views::permute(&windows, &[0, 1, 4, 5, 2, 3])?;
    let padded = embedded(&windows, &columns.steps(&lead))?;
    let result = copy::contiguous(&shown(&padded, &columns.inside(&lead, spatial))?)?;
    if unbatched { views::squeeze(&result, Some(&[0])) } else { Ok(result) }
}
