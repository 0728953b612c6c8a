//! [`NativePartnerApp`]: a partner's app and its customers.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::calls::{CallId, NativeCompletions};
use super::convert::{NativeError, either, number, oauth_client};
use super::credential::NativeCredential;
use super::limits::{NativeLimits, NativeRedisLimits, limit_options};
use super::registration::{NativeRegistration, Registration};
use super::store::NativeStore;
use crate::client::{
    Credential, CustomerInfo, CustomerPage, ListedCustomerState, PartnerApp, PartnerAppOptions,
};
use crate::clock::SystemClock;

/// A partner's app.
#[napi]
pub struct NativePartnerApp(Arc<PartnerApp>);

/// The state of a customer.
#[napi(string_enum = "lowercase")]
pub enum NativeCustomerState {
    /// The customer's credentials are in the store.
    Connected,
    /// A process is requesting the customer's credentials, or ended while doing so.
    Connecting,
    /// The customer's credentials were requested, and the outcome is unknown.
    Unresolved,
}

/// What is known about a customer, without its credentials.
#[napi(object, object_from_js = false)]
pub struct NativeCustomerInfo {
    /// The company id of the customer.
    pub company_id: String,
    /// The state of the customer.
    pub state: NativeCustomerState,
    /// When the customer's credentials were stored, in milliseconds since the Unix epoch; undefined if they are not
    /// there.
    pub connected_at: Option<f64>,
}

impl From<CustomerInfo> for NativeCustomerInfo {
    fn from(CustomerInfo { company_id, state }: CustomerInfo) -> Self {
        let (state, connected_at) = match state {
            ListedCustomerState::Connected { since } => (NativeCustomerState::Connected, Some(number(since))),
            ListedCustomerState::Connecting => (NativeCustomerState::Connecting, None),
            ListedCustomerState::Unresolved => (NativeCustomerState::Unresolved, None),
        };
        Self { company_id, state, connected_at }
    }
}

/// A page of the customers in a store.
#[napi(object, object_from_js = false)]
pub struct NativeCustomerPage {
    /// The customers of the page.
    pub customers: Vec<NativeCustomerInfo>,
    /// Where the next page begins; undefined on the last page.
    pub next: Option<String>,
}

impl From<CustomerPage> for NativeCustomerPage {
    fn from(CustomerPage { customers, next }: CustomerPage) -> Self {
        Self { customers: customers.into_iter().map(Into::into).collect(), next }
    }
}

/// Makes a partner's app. `encryptionKeys` is undefined if the caller did not say how records are sealed, and empty if they
/// are to be stored in the clear. `proxyUrl` may hold a password, `key` is the key of `registration.connection.cert`, and
/// without `limits` the app does not keep to the rate limits.
#[napi(catch_unwind)]
pub fn create_partner_app(
    registration: NativeRegistration,
    client_secret: String,
    store: &NativeStore,
    encryption_keys: Option<Vec<String>>,
    proxy_url: Option<String>,
    key: Option<String>,
    limits: Option<NativeLimits>,
    shared: Option<&NativeRedisLimits>,
) -> Either<NativePartnerApp, NativeError> {
    either((|| {
        let Registration { client, environment, base_url, token_url, store, sealing, connect } =
            registration.check(client_secret, store, encryption_keys, proxy_url, key)?;
        let limits = limit_options(limits, shared);
        let options =
            PartnerAppOptions { client, environment, base_url, token_url, store, sealing, connect, limits };
        PartnerApp::new(options, Arc::new(SystemClock)).map(NativePartnerApp)
    })())
}

#[napi]
impl NativePartnerApp {
    /// Connects a customer. Resolves when the customer's credentials are stored.
    #[napi(catch_unwind)]
    pub fn connect(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        company_id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move { app.connect(company_id).await.map(|_| ()) })
    }

    /// Stores a customer's credentials that were obtained elsewhere. Resolves when they are stored.
    #[napi(catch_unwind)]
    pub fn import(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        company_id: String,
        client_id: String,
        client_secret: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let client = oauth_client(client_id, client_secret, None);
        completions.start(env, call_id, async move { app.import(company_id, client?).await.map(|_| ()) })
    }

    /// Disconnects a customer. Resolves when the customer's credentials have left the store.
    #[napi(catch_unwind)]
    pub fn disconnect(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<()>,
        company_id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move { app.disconnect(&company_id).await })
    }

    /// Resolves with a page of customers: the first one, or the one that begins at `after`, the `next` of the page before.
    #[napi(catch_unwind)]
    pub fn customers(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call_id: CallId<NativeCustomerPage>,
        after: Option<String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call_id, async move { app.customers(after).await.map(Into::into) })
    }

    /// Returns the credential of the customer with this company id.
    #[napi(catch_unwind)]
    pub fn customer(&self, company_id: String) -> NativeCredential {
        NativeCredential(Credential::Customer(self.0.customer(company_id)))
    }
}
