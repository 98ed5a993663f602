//! Tensors as text, byte for byte as PyTorch prints them; only the module's name in a dtype is this library's own.
//!
//! Nothing in here knows a tensor: what is printed comes through [`Elements`], what is said about it through
//! [`Facts`]. The work goes in this order: the elements that will be visible are read, each numeric component gets a
//! [`Column`] (notation and width) that fits all of them, the brackets are laid out around the cells, and the facts
//! are appended, wrapped to the line width.

use std::fmt::{self, Write};

use parking_lot::RwLock;

use crate::dtype::DType;
use crate::error::{Error, Result};

/// What stands before the name of a dtype (`dtype=arcgrad.int32`).
const DTYPE_PREFIX: &str = "dtype=arcgrad.";

/// The same in PyTorch. Suffixes are measured as if this stood there, so that lines break where PyTorch breaks them
/// and the texts differ in nothing but the name; a line may so be two characters longer than the line width.
const MEASURED_PREFIX: &str = "dtype=torch.";

/// Operation named by the errors of this file.
const OP: &str = "repr";

// ---- what is printed -------------------------------------------------------------------------------------------

/// One element, widened to the largest type of its category (all these conversions are exact).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An element of a `bool` tensor.
    Bool(bool),
    /// An element of an integer tensor.
    Int(i64),
    /// An element of a floating-point tensor.
    Real(f64),
    /// Real and imaginary part of an element of a complex tensor.
    Complex(f64, f64),
}

/// A dense tensor as the printer sees it.
pub trait Elements {
    /// Element type; decides the notation and the dtype suffix.
    fn dtype(&self) -> DType;
    /// Size of each axis.
    fn shape(&self) -> &[usize];
    /// The element at `index`, which has one entry per axis, each within its axis. The variant must be the one that
    /// belongs to [`Elements::dtype`].
    fn get(&self, index: &[usize]) -> Number;
    /// Whether there are no elements to look at: those of a tensor of the device `meta`.
    fn is_meta(&self) -> bool {
        false
    }
}

/// The class a tensor is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class<'a> {
    /// A plain tensor: `tensor(…)`.
    Tensor,
    /// A plain parameter: `Parameter containing:`, then `tensor(…)` on a line of its own.
    Parameter,
    /// An instance of a subclass of the tensor class, with its name: `Name(…)`.
    Subclass(&'a str),
    /// An instance of a subclass of the tensor class that was flagged as a parameter: `Parameter(Name(…))`.
    FlaggedSubclass(&'a str),
    /// An instance of a subclass of the parameter class: `Parameter containing:`, then `Parameter(Name(…))`.
    ParameterSubclass(&'a str),
}

/// What is said about a tensor besides its elements.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The class it is shown as.
    pub class: Class<'a>,
    /// The default floating-point dtype: tensors of it, of the complex dtype that belongs to it, `int64` and `bool`
    /// are shown without a dtype.
    pub default_dtype: DType,
    /// Name of the node that made it, shown as `grad_fn=<AddBackward0>`.
    pub grad_fn: Option<&'a str>,
    /// Shown as `requires_grad=True` when there is no `grad_fn`.
    pub requires_grad: bool,
    /// Its tangent in forward mode, already as text, shown as `tangent=…`.
    pub tangent: Option<&'a str>,
}

impl Default for Facts<'_> {
    /// A plain tensor without a graph, where the default dtype is `float32`.
    fn default() -> Self {
        Self { class: Class::Tensor, default_dtype: DType::F32, grad_fn: None, requires_grad: false, tangent: None }
    }
}

// ---- how it is printed -----------------------------------------------------------------------------------------

/// How tensors are printed; the fields of PyTorch's `set_printoptions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintOptions {
    /// Digits after the decimal point. 16 bits, because that is what Rust's formatter takes; `f64` has at most 1,074
    /// digits that are not zero.
    pub precision: u16,
    /// Tensors with more elements than this are summarised; `usize::MAX` for never.
    pub threshold: usize,
    /// Elements shown at either end of each axis of a summarised tensor.
    pub edgeitems: usize,
    /// Characters per line at which rows and suffixes are wrapped.
    pub linewidth: usize,
    /// Scientific notation always, never, or (`None`) where the magnitudes ask for it.
    pub sci_mode: Option<bool>,
}

