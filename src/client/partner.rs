//! [`PartnerApp`]: a partner's integration with its customers (vendor: General Partner Integration).
//!
//! A customer's credentials are issued once, to a call with the partner's own. [`connecting`] is how none are lost. This
//! stands in the client's layer, since that call is one like any other: paced, retried where nothing was processed, and
//! with a new token after a 401.

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

/// Requests for credentials at once: so many the vendor takes of one credential.
const REQUESTS_AT_ONCE: usize = 8;
/// Customers that are listed at once.
const PAGE: usize = 100;
/// Records that are read at once.
const READS_AT_ONCE: usize = 8;

/// What a partner app is registered with, and where. Checked by [`PartnerApp::new`].
#[derive(Debug)]
pub struct PartnerAppOptions {
    /// The master client id and secret.
    pub client: OAuthClient,
    /// The vendor's environment; production if none.
    pub environment: Option<Environment>,
    /// Another API root.
    pub base_url: Option<String>,
    /// Where tokens come from, if elsewhere than below the API root.
    pub token_url: Option<String>,
    /// Where customers' credentials live, and everybody's access tokens.
    pub store: Arc<dyn Store>,
    /// How they are sealed there. None: not at all in a store in memory; a durable store is then refused.
    pub sealing: Option<Sealing>,
    /// How connections are made.
    pub connect: ConnectOptions,
    /// How requests for customers' credentials keep to the API's limits; none: not at all.
    pub limits: Option<LimitOptions>,
}

/// A partner's app, and the customers that it is connected to.
#[derive(Debug)]
pub struct PartnerApp {
    master: Client,
    customers: Customers,
    vault: Vault,
    authentication: ClientAuthentication,
    turns: Semaphore,
}

/// Some of the customers in a store.
#[derive(Debug)]
pub struct CustomerPage {
    /// Customers, in the order of their company ids.
    pub customers: Vec<CustomerInfo>,
    /// Where the next page begins; none if this is the last.
    pub next: Option<String>,
}

/// What is known of a customer, without its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerInfo {
    /// Its company id.
    pub company_id: String,
    /// Where it stands.
    pub state: ListedCustomerState,
}

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedCustomerState {
    /// Its credentials are in the store.
    Connected {
        /// Since when, in milliseconds since the Unix epoch.
        since: u64,
    },
    /// Somebody is asking for them, or died of it.
    Connecting,
    /// They were asked for, and what became of that is unknown.
    Unresolved,
}

impl PartnerApp {
    /// An app that opens nothing yet.
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

    /// Connects a customer: its credentials are asked for, once, and stored. Of one that is connected nothing is asked.
    ///
    /// Drop the future at will: the work goes on, since an answer that nobody takes is lost for ever. It goes on, too,
    /// when this fails because the store does not take what was issued.
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

    /// The customer of this company id. Whether it is connected shows when it is used.
    pub fn customer(&self, company_id: String) -> Customer {
        self.customers.customer(company_id)
    }

    /// Stores a customer's credentials that were obtained elsewhere, in place of what is known of it. Waits for those
    /// that are on their way.
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

    /// Takes a customer's credentials out of the store, and its access token. They stay good at SmartRecruiters. Waits
    /// for those that are on their way.
    pub async fn disconnect(&self, company_id: &str) -> Result<()> {
        let id = customer_id(company_id);
        loop {
            let (version, record) = self.settled(&id).await?;
            let Some(next) = leave(&record) else { return Ok(()) };
            // First, since afterwards nobody knows whose it is.
            if let CustomerState::Connected { client_id, client_secret, .. } = &record.state {
                self.customers.forget_token(client_id, client_secret).await?;
            }
            if self.vault.swap(&id, version, &next).await? == Swap::Won {
                self.customers.changed(company_id);
                return Ok(());
            }
        }
    }

    /// The customers after `after`, which is the `next` of the page before, or all. Those that were disconnected are
    /// left out.
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

    /// The record of this id, once nobody is asking for the customer's credentials: they would be lost if they came to
    /// a record that says something else.
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
