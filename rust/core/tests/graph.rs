//! The graph and its engine from Rust: order, hooks, saved values, views, accumulation, ownership, long chains.

use std::any::Any;
use std::sync::{Arc, Mutex};

use arcgrad::autograd::{self, Options};
use arcgrad::graph::hooks::{Hook, Kind};
use arcgrad::graph::node::{Cotangents, Results};
use arcgrad::graph::ownership::{Held, Owner, visit_own, visit_owned};
use arcgrad::graph::record::{Save, record};
use arcgrad::graph::saved::{self, PackHooks, Packed};
use arcgrad::graph::{Backward, Modes, NodeRef, Op, custom, cuts, engine, modes, no_grad};
use arcgrad::{DType, Error, Result, Tensor};

fn leaf(values: &[f64]) -> Tensor {
    Tensor::from_slice(values, &[values.len()]).unwrap().with_grad().unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec()
}

fn node(tensor: &Tensor) -> NodeRef {
    tensor.grad_fn().unwrap().unwrap()
}

const RECORDED: Options = Options { retain_graph: None, create_graph: true };
const RETAINED: Options = Options { retain_graph: Some(true), create_graph: false };

type Log = Arc<Mutex<Vec<String>>>;

/// Notes what it sees; replaces gradients by a multiple.
struct Noting {
    log: Log,
    name: &'static str,
    factor: Option<f64>,
}

impl Noting {
    #[allow(clippy::new_ret_no_self, reason = "a hook is always shared")]
    fn new(log: &Log, name: &'static str) -> Arc<dyn Hook> {
        Arc::new(Self { log: log.clone(), name, factor: None })
    }

    fn times(log: &Log, name: &'static str, factor: f64) -> Arc<dyn Hook> {
        Arc::new(Self { log: log.clone(), name, factor: Some(factor) })
    }

    fn note(&self) {
        self.log.lock().unwrap().push(self.name.to_owned());
    }
}

