//! Where the numbers come from: a generator, also as an attribute of an operation.

use std::fmt;
use std::sync::Arc;

use parking_lot::MutexGuard;

use crate::random::{self, Generator, SharedGenerator, default_generator};

pub(in crate::ops) fn source(generator: Option<&SharedGenerator>) -> &SharedGenerator {
    generator.unwrap_or_else(|| default_generator())
}

/// A generator as an attribute of an operation.
#[derive(Clone)]
pub(in crate::ops) struct Stream(SharedGenerator);

impl Stream {
    pub(in crate::ops) fn of(generator: Option<&SharedGenerator>) -> Self {
        Self(source(generator).clone())
    }

    pub(in crate::ops) fn lock(&self) -> MutexGuard<'_, Generator> {
        random::lock(&self.0)
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
