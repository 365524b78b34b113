//! What a server promises: each question its answer, and no connection at the cost of others.

mod answers;
mod streams;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::wire::IN;
use super::*;
use crate::action::Action;
use crate::serial::Serial;
use crate::zone::{Change, ZoneSettings};

const NOW: u64 = 1_800_000_000;
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn consumer(networks: &[(IpAddr, u8)]) -> Consumer {
    Consumer {
        name: "test".into(),
        stage: 0,
        networks: networks.iter().filter_map(|(address, length)| Network::new(*address, *length)).collect(),
        key: None,
        notify: Vec::new(),
    }
}

fn zone(folder: &std::path::Path, names: usize) -> Arc<Zone> {
    let zone = Zone::open(folder, ZoneSettings::new(name("rpz.test")), NOW).unwrap();
    let changes: Vec<Change> =
        (0..names).map(|number| Change::put(format!("n{number}.example"), Action::NxDomain)).collect();
    zone.apply(&changes, NOW).unwrap();
    Arc::new(zone)
}

/// A question, part by part.
#[derive(Clone, Copy)]
struct Question {
    opcode: u8,
    name: &'static str,
    kind: u16,
    class: u16,
    has: Option<Serial>,
    /// The version of EDNS.
    edns: Option<u8>,
}

impl Question {
    fn new(name: &'static str, kind: u16) -> Self {
        Self { opcode: 0, name, kind, class: IN, has: None, edns: None }
    }

    fn bytes(self) -> Vec<u8> {
        let counts = [1, 0, u8::from(self.has.is_some()), u8::from(self.edns.is_some())];
        let mut bytes = vec![0x12, 0x34, self.opcode << 3 | 1, 0];
        counts.iter().for_each(|count| bytes.extend_from_slice(&[0, *count]));
        // As it is written: `Name` would make it lower case.
        for label in self.name.split('.') {
            bytes.push(u8::try_from(label.len()).unwrap());
            bytes.extend_from_slice(label.as_bytes());
        }
        bytes.push(0);
        bytes.extend_from_slice(&self.kind.to_be_bytes());
        bytes.extend_from_slice(&self.class.to_be_bytes());
        if let Some(serial) = self.has {
            bytes.extend_from_slice(&[0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 0, 0, 22, 0, 0]);
            bytes.extend_from_slice(&serial.0.to_be_bytes());
            bytes.extend_from_slice(&[0; 16]);
        }
        if let Some(version) = self.edns {
            bytes.extend_from_slice(&[0, 0, 41, 4, 208, 0, version, 0, 0, 0, 0]);
        }
        bytes
    }
}