impl Hook for Noting {
    fn on_gradient(&self, grad: Option<&Tensor>) -> Result<Option<Tensor>> {
        self.note();
        grad.zip(self.factor).map(|(grad, factor)| grad.mul(factor)).transpose()
    }
    fn before_node(&self, _grads: &Cotangents) -> Result<Option<Cotangents>> {
        self.note();
        Ok(None)
    }
    fn after_node(&self, _results: &Results, _grads: &Cotangents) -> Result<Option<Results>> {
        self.note();
        Ok(None)
    }
    fn after_accumulate(&self, leaf: &Tensor) -> Result<()> {
        assert!(leaf.grad().is_some());
        self.note();
        Ok(())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn log() -> Log {
    Arc::default()
}

fn entries(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

// ---- engine ------------------------------------------------------------------------------------------------------

#[test]
fn newer_nodes_run_first_and_leaves_as_soon_as_they_are_complete() {
    let log = log();
    let (x, w) = (leaf(&[2.0]), leaf(&[3.0]));
    let early = x.mul(2.0).unwrap();
    let middle = w.mul(3.0).unwrap();
    let late = early.exp().unwrap();
    for (tensor, name) in [(&early, "early"), (&middle, "middle"), (&late, "late")] {
        node(tensor).hooks_or_new().add(Kind::Before, Noting::new(&log, name));
    }
    x.register_post_accumulate_grad_hook(Noting::new(&log, "x")).unwrap();
    w.register_post_accumulate_grad_hook(Noting::new(&log, "w")).unwrap();
    late.add(&middle).unwrap().sum().unwrap().backward().unwrap();
    assert_eq!(entries(&log), ["late", "middle", "w", "early", "x"]);
}

#[test]
fn several_and_repeated_roots_sum() {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(&x).unwrap().sum().unwrap();
    let z = x.sum().unwrap();
    let roots = autograd::roots(&[(&y, None), (&z, None), (&y, None)]).unwrap();
    autograd::backward_from(roots, None, Options::default()).unwrap();
    assert_eq!(values(&x.grad().unwrap()), [5.0, 9.0]);
}

#[test]
fn a_leaf_may_be_a_root() {
    let x = leaf(&[3.0]);
    x.backward().unwrap();
    x.backward().unwrap();
    assert_eq!(values(&x.grad().unwrap()), [2.0]);
}

#[test]
fn inputs_restrict_what_runs() {
    let log = log();
    let (x, w) = (leaf(&[2.0]), leaf(&[3.0]));
    let (a, b) = (x.exp().unwrap(), w.exp().unwrap());
    node(&b).hooks_or_new().add(Kind::Before, Noting::new(&log, "b"));
    let y = a.mul(&b).unwrap();
    let gradient = autograd::grad(&[(&y, None)], &[&x], RETAINED).unwrap();
    let expected = 2f64.exp() * 3f64.exp();
    assert!((values(gradient[0].as_ref().unwrap())[0] - expected).abs() < 1e-9);
    assert!(x.grad().is_none() && w.grad().is_none());
    assert!(entries(&log).is_empty());
    // Gradients in the middle, and of an output with respect to itself.
    let gradients = autograd::grad(&[(&y, None)], &[&a, &y], Options::default()).unwrap();
    assert_eq!(values(gradients[1].as_ref().unwrap()), [1.0]);
    assert!((values(gradients[0].as_ref().unwrap())[0] - 3f64.exp()).abs() < 1e-9);
}

#[test]
fn an_input_that_is_not_used_has_no_gradient() {
    let (x, w) = (leaf(&[2.0]), leaf(&[3.0]));
    let y = x.exp().unwrap();
    assert!(autograd::grad(&[(&y, None)], &[&w], Options::default()).unwrap()[0].is_none());
}

#[test]
fn a_second_pass_names_the_first() {
    let x = leaf(&[2.0]);
    let y = x.exp().unwrap();
    y.backward().unwrap();
    let line = line!() - 1;
    let text = y.backward().unwrap_err().to_string();
    assert!(text.contains("Trying to backward through the graph a second time"), "{text}");
    assert!(text.contains(&format!("graph.rs:{line}")), "{text}");
}

#[test]
fn a_node_that_saved_nothing_runs_again() {
    let x = leaf(&[2.0]);
    let y = x.add(1.0).unwrap();
    y.backward().unwrap();
    y.backward().unwrap();
    assert_eq!(values(&x.grad().unwrap()), [2.0]);
}

#[test]
fn callbacks_run_when_the_pass_is_over() {
    struct Queues(Log);
    impl Hook for Queues {
        fn on_gradient(&self, _grad: Option<&Tensor>) -> Result<Option<Tensor>> {
            let log = self.0.clone();
            engine::queue_callback(Box::new(move || {
                log.lock().unwrap().push("callback".to_owned());
                Ok(())
            }))?;
            assert!(engine::current_pass().is_some());
            Ok(None)
        }
        fn as_any(&self) -> &dyn Any {
            self
        }
    }
    let log = log();
    let x = leaf(&[2.0]);
    let y = x.exp().unwrap();
    y.register_hook(Arc::new(Queues(log.clone()))).unwrap();
    x.register_post_accumulate_grad_hook(Noting::new(&log, "leaf")).unwrap();
    y.backward().unwrap();
    assert_eq!(entries(&log), ["leaf", "callback"]);
    assert!(engine::queue_callback(Box::new(|| Ok(()))).is_err() && engine::current_pass().is_none());
}

#[test]
fn an_error_leaves_nothing_behind() {
    struct Fails;
    impl Hook for Fails {
        fn on_gradient(&self, _grad: Option<&Tensor>) -> Result<Option<Tensor>> {
            Err(Error::runtime("hook", "mine"))
        }
        fn as_any(&self) -> &dyn Any {
            self
        }
    }
    let x = leaf(&[2.0]);
    let y = x.exp().unwrap();
    y.register_hook(Arc::new(Fails)).unwrap();
    let z = y.sin().unwrap();
    assert!(z.backward().unwrap_err().to_string().contains("mine"));
    assert_eq!(modes(), Modes::NONE);
    assert!(!engine::is_running() && x.grad().is_none());
    x.exp().unwrap().backward().unwrap();
}

/// Calls backward on a graph of its own from within backward.
struct Reenters {
    left: usize,
}

impl Op for Reenters {
    fn name(&self) -> &str {
        "ReentersBackward"
    }
    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        if self.left > 0 {
            let x = leaf(&[1.0]);
            reentrant(&x, self.left - 1).backward()?;
            assert_eq!(values(&x.grad().unwrap()), [1.0]);
        }
        let grad = cx.only_grad();
        cx.put(0, grad);
        Ok(())
    }
}

fn reentrant(x: &Tensor, left: usize) -> Tensor {
    let edge = x.gradient_edge().unwrap().unwrap();
    let node = custom::new_node(Reenters { left }, [edge].into_iter().collect(), [x.meta()].into_iter().collect());
    let y = Tensor::from_array(x.array());
    arcgrad::graph::views::attach(&y, node, 0);
    y
}

#[test]
fn reentrant_passes_go_deep() {
    let x = leaf(&[1.0]);
    reentrant(&x, 1_500).backward().unwrap();
    assert_eq!(values(&x.grad().unwrap()), [1.0]);
}

#[test]
fn reentrant_passes_without_end_are_an_error() {
    let text = reentrant(&leaf(&[1.0]), 1_000_000).backward().unwrap_err().to_string();
    assert!(text.contains("re-entered"), "{text}");
}

// ---- higher order ------------------------------------------------------------------------------------------------

#[test]
fn derivatives_of_any_order() {
    let x = leaf(&[0.5]);
    let mut d = x.sin().unwrap();
    for expected in [0.5f64.cos(), -(0.5f64.sin()), -(0.5f64.cos()), 0.5f64.sin()] {
        d = autograd::grad(&[(&d, None)], &[&x], RECORDED).unwrap()[0].clone().unwrap();
        assert!((values(&d)[0] - expected).abs() < 1e-12);
    }
}

#[test]
fn a_recorded_gradient_of_its_own_parameter_is_no_cycle() {
    let x = leaf(&[2.0]);
    x.mul(&x).unwrap().mul(&x).unwrap().backward_with(None, RECORDED).unwrap();
    let gradient = x.grad().unwrap();
    assert!(gradient.requires_grad());
    let (x_weak, gradient_weak) = (x.downgrade(), gradient.downgrade());
    drop((x, gradient));
    assert!(Tensor::upgrade(&x_weak).is_none() && Tensor::upgrade(&gradient_weak).is_none());
}

// ---- hooks -------------------------------------------------------------------------------------------------------

#[test]
fn hooks_run_in_the_order_of_the_contract() {
    let log = log();
    let x = leaf(&[2.0]);
    let y = x.mul(3.0).unwrap();
    let hooks = node(&y).hooks_or_new().clone();
    hooks.add(Kind::After, Noting::new(&log, "post"));
    hooks.add(Kind::Before, Noting::new(&log, "pre"));
    y.retain_grad().unwrap();
    y.register_hook(Noting::times(&log, "first", 10.0)).unwrap();
    y.register_hook(Noting::times(&log, "second", 2.0)).unwrap();
    x.register_post_accumulate_grad_hook(Noting::new(&log, "accumulated")).unwrap();
    x.register_hook(Noting::new(&log, "leaf")).unwrap();
    y.backward().unwrap();
    assert_eq!(entries(&log), ["first", "second", "pre", "post", "leaf", "accumulated"]);
    assert_eq!((values(&y.grad().unwrap()), values(&x.grad().unwrap())), (vec![20.0], vec![60.0]));
}

#[test]
fn a_removed_hook_does_not_run() {
    let log = log();
    let x = leaf(&[2.0]);
    let (table, id) = x.register_hook(Noting::new(&log, "removed")).unwrap();
    assert!(table.remove(id) && !table.remove(id));
    x.exp().unwrap().backward().unwrap();
    assert!(entries(&log).is_empty());
}

#[test]
fn hooks_of_a_leaf_outlive_it() {
    let log = log();
    let y = {
        let x = leaf(&[2.0]);
        x.register_hook(Noting::new(&log, "leaf")).unwrap();
        x.exp().unwrap()
    };
    y.backward().unwrap();
    assert_eq!(entries(&log), ["leaf"]);
}

#[test]
fn a_hook_that_changes_shape_or_dtype_is_an_error() {
    struct Returns(Tensor);
    impl Hook for Returns {
        fn on_gradient(&self, _grad: Option<&Tensor>) -> Result<Option<Tensor>> {
            Ok(Some(self.0.clone()))
        }
        fn as_any(&self) -> &dyn Any {
            self
        }
    }
    for (wrong, phrase) in [
        (Tensor::from_slice(&[1.0, 2.0], &[2]).unwrap(), "size"),
        (Tensor::from_slice(&[1.0f32], &[1]).unwrap(), "type"),
    ] {
        let x = leaf(&[2.0]);
        x.register_hook(Arc::new(Returns(wrong))).unwrap();
        assert!(x.exp().unwrap().backward().unwrap_err().to_string().contains(phrase));
        assert!(x.grad().is_none());
    }
}

// ---- saved values ------------------------------------------------------------------------------------------------

#[test]
fn a_changed_value_is_an_error_that_names_both_lines() {
    let x = leaf(&[1.0, 2.0]);
    let y = x.mul(1.0).unwrap();
    let z = y.sin().unwrap();
    let saved_at = line!() - 1;
    y.add_(1.0).unwrap();
    let changed_at = line!() - 1;
    let text = z.sum().unwrap().backward().unwrap_err().to_string();
    for phrase in
        ["modified by an inplace operation", "is at version 1; expected version 0", "output 0 of MulBackward0"]
    {
        assert!(text.contains(phrase), "{text}");
    }
    assert!(
        text.contains(&format!("graph.rs:{saved_at}")) && text.contains(&format!("graph.rs:{changed_at}")),
        "{text}"
    );
}

/// A rule that is interrupted by a write of somebody else after it has read what it saved.
struct Interrupted {
    writes_to: Tensor,
}

impl Op for Interrupted {
    fn name(&self) -> &str {
        "InterruptedBackward0"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let saved = cx.saved_array(0)?;
        let _off = no_grad();
        self.writes_to.add_(1.0)?;
        cx.put(0, Tensor::from_array(saved));
        Ok(())
    }
}

#[test]
fn a_write_while_a_rule_runs_is_an_error() {
    let (x, data) = (leaf(&[2.0]), Tensor::from_slice(&[5.0], &[1]).unwrap());
    let operand = x.operand().unwrap();
    let array = data.array();
    let rule = Interrupted { writes_to: data };
    let y = record(rule, &[&operand], &[Save::Array(&array)], x.array().duplicate("test").unwrap()).unwrap();
    let text = y.backward().unwrap_err().to_string();
    assert!(text.contains("modified by an inplace operation") && text.contains("InterruptedBackward0"), "{text}");
}

#[test]
fn a_write_between_reading_and_recording_is_an_error() {
    let (x, w) = (leaf(&[2.0]), Tensor::from_slice(&[5.0], &[1]).unwrap());
    let (a, b) = (x.operand().unwrap(), w.operand().unwrap());
    // What another thread may do at this moment.
    w.add_(1.0).unwrap();
    let rule = Interrupted { writes_to: Tensor::from_slice(&[0.0], &[1]).unwrap() };
    let y = record(rule, &[&a, &b], &[Save::Input(&b)], x.array().duplicate("test").unwrap()).unwrap();
    let text = y.backward().unwrap_err().to_string();
    assert!(text.contains("is at version 1; expected version 0"), "{text}");
}

#[test]
fn other_memory_does_not_disturb_what_was_saved() {
    let x = leaf(&[3.0]);
    let y = x.mul(&x).unwrap();
    x.set_data(&Tensor::from_slice(&[100.0], &[1]).unwrap()).unwrap();
    y.backward().unwrap();
    assert_eq!(values(&x.grad().unwrap()), [6.0]);
}

#[test]
fn saved_inputs_come_back_as_the_same_tensors() {
    struct Sees(Arc<Mutex<Vec<bool>>>, Tensor);
    impl Op for Sees {
        fn name(&self) -> &str {
            "SeesBackward"
        }
        fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
            self.0.lock().unwrap().push(cx.saved(0)?.is(&self.1));
            Ok(())
        }
    }
    let seen = Arc::<Mutex<Vec<bool>>>::default();
    let x = leaf(&[3.0]);
    let edge = x.gradient_edge().unwrap().unwrap();
    let rule = Sees(seen.clone(), x.clone());
    let node = custom::new_node(rule, [edge].into_iter().collect(), [x.meta()].into_iter().collect());
    assert_eq!(custom::save(&node, &x).unwrap(), 0);
    let y = Tensor::from_array(x.array());
    arcgrad::graph::views::attach(&y, node, 0);
    y.backward().unwrap();
    assert_eq!(*seen.lock().unwrap(), [true]);
}

/// Packs values as vectors.
struct Copies(Arc<Mutex<usize>>);

struct Copy {
    data: Vec<f64>,
    alive: Arc<Mutex<usize>>,
}

impl Drop for Copy {
    fn drop(&mut self) {
        *self.alive.lock().unwrap() -= 1;
    }
}

impl Packed for Copy {
    fn unpack(&self) -> Result<Tensor> {
        Tensor::from_slice(&self.data, &[self.data.len()])?.mul(10.0)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl PackHooks for Copies {
    fn pack(&self, tensor: &Tensor) -> Result<Arc<dyn Packed>> {
        assert!(!tensor.requires_grad(), "bare data is packed");
        *self.0.lock().unwrap() += 1;
        Ok(Arc::new(Copy { data: tensor.to_vec(), alive: self.0.clone() }))
    }
}

/// Gives back something else than was packed.
struct Swaps(Tensor);

impl Packed for Swaps {
    fn unpack(&self) -> Result<Tensor> {
        Ok(self.0.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl PackHooks for Swaps {
    fn pack(&self, _tensor: &Tensor) -> Result<Arc<dyn Packed>> {
        Ok(Arc::new(Self(self.0.clone())))
    }
}

#[test]
fn what_is_unpacked_has_shape_and_dtype_of_what_was_packed() {
    for (given, fits) in [
        (Tensor::from_slice(&[0.0, 0.0], &[2]).unwrap(), true),
        (Tensor::from_slice(&[0.0], &[1]).unwrap(), false),
        (Tensor::from_slice(&[0.0, 0.0], &[1, 2]).unwrap(), false),
        (Tensor::from_slice(&[0.0_f32, 0.0], &[2]).unwrap(), false),
    ] {
        let x = leaf(&[1.0, 2.0]);
        saved::push_hooks(Arc::new(Swaps(given))).unwrap();
        let y = x.sin().unwrap();
        saved::pop_hooks();
        let result = y.sum().unwrap().backward();
        assert_eq!(result.is_ok(), fits);
        if let Err(error) = result {
            assert!(error.to_string().contains("as was packed"), "{error}");
        }
    }
}

#[test]
fn hooks_pack_and_unpack_saved_values() {
    let alive = Arc::<Mutex<usize>>::default();
    let x = leaf(&[2.0]);
    saved::push_hooks(Arc::new(Copies(alive.clone()))).unwrap();
    let y = x.mul(&x).unwrap();
    saved::pop_hooks();
    assert_eq!(*alive.lock().unwrap(), 2);
    x.exp().unwrap();
    assert_eq!((*alive.lock().unwrap(), modes()), (2, Modes::NONE));
    y.backward().unwrap();
    assert_eq!((values(&x.grad().unwrap()), *alive.lock().unwrap()), (vec![40.0], 0));
}

#[test]
fn a_watcher_sees_tensors_before_they_change() {
    let seen = Arc::<Mutex<Vec<Vec<f64>>>>::default();
    let x = Tensor::from_slice(&[2.0], &[1]).unwrap();
    let noted = seen.clone();
    saved::push_before_write(Arc::new(move |tensor| {
        noted.lock().unwrap().push(tensor.to_vec());
        Ok(())
    }));
    x.add_(1.0).unwrap();
    saved::pop_before_write();
    x.add_(1.0).unwrap();
    assert_eq!((seen.lock().unwrap().clone(), modes()), (vec![vec![2.0]], Modes::NONE));
}

/// Runs on a thread of its own, because what waits for a lock that its own thread holds waits for ever.
fn ends(body: impl FnOnce() + Send + 'static) {
    let (is_over, over) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        body();
        is_over.send(()).unwrap();
    });
    over.recv_timeout(std::time::Duration::from_secs(20)).expect("a lock is held, or the thread has panicked");
}

/// Packs values as something that looks at a node when it is dropped.
#[derive(Clone, Default)]
struct Looks(Arc<Mutex<Option<NodeRef>>>);

impl Drop for Looks {
    fn drop(&mut self) {
        if let Some(node) = &*self.0.lock().unwrap() {
            assert!(saved::was_released(node));
        }
    }
}

impl Packed for Looks {
    fn unpack(&self) -> Result<Tensor> {
        Tensor::from_slice(&[2.0], &[1])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl PackHooks for Looks {
    fn pack(&self, _tensor: &Tensor) -> Result<Arc<dyn Packed>> {
        Ok(Arc::new(self.clone()))
    }
}

#[test]
fn what_is_dropped_after_a_pass_may_use_the_node() {
    ends(|| {
        let (looks, inner) = (Looks::default(), Looks::default());
        let x = leaf(&[2.0]);
        saved::push_hooks(Arc::new(looks.clone())).unwrap();
        let y = x.mul(1.0).unwrap().exp().unwrap().sin().unwrap();
        saved::pop_hooks();
        // The node of a write to a view lies within that of the base.
        saved::push_hooks(Arc::new(inner.clone())).unwrap();
        y.narrow(0, 0, 1).unwrap().mul_(&Tensor::from_slice(&[3.0], &[1]).unwrap()).unwrap();
        saved::pop_hooks();
        let outer = node(&y);
        *inner.0.lock().unwrap() = arcgrad::graph::views::inner_of_copy_slices(&outer);
        *looks.0.lock().unwrap() = outer.edges()[0].node.clone();
        y.backward().unwrap();
        assert!(saved::was_released(looks.0.lock().unwrap().as_ref().unwrap()));
        assert!(saved::was_released(inner.0.lock().unwrap().as_ref().unwrap()));
        // Nothing looks any more.
        (*looks.0.lock().unwrap(), *inner.0.lock().unwrap()) = (None, None);
    });
}

#[test]
fn a_pair_of_hooks_may_use_the_stack_when_it_is_dropped() {
    struct Pushes;
    impl PackHooks for Pushes {
        fn pack(&self, _tensor: &Tensor) -> Result<Arc<dyn Packed>> {
            Ok(Arc::new(Looks::default()))
        }
    }
    impl Drop for Pushes {
        fn drop(&mut self) {
            saved::push_hooks(Arc::new(Looks::default())).unwrap();
            saved::pop_hooks();
        }
    }
    ends(|| {
        saved::push_hooks(Arc::new(Pushes)).unwrap();
        saved::pop_hooks();
        assert_eq!(modes(), Modes::NONE);
    });
}

#[test]
fn a_node_keeps_data_but_no_tensor() {
    /// A rule that does nothing.
    struct Idle;
    impl Op for Idle {
        fn name(&self) -> &str {
            "IdleBackward"
        }
        fn vjp(&self, _cx: &mut Backward<'_>) -> Result<()> {
            Ok(())
        }
    }
    let is_gone = |tensor: Tensor| {
        let weak = tensor.downgrade();
        drop(tensor);
        Tensor::upgrade(&weak).is_none()
    };
    let x = leaf(&[2.0]);
    let (input, constant) = (x.mul(3.0).unwrap(), Tensor::from_slice(&[5.0], &[1]).unwrap());
    let y = input.mul(&constant).unwrap();
    assert!(is_gone(input) && is_gone(constant));
    // A value of another node's.
    let foreign = x.mul(3.0).unwrap();
    let idle = custom::new_node(Idle, [Default::default()].into_iter().collect(), [x.meta()].into_iter().collect());
    custom::save(&idle, &foreign).unwrap();
    assert!(is_gone(foreign));
    // An output, by an operation and by a custom function.
    let output = y.exp().unwrap();
    let made = node(&output);
    output.retain_grad().unwrap();
    assert!(is_gone(output) && made.name() == "ExpBackward0");
    let output = Tensor::from_slice(&[1.0], &[1]).unwrap();
    arcgrad::graph::views::attach(&output, idle.clone(), 0);
    custom::save(&idle, &output).unwrap();
    assert!(is_gone(output));
    // Nor does a node own itself.
    let weak = Arc::downgrade(&idle);
    drop(idle);
    assert!(weak.upgrade().is_none());
    // And a leaf is owned by nothing of its graph.
    assert!(is_gone(x));
}

// ---- accumulation ------------------------------------------------------------------------------------------------

#[test]
fn a_later_gradient_is_added_in_place_unless_recorded() {
    let x = leaf(&[2.0]);
    x.mul(&x).unwrap().backward().unwrap();
    let first = x.grad().unwrap();
    x.mul(&x).unwrap().backward().unwrap();
    assert!(x.grad().unwrap().is(&first) && values(&first) == [8.0]);
    x.mul(&x).unwrap().backward_with(None, RECORDED).unwrap();
    assert!(!x.grad().unwrap().is(&first));
    assert_eq!((values(&first), values(&x.grad().unwrap())), (vec![8.0], vec![12.0]));
}

#[test]
fn a_gradient_somebody_else_holds_is_not_changed_by_accumulation() {
    let x = leaf(&[2.0, 3.0]);
    let seed = Tensor::from_slice(&[1.0, 1.0], &[2]).unwrap();
    let y = x.add(0.0).unwrap();
    y.backward_with(Some(&seed), RETAINED).unwrap();
    y.backward_with(Some(&seed), RETAINED).unwrap();
    assert_eq!((values(&seed), values(&x.grad().unwrap())), (vec![1.0, 1.0], vec![2.0, 2.0]));
}

#[test]
fn a_gradient_has_the_strides_of_a_dense_leaf() {
    let x = Tensor::from_slice(&[0.0; 6], &[2, 3]).unwrap().t().unwrap().detach().with_grad().unwrap();
    x.exp().unwrap().sum().unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().array().strides(), x.array().strides());
}

#[test]
fn gradients_fit_what_they_belong_to() {
    let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0], &[3, 1]).unwrap().with_grad().unwrap();
    let y = Tensor::from_slice(&[1.0f64; 4], &[4]).unwrap().with_grad().unwrap();
    x.mul(&y).unwrap().sum().unwrap().backward().unwrap();
    let (gx, gy) = (x.grad().unwrap(), y.grad().unwrap());
    assert_eq!((gx.dtype(), gx.shape().as_slice(), gx.to_vec::<f32>()), (DType::F32, &[3, 1][..], vec![4.0; 3]));
    assert_eq!((gy.dtype(), gy.shape().as_slice(), values(&gy)), (DType::F64, &[4][..], vec![6.0; 4]));
}

#[test]
fn a_gradient_of_a_wrong_shape_names_function_and_position() {
    struct Wrong;
    impl Op for Wrong {
        fn name(&self) -> &str {
            "WrongBackward"
        }
        fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
            cx.put(0, Tensor::from_slice(&[1.0; 3], &[3])?);
            Ok(())
        }
    }
    let x = leaf(&[1.0, 2.0]);
    let edge = x.gradient_edge().unwrap().unwrap();
    let node = custom::new_node(Wrong, [edge].into_iter().collect(), [x.meta()].into_iter().collect());
    let y = Tensor::from_array(x.array());
    arcgrad::graph::views::attach(&y, node, 0);
    let text = y.sum().unwrap().backward().unwrap_err().to_string();
    assert!(text.contains("WrongBackward returned an invalid gradient at index 0"), "{text}");
    assert!(text.contains("[3]") && text.contains("[2]") && x.grad().is_none(), "{text}");
}

// ---- views -------------------------------------------------------------------------------------------------------

#[test]
fn a_view_taken_before_sees_what_its_base_becomes() {
    let x = leaf(&[1.0, 2.0, 3.0]);
    let y = x.mul(1.0).unwrap();
    let v = y.narrow(0, 1, 2).unwrap();
    y.mul_(&y.detach().add(0.0).unwrap()).unwrap();
    assert_eq!(node(&v).name(), "AsStridedBackward0");
    v.sum().unwrap().backward().unwrap();
    assert_eq!(values(&x.grad().unwrap()), [0.0, 2.0, 3.0]);
}

#[test]
fn writes_through_views_of_views() {
    let x = leaf(&[1.0, 2.0, 3.0, 4.0]);
    let y = x.mul(1.0).unwrap();
    let rows = y.view(&[2, 2]).unwrap();
    let corner = rows.select(0, 1).unwrap().select(0, 0).unwrap();
    corner.mul_(10.0).unwrap();
    rows.select(0, 0).unwrap().mul_(2.0).unwrap();
    assert_eq!(values(&y), [2.0, 4.0, 30.0, 4.0]);
    y.mul(&y).unwrap().sum().unwrap().backward().unwrap();
    // d/dx (c x)² = 2 c² x
    assert_eq!(values(&x.grad().unwrap()), [8.0, 16.0, 600.0, 8.0]);
}

#[test]
fn a_write_that_needs_a_gradient_connects_its_source() {
    let (y, w) = (Tensor::from_slice(&[0.0; 3], &[3]).unwrap(), leaf(&[5.0]));
    y.narrow(0, 1, 1).unwrap().copy_(&w).unwrap();
    assert!(y.requires_grad());
    y.mul(&Tensor::from_slice(&[1.0, 7.0, 1.0], &[3]).unwrap()).unwrap().sum().unwrap().backward().unwrap();
    assert_eq!(values(&w.grad().unwrap()), [7.0]);
}

#[test]
fn writes_to_leaves_and_their_views_are_refused() {
    let x = leaf(&[1.0, 2.0]);
    let text = x.add_(1.0).unwrap_err().to_string();
    assert!(text.contains("a leaf Variable that requires grad is being used in an in-place operation"), "{text}");
    let text = x.narrow(0, 0, 1).unwrap().add_(1.0).unwrap_err().to_string();
    assert!(text.contains("a view of a leaf Variable that requires grad is being used"), "{text}");
    let _off = no_grad();
    x.add_(1.0).unwrap();
    assert_eq!(values(&x), [2.0, 3.0]);
}

#[test]
fn a_retained_gradient_follows_in_place_operations() {
    let x = leaf(&[2.0]);
    let y = x.mul(3.0).unwrap();
    y.retain_grad().unwrap();
    y.mul_(5.0).unwrap();
    y.mul(7.0).unwrap().backward().unwrap();
    assert_eq!((values(&y.grad().unwrap()), values(&x.grad().unwrap())), (vec![7.0], vec![105.0]));
}

#[test]
fn second_order_through_a_write_to_a_view() {
    let x = leaf(&[2.0, 3.0]);
    let y = x.mul(1.0).unwrap();
    let v = y.narrow(0, 0, 1).unwrap();
    v.mul_(&x.narrow(0, 1, 1).unwrap()).unwrap();
    // y = (x0 x1, x1); f = y0² + y1³
    let f = y.select(0, 0).unwrap().pow(2.0).unwrap().add(&y.select(0, 1).unwrap().pow(3.0).unwrap()).unwrap();
    let gradient = autograd::grad(&[(&f, None)], &[&x], RECORDED).unwrap()[0].clone().unwrap();
    assert_eq!(values(&gradient), [36.0, 51.0]);
    let sum = gradient.sum().unwrap();
    let second = autograd::grad(&[(&sum, None)], &[&x], Options::default()).unwrap()[0].clone().unwrap();
    // d/dx0 (2 x0 x1² + 2 x0² x1 + 3 x1²) = 2 x1² + 4 x0 x1; d/dx1 = 4 x0 x1 + 2 x0² + 6 x1
    assert_eq!(values(&second), [42.0, 50.0]);
}

// ---- ownership ---------------------------------------------------------------------------------------------------

fn hooks_seen(owner: &Owner<'_>) -> usize {
    let mut count = 0;
    visit_owned(owner, 1_000_000, &mut |held| count += usize::from(matches!(held, Held::Hook(_))));
    count
}

#[test]
fn what_a_tensor_alone_keeps_alive_is_seen() {
    let log = log();
    let x = leaf(&[2.0]);
    let a = x.exp().unwrap();
    a.register_hook(Noting::new(&log, "inner")).unwrap();
    let (b, c) = (a.sin().unwrap(), a.cos().unwrap());
    let y = b.mul(&c).unwrap();
    // While the parts have owners of their own they are not y's.
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 0);
    drop((a, b));
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 0);
    drop(c);
    // A diamond: both ways lead to the hook.
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 1);
    let other = y.clone();
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 0);
    drop(other);
    let root = node(&y);
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 0);
    assert_eq!(hooks_seen(&Owner::Node(&root)), 0);
    drop(y);
    assert_eq!(hooks_seen(&Owner::Node(&root)), 1);
}

