//! The three grant types as form fields, and what a token endpoint's answer says. Pure.

use http::StatusCode;
use serde_json::Value;

use crate::clock::Moment;
use crate::error::{Error, OAuthErrorCode, Result};
use crate::secret::Secret;
use crate::token::{AccessToken, RefreshToken, TokenSet, lifetime};

/// Descriptions are cut after so many characters.
const LONGEST_DESCRIPTION: usize = 300;

/// A token exchange, by grant type.
#[derive(Debug, Clone, Copy)]
pub enum TokenRequest<'a> {
    /// RFC 6749 section 4.4. No `scope`: the vendor fixes scopes when the credential is made.
    ClientCredentials,
    /// RFC 6749 section 4.1.3.
    AuthorizationCode {
        /// The code of the callback.
        code: &'a Secret,
        /// The redirect URI of the authorization request, where it is to be sent.
        redirect_uri: Option<&'a str>,
        /// The code verifier of RFC 7636, where PKCE is on.
        code_verifier: Option<&'a Secret>,
    },
    /// RFC 6749 section 6.
    RefreshToken(&'a RefreshToken),
}

/// A form field's value, which may be one not to be printed.
#[derive(Debug, Clone, Copy)]
pub enum Field<'a> {
    /// A value that may be seen.
    Plain(&'a str),
    /// A value that may not.
    Secret(&'a Secret),
}

impl<'a> TokenRequest<'a> {
    /// The fields of the form, without client authentication.
    pub fn fields(self) -> Vec<(&'static str, Field<'a>)> {
        match self {
            Self::ClientCredentials => vec![("grant_type", Field::Plain("client_credentials"))],
            Self::AuthorizationCode { code, redirect_uri, code_verifier } => {
                let mut fields =
                    vec![("grant_type", Field::Plain("authorization_code")), ("code", Field::Secret(code))];
                fields.extend(redirect_uri.map(|uri| ("redirect_uri", Field::Plain(uri))));
                fields.extend(code_verifier.map(|verifier| ("code_verifier", Field::Secret(verifier))));
                fields
            }
            Self::RefreshToken(token) => {
                vec![
                    ("grant_type", Field::Plain("refresh_token")),
                    ("refresh_token", Field::Secret(&token.0)),
                ]
            }
        }
    }
}

/// Reads a token endpoint's answer. `sent` is when the exchange began: a token's life counts from there.
///
/// Success is a 2xx **and** a usable `access_token`: the vendor's endpoint can answer 200 with `{}`.
/// Statuses that say nothing of the exchange (3xx, 429, 5xx) are unavailability, whatever the body says.
pub(super) fn read_answer(status: StatusCode, body: &[u8], sent: Moment) -> Result<TokenSet> {
    if status.is_redirection() || status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(unavailable(status));
    }
    // Some servers write a byte order mark, which is no JSON.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let answer = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(answer)) => answer,
        _ if status.is_success() => return Err(invalid("it is not a JSON object")),
        _ => return Err(unavailable(status)),
    };
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    // Beside tokens an `error` means nothing; to throw those away could cost the grant.
    let failed = !status.is_success() || answer.get("access_token").is_none();
    if let Some(error) = text("error").filter(|_| failed) {
        return Err(Error::TokenRefused {
            error: OAuthErrorCode::parse(error),
            description: text("error_description").map(str::to_owned),
            status: status.as_u16(),
        });
    }
    if !status.is_success() {
        return Err(unavailable(status));
    }
    let value = text("access_token").ok_or_else(|| invalid("it has no access_token"))?;
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid(
            "its access_token is empty, or holds characters that no token may (RFC 6750 section 2.1)",
        ));
    }
    // RFC 6749 section 7.1; but what only spells "Bearer" otherwise must not cost a grant.
    if text("token_type").is_some_and(|kind| !kind.to_ascii_lowercase().contains("bearer")) {
        return Err(invalid("its token_type is not Bearer"));
    }
    let scopes = text("scope").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
    let refresh = text("refresh_token").filter(|token| !token.is_empty());
    Ok(TokenSet {
        access: Some(AccessToken {
            value: Secret::new(value),
            scopes,
            issued: sent,
            lifetime: lifetime(answer.get("expires_in")),
        }),
        refresh: refresh.map(|token| RefreshToken(Secret::new(token))),
    })
}

