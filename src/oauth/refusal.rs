//! Reads a token endpoint's answer that holds no tokens. Pure.
//!
//! The vendor does not document its token errors, so every known form is read: the members of RFC 6749, of the vendor's
//! API and of other servers, and plain text.

use std::ops::ControlFlow;
use std::time::Duration;

use super::keeping::is_worth_keeping;
use crate::clock::Moment;
use crate::error::{Error, OAuthErrorCode, TokenAnswer};
use crate::http::{Answer, Member, Value, members, retry_after, seconds_of_date};

/// The longest description, in characters. Longer ones are cut, since they are logged.
const LONGEST_DESCRIPTION: usize = 300;
/// The longest pause that a server can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The error for `answer`. `problem` says what is wrong with it if its status is a success.
///
/// Redirects, 429 and 5xx say nothing about the exchange, whatever their body says. A 401 or 403 refuses the client,
/// even without a code. A refusal without a code of RFC 6749 never ends a grant.
pub(super) fn refusal(answer: &Answer, sent: Moment, problem: &'static str) -> Error {
    let said = Said::of(answer);
    let status = answer.status();
    let details = Box::new(said.details(answer, sent));
    let unavailable = |problem: &str| Error::TokenUnavailable {
        problem: problem.to_owned().into(),
        status,
        answer: details.clone(),
        sent: true,
        source: None,
    };
    let refused = |error, status| Error::TokenRefused { error, status, answer: details.clone() };
    let Some(status) = status else {
        return unavailable("the token endpoint's answer is not HTTP that can be read; check `tokenUrl`");
    };
    match (status, said.code(answer)) {
        (300..400, _) => unavailable(
            "the token endpoint answered with a redirect, which is never followed; check `tokenUrl`",
        ),
        (429 | 500.., _) => unavailable(&format!(
            "the token endpoint answered {status}: it is out of order or overloaded, and is asked again"
        )),
        (_, Some(code)) => refused(code, status),
        (200..300, None) => {
            Error::TokenInvalid { problem: problem.into(), status: Some(status), answer: details }
        }
        (401 | 403, None) => refused(OAuthErrorCode::Unnamed, status),
        (400 | 422, None) if said.is_json && said.words().is_some() => {
            refused(OAuthErrorCode::Unnamed, status)
        }
        _ => unavailable("the answer is not one of a token endpoint; check `tokenUrl`"),
    }
}

/// A text that is safe to log: without characters that could forge or hide a line, and not too long.
pub(super) fn description(text: &str) -> String {
    cut(&visible(text))
}

/// A text without characters that could forge or hide a line.
fn visible(text: &str) -> String {
    let is_hidden = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let visible = text.chars().filter(|character| character.is_whitespace() || !is_hidden(*character));
    let visible = visible.collect::<String>();
    let words = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|character| !is_hidden(*character)).collect()
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_DESCRIPTION).collect()
}

/// A text, and the place where it was found: its depth and its order.
type Found = Option<(usize, usize, String)>;

/// The members that describe errors, each from the outermost object that has it.
#[derive(Debug, Default)]
struct Said {
    error: Found,
    description: Found,
    message: Found,
    /// The first element of `errors`.
    entry: Found,
    code: Found,
    text: Option<String>,
    is_json: bool,
}

