//! Recurrences over whole sequences of one length as one operation: LSTM and GRU, going one way.
//!
//! The input comes multiplied by its weights; see `nn._recurrence`, which also has what this is not for: sequences of
//! different lengths and projected states.

use smallvec::{SmallVec, smallvec};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::graph::call::call_with;
use crate::graph::op::{Arrays, Inputs, Keep, Op, Tensors};
use crate::graph::rules::{Backward, From};
use crate::graph::{Modes, flat, modes};
use crate::kernels::sequence::{self as kernel, Cell, Given, Gradients, KEPT, Known, SequenceSize};
use crate::launch::launch;
use crate::ops::arranging::joining;
use crate::ops::reductions::reduce;
use crate::ops::{matmul, views};
use crate::tensor::Tensor;

/// A recurrence. Inputs are what the input has to say (`steps · batch × gates · hidden`, the rows of the first step first),
/// the hidden state at the start, the cell state at the start of an LSTM, the weights of the hidden state, and the bias of a
/// GRU, if there is one. Results are the hidden states, the last cell state of an LSTM, and for backward alone its cell states
/// and what else is kept.
#[derive(Clone, PartialEq, Debug)]
struct Sequence {
    cell: Cell,
    reverse: bool,
    has_bias: bool,
}

const X: usize = 0;
const H0: usize = 1;
const C0: usize = 2;
const W: usize = 3;
const B: usize = 4;
/// Number of inputs, given or not.
const INPUTS: usize = 5;

impl Sequence {
    fn op(&self) -> &'static str {
        match self.cell {
            Cell::Lstm => "lstm",
            Cell::Gru => "gru",
        }
    }

    fn is_lstm(&self) -> bool {
        self.cell == Cell::Lstm
    }

    /// Whether this is an input.
    fn has(&self, input: usize) -> bool {
        match input {
            C0 => self.is_lstm(),
            B => self.has_bias,
            _ => true,
        }
    }

    /// The sizes, if the inputs are such.
    fn size(&self, shapes: [Option<&[usize]>; INPUTS]) -> Option<SequenceSize> {
        let (Some(&[rows, width]), Some(&[batch, hidden])) = (shapes[X], shapes[H0]) else { return None };
        let gates = self.cell.gates();
        let fits = batch * hidden * rows > 0
            && rows.is_multiple_of(batch)
            && width == gates * hidden
            && shapes[W].is_some_and(|shape| *shape == [width, hidden])
            && shapes[C0].is_some() == self.is_lstm()
            && shapes[C0].is_none_or(|shape| *shape == [batch, hidden])
            && shapes[B].is_some() == self.has_bias
            && shapes[B].is_none_or(|shape| *shape == [width]);
        let size = SequenceSize { cell: self.cell, steps: rows / batch, batch, hidden, reverse: self.reverse };
        fits.then_some(size)
    }

    /// The inputs in memory, and their sizes.
    fn operands(&self, inputs: &[Option<&Array>]) -> Result<(SmallVec<[Option<Array>; INPUTS]>, SequenceSize)> {
        let mut arrays: SmallVec<[Option<Array>; INPUTS]> = SmallVec::new();
        for input in &inputs[..INPUTS] {
            arrays.push(input.map(|array| array.contiguous(self.op())).transpose()?);
        }
        let size = self.size(std::array::from_fn(|input| arrays[input].as_ref().map(Array::shape)));
        let dtypes = || arrays.iter().flatten().map(Array::dtype);
        match size {
            Some(size) if dtypes().all(|dtype| dtype.is_float() && Some(dtype) == dtypes().next()) => {
                Ok((arrays, size))
            }
            _ => Err(Error::runtime(
                self.op(),
                "expected rows of gates for all steps, states of as many sequences, weights of the states, all of one \
                 floating point dtype, and nothing empty",
            )),
        }
    }

    /// What backward needs beside the inputs: the numbers of the results.
    fn kept(&self) -> SmallVec<[usize; 3]> {
        if self.is_lstm() { smallvec![0, 2, 3] } else { smallvec![0, 1] }
    }
}

/// One step as tensors, for gradients of gradients: the gates, then the states before it.
struct Step {
    gates: Vec<Tensor>,
    /// `tanh` of the next cell state, of an LSTM; the hidden state's part in the third gate, of a GRU.
    extra: Tensor,
    hidden: Tensor,
    cell: Option<Tensor>,
}

