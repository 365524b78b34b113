//! The log: structured, on standard error, without secrets and without restricted values.

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts the log. A second start in one process changes nothing.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Only a subscriber that is there already makes this fail, and then there is a log.
    let _ = match log.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.compact().with_target(false).try_init(),
    };
}
