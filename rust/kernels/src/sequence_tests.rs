use super::*;
use crate::samples::{Random, assert_all_near, double, input, output, single};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The operands of a recurrence, and the cotangents of its results.
struct Case {
    size: SequenceSize,
    x: Vec<f64>,
    h0: Vec<f64>,
    c0: Vec<f64>,
    w: Vec<f64>,
    b: Vec<f64>,
    g: Vec<f64>,
    g_cell: Vec<f64>,
}

impl Case {
    fn random(random: &mut Random, size: SequenceSize) -> Self {
        let [inputs, outputs, state, weights, _] = size.totals();
        let lstm = size.cell == Cell::Lstm;
        Self {
            size,
            x: random.units(inputs),
            h0: random.units(state),
            c0: random.units(if lstm { state } else { 0 }),
            w: random.units(weights),
            b: random.units(if lstm { 0 } else { size.cell.gates() * size.hidden }),
            g: random.units(outputs),
            g_cell: random.units(if lstm { state } else { 0 }),
        }
    }

    /// The hidden states and the last cell state, by the formulas.
    fn expected(&self) -> (Vec<f64>, Vec<f64>) {
        let SequenceSize { cell, steps, batch, hidden: m, reverse } = self.size;
        let mut outputs = vec![0.0; steps * batch * m];
        let (mut h, mut c) = (self.h0.clone(), self.c0.clone());
        for at in 0..steps {
            let step = if reverse { steps - 1 - at } else { at };
            let before = h.clone();
            for row in 0..batch {
                let x = |k: usize| self.x[(step * batch + row) * cell.gates() * m + k];
                let u = |k: usize| (0..m).map(|j| self.w[k * m + j] * before[row * m + j]).sum::<f64>();
                for j in 0..m {
                    h[row * m + j] = match cell {
                        Cell::Lstm => {
                            let [i, f, g, o] = [0, 1, 2, 3].map(|gate| x(gate * m + j) + u(gate * m + j));
                            let next = sigmoid(f) * c[row * m + j] + sigmoid(i) * g.tanh();
                            c[row * m + j] = next;
                            sigmoid(o) * next.tanh()
                        }
                        Cell::Gru => {
                            let [r, z, n] = [0, 1, 2].map(|gate| u(gate * m + j) + self.b[gate * m + j]);
                            let (r, z) = (sigmoid(x(j) + r), sigmoid(x(m + j) + z));
                            let n = (x(2 * m + j) + r * n).tanh();
                            (1.0 - z) * n + z * before[row * m + j]
                        }
                    };
                }
            }
            outputs[step * batch * m..(step + 1) * batch * m].copy_from_slice(&h);
        }
        (outputs, c)
    }

    /// The sum of the results, each times its cotangent.
    fn form(&self) -> f64 {
        let (outputs, cell) = self.expected();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(&outputs, &self.g) + dot(&cell, &self.g_cell)
    }

    fn operands(&mut self) -> [&mut Vec<f64>; 5] {
        [&mut self.x, &mut self.h0, &mut self.c0, &mut self.w, &mut self.b]
    }
}

macro_rules! run {
    ($case:expr, $number:ty, $convert:expr) => {{
        let case: &Case = $case;
        let (size, lstm) = (&case.size, case.size.cell == Cell::Lstm);
        let [inputs, outputs, state, weights, kept] = size.totals();
        let none = |n: usize| vec![<$number>::NAN; n];
        let (x, h0, c0, w, b) =
            ($convert(&case.x), $convert(&case.h0), $convert(&case.c0), $convert(&case.w), $convert(&case.b));
        let (g, g_cell) = ($convert(&case.g), $convert(&case.g_cell));
        let cells_size = if lstm { outputs } else { 0 };
        let (mut h, mut c, mut kept) = (none(outputs), none(cells_size), none(kept));
        let mut gradients = [inputs, state, if lstm { state } else { 0 }, weights, b.len()].map(none);
        let given = Given {
            input: input(&x),
            hidden: input(&h0),
            cell: lstm.then(|| input(&c0)),
            weight: input(&w),
            bias: (!lstm).then(|| input(&b)),
        };
        sequence(size, given, output(&mut h), lstm.then(|| output(&mut c)), output(&mut kept));
        let known = Known {
            g: input(&g),
            g_cell: lstm.then(|| input(&g_cell)),
            hidden: input(&h0),
            cell: lstm.then(|| input(&c0)),
            weight: input(&w),
            output: input(&h),
            cells: lstm.then(|| input(&c)),
            kept: input(&kept),
        };
        let [dx, dh, dc, dw, db] = &mut gradients;
        let to = Gradients {
            input: output(dx),
            hidden: output(dh),
            cell: lstm.then(|| output(dc)),
            weight: output(dw),
            bias: (!lstm).then(|| output(db)),
        };
        sequence_backward(size, known, to);
        (h, gradients)
    }};
}

fn sizes(cell: Cell) -> Vec<SequenceSize> {
    let size = |steps, batch, hidden, reverse| SequenceSize { cell, steps, batch, hidden, reverse };
    vec![size(1, 1, 1, false), size(3, 2, 5, true), size(2, 9, 17, false), size(4, 3, 8, true)]
}

#[test]
fn results_are_those_of_the_formulas() {
    let mut random = Random(81);
    for cell in [Cell::Lstm, Cell::Gru] {
        for size in sizes(cell) {
            let case = Case::random(&mut random, size);
            let (expected, _) = case.expected();
            let (wide, _) = run!(&case, f64, Vec::clone);
            let (narrow, _) = run!(&case, f32, |x: &Vec<f64>| single(x));
            assert_all_near(&wide, &expected, 1e-13, &format!("{size:?}"));
            assert_all_near(&double(&narrow), &expected, 1e-5, &format!("{size:?} in single precision"));
        }
    }
}

#[test]
fn gradients_are_slopes_of_the_formulas() {
    let mut random = Random(82);
    for cell in [Cell::Lstm, Cell::Gru] {
        for size in sizes(cell) {
            let mut case = Case::random(&mut random, size);
            let (_, gradients) = run!(&case, f64, Vec::clone);
            for (operand, gradient) in gradients.iter().enumerate() {
                assert!(gradient.iter().all(|slope| slope.is_finite()), "{size:?}");
                for _ in 0..gradient.len().min(12) {
                    let at = random.below(gradient.len());
                    let old = case.operands()[operand][at];
                    let mut at_distance = |step: f64| {
                        case.operands()[operand][at] = old + step;
                        case.form()
                    };
                    let slope = (at_distance(1e-5) - at_distance(-1e-5)) / 2e-5;
                    at_distance(0.0);
                    let difference = (slope - gradient[at]).abs();
                    assert!(difference < 1e-7, "{size:?}, operand {operand}, {at}: {} is {slope}", gradient[at]);
                }
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut random = Random(83);
    for cell in [Cell::Lstm, Cell::Gru] {
        let size = SequenceSize { cell, steps: 12, batch: 27, hidden: 48, reverse: false };
        let case = Case::random(&mut random, size);
        let results = [1, 2, 5].map(|threads| {
            parallel::set_num_threads(threads);
            let (h, gradients) = run!(&case, f64, Vec::clone);
            [vec![h], gradients.to_vec()].concat().concat().iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        });
        assert!(results[0] == results[1] && results[0] == results[2]);
    }
}
