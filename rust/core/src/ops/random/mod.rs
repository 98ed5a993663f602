//! Random tensors, and random changes in place.

mod examples;
mod fills;
mod parameters;
pub mod shapes;
mod stream;
pub mod table;

pub(super) use examples::for_each_example;
pub(super) use fills::fill_new;
pub use fills::{Distribution, fill_random, random, random_like, randperm};
pub use parameters::{bernoulli, bernoulli_each_, bernoulli_with, binomial, multinomial, normal, poisson};
pub(super) use stream::source;
