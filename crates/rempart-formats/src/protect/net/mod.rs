//! What firewalls read: addresses and networks.

pub mod addresses;
pub mod nftables;
