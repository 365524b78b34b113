//! The command line: what can be said.

mod campaign;
mod matching;
mod protect;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use campaign::CampaignCommand;
pub(crate) use matching::{IndexBuildArgs, IndexCommand, IndexInfoArgs, MatchArgs, MatchFormat, MatchOutput};
pub(crate) use protect::{PreviewOnly, ProtectCommand};

const AFTER_HELP: &str = "\
Formats:  stix misp csv tsv json jsonl plain hosts adblock text (gzip, zstd and zip around any of them)
TLP:      clear green amber amber+strict red
Kinds:    national-csirt sector-csirt law-enforcement ngo operator government international
Types:    domain url ipv4 ipv6 cidr email md5 sha1 sha256 sha512 cve asn

Exit codes: 0 done; 1 nothing found, or the ledger does not hold; 2 the request makes no sense;
3 done in part (an input could not be read to its end); 4 not allowed; 5 try again later";

/// Rempart turns threat intelligence into action.
#[derive(Debug, Parser)]
#[command(name = "rempart", version, about, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command knows.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// The data folder
    #[arg(long, global = true, env = "REMPART_DATA", value_name = "DIR", default_value = "rempart-data")]
    pub(crate) data: PathBuf,
    /// The configuration file; by default rempart.toml in the data folder, where there is one
    #[arg(long, global = true, env = "REMPART_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server: TAXII 2.1, health and metrics
    Serve(ServeArgs),
    /// Show Rempart with sample data, on this machine alone; in rempart-demo where no folder is named
    Demo(DemoArgs),
    /// Take in files, folders or standard input
    Import(ImportArgs),
    /// Members: add, change, list
    #[command(subcommand)]
    Member(MemberCommand),
    /// People: add, list
    #[command(subcommand)]
    Person(PersonCommand),
    /// Keys of members and people: create, revoke, list
    #[command(subcommand)]
    Key(KeyCommand),
    /// Sources: reliability, marking of the unmarked, recipients, community
    #[command(subcommand)]
    Source(SourceCommand),
    /// What is known of a value, or of each line of standard input
    Search(SearchArgs),
    /// Why this score, why these countries, who may see it
    Explain(ExplainArgs),
    /// Decide for an observable, whatever the claims say, until lifted
    Override(OverrideArgs),
    /// Delete objects: by id, or all of a source
    Retract(BulkArgs),
    /// End the claims of objects: by id, or all of a source
    Expire(BulkArgs),
    /// Write everything that may be released to a member, or everything
    Export(ExportArgs),
    /// The ledger: verify
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// How much is stored
    Status(JsonArgs),
    /// Find indicators in a text
    Extract(ExtractArgs),
    /// An index of known values in one file: build, info, verify
    #[command(subcommand)]
    Index(IndexCommand),
    /// Find what an index knows in any text; exits as grep does: 0 found, 1 nothing found, 2 an error
    Match(MatchArgs),
    /// Campaigns: observables that belong together, the evidence, and who may be behind it; reports that are near
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// What is blocked: look first, make live, ask why, stop
    #[command(subcommand)]
    Protect(ProtectCommand),
    /// The configuration: check, show, write a commented file
    Config(ConfigArgs),
    /// Print a completion script for a shell
    Completion {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct JsonArgs {
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args, Default)]
pub(crate) struct ServeArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", env = "REMPART_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where to answer for metrics
    #[arg(long, value_name = "ADDR:PORT", env = "REMPART_METRICS_LISTEN")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Certificate chain, PEM; with it, HTTPS is spoken
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "REMPART_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "REMPART_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Take in the feeds of this folder instead of the bundled sample
    #[arg(long, value_name = "DIR")]
    pub(crate) feeds: Option<PathBuf>,
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8473")]
    pub(crate) listen: SocketAddr,
    /// Where response-policy zones are served
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8453")]
    pub(crate) dns_listen: SocketAddr,
    /// End when everything is taken in, instead of serving
    #[arg(long)]
    pub(crate) no_serve: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH|-")]
    pub(crate) paths: Vec<PathBuf>,
    /// The source's name; by default that of the first input
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// The format; by default told by content
    #[arg(long, value_name = "F")]
    pub(crate) format: Option<String>,
    /// What unmarked records are taken for
    #[arg(long, value_name = "T")]
    pub(crate) tlp: Option<String>,
    /// How columns are mapped (TOML)
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Add a member
    Add(MemberArgs),
    /// Change what is given of a member
    Set(MemberSetArgs),
    /// List the members
    List(JsonArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MemberArgs {
    /// Its unique name
    #[arg(long)]
    pub(crate) name: String,
    /// Its country, ISO 3166-1 alpha-2
    #[arg(long, value_name = "CC")]
    pub(crate) country: String,
    /// What kind of organisation it is
    #[arg(long, value_name = "K")]
    pub(crate) kind: String,
    /// The highest TLP that it may ever be sent
    #[arg(long, value_name = "T")]
    pub(crate) clearance: String,
    #[command(flatten)]
    pub(crate) constituency: ConstituencyArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MemberSetArgs {
    /// Which member
    #[arg(long)]
    pub(crate) name: String,
    /// Its new clearance
    #[arg(long, value_name = "T")]
    pub(crate) clearance: Option<String>,
    #[command(flatten)]
    pub(crate) constituency: ConstituencyArgs,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConstituencyArgs {
    /// A network that it answers for
    #[arg(long = "network", value_name = "CIDR")]
    pub(crate) networks: Vec<String>,
    /// An autonomous system that it answers for
    #[arg(long = "asn", value_name = "N")]
    pub(crate) asns: Vec<String>,
    /// A domain, or a suffix, that it answers for
    #[arg(long = "domain", value_name = "D")]
    pub(crate) domains: Vec<String>,
    /// A sector, brand or product that it answers for
    #[arg(long = "word", value_name = "W")]
    pub(crate) words: Vec<String>,
    /// Another name or UUID by which sources name it
    #[arg(long = "alias", value_name = "A")]
    pub(crate) aliases: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// Add a person
    Add {
        /// Its unique name
        #[arg(long)]
        name: String,
        /// reader, analyst, approver or administrator
        #[arg(long)]
        role: String,
        /// The operating system's user that is this person
        #[arg(long)]
        uid: Option<u32>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List the people
    List(JsonArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, alone, this once
    Create {
        /// For this member
        #[arg(long, required_unless_present = "person", conflicts_with = "person")]
        member: Option<String>,
        /// For this person
        #[arg(long)]
        person: Option<String>,
        /// Only for reading
        #[arg(long)]
        read_only: bool,
        /// Days until it ends; 0: it does not
        #[arg(long, default_value_t = 365)]
        days: u32,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key, by its number or by the key itself
    Revoke {
        /// The key's number, or the key
        key: String,
    },
    /// List the keys, without the keys themselves
    List(JsonArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Set what is given, make the source where it is new
    Set {
        /// Its name
        #[arg(long)]
        name: String,
        /// Reliability on the Admiralty scale, A to F
        #[arg(long, value_name = "LETTER")]
        reliability: Option<String>,
        /// What its unmarked objects are taken for
        #[arg(long, value_name = "T")]
        unmarked: Option<String>,
        /// A recipient of its RED and AMBER+STRICT: a name, UUID or country
        #[arg(long = "recipient", value_name = "NAME")]
        recipients: Vec<String>,
        /// A member of its community; by default all that are cleared
        #[arg(long = "community", value_name = "MEMBER")]
        community: Vec<String>,
        /// Sources of one group copy from one another and count once
        #[arg(long, value_name = "GROUP")]
        copy_group: Option<String>,
    },
    /// List the sources
    List(JsonArgs),
    /// Learn how far each source is to be trusted, and keep that as a version; nothing changes by it
    Learn(JsonArgs),
    /// List the versions of what was learnt, with how well each does
    Learnt(JsonArgs),
    /// Let conclusions rest on a version of what was learnt, or on the letters that were set
    Use {
        /// The version's number; `set` goes back to the letters that were set
        #[arg(value_name = "VERSION|set")]
        version: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// The value; `-` reads one a line from standard input
    #[arg(value_name = "VALUE|-", allow_hyphen_values = true)]
    pub(crate) value: String,
    /// Answer in JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The value
    pub(crate) value: String,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OverrideArgs {
    /// The value
    pub(crate) value: String,
    /// Hold it to be malicious
    #[arg(long, conflicts_with_all = ["benign", "lift"], required_unless_present_any = ["benign", "lift"])]
    pub(crate) malicious: bool,
    /// Hold it to be benign
    #[arg(long, conflicts_with = "lift")]
    pub(crate) benign: bool,
    /// Lift the decision
    #[arg(long)]
    pub(crate) lift: bool,
    /// Why
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BulkArgs {
    /// Ids of objects
    #[arg(value_name = "ID", required_unless_present = "source", conflicts_with = "source")]
    pub(crate) ids: Vec<String>,
    /// Everything of this source
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A STIX 2.1 bundle
    Stix,
    /// type,value,probability,category,valid_until,sources
    Csv,
    /// One malicious value a line
    Plain,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// What to write
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// What may be released to this member; by default everything, for the operator
    #[arg(long, value_name = "N")]
    pub(crate) member: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check the chain, the signatures and the content
    Verify(JsonArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ExtractArgs {
    /// The text; `-` is standard input
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
    /// Answer in JSON, one object a line: type, value, start, end, text
    #[arg(long)]
    pub(crate) json: bool,
    /// References, the author's own names and context as well
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print a commented configuration file with the defaults
    Example,
    /// Check the configuration and print what is in force
    Check,
}

/// Prints a completion script.
pub(crate) fn completion(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rempart", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
