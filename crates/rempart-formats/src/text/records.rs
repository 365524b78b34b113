//! The records of a text: one for each distinct indicator in it.

use std::collections::HashSet;
use std::io::Read;

use rempart_model::{Claim, Marking, Observable, Position, Rejection, Tlp};

use super::{Options, Role, extract};
use crate::container::encoding;
use crate::{Context, DecodeError, Draft, Sink};

/// Reads a text and hands on one record for each distinct indicator, at the place where it stands
/// first. What is not presented as an indicator is no record.
///
/// The strictest `TLP:` label in the text marks all of them. A text longer than
/// [`Limits::text_bytes`](crate::Limits::text_bytes) is rejected as a whole.
///
/// # Errors
/// Where the input cannot be read.
pub fn read(input: &mut dyn Read, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    let limit = context.limits.text_bytes;
    let mut bytes = Vec::new();
    input.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        let excerpt: String =
            encoding::text(bytes.get(..480).unwrap_or_default()).trim().chars().take(120).collect();
        let why = Rejection {
            reason: format!("the text is longer than {limit} bytes; split it").into(),
            excerpt: excerpt.into(),
        };
        let _stop = sink.rejected(Position { offset: 0, line: 1 }, why);
        return Ok(());
    }
    let text = encoding::text(&bytes);
    hand_on(&text, context, sink);
    Ok(())
}

fn hand_on(text: &str, context: &Context<'_>, sink: &mut dyn Sink) {
    let marking = Marking { tlp: strictest_label(text), ..Marking::default() };
    let mut seen = HashSet::new();
    let (mut line, mut counted) = (1_u64, 0_usize);
    for finding in extract(text, Options::default()) {
        if finding.role != Role::Indicator || !seen.insert((finding.kind.clone(), finding.value.clone())) {
            continue;
        }
        let passed = text.as_bytes().get(counted..finding.start).unwrap_or_default();
        line += memchr::memchr_iter(b'\n', passed).count() as u64;
        counted = finding.start;
        let at = Position { offset: finding.start as u64, line };
        let observable = Observable::from_canonical(finding.kind, &finding.value);
        let draft = Draft {
            claims: vec![Claim::malicious(observable)],
            marking: marking.clone(),
            ..Draft::default()
        };
        if sink.decoded(at, draft.build(context)).is_break() {
            return;
        }
    }
}

/// The strictest TLP label that stands in the text (`TLP:AMBER`, `TLP: GREEN`).
fn strictest_label(text: &str) -> Option<Tlp> {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'T', b't', bytes)
        .filter_map(|at| {
            let label = text.get(at..at + 3).filter(|label| label.eq_ignore_ascii_case("tlp"))?;
            let rest = text.get(at + label.len()..)?.trim_start_matches([' ', '\u{a0}']);
            let rest = rest.strip_prefix(':')?.trim_start_matches([' ', '\u{a0}']);
            let length =
                rest.bytes().take(16).take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'+').count();
            let word = rest.get(..length)?;
            Tlp::from_name(word).or_else(|| Tlp::from_name(word.split('+').next()?))
        })
        .max()
}
