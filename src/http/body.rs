//! Bodies: a request's, in one piece or streamed in, and an answer's, streamed out and decoded.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, StreamExt as _};
use http::header::CONTENT_ENCODING;
use http_body_util::channel::{Channel, Sender};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::io::StreamReader;

use crate::error::{Error, Result};
use crate::http::network_error;

/// What is accepted, in the order of preference. Only what [`ResponseBody`] can decode.
pub(super) const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// Chunks of a streamed request body that wait to be sent; more is for the caller to hold back.
const UPLOAD_CHUNKS: usize = 4;
/// What a decoder yields at a time, in bytes.
const DECODED_CHUNK: usize = 64 * 1024;
/// A body may expand to so many bytes whatever it was.
const FREE_EXPANSION: u64 = 64 * 1024 * 1024;
/// Beyond that, to so many times its size: what text reaches, and a bomb exceeds by far.
const MOST_EXPANSION: u64 = 200;

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

/// A body that is sent as it comes, once.
#[derive(Clone)]
pub struct StreamedBody(Arc<Mutex<Option<Channel<Bytes, Interrupted>>>>);

/// The writing end of a [`StreamedBody`]. Dropped before [`Upload::finish`], it cuts the request off: the server must
/// not take a part for the whole.
#[derive(Debug)]
pub struct Upload(Option<Sender<Bytes, Interrupted>>);

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

    /// The body to send now.
    pub(super) fn outgoing(&self) -> Result<Option<reqwest::Body>> {
        Ok(match self {
            Self::Empty => None,
            Self::Bytes(bytes) => Some(bytes.clone().into()),
            Self::Stream(stream, _) => {
                let channel = stream.0.lock().unwrap_or_else(PoisonError::into_inner).take();
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
    (Upload(Some(sender)), StreamedBody(Arc::new(Mutex::new(Some(channel)))))
}

impl Upload {
    /// Hands a chunk over, when there is room for it. False: nobody reads any more; the request is over.
    pub async fn write(&mut self, chunk: Bytes) -> bool {
        match &mut self.0 {
            Some(sender) => sender.send_data(chunk).await.is_ok(),
            None => false,
        }
    }

    /// The body is whole.
    pub fn finish(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            sender.abort(Interrupted);
        }
    }
}

impl fmt::Debug for StreamedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamedBody")
    }
}

/// An answer's body, decoded. It holds its connection until its end was reached, or it is dropped.
pub struct ResponseBody {
    /// What was read ahead of who reads it.
    before: VecDeque<Bytes>,
    /// How many bytes that is.
    ahead: usize,
    rest: Rest,
}

enum Rest {
    Open { reader: Reader, _permit: OwnedSemaphorePermit },
    Ended,
    Failed(Error),
}

enum Reader {
    Plain(reqwest::Response),
    /// Nothing of it was seen yet.
    Encoded {
        coding: Coding,
        encoded: Encoded,
        received: Arc<AtomicU64>,
    },
    Decoded {
        decoder: Pin<Box<dyn AsyncRead + Send>>,
        received: Arc<AtomicU64>,
        yielded: u64,
    },
}

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl ResponseBody {
    /// The body of `response`, whose headers must still be there.
    pub(super) fn new(response: reqwest::Response, permit: OwnedSemaphorePermit) -> Self {
        let rest = Rest::Open { reader: reader(response), _permit: permit };
        Self { before: VecDeque::new(), ahead: 0, rest }
    }

    /// The next part of the body, and more with it if that is there already: up to about `enough` bytes. None at its
    /// end.
    pub async fn read(&mut self, enough: usize) -> Result<Option<Bytes>> {
        if self.before.is_empty() {
            self.read_next().await;
        }
        self.read_ready(enough);
        match &self.rest {
            Rest::Failed(error) if self.before.is_empty() => Err(error.clone()),
            _ => Ok((!self.before.is_empty()).then(|| self.take_ahead())),
        }
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
        let Rest::Open { reader, .. } = &mut self.rest else { return };
        match reader.next().await {
            Ok(Some(chunk)) => {
                self.ahead += chunk.len();
                self.before.push_back(chunk);
            }
            Ok(None) => self.rest = Rest::Ended,
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
        if let Self::Encoded { encoded, .. } = self {
            let first = encoded.fill_buf().await.map_err(decoding_error)?.first().copied();
            match first {
                Some(first) => self.decode(first),
                // Nothing, encoded, is nothing.
                None => return Ok(None),
            }
        }
        match self {
            Self::Plain(response) => response.chunk().await.map_err(network_error),
            Self::Encoded { .. } => Err(Error::Internal { problem: "a body was read before it was decoded" }),
            Self::Decoded { decoder, received, yielded } => {
                let mut chunk = BytesMut::with_capacity(DECODED_CHUNK);
                let length = decoder.read_buf(&mut chunk).await.map_err(decoding_error)?;
                *yielded += length as u64;
                let received = received.load(Ordering::Relaxed);
                if *yielded > FREE_EXPANSION && *yielded > received.saturating_mul(MOST_EXPANSION) {
                    return Err(Error::InvalidResponse {
                        problem: "its body expands more than 200 times, as only an attack does".into(),
                    });
                }
                Ok((length > 0).then(|| chunk.freeze()))
            }
        }
    }

    /// Chooses the decoder, now that the first byte is there.
    fn decode(&mut self, first: u8) {
        let placeholder: Encoded = Box::pin(tokio::io::empty());
        let Self::Encoded { coding, encoded, received } = self else { return };
        let (encoded, received) = (std::mem::replace(encoded, placeholder), Arc::clone(received));
        let decoder: Pin<Box<dyn AsyncRead + Send>> = match coding {
            Coding::Gzip => {
                let mut decoder = GzipDecoder::new(encoded);
                // RFC 1952 section 2.2: a file may be several members in a row.
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            // Some servers leave the zlib format of RFC 9110 section 8.4.1.2 out, whose first byte ends in 8.
            Coding::Deflate if first & 0x0f != 8 => Box::pin(DeflateDecoder::new(encoded)),
            Coding::Deflate => Box::pin(ZlibDecoder::new(encoded)),
            Coding::Brotli => Box::pin(BrotliDecoder::new(encoded)),
            Coding::Zstd => {
                let mut decoder = ZstdDecoder::new(encoded);
                // RFC 8878 section 3.1: data is one or more frames.
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        };
        *self = Self::Decoded { decoder, received, yielded: 0 };
    }
}

fn reader(response: reqwest::Response) -> Reader {
    let coding = response.headers().get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    let coding = match coding.as_deref() {
        Some(b"gzip" | b"x-gzip") => Coding::Gzip,
        Some(b"deflate") => Coding::Deflate,
        Some(b"br") => Coding::Brotli,
        Some(b"zstd") => Coding::Zstd,
        // None, or one that was not asked for, which is the caller's to decode.
        _ => return Reader::Plain(response),
    };
    let received = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&received);
    let chunks = response.bytes_stream().map(move |chunk| {
        let chunk = chunk.map_err(std::io::Error::other)?;
        counter.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        Ok::<Bytes, std::io::Error>(chunk)
    });
    Reader::Encoded { coding, encoded: Box::pin(StreamReader::new(chunks)), received }
}

/// The bytes of a body as they came.
type Encoded = Pin<Box<dyn AsyncBufRead + Send>>;

/// A decoder fails because the bytes end or because they are wrong.
fn decoding_error(error: std::io::Error) -> Error {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => network_error(error),
        Err(_) => Error::InvalidResponse { problem: "its body is not what its Content-Encoding says".into() },
    }
}
