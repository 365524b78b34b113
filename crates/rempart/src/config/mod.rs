//! The configuration: defaults, then the file, then the environment, then the command line.

pub(crate) mod protect;
mod rtbh;
mod v1;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::cli::{ConfigArgs, ConfigCommand, ServeArgs, Shared};
use crate::output::{Output, Terminal};

/// What is in force.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) title: String,
    pub(crate) contact: Option<String>,
    pub(crate) max_content_length: usize,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) log: Log,
    pub(crate) tables: TableFiles,
    pub(crate) protect: protect::Protect,
}

/// How the log is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Files that take the place of the tables that Rempart ships.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableFiles {
    pub(crate) countries: Option<PathBuf>,
    pub(crate) asns: Option<PathBuf>,
    pub(crate) warninglists: Option<PathBuf>,
    pub(crate) suffixes: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8473)),
            metrics_listen: None,
            title: "Rempart".into(),
            contact: None,
            max_content_length: 100 << 20,
            trusted_proxies: Vec::new(),
            tls: None,
            log: Log { level: "info".into(), format: LogFormat::Text },
            tables: TableFiles::default(),
            protect: protect::Protect::default(),
        }
    }
}

impl Config {
    /// Reads the configuration of a data folder.
    pub(crate) fn load(shared: &Shared) -> anyhow::Result<Self> {
        let default = shared.data.join("rempart.toml");
        let path = match &shared.config {
            Some(path) => Some(path.clone()),
            None => default.is_file().then_some(default),
        };
        let mut config = Self::default();
        if let Some(path) = path {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the configuration {}", path.display()))?;
            let base = path.parent().unwrap_or(Path::new("."));
            v1::apply(&mut config, &text, base).with_context(|| format!("in {}", path.display()))?;
        }
        v1::environment(&mut config, &|name| std::env::var(name).ok())?;
        Ok(config)
    }

    /// What the command line says goes before the file.
    pub(crate) fn with(mut self, args: &ServeArgs) -> Self {
        if let Some(listen) = args.listen {
            self.listen = listen;
        }
        if args.metrics_listen.is_some() {
            self.metrics_listen = args.metrics_listen;
        }
        if let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) {
            self.tls = Some((cert.clone(), key.clone()));
        }
        self
    }
}

/// `rempart config`.
pub(crate) fn run(shared: &Shared, args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::new();
    match args.command {
        ConfigCommand::Example => terminal.data(v1::EXAMPLE.as_bytes())?,
        ConfigCommand::Check => {
            let config = Config::load(shared)?;
            terminal.data(format!("{config:#?}\n").as_bytes())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
