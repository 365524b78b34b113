//! Tables of addresses, from CSV and from their compact form; what is written is read back alike.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use rempart_matching::IpTable;

fuzz_target!(|data: &[u8]| {
    if let Ok(table) = IpTable::from_bytes(data) {
        look_up(&table);
    }
    if let Ok(table) = IpTable::from_csv(data) {
        let written = table.to_bytes().expect("a table can be written");
        let again = IpTable::from_bytes(&written).expect("what was written can be read");
        assert_eq!(table.ranges(), again.ranges());
        assert_eq!(look_up(&table), look_up(&again));
    }
});

fn look_up(table: &IpTable) -> Vec<String> {
    let addresses = [0, 0x0102_0304, 0xc000_0201, u32::MAX].map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let more = [0, 1, 0x2001_0db8 << 96, u128::MAX].map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
    let all = addresses.iter().chain(&more);
    all.map(|address| format!("{:?} {:?}", table.country(*address), table.asn(*address))).collect()
}
