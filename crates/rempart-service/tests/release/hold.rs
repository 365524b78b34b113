//! Holds one world against the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rempart_model::{Timestamp, Tlp};
use rempart_service::Store;
use rempart_service::ask::ExplainedClaim;
use rempart_service::share::Collection;

use crate::body;
use crate::chance::Chance;
use crate::make::is_minted;
use crate::rules::{Answer, From, Rules};
use crate::script::{Item, Script, Shape, Step};
use crate::stage::{Returned, Stage, operator};
use crate::walk::{self, Handed, everything, tags};

/// A folder in memory where the system has one.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// A store with nothing in it; copies of it have the same secrets, and so make the same ids.
pub(crate) fn empty_store() -> tempfile::TempDir {
    let folder = folder();
    drop(Store::open_embedded(folder.path()).unwrap());
    folder
}

fn copy(empty: &Path) -> tempfile::TempDir {
    let folder = folder();
    for file in std::fs::read_dir(empty).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

/// What one member is told and handed in the course of a world.
#[derive(Debug, Default, PartialEq)]
struct Account(Vec<(usize, String, Handed)>);

/// Plays a world, holds it against the rules, and plays it again for one of the members without what
/// that member may never see.
pub(crate) fn world(script: &Script, seed: u64, empty: &Path) {
    let mut chance = Chance::new(seed ^ 0x5eed);
    let subject = chance.below(script.parties.len());
    let mut seen: BTreeMap<u32, bool> = script.items().map(|item| (item.tag, false)).collect();
    // What is left out is asked for all the same.
    let ids: BTreeSet<String> =
        script.items().filter(|item| !is_minted(item)).map(|item| item.id.clone()).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let mut taken = BTreeSet::new();
    let full =
        play(script, subject, &ids, &mut chance, empty, Some(Full { seen: &mut seen, taken: &mut taken }));
    // Definitions decide how far others' objects go, so those of the operator stay.
    // So does an event that carries attributes.
    let stays: BTreeSet<u32> = script
        .steps
        .iter()
        .flat_map(|step| match step {
            Step::Import { items, .. } => items.as_slice(),
            _ => &[],
        })
        .filter(|item| matches!(item.shape, Shape::Definition(_) | Shape::Event))
        .map(|item| item.tag)
        .collect();
    let used: BTreeSet<&str> = script
        .items()
        .filter(|item| seen[&item.tag])
        .flat_map(|item| &item.labels)
        .filter_map(|label| match label {
            crate::script::Label::Custom(id) | crate::script::Label::GranularCustom(id) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    // A newer version that is withheld ends what the older one claims; that is its source's to know.
    let sources: Vec<(u32, &str, From)> = script
        .steps
        .iter()
        .flat_map(|step| match step {
            Step::Import { feed, items, .. } => items.iter().map(|item| (item, From::Feed(*feed))).collect(),
            Step::Contribute { member, items } => {
                items.iter().map(|item| (item, From::Member(*member))).collect()
            }
            _ => Vec::new(),
        })
        .map(|(item, from)| (item.tag, item.id.as_str(), from))
        .collect();
    let is_version = |tag: u32| {
        let own = sources.iter().filter(|(of, _, _)| *of == tag);
        own.into_iter().any(|(_, id, from)| {
            sources.iter().any(|(other, other_id, by)| seen[other] && id == other_id && from == by)
        })
    };
    let hidden: BTreeSet<u32> = script
        .items()
        .filter(|item| !seen[&item.tag] && !stays.contains(&item.tag) && !is_version(item.tag))
        // Who is told that an id is taken has sent nothing, to those who do not see by whom.
        .filter(|item| !taken.contains(&item.id))
        .filter(|item| !matches!(item.shape, Shape::Definition(_)) || !used.contains(item.id.as_str()))
        .map(|item| item.tag)
        .collect();
    if hidden.is_empty() {
        return;
    }
    let poorer = script.without(&hidden);
    let mut chance = Chance::new(seed ^ 0x5eed);
    chance.below(script.parties.len());
    let without = play(&poorer, subject, &ids, &mut chance, empty, None);
    assert_eq!(full.0.len(), without.0.len());
    for ((step, words, handed), (_, other_words, other)) in full.0.iter().zip(&without.0) {
        assert_eq!(words, other_words, "member {subject} is told of what it may not see, step {step}");
        for ((way, texts), (_, others)) in handed.ways.iter().zip(&other.ways) {
            let (texts, others) = (in_any_order(way, texts), in_any_order(way, others));
            if way == walk::BLOCKS {
                // What the operator knows besides may keep it from blocking, and never makes it block.
                assert!(
                    texts.iter().all(|text| others.contains(text)),
                    "something is blocked because of what member {subject} may not see, step {step}: {texts:?}, without \
                     it {others:?} (hidden: {hidden:?})"
                );
                continue;
            }
            let only = |a: &[&str], b: &[&str]| -> Vec<String> {
                a.iter().filter(|text| !b.contains(text)).map(|text| (*text).to_owned()).collect()
            };
            assert!(
                texts == others,
                "member {subject} is handed something else by `{way}` after step {step} because of what it may \
                 not see (hidden: {hidden:?}): {:?} with it, {:?} without",
                only(&texts, &others),
                only(&others, &texts)
            );
        }
    }
}

/// Dates within one commit are drawn by lot, so that the order of objects is compared by whoever reads
/// on from step to step; lines of tables have an order that nothing hidden may change.
fn in_any_order<'t>(way: &str, texts: &'t [String]) -> Vec<&'t str> {
    let mut texts: Vec<&str> = texts.iter().map(|text| text.trim_end_matches(',')).collect();
    if !matches!(way, "export csv" | "export plain" | "errors") && !way.ends_with("by id") {
        texts.sort_unstable();
    }
    texts
}

/// Everything of one member that lasts from step to step.
#[derive(Default)]
struct Reader {
    /// For each collection: the last date read, what the reader has, and all that it ever had.
    cursors: Vec<(Option<Timestamp>, BTreeSet<u32>, BTreeSet<u32>)>,
    released: BTreeSet<u32>,
    newest: BTreeSet<u32>,
}

/// What is learnt while the whole world is played.
struct Full<'f> {
    /// For each tag, whether the subject ever may see it.
    seen: &'f mut BTreeMap<u32, bool>,
    /// Ids of which somebody was told that they are another's.
    taken: &'f mut BTreeSet<String>,
}

