//! The STIX patterning language (STIX 2.1, section 9): read, written, and asked for its observables.

mod ast;
mod observables;
mod parser;
pub(super) mod paths;
mod quick;
mod token;

pub use ast::{Comparison, Literal, Observation, Operator, Path, Pattern, Qualifier, Step, Test};
pub use observables::{Extracted, observables};
pub use parser::parse;

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct PatternError {
    /// Where, in bytes from the beginning of the pattern.
    pub offset: usize,
    /// A lowercase fragment.
    pub reason: Box<str>,
}

/// The observables of a pattern's text. Patterns of the commonest form, values joined by `OR`, are
/// read without building anything; the answer is the same as by [`parse`] and [`observables`].
///
/// # Errors
/// Where the text is not a pattern.
pub fn read(text: &str) -> Result<Extracted, PatternError> {
    match quick::read(text) {
        Some(extracted) => Ok(extracted),
        None => parse(text).map(|pattern| observables(&pattern)),
    }
}
