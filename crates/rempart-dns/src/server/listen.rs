//! Sockets: packets, streams and streams over TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::answer::{Reply, Way, answer};
use super::room::Room;
use super::{Server, count};

/// The longest packet that is looked at; a question has a few hundred bytes.
const PACKET: usize = 4096;
/// The longest question on a stream.
const QUESTION: usize = 4096;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Bytes of messages that are made at a time. A stream has at most two such parts in memory: the one that is written,
/// and the one that is made meanwhile.
const PART: usize = 128 << 10;

/// Answers packets until the server stops.
pub(crate) async fn packets(server: Arc<Server>, socket: UdpSocket, mut stop: watch::Receiver<bool>) {
    let mut packet = vec![0; PACKET];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut packet) => received,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (length, from) = match received {
            Ok(received) => received,
            Err(error) => {
                // An answer to nobody comes back as an error of the next read.
                tracing::debug!(%error, "a packet could not be received");
                continue;
            }
        };
        let question = packet.get(..length).unwrap_or_default();
        let reply = answer(&server, question, from.ip().to_canonical(), Way::Udp);
        if let Some(reply) = reply.and_then(|mut reply| reply.next())
            && let Err(error) = socket.send_to(&reply, from).await
        {
            tracing::debug!(%error, "an answer could not be sent");
        }
    }
}

/// Answers streams until the server stops.
pub(crate) async fn streams(
    server: Arc<Server>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    room: Arc<Room>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, most often: they are closed by and by.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let address = from.ip().to_canonical();
        // Strangers take no place from those who may come.
        if !server.settings.consumers.iter().any(|consumer| consumer.may_come_from(address)) {
            count(&server.counters.refused);
            continue;
        }
        let Some(place) = room.enter(address) else {
            tracing::warn!(%from, "too many connections; one is closed");
            continue;
        };
        let (server, tls, stop) = (server.clone(), tls.clone(), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let _ = stream.set_nodelay(true);
            match tls {
                None => stream_of(server, stream, from, stop).await,
                Some(tls) => {
                    let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await else { return };
                    // RFC 9103, section 7.1: who speaks something else gets nothing.
                    if stream.get_ref().1.alpn_protocol() != Some(b"dot") {
                        return;
                    }
                    stream_of(server, stream, from, stop).await;
                }
            }
        });
    }
}

async fn stream_of<S: AsyncRead + AsyncWrite + Unpin>(
    server: Arc<Server>,
    mut stream: S,
    from: SocketAddr,
    mut stop: watch::Receiver<bool>,
) {
    let (limits, from) = (server.limits, from.ip().to_canonical());
    loop {
        let question = tokio::select! {
            question = timeout(limits.idle, read(&mut stream)) => question,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Ok(Some(question)) = question else { break };
        let server = server.clone();
        // Reading a zone may take the disk, and packing it a core; neither is the sockets'.
        let mut making =
            Some(tokio::task::spawn_blocking(move || part(answer(&server, &question, from, Way::Stream))));
        let mut written = true;
        while let Some(made) = making.take() {
            let Ok((bytes, rest)) = made.await else { return };
            making = rest.map(|rest| tokio::task::spawn_blocking(move || part(Some(rest))));
            written = matches!(timeout(limits.write, stream.write_all(&bytes)).await, Ok(Ok(())));
            if !written {
                break;
            }
        }
        if !written || stream.flush().await.is_err() {
            break;
        }
    }
    let _ = timeout(Duration::from_secs(1), stream.shutdown()).await;
}

/// The next messages of an answer, each behind its length (RFC 1035, section 4.2.2), and the answer where there is more.
fn part(reply: Option<Reply>) -> (Vec<u8>, Option<Reply>) {
    let Some(mut reply) = reply else { return (Vec::new(), None) };
    let mut bytes = Vec::with_capacity(1024);
    for message in reply.by_ref() {
        // A message is full long before its length needs more than 16 bits.
        let Ok(length) = u16::try_from(message.len()) else { return (bytes, None) };
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&message);
        if bytes.len() >= PART {
            return (bytes, Some(reply));
        }
    }
    (bytes, None)
}

/// One question; nothing at the end of the stream, or where it is too long to be one.
async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Vec<u8>> {
    let length = usize::from(stream.read_u16().await.ok()?);
    if length > QUESTION {
        return None;
    }
    let mut question = vec![0; length];
    stream.read_exact(&mut question).await.ok()?;
    Some(question)
}
