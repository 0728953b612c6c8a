//! The exchanges that work once which are under way in this process: it should not end before they have landed. One
//! count for the process, since it ends as a whole.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};

static FLIGHTS: Mutex<Flights> = Mutex::new(Flights { count: 0, ending: false });
static LANDED: Condvar = Condvar::new();

struct Flights {
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
        flights().count -= 1;
        LANDED.notify_all();
    }
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

fn flights() -> MutexGuard<'static, Flights> {
    FLIGHTS.lock().unwrap_or_else(PoisonError::into_inner)
}
