use super::*;
use crate::clock::{Clock as _, ManualClock};
use crate::error::ErrorCode;

fn refused(status: u16, fields: &str, body: &[u8]) -> Error {
    let head = format!("HTTP/1.1 {status} Status\r\n{fields}\r\n");
    let answer = Answer::from_bytes([head.as_bytes(), body].concat());
    refusal(&answer, ManualClock::new().now(), "it has no access_token")
}

fn details(error: &Error) -> &TokenAnswer {
    match error {
        Error::TokenRefused { answer, .. }
        | Error::TokenUnavailable { answer, .. }
        | Error::TokenInvalid { answer, .. } => answer,
        other => panic!("{other:?}"),
    }
}

fn oauth_code(error: &Error) -> &str {
    if let Error::TokenRefused { error, .. } = error { error.as_str() } else { "-" }
}

#[test]
fn the_servers_words_are_read_in_every_form() {
    let table = [
        (400, r#"{"error":"invalid_grant","error_description":"used"}"#, "invalid_grant", "used"),
        (400, r#"{"error":"invalid_grant"}"#, "invalid_grant", ""),
        (200, r#"{"access_token":null,"error":"invalid_grant"}"#, "invalid_grant", ""),
        (
            403,
            r#"{"error":{"code":"invalid_client","message":"unknown"}}"#,
            "invalid_client",
            "unknown (invalid_client)",
        ),
        (
            400,
            r#"{"message":"Refresh token expired","errors":[{"code":"INVALID_REFRESH_TOKEN","message":"x"}]}"#,
            "",
            "Refresh token expired (INVALID_REFRESH_TOKEN)",
        ),
        (400, r#"{"errors":["one","two"]}"#, "", "one"),
        (400, r#"{"errors":[{"message":"one"},{"message":"two"}]}"#, "", "one"),
        (422, r#"{"code":"NOPE"}"#, "", "NOPE"),
        (
            401,
            r#"{"status":401,"error":"Unauthorized","message":"Bad credentials"}"#,
            "Unauthorized",
            "Bad credentials",
        ),
        (401, r#"{"error":"Bad credentials"}"#, "", "Bad credentials"),
        (401, "", "", ""),
        (403, "blocked by firewall", "", "blocked by firewall"),
        (403, "<html><head><title>Access\n denied</title></head></html>", "", "Access denied"),
        (404, "<html><h1 class=\"x\">Not here</h1></html>", "-", "Not here"),
        (404, r#"{"message":"No such route"}"#, "-", "No such route"),
        (502, "<html><title>Bad Gateway</title></html>", "-", "Bad Gateway"),
        (503, r#"{"error":"invalid_grant","error_description":"later"}"#, "-", "later"),
        (400, "{}", "-", ""),
        (200, r#"{"message":"Refresh token expired"}"#, "-", "Refresh token expired"),
        (302, r#"{"error":"invalid_grant"}"#, "-", ""),
        (400, r#"{"a":{"message":"inner"},"message":"outer"}"#, "", "outer"),
        (400, r#"{"message":"one","message":"two"}"#, "", "two"),
        (400, r#"{"code":"E7","message":"E7: expired"}"#, "", "E7: expired"),
    ];
    for (status, body, code, words) in table {
        let error = refused(status, "", body.as_bytes());
        let found = details(&error).description.as_deref().unwrap_or_default();
        assert_eq!((oauth_code(&error), found), (code, words), "{status} {body}: {error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_pause_until_a_date_counts_from_the_exchange() {
    let later = std::time::UNIX_EPOCH
        + Duration::from_millis(ManualClock::new().now().unix_millis())
        + Duration::from_secs(60);
    let fields = format!("retry-after: {}\r\n", httpdate::fmt_http_date(later));
    let pause = details(&refused(503, &fields, b"")).retry_after.unwrap();
    // A date has no fractions of a second.
    assert!((Duration::from_secs(59)..=Duration::from_secs(60)).contains(&pause), "{pause:?}");
}

#[test]
fn words_beyond_a_length_that_is_too_short_are_read() {
    let body = br#"{"status":400,"message":"Refresh token expired"}"#;
    let error = refused(400, "content-length: 12\r\n", body);
    assert_eq!(details(&error).description.as_deref(), Some("Refresh token expired"));
}

#[test]
fn words_are_read_in_every_charset() {
    let latin1: Vec<u8> = r#"{"message":"Jeton expiré"}"#.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let wide: Vec<u8> = r#"{"message":"Jeton expiré"}"#.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for body in [latin1, wide, r#"{"message":"Jeton expiré"}"#.as_bytes().to_vec()] {
        assert_eq!(details(&refused(400, "", &body)).description.as_deref(), Some("Jeton expiré"));
    }
}

#[test]
fn a_client_that_is_refused_without_a_code_is_told_to_check_its_credentials() {
    for (status, body) in [(401, ""), (403, "no"), (401, r#"{"message":"Bad credentials"}"#)] {
        let error = refused(status, "www-authenticate: Basic realm=\"oauth\"\r\n", body.as_bytes());
        assert_eq!(error.code(), ErrorCode::TokenRefused);
        let shown = error.to_string();
        assert!(shown.contains("check clientId and clientSecret") && !shown.contains("tokenUrl"), "{shown}");
        assert!(details(&error).headers.contains("www-authenticate: Basic realm=\"oauth\""));
    }
}

#[test]
fn what_would_forge_or_flood_a_log_is_left_out() {
    let body =
        format!(r#"{{"error":"x","error_description":"a\r\n\u0007 b\u0000\u202e{}"}}"#, "c".repeat(1000));
    let words = details(&refused(400, "", body.as_bytes())).description.clone().unwrap();
    assert!(words.starts_with("a bccc"), "{words}");
    assert_eq!(words.chars().count(), LONGEST_DESCRIPTION);
    let html = "<title>".to_owned() + &"\u{0}".repeat(100);
    assert_eq!(details(&refused(502, "", html.as_bytes())).description, None);
}

#[test]
fn headers_are_shown_without_secrets() {
    let fields = "X-Request-Id: r-1\r\nSet-Cookie: s=canary\r\nAuthorization: canary\r\nX-Access-Token: canary\r\n\
        X-Api-Key: canary\r\nLocation: https://h/p?code=canary\r\nX-Echo: secret-0123456789\r\nVia: 1.1 p\r\n";
    let head = format!("HTTP/1.1 400 Bad\r\n{fields}\r\n{{\"error\":\"x\"}}");
    let answer = Answer::from_bytes(head.into_bytes()).hiding(["secret-0123456789"]);
    let error = refusal(&answer, ManualClock::new().now(), "");
    assert_eq!(details(&error).request_id.as_deref(), Some("r-1"));
    let mut shown: Vec<_> = details(&error).headers.lines().collect();
    shown.sort_unstable();
    assert_eq!(shown, ["location: https://h/p", "via: 1.1 p", "x-echo: [redacted]", "x-request-id: r-1"]);
}

#[test]
fn a_quote_is_left_out_whatever_hidden_characters_split_it() {
    for split in ["\u{0}", "\u{7}\u{1b}", "\u{200b}", "\u{202e}", "\u{feff}"] {
        let quote = ["secret", "-01234", "56789"].join(split);
        let head = format!("HTTP/1.1 400 Bad\r\nx-request-id: {}\r\n\r\n", quote.replace(split, "\u{7}"));
        let body = format!(r#"{{"error":"x","error_description":"no {quote} here"}}"#);
        let answer = Answer::from_bytes([head, body].concat().into_bytes()).hiding(["secret-0123456789"]);
        let error = refusal(&answer, ManualClock::new().now(), "");
        assert_eq!(details(&error).description.as_deref(), Some("no [redacted] here"), "{split:?}");
        assert_eq!(details(&error).request_id.as_deref(), Some("[redacted]"), "{split:?}");
    }
}

#[test]
fn retry_after_is_digits_or_a_date_for_429_and_503_and_at_most_an_hour() {
    let date = "date: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    let table = [
        (429, "retry-after: 20\r\n".to_owned(), Some(20)),
        (503, "Retry-After: 0\r\n".to_owned(), Some(0)),
        (503, "retry-after: 99999999999999999999999\r\n".to_owned(), Some(3600)),
        (429, format!("{date}retry-after: Thu, 01 Jan 2026 00:00:30 GMT\r\n"), Some(30)),
        (429, format!("{date}retry-after: Wed, 31 Dec 2025 00:00:00 GMT\r\n"), Some(0)),
        (429, "retry-after: -5\r\n".to_owned(), None),
        (429, "retry-after: soon\r\n".to_owned(), None),
        (429, String::new(), None),
        (500, "retry-after: 20\r\n".to_owned(), None),
        (400, "retry-after: 20\r\n".to_owned(), None),
    ];
    for (status, fields, seconds) in table {
        let error = refused(status, &fields, b"");
        assert_eq!(error.token_retry_after(), seconds.map(Duration::from_secs), "{status} {fields}");
    }
    assert!(refused(429, "retry-after: 20\r\n", b"").to_string().ends_with("; it asks for a pause of 20 s"));
}
