//! Every way out, walked for one member: what it is handed, in which order, and in which words.

use std::collections::BTreeSet;

use rempart_matching::index::{Matcher, Note, Wanted};
use rempart_model::{BlockId, Kind, Observable, StixId, Timestamp};
use rempart_service::campaigns::near::Asked;
use rempart_service::export::ExportFormat;
use rempart_service::share::{Collection, CollectionKind, ObjectFilter, Query, VersionFilter};
use rempart_service::{App, Caller};

use crate::stage::{operator, told};
use crate::ways::{EXPORTS, KINDS};

/// The way of what is blocked, and so told to everybody.
pub(crate) const BLOCKS: &str = "blocks";

/// All that a member is handed at one moment. Dates are left out: they are compared by order alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Handed {
    /// For each way, the texts in order.
    pub(crate) ways: Vec<(String, Vec<String>)>,
}

impl Handed {
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ways.iter().flat_map(|(way, texts)| texts.iter().map(move |text| (way.as_str(), text.as_str())))
    }

    /// The tags that one way handed out.
    pub(crate) fn tags(&self, way: &str) -> Vec<u32> {
        let found = self.ways.iter().filter(|(name, _)| name == way);
        found.flat_map(|(_, texts)| texts).flat_map(|text| tags(text)).collect()
    }
}

/// The tags of the items that a text speaks of.
pub(crate) fn tags(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("zq") {
        let digits: String = text[at + 2..].chars().take_while(char::is_ascii_digit).collect();
        if text[at + 2 + digits.len()..].starts_with('x') {
            found.extend(digits.parse::<u32>());
        }
    }
    found.dedup();
    found
}

/// One entry of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) body: String,
    pub(crate) date: i64,
    version: Timestamp,
}

/// Reads a collection to its end, page by page. `by_date`: with `added_after` instead of tokens.
pub(crate) fn read(
    app: &App,
    caller: &Caller,
    of: &Collection,
    filter: Option<ObjectFilter>,
    limit: usize,
    by_date: bool,
    after: Option<Timestamp>,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut query = Query { added_after: after, limit: Some(limit), next: None, filter };
    loop {
        let before = entries.len();
        let info = app
            .page(caller, of, &query, &mut |view| {
                entries.push(Entry {
                    body: String::from_utf8(view.body.to_vec()).unwrap(),
                    date: view.position,
                    version: view.version,
                });
            })
            .unwrap();
        assert_eq!(info.count, entries.len() - before, "a page counts what is on it");
        assert!(info.count <= limit);
        assert_eq!(info.more, info.next.is_some());
        assert_eq!(info.first.map(Timestamp::micros), entries.get(before).map(|entry| entry.date));
        assert_eq!(info.last.map(Timestamp::micros), entries[before..].last().map(|entry| entry.date));
        if !info.more {
            break;
        }
        assert_eq!(info.count, limit, "a page that is not the last is full");
        if by_date {
            query.added_after = info.last;
        } else {
            query.next = info.next;
        }
    }
    for pair in entries.windows(2) {
        assert!(pair[0].date < pair[1].date, "dates grow, and no two objects have the same");
    }
    entries
}

/// Walks every way out. `ids` are all ids that occur in the world, `types` all types.
pub(crate) fn everything(app: &App, caller: &Caller, member: &str, ids: &[String], limit: usize) -> Handed {
    let mut handed = Handed::default();
    let all_versions = ObjectFilter { versions: VersionFilter::All, ..ObjectFilter::default() };
    let collections = app.collections(caller);
    for collection in &collections {
        let name = KINDS.iter().find(|(kind, _)| *kind == collection.kind).unwrap().1;
        let bodies = |entries: &[Entry]| entries.iter().map(|entry| entry.body.clone()).collect::<Vec<_>>();
        let whole = read(app, caller, collection, None, 10_000, false, None);
        handed.ways.push((format!("{name} objects"), bodies(&whole)));
        // The manifest says id and version; both are in what follows, with the order of the dates.
        let manifest = whole.iter().map(|entry| format!("{}", entry.version)).collect();
        handed.ways.push((format!("{name} manifest"), manifest));
        let versions = read(app, caller, collection, Some(all_versions.clone()), 10_000, false, None);
        handed.ways.push((format!("{name} versions"), bodies(&versions)));
        assert_eq!(
            read(app, caller, collection, None, limit, false, None),
            whole,
            "pages of {limit} by token"
        );
        assert_eq!(read(app, caller, collection, None, limit, true, None), whole, "pages of {limit} by date");
        by_filter(app, caller, collection, ids, &versions, &mut handed, name);
    }
    for (format, name) in EXPORTS {
        let mut out = Vec::new();
        app.export(&operator(), format, Some(member), &mut out).unwrap();
        let mut lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
        if format == ExportFormat::Stix {
            // The bundle's own id is drawn by lot.
            lines.remove(0);
            if let Some(last) = lines.last_mut() {
                *last = last.strip_suffix("]}").unwrap().to_owned();
            }
        }
        handed.ways.push((format!("export {name}"), lines));
    }
    sensors(app, caller, member, &mut handed);
    // What is blocked everybody knows, in zones, in lists and on pages.
    let mut blocks = Vec::new();
    app.preview(&operator(), &mut |said| {
        if said.what == "add" {
            blocks.push(format!("{} {:?} {:?}", said.value, said.class, said.reasons));
        }
        Ok(())
    })
    .unwrap();
    blocks.sort_unstable();
    handed.ways.push((BLOCKS.into(), blocks));
    assert_eq!(app.block_page(BlockId::from_bytes([0; 10])).unwrap(), None);
    errors(app, caller, &collections, ids, &mut handed);
    handed
}

