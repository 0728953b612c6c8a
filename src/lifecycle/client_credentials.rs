//! [`ClientCredentials`]: a client id and secret, exchanged for access tokens (RFC 6749 section 4.4).

use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::source::{Exchange, ExchangeFuture, Held, TokenSource};
use crate::clock::Clock;
use crate::credential::OAuthClient;
use crate::http::Connector;
use crate::oauth::{TokenEndpoint, TokenRequest};

/// A client id and secret that stand for themselves.
#[derive(Debug)]
pub struct ClientCredentials {
    client: OAuthClient,
    token_url: Option<Url>,
    /// One source for each token endpoint and way to it, so that all clients with this credential share its tokens.
    sources: Mutex<Vec<(TokenEndpoint, Arc<TokenSource>)>>,
}

impl ClientCredentials {
    /// A client whose tokens come from `token_url`, or else from the token endpoint of the API that they are for.
    pub fn new(client: OAuthClient, token_url: Option<Url>) -> Self {
        Self { client, token_url, sources: Mutex::default() }
    }

    /// The client id.
    pub fn client_id(&self) -> &str {
        &self.client.id
    }

    /// The tokens for an API whose own token endpoint is `token_url`.
    pub fn source(&self, token_url: Url, connector: &Connector, clock: &Arc<dyn Clock>) -> Arc<TokenSource> {
        let endpoint = TokenEndpoint::new(self.token_url.clone().unwrap_or(token_url), connector);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, source)) = sources.iter().find(|(known, _)| *known == endpoint) {
            return Arc::clone(source);
        }
        let exchange = ClientCredentialsExchange {
            endpoint: endpoint.clone(),
            client: self.client.clone(),
            clock: Arc::clone(clock),
        };
        let source = TokenSource::new(Arc::new(exchange), Arc::clone(clock));
        sources.push((endpoint, Arc::clone(&source)));
        source
    }
}

/// No refresh token and nothing to lose: every exchange may be repeated.
#[derive(Debug)]
struct ClientCredentialsExchange {
    endpoint: TokenEndpoint,
    client: OAuthClient,
    clock: Arc<dyn Clock>,
}

impl Exchange for ClientCredentialsExchange {
    fn next(self: Arc<Self>, _held: Option<Arc<Held>>) -> ExchangeFuture {
        Box::pin(async move {
            let connection = self.endpoint.connect().await?;
            let request = TokenRequest::ClientCredentials;
            Ok(connection.exchange(&self.client, request, &*self.clock).await?.access)
        })
    }
}
