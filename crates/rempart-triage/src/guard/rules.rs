//! The rules, each by itself.

use rempart_matching::Warninglists;
use rempart_model::observable::address;
use rempart_model::{Kind, Observable, Timestamp};

use super::lists::{Listing, listing};
use super::{Candidate, Grounds, Rule};

/// Hears a refusal: the rule, whether a person may decide otherwise, and why.
type Refuse<'r> = dyn FnMut(Rule, bool, String) + 'r;

type RuleFn = fn(&Candidate<'_>, &Grounds<'_>, Timestamp, &mut Refuse<'_>);

/// All rules, in the order in which they are told.
pub(super) const RULES: [RuleFn; 11] = [
    kind,
    released,
    threshold,
    reason_and_time,
    suffix,
    observed,
    protected,
    infrastructure,
    listed_name,
    listed_address,
    listed_other,
];

/// Last labels below which each network has names of its own, and what they would break is inside (RFC 6761, RFC 6762,
/// RFC 7686, RFC 8375, RFC 9476, and what routers and directories use).
const OWN: [&str; 11] = [
    "alt",
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
];

/// The host of a candidate that is a name, or of a URL.
fn host(target: &Observable) -> Option<&str> {
    match target.kind() {
        Kind::Domain => Some(target.value()),
        Kind::Url => {
            let (_, rest) = target.value().split_once("://")?;
            let host = rest.split(['/', '?', '#']).next()?;
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            host.split(':').next()
        }
        _ => None,
    }
}

fn kind(candidate: &Candidate<'_>, _: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    match candidate.target.kind() {
        Kind::Domain | Kind::Url | Kind::Ipv4 | Kind::Ipv6 | Kind::Md5 | Kind::Sha1 | Kind::Sha256 => {}
        Kind::Cidr => {
            let reason = "a whole network is never blocked, only single addresses in it";
            refuse(Rule::S5, false, reason.into());
        }
        other => refuse(Rule::Kind, false, format!("nothing blocks values of the kind {}", other.name())),
    }
}

/// E4: a block tells the public.
fn released(candidate: &Candidate<'_>, _: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    if !candidate.is_released {
        let reason = "a blocked value is told to everybody, and no source that says it is malicious lets it be \
                      told (TLP:CLEAR) and acted on in the open (PAP:GREEN)";
        refuse(Rule::E4, false, reason.into());
    }
}

/// The output's own threshold.
fn threshold(candidate: &Candidate<'_>, _: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    // What is no number is below every threshold. Of what may not be told, nothing else is known.
    let is_enough = candidate.probability >= candidate.threshold;
    if candidate.is_released && !is_enough {
        let reason = format!(
            "malicious with probability {:.2}, blocked from {:.2} on",
            candidate.probability, candidate.threshold
        );
        refuse(Rule::Threshold, false, reason);
    }
}

/// H7: every block has a reason and an end.
fn reason_and_time(candidate: &Candidate<'_>, _: &Grounds<'_>, now: Timestamp, refuse: &mut Refuse<'_>) {
    if candidate.is_released && candidate.reason.trim().is_empty() {
        refuse(Rule::H7, false, "there is no reason that can be told".into());
    }
    if let Some(until) = candidate.valid_until
        && candidate.is_released
        && until <= now
    {
        refuse(Rule::H7, false, format!("it was held to be malicious until {until}"));
    }
}

/// S1: nothing under which anybody can have a name; at most the one label below it.
fn suffix(candidate: &Candidate<'_>, grounds: &Grounds<'_>, now: Timestamp, refuse: &mut Refuse<'_>) {
    let Some(host) = host(candidate.target) else { return };
    if *candidate.target.kind() == Kind::Url {
        return;
    }
    let suffix = grounds.suffixes.public_suffix(host);
    if suffix.text == host || !host.contains('.') {
        let what =
            if suffix.private { "of a company that hands out names below it" } else { "of a registry" };
        refuse(Rule::S1, false, format!("{host} is a public suffix {what}"));
    } else if grounds.suffixes.has_below(host) {
        let reason = format!("below {host} there are public suffixes, with the names of many below them");
        refuse(Rule::S1, false, reason);
    } else if let Some(own) = OWN.iter().find(|own| host.rsplit('.').next() == Some(own)) {
        refuse(Rule::S1, false, format!("names below .{own} are each network's own"));
    }
    let is_old = grounds
        .suffixes_as_of
        .is_none_or(|as_of| as_of.plus_seconds(i64::from(grounds.suffix_days) * 86_400) < now);
    if is_old {
        let reason = match grounds.suffixes_as_of {
            Some(as_of) => format!(
                "the Public Suffix List is of {}, older than {} days: give a new one (tables.suffixes)",
                as_of.to_string().get(..10).unwrap_or_default(),
                grounds.suffix_days
            ),
            None => "the Public Suffix List does not say of when it is".into(),
        };
        refuse(Rule::S1, true, reason);
    }
}

