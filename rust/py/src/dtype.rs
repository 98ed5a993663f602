//! `arcgrad.dtype`: one object per element type.

use arcgrad::{DType, dtype::Category};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::tensor::type_name;

/// An element type. There is one object of each: compare with `is` or `==`.
#[pyclass(frozen, name = "dtype", module = "arcgrad")]
pub struct PyDType(DType);

static OBJECTS: PyOnceLock<Vec<Py<PyDType>>> = PyOnceLock::new();

/// Other names of the dtypes.
pub const ALIASES: [(&str, DType); 8] = [
    ("float", DType::F32),
    ("double", DType::F64),
    ("half", DType::F16),
    ("long", DType::I64),
    ("int", DType::I32),
    ("short", DType::I16),
    ("cfloat", DType::C64),
    ("cdouble", DType::C128),
];

/// THE object of a dtype.
pub fn to_py(py: Python<'_>, dtype: DType) -> Py<PyDType> {
    let objects = OBJECTS.get_or_init(py, || {
        DType::ALL.iter().map(|&dtype| Py::new(py, PyDType(dtype)).expect("a dozen small objects at import")).collect()
    });
    objects[dtype as usize].clone_ref(py)
}

/// The dtype of a dtype object.
pub fn from_py(object: &Bound<'_, PyAny>) -> Option<DType> {
    object.cast::<PyDType>().ok().map(|dtype| dtype.get().0)
}

/// Like [`from_py`]; Python's own types stand for dtypes too (`dtype=float` is `float64`), and `None` for none.
pub fn from_py_or_type(object: &Bound<'_, PyAny>) -> PyResult<Option<DType>> {
    if object.is_none() {
        return Ok(None);
    }
    if let Some(dtype) = from_py(object) {
        return Ok(Some(dtype));
    }
    let py = object.py();
    if object.is(py.get_type::<pyo3::types::PyFloat>()) {
        return Ok(Some(DType::F64));
    }
    if object.is(py.get_type::<pyo3::types::PyBool>()) {
        return Ok(Some(DType::Bool));
    }
    if object.is(py.get_type::<pyo3::types::PyInt>()) {
        return Ok(Some(DType::I64));
    }
    Err(PyTypeError::new_err(format!("dtype must be an arcgrad.dtype, not {}", type_name(object))))
}

#[pymethods]
impl PyDType {
    fn __repr__(&self) -> String {
        format!("arcgrad.{}", self.0.name())
    }

    /// Pickled by name.
    fn __reduce__(&self) -> &'static str {
        self.0.name()
    }

    /// Whether the elements are floating-point numbers.
    #[getter]
    fn is_floating_point(&self) -> bool {
        self.0.is_float()
    }

    /// Whether the elements are complex numbers.
    #[getter]
    fn is_complex(&self) -> bool {
        self.0.is_complex()
    }

    /// Whether the elements can be negative.
    #[getter]
    fn is_signed(&self) -> bool {
        is_signed(self.0)
    }

    /// Bytes per element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.0.size()
    }

    /// The real dtype with the same precision.
    fn to_real(&self, py: Python<'_>) -> Py<Self> {
        let real = match self.0 {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            dtype => dtype,
        };
        to_py(py, real)
    }

    /// The complex dtype with the same precision.
    fn to_complex(&self, py: Python<'_>) -> Py<Self> {
        let complex = match self.0.category() {
            Category::Complex => self.0,
            _ if self.0 == DType::F64 => DType::C128,
            _ => DType::C64,
        };
        to_py(py, complex)
    }
}

/// Whether elements of this dtype can be negative.
pub fn is_signed(dtype: DType) -> bool {
    !matches!(dtype, DType::Bool | DType::U8)
}

/// Adds the dtypes under all their names.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<PyDType>()?;
    for dtype in DType::ALL {
        module.add(dtype.name(), to_py(py, dtype))?;
    }
    for (name, dtype) in ALIASES {
        module.add(name, to_py(py, dtype))?;
    }
    Ok(())
}
