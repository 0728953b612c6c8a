//! [`Vault`]: loads, decrypts, encrypts and stores the records of one app. It holds the store and its keys, the clock,
//! this process's name in leases, and the app's event listeners.

use std::sync::Arc;

use super::events::{Event, Listeners};
use super::lease::{LEASE_POLL, Lease};
use super::protocol::{OneTimeRecord, OperationState, Step, step};
use super::watched_store::WatchedStore;
use crate::clock::{Clock, Moment};
use crate::error::Result;
use crate::random;
use crate::store::{Record, Removal, SealedStore, Sealing, Store, Swap, Version};

/// The records of one app.
#[derive(Debug, Clone)]
pub struct Vault {
    /// The store and its encryption keys.
    pub records: SealedStore,
    /// The clock that leases and tokens are measured by.
    pub clock: Arc<dyn Clock>,
    /// A random name of this process, written into leases.
    pub owner: Arc<str>,
    /// The receivers of events about the records.
    pub listeners: Arc<Listeners>,
}

impl Vault {
    /// A vault for the records in `store`. Without `sealing`, records are not encrypted, which only a store in memory
    /// accepts.
    pub fn new(store: Arc<dyn Store>, sealing: Option<Sealing>, clock: Arc<dyn Clock>) -> Result<Self> {
        let listeners = Arc::new(Listeners::default());
        let watched = Arc::new(WatchedStore::new(store, Arc::clone(&listeners)));
        let records = SealedStore::new(watched, sealing)?;
        Ok(Self { records, clock, owner: random::text::<16>()?.into(), listeners })
    }

    /// The record of `id` and its version, or `None` if the store has none.
    pub async fn find<R: Record>(&self, id: &str) -> Result<Option<(Version, R)>> {
        self.records.find(id).await
    }

    /// Writes the record of `id` as version `expected + 1` if its version is still `expected`. With 0, the record must
    /// not exist yet.
    pub async fn swap<R: Record>(&self, id: &str, expected: Version, record: &R) -> Result<Swap> {
        self.records.swap(id, expected, record).await
    }

    /// Writes the record of `id` over whatever the store has, even while an operation is in flight.
    pub async fn replace<R: Record>(&self, id: &str, record: &R) -> Result<()> {
        loop {
            let version = self.records.version(id).await?;
            if self.swap(id, version, record).await? == Swap::Won {
                return Ok(());
            }
        }
    }

    /// Removes the record of `id` if its version is still `expected`. A store that cannot remove records keeps it.
    pub async fn remove(&self, id: &str, expected: Version) -> Result<Removal> {
        self.records.remove(id, expected).await
    }

    /// The record of `id`, once none of its operations is in flight, so that a change to it cannot collide with a
    /// result. Also returns how many of its operations have an unknown outcome. `None` if there is no record.
    pub async fn settled<R: OneTimeRecord>(&self, id: &str) -> Result<Option<(Version, R, u32)>> {
        let mut watched = None;
        loop {
            let Some((version, record)) = self.find::<R>(id).await? else { return Ok(None) };
            match look(version, &record, self.now(), &mut watched) {
                Step::Wait => tokio::time::sleep(LEASE_POLL).await,
                Step::Begin { unresolved } => return Ok(Some((version, record, unresolved))),
                Step::Stop => return Ok(Some((version, record, 0))),
            }
        }
    }

    /// Reports an event to the listeners.
    pub fn report(&self, event: &Event) {
        let _ = self.listeners.report(event);
    }

    /// The current time.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }
}

/// Looks at a record's lease, and decides what to do. `watched` holds the lease between looks.
pub(super) fn look<R: OneTimeRecord>(
    version: Version,
    record: &R,
    now: Moment,
    watched: &mut Option<Lease>,
) -> Step {
    let state = record.operation_state();
    let OperationState::InFlight { until, .. } = state else { return step(state, true) };
    let lease = Lease::look(version, until, now, watched.take());
    *watched = Some(lease);
    step(state, lease.is_over())
}
