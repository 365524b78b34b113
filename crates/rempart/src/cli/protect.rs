//! The arguments of `protect`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::JsonArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ProtectCommand {
    /// What would be blocked, blocked no longer, and refused, with the reasons
    Preview {
        /// Only what would be added, removed, or is refused
        #[arg(long, value_enum)]
        only: Option<PreviewOnly>,
        /// Answer in JSON, one object a line, and the numbers last
        #[arg(long)]
        json: bool,
    },
    /// Why a name or address is, or is not, blocked, and what its block stopped
    Explain {
        /// The value
        value: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// How the outputs of a server stand
    Status(JsonArgs),
    /// Publish an output: malware, phishing or other
    Live {
        /// The output
        output: String,
    },
    /// Publish an output no longer: all its blocks end
    Dry {
        /// The output
        output: String,
    },
    /// Let an output grow that waits because it would grow too much, or because it was taken back
    LetThrough {
        /// The output
        output: String,
    },
    /// Take an output back to what it was; it only shrinks until it is let through
    TakeBack {
        /// The output
        output: String,
        /// To what it was then: a time (2026-01-31T12:00:00Z), or so many minutes ago
        #[arg(long, value_name = "TIME|MINUTES")]
        to: String,
    },
    /// Uphold an appeal against a block: its target is held to be benign, and it counts as a mistake
    Uphold {
        /// The id of the block, as its page tells it
        block: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Empty all zones now, whatever the state of the store; a file in the data folder does the same
    Stop,
    /// Serve the zones again
    Resume,
    /// Count what blocks stopped, from the logs of BIND, Unbound or Knot Resolver; `-` is standard input
    Hits {
        /// The log
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PreviewOnly {
    /// What would be blocked
    Add,
    /// What would be blocked no longer
    Remove,
    /// What is refused
    Refuse,
}
