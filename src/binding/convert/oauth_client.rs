//! [`oauth_client`]: a client id and secret, and how they are sent.

use napi_derive::napi;

use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::Result;

/// How a client sends its id and secret to the token endpoint (RFC 6749 section 2.3.1).
#[napi(string_enum = "lowercase")]
pub enum NativeClientAuth {
    /// As `client_id` and `client_secret` in the form.
    Body,
    /// By HTTP Basic.
    Basic,
}

impl From<NativeClientAuth> for ClientAuthentication {
    fn from(authentication: NativeClientAuth) -> Self {
        match authentication {
            NativeClientAuth::Body => Self::Body,
            NativeClientAuth::Basic => Self::Basic,
        }
    }
}

/// Checks a client id and secret. Without an `authentication` they are sent in the form.
pub(crate) fn oauth_client(
    id: String,
    secret: String,
    authentication: Option<NativeClientAuth>,
) -> Result<OAuthClient> {
    OAuthClient::new(id, secret, authentication.map(Into::into).unwrap_or_default())
}
