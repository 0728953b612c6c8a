//! Takes content codings off an answer's body, with bounds for what that costs.

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

/// What is accepted, in the order of preference. Only what is decoded here.
pub(super) const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// More codings than this, one upon the other, nobody needs; undici stops there, too.
const MOST_CODINGS: usize = 5;
/// What a decoder yields at a time, in bytes.
const DECODED_CHUNK: usize = 64 * 1024;
/// So many of these at the most are decoded in a row before others get their turn.
const STEPS: u32 = 8;
/// Members of nothing that a body may have. Writers that flush make some; without a bound they cost time for ever.
const MOST_EMPTY_MEMBERS: u32 = 1000;
/// So much after the end of what was encoded, in bytes, is read for the sake of its connection.
const MOST_TRAILING: usize = 64 * 1024;
/// A body may expand to so many bytes whatever it was.
const FREE_EXPANSION: u64 = 64 * 1024 * 1024;
/// Beyond that, to so many times its size: what text reaches, and a bomb exceeds by far.
const MOST_EXPANSION: u64 = 200;

#[derive(Clone, Copy)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The codings that a body went through, in that order. None, if there is one that was not asked for: that is the
/// caller's to decode, and with it all others.
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

/// A body with `codings` taken off, the last one first.
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

/// Takes one coding off.
struct Decoding {
    coding: Coding,
    member: Member,
    /// Whether a member has ended.
    ended: bool,
    /// Whether the present member has yielded nothing so far.
    member_is_empty: bool,
    empty_members: u32,
    steps: u32,
    /// How many bytes came over the network, whatever codings are still on them.
    received: Arc<AtomicU64>,
    yielded: u64,
}

/// Encoded data is one member, or several in a row.
enum Member {
    /// One is to begin, or the end is there.
    Next(Encoded),
    Open(Box<dyn Decoder>),
}

/// Bytes that are encoded.
type Encoded = Pin<Box<dyn AsyncBufRead + Send>>;

trait Decoder: AsyncRead + Send + Unpin {
    /// What is left of the bytes that it reads.
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
    /// The next part. At the end the encoded bytes have ended, too, and their connection can be used again.
    async fn next(&mut self) -> std::io::Result<Option<Bytes>> {
        loop {
            self.steps += 1;
            if self.steps == STEPS {
                // All the bytes may be there: nothing else would give others a turn before the end of a bomb.
                self.steps = 0;
                tokio::task::yield_now().await;
            }
            match &mut self.member {
                Member::Next(encoded) => {
                    let there = encoded.fill_buf().await?;
                    let begins = match self.coding {
                        // Nothing, encoded, is nothing.
                        _ if !self.ended => !there.is_empty(),
                        // RFC 1952 section 2.2: a file may be several members in a row. As in Node and browsers, what
                        // is none is ignored: some servers pad with zeros.
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

    /// Of several codings each counts alone: what one yields may be nothing to the next.
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

/// Reads to the end, which may be still to come though the data is whole; more than a little is left, and its
/// connection lost.
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

/// A decoder of bytes the first of which is known.
fn decoder(coding: Coding, first: Option<u8>, encoded: Encoded) -> Box<dyn Decoder> {
    match coding {
        Coding::Gzip => Box::new(GzipDecoder::new(encoded)),
        // Some servers leave the zlib format of RFC 9110 section 8.4.1.2 out, whose first byte ends in 8.
        Coding::Deflate if first.is_some_and(|first| first & 0x0f != 8) => {
            Box::new(DeflateDecoder::new(encoded))
        }
        Coding::Deflate => Box::new(ZlibDecoder::new(encoded)),
        Coding::Brotli => Box::new(BrotliDecoder::new(encoded)),
        Coding::Zstd => Box::new(ZstdDecoder::new(encoded)),
    }
}

/// A decoder fails because the bytes end or because they are wrong.
pub(super) fn decoding_error(error: std::io::Error) -> Error {
    match error.downcast::<hyper::Error>().map(reading_failed) {
        Ok(error) => error,
        Err(error) => error.downcast::<Error>().unwrap_or_else(|_| Error::InvalidResponse {
            problem: "its body is not what its Content-Encoding says".into(),
        }),
    }
}
