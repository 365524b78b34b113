//! A stream whose peer must go on reading: one that takes nothing for a while is cut off, so that
//! nobody holds on to a page, and to a connection, by not reading it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream with a bound on how long a write may wait.
pub(crate) struct Stall<T> {
    stream: T,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<T> Stall<T> {
    pub(crate) fn new(stream: T, limit: Duration) -> Self {
        Self { stream, limit, waiting: None }
    }

    /// Passes on what a write said, and gives up where it has waited for too long.
    fn judge<R>(&mut self, said: Poll<io::Result<R>>, context: &mut Context<'_>) -> Poll<io::Result<R>> {
        if said.is_ready() {
            self.waiting = None;
            return said;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Stall<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stall<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(said, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.judge(said, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(said, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(said, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn cuts_off_who_does_not_read() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut ours = Stall::new(ours, Duration::from_secs(30));
        ours.write_all(b"1234").await.unwrap();
        let error = ours.write_all(b"5678").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let mut four = [0; 4];
        theirs.read_exact(&mut four).await.unwrap();
        // Whoever reads again is served again.
        ours.write_all(b"abcd").await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn slow_readers_are_served() {
        let (ours, mut theirs) = tokio::io::duplex(1);
        let mut ours = Stall::new(ours, Duration::from_secs(30));
        let reader = tokio::spawn(async move {
            for _ in 0..5 {
                sleep(Duration::from_secs(29)).await;
                theirs.read_u8().await.unwrap();
            }
        });
        ours.write_all(b"12345").await.unwrap();
        reader.await.unwrap();
    }
}
