//! [`Answer`]: an HTTP/1.1 answer as it was received, for answers that cannot be requested again.
//!
//! hyper discards what it cannot frame. This type keeps every byte, so that pure functions can decide what it says, now
//! or in a later release.

mod codings;
mod framing;
mod head;
mod texts;

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

pub(super) use self::framing::Framing;
use self::head::Head;
use super::headers::header_lines;
use super::loose_json::members;
use crate::secret::Redactor;

/// The most bytes of an answer that are stored.
const LONGEST_STORED: usize = 1024 * 1024;
/// The header fields that are stored of a longer answer: those that say how to read its body, and what to do next.
const STORED_FIELDS: [&str; 9] = [
    "content-type",
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "retry-after",
    "date",
    "x-request-id",
    "x-correlation-id",
    "www-authenticate",
];
/// The most bytes that are stored of each of these fields.
const LONGEST_STORED_FIELD: usize = 1024;

/// The most header fields of an answer that an error shows.
const MOST_SHOWN_FIELDS: usize = 64;
/// The longest value of a header field that an error shows, in bytes.
const LONGEST_SHOWN_FIELD: usize = 512;

/// An answer as it was received, after TLS: head and body, possibly cut off or malformed. It is wiped when dropped and
/// not shown by `Debug`, since it may hold tokens.
#[derive(Clone)]
pub struct Answer {
    bytes: Zeroizing<Vec<u8>>,
    head: Head,
    redactor: Option<Arc<Redactor>>,
}

impl Answer {
    /// Restores an answer from the bytes of [`Answer::as_bytes`].
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self::new(Zeroizing::new(bytes))
    }

    pub(super) fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        let answer = Self { head: Head::of(&bytes), bytes, redactor: None };
        if answer.bytes.len() > LONGEST_STORED { answer.condensed() } else { answer }
    }

    /// The bytes to store, at most 1 MiB. Of a longer answer, they are the header fields that matter and the beginning
    /// of the body.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The HTTP status of the final answer. `None` if there is no readable head.
    pub fn status(&self) -> Option<u16> {
        self.head.status
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        self.head.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The first header field with this name, which must be in lower case. Each byte becomes one character.
    pub fn header(&self, name: &str) -> Option<String> {
        self.fields().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// The well-formed header fields.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in self.fields() {
            let name = HeaderName::from_bytes(name.as_bytes());
            let bytes: Vec<u8> = value.chars().filter_map(|character| u8::try_from(character).ok()).collect();
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&bytes)) {
                // A map holds at most 32,768 names.
                if headers.try_append(name, value).is_err() {
                    break;
                }
            }
        }
        headers
    }

    /// Whether the answer is complete by its framing (RFC 9112 section 6.3). False if only the end of the connection
    /// ends it.
    pub fn is_framed(&self) -> bool {
        Framing::default().is_whole(&self.bytes)
    }

    /// The header fields as errors show them, one `name: value` per line. Fields that may hold secrets, quotes of
    /// secrets that were sent, very long fields and excess ones are left out.
    pub fn shown_headers(&self) -> String {
        let is_secret = |name: &str| {
            let challenges = ["www-authenticate", "proxy-authenticate"];
            let words = ["auth", "cookie", "token", "secret", "key", "session", "credential"];
            !challenges.contains(&name) && words.iter().any(|word| name.contains(word))
        };
        let mut shown = HeaderMap::new();
        for (name, value) in self.headers().iter().filter(|(name, _)| !is_secret(name.as_str())) {
            // The query of a URL may hold personal data.
            let end = value.as_bytes().iter().position(|byte| *byte == b'?' && *name == LOCATION);
            let value = value.as_bytes().get(..end.unwrap_or(value.len())).unwrap_or_default();
            if value.len() <= LONGEST_SHOWN_FIELD
                && let Ok(value) = HeaderValue::from_bytes(value)
            {
                shown.append(name, value);
            }
            if shown.len() == MOST_SHOWN_FIELDS {
                break;
            }
        }
        self.shown(&header_lines(&shown))
    }

    /// Calls `visit` with each possible reading of the body, the likeliest first, until `visit` breaks. The readings
    /// follow the framing and content codings that the headers name, those that the bytes suggest, each likely charset,
    /// and finally the bytes as they are.
    pub fn texts(&self, visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) {
        let _ = texts::of(&self.bytes, &self.head, visit);
    }

    /// The likeliest reading of the body.
    pub fn text(&self) -> Zeroizing<Vec<u8>> {
        let mut first = Zeroizing::new(Vec::new());
        let _ = texts::of_body(&self.bytes, &self.head, &mut |text| {
            first = Zeroizing::new(text.to_vec());
            if text.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        first
    }

    /// Leaves quotes of `secrets`, which were sent, out of everything that errors show of this answer.
    #[must_use]
    pub fn hiding<'a>(mut self, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        self.redactor = Some(Arc::new(Redactor::new(secrets)));
        self
    }

    /// Removes quotes of secrets that were sent from `text`, which is part of this answer.
    pub fn shown(&self, text: &str) -> String {
        self.redactor.as_ref().map_or_else(|| text.to_owned(), |redactor| redactor.redact(text).into_owned())
    }

    /// Whether the body seems complete, whatever its framing says: a JSON document that begins also ends, and a success
    /// is not empty.
    pub(super) fn seems_whole(&self) -> bool {
        let text = self.text();
        let begun = text.trim_ascii_start();
        if begun.is_empty() {
            return !self.is_success() || self.head.status == Some(204);
        }
        // Other text of unknown length may precede the JSON.
        !begun.starts_with(b"{") && !begun.starts_with(b"[") || members(&text, &mut |_| {}).closed
    }

    /// Whether the body is complete JSON from its first byte, even if its framing promises more.
    pub(super) fn is_whole_json(&self) -> bool {
        let text = self.text();
        let begun = text.trim_ascii_start();
        (begun.starts_with(b"{") || begun.starts_with(b"[")) && members(&text, &mut |_| {}).closed
    }

    fn body(&self) -> &[u8] {
        self.head.body_of(&self.bytes)
    }

    fn fields(&self) -> impl Iterator<Item = (String, String)> {
        self.head.fields_of(&self.bytes)
    }

    /// The part of the answer that is stored. The head is shortened, since it is of no use without a body.
    fn condensed(&self) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_STORED));
        if let Some(status) = self.head.status {
            bytes.extend_from_slice(format!("HTTP/1.1 {status}\r\n").as_bytes());
            for name in STORED_FIELDS {
                let Some(value) = self.header(name) else { continue };
                let value = value.chars().filter_map(|character| u8::try_from(character).ok());
                bytes.extend_from_slice(format!("{name}: ").as_bytes());
                bytes.extend(value.take(LONGEST_STORED_FIELD));
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"\r\n");
        }
        let fits = LONGEST_STORED - bytes.len();
        let body = if self.head.status.is_some() { self.body() } else { &self.bytes };
        // If the head never ends, there is no body, and the end of the bytes is kept.
        let body = if body.is_empty() { &self.bytes } else { body };
        bytes.extend_from_slice(body.get(..fits.min(body.len())).unwrap_or_default());
        Self { head: Head::of(&bytes), bytes, redactor: self.redactor.clone() }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.head.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
