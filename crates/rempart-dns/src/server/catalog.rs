//! The catalog zone, from which secondaries learn which zones there are (RFC 9432).

use ring::digest::{SHA256, digest};

use super::messages::soa;
use super::wire::{Message, Rcode, Request, kind};
use crate::name::Name;
use crate::serial::Serial;
use crate::zone::ZoneSettings;

/// The list of the zones, as a zone. It changes only when the server starts with others.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    pub(crate) settings: ZoneSettings,
    pub(crate) serial: Serial,
    members: Vec<Name>,
}

impl Catalog {
    /// The catalog of these zones; its serial is the time at which it is made.
    pub(crate) fn new(origin: Name, members: Vec<Name>, now: u64) -> Self {
        Self { settings: ZoneSettings::new(origin), serial: Serial(0).next(now), members }
    }

    /// The whole of it, which one message holds: there are few zones.
    pub(crate) fn transfer(&self, request: &Request) -> Message {
        let mut message = Message::answer(request, Rcode::NoError);
        soa(&mut message, &self.settings, self.serial);
        // RFC 9432, section 4.1: the name server is of no meaning, and `invalid.` is recommended.
        message.record(&[], kind::NS, 0, &[b"\x07invalid\0"]);
        message.record(b"\x07version", kind::TXT, 0, &[b"\x012"]);
        for member in &self.members {
            // Section 4.1: the label is unique to the member, and stays the same.
            let hash = digest(&SHA256, member.wire());
            let label: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            let below = [&[32], label.as_bytes(), b"\x05zones"].concat();
            message.record(&below, kind::PTR, 0, &[member.wire()]);
        }
        soa(&mut message, &self.settings, self.serial);
        message
    }
}
