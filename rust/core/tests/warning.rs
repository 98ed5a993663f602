//! Warnings reach the host, which may make errors of them. One test: a process has one host.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use arcgrad::ops::nn::loss::{self, Reduction};
use arcgrad::{Error, Result, Tensor, warning};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static REFUSE: AtomicBool = AtomicBool::new(false);

fn host(op: &'static str, text: &str) -> Result<()> {
    SEEN.lock().unwrap().push(format!("{op}: {text}"));
    if REFUSE.load(Ordering::Relaxed) { Err(Error::runtime(op, "refused")) } else { Ok(()) }
}

#[test]
fn a_host_sees_warnings_and_may_make_errors_of_them() -> Result<()> {
    let column = Tensor::from_slice(&[1.0_f32, 2.0], &[2, 1])?;
    let row = Tensor::from_slice(&[1.0_f32, 2.0], &[2])?;
    // Without a host nothing is said.
    assert_eq!(loss::mse_loss(&column, &row, None, Reduction::Sum)?.item()?.to_f64(), 2.0);
    warning::set_hook(host);
    loss::mse_loss(&row, &row, None, Reduction::Sum)?;
    assert!(SEEN.lock().unwrap().is_empty());
    loss::mse_loss(&column, &row, None, Reduction::Sum)?;
    let seen = SEEN.lock().unwrap().join("\n");
    assert!(
        seen.starts_with("mse_loss: Using a target size ([2]) that is different to the input size ([2, 1])"),
        "{seen}"
    );
    REFUSE.store(true, Ordering::Relaxed);
    let error = loss::mse_loss(&column, &row, None, Reduction::Sum).unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    Ok(())
}
