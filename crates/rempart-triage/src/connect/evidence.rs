//! What links observables, and how much each kind of it is worth.

/// What two observables share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EvidenceKind {
    /// The SHA-256 of a leaf certificate.
    Certificate,
    /// A host key of SSH, or another public key.
    Key,
    /// The hash of a favicon.
    Favicon,
    /// Who registered it, or an account of a tracker.
    Registrant,
    /// A name server.
    NameServer,
    /// The pattern of a name, of [`super::template`].
    Template,
    /// How a name or a part of it is built: length, characters, share of vowels.
    Shape,
    /// A rare part of a name.
    NamePart,
    /// First seen in the same short time by one source.
    Burst,
    /// The path of a kit in URLs.
    KitPath,
    /// A file that is served, dropped or called back from.
    FileHash,
    /// Named together in one report or object.
    Report,
    /// One resolves to the other, or both to the same.
    Resolves,
    /// The same address, with other ports or paths.
    Address,
    /// The same /24 of IPv4 or /48 of IPv6.
    Network,
    /// The same port.
    Port,
    /// The same port in the same autonomous system.
    Service,
    /// Below the same registrable domain.
    Registrable,
    /// Below the same platform that hands out names.
    Platform,
    /// The same autonomous system.
    System,
}

impl EvidenceKind {
    /// How many there are.
    pub const COUNT: usize = 20;
    /// Every kind, in the order of [`Settings::strengths`].
    pub const ALL: [Self; Self::COUNT] = [
        Self::Certificate,
        Self::Key,
        Self::Favicon,
        Self::Registrant,
        Self::NameServer,
        Self::Template,
        Self::Shape,
        Self::NamePart,
        Self::Burst,
        Self::KitPath,
        Self::FileHash,
        Self::Report,
        Self::Resolves,
        Self::Address,
        Self::Network,
        Self::Port,
        Self::Service,
        Self::Registrable,
        Self::Platform,
        Self::System,
    ];

    /// Whether anybody can check it, so that one source is enough to unite by it. Of the other kinds one source
    /// alone adds at most [`Settings::source_cap`].
    pub fn is_hard(self) -> bool {
        matches!(self, Self::Certificate | Self::Key | Self::FileHash | Self::Address | Self::Registrable)
    }

    /// Its name in tables and in data.
    pub fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Key => "key",
            Self::Favicon => "favicon",
            Self::Registrant => "registrant",
            Self::NameServer => "name-server",
            Self::Template => "name-template",
            Self::Shape => "name-shape",
            Self::NamePart => "name-part",
            Self::Burst => "burst",
            Self::KitPath => "kit-path",
            Self::FileHash => "file-hash",
            Self::Report => "report",
            Self::Resolves => "resolves",
            Self::Address => "address",
            Self::Network => "network",
            Self::Port => "port",
            Self::Service => "service",
            Self::Registrable => "registrable-domain",
            Self::Platform => "platform",
            Self::System => "autonomous-system",
        }
    }
}

/// How much evidence of one kind can be worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// What one value weighs for each nat of its rarity: 0 for a kind that says nothing.
    pub factor: f32,
    /// The most, in nats, that all values of this kind add to one link.
    pub cap: f32,
    /// A value shared by more observables than this says nothing: a content network, a sinkhole, shared
    /// hosting.
    pub most: u32,
}

/// How observables are connected.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// By kind, in the order of [`EvidenceKind::ALL`].
    pub strengths: [Strength; EvidenceKind::COUNT],
    /// A link of at least this weight, in nats, unites at once.
    pub high: f32,
    /// The resolution of the constant Potts model, in nats: a community is held together by links that
    /// weigh more, on average over its pairs. Traag, Van Dooren, Nesterov 2011, doi:10.1103/PhysRevE.84.016114.
    pub resolution: f32,
    /// How the size of a united group counts in the model: `members ^ size_power`. With 1, large groups
    /// take up only what is linked to most of their members; with 0, one link is enough.
    pub size_power: f32,
    /// The most, in nats, that an outside source adds to the link of two groups by what it alone says, and
    /// the most that is added by values of which one source says one end and another the other. Where twice
    /// this is below `resolution`, one source can never merge two groups without hard evidence: each pair of
    /// their parts costs more than the source can add.
    pub source_cap: f32,
    /// The most observables that rarity is counted against. The thresholds were chosen with so many; against
    /// more, what two share by chance would weigh as much as what they share for a reason.
    pub population: u32,
    /// The most links that are held in memory at once, at 16 bytes each. Where there were more, the
    /// cut-off of all kinds is lowered until they fit, and the outcome says so.
    pub max_links: usize,
    /// For the order in which nodes are visited.
    pub seed: u64,
}

