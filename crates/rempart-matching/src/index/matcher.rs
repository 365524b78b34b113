//! An index and the delta beside it, asked as one.

use std::net::IpAddr;
use std::path::Path;

use rempart_model::{Kind, Observable, Timestamp, observable::address};

use super::entry::Value;
use super::hash::role;
use super::reader::Reader;
use super::url;
use super::{Entry, Index, IndexError, code_of, delta_path};

/// Which entries count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Those that are valid at this time.
    pub now: Timestamp,
    /// Only those that came in after this position in the index's change log; 0: all.
    pub since: u64,
}

impl Wanted {
    /// All that are valid now.
    pub fn at(now: Timestamp) -> Self {
        Self { now, since: 0 }
    }

    fn wants(&self, entry: &Entry<'_>) -> bool {
        entry.tail.until >= self.now.micros() && (self.since == 0 || entry.tail.added > self.since)
    }
}

/// An index, with the delta that goes on from it. What the delta says of a value takes the place of what the
/// index says.
#[derive(Debug)]
pub struct Matcher {
    base: Index,
    delta: Option<Index>,
}

impl Matcher {
    /// Puts an index and its delta together.
    ///
    /// # Errors
    /// Where the delta was made for another index.
    pub fn new(base: Index, delta: Option<Index>) -> Result<Self, IndexError> {
        if let Some(delta) = &delta
            && (delta.header.base != base.identity() || delta.seed() != base.seed())
        {
            return Err(IndexError::OtherBase);
        }
        Ok(Self { base, delta })
    }

    /// Opens an index and the delta beside it, where there is one (see [`delta_path`]). One that was made for
    /// another index is passed over: it lies there for the moment in which a new index takes the place of the
    /// one before.
    ///
    /// # Errors
    /// Where one of them cannot be read or is damaged.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let base = Index::open(path)?;
        let delta = match Index::open(&delta_path(path)) {
            Err(IndexError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => None,
            delta => Some(delta?),
        };
        let delta = delta.filter(|delta| delta.header.base == base.identity());
        Self::new(base, delta)
    }

    /// The index.
    pub fn base(&self) -> &Index {
        &self.base
    }

    /// The delta.
    pub fn delta(&self) -> Option<&Index> {
        self.delta.as_ref()
    }

    /// Whether damage was met since they were opened.
    pub fn is_damaged(&self) -> bool {
        self.base.is_damaged() || self.delta.as_ref().is_some_and(Index::is_damaged)
    }

    /// Everything that a look-up needs, at hand.
    pub fn finder(&self, wanted: Wanted) -> Finder<'_> {
        Finder { base: Reader::new(&self.base), delta: self.delta.as_ref().map(Reader::new), wanted }
    }
}

/// Looks values up in a [`Matcher`].
#[derive(Debug, Clone, Copy)]
pub struct Finder<'a> {
    pub(crate) base: Reader<'a>,
    pub(crate) delta: Option<Reader<'a>>,
    wanted: Wanted,
}

