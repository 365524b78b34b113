//! Reading single things, and the small encodings of columns.

use rempart_model::{
    Category, Country, Hint, Kind, LinkKind, Marking, Observable, Pap, Stance, StixId, Timestamp, Tlp,
};
use rusqlite::{Connection, Row};
use serde_json::{Value, json};

use super::intake::blob;
use super::{Sqlite, flag};
use crate::error::StoreError;
use crate::placement;
use crate::store::StoredObject;
use crate::types::{
    AssessmentRow, ClaimRow, ClassId, Counts, ObjectSeq, ObservableId, ObservableRow, OverrideRow, SourceId,
};

/// Most claims about one observable that are weighed; a source cannot make that quadratic.
pub(crate) const CLAIMS_WEIGHED: usize = 256;

const OBJECT: &str =
    "seq, type, uuid, version, class, source, position, flags, body, placements, hints, observables";

const OBSERVABLE: &str = "id, kind, value, probability, category, valid_until, next_change, override";

/// Versions of one id that are looked at for the sake of what refers to it.
const MOST_VERSIONS: usize = 64;

impl Sqlite {
    fn stored(&self, connection: &Connection, row: &Row<'_>) -> Result<StoredObject, StoreError> {
        let flags: i64 = row.get(7)?;
        let mut uuid = [0u8; 16];
        uuid.iter_mut().zip(blob(row, 2)?).for_each(|(to, from)| *to = *from);
        Ok(StoredObject {
            seq: ObjectSeq(row.get(0)?),
            id: StixId::new(&self.word_text(connection, row.get(1)?)?, uuid),
            version: Timestamp::from_micros(row.get(3)?),
            class: ClassId(row.get(4)?),
            source: SourceId(row.get(5)?),
            position: row.get(6)?,
            revoked: flags & flag::REVOKED != 0,
            foreign: flags & flag::FOREIGN != 0,
            superseded: flags & flag::SUPERSEDED != 0,
            body: blob(row, 8)?.to_vec(),
            placements: placement::decode(blob(row, 9)?),
            hints: row.get::<_, Option<String>>(10)?.map(|text| hints_from_text(&text)).unwrap_or_default(),
            observables: numbers_from_bytes(blob(row, 11)?).into_iter().map(ObservableId).collect(),
        })
    }

