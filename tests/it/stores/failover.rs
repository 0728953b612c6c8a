//! Grants that are renewed without a pause while the servers that keep them fail over: how many are lost, and for how long
//! nothing can be renewed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use smartrecruiters::store::{NEVER, Store, Swap};

use super::awaited;

/// As many grants as there are tasks that renew them.
const GRANTS: usize = 16;

/// How many failovers a test makes: `FAILOVERS` of the environment, or else `short`.
pub(super) fn rounds(short: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "the core takes options; a test may take one from here")]
    std::env::var("FAILOVERS").map_or(short, |rounds| rounds.parse().unwrap())
}

/// One task for each grant, which renews it again and again.
pub(super) struct Renewals {
    tasks: Vec<tokio::task::JoinHandle<Figures>>,
    confirmed: Arc<[AtomicU64]>,
    over: Arc<AtomicBool>,
}

/// What happened to the grants.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) renewed: u64,
    /// Swaps that failed, and may have been made or not.
    unknown: u64,
    /// How often a record was older than one that the store had confirmed.
    pub(super) lost: u64,
    longest_gap: Duration,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { renewed, unknown, lost, longest_gap } = self;
        write!(
            f,
            "{lost} lost, longest gap {longest_gap:.1?}, {renewed} renewals, {unknown} of unknown outcome"
        )
    }
}

impl Renewals {
    pub(super) fn start(store: &Arc<dyn Store>) -> Self {
        let confirmed: Arc<[AtomicU64]> = (0..GRANTS).map(|_| AtomicU64::new(0)).collect();
        let over = Arc::new(AtomicBool::new(false));
        let tasks = (0..GRANTS)
            .map(|grant| {
                let (store, confirmed, over) = (Arc::clone(store), Arc::clone(&confirmed), Arc::clone(&over));
                tokio::spawn(async move { renew(&*store, grant, &confirmed[grant], &over).await })
            })
            .collect();
        Self { tasks, confirmed, over }
    }

    /// Waits until each grant was renewed twice more: the first renewal may have begun before.
    pub(super) async fn go_on(&self) {
        let now: Vec<u64> = self.confirmed.iter().map(|version| version.load(Ordering::SeqCst)).collect();
        let grants = self.confirmed.iter().zip(&now);
        awaited("renewals that go on", async || {
            let renewed =
                |(version, before): (&AtomicU64, &u64)| version.load(Ordering::SeqCst) >= before + 2;
            grants.clone().all(renewed).then_some(())
        })
        .await;
    }

    /// Ends the tasks, reports what happened to standard error, and returns it.
    #[expect(clippy::print_stderr, reason = "the figures of a long run; shown with --nocapture")]
    pub(super) async fn finish(self, what: &str) -> Figures {
        self.over.store(true, Ordering::SeqCst);
        let mut sum = Figures::default();
        for task in self.tasks {
            let figures = task.await.unwrap();
            sum.renewed += figures.renewed;
            sum.unknown += figures.unknown;
            sum.lost += figures.lost;
            sum.longest_gap = sum.longest_gap.max(figures.longest_gap);
        }
        eprintln!("{what}: {sum}");
        sum
    }
}

/// Only this task writes the grant, so that whatever is older than its last success was lost.
#[expect(clippy::disallowed_methods, reason = "gaps are measured, and nothing is decided by them")]
async fn renew(store: &dyn Store, grant: usize, confirmed: &AtomicU64, over: &AtomicBool) -> Figures {
    let id = format!("grant-{grant}");
    let mut figures = Figures::default();
    let mut last = Instant::now();
    while !over.load(Ordering::SeqCst) {
        let Ok(stored) = store.load(&id).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let version = stored.map_or(0, |stored| stored.version);
        if version < confirmed.load(Ordering::SeqCst) {
            figures.lost += 1;
        }
        match store.swap(&id, version, format!("token {version}").into_bytes(), NEVER).await {
            Ok(Swap::Won) => {
                confirmed.store(version + 1, Ordering::SeqCst);
                figures.renewed += 1;
                figures.longest_gap = figures.longest_gap.max(last.elapsed());
                last = Instant::now();
                // Room for the servers, which share the machine.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // An earlier swap of unknown outcome was made after all.
            Ok(Swap::Lost) => {}
            Err(_) => {
                figures.unknown += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    figures
}
