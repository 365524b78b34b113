//! The configuration file, version 1, and the environment that overrides it.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::{Config, LogFormat, protect};

/// A file with all keys, commented; it says what holds without it.
pub(super) const EXAMPLE: &str = r#"# Rempart's configuration. Every key may be left out; what is shown is what holds then.
# Each key can be set by an environment variable as well, named beside it, which goes before the file.

version = 1

# Where TAXII 2.1, /healthz and /readyz are served.                    REMPART_LISTEN
listen = "127.0.0.1:8473"

# Where /metrics is served (Prometheus); off where it is not set.      REMPART_METRICS_LISTEN
# metrics_listen = "127.0.0.1:9473"

# What discovery says of this server.                                  REMPART_TITLE, REMPART_CONTACT
title = "Rempart"
# contact = "csirt@example.org"

# Largest body of a contribution, in bytes.                            REMPART_MAX_CONTENT_LENGTH
max_content_length = 104857600

# Proxies whose X-Forwarded-For is believed. Failed attempts are counted by address: behind a proxy that is not
# listed here, all callers are one.                                   REMPART_TRUSTED_PROXIES (comma-separated)
trusted_proxies = []

# HTTPS (TLS 1.2 and 1.3): certificate chain and private key, PEM.     REMPART_TLS_CERT, REMPART_TLS_KEY
# [tls]
# cert = "server.pem"
# key = "server.key"

[log]
# error, warn, info, debug, or a filter such as "info,rempart_http=debug".   REMPART_LOG
level = "info"
# text or json.                                                        REMPART_LOG_FORMAT
format = "text"

# Tables that take the place of those that Rempart ships.
[tables]
# CSV: first address, last address, country.                           REMPART_COUNTRIES
# countries = "ip-to-country.csv"
# CSV: first address, last address, number, name.                      REMPART_ASNS
# asns = "ip-to-asn.csv"
# A folder of MISP warninglists (*/list.json).                         REMPART_WARNINGLISTS
# warninglists = "warninglists/lists"
# The Public Suffix List (public_suffix_list.dat).                      REMPART_SUFFIXES
# suffixes = "public_suffix_list.dat"

# Protective outputs: response-policy zones and lists. Each is dry until `rempart protect live CLASS`.
[protect]
# Who publishes, in words.
publisher = "Rempart"
# The address of the block pages; the id of a block is added to it.
page = "http://127.0.0.1:8473/block/"
# The name below which the zones are: malware.rpz.rempart.invalid and so on.
zone = "rpz.rempart.invalid"
# Where the zones are served to secondaries and resolvers, UDP and TCP; off where it is not set.   REMPART_DNS_LISTEN
# dns_listen = "127.0.0.1:8453"
# The same over TLS (RFC 9103), with the certificate of [tls].
# dns_tls_listen = "127.0.0.1:8853"
# The name of a catalog zone (RFC 9432) that lists the zones.
# catalog = "catalog.rempart.invalid"
# What resolvers do with a name of each class: nxdomain, nodata, drop, or garden:HOST.
malware = "nxdomain"
phishing = "nxdomain"
other = "nxdomain"
# From which probability on a class is blocked, 0.5 to 1.
malware_from = 0.75
phishing_from = 0.8
other_from = 0.9
# Names, addresses and networks that are never blocked, besides those that members answer for.
protected = []
# Names that resolvers let through, whatever other zones say.
allow = []
# After how many days the Public Suffix List is too old to decide by.
suffix_days = 30
# After how many seconds a change reaches each stage of consumers; the first are the canaries.
stages = [0, 600, 3600]
# Seconds that a resolver may keep an answer.
ttl = 60
# Seconds between two versions of the lists in the data folder; 0: none are written.
lists_every = 60

