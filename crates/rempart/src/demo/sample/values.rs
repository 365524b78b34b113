//! Inventing observables, so that nobody can take them for real ones: names below `.example`,
//! `.test` and `.invalid` (RFC 2606), addresses from 198.18.0.0/15 (RFC 2544) and 2001:db8::/32
//! (RFC 3849), hashes that begin with `5eed`.

use std::collections::HashSet;

use rempart_model::Timestamp;

use super::random::Random;
use super::words::{NATIONS, Nation, SENDERS, SERVICES, THREATS, Threat};

/// Days that the sample looks back.
const DAYS: u32 = 90;
/// Share of values that an earlier file has as well, in percent.
const OVERLAP: u32 = 10;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A domain name.
    Domain,
    /// A URL.
    Url,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 network.
    Network,
    /// An e-mail address.
    Email,
    /// MD5 of a file.
    Md5,
    /// SHA-1 of a file.
    Sha1,
    /// SHA-256 of a file.
    Sha256,
}

/// What a hub that takes in everything has; a kind that stands there more often is more frequent.
pub(super) const ALL: [Kind; 16] = [
    Kind::Domain,
    Kind::Domain,
    Kind::Domain,
    Kind::Domain,
    Kind::Domain,
    Kind::Url,
    Kind::Url,
    Kind::Url,
    Kind::Ipv4,
    Kind::Ipv4,
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::Email,
    Kind::Md5,
    Kind::Sha256,
    Kind::Sha256,
];

/// An invented observable and what is said of it.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// What it is.
    pub(super) kind: Kind,
    /// In canonical form.
    pub(super) text: String,
    /// What it takes part in.
    pub(super) threat: &'static Threat,
    /// The country that it lies in or imitates.
    pub(super) nation: Option<&'static Nation>,
    /// When it was seen first.
    pub(super) first: Timestamp,
    /// When it was seen last.
    pub(super) last: Timestamp,
    /// How sure the source is, 0 to 100.
    pub(super) confidence: u8,
}

impl Value {
    /// The day it was seen first, `2026-01-31`.
    pub(super) fn first_day(&self) -> String {
        let mut text = self.first.to_string();
        text.truncate(10);
        text
    }
}

/// Invents values, each at most once in a file.
#[derive(Debug)]
pub(super) struct Maker {
    /// What the file that is being written draws from.
    pub(super) random: Random,
    /// Midnight of the day on which the sample is written: no time in it is later.
    pub(super) day: Timestamp,
    seed: u64,
    known: HashSet<String>,
    in_file: HashSet<String>,
    made: Vec<Value>,
    /// The values of the file before this one, for a source that copies it.
    pub(super) previous: Vec<Value>,
    current: Vec<Value>,
}

impl Maker {
    /// One that has not invented anything.
    pub(super) fn new(seed: u64, day: Timestamp) -> Self {
        Self {
            random: Random::new(seed, ""),
            day,
            seed,
            known: HashSet::new(),
            in_file: HashSet::new(),
            made: Vec::new(),
            previous: Vec::new(),
            current: Vec::new(),
        }
    }

    /// A new file begins.
    pub(super) fn begin(&mut self, file: &str) {
        self.random = Random::new(self.seed, file);
        self.in_file.clear();
        self.previous = std::mem::take(&mut self.current);
    }

    /// A value of one of `kinds`.
    pub(super) fn value(&mut self, kinds: &[Kind]) -> Value {
        let value = match self.borrowed(kinds) {
            Some(value) => value,
            None => self.fresh(kinds),
        };
        self.in_file.insert(value.text.clone());
        self.current.push(value.clone());
        value
    }

    /// Several values.
    pub(super) fn values(&mut self, count: usize, kinds: &[Kind]) -> Vec<Value> {
        (0..count).map(|_| self.value(kinds)).collect()
    }

    /// A time of the last days before the sample's day.
    pub(super) fn time(&mut self) -> Timestamp {
        let seconds = i64::from(self.random.below(DAYS * 86_400));
        self.day.plus_seconds(-seconds)
    }

    fn borrowed(&mut self, kinds: &[Kind]) -> Option<Value> {
        if self.made.is_empty() || !self.random.chance(OVERLAP) {
            return None;
        }
        // A few attempts are enough to come close to the share that is wanted.
        (0..8).find_map(|_| {
            let value = self.random.pick(&self.made);
            (kinds.contains(&value.kind) && !self.in_file.contains(&value.text)).then(|| value.clone())
        })
    }

