//! `arcgrad.Generator`: a source of random numbers, and the default one.

use arcgrad::random::{Generator, SharedGenerator, default_generator, lock};
use arcgrad::{DType, Tensor};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt};
use std::sync::Arc;

use crate::device::{self, PyDevice};
use crate::error::{guard, to_py_err};
use crate::tensor;

/// A source of random numbers: PyTorch's CPU generator.
#[pyclass(frozen, weakref, name = "Generator", module = "arcgrad")]
pub struct PyGenerator(SharedGenerator);

static DEFAULT: PyOnceLock<Py<PyGenerator>> = PyOnceLock::new();

/// THE object of the generator used where none is given.
pub fn default_object(py: Python<'_>) -> PyResult<Py<PyGenerator>> {
    DEFAULT
        .get_or_try_init(py, || Py::new(py, PyGenerator(default_generator().clone())))
        .map(|generator| generator.clone_ref(py))
}

/// A seed: any integer of 64 bits; negative ones count from 2⁶⁴.
fn seed(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    if value.is_instance_of::<PyBool>() {
        return Err(no_seed(value));
    }
    if let Ok(seed) = value.extract::<i64>() {
        return Ok(seed as u64);
    }
    value.extract::<u64>().map_err(|error| {
        if error.is_instance_of::<PyTypeError>(value.py()) {
            no_seed(value)
        } else {
            PyValueError::new_err("manual_seed expects a seed of 64 bits (Overflow when unpacking long long)")
        }
    })
}

#[cold]
fn no_seed(value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("manual_seed expected a long, but got {}", tensor::type_name(value)))
}

/// What the function takes for a seed: whatever `int()` makes one of.
fn seed_by_int(value: &Bound<'_, PyAny>) -> PyResult<u64> {
    seed(&value.py().get_type::<PyInt>().call1((value,))?)
}

impl PyGenerator {
    /// The generator, shared.
    pub fn shared(&self) -> SharedGenerator {
        self.0.clone()
    }
}

impl PyGenerator {
    /// Loads a state.
    fn load(&self, new_state: &Bound<'_, PyAny>) -> PyResult<()> {
        let state = tensor::require(new_state, "set_state", "new_state")?;
        if state.dtype() != DType::U8 {
            return Err(PyTypeError::new_err(format!("RNG state must be a uint8 tensor, not {}", state.dtype())));
        }
        let bytes = state.to_vec::<u8>();
        lock(&self.0).set_state(&bytes).map_err(to_py_err)
    }
}

#[pymethods]
impl PyGenerator {
    #[new]
    #[pyo3(signature = (device=None))]
    fn new(device: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        if let Some(device) = device {
            device::check(device)?;
        }
        Ok(Self(Arc::new(parking_lot::Mutex::new(Generator::default()))))
    }

    /// Starts again from `seed`; returns the generator.
    fn manual_seed<'py>(slf: &Bound<'py, Self>, #[pyo3(from_py_with = seed)] seed: u64) -> Bound<'py, Self> {
        lock(&slf.get().0).manual_seed(seed);
        slf.clone()
    }

    /// Starts again from a seed of the operating system's; returns it.
    fn seed(&self) -> u64 {
        lock(&self.0).seed()
    }

    /// The seed it started from.
    fn initial_seed(&self) -> u64 {
        lock(&self.0).initial_seed()
    }

    /// The state, as a `uint8` tensor.
    fn get_state(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let bytes = lock(&self.0).get_state();
        tensor::to_py(py, guard(|| Tensor::from_slice(&bytes, &[bytes.len()]))?)
    }

    /// Loads a state that `get_state` gave; returns the generator.
    fn set_state<'py>(slf: Bound<'py, Self>, new_state: &Bound<'_, PyAny>) -> PyResult<Bound<'py, Self>> {
        slf.get().load(new_state)?;
        Ok(slf)
    }

    /// A generator of its own with the same state.
    fn clone_state(&self) -> Self {
        Self(Arc::new(parking_lot::Mutex::new(lock(&self.0).clone())))
    }

    /// Pickles (and copies) as a new generator with the same state.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (), Py<PyAny>)> {
        Ok((slf.get_type().into_any(), (), slf.get().get_state(slf.py())?))
    }

    fn __setstate__(&self, state: &Bound<'_, PyAny>) -> PyResult<()> {
        self.load(state)
    }

    /// Where it draws: always the CPU.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<PyDevice>> {
        device::to_py(py, arcgrad::storage::Device::Cpu)
    }
}

/// Seeds the default generator and returns it.
#[pyfunction]
fn manual_seed(py: Python<'_>, #[pyo3(from_py_with = seed_by_int)] seed: u64) -> PyResult<Py<PyGenerator>> {
    lock(default_generator()).manual_seed(seed);
    default_object(py)
}

/// Seeds the default generator from the operating system and returns the seed.
#[pyfunction(name = "seed")]
fn seed_default() -> u64 {
    lock(default_generator()).seed()
}

/// The seed of the default generator.
#[pyfunction]
fn initial_seed() -> u64 {
    lock(default_generator()).initial_seed()
}

/// The state of the default generator.
#[pyfunction]
fn get_rng_state(py: Python<'_>) -> PyResult<Py<PyAny>> {
    default_object(py)?.get().get_state(py)
}

/// Loads a state into the default generator.
#[pyfunction]
fn set_rng_state(py: Python<'_>, new_state: &Bound<'_, PyAny>) -> PyResult<()> {
    default_object(py)?.get().load(new_state)
}

/// Adds the class, the default generator and its functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyGenerator>()?;
    module.add("default_generator", default_object(module.py())?)?;
    module.add_function(wrap_pyfunction!(manual_seed, module)?)?;
    module.add_function(wrap_pyfunction!(seed_default, module)?)?;
    module.add_function(wrap_pyfunction!(initial_seed, module)?)?;
    module.add_function(wrap_pyfunction!(get_rng_state, module)?)?;
    module.add_function(wrap_pyfunction!(set_rng_state, module)?)
}
