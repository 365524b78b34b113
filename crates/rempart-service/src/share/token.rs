//! Tokens for the next page: sealed, so that they say nothing and cannot be made up.

use rempart_model::{StixId, Timestamp};
use rempart_store::{ObjectFilter, Secrets, VersionFilter};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

/// Where a walk through a collection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Which collection it is for.
    pub collection: String,
    /// After which position the next page begins.
    pub after: i64,
    /// Up to which position the walk goes: what had come when it began.
    pub upto: i64,
    /// The filter that the walk began with.
    pub filter: ObjectFilter,
}

/// Seals a cursor into a token of letters, digits, `-` and `_`.
pub fn seal(secrets: &Secrets, cursor: &Cursor) -> Option<String> {
    let mut bytes = encode(cursor).into_bytes();
    let mut nonce = [0u8; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    key(secrets)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes)
        .ok()?;
    let mut token = nonce.to_vec();
    token.append(&mut bytes);
    Some(to_text(&token))
}

/// Opens a token that this instance has sealed.
pub fn open(secrets: &Secrets, token: &str) -> Option<Cursor> {
    if token.len() > 64 << 10 {
        return None;
    }
    let bytes = from_text(token)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
    let mut sealed = sealed.to_vec();
    let plain =
        key(secrets)?.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut sealed).ok()?;
    decode(std::str::from_utf8(plain).ok()?)
}

fn key(secrets: &Secrets) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, &secrets.token).ok().map(LessSafeKey::new)
}

fn encode(cursor: &Cursor) -> String {
    let filter = &cursor.filter;
    let ids: Vec<String> = filter.ids.iter().map(ToString::to_string).collect();
    let versions = match &filter.versions {
        VersionFilter::All => "all".to_owned(),
        VersionFilter::Any { first, last, exact } => {
            let exact: Vec<String> = exact.iter().map(|time| time.micros().to_string()).collect();
            format!("{}{} {}", u8::from(*first), u8::from(*last), exact.join(","))
        }
    };
    let sources: Vec<String> = filter.sources.iter().map(|source| source.0.to_string()).collect();
    format!(
        "1\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
        cursor.collection,
        cursor.after,
        cursor.upto,
        ids.join(","),
        filter.types.join(","),
        versions,
        u8::from(filter.stix_20),
        sources.join(","),
    )
}

fn decode(text: &str) -> Option<Cursor> {
    let lines: Vec<&str> = text.split('\n').collect();
    let [version, collection, after, upto, ids, types, versions, stix_20, sources] = *lines.as_slice() else {
        return None;
    };
    if version != "1" {
        return None;
    }
    let list =
        |text: &str| text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let versions = if versions == "all" {
        VersionFilter::All
    } else {
        let (flags, exact) = versions.split_once(' ')?;
        VersionFilter::Any {
            first: flags.starts_with('1'),
            last: flags.ends_with('1'),
            exact: list(exact)
                .iter()
                .map(|micros| micros.parse().ok().map(Timestamp::from_micros))
                .collect::<Option<_>>()?,
        }
    };
    Some(Cursor {
        collection: collection.to_owned(),
        after: after.parse().ok()?,
        upto: upto.parse().ok()?,
        filter: ObjectFilter {
            ids: list(ids).iter().map(|id| StixId::parse(id).ok()).collect::<Option<_>>()?,
            types: list(types),
            versions,
            stix_20: stix_20 == "1",
            sources: list(sources)
                .iter()
                .map(|number| number.parse().ok().map(rempart_store::SourceId))
                .collect::<Option<_>>()?,
        },
    })
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 for URLs without padding (RFC 4648, section 5).
fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..=chunk.len() {
            let sextet = group >> (18 - 6 * index) & 63;
            text.extend(ALPHABET.get(sextet as usize).map(|letter| char::from(*letter)));
        }
    }
    text
}

fn from_text(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut group, mut bits) = (0u32, 0u32);
    for letter in text.bytes() {
        let sextet = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(sextet);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_here_and_unchanged() {
        let secrets = Secrets { lookup: [1; 32], mint: [2; 32], token: [3; 32] };
        let cursor = Cursor {
            collection: "c".into(),
            after: -5,
            upto: i64::MAX,
            filter: ObjectFilter {
                ids: vec![StixId::new("indicator", [9; 16])],
                types: vec!["malware".into(), "indicator".into()],
                versions: VersionFilter::Any { first: true, last: false, exact: vec![Timestamp::MIN] },
                stix_20: true,
                sources: vec![rempart_store::SourceId(4)],
            },
        };
        let token = seal(&secrets, &cursor).unwrap();
        assert_eq!(open(&secrets, &token), Some(cursor.clone()));
        assert_ne!(seal(&secrets, &cursor).unwrap(), token, "the same place never looks the same");
        let mut other = token.clone();
        other.replace_range(20..21, if &token[20..21] == "A" { "B" } else { "A" });
        assert_eq!(open(&secrets, &other), None);
        assert_eq!(open(&Secrets { token: [4; 32], ..secrets }, &token), None);
        for wrong in ["", "!", "AAAA", &"A".repeat(70_000)] {
            assert_eq!(open(&secrets, wrong), None);
        }
    }
}
