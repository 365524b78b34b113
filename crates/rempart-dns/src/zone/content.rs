//! The entries of a zone in memory: sorted segments that versions of the zone share.
//!
//! A change copies only the segments that it touches, so that a version that somebody is still reading, or that a later
//! stage is still served, costs only what differs. An entry takes its name, its action and one byte.

use std::sync::Arc;

use crate::action;

/// A segment is split where it has more entries than this.
const MOST: usize = 512;
/// The entries of a segment after a split.
const USUAL: usize = 256;

/// An entry: the owner relative to the zone, in wire form without a root label, and its encoded action.
pub(crate) type Entry<'a> = (&'a [u8], &'a [u8]);

/// A change: an owner, and its new encoded action or nothing.
pub(crate) type Edit<'a> = (&'a [u8], Option<&'a [u8]>);

/// The entries of a zone at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    segments: Vec<Arc<Segment>>,
    names: usize,
    bytes: usize,
}

/// Entries that follow one another, packed.
#[derive(Debug)]
pub(crate) struct Segment {
    bytes: Box<[u8]>,
    names: usize,
}

impl Segment {
    /// Takes packed entries, where they are entries and sorted.
    pub(crate) fn from_bytes(bytes: Box<[u8]>) -> Option<Self> {
        let mut entries = Entries { rest: &bytes };
        let (mut names, mut last): (usize, &[u8]) = (0, &[]);
        for (owner, action) in entries.by_ref() {
            if owner <= last || !action::is_valid(action) || !is_owner(owner) {
                return None;
            }
            (names, last) = (names + 1, owner);
        }
        (entries.rest.is_empty() && names > 0).then_some(Self { bytes, names })
    }

    /// The packed entries.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn entries(&self) -> Entries<'_> {
        Entries { rest: &self.bytes }
    }

    fn first(&self) -> &[u8] {
        self.entries().next().map_or(&[], |(owner, _)| owner)
    }
}

/// Goes through packed entries.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (&length, rest) = self.rest.split_first()?;
        let (owner, rest) = rest.split_at_checked(usize::from(length))?;
        let (action, rest) = action::split(rest)?;
        self.rest = rest;
        Some((owner, action))
    }
}

/// Whether bytes are one label or more, without a root label.
pub(crate) fn is_owner(owner: &[u8]) -> bool {
    let mut rest = owner;
    while let Some((&length, after)) = rest.split_first() {
        if length == 0 || length > 63 {
            return false;
        }
        let Some(after) = after.get(usize::from(length)..) else { return false };
        rest = after;
    }
    !owner.is_empty() && owner.len() < 255
}

impl Content {
    /// Content from segments in order, or nothing where they are not in order.
    pub(crate) fn from_segments(segments: Vec<Arc<Segment>>) -> Option<Self> {
        let mut last: Option<&[u8]> = None;
        let (mut names, mut bytes) = (0, 0);
        for segment in &segments {
            if last.is_some_and(|last| segment.first() <= last) {
                return None;
            }
            last = segment.entries().last().map(|(owner, _)| owner);
            (names, bytes) = (names + segment.names, bytes + segment.bytes.len());
        }
        Some(Self { segments, names, bytes })
    }

    /// How many names are in it.
    pub(crate) fn names(&self) -> usize {
        self.names
    }

    /// How many bytes its entries take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The segments.
    pub(crate) fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// All entries, sorted by owner.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.segments.iter().flat_map(|segment| segment.entries())
    }

    /// The entries of one segment, or nothing beyond the last.
    pub(crate) fn segment(&self, index: usize) -> Option<Entries<'_>> {
        self.segments.get(index).map(|segment| segment.entries())
    }

    /// The encoded action of an owner.
    pub(crate) fn get(&self, owner: &[u8]) -> Option<&[u8]> {
        let index = self.segments.partition_point(|s| s.first() <= owner).checked_sub(1)?;
        self.segment(index)?.find(|(name, _)| *name == owner).map(|(_, action)| action)
    }

    /// The content after edits, which are sorted by owner and name each owner once. `changed` hears of each edit that
    /// changes something: the owner, what was there, and what is there now.
    pub(crate) fn edit(
        &self,
        edits: &[Edit<'_>],
        mut changed: impl FnMut(&[u8], Option<&[u8]>, Option<&[u8]>),
    ) -> Self {
        let mut segments = Vec::with_capacity(self.segments.len() + edits.len() / USUAL + 1);
        let mut rest = edits;
        let mut done = 0;
        while let Some(&(owner, _)) = rest.first() {
            let at = self.segments.partition_point(|s| s.first() <= owner).saturating_sub(1);
            segments.extend(self.segments.get(done..at).unwrap_or_default().iter().cloned());
            let until = self.segments.get(at + 1).map(|next| next.first());
            let here = until.map_or(rest.len(), |until| rest.partition_point(|(owner, _)| *owner < until));
            let (edits, after) = rest.split_at_checked(here).unwrap_or((rest, &[]));
            match self.segments.get(at) {
                Some(old) => merge(old, edits, &mut changed, &mut segments),
                None => merge(&EMPTY, edits, &mut changed, &mut segments),
            }
            (rest, done) = (after, at + 1);
        }
        segments.extend(self.segments.get(done..).unwrap_or_default().iter().cloned());
        let (names, bytes) =
            segments.iter().fold((0, 0), |(names, bytes), s| (names + s.names, bytes + s.bytes.len()));
        Self { segments, names, bytes }
    }
}

