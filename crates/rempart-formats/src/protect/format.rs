//! The formats, with their names, files and media types.

use std::io::Write;

use rempart_model::Block;
use rempart_model::block::Action;

use super::{Settings, WriteError, Written, dns, net, proxy, rtbh, sensor, share};

/// A form in which a list can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// See [`dns::hosts`].
    Hosts,
    /// See [`dns::domains`].
    Domains,
    /// See [`dns::adblock`].
    Adblock,
    /// See [`dns::dnsmasq`].
    Dnsmasq,
    /// See [`dns::unbound`].
    Unbound,
    /// See [`dns::rpz`].
    Rpz,
    /// See [`dns::bind`].
    Bind,
    /// See [`dns::knot`].
    Knot,
    /// See [`net::addresses`].
    Addresses,
    /// See [`net::nftables`].
    Nftables,
    /// See [`proxy::squid`].
    SquidDomains,
    /// See [`proxy::squid`].
    SquidUrls,
    /// See [`sensor::rules`].
    SuricataRules,
    /// See [`sensor::datasets`].
    SuricataDatasetRules,
    /// See [`sensor::datasets`].
    SuricataDomains,
    /// See [`sensor::datasets`].
    SuricataAddresses,
    /// See [`sensor::datasets`].
    SuricataMd5,
    /// See [`sensor::datasets`].
    SuricataSha1,
    /// See [`sensor::datasets`].
    SuricataSha256,
    /// See [`sensor::zeek`].
    Zeek,
    /// See [`share::json`].
    Json,
    /// See [`share::stix`].
    Stix,
    /// See [`share::misp`].
    MispManifest,
    /// See [`share::misp`].
    MispEvent,
    /// See [`share::misp`].
    MispHashes,
    /// See [`rtbh::exabgp`].
    ExaBgp,
    /// See [`rtbh::gobgp`].
    GoBgp,
}

type Writer = fn(&[Block], &Settings, &mut dyn Write) -> Result<Written, WriteError>;

/// One row of the table of formats.
struct Row {
    format: Format,
    name: &'static str,
    /// With `{list}` and `{event}` where the settings say more.
    file: &'static str,
    media_type: &'static str,
    write: Writer,
}

