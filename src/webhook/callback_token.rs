//! The access tokens that a receiver issues to the vendor. Every process of a fleet that has the client's secret accepts
//! them, so none of them needs to be stored.
//!
//! A token is the time of its end, a random number, and the HMAC of both.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{self, HMAC_SHA256, Key};

use crate::error::Result;
use crate::random;
use crate::secret::Secret;

/// How long a token lives, in seconds.
pub(super) const LIFETIME: u64 = 3600;
const TIME_LEN: usize = 8;
const RANDOM_LEN: usize = 16;
const PURPOSE: &[u8] = b"smartrecruiters callback token";

/// Issues a token at `now`, in seconds since the Unix epoch.
pub(super) fn issue(secret: &Secret, now: u64) -> Result<String> {
    let content = [&now.saturating_add(LIFETIME).to_be_bytes()[..], &random::bytes::<RANDOM_LEN>()?].concat();
    let tag = hmac::sign(&key(secret), &content);
    Ok(URL_SAFE_NO_PAD.encode([&content, tag.as_ref()].concat()))
}

/// Whether a token was issued with `secret` and lives at `now`.
pub(super) fn is_valid(token: &str, secret: &Secret, now: u64) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
    let Some((content, tag)) = bytes.split_at_checked(TIME_LEN + RANDOM_LEN) else { return false };
    let Some(time) = content.first_chunk::<TIME_LEN>() else { return false };
    hmac::verify(&key(secret), content, tag).is_ok() && u64::from_be_bytes(*time) > now
}

fn key(secret: &Secret) -> Key {
    let tag = hmac::sign(&Key::new(HMAC_SHA256, &secret.digest()), PURPOSE);
    Key::new(HMAC_SHA256, tag.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_changed_is_none() {
        let secret = Secret::new("secret");
        let token = issue(&secret, 100).unwrap();
        assert!(is_valid(&token, &secret, 100));
        assert_ne!(issue(&secret, 100).unwrap(), token);
        for index in 0..token.len() {
            let other = if token.as_bytes()[index] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..index], &token[index + 1..]);
            assert!(!is_valid(&changed, &secret, 100), "{index}");
        }
        for bad in ["", "A", &token[1..], &format!("{token}AAAA"), &format!("{token}=")] {
            assert!(!is_valid(bad, &secret, 100), "{bad}");
        }
    }
}
