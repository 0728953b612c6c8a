//! [`Limiter`]: lets the calls of one credential through as fast as the API takes them, and no faster.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::bucket::{Bucket, slot_opening};
use super::endpoint::Endpoint;
use super::pacing::Identity;
use super::permit::Permit;
use super::remote::News;
use super::rules::CONCURRENT;
use super::shared::SharedWindow;
use super::sharing::Sharing;
use super::slots::Slots;
use super::waiter::{Turn, Waiter};
use super::window::Opening;
use crate::clock::instant;
use crate::error::{Error, Result};
use crate::http::Priority;

/// For what requests in progress are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConcurrencyScope {
    /// For a credential, over all endpoints: the safe reading of the vendor's page.
    #[default]
    Credential,
    /// For each endpoint of a credential.
    Endpoint,
}

/// The figures of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointLimits {
    /// Its method and path template.
    pub endpoint: String,
    /// Requests that it takes in any second.
    pub per_second: usize,
    /// Requests that it takes at once.
    pub concurrent: usize,
    /// Requests that the server may count in its present second.
    pub used: usize,
    /// Requests in flight.
    pub in_flight: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// How long the longest waited so far.
    pub longest_wait: Duration,
    /// Answers with 429.
    pub too_many_requests: u64,
}

/// Lets the calls of one credential through: each endpoint's in their order, endpoints in turns.
///
/// Nothing runs on its own here: who waits at the head of an endpoint has a timer, and whoever changes something lets
/// those through who then can be.
#[derive(Debug)]
pub struct Limiter {
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) buckets: Vec<Bucket>,
    /// Where permits come from, if processes share the limits.
    pub(super) sharing: Option<Sharing>,
    by_endpoint: HashMap<Endpoint, usize>,
    /// Endpoints that calls wait for, in the order of their turns.
    turns: VecDeque<usize>,
    gate: Gate,
}

/// The requests in progress of the credential.
#[derive(Debug, Default)]
struct Gate {
    slots: Slots,
    scope: ConcurrencyScope,
    /// What the user allows.
    chosen: Option<usize>,
    /// What answers told.
    told: Option<usize>,
    /// By how many it is divided, less one.
    others: usize,
}

/// How a call came in.
enum Entry {
    Through(Permit),
    Waits(Place),
}

impl Limiter {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { start: instant(), state: Mutex::default() })
    }

    /// A client has its own idea of how many requests may be in progress: the lowest of all clients holds.
    pub(super) fn agree(&self, scope: ConcurrencyScope, concurrent: Option<usize>) {
        let gate = &mut self.state().gate;
        gate.scope = scope;
        gate.chosen = gate.chosen.into_iter().chain(concurrent).min();
    }

    /// Processes share the limits of this credential.
    pub(super) fn share(&self, window: &Arc<dyn SharedWindow>, identity: Identity) {
        self.state().sharing.get_or_insert_with(|| Sharing::new(window, identity));
    }

    /// Waits until a request may leave. `most` is how many may wait for this endpoint, and `again` says that this one was
    /// let through before. Drop the future to leave the queue.
    pub async fn admit(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        priority: Priority,
        again: bool,
        most: usize,
    ) -> Result<Permit> {
        match self.enter(endpoint, priority, again, most)? {
            Entry::Through(permit) => Ok(permit),
            Entry::Waits(place) => Ok(place.turn().await),
        }
    }

    fn enter(
        self: &Arc<Self>,
        endpoint: &Endpoint,
        priority: Priority,
        again: bool,
        most: usize,
    ) -> Result<Entry> {
        let now = self.now();
        let mut state = self.state();
        let index = state.index(endpoint);
        if state.turns.is_empty()
            && let Some(turn) = state.take(index, now)
        {
            return Ok(Entry::Through(Permit::new(self, turn)));
        }
        let Some(bucket) = state.buckets.get_mut(index) else { return Err(no_bucket()) };
        if !again && bucket.queue.waiting() >= most {
            return Err(Error::QueueFull { endpoint: endpoint.name().to_owned(), limit: most });
        }
        let waiter = Arc::new(Waiter::new(priority, now));
        bucket.queue.join(Arc::clone(&waiter), again);
        if bucket.queue.waiting() == 1 {
            bucket.remote.changed.notify_one();
        }
        if !state.turns.contains(&index) {
            state.turns.push_back(index);
        }
        state.let_through(now);
        let shares = state.sharing.is_some();
        drop(state);
        if shares {
            self.employ(index);
        }
        let place = Place { limiter: Arc::clone(self), bucket: index, waiter };
        Ok(match place.waiter.turn() {
            Some(turn) => Entry::Through(place.into_permit(turn)),
            None => Entry::Waits(place),
        })
    }

    /// The figures of each endpoint that was asked so far.
    pub fn limits(&self) -> Vec<EndpointLimits> {
        let now = self.now();
        let state = self.state();
        let gate = state.at_once_over_all().unwrap_or(usize::MAX);
        let figures = |bucket: &Bucket| EndpointLimits {
            endpoint: bucket.endpoint.name().to_owned(),
            per_second: bucket.per_second(),
            concurrent: bucket.at_once(state.gate.chosen).min(gate),
            used: bucket.window.used(now),
            in_flight: bucket.slots.held(),
            waiting: bucket.queue.waiting(),
            longest_wait: bucket.queue.longest_wait(now),
            too_many_requests: bucket.too_many_requests,
        };
        state.buckets.iter().map(figures).collect()
    }

    /// Whether the server remembers nothing of what was let through here.
    pub(super) fn is_idle(&self) -> bool {
        let now = self.now();
        let state = self.state();
        let idle = |bucket: &Bucket| bucket.window.used(now) == 0 && !bucket.is_paused(now);
        state.gate.slots.used(now) == 0 && state.buckets.iter().all(idle)
    }

    /// The time since this limiter's start.
    pub(super) fn now(&self) -> Duration {
        instant().saturating_duration_since(self.start)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes one endpoint, and lets those through who then can be.
    pub(super) fn change<T>(&self, bucket: usize, change: impl FnOnce(&mut State, Duration) -> T) -> T {
        let now = self.now();
        let mut state = self.state();
        let changed = change(&mut state, now);
        state.let_through(now);
        state.wake_first(bucket);
        changed
    }
}

