//! [`SigningKeys`]: the signatures of requests. Pure.
//!
//! A signature is the HMAC-SHA256, in hex, of the timestamp, the body, the event's id, name and version, and the link,
//! joined with dots. The header has one for each key of the subscription, as `v1=…;v1=…`. After a key was replaced, the
//! former one stays valid for a day.

use std::time::Duration;

use ring::hmac::{Context, HMAC_SHA256, Key, Tag};
use subtle::{Choice, ConstantTimeEq as _};

use super::event::Delivery;
use crate::error::{Result, WebhookRefusal};
use crate::secret::Secret;

/// The most signatures that the vendor sends.
const MOST_SIGNATURES: usize = 16;
/// The scheme whose signatures are known. Others are skipped, so that the vendor can add one.
const SCHEME: &str = "v1";
const TAG_LEN: usize = 32;
/// The most digits of a timestamp in seconds. More would be milliseconds, which the vendor does not send.
const LONGEST_TIMESTAMP: usize = 11;

/// How far a signature's time may be from the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// How long ago a request may have been signed.
    pub past: Duration,
    /// How far ahead of this machine's clock it may have been signed.
    pub future: Duration,
}

impl Default for Tolerance {
    /// The vendor repeats a failed delivery for a day. Whether it signs each repetition anew is not documented, so the
    /// first signature is accepted for that long.
    fn default() -> Self {
        Self { past: Duration::from_secs(26 * 3600), future: Duration::from_secs(300) }
    }
}

/// The secret keys of a receiver's subscriptions, present and former.
#[derive(Debug, Clone, Default)]
pub(super) struct SigningKeys(Vec<Key>);

impl SigningKeys {
    /// The keys of these secrets. A key is the secret's text itself, not what it may be the Base64 of.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self(secrets.into_iter().map(|secret| Key::new(HMAC_SHA256, secret.expose().as_bytes())).collect())
    }

    /// Whether there are no keys.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The signature of a request with the first key, as the vendor would send it. `None` without a key.
    pub(super) fn sign(&self, delivery: &Delivery, body: &[u8]) -> Option<String> {
        let tag = tag(self.0.first()?, delivery, body);
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
        let hex = tag.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        Some(format!("{SCHEME}={}", hex.collect::<String>()))
    }

    /// Checks that a request was signed with one of the keys, whenever that was. The time that this takes depends on the
    /// lengths of what is given, and on nothing else.
    pub(super) fn check(&self, delivery: &Delivery, body: &[u8]) -> Result<(), WebhookRefusal> {
        let given = signatures(&delivery.signature)?;
        let mut matches = Choice::from(0);
        for key in &self.0 {
            let tag = tag(key, delivery, body);
            for signature in &given {
                matches |= signature[..].ct_eq(tag.as_ref());
            }
        }
        if matches.into() { Ok(()) } else { Err(WebhookRefusal::NoMatch) }
    }
}

/// Checks that `timestamp` is within `tolerance` of `now`, both in seconds since the Unix epoch.
pub(super) fn check_age(timestamp: &str, now: u64, tolerance: Tolerance) -> Result<(), WebhookRefusal> {
    let is_number =
        timestamp.len() <= LONGEST_TIMESTAMP && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let Some(signed) = timestamp.parse::<u64>().ok().filter(|_| is_number) else {
        return Err(WebhookRefusal::MalformedTimestamp);
    };
    if now.saturating_sub(signed) > tolerance.past.as_secs() {
        return Err(WebhookRefusal::TooOld);
    }
    if signed.saturating_sub(now) > tolerance.future.as_secs() {
        return Err(WebhookRefusal::FromFuture);
    }
    Ok(())
}

fn tag(key: &Key, delivery: &Delivery, body: &[u8]) -> Tag {
    let mut context = Context::with_key(key);
    context.update(delivery.timestamp.as_bytes());
    for part in [
        body,
        delivery.id.as_bytes(),
        delivery.name.as_bytes(),
        delivery.version.as_bytes(),
        delivery.link.as_bytes(),
    ] {
        context.update(b".");
        context.update(part);
    }
    context.sign()
}

/// The signatures of the known scheme. One that is malformed matches nothing, and is left out. Proxies join repeated
/// headers with commas.
fn signatures(header: &str) -> Result<Vec<[u8; TAG_LEN]>, WebhookRefusal> {
    let mut entries = header.split([';', ',']).map(str::trim).filter(|entry| !entry.is_empty()).peekable();
    if entries.peek().is_none() {
        return Err(WebhookRefusal::MissingSignature);
    }
    let mut found = Vec::new();
    for (index, entry) in entries.enumerate() {
        if index == MOST_SIGNATURES {
            return Err(WebhookRefusal::TooManySignatures);
        }
        let Some((scheme, hex)) = entry.split_once('=') else { continue };
        if scheme.trim() == SCHEME {
            found.extend(decoded(hex.trim()));
        }
    }
    Ok(found)
}

fn decoded(hex: &str) -> Option<[u8; TAG_LEN]> {
    let digits = hex.as_bytes();
    if digits.len() != 2 * TAG_LEN {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0; TAG_LEN];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
