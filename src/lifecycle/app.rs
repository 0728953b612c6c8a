//! [`OAuthApp`]: an app registered for the authorization code grant, and the grants that customers gave it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::background::PassHandle;
use super::grants::Grants;
use super::source::TokenSource;
use crate::clock::Clock;
use crate::credential::OAuthClient;
use crate::error::{Error, Result};
use crate::http::{BaseUrl, Connector, Environment, authorize_url, parse_secure_url, token_url};
use crate::oauth::{
    AuthorizationEndpoint, AuthorizationUrl, Callback, TokenEndpoint, TokenRequest, is_worth_keeping,
    read_tokens, requested_scopes,
};
use crate::once::{InFlight, Listener, Preparing};
use crate::random;
use crate::secret::Secret;
use crate::store::{GrantRecord, Sealing, Store, StoredAccessToken, UnreadAnswer, check_grant_id};
use crate::token::RefreshToken;

/// Options of an [`OAuthApp`]. [`OAuthApp::new`] checks them.
#[derive(Debug)]
pub struct OAuthAppOptions {
    /// The app's client id and secret.
    pub client: OAuthClient,
    /// One of the app's registered redirect URIs. The vendor compares it letter for letter.
    pub redirect_uri: String,
    /// The scopes to request. If empty, the server grants those that the app is registered with.
    pub scopes: Vec<String>,
    /// The vendor's environment. Default: production.
    pub environment: Option<Environment>,
    /// An API root in place of the environment's. The authorization and token endpoints are below it.
    pub base_url: Option<String>,
    /// The authorization endpoint, if it is not below the API root.
    pub authorize_url: Option<String>,
    /// The token endpoint, if it is not below the API root.
    pub token_url: Option<String>,
    /// Whether to use PKCE (RFC 7636, S256). The vendor documents no support for it.
    pub pkce: bool,
    /// Whether authorization requests have `response_type=code`. RFC 6749 requires it, but the vendor's examples lack
    /// it.
    pub send_response_type: bool,
    /// Whether the exchange of a code repeats the redirect URI. RFC 6749 requires it, but the vendor's documented form
    /// lacks it.
    pub send_redirect_uri: bool,
    /// The issuer that each callback must name (RFC 9207). Set it only if the server names one.
    pub issuer: Option<String>,
    /// The store for the app's grants.
    pub store: Arc<dyn Store>,
    /// Receives events of the app's grants.
    pub listener: Listener,
    /// How grants are encrypted in the store. `None` leaves them unencrypted, which only a store in memory accepts.
    pub sealing: Option<Sealing>,
}

/// An app registered for the authorization code grant (RFC 6749 section 4.1).
///
/// Apps with the same client, token endpoint, connection options, store and keys share their grants within the process:
/// one exchange serves them all, and each receives its events.
#[derive(Debug)]
pub struct OAuthApp {
    authorization: AuthorizationEndpoint,
    scopes: Vec<String>,
    send_redirect_uri: bool,
    base: BaseUrl,
    pub(super) grants: Arc<Grants>,
    /// Registered with `grants` as long as this app or one of its grants is in use.
    _listener: Arc<Listener>,
    /// Keep-alive runs in the background while a handle exists.
    pub(super) passes: OnceLock<Arc<PassHandle>>,
}

/// One customer's permission to an app, identified by its id in the store.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The grant's id in the store.
    pub id: String,
    /// The grant's access tokens.
    pub source: Arc<TokenSource>,
    app: Arc<OAuthApp>,
}

impl Grant {
    /// The API that accepts the grant's access tokens.
    pub fn base(&self) -> &BaseUrl {
        &self.app.base
    }

    /// The client id of the app that the customer gave the grant to.
    pub fn client_id(&self) -> &str {
        &self.app.grants.client.id
    }
}

/// A callback to exchange, and how to store the grant.
#[derive(Debug)]
pub struct CodeExchange {
    /// The URL of the browser's request to the redirect URI: the whole URL, its path and query, or its query alone.
    pub callback: String,
    /// The state of the user's authorization request, as [`OAuthApp::authorization_url`] returned it.
    pub state: String,
    /// The id to store the grant under. Default: a new random one.
    pub id: Option<String>,
    /// Text that the app's owner keeps with the grant.
    pub metadata: BTreeMap<String, String>,
}

/// A grant that another system obtained.
#[derive(Debug)]
pub struct ImportedGrant {
    /// The id to store the grant under.
    pub id: String,
    /// The grant's refresh token. No other program may use it from now on.
    pub refresh: RefreshToken,
    /// The grant's access token, if it may still be valid.
    pub access: Option<ImportedAccessToken>,
    /// The grant's scopes, as far as they are known.
    pub scopes: Vec<String>,
    /// Text that the app's owner keeps with the grant.
    pub metadata: BTreeMap<String, String>,
    /// When the refresh token was issued, in milliseconds since the Unix epoch. Default: now.
    pub refresh_issued_at: Option<u64>,
}

/// An access token that another system obtained.
#[derive(Debug)]
pub struct ImportedAccessToken {
    /// The access token.
    pub value: Secret,
    /// When the token expires, in milliseconds since the Unix epoch.
    pub expires_at: u64,
}

