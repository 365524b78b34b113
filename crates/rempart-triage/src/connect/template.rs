//! What names, addresses and URLs themselves tell: the patterns that one who registers many of them repeats.

use std::collections::BTreeSet;
use std::net::IpAddr;

use rempart_model::observable::SuffixList;

use super::evidence::{EvidenceKind, hash_value};

/// A thing that an observable has and others may share, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// Its kind.
    pub kind: EvidenceKind,
    /// What it is; begins with a letter for the sort of pattern, so that different sorts never meet.
    pub text: String,
}

/// The length of the rare parts of names, in characters.
const PART: usize = 6;
/// Tokens shorter than this say nothing.
const TOKEN: usize = 3;

/// The features of a host or domain name in canonical form: lowercase, without the last dot.
///
/// The pattern of a name has its digits replaced by `9` (runs by one), so that `secure-login-17.example` and
/// `secure-login-18.example` share it. Of a name below a platform that hands out names, the own label is
/// taken, and the platform is evidence of its own, and weak.
pub fn name_features(name: &str, suffixes: &SuffixList) -> Vec<Feature> {
    let mut features = BTreeSet::new();
    let suffix = suffixes.public_suffix(name);
    let Some(registrable) = suffixes.registrable(name) else { return Vec::new() };
    let label = registrable.strip_suffix(suffix.text).map_or(registrable, |rest| rest.trim_end_matches('.'));
    let mut add = |kind, text: String| {
        features.insert(Feature { kind, text });
    };
    add(EvidenceKind::Registrable, registrable.to_owned());
    if suffix.private {
        add(EvidenceKind::Platform, suffix.text.to_owned());
    }
    let pattern = skeleton(label);
    let has_pattern = pattern.contains(['9', '-']);
    // The same label below another suffix, or the same pattern of one.
    if label.len() > TOKEN {
        add(EvidenceKind::Template, format!("l:{pattern}"));
        if has_pattern {
            add(EvidenceKind::Template, format!("s:{pattern}.{}", suffix.text));
        }
    }
    let tokens: Vec<&str> = label.split('-').filter(|token| !token.is_empty()).collect();
    if let [first, .., last] = tokens.as_slice() {
        for (place, token) in [('p', first), ('e', last)] {
            if token.len() >= TOKEN {
                add(
                    EvidenceKind::Template,
                    format!("{place}:{}:{}.{}", skeleton(token), tokens.len(), suffix.text),
                );
            }
        }
    }
    for token in label.split(['-', '_']).flat_map(|part| part.split(|c: char| c.is_ascii_digit())) {
        if token.len() > TOKEN && token.len() < label.len() {
            add(EvidenceKind::NamePart, format!("t:{token}"));
        }
    }
    // Labels that machines make up: of one length, one set of characters and one suffix.
    add(EvidenceKind::Shape, format!("m:{}.{}", shape(label), suffix.text));
    let below = name.strip_suffix(registrable).unwrap_or("").trim_end_matches('.');
    if !below.is_empty() && below != "www" {
        add(EvidenceKind::Template, format!("b:{}.{}", skeleton(below), shape(label)));
        add(EvidenceKind::Shape, format!("w:{}", skeleton(below)));
    }
    let characters: Vec<char> = label.chars().collect();
    for part in characters.windows(PART) {
        add(EvidenceKind::NamePart, format!("n:{}", part.iter().collect::<String>()));
    }
    features.into_iter().collect()
}

/// The features of an address, of a port where one is known, and of the autonomous system where it is known.
pub fn address_features(address: IpAddr, port: Option<u16>, system: Option<u32>) -> Vec<Feature> {
    let network = match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    };
    let mut features = vec![
        Feature { kind: EvidenceKind::Address, text: address.to_string() },
        Feature { kind: EvidenceKind::Network, text: network },
    ];
    features.extend(port.map(|port| Feature { kind: EvidenceKind::Port, text: port.to_string() }));
    if let (Some(port), Some(system)) = (port, system) {
        features.push(Feature { kind: EvidenceKind::Service, text: format!("{port}@{system}") });
    }
    features.extend(system.map(|system| Feature { kind: EvidenceKind::System, text: system.to_string() }));
    features
}

/// The features of the path and the query of a URL: the whole path, each pair of neighbouring parts, the
/// file's name, and the pattern of the path.
pub fn path_features(path: &str) -> Vec<Feature> {
    let mut features = BTreeSet::new();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut add = |kind, text: String| {
        features.insert(Feature { kind, text });
    };
    if parts.is_empty() && query.is_empty() {
        return Vec::new();
    }
    if !parts.is_empty() {
        add(EvidenceKind::KitPath, format!("f:{}", parts.join("/")));
    }
    for neighbours in parts.windows(2) {
        add(EvidenceKind::KitPath, format!("d:{}", neighbours.join("/")));
    }
    for part in &parts {
        if part.len() > TOKEN {
            add(EvidenceKind::KitPath, format!("o:{part}"));
        }
    }
    let shapes: Vec<String> = parts
        .iter()
        .map(|part| {
            let (stem, extension) = part.rsplit_once('.').unwrap_or((part, ""));
            format!("{}.{extension}", shape(stem))
        })
        .collect();
    add(EvidenceKind::Template, format!("u:{}", shapes.join("/")));
    let names: Vec<&str> = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or(""))
        .filter(|name| !name.is_empty())
        .collect();
    if !names.is_empty() {
        add(EvidenceKind::KitPath, format!("q:{}", names.join("&")));
    }
    features.into_iter().collect()
}

