//! [`PartnerApp`]: a partner's integration with its customers (vendor: General Partner Integration).
//!
//! A customer's credentials are issued once, to a call with the partner's own credentials. [`connecting`] keeps them
//! from being lost. The module belongs to the client layer, since that call is an API call like any other: paced,
//! retried if it was not processed, and repeated with a new token after a 401.

mod connecting;
mod protocol;

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc};

use self::protocol::leave;
use super::{Client, ClientOptions, Credential};
use crate::clock::Clock;
use crate::credential::{ClientAuthentication, OAuthClient};
use crate::error::{Error, Result};
use crate::http::{BaseUrl, ConnectOptions, Environment, parse_secure_url, token_url};
use crate::lifecycle::{ClientCredentials, Customer, Customers};
use crate::limit::LimitOptions;
use crate::once::Vault;
use crate::store::{
    CUSTOMER_PREFIX, CustomerRecord, CustomerState, Sealing, Store, Swap, Version, customer_id,
};

/// Concurrent requests for customers' credentials: as many as the vendor accepts from one credential.
const REQUESTS_AT_ONCE: usize = 8;
/// Customers per page of a listing.
const PAGE: usize = 100;
/// Records that are read concurrently.
const READS_AT_ONCE: usize = 8;

/// Options of a [`PartnerApp`]. [`PartnerApp::new`] checks them.
#[derive(Debug)]
pub struct PartnerAppOptions {
    /// The partner's own ("master") client id and secret.
    pub client: OAuthClient,
    /// The vendor's environment. Default: production.
    pub environment: Option<Environment>,
    /// An API root in place of the environment's.
    pub base_url: Option<String>,
    /// The token endpoint, if it is not below the API root.
    pub token_url: Option<String>,
    /// The store for customers' credentials and for the access tokens of the partner and its customers.
    pub store: Arc<dyn Store>,
    /// How records are encrypted in the store. `None` leaves them unencrypted, which only a store in memory accepts.
    pub sealing: Option<Sealing>,
    /// How connections are made: proxy, authorities, client certificate and timeout.
    pub connect: ConnectOptions,
    /// How requests for customers' credentials keep to the API's rate limits. `None` ignores the limits.
    pub limits: Option<LimitOptions>,
}

/// A partner's app (General Partner Integration), which obtains and stores the credentials of its customers.
#[derive(Debug)]
pub struct PartnerApp {
    master: Client,
    customers: Customers,
    vault: Vault,
    authentication: ClientAuthentication,
    turns: Semaphore,
}

/// One page of the customers in a store.
#[derive(Debug)]
pub struct CustomerPage {
    /// The customers in the order of their company ids.
    pub customers: Vec<CustomerInfo>,
    /// The position after which the next page begins. `None` on the last page.
    pub next: Option<String>,
}

/// What is known about a customer, without its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerInfo {
    /// The customer's company id at SmartRecruiters.
    pub company_id: String,
    /// Whether the customer is connected.
    pub state: ListedCustomerState,
}

/// Whether a customer is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedCustomerState {
    /// Its credentials are in the store.
    Connected {
        /// The time of the connection, in milliseconds since the Unix epoch.
        since: u64,
    },
    /// A process is requesting the credentials, or crashed while doing so.
    Connecting,
    /// The credentials were requested, and the outcome is unknown.
    Unresolved,
}

impl PartnerApp {
    /// Creates an app. It opens no connection yet. Fails with [`Error::Configuration`] that names the option at fault.
    pub fn new(options: PartnerAppOptions, clock: Arc<dyn Clock>) -> Result<Arc<Self>> {
        let base = match options.base_url {
            Some(url) => BaseUrl::parse("baseUrl", &url)?,
            None => options.environment.unwrap_or(Environment::Production).base_url()?,
        };
        let token_url = match options.token_url {
            Some(url) => parse_secure_url("tokenUrl", &url)?,
            None => token_url(&base),
        };
        let vault = Vault::new(options.store, options.sealing, Arc::clone(&clock))?;
        let authentication = options.client.authentication;
        let credentials =
            ClientCredentials::new(options.client, Some(token_url.clone()), Some(vault.records.clone()));
        let credential = Credential::ClientCredentials(Arc::new(credentials));
        let calls =
            ClientOptions { connect: options.connect, limits: options.limits, ..ClientOptions::default() };
        let master = Client::new(&credential, Some(base.clone()), calls, Arc::clone(&clock))?;
        let customers =
            Customers::new(vault.records.clone(), base, token_url, authentication, &master.connector, clock);
        let turns = Semaphore::new(REQUESTS_AT_ONCE);
        Ok(Arc::new(Self { master, customers, vault, authentication, turns }))
    }

