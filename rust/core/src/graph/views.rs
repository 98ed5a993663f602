//! Views and in-place operations on them.
//!
//! An in-place operation on a view rewrites the history of its base: the base's new node (`CopySlices`) cuts the
//! view's part out of the gradient, sends it through the operation's node and puts the result back. The other views
//! of the base get their `grad_fn` anew when it is next asked for.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::algebra::ALGEBRA;
use super::engine::run_node;
use super::mode::{Modes, enable_grad, is_grad_enabled, modes};
use super::node::{Edge, Meta, NodeOf, NodeRef};
use super::op::Op;
use super::provenance::Blame;
use super::rules::Backward;
use super::view::{Creation, Replay, View, view_of};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::{Shape, Strides, contiguous_strides, is_non_overlapping_and_dense};
use crate::tensor::Tensor;

/// Says how a view of `source`, marked just now, is made of it, where both stand for one example of a batch and have no
/// memory. They count their versions together, as views that show memory do.
pub(crate) fn set_replay(view: &Tensor, source: &Tensor, step: Replay) -> Result<()> {
    let before = view_of(source).map(|view| view.replay);
    let replay: Replay = match before {
        None => step,
        Some(Some(before)) => Arc::new(move |base| step(&before(base)?)),
        Some(None) => return Ok(()),
    };
    let (own, storage) = (view.array(), source.array().storage().clone());
    let array = if storage.has_memory() {
        Array::from_parts("vmap", storage, own.dtype(), own.shape(), own.strides(), 0)?
    } else {
        own.placed_on(storage)
    };
    let version = array.storage().version();
    let old = {
        let mut state = view.lock();
        if let Some(view) = &mut state.view {
            (view.version, view.replay) = (version, Some(replay));
        }
        state.replace_array(array)
    };
    drop(old);
    Ok(())
}

/// Says how a view of `source`, marked just now, is made of it, where it shows the memory of its base as elements of another
/// dtype.
pub(crate) fn set_step(view: &Tensor, source: &Tensor, step: Replay) {
    let replay: Replay = match view_of(source) {
        None => step,
        Some(View { replay: Some(before), .. }) => Arc::new(move |base| step(&before(base)?)),
        Some(View { base, replay: None, .. }) => {
            let (shown, start) = (Geometry::of(&source.array()), base.array().offset() as isize);
            Arc::new(move |base| {
                let offset = base.array().offset() as isize + shown.offset as isize - start;
                step(&(ALGEBRA.as_strided)(base, &shown.shape, &shown.strides, offset as usize)?)
            })
        }
    };
    if let Some(view) = &mut view.lock().view {
        view.replay = Some(replay);
    }
}

impl View {
    /// What a view of the same kind shows of another base.
    fn again(&self, base: &Tensor, array: &Array) -> Result<Tensor> {
        match &self.replay {
            Some(replay) => replay(base),
            None => (ALGEBRA.as_strided)(base, array.shape(), array.strides(), array.offset()),
        }
    }
}

/// Makes `tensor`, fresh and not yet shown to anybody, a view of `source`.
pub fn mark_view(tensor: &Tensor, source: &Tensor, several: bool) {
    let (base, inherited, inference) = {
        let state = source.lock();
        match &state.view {
            Some(view) => (view.base.clone(), view.creation, state.inference),
            None => (source.clone(), Creation::Plain, state.inference),
        }
    };
    let creation = match (inherited, modes()) {
        (_, modes) if modes.any(Modes::INFERENCE) => Creation::Inference,
        (_, modes) if modes.any(Modes::NO_GRAD) => Creation::NoGrad,
        (Creation::Plain, _) if several => Creation::MultiOutput,
        (inherited, _) => inherited,
    };
    let mut state = tensor.lock();
    let version = state.array.storage().version();
    // A view is what its base is, in whatever mode it is made.
    state.inference = inference;
    state.view = Some(View { base, creation, version, replay: None });
}