# Who may have the zones: by its networks, by a key with which it signs (TSIG), or by both.
# [[protect.consumer]]
# name = "resolver-1"
# stage = 0
# networks = ["192.0.2.53/32"]
# notify = ["192.0.2.53:53"]
# key = { name = "resolver-1.key", algorithm = "hmac-sha256", secret_file = "resolver-1.secret" }

# Black holes in your own network (RFC 7999), as files for GoBGP and, with a neighbour, ExaBGP in the folder `routes`. Only
# with the consent of the network's operations centre; with more routes than agreed, none is announced.
# [protect.rtbh]
# agreed_by = "NOC, J. Dupont"
# agreed_until = "2027-01-31T00:00:00Z"
# most_routes = 100
# longest = 7200
# next_hop_v4 = "192.0.2.1"
# next_hop_v6 = "100::1"
# neighbour = { peer = "192.0.2.2", peer_as = 64500, local = "192.0.2.3", local_as = 64500, router_id = "192.0.2.3" }
"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Option<u32>,
    listen: Option<SocketAddr>,
    metrics_listen: Option<SocketAddr>,
    title: Option<String>,
    contact: Option<String>,
    max_content_length: Option<usize>,
    trusted_proxies: Option<Vec<IpAddr>>,
    tls: Option<Tls>,
    #[serde(default)]
    log: LogSection,
    #[serde(default)]
    tables: TablesSection,
    #[serde(default)]
    protect: protect::Section,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    cert: PathBuf,
    key: PathBuf,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct LogSection {
    level: Option<String>,
    format: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct TablesSection {
    countries: Option<PathBuf>,
    asns: Option<PathBuf>,
    warninglists: Option<PathBuf>,
    suffixes: Option<PathBuf>,
}

/// Applies a file's text. Relative paths in it start at `base`.
pub(super) fn apply(config: &mut Config, text: &str, base: &Path) -> anyhow::Result<()> {
    let file: File = toml::from_str(text)?;
    if let Some(version) = file.version
        && version != 1
    {
        bail!("version = {version}: this Rempart reads version 1");
    }
    if let Some(listen) = file.listen {
        config.listen = listen;
    }
    config.metrics_listen = file.metrics_listen.or(config.metrics_listen);
    if let Some(title) = file.title {
        config.title = title;
    }
    config.contact = file.contact.or(config.contact.take());
    if let Some(bytes) = file.max_content_length {
        config.max_content_length = bytes;
    }
    if let Some(proxies) = file.trusted_proxies {
        config.trusted_proxies = proxies;
    }
    if let Some(tls) = file.tls {
        config.tls = Some((base.join(tls.cert), base.join(tls.key)));
    }
    if let Some(level) = file.log.level {
        config.log.level = level;
    }
    if let Some(format) = file.log.format {
        config.log.format = log_format(&format).context("log.format")?;
    }
    let at_base = |path: Option<PathBuf>| path.map(|path| base.join(path));
    config.tables.countries = at_base(file.tables.countries);
    config.tables.asns = at_base(file.tables.asns);
    config.tables.warninglists = at_base(file.tables.warninglists);
    config.tables.suffixes = at_base(file.tables.suffixes);
    protect::apply(&mut config.protect, file.protect, base);
    Ok(())
}

fn log_format(text: &str) -> anyhow::Result<LogFormat> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => bail!("{other:?} is neither text nor json"),
    }
}