/// What sensors are given: the index, and answers to what they meet.
fn sensors(app: &App, caller: &Caller, member: &str, handed: &mut Handed) {
    let mut all = Vec::new();
    app.export(&operator(), ExportFormat::Csv, None, &mut all).unwrap();
    let all = String::from_utf8(all).unwrap();
    let mut values: Vec<String> = all
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (kind, rest) = line.split_once(',')?;
            let (value, _) = rest.split_once(',')?;
            (kind == "domain").then(|| value.to_owned())
        })
        .collect();
    values.sort_unstable();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("member.idx");
    let built = app.build_index(&operator(), Some(member), &path).unwrap();
    let matcher = Matcher::open(&path).unwrap();
    assert_eq!(built.entries, matcher.base().info().entries());
    let finder = matcher.finder(Wanted::at(app.now()));
    let mut found = Vec::new();
    for value in &values {
        let observable = Observable::parse(&Kind::Domain, value).unwrap();
        let Some(entry) = finder.find(&observable).filter(|entry| entry.value() == *value) else { continue };
        let note = entry.note().unwrap();
        let Note { category, probability, tlp, sources, valid_until, case, added: _ } = note;
        found
            .push(format!("{value} {category:?} {probability} {tlp:?} {sources:?} {valid_until:?} {case:?}"));
    }
    handed.ways.push(("index".into(), found));
    let below: Vec<String> = values.iter().map(|value| format!("www.{value}")).collect();
    for (way, asked) in [("lookup", values), ("lookup below", below)] {
        let answers = app.lookup(caller, &asked).unwrap();
        assert_eq!(answers.len(), asked.len());
        let told = answers.iter().filter(|answer| answer.listed);
        let told = told.map(|answer| format!("{answer:?}")).collect();
        handed.ways.push((way.into(), told));
    }
}