#[test]
fn a_leafs_hooks_are_its_own_while_no_graph_shares_them() {
    let log = log();
    let x = leaf(&[2.0]);
    x.register_hook(Noting::new(&log, "leaf")).unwrap();
    assert_eq!(hooks_seen(&Owner::Tensor(&x)), 1);
    let y = x.exp().unwrap();
    assert_eq!((hooks_seen(&Owner::Tensor(&x)), hooks_seen(&Owner::Tensor(&y))), (0, 0));
    drop(y);
    assert_eq!(hooks_seen(&Owner::Tensor(&x)), 1);
}

/// Stands for a host's own reference.
struct Reference;

#[test]
fn what_somebody_else_holds_is_not_seen() {
    let log = log();
    let y = leaf(&[2.0]).exp().unwrap();
    let hook = Noting::new(&log, "held");
    y.register_hook(hook.clone()).unwrap();
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 0);
    drop(hook);
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 1);
    // What hooks on saved values packed.
    let packed: Arc<dyn Packed> = Arc::new(Looks::default());
    struct Gives(Arc<dyn Packed>);
    impl PackHooks for Gives {
        fn pack(&self, _tensor: &Tensor) -> Result<Arc<dyn Packed>> {
            Ok(self.0.clone())
        }
    }
    saved::push_hooks(Arc::new(Gives(packed.clone()))).unwrap();
    let z = leaf(&[2.0]).sin().unwrap();
    saved::pop_hooks();
    let packed_seen = || {
        let mut count = 0;
        visit_owned(&Owner::Tensor(&z), 1_000, &mut |held| count += usize::from(matches!(held, Held::Packed(_))));
        count
    };
    assert_eq!(packed_seen(), 0);
    drop(packed);
    assert_eq!(packed_seen(), 1);
    // What hangs on the tensor itself.
    let x = Tensor::from_slice(&[1.0], &[1]).unwrap();
    x.attach(Arc::new(Reference));
    let own_seen = || {
        let mut count = 0;
        visit_own(&x, &mut |_| count += 1);
        count
    };
    let other = x.clone();
    assert_eq!(own_seen(), 0);
    drop(other);
    assert_eq!(own_seen(), 1);
}

