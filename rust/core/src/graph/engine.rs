//! The backward pass.
//!
//! A first walk counts, for every node that can be reached, the edges that lead to it. Then the newest ready node runs
//! next, leaves' accumulators before anything else; its results are summed into the buffers of older nodes. No
//! recursion, no registry, no lock while a rule runs.

use std::cell::{Cell, RefCell};
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::accumulate::{add_to_slot, fit};
use super::algebra::ALGEBRA;
use super::gradient::{Gradient, Gradients, InputGradients, gradients, none_of, own_all, tensors};
use super::hooks::Kind;
use super::level;
use super::mode::{ModeGuard, Modes, modes};
use super::node::{Cotangents, Edge, NodeRef, Results};
use super::provenance::{Blame, Inherit};
use super::rules::Backward;
use super::{saved, watch};
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::storage::{Placed, is_meta_known};
use crate::tensor::Tensor;

/// A backward pass to run.
pub struct Request {
    /// Where to start, with the seed gradients.
    pub roots: Vec<(Edge, Tensor)>,
    /// Restricts the pass to what leads to these edges; `None` runs everything.
    pub inputs: Option<Vec<Edge>>,
    /// Return the gradients at `inputs` instead of accumulating them.
    pub capture: bool,
    /// Keep saved values for another pass.
    pub retain_graph: bool,
    /// Record the pass itself.
    pub create_graph: bool,
}

/// A request whose seeds have been taken out: they belong to the pass alone, unless somebody else holds them.
struct Job {
    roots: SmallVec<[Edge; 2]>,
    inputs: Option<Vec<Edge>>,
    capture: bool,
    retain_graph: bool,
    create_graph: bool,
}

/// The seed gradients, one per root.
type Seeds = SmallVec<[Tensor; 2]>;

/// A node in this pass. The roots of the job keep the whole graph.
struct Slot<'a> {
    node: &'a NodeRef,
    /// Where in `Pass::targets` the slots that the node's edges lead to begin.
    targets: u32,
    waiting_for: u32,
    needed: bool,
    grads: Gradients,
    /// Captures at this node: (output, position in the result).
    captures: SmallVec<[(u32, usize); 1]>,
}

/// Re-entrant passes (backward inside a hook or a custom backward) beyond this depth go to a fresh thread: a level
/// takes a few kilobytes of native stack and, under Python, several interpreter frames.
const DEPTH_PER_THREAD: usize = 60;

/// Deepest re-entrant pass. PyTorch promises no figure; the contract here is at least 1,000.
const MAX_DEPTH: usize = 5_000;

/// Stack of a fresh thread for deep re-entrant passes.
const STACK_BYTES: usize = 64 << 20;

/// A pass that is under way, as far as the program may ask about it.
struct Running {
    id: u64,
    roots: SmallVec<[NodeRef; 1]>,
    index: Arc<FxHashMap<u64, u32>>,
    /// Nodes that run or whose gradient is captured; `None` when all of `index` do.
    wanted: Option<FxHashSet<u64>>,
    capture: bool,
    keeps_graph: bool,
}

/// The node that runs on this thread, while code of the host may ask for it.
pub struct Current(Option<NodeRef>);

impl Current {
    /// Says that `node` runs, until the guard is dropped.
    #[must_use = "the node before is restored when the guard is dropped"]
    pub fn enter(node: &NodeRef) -> Self {
        Self(CURRENT.replace(Some(node.clone())))
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let ended = CURRENT.replace(self.0.take());
        drop(ended);
    }
}

/// The node that runs on this thread, as far as code of the host may ask: within its hooks and its rule.
pub fn current_node() -> Option<NodeRef> {
    CURRENT.with_borrow(Clone::clone)
}

/// Whether the pass that runs on this thread keeps the graph for another one.
pub fn keeps_graph() -> Option<bool> {
    RUNNING.with(|running| running.borrow().last().map(|pass| pass.keeps_graph))
}