/// A view of a tensor in no graph, in one step; `None` where more is to be seen to.
#[inline]
pub fn plain_view(source: &Tensor, show: impl FnOnce(&Array) -> Result<Array>) -> Option<Result<Tensor>> {
    let modes = modes();
    if modes != Modes::NONE && modes != Modes::NO_GRAD {
        return None;
    }
    let (shown, inherited) = {
        let state = source.lock();
        if state.wants_grad() || state.inference {
            return None;
        }
        let inherited = state.view.as_ref().map(|view| (view.base.clone(), view.creation));
        (show(&state.array), inherited)
    };
    let (base, creation) = match inherited {
        None => (source.clone(), Creation::Plain),
        // An in-place operation may have brought the base into a graph, and the view with it.
        Some((base, _)) if base.lock().wants_grad() => return None,
        Some(inherited) => inherited,
    };
    let creation = if modes == Modes::NO_GRAD { Creation::NoGrad } else { creation };
    Some(shown.map(|array| {
        let version = array.storage().version();
        Tensor::new_view(array, View { base, creation, version, replay: None })
    }))
}

/// Makes a result that shows only memory of its own a tensor in its own right: what it was cut out of on the way is
/// nothing the program knows of, and is let go of. `arguments` are what the operation was given.
pub fn own_result<'a>(result: &Tensor, arguments: impl Iterator<Item = &'a Tensor> + Clone) {
    let base = {
        let state = result.lock();
        match &state.view {
            Some(view) if !arguments.clone().any(|argument| argument.is(&view.base)) => view.base.clone(),
            _ => return,
        }
    };
    if arguments.into_iter().any(|argument| argument.base().is_some_and(|own| own.is(&base))) {
        return;
    }
    let hidden = result.lock().view.take();
    drop(hidden);
}

/// Changes how a view is judged (outputs of custom functions).
pub fn set_creation(tensor: &Tensor, creation: Creation) {
    if let Some(view) = tensor.lock().view.as_mut() {
        view.creation = creation;
    }
}

/// The `grad_fn` of a view: its own while the data is unchanged, else one made anew over the base's.
pub(crate) fn current_grad_fn(tensor: &Tensor) -> Result<Option<NodeRef>> {
    let (own, view, array) = {
        let state = tensor.lock();
        let Some(view) = state.view.clone() else {
            return Ok(state.grad_fn.clone());
        };
        (state.grad_fn.clone(), view, state.array.clone())
    };
    let version = array.storage().version();
    if version == view.version || (own.is_none() && !view.base.requires_grad()) {
        return Ok(own);
    }
    if !view.base.requires_grad() {
        return Ok(own);
    }
    refuse(tensor, &view, "a view", true)?;
    let shown = {
        // Made as if the view had been taken just now, whatever the thread's mode.
        let _on = enable_grad();
        view.again(&view.base, &array)?
    };
    let node = shown.lock().grad_fn.clone();
    let old = {
        let mut state = tensor.lock();
        state.output_nr = 0;
        if let Some(own) = state.view.as_mut() {
            own.version = version;
        }
        std::mem::replace(&mut state.grad_fn, node.clone())
    };
    if let Some(node) = &node
        && tensor.retains_grad()
    {
        move_retained(tensor, old.as_ref(), node, 0);
    }
    drop(old);
    Ok(node)
}

/// A retained gradient goes where its tensor goes: from the node `old` to output `output_nr` of `node`.
fn move_retained(tensor: &Tensor, old: Option<&NodeRef>, node: &NodeRef, output_nr: u32) {
    if let Some(hooks) = old.and_then(|old| old.hooks()) {
        hooks.forget_retained(&tensor.downgrade());
    }
    node.hooks_or_new().retain(output_nr, tensor.downgrade());
}

/// Whether the gradients of two tensors that show the same elements go the same way: they are the same tensor, or views
/// of one base whose history theirs follows.
pub(crate) fn same_history(a: &Tensor, b: &Tensor) -> bool {
    let base = |tensor: &Tensor| {
        let state = tensor.lock();
        match &state.view {
            None => Some(tensor.clone()),
            // A view may be a leaf of its own.
            Some(_) if state.requires_grad => None,
            Some(view) => matches!(view.creation, Creation::Plain | Creation::MultiOutput).then(|| view.base.clone()),
        }
    };
    a.is(b) || matches!((base(a), base(b)), (Some(a), Some(b)) if a.is(&b))
}

/// Whether `target` is a view of something that requires a gradient.
pub(crate) fn base_requires_grad(target: &Tensor) -> bool {
    view_of(target).is_some_and(|view| view.base.requires_grad())
}