impl PrintOptions {
    /// The options a program starts with; profile `"default"`.
    pub const DEFAULT: Self = Self { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sci_mode: None };
    /// Profile `"short"`: less of everything.
    pub const SHORT: Self = Self { precision: 2, edgeitems: 2, ..Self::DEFAULT };
    /// Profile `"full"`: nothing is left out.
    pub const FULL: Self = Self { threshold: usize::MAX, ..Self::DEFAULT };

    /// The profile of that name: `"default"`, `"short"` or `"full"`.
    pub fn profile(name: &str) -> Option<Self> {
        match name {
            "default" => Some(Self::DEFAULT),
            "short" => Some(Self::SHORT),
            "full" => Some(Self::FULL),
            _ => None,
        }
    }
}

/// Changes to some of the options, as PyTorch's `set_printoptions` takes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrintOptionsChange<'a> {
    /// New precision, unless `None`.
    pub precision: Option<u16>,
    /// New threshold, unless `None`.
    pub threshold: Option<usize>,
    /// New number of edge items, unless `None`.
    pub edgeitems: Option<usize>,
    /// New line width, unless `None`.
    pub linewidth: Option<usize>,
    /// Name of a profile the four options above are taken from where they are `None`.
    pub profile: Option<&'a str>,
    /// New notation. `None` is a value of its own here: every change sets it.
    pub sci_mode: Option<bool>,
}

impl Default for PrintOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

static OPTIONS: RwLock<PrintOptions> = RwLock::new(PrintOptions::DEFAULT);

/// The options of the process.
pub fn options() -> PrintOptions {
    *OPTIONS.read()
}

/// Replaces the options of the process.
pub fn set_options(options: PrintOptions) {
    *OPTIONS.write() = options;
}

/// Changes the options of the process, all at once.
///
/// # Errors
/// [`Error::Value`] if there is no profile of that name; nothing is changed then.
pub fn change_options(change: &PrintOptionsChange<'_>) -> Result<()> {
    let mut options = OPTIONS.write();
    let base = match change.profile {
        None => *options,
        Some(name) => PrintOptions::profile(name).ok_or_else(|| {
            let reason = format!("profile must be 'default', 'short' or 'full', got {name:?}");
            Error::value("set_printoptions", reason)
        })?,
    };
    *options = PrintOptions {
        precision: change.precision.unwrap_or(base.precision),
        threshold: change.threshold.unwrap_or(base.threshold),
        edgeitems: change.edgeitems.unwrap_or(base.edgeitems),
        linewidth: change.linewidth.unwrap_or(base.linewidth),
        sci_mode: change.sci_mode,
    };
    Ok(())
}

// ---- the text --------------------------------------------------------------------------------------------------

/// `repr` of a tensor.
///
/// # Errors
/// [`Error::OutOfMemory`] if the elements to be shown or their text do not fit into memory.
pub fn tensor_text(elements: &(impl Elements + ?Sized), facts: &Facts<'_>, options: &PrintOptions) -> Result<String> {
    let axes = axes(elements.shape(), options);
    let numbers = if elements.is_meta() { Vec::new() } else { visible(elements, &axes)? };
    let (opening, name, closing) = match facts.class {
        Class::Tensor => ("", "tensor", ")"),
        Class::Parameter => ("Parameter containing:\n", "tensor", ")"),
        Class::Subclass(name) => ("", name, ")"),
        Class::FlaggedSubclass(name) => ("Parameter(", name, "))"),
        Class::ParameterSubclass(name) => ("Parameter containing:\nParameter(", name, "))"),
    };
    // Columns are counted from the name: PyTorch puts what comes before it in front when all lines are made.
    let indent = name.chars().count() + 1;
    let mut out = Text::default();
    let mut write = || {
        write!(out, "{opening}{name}(")?;
        if elements.is_meta() {
            out.write_str("...")?;
        } else {
            write_elements(&mut out, &axes, &numbers, Cells::fit(&numbers, options), indent, options)?;
        }
        let used = last_line(&out.0[opening.len()..]);
        write_suffixes(&mut out, &suffixes(elements, facts, options), used, indent, options.linewidth)?;
        out.write_str(closing)
    };
    match write() {
        Ok(()) => Ok(out.0),
        // What is there was about to be doubled.
        Err(fmt::Error) => Err(out_of_memory(2 * out.0.len() as u128)),
    }
}