/// A label with each run of digits replaced by one `9`.
pub fn skeleton(label: &str) -> String {
    let mut skeleton = String::with_capacity(label.len());
    for character in label.chars() {
        if !character.is_ascii_digit() {
            skeleton.push(character);
        } else if !skeleton.ends_with('9') {
            skeleton.push('9');
        }
    }
    skeleton
}

/// The length of a label, of which characters it is made, and how many of five letters are vowels.
fn shape(label: &str) -> String {
    let count = |of: fn(&char) -> bool| label.chars().filter(of).count();
    let (letters, digits) = (count(char::is_ascii_alphabetic), count(char::is_ascii_digit));
    let hex = label.chars().all(|character| character.is_ascii_hexdigit());
    let upper = count(char::is_ascii_uppercase) > 0;
    let even = letters > 0 && label.bytes().filter(u8::is_ascii_lowercase).all(|letter| letter % 2 == 1);
    let vowels = label.chars().filter(|character| "aeiouy".contains(*character)).count();
    let class = match (letters, digits) {
        (0, _) => "digits",
        _ if hex && label.len() > 5 => "hex",
        (_, 0) if even && label.len() > 7 => "half",
        (_, 0) => "letters",
        _ => "both",
    };
    let hyphens = label.matches('-').count();
    format!(
        "{}{class}{}{hyphens}v{}",
        label.chars().count(),
        if upper { "A" } else { "" },
        (vowels * 5).div_ceil(letters.max(1))
    )
}

/// Patterns and parts that popular names have, so that sharing them says nothing.
#[derive(Debug, Clone, Default)]
pub struct Commonplace {
    hashes: Vec<u64>,
}

impl Commonplace {
    /// The patterns and parts that at least `least` of these names have.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>, suffixes: &SuffixList, least: usize) -> Self {
        let mut all: Vec<u64> = names
            .into_iter()
            .flat_map(|name| name_features(name, suffixes))
            .filter(|feature| Self::concerns(feature.kind))
            .map(|feature| Self::hash(&feature))
            .collect();
        all.sort_unstable();
        let hashes = all
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() >= least)
            .filter_map(|same| same.first().copied())
            .collect();
        Self { hashes }
    }

    /// Whether a feature is one of them.
    pub fn contains(&self, feature: &Feature) -> bool {
        Self::concerns(feature.kind) && self.hashes.binary_search(&Self::hash(feature)).is_ok()
    }

    fn concerns(kind: EvidenceKind) -> bool {
        matches!(kind, EvidenceKind::NamePart | EvidenceKind::Template)
    }

    fn hash(feature: &Feature) -> u64 {
        hash_value(feature.kind as u64, feature.text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> SuffixList {
        let text = "// ===BEGIN ICANN DOMAINS===\ncom\nexample\n// ===END ICANN DOMAINS===\n\
                    // ===BEGIN PRIVATE DOMAINS===\npages.example\n// ===END PRIVATE DOMAINS===\n";
        SuffixList::from_text(text).unwrap()
    }

    fn shared(a: &str, b: &str) -> Vec<Feature> {
        let others = name_features(b, &list());
        name_features(a, &list()).into_iter().filter(|feature| others.contains(feature)).collect()
    }

    #[test]
    fn numbers_do_not_hide_a_pattern() {
        let shared = shared("secure-login-17.example", "secure-login-18.example");
        let has = |kind, text: &str| shared.contains(&Feature { kind, text: text.to_owned() });
        assert!(has(EvidenceKind::Template, "s:secure-login-9.example"));
        assert!(has(EvidenceKind::Template, "l:secure-login-9"));
        assert!(has(EvidenceKind::Template, "p:secure:3.example"));
        assert!(!shared.iter().any(|feature| feature.kind == EvidenceKind::Registrable));
    }

    #[test]
    fn a_platform_is_not_an_owner() {
        let shared = shared("one.pages.example", "quite-another.pages.example");
        assert!(shared.iter().all(|feature| feature.kind == EvidenceKind::Platform), "{shared:?}");
        assert!(!shared.is_empty());
    }

    #[test]
    fn what_popular_names_have_is_commonplace() {
        let common = Commonplace::of(["update-center.com", "updates.example", "my-update.com"], &list(), 2);
        let features = name_features("kkupdatezz.com", &list());
        let found: Vec<&str> = features
            .iter()
            .filter(|feature| common.contains(feature))
            .map(|feature| feature.text.as_str())
            .collect();
        assert_eq!(found, ["n:update"]);
    }

    #[test]
    fn any_text_is_taken() {
        for name in ["", ".", "com", "-", "a.b.c.d.com", "ü.example", "-.-.com", "\u{0}"] {
            let _ = name_features(name, &list());
            let _ = path_features(name);
        }
        assert_eq!(path_features("/"), Vec::new());
    }

    #[test]
    fn paths_of_kits_meet_below_other_folders() {
        let one = path_features("/x1/panel/gate.php?id=1&k=2");
        let two = path_features("/other/panel/gate.php?id=7&k=9");
        let shared: Vec<&Feature> = one.iter().filter(|feature| two.contains(feature)).collect();
        assert!(shared.iter().any(|feature| feature.text == "d:panel/gate.php"));
        assert!(shared.iter().any(|feature| feature.text == "q:id&k"));
    }
}
