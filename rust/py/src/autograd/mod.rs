//! The graph as Python sees it: nodes, hooks, modes, backward, custom functions, the cycle collector's view, blame.

use pyo3::prelude::*;

mod autocast;
pub mod backward;
pub mod blame;
pub mod collect;
pub mod explain;
pub mod function;
pub mod hooks;
pub mod interpreter;
pub mod levels;
pub mod modes;
pub mod node;
pub mod saved;
mod tensor;
mod watch;

/// Adds the submodule `_core._autograd`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let ours = PyModule::new(py, "_autograd")?;
    node::register(&ours)?;
    hooks::register(&ours)?;
    levels::register(&ours)?;
    autocast::register(&ours)?;
    modes::register(&ours)?;
    backward::register(&ours)?;
    function::register(&ours)?;
    saved::register(&ours)?;
    blame::register(&ours)?;
    explain::register(&ours)?;
    watch::register(&ours)?;
    module.add_submodule(&ours)?;
    // So that `from arcgrad._core._autograd import …` finds it.
    py.import("sys")?.getattr("modules")?.set_item("arcgrad._core._autograd", &ours)
}
