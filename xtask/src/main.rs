//! Everything that a developer or the continuous integration runs: `cargo xtask <task>`.

fn main() {}
