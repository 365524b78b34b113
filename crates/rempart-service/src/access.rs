//! Who asks: people of the operator and members, known by their keys or by the operating system.

use rempart_model::{Member, Timestamp};
use rempart_store::{KeyOwner, Person, Role, Scopes};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::app::App;
use crate::error::ServiceError;

/// Failed attempts from one address that are let through in a minute.
const ATTEMPTS_A_MINUTE: u32 = 20;

/// Letters and digits of a key; MISP's clients want exactly forty.
const KEY_LENGTH: usize = 40;
const KEY_ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Somebody who asks, once it is known who.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A person of the operator.
    Person(Person),
    /// A member, by one of its keys.
    Member {
        /// Which.
        member: Box<Member>,
        /// What the key allows.
        scopes: Scopes,
        /// The key's number.
        key: u32,
    },
}

impl Caller {
    /// The name that the ledger carries for what this caller does.
    pub fn name(&self) -> String {
        match self {
            Caller::Person(person) => person.name.clone(),
            Caller::Member { member, key, .. } => format!("member {} (key {key})", member.name),
        }
    }

    /// Whether the caller has at least this role.
    pub fn has(&self, role: Role) -> bool {
        matches!(self, Caller::Person(person) if person.role >= role)
    }

    /// Refuses a caller below this role.
    pub fn require(&self, role: Role) -> Result<(), ServiceError> {
        if self.has(role) {
            return Ok(());
        }
        Err(ServiceError::Forbidden(format!("this needs the role {} or above", role.name())))
    }
}

/// Why a key was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is unknown, expired or revoked; which of them is not said.
    Unknown,
    /// Too many attempts from this address.
    TooMany {
        /// Seconds to wait.
        retry_after: u32,
    },
}

/// A key that was just made: the only time that it is seen.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its number, by which it is revoked.
    pub id: u32,
    /// The key itself.
    pub secret: String,
}

impl App {
    /// Who a key belongs to. `origin` is the address that the attempt came from.
    pub fn authenticate(&self, secret: &str, origin: &str) -> Result<Caller, Refusal> {
        let now = self.now();
        let too_many = || Refusal::TooMany { retry_after: 60 };
        let known = self.store.key(&key_hash(secret)).ok().flatten();
        let usable = known.filter(|key| {
            key.revoked.is_none()
                && key.expires.is_none_or(|expires| expires > now)
                && secret.len() == KEY_LENGTH
        });
        let Some(key) = usable else {
            let failed = self.store.failed_attempt(origin, now).unwrap_or(u32::MAX);
            return Err(if failed > ATTEMPTS_A_MINUTE { too_many() } else { Refusal::Unknown });
        };
        if self.store.failed_attempts(origin, now).unwrap_or(u32::MAX) > ATTEMPTS_A_MINUTE {
            return Err(too_many());
        }
        match key.owner {
            KeyOwner::Member(id) => {
                let picture = self.picture();
                let member = picture.member(id).ok_or(Refusal::Unknown)?;
                Ok(Caller::Member { member: Box::new(member.clone()), scopes: key.scopes, key: key.id })
            }
            KeyOwner::Person(id) => {
                let people = self.store.people().map_err(|_| Refusal::Unknown)?;
                people.into_iter().find(|person| person.id == id).map(Caller::Person).ok_or(Refusal::Unknown)
            }
        }
    }

    /// The person that is this user of the operating system. Whoever comes first to a folder that
    /// nobody has used becomes its administrator.
    pub fn person_of_user(&self, uid: u32, user: &str) -> Result<Caller, ServiceError> {
        let people = self.store.people()?;
        if let Some(person) = people.iter().find(|person| person.uid == Some(uid)) {
            return Ok(Caller::Person(person.clone()));
        }
        if people.is_empty() {
            let id = self.store.add_person(user, user, Role::Administrator, Some(uid), self.now())?;
            return Ok(Caller::Person(Person {
                id,
                name: user.to_owned(),
                role: Role::Administrator,
                uid: Some(uid),
            }));
        }
        Err(ServiceError::Forbidden(format!(
            "the user {user} is nobody here; an administrator adds them with: rempart person add --name {user} --uid {uid} --role analyst"
        )))
    }

    /// Makes a key for a member or a person.
    pub fn create_key(
        &self,
        caller: &Caller,
        owner: KeyOwner,
        scopes: Scopes,
        expires: Option<Timestamp>,
    ) -> Result<NewKey, ServiceError> {
        match (caller, owner) {
            (Caller::Person(person), KeyOwner::Person(id)) if person.id == id => {}
            _ => caller.require(Role::Administrator)?,
        }
        let secret = random_key()?;
        let id =
            self.store.add_key(&caller.name(), &key_hash(&secret), owner, scopes, expires, self.now())?;
        Ok(NewKey { id, secret })
    }

    /// Revokes a key by its number, or by the key itself.
    pub fn revoke_key(&self, caller: &Caller, key: &str) -> Result<(), ServiceError> {
        caller.require(Role::Administrator)?;
        let id = match key.parse::<u32>() {
            Ok(id) => id,
            Err(_) => self.store.key(&key_hash(key))?.map(|key| key.id).unwrap_or_default(),
        };
        if self.store.revoke_key(&caller.name(), id, self.now())? {
            return Ok(());
        }
        Err(ServiceError::NotFound("there is no such key, or it was revoked before".into()))
    }
}

/// What of a key is stored. Keys are random over 238 bits, so one round of SHA-256 hides them.
fn key_hash(secret: &str) -> [u8; 32] {
    let mut hash = [0u8; 32];
    hash.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    hash
}

fn random_key() -> Result<String, ServiceError> {
    let random = SystemRandom::new();
    let mut key = String::with_capacity(KEY_LENGTH);
    let mut bytes = [0u8; 64];
    while key.len() < KEY_LENGTH {
        random
            .fill(&mut bytes)
            .map_err(|_| ServiceError::Unavailable("the operating system gives no random numbers".into()))?;
        // 248 is the largest multiple of 62 in a byte: beyond it the first letters would be more likely.
        let letters = bytes.iter().filter(|byte| **byte < 248);
        key.extend(
            letters.filter_map(|byte| KEY_ALPHABET.get(usize::from(byte % 62)).map(|b| char::from(*b))),
        );
    }
    key.truncate(KEY_LENGTH);
    Ok(key)
}
