//! Pages of what a caller reads: streams of release classes and own change logs, merged by position.

use std::sync::LazyLock;

use rempart_model::{StixId, Timestamp};
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, Rows};

use super::intake::blob;
use super::{Sqlite, flag};
use crate::error::StoreError;
use crate::placement::{self, Shelf, collection};
use crate::types::{
    ClassId, ObjectFilter, ObjectSeq, ObjectView, PageEnd, PageRequest, SourceId, StreamRef, VersionFilter,
};

/// How many objects that the caller may see but did not ask for are passed over for one page. Then the
/// page ends early, and says that there may be more.
const MAX_PASSED_OVER: usize = 20_000;

/// Columns of every stream, in this order.
const COLUMNS: &str =
    "o.seq, o.type, o.uuid, o.version, o.class, o.source, o.flags, o.placements, o.id_key, o.body";

const MAX_STREAMS: usize = 512;

// One text for each stream of a page: the cache of statements holds one statement a text, and all of
// a page's streams are open at once.
static BY_CLASS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..MAX_STREAMS)
        .map(|n| {
            format!(
                "SELECT o.position, {COLUMNS} FROM object o INDEXED BY object_stream
                 WHERE o.class = ?1 AND o.position > ?2 AND o.position <= ?3 ORDER BY o.position /* {n} */"
            )
        })
        .collect()
});
static BY_COLLECTION: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..MAX_STREAMS)
        .map(|n| {
            format!(
                "SELECT e.position, {COLUMNS} FROM entry e CROSS JOIN object o ON o.seq = e.object
                 WHERE e.collection = ?1 AND e.position > ?2 AND e.position <= ?3 ORDER BY e.position /* {n} */"
            )
        })
        .collect()
});
static BY_TYPE: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..MAX_STREAMS)
        .map(|n| {
            format!(
                "SELECT o.position, {COLUMNS} FROM object o INDEXED BY object_type
                 WHERE o.type = ?1 AND o.type <> 1 AND o.position > ?2 AND o.position <= ?3
                 ORDER BY o.position /* {n} */"
            )
        })
        .collect()
});

/// What is left of a row for the decisions about it.
struct Head {
    position: i64,
    seq: i64,
    kind: i64,
    version: i64,
    class: ClassId,
    source: SourceId,
    flags: i64,
    key: i64,
}

impl Head {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            position: row.get(0)?,
            seq: row.get(1)?,
            kind: row.get(2)?,
            version: row.get(4)?,
            class: ClassId(row.get(5)?),
            source: SourceId(row.get(6)?),
            flags: row.get(7)?,
            key: row.get(9)?,
        })
    }
}

/// How a stream's rows are to be taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// From the class's own stream: what the member found late is read elsewhere.
    Class,
    /// From a change log of the member.
    Collection,
    /// All objects of a type, whatever the class: the class and its beginning are checked here.
    Type,
}