    pub(crate) fn objects_by_id(&self, id: &StixId) -> Result<Vec<StoredObject>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("SELECT {OBJECT} FROM object WHERE id_key = ?1 ORDER BY seq"))?;
            let mut rows = statement.query([self.key_of(id)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let object = self.stored(connection, row)?;
                if object.id == *id {
                    found.push(object);
                }
            }
            Ok(found)
        })
    }

    pub(crate) fn objects_by_key(&self, key: i64) -> Result<Vec<StoredObject>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {OBJECT} FROM object WHERE id_key = ?1 AND flags & {} = 0
                 ORDER BY version DESC, seq LIMIT {MOST_VERSIONS}",
                flag::FOREIGN
            ))?;
            let mut rows = statement.query([key])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(self.stored(connection, row)?);
            }
            Ok(found)
        })
    }

    pub(crate) fn objects(&self, seqs: &[ObjectSeq]) -> Result<Vec<StoredObject>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("SELECT {OBJECT} FROM object WHERE seq = ?1"))?;
            let mut found = Vec::with_capacity(seqs.len());
            for seq in seqs {
                let mut rows = statement.query([seq.0])?;
                if let Some(row) = rows.next()? {
                    found.push(self.stored(connection, row)?);
                }
            }
            Ok(found)
        })
    }

    pub(crate) fn objects_after(
        &self,
        after: ObjectSeq,
        limit: usize,
    ) -> Result<Vec<StoredObject>, StoreError> {
        self.after(&format!("SELECT {OBJECT} FROM object WHERE seq > ?1 ORDER BY seq LIMIT ?2"), after, limit)
    }

    pub(crate) fn context_after(
        &self,
        after: ObjectSeq,
        limit: usize,
    ) -> Result<Vec<StoredObject>, StoreError> {
        let query = format!(
            "SELECT {OBJECT} FROM object WHERE seq IN (SELECT seq FROM object INDEXED BY object_type
             WHERE type <> 1 AND seq > ?1 ORDER BY seq LIMIT ?2) ORDER BY seq"
        );
        self.after(&query, after, limit)
    }

    /// The objects of a query by number and count.
    fn after(&self, query: &str, after: ObjectSeq, limit: usize) -> Result<Vec<StoredObject>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(query)?;
            let mut rows = statement.query((after.0, i64::try_from(limit).unwrap_or(i64::MAX)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(self.stored(connection, row)?);
            }
            Ok(found)
        })
    }

    pub(crate) fn observable_row(
        &self,
        connection: &Connection,
        row: &Row<'_>,
    ) -> Result<ObservableRow, StoreError> {
        let kind = self.word_text(connection, row.get(1)?)?;
        let value: String = row.get(2)?;
        Ok(ObservableRow {
            id: ObservableId(row.get(0)?),
            observable: Observable::from_canonical(Kind::from_name(&kind), &value),
            assessment: AssessmentRow {
                probability: row.get::<_, u16>(3)? as f32 / 10_000.0,
                category: Category::from_code(row.get(4)?),
                valid_until: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_micros),
                next_change: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_micros),
            },
            override_: row.get::<_, Option<String>>(7)?.and_then(|text| override_from_text(&text)),
        })
    }

    pub(crate) fn observables(
        &self,
        wanted: &[Observable],
    ) -> Result<Vec<Option<ObservableRow>>, StoreError> {
        self.read(|connection| {
            wanted.iter().map(|observable| self.observable_within(connection, observable)).collect()
        })
    }

    pub(crate) fn observable_within(
        &self,
        connection: &Connection,
        wanted: &Observable,
    ) -> Result<Option<ObservableRow>, StoreError> {
        let key = crate::Store::hashed(self.secrets(), wanted);
        let mut statement =
            connection.prepare_cached(&format!("SELECT {OBSERVABLE} FROM observable WHERE hash = ?1"))?;
        let mut rows = statement.query([key])?;
        while let Some(row) = rows.next()? {
            let found = self.observable_row(connection, row)?;
            if found.observable == *wanted {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(crate) fn observable_by_number(
        &self,
        connection: &Connection,
        number: i64,
    ) -> Result<Option<ObservableRow>, StoreError> {
        let mut statement =
            connection.prepare_cached(&format!("SELECT {OBSERVABLE} FROM observable WHERE id = ?1"))?;
        let mut rows = statement.query([number])?;
        rows.next()?.map(|row| self.observable_row(connection, row)).transpose()
    }

    pub(crate) fn observables_by_number(
        &self,
        numbers: &[ObservableId],
    ) -> Result<Vec<ObservableRow>, StoreError> {
        self.read(|connection| {
            let mut found = Vec::with_capacity(numbers.len());
            for number in numbers {
                found.extend(self.observable_by_number(connection, number.0)?);
            }
            Ok(found)
        })
    }

    pub(crate) fn observables_after(
        &self,
        after: ObservableId,
        limit: usize,
    ) -> Result<Vec<ObservableRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {OBSERVABLE} FROM observable WHERE id > ?1 ORDER BY id LIMIT ?2"
            ))?;
            let mut rows = statement.query((after.0, i64::try_from(limit).unwrap_or(i64::MAX)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(self.observable_row(connection, row)?);
            }
            Ok(found)
        })
    }

    pub(crate) fn claims(&self, observable: ObservableId) -> Result<Vec<ClaimRow>, StoreError> {
        self.read(|connection| claims_within(connection, observable.0))
    }

    pub(crate) fn counts(&self) -> Result<Counts, StoreError> {
        self.read(|connection| {
            let one = |query: &str| -> Result<u64, StoreError> {
                Ok(connection.query_row(query, [], |row| row.get::<_, Option<u64>>(0))?.unwrap_or(0))
            };
            Ok(Counts {
                objects: one("SELECT count(*) FROM object")?,
                observables: one("SELECT count(*) FROM observable")?,
                ledger: self.ledger_size(),
                bytes: one("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")?,
            })
        })
    }

    pub(crate) fn definitions(&self, keys: &[i64]) -> Result<Vec<(i64, SourceId, Marking)>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT source, marking FROM definition WHERE id_key = ?1")?;
            let mut found = Vec::new();
            for key in keys {
                let mut rows = statement.query([key])?;
                while let Some(row) = rows.next()? {
                    let text: String = row.get(1)?;
                    found.push((*key, SourceId(row.get(0)?), marking_from_text(&text)));
                }
            }
            Ok(found)
        })
    }

    pub(crate) fn waiting_for(&self, definitions: &[i64]) -> Result<Vec<ObjectSeq>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT object FROM unresolved WHERE definition = ?1")?;
            let mut found = Vec::new();
            for definition in definitions {
                let rows = statement.query_map([definition], |row| Ok(ObjectSeq(row.get(0)?)))?;
                for row in rows {
                    found.push(row?);
                }
            }
            found.sort_unstable();
            found.dedup();
            Ok(found)
        })
    }

    pub(crate) fn links_of(
        &self,
        object: ObjectSeq,
    ) -> Result<Vec<(i64, LinkKind, i64, ObjectSeq)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT from_key, kind, to_key, object FROM link INDEXED BY link_object WHERE object = ?1",
            )?;
            let mut rows = statement.query([object.0])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(link(row)?);
            }
            Ok(found)
        })
    }

    pub(crate) fn last_object(&self) -> Result<ObjectSeq, StoreError> {
        self.read(|connection| {
            let next =
                super::intake::next(connection, "SELECT max(seq) FROM object", super::intake::NEXT_OBJECT)?;
            Ok(ObjectSeq(next - 1))
        })
    }

    pub(crate) fn links(&self, keys: &[i64]) -> Result<Vec<(i64, LinkKind, i64, ObjectSeq)>, StoreError> {
        self.read(|connection| {
            let mut found = Vec::new();
            for query in [
                "SELECT from_key, kind, to_key, object FROM link WHERE from_key = ?1 LIMIT 10000",
                "SELECT from_key, kind, to_key, object FROM link WHERE to_key = ?1 LIMIT 10000",
            ] {
                let mut statement = connection.prepare_cached(query)?;
                for key in keys {
                    let mut rows = statement.query([key])?;
                    while let Some(row) = rows.next()? {
                        found.push(link(row)?);
                    }
                }
            }
            Ok(found)
        })
    }
}

