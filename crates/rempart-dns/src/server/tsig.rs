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
    Good(Signer),
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
pub(crate) struct Signer {
    key: Key,
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
    Checked::Good(Signer { key: key.clone(), before: signature.mac.clone(), first: true })
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

impl Signer {
    /// Signs the next message of the answer.
    pub(crate) fn sign(&mut self, message: &mut Vec<u8>, now: u64) {
        let mut signature = unsigned(&self.key, message, now);
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

#[cfg(test)]
mod tests {
    use super::super::wire;
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const TIME: u64 = 1_800_000_000;
    /// The header and the question of an answer, as the other implementation made it.
    const ANSWER: &str = "1234840000010000000000000372707a04746573740000fc0001";

    /// What dnspython 2 signs with this key at this time: a question for a zone, and the codes of the first two messages of the
    /// answer (RFC 8945 itself has no vectors).
    const VECTORS: [(Algorithm, &str, [&str; 2]); 3] = [
        (
            Algorithm::Sha256,
            "1234000000010000000000010372707a04746573740000fc0001036b6579c01000fa00ff00000000003d0b686d61632d7368613235360000006b49d200012c00202c58cc2a0647d52134eb79cd6d59fd78b822da9d26f51697b1a900117e044326123400000000",
            [
                "db8695dd9a373804bb50070fe17c16a84862ae76c2ff335c6960d73e443a65e3",
                "f1d2838bc0714431e86ad221f85bec50a274b2c4cc625c7470eb9663f6f41866",
            ],
        ),
        (
            Algorithm::Sha384,
            "1234000000010000000000010372707a04746573740000fc0001036b6579c01000fa00ff00000000004d0b686d61632d7368613338340000006b49d200012c003090d817b7f2684d25e6a6a85923445979ae8714e5aecbbc140c3eed57296fc5d2c020f486753444cf66aa6b515cc280bf123400000000",
            [
                "2454e91316cf75d7aab908ebdbe4f644951d0c2cfe40db8fb6f86d61f136a8ea270302c8afa3bf43b370ada4a7d49712",
                "c93242211e7feac4f8dfd7694a72ea98ab19524eacb97e6aa14049895af68002fda75bf6b766f86181d0c5a83123f422",
            ],
        ),
        (
            Algorithm::Sha512,
            "1234000000010000000000010372707a04746573740000fc0001036b6579c01000fa00ff00000000005d0b686d61632d7368613531320000006b49d200012c0040d6940ef037212f39ef517ff71df83e9021add0a9ec7895c02a37afaac4ac8b88e0ded55dbe67c41cfef66e34d3d159d9088c01bca3780002f664680ef2b6a353123400000000",
            [
                "ba97a76c307c3522ba5ed2d36a2388a6f028b5e5a32ca7fc59d95cde0c416541d820b02be903690b04aa7bc63c207da3cb6e041b95a619c36e38e8d7032e3f5f",
                "20d9ea36f978914da5f694b09cb6a48b60aa78cf45e43cc6d6240d062526804a3fecf7ddaaf71940abd82890dd56bf245690cc86037f4207f9ef7394e4fa4d10",
            ],
        ),
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn key(algorithm: Algorithm) -> Key {
        Key::new(Name::parse("key.test").unwrap(), algorithm, SECRET).unwrap()
    }

    fn checked<'k>(message: &[u8], key: &'k Key, now: u64) -> Checked<'k> {
        let (signature, start) = wire::read(message).unwrap().tsig.unwrap();
        check(message, &signature, start, std::iter::once(key), now)
    }

    #[test]
    fn signatures_are_those_of_another_implementation() {
        for (algorithm, question, codes) in VECTORS {
            let (key, question) = (key(algorithm), bytes(question));
            let Checked::Good(mut signer) = checked(&question, &key, TIME) else {
                panic!("{algorithm:?} is not taken")
            };
            for code in codes {
                let mut answer = bytes(ANSWER);
                signer.sign(&mut answer, TIME);
                // The code stands before the id, the error and the length of what follows.
                let end = answer.len() - 6;
                let code = bytes(code);
                assert_eq!(answer.get(end - code.len()..end), Some(&code[..]), "{algorithm:?}");
            }
        }
    }

    #[test]
    fn what_is_changed_or_old_or_signed_otherwise_is_refused() {
        let refused = |message: &[u8], key: &Key, now: u64| match checked(message, key, now) {
            Checked::Good(_) => None,
            Checked::Bad(refusal) => Some(refusal.error),
        };
        let (good, right) = (bytes(VECTORS[0].1), key(Algorithm::Sha256));
        for (now, error) in
            [(TIME - 300, None), (TIME - 301, Some(BADTIME)), (TIME + 300, None), (TIME + 301, Some(BADTIME))]
        {
            assert_eq!(refused(&good, &right, now), error, "{now}");
        }
        assert_eq!(refused(&good, &key(Algorithm::Sha512), TIME), Some(BADKEY));
        let other = Key::new(Name::parse("key.test").unwrap(), Algorithm::Sha256, &[7; 32]).unwrap();
        assert_eq!(refused(&good, &other, TIME), Some(BADSIG));
        let other = Key::new(Name::parse("another.test").unwrap(), Algorithm::Sha256, SECRET).unwrap();
        assert_eq!(refused(&good, &other, TIME), Some(BADKEY));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x11;
            let Ok(Some((signature, start))) = wire::read(&bad).map(|request| request.tsig) else { continue };
            let result = check(&bad, &signature, start, std::iter::once(&right), TIME);
            // The id of the message may change on its way (RFC 8945, section 4.3.2): the original one is signed.
            assert_eq!(matches!(result, Checked::Good(_)), at < 2, "{at}");
        }
        assert!(Key::new(Name::parse("key.test").unwrap(), Algorithm::Sha256, &[0; 15]).is_err());
    }

    #[test]
    fn our_questions_are_taken_by_ourselves() {
        let key = key(Algorithm::Sha384);
        let mut message =
            wire::Message::notify(7, &Name::parse("rpz.test").unwrap()).finish(Default::default());
        sign_question(&mut message, &key, TIME);
        assert!(matches!(checked(&message, &key, TIME + 5), Checked::Good(_)));
    }
}
