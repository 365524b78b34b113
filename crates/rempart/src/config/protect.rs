//! The part of the configuration that is about protective outputs.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rempart_dns::{Algorithm, Consumer, Key, Name, Network};
use rempart_model::{Action, BlockClass, Kind, Observable};
use rempart_service::protect::Settings;
use serde::Deserialize;

use super::rtbh::Rtbh;

/// What is said of protective outputs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Protect {
    pub(crate) publisher: String,
    pub(crate) page: String,
    pub(crate) zone: String,
    pub(crate) dns_listen: Option<SocketAddr>,
    pub(crate) dns_tls_listen: Option<SocketAddr>,
    pub(crate) catalog: Option<String>,
    pub(crate) malware: String,
    pub(crate) phishing: String,
    pub(crate) other: String,
    pub(crate) malware_from: f32,
    pub(crate) phishing_from: f32,
    pub(crate) other_from: f32,
    pub(crate) protected: Vec<String>,
    pub(crate) allow: Vec<String>,
    pub(crate) suffix_days: u32,
    pub(crate) stages: Vec<u32>,
    pub(crate) ttl: u32,
    pub(crate) lists_every: u32,
    pub(crate) consumers: Vec<ConsumerSection>,
    pub(crate) rtbh: Option<Rtbh>,
}

impl Default for Protect {
    fn default() -> Self {
        Self {
            publisher: "Rempart".into(),
            page: "http://127.0.0.1:8473/block/".into(),
            zone: "rpz.rempart.invalid".into(),
            dns_listen: None,
            dns_tls_listen: None,
            catalog: None,
            malware: "nxdomain".into(),
            phishing: "nxdomain".into(),
            other: "nxdomain".into(),
            malware_from: 0.75,
            phishing_from: 0.8,
            other_from: 0.9,
            protected: Vec::new(),
            allow: Vec::new(),
            suffix_days: 30,
            stages: vec![0, 600, 3600],
            ttl: 60,
            lists_every: 60,
            consumers: Vec::new(),
            rtbh: None,
        }
    }
}

/// The section of the file.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    publisher: Option<String>,
    page: Option<String>,
    zone: Option<String>,
    dns_listen: Option<SocketAddr>,
    dns_tls_listen: Option<SocketAddr>,
    catalog: Option<String>,
    malware: Option<String>,
    phishing: Option<String>,
    other: Option<String>,
    malware_from: Option<f32>,
    phishing_from: Option<f32>,
    other_from: Option<f32>,
    protected: Option<Vec<String>>,
    allow: Option<Vec<String>>,
    suffix_days: Option<u32>,
    stages: Option<Vec<u32>>,
    ttl: Option<u32>,
    lists_every: Option<u32>,
    rtbh: Option<Rtbh>,
    #[serde(default)]
    consumer: Vec<ConsumerSection>,
}

/// A secondary or resolver that may have the zones.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsumerSection {
    name: String,
    #[serde(default)]
    stage: u32,
    #[serde(default)]
    networks: Vec<String>,
    #[serde(default)]
    notify: Vec<SocketAddr>,
    key: Option<KeySection>,
}

/// The key with which a consumer signs (TSIG, RFC 8945).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeySection {
    name: String,
    #[serde(default = "sha256")]
    algorithm: String,
    secret_file: PathBuf,
}

fn sha256() -> String {
    "hmac-sha256".into()
}

/// Applies the section of the file. Relative paths in it start at `base`.
pub(super) fn apply(protect: &mut Protect, section: Section, base: &Path) {
    fn set<T>(to: &mut T, from: Option<T>) {
        if let Some(value) = from {
            *to = value;
        }
    }
    set(&mut protect.publisher, section.publisher);
    set(&mut protect.page, section.page);
    set(&mut protect.zone, section.zone);
    protect.dns_listen = section.dns_listen.or(protect.dns_listen);
    protect.dns_tls_listen = section.dns_tls_listen.or(protect.dns_tls_listen);
    protect.catalog = section.catalog.or(protect.catalog.take());
    set(&mut protect.malware, section.malware);
    set(&mut protect.phishing, section.phishing);
    set(&mut protect.other, section.other);
    set(&mut protect.malware_from, section.malware_from);
    set(&mut protect.phishing_from, section.phishing_from);
    set(&mut protect.other_from, section.other_from);
    set(&mut protect.protected, section.protected);
    set(&mut protect.allow, section.allow);
    set(&mut protect.suffix_days, section.suffix_days);
    set(&mut protect.stages, section.stages);
    set(&mut protect.ttl, section.ttl);
    set(&mut protect.lists_every, section.lists_every);
    protect.rtbh = section.rtbh.or(protect.rtbh.take());
    for mut consumer in section.consumer {
        if let Some(key) = &mut consumer.key {
            key.secret_file = base.join(&key.secret_file);
        }
        protect.consumers.push(consumer);
    }
}

