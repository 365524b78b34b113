//! The consent of the network's operations centre to announce black holes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::{Context, bail};
use rempart_model::Timestamp;
use rempart_service::protect::{Consent, Neighbour};
use serde::Deserialize;

/// The section of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rtbh {
    agreed_by: String,
    agreed_until: String,
    most_routes: u32,
    #[serde(default = "two_hours")]
    longest: u32,
    next_hop_v4: Option<Ipv4Addr>,
    next_hop_v6: Option<Ipv6Addr>,
    neighbour: Option<NeighbourSection>,
}

/// The router that ExaBGP speaks to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeighbourSection {
    peer: IpAddr,
    peer_as: u32,
    local: IpAddr,
    local_as: u32,
    router_id: Ipv4Addr,
}

fn two_hours() -> u32 {
    // Twice as long as it takes until the files are made again.
    7_200
}

impl Rtbh {
    /// The consent, as the writers need it; they check what is in it once more.
    pub(super) fn consent(&self) -> anyhow::Result<Consent> {
        let until = Timestamp::parse(&self.agreed_until).with_context(|| {
            format!("protect.rtbh.agreed_until = {:?}: a time as 2027-01-31T00:00:00Z", self.agreed_until)
        })?;
        if self.agreed_by.trim().is_empty() {
            bail!("protect.rtbh.agreed_by names who agreed");
        }
        if self.next_hop_v4.is_none() && self.next_hop_v6.is_none() {
            bail!("protect.rtbh names a next_hop_v4 or a next_hop_v6, where traffic is dropped");
        }
        if !(3_600..=86_400).contains(&self.longest) {
            bail!("protect.rtbh.longest = {}: from 3600 to 86400 seconds", self.longest);
        }
        Ok(Consent {
            noc: self.agreed_by.as_str().into(),
            until,
            max_prefixes: self.most_routes,
            longest: self.longest,
            next_hop_v4: self.next_hop_v4,
            next_hop_v6: self.next_hop_v6,
            neighbour: self.neighbour.as_ref().map(|section| Neighbour {
                peer: section.peer,
                peer_as: section.peer_as,
                local: section.local,
                local_as: section.local_as,
                router_id: section.router_id,
            }),
        })
    }
}
