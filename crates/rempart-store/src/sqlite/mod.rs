//! The embedded adapter: one writing connection, several reading ones, write-ahead log.

mod blocks;
mod changes;
mod connect;
mod intake;
mod ledger;
mod lifecycle;
mod models;
mod page;
mod people;
mod read;
mod schema;
mod visibility;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use foldhash::HashMap;
use rempart_model::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::StoreError;
use crate::merkle::Frontier;
use crate::positions::{Positions, Stream};
use crate::store::Secrets;
use crate::types::EntryKind;

/// Flags of an object row.
pub(crate) mod flag {
    /// A newer version of the id is there.
    pub(crate) const SUPERSEDED: i64 = 1;
    /// Another source had an object with the id before.
    pub(crate) const SHADOWED: i64 = 2;
    /// `revoked`.
    pub(crate) const REVOKED: i64 = 4;
    /// Some members found it late: their place is among its placements.
    pub(crate) const LATE: i64 = 8;
    /// Minted by Rempart.
    pub(crate) const MINTED: i64 = 16;
    /// Came as STIX 2.0; the bytes are in `original`.
    pub(crate) const ORIGINAL: i64 = 32;
    /// Kept, not served: the id is another source's.
    pub(crate) const FOREIGN: i64 = 64;
}

/// The embedded store.
pub struct Sqlite {
    path: PathBuf,
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
    words: RwLock<Words>,
    secrets: Secrets,
    public_key: Vec<u8>,
    last_position: AtomicI64,
    ledger_size: AtomicU64,
}

#[derive(Default)]
struct Words {
    by_text: HashMap<Arc<str>, i64>,
    by_id: HashMap<i64, Arc<str>>,
}

struct Writer {
    connection: Connection,
    frontier: Frontier,
    last_position: i64,
    signer: Ed25519KeyPair,
    seed: u64,
}

/// What a write transaction has at hand; committed as a whole.
pub(crate) struct Change<'a> {
    pub(crate) sql: &'a rusqlite::Transaction<'a>,
    pub(crate) positions: Positions<'a>,
    frontier: Frontier,
    first: u64,
    entries: Vec<u8>,
    pub(crate) now: Timestamp,
    /// The commit's position in the change log of observables, once it has one.
    turn: Option<i64>,
}

impl Change<'_> {
    /// Writes an entry into the ledger.
    pub(crate) fn log(&mut self, kind: EntryKind, subject: i64, content: &[u8; 32]) {
        let start = self.entries.len();
        self.entries.push(kind as u8);
        self.entries.extend_from_slice(&subject.to_be_bytes());
        self.entries.extend_from_slice(content);
        let entry = self.entries.get(start..).unwrap_or_default();
        self.frontier.push(entry);
    }

    /// Writes an event (with its payload) into the ledger.
    pub(crate) fn event(&mut self, payload: &str) -> Result<(), StoreError> {
        let mut salt = [0u8; 16];
        SystemRandom::new().fill(&mut salt).map_err(|_| no_randomness())?;
        let seq = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX);
        self.sql.prepare_cached("INSERT INTO event (seq, salt, payload) VALUES (?1, ?2, ?3)")?.execute((
            seq,
            salt.as_slice(),
            payload,
        ))?;
        self.log(EntryKind::Event, seq, &crate::content_hash(&salt, payload.as_bytes()));
        Ok(())
    }

    /// Number of entries in the ledger, with those of this change.
    pub(crate) fn ledger_size(&self) -> u64 {
        self.frontier.size()
    }

    /// The commit's position in the change log of observables.
    pub(crate) fn turn(&mut self) -> i64 {
        let turn = self.turn.unwrap_or_else(|| self.positions.next(Stream::Observables));
        self.turn = Some(turn);
        turn
    }

    /// The next position of a stream.
    pub(crate) fn position(&mut self, stream: Stream) -> i64 {
        self.positions.next(stream)
    }
}

pub(crate) fn no_randomness() -> StoreError {
    StoreError::Unavailable("the operating system gives no random numbers".into())
}

/// How many bytes of the write-ahead log are written before they are moved into the database.
const CHECKPOINT_PAGES: u32 = 16_384;

fn configure(connection: &Connection, writer: bool) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(1024);
    // Plans do not depend on the values that are bound, so that no statement is prepared anew at each use.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if writer {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // FULL: what was acknowledged survives a power failure, not only the death of the process.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "cache_size", -131_072)?;
        connection.pragma_update(None, "journal_size_limit", 256 << 20)?;
    } else {
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -16_384)?;
    }
    Ok(())
}

