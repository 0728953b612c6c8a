//! [`Grants`]: the grants of one app in this process, shared by all objects and threads that use the app.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::background::Background;
use super::codes::Codes;
use super::source_registry::SourceRegistry;
use crate::clock::Clock;
use crate::credential::OAuthClient;
use crate::error::Result;
use crate::fingerprint::Fingerprint;
use crate::oauth::TokenEndpoint;
use crate::once::Vault;
use crate::store::{GrantRecord, Record as _, Sealing, Store};

/// The grants of all apps in use in this process, keyed by everything that identifies an app. Apps that differ in their
/// secret, keys, store or connection options do not share grants.
static IN_USE: Mutex<BTreeMap<Fingerprint, Weak<Grants>>> = Mutex::new(BTreeMap::new());

/// The grants of one app: where they are stored, where their refresh tokens are spent, and a token source for each
/// grant in use. `renewal.rs` creates the sources.
#[derive(Debug)]
pub(super) struct Grants {
    pub(super) client: OAuthClient,
    pub(super) endpoint: TokenEndpoint,
    pub(super) vault: Vault,
    pub(super) background: Background,
    pub(super) codes: Codes,
    /// One source for each grant in use, so that a grant has one exchange in flight however many clients it has.
    pub(super) sources: SourceRegistry,
}

impl Grants {
    /// The grants of this app. If an equal app is in use in this process, they are the same object.
    pub(super) fn of(
        client: OAuthClient,
        endpoint: TokenEndpoint,
        store: Arc<dyn Store>,
        sealing: Option<Sealing>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        // A store without a fingerprint is equal to itself only.
        let place = store.fingerprint().ok_or_else(|| Arc::as_ptr(&store).cast::<()>().addr());
        let vault = Vault::new(store, sealing, clock)?;
        let fingerprint = Fingerprint::of(&(&client, &endpoint, place, vault.records.sealer()));
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(grants) = in_use.get(&fingerprint).and_then(Weak::upgrade) {
            return Ok(grants);
        }
        let grants = Arc::new(Self::new(client, endpoint, vault));
        in_use.retain(|_, grants| grants.strong_count() > 0);
        in_use.insert(fingerprint, Arc::downgrade(&grants));
        Ok(grants)
    }

    pub(super) fn new(client: OAuthClient, endpoint: TokenEndpoint, vault: Vault) -> Self {
        Self {
            client,
            endpoint,
            vault,
            background: Background::default(),
            codes: Codes::default(),
            sources: SourceRegistry::default(),
        }
    }

    /// When the refresh token of this grant expires, in milliseconds since the Unix epoch; `NEVER` if the grant has
    /// ended. `None` if there is no such grant.
    pub(super) async fn expires_at(&self, id: &str) -> Result<Option<u64>> {
        let found = self.vault.find::<GrantRecord>(id).await?;
        Ok(found.map(|(_, record)| record.due()))
    }
}
