//! Capture: what a piece of program does, written down operation by operation as it runs, to be read and run again.
//!
//! A trace is a list of steps over numbered values. A value is an array: what a step makes, or what was there before and is
//! read from where it lies, so that steps that write to it (an optimizer's) go on from one run to the next. What cannot be
//! written down (data that the program looks at, code of the host, operations that draw random numbers) ends the capture with
//! an error that names its line.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::mode::{ModeGuard, Modes, modes};
use super::op::{Arrays, Inputs, Primitive};
use super::provenance::Blame;
use crate::array::Array;
use crate::error::{Error, Result};

/// A value of a trace, by number.
type ValueId = usize;

/// What a step runs: the arrays it makes of the arrays it reads. One that writes makes none.
type Run = Arc<dyn Fn(&Inputs<'_>) -> Result<Arrays> + Send + Sync>;

struct Step {
    run: Run,
    /// The operation with its attributes.
    text: String,
    blame: Blame,
    inputs: SmallVec<[Option<ValueId>; 4]>,
    outputs: SmallVec<[ValueId; 2]>,
    /// How many of the inputs, from the first, are written to.
    writes: usize,
    /// Values that nobody reads behind this step.
    last: SmallVec<[ValueId; 2]>,
}

/// A captured piece of program.
pub struct Trace {
    steps: Vec<Step>,
    /// Shape and dtype of each value, for reading.
    metas: Vec<String>,
    /// What was there before.
    constants: Vec<(ValueId, Array)>,
    values: usize,
}

/// Which memory an array shows, and how.
#[derive(PartialEq, Eq, Hash)]
struct Key(usize, usize, SmallVec<[usize; 4]>, SmallVec<[isize; 4]>, crate::dtype::DType);

impl Key {
    fn of(array: &Array) -> Self {
        let (shape, strides) = (SmallVec::from_slice(array.shape()), SmallVec::from_slice(array.strides()));
        Self(array.storage().identity(), array.offset(), shape, strides, array.dtype())
    }
}

/// A capture that is under way.
#[derive(Default)]
struct Recorder {
    steps: Vec<Step>,
    numbers: FxHashMap<Key, ValueId>,
    /// All arrays seen: while they live, no other has their memory.
    arrays: Vec<Array>,
    constants: Vec<ValueId>,
    /// An in-place operation that has been announced, and not been written down.
    announced: Option<(&'static str, Blame)>,
    /// Why this cannot become a trace.
    broken: Option<Box<Error>>,
}

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

impl Recorder {
    fn value(&mut self, array: &Array, made: bool) -> ValueId {
        if let Some(&known) = self.numbers.get(&Key::of(array)) {
            return known;
        }
        let id = self.arrays.len();
        self.numbers.insert(Key::of(array), id);
        self.arrays.push(array.clone());
        if !made {
            self.constants.push(id);
        }
        id
    }

    fn check_announced(&mut self) {
        if let Some((op, blame)) = self.announced.take() {
            self.break_off(op, blame, "is an in-place operation that cannot be captured");
        }
    }

    fn break_off(&mut self, op: &'static str, blame: Blame, why: &str) {
        if self.broken.is_none() {
            let text = format!("{op} {why}\n  at {}", blame.describe());
            self.broken = Some(Error::runtime("capture", text));
        }
    }
}

fn with_recorder(body: impl FnOnce(&mut Recorder)) {
    RECORDER.with(|recorder| {
        if let Some(recorder) = recorder.borrow_mut().as_mut() {
            body(recorder);
        }
    });
}

/// Runs `body` and writes down what it does.
///
/// # Errors
/// Those of `body`; and when it does what cannot be captured.
pub fn capture<R>(body: impl FnOnce() -> Result<R>) -> Result<(R, Trace)> {
    struct Restore(Option<Recorder>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let own = RECORDER.with(|recorder| std::mem::replace(&mut *recorder.borrow_mut(), self.0.take()));
            drop(own);
        }
    }
    if modes().any(Modes::CAPTURE) {
        return Err(Error::runtime("capture", "a capture is under way on this thread already"));
    }
    let _restore = Restore(RECORDER.with(|recorder| recorder.borrow_mut().replace(Recorder::default())));
    let result = {
        let _mode = ModeGuard::with(Modes::CAPTURE, true);
        body()?
    };
    let recorder = RECORDER.with(|recorder| recorder.borrow_mut().take());
    let mut recorder = recorder.expect("put there above");
    recorder.check_announced();
    match recorder.broken.take() {
        Some(error) => Err(error),
        None => Ok((result, Trace::new(recorder))),
    }
}

/// While a step runs, what it is made of is not written down.
pub(super) fn aside<R>(body: impl FnOnce() -> R) -> R {
    let _mode = ModeGuard::with(Modes::CAPTURE, false);
    body()
}

/// Writes down an operation that has run.
#[cold]
#[track_caller]
pub(crate) fn note<O: Primitive>(op: &O, inputs: &[Option<&Array>], outputs: &[Array]) {
    let (text, op) = (format!("{op:?}"), op.clone());
    note_step(text, Arc::new(move |inputs| op.eval(inputs)), inputs, outputs);
}

/// [`note`] of any operation.
#[inline(never)]
#[track_caller]
fn note_step(text: String, run: Run, inputs: &[Option<&Array>], outputs: &[Array]) {
    let blame = Blame::here();
    with_recorder(|recorder| {
        recorder.check_announced();
        let inputs = inputs.iter().map(|input| input.map(|input| recorder.value(input, false))).collect();
        let outputs = outputs.iter().map(|output| recorder.value(output, true)).collect();
        recorder.steps.push(Step { run, text, blame, inputs, outputs, writes: 0, last: SmallVec::new() });
    });
}

/// Writes down an operation that has written to the first `writes` of its inputs.
#[cold]
#[track_caller]
pub(crate) fn note_write(
    text: impl Into<String>,
    inputs: &[Option<&Array>],
    writes: usize,
    run: impl Fn(&Inputs<'_>) -> Result<()> + Send + Sync + 'static,
) {
    let (blame, text) = (Blame::here(), text.into());
    let run: Run = Arc::new(move |inputs| run(inputs).map(|()| Arrays::new()));
    with_recorder(|recorder| {
        recorder.announced = None;
        let inputs = inputs.iter().map(|input| input.map(|input| recorder.value(input, false))).collect();
        recorder.steps.push(Step { run, text, blame, inputs, outputs: SmallVec::new(), writes, last: SmallVec::new() });
    });
}

/// An in-place operation is about to run: if it is not written down, there is no trace.
#[cold]
#[track_caller]
pub(super) fn announce_write(op: &'static str) {
    let blame = Blame::here();
    with_recorder(|recorder| {
        // One operation may write to several tensors.
        recorder.announced.get_or_insert((op, blame));
    });
}

/// Something that cannot be captured happens.
#[cold]
#[track_caller]
pub fn barrier(op: &'static str, why: &str) {
    let blame = Blame::here();
    with_recorder(|recorder| recorder.break_off(op, blame, why));
}

impl Trace {
    fn new(recorder: Recorder) -> Self {
        let Recorder { mut steps, arrays, constants, .. } = recorder;
        let mut seen = vec![false; arrays.len()];
        for &constant in &constants {
            seen[constant] = true;
        }
        for step in steps.iter_mut().rev() {
            for &value in step.inputs.iter().flatten().chain(&step.outputs) {
                if !std::mem::replace(&mut seen[value], true) {
                    step.last.push(value);
                }
            }
        }
        let metas = arrays.iter().map(|array| format!("{}{:?}", array.dtype(), array.shape())).collect();
        let values = arrays.len();
        let constants = constants.into_iter().map(|id| (id, arrays[id].clone())).collect();
        Self { steps, metas, constants, values }
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing was done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Does it once more. What was there before the capture is read and written where it lies.
    ///
    /// # Errors
    /// Those of the operations.
    pub fn replay(&self) -> Result<()> {
        let _off = super::mode::no_grad();
        let mut values: Vec<Option<Array>> = vec![None; self.values];
        for (id, array) in &self.constants {
            values[*id] = Some(array.clone());
        }
        for step in &self.steps {
            let outputs = {
                let inputs = step.inputs.iter().map(|input| input.and_then(|input| values[input].as_ref())).collect();
                (step.run)(&Inputs(inputs))?
            };
            for (id, output) in step.outputs.iter().zip(outputs) {
                values[*id] = Some(output);
            }
            for &id in &step.last {
                values[id] = None;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, _) in &self.constants {
            writeln!(f, "v{id}: {} is given", self.metas[*id])?;
        }
        for step in &self.steps {
            let names = |values: &mut dyn Iterator<Item = Option<ValueId>>| {
                let names: Vec<String> =
                    values.map(|value| value.map_or_else(|| "-".to_owned(), |value| format!("v{value}"))).collect();
                names.join(", ")
            };
            if step.writes == 0 {
                let outputs: Vec<String> =
                    step.outputs.iter().map(|&value| format!("v{value}: {}", self.metas[value])).collect();
                write!(f, "{} = {}", outputs.join(", "), step.text)?;
            } else {
                let written = names(&mut step.inputs[..step.writes].iter().copied());
                write!(f, "{written} <- {}", step.text)?;
            }
            writeln!(f, " of ({})  # {}", names(&mut step.inputs.iter().copied()), step.blame.describe())?;
        }
        Ok(())
    }
}
