//! The Public Suffix List: what of a domain name somebody registered.
//!
//! A look-up walks the labels from right to left and allocates nothing: rules are kept under the
//! text of their suffix, together with every suffix that leads to a longer rule, so that the walk
//! ends at the first suffix that is not there.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::domain;

/// The rules of the Public Suffix List, for names in canonical form.
#[derive(Debug, Clone, Default)]
pub struct SuffixList {
    nodes: HashMap<Box<str>, Node, FixedState>,
    rules: usize,
}

/// The public suffix of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suffix<'name> {
    /// The suffix, a part of the name that was looked up: `co.uk`.
    pub text: &'name str,
    /// Whether it is a rule of the list's private section: of a company that hands out names below
    /// its own (`github.io`), not of a registry.
    pub private: bool,
    /// Whether the list has a rule for it; otherwise it is just the last label.
    pub known: bool,
}

/// Why a text is not the Public Suffix List.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuffixListError {
    /// The mark of the section of registries is not there.
    #[error(
        "is not the Public Suffix List: it has no line \"// ===BEGIN ICANN DOMAINS===\"; download it anew"
    )]
    NotTheList,
    /// The end of the section of registries is not there.
    #[error("is not the whole Public Suffix List: its section of registries does not end; download it anew")]
    CutShort,
    /// A line that is no rule.
    #[error("line {line} is not a rule of the Public Suffix List: {reason}")]
    BadRule {
        /// From 1.
        line: usize,
        /// A lowercase fragment.
        reason: Box<str>,
    },
}

/// What the list says at one suffix; each is `Some(private)` where there is such a rule.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    exact: Option<bool>,
    /// Of `*.suffix`, kept at the suffix.
    wildcard: Option<bool>,
    /// Of `!suffix`.
    exception: Option<bool>,
}

impl SuffixList {
    /// Reads the list in its published form (<https://publicsuffix.org/list/>).
    pub fn from_text(text: &str) -> Result<Self, SuffixListError> {
        let mut list = Self::default();
        let (mut began, mut ended, mut private) = (false, false, false);
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_start_matches('\u{FEFF}');
            if let Some(comment) = line.trim_start().strip_prefix("//") {
                match comment.trim() {
                    "===BEGIN ICANN DOMAINS===" => began = true,
                    "===END ICANN DOMAINS===" => ended = true,
                    "===BEGIN PRIVATE DOMAINS===" => private = true,
                    "===END PRIVATE DOMAINS===" => private = false,
                    _ => {}
                }
                continue;
            }
            // A rule ends at the first white space.
            let Some(rule) = line.split_whitespace().next() else { continue };
            list.add(rule, private)
                .map_err(|reason| SuffixListError::BadRule { line: index + 1, reason: reason.into() })?;
        }
        match (began, ended) {
            (false, _) => Err(SuffixListError::NotTheList),
            (true, false) => Err(SuffixListError::CutShort),
            (true, true) => Ok(list),
        }
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules
    }

    /// Whether there are none; every last label is a public suffix then.
    pub fn is_empty(&self) -> bool {
        self.rules == 0
    }

    /// The public suffix of a name in canonical form (the algorithm of the list: an exception
    /// prevails, else the rule with the most labels, else `*`).
    pub fn public_suffix<'name>(&self, domain: &'name str) -> Suffix<'name> {
        let last = domain.rfind('.').map_or(0, |dot| dot + 1);
        let mut found = Suffix { text: domain.get(last..).unwrap_or(domain), private: false, known: false };
        let mut start = last;
        // What the wildcard of the suffix to the right says of this one.
        let mut wildcard = None;
        loop {
            let suffix = domain.get(start..).unwrap_or_default();
            let node = self.nodes.get(suffix);
            if let Some(private) = node.and_then(|node| node.exception) {
                let text = suffix.split_once('.').map_or(suffix, |(_, parent)| parent);
                return Suffix { text, private, known: true };
            }
            if let Some(private) = node.and_then(|node| node.exact).or(wildcard) {
                found = Suffix { text: suffix, private, known: true };
            }
            let Some(node) = node else { return found };
            wildcard = node.wildcard;
            match start.checked_sub(1).and_then(|dot| domain.get(..dot)) {
                Some(left) => start = left.rfind('.').map_or(0, |dot| dot + 1),
                None => return found,
            }
        }
    }

    /// The name that somebody registered: the public suffix and one label more. `None` where the
    /// name is a public suffix itself.
    pub fn registrable<'name>(&self, domain: &'name str) -> Option<&'name str> {
        let suffix = self.public_suffix(domain).text;
        let left = domain.strip_suffix(suffix)?.strip_suffix('.')?;
        domain.get(left.rfind('.').map_or(0, |dot| dot + 1)..)
    }

    /// Whether public suffixes lie below a name that is none itself, as `s3.example.com` would below `example.com`.
    pub fn has_below(&self, domain: &str) -> bool {
        self.nodes.contains_key(domain) && self.public_suffix(domain).text != domain
    }

    fn add(&mut self, rule: &str, private: bool) -> Result<(), super::Reason> {
        let (rule, place): (&str, fn(&mut Node) -> &mut Option<bool>) =
            match (rule.strip_prefix('!'), rule.strip_prefix("*.")) {
                (Some(rule), _) => (rule, |node| &mut node.exception),
                (_, Some(rule)) => (rule, |node| &mut node.wildcard),
                (None, None) if rule == "*" => return Ok(()), // what holds without it, too
                (None, None) => (rule, |node| &mut node.exact),
            };
        let name = domain::to_ascii(rule.strip_prefix('.').unwrap_or(rule))?;
        domain::check(&name)?;
        let mut rest: &str = &name;
        while let Some((_, parent)) = rest.split_once('.') {
            self.nodes.entry(parent.into()).or_default();
            rest = parent;
        }
        *place(self.nodes.entry(name.into()).or_default()) = Some(private);
        self.rules += 1;
        Ok(())
    }
}
