//! What a protective output says of one value: block it, why, and until when.

use std::fmt;

use crate::{Category, Observable, Timestamp};

/// One entry in a protective output. It does not change: what is renewed is a new entry with a new
/// id, since a renewal needs a fresh look at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is called in public: on the block page, in an appeal.
    pub id: BlockId,
    /// What is blocked. A domain name stands for itself and all names below it, where the format can
    /// say so.
    pub target: Observable,
    /// Which output it goes to, so that a consumer picks the action for each class.
    pub class: BlockClass,
    /// The kind of incident.
    pub category: Category,
    /// Why, in words that are fit for the public.
    pub reason: Box<str>,
    /// When it began.
    pub since: Timestamp,
    /// When it ends. Every entry ends.
    pub until: Timestamp,
}

/// The class of an entry: consumers choose what they do for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum BlockClass {
    /// Malware, and the servers that command it.
    Malware = 0,
    /// Phishing and other deceit.
    Phishing = 1,
    /// Everything else.
    Other = 2,
}

impl BlockClass {
    /// Every class with its name, in the order of the codes.
    pub const ALL: [(BlockClass, &'static str); 3] =
        [(BlockClass::Malware, "malware"), (BlockClass::Phishing, "phishing"), (BlockClass::Other, "other")];

    /// `malware`, `phishing` or `other`.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(class, _)| *class == self).map_or("other", |(_, name)| name)
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(class, _)| *class)
    }

    /// The class that was stored as `code`; an unknown code is [`BlockClass::Other`].
    pub fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).map_or(BlockClass::Other, |(class, _)| *class)
    }

    /// The class of a kind of incident, after the classes of RSIT: what spreads or commands malicious
    /// code is malware; `fraud:phishing` and `fraud:masquerade` deceive people.
    pub fn of(category: Category) -> Self {
        match category {
            Category::InfectedSystem
            | Category::C2Server
            | Category::MalwareDistribution
            | Category::MalwareConfiguration => BlockClass::Malware,
            Category::Phishing | Category::Masquerade => BlockClass::Phishing,
            Category::Other
            | Category::Scanner
            | Category::BruteForce
            | Category::Exploit
            | Category::Spam
            | Category::Ddos
            | Category::VulnerableSystem
            | Category::SystemCompromise
            | Category::DataLeak => BlockClass::Other,
        }
    }
}

/// The public name of an entry: 80 bits, written as 16 signs of base 32 (RFC 4648, section 6) in
/// lower case without padding, so that it is a label of a host name and can be read out on the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId([u8; 10]);

/// Why a text is not the id of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a block has 16 of the signs a-z and 2-7")]
pub struct BlockIdError;

/// The alphabet of RFC 4648, section 6, in lower case.
const SIGNS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl BlockId {
    /// An id of ten bytes, which the caller draws at random: an id that can be guessed tells what
    /// else is blocked.
    pub fn from_bytes(bytes: [u8; 10]) -> Self {
        Self(bytes)
    }

    /// The ten bytes.
    pub fn bytes(&self) -> &[u8; 10] {
        &self.0
    }

    /// Reads an id in any case.
    pub fn parse(text: &str) -> Result<Self, BlockIdError> {
        if text.len() != 16 {
            return Err(BlockIdError);
        }
        let mut bits = 0u128;
        for byte in text.bytes() {
            let sign = byte.to_ascii_lowercase();
            let value = SIGNS.iter().position(|known| *known == sign).ok_or(BlockIdError)?;
            bits = bits << 5 | value as u128;
        }
        let mut bytes = [0u8; 10];
        for (to, from) in bytes.iter_mut().zip(bits.to_be_bytes().into_iter().skip(6)) {
            *to = from;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        let mut text = [b'a'; 16];
        for (place, to) in (0u32..16).zip(text.iter_mut()) {
            let value = (bits >> (75 - 5 * place)) & 31;
            *to = SIGNS.get(value as usize).copied().unwrap_or(b'a');
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// What a resolver does with a blocked name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// Say that there is no such name.
    NxDomain,
    /// Say that the name has no such record.
    NoData,
    /// Say nothing.
    Drop,
    /// Lead to a page that explains: the host name of the entry's id below this name.
    Garden(Box<str>),
    /// Let it through, whatever lists further down say.
    PassThru,
}

impl Action {
    /// `nxdomain`, `nodata`, `drop`, `garden` or `passthru`.
    pub fn name(&self) -> &'static str {
        match self {
            Action::NxDomain => "nxdomain",
            Action::NoData => "nodata",
            Action::Drop => "drop",
            Action::Garden(_) => "garden",
            Action::PassThru => "passthru",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_base_32() {
        // The first is the test vector of RFC 4648 for "foobar" and four bytes more.
        for (bytes, text) in [
            (*b"foobar\0\0\0\0", "mzxw6ytboiaaaaaa"),
            ([0; 10], "aaaaaaaaaaaaaaaa"),
            ([0xff; 10], "7777777777777777"),
        ] {
            assert_eq!(BlockId::from_bytes(bytes).to_string(), text);
            assert_eq!(BlockId::parse(text).unwrap().bytes(), &bytes);
        }
        assert_eq!(BlockId::parse("MZXW6YTBOIAAAAAA").unwrap().to_string(), "mzxw6ytboiaaaaaa");
        for wrong in ["", "aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa1", "aaaaaaaaaaaaaaaé"] {
            assert!(BlockId::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_id_reads_back(bytes: [u8; 10]) {
            let id = BlockId::from_bytes(bytes);
            proptest::prop_assert_eq!(BlockId::parse(&id.to_string()), Ok(id));
        }
    }

    #[test]
    fn classes_have_names_and_cover_every_category() {
        for (code, (class, name)) in (0u8..).zip(BlockClass::ALL) {
            assert_eq!(BlockClass::from_name(name), Some(class));
            assert_eq!((class.name(), class as u8, BlockClass::from_code(code)), (name, code, class));
        }
        assert_eq!(BlockClass::from_name("spam"), None);
        let of = |name| BlockClass::of(Category::from_name(name).unwrap());
        for (category, _) in Category::ALL {
            let class = match category.name().split_once(':').unwrap().0 {
                "malicious-code" => BlockClass::Malware,
                "fraud" => BlockClass::Phishing,
                _ => BlockClass::Other,
            };
            assert_eq!(BlockClass::of(category), class, "{category:?}");
        }
        assert_eq!(of("c2-server"), BlockClass::Malware);
    }
}
