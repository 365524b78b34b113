//! How long it takes to load the tables and to judge and route one observable:
//! `cargo bench -p rempart-triage`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark speaks on the terminal and may fail"
)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use rempart_matching::{Constituencies, IpTable, States, Warninglists};
use rempart_model::member::Constituency;
use rempart_model::{
    Category, Country, Kind, Member, MemberId, MemberKind, Observable, Reliability, Stance, Timestamp, Tlp,
};
use rempart_triage::assess::{ClaimView, Policy, assess};
use rempart_triage::release::{Audience, MemberView, Terms, Use, decide};
use rempart_triage::route::{Tables, concerns_of};

/// xorshift64*, with a fixed seed, so that every run does the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// The sum, over pieces of the items, of the best of five runs, so that what else the machine does
/// shows little. In nanoseconds an item.
fn measure<T, R>(name: &str, items: &[T], mut task: impl FnMut(&T) -> R) {
    let pieces: Vec<&[T]> = items.chunks(1000).collect();
    let mut best = vec![f64::INFINITY; pieces.len()];
    for _ in 0..5 {
        for (piece, best) in pieces.iter().zip(&mut best) {
            let start = Instant::now();
            for item in *piece {
                black_box(task(black_box(item)));
            }
            *best = best.min(start.elapsed().as_nanos() as f64);
        }
    }
    println!("{name:<52}{:>9.0} ns", best.iter().sum::<f64>() / items.len() as f64);
}

fn load<T>(name: &str, bytes: impl Fn(&T) -> usize, task: impl Fn() -> T) -> T {
    let start = Instant::now();
    let made = task();
    let took = start.elapsed().as_secs_f64() * 1e3;
    println!("load {name:<47}{took:>9.1} ms {:>6.1} MB", bytes(&made) as f64 / 1e6);
    made
}

fn main() {
    let countries = load("countries", IpTable::heap_bytes, || IpTable::bundled_country().unwrap());
    let asns = load("autonomous systems", IpTable::heap_bytes, || IpTable::bundled_asn().unwrap());
    let lists = load("warninglists", Warninglists::heap_bytes, || Warninglists::bundled().unwrap());
    let states = load("states", |_| 0, || States::bundled().unwrap());

    let mut random = Random(0x52_656d_7061_7274);
    let v4: Vec<IpAddr> = (0..100_000).map(|_| Ipv4Addr::from_bits(random.next() as u32).into()).collect();
    let v6: Vec<IpAddr> = (0..100_000)
        .map(|_| {
            let high = 0x2000 + random.next() as u128 % 0xe00;
            Ipv6Addr::from_bits(high << 112 | u128::from(random.next()) << 40).into()
        })
        .collect();
    let letters = |random: &mut Random, count: usize| -> String {
        (0..count).map(|_| char::from(b'a' + (random.next() % 26) as u8)).collect()
    };
    let tlds = ["com", "de", "fr", "net", "example", "pl", "info", "xyz"];
    let names: Vec<Observable> = (0..100_000)
        .map(|index| {
            let name = format!("{}.{}.{}", letters(&mut random, 4), letters(&mut random, 9), tlds[index % 8]);
            Observable::from_canonical(Kind::Domain, &name)
        })
        .collect();
    let observed = |kind: Kind, list: &[IpAddr]| -> Vec<Observable> {
        list.iter().map(|address| Observable::from_canonical(kind.clone(), &address.to_string())).collect()
    };
    let (seen4, seen6) = (observed(Kind::Ipv4, &v4), observed(Kind::Ipv6, &v6));

    measure("country of an IPv4 address", &v4, |address| countries.country(*address));
    measure("country of an IPv6 address", &v6, |address| countries.country(*address));
    measure("system of an IPv4 address", &v4, |address| asns.asn(*address));
    measure("system of an IPv6 address", &v6, |address| asns.asn(*address));
    measure("warninglists for an IPv4 address", &seen4, |one| lists.hits(one));
    measure("warninglists for a domain", &names, |one| lists.hits(one));

    let codes = ["FR", "DE", "PL", "EE", "IT", "ES", "NL", "SE"];
    let members: Vec<Member> = (0..40u32)
        .map(|id| Member {
            id: MemberId(id),
            name: format!("member {id}").into(),
            aliases: Vec::new(),
            country: Country::new(codes[id as usize % 8]).unwrap(),
            kind: if id < 8 { MemberKind::NationalCsirt } else { MemberKind::Operator },
            clearance: Tlp::Amber,
            constituency: Constituency {
                networks: (0..20)
                    .map(|_| format!("{}/16", Ipv4Addr::from_bits(random.next() as u32 & 0xffff_0000)).into())
                    .collect(),
                asns: (0..5).map(|_| random.next() as u32 % 60_000).collect(),
                domains: (0..10).map(|_| letters(&mut random, 8).into()).collect(),
                words: Vec::new(),
            },
            since: Timestamp::MIN,
        })
        .collect();
    let index = Constituencies::new(&members);
    let tables = Tables { countries: &countries, asns: &asns, states: &states };
    measure("routing an IPv4 address, 40 members", &seen4, |one| concerns_of([one], &[], &index, &tables));
    measure("routing an IPv6 address, 40 members", &seen6, |one| concerns_of([one], &[], &index, &tables));
    measure("routing a domain, 40 members", &names, |one| concerns_of([one], &[], &index, &tables));

    let now = Timestamp::from_date(2026, 11, 24).unwrap();
    let claims: Vec<ClaimView> = (0..100_000)
        .map(|_| ClaimView {
            source: random.next() as u32 % 50,
            reliability: Reliability::from_code((random.next() % 6) as u8),
            learnt: None,
            copy_group: None,
            republishes: false,
            stance: Stance::Malicious,
            category: Category::from_code((random.next() % 15) as u8),
            confidence: random.next().is_multiple_of(2).then_some((random.next() % 101) as u8),
            valid_from: Some(now.plus_seconds(-((random.next() % 5_000_000) as i64))),
            valid_until: random
                .next()
                .is_multiple_of(4)
                .then(|| now.plus_seconds(random.next() as i64 % 5_000_000)),
            last_seen: None,
            received: now,
        })
        .collect();
    let policy = Policy::default();
    measure("assessing one claim", &claims, |claim| {
        assess(&Kind::Domain, std::slice::from_ref(claim), &[], None, &policy, now)
    });
    let groups: Vec<&[ClaimView]> = claims.chunks_exact(4).collect();
    measure("assessing four claims", &groups, |four| assess(&Kind::Domain, four, &[], None, &policy, now));

    let name: Box<str> = "member 7".into();
    let views: Vec<MemberView<'_>> = members
        .iter()
        .map(|member| MemberView {
            id: member.id,
            name: &member.name,
            aliases: &member.aliases,
            country: member.country,
            clearance: member.clearance,
        })
        .collect();
    let terms = Terms::from_marking(
        &rempart_model::Marking { recipients: Some(vec![name]), ..rempart_model::Marking::tlp(Tlp::Amber) },
        Tlp::Amber,
        &rempart_triage::release::SourceTerms::default(),
        None,
    );
    measure("one release decision", &views, |view| decide(&Audience::Member(view), &terms, Use::Share));
}
