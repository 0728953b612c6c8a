//! [`NativeOAuthApp`]: an app, its authorization requests and its grants.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Either, FnArgs, Function};
use napi_derive::napi;

use super::calls::{CallId, NativeCompletions, callback, spawn};
use super::convert::{NativeDue, NativeError, either, whole};
use super::credential::NativeCredential;
use super::events::{NativeEvent, NativeKeepAliveProgress, NativeRekeyProgress, listener};
use super::grants::{NativeGrantFilter, NativeGrantPage};
use super::registration::{NativeRegistration, Registration};
use super::store::NativeStore;
use crate::client::Credential;
use crate::clock::SystemClock;
use crate::credential::visible_ascii;
use crate::error::Result;
use crate::http::Connector;
use crate::lifecycle::{
    BackgroundOptions, CodeExchange, ImportedAccessToken, ImportedGrant, KeepAliveOptions, KeepAliveProgress,
    OAuthApp, OAuthAppOptions, RekeyProgress,
};
use crate::token::RefreshToken;

/// An app that is registered for the authorization code grant.
#[napi]
pub struct NativeOAuthApp(Arc<OAuthApp>);

/// An authorization request.
#[napi(object, object_from_js = false)]
pub struct NativeAuthorizationUrl {
    /// The URL to send the user's browser to.
    pub url: String,
    /// 256 random bits, to be kept in the user's session until the callback.
    pub state: String,
}

/// The options of an app besides those that all kinds of app share.
#[napi(object, object_to_js = false)]
pub struct NativeOAuthAppOptions {
    /// One of the app's registered redirect URIs.
    pub redirect_uri: String,
    /// The scopes to request; empty to request none by name.
    pub scopes: Vec<String>,
    /// The authorization endpoint, if it is not that of the environment.
    pub authorize_url: Option<String>,
    /// Whether to use PKCE.
    pub pkce: bool,
    /// Whether authorization requests have a `response_type`.
    pub send_response_type: bool,
    /// Whether the exchange of a code repeats the redirect URI.
    pub send_redirect_uri: bool,
    /// The issuer that callbacks must name, if they must name one.
    pub issuer: Option<String>,
}

/// A grant that another system obtained, without its tokens.
#[napi(object, object_to_js = false)]
pub struct NativeImport {
    /// The id to store the grant under.
    pub id: String,
    /// The scopes of the grant.
    pub scopes: Vec<String>,
    /// The notes about the grant.
    pub metadata: HashMap<String, String>,
    /// When the access token expires, in milliseconds since the Unix epoch.
    pub expires_at: Option<f64>,
    /// When the refresh token was issued, in milliseconds since the Unix epoch; now if undefined.
    pub refresh_token_issued_at: Option<f64>,
}

/// Makes an app. `encryptionKeys` is undefined if the caller did not say how records are sealed, and empty if they are to
/// be stored in the clear. `listen` gets the app's events, and must not throw. `proxyUrl` may hold a password, and `key` is
/// the key of `registration.connection.cert`.
#[napi(catch_unwind)]
pub fn create_oauth_app(
    registration: NativeRegistration,
    options: NativeOAuthAppOptions,
    client_secret: String,
    store: &NativeStore,
    encryption_keys: Option<Vec<String>>,
    #[napi(ts_arg_type = "(event: NativeEvent) => void")] listen: Function<'_, FnArgs<(NativeEvent,)>, ()>,
    proxy_url: Option<String>,
    key: Option<String>,
) -> napi::Result<Either<NativeOAuthApp, NativeError>> {
    let listener = listener(listen)?;
    Ok(either((|| {
        let Registration { client, environment, base_url, token_url, store, sealing, connect } =
            registration.check(client_secret, store, encryption_keys, proxy_url, key)?;
        let options = OAuthAppOptions {
            client,
            redirect_uri: options.redirect_uri,
            scopes: options.scopes,
            environment,
            base_url,
            authorize_url: options.authorize_url,
            token_url,
            pkce: options.pkce,
            send_response_type: options.send_response_type,
            send_redirect_uri: options.send_redirect_uri,
            issuer: options.issuer,
            store,
            sealing,
            listener,
        };
        let connector = Connector::new(connect)?;
        OAuthApp::new(options, &connector, Arc::new(SystemClock)).map(NativeOAuthApp)
    })()))
}

#[napi]
impl NativeOAuthApp {
    /// Makes an authorization request for a user's browser. It requests `scopes` and those that `operations` need; if
    /// both are empty, those of the app.
    #[napi(catch_unwind)]
    pub fn authorization_url(
        &self,
        scopes: Vec<String>,
        operations: Vec<String>,
    ) -> Either<NativeAuthorizationUrl, NativeError> {
        either(
            self.0
                .authorization_url(&scopes, &operations)
                .map(|request| NativeAuthorizationUrl { url: request.url, state: request.state }),
        )
    }

    /// Exchanges a callback for a grant. Resolves with the id of the grant.
    #[napi(catch_unwind)]
    pub fn exchange(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<String>,
        callback: String,
        state: String,
        id: Option<String>,
        metadata: HashMap<String, String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let metadata = BTreeMap::from_iter(metadata);
        completions.start(env, call_id, async move {
            let exchange = CodeExchange { callback, state, id, metadata };
            app.exchange(exchange).await.map(|grant| grant.id)
        })
    }

