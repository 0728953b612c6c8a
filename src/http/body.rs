//! Bodies: a request's, in one piece or streamed in, and an answer's, streamed out and decoded.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, TryStreamExt as _};
use http::HeaderMap;
use http_body_util::channel::{Channel, Sender};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::decoding::{codings, decoded, decoding_error};
use crate::error::{Error, Result};
use crate::http::transport::network_error;

/// Chunks of a streamed request body that wait to be sent; more is for the caller to hold back.
const UPLOAD_CHUNKS: usize = 4;

/// A request's body.
#[derive(Debug, Clone, Default)]
pub enum RequestBody {
    /// None.
    #[default]
    Empty,
    /// In one piece, which can be sent again.
    Bytes(Bytes),
    /// As it comes, which can be sent once; with its length in bytes, if that is known.
    Stream(StreamedBody, Option<u64>),
}

/// A body that is sent as it comes, once. It is wanted until all its clones are gone.
#[derive(Clone)]
pub struct StreamedBody(Arc<Stream>);

struct Stream {
    channel: Mutex<Option<Channel<Bytes, Interrupted>>>,
    _wanted: oneshot::Sender<Infallible>,
}

/// The writing end of a [`StreamedBody`]. Dropped before [`Upload::finish`], it cuts the request off: the server must
/// not take a part for the whole.
#[derive(Debug)]
pub struct Upload(Option<Open>);

#[derive(Debug)]
struct Open {
    sender: Sender<Bytes, Interrupted>,
    unwanted: oneshot::Receiver<Infallible>,
}

/// Why a streamed body did not come to its end.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the request's body was not given to its end")]
pub(super) struct Interrupted;

impl RequestBody {
    /// Whether there is a body.
    pub fn is_some(&self) -> bool {
        !matches!(self, Self::Empty)
    }

    /// Whether it can be sent more than once.
    pub fn is_replayable(&self) -> bool {
        !matches!(self, Self::Stream(..))
    }

    /// What `Content-Length` says where the body itself does not: of a stream, or of no body at all.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(_) => None,
            Self::Stream(_, length) => *length,
        }
    }

    /// Its stream, if it is one.
    pub(super) fn stream(&self) -> Option<StreamedBody> {
        match self {
            Self::Stream(stream, _) => Some(stream.clone()),
            _ => None,
        }
    }

    /// The body to send now.
    pub(super) fn outgoing(&self) -> Result<Option<reqwest::Body>> {
        Ok(match self {
            Self::Empty => None,
            Self::Bytes(bytes) => Some(bytes.clone().into()),
            Self::Stream(stream, _) => {
                let channel = stream.0.channel.lock().unwrap_or_else(PoisonError::into_inner).take();
                let channel =
                    channel.ok_or(Error::Internal { problem: "a streamed body was to be sent twice" })?;
                Some(reqwest::Body::wrap(channel))
            }
        })
    }
}

/// A body to be written through its [`Upload`].
pub fn streamed_body() -> (Upload, StreamedBody) {
    let (sender, channel) = Channel::new(UPLOAD_CHUNKS);
    let (wanted, unwanted) = oneshot::channel();
    let stream = Stream { channel: Mutex::new(Some(channel)), _wanted: wanted };
    (Upload(Some(Open { sender, unwanted })), StreamedBody(Arc::new(stream)))
}

impl Upload {
    /// Hands a chunk over, when there is room for it. False: nobody reads any more, or the call is over, which the
    /// server may have answered without reading.
    pub async fn write(&mut self, chunk: Bytes) -> bool {
        let Some(Open { sender, unwanted }) = &mut self.0 else { return false };
        let written = tokio::select! {
            biased;
            _ = unwanted => false,
            sent = sender.send_data(chunk) => sent.is_ok(),
        };
        if !written {
            self.cut();
        }
        written
    }

    /// The body is whole.
    pub fn finish(mut self) {
        drop(self.0.take());
    }

    fn cut(&mut self) {
        if let Some(open) = self.0.take() {
            open.sender.abort(Interrupted);
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.cut();
    }
}

impl fmt::Debug for StreamedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamedBody")
    }
}

/// An answer's body, decoded. It holds its connection, and the stream that it answers, until its end was reached, or it
/// is dropped.
pub struct ResponseBody {
    /// What was read ahead of who reads it.
    before: VecDeque<Bytes>,
    /// How many bytes that is.
    ahead: usize,
    rest: Rest,
}

/// What is held until an answer's body has come to its end, or is dropped before.
pub trait UntilEnd: Send + Sync {
    /// It has come to its end.
    fn ended(&mut self);
}

enum Rest {
    Open {
        reader: Reader,
        _permit: OwnedSemaphorePermit,
        _answers: Option<StreamedBody>,
        held: Option<Box<dyn UntilEnd>>,
    },
    Ended,
    Failed(Error),
}

