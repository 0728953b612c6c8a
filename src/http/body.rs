//! The bodies of requests, whole or streamed, and of answers, streamed and decoded.

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes};
use futures_util::FutureExt as _;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::background;
use super::decoding::codings;
use super::failure::{Interrupted, reading_failed};
use super::parts::Parts;
use super::pool::{Lease, OutgoingBody};
use super::unpacking::Unpacking;
use crate::error::{Error, Result};

/// How many chunks of a streamed request body may wait to be sent before the caller has to wait.
const UPLOAD_CHUNKS: usize = 4;

/// A request's body.
#[derive(Debug, Clone, Default)]
pub enum RequestBody {
    /// The request has no body.
    #[default]
    Empty,
    /// A whole body, which can be sent again.
    Bytes(Bytes),
    /// A streamed body, which can be sent once, with its length in bytes if that is known.
    Stream(StreamedBody, Option<u64>),
}

/// A body that is streamed once. Its writer is told to stop when all clones are dropped.
#[derive(Clone)]
pub struct StreamedBody(Arc<Stream>);

struct Stream {
    channel: Mutex<Option<Channel<Bytes, Interrupted>>>,
    _wanted: oneshot::Sender<Infallible>,
}

/// The writing end of a [`StreamedBody`]. Dropping it before [`Upload::finish`] aborts the request, so that the server
/// does not take a part for the whole.
#[derive(Debug)]
pub struct Upload(Option<Open>);

#[derive(Debug)]
struct Open {
    sender: Sender<Bytes, Interrupted>,
    unwanted: oneshot::Receiver<Infallible>,
}

impl RequestBody {
    /// Whether there is a body.
    pub fn is_some(&self) -> bool {
        !matches!(self, Self::Empty)
    }

    /// Whether the body can be sent more than once.
    pub fn is_replayable(&self) -> bool {
        !matches!(self, Self::Stream(..))
    }

    /// The `Content-Length` of a request, in bytes. A request without a body has none, unless its method usually has a
    /// body (RFC 9110 section 8.6).
    pub(super) fn stated_length(&self, method: &Method) -> Option<u64> {
        match self {
            Self::Empty => [Method::POST, Method::PUT, Method::PATCH].contains(method).then_some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream(_, length) => *length,
        }
    }

    /// Removes the caller's `Content-Length` from `headers`. It must equal the length of the body. For a stream of
    /// unknown length, it becomes the length.
    pub fn settle_length(&mut self, headers: &mut HeaderMap) -> Result<()> {
        let mut stated = None;
        for value in headers.get_all(CONTENT_LENGTH) {
            let length = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let length = length.and_then(|text| text.parse::<u64>().ok());
            if length.is_none() || stated.is_some_and(|stated| stated != length) {
                return Err(wrong_length());
            }
            stated = Some(length);
        }
        headers.remove(CONTENT_LENGTH);
        let Some(Some(stated)) = stated else { return Ok(()) };
        let own = match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(_, length) => *length.get_or_insert(stated),
        };
        if own == stated { Ok(()) } else { Err(wrong_length()) }
    }

    /// The stream of a streamed body.
    pub(super) fn stream(&self) -> Option<StreamedBody> {
        match self {
            Self::Stream(stream, _) => Some(stream.clone()),
            _ => None,
        }
    }

    /// The body to send now.
    pub(super) fn outgoing(&self) -> Result<OutgoingBody> {
        Ok(match self {
            Self::Empty => Either::Left(Full::default()),
            Self::Bytes(bytes) => Either::Left(Full::new(bytes.clone())),
            Self::Stream(stream, _) => {
                let channel = stream.0.channel.lock().unwrap_or_else(PoisonError::into_inner).take();
                let channel =
                    channel.ok_or(Error::Internal { problem: "a streamed body was to be sent twice" })?;
                Either::Right(channel)
            }
        })
    }
}

