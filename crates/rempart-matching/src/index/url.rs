//! What of a URL is compared: its host, its port and its path; not the scheme, nor who logs in.
//!
//! A URL is hashed piece by piece, so that one walk over it gives the hash of each of its parents: behind each
//! slash of the path, before it, and before the query.

use super::hash::{Hasher, role};

/// The parts of a URL in canonical form that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    /// Without brackets.
    pub(crate) host: &'a str,
    /// Empty for 80 and 443.
    pub(crate) port: &'a str,
    /// Path and query.
    pub(crate) rest: &'a str,
}

/// Takes a URL in canonical form apart.
pub(crate) fn parts(canonical: &str) -> Option<Parts<'_>> {
    let (_, after) = canonical.split_once("://")?;
    let end = after.find(['/', '?']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end)?;
    let rest = if rest.is_empty() { "/" } else { rest };
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.strip_prefix('[') {
        Some(inside) => {
            let (host, after) = inside.split_once(']')?;
            (host, after.strip_prefix(':').unwrap_or_default())
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let port = if matches!(port, "80" | "443") { "" } else { port };
    Some(Parts { host, port, rest })
}

impl Parts<'_> {
    /// Whether a page below this one is meant as well. The page of a host itself stands for itself alone: who
    /// means all of a host lists its name; and so does what has a query.
    pub(crate) fn has_children(&self) -> bool {
        self.rest != "/" && !self.rest.contains('?')
    }

    /// The hash of the host.
    pub(crate) fn host_hash(&self, hasher: Hasher) -> u64 {
        hasher.role(hasher.name(self.host.as_bytes()), role::URL_HOST)
    }

    /// Gives the length of each beginning of path and query at which an entry could end, and the hash that
    /// such an entry has; the whole comes last.
    pub(crate) fn beginnings(&self, hasher: Hasher, mut each: impl FnMut(usize, u64)) {
        let start = hasher.role(self.host_hash(hasher), role::URL);
        let mut hash = hasher.bytes(start, self.port.as_bytes());
        let bytes = self.rest.as_bytes();
        let mut from = 0;
        for at in 0..bytes.len() {
            let byte = bytes.get(at).copied().unwrap_or_default();
            if !matches!(byte, b'/' | b'?') {
                continue;
            }
            if at > from {
                hash = hasher.bytes(hash, bytes.get(from..at).unwrap_or_default());
                each(at, hash);
            }
            hash = hasher.bytes(hash, &[byte]);
            from = at + 1;
            if byte == b'?' {
                break;
            }
            if from < bytes.len() {
                each(from, hash);
            }
        }
        if from < bytes.len() {
            hash = hasher.bytes(hash, bytes.get(from..).unwrap_or_default());
        }
        each(bytes.len(), hash);
    }

    /// The hash of the whole.
    pub(crate) fn hash(&self, hasher: Hasher) -> u64 {
        let mut whole = 0;
        self.beginnings(hasher, |_, hash| whole = hash);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_user_and_usual_ports_do_not_count() {
        for (url, host, port, rest) in [
            ("http://evil.example/a?b", "evil.example", "", "/a?b"),
            ("https://u:p@evil.example:443/", "evil.example", "", "/"),
            ("http://evil.example:8080/a/", "evil.example", "8080", "/a/"),
            ("http://[2001:db8::1]:81/x", "2001:db8::1", "81", "/x"),
            ("http://[2001:db8::1]/x", "2001:db8::1", "", "/x"),
            ("ftp://evil.example", "evil.example", "", "/"),
            ("foo://evil.example?x", "evil.example", "", "?x"),
        ] {
            assert_eq!(parts(url), Some(Parts { host, port, rest }), "{url}");
        }
        assert_eq!(parts("mailto:a@evil.example"), None);
    }

    #[test]
    fn every_beginning_has_the_hash_that_it_has_as_a_whole() {
        let hasher = Hasher::new(1);
        for url in [
            "http://e.example/",
            "http://e.example/a",
            "http://e.example/a/b//c.php?x=/1?2",
            "http://e.example/a/?",
        ] {
            let whole = parts(url).unwrap();
            let mut lengths = Vec::new();
            whole.beginnings(hasher, |length, hash| {
                let part = Parts { rest: &whole.rest[..length], ..whole };
                assert_eq!(part.hash(hasher), hash, "{url} {length}");
                lengths.push(length);
            });
            assert_eq!(lengths.last(), Some(&whole.rest.len()));
            assert!(lengths.is_sorted_by(|a, b| a < b), "{url} {lengths:?}");
        }
    }
}
