//! Credentials as opaque handles: a secret that has come in here never goes back to JavaScript.

use std::sync::Arc;

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::app::sealing;
use super::error::NativeError;
use super::store::NativeStore;
use crate::client::Credential;
use crate::credential::{ApiKey, BearerToken, ClientAuthentication, OAuthClient};
use crate::error::{Error, Result};
use crate::http::parse_secure_url;
use crate::lifecycle::ClientCredentials;
use crate::store::SealedStore;

/// What a client authenticates with.
#[napi]
pub struct NativeCredential(pub(super) Credential);

/// How a client proves itself to the token endpoint (RFC 6749 section 2.3.1).
#[napi(string_enum = "lowercase")]
pub enum NativeClientAuth {
    /// `client_id` and `client_secret` in the form.
    Body,
    /// HTTP Basic.
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

/// An API key, a customer's or a partner's.
#[napi(catch_unwind)]
pub fn api_key(key: String) -> Either<NativeCredential, NativeError> {
    either(ApiKey::new(key).map(|key| NativeCredential(Credential::ApiKey(key))))
}

/// An access token that somebody else renews.
#[napi(catch_unwind)]
pub fn bearer_token(token: String) -> Either<NativeCredential, NativeError> {
    either(BearerToken::new(token).map(|token| NativeCredential(Credential::BearerToken(token))))
}

/// A client id and secret. With a `store`, their tokens are shared there; `encryption_keys`: none if nobody said
/// anything, empty if records are to be plain.
#[napi(catch_unwind)]
pub fn client_credentials(
    client_id: String,
    client_secret: String,
    client_auth: Option<NativeClientAuth>,
    token_url: Option<String>,
    store: Option<&NativeStore>,
    encryption_keys: Option<Vec<String>>,
) -> Either<NativeCredential, NativeError> {
    either((|| {
        let client = oauth_client(client_id, client_secret, client_auth)?;
        let token_url = token_url.map(|url| parse_secure_url("tokenUrl", &url)).transpose()?;
        let sealing = encryption_keys.map(sealing).transpose()?;
        let store = store.map(|store| SealedStore::new(Arc::clone(&store.0), sealing)).transpose()?;
        let credentials = Arc::new(ClientCredentials::new(client, token_url, store));
        Ok(NativeCredential(Credential::ClientCredentials(credentials)))
    })())
}

pub(super) fn oauth_client(
    id: String,
    secret: String,
    authentication: Option<NativeClientAuth>,
) -> Result<OAuthClient> {
    OAuthClient::new(id, secret, authentication.map(Into::into).unwrap_or_default())
}

/// A result as JavaScript gets it from a synchronous function: the value, or a record of the error.
pub(super) fn either<T>(result: Result<T>) -> Either<T, NativeError> {
    result.map_or_else(|error: Error| Either::B(NativeError::from(&error)), Either::A)
}
