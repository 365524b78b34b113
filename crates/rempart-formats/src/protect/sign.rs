//! Signatures that `minisign -V` verifies (<https://jedisct1.github.io/minisign/>): Ed25519 over the
//! BLAKE2b-512 of the file, which is the form that minisign itself makes and that every release since
//! 0.3 takes. (The older form, over the file itself, is refused by `minisign -H` and by newer
//! libraries, and needs the whole file in memory; it is not made.)

use std::io::Read;

use blake2::{Blake2b512, Digest};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::value;

/// The end of the name of a signature's file: `manifest.json.minisig`.
pub const SUFFIX: &str = ".minisig";

/// Why something cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// What was to be signed cannot be read.
    #[error("cannot read what is to be signed: {0}")]
    Io(#[from] std::io::Error),
    /// The key is none.
    #[error("the secret key is not the seed of an Ed25519 key")]
    Key,
    /// The comment would not stay in its line.
    #[error("the comment {0}")]
    Comment(&'static str),
}

/// A key that signs.
pub struct Signer {
    pair: Ed25519KeyPair,
    id: [u8; 8],
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer { .. }")
    }
}

impl Signer {
    /// From the 32 bytes of an Ed25519 seed (RFC 8032, section 5.1.5), which the caller keeps secret.
    ///
    /// # Errors
    /// Where the seed makes no key.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SignError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SignError::Key)?;
        // minisign draws the number of a key at random; it only tells keys apart, and one that follows
        // from the public key needs to be kept nowhere.
        let digest = Blake2b512::digest(pair.public_key().as_ref());
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        Ok(Self { pair, id })
    }

    /// The public key as one line of base 64, for `minisign -V -P`.
    pub fn public_key(&self) -> String {
        let mut bytes = b"Ed".to_vec();
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(self.pair.public_key().as_ref());
        base64(&bytes)
    }

    /// The public key as a file, for `minisign -V -p`.
    pub fn public_key_file(&self) -> String {
        // minisign prints the number with its least byte last.
        let number = u64::from_le_bytes(self.id);
        format!("untrusted comment: minisign public key {number:016X}\n{}\n", self.public_key())
    }

    /// Signs everything that `input` gives; `comment` is signed with it and shown by `minisign -V`: say
    /// there which file of which list this is, and when it was made.
    ///
    /// # Errors
    /// Where `input` cannot be read, or the comment is not one line.
    pub fn sign(&self, input: &mut dyn Read, comment: &str) -> Result<String, SignError> {
        value::line(comment).map_err(SignError::Comment)?;
        let mut digest = Blake2b512::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => digest.update(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let signature = self.pair.sign(&digest.finalize());
        let mut bytes = b"ED".to_vec();
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(signature.as_ref());
        let mut with_comment = signature.as_ref().to_vec();
        with_comment.extend_from_slice(comment.as_bytes());
        let global = self.pair.sign(&with_comment);
        Ok(format!(
            "untrusted comment: signature from a Rempart instance\n{}\ntrusted comment: {comment}\n{}\n",
            base64(&bytes),
            base64(global.as_ref())
        ))
    }
}

/// Base 64 with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let sign = SIGNS.get((bits >> (18 - 6 * place)) as usize & 63).copied().unwrap_or(b'A');
            text.push(if place <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(super::base64(bytes.as_bytes()), text);
        }
        assert_eq!(super::base64(&[0xff, 0xfe, 0xfb]), "//77");
    }
}
