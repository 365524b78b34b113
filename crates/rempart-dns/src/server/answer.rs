//! What a question is answered with: from the bytes of a message to the messages of the answer, without a socket.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::messages::{Packer, soa};
use super::tsig::{self, Checked, Signer};
use super::wire::{self, IN, Message, OPCODE_QUERY, Options, Rcode, Request, Unreadable, kind};
use super::{Consumer, Counters, Server, count};
use crate::serial::Serial;
use crate::zone::{Content, Transfer, Zone};

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// One packet there and one back.
    Udp,
    /// A stream, on which an answer may have many messages.
    Stream,
}

/// What explains a refusal further (RFC 8914, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Explained {
    /// The hold of the stage is older than the journal, or the disk does not answer.
    NotReady = 14,
    /// Who asks may not have the zones.
    Prohibited = 18,
    /// There is no such zone here.
    NotAuthoritative = 20,
    /// Such a question is not answered here.
    NotSupported = 21,
}

/// An answer, message by message. It is made as it is taken, so that who reads slowly holds no more of a zone than
/// the part that all share.
pub(crate) struct Reply {
    ready: VecDeque<Vec<u8>>,
    rest: Option<Rest>,
    seal: Seal,
}

/// What each message of an answer gets at its end.
struct Seal {
    options: Options,
    signer: Option<Signer>,
    now: u64,
    counters: Arc<Counters>,
}

/// What is left of a zone that is sent whole.
struct Rest {
    request: Request,
    zone: Arc<Zone>,
    serial: Serial,
    content: Content,
    segment: usize,
    message: Message,
}

impl Seal {
    fn seal(&mut self, message: Message) -> Vec<u8> {
        let mut bytes = message.finish(self.options);
        if let Some(signer) = &mut self.signer {
            signer.sign(&mut bytes, self.now);
        }
        self.counters.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        bytes
    }
}

impl Reply {
    fn push(&mut self, message: Message) {
        let bytes = self.seal.seal(message);
        self.ready.push_back(bytes);
    }
}

impl Iterator for Reply {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        while self.ready.is_empty() {
            let Rest { request, zone, serial, content, segment, message } = self.rest.take()?;
            let mut packer = Packer::resume(&request, zone.settings(), message);
            let more = content.segment(segment).map(|entries| {
                entries.for_each(|(owner, action)| packer.entry(owner, action));
            });
            if more.is_none() {
                packer.soa(serial);
            }
            let (full, message) = packer.into_parts();
            full.into_iter().for_each(|message| self.push(message));
            match more {
                None => self.push(message),
                Some(()) => {
                    let segment = segment + 1;
                    self.rest = Some(Rest { request, zone, serial, content, segment, message });
                }
            }
        }
        self.ready.pop_front()
    }
}

/// The answer to a message; nothing where it is none that is answered.
pub(crate) fn answer(server: &Server, message: &[u8], from: IpAddr, way: Way) -> Option<Reply> {
    let seal = Seal { options: Options::default(), signer: None, now: 0, counters: server.counters.clone() };
    let mut reply = Reply { ready: VecDeque::new(), rest: None, seal };
    let request = match wire::read(message) {
        Ok(request) => request,
        Err(Unreadable::Ignored) => return None,
        Err(Unreadable::Malformed { id }) => {
            count(&server.counters.malformed);
            reply.push(Message::malformed(id));
            return Some(reply);
        }
    };
    let now = (server.clock)();
    reply.seal.now = now;
    reply.seal.options.edns = request.edns.is_some();
    let keys = server.settings.consumers.iter().filter_map(|consumer| consumer.key.as_ref());
    match request.tsig.as_ref().map(|(s, start)| tsig::check(message, s, *start, keys, now)) {
        None => {}
        Some(Checked::Good(signer)) => reply.seal.signer = Some(signer),
        Some(Checked::Bad(refusal)) => {
            count(&server.counters.refused);
            let mut bytes = Message::answer(&request, Rcode::NotAuth).finish(reply.seal.options);
            refusal.append(&mut bytes, now);
            reply.ready.push_back(bytes);
            return Some(reply);
        }
    }
    let consumer = server.consumer(from, reply.seal.signer.as_ref());
    let done = match consumer {
        // Who may not have the zones is not told which there are.
        None => Err((Rcode::Refused, Explained::Prohibited)),
        Some(_) if request.edns.is_some_and(|edns| edns.version > 0) => {
            reply.seal.options.bad_version = true;
            reply.push(Message::answer(&request, Rcode::NoError));
            return Some(reply);
        }
        Some(_) if request.opcode != OPCODE_QUERY => Err((Rcode::NotImp, Explained::NotSupported)),
        Some(_) if request.class != IN => Err((Rcode::Refused, Explained::NotSupported)),
        Some(consumer) => respond(server, &request, consumer, way, &mut reply),
    };
    if let Err((code, explained)) = done {
        count(&server.counters.refused);
        reply.seal.options.explained = Some(explained as u16);
        reply.push(Message::answer(&request, code));
    }
    Some(reply)
}