impl State {
    pub(super) fn index(&mut self, endpoint: &Endpoint) -> usize {
        if let Some(index) = self.by_endpoint.get(endpoint) {
            if let Some(bucket) = self.buckets.get_mut(*index) {
                bucket.agree(endpoint.rule());
            }
            return *index;
        }
        let mut bucket = Bucket::new(endpoint.clone());
        bucket.divide_by(self.gate.others + 1);
        self.buckets.push(bucket);
        self.by_endpoint.insert(endpoint.clone(), self.buckets.len() - 1);
        self.buckets.len() - 1
    }

    pub(super) fn bucket(&mut self, index: usize) -> Option<&mut Bucket> {
        self.buckets.get_mut(index)
    }

    /// Whether the credential may have one more request in progress.
    pub(super) fn has_slot(&self, now: Duration) -> bool {
        self.gate.opening(now) == Opening::Now
    }

    /// When a request to this endpoint could be let through.
    fn opening(&self, index: usize, now: Duration) -> Opening {
        let Some(bucket) = self.buckets.get(index) else { return Opening::Unknown };
        if let Some(sharing) = &self.sharing {
            match sharing.quiet_until() {
                Some(until) if until > now => return Opening::At(until),
                None if !bucket.remote.has_permit() => return Opening::Unknown,
                _ => {}
            }
        }
        match bucket.opening(self.gate.chosen, now) {
            Opening::Now => self.gate.opening(now),
            other => other,
        }
    }

    /// Takes all that a request needs, if it is there.
    fn take(&mut self, index: usize, now: Duration) -> Option<Turn> {
        if self.opening(index, now) != Opening::Now {
            return None;
        }
        let bucket = self.buckets.get_mut(index)?;
        let ticket = bucket.window.take(now)?;
        bucket.slots.take(now);
        let reached = self.sharing.as_ref().is_some_and(Sharing::is_reached);
        let shared = if reached { bucket.remote.take() } else { None };
        Some(Turn { bucket: index, ticket, slot: self.gate.slots.take(now), shared })
    }

    /// Each process takes a part of the limits only, one of so many.
    pub(super) fn divide_by(&mut self, members: usize) {
        self.gate.others = members.saturating_sub(1);
        for bucket in &mut self.buckets {
            bucket.divide_by(members);
        }
    }

    /// Whether other processes take from the same limits, and how much is known here.
    pub(super) fn shares(&self) -> bool {
        self.sharing.is_some()
    }

    /// What the user allows each credential at once.
    pub(super) fn chosen(&self) -> Option<usize> {
        self.gate.chosen
    }

    /// Requests that the credential may have at once, if that is counted over all endpoints.
    pub(super) fn at_once_over_all(&self) -> Option<usize> {
        self.gate.limit()
    }

    /// Something became of a request that others should know of.
    pub(super) fn tell(&mut self, turn: Turn, news: News) {
        if let Some(number) = turn.shared
            && let Some(bucket) = self.buckets.get_mut(turn.bucket)
        {
            bucket.remote.tell(number, news);
        }
    }

    /// Lets through who can be: the first of each endpoint in turns, interactive calls of all endpoints before others.
    fn let_through(&mut self, now: Duration) {
        for priority in [Priority::Interactive, Priority::Batch] {
            let mut passed_over = 0;
            while passed_over < self.turns.len() && self.gate.opening(now) == Opening::Now {
                let Some(index) = self.turns.pop_front() else { break };
                let Some(bucket) = self.buckets.get_mut(index) else { continue };
                if bucket.queue.first(None).is_none() {
                    continue;
                }
                let wanted = bucket.queue.first(Some(priority)).is_some();
                self.turns.push_back(index);
                passed_over += 1;
                if !wanted {
                    continue;
                }
                if let Some(turn) = self.take(index, now)
                    && let Some(bucket) = self.buckets.get_mut(index)
                    && let Some(first) = bucket.queue.pop(priority, now)
                {
                    first.grant(turn);
                    passed_over = 0;
                    self.wake_first(index);
                }
            }
        }
    }

