//! [`Waiter`]: a call that waits for its turn.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::slots::Slot;
use crate::http::Priority;

/// A call that waits for its turn. It changes under the limiter's lock alone.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) priority: Priority,
    /// Since when.
    pub(super) since: Duration,
    /// Tells it to look again.
    pub(super) woken: Notify,
    turn: OnceLock<Turn>,
    gone: AtomicBool,
}

/// What a call holds that was let through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// Which endpoint's.
    pub(super) bucket: usize,
    /// Its place in the window.
    pub(super) ticket: u64,
    /// Its slot among the requests in progress.
    pub(super) slot: Slot,
    /// Its permit of those that processes share.
    pub(super) shared: Option<u64>,
}

impl Waiter {
    pub(super) fn new(priority: Priority, since: Duration) -> Self {
        Self { priority, since, woken: Notify::new(), turn: OnceLock::new(), gone: AtomicBool::new(false) }
    }

    pub(super) fn waits(&self) -> bool {
        self.turn.get().is_none() && !self.gone.load(Ordering::Relaxed)
    }

    /// Its turn, if it has come.
    pub(super) fn turn(&self) -> Option<Turn> {
        self.turn.get().copied()
    }

    /// Its turn has come.
    pub(super) fn grant(&self, turn: Turn) {
        // It is granted once: who has a turn is out of the queue.
        let _ = self.turn.set(turn);
        self.woken.notify_one();
    }

    /// Nobody waits on.
    pub(super) fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_left(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}