static EMPTY: std::sync::LazyLock<Segment> =
    std::sync::LazyLock::new(|| Segment { bytes: Box::default(), names: 0 });

/// Writes one segment with its edits as new segments.
fn merge(
    old: &Segment,
    edits: &[Edit<'_>],
    changed: &mut impl FnMut(&[u8], Option<&[u8]>, Option<&[u8]>),
    segments: &mut Vec<Arc<Segment>>,
) {
    let mut names = 0;
    let mut bytes =
        Vec::with_capacity(old.bytes.len() + edits.iter().map(|(o, _)| o.len() + 2).sum::<usize>());
    let mut put = |owner: &[u8], action: &[u8]| {
        // An owner is shorter than a name, which has 255 bytes at most.
        bytes.push(u8::try_from(owner.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(owner);
        bytes.extend_from_slice(action);
        names += 1;
    };
    let mut entries = old.entries().peekable();
    for &(owner, new) in edits {
        while let Some((name, action)) = entries.next_if(|(name, _)| *name < owner) {
            put(name, action);
        }
        let old = entries.next_if(|(name, _)| *name == owner).map(|(_, action)| action);
        if let Some(action) = new {
            put(owner, action);
        }
        if old != new {
            changed(owner, old, new);
        }
    }
    entries.for_each(|(name, action)| put(name, action));
    if names <= MOST {
        if names > 0 {
            segments.push(Arc::new(Segment { bytes: bytes.into(), names }));
        }
        return;
    }
    let mut rest: &[u8] = &bytes;
    while !rest.is_empty() {
        let mut entries = Entries { rest };
        let names = entries.by_ref().take(USUAL).count();
        let length = rest.len() - entries.rest.len();
        let (segment, after) = rest.split_at_checked(length.max(1)).unwrap_or((rest, &[]));
        segments.push(Arc::new(Segment { bytes: segment.into(), names }));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn owner(number: u16) -> Vec<u8> {
        let label = format!("n{number}");
        [&[u8::try_from(label.len()).unwrap()], label.as_bytes(), b"\x07example"].concat()
    }

    proptest! {
        #[test]
        fn edits_do_what_a_map_does(rounds in prop::collection::vec(
            prop::collection::btree_map(0u16..3000, prop::option::of(0u8..4), 0..1500), 1..6)) {
            let mut model: BTreeMap<Vec<u8>, u8> = BTreeMap::new();
            let mut content = Content::default();
            for round in rounds {
                let edits: BTreeMap<Vec<u8>, Option<[u8; 1]>> =
                    round.into_iter().map(|(n, action)| (owner(n), action.map(|a| [a]))).collect();
                let list: Vec<Edit<'_>> = edits.iter().map(|(o, a)| (&o[..], a.as_ref().map(|a| &a[..]))).collect();
                let before = content.clone();
                let mut heard = 0;
                content = content.edit(&list, |owner, old, new| {
                    heard += 1;
                    assert_ne!(old, new);
                    assert_eq!(before.get(owner), old);
                });
                let mut expected = 0;
                for (owner, action) in edits {
                    let old = match action {
                        Some([action]) => model.insert(owner, action),
                        None => model.remove(&owner),
                    };
                    expected += usize::from(old != action.map(|[a]| a));
                }
                prop_assert_eq!(heard, expected);
                prop_assert_eq!(content.names(), model.len());
                prop_assert!(content.entries().eq(model.iter().map(|(o, a)| (&o[..], std::slice::from_ref(a)))));
                for segment in content.segments() {
                    prop_assert!(segment.names <= MOST && Segment::from_bytes(segment.bytes.clone()).is_some());
                }
                prop_assert!(Content::from_segments(content.segments().to_vec()).is_some());
            }
        }
    }
}