    fn fresh(&mut self, kinds: &[Kind]) -> Value {
        let kind = *self.random.pick(kinds);
        let threat = self.random.pick(&THREATS);
        let (text, nation) = loop {
            let (text, nation) = self.invent(kind, threat);
            if self.known.insert(text.clone()) {
                break (text, nation);
            }
        };
        let first = self.time();
        let until_now = (self.day.micros() - first.micros()) / 1_000_000;
        let later = self.random.below(u32::try_from(until_now.min(20 * 86_400)).unwrap_or(0) + 1);
        let last = first.plus_seconds(i64::from(later));
        let confidence = [15, 30, 50, 60, 75, 85, 90, 95][self.random.below(8) as usize];
        let value = Value { kind, text, threat, nation, first, last, confidence };
        self.made.push(value.clone());
        value
    }

    fn invent(&mut self, kind: Kind, threat: &Threat) -> (String, Option<&'static Nation>) {
        match kind {
            Kind::Domain => self.domain(threat),
            Kind::Url => self.url(threat),
            Kind::Ipv4 => self.ipv4(),
            Kind::Ipv6 => self.ipv6(),
            Kind::Network => {
                // In the upper half, where no member's networks are.
                let (third, fourth) = (128 + self.random.below(128), 16 * self.random.below(16));
                (format!("198.19.{third}.{fourth}/28"), None)
            }
            Kind::Email => {
                let sender = *self.random.pick(&SENDERS);
                let (domain, nation) = self.domain(threat);
                (format!("{sender}@{domain}"), nation)
            }
            Kind::Md5 => (format!("5eed{}", self.random.hex(28)), None),
            Kind::Sha1 => (format!("5eed{}", self.random.hex(36)), None),
            Kind::Sha256 => (format!("5eed{}", self.random.hex(60)), None),
        }
    }

    fn nation(&mut self, percent: u32) -> Option<&'static Nation> {
        self.random.chance(percent).then(|| self.random.pick(&NATIONS))
    }

    fn domain(&mut self, threat: &Threat) -> (String, Option<&'static Nation>) {
        let number = 1 + self.random.below(99_999);
        let nation = self.nation(20);
        let text = match nation {
            Some(nation) => {
                let (service, below) = (self.random.pick(&SERVICES), self.random.pick(nation.domains));
                format!("{service}-{number}.{below}")
            }
            None => {
                let (host, zone) = (self.random.pick(threat.hosts), threat.zone);
                match self.random.below(10) {
                    0 => format!("{host}-{number}.{zone}.test"),
                    1 => format!("{host}{number}.{zone}.invalid"),
                    2 => format!("{zone}-{host}-{number}.example"),
                    _ => format!("{host}-{number}.{zone}.example"),
                }
            }
        };
        (text, nation)
    }

    fn url(&mut self, threat: &Threat) -> (String, Option<&'static Nation>) {
        let ((host, nation), scheme) = match self.random.below(5) {
            0 => (self.ipv4(), "http"),
            1 | 2 => (self.domain(threat), "http"),
            _ => (self.domain(threat), "https"),
        };
        let path = self.random.pick(threat.paths);
        (format!("{scheme}://{host}/{path}"), nation)
    }

    fn ipv4(&mut self) -> (String, Option<&'static Nation>) {
        let nation = self.nation(45);
        let (second, third) = match nation {
            Some(nation) => (18, u32::from(nation.third_octet) + self.random.below(32)),
            None if self.random.chance(20) => (18, 128 + self.random.below(128)),
            None => (19, self.random.below(256)),
        };
        (format!("198.{second}.{third}.{}", 1 + self.random.below(254)), nation)
    }

    fn ipv6(&mut self) -> (String, Option<&'static Nation>) {
        let nation = self.nation(45);
        let site = nation.map_or_else(|| 0x100 + self.random.below(0x1000), |nation| nation.site.into());
        let (subnet, host) = (1 + self.random.below(0xffff), 1 + self.random.below(0xffff));
        (format!("2001:db8:{site:x}:{subnet:x}::{host:x}"), nation)
    }
}
