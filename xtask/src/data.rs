//! Renewing the data that is shipped: fetched from package registries, made compact, written to `data/`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use rempart_matching::warninglists::{Builder, Effect};
use rempart_matching::{IpTable, IpTableKind};

use crate::workspace;

/// A package that data is taken from.
struct Package {
    registry: Registry,
    name: &'static str,
    licence: &'static str,
}

#[derive(Clone, Copy)]
enum Registry {
    Npm,
    Pypi,
}

const COUNTRY: Package = Package {
    registry: Registry::Npm,
    name: "@ip-location-db/geo-whois-asn-country",
    licence: "CC0-1.0; statistics of the NRO, CC-BY-4.0",
};
const ASN: Package = Package {
    registry: Registry::Npm,
    name: "@ip-location-db/asn",
    licence: "CC-BY-4.0 (RouteViews, DB-IP, NRO)",
};
const WARNINGLISTS: Package = Package {
    registry: Registry::Pypi,
    name: "pymispwarninglists",
    licence: "BSD-3-Clause (package); CC0-1.0 or BSD-2-Clause (misp-warninglists)",
};
const SUFFIXES: Package = Package { registry: Registry::Pypi, name: "publicsuffixlist", licence: "MPL-2.0" };

/// Lists for values that are very likely harmless.
const FALSE_POSITIVES: &[&str] = &[
    // Ranges and names that are never on the public Internet, and suffixes under which all stand.
    "rfc1918",
    "rfc3849",
    "rfc5735",
    "rfc6598",
    "rfc6761",
    "multicast",
    "ipv6-linklocal",
    "tlds",
    "second-level-tlds",
    // Hashes of files that everybody has.
    "empty-hashes",
    "eicar.com",
    "common-ioc-false-positive",
    "ti-falsepositives",
    "mozilla-CA",
    "mozilla-IntermediateCA",
    // What a few large vendors own.
    "google",
    "googlebot",
    "google-gmail-sending-ips",
    "microsoft",
    "microsoft-office365",
    "microsoft-office365-ip",
    "microsoft-win10-connection-endpoints",
    "microsoft-attack-simulator",
    "apple",
    "captive-portals",
    "wikimedia",
    // Who writes about malware, and what is visited most.
    "security-provider-blogpost",
    "automated-malware-analysis",
    "umbrella-blockpage-hostname",
    "umbrella-blockpage-v4",
    "umbrella-blockpage-v6",
    "alexa",
    "cisco_top1000",
    "majestic_million",
    "moz-top500",
    "tranco10k",
    "bank-website",
    "dax30",
    "university_domains",
];

/// Lists for values that one should know before acting on them.
const KNOWN: &[&str] = &[
    "cisco_top20k",
    "public-dns-v4",
    "public-dns-v6",
    "public-dns-hostname",
    // Shared by very many: clouds, content delivery networks, mail, proxies.
    "akamai",
    "cloudflare",
    "fastly",
    "stackpath",
    "zscaler",
    "amazon-aws",
    "google-gcp",
    "github",
    "microsoft-azure",
    "microsoft-azure-china",
    "microsoft-azure-germany",
    "microsoft-azure-us-gov",
    "ovh-cluster",
    "smtp-receiving-ips",
    "smtp-sending-ips",
    "vpn-ipv4",
    "vpn-ipv6",
    "disposable-email",
    // Anybody can put anything there.
    "dynamic-dns",
    "url-shortener",
    "link-in-bio",
    "lots-project",
    "public-ipfs-gateways",
    "parking-domain",
    "parking-domain-ns",
    "sinkholes",
    "findip-host",
    "whats-my-ip",
    // Who scans the whole Internet and says so.
    "censys-scanning",
    "check-host-net",
    "internet-census-nt-scanning",
    "modat-scanner",
    "onyphe-scanner",
    "openai-gptbot",
    "rapid7-nt-scanning",
    "shadowserver",
    "shadowserver-nt-scanning",
    "shodan-scanning",
    "tenable-cloud-ipv4",
    "tenable-cloud-ipv6",
];

/// Fetches the newest packages and writes everything in `data/` that is made from them.
pub fn run() -> anyhow::Result<()> {
    let work = std::env::temp_dir().join(format!("rempart-data-{}", std::process::id()));
    std::fs::create_dir_all(&work)?;
    let result = renew(&work, &workspace::root().join("data"));
    std::fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))?;
    result
}