fn wrong_length() -> Error {
    Error::configuration("headers.content-length", "must be the length of the body in bytes, or be left out")
}

/// Creates a streamed body, and the [`Upload`] that writes it.
pub fn streamed_body() -> (Upload, StreamedBody) {
    let (sender, channel) = Channel::new(UPLOAD_CHUNKS);
    let (wanted, unwanted) = oneshot::channel();
    let stream = Stream { channel: Mutex::new(Some(channel)), _wanted: wanted };
    (Upload(Some(Open { sender, unwanted })), StreamedBody(Arc::new(stream)))
}

impl Upload {
    /// Writes a chunk once there is room for it. Returns false if the body is no longer read: the call has ended,
    /// perhaps because the server answered without reading the body.
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

    /// Marks the body as complete.
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

/// An answer's decoded body. It holds its connection, and the request's stream, until its end is reached or it is
/// dropped.
pub struct ResponseBody {
    /// Bytes that were read ahead of the reader.
    ahead: Parts,
    rest: Rest,
}

/// A place that a body is copied to as it arrives, such as a `BufMut` with a limit.
///
/// Each frame is copied at once, so that the connection can receive the next frame into the same small buffer. Otherwise
/// it would need a new buffer for each frame.
pub trait BodySink: Send {
    /// How many bytes still fit.
    fn room(&self) -> usize;
    /// Takes bytes, which fit.
    fn write(&mut self, bytes: &[u8]);
}

impl<B: BufMut + Send> BodySink for B {
    fn room(&self) -> usize {
        self.remaining_mut()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.put_slice(bytes);
    }
}

/// Something that is held until an answer's body has ended or is dropped.
pub trait UntilEnd: Send + Sync {
    /// The body was passed to a reader, which may take any time to read it.
    fn handed_over(&mut self);
    /// The body has ended.
    fn ended(&mut self);
}

/// Counts an open body that was passed to a reader, until it is dropped.
struct Unread(Arc<AtomicUsize>);

impl Drop for Unread {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

enum Rest {
    Open {
        // Dropped in this order: the connection is free before another call gets its place.
        reader: Reader,
        _lease: Lease,
        _permit: OwnedSemaphorePermit,
        _answers: Option<StreamedBody>,
        held: Option<Box<dyn UntilEnd>>,
        unread: Option<Unread>,
    },
    Ended,
    Failed(Error),
}

enum Reader {
    Plain(Incoming),
    Decoded(Unpacking),
}

impl ResponseBody {
    /// The body of an answer with these headers. `answers` is the streamed body of its request, if there is one.
    pub(super) fn new(
        incoming: Incoming,
        headers: &HeaderMap,
        lease: Lease,
        permit: OwnedSemaphorePermit,
        answers: Option<StreamedBody>,
    ) -> Self {
        let reader = codings(headers).map(|codings| {
            if codings.is_empty() {
                Reader::Plain(incoming)
            } else {
                Reader::Decoded(Unpacking::new(incoming, &codings))
            }
        });
        let rest = match reader {
            Ok(reader) => Rest::Open {
                reader,
                _lease: lease,
                _permit: permit,
                _answers: answers,
                held: None,
                unread: None,
            },
            Err(error) => Rest::Failed(error),
        };
        Self { ahead: Parts::default(), rest }
    }

    /// Holds `what` until the body has ended or is dropped.
    pub fn hold(&mut self, what: Box<dyn UntilEnd>) {
        if let Rest::Open { held, .. } = &mut self.rest {
            *held = Some(what);
        }
    }

    /// Marks the rest of the body as passed to a reader. `all` counts it while it is open.
    pub(super) fn hand_over(&mut self, all: &Arc<AtomicUsize>) {
        if let Rest::Open { held, unread, .. } = &mut self.rest {
            all.fetch_add(1, Ordering::Relaxed);
            *unread = Some(Unread(Arc::clone(all)));
            if let Some(held) = held {
                held.handed_over();
            }
        }
    }

