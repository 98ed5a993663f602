//! Which line of the Python program is to blame: the innermost frame outside this library, as eight bytes.
//!
//! Within a frame the answer costs three calls into the interpreter and a comparison. Code objects are kept in a table
//! that owns them (a freed address is soon reused) and is bounded; when it is full, file and line are kept instead.
//! Frames of this library are passed over outwards; that needs nothing from its Python code.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::num::NonZeroU64;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arcgrad::graph::Blame;
use arcgrad::graph::provenance::{Host, Line, set_host};
use parking_lot::Mutex;
use pyo3::ffi;
use pyo3::prelude::*;

use super::interpreter::is_detached;

/// Most code objects kept alive: more than large programs run through tensors, a few dozen megabytes at the worst.
const MAX_CODES: usize = 1 << 14;

/// Most file names kept for code that found the table full (notebooks and generated code that go on for days).
const MAX_FILES: usize = 1 << 18;

/// A place is `code << 31 | instruction`, or, with this bit, `file << 32 | line`. Numbers of codes and files start at
/// 1, so that no place is 0, and stay below the bit.
const BY_LINE: u64 = 1 << 62;

/// Bits of the instruction offset.
const INSTRUCTION_BITS: u32 = 31;

/// What is cached about a code object of this library.
const LIBRARY: u64 = u64::MAX;

/// Code objects remembered beside the last one.
const CACHED: usize = 64;

type Frame = *mut c_void;
type Code = *mut ffi::PyObject;

/// Functions on frames. Some are outside the stable ABI, so they are looked up when the module is imported.
struct Frames {
    code: unsafe extern "C" fn(Frame) -> Code,
    back: unsafe extern "C" fn(Frame) -> Frame,
    line: unsafe extern "C" fn(Frame) -> c_int,
    /// Instruction offset and its line; without them line numbers are stored at once.
    instruction: Option<Instructions>,
}

#[derive(Clone, Copy)]
struct Instructions {
    of_frame: unsafe extern "C" fn(Frame) -> c_int,
    to_line: unsafe extern "C" fn(Code, c_int) -> c_int,
}

static FRAMES: OnceLock<Frames> = OnceLock::new();

/// The package's directory, with a separator at its end.
static LIBRARY_DIRECTORY: OnceLock<String> = OnceLock::new();

#[derive(Default)]
struct Table {
    codes: Vec<Py<PyAny>>,
    by_address: HashMap<usize, u64>,
    files: Vec<String>,
    by_name: HashMap<String, u64>,
}

static TABLE: Mutex<Option<Table>> = Mutex::new(None);

/// A code object and its place without the instruction. Only touched by the thread that holds the interpreter, so the
/// two always belong together.
struct Known {
    code: AtomicUsize,
    place: AtomicU64,
}

impl Known {
    #[allow(clippy::declare_interior_mutable_const, reason = "a pattern to fill an array with, never read itself")]
    const NOTHING: Self = Self { code: AtomicUsize::new(0), place: AtomicU64::new(0) };

    #[inline]
    fn get(&self) -> (usize, u64) {
        (self.code.load(Ordering::Relaxed), self.place.load(Ordering::Relaxed))
    }

    #[inline]
    fn set(&self, code: usize, place: u64) {
        self.code.store(code, Ordering::Relaxed);
        self.place.store(place, Ordering::Relaxed);
    }
}

/// The last code object of the program.
static LAST: Known = Known::NOTHING;

/// Further ones, by address. Not per thread: a loaded module has little room for thread-local storage.
static CACHE: [Known; CACHED] = [const { Known::NOTHING }; CACHED];

thread_local! {
    /// While the graph runs code of the program: the frame below, and the place to name when no frame above it is the
    /// program's.
    static BOUNDARY: Cell<(Frame, u64)> = const { Cell::new((ptr::null_mut(), 0)) };
}

/// While alive, frames below the present one are not to blame: `inherited` is.
pub struct Boundary((Frame, u64));

impl Boundary {
    /// Draws the line at the present frame. The interpreter is held.
    pub fn here(inherited: Blame) -> Self {
        // SAFETY: the interpreter is held; the frame outlives this value, which lives within a call made from it.
        let frame = unsafe { ffi::PyEval_GetFrame() }.cast();
        Self(BOUNDARY.replace((frame, inherited.bits())))
    }
}

impl Drop for Boundary {
    fn drop(&mut self) {
        BOUNDARY.set(self.0);
    }
}

