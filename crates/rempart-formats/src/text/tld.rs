//! Which last labels make a name a domain name.

use std::collections::HashSet;
use std::sync::LazyLock;

/// The delegated top-level domains, from the Public Suffix List.
const DELEGATED: &str = include_str!("tlds.txt");

/// Names that are not delegated but that malware and reports use all the same: I2P, Namecoin and
/// its like, alternative roots, and the names that are reserved for examples (RFC 2606).
const OTHERS: &[&str] = &[
    "onion", "i2p", "bit", "bazar", "coin", "emc", "lib", "eth", "crypto", "libre", "geek", "oss", "pirate",
    "example", "test", "invalid",
];

/// Top-level domains that are, in a report, more often the ending of a file name, a method or a
/// namespace: without any other sign a name that ends so is not taken for a domain name.
const FILE_ENDINGS: &[&str] =
    &["cab", "java", "md", "mk", "mov", "pl", "pm", "ps", "pub", "py", "rs", "sh", "so", "zip"];

static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let delegated = DELEGATED.lines().filter(|line| !line.starts_with('#')).map(str::trim);
    delegated.chain(OTHERS.iter().copied()).filter(|label| !label.is_empty()).collect()
});

/// Whether `label`, in any case, is a top-level domain.
pub(super) fn is_known(label: &str) -> bool {
    if label.bytes().all(|byte| byte.is_ascii_lowercase()) {
        KNOWN.contains(label)
    } else {
        KNOWN.contains(label.to_lowercase().as_str())
    }
}

/// Whether a list of names is likelier to hold names of this country than files: Poland, Serbia,
/// Moldova, North Macedonia.
pub(super) fn is_country(label: &str) -> bool {
    matches!(label, "pl" | "rs" | "md" | "mk")
}

/// Whether a name that ends in `label` may as well be a file or a method.
pub(super) fn is_file_ending(label: &str) -> bool {
    FILE_ENDINGS.iter().any(|ending| ending.eq_ignore_ascii_case(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn top_level_domains_are_known_in_any_case_and_script() {
        for label in ["com", "COM", "xn--p1ai", "рф", "onion", "zip", "bit"] {
            assert!(is_known(label), "{label}");
        }
        for label in ["exe", "dll", "", "txt", "internal", "1", "#"] {
            assert!(!is_known(label), "{label}");
        }
        assert!(is_file_ending("ZIP") && !is_file_ending("com"));
    }
}
