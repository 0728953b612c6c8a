//! [`NativeOAuthApp`]: an app, its authorization requests and its grants.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Either, FnArgs, Function};
use napi_derive::napi;

use super::client::NativeEnvironment;
use super::completions::{NativeCompletions, Outcome};
use super::connection::{NativeConnection, connect_options};
use super::credential::{NativeClientAuth, NativeCredential, either, oauth_client};
use super::error::NativeError;
use super::events::{NativeEvent, NativeKeepAliveProgress, NativeRekeyProgress, listener, teller};
use super::grants::NativeGrantFilter;
use super::runtime;
use super::store::{NativeDue, NativeStore, whole};
use crate::client::Credential;
use crate::clock::SystemClock;
use crate::credential::visible_ascii;
use crate::error::{Error, Result};
use crate::http::Connector;
use crate::lifecycle::{
    BackgroundOptions, CodeExchange, ImportedAccessToken, ImportedGrant, KeepAliveOptions, KeepAliveProgress,
    OAuthApp, OAuthAppOptions, RekeyProgress,
};
use crate::secret::Secret;
use crate::store::{Sealing, SealingKey};
use crate::token::RefreshToken;

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
    /// What is noted about it.
    pub metadata: HashMap<String, String>,
    /// When the access token expires, in milliseconds since the Unix epoch.
    pub expires_at: Option<f64>,
    /// When the refresh token was issued, in milliseconds since the Unix epoch.
    pub refresh_token_issued_at: Option<f64>,
}

/// An app. Its secrets stand apart: no object that holds one is ever converted. `encryption_keys`: none if nobody said
/// anything, empty if records are to be plain.
#[napi(catch_unwind)]
pub fn create_oauth_app(
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
            sealing: encryption_keys.map(sealing).transpose()?,
            listener,
        };
        let connector = Connector::new(connect)?;
        OAuthApp::new(options, &connector, Arc::new(SystemClock)).map(NativeOAuthApp)
    })()))
}

pub(super) fn sealing(keys: Vec<String>) -> Result<Sealing> {
    if keys.is_empty() {
        return Ok(Sealing::Plain);
    }
    let of_list = keys.len() > 1;
    let read = |(index, key): (usize, String)| {
        SealingKey::new(&Secret::new(key)).map_err(|error| match error {
            Error::Configuration { problem, .. } if of_list => {
                Error::configuration(format!("encryptionKey[{index}]"), problem)
            }
            other => other,
        })
    };
    keys.into_iter().enumerate().map(read).collect::<Result<_>>().map(Sealing::Keys)
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
        metadata: HashMap<String, String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let metadata = BTreeMap::from_iter(metadata);
        completions.start(env, call, async move {
            let exchange = CodeExchange { callback, state, id, metadata };
            app.exchange(exchange).await.map(|grant| Outcome::Id(grant.id))
        })
    }

    /// Moves a grant to another id, in place of the grant that has it; `call` comes when it is there.
    #[napi(catch_unwind)]
    pub fn rename(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        from: String,
        to: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move { app.rename(from, to).await.map(|_| Outcome::Nothing) })
    }

    /// Replaces what is noted about a grant; `call` comes when that is stored.
    #[napi(catch_unwind)]
    pub fn annotate(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        id: String,
        metadata: HashMap<String, String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let metadata = BTreeMap::from_iter(metadata);
        completions.start(
            env,
            call,
            async move { app.annotate(id, metadata).await.map(|()| Outcome::Nothing) },
        )
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

    /// Stores a grant that `export` gave; its id comes as `call`.
    #[napi(catch_unwind)]
    pub fn import_sealed(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        sealed: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move {
            app.import_sealed(&sealed).await.map(|grant| Outcome::Id(grant.id))
        })
    }

    /// Ends a grant here; its tokens, sealed, come as `call`.
    #[napi(catch_unwind)]
    pub fn export(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move { app.export(id).await.map(Outcome::Sealed) })
    }

    /// Forgets a grant; `call` comes when its tokens have left the store.
    #[napi(catch_unwind)]
    pub fn forget(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move { app.forget(id).await.map(|()| Outcome::Nothing) })
    }

    /// One pass of keep-alive: renews what was idle for `idle` milliseconds, at most so many grants `per_second`.
    /// `progress` hears how far it is; what it came to comes as `call`.
    #[napi(catch_unwind)]
    pub fn keep_alive(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        idle: f64,
        per_second: u32,
        #[napi(ts_arg_type = "(progress: NativeKeepAliveProgress) => void")] progress: Function<
            '_,
            FnArgs<(NativeKeepAliveProgress,)>,
            (),
        >,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let tell = teller(progress)?;
        let options = KeepAliveOptions { idle: Duration::from_millis(whole(idle)), per_second };
        completions.start(env, call, async move {
            let progress = move |progress: KeepAliveProgress| {
                // An environment that has ended gives its calls up by itself.
                let _ = tell(progress.into());
            };
            app.keep_alive(options, progress).await.map(|done| Outcome::KeptAlive(done.into()))
        })
    }

    /// Seals all records with the first key. `progress` hears how far it is; what it came to comes as `call`.
    #[napi(catch_unwind)]
    pub fn rekey(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        #[napi(ts_arg_type = "(progress: NativeRekeyProgress) => void")] progress: Function<
            '_,
            FnArgs<(NativeRekeyProgress,)>,
            (),
        >,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let tell = teller(progress)?;
        completions.start(env, call, async move {
            let progress = move |progress: RekeyProgress| {
                // As above.
                let _ = tell(progress.into());
            };
            app.rekey(progress).await.map(|done| Outcome::Rekeyed(done.into()))
        })
    }

    /// A page of grants comes as `call`: the one after this place, or the first.
    #[napi(catch_unwind)]
    pub fn grants(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        filter: NativeGrantFilter,
        after: Option<NativeDue>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move {
            let page = app.grants(filter.into(), after.map(Into::into)).await?;
            Ok(Outcome::Grants(page.into()))
        })
    }

    /// Has passes of keep-alive come by themselves, `every` so many milliseconds, as long as this object or a grant of
    /// it is in use.
    #[napi(catch_unwind)]
    pub fn keep_alive_in_background(&self, idle: f64, per_second: u32, every: f64) -> napi::Result<()> {
        let pass = KeepAliveOptions { idle: Duration::from_millis(whole(idle)), per_second };
        let options = BackgroundOptions { pass, every: Duration::from_millis(whole(every)) };
        runtime::spawn(self.0.keep_alive_in_background(options))
    }

    /// The credential of the grant of this id.
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
