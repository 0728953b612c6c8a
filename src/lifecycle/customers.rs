//! [`Customers`]: a partner's customers. Each has client credentials of its own in the partner's store.

use std::sync::Arc;

use tokio::sync::Semaphore;
use url::Url;

use super::shared_token::{ClientExchange, SharedToken, is_unavailable};
use super::source::{CurrentToken, Exchange, ExchangeFuture, TokenSource};
use super::source_registry::SourceRegistry;
use crate::clock::Clock;
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::{Error, Result};
use crate::http::{BaseUrl, Connector};
use crate::oauth::TokenEndpoint;
use crate::once::{TokenOwner, TokenOwnerKind, number_credential};
use crate::secret::Secret;
use crate::store::{CustomerRecord, CustomerState, SealedStore, customer_id};
use crate::token::AccessToken;

/// Concurrent exchanges. Each has a connection of its own, and thousands of customers may need a token at the same
/// time.
const EXCHANGES_AT_ONCE: usize = 16;

/// One customer of a partner, identified by its company id.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The customer's company id at SmartRecruiters.
    pub company_id: String,
    /// The customer's access tokens.
    pub source: Arc<TokenSource>,
    /// The API that accepts the customer's access tokens.
    pub base: BaseUrl,
}

/// The customers in one store, with token sources for those in use.
#[derive(Debug)]
pub struct Customers {
    base: BaseUrl,
    tokens: Arc<CustomerTokens>,
    sources: SourceRegistry,
}

/// What all customers have in common: where their credentials are stored, and how credentials become tokens.
#[derive(Debug)]
struct CustomerTokens {
    store: SealedStore,
    token_url: Url,
    endpoint: TokenEndpoint,
    authentication: ClientAuthentication,
    clock: Arc<dyn Clock>,
    turns: Arc<Semaphore>,
}

impl Customers {
    /// The customers whose credentials are in `store` and valid for the API at `base`.
    pub fn new(
        store: SealedStore,
        base: BaseUrl,
        token_url: Url,
        authentication: ClientAuthentication,
        connector: &Connector,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let endpoint = TokenEndpoint::new(token_url.clone(), connector);
        let turns = Arc::new(Semaphore::new(EXCHANGES_AT_ONCE));
        let tokens = Arc::new(CustomerTokens { store, token_url, endpoint, authentication, clock, turns });
        Self { base, tokens, sources: SourceRegistry::default() }
    }

    /// The customer with this company id. The store is not asked whether it is connected before the customer is used.
    pub fn customer(&self, company_id: String) -> Customer {
        let source = self.sources.get(&company_id, || {
            let exchange = CustomerExchange {
                company_id: company_id.clone(),
                credential: number_credential(),
                tokens: Arc::clone(&self.tokens),
            };
            TokenSource::new(Arc::new(exchange), Arc::clone(&self.tokens.clock))
        });
        Customer { company_id, source, base: self.base.clone() }
    }

    /// Makes the customer's next call load its credentials again.
    pub fn changed(&self, company_id: &str) {
        if let Some(source) = self.sources.find(company_id) {
            source.reset(None);
        }
    }

    /// Removes the access token that was obtained with these credentials from the store.
    pub async fn forget_token(&self, client_id: &str, client_secret: &Secret) -> Result<()> {
        self.tokens.shared(&self.tokens.client(client_id, client_secret)).forget().await
    }
}

impl CustomerTokens {
    fn client(&self, id: &str, secret: &Secret) -> OAuthClient {
        OAuthClient { id: id.to_owned(), secret: secret.clone(), authentication: self.authentication }
    }

    fn shared(&self, client: &OAuthClient) -> SharedToken {
        SharedToken::new(self.store.clone(), client, self.token_url.as_str())
    }
}

/// Exchanges a customer's credentials. It loads them for each exchange, since they may have been replaced.
#[derive(Debug)]
struct CustomerExchange {
    company_id: String,
    credential: u64,
    tokens: Arc<CustomerTokens>,
}

impl Exchange for CustomerExchange {
    fn next(self: Arc<Self>, held: Option<Arc<CurrentToken>>) -> ExchangeFuture {
        Box::pin(async move { self.token(held.as_deref()).await })
    }

    fn owner(&self) -> TokenOwner {
        let id = self.company_id.clone();
        TokenOwner { kind: TokenOwnerKind::Customer, id, credential: self.credential }
    }

    fn may_repeat(&self, error: &Error) -> bool {
        is_unavailable(error)
    }
}

impl CustomerExchange {
    async fn token(&self, held: Option<&CurrentToken>) -> Result<AccessToken> {
        let tokens = &self.tokens;
        let (_, record) = tokens.store.load::<CustomerRecord>(&customer_id(&self.company_id)).await?;
        let CustomerState::Connected { client_id, client_secret, .. } = &record.state else {
            return Err(Error::not_connected(&self.company_id));
        };
        let client = tokens.client(client_id, client_secret);
        let exchange = ClientExchange {
            shared: Some(tokens.shared(&client)),
            endpoint: tokens.endpoint.clone(),
            owner: self.owner(),
            client,
            clock: Arc::clone(&tokens.clock),
            turns: Arc::clone(&tokens.turns),
        };
        exchange.token(held).await
    }
}
