//! From the words that sources use to the category of an incident.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rempart_model::Category;

/// How much a word tells: the categories of RSIT by name, then words that say what a thing does,
/// then words that only hint at it.
const NAMED: u8 = 3;
const CLEAR: u8 = 2;
const HINT: u8 = 1;

/// A word: as it is written in lower case, what it means, how much it tells, and whether it must
/// stand alone (`rat` is in many words).
type Word = (&'static str, Category, u8, bool);

const WORDS: &[Word] = &[
    ("infected-system", Category::InfectedSystem, NAMED, false),
    ("c2-server", Category::C2Server, NAMED, false),
    ("malware-distribution", Category::MalwareDistribution, NAMED, false),
    ("malware-configuration", Category::MalwareConfiguration, NAMED, false),
    ("brute-force", Category::BruteForce, NAMED, false),
    ("system-compromise", Category::SystemCompromise, NAMED, false),
    ("vulnerable-system", Category::VulnerableSystem, NAMED, false),
    ("data-leak", Category::DataLeak, NAMED, false),
    ("phish", Category::Phishing, CLEAR, false),
    ("credential harvest", Category::Phishing, CLEAR, false),
    ("credential-harvest", Category::Phishing, CLEAR, false),
    ("smishing", Category::Phishing, CLEAR, false),
    ("vishing", Category::Phishing, CLEAR, false),
    ("c2", Category::C2Server, CLEAR, true),
    ("c2c", Category::C2Server, CLEAR, true),
    ("cnc", Category::C2Server, CLEAR, true),
    ("c&c", Category::C2Server, CLEAR, true),
    ("command and control", Category::C2Server, CLEAR, false),
    ("command-and-control", Category::C2Server, CLEAR, false),
    ("command_and_control", Category::C2Server, CLEAR, false),
    ("commandandcontrol", Category::C2Server, CLEAR, false),
    ("command & control", Category::C2Server, CLEAR, false),
    ("botnet_cc", Category::C2Server, CLEAR, false),
    ("botnet-cc", Category::C2Server, CLEAR, false),
    ("botnet cc", Category::C2Server, CLEAR, false),
    ("beacon", Category::C2Server, CLEAR, true),
    ("payload_delivery", Category::MalwareDistribution, CLEAR, false),
    ("payload delivery", Category::MalwareDistribution, CLEAR, false),
    ("malware_download", Category::MalwareDistribution, CLEAR, false),
    ("malware download", Category::MalwareDistribution, CLEAR, false),
    ("malware hosting", Category::MalwareDistribution, CLEAR, false),
    ("malware-hosting", Category::MalwareDistribution, CLEAR, false),
    ("dropper", Category::MalwareDistribution, CLEAR, false),
    ("drive-by", Category::MalwareDistribution, CLEAR, false),
    ("exploit kit", Category::MalwareDistribution, CLEAR, false),
    ("exploit-kit", Category::MalwareDistribution, CLEAR, false),
    ("scanner", Category::Scanner, CLEAR, true),
    ("scanning", Category::Scanner, CLEAR, true),
    ("scan", Category::Scanner, CLEAR, true),
    ("portscan", Category::Scanner, CLEAR, false),
    ("reconnaissance", Category::Scanner, HINT, false),
    ("brute force", Category::BruteForce, CLEAR, false),
    ("bruteforce", Category::BruteForce, CLEAR, false),
    ("password spray", Category::BruteForce, CLEAR, false),
    ("credential stuffing", Category::BruteForce, CLEAR, false),
    ("exploit", Category::Exploit, CLEAR, false),
    ("exploitation", Category::Exploit, CLEAR, false),
    ("spam", Category::Spam, CLEAR, true),
    ("malspam", Category::MalwareDistribution, CLEAR, true),
    ("spammer", Category::Spam, CLEAR, true),
    ("ddos", Category::Ddos, CLEAR, false),
    ("denial of service", Category::Ddos, CLEAR, false),
    ("denial-of-service", Category::Ddos, CLEAR, false),
    ("infected", Category::InfectedSystem, CLEAR, true),
    ("zombie", Category::InfectedSystem, CLEAR, true),
    ("botnet drone", Category::InfectedSystem, CLEAR, false),
    ("compromised", Category::SystemCompromise, HINT, true),
    ("defacement", Category::SystemCompromise, CLEAR, false),
    ("web shell", Category::SystemCompromise, CLEAR, false),
    ("webshell", Category::SystemCompromise, CLEAR, false),
    ("typosquat", Category::Masquerade, CLEAR, false),
    ("typo-squat", Category::Masquerade, CLEAR, false),
    ("impersonat", Category::Masquerade, CLEAR, false),
    ("masquerad", Category::Masquerade, CLEAR, false),
    ("spoof", Category::Masquerade, CLEAR, false),
    ("data leak", Category::DataLeak, CLEAR, false),
    ("exfiltration", Category::DataLeak, HINT, false),
    ("leaked", Category::DataLeak, CLEAR, true),
    ("vulnerable", Category::VulnerableSystem, CLEAR, true),
    ("open resolver", Category::VulnerableSystem, CLEAR, false),
    ("malware", Category::MalwareDistribution, HINT, false),
    ("ransomware", Category::MalwareDistribution, HINT, false),
    ("trojan", Category::MalwareDistribution, HINT, false),
    ("stealer", Category::MalwareDistribution, HINT, false),
    ("spyware", Category::MalwareDistribution, HINT, false),
    ("loader", Category::MalwareDistribution, HINT, true),
    ("backdoor", Category::MalwareDistribution, HINT, false),
    ("worm", Category::MalwareDistribution, HINT, true),
    ("rat", Category::MalwareDistribution, HINT, true),
    ("botnet", Category::C2Server, HINT, false),
    ("delivery", Category::MalwareDistribution, HINT, true),
];

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(WORDS.iter().map(|(word, ..)| word))
        .ok()
});

