//! A store that the test takes down and puts up again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use smartrecruiters::error::{Error, Result};
use smartrecruiters::store::{Due, MemoryStore, Store, StoreFuture, Stored, Swap, Version};

/// A store in memory behind a line that can be cut.
#[derive(Debug, Default)]
pub(crate) struct Line {
    inner: MemoryStore,
    pub(crate) cut: AtomicBool,
    /// Cut when so many more swaps have been written; their answers are lost.
    pub(crate) cuts_after: Mutex<Option<usize>>,
    /// How many operations found it cut.
    pub(crate) refused: AtomicUsize,
}

impl Line {
    fn open(&self, operation: &'static str) -> Result<()> {
        if !self.cut.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::SeqCst);
        Err(Error::Store { operation, problem: "it is cut".into() })
    }

    fn written(&self) {
        let mut left = self.cuts_after.lock().unwrap();
        *left = left.map(|left| left.saturating_sub(1));
        if *left == Some(0) {
            *left = None;
            self.cut.store(true, Ordering::SeqCst);
        }
    }
}

impl Store for Line {
    fn is_durable(&self) -> bool {
        false
    }

    fn load<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Stored>> {
        Box::pin(async move {
            self.open("load")?;
            self.inner.load(id).await
        })
    }

    fn swap<'a>(&'a self, id: &'a str, expected: Version, bytes: Vec<u8>, due: u64) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            self.open("swap")?;
            let swap = self.inner.swap(id, expected, bytes, due).await?;
            self.written();
            self.open("swap")?;
            Ok(swap)
        })
    }

    fn due(&self, before: u64, limit: usize, after: Option<&Due>) -> StoreFuture<'_, Vec<Due>> {
        self.inner.due(before, limit, after)
    }
}