fn play(
    script: &Script,
    subject: usize,
    ids: &[String],
    chance: &mut Chance,
    empty: &Path,
    mut full: Option<Full<'_>>,
) -> Account {
    let folder = copy(empty);
    let mut stage = Stage::open(script, folder.path());
    let mut rules = Rules::new(script);
    let mut readers: Vec<Reader> = script.parties.iter().map(|_| Reader::default()).collect();
    let items: BTreeMap<u32, &Item> = script.items().map(|item| (item.tag, item)).collect();
    let mut account = Account::default();
    for (index, step) in script.steps.iter().enumerate() {
        let returned = stage.play(step);
        let expected = follow(&mut rules, step);
        if let (Some(full), Step::Import { items, .. } | Step::Contribute { items, .. }) = (&mut full, step) {
            let refused = items.iter().zip(&expected).filter(|(_, answer)| **answer == Answer::Conflict);
            full.taken.extend(refused.map(|(item, _)| item.id.clone()));
        }
        let words = held_answer(&returned, &expected, step, subject);
        let limit = 1 + chance.below(4);
        if let Returned::Torn { member } = returned {
            let handed =
                everything(&stage.app, &stage.caller(member), &script.parties[member].name, ids, limit);
            nothing_withheld(&rules, member, &handed, &items);
            stage.mend(member);
        }
        let last = index + 1 == script.steps.len();
        for member in rules.clearance.keys().copied().collect::<Vec<_>>() {
            let by_date = chance.percent(50);
            let whole = member == subject || last;
            if let Some(full) = &mut full {
                for tag in rules.released(member).iter().filter(|_| member == subject) {
                    full.seen.insert(*tag, true);
                }
                for tag in rules.given.get(&member).into_iter().flatten().filter(|_| member == subject) {
                    full.seen.insert(*tag, true);
                }
            }
            if whole {
                let name = &script.parties[member].name;
                let handed = everything(&stage.app, &stage.caller(member), name, ids, limit);
                if full.is_some() {
                    nothing_withheld(&rules, member, &handed, &items);
                    published(&rules, &handed, &items);
                    all_released(&rules, member, &handed);
                }
                if member == subject {
                    account.0.push((index, words.clone(), handed));
                }
            }
            if full.is_some() {
                reads_on(&stage, &rules, member, &mut readers[member], limit, by_date);
            }
        }
        if last && full.is_some() {
            explained(&stage, &rules, script);
        }
    }
    account
}

