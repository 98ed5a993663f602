//! Python's operators on tensors, each on a short way of its own.

use arcgrad::graph::watch;
use arcgrad::ops::elementwise::{Arg, Row, apply, apply_in_place, apply_small, resolve};
use arcgrad::ops::registry::{Form, OpInfo, Output, Value};
use arcgrad::ops::rows;
use arcgrad::shape::Shape;
use arcgrad::{DType, Scalar, Tensor};
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyNotImplementedError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use smallvec::SmallVec;

use crate::error::{guard, guard_detached};
use crate::overrides::ask_first;
use crate::tensor::{PyTensor, track_written};
use crate::{data, dispatch, number, tensor};

/// The other operand.
enum Other<'a> {
    Tensor(&'a Tensor),
    Number(Scalar),
    /// Made from something else that counts as a tensor (a NumPy array).
    Made(Tensor),
}

impl Other<'_> {
    fn arg(&self) -> Arg<'_> {
        match self {
            Self::Tensor(tensor) => Arg::Tensor(tensor),
            Self::Number(number) => Arg::Scalar(*number),
            Self::Made(tensor) => Arg::Tensor(tensor),
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Tensor(tensor) => Value::Tensor(tensor.clone()),
            Self::Number(number) => Value::Number(number),
            Self::Made(tensor) => Value::Tensor(tensor),
        }
    }

    fn numel(&self) -> usize {
        match self {
            Self::Tensor(tensor) => tensor.numel(),
            Self::Number(_) => 1,
            Self::Made(tensor) => tensor.numel(),
        }
    }
}

/// Reads an operand; `None` where Python should ask the other side.
#[inline]
fn other<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Option<Other<'a>>> {
    if let Some(tensor) = tensor::from_py(object) {
        return Ok(Some(Other::Tensor(tensor)));
    }
    if let Some(number) = number::scalar(object)? {
        return Ok(Some(Other::Number(number)));
    }
    if number::is_array(object) {
        return Ok(Some(Other::Made(data::from_array(&data::readable(object)?, "operator")?)));
    }
    Ok(None)
}

/// Elements from which on the GIL is released; see [`dispatch`].
const LONG: usize = 64 * 1024;

/// A row of two inputs.
#[inline]
fn binary(
    slf: &Bound<'_, PyTensor>,
    object: &Bound<'_, PyAny>,
    row: &'static Row,
    reflected: bool,
) -> PyResult<Py<PyAny>> {
    let py = slf.py();
    let Some(other) = other(object)? else { return Ok(py.NotImplemented()) };
    let this = slf.get().tensor();
    let (left, right) = if reflected { (other.arg(), Arg::Tensor(this)) } else { (Arg::Tensor(this), other.arg()) };
    applied(py, row, &[left, right], || this.numel() >= LONG || other.numel() >= LONG)
}