impl Sqlite {
    pub(crate) fn page(
        &self,
        request: &PageRequest,
        out: &mut dyn FnMut(ObjectView<'_>),
    ) -> Result<PageEnd, StoreError> {
        if request.streams.len() > MAX_STREAMS {
            return Err(StoreError::Invalid(format!("more than {MAX_STREAMS} release classes in one page")));
        }
        self.read(|connection| {
            if !request.filter.ids.is_empty() {
                return self.page_of_ids(connection, request, out);
            }
            let types: Vec<i64> =
                request.filter.types.iter().filter_map(|text| self.known_word(text)).collect();
            if types.is_empty() && !request.filter.types.is_empty() {
                return Ok(PageEnd { reached: request.upto, ..PageEnd::default() });
            }
            // Type 1 is `indicator`, see the schema.
            let by_type = !types.is_empty()
                && !types.contains(&1)
                && request.streams.iter().any(|stream| matches!(stream, StreamRef::Class { .. }));
            let mut plan: Vec<(Reading, i64, i64)> = Vec::with_capacity(request.streams.len());
            if by_type {
                plan.extend(types.iter().map(|kind| (Reading::Type, *kind, request.after)));
            }
            for stream in &request.streams {
                match *stream {
                    StreamRef::Class { class, since } if !by_type => {
                        let after = request.after.max(since.saturating_sub(1));
                        plan.push((Reading::Class, i64::from(class.0), after));
                    }
                    StreamRef::Class { .. } => {}
                    StreamRef::Collection(number) => {
                        plan.push((Reading::Collection, i64::from(number), request.after));
                    }
                }
            }
            self.merge(connection, request, &types, &plan, out)
        })
    }

    fn merge(
        &self,
        connection: &Connection,
        request: &PageRequest,
        types: &[i64],
        plan: &[(Reading, i64, i64)],
        out: &mut dyn FnMut(ObjectView<'_>),
    ) -> Result<PageEnd, StoreError> {
        let mut statements: Vec<CachedStatement<'_>> = Vec::with_capacity(plan.len());
        for (n, (reading, ..)) in plan.iter().enumerate() {
            let texts = match reading {
                Reading::Class => &*BY_CLASS,
                Reading::Collection => &*BY_COLLECTION,
                Reading::Type => &*BY_TYPE,
            };
            let text = texts.get(n).map_or("", String::as_str);
            statements.push(connection.prepare_cached(text)?);
        }
        let mut streams: Vec<(Reading, Rows<'_>, Option<i64>)> = Vec::with_capacity(plan.len());
        for (statement, (reading, key, after)) in statements.iter_mut().zip(plan) {
            let mut rows = statement.query((key, after, request.upto))?;
            let head = advance(&mut rows)?;
            if head.is_some() {
                streams.push((*reading, rows, head));
            }
        }
        let mut end = PageEnd { reached: request.upto, ..PageEnd::default() };
        let mut passed_over = 0usize;
        loop {
            let nearest = streams
                .iter_mut()
                .filter(|(_, _, head)| head.is_some())
                .min_by_key(|(_, _, head)| head.unwrap_or(i64::MAX));
            let Some((reading, rows, head)) = nearest else { break };
            if let Some(row) = rows.get() {
                let at = Head::read(row)?;
                if self.reads(connection, request, *reading, &at, row)? {
                    let wanted = (types.is_empty() || types.contains(&at.kind))
                        && (request.filter.sources.is_empty() || request.filter.sources.contains(&at.source))
                        && (!request.filter.stix_20 || at.flags & flag::ORIGINAL != 0)
                        && self.chosen(connection, request, &at, row)?;
                    if wanted {
                        if end.count == request.limit {
                            end.more = true;
                            end.reached = end.last;
                            break;
                        }
                        self.hand_out(connection, &request.filter, at.position, row, out)?;
                        if end.count == 0 {
                            end.first = at.position;
                        }
                        end.count += 1;
                        end.last = at.position;
                    } else {
                        passed_over += 1;
                        if passed_over == MAX_PASSED_OVER {
                            end.more = true;
                            end.reached = at.position;
                            break;
                        }
                    }
                }
            }
            *head = advance(rows)?;
        }
        Ok(end)
    }

    /// Whether this row, in this stream, is something that the caller reads at all.
    fn reads(
        &self,
        connection: &Connection,
        request: &PageRequest,
        reading: Reading,
        at: &Head,
        row: &Row<'_>,
    ) -> Result<bool, StoreError> {
        if !request.visible.allows(at.class) || at.flags & flag::FOREIGN != 0 {
            return Ok(false);
        }
        if reading == Reading::Collection {
            return Ok(true);
        }
        if reading == Reading::Type {
            let since = request.streams.iter().find_map(|stream| match *stream {
                StreamRef::Class { class, since } if class == at.class => Some(since),
                _ => None,
            });
            if since.is_none_or(|since| at.position < since) {
                return Ok(false);
            }
        }
        if at.flags & flag::LATE != 0
            && let Some(member) = request.member
        {
            let late = collection(member, Shelf::Late);
            let placed = placement::decode(blob(row, 8)?).iter().any(|placed| placed.collection == late);
            return Ok(!placed && !has_late_entry(connection, at.seq, late)?);
        }
        Ok(true)
    }

    /// Whether the row is one of the versions that the caller wants, among those that it may see.
    fn chosen(
        &self,
        connection: &Connection,
        request: &PageRequest,
        at: &Head,
        row: &Row<'_>,
    ) -> Result<bool, StoreError> {
        let (first, last, exact) = match &request.filter.versions {
            VersionFilter::All => (true, true, &[][..]),
            VersionFilter::Any { first, last, exact } => (*first, *last, exact.as_slice()),
        };
        let all = request.filter.versions == VersionFilter::All;
        let plain = at.flags & (flag::SUPERSEDED | flag::SHADOWED) == 0;
        if plain && (all || (last && !first && exact.is_empty())) {
            return Ok(true);
        }
        let mut statement = connection.prepare_cached(
            "SELECT seq, version, class, source, uuid, type FROM object
             WHERE id_key = ?1 AND flags & 64 = 0 ORDER BY seq",
        )?;
        let mut rows = statement.query([at.key])?;
        let uuid = blob(row, 3)?;
        let mut creator = None;
        let mut versions: Vec<(i64, i64)> = Vec::new();
        while let Some(other) = rows.next()? {
            let class = ClassId(other.get(2)?);
            let same_id = other.get::<_, i64>(5)? == at.kind && blob(other, 4)? == uuid;
            if !same_id || !request.visible.allows(class) {
                continue;
            }
            // Whoever brought the id first, as far as the caller can see, is its creator. Where only
            // some sources' objects are wanted, others' do not count.
            let source: u32 = other.get(3)?;
            if !request.filter.sources.is_empty() && !request.filter.sources.contains(&SourceId(source)) {
                continue;
            }
            if *creator.get_or_insert(source) != source {
                continue;
            }
            let version: i64 = other.get(1)?;
            if !versions.iter().any(|(_, known)| *known == version) {
                versions.push((other.get(0)?, version));
            }
        }
        if !versions.iter().any(|(seq, _)| *seq == at.seq) {
            return Ok(false);
        }
        let newest = versions.iter().map(|(_, version)| *version).max();
        let oldest = versions.iter().map(|(_, version)| *version).min();
        Ok(all
            || (last && newest == Some(at.version))
            || (first && oldest == Some(at.version))
            || exact.contains(&Timestamp::from_micros(at.version)))
    }

    fn hand_out(
        &self,
        connection: &Connection,
        filter: &ObjectFilter,
        position: i64,
        row: &Row<'_>,
        out: &mut dyn FnMut(ObjectView<'_>),
    ) -> Result<(), StoreError> {
        let seq: i64 = row.get(1)?;
        let original: Option<Vec<u8>> = if filter.stix_20 {
            connection
                .prepare_cached("SELECT body FROM original WHERE object = ?1")?
                .query_row([seq], |row| row.get(0))
                .optional()?
        } else {
            None
        };
        let kind = self.word_text(connection, row.get(2)?)?;
        out(ObjectView {
            seq: ObjectSeq(seq),
            position,
            kind: &kind,
            uuid: blob(row, 3)?,
            version: Timestamp::from_micros(row.get(4)?),
            class: ClassId(row.get(5)?),
            source: SourceId(row.get(6)?),
            body: match &original {
                Some(bytes) => bytes,
                None => blob(row, 10)?,
            },
        });
        Ok(())
    }

    /// A page of named objects: found by id, then put in order of position.
    fn page_of_ids(
        &self,
        connection: &Connection,
        request: &PageRequest,
        out: &mut dyn FnMut(ObjectView<'_>),
    ) -> Result<PageEnd, StoreError> {
        let mut found: Vec<(i64, i64)> = Vec::new();
        let mut ids: Vec<&StixId> = request.filter.ids.iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT o.position, {COLUMNS} FROM object o WHERE o.id_key = ?1 AND o.flags & 64 = 0 ORDER BY o.seq"
        ))?;
        for id in ids {
            let Some(kind) = self.known_word(id.kind()) else { continue };
            if !request.filter.types.is_empty() && !request.filter.types.iter().any(|word| word == id.kind())
            {
                continue;
            }
            let mut rows = statement.query([self.key_of(id)])?;
            while let Some(row) = rows.next()? {
                let at = Head::read(row)?;
                if at.kind != kind || blob(row, 3)? != id.uuid() || !request.visible.allows(at.class) {
                    continue;
                }
                if request.filter.stix_20 && at.flags & flag::ORIGINAL == 0 {
                    continue;
                }
                if !request.filter.sources.is_empty() && !request.filter.sources.contains(&at.source) {
                    continue;
                }
                let Some(position) = own_position(connection, request, &at, row)? else { continue };
                let within = position > request.after && position <= request.upto;
                if within && self.chosen(connection, request, &at, row)? {
                    found.push((position, at.seq));
                }
            }
        }
        found.sort_unstable();
        let mut end =
            PageEnd { reached: request.upto, more: found.len() > request.limit, ..PageEnd::default() };
        let mut statement = connection
            .prepare_cached(&format!("SELECT o.position, {COLUMNS} FROM object o WHERE o.seq = ?1"))?;
        for (position, seq) in found.into_iter().take(request.limit) {
            let mut rows = statement.query([seq])?;
            if let Some(row) = rows.next()? {
                self.hand_out(connection, &request.filter, position, row, out)?;
                if end.count == 0 {
                    end.first = position;
                }
                end.count += 1;
                end.last = position;
            }
        }
        if end.more {
            end.reached = end.last;
        }
        Ok(end)
    }
}

/// Whether a member's change log of what came late has the object.
pub(crate) fn has_late_entry(connection: &Connection, object: i64, late: u32) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT count(*) > 0 FROM entry INDEXED BY entry_late
             WHERE object = ?1 AND collection = ?2 AND collection % 4 = 0",
        )?
        .query_row((object, late), |row| row.get(0))?)
}

