//! Credentials as opaque handles: a secret that JavaScript has handed over never goes back.

use std::sync::Arc;

use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::convert::{NativeClientAuth, NativeError, either, number, oauth_client, sealing};
use super::store::NativeStore;
use crate::client::Credential;
use crate::credential::{ApiKey, BearerToken};
use crate::http::parse_secure_url;
use crate::lifecycle::ClientCredentials;
use crate::store::SealedStore;

/// The credential of a client.
#[napi]
pub struct NativeCredential(pub(super) Credential);

#[napi]
impl NativeCredential {
    /// The number by which the observations of client credentials are recognized. Null for other credentials.
    #[napi(getter, catch_unwind)]
    pub fn credential(&self) -> Option<f64> {
        match &self.0 {
            Credential::ClientCredentials(credentials) => Some(number(credentials.number())),
            _ => None,
        }
    }
}

/// Makes a credential of an API key, a customer's or a partner's.
#[napi(catch_unwind)]
pub fn api_key(key: String) -> Either<NativeCredential, NativeError> {
    either(ApiKey::new(key).map(|key| NativeCredential(Credential::ApiKey(key))))
}

/// Makes a credential of an access token that the caller renews.
#[napi(catch_unwind)]
pub fn bearer_token(token: String) -> Either<NativeCredential, NativeError> {
    either(BearerToken::new(token).map(|token| NativeCredential(Credential::BearerToken(token))))
}

/// Makes a credential of a client id and secret. With a `store`, its tokens are shared there. `encryptionKeys` is
/// undefined if the caller did not say how records are sealed, and empty if they are to be stored in the clear.
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
