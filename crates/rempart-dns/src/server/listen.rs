//! Sockets: packets, streams and streams over TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::Server;
use super::answer::{Way, answer};

/// The longest packet that is looked at; a question has a few hundred bytes.
const PACKET: usize = 4096;
/// The longest question on a stream.
const QUESTION: usize = 4096;
/// How long a stream may be silent (RFC 7766, section 6.2.3).
const IDLE: Duration = Duration::from_secs(10);
/// How long one message may take to be read by the other side.
const WRITE: Duration = Duration::from_secs(30);
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Messages of an answer that wait to be written.
const WAITING: usize = 4;

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
        let mut reply = None;
        answer(&server, packet.get(..length).unwrap_or_default(), from.ip(), Way::Udp, &mut |bytes| {
            reply = Some(bytes);
            false
        });
        if let Some(reply) = reply
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
    room: Arc<Semaphore>,
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
        let Ok(place) = room.clone().try_acquire_owned() else {
            tracing::warn!("too many connections; one is closed");
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
    loop {
        let question = tokio::select! {
            question = timeout(IDLE, read(&mut stream)) => question,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Ok(Some(question)) = question else { break };
        let (sender, mut messages) = mpsc::channel::<Vec<u8>>(WAITING);
        let server = server.clone();
        // Reading a zone may take the disk, and packing it a core; neither is the sockets'.
        let worker = tokio::task::spawn_blocking(move || {
            answer(&server, &question, from.ip(), Way::Stream, &mut |bytes| {
                let framed = u16::try_from(bytes.len()).ok().map(|length| {
                    let mut framed = Vec::with_capacity(bytes.len() + 2);
                    framed.extend_from_slice(&length.to_be_bytes());
                    framed.extend_from_slice(&bytes);
                    framed
                });
                framed.is_some_and(|framed| sender.blocking_send(framed).is_ok())
            });
        });
        let mut written = true;
        while let Some(message) = messages.recv().await {
            written = matches!(timeout(WRITE, stream.write_all(&message)).await, Ok(Ok(())));
            if !written {
                break;
            }
        }
        drop(messages);
        if worker.await.is_err() || !written || stream.flush().await.is_err() {
            break;
        }
    }
    let _ = timeout(Duration::from_secs(1), stream.shutdown()).await;
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
