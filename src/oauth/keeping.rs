//! Which answers must be kept though nothing could be read from them. Pure.

use std::ops::ControlFlow;

use crate::http::{Answer, Value, members};
use crate::secret::Secret;
use crate::token::RefreshToken;

/// Whether an answer that [`read_tokens`](super::read_tokens) could not read must be kept, to be read again: it is a success, or its text
/// may hold tokens or credentials other than `presented`, whatever its status. An answer that is understood as a refusal
/// and quotes at most what was sent is not worth keeping.
pub fn is_worth_keeping(answer: &Answer, presented: Option<&RefreshToken>) -> bool {
    if answer.as_bytes().is_empty() {
        return false;
    }
    let Some(status) = answer.status() else { return true };
    let is_success = (200..300).contains(&status);
    let mut is_kept = false;
    let mut is_understood = false;
    let mut is_readable = false;
    answer.texts(&mut |text| {
        let kept = Kept::of(text, presented);
        is_readable |= kept.is_readable;
        is_kept |= kept.is_suspicious;
        is_understood |= kept.is_refusal;
        // JSON without a fault means what it says.
        if kept.is_clean || is_kept { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    is_kept || (is_success && !is_understood) || !is_readable
}

/// What in one text speaks for keeping it.
struct Kept {
    is_readable: bool,
    /// It may hold a token or a credential.
    is_suspicious: bool,
    /// It is JSON without a fault.
    is_clean: bool,
    /// It is JSON without a fault that names an error.
    is_refusal: bool,
}

impl Kept {
    fn of(text: &[u8], presented: Option<&RefreshToken>) -> Self {
        let mut is_suspicious = false;
        let mut has_error = false;
        let shape = members(text, &mut |member| {
            has_error |=
                member.name == "error" && matches!(&member.value, Value::Text(text) if !text.is_empty());
            let may_be_secret = ["token", "secret", "refresh"].iter().any(|word| member.name.contains(word))
                && !matches!(member.name, "tokentype");
            is_suspicious |= may_be_secret && is_secret(&member.value, presented);
        });
        let is_clean = shape.opened && !shape.odd;
        let speaks_of_tokens = ["token", "refresh", "secret"].iter().any(|word| contains(text, word));
        let is_structured = text.iter().any(|byte| matches!(byte, b'{' | b'='));
        is_suspicious |= !is_clean && is_structured && speaks_of_tokens;
        let is_control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
        Self {
            is_readable: !text.iter().any(is_control),
            is_suspicious,
            is_clean,
            is_refusal: is_clean && has_error && !is_suspicious,
        }
    }
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

/// Whether `text` contains `word`, which is in lower case, in either case.
pub(super) fn contains(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
