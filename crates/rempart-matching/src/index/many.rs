//! Many values looked up at once: what each asks is fetched while the others are on their way, where one by one
//! each would wait for memory alone.

use std::net::IpAddr;

use super::{Entry, Finder};

/// Values on their way at a time: as many as a processor fetches for without forgetting the first.
const AT_ONCE: usize = 64;

/// A name, or a parent of it, that may be listed.
struct Key {
    hash: u64,
    place: usize,
    from: usize,
}

impl<'a> Finder<'a> {
    /// Looks names up as [`Finder::domain`] does; `each` is told the place of each that is caught, and by what.
    pub fn domains(&self, names: &[&[u8]], mut each: impl FnMut(usize, Entry<'a>)) {
        let mut keys = Vec::with_capacity(AT_ONCE * 4);
        for (chunk, names) in names.chunks(AT_ONCE).enumerate() {
            keys.clear();
            for (place, name) in names.iter().enumerate() {
                self.keys(name, place, &mut keys);
            }
            keys.retain(|key| {
                let may_hold = self.may_hold(key.hash);
                if may_hold {
                    self.base.prefetch_slot(key.hash);
                }
                may_hold
            });
            keys.iter().for_each(|key| self.base.prefetch_record(key.hash));
            let mut best: Option<(usize, Entry<'a>)> = None;
            for key in &keys {
                let name = names.get(key.place).and_then(|name| name.get(key.from..)).unwrap_or_default();
                let Some(entry) = self.name(key.hash, name, key.from == 0) else { continue };
                match best {
                    Some((place, before)) if place != key.place => each(chunk * AT_ONCE + place, before),
                    _ => {}
                }
                best = Some((key.place, entry));
            }
            if let Some((place, entry)) = best {
                each(chunk * AT_ONCE + place, entry);
            }
        }
    }

    /// The keys of a name, parents before what is below them.
    #[inline]
    fn keys(&self, name: &[u8], place: usize, keys: &mut Vec<Key>) {
        let hasher = self.base.hasher;
        let (mut hash, mut end, mut is_top) = (hasher.root(), name.len(), true);
        loop {
            // Labels are short: to look at each byte is faster than to begin a search.
            let dot = name.get(..end).and_then(|head| head.iter().rposition(|byte| *byte == b'.'));
            let from = dot.map_or(0, |dot| dot + 1);
            hash = hasher.label(hash, name, from, end);
            if is_top {
                if !self.may_hold_top(hash) {
                    return;
                }
            } else {
                self.base.prefetch(hash);
                keys.push(Key { hash, place, from });
            }
            is_top = false;
            match dot {
                Some(dot) => end = dot,
                None => return,
            }
        }
    }

    /// Looks addresses up as [`Finder::address`] does; `each` is told the place of each that is caught, and by what.
    pub fn addresses(&self, addresses: &[IpAddr], mut each: impl FnMut(usize, Entry<'a>)) {
        let v4 = |address: &IpAddr| match address.to_canonical() {
            IpAddr::V4(address) => Some(address.to_bits()),
            IpAddr::V6(_) => None,
        };
        for (chunk, addresses) in addresses.chunks(AT_ONCE).enumerate() {
            for address in addresses.iter().filter_map(v4) {
                self.base.addresses.prefetch(address);
            }
            for address in addresses.iter().filter_map(v4) {
                self.base.addresses.prefetch_next(address);
            }
            for (place, address) in addresses.iter().enumerate() {
                if let Some(entry) = self.address(*address) {
                    each(chunk * AT_ONCE + place, entry);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rempart_model::{Observable, Timestamp};

    use crate::index::{Builder, Index, Matcher, Note, Reach, Settings, Wanted};

    #[test]
    fn many_are_found_as_each_is() {
        let mut builder = Builder::new(Settings {
            audience: "test".into(),
            built_at: Timestamp::from_micros(1),
            position: 1,
            seed: 7,
            base: None,
        });
        for number in 0..300 {
            let reach = if number % 7 == 0 { Reach::Exact } else { Reach::Below };
            for value in [
                format!("n{number}.example"),
                format!("a.n{number}.example"),
                format!("192.0.2.{}", number / 2),
                format!("10.{number}.0.0/16").replace("10.2", "2001:db8:").replace(".0.0/16", "::/48"),
            ] {
                if let Ok(value) = Observable::guess(&value) {
                    builder.add(&value, &Note::default(), reach).expect("an entry");
                }
            }
        }
        let index = Index::from_bytes(builder.finish()).expect("an index");
        let matcher = Matcher::new(index, None).expect("a matcher");
        let finder = matcher.finder(Wanted::at(Timestamp::from_micros(2)));
        let names: Vec<String> = (0..900)
            .map(|at| {
                format!(
                    "{}n{}.{}",
                    ["", "a.", "B.a.", "x.y."][at % 4],
                    at / 2,
                    ["example", "Test"][at % 5 / 4]
                )
            })
            .collect();
        let names: Vec<&[u8]> = names.iter().map(String::as_bytes).chain([&b"example"[..], b""]).collect();
        let mut many = vec![None; names.len()];
        finder.domains(&names, |place, entry| many[place] = Some(entry.value().into_owned()));
        for (name, found) in names.iter().zip(many) {
            assert_eq!(found, finder.domain(name).map(|entry| entry.value().into_owned()), "{name:?}");
        }
        let addresses: Vec<_> = (0..300_u32)
            .flat_map(|at| {
                let text = [
                    format!("192.0.2.{}", at % 256),
                    format!("2001:db8:{at}::1"),
                    format!("::ffff:192.0.2.{}", at % 250),
                ];
                text.map(|text| text.parse().expect("an address"))
            })
            .collect();
        let mut many = vec![None; addresses.len()];
        finder.addresses(&addresses, |place, entry| many[place] = Some(entry.value().into_owned()));
        for (address, found) in addresses.iter().zip(many) {
            assert_eq!(found, finder.address(*address).map(|entry| entry.value().into_owned()), "{address}");
        }
    }
}
