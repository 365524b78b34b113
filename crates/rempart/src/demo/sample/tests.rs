//! The sample is what it says it is, and every reader understands it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, Weak};

use rempart_formats::container::{Content, Input, open};
use rempart_formats::table::Mapping;
use rempart_formats::{Context, Format, Limits, Minter, Sink, import};
use rempart_model::observable::address;
use rempart_model::{Country, Decoded, Hint, Kind, LinkKind, MemberKind, Position, Rejection, Stance, Tlp};

use super::*;

const SEED: u64 = 8473;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-24T10:30:00Z").unwrap()
}

/// A sample in a folder that goes when nobody needs it any more.
struct Written {
    summary: Summary,
    _folder: tempfile::TempDir,
}

/// One sample for the tests that only read it, and run at the same time.
fn shared() -> Arc<Written> {
    static SAMPLE: Mutex<Weak<Written>> = Mutex::new(Weak::new());
    let mut sample = SAMPLE.lock().unwrap();
    sample.upgrade().unwrap_or_else(|| {
        let folder = tempfile::tempdir().unwrap();
        let summary = write(&folder.path().join("sample"), SEED, now()).unwrap();
        let written = Arc::new(Written { summary, _folder: folder });
        *sample = Arc::downgrade(&written);
        written
    })
}

/// Every file below `folder` with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
        }
    }
    found
}

/// What a source turned out to hold.
#[derive(Default)]
struct Taken {
    formats: BTreeSet<&'static str>,
    decoded: Vec<Decoded>,
    rejected: Vec<Rejection>,
}

impl Sink for Taken {
    fn decoded(&mut self, _: Position, record: Decoded) -> ControlFlow<()> {
        self.decoded.push(record);
        ControlFlow::Continue(())
    }

    fn rejected(&mut self, _: Position, why: Rejection) -> ControlFlow<()> {
        self.rejected.push(why);
        ControlFlow::Continue(())
    }
}

impl Taken {
    /// Records that judge an observable.
    fn indicators(&self) -> usize {
        let judges = |record: &&Decoded| record.claims.iter().any(|claim| claim.stance != Stance::Observed);
        self.decoded.iter().filter(judges).count()
    }
}

fn take_in(source: &SampleSource) -> Taken {
    let minter = Minter::new(&[7; 32]);
    let unmarked = source.tlp.and_then(Tlp::from_name).unwrap_or(Tlp::Amber);
    let context =
        Context { now: now(), source: &source.name, minter: &minter, unmarked, limits: Limits::default() };
    let mapping =
        source.mapping.as_ref().map(|path| Mapping::from_toml(&fs::read_to_string(path).unwrap()).unwrap());
    let format = source.format.map(|name| Format::from_name(name).unwrap());
    let mut taken = Taken::default();
    open(Input::Path(&source.path), &context.limits, &mut |entry| {
        match entry.content {
            Content::Bytes(bytes) => {
                let read = import::read(entry.name, bytes, format, mapping.as_ref(), &context, &mut taken);
                taken.formats.insert(read.unwrap_or_else(|error| panic!("{}: {error}", entry.name)).name());
            }
            Content::Refused(why) => taken.rejected.push(why),
            Content::Skipped(_) => {}
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    taken
}

#[test]
fn the_same_seed_and_day_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = |name: &str, seed, now| {
        write(&at(name), seed, now).unwrap();
        contents(&at(name))
    };
    let first = made("a", SEED, now());
    assert!(first == made("b", SEED, now().plus_seconds(13 * 3600)), "the time of day is in it");
    assert!(first != made("c", SEED, now().plus_seconds(86_400)), "the day is not in it");
    assert!(first != made("d", SEED + 1, now()), "the seed is not in it");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "something was left over");
}

#[test]
fn a_sample_that_is_there_is_left_alone_unless_it_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample");
    let first = write(&path, SEED, now()).unwrap();
    let bytes = contents(&path);
    let mark = path.join("mark");
    fs::write(&mark, "").unwrap();
    let again = write(&path, SEED, now().plus_seconds(9 * 86_400)).unwrap();
    assert!(mark.exists(), "it was written again");
    assert_eq!(again.indicators, first.indicators);

    // Cut off, as a crash of the machine may leave it.
    let file = &first.sources[0].path;
    fs::write(file, "{").unwrap();
    write(&path, SEED, now()).unwrap();
    assert!(contents(&path) == bytes);

    write(&path, SEED + 1, now()).unwrap();
    assert!(contents(&path) != bytes);
}

#[test]
fn what_is_no_sample_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, "mine").unwrap();
    let error = write(folder.path(), SEED, now()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(precious).unwrap(), "mine");
}

