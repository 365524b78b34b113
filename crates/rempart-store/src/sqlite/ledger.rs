//! Reading and checking the ledger, and followers' cursors.

use rempart_model::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};
use rusqlite::{Connection, OptionalExtension};

use super::Sqlite;
use super::intake::blob;
use crate::error::StoreError;
use crate::merkle::{Frontier, Hash};
use crate::types::{EntryKind, LedgerEntry, Verification};

/// Bytes of one entry: what happened, to what, the salted hash of the content.
const ENTRY: usize = 1 + 8 + 32;

/// Most faults that are listed; one is enough to know.
const MAX_FAULTS: usize = 100;

fn decode_entry(bytes: &[u8; ENTRY]) -> Option<(EntryKind, i64, Hash)> {
    let (kind, rest) = bytes.split_first()?;
    let (subject, content) = rest.split_first_chunk::<8>()?;
    Some((EntryKind::from_code(*kind)?, i64::from_be_bytes(*subject), content.try_into().ok()?))
}

impl Sqlite {
    pub(crate) fn ledger(&self, from: u64, limit: usize) -> Result<Vec<LedgerEntry>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT first, at, actor, entries FROM ledger
                 WHERE first >= coalesce((SELECT max(first) FROM ledger WHERE first <= ?1), 0) ORDER BY first",
            )?;
            let mut rows = statement.query([i64::try_from(from).unwrap_or(i64::MAX)])?;
            let mut entries = Vec::new();
            while entries.len() < limit
                && let Some(row) = rows.next()?
            {
                let first: u64 = row.get(0)?;
                let at = Timestamp::from_micros(row.get(1)?);
                let actor: String = row.get(2)?;
                let (list, _) = blob(row, 3)?.as_chunks::<ENTRY>();
                for (seq, bytes) in (first..).zip(list) {
                    if seq >= from
                        && let Some((kind, subject, content)) = decode_entry(bytes)
                    {
                        entries.push(LedgerEntry { seq, kind, subject, content, at, actor: actor.clone() });
                    }
                }
            }
            Ok(entries)
        })
    }

    pub(crate) fn cursor(&self, follower: &str) -> Result<u64, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT cursor FROM follower WHERE name = ?1")?
                .query_row([follower], |row| row.get(0))
                .optional()?
                .unwrap_or(0))
        })
    }

    pub(crate) fn set_cursor(&self, follower: &str, cursor: u64) -> Result<(), StoreError> {
        self.write_lightly(follower, Timestamp::MIN, |change| {
            change
                .sql
                .prepare_cached(
                    "INSERT INTO follower (name, cursor) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET cursor = ?2",
                )?
                .execute((follower, i64::try_from(cursor).unwrap_or(i64::MAX)))?;
            Ok(())
        })
    }

    pub(crate) fn record_event(&self, actor: &str, payload: &str, now: Timestamp) -> Result<u64, StoreError> {
        self.write(actor, now, |change| {
            change.event(payload)?;
            Ok(change.ledger_size())
        })
    }

    pub(crate) fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verification, StoreError> {
        self.read(|connection| {
            // One snapshot for all of it, whatever is written meanwhile.
            let snapshot = connection.unchecked_transaction()?;
            let verification = self.verify_within(&snapshot, progress)?;
            snapshot.finish()?;
            Ok(verification)
        })
    }

    fn verify_within(
        &self,
        connection: &Connection,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Verification, StoreError> {
        let total: u64 = connection
            .query_row("SELECT max(first + count) FROM ledger", [], |row| row.get::<_, Option<u64>>(0))?
            .unwrap_or(0);
        let mut found = Verification::default();
        let mut frontier = Frontier::default();
        let mut missing: foldhash::HashMap<i64, u64> = foldhash::HashMap::default();
        let key = UnparsedPublicKey::new(&ED25519, self.public_key());
        let mut pages = connection
            .prepare("SELECT first, count, at, entries, head, signature FROM ledger ORDER BY first")?;
        let mut rows = pages.query([])?;
        let fault = |found: &mut Verification, text: String| {
            if found.faults.len() < MAX_FAULTS {
                found.faults.push(text);
            }
        };
        while let Some(row) = rows.next()? {
            let first: u64 = row.get(0)?;
            let count: u64 = row.get(1)?;
            let (entries, rest) = blob(row, 3)?.as_chunks::<ENTRY>();
            if first != frontier.size() || count != entries.len() as u64 || !rest.is_empty() {
                fault(&mut found, format!("entries {} to {first} are missing or doubled", frontier.size()));
            }
            for (seq, bytes) in (first..).zip(entries) {
                frontier.push(bytes);
                found.entries += 1;
                let Some((kind, subject, content)) = decode_entry(bytes) else {
                    fault(&mut found, format!("entry {seq} is of an unknown kind"));
                    continue;
                };
                match kind {
                    EntryKind::ObjectAdded | EntryKind::ContextAdded | EntryKind::ConflictKept => {
                        match content_of(connection, "SELECT salt, body FROM object WHERE seq = ?1", subject)?
                        {
                            Some(hash) if hash == content => found.objects += 1,
                            Some(_) => fault(
                                &mut found,
                                format!("object {subject} is not what entry {seq} says came in"),
                            ),
                            None => {
                                missing.insert(subject, seq);
                            }
                        }
                    }
                    EntryKind::ObjectDeleted => {
                        if missing.remove(&subject).is_some() {
                            found.erased += 1;
                        }
                    }
                    EntryKind::Event => {
                        let hash = content_of(
                            connection,
                            "SELECT salt, payload FROM event WHERE seq = ?1",
                            subject,
                        )?;
                        if hash != Some(content) {
                            fault(&mut found, format!("the event of entry {seq} is missing or was changed"));
                        }
                    }
                    EntryKind::ObjectExpired | EntryKind::ObjectReleased | EntryKind::ReferencesChanged => {}
                }
            }
            let head = frontier.root();
            if blob(row, 4)? != head {
                fault(&mut found, format!("the tree head after entry {} does not agree", frontier.size()));
            }
            let mut statement = frontier.size().to_be_bytes().to_vec();
            statement.extend_from_slice(&row.get::<_, i64>(2)?.to_be_bytes());
            statement.extend_from_slice(&head);
            if key.verify(&statement, blob(row, 5)?).is_err() {
                fault(&mut found, format!("the signature after entry {} does not hold", frontier.size()));
            }
            progress(found.entries, total);
        }
        for (subject, seq) in missing {
            fault(
                &mut found,
                format!("object {subject} of entry {seq} is gone without an entry that says so"),
            );
        }
        if super::meta(connection, "ledger.frontier")?.unwrap_or_else(|| Frontier::default().to_bytes())
            != frontier.to_bytes()
        {
            fault(&mut found, "the ledger does not end where its head says".into());
        }
        let stored: u64 = connection.query_row("SELECT count(*) FROM object", [], |row| row.get(0))?;
        if stored != found.objects {
            let known = found.objects;
            fault(&mut found, format!("{stored} objects are stored, {known} are in the ledger"));
        }
        found.head = frontier.root();
        Ok(found)
    }
}

fn content_of(connection: &Connection, query: &str, subject: i64) -> Result<Option<Hash>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([subject])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(crate::salted(blob(row, 0)?, &crate::merkle::sha256(&[blob(row, 1)?]))))
}