/// The result of a row, whose work may be long: that is looked at where it is not small.
#[inline]
fn applied(py: Python<'_>, row: &'static Row, args: &[Arg<'_>], is_long: impl FnOnce() -> bool) -> PyResult<Py<PyAny>> {
    let run = || {
        if let Some(result) = guard(|| Ok(apply_small(row, &[], args)))? {
            return tensor::fresh_to_py(py, result);
        }
        let result =
            if is_long() { guard_detached(py, || apply(row, &[], args))? } else { guard(|| apply(row, &[], args))? };
        tensor::to_py(py, result)
    };
    watch::op(row.name, || shapes_of(args), run)
}

/// Shapes of operands, for a profile.
fn shapes_of(args: &[Arg<'_>]) -> SmallVec<[Shape; 2]> {
    let shape = |arg: &Arg<'_>| match arg {
        Arg::Tensor(tensor) => Some(tensor.shape()),
        Arg::Scalar(_) => None,
    };
    args.iter().filter_map(shape).collect()
}

/// A row of one input.
#[inline]
fn unary(slf: &Bound<'_, PyTensor>, row: &'static Row) -> PyResult<Py<PyAny>> {
    let (py, this) = (slf.py(), slf.get().tensor());
    applied(py, row, &[Arg::Tensor(this)], || this.numel() >= LONG)
}

/// The in-place form of a row of two inputs; false where Python should ask the other side.
#[inline]
fn in_place(slf: &Bound<'_, PyTensor>, object: &Bound<'_, PyAny>, row: &'static Row) -> PyResult<bool> {
    let Some(other) = other(object)? else { return Ok(false) };
    let this = slf.get().tensor();
    let run = || {
        if this.numel() >= LONG {
            guard_detached(slf.py(), || apply_in_place(row, &[], this, &[other.arg()]))
        } else {
            guard(|| apply_in_place(row, &[], this, &[other.arg()]))
        }
    };
    watch::op_in_place(row.name, || shapes_of(&[Arg::Tensor(this), other.arg()]), run)?;
    track_written(slf.as_any());
    Ok(true)
}

/// An operation of the tables behind an operator that looks at its operands (rounding of quotients, powers, bits).
struct Operation {
    name: &'static str,
    info: PyOnceLock<Option<&'static OpInfo>>,
}

impl Operation {
    const fn new(name: &'static str) -> Self {
        Self { name, info: PyOnceLock::new() }
    }

    fn info(&self, py: Python<'_>) -> PyResult<&'static OpInfo> {
        let found = self.info.get_or_init(py, || dispatch::find(self.name).first().copied());
        found.ok_or_else(|| PyNotImplementedError::new_err(format!("{} is not implemented", self.name)))
    }

    fn values(&self, info: &'static OpInfo, left: Value, right: Value) -> SmallVec<[Value; 6]> {
        let mut values = SmallVec::new();
        values.push(left);
        values.push(right);
        for param in info.params.iter().skip(2) {
            values.push(dispatch::default_value(param).unwrap_or(Value::None));
        }
        values
    }

    fn call(&self, slf: &Bound<'_, PyTensor>, object: &Bound<'_, PyAny>, reflected: bool) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let Some(other) = other(object)? else { return Ok(py.NotImplemented()) };
        let info = self.info(py)?;
        let this = Value::Tensor(slf.get().tensor().clone());
        let values =
            if reflected { self.values(info, other.value(), this) } else { self.values(info, this, other.value()) };
        dispatch::output::to_py(py, dispatch::call(py, info, &Form::Value, &values)?)
    }

    fn call_in_place(&self, slf: &Bound<'_, PyTensor>, object: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = slf.py();
        let Some(other) = other(object)? else { return Ok(false) };
        let info = self.info(py)?;
        let values = self.values(info, Value::Tensor(slf.get().tensor().clone()), other.value());
        match dispatch::call(py, info, &Form::InPlace, &values)? {
            Output::InPlace => {
                track_written(slf.as_any());
                Ok(true)
            }
            _ => Err(PyTypeError::new_err(format!("{} has no in-place form", self.name))),
        }
    }
}

static SUB: Operation = Operation::new("sub");
static DIV: Operation = Operation::new("div");
static FLOOR_DIVIDE: Operation = Operation::new("floor_divide");
static REMAINDER: Operation = Operation::new("remainder");
static POW: Operation = Operation::new("pow");
static AND: Operation = Operation::new("bitwise_and");
static OR: Operation = Operation::new("bitwise_or");
static XOR: Operation = Operation::new("bitwise_xor");
static NOT: Operation = Operation::new("bitwise_not");
static LEFT_SHIFT: Operation = Operation::new("bitwise_left_shift");
static RIGHT_SHIFT: Operation = Operation::new("bitwise_right_shift");
static MATMUL: Operation = Operation::new("matmul");

/// `bool` tensors have no difference; the operation's own words say so.
fn is_bool(slf: &Bound<'_, PyTensor>, object: &Bound<'_, PyAny>) -> bool {
    slf.get().tensor().dtype() == DType::Bool
        || tensor::from_py(object).map_or_else(
            // SAFETY: a live object.
            || unsafe { ffi::PyBool_Check(object.as_ptr()) != 0 },
            |other| other.dtype() == DType::Bool,
        )
}

/// What an in-place operator that does not know the other operand says.
fn unsupported(slf: &Bound<'_, PyTensor>, object: &Bound<'_, PyAny>, operator: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "unsupported operand type(s) for {operator}: '{}' and '{}'",
        tensor::type_name(slf),
        tensor::type_name(object)
    ))
}