static NEXT_PASS: AtomicU64 = AtomicU64::new(0);

/// The number of the pass that runs on this thread.
pub fn current_pass() -> Option<u64> {
    RUNNING.with(|running| running.borrow().last().map(|pass| pass.id))
}

/// Whether a pass runs on this thread.
pub fn is_running() -> bool {
    DEPTH.get() > 0
}

/// Whether the pass that runs on this thread runs `node`, or captures its gradient; `None` outside a pass.
pub fn will_execute(node: &NodeRef) -> Option<bool> {
    RUNNING.with(|running| {
        let running = running.borrow();
        let pass = running.last()?;
        Some(match &pass.wanted {
            Some(wanted) => wanted.contains(&node.id()),
            None => pass.index.contains_key(&node.id()),
        })
    })
}

/// The nodes that the pass that runs on this thread runs, in the order in which it does; `None` outside a pass.
pub fn execution_order() -> Result<Option<Vec<NodeRef>>> {
    let of_pass = |pass: &Running| (pass.roots.clone(), pass.wanted.clone());
    let Some((roots, wanted)) = RUNNING.with(|running| running.borrow().last().map(of_pass)) else { return Ok(None) };
    let roots = roots.into_iter().map(|node| Edge::new(node, 0)).collect();
    let job = Job { roots, inputs: None, capture: false, retain_graph: true, create_graph: false };
    let mut order = Pass::new(&job)?.order(&job);
    order.retain(|node| wanted.as_ref().is_none_or(|wanted| wanted.contains(&node.id())));
    Ok(Some(order))
}

/// Whether the pass that runs on this thread gives gradients back instead of adding them into leaves.
pub fn is_capturing() -> bool {
    RUNNING.with(|running| running.borrow().last().is_some_and(|pass| pass.capture))
}

thread_local! {
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static CURRENT: RefCell<Option<NodeRef>> = const { RefCell::new(None) };
    /// Nodes of the last pass.
    static NODES: Cell<usize> = const { Cell::new(0) };
    static CALLBACKS: RefCell<Vec<Vec<Callback>>> = const { RefCell::new(Vec::new()) };
}

/// Runs once, when the pass that queued it is over.
pub type Callback = Box<dyn FnOnce() -> Result<()> + Send>;

/// Queues a callback for the end of the running pass.
pub fn queue_callback(callback: Callback) -> Result<()> {
    CALLBACKS.with(|queues| match queues.borrow_mut().last_mut() {
        Some(queue) => {
            queue.push(callback);
            Ok(())
        }
        None => Err(Error::runtime("queue_callback", "Final callbacks can only be installed during backward pass.")),
    })
}

/// Runs a backward pass. The result has one entry per `inputs` when capturing, else none.
#[track_caller]
pub fn run(request: Request) -> Result<Vec<Option<Tensor>>> {
    level::note_hosted();
    let depth = DEPTH.get();
    if depth >= MAX_DEPTH {
        return Err(Error::runtime(
            "backward",
            format!(
                "backward was re-entered {MAX_DEPTH} times (a hook or custom backward that calls backward on itself?)"
            ),
        ));
    }
    if depth > 0 && depth.is_multiple_of(DEPTH_PER_THREAD) {
        return run_on_fresh_thread(request, depth);
    }
    run_here(request, depth)
}