impl Sqlite {
    /// Opens or makes the store in `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join("rempart.sqlite");
        let mut connection = Connection::open(&path)?;
        let fresh: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if fresh == 0 {
            // Larger pages fit a few objects each; it can only be set before the first table is made.
            connection.pragma_update(None, "page_size", 8192)?;
        }
        configure(&connection, true)?;
        schema::migrate(&mut connection)?;
        let random = SystemRandom::new();
        let secrets = Secrets {
            lookup: secret(&connection, &random, "secret.lookup")?,
            mint: secret(&connection, &random, "secret.mint")?,
            token: secret(&connection, &random, "secret.token")?,
        };
        let signer = signer(&connection, &random)?;
        let public_key = signer.public_key().as_ref().to_vec();
        let frontier = match meta(&connection, "ledger.frontier")? {
            None => Frontier::default(),
            Some(bytes) => Frontier::from_bytes(&bytes).ok_or_else(|| {
                StoreError::Invalid("the ledger's head is damaged; restore a backup".into())
            })?,
        };
        let last_position = match meta(&connection, "last.position")? {
            Some(bytes) => bytes.try_into().map(i64::from_be_bytes).unwrap_or(0),
            None => 0,
        };
        let mut words = Words::default();
        {
            let mut statement = connection.prepare("SELECT id, text FROM word")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let text: Arc<str> = row.get::<_, String>(1)?.into();
                words.by_text.insert(text.clone(), row.get(0)?);
                words.by_id.insert(row.get(0)?, text);
            }
        }
        let mut seed = [0u8; 8];
        random.fill(&mut seed).map_err(|_| no_randomness())?;
        let ledger_size = AtomicU64::new(frontier.size());
        Ok(Self {
            path,
            writer: Mutex::new(Writer {
                connection,
                frontier,
                last_position,
                signer,
                seed: u64::from_be_bytes(seed) | 1,
            }),
            readers: Mutex::new(Vec::new()),
            words: RwLock::new(words),
            secrets,
            public_key,
            last_position: AtomicI64::new(last_position),
            ledger_size,
        })
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.public_key.clone()
    }

    pub(crate) fn last_position(&self) -> i64 {
        self.last_position.load(Ordering::Acquire)
    }

    pub(crate) fn ledger_size(&self) -> u64 {
        self.ledger_size.load(Ordering::Acquire)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic elsewhere cannot leave the connection half-way: a dropped transaction rolls back.
        self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Runs one write transaction; nothing of it is there unless it commits, and when this returns
    /// it is on the disk.
    pub(crate) fn write<T>(
        &self,
        actor: &str,
        now: Timestamp,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        commit(self, &mut self.writer(), actor, now, work)
    }

    /// The same for what may be lost with the power (not with the process): counters, cursors of what
    /// can be done again, receipts. The next [`Sqlite::write`] brings it to the disk as well.
    pub(crate) fn write_lightly<T>(
        &self,
        actor: &str,
        now: Timestamp,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer();
        writer.connection.pragma_update(None, "synchronous", "NORMAL")?;
        let result = commit(self, &mut writer, actor, now, work);
        writer.connection.pragma_update(None, "synchronous", "FULL")?;
        result
    }

    /// Runs a read on one of the reading connections, in one snapshot.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let pooled = self.readers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => {
                let connection = Connection::open_with_flags(
                    &self.path,
                    rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )?;
                configure(&connection, false)?;
                connection
            }
        };
        let result = work(&connection);
        let mut readers = self.readers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if readers.len() < 16 {
            readers.push(connection);
        }
        result
    }

    /// The number of a word, made where it is new.
    pub(crate) fn word(&self, change: &Change<'_>, text: &str) -> Result<i64, StoreError> {
        if let Some(id) = self.known_word(text) {
            return Ok(id);
        }
        change.sql.execute("INSERT OR IGNORE INTO word (text) VALUES (?1)", [text])?;
        let id = change.sql.query_row("SELECT id FROM word WHERE text = ?1", [text], |row| row.get(0))?;
        // If the transaction does not commit, the number may be given to another word: it is
        // remembered only by readers that find it in a committed row, so forget it on failure.
        Ok(id)
    }

    /// The number of a word that is known to be committed.
    pub(crate) fn known_word(&self, text: &str) -> Option<i64> {
        self.words.read().unwrap_or_else(std::sync::PoisonError::into_inner).by_text.get(text).copied()
    }

    /// The word of a number.
    pub(crate) fn word_text(&self, connection: &Connection, id: i64) -> Result<Arc<str>, StoreError> {
        if let Some(text) =
            self.words.read().unwrap_or_else(std::sync::PoisonError::into_inner).by_id.get(&id).cloned()
        {
            return Ok(text);
        }
        let text: String =
            connection.query_row("SELECT text FROM word WHERE id = ?1", [id], |row| row.get(0))?;
        Ok(text.into())
    }

    /// Takes over the words that a committed transaction made.
    pub(crate) fn learn_words(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut words = self.words.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut statement = connection.prepare_cached("SELECT id, text FROM word")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text: Arc<str> = row.get::<_, String>(1)?.into();
            words.by_text.insert(text.clone(), row.get(0)?);
            words.by_id.insert(row.get(0)?, text);
        }
        Ok(())
    }

    pub(crate) fn ready(&self) -> Result<(), StoreError> {
        self.read(|connection| {
            connection.query_row("SELECT 1", [], |_| Ok(()))?;
            Ok(())
        })
    }
}

