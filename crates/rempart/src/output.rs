//! What the user sees: data on standard output, words on standard error, and exit codes.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use rempart_service::ServiceError;

/// Exit codes, as `--help` lists them.
pub(crate) mod code {
    /// Done.
    pub(crate) const DONE: u8 = 0;
    /// Nothing found, or the ledger does not hold.
    pub(crate) const NOTHING: u8 = 1;
    /// The request makes no sense.
    pub(crate) const INVALID: u8 = 2;
    /// Done in part.
    pub(crate) const PARTLY: u8 = 3;
    /// Not allowed.
    pub(crate) const FORBIDDEN: u8 = 4;
    /// Try again later.
    pub(crate) const UNAVAILABLE: u8 = 5;
}

/// Where a command writes to: here, or through the socket to whoever asked.
pub(crate) trait Output {
    /// Writes data.
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()>;
    /// Writes a line for the user.
    fn say(&mut self, line: &str) -> std::io::Result<()>;
    /// Shows how far something is; the next such line takes its place.
    fn progress(&mut self, line: &str) -> std::io::Result<()>;
}

/// This process's own standard output and error.
pub(crate) struct Terminal {
    stdout: std::io::Stdout,
    shown: bool,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self { stdout: std::io::stdout(), shown: false }
    }

    fn clear(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.shown) {
            write!(std::io::stderr(), "\r\x1b[K")?;
        }
        Ok(())
    }
}

impl Output for Terminal {
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.clear()?;
        self.stdout.write_all(bytes)?;
        self.stdout.flush()
    }

    fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.clear()?;
        writeln!(std::io::stderr(), "{line}")
    }

    fn progress(&mut self, line: &str) -> std::io::Result<()> {
        let mut stderr = std::io::stderr();
        if stderr.is_terminal() {
            self.shown = true;
            write!(stderr, "\r\x1b[K{line}")?;
            stderr.flush()?;
        }
        Ok(())
    }
}

/// The exit code of a failure.
pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
    if let Some(io) = error.downcast_ref::<std::io::Error>()
        && io.kind() == std::io::ErrorKind::BrokenPipe
    {
        return code::DONE;
    }
    match error.downcast_ref::<ServiceError>() {
        Some(ServiceError::Forbidden(_)) => code::FORBIDDEN,
        Some(ServiceError::Unavailable(_)) => code::UNAVAILABLE,
        Some(ServiceError::NotFound(_)) => code::NOTHING,
        _ => code::INVALID,
    }
}

/// An error with its causes, as one line.
pub(crate) fn line_of(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&text);
        }
    }
    line
}

/// Says what went wrong and gives the exit code.
pub(crate) fn complain(error: &anyhow::Error) -> ExitCode {
    let code = code_of(error);
    if code != code::DONE {
        // Where even this cannot be written, there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "rempart: {}", line_of(error));
    }
    ExitCode::from(code)
}