#[test]
fn a_tensor_that_somebody_else_holds_is_not_taken_apart() {
    let y = leaf(&[2.0]).exp().unwrap();
    let other = y.clone();
    y.dismantle();
    assert_eq!(node(&other).name(), "ExpBackward0");
    drop(other);
    y.dismantle();
    assert!(y.grad_fn().unwrap().is_none());
}

fn seen(owner: &Owner<'_>) -> (usize, usize) {
    let (mut hooks, mut anchors) = (0, 0);
    visit_owned(owner, 1_000, &mut |held| match held {
        Held::Hook(_) => hooks += 1,
        Held::Attachment(_) => anchors += 1,
        _ => {}
    });
    (hooks, anchors)
}

#[test]
fn a_hook_with_an_anchor_is_seen_through_every_owner_once() {
    let log = log();
    let x = leaf(&[2.0]);
    let y = x.mul(3.0).unwrap();
    let (table, id) = y.register_hook(Noting::new(&log, "anchored")).unwrap();
    y.anchor(&table, id, Arc::new(Reference));
    drop(table);
    // Alone, y shows both references.
    assert_eq!(seen(&Owner::Tensor(&y)), (1, 1));
    let z = y.exp().unwrap().mul(&y.sin().unwrap()).unwrap();
    // Together, each shows the one that it is the reason for.
    assert_eq!(seen(&Owner::Tensor(&y)), (0, 1));
    assert_eq!(seen(&Owner::Tensor(&z)), (1, 0));
    // Somebody else has the table.
    let table = node(&y).hooks().cloned();
    assert_eq!(seen(&Owner::Tensor(&z)), (0, 0));
    drop(table);
    // A third owner without an anchor: nobody knows who needs the hook.
    let third = y.cos().unwrap();
    assert_eq!((seen(&Owner::Tensor(&z)), seen(&Owner::Tensor(&third))), ((0, 0), (0, 0)));
    drop(third);
    // A hook beside it that y has no anchor for.
    node(&y).hooks_or_new().add(Kind::Before, Noting::new(&log, "plain"));
    assert_eq!(seen(&Owner::Tensor(&z)), (1, 0));
    y.forget_anchor(id);
    assert_eq!((seen(&Owner::Tensor(&y)), seen(&Owner::Tensor(&z))), ((0, 0), (0, 0)));
}