fn commit<T>(
    store: &Sqlite,
    writer: &mut Writer,
    actor: &str,
    now: Timestamp,
    work: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = writer.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut seed = writer.seed;
    let mut random = || {
        // xorshift64: gaps only have to look alike, they protect no key.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed >> 11
    };
    let mut change = Change {
        sql: &transaction,
        positions: Positions::new(now.micros(), writer.last_position, &mut random),
        first: writer.frontier.size(),
        frontier: writer.frontier.clone(),
        entries: Vec::new(),
        now,
        turn: None,
    };
    let result = work(&mut change)?;
    let Change { positions, frontier, first, entries, .. } = change;
    let last_position = positions.last();
    if frontier.size() > first {
        let root = frontier.root();
        let mut statement = frontier.size().to_be_bytes().to_vec();
        statement.extend_from_slice(&now.micros().to_be_bytes());
        statement.extend_from_slice(&root);
        let signature = writer.signer.sign(&statement);
        transaction
            .prepare_cached(
                "INSERT INTO ledger (first, count, at, actor, entries, head, signature)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                i64::try_from(first).unwrap_or(i64::MAX),
                i64::try_from(frontier.size() - first).unwrap_or(i64::MAX),
                now.micros(),
                actor,
                &entries,
                root.as_slice(),
                signature.as_ref(),
            ))?;
        set_meta(&transaction, "ledger.frontier", &frontier.to_bytes())?;
    }
    if last_position > writer.last_position {
        set_meta(&transaction, "last.position", &last_position.to_be_bytes())?;
    }
    transaction.commit()?;
    writer.seed = seed | 1;
    writer.frontier = frontier;
    writer.last_position = writer.last_position.max(last_position);
    store.last_position.store(writer.last_position, Ordering::Release);
    store.ledger_size.store(writer.frontier.size(), Ordering::Release);
    Ok(result)
}

pub(crate) fn meta(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

pub(crate) fn set_meta(connection: &Connection, key: &str, value: &[u8]) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
        )?
        .execute((key, value))?;
    Ok(())
}

fn secret(connection: &Connection, random: &SystemRandom, key: &str) -> Result<[u8; 32], StoreError> {
    if let Some(bytes) = meta(connection, key)? {
        return bytes
            .try_into()
            .map_err(|_| StoreError::Invalid(format!("{key} is damaged; restore a backup")));
    }
    let mut bytes = [0u8; 32];
    random.fill(&mut bytes).map_err(|_| no_randomness())?;
    set_meta(connection, key, &bytes)?;
    Ok(bytes)
}

fn signer(connection: &Connection, random: &SystemRandom) -> Result<Ed25519KeyPair, StoreError> {
    let document = match meta(connection, "secret.signer")? {
        Some(document) => document,
        None => {
            let document =
                Ed25519KeyPair::generate_pkcs8(random).map_err(|_| no_randomness())?.as_ref().to_vec();
            set_meta(connection, "secret.signer", &document)?;
            document
        }
    };
    Ed25519KeyPair::from_pkcs8(&document)
        .map_err(|_| StoreError::Invalid("the key that signs the ledger is damaged; restore a backup".into()))
}
