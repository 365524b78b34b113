//! File hashes and certificate fingerprints: hexadecimal digits in lower case.

use super::{Kind, Reason, bounded, defang::refang, visible};

/// The hashes whose length tells what they are.
const BY_LENGTH: &[(usize, &str)] =
    &[(32, "md5"), (40, "sha1"), (56, "sha224"), (64, "sha256"), (96, "sha384"), (128, "sha512")];

/// Kinds that are hexadecimal digits and no kind of their own, with their length.
const OTHERS: &[(&str, usize)] = &[
    ("sha224", 56),
    ("sha384", 96),
    ("sha512/224", 56),
    ("sha512/256", 64),
    ("sha3-224", 56),
    ("sha3-256", 64),
    ("sha3-384", 96),
    ("sha3-512", 128),
    ("imphash", 32),
    ("authentihash", 64),
    ("ja3-fingerprint-md5", 32),
    ("jarm-fingerprint", 62),
    ("hassh-md5", 32),
    ("hasshserver-md5", 32),
    ("x509-fingerprint-md5", 32),
    ("x509-fingerprint-sha1", 40),
    ("x509-fingerprint-sha256", 64),
];

/// How many hexadecimal digits a hash of this kind has; `None` for what is no hash.
pub(super) fn digits(kind: &Kind) -> Option<usize> {
    match kind {
        Kind::Md5 => Some(32),
        Kind::Sha1 => Some(40),
        Kind::Sha256 => Some(64),
        Kind::Sha512 => Some(128),
        Kind::Other(name) => OTHERS.iter().find(|(other, _)| **other == **name).map(|(_, digits)| *digits),
        _ => None,
    }
}

/// Reads a hash of this kind. Fingerprints may be written with colons between the bytes.
pub(super) fn parse(kind: &Kind, text: &str) -> Result<Box<str>, Reason> {
    let digits = digits(kind).ok_or("is of a kind that is no hash")?;
    if text.len() == digits && is_hex(text) {
        return Ok(text.to_ascii_lowercase().into());
    }
    bounded(text, super::LONGEST_VALUE)?;
    let refanged = refang(text);
    let text = visible(&refanged)?;
    let hex = if text.len() == digits + digits / 2 - 1 { text.replace(':', "") } else { text.to_owned() };
    if let Some(c) = hex.chars().find(|c| !c.is_ascii_hexdigit()) {
        return Err(format!("has the character {c:?}, which is not a hexadecimal digit").into());
    }
    if hex.len() != digits {
        let is = match BY_LENGTH.iter().find(|(length, _)| *length == hex.len()) {
            Some((_, name)) => format!(", like {name}"),
            None => String::new(),
        };
        return Err(format!("has {} hexadecimal digits{is}, where {digits} are wanted", hex.len()).into());
    }
    Ok(hex.to_ascii_lowercase().into())
}

/// Tells a hash by its length.
pub(super) fn guess(text: &str) -> Option<(Kind, Box<str>)> {
    let (_, name) = BY_LENGTH.iter().find(|(length, _)| *length == text.len())?;
    is_hex(text).then(|| (Kind::from_name(name), text.to_ascii_lowercase().into()))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