/// S8: what an algorithm or a pattern yields is not known to exist.
fn observed(candidate: &Candidate<'_>, _: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    if candidate.is_released && !candidate.is_observed {
        refuse(Rule::S8, false, "it was computed, and nobody says that it was seen".into());
    }
}

/// P2: what the operator and the members answer for is told to them, never blocked.
fn protected(candidate: &Candidate<'_>, grounds: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    if let Some(host) = host(candidate.target) {
        if let Some(whose) = grounds.protected.name(host) {
            refuse(Rule::P2, false, format!("{host} is protected: {whose}"));
        } else if *candidate.target.kind() == Kind::Domain
            && let Some(below) = grounds.protected.below(host)
        {
            refuse(Rule::P2, false, format!("it would catch {below}, which is protected"));
        }
    }
    if let Some(whose) = grounds.protected.network(candidate.target) {
        refuse(Rule::P2, false, format!("the address is protected: {whose}"));
    }
}

/// S6: what others rest on.
fn infrastructure(candidate: &Candidate<'_>, grounds: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    let Some(host) = host(candidate.target) else { return };
    let mut rest = Some(host);
    while let Some(name) = rest {
        if grounds.infrastructure.contains(name) {
            let reason = format!(
                "{name} is infrastructure on which others rest (certificates, updates, time, packages)"
            );
            return refuse(Rule::S6, false, reason);
        }
        rest = name.split_once('.').map(|(_, above)| above);
    }
}

/// P1 to P4, S1, S6 and S7 by the warninglists: the name itself, and what was registered of it.
fn listed_name(candidate: &Candidate<'_>, grounds: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    let Some(host) = host(candidate.target) else { return };
    let is_url = *candidate.target.kind() == Kind::Url;
    if !is_url && let Some(below) = grounds.above.below(host) {
        refuse(
            Rule::P1,
            false,
            format!("it would catch {below}, which stands on a list of names that stay reachable"),
        );
    }
    let registrable = grounds.suffixes.registrable(host);
    let bare = host.strip_prefix("www.");
    let names = [Some(host), bare, registrable.filter(|name| *name != host && Some(*name) != bare)];
    for name in names.into_iter().flatten() {
        for list in grounds.warninglists.listed(name) {
            let listed = || format!("{name} stands on the list \"{list}\"");
            match listing(list) {
                Listing::Popular => refuse(Rule::P1, false, listed()),
                Listing::Official => refuse(Rule::P2, false, listed()),
                Listing::Infrastructure => refuse(Rule::S6, false, listed()),
                Listing::Research => refuse(Rule::P4, false, listed()),
                Listing::Mistake => refuse(Rule::P3, false, listed()),
                // The page is blocked, and not the host.
                Listing::Shared | Listing::Platform | Listing::Suffix if is_url => {}
                Listing::Shared => refuse(Rule::S7, false, listed()),
                Listing::Platform if name == host => refuse(Rule::S1, false, listed()),
                Listing::Suffix if name == host => refuse(Rule::S1, false, listed()),
                Listing::Platform | Listing::Suffix | Listing::SharedAddress | Listing::Other => {}
            }
        }
    }
}

/// S5: an address that may be shared is never blocked, and whether another one is, only a person can say, since nothing
/// here knows which names lead to it.
fn listed_address(candidate: &Candidate<'_>, grounds: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    let address = match candidate.target.kind() {
        Kind::Ipv4 | Kind::Ipv6 => candidate.target.clone(),
        Kind::Url => {
            let Some(host) = host(candidate.target) else { return };
            let Ok(ip) = host.parse::<std::net::Ipv4Addr>() else { return };
            Observable::from_canonical(Kind::Ipv4, &ip.to_string())
        }
        _ => return,
    };
    if let Some((first, _)) = address::range(&address)
        && let Some(what) = address::is_special(first)
    {
        refuse(Rule::S5, false, format!("the address is for special use: {what}"));
    }
    for hit in grounds.warninglists.hits(&address) {
        let listed = || format!("the address stands on the list \"{}\"", hit.list);
        match listing(hit.list) {
            Listing::SharedAddress => refuse(Rule::S5, false, listed()),
            Listing::Research => refuse(Rule::P4, false, listed()),
            Listing::Other => {}
            _ => refuse(Rule::P3, false, listed()),
        }
    }
    if *candidate.target.kind() != Kind::Url {
        let reason = "whether it serves others too is not known";
        refuse(Rule::S5, true, reason.into());
    }
}

/// P3: hashes of files that are everywhere.
fn listed_other(candidate: &Candidate<'_>, grounds: &Grounds<'_>, _: Timestamp, refuse: &mut Refuse<'_>) {
    let lists: &Warninglists = grounds.warninglists;
    if matches!(candidate.target.kind(), Kind::Md5 | Kind::Sha1 | Kind::Sha256) {
        for hit in lists.hits(candidate.target) {
            refuse(Rule::P3, false, format!("the hash stands on the list \"{}\"", hit.list));
        }
    }
}
