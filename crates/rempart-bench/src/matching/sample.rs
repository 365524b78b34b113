//! Generated lists and a generated log in which so much of them stands, the same for a seed.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::net::Ipv4Addr;
use std::path::Path;

use crate::sample::Numbers;

const SYLLABLES: [&str; 24] = [
    "ba", "co", "di", "fe", "gu", "ka", "lo", "mi", "nu", "pe", "ra", "so", "ti", "ve", "xo", "zu", "an",
    "er", "in", "on", "st", "pl", "tr", "cl",
];
const TOPS: [&str; 32] = [
    "com", "com", "com", "com", "com", "com", "net", "net", "org", "org", "de", "fr", "pl", "it", "es", "nl",
    "eu", "io", "ru", "info", "xyz", "top", "shop", "site", "online", "co.uk", "com.br", "co", "me", "cc",
    "ch", "se",
];
const BELOW: [&str; 10] =
    ["", "", "www.", "www.", "api.", "mail.", "cdn.static.", "img3.assets.", "edge-mqtt.", "a1234.dscg."];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Microsoft-CryptoAPI/10.0",
    "curl/8.5.0",
];
/// Names that are looked up by everybody and listed by nobody.
const USUAL: u64 = 200_000;

/// What is listed.
pub(super) struct Lists {
    pub(super) domains: Vec<String>,
    pub(super) addresses: Vec<u32>,
    /// First address and prefix length.
    pub(super) networks: Vec<(u32, u8)>,
    pub(super) hashes: Vec<String>,
    pub(super) urls: Vec<String>,
    known: HashSet<u32>,
    /// First and last address of each network, sorted.
    ranges: Vec<(u32, u32)>,
}

/// A registered name that only this number has.
fn name(numbers: &mut Numbers, out: &mut String, number: u64) {
    let draw = numbers.next();
    for at in 0..2 + draw % 3 {
        out.push_str(SYLLABLES[(draw >> (8 + at * 8)) as usize % SYLLABLES.len()]);
    }
    let _ = write!(out, "{number}.{}", TOPS[(draw >> 48) as usize % TOPS.len()]);
}

/// A public address.
fn address(numbers: &mut Numbers) -> u32 {
    let draw = numbers.next();
    let first = 11 + (draw >> 32) as u32 % 180;
    first << 24 | draw as u32 & 0xff_ffff
}

impl Lists {
    /// 70 in 100 domains, 20 addresses, 2 networks, 4 hashes and 4 URLs.
    pub(super) fn new(count: usize) -> Self {
        let mut numbers = Numbers::new(11);
        let mut domains = Vec::with_capacity(count * 7 / 10);
        for at in 0..(count * 7 / 10) as u64 {
            let mut text = String::new();
            // One in five is a name below a registered one.
            text.push_str(["", "", "", "", "", "", "", "", "cdn.", "login.secure."][at as usize % 10]);
            name(&mut numbers, &mut text, at * 3);
            domains.push(text);
        }
        let mut known = HashSet::new();
        let mut addresses = Vec::new();
        while addresses.len() < count / 5 {
            let address = address(&mut numbers);
            if known.insert(address) {
                addresses.push(address);
            }
        }
        let mut networks = Vec::new();
        let mut firsts = HashSet::new();
        while networks.len() < count / 50 {
            let length = 22 + (numbers.next() % 7) as u8;
            let first = address(&mut numbers) & (u32::MAX << (32 - length));
            if firsts.insert(first) {
                networks.push((first, length));
            }
        }
        let mut ranges: Vec<(u32, u32)> = (networks.iter())
            .map(|(first, length)| (*first, first | u32::MAX.checked_shr(u32::from(*length)).unwrap_or(0)))
            .collect();
        ranges.sort_unstable();
        let hashes = (0..count / 25).map(|at| {
            let (a, b) = (numbers.next(), numbers.next());
            match at % 3 {
                0 => format!("{a:016x}{b:016x}"),
                1 => format!("{a:016x}{b:016x}{:08x}", numbers.next() >> 32),
                _ => format!("{a:016x}{b:016x}{:016x}{:016x}", numbers.next(), numbers.next()),
            }
        });
        let hashes = hashes.collect();
        let urls = (0..count as u64 / 25).map(|at| {
            let mut text = String::from(if at % 2 == 0 { "http://" } else { "https://" });
            name(&mut numbers, &mut text, at * 3 + 2);
            let _ = write!(text, "/{:x}/gate.php", numbers.next() >> 40);
            text
        });
        let urls = urls.collect();
        Self { domains, addresses, networks, hashes, urls, known, ranges }
    }

    pub(super) fn count(&self) -> usize {
        self.domains.len() + self.addresses.len() + self.networks.len() + self.hashes.len() + self.urls.len()
    }

