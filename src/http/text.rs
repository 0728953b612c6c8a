//! Which answers are text, and in which charset.

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};
use http::header::CONTENT_TYPE;

use super::background;
use super::transport::Response;
use crate::error::Result;

/// What a content type says about a text body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TextType {
    /// The charset of the body.
    charset: &'static Encoding,
    is_json: bool,
}

impl Response<Bytes> {
    /// Whether the answer has a content type.
    pub fn has_type(&self) -> bool {
        self.headers.contains_key(CONTENT_TYPE)
    }

    /// Whether the content type is JSON. A JSON body is never empty.
    pub fn is_json(&self) -> bool {
        self.text_type().is_some_and(|text| text.is_json)
    }

    fn text_type(&self) -> Option<TextType> {
        text_type(self.headers.get(CONTENT_TYPE)?.to_str().ok()?)
    }

    /// The body as UTF-8 without a byte order mark, or `None` if its content type is not text. As in browsers, bytes
    /// that are invalid in the charset become U+FFFD. The exception is JSON, which must be UTF-8 (RFC 8259 section
    /// 8.1): an item with a wrong name would be worse than an error.
    pub async fn read_text(&self) -> Result<Option<Bytes>> {
        let Some(text) = self.text_type() else { return Ok(None) };
        let body = self.body.clone();
        background::work_on(body.len(), move || decode(text, &body)).await
    }
}

/// Reads a content type. `None` if it is not one of text.
fn text_type(content_type: &str) -> Option<TextType> {
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let media_type = media_type.trim().to_ascii_lowercase();
    let is_json = media_type == "application/json" || media_type.ends_with("+json");
    let is_text = is_json
        || media_type.starts_with("text/")
        || media_type.ends_with("+xml")
        || matches!(media_type.as_str(), "application/xml" | "application/x-www-form-urlencoded");
    is_text.then(|| TextType { charset: charset(parameters).unwrap_or(UTF_8), is_json })
}

/// A body of any type as text, for people to read.
pub(super) fn as_text(content_type: Option<&str>, body: &Bytes) -> String {
    let text = content_type.and_then(text_type).unwrap_or(TextType { charset: UTF_8, is_json: false });
    let decoded = decode(TextType { is_json: false, ..text }, body).unwrap_or_default();
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The charset in a content type's parameters, if it is known to the Encoding standard.
fn charset(parameters: &str) -> Option<&'static Encoding> {
    let named = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    };
    Encoding::for_label(parameters.split(';').find_map(named)?.as_bytes())
}

/// Decodes a body. A byte order mark takes precedence over the content type (Encoding standard, "decode").
fn decode(text: TextType, body: &Bytes) -> Option<Bytes> {
    let (charset, mark) = Encoding::for_bom(body).unwrap_or((text.charset, 0));
    let marked = body.slice(mark..);
    if charset == UTF_8 && std::str::from_utf8(&marked).is_ok() {
        return Some(marked);
    }
    let (decoded, has_errors) = charset.decode_without_bom_handling(&marked);
    if text.is_json && has_errors {
        return None;
    }
    Some(decoded.into_owned().into())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    async fn text(content_type: Option<&'static str>, body: Bytes) -> Option<String> {
        let content_type = content_type.map(HeaderValue::from_static);
        let headers: HeaderMap = content_type.into_iter().map(|value| (CONTENT_TYPE, value)).collect();
        let status = StatusCode::OK;
        let answer = Response {
            status,
            headers,
            body,
            url: None,
            authorized: true,
            connection: None,
            peer: None,
            is_http2: false,
        };
        answer.read_text().await.unwrap().map(|text| String::from_utf8(text.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn text_is_decoded_in_its_charset_and_what_is_text_depends_on_its_type_alone() {
        let table: [(&str, &[u8], Option<&str>); 20] = [
            ("text/csv; charset=ISO-8859-1", b"M\xfcller", Some("M\u{fc}ller")),
            ("text/csv;header=present;CHARSET=\"windows-1252\"", b"\x80", Some("\u{20ac}")),
            ("text/plain; charset=utf-16le", b"h\0i\0", Some("hi")),
            ("text/plain; charset=utf-16be", b"\0h\0i", Some("hi")),
            ("text/plain; charset=shift_jis", b"\x83\x65", Some("\u{30c6}")),
            ("text/plain; charset=gb18030", b"\xc4\xe3", Some("\u{4f60}")),
            ("text/plain; charset=utf-8", b"Zo\xc3\xab", Some("Zo\u{eb}")),
            ("text/plain", b"\xef\xbb\xbfhi", Some("hi")),
            ("text/plain; charset=iso-8859-1", b"\xff\xfeh\0", Some("h")),
            // Not of its charset, or of one that nobody knows.
            ("text/plain", b"\xe9", Some("\u{fffd}")),
            ("text/plain; charset=klingon", b"a\xe9", Some("a\u{fffd}")),
            ("text/plain; charset=", b"a", Some("a")),
            ("text/plain", b"", Some("")),
            ("application/json", b"{\"a\":\"\xc3\xab\"}", Some("{\"a\":\"\u{eb}\"}")),
            ("application/json; charset=iso-8859-1", b"\"\xeb\"", Some("\"\u{eb}\"")),
            ("application/problem+json", b"\"\xeb\"", None),
            ("application/atom+xml", b"<a/>", Some("<a/>")),
            ("application/octet-stream", b"plain", None),
            ("application/pdf; charset=utf-8", b"plain", None),
            ("", b"plain", None),
        ];
        for (content_type, body, expected) in table {
            let read = text(Some(content_type), Bytes::from_static(body)).await;
            assert_eq!(read.as_deref(), expected, "{content_type} {body:?}");
        }
        assert_eq!(text(None, Bytes::from_static(b"plain")).await, None);
    }

    #[test]
    fn text_in_utf_8_is_not_copied() {
        let body = Bytes::from_static(b"\xef\xbb\xbfhi");
        let kept = decode(text_type("text/plain").unwrap(), &body).unwrap();
        assert_eq!(kept.as_ptr(), body[3..].as_ptr());
    }

    #[tokio::test]
    async fn large_text_is_read_on_another_thread_and_is_the_same() {
        let read = text(Some("text/plain;charset=latin1"), Bytes::from(vec![0xe9; 1_000_000])).await;
        assert!(read.unwrap() == "\u{e9}".repeat(1_000_000));
    }
}
