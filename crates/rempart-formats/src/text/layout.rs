//! The layout of a text: headings and the sections under them, tables, lists, code.
//!
//! Markdown, AsciiDoc and the habits of plain text are read together, without deciding which of
//! them the text is: a line is a heading if it looks like one in any of them.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// What a section is for, by its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Section {
    /// Nothing is known.
    #[default]
    Neutral,
    /// It presents indicators.
    Indicators,
    /// It refers to other publications.
    References,
    /// It says who wrote it and how to reach them.
    About,
    /// It lists what is legitimate, or what to leave alone.
    Legitimate,
    /// It lists who was attacked.
    Victims,
}

/// What the layout says of one line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line {
    /// Where it begins and ends in the text, without its line end.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) section: Section,
    /// Inside a fenced or delimited block.
    pub(super) code: bool,
    /// A row of a table.
    pub(super) row: bool,
    /// An item of a list.
    pub(super) item: bool,
    /// Itself a heading.
    pub(super) heading: bool,
    /// A definition of a footnote or of a link (`[1]: https://…`).
    pub(super) footnote: bool,
}

const INDICATOR_WORDS: &[&str] = &[
    "ioc",
    "iocs",
    "indicator",
    "indicators",
    "hash",
    "hashes",
    "md5",
    "sha1",
    "sha-1",
    "sha256",
    "sha-256",
    "sha512",
    "sha-512",
    "domain",
    "domains",
    "url",
    "urls",
    "uri",
    "uris",
    "ip",
    "ips",
    "ipv4",
    "ipv6",
    "address",
    "addresses",
    "network",
    "c2",
    "c2s",
    "c&c",
    "cnc",
    "command",
    "server",
    "servers",
    "traffic",
    "infrastructure",
    "sample",
    "samples",
    "malware",
    "file",
    "files",
    "payload",
    "payloads",
    "host",
    "hosts",
    "hostname",
    "hostnames",
    "certificate",
    "certificates",
    "email",
    "emails",
    "e-mail",
    "e-mails",
    "header",
    "headers",
    "sender",
    "senders",
    "distribution",
    "download",
    "downloads",
    "delivery",
    "phishing",
    "artifact",
    "artifacts",
    "artefact",
    "artefacts",
    "observable",
    "observables",
    "dropper",
    "droppers",
    "loader",
    "loaders",
    "downloader",
    "backdoor",
    "ransomware",
    "trojan",
    "stealer",
    "infection",
    "exfiltration",
    "chain",
    "redirect",
    "redirects",
    "webpage",
    "pages",
    "sites",
    "websites",
    "site",
    "website",
    "page",
    "panel",
    "panels",
    "appendix",
    "callback",
    "beacon",
    "script",
    "scripts",
    "implant",
    "implants",
    "exe",
    "dll",
    "dlls",
    "apk",
    "apks",
    "maldoc",
    "maldocs",
    "document",
    "documents",
    "link",
    "links",
    "activity",
    "blocklist",
    "kompromittierungsindikatoren",
    "indicateurs",
    "indicadores",
];
const REFERENCE_WORDS: &[&str] = &[
    "reference",
    "references",
    "sources",
    "further reading",
    "more information",
    "read more",
    "see also",
    "resources",
    "bibliography",
    "footnotes",
    "related",
    "additional information",
    "learn more",
    "sources and references",
    "external links",
    "citations",
    "works cited",
    "original reference",
    "quellen",
    "références",
    "referencias",
    "additional resources",
    "press",
    "coverage",
    "notes and references",
    "literature",
    "reference links",
    "blog",
    "reports",
    "publications",
    "original post",
];
const ABOUT_WORDS: &[&str] = &[
    "about",
    "contact",
    "contacts",
    "contact us",
    "acknowledgements",
    "acknowledgments",
    "credits",
    "authors",
    "author",
    "license",
    "licence",
    "disclaimer",
    "copyright",
    "how to report",
];
/// What makes a heading one of indicators although it speaks of what is legitimate.
const MISUSED_WORDS: &[&str] = &[
    "compromised",
    "abused",
    "abusing",
    "impersonating",
    "impersonated",
    "infected",
    "fake",
    "hacked",
    "spoofing",
    "spoofed",
    "mimicking",
    "malicious",
];
const VICTIM_WORDS: &[&str] = &[
    "victim",
    "victims",
    "targets",
    "targeted networks",
    "targetted networks",
    "targeted organizations",
    "targeted organisations",
    "targeted domains",
    "targeted banks",
    "targeted brands",
    "targeted companies",
    "targeted services",
    "targeted websites",
    "targeted applications",
    "targeted institutions",
];
const LEGITIMATE_WORDS: &[&str] = &[
    "legitimate",
    "benign",
    "false positives",
    "false positive",
    "allowlist",
    "whitelist",
    "not malicious",
    "non-malicious",
    "exclusions",
    "excluded",
];

