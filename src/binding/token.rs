//! [`NativeToken`]: an access token on its way to whoever asked for it by `token()`.

use napi_derive::napi;

use crate::lifecycle::CurrentToken;

/// An access token. The face puts it into a class that does not print it.
#[napi(object, object_from_js = false)]
pub struct NativeToken {
    /// The token.
    pub access_token: String,
    /// When it expires, in milliseconds since the Unix epoch.
    pub expires_at: f64,
    /// Its scopes, as far as the server named them.
    pub scopes: Vec<String>,
}

impl From<&CurrentToken> for NativeToken {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact for 285,000 years")]
    fn from(held: &CurrentToken) -> Self {
        Self {
            access_token: held.token.value.expose().to_owned(),
            expires_at: held.token.expires_at() as f64,
            scopes: held.token.scopes.clone(),
        }
    }
}
