//! The data that is shipped inside the binary; `cargo xtask data` renews it.

pub(crate) static IP_COUNTRY: &[u8] = include_bytes!("../../../data/ip_country.bin");
pub(crate) static IP_ASN: &[u8] = include_bytes!("../../../data/ip_asn.bin");
pub(crate) static WARNINGLISTS: &[u8] = include_bytes!("../../../data/warninglists.zst");
pub(crate) static STATES: &str = include_str!("../../../data/states.toml");

/// The Public Suffix List (<https://publicsuffix.org/list/>, MPL-2.0) that is shipped.
///
/// # Errors
/// Where the shipped bytes are damaged.
pub fn public_suffix_list() -> std::io::Result<String> {
    let bytes = zstd::decode_all(include_bytes!("../../../data/public_suffix_list.dat.zst").as_slice())?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}
