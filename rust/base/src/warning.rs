//! Warnings: of what is computed all the same, but is probably not what was meant. The host shows them; without one
//! they are not even put into words.

use std::sync::OnceLock;

use crate::error::Result;

/// Shows the text of a warning. It runs code of the host, which may turn the warning into an error; the operation then
/// ends with it.
pub type Hook = fn(op: &'static str, text: &str) -> Result<()>;

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Installs the function that shows warnings.
pub fn set_hook(hook: Hook) {
    // A second installation (the module imported twice) installs the same function.
    let _ = HOOK.set(hook);
}

static REPORT: OnceLock<fn(text: &str)> = OnceLock::new();

/// Installs the function that shows warnings about an error which is under way.
pub fn set_report_hook(hook: fn(text: &str)) {
    let _ = REPORT.set(hook);
}

/// Warns about an error that is under way, and that no other may replace.
#[cold]
pub fn report(text: impl FnOnce() -> String) {
    if let Some(hook) = REPORT.get() {
        hook(&text());
    }
}

/// Warns. Operations do so before they take any lock or state, and before anything is changed.
///
/// # Errors
/// What the host makes of the warning.
#[cold]
pub fn warn(op: &'static str, text: impl FnOnce() -> String) -> Result<()> {
    HOOK.get().map_or(Ok(()), |hook| hook(op, &text()))
}
