//! The order of entries in files: the same for the same entries, whatever order they came in.

use std::cmp::Ordering;

use rempart_model::observable::address;
use rempart_model::{Block, Kind, Observable};

/// By kind; names by their labels from the right, so that a name stands right before those below it;
/// addresses and networks as numbers, a network before those inside it; the rest as text.
pub(super) fn targets(a: &Observable, b: &Observable) -> Ordering {
    let by_value = || match a.kind() {
        Kind::Domain => a.value().rsplit('.').cmp(b.value().rsplit('.')),
        Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => {
            let wide = |range: Option<(u128, u128)>| range.map(|(first, last)| (first, u128::MAX - last));
            wide(address::range(a)).cmp(&wide(address::range(b)))
        }
        _ => Ordering::Equal,
    };
    a.kind().cmp(b.kind()).then_with(by_value).then_with(|| a.value().cmp(b.value()))
}

/// Targets first; of one target, the entry that lasts longest, then the smallest id.
pub(super) fn blocks(a: &Block, b: &Block) -> Ordering {
    targets(&a.target, &b.target)
        .then_with(|| b.until.cmp(&a.until))
        .then_with(|| a.id.cmp(&b.id))
        .then_with(|| a.since.cmp(&b.since))
        .then_with(|| a.class.cmp(&b.class))
        .then_with(|| a.category.cmp(&b.category))
        .then_with(|| a.reason.cmp(&b.reason))
}

/// Whether all that `above` stands for includes what `below` stands for.
pub(super) fn covers(above: &Observable, below: &Observable) -> bool {
    match (above.kind(), below.kind()) {
        (Kind::Domain, Kind::Domain) => {
            below.value().strip_suffix(above.value()).is_some_and(|left| left.ends_with('.'))
        }
        (Kind::Cidr, Kind::Cidr) => match (address::range(above), address::range(below)) {
            (Some(above), Some(below)) => above.0 <= below.0 && below.1 <= above.1,
            _ => false,
        },
        _ => false,
    }
}
