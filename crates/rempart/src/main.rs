//! The binary: command line, configuration, wiring.

#![forbid(unsafe_code)]

mod cli;
mod command;
mod config;
mod demo;
mod dns;
mod folder;
mod output;
mod remote;
mod serve;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command, ProtectCommand};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What is stored holds keys and restricted intelligence: others open none of it, also where the folder is
    // open to them.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let result = match cli.command {
        Command::Serve(args) => serve::run(&cli.shared, &args),
        Command::Demo(args) => demo::run(&cli.shared, &args),
        Command::Extract(args) => command::extract::run(&args),
        Command::Index(command) if command.needs_no_data() => command::index::run(&command),
        Command::Match(args) => command::matches::run(&cli.shared, &args),
        Command::Protect(ProtectCommand::Stop) => command::protect::stop(&cli.shared, true),
        Command::Protect(ProtectCommand::Resume) => command::protect::stop(&cli.shared, false),
        Command::Config(args) => config::run(&cli.shared, &args),
        Command::Completion { shell } => cli::completion(shell),
        command => command::run(&cli.shared, command),
    };
    match result {
        Ok(code) => code,
        Err(error) => output::complain(&error),
    }
}