/// Characters on the last line.
fn last_line(text: &str) -> usize {
    text.rsplit('\n').next().unwrap_or_default().chars().count()
}

/// The number as it stands in the `repr` of a tensor without axes: `0.5000`, `1.`, `1.0000e-05`, `7`, `True`.
pub fn scalar_text(number: Number, options: &PrintOptions) -> String {
    let mut cell = String::new();
    // Writing to a string does not fail.
    let _ = Cells::fit(&[number], options).write(&mut cell, number);
    cell
}

/// A string that reports a refused allocation as a formatting error instead of aborting.
#[derive(Default)]
struct Text(String);

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.try_reserve(text.len()).map_err(|_| fmt::Error)?;
        self.0.push_str(text);
        Ok(())
    }
}

#[cold]
fn out_of_memory(bytes: u128) -> Box<Error> {
    Box::new(Error::OutOfMemory { op: OP, bytes })
}

fn repeat(out: &mut impl Write, character: char, count: usize) -> fmt::Result {
    (0..count).try_for_each(|_| out.write_char(character))
}

// ---- which elements are visible --------------------------------------------------------------------------------

/// One axis as it is shown: a run of slots, each an index or the gap in the middle.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    /// Indices before and after the gap; `None` if there is no gap.
    edge: Option<usize>,
}

impl Axis {
    /// Number of indices and gaps.
    fn slots(self) -> usize {
        self.edge.map_or(self.size, |edge| 2 * edge + 1)
    }

    /// Number of indices.
    fn indices(self) -> usize {
        self.edge.map_or(self.size, |edge| 2 * edge)
    }

    /// Whether a slot is the gap.
    fn is_gap(self, slot: usize) -> bool {
        self.edge == Some(slot)
    }

    /// The n-th visible index.
    fn index(self, n: usize) -> usize {
        match self.edge {
            Some(edge) if n >= edge => self.size - 2 * edge + n,
            _ => n,
        }
    }
}

fn axes(shape: &[usize], options: &PrintOptions) -> Vec<Axis> {
    let summarise = shape.iter().fold(1usize, |count, &size| count.saturating_mul(size)) > options.threshold;
    let edge = |size| (summarise && size > options.edgeitems.saturating_mul(2)).then_some(options.edgeitems);
    shape.iter().map(|&size| Axis { size, edge: edge(size) }).collect()
}

/// The elements that are shown, in row-major order.
fn visible(elements: &(impl Elements + ?Sized), axes: &[Axis]) -> Result<Vec<Number>> {
    if axes.iter().any(|axis| axis.indices() == 0) {
        return Ok(Vec::new());
    }
    let size = size_of::<Number>() as u128;
    let refused = || out_of_memory(axes.iter().fold(size, |bytes, axis| bytes.saturating_mul(axis.indices() as u128)));
    let count = axes.iter().try_fold(1usize, |count, axis| count.checked_mul(axis.indices())).ok_or_else(refused)?;
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(count).map_err(|_| refused())?;
    let mut counter = vec![0; axes.len()];
    let mut index: Vec<usize> = axes.iter().map(|axis| axis.index(0)).collect();
    for _ in 0..count {
        numbers.push(elements.get(&index));
        for (axis, (n, index)) in axes.iter().zip(counter.iter_mut().zip(&mut index)).rev() {
            *n = if *n + 1 < axis.indices() { *n + 1 } else { 0 };
            *index = axis.index(*n);
            if *n > 0 {
                break;
            }
        }
    }
    Ok(numbers)
}

