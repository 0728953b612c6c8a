//! The exchanges that work once which are under way in this process: it should not end before they have landed. One
//! count for the process, since it ends as a whole.

use std::pin::pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{Error, Result};

/// How many turns of the runtime what was started just before takes to be counted.
const TURNS: usize = 16;

static FLIGHTS: Mutex<Flights> = Mutex::new(Flights { preparing: 0, count: 0, ending: false });
/// For those who block their thread: [`await_exchanges`].
static LANDED: Condvar = Condvar::new();
/// For those who do not: [`settled`].
static SETTLED: Notify = Notify::const_new();

struct Flights {
    /// Exchanges that are about to begin, and of which nothing would be lost yet.
    preparing: usize,
    count: usize,
    ending: bool,
}

/// An exchange from before its journal is written until what it yields is.
#[derive(Debug)]
pub(crate) struct InFlight(());

impl InFlight {
    /// Fails once the process is ending: nothing may begin that could not be brought to its end.
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

/// The steps that lead to an exchange: reading the record, and connecting. The end of a process does not wait for them,
/// but [`settled`] does: a process that is frozen behind it must not be caught in what they lead to.
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

/// How many are under way: exchanges of refresh tokens and authorization codes, and requests for customers'
/// credentials.
pub fn exchanges_in_flight() -> usize {
    flights().count
}

/// Blocks this thread until none is, or `patience` is over.
pub fn await_exchanges(patience: Duration) {
    let landed = LANDED.wait_timeout_while(flights(), patience, |flights| flights.count > 0);
    drop(landed.unwrap_or_else(PoisonError::into_inner));
}

/// The same for a process that is about to end: no exchange begins from now on.
pub fn end_exchanges(patience: Duration) {
    flights().ending = true;
    await_exchanges(patience);
}

/// Resolves when no exchange is under way or about to begin, those included that begin meanwhile.
pub async fn settled() {
    // What was started just before has its turn first: it begins in a task of its own, started by another.
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
    loop {
        let mut changed = pin!(SETTLED.notified());
        // Before looking, so that what lands in between is not missed.
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
