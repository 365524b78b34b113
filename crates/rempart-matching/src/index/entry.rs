//! An entry that was found.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use rempart_model::{Kind, Observable};

use super::layout::Section;
use super::note::{self, Tail};
use super::{Index, KINDS, Note};

/// An entry of an [`Index`].
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub(super) index: &'a Index,
    pub(super) value: Value<'a>,
    pub(super) tail: Tail,
    /// It stands for itself alone, and not for what is below it.
    pub(super) exact: bool,
}

/// How an entry's value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// As text, with the code of its kind.
    Text(u8, &'a str),
    V4(u32),
    Network4(u32, u8),
    Network6(u128, u8),
}

impl<'a> Entry<'a> {
    /// The kind of the value.
    pub fn kind(&self) -> Kind {
        match self.value {
            Value::Text(code, _) => KINDS.get(usize::from(code)).cloned().unwrap_or(Kind::Domain),
            Value::V4(_) => Kind::Ipv4,
            Value::Network4(..) | Value::Network6(..) => Kind::Cidr,
        }
    }

    /// The value in canonical form.
    pub fn value(&self) -> Cow<'a, str> {
        match self.value {
            Value::Text(_, text) => Cow::Borrowed(text),
            Value::V4(address) => Cow::Owned(Ipv4Addr::from_bits(address).to_string()),
            Value::Network4(first, length) => Cow::Owned(format!("{}/{length}", Ipv4Addr::from_bits(first))),
            Value::Network6(first, length) => Cow::Owned(format!("{}/{length}", Ipv6Addr::from_bits(first))),
        }
    }

    /// The value with its kind.
    pub fn observable(&self) -> Observable {
        Observable::from_canonical(self.kind(), &self.value())
    }

    /// Whether it stands for itself alone, and not for what is below it.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// What is known of it; `None` where that part of the file is damaged.
    pub fn note(&self) -> Option<Note> {
        let sections = [Section::Notes, Section::Sources, Section::Strings];
        note::decode(sections.map(|section| self.index.section(section)), self.tail, |part, at, length| {
            sections.get(part).is_some_and(|section| self.index.holds(*section, at, length))
        })
    }

    /// Whether this and another are one and the same value.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
