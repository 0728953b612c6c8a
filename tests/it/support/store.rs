//! Stores of tests: one that other processes share, and one that the test takes down and puts up again.

#[path = "../../../src/store/scripted.rs"]
mod scripted;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use smartrecruiters::error::Error;
use smartrecruiters::store::{Due, MemoryStore, Removal, Store, StoreFuture, Stored, Swap, Version};

pub(crate) use scripted::{Call, Fate, ScriptedStore};

/// The same records through a store of its own, as another process has it.
pub(crate) fn elsewhere(store: Arc<dyn Store>) -> Arc<dyn Store> {
    Arc::new(ScriptedStore::over(store, |_| Fate::Passes))
}

/// The line to a store, which can be cut.
#[derive(Debug)]
pub(crate) struct Line {
    /// The operations that find it cut; others never do.
    operations: &'static [&'static str],
    pub(crate) cut: AtomicBool,
    /// Cut when so many more swaps have been written; the answer of the last one is lost.
    pub(crate) cuts_after: Mutex<Option<usize>>,
    /// How many operations found it cut.
    pub(crate) refused: AtomicUsize,
}

impl Line {
    /// The line to a new store in memory, and the store behind it.
    pub(crate) fn to_memory() -> (Arc<Self>, Arc<dyn Store>) {
        Self::to(Arc::new(MemoryStore::new()), &["load", "swap"])
    }

    pub(crate) fn to(
        inner: Arc<dyn Store>,
        operations: &'static [&'static str],
    ) -> (Arc<Self>, Arc<dyn Store>) {
        let line = Arc::new(Self {
            operations,
            cut: AtomicBool::new(false),
            cuts_after: Mutex::new(None),
            refused: AtomicUsize::new(0),
        });
        let store = ScriptedStore::over(inner, {
            let line = Arc::clone(&line);
            move |call| line.fate(call)
        });
        (line, Arc::new(store))
    }

    fn fate(&self, call: Call<'_>) -> Fate {
        if !self.operations.contains(&call.operation()) {
            return Fate::Passes;
        }
        if self.cut.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Fate::Fails("it is cut");
        }
        let mut left = self.cuts_after.lock().unwrap();
        if matches!(call, Call::Swap { .. })
            && let Some(swaps) = *left
        {
            *left = swaps.checked_sub(1).filter(|swaps| *swaps > 0);
            if left.is_none() {
                self.cut.store(true, Ordering::SeqCst);
                self.refused.fetch_add(1, Ordering::SeqCst);
                return Fate::AnswerLost;
            }
        }
        Fate::Passes
    }
}
