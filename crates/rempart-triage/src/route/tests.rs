//! Routing against members written for it, and the laws of the stored form.

use proptest::prelude::*;
use rempart_matching::IpTableKind;
use rempart_model::member::Constituency;
use rempart_model::{Kind, Member, MemberKind, Timestamp, Tlp};

use super::*;

fn boxed(values: &[&str]) -> Vec<Box<str>> {
    values.iter().map(|value| Box::from(*value)).collect()
}

fn member(id: u32, name: &str, country: &str, kind: MemberKind, constituency: Constituency) -> Member {
    Member {
        id: MemberId(id),
        name: name.into(),
        aliases: Vec::new(),
        country: Country::new(country).unwrap(),
        kind,
        clearance: Tlp::Amber,
        constituency,
        since: Timestamp::MIN,
    }
}

fn members() -> Constituencies {
    let none = Constituency::default;
    Constituencies::new(&[
        member(1, "CERT-FR", "FR", MemberKind::NationalCsirt, none()),
        member(2, "CERT-Bund", "DE", MemberKind::NationalCsirt, none()),
        member(
            3,
            "Gridwatch",
            "FR",
            MemberKind::SectorCsirt,
            Constituency {
                networks: boxed(&["192.0.2.0/24", "2001:db8:1::/48"]),
                asns: vec![64496],
                domains: boxed(&["grid.fr.example"]),
                words: boxed(&["energy"]),
            },
        ),
        member(4, "Greek police", "GR", MemberKind::LawEnforcement, none()),
    ])
}

struct World {
    countries: IpTable,
    asns: IpTable,
    states: States,
    members: Constituencies,
}

impl World {
    fn new() -> Self {
        let countries = "192.0.2.0,192.0.2.255,FR\n198.51.100.0,198.51.100.127,DE\n198.51.100.128,198.51.100.255,FR\n\
             203.0.113.0,203.0.113.255,RE\n2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,DE\n";
        let asns = "192.0.2.0,192.0.2.255,64499,Elsewhere\n198.51.100.0,198.51.100.255,64496,Gridwatch\n";
        Self {
            countries: IpTable::from_csv(countries.as_bytes()).unwrap(),
            asns: IpTable::from_csv(asns.as_bytes()).unwrap(),
            states: States::bundled().unwrap(),
            members: members(),
        }
    }

    fn route(&self, observables: &[(Kind, &str)], hints: &[Hint]) -> Vec<String> {
        let observables: Vec<Observable> =
            observables.iter().map(|(kind, value)| Observable::from_canonical(kind.clone(), value)).collect();
        let tables = Tables { countries: &self.countries, asns: &self.asns, states: &self.states };
        let found = concerns(&Subject { observables: &observables, hints }, &self.members, &tables);
        for concern in &found {
            assert_eq!(decode_reasons(&encode_reasons(&concern.reasons)).unwrap(), concern.reasons);
        }
        let words = |concern: &Concern| -> Vec<String> {
            concern.reasons.iter().map(|reason| reason.why.to_string()).collect()
        };
        found.iter().map(|c| format!("{} {} {}", c.member.0, c.weight, words(c).join("; "))).collect()
    }
}

#[test]
fn every_way_of_concerning_somebody() {
    let world = World::new();
    for (kind, value, wanted) in [
        (
            Kind::Ipv4,
            "192.0.2.9",
            &["1 60 the address is in FR", "3 95 the address is in its network 192.0.2.0/24"][..],
        ),
        (
            Kind::Ipv4,
            "198.51.100.1",
            &["2 60 the address is in DE", "3 85 the address is in its autonomous system AS64496"],
        ),
        (Kind::Ipv4, "203.0.113.1", &["1 60 the address is in RE"]),
        (
            Kind::Ipv6,
            "2001:db8:1::5",
            &["2 60 the address is in DE", "3 95 the address is in its network 2001:db8:1::/48"],
        ),
        // A network in two countries is in neither.
        (Kind::Cidr, "198.51.100.0/24", &["3 85 the address is in its autonomous system AS64496"]),
        (
            Kind::Cidr,
            "198.51.100.0/26",
            &["2 60 the address is in DE", "3 85 the address is in its autonomous system AS64496"],
        ),
        (
            Kind::Cidr,
            "192.0.0.0/8",
            &["1 60 the address is in FR", "3 95 the address is in its network 192.0.2.0/24"],
        ),
        (Kind::Cidr, "192.0.0.0/7", &[]),
        (Kind::Asn, "AS64496", &["3 85 the address is in its autonomous system AS64496"]),
        (Kind::Domain, "a.grid.fr.example", &["3 95 the name is in its domain grid.fr.example"]),
        (Kind::Domain, "example.de", &["2 55 the name is under the top-level domain of DE"]),
        (Kind::Url, "https://www.example.re/x", &["1 55 the name is under the top-level domain of FR"]),
        (Kind::Email, "x@example.fr", &["1 55 the name is under the top-level domain of FR"]),
        (Kind::Domain, "example.eu", &[]),
        // Only the national CSIRT answers for the country as a whole.
        (Kind::Domain, "example.gr", &[]),
        (Kind::Sha256, "00", &[]),
    ] {
        assert_eq!(world.route(&[(kind, value)], &[]), wanted, "{value}");
    }
}