const fn row(
    format: Format,
    name: &'static str,
    file: &'static str,
    media_type: &'static str,
    write: Writer,
) -> Row {
    Row { format, name, file, media_type, write }
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

#[rustfmt::skip]
const TABLE: [Row; 27] = [
    row(Format::Hosts, "hosts", "{list}.hosts", TEXT, dns::hosts::write),
    row(Format::Domains, "domains", "{list}-domains.txt", TEXT, dns::domains::write),
    row(Format::Adblock, "adblock", "{list}-adblock.txt", TEXT, dns::adblock::write),
    row(Format::Dnsmasq, "dnsmasq", "{list}-dnsmasq.conf", TEXT, dns::dnsmasq::write),
    row(Format::Unbound, "unbound", "{list}-unbound.conf", TEXT, dns::unbound::write),
    // RFC 4027.
    row(Format::Rpz, "rpz", "{list}.rpz", "text/dns", dns::rpz::write),
    row(Format::Bind, "bind", "{list}-bind.conf", TEXT, dns::bind::write),
    row(Format::Knot, "knot", "{list}-knot.rpz", "text/dns", dns::knot::write),
    row(Format::Addresses, "addresses", "{list}-addresses.txt", TEXT, net::addresses::write),
    row(Format::Nftables, "nftables", "{list}.nft", TEXT, net::nftables::write),
    row(Format::SquidDomains, "squid-domains", "{list}-squid-domains.txt", TEXT, proxy::squid::write_domains),
    row(Format::SquidUrls, "squid-urls", "{list}-squid-urls.txt", TEXT, proxy::squid::write_urls),
    row(Format::SuricataRules, "suricata-rules", "{list}.rules", TEXT, sensor::rules::write),
    row(Format::SuricataDatasetRules, "suricata-dataset-rules", "{list}-datasets.rules", TEXT,
        sensor::datasets::write_rules),
    row(Format::SuricataDomains, "suricata-domains", "{list}-domains.lst", TEXT, sensor::datasets::write_domains),
    row(Format::SuricataAddresses, "suricata-addresses", "{list}-addresses.lst", TEXT,
        sensor::datasets::write_addresses),
    row(Format::SuricataMd5, "suricata-md5", "{list}-md5.lst", TEXT, sensor::datasets::write_md5),
    row(Format::SuricataSha1, "suricata-sha1", "{list}-sha1.lst", TEXT, sensor::datasets::write_sha1),
    row(Format::SuricataSha256, "suricata-sha256", "{list}-sha256.lst", TEXT, sensor::datasets::write_sha256),
    row(Format::Zeek, "zeek", "{list}-zeek.dat", "text/tab-separated-values; charset=utf-8", sensor::zeek::write),
    row(Format::Json, "json", "{list}.json", JSON, share::json::write),
    // STIX 2.1 itself registers no other; TAXII 2.1, section 1.6.8.
    row(Format::Stix, "stix", "{list}-stix.json", "application/stix+json;version=2.1", share::stix::write),
    row(Format::MispManifest, "misp-manifest", "misp/{list}/manifest.json", JSON, share::misp::write_manifest),
    row(Format::MispEvent, "misp-event", "misp/{list}/{event}.json", JSON, share::misp::write_event),
    row(Format::MispHashes, "misp-hashes", "misp/{list}/hashes.csv", "text/csv; charset=utf-8", share::misp::write_hashes),
    row(Format::ExaBgp, "exabgp", "{list}-exabgp.conf", TEXT, rtbh::exabgp::write),
    row(Format::GoBgp, "gobgp", "{list}-gobgp.sh", "text/x-shellscript; charset=utf-8", rtbh::gobgp::write),
];

impl Format {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Format> {
        TABLE.iter().map(|row| row.format)
    }

    /// The name in settings and addresses: `hosts`, `suricata-rules`.
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.format)
    }

    /// The file, relative to the folder of all files; `/` separates folders.
    pub fn file_name(self, settings: &Settings) -> String {
        let file = self.row().map_or("", |row| row.file).replace("{list}", &settings.list);
        if file.contains("{event}") {
            file.replace("{event}", &share::misp::event_uuid(settings))
        } else {
            file
        }
    }

    /// The media type under which it is served.
    pub fn media_type(self) -> &'static str {
        self.row().map_or(TEXT, |row| row.media_type)
    }

    /// Whether it announces routes, which needs a consent of its own.
    pub fn announces(self) -> bool {
        matches!(self, Format::ExaBgp | Format::GoBgp)
    }

    /// Writes the entries in this format, in the same bytes for the same entries and settings.
    ///
    /// # Errors
    /// Where a setting is not fit, the format cannot say the action, the consent to announce is
    /// missing, or `out` fails.
    pub fn write(
        self,
        blocks: &[Block],
        settings: &Settings,
        out: &mut dyn Write,
    ) -> Result<Written, WriteError> {
        let Some(row) = self.row() else { return Ok(Written::default()) };
        // Everything else would block what the list is there to let through.
        if settings.action == Action::PassThru && !self.lets_through() {
            return Err(WriteError::Action { format: self, action: settings.action.name() });
        }
        let mut out = std::io::BufWriter::with_capacity(64 << 10, out);
        let written = (row.write)(blocks, settings, &mut out)?;
        out.flush()?;
        Ok(written)
    }

    /// Whether it can say that names are to be let through.
    fn lets_through(self) -> bool {
        matches!(self, Format::Rpz | Format::Bind | Format::Knot | Format::Unbound | Format::Dnsmasq)
    }

    fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.format == self)
    }
}
