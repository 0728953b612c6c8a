//! [`OAuthApp`]: an app registered for the authorization code grant, and the grants that it was given.

use std::sync::Arc;

use super::events::Listener;
use super::flights::InFlight;
use super::protocol::stored;
use super::renewal::GrantRenewal;
use super::source::TokenSource;
use super::sources::Sources;
use crate::clock::Clock;
use crate::credential::OAuthClient;
use crate::error::{Error, ReauthorizationReason, Result};
use crate::http::{BaseUrl, Connector, Environment, authorize_url, parse_secure_url, token_url};
use crate::oauth::{AuthorizationEndpoint, AuthorizationUrl, TokenEndpoint, TokenRequest};
use crate::random;
use crate::secret::Secret;
use crate::store::{
    Due, GrantRecord, GrantState, Sealer, Sealing, Store, StoredAccessToken, Swap, check_grant_id,
};
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
#[derive(Debug)]
pub struct OAuthApp {
    client: OAuthClient,
    authorization: AuthorizationEndpoint,
    token_endpoint: TokenEndpoint,
    scopes: Vec<String>,
    send_redirect_uri: bool,
    base: BaseUrl,
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    pub(super) listener: Listener,
    /// Names this process in leases.
    owner: String,
    /// Those of the grants in use.
    sources: Sources,
}

/// One customer's permission, by its id in the store.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// Its tokens.
    pub source: Arc<TokenSource>,
    /// The API that its access tokens are for.
    pub base: BaseUrl,
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
        Ok(Arc::new(Self {
            client: options.client,
            authorization: AuthorizationEndpoint {
                url: authorize_url,
                redirect_uri: options.redirect_uri,
                pkce: options.pkce,
                send_response_type: options.send_response_type,
                issuer: options.issuer,
            },
            token_endpoint: TokenEndpoint::new(token_url, connector)?,
            scopes: options.scopes,
            send_redirect_uri: options.send_redirect_uri,
            base,
            sealer: Arc::new(Sealer::new(&*options.store, options.sealing)?),
            store: options.store,
            listener: options.listener,
            clock,
            owner: random::text::<16>()?,
            sources: Sources::default(),
        }))
    }

    /// An authorization request for a user's browser. Empty `scopes`: the app's own.
    pub fn authorization_url(&self, scopes: &[String]) -> Result<AuthorizationUrl> {
        check_scopes(scopes)?;
        let scopes = if scopes.is_empty() { &self.scopes } else { scopes };
        self.authorization.request(&self.client.id, &self.client.secret, scopes)
    }

    /// Turns the callback of an authorization request into a grant, stored under `id` (a new random one if none).
    pub async fn exchange(self: Arc<Self>, callback: &str, state: &str, id: Option<String>) -> Result<Grant> {
        let callback = self.authorization.callback(&self.client.secret, callback, state)?;
        let id = match id {
            Some(id) => id,
            None => random::text::<16>()?,
        };
        check_grant_id(&id)?;
        // A code works once: from here on the caller's patience must not decide what becomes of it.
        let app = Arc::clone(&self);
        let exchange = tokio::spawn(async move {
            let _in_flight = InFlight::begin()?;
            let request = TokenRequest::AuthorizationCode {
                code: &callback.code,
                redirect_uri: app.send_redirect_uri.then_some(app.authorization.redirect_uri.as_str()),
                code_verifier: callback.code_verifier.as_ref(),
            };
            let tokens = app.token_endpoint.exchange(&app.client, request, &*app.clock).await?;
            app.authorized(id, tokens).await
        });
        exchange.await.unwrap_or(Err(Error::Internal { problem: "a token exchange panicked" }))
    }

    /// Stores a grant that another system obtained, in place of one of the same id.
    pub async fn import(self: Arc<Self>, grant: ImportedGrant) -> Result<Grant> {
        check_grant_id(&grant.id)?;
        let now = self.clock.now().unix_millis();
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
        self.replace(&grant.id, &record).await?;
        let grant = self.grant(grant.id)?;
        grant.source.reset(None);
        Ok(grant)
    }

    /// The grant of this id. Whether there is one shows when it is used.
    pub fn grant(self: &Arc<Self>, id: String) -> Result<Grant> {
        check_grant_id(&id)?;
        let make = || TokenSource::new(Arc::new(self.renewal(&id)), Arc::clone(&self.clock));
        let source = self.sources.get(&id, make);
        Ok(Grant { id, source, base: self.base.clone() })
    }

    /// Forgets the grant of this id: its tokens leave the store, and a renewal in flight cannot bring them back. The
    /// record itself stays, so that an old authorization is not mistaken for a new one.
    pub async fn forget(self: Arc<Self>, id: String) -> Result<()> {
        let grant = self.grant(id.clone())?;
        if self.store.load(&id).await?.is_none() {
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
        self.replace(&id, &record).await?;
        grant.source.reset(None);
        Ok(())
    }

    pub(super) fn renewal(&self, id: &str) -> GrantRenewal {
        GrantRenewal {
            id: id.to_owned(),
            owner: self.owner.clone(),
            endpoint: self.token_endpoint.clone(),
            client: self.client.clone(),
            store: Arc::clone(&self.store),
            sealer: Arc::clone(&self.sealer),
            clock: Arc::clone(&self.clock),
            listener: self.listener.clone(),
        }
    }

    /// When the refresh token of this grant dies, in milliseconds since the Unix epoch, or never if the grant has
    /// ended; none if there is no such grant.
    pub(super) async fn expires_at(&self, id: &str) -> Result<Option<u64>> {
        let stored = self.store.load(id).await?;
        Ok(stored
            .map(|stored| self.sealer.open::<GrantRecord>(id, &stored))
            .transpose()?
            .map(|record| record.due()))
    }

    pub(super) async fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> Result<Vec<Due>> {
        self.store.due(before, limit, after).await
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now().unix_millis()
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
        self.replace(&id, &record).await?;
        let grant = self.grant(id)?;
        grant.source.reset(Some(tokens.access));
        Ok(grant)
    }

    /// A new authorization wins over whatever is in the store, a renewal in flight included.
    async fn replace(&self, id: &str, record: &GrantRecord) -> Result<()> {
        loop {
            let version = self.store.load(id).await?.map_or(0, |stored| stored.version);
            let bytes = self.sealer.seal(id, version + 1, record)?;
            if self.store.swap(id, version, bytes, record.due()).await? == Swap::Won {
                return Ok(());
            }
        }
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
