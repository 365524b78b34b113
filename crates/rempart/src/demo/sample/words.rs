//! The words that the sample is made of. Kinds of threats are called what the field calls them;
//! names of malware and campaigns are invented.

/// A kind of threat.
#[derive(Debug)]
pub(super) struct Threat {
    /// RSIT type.
    pub(super) category: &'static str,
    /// What a feed would tag it as.
    pub(super) label: &'static str,
    /// STIX 2.1 `indicator-type-ov` or `malware-type-ov`, whichever fits.
    pub(super) malware_type: &'static str,
    /// An invented name.
    pub(super) malware: &'static str,
    /// The domain below `.example` in which its names lie.
    pub(super) zone: &'static str,
    /// How its host names begin.
    pub(super) hosts: &'static [&'static str],
    /// Paths of its URLs.
    pub(super) paths: &'static [&'static str],
}

/// All kinds of threats.
pub(super) const THREATS: [Threat; 8] = [
    Threat {
        category: "phishing",
        label: "phishing-kit",
        malware_type: "webshell",
        malware: "NachtKit",
        zone: "phish",
        hosts: &["login", "secure", "webmail", "signin", "account", "mfa"],
        paths: &["login.php", "auth/verify", "o365/signin", "session/renew"],
    },
    Threat {
        category: "phishing",
        label: "credential-phishing",
        malware_type: "webshell",
        malware: "PaperFerry",
        zone: "parcel",
        hosts: &["track", "delivery", "customs", "pay"],
        paths: &["pay/card", "parcel/track", "customs/fee"],
    },
    Threat {
        category: "malware-distribution",
        label: "loader",
        malware_type: "dropper",
        malware: "GlasLoader",
        zone: "loader",
        hosts: &["update", "cdn", "download", "files", "static"],
        paths: &["bins/x86", "update/setup.exe", "get/package.msi", "dl/invoice.zip"],
    },
    Threat {
        category: "malware-distribution",
        label: "ransomware",
        malware_type: "ransomware",
        malware: "Tallow",
        zone: "locker",
        hosts: &["share", "backup", "drop"],
        paths: &["note/readme.txt", "stage2.bin", "key"],
    },
    Threat {
        category: "c2-server",
        label: "botnet",
        malware_type: "bot",
        malware: "MistBot",
        zone: "botnet",
        hosts: &["c2", "gate", "panel", "node", "ns"],
        paths: &["gate.php", "panel/task", "api/beacon"],
    },
    Threat {
        category: "c2-server",
        label: "remote-access-trojan",
        malware_type: "remote-access-trojan",
        malware: "Lanternrat",
        zone: "rat",
        hosts: &["relay", "hub", "sync"],
        paths: &["connect", "api/v1/poll", "socket"],
    },
    Threat {
        category: "data-leak",
        label: "infostealer",
        malware_type: "spyware",
        malware: "TinKeeper",
        zone: "stealer",
        hosts: &["collect", "logs", "upload"],
        paths: &["logs/upload", "c/collect.php"],
    },
    Threat {
        category: "masquerade",
        label: "fake-shop",
        malware_type: "adware",
        malware: "Marktstand",
        zone: "shop",
        hosts: &["outlet", "sale", "store"],
        paths: &["cart", "checkout/pay", "item?id=7"],
    },
];

/// A country of which a sample member is the national CSIRT.
#[derive(Debug)]
pub(super) struct Nation {
    /// ISO 3166-1 alpha-2.
    pub(super) code: &'static str,
    /// In English, as MISP galaxies write it.
    pub(super) name: &'static str,
    /// Its part of the sample's address space: `198.18.<first>.0/19`.
    pub(super) third_octet: u8,
    /// Its part of the sample's IPv6 space: `2001:db8:<number>::/48`.
    pub(super) site: u16,
    /// Names and suffixes for which its CSIRT answers.
    pub(super) domains: &'static [&'static str],
}

/// The countries.
pub(super) const NATIONS: [Nation; 4] = [
    Nation {
        code: "FR",
        name: "France",
        third_octet: 0,
        site: 0xf,
        domains: &["fr.example", "gouv-fr.example", "sante-fr.example"],
    },
    Nation {
        code: "DE",
        name: "Germany",
        third_octet: 32,
        site: 0xd,
        domains: &["de.example", "bund-de.example"],
    },
    Nation {
        code: "PL",
        name: "Poland",
        third_octet: 64,
        site: 0xb,
        domains: &["pl.example", "gov-pl.example"],
    },
    Nation {
        code: "EE",
        name: "Estonia",
        third_octet: 96,
        site: 0xe,
        domains: &["ee.example", "riik-ee.example"],
    },
];

/// What stands in front of a national name: sites that were broken into, or that are imitated.
pub(super) const SERVICES: [&str; 8] =
    ["portal", "mairie", "tax", "energy", "hospital", "school", "transport", "parliament"];

/// Invented campaigns, each with the countries that it targets.
pub(super) const CAMPAIGNS: [(&str, &[&str]); 12] = [
    ("Copper Heron", &["FR"]),
    ("Quiet Ferry", &["DE"]),
    ("Salt Orchard", &["PL"]),
    ("Paper Lantern", &["EE"]),
    ("Winter Quarry", &["PL", "EE"]),
    ("Glass Meadow", &["FR", "DE"]),
    ("Hollow Anchor", &["FR", "DE", "PL", "EE"]),
    ("Amber Sparrow", &["DE", "PL"]),
    ("Slow Lighthouse", &["FR"]),
    ("Velvet Mill", &["EE"]),
    ("Distant Harvest", &["FR", "PL"]),
    ("Iron Thicket", &["DE"]),
];

/// Names of senders of mail.
pub(super) const SENDERS: [&str; 8] =
    ["billing", "support", "no-reply", "hr", "invoice", "helpdesk", "security", "info"];
