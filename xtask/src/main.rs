//! Everything that a developer or the continuous integration runs: `cargo xtask <task>`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task runner speaks on the terminal")]
#![allow(unreachable_pub, reason = "in a program, `pub` says what a module offers to the others")]

mod bench;
mod counts;
mod data;
mod deny;
mod fuzz;
mod mutants;
mod process;
mod setup;
mod test;
mod tidy;
mod train;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of Rempart's developers.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run exactly what the continuous integration runs, after installing what it needs.
    Test(test::Options),
    /// Check what no compiler checks: crate arrows, module comments, file lengths, words.
    Tidy,
    /// Fuzz the parsers with libFuzzer, on stable Rust.
    Fuzz(fuzz::Options),
    /// Run the benchmarks and print their ratios.
    Bench(bench::Options),
    /// Take each call of the release decision away and look whether its test fails.
    Mutants(mutants::Options),
    /// Renew the data that is shipped, from the newest packages of npm and PyPI.
    Data,
    /// Make the models that are shipped again, from the published data sets.
    Train(train::Options),
    /// Measure the models on data that they have not seen.
    Evaluate(train::Options),
    /// Check licences, bans and sources of the dependencies, and advisories where they can be reached.
    #[command(visible_alias = "licences")]
    Deny,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Test(options) => test::run(&options),
        Task::Tidy => tidy::run().and_then(counts::Counts::into_result),
        Task::Fuzz(options) => fuzz::run(&options).and_then(counts::Counts::into_result),
        Task::Bench(options) => bench::run(&options),
        Task::Mutants(options) => mutants::run(&options),
        Task::Train(options) => train::run("train", &options),
        Task::Evaluate(options) => train::run("evaluate", &options),
        Task::Data => data::run(),
        Task::Deny => deny::run().and_then(counts::Counts::into_result),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
