//! The hidden primary: answers secondaries, and tells them of changes.
//!
//! Who may have the zones is a consumer, known by its addresses, its key, or both; everybody else is refused and learns
//! nothing. Each consumer is of a stage: those of a later stage may be served an earlier serial.

mod answer;
mod catalog;
mod listen;
mod messages;
mod notify;
mod room;
#[cfg(test)]
mod tests;
mod tsig;
mod wire;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::name::Name;
use crate::zone::Zone;
use catalog::Catalog;
use room::{Limits, Room};
pub use tsig::{Algorithm, Key, WeakKey};

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    /// A network of an address and the bits that count; nothing where there are not as many.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let most = if address.is_ipv4() { 32 } else { 128 };
        (length <= most).then_some(Self { address, length })
    }

    fn holds(self, other: IpAddr) -> bool {
        let same = |a: u128, b: u128, bits: u32| {
            let rest = bits - u32::from(self.length);
            rest >= bits || (a ^ b).checked_shr(rest).unwrap_or(0) == 0
        };
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

/// A secondary that may have the zones.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// What it is called in logs.
    pub name: Box<str>,
    /// 0 are the canaries, which get every change first.
    pub stage: u32,
    /// From where it asks. Without a key, one is needed.
    pub networks: Vec<Network>,
    /// With what it signs. With a key, what is not signed is refused.
    pub key: Option<Key>,
    /// Where it is told of changes.
    pub notify: Vec<SocketAddr>,
}

impl Consumer {
    /// Whether it may ask from an address.
    fn may_come_from(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.holds(address))
    }
}

/// What a server is made with.
#[derive(Debug, Clone, Default)]
pub struct ServerSettings {
    /// Who may have the zones; nobody else may.
    pub consumers: Vec<Consumer>,
    /// The name of the catalog zone, where there is one.
    pub catalog: Option<Name>,
}

/// Where a server listens. What is not there is not listened on.
#[derive(Debug, Default)]
pub struct Sockets {
    /// For packets.
    pub udp: Option<std::net::UdpSocket>,
    /// For streams.
    pub tcp: Option<std::net::TcpListener>,
    /// For streams over TLS.
    pub tls: Option<(std::net::TcpListener, Tls)>,
}

/// Certificate and key, PEM.
#[derive(Clone)]
pub struct Tls {
    /// The certificate chain.
    pub certificate: Vec<u8>,
    /// The private key.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A socket could not be used.
    #[error("cannot use a socket: {0}")]
    Socket(#[from] std::io::Error),
    /// The certificate or its key cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Tls(String),
}

/// What a server has done since it started.
#[derive(Debug, Default)]
pub struct Counters {
    /// Whole zones that were sent.
    pub whole: AtomicU64,
    /// Differences that were sent.
    pub differences: AtomicU64,
    /// Questions of secondaries that had the newest.
    pub up_to_date: AtomicU64,
    /// Questions that were refused.
    pub refused: AtomicU64,
    /// Messages that could not be read.
    pub malformed: AtomicU64,
    /// Bytes of answers.
    pub bytes: AtomicU64,
    /// NOTIFY messages that were sent.
    pub notices: AtomicU64,
    /// Those that were answered.
    pub heard: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The seconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What all tasks of a server share.
pub(crate) struct Server {
    zones: Vec<Arc<Zone>>,
    catalog: Option<Catalog>,
    settings: ServerSettings,
    limits: Limits,
    counters: Arc<Counters>,
    clock: Clock,
}

/// A server that runs; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    stop: watch::Sender<bool>,
    counters: Arc<Counters>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// What it has done.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Stops it: what is being sent is finished, within a few seconds.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            if tokio::time::timeout(Duration::from_secs(5), task).await.is_err() {
                tracing::warn!("a task of the DNS server did not end in time");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Starts a server for these zones on the runtime at hand.
///
/// # Errors
/// Where a socket or the certificate cannot be used.
pub fn start(
    zones: Vec<Arc<Zone>>,
    settings: ServerSettings,
    sockets: Sockets,
    clock: Clock,
) -> Result<Running, ServerError> {
    start_within(Limits::default(), zones, settings, sockets, clock)
}

/// Starts a server whose connections are held to these limits.
fn start_within(
    limits: Limits,
    zones: Vec<Arc<Zone>>,
    settings: ServerSettings,
    sockets: Sockets,
    clock: Clock,
) -> Result<Running, ServerError> {
    let counters = Arc::new(Counters::default());
    let members = zones.iter().map(|zone| zone.origin().clone()).collect();
    let catalog = settings.catalog.clone().map(|origin| Catalog::new(origin, members, clock()));
    let server = Arc::new(Server { zones, catalog, settings, limits, counters: counters.clone(), clock });
    let (stop, stopping) = watch::channel(false);
    let room = Arc::new(Room::new(limits));
    let mut tasks = Vec::new();
    if let Some(socket) = sockets.udp {
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        tasks.push(tokio::spawn(listen::packets(server.clone(), socket, stopping.clone())));
    }
    if let Some(listener) = sockets.tcp {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let task = listen::streams(server.clone(), listener, None, room.clone(), stopping.clone());
        tasks.push(tokio::spawn(task));
    }
    if let Some((listener, tls)) = sockets.tls {
        listener.set_nonblocking(true)?;
        let (listener, tls) = (TcpListener::from_std(listener)?, acceptor(&tls)?);
        let task = listen::streams(server.clone(), listener, Some(tls), room, stopping.clone());
        tasks.push(tokio::spawn(task));
    }
    for zone in &server.zones {
        for consumer in &server.settings.consumers {
            for to in &consumer.notify {
                let (server, zone, key) = (server.clone(), zone.clone(), consumer.key.clone());
                let task = notify::follow(server, zone, *to, consumer.stage, key, stopping.clone());
                tasks.push(tokio::spawn(task));
            }
        }
    }
    tasks.push(tokio::spawn(maintain(server, stopping)));
    Ok(Running { stop, counters, tasks })
}

/// What one message from somebody is answered with, without a socket: each message of the answer. `stream` tells
/// whether it came on one, where an answer may have many.
pub fn answers(
    zones: &[Arc<Zone>],
    settings: &ServerSettings,
    clock: &Clock,
    message: &[u8],
    from: IpAddr,
    stream: bool,
) -> Vec<Vec<u8>> {
    let server = Server {
        zones: zones.to_vec(),
        catalog: None,
        settings: settings.clone(),
        limits: Limits::default(),
        counters: Arc::new(Counters::default()),
        clock: clock.clone(),
    };
    let way = if stream { answer::Way::Stream } else { answer::Way::Udp };
    answer::answer(&server, message, from.to_canonical(), way).into_iter().flatten().collect()
}

/// Looks after the zones every second.
async fn maintain(server: Arc<Server>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let server = server.clone();
        let done = tokio::task::spawn_blocking(move || {
            for zone in &server.zones {
                if let Err(error) = zone.maintain((server.clock)()) {
                    tracing::error!(zone = %zone.origin(), %error, "a zone cannot be looked after");
                }
            }
        });
        if done.await.is_err() {
            tracing::error!("looking after the zones ended unexpectedly");
        }
    }
}

/// What accepts streams over TLS: version 1.3, and the protocol `dot` (RFC 9103, sections 7.1 and 9.1).
fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ServerError> {
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio_rustls::rustls::{ServerConfig, version::TLS13};
    let wrong = |text: String| ServerError::Tls(text);
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&tls.certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&tls.key).map_err(|error| wrong(format!("its key: {error}")))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| wrong(error.to_string()))?;
    config.alpn_protocols = vec![b"dot".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
