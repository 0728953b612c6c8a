//! Removes content codings from an answer's body, with bounds on time and memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use super::failure::reading_failed;
use crate::error::{Error, Result};

/// The accepted codings in order of preference: those that are decoded here.
pub(super) const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// The most codings, applied one after another. undici has the same limit.
const MOST_CODINGS: usize = 5;
/// How many bytes a decoder yields at a time.
const DECODED_CHUNK: usize = 64 * 1024;
/// The most of these chunks that are decoded before other tasks get a turn.
const STEPS: u32 = 8;
/// The most empty members that a body may have. Writers that flush produce some, but an endless number would cost
/// endless time.
const MOST_EMPTY_MEMBERS: u32 = 1000;
/// How many bytes after the end of the encoded data are read, so that the connection can be reused.
const MOST_TRAILING: usize = 64 * 1024;
/// Up to this many decoded bytes, the expansion is not limited.
const FREE_EXPANSION: u64 = 64 * 1024 * 1024;
/// Beyond that, a body may expand to this many times its size. Text reaches that, and a decompression bomb exceeds it
/// by far.
const MOST_EXPANSION: u64 = 200;

#[derive(Clone, Copy)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The codings of a body, in the order in which they were applied. Empty if one was not asked for: the caller then has
/// to decode that one and all others.
pub(super) fn codings(headers: &HeaderMap) -> Result<Vec<Coding>> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let names: Vec<_> = values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(|name| name.trim_ascii().to_ascii_lowercase())
        .filter(|name| !matches!(name.as_slice(), b"" | b"identity"))
        .collect();
    if names.len() > MOST_CODINGS {
        let problem = "its body went through more than 5 content codings, as only an attack does";
        return Err(Error::InvalidResponse { problem: problem.into() });
    }
    let known = names.iter().map(|name| match name.as_slice() {
        b"gzip" | b"x-gzip" => Some(Coding::Gzip),
        b"deflate" => Some(Coding::Deflate),
        b"br" => Some(Coding::Brotli),
        b"zstd" => Some(Coding::Zstd),
        _ => None,
    });
    Ok(known.collect::<Option<_>>().unwrap_or_default())
}

/// Removes `codings` from a body, the last one first.
pub(super) fn decoded(incoming: Incoming, codings: &[Coding]) -> BoxStream<'static, std::io::Result<Bytes>> {
    let received = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&received);
    let encoded = incoming.into_data_stream().map_err(std::io::Error::other).inspect_ok(move |chunk| {
        counter.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    });
    codings.iter().rfold(encoded.boxed(), |encoded, coding| {
        let decoding = Decoding {
            coding: *coding,
            member: Member::Next(Box::pin(StreamReader::new(encoded))),
            ended: false,
            member_is_empty: true,
            empty_members: 0,
            steps: 0,
            received: Arc::clone(&received),
            yielded: 0,
        };
        stream::try_unfold(decoding, async |mut decoding| {
            Ok(decoding.next().await?.map(|chunk| (chunk, decoding)))
        })
        .boxed()
    })
}

/// Removes one coding.
struct Decoding {
    coding: Coding,
    member: Member,
    /// Whether a member has ended.
    ended: bool,
    /// Whether the current member has yielded nothing so far.
    member_is_empty: bool,
    empty_members: u32,
    steps: u32,
    /// How many bytes were received from the network, before any decoding.
    received: Arc<AtomicU64>,
    yielded: u64,
}

/// The state of the encoded data, which is one member or several in a row.
enum Member {
    /// A member is about to begin, or the data ends.
    Next(Encoded),
    Open(Box<dyn Decoder>),
}

/// Encoded bytes.
type Encoded = Pin<Box<dyn AsyncBufRead + Send>>;

trait Decoder: AsyncRead + Send + Unpin {
    /// The remaining encoded bytes.
    fn take_encoded(&mut self) -> Encoded;
}

macro_rules! decoders {
    ($($decoder:ident)*) => {$(
        impl Decoder for $decoder<Encoded> {
            fn take_encoded(&mut self) -> Encoded {
                take(self.get_mut())
            }
        }
    )*};
}

decoders!(BrotliDecoder DeflateDecoder GzipDecoder ZlibDecoder ZstdDecoder);

fn take(encoded: &mut Encoded) -> Encoded {
    std::mem::replace(encoded, Box::pin(tokio::io::empty()))
}