impl Sequence {
    /// The formula, step by step in the order of computation: the steps, the hidden states in the order of their rows, and
    /// the last cell state.
    fn composed(&self, inputs: &[Option<&Tensor>]) -> Result<(Vec<Step>, Tensor, Option<Tensor>)> {
        let given = |input: usize| inputs[input].expect("an input that always is given");
        let (x, h0, across) = (given(X), given(H0), views::t(given(W))?);
        let batch = h0.shape()[0] as i64;
        let mut of_steps = views::split(x, batch, 0)?;
        if self.reverse {
            of_steps.reverse();
        }
        let (mut hidden, mut cell) = (h0.clone(), inputs[C0].cloned());
        let (mut steps, mut outputs) = (Vec::new(), Vec::new());
        for of_input in &of_steps {
            let product = matmul::mm(&hidden, &across)?;
            let step = match &cell {
                Some(last) => {
                    let sums = views::chunk(&of_input.add(&product)?, 4, 1)?;
                    let (enter, keep) = (sums[0].sigmoid()?, sums[1].sigmoid()?);
                    let (new, leave) = (sums[2].tanh()?, sums[3].sigmoid()?);
                    let next = keep.mul(last)?.add(&enter.mul(&new)?)?;
                    let extra = next.tanh()?;
                    let step = Step { gates: vec![enter, keep, new, leave], extra, hidden, cell: Some(last.clone()) };
                    hidden = step.gates[3].mul(&step.extra)?;
                    cell = Some(next);
                    step
                }
                None => {
                    let product = match inputs[B] {
                        Some(bias) => product.add(bias)?,
                        None => product,
                    };
                    let (x, u) = (views::chunk(of_input, 3, 1)?, views::chunk(&product, 3, 1)?);
                    let (reset, update) = (x[0].add(&u[0])?.sigmoid()?, x[1].add(&u[1])?.sigmoid()?);
                    let new = x[2].add(&reset.mul(&u[2])?)?.tanh()?;
                    let next = new.add(&update.mul(&hidden.sub(&new)?)?)?;
                    let last = std::mem::replace(&mut hidden, next);
                    Step { gates: vec![reset, update, new], extra: u[2].clone(), hidden: last, cell: None }
                }
            };
            steps.push(step);
            outputs.push(hidden.clone());
        }
        if self.reverse {
            outputs.reverse();
        }
        Ok((steps, joining::cat(&outputs, 0)?, cell))
    }
}

/// `t · (1 − t)`, the slope of a sigmoid that is t.
fn sigmoid_slope(t: &Tensor) -> Result<Tensor> {
    t.sub(&t.mul(t)?)
}

/// `g · (1 − t²)`, the gradient under a tanh that is t.
fn under_tanh(g: &Tensor, t: &Tensor) -> Result<Tensor> {
    g.sub(&g.mul(t)?.mul(t)?)
}

impl Op for Sequence {
    fn name(&self) -> &str {
        match self.cell {
            Cell::Lstm => "LstmSequenceBackward0",
            Cell::Gru => "GruSequenceBackward0",
        }
    }

    fn differentiable(&self) -> usize {
        if self.is_lstm() { 2 } else { 1 }
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let op = self.op();
        let (arrays, size) = self.operands(&std::array::from_fn::<_, INPUTS, _>(|input| inputs.get(input)))?;
        let [x, h0, c0, w, b] = [X, H0, C0, W, B].map(|input| arrays[input].as_ref());
        let dtype = x.map(Array::dtype).expect("an input that always is given");
        let rows = size.steps * size.batch;
        let output = Array::uninit(op, &[rows, size.hidden], dtype)?;
        let kept = Array::uninit(op, &[rows, KEPT * size.hidden], dtype)?;
        let cells = if self.is_lstm() { Some(Array::uninit(op, &[rows, size.hidden], dtype)?) } else { None };
        launch(
            ([x, h0, w], [c0, b]),
            ([&output, &kept], cells.as_ref()),
            |([x, h0, w], [c0, b]), ([h, kept], cells)| {
                let [Some(input), Some(hidden), Some(weight)] = [x, h0, w] else {
                    unreachable!("these are always given")
                };
                kernel::sequence(&size, Given { input, hidden, cell: c0, weight, bias: b }, h, cells, kept);
            },
        );
        let Some(cells) = cells else { return Ok(smallvec![output, kept]) };
        let last = if self.reverse { 0 } else { rows - size.batch };
        let last = cells.slice(0, last, size.batch, 1).duplicate_row_major(op)?;
        Ok(smallvec![output, last, cells, kept])
    }