    /// All of it as lines, in the order in which it was drawn.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let addresses = self.addresses.iter().map(|address| Ipv4Addr::from_bits(*address).to_string());
        let networks =
            self.networks.iter().map(|(first, length)| format!("{}/{length}", Ipv4Addr::from_bits(*first)));
        let texts = self.domains.iter().chain(&self.hashes).chain(&self.urls).cloned();
        texts.chain(addresses).chain(networks)
    }

    /// Bytes that the values themselves take, an IPv4 address as four and a network as five.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.domains.iter().chain(&self.hashes).chain(&self.urls);
        texts.map(String::len).sum::<usize>() + self.addresses.len() * 4 + self.networks.len() * 5
    }

    fn is_listed(&self, address: u32) -> bool {
        let at = self.ranges.partition_point(|(first, _)| *first <= address);
        // Networks may lie in one another: from /22 to /28 so many may begin within one.
        let around = self.ranges.get(at.saturating_sub(127)..at).unwrap_or_default();
        self.known.contains(&address) || around.iter().any(|(_, last)| *last >= address)
    }

    /// An address that is listed nowhere.
    pub(super) fn unlisted(&self, numbers: &mut Numbers) -> u32 {
        loop {
            let address = address(numbers);
            if !self.is_listed(address) {
                return address;
            }
        }
    }

    /// A name that is listed nowhere, and some much more often than others.
    pub(super) fn usual(numbers: &mut Numbers, out: &mut String) {
        let draw = numbers.next();
        let part = (draw >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = (part * part * part * USUAL as f64) as u64;
        out.push_str(BELOW[(draw % 10) as usize]);
        // Whoever has a rank has always the same name.
        name(&mut Numbers::new(rank + 1), out, rank * 3 + 1);
    }
}

/// What was planted in a log.
pub(super) struct Planted {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) hits: u64,
}

/// What of a line is drawn.
struct Drawn {
    host: String,
    address: u32,
    path: String,
    tail: String,
}

fn pick<'t, T>(numbers: &mut Numbers, of: &'t [T]) -> Option<&'t T> {
    of.get((numbers.next() >> 8) as usize % of.len().max(1))
}

/// Plants a listed value; whether it needs a line of the proxy.
fn plant(lists: &Lists, numbers: &mut Numbers, drawn: &mut Drawn) -> bool {
    match numbers.next() >> 8 & 15 {
        // A listed name, and one below it.
        at @ 0..=8 => {
            drawn.host.clear();
            if at > 4 {
                drawn.host.push_str(["www.", "a.b.", "x7f3."][at as usize % 3]);
            }
            drawn.host.extend(pick(numbers, &lists.domains).map(String::as_str));
            false
        }
        9..=10 => {
            drawn.address = pick(numbers, &lists.addresses).copied().unwrap_or(drawn.address);
            false
        }
        11..=12 => {
            if let Some((first, length)) = pick(numbers, &lists.networks) {
                drawn.address = first | numbers.next() as u32 & (u32::MAX >> length);
            }
            false
        }
        13..=14 => {
            let url = pick(numbers, &lists.urls).map_or("", String::as_str);
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            drawn.host.clear();
            drawn.host.push_str(host);
            drawn.path.clear();
            drawn.path.push_str(path);
            if numbers.next() >> 63 == 0 {
                drawn.path.push_str("?id=7");
            }
            true
        }
        _ => {
            drawn.tail.extend([" ", pick(numbers, &lists.hashes).map_or("", String::as_str)]);
            true
        }
    }
}

/// Writes a log of DNS and of a proxy, in turn as they come; one line in 200 holds one listed value.
pub(super) fn log(path: &Path, lists: &Lists, megabytes: u64) -> anyhow::Result<Planted> {
    let mut numbers = Numbers::new(23);
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut planted = Planted { lines: 0, bytes: 0, hits: 0 };
    let mut line = String::new();
    let mut drawn = Drawn { host: String::new(), address: 0, path: String::new(), tail: String::new() };
    while planted.bytes < megabytes * 1_000_000 {
        let draw = numbers.next();
        drawn.host.clear();
        Lists::usual(&mut numbers, &mut drawn.host);
        drawn.address = lists.unlisted(&mut numbers);
        drawn.path.clear();
        let _ = write!(drawn.path, "/assets/{:x}/{}.js?v={}", draw >> 44, draw >> 20 & 0xfff, draw & 0xff);
        drawn.tail.clear();
        let is_planted = draw >> 32 & 0xffff < 328;
        let is_proxy = is_planted && plant(lists, &mut numbers, &mut drawn) || draw >> 48 & 3 == 0;
        planted.hits += u64::from(is_planted);
        line.clear();
        let second = 1_764_100_000 + planted.lines / 400;
        let client = format!("10.{}.{}.{}", draw >> 8 & 15, draw >> 16 & 255, draw >> 24 & 255);
        let server = Ipv4Addr::from_bits(drawn.address);
        let host = &drawn.host;
        if is_proxy {
            let agent = AGENTS[(draw >> 52) as usize % AGENTS.len()];
            let _ = write!(
                line,
                "{second}.{:03} {} {client} TCP_MISS/200 {} GET http{}://{host}{} - HIER_DIRECT/{server} text/html \"{agent}\"{}",
                draw % 1000,
                draw >> 40 & 0x3ff,
                draw >> 30 & 0xffff,
                if draw & 1 == 0 { "" } else { "s" },
                drawn.path,
                drawn.tail,
            );
        } else {
            let _ = write!(
                line,
                "{second}.{:06}\tC{:017x}\t{client}\t{}\t10.0.0.53\t53\tudp\t{}\t0.0{}\t{host}\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t{server}\t{}.000000\tF",
                draw % 1_000_000,
                draw,
                1024 + (draw >> 34 & 0xffff) % 64_000,
                draw >> 20 & 0xffff,
                draw >> 44 & 0x3ff,
                draw >> 13 & 0xfff,
            );
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        planted.bytes += line.len() as u64;
        planted.lines += 1;
    }
    out.flush()?;
    Ok(planted)
}

/// Writes lines to a file.
pub(super) fn write<'l>(path: &Path, lines: impl Iterator<Item = &'l str>) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    for line in lines {
        out.write_all(line.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