/// The innermost place of the program right now.
fn locate() -> u64 {
    let Some(frames) = FRAMES.get() else { return 0 };
    // Without the interpreter frames can't be looked at; whoever lets go of it notes the line before.
    if is_detached() {
        return 0;
    }
    // SAFETY: the interpreter is held: threads of this library that have none inherit a line, and do not come here.
    unsafe {
        let frame: Frame = ffi::PyEval_GetFrame().cast();
        let (boundary, inherited) = BOUNDARY.get();
        if frame.is_null() || frame == boundary {
            return inherited;
        }
        let code = (frames.code)(frame);
        // The frame keeps its code alive.
        ffi::Py_DECREF(code);
        let (last, place) = LAST.get();
        match frames.instruction {
            Some(instructions) if code as usize == last => at_instruction(instructions, frame, place),
            _ => search(frames, frame, code),
        }
    }
}

/// # Safety
/// `frame` is alive and the interpreter is held.
unsafe fn at_instruction(instructions: Instructions, frame: Frame, place: u64) -> u64 {
    // SAFETY: as the caller promises.
    let offset = unsafe { (instructions.of_frame)(frame) };
    place | u64::from(offset.max(0).cast_unsigned())
}

/// Walks outwards to the first frame that is not the library's; the innermost frame if there is none.
///
/// # Safety
/// `frame` is alive, runs `code`, and the interpreter is held.
#[inline(never)]
unsafe fn search(frames: &Frames, innermost: Frame, code: Code) -> u64 {
    let (boundary, inherited) = BOUNDARY.get();
    let (mut frame, mut code) = (innermost, code);
    // SAFETY: as the caller promises; `back` gives new references, which are given back. A frame that runs is kept
    // alive by the interpreter, so the reference may be given back before the frame is used.
    unsafe {
        loop {
            let known = lookup(code);
            if known != LIBRARY {
                return place_in(frames, frame, code, known);
            }
            frame = (frames.back)(frame);
            if frame.is_null() {
                break;
            }
            ffi::Py_DECREF(frame.cast());
            if frame == boundary {
                return inherited;
            }
            code = (frames.code)(frame);
            ffi::Py_DECREF(code);
        }
        // A program inside the package, such as the demonstration.
        if inherited != 0 { inherited } else { by_line(frames, innermost) }
    }
}

/// # Safety
/// As for [`search`].
unsafe fn place_in(frames: &Frames, frame: Frame, code: Code, known: u64) -> u64 {
    // SAFETY: as the caller promises.
    unsafe {
        match frames.instruction {
            Some(instructions) if known != 0 => {
                LAST.set(code as usize, known);
                at_instruction(instructions, frame, known)
            }
            _ => by_line(frames, frame),
        }
    }
}

/// The place of a code object without the instruction, [`LIBRARY`], or 0 when the table is full.
///
/// # Safety
/// `code` is a live code object and the interpreter is held.
unsafe fn lookup(code: Code) -> u64 {
    let address = code as usize;
    // Objects are 16-byte aligned; a second part of the address spreads those of one arena.
    let slot = ((address >> 4) ^ (address >> 10)) % CACHED;
    let (cached, place) = CACHE[slot].get();
    if cached == address {
        return place;
    }
    // SAFETY: as the caller promises.
    let place = unsafe { enter(code) };
    if place != 0 {
        // Only code the table owns is cached by address.
        CACHE[slot].set(address, place);
    }
    place
}

/// # Safety
/// As for [`lookup`].
#[cold]
unsafe fn enter(code: Code) -> u64 {
    let address = code as usize;
    // SAFETY: the interpreter is held.
    let py = unsafe { Python::assume_attached() };
    if let Some(place) = TABLE.lock().as_ref().and_then(|table| table.by_address.get(&address).copied()) {
        return place;
    }
    // SAFETY: the code object is alive.
    let code = unsafe { Bound::from_borrowed_ptr(py, code) };
    let is_library = file_of(&code).is_some_and(|file| is_library_file(&file));
    let mut table = TABLE.lock();
    let table = table.get_or_insert_default();
    if table.codes.len() == MAX_CODES {
        // The library's own code is always owned: there is not much of it, and it is passed over most often.
        if !is_library {
            return 0;
        }
    }
    table.codes.push(code.unbind());
    let place = if is_library { LIBRARY } else { (table.codes.len() as u64) << INSTRUCTION_BITS };
    table.by_address.insert(address, place);
    place
}

fn file_of(code: &Bound<'_, PyAny>) -> Option<String> {
    code.getattr("co_filename").ok()?.extract().ok()
}

fn is_library_file(file: &str) -> bool {
    LIBRARY_DIRECTORY.get().is_some_and(|directory| file.starts_with(directory))
}

