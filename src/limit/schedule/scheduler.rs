//! [`Scheduler`]: decides which call of a credential is sent next.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::arrival::{Arrival, Connection};
use super::credential_state::{ConcurrencyScope, CredentialState};
use super::endpoint_state::{EndpointLimits, EndpointState};
use super::headers::LimitHeaders;
use super::turn::{EndpointIndex, Turn, WaiterId};
use super::window::{Opening, SECOND};
use crate::error::{Error, Result};
use crate::http::Priority;
use crate::limit::credential_id::CredentialId;
use crate::limit::endpoints::Endpoint;
use crate::limit::shared::{PermitEvent, PermitReply, PermitRequest, RENEWAL, SharedStatus};

/// The least time between two requests for shared permits.
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// Decides which call of one credential is sent next: each endpoint's calls in their order, and the endpoints in rotation.
///
/// Each method that may free something gives turns to all calls that can then have one. The caller delivers the
/// [`Signal`]s that result, and looks again after the time that [`Scheduler::look`] returns.
#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    pub(super) endpoints: Vec<EndpointState>,
    by_endpoint: HashMap<Endpoint, EndpointIndex>,
    /// Endpoints that calls wait for, in the order in which they are served.
    rotation: VecDeque<EndpointIndex>,
    pub(super) credential: CredentialState,
    /// Where permits come from, if processes share the limits.
    pub(super) sharing: Option<SharedStatus>,
    /// Turns that their calls have not collected.
    pub(super) granted: HashMap<WaiterId, Turn>,
    signals: Vec<Signal>,
}

/// What the caller of the scheduler has to wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The waiter has its turn, or has to look again when its turn can come.
    Waiter(WaiterId),
    /// The endpoint's agent has something to report, or permits to request.
    Agent(EndpointIndex),
}

/// How a call entered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry {
    /// The call may be sent.
    Admitted(Turn),
    /// The call waits for its turn.
    Queued(WaiterId),
}

/// What a waiter finds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    /// The call may be sent.
    Admitted(Turn),
    /// The call waits for a signal, and until this time at most. `None` if only a signal can bring its turn.
    Wait(Option<Duration>),
}

/// What the reply to a permit request will be applied to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outstanding {
    endpoint: EndpointIndex,
    first: u64,
    wanted: usize,
    /// The number of events that the request reports.
    events: usize,
    /// Whether the request is the first after the process kept the limits alone.
    pub(crate) is_returning: bool,
}

impl Scheduler {
    /// Applies a client's own settings. The lowest `concurrent` limit of all clients of the credential holds.
    pub(crate) fn restrict(&mut self, scope: ConcurrencyScope, concurrent: Option<usize>) {
        self.credential.restrict(scope, concurrent);
    }

    /// Lets requests be sent only with shared permits, from now on.
    pub(crate) fn share(&mut self, credential: CredentialId) {
        self.sharing.get_or_insert_with(|| SharedStatus::new(credential));
    }

    /// Takes the signals that have accumulated.
    pub(crate) fn take_signals(&mut self) -> impl Iterator<Item = Signal> {
        self.signals.drain(..)
    }

    /// Gives a call its turn, or a place in the queue, which may hold `most` calls. A call that had a turn `before` is let
    /// into a full queue, and goes first.
    pub(crate) fn enter(
        &mut self,
        endpoint: &Endpoint,
        priority: Priority,
        before: bool,
        most: usize,
        now: Duration,
    ) -> Result<Entry> {
        let index = self.index(endpoint);
        if self.rotation.is_empty()
            && let Some(turn) = self.take(index, now)
        {
            return Ok(Entry::Admitted(turn));
        }
        let Some(state) = self.endpoints.get_mut(index.0) else {
            return Err(Error::Internal { problem: "an endpoint has lost its limits" });
        };
        if !before && state.queue.len() >= most {
            return Err(Error::QueueFull { endpoint: endpoint.name().to_owned(), limit: most });
        }
        let position = state.queue.join(priority, before, now);
        if state.queue.len() == 1 && self.sharing.is_some() {
            self.signals.push(Signal::Agent(index));
        }
        if !self.rotation.contains(&index) {
            self.rotation.push_back(index);
        }
        self.let_through(now);
        Ok(Entry::Queued(WaiterId { endpoint: index, priority, position }))
    }