    /// Copies what has arrived to `sink`, which must have room. Waits if nothing has arrived. Returns false at the end of
    /// the body. Fails with the error that ended the body early, once everything before it was copied. Dropping the future
    /// loses nothing: what it has read is in the sink.
    pub async fn read(&mut self, sink: &mut impl BodySink) -> Result<bool> {
        let room = sink.room();
        self.pour(sink);
        while sink.room() == room && room > 0 && self.is_open() {
            self.copy_next(sink).await;
        }
        self.copy_more(sink).await;
        match &self.rest {
            Rest::Failed(error) if sink.room() == room && self.ahead.is_empty() => Err(error.clone()),
            _ => Ok(sink.room() < room),
        }
    }

    /// Copies what has arrived to `sink`, as far as it has room, without waiting for more.
    pub async fn top_up(&mut self, sink: &mut impl BodySink) {
        self.pour(sink);
        self.copy_more(sink).await;
    }

    /// Copies the body to `sink` until that is full or the body ends. Dropping the future loses nothing.
    pub async fn fill(&mut self, sink: &mut impl BodySink) {
        self.pour(sink);
        while self.wants_more(sink) {
            self.copy_next(sink).await;
        }
    }

    async fn copy_more(&mut self, sink: &mut impl BodySink) {
        self.copy_ready(sink);
        // A connection gives one chunk at a time, and the next one when its own task has run. Small chunks are returned
        // together: each read costs JavaScript more than they do.
        while self.wants_more(sink) {
            let room = sink.room();
            tokio::task::yield_now().await;
            self.copy_ready(sink);
            if sink.room() == room {
                break;
            }
        }
    }

    fn copy_ready(&mut self, sink: &mut impl BodySink) {
        while self.wants_more(sink) && self.copy_next(sink).now_or_never().is_some() {}
    }

    fn wants_more(&self, sink: &impl BodySink) -> bool {
        sink.room() > 0 && self.is_open()
    }

    /// Copies what was read ahead.
    fn pour(&mut self, sink: &mut impl BodySink) {
        for part in self.ahead.take(sink.room()) {
            sink.write(&part);
        }
    }

    /// Copies the next chunk. What does not fit counts as read ahead.
    async fn copy_next(&mut self, sink: &mut impl BodySink) {
        if let Some(mut chunk) = self.next_chunk().await {
            sink.write(&chunk.split_to(chunk.len().min(sink.room())));
            self.ahead.push(chunk);
        }
    }

    /// Reads ahead what has arrived already, up to about `enough` bytes.
    pub fn read_ready(&mut self, enough: usize) {
        while self.ahead.len() < enough && self.is_open() && self.read_next().now_or_never().is_some() {}
    }

    /// Reads ahead to the end, which frees the connection, or until more than `limit` bytes were read.
    pub async fn read_ahead(&mut self, limit: usize) {
        while self.ahead.len() <= limit && self.is_open() {
            self.read_next().await;
        }
    }

    /// Reads ahead as [`Self::read_ahead`] does, and discards a longer body, so that the connection is freed in any
    /// case.
    pub async fn cut(&mut self, limit: usize) {
        self.read_ahead(limit).await;
        if self.is_open() {
            self.rest = Rest::Failed(Error::BodyTooLarge { limit });
        }
    }

    /// Whether more of the body is still to come.
    pub fn is_open(&self) -> bool {
        matches!(self.rest, Rest::Open { .. })
    }