/// # Safety
/// As for [`search`].
#[cold]
unsafe fn by_line(frames: &Frames, frame: Frame) -> u64 {
    // SAFETY: as the caller promises.
    let (line, file) = unsafe {
        let code = Bound::from_owned_ptr(Python::assume_attached(), (frames.code)(frame));
        ((frames.line)(frame), file_of(&code))
    };
    let Some(file) = file else { return 0 };
    let mut table = TABLE.lock();
    let table = table.get_or_insert_default();
    let number = match table.by_name.get(&file) {
        Some(&number) => number,
        None if table.files.len() == MAX_FILES => return 0,
        None => {
            table.files.push(file.clone());
            let number = table.files.len() as u64;
            table.by_name.insert(file, number);
            number
        }
    };
    BY_LINE | number << 32 | u64::from(line.max(0).cast_unsigned())
}

fn resolve(place: NonZeroU64) -> Option<Line> {
    let place = place.get();
    Python::attach(|py| {
        let (file, line) = if place & BY_LINE != 0 {
            let number = (place & !BY_LINE) >> 32;
            let file = TABLE.lock().as_ref()?.files.get(number as usize - 1)?.clone();
            (file, place as u32)
        } else {
            let number = place >> INSTRUCTION_BITS;
            let code = TABLE.lock().as_ref()?.codes.get(number as usize - 1)?.clone_ref(py);
            let instructions = FRAMES.get()?.instruction?;
            let offset = (place & ((1 << INSTRUCTION_BITS) - 1)) as c_int;
            // SAFETY: the code object is alive and the interpreter is held.
            let line = unsafe { (instructions.to_line)(code.as_ptr(), offset) };
            (file_of(code.bind(py))?, u32::try_from(line).ok()?)
        };
        // An error may be on its way; reading the source must not disturb it.
        let pending = PyErr::take(py);
        let text = source_line(py, &file, line);
        if let Some(error) = pending {
            error.restore(py);
        }
        Some(Line { file, line, text })
    })
}

fn source_line(py: Python<'_>, file: &str, line: u32) -> Option<String> {
    let text: String = py
        .import("linecache")
        .and_then(|linecache| linecache.call_method1("getline", (file, line)))
        .ok()?
        .extract()
        .ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(unix)]
unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// A function of the interpreter that runs.
#[cfg(unix)]
fn symbol(name: &CStr) -> Option<*mut c_void> {
    // "Everything loaded", as <dlfcn.h> defines it.
    const EVERYTHING: *mut c_void =
        if cfg!(target_os = "macos") { ptr::without_provenance_mut(-2_isize as usize) } else { ptr::null_mut() };
    // SAFETY: the name ends in a zero byte; the result is only used as what the name says.
    let found = unsafe { dlsym(EVERYTHING, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}

#[cfg(not(unix))]
fn symbol(_name: &CStr) -> Option<*mut c_void> {
    None
}

/// Looks the functions up.
fn frames() -> Option<Frames> {
    // SAFETY: the signatures are those of CPython's `frameobject.h` and `code.h`, the same since 3.11.
    unsafe {
        let instruction = match (symbol(c"PyFrame_GetLasti"), symbol(c"PyCode_Addr2Line")) {
            (Some(of_frame), Some(to_line)) => Some(Instructions {
                of_frame: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Frame) -> c_int>(of_frame),
                to_line: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Code, c_int) -> c_int>(to_line),
            }),
            _ => None,
        };
        Some(Frames {
            code: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Frame) -> Code>(symbol(c"PyFrame_GetCode")?),
            back: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Frame) -> Frame>(symbol(c"PyFrame_GetBack")?),
            line: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(Frame) -> c_int>(symbol(
                c"PyFrame_GetLineNumber",
            )?),
            instruction,
        })
    }
}

/// Begin to note lines; code in files under ``directory`` is the library's.
#[pyfunction]
fn install_blame(directory: &str) {
    let _ = LIBRARY_DIRECTORY.set(format!(
        "{}{}",
        directory.trim_end_matches(std::path::is_separator),
        std::path::MAIN_SEPARATOR
    ));
    if let Some(frames) = frames() {
        let _ = FRAMES.set(frames);
    }
    // Also where frames can't be looked at: a Python program is not to be shown lines of Rust.
    set_host(Host { locate, resolve });
}

/// File, line and text of the line that called, as errors would show it.
#[pyfunction]
fn current_line() -> Option<(String, u32, Option<String>)> {
    Blame::here().resolve().map(|line| (line.file, line.line, line.text))
}

/// Nanoseconds it takes to find the present line ``count`` times.
#[pyfunction]
fn time_blame(count: u32) -> u64 {
    let start = std::time::Instant::now();
    for _ in 0..count {
        std::hint::black_box(Blame::here());
    }
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Adds this file's names to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(install_blame, module)?)?;
    module.add_function(wrap_pyfunction!(current_line, module)?)?;
    module.add_function(wrap_pyfunction!(time_blame, module)?)
}
