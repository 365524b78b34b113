//! Reads `[path = 'value']`, and several joined by `OR`, straight into observables.

use super::observables::{Extracted, read as read_value};
use super::paths::{Meaning, meaning};

/// What [`super::parse`] and [`super::observables`] would give; `None` where the pattern is of any
/// other form, or where anything in it is not understood.
pub(super) fn read(text: &str) -> Option<Extracted> {
    let mut extracted = Extracted::default();
    let mut weak = Vec::new();
    let mut rest = text.trim_start();
    rest = rest.strip_prefix('[')?;
    loop {
        rest = rest.trim_start();
        let object_end = rest.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))?;
        let object = rest.get(..object_end)?;
        if !object.starts_with(|c: char| c.is_ascii_lowercase()) {
            return None;
        }
        rest = rest.get(object_end..)?.strip_prefix(':')?;
        let property_end = property_end(rest)?;
        let property = rest.get(..property_end)?;
        rest = rest.get(property_end..)?.trim_start().strip_prefix('=')?.trim_start().strip_prefix('\'')?;
        let end = memchr::memchr2(b'\'', b'\\', rest.as_bytes())?;
        let value = rest.get(..end)?;
        rest = rest.get(end..)?.strip_prefix('\'')?.trim_start();
        let meaning = meaning(object, property);
        if meaning == Meaning::Type {
            return None;
        }
        let (observable, strong) = read_value(&meaning, value)?;
        let list = if strong { &mut extracted.malicious } else { &mut weak };
        // Long lists are rare and left to the parser, which compares them by hash.
        if list.len() >= 8 {
            return None;
        }
        if !list.contains(&observable) {
            list.push(observable);
        }
        if let Some(after) = rest.strip_prefix(']') {
            after.trim_start().is_empty().then_some(())?;
            extracted.malicious.extend(weak);
            return Some(extracted);
        }
        rest = rest.strip_prefix("OR")?;
        // Otherwise this is a longer word.
        rest.starts_with([' ', '\t', '\n', '\r']).then_some(())?;
    }
}

/// Where a property ends that consists of plain names, or of `hashes.` and a name in quotes.
fn property_end(text: &str) -> Option<usize> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return None;
        }
        at += rest.find(|c| !plain(c))?;
        let rest = text.get(at..)?;
        let Some(next) = rest.strip_prefix('.') else {
            return rest.starts_with([' ', '=']).then_some(at);
        };
        at += 1;
        if let Some(quoted) = next.strip_prefix('\'') {
            if !text.get(..at)?.ends_with("hashes.") {
                return None;
            }
            let length = quoted.find('\'')?;
            let name = quoted.get(..length)?;
            let simple = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let after = quoted.get(length + 1..)?;
            return (simple && after.starts_with([' ', '='])).then_some(at + length + 2);
        }
    }
}
