//! [`MemoryStore`]: grants that live as long as the process. For tests and for trying things out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Store, StoreFuture, Stored, Swap, Version};

/// A store in memory: its grants are lost when the process ends.
#[derive(Default)]
pub struct MemoryStore {
    records: Mutex<HashMap<String, (Stored, Option<u64>)>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, HashMap<String, (Stored, Option<u64>)>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("records", &self.records().len()).finish()
    }
}

impl Store for MemoryStore {
    fn is_durable(&self) -> bool {
        false
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move { Ok(self.records().get(id).map(|(stored, _)| stored.clone())) })
    }

    fn swap<'a>(
        &'a self,
        id: &'a str,
        expected: Version,
        bytes: Vec<u8>,
        due: Option<u64>,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let mut records = self.records();
            if records.get(id).map_or(0, |(stored, _)| stored.version) != expected {
                return Ok(Swap::Lost);
            }
            records.insert(id.to_owned(), (Stored { version: expected + 1, bytes }, due));
            Ok(Swap::Won)
        })
    }

    fn due(&self, before: u64, limit: usize) -> StoreFuture<'_, Vec<String>> {
        Box::pin(async move {
            let mut ids: Vec<_> = self
                .records()
                .iter()
                .filter_map(|(id, (_, due))| due.filter(|due| *due < before).map(|due| (due, id.clone())))
                .collect();
            ids.sort_unstable();
            ids.truncate(limit);
            Ok(ids.into_iter().map(|(_, id)| id).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::contract;

    #[tokio::test]
    async fn memory_keeps_the_contract() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        contract::check(|| Arc::clone(&store)).await;
    }

    #[test]
    fn debug_shows_no_record() {
        let store = MemoryStore::new();
        store.records().insert("id".into(), (Stored { version: 1, bytes: b"canary".to_vec() }, None));
        assert_eq!(format!("{store:?}"), "MemoryStore { records: 1 }");
    }
}
