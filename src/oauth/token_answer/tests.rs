use std::time::Duration;

use super::*;
use crate::clock::{Clock as _, ManualClock};
use crate::error::{Error, ErrorCode};
use crate::oauth::is_worth_keeping;

fn answer(status: u16, body: &[u8]) -> Answer {
    let head = format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n\r\n");
    Answer::from_bytes([head.as_bytes(), body].concat())
}

fn presented() -> RefreshToken {
    RefreshToken(Secret::new("rt1"))
}

fn read_of(answer: &Answer) -> Result<TokenSet> {
    read_tokens(answer, ManualClock::new().now(), Some(&presented()))
}

fn read(status: u16, body: &str) -> Result<TokenSet> {
    read_of(&answer(status, body.as_bytes()))
}

fn code(status: u16, body: &str) -> ErrorCode {
    read(status, body).unwrap_err().code()
}

/// Reads an answer that says that its body is `length` bytes long.
fn read_with_length(length: usize, body: &str) -> Result<TokenSet> {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    read_of(&Answer::from_bytes([head, body.to_owned()].concat().into_bytes()))
}

/// The two tokens, `-` for one that is absent.
fn shown(tokens: &TokenSet) -> String {
    let access = tokens.access.as_ref().map_or("-", |access| access.value.expose());
    let refresh = tokens.refresh.as_ref().map_or("-", |refresh| refresh.0.expose());
    format!("{access} {refresh}")
}

fn is_kept(status: u16, body: &str) -> bool {
    is_worth_keeping(&answer(status, body.as_bytes()), Some(&presented()))
}

#[test]
fn reads_a_whole_answer() {
    let body =
        r#"{"access_token":"at","token_type":"bearer","expires_in":1799,"refresh_token":"rt","scope":"a b"}"#;
    let tokens = read(200, body).unwrap();
    assert_eq!(shown(&tokens), "at rt");
    let access = tokens.access.unwrap();
    assert_eq!(access.lifetime, Duration::from_secs(1799));
    assert_eq!(access.scopes, ["a", "b"]);
}