#[track_caller]
fn run_here(request: Request, depth: usize) -> Result<Vec<Option<Tensor>>> {
    struct Level(usize, usize, Vec<Arc<dyn saved::PackHooks>>);
    impl Drop for Level {
        fn drop(&mut self) {
            DEPTH.set(self.0);
            // Whatever hooks of the program have done to them.
            saved::restore_hooks_of_thread(std::mem::take(&mut self.2));
            RUNNING.with(|running| running.borrow_mut().truncate(self.1));
            let unfinished = CALLBACKS.with(|queues| queues.borrow_mut().pop());
            drop(unfinished);
        }
    }
    DEPTH.set(depth + 1);
    CALLBACKS.with(|queues| queues.borrow_mut().push(Vec::new()));
    let level = Level(depth, RUNNING.with(|running| running.borrow().len()), saved::hooks_of_thread());
    let captured = {
        let Request { roots, inputs, capture, retain_graph, create_graph } = request;
        let (roots, seeds): (_, Seeds) = roots.into_iter().unzip();
        let job = Job { roots, inputs, capture, retain_graph, create_graph };
        let _modes = ModeGuard::with(Modes::NO_GRAD, !create_graph);
        let pass = Pass::new(&job)?;
        let running = pass.describe(&job);
        RUNNING.with(|stack| stack.borrow_mut().push(running));
        pass.run(&job, seeds)?
    };
    // Callbacks may queue further ones.
    loop {
        let batch = CALLBACKS.with(|queues| queues.borrow_mut().last_mut().map(std::mem::take).unwrap_or_default());
        if batch.is_empty() {
            break;
        }
        for callback in batch {
            callback()?;
        }
    }
    drop(level);
    Ok(captured)
}