impl Protect {
    /// What the service needs to know, for a data folder.
    pub(crate) fn settings(&self, folder: &Path) -> anyhow::Result<Settings> {
        let from = |what: &str, number: f32| match (0.5..=1.0).contains(&number) {
            true => Ok(number),
            false => bail!("protect.{what} = {number}: a probability from 0.5 to 1"),
        };
        let mut settings = Settings::new(folder.to_owned());
        settings.publisher = self.publisher.as_str().into();
        if !self.page.starts_with("http://") && !self.page.starts_with("https://") {
            bail!("protect.page = {:?}: an http or https address that ends with a slash", self.page);
        }
        settings.page = self.page.as_str().into();
        settings.zone = name("zone", &self.zone)?;
        settings.actions = [
            action("malware", &self.malware)?,
            action("phishing", &self.phishing)?,
            action("other", &self.other)?,
        ];
        settings.thresholds = [
            from("malware_from", self.malware_from)?,
            from("phishing_from", self.phishing_from)?,
            from("other_from", self.other_from)?,
        ];
        for text in &self.protected {
            let observable =
                Observable::guess(text).with_context(|| format!("protect.protected {text:?}"))?;
            if !matches!(observable.kind(), Kind::Domain | Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr) {
                bail!("protect.protected {text:?}: a name, an address or a network");
            }
            settings.protected.push(observable);
        }
        settings.allow = self.allow.iter().map(|text| name("allow", text)).collect::<Result<_, _>>()?;
        settings.suffix_days = self.suffix_days;
        if self.stages.first() != Some(&0) || !self.stages.is_sorted() {
            bail!("protect.stages begins with 0, for the canaries, and does not decrease");
        }
        settings.stages = self.stages.clone();
        if !(1..=86_400).contains(&self.ttl) {
            bail!("protect.ttl = {}: from 1 to 86400 seconds", self.ttl);
        }
        settings.ttl = self.ttl;
        settings.rtbh = self.rtbh.as_ref().map(Rtbh::consent).transpose()?;
        if settings.rtbh.is_some() && self.lists_every == 0 {
            bail!("protect.rtbh needs protect.lists_every: routes are written with the lists");
        }
        settings.lists_every = (self.lists_every > 0).then_some(self.lists_every);
        Ok(settings)
    }

    /// Who may have the zones.
    pub(crate) fn consumers(&self) -> anyhow::Result<Vec<Consumer>> {
        let consumer = |section: &ConsumerSection| -> anyhow::Result<Consumer> {
            let networks =
                section.networks.iter().map(|text| network(text)).collect::<Result<Vec<_>, _>>()?;
            if networks.is_empty() && section.key.is_none() {
                bail!("name its networks, or a key with which it signs");
            }
            if section.stage as usize >= self.stages.len() {
                bail!("stage = {}: there are {} stages, from 0", section.stage, self.stages.len());
            }
            let key = section.key.as_ref().map(key).transpose()?;
            let name = section.name.as_str().into();
            Ok(Consumer { name, stage: section.stage, networks, key, notify: section.notify.clone() })
        };
        let named = |section: &ConsumerSection| {
            consumer(section).with_context(|| format!("the consumer {:?} of protect", section.name))
        };
        self.consumers.iter().map(named).collect()
    }

    /// The name of the catalog zone.
    pub(crate) fn catalog(&self) -> anyhow::Result<Option<Name>> {
        let parse = |text: &String| Name::parse(text).with_context(|| format!("protect.catalog = {text:?}"));
        self.catalog.as_ref().map(parse).transpose()
    }