static WORDS: LazyLock<Option<(AhoCorasick, Vec<Section>)>> = LazyLock::new(|| {
    let groups = [
        (INDICATOR_WORDS, Section::Indicators),
        (REFERENCE_WORDS, Section::References),
        (ABOUT_WORDS, Section::About),
        (LEGITIMATE_WORDS, Section::Legitimate),
        (VICTIM_WORDS, Section::Victims),
        (MISUSED_WORDS, Section::Indicators),
    ];
    let words: Vec<&str> = groups.iter().flat_map(|(words, _)| words.iter().copied()).collect();
    let of: Vec<Section> = groups.iter().flat_map(|(words, of)| words.iter().map(|_| *of)).collect();
    let machine = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .ok()?;
    Some((machine, of))
});

/// What a heading makes of its section. A heading that begins with a word of references is one of
/// references, whatever follows it ("More information on the malware"); otherwise a word of
/// indicators wins.
pub(super) fn section_of(heading: &str) -> Section {
    let Some((machine, of)) = WORDS.as_ref() else { return Section::Neutral };
    let heading = heading.trim_start_matches(|c: char| !c.is_alphanumeric());
    let bytes = heading.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte < 0x80);
    let few = heading.split_whitespace().take(4).count() < 4;
    let mut seen = Seen::default();
    for found in machine.find_overlapping_iter(heading) {
        let whole =
            edge(found.start().checked_sub(1).and_then(|at| bytes.get(at))) && edge(bytes.get(found.end()));
        if !whole {
            continue;
        }
        let word = heading.get(found.range()).unwrap_or_default();
        let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        match of.get(found.pattern().as_usize()).copied().unwrap_or_default() {
            Section::References if found.start() == 0 => return Section::References,
            Section::References => seen.references = true,
            Section::About => seen.about |= few,
            Section::Legitimate => seen.legitimate = true,
            Section::Victims => seen.victims = true,
            Section::Indicators if is(&["malicious"]) => seen.malicious = true,
            Section::Indicators if is(MISUSED_WORDS) => seen.misused = true,
            Section::Indicators => seen.indicators = true,
            Section::Neutral => {}
        }
        seen.denied |= is(&["not malicious", "non-malicious"]);
    }
    seen.section()
}

/// The kinds of words in a heading.
#[derive(Debug, Default)]
struct Seen {
    indicators: bool,
    references: bool,
    about: bool,
    legitimate: bool,
    victims: bool,
    misused: bool,
    malicious: bool,
    denied: bool,
}

impl Seen {
    fn section(&self) -> Section {
        let misused = self.misused || (self.malicious && !self.denied);
        if self.legitimate && !misused {
            Section::Legitimate
        } else if self.victims && !misused {
            Section::Victims
        } else if self.indicators || misused || self.legitimate {
            Section::Indicators
        } else if self.references {
            Section::References
        } else if self.about {
            Section::About
        } else {
            Section::Neutral
        }
    }
}

/// Follows the layout from line to line.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The headings above, by level: Markdown's and AsciiDoc's 1 to 6, then those of plain text.
    above: [Section; 8],
    depth: usize,
    fence: Option<&'static str>,
    /// Inside an AsciiDoc table.
    table: bool,
    /// The line before was blank, or there was none.
    after_blank: bool,
    begun: bool,
}

/// The level of headings in plain text, below all that are marked up.
const PLAIN: usize = 7;
/// A line that is longer is no heading.
const LONGEST_HEADING: usize = 120;