impl Said {
    fn of(answer: &Answer) -> Self {
        let mut best = Self::default();
        answer.texts(&mut |text| {
            let mut said = Self::default();
            let shape = members(text, &mut |member| said.take(&member));
            said.is_json = shape.opened;
            let is_said = said.words().is_some() || said.error.is_some();
            if is_said || shape.opened {
                best = said;
            }
            if is_said {
                return ControlFlow::Break(());
            }
            // Valid JSON without these members has no message.
            if shape.opened && !shape.odd { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        // The text of an answer that may hold tokens must not be shown.
        if !best.is_json && !answer.is_success() && !is_worth_keeping(answer, None) {
            best.text = plain(&String::from_utf8_lossy(&answer.text()));
        }
        best
    }

    fn take(&mut self, member: &Member<'_>) {
        let Value::Text(text) = &member.value else { return };
        if text.trim().is_empty() {
            return;
        }
        let found = match member.name {
            "error" => &mut self.error,
            "errordescription" => &mut self.description,
            "message" | "errormessage" | "msg" | "detail" | "title" => &mut self.message,
            "errors" => &mut self.entry,
            "code" | "errorcode" => &mut self.code,
            _ => return,
        };
        let wins = found.as_ref().is_none_or(|(depth, object, _)| {
            member.depth < *depth || (member.depth == *depth && member.object == *object && !member.in_array)
        });
        if wins {
            *found = Some((member.depth, member.object, text.to_string()));
        }
    }

    /// The error code: one of RFC 6749, or one of the same form.
    fn code(&self, answer: &Answer) -> Option<OAuthErrorCode> {
        let named = |found: &Found| found.as_ref().map(|(.., text)| text.clone());
        let code = named(&self.error).filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        // For forms such as `{"error":{"code":"invalid_grant"}}`.
        let nested = named(&self.code).filter(|text| !OAuthErrorCode::parse(text).is_passing());
        let code = OAuthErrorCode::parse(&code.or(nested)?);
        // A code of RFC 6749 reveals nothing, even if a secret happens to contain the same word.
        let quotes = code.is_passing() && answer.shown(code.as_str()) != code.as_str();
        Some(if quotes { OAuthErrorCode::unreadable() } else { code })
    }

    /// The server's message, and its own error code if it has one.
    fn words(&self) -> Option<String> {
        let text = |found: &Found| found.as_ref().map(|(.., text)| text.clone());
        let sentence = text(&self.error).filter(|error| !error.bytes().all(|byte| byte.is_ascii_graphic()));
        let words = text(&self.description)
            .or_else(|| text(&self.message))
            .or_else(|| text(&self.entry))
            .or(sentence)
            .or_else(|| self.text.clone());
        match (words, text(&self.code)) {
            (Some(words), Some(code)) if !words.contains(&code) => Some(format!("{words} ({code})")),
            (words, code) => words.or(code),
        }
    }

    fn details(&self, answer: &Answer, sent: Moment) -> TokenAnswer {
        let request_id = ["x-request-id", "x-correlation-id"].iter().find_map(|name| answer.header(name));
        let now = answer.header("date").and_then(|date| seconds_of_date(&date));
        let now = now.unwrap_or_else(|| sent.unix_millis() / 1000);
        let asked = answer.header("retry-after").filter(|_| matches!(answer.status(), Some(429 | 503)));
        // Quotes of secrets are removed after what could split one, and before the cut, which could halve one.
        let shown = |text: &str| Some(cut(&answer.shown(&visible(text)))).filter(|text| !text.is_empty());
        TokenAnswer {
            description: self.words().and_then(|words| shown(&words)),
            request_id: request_id.and_then(|id| shown(&id)),
            headers: answer.shown_headers(),
            retry_after: asked
                .and_then(|asked| retry_after(asked.as_bytes(), now))
                .map(|asked| asked.min(LONGEST_RETRY_AFTER)),
        }
    }
}

/// The message in a text that is not JSON: the title of an HTML page, or else the text itself.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.contains('\u{fffd}') {
        return None;
    }
    if !text.starts_with('<') {
        return Some(text.to_owned());
    }
    let lower = text.to_ascii_lowercase();
    ["title", "h1"].iter().find_map(|tag| {
        let open = lower.find(&format!("<{tag}"))?;
        let begin = open + lower.get(open..)?.find('>')? + 1;
        let end = begin + lower.get(begin..)?.find("</")?;
        text.get(begin..end).map(str::trim).filter(|title| !title.is_empty()).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests;
