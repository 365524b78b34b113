//! Text and Markdown: finding the indicators that a report presents, with their positions.
//!
//! A text is read once. A scanner finds what looks like a value, defanged or not; the layout tells
//! where it stands; rules judge whether it is presented as an indicator or merely refers to
//! something. Every finding says why it was judged so.

mod cues;
mod judge;
mod known;
mod layout;
mod lexer;
mod names;
mod records;
mod scan;
mod tld;
mod view;

use rempart_model::Kind;

pub use records::read;

/// What a value in a text is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It is presented as an indicator.
    Indicator,
    /// It refers to a publication or another place to read on.
    Reference,
    /// It names whoever wrote the text, or another publisher of such texts.
    OwnName,
    /// It is merely mentioned.
    Context,
}

impl Role {
    /// `indicator`, `reference`, `own-name`, `context`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Indicator => "indicator",
            Role::Reference => "reference",
            Role::OwnName => "own-name",
            Role::Context => "context",
        }
    }
}

/// What to look for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Findings of every role; otherwise indicators and vulnerabilities alone.
    pub all: bool,
    /// The authors' own domains, beside those that are well known.
    pub own: &'a [&'a str],
}

/// A value that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One of `domain`, `url`, `ipv4`, `ipv6`, `cidr`, `email`, `md5`, `sha1`, `sha256`, `sha512`,
    /// `cve`, `asn`.
    pub kind: Kind,
    /// The value in canonical form.
    pub value: String,
    /// Where it begins in the text, in bytes of UTF-8.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What stands there.
    pub text: String,
    /// What it is there for.
    pub role: Role,
    /// Why it was judged so, in a few words.
    pub why: String,
}

impl Finding {
    /// One JSON object on one line: `type`, `value`, `start`, `end`, `text`; with `explain` also
    /// `role` and `why`.
    pub fn to_json_line(&self, explain: bool) -> String {
        let mut line = serde_json::json!({
            "type": self.kind.name(),
            "value": self.value,
            "start": self.start,
            "end": self.end,
            "text": self.text,
        });
        if let (true, Some(object)) = (explain, line.as_object_mut()) {
            object.insert("role".into(), self.role.name().into());
            object.insert("why".into(), self.why.as_str().into());
        }
        line.to_string()
    }
}

/// Finds the values in `text`, in the order in which they stand there.
pub fn extract(text: &str, options: Options<'_>) -> Vec<Finding> {
    let scanned = scan::scan(text);
    let verdicts = judge::judge(text, &scanned, options.own);
    let found = scanned.found.into_iter().zip(verdicts);
    found
        .filter_map(|((candidate, _), (role, why))| {
            let kind = candidate.observable.kind().clone();
            if !(options.all || role == Role::Indicator || kind == Kind::Cve) {
                return None;
            }
            Some(Finding {
                kind,
                value: candidate.observable.value().to_owned(),
                start: candidate.start,
                end: candidate.end,
                text: text.get(candidate.start..candidate.end)?.to_owned(),
                role,
                why,
            })
        })
        .collect()
}
