//! Address ranges that belong to nobody on the Internet.

use super::address::MAPPED;

/// Of IPv4: first address, prefix length, name. The IANA special-purpose registry (RFC 6890 and
/// those that added to it) and multicast (RFC 5771); what lies inside something else comes first.
const V4: &[([u8; 4], u32, &str)] = &[
    ([10, 0, 0, 0], 8, "private"),              // RFC 1918
    ([192, 168, 0, 0], 16, "private"),          // RFC 1918
    ([172, 16, 0, 0], 12, "private"),           // RFC 1918
    ([127, 0, 0, 0], 8, "loopback"),            // RFC 1122
    ([169, 254, 0, 0], 16, "link-local"),       // RFC 3927
    ([100, 64, 0, 0], 10, "carrier-grade NAT"), // RFC 6598
    ([192, 0, 2, 0], 24, "documentation"),      // RFC 5737
    ([198, 51, 100, 0], 24, "documentation"),   // RFC 5737
    ([203, 0, 113, 0], 24, "documentation"),    // RFC 5737
    ([233, 252, 0, 0], 24, "documentation"),    // RFC 6676
    ([224, 0, 0, 0], 4, "multicast"),           // RFC 5771
    ([198, 18, 0, 0], 15, "benchmarking"),      // RFC 2544
    ([0, 0, 0, 0], 8, "this network"),          // RFC 791
    ([255, 255, 255, 255], 32, "broadcast"),    // RFC 919
    ([240, 0, 0, 0], 4, "reserved"),            // RFC 1112
    ([192, 0, 0, 0], 24, "reserved"),           // RFC 6890, protocol assignments
    ([192, 88, 99, 0], 24, "reserved"),         // RFC 7526, once the 6to4 relays
    ([192, 31, 196, 0], 24, "AS112 service"),   // RFC 7535
    ([192, 175, 48, 0], 24, "AS112 service"),   // RFC 7534
    ([192, 52, 193, 0], 24, "AMT relay"),       // RFC 7450
];

/// Of IPv6, likewise. An empty name: not special, though inside something that is.
const V6: &[(u128, u32, &str)] = &[
    (0xfe80 << 112, 10, "link-local"),             // RFC 4291
    (0xfc00 << 112, 7, "private"),                 // RFC 4193
    (0xfec0 << 112, 10, "private"),                // RFC 3879, once site-local
    (0xff00 << 112, 8, "multicast"),               // RFC 4291
    (0x2001_0db8 << 96, 32, "documentation"),      // RFC 3849
    (0x3fff << 112, 20, "documentation"),          // RFC 9637
    (1, 128, "loopback"),                          // RFC 4291
    (0, 128, "unspecified"),                       // RFC 4291
    (0x0064_ff9b << 96, 96, ""),                   // RFC 6052: stands for an IPv4 address
    (0x0064_ff9b_0001 << 80, 48, "private"),       // RFC 8215
    (0x0100 << 112, 64, "discard"),                // RFC 6666
    (0x2001_0000 << 96, 32, ""),                   // RFC 4380, Teredo: stands for an IPv4 address
    (0x2001_0002 << 96, 48, "benchmarking"),       // RFC 5180
    (0x2001_0003 << 96, 32, "AMT relay"),          // RFC 7450
    (0x2001_0004_0112 << 80, 48, "AS112 service"), // RFC 7535
    (0x2001 << 112, 23, "reserved"),               // RFC 2928, protocol assignments
    (0x2620_004f_8000 << 80, 48, "AS112 service"), // RFC 7534
    (0x2000 << 112, 3, ""),                        // RFC 4291: global unicast
    (0, 0, "reserved"),                            // never given out
];

/// What the range is called that an address (see [`super::address::to_u128`]) lies in, where it is
/// one that belongs to nobody on the Internet: `private`, `loopback`, `link-local`, `multicast`,
/// `documentation`, `carrier-grade NAT`, `reserved` and so on.
///
/// `None` is for addresses of somebody, among them those of 6to4, Teredo and NAT64, which stand
/// for the IPv4 address of somebody.
pub fn is_special(address: u128) -> Option<&'static str> {
    let name = if address >> 32 == MAPPED >> 32 {
        let address = (address & 0xffff_ffff) as u32;
        V4.iter()
            .find(|(first, length, _)| (address ^ u32::from_be_bytes(*first)) >> (32 - length) == 0)
            .map(|(_, _, name)| *name)
    } else {
        V6.iter()
            .find(|(first, length, _)| (address ^ first).checked_shr(128 - length).unwrap_or(0) == 0)
            .map(|(_, _, name)| *name)
    };
    name.filter(|name| !name.is_empty())
}
