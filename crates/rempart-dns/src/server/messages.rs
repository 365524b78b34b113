//! A transfer as messages (RFC 5936, section 2.2; RFC 1995, section 4).

use super::tsig;
use super::wire::{Message, Rcode, Request, kind};
use crate::action;
use crate::serial::Serial;
use crate::zone::{Transfer, ZoneSettings};

/// The most bytes of a message over TCP, less what a signature and EDNS(0) may add.
const MOST: usize = 65_535 - tsig::MOST - 16;

/// The most bytes of one record: owner, fields and data, each as long as a name can be; twice, with `*`.
const RECORD: usize = 2 * (2 + 255 + 2 + 10 + 255);

/// Fills messages with records and hands on each that is full.
struct Packer<'r, 'o> {
    request: &'r Request,
    settings: &'r ZoneSettings,
    message: Message,
    most: usize,
    /// Takes a message; `false`: nobody reads any more.
    out: &'o mut dyn FnMut(Message) -> bool,
    open: bool,
}

impl<'r, 'o> Packer<'r, 'o> {
    fn new(
        request: &'r Request,
        settings: &'r ZoneSettings,
        most: usize,
        out: &'o mut dyn FnMut(Message) -> bool,
    ) -> Self {
        let message = Message::answer(request, Rcode::NoError);
        Self { request, settings, message, most, out, open: true }
    }

    /// Makes room for a record of any length.
    fn room(&mut self) {
        if self.message.bytes.len() + RECORD > self.most && self.message.records() > 0 {
            let full = std::mem::replace(&mut self.message, Message::answer(self.request, Rcode::NoError));
            self.open = self.open && (self.out)(full);
        }
    }

    fn soa(&mut self, serial: Serial) {
        self.room();
        soa(&mut self.message, self.settings, serial);
    }

    fn server(&mut self) {
        self.room();
        let ZoneSettings { server, ttl, .. } = self.settings;
        self.message.record(&[], kind::NS, *ttl, &[server.wire()]);
    }

    /// A name and, where the zone says so, all names below it.
    fn entry(&mut self, owner: &[u8], encoded: &[u8]) {
        self.room();
        let (ttl, target) = (self.settings.ttl, action::target(encoded));
        let at = self.message.bytes.len();
        self.message.record(owner, kind::CNAME, ttl, &[target]);
        if self.settings.subdomains {
            self.message.wildcard(at, owner, kind::CNAME, ttl, &[target]);
        }
    }

    fn finish(self) {
        if self.open {
            (self.out)(self.message);
        }
    }
}

/// Appends the SOA record (RFC 1035, section 3.3.13).
pub(crate) fn soa(message: &mut Message, settings: &ZoneSettings, serial: Serial) {
    let ZoneSettings { server, contact, ttl, refresh, retry, expire, .. } = settings;
    let numbers = [serial.0, *refresh, *retry, *expire, *ttl].map(u32::to_be_bytes);
    message.record(&[], kind::SOA, *ttl, &[server.wire(), contact.wire(), &numbers.concat()]);
}

/// Hands the messages of a transfer to `out`, in order, until it says that nobody reads any more.
pub(crate) fn of_transfer(
    request: &Request,
    settings: &ZoneSettings,
    transfer: &Transfer,
    out: &mut dyn FnMut(Message) -> bool,
) {
    let mut packer = Packer::new(request, settings, MOST, out);
    match transfer {
        Transfer::Newest { serial } => packer.soa(*serial),
        Transfer::Whole { serial, content } => {
            packer.soa(*serial);
            packer.server();
            for (owner, encoded) in content.entries() {
                packer.entry(owner, encoded);
                if !packer.open {
                    return;
                }
            }
            packer.soa(*serial);
        }
        Transfer::Difference { from, serial, difference } => {
            let changes = difference.condensed();
            packer.soa(*serial);
            packer.soa(*from);
            for (owner, old, _) in &changes {
                if let Some(old) = old {
                    packer.entry(owner, old);
                }
            }
            packer.soa(*serial);
            for (owner, _, new) in &changes {
                if let Some(new) = new {
                    packer.entry(owner, new);
                }
            }
            packer.soa(*serial);
        }
    }
    packer.finish();
}