enum Reader {
    Plain(reqwest::Response),
    Decoded(BoxStream<'static, std::io::Result<Bytes>>),
}

impl ResponseBody {
    /// The body of `response`, which has these headers, to a request with the stream that it `answers`.
    pub(super) fn new(
        response: reqwest::Response,
        headers: &HeaderMap,
        permit: OwnedSemaphorePermit,
        answers: Option<StreamedBody>,
    ) -> Self {
        let reader = codings(headers).map(|codings| {
            if codings.is_empty() {
                Reader::Plain(response)
            } else {
                Reader::Decoded(decoded(response, &codings))
            }
        });
        let rest = match reader {
            Ok(reader) => Rest::Open { reader, _permit: permit, _answers: answers, held: None },
            Err(error) => Rest::Failed(error),
        };
        Self { before: VecDeque::new(), ahead: 0, rest }
    }

    /// Holds something until the end.
    pub fn hold(&mut self, what: Box<dyn UntilEnd>) {
        if let Rest::Open { held, .. } = &mut self.rest {
            *held = Some(what);
        }
    }

    /// The next of the body, in the parts in which it came: what is there already, `most` bytes at most. None at its
    /// end.
    pub async fn read(&mut self, most: usize) -> Result<Option<Vec<Bytes>>> {
        while self.before.is_empty() && self.is_open() {
            self.read_next().await;
        }
        self.read_ready(most);
        match &self.rest {
            Rest::Failed(error) if self.before.is_empty() => Err(error.clone()),
            _ => Ok((!self.before.is_empty()).then(|| self.take(most))),
        }
    }

    fn take(&mut self, most: usize) -> Vec<Bytes> {
        let mut taken = Vec::with_capacity(self.before.len());
        let mut room = most;
        while room > 0
            && let Some(mut part) = self.before.pop_front()
        {
            if part.len() > room {
                self.before.push_front(part.split_off(room));
            }
            room -= part.len();
            taken.push(part);
        }
        self.ahead -= most - room;
        taken
    }

    /// Reads ahead what is there already, up to about `enough` bytes.
    pub fn read_ready(&mut self, enough: usize) {
        while self.ahead < enough && self.is_open() && self.read_next().now_or_never().is_some() {}
    }

    /// Reads ahead until the end, which frees the connection, or until there are more than `limit` bytes.
    pub async fn read_ahead(&mut self, limit: usize) {
        while self.ahead <= limit && self.is_open() {
            self.read_next().await;
        }
    }

    /// Reads ahead as [`Self::read_ahead`] does, and gives up what is longer: the connection is free after it.
    pub async fn cut(&mut self, limit: usize) {
        self.read_ahead(limit).await;
        if self.is_open() {
            self.rest = Rest::Failed(Error::BodyTooLarge { limit });
        }
    }

    /// Whether there is more to come than what was read ahead.
    pub fn is_open(&self) -> bool {
        matches!(self.rest, Rest::Open { .. })
    }

    /// Why there is no more, if the body did not come to its end.
    pub fn failure(&self) -> Option<&Error> {
        match &self.rest {
            Rest::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// All of it, if it was read ahead to its end.
    pub fn take_whole(&mut self) -> Option<Bytes> {
        matches!(self.rest, Rest::Ended).then(|| self.take_ahead())
    }

    /// What was read ahead.
    pub fn take_ahead(&mut self) -> Bytes {
        self.ahead = 0;
        joined(&mut self.before)
    }

    /// Reads the whole body, if it is not longer than `limit` bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        self.read_ahead(limit).await;
        match self.rest {
            _ if self.ahead > limit => Err(Error::BodyTooLarge { limit }),
            Rest::Failed(error) => Err(error),
            _ => Ok(self.take_ahead()),
        }
    }

    async fn read_next(&mut self) {
        let Rest::Open { reader, held, .. } = &mut self.rest else { return };
        match reader.next().await {
            Ok(Some(chunk)) if chunk.is_empty() => {}
            Ok(Some(chunk)) => {
                self.ahead += chunk.len();
                self.before.push_back(chunk);
            }
            Ok(None) => {
                if let Some(held) = held {
                    held.ended();
                }
                self.rest = Rest::Ended;
            }
            Err(error) => self.rest = Rest::Failed(error),
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

/// Takes all parts, in one. Most bodies are one piece, which is not copied.
fn joined(parts: &mut VecDeque<Bytes>) -> Bytes {
    if parts.len() > 1 {
        let whole = Vec::from(std::mem::take(parts)).concat();
        return whole.into();
    }
    parts.pop_front().unwrap_or_default()
}

impl Reader {
    /// The next part. Dropping the future loses nothing.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::Plain(response) => response.chunk().await.map_err(network_error),
            Self::Decoded(decoded) => decoded.try_next().await.map_err(decoding_error),
        }
    }
}
