//! Trains a two-layer perceptron to tell two interleaved half-moons apart: `cargo run --release --example train`.
//!
//! Everything a training loop needs, without Python: leaves with gradients, a forward pass of ordinary operations, a
//! loss, `backward`, an optimizer step for all parameters at once, and a pass without recording to measure accuracy.

use std::f64::consts::PI;
use std::io::Write;

use arcgrad::graph::no_grad;
use arcgrad::ops::matmul::linear;
use arcgrad::ops::nn::cross_entropy::cross_entropy;
use arcgrad::ops::nn::loss::Reduction;
use arcgrad::ops::optim::{Adam, AdamStates, adam_step};
use arcgrad::random::Generator;
use arcgrad::{Error, Tensor};

type Result<T> = std::result::Result<T, Box<Error>>;

const POINTS: usize = 400;
const HIDDEN: usize = 32;
const STEPS: usize = 200;
/// Targets that do not count; ours all do.
const IGNORE: i64 = -100;

/// Points `(x, y)` on two half circles, one upside down and moved into the other, with noise; and which one each is on.
fn half_moons(generator: &mut Generator) -> Result<(Tensor, Tensor)> {
    let (mut angles, mut noise) = (vec![0.0_f32; POINTS], vec![0.0_f32; 2 * POINTS]);
    generator.uniform(&mut angles, 0.0, PI)?;
    generator.normal(&mut noise, 0.0, 0.1)?;
    let labels: Vec<i64> = (0..POINTS as i64).map(|index| index % 2).collect();
    let mut points = noise;
    for ((point, angle), label) in points.chunks_exact_mut(2).zip(&angles).zip(&labels) {
        let (sine, cosine) = angle.sin_cos();
        let [x, y] = if *label == 0 { [cosine, sine] } else { [1.0 - cosine, 0.5 - sine] };
        point[0] += x;
        point[1] += y;
    }
    Ok((Tensor::from_slice(&points, &[POINTS, 2])?, Tensor::from_slice(&labels, &[POINTS])?))
}

/// A leaf drawn uniformly from ±1/√(inputs), as PyTorch's `Linear` starts.
fn parameter(generator: &mut Generator, shape: &[usize], inputs: usize) -> Result<Tensor> {
    let bound = 1.0 / (inputs as f64).sqrt();
    let mut values = vec![0.0_f32; shape.iter().product()];
    generator.uniform(&mut values, -bound, bound)?;
    Tensor::from_slice(&values, shape)?.with_grad()
}

/// Weights and biases of both layers.
struct Perceptron([Tensor; 4]);

impl Perceptron {
    fn new(generator: &mut Generator) -> Result<Self> {
        Ok(Self([
            parameter(generator, &[HIDDEN, 2], 2)?,
            parameter(generator, &[HIDDEN], 2)?,
            parameter(generator, &[2, HIDDEN], HIDDEN)?,
            parameter(generator, &[2], HIDDEN)?,
        ]))
    }

    fn forward(&self, points: &Tensor) -> Result<Tensor> {
        let [w1, b1, w2, b2] = &self.0;
        linear(&linear(points, w1, Some(b1))?.tanh()?, w2, Some(b2))
    }

    fn accuracy(&self, points: &Tensor, labels: &Tensor) -> Result<f64> {
        let _guard = no_grad();
        let correct = self.forward(points)?.argmax(Some(1), false)?.eq(labels)?;
        Ok(correct.sum()?.item()?.to_f64() / POINTS as f64)
    }
}

/// A tensor of zeros for every parameter: the running means of Adam.
fn zeros_like(parameters: &[Tensor]) -> Result<Vec<Tensor>> {
    let zeros =
        |parameter: &Tensor| Tensor::from_slice(&vec![0.0_f32; parameter.numel()], parameter.shape().as_slice());
    parameters.iter().map(zeros).collect()
}

/// Trains and returns the accuracy on points that were not trained on.
fn train() -> Result<f64> {
    let mut generator = Generator::new(0);
    let (points, labels) = half_moons(&mut generator)?;
    let (unseen, unseen_labels) = half_moons(&mut generator)?;
    let model = Perceptron::new(&mut generator)?;

    let adam = Adam { lr: 0.02, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, decoupled: false, maximize: false };
    let (means, squares) = (zeros_like(&model.0)?, zeros_like(&model.0)?);
    let steps = model.0.iter().map(|_| Tensor::from_slice(&[0.0_f32], &[])).collect::<Result<Vec<_>>>()?;

    for step in 1..=STEPS {
        let loss = cross_entropy(&model.forward(&points)?, &labels, None, IGNORE, Reduction::Mean, 0.0)?;
        for parameter in &model.0 {
            parameter.set_grad(None)?;
        }
        loss.backward()?;
        let grads: Vec<Tensor> = model.0.iter().filter_map(Tensor::grad).collect();
        let states = AdamStates { exp_avgs: &means, exp_avg_sqs: &squares, max_exp_avg_sqs: &[], steps: &steps };
        adam_step(&model.0, &grads, states, &adam)?;
        if step % 10 == 0 {
            let done = step * 30 / STEPS;
            eprint!(
                "\r[{}{}] step {step:3}  loss {:.4}",
                "=".repeat(done),
                " ".repeat(30 - done),
                loss.item()?.to_f64()
            );
            // A progress bar that can't be shown is no reason to stop.
            let _ = std::io::stderr().flush();
        }
    }
    eprintln!();
    model.accuracy(&unseen, &unseen_labels)
}

fn main() -> Result<()> {
    let accuracy = train()?;
    println!("{:.1} % of unseen points are told apart", 100.0 * accuracy);
    assert!(accuracy >= 0.95, "an accuracy of {accuracy} is less than was promised");
    Ok(())
}

#[test]
fn training_tells_the_half_moons_apart() {
    let accuracy = train().unwrap();
    assert!(accuracy >= 0.95, "{accuracy}");
}