#[test]
fn every_reader_understands_what_is_meant_for_it() {
    let written = shared();
    let summary = &written.summary;
    let mut maker = Maker::new(SEED, now());
    let mut formats = BTreeSet::new();
    let mut sum = 0;
    let mut sources_of: HashMap<String, usize> = HashMap::new();
    let mut marked = BTreeSet::new();
    let mut hinted = HashSet::new();
    let mut linked = HashSet::new();
    let mut revoked = 0;
    for (source, plan) in summary.sources.iter().zip(&PLANS) {
        maker.begin(plan.path);
        let made = (plan.write)(&mut maker).unwrap();
        let taken = take_in(source);
        let reasons: Vec<_> = taken.rejected.iter().map(|why| (&why.reason, &why.excerpt)).take(5).collect();
        assert_eq!(taken.rejected.len(), made.faults, "{}: {reasons:?}", source.name);
        assert_eq!(taken.indicators(), made.indicators, "{}", source.name);
        sum += made.indicators;
        formats.extend(taken.formats.iter().copied());
        let mut values = HashSet::new();
        for record in &taken.decoded {
            for claim in record.claims.iter().filter(|claim| claim.stance != Stance::Observed) {
                values.insert(claim.observable.value().to_owned());
                assert!(claim.valid_from.is_none_or(|time| time <= now()), "{}: {claim:?}", source.name);
            }
            marked.insert(record.marking.tlp);
            let withheld = record.marking.unknown || !record.marking.unresolved.is_empty();
            assert!(!withheld, "{}: {record:?}", source.name);
            hinted.extend(record.hints.iter().cloned());
            linked.extend(record.links.iter().map(|link| link.kind));
            revoked += usize::from(record.revoked);
        }
        assert_eq!(values.len(), made.indicators, "{}: a value stands in it twice", source.name);
        for value in values {
            *sources_of.entry(value).or_default() += 1;
        }
    }
    assert_eq!(sum, summary.indicators);
    assert_eq!(formats.len(), Format::ALL.len(), "{formats:?}");
    assert!(sources_of.len() >= 50_000, "{} observables", sources_of.len());
    let shared = sources_of.values().filter(|sources| **sources > 1).count();
    assert!(shared * 100 / sources_of.len() >= 8, "{shared} in several sources");
    assert_eq!(marked.len(), 1 + Tlp::ALL.len(), "each TLP, and none: {marked:?}");
    for country in ["FR", "DE", "PL", "EE"].map(|code| Country::new(code).unwrap()) {
        assert!(
            hinted.contains(&Hint::TargetsCountry(country)) && hinted.contains(&Hint::InCountry(country))
        );
    }
    for kind in [LinkKind::Targets, LinkKind::Indicates, LinkKind::LocatedAt, LinkKind::SightingOf] {
        assert!(linked.contains(&kind), "{kind:?}");
    }
    assert!(revoked > 100, "{revoked} revoked");
}

#[test]
fn nothing_can_be_taken_for_real() {
    let written = shared();
    let summary = &written.summary;
    let mut kinds = HashSet::new();
    for source in &summary.sources {
        for claim in take_in(source).decoded.iter().flat_map(|record| &record.claims) {
            let value = claim.observable.value();
            let host = claim.observable.host().unwrap_or(value);
            let name = [".example", ".test", ".invalid"].iter().any(|end| host.ends_with(end));
            let reserved = |text: &str| {
                text.starts_with("198.18.") || text.starts_with("198.19.") || text.starts_with("2001:db8:")
            };
            let synthetic = match claim.observable.kind() {
                Kind::Md5 | Kind::Sha1 | Kind::Sha256 => value.starts_with("5eed"),
                Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => {
                    let range = address::range(&claim.observable).unwrap();
                    reserved(value) && address::is_special(range.0).is_some()
                }
                _ => name || reserved(host),
            };
            assert!(synthetic, "{}: {value}", source.name);
            kinds.insert(claim.observable.kind().clone());
        }
    }
    assert!(kinds.len() >= 8, "{kinds:?}");
}

#[test]
fn the_members_can_be_registered_and_answer_for_parts_of_the_sample() {
    let members = members();
    assert_eq!(members.len(), 6);
    assert_eq!(members.iter().map(|member| member.name).collect::<HashSet<_>>().len(), 6);
    let mut ranges: Vec<(u128, u128)> = Vec::new();
    for member in &members {
        assert!(Country::new(member.country).is_some());
        assert!(MemberKind::from_name(member.kind).is_some(), "{}", member.kind);
        assert!(Tlp::from_name(member.clearance).is_some(), "{}", member.clearance);
        assert!(member.asns.iter().all(|asn| (64496..=64511).contains(asn)), "RFC 5398");
        for network in &member.networks {
            let observable = rempart_model::Observable::parse(&Kind::Cidr, network).unwrap();
            assert_eq!(observable.value(), *network, "not in canonical form");
            ranges.push(address::range(&observable).unwrap());
        }
        for domain in &member.domains {
            let observable = rempart_model::Observable::parse(&Kind::Domain, domain).unwrap();
            assert_eq!(observable.value(), *domain);
        }
    }
    ranges.sort_unstable();
    assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0), "two members answer for the same");

    // Each national CSIRT finds something of its own in the largest source.
    let written = shared();
    let summary = &written.summary;
    let values: Vec<_> = take_in(&summary.sources[0]).decoded.into_iter().flat_map(|r| r.claims).collect();
    for member in &members {
        let ours = values.iter().filter(|claim| {
            let host = claim.observable.host().unwrap_or_default();
            let below = |domain: &&str| host.strip_suffix(*domain).is_some_and(|rest| rest.ends_with('.'));
            let inside = |network: &&str| {
                let network = rempart_model::Observable::parse(&Kind::Cidr, network).unwrap();
                let (first, last) = address::range(&network).unwrap();
                address::range(&claim.observable).is_some_and(|(from, to)| first <= from && to <= last)
            };
            member.domains.iter().any(below) || member.networks.iter().any(inside)
        });
        let count = ours.count();
        let least = if member.kind == "national-csirt" { 500 } else { 50 };
        assert!(count >= least, "{}: {count}", member.name);
    }
}
