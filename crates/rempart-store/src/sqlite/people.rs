//! People, members, keys, sources and statuses.

use rempart_model::member::Constituency;
use rempart_model::{Country, Member, MemberId, MemberKind, Reliability, Timestamp, Tlp};
use rusqlite::{OptionalExtension, Row};
use serde_json::{Value, json};

use super::Sqlite;
use crate::error::StoreError;
use crate::types::{AccessKey, KeyOwner, Person, PersonId, Role, Scopes, Source, SourceId};

const MINUTE: i64 = 60_000_000;

impl Sqlite {
    pub(crate) fn add_person(
        &self,
        actor: &str,
        name: &str,
        role: Role,
        uid: Option<u32>,
        now: Timestamp,
    ) -> Result<PersonId, StoreError> {
        self.write(actor, now, |change| {
            let taken: i64 = change.sql.query_row(
                "SELECT count(*) FROM person WHERE name = ?1 OR (uid = ?2 AND ?2 IS NOT NULL)",
                (name, uid),
                |row| row.get(0),
            )?;
            if taken > 0 {
                return Err(StoreError::Conflict(format!(
                    "there is a person named {name}, or with that user, already"
                )));
            }
            change.sql.execute(
                "INSERT INTO person (name, role, uid, since) VALUES (?1, ?2, ?3, ?4)",
                (name, role as u8, uid, now.micros()),
            )?;
            let id = PersonId(change.sql.query_row("SELECT last_insert_rowid()", [], |row| row.get(0))?);
            change
                .event(&json!({"event": "person added", "person": name, "role": role.name()}).to_string())?;
            Ok(id)
        })
    }

