//! The table at the end: what was measured, the ratio, the target, and what is short of it.

use std::fmt::Write;

/// Rows of the table.
pub(crate) struct Report {
    rows: Vec<(String, String, String, Option<bool>)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// A figure for information.
    pub(crate) fn inform(&mut self, what: &str, figure: String) {
        println!("{what}: {figure}");
        self.rows.push((what.into(), figure, String::new(), None));
    }

    /// A figure that has a target.
    pub(crate) fn hold(&mut self, what: &str, figure: String, target: &str, held: bool) {
        println!("{what}: {figure} (target: {target}){}", if held { "" } else { "  SHORT" });
        self.rows.push((what.into(), figure, target.into(), Some(held)));
    }

    /// The table in Markdown, with the machine and the versions above it.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        let processor = std::fs::read_to_string("/proc/cpuinfo")
            .unwrap_or_default()
            .lines()
            .find_map(|line| {
                line.strip_prefix("model name")
                    .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned())
            })
            .unwrap_or_else(|| "an unnamed processor".into());
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let _ = writeln!(
            text,
            "Machine: {cores} cores of {processor}. Rempart {}, SQLite {}, {}, {}.\n",
            env!("CARGO_PKG_VERSION"),
            rusqlite::version(),
            version("nginx", &["-v"]),
            version("wrk", &["-v"]),
        );
        text.push_str("| what | measured | target | |\n|---|---|---|---|\n");
        for (what, figure, target, held) in &self.rows {
            let verdict = match held {
                None => "",
                Some(true) => "holds",
                Some(false) => "**short**",
            };
            let _ = writeln!(text, "| {what} | {figure} | {target} | {verdict} |");
        }
        text
    }
}

fn version(program: &str, arguments: &[&str]) -> String {
    let Ok(output) = std::process::Command::new(program).args(arguments).output() else {
        return format!("no {program}");
    };
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or(program).replace("nginx version: ", "").chars().take(40).collect()
}