fn link(row: &Row<'_>) -> Result<(i64, LinkKind, i64, ObjectSeq), StoreError> {
    let kind = match row.get::<_, u8>(1)? {
        0 => LinkKind::Targets,
        1 => LinkKind::Indicates,
        2 => LinkKind::LocatedAt,
        3 => LinkKind::SightingOf,
        _ => LinkKind::FalsePositiveOf,
    };
    Ok((row.get(0)?, kind, row.get(2)?, ObjectSeq(row.get(3)?)))
}

/// The claims about an observable that are weighed, newest first.
pub(crate) fn claims_within(connection: &Connection, observable: i64) -> Result<Vec<ClaimRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT c.object, o.class, c.source, c.stance, c.category, c.confidence, c.received, c.valid_from,
                c.valid_until, c.last_seen, o.type = (SELECT id FROM word WHERE text = 'sighting')
         FROM claim c JOIN object o ON o.seq = c.object WHERE c.observable = ?1 ORDER BY c.object DESC LIMIT ?2",
    )?;
    let mut rows = statement.query((observable, CLAIMS_WEIGHED))?;
    let mut claims = Vec::new();
    while let Some(row) = rows.next()? {
        let time = |column: usize| -> Result<Option<Timestamp>, StoreError> {
            Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
        };
        claims.push(ClaimRow {
            object: ObjectSeq(row.get(0)?),
            class: ClassId(row.get(1)?),
            source: SourceId(row.get(2)?),
            stance: Stance::from_code(row.get(3)?),
            category: Category::from_code(row.get(4)?),
            confidence: row.get(5)?,
            received: Timestamp::from_micros(row.get(6)?),
            valid_from: time(7)?,
            valid_until: time(8)?,
            last_seen: time(9)?,
            attached: row.get::<_, Option<bool>>(10)?.unwrap_or(false),
        });
    }
    Ok(claims)
}

