//! What an operator decides about the server.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The certificate of the server and its key, both in PEM (RFC 7468).
#[derive(Clone)]
pub struct TlsSettings {
    /// The certificate, followed by those that lead to its root.
    pub cert_pem: Vec<u8>,
    /// The private key.
    pub key_pem: Vec<u8>,
}

/// How long the server waits for others.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For the head of a request; also how long an idle connection is kept.
    pub head: Duration,
    /// For the next part of a body, and for a client to take the next part of a response.
    pub stall: Duration,
    /// For the requests in progress when the server is told to stop.
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// How the server is reached, and what it says of itself.
#[derive(Clone)]
pub struct Settings {
    /// Where members reach it; for whoever opens the socket that [`crate::serve`] is given.
    pub listen: SocketAddr,
    /// Where metrics are served, apart from everything else; `None`: nowhere.
    pub metrics: Option<SocketAddr>,
    /// HTTPS; `None`: plain HTTP, for the loopback address and behind a proxy.
    pub tls: Option<TlsSettings>,
    /// The title in TAXII's discovery.
    pub title: String,
    /// A description there.
    pub description: Option<String>,
    /// Whom to write to.
    pub contact: Option<String>,
    /// Bytes that the body of a request may have.
    pub max_content_length: usize,
    /// Connections that are served at the same time; more wait.
    pub max_connections: usize,
    /// Proxies whose `X-Forwarded-For` is believed. Failed attempts are counted by address, so that
    /// behind a proxy that is not listed here all callers are counted as one.
    pub trusted_proxies: Vec<IpAddr>,
    /// How long the server waits for others.
    pub timeouts: Timeouts,
}

impl Default for Settings {
    /// Plain HTTP on the loopback address.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8473)),
            metrics: None,
            tls: None,
            title: "Rempart".into(),
            description: None,
            contact: None,
            max_content_length: 100 << 20,
            max_connections: 1024,
            trusted_proxies: Vec::new(),
            timeouts: Timeouts::default(),
        }
    }
}
