//! Who has which value: two linked lists through one table of rows, so that adding is cheap and nothing is
//! allocated for each observable or value.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::evidence::{Evidence, EvidenceKind, mix};

/// No row.
const NONE: u32 = u32::MAX;
/// The most values that are kept of one observable; what more comes is counted and left.
const MOST_VALUES: usize = 256;
/// Said by several sources, independently.
pub(super) const SEVERAL: u32 = u32::MAX;

/// Keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = mix(value);
    }
}

pub(super) type MixedMap = HashMap<u64, u32, BuildHasherDefault<Mixed>>;

/// One value of one observable.
#[derive(Debug, Clone, Copy)]
struct Row {
    observable: u32,
    value: u32,
    source: u32,
    next_of_value: u32,
    next_of_observable: u32,
}

/// A value that observables share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    /// Its hash.
    pub(super) hash: u64,
    /// How many observables have it.
    pub(super) count: u32,
    head: u32,
    /// What it is.
    pub(super) kind: EvidenceKind,
    /// A person decided that it says nothing.
    pub(super) ignored: bool,
}

/// All evidence.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    rows: Vec<Row>,
    values: Vec<Value>,
    value_ids: MixedMap,
    /// By observable: the first row.
    heads: Vec<u32>,
    /// By observable: the id that the caller gave.
    ids: Vec<u64>,
    observable_ids: MixedMap,
    left: u64,
}

impl Index {
    /// How many observables there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(NONE)
    }

    /// How many values there are.
    pub(super) fn values(&self) -> u32 {
        u32::try_from(self.values.len()).unwrap_or(NONE)
    }

    /// How many rows were left because an observable had too many, or the table was full.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// The caller's id of an observable.
    pub(super) fn id(&self, observable: u32) -> u64 {
        self.ids.get(observable as usize).copied().unwrap_or(u64::MAX)
    }

    /// The number in the table of an observable that is there.
    pub(super) fn observable(&self, id: u64) -> Option<u32> {
        self.observable_ids.get(&id).copied()
    }

    /// A value.
    pub(super) fn value(&self, value: u32) -> Option<&Value> {
        self.values.get(value as usize)
    }

    /// A person decides whether a value says anything. Gives its number; it need not be known yet.
    pub(super) fn ignore(&mut self, kind: EvidenceKind, hash: u64, ignored: bool) -> Option<u32> {
        let value = self.add_value(kind, hash)?;
        if let Some(slot) = self.values.get_mut(value as usize) {
            slot.ignored = ignored;
        }
        Some(value)
    }

    /// The number of an observable, which is added where it is new.
    pub(super) fn add_observable(&mut self, id: u64) -> Option<u32> {
        if let Some(known) = self.observable_ids.get(&id) {
            return Some(*known);
        }
        let number = u32::try_from(self.ids.len()).ok().filter(|number| *number < NONE - 1)?;
        self.ids.push(id);
        self.heads.push(NONE);
        self.observable_ids.insert(id, number);
        Some(number)
    }

    fn add_value(&mut self, kind: EvidenceKind, hash: u64) -> Option<u32> {
        let key = key(kind, hash);
        if let Some(known) = self.value_ids.get(&key) {
            return Some(*known);
        }
        let number = u32::try_from(self.values.len()).ok().filter(|number| *number < NONE - 1)?;
        self.values.push(Value { hash, count: 0, head: NONE, kind, ignored: false });
        self.value_ids.insert(key, number);
        Some(number)
    }

    /// Adds one thing that is known. Where it, or who says it, is new for the observable, gives observable and
    /// value, and whether one more has the value now.
    pub(super) fn add(&mut self, evidence: &Evidence) -> Option<(u32, u32, bool)> {
        let observable = self.add_observable(evidence.observable)?;
        let value = self.add_value(evidence.kind, evidence.value)?;
        let mut at = self.heads.get(observable as usize).copied().unwrap_or(NONE);
        let mut seen = 0;
        while let Some(row) = self.rows.get_mut(at as usize) {
            if row.value == value {
                let merged = merge_sources(row.source, evidence.source);
                let changed = merged != row.source;
                row.source = merged;
                return changed.then_some((observable, value, false));
            }
            seen += 1;
            at = row.next_of_observable;
        }
        let number = u32::try_from(self.rows.len()).ok().filter(|number| *number < NONE - 1);
        let (Some(number), true) = (number, seen < MOST_VALUES) else {
            self.left += 1;
            return None;
        };
        let (head, slot) = (self.heads.get_mut(observable as usize)?, self.values.get_mut(value as usize)?);
        self.rows.push(Row {
            observable,
            value,
            source: evidence.source,
            next_of_value: slot.head,
            next_of_observable: *head,
        });
        (slot.head, *head) = (number, number);
        slot.count += 1;
        Some((observable, value, true))
    }

    /// Who has a value, and by whom it is said; the latest first.
    pub(super) fn members(&self, value: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut at = self.values.get(value as usize).map_or(NONE, |value| value.head);
        std::iter::from_fn(move || {
            let row = self.rows.get(at as usize)?;
            at = row.next_of_value;
            Some((row.observable, row.source))
        })
    }

    /// The values of an observable, and by whom each is said.
    pub(super) fn of(&self, observable: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut at = self.heads.get(observable as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let row = self.rows.get(at as usize)?;
            at = row.next_of_observable;
            Some((row.value, row.source))
        })
    }
}

fn key(kind: EvidenceKind, hash: u64) -> u64 {
    mix(hash ^ (kind as u64).wrapping_mul(0xA24B_AED4_963E_E407))
}

/// Who stands behind one row that two say: we ourselves, the one source of both, or several.
fn merge_sources(a: u32, b: u32) -> u32 {
    if a == Evidence::OWN || b == Evidence::OWN {
        Evidence::OWN
    } else if a == b {
        a
    } else {
        SEVERAL
    }
}

/// Whether something is known here or from several sources.
pub(super) fn is_firm(source: u32) -> bool {
    source == Evidence::OWN || source == SEVERAL
}

/// Without whom a link would not be there: nobody ([`Evidence::OWN`]) where both ends are known here or from
/// several sources; the one source that says either end alone; [`SEVERAL`] where two sources say one end
/// each, since either may have copied the value to attach itself to the other's.
pub(super) fn carried_by(a: u32, b: u32) -> u32 {
    match (is_firm(a), is_firm(b)) {
        (true, true) => Evidence::OWN,
        (true, false) => b,
        (false, true) => a,
        (false, false) if a == b => a,
        (false, false) => SEVERAL,
    }
}