    /// Moves the grant `from` to the id `to`, in place of the grant that has that id. Resolves when it is stored there.
    #[napi(catch_unwind)]
    pub fn rename(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        from: String,
        to: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move { app.rename(from, to).await.map(|_| ()) })
    }

    /// Replaces the notes about a grant. Resolves when they are stored.
    #[napi(catch_unwind)]
    pub fn annotate(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        id: String,
        metadata: HashMap<String, String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let metadata = BTreeMap::from_iter(metadata);
        completions.start(env, call_id, async move { app.annotate(id, metadata).await })
    }

    /// Stores a grant that another system obtained. Resolves with its id when it is stored.
    #[napi(catch_unwind)]
    pub fn import(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<String>,
        grant: NativeImport,
        refresh_token: String,
        access_token: Option<String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let grant = imported(grant, refresh_token, access_token);
        completions.start(env, call_id, async move { app.import(grant?).await.map(|grant| grant.id) })
    }

    /// Stores a grant from the text that `export` resolved with. Resolves with the id of the grant when it is stored.
    #[napi(catch_unwind)]
    pub fn import_sealed(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<String>,
        sealed: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move { app.import_sealed(&sealed).await.map(|grant| grant.id) })
    }

    /// Ends a grant in this store. Resolves with its tokens as sealed text.
    #[napi(catch_unwind)]
    pub fn export(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<String>,
        id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move { app.export(id).await })
    }

    /// Forgets a grant. Resolves when its tokens have left the store.
    #[napi(catch_unwind)]
    pub fn forget(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move { app.forget(id).await })
    }

    /// Runs a keep-alive pass: renews the grants that were not renewed for `idle` milliseconds, and begins at most
    /// `perSecond` renewals in a second. Calls `progress` after each grant. Resolves with the final progress.
    #[napi(catch_unwind)]
    pub fn keep_alive(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeKeepAliveProgress>,
        idle: f64,
        per_second: u32,
        #[napi(ts_arg_type = "(progress: NativeKeepAliveProgress) => void")] progress: Function<
            '_,
            FnArgs<(NativeKeepAliveProgress,)>,
            (),
        >,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let report = callback(progress)?;
        let options = KeepAliveOptions { idle: Duration::from_millis(whole(idle)), per_second };
        completions.start(env, call_id, async move {
            let progress = move |progress: KeepAliveProgress| {
                // The call of an environment that has ended is stopped by itself.
                let _ = report(progress.into());
            };
            app.keep_alive(options, progress).await.map(Into::into)
        })
    }

    /// Seals all records with the first key. Calls `progress` after each record. Resolves with the final progress.
    #[napi(catch_unwind)]
    pub fn rekey(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeRekeyProgress>,
        #[napi(ts_arg_type = "(progress: NativeRekeyProgress) => void")] progress: Function<
            '_,
            FnArgs<(NativeRekeyProgress,)>,
            (),
        >,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let report = callback(progress)?;
        completions.start(env, call_id, async move {
            let progress = move |progress: RekeyProgress| {
                // As in `keep_alive`.
                let _ = report(progress.into());
            };
            app.rekey(progress).await.map(Into::into)
        })
    }

    /// Resolves with a page of grants: the first one, or the one after the place `after`.
    #[napi(catch_unwind)]
    pub fn grants(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeGrantPage>,
        filter: NativeGrantFilter,
        after: Option<NativeDue>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move {
            app.grants(filter.into(), after.map(Into::into)).await.map(Into::into)
        })
    }

    /// Runs keep-alive passes in the background, `every` milliseconds, for as long as this object or one of its grants is
    /// in use. `idle` and `perSecond` are as in `keepAlive`.
    #[napi(catch_unwind)]
    pub fn keep_alive_in_background(&self, idle: f64, per_second: u32, every: f64) -> napi::Result<()> {
        let pass = KeepAliveOptions { idle: Duration::from_millis(whole(idle)), per_second };
        let options = BackgroundOptions { pass, every: Duration::from_millis(whole(every)) };
        spawn(self.0.keep_alive_in_background(options))
    }

    /// Returns the credential of the grant with this id.
    #[napi(catch_unwind)]
    pub fn grant(&self, id: String) -> Either<NativeCredential, NativeError> {
        either(self.0.grant(id).map(|grant| NativeCredential(Credential::Grant(grant))))
    }
}

fn imported(grant: NativeImport, refresh: String, access: Option<String>) -> Result<ImportedGrant> {
    let access = access.map(|token| visible_ascii("accessToken", token)).transpose()?;
    Ok(ImportedGrant {
        id: grant.id,
        refresh: RefreshToken(visible_ascii("refreshToken", refresh)?),
        access: access
            .zip(grant.expires_at)
            .map(|(value, expires_at)| ImportedAccessToken { value, expires_at: whole(expires_at) }),
        scopes: grant.scopes,
        metadata: BTreeMap::from_iter(grant.metadata),
        refresh_issued_at: grant.refresh_token_issued_at.map(whole),
    })
}
