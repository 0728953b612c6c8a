//! [`Grants`]: the grants of one app in this process, however many objects and threads use it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::events::{Event, Listeners};
use super::keep_alive::Background;
use super::lease::{FIRST_COMMIT_WAIT, LONGEST_COMMIT_WAIT};
use super::renewal::GrantRenewal;
use super::source::TokenSource;
use super::sources::Sources;
use super::warnings::WatchedStore;
use crate::clock::Clock;
use crate::credential::OAuthClient;
use crate::error::Result;
use crate::fingerprint::Fingerprint;
use crate::oauth::TokenEndpoint;
use crate::random;
use crate::store::{GrantRecord, Sealer, Store, Swap};
use crate::token::AccessToken;

/// Those of all apps of this process that are in use, by all that an app is made of: who has another secret, key or
/// store, or goes another way to the token endpoint, has other grants.
static IN_USE: Mutex<BTreeMap<Fingerprint, Weak<Grants>>> = Mutex::new(BTreeMap::new());

/// The grants of one app: where they are stored, who renews them, and one source of tokens for each in use.
#[derive(Debug)]
pub(super) struct Grants {
    pub(super) client: OAuthClient,
    pub(super) endpoint: TokenEndpoint,
    pub(super) store: Arc<dyn Store>,
    pub(super) sealer: Sealer,
    pub(super) clock: Arc<dyn Clock>,
    /// Names this process in leases.
    pub(super) owner: String,
    pub(super) listeners: Arc<Listeners>,
    pub(super) background: Background,
    /// One source for each grant in use, so that a grant has one exchange in flight however many clients it has.
    sources: Sources,
}

impl Grants {
    /// Those of this app: the ones that are in use, if any are.
    pub(super) fn of(
        client: OAuthClient,
        endpoint: TokenEndpoint,
        store: Arc<dyn Store>,
        sealer: Sealer,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        // A store that does not say what it is, is itself alone.
        let place = store.fingerprint().ok_or_else(|| Arc::as_ptr(&store).cast::<()>().addr());
        let fingerprint = Fingerprint::of(&(&client, &endpoint, place, &sealer));
        let mut in_use = lock(&IN_USE);
        if let Some(grants) = in_use.get(&fingerprint).and_then(Weak::upgrade) {
            return Ok(grants);
        }
        let grants = Arc::new(Self::new(client, endpoint, store, sealer, clock)?);
        in_use.retain(|_, grants| grants.strong_count() > 0);
        in_use.insert(fingerprint, Arc::downgrade(&grants));
        Ok(grants)
    }

    pub(super) fn new(
        client: OAuthClient,
        endpoint: TokenEndpoint,
        store: Arc<dyn Store>,
        sealer: Sealer,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let listeners = Arc::new(Listeners::default());
        Ok(Self {
            client,
            endpoint,
            store: Arc::new(WatchedStore::new(store, Arc::clone(&listeners))),
            sealer,
            clock,
            owner: random::text::<16>()?,
            listeners,
            background: Background::default(),
            sources: Sources::default(),
        })
    }

    /// The tokens of the grant of this id. Whether there is one shows when they are used.
    pub(super) fn source(self: &Arc<Self>, id: &str) -> Arc<TokenSource> {
        self.sources.get(id, || TokenSource::new(Arc::new(self.renewal(id)), Arc::clone(&self.clock)))
    }

    pub(super) fn renewal(self: &Arc<Self>, id: &str) -> GrantRenewal {
        GrantRenewal { id: id.to_owned(), grants: Arc::clone(self) }
    }

    /// Stores a new authorization, with its access token if it is at hand. It wins over whatever is in the store, a
    /// renewal in flight included.
    pub(super) async fn replace(
        self: &Arc<Self>,
        id: &str,
        record: &GrantRecord,
        access: Option<AccessToken>,
    ) -> Result<()> {
        loop {
            let version = self.store.load(id).await?.map_or(0, |stored| stored.version);
            let bytes = self.sealer.seal(id, version + 1, record)?;
            if self.store.swap(id, version, bytes, record.due()).await? == Swap::Won {
                break;
            }
        }
        self.source(id).reset(access);
        Ok(())
    }

    /// Stores a new authorization for as long as it takes: there is no second copy of its tokens.
    pub(super) async fn keep(self: &Arc<Self>, id: &str, record: &GrantRecord, access: AccessToken) {
        let mut wait = FIRST_COMMIT_WAIT;
        while let Err(error) = self.replace(id, record, Some(access.clone())).await {
            if self.store.is_gone() {
                return self.listeners.tell_of_loss(id, error);
            }
            self.listeners.tell(&Event::RenewalFailed { grant_id: id.to_owned(), error });
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_COMMIT_WAIT);
            // Perhaps it was written, and only the store's answer lost.
            if let Ok(Some((_, current))) = self.renewal(id).find().await
                && current.refresh == record.refresh
            {
                return self.source(id).reset(Some(access));
            }
        }
    }

    /// When the refresh token of this grant dies, in milliseconds since the Unix epoch, or never if the grant has
    /// ended; none if there is no such grant.
    pub(super) async fn expires_at(&self, id: &str) -> Result<Option<u64>> {
        let stored = self.store.load(id).await?;
        Ok(stored
            .map(|stored| self.sealer.open::<GrantRecord>(id, &stored))
            .transpose()?
            .map(|record| record.due()))
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now().unix_millis()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
