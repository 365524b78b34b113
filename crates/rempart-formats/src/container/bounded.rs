//! A reader that stops what expands beyond measure.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::Limits;

/// Below this much output the ratio is not looked at: small inputs of one repeated byte are harmless.
const RATIO_FROM: u64 = 16 << 20;

/// What one input has cost so far: compressed bytes in, decompressed bytes out, over all its entries.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    taken: Rc<Cell<u64>>,
    given: Rc<Cell<u64>>,
    limits: Limits,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { taken: Rc::default(), given: Rc::default(), limits: *limits }
    }

    /// Takes all of the compressed bytes as read (an archive, whose entries may share them).
    pub(super) fn take(&self, bytes: u64) {
        self.taken.set(self.taken.get().saturating_add(bytes));
    }

    /// Counts what goes into a decompressor.
    pub(super) fn count<R: Read>(&self, inner: R) -> Counted<R> {
        Counted { inner, taken: Rc::clone(&self.taken) }
    }

    /// Bounds what comes out. `compressed`: the ratio counts as well.
    pub(super) fn bound<R: Read>(&self, name: &str, compressed: bool, inner: R) -> Bounded<R> {
        Bounded { inner, budget: self.clone(), name: name.into(), compressed }
    }

    fn check(&self, name: &str, compressed: bool) -> io::Result<()> {
        let (taken, given) = (self.taken.get(), self.given.get());
        if given > self.limits.input_bytes {
            return Err(io::Error::other(LimitPassed(format!(
                "{name} makes the input longer than {} bytes; split it",
                self.limits.input_bytes
            ))));
        }
        if compressed && given > RATIO_FROM && given / self.limits.expansion.max(1) > taken {
            return Err(io::Error::other(LimitPassed(format!(
                "{name} expands to more than {} times its compressed size; if that is right, decompress it first",
                self.limits.expansion
            ))));
        }
        Ok(())
    }
}

/// The error inside an [`io::Error`] that says that a limit was passed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct LimitPassed(pub(crate) String);

pub(super) struct Counted<R> {
    inner: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.taken.set(self.taken.get().saturating_add(count as u64));
        Ok(count)
    }
}

pub(super) struct Bounded<R> {
    inner: R,
    budget: Budget,
    name: Box<str>,
    compressed: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(to)?;
        self.budget.given.set(self.budget.given.get().saturating_add(count as u64));
        self.budget.check(&self.name, self.compressed)?;
        Ok(count)
    }
}
