//! [`CallbackAuthentication`]: how the vendor authenticates to a receiver, besides its signature.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::{Choice, ConstantTimeEq as _};
use url::form_urlencoded;

use super::callback_token;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// What a subscription's `callbackAuthentication` says. The vendor sends it with each request.
#[derive(Debug, Clone)]
pub enum CallbackAuthentication {
    /// HTTP Basic.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A header of the receiver's own.
    Header {
        /// The header's value. The face knows its name.
        value: Secret,
    },
    /// An access token, which the vendor requests from the receiver with client credentials.
    OAuth2 {
        /// The vendor's client id.
        client_id: String,
        /// The vendor's client secret.
        client_secret: Secret,
    },
}

/// Why a request for an access token was refused, as RFC 6749 section 5.2 names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefusal {
    /// The client id or the client secret is wrong or missing.
    InvalidClient,
    /// The request is not for client credentials.
    UnsupportedGrantType,
}

impl CallbackAuthentication {
    /// Whether a request authenticates. `authorization` is its header of that name, and `header` its header of the
    /// receiver's own, each empty if it is missing. `now` is in seconds since the Unix epoch.
    pub fn accepts(&self, authorization: &str, header: &str, now: u64) -> bool {
        match self {
            Self::Basic { username, password } => basic(authorization)
                .is_some_and(|(user, secret)| is_pair((username, password), (&user, &secret)).into()),
            Self::Header { value } => is_secret(value, header).into(),
            Self::OAuth2 { client_secret, .. } => credentials("bearer", authorization)
                .is_some_and(|token| callback_token::is_valid(token, client_secret, now)),
        }
    }

    /// Answers a request for an access token, whose body is `form`. Fails with [`Error::Configuration`] if the
    /// receiver does not authenticate by OAuth 2.
    pub fn issue(
        &self,
        authorization: &str,
        form: &[u8],
        now: u64,
    ) -> Result<std::result::Result<String, TokenRefusal>> {
        let Self::OAuth2 { client_id, client_secret } = self else {
            let problem = "must be of type `oauth2` for a token endpoint";
            return Err(Error::configuration("callbackAuthentication", problem));
        };
        let form: HashMap<_, _> = form_urlencoded::parse(form).into_owned().collect();
        if form.get("grant_type").is_none_or(|grant| grant != "client_credentials") {
            return Ok(Err(TokenRefusal::UnsupportedGrantType));
        }
        let known = (client_id, client_secret);
        let empty = String::new();
        let in_form = (
            form.get("client_id").unwrap_or(&empty).as_str(),
            form.get("client_secret").unwrap_or(&empty).as_str(),
        );
        let (user, secret) = basic(authorization).unwrap_or_default();
        // RFC 6749 section 2.3.1 encodes both parts, which not every client does.
        let decoded = |text: &str| {
            form_urlencoded::parse(format!("a={text}").as_bytes()).next().map(|(_, b)| b.into_owned())
        };
        let (user_decoded, secret_decoded) =
            (decoded(&user).unwrap_or_default(), decoded(&secret).unwrap_or_default());
        let right = is_pair(known, in_form)
            | is_pair(known, (&user, &secret))
            | is_pair(known, (&user_decoded, &secret_decoded));
        if right.into() {
            callback_token::issue(client_secret, now).map(Ok)
        } else {
            Ok(Err(TokenRefusal::InvalidClient))
        }
    }
}

/// The user and the password of HTTP Basic (RFC 7617).
fn basic(authorization: &str) -> Option<(String, String)> {
    let pair = String::from_utf8(STANDARD.decode(credentials("basic", authorization)?).ok()?).ok()?;
    pair.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// What follows the name of an authentication scheme.
fn credentials<'a>(scheme: &str, authorization: &'a str) -> Option<&'a str> {
    let (name, rest) = authorization.trim().split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// Whether both are equal, in a time that says nothing about either.
