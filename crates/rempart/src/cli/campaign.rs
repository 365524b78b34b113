//! The arguments of `campaign`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum CampaignCommand {
    /// The campaigns that were found, the largest first
    List {
        /// Only those with at least so many observables
        #[arg(long, default_value_t = 3)]
        least: usize,
        /// Answer in JSON, one campaign a line
        #[arg(long)]
        json: bool,
    },
    /// What is in a campaign, and what holds it together, link by link
    Show {
        /// Its name (campaign-17), or a value that is in it
        campaign: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Stored reports that say almost the same as another, or tell of almost the same values
    Near(NearArgs),
    /// Decide that two values belong together
    Together(PairArgs),
    /// Decide that two values do not belong together
    Apart(PairArgs),
    /// Undo the merge of two groups, named by the two values that link them
    Undo(PairArgs),
    /// Lift what was decided of two values
    Lift {
        /// One value
        first: String,
        /// The other
        second: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PairArgs {
    /// One value
    pub(crate) first: String,
    /// The other
    pub(crate) second: String,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct NearArgs {
    /// The id of a stored report, grouping or note
    #[arg(required_unless_present = "text")]
    pub(crate) id: Option<String>,
    /// A file with a text that is not stored; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    pub(crate) text: Option<PathBuf>,
    /// How much two have to share, 0 to 1
    #[arg(long, default_value_t = 0.5)]
    pub(crate) least: f64,
    /// Answer in JSON, one report a line
    #[arg(long)]
    pub(crate) json: bool,
}