// ---- numbers ---------------------------------------------------------------------------------------------------

/// How the numbers of one column are written.
#[derive(Clone, Copy)]
enum Notation {
    /// Integers and booleans, as Python writes them.
    Exact,
    /// Floating-point numbers that are all whole: `3.`
    Whole,
    /// `3.1416`
    Fixed(u16),
    /// `3.1416e+00`
    Scientific(u16),
}

/// Notation and width common to one component of all visible elements.
#[derive(Clone, Copy)]
struct Column {
    notation: Notation,
    width: usize,
}

impl Column {
    /// The column for integers or booleans.
    fn fit_exact(numbers: &[Number]) -> Self {
        // Length grows with the magnitude on either side of zero, so the extremes are the longest.
        let (mut least, mut greatest, mut width) = (0_i64, 0_i64, 1);
        for &number in numbers {
            match number {
                Number::Bool(value) => width = width.max(bool_text(value).len()),
                Number::Int(value) => (least, greatest) = (value.min(least), value.max(greatest)),
                Number::Real(_) | Number::Complex(..) => {}
            }
        }
        let width = width.max(least.to_string().len()).max(greatest.to_string().len());
        Self { notation: Notation::Exact, width }
    }

    /// The column for floating-point numbers. Zeros and numbers that are not finite have no say in it: they may be
    /// wider than their column.
    fn fit_reals(values: impl Iterator<Item = f64>, options: &PrintOptions) -> Self {
        let mut whole = true;
        // Least and greatest magnitude of the positive and of the negative numbers.
        let mut ranges = [(f64::INFINITY, 0.0_f64); 2];
        for value in values.filter(|value| value.is_finite() && *value != 0.0) {
            let (least, greatest) = &mut ranges[usize::from(value < 0.0)];
            (*least, *greatest) = (least.min(value.abs()), greatest.max(value.abs()));
            whole &= value == value.ceil();
        }
        let least = ranges[0].0.min(ranges[1].0);
        let greatest = ranges[0].1.max(ranges[1].1);
        if greatest == 0.0 {
            return Self { notation: Notation::Whole, width: 1 };
        }
        // PyTorch's rule, in double precision whatever the dtype: more than three decades, or far from one.
        let wide = || greatest / least > 1000.0 || greatest > 1.0e8 || least < 1.0e-4;
        let notation = if options.sci_mode.unwrap_or_else(wide) {
            Notation::Scientific(options.precision)
        } else if whole {
            Notation::Whole
        } else {
            Notation::Fixed(options.precision)
        };
        // Among numbers of one sign a fixed-point text is longest for the greatest magnitude, and a scientific one
        // where the exponent is longest, which is at one of the ends.
        let mut width = 1;
        let mut text = String::new();
        for (sign, (least, greatest)) in [1.0, -1.0].into_iter().zip(ranges) {
            if greatest > 0.0 {
                for magnitude in [least, greatest] {
                    text.clear();
                    // Writing to a string does not fail.
                    let _ = write_real(&mut text, sign * magnitude, notation);
                    width = width.max(text.len());
                }
            }
        }
        Self { notation, width }
    }
}

