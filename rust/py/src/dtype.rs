//! `arcgrad.dtype`: one object per element type.

use arcgrad::DType;
use arcgrad::dtype::torch_name;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::tensor::type_name;

/// An element type. There is one object of each: compare with `is` or `==`.
///
/// The core's tensors are of a dozen of them. The others have names and say the truth about their elements, and can be compared and
/// pickled. Tensors of some of these are kept by the package ([`kept`]); making one of another is refused.
#[pyclass(frozen, name = "dtype", module = "arcgrad")]
pub struct PyDType(Kind);

#[derive(Clone, Copy)]
enum Kind {
    Computed(DType),
    Named(&'static Named),
}

/// What elements of a dtype are that no tensor has.
pub struct Named {
    pub name: &'static str,
    /// PyTorch's C++ name.
    torch: &'static str,
    bytes: usize,
    of: Elements,
}

#[derive(Clone, Copy, PartialEq)]
enum Elements {
    Signed,
    Unsigned,
    Float,
    UnsignedFloat,
    /// Of the real dtype with this name.
    Complex(&'static str),
    Bits,
    Quantized,
}

const fn named(name: &'static str, torch: &'static str, bytes: usize, of: Elements) -> Named {
    Named { name, torch, bytes, of }
}

static NAMED: [Named; 35] = [
    named("uint16", "UInt16", 2, Elements::Unsigned),
    named("uint32", "UInt32", 4, Elements::Unsigned),
    named("uint64", "UInt64", 8, Elements::Unsigned),
    named("float8_e4m3fn", "Float8_e4m3fn", 1, Elements::Float),
    named("float8_e4m3fnuz", "Float8_e4m3fnuz", 1, Elements::Float),
    named("float8_e5m2", "Float8_e5m2", 1, Elements::Float),
    named("float8_e5m2fnuz", "Float8_e5m2fnuz", 1, Elements::Float),
    named("float8_e8m0fnu", "Float8_e8m0fnu", 1, Elements::UnsignedFloat),
    named("float4_e2m1fn_x2", "Float4_e2m1fn_x2", 1, Elements::Float),
    named("complex32", "ComplexHalf", 4, Elements::Complex("float16")),
    named("bcomplex32", "BComplex32", 4, Elements::Complex("bfloat16")),
    named("int1", "Int1", 1, Elements::Signed),
    named("int2", "Int2", 1, Elements::Signed),
    named("int3", "Int3", 1, Elements::Signed),
    named("int4", "Int4", 1, Elements::Signed),
    named("int5", "Int5", 1, Elements::Signed),
    named("int6", "Int6", 1, Elements::Signed),
    named("int7", "Int7", 1, Elements::Signed),
    named("uint1", "UInt1", 1, Elements::Unsigned),
    named("uint2", "UInt2", 1, Elements::Unsigned),
    named("uint3", "UInt3", 1, Elements::Unsigned),
    named("uint4", "UInt4", 1, Elements::Unsigned),
    named("uint5", "UInt5", 1, Elements::Unsigned),
    named("uint6", "UInt6", 1, Elements::Unsigned),
    named("uint7", "UInt7", 1, Elements::Unsigned),
    named("bits1x8", "Bits1x8", 1, Elements::Bits),
    named("bits2x4", "Bits2x4", 1, Elements::Bits),
    named("bits4x2", "Bits4x2", 1, Elements::Bits),
    named("bits8", "Bits8", 1, Elements::Bits),
    named("bits16", "Bits16", 2, Elements::Bits),
    named("qint8", "QInt8", 1, Elements::Quantized),
    named("quint8", "QUInt8", 1, Elements::Quantized),
    named("qint32", "QInt32", 4, Elements::Quantized),
    named("quint4x2", "QUInt4x2", 1, Elements::Quantized),
    named("quint2x4", "QUInt2x4", 1, Elements::Quantized),
];

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

/// Other names of dtypes that no tensor has.
const NAMED_ALIASES: [(&str, &str); 2] = [("chalf", "complex32"), ("bit", "uint1")];

/// All dtypes: those that are computed in come first, in their order.
fn objects(py: Python<'_>) -> &Vec<Py<PyDType>> {
    OBJECTS.get_or_init(py, || {
        let kinds = DType::ALL.iter().map(|&dtype| Kind::Computed(dtype)).chain(NAMED.iter().map(Kind::Named));
        kinds.map(|kind| Py::new(py, PyDType(kind)).expect("a few dozen small objects at import")).collect()
    })
}

/// THE object of a dtype.
pub fn to_py(py: Python<'_>, dtype: DType) -> Py<PyDType> {
    objects(py)[dtype as usize].clone_ref(py)
}

/// The object of a dtype that no tensor has.
fn named_to_py(py: Python<'_>, name: &str) -> Py<PyDType> {
    let place = NAMED.iter().position(|named| named.name == name).expect("a name of the list");
    objects(py)[DType::ALL.len() + place].clone_ref(py)
}

/// The dtype of a dtype object; `None` also for one that no tensor has.
pub fn from_py(object: &Bound<'_, PyAny>) -> Option<DType> {
    match object.cast::<PyDType>().ok()?.get().0 {
        Kind::Computed(dtype) => Some(dtype),
        Kind::Named(_) => None,
    }
}

/// The dtype of an object that no tensor has.
pub fn named_from_py<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a PyDType> {
    object.cast::<PyDType>().ok().map(Bound::get).filter(|dtype| matches!(dtype.0, Kind::Named(_)))
}

/// The error of asking for a tensor of such a dtype.
pub fn not_computed(dtype: &PyDType) -> PyErr {
    PyNotImplementedError::new_err(format!(
        "there are no tensors of {}: its name is known, its elements are not. Convert to another dtype first, such as {}",
        dtype.__repr__(),
        if dtype.is_complex() {
            "arcgrad.complex64"
        } else if dtype.is_floating_point() {
            "arcgrad.float16"
        } else {
            "arcgrad.int64"
        },
    ))
}

/// The result of a call that names a dtype which the core has no tensors of, if the package keeps some (`arcgrad._kept`).
#[cold]
pub fn kept<'py>(
    py: Python<'py>,
    name: &str,
    args: Bound<'py, PyTuple>,
    kwargs: Option<Bound<'py, PyDict>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let made = py.import(intern!(py, "arcgrad._kept"))?.call_method1(intern!(py, "instead"), (name, args, kwargs))?;
    Ok((!made.is(py.NotImplemented())).then_some(made))
}

/// [`kept`], of a call that makes a tensor of something and a dtype.
pub fn kept_of<'py>(
    name: &str,
    data: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    kwargs: &[(&str, i64)],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(dtype) = dtype.filter(|dtype| named_from_py(dtype).is_some()) else { return Ok(None) };
    let py = data.py();
    let named = PyDict::new(py);
    named.set_item("dtype", dtype)?;
    for (keyword, value) in kwargs {
        named.set_item(keyword, value)?;
    }
    kept(py, name, PyTuple::new(py, [data])?, Some(named))
}