/// Continues on a thread of its own, with this thread's modes, while this one waits.
#[cold]
#[track_caller]
fn run_on_fresh_thread(request: Request, depth: usize) -> Result<Vec<Option<Tensor>>> {
    let modes = modes();
    let hooks = saved::hooks_of_thread();
    let levels = level::levels_of_thread();
    let blame = Blame::here();
    let thread = std::thread::Builder::new().name("arcgrad-backward".into()).stack_size(STACK_BYTES).spawn(move || {
        saved::set_hooks_of_thread(hooks);
        level::set_levels_of_thread(levels);
        let _modes = ModeGuard::set(modes);
        // The host's frames are those of the waiting thread.
        let _line = Inherit::from(blame);
        run_here(request, depth)
    });
    let thread = thread.map_err(|error| {
        Error::runtime("backward", format!("no thread for a re-entrant backward of depth {depth}: {error}"))
    })?;
    match crate::storage::outside_host(|| thread.join()) {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

struct Pass<'a> {
    slots: Vec<Slot<'a>>,
    /// The slot behind each edge of each node, or [`NOWHERE`].
    targets: Vec<u32>,
    index: Arc<FxHashMap<u64, u32>>,
    ready: BinaryHeap<(u64, u32)>,
    /// Leaves that were ready so far.
    leaves: u64,
    captured: Vec<Option<Tensor>>,
    blame: Blame,
    nan: super::nan::Watch,
}

/// Most nodes that room is made for in advance.
const MOST_ROOM: usize = 1 << 10;

/// The target of an edge that leads nowhere.
const NOWHERE: u32 = u32::MAX;

impl<'a> Pass<'a> {
    /// Finds everything that can be reached and counts edges.
    #[track_caller]
    fn new(job: &'a Job) -> Result<Self> {
        // Most passes are like the last one.
        let room = NODES.get().min(MOST_ROOM);
        let mut pass = Self {
            slots: Vec::with_capacity(room),
            targets: Vec::with_capacity(2 * room),
            index: Arc::new(FxHashMap::with_capacity_and_hasher(room, Default::default())),
            ready: BinaryHeap::new(),
            leaves: 0,
            captured: Vec::new(),
            blame: Blame::here(),
            nan: super::nan::Watch::default(),
        };
        let mut stack: Vec<u32> = Vec::new();
        for edge in &job.roots {
            if let Some(node) = &edge.node {
                let (slot, new) = pass.slot(node);
                if new {
                    stack.push(slot);
                }
            }
        }
        while let Some(slot) = stack.pop() {
            let node = pass.slots[slot as usize].node;
            pass.slots[slot as usize].targets = pass.targets.len() as u32;
            for edge in node.edges() {
                let Some(next) = &edge.node else {
                    pass.targets.push(NOWHERE);
                    continue;
                };
                let (next, new) = pass.slot(next);
                pass.targets.push(next);
                pass.slots[next as usize].waiting_for += 1;
                if new {
                    stack.push(next);
                }
            }
        }
        NODES.set(pass.slots.len());
        if let Some(inputs) = &job.inputs {
            pass.restrict(inputs, job.capture);
        } else {
            for slot in &mut pass.slots {
                slot.needed = true;
            }
        }
        Ok(pass)
    }

    fn slot(&mut self, node: &'a NodeRef) -> (u32, bool) {
        let next = self.slots.len() as u32;
        let index = Arc::get_mut(&mut self.index).expect("the index is shared when it is complete");
        let slot = *index.entry(node.id()).or_insert(next);
        if slot == next {
            self.slots.push(Slot {
                node,
                targets: 0,
                waiting_for: 0,
                needed: false,
                grads: none_of(node.outputs().len()),
                captures: SmallVec::new(),
            });
        }
        (slot, slot == next)
    }

    /// Marks the nodes from which an input can be reached: only these run.
    fn restrict(&mut self, inputs: &[Edge], capture: bool) {
        if capture {
            self.captured = vec![None; inputs.len()];
        }
        for (position, edge) in inputs.iter().enumerate() {
            let Some(slot) = edge.node.as_ref().and_then(|node| self.index.get(&node.id())) else { continue };
            let slot = &mut self.slots[*slot as usize];
            if capture {
                slot.captures.push((edge.output_nr, position));
            } else {
                slot.needed = true;
            }
        }
        // Ids are a topological order: inputs of a node are older than it.
        let mut order: Vec<u32> = (0..self.slots.len() as u32).collect();
        order.sort_unstable_by_key(|&slot| self.slots[slot as usize].node.id());
        for slot in order {
            let leads = self.targets_of(slot).iter().any(|&next| self.is_wanted(next));
            let slot = &mut self.slots[slot as usize];
            slot.needed |= leads;
        }
    }

    fn describe(&self, job: &Job) -> Running {
        let wanted = job.inputs.as_ref().map(|_| {
            let wanted = self.slots.iter().filter(|slot| slot.needed || !slot.captures.is_empty());
            wanted.map(|slot| slot.node.id()).collect()
        });
        Running {
            id: NEXT_PASS.fetch_add(1, Ordering::Relaxed),
            roots: job.roots.iter().filter_map(|root| root.node.clone()).collect(),
            index: self.index.clone(),
            wanted,
            capture: job.capture,
            keeps_graph: job.retain_graph,
        }
    }

    /// The slots behind the edges of a node.
    fn targets_of(&self, slot: u32) -> &[u32] {
        let slot = &self.slots[slot as usize];
        &self.targets[slot.targets as usize..][..slot.node.edges().len()]
    }

    /// Whether a gradient is wanted at the end of an edge.
    fn is_wanted(&self, target: u32) -> bool {
        target != NOWHERE && {
            let slot = &self.slots[target as usize];
            slot.needed || !slot.captures.is_empty()
        }
    }

    fn push_if_ready(&mut self, slot: u32) {
        let entry = &self.slots[slot as usize];
        if entry.waiting_for == 0 {
            let node = entry.node;
            let priority = if node.op().is_accumulator() {
                // Before anything else, in the order in which they are ready.
                self.leaves += 1;
                u64::MAX - self.leaves
            } else {
                node.hooks().and_then(|hooks| hooks.sequence()).unwrap_or_else(|| node.id())
            };
            self.ready.push((priority, slot));
        }
    }

    /// The nodes in the order in which they would run.
    fn order(mut self, job: &Job) -> Vec<NodeRef> {
        let mut roots: Vec<u32> =
            job.roots.iter().filter_map(|root| root.node.as_ref()).map(|node| self.index[&node.id()]).collect();
        roots.sort_unstable();
        roots.dedup();
        for slot in roots {
            self.push_if_ready(slot);
        }
        let mut order = Vec::with_capacity(self.slots.len());
        while let Some((_, slot)) = self.ready.pop() {
            order.push(self.slots[slot as usize].node.clone());
            for at in 0..self.targets_of(slot).len() {
                let next = self.targets_of(slot)[at];
                if next != NOWHERE {
                    self.slots[next as usize].waiting_for -= 1;
                    self.push_if_ready(next);
                }
            }
        }
        order
    }

    fn run(mut self, job: &Job, seeds: Seeds) -> Result<Vec<Option<Tensor>>> {
        let mut roots: SmallVec<[u32; 2]> = SmallVec::new();
        for (edge, seed) in job.roots.iter().zip(seeds) {
            let Some(node) = &edge.node else { continue };
            let slot = self.index[&node.id()];
            if !self.is_wanted(slot) {
                continue;
            }
            let seed = fit(seed, &node.outputs()[edge.output_nr as usize])?;
            add_to_slot(&mut self.slots[slot as usize].grads[edge.output_nr as usize], seed.into())?;
            // Ready when the last of its seeds is there.
            roots.retain(|other| *other != slot);
            roots.push(slot);
        }
        for slot in roots {
            self.push_if_ready(slot);
        }
        let anomaly = modes();
        while let Some((_, slot)) = self.ready.pop() {
            self.run_slot(slot, job, anomaly)?;
        }
        Ok(self.captured)
    }

    fn run_slot(&mut self, slot: u32, job: &Job, modes: Modes) -> Result<()> {
        let entry = &mut self.slots[slot as usize];
        let node = entry.node;
        let needed = entry.needed;
        let captures = std::mem::take(&mut entry.captures);
        let mut grads = std::mem::take(&mut entry.grads);
        let hooks = node.hooks().filter(|hooks| hooks.any()).cloned();
        let _current = hooks.is_some().then(|| Current::enter(node));
        // Accumulators are nobody's line.
        let _line = Inherit::from(node.blame().or(self.blame));
        let context = |error: Box<Error>| in_anomaly_mode(error, node, modes);

        // As PyTorch has it: where the pass goes on, what arrives is captured before the hooks see it.
        if needed {
            self.capture(&captures, &mut grads, true)?;
        }
        if let Some(hooks) = &hooks {
            for (output_nr, grad) in grads.iter_mut().enumerate() {
                for hook in hooks.of_kind(Kind::Gradient { output_nr: output_nr as u32 }) {
                    // Where nothing arrived hooks are told so.
                    let arrived = grad.as_mut().map(Gradient::own).transpose()?;
                    if let Some(replaced) = hook.on_gradient(arrived).map_err(context)? {
                        *grad = Some(fit_exactly(replaced, node, output_nr)?.into());
                    }
                    // What the hook keeps is no longer the pass's.
                    grad.as_mut().map(Gradient::own).transpose()?;
                }
            }
            for (output_nr, grad) in grads.iter_mut().enumerate() {
                let Some(grad) = grad else { continue };
                for tensor in hooks.retained_of(output_nr as u32) {
                    retain(&tensor, grad)?;
                }
            }
        }
        if !needed {
            self.capture(&captures, &mut grads, false)?;
        }
        let results = if needed { self.call(slot, grads, hooks.as_deref(), job, modes)? } else { SmallVec::new() };
        self.deliver(slot, results, modes)
    }

    /// Keeps gradients that were asked for. If the pass goes on with them they are copies.
    fn capture(&mut self, captures: &[(u32, usize)], grads: &mut Gradients, goes_on: bool) -> Result<()> {
        for (at, &(output_nr, position)) in captures.iter().enumerate() {
            let grad = &mut grads[output_nr as usize];
            let again = goes_on || captures[at + 1..].iter().any(|&(other, _)| other == output_nr);
            self.captured[position] = match grad {
                None => None,
                Some(grad) if again => Some(grad.copy()?),
                Some(last) => {
                    last.own()?;
                    grad.take().map(Gradient::into_tensor)
                }
            };
        }
        Ok(())
    }

    fn call(
        &mut self,
        slot: u32,
        mut grads: Gradients,
        hooks: Option<&super::hooks::HookTable>,
        job: &Job,
        modes: Modes,
    ) -> Result<InputGradients> {
        let node = self.slots[slot as usize].node;
        let context = |error: Box<Error>| in_anomaly_mode(error, node, modes);
        let mut post_hooks = Vec::new();
        if let Some(hooks) = hooks {
            for hook in hooks.of_kind(Kind::Before) {
                own_all(&mut grads)?;
                if let Some(replaced) = hook.before_node(&tensors(&grads)).map_err(context)? {
                    grads = gradients(replaced);
                }
                own_all(&mut grads)?;
            }
            post_hooks = hooks.of_kind(Kind::After);
        }
        if !post_hooks.is_empty() {
            own_all(&mut grads)?;
        }
        let arrived = grads.iter().any(Option::is_some);
        if !arrived && !node.op().runs_without_gradient() {
            return Ok(SmallVec::new());
        }
        let before = if post_hooks.is_empty() { Cotangents::new() } else { tensors(&grads) };
        let mut needs: SmallVec<[bool; 4]> = SmallVec::new();
        for &next in self.targets_of(slot) {
            needs.push(self.is_wanted(next));
        }
        let release = (!job.retain_graph).then_some(self.blame);
        let _place = if is_meta_known() { beside(&mut grads) } else { None };
        let shapes = |grads: &mut Gradients| {
            grads.iter_mut().flatten().map(|grad| grad.look().array().shape().into()).collect::<SmallVec<[Shape; 2]>>()
        };
        let shapes = if watch::is_on() { shapes(&mut grads) } else { SmallVec::new() };
        let run = || Backward::new(node, grads, &needs, job.create_graph, release).and_then(Backward::run);
        let mut results = watch::node(node.name(), || shapes, run).map_err(context)?;
        let mut before = before;
        if post_hooks.is_empty()
            && let Some(hooks) = node.hooks()
        {
            // Those that were registered while the rule ran: what arrived is gone.
            post_hooks = hooks.of_kind(Kind::After);
            before = none_of(node.outputs().len());
        }
        for hook in post_hooks {
            own_all(&mut results)?;
            if let Some(replaced) = hook.after_node(&tensors(&results), &before).map_err(context)? {
                results = gradients(replaced);
            }
            own_all(&mut results)?;
        }
        Ok(results)
    }

    fn deliver(&mut self, slot: u32, mut results: InputGradients, modes: Modes) -> Result<()> {
        let node = self.slots[slot as usize].node;
        let targets = self.slots[slot as usize].targets as usize;
        for (input, edge) in node.edges().iter().enumerate() {
            let Some(next) = &edge.node else { continue };
            let slot = self.targets[targets + input];
            if !self.is_wanted(slot) {
                continue;
            }
            if let Some(mut grad) = results.get_mut(input).and_then(Option::take) {
                if modes.any(Modes::CHECK_NAN) && (ALGEBRA.any_nan)(grad.tensor())? {
                    return Err(in_anomaly_mode(returned_nan(node, input), node, modes));
                }
                let meta = &next.outputs()[edge.output_nr as usize];
                if !self.nan.see(&mut grad, meta, node, next) {
                    grad = fit(grad.into_tensor(), meta).map_err(|error| invalid(error, node, input))?.into();
                    self.nan.see(&mut grad, meta, node, next);
                }
                add_to_slot(&mut self.slots[slot as usize].grads[edge.output_nr as usize], grad)?;
            }
            self.slots[slot as usize].waiting_for -= 1;
            self.push_if_ready(slot);
        }
        Ok(())
    }
}

/// What a rule makes is made where the gradients lie.
#[cold]
fn beside(grads: &mut Gradients) -> Option<Placed> {
    grads.iter_mut().flatten().find_map(|grad| grad.look().array().storage().beside())
}

/// `.grad` of a non-leaf that keeps it: summed over passes, never recorded into the node's own history.
fn retain(tensor: &Tensor, grad: &mut Gradient) -> Result<()> {
    let kept = match tensor.grad() {
        None => grad.copy()?,
        Some(old) => (ALGEBRA.add)(&old, grad.tensor())?,
    };
    tensor.store_grad(Some(kept));
    Ok(())
}

fn fit_exactly(grad: Tensor, node: &NodeRef, output_nr: usize) -> Result<Tensor> {
    let (expected, given) = (&node.outputs()[output_nr], grad.meta());
    if given.shape != expected.shape {
        return Err(Error::runtime(
            "hook",
            format!("hook has changed the size of value: expected {:?}, got {:?}", expected.shape, given.shape),
        ));
    }
    if given.dtype != expected.dtype {
        return Err(Error::runtime(
            "hook",
            format!("hook has changed the type of value (was {} got {})", expected.dtype, given.dtype),
        ));
    }
    Ok(grad)
}

#[cold]
fn invalid(error: Box<Error>, node: &NodeRef, input: usize) -> Box<Error> {
    match *error {
        Error::Foreign { .. } => error,
        other => Error::runtime(
            "backward",
            format!(
                "Function {} returned an invalid gradient at index {input} - {other}\n  recorded at {}",
                node.name(),
                node.blame().describe()
            ),
        ),
    }
}

#[cold]
fn returned_nan(node: &NodeRef, input: usize) -> Box<Error> {
    Error::runtime(
        "backward",
        format!(
            "Function '{}' returned nan values in its {input}th output.\n  recorded at {}\n\
             Hint: the forward value there is usually at the edge of the function's domain (sqrt of 0, log of 0, 0/0).",
            node.name(),
            node.blame().describe()
        ),
    )
}

/// In anomaly mode every error of a rule names the forward line.
fn in_anomaly_mode(error: Box<Error>, node: &NodeRef, modes: Modes) -> Box<Error> {
    if modes.any(Modes::ANOMALY) {
        crate::warning::report(|| {
            format!("Error detected in {}. It was recorded at {}", node.name(), node.blame().describe())
        });
    }
    if !modes.any(Modes::ANOMALY) || matches!(*error, Error::Foreign { .. } | Error::Graph { .. }) {
        return error;
    }
    Error::runtime(
        error.op(),
        format!("{error}\n  in the backward of {}, recorded at {}", node.name(), node.blame().describe()),
    )
}

/// Runs one node outside a pass, for the program.
pub fn call_node(node: &NodeRef, grads: Cotangents, needs: &[bool], create_graph: bool) -> Result<Results> {
    if grads.iter().all(Option::is_none) && !node.op().runs_without_gradient() {
        return Ok(none_of(node.edges().len()));
    }
    let mut results = run_node(node, grads, needs, create_graph)?;
    own_all(&mut results)?;
    Ok(tensors(&results))
}

/// [`call_node`] for another node: the results are nobody's yet.
pub(super) fn run_node(
    node: &NodeRef,
    grads: Cotangents,
    needs: &[bool],
    create_graph: bool,
) -> Result<InputGradients> {
    let _line = Inherit::from(node.blame());
    Backward::new(node, gradients(grads), needs, create_graph, None)?.run()
}

/// Keeps the compiler honest about what crosses threads.
const _: () = {
    const fn sendable<T: Send + Sync>() {}
    sendable::<Arc<super::node::Node>>();
    sendable::<Tensor>();
};
