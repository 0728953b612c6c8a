//! Checks the caller's headers for a request, and formats an answer's headers as text.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, Result};

/// The `User-Agent` of requests for which the caller set none.
pub(super) const USER_AGENT: &str = concat!("smartrecruiters/", env!("CARGO_PKG_VERSION"));
/// Headers that only the client may set: the credential, and the framing of the message (RFC 9112).
const RESERVED: [(&str, &str); 9] = [
    ("authorization", "comes from the client's credential"),
    ("x-smarttoken", "comes from the client's credential"),
    ("proxy-authorization", "would be shown to the API"),
    ("host", "comes from `baseUrl`"),
    ("transfer-encoding", "comes from the body"),
    ("connection", "is the client's business"),
    ("keep-alive", "is the client's business"),
    ("upgrade", "is the client's business"),
    ("expect", "is the client's business"),
];

/// Checks the caller's headers: names must be tokens (RFC 9110 section 5.1) and not reserved, and values must be one
/// line. Fails with [`Error::Configuration`] that names the header.
///
/// As in the Fetch standard, each character of a value is one byte (isomorphic encode), and blanks around it are
/// removed.
pub fn request_headers(pairs: &[(String, String)]) -> Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        // A line break in a name could forge a line in a log.
        let field =
            || format!("headers.{}", name.chars().filter(|c| !c.is_control()).take(64).collect::<String>());
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Error::configuration(field(), "is not a header name (RFC 9110 section 5.1)"))?;
        if let Some((_, owner)) = RESERVED.iter().find(|(reserved, _)| header == *reserved) {
            return Err(Error::configuration(field(), format!("must not be set: it {owner}")));
        }
        let value = value.trim_matches(['\t', '\n', '\r', ' ']).chars().map(u8::try_from);
        let bytes: Vec<u8> = value.collect::<std::result::Result<_, _>>().map_err(|_| {
            Error::configuration(field(), "must not contain characters above U+00FF: encode them (RFC 8187)")
        })?;
        let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(bytes)).map_err(|_| {
            Error::configuration(field(), "must not contain line breaks or control characters")
        })?;
        headers.append(header, value);
    }
    Ok(headers)
}

/// Headers as text, one `name: value` per line.
pub(super) fn header_lines(headers: &HeaderMap) -> String {
    let mut lines = String::with_capacity(headers.len() * 40);
    for (name, value) in headers {
        lines.push_str(name.as_str());
        lines.push_str(": ");
        match value.to_str() {
            Ok(text) => lines.push_str(text),
            // Header values are bytes. As in the Fetch standard, each becomes one character (isomorphic decode).
            Err(_) => lines.extend(value.as_bytes().iter().map(|byte| char::from(*byte))),
        }
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> String {
        match request_headers(&[(name.to_owned(), value.to_owned())]) {
            Err(Error::Configuration { field, problem }) => {
                assert!(!problem.contains("canary"));
                field.into_owned()
            }
            other => panic!("expected a configuration error, got {other:?}"),
        }
    }

    #[test]
    fn nothing_gets_into_a_request_that_is_no_header() {
        assert_eq!(refused("x-a", "canary\r\nx-evil: 1"), "headers.x-a");
        assert_eq!(refused("x-a", "canary\0"), "headers.x-a");
        assert_eq!(refused("x a", "canary"), "headers.x a");
        assert_eq!(refused("x-a\r\nx-evil", "canary"), "headers.x-ax-evil");
        assert_eq!(refused("", "canary"), "headers.");
    }

    #[test]
    fn the_clients_own_headers_are_not_the_callers() {
        for (name, _) in RESERVED {
            assert_eq!(refused(&name.to_uppercase(), "canary"), format!("headers.{}", name.to_uppercase()));
        }
    }

    #[test]
    fn repeated_headers_stay_apart_and_bytes_survive() {
        let pairs = [("x-a", "1"), ("x-a", "2"), ("x-b", "caf\u{e9}")];
        let headers =
            request_headers(&pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        assert_eq!(header_lines(&headers), "x-a: 1\nx-a: 2\nx-b: caf\u{e9}\n");
        assert_eq!(headers["x-b"].as_bytes(), b"caf\xe9");
    }

    #[test]
    fn every_byte_that_a_value_may_have_goes_both_ways_and_others_are_refused() {
        let allowed: String = ('!'..='\u{ff}').filter(|c| *c != '\u{7f}').collect();
        let pair = |value: &str| [("x-a".to_owned(), value.to_owned())];
        let headers = request_headers(&pair(&format!("\t {allowed}\t{allowed} \r\n"))).unwrap();
        assert_eq!(headers["x-a"].as_bytes().len(), 2 * (0xff - 0x20 - 1) + 1);
        assert_eq!(header_lines(&headers), format!("x-a: {allowed}\t{allowed}\n"));
        for bad in ["\u{100}canary", "canary\u{20ac}", "can\u{7f}ary", "can\nary", "can\0ary"] {
            assert_eq!(refused("x-a", bad), "headers.x-a");
        }
    }
}
