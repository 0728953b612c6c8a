//! [`MemoryStore`]: records that are lost when the process ends, for tests and for trying things out.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::interface::{Due, Removal, Store, StoreFuture, Stored, Swap, Version};

/// A store in memory. Its records are lost when the process ends.
#[derive(Default)]
pub struct MemoryStore {
    records: Mutex<Records>,
}

#[derive(Default)]
struct Records {
    /// Each record, with the time at which it is due.
    by_id: HashMap<String, (Stored, u64)>,
    by_due: BTreeSet<Due>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("records", &self.records().by_id.len()).finish()
    }
}

impl Store for MemoryStore {
    fn is_durable(&self) -> bool {
        false
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move { Ok(self.records().by_id.get(id).map(|(stored, _)| stored.clone())) })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let mut records = self.records();
            let (version, old) =
                records.by_id.get(id).map_or((0, None), |(stored, due)| (stored.version, Some(*due)));
            if version != expected {
                return Ok(Swap::Lost);
            }
            if let Some(due) = old {
                records.by_due.remove(&Due { due, id: id.to_owned() });
            }
            records.by_due.insert(Due { due, id: id.to_owned() });
            records.by_id.insert(id.to_owned(), (Stored { version: expected + 1, bytes }, due));
            Ok(Swap::Won)
        })
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        Box::pin(async move {
            let mut records = self.records();
            let due = match records.by_id.get(id) {
                Some((stored, due)) if stored.version == expected => *due,
                _ => return Ok(Removal::Lost),
            };
            records.by_due.remove(&Due { due, id: id.to_owned() });
            records.by_id.remove(id);
            Ok(Removal::Removed)
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        let after = after.cloned();
        Box::pin(async move {
            let start = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let records = self.records();
            let rest = records.by_due.range::<Due, _>((start, Bound::Unbounded));
            Ok(rest.take_while(|place| place.due < before).take(limit).cloned().collect())
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
        let stored = Stored { version: 1, bytes: b"canary".to_vec() };
        store.records().by_id.insert("id".into(), (stored, 7));
        assert_eq!(format!("{store:?}"), "MemoryStore { records: 1 }");
    }
}
