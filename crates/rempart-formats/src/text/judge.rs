//! Judging what a value is there for: is it presented as an indicator, or is it a reference, the
//! authors' own name, or something merely mentioned?
//!
//! Plain rules give or take points; what has enough is an indicator, and the rules that decided are
//! named with it. The weights were set by reading reports of several publishers.

use std::collections::HashSet;

use rempart_model::Kind;

use super::Role;
use super::cues::{Cue, Cues};
use super::known::{self, Known};
use super::layout::{Line, Section, section_of};
use super::lexer::Candidate;
use super::scan::{Scanned, is_alone};
use super::tld;

/// What has as many points is an indicator.
const ENOUGH: i32 = 2;
/// How far words before and after a value are read, in bytes.
const REACH: usize = 120;

/// What is true of the whole text.
#[derive(Debug)]
struct Habits<'t> {
    /// Names and URLs are defanged in it as a rule, so one that is not was not meant to be feared.
    defangs: bool,
    /// Addresses are.
    defangs_addresses: bool,
    /// Its title says that it lists indicators.
    is_list: bool,
    /// It has lines that are domain names alone.
    lists_names: bool,
    /// The hosts that stand in it defanged.
    feared: HashSet<&'t str>,
}

/// Points with the reasons for them.
#[derive(Debug, Default)]
struct Points {
    sum: i32,
    reasons: Vec<(i32, &'static str)>,
}

impl Points {
    fn give(&mut self, points: i32, reason: &'static str) {
        self.sum += points;
        self.reasons.push((points, reason));
    }

    fn give_if(&mut self, holds: bool, points: i32, reason: &'static str) {
        if holds {
            self.give(points, reason);
        }
    }

    /// The reasons that speak for the verdict, strongest first.
    fn why(mut self, indicator: bool) -> String {
        self.reasons.retain(|(points, _)| (*points > 0) == indicator);
        self.reasons.sort_by_key(|(points, _)| -points.abs());
        let reasons: Vec<&str> = self.reasons.iter().take(3).map(|(_, reason)| *reason).collect();
        if reasons.is_empty() { "nothing says that it is an indicator".into() } else { reasons.join("; ") }
    }
}

/// Judges everything that was found in `text`; the result has one entry for each.
pub(super) fn judge(text: &str, scanned: &Scanned, own: &[&str]) -> Vec<(Role, String)> {
    let habits = habits(text, scanned, own);
    let mut verdicts = Vec::with_capacity(scanned.found.len());
    for (place, (candidate, line)) in scanned.found.iter().enumerate() {
        let line = scanned.lines.get(*line).copied().unwrap_or_default();
        let neighbour =
            |at: Option<usize>| at.and_then(|at| scanned.found.get(at)).map(|(candidate, _)| candidate);
        let previous = neighbour(place.checked_sub(1));
        let next = neighbour(Some(place + 1));
        let site = Site::new(text, candidate, line, previous, next);
        verdicts.push(verdict(candidate, &site, &habits, own));
    }
    verdicts
}

/// The surroundings of one value.
struct Site<'t> {
    line: Line,
    /// What stands before it on its line, after the value before it.
    before: &'t str,
    /// What stands after it, before the next value.
    after: &'t str,
    /// The words of its whole line.
    cues_line: Cues,
    cues_before: Cues,
    cues_after: Cues,
    alone: bool,
    /// It is the first on its line, but for a list sign.
    leads: bool,
    link_target: bool,
    /// The target of an image.
    image: bool,
    /// A text of the link follows in brackets (AsciiDoc).
    labelled: bool,
    /// In a span of code (`` `value` ``), or kept from being a link (`\https://…` in AsciiDoc).
    quoted: bool,
    escaped: bool,
    words: usize,
}

