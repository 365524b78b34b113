//! Training and measuring the models that are shipped.

use clap::Args;

use crate::process;

/// What to train or measure.
#[derive(Args)]
pub struct Options {
    /// Passed on: a part, `--data DIR`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Runs the program that does it, in release mode.
pub fn run(task: &str, options: &Options) -> anyhow::Result<()> {
    let mut command = process::cargo();
    command.args(["run", "--release", "--quiet", "--package", "rempart-train", "--", task]);
    command.args(&options.rest);
    anyhow::ensure!(process::show(&mut command)?.success, "`{task}` failed");
    Ok(())
}