    /// Has the first that waits for an endpoint look again at what it waits for.
    fn wake_first(&mut self, index: usize) {
        if let Some(first) = self.buckets.get_mut(index).and_then(|bucket| bucket.queue.first(None)) {
            first.woken.notify_one();
        }
    }

    /// Until when a waiter has to wait if nothing changes. Only the first of an endpoint has to know.
    fn next_look(&mut self, index: usize, waiter: &Arc<Waiter>, now: Duration) -> Option<Duration> {
        let first = self.buckets.get_mut(index)?.queue.first(None)?;
        if !Arc::ptr_eq(first, waiter) {
            return None;
        }
        match self.opening(index, now) {
            Opening::At(at) => Some(at),
            Opening::Now | Opening::Unknown => None,
        }
    }

    /// The request never left.
    pub(super) fn cancel(&mut self, turn: Turn) {
        self.tell(turn, News::Unused);
        self.gate.slots.give_back();
        if let Some(bucket) = self.buckets.get_mut(turn.bucket) {
            bucket.window.cancel(turn.ticket);
            bucket.slots.give_back();
        }
    }

    /// The server has done with a request.
    pub(super) fn ended(&mut self, turn: Turn) {
        self.tell(turn, News::Ended);
        self.gate.slots.give_back();
        if let Some(bucket) = self.buckets.get_mut(turn.bucket) {
            bucket.slots.give_back();
        }
    }

    /// The server may work on a request that nobody waits for.
    pub(super) fn linger(&mut self, turn: Turn, until: Duration) {
        self.tell(turn, News::Lingers(until));
        self.gate.slots.linger(until);
        if let Some(bucket) = self.buckets.get_mut(turn.bucket) {
            bucket.slots.linger(until);
        }
    }

    /// An answer has told how many requests are in progress, and how many may be.
    pub(super) fn told(&mut self, turn: Turn, in_progress: Option<usize>, until: Duration) {
        let told = |bucket: &Bucket| bucket.told_at_once().filter(|_| !bucket.is_exception());
        self.gate.told = self.buckets.iter().filter_map(told).max();
        let ours = self.gate.slots.at_most_with(turn.slot);
        let others = in_progress.and_then(|count| count.checked_sub(ours)).filter(|_| !self.shares());
        let Some(others) = others else { return };
        self.gate.slots.occupy(others, until);
        if self.gate.scope == ConcurrencyScope::Endpoint
            && let Some(bucket) = self.buckets.get_mut(turn.bucket)
        {
            bucket.slots.occupy(others, until);
        }
    }
}

impl Gate {
    /// How many requests may be in progress over all endpoints.
    fn limit(&self) -> Option<usize> {
        if self.scope == ConcurrencyScope::Endpoint {
            return None;
        }
        Some(match (self.chosen, self.told) {
            (Some(chosen), Some(told)) => chosen.min(told),
            (chosen, told) => chosen.or(told).unwrap_or(CONCURRENT as usize),
        })
    }

    fn opening(&self, now: Duration) -> Opening {
        self.limit()
            .map_or(Opening::Now, |limit| slot_opening(&self.slots, (limit / (self.others + 1)).max(1), now))
    }
}

/// A place in the queue; dropped, it is given up.
struct Place {
    limiter: Arc<Limiter>,
    bucket: usize,
    waiter: Arc<Waiter>,
}

impl Place {
    /// Waits for its turn.
    async fn turn(self) -> Permit {
        loop {
            if let Some(turn) = self.waiter.turn() {
                return self.into_permit(turn);
            }
            let next = {
                let now = self.limiter.now();
                let mut state = self.limiter.state();
                state.let_through(now);
                state.next_look(self.bucket, &self.waiter, now)
            };
            if self.waiter.turn().is_some() {
                continue;
            }
            match next {
                None => self.waiter.woken.notified().await,
                Some(at) => tokio::select! {
                    biased;
                    () = self.waiter.woken.notified() => {}
                    () = tokio::time::sleep_until(self.limiter.start + at) => {}
                },
            }
        }
    }

    fn into_permit(self, turn: Turn) -> Permit {
        self.waiter.leave();
        Permit::new(&self.limiter, turn)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.waiter.has_left() {
            return;
        }
        self.limiter.change(self.bucket, |state, _| {
            self.waiter.leave();
            if let Some(turn) = self.waiter.turn() {
                state.cancel(turn);
            } else if let Some(bucket) = state.bucket(self.bucket) {
                bucket.queue.left(self.waiter.priority);
            }
        });
    }
}

fn no_bucket() -> Error {
    Error::Internal { problem: "an endpoint has lost its limits" }
}

#[cfg(test)]
mod tests;