    /// Collects a waiter's turn if it has come, and otherwise says until when to wait.
    pub(crate) fn look(&mut self, waiter: WaiterId, now: Duration) -> Look {
        if !self.granted.contains_key(&waiter) {
            self.let_through(now);
        }
        match self.granted.remove(&waiter) {
            Some(turn) => Look::Admitted(turn),
            None => Look::Wait(self.next_look(waiter, now)),
        }
    }

    /// Only the first call of an endpoint needs a timer; it wakes the next one.
    fn next_look(&self, waiter: WaiterId, now: Duration) -> Option<Duration> {
        let first = self.endpoints.get(waiter.endpoint.0)?.queue.first()?;
        if first != (waiter.priority, waiter.position) {
            return None;
        }
        match self.opening(waiter.endpoint, now) {
            Opening::At(at) => Some(at),
            Opening::Now | Opening::Unknown => None,
        }
    }

    /// Removes a waiter, and gives its turn back if it has come.
    pub(crate) fn leave(&mut self, waiter: WaiterId, now: Duration) {
        if let Some(turn) = self.granted.remove(&waiter) {
            self.cancel(turn, now);
            return;
        }
        if let Some(state) = self.endpoints.get_mut(waiter.endpoint.0) {
            state.queue.leave(waiter.priority, waiter.position);
        }
        self.advance(waiter.endpoint, now);
    }

    /// Ends a turn whose request was never sent.
    pub(crate) fn cancel(&mut self, turn: Turn, now: Duration) {
        self.record(turn, PermitEvent::Unused);
        self.credential.in_progress.finish();
        if let Some(state) = self.state(turn.endpoint) {
            state.cancel(turn.ticket);
        }
        self.advance(turn.endpoint, now);
    }

    /// Learns from an answer's headers, which came now to a request that was sent at `sent`.
    pub(crate) fn answered(
        &mut self,
        turn: Turn,
        (sent, now): (Duration, Duration),
        connection: Connection,
        headers: &LimitHeaders,
    ) {
        let is_shared = self.sharing.is_some();
        if let Some(state) = self.state(turn.endpoint) {
            let arrival = state.answered(turn.ticket, (sent, now), connection, headers, is_shared);
            self.record_arrival(turn, arrival);
        }
        if headers.concurrent_limit.is_some() {
            self.learn_concurrency(turn, headers.in_progress(), now + SECOND);
            self.advance_all(now);
        } else {
            self.advance(turn.endpoint, now);
        }
    }

    /// Notes that a request that was sent at `sent` was not answered with 429.
    pub(crate) fn accepted(&mut self, turn: Turn, sent: Duration) {
        if let Some(state) = self.state(turn.endpoint) {
            state.accepted(sent);
        }
    }

    /// The number of 429s in a row before the one to a request that was sent at `sent`.
    pub(crate) fn refusals_before(&self, turn: Turn, sent: Duration) -> u32 {
        self.endpoints.get(turn.endpoint.0).map_or(0, |state| state.refusals_before(sent))
    }

    /// Holds an endpoint back for the time of `pause`, since a request that was sent at `sent` was answered with 429.
    pub(crate) fn refused(
        &mut self,
        turn: Turn,
        (sent, now): (Duration, Duration),
        pause: Duration,
        headers: &LimitHeaders,
    ) {
        if let Some(state) = self.state(turn.endpoint) {
            state.refused(sent, now, pause, headers);
        }
        self.record(turn, PermitEvent::Refused(now + pause));
        self.advance(turn.endpoint, now);
    }

    /// Ends the turn of a request that the server has finished.
    pub(crate) fn finish(&mut self, turn: Turn, now: Duration) {
        self.record(turn, PermitEvent::Finished);
        self.credential.in_progress.finish();
        if let Some(state) = self.state(turn.endpoint) {
            state.finish();
        }
        self.advance(turn.endpoint, now);
    }