/// Whether a recorded in-place operation on `target` is allowed.
pub(crate) fn check_in_place(op: &'static str, target: &Tensor) -> Result<()> {
    if let Some(view) = view_of(target) {
        refuse(target, &view, op, false)?;
        // The base itself need not require a gradient: the view, or what it is a view of, may be a leaf that does.
        if view.base.is_leaf() && target.requires_grad() {
            return Err(Error::runtime(
                op,
                "a view of a leaf Variable that requires grad is being used in an in-place operation. Use \
                 no_grad() for updates of parameters, or clone() the leaf first.",
            ));
        }
    }
    if target.is_leaf() && target.requires_grad() {
        return Err(Error::runtime(
            op,
            "a leaf Variable that requires grad is being used in an in-place operation. Use no_grad() for updates of \
             parameters, or clone() the leaf first.",
        ));
    }
    Ok(())
}

/// The views whose history cannot be rewritten.
fn refuse(tensor: &Tensor, view: &View, op: &'static str, indirect: bool) -> Result<()> {
    if view.creation == Creation::Plain {
        return Ok(());
    }
    let who = {
        let state = tensor.lock();
        state.grad_fn.as_ref().map(|node| format!("Output {} of {}", state.output_nr, node.name()))
    };
    let changed = if indirect { "its base or another view of its base has been" } else { "is being" };
    let within = match &who {
        Some(who) => format!("{who} is a view of a view which was created in"),
        None => "A view was created in".to_owned(),
    };
    let how = match (&who, view.creation) {
        (_, Creation::Inference) => format!("{within} inference mode and {changed} modified inplace in normal mode."),
        (None, _) | (_, Creation::NoGrad) => {
            format!("{within} no_grad mode and {changed} modified inplace with grad mode enabled.")
        }
        (Some(who), _) => format!("{who} is a view and {changed} modified inplace."),
    };
    let both_inside = |block: &str| {
        format!(
            "{how} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by \
             moving both the view and the inplace either both inside the {block} block (if you don't want the inplace to \
             be tracked) or both outside (if you want the inplace to be tracked)."
        )
    };
    let reason = match view.creation {
        Creation::Plain => return Ok(()),
        Creation::MultiOutput => format!(
            "{how} This view is the output of a function that returns multiple views. Such functions do not \
             allow the output views to be modified inplace. You should replace the inplace operation by an \
             out-of-place one."
        ),
        Creation::NoGrad => both_inside("no_grad"),
        Creation::Inference => both_inside("inference_mode"),
        Creation::CustomFunction => format!(
            "{how} This view was created inside a custom Function (or because an input was returned as-is) and \
             the autograd logic to handle view+inplace would override the custom backward associated with the custom \
             Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the \
             output of the custom Function."
        ),
    };
    // Without gradients there is no history to get wrong.
    if !is_grad_enabled() && !indirect { Ok(()) } else { Err(Error::graph(op, reason)) }
}

/// After an in-place operation, which has changed the version: `target` is output `output_nr` of `node` from now on. What
/// it was before is the input `input` of the node, if it is one.
pub(crate) fn rebase_history(target: &Tensor, node: NodeRef, output_nr: u32, input: Option<usize>) -> Result<()> {
    match view_of(target) {
        None => {
            move_to(target, None, node, output_nr);
            Ok(())
        }
        Some(view) => {
            let base = view.base.array();
            let shown = target.array();
            let base_edge = view.base.gradient_edge()?.unwrap_or_default();
            let blame = node.blame();
            let mut edges: SmallVec<[Edge; 2]> = node.edges().into();
            match input {
                Some(input) => edges[input] = base_edge,
                None => edges.push(base_edge),
            }
            let input = input.unwrap_or(edges.len() - 1);
            let (base_geometry, shown) = (Geometry::of(&base), Geometry::of(&shown));
            let replay = view.replay.clone();
            let dtype = base.dtype();
            let rule = CopySlices { base: base_geometry, dtype, view: shown, replay, input, inner: node.clone() };
            let meta = Meta::of(&base);
            let copy: NodeRef = NodeOf::new(rule, blame, edges, smallvec![meta], SmallVec::new());
            node.head().saved().show_outputs_through(&copy);
            move_to(&view.base, None, copy, 0);
            // The view's own grad_fn is now out of date.
            current_grad_fn(target)?;
            Ok(())
        }
    }
}

