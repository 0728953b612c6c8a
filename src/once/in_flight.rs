//! Counts the one-time operations in flight in this process, which should not end before they have finished. There is
//! one count for the whole process, since it ends as a whole.

use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{Error, Result};

/// How many turns of the runtime pass until an operation that was just started is counted.
const TURNS: usize = 16;

static FLIGHTS: Mutex<Flights> = Mutex::new(Flights { preparing: 0, count: 0, ending: false });
/// Wakes threads that block in [`await_exchanges`].
static LANDED: Condvar = Condvar::new();
/// Wakes tasks that wait in [`settled`].
static SETTLED: Notify = Notify::const_new();

struct Flights {
    /// Operations that are about to begin. Ending the process would not lose anything yet.
    preparing: usize,
    count: usize,
    ending: bool,
}

/// An operation in flight: from before its journal is written until its result is stored.
#[derive(Debug)]
pub(crate) struct InFlight(());

impl InFlight {
    /// Counts an operation. Fails with [`Error::Closed`] once the process is ending, since the operation could not be
    /// finished.
    pub(crate) fn begin() -> Result<Self> {
        let mut flights = flights();
        if flights.ending {
            return Err(Error::Closed);
        }
        flights.count += 1;
        Ok(Self(()))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        land(|flights| flights.count -= 1);
    }
}

/// The steps before an operation: loading the record, and connecting. The end of the process does not wait for them,
/// but [`settled`] does: a process that is suspended after it must not be suspended in the middle of an exchange.
#[derive(Debug)]
pub(crate) struct Preparing(());

impl Preparing {
    pub(crate) fn begin() -> Self {
        flights().preparing += 1;
        Self(())
    }
}

impl Drop for Preparing {
    fn drop(&mut self) {
        land(|flights| flights.preparing -= 1);
    }
}

fn land(count_down: impl FnOnce(&mut Flights)) {
    count_down(&mut flights());
    LANDED.notify_all();
    SETTLED.notify_waiters();
}

/// How many one-time operations are in flight: exchanges of refresh tokens and authorization codes, and requests for
/// customers' credentials.
pub fn exchanges_in_flight() -> usize {
    flights().count
}

/// Blocks this thread until no operation is in flight, or `patience` has passed.
pub fn await_exchanges(patience: Duration) {
    let landed = LANDED.wait_timeout_while(flights(), patience, |flights| flights.count > 0);
    drop(landed.unwrap_or_else(PoisonError::into_inner));
}

/// Like [`await_exchanges`], for a process that is about to end: no operation can begin from now on.
pub fn end_exchanges(patience: Duration) {
    flights().ending = true;
    await_exchanges(patience);
}

/// Resolves when no operation is in flight or about to begin, including those that begin meanwhile.
pub async fn settled() {
    // An operation that was just started begins in a task of its own, which is started by another one. These turns let
    // it be counted first.
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
    loop {
        let mut changed = pin!(SETTLED.notified());
        // Enabled before the check, so that an operation that ends in between is not missed.
        changed.as_mut().enable();
        if is_settled() {
            return;
        }
        changed.await;
    }
}

fn is_settled() -> bool {
    let flights = flights();
    flights.count == 0 && flights.preparing == 0
}

fn flights() -> MutexGuard<'static, Flights> {
    FLIGHTS.lock().unwrap_or_else(PoisonError::into_inner)
}