/// Applies what the environment says.
pub(super) fn environment(config: &mut Config, get: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let parsed = |name: &str| -> anyhow::Result<Option<SocketAddr>> {
        get(name).map(|text| text.parse().with_context(|| format!("{name}={text}"))).transpose()
    };
    if let Some(listen) = parsed("REMPART_LISTEN")? {
        config.listen = listen;
    }
    if let Some(listen) = parsed("REMPART_METRICS_LISTEN")? {
        config.metrics_listen = Some(listen);
    }
    if let Some(listen) = parsed("REMPART_DNS_LISTEN")? {
        config.protect.dns_listen = Some(listen);
    }
    if let Some(title) = get("REMPART_TITLE") {
        config.title = title;
    }
    if let Some(contact) = get("REMPART_CONTACT") {
        config.contact = Some(contact);
    }
    if let Some(text) = get("REMPART_MAX_CONTENT_LENGTH") {
        config.max_content_length =
            text.parse().with_context(|| format!("REMPART_MAX_CONTENT_LENGTH={text}"))?;
    }
    if let Some(text) = get("REMPART_TRUSTED_PROXIES") {
        let proxies = text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::parse);
        config.trusted_proxies =
            proxies.collect::<Result<_, _>>().with_context(|| format!("REMPART_TRUSTED_PROXIES={text}"))?;
    }
    if let (Some(cert), Some(key)) = (get("REMPART_TLS_CERT"), get("REMPART_TLS_KEY")) {
        config.tls = Some((cert.into(), key.into()));
    }
    if let Some(level) = get("REMPART_LOG") {
        config.log.level = level;
    }
    if let Some(format) = get("REMPART_LOG_FORMAT") {
        config.log.format = log_format(&format).context("REMPART_LOG_FORMAT")?;
    }
    let path = |name: &str, at: &mut Option<PathBuf>| {
        if let Some(text) = get(name) {
            *at = Some(text.into());
        }
    };
    path("REMPART_COUNTRIES", &mut config.tables.countries);
    path("REMPART_ASNS", &mut config.tables.asns);
    path("REMPART_WARNINGLISTS", &mut config.tables.warninglists);
    path("REMPART_SUFFIXES", &mut config.tables.suffixes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_says_what_holds_without_it() {
        let mut config = Config::default();
        apply(&mut config, EXAMPLE, Path::new("")).unwrap();
        assert_eq!(config, Config::default());
    }

    fn is_of_protect(line: &str) -> bool {
        let consumer = ["[[protect.consumer]]", "stage = ", "networks = ", "notify = ", "key = "];
        let rtbh = ["[protect.rtbh]", "most_routes = ", "longest = "];
        consumer.iter().chain(&rtbh).any(|beginning| line.starts_with(beginning))
    }

    #[test]
    fn every_key_of_the_example_is_a_key() {
        // Taking the comments away before keys must leave a file that is read.
        let text: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = \"") || rest == "[tls]" || is_of_protect(rest) => rest,
                _ => line,
            })
            .map(|line| format!("{line}\n"))
            .collect();
        // [tls] must not swallow the keys that follow it: they stand before it in the file.
        let mut config = Config::default();
        apply(&mut config, &text, Path::new("/etc/rempart")).unwrap();
        assert_eq!(config.tls.unwrap().0, Path::new("/etc/rempart/server.pem"));
        let consent = config.protect.settings(Path::new("/data")).unwrap().rtbh.unwrap();
        assert_eq!(
            (consent.max_prefixes, consent.neighbour.map(|router| router.peer_as)),
            (100, Some(64500))
        );
        assert!(config.tables.asns.is_some() && config.metrics_listen.is_some() && config.contact.is_some());
    }

    #[test]
    fn an_unknown_key_is_named() {
        for (text, key) in [("lisen = \"127.0.0.1:1\"", "lisen"), ("[log]\nlevle = \"x\"", "levle")] {
            let error = apply(&mut Config::default(), text, Path::new("")).unwrap_err();
            assert!(error.to_string().contains(key), "{error}");
        }
        assert!(apply(&mut Config::default(), "version = 2", Path::new("")).is_err());
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let mut config = Config::default();
        apply(&mut config, "title = \"file\"", Path::new("")).unwrap();
        environment(&mut config, &|name| (name == "REMPART_TITLE").then(|| "env".to_owned())).unwrap();
        assert_eq!(config.title, "env");
        assert!(
            environment(&mut config, &|name| (name == "REMPART_LISTEN").then(|| "x".to_owned())).is_err()
        );
    }
}
