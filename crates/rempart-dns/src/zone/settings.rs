//! What a zone is made with.

use std::path::PathBuf;
use std::time::Duration;

use super::record::{CHECK, Check, check};
use crate::name::Name;

/// What a zone is made with.
#[derive(Debug, Clone)]
pub struct ZoneSettings {
    /// The name of the zone, for instance `malware.rpz.csirt.example`.
    pub origin: Name,
    /// The name server of the SOA and NS records. Nobody asks it: what the zone says is for resolvers only.
    pub server: Name,
    /// The mailbox of the SOA record, with the first dot for the `@`.
    pub contact: Name,
    /// Seconds that an answer may be kept.
    pub ttl: u32,
    /// Seconds between two questions of a secondary that hears no NOTIFY.
    pub refresh: u32,
    /// Seconds until a secondary asks again after a failure.
    pub retry: u32,
    /// Seconds after which a secondary without contact stops serving the zone.
    pub expire: u32,
    /// Whether `*.x` is served beside each `x`.
    pub subdomains: bool,
    /// How long a change stays in the journal, so that a secondary that was away gets the difference.
    pub keep: Duration,
    /// The most bytes of the journal; beyond it changes go before their time.
    pub journal_bytes: u64,
    /// Files whose existence empties the zone, besides `STOP` in its own folder.
    pub stop: Vec<PathBuf>,
}

impl ZoneSettings {
    /// The usual settings for a zone.
    pub fn new(origin: Name) -> Self {
        let server = Name::from_wire(b"\x09localhost\0").unwrap_or_else(|| origin.clone());
        let contact = origin.below(b"hostmaster").unwrap_or_else(|| origin.clone());
        Self {
            origin,
            server,
            contact,
            ttl: 60,
            refresh: 60,
            retry: 30,
            expire: 7 * 86_400,
            subdomains: true,
            keep: Duration::from_secs(8 * 86_400),
            journal_bytes: 256 << 20,
            stop: Vec::new(),
        }
    }

    /// A fingerprint of all that records are made of: where it changes, no difference to earlier serials can be given.
    pub(crate) fn fingerprint(&self) -> Check {
        let mut bytes = [self.server.wire(), self.contact.wire(), self.origin.wire()].concat();
        for number in [self.ttl, self.refresh, self.retry, self.expire, u32::from(self.subdomains)] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        check(&[0; CHECK], &bytes)
    }

    /// The bytes that the longest owner of an entry has more than the name.
    pub(crate) fn prefix(&self) -> usize {
        if self.subdomains { 2 } else { 0 }
    }
}