    /// Ends the turn of a request that was sent at `sent`, and whose answer the process no longer waits for.
    pub(crate) fn abandon(&mut self, turn: Turn, sent: Duration, now: Duration) {
        if let Some(state) = self.state(turn.endpoint) {
            let arrival = state.abandoned(turn.ticket, sent, now);
            self.record_arrival(turn, arrival);
        }
        self.stop_reading(turn, sent, now);
    }

    /// Ends the turn of a request that was sent at `sent`, and whose answer is not read to its end.
    pub(crate) fn stop_reading(&mut self, turn: Turn, sent: Duration, now: Duration) {
        let until = self.state(turn.endpoint).map_or(now, |state| state.works_until(sent, now));
        self.record(turn, PermitEvent::GivenUp(until));
        self.credential.in_progress.finish_at(until);
        if let Some(state) = self.state(turn.endpoint) {
            state.finish_at(until);
        }
        self.advance_all(now);
    }

    /// Counts an answer among those that the user holds unread, or no longer does.
    pub(crate) fn set_unread(&mut self, turn: Turn, is_unread: bool) {
        if let Some(state) = self.state(turn.endpoint) {
            state.unread = if is_unread { state.unread + 1 } else { state.unread.saturating_sub(1) };
        }
    }

    /// The time within which nearly every answer of the turn's endpoint comes, once there was one.
    pub(crate) fn usual_response_time(&self, turn: Turn) -> Option<Duration> {
        self.endpoints.get(turn.endpoint.0)?.usual_response_time()
    }

    /// The shortest possible wait of a call to this endpoint that comes now, whatever happens to the calls before it.
    pub(crate) fn least_wait(&mut self, endpoint: &Endpoint, priority: Priority, now: Duration) -> Duration {
        let index = self.index(endpoint);
        self.state(index).map_or(Duration::ZERO, |state| state.least_wait(priority, now))
    }

    /// The endpoint whose unread answers hold up the calls to this endpoint, and their number.
    pub(crate) fn unread(&mut self, endpoint: &Endpoint, now: Duration) -> Option<(String, usize)> {
        let index = self.index(endpoint);
        let own = self.endpoints.get(index.0)?;
        let is_full = |opening: Opening| opening != Opening::Now;
        let held_up = if own.unread > 0 && is_full(own.in_progress_opening(self.credential.chosen(), now)) {
            own
        } else if !is_full(self.credential.opening(now)) {
            return None;
        } else if own.unread > 0 {
            own
        } else {
            self.endpoints.iter().max_by_key(|state| state.unread)?
        };
        (held_up.unread > 0).then(|| (held_up.name().to_owned(), held_up.unread))
    }

    /// The figures of each endpoint that was used so far.
    pub(crate) fn limits(&self, now: Duration) -> Vec<EndpointLimits> {
        let (chosen, over_all) = (self.credential.chosen(), self.credential.limit());
        self.endpoints.iter().map(|state| state.limits(chosen, over_all, now)).collect()
    }

    /// Whether the server remembers none of the requests that were sent.
    pub(crate) fn is_idle(&self, now: Duration) -> bool {
        self.credential.in_progress.used(now) == 0 && self.endpoints.iter().all(|state| state.is_idle(now))
    }

    /// Whether an agent has to be started for this endpoint. The caller must start it.
    pub(crate) fn needs_agent(&mut self, endpoint: EndpointIndex) -> bool {
        self.sharing.is_some()
            && self.state(endpoint).is_some_and(|state| !std::mem::replace(&mut state.has_agent, true))
    }

