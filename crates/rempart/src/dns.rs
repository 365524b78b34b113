//! Where zones are served: the sockets, and who may have them.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use rempart_dns::{Clock, Running, ServerSettings, Sockets, Tls, Zone};
use rempart_http::TlsSettings;

use crate::config::Config;

/// How often a free port is looked for that both packets and streams can have.
const ATTEMPTS: usize = 16;

/// The sockets for zones, bound and not yet answered on.
pub(crate) struct Dns {
    settings: ServerSettings,
    sockets: Sockets,
}

impl Dns {
    /// Binds what the configuration says, so that a port that is taken is known before anything else happens.
    pub(crate) fn bind(config: &Config, tls: Option<&TlsSettings>) -> anyhow::Result<Self> {
        let protect = &config.protect;
        let settings = ServerSettings { consumers: protect.consumers()?, catalog: protect.catalog()? };
        let mut sockets = Sockets::default();
        if let Some(address) = protect.dns_listen {
            let (udp, tcp) = both(address).with_context(|| format!("cannot serve zones at {address}"))?;
            (sockets.udp, sockets.tcp) = (Some(udp), Some(tcp));
        }
        if let Some(address) = protect.dns_tls_listen {
            let Some(tls) = tls else {
                bail!("protect.dns_tls_listen needs a certificate: set [tls]");
            };
            let listener =
                TcpListener::bind(address).with_context(|| format!("cannot serve zones at {address}"))?;
            let tls = Tls { certificate: tls.cert_pem.clone(), key: tls.key_pem.clone() };
            sockets.tls = Some((listener, tls));
        }
        Ok(Self { settings, sockets })
    }

    /// The address for packets and streams.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.sockets.tcp.as_ref().and_then(|tcp| tcp.local_addr().ok())
    }

    /// Serves zones; `None` where nothing listens.
    pub(crate) fn start(self, zones: Vec<Arc<Zone>>) -> anyhow::Result<Option<Running>> {
        if self.sockets.tcp.is_none() && self.sockets.tls.is_none() {
            return Ok(None);
        }
        let clock: Clock =
            Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()));
        Ok(Some(rempart_dns::start(zones, self.settings, self.sockets, clock)?))
    }
}

/// A port for packets and for streams; port 0 takes one that is free for both.
fn both(address: SocketAddr) -> std::io::Result<(UdpSocket, TcpListener)> {
    let mut attempts = 0;
    loop {
        let tcp = TcpListener::bind(address)?;
        match UdpSocket::bind(tcp.local_addr()?) {
            Ok(udp) => return Ok((udp, tcp)),
            Err(_) if address.port() == 0 && attempts < ATTEMPTS => attempts += 1,
            Err(error) => return Err(error),
        }
    }
}