#[test]
fn what_lies_behind_a_shared_node_is_not_seen_through_an_anchor() {
    let log = log();
    let x = leaf(&[2.0]);
    let inner = x.exp().unwrap();
    inner.register_hook(Noting::new(&log, "behind")).unwrap();
    let y = inner.mul(3.0).unwrap();
    drop(inner);
    let (table, id) = y.register_hook(Noting::new(&log, "anchored")).unwrap();
    y.anchor(&table, id, Arc::new(Reference));
    drop(table);
    let z = y.sin().unwrap();
    assert_eq!((seen(&Owner::Tensor(&y)), seen(&Owner::Tensor(&z))), ((0, 1), (1, 0)));
}

#[test]
fn anchors_of_a_leaf_are_shared_with_its_accumulator() {
    let log = log();
    let x = leaf(&[2.0]);
    let (table, id) = x.register_hook(Noting::new(&log, "leaf")).unwrap();
    x.anchor(&table, id, Arc::new(Reference));
    drop(table);
    assert_eq!(seen(&Owner::Tensor(&x)), (1, 1));
    let y = x.exp().unwrap();
    assert_eq!((seen(&Owner::Tensor(&x)), seen(&Owner::Tensor(&y))), ((0, 1), (1, 0)));
    drop(y);
    assert_eq!(seen(&Owner::Tensor(&x)), (1, 1));
}

