//! The arguments of `index` and `match`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    /// Make an index of what the data folder holds, or of lists: one value a line, or CSV with a heading
    Build(IndexBuildArgs),
    /// What an index says of itself
    Info(IndexInfoArgs),
    /// Read all of an index and compare it with its checksums
    Verify {
        /// The index
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct IndexBuildArgs {
    /// Lists instead of the data folder; CSV has the columns type, value, and where known category, probability, tlp, source, valid_until
    #[arg(long, num_args = 1.., value_name = "LIST")]
    pub(crate) from: Vec<PathBuf>,
    /// What may be released to this member, to look for; by default everything, for the operator
    #[arg(long, value_name = "N", conflicts_with = "from")]
    pub(crate) member: Option<String>,
    /// Answer in JSON
    #[arg(long, conflicts_with = "from")]
    pub(crate) json: bool,
    /// The index; what is there is replaced in one step
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct IndexInfoArgs {
    /// The index
    pub(crate) file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MatchArgs {
    /// The texts, gzip and zstd as well; `-` is standard input, and so is nothing
    #[arg(value_name = "FILE|-")]
    pub(crate) files: Vec<PathBuf>,
    /// The index; by default index/operator.idx in the data folder
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// How the texts are written; where that is named, the column of each hit is known
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: MatchFormat,
    /// Look only at this column, or at what is below this path: `query`, `dns.answers`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Vec<String>,
    /// What separates the fields of CSV: one character, or `tab`; by default `,` `;` or tab, as the heading tells
    #[arg(long, value_name = "CHAR", value_parser = separator)]
    pub(crate) separator: Option<u8>,
    /// What is printed
    #[arg(long, value_enum, default_value = "jsonl")]
    pub(crate) output: MatchOutput,
    /// Only what came in after this position of the index's change log
    #[arg(long, value_name = "N")]
    pub(crate) since: Option<u64>,
    /// Go on as files grow and are replaced, and use a new index as soon as it is there, until told to stop
    #[arg(long)]
    pub(crate) follow: bool,
    /// How many threads search; by default one for each processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Bytes that are searched at a time
    #[arg(long, value_name = "BYTES", hide = true)]
    pub(crate) piece: Option<NonZeroUsize>,
}

/// How the texts that are searched are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatchFormat {
    /// Anything
    Text,
    /// A JSON value a line
    Jsonl,
    /// Tables of Zeek
    Zeek,
    /// CSV whose first record names the columns
    Csv,
}

/// Reads what separates the fields of CSV.
fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(b'\t'),
        [byte] if !matches!(byte, b'"' | b'\r' | b'\n') && byte.is_ascii() => Ok(*byte),
        _ => Err("this must be one character of ASCII, or `tab`".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatchOutput {
    /// An object a line for each hit
    Jsonl,
    /// A table of hits
    Csv,
    /// The lines that have hits
    Lines,
    /// How many hits there are
    Count,
}