/// Gives a tensor its new place, and other data that belongs to it, if given. A retained gradient follows; tensor hooks
/// stay with the old node.
fn move_to(tensor: &Tensor, array: Option<Array>, node: NodeRef, output_nr: u32) {
    if tensor.retains_grad() {
        let old = tensor.lock().grad_fn.clone();
        move_retained(tensor, old.as_ref(), &node, output_nr);
    }
    let old = {
        let mut guard = tensor.lock();
        let state = &mut *guard;
        state.output_nr = output_nr;
        state.requires_grad = false;
        let array = array.map(|array| state.replace_array(array));
        if let Some(view) = &mut state.view {
            view.version = state.array.storage().version();
        }
        (state.grad_fn.replace(node), state.take_anchors(), array)
    };
    drop(old);
}

/// Gives a tensor that a custom function changed in place its new place in the graph: see [`record_in_place`]. Its old
/// value was the input `input` of the node, or none.
///
/// [`record_in_place`]: super::record::record_in_place
pub fn set_history(target: &Tensor, node: NodeRef, output_nr: u32, input: Option<usize>) -> Result<()> {
    // Views have to notice, whatever the function did or has looked at since.
    target.array().storage().note_change(Blame::here());
    rebase_history(target, node, output_nr, input)
}

/// Gives a fresh tensor its node.
pub fn attach(tensor: &Tensor, node: NodeRef, output_nr: u32) {
    move_to(tensor, None, node, output_nr);
}

/// Lets a tensor show its memory in another way (`t_`): the data, and where it is in a graph the node that says so,
/// change together.
pub(crate) fn show(tensor: &Tensor, array: Array, node: Option<NodeRef>) {
    match node {
        Some(node) => move_to(tensor, Some(array), node, 0),
        None => tensor.set_array(array),
    }
}

struct Geometry {
    shape: Shape,
    strides: Strides,
    offset: usize,
}

impl Geometry {
    fn of(array: &Array) -> Self {
        Self {
            shape: SmallVec::from_slice(array.shape()),
            strides: SmallVec::from_slice(array.strides()),
            offset: array.offset(),
        }
    }
}

/// The history of a base one of whose views was changed in place.
struct CopySlices {
    base: Geometry,
    dtype: DType,
    view: Geometry,
    replay: Option<Replay>,
    /// Which input the base is: where the view was among the operation's inputs, or behind them.
    input: usize,
    inner: NodeRef,
}

/// The node that rewrote the history of a base, where `edge` is that of a view which the operation of `inner` has written to.
pub(crate) fn rewritten_by(edge: &Edge, inner: &NodeRef) -> Option<NodeRef> {
    let copy = edge.node.as_ref()?.edges().first()?.node.as_ref()?;
    let rule = copy.op_as::<CopySlices>()?;
    Arc::ptr_eq(&rule.inner, inner).then(|| copy.clone())
}

/// The place of a view that an operation has written to: output 0 of the view's node over `copy`, which rewrote the
/// history of the base. `shown` is the view.
pub(crate) fn edge_through_base(copy: &NodeRef, shown: &Array) -> Result<Option<Edge>> {
    let Some(CopySlices { base, dtype: own, view, replay, .. }) = copy.op_as::<CopySlices>() else { return Ok(None) };
    let _on = enable_grad();
    if let Some(replay) = replay
        && *own != shown.dtype()
    {
        let whole = Array::zeros("view", &base.shape, *own)?;
        return replay(&Tensor::from_saved(whole, Some(Edge::new(copy.clone(), 0))))?.gradient_edge();
    }
    // Only the place is wanted. A hook may have kept the view alone, in memory that has no room for the base.
    let (op, dtype) = ("as_strided", shown.dtype());
    let whole = match Array::from_parts(op, shown.storage().clone(), dtype, &base.shape, &base.strides, base.offset) {
        Ok(whole) => whole,
        Err(_) => {
            let last = crate::shape::extent(&base.shape, &base.strides).map_or(-1, |(_, last)| last);
            let room = base.offset + (last + 1) as usize;
            Array::zeros(op, &[room], dtype)?.with_layout(&base.shape, &base.strides, base.offset)
        }
    };
    let whole = Tensor::from_saved(whole, Some(Edge::new(copy.clone(), 0)));
    (ALGEBRA.as_strided)(&whole, &view.shape, &view.strides, view.offset)?.gradient_edge()
}

