//! Plain lists: one value a line. Comments begin with `#`, `;`, `!` or `//`.

use std::io::Read;

use rempart_model::{Claim, Observable, Stance};

use super::block::Block;
use super::{Outcome, each_line, inline_comment, range};
use crate::{Context, DecodeError, Draft, Sink};

/// Signs that begin a comment behind a value.
const INLINE: [&str; 4] = ["#", ";", "//", "!"];
/// Most values that one line may hold.
const MOST_VALUES: usize = 32;

/// Reads a plain list: addresses (with a port or without), networks, ranges `first-last`, domain
/// names, URLs, `host/path`, hashes, e-mail addresses, AS numbers; defanged or not. Several values on
/// a line are one record with several claims. What stands behind a value is kept as its description.
///
/// # Errors
/// Where the input cannot be read.
pub fn read(input: &mut dyn Read, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    let mut block = Block::default();
    let mut first = true;
    each_line(input, context, sink, &mut |line| {
        let line = line.trim();
        if line.is_empty() {
            return Outcome::Nothing;
        }
        if let Some(comment) = comment(line) {
            block.comment(comment);
            return Outcome::Nothing;
        }
        // A heading, such as `IPAddress`, may stand above the values.
        if std::mem::take(&mut first) && crate::table::is_column_name(line) {
            return Outcome::Nothing;
        }
        block.value();
        match values(line) {
            Ok(Values { observables, description }) => {
                let claims = observables.into_iter().map(Claim::malicious).collect();
                record(claims, description, &block)
            }
            Err(reason) => Outcome::Rejected(reason),
        }
    })
}

/// A record with what the block says. The same value under other references is another record, so
/// that reading the same list again changes nothing.
pub(super) fn record(claims: Vec<Claim>, description: Option<String>, block: &Block) -> Outcome<'static> {
    let references = block.references();
    let mut key = String::new();
    if !references.is_empty() {
        let values = claims.iter().map(|claim| claim.observable.value());
        for part in values.chain(references.iter().map(|(_, at)| at.as_str())) {
            key.push_str(part);
            key.push('\n');
        }
    }
    let draft = Draft { claims, description, labels: block.labels(), references, ..Draft::default() };
    Outcome::Record(Box::new(draft), key)
}

/// The text of a comment line, `None` where it is none. `//x` is one; `///x` is a path.
pub(crate) fn comment(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix("//") {
        return (!rest.starts_with('/')).then_some(rest);
    }
    line.strip_prefix(['#', ';', '!'])
}

/// What one line of a list says.
#[derive(Debug)]
pub(crate) struct Values {
    /// One or more.
    pub(crate) observables: Vec<Observable>,
    /// What else stands on the line.
    pub(crate) description: Option<String>,
}

/// Reads the values on a line that is not a comment.
pub(crate) fn values(line: &str) -> Result<Values, Box<str>> {
    let (value, note) = inline_comment(line, &INLINE);
    let described = |text: &str| (!text.is_empty()).then(|| text.chars().take(1000).collect());
    if let Some(observables) = one(value)? {
        return Ok(Values { observables, description: described(note) });
    }
    let mut parts = value.split([' ', '\t', ',', ';', '|']).map(str::trim).filter(|part| !part.is_empty());
    let head = parts.next().unwrap_or_default();
    if head.len() == value.len() {
        return Err(why_not(value));
    }
    let Some(mut observables) = one(head)? else {
        // A bar or a comma may be part of what is no list of values.
        let whole = !value.contains(char::is_whitespace);
        return Err(why_not(if whole { value } else { head }));
    };
    let rest: Vec<Vec<Observable>> =
        parts.by_ref().take(MOST_VALUES).map_while(|part| one(part).ok().flatten()).collect();
    let all = parts.next().is_none() && rest.len() + 1 == count_parts(value);
    if all {
        observables.extend(rest.into_iter().flatten());
        return Ok(Values { observables, description: described(note) });
    }
    // Only the first is a value; what stands behind it describes it.
    let words = value.get(head.len()..).unwrap_or("").trim_start_matches([' ', '\t', ',', ';', '|']);
    let description = if note.is_empty() { words.to_owned() } else { format!("{words} {note}") };
    Ok(Values { observables, description: described(description.trim()) })
}

fn count_parts(value: &str) -> usize {
    value.split([' ', '\t', ',', ';', '|']).filter(|part| !part.trim().is_empty()).count()
}

/// One observable, or the networks of a range; `None` where the text is neither.
fn one(text: &str) -> Result<Option<Vec<Observable>>, Box<str>> {
    if text.starts_with(['/', '?', '=']) {
        return Ok(None);
    }
    if let Ok(observable) = Observable::guess(text) {
        return Ok(Some(vec![observable]));
    }
    match range::parse(text) {
        Some(Ok(networks)) => Ok(Some(networks)),
        Some(Err(error)) => Err(error.to_string().into()),
        None => Ok(None),
    }
}

/// The reason for the operator.
pub(crate) fn why_not(text: &str) -> Box<str> {
    if text.starts_with('/') {
        return "a path without a host: it cannot be matched by itself".into();
    }
    if ["\\.", "[0-9", "(?:", "\\w", "\\d", ".*"].iter().any(|mark| text.contains(mark)) {
        return "a regular expression: it names no single observable".into();
    }
    match Observable::guess(text) {
        Err(error) => format!("not an observable: {error}").into(),
        // Only reached for texts that begin like a path or a query.
        Ok(_) => "not an observable: a part of a URL without its host".into(),
    }
}

/// A claim that `observable` is harmless.
pub(super) fn benign(observable: Observable) -> Claim {
    Claim { stance: Stance::Benign, ..Claim::malicious(observable) }
}