fn bool_text(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// Writes a floating-point number as Python's `format` does: correctly rounded, ties to even.
fn write_real(out: &mut String, value: f64, notation: Notation) -> fmt::Result {
    if value.is_nan() {
        // Python shows no sign on NaN.
        return out.write_str("nan");
    }
    if value.is_infinite() {
        return write!(out, "{value}");
    }
    match notation {
        Notation::Exact => write!(out, "{value}"),
        Notation::Whole => write!(out, "{value:.0}."),
        Notation::Fixed(precision) => write!(out, "{value:.*}", usize::from(precision)),
        Notation::Scientific(precision) => {
            write!(out, "{value:.*e}", usize::from(precision))?;
            // Rust writes the shortest exponent, Python a sign and at least two digits.
            let mark = out.rfind('e').ok_or(fmt::Error)?;
            let exponent: i32 = out[mark + 1..].parse().map_err(|_| fmt::Error)?;
            out.truncate(mark);
            write!(out, "e{exponent:+03}")
        }
    }
}

/// The columns of a tensor: one, or one for the real and one for the imaginary parts.
struct Cells {
    first: Column,
    imaginary: Option<Column>,
    /// The text being aligned; kept for its memory.
    scratch: String,
}

impl Cells {
    /// The columns that fit `numbers`, which are all of one kind.
    fn fit(numbers: &[Number], options: &PrintOptions) -> Self {
        let real = |number: &Number| match *number {
            Number::Real(value) | Number::Complex(value, _) => value,
            Number::Bool(_) | Number::Int(_) => 0.0,
        };
        let imaginary = |number: &Number| match *number {
            Number::Complex(_, value) => value,
            Number::Bool(_) | Number::Int(_) | Number::Real(_) => 0.0,
        };
        let reals = || Column::fit_reals(numbers.iter().map(real), options);
        let imaginaries = || Column::fit_reals(numbers.iter().map(imaginary), options);
        let (first, imaginary) = match numbers.first() {
            Some(Number::Real(_)) => (reals(), None),
            Some(Number::Complex(..)) => (reals(), Some(imaginaries())),
            Some(Number::Bool(_) | Number::Int(_)) | None => (Column::fit_exact(numbers), None),
        };
        Self { first, imaginary, scratch: String::new() }
    }

    /// Characters from the start of one cell to the start of the next, as PyTorch counts them: with the comma, the
    /// space and the `j`, but without the sign between the parts.
    fn pitch(&self) -> usize {
        self.first.width + 2 + self.imaginary.map_or(0, |column| column.width + 1)
    }

    /// Writes one number, the (real part's) text aligned to the right of its column.
    fn write(&mut self, out: &mut impl Write, number: Number) -> fmt::Result {
        let cell = &mut self.scratch;
        cell.clear();
        match number {
            Number::Bool(value) => cell.push_str(bool_text(value)),
            Number::Int(value) => write!(cell, "{value}")?,
            Number::Real(value) | Number::Complex(value, _) => write_real(cell, value, self.first.notation)?,
        }
        repeat(out, ' ', self.first.width.saturating_sub(cell.len()))?;
        out.write_str(cell)?;
        let (Number::Complex(_, value), Some(column)) = (number, self.imaginary) else { return Ok(()) };
        cell.clear();
        write_real(cell, value, column.notation)?;
        let sign = if cell.starts_with('-') { "" } else { "+" };
        write!(out, "{sign}{cell}j")
    }
}

// ---- layout ----------------------------------------------------------------------------------------------------

/// Writes the brackets, and the cells in them. `indent` is the column of the outermost bracket.
///
/// A loop over a path of slots instead of a recursion over axes, so that no number of axes exhausts the stack.
fn write_elements(
    out: &mut Text,
    axes: &[Axis],
    numbers: &[Number],
    mut cells: Cells,
    indent: usize,
    options: &PrintOptions,
) -> fmt::Result {
    let mut numbers = numbers.iter().copied();
    let Some((&row, outer)) = axes.split_last() else {
        return numbers.try_for_each(|number| cells.write(out, number));
    };
    if axes.iter().any(|axis| axis.size == 0) {
        return out.write_str("[]");
    }
    let column = indent + outer.len();
    let per_line = (options.linewidth.saturating_sub(column) / cells.pitch()).max(1);
    // The slot reached on every axis whose bracket is open.
    let mut path = Vec::with_capacity(outer.len());
    loop {
        if path.last().is_some_and(|&slot| outer[path.len() - 1].is_gap(slot)) {
            out.write_str("...")?;
        } else if path.len() < outer.len() {
            out.write_char('[')?;
            path.push(0);
            continue;
        } else {
            write_row(out, row, &mut numbers, &mut cells, per_line, column)?;
        }
        // On to the next slot of the innermost axis that has one.
        loop {
            let depth = path.len();
            let Some(slot) = path.last_mut() else { return Ok(()) };
            *slot += 1;
            if *slot < outer[depth - 1].slots() {
                break write_separator(out, outer.len() - depth + 1, indent + depth)?;
            }
            path.pop();
            out.write_char(']')?;
        }
    }
}

/// Writes the innermost bracket, which stands in `column`, with `per_line` cells per line.
fn write_row(
    out: &mut Text,
    row: Axis,
    numbers: &mut impl Iterator<Item = Number>,
    cells: &mut Cells,
    per_line: usize,
    column: usize,
) -> fmt::Result {
    out.write_char('[')?;
    for slot in 0..row.slots() {
        match slot {
            0 => {}
            _ if slot % per_line == 0 => write_separator(out, 1, column + 1)?,
            _ => out.write_str(", ")?,
        }
        if row.is_gap(slot) {
            // PyTorch pads the gap by one space, unless it stands alone.
            out.write_str(if slot > 0 { " ..." } else { "..." })?;
        } else if let Some(number) = numbers.next() {
            cells.write(out, number)?;
        }
    }
    out.write_char(']')
}

fn write_separator(out: &mut Text, lines: usize, indent: usize) -> fmt::Result {
    out.write_char(',')?;
    repeat(out, '\n', lines)?;
    repeat(out, ' ', indent)
}

// ---- suffixes --------------------------------------------------------------------------------------------------

/// What follows the elements, in PyTorch's order.
fn suffixes(elements: &(impl Elements + ?Sized), facts: &Facts<'_>, options: &PrintOptions) -> Vec<String> {
    let (dtype, shape) = (elements.dtype(), elements.shape());
    let meta = elements.is_meta();
    let empty = shape.contains(&0) || meta;
    let default_complex = if facts.default_dtype == DType::F64 { DType::C128 } else { DType::C64 };
    // Where there is an element to look at, it tells these apart; an empty tensor shows only the default float.
    let implied = dtype == facts.default_dtype
        || (!empty && (dtype == default_complex || matches!(dtype, DType::I64 | DType::Bool)));
    let device = meta.then(|| "device='meta'".to_owned());
    let show_size = if meta {
        true
    } else if empty {
        shape.len() != 1
    } else {
        options.edgeitems == 0
    };
    let size = show_size.then(|| format!("size={}", size_text(shape)));
    let dtype = (!implied).then(|| format!("{DTYPE_PREFIX}{dtype}"));
    let graph = match facts.grad_fn {
        Some(name) => Some(format!("grad_fn=<{name}>")),
        None => facts.requires_grad.then(|| "requires_grad=True".to_owned()),
    };
    let tangent = facts.tangent.map(|text| format!("tangent={text}"));
    [device, size, dtype, graph, tangent].into_iter().flatten().collect()
}

/// A shape as Python writes a tuple: `()`, `(3,)`, `(2, 3)`.
fn size_text(shape: &[usize]) -> String {
    match shape {
        [size] => format!("({size},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Writes the suffixes, each on a new line if it does not fit on the last one.
///
/// `used` is the number of characters on the last line.
fn write_suffixes(out: &mut Text, suffixes: &[String], used: usize, indent: usize, linewidth: usize) -> fmt::Result {
    // So PyTorch counts before the first suffix: two more than there are.
    let mut used = used + 2;
    for suffix in suffixes {
        let length = measure(suffix);
        if used + length + 2 > linewidth {
            write_separator(out, 1, indent)?;
            used = indent + length;
        } else {
            out.write_str(", ")?;
            used += length + 2;
        }
        out.write_str(suffix)?;
    }
    Ok(())
}

/// Characters of a suffix as PyTorch counts them; the text of a tangent has dtypes of its own.
fn measure(suffix: &str) -> usize {
    suffix.replace(DTYPE_PREFIX, MEASURED_PREFIX).chars().count()
}
