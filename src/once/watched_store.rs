//! [`WatchedStore`]: checks on first use how a store could lose grants, and reports that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::events::{Event, Listeners};
use crate::store::{Due, Removal, Store, StoreFuture, Stored, Swap, Version};

/// A store whose warnings are requested and reported in the background when it is first used.
#[derive(Debug)]
pub(super) struct WatchedStore {
    store: Arc<dyn Store>,
    listeners: Arc<Listeners>,
    asked: AtomicBool,
}

impl WatchedStore {
    pub(super) fn new(store: Arc<dyn Store>, listeners: Arc<Listeners>) -> Self {
        Self { store, listeners, asked: AtomicBool::new(false) }
    }

    fn ask_once(&self) {
        if self.asked.swap(true, Ordering::Relaxed) {
            return;
        }
        let (store, listeners) = (Arc::clone(&self.store), Arc::clone(&self.listeners));
        tokio::spawn(async move {
            // Errors are ignored here: the operation that uses the store reports them.
            for message in store.warnings().await.unwrap_or_default() {
                listeners.report(&Event::StoreWarning { message });
            }
        });
    }
}

impl Store for WatchedStore {
    fn is_durable(&self) -> bool {
        self.store.is_durable()
    }

    fn namespace(&self) -> &str {
        self.store.namespace()
    }

    fn warnings(&self) -> StoreFuture<'_, Vec<String>> {
        self.store.warnings()
    }

    fn is_gone(&self) -> bool {
        self.store.is_gone()
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        self.ask_once();
        self.store.load(id)
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        self.ask_once();
        self.store.swap(id, expected, bytes, due)
    }

    fn remove<'a>(&'a self, id: &'a str, expected: Version) -> StoreFuture<'a, Removal> {
        self.ask_once();
        self.store.remove(id, expected)
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        self.ask_once();
        self.store.due(before, limit, after)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::once::events::Listener;
    use crate::store::scripted::{Call, Fate, ScriptedStore};

    /// What is told when the store is used three times, and how often it was asked.
    async fn told(warnings: Option<&[&str]>) -> (Vec<String>, usize) {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let listeners = Arc::new(Listeners::default());
        let _listener = listeners.add(Listener::new({
            let heard = Arc::clone(&heard);
            move |event| {
                if let Event::StoreWarning { message } = event {
                    heard.lock().unwrap().push(message);
                }
                true
            }
        }));
        let warnings: Option<Vec<_>> = warnings.map(|all| all.iter().map(ToString::to_string).collect());
        let asked = Arc::new(AtomicUsize::new(0));
        let inner = ScriptedStore::new({
            let asked = Arc::clone(&asked);
            move |call| {
                if !matches!(call, Call::Warnings) {
                    return Fate::Passes;
                }
                asked.fetch_add(1, Ordering::SeqCst);
                warnings.clone().map_or(Fate::Fails("it is down"), Fate::Warns)
            }
        });
        let store = WatchedStore::new(Arc::new(inner), listeners);
        assert_eq!(asked.load(Ordering::SeqCst), 0, "not before it is used");
        store.load("a").await.unwrap();
        store.swap("a", 0, Vec::new(), 1).await.unwrap();
        store.due(2, 1, None).await.unwrap();
        // The only task there is besides this one.
        tokio::task::yield_now().await;
        let heard = heard.lock().unwrap().clone();
        (heard, asked.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn a_store_is_asked_once_and_its_warnings_are_told() {
        let warnings = vec!["evicts".to_owned(), "forgets".to_owned()];
        assert_eq!(told(Some(&["evicts", "forgets"])).await, (warnings, 1));
        assert_eq!(told(Some(&[])).await, (Vec::new(), 1));
        assert_eq!(told(None).await, (Vec::new(), 1), "a store that cannot be asked is not an error");
    }
}
