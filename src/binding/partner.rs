//! [`NativePartnerApp`]: a partner's app and its customers.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::Either;
use napi_derive::napi;

use super::app::sealing;
use super::client::NativeEnvironment;
use super::completions::{NativeCompletions, Outcome};
use super::connection::{NativeConnection, connect_options};
use super::credential::{NativeClientAuth, NativeCredential, either, oauth_client};
use super::error::NativeError;
use super::limits::{NativeLimits, NativeRedisLimits};
use super::store::{NativeStore, number};
use crate::client::{
    Credential, CustomerInfo, CustomerPage, ListedCustomerState, PartnerApp, PartnerAppOptions,
};
use crate::clock::SystemClock;
use crate::limit::{LimitOptions, SharedWindow};

/// A partner's app.
#[napi]
pub struct NativePartnerApp(Arc<PartnerApp>);

/// What a partner's app is registered with, without its secret.
#[napi(object, object_to_js = false)]
pub struct NativePartnerAppOptions {
    /// The master `client_id`.
    pub client_id: String,
    /// How the app, and each customer's client, prove themselves.
    pub client_auth: Option<NativeClientAuth>,
    /// The vendor's environment.
    pub environment: Option<NativeEnvironment>,
    /// Another API root.
    pub base_url: Option<String>,
    /// Where tokens come from.
    pub token_url: Option<String>,
    /// How connections are made.
    pub connection: NativeConnection,
    /// How it keeps to the limits; none: not at all.
    pub limits: Option<NativeLimits>,
}

/// Where a customer stands.
#[napi(string_enum = "lowercase")]
pub enum NativeCustomerState {
    /// Its credentials are in the store.
    Connected,
    /// Somebody is asking for them, or died of it.
    Connecting,
    /// They were asked for, and what became of that is unknown.
    Unresolved,
}

/// What is known of a customer, without its credentials.
#[napi(object, object_from_js = false)]
pub struct NativeCustomerInfo {
    /// Its company id.
    pub company_id: String,
    /// Where it stands.
    pub state: NativeCustomerState,
    /// Since when its credentials are in the store, in milliseconds since the Unix epoch.
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

/// Some of the customers in a store.
#[napi(object, object_from_js = false)]
pub struct NativeCustomerPage {
    /// Customers.
    pub customers: Vec<NativeCustomerInfo>,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl From<CustomerPage> for NativeCustomerPage {
    fn from(CustomerPage { customers, next }: CustomerPage) -> Self {
        Self { customers: customers.into_iter().map(Into::into).collect(), next }
    }
}

/// An app. Its secrets stand apart: no object that holds one is ever converted. `encryption_keys`: none if nobody said
/// anything, empty if records are to be plain.
#[napi(catch_unwind)]
pub fn create_partner_app(
    options: NativePartnerAppOptions,
    client_secret: String,
    store: &NativeStore,
    encryption_keys: Option<Vec<String>>,
    proxy_url: Option<String>,
    key: Option<String>,
    shared: Option<&NativeRedisLimits>,
) -> Either<NativePartnerApp, NativeError> {
    let shared = shared.map(|shared| Arc::clone(&shared.0) as Arc<dyn SharedWindow>);
    either((|| {
        let options = PartnerAppOptions {
            client: oauth_client(options.client_id, client_secret, options.client_auth)?,
            environment: options.environment.map(Into::into),
            base_url: options.base_url,
            token_url: options.token_url,
            store: Arc::clone(&store.0),
            sealing: encryption_keys.map(sealing).transpose()?,
            connect: connect_options(options.connection, proxy_url, key),
            limits: options.limits.map(|limits| LimitOptions { shared, ..limits.into() }),
        };
        PartnerApp::new(options, Arc::new(SystemClock)).map(NativePartnerApp)
    })())
}

#[napi]
impl NativePartnerApp {
    /// Connects a customer; `call` comes when its credentials are stored.
    #[napi(catch_unwind)]
    pub fn connect(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        company_id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move { app.connect(company_id).await.map(|_| Outcome::Nothing) })
    }

    /// Stores a customer's credentials that were obtained elsewhere; `call` comes when they are stored.
    #[napi(catch_unwind)]
    pub fn import(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        company_id: String,
        client_id: String,
        client_secret: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        let client = oauth_client(client_id, client_secret, None);
        completions
            .start(env, call, async move { app.import(company_id, client?).await.map(|_| Outcome::Nothing) })
    }

    /// Disconnects a customer; `call` comes when its credentials have left the store.
    #[napi(catch_unwind)]
    pub fn disconnect(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        company_id: String,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(
            env,
            call,
            async move { app.disconnect(&company_id).await.map(|()| Outcome::Nothing) },
        )
    }

    /// A page of customers comes as `call`: the first, or the one that `after` names as the next.
    #[napi(catch_unwind)]
    pub fn customers(
        &self,
        env: Env,
        completions: &NativeCompletions,
        call: u32,
        after: Option<String>,
    ) -> napi::Result<()> {
        let app = Arc::clone(&self.0);
        completions.start(env, call, async move {
            app.customers(after).await.map(|page| Outcome::Customers(page.into()))
        })
    }

    /// The credential of the customer of this company id.
    #[napi(catch_unwind)]
    pub fn customer(&self, company_id: String) -> NativeCredential {
        NativeCredential(Credential::Customer(self.0.customer(company_id)))
    }
}
