//! Makes the models that are shipped again, bit for bit, and measures them on data that they have not seen.
//!
//! `cargo xtask train` writes models and their cards to `data/models`, `cargo xtask evaluate` the figures to
//! `docs/evaluation`. Both read the published data sets in place, in the folder that `REMPART_TEST_DATA` names.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a development program speaks on the terminal")]

mod campaigns;
mod domains;
mod fusion;
mod svg;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// What is trained or measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// How names look that machines make up or phishers choose.
    Domains,
    /// Which observables belong to one campaign.
    Campaigns,
    /// How fast claims fade, and what probability follows from them.
    Fusion,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make the models that are shipped.
    Train {
        /// Only this part.
        part: Option<Part>,
    },
    /// Measure the models on data that they have not seen.
    Evaluate {
        /// Only this part.
        part: Option<Part>,
    },
}

/// Trains and measures Rempart's models.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
    /// The folder with the published data sets.
    #[arg(long, env = "REMPART_TEST_DATA", global = true)]
    data: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(data) = arguments.data.filter(|folder| folder.is_dir()) else {
        anyhow::bail!("name the folder with the published data sets: --data DIR or REMPART_TEST_DATA");
    };
    let wanted = |only: Option<Part>, part| only.is_none_or(|only| only == part);
    match arguments.task {
        Task::Train { part } => {
            if wanted(part, Part::Domains) {
                domains::train(&data)?;
            }
            if wanted(part, Part::Campaigns) {
                campaigns::train(&data)?;
            }
            if wanted(part, Part::Fusion) {
                fusion::train(&data)?;
            }
        }
        Task::Evaluate { part } => {
            if wanted(part, Part::Domains) {
                domains::evaluate(&data)?;
            }
            if wanted(part, Part::Campaigns) {
                campaigns::evaluate(&data)?;
            }
            if wanted(part, Part::Fusion) {
                fusion::evaluate(&data)?;
            }
        }
    }
    Ok(())
}
