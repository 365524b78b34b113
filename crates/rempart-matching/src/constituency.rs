//! What members answer for, as one index: networks, systems, domains, words, countries.

use std::net::IpAddr;

use rempart_model::{Country, Member, MemberId, MemberKind, Observable};

use crate::names::{Names, suffixes};
use crate::place::{self, Place};
use crate::ranges::Overlaps;

/// What of a member's constituency was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Touched<'a> {
    /// One of its networks.
    Network(&'a str),
    /// One of its autonomous systems.
    Asn(u32),
    /// One of its domains, or a name below it.
    Domain(&'a str),
    /// One of its own names or aliases.
    Name(&'a str),
    /// One of its sectors, brands or products.
    Word(&'a str),
}

/// A member and what of it was touched.
pub type Touch<'a> = (MemberId, Touched<'a>);

/// The constituencies of all members.
#[derive(Debug, Clone)]
pub struct Constituencies {
    networks: Vec<(MemberId, Box<str>)>,
    v4: Overlaps<u32>,
    v6: Overlaps<u128>,
    /// Sorted.
    asns: Vec<(u32, MemberId)>,
    domains: Vec<(MemberId, Box<str>)>,
    names: Names,
    /// Sorted by country.
    nationals: Vec<(Country, MemberId)>,
    phrases: Vec<Phrase>,
}

/// A name or a word of a member, ready to be looked for.
#[derive(Debug, Clone)]
struct Phrase {
    member: MemberId,
    written: Box<str>,
    /// In words, with a blank before, between and after them.
    plain: Box<str>,
    is_name: bool,
}

impl Constituencies {
    /// Makes the index. Networks that cannot be read are left out; what came through
    /// [`Observable::parse`] always can.
    pub fn new(members: &[Member]) -> Self {
        let mut networks = Vec::new();
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let mut asns = Vec::new();
        let mut domains = Vec::new();
        let mut names = Names::default();
        let mut nationals = Vec::new();
        let mut phrases = Vec::new();
        for member in members {
            for text in &member.constituency.networks {
                let number = networks.len() as u32;
                match place::network(text) {
                    Some((IpAddr::V4(a), IpAddr::V4(b))) => v4.push((a.to_bits(), b.to_bits(), number)),
                    Some((IpAddr::V6(a), IpAddr::V6(b))) => v6.push((a.to_bits(), b.to_bits(), number)),
                    _ => continue,
                }
                networks.push((member.id, text.clone()));
            }
            asns.extend(member.constituency.asns.iter().map(|asn| (*asn, member.id)));
            for domain in &member.constituency.domains {
                let name = domain.trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
                if !name.is_empty() {
                    names.insert(&name, domains.len() as u32);
                    domains.push((member.id, name.into_boxed_str()));
                }
            }
            if member.kind == MemberKind::NationalCsirt {
                nationals.push((member.country, member.id));
            }
            let own = std::iter::once(&member.name).chain(&member.aliases).map(|name| (name, true));
            for (written, is_name) in own.chain(member.constituency.words.iter().map(|word| (word, false))) {
                let plain = in_words(written);
                if plain.len() > 2 {
                    phrases.push(Phrase {
                        member: member.id,
                        written: written.clone(),
                        plain: plain.into(),
                        is_name,
                    });
                }
            }
        }
        asns.sort_unstable();
        asns.dedup();
        nationals.sort_unstable();
        Self {
            networks,
            v4: Overlaps::new(&v4),
            v6: Overlaps::new(&v6),
            asns,
            domains,
            names,
            nationals,
            phrases,
        }
    }

    /// Hands every touch of the observable's place to `note`: the networks that hold an address, or
    /// have one in common with a network; the members of a system; the domains at or above a name.
    pub fn concerned<'a>(&'a self, observable: &Observable, note: impl FnMut(MemberId, Touched<'a>)) {
        self.concerned_at(Place::of(observable), note);
    }

    /// The same, for a place that is known already.
    pub fn concerned_at<'a>(&'a self, place: Place<'_>, mut note: impl FnMut(MemberId, Touched<'a>)) {
        let mut network = |number: &u32| {
            if let Some((member, text)) = self.networks.get(*number as usize) {
                note(*member, Touched::Network(text));
            }
        };
        match place {
            Place::Address(address) => match address.to_canonical() {
                IpAddr::V4(address) => self.v4.at(address.to_bits()).iter().for_each(network),
                IpAddr::V6(address) => self.v6.at(address.to_bits()).iter().for_each(network),
            },
            Place::Network(IpAddr::V4(first), IpAddr::V4(last)) => {
                self.v4.touching(first.to_bits(), last.to_bits()).iter().for_each(&mut network);
            }
            Place::Network(IpAddr::V6(first), IpAddr::V6(last)) => {
                self.v6.touching(first.to_bits(), last.to_bits()).iter().for_each(&mut network);
            }
            Place::System(asn) => self.of_asn(asn).for_each(|member| note(member, Touched::Asn(asn))),
            Place::Name(name) if !self.domains.is_empty() => {
                for above in suffixes(name) {
                    for number in self.names.get(above) {
                        if let Some((member, text)) = self.domains.get(number as usize) {
                            note(*member, Touched::Domain(text));
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// The members in whose constituency an autonomous system is.
    pub fn of_asn(&self, asn: u32) -> impl Iterator<Item = MemberId> + '_ {
        let from = self.asns.partition_point(|(known, _)| *known < asn);
        self.asns.iter().skip(from).take_while(move |(known, _)| *known == asn).map(|(_, member)| *member)
    }

    /// The national CSIRTs of a country.
    pub fn nationals(&self, country: Country) -> impl Iterator<Item = MemberId> + '_ {
        let from = self.nationals.partition_point(|(known, _)| *known < country);
        let rest = self.nationals.iter().skip(from);
        rest.take_while(move |(known, _)| *known == country).map(|(_, member)| *member)
    }

    /// Hands to `note` every member whose name, alias, sector, brand or product is named in `text`,
    /// as whole words, in any case.
    pub fn named_in<'a>(&'a self, text: &str, mut note: impl FnMut(MemberId, Touched<'a>)) {
        if self.phrases.is_empty() {
            return;
        }
        let text = in_words(text);
        for phrase in self.phrases.iter().filter(|phrase| text.contains(&*phrase.plain)) {
            let written = &*phrase.written;
            let touched = if phrase.is_name { Touched::Name(written) } else { Touched::Word(written) };
            note(phrase.member, touched);
        }
    }
}

/// Letters and digits in lower case; whatever stands between them is one blank, as are both ends.
fn in_words(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    plain.push(' ');
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            plain.push(character);
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rempart_model::member::Constituency;
    use rempart_model::{Kind, Timestamp, Tlp};

    use super::*;

    fn member(id: u32, country: &str, kind: MemberKind, constituency: Constituency) -> Member {
        Member {
            id: MemberId(id),
            name: format!("CERT-{id}").into(),
            aliases: vec!["Computer Emergency Team".into()],
            country: Country::new(country).unwrap(),
            kind,
            clearance: Tlp::Amber,
            constituency,
            since: Timestamp::MIN,
        }
    }

    fn boxed(values: &[&str]) -> Vec<Box<str>> {
        values.iter().map(|value| Box::from(*value)).collect()
    }

    fn touches(index: &Constituencies, kind: Kind, value: &str) -> Vec<String> {
        let mut found = Vec::new();
        index.concerned(&Observable::from_canonical(kind, value), |member, touched| {
            found.push(format!("{} {touched:?}", member.0));
        });
        found
    }

    #[test]
    fn finds_whom_a_place_belongs_to() {
        let index = Constituencies::new(&[
            member(
                1,
                "FR",
                MemberKind::NationalCsirt,
                Constituency {
                    networks: boxed(&["192.0.2.0/24", "2001:db8::/32", "broken"]),
                    asns: vec![64496],
                    domains: boxed(&["gouv.fr.example", "*.Ville.example."]),
                    words: boxed(&["Énergie", "Acme-Box"]),
                },
            ),
            member(
                2,
                "FR",
                MemberKind::SectorCsirt,
                Constituency {
                    networks: boxed(&["192.0.2.128/25"]),
                    asns: vec![64496],
                    ..Constituency::default()
                },
            ),
        ]);
        for (kind, value, wanted) in [
            (Kind::Ipv4, "192.0.2.1", &["1 Network(\"192.0.2.0/24\")"][..]),
            (Kind::Ipv4, "192.0.2.200", &["1 Network(\"192.0.2.0/24\")", "2 Network(\"192.0.2.128/25\")"]),
            (Kind::Ipv4, "192.0.3.1", &[]),
            (Kind::Ipv6, "2001:db8::1", &["1 Network(\"2001:db8::/32\")"]),
            (Kind::Cidr, "192.0.0.0/16", &["1 Network(\"192.0.2.0/24\")", "2 Network(\"192.0.2.128/25\")"]),
            (Kind::Cidr, "192.0.2.0/30", &["1 Network(\"192.0.2.0/24\")"]),
            (Kind::Asn, "AS64496", &["1 Asn(64496)", "2 Asn(64496)"]),
            (Kind::Asn, "AS64497", &[]),
            (Kind::Domain, "gouv.fr.example", &["1 Domain(\"gouv.fr.example\")"]),
            (Kind::Url, "http://a.b.ville.example/x", &["1 Domain(\"ville.example\")"]),
            (Kind::Email, "x@www.gouv.fr.example", &["1 Domain(\"gouv.fr.example\")"]),
            (Kind::Domain, "notgouv.fr.example", &[]),
            (Kind::Url, "http://192.0.2.1/x", &["1 Network(\"192.0.2.0/24\")"]),
            (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", &[]),
        ] {
            assert_eq!(touches(&index, kind, value), wanted, "{value}");
        }
        assert_eq!(index.nationals(Country::new("FR").unwrap()).collect::<Vec<_>>(), [MemberId(1)]);
        assert_eq!(index.nationals(Country::new("DE").unwrap()).count(), 0);
        let named = |text: &str| {
            let mut found = Vec::new();
            index.named_in(text, |member, touched| found.push(format!("{} {touched:?}", member.0)));
            found
        };
        assert_eq!(named("the CERT 1, of France"), ["1 Name(\"CERT-1\")"]);
        assert_eq!(named("Secteur de l'ÉNERGIE"), ["1 Word(\"Énergie\")"]);
        assert_eq!(named("acme box"), ["1 Word(\"Acme-Box\")"]);
        assert_eq!(named("énergies acme-boxes CERT-12"), [""; 0]);
    }

    proptest! {
        #[test]
        fn agrees_with_a_linear_search(
            networks in prop::collection::vec((0u32..4, 0u8..4, any::<u8>(), 20u32..=32), 0..40),
            domains in prop::collection::vec((0u32..4, "[ab]{1,2}(\\.[ab]){0,2}"), 0..20),
            addresses in prop::collection::vec((0u8..4, any::<u8>()), 20),
            names in prop::collection::vec("[ab]{1,2}(\\.[ab]){0,3}", 20),
        ) {
            let networks: Vec<(u32, String)> =
                networks.into_iter().map(|(m, c, d, length)| (m, format!("192.0.{c}.{d}/{length}"))).collect();
            let members: Vec<Member> = (0..4)
                .map(|id| {
                    let own = |list: &[(u32, String)]| -> Vec<Box<str>> {
                        list.iter().filter(|(m, _)| *m == id).map(|(_, v)| v.as_str().into()).collect()
                    };
                    let constituency =
                        Constituency { networks: own(&networks), domains: own(&domains), ..Constituency::default() };
                    member(id, "FR", MemberKind::Operator, constituency)
                })
                .collect();
            let index = Constituencies::new(&members);
            for (c, d) in addresses {
                let address: IpAddr = [192, 0, c, d].into();
                let holds = |text: &str| place::network(text).is_some_and(|(a, b)| (a..=b).contains(&address));
                let mut naive: Vec<String> = networks.iter().filter(|(_, n)| holds(n))
                    .map(|(m, n)| format!("{m} Network({n:?})")).collect();
                let mut found = touches(&index, Kind::Ipv4, &address.to_string());
                naive.sort();
                found.sort();
                prop_assert_eq!(found, naive);
            }
            for name in &names {
                let mut naive: Vec<String> = domains.iter()
                    .filter(|(_, d)| name == d || name.ends_with(&format!(".{d}")))
                    .map(|(m, d)| format!("{m} Domain({d:?})")).collect();
                let mut found = touches(&index, Kind::Domain, name);
                naive.sort();
                found.sort();
                prop_assert_eq!(found, naive);
            }
        }
    }
}
