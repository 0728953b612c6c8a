//! [`Unpacking`]: removes the content codings of a body, on the background thread once the body is large.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::background::{self, SHORT};
use super::decoding::{Coding, decoded, decoding_error};
use crate::error::Result;

/// The most decoded parts that wait to be read.
const WAITING: usize = 4;

/// A body that is being decoded.
pub(super) struct Unpacking {
    /// How many bytes were decoded on this thread.
    decoded: usize,
    place: Place,
}

type Decoded = BoxStream<'static, std::io::Result<Bytes>>;

enum Place {
    Here(Decoded),
    /// Decoding runs on the background thread. It stops when this receiver is dropped.
    Elsewhere(mpsc::Receiver<std::io::Result<Bytes>>),
}

impl Unpacking {
    pub(super) fn new(incoming: Incoming, codings: &[Coding]) -> Self {
        Self { decoded: 0, place: Place::Here(decoded(incoming, codings)) }
    }

    /// The next decoded part. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.decoded > SHORT
            && let Place::Here(stream) = &mut self.place
        {
            let stream = std::mem::replace(stream, Box::pin(futures_util::stream::empty()));
            self.place = elsewhere(stream);
            self.decoded = 0;
        }
        match &mut self.place {
            Place::Here(stream) => {
                let part = stream.try_next().await.map_err(decoding_error)?;
                self.decoded += part.as_ref().map_or(0, Bytes::len);
                Ok(part)
            }
            Place::Elsewhere(parts) => parts.recv().await.transpose().map_err(decoding_error),
        }
    }
}

fn elsewhere(mut stream: Decoded) -> Place {
    let (sender, parts) = mpsc::channel(WAITING);
    background::spawn(async move {
        while let Some(part) = stream.try_next().await.transpose() {
            let is_last = part.is_err();
            if sender.send(part).await.is_err() || is_last {
                break;
            }
        }
    });
    Place::Elsewhere(parts)
}