#[test]
fn nothing_beside_the_tokens_costs_them() {
    let nested =
        format!(r#"{{"x":{}{},"access_token":"at","refresh_token":"rt"}}"#, "[".repeat(200), "]".repeat(200));
    let long = format!(r#"{{"access_token":"at","scope":"{}","refresh_token":"rt"}}"#, "a ".repeat(40_000));
    for body in [
        r#"{"access_token":"at","refresh_token":"rt","token_type":"mac"}"#,
        r#"{"access_token":"at","refresh_token":"rt","token_type":""}"#,
        r#"{"access_token":"at","refresh_token":"rt","token_type":{"a":1}}"#,
        r#"{"access_token":"at","refresh_token":"rt","expires_in":1e400,"x":NaN,}"#,
        r#"{"access_token":"at","refresh_token":"rt","user":"\ud800"}"#,
        r#"{"access_token":"at","refresh_token":"rt","user":"a"b"}"#,
        r#"{"access_token":"at","refresh_token":"rt","user":"#,
        r#"{"access_token":"at","refresh_token":"rt""#,
        r#"{"accessToken":"at","refreshToken":"rt","expiresIn":5}"#,
        r#"{"refresh_token":"","access_token":"at","refresh_token":"rt","refresh_token":null}"#,
        r#"{"refresh_token":"old","access_token":"at","refresh_token":"rt"}"#,
        r#"{"refresh_token":"rt","access_token":"at","refresh_token":"rt1"}"#,
        r#"[{"access_token":"at","refresh_token":"rt"}]"#,
        r#"{"data":{"access_token":"at","refresh_token":"rt"}}"#,
        r#"{"result":"{\"access_token\":\"at\",\"refresh_token\":\"rt\"}"}"#,
        r#""{\"access_token\":\"at\",\"refresh_token\":\"rt\"}""#,
        r#"{"previous":{"refresh_token":"x"},"access_token":"at","refresh_token":"rt"}"#,
        r#"{"access_token":"at","tokens":{"refresh_token":"rt"}}"#,
        r#"callback({"access_token":"at","refresh_token":"rt"});"#,
        ")]}',\n{\"access_token\":\"at\",\"refresh_token\":\"rt\"}",
        "while(1);{\"access_token\":\"at\",\"refresh_token\":\"rt\"}",
        "\u{feff}\n{\"access_token\":\"at\",\"refresh_token\":\"rt\"}\n<!-- it's slow -->",
        "<style>body{color:red}</style><pre class=\"it's\">{\"access_token\":\"at\",\"refresh_token\":\"rt\"}</pre>",
        "<pre>{&quot;access_token&quot;:&#34;at&#x22;,&quot;refresh_token&quot;:&quot;rt&quot;}</pre>",
        "{'access_token':'at','refresh_token':'rt'}",
        "{access_token:\"at\", /* new */ refresh_token:\"rt\" // }\n}",
        "access_token=at&token_type=bearer&refresh_token=rt&expires_in=1799",
        "{\"refresh\\u005ftoken\":\"r\\u0074\",\"access_token\":\"at\"}",
        &nested,
        &long,
    ] {
        for status in [200, 201, 203, 299] {
            let tokens = read(status, body).unwrap_or_else(|error| panic!("{body}: {error:?}"));
            assert_eq!(shown(&tokens), "at rt", "{body}");
        }
        let tokens =
            read(500, body).unwrap_or_else(|error| panic!("beside an error status: {body}: {error:?}"));
        assert_eq!(shown(&tokens), "at rt", "{body}");
    }
}

#[test]
fn of_several_values_one_is_preferred() {
    let two = r#"[{"access_token":"at","refresh_token":"rt"},{"access_token":"x","refresh_token":"y"}]"#;
    assert_eq!(shown(&read(200, two).unwrap()), "at rt");
    let in_a_text = answer(200, br#""{\"access_token\":\"at\"}""#);
    assert_eq!(shown(&read_tokens(&in_a_text, ManualClock::new().now(), None).unwrap()), "at -");
    for (members, lifetime, scopes) in [
        (r#""expires_in":5,"x":{"expires_in":9},"scope":"a","y":{"scope":"b"}"#, 5, vec!["a"]),
        (r#""expires_in":5,"expires_in":9,"scope":"a","scope":"b""#, 9, vec!["b"]),
        (r#""x":{"expires_in":5,"scope":"a"},"expires_in":9,"scope":"b c""#, 9, vec!["b", "c"]),
        (r#""scope":["a","b"],"expires_in":7"#, 7, vec!["a", "b"]),
    ] {
        let access = read(200, &format!(r#"{{"access_token":"at",{members}}}"#)).unwrap().access.unwrap();
        assert_eq!(
            (access.lifetime, access.scopes),
            (Duration::from_secs(lifetime), scopes.into_iter().map(str::to_owned).collect()),
            "{members}"
        );
    }
}

#[test]
fn a_stray_quote_hides_no_member_after_it_and_replaces_none_before_it() {
    let (early, late) = (
        r#"{"access_token":"at","expires_in":5,"scope":"a","note":"a"b","x":{"access_token":"old","expires_in":9,"scope":"b"},"refresh_token":"rt"}"#,
        r#"{"note":"a"b","access_token":"at","expires_in":5,"scope":"a","refresh_token":"rt"}"#,
    );
    for body in [early, late] {
        let tokens = read(200, body).unwrap();
        assert_eq!(shown(&tokens), "at rt", "{body}");
        let access = tokens.access.unwrap();
        assert_eq!(
            (access.lifetime, access.scopes),
            (Duration::from_secs(5), vec!["a".to_owned()]),
            "{body}"
        );
    }
    let refresh_first =
        r#"{"refresh_token":"rt","note":"a"b","x":{"refresh_token":"old"},"access_token":"at"}"#;
    assert_eq!(shown(&read(200, refresh_first).unwrap()), "at rt");
}

#[test]
fn a_body_is_read_beyond_its_stated_length_if_that_cuts_it_off() {
    let body = r#"{"access_token":"at","scope":"a","refresh_token":"rt"}"#;
    assert_eq!(shown(&read_with_length(32, body).unwrap()), "at rt");
    assert_eq!(shown(&read_with_length(5, r#"{"x":1,"refresh_token":"rt"}"#).unwrap()), "- rt");
    // What follows a whole answer is another one's.
    let two = r#"{"access_token":"at"}{"access_token":"x","refresh_token":"y"}"#;
    assert_eq!(shown(&read_with_length(21, two).unwrap()), "at -");
}

#[test]
fn a_token_may_be_as_long_as_a_request_can_carry() {
    let longest = "t".repeat(64 * 1024);
    let body = |token: &str| format!(r#"{{"access_token":"at","refresh_token":"{token}"}}"#);
    assert_eq!(
        read(200, &body(&longest)).unwrap().refresh,
        Some(RefreshToken(Secret::new(longest.as_str())))
    );
    assert_eq!(code(200, &body(&format!("{longest}t"))), ErrorCode::TokenInvalid);
}

#[test]
fn the_error_says_which_token_is_missing_or_damaged() {
    for (body, problem) in [
        ("{}", "it has no access_token"),
        (r#"{"access_token":"a t"}"#, "its access_token is damaged"),
        (r#"{"access_token":"at","refresh_token":"r t"}"#, "its refresh_token is damaged"),
    ] {
        let error = read(200, body).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_refresh_token_counts_without_a_usable_access_token() {
    for body in [
        r#"{"access_token":null,"refresh_token":"rt"}"#,
        r#"{"access_token":"a t","refresh_token":"rt"}"#,
        r#"{"access_token":"at\n","refresh_token":"rt"}"#,
        r#"{"access_token":"é","refresh_token":"rt"}"#,
        r#"{"access_token":{"value":"at"},"refresh_token":"rt"}"#,
        r#"{"refresh_token":"rt"}"#,
        r#"{"refresh_token":"rt","access_token":"at"#,
    ] {
        assert_eq!(shown(&read(200, body).unwrap()), "- rt", "{body}");
        assert_eq!(code(500, body), ErrorCode::TokenUnavailable, "{body}: an error may quote it");
        assert!(is_kept(500, body), "{body}: so it is kept");
    }
}

#[test]
fn a_refresh_token_that_is_a_number_keeps_its_digits() {
    let body = r#"{"access_token":"at","refresh_token":123456789012345678901234567890}"#;
    assert_eq!(shown(&read(200, body).unwrap()), "at 123456789012345678901234567890");
    for number in ["-1", "1.5", "1e400", "NaN", "0x12", "222"] {
        // The last one may be cut off.
        let end = if number == "222" { "" } else { "}" };
        let body = format!(r#"{{"access_token":"at","refresh_token":{number}{end}"#);
        assert_eq!(code(200, &body), ErrorCode::TokenInvalid, "{body}");
    }
}

#[test]
fn a_damaged_refresh_token_is_refused_and_kept() {
    for value in [
        "\"r t\"",
        "\"rt\\n\"",
        "\"rt\\u0000\"",
        "\"r\u{7f}\"",
        "\"é\"",
        "\"r",
        "\"rt\" \"",
        "\"r\"t\"",
        "\"\\x\"",
        "[1]",
        "{\"a\":1}",
        "true",
        "\"rt\r\nx\"",
    ] {
        let body = format!(r#"{{"access_token":"at","refresh_token":{value},"scope":"a"}}"#);
        assert_eq!(code(200, &body), ErrorCode::TokenInvalid, "{body}");
        assert!(is_kept(200, &body), "{body}");
    }
}

#[test]
fn an_omitted_refresh_token_means_to_keep_the_old_one() {
    for body in [
        r#"{"access_token":"at"}"#,
        r#"{"access_token":"at","refresh_token":null,"scope":null,"token_type":null,"expires_in":null}"#,
        r#"{"access_token":"at","refresh_token":""}"#,
        r#"{"access_token":"at","refresh_token":false,"refresh_expires_in":0,"not-before-policy":0}"#,
        "\u{feff}{\"access_token\":\"at\"}",
        "{\n  \"access_token\": \"at\"\n}\n",
        "access_token=at&token_type=bearer",
        r#"{"access_token":"at","error":"","id_token":"x.y.z"}"#,
        r#"{"access_token":"at-token-1","x":NaN}"#,
    ] {
        let tokens = read(200, body).unwrap();
        assert_eq!(tokens.refresh, None, "{body}");
        assert_eq!(tokens.access.unwrap().lifetime, Duration::from_secs(1800), "{body}");
    }
}

#[test]
fn a_refresh_token_that_may_be_hidden_is_not_taken_for_omitted() {
    for body in [
        r#"{"access_token":"at","refresh_tokem":"rt"}"#,
        r#"{"access_token":"at","refresh_token"X"rt"}"#,
        r#"{"access_token":"at","refr"sh_token":"rt"}"#,
        r#"{"access_token":"at","expires_in":17"#,
    ] {
        assert_eq!(code(200, body), ErrorCode::TokenInvalid, "{body}");
        assert!(is_kept(200, body), "{body}");
    }
}

#[test]
fn a_success_without_a_usable_token_is_not_one() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "{}",
        "",
        "[]",
        "null",
        "\"at\"",
        "<html>login</html>",
        r#"{"access_token":"#,
        r#"{"access_token":""}"#,
        r#"{"access_token":7}"#,
        r#"{"access_token":"a b"}"#,
        r#"{"access_token":"a\r\nX-Evil: 1"}"#,
        r#"{"access_token":"at","refresh_token":"#,
        &deep,
    ] {
        assert_eq!(code(200, body), ErrorCode::TokenInvalid, "{body:.60}");
        assert!(is_kept(200, body), "{body:.60}");
    }
}

#[test]
fn refusals_that_hold_nothing_are_not_kept() {
    for (status, body) in [
        (400, r#"{"error":"invalid_grant"}"#),
        (400, r#"{"error":"invalid_grant","refresh_token":"rt1"}"#),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"The refresh token is expired","token_type":"x"}"#,
        ),
        (400, r#"{"errors":[{"field":"refresh_token","message":"must not be blank"}]}"#),
        (400, "grant_type=… is unknown"),
        (200, r#"{"access_token":null,"error":"invalid_grant"}"#),
        (401, ""),
        (502, "<html><style>body{color:red}</style><h1>Bad Gateway</h1></html>"),
        (503, r#"{"id":"d0c1b2a3-0000-4000-8000-000000000000"}"#),
        (500, r#"{"access_token":7}"#),
    ] {
        assert!(!is_kept(status, body), "{status} {body}");
    }
    let wide: Vec<u8> = r#"{"error":"invalid_grant"}"#.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(!is_worth_keeping(&answer(400, &wide), None), "it is understood in its own charset");
    for (status, body) in [
        (400, r#"{"error":"x","refresh_token":"rt2"}"#),
        (500, r#"{"access_token":"at"}"#),
        (500, r#"{"refreshToken":"rt2","oops"#),
        (302, "access_token=at&refresh_token=rt"),
        (500, r#"{"clientId":"i","clientSecret":"s"}"#),
        (200, "<html>login</html>"),
        (500, r#"{"refresh_token":12345}"#),
        (500, r#"{"message":"the next token is rt2"#),
        (502, "\u{1}\u{8}\u{1f}"),
    ] {
        assert!(is_kept(status, body), "{status} {body}");
    }
    let challenge = "HTTP/1.1 401 No\r\nwww-authenticate: Bearer error=\"invalid_token\"\r\nset-cookie: csrf-token=x\r\n\r\n";
    assert!(!is_worth_keeping(&Answer::from_bytes(challenge.as_bytes().to_vec()), None));
    assert!(!is_worth_keeping(&Answer::from_bytes(Vec::new()), None));
    assert!(is_worth_keeping(&Answer::from_bytes(b"HTP/1.1 2".to_vec()), None));
}

#[test]
fn a_redirect_with_an_access_token_is_not_a_success() {
    assert_eq!(code(307, r#"{"access_token":"at"}"#), ErrorCode::TokenUnavailable);
    assert_eq!(code(500, r#"{"access_token":"at","refresh_token":"rt1"}"#), ErrorCode::TokenUnavailable);
}

#[test]
fn scopes_are_a_string_or_an_array() {
    let scopes = |scope: &str| {
        let body = format!(r#"{{"access_token":"at","scope":{scope},"user":{{"scope":"other"}}}}"#);
        read(200, &body).unwrap().access.unwrap().scopes.join(",")
    };
    assert_eq!(scopes(r#""a  b""#), "a,b");
    assert_eq!(scopes(r#"["a","b c"]"#), "a,b,c");
    assert_eq!(scopes("7"), "other", "there is no other");
    assert_eq!(scopes(r#""a é""#), "a");
}

#[test]
fn no_error_holds_a_token_of_the_answer() {
    for body in [
        r#"{"access_token":"canary canary","refresh_token":"canary canary"}"#,
        r#"{"refresh_token":"canary"#,
        "canary",
    ] {
        let error = read(200, body).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let answer = answer(200, b"canary");
    assert!(!format!("{answer:?}").contains("canary"));
}

#[test]
fn statuses_that_are_not_about_the_exchange_are_unavailability() {
    for (status, body) in [
        (302, ""),
        (404, "<html>"),
        (400, "{}"),
        (429, r#"{"error":"invalid_grant"}"#),
        (500, r#"{"error":"invalid_grant"}"#),
        (503, ""),
    ] {
        let error = read(status, body).unwrap_err();
        assert!(
            matches!(error, Error::TokenUnavailable { status: Some(found), sent: true, .. } if found == status),
            "{status} {body}: {error:?}"
        );
    }
    let error = read_of(&Answer::from_bytes(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())).unwrap_err();
    assert!(matches!(error, Error::TokenUnavailable { status: None, sent: true, .. }), "{error:?}");
}

mod mutated;
