//! What a question is answered with: from the bytes of a message to the bytes of the answer, without a socket.

use std::net::IpAddr;

use super::messages::{of_transfer, soa};
use super::tsig::{self, Checked, Signer};
use super::wire::{self, IN, Message, OPCODE_QUERY, Rcode, Request, Unreadable, kind};
use super::{Consumer, Server, count};
use crate::zone::{Transfer, Zone};

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// One packet there and one back.
    Udp,
    /// A stream, on which an answer may have many messages.
    Stream,
}

/// Hands the messages of the answer to `out`, in order, until it says that nobody reads any more.
pub(crate) fn answer(
    server: &Server,
    message: &[u8],
    from: IpAddr,
    way: Way,
    out: &mut dyn FnMut(Vec<u8>) -> bool,
) {
    let request = match wire::read(message) {
        Ok(request) => request,
        Err(Unreadable::Ignored) => return,
        Err(Unreadable::Malformed { id }) => {
            count(&server.counters.malformed);
            out(Message::malformed(id).finish(false));
            return;
        }
    };
    let now = (server.clock)();
    let edns = request.payload.is_some();
    let keys = server.settings.consumers.iter().filter_map(|consumer| consumer.key.as_ref());
    let checked = request.tsig.as_ref().map(|(s, start)| tsig::check(message, s, *start, keys, now));
    let mut signer = match checked {
        None => None,
        Some(Checked::Good(signer)) => Some(signer),
        Some(Checked::Bad(refusal)) => {
            count(&server.counters.refused);
            let mut bytes = Message::answer(&request, Rcode::NotAuth).finish(edns);
            refusal.append(&mut bytes, now);
            out(bytes);
            return;
        }
    };
    let consumer = server.consumer(from, signer.as_ref());
    let mut send = |message: Message| {
        let mut bytes = message.finish(edns);
        if let Some(signer) = &mut signer {
            signer.sign(&mut bytes, now);
        }
        server.counters.bytes.fetch_add(bytes.len() as u64, std::sync::atomic::Ordering::Relaxed);
        out(bytes)
    };
    let code = match consumer {
        // Who may not have the zones is not told which there are.
        None => Rcode::Refused,
        Some(_) if request.opcode != OPCODE_QUERY => Rcode::NotImp,
        Some(_) if request.class != IN => Rcode::Refused,
        Some(consumer) => match respond(server, &request, consumer, way, &mut send) {
            Ok(()) => return,
            Err(code) => code,
        },
    };
    count(&server.counters.refused);
    send(Message::answer(&request, code));
}

fn respond(
    server: &Server,
    request: &Request,
    consumer: &Consumer,
    way: Way,
    send: &mut dyn FnMut(Message) -> bool,
) -> Result<(), Rcode> {
    if let Some(catalog) = server.catalog.as_ref().filter(|c| c.settings.origin == request.name) {
        let newest = request.has.is_some_and(|has| !catalog.serial.is_newer_than(has));
        let whole = match request.kind {
            kind::SOA => false,
            kind::IXFR => way == Way::Stream && !newest,
            kind::AXFR if way == Way::Stream => true,
            _ => return Err(refusal(request, way)),
        };
        if whole {
            send(catalog.transfer(request));
        } else {
            let mut message = Message::answer(request, Rcode::NoError);
            soa(&mut message, &catalog.settings, catalog.serial);
            send(message);
        }
        return Ok(());
    }
    let zone = server.zones.iter().find(|zone| *zone.origin() == request.name).ok_or(Rcode::Refused)?;
    match request.kind {
        kind::SOA => served(zone, consumer, request, send),
        kind::NS => {
            let settings = zone.settings();
            let mut message = Message::answer(request, Rcode::NoError);
            message.record(&[], kind::NS, settings.ttl, &[settings.server.wire()]);
            send(message);
            Ok(())
        }
        // RFC 1995, section 2: what does not fit into a packet is answered with the newest SOA record alone.
        kind::IXFR if way == Way::Udp => served(zone, consumer, request, send),
        kind::IXFR => transfer(server, zone, consumer, request, send),
        kind::AXFR if way == Way::Stream => transfer(server, zone, consumer, request, send),
        _ => Err(refusal(request, way)),
    }
}

/// RFC 5936, section 4.2: there is no such transfer over UDP. Of names in a zone nothing is said: who blocks them asks
/// its own copy.
fn refusal(request: &Request, way: Way) -> Rcode {
    if request.kind == kind::AXFR && way == Way::Udp { Rcode::FormErr } else { Rcode::Refused }
}

/// The SOA record that a consumer is served.
fn served(
    zone: &Zone,
    consumer: &Consumer,
    request: &Request,
    send: &mut dyn FnMut(Message) -> bool,
) -> Result<(), Rcode> {
    let serial = zone.served(consumer.stage).ok_or(Rcode::ServFail)?;
    let mut message = Message::answer(request, Rcode::NoError);
    soa(&mut message, zone.settings(), serial);
    send(message);
    Ok(())
}

fn transfer(
    server: &Server,
    zone: &Zone,
    consumer: &Consumer,
    request: &Request,
    send: &mut dyn FnMut(Message) -> bool,
) -> Result<(), Rcode> {
    let has = if request.kind == kind::IXFR { request.has } else { None };
    let transfer = match zone.transfer(consumer.stage, has) {
        Ok(Some(transfer)) => transfer,
        Ok(None) => return Err(Rcode::ServFail),
        Err(error) => {
            tracing::error!(zone = %zone.origin(), %error, "a zone cannot be read");
            return Err(Rcode::ServFail);
        }
    };
    count(match transfer {
        Transfer::Newest { .. } => &server.counters.up_to_date,
        Transfer::Whole { .. } => &server.counters.whole,
        Transfer::Difference { .. } => &server.counters.differences,
    });
    of_transfer(request, zone.settings(), &transfer, send);
    Ok(())
}

impl Server {
    /// Who asks: by the key where it has one, and by the address where it has some.
    fn consumer(&self, from: IpAddr, signer: Option<&Signer<'_>>) -> Option<&Consumer> {
        let from = from.to_canonical();
        self.settings.consumers.iter().find(|consumer| {
            let named = match (&consumer.key, signer) {
                (Some(key), Some(signer)) => key.name() == signer.key(),
                (None, None) => !consumer.networks.is_empty(),
                _ => false,
            };
            named && (consumer.networks.is_empty() || consumer.networks.iter().any(|net| net.holds(from)))
        })
    }
}