    /// Connects a customer by requesting its credentials, which are issued once, and storing them. Does nothing for a
    /// customer that is already connected.
    ///
    /// The work continues if the future is dropped, since credentials that are issued and not stored are lost for good.
    /// It also continues after this failed because the store did not accept the issued credentials.
    pub async fn connect(self: Arc<Self>, company_id: String) -> Result<Customer> {
        let (trouble, mut heard) = mpsc::channel(1);
        let work = tokio::spawn(async move {
            self.obtain(&company_id, &trouble).await.map(|()| self.customer(company_id))
        });
        tokio::select! {
            biased;
            done = work => {
                done.unwrap_or(Err(Error::Internal { problem: "connecting a customer panicked" }))
            }
            Some(error) = heard.recv() => Err(error),
        }
    }

    /// The customer with this company id. The store is not asked whether it is connected before the customer is used.
    pub fn customer(&self, company_id: String) -> Customer {
        self.customers.customer(company_id)
    }

    /// Stores a customer's credentials that were obtained elsewhere, in place of those in the store. Waits for a
    /// request in flight for this customer's credentials.
    pub async fn import(&self, company_id: String, client: OAuthClient) -> Result<Customer> {
        let id = customer_id(&company_id);
        let connected = self.connected(client);
        loop {
            let (version, record) = self.settled(&id).await?;
            let next = CustomerRecord { unread: Vec::new(), state: connected.clone(), ..record };
            if self.vault.swap(&id, version, &next).await? == Swap::Won {
                break;
            }
        }
        self.customers.changed(&company_id);
        Ok(self.customer(company_id))
    }

    /// Removes a customer's credentials and access token from the store. They stay valid at SmartRecruiters. Waits for
    /// a request in flight for this customer's credentials.
    pub async fn disconnect(&self, company_id: &str) -> Result<()> {
        let id = customer_id(company_id);
        loop {
            let (version, record) = self.settled(&id).await?;
            let Some(next) = leave(&record) else { return Ok(()) };
            // The token is removed first, since its id is derived from the credentials.
            if let CustomerState::Connected { client_id, client_secret, .. } = &record.state {
                self.customers.forget_token(client_id, client_secret).await?;
            }
            if self.vault.swap(&id, version, &next).await? == Swap::Won {
                self.customers.changed(company_id);
                return Ok(());
            }
        }
    }

    /// One page of the customers. `after` is the previous page's `next`, or `None` for the first page. Disconnected
    /// customers are left out.
    pub async fn customers(&self, after: Option<String>) -> Result<CustomerPage> {
        let after = after.as_deref().map(customer_id);
        let ids = self.vault.records.ids(CUSTOMER_PREFIX, after.as_deref(), PAGE).await?;
        let company = |id: &str| id.strip_prefix(CUSTOMER_PREFIX).unwrap_or_default().to_owned();
        let next = (ids.len() == PAGE).then(|| ids.last().map(|id| company(id))).flatten();
        let infos: Vec<_> = stream::iter(ids)
            .map(|id| async move {
                let (_, record) = self.vault.records.load::<CustomerRecord>(&id).await?;
                let state = state(&record.state);
                Ok(state.map(|state| CustomerInfo { company_id: company(&id), state }))
            })
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(CustomerPage { customers: infos.into_iter().flatten().collect(), next })
    }

    /// The record with this id, once no request for the customer's credentials is in flight. A change during one would
    /// lose the credentials.
    async fn settled(&self, id: &str) -> Result<(Version, CustomerRecord)> {
        let settled = self.vault.settled::<CustomerRecord>(id).await?;
        Ok(settled.map(|(version, record, _)| (version, record)).unwrap_or_default())
    }

    fn connected(&self, client: OAuthClient) -> CustomerState {
        CustomerState::Connected {
            client_id: client.id,
            client_secret: client.secret,
            connected_at: self.vault.now().unix_millis(),
        }
    }
}

fn state(state: &CustomerState) -> Option<ListedCustomerState> {
    match state {
        CustomerState::Connected { connected_at, .. } => {
            Some(ListedCustomerState::Connected { since: *connected_at })
        }
        CustomerState::Connecting { .. } => Some(ListedCustomerState::Connecting),
        CustomerState::Disconnected { unresolved: 0 } => None,
        CustomerState::Disconnected { .. } => Some(ListedCustomerState::Unresolved),
    }
}
