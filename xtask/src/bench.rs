//! The benchmarks: programs of the workspace that print ratios against something measured in the same run.

use clap::Args;

use crate::process;
use crate::workspace::Metadata;

/// The benchmarks, by name: the package and the arguments of its binary.
const BENCHES: [(&str, &str, &[&str]); 1] = [("all", "rempart-bench", &[])];

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// The benchmark; all of them when not given.
    #[arg(value_parser = BENCHES.map(|(name, _, _)| name))]
    name: Option<String>,
    /// Passed on to the benchmark.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Runs them in release mode, one after the other.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let metadata = Metadata::read()?;
    let wanted = BENCHES.iter().filter(|(name, _, _)| options.name.as_deref().is_none_or(|n| n == *name));
    for (name, package, arguments) in wanted {
        anyhow::ensure!(
            metadata.members().any(|member| member.name == *package),
            "the benchmark `{name}` needs the package {package}, which is not in this workspace"
        );
        let mut command = process::cargo();
        command.args(["run", "--release", "--quiet", "--package", package, "--"]);
        command.args(*arguments).args(&options.rest);
        anyhow::ensure!(process::show(&mut command)?.success, "the benchmark `{name}` failed");
    }
    Ok(())
}
