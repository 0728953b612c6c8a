//! Bodies: a request's, in one piece or streamed in, and an answer's, streamed out and decoded.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, StreamExt as _};
use http::header::CONTENT_ENCODING;
use http_body_util::channel::{Channel, Sender};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt as _};
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

/// An answer's body, decoded. It holds its connection until it was read or is dropped.
pub struct ResponseBody {
    reader: Reader,
    _permit: OwnedSemaphorePermit,
}

enum Reader {
    Plain(reqwest::Response),
    Decoded { decoder: Pin<Box<dyn AsyncRead + Send>>, received: Arc<AtomicU64>, yielded: u64 },
}

impl ResponseBody {
    /// The body of `response`, whose headers must still be there.
    pub(super) fn new(response: reqwest::Response, permit: OwnedSemaphorePermit) -> Self {
        Self { reader: reader(response), _permit: permit }
    }

    /// The next part of the body; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        match &mut self.reader {
            Reader::Plain(response) => response.chunk().await.map_err(network_error),
            Reader::Decoded { decoder, received, yielded } => {
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

    /// The next part of the body, if it is there already.
    pub fn ready_chunk(&mut self) -> Option<Result<Option<Bytes>>> {
        self.chunk().now_or_never()
    }

    /// The whole body, if it is not longer than `limit` bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        let mut chunks = Vec::new();
        let mut length = 0;
        while let Some(chunk) = self.chunk().await? {
            length += chunk.len();
            if length > limit {
                return Err(Error::BodyTooLarge { limit });
            }
            chunks.push(chunk);
        }
        // Most bodies are one piece, which is not copied.
        Ok(if chunks.len() > 1 { chunks.concat().into() } else { chunks.pop().unwrap_or_default() })
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

fn reader(response: reqwest::Response) -> Reader {
    let coding = response.headers().get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    // An answer to HEAD, a 204 or 304: it names the coding of a body that it does not have.
    let Some(coding) = coding.filter(|_| response.content_length() != Some(0)) else {
        return Reader::Plain(response);
    };
    let decoder: fn(Encoded) -> Pin<Box<dyn AsyncRead + Send>> = match coding.as_slice() {
        b"gzip" | b"x-gzip" => |encoded| Box::pin(GzipDecoder::new(encoded)),
        b"deflate" => |encoded| Box::pin(ZlibDecoder::new(encoded)),
        b"br" => |encoded| Box::pin(BrotliDecoder::new(encoded)),
        b"zstd" => |encoded| Box::pin(ZstdDecoder::new(encoded)),
        // A coding that was not asked for is the caller's to decode.
        _ => return Reader::Plain(response),
    };
    let received = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&received);
    let chunks = response.bytes_stream().map(move |chunk| {
        let chunk = chunk.map_err(std::io::Error::other)?;
        counter.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        Ok::<Bytes, std::io::Error>(chunk)
    });
    let encoded: Encoded = Box::pin(StreamReader::new(chunks));
    Reader::Decoded { decoder: decoder(encoded), received, yielded: 0 }
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