    pub(crate) fn people(&self) -> Result<Vec<Person>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, role, uid FROM person WHERE disabled IS NULL ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Person {
                    id: PersonId(row.get(0)?),
                    name: row.get(1)?,
                    role: Role::ALL
                        .get(usize::from(row.get::<_, u8>(2)?))
                        .map_or(Role::Reader, |(role, _)| *role),
                    uid: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn add_member(
        &self,
        actor: &str,
        member: &Member,
        now: Timestamp,
    ) -> Result<MemberId, StoreError> {
        self.write(actor, now, |change| {
            let taken: i64 = change.sql.query_row(
                "SELECT count(*) FROM member WHERE name = ?1",
                [&*member.name],
                |row| row.get(0),
            )?;
            if taken > 0 {
                return Err(StoreError::Conflict(format!("there is a member named {} already", member.name)));
            }
            change.sql.execute(
                "INSERT INTO member (name, since, body) VALUES (?1, ?2, ?3)",
                (&*member.name, now.micros(), member_to_text(member)),
            )?;
            let id = MemberId(change.sql.query_row("SELECT last_insert_rowid()", [], |row| row.get(0))?);
            change.event(
                &json!({"event": "member added", "member": &*member.name, "country": member.country.as_str(),
                    "clearance": member.clearance.name()})
                .to_string(),
            )?;
            Ok(id)
        })
    }

    pub(crate) fn update_member(
        &self,
        actor: &str,
        member: &Member,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(actor, now, |change| {
            let changed = change.sql.execute(
                "UPDATE member SET body = ?2 WHERE id = ?1 AND left_at IS NULL",
                (member.id.0, member_to_text(member)),
            )?;
            if changed == 0 {
                return Err(StoreError::Invalid(format!("there is no member named {}", member.name)));
            }
            change.event(
                &json!({"event": "member changed", "member": &*member.name, "clearance": member.clearance.name()})
                    .to_string(),
            )
        })
    }

    pub(crate) fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, since, body FROM member WHERE left_at IS NULL ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok((
                    row.get::<_, u32>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, String>(3)?,
                ))
            })?;
            let mut members = Vec::new();
            for row in rows {
                let (id, name, since, body) = row?;
                members.push(member_from_text(id, &name, since, &body).ok_or_else(|| {
                    StoreError::Invalid(format!("what is stored of the member {name} is damaged"))
                })?);
            }
            Ok(members)
        })
    }

    pub(crate) fn add_key(
        &self,
        actor: &str,
        hash: &[u8; 32],
        owner: KeyOwner,
        scopes: Scopes,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let (person, member) = match owner {
            KeyOwner::Person(PersonId(id)) => (Some(id), None),
            KeyOwner::Member(MemberId(id)) => (None, Some(id)),
        };
        self.write(actor, now, |change| {
            change.sql.execute(
                "INSERT INTO access_key (hash, person, member, scopes, created, expires)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (hash.as_slice(), person, member, scopes.0, now.micros(), expires.map(Timestamp::micros)),
            )?;
            let id: u32 = change.sql.query_row("SELECT last_insert_rowid()", [], |row| row.get(0))?;
            change.event(
                &json!({"event": "key created", "key": id, "person": person, "member": member}).to_string(),
            )?;
            Ok(id)
        })
    }

    pub(crate) fn key(&self, hash: &[u8; 32]) -> Result<Option<AccessKey>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT id, person, member, scopes, created, expires, revoked FROM access_key WHERE hash = ?1",
                )?
                .query_row([hash.as_slice()], access_key)
                .optional()?
                .flatten())
        })
    }

    pub(crate) fn keys(&self) -> Result<Vec<AccessKey>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, person, member, scopes, created, expires, revoked FROM access_key ORDER BY id",
            )?;
            let rows = statement.query_map([], access_key)?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
    }

    pub(crate) fn revoke_key(&self, actor: &str, id: u32, now: Timestamp) -> Result<bool, StoreError> {
        self.write(actor, now, |change| {
            let changed = change.sql.execute(
                "UPDATE access_key SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL",
                (id, now.micros()),
            )?;
            if changed > 0 {
                change.event(&json!({"event": "key revoked", "key": id}).to_string())?;
            }
            Ok(changed > 0)
        })
    }

    pub(crate) fn failed_attempt(&self, origin: &str, now: Timestamp) -> Result<u32, StoreError> {
        let minute = now.micros() / MINUTE;
        self.write_lightly("rempart", now, |change| {
            change.sql.prepare_cached("DELETE FROM failed_attempt WHERE since < ?1")?.execute([minute])?;
            Ok(change
                .sql
                .prepare_cached(
                    "INSERT INTO failed_attempt (origin, count, since) VALUES (?1, 1, ?2)
                     ON CONFLICT (origin) DO UPDATE SET count = count + 1 RETURNING count",
                )?
                .query_row((origin, minute), |row| row.get(0))?)
        })
    }

    pub(crate) fn failed_attempts(&self, origin: &str, now: Timestamp) -> Result<u32, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT count FROM failed_attempt WHERE origin = ?1 AND since = ?2")?
                .query_row((origin, now.micros() / MINUTE), |row| row.get(0))
                .optional()?
                .unwrap_or(0))
        })
    }

    pub(crate) fn put_source(
        &self,
        actor: &str,
        source: &Source,
        now: Timestamp,
    ) -> Result<SourceId, StoreError> {
        self.write(actor, now, |change| {
            let id = change.sql.query_row(
                "INSERT INTO source (name, member, body) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET body = ?3 RETURNING id",
                (&source.name, source.member.map(|member| member.0), source_to_text(source)),
                |row| row.get(0),
            )?;
            change.event(
                &json!({"event": "source set", "source": source.name, "settings": source_to_text(source)})
                    .to_string(),
            )?;
            Ok(SourceId(id))
        })
    }

    pub(crate) fn sources(&self) -> Result<Vec<Source>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, name, member, body FROM source ORDER BY id")?;
            let rows = statement.query_map([], |row| {
                Ok(source_from_text(row.get(0)?, row.get(1)?, row.get(2)?, &row.get::<_, String>(3)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    pub(crate) fn put_status(
        &self,
        id: &[u8; 16],
        owner: &str,
        body: &str,
        now: Timestamp,
        keep_from: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_lightly(owner, now, |change| {
            change
                .sql
                .prepare_cached("DELETE FROM status WHERE created < ?1")?
                .execute([keep_from.micros()])?;
            change
                .sql
                .prepare_cached(
                    "INSERT OR REPLACE INTO status (id, owner, created, body) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((id.as_slice(), owner, now.micros(), body))?;
            Ok(())
        })
    }

    pub(crate) fn status(&self, id: &[u8; 16], owner: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT body FROM status WHERE id = ?1 AND owner = ?2")?
                .query_row((id.as_slice(), owner), |row| row.get(0))
                .optional()?)
        })
    }
}

fn access_key(row: &Row<'_>) -> rusqlite::Result<Option<AccessKey>> {
    let time = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
    };
    let owner = match (row.get::<_, Option<u32>>(1)?, row.get::<_, Option<u32>>(2)?) {
        (Some(person), None) => KeyOwner::Person(PersonId(person)),
        (None, Some(member)) => KeyOwner::Member(MemberId(member)),
        _ => return Ok(None),
    };
    Ok(Some(AccessKey {
        id: row.get(0)?,
        owner,
        scopes: Scopes(row.get(3)?),
        created: Timestamp::from_micros(row.get(4)?),
        expires: time(5)?,
        revoked: time(6)?,
    }))
}