type Refused = (Rcode, Explained);

fn respond(
    server: &Server,
    request: &Request,
    consumer: &Consumer,
    way: Way,
    reply: &mut Reply,
) -> Result<(), Refused> {
    if let Some(catalog) = server.catalog.as_ref().filter(|c| c.settings.origin == request.name) {
        let newest = request.has.is_some_and(|has| !catalog.serial.is_newer_than(has));
        let whole = match request.kind {
            kind::SOA => false,
            kind::IXFR => way == Way::Stream && !newest,
            kind::AXFR if way == Way::Stream => true,
            _ => return Err(refusal(request, way)),
        };
        if whole {
            reply.push(catalog.transfer(request));
        } else {
            let mut message = Message::answer(request, Rcode::NoError);
            soa(&mut message, &catalog.settings, catalog.serial);
            reply.push(message);
        }
        return Ok(());
    }
    let zone = server.zones.iter().find(|zone| *zone.origin() == request.name);
    let zone = zone.ok_or((Rcode::Refused, Explained::NotAuthoritative))?;
    match request.kind {
        kind::SOA => served(zone, consumer, request, reply),
        kind::NS => {
            let settings = zone.settings();
            let mut message = Message::answer(request, Rcode::NoError);
            message.record(&[], kind::NS, settings.ttl, &[settings.server.wire()]);
            reply.push(message);
            Ok(())
        }
        // RFC 1995, section 2: what does not fit into a packet is answered with the newest SOA record alone.
        kind::IXFR if way == Way::Udp => served(zone, consumer, request, reply),
        kind::IXFR => transfer(server, zone, consumer, request, reply),
        kind::AXFR if way == Way::Stream => transfer(server, zone, consumer, request, reply),
        _ => Err(refusal(request, way)),
    }
}

/// RFC 5936, section 4.2: there is no such transfer over UDP. Of names in a zone nothing is said: who blocks them asks
/// its own copy.
fn refusal(request: &Request, way: Way) -> Refused {
    let code = if request.kind == kind::AXFR && way == Way::Udp { Rcode::FormErr } else { Rcode::Refused };
    (code, Explained::NotSupported)
}

/// The SOA record that a consumer is served.
fn served(zone: &Zone, consumer: &Consumer, request: &Request, reply: &mut Reply) -> Result<(), Refused> {
    let serial = zone.served(consumer.stage).ok_or((Rcode::ServFail, Explained::NotReady))?;
    let mut message = Message::answer(request, Rcode::NoError);
    soa(&mut message, zone.settings(), serial);
    reply.push(message);
    Ok(())
}

fn transfer(
    server: &Server,
    zone: &Arc<Zone>,
    consumer: &Consumer,
    request: &Request,
    reply: &mut Reply,
) -> Result<(), Refused> {
    let not_ready = (Rcode::ServFail, Explained::NotReady);
    let has = if request.kind == kind::IXFR { request.has } else { None };
    let transfer = zone.transfer(consumer.stage, has).map_err(|error| {
        tracing::error!(zone = %zone.origin(), %error, "a zone cannot be read");
        not_ready
    })?;
    let mut packer = Packer::new(request, zone.settings());
    match transfer.ok_or(not_ready)? {
        Transfer::Newest { serial } => {
            count(&server.counters.up_to_date);
            packer.soa(serial);
        }
        Transfer::Difference { from, serial, difference } => {
            count(&server.counters.differences);
            packer.difference(from, serial, &difference.condensed());
        }
        Transfer::Whole { serial, content } => {
            count(&server.counters.whole);
            packer.soa(serial);
            packer.server();
            let (_, message) = packer.into_parts();
            let (request, zone) = (request.clone(), zone.clone());
            reply.rest = Some(Rest { request, zone, serial, content, segment: 0, message });
            return Ok(());
        }
    }
    let (full, last) = packer.into_parts();
    full.into_iter().chain([last]).for_each(|message| reply.push(message));
    Ok(())
}

impl Server {
    /// Who asks: by the key where it has one, and by the address where it has some.
    fn consumer(&self, from: IpAddr, signer: Option<&Signer>) -> Option<&Consumer> {
        self.settings.consumers.iter().find(|consumer| {
            let named = match (&consumer.key, signer) {
                (Some(key), Some(signer)) => key.name() == signer.key(),
                (None, None) => !consumer.networks.is_empty(),
                _ => false,
            };
            named && consumer.may_come_from(from)
        })
    }
}
