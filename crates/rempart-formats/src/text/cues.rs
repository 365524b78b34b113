//! Words around a value that say what it is there for.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// What a word near a value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// A publication follows.
    Reference,
    /// Something malicious is named.
    Malicious,
    /// What is named is harmless.
    Harmless,
    /// What looks harmless was misused.
    Misused,
    /// The digits are no hash of a file.
    NoFileHash,
    /// The digits are a hash of a file.
    FileHash,
    /// The numbers are a version.
    Version,
    /// The address is that of the authors.
    Contact,
    /// The address is an identifier of a message, or made by a program.
    MessageId,
    /// A server passed mail on.
    Relay,
}

const WORDS: &[(Cue, &[&str])] = &[
    (
        Cue::Reference,
        &[
            "reference",
            "references",
            "referenced",
            "ref",
            "source",
            "sources",
            "see",
            "see also",
            "blog",
            "blogs",
            "blogpost",
            "article",
            "report",
            "reports",
            "reported",
            "read more",
            "more information",
            "more info",
            "available at",
            "available on",
            "available here",
            "published",
            "publication",
            "according to",
            "documented",
            "described",
            "research",
            "researchers",
            "credit",
            "credits",
            "tweet",
            "tweeted",
            "writeup",
            "write-up",
            "learn more",
            "wiki",
            "advisory",
            "whitepaper",
            "white paper",
            "presentation",
            "documentation",
            "paper",
            "further details",
            "for details",
            "analysis",
            "post",
            "thread",
            "repository",
            "tutorial",
            "news",
            "tool",
            "via",
            "linkedin",
            "twitter",
            "detail",
            "details",
            "reading",
            "cf",
            "thank",
            "thanks",
            "detected as",
            "sandbox",
        ],
    ),
    (
        Cue::Malicious,
        &[
            "c2",
            "c&c",
            "cnc",
            "command and control",
            "command-and-control",
            "payload",
            "payloads",
            "dropper",
            "beacon",
            "beacons",
            "callback",
            "phishing",
            "malicious",
            "attacker",
            "attackers",
            "exfiltration",
            "exfiltrates",
            "ioc",
            "iocs",
            "indicator",
            "indicators",
            "infected",
            "infection",
            "malware",
            "downloads",
            "downloaded",
            "download",
            "contacts",
            "contacted",
            "connects",
            "communicates",
            "hosting",
            "hosted",
            "resolves",
            "resolved",
            "traffic",
            "port",
            "get",
            "file location",
            "location",
            "url",
            "urls",
            "domain",
            "domains",
            "ip",
            "ips",
            "server",
            "servers",
            "redirects",
            "redirect",
            "curl",
            "wget",
            "invoke-webrequest",
            "iwr",
            "powershell",
            "mshta",
            "landing page",
            "panel",
            "backdoor",
            "loader",
            "trojan",
            "ransomware",
            "stealer",
            "scam",
            "fake",
            "lure",
            "spam",
            "malspam",
            "link",
            "dropped",
            "staging",
        ],
    ),
    (
        Cue::Harmless,
        &[
            "legitimate",
            "legit",
            "benign",
            "not malicious",
            "not inherently malicious",
            "non-malicious",
            "harmless",
            "connectivity check",
            "connectivity test",
            "connectivity checks",
            "ip check",
            "ip address check",
            "ip lookup",
            "check for ip",
            "checks ip",
            "location check",
            "false positive",
            "clean file",
            "internet connectivity",
            "checks connectivity",
            "not itself malicious",
            "geolocation service",
            "isn't malicious",
            "is not malicious",
            "are not malicious",
            "innocuous",
            "normal traffic",
            "ip address lookup",
            "not an indicator",
            "ip location",
        ],
    ),
    (
        Cue::Misused,
        &[
            "compromised",
            "abused",
            "abusing",
            "hacked",
            "impersonating",
            "impersonates",
            "impersonation",
            "posing",
            "masquerading",
            "mimicking",
            "trojanized",
            "trojanised",
            "fake",
            "spoofed",
            "spoofing",
            "hijacked",
            "disguised",
            "malware",
            "malicious site",
            "possibly compromised",
            "payload",
            "exploited",
            "weaponized",
            "stolen",
        ],
    ),
    (
        Cue::NoFileHash,
        &[
            "imphash",
            "imp hash",
            "import hash",
            "ja3",
            "ja3s",
            "ja4",
            "jarm",
            "hassh",
            "vhash",
            "ssdeep",
            "tlsh",
            "telfhash",
            "pehash",
            "rich header",
            "richhash",
            "richpe",
            "commit",
            "commits",
            "serial",
            "serial number",
            "thumbprint",
            "cookie",
            "uuid",
            "guid",
            "mutex",
            "token",
            "api key",
            "encryption key",
            "aes key",
            "rc4 key",
            "key",
            "iv",
            "nonce",
            "icon hash",
            "dhash",
            "favicon",
            "transaction",
            "txid",
            "wallet",
            "session",
            "key id",
            "id",
            "client id",
            "clientid",
            "subject key",
            "fingerprint",
            "x509",
            "campaign id",
            "bot id",
            "botnet id",
            "build id",
            "message-id",
            "dkim-signature",
            "boundary",
            "pgp",
            "password",
            "xor key",
            "signature",
            "etag",
            "user id",
        ],
    ),
    (
        Cue::FileHash,
        &[
            "md5",
            "sha1",
            "sha-1",
            "sha256",
            "sha-256",
            "sha512",
            "sha-512",
            "sha2",
            "file hash",
            "sample",
            "samples",
            "hash",
            "hashes",
            "filehash",
            "file",
        ],
    ),
    (
        Cue::Version,
        &[
            "version",
            "versions",
            "ver",
            "build",
            "release",
            "firmware",
            "chrome",
            "firefox",
            "safari",
            "edge",
            "edg",
            "opera",
            "update to",
            "upgrade to",
            "patch",
            "prior to",
            "through",
            "rev",
            "revision",
            "productversion",
            "fileversion",
            "v",
            "section",
            "figure",
            "table",
            "chapter",
            "oid",
        ],
    ),
    (
        Cue::Contact,
        &[
            "contact us",
            "contact",
            "reach us",
            "report to",
            "write to",
            "questions",
            "press",
            "send us",
            "e-mail us",
            "email us",
            "inquiries",
            "samples to",
            "submissions",
        ],
    ),
    (Cue::MessageId, &["message-id", "in-reply-to", "references:", "message id", "messageid", "cid:"]),
    (
        Cue::Relay,
        &[
            "with smtp",
            "with smtps",
            "with esmtp",
            "with esmtps",
            "with esmtpsa",
            "postfix",
            "with http",
            "with local",
        ],
    ),
];