impl Layout {
    /// What the line at `start..end` is, by itself and by what stood above. `valued`: values were
    /// found in it, so it is no plain heading.
    pub(super) fn line(&mut self, text: &str, start: usize, end: usize, valued: bool) -> Line {
        let line = text.get(start..end).unwrap_or_default();
        // Most of a text: a long line without a value, which neither is nor delimits anything.
        if !valued && line.len() > LONGEST_HEADING && !line.starts_with([' ', '\t', '`', '~', '-', '.', '|'])
        {
            self.begun = true;
            self.after_blank = false;
            return Line { start, end, ..Line::default() };
        }
        let trimmed = line.trim();
        let mut seen = Line { start, end, ..Line::default() };
        let after_blank = self.after_blank || !self.begun;
        self.begun = true;
        self.after_blank = trimmed.is_empty();
        if trimmed.is_empty() {
            return seen;
        }
        self.fences(trimmed);
        seen.code = self.fence.is_some();
        let first = trimmed.as_bytes().first().copied().unwrap_or_default();
        seen.row = first == b'|' || (self.table && self.fence.is_none());
        let item = without_bullet(trimmed);
        seen.item = item.len() < trimmed.len();
        seen.footnote = is_footnote(trimmed);
        if trimmed.len() <= LONGEST_HEADING && !seen.code {
            if let Some((level, title)) = marked_heading(trimmed) {
                self.enter(level, section_of(title));
                seen.heading = true;
            } else if !valued && !seen.row && is_plain_heading(trimmed, item, after_blank) {
                self.enter(PLAIN, section_of(item));
                seen.heading = true;
            }
        }
        seen.section = self.section();
        seen
    }

    fn fences(&mut self, line: &str) {
        const FENCES: [&str; 4] = ["```", "~~~", "----", "...."];
        match self.fence {
            Some(open) if line.starts_with(open) && line.len() < 40 => self.fence = None,
            Some(_) => {}
            None if line.starts_with('|') && is_rule(line) => {
                self.table = !self.table;
            }
            None => {
                self.fence = FENCES.into_iter().find(|fence| {
                    line.starts_with(fence) && (fence.starts_with(['`', '~']) || line.len() == fence.len())
                });
            }
        }
    }

    fn enter(&mut self, level: usize, section: Section) {
        for below in self.above.iter_mut().skip(level) {
            *below = Section::Neutral;
        }
        if let Some(slot) = self.above.get_mut(level) {
            *slot = section;
        }
        self.depth = level;
    }

    /// The section of the nearest heading that says something.
    fn section(&self) -> Section {
        let named =
            self.above.iter().take(self.depth + 1).rev().find(|section| **section != Section::Neutral);
        named.copied().unwrap_or_default()
    }
}

fn is_rule(line: &str) -> bool {
    line.len() >= 4 && line.bytes().skip(1).all(|byte| byte == b'=')
}

/// `## Title`, `== Title`, `.Title`, `**Title**`: the level and the title.
fn marked_heading(line: &str) -> Option<(usize, &str)> {
    for mark in ['#', '='] {
        let level = line.len() - line.trim_start_matches(mark).len();
        if (1..=6).contains(&level)
            && let Some(title) = line.get(level..).filter(|rest| rest.starts_with(' '))
        {
            return Some((level, title.trim().trim_end_matches(mark).trim()));
        }
    }
    let bold = line.strip_prefix("**")?.trim_end_matches(':').strip_suffix("**")?;
    (!bold.contains("**")).then_some((PLAIN, bold))
}

/// The line without the sign of a list item.
pub(super) fn without_bullet(line: &str) -> &str {
    let line = line.trim_start();
    let bullets =
        line.trim_start_matches(['-', '*', '+', '•', '‣', '·', '–', '—', '>', '○', '▪', '●', '◦', '■']);
    if bullets.len() < line.len()
        && (bullets.starts_with(char::is_whitespace) || !line.starts_with(['-', '*', '+', '–', '—']))
    {
        return bullets.trim_start();
    }
    let digits = line.bytes().take(3).take_while(u8::is_ascii_digit).count();
    match line.get(digits..) {
        Some(rest) if digits > 0 && (rest.starts_with(". ") || rest.starts_with(") ")) => {
            rest.get(2..).unwrap_or_default().trim_start()
        }
        _ => line,
    }
}

