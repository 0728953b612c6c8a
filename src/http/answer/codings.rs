//! Removes content codings from complete bytes, independent of how they are labelled.

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use zeroize::Zeroizing;

/// The most bytes that are decoded. An answer with tokens is far shorter, and a decompression bomb has no end.
const LONGEST_DECODED: usize = 2 * 1024 * 1024;
/// How many bytes are decoded at a time. They are few, since an error discards everything decoded in the same step.
const STEP: usize = 512;
/// The largest Zstandard window that is decoded, as a power of 2 in bytes.
const LARGEST_WINDOW: u32 = 22;

/// A content coding (RFC 9110 section 8.4.1, RFC 8878).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// `deflate` in the zlib format, as the RFC requires.
    Zlib,
    /// `deflate` without the zlib format, as some servers send it.
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding with this name. `deflate` becomes [`Coding::Zlib`], for which [`decoded`] accepts both kinds.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Zlib),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The coding that these bytes seem to have by their first bytes. Not every coding can be recognized.
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

/// Decodes `bytes` as far as possible. If they are cut off or damaged, this is the beginning of the content.
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
    // All bytes are present, so no step waits.
    while let Some(Ok(length @ 1..)) = decoder.read(&mut *step).now_or_never() {
        plain.extend_from_slice(step.get(..length).unwrap_or_default());
        if plain.len() > LONGEST_DECODED {
            break;
        }
    }
    plain
}