fn renew(work: &Path, data: &Path) -> anyhow::Result<()> {
    let mut sources = String::from(
        "# Written by `cargo xtask data`: the packages from which the files beside this one were made.\n",
    );
    for (package, file, kind, columns) in [
        (
            COUNTRY,
            "ip_country.bin",
            IpTableKind::Country,
            ["geo-whois-asn-country-ipv4.csv", "geo-whois-asn-country-ipv6.csv"],
        ),
        (ASN, "ip_asn.bin", IpTableKind::Asn, ["asn-ipv4.csv", "asn-ipv6.csv"]),
    ] {
        let folder = fetch(&package, work, &[file], &mut sources)?;
        let mut csv = Vec::new();
        for name in columns {
            csv.extend(read(&folder.join("package").join(name))?);
            csv.push(b'\n');
        }
        let table = IpTable::from_csv(&csv).with_context(|| package.name)?;
        ensure!(table.kind() == kind, "{} has other columns than before", package.name);
        let (v4, v6) = table.ranges();
        write(data, file, &table.to_bytes()?, &format!("{v4} + {v6} ranges"))?;
    }

    let folder = fetch(&WARNINGLISTS, work, &["warninglists.zst"], &mut sources)?;
    let lists = folder.join("pymispwarninglists/data/misp-warninglists/lists");
    let mut builder = Builder::new();
    builder.misp_json(&read(&data.join("well_known_resolvers.json"))?, None)?;
    let mut left_out = Vec::new();
    for (names, effect) in [(FALSE_POSITIVES, Effect::FalsePositive), (KNOWN, Effect::Known)] {
        for name in names {
            let file = lists.join(name).join("list.json");
            if !file.is_file() {
                left_out.push(*name);
                continue;
            }
            let mut json: serde_json::Value = serde_json::from_slice(&read(&file)?)?;
            // Whole domains, which are looked up by name and not by searching in every value.
            if *name == "disposable-email" {
                json["type"] = "hostname".into();
            }
            let json = serde_json::to_vec(&json)?;
            builder.misp_json(&json, Some(effect)).with_context(|| format!("list {name}"))?;
        }
    }
    ensure!(left_out.len() < 8, "most lists are gone: {left_out:?}; the package has another layout");
    let count = FALSE_POSITIVES.len() + KNOWN.len() + 1 - left_out.len();
    write(data, "warninglists.zst", &builder.to_bundle()?, &format!("{count} lists, gone: {left_out:?}"))?;

    let folder = fetch(&SUFFIXES, work, &["public_suffix_list.dat.zst"], &mut sources)?;
    let text = read(&folder.join("publicsuffixlist/public_suffix_list.dat"))?;
    ensure!(
        text.windows(16).any(|part| part == b"BEGIN PRIVATE DO"),
        "the public suffix list has no private part"
    );
    write(data, "public_suffix_list.dat.zst", &zstd::encode_all(text.as_slice(), 19)?, "")?;

    std::fs::write(data.join("sources.toml"), sources)?;
    Ok(())
}

/// Fetches a package, unpacks it, notes where it came from, and returns the folder it is in.
fn fetch(package: &Package, work: &Path, files: &[&str], sources: &mut String) -> anyhow::Result<PathBuf> {
    let folder = work.join(package.name.replace(['/', '@'], "_"));
    std::fs::create_dir_all(&folder)?;
    let mut command = match package.registry {
        Registry::Npm => {
            let mut command = Command::new("npm");
            command.args(["pack", "--silent", package.name]);
            command
        }
        Registry::Pypi => {
            let mut command = Command::new("pip");
            command.args(["download", "--quiet", "--no-deps", "--only-binary", ":all:", package.name]);
            command
        }
    };
    complete(command.current_dir(&folder))?;
    let mut archives = std::fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    let (Some(archive), true) = (archives.pop(), archives.is_empty()) else {
        bail!("{} did not come as one archive", package.name);
    };
    let archive = archive.path();
    match package.registry {
        Registry::Npm => complete(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(&folder))?,
        Registry::Pypi => {
            complete(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(&archive).arg(&folder))?
        }
    };
    let sum = complete(Command::new("sha256sum").arg(&archive))?;
    let archive = archive.file_name().unwrap_or_default().to_string_lossy();
    let registry = match package.registry {
        Registry::Npm => "npm",
        Registry::Pypi => "PyPI",
    };
    writeln!(
        sources,
        "\n[[source]]\nregistry = \"{registry}\"\npackage = \"{}\"\narchive = \"{archive}\"\nsha256 = \"{}\"\n\
         licence = \"{}\"\nfiles = {files:?}",
        package.name,
        sum.split_whitespace().next().unwrap_or_default(),
        package.licence,
    )?;
    Ok(folder)
}

/// Runs a command to its end and returns what it wrote.
fn complete(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start `{name}`"))?;
    ensure!(output.status.success(), "`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(data: &Path, name: &str, bytes: &[u8], about: &str) -> anyhow::Result<()> {
    std::fs::write(data.join(name), bytes).with_context(|| format!("cannot write data/{name}"))?;
    println!("data/{name}: {} bytes {about}", bytes.len());
    Ok(())
}