/// The category that the words of a source let one conclude: labels, indicator types, tags, kill
/// chain phases, names, in the order of their weight. The most telling word decides, among equals
/// the first one. [`Category::Other`] where no word tells anything.
pub fn category_of<'w>(words: impl Iterator<Item = &'w str>) -> Category {
    let mut best = (0, Category::Other);
    let Some(finder) = &*FINDER else { return best.1 };
    for text in words {
        for found in finder.find_iter(text) {
            let Some(&(_, category, weight, alone)) = WORDS.get(found.pattern().as_usize()) else { continue };
            if weight > best.0 && (!alone || stands_alone(text, found.start(), found.end())) {
                best = (weight, category);
            }
        }
        if best.0 == NAMED {
            break;
        }
    }
    best.1
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let inside = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    !inside(start.checked_sub(1)) && !inside(Some(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_categories() {
        for (words, category) in [
            (&["malicious-activity"][..], Category::Other),
            (&["malicious-activity", "Cobalt Strike C2"], Category::C2Server),
            (&["rsit:malicious-code=\"c2-server\""], Category::C2Server),
            (&["malicious-code:malware-distribution", "phishing"], Category::MalwareDistribution),
            (&["malware", "Phishing site"], Category::Phishing),
            (&["emotet malspam"], Category::MalwareDistribution),
            (&["corporate strategy, separate matter"], Category::Other),
            (&["AsyncRAT", "rat"], Category::MalwareDistribution),
            (&["SSH bruteforce"], Category::BruteForce),
            (&["mass-scanning"], Category::Scanner),
            (&["command-and-control"], Category::C2Server),
            (&["DDoS"], Category::Ddos),
            (&[], Category::Other),
        ] {
            assert_eq!(category_of(words.iter().copied()), category, "{words:?}");
        }
    }

    #[test]
    fn every_category_of_rsit_is_told_by_its_own_name() {
        for (category, name) in Category::ALL {
            assert_eq!(category_of(std::iter::once(name)), category, "{name}");
        }
    }
}
