//! Reads the vendor's error bodies, which come in several shapes or not at all.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::answer::Answer;
use super::headers::header_lines;
use super::transport::Authorization;
use crate::error::{ApiError, ErrorDetail};

/// Messages longer than this are cut: they go into logs.
const LONGEST_MESSAGE: usize = 500;
/// More entries of `errors[]` than this tell nobody more.
const MOST_DETAILS: usize = 50;

/// Reads an answer that is not a success. What it quotes of the request's `authorization` is left out.
///
/// Shapes, in this order: `{error, error_description}` (RFC 6749), `{message, errors[]}` and `{id, code, message}`
/// (vendor's documentation of error handling, and its Application API), plain text, nothing.
pub fn read_error(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    authorization: &Authorization,
) -> ApiError {
    let redactor = authorization.redactor();
    read(status, headers, body, &|text| redactor.redact(text).into_owned())
}

/// Reads an answer of the API that cannot be asked for again, and is not a success. What it quotes of what was sent is
/// left out ([`Answer::hiding`]).
pub fn read_answered_error(status: StatusCode, answer: &Answer) -> ApiError {
    read(status, &answer.headers(), &answer.text(), &|text| answer.shown(text))
}

fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], redacted: &dyn Fn(&str) -> String) -> ApiError {
    let json = serde_json::from_slice::<Value>(body).unwrap_or_default();
    // Cut last: half a quote at the cut would be none that is recognised.
    let safe = |text: &str| cut(&redacted(text));
    let text =
        |of: &Value, key: &str| of.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(safe);
    let errors: Vec<_> = json
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|entry| ErrorDetail { code: text(entry, "code"), message: text(entry, "message") })
        .filter(|detail| detail.code.is_some() || detail.message.is_some())
        .take(MOST_DETAILS)
        .collect();
    let first = errors.first();
    let message = text(&json, "error_description")
        .or_else(|| text(&json, "message"))
        .or_else(|| first.and_then(|detail| detail.message.clone()))
        .or_else(|| text(&json, "error"))
        .or_else(|| plain_text(headers, body).map(safe));
    let vendor_code = text(&json, "code")
        .or_else(|| first.and_then(|detail| detail.code.clone()))
        .or_else(|| text(&json, "error"));
    ApiError {
        status: status.as_u16(),
        message: message.unwrap_or_else(|| describe(status)),
        vendor_code,
        request_id: request_id(headers).map(safe),
        headers: redacted(&without_cookies(headers)),
        errors,
    }
}

/// A text body is a message; an HTML page from something in between is not.
fn plain_text<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<&'a str> {
    let content_type = headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    let text = std::str::from_utf8(body).ok()?.trim();
    (content_type.starts_with("text/plain") && !text.is_empty()).then_some(text)
}

fn describe(status: StatusCode) -> String {
    format!("HTTP {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
        .trim_end()
        .to_owned()
}

fn cut(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    }
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["x-request-id", "x-correlation-id"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
}

/// Without cookies: errors go into logs, and a cookie can carry a session.
fn without_cookies(headers: &HeaderMap) -> String {
    let mut headers = headers.clone();
    headers.remove(http::header::SET_COOKIE);
    header_lines(&headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    const KEY: &str = "DCRA1-0123456789abcdef";

    fn read_api(status: u16, content_type: &str, body: &str) -> ApiError {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        headers.insert("x-request-id", "r-1".parse().unwrap());
        headers.insert("set-cookie", "session=canary".parse().unwrap());
        headers.insert("x-echo", format!("key {KEY}").parse().unwrap());
        let authorization = Authorization::smart_token(&Secret::new(KEY)).unwrap();
        read_error(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes(), &authorization)
    }

    #[test]
    fn what_quotes_the_credential_is_shown_without_it() {
        let body = format!(
            r#"{{"message":"bad key {KEY}","code":"{KEY}","errors":[{{"code":"x-{KEY}","message":"%44 {KEY}"}}]}}"#
        );
        for api in [read_api(401, "application/json", &body), read_api(401, "text/plain", &body)] {
            assert!(!format!("{api:?}").contains(KEY), "{api:?}");
            assert!(api.message.contains("bad key [redacted]"), "{api:?}");
            assert!(api.headers.contains("x-echo: key [redacted]"), "{api:?}");
        }
    }

    #[test]
    fn endless_lists_are_cut() {
        let entry = r#"{"code":"C","message":"m"},"#.repeat(1000);
        let body = format!(r#"{{"errors":[{}]}}"#, entry.trim_end_matches(','));
        assert_eq!(read_api(400, "application/json", &body).errors.len(), MOST_DETAILS);
    }

    #[test]
    fn reads_every_shape_of_error_body() {
        let api = read_api(
            403,
            "application/json",
            r#"{"message":"Permission denied","errors":[{"code":"PERMISSION_DENIED","message":"no scope"}]}"#,
        );
        assert_eq!(
            (api.message.as_str(), api.vendor_code.as_deref()),
            ("Permission denied", Some("PERMISSION_DENIED"))
        );
        assert_eq!(api.errors.len(), 1);
        assert_eq!(api.request_id.as_deref(), Some("r-1"));

        let api =
            read_api(400, "application/json", r#"{"errors":[{"code":"INVALID_FILE","message":"bad file"}]}"#);
        assert_eq!((api.message.as_str(), api.vendor_code.as_deref()), ("bad file", Some("INVALID_FILE")));

        let api = read_api(400, "application/json", r#"{"id":"x","code":"APPLY","message":"apply failed"}"#);
        assert_eq!((api.message.as_str(), api.vendor_code.as_deref()), ("apply failed", Some("APPLY")));

        let api =
            read_api(401, "application/json", r#"{"error":"invalid_token","error_description":"expired"}"#);
        assert_eq!((api.message.as_str(), api.vendor_code.as_deref()), ("expired", Some("invalid_token")));

        assert_eq!(read_api(500, "text/plain", "out of order\n").message, "out of order");
        assert_eq!(read_api(502, "text/html", "<h1>Bad gateway</h1>").message, "HTTP 502 Bad Gateway");
        assert_eq!(read_api(422, "application/json", "").message, "HTTP 422 Unprocessable Entity");
        assert_eq!(read_api(404, "application/json", "[1,").message, "HTTP 404 Not Found");
        assert_eq!(
            read_api(400, "application/json", r#"{"message":7,"errors":"x"}"#).message,
            "HTTP 400 Bad Request"
        );
    }

    #[test]
    fn cookies_and_endless_messages_stay_out() {
        let api = read_api(400, "text/plain", &"é".repeat(2000));
        assert_eq!(api.message.chars().count(), LONGEST_MESSAGE + 1);
        assert!(!api.headers.contains("canary"));
    }
}
