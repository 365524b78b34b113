//! The data that is shipped inside the binary; `cargo xtask data` renews it.

pub(crate) static IP_COUNTRY: &[u8] = include_bytes!("../../../data/ip_country.bin");
pub(crate) static IP_ASN: &[u8] = include_bytes!("../../../data/ip_asn.bin");
pub(crate) static WARNINGLISTS: &[u8] = include_bytes!("../../../data/warninglists.zst");
