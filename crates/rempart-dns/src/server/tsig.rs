//! Signed questions and answers (RFC 8945).

use ring::hmac;

use super::wire::{ANY, Signature, kind};
use crate::name::Name;

/// How many seconds clocks may differ (RFC 8945, section 10).
const FUDGE: u16 = 300;

/// Errors of signatures (RFC 8945, section 3).
const BADSIG: u16 = 16;
const BADKEY: u16 = 17;
const BADTIME: u16 = 18;

/// With what messages are signed; nothing weaker than SHA-256 is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `hmac-sha256`.
    Sha256,
    /// `hmac-sha384`.
    Sha384,
    /// `hmac-sha512`.
    Sha512,
}

impl Algorithm {
    /// The algorithm of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim_end_matches('.').to_ascii_lowercase().as_str() {
            "hmac-sha256" => Some(Self::Sha256),
            "hmac-sha384" => Some(Self::Sha384),
            "hmac-sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn wire(self) -> &'static [u8] {
        match self {
            Self::Sha256 => b"\x0bhmac-sha256\0",
            Self::Sha384 => b"\x0bhmac-sha384\0",
            Self::Sha512 => b"\x0bhmac-sha512\0",
        }
    }

    fn of_ring(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// A key that is shared with one consumer.
#[derive(Clone)]
pub struct Key {
    name: Name,
    algorithm: Algorithm,
    key: hmac::Key,
}

/// Why a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of a key has at least 16 bytes (RFC 8945, section 10)")]
pub struct WeakKey;

impl Key {
    /// A key from its secret, as bytes.
    ///
    /// # Errors
    /// Where the secret is too short to be one.
    pub fn new(name: Name, algorithm: Algorithm, secret: &[u8]) -> Result<Self, WeakKey> {
        if secret.len() < 16 {
            return Err(WeakKey);
        }
        Ok(Self { name, algorithm, key: hmac::Key::new(algorithm.of_ring(), secret) })
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How a signed question turned out.
#[derive(Debug)]
pub(crate) enum Checked<'k> {
    /// It is signed with this key.
    Good(Signer<'k>),
    /// It is not; the answer says so with this record.
    Bad(Refusal<'k>),
}

/// What an answer to a bad signature says.
#[derive(Debug)]
pub(crate) struct Refusal<'k> {
    error: u16,
    signature: Signature,
    /// The key, where only the time was wrong: then the answer is signed (section 5.2.3).
    key: Option<&'k Key>,
}

/// Signs the answers to one question, message by message.
#[derive(Debug)]
pub(crate) struct Signer<'k> {
    key: &'k Key,
    /// The code of the message before: of the question at first.
    before: Vec<u8>,
    first: bool,
}

/// Checks the signature of a question.
pub(crate) fn check<'k>(
    message: &[u8],
    signature: &Signature,
    start: usize,
    keys: impl Iterator<Item = &'k Key>,
    now: u64,
) -> Checked<'k> {
    let bad = |error, key| Checked::Bad(Refusal { error, signature: signature.clone(), key });
    let mut keys = keys.filter(|key| key.name == signature.key);
    let Some(key) = keys.find(|key| key.algorithm.wire() == signature.algorithm.wire()) else {
        return bad(BADKEY, None);
    };
    let mut signed = message.get(..start).unwrap_or_default().to_vec();
    // As it was before it was signed: under its own id, without the signature (section 4.3.2).
    let additional = signed.get(10..12).and_then(|b| b.try_into().ok()).map_or(1, u16::from_be_bytes);
    for (place, number) in [(0, signature.original_id), (10, additional.saturating_sub(1))] {
        if let Some(bytes) = signed.get_mut(place..place + 2) {
            bytes.copy_from_slice(&number.to_be_bytes());
        }
    }
    variables(&mut signed, signature);
    if hmac::verify(&key.key, &signed, &signature.mac).is_err() {
        return bad(BADSIG, None);
    }
    if now.abs_diff(signature.time) > u64::from(signature.fudge) {
        return bad(BADTIME, Some(key));
    }
    Checked::Good(Signer { key, before: signature.mac.clone(), first: true })
}