impl<'t> Site<'t> {
    fn new(
        text: &'t str,
        candidate: &Candidate,
        line: Line,
        previous: Option<&Candidate>,
        next: Option<&Candidate>,
    ) -> Self {
        let (start, end) = (candidate.start, candidate.end);
        let line_end = line.end.max(end);
        let from = previous.map_or(line.start, |previous| previous.end.max(line.start)).min(start);
        let to = next.map_or(line_end, |next| next.start.min(line_end)).max(end);
        let before = tail(text.get(from..start).unwrap_or_default(), REACH);
        let after = head(text.get(end..to).unwrap_or_default(), REACH);
        let whole_before = tail(text.get(line.start..start).unwrap_or_default(), REACH);
        let whole_after = head(text.get(end..line_end).unwrap_or_default(), REACH);
        let words =
            |text: &str| text.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count();
        Self {
            line,
            before,
            after,
            cues_line: Cues::of(whole_before).and(Cues::of(whole_after)),
            cues_before: Cues::of(before),
            cues_after: Cues::of(after),
            alone: is_alone(text, &line, start, end),
            leads: !whole_before.contains(char::is_alphanumeric),
            image: before.ends_with("](")
                && before.rfind('[').is_some_and(|at| before.get(..at).unwrap_or_default().ends_with('!')),
            link_target: before.ends_with("](") || before.ends_with("](<") || before.ends_with("link:"),
            labelled: after.starts_with('[') && !after.starts_with("[."),
            quoted: before.ends_with(['`', '\\']) && after.starts_with('`'),
            escaped: before.ends_with('\\') && !before.ends_with("\\\\"),
            words: words(whole_before) + words(whole_after),
        }
    }
}

/// What the text does with most of its values.
fn habits<'t>(text: &str, scanned: &'t Scanned, own: &[&str]) -> Habits<'t> {
    let (mut names, mut plain_names, mut addresses, mut plain_addresses) =
        (0_usize, 0_usize, 0_usize, 0_usize);
    let mut feared = HashSet::new();
    let mut listed = 0_usize;
    for (candidate, line) in &scanned.found {
        let host = candidate.observable.host().unwrap_or_default();
        let defanged = candidate.looks.defanged;
        match candidate.observable.kind() {
            Kind::Domain | Kind::Url if !is_own(host, own) => {
                names += usize::from(defanged);
                plain_names += usize::from(!defanged && known::host(host).is_none());
            }
            Kind::Ipv4 | Kind::Ipv6 => {
                addresses += usize::from(defanged);
                plain_addresses += usize::from(!defanged);
            }
            _ => continue,
        }
        if defanged {
            feared.insert(host);
        }
        if *candidate.observable.kind() == Kind::Domain && !candidate.looks.name_like && listed < 3 {
            let alone =
                scanned.lines.get(*line).is_some_and(|l| is_alone(text, l, candidate.start, candidate.end));
            listed += usize::from(alone);
        }
    }
    let title = text.get(scanned.title.0..scanned.title.1).unwrap_or_else(|| head(text, 300));
    Habits {
        defangs: names > 0 && names >= plain_names,
        defangs_addresses: addresses >= 3 && addresses > 4 * plain_addresses,
        is_list: section_of(title) == Section::Indicators,
        lists_names: listed >= 3,
        feared,
    }
}

fn verdict(candidate: &Candidate, site: &Site<'_>, habits: &Habits<'_>, own: &[&str]) -> (Role, String) {
    let mut points = Points::default();
    let kind = candidate.observable.kind();
    if *kind == Kind::Cve {
        return (Role::Context, "a vulnerability is context".into());
    }
    let host = candidate.observable.host().unwrap_or_default();
    if !host.is_empty() && is_own(host, own) {
        return (Role::OwnName, "the name of who wrote the text".into());
    }
    place(&mut points, candidate, site, habits);
    let role = match kind {
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => {
            hash(&mut points, candidate, site);
            Role::Context
        }
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => {
            address(&mut points, candidate, site, habits);
            Role::Context
        }
        Kind::Asn => {
            points.give(-1, "a network's number is context as a rule");
            points.give_if(candidate.looks.name_like, -1, "a short number");
            Role::Context
        }
        Kind::Email => email(&mut points, candidate, site, host),
        _ => name(&mut points, candidate, site, habits, host),
    };
    if points.sum >= ENOUGH { (Role::Indicator, points.why(true)) } else { (role, points.why(false)) }
}