/// `[1]: https://…`, `[^note]: …`, `[1] https://…`.
fn is_footnote(line: &str) -> bool {
    let Some(label) = line.strip_prefix('[') else { return false };
    let Some(end) = label.as_bytes().iter().take(24).position(|byte| *byte == b']') else { return false };
    let number = label.get(..end).is_some_and(|label| {
        let label = label.trim_start_matches('^');
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit())
    });
    let rest = label.get(end + 1..).unwrap_or_default();
    rest.starts_with(": ") || (number && rest.starts_with([' ', ':']))
}

/// A line of plain text that stands above others as a heading: it ends in a colon, is in capitals,
/// or is a few words after a blank line.
fn is_plain_heading(line: &str, item: &str, after_blank: bool) -> bool {
    let is_item = item.len() < line.len();
    let words = || item.split_whitespace().take(13).count();
    if let Some(title) = item.strip_suffix(':') {
        return title.starts_with(|c: char| c.is_alphanumeric() || c == '[' || c == '(') && words() <= 12;
    }
    if is_item || item.ends_with(['.', ',', ';', '!', '?']) {
        return false;
    }
    let markup = || item.contains(['\\', '|', '=', '{', '}', '`', '%', '@', '/']) && !item.contains('&');
    let letters = item.bytes().filter(u8::is_ascii_alphabetic).count();
    let upper = item.bytes().filter(u8::is_ascii_uppercase).count();
    if letters >= 3 && upper * 10 >= letters * 8 {
        return words() <= 12 && !markup();
    }
    let title = item.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    (after_blank && title && letters >= 2 && words() <= 6 && !markup())
        || (item.len() <= 40
            && letters >= 2
            && words() <= 3
            && section_of(item) == Section::Indicators
            && !markup())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(text: &str) -> Vec<Section> {
        let mut layout = Layout::default();
        let mut start = 0;
        let mut sections = Vec::new();
        for line in text.lines() {
            sections.push(layout.line(text, start, start + line.len(), line.contains('\t')).section);
            start += line.len() + 1;
        }
        sections
    }

    #[test]
    fn headings_of_any_markup_name_their_sections() {
        use Section::{About, Indicators, Legitimate, Neutral, References, Victims};
        for (heading, meant) in [
            ("Indicators of Compromise", Indicators),
            ("Network", Indicators),
            ("SHA-256 Hashes", Indicators),
            ("C&C servers", Indicators),
            ("References", References),
            ("More information on the malware", References),
            ("References for hashes", References),
            ("About us", About),
            ("Legitimate domains that were seen", Legitimate),
            ("Domains from legitimate servers compromised by attackers", Indicators),
            ("Checks that are not malicious", Legitimate),
            ("Contact forms", About),
            ("Contact form emails that spread it", Indicators),
            ("Targeted networks", Victims),
            ("Introduction", Neutral),
            ("Shipping", Neutral),
        ] {
            assert_eq!(section_of(heading), meant, "{heading}");
            assert_eq!(sections(&format!("## {heading}"))[0], meant, "{heading}");
            assert_eq!(sections(&format!("== {heading}"))[0], meant, "{heading}");
            assert_eq!(sections(&format!("{heading}:"))[0], meant, "{heading}");
        }
    }

    #[test]
    fn a_heading_below_inherits_and_a_heading_beside_does_not() {
        use Section::{Indicators, Neutral, References};
        let text = "# Indicators\n## Version one\n\tx\n## References\n\tx\n# Summary\n\tx";
        assert_eq!(
            sections(text),
            [Indicators, Indicators, Indicators, References, References, Neutral, Neutral]
        );
    }

    #[test]
    fn plain_headings_follow_each_other() {
        use Section::{Indicators, References};
        let text = "REFERENCE:\n\n- \tx\n\nDOMAINS:\n\n- \tx";
        let found = sections(text);
        assert_eq!((found[2], found[6]), (References, Indicators));
    }
}
