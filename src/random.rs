//! Randomness from the operating system.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::error::{Error, Result};

/// `N` random bytes as base64url text without padding: 32 bytes (256 bits) give 43 characters.
pub(crate) fn text<const N: usize>() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<N>()?))
}

/// A number in `[0, 1)`, for jitter.
pub(crate) fn fraction() -> f64 {
    // Jitter only spreads load, so without randomness the middle will do.
    bytes::<4>().map_or(0.5, |bytes| f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
}

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::Internal { problem: "the operating system gives no randomness" })?;
    Ok(bytes)
}