impl OAuthApp {
    /// Creates an app that uses connections made by `connector`. Fails with [`Error::Configuration`] that names the
    /// option at fault.
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
        // The URI is checked but not normalized, since the vendor compares it letter for letter.
        parse_secure_url("redirectUri", &options.redirect_uri)?;
        check_scopes(&options.scopes)?;
        let endpoint = TokenEndpoint::new(token_url, connector);
        let grants = Grants::of(options.client, endpoint, options.store, options.sealing, clock)?;
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
            _listener: grants.vault.listeners.add(options.listener),
            passes: OnceLock::new(),
            grants,
        }))
    }

    /// Builds an authorization request for a user's browser. It asks for `scopes` and for those that `operations` need;
    /// if both are empty, for the app's scopes.
    pub fn authorization_url(&self, scopes: &[String], operations: &[String]) -> Result<AuthorizationUrl> {
        check_scopes(scopes)?;
        let needed = (!operations.is_empty()).then(|| requested_scopes(operations, scopes)).transpose()?;
        let asked = needed.as_deref().unwrap_or(scopes);
        let client = &self.grants.client;
        let default = if asked.is_empty() { &self.scopes } else { asked };
        self.authorization.request(&client.id, &client.secret, default, !asked.is_empty())
    }

    /// Turns the callback of an authorization request into a grant. Its code is exchanged once in this process: calling
    /// this again with the same callback, at the same time or later, returns the same grant.
    pub async fn exchange(self: Arc<Self>, exchange: CodeExchange) -> Result<Grant> {
        let CodeExchange { callback, state, id, metadata } = exchange;
        let callback = self.authorization.callback(&self.grants.client.secret, &callback, &state)?;
        let id = match id {
            Some(id) => id,
            None => random::text::<16>()?,
        };
        check_grant_id(&id)?;
        let code = callback.code.clone();
        let work = Arc::clone(&self).authorize(callback, id, metadata);
        let id = self.grants.codes.once(&code, work).await?;
        self.grant(id)
    }

    /// Exchanges a code and stores the grant. Runs to its end even if the caller stops waiting, since a code works
    /// once.
    async fn authorize(
        self: Arc<Self>,
        callback: Callback,
        id: String,
        metadata: BTreeMap<String, String>,
    ) -> Result<String> {
        let grants = &self.grants;
        let vault = &grants.vault;
        let preparing = Preparing::begin();
        // The store is asked first, so that a store that is down or refuses the id does not cost the code.
        vault.records.version(&id).await?;
        let connection = grants.endpoint.connect().await?;
        let _in_flight = InFlight::begin()?;
        drop(preparing);
        let request = TokenRequest::AuthorizationCode {
            code: &callback.code,
            redirect_uri: self.send_redirect_uri.then_some(self.authorization.redirect_uri.as_str()),
            code_verifier: callback.code_verifier.as_ref(),
        };
        let sent = vault.now();
        let answer = connection.ask(&grants.client, request).await?;
        let requested = callback.scopes.unwrap_or_else(|| self.scopes.clone());
        let bare = |refresh| GrantRecord {
            metadata: metadata.clone(),
            scopes: requested.clone(),
            ..GrantRecord::new(refresh, sent.unix_millis())
        };
        let tokens = read_tokens(&answer, sent, None).and_then(|tokens| match tokens.refresh {
            Some(refresh) => Ok((refresh, tokens.access)),
            None => Err(Error::TokenInvalid {
                status: answer.status(),
                answer: Box::default(),
                problem: "it has no refresh_token, without which a grant ends with its access token".into(),
            }),
        });
        match tokens {
            Ok((refresh, access)) => {
                let granted = access.as_ref().map(|access| access.scopes.clone());
                let mut record = bare(refresh);
                record.access = access.as_ref().map(StoredAccessToken::of);
                record.scopes = granted.filter(|scopes| !scopes.is_empty()).unwrap_or(record.scopes);
                grants.keep(&id, &record, access).await;
                Ok(id)
            }
            Err(error) if is_worth_keeping(&answer, None) => {
                let bytes = answer.as_bytes().to_vec().into();
                let unread = UnreadAnswer { bytes, asked_at: sent.unix_millis() };
                grants.keep_unread(&id, &unread, &bare(RefreshToken(Secret::new("")))).await;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Stores a grant that another system obtained. It replaces any grant with the same id.
    pub async fn import(self: Arc<Self>, grant: ImportedGrant) -> Result<Grant> {
        check_grant_id(&grant.id)?;
        let now = self.grants.vault.now().unix_millis();
        let record = GrantRecord {
            // The time of issue is unknown, but only the expiry matters.
            access: grant.access.map(|access| StoredAccessToken {
                value: access.value,
                issued_at: now,
                expires_at: access.expires_at,
            }),
            scopes: grant.scopes,
            metadata: grant.metadata,
            ..GrantRecord::new(grant.refresh, grant.refresh_issued_at.unwrap_or(now))
        };
        self.grants.replace(&grant.id, &record).await?;
        self.grant(grant.id)
    }

    /// The grant with this id. The store is not asked whether it exists before the grant is used.
    pub fn grant(self: &Arc<Self>, id: String) -> Result<Grant> {
        check_grant_id(&id)?;
        Ok(Grant { source: self.grants.source(&id), id, app: Arc::clone(self) })
    }

    /// Removes the tokens of the grant with this id from the store. A renewal in flight cannot bring them back. A
    /// record without tokens stays for a day, so that a process that read the grant just before cannot write its old
    /// content over a new authorization. A later pass of keep-alive removes that record.
    pub async fn forget(self: Arc<Self>, id: String) -> Result<()> {
        check_grant_id(&id)?;
        let vault = &self.grants.vault;
        if vault.records.version(&id).await? == 0 {
            return Ok(());
        }
        self.grants.replace(&id, &GrantRecord::tombstone(vault.now().unix_millis())).await
    }
}

/// Checks the characters of scopes (RFC 6749 section 3.3). There is no list of known scopes, since the vendor adds new
/// ones.
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