/// Where the caller finds this object, if at all.
fn own_position(
    connection: &Connection,
    request: &PageRequest,
    at: &Head,
    row: &Row<'_>,
) -> Result<Option<i64>, StoreError> {
    let placements = placement::decode(blob(row, 8)?);
    for stream in &request.streams {
        let StreamRef::Collection(number) = *stream else { continue };
        if let Some(placed) = placements.iter().find(|placed| placed.collection == number) {
            return Ok(Some(placed.position));
        }
        if number % 4 == Shelf::Late as u32 {
            let late: Option<i64> = connection
                .prepare_cached(
                    "SELECT position FROM entry INDEXED BY entry_late
                     WHERE object = ?1 AND collection = ?2 AND collection % 4 = 0",
                )?
                .query_row((at.seq, number), |row| row.get(0))
                .optional()?;
            if late.is_some() {
                return Ok(late);
            }
        }
    }
    Ok(request.streams.iter().find_map(|stream| match *stream {
        StreamRef::Class { class, since } if class == at.class && at.position >= since => Some(at.position),
        _ => None,
    }))
}

fn advance(rows: &mut Rows<'_>) -> Result<Option<i64>, StoreError> {
    rows.advance()?;
    Ok(rows.get().map(|row| row.get(0)).transpose()?)
}