impl CopySlices {
    /// A copy of the base's gradient, and the part of it that the view shows.
    fn shown(&self, grad: &Tensor) -> Result<(Tensor, Tensor)> {
        if let Some(replay) = &self.replay {
            // What stands for one example of a batch has no strides of its own.
            let dense = is_non_overlapping_and_dense(&self.base.shape, &self.base.strides);
            let own = if dense { self.base.strides.clone() } else { contiguous_strides(&self.base.shape) };
            let whole = (ALGEBRA.copy_strided)(grad, &own)?;
            let part = replay(&whole)?;
            return Ok((whole, part));
        }
        // In the base's own strides, so that the view's geometry cuts out the same elements.
        let whole = (ALGEBRA.copy_strided)(grad, &self.base.strides)?;
        let start = whole.array().offset() as isize;
        let offset = start + self.view.offset as isize - self.base.offset as isize;
        let part = (ALGEBRA.as_strided)(&whole, &self.view.shape, &self.view.strides, offset as usize)?;
        Ok((whole, part))
    }
}

impl CopySlices {
    /// Which elements of the base, counted row by row, the view shows.
    fn positions(&self) -> Result<Tensor> {
        let places = |geometry: &Geometry| {
            let mut offsets = vec![geometry.offset as isize];
            for (&size, &stride) in geometry.shape.iter().zip(&geometry.strides) {
                offsets =
                    offsets.iter().flat_map(|start| (0..size as isize).map(move |at| start + at * stride)).collect();
            }
            offsets
        };
        let of_base: rustc_hash::FxHashMap<isize, i64> = places(&self.base).into_iter().zip(0..).collect();
        let positions: Vec<i64> = places(&self.view).iter().map(|place| of_base[place]).collect();
        Tensor::from_slice(&positions, &self.view.shape)
    }

    /// The rule for gradients that stand for one example of a batch, or whose tangents do: they have no memory of which the
    /// view shows a part.
    fn vjp_of_batch(&self, cx: &mut Backward<'_>, grad: &Tensor) -> Result<()> {
        let positions = self.positions()?;
        let sent = (ALGEBRA.take)(grad, &positions)?;
        let needs: SmallVec<[bool; 4]> = (0..self.inner.edges().len()).map(|input| cx.needs(input)).collect();
        let mut results = run_node(&self.inner, smallvec![Some(sent.clone())], &needs, cx.create_graph())?;
        let old = results.get_mut(self.input).and_then(Option::take);
        if cx.needs(self.input) {
            let old = match old {
                Some(result) => result.into_tensor(),
                None => (ALGEBRA.zeros_like)(&sent)?,
            };
            cx.put(self.input, (ALGEBRA.put)(grad, &positions, &old)?);
        }
        for (input, result) in results.into_iter().enumerate() {
            if let Some(result) = result {
                cx.put(input, result);
            }
        }
        Ok(())
    }
}

impl Op for CopySlices {
    fn name(&self) -> &str {
        "arcgrad::CopySlices"
    }

    fn vjp(&self, cx: &mut Backward<'_>) -> Result<()> {
        let grad = cx.only_grad();
        if self.replay.is_none() && grad.carries_example() {
            return self.vjp_of_batch(cx, &grad);
        }
        let (whole, part) = self.shown(&grad)?;
        let sent = (ALGEBRA.copy_strided)(&part, &contiguous_strides(&self.view.shape))?;
        let needs: SmallVec<[bool; 4]> = (0..self.inner.edges().len()).map(|input| cx.needs(input)).collect();
        let mut results = run_node(&self.inner, smallvec![Some(sent)], &needs, cx.create_graph())?;
        // There may be one that nobody needs, where the pass ends here.
        let old = results.get_mut(self.input).and_then(Option::take);
        if cx.needs(self.input) {
            // The part the operation overwrote: its old value's gradient replaces the new one's.
            match old {
                Some(result) => (ALGEBRA.copy_into)(&part, &result.into_tensor())?,
                None => (ALGEBRA.zero)(&part)?,
            }
            cx.put(self.input, whole);
        }
        for (input, result) in results.into_iter().enumerate() {
            if let Some(result) = result {
                cx.put(input, result);
            }
        }
        Ok(())
    }

    fn release(&self) {
        self.inner.release(Blame::here());
    }

    fn owned_nodes(&self, visit: &mut dyn FnMut(&NodeRef)) {
        visit(&self.inner);
    }
}

/// Whether `node` rewrites a base's history, with the node of the operation on the view.
pub fn inner_of_copy_slices(node: &NodeRef) -> Option<NodeRef> {
    node.op_as::<CopySlices>().map(|rule| rule.inner.clone())
}

const _: () = {
    const fn sendable<T: Send + Sync>() {}
    sendable::<Arc<CopySlices>>();
};