impl Decoding {
    /// The next decoded part. At the end, the encoded bytes have been read to their end too, so that the connection can
    /// be reused.
    async fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        loop {
            self.steps += 1;
            if self.steps == STEPS {
                // All bytes may have arrived, and then nothing else would give other tasks a turn before the end of a
                // bomb.
                self.steps = 0;
                tokio::task::yield_now().await;
            }
            match &mut self.member {
                Member::Next(encoded) => {
                    let there = encoded.fill_buf().await?;
                    let begins = match self.coding {
                        // Encoded data of no bytes is an empty body.
                        _ if !self.ended => !there.is_empty(),
                        // RFC 1952 section 2.2: a file may be several members in a row. As in Node and browsers, other
                        // bytes after a member are ignored, since some servers pad with zeros.
                        Coding::Gzip => matches!(there, [0x1f] | [0x1f, 0x8b, ..]),
                        // RFC 8878 section 3.1: data is one or more frames, some of which may be skipped.
                        Coding::Zstd => {
                            matches!(there, [0x28 | 0x50..=0x5f] | [0x28, 0xb5, ..] | [0x50..=0x5f, 0x2a, ..])
                        }
                        _ => false,
                    };
                    if !begins {
                        return skip_trailing(encoded).await.map(|()| None);
                    }
                    let first = there.first().copied();
                    self.member = Member::Open(decoder(self.coding, first, take(encoded)));
                }
                Member::Open(decoder) => {
                    let mut chunk = BytesMut::with_capacity(DECODED_CHUNK);
                    if decoder.read_buf(&mut chunk).await? > 0 {
                        self.member_is_empty = false;
                        self.count(chunk.len() as u64)?;
                        return Ok(Some(chunk.freeze()));
                    }
                    self.member = Member::Next(decoder.take_encoded());
                    self.ended = true;
                    self.empty_members += u32::from(std::mem::replace(&mut self.member_is_empty, true));
                    if self.empty_members > MOST_EMPTY_MEMBERS {
                        return Err(attack(
                            "its body has more than 1,000 parts of nothing, as only an attack has",
                        ));
                    }
                }
            }
        }
    }

    /// Counts decoded bytes, and fails if there are too many. Each coding counts on its own, since the next one may
    /// yield nothing from what it gets.
    fn count(&mut self, length: u64) -> std::io::Result<()> {
        self.yielded += length;
        let received = self.received.load(Ordering::Relaxed);
        if self.yielded > FREE_EXPANSION && self.yielded > received.saturating_mul(MOST_EXPANSION) {
            return Err(attack("its body expands more than 200 times, as only an attack does"));
        }
        Ok(())
    }
}

fn attack(problem: &'static str) -> std::io::Error {
    std::io::Error::other(Error::InvalidResponse { problem: problem.into() })
}

/// Reads to the end of the bytes, which may arrive after the end of the data. If more than a little is left, it is not
/// read, and the connection is lost.
async fn skip_trailing(encoded: &mut Encoded) -> std::io::Result<()> {
    let mut skipped = 0;
    while skipped <= MOST_TRAILING {
        let length = encoded.fill_buf().await?.len();
        if length == 0 {
            break;
        }
        encoded.consume(length);
        skipped += length;
    }
    Ok(())
}

/// The decoder for a coding. `first` is the first encoded byte.
fn decoder(coding: Coding, first: Option<u8>, encoded: Encoded) -> Box<dyn Decoder> {
    match coding {
        Coding::Gzip => Box::new(GzipDecoder::new(encoded)),
        // Some servers omit the zlib format (RFC 9110 section 8.4.1.2), whose first byte ends in 8.
        Coding::Deflate if first.is_some_and(|first| first & 0x0f != 8) => {
            Box::new(DeflateDecoder::new(encoded))
        }
        Coding::Deflate => Box::new(ZlibDecoder::new(encoded)),
        Coding::Brotli => Box::new(BrotliDecoder::new(encoded)),
        Coding::Zstd => Box::new(ZstdDecoder::new(encoded)),
    }
}

/// The error for a decoder that failed because the bytes ended early or are invalid.
pub(super) fn decoding_error(error: std::io::Error) -> Error {
    match error.downcast::<hyper::Error>().map(reading_failed) {
        Ok(error) => error,
        Err(error) => error.downcast::<Error>().unwrap_or_else(|_| Error::InvalidResponse {
            problem: "its body is not what its Content-Encoding says".into(),
        }),
    }
}
