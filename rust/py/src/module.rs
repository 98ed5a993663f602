//! Functions of the module that are no operations: defaults, promotion, threads, memory, questions about objects.

use arcgrad::ops::arranging::grids;
use arcgrad::ops::elementwise::Promotion;
use arcgrad::{DType, parallel, storage};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::allocator;
use crate::dtype::{self, PyDType};
use crate::error::guard;
use crate::number;
use crate::size;
use crate::storage::PyStorage;
use crate::tensor::{self, require, type_name};

fn require_dtype(object: &Bound<'_, PyAny>, function: &str, argument: &str) -> PyResult<DType> {
    if let Some(named) = dtype::named_from_py(object) {
        return Err(dtype::not_computed(named));
    }
    dtype::from_py(object).ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{function}(): argument '{argument}' must be arcgrad.dtype, not {}",
            type_name(object)
        ))
    })
}

/// The dtype of floats from Python.
#[pyfunction]
fn get_default_dtype(py: Python<'_>) -> Py<PyDType> {
    dtype::to_py(py, arcgrad::default_dtype())
}

/// Sets the dtype of floats from Python: `float32` or `float64`.
#[pyfunction]
fn set_default_dtype(d: &Bound<'_, PyAny>) -> PyResult<()> {
    let dtype = require_dtype(d, "set_default_dtype", "d")?;
    guard(|| arcgrad::set_default_dtype(dtype))
}

/// The dtype an operation on the two arguments, tensors or numbers, would compute in.
#[pyfunction]
fn result_type(py: Python<'_>, tensor1: &Bound<'_, PyAny>, tensor2: &Bound<'_, PyAny>) -> PyResult<Py<PyDType>> {
    let mut promotion = Promotion::default();
    for (name, object) in [("tensor1", tensor1), ("tensor2", tensor2)] {
        if let Some(tensor) = tensor::from_py(object) {
            promotion.tensor(tensor.dtype(), tensor.rank());
        } else if let Some(number) = number::scalar(object)? {
            promotion.scalar(number);
        } else {
            let given = type_name(object);
            return Err(PyTypeError::new_err(format!(
                "result_type(): argument '{name}' must be Tensor or Number, not {given}"
            )));
        }
    }
    Ok(dtype::to_py(py, promotion.result()))
}

/// Whether a result of dtype `from_` may be stored in a tensor of dtype `to`.
#[pyfunction]
#[pyo3(signature = (from_, to))]
fn can_cast(from_: &Bound<'_, PyAny>, to: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(require_dtype(from_, "can_cast", "from_")?.can_cast(require_dtype(to, "can_cast", "to")?))
}

/// The smallest dtype that holds the values of both.
#[pyfunction]
fn promote_types(py: Python<'_>, type1: &Bound<'_, PyAny>, type2: &Bound<'_, PyAny>) -> PyResult<Py<PyDType>> {
    if let (Ok(a), Ok(b)) = (type1.cast::<PyDType>(), type2.cast::<PyDType>())
        && a.is(b)
    {
        return Ok(a.clone().unbind());
    }
    let (a, b) = (require_dtype(type1, "promote_types", "type1")?, require_dtype(type2, "promote_types", "type2")?);
    Ok(dtype::to_py(py, a.promote(b)))
}

/// The shape that shapes (sequences of sizes, or single sizes) broadcast to.
#[pyfunction]
#[pyo3(signature = (*shapes))]
fn broadcast_shapes(shapes: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
    let py = shapes.py();
    let read = |shape: Bound<'_, PyAny>| -> PyResult<Vec<usize>> {
        let sizes = match number::int(&shape)? {
            Some(size) => vec![size],
            None => shape.extract().map_err(|_| {
                PyTypeError::new_err(format!(
                    "broadcast_shapes(): shapes should be ints, or tuples or lists of ints, got {}",
                    type_name(&shape)
                ))
            })?,
        };
        let size = |&size: &i64| {
            usize::try_from(size).map_err(|_| {
                PyValueError::new_err(format!("Attempting to broadcast a dimension with negative length! ({size})"))
            })
        };
        sizes.iter().map(size).collect()
    };
    let shapes: Vec<Vec<usize>> = shapes.iter().map(read).collect::<PyResult<_>>()?;
    let parts: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
    let common = guard(|| grids::broadcast_shapes(&parts))?;
    size::to_py(py, &common)
}

/// How many threads large operations use.
#[pyfunction]
fn get_num_threads() -> usize {
    parallel::num_threads()
}

/// Sets how many threads large operations use. Results do not depend on it.
#[pyfunction]
#[pyo3(name = "set_num_threads")]
fn set_num_threads(int: &Bound<'_, PyAny>) -> PyResult<()> {
    let Some(threads) = number::int(int)? else {
        return Err(PyTypeError::new_err(format!("set_num_threads expects an int, but got {}", type_name(int))));
    };
    match usize::try_from(threads) {
        Ok(threads) if threads > 0 => guard(|| {
            parallel::set_num_threads(threads);
            Ok(())
        }),
        _ => Err(PyRuntimeError::new_err("set_num_threads expects a positive integer")),
    }
}

/// Bytes of the memory pool: in tensors that are alive, the most so far, and kept for reuse. Tensors of at most 64
/// bytes are not counted.
#[pyfunction]
fn memory_stats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let stats = storage::memory_stats();
    let result = PyDict::new(py);
    result.set_item("in_use", stats.in_use)?;
    result.set_item("peak", stats.peak)?;
    result.set_item("kept", stats.kept)?;
    Ok(result)
}

/// Gives the memory kept for reuse back to the operating system.
#[pyfunction]
fn empty_cache() {
    storage::empty_cache();
    allocator::give_back();
}