/// What the place in the text says, whatever the kind.
fn place(points: &mut Points, candidate: &Candidate, site: &Site<'_>, habits: &Habits<'_>) {
    let defanged = candidate.looks.defanged;
    points.give_if(defanged, 4, "defanged");
    let is_hash = matches!(candidate.observable.kind(), Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512);
    match site.line.section {
        // Nobody refers to anything by its hash.
        Section::References | Section::About if is_hash => {}
        Section::Indicators => points.give(2, "under a heading of indicators"),
        Section::References => points.give(if defanged { -1 } else { -4 }, "under a heading of references"),
        Section::About => {
            points.give(if defanged { -1 } else { -4 }, "where the authors speak of themselves")
        }
        Section::Legitimate => points.give(-4, "under a heading of what is legitimate"),
        Section::Victims => points.give(-4, "under a heading of victims"),
        Section::Neutral => points.give_if(habits.is_list, 1, "in a text that lists indicators"),
    }
    points.give_if(site.alone, 1, "alone on its line");
    points.give_if(site.line.row && !site.alone, 1, "in a table");
    points.give_if(site.line.code && !site.alone, 1, "in a block of code");
    points.give_if(site.line.item && !site.alone && site.leads, 1, "first in an item of a list");
    points.give_if(site.line.footnote, -4, "in a footnote");
    let harmless = site.cues_after.has(Cue::Harmless)
        || site.cues_before.has(Cue::Harmless)
        || (site.cues_line.has(Cue::Harmless) && (site.leads || site.line.item || site.line.row));
    let misused = site.cues_line.has(Cue::Misused);
    points.give_if(harmless && !misused, -8, "said to be legitimate");
}

fn hash(points: &mut Points, candidate: &Candidate, site: &Site<'_>) {
    points.give(2, "a hash");
    points.give_if(known::is_empty_file(candidate.observable.value()), -12, "the hash of an empty file");
    let label = Cues::of(tail(site.before, 40));
    points.give_if(label.has(Cue::NoFileHash) && !label.has(Cue::FileHash), -8, "not the hash of a file");
    points.give_if(candidate.looks.embedded, -3, "part of a longer name");
}

fn address(points: &mut Points, candidate: &Candidate, site: &Site<'_>, habits: &Habits<'_>) {
    points.give(1, "an address");
    if let Some(reason) = known::address(candidate.observable.value()) {
        points.give(-12, reason);
    }
    let defanged = candidate.looks.defanged;
    points.give_if(candidate.looks.version_like && !defanged, -6, "looks like a version");
    let label = Cues::of(tail(site.before, 24));
    points.give_if(label.has(Cue::Version) && !defanged, -6, "called a version");
    points.give_if(site.before.ends_with(['v', 'V']) && !defanged, -6, "called a version");
    let title = site.after.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase()));
    let small = octets(candidate.observable.value()).all(|part| part < 32);
    let numbered = site.leads && title && small && !site.line.row && !site.line.item;
    points.give_if(numbered && !defanged, -4, "the number of a section");
    let counted = small && octets(candidate.observable.value()).any(|part| part == 0);
    points.give_if(counted && !defanged && !site.alone, -4, "looks like a version");
    points.give_if(site.cues_line.has(Cue::Malicious), 1, "named with malicious activity");
    points.give_if(
        !site.line.row && !site.line.item && !defanged && habits.defangs_addresses,
        -1,
        "others are defanged",
    );
}

/// The numbers of an IPv4 address; of another, what is no small number.
fn octets(address: &str) -> impl Iterator<Item = u16> + '_ {
    address.split('.').map(|part| part.parse().unwrap_or(u16::MAX))
}

fn email(points: &mut Points, candidate: &Candidate, site: &Site<'_>, host: &str) -> Role {
    points.give(1, "an e-mail address");
    points.give_if(site.cues_before.has(Cue::MessageId), -8, "identifies a message");
    points.give_if(site.cues_before.has(Cue::Contact), -4, "to reach the authors");
    points.give_if(site.cues_before.has(Cue::Malicious), 1, "named with malicious activity");
    let value = candidate.observable.value();
    match known::host(host) {
        Some(Known::Publisher) => {
            points.give(-8, "at a publisher's domain");
            return Role::OwnName;
        }
        Some(Known::Documentation) => points.give(-3, "reserved for examples"),
        _ => {}
    }
    points.give_if(value.starts_with("git@"), -6, "a repository");
    Role::Context
}