    /// The error that ended the body early, if one did.
    pub fn failure(&self) -> Option<&Error> {
        match &self.rest {
            Rest::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The whole body, if it was read ahead to its end.
    pub fn take_whole(&mut self) -> Option<Bytes> {
        matches!(self.rest, Rest::Ended).then(|| self.take_ahead())
    }

    /// Takes what was read ahead.
    pub fn take_ahead(&mut self) -> Bytes {
        self.ahead.take_whole()
    }

    /// Reads the whole body, if it is not longer than `limit` bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        self.read_ahead(limit).await;
        match self.rest {
            _ if self.ahead.len() > limit => Err(Error::BodyTooLarge { limit }),
            Rest::Failed(error) => Err(error),
            _ => {
                let mut parts = std::mem::take(&mut self.ahead);
                background::work_on(parts.len(), move || parts.take_whole()).await
            }
        }
    }

    async fn read_next(&mut self) {
        if let Some(chunk) = self.next_chunk().await {
            self.ahead.push(chunk);
        }
    }

    /// The next chunk that arrives. `None` if the body has ended or failed, which it then knows.
    async fn next_chunk(&mut self) -> Option<Bytes> {
        let Rest::Open { reader, held, .. } = &mut self.rest else { return None };
        match reader.next().await {
            Ok(Some(chunk)) => return Some(chunk),
            Ok(None) => {
                if let Some(held) = held {
                    held.ended();
                }
                self.rest = Rest::Ended;
            }
            Err(error) => self.rest = Rest::Failed(error),
        }
        None
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

impl Reader {
    /// The next part of the body. Dropping the future loses nothing.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::Plain(incoming) => loop {
                match incoming.frame().await {
                    None => return Ok(None),
                    Some(Err(error)) => return Err(reading_failed(error)),
                    // Trailers are ignored.
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            },
            Self::Decoded(unpacking) => unpacking.next().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(mut body: RequestBody, stated: &[&'static str]) -> Result<Option<u64>> {
        let mut headers = HeaderMap::new();
        for value in stated {
            headers.append(CONTENT_LENGTH, http::HeaderValue::from_static(value));
        }
        body.settle_length(&mut headers)?;
        assert!(headers.is_empty());
        Ok(body.stated_length(&Method::POST))
    }

    #[test]
    fn a_length_of_the_caller_has_to_be_that_of_the_body_or_of_a_stream_without_one() {
        let stream = |length| RequestBody::Stream(streamed_body().1, length);
        let bytes = |text: &'static str| RequestBody::Bytes(Bytes::from_static(text.as_bytes()));
        assert_eq!(settled(bytes("abc"), &[]).unwrap(), Some(3));
        assert_eq!(settled(bytes("abc"), &["3"]).unwrap(), Some(3));
        assert_eq!(settled(bytes("abc"), &["3", "3"]).unwrap(), Some(3));
        assert_eq!(settled(bytes(""), &["0"]).unwrap(), Some(0));
        assert_eq!(settled(RequestBody::Empty, &["0"]).unwrap(), Some(0));
        assert_eq!(settled(stream(None), &[]).unwrap(), None);
        assert_eq!(settled(stream(None), &["7"]).unwrap(), Some(7));
        assert_eq!(settled(stream(Some(7)), &["7"]).unwrap(), Some(7));
        for (body, stated) in [
            (bytes("abc"), ["4"].as_slice()),
            (bytes("abc"), &["3", "4"]),
            (bytes("abc"), &["+3"]),
            (bytes("abc"), &["3, 3"]),
            (bytes("abc"), &[""]),
            (RequestBody::Empty, &["1"]),
            (stream(Some(7)), &["8"]),
            (stream(None), &["99999999999999999999"]),
        ] {
            let error = settled(body, stated).unwrap_err();
            assert!(error.to_string().starts_with("headers.content-length: must be"), "{error}");
        }
    }

    #[test]
    fn only_a_method_that_usually_has_a_body_says_that_it_has_none() {
        for (method, length) in [
            (Method::POST, Some(0)),
            (Method::PUT, Some(0)),
            (Method::PATCH, Some(0)),
            (Method::GET, None),
            (Method::DELETE, None),
        ] {
            assert_eq!(RequestBody::Empty.stated_length(&method), length, "{method}");
            assert_eq!(RequestBody::Bytes(Bytes::new()).stated_length(&method), Some(0), "{method}");
        }
    }
}