/// Does to the rules what the step did to the instance; gives what bringers are told.
fn follow(rules: &mut Rules<'_>, step: &Step) -> Vec<Answer> {
    rules.begin();
    match step {
        Step::Import { feed, tlp, items } => {
            let unmarked = tlp.unwrap_or(rules.unmarked(*feed));
            items.iter().map(|item| rules.take(From::Feed(*feed), unmarked, item)).collect()
        }
        Step::Contribute { member, items } => {
            items.iter().map(|item| rules.take(From::Member(*member), Tlp::Amber, item)).collect()
        }
        Step::Withdraw { member, id } => {
            let had = rules.has_given(*member, id);
            rules.forget(std::slice::from_ref(id), Some(From::Member(*member)));
            vec![if had { Answer::Added } else { Answer::Conflict }]
        }
        Step::Join(member) => {
            rules.join(*member);
            Vec::new()
        }
        Step::Clear { member, tlp, .. } => {
            rules.clearance.insert(*member, *tlp);
            Vec::new()
        }
        Step::Retract(ids) => {
            rules.forget(ids, None);
            Vec::new()
        }
        Step::Expire(_) | Step::Override(..) | Step::Pass(_) => Vec::new(),
    }
}

/// What a bringer is told is what the rules say; gives the words, where the subject is told them.
fn held_answer(returned: &Returned, expected: &[Answer], step: &Step, subject: usize) -> String {
    match returned {
        Returned::Status { member, status } => {
            assert_eq!(status.total_count, expected.len());
            let (mut well, mut ill) = (status.successes.iter(), status.failures.iter());
            for answer in expected {
                let told = match answer {
                    Answer::Added => well.next().map(|status| status.message.is_none()),
                    Answer::Duplicate => well.next().map(|status| status.message.is_some()),
                    Answer::Conflict => ill.next().map(|status| status.message.is_some()),
                };
                assert_eq!(told, Some(true), "{status:?} is told where the rules say {expected:?}: {step:?}");
            }
            if *member != subject {
                return String::new();
            }
            format!("{} {:?} {:?}", status.status, status.successes, status.failures)
        }
        Returned::Withdrawn { member, answer } => {
            assert_eq!(answer.is_ok(), expected == [Answer::Added], "{answer:?}: {step:?}");
            if *member == subject { format!("{answer:?}") } else { String::new() }
        }
        Returned::Nothing | Returned::Torn { .. } => String::new(),
    }
}

/// What is blocked is known to everybody, so that it rests on what everybody may know.
fn published(rules: &Rules<'_>, handed: &Handed, items: &BTreeMap<u32, &Item>) {
    let public = rules.public();
    let known: String = public.iter().filter_map(|tag| items.get(tag)).map(|item| body::stix(item)).collect();
    for (way, text) in handed.texts().filter(|(way, _)| *way == walk::BLOCKS) {
        for tag in tags(text) {
            assert!(public.contains(&tag), "everybody is told of {tag} by `{way}`: {text}");
        }
        let value = text.split(' ').next().unwrap_or_default();
        let shared = !value.contains("shared") || known.contains(value);
        assert!(shared, "everybody is told of {value} by `{way}`: {text}");
    }
}

/// No tag, value or id of what a member may not have is in anything that it is handed.
fn nothing_withheld(rules: &Rules<'_>, member: usize, handed: &Handed, items: &BTreeMap<u32, &Item>) {
    let mut allowed = rules.released(member);
    allowed.extend(rules.given.get(&member).into_iter().flatten());
    let known: String =
        allowed.iter().filter_map(|tag| items.get(tag)).map(|item| body::stix(item)).collect();
    for (way, text) in handed.texts() {
        for tag in tags(text) {
            assert!(allowed.contains(&tag), "member {member} is handed {tag} by `{way}`: {text}");
        }
        for (at, _) in text.match_indices("shared") {
            let value: String =
                text[at..].chars().take_while(|sign| sign.is_ascii_alphanumeric() || *sign == '.').collect();
            assert!(known.contains(&value), "member {member} is handed {value} by `{way}`: {text}");
        }
        if way == "export csv" || way == "export plain" {
            continue;
        }
        for (tag, item) in items.iter().filter(|(_, item)| !is_minted(item)) {
            let named = text.contains(item.id.as_str()) && !known.contains(item.id.as_str());
            assert!(!named, "member {member} is handed the id of {tag} by `{way}`: {text}");
        }
    }
}