    /// The zones to this machine, without a key, and to a resolver that is told of changes: for the demo.
    pub(crate) fn for_this_machine(&mut self, listen: SocketAddr, resolver: SocketAddr) {
        self.dns_listen = Some(listen);
        self.stages = vec![0];
        // A demo has to work when the list that it ships has aged; nobody is protected by it.
        self.suffix_days = u32::from(u16::MAX);
        self.consumers.push(ConsumerSection {
            name: "this machine".into(),
            stage: 0,
            networks: vec!["127.0.0.0/8".into(), "::1/128".into()],
            notify: vec![resolver],
            key: None,
        });
    }
}

fn name(what: &str, text: &str) -> anyhow::Result<Box<str>> {
    let observable =
        Observable::parse(&Kind::Domain, text).with_context(|| format!("protect.{what} = {text:?}"))?;
    Ok(observable.value().into())
}

fn action(class: &str, text: &str) -> anyhow::Result<Action> {
    Ok(match (text, text.strip_prefix("garden:")) {
        ("nxdomain", _) => Action::NxDomain,
        ("nodata", _) => Action::NoData,
        ("drop", _) => Action::Drop,
        // The id of a block and a dot come before it (RFC 1035, section 2.3.4).
        (_, Some(host)) if host.len() <= 253 - 17 => Action::Garden(name(class, host)?),
        _ => bail!("protect.{class} = {text:?}: one of nxdomain, nodata, drop, garden:HOST"),
    })
}

fn network(text: &str) -> anyhow::Result<Network> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().with_context(|| format!("{text} is no network"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = if length.is_empty() {
        most
    } else {
        length.parse().with_context(|| format!("{text} is no network"))?
    };
    Network::new(address, length).with_context(|| format!("{text} is no network"))
}

fn key(section: &KeySection) -> anyhow::Result<Key> {
    let file = &section.secret_file;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let secret = base64(text.trim()).with_context(|| format!("{} is not base 64", file.display()))?;
    let algorithm = Algorithm::from_name(&section.algorithm)
        .with_context(|| format!("{:?}: hmac-sha256, hmac-sha384 or hmac-sha512", section.algorithm))?;
    let name = Name::parse(&section.name).with_context(|| format!("the key {:?}", section.name))?;
    Key::new(name, algorithm, &secret).with_context(|| format!("in {}", file.display()))
}

/// Reads base 64 with or without padding (RFC 4648, section 4).
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // What is left over of the last sign is no whole byte.
    (bits == 0).then_some(bytes)
}

/// The classes, by the name that the command line takes.
pub(crate) fn class(text: &str) -> anyhow::Result<BlockClass> {
    BlockClass::from_name(text)
        .with_context(|| format!("{text:?} is no output; one of malware, phishing, other"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_base_64() {
        for (text, bytes) in
            [("", &b""[..]), ("Zg==", b"f"), ("Zm9v", b"foo"), ("Zm9vYg", b"foob"), ("+/+/", b"\xfb\xff\xbf")]
        {
            assert_eq!(base64(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["Zm9v!", "Zh==", "a b"] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_fit_is_refused_by_name() {
        let folder = Path::new("/nowhere");
        let with = |change: &dyn Fn(&mut Protect)| {
            let mut protect = Protect::default();
            change(&mut protect);
            protect.settings(folder).map(drop).and_then(|()| protect.consumers().map(drop))
        };
        assert!(with(&|_| ()).is_ok());
        for (what, change) in [
            ("malware_from", &(|p: &mut Protect| p.malware_from = 0.1) as &dyn Fn(&mut Protect)),
            ("page", &|p| p.page = "ftp://x/".into()),
            ("phishing", &|p| p.phishing = "explode".into()),
            ("protected", &|p| p.protected = vec!["not a name".into()]),
            ("stages", &|p| p.stages = vec![5]),
            ("ttl", &|p| p.ttl = 0),
            ("zone", &|p| p.zone = "a..b".into()),
        ] {
            let error = format!("{:#}", with(change).expect_err(what));
            assert!(error.contains(what), "{error}");
        }
        let anybody = ConsumerSection {
            name: "anybody".into(),
            stage: 0,
            networks: Vec::new(),
            notify: Vec::new(),
            key: None,
        };
        assert!(with(&|p| p.consumers = vec![anybody.clone()]).is_err());
        let late = ConsumerSection { stage: 9, networks: vec!["10.0.0.0/8".into()], ..anybody.clone() };
        assert!(with(&|p| p.consumers = vec![late.clone()]).is_err());
    }
}
