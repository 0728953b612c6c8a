//! [`NativeRegistration`]: the options that all kinds of app share.

use std::sync::Arc;

use napi_derive::napi;

use super::convert::{
    NativeClientAuth, NativeConnection, NativeEnvironment, connect_options, oauth_client, sealing,
};
use super::store::NativeStore;
use crate::credential::OAuthClient;
use crate::error::Result;
use crate::http::{ConnectOptions, Environment};
use crate::store::{Sealing, Store};

/// The options that all kinds of app share. What is secret is a separate argument: no object that holds a secret is ever
/// converted.
#[napi(object, object_to_js = false)]
pub struct NativeRegistration {
    /// The `client_id` of the app.
    pub client_id: String,
    /// How the app sends its client id and secret; in the form if undefined.
    pub client_auth: Option<NativeClientAuth>,
    /// The vendor's environment; production if undefined.
    pub environment: Option<NativeEnvironment>,
    /// The API root, if it is not that of the environment.
    pub base_url: Option<String>,
    /// The token endpoint, if it is not the default one below the API root.
    pub token_url: Option<String>,
    /// How connections are made.
    pub connection: NativeConnection,
}

/// The same options as the core takes them.
pub(super) struct Registration {
    pub(super) client: OAuthClient,
    pub(super) environment: Option<Environment>,
    pub(super) base_url: Option<String>,
    pub(super) token_url: Option<String>,
    pub(super) store: Arc<dyn Store>,
    pub(super) sealing: Option<Sealing>,
    pub(super) connect: ConnectOptions,
}

impl NativeRegistration {
    /// Checks the options. `encryption_keys` is `None` if the caller did not say how records are sealed, and empty if they
    /// are to be stored in the clear.
    pub(super) fn check(
        self,
        client_secret: String,
        store: &NativeStore,
        encryption_keys: Option<Vec<String>>,
        proxy_url: Option<String>,
        key: Option<String>,
    ) -> Result<Registration> {
        Ok(Registration {
            client: oauth_client(self.client_id, client_secret, self.client_auth)?,
            environment: self.environment.map(Into::into),
            base_url: self.base_url,
            token_url: self.token_url,
            store: Arc::clone(&store.0),
            sealing: encryption_keys.map(sealing).transpose()?,
            connect: connect_options(self.connection, proxy_url, key),
        })
    }
}
