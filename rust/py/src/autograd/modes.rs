//! Grad mode, inference mode, anomaly mode: queries, switches, and the context managers' fast part.

use arcgrad::graph::{self, Modes, modes, set_modes};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use smallvec::SmallVec;

const GRAD: Modes = Modes::NO_GRAD;
const ANOMALY: [Modes; 2] = [Modes::ANOMALY, Modes::CHECK_NAN];

/// Which modes a guard switches.
#[derive(Clone, Copy)]
enum Switch {
    Grad(bool),
    Inference(bool),
    Anomaly { on: bool, check_nan: bool },
    Forward(bool),
}

impl Switch {
    fn apply(self) -> Modes {
        let old = modes();
        set_modes(match self {
            Self::Grad(on) => old.with(GRAD, !on),
            // As in PyTorch, inference_mode(False) is normal mode: it records.
            Self::Inference(on) => old.with(Modes::INFERENCE, on).with(GRAD, on),
            Self::Anomaly { on, check_nan } => old.with(ANOMALY[0], on).with(ANOMALY[1], on && check_nan),
            Self::Forward(on) => old.with(Modes::NO_TANGENTS, !on),
        });
        old
    }

    /// Puts back what this switches, and nothing else.
    fn restore(self, old: Modes) {
        let own: &[Modes] = match self {
            Self::Grad(_) => &[GRAD],
            Self::Inference(_) => &[Modes::INFERENCE, GRAD],
            Self::Anomaly { .. } => &ANOMALY,
            Self::Forward(_) => &[Modes::NO_TANGENTS],
        };
        set_modes(own.iter().fold(modes(), |now, &mode| now.with(mode, old.any(mode))));
    }
}

/// Switches a mode in a ``with`` block; the same object may be entered again, also inside itself.
#[pyclass(frozen, subclass, module = "arcgrad.autograd.grad_mode")]
pub struct ModeGuard {
    switch: Switch,
    entered: Mutex<SmallVec<[Modes; 2]>>,
}

impl ModeGuard {
    fn of(switch: Switch) -> Self {
        Self { switch, entered: Mutex::new(SmallVec::new()) }
    }
}

#[pymethods]
impl ModeGuard {
    /// ``kind`` is ``"grad"``, ``"inference"``, ``"anomaly"`` or ``"forward"``.
    #[new]
    #[pyo3(signature = (kind, on, check_nan = true))]
    fn new(kind: &str, on: bool, check_nan: bool) -> PyResult<Self> {
        Ok(Self::of(match kind {
            "grad" => Switch::Grad(on),
            "inference" => Switch::Inference(on),
            "anomaly" => Switch::Anomaly { on, check_nan },
            "forward" => Switch::Forward(on),
            _ => return Err(pyo3::exceptions::PyValueError::new_err(format!("no mode of this kind: {kind:?}"))),
        }))
    }

    fn __enter__(&self) {
        let old = self.switch.apply();
        self.entered.lock().push(old);
    }

    #[pyo3(signature = (*_exc_info))]
    fn __exit__(&self, _exc_info: &Bound<'_, PyTuple>) {
        let old = self.entered.lock().pop();
        if let Some(old) = old {
            self.switch.restore(old);
        }
    }
}

/// Return whether operations are recorded on this thread, unless it is in inference mode.
#[pyfunction]
fn is_grad_enabled() -> bool {
    !modes().any(GRAD)
}

/// Switch recording on this thread; returns whether it was on.
#[pyfunction]
fn switch_grad(on: bool) -> bool {
    graph::set_grad_enabled(on)
}

/// Return whether operations compute tangents on this thread.
#[pyfunction]
fn is_forward_enabled() -> bool {
    !modes().any(Modes::NO_TANGENTS)
}

/// Return whether inference mode is on.
#[pyfunction]
fn is_inference_mode_enabled() -> bool {
    modes().any(Modes::INFERENCE)
}

/// Return whether anomaly mode is on.
#[pyfunction]
fn is_anomaly_enabled() -> bool {
    modes().any(Modes::ANOMALY)
}

/// Return whether anomaly mode looks for NaN.
#[pyfunction]
fn is_anomaly_check_nan_enabled() -> bool {
    modes().any(Modes::CHECK_NAN)
}

/// Switch anomaly mode on this thread.
#[pyfunction]
fn switch_anomaly(on: bool, check_nan: bool) {
    Switch::Anomaly { on, check_nan }.apply();
}

/// Switch, on this thread, whether views that are made again are made as at first; returns whether it was on.
#[pyfunction]
fn switch_view_replay(on: bool) -> bool {
    set_modes(modes().with(Modes::VIEW_REPLAY, on)).any(Modes::VIEW_REPLAY)
}

/// Return whether views that are made again are made as they were at first.
#[pyfunction]
fn is_view_replay_enabled() -> bool {
    modes().any(Modes::VIEW_REPLAY)
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ModeGuard>()?;
    module.add_function(wrap_pyfunction!(is_grad_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(is_forward_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(is_inference_mode_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(is_anomaly_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(is_anomaly_check_nan_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(switch_grad, module)?)?;
    module.add_function(wrap_pyfunction!(switch_view_replay, module)?)?;
    module.add_function(wrap_pyfunction!(is_view_replay_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(switch_anomaly, module)?)
}