fn is_pair(known: (&String, &Secret), given: (&str, &str)) -> Choice {
    is_secret(&Secret::new(known.0), given.0) & is_secret(known.1, given.1)
}

/// Digests have one length, so that comparing them reveals none.
fn is_secret(known: &Secret, given: &str) -> Choice {
    known.digest()[..].ct_eq(&Secret::new(given).digest()[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn in_base64(text: &str) -> String {
        STANDARD.encode(text)
    }

    fn oauth2() -> CallbackAuthentication {
        CallbackAuthentication::OAuth2 {
            client_id: "vendor".into(),
            client_secret: Secret::new("a secret+of 100%"),
        }
    }

    #[test]
    fn basic_wants_both_parts_as_they_are() {
        let known = CallbackAuthentication::Basic { username: "sr".into(), password: Secret::new("a:b") };
        for good in ["Basic ", "basic ", " BASIC  "] {
            assert!(known.accepts(&format!("{good}{}", in_base64("sr:a:b")), "", NOW), "{good}");
        }
        for bad in ["sr:a:c", "sr:a:b ", "s:a:b", "sra:b", ":a:b", ""] {
            assert!(!known.accepts(&format!("Basic {}", in_base64(bad)), "", NOW), "{bad}");
        }
        for bad in ["", "Basic", "Basic !", "Bearer x", &in_base64("sr:a:b")] {
            assert!(!known.accepts(bad, "", NOW), "{bad}");
        }
    }

    #[test]
    fn a_header_wants_its_value() {
        let known = CallbackAuthentication::Header { value: Secret::new("value") };
        assert!(known.accepts("", "value", NOW));
        for bad in ["", "valu", "value ", "Value"] {
            assert!(!known.accepts("", bad, NOW), "{bad}");
        }
    }

    #[test]
    fn a_token_is_issued_for_the_clients_secret_and_accepted_while_it_lives() {
        let form = b"grant_type=client_credentials&client_id=vendor&client_secret=a+secret%2Bof+100%25";
        let token = oauth2().issue("", form, NOW).unwrap().unwrap();
        for basic in ["vendor:a secret+of 100%", "vendor:a+secret%2Bof+100%25"] {
            let authorization = format!("Basic {}", in_base64(basic));
            let issued = oauth2().issue(&authorization, b"grant_type=client_credentials", NOW).unwrap();
            assert!(issued.is_ok(), "{basic}");
        }
        let bearer = format!("Bearer {token}");
        assert!(oauth2().accepts(&bearer, "", NOW));
        assert!(oauth2().accepts(&bearer, "", NOW + callback_token::LIFETIME - 1));
        assert!(!oauth2().accepts(&bearer, "", NOW + callback_token::LIFETIME));
        assert!(!oauth2().accepts(&bearer.replace("Bearer", "Basic"), "", NOW));
        let other =
            CallbackAuthentication::OAuth2 { client_id: "vendor".into(), client_secret: Secret::new("x") };
        assert!(!other.accepts(&bearer, "", NOW), "another secret");
    }

    #[test]
    fn a_token_is_refused_for_the_reason_that_oauth_names() {
        let issue = |form: &str| oauth2().issue("", form.as_bytes(), NOW).unwrap().unwrap_err();
        assert_eq!(issue(""), TokenRefusal::UnsupportedGrantType);
        assert_eq!(issue("grant_type=password&client_id=vendor"), TokenRefusal::UnsupportedGrantType);
        assert_eq!(issue("grant_type=client_credentials"), TokenRefusal::InvalidClient);
        assert_eq!(
            issue("grant_type=client_credentials&client_id=vendor&client_secret=no"),
            TokenRefusal::InvalidClient
        );
        let header = CallbackAuthentication::Header { value: Secret::new("value") };
        assert!(header.issue("", b"", NOW).unwrap_err().to_string().contains("oauth2"));
    }

    #[test]
    fn it_prints_no_secret() {
        let printed = format!("{:?}", oauth2());
        assert!(printed.contains("vendor") && !printed.contains("100%"), "{printed}");
    }
}
