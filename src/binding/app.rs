//! [`NativeOAuthApp`]: an app, its authorization requests and its grants.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::client::NativeEnvironment;
use super::completions::{NativeCompletions, Outcome};
use super::connection::{NativeConnection, connect_options};
use super::credential::{NativeClientAuth, NativeCredential, either, oauth_client};
use super::error::NativeError;
use crate::client::Credential;
use crate::clock::SystemClock;
use crate::credential::visible_ascii;
use crate::error::Result;
use crate::http::Connector;
use crate::lifecycle::{ImportedAccessToken, ImportedGrant, OAuthApp, OAuthAppOptions};
use crate::store::{MemoryStore, Store};
use crate::token::RefreshToken;

/// Where grants live.
#[napi]
pub struct NativeStore(Arc<dyn Store>);

/// A store in memory.
#[napi(catch_unwind)]
pub fn memory_store() -> NativeStore {
    NativeStore(Arc::new(MemoryStore::new()))
}

/// An app registered for the authorization code grant.
#[napi]
pub struct NativeOAuthApp(Arc<OAuthApp>);

/// An authorization request.
#[napi(object, object_from_js = false)]
pub struct NativeAuthorizationUrl {
    /// Where to send the user's browser.
    pub url: String,
    /// 256 random bits, to be kept in the user's session until the callback.
    pub state: String,
}

/// What an app is registered with, without its secret.
#[napi(object, object_to_js = false)]
pub struct NativeOAuthAppOptions {
    /// `client_id`.
    pub client_id: String,
    /// How the app proves itself.
    pub client_auth: Option<NativeClientAuth>,
    /// A registered redirect URI.
    pub redirect_uri: String,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The vendor's environment.
    pub environment: Option<NativeEnvironment>,
    /// Another API root.
    pub base_url: Option<String>,
    /// Where users authorize.
    pub authorize_url: Option<String>,
    /// Where tokens come from.
    pub token_url: Option<String>,
    /// Whether to use PKCE.
    pub pkce: bool,
    /// Whether to send `response_type`.
    pub send_response_type: bool,
    /// Whether to send the redirect URI in the exchange.
    pub send_redirect_uri: bool,
    /// The issuer that callbacks name.
    pub issuer: Option<String>,
    /// How connections are made.
    pub connection: NativeConnection,
}

/// A grant that another system obtained, without its tokens.
#[napi(object, object_to_js = false)]
pub struct NativeImport {
    /// The id to store it under.
    pub id: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// When the access token expires, in milliseconds since the Unix epoch.
    pub expires_at: Option<f64>,
    /// When the refresh token was issued, in milliseconds since the Unix epoch.
    pub refresh_token_issued_at: Option<f64>,
}

/// An app. Its secret stands apart: no object that holds one is ever converted.
#[napi(catch_unwind)]
pub fn create_oauth_app(
    options: NativeOAuthAppOptions,
    client_secret: String,
    store: &NativeStore,
    proxy_url: Option<String>,
    key: Option<String>,
) -> Either<NativeOAuthApp, NativeError> {
    either((|| {
        let connect = connect_options(options.connection, proxy_url, key);
        let options = OAuthAppOptions {
            client: oauth_client(options.client_id, client_secret, options.client_auth)?,
            redirect_uri: options.redirect_uri,
            scopes: options.scopes,
            environment: options.environment.map(Into::into),
            base_url: options.base_url,
            authorize_url: options.authorize_url,
            token_url: options.token_url,
            pkce: options.pkce,
            send_response_type: options.send_response_type,
            send_redirect_uri: options.send_redirect_uri,
            issuer: options.issuer,
            store: Arc::clone(&store.0),
            sealing: None,
        };
        let connector = Connector::new(connect)?;
        OAuthApp::new(options, &connector, Arc::new(SystemClock)).map(NativeOAuthApp)
    })())
}

#[napi]
impl NativeOAuthApp {
    /// Makes an authorization request for a user's browser. Empty `scopes`: the app's own.
    #[napi(catch_unwind)]
    pub fn authorization_url(&self, scopes: Vec<String>) -> Either<NativeAuthorizationUrl, NativeError> {
        either(
            self.0
                .authorization_url(&scopes)
                .map(|request| NativeAuthorizationUrl { url: request.url, state: request.state }),
        )
    }

    /// Turns a callback into a grant, whose id comes as `call`.
    #[napi(catch_unwind)]
    pub fn exchange(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        callback: String,
        state: String,
        id: Option<String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move {
            app.exchange(&callback, &state, id).await.map(|grant| Outcome::Id(grant.id))
        })
    }

    /// Stores a grant that another system obtained; `call` comes when it is stored.
    #[napi(catch_unwind)]
    pub fn import(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        grant: NativeImport,
        refresh_token: String,
        access_token: Option<String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let grant = imported(grant, refresh_token, access_token);
        completions.start(
            env,
            call,
            async move { app.import(grant?).await.map(|grant| Outcome::Id(grant.id)) },
        )
    }

    /// The credential of the grant of this id.
    #[napi(catch_unwind)]
    pub fn grant(&self, id: String) -> NativeCredential {
        NativeCredential(Credential::Grant(self.0.grant(id)))
    }
}

fn imported(grant: NativeImport, refresh: String, access: Option<String>) -> Result<ImportedGrant> {
    let access = access.map(|token| visible_ascii("accessToken", token)).transpose()?;
    Ok(ImportedGrant {
        id: grant.id,
        refresh: RefreshToken(visible_ascii("refreshToken", refresh)?),
        access: access
            .zip(grant.expires_at)
            .map(|(value, expires_at)| ImportedAccessToken { value, expires_at: millis(expires_at) }),
        scopes: grant.scopes,
        refresh_issued_at: grant.refresh_token_issued_at.map(millis),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the face lets only dates through"
)]
fn millis(time: f64) -> u64 {
    time as u64
}