static MACHINE: LazyLock<Option<(AhoCorasick, Vec<Cue>)>> = LazyLock::new(|| {
    let words: Vec<&str> = WORDS.iter().flat_map(|(_, words)| words.iter().copied()).collect();
    let of: Vec<Cue> = WORDS.iter().flat_map(|(cue, words)| words.iter().map(|_| *cue)).collect();
    Some((
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words)
            .ok()?,
        of,
    ))
});

/// The cues in a text, as a set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cues(u16);

impl Cues {
    /// The cues among the words of `text`.
    pub(super) fn of(text: &str) -> Self {
        let mut set = Self::default();
        let Some((machine, of)) = MACHINE.as_ref().filter(|_| text.contains(char::is_alphabetic)) else {
            return set;
        };
        let bytes = text.as_bytes();
        let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        for found in machine.find_overlapping_iter(text) {
            let before = found.start().checked_sub(1).and_then(|at| bytes.get(at));
            if edge(before)
                && edge(bytes.get(found.end()))
                && let Some(cue) = of.get(found.pattern().as_usize())
            {
                set.0 |= 1 << *cue as u16;
            }
        }
        set
    }

    /// The cues of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the cue is among them.
    pub(super) fn has(self, cue: Cue) -> bool {
        self.0 & (1 << cue as u16) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_cues() {
        assert!(Cues::of("C&C servers: ").has(Cue::Malicious));
        assert!(Cues::of("see ").has(Cue::Reference));
        assert!(!Cues::of("seen by imphashing").has(Cue::Reference));
        assert!(Cues::of("Imphash=").has(Cue::NoFileHash));
    }
}
