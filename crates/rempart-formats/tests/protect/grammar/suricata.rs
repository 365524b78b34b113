//! Suricata's rules and datasets, from its user guide: a rule is
//! `action protocol source port -> destination port (options)`, an option is `keyword;` or
//! `keyword:value;`, and inside a value `;`, `"` and `\` are escaped. `content` may have bytes in
//! hexadecimal between bars. A dataset of type `string` has one value a line, in base 64.

use std::collections::BTreeSet;

use super::body;
use super::shared::{address, name, network, url};

/// Each rule of the file; a name has one for DNS and one for TLS.
pub(super) fn rules(text: &str) -> Vec<String> {
    let (mut targets, mut sids) = (Vec::new(), BTreeSet::new());
    let mut tls = Vec::new();
    for line in body(text, "#") {
        let rule = Rule::parse(line);
        assert!(sids.insert(rule.one("sid").parse::<u32>().unwrap()), "{line:?}: its number is taken");
        assert_eq!(rule.one("rev"), "1");
        assert!(matches!(rule.one("classtype"), "trojan-activity" | "bad-unknown"), "{line:?}");
        assert_eq!(rule.one("reference"), "url,block.test/appeal");
        match rule.protocol.as_str() {
            "dns" | "tls" => {
                let buffer = if rule.protocol == "dns" { "dns.query" } else { "tls.sni" };
                let order = ["msg", buffer, "dotprefix", "content", "nocase", "endswith"];
                assert_eq!(rule.keywords()[..6], order, "{line:?}");
                let target = name(content(rule.one("content")).strip_prefix('.').unwrap());
                if rule.protocol == "dns" { targets.push(target) } else { tls.push(target) }
            }
            "ip" => {
                let inside =
                    rule.destination.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap();
                targets.push(if inside.contains('/') { network(inside) } else { address(inside) });
            }
            "http" => {
                let contents = rule.all("content");
                let sizes = rule.all("bsize");
                let [host, path] = contents[..] else { panic!("{line:?}") };
                let (host, path) = (content(host), content(path));
                assert_eq!(sizes, [host.len().to_string(), path.len().to_string()], "{line:?}");
                let port = if rule.port == "any" { String::new() } else { format!(":{}", rule.port) };
                targets.push(url(&format!("http://{host}{port}{path}")));
            }
            other => panic!("{other:?} is no protocol"),
        }
    }
    let dns: Vec<&String> = targets.iter().filter(|target| target.starts_with("domain ")).collect();
    assert_eq!(dns, tls.iter().collect::<Vec<_>>(), "each name has a rule for DNS and one for TLS");
    targets
}

struct Rule {
    protocol: String,
    destination: String,
    port: String,
    options: Vec<(String, String)>,
}

const KEYWORDS: [&str; 17] = [
    "msg",
    "dns.query",
    "tls.sni",
    "http.host",
    "http.uri.raw",
    "dotprefix",
    "content",
    "nocase",
    "endswith",
    "bsize",
    "classtype",
    "reference",
    "metadata",
    "sid",
    "rev",
    "dataset",
    "ip.dst",
];

impl Rule {
    fn parse(line: &str) -> Self {
        let (head, rest) = line.split_once(" (").unwrap();
        let words: Vec<&str> = head.split(' ').collect();
        let ["alert", protocol, "$HOME_NET", "any", "->", destination, port] = words[..] else {
            panic!("{line:?}")
        };
        let inside = rest.strip_suffix(')').unwrap();
        Self {
            protocol: protocol.into(),
            destination: destination.into(),
            port: port.into(),
            options: options(inside),
        }
    }

    fn keywords(&self) -> Vec<&str> {
        self.options.iter().map(|(keyword, _)| keyword.as_str()).collect()
    }

    fn all(&self, keyword: &str) -> Vec<&str> {
        self.options.iter().filter(|(known, _)| known == keyword).map(|(_, value)| value.as_str()).collect()
    }

    fn one(&self, keyword: &str) -> &str {
        let [value] = self.all(keyword)[..] else { panic!("{keyword} not once in {:?}", self.options) };
        value
    }
}

/// Splits at semicolons that are not escaped; none may stand inside quotes.
fn options(text: &str) -> Vec<(String, String)> {
    let mut options = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == ';' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let option = &rest[..end.unwrap_or_else(|| panic!("{rest:?} does not end"))];
        rest = &rest[option.len() + 1..];
        rest = rest.strip_prefix(' ').unwrap_or(rest);
        let (keyword, value) = option.split_once(':').unwrap_or((option, ""));
        assert!(KEYWORDS.contains(&keyword), "{keyword:?} is no keyword");
        let value = if matches!(keyword, "msg" | "content") {
            value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap()
        } else {
            value
        };
        assert!(!value.contains('"') && value.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{value:?}");
        options.push((keyword.to_owned(), value.to_owned()));
    }
    options
}

/// The bytes that a `content` stands for.
fn content(text: &str) -> String {
    let mut bytes = Vec::new();
    for (index, part) in text.split('|').enumerate() {
        if index % 2 == 0 {
            assert!(!part.contains([';', '\\', ':']), "{text:?} has a sign that must be escaped");
            bytes.extend_from_slice(part.as_bytes());
        } else {
            bytes.extend(part.split(' ').map(|hex| u8::from_str_radix(hex, 16).unwrap()));
        }
    }
    assert_eq!(text.matches('|').count() % 2, 0, "{text:?}: a bar that nothing closes");
    String::from_utf8(bytes).unwrap()
}

pub(super) fn strings(text: &str) -> Vec<String> {
    text.lines().map(|line| name(&String::from_utf8(from_base64(line)).unwrap())).collect()
}

pub(crate) fn from_base64(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 4, 0, "{text:?}");
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} in base 64"),
    };
    let mut bytes = Vec::new();
    let plain = text.trim_end_matches('=');
    for chunk in plain.as_bytes().chunks(4) {
        let bits =
            chunk.iter().fold(0u32, |bits, c| bits << 6 | u32::from(value(*c))) << (6 * (4 - chunk.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..chunk.len()]);
    }
    bytes
}
