//! Rules about the sources that no call of the library can show.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Outside of code compiled for a processor that has the instruction, a fused multiply-add is a call into a library,
/// ninety times slower. Only the rooms whose loops are dispatched may use it.
#[test]
fn fused_multiply_add_is_for_dispatched_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50);
    for file in files {
        let within = file.strip_prefix(&root).unwrap();
        // Formulas are written over a trait, compiled into dispatched loops; its reading over tensors is an operation like
        // any other.
        let formulas = ["arithmetic.rs", "exponential.rs", "special.rs", "traced.rs"]
            .map(|name| Path::new("core/src/ops/elementwise").join(name));
        let is_test = within.ends_with("tests.rs") || within.components().any(|part| part.as_os_str() == "tests");
        let dispatched = within.starts_with("kernels") || within.starts_with("core/src/random");
        let allowed = dispatched || is_test || formulas.iter().any(|formula| formula == within);
        let text = fs::read_to_string(&file).unwrap();
        assert!(allowed || !text.contains("mul_add("), "mul_add in {}", within.display());
    }
}

/// Whether a text has a word that stands alone.
fn has_word(text: &str, word: &str) -> bool {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(part) && !text[at + word.len()..].chars().next().is_some_and(part)
    })
}

/// Operations touch no address, hold no state and ask for no mode by themselves: kernels are safe functions over operands, `launch`
/// makes operands of arrays while their state is held, and `call` sees to what is recorded.
#[test]
fn operations_touch_no_memory() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["unsafe", "Access", "is_recorded", "is_grad_enabled"] {
            assert!(!has_word(&text, word), "{word} in {}", file.display());
        }
    }
    assert!(has_word("an unsafe fn", "unsafe") && !has_word("unsafe_view", "unsafe"));
}

/// Kernels of `faer` are instantiated, at the cost of seconds and bytes, in the crate for decompositions alone.
#[test]
fn kernels_of_libraries_are_called_in_one_crate() {
    let (mut files, mut files_of_linalg) = (Vec::new(), Vec::new());
    for room in ["../base/src", "../kernels/src", "src"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(room), &mut files);
    }
    let names_faer = |file: &PathBuf| has_word(&fs::read_to_string(file).unwrap(), "faer");
    let callers: Vec<PathBuf> = files.into_iter().filter(names_faer).collect();
    assert!(callers.is_empty(), "{callers:?}");
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../linalg/src"), &mut files_of_linalg);
    assert!(files_of_linalg.iter().any(names_faer));
}

/// A function's address goes to the interpreter only where its C type decides what it is used for.
#[test]
fn functions_become_untyped_pointers_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../py/src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let allowed = file.ends_with("capi.rs");
        for untyped in ["PyMethodDef {", "PyType_Slot {", " as *mut c_void", " as *const c_void"] {
            assert!(allowed || !text.contains(untyped), "{untyped:?} in {}", file.display());
        }
    }
}
