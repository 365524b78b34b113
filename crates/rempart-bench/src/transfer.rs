//! A client of zone transfers that does nothing but read them (RFC 5936, RFC 1995).

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};

const SOA: u16 = 6;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The SOA record alone.
    Soa,
    /// The whole zone.
    Axfr,
    /// What changed since a serial.
    Ixfr(u32),
}

/// What came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Received {
    /// Records, with each SOA record.
    pub(crate) records: usize,
    /// Bytes of messages.
    pub(crate) bytes: usize,
    /// The serial of the first SOA record.
    pub(crate) serial: u32,
}

/// Asks a server on this machine over TCP and reads the answer to its end.
pub(crate) fn ask(port: u16, zone: &str, kind: Kind) -> anyhow::Result<Received> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let question = question(zone, kind)?;
    (&stream).write_all(&[&u16::try_from(question.len())?.to_be_bytes()[..], &question].concat())?;
    let mut reader = BufReader::with_capacity(1 << 18, &stream);
    let mut message = Vec::with_capacity(1 << 16);
    let mut received = Received::default();
    let mut seen = Seen::default();
    while !seen.complete(kind) {
        let mut length = [0; 2];
        reader.read_exact(&mut length)?;
        let length = usize::from(u16::from_be_bytes(length));
        message.resize(length, 0);
        reader.read_exact(&mut message)?;
        received.bytes += length + 2;
        let before = received.records;
        walk(&message, &mut received, &mut seen).context("a message that cannot be read")?;
        if received.records == before {
            bail!("a message without records");
        }
    }
    Ok(received)
}

fn question(zone: &str, kind: Kind) -> anyhow::Result<Vec<u8>> {
    let mut name = Vec::new();
    for label in zone.split('.') {
        name.push(u8::try_from(label.len())?);
        name.extend_from_slice(label.as_bytes());
    }
    name.push(0);
    let (number, has) = match kind {
        Kind::Soa => (SOA, None),
        Kind::Axfr => (252, None),
        Kind::Ixfr(serial) => (251, Some(serial)),
    };
    let mut bytes = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, u8::from(has.is_some()), 0, 0];
    bytes.extend_from_slice(&name);
    bytes.extend_from_slice(&u16::to_be_bytes(number));
    bytes.extend_from_slice(&[0, 1]);
    if let Some(serial) = has {
        // RFC 1995, section 3: an SOA record whose serial alone counts.
        bytes.extend_from_slice(&[0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0]);
        bytes.extend_from_slice(&serial.to_be_bytes());
        bytes.extend_from_slice(&[0; 16]);
    }
    Ok(bytes)
}

/// What tells the end of an answer.
#[derive(Debug, Default)]
struct Seen {
    /// SOA records of the first one's serial.
    newest: usize,
    /// The second record is an SOA record, too: a difference (RFC 1995, section 4).
    difference: bool,
}

impl Seen {
    fn complete(&self, kind: Kind) -> bool {
        let wanted = match kind {
            Kind::Soa => 1,
            Kind::Ixfr(_) if self.difference => 3,
            Kind::Axfr | Kind::Ixfr(_) => 2,
        };
        self.newest >= wanted
    }
}

/// Goes through the records of a message.
fn walk(message: &[u8], received: &mut Received, seen: &mut Seen) -> Option<()> {
    let number = |at: usize| Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?));
    if message.get(3)? & 15 != 0 {
        return None;
    }
    let (questions, answers) = (number(4)?, number(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = skip(message, at)? + 4;
    }
    for _ in 0..answers {
        at = skip(message, at)?;
        let (kind, length) = (number(at)?, usize::from(number(at + 8)?));
        at += 10 + length;
        if kind == SOA {
            let serial = u32::from_be_bytes(message.get(at - 20..at - 16)?.try_into().ok()?);
            match received.records {
                0 => received.serial = serial,
                1 => seen.difference = true,
                _ => {}
            }
            seen.newest += usize::from(serial == received.serial);
        }
        received.records += 1;
    }
    (at <= message.len()).then_some(())
}

/// Where a name ends.
fn skip(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            _ => return Some(at + 2),
        }
    }
}
