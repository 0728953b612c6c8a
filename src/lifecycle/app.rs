//! [`OAuthApp`]: an app registered for the authorization code grant, and the grants that it was given.

use std::sync::{Arc, OnceLock};

use super::events::Listener;
use super::flights::{InFlight, Preparing};
use super::grants::Grants;
use super::keep_alive::Wanted;
use super::protocol::stored;
use super::source::TokenSource;
use crate::clock::Clock;
use crate::credential::OAuthClient;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::http::{BaseUrl, Connector, Environment, authorize_url, parse_secure_url, token_url};
use crate::oauth::{AuthorizationEndpoint, AuthorizationUrl, TokenEndpoint, TokenRequest};
use crate::random;
use crate::secret::Secret;
use crate::store::{GrantRecord, GrantState, Sealer, Sealing, Store, StoredAccessToken, check_grant_id};
use crate::token::{RefreshToken, TokenSet};

/// What an app is registered with, and where. Checked by [`OAuthApp::new`].
#[derive(Debug)]
pub struct OAuthAppOptions {
    /// Its client id and secret.
    pub client: OAuthClient,
    /// One of its registered redirect URIs, letter for letter.
    pub redirect_uri: String,
    /// The scopes to ask for; none: those the app is registered with.
    pub scopes: Vec<String>,
    /// The vendor's environment; production if none.
    pub environment: Option<Environment>,
    /// Another API root, below which the authorization and token endpoints lie too.
    pub base_url: Option<String>,
    /// Where users authorize, if elsewhere.
    pub authorize_url: Option<String>,
    /// Where tokens come from, if elsewhere.
    pub token_url: Option<String>,
    /// Whether to use PKCE (S256). The vendor documents no support.
    pub pkce: bool,
    /// Whether an authorization request has `response_type=code`: RFC 6749 demands it, the vendor's examples lack it.
    pub send_response_type: bool,
    /// Whether a code's exchange repeats the redirect URI: RFC 6749 demands it, the vendor's form lacks it.
    pub send_redirect_uri: bool,
    /// The issuer that each callback must name (RFC 9207), where the server promises to.
    pub issuer: Option<String>,
    /// Where its grants live.
    pub store: Arc<dyn Store>,
    /// Who hears of what happens to them.
    pub listener: Listener,
    /// How they are sealed there. None: not at all in a store in memory; a durable store is then refused.
    pub sealing: Option<Sealing>,
}

/// An app registered for the authorization code grant (RFC 6749 section 4.1).
///
/// Apps that are the same (client, token endpoint and way to it, store, keys) share their grants within the process:
/// one exchange serves them all, and each hears of it.
#[derive(Debug)]
pub struct OAuthApp {
    authorization: AuthorizationEndpoint,
    scopes: Vec<String>,
    send_redirect_uri: bool,
    base: BaseUrl,
    pub(super) grants: Arc<Grants>,
    /// Among those of `grants` as long as this app, or a grant that it gave out, is in use.
    _listener: Arc<Listener>,
    /// As long as there is one, passes of keep-alive come by themselves.
    pub(super) passes: OnceLock<Arc<Wanted>>,
}

/// One customer's permission, by its id in the store.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// Its tokens.
    pub source: Arc<TokenSource>,
    app: Arc<OAuthApp>,
}

impl Grant {
    /// The API that its access tokens are for.
    pub fn base(&self) -> &BaseUrl {
        &self.app.base
    }

    /// The app that it was given to.
    pub fn client_id(&self) -> &str {
        &self.app.grants.client.id
    }
}

/// A grant that another system obtained.
#[derive(Debug)]
pub struct ImportedGrant {
    /// The id to store it under.
    pub id: String,
    /// Its refresh token, which nobody else may use from now on.
    pub refresh: RefreshToken,
    /// An access token that may still be good.
    pub access: Option<ImportedAccessToken>,
    /// Its scopes, as far as they are known.
    pub scopes: Vec<String>,
    /// When the refresh token was issued, in milliseconds since the Unix epoch; now if unknown.
    pub refresh_issued_at: Option<u64>,
}

/// An access token that another system obtained.
#[derive(Debug)]
pub struct ImportedAccessToken {
    /// The token.
    pub value: Secret,
    /// When it expires, in milliseconds since the Unix epoch.
    pub expires_at: u64,
}

impl OAuthApp {
    /// An app on connections made by `connector`.
    pub fn new(options: OAuthAppOptions, connector: &Connector, clock: Arc<dyn Clock>) -> Result<Arc<Self>> {
        let environment = options.environment.unwrap_or(Environment::Production);
        let custom = options.base_url.map(|url| BaseUrl::parse("baseUrl", &url)).transpose()?;
        let authorize_url = match (options.authorize_url, &custom) {
            (Some(url), _) => Some(parse_secure_url("authorizeUrl", &url)?),
            (None, Some(base)) => Some(authorize_url(base)),
            (None, None) => environment.authorize_url()?,
        };
        let base = custom.map_or_else(|| environment.base_url(), Ok)?;
        let token_url = match options.token_url {
            Some(url) => parse_secure_url("tokenUrl", &url)?,
            None => token_url(&base),
        };
        // Checked, not normalized: the vendor compares it letter for letter.
        parse_secure_url("redirectUri", &options.redirect_uri)?;
        check_scopes(&options.scopes)?;
        let endpoint = TokenEndpoint::new(token_url, connector);
        let sealer = Sealer::new(&*options.store, options.sealing)?;
        let grants = Grants::of(options.client, endpoint, options.store, sealer, clock)?;
        Ok(Arc::new(Self {
            authorization: AuthorizationEndpoint {
                url: authorize_url,
                redirect_uri: options.redirect_uri,
                pkce: options.pkce,
                send_response_type: options.send_response_type,
                issuer: options.issuer,
            },
            scopes: options.scopes,
            send_redirect_uri: options.send_redirect_uri,
            base,
            _listener: grants.listeners.add(options.listener),
            passes: OnceLock::new(),
            grants,
        }))
    }

