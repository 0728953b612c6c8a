//! [`ClientCredentials`]: a client id and secret, exchanged for access tokens (RFC 6749 section 4.4).

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use url::Url;

use super::shared_token::{ClientExchange, SharedToken};
use super::source::TokenSource;
use crate::clock::Clock;
use crate::credential::OAuthClient;
use crate::http::Connector;
use crate::oauth::TokenEndpoint;
use crate::once::{TokenOwner, TokenOwnerKind, number_credential};
use crate::store::SealedStore;

/// A client id and secret that obtain access tokens for the client itself.
#[derive(Debug)]
pub struct ClientCredentials {
    client: OAuthClient,
    /// The number by which the observations of its tokens are recognized.
    number: u64,
    token_url: Option<Url>,
    /// The store that shares the tokens between processes, if they are shared.
    store: Option<SealedStore>,
    /// One source for each token endpoint and set of connection options, so that all clients with this credential share
    /// its tokens.
    sources: Mutex<Vec<(TokenEndpoint, Arc<TokenSource>)>>,
}

impl ClientCredentials {
    /// Credentials whose tokens come from `token_url`, or else from the token endpoint of the client's API. All
    /// processes with the same client and `store` share the tokens.
    pub fn new(client: OAuthClient, token_url: Option<Url>, store: Option<SealedStore>) -> Self {
        let number = number_credential();
        let store = store.map(|store| store.of_credential(number));
        Self { client, number, token_url, store, sources: Mutex::default() }
    }

    /// The client id.
    pub fn client_id(&self) -> &str {
        &self.client.id
    }

    /// The number by which the observations of these credentials are recognized: see [`TokenOwner::credential`].
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The tokens for an API. `token_url` is that API's token endpoint, which is used unless [`Self::new`] was given
    /// another one.
    pub fn source(&self, token_url: Url, connector: &Connector, clock: &Arc<dyn Clock>) -> Arc<TokenSource> {
        let url = self.token_url.clone().unwrap_or(token_url);
        let shared = self.store.clone().map(|store| SharedToken::new(store, &self.client, url.as_str()));
        let endpoint = TokenEndpoint::new(url, connector);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, source)) = sources.iter().find(|(known, _)| *known == endpoint) {
            return Arc::clone(source);
        }
        let exchange = ClientExchange {
            endpoint: endpoint.clone(),
            client: self.client.clone(),
            owner: TokenOwner {
                kind: TokenOwnerKind::Client,
                id: self.client.id.clone(),
                credential: self.number,
            },
            clock: Arc::clone(clock),
            shared,
            // The source runs one exchange at a time, so one turn is enough.
            turns: Arc::new(Semaphore::new(1)),
        };
        let source = TokenSource::new(Arc::new(exchange), Arc::clone(clock));
        sources.push((endpoint, Arc::clone(&source)));
        source
    }
}
