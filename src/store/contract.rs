//! The one suite that every store passes.

use std::sync::Arc;

use super::{Store, Stored, Swap};

const WRITERS: u64 = 8;
const SWAPS_EACH: u64 = 200;

/// Checks an empty store.
pub(super) async fn check(store: Arc<dyn Store>) {
    a_record_is_made_once(&*store).await;
    a_swap_needs_the_present_version(&*store).await;
    due_records_come_most_urgent_first(&*store).await;
    no_update_is_lost_among_writers(store).await;
}

async fn a_record_is_made_once(store: &dyn Store) {
    assert_eq!(store.load("a").await.unwrap(), None);
    assert_eq!(store.swap("a", 1, b"x".to_vec(), None).await.unwrap(), Swap::Lost, "no record to replace");
    assert_eq!(store.swap("a", 0, b"one".to_vec(), None).await.unwrap(), Swap::Won);
    assert_eq!(store.swap("a", 0, b"two".to_vec(), None).await.unwrap(), Swap::Lost, "it is there already");
    assert_eq!(store.load("a").await.unwrap(), Some(Stored { version: 1, bytes: b"one".to_vec() }));
}

async fn a_swap_needs_the_present_version(store: &dyn Store) {
    assert_eq!(store.swap("a", 1, b"two".to_vec(), None).await.unwrap(), Swap::Won);
    for stale in [0, 1, 3] {
        assert_eq!(store.swap("a", stale, b"bad".to_vec(), None).await.unwrap(), Swap::Lost, "{stale}");
    }
    assert_eq!(store.load("a").await.unwrap(), Some(Stored { version: 2, bytes: b"two".to_vec() }));
    assert_eq!(store.load("b").await.unwrap(), None, "ids do not touch one another");
}

async fn due_records_come_most_urgent_first(store: &dyn Store) {
    for (id, due) in [("d30", Some(30)), ("d10", Some(10)), ("d20", Some(20)), ("never", None)] {
        assert_eq!(store.swap(id, 0, Vec::new(), due).await.unwrap(), Swap::Won);
    }
    assert_eq!(store.due(30, 10).await.unwrap(), ["d10", "d20"]);
    assert_eq!(store.due(31, 2).await.unwrap(), ["d10", "d20"]);
    assert_eq!(store.swap("d10", 1, Vec::new(), None).await.unwrap(), Swap::Won);
    assert_eq!(store.due(31, 10).await.unwrap(), ["d20", "d30"], "a swap replaces the due time");
}

async fn no_update_is_lost_among_writers(store: Arc<dyn Store>) {
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut won = 0;
                while won < SWAPS_EACH {
                    let stored = store.load("counter").await.unwrap();
                    let (version, count) = stored.map_or((0, 0), |stored| {
                        (stored.version, u64::from_be_bytes(stored.bytes.try_into().unwrap()))
                    });
                    tokio::task::yield_now().await;
                    let next = (count + 1).to_be_bytes().to_vec();
                    if store.swap("counter", version, next, None).await.unwrap() == Swap::Won {
                        won += 1;
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let stored = store.load("counter").await.unwrap().unwrap();
    assert_eq!(stored.version, WRITERS * SWAPS_EACH);
    assert_eq!(stored.bytes, (WRITERS * SWAPS_EACH).to_be_bytes());
}
