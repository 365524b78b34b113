//! A transfer as messages (RFC 5936, section 2.2; RFC 1995, section 4).

use super::wire::{Message, Rcode, Request, kind};
use crate::action;
use crate::serial::Serial;
use crate::zone::{Changed, ZoneSettings};

/// The bytes at which a message is full: as far as a name can lead back within it (RFC 1035, section 4.1.4), so that each
/// `*.x` is written in its shortest form.
const MOST: usize = 0x4000;

/// The most bytes of one record: owner, fields and data, each as long as a name can be; twice, with `*`.
const RECORD: usize = 2 * (2 + 255 + 2 + 10 + 255);

/// Fills messages with records.
pub(crate) struct Packer<'r> {
    request: &'r Request,
    settings: &'r ZoneSettings,
    full: Vec<Message>,
    message: Message,
}

impl<'r> Packer<'r> {
    pub(crate) fn new(request: &'r Request, settings: &'r ZoneSettings) -> Self {
        Self::resume(request, settings, Message::answer(request, Rcode::NoError))
    }

    /// Goes on with a message that has room yet.
    pub(crate) fn resume(request: &'r Request, settings: &'r ZoneSettings, message: Message) -> Self {
        Self { request, settings, full: Vec::new(), message }
    }

    /// The messages that are full, and the one that may have room yet.
    pub(crate) fn into_parts(self) -> (Vec<Message>, Message) {
        (self.full, self.message)
    }

    /// Makes room for a record of any length.
    fn room(&mut self) {
        if self.message.bytes.len() + RECORD > MOST && self.message.records() > 0 {
            let full = std::mem::replace(&mut self.message, Message::answer(self.request, Rcode::NoError));
            self.full.push(full);
        }
    }

    pub(crate) fn soa(&mut self, serial: Serial) {
        self.room();
        soa(&mut self.message, self.settings, serial);
    }

    pub(crate) fn server(&mut self) {
        self.room();
        let ZoneSettings { server, ttl, .. } = self.settings;
        self.message.record(&[], kind::NS, *ttl, &[server.wire()]);
    }

    /// A name and, where the zone says so, all names below it.
    pub(crate) fn entry(&mut self, owner: &[u8], encoded: &[u8]) {
        self.room();
        let (ttl, target) = (self.settings.ttl, action::target(encoded));
        let at = self.message.bytes.len();
        self.message.record(owner, kind::CNAME, ttl, &[target]);
        if self.settings.subdomains {
            self.message.wildcard(at, owner, kind::CNAME, ttl, &[target]);
        }
    }

    /// What was there before and is there no more, then what is there now (RFC 1995, section 4).
    pub(crate) fn difference(&mut self, from: Serial, to: Serial, changes: &[Changed<'_>]) {
        self.soa(to);
        self.soa(from);
        for (owner, old, _) in changes {
            if let Some(old) = old {
                self.entry(owner, old);
            }
        }
        self.soa(to);
        for (owner, _, new) in changes {
            if let Some(new) = new {
                self.entry(owner, new);
            }
        }
        self.soa(to);
    }
}

/// Appends the SOA record (RFC 1035, section 3.3.13).
pub(crate) fn soa(message: &mut Message, settings: &ZoneSettings, serial: Serial) {
    let ZoneSettings { server, contact, ttl, refresh, retry, expire, .. } = settings;
    let numbers = [serial.0, *refresh, *retry, *expire, *ttl].map(u32::to_be_bytes);
    message.record(&[], kind::SOA, *ttl, &[server.wire(), contact.wire(), &numbers.concat()]);
}
