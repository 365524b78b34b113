//! Whose problem it is: the members that an object concerns, how much, and why.

mod codec;

use std::fmt;
use std::net::IpAddr;

use rempart_matching::{Constituencies, IpTable, Place, States, Touched};
use rempart_model::{Country, Hint, MemberId, Observable};

pub use codec::{ReasonsError, decode_reasons, encode_reasons};

/// What is asked about: an object's observables, and what else it says of countries and targets.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its observables.
    pub observables: &'a [Observable],
    /// What it says, and what it inherits from objects that it refers to.
    pub hints: &'a [Hint],
}

/// The tables that tell where an observable is.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// Address to country.
    pub countries: &'a IpTable,
    /// Address to autonomous system.
    pub asns: &'a IpTable,
    /// The states that take part, and their top-level domains.
    pub states: &'a States,
}

/// Why something concerns a member. What is stored is this and nothing of the member's constituency
/// beyond what it touched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// An address, or a part of a network, is in this network of the member.
    Network(Box<str>),
    /// An address is announced by this autonomous system of the member, or is that system.
    Asn(u32),
    /// A name is, or is below, this domain of the member.
    Domain(Box<str>),
    /// An address is in this country.
    AddressCountry(Country),
    /// A name is under the top-level domain of this country.
    TopLevelDomain(Country),
    /// The object says that this country is a target.
    TargetsCountry(Country),
    /// The object is a location or an organisation in this country.
    InCountry(Country),
    /// The object names the member as a target.
    TargetsMember(Box<str>),
    /// The object names a sector, brand or product of the member as a target.
    TargetsWord(Box<str>),
}

impl Why {
    /// What the reason is worth alone, 0 to 100.
    pub fn weight(&self) -> u8 {
        match self {
            Why::Network(_) | Why::Domain(_) | Why::TargetsMember(_) => 95,
            Why::Asn(_) => 85,
            Why::TargetsCountry(_) => 80,
            Why::TargetsWord(_) => 70,
            Why::AddressCountry(_) => 60,
            Why::TopLevelDomain(_) => 55,
            Why::InCountry(_) => 50,
        }
    }
}

/// One reason, and which of the subject's observables it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    /// Why.
    pub why: Why,
    /// The observable's place in the subject; `None` where the object itself says so.
    pub observable: Option<u32>,
}

/// That something concerns a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// Whom.
    pub member: MemberId,
    /// How much, 1 to 100: all reasons together, each kind of reason once.
    pub weight: u8,
    /// Why, each reason once, with the first observable that it rests on.
    pub reasons: Vec<Reason>,
}

/// The members that a subject concerns, in the order of their numbers.
pub fn concerns(subject: &Subject<'_>, members: &Constituencies, tables: &Tables<'_>) -> Vec<Concern> {
    concerns_of(subject.observables, subject.hints, members, tables)
}

/// The same, for observables that do not lie side by side.
pub fn concerns_of<'a>(
    observables: impl IntoIterator<Item = &'a Observable>,
    hints: &[Hint],
    members: &Constituencies,
    tables: &Tables<'_>,
) -> Vec<Concern> {
    let mut found = Found(Vec::new());
    for (index, observable) in (0u32..).zip(observables) {
        let place = match Place::of(observable) {
            // Half of the Internet is nobody's.
            Place::Network(first, last) if is_wide(first, last) => Place::Nowhere,
            place => place,
        };
        let index = Some(index);
        members.concerned_at(place, |member, touched| found.add(member, why(touched), index));
        match place {
            Place::Address(address) => {
                if let Some(number) = tables.asns.asn_number(address) {
                    found.all(members.of_asn(number), || Why::Asn(number), index);
                }
                if let Some(country) = tables.countries.country(address) {
                    found.country(country, Why::AddressCountry, index, members, tables);
                }
            }
            Place::Network(first, last) => {
                // A network that is spread over many places belongs to none of them.
                let systems = tables.asns.asns(first, last, SPREAD);
                for number in systems.iter().filter(|_| systems.len() < SPREAD) {
                    found.all(members.of_asn(*number), || Why::Asn(*number), index);
                }
                if let [country] = *tables.countries.countries(first, last, 2) {
                    found.country(country, Why::AddressCountry, index, members, tables);
                }
            }
            Place::Name(name) => {
                if let Some(country) = tables.states.of_domain(name) {
                    found.all(members.nationals(country), || Why::TopLevelDomain(country), index);
                }
            }
            Place::System(_) | Place::Nowhere => {}
        }
    }
    for hint in hints {
        match hint {
            Hint::InCountry(country) => found.country(*country, Why::InCountry, None, members, tables),
            Hint::TargetsCountry(country) => {
                found.country(*country, Why::TargetsCountry, None, members, tables);
            }
            Hint::TargetsName(name) => {
                members.named_in(name, |member, touched| found.add(member, why(touched), None));
            }
        }
    }
    found.finish()
}

