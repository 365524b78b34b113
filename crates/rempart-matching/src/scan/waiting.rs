//! Look-ups that wait for memory: the tokens of a strip are gathered, what each will ask is fetched meanwhile, and
//! then all of them are asked. One after the other, each would wait for memory alone.

use super::strip::Strip;
use super::{Found, context};
use crate::index::Entry;
use crate::index::reader::Reader;

/// What of a strip is still to be looked up.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    probes: Vec<Probe>,
    addresses: Vec<Address>,
}

/// A key for the filter, and the token of at most 64 bytes from which it comes.
#[derive(Debug, Clone, Copy)]
struct Probe {
    hash: u64,
    from: usize,
    /// Where in the token the name begins that the key stands for.
    start: u8,
    length: u8,
    what: What,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The token as a name, or a parent of it.
    Name,
    /// E-mail addresses of the token as a host.
    Emails,
    /// URLs on it.
    Urls,
}

/// An IPv4 address and where it stands.
#[derive(Debug, Clone, Copy)]
struct Address {
    address: u32,
    length: u8,
    from: usize,
}

impl Waiting {
    /// Has a key looked up later. Those of one token come one after the other, parents before what is below them.
    #[inline]
    pub(super) fn probe(
        &mut self,
        base: &Reader<'_>,
        what: What,
        hash: u64,
        from: usize,
        start: usize,
        length: usize,
    ) {
        base.prefetch(hash);
        self.probes.push(Probe { hash, from, start: start as u8, length: length as u8, what });
    }

    /// Has an address looked up later.
    #[inline]
    pub(super) fn address(&mut self, base: &Reader<'_>, address: u32, from: usize, length: usize) {
        base.addresses.prefetch(address);
        self.addresses.push(Address { address, length: length as u8, from });
    }
}

impl<'a> Strip<'_, 'a> {
    /// Looks up what waited.
    pub(super) fn settle(&self, waiting: &mut Waiting, found: &mut Vec<Found<'a>>) {
        for waiting in &waiting.addresses {
            self.finder.base.addresses.prefetch_next(waiting.address);
        }
        // The name that was found last, which a nearer one of the same token takes the place of.
        let mut best: Option<(Probe, Entry<'a>)> = None;
        for probe in waiting.probes.drain(..) {
            if !self.finder.may_hold(probe.hash) {
                continue;
            }
            let (from, to) = (probe.from, probe.from + usize::from(probe.length));
            match probe.what {
                What::Name => {
                    let name = self.text.get(from + usize::from(probe.start)..to).unwrap_or_default();
                    if let Some(entry) = self.finder.name(probe.hash, name, probe.start == 0) {
                        if best.is_some_and(|(other, _)| other.from != from) {
                            self.tell(best.take(), found);
                        }
                        best = Some((probe, entry));
                    }
                }
                What::Emails => self.email(from, to, found),
                What::Urls => self.url_behind(from, to, found),
            }
        }
        self.tell(best, found);
        for waiting in waiting.addresses.drain(..) {
            self.v4(waiting.address, waiting.from, waiting.from + usize::from(waiting.length), found);
        }
    }

    fn tell(&self, name: Option<(Probe, Entry<'a>)>, found: &mut Vec<Found<'a>>) {
        if let Some((probe, entry)) = name
            && context::is_whole(self.text, probe.from, probe.from + usize::from(probe.length))
        {
            found.push(Found { range: probe.from..probe.from + usize::from(probe.length), entry });
        }
    }
}
