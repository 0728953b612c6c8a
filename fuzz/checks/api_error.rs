//! Unsuccessful answers of the API. An input is the status and the content type on a line, and then the body.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use smartrecruiters::error::{ApiError, Error};
use smartrecruiters::http::{Answer, Authorization, read_answered_error, read_error};
use smartrecruiters::secret::Secret;

/// A short key has few parts that could be quoted, so errors are made fast.
const KEY: &str = "canary-key";
/// In characters; an ellipsis follows what is cut.
const LONGEST_MESSAGE: usize = 501;

static AUTHORIZATION: LazyLock<Authorization> =
    LazyLock::new(|| Authorization::smart_token(&Secret::new(KEY)).expect("it is a header"));

pub(crate) fn check(input: &[u8]) {
    let Some((status, content_type, body)) = parts(input) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type.clone());
    headers.insert("x-request-id", HeaderValue::from_static("request canary-key"));
    let error = read_error(status, &headers, &Bytes::copy_from_slice(body), &AUTHORIZATION);
    check_error(&error);
    if let Some(message) = message_of_json(&content_type, body) {
        let is_shown = error.message == message || error.message.contains("[redacted]");
        assert!(is_shown, "{:?} instead of {message:?}", error.message);
    }
    let head = format!("HTTP/1.1 {} X\r\ncontent-type: ", status.as_u16());
    let answer = [head.as_bytes(), content_type.as_bytes(), b"\r\n\r\n", body].concat();
    // What was read of an answer that cannot be requested again says the same, if it is not taken for an encoded one.
    let answered = read_answered_error(status, &Answer::from_bytes(answer));
    assert!(answered.errors.len() <= 50 && answered.body.len() <= 16 * 1024);
    check_texts(&answered);
}

fn parts(input: &[u8]) -> Option<(StatusCode, HeaderValue, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let (status, content_type) = input[..end].split_at_checked(3)?;
    let status =
        StatusCode::from_bytes(status).ok().filter(|status| (300..600).contains(&status.as_u16()))?;
    Some((status, HeaderValue::from_bytes(content_type.trim_ascii()).ok()?, &input[end + 1..]))
}

fn check_error(error: &ApiError) {
    let whole = Error::Api(Box::new(error.clone()));
    let printed = format!("{whole} {whole:?}").to_ascii_lowercase();
    assert!(!printed.contains(KEY), "{printed}");
    assert!(error.errors.len() <= 50);
    assert!(error.body.len() <= 16 * 1024);
    assert!(!error.message.is_empty() || error.vendor_code.is_some() || !error.body.is_empty());
    check_texts(error);
}

fn check_texts(error: &ApiError) {
    let details = error.errors.iter().flat_map(|detail| [&detail.code, &detail.message, &detail.field]);
    let texts = details.chain([&error.vendor_code, &error.request_id]).flatten().chain([&error.message]);
    for text in texts {
        assert!(text.chars().count() <= LONGEST_MESSAGE, "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

/// The message of the vendor's form, if it is short and plain and nothing else in the body is more telling.
fn message_of_json(content_type: &HeaderValue, body: &[u8]) -> Option<String> {
    if content_type != "application/json" {
        return None;
    }
    let Value::Object(object) = serde_json::from_slice::<Value>(body).ok()? else { return None };
    let names: Vec<_> = object.keys().map(|name| name.to_ascii_lowercase()).collect();
    if names.iter().any(|name| matches!(name.as_str(), "error_description" | "detail")) {
        return None;
    }
    let message = object.get("message")?.as_str()?.trim();
    let is_plain =
        !message.is_empty() && message.len() < LONGEST_MESSAGE && !message.chars().any(char::is_control);
    is_plain.then(|| message.to_owned())
}
