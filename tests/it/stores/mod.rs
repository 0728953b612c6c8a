//! The durable stores: files on a real disk, and servers that the tests start.

#[path = "../../../src/store/contract.rs"]
mod contract;
mod failover;
mod postgres;
mod postgres_tls;
mod redis;
mod redis_cluster;
mod redis_failover;
mod redis_rights;
mod redis_sentinel;
mod servers;
mod sqlite;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smartrecruiters::error::ErrorCode;
use smartrecruiters::secret::Secret;
use smartrecruiters::store::{
    Due, GrantRecord, NEVER, Removal, Sealer, Sealing, SealingKey, Store, Stored, Swap,
};
use smartrecruiters::token::RefreshToken;

pub(crate) use servers::Folder;

const WRITERS: u64 = 4;
/// How many swaps are made before the server goes away, and again when it is back.
const SWAPS: u64 = 500;
/// When a test gives up on what other processes do, so that it fails by name instead of standing still.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long swaps may go on failing once the server can take them again.
const RESUMED_WITHIN: Duration = Duration::from_secs(5);

fn record(token: &str) -> GrantRecord {
    GrantRecord::new(RefreshToken(Secret::new(token)), 1)
}

/// Writes sealed records, and a plain one, to see that the search finds what is there.
async fn nothing_is_readable_in_files(store: &dyn Store, folder: &Path) {
    let key = SealingKey::new(&Secret::new("5a".repeat(32))).unwrap();
    let sealed = Sealer::new(store, Some(Sealing::Keys(vec![key]))).unwrap();
    let plain = Sealer::new(store, Some(Sealing::Plain)).unwrap();
    for version in 0..20 {
        let bytes = sealed.seal("sealed", version + 1, &record("sealed-canary")).unwrap();
        assert_eq!(store.swap("sealed", version, bytes, 9).await.unwrap(), Swap::Won);
    }
    let bytes = plain.seal("plain", 1, &record("plain-canary")).unwrap();
    assert_eq!(store.swap("plain", 0, bytes, 9).await.unwrap(), Swap::Won);
    assert!(holds(folder, b"plain-canary"), "the search itself is broken");
    assert!(!holds(folder, b"sealed-canary"), "a token is in the clear");
    let stored = store.load("sealed").await.unwrap().unwrap();
    assert_eq!(sealed.open::<GrantRecord>("sealed", &stored).unwrap(), record("sealed-canary"));
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        // A server removes files while we look.
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text)
    })
}

/// Swaps go on while `interrupt` takes the server away and brings it back. Each answer has to be true: what was won
/// is there, what was lost is not, and only what failed may be either.
async fn no_answer_is_wrong(store: Arc<dyn Store>, interrupt: impl FnOnce()) {
    let failed = count_failures(store, interrupt).await;
    assert!(failed > 0, "nobody noticed that the server was away");
}

/// The same, where the store may have found another server before a swap failed. Returns how many calls failed.
async fn count_failures(store: Arc<dyn Store>, interrupt: impl FnOnce()) -> u64 {
    let [won, unknown, failed] = [(); 3].map(|()| Arc::new(AtomicU64::new(0)));
    let goal = Arc::new(AtomicU64::new(u64::MAX));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (store, goal) = (Arc::clone(&store), Arc::clone(&goal));
            let (won, unknown, failed) = (Arc::clone(&won), Arc::clone(&unknown), Arc::clone(&failed));
            tokio::spawn(async move {
                while won.load(Ordering::SeqCst) < goal.load(Ordering::SeqCst) {
                    let swap = match store.load("counter").await {
                        Err(error) => Err(error),
                        Ok(stored) => {
                            let (version, count) = contract::counter(stored);
                            let next = (count + 1).to_be_bytes().to_vec();
                            let swap = store.swap("counter", version, next, NEVER).await;
                            unknown.fetch_add(u64::from(swap.is_err()), Ordering::SeqCst);
                            swap
                        }
                    };
                    match swap {
                        Ok(Swap::Won) => drop(won.fetch_add(1, Ordering::SeqCst)),
                        Ok(Swap::Lost) => {}
                        Err(error) => {
                            assert_eq!(error.code(), ErrorCode::Store, "{error}");
                            failed.fetch_add(1, Ordering::SeqCst);
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
            })
        })
        .collect();
    awaited("the first swaps", async || (won.load(Ordering::SeqCst) >= SWAPS).then_some(())).await;
    // On this thread: meanwhile the writers' own must not stand still.
    tokio::task::block_in_place(interrupt);
    let before = won.load(Ordering::SeqCst);
    let resumed = async {
        while won.load(Ordering::SeqCst) == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(RESUMED_WITHIN, resumed).await.is_ok(), "swaps have not resumed");
    goal.store(won.load(Ordering::SeqCst) + SWAPS, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let (count, won, unknown) =
        (contract::count(&*store).await, won.load(Ordering::SeqCst), unknown.load(Ordering::SeqCst));
    assert!((won..=won + unknown).contains(&count), "{count} after {won} won and {unknown} unknown");
    failed.load(Ordering::SeqCst)
}

/// A server that is not there is told in time and without a word of the password.
async fn absence_is_told(store: &dyn Store) {
    let shown = format!("{store:?}");
    let (load, swap, due) =
        (store.load("g").await, store.swap("g", 0, b"canary".to_vec(), 1).await, store.due(1, 1, None).await);
    for (operation, error) in [("load", load.err()), ("swap", swap.err()), ("due", due.err())] {
        let error = error.unwrap();
        assert_eq!(error.code(), ErrorCode::Store);
        assert!(error.to_string().contains(operation), "{error}");
        let shown = format!("{shown} {error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}

/// Asks until there is an answer; gives up after [`PATIENCE`], and says then what has not come about.
async fn awaited<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("not within {} s: {what}", PATIENCE.as_secs()))
}

/// Waits for a server to serve.
async fn served(store: &dyn Store) {
    awaited("a server that serves", async || store.load("nobody").await.ok()).await;
}
