//! Generated intelligence: the same for a seed.

use std::io::{BufWriter, Write};
use std::path::Path;

/// A small generator of numbers (xorshift64*), so that every run has the same data.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

const CLEAR: &str = "94868c89-83c2-464b-929b-a1a8aa3c8487";
const GREEN: &str = "bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
const AMBER: &str = "55d920b0-5e8b-4f79-9ee9-91f868d9b421";

/// One indicator of about 850 bytes. One in 100,000 is TLP:CLEAR, half of the rest GREEN, half AMBER.
pub(crate) fn indicator(numbers: &mut Numbers, index: usize) -> String {
    let (a, b) = (numbers.next(), numbers.next());
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    );
    let n = numbers.next();
    let (value, pattern) = match n % 20 {
        0..=11 => {
            let tld = ["com", "net", "fr", "de", "pl", "ee", "it", "es"][(n >> 8) as usize % 8];
            let name = format!("{:x}-{:x}.{tld}", n >> 40, index);
            (name.clone(), format!("[domain-name:value = '{name}']"))
        }
        12..=16 => {
            let address =
                format!("{}.{}.{}.{}", 11 + (n >> 8) % 180, n >> 16 & 255, n >> 24 & 255, n >> 32 & 255);
            (address.clone(), format!("[ipv4-addr:value = '{address}']"))
        }
        17 => {
            let url = format!("http://{:x}.example.net/{:x}/gate.php", n >> 40, index);
            (url.clone(), format!("[url:value = '{url}']"))
        }
        _ => {
            let hash = format!("{a:016x}{b:016x}{n:016x}{index:016x}");
            (hash.clone(), format!("[file:hashes.'SHA-256' = '{hash}']"))
        }
    };
    let marking = match index % 100_000 {
        7 => CLEAR,
        _ if index.is_multiple_of(2) => GREEN,
        _ => AMBER,
    };
    let second = index % 60;
    let minute = index / 60 % 60;
    format!(
        "{{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--{id}\",\"created\":\"2026-01-01T00:{minute:02}:{second:02}.000Z\",\
         \"modified\":\"2026-01-01T00:{minute:02}:{second:02}.000Z\",\"name\":\"{value}\",\"description\":\"Seen as command and control of a loader \
         that a compromised updater installs; the host answers on port 443 with a self-signed certificate and serves the second stage to clients \
         that send the right header. Observed by the honeypots of the programme and confirmed in a sandbox.\",\"indicator_types\":[\"malicious-activity\"],\
         \"pattern\":\"{pattern}\",\"pattern_type\":\"stix\",\"pattern_version\":\"2.1\",\"valid_from\":\"2026-01-01T00:{minute:02}:{second:02}Z\",\
         \"confidence\":{},\"labels\":[\"c2\",\"loader\"],\"object_marking_refs\":[\"marking-definition--{marking}\"]}}",
        n % 101
    )
}

/// Writes a bundle of `count` indicators, numbered from `first`. Returns its size in bytes.
pub(crate) fn bundle(path: &Path, seed: u64, first: usize, count: usize) -> anyhow::Result<u64> {
    let mut numbers = Numbers::new(seed);
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    out.write_all(
        b"{\"type\":\"bundle\",\"id\":\"bundle--0b9d5c7e-1111-4222-8333-444455556666\",\"objects\":[\n",
    )?;
    for index in first..first + count {
        if index > first {
            out.write_all(b",\n")?;
        }
        out.write_all(indicator(&mut numbers, index).as_bytes())?;
    }
    out.write_all(b"]}\n")?;
    out.flush()?;
    Ok(std::fs::metadata(path)?.len())
}

/// An envelope of `count` indicators.
pub(crate) fn envelope(numbers: &mut Numbers, first: usize, count: usize) -> Vec<u8> {
    let mut text = String::from("{\"objects\":[");
    for index in first..first + count {
        if index > first {
            text.push(',');
        }
        text.push_str(&indicator(numbers, index));
    }
    text.push_str("]}");
    text.into_bytes()
}