/// The fields of a signature that are signed with the message (section 4.3.3).
fn variables(to: &mut Vec<u8>, signature: &Signature) {
    to.extend_from_slice(signature.key.wire());
    to.extend_from_slice(&ANY.to_be_bytes());
    to.extend_from_slice(&[0; 4]);
    to.extend_from_slice(signature.algorithm.wire());
    timers(to, signature);
    to.extend_from_slice(&signature.error.to_be_bytes());
    push_counted(to, &signature.other);
}

/// Only the time, which is all that follows a later message of one answer (section 5.3.1).
fn timers(to: &mut Vec<u8>, signature: &Signature) {
    // 48 bits.
    to.extend_from_slice(signature.time.to_be_bytes().get(2..).unwrap_or_default());
    to.extend_from_slice(&signature.fudge.to_be_bytes());
}

fn push_counted(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(bytes);
}

/// Appends a signature as a record, and counts it.
fn append(message: &mut Vec<u8>, signature: &Signature) {
    message.extend_from_slice(signature.key.wire());
    message.extend_from_slice(&kind::TSIG.to_be_bytes());
    message.extend_from_slice(&ANY.to_be_bytes());
    message.extend_from_slice(&[0; 4]);
    let mut data = signature.algorithm.wire().to_vec();
    timers(&mut data, signature);
    push_counted(&mut data, &signature.mac);
    data.extend_from_slice(&signature.original_id.to_be_bytes());
    data.extend_from_slice(&signature.error.to_be_bytes());
    push_counted(&mut data, &signature.other);
    push_counted(message, &data);
    if let Some(count) = message.get_mut(10..12) {
        let now = <[u8; 2]>::try_from(&*count).map_or(0, u16::from_be_bytes);
        count.copy_from_slice(&now.saturating_add(1).to_be_bytes());
    }
}

impl Signer<'_> {
    /// Signs the next message of the answer.
    pub(crate) fn sign(&mut self, message: &mut Vec<u8>, now: u64) {
        let mut signature = unsigned(self.key, message, now);
        let mut signed = Vec::with_capacity(message.len() + 128);
        push_counted(&mut signed, &self.before);
        signed.extend_from_slice(message);
        if self.first {
            variables(&mut signed, &signature);
        } else {
            timers(&mut signed, &signature);
        }
        signature.mac = hmac::sign(&self.key.key, &signed).as_ref().to_vec();
        self.before.clone_from(&signature.mac);
        self.first = false;
        append(message, &signature);
    }

    /// The name of the key.
    pub(crate) fn key(&self) -> &Name {
        &self.key.name
    }
}

/// The most bytes that a signature adds to a message.
pub(crate) const MOST: usize = 2 * 255 + 10 + 16 + 64;

fn unsigned(key: &Key, message: &[u8], now: u64) -> Signature {
    Signature {
        key: key.name.clone(),
        algorithm: Name::from_wire(key.algorithm.wire()).unwrap_or_else(|| key.name.clone()),
        time: now,
        fudge: FUDGE,
        mac: Vec::new(),
        original_id: message.get(..2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_be_bytes),
        error: 0,
        other: Vec::new(),
    }
}

/// Signs a question of our own (section 5.1).
pub(crate) fn sign_question(message: &mut Vec<u8>, key: &Key, now: u64) {
    let mut signature = unsigned(key, message, now);
    let mut signed = message.clone();
    variables(&mut signed, &signature);
    signature.mac = hmac::sign(&key.key, &signed).as_ref().to_vec();
    append(message, &signature);
}

impl Refusal<'_> {
    /// Says in an answer why the signature was not taken: without a code of its own (section 5.2), but where only the
    /// time was wrong.
    pub(crate) fn append(&self, message: &mut Vec<u8>, now: u64) {
        let mut signature =
            Signature { mac: Vec::new(), error: self.error, other: Vec::new(), ..self.signature.clone() };
        if let Some(key) = self.key {
            // What time it is here, beside the time of the question.
            signature.other = now.to_be_bytes().get(2..).unwrap_or_default().to_vec();
            let mut signed = Vec::new();
            push_counted(&mut signed, &self.signature.mac);
            signed.extend_from_slice(message);
            variables(&mut signed, &signature);
            signature.mac = hmac::sign(&key.key, &signed).as_ref().to_vec();
        }
        append(message, &signature);
    }
}