macro_rules! require {
    ($done:expr, $slf:ident, $object:ident, $operator:literal) => {
        if $done { Ok(()) } else { Err(unsupported($slf, $object, $operator)) }
    };
}

#[pymethods]
impl PyTensor {
    fn __add__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "add", slf, other);
        binary(slf, other, &rows::add::ROW, false)
    }
    fn __radd__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "add", slf, other);
        binary(slf, other, &rows::add::ROW, true)
    }
    fn __iadd__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(in_place(slf, other, &rows::add::ROW)?, slf, other, "+=")
    }

    fn __sub__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "sub", slf, other);
        if is_bool(slf, other) { SUB.call(slf, other, false) } else { binary(slf, other, &rows::sub::ROW, false) }
    }
    fn __rsub__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rsub__", slf, other);
        if is_bool(slf, other) {
            SUB.call(slf, other, true)
        } else if number::scalar(other)?.is_some() {
            binary(slf, other, &rows::rsub::ROW, false)
        } else {
            binary(slf, other, &rows::sub::ROW, true)
        }
    }
    fn __isub__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        if is_bool(slf, other) {
            return require!(SUB.call_in_place(slf, other)?, slf, other, "-=");
        }
        require!(in_place(slf, other, &rows::sub::ROW)?, slf, other, "-=")
    }

    fn __mul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "mul", slf, other);
        binary(slf, other, &rows::mul::ROW, false)
    }
    fn __rmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "mul", slf, other);
        binary(slf, other, &rows::mul::ROW, true)
    }
    fn __imul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(in_place(slf, other, &rows::mul::ROW)?, slf, other, "*=")
    }

    fn __truediv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "div", slf, other);
        binary(slf, other, &rows::div::ROW, false)
    }
    fn __rtruediv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rtruediv__", slf, other);
        if number::scalar(other)?.is_none() {
            return binary(slf, other, &rows::div::ROW, true);
        }
        // As PyTorch does it, so that the bits and the nodes are the same.
        let reciprocal = unary(slf, &rows::reciprocal::ROW)?;
        binary(reciprocal.bind(slf.py()).cast()?, other, &rows::mul::ROW, false)
    }
    fn __itruediv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(DIV.call_in_place(slf, other)?, slf, other, "/=")
    }

    fn __floordiv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__floordiv__", slf, other);
        FLOOR_DIVIDE.call(slf, other, false)
    }
    fn __rfloordiv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rfloordiv__", slf, other);
        FLOOR_DIVIDE.call(slf, other, true)
    }
    fn __ifloordiv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(FLOOR_DIVIDE.call_in_place(slf, other)?, slf, other, "//=")
    }

    fn __mod__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "remainder", slf, other);
        REMAINDER.call(slf, other, false)
    }
    fn __rmod__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rmod__", slf, other);
        REMAINDER.call(slf, other, true)
    }
    fn __imod__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(REMAINDER.call_in_place(slf, other)?, slf, other, "%=")
    }

    fn __pow__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, modulo: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "pow", slf, other);
        if !modulo.is_none() {
            return Ok(slf.py().NotImplemented());
        }
        POW.call(slf, other, false)
    }
    fn __rpow__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, modulo: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rpow__", slf, other);
        if !modulo.is_none() {
            return Ok(slf.py().NotImplemented());
        }
        POW.call(slf, other, true)
    }
    fn __ipow__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, _modulo: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(POW.call_in_place(slf, other)?, slf, other, "**=")
    }

    fn __matmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "matmul", slf, other);
        if tensor::from_py(other).is_none() {
            return Ok(slf.py().NotImplemented());
        }
        MATMUL.call(slf, other, false)
    }
    fn __rmatmul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rmatmul__", slf, other);
        if !number::is_array(other) {
            return Ok(slf.py().NotImplemented());
        }
        MATMUL.call(slf, other, true)
    }

    fn __and__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__and__", slf, other);
        AND.call(slf, other, false)
    }
    fn __rand__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "bitwise_and", slf, other);
        AND.call(slf, other, true)
    }
    fn __iand__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(AND.call_in_place(slf, other)?, slf, other, "&=")
    }
    fn __or__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__or__", slf, other);
        OR.call(slf, other, false)
    }
    fn __ror__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "bitwise_or", slf, other);
        OR.call(slf, other, true)
    }
    fn __ior__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(OR.call_in_place(slf, other)?, slf, other, "|=")
    }
    fn __xor__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__xor__", slf, other);
        XOR.call(slf, other, false)
    }
    fn __rxor__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "bitwise_xor", slf, other);
        XOR.call(slf, other, true)
    }
    fn __ixor__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(XOR.call_in_place(slf, other)?, slf, other, "^=")
    }
    fn __lshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__lshift__", slf, other);
        LEFT_SHIFT.call(slf, other, false)
    }
    fn __rlshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rlshift__", slf, other);
        LEFT_SHIFT.call(slf, other, true)
    }
    fn __ilshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(LEFT_SHIFT.call_in_place(slf, other)?, slf, other, "<<=")
    }
    fn __rshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rshift__", slf, other);
        RIGHT_SHIFT.call(slf, other, false)
    }
    fn __rrshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__rrshift__", slf, other);
        RIGHT_SHIFT.call(slf, other, true)
    }
    fn __irshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        require!(RIGHT_SHIFT.call_in_place(slf, other)?, slf, other, ">>=")
    }

    fn __neg__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "neg", slf);
        if slf.get().tensor().dtype() == DType::Bool {
            // The operation's own words say why not.
            guard(|| resolve::neg(slf.get().tensor().into()).map(drop))?;
        }
        unary(slf, &rows::neg::ROW)
    }
    fn __pos__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "positive", slf);
        guard(|| resolve::positive(slf.get().tensor()).map(drop))?;
        Ok(slf.clone().into_any().unbind())
    }
    fn __abs__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "abs", slf);
        unary(slf, &rows::abs::ROW)
    }
    fn __invert__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        ask_first!(slf.py(), "__invert__", slf);
        let (py, this) = (slf.py(), slf.get().tensor());
        if this.dtype().is_differentiable() {
            return Err(PyTypeError::new_err(
                "~ (operator.invert) is only implemented on integer and Boolean-type tensors",
            ));
        }
        let result = dispatch::call(py, NOT.info(py)?, &Form::Value, &[Value::Tensor(this.clone())])?;
        dispatch::output::to_py(py, result)
    }

    fn __richcmp__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        let (name, row) = match op {
            CompareOp::Lt => ("lt", &rows::lt::ROW),
            CompareOp::Le => ("le", &rows::le::ROW),
            CompareOp::Eq => ("__eq__", &rows::eq::ROW),
            CompareOp::Ne => ("ne", &rows::ne::ROW),
            CompareOp::Gt => ("gt", &rows::gt::ROW),
            CompareOp::Ge => ("ge", &rows::ge::ROW),
        };
        ask_first!(slf.py(), name, slf, other);
        binary(slf, other, row, false)
    }

    /// By identity: `==` compares elements.
    fn __hash__(slf: &Bound<'_, Self>) -> isize {
        slf.as_ptr() as isize
    }
}
