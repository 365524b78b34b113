//! The hash of names and other values, keyed with the index's seed, and the checksum of a block.
//!
//! Both are part of the file format: they never change within a version of it.

const ONE: u64 = 0x9e37_79b9_7f4a_7c15;
const TWO: u64 = 0xbf58_476d_1ce4_e5b9;
const THREE: u64 = 0x94d0_49bb_1331_11eb;

/// The two halves of the product, folded (as wyhash and its kin mix).
#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Makes hashes under one seed.
///
/// A name is hashed label by label from its end, so that one walk gives the hash of every parent. Upper case
/// counts as lower case there, by setting a bit that differs in nothing else that names are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hasher {
    start: u64,
    inner: u64,
    last: u64,
}

/// Sets the bit that tells lower case from upper case.
const FOLD: u64 = 0x2020_2020_2020_2020;

impl Hasher {
    pub(crate) fn new(seed: u64) -> Self {
        let draw = |step: u64| {
            let z = seed.wrapping_add(ONE.wrapping_mul(step));
            let z = (z ^ (z >> 30)).wrapping_mul(TWO);
            let z = (z ^ (z >> 27)).wrapping_mul(THREE);
            z ^ (z >> 31)
        };
        Self { start: draw(1), inner: draw(2) | 1, last: draw(3) | 1 }
    }

    /// The hash of the empty name.
    #[inline]
    pub(crate) fn root(self) -> u64 {
        self.start
    }

    /// The hash of the name that is `text[from..to]` and then the name whose hash is `parent`.
    #[inline(always)]
    pub(crate) fn label(self, parent: u64, text: &[u8], from: usize, to: usize) -> u64 {
        let length = (to - from) as u64;
        let mut hash = parent;
        let mut at = from;
        while to - at > 8 {
            hash = mix(hash ^ (load(text, at, 8) | FOLD), self.inner);
            at += 8;
        }
        mix(hash ^ (load(text, at, to - at) | FOLD), self.last.wrapping_add(length))
    }

    /// The hash of a whole name.
    pub(crate) fn name(self, name: &[u8]) -> u64 {
        let mut hash = self.start;
        let mut end = name.len();
        loop {
            let dot = name.get(..end).and_then(|head| head.iter().rposition(|byte| *byte == b'.'));
            hash = self.label(hash, name, dot.map_or(0, |dot| dot + 1), end);
            match dot {
                Some(dot) => end = dot,
                None => return hash,
            }
        }
    }

    /// The hash of something in another role (see [`role`]).
    #[inline]
    pub(crate) fn role(self, hash: u64, role: u64) -> u64 {
        mix(hash ^ role.wrapping_mul(ONE), self.inner ^ TWO)
    }

    /// The hash of bytes, case and all, after what was hashed before.
    pub(crate) fn bytes(self, before: u64, bytes: &[u8]) -> u64 {
        let mut hash = before;
        let mut at = 0;
        while bytes.len() - at > 8 {
            hash = mix(hash ^ load(bytes, at, 8), self.inner);
            at += 8;
        }
        mix(hash ^ load(bytes, at, bytes.len() - at), self.last.wrapping_add(bytes.len() as u64 ^ THREE))
    }
}

/// Up to eight bytes as a number, the first the lowest.
#[inline(always)]
fn load(text: &[u8], at: usize, count: usize) -> u64 {
    let mask = if count >= 8 { u64::MAX } else { (1 << (count * 8)) - 1 };
    if let Some(eight) = text.get(at..at + 8).and_then(|bytes| bytes.first_chunk::<8>()) {
        return u64::from_le_bytes(*eight) & mask;
    }
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(text.get(at..).unwrap_or_default().iter().take(count)) {
        *to = *from;
    }
    u64::from_le_bytes(word)
}

/// The checksum of a block. It tells damage, not malice.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let mut lanes = [ONE, TWO, THREE, ONE ^ TWO];
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = mix(*lane ^ u64::from_le_bytes(*word), TWO ^ THREE).wrapping_add(ONE);
        }
    }
    let mut sum = bytes.len() as u64;
    for lane in lanes {
        sum = mix(sum ^ lane, ONE);
    }
    for part in rest.chunks(8) {
        sum = mix(sum ^ load(part, 0, part.len()), THREE);
    }
    mix(sum, ONE)
}

/// What a value is looked up as. The codes are part of the format.
pub(crate) mod role {
    /// The host of a URL.
    pub(crate) const URL_HOST: u64 = 101;
    /// The host of an e-mail address.
    pub(crate) const EMAIL_HOST: u64 = 102;
    /// A top-level domain.
    pub(crate) const TOP: u64 = 103;
    /// The URL itself, after its host.
    pub(crate) const URL: u64 = 104;
    /// A value that was removed; its kind is added.
    pub(crate) const REMOVED: u64 = 200;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_hashed_label_by_label_whatever_its_case() {
        let hasher = Hasher::new(7);
        let name = b"www.a-label-of-many-letters.Example";
        let tld = hasher.label(hasher.root(), name, 28, 35);
        let two = hasher.label(tld, name, 4, 27);
        let all = hasher.label(two, name, 0, 3);
        assert_eq!(hasher.name(b"example"), tld);
        assert_eq!(hasher.name(b"a-label-of-many-letters.example"), two);
        assert_eq!(hasher.name(name), all);
        assert_eq!(hasher.name(b"WWW.A-LABEL-OF-MANY-LETTERS.EXAMPLE"), all);
        assert_ne!(Hasher::new(8).name(name), all);
        for (one, other) in
            [("ab.c", "a.bc"), ("abcdefgh.i", "i.abcdefgh"), ("abcdefghi", "abcdefgh.i"), ("a-b", "a_b")]
        {
            assert_ne!(hasher.name(one.as_bytes()), hasher.name(other.as_bytes()), "{one} {other}");
        }
    }

    #[test]
    fn a_checksum_tells_every_bit_and_the_length() {
        let bytes: Vec<u8> = (0..=255).chain(0..44).collect();
        let sum = checksum(&bytes);
        for at in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[at / 8] ^= 1 << (at % 8);
            assert_ne!(checksum(&other), sum, "{at}");
        }
        assert_ne!(checksum(&bytes[..299]), sum);
        assert_ne!(checksum(&[0; 32]), checksum(&[0; 40]));
    }
}