/// All that is released is there, once.
fn all_released(rules: &Rules<'_>, member: usize, handed: &Handed) {
    let newest = handed.tags("all objects");
    assert_eq!(
        newest.iter().copied().collect::<BTreeSet<_>>(),
        rules.newest(member),
        "what member {member} finds in all that it may see (left), and what is released to it (right)"
    );
    assert_eq!(newest.len(), rules.newest(member).len(), "nothing is there twice");
    let versions: BTreeSet<u32> = handed.tags("all versions").into_iter().collect();
    assert_eq!(versions, rules.versions(member), "versions for member {member}");
    let written: BTreeSet<u32> = handed.tags("export stix").into_iter().collect();
    assert_eq!(written, rules.newest(member), "the export for member {member}");
    for way in ["concerns objects", "high objects"] {
        assert!(handed.tags(way).iter().all(|tag| newest.contains(tag)), "{way} is part of all");
    }
    let own: BTreeSet<u32> = handed.tags("contribute objects").into_iter().collect();
    let given = rules.own_newest(member);
    assert_eq!(own, given, "what member {member} finds among its contributions");
}

/// Goes on from where the member's reader stood: it misses nothing that it gained sight of, and
/// nothing that it has comes again.
fn reads_on(
    stage: &Stage<'_>,
    rules: &Rules<'_>,
    member: usize,
    reader: &mut Reader,
    limit: usize,
    by_date: bool,
) {
    let caller = stage.caller(member);
    let (released, newest) = (rules.released(member), rules.newest(member));
    let collections: Vec<Collection> = stage.app.collections(&caller);
    reader.cursors.resize(collections.len(), Default::default());
    for (collection, (after, has, ever)) in collections.iter().zip(&mut reader.cursors) {
        let of = |entry: &walk::Entry| tags(&entry.body).first().copied();
        let now: BTreeSet<u32> = walk::read(&stage.app, &caller, collection, None, 10_000, false, None)
            .iter()
            .filter_map(of)
            .collect();
        has.retain(|tag| now.contains(tag));
        let came = walk::read(&stage.app, &caller, collection, None, limit, by_date, *after);
        for tag in came.iter().filter_map(of) {
            // What two sources gave on different terms may come from the other one later on.
            let two = rules.is_given_by_several(tag);
            assert!(
                has.insert(tag) || two,
                "member {member} had {tag} in {:?} and gets it again",
                collection.kind
            );
            ever.insert(tag);
        }
        *after = came.last().map(|entry| Timestamp::from_micros(entry.date)).or(*after);
        for tag in &now {
            // An older version that is the newest again after a deletion was released before: what
            // it was replaced by is what readers had.
            let was_older = reader.released.contains(tag) && !reader.newest.contains(tag);
            assert!(
                has.contains(tag) || ever.contains(tag) || was_older,
                "member {member} missed {tag} in {:?}, reading on after {after:?}",
                collection.kind
            );
        }
        has.clone_from(&now);
        ever.extend(now);
    }
    (reader.released, reader.newest) = (released, newest);
}

/// Who may see a claim is explained to the operator as the rules say.
fn explained(stage: &Stage<'_>, rules: &Rules<'_>, script: &Script) {
    for kept in &rules.kept {
        let alone = rules.kept.iter().filter(|other| other.item.id == kept.item.id).count() == 1;
        if !alone || is_minted(&kept.item) || !matches!(kept.item.shape, Shape::Indicator(_)) {
            continue;
        }
        let explanation = stage.app.explain(&operator(), &kept.item.value()).unwrap();
        let source = match kept.from {
            From::Feed(feed) => script.feeds[feed].name.clone(),
            From::Member(member) => format!("member: {}", script.parties[member].name),
        };
        let of_it = |claim: &&ExplainedClaim| claim.object == kept.item.id && claim.source == source;
        for claim in explanation.claims.iter().filter(of_it) {
            for (member, party) in script.parties.iter().enumerate() {
                let may = rules.may_have(member, kept);
                assert_eq!(claim.released_to.contains(&party.name), may, "{claim:?} for {}", party.name);
                let withheld = claim.withheld_from.iter().any(|withheld| withheld.member == party.name);
                assert_eq!(withheld, !may, "{claim:?} for {}", party.name);
            }
        }
    }
}