impl<'a> Finder<'a> {
    /// The entry that catches a value: itself; of a domain name the nearest parent; of an address the
    /// narrowest network around it; of a URL the longest beginning of its path.
    pub fn find(&self, observable: &Observable) -> Option<Entry<'a>> {
        match observable.kind() {
            Kind::Domain => self.domain(observable.value().as_bytes()),
            Kind::Url => self.url(observable.value()),
            Kind::Ipv4 | Kind::Ipv6 => self.address(observable.value().parse().ok()?),
            Kind::Cidr => self.network(observable),
            kind => self.text(code_of(kind)?, observable.value()),
        }
    }

    /// The entry for an address, or for the narrowest network around it.
    #[inline]
    pub fn address(&self, ip: IpAddr) -> Option<Entry<'a>> {
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.v4(ip.to_bits()),
            IpAddr::V6(ip) => self.v6(ip.to_bits()),
        }
    }

    #[inline]
    pub(crate) fn v4(&self, ip: u32) -> Option<Entry<'a>> {
        let exact = self.base.addresses.v4(ip);
        let network = self.base.addresses.network4(ip);
        if exact.is_none() && network.is_none() && self.delta.is_none() {
            return None;
        }
        let delta = self.delta.as_ref().and_then(|delta| delta.addresses.v4(ip));
        self.choose(delta, exact).or_else(|| {
            let delta = self.delta.as_ref().map(|delta| delta.addresses.around4(ip));
            self.narrowest(delta.into_iter().flatten(), self.base.addresses.around4(ip))
        })
    }

    fn v6(&self, ip: u128) -> Option<Entry<'a>> {
        let text = address::from_u128(ip).to_string();
        self.v6_text(ip, &text)
    }

    /// The same, with the address in canonical form as well.
    pub(crate) fn v6_text(&self, ip: u128, text: &str) -> Option<Entry<'a>> {
        self.text(code_of(&Kind::Ipv6)?, text).or_else(|| {
            let delta = self.delta.as_ref().map(|delta| delta.addresses.around6(ip));
            self.narrowest(delta.into_iter().flatten(), self.base.addresses.around6(ip))
        })
    }

    /// Of networks that hold one another, the narrowest that counts.
    fn narrowest(
        &self,
        delta: impl Iterator<Item = Entry<'a>>,
        base: impl Iterator<Item = Entry<'a>>,
    ) -> Option<Entry<'a>> {
        let (mut delta, mut base) = (delta.peekable(), base.peekable());
        loop {
            let length = |entry: &Entry<'_>| match entry.value {
                Value::Network4(_, length) | Value::Network6(_, length) => Some(length),
                _ => None,
            };
            let (ours, theirs) = (delta.peek().and_then(length), base.peek().and_then(length));
            if ours.is_none() && theirs.is_none() {
                return None;
            }
            let ours = if ours >= theirs { delta.next() } else { None };
            let theirs =
                base.next_if(|entry| ours.is_none() || ours.as_ref().is_some_and(|our| our.is_same(entry)));
            if let Some(found) = self.choose(ours, theirs) {
                return Some(found);
            }
        }
    }

    /// The very network, or one around all of it.
    fn network(&self, observable: &Observable) -> Option<Entry<'a>> {
        let (first, last) = address::range(observable)?;
        let holds = |entry: &Entry<'a>| {
            address::range(&entry.observable()).is_some_and(|(from, to)| from <= first && last <= to)
        };
        let delta = self.delta.as_ref().map(|delta| delta.addresses);
        match address::from_u128(first) {
            IpAddr::V4(ip) if observable.value().contains('.') => {
                let delta = delta.map(|tables| tables.around4(ip.to_bits())).into_iter().flatten();
                self.narrowest(delta.filter(holds), self.base.addresses.around4(ip.to_bits()).filter(holds))
            }
            _ => {
                let delta = delta.map(|tables| tables.around6(first)).into_iter().flatten();
                self.narrowest(delta.filter(holds), self.base.addresses.around6(first).filter(holds))
            }
        }
    }

    /// The entry for a domain name, in any case, or for its nearest parent.
    pub fn domain(&self, name: &[u8]) -> Option<Entry<'a>> {
        let hasher = self.base.hasher;
        let mut hash = hasher.root();
        let (mut end, mut labels, mut found) = (name.len(), 0, None);
        loop {
            let dot = name.get(..end).and_then(|head| memchr::memrchr(b'.', head));
            let from = dot.map_or(0, |dot| dot + 1);
            hash = hasher.label(hash, name, from, end);
            labels += 1;
            if labels == 1 {
                if !self.may_hold_top(hash) {
                    return None;
                }
            } else if self.may_hold(hash) {
                found = self.name(hash, name.get(from..).unwrap_or_default(), from == 0).or(found);
            }
            match dot {
                Some(dot) => end = dot,
                None => return found,
            }
        }
    }

    /// The entry for one name, given with its hash; `whole`: it is the name that was asked for, and no parent.
    pub(crate) fn name(&self, hash: u64, name: &[u8], whole: bool) -> Option<Entry<'a>> {
        let delta = self.delta.as_ref().and_then(|delta| delta.domain(hash, name));
        self.choose(delta, self.base.domain(hash, name)).filter(|entry| whole || !entry.exact)
    }

    /// The entry for a URL in canonical form, or for the longest beginning of it.
    pub fn url(&self, canonical: &str) -> Option<Entry<'a>> {
        let parts = url::parts(canonical)?;
        let host = parts.host_hash(self.base.hasher);
        if !self.may_hold(host) {
            return None;
        }
        let mut found = None;
        parts.beginnings(self.base.hasher, |length, hash| {
            if !self.may_hold(hash) {
                return;
            }
            let whole = length == parts.rest.len();
            let part = url::Parts { rest: parts.rest.get(..length).unwrap_or_default(), ..parts };
            if let Some(entry) = self.url_part(hash, part, whole, canonical) {
                found = Some(entry);
            }
        });
        found
    }

    /// The entry for these parts of a URL; the one that is written alike before others.
    fn url_part(&self, hash: u64, part: url::Parts<'_>, whole: bool, alike: &str) -> Option<Entry<'a>> {
        if !whole && !part.has_children() {
            return None;
        }
        let delta = self.delta.as_ref().map(|delta| delta.urls(hash, part)).into_iter().flatten();
        let in_delta: Vec<_> = delta.collect();
        let in_base = self.base.urls(hash, part);
        let base = in_base.filter(|entry| !in_delta.iter().any(|other| other.is_same(entry)));
        let base: Vec<_> = base.filter_map(|entry| self.choose(None, Some(entry))).collect();
        let delta = in_delta.iter().filter_map(|entry| self.choose(Some(*entry), None));
        let all = delta.chain(base).filter(|entry| whole || !entry.exact);
        all.min_by_key(|entry| (entry.value() != alike, entry.value()))
    }

    /// The entry for another value, in canonical form.
    pub(crate) fn text(&self, kind: u8, value: &str) -> Option<Entry<'a>> {
        let delta = self.delta.as_ref().and_then(|delta| delta.text(kind, value));
        self.choose(delta, self.base.text(kind, value))
    }

    /// Of what the delta and the base say of one value, what counts.
    fn choose(&self, delta: Option<Entry<'a>>, base: Option<Entry<'a>>) -> Option<Entry<'a>> {
        match (delta, base) {
            (Some(entry), _) => Some(entry).filter(|entry| self.wanted.wants(entry)),
            (None, Some(entry)) => Some(entry).filter(|entry| {
                self.wanted.wants(entry) && !self.delta.as_ref().is_some_and(|delta| delta.removes(entry))
            }),
            (None, None) => None,
        }
    }

    #[inline]
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        self.base.may_hold(hash) || self.delta.as_ref().is_some_and(|delta| delta.may_hold(hash))
    }

    #[inline]
    pub(crate) fn may_hold_top(&self, hash: u64) -> bool {
        self.base.may_hold_top(hash) || self.delta.as_ref().is_some_and(|delta| delta.may_hold_top(hash))
    }

    /// Whether there may be URLs on the host with this hash.
    #[inline]
    pub(crate) fn may_hold_urls(&self, host: u64) -> bool {
        self.may_hold(self.urls_of(host))
    }

    /// What there is in the filter where there are URLs on the host with this hash.
    #[inline]
    pub(crate) fn urls_of(&self, host: u64) -> u64 {
        self.base.hasher.role(host, role::URL_HOST)
    }

    /// What there is in the filter where there are e-mail addresses of the host with this hash.
    #[inline]
    pub(crate) fn emails_of(&self, host: u64) -> u64 {
        self.base.hasher.role(host, role::EMAIL_HOST)
    }

    /// Whether there may be e-mail addresses of the host with this hash.
    #[inline]
    pub(crate) fn may_hold_emails(&self, host: u64) -> bool {
        self.may_hold(self.emails_of(host))
    }
}