/// Every object by its id and every type, against what the whole walk found.
fn by_filter(
    app: &App,
    caller: &Caller,
    collection: &Collection,
    ids: &[String],
    versions: &[Entry],
    handed: &mut Handed,
    name: &str,
) {
    let named = |ids: &[&String]| ObjectFilter {
        ids: ids.iter().map(|id| StixId::parse(id).unwrap()).collect(),
        versions: VersionFilter::All,
        ..ObjectFilter::default()
    };
    // Together, in pages; and some of them each for itself, others in other steps.
    let all = read(app, caller, collection, Some(named(&ids.iter().collect::<Vec<_>>())), 7, false, None);
    let is_named = |entry: &&Entry| ids.iter().any(|id| entry.body.contains(&format!("\"id\":\"{id}\"")));
    let expected: Vec<&Entry> = versions.iter().filter(is_named).collect();
    if !ids.is_empty() {
        assert_eq!(all.iter().collect::<Vec<_>>(), expected, "{name}: by id");
    }
    for id in ids.iter().skip(versions.len() % 5).step_by(5) {
        let by_id = read(app, caller, collection, Some(named(&[id])), 2, false, None);
        let of_it = format!("\"id\":\"{id}\"");
        let expected: Vec<&Entry> = versions.iter().filter(|entry| entry.body.contains(&of_it)).collect();
        assert_eq!(by_id.iter().collect::<Vec<_>>(), expected, "{name}: {id} by its id");
    }
    let types: BTreeSet<&str> =
        ids.iter().filter_map(|id| id.split_once("--")).map(|(kind, _)| kind).collect();
    for kind in types.into_iter().skip(versions.len() % 2).step_by(2) {
        let filter = ObjectFilter {
            types: vec![kind.to_owned()],
            versions: VersionFilter::All,
            ..ObjectFilter::default()
        };
        let by_type = read(app, caller, collection, Some(filter), 3, false, None);
        let of_it = format!("\"type\":\"{kind}\"");
        let expected: Vec<&Entry> = versions.iter().filter(|entry| entry.body.contains(&of_it)).collect();
        assert_eq!(by_type.iter().collect::<Vec<_>>(), expected, "{name}: {kind} by its type");
    }
    let old = ObjectFilter { stix_20: true, versions: VersionFilter::All, ..ObjectFilter::default() };
    let old = read(app, caller, collection, Some(old), 3, false, None);
    handed.ways.push((format!("{name} in 2.0"), old.into_iter().map(|entry| entry.body).collect()));
    for (first, last, way) in [(true, false, "first"), (true, true, "first and last")] {
        let filter = ObjectFilter {
            versions: VersionFilter::Any { first, last, exact: Vec::new() },
            ..ObjectFilter::default()
        };
        let some = read(app, caller, collection, Some(filter), 4, false, None);
        handed.ways.push((format!("{name} {way}"), some.into_iter().map(|entry| entry.body).collect()));
    }
}

/// What is refused, in which words.
fn errors(app: &App, caller: &Caller, collections: &[Collection], ids: &[String], handed: &mut Handed) {
    let mut words = Vec::new();
    let token = |of: &Collection| {
        let query = Query { limit: Some(1), ..Query::default() };
        app.page(caller, of, &query, &mut |_| ()).unwrap().next
    };
    let all = collections.iter().find(|collection| collection.kind == CollectionKind::All).unwrap();
    let contribute =
        collections.iter().find(|collection| collection.kind == CollectionKind::Contribute).unwrap();
    for query in [
        Query { limit: Some(0), ..Query::default() },
        Query { next: Some("AAAA".into()), ..Query::default() },
        Query { next: token(all), ..Query::default() },
    ] {
        let answer = app.page(caller, contribute, &query, &mut |_| ());
        words.push(answer.map_or_else(|error| told(&error), |_| "a page".into()));
    }
    let nobody = uuid::Uuid::nil().to_string();
    words.push(told(&app.collection(caller, &nobody).unwrap_err()));
    words.push(told(&app.contribution(caller, &nobody).unwrap_err()));
    for id in ids.iter().take(3) {
        let id = StixId::parse(id).unwrap();
        words.push(told(&app.withdraw(caller, all, &id, &ObjectFilter::default()).unwrap_err()));
    }
    // What is the operator's is no member's, whatever it asks for.
    let value = "shared0.fr".to_owned();
    words.push(told(&app.search(caller, std::slice::from_ref(&value)).unwrap_err()));
    words.push(told(&app.explain(caller, &value).unwrap_err()));
    words.push(told(&app.campaigns(caller, 2).unwrap_err()));
    words.push(told(&app.campaign(caller, &value).unwrap_err()));
    for id in ids.iter().take(1) {
        words.push(told(&app.near(caller, Asked::Id(id), 0.0).unwrap_err()));
    }
    words.push(told(&app.near(caller, Asked::Text(&value), 0.0).unwrap_err()));
    words.push(told(&app.explain_block(caller, &value).unwrap_err()));
    words.push(told(&app.preview(caller, &mut |_| Ok(())).unwrap_err()));
    words.push(told(&app.blocked_name(caller).unwrap_err()));
    words.push(told(&app.outputs(caller).unwrap_err()));
    words.push(told(&app.export(caller, ExportFormat::Stix, None, &mut Vec::new()).unwrap_err()));
    words.push(told(&app.sources_learnt(caller).unwrap_err()));
    words.push(told(&app.members(caller).unwrap_err()));
    words.push(told(&app.people(caller).unwrap_err()));
    words.push(told(&app.keys(caller).unwrap_err()));
    words.push(told(&app.counts(caller).unwrap_err()));
    words.push(told(&app.verify_ledger(caller, &mut |_, _| ()).unwrap_err()));
    assert!(words.iter().rev().take(12).all(|words| words.starts_with("forbidden: ")), "{words:?}");
    handed.ways.push(("errors".into(), words));
}
