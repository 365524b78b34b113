//! Holds an event's attributes back until the event has been read to its end.
//!
//! MISP writes an event's tags, and often its sharing group, after its attributes; without them
//! nobody can say who may see an attribute. So what comes first waits here, compressed: a hundred
//! megabytes of attributes take about ten in memory. Nothing is written to a disk, where it might
//! outlive its marking.

use rempart_model::Position;

/// Bytes gathered before they are compressed together.
const BLOCK: usize = 1 << 20;
/// Bytes of an entry before its text: kind, offset, line, length.
const HEAD: usize = 1 + 8 + 8 + 4;

/// What an entry of the spool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum EntryKind {
    /// An attribute of the event itself.
    Attribute = 0,
    /// What is said of an object as a whole; its attributes follow.
    Object = 1,
    /// An attribute of the object before it.
    ObjectAttribute = 2,
    /// A report in Markdown.
    Report = 3,
}

/// One entry, read back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: EntryKind,
    pub(crate) at: Position,
    pub(crate) text: &'a [u8],
}

/// Appends an entry to `block`.
pub(crate) fn write_entry(block: &mut Vec<u8>, kind: EntryKind, at: Position, text: &[u8]) {
    block.push(kind as u8);
    block.extend_from_slice(&at.offset.to_le_bytes());
    block.extend_from_slice(&at.line.to_le_bytes());
    // A text is bounded by the limit on records, far below 4 GiB.
    block.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    block.extend_from_slice(text);
}

/// Reads the first entry of `block` and moves it on.
pub(crate) fn read_entry<'a>(block: &mut &'a [u8]) -> Option<Entry<'a>> {
    let (head, rest) = block.split_at_checked(HEAD)?;
    let (kind, numbers) = head.split_first()?;
    let kind = match kind {
        0 => EntryKind::Attribute,
        1 => EntryKind::Object,
        2 => EntryKind::ObjectAttribute,
        _ => EntryKind::Report,
    };
    let offset = u64::from_le_bytes(numbers.get(..8)?.try_into().ok()?);
    let line = u64::from_le_bytes(numbers.get(8..16)?.try_into().ok()?);
    let length = u32::from_le_bytes(numbers.get(16..20)?.try_into().ok()?);
    let (text, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *block = rest;
    Some(Entry { kind, at: Position { offset, line }, text })
}

/// The spool: compressed blocks, and the block that is being filled.
#[derive(Default)]
pub(crate) struct Spool {
    packed: Vec<Vec<u8>>,
    packed_bytes: usize,
    block: Vec<u8>,
}

impl Spool {
    /// Bytes of memory held.
    pub(crate) fn bytes(&self) -> usize {
        self.packed_bytes + self.block.len()
    }

    /// Whether there is anything in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.packed.is_empty() && self.block.is_empty()
    }

    /// Takes entries (written with [`write_entry`]).
    pub(crate) fn push(&mut self, entries: &[u8]) -> std::io::Result<()> {
        self.block.extend_from_slice(entries);
        if self.block.len() >= BLOCK {
            let packed = zstd::bulk::compress(&self.block, 1)?;
            self.packed_bytes += packed.len();
            self.packed.push(packed);
            self.block.clear();
        }
        Ok(())
    }

    /// The blocks in the order in which they came, each to be read with [`read_entry`].
    pub(crate) fn into_blocks(self) -> impl Iterator<Item = std::io::Result<Vec<u8>>> {
        let packed = self.packed.into_iter().map(|packed| zstd::stream::decode_all(packed.as_slice()));
        packed.chain(std::iter::once(Ok(self.block)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_in_order_what_it_took() {
        let mut spool = Spool::default();
        let text = |index: u64| format!("{{\"value\":\"host-{index}.example\"}}").into_bytes();
        for index in 0..60_000u64 {
            let mut entry = Vec::new();
            let kind = if index.is_multiple_of(3) { EntryKind::Object } else { EntryKind::ObjectAttribute };
            write_entry(&mut entry, kind, Position { offset: index * 7, line: index }, &text(index));
            spool.push(&entry).unwrap();
        }
        assert!(spool.bytes() < 2 * BLOCK, "{} bytes are held", spool.bytes());
        let mut next = 0u64;
        for block in spool.into_blocks() {
            let block = block.unwrap();
            let mut rest = block.as_slice();
            while let Some(entry) = read_entry(&mut rest) {
                assert_eq!(entry.at, Position { offset: next * 7, line: next });
                assert_eq!(entry.kind == EntryKind::Object, next.is_multiple_of(3));
                assert_eq!(entry.text, text(next));
                next += 1;
            }
            assert!(rest.is_empty());
        }
        assert_eq!(next, 60_000);
    }
}