/// Like [`from_py`]; Python's own types stand for dtypes too (`dtype=float` is `float64`), and `None` for none.
pub fn from_py_or_type(object: &Bound<'_, PyAny>) -> PyResult<Option<DType>> {
    if object.is_none() {
        return Ok(None);
    }
    if let Some(dtype) = from_py(object) {
        return Ok(Some(dtype));
    }
    if let Some(named) = named_from_py(object) {
        return Err(not_computed(named));
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
    if object.is(py.get_type::<pyo3::types::PyComplex>()) {
        return Ok(Some(DType::C128));
    }
    Err(PyTypeError::new_err(format!("dtype must be an arcgrad.dtype, not {}", type_name(object))))
}

impl PyDType {
    fn name(&self) -> &'static str {
        match self.0 {
            Kind::Computed(dtype) => dtype.name(),
            Kind::Named(named) => named.name,
        }
    }

    /// PyTorch's C++ name, as in errors.
    pub fn torch_name(&self) -> &'static str {
        match self.0 {
            Kind::Computed(dtype) => torch_name(dtype),
            Kind::Named(named) => named.torch,
        }
    }
}

#[pymethods]
impl PyDType {
    fn __repr__(&self) -> String {
        format!("arcgrad.{}", self.name())
    }

    /// Pickled by name.
    fn __reduce__(&self) -> &'static str {
        self.name()
    }

    /// Whether the elements are floating-point numbers.
    #[getter]
    fn is_floating_point(&self) -> bool {
        match self.0 {
            Kind::Computed(dtype) => dtype.is_float(),
            Kind::Named(named) => matches!(named.of, Elements::Float | Elements::UnsignedFloat),
        }
    }

    /// Whether the elements are complex numbers.
    #[getter]
    fn is_complex(&self) -> bool {
        match self.0 {
            Kind::Computed(dtype) => dtype.is_complex(),
            Kind::Named(named) => matches!(named.of, Elements::Complex(_)),
        }
    }

    /// Whether the elements can be negative.
    #[getter]
    fn is_signed(&self) -> PyResult<bool> {
        let of = match self.0 {
            Kind::Computed(dtype) => return Ok(is_signed(dtype)),
            Kind::Named(named) => named.of,
        };
        match of {
            Elements::Bits => Err(PyRuntimeError::new_err("Bits types are undefined")),
            Elements::Quantized => Err(PyRuntimeError::new_err("isSignedType not supported for quantized types")),
            _ => Ok(!matches!(of, Elements::Unsigned | Elements::UnsignedFloat)),
        }
    }

    /// Bytes per element.
    #[getter]
    fn itemsize(&self) -> usize {
        match self.0 {
            Kind::Computed(dtype) => dtype.size(),
            Kind::Named(named) => named.bytes,
        }
    }

    /// The real dtype with the same precision.
    fn to_real(slf: &Bound<'_, Self>) -> Py<Self> {
        let py = slf.py();
        let real = match slf.get().0 {
            Kind::Computed(DType::C64) => DType::F32,
            Kind::Computed(DType::C128) => DType::F64,
            Kind::Named(Named { of: Elements::Complex("float16"), .. }) => DType::F16,
            Kind::Named(Named { of: Elements::Complex(_), .. }) => DType::BF16,
            _ => return slf.clone().unbind(),
        };
        to_py(py, real)
    }

    /// The complex dtype with the same precision.
    fn to_complex(slf: &Bound<'_, Self>) -> PyResult<Py<Self>> {
        let (py, this) = (slf.py(), slf.get());
        Ok(match this.0 {
            Kind::Computed(DType::F16) => named_to_py(py, "complex32"),
            Kind::Computed(DType::BF16) => named_to_py(py, "bcomplex32"),
            Kind::Computed(DType::F32) => to_py(py, DType::C64),
            Kind::Computed(DType::F64) => to_py(py, DType::C128),
            _ if this.is_complex() => slf.clone().unbind(),
            _ => return Err(PyRuntimeError::new_err(format!("Unknown Complex ScalarType for {}", this.torch_name()))),
        })
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
    for named in &NAMED {
        module.add(named.name, named_to_py(py, named.name))?;
    }
    for (name, of) in NAMED_ALIASES {
        module.add(name, named_to_py(py, of))?;
    }
    Ok(())
}
