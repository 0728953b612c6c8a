//! Reads the bodies of unsuccessful answers: those of the vendor, which have several forms, and those of proxies and
//! gateways.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::answer::Answer;
use super::headers::header_lines;
use super::loose_json::{Value as Loose, members};
use super::text::as_text;
use super::transport::Authorization;
use crate::error::{ApiError, Error, ErrorDetail, Permission};

/// The most bytes of a body that an error keeps.
const LONGEST_BODY: usize = 16 * 1024;
/// The longest message, in bytes. Longer ones are cut, since messages are logged.
const LONGEST_MESSAGE: usize = 500;
/// The longest path in a message, in bytes. Longer ones are cut.
const LONGEST_PATH: usize = 200;
/// The most entries of `errors[]` that an error keeps.
const MOST_DETAILS: usize = 50;
/// How deep in nested objects messages are searched for.
const DEEPEST: usize = 5;

/// Members that hold messages, in lower case, the most informative first: those of RFC 6749 section 5.2, RFC 9457
/// section 3.1, the vendor, and other common ones.
const WORDS: [&str; 19] = [
    "error_description",
    "detail",
    "message",
    "errormessage",
    "error_message",
    "errordescription",
    "msg",
    "description",
    "faultstring",
    "error",
    "fault",
    "errors",
    "messages",
    "errormessages",
    "invalid-params",
    "fielderrors",
    "reason",
    "text",
    "title",
];
/// Members that hold an error code.
const CODES: [&str; 3] = ["code", "errorcode", "error_code"];
/// Members that name the field of the request that an error is about.
const FIELDS: [&str; 7] = ["datapath", "field", "path", "property", "parameter", "pointer", "name"];
/// Members that hold a list of errors.
const LISTS: [&str; 8] = [
    "errors",
    "details",
    "detail",
    "messages",
    "violations",
    "errormessages",
    "invalid-params",
    "fielderrors",
];

/// Reads an unsuccessful answer. Quotes of the request's `authorization` are left out.
pub fn read_error(
    status: StatusCode,
    headers: &HeaderMap,
    body: &Bytes,
    authorization: &Authorization,
) -> ApiError {
    let redactor = authorization.redactor();
    read(status, headers, body, &|text| redactor.redact(text).into_owned())
}

/// Reads an unsuccessful answer of the API to a request that cannot be repeated. Quotes of secrets that were sent are
/// left out ([`Answer::hiding`]).
pub fn read_answered_error(status: StatusCode, answer: &Answer) -> ApiError {
    let body = Bytes::copy_from_slice(&answer.text());
    read(status, &answer.headers(), &body, &|text| answer.shown(text))
}

impl Error {
    /// Adds the request's method and path to an [`Error::Api`]. Other errors stay as they are.
    #[must_use]
    pub fn about(mut self, method: &Method, url: &Url) -> Self {
        if let Self::Api(api) = &mut self {
            api.request = format!("{method} {}", cut(url.path(), LONGEST_PATH));
        }
        self
    }
}

fn read(
    status: StatusCode,
    headers: &HeaderMap,
    body: &Bytes,
    redacted: &dyn Fn(&str) -> String,
) -> ApiError {
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.map(str::to_ascii_lowercase);
    let content_type = content_type.as_deref();
    let text = as_text(content_type, body);
    let parsed = serde_json::from_str::<Value>(&text);
    let is_json = parsed.is_ok();
    let json = parsed.unwrap_or_default();
    // The text is cut last, since a quote that the cut halves would not be recognized.
    let safe = |text: &str| cut(printable(&redacted(text)).trim(), LONGEST_MESSAGE);
    let errors: Vec<_> = entries(&json)
        .into_iter()
        .map(|ErrorDetail { code, message, field }| ErrorDetail {
            code: code.as_deref().map(safe),
            message: message.as_deref().map(safe),
            field: field.as_deref().map(safe),
        })
        .collect();
    let said = words(&json, DEEPEST)
        .map(str::to_owned)
        .or_else(|| (!is_json).then(|| said_in_damaged_json(&text))?)
        .or_else(|| said_in_text(content_type, &text));
    let inner = member(&json, "error").unwrap_or_default();
    let vendor_code = code(&json)
        .or_else(|| code(inner))
        .or_else(|| errors.first().and_then(|detail| detail.code.clone()))
        .or_else(|| inner.as_str().filter(|code| is_code(code)).map(str::to_owned));
    ApiError {
        status: status.as_u16(),
        request: String::new(),
        message: said.as_deref().map_or_else(|| describe(status), safe),
        vendor_code: vendor_code.as_deref().map(safe),
        request_id: request_id(headers).map(safe),
        headers: redacted(&without_cookies(headers)),
        errors,
        body: first_bytes(&redacted(first_bytes(&text, LONGEST_BODY)), LONGEST_BODY).to_owned(),
        permission: Permission::default(),
    }
}