    /// What the agent of an endpoint has to report and request now. `None` ends the agent.
    pub(crate) fn permit_request(
        &mut self,
        endpoint: EndpointIndex,
        now: Duration,
    ) -> Option<(PermitRequest, Outstanding)> {
        let (chosen, concurrent_over_all) = (self.credential.chosen(), self.credential.limit());
        let (state, sharing) = (self.endpoints.get_mut(endpoint.0)?, self.sharing.as_mut()?);
        let is_returning = !sharing.is_reached();
        let waiting = state.queue.len();
        let wanted = if is_returning { 0 } else { state.permits.wanted(waiting).min(state.per_second()) };
        if waiting == 0 && state.permits.is_idle() {
            state.has_agent = false;
            return None;
        }
        let (reports, events) = state.permits.reports(now);
        let first = sharing.number(wanted);
        let request = PermitRequest {
            credential: sharing.credential(),
            endpoint: state.name().to_owned(),
            per_second: state.per_second(),
            concurrent: state.concurrent(chosen),
            concurrent_over_all,
            wanted,
            first,
            is_returning,
            reports,
        };
        Some((request, Outstanding { endpoint, first, wanted, events, is_returning }))
    }

    /// Applies a reply to a permit request, and returns after what time to send the next one.
    pub(crate) fn permits_granted(
        &mut self,
        outstanding: Outstanding,
        reply: PermitReply,
        now: Duration,
    ) -> Duration {
        let Outstanding { endpoint, first, wanted, events, .. } = outstanding;
        let mut is_short = false;
        if let Some(state) = self.state(endpoint) {
            state.permits.delivered(events);
            state.permits.granted(first, reply.granted);
            // More calls have come meanwhile. After a whole second's worth of permits, an event says when to ask again.
            is_short = wanted < state.per_second() && state.permits.is_short(state.queue.len());
        }
        if self.sharing.as_mut().is_some_and(|sharing| sharing.reached(reply.members)) {
            self.divide_by(1);
        }
        self.advance(endpoint, now);
        if reply.granted < wanted {
            reply.wait.clamp(LEAST_WAIT, RENEWAL)
        } else if is_short {
            LEAST_WAIT
        } else {
            RENEWAL
        }
    }

    /// Keeps the limits without the shared window, since a permit request failed. Returns the number of processes among
    /// which the limits are divided.
    pub(crate) fn permits_failed(&mut self, outstanding: Outstanding, now: Duration) -> usize {
        if let Some(state) = self.state(outstanding.endpoint) {
            state.permits.disclaim(outstanding.first, outstanding.wanted);
        }
        let members = self.sharing.as_ref().map_or(1, SharedStatus::members);
        if self.sharing.as_mut().is_some_and(|sharing| sharing.lost(now)) {
            // Their leases may end before the window is reached again.
            for state in &mut self.endpoints {
                state.permits.keep(0);
            }
            self.divide_by(members);
        }
        self.advance_all(now);
        members
    }

    fn state(&mut self, endpoint: EndpointIndex) -> Option<&mut EndpointState> {
        self.endpoints.get_mut(endpoint.0)
    }

    fn index(&mut self, endpoint: &Endpoint) -> EndpointIndex {
        if let Some(index) = self.by_endpoint.get(endpoint).copied() {
            if let Some(state) = self.state(index) {
                state.restrict(endpoint.rule());
            }
            return index;
        }
        let mut state = EndpointState::new(endpoint.clone());
        state.divide_by(self.credential.members());
        let index = EndpointIndex(self.endpoints.len());
        self.endpoints.push(state);
        self.by_endpoint.insert(endpoint.clone(), index);
        index
    }

    /// When a call to this endpoint can get its turn.
    pub(super) fn opening(&self, endpoint: EndpointIndex, now: Duration) -> Opening {
        let Some(state) = self.endpoints.get(endpoint.0) else { return Opening::Unknown };
        if let Some(sharing) = &self.sharing {
            match sharing.quiet_until() {
                Some(until) if until > now => return Opening::At(until),
                None if !state.permits.has_permit() => return Opening::Unknown,
                _ => {}
            }
        }
        match state.opening(self.credential.chosen(), now) {
            Opening::Now => self.credential.opening(now),
            other => other,
        }
    }

    /// Takes all that a request needs, if everything is free.
    fn take(&mut self, endpoint: EndpointIndex, now: Duration) -> Option<Turn> {
        if self.opening(endpoint, now) != Opening::Now {
            return None;
        }
        let state = self.endpoints.get_mut(endpoint.0)?;
        let ticket = state.start(now)?;
        let is_reached = self.sharing.as_ref().is_some_and(SharedStatus::is_reached);
        let permit = if is_reached { state.permits.take() } else { None };
        Some(Turn { endpoint, ticket, started: self.credential.in_progress.start(now), permit })
    }