#[test]
fn a_walk_is_bounded() {
    let log = log();
    let x = leaf(&[2.0]);
    let mut y = x.exp().unwrap();
    y.register_hook(Noting::new(&log, "far")).unwrap();
    for _ in 0..100 {
        y = y.add(1.0).unwrap();
    }
    let mut parts = 0;
    visit_owned(&Owner::Tensor(&y), 50, &mut |held| {
        assert!(!matches!(held, Held::Hook(_)));
        parts += 1;
    });
    assert!(parts <= 50);
    assert_eq!(hooks_seen(&Owner::Tensor(&y)), 1);
}

// ---- cuts --------------------------------------------------------------------------------------------------------

#[test]
fn cuts_name_their_lines() {
    let x = leaf(&[2.0]);
    let _cut = x.mul(2.0).unwrap().detach();
    let detached_at = line!() - 1;
    let unrecorded_at = {
        let _off = no_grad();
        x.mul(2.0).unwrap();
        line!() - 1
    };
    let cuts = cuts::of(&x);
    assert_eq!(cuts.iter().map(|cut| cut.cause).collect::<Vec<_>>(), [cuts::Cause::Detach, cuts::Cause::NoGrad]);
    let lines: Vec<u32> = cuts.iter().map(|cut| cut.blame.resolve().unwrap().line).collect();
    assert_eq!(lines, [detached_at, unrecorded_at]);
    assert!(cuts::of(&leaf(&[1.0])).is_empty());
    // A pass is no cut.
    x.exp().unwrap().backward().unwrap();
    assert_eq!(cuts::of(&x).len(), 2);
}