/// Whether a network is wider than any that was ever given to one holder: an IPv4 /8, an IPv6 /16.
fn is_wide(first: IpAddr, last: IpAddr) -> bool {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => last.to_bits().saturating_sub(first.to_bits()) >= 1 << 24,
        (IpAddr::V6(first), IpAddr::V6(last)) => last.to_bits().saturating_sub(first.to_bits()) >= 1 << 112,
        _ => true,
    }
}

/// A network that holds so many autonomous systems concerns none of them.
const SPREAD: usize = 9;

/// So many reasons are kept for one member; an object with more says nothing new with them.
const MAX_REASONS: usize = 256;

fn why(touched: Touched<'_>) -> Why {
    match touched {
        Touched::Network(network) => Why::Network(network.into()),
        Touched::Asn(asn) => Why::Asn(asn),
        Touched::Domain(domain) => Why::Domain(domain.into()),
        Touched::Name(name) => Why::TargetsMember(name.into()),
        Touched::Word(word) => Why::TargetsWord(word.into()),
    }
}

/// Concerns as they are found.
struct Found(Vec<Concern>);

impl Found {
    fn add(&mut self, member: MemberId, why: Why, observable: Option<u32>) {
        let concern = match self.0.iter_mut().position(|concern| concern.member == member) {
            Some(place) => self.0.get_mut(place),
            None => {
                self.0.push(Concern { member, weight: 0, reasons: Vec::new() });
                self.0.last_mut()
            }
        };
        let Some(concern) = concern else { return };
        if concern.reasons.len() < MAX_REASONS && !concern.reasons.iter().any(|known| known.why == why) {
            concern.reasons.push(Reason { why, observable });
        }
    }

    fn all(
        &mut self,
        members: impl Iterator<Item = MemberId>,
        why: impl Fn() -> Why,
        observable: Option<u32>,
    ) {
        for member in members {
            self.add(member, why(), observable);
        }
    }

    /// The national CSIRTs of a country, or of the state that answers for it.
    fn country(
        &mut self,
        country: Country,
        why: fn(Country) -> Why,
        observable: Option<u32>,
        members: &Constituencies,
        tables: &Tables<'_>,
    ) {
        let state = tables.states.answering_for(country).unwrap_or(country);
        self.all(members.nationals(state), || why(country), observable);
    }

    fn finish(mut self) -> Vec<Concern> {
        for concern in &mut self.0 {
            concern.weight = combined(&concern.reasons);
        }
        self.0.sort_unstable_by_key(|concern| concern.member);
        self.0
    }
}

/// Reasons of different kinds make one another likelier; a second one of the same kind adds nothing.
fn combined(reasons: &[Reason]) -> u8 {
    let mut seen: u16 = 0;
    let mut doubt = 1.0f32;
    for reason in reasons {
        let bit = 1 << codec::tag(&reason.why);
        if seen & bit == 0 {
            seen |= bit;
            doubt *= 1.0 - f32::from(reason.why.weight()) / 100.0;
        }
    }
    // Never quite nothing and, as for any judgement, hardly ever all.
    ((1.0 - doubt) * 100.0).round().clamp(1.0, 100.0) as u8
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Network(network) => write!(f, "the address is in its network {network}"),
            Why::Asn(asn) => write!(f, "the address is in its autonomous system AS{asn}"),
            Why::Domain(domain) => write!(f, "the name is in its domain {domain}"),
            Why::AddressCountry(country) => write!(f, "the address is in {country}"),
            Why::TopLevelDomain(country) => write!(f, "the name is under the top-level domain of {country}"),
            Why::TargetsCountry(country) => write!(f, "the object says that {country} is a target"),
            Why::InCountry(country) => write!(f, "the object is in {country}"),
            Why::TargetsMember(name) => write!(f, "the object names {name} as a target"),
            Why::TargetsWord(word) => write!(f, "the object names \"{word}\" as a target"),
        }
    }
}

#[cfg(test)]
mod tests;
