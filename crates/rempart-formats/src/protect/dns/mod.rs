//! What resolvers and browsers read: names that do not resolve.

pub mod adblock;
pub mod bind;
pub mod dnsmasq;
pub mod domains;
pub mod hosts;
pub mod knot;
pub mod rpz;
pub mod unbound;

use rempart_model::{Block, Kind};

use super::LeftOut;

/// Takes domain names and nothing else.
fn names_only(block: &Block) -> Result<(), LeftOut> {
    if *block.target.kind() == Kind::Domain { Ok(()) } else { Err(LeftOut::Kind) }
}
