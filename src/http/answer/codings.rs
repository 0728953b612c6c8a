//! Takes content codings off bytes that are all there, whatever the label says.

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use zeroize::Zeroizing;

/// Decoded bytes beyond this are left out: an answer with tokens is far shorter, and a bomb has no end.
const LONGEST_DECODED: usize = 2 * 1024 * 1024;
/// What is decoded at a time, in bytes. Few, since what was decoded before an error in the same step is lost.
const STEP: usize = 512;
/// Zstandard data that needs a window of more than 2 to this power, in bytes, is not decoded.
const LARGEST_WINDOW: u32 = 22;

/// A content coding (RFC 9110 section 8.4.1, RFC 8878).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// `deflate` with the zlib format around it, as the RFC has it.
    Zlib,
    /// `deflate` without, as some servers have it.
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding of this name. `deflate` is [`Coding::Zlib`], of which [`decoded`] takes both kinds.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Zlib),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The coding that these bytes begin like, for those that have a beginning of their own.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        match *bytes {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // RFC 1950 section 2.2.
            [method, flags, ..]
                if method & 0x0f == 8 && (u16::from(method) << 8 | u16::from(flags)) % 31 == 0 =>
            {
                Some(Self::Zlib)
            }
            _ => None,
        }
    }
}

/// What `bytes` decode to, as far as they do: all of it, or the beginning where they are cut off or damaged.
pub(super) fn decoded(coding: Coding, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut gzip;
    let (mut zlib, mut deflate, mut brotli, mut zstd);
    let decoder: &mut (dyn AsyncRead + Unpin) = match coding {
        Coding::Gzip => {
            gzip = GzipDecoder::new(bytes);
            gzip.multiple_members(true);
            &mut gzip
        }
        Coding::Zlib if Coding::of_bytes(bytes) != Some(Coding::Zlib) => {
            return decoded(Coding::Deflate, bytes);
        }
        Coding::Zlib => {
            zlib = ZlibDecoder::new(bytes);
            &mut zlib
        }
        Coding::Deflate => {
            deflate = DeflateDecoder::new(bytes);
            &mut deflate
        }
        Coding::Brotli => {
            brotli = BrotliDecoder::new(bytes);
            &mut brotli
        }
        Coding::Zstd => {
            zstd = ZstdDecoder::with_params(bytes, &[DParameter::window_log_max(LARGEST_WINDOW)]);
            zstd.multiple_members(true);
            &mut zstd
        }
    };
    let mut plain = Zeroizing::new(Vec::new());
    let mut step = Zeroizing::new([0; STEP]);
    // All the bytes are there, so that no step waits.
    while let Some(Ok(length @ 1..)) = decoder.read(&mut *step).now_or_never() {
        plain.extend_from_slice(step.get(..length).unwrap_or_default());
        if plain.len() > LONGEST_DECODED {
            break;
        }
    }
    plain
}
