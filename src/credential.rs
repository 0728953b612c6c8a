//! What a client authenticates with. Each credential is checked when it is created.

use std::borrow::Cow;

use zeroize::Zeroize as _;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// An API key of a customer or a partner, sent in the header `X-SmartToken`.
#[derive(Debug, Clone)]
pub struct ApiKey(Secret);

/// An access token that the caller obtains and renews.
#[derive(Debug, Clone)]
pub struct BearerToken(Secret);

/// A client registered with the authorization server (RFC 6749 section 2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OAuthClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: Secret,
    /// How the client authenticates to the token endpoint.
    pub authentication: ClientAuthentication,
}

/// How a client authenticates to the token endpoint (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClientAuthentication {
    /// By `client_id` and `client_secret` in the form, as in the vendor's examples.
    #[default]
    Body,
    /// By HTTP Basic, which the vendor also accepts.
    Basic,
}

impl ApiKey {
    /// Accepts any visible ASCII text, since the vendor's keys vary in length and prefix. Fails with
    /// [`Error::Configuration`] that does not quote the text.
    pub fn new(value: String) -> Result<Self> {
        visible_ascii("apiKey", value).map(Self)
    }

    /// The secret text of the key.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl BearerToken {
    /// Accepts any visible ASCII text, since the vendor's tokens are opaque. Fails with [`Error::Configuration`] that
    /// does not quote the text.
    pub fn new(value: String) -> Result<Self> {
        visible_ascii("accessToken", value).map(Self)
    }

    /// The secret text of the token.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl OAuthClient {
    /// Accepts printable ASCII without blanks (RFC 6749 appendix A.1 and A.2). Fails with [`Error::Configuration`] that
    /// names `clientId` or `clientSecret`.
    pub fn new(id: String, secret: String, authentication: ClientAuthentication) -> Result<Self> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::configuration("clientId", problem_of(&id)));
        }
        Ok(Self { id, secret: visible_ascii("clientSecret", secret)?, authentication })
    }
}

/// Checks a secret for use in a header, a form or a store: it must be visible ASCII. Fails with
/// [`Error::Configuration`] that names `field`.
pub fn visible_ascii(field: impl Into<Cow<'static, str>>, mut value: String) -> Result<Secret> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        let problem = problem_of(&value);
        value.zeroize();
        return Err(Error::configuration(field, problem));
    }
    Ok(Secret::new(value))
}

fn problem_of(value: &str) -> &'static str {
    let scheme = value.get(..7).is_some_and(|begin| begin.eq_ignore_ascii_case("bearer "));
    if value.is_empty() {
        "must not be empty"
    } else if scheme {
        "must be the token alone, without the word `Bearer`"
    } else {
        "must be visible ASCII characters without blanks or line breaks; look for one at its end"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_length_and_prefix_are_taken() {
        for key in ["x", "DCRA1-0123456789abcdef", "pp-0123", &"k".repeat(64)] {
            assert!(ApiKey::new(key.to_owned()).is_ok(), "{key}");
        }
    }

    #[test]
    fn what_no_header_can_carry_is_refused_without_being_shown() {
        for key in ["", "canary\n", "canary\r\nX-Evil: 1", "can ary", "canary\0", "canaryé"] {
            let error = ApiKey::new(key.to_owned()).unwrap_err();
            assert!(matches!(&error, Error::Configuration { field, .. } if field == "apiKey"), "{key}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{key}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let client = OAuthClient::new("id".into(), "canary".into(), ClientAuthentication::Body).unwrap();
        let shown = format!(
            "{client:?} {:?} {:?}",
            ApiKey::new("canary".into()).unwrap(),
            BearerToken::new("canary".into()).unwrap()
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
}
