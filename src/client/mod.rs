//! [`Client`]: sends requests with a credential and returns their answers.

mod deadline;
mod deprecation;
mod pages;
mod partner;
mod permission;
mod retry;
mod send;
mod trace;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use tokio::sync::Notify;

pub use pages::{PageProgress, Pages, PagesOptions, Position, Step};
pub use partner::{CustomerInfo, CustomerPage, ListedCustomerState, PartnerApp, PartnerAppOptions};
pub use send::{OpenBody, Opened};

use deadline::Deadline;
use permission::{Kind, allows, allows_api_key, is_decided_by_scopes};
use retry::Budget;

use crate::clock::Clock;
use crate::credential::{ApiKey, BearerToken};
use crate::error::{Error, Phase, Result};
use crate::http::{
    Authorization, BaseUrl, ConnectOptions, Connector, Environment, Target, Transport, token_url,
};
use crate::lifecycle::{ClientCredentials, CurrentToken, Customer, Grant, TokenOwner, TokenSource};
use crate::limit::{CredentialId, EndpointLimits, Endpoints, LimitOptions, Pacing};
use crate::operations::find_by_name;

/// What a client authenticates with.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An API key, a customer's or a partner's.
    ApiKey(ApiKey),
    /// An access token that the caller obtains and renews.
    BearerToken(BearerToken),
    /// A client id and secret, exchanged for access tokens (RFC 6749 section 4.4).
    ClientCredentials(Arc<ClientCredentials>),
    /// One customer's permission to an OAuth app.
    Grant(Grant),
    /// One customer of a partner, with client credentials of its own.
    Customer(Customer),
}

/// Options of a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// How connections are made: proxy, authorities, client certificate and timeout.
    pub connect: ConnectOptions,
    /// The most retries of one call. Default: 3; 0 turns retries off.
    pub retries: u32,
    /// The longest body that is read into memory, in bytes. Default: 64 MiB.
    pub max_body_size: usize,
    /// How the client keeps to the API's rate limits. `None` sends every call at once. Default: the documented limits.
    pub limits: Option<LimitOptions>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect: ConnectOptions::default(),
            retries: 3,
            max_body_size: 64 * 1024 * 1024,
            limits: Some(LimitOptions::default()),
        }
    }
}

/// A client of one API with one credential. Clones and [`Client::with_credential`] share connections.
#[derive(Clone)]
pub struct Client {
    connector: Connector,
    transport: Arc<Transport>,
    base: BaseUrl,
    authorizer: Authorizer,
    kind: Kind,
    clock: Arc<dyn Clock>,
    calls: Arc<Calls>,
    budget: Arc<Budget>,
    retries: u32,
    max_body_size: usize,
    pacing: Option<Pacing>,
    endpoints: Arc<Endpoints>,
}

/// How a credential becomes the authorization of a request.
#[derive(Debug, Clone)]
enum Authorizer {
    Fixed(Authorization),
    Tokens(Arc<TokenSource>),
    /// Tokens of a grant. Holding the grant keeps its app's event listeners registered.
    Grant(Grant),
}

/// Counts the calls in flight, so that a client can be closed without interrupting one.
#[derive(Debug, Default)]
struct Calls {
    closed: AtomicBool,
    running: AtomicUsize,
    ended: Notify,
}

impl Client {
    /// A client of the API at `base`. Without `base`, it is the API of the grant or customer, or else production.
    pub fn new(
        credential: &Credential,
        base: Option<BaseUrl>,
        options: ClientOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let connector = Connector::new(options.connect)?;
        let transport = Arc::new(Transport::new(&connector));
        let base = match (base, credential) {
            (Some(base), _) => base,
            (None, Credential::Grant(grant)) => grant.base().clone(),
            (None, Credential::Customer(customer)) => customer.base.clone(),
            (None, _) => Environment::Production.base_url()?,
        };
        let pacing =
            options.limits.map(|limits| Pacing::new(limits, identity(credential, &base))).transpose()?;
        Ok(Self {
            authorizer: authorizer(credential, &base, &connector, &clock)?,
            kind: kind(credential),
            endpoints: pacing
                .as_ref()
                .map_or_else(Endpoints::documented, |pacing| Arc::clone(pacing.endpoints())),
            pacing,
            connector,
            transport,
            base,
            clock,
            calls: Arc::default(),
            budget: Arc::new(Budget::new()),
            retries: options.retries,
            max_body_size: options.max_body_size,
        })
    }

    /// A client of the same API that shares this one's connections and uses another credential.
    pub fn with_credential(&self, credential: &Credential) -> Result<Self> {
        Ok(Self {
            authorizer: authorizer(credential, &self.base, &self.connector, &self.clock)?,
            kind: kind(credential),
            pacing: self.pacing.as_ref().map(|pacing| pacing.for_another(identity(credential, &self.base))),
            calls: Arc::default(),
            ..self.clone()
        })
    }

    /// The root URL of the API.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// The current use of the API's limits, for each endpoint that this process called with this credential. Empty if
    /// the client does not keep to the limits.
    pub fn limits(&self) -> Vec<EndpointLimits> {
        self.pacing.as_ref().map(Pacing::limits).unwrap_or_default()
    }

    /// The name of the endpoint that a request belongs to, such as `GET /jobs/{id}`.
    pub fn endpoint_name(&self, method: &Method, target: &Target) -> String {
        self.endpoints.of(method, target).name().to_owned()
    }