#[test]
fn hints_concern_countries_and_organisations() {
    let world = World::new();
    let country = |code| Country::new(code).unwrap();
    for (hint, wanted) in [
        (Hint::TargetsCountry(country("DE")), &["2 80 the object says that DE is a target"][..]),
        (Hint::InCountry(country("GP")), &["1 50 the object is in GP"]),
        (Hint::TargetsName("Energy companies".into()), &["3 70 the object names \"energy\" as a target"]),
        (Hint::TargetsName("cert.fr".into()), &["1 95 the object names CERT-FR as a target"]),
        (Hint::TargetsCountry(country("US")), &[]),
        (Hint::TargetsName("".into()), &[]),
    ] {
        assert_eq!(world.route(&[], std::slice::from_ref(&hint)), wanted, "{hint:?}");
    }
}

#[test]
fn all_reasons_are_kept_and_weigh_together() {
    let world = World::new();
    let found = world.route(
        &[(Kind::Domain, "a.de"), (Kind::Domain, "b.de"), (Kind::Ipv4, "198.51.100.1")],
        &[Hint::TargetsCountry(Country::new("DE").unwrap())],
    );
    assert_eq!(
        found.first().unwrap(),
        "2 96 the name is under the top-level domain of DE; the address is in DE; the object says that DE is a target"
    );
    let tables = Tables { countries: &world.countries, asns: &world.asns, states: &world.states };
    let observables = ["x.example", "b.de"].map(|name| Observable::from_canonical(Kind::Domain, name));
    let found = concerns(&Subject { observables: &observables, hints: &[] }, &world.members, &tables);
    assert_eq!(found[0].reasons[0].observable, Some(1));
}

#[test]
fn empty_tables_know_nothing() {
    let (countries, asns) = (IpTable::empty(IpTableKind::Country), IpTable::empty(IpTableKind::Asn));
    let states = States::bundled().unwrap();
    let tables = Tables { countries: &countries, asns: &asns, states: &states };
    let observable = Observable::from_canonical(Kind::Ipv4, "198.51.100.1");
    assert!(concerns_of([&observable], &[], &members(), &tables).is_empty());
}

fn any_reason() -> impl Strategy<Value = Reason> {
    let text = || "\\PC{0,300}".prop_map(String::into_boxed_str);
    let country = || "[A-Z]{2}".prop_map(|code| Country::new(&code).unwrap());
    let why = prop_oneof![
        text().prop_map(Why::Network),
        any::<u32>().prop_map(Why::Asn),
        text().prop_map(Why::Domain),
        country().prop_map(Why::AddressCountry),
        country().prop_map(Why::TopLevelDomain),
        country().prop_map(Why::TargetsCountry),
        country().prop_map(Why::InCountry),
        text().prop_map(Why::TargetsMember),
        text().prop_map(Why::TargetsWord),
    ];
    (why, any::<Option<u32>>()).prop_map(|(why, observable)| Reason { why, observable })
}

proptest! {
    #[test]
    fn reasons_come_back_as_they_were(reasons in prop::collection::vec(any_reason(), 0..6)) {
        let bytes = encode_reasons(&reasons);
        prop_assert_eq!(decode_reasons(&bytes), Ok(reasons.clone()));
        // Cut anywhere, they are a beginning of what they were, or an error.
        for cut in 0..bytes.len().min(40) {
            if let Ok(some) = decode_reasons(&bytes[..cut]) {
                prop_assert_eq!(some.as_slice(), &reasons[..some.len()]);
            }
        }
    }

    #[test]
    fn no_bytes_hurt(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = decode_reasons(&bytes);
    }

    #[test]
    fn more_reasons_never_weigh_less(reasons in prop::collection::vec(any_reason(), 1..8), more in any_reason()) {
        let before = combined(&reasons);
        let mut all = reasons.clone();
        all.push(more);
        let after = combined(&all);
        prop_assert!(before <= after && after <= 100);
        prop_assert!(reasons.iter().all(|reason| reason.why.weight() <= before));
    }
}
