//! The dynamic graph: what was recorded, and the engine that runs it backward. Nothing in here names an op.
//!
//! Reading order: [`mode`] (what this thread does), [`provenance`] (which line did it), [`node`] (what is recorded),
//! [`saved`] (values kept for backward), [`hooks`], [`accumulate`] (the leaves), [`engine`] (the backward pass),
//! [`views`] (in-place operations on views), [`record`] and [`custom`] (how an op enters the graph), `place` (where it
//! works), [`ownership`] (what a host's cycle collector may see), [`cuts`] and [`nan`] (why a gradient is not there, or is
//! no number), [`watch`] (what a profile sees).

pub mod accumulate;
pub mod algebra;
pub mod call;
pub mod custom;
pub mod cuts;
mod detached;
pub mod engine;
pub(crate) mod flat;
pub mod gradient;
pub mod hooks;
pub mod hosted;
mod leaf;
pub mod level;
pub mod mode;
pub mod nan;
pub mod node;
mod number;
pub mod op;
mod operand;
pub mod ownership;
pub(crate) mod place;
pub mod record;
pub mod rules;
pub mod saved;
pub mod trace;
pub mod transform;
pub mod view;
pub mod views;
pub mod watch;

pub use crate::provenance::{self, Blame, Line};
pub use call::{call, call_many, call_with};
pub use engine::{Request, run};
pub use mode::{ModeGuard, Modes, enable_grad, is_grad_enabled, modes, no_grad, set_grad_enabled, set_modes};
pub use node::{Edge, Meta, Node, NodeRef};
pub use op::Op;
pub use rules::Backward;
