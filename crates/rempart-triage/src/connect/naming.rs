//! Names that stay: a cluster keeps its name as long as most of it stays together.

use std::collections::BTreeMap;

/// The members of a new group by the name of the cluster they were in.
pub(super) type Origin = BTreeMap<u64, u32>;

/// Which old name each group inherits. A name goes to the group that has the largest part of the old
/// cluster (of two equal ones the one whose earliest member is older), and a group to which several names
/// go takes the one that brings most members, of equal ones the older.
pub(super) fn inherit(groups: &[(Origin, u64)]) -> Vec<Option<u64>> {
    let mut heirs: BTreeMap<u64, (u32, std::cmp::Reverse<u64>, usize)> = BTreeMap::new();
    for (group, (origin, earliest)) in groups.iter().enumerate() {
        for (name, count) in origin {
            let claim = (*count, std::cmp::Reverse(*earliest), group);
            heirs.entry(*name).and_modify(|heir| *heir = claim.max(*heir)).or_insert(claim);
        }
    }
    let mut chosen: Vec<Option<(u32, u64)>> = vec![None; groups.len()];
    for (name, (count, _, group)) in heirs {
        if let Some(slot) = chosen.get_mut(group)
            && slot.is_none_or(|(most, _)| count > most)
        {
            *slot = Some((count, name));
        }
    }
    chosen.into_iter().map(|chosen| chosen.map(|(_, name)| name)).collect()
}

/// A name for a cluster that inherits none: the id of its earliest member, or of the next one where a
/// cluster that it left still goes by that.
pub(super) fn found(members: &[u64], taken: impl Fn(u64) -> bool) -> u64 {
    let mut ids = members.to_vec();
    ids.sort_unstable();
    if let Some(free) = ids.iter().copied().find(|id| !taken(*id)) {
        return free;
    }
    // All of them founded clusters that live on without them.
    let mut name = ids.first().copied().unwrap_or(0);
    while taken(name) {
        name = super::evidence::mix(name);
    }
    name
}