/// A member of an object, whatever the case of its name. `name` must be in lower case.
fn member<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    let object = of.as_object()?;
    let spelt_otherwise =
        || object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    object.get(name).or_else(spelt_otherwise)
}

/// The first member with one of these names that is text.
fn member_text<'a>(of: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| member(of, name)?.as_str()).filter(|text| !text.is_empty())
}

/// The message in a value, if it has one.
fn words(value: &Value, depth: usize) -> Option<&str> {
    match value {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()),
        _ if depth == 0 => None,
        Value::Array(list) => list.iter().find_map(|entry| words(entry, depth - 1)),
        Value::Object(_) => WORDS.iter().find_map(|name| words(member(value, name)?, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn code(of: &Value) -> Option<String> {
    CODES.iter().find_map(|name| match member(of, name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Whether text is a code, not a sentence.
fn is_code(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// The entries of the list of errors, wherever it is: the document itself, a member of it or of its `error`, or an
/// object with a list for each field.
fn entries(json: &Value) -> Vec<ErrorDetail> {
    let inner = member(json, "error").unwrap_or_default();
    let lists: Vec<_> =
        [json, inner].into_iter().flat_map(|of| LISTS.iter().filter_map(|name| member(of, name))).collect();
    if let Some(list) = json.as_array().or_else(|| lists.iter().find_map(|list| list.as_array())) {
        return list.iter().filter_map(entry).take(MOST_DETAILS).collect();
    }
    let by_field = lists.iter().find_map(|list| list.as_object()).into_iter().flatten();
    by_field
        .filter_map(|(field, value)| {
            let message = Some(words(value, DEEPEST)?.to_owned());
            Some(ErrorDetail { code: None, message, field: Some(field.clone()) })
        })
        .take(MOST_DETAILS)
        .collect()
}

fn entry(value: &Value) -> Option<ErrorDetail> {
    let message = words(value, DEEPEST).map(str::to_owned);
    let code = code(value);
    let field = member_text(value, &FIELDS).or_else(|| member_text(member(value, "source")?, &FIELDS));
    let says_something = code.is_some() || message.is_some();
    says_something.then(|| ErrorDetail { code, message, field: field.map(str::to_owned) })
}

/// The message in a text body that is not JSON. An HTML page, as proxies and gateways send it, has nothing useful for a
/// message.
fn said_in_text(content_type: Option<&str>, text: &str) -> Option<String> {
    let text = text.trim();
    let looks_like_html =
        text.starts_with("<!") || text.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case("<html"));
    if text.is_empty() || looks_like_html || content_type.is_some_and(|kind| kind.contains("html")) {
        return None;
    }
    if text.starts_with('<') {
        return said_in_xml(text);
    }
    let is_text = content_type.is_none_or(|kind| kind.starts_with("text/"));
    // Under the type of JSON, only a sentence: anything longer is a damaged document.
    let is_sentence = content_type.is_some_and(|kind| kind.contains("json"))
        && text.len() <= LONGEST_MESSAGE
        && !text.starts_with(['{', '[', '"']);
    (is_text || is_sentence).then(|| text.to_owned())
}

/// The words of JSON that was cut off or is malformed otherwise, of which many servers send the beginning.
fn said_in_damaged_json(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut found: Option<(usize, String)> = None;
    members(text.as_bytes(), &mut |member| {
        let rank = WORDS.iter().position(|word| word.replace(['_', '-'], "") == member.name);
        let is_better = rank.is_some_and(|rank| found.as_ref().is_none_or(|(known, _)| rank < *known));
        if let (true, Some(rank), Loose::Text(text)) = (is_better, rank, &member.value)
            && !text.trim().is_empty()
        {
            found = Some((rank, text.trim().to_owned()));
        }
    });
    found.map(|(_, text)| text)
}

/// Text without control characters, which could forge a line of a log or of a stack.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// The text of the first element whose name suggests a message, or else all text.
fn said_in_xml(xml: &str) -> Option<String> {
    let xml = &xml.replace("<![CDATA[", "").replace("]]>", "");
    let elements = || {
        xml.split('<').skip(1).filter_map(|tag| {
            let (name, text) = tag.split_once('>')?;
            let name = name.split([' ', '/', '\n', '\t']).next().unwrap_or_default();
            let local = name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
            Some((local, text.trim()))
                .filter(|(name, text)| !text.is_empty() && !name.starts_with(['?', '!']))
        })
    };
    let promised =
        WORDS.iter().find_map(|word| elements().find(|(name, _)| name == word).map(|(_, text)| text));
    let text = promised
        .map_or_else(|| elements().map(|(_, text)| text).collect::<Vec<_>>().join(" "), str::to_owned);
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(without_references(&text), |text, (written, meant)| text.replace(written, meant));
    Some(plain).filter(|text| !text.is_empty())
}

/// Text with the characters that numeric references, such as `&#233;`, stand for.
fn without_references(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let character = part.split_once(';').and_then(|(digits, rest)| {
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            Some((code.ok().and_then(char::from_u32)?, rest))
        });
        if let Some((character, rest)) = character {
            plain.push(character);
            plain.push_str(rest);
        } else {
            plain.push_str("&#");
            plain.push_str(part);
        }
    }
    plain
}

fn describe(status: StatusCode) -> String {
    status.canonical_reason().map_or_else(|| format!("HTTP {}", status.as_u16()), str::to_owned)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The beginning of `text`: whole characters of at most `most` bytes.
fn first_bytes(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// The server's id of a request, as errors show it.
pub fn shown_request_id(headers: &HeaderMap, authorization: &Authorization) -> Option<String> {
    let id = authorization.hidden_in(request_id(headers)?);
    Some(cut(printable(&id).trim(), LONGEST_MESSAGE))
}

/// The header lines of an answer, as observers may see them.
pub fn shown_headers(headers: &HeaderMap, authorization: &Authorization) -> String {
    authorization.hidden_in(&without_cookies(headers))
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    ["x-request-id", "x-correlation-id"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
}

/// The headers as text, without cookies, since errors are logged and a cookie can carry a session.
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
        let body = Bytes::copy_from_slice(body.as_bytes());
        read_error(StatusCode::from_u16(status).unwrap(), &headers, &body, &authorization)
    }

    #[test]
    fn what_quotes_the_credential_is_shown_without_it() {
        let body = format!(
            r#"{{"message":"bad key {KEY}","code":"{KEY}","errors":[{{"code":"x-{KEY}","message":"%44 {KEY}","field":"{KEY}"}}]}}"#
        );
        let xml = format!("<e><message>bad key {KEY}</message></e>");
        for api in [
            read_api(401, "application/json", &body),
            read_api(401, "text/plain", &body),
            read_api(401, "application/xml", &xml),
        ] {
            assert!(!format!("{api:?}").contains(KEY), "{api:?}");
            assert!(api.message.contains("bad key [redacted]"), "{api:?}");
            assert!(api.body.contains("bad key [redacted]"), "{api:?}");
            assert!(api.headers.contains("x-echo: key [redacted]"), "{api:?}");
        }
    }

    #[test]
    fn endless_lists_bodies_and_messages_are_cut_and_cookies_left_out() {
        let entry = r#"{"code":"C","message":"m"},"#.repeat(1000);
        let body = format!(r#"{{"errors":[{}]}}"#, entry.trim_end_matches(','));
        let api = read_api(400, "application/json", &body);
        assert_eq!((api.errors.len(), api.body.len()), (MOST_DETAILS, LONGEST_BODY));
        assert_eq!(api.to_string(), "400: m");

        let api = read_api(400, "text/plain", &format!("a{}", "é".repeat(20_000)));
        assert_eq!((api.message.chars().count(), api.body.len()), (LONGEST_MESSAGE + 1, LONGEST_BODY - 1));
        assert!(!api.headers.contains("canary"));

        // A quote that the cut halves is one still.
        let api = read_api(400, "text/plain", &format!("{}{KEY}", "x".repeat(LONGEST_BODY - 13)));
        assert!(!api.body.contains(&KEY[..13]), "{}", &api.body[LONGEST_BODY - 20..]);
    }

    #[test]
    fn the_words_are_found_in_every_usual_shape() {
        const WORDS: &str = "the-reason";
        for (content_type, body) in [
            // The vendor's.
            (
                "application/json",
                r#"{"message":"the-reason","errors":[{"code":"C","message":"the-reason"}]}"#,
            ),
            ("application/json", r#"{"errors":[{"code":"INVALID_FILE","message":"the-reason"}]}"#),
            ("application/json", r#"{"id":"x","code":"APPLY","message":"the-reason"}"#),
            ("application/json", r#"{"message":"","errors":[{"dataPath":"","message":"the-reason"}]}"#),
            // RFC 6749 and RFC 9457.
            ("application/json", r#"{"error":"invalid_token","error_description":"the-reason"}"#),
            ("application/json", r#"{"error":"the-reason"}"#),
            (
                "application/problem+json",
                r#"{"type":"about:blank","title":"Bad Request","detail":"the-reason"}"#,
            ),
            ("application/problem+json", r#"{"type":"about:blank","title":"the-reason","status":400}"#),
            // Others'.
            ("application/json", r#"{"errors":["the-reason"]}"#),
            ("application/json", r#"{"errors":"the-reason"}"#),
            ("application/json", r#"{"errors":[{"detail":"the-reason","source":{"pointer":"/a"}}]}"#),
            ("application/json", r#"{"errors":{"title":["the-reason"]}}"#),
            ("application/json", r#"{"error":{"code":400,"message":"the-reason"}}"#),
            ("application/json", r#"{"error":{"errors":[{"message":"the-reason"}]}}"#),
            ("application/json", r#"{"fault":{"faultstring":"the-reason","detail":{"errorcode":"x"}}}"#),
            ("application/json", r#"{"Message":"the-reason"}"#),
            ("application/json", r#"{"errorMessage":"the-reason"}"#),
            ("application/json", r#"{"detail":[{"loc":["body","a"],"msg":"the-reason"}]}"#),
            ("application/json", r#"[{"message":"the-reason"}]"#),
            ("application/json", r#"["the-reason"]"#),
            ("application/json", r#""the-reason""#),
            ("application/json", "\u{feff}{\"message\":\"the-reason\"}"),
            // In the clothes of another type.
            ("text/plain", r#"{"message":"the-reason"}"#),
            ("text/html", r#"{"message":"the-reason"}"#),
            ("text/plain", "the-reason\n"),
            (
                "application/xml",
                "<?xml version=\"1.0\"?><Error><Code>A</Code><Message>the-reason</Message></Error>",
            ),
            (
                "text/xml",
                "<s:Fault><faultcode>a</faultcode><faultstring xml:lang=\"en\">the-reason</faultstring></s:Fault>",
            ),
            ("application/xml", "<r>the-reason</r>"),
            ("application/xml", "<r><message><![CDATA[the-reason]]></message></r>"),
            ("application/xml", "<r><message>the&#45;re&#x61;son</message></r>"),
            ("application/problem+json", r#"{"invalid-params":[{"name":"age","reason":"the-reason"}]}"#),
            ("application/json", r#"{"errorMessages":["the-reason"],"errors":{}}"#),
            ("application/json", r#"{"message":"the-reason","errors":[{"message":"cut of"#),
            ("application/json", r#"{"message":"the-reason",}"#),
            ("application/json", "the-reason"),
            ("TEXT/PLAIN", "the-reason"),
            ("text/plain", "the-reason\n"),
        ] {
            assert_eq!(read_api(400, content_type, body).message, WORDS, "{content_type} {body}");
        }
        for (content_type, body, message) in [
            ("text/html", "<!doctype html><title>no</title><h1>Bad gateway</h1>", "Bad Gateway"),
            ("application/json", "", "Bad Gateway"),
            ("application/json", "[1,", "Bad Gateway"),
            ("application/json", r#"{"message":7,"errors":[]}"#, "Bad Gateway"),
            ("application/json", r#"{"data":{"title":"Nurse"}}"#, "Bad Gateway"),
            ("application/octet-stream", "bytes", "Bad Gateway"),
            ("application/xml", "<a>1 &lt; 2 &amp;&amp; 3</a>", "1 < 2 && 3"),
        ] {
            assert_eq!(read_api(502, content_type, body).message, message, "{content_type} {body}");
        }
        assert_eq!(read_api(599, "application/json", "").message, "HTTP 599");
    }

    #[test]
    fn codes_and_fields_are_found_and_a_message_lists_what_is_wrong() {
        let body = r#"{"message":"Validation failed","errors":[
            {"dataPath":"/email","message":"must be an address"},{"code":"TOO_LONG","field":"name"},{"code":7}]}"#;
        let api = read_api(422, "application/json", body);
        let request = Url::parse("https://api.test/candidates?secret=1").unwrap();
        let error = Error::Api(Box::new(api)).about(&Method::POST, &request);
        assert_eq!(
            error.to_string(),
            "422 POST /candidates: Validation failed (/email: must be an address; name: TOO_LONG; 7)"
        );

        let codes = [
            r#"{"message":"m","code":"C"}"#,
            r#"{"errors":[{"code":"C"}]}"#,
            r#"{"error":{"code":"C"}}"#,
            r#"{"error":"C","message":"m"}"#,
        ];
        for body in codes {
            assert_eq!(read_api(403, "application/json", body).vendor_code.as_deref(), Some("C"), "{body}");
        }
        assert_eq!(read_api(403, "application/json", "{}").request_id.as_deref(), Some("r-1"));
    }
}