    fn keeps(&mut self, _: &dyn Fn(usize) -> bool) -> SmallVec<[Keep; 4]> {
        let inputs = (0..INPUTS).filter(|&input| self.has(input)).map(Keep::Input);
        inputs.chain(self.kept().into_iter().map(Keep::Output)).collect()
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let mut from: SmallVec<[From; 10]> = smallvec![From::Grad(0)];
        from.push(if self.is_lstm() { From::Grad(1) } else { From::Nothing });
        let mut at = 0;
        let mut place = |there: bool| {
            at += usize::from(there);
            if there { From::Saved(at - 1) } else { From::Nothing }
        };
        from.extend((0..INPUTS).map(|input| place(self.has(input))));
        let (output, cells) = (place(true), place(self.is_lstm()));
        from.extend([output, cells, place(true)]);
        let results = cx.call_many(SequenceBackward { forward: self.clone() }, &from)?;
        for (input, result) in (0..INPUTS).filter(|&input| self.has(input)).zip(results) {
            if cx.needs(input) {
                flat::put(cx, input, result, INPUTS, flat::Derivative::None)?;
            }
        }
        Ok(())
    }

    fn saved_names(&self) -> Vec<(&'static str, usize)> {
        vec![("input", 0), ("hx", 1)]
    }
}

/// The gradients of the inputs of a [`Sequence`], of those that there are. Inputs are the gradients of its results, its
/// inputs, the hidden states, the cell states, and what was kept.
#[derive(Clone, PartialEq, Debug)]
struct SequenceBackward {
    forward: Sequence,
}

impl Op for SequenceBackward {
    fn name(&self) -> &str {
        self.forward.name()
    }

    fn differentiable(&self) -> usize {
        (0..INPUTS).filter(|&input| self.forward.has(input)).count()
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        let (forward, op) = (&self.forward, self.forward.op());
        let (arrays, size) = forward.operands(&std::array::from_fn::<_, INPUTS, _>(|input| inputs.get(2 + input)))?;
        let [x, h0, c0, w, b] = [X, H0, C0, W, B].map(|input| arrays[input].as_ref());
        let dtype = x.map(Array::dtype).expect("an input that always is given");
        let rows = size.steps * size.batch * size.hidden;
        let mut others: SmallVec<[Option<Array>; 5]> = SmallVec::new();
        let sizes = [rows, size.batch * size.hidden, rows, rows, KEPT * rows];
        for (input, numel) in [0, 1, 7, 8, 9].into_iter().zip(sizes) {
            let array = inputs.get(input).map(|array| array.contiguous(op)).transpose()?;
            if array.as_ref().is_some_and(|array| array.numel() != numel || array.dtype() != dtype) {
                return Err(Error::runtime(op, "a saved value is not what was saved"));
            }
            others.push(array);
        }
        let [g, g_cell, output, cells, kept] = [0, 1, 2, 3, 4].map(|at| others[at].as_ref());
        let make = |like: Option<&Array>| like.map(|like| Array::uninit(op, like.shape(), dtype)).transpose();
        let results = [make(x)?, make(h0)?, make(c0)?, make(w)?, make(b)?];
        launch(
            ([g, h0, w, output, kept], [g_cell, c0, cells]),
            results.each_ref().map(Option::as_ref),
            |(always, [g_cell, cell, cells]), [dx, dh, dc, dw, db]| {
                let [Some(g), Some(hidden), Some(weight), Some(output), Some(kept)] = always else {
                    unreachable!("these are always given")
                };
                let (Some(input), Some(dh), Some(dw)) = (dx, dh, dw) else { unreachable!("these are always made") };
                let known = Known { g, g_cell, hidden, cell, weight, output, cells, kept };
                let to = Gradients { input, hidden: dh, cell: dc, weight: dw, bias: db };
                kernel::sequence_backward(&size, known, to);
            },
        );
        Ok(results.into_iter().flatten().collect())
    }

    fn decompose(&self, inputs: &[Option<&Tensor>]) -> Option<Result<Tensors>> {
        Some(self.composed(inputs))
    }
}

