//! Python extension module `arcgrad._core`: conversion, errors, and methods made from the core's tables of operations.
//!
//! Reading order: [`tensor`] (the class and the identity of its objects), [`error`] (the one way into the core),
//! [`number`], [`dtype`], [`size`], [`device`] (small things), [`data`] (tensors from Python data), [`dispatch`]
//! (functions and methods from the tables), [`operators`], [`indexing`], [`attributes`], [`overrides`] (calls that the
//! program takes over),
//! [`hosted`] (operations that it runs itself).

mod allocator;
mod attributes;
mod autograd;
mod capi;
mod construct;
mod conversion;
mod data;
mod device;
mod dispatch;
mod dtype;
mod error;
mod hosted;
mod indexing;
mod module;
mod number;
mod operators;
mod optim;
mod overrides;
mod print;
mod random;
mod safetensors;
mod size;
mod storage;
mod tensor;
mod warning;

use pyo3::prelude::*;

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

#[pymodule(gil_used = true)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    error::install_panic_hook();
    arcgrad::storage::set_wait_hook(error::wait_without_gil);
    warning::install();
    tensor::init(module.py())?;
    module.add_class::<tensor::PyTensor>()?;
    dtype::register(module)?;
    size::register(module)?;
    device::register(module)?;
    random::register(module)?;
    print::register(module)?;
    data::register(module)?;
    construct::register(module)?;
    conversion::register(module)?;
    storage::register(module)?;
    safetensors::register(module)?;
    module::register(module)?;
    optim::register(module)?;
    overrides::register(module)?;
    hosted::register(module)?;
    autograd::register(module)?;
    dispatch::register(module)
}