/// A server's `error_description`, as logs can take it.
pub(super) fn description(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(LONGEST_DESCRIPTION).collect()
}

fn unavailable(status: StatusCode) -> Error {
    let problem = if status.is_redirection() {
        "the token endpoint answered with a redirect, which is never followed; check `tokenUrl`"
    } else if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        "the token endpoint is out of order or overloaded; it is asked again"
    } else {
        "the answer is not one of a token endpoint; check `tokenUrl`"
    };
    Error::TokenUnavailable {
        problem: problem.into(),
        status: Some(status.as_u16()),
        sent: true,
        source: None,
    }
}

fn invalid(problem: &'static str) -> Error {
    Error::TokenInvalid { problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock as _, ManualClock};
    use crate::error::ErrorCode;

    fn read(status: u16, body: &str) -> Result<TokenSet> {
        read_answer(StatusCode::from_u16(status).unwrap(), body.as_bytes(), ManualClock::new().now())
    }

    fn code(status: u16, body: &str) -> ErrorCode {
        read(status, body).unwrap_err().code()
    }

    #[test]
    fn reads_a_whole_answer() {
        let tokens = read(
            200,
            r#"{"access_token":"at","token_type":"bearer","expires_in":1799,"refresh_token":"rt","scope":"a b"}"#,
        )
        .unwrap();
        assert_eq!(tokens.access.as_ref().unwrap().value, Secret::new("at"));
        assert_eq!(tokens.access.as_ref().unwrap().lifetime, Duration::from_secs(1799));
        assert_eq!(tokens.access.as_ref().unwrap().scopes, ["a", "b"]);
        assert_eq!(tokens.refresh, Some(RefreshToken(Secret::new("rt"))));
    }

    #[test]
    fn only_the_access_token_is_needed() {
        for body in [
            r#"{"access_token":"at"}"#,
            r#"{"access_token":"at","refresh_token":null,"scope":null,"token_type":null,"expires_in":null}"#,
            r#"{"access_token":"at","refresh_token":""}"#,
            "\u{feff}{\"access_token\":\"at\"}",
            r#"{"access_token":"at","error":""}"#,
            r#"{"access_token":"at","token_type":"BearerToken"}"#,
        ] {
            let tokens = read(200, body).unwrap();
            assert_eq!(tokens.access.as_ref().unwrap().value, Secret::new("at"));
            assert_eq!(tokens.refresh, None, "an omitted refresh token means: keep the old one");
            assert_eq!(tokens.access.as_ref().unwrap().lifetime, Duration::from_secs(1800));
        }
    }

    #[test]
    fn a_success_without_a_usable_token_is_no_success() {
        for body in [
            "{}",
            "",
            "[]",
            "null",
            "\"at\"",
            "<html>login</html>",
            r#"{"access_token":"#,
            r#"{"access_token":"at","expires_in":18"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":null}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\r\nX-Evil: 1"}"#,
            r#"{"access_token":"é"}"#,
            r#"{"access_token":"at","token_type":"mac"}"#,
        ] {
            assert_eq!(code(200, body), ErrorCode::TokenInvalid, "{body}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(code(200, &deep), ErrorCode::TokenInvalid);
    }

    #[test]
    fn an_oauth_error_is_one_with_any_status_of_the_client() {
        for status in [200, 400, 401, 403] {
            let error = read(status, r#"{"error":"invalid_grant","error_description":"used"}"#).unwrap_err();
            assert!(
                matches!(&error, Error::TokenRefused { error: OAuthErrorCode::InvalidGrant, description: Some(text), .. } if text == "used"),
                "{status}: {error:?}"
            );
        }
    }

    #[test]
    fn answers_that_are_not_about_the_exchange_are_unavailability() {
        for (status, body) in [
            (302, ""),
            (307, r#"{"access_token":"at"}"#),
            (404, "<html>"),
            (403, "blocked by firewall"),
            (400, "{}"),
            (401, r#"{"message":"no"}"#),
            (429, r#"{"error":"invalid_grant"}"#),
            (500, r#"{"error":"invalid_grant"}"#),
            (503, ""),
        ] {
            assert_eq!(code(status, body), ErrorCode::TokenUnavailable, "{status} {body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(status in 100u16..600, body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = read_answer(StatusCode::from_u16(status).unwrap(), &body, ManualClock::new().now());
        }
    }
}
