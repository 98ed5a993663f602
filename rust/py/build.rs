//! How the extension is linked: what is alike lies side by side, for which a compressed wheel is smaller by a tenth. The linker
//! of the Rust toolchain knows how to; others may not, and are not asked.

use std::path::PathBuf;
use std::process::Command;

const WISH: &str = "-Wl,--bp-compression-sort=both";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if environment("PROFILE") == "release" && environment("CARGO_CFG_TARGET_OS") == "linux" && is_understood() {
        println!("cargo:rustc-cdylib-link-arg={WISH}");
    }
}

fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Whether a library of nothing is linked so.
fn is_understood() -> bool {
    let folder = PathBuf::from(environment("OUT_DIR"));
    let source = folder.join("nothing.rs");
    if std::fs::write(&source, "").is_err() {
        return false;
    }
    let mut compiler = Command::new(environment("RUSTC"));
    compiler.args(["--crate-type=cdylib", "--target", &environment("TARGET"), "-C", &format!("link-arg={WISH}")]);
    let linker = environment("RUSTC_LINKER");
    if !linker.is_empty() {
        compiler.args(["-C", &format!("linker={linker}")]);
    }
    let flags = environment("CARGO_ENCODED_RUSTFLAGS");
    compiler.args(flags.split('\x1f').filter(|flag| !flag.is_empty()));
    compiler.arg("-o").arg(folder.join("nothing.so")).arg(source);
    compiler.output().is_ok_and(|result| result.status.success())
}