/// Whether memory to be filled shows that it was never written, instead of holding zeros; see `utils.deterministic`.
#[pyfunction]
fn _let_empty_glare(on: bool) {
    arcgrad::ops::creation::let_empty_glare(on);
}

/// The instruction sets in use, for `python -m arcgrad`.
#[pyfunction]
fn _instruction_sets() -> &'static str {
    arcgrad::kernels::instruction_sets()
}

/// Whether `obj` is a tensor, or passes for one as tensors of kept dtypes do.
#[pyfunction]
fn is_tensor(obj: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(tensor::from_py(obj).is_some() || obj.is_instance(obj.py().get_type::<tensor::PyTensor>().as_any())?)
}

/// Whether `obj` is a storage.
#[pyfunction]
fn is_storage(obj: &Bound<'_, PyAny>) -> bool {
    obj.cast::<PyStorage>().is_ok()
}

/// Whether the elements of a tensor are floating-point numbers.
#[pyfunction]
fn is_floating_point(input: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(require(input, "is_floating_point", "input")?.dtype().is_float())
}

/// Whether the elements of a tensor are complex.
#[pyfunction]
fn is_complex(input: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(require(input, "is_complex", "input")?.dtype().is_complex())
}

/// Whether a one-element tensor is not zero.
#[pyfunction]
fn is_nonzero(input: &Bound<'_, PyAny>) -> PyResult<bool> {
    require(input, "is_nonzero", "input")?;
    input.is_truthy()
}

/// Whether a tensor was made in inference mode.
#[pyfunction]
fn is_inference(input: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(require(input, "is_inference", "input")?.is_inference())
}

/// The number of elements of a tensor.
#[pyfunction]
fn numel(input: &Bound<'_, PyAny>) -> PyResult<usize> {
    Ok(require(input, "numel", "input")?.numel())
}

/// Whether two tensors have the same shape.
#[pyfunction]
fn is_same_size(input: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(require(input, "is_same_size", "input")?.shape() == require(other, "is_same_size", "other")?.shape())
}

/// The least and greatest value, and for floats the precision, of a dtype; see `arcgrad.finfo` and `arcgrad.iinfo`.
#[pyfunction]
fn _limits<'py>(py: Python<'py>, dtype: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let dtype = require_dtype(dtype, "_limits", "dtype")?;
    let limits = PyDict::new(py);
    // (greatest, epsilon, smallest normal, decimal digits)
    let float = match dtype {
        DType::F16 => Some((65504.0, 2f64.powi(-10), 2f64.powi(-14), 3)),
        DType::BF16 => Some((f64::from(f32::from_bits(0x7f7f_0000)), 2f64.powi(-7), f64::from(f32::MIN_POSITIVE), 2)),
        DType::F32 | DType::C64 => {
            Some((f64::from(f32::MAX), f64::from(f32::EPSILON), f64::from(f32::MIN_POSITIVE), 6))
        }
        DType::F64 | DType::C128 => Some((f64::MAX, f64::EPSILON, f64::MIN_POSITIVE, 15)),
        _ => None,
    };
    if let Some((max, eps, normal, digits)) = float {
        limits.set_item("max", max)?;
        limits.set_item("min", -max)?;
        limits.set_item("eps", eps)?;
        limits.set_item("smallest_normal", normal)?;
        limits.set_item(
            "resolution",
            format!("1e-{digits}").parse::<f64>().map_err(|error| PyValueError::new_err(error.to_string()))?,
        )?;
    } else {
        let (min, max) = match dtype {
            DType::Bool => return Err(PyTypeError::new_err("bool has no limits")),
            DType::U8 => (0, 255),
            DType::I8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
            DType::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        limits.set_item("min", min)?;
        limits.set_item("max", max)?;
    }
    limits.set_item("bits", dtype.size() * 8 / if dtype.is_complex() { 2 } else { 1 })?;
    limits.set_item("name", dtype.name())?;
    Ok(limits)
}

/// Adds the functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(get_default_dtype, module)?)?;
    module.add_function(wrap_pyfunction!(set_default_dtype, module)?)?;
    module.add_function(wrap_pyfunction!(result_type, module)?)?;
    module.add_function(wrap_pyfunction!(can_cast, module)?)?;
    module.add_function(wrap_pyfunction!(promote_types, module)?)?;
    module.add_function(wrap_pyfunction!(broadcast_shapes, module)?)?;
    module.add_function(wrap_pyfunction!(get_num_threads, module)?)?;
    module.add_function(wrap_pyfunction!(set_num_threads, module)?)?;
    module.add_function(wrap_pyfunction!(memory_stats, module)?)?;
    module.add_function(wrap_pyfunction!(empty_cache, module)?)?;
    module.add_function(wrap_pyfunction!(_let_empty_glare, module)?)?;
    module.add_function(wrap_pyfunction!(_instruction_sets, module)?)?;
    module.add_function(wrap_pyfunction!(is_tensor, module)?)?;
    module.add_function(wrap_pyfunction!(is_storage, module)?)?;
    module.add_function(wrap_pyfunction!(is_floating_point, module)?)?;
    module.add_function(wrap_pyfunction!(is_complex, module)?)?;
    module.add_function(wrap_pyfunction!(is_nonzero, module)?)?;
    module.add_function(wrap_pyfunction!(is_inference, module)?)?;
    module.add_function(wrap_pyfunction!(numel, module)?)?;
    module.add_function(wrap_pyfunction!(is_same_size, module)?)?;
    module.add_function(wrap_pyfunction!(_limits, module)?)
}
