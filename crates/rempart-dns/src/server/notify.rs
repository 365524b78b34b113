//! Telling secondaries that a zone has changed (RFC 1996).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::timeout;

use super::tsig::sign_question;
use super::wire::{Message, Options, answered};
use super::{Key, Server, count};
use crate::name::Name;
use crate::zone::Zone;

/// How long an answer is waited for, each time (RFC 1996, section 3.6, leaves it to the sender).
const WAITS: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
];

/// Tells one secondary of every change of one zone that concerns it, until the server stops. A secondary that never
/// answers asks by itself after the zone's refresh time.
pub(crate) async fn follow(
    server: Arc<Server>,
    zone: Arc<Zone>,
    to: SocketAddr,
    stage: u32,
    key: Option<Key>,
    mut stop: watch::Receiver<bool>,
) {
    let mut changes = zone.subscribe();
    let mut told = None;
    loop {
        let served = zone.served(stage);
        if served.is_some() && served != told {
            // What changes while one is told is told right after, and once.
            changes.mark_unchanged();
            let done = tokio::select! {
                done = tell(&server, zone.origin(), to, key.as_ref()) => done,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            if !done {
                tracing::warn!(zone = %zone.origin(), secondary = %to, "a secondary does not answer");
            }
            told = served;
            continue;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Tells a secondary until it answers; whether it did.
async fn tell(server: &Server, zone: &Name, to: SocketAddr, key: Option<&Key>) -> bool {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let Ok(socket) = UdpSocket::bind((any, 0)).await else { return false };
    // Only what comes from there is received.
    if socket.connect(to).await.is_err() {
        return false;
    }
    let mut answer = [0; 1024];
    for wait in WAITS {
        let mut id = [0; 2];
        if SystemRandom::new().fill(&mut id).is_err() {
            return false;
        }
        let id = u16::from_be_bytes(id);
        let mut message = Message::notify(id, zone).finish(Options::default());
        if let Some(key) = key {
            sign_question(&mut message, key, (server.clock)());
        }
        count(&server.counters.notices);
        if socket.send(&message).await.is_err() {
            tokio::time::sleep(wait).await;
            continue;
        }
        let heard = timeout(wait, async {
            loop {
                let Ok(length) = socket.recv(&mut answer).await else { return false };
                // Whatever the code: the secondary has heard it.
                if answered(answer.get(..length).unwrap_or_default()).is_some_and(|(of, _)| of == id) {
                    return true;
                }
            }
        })
        .await;
        match heard {
            Ok(true) => {
                count(&server.counters.heard);
                return true;
            }
            // Nobody listens there now; the time is waited for all the same.
            Ok(false) => tokio::time::sleep(wait).await,
            Err(_) => {}
        }
    }
    false
}
