//! [`SealedStore`]: a store with its encryption keys, which loads and stores records in place of bytes.

use std::sync::Arc;
use std::time::Duration;

use super::interface::{Due, NEVER, Removal, Store, StoreFuture, Stored, Swap, Version};
use super::record::Record;
use super::seal::{Sealer, Sealing};
use crate::error::{Error, Result};
use crate::observe::{Observation, observe};

/// A store with its encryption keys.
#[derive(Debug, Clone)]
pub struct SealedStore {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
    /// The number of the credential that the records belong to, if they are shared tokens.
    credential: Option<u64>,
}

impl SealedStore {
    /// Combines a store with its keys. Without `sealing`, records are not encrypted, which only a store in memory
    /// accepts.
    pub fn new(store: Arc<dyn Store>, sealing: Option<Sealing>) -> Result<Self> {
        let sealer = Arc::new(Sealer::new(&*store, sealing)?);
        Ok(Self { store, sealer, credential: None })
    }

    /// Says whose tokens are shared here, for observers.
    #[must_use]
    pub fn of_credential(self, number: u64) -> Self {
        Self { credential: Some(number), ..self }
    }

    /// The encryption keys of the store.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The store itself, for operations that do not decrypt records.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The record of `id` and its version, or `None` if the store has none.
    pub async fn find<R: Record>(&self, id: &str) -> Result<Option<(Version, R)>> {
        let Some(stored) = self.observed("load", self.store.load(id)).await? else { return Ok(None) };
        Ok(Some((stored.version, self.sealer.open(id, &stored)?)))
    }

    /// The version of the record of `id`, or 0 if the store has none. The record need not be readable.
    pub async fn version(&self, id: &str) -> Result<Version> {
        Ok(self.observed("load", self.store.load(id)).await?.map_or(0, |stored| stored.version))
    }

    /// Whether the store is gone for good. See [`Store::is_gone`].
    pub fn is_gone(&self) -> bool {
        self.store.is_gone()
    }

    /// The record of `id` and its version. If there is none, version 0 and the default of `R`.
    pub async fn load<R: Record + Default>(&self, id: &str) -> Result<(Version, R)> {
        Ok(self.find(id).await?.unwrap_or_default())
    }

    /// The encrypted record of `id`, for [`SealedStore::open_or_default`].
    pub async fn load_bytes(&self, id: &str) -> Result<Option<Stored>> {
        self.observed("load", self.store.load(id)).await
    }

    /// Decrypts a record that may be overwritten. A damaged one becomes the default of `R`. Fails if its key is
    /// missing, since other processes can read it.
    pub fn open_or_default<R: Record + Default>(&self, id: &str, stored: &Stored) -> Result<R> {
        self.sealer.check_key(stored)?;
        Ok(self.sealer.open(id, stored).unwrap_or_default())
    }

    /// Writes the record of `id` as version `expected + 1` if its version is still `expected`.
    pub async fn swap<R: Record>(&self, id: &str, expected: Version, record: &R) -> Result<Swap> {
        let bytes = self.sealer.seal(id, expected.saturating_add(1), record)?;
        self.observed("swap", self.store.swap(id, expected, bytes, record.due())).await
    }

    /// Removes the record of `id` if its version is still `expected`. See [`Store::remove`].
    pub async fn remove(&self, id: &str, expected: Version) -> Result<Removal> {
        self.observed("remove", self.store.remove(id, expected)).await
    }

    /// The next `limit` ids that begin with `prefix`, in the order of their bytes, from after `after` or from the
    /// beginning. Only records that are due at [`NEVER`] are found.
    pub async fn ids(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>> {
        // All of these records have the same due time, so they are adjacent in the index.
        let place = Due { due: NEVER, id: after.unwrap_or(prefix).to_owned() };
        let found = self.observed("due", self.store.due(u64::MAX, limit, Some(&place))).await?;
        Ok(found.into_iter().map(|due| due.id).take_while(|id| id.starts_with(prefix)).collect())
    }

    /// Reports that a method of the store took longer than `patience`, and was not waited for any longer.
    pub fn report_late(&self, operation: &'static str, patience: Duration) {
        observe(|| {
            let problem = format!("no answer arrived within {} s", patience.as_secs());
            let error = Error::Store { operation, problem: problem.into() };
            Some(Observation::Store { operation, credential: self.credential, error })
        });
    }

    /// Reports the failure of a method of the store.
    async fn observed<T>(&self, operation: &'static str, answer: StoreFuture<'_, T>) -> Result<T> {
        let answer = answer.await;
        if let Err(error) = &answer {
            observe(|| {
                Some(Observation::Store { operation, credential: self.credential, error: error.clone() })
            });
        }
        answer
    }
}
