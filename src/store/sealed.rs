//! [`SealedStore`]: a store with the keys to it, so that it holds records instead of bytes.

use std::sync::Arc;

use super::record::Record;
use super::{Due, NEVER, Removal, Sealer, Sealing, Store, Stored, Swap, Version};
use crate::error::Result;

/// A store of records that need no attention: credentials and tokens that are looked up by their ids.
#[derive(Debug, Clone)]
pub struct SealedStore {
    store: Arc<dyn Store>,
    sealer: Arc<Sealer>,
}

impl SealedStore {
    /// Without a `sealing`, records are plain in memory; a durable store is then refused.
    pub fn new(store: Arc<dyn Store>, sealing: Option<Sealing>) -> Result<Self> {
        let sealer = Arc::new(Sealer::new(&*store, sealing)?);
        Ok(Self { store, sealer })
    }

    /// The keys to the store.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// The store itself, for what does not open records.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The record of `id` and its version, or nothing if the store has none.
    pub async fn find<R: Record>(&self, id: &str) -> Result<Option<(Version, R)>> {
        let Some(stored) = self.store.load(id).await? else { return Ok(None) };
        Ok(Some((stored.version, self.sealer.open(id, &stored)?)))
    }

    /// The version of the record of `id`, 0 if the store has none. It need not be one that can be opened.
    pub async fn version(&self, id: &str) -> Result<Version> {
        Ok(self.store.load(id).await?.map_or(0, |stored| stored.version))
    }

    /// Whether the store underneath has gone for good: see [`Store::is_gone`].
    pub fn is_gone(&self) -> bool {
        self.store.is_gone()
    }

    /// The record of `id` and its version. Where there is none, version 0 and what `R` is by default.
    pub async fn load<R: Record + Default>(&self, id: &str) -> Result<(Version, R)> {
        Ok(self.find(id).await?.unwrap_or_default())
    }

    /// The bytes of `id`, for [`SealedStore::open_or_default`].
    pub async fn load_bytes(&self, id: &str) -> Result<Option<Stored>> {
        self.store.load(id).await
    }

    /// The record in these bytes, or what `R` is by default if they are damaged: for what may be written over. It
    /// fails where the keys are at fault, since others can read it.
    pub fn open_or_default<R: Record + Default>(&self, id: &str, stored: &Stored) -> Result<R> {
        self.sealer.check_key(stored)?;
        Ok(self.sealer.open(id, stored).unwrap_or_default())
    }

    /// Writes the record of `id` as version `expected + 1`, if it still has version `expected`.
    pub async fn swap<R: Record>(&self, id: &str, expected: Version, record: &R) -> Result<Swap> {
        let bytes = self.sealer.seal(id, expected.saturating_add(1), record)?;
        self.store.swap(id, expected, bytes, record.due()).await
    }

    /// Removes the record of `id`, if it still has version `expected`. See [`Store::remove`].
    pub async fn remove(&self, id: &str, expected: Version) -> Result<Removal> {
        self.store.remove(id, expected).await
    }

    /// The next `limit` ids, in their order, that begin with `prefix` and come after `after`, or after the prefix
    /// itself.
    pub async fn ids(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>> {
        // All of them are due at the same time: they stand together.
        let place = Due { due: NEVER, id: after.unwrap_or(prefix).to_owned() };
        let found = self.store.due(u64::MAX, limit, Some(&place)).await?;
        Ok(found.into_iter().map(|due| due.id).take_while(|id| id.starts_with(prefix)).collect())
    }
}
