//! Why a server could not start, or had to stop.

use std::io;
use std::net::SocketAddr;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened at.
    #[error("cannot listen at {address}; give another address, or stop what uses it")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A socket cannot be used.
    #[error("cannot use a listening socket")]
    Socket(#[from] io::Error),
    /// The certificate or its key cannot be used.
    #[error("cannot use the certificate and key for TLS: {0}; give both as PEM files that belong together")]
    Tls(String),
}