fn member_to_text(member: &Member) -> String {
    let words = |list: &[Box<str>]| list.iter().map(|word| word.to_string()).collect::<Vec<_>>();
    json!({
        "v": 1,
        "aliases": words(&member.aliases),
        "country": member.country.as_str(),
        "kind": member.kind.name(),
        "clearance": member.clearance.name(),
        "networks": words(&member.constituency.networks),
        "asns": member.constituency.asns,
        "domains": words(&member.constituency.domains),
        "words": words(&member.constituency.words),
    })
    .to_string()
}

fn member_from_text(id: u32, name: &str, since: i64, text: &str) -> Option<Member> {
    let value: Value = serde_json::from_str(text).ok()?;
    let words = |field: &str| -> Vec<Box<str>> {
        value
            .get(field)
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).map(Into::into).collect())
            .unwrap_or_default()
    };
    Some(Member {
        id: MemberId(id),
        name: name.into(),
        aliases: words("aliases"),
        country: Country::new(value.get("country")?.as_str()?)?,
        kind: MemberKind::from_name(value.get("kind")?.as_str()?)?,
        clearance: Tlp::from_name(value.get("clearance")?.as_str()?)?,
        constituency: Constituency {
            networks: words("networks"),
            asns: value
                .get("asns")?
                .as_array()?
                .iter()
                .filter_map(|number| number.as_u64().and_then(|number| u32::try_from(number).ok()))
                .collect(),
            domains: words("domains"),
            words: words("words"),
        },
        since: Timestamp::from_micros(since),
    })
}

fn source_to_text(source: &Source) -> String {
    json!({
        "v": 1,
        "reliability": source.reliability.letter().to_string(),
        "unmarked": source.unmarked.name(),
        "recipients": source.recipients.as_ref().map(|names| names.iter().map(|name| name.to_string()).collect::<Vec<_>>()),
        "community": source.community.as_ref().map(|members| members.iter().map(|member| member.0).collect::<Vec<_>>()),
        "copy_group": source.copy_group,
    })
    .to_string()
}

fn source_from_text(id: u32, name: String, member: Option<u32>, text: &str) -> Source {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    Source {
        id: SourceId(id),
        name,
        member: member.map(MemberId),
        reliability: text("reliability").and_then(Reliability::from_letter).unwrap_or(Reliability::F),
        // Settings that cannot be read make a source stricter, never more open.
        unmarked: text("unmarked").and_then(Tlp::from_name).unwrap_or(Tlp::Red),
        recipients: value
            .get("recipients")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).map(Into::into).collect()),
        community: value.get("community").and_then(Value::as_array).map(|list| {
            list.iter()
                .filter_map(|number| number.as_u64().and_then(|number| u32::try_from(number).ok()))
                .map(MemberId)
                .collect()
        }),
        copy_group: text("copy_group").map(str::to_owned),
    }
}