impl SequenceBackward {
    fn composed(&self, inputs: &[Option<&Tensor>]) -> Result<Tensors> {
        let (forward, given) = (&self.forward, &inputs[2..2 + INPUTS]);
        let (steps, ..) = forward.composed(given)?;
        let (Some(g), Some(w)) = (inputs[0], given[W]) else { unreachable!("these are always given") };
        let batch = steps[0].hidden.shape()[0] as i64;
        let mut of_outputs = views::split(g, batch, 0)?;
        if forward.reverse {
            of_outputs.reverse();
        }
        let mut of_hidden: Option<Tensor> = None;
        let mut of_cell = inputs[1].cloned();
        // Gradients of what the input has to say, and of what the hidden state has.
        let (mut of_inputs, mut of_products) = (Vec::new(), Vec::new());
        for (step, g) in steps.iter().zip(&of_outputs).rev() {
            let g = match &of_hidden {
                Some(of_hidden) => g.add(of_hidden)?,
                None => g.clone(),
            };
            let (gates, extra) = (&step.gates, &step.extra);
            let direct = match (&step.cell, &of_cell) {
                (Some(last), Some(later)) => {
                    let [enter, keep, new, leave] = [0, 1, 2, 3].map(|gate| &gates[gate]);
                    let slope = later.add(&under_tanh(&g.mul(leave)?, extra)?)?;
                    let parts = [
                        slope.mul(new)?.mul(&sigmoid_slope(enter)?)?,
                        slope.mul(last)?.mul(&sigmoid_slope(keep)?)?,
                        under_tanh(&slope.mul(enter)?, new)?,
                        g.mul(extra)?.mul(&sigmoid_slope(leave)?)?,
                    ];
                    of_cell = Some(slope.mul(keep)?);
                    let all = joining::cat(&parts, 1)?;
                    of_products.push(all.clone());
                    of_inputs.push(all);
                    None
                }
                _ => {
                    let [reset, update, new] = [0, 1, 2].map(|gate| &gates[gate]);
                    let of_new = under_tanh(&g.sub(&g.mul(update)?)?, new)?;
                    let of_reset = of_new.mul(extra)?.mul(&sigmoid_slope(reset)?)?;
                    let of_update = g.mul(&step.hidden.sub(new)?)?.mul(&sigmoid_slope(update)?)?;
                    let of_state = of_new.mul(reset)?;
                    of_products.push(joining::cat(&[of_reset.clone(), of_update.clone(), of_state], 1)?);
                    of_inputs.push(joining::cat(&[of_reset, of_update, of_new], 1)?);
                    Some(g.mul(update)?)
                }
            };
            let through = matmul::mm(of_products.last().expect("that of this step"), w)?;
            of_hidden = Some(match direct {
                Some(direct) => through.add(&direct)?,
                None => through,
            });
        }
        // From the last step of the computation to the first: the order of the rows where that went back.
        let states: Vec<Tensor> = steps.iter().rev().map(|step| step.hidden.clone()).collect();
        let (slopes, states) = (joining::cat(&of_products, 0)?, joining::cat(&states, 0)?);
        if !forward.reverse {
            of_inputs.reverse();
        }
        let mut results: Tensors = smallvec![joining::cat(&of_inputs, 0)?];
        results.extend(of_hidden);
        if forward.is_lstm() {
            results.extend(of_cell);
        }
        results.push(matmul::mm(&views::t(&slopes)?, &states)?);
        if forward.has_bias {
            results.push(reduce::sum(&slopes, Some(&[0]), false, None)?);
        }
        Ok(results)
    }
}

/// The results that a program sees.
fn run(sequence: Sequence, inputs: [Option<&Tensor>; INPUTS]) -> Result<Vec<Tensor>> {
    let shapes = inputs.map(|input| input.map(Tensor::shape));
    let fits = sequence.size(std::array::from_fn(|input| shapes[input].as_deref())).is_some();
    if fits && modes().any(Modes::TRANSFORMS) {
        let (_, output, cell) = sequence.composed(&inputs)?;
        return Ok(std::iter::once(output).chain(cell).collect());
    }
    let seen = sequence.differentiable();
    Ok(call_with(sequence, &inputs)?.into_iter().take(seen).collect())
}

/// A layer of long short-term memory over sequences of one length: the hidden states, and the last cell state.
///
/// # Errors
/// When shapes or dtypes do not fit, or something is empty.
#[track_caller]
pub fn lstm(input: &Tensor, hidden: &Tensor, cell: &Tensor, weight: &Tensor, reverse: bool) -> Result<Vec<Tensor>> {
    let sequence = Sequence { cell: Cell::Lstm, reverse, has_bias: false };
    run(sequence, [Some(input), Some(hidden), Some(cell), Some(weight), None])
}

/// A layer of gated recurrent units over sequences of one length: the hidden states.
///
/// # Errors
/// As [`lstm`].
#[track_caller]
pub fn gru(input: &Tensor, hidden: &Tensor, weight: &Tensor, bias: Option<&Tensor>, reverse: bool) -> Result<Tensor> {
    let sequence = Sequence { cell: Cell::Gru, reverse, has_bias: bias.is_some() };
    let mut results = run(sequence, [Some(input), Some(hidden), None, Some(weight), bias])?;
    Ok(results.swap_remove(0))
}
