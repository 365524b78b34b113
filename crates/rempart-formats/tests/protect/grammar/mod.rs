//! A reader for each format, written from its documentation and not from the writer: it takes the
//! form that is meant and panics on everything else. It hands back the targets, as `kind value`.

mod names;
mod nftables;
mod routes;
mod shared;
mod suricata;
mod zeek;

pub(crate) use suricata::from_base64;
pub(crate) use zeek::text as zeek_text;

use rempart_formats::protect::{Format, Settings};

/// Reads a file back. `None`: a format that names no targets.
pub(crate) fn targets(format: Format, text: &str, settings: &Settings) -> Option<Vec<String>> {
    assert!(text.ends_with('\n') || text.is_empty(), "{format:?}: the last line does not end");
    // Inside the strings of JSON, RFC 8259 lets stand what is none of its own controls.
    let is_json = format.media_type().contains("json");
    let control =
        |c: char| if is_json { c < ' ' } else { c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') };
    let allowed = |c: char| c == '\n' || (c == '\t' && format == Format::Zeek);
    assert!(!text.chars().any(|c| control(c) && !allowed(c)), "{format:?}: a control character");
    Some(match format {
        Format::Hosts => names::hosts(text),
        Format::Domains => names::domains(text),
        Format::Adblock => names::adblock(text),
        Format::Dnsmasq => names::dnsmasq(text),
        Format::Unbound => names::unbound(text),
        Format::Rpz | Format::Knot => names::zone(text, &settings.zone),
        Format::SquidDomains => names::squid_domains(text),
        Format::SquidUrls => names::squid_urls(text),
        Format::Addresses => nftables::addresses(text),
        Format::Nftables => nftables::sets(text, &settings.list),
        Format::SuricataRules => suricata::rules(text),
        Format::SuricataDomains => suricata::strings(text),
        Format::SuricataAddresses => text.lines().map(shared::address).collect(),
        Format::SuricataMd5 => text.lines().map(|line| shared::hash("md5", line, 32)).collect(),
        Format::SuricataSha1 => text.lines().map(|line| shared::hash("sha1", line, 40)).collect(),
        Format::SuricataSha256 => text.lines().map(|line| shared::hash("sha256", line, 64)).collect(),
        Format::Zeek => zeek::items(text),
        Format::Json => shared::json(text),
        Format::Stix => shared::stix(text),
        Format::MispEvent => shared::misp(text),
        Format::MispHashes => return None,
        Format::ExaBgp => routes::exabgp(text),
        Format::GoBgp => routes::gobgp(text),
        Format::Bind | Format::SuricataDatasetRules | Format::MispManifest => return None,
    })
}

/// The lines that are no comments. The comments must be those of the head, all of them at the top.
fn body<'t>(text: &'t str, sign: &str) -> impl Iterator<Item = &'t str> {
    let head = ["Title", "Publisher", "Built", "Entries", "Appeal", "Licence", "Marking"];
    let mut lines = text.lines();
    for word in head {
        let line = lines.next().unwrap_or_else(|| panic!("no {word}"));
        assert!(line.starts_with(&format!("{sign} {word}: ")), "{line:?} is not {word}");
    }
    let last = lines.next().unwrap();
    assert!(last.starts_with(&format!("{sign} Entries end.")), "{last:?}");
    lines
}
