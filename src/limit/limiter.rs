//! [`Limiter`]: the scheduler of one credential under a lock, with the futures of the calls that wait.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::credential_id::CredentialId;
use super::endpoints::Endpoint;
use super::schedule::{EndpointIndex, Entry, Look, Scheduler, Signal, Turn, WaiterId};
use super::shared::SharedWindow;
use crate::clock::instant;
use crate::error::Result;
use crate::http::Priority;
use crate::sync::{Mutex, MutexGuard, Notify, sleep_until};

/// Gives the calls of one credential their turns.
///
/// It has no task of its own. The first waiter of each endpoint has a timer, and each change wakes the waiters that can then
/// have their turns.
#[derive(Debug)]
pub(super) struct Limiter {
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    scheduler: Scheduler,
    /// What wakes each waiter.
    waiters: HashMap<WaiterId, Arc<Notify>>,
    /// What wakes each endpoint's agent.
    agents: HashMap<EndpointIndex, Arc<Notify>>,
    /// The window that processes share, if they do.
    window: Option<Arc<dyn SharedWindow>>,
}

/// How a call entered.
pub(super) enum Admission {
    /// The call may be sent. The turn must go to a permit, without an await in between.
    Turn(Turn),
    /// The call waits.
    Place(Place),
}

impl Limiter {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { start: instant(), state: Mutex::default() })
    }

    /// Takes permits from `window` from now on. If the limits are shared already, the first window stays.
    pub(super) fn share(&self, window: &Arc<dyn SharedWindow>, credential: CredentialId) {
        let mut state = self.lock();
        state.window.get_or_insert_with(|| Arc::clone(window));
        state.scheduler.share(credential);
    }

    /// The window that processes share, if they do.
    pub(super) fn window(&self) -> Option<Arc<dyn SharedWindow>> {
        self.lock().window.clone()
    }

    /// What wakes the agent of an endpoint.
    pub(super) fn agent_signal(&self, endpoint: EndpointIndex) -> Arc<Notify> {
        Arc::clone(self.lock().agents.entry(endpoint).or_default())
    }

    /// Gives a call its turn, or a place in the queue, which may hold `most` calls. A call that had a turn `before` is let
    /// into a full queue, and goes first.
    pub(super) fn enter(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        priority: Priority,
        before: bool,
        most: usize,
    ) -> Result<Admission> {
        let now = self.now();
        let mut state = self.lock();
        Ok(match state.scheduler.enter(endpoint, priority, before, most, now)? {
            Entry::Admitted(turn) => Admission::Turn(turn),
            Entry::Queued(waiter) => {
                let woken = Arc::new(Notify::new());
                state.waiters.insert(waiter, Arc::clone(&woken));
                state.deliver_signals();
                Admission::Place(Place { limiter: Arc::clone(self), waiter, woken, has_turn: false })
            }
        })
    }

    /// Runs `access` on the scheduler under the lock. For what wakes no waiter and needs no time.
    pub(super) fn access<T>(&self, access: impl FnOnce(&mut Scheduler) -> T) -> T {
        access(&mut self.lock().scheduler)
    }

    /// Runs `change` on the scheduler under the lock, at the present time, and wakes what has to be woken.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Scheduler, Duration) -> T) -> T {
        let now = self.now();
        let mut state = self.lock();
        let changed = change(&mut state.scheduler, now);
        state.deliver_signals();
        changed
    }

    /// The time since the limiter was made.
    pub(super) fn now(&self) -> Duration {
        instant().saturating_duration_since(self.start)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn deliver_signals(&mut self) {
        for signal in self.scheduler.take_signals() {
            match signal {
                Signal::Waiter(waiter) => {
                    if let Some(woken) = self.waiters.get(&waiter) {
                        woken.notify_one();
                    }
                }
                Signal::Agent(endpoint) => self.agents.entry(endpoint).or_default().notify_one(),
            }
        }
    }
}

/// A call's place in the queue. Dropping it, or the future of its turn, gives the place up, and the turn if it has come.
pub(super) struct Place {
    limiter: Arc<Limiter>,
    waiter: WaiterId,
    woken: Arc<Notify>,
    has_turn: bool,
}

impl Place {
    /// The endpoint that the call waits for.
    pub(super) fn endpoint(&self) -> EndpointIndex {
        self.waiter.endpoint
    }

    /// Waits for the call's turn. The turn must go to a permit, without an await in between.
    pub(super) async fn turn(mut self) -> Turn {
        loop {
            match self.limiter.update(|scheduler, now| scheduler.look(self.waiter, now)) {
                Look::Admitted(turn) => {
                    self.has_turn = true;
                    return turn;
                }
                Look::Wait(None) => self.woken.notified().await,
                Look::Wait(Some(at)) => tokio::select! {
                    biased;
                    () = self.woken.notified() => {}
                    () = sleep_until(self.limiter.start + at) => {}
                },
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = self.limiter.now();
        let mut state = self.limiter.lock();
        state.waiters.remove(&self.waiter);
        if !self.has_turn {
            state.scheduler.leave(self.waiter, now);
            state.deliver_signals();
        }
    }
}

#[cfg(test)]
#[cfg(feature = "models")]
mod models;
#[cfg(test)]
mod tests;
