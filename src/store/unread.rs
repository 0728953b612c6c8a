//! [`UnreadAnswer`]: an answer that arrived and could not be used, kept in the record of its operation.
//!
//! A one-time operation cannot be repeated, so its answer is never discarded. It is read again at the next use, also by
//! later releases, which may be able to read what this one cannot.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The most bytes of unread answers that one record keeps. The earliest answers are kept, since only the first one
/// after a refresh token was spent can hold its successor.
const MOST_BYTES: usize = 1024 * 1024;

/// An answer as it was received, head and body. It may hold tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct UnreadAnswer {
    /// The bytes, as they were received.
    pub bytes: Zeroizing<Vec<u8>>,
    /// When the request was sent, in milliseconds since the Unix epoch.
    pub asked_at: u64,
}

impl fmt::Debug for UnreadAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnreadAnswer").field("asked_at", &self.asked_at).finish_non_exhaustive()
    }
}

/// Adds an answer to those that a record keeps, unless it is already there or there is no room for it.
pub(crate) fn keep(kept: &mut Vec<UnreadAnswer>, answer: UnreadAnswer) {
    let total: usize = kept.iter().map(|kept| kept.bytes.len()).sum();
    if !kept.contains(&answer) && total + answer.bytes.len() <= MOST_BYTES {
        kept.push(answer);
    }
}

/// An unread answer in a record's JSON.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlainUnread {
    answer: String,
    asked_at: u64,
}

impl PlainUnread {
    pub(super) fn all(kept: &[UnreadAnswer]) -> Vec<Self> {
        let plain =
            |kept: &UnreadAnswer| Self { answer: STANDARD.encode(&*kept.bytes), asked_at: kept.asked_at };
        kept.iter().map(plain).collect()
    }

    /// The answer, or `None` if its Base64 is damaged, so that only this answer is lost.
    pub(super) fn decode(&self) -> Option<UnreadAnswer> {
        let bytes = Zeroizing::new(STANDARD.decode(&self.answer).ok()?);
        Some(UnreadAnswer { bytes, asked_at: self.asked_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: &[u8]) -> UnreadAnswer {
        UnreadAnswer { bytes: Zeroizing::new(bytes.to_vec()), asked_at: 1 }
    }

    #[test]
    fn a_record_keeps_each_answer_once_and_no_more_than_it_has_room_for() {
        let mut kept = Vec::new();
        for _ in 0..3 {
            keep(&mut kept, answer(b"first"));
        }
        keep(&mut kept, answer(&vec![b'x'; MOST_BYTES]));
        keep(&mut kept, answer(b"second"));
        assert_eq!(kept, [answer(b"first"), answer(b"second")]);
    }

    #[test]
    fn an_unread_answer_prints_none_of_its_bytes() {
        assert!(!format!("{:?}", answer(b"canary")).contains("canary"));
    }
}
