//! The socket in the data folder: while a server holds the folder, commands reach it there.
//!
//! Frames: one byte for the kind, four for the length (big endian), then the payload. The client
//! sends a request and, where the request reads it, its standard input; the server sends data, words,
//! and at the end the exit code. Who asks is told by the operating system (peer credentials).

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use rempart_service::App;

use crate::command::execute::execute;
use crate::command::request::Request;
use crate::command::user_name;
use crate::output::{Output, code_of, line_of};

const SOCKET: &str = "rempart.socket";

/// Longest payload of a frame.
const MAX_FRAME: usize = 16 << 20;
/// Payload of a frame of input.
const CHUNK: usize = 256 << 10;

/// Kinds of frames.
mod kind {
    pub(super) const REQUEST: u8 = b'R';
    pub(super) const INPUT: u8 = b'I';
    pub(super) const END: u8 = b'E';
    pub(super) const DATA: u8 = b'O';
    pub(super) const WORDS: u8 = b'W';
    pub(super) const PROGRESS: u8 = b'P';
    pub(super) const EXIT: u8 = b'X';
}

fn send(to: &mut impl Write, kind: u8, payload: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(payload.len())
        .map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidInput, "a frame that is too long"))?;
    let mut frame = Vec::with_capacity(payload.len() + 5);
    frame.push(kind);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(payload);
    to.write_all(&frame)
}

fn receive(from: &mut impl Read) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0u8; 5];
    from.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a frame that is too long"));
    }
    let mut payload = vec![0; length];
    from.read_exact(&mut payload)?;
    Ok((kind, payload))
}

/// Connects to the server that holds a folder, if there is one.
pub(crate) fn connect(folder: &Path) -> Option<UnixStream> {
    UnixStream::connect(folder.join(SOCKET)).ok()
}

/// Asks the server; passes its answer on; returns its exit code.
pub(crate) fn ask(
    mut connection: UnixStream,
    request: &Request,
    input: &mut (impl Read + Send),
    out: &mut dyn Output,
) -> anyhow::Result<u8> {
    send(&mut connection, kind::REQUEST, &serde_json::to_vec(request)?)?;
    let mut writing = connection.try_clone()?;
    std::thread::scope(|scope| {
        if request.reads_input() {
            // The answer is read while the input is still being sent.
            scope.spawn(move || -> std::io::Result<()> {
                let mut chunk = vec![0; CHUNK];
                loop {
                    let count = input.read(&mut chunk)?;
                    if count == 0 {
                        return send(&mut writing, kind::END, &[]);
                    }
                    send(&mut writing, kind::INPUT, chunk.get(..count).unwrap_or_default())?;
                }
            });
        }
        loop {
            let (kind, payload) = receive(&mut connection).context(
                "the server went away before it answered; what it had not acknowledged may not be done",
            )?;
            match kind {
                kind::DATA => out.data(&payload)?,
                kind::WORDS => out.say(&String::from_utf8_lossy(&payload))?,
                kind::PROGRESS => out.progress(&String::from_utf8_lossy(&payload))?,
                kind::EXIT => {
                    // What is left of the input is of no use any more.
                    let _ = connection.shutdown(std::net::Shutdown::Both);
                    return Ok(payload.first().copied().unwrap_or(2));
                }
                _ => {}
            }
        }
    })
}

/// The server's end of the socket; it is removed when this is dropped.
pub(crate) struct Door {
    path: PathBuf,
}

impl Drop for Door {
    fn drop(&mut self) {
        // A socket that is left behind is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the socket and answers on it until the process ends. The caller holds the folder.
pub(crate) fn open(folder: &Path, app: Arc<App>) -> anyhow::Result<Door> {
    let path = folder.join(SOCKET);
    if path.exists() {
        std::fs::remove_file(&path).with_context(|| format!("cannot replace {}", path.display()))?;
    }
    let listener = UnixListener::bind(&path).with_context(|| {
        format!("cannot open the socket {} (a path may have about 100 characters)", path.display())
    })?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    std::thread::Builder::new().name("socket".into()).spawn(move || {
        for connection in listener.incoming().flatten() {
            let app = app.clone();
            let spawned = std::thread::Builder::new().name("command".into()).spawn(move || {
                if let Err(error) = answer(&app, connection) {
                    tracing::debug!("a command's connection ended: {}", line_of(&error));
                }
            });
            if let Err(error) = spawned {
                tracing::error!(%error, "cannot answer a command");
            }
        }
    })?;
    Ok(Door { path })
}

fn answer(app: &App, mut connection: UnixStream) -> anyhow::Result<()> {
    let peer = rustix::net::sockopt::socket_peercred(&connection).context("who asks?")?;
    let uid = peer.uid.as_raw();
    let (kind, payload) = receive(&mut connection)?;
    if kind != kind::REQUEST {
        bail!("a connection that does not begin with a request");
    }
    let mut out = Remote(connection.try_clone()?);
    let mut input = Input { connection: connection.try_clone()?, chunk: Vec::new(), at: 0, ended: false };
    let result = serde_json::from_slice::<Request>(&payload)
        .context("this server does not know that request; it may be older than this command")
        .and_then(|request| {
            let caller = app.person_of_user(uid, &user_name(uid))?;
            execute(app, &caller, request, &mut input, &mut out)
        });
    let code = match result {
        Ok(code) => code,
        Err(error) => {
            if let Some(rempart_service::ServiceError::Internal(cause)) = error.downcast_ref() {
                tracing::error!(%cause, "a command failed");
            }
            out.say(&format!("rempart: {}", line_of(&error)))?;
            code_of(&error)
        }
    };
    send(&mut connection, kind::EXIT, &[code])?;
    Ok(())
}

struct Remote(UnixStream);

impl Output for Remote {
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        bytes.chunks(CHUNK).try_for_each(|chunk| send(&mut self.0, kind::DATA, chunk))
    }

    fn say(&mut self, line: &str) -> std::io::Result<()> {
        send(&mut self.0, kind::WORDS, line.as_bytes())
    }

    fn progress(&mut self, line: &str) -> std::io::Result<()> {
        send(&mut self.0, kind::PROGRESS, line.as_bytes())
    }
}

/// The client's standard input, frame by frame.
struct Input {
    connection: UnixStream,
    chunk: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Input {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        while self.at >= self.chunk.len() {
            if self.ended {
                return Ok(0);
            }
            let (kind, payload) = receive(&mut self.connection)?;
            match kind {
                kind::INPUT => (self.chunk, self.at) = (payload, 0),
                kind::END => self.ended = true,
                _ => return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "an unexpected frame")),
            }
        }
        let count = self.chunk.get(self.at..).unwrap_or_default().read(to)?;
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_they_were_sent_and_bounded() {
        let mut wire = Vec::new();
        send(&mut wire, kind::DATA, b"abc").unwrap();
        assert_eq!(receive(&mut wire.as_slice()).unwrap(), (kind::DATA, b"abc".to_vec()));
        assert!(receive(&mut &wire[..6]).is_err());
        let huge = [kind::DATA, 0xff, 0xff, 0xff, 0xff];
        assert!(receive(&mut huge.as_slice()).is_err());
    }
}
