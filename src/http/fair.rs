//! [`Fair`]: a connection that gives other tasks their turn.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};

/// How many bytes a connection yields in one turn. Processing them takes at most a few milliseconds, even with the
/// smallest frames and header fields, and nothing else runs on the thread meanwhile.
const TURN: u64 = 32 * 1024;

/// A connection that yields a bounded number of bytes, and then waits until all other tasks of the runtime had their
/// turn. A server that sends faster than its bytes are read would otherwise occupy the thread.
#[derive(Debug)]
pub(super) struct Fair<S>(Take<S>);

impl<S: AsyncRead> Fair<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(stream.take(TURN))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Fair<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.0.limit() == 0 {
            self.0.set_limit(TURN);
            // Unlike waking the task here, this also lets the runtime check its sockets and timers first.
            ready!(pin!(tokio::task::yield_now()).poll(context));
        }
        let read = Pin::new(&mut self.0).poll_read(context, buffer);
        if read.is_pending() {
            self.0.set_limit(TURN);
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Fair<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.0.get_mut()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.0.get_mut()).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.get_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.get_mut()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endless_connection_pauses_after_each_turn_and_loses_nothing() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let mut fair = Fair::new(bytes.as_slice());
        let mut read = Vec::new();
        let mut pauses = 0;
        while read.len() < bytes.len() {
            let mut buffer = vec![0; 100_000];
            let mut buffer = ReadBuf::new(&mut buffer);
            let before = read.len();
            std::future::poll_fn(|context| {
                let poll = Pin::new(&mut fair).poll_read(context, &mut buffer);
                pauses += usize::from(poll.is_pending());
                poll
            })
            .await
            .unwrap();
            read.extend_from_slice(buffer.filled());
            assert!(read.len() - before <= 32 * 1024);
        }
        assert_eq!(read, bytes);
        assert_eq!(pauses, 300_000 / (32 * 1024));
    }
}