fn name(
    points: &mut Points,
    candidate: &Candidate,
    site: &Site<'_>,
    habits: &Habits<'_>,
    host: &str,
) -> Role {
    let is_url = *candidate.observable.kind() == Kind::Url;
    let defanged = candidate.looks.defanged;
    let mut role = if is_url { Role::Reference } else { Role::Context };
    if !defanged {
        match (habits.defangs, is_url) {
            (true, true) => points.give(-3, "not defanged, where others are"),
            (true, false) => points.give(-1, "not defanged, where others are"),
            (false, true) => points.give(2, "a URL"),
            (false, false) => points.give(1, "a name"),
        }
        points.give_if(habits.feared.contains(host), 4, "defanged elsewhere in the text");
        points.give_if(
            is_url && host.parse::<std::net::IpAddr>().is_ok(),
            3,
            "at an address, without a name",
        );
        points.give_if(site.escaped, 3, "kept from being a link");
        points.give_if(site.quoted && !site.escaped, 1, "in a span of code");
        points.give_if(site.link_target, -4, "the target of a link");
        points.give_if(site.image, -4, "an image");
        points.give_if(is_url && site.labelled, -3, "a link with a text");
        let path_alone = is_url && !candidate.looks.schemed && !site.alone;
        points.give_if(path_alone, -1, "without a scheme");
        points.give_if(
            site.before.ends_with("by ") && site.cues_after.has(Cue::Relay),
            -4,
            "a server that received mail",
        );
        points.give_if(site.words > 7 && !site.line.row, -1, "in a sentence");
    }
    if candidate.looks.name_like && !defanged {
        // In a list of names, `.pl` is Poland and not Perl.
        let country = tld::is_country(host.rsplit('.').next().unwrap_or_default());
        let listed = country && site.alone && habits.lists_names;
        points.give_if(!listed, -4, "may be the name of a file");
    }
    let before = site.cues_before;
    points.give_if(before.has(Cue::Reference) && !defanged, -3, "called a reference");
    points.give_if(
        before.has(Cue::Malicious) && !before.has(Cue::Reference),
        1,
        "named with malicious activity",
    );
    let path = candidate.observable.value().splitn(4, '/').nth(3).is_some_and(|path| !path.is_empty());
    if known::is_channel(candidate.observable.value()) {
        points.give(1, "a channel to send stolen data to");
        return role;
    }
    match known::host(host) {
        Some(Known::Publisher) => {
            points.give(if defanged && path { -3 } else { -8 }, "at a publisher's domain");
            role = if is_url { Role::Reference } else { Role::OwnName };
        }
        Some(Known::Reference) if known::is_shared(host) => {
            points.give(if defanged { 0 } else { -1 }, "at a site that many write on");
        }
        Some(Known::Reference) => {
            let weight = match (defanged, is_url && path) {
                (true, true) => 0,
                (true, false) => -5,
                _ => -5,
            };
            points.give(weight, "at a well-known place to refer to");
        }
        Some(Known::Service) if known::is_shared(host) => {}
        Some(Known::Service) => {
            let weight = match (defanged, is_url && path) {
                (true, true) => 0,
                (true, false) => -6,
                (false, true) => -3,
                (false, false) => -6,
            };
            points.give(weight, "a well-known service");
        }
        Some(Known::Documentation) => points.give(if defanged { -1 } else { -6 }, "reserved for examples"),
        None => {}
    }
    role
}

/// Whether `host` is one of the authors' own domains or below it.
fn is_own(host: &str, own: &[&str]) -> bool {
    own.iter().any(|own| {
        host.len() >= own.len()
            && host.get(host.len() - own.len()..).is_some_and(|end| end.eq_ignore_ascii_case(own))
            && (host.len() == own.len() || host.as_bytes().get(host.len() - own.len() - 1) == Some(&b'.'))
    })
}

/// The last `most` bytes, or a few more or less, so that no character is cut.
fn tail(text: &str, most: usize) -> &str {
    let mut at = text.len().saturating_sub(most);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    text.get(at..).unwrap_or_default()
}

/// The first `most` bytes, or a few less.
fn head(text: &str, most: usize) -> &str {
    let mut at = text.len().min(most);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    text.get(..at).unwrap_or_default()
}