    /// Gives turns after something changed at an endpoint, and lets its first waiter look again.
    fn advance(&mut self, endpoint: EndpointIndex, now: Duration) {
        self.let_through(now);
        self.signal_first(endpoint);
    }

    /// Gives turns after something changed that all endpoints wait for, and lets the first waiter of each look again: there
    /// may now be a time at which its turn can come.
    fn advance_all(&mut self, now: Duration) {
        self.let_through(now);
        for position in 0..self.rotation.len() {
            if let Some(endpoint) = self.rotation.get(position).copied() {
                self.signal_first(endpoint);
            }
        }
    }

    /// Gives turns to all calls that can have one: to the first call of each endpoint in rotation, and to interactive calls
    /// of all endpoints before others.
    fn let_through(&mut self, now: Duration) {
        for priority in [Priority::Interactive, Priority::Batch] {
            let mut passed_over = 0;
            while passed_over < self.rotation.len() && self.credential.opening(now) == Opening::Now {
                let Some(endpoint) = self.rotation.pop_front() else { break };
                let Some(state) = self.endpoints.get(endpoint.0) else { continue };
                if state.queue.first().is_none() {
                    continue;
                }
                let is_wanted = state.queue.has(priority);
                self.rotation.push_back(endpoint);
                passed_over += 1;
                if is_wanted && self.grant_first(endpoint, priority, now) {
                    passed_over = 0;
                    self.signal_first(endpoint);
                }
            }
        }
    }

    /// Gives the first call of this endpoint and priority its turn, if it can have one.
    fn grant_first(&mut self, endpoint: EndpointIndex, priority: Priority, now: Duration) -> bool {
        let Some(turn) = self.take(endpoint, now) else { return false };
        let Some(position) = self.state(endpoint).and_then(|state| state.queue.pop(priority, now)) else {
            return false;
        };
        let waiter = WaiterId { endpoint, priority, position };
        self.granted.insert(waiter, turn);
        self.signals.push(Signal::Waiter(waiter));
        true
    }

    /// Lets the first waiter of an endpoint look again at what it waits for.
    fn signal_first(&mut self, endpoint: EndpointIndex) {
        let first = self.endpoints.get(endpoint.0).and_then(|state| state.queue.first());
        if let Some((priority, position)) = first {
            self.signals.push(Signal::Waiter(WaiterId { endpoint, priority, position }));
        }
    }

    /// Divides all limits among `members` processes.
    fn divide_by(&mut self, members: usize) {
        self.credential.divide_by(members);
        for state in &mut self.endpoints {
            state.divide_by(members);
        }
    }

    /// Records what became of a turn's shared permit.
    fn record(&mut self, turn: Turn, event: PermitEvent) {
        if let Some(number) = turn.permit
            && let Some(state) = self.endpoints.get_mut(turn.endpoint.0)
        {
            state.permits.record(number, event);
            self.signals.push(Signal::Agent(turn.endpoint));
        }
    }

    fn record_arrival(&mut self, turn: Turn, Arrival { latest, second }: Arrival) {
        self.record(turn, PermitEvent::Received { latest, second });
    }

    /// Learns from an answer how many requests may be in progress, and how many are. Those of other processes are assumed
    /// to end at `until`.
    fn learn_concurrency(&mut self, turn: Turn, in_progress: Option<usize>, until: Duration) {
        self.credential
            .set_reported(self.endpoints.iter().filter_map(EndpointState::reported_for_credential).max());
        let ours = self.credential.in_progress.most_since(turn.started);
        let others = in_progress.and_then(|count| count.checked_sub(ours)).filter(|_| self.sharing.is_none());
        let Some(others) = others else { return };
        self.credential.in_progress.add_others(others, until);
        if self.credential.scope() == ConcurrencyScope::Endpoint
            && let Some(state) = self.state(turn.endpoint)
        {
            state.add_others(others, until);
        }
    }
}
