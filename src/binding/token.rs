//! [`NativeToken`]: an access token on its way to the caller of `token()`.

use napi_derive::napi;

use super::convert::number;
use crate::lifecycle::CurrentToken;

/// An access token. The face puts it into a class that does not print it.
#[napi(object, object_from_js = false)]
pub struct NativeToken {
    /// The token itself.
    pub access_token: String,
    /// When the token expires, in milliseconds since the Unix epoch.
    pub expires_at: f64,
    /// The scopes of the token, as far as the server named them.
    pub scopes: Vec<String>,
}

impl From<&CurrentToken> for NativeToken {
    fn from(current: &CurrentToken) -> Self {
        Self {
            access_token: current.token.value.expose().to_owned(),
            expires_at: number(current.token.expires_at()),
            scopes: current.token.scopes.clone(),
        }
    }
}