    /// Whose the tokens of this client are. `None` for an API key or bearer token.
    pub fn token_owner(&self) -> Option<TokenOwner> {
        match &self.authorizer {
            Authorizer::Fixed(_) => None,
            Authorizer::Tokens(source) | Authorizer::Grant(Grant { source, .. }) => Some(source.owner()),
        }
    }

    /// Like [`Self::token`], with a deadline. If `timeout` passes first, this fails with [`Error::Timeout`], and the
    /// exchange continues for other callers.
    pub async fn token_within(&self, timeout: Duration) -> Result<Option<Arc<CurrentToken>>> {
        let deadline = Deadline::new(timeout);
        deadline.enter(Phase::Token);
        deadline.keep(pin!(self.token())).await
    }

    /// The access token in use, exchanged or renewed if need be; none for an API key or bearer token.
    pub async fn token(&self) -> Result<Option<Arc<CurrentToken>>> {
        let _call = self.calls.begin()?;
        match &self.authorizer {
            Authorizer::Fixed(_) => Ok(None),
            Authorizer::Tokens(source) | Authorizer::Grant(Grant { source, .. }) => {
                source.token().await.map(Some)
            }
        }
    }

    /// Whether the scopes of the credential allow the operation with this name, such as `GET /jobs/{id}`. `None` if that
    /// is not known. Waits for a token as [`Self::token_within`] does, if its scopes decide.
    pub async fn can(&self, operation: &str, timeout: Duration) -> Result<Option<bool>> {
        let Some(operation) = find_by_name("operation", operation)? else { return Ok(None) };
        if self.kind == Kind::ApiKey {
            return Ok(allows_api_key(operation));
        }
        if !is_decided_by_scopes(operation) {
            return Ok(allows(operation, &[]));
        }
        let token = self.token_within(timeout).await?;
        Ok(token.and_then(|current| allows(operation, &current.token.scopes)))
    }

    /// Replaces the current access token after the API answered it with 401. Returns false if no other token can be
    /// obtained.
    pub(crate) async fn renew_token(&self) -> Result<bool> {
        match &self.authorizer {
            Authorizer::Fixed(_) => Ok(false),
            Authorizer::Tokens(source) | Authorizer::Grant(Grant { source, .. }) => {
                let refused = source.token().await?;
                Ok(source.replace(&refused).await?.is_some())
            }
        }
    }

    /// Refuses further calls with [`Error::Closed`], and waits for those in flight. It does not wait for open bodies,
    /// which can still be read. Connections close with the last client that shares them.
    pub async fn close(&self) {
        self.calls.closed.store(true, Ordering::SeqCst);
        loop {
            let ended = self.calls.ended.notified();
            if self.calls.running.load(Ordering::SeqCst) == 0 {
                return;
            }
            ended.await;
        }
    }
}

fn kind(credential: &Credential) -> Kind {
    match credential {
        Credential::ApiKey(_) => Kind::ApiKey,
        Credential::BearerToken(_) => Kind::BearerToken,
        Credential::ClientCredentials(_) | Credential::Customer(_) => Kind::Client,
        Credential::Grant(_) => Kind::Grant,
    }
}

/// The identity for which the API counts requests: a credential at one API.
fn identity(credential: &Credential, base: &BaseUrl) -> CredentialId {
    let api = base.as_str().as_bytes();
    match credential {
        Credential::ApiKey(key) => CredentialId::new(&[api, b"api key", &key.secret().digest()]),
        Credential::BearerToken(token) => {
            CredentialId::new(&[api, b"bearer token", &token.secret().digest()])
        }
        Credential::ClientCredentials(credentials) => {
            CredentialId::new(&[api, b"client", credentials.client_id().as_bytes()])
        }
        Credential::Grant(grant) => {
            CredentialId::new(&[api, b"grant", grant.client_id().as_bytes(), grant.id.as_bytes()])
        }
        Credential::Customer(customer) => {
            CredentialId::new(&[api, b"customer", customer.company_id.as_bytes()])
        }
    }
}

fn authorizer(
    credential: &Credential,
    base: &BaseUrl,
    connector: &Connector,
    clock: &Arc<dyn Clock>,
) -> Result<Authorizer> {
    Ok(match credential {
        Credential::ApiKey(key) => Authorizer::Fixed(Authorization::smart_token(key.secret())?),
        Credential::BearerToken(token) => Authorizer::Fixed(Authorization::bearer(token.secret())?),
        Credential::ClientCredentials(credentials) => {
            Authorizer::Tokens(credentials.source(token_url(base), connector, clock))
        }
        Credential::Grant(grant) => {
            same_api(base, grant.base())?;
            Authorizer::Grant(grant.clone())
        }
        Credential::Customer(customer) => {
            same_api(base, &customer.base)?;
            Authorizer::Tokens(Arc::clone(&customer.source))
        }
    })
}

/// A production token must not be sent to the sandbox, nor a sandbox token to production.
fn same_api(base: &BaseUrl, own: &BaseUrl) -> Result<()> {
    if base.same_origin(&own.join("/")) {
        return Ok(());
    }
    Err(Error::configuration(
        "credential",
        "belongs to another API than this client: give the app and the client the same `environment` or `baseUrl`",
    ))
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Calls {
    fn begin(self: &Arc<Self>) -> Result<Call> {
        self.running.fetch_add(1, Ordering::SeqCst);
        let call = Call(Arc::clone(self));
        if self.closed.load(Ordering::SeqCst) { Err(Error::Closed) } else { Ok(call) }
    }
}

/// One call in flight. Dropping it ends the call, so that a cancelled call is counted down too.
#[derive(Debug)]
struct Call(Arc<Calls>);

impl Drop for Call {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}
