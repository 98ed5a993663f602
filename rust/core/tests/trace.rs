//! Capture: a training step, written down once, does the same again without the program.

use arcgrad::graph::trace::{Trace, capture};
use arcgrad::ops::matmul::linear;
use arcgrad::ops::nn::cross_entropy::cross_entropy;
use arcgrad::ops::nn::loss::{Reduction, mse_loss};
use arcgrad::ops::optim::{Adam, AdamStates, Sgd, adam_step, sgd_step};
use arcgrad::{Error, Tensor};

type Result<T> = std::result::Result<T, Box<Error>>;

/// Numbers that look random and are the same everywhere.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 0.8
    };
    (0..count).map(|_| next()).collect()
}

struct Network {
    parameters: [Tensor; 4],
    points: Tensor,
    targets: Tensor,
    classes: Tensor,
}

impl Network {
    fn new() -> Result<Self> {
        let leaf = |shape: &[usize], seed| {
            Tensor::from_slice(&numbers(shape.iter().product(), seed), shape).and_then(Tensor::with_grad)
        };
        let labels: Vec<i64> = (0..16).map(|index| index % 3).collect();
        Ok(Self {
            parameters: [leaf(&[32, 2], 1)?, leaf(&[32], 2)?, leaf(&[3, 32], 3)?, leaf(&[3], 4)?],
            points: Tensor::from_slice(&numbers(32, 5), &[16, 2])?,
            targets: Tensor::from_slice(&numbers(48, 6), &[16, 3])?,
            classes: Tensor::from_slice(&labels, &[16])?,
        })
    }

    fn gradients(&self, classify: bool) -> Result<Vec<Tensor>> {
        let [w1, b1, w2, b2] = &self.parameters;
        let hidden = linear(&self.points, w1, Some(b1))?.relu()?;
        let outputs = linear(&hidden, w2, Some(b2))?;
        let loss = if classify {
            cross_entropy(&outputs, &self.classes, None, -100, Reduction::Mean, 0.0)?
        } else {
            mse_loss(&outputs, &self.targets, None, Reduction::Mean)?
        };
        loss.backward()?;
        let gradients = self.parameters.iter().map(|parameter| parameter.grad().expect("a gradient")).collect();
        self.parameters.iter().try_for_each(|parameter| parameter.set_grad(None))?;
        Ok(gradients)
    }

    fn bits(&self) -> Vec<u32> {
        self.parameters.iter().flat_map(|parameter| parameter.to_vec::<f32>()).map(f32::to_bits).collect()
    }
}

/// A network, and what its optimizer remembers.
struct Training {
    network: Network,
    momenta: Vec<Option<Tensor>>,
    means: Vec<Tensor>,
    squares: Vec<Tensor>,
    steps: Vec<Tensor>,
}

impl Training {
    fn new() -> Result<Self> {
        let network = Network::new()?;
        let zeros = || -> Result<Vec<Tensor>> {
            let zeros = |tensor: &Tensor| Tensor::from_slice(&vec![0.0_f32; tensor.numel()], &tensor.shape());
            network.parameters.iter().map(zeros).collect()
        };
        let counts = || -> Result<Vec<Tensor>> {
            network.parameters.iter().map(|_| Tensor::from_slice(&[0.0_f32], &[])).collect()
        };
        Ok(Self {
            momenta: zeros()?.into_iter().map(Some).collect(),
            means: zeros()?,
            squares: zeros()?,
            steps: counts()?,
            network,
        })
    }

    fn sgd(&mut self) -> Result<()> {
        let gradients = self.network.gradients(false)?;
        let options =
            Sgd { lr: 0.05, momentum: 0.9, dampening: 0.0, weight_decay: 1e-4, nesterov: false, maximize: false };
        sgd_step(&self.network.parameters, &gradients, &mut self.momenta, &options)
    }

    fn adam(&mut self) -> Result<()> {
        let gradients = self.network.gradients(true)?;
        let options =
            Adam { lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, decoupled: false, maximize: false };
        let states =
            AdamStates { exp_avgs: &self.means, exp_avg_sqs: &self.squares, max_exp_avg_sqs: &[], steps: &self.steps };
        adam_step(&self.network.parameters, &gradients, states, &options)
    }
}

/// The bits after 1,000 steps of the program, and of the trace of its first.
fn compare(step: fn(&mut Training) -> Result<()>) -> Result<Trace> {
    let mut program = Training::new()?;
    let mut captured = Training::new()?;
    let ((), trace) = capture(|| step(&mut captured))?;
    step(&mut program)?;
    assert_eq!(program.network.bits(), captured.network.bits(), "the captured step itself");
    for number in 1..1000 {
        step(&mut program)?;
        trace.replay()?;
        if number % 111 == 0 {
            assert_eq!(program.network.bits(), captured.network.bits(), "after {number} steps");
        }
    }
    assert_eq!(program.network.bits(), captured.network.bits());
    assert!(program.network.bits() != Network::new()?.bits(), "something was learnt");
    Ok(trace)
}

#[test]
fn a_step_of_stochastic_gradient_descent_is_repeated_to_the_bit() -> Result<()> {
    compare(Training::sgd).map(drop)
}

#[test]
fn a_step_of_adam_is_repeated_to_the_bit() -> Result<()> {
    compare(Training::adam).map(drop)
}

#[test]
fn a_trace_is_text_that_one_can_read() -> Result<()> {
    let mut training = Training::new()?;
    let ((), trace) = capture(|| training.sgd())?;
    let text = trace.to_string();
    for expected in ["is given", "relu", "Sgd", "lr: 0.05", "trace.rs:"] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    assert_eq!(text.lines().filter(|line| line.contains("<- Sgd")).count(), 4, "{text}");
    Ok(())
}

#[test]
fn what_looks_at_data_is_no_trace() -> Result<()> {
    let x = Tensor::from_slice(&[1.0_f32, 2.0], &[2])?;
    let looks = || {
        let total = x.mul(2.0)?.sum()?;
        total.item()
    };
    let error = capture(looks).map(drop).expect_err("item() looks at data").to_string();
    assert!(error.contains("item looks at data") && error.contains("trace.rs"), "{error}");
    // Nothing is left behind.
    let (tripled, trace) = capture(|| x.mul(3.0))?;
    assert_eq!((tripled.to_vec::<f32>(), trace.len()), (vec![3.0, 6.0], 1));
    assert_eq!(looks()?.to_f64(), 6.0);
    Ok(())
}

#[test]
fn one_capture_at_a_time() -> Result<()> {
    let error = capture(|| capture(|| Ok(())).map(drop)).map(drop).expect_err("nested").to_string();
    assert!(error.contains("under way"), "{error}");
    Ok(())
}
