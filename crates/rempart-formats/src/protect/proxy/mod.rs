//! What web proxies read.

pub mod squid;
