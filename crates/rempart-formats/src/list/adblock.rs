//! AdBlock filter lists (<https://adblockplus.org/filter-cheatsheet>), as far as they name hosts,
//! addresses and URLs.

use std::io::Read;

use rempart_model::{Claim, Observable};

use super::block::Block;
use super::{Outcome, each_line, plain};
use crate::{Context, DecodeError, Sink};

/// Marks of rules that hide parts of pages or run scripts in them.
const COSMETIC: [&str; 6] = ["##", "#@#", "#?#", "#$#", "#%#", "$$"];

/// Reads an AdBlock list: `||host^`, `||host/path`, `|scheme://…|`, plain hosts and URLs. An
/// exception (`@@`) is a claim that the value is harmless. Options behind `$` are left out, but a
/// rule with `$badfilter` is rejected, since it takes another one back. Cosmetic rules, regular
/// expressions and rules with wildcards in the middle name no observable: rejected.
///
/// # Errors
/// Where the input cannot be read.
pub fn read(input: &mut dyn Read, context: &Context<'_>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    each_line(input, context, sink, &mut |line| {
        let line = line.trim();
        if line.is_empty() || is_comment(line) {
            return Outcome::Nothing;
        }
        match rule(line) {
            Ok(claims) => plain::record(claims, None, &Block::default()),
            Err(reason) => Outcome::Rejected(reason),
        }
    })
}

/// `! text`, the header `[Adblock Plus 2.0]`, and `# text` of lists that mix styles.
fn is_comment(line: &str) -> bool {
    line.starts_with('!')
        || (line.starts_with('[') && line.ends_with(']') && line.to_ascii_lowercase().contains("adblock"))
        || (line.starts_with('#') && cosmetic(line).is_none())
}

fn cosmetic(line: &str) -> Option<&'static str> {
    COSMETIC.into_iter().find(|mark| line.contains(mark))
}

fn rule(line: &str) -> Result<Vec<Claim>, Box<str>> {
    if cosmetic(line).is_some() {
        return Err("a rule about parts of pages: it names nothing to block".into());
    }
    let (body, exception) = match line.strip_prefix("@@") {
        Some(body) => (body, true),
        None => (line, false),
    };
    if body.len() > 1 && body.starts_with('/') && (body.ends_with('/') || body.contains("/$")) {
        return Err("a regular expression: it names no single observable".into());
    }
    let (body, options) = match body.rsplit_once('$') {
        Some((body, options)) if is_options(options) => (body, options),
        _ => (body, ""),
    };
    if options.split(',').any(|option| option.trim() == "badfilter") {
        return Err("a rule that takes another rule back ($badfilter)".into());
    }
    let (host_anchor, body) = match body.strip_prefix("||") {
        Some(body) => (true, body.strip_prefix("*.").unwrap_or(body)),
        None => (false, body.strip_prefix('|').unwrap_or(body)),
    };
    let body = body.trim_end_matches(['|', '*']).trim_end_matches('^').trim_end_matches(['|', '*']);
    if body.contains(['*', '^', '|']) {
        return Err("a pattern with wildcards: it names no single observable".into());
    }
    if body.is_empty() {
        return Err("a rule without a host".into());
    }
    let observables = if host_anchor {
        match Observable::guess(body) {
            Ok(observable) => vec![observable],
            Err(_) => return Err(plain::why_not(body)),
        }
    } else {
        plain::values(body)?.observables
    };
    let claim = if exception { plain::benign } else { Claim::malicious };
    Ok(observables.into_iter().map(claim).collect())
}

/// Names of filter options, of AdBlock Plus and of those that extend it.
const OPTIONS: [&str; 48] = [
    "1p",
    "3p",
    "all",
    "badfilter",
    "cname",
    "content",
    "cookie",
    "csp",
    "css",
    "denyallow",
    "doc",
    "document",
    "domain",
    "ehide",
    "elemhide",
    "empty",
    "first-party",
    "font",
    "frame",
    "from",
    "genericblock",
    "generichide",
    "ghide",
    "image",
    "important",
    "inline-font",
    "inline-script",
    "match-case",
    "media",
    "method",
    "mp4",
    "network",
    "object",
    "other",
    "permissions",
    "ping",
    "popunder",
    "popup",
    "redirect",
    "redirect-rule",
    "removeparam",
    "script",
    "stylesheet",
    "subdocument",
    "third-party",
    "to",
    "websocket",
    "xmlhttprequest",
];

/// Whether what stands behind a `$` are filter options and not a part of a URL.
fn is_options(text: &str) -> bool {
    text.split(',').all(|option| {
        let name = option.trim().trim_start_matches('~').split('=').next().unwrap_or("");
        OPTIONS.binary_search(&name).is_ok()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_options_are_sorted() {
        assert!(super::OPTIONS.is_sorted());
    }
}