impl Settings {
    /// The strength of a kind.
    pub fn strength(&self, kind: EvidenceKind) -> Strength {
        self.strengths.get(kind as usize).copied().unwrap_or(Strength { factor: 0.0, cap: 0.0, most: 0 })
    }

    /// Changes the strength of a kind.
    #[must_use]
    pub fn with(mut self, kind: EvidenceKind, strength: Strength) -> Self {
        if let Some(slot) = self.strengths.get_mut(kind as usize) {
            *slot = strength;
        }
        self
    }

    /// What a value weighs that `shared` of `population` observables have, in nats: the log-likelihood
    /// ratio of having it in common, `-ln(shared / population)`, where an unrelated observable has it with
    /// the probability `shared / population`; times the factor of the kind, at most its cap. `shared` is
    /// rounded down to a power of two, so that one more that shares it rarely changes what it is worth to all
    /// others.
    pub fn weight(&self, kind: EvidenceKind, shared: u32, population: u32) -> f32 {
        let strength = self.strength(kind);
        if shared < 2 || shared > strength.most || strength.factor <= 0.0 {
            return 0.0;
        }
        let shared = rounded(shared);
        let rarity = (f64::from(population.max(shared)) / f64::from(shared)).ln();
        #[allow(clippy::cast_possible_truncation, reason = "a weight of a few nats")]
        let weight = (f64::from(strength.factor) * rarity) as f32;
        weight.min(strength.cap)
    }
}

impl Default for Settings {
    fn default() -> Self {
        let strength = |factor, cap, most| Strength { factor, cap, most };
        let mut settings = Self {
            strengths: [strength(0.0, 0.0, 0); EvidenceKind::COUNT],
            high: 7.0,
            resolution: 0.43,
            size_power: 0.0,
            source_cap: 0.2,
            population: 8192,
            max_links: 40_000_000,
            seed: 1,
        };
        for (kind, factor, cap, most) in [
            // Judged: no public data have them with a known truth.
            (EvidenceKind::Certificate, 2.00, 14.0, 200),
            (EvidenceKind::Key, 2.00, 14.0, 200),
            (EvidenceKind::Favicon, 0.80, 5.0, 100),
            (EvidenceKind::Registrant, 1.00, 6.5, 200),
            (EvidenceKind::NameServer, 0.20, 1.2, 50),
            (EvidenceKind::Burst, 0.10, 0.6, 100),
            (EvidenceKind::FileHash, 2.00, 14.0, 200),
            (EvidenceKind::Report, 0.40, 3.0, 100),
            (EvidenceKind::Resolves, 1.00, 6.5, 50),
            // Chosen on the development half of the benchmark: docs/evaluation/campaigns.md.
            (EvidenceKind::Registrable, 1.09, 12.0, 393),
            (EvidenceKind::Address, 2.45, 18.0, 456),
            (EvidenceKind::Template, 3.90, 6.6, 38),
            (EvidenceKind::Shape, 0.05, 0.7, 42),
            (EvidenceKind::NamePart, 2.56, 6.6, 98),
            (EvidenceKind::KitPath, 1.10, 6.1, 328),
            (EvidenceKind::Network, 0.26, 0.3, 40),
            (EvidenceKind::Port, 4.00, 3.9, 102),
            (EvidenceKind::Service, 0.05, 1.5, 104),
            (EvidenceKind::Platform, 0.50, 0.36, 20),
            (EvidenceKind::System, 0.12, 0.4, 3),
        ] {
            settings = settings.with(kind, strength(factor, cap, most));
        }
        settings
    }
}

/// One thing that is known of one observable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The observable; ids grow with the time of arrival.
    pub observable: u64,
    /// What kind of thing.
    pub kind: EvidenceKind,
    /// A hash of the thing itself, of [`hash_value`] with a secret of the instance.
    pub value: u64,
    /// Who says it: [`Evidence::OWN`] for what was worked out here.
    pub source: u32,
}

impl Evidence {
    /// What was worked out here and not said by a source: names, addresses, our own look-ups.
    pub const OWN: u32 = 0;
}

/// Rounds down to a power of two.
fn rounded(count: u32) -> u32 {
    count.checked_ilog2().map_or(0, |exponent| 1_u32 << exponent)
}

/// Spreads the bits of a number: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A 64-bit hash of a value: FNV-1a over its bytes, begun and finished with the key and mixed. It is not
/// proof against whoever knows the key.
pub fn hash_value(key: u64, value: &[u8]) -> u64 {
    let start = mix(key) ^ 0xCBF2_9CE4_8422_2325;
    let hash =
        value.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3));
    mix(hash ^ key)
}
