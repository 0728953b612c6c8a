//! Which unreadable answers must be kept. Pure.

use std::ops::ControlFlow;

use crate::http::{Answer, Value, members};
use crate::secret::Secret;
use crate::token::RefreshToken;

/// Whether an answer that [`read_tokens`](super::read_tokens) could not read must be kept, to be read again later. It
/// must be if it is a success, or if its text may hold tokens or credentials other than `presented`, whatever its
/// status. An answer that is understood as a refusal, even with the status of a success, and holds nothing else is not
/// worth keeping.
pub fn is_worth_keeping(answer: &Answer, presented: Option<&RefreshToken>) -> bool {
    if answer.as_bytes().is_empty() {
        return false;
    }
    let Some(status) = answer.status() else { return true };
    let is_success = (200..300).contains(&status);
    let (mut meaning, mut is_readable, mut is_empty) = (Meaning::Unknown, false, true);
    answer.texts(&mut |text| {
        meaning = Meaning::of(text, presented);
        // An attempt at a coding that the answer does not have can leave nothing, which says nothing of the answer.
        is_readable |= !text.is_empty() && is_readable_text(text);
        is_empty &= text.is_empty();
        if meaning == Meaning::Unknown { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    match meaning {
        Meaning::Secrets => true,
        Meaning::Refusal => false,
        Meaning::Other => is_success,
        Meaning::Unknown => is_success || !(is_readable || is_empty),
    }
}

/// The meaning of one reading of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It may hold a token or credentials.
    Secrets,
    /// It is valid JSON that names an error.
    Refusal,
    /// It is valid JSON of another kind.
    Other,
    /// It is not valid JSON.
    Unknown,
}

impl Meaning {
    fn of(text: &[u8], presented: Option<&RefreshToken>) -> Self {
        let mut has_secret = false;
        let mut has_error = false;
        let shape = members(text, &mut |member| {
            has_error |=
                member.name == "error" && matches!(&member.value, Value::Text(text) if !text.is_empty());
            let may_be_secret = ["token", "secret", "refresh"].iter().any(|word| member.name.contains(word))
                && member.name != "tokentype";
            has_secret |= may_be_secret && is_secret(&member.value, presented);
        });
        let is_clean = shape.opened && !shape.odd;
        let is_structured = text.iter().any(|byte| matches!(byte, b'{' | b'='));
        let speaks = || ["token", "refresh", "secret"].iter().any(|word| contains(text, word));
        if has_secret || (!is_clean && is_structured && speaks()) {
            Self::Secrets
        } else if !is_clean {
            Self::Unknown
        } else if has_error {
            Self::Refusal
        } else {
            Self::Other
        }
    }
}

fn is_readable_text(text: &[u8]) -> bool {
    !text.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

fn is_secret(value: &Value, presented: Option<&RefreshToken>) -> bool {
    match value {
        Value::Text(text) => {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_graphic())
                && presented.is_none_or(|presented| presented.0 != Secret::new(text.as_str()))
        }
        Value::Bare(word) => word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_digit()),
        Value::Damaged => true,
        Value::Nested => false,
    }
}

/// Whether `text` contains `word` in upper or lower case. `word` must be in lower case.
pub(super) fn contains(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