    /// An authorization request for a user's browser. Empty `scopes`: the app's own.
    pub fn authorization_url(&self, scopes: &[String]) -> Result<AuthorizationUrl> {
        check_scopes(scopes)?;
        let scopes = if scopes.is_empty() { &self.scopes } else { scopes };
        let client = &self.grants.client;
        self.authorization.request(&client.id, &client.secret, scopes)
    }

    /// Turns the callback of an authorization request into a grant, stored under `id` (a new random one if none).
    pub async fn exchange(self: Arc<Self>, callback: &str, state: &str, id: Option<String>) -> Result<Grant> {
        let callback = self.authorization.callback(&self.grants.client.secret, callback, state)?;
        let id = match id {
            Some(id) => id,
            None => random::text::<16>()?,
        };
        check_grant_id(&id)?;
        // A code works once: from here on the caller's patience must not decide what becomes of it.
        let app = Arc::clone(&self);
        let preparing = Preparing::begin();
        let exchange = tokio::spawn(async move {
            let Grants { client, endpoint, store, clock, .. } = &*app.grants;
            // A store that is down, or does not take this id, must not cost the code.
            store.load(&id).await?;
            let connection = endpoint.connect().await?;
            let _in_flight = InFlight::begin()?;
            drop(preparing);
            let request = TokenRequest::AuthorizationCode {
                code: &callback.code,
                redirect_uri: app.send_redirect_uri.then_some(app.authorization.redirect_uri.as_str()),
                code_verifier: callback.code_verifier.as_ref(),
            };
            let tokens = connection.exchange(client, request, &**clock).await?;
            app.authorized(id, tokens).await
        });
        exchange.await.unwrap_or(Err(Error::Internal { problem: "a token exchange panicked" }))
    }

    /// Stores a grant that another system obtained, in place of one of the same id.
    pub async fn import(self: Arc<Self>, grant: ImportedGrant) -> Result<Grant> {
        check_grant_id(&grant.id)?;
        let now = self.grants.now();
        let record = GrantRecord {
            // Its life seems to begin now; only its end matters.
            access: grant.access.map(|access| StoredAccessToken {
                value: access.value,
                issued_at: now,
                expires_at: access.expires_at,
            }),
            refresh: grant.refresh,
            refresh_issued_at: grant.refresh_issued_at.unwrap_or(now),
            scopes: grant.scopes,
            contested: false,
            state: GrantState::Idle { unresolved: 0 },
        };
        self.grants.replace(&grant.id, &record, None).await?;
        self.grant(grant.id)
    }

    /// The grant of this id. Whether there is one shows when it is used.
    pub fn grant(self: &Arc<Self>, id: String) -> Result<Grant> {
        check_grant_id(&id)?;
        Ok(Grant { source: self.grants.source(&id), id, app: Arc::clone(self) })
    }

    /// Forgets the grant of this id: its tokens leave the store, and a renewal in flight cannot bring them back. The
    /// record itself stays, so that an old authorization is not mistaken for a new one.
    pub async fn forget(self: Arc<Self>, id: String) -> Result<()> {
        check_grant_id(&id)?;
        if self.grants.store.load(&id).await?.is_none() {
            return Ok(());
        }
        let record = GrantRecord {
            access: None,
            refresh: RefreshToken(Secret::new("")),
            refresh_issued_at: 0,
            scopes: Vec::new(),
            contested: false,
            state: GrantState::Ended { reason: ReauthorizationReason::Forgotten },
        };
        self.grants.replace(&id, &record, None).await
    }

    async fn authorized(self: Arc<Self>, id: String, tokens: TokenSet) -> Result<Grant> {
        let refresh = tokens.refresh.ok_or(Error::TokenInvalid {
            problem: "it has no refresh_token, without which a grant ends with its access token".into(),
        })?;
        let record = GrantRecord {
            access: Some(stored(&tokens.access)),
            refresh,
            refresh_issued_at: tokens.access.issued.unix_millis(),
            scopes: tokens.access.scopes.clone(),
            contested: false,
            state: GrantState::Idle { unresolved: 0 },
        };
        self.grants.keep(&id, &record, tokens.access).await;
        self.grant(id)
    }
}

/// Characters as in RFC 6749 section 3.3; no closed list, since the vendor's scopes grow.
fn check_scopes(scopes: &[String]) -> Result<()> {
    let is_scope = |scope: &String| {
        !scope.is_empty()
            && scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
    };
    if scopes.iter().all(is_scope) {
        Ok(())
    } else {
        Err(Error::configuration("scopes", "must each be one scope, such as `jobs_read`"))
    }
}