/// Numbers as bytes: LEB128, one after the other.
pub(crate) fn numbers_to_bytes(numbers: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.len() * 4);
    for number in numbers {
        let mut rest = number.cast_unsigned();
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

/// Reads [`numbers_to_bytes`].
pub(crate) fn numbers_from_bytes(bytes: &[u8]) -> Vec<i64> {
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0u64, 0u32);
    for byte in bytes {
        number |= u64::from(byte & 0x7f) << shift.min(63);
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(number.cast_signed());
            (number, shift) = (0, 0);
        }
    }
    numbers
}

/// Hints as text: a JSON array of pairs.
pub(crate) fn hints_to_text(hints: &[Hint]) -> String {
    let list: Vec<Value> = hints
        .iter()
        .map(|hint| match hint {
            Hint::InCountry(country) => json!(["in", country.as_str()]),
            Hint::TargetsCountry(country) => json!(["country", country.as_str()]),
            Hint::TargetsName(name) => json!(["name", &**name]),
        })
        .collect();
    Value::Array(list).to_string()
}

fn hints_from_text(text: &str) -> Vec<Hint> {
    let list: Vec<(String, String)> = serde_json::from_str(text).unwrap_or_default();
    list.into_iter()
        .filter_map(|(kind, value)| match kind.as_str() {
            "in" => Country::new(&value).map(Hint::InCountry),
            "country" => Country::new(&value).map(Hint::TargetsCountry),
            _ => Some(Hint::TargetsName(value.into())),
        })
        .collect()
}

/// A marking as text: a JSON object.
pub(crate) fn marking_to_text(marking: &Marking) -> String {
    json!({
        "tlp": marking.tlp.map(|tlp| tlp as u8),
        "pap": marking.pap.map(|pap| pap as u8),
        "recipients": marking.recipients.as_ref().map(|names| names.iter().map(|name| name.to_string()).collect::<Vec<_>>()),
        "unresolved": marking.unresolved.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "unknown": marking.unknown,
    })
    .to_string()
}

/// Reads [`marking_to_text`]; what cannot be read is an unknown marking.
pub(crate) fn marking_from_text(text: &str) -> Marking {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return Marking { unknown: true, ..Marking::default() };
    };
    let code = |name: &str| {
        value.get(name).and_then(Value::as_u64).map(|code| u8::try_from(code).unwrap_or(u8::MAX))
    };
    let words = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>())
    };
    Marking {
        tlp: code("tlp").map(Tlp::from_code),
        pap: code("pap").map(Pap::from_code),
        recipients: words("recipients").map(|names| names.into_iter().map(Into::into).collect()),
        unresolved: words("unresolved")
            .unwrap_or_default()
            .into_iter()
            .filter_map(|id| StixId::parse(id).ok())
            .collect(),
        unknown: value.get("unknown").and_then(Value::as_bool).unwrap_or(true),
    }
}

pub(crate) fn override_to_text(decision: &OverrideRow) -> String {
    json!({
        "malicious": decision.malicious, "reason": decision.reason, "by": decision.by,
        "at": decision.at.micros(),
    })
    .to_string()
}

fn override_from_text(text: &str) -> Option<OverrideRow> {
    let value: Value = serde_json::from_str(text).ok()?;
    Some(OverrideRow {
        malicious: value.get("malicious")?.as_bool()?,
        reason: value.get("reason")?.as_str()?.to_owned(),
        by: value.get("by")?.as_str()?.to_owned(),
        at: Timestamp::from_micros(value.get("at")?.as_i64()?),
    })
}