// ---- long chains -------------------------------------------------------------------------------------------------

const LONG: usize = 1_000_000;

#[test]
fn a_million_nodes_are_dropped_without_recursion() {
    let x = leaf(&[0.0]);
    let mut y = x.clone();
    for _ in 0..LONG {
        y = y.add(1.0).unwrap();
    }
    assert_eq!(values(&y), [1e6]);
    drop(y);
}

#[test]
fn a_million_nodes_run_backward() {
    let x = leaf(&[0.0]);
    let mut y = x.clone();
    for _ in 0..LONG {
        y = y.add(1.0).unwrap();
    }
    y.backward().unwrap();
    assert_eq!(values(&x.grad().unwrap()), [1.0]);
}

#[test]
fn long_chains_that_save_and_that_write_through_views() {
    let x = leaf(&[1.0, 2.0]);
    let mut y = x.mul(1.0).unwrap();
    for _ in 0..100_000 {
        y = y.sin().unwrap();
    }
    let z = x.mul(1.0).unwrap();
    for _ in 0..20_000 {
        z.narrow(0, 0, 1).unwrap().add_(1.0).unwrap();
    }
    z.sum().unwrap().backward_with(None, RETAINED).unwrap();
    assert_eq!(values(&x.grad().unwrap()), [1.0, 1.0]);
    drop((y, z));
}

#[test]
fn a_chain_of_recorded_gradients_is_dropped_without_recursion() {
    let x = leaf(&[0.5]);
    let mut y = x.clone();
    for _ in 0..20_000 {
        y = y.sin().unwrap();
    }
    let gradient = autograd::grad(&[(&y, None)], &[&x], RECORDED).unwrap()[0].clone().unwrap();
    drop(y);
    let second = autograd::grad(&[(&gradient, None)], &[&x], Options::default()).unwrap()[0].clone().unwrap();
    assert!(values(&second)[0].is_finite());
}
