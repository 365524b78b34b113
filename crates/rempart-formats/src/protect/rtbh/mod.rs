//! Announcements for remotely triggered black holes (RFC 7999): traffic to an address is dropped at
//! the edge of the operator's own network. Off unless the network's operations centre has agreed.
//!
//! Only host routes, only with the community BLACKHOLE (65535:666), and with NO_EXPORT (RFC 1997) so
//! that no neighbour hears of them. BGP knows no expiry: whoever loads these files must replace them
//! in time, and each says when.

pub mod exabgp;
pub mod gobgp;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rempart_model::{Block, Kind, Timestamp};

use super::plan::Plan;
use super::{LeftOut, Settings, WriteError, value};

/// The communities of each route (RFC 7999, section 5; RFC 1997).
const BLACKHOLE: &str = "65535:666";
const NO_EXPORT: &str = "65535:65281";

/// The consent to announce, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The operations centre (or the person there) that agreed, in words.
    pub noc: Box<str>,
    /// Until when the consent holds.
    pub until: Timestamp,
    /// The most routes; with one more, nothing is announced.
    pub max_prefixes: u32,
    /// The longest that an address is announced, in seconds; a day at most.
    pub longest: u32,
    /// Where IPv4 traffic is sent to be dropped; `None`: no IPv4.
    pub next_hop_v4: Option<Ipv4Addr>,
    /// The same for IPv6.
    pub next_hop_v6: Option<Ipv6Addr>,
    /// The router that ExaBGP speaks to; only its writer needs one.
    pub neighbour: Option<Neighbour>,
}

/// A session of BGP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The router.
    pub peer: IpAddr,
    /// Its autonomous system.
    pub peer_as: u32,
    /// Our address.
    pub local: IpAddr,
    /// Our autonomous system.
    pub local_as: u32,
    /// Our router's id.
    pub router_id: Ipv4Addr,
}

/// One route.
struct Route {
    prefix: String,
    next_hop: IpAddr,
}

/// Checks the consent and picks what may be announced.
fn plan<'b>(blocks: &'b [Block], settings: &'b Settings) -> Result<(Plan<'b>, &'b Consent), WriteError> {
    let refuse = |why| Err(WriteError::NoConsent(why));
    let Some(consent) = &settings.rtbh else { return refuse("there is none in the settings") };
    if value::line(&consent.noc).is_err() {
        return refuse("it must name who agreed, in one line");
    }
    if consent.until <= settings.built_at {
        return refuse("it has expired");
    }
    if consent.longest == 0 || consent.longest > 86_400 {
        return refuse("its longest announcement must be between a second and a day");
    }
    if consent.next_hop_v4.is_none() && consent.next_hop_v6.is_none() {
        return refuse("it names no next hop");
    }
    if consent.next_hop_v4.is_some_and(|hop| hop.is_unspecified() || hop.is_multicast() || hop.is_broadcast())
        || consent.next_hop_v6.is_some_and(|hop| hop.is_unspecified() || hop.is_multicast())
    {
        return refuse("its next hop is not the address of a host");
    }
    if let Some(session) = consent.neighbour {
        let host = |address: IpAddr| !address.is_unspecified() && !address.is_multicast();
        // AS 0 is nobody's (RFC 7607); 0 is no router's id (RFC 6286, section 2.1).
        if !host(session.peer)
            || !host(session.local)
            || session.peer.is_ipv4() != session.local.is_ipv4()
            || session.peer == session.local
            || session.peer_as == 0
            || session.local_as == 0
            || session.router_id.is_unspecified()
        {
            return refuse("its neighbour is no session of BGP");
        }
    }
    let accept = |block: &Block| {
        route(block, consent).map(|_| ())?;
        let longest = settings.built_at.plus_seconds(i64::from(consent.longest)).min(consent.until);
        if block.until > longest { Err(LeftOut::TooLasting) } else { Ok(()) }
    };
    let plan = Plan::new(blocks, settings, &accept)?;
    if u32::try_from(plan.len()).map_or(true, |routes| routes > consent.max_prefixes) {
        return Err(WriteError::TooManyRoutes { routes: plan.len(), most: consent.max_prefixes });
    }
    Ok((plan, consent))
}

/// The host route of an entry.
fn route(block: &Block, consent: &Consent) -> Result<Route, LeftOut> {
    let hop: Option<IpAddr> = match block.target.kind() {
        Kind::Ipv4 => consent.next_hop_v4.map(IpAddr::V4),
        Kind::Ipv6 => consent.next_hop_v6.map(IpAddr::V6),
        // Networks are never announced, and names have no route.
        _ => return Err(LeftOut::Kind),
    };
    let next_hop = hop.ok_or(LeftOut::Outside)?;
    let length = if next_hop.is_ipv4() { 32 } else { 128 };
    // A black hole of the next hop itself, or of a router, would take the network down.
    let address: IpAddr = block.target.value().parse().map_err(|_| LeftOut::Value)?;
    let own = consent.neighbour.map(|session| [session.peer, session.local, session.router_id.into()]);
    if address == next_hop || own.is_some_and(|own| own.contains(&address)) {
        return Err(LeftOut::Outside);
    }
    Ok(Route { prefix: format!("{address}/{length}"), next_hop })
}

/// When the file must be replaced: when the first of its entries ends.
fn replace_before(plan: &Plan<'_>, consent: &Consent) -> Timestamp {
    plan.iter().map(|block| block.until).min().unwrap_or(consent.until).min(consent.until)
}
