//! Objects, claims and a plain way to conclude, for the tests.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rempart_model::{Category, Kind, MemberId, Observable, Reliability, Stance, StixId, Timestamp, Tlp};
use rempart_store::{
    AssessmentRow, ClaimRow, ClassId, Conclude, MintedVersion, NewClaim, NewConcern, NewObject, ObjectFilter,
    OverrideRow, PageRequest, Source, SourceId, Store, StreamRef, Visible,
};

pub(crate) const NOW: i64 = 1_790_000_000_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(NOW)
}

pub(crate) fn later(seconds: i64) -> Timestamp {
    now().plus_seconds(seconds)
}

/// Concludes by counting: a probability of 0.4 for each source, at most 0.8; high from 0.7 on.
#[derive(Default)]
pub(crate) struct Counting {
    pub(crate) sees: Mutex<BTreeMap<MemberId, Vec<ClassId>>>,
}

impl Counting {
    pub(crate) fn let_see(&self, member: MemberId, classes: &[ClassId]) {
        self.sees.lock().unwrap().insert(member, classes.to_vec());
    }

    fn count(&self, claims: &[&ClaimRow], override_: Option<&OverrideRow>, now: Timestamp) -> f32 {
        if let Some(decision) = override_ {
            return if decision.malicious { 1.0 } else { 0.0 };
        }
        let mut sources: Vec<SourceId> = claims
            .iter()
            .filter(|claim| {
                claim.stance == Stance::Malicious && claim.valid_until.is_none_or(|until| until > now)
            })
            .map(|claim| claim.source)
            .collect();
        sources.sort_unstable();
        sources.dedup();
        (sources.len() as f32 * 0.4).min(0.8)
    }
}

impl Conclude for Counting {
    fn assess(
        &self,
        _: &Observable,
        claims: &[ClaimRow],
        override_: Option<&OverrideRow>,
        now: Timestamp,
    ) -> AssessmentRow {
        let all: Vec<&ClaimRow> = claims.iter().collect();
        AssessmentRow {
            probability: self.count(&all, override_, now),
            category: Category::Other,
            valid_until: None,
            next_change: claims
                .iter()
                .filter_map(|claim| claim.valid_until)
                .filter(|until| *until > now)
                .min(),
        }
    }

    fn is_high(
        &self,
        member: MemberId,
        _: &Observable,
        claims: &[ClaimRow],
        override_: Option<&OverrideRow>,
        now: Timestamp,
    ) -> bool {
        let seen: Vec<&ClaimRow> = claims.iter().filter(|claim| self.may_see(member, claim.class)).collect();
        self.count(&seen, override_, now) >= 0.7
    }

    fn high(&self, assessment: &AssessmentRow) -> bool {
        assessment.probability >= 0.7
    }

    fn may_see(&self, member: MemberId, class: ClassId) -> bool {
        self.sees.lock().unwrap().get(&member).is_some_and(|classes| classes.contains(&class))
    }

    fn same_creation(&self, _: &[u8], body: Vec<u8>) -> Vec<u8> {
        body
    }
}

pub(crate) fn source(store: &Store, name: &str) -> SourceId {
    let source = Source {
        id: SourceId(0),
        name: name.into(),
        member: None,
        reliability: Reliability::B,
        unmarked: Tlp::Amber,
        recipients: None,
        community: None,
        copy_group: None,
    };
    store.put_source("tester", &source, now()).unwrap()
}

pub(crate) fn class(store: &Store, terms: &str) -> ClassId {
    store.class(terms, &mut |_| Vec::new()).unwrap()
}

pub(crate) fn id(number: u64) -> StixId {
    let mut uuid = [7u8; 16];
    uuid[8..].copy_from_slice(&number.to_be_bytes());
    StixId::new("indicator", uuid)
}

pub(crate) fn domain(number: u64) -> Observable {
    Observable::from_canonical(Kind::Domain, &format!("d{number}.example"))
}

/// An indicator for one domain, in a class, at a version (seconds after [`now`]).
pub(crate) fn indicator(store: &Store, number: u64, version: i64, class: ClassId) -> NewObject {
    let observable = domain(number);
    let body = format!("{{\"id\":\"{}\",\"v\":{version}}}", id(number)).into_bytes();
    let salt = [number as u8; 16];
    let mut digest = [0u8; 16];
    digest.copy_from_slice(&rempart_store::merkle::sha256(&[&body])[..16]);
    NewObject {
        id: id(number),
        id_key: store.id_key(&id(number)),
        version: later(version),
        content: rempart_store::content_hash(&salt, &body),
        body,
        original_v20: None,
        digest,
        minted: None,
        salt,
        revoked: false,
        class,
        claims: vec![NewClaim {
            key: store.observable_key(&observable),
            observable,
            stance: Stance::Malicious,
            category: Category::Other,
            confidence: None,
            valid_from: None,
            valid_until: None,
            last_seen: None,
            alone: AssessmentRow {
                probability: 0.4,
                category: Category::Other,
                valid_until: None,
                next_change: None,
            },
        }],
        concerns: Vec::new(),
        hints: Vec::new(),
        links: Vec::new(),
        unresolved: Vec::new(),
        defines: None,
    }
}

pub(crate) fn minted(mut object: NewObject) -> NewObject {
    object.minted = Some(MintedVersion::ByIntake);
    object
}

pub(crate) fn concerning(mut object: NewObject, member: MemberId) -> NewObject {
    object.concerns.push(NewConcern { member, weight: 50, reasons: vec![1] });
    object
}

/// Takes a batch in for the operator, who sees all.
pub(crate) fn take(
    store: &Store,
    source: SourceId,
    batch: Vec<NewObject>,
    conclude: &Counting,
    now: Timestamp,
) -> Vec<rempart_store::Outcome> {
    store.intake("tester", source, batch, &|_, _| true, conclude, now).unwrap().outcomes
}

pub(crate) fn request(streams: Vec<StreamRef>, visible: Visible, limit: usize) -> PageRequest {
    PageRequest {
        streams,
        visible,
        member: None,
        after: i64::MIN,
        upto: i64::MAX,
        filter: ObjectFilter::default(),
        limit,
    }
}

/// Walks all pages; returns (position, body) of each object.
pub(crate) fn walk(store: &Store, mut request: PageRequest) -> Vec<(i64, String)> {
    let mut seen = Vec::new();
    loop {
        let end = store
            .page(&request, &mut |view| {
                seen.push((view.position, String::from_utf8_lossy(view.body).into_owned()));
            })
            .unwrap();
        if !end.more {
            return seen;
        }
        assert!(end.reached > request.after, "a page must lead on");
        request.after = end.reached;
    }
}

/// What the bodies say: (number of the indicator, version), in order.
pub(crate) fn numbers(seen: &[(i64, String)]) -> Vec<(u64, i64)> {
    seen.iter()
        .map(|(_, body)| {
            let value: serde_json::Value = serde_json::from_str(body).unwrap();
            let id = StixId::parse(value["id"].as_str().unwrap()).unwrap();
            (u64::from_be_bytes(id.uuid()[8..].try_into().unwrap()), value["v"].as_i64().unwrap())
        })
        .collect()
}

pub(crate) fn whole_class(class: ClassId) -> StreamRef {
    StreamRef::Class { class, since: i64::MIN }
}
